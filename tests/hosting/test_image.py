"""The image is built as far as it can be without a container engine, and runs: `make test-image`.

What stands in for what: tests/hosting/image.py.
"""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import msgspec
import pytest

from api.commands.doctor import Checkup
from storage.checkups.findings import Level
from storage.embedded import OWNER_ROLE
from storage.embedded.bundle import PACKAGE, PG_FOLDER, PROGRAMS
from storage.embedded.conf import DATABASE, PORT
from tests.api.test_serve import push_a_match
from tests.hosting.account import stand_in
from tests.hosting.building import build
from tests.hosting.container import Container
from tests.hosting.context import Context
from tests.hosting.dockerfile import read_dockerfile
from tests.hosting.files import COMPOSE_ENV, DOCKERFILE, FLY, IGNORED
from tests.hosting.image import Image
from tests.house.rules import ROOT
from tests.pg import MEMORY, open_folder

pytestmark = [pytest.mark.image, pytest.mark.timeout(600)]

SECRET = secrets.token_hex(32)
KILL_S = FLY["kill_timeout"]
LIBRARIES = {
    "linux-vdso",
    "ld-linux-x86-64",
    "ld-linux-aarch64",
    "libc",
    "libdl",
    "libm",
    "libpthread",
    "librt",
    "libz",
}
"""What a slim image has for certain, of all that this machine may have."""
EVERY_MODULE = """
import importlib, pkgutil
for name in ("sync", "football", "storage", "realtime", "api"):
    for module in pkgutil.walk_packages(importlib.import_module(name).__path__, name + "."):
        importlib.import_module(module.name)
from api.demo.run import MATCH
from api.pages.site import read_site
read_site(), MATCH.read_bytes()
print(sum(name.split(".")[0] in ("sync", "football", "storage", "realtime", "api") for name in importlib.sys.modules))
"""


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    """Build the image in a clean folder, whose path is short enough for a socket; in memory where programs may run."""
    may_run = MEMORY.is_dir() and not os.statvfs(MEMORY).f_flag & getattr(os, "ST_NOEXEC", 0)
    root = open_folder(None if may_run else Path(tempfile.gettempdir()))
    try:
        yield build(read_dockerfile(DOCKERFILE), Context(ROOT, IGNORED), root, stand_in())
    finally:
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="module")
def built(image: Image) -> Mapping[Path, int]:
    """Return what the image holds before anything runs in it."""
    return written(image)


