"""After a restore: what was erased since is erased again, and phones that send again what they had cannot undo it."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from football.collections import CATALOGUE
from football.scoreboard import score_of
from storage.accounts import open_engine
from storage.backups.keep import take
from storage.backups.put_back import move_aside, put_back
from storage.backups.tools import find_tools
from storage.erasures import Eraser
from storage.erasures.clubs import Clubs
from storage.erasures.ledger_file import LedgerFile, LedgerUnusable
from storage.erasures.marks import entry_of
from storage.erasures.replay import Replay, noting
from storage.erasures.users import Users
from storage.operators import make_owner
from storage.postgres import PostgresStore
from storage.readiness import prepare
from sync.records import Key
from tests.harness import CLUB, Phone, Site, settle, uid
from tests.pg import PgDatabase, open_folder
from tests.storage.test_backups import Node, add_owner, store_at

pytestmark = pytest.mark.postgres

CANARY = "Kanarienvogel Zwitscher"
PLAYER, MATCH, NOTE, TEAM = uid(0xCA), uid(0x3A), uid(0x40), uid(0x7E)
KICKOFF = "2026-09-20T10:00:00.000Z"


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder for backups, gone afterwards."""
    opened = open_folder()
    yield opened
    shutil.rmtree(opened, ignore_errors=True)


def eraser_on(store: PostgresStore, site: Site) -> Eraser:
    """Return what erases records."""
    return Eraser(store, CATALOGUE, clock=lambda: site.now_ms, dice=bytes)


async def replay(store: PostgresStore, dsn: str, site: Site, ledger: LedgerFile) -> tuple[int, int]:
    """Do again what the database lacks; return how many records were, and how many rows were rewritten."""
    engine = open_engine(dsn)
    try:
        users, clubs = Users(engine, ledger), Clubs(engine, ledger)
        both = Replay(ledger, users, clubs, eraser_on(store, site), clock=lambda: site.now_ms)
        return (await both.run()).records, await both.go_on()
    finally:
        await engine.dispose()


async def everything(dsn: str) -> str:
    """Return all rows of all tables in use, as text, with the bytes of bodies read as text too."""
    connection = await asyncpg.connect(dsn)
    try:
        tables = await connection.fetch(
            "SELECT table_schema, table_name FROM information_schema.tables"
            " WHERE table_schema IN ('grassroots', 'touchline') AND table_type = 'BASE TABLE'"
        )
        rows = [row for schema, name in tables for row in await connection.fetch(f"SELECT * FROM {schema}.{name}")]
        return "\n".join(str(tuple(row.values())) for row in rows).casefold()
    finally:
        await connection.close()


async def test_phones_that_were_away_bring_nobody_back(empty_database: PgDatabase, folder: Path) -> None:
    """One has seen the erasure, one pushed before it and has not, one was offline all along."""
    dsn, ledger = empty_database.owner_dsn, LedgerFile(folder / "erasures.jsonl")
    await prepare(dsn)
    async with store_at(empty_database.app_dsn) as store:
        node = Node(store)
        site = await Site(node).open()
        await add_owner(dsn)
        seen, before, offline = phones = [Phone(site, number) for number in (1, 2, 3)]
        seen.put("matches", MATCH, kickoff_ts=KICKOFF, home_team_id=TEAM)
        seen.put("players", PLAYER, full_name=CANARY, notes="Zwitscher's knee")
        seen.put("events", uid(1), match_id=MATCH, kind="goal", team_id=TEAM, player_id=PLAYER, clock_ms=60_000)
        await settle(phones)
        kept, manifest = await take(dsn, find_tools(None), folder / "backups", secret=None, version="test")
        before.put("players", PLAYER, notes=f"{CANARY} is left-footed")
        before.put("match_notes", NOTE, match_id=MATCH, notes=f"a header by {CANARY.upper()}")
        before.put("events", uid(2), match_id=MATCH, kind="goal", team_id=TEAM, player_id=PLAYER, clock_ms=120_000)
        await before.sync()
        offline.put("players", PLAYER, full_name=f"{CANARY} junior")
        offline.put(
            "events",
            uid(3),
            match_id=MATCH,
            kind="goal",
            team_id=TEAM,
            player_id=PLAYER,
            notes=CANARY,
            clock_ms=180_000,
        )
        await eraser_on(store, site).erase(
            CLUB, Key("players", PLAYER), by=None, erasure_id=str(uuid4()), before_commit=noting(ledger)
        )
        await eraser_on(store, site).go_on(CLUB)
        await seen.sync()
        assert "zwitscher" not in await everything(dsn)
        assert "zwitscher" not in str(seen.view()).casefold()
    await move_aside(dsn, "old", replaces=True)
    await put_back(dsn, find_tools(None), kept, manifest, lambda _words: None)
    assert "zwitscher" in await everything(dsn)
    async with store_at(empty_database.app_dsn) as store:
        node.store = store
        records, rows = await replay(store, empty_database.app_dsn, site, ledger)
        assert records == 1
        assert rows > 0
        assert "zwitscher" not in await everything(dsn)
        await settle(phones)
        assert "zwitscher" not in await everything(dsn)
        for phone in phones:
            assert "zwitscher" not in str(phone.view()).casefold()
            assert PLAYER not in phone.view()["players"]
            assert phone.device.waiting_count == 0
        fresh = Phone(site, 4)
        await fresh.sync()
        assert [score_of(phone.facts(MATCH)).home for phone in (*phones, fresh)] == [3, 3, 3, 3]
        assert fresh.view()["match_notes"][NOTE]["notes"] == "a header by …"
        assert await replay(store, empty_database.app_dsn, site, ledger) == (0, 0), "nothing lacks any more"


