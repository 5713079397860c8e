"""A real browser for tests: Chromium as it is installed here, driven by Playwright; phones with their own storage.

`python -m tests.e2e.browser` prints where Chromium is, or in a sentence which command brings it, with exit status 1.
"""

import os
import re
import shutil
import sys
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright

VARIABLE: Final = "CHROMIUM"
"""Names the program to use, where it is none of those below."""
NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLACES: Final = (
    "/usr/bin/chromium",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "~/Applications/Chromium.app/Contents/MacOS/Chromium",
    "~/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
OWN: Final = (
    "chromium-*/chrome-linux*/chrome",
    "chromium-*/chrome-mac*/*.app/Contents/MacOS/*",
)
"""Where Playwright puts a browser that it installs, below its own folder."""
ARGS: Final = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
"""Nothing but the test goes over the network. A sandbox cannot be made in most containers, nor by root."""
WIDTH, HEIGHT = 390, 844
"""A phone of today, in CSS pixels."""
ACT_MS: Final = 20_000
"""Milliseconds that a tap waits for its button: no busy machine takes as long to draw."""
LINE_LOST: Final = re.compile(
    r"net::ERR_(?:INTERNET_DISCONNECTED|(?:CONNECTION|NETWORK|SOCKET|INCOMPLETE)_\w+|CONTENT_LENGTH_MISMATCH"
    r"|EMPTY_RESPONSE|TIMED_OUT)|^WebSocket connection to \S+ failed: Connection closed before receiving a handshake"
)
"""How Chromium says in the console that a request failed for the line's sake."""


class NoBrowser(Exception):
    """There is no Chromium; the text says which command brings it."""


def find_chromium() -> Path:
    """Return the program. Raises NoBrowser."""
    given = os.environ.get(VARIABLE)
    if given:
        if Path(given).is_file():
            return Path(given)
        raise NoBrowser(f"{VARIABLE} names no program: {given}. Give the path of Chromium or Chrome, or leave it out.")
    named = (shutil.which(name) for name in NAMES)
    own = (path for pattern in OWN for path in sorted(_own_folder().glob(pattern), reverse=True))
    candidates = (*PLACES[:1], *named, *PLACES[1:], *own)
    found = (Path(each).expanduser() for each in candidates if each is not None)
    program = next((path for path in found if path.is_file() and os.access(path, os.X_OK)), None)
    if program is None:
        raise NoBrowser(f"The tests in a browser need Chromium, and none is here. Give: {how_to_get()}")
    return program


def _own_folder() -> Path:
    given = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    caches = "~/Library/Caches" if sys.platform == "darwin" else os.environ.get("XDG_CACHE_HOME", "~/.cache")
    return Path(given) if given else Path(caches).expanduser() / "ms-playwright"


def how_to_get() -> str:
    """Return the command that brings Chromium to this kind of machine."""
    if sys.platform == "darwin":
        return "brew install --cask chromium"
    try:
        system = Path("/etc/os-release").read_text(encoding="utf-8")
    except OSError:
        system = ""
    if re.search(r"^ID=\"?debian\b", system, re.MULTILINE):
        return f"{'' if os.geteuid() == 0 else 'sudo '}apt-get install -y chromium"
    # Ubuntu's own package is a snap, which does not run in containers.
    return ".venv/bin/python -m playwright install --with-deps chromium"


class Device:
    """A phone: one tab, with storage, cookies and a service worker of its own. What it complains of fails the test."""

    def __init__(self, context: BrowserContext, page: Page) -> None:
        """Listen to a page."""
        self.context = context
        self.page = page
        self.complaints: list[str] = []
        self.may_lose_line = False
        """Whether failed requests are what the test is about: set by `cut`, or by a test that cuts the line itself."""
        self._expected: list[re.Pattern[str]] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))
        context.on("weberror", lambda each: None if each.page else self.complaints.append(f"uncaught: {each.error}"))

    def expect(self, pattern: str) -> None:
        """Take complaints with this pattern for granted, such as `status of 401` for a wrong password."""
        self._expected.append(re.compile(pattern))

    async def cut(self) -> None:
        """Take the signal away, as in flight mode."""
        self.may_lose_line = True
        await self.context.set_offline(True)

    async def mend(self) -> None:
        """Give the signal back."""
        await self.context.set_offline(False)

    async def is_kept(self) -> None:
        """Wait until the service worker has all files, and the next load needs no server."""
        await self.page.evaluate("navigator.serviceWorker.ready")

    def unexpected(self) -> list[str]:
        """Return the complaints that nobody expected."""
        lost = (LINE_LOST,) if self.may_lose_line else ()
        return [each for each in self.complaints if not any(one.search(each) for one in (*self._expected, *lost))]

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "assert"}:
            self.complaints.append(f"{message.text} ({message.location.get('url', '')})")


class Phones:
    """Opens devices in one browser."""

    def __init__(self, browser: Browser, address: str) -> None:
        """Have them open pages of this address."""
        self._browser = browser
        self._address = address
        self._opened: list[Device] = []

    async def open(self, address: str | None = None) -> Device:
        """Return a new phone, whose `page.goto("/")` asks the server, or another address: a `Line` to it."""
        context = await self._browser.new_context(
            base_url=address or self._address,
            viewport={"width": WIDTH, "height": HEIGHT},
            device_scale_factor=2,
            has_touch=True,
            is_mobile=True,
            locale="en-GB",
            timezone_id="Europe/London",
        )
        context.set_default_timeout(ACT_MS)
        device = Device(context, await context.new_page())
        self._opened.append(device)
        return device

    async def close(self) -> None:
        """Close all. Raises AssertionError where one complained of something that its test did not expect."""
        for device in self._opened:
            await device.context.close()
        found = [f"phone {at}: {each}" for at, device in enumerate(self._opened, 1) for each in device.unexpected()]
        assert not found, "the browser complained:\n" + "\n".join(found)


async def launch(playwright: Playwright) -> Browser:
    """Start Chromium. Raises NoBrowser."""
    return await playwright.chromium.launch(executable_path=find_chromium(), args=[*ARGS])


def main() -> int:
    """Print where Chromium is, or how to get it."""
    try:
        print(find_chromium())
    except NoBrowser as missing:
        print(f"touchline: {missing}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