@pytest.fixture(scope="module")
def served(image: Image, built: Mapping[Path, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    """Start a container as Fly.io does, on a fresh volume and listening on this machine alone; stop it at the end."""
    make_volume(image)
    container = Container(image, tmp_path_factory.mktemp("fly") / "said", FLY["env"], **here())
    try:
        container.start()
        yield container
        assert container.stop(KILL_S) == 0, container.said
    finally:
        container.kill()


def here() -> dict[str, str]:
    """Return the settings that a host gives; the loopback and a free port stand in for the container's network."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    return {"MODE": "production", "HOST": "127.0.0.1", "PORT": str(port), "SECRET_KEY": SECRET}


def make_volume(image: Image) -> None:
    """Put a fresh volume in place, as a disk of its own is: of whoever builds, with a folder for the lost."""
    [data] = image.volumes
    shutil.rmtree(data)
    data.mkdir(mode=0o755)
    (data / "lost+found").mkdir(mode=0o700)


def address(container: Container) -> str:
    """Return where a container answers."""
    return f"http://127.0.0.1:{container.env['PORT']}"


def changes(container: Container, headers: dict[str, str]) -> int:
    """Return how many changes somebody finds in their club."""
    answer = httpx.get(f"{address(container)}/api/sync/pull", headers=headers)
    assert answer.status_code == 200, answer.text
    return len(answer.json()["changes"])


def test_what_was_pushed_outlives_the_container(served: Container) -> None:
    """SIGTERM ends it with status 0 before it would be killed; started again on its volume it has everything."""
    headers = push_a_match(address(served), "keeps@club.example")
    assert served.stop(KILL_S) == 0, served.said
    assert "Traceback" not in served.said
    served.start()
    assert changes(served, headers) == 1


def test_the_operator_is_told_that_all_is_well(served: Container) -> None:
    """The image's own command looks inside while the server runs: of a new one only a backup is missing."""
    assert ailing(served, "--deep") == {"backup"}
    done = served.run("touchline", "backup")
    assert done.returncode == 0, done.stderr
    assert ailing(served) == set()


def ailing(container: Container, *options: str) -> set[str]:
    """Return what `touchline doctor` finds not well; how full this machine's disk is, is no matter of the image."""
    done = container.run("touchline", "doctor", "--json", *options)
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    found = msgspec.json.decode(done.stdout, type=Checkup).findings
    assert {"server", "database", "schema"} <= {each.about for each in found}
    return {each.about for each in found if each.level is not Level.OK} - {"disk"}


def test_it_serves_on_a_database_elsewhere(image: Image, served: Container, tmp_path: Path) -> None:
    """With compose's settings: the database of the other container is the one beside it, its volume another one."""
    headers = push_a_match(address(served), "beside@club.example")
    url = f"postgresql://{OWNER_ROLE}@/{DATABASE}?host={image.place('/data/run')}&port={PORT}"
    volume = image.place("/volume")
    volume.mkdir(exist_ok=True)
    container = Container(image, tmp_path / "said", COMPOSE_ENV, **here(), DATABASE_URL=url, DATA_DIR=str(volume))
    try:
        container.start()
        assert changes(container, headers) == 1
        assert not (volume / "pgdata").exists()
        assert container.stop(KILL_S) == 0, container.said
    finally:
        container.kill()


def test_all_that_is_imported_and_read_is_there(image: Image, served: Container) -> None:
    """Each module of the image can be imported, and what they read beside them is in the image too."""
    done = served.run("as-touchline", "python", "-W", "error", "-c", EVERY_MODULE)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len([*image.place("/app").rglob("*.py")])


def test_nothing_is_written_but_the_volume(image: Image, built: Mapping[Path, int], served: Container) -> None:
    """The image is as it was built, after a start and a command: a container may have a read-only root."""
    assert served.run("touchline", "user", "list").returncode == 0
    assert written(image) == built


def written(image: Image) -> dict[Path, int]:
    """Return each file of the image outside its volumes, with the time of its last change."""
    places = [image.place(folder) for folder in ("/app", "/home", "/usr")]
    return {path: path.lstat().st_mtime_ns for place in places for path in place.rglob("*")}


@pytest.mark.root
@pytest.mark.linux
def test_root_steps_down(image: Image, served: Container) -> None:
    """The server is an ordinary user's who gets no rights back, and so is the volume, which was root's."""
    assert served.process is not None
    status = Path(f"/proc/{served.process.pid}/status").read_text()
    [ids, privileges] = [line.split()[1:] for line in status.splitlines() if line.startswith(("Uid:", "NoNewPrivs:"))]
    assert ids == [str(image.user.uid)] * 4
    assert privileges == ["1"]
    assert image.volumes[0].stat().st_uid == image.user.uid
    assert image.user.uid != os.geteuid()


@pytest.mark.linux
def test_its_postgresql_needs_no_library_of_this_machine(image: Image) -> None:
    """Each program of it finds its libraries in the image, but for those that every slim one has."""
    [bundle] = image.place("/usr/local/lib").glob(f"python3*/site-packages/{PACKAGE}")
    for name in PROGRAMS:
        program = bundle / PG_FOLDER / "bin" / name
        said = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
        needed = [line.split() for line in said.splitlines()]
        others = {words[0] for words in needed if str(image.root) not in words[-2]}
        assert {Path(each).name.partition(".so")[0] for each in others} <= LIBRARIES, said
