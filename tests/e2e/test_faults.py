"""What goes wrong on a phone: what was shown as recorded is there afterwards, once.

It is killed in mid-write, has two tabs, an ended session, a wrong clock, a wiped or a full store, a captive portal.
"""

import asyncio
import re
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import pytest
from playwright.async_api import BrowserContext, Page, Request, Route, WebSocketRoute, expect

from tests.api.people import Person, put, some_id
from tests.e2e.browser import Device, Phones
from tests.e2e.hands import (
    NO_SESSION,
    await_saved,
    expect_score,
    goal_button,
    sign_in,
    somebody,
    start_match,
    sync_line,
    to_server,
)
from tests.waiting import until

TAPS: Final = 20
BURST: Final = """(taps) => {
  const words = document.querySelector(".scores .unseen");
  const all = { characterData: true, subtree: true, childList: true };
  new MutationObserver(() => shown(words.textContent)).observe(words, all);
  const buttons = document.querySelectorAll(".goal-button");
  const tap = (n) => {
    if (n === taps) return;
    buttons[n % 2].click();
    requestAnimationFrame(() => tap(n + 1));
  };
  tap(0);
}"""
"""Goals of both sides in turn, one a frame, each drawing told as it happens."""


def goals_in(words: str) -> int:
    """Return the goals of both sides."""
    return sum(int(each) for each in re.findall(r"\d+", words))


async def goals_on(page: Page) -> int:
    """Return the goals that the scoreboard shows."""
    return goals_in(await page.locator(".scores .unseen").inner_text())


async def open_again(phone: Device, match_id: str) -> Page:
    """Open a match in a new tab; a browser that has just lost a process may take a new tab along, as people know."""
    for _ in range(2):
        page = await phone.context.new_page()
        await page.goto(f"/#/match/{match_id}")
        with suppress(AssertionError):
            await expect(page.locator(".scores .unseen")).to_be_attached(timeout=8_000)
            return page
        await page.close()
    page = await phone.context.new_page()
    await page.goto(f"/#/match/{match_id}")
    await expect(page.locator(".scores .unseen")).to_be_attached()
    return page


@pytest.mark.parametrize("how", ["close", "crash"])
async def test_a_tab_is_killed_in_mid_write(phones: Phones, address: str, how: str) -> None:
    """U2: whatever was shown as recorded when the tab died is there when it opens again, and nothing is there twice."""
    phone = await phones.open()
    page = phone.page
    match_id = await start_match(page)
    await phone.is_kept()
    shown: list[str] = []
    await page.expose_binding("shown", lambda _, words: shown.append(words))
    await page.evaluate(BURST, TAPS)
    await until(lambda: shown and goals_in(shown[-1]) >= TAPS // 4)
    if how == "close":
        await page.close()
    else:
        session = await phone.context.new_cdp_session(page)
        async with page.expect_event("crash"):
            crashing = asyncio.ensure_future(session.send("Page.crash"))
        crashing.cancel()
    again = await open_again(phone, match_id)
    kept = await goals_on(again)
    assert goals_in(shown[-1]) <= kept <= TAPS
    await sign_in(again)
    async with somebody(address) as coach:
        events = (await coach.get(f"/api/matches/{match_id}/events"))["events"]
        assert len([each for each in events if each["kind"] == "goal"]) == kept
        assert await to_server(coach, match_id) == kept


async def test_presses_faster_than_the_store(phones: Phones, address: str) -> None:
    """A match of no teams gets one for each side, however many presses wait for the store at once, and all count."""
    page = (await phones.open()).page
    async with somebody(address) as coach:
        match_id = some_id()
        now = await page.evaluate("new Date().toISOString()")
        await coach.push(put("matches", match_id, kickoff_ts=now))
        teams = len((await coach.get("/api/teams"))["teams"])
        await sign_in(page)
        await page.goto(f"/#/match/{match_id}")
        await page.get_by_role("group", name="Clock").get_by_role("button").click()
        await expect(page.get_by_role("button", name="Pause")).to_be_visible()
        await page.evaluate("document.querySelectorAll('.goal-button, .tally').forEach((each) => each.click())")
        await expect_score(page, 1, 1)
        await expect(page.get_by_role("button", name=re.compile(": 0 so far"))).to_have_count(0)
        await await_saved(page)
        assert len((await coach.get("/api/teams"))["teams"]) == teams + 2


SCREENS: Final = (
    "/", "/#/new", "/#/questions", "/#/squad", "/#/season", "/#/club", "/#/club/people", "/#/club/phones",
    "/#/club/account", "/#/club/privacy", "/#/sign-in", "/#/sign-in/new", "/join#tli_AAAAAAAAAAAAAAAAAAAAAAaaaa",
)  # fmt: skip


DRAWN = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))"
"""Waits until the page has drawn what it was sent to."""


