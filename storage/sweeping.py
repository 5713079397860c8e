"""Sweeping: what is past its time goes, a few thousand rows at a time, each batch in a short transaction of its own.

What goes is found anew in each batch, so a sweep may be cut off anywhere, and done again as often as anybody likes.
"""

from collections.abc import AsyncGenerator
from typing import Any, Final, TypeAlias

import asyncpg

from storage.clubs import set_club_sql
from storage.feeds import instant
from storage.retention import DAY_MS, Kept, Rows

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

ROWS_AT_ONCE: Final = 2_000
"""Rows that one transaction deletes: some tens of milliseconds."""


async def sweep(
    connection: Connection, kept: Kept, club_id: str | None, *, now_ms: int, rows_max: int = ROWS_AT_ONCE
) -> AsyncGenerator[int]:
    """Delete what is past its time of one class, in one club or in all; yield how many rows went in each step."""
    for rows in kept.rows:
        given = _given(kept, club_id, now_ms)
        sql = _change(rows)
        count = rows_max
        while count == rows_max:
            if rows.is_locked and not await _is_any(connection, rows, club_id, given):
                break  # nobody is made to wait for nothing
            async with connection.transaction():
                await _enter(connection, club_id, is_locked=rows.is_locked)
                said = await connection.execute(sql, *given, rows_max)
            count = int(said.rpartition(" ")[2])
            if count:
                yield count


async def count_past(connection: Connection, kept: Kept, club_id: str | None, *, now_ms: int) -> int:
    """Return how many rows of a class are past their time: those that go first, where others go with them."""
    total = 0
    for rows in kept.rows:
        if rows.empties:
            continue
        async with connection.transaction(readonly=True):
            await _enter(connection, club_id)
            sql = f"SELECT count(*) FROM {rows.table} AS old WHERE {rows.where}"  # noqa: S608 - texts of ours
            total += await connection.fetchval(sql, *_given(kept, club_id, now_ms))
    return total


def _given(kept: Kept, club_id: str | None, now_ms: int) -> list[Any]:
    before = instant(now_ms - (kept.days or 0) * DAY_MS)
    return [before] if club_id is None else [before, club_id]


def _change(rows: Rows) -> str:
    limit = "$3" if "$2" in rows.where else "$2"
    found = f"SELECT old.ctid FROM {rows.table} AS old WHERE {rows.where} LIMIT {limit}"  # noqa: S608 - texts of ours
    verb = f"UPDATE {rows.table} SET {rows.empties}" if rows.empties else f"DELETE FROM {rows.table}"  # noqa: S608
    return f"{verb} WHERE ctid = ANY(ARRAY({found}))"


async def _is_any(connection: Connection, rows: Rows, club_id: str | None, given: list[Any]) -> bool:
    async with connection.transaction(readonly=True):
        await _enter(connection, club_id)
        sql = f"SELECT EXISTS (SELECT FROM {rows.table} AS old WHERE {rows.where})"  # noqa: S608 - texts of ours
        return bool(await connection.fetchval(sql, *given))


async def _enter(connection: Connection, club_id: str | None, *, is_locked: bool = False) -> None:
    if club_id is None:
        return
    await connection.execute(set_club_sql(club_id))
    if is_locked:
        await connection.execute("SELECT FROM touchline.clubs WHERE club_id = $1 FOR NO KEY UPDATE", club_id)
