"""What a volunteer copies to host a server fits the tree: image, Fly.io, compose, the pages with their commands."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]
from click import Group

from api import VERSION
from api.app import ROUTES
from api.cli import commands
from api.settings import NAMES, Mode, read_settings
from storage.embedded.bundle import PG_MAJOR
from tests.hosting.context import Context
from tests.hosting.dockerfile import read_dockerfile
from tests.hosting.files import COMPOSE, COMPOSE_ENV, DOCKERFILE, FLY, IGNORED, SECRET
from tests.house.rules import ROOT, files

PAGES = ("runbook.md", "privacy.md", "deploy.md")
STEPS = read_dockerfile(DOCKERFILE)


def image_env() -> dict[str, str]:
    """Return the environment that the image sets."""
    [line] = [step for step in STEPS if step.word == "ENV"]
    return dict(word.split("=", 1) for word in line.words)


def copied() -> list[str]:
    """Return what the image takes of the checkout."""
    return [name for step in STEPS if step.word == "COPY" and step.text is None for name in step.words[:-1]]


def page(name: str) -> str:
    """Return one of the pages."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def test_the_image_has_all_that_the_server_imports(tmp_path: Path) -> None:
    """What reaches the builder, with nothing of the checkout beside it: the command in it runs, and reads its pages."""
    context = Context(ROOT, IGNORED)
    for name in (file for source in copied() for file in context.files(source)):
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
    [command] = [step for step in STEPS if step.word == "CMD"]
    program, *arguments = command.array
    assert (program, arguments[-1]) == ("python", "serve")
    python = str(ROOT / ".venv" / "bin" / "python")
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path), "HOME": str(tmp_path)}
    run = [python, *arguments[:-1], "--version"]
    said = subprocess.run(run, env=env, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert said == f"touchline {VERSION}\n"
    reads = "from api.pages.site import read_site, WEB; read_site(); print(WEB)"
    web = subprocess.run(
        [python, "-c", reads], env=env, cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout
    assert web.strip() == str(tmp_path / "web")


def test_a_wheel_takes_what_its_packages_read() -> None:
    """Each file of the packages that is no module has a pattern among the package data."""
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    patterns = setuptools["package-data"]["*"]
    packages = [each.rstrip("*") for each in setuptools["packages"]["find"]["include"]]
    assert set(packages) <= set(copied())
    data = [name for name in files() if name.parts[0] in packages and name.suffix != ".py"]
    assert data
    assert [name for name in data if not any(name.match(pattern) for pattern in patterns)] == []


def test_the_image_steps_down_from_root() -> None:
    """The server, and each command that somebody runs in its container, is an ordinary user's."""
    assert 'ENTRYPOINT ["as-touchline"]' in DOCKERFILE
    assert "setpriv --reuid=touchline" in DOCKERFILE
    assert 'exec as-touchline python -m api.cli "$@"' in DOCKERFILE


def test_ports_and_checks_agree() -> None:
    """One port in the image, on Fly.io and in compose; and each check asks a route that is there and open to all."""
    port = image_env()["PORT"]
    service = COMPOSE["services"]["touchline"]
    assert re.findall(r"^EXPOSE (\d+)", DOCKERFILE, re.MULTILINE) == [port]
    assert FLY["env"]["PORT"] == port == str(FLY["http_service"]["internal_port"]) == service["environment"]["PORT"]
    assert service["ports"] == [f"127.0.0.1:{port}:{port}"]
    asked = {check["path"] for check in FLY["http_service"]["checks"]}
    asked |= set(re.findall(r"http://127\.0\.0\.1:%s(/[\w/]+)", DOCKERFILE))
    asked |= set(re.findall(r"`(/health/\w+)`", page("runbook.md") + page("deploy.md")))
    paths = {path for route in ROUTES for path in getattr(route, "paths", ())}
    assert asked >= {"/health/ready"}
    assert asked <= paths


def test_settings_of_each_host_are_read() -> None:
    """What the files set are settings, production reads them, and data lies on what stays."""
    image = {name: value for name, value in image_env().items() if not name.startswith("PYTHON")}
    compose = COMPOSE_ENV
    for given in (image, {**image, **FLY["env"]}, compose):
        assert given.keys() <= NAMES
        assert read_settings({"SECRET_KEY": SECRET, **given}).mode is Mode.PRODUCTION
    data_dir = image["DATA_DIR"]
    assert f"VOLUME {data_dir}" in DOCKERFILE
    assert FLY["mounts"]["destination"] == data_dir == FLY["env"]["DATA_DIR"] == compose["DATA_DIR"]
    assert COMPOSE["services"]["touchline"]["volumes"] == [f"data:{data_dir}"]


def test_compose_agrees_with_itself() -> None:
    """The server asks for the database that is made beside it, and every volume is declared."""
    postgres = COMPOSE["services"]["postgres"]
    made = postgres["environment"]
    url = COMPOSE_ENV["DATABASE_URL"]
    assert url == f"postgresql://{made['POSTGRES_USER']}:given@postgres:5432/{made['POSTGRES_DB']}"
    assert postgres["image"] == f"postgres:{PG_MAJOR}"
    used = {volume.partition(":")[0] for service in COMPOSE["services"].values() for volume in service["volumes"]}
    assert used == COMPOSE["volumes"].keys()


def test_the_machine_keeps_sockets_and_stops_late() -> None:
    """Sockets count as connections and nobody stops the machine beneath them; the end has time for a checkpoint."""
    assert FLY["http_service"]["concurrency"]["type"] == "connections"
    assert FLY["http_service"]["auto_stop_machines"] == "off"
    assert FLY["kill_timeout"] >= 30
    assert FLY["mounts"]["snapshot_retention"] >= 14


def test_a_release_migrates_and_metrics_are_private() -> None:
    """A database elsewhere is migrated before the first machine is replaced; the metrics' port is no service's."""
    program, command = FLY["deploy"]["release_command"].split()
    assert program == "touchline"
    assert command in commands.commands
    assert FLY["deploy"]["strategy"] == "rolling"
    assert FLY["metrics"] == {"port": int(FLY["env"]["METRICS_PORT"]), "path": "/metrics"}
    assert FLY["metrics"]["port"] != FLY["http_service"]["internal_port"]


@pytest.mark.parametrize("name", PAGES)
def test_each_command_of_a_page_is_there(name: str) -> None:
    """What a volunteer types from it: the command, and each option that is shown."""
    found = re.findall(
        r"(?:^|[`\" /])touchline ((?:[a-z]+ )?[a-z][a-z-]*)((?: [^\s`\"|;&)]+)*)", page(name), re.MULTILINE
    )
    seen: set[str] = set()
    for words, rest in found:
        first, _, second = words.partition(" ")
        command = commands.commands.get(first)
        if command is None:
            continue
        seen.add(first)
        if isinstance(command, Group) and second:
            command = command.commands[second]
        options = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"(?<= )--[a-z][a-z-]*", rest)) <= options, (words, rest)
    assert {"doctor", "restore"} <= seen


