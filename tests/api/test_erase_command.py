"""`touchline erase` from the outside, with backups made before: a canary's name is found nowhere again."""

import shutil
import subprocess
from pathlib import Path

import pytest

from api.app import create_app, open_services
from api.identity.keys import KeyRing
from api.settings import Settings
from storage.address import address_for_program
from storage.backups.tools import find_tools
from storage.erasures.ledger_file import LedgerFile
from storage.readiness import prepare
from tests.api.people import Person, client_of, code_of, put, sign_up, some_id
from tests.api.test_commands import Command, command, folder
from tests.pg import PgDatabase

pytestmark = pytest.mark.postgres

__all__ = ["command", "folder"]

FIRST, LAST = "Kanarienvogel", "Zwitscher"
CANARY = f"{FIRST} {LAST}"
EMAIL = "coach@club.example"


class Club:
    """A club on a real database, with a player who will be erased."""

    def __init__(self, dsn: str, app_dsn: str, settings: Settings, ring: KeyRing) -> None:
        self.dsn, self.app_dsn, self.settings, self.ring = dsn, app_dsn, settings, ring
        self.player_id, self.match_id = some_id(), some_id()

    async def play(self, coach: Person) -> None:
        """Have the canary play, score twice and be written about."""
        goals = [
            put("events", some_id(), match_id=self.match_id, kind="goal", player_id=self.player_id, clock_ms=each)
            for each in (60_000, 120_000)
        ]
        award = put(
            "match_awards",
            some_id(),
            match_id=self.match_id,
            player_id=self.player_id,
            category="star",
            notes=f"{CANARY}!",
        )
        answer = await coach.push(
            put("matches", self.match_id, kickoff_ts="2026-09-20T10:00:00.000Z", notes=f"well done, {CANARY.upper()}"),
            put("players", self.player_id, full_name=CANARY, notes="allergic", squad_number=9, dob="2015-05-05"),
            *goals,
            award,
        )
        assert answer.json()["others"] == [], answer.text

    async def score(self, coach: Person) -> object:
        """Return what the board shows, and who scored, by their id."""
        live = await coach.get(f"/api/matches/{self.match_id}/live")
        return live["score"], [(entry["kind"], entry.get("player_id")) for entry in live["timeline"]]

    async def texts(self, coach: Person) -> str:
        """Return all that the server says to whoever may ask for everything."""
        match = f"/api/matches/{self.match_id}"
        paths = ("/api/sync/pull", "/api/sync/snapshot", "/api/players", f"{match}/report", f"{match}/live")
        said = [await coach.ask("GET", path) for path in paths]
        assert {answer.status_code for answer in said} == {200}, [answer.text for answer in said]
        return "".join(answer.text for answer in said)


def dump(dsn: str, *options: str) -> str:
    """Return a database as a dump in plain text, as pg_dump makes it."""
    bare, environment = address_for_program(dsn)
    asked = [str(find_tools(None).dump), *options, "--dbname", bare]
    return subprocess.run(asked, env=environment, capture_output=True, check=True, text=True).stdout


def is_in(text: str) -> bool:
    """Tell whether anything of the canary is in a text, as it is or in the hexadecimal digits of a dump."""
    found = text.casefold()
    return any(
        form in found
        for word in (FIRST, LAST, "allergic", "2015-05-05")
        for form in (word.casefold(), word.encode().hex(), word.upper().encode().hex())
    )


@pytest.fixture
async def club(empty_database: PgDatabase, settings: Settings, ring: KeyRing) -> Club:
    """Give a club in a database that commands may restore over."""
    await prepare(empty_database.owner_dsn)
    return Club(empty_database.owner_dsn, empty_database.app_dsn, settings, ring)


async def test_an_erased_player_stays_erased(club: Club, command: Command, folder: Path) -> None:
    """Not in tables, log, answers or a dump, nor after a restore of a backup made before; the score is the same."""
    async with open_services(club.app_dsn, club.ring) as services:
        client = client_of(create_app(club.settings, services))
        coach = await sign_up(client, EMAIL)
        await club.play(coach)
        texts, score = await club.texts(coach), await club.score(coach)
        assert is_in(texts)
        assert is_in(dump(club.dsn))
        kept = (await command("backup", "--json")).told["folder"]
        told = (await command("erase", "player", "--name", CANARY.lower(), "--yes", "--json")).told
        assert (told["id"], told["club_ids"], told["rows"] > 2) == (club.player_id, [coach.club_id], True)
        assert not is_in(await club.texts(coach))
        assert await club.score(coach) == score
        await client.aclose()
    assert not is_in(dump(club.dsn))
    ledger = folder / "data" / "erasures.jsonl"
    assert not is_in(ledger.read_text())
    newer = await command("backup", "--json")
    assert "erasures.jsonl" in [file["name"] for file in newer.told["manifest"]["files"]]
    ledger.unlink()  # with the machine; the newer backup, which may be damaged, has a copy
    restored = await command("restore", kept, "--replace", "--json")
    assert restored.told["erased_again"]["records"] == 1, restored.err
    assert not is_in(dump(club.dsn))
    async with open_services(club.app_dsn, club.ring) as services:
        client = client_of(create_app(club.settings, services))
        back = Person(client, coach.tokens)
        assert not is_in(await club.texts(back))
        assert await club.score(back) == score
        await client.aclose()
    [listed] = (await command("erase", "list", "--json")).told
    assert (listed["collection"], listed["is_finished"], listed["is_noted"]) == ("players", True, True)


