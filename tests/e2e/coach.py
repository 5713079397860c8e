"""The app in somebody's hand: what a coach, a helper or a volunteer does with it, each act by what the screen says.

Buttons and fields are found by role and name, as a screen reader finds them. Taps are counted.
"""

import re
from typing import Any, Final, Self

from playwright.async_api import Locator, Page, expect

from tests.api.people import PASSWORD
from tests.e2e.browser import Device

SAVED: Final = re.compile("^All saved")
"""What the line at the head of each screen says when nothing is on this phone alone."""
WAITING: Final = re.compile("waiting|^Sending")
LINK: Final = re.compile(r"https?://\S+")
MINUTES: Final = re.compile(r"(?P<name>[^\W\d][^\n]*)\n(?:.*\n)*?(?P<minutes>\d+)\u2032")
RECORDS: Final = """async () => {
  const answer = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const db = await answer(indexedDB.open('touchline'));
  const rows = await answer(db.transaction('records').objectStore('records').getAll());
  db.close();
  return rows.map(({ collection, record, held }) => [`${collection}/${record}`, held.values, held.deleted]);
}"""
"""Reads what a phone keeps of its club in IndexedDB, as far as the server's log has brought it."""
Name = str | re.Pattern[str]


def begins(words: str) -> re.Pattern[str]:
    """Match a name that begins with these words."""
    return re.compile(f"^{re.escape(words)}")


