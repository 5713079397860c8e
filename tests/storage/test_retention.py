"""Retention: of each class of data, what is just past its time goes and what is not yet stays."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple, TypeAlias

import asyncpg
import pytest

from api.identity.tokens import REFRESH_DAYS
from api.resources.writing import is_server_device, key_device, server_device
from storage.retention import BRANCH_KEPT_DAYS, RETENTION
from storage.upkeep import RETAIN, Done, do_upkeep
from sync.limits import KEPT_MS
from tests.pg import PgDatabase

NOW: Final = datetime(2026, 9, 21, 12, tzinfo=UTC)
NOW_MS: Final = int(NOW.timestamp() * 1_000)
SHORT: Final = timedelta(minutes=1)
DAY: Final = timedelta(days=1)


def uid(number: int) -> str:
    """Return a UUID."""
    return f"{number:08x}-0000-4000-8000-000000000000"


CLUB, USER, GONE, MATCH, LINK = uid(0xC1B), uid(0xA1), uid(0xA2), uid(0x3A), uid(0x11)
IN, OUT = uid(1), uid(2)
"""The ids of what stays, and of what goes."""
PHONE: Final = uid(0xDE)

Connection: TypeAlias = "asyncpg.Connection[Any]"


@pytest.fixture
async def owner(pg_database: PgDatabase) -> AsyncIterator[Connection]:
    """Give a way into a database with a club, its owner, and somebody who closed their account."""
    connection = await asyncpg.connect(pg_database.owner_dsn)
    await connection.execute("INSERT INTO touchline.clubs (club_id, hash_key) VALUES ($1, 'k')", CLUB)
    for user_id, email in ((USER, "coach@club.example"), (GONE, None)):
        await connection.execute(
            "INSERT INTO touchline.users (user_id, email, display_name, password_hash) VALUES ($1, $2, '', '')",
            user_id,
            email,
        )
        await connection.execute(
            "INSERT INTO touchline.memberships (club_id, user_id, role) VALUES ($1, $2, 'owner')", CLUB, user_id
        )
    try:
        yield connection
    finally:
        await connection.close()


async def upkeep(database: PgDatabase, **more: Any) -> Done:  # noqa: ANN401 - as `do_upkeep` takes it
    """Do the step as the server's role does it."""
    found = await do_upkeep(database.app_dsn, [RETAIN], clock=lambda: NOW_MS, **more)
    assert isinstance(found, Done)
    assert not found.failures
    return found


class Case(NamedTuple):
    """How one thing comes to be, by its id ($1) and the time at which it ended ($2), and where it is then."""

    name: str
    how: str
    kept: timedelta
    sql: str
    left: str
    counts: int = 1


LINK_COLUMNS: Final = (
    "(club_id, link_id, match_id, secret_hash, shows_score, shows_shirt_numbers, shows_venue, created_by, created_at,"
    " expires_at, revoked_at)"
)
SECRET: Final = "uuid_send($1::uuid)"
LATER: Final = "$2::timestamptz + interval '9 days'"
LONG_AGO: Final = "$2::timestamptz - interval '9 days'"