async def test_each_screen_opens_without_signal(phones: Phones, address: str) -> None:
    """U1: reloaded at any screen with no signal at all, the app is there, with what it had."""
    phone = await phones.open()
    page = phone.page
    await page.goto("/")
    await phone.is_kept()
    await sign_in(page)
    match_id = await start_match(page)
    await await_saved(page)
    async with somebody(address) as coach:
        teams, players = [(await coach.get(f"/api/{name}"))[name] for name in ("teams", "players")]
    await phone.cut()
    own = (f"/#/match/{match_id}", f"/#/team/{teams[0]['id']}", f"/#/player/{players[0]['id']}")
    for where in (*SCREENS, *own):
        await page.goto(where)
        await page.evaluate(DRAWN)
        title = await page.title()
        answer = await page.reload()
        assert answer is not None
        assert answer.from_service_worker
        await expect(page).to_have_title(title if "·" in title else re.compile("·"))
        await expect(page.locator("main > *").first).to_be_visible()
        await expect(page.locator(".fatal")).to_have_count(0)
    await page.goto("/")
    await expect(page.get_by_role("link", name="Go on with the match")).to_be_visible()


def pushed_by(page: Page) -> list[int]:
    """Return the counters of all that a page pushes, as it does."""
    found: list[int] = []

    def note(request: Request) -> None:
        if request.url.endswith("/api/sync/push"):
            found.extend(each["n"] for each in (request.post_data_json or {"mutations": []})["mutations"])

    page.on("request", note)
    return found


async def test_two_tabs_of_one_club(phones: Phones, address: str) -> None:
    """What is recorded in one is shown in the other; one sends, each thing once; when it is closed the other does."""
    phone = await phones.open()
    one, other = phone.page, await phone.context.new_page()
    by_one, by_other = pushed_by(one), pushed_by(other)
    await sign_in(one)
    await other.goto("/")
    match_id = await start_match(one)
    await other.get_by_role("link", name="Go on with the match").click()
    await goal_button(other, 1).click()
    await expect_score(other, 0, 1)
    await expect_score(one, 0, 1)
    await one.get_by_role("button", name="Corner, Rovers").click()
    await expect(other.get_by_role("button", name="Corner, Rovers: 1 so far")).to_be_visible()
    await await_saved(one)
    await await_saved(other)
    assert by_other == []
    await one.close()
    await other.get_by_role("button", name="Foul, Rovers").click()
    await until(lambda: by_other)
    await await_saved(other)
    assert sorted({*by_one, *by_other}) == sorted([*by_one, *by_other])
    async with somebody(address) as coach:
        events = (await coach.get(f"/api/matches/{match_id}/events"))["events"]
        assert sorted(each["kind"] for each in events) == ["corner", "foul", "goal"]


async def end_others(coach: Person) -> None:
    """Sign all other devices of this person out."""
    for each in (await coach.get("/api/auth/sessions"))["sessions"]:
        if not each["is_current"]:
            answer = await coach.ask("DELETE", f"/api/auth/sessions/{each['session_id']}")
            assert answer.status_code == 204, answer.text


async def test_a_session_that_ends_during_the_match(phones: Phones, address: str) -> None:
    """U19: recording goes on, nothing is wiped, the line asks to sign in, and then all arrives."""
    phone = await phones.open()
    phone.expect(NO_SESSION)
    page = phone.page
    await sign_in(page)
    match_id = await start_match(page)
    await await_saved(page)
    async with somebody(address) as coach:
        await end_others(coach)
        await goal_button(page, 1).click()
        await expect(sync_line(page)).to_have_text(re.compile(r"waiting, sign in to send$"))
        await page.get_by_role("button", name="Corner, Rovers").click()
        await expect(page.get_by_role("button", name="Corner, Rovers: 1 so far")).to_be_visible()
        await expect_score(page, 0, 1)
        assert await to_server(coach, match_id) == 0
        await page.reload()
        await expect_score(page, 0, 1)
        await expect(sync_line(page)).to_have_text(re.compile(r"^2 waiting, sign in to send$"))
        await sign_in(page)
        await page.goto(f"/#/match/{match_id}")
        await expect_score(page, 0, 1)
        assert await to_server(coach, match_id) == 1


HOUR_MS: Final = 3_600_000
SHIFT: Final = """
const Real = Date;
globalThis.Date = class extends Real {
  constructor(...given) { super(...(given.length ? given : [Real.now() + SHIFT_MS])); }
  static now() { return Real.now() + SHIFT_MS; }
};
"""
"""A phone whose clock is wrong."""


