"""A player is erased on one phone; another, which was away and wrote about them, comes back: the name is on neither."""

import re
from typing import Final

import httpx
from playwright.async_api import Page, expect

from tests.api.people import put, some_id
from tests.e2e.browser import Phones
from tests.e2e.club import OURS, SQUAD, THEIRS, Club, new_club, shirt
from tests.e2e.coach import App, begins

ERASED: Final = 9
NAME: Final = SQUAD[ERASED]
TRACES: Final = re.compile("Ulrich|Thorne|asthma|2013-05-06", re.IGNORECASE)
DUMP: Final = """async () => {
  const answer = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const found = [JSON.stringify({ ...localStorage, ...sessionStorage })];
  for (const { name } of await indexedDB.databases()) {
    const db = await answer(indexedDB.open(name));
    for (const store of db.objectStoreNames) {
      const rows = db.transaction(store).objectStore(store);
      found.push(JSON.stringify([store, await answer(rows.getAllKeys()), await answer(rows.getAll())]));
    }
    db.close();
  }
  for (const name of await caches.keys())
    for (const request of await (await caches.open(name)).keys()) found.push(request.url);
  return found.join("\\n");
}"""
"""Reads all that a phone keeps, as text: every store of every database, the habits, and what is cached."""


async def dump(page: Page) -> str:
    """Return all that a phone keeps."""
    found: str = await page.evaluate(DUMP)
    assert "match_periods" in found, "the dump is of the club"
    return found


async def begin(club: Club) -> str:
    """Have the club play a match with the player in everything, and return the match's id."""
    players = (await club.owner.get("/api/players?limit=50"))["players"]
    [player] = [each for each in players if each["full_name"] == NAME]
    teams = (await club.owner.get("/api/teams"))["teams"]
    ours, theirs = (next(each["id"] for each in teams if each["name"] == name) for name in (OURS, THEIRS))
    match_id, season_id, goal, period = (some_id() for _ in range(4))
    named = {"match_id": match_id, "player_id": player["id"]}
    stint = {**named, "team_id": ours, "start_period_type": "regular", "start_period": 1, "start_min": 0}
    answer = await club.owner.push(
        put("players", player["id"], notes="Asthma, inhaler in the blue bag", dob="2013-05-06"),
        put("seasons", season_id, label="2026/27"),
        put(
            "matches",
            match_id,
            season_id=season_id,
            kickoff_ts="2026-09-20T10:00:00.000Z",
            home_team_id=ours,
            away_team_id=theirs,
            our_side="home",
            period_format="half",
            finished_at="2026-09-20T10:50:00.000Z",
        ),
        put(
            "match_periods",
            period,
            match_id=match_id,
            number=1,
            started_at="2026-09-20T10:00:00.000Z",
            ended_at="2026-09-20T10:25:00.000Z",
        ),
        put("lineup", some_id(), **stint, end_period_type="regular", end_period=1, end_min=25),
        put(
            "events",
            goal,
            **named,
            kind="goal",
            team_id=ours,
            period_number=1,
            clock_ms=60_000,
            notes=f"{NAME}, far out",
        ),
        put("match_awards", some_id(), **named, category="Best of the day", notes=f"{NAME} again"),
        put("awards", some_id(), season_id=season_id, player_id=player["id"], category="Top scorer"),
        put("match_notes", some_id(), match_id=match_id, notes=f"Parents of {NAME} drove"),
    )
    assert answer.json()["others"] == [], answer.text
    return match_id


async def watch(club: Club, client: httpx.AsyncClient, match_id: str) -> tuple[str, str]:
    """Share the match by shirt numbers, and return the link's secret and the feed's epoch."""
    asked = {"score": True, "shirt_numbers": True}
    answer = await club.owner.ask("POST", f"/api/matches/{match_id}/share", json=asked)
    assert answer.status_code == 201, answer.text
    secret = str(answer.json()["secret"])
    epoch, scorer = await feed(client, secret)
    assert scorer == ERASED
    return secret, epoch