async def test_who_is_meant_must_be_clear(club: Club, command: Command) -> None:
    """Two of one name, nobody, another name typed, nobody to ask: a sentence each, and nothing is erased."""
    async with open_services(club.app_dsn, club.ring) as services:
        client = client_of(create_app(club.settings, services))
        coach = await sign_up(client, EMAIL)
        await club.play(coach)
        other = some_id()
        await coach.push(put("players", other, full_name=f" {CANARY}"))
        await client.aclose()
    two = await command("erase", "player", "--name", CANARY, "--yes")
    assert (two.status, two.out) == (2, "")
    assert "There are 2 players of this name" in two.err
    assert "number 9" in two.err
    assert "No player has" in (await command("erase", "player", "--name", "Nobody Here", "--yes")).err
    assert "Say who" in (await command("erase", "player", "--yes")).err
    assert "say --yes as well" in (await command("erase", "player", club.player_id, "--json")).err
    assert "Nothing was erased" in (await command("erase", "player", club.player_id, typed="Somebody Else")).err
    assert (await command("erase", "list", "--json")).told == []
    done = await command("erase", "player", other, typed=f"{FIRST.upper()}  {LAST}")
    assert done.status == 0, done.err
    assert done.out.startswith("This erases")
    assert f"Erased the player {other};" in done.out


async def test_users_and_clubs_are_erased(club: Club, command: Command, folder: Path) -> None:
    """An only owner goes with their club or not at all; both stay away after a restore."""
    async with open_services(club.app_dsn, club.ring) as services:
        client = client_of(create_app(club.settings, services))
        coach = await sign_up(client, EMAIL)
        await club.play(coach)
        kept = (await command("backup", "--json")).told["folder"]
        refused = await command("erase", "user", "--email", EMAIL, "--yes")
        assert (refused.status, "only owner of Reds" in refused.err) == (2, True)
        told = (await command("erase", "user", "--email", EMAIL, "--with-clubs", "--yes", "--json")).told
        assert told["club_ids"] == [coach.club_id]
        assert code_of(await coach.ask("GET", "/api/sync/pull")) == (403, "access_ended")
        await client.aclose()
    assert not is_in(dump(club.dsn))
    assert EMAIL not in dump(club.dsn)
    restored = (await command("restore", kept, "--replace", "--json")).told["erased_again"]
    assert (restored["clubs"], restored["users"]) == (1, 1)
    assert not is_in(dump(club.dsn))
    assert EMAIL not in dump(club.dsn)
    kinds = [each.kind for each in LedgerFile(folder / "data" / "erasures.jsonl").read().entries]
    assert sorted(kinds) == ["club", "user"]
    assert "was erased" in (await command("erase", "club", coach.club_id, "--yes")).err


async def test_a_ledger_from_elsewhere(club: Club, command: Command, folder: Path) -> None:
    """`--replay` does again what another machine's ledger says, and keeps it here."""
    async with open_services(club.app_dsn, club.ring) as services:
        client = client_of(create_app(club.settings, services))
        coach = await sign_up(client, EMAIL)
        await club.play(coach)
        kept = (await command("backup", "--json")).told["folder"]
        await command("erase", "player", club.player_id, "--yes")
        await client.aclose()
    ledger = folder / "data" / "erasures.jsonl"
    elsewhere = ledger.rename(folder / "elsewhere.jsonl")
    assert (await command("restore", kept, "--replace", "--json")).told["erased_again"]["records"] == 0
    assert is_in(dump(club.dsn, "--schema=touchline"))
    assert await level_of(command) == ("ok", "0 in the ledger, none of them back.")
    shutil.copy(elsewhere, ledger)
    assert (await level_of(command))[0] == "bad"
    ledger.unlink()
    replayed = await command("erase", "--replay", str(elsewhere), "--json")
    assert replayed.told["records"] == 1
    assert not is_in(dump(club.dsn, "--schema=touchline"))
    assert len(LedgerFile(ledger).read().entries) == 1
    assert (await level_of(command))[0] == "ok"
    ledger.write_text("torn\n")
    assert (await level_of(command))[0] == "warn"


async def level_of(command: Command) -> tuple[str, str]:
    """Return what the doctor finds of the erasures."""
    findings = (await command("doctor", "--json")).told["findings"]
    [found] = [each for each in findings if each["about"] == "erasures"]
    return found["level"], found["says"]