async def test_a_ledger_that_was_lost_is_written_again(empty_database: PgDatabase, folder: Path) -> None:
    """The database has the same hashes: a start notes what the file lacks."""
    dsn, ledger = empty_database.owner_dsn, LedgerFile(folder / "erasures.jsonl")
    await prepare(dsn)
    async with store_at(empty_database.app_dsn) as store:
        site = await Site(Node(store)).open()
        await add_owner(dsn)
        phone = Phone(site, 1)
        phone.put("players", PLAYER, full_name=CANARY)
        await phone.sync()
        await eraser_on(store, site).erase(
            CLUB, Key("players", PLAYER), by=None, erasure_id=str(uuid4()), before_commit=noting(ledger)
        )
        [noted] = ledger.read().entries
        ledger.path.unlink()
        in_the_way = LedgerFile(folder / "nobody" / "erasures.jsonl")
        (folder / "nobody").write_text("a file, and no folder")
        with pytest.raises(LedgerUnusable, match="cannot be read"):
            await replay(store, empty_database.app_dsn, site, in_the_way)
        nowhere = LedgerFile(Path("/proc/nowhere/erasures.jsonl"))
        assert (await replay(store, empty_database.app_dsn, site, nowhere))[0] == 0, "nobody is back for it"
        assert (await replay(store, empty_database.app_dsn, site, ledger))[0] == 0
        assert ledger.read().entries == (noted,)


async def test_an_owner_who_was_erased_is_erased_again(pg_database: PgDatabase, tmp_path: Path) -> None:
    """In the picture of a backup they were the only one: the club is told to have none, and gets another."""
    dsn, ledger = pg_database.owner_dsn, LedgerFile(tmp_path / "erasures.jsonl")
    async with store_at(pg_database.app_dsn) as store:
        site = await Site(Node(store)).open()
        await add_owner(dsn)
        connection = await asyncpg.connect(dsn)
        await connection.execute("INSERT INTO touchline.users VALUES ($1, 'other@club.example', 'O', 'x')", uid(2))
        await connection.execute("INSERT INTO touchline.memberships VALUES ($1, $2, 'coach')", CLUB, uid(2))
        await connection.close()
        ledger.append(entry_of("user", uid(1), now=datetime.fromtimestamp(site.now_ms / 1_000, UTC)))
        engine = open_engine(pg_database.app_dsn)
        users, clubs = Users(engine, ledger), Clubs(engine, ledger)
        both = Replay(ledger, users, clubs, eraser_on(store, site), clock=lambda: site.now_ms)
        replayed = await both.run()
        assert (replayed.users, replayed.ownerless, replayed.noted) == (1, (CLUB,), 0)
        assert not await make_owner(dsn, CLUB, "nobody@club.example")
        assert await make_owner(dsn, CLUB, "OTHER@club.example")
        assert await users.ownerless() == []
        assert (await both.run()).done == 0
        await engine.dispose()