class App:
    """The app on one phone."""

    def __init__(self, device: Device) -> None:
        """Take the phone into the hand."""
        self.device = device
        self.page: Page = device.page
        self.taps = 0

    async def open(self, address: str = "/") -> Self:
        """Load the app, and wait until the phone can open it without a server."""
        await self.page.goto(address)
        await self.device.is_kept()
        return self

    # -- hands and eyes ------------------------------------------------------------------------------------------------

    @property
    def sheet(self) -> Locator:
        """The topmost sheet."""
        return self.page.get_by_role("dialog").last

    def button(self, name: Name) -> Locator:
        """Find a button of the screen, or of a sheet above it, which hides the screen's."""
        return self.page.get_by_role("button", name=name, exact=isinstance(name, str))

    def field(self, label: str) -> Locator:
        """Find what is typed or chosen under a label."""
        return self.page.get_by_label(label, exact=True)

    async def tap(self, place: Locator | Name) -> None:
        """Tap a button, or another place."""
        await (self.button(place) if isinstance(place, str | re.Pattern) else place).tap()
        self.taps += 1

    async def go(self, *links: Name) -> None:
        """Follow links, one after another."""
        for name in links:
            await self.tap(self.page.get_by_role("link", name=name))

    async def close(self) -> None:
        """Close the topmost sheet."""
        await self.tap(self.sheet.get_by_role("button", name="Close"))

    async def is_told(self, words: Name) -> None:
        """Wait until a line of the screen says this."""
        await expect(self.page.get_by_text(words, exact=isinstance(words, str)).first).to_be_visible()

    # -- accounts ------------------------------------------------------------------------------------------------------

    async def sign_up(self, name: str, email: str, *, club: str | None = None) -> None:
        """Create an account, in the form that is open: with a club, or by the invitation that opened it."""
        await self.field("Your name").fill(name)
        await self.field("E-mail address").fill(email)
        await self.field("Password").fill(PASSWORD)
        if club is not None:
            await self.field("Name of the club").fill(club)
        await self.tap("Create account and join" if club is None else "Create account and club")
        await self.is_told(begins("You are in."))

    async def sign_in(self, email: str) -> None:
        """Sign in to an account that there is."""
        await self.open("/#/sign-in")
        await self.field("E-mail address").fill(email)
        await self.field("Password").fill(PASSWORD)
        await self.tap("Sign in")
        await self.is_told(begins("You are in."))
        await self.is_saved()

    async def invite(self, role: str) -> str:
        """Make an invitation into the club, and return its link."""
        await self.go("Club", begins("People"))
        await self.tap("Invite somebody")
        await self.tap(self.sheet.get_by_role("button", name=begins(role)))
        await self.tap("Make the link")
        return await self.sheet.get_by_label("The link").inner_text()

    # -- a match -------------------------------------------------------------------------------------------------------

    async def new_match(self, *, against: str | None = None) -> str:
        """Start a match now, and return its id."""
        await self.go("New match")
        if against is not None:
            await self.field("Name of the other team").fill(against)
        await self.tap("Start now")
        return await self.match_id()

    async def match_id(self) -> str:
        """Return the id of the match on the screen."""
        await expect(self.page).to_have_url(re.compile("#/match/"))
        return self.page.url.partition("#/match/")[2].partition("/")[0]

    async def show(self, part: str) -> None:
        """Turn to a part of the match: Play, Timeline or Team."""
        await self.tap(self.page.get_by_role("group", name="Show").get_by_role("button", name=part))

    async def line_up(self, *players: str) -> None:
        """Pick who starts."""
        await self.tap("Line-up")
        for player in players:
            await self.tap(self.sheet.get_by_role("list", name="Squad").get_by_role("button", name=begins(player)))
        await self.tap("Save the line-up")
        await self.is_told(f"{len(players)} start")

    async def whistle(self, words: str) -> None:
        """Press a button of the clock, such as "Start 1st half"."""
        await self.tap(self.page.get_by_role("group", name="Clock").get_by_role("button", name=words))

    async def goal(self, team: str, scorer: str | None = None) -> None:
        """Record a goal of a team, and say who scored where the app asks."""
        await self.tap(f"Goal, {team}")
        if scorer is not None:
            await self.tap(self.sheet.get_by_role("button", name=begins(scorer)))
            await self.tap("Nobody")

    async def goal_of_somebody(self, team: str) -> None:
        """Record a goal of a team with a squad, and do not say who scored."""
        await self.goal(team)
        await self.tap(re.compile("^Don.t know$"))

    async def record(self, kind: str, team: str) -> None:
        """Record something else on the pad, for a team."""
        await self.tap(begins(f"{kind}, {team}"))

    async def correct(self, entry: Locator, **choices: str) -> None:
        """Open an entry of the timeline and choose something else in its fields: `Player="7 Quentin Vasquez"`."""
        await self.tap(entry.get_by_role("button"))
        for label, choice in choices.items():
            await self.page.get_by_role("combobox", name=label, exact=True).select_option(choice)
        await self.tap("Save the changes")
        await self.is_told("Corrected.")

    async def substitute(self, *, on: str, off: str) -> None:
        """Bring a player on for another."""
        await self.tap(begins("Substitution"))
        for label, player in (("Coming on", on), ("Going off", off)):
            await self.tap(self.sheet.get_by_role("list", name=label).get_by_role("button", name=begins(player)))
        await self.tap("Make the change")

    async def add_missed(self, kind: str, team: str, *, minute: int) -> None:
        """Add to the timeline what nobody recorded at the time."""
        await self.tap("Add something that was missed")
        for choice in (kind, team):
            await self.tap(self.sheet.get_by_role("radio", name=choice, exact=True))
        await self.field("Clock: minutes").fill(str(minute))
        await self.tap("Add it")
        await self.is_told(f"{kind} added.")

    async def take_back(self, entry: Locator) -> None:
        """Delete an entry of the timeline."""
        await self.tap(entry.get_by_role("button"))
        await self.tap("Delete this entry")
        await self.is_told(re.compile("deleted"))

    async def began(self, period: str, at: str) -> None:
        """Correct the time of day at which a period began."""
        await self.choose("Times of the periods")
        await self.tap(self.sheet.get_by_role("region", name=period).get_by_role("button", name=begins(period)))
        await self.field("Began at").fill(at)
        await self.tap("Save the times")
        await self.is_told("Corrected.")
        await self.close()

    async def choose(self, words: str) -> None:
        """Do what stands in the menu of the match."""
        await self.tap("More")
        await self.tap(self.sheet.get_by_role("button", name=words))

    # -- handing it on -------------------------------------------------------------------------------------------------

    async def share(self, *also: str) -> str:
        """Make a share link in the sheet for that, with more switched on than is usual, and return its address."""
        await self.tap("Share")
        for name in also:
            await self.field(name).check()
        await self.tap("Make a link")
        return await self._told_link("The new link")

    async def end_share(self) -> None:
        """End the one share link that is open."""
        await self.tap(self.sheet.get_by_role("button", name=re.compile("Made by")))
        await self.tap("End this link now")
        await self.is_told(begins("The link has ended."))

    async def let_score(self) -> str:
        """Make a scorer's link, and return its address."""
        await self.tap("Share")
        await self.tap(begins("Let somebody score"))
        await self.tap("Make a link and a code")
        return await self._told_link("The new scorer's link")

    async def end_scoring(self) -> None:
        """End the one scorer's link that is good: the second press is sure."""
        await self.tap("End")
        await self.tap("Really end")
        await self.is_told(re.compile("cannot score any more"))

    async def _told_link(self, name: str) -> str:
        found = LINK.search(await self.sheet.get_by_role("region", name=name).inner_text())
        assert found is not None
        return found[0]

    # -- what it shows -------------------------------------------------------------------------------------------------

    async def shows_score(self, home: int, away: int) -> None:
        """Wait until the scoreboard shows this."""
        await expect(self.page.get_by_text(f"{home} to {away}", exact=True)).to_be_attached()

    @property
    def entries(self) -> Locator:
        """The timeline's rows, the latest first."""
        return self.page.get_by_role("region", name="Timeline").get_by_role("listitem")

    def entry(self, *words: str) -> Locator:
        """Find the rows of the timeline that say all of this."""
        rows = self.entries
        for each in words:
            rows = rows.filter(has_text=each)
        return rows

    async def timeline(self) -> list[str]:
        """Return the timeline as it is read, a line for each entry, the latest first."""
        return [" ".join(each.split()) for each in await self.entries.all_inner_texts()]

    async def is_saved(self) -> None:
        """Wait until all that was done here is on the server."""
        await expect(self.button(SAVED)).to_be_visible()

    async def minutes(self) -> dict[str, int]:
        """Return the list of who has played how long: name -> whole minutes."""
        rows = self.page.get_by_role("list", name="Minutes played").get_by_role("listitem")
        found = [MINUTES.search(each) for each in await rows.all_inner_texts()]
        return {each["name"]: int(each["minutes"]) for each in found if each}

    async def waits(self) -> None:
        """Wait until something that was done here is on this phone alone."""
        await expect(self.button(WAITING)).to_be_visible()

    async def records(self) -> dict[str, dict[str, Any]]:
        """Return what the phone keeps of the club, as `Club.records` does of the server."""
        rows = await self.page.evaluate(RECORDS)
        return {key: {"fields": fields, "deleted": deleted} for key, fields, deleted in rows}

    # -- questions -----------------------------------------------------------------------------------------------------

    def question(self, words: Name) -> Locator:
        """Find the questions that ask this."""
        return self.page.get_by_role("article", name=words)

    async def answer(self, question: Locator, words: Name) -> None:
        """Press one of a question's buttons, and wait until it has gone."""
        await self.tap(question.get_by_role("button", name=words))
        await expect(question).to_have_count(0)
