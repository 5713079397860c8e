"""Everyone can use the app: each screen and each sheet.

By axe-core's rules (WCAG 2.2 AA and good practice) in light and dark, with a thumb, on a narrow and on a wide screen,
and by keyboard alone.
"""

import re
from pathlib import Path
from typing import Final, Literal

import pytest
from playwright.async_api import Locator, Page, expect

from tests.api.people import Person, put, some_id
from tests.e2e.browser import Phones
from tests.e2e.hands import await_saved, expect_score, goal_button, sign_in, somebody, start_match, sync_line

AXE: Final = (Path(__file__).parents[2] / "web/tests/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
LOOK: Final = """async () => {
  const values = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const { violations } = await axe.run(document, { runOnly: { type: "tag", values }, resultTypes: ["violations"] });
  const isShirt = ({ target: [found] }) => document.querySelector(found)?.matches(".player-button");
  const why = ({ any, all }) => [...any, ...all].map(({ message }) => message);
  return violations
    .flatMap(({ id, nodes }) => nodes.map((node) => ({ id, node })))
    .filter(({ id, node }) => id !== "label-content-name-mismatch" || !isShirt(node))
    .map(({ id, node }) => `${id}: ${node.target} (${why(node)})`);
}"""
"""What is wrong with the page, a sentence each. One thing is right: `Otis M` on a shirt is said in full."""
SMALL: Final = """() => {
  const within = document.querySelector("dialog:last-of-type") ?? document;
  const fields = "input, select, textarea, summary";
  const pressed = within.querySelectorAll(`button, a.button, .tabs a, .list a, .players a, ${fields}`);
  return [...pressed]
    .filter((each) => each.checkVisibility({ visibilityProperty: true }))
    .map((each) => ({ each, box: (each.closest("label") ?? each).getBoundingClientRect() }))
    .filter(({ box }) => Math.min(box.width, box.height) < 43.9)
    .map(({ each, box }) => `${each.outerHTML.slice(0, 120)} is ${box.width.toFixed()} x ${box.height.toFixed()}`);
}"""
"""What a thumb would miss: less than 44 px high or wide. Links within a sentence are as high as it is."""
BEYOND: Final = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
"""Pixels by which the page is wider than the screen."""

Scheme = Literal["light", "dark"]


class Eyes:
    """Looks at one page after the other, and tells at the end what was wrong."""

    def __init__(self, page: Page, schemes: tuple[Scheme, ...] = ("light", "dark")) -> None:
        """Look at this page, in these colours."""
        self.page = page
        self.schemes = schemes
        self.found: list[str] = []

    async def look(self, name: str, shown: Locator) -> None:
        """Look at what is on the page, once something is shown that belongs to it."""
        await expect(shown.first).to_be_visible()
        if not await self.page.evaluate("'axe' in window"):
            await self.page.evaluate(AXE)
        for scheme in self.schemes:
            # Nothing moves: half a fade has colours that nobody is meant to read.
            await self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            await self.page.evaluate(
                "scrollTo(0, document.body.scrollHeight)"
            )  # the bar at the foot covers no row there
            self.found += [f"{name}, {scheme}: {each}" for each in await self.page.evaluate(LOOK)]
        self.found += [f"{name}: {each}" for each in await self.page.evaluate(SMALL)]
        beyond = await self.page.evaluate(BEYOND)
        self.found += [f"{name}: {beyond} px wider than the screen"] if beyond > 0 else []

    async def visit(self, name: str, where: str, shown: Locator | str) -> None:
        """Go to an address, and look."""
        await self.page.goto(where)
        await self.look(name, self.page.get_by_text(shown).first if isinstance(shown, str) else shown)

    async def look_at_sheet(self, title: str) -> None:
        """Look at the sheet of this title, and close it."""
        sheet = self.page.get_by_role("dialog", name=title)
        await expect(sheet.get_by_role("heading", level=2).first).to_be_visible()
        await expect(sheet.get_by_text("One moment")).to_have_count(0)
        await self.look(title, sheet)
        await sheet.get_by_role("button", name="Close").click()
        await expect(sheet).to_have_count(0)

    def tell(self) -> None:
        """Raise AssertionError where something was wrong."""
        assert not self.found, "\n".join(self.found)


async def test_before_anybody_signed_in(phones: Phones) -> None:
    """The doors of the app: nothing recorded yet, signing in, an invitation, a scorer's link, no address."""
    page = (await phones.open()).page
    eyes = Eyes(page)
    await eyes.visit("no matches", "/", "No matches yet")
    await eyes.visit("new match", "/#/new", "Our team")
    await eyes.visit("club", "/#/club", "Create an account")
    await eyes.visit("squad", "/#/squad", "Make your team")
    await eyes.visit("season", "/#/season", page.locator("main > *"))
    await eyes.visit("sign in", "/#/sign-in", "Look around in the demo club")
    await page.locator("form").get_by_role("button", name="Sign in").click()
    await eyes.look("sign in, wrong", page.locator("[aria-invalid=true]"))
    await eyes.visit("sign up", "/#/sign-in/new", "Your name")
    await eyes.visit("join", "/join#tli_AAAAAAAAAAAAAAAAAAAAAAaaaa", "You were asked to join a club.")
    await eyes.visit("join, cut", "/join", "This link was not copied whole.")
    await eyes.visit("score", "/score", "A coach gave you a code")
    await eyes.visit("score by link", "/score#tlm_AAAAAAAAAAAAAAAAAAAAAA", "A coach asks you to record")
    await eyes.visit("no address", "/#/nowhere", page.locator("main a"))
    eyes.tell()


async def ask_questions(address: str) -> None:
    """Have two devices say different things, and one what the server does not take."""
    async with somebody(address) as one, somebody(address) as other:
        match_id = await one.make_match()
        await one.push(put("matches", match_id, venue="Rec ground"))
        await other.push(
            put("matches", match_id, venue="Pitch 4"), put("players", some_id(), full_name="Sam", squad_number=4000)
        )


async def test_the_club(phones: Phones, address: str) -> None:
    """All of the demo club: its matches, teams, players, seasons, people, and what waits for an answer."""
    await ask_questions(address)
    async with somebody(address) as coach:
        [*_, team_id] = [each["id"] for each in (await coach.get("/api/teams"))["teams"] if "Touchline" in each["name"]]
        players = (await coach.get("/api/players"))["players"]
        seasons = (await coach.get("/api/seasons"))["seasons"]
    page = (await phones.open()).page
    await sign_in(page)
    eyes = Eyes(page)
    await eyes.look("matches", page.get_by_text("questions wait for you"))
    await eyes.visit("questions", "/#/questions", "Two phones say different things")
    await eyes.visit("squad", "/#/squad", page.locator(".team-card"))
    await eyes.visit("team", f"/#/team/{team_id}", page.locator(".players"))
    await eyes.visit("player", f"/#/player/{players[0]['id']}", page.locator("main h2"))
    for button in ("Edit player", "Export what the club holds", "Erase this player for good"):
        await page.get_by_role("button", name=button).click()
        if button.startswith("Erase"):
            await page.get_by_role("button", name="Erase for good").click()
            await expect(page.locator("[aria-invalid=true]")).to_be_visible()
        await eyes.look_at_sheet(button)
    await eyes.visit("no player", f"/#/player/{some_id()}", "This player is not here any more.")
    await eyes.visit("seasons", "/#/season", page.locator("main h2"))
    await eyes.visit("season", f"/#/season/{seasons[0]['id']}", page.locator("main h2"))
    await eyes.visit("club", "/#/club", "Is my match saved?")
    await eyes.visit("people", "/#/club/people", "Demo Coach")
    await eyes.visit("phones", "/#/club/phones", "Demo Coach")
    await eyes.visit("account", "/#/club/account", "Change my password")
    await page.get_by_role("button", name="Change my password").click()
    await eyes.look_at_sheet("Change my password")
    await eyes.visit("privacy", "/#/club/privacy", page.locator("main > *"))
    eyes.tell()


async def test_a_match_and_its_sheets(phones: Phones, address: str) -> None:
    """A match that is played, with a line-up: the pad, the timeline, the team, and everything that opens over them."""
    page = (await phones.open()).page
    await sign_in(page)
    match_id = await start_match(page)
    await await_saved(page)
    async with somebody(address) as coach:
        await line_up(coach, match_id)
    eyes = Eyes(page)
    await page.get_by_role("button", name=re.compile("^More:")).click()
    await eyes.look("pad", page.get_by_text("Interception"))
    await page.get_by_role("button", name="Substitution").click()
    await eyes.look_at_sheet("Substitution")
    await goal_button(page).click()
    await eyes.look("picker", page.get_by_role("heading", name="Bench"))
    await page.get_by_role("dialog").locator(".player-button").first.click()
    await eyes.look_at_sheet("Who made it?")
    await sync_line(page).click()
    await eyes.look_at_sheet("Is it saved?")
    await page.get_by_role("button", name="Share").click()
    await eyes.look_at_sheet("Share this match")
    for item, title in (
        ("Report", "Report"),
        ("Details of the match", "Match details"),
        ("Times of the periods", "Times of the match"),
    ):
        await page.get_by_role("button", name="More", exact=True).click()
        await page.get_by_role("dialog", name="This match").get_by_role("button", name=item).click()
        await eyes.look_at_sheet(title)
    await page.get_by_role("button", name="More", exact=True).click()
    await eyes.look_at_sheet("This match")
    await page.get_by_role("button", name="Timeline").click()
    await eyes.look("timeline", page.locator(".entry-kind"))
    await page.locator(".entry", has_text="Goal").click()
    await eyes.look_at_sheet("Goal")
    await page.get_by_role("button", name="Team", exact=True).click()
    await eyes.look("team of a match", page.get_by_text("least time first"))
    await eyes.visit("matches", "/#/", page.get_by_role("link", name="Go on with the match"))
    eyes.tell()


async def line_up(coach: Person, match_id: str) -> None:
    """Put nine of our players on the pitch from the start."""
    players = (await coach.get("/api/players"))["players"]
    stint = {"match_id": match_id, "start_period_type": "regular", "start_period": 1, "start_min": 0}
    answer = await coach.push(*(put("lineup", some_id(), player_id=each["id"], **stint) for each in players[:9]))
    assert answer.json()["others"] == []


async def test_a_viewers_page(phones: Phones, address: str) -> None:
    """U10: what a family sees of a match that is played, and without a link."""
    async with somebody(address) as coach:
        match_id = next(each["id"] for each in (await coach.get("/api/matches"))["matches"] if each["status"] != "live")
        answer = await coach.ask("POST", f"/api/matches/{match_id}/share", json={"score": True, "shirt_numbers": True})
    page = (await phones.open()).page
    eyes = Eyes(page)
    await eyes.visit("no link", "/m/", "This address is not complete")
    await page.goto("about:blank")
    await eyes.visit("a match", answer.json()["url"], page.locator("#home", has_text="Touchline U12"))
    eyes.tell()


@pytest.mark.parametrize(("width", "height"), [(320, 640), (1280, 800)])
async def test_narrow_and_wide(phones: Phones, width: int, height: int) -> None:
    """WCAG 1.4.10: nothing is lost, and nothing lies beyond the edge, on the smallest phone and on a desk."""
    page = (await phones.open()).page
    await page.set_viewport_size({"width": width, "height": height})
    await sign_in(page)
    eyes = Eyes(page, schemes=("light",))
    await start_match(page, "Wolverhampton Casuals and Old Boys Under Twelves")
    await eyes.look("pad", goal_button(page))
    await page.get_by_role("button", name="Yellow card, Touchline").click()
    await eyes.look_at_sheet("Who was booked?")
    await page.get_by_role("button", name="Timeline").click()
    await eyes.look("timeline", page.locator(".entry-kind"))
    for name in ("", "new", "squad", "season", "club", "questions"):
        await eyes.visit(name or "matches", f"/#/{name}", page.locator("main > *"))
    eyes.tell()


FOCUSED: Final = """() => {
  const at = document.activeElement;
  const border = () => getComputedStyle(at).borderColor;
  const ringed = [[at], [at, "::after"], [at.closest("label")]];
  const isRinged = ringed.some(([one, part]) => one && getComputedStyle(one, part).outlineStyle !== "none");
  const during = border();
  at.blur();
  const isEdged = border() !== during;
  at.focus({ focusVisible: true });
  return [(at.ariaLabel ?? at.textContent).trim(), isRinged || isEdged];
}"""
"""What has the focus, by its name, and whether that is to be seen."""
TABS_MAX: Final = 60


async def tab_to(page: Page, name: str) -> None:
    """Go on with the tab key until something of this name has the focus; each stop on the way is to be seen."""
    passed: list[str] = []
    for _ in range(TABS_MAX):
        await page.keyboard.press("Tab")
        at, is_shown = await page.evaluate(FOCUSED)
        assert is_shown, f"nothing shows that {at} has the focus"
        if at.startswith(name):
            return
        passed.append(at)
    raise AssertionError(f"{name} is not among {passed}")


async def test_a_match_by_keyboard(phones: Phones) -> None:
    """From the list of matches to a goal without a pointer; the focus is always seen, and comes back from a sheet."""
    page = (await phones.open()).page
    await sign_in(page)
    await tab_to(page, "New match")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="New match")).to_be_visible()
    await tab_to(page, "Start now")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("group", name="Clock")).to_be_visible()
    await tab_to(page, "Start 1st half")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Pause")).to_be_visible()
    await tab_to(page, "Goal, Touchline U12")
    await page.keyboard.press("Enter")
    await expect_score(page, 1, 0)
    sheet = page.get_by_role("dialog", name="Who scored?")
    await expect(sheet).to_be_visible()
    await tab_to(page, "9 ")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog", name="Who made it?")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(goal_button(page)).to_be_focused()
    await sync_line(page).focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog", name="Is it saved?")).to_be_visible()
    assert await page.evaluate("document.activeElement.closest('dialog') !== null")
    await page.keyboard.press("Escape")
    await expect(sync_line(page)).to_be_focused()


