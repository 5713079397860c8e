"""Each club's log: gapless up to its counter, its bytes as they were written, and one with the tables.

Each club is read in one transaction of one moment that writes nothing, whichever role signs in: clubs are found by
their members, and a row policy shows the one that the transaction names.
"""

from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

import asyncpg
import msgspec

from storage.checkups.findings import Finding, bad, ok, warn
from storage.checkups.folding import UNLIKE_MAX, Held, as_stored, compare, fold, read_change
from storage.clubs import Connection, set_club_sql
from storage.postgres import Tables
from sync.collections import CONFLICTS
from sync.conflicts import Conflict
from sync.conflicts import snapshot_row as conflict_row
from sync.records import Change, Key, snapshot_row

SAMPLE: Final = 1_000
"""Changes at the end of a log that are compared with the tables, unless all are."""
PAGE: Final = 2_000
PARKED_MANY: Final = 100
"""Parked mutations of a club from which on somebody should look: a match waits for something that does not come."""
OPEN_MANY: Final = 50

_CLUBS: Final = "SELECT DISTINCT club_id::text FROM touchline.memberships ORDER BY 1"
_CLUB: Final = "SELECT name, version, tag, oldest FROM touchline.clubs WHERE club_id = $1"
_LOG: Final = """
SELECT count(*) AS rows, min(version) AS first, max(version) AS last,
       count(*) FILTER (WHERE crc32(body) <> checksum) AS altered,
       min(version) FILTER (WHERE crc32(body) <> checksum) AS first_altered,
       (SELECT tag FROM touchline.log WHERE club_id = $1 ORDER BY version DESC LIMIT 1) AS tag
  FROM touchline.log WHERE club_id = $1 AND version >= $2
"""
"""Rows before `oldest` are no part of the log any more: a compaction is about to take them away."""
_COUNTS: Final = """
SELECT (SELECT count(*) FROM touchline.parked WHERE club_id = $1) AS parked,
       (SELECT count(*) FROM touchline.conflicts WHERE club_id = $1 AND status = 'open') AS open,
       (SELECT count(*) FROM touchline.conflicts
         WHERE club_id = $1 AND status = 'open' AND convert_from(body, 'UTF8')::jsonb ->> 'kind' = 'rejected') AS held
"""
_PAGE: Final = "SELECT version, body FROM touchline.log WHERE club_id = $1 AND version > $2 ORDER BY version LIMIT $3"

_conflict: Final = msgspec.json.Decoder(Conflict).decode


class Standing(NamedTuple):
    """A club's own row, and its log as one query sees it."""

    name: str
    version: int
    tag: str
    oldest: int
    log: "asyncpg.Record"


async def look_at_logs(dsn: str, tables: Tables, *, is_deep: bool) -> list[Finding]:
    """Look at the log of each club; `is_deep` reads all of it and all tables, not only the newest changes."""
    findings: list[Finding] = []
    async with asyncpg.create_pool(dsn, min_size=1, max_size=1) as pool, pool.acquire() as connection:
        clubs = [row[0] for row in await connection.fetch(_CLUBS)]
        for club_id in clubs:
            findings += await look_at_log(connection, club_id, tables, is_deep=is_deep)
    return findings or [ok("clubs", "There are none yet.")]


async def look_at_log(connection: Connection, club_id: str, tables: Tables, *, is_deep: bool) -> list[Finding]:
    """Look at one club."""
    async with _one_moment(connection, club_id):
        row = await connection.fetchrow(_CLUB, club_id)
        log = None if row is None else await connection.fetchrow(_LOG, club_id, row["oldest"])
        if row is None or log is None:
            return [bad(f"club {club_id}", "It has members and no row of its own.", _RESTORE)]
        standing = Standing(row["name"] or club_id, row["version"], row["tag"], row["oldest"], log)
        findings = [_gapless(standing), _unaltered(standing)]
        findings.append(await _one_with_tables(connection, club_id, standing, tables, is_deep=is_deep))
        counts = await connection.fetchrow(_COUNTS, club_id)
        assert counts is not None, "counts are always one row"
        findings.append(look_at_waiting(standing.name, counts["parked"], counts["open"], counts["held"]))
    return findings


_RESTORE: Final = (
    "Keep everything as it is: make a backup now (`touchline backup`), then restore the newest one that is well with "
    "`touchline restore`. The phones bring back what came after it."
)