def test_the_unit_stops_postgresql_in_good_order() -> None:
    """Only the server gets SIGTERM: PostgreSQL would take its own for another kind of stop."""
    [unit] = re.findall(r"```ini\n(.*?)```", page("deploy.md"), re.DOTALL)
    lines = dict(line.split("=", 1) for line in unit.splitlines() if "=" in line and line[0] != "#")
    assert lines["KillMode"] == "mixed"
    assert int(lines["TimeoutStopSec"]) > 60
    assert lines["User"] != "root"
    program, command = lines["ExecStart"].split()
    assert (ROOT / Path(program).name).is_file()
    assert command in commands.commands


def test_ci_runs_what_an_engineer_runs() -> None:
    """The workflow calls .ci/run, and adds no check of its own."""
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    [job] = workflow["jobs"].values()
    assert job["steps"][-1]["run"] == ".ci/run"
    assert os.access(ROOT / ".ci/run", os.X_OK)


def test_the_version_is_said_once_and_the_same() -> None:
    """Of the package and of the command line, which also runs from a link in another folder."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == VERSION
    assert project["scripts"] == {"touchline": "api.cli:main"}


def test_the_script_runs_from_anywhere(tmp_path: Path) -> None:
    """Through a link too, as in /usr/local/bin."""
    (tmp_path / "touchline").symlink_to(ROOT / "touchline")
    done = subprocess.run([tmp_path / "touchline", "--version"], cwd="/", check=True, capture_output=True, text=True)
    assert done.stdout == f"touchline {VERSION}\n"
