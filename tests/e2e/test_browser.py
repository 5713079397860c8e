"""The tests' own browser: it is found, or the command to give is told; what it complains of is no secret."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e import browser
from tests.e2e.browser import NoBrowser, Phones, find_chromium
from tests.waiting import until


@pytest.fixture
def nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Take every browser away; give an empty folder that is the whole PATH."""
    for name in (browser.VARIABLE, "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(browser, "PLACES", ("/nowhere/chromium",))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "own"))
    return tmp_path


def program(path: Path) -> Path:
    """Make something that can be run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_without_a_browser_the_command_is_told(nothing: Path) -> None:
    """No test is left out in silence: it fails with what to give, fit for the system."""
    with pytest.raises(NoBrowser, match=r"Give: .*(apt-get install -y chromium|brew install|playwright install)"):
        find_chromium()


@pytest.mark.parametrize("name", ["chromium", "google-chrome", "own/chromium-1234/chrome-linux/chrome"])
def test_a_browser_is_found(nothing: Path, name: str) -> None:
    """On the PATH under each of its names, and where Playwright puts its own."""
    made = program(nothing / name)
    assert find_chromium() == made


def test_the_variable_counts_first(nothing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it names is taken, and what it names wrongly is told, not passed over."""
    program(nothing / "chromium")
    other = program(nothing / "another-browser")
    monkeypatch.setenv(browser.VARIABLE, str(other))
    assert find_chromium() == other
    monkeypatch.setenv(browser.VARIABLE, str(nothing / "missing"))
    with pytest.raises(NoBrowser, match="CHROMIUM names no program"):
        find_chromium()


def test_the_module_tells_it_to_a_shell(nothing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`requirements/chromium.sh` goes by the exit status, and its last words are the sentence."""
    monkeypatch.setenv(browser.VARIABLE, str(program(nothing / "mine")))
    command = [sys.executable, "-m", "tests.e2e.browser"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, str(nothing / "mine"))
    monkeypatch.setenv(browser.VARIABLE, str(nothing / "missing"))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("touchline: CHROMIUM names no program")


async def test_complaints_fail_a_test(phones: Phones) -> None:
    """An error in the console, an exception, a file that is missing: each is told, unless expected."""
    phone = await phones.open()
    await phone.page.goto("/m/")
    assert phone.unexpected() == []
    await phone.page.evaluate("console.error('a word in the console')")
    await phone.page.evaluate("setTimeout(() => { throw new Error('nobody caught it'); })")
    await phone.page.evaluate("fetch('/v/0123456789abcdef/missing.js').then((answer) => answer.text())")
    words = ("a word in the console", "nobody caught it", "status of 404")
    await until(lambda: all(each in "\n".join(phone.unexpected()) for each in words))
    with pytest.raises(AssertionError, match="the browser complained"):
        await phones.close()
    for pattern in ("a word in", "nobody caught", "status of 404"):
        phone.expect(pattern)
    assert phone.unexpected() == []
