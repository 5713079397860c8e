"""The commands and the locked requirements stay what the Makefile and the installer rely on."""

import re
import subprocess

import pytest

from tests.house.rules import ROOT

COMMANDS = ("serve", "demo", "test", "check", "sim", "bench", "docs", "lock", "format", "clean")
REQUIREMENTS = ROOT / "requirements"
PIN = re.compile(r"^([a-z0-9.-]+)==([^\s;]+)(.*)", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    """Return package -> version of a locked requirement file."""
    return {pin[1]: pin[2] for pin in PIN.finditer((REQUIREMENTS / name).read_text())}


def wanted(name: str) -> set[str]:
    """Return the packages that a hand-written requirement file asks for, without extras."""
    lines = (REQUIREMENTS / name).read_text().splitlines()
    return {re.split(r"[\[<>=~;]", line)[0] for line in lines if line and not line.startswith(("#", "-"))}


@pytest.mark.parametrize("command", COMMANDS)
def test_make_help_tells_each_command(command: str) -> None:
    """A newcomer who types `make` sees every command with a line about it."""
    listing = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    assert re.search(rf"^  make {command}\s+\S+", listing, re.MULTILINE)


@pytest.mark.parametrize("name", ["runtime", "dev"])
def test_every_wanted_package_is_locked(name: str) -> None:
    """`make lock` ran after the last change of a .in file."""
    assert wanted(f"{name}.in") <= pins(f"{name}.txt").keys()


@pytest.mark.parametrize("name", ["runtime.txt", "dev.txt"])
def test_every_lock_line_carries_hashes_and_no_address(name: str) -> None:
    """What is installed is what was locked, whichever index serves it."""
    text = (REQUIREMENTS / name).read_text()
    blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert {block.partition("==")[0].partition("[")[0] for block in blocks} == pins(name).keys()
    assert all("--hash=sha256:" in block for block in blocks)
    assert "://" not in text
    assert "index-url" not in text
    assert "find-links" not in text


def test_tests_run_on_what_the_server_runs_on() -> None:
    """dev.txt holds every pin of runtime.txt, unchanged: the Makefile counts on it."""
    assert pins("runtime.txt").items() <= pins("dev.txt").items()


@pytest.mark.parametrize("script", ["requirements/venv.sh", "requirements/chromium.sh", ".ci/run", "touchline"])
def test_a_script_is_sound_for_its_shell(script: str) -> None:
    """A script parses in the shell that its first line names."""
    shell = "bash" if "bash" in (ROOT / script).read_text().splitlines()[0] else "sh"
    subprocess.run([shell, "-n", script], cwd=ROOT, check=True)