def _gapless(club: Standing) -> Finding:
    about, log = f"log of {club.name}", club.log
    expected = club.version - club.oldest + 1
    if club.version == 0 and log["rows"] == 0:
        return ok(about, "Empty.")
    if (log["rows"], log["first"], log["last"]) != (expected, club.oldest, club.version):
        says = (
            f"It should hold the changes {club.oldest} to {club.version}, and holds {log['rows']}, from {log['first']} "
            f"to {log['last']}."
        )
        return bad(about, says, _RESTORE)
    if log["tag"] != club.tag:
        return bad(about, "Its newest change is not the one that the club's counter names.", _RESTORE)
    return ok(about, f"Changes {club.oldest} to {club.version}, without a gap.")


def _unaltered(club: Standing) -> Finding:
    about, log = f"bytes of {club.name}", club.log
    if log["altered"]:
        says = f"{log['altered']} changes are not as they were written, the first is {log['first_altered']}."
        return bad(about, says, _RESTORE)
    return ok(about, f"All {log['rows']} changes have their checksums.")


async def _one_with_tables(
    connection: Connection, club_id: str, club: Standing, tables: Tables, *, is_deep: bool
) -> Finding:
    about = f"tables of {club.name}"
    changes: list[Change] = []
    after = club.oldest - 1 if is_deep else max(club.version - SAMPLE, club.oldest - 1)
    while rows := await connection.fetch(_PAGE, club_id, after, PAGE):
        for row in rows:
            change = read_change(row["body"])
            if change is None or change.version != row["version"]:
                return bad(about, f"Change {row['version']} of the log cannot be read.", _RESTORE)
            changes.append(change)
        after = rows[-1]["version"]
    folded = fold(changes)
    is_whole = is_deep and club.oldest == 1
    stored = await _stored(connection, club_id, tables, None if is_whole else folded.keys())
    found = compare(folded, stored, is_whole=is_whole)
    if found.unlike:
        named = ", ".join(map(str, found.unlike[:UNLIKE_MAX]))
        return bad(about, f"{len(found.unlike)} records differ from what the log says: {named}.", _RESTORE)
    which = "All" if is_whole else f"The newest {len(changes)} changes, that is"
    return ok(about, f"{which} {found.records} records are as the log says.")


async def _stored(
    connection: Connection, club_id: str, tables: Tables, keys: Collection[Key] | None
) -> dict[Key, Held]:
    """Return what the tables say of some records, or of all."""
    changes: list[Change] = []
    for name, table in tables.statements.items():
        ids = None if keys is None else [key.record for key in keys if key.collection == name]
        rows = await _rows(connection, club_id, table.where(()).sql, table.by_id.sql, ids)
        changes += [snapshot_row(tables.codecs[name].from_row(row)) for row in rows]
    conflicts = await connection.fetch("SELECT body FROM touchline.conflicts WHERE club_id = $1", club_id)
    told = (conflict_row(_conflict(row["body"])) for row in conflicts)
    wanted = None if keys is None else {key.record for key in keys if key.collection == CONFLICTS}
    changes += [change for change in told if wanted is None or change.record in wanted]
    return {change.key: _held(as_stored(change)) for change in changes}


def _held(change: Change) -> Held:
    return Held(change.fields, change.deleted is True, change.version)


async def _rows(
    connection: Connection, club_id: str, all_sql: str, by_id_sql: str, ids: list[str] | None
) -> "list[asyncpg.Record]":
    if ids is None:
        return await connection.fetch(all_sql, club_id)
    return await connection.fetch(by_id_sql, club_id, ids) if ids else []


def look_at_waiting(name: str, parked: int, are_open: int, held: int) -> Finding:
    """Return what is found of a club's parked mutations and open conflicts, the quarantined among them."""
    about = f"questions of {name}"
    says = f"{parked} parked, {are_open} open conflicts, {held} of them in quarantine."
    if parked >= PARKED_MANY:
        return warn(about, says, "Ask the coach to open the app: a match waits for a phone that was not online.")
    if are_open >= OPEN_MANY:
        return warn(about, says, "Ask the club's coach to answer what the app asks.")
    return ok(about, says)


@asynccontextmanager
async def _one_moment(connection: Connection, club_id: str) -> AsyncGenerator[None]:
    """Read one club as it is in one moment, however long that takes, and write nothing."""
    await connection.execute("SET statement_timeout = 0; SET transaction_timeout = 0")
    await connection.execute("SET idle_in_transaction_session_timeout = 0")
    await connection.execute(f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {set_club_sql(club_id)}")
    try:
        yield
    finally:
        await connection.execute("ROLLBACK")