CASES: Final = (
    Case(
        "share_links",
        "revoked",
        30 * DAY,
        f"INSERT INTO touchline.share_links {LINK_COLUMNS} VALUES ('{CLUB}', $1, '{MATCH}',"
        f" {SECRET}, true, true, true, '{USER}', {LONG_AGO}, {LATER}, $2)",
        "SELECT link_id FROM touchline.share_links",
    ),
    Case(
        "share_links",
        "expired",
        30 * DAY,
        f"INSERT INTO touchline.share_links {LINK_COLUMNS} VALUES ('{CLUB}', $1, '{MATCH}',"
        f" {SECRET}, true, true, true, '{USER}', {LONG_AGO}, $2, NULL)",
        "SELECT link_id FROM touchline.share_links",
    ),
    Case(
        "feeds",
        "expired",
        DAY,
        f"WITH link AS (INSERT INTO touchline.share_links {LINK_COLUMNS} VALUES ('{CLUB}', $1, $1,"
        f" {SECRET}, true, false, true, '{USER}', {LONG_AGO}, $2, NULL)), feed AS ("
        "INSERT INTO touchline.feeds (club_id, match_id, view, epoch, n, hide_key, snapshot)"
        f" VALUES ('{CLUB}', $1, 5, 'e', 1, '', ''))"
        " INSERT INTO touchline.feed_entries (club_id, match_id, view, n, body)"
        f" VALUES ('{CLUB}', $1, 5, 1, '')",
        "SELECT f.match_id FROM touchline.feeds AS f JOIN touchline.feed_entries USING (club_id, match_id, view)",
        counts=2,
    ),
    Case(
        "invitations",
        "expired",
        30 * DAY,
        "INSERT INTO touchline.invitations (club_id, invitation_id, secret_hash, role, uses, made_by, created_at,"
        f" expires_at) VALUES ('{CLUB}', $1, {SECRET}, 'coach', 1, '{USER}', {LONG_AGO}, $2)",
        "SELECT invitation_id FROM touchline.invitations",
    ),
    Case(
        "sessions",
        "ended",
        30 * DAY,
        "INSERT INTO touchline.sessions (session_id, user_id, club_id, device_id, refresh_hash, expires_at, ended_at)"
        f" VALUES ($1, '{USER}', '{CLUB}', '{PHONE}', '', {LATER}, $2)",
        "SELECT session_id FROM touchline.sessions",
    ),
    Case(
        "sessions",
        "expired",
        30 * DAY,
        "INSERT INTO touchline.sessions (session_id, user_id, club_id, device_id, refresh_hash, expires_at)"
        f" VALUES ($1, '{USER}', '{CLUB}', '{PHONE}', '', $2)",
        "SELECT session_id FROM touchline.sessions",
    ),
    Case(
        "sessions",
        "branch",
        91 * DAY,
        "INSERT INTO touchline.sessions (session_id, user_id, club_id, device_id, refresh_hash, expires_at,"
        f" forked_from) VALUES ($1, '{USER}', '{CLUB}', '{PHONE}', '', $2, '{uid(9)}')",
        "SELECT session_id FROM touchline.sessions",
    ),
    Case(
        "scorers",
        "expired",
        30 * DAY,
        "INSERT INTO touchline.scorers (scorer_id, club_id, match_id, secret_hash, code_hash, name, made_by,"
        f" created_at, expires_at) VALUES ($1, '{CLUB}', '{MATCH}', {SECRET}, {SECRET},"
        f" 'Sam', '{USER}', {LONG_AGO}, $2)",
        "SELECT scorer_id FROM touchline.scorers WHERE name = 'Sam'",
        counts=2,
    ),
    Case(
        "attempts",
        "refused",
        DAY,
        f"INSERT INTO touchline.attempts (key, failures, until_ms, seen_ms) VALUES ({SECRET}, 9,"
        " extract(epoch FROM $2::timestamptz) * 1000, 0)",
        "SELECT encode(key, 'hex')::uuid FROM touchline.attempts",
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}-{case.how}")
async def test_each_class_goes_when_its_time_has_come(pg_database: PgDatabase, owner: Connection, case: Case) -> None:
    """A minute before it is there, a minute after it is gone; a rehearsal says so and changes nothing."""
    await owner.execute(case.sql, IN, NOW - case.kept + SHORT)
    await owner.execute(case.sql, OUT, NOW - case.kept - SHORT)
    rehearsed = await upkeep(pg_database, is_rehearsal=True)
    assert rehearsed.removed[case.name] >= 1
    assert {str(row[0]) for row in await owner.fetch(case.left)} == {IN, OUT}
    done = await upkeep(pg_database)
    assert {str(row[0]) for row in await owner.fetch(case.left)} == {IN}
    assert {name: count for name, count in done.removed.items() if count} == {case.name: case.counts}
    assert not any((await upkeep(pg_database)).removed.values())


@pytest.mark.parametrize("name", sorted({case.name for case in CASES} | {"idempotency_keys", "closed_accounts"}))
def test_a_class_is_proved(name: str) -> None:
    """Each class that is swept is tried here, and no other is named."""
    assert name in {kept.name for kept in RETENTION if kept.rows}


def test_every_class_that_is_swept_is_tried() -> None:
    """A class that is added later needs its proof."""
    tried = {case.name for case in CASES} | {"idempotency_keys", "closed_accounts"}
    assert {kept.name for kept in RETENTION if kept.rows} == tried


async def add_device(owner: Connection, device_id: str, age: timedelta, *, verdict: str = "applied") -> None:
    """Add a device that was last seen so long ago, with two outcomes."""
    await owner.execute(
        "INSERT INTO touchline.devices (club_id, device_id, user_id, offsets_ms, last_n, acked, seen_ms)"
        " VALUES ($1, $2, 'u', '{}', 2, 0, $3)",
        CLUB,
        device_id,
        int((NOW - age).timestamp() * 1_000),
    )
    for n in (1, 2):
        await owner.execute(
            "INSERT INTO touchline.outcomes (club_id, device_id, n, verdict, clock) VALUES ($1, $2, $3, $4, 1)",
            CLUB,
            device_id,
            n,
            verdict,
        )


async def test_keys_go_and_devices_stay(pg_database: PgDatabase, owner: Connection) -> None:
    """A key goes 30 days after its last use, with its outcomes; a device that counts, and a phone, never."""
    used, old, parked = (key_device(PHONE, key) for key in ("used", "old", "parked"))
    counting = server_device(PHONE, "count")
    await add_device(owner, used, 30 * DAY - SHORT)
    await add_device(owner, old, 30 * DAY + SHORT)
    await add_device(owner, parked, 300 * DAY, verdict="parked")
    await add_device(owner, counting, 300 * DAY)
    await add_device(owner, PHONE, 300 * DAY)
    assert (await upkeep(pg_database)).removed["idempotency_keys"] == 3
    for table in ("devices", "outcomes"):
        found = await owner.fetch(f"SELECT DISTINCT device_id::text FROM touchline.{table}")
        assert {row[0] for row in found} == {used, parked, counting, PHONE}
    assert all(map(is_server_device, (used, old, counting)))
    assert not is_server_device(PHONE)


async def test_a_scorer_whose_session_stands_keeps_its_row(pg_database: PgDatabase, owner: Connection) -> None:
    """The name goes with the time; the id stays while somebody is signed in by it."""
    scorers = next(case for case in CASES if case.name == "scorers")
    await owner.execute(scorers.sql, OUT, NOW - 31 * DAY)
    await owner.execute(
        "INSERT INTO touchline.sessions (session_id, scorer_id, club_id, device_id, refresh_hash, expires_at)"
        f" VALUES ('{uid(7)}', '{OUT}', '{CLUB}', '{PHONE}', '', $1)",
        NOW - 29 * DAY,
    )
    await upkeep(pg_database)
    assert [tuple(row) for row in await owner.fetch("SELECT name, code_hash FROM touchline.scorers")] == [("", None)]
    await owner.execute("UPDATE touchline.sessions SET expires_at = expires_at - interval '2 days'")
    await upkeep(pg_database)
    assert await owner.fetchval("SELECT count(*) FROM touchline.scorers") == 0


async def test_a_closed_account_goes_with_the_last_that_names_it(pg_database: PgDatabase, owner: Connection) -> None:
    """While a membership says when it ended it stays, as an id without a name."""
    assert (await upkeep(pg_database)).removed["closed_accounts"] == 0
    await owner.execute("DELETE FROM touchline.memberships WHERE user_id = $1", GONE)
    assert (await upkeep(pg_database)).removed["closed_accounts"] == 1
    assert [str(row[0]) for row in await owner.fetch("SELECT user_id FROM touchline.users")] == [USER]


def test_a_branch_is_forgotten_after_the_tokens_that_open_it() -> None:
    """Else a clone that was signed out could come back by its old token."""
    assert BRANCH_KEPT_DAYS > REFRESH_DAYS


def test_the_log_outlives_what_phones_send_again() -> None:
    """What a phone pushes once more after a restore is compared with what is held of it."""
    assert 30 * DAY.total_seconds() * 1_000 > KEPT_MS