@pytest.mark.parametrize(
    ("shift_ms", "words"), [(-HOUR_MS, "60 minutes slow"), (365 * 24 * HOUR_MS, "8760 hours fast")]
)
async def test_a_phone_with_a_wrong_clock(phones: Phones, address: str, shift_ms: int, words: str) -> None:
    """U14: begun without signal by a wrong clock, the match has the right times at the server, and so has its clock."""
    phone = await phones.open()
    await phone.context.add_init_script(SHIFT.replace("SHIFT_MS", str(shift_ms)))
    page = phone.page
    match_id = await start_match(page)
    await goal_button(page).click()
    await expect(page.get_by_role("timer")).to_have_text(re.compile(r"^0[01]:\d\d$"))
    await sign_in(page)
    await page.goto(f"/#/match/{match_id}")
    await expect(page.get_by_role("timer")).to_have_text(re.compile(r"^0[01]:\d\d$"))
    await sync_line(page).click()
    await expect(page.get_by_role("dialog")).to_contain_text(f"This phone's clock is {words}")
    async with somebody(address) as coach:
        answer = await coach.ask("GET", f"/api/matches/{match_id}/periods")
        now = parsedate_to_datetime(answer.headers["date"])
        [period] = answer.json()["periods"]
        events = (await coach.get(f"/api/matches/{match_id}/events"))["events"]
        assert abs(now - datetime.fromisoformat(period["started_at"])) < timedelta(minutes=2)
        assert 0 <= events[0]["clock_ms"] < 120_000


async def test_a_phone_that_lost_everything(phones: Phones) -> None:
    """U18: after storage was cleared, signing in brings the club back."""
    phone = await phones.open()
    page = phone.page
    await sign_in(page)
    match_id = await start_match(page)
    await goal_button(page, 1).click()
    await expect_score(page, 0, 1)
    await await_saved(page)
    session = await phone.context.new_cdp_session(page)
    origin = await page.evaluate("location.origin")
    await page.goto("about:blank")
    await session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
    await page.goto(f"/#/match/{match_id}")
    await expect(page.get_by_text("This match is not on this phone.")).to_be_visible()
    await sign_in(page)
    await page.goto(f"/#/match/{match_id}")
    await expect_score(page, 0, 1)


async def stand_in_the_way(context: BrowserContext) -> None:
    """Answer every request to the server as a hotel does."""

    async def answer(route: Route) -> None:
        await route.fulfill(status=200, content_type="text/html", body="<h1>Welcome! Accept our terms</h1>")

    async def refuse(socket: WebSocketRoute) -> None:
        await socket.close()

    await context.route("**/api/**", answer)
    await context.route_web_socket("**/api/**", refuse)


async def test_a_captive_portal(phones: Phones, address: str) -> None:
    """A page with 200 is not the server's word: nothing counts as sent, the phone says so, and later all arrives."""
    phone = await phones.open()
    phone.may_lose_line = True
    phone.expect("WebSocket connection")
    page = phone.page
    await page.goto("/")
    await phone.is_kept()
    await sign_in(page)
    match_id = await start_match(page)
    await await_saved(page)
    await stand_in_the_way(phone.context)
    await page.reload()
    await goal_button(page, 1).click()
    await expect_score(page, 0, 1)
    await expect(sync_line(page)).to_have_text("1 waiting, saved on this phone")
    await sync_line(page).click()
    sheet = page.get_by_role("dialog")
    await expect(sheet).to_contain_text("There is no signal.")
    async with somebody(address) as coach:
        assert await to_server(coach, match_id) == 0
        await phone.context.unroute_all()
        await sheet.get_by_role("button", name="Sync now").click()
        await sheet.get_by_role("button", name="Close").click()
        await await_saved(page)
        assert await to_server(coach, match_id) == 1


FULL: Final = """
const put = IDBObjectStore.prototype.put;
IDBObjectStore.prototype.put = function (...given) {
  const asked = put.apply(this, given);
  if (globalThis.isFull) this.transaction.abort();
  return asked;
};
"""
"""A store whose transactions are aborted, as they are where the phone has no space left."""


async def test_a_phone_that_is_full(phones: Phones) -> None:
    """What cannot be stored is not shown as recorded: the person is told, and when there is space again it works."""
    phone = await phones.open()
    await phone.context.add_init_script(FULL)
    page = phone.page
    match_id = await start_match(page)
    await page.evaluate("globalThis.isFull = true")
    await goal_button(page).click()
    await expect(page.locator(".note[data-tone=bad]")).to_contain_text("This phone could not store that.")
    await expect_score(page, 0, 0)
    await page.evaluate("globalThis.isFull = false")
    await goal_button(page, 1).click()
    await expect_score(page, 0, 1)
    await page.reload()
    await expect(page).to_have_url(re.compile(match_id))
    await expect_score(page, 0, 1)


async def test_a_browser_that_stores_nothing(phones: Phones) -> None:
    """Without a store the app does not begin, and says why."""
    phone = await phones.open()
    broken = "indexedDB.open = () => { throw new DOMException('no space left', 'QuotaExceededError'); }"
    await phone.context.add_init_script(broken)
    await phone.page.goto("/")
    await expect(phone.page.get_by_text("Touchline cannot keep anything in this browser")).to_be_visible()
