"""A grandparent watches by a link: the score live, corrections as such, no child's name, nothing kept on the phone."""

import re
from time import monotonic
from typing import Any, Final

from playwright.async_api import Locator, Page, Response, WebSocket, expect

from tests.e2e.browser import Device, Phones
from tests.e2e.club import OURS, SQUAD, THEIRS, new_club, shirt
from tests.e2e.coach import App
from tests.e2e.line import Line

PAGE_BYTES_MAX: Final = 60_000
"""On the wire, from the first request to the score: two seconds of a bad line at a pitch."""
ENDED_S_MAX: Final = 5.0
KEPT: Final = """async () => ({
  cookie: document.cookie,
  storage: localStorage.length + sessionStorage.length,
  databases: (await indexedDB.databases()).length,
  caches: (await caches.keys()).length,
  workers: (await navigator.serviceWorker.getRegistrations()).length,
})"""

NOTHING_KEPT: Final = {"cookie": "", "storage": 0, "databases": 0, "caches": 0, "workers": 0}


class Viewer:
    """Somebody who watches by a link; all that reaches their phone is kept."""

    def __init__(self, device: Device) -> None:
        """Listen to the phone before it opens anything."""
        self.device = device
        self.page: Page = device.page
        self.wire_bytes = 0
        self._heard: list[str | bytes] = []
        self._answers: list[Response] = []
        self.page.on("response", self._answered)
        self.page.on("websocket", self._listen)

    async def open(self, address: str) -> None:
        """Open a link, and count the bytes until the score is there."""
        session = await self.device.context.new_cdp_session(self.page)
        await session.send("Network.enable")
        session.on("Network.loadingFinished", self._count)
        await self.page.goto(address)
        await self.is_told("Live")

    async def is_told(self, words: str | re.Pattern[str]) -> None:
        """Wait until the state of the line is told so."""
        await expect(self.page.get_by_role("status")).to_have_text(words)

    async def shows_score(self, home: int, away: int) -> None:
        """Wait until the score is this."""
        await expect(self.page.get_by_role("heading", level=1)).to_have_text(f"{OURS} {home}, {THEIRS} {away}")

    @property
    def news(self) -> Locator:
        """What a screen reader was told last."""
        return self.page.get_by_role("log")

    def rows(self, *words: str) -> Locator:
        """Find the rows of the timeline that say all of this."""
        found = self.page.get_by_role("region", name="Timeline").get_by_role("listitem")
        for each in words:
            found = found.filter(has_text=each)
        return found

    async def all_heard(self) -> str:
        """Return all that the server has said to this phone: bodies, headers, frames."""
        for answer in self._answers:
            self._heard.append(str(await answer.all_headers()))
            if answer.request.failure is None:  # else the line was cut, and the browser gives nothing of it
                self._heard.append(await answer.body())
        self._answers.clear()
        return "\n".join(each if isinstance(each, str) else each.decode(errors="replace") for each in self._heard)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._hear)

    def _hear(self, frame: str | bytes) -> None:
        self._heard.append(frame)

    def _answered(self, answer: Response) -> None:
        self._answers.append(answer)

    def _count(self, finished: dict[str, Any]) -> None:
        self.wire_bytes += int(finished["encodedDataLength"])


async def test_a_grandparent_watches(phones: Phones, line: Line, address: str) -> None:
    """U10-U13: score, clock and timeline follow live, over a cut; corrections are no news; no name; the link ends."""
    async with new_club(address) as club:
        coach = App(await phones.open())
        await coach.sign_in(club.email)
        await coach.new_match(against=THEIRS)
        await coach.line_up(shirt(1), shirt(7), shirt(9))
        await coach.whistle("Start 1st half")
        link = await coach.share("Shirt numbers")
        await coach.close()

        viewer = Viewer(await phones.open(line.address))
        await viewer.open(link.removeprefix(address))
        assert viewer.wire_bytes < PAGE_BYTES_MAX
        await viewer.shows_score(0, 0)
        await expect(viewer.page.get_by_role("timer", name="Match clock")).to_have_text(re.compile(r"\d\d:\d\d"))
        await coach.goal(OURS, shirt(9))
        await viewer.shows_score(1, 0)
        await expect(viewer.rows("Goal", "number 9")).to_have_count(1)
        await expect(viewer.news).to_have_text(re.compile(f"^Goal: {OURS}"))
        await misses_nothing(coach, viewer, line)
        await sees_corrections(coach, viewer)
        assert await viewer.page.evaluate(KEPT) == NOTHING_KEPT
        assert await viewer.device.context.cookies() == []

        await coach.tap("Share")
        await coach.end_share()
        ended = monotonic()
        await viewer.is_told("This link has ended")
        assert monotonic() - ended < ENDED_S_MAX
        await expect(viewer.rows()).to_have_count(0)
        heard = await viewer.all_heard()
        assert OURS in heard
        assert '"kind":"substitution"' in heard
        assert [name for name in " ".join(SQUAD.values()).split() if name.lower() in heard.lower()] == []


async def misses_nothing(coach: App, viewer: Viewer, line: Line) -> None:
    """Cut the viewer's line, record, and see all of it once the line is back."""
    viewer.device.may_lose_line = True
    line.cut()
    await viewer.is_told(re.compile("^Connection lost"))
    await coach.goal(THEIRS)
    await coach.record("Corner", OURS)
    await coach.substitute(on=shirt(12), off=shirt(7))
    await coach.goal_of_somebody(OURS)
    line.mend()
    await viewer.is_told("Live")
    await viewer.shows_score(2, 1)
    await expect(viewer.rows()).to_have_count(5)


async def sees_corrections(coach: App, viewer: Viewer) -> None:
    """Add a goal and take one back after full time: the viewer's screen says so, and cheers none."""
    await coach.choose("Full time")
    await viewer.is_told("Final")
    told = await viewer.news.inner_text()
    await coach.show("Timeline")
    await coach.add_missed("Goal", THEIRS, minute=3)
    await viewer.shows_score(2, 2)
    await expect(viewer.rows("Goal", "added later")).to_have_count(1)
    await coach.take_back(coach.entry("Goal", SQUAD[9]))
    await viewer.shows_score(1, 2)
    await expect(viewer.rows("Goal", "taken back")).to_have_count(1)
    assert await viewer.news.inner_text() == told
