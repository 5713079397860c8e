"""Checkups find what was done to a database behind the server's back, each thing by its own name."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from football.collections import CATALOGUE
from storage.backups.tools import find_tools
from storage.checkups.database import look_at_database, look_for_drift
from storage.checkups.findings import Finding, Level, worst
from storage.checkups.folding import compare, fold
from storage.checkups.logs import look_at_logs
from storage.postgres import Tables
from storage.readiness import prepare
from sync.records import Change, Key
from tests.harness import CLUB, Phone, Site, real_match, uid
from tests.pg import PgDatabase
from tests.storage.test_backups import Node, add_owner, store_at

TABLES = Tables(CATALOGUE)
MATCH = uid(0x3A7C)


@pytest.fixture
async def club(pg_database: PgDatabase) -> AsyncIterator[PgDatabase]:
    """Give a database with a club that has played one match."""
    async with store_at(pg_database.app_dsn) as store:
        site = await Site(Node(store)).open()
        await add_owner(pg_database.owner_dsn)
        phone = Phone(site, 1)
        phone.note(real_match())
        phone.put("matches", MATCH, kickoff_ts="2026-09-20T10:00:00.000Z")
        await phone.push()
        phone.delete("matches", MATCH)
        await phone.push()
        yield pg_database


async def execute(database: PgDatabase, sql: str) -> None:
    """Change a database behind the server's back."""
    connection = await asyncpg.connect(database.owner_dsn)
    await connection.execute(sql)
    await connection.close()


def levels(findings: Sequence[Finding]) -> dict[str, Level]:
    """Return the level of each thing that was looked at."""
    return {finding.about.removesuffix(f" of {CLUB}"): finding.level for finding in findings}


@pytest.mark.parametrize("is_deep", [False, True])
@pytest.mark.parametrize("role", ["owner", "application"])
async def test_a_sound_club_is_well(club: PgDatabase, role: str, *, is_deep: bool) -> None:
    """Whoever asks, however deeply."""
    dsn = club.owner_dsn if role == "owner" else club.app_dsn
    found = levels(await look_at_logs(dsn, TABLES, is_deep=is_deep))
    assert found == dict.fromkeys(["log", "bytes", "tables", "questions"], Level.OK)


@pytest.mark.parametrize(
    ("sql", "about"),
    [
        ("DELETE FROM touchline.log WHERE version = 7", "log"),
        ("UPDATE touchline.clubs SET version = version + 1", "log"),
        ("UPDATE touchline.clubs SET tag = 'feedfeedfeedfeed'", "log"),
        ("UPDATE touchline.log SET body = body || ' ' WHERE version = 9", "bytes"),
        ("UPDATE touchline.log SET body = '{', checksum = crc32('{') WHERE version = 9", "tables"),
        ("UPDATE grassroots.events SET clock_ms = clock_ms + 1", "tables"),
        ("UPDATE grassroots.matches SET deleted = false WHERE deleted", "tables"),
        ("DELETE FROM grassroots.players WHERE version = (SELECT min(version) FROM grassroots.players)", "tables"),
    ],
)
async def test_what_was_altered_is_found(club: PgDatabase, sql: str, about: str) -> None:
    """A lost row, a wrong counter, a flipped byte, a table edited by hand: bad, with what to do."""
    await execute(club, sql)
    for is_deep in (False, True):
        findings = await look_at_logs(club.owner_dsn, TABLES, is_deep=is_deep)
        assert levels(findings)[about] is Level.BAD
        assert all(finding.do for finding in findings if finding.level is not Level.OK)


async def test_only_a_deep_look_finds_what_no_change_names(club: PgDatabase) -> None:
    """A row that no log knows."""
    row = f"INSERT INTO grassroots.seasons (club_id, season_id, version, stamps) VALUES ('{CLUB}', '{uid(9)}', 1, '[]')"
    await execute(club, row)
    shallow, deep = [levels(await look_at_logs(club.owner_dsn, TABLES, is_deep=each)) for each in (False, True)]
    assert (shallow["tables"], deep["tables"]) == (Level.OK, Level.BAD)


async def test_a_log_whose_beginning_was_compacted(club: PgDatabase) -> None:
    """What is left is compared with the tables, and nothing is missed."""
    await execute(club, "DELETE FROM touchline.log WHERE version < 20; UPDATE touchline.clubs SET oldest = 20")
    assert worst(await look_at_logs(club.owner_dsn, TABLES, is_deep=True)) is Level.OK


