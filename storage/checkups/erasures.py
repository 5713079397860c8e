"""The ledger of erasures beside its database: is somebody back who was erased, and would everybody stay away?"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import asyncpg

from storage.checkups.findings import Finding, bad, ok, warn
from storage.clubs import set_club_sql
from storage.erasures.ledger_file import Entry, LedgerFile, LedgerUnusable
from storage.erasures.marks import subject_of
from storage.readiness import CONNECT_S

ABOUT: Final = "erasures"
SLOW_MS: Final = 2 * 3_600_000
"""Milliseconds after which an erasure that is not finished is told: the server goes on with it each hour."""

_CLUBS: Final = "SELECT DISTINCT club_id::text FROM touchline.memberships"
_USERS: Final = "SELECT user_id::text FROM touchline.users WHERE email IS NOT NULL"
_ERASURES: Final = """
SELECT erasure_id::text, kind, collection, subject, at_ms, finished_ms FROM touchline.erasures WHERE club_id = $1
"""


async def look_at_erasures(dsn: str, ledger: Path, *, now_ms: int) -> Finding:
    """Return what is found of a ledger's file and of the database at `dsn`."""
    try:
        read = LedgerFile(ledger).read()
    except LedgerUnusable as error:
        return bad(ABOUT, str(error), "Give it back to the server's user: without it the server does not start.")
    connection = await asyncpg.connect(dsn, timeout=CONNECT_S)
    try:
        rows, club_ids = await _rows(connection)
        users = {subject_of(row[0]) for row in await connection.fetch(_USERS)}
    finally:
        await connection.close()
    again = "Restart the server, or run `touchline erase --replay` with that file: it erases again."
    whole = {each.club_id for each in read.entries if each.kind == "club"}
    asked = [each for each in read.entries if each.kind != "record" or each.club_id not in whole]
    if back := [each for each in asked if _is_back(each, rows, club_ids, users)]:
        return bad(ABOUT, f"{len(back)} of the ledger's erasures are not in the database: somebody is back.", again)
    if read.unread:
        lines = ", ".join(str(number) for number in read.unread)
        return warn(ABOUT, f"Lines {lines} of {ledger} cannot be read.", "See docs/privacy.md, and erase again.")
    noted = {each.erasure_id for each in read.entries}
    if lost := {row["erasure_id"] for row in rows} - noted:
        return warn(ABOUT, f"{len(lost)} erasures are not in {ledger}.", "Restart the server: it notes them.")
    if slow := [row for row in rows if row["finished_ms"] is None and now_ms - row["at_ms"] > SLOW_MS]:
        return warn(ABOUT, f"{len(slow)} erasures are not finished.", "Restart the server, and look into its log.")
    return ok(ABOUT, f"{len(noted)} in the ledger, none of them back.")


async def _rows(connection: "asyncpg.Connection[asyncpg.Record]") -> tuple[list[Any], set[str]]:
    """Return the erasures of all clubs, and the clubs."""
    rows: list[Any] = []
    club_ids = {row[0] for row in await connection.fetch(_CLUBS)}
    for club_id in sorted(club_ids):
        async with connection.transaction(readonly=True):
            await connection.execute(set_club_sql(club_id))
            rows += await connection.fetch(_ERASURES, club_id)
    return rows, club_ids


def _is_back(entry: Entry, rows: Sequence[Any], club_ids: set[str], users: set[str]) -> bool:
    """Tell whether the database lacks an erasure that it could have."""
    if entry.kind == "user":
        return entry.subject in users
    known = {(row["kind"], row["collection"], row["subject"]) for row in rows}
    return entry.club_id in club_ids and (entry.kind, entry.collection, entry.subject) not in known