async def feed(client: httpx.AsyncClient, secret: str) -> tuple[str, int | None]:
    """Return the epoch of what a viewer is shown, and who scored the one goal there."""
    answer = await client.get("/api/shared/match", headers={"authorization": f"Bearer {secret}"})
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    [goal] = shown["match"]["timeline"]
    return shown["cursor"].partition(".")[2], goal["player"]


async def test_a_player_is_erased_everywhere(phones: Phones, address: str) -> None:
    """The owner's phone, a coach's that was away with unsent work, the server, and a viewer's feed."""
    async with new_club(address) as club, httpx.AsyncClient(base_url=address) as client:
        match_id = await begin(club)
        secret, before = await watch(club, client, match_id)
        owner, coach = [App(await phones.open()) for _ in range(2)]
        await owner.sign_in(club.email)
        await coach.open(await owner.invite("Coach"))
        await coach.sign_up("Robin", "robin@heathside.example")
        await coach.is_saved()
        assert TRACES.search(await dump(coach.page))

        await coach.device.cut()
        await write_about(coach, match_id)
        await coach.waits()
        await erase(owner)
        await owner.is_saved()
        assert TRACES.search(await dump(coach.page))

        await coach.device.mend()
        await coach.is_told(begins("Something written on this phone was about a player who has been erased."))
        await coach.is_saved()
        for each in (owner, coach):
            await look_everywhere(each, match_id)
            assert not TRACES.search(await dump(each.page))
        notes = (await club.owner.get(f"/api/matches/{match_id}/notes"))["notes"]
        assert sorted(each["notes"] for each in notes) == ["Cold, but dry", "Parents of … drove", "… was tired"]
        assert (await club.match(match_id, "score"))["home"] == 1
        epoch, scorer = await feed(client, secret)
        assert (epoch != before, scorer) == (True, None)


async def write_about(coach: App, match_id: str) -> None:
    """Without signal: a note that names the player, one that names nobody, and something in the player's own entry."""
    await coach.page.goto(f"/#/match/{match_id}")
    await coach.choose("Details of the match")
    for words in (f"{NAME} was tired", "Cold, but dry"):
        await coach.tap("Add a note")
        await coach.field("What to remember").fill(words)
        await coach.tap("Add the note")
        await coach.is_told("Note added.")
    await coach.close()
    await coach.go("Squad", re.compile(OURS), begins(shirt(ERASED)))
    await coach.tap("Edit player")
    await coach.field("Notes").fill(f"{NAME} moves away in May")
    await coach.tap("Save")
    await expect(coach.page.get_by_role("dialog")).to_have_count(0)


async def erase(owner: App) -> None:
    """Erase the player, after a thumb that slipped: the wrong name erases nobody."""
    await owner.close()
    await owner.go("Squad", re.compile(OURS), begins(shirt(ERASED)))
    await owner.tap("Erase this player for good")
    confirm = owner.page.get_by_label("Type the full name, to be sure")
    await confirm.fill("Ulrich")
    await owner.tap("Erase for good")
    await owner.is_told("This is not the name above.")
    await confirm.fill(NAME.lower())
    await owner.tap("Erase for good")
    await owner.is_told(begins("Erased for good."))
    await expect(owner.page.get_by_text(NAME)).to_have_count(0)


async def look_everywhere(app: App, match_id: str) -> None:
    """Look at all screens on which the player was; what they did is there, by nobody's name."""
    page = app.page
    await page.goto(f"/#/match/{match_id}")
    for part in ("Timeline", "Team"):
        await app.show(part)
        await expect(page.get_by_text("Player", exact=True).first).to_be_visible()
        assert not TRACES.search(await page.inner_text("body"))
    for where in ("squad", "season", "questions", "club"):
        await page.goto(f"/#/{where}")
        await expect(page.locator("main > *").first).to_be_visible()
        assert not TRACES.search(await page.inner_text("body"))