async def test_a_compaction_under_way(club: PgDatabase) -> None:
    """Rows that are about to go are no part of the log, and no fault."""
    await execute(club, "UPDATE touchline.clubs SET oldest = 20; DELETE FROM touchline.log WHERE version < 7")
    assert worst(await look_at_logs(club.owner_dsn, TABLES, is_deep=True)) is Level.OK


@pytest.mark.parametrize(
    ("days", "level"), [(None, Level.WARN), (2.9, Level.OK), (3.1, Level.WARN)], ids=["never", "lately", "long ago"]
)
async def test_what_is_past_its_time_is_deleted(empty_database: PgDatabase, days: float | None, level: Level) -> None:
    """The doctor warns where upkeep has not succeeded for three days, or never since the server is of this version."""
    await prepare(empty_database.owner_dsn)
    await execute(empty_database, "UPDATE touchline.migrations SET applied_at = applied_at - interval '4 days'")
    if days is not None:
        await execute(
            empty_database, f"INSERT INTO touchline.upkeep VALUES ('upkeep', now() - interval '{days * 24} hours')"
        )
    found = await look_at_database(empty_database.app_dsn, is_durable=False, workers=1, now=now)
    assert levels(found)["retention"] is level


@pytest.mark.parametrize(
    ("sql", "about"),
    [
        (None, None),
        ("ALTER TABLE touchline.log DISABLE ROW LEVEL SECURITY", "row policies"),
        ("ALTER TABLE touchline.feeds OWNER TO touchline_app", "role"),
        ("DELETE FROM touchline.migrations WHERE number = 2", "schema"),
    ],
)
async def test_the_database_itself(empty_database: PgDatabase, sql: str | None, about: str | None) -> None:
    """Each thing that is not as it must be is named, and no other."""
    await prepare(empty_database.owner_dsn)
    if sql is not None:
        await execute(empty_database, sql)
    found = levels(await look_at_database(empty_database.app_dsn, is_durable=False, workers=1, now=now))
    assert {name for name, level in found.items() if level is Level.BAD} == ({about} if about else set())
    assert found["durability"] is Level.WARN  # the tests' own server


async def test_what_is_off(empty_database: PgDatabase) -> None:
    """A server that promises durability, a clock an hour slow, more workers than connections."""
    await prepare(empty_database.owner_dsn)
    found = levels(
        await look_at_database(
            empty_database.app_dsn, is_durable=True, workers=50, now=lambda: now() - timedelta(hours=1)
        )
    )
    assert (found["durability"], found["clock"], found["connections"]) == (Level.BAD, Level.BAD, Level.WARN)


async def test_a_database_that_does_not_answer() -> None:
    """One finding, and no traceback."""
    found = await look_at_database("postgresql://x@127.0.0.1:1/x", is_durable=True, workers=1, now=now)
    assert levels(found) == {"database": Level.BAD}


async def test_drift_is_found(pg_database: PgDatabase, empty_database: PgDatabase) -> None:
    """An index that somebody dropped by hand."""
    await prepare(empty_database.owner_dsn)
    await execute(pg_database, "DROP SCHEMA touchline CASCADE; DROP SCHEMA grassroots CASCADE")
    await prepare(pg_database.owner_dsn)
    tools = find_tools(None)
    assert (await look_for_drift(pg_database.owner_dsn, tools, empty_database.owner_dsn)).level is Level.OK
    await execute(pg_database, "DROP INDEX grassroots.events_match")
    found = await look_for_drift(pg_database.owner_dsn, tools, empty_database.owner_dsn)
    assert found.level is Level.WARN
    assert "events_match" in found.says


def test_a_fold_is_the_last_word_on_each_field() -> None:
    """Later changes lay their fields over earlier ones; a delete stays until a restore."""
    log = [
        Change(1, "teams", "a", "s1", fields={"name": "Reds", "age_group": "U9"}),
        Change(2, "teams", "a", "s2", deleted=True),
        Change(3, "teams", "a", "s3", fields={"name": "Blues"}),
    ]
    held = fold(log)[Key("teams", "a")]
    assert held == ({"name": "Blues", "age_group": "U9"}, True, 3)
    assert compare(fold(log), {}, is_whole=False).unlike == [Key("teams", "a")]
    assert compare({}, fold(log), is_whole=False).unlike == []
    assert compare({}, fold(log), is_whole=True).unlike == [Key("teams", "a")]


def now() -> datetime:
    """Return this machine's time."""
    return datetime.now(UTC)