async def test_keys_of_a_match(phones: Phones) -> None:
    """With nothing focused `g` is a goal for us and the space bar the clock; in a field they are letters."""
    page = (await phones.open()).page
    await start_match(page)
    await page.locator("main").focus()
    await page.keyboard.press("g")
    await expect_score(page, 1, 0)
    await page.keyboard.press(" ")
    await expect(page.get_by_role("button", name="Resume")).to_be_visible()
    await page.goto("/#/new")
    await page.get_by_label("Name of the other team").press_sequentially("gg s")
    await expect(page.get_by_label("Name of the other team")).to_have_value("gg s")


MOVES = """() => {
    window.moved = 0;
    document.addEventListener("animationstart", ({ target }) => (window.moved += target.localName === "dialog"), true);
}"""
"""Counts the sheets that begin to move: how long they do is over before a busy machine looks."""


async def test_less_motion(phones: Phones) -> None:
    """Sheets slide up, unless the person asked their phone for less of that."""
    page = (await phones.open()).page
    await page.goto("/")
    await page.evaluate(MOVES)
    wishes: tuple[tuple[Literal["no-preference", "reduce"], int], ...] = (("no-preference", 1), ("reduce", 0))
    for wish, count in wishes:
        await page.emulate_media(reduced_motion=wish)
        await page.evaluate("window.moved = 0")
        await sync_line(page).click()
        await expect(page.get_by_role("dialog")).to_be_visible()
        await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert bool(await page.evaluate("window.moved")) == bool(count), wish
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)
