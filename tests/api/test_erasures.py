"""A club that is erased, as its members' phones meet it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from api.app import Services, finishing
from football.collections import CATALOGUE
from storage.accounts import open_engine
from storage.checkups.findings import Level
from storage.checkups.logs import look_at_logs
from storage.erasures.clubs import Clubs
from storage.erasures.ledger_file import LedgerFile
from storage.erasures.marks import entry_of
from storage.postgres import Tables
from storage.upkeep import RETAIN, Done, compaction, do_upkeep
from tests.api.people import START_MS, Person, code_of, put, some_id
from tests.pg import PgDatabase

pytestmark = pytest.mark.postgres

NOW = datetime.fromtimestamp(START_MS / 1_000, UTC)


@pytest.fixture
async def clubs(pg_database: PgDatabase, tmp_path: Path) -> AsyncIterator[Clubs]:
    """Give what erases clubs, beside the running server."""
    engine = open_engine(pg_database.app_dsn)
    yield Clubs(engine, LedgerFile(tmp_path / "erasures.jsonl"))
    await engine.dispose()


async def erase(clubs: Clubs, club_id: str) -> None:
    """Erase a club now."""
    await clubs.erase(club_id, entry_of("club", club_id, now=NOW, club_id=club_id), NOW)


async def test_phones_are_told_to_forget_an_erased_club(coach: Person, clubs: Clubs, services: Services) -> None:
    """Whatever they ask is 403 with the order to forget, also what they push; and nothing of it is kept."""
    await coach.make_match()
    await erase(clubs, coach.club_id)
    pull = await coach.ask("GET", "/api/sync/pull")
    assert code_of(pull) == (403, "access_ended")
    assert pull.json()["forget"] is True
    pushed = await coach.push(put("players", some_id(), full_name="Canary"))
    assert code_of(pushed) == (403, "access_ended")
    assert (pushed.json()["forget"], pushed.json()["kept"]) == (True, [])
    renewed = await coach.client.post("/api/auth/refresh", json={"refresh_token": coach.tokens["refresh_token"]})
    assert code_of(renewed) == (403, "access_ended")
    head = await services.engine.store.head(coach.club_id)
    assert await services.engine.store.log_page(coach.club_id, 0, changes_max=10, bytes_max=1_000_000) == []
    assert head.cursor.version == 0


async def test_a_share_link_of_an_erased_club_is_silent(client: httpx.AsyncClient, coach: Person, clubs: Clubs) -> None:
    """What watched a match a moment ago sees nothing any more."""
    match_id = await coach.make_match()
    made = await coach.ask("POST", f"/api/matches/{match_id}/share", json={})
    assert made.status_code == 201, made.text
    secret = made.json()["secret"]
    assert (await client.get("/api/shared/match", headers={"authorization": f"Bearer {secret}"})).status_code == 200
    await erase(clubs, coach.club_id)
    answer = await client.get("/api/shared/match", headers={"authorization": f"Bearer {secret}"})
    assert code_of(answer) == (404, "link_ended")


async def test_an_erased_club_is_well_until_it_is_dropped(
    coach: Person, clubs: Clubs, services: Services, pg_database: PgDatabase
) -> None:
    """Upkeep meets nothing that fails, the doctor nothing that is missing; when no session is left, it is gone."""
    await coach.make_match()
    await erase(clubs, coach.club_id)
    ledger = LedgerFile(Path("nowhere"))
    steps = finishing(services.erasures._eraser, services.accounts._engine, ledger, clock=lambda: START_MS)
    found = await do_upkeep(pg_database.app_dsn, [*steps, compaction(30), RETAIN], clock=lambda: START_MS)
    assert isinstance(found, Done)
    assert (found.clubs, found.failures) == (1, 0)
    findings = await look_at_logs(pg_database.owner_dsn, Tables(CATALOGUE), is_deep=True)
    assert {finding.level for finding in findings} == {Level.OK}
    assert (await clubs.go_on(coach.club_id, NOW + timedelta(days=91))) > 0
    [none] = await look_at_logs(pg_database.owner_dsn, Tables(CATALOGUE), is_deep=True)
    assert none.about == "clubs"


async def test_open_sockets_of_an_erased_club_are_closed(coach: Person, clubs: Clubs, services: Services) -> None:
    """The next look at who may read, which each process takes 3 seconds, finds that nobody may."""
    match_id = await coach.make_match()
    made = (await coach.ask("POST", f"/api/matches/{match_id}/share", json={})).json()
    session = (await coach.get("/api/auth/sessions"))["sessions"][0]["session_id"]
    opened = await services.sharer.open([(b"authorization", f"Bearer {made['secret']}".encode())])
    watching = services.live.watched(coach.club_id, opened.link).holder.key
    look_at_members, look_at_links = services.live._member_endings, services.live._link_endings
    assert (await look_at_members([session]), await look_at_links([watching])) == ({}, {})
    await erase(clubs, coach.club_id)
    assert await look_at_members([session]) == {session: "access_ended"}
    assert await look_at_links([watching]) == {watching: "link_ended"}


async def test_an_address_is_free_again(client: httpx.AsyncClient, coach: Person, clubs: Clubs) -> None:
    """Who was erased with their club may come back as somebody new."""
    await erase(clubs, coach.club_id)
    asked = {"email": "coach@club.example", "password": "a long enough password", "device_id": some_id()}
    assert code_of(await client.post("/api/auth/login", json=asked)) == (401, "wrong_password")
    again = await client.post("/api/auth/register", json={**asked, "display_name": "New", "club_name": "Blues"})
    assert again.status_code == 201, again.text
