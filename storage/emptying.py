"""Emptying a club: its rows, a few thousand at a time, from every table that has some.

No transaction is long, so nothing else waits; what was cut short is simply asked for again.
"""

from collections.abc import Callable, Collection
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.clubs import set_club_sql
from storage.tables import ENGINE, GRASSROOTS

ROWS_AT_ONCE: Final = 5_000
"""Rows that one transaction deletes: some tens of milliseconds."""

# From the catalogue of the database itself: a table that is added later is not forgotten here.
_TABLES: Final = text(
    "SELECT table_schema, table_name FROM information_schema.columns"
    " WHERE column_name = 'club_id' AND table_schema IN (:club_data, :engine) ORDER BY 1, 2"
)


async def tables_of_clubs(connection: AsyncConnection) -> list[str]:
    """Return the names of all tables that hold rows of clubs."""
    rows = (await connection.execute(_TABLES, {"club_data": GRASSROOTS, "engine": ENGINE})).all()
    return [f"{row.table_schema}.{row.table_name}" for row in rows]


async def empty_club(
    engine: AsyncEngine, club_id: str, *, but: Collection[str], told: Callable[[int], object] = lambda _rows: None
) -> int:
    """Delete a club's rows, all but those of some tables of the engine, and return how many went.

    `told` hears of each few thousand.
    """
    async with engine.begin() as connection:
        kept = {f"{ENGINE}.{name}" for name in but}
        names = [name for name in await tables_of_clubs(connection) if name not in kept]
    total = 0
    for name in names:
        count = ROWS_AT_ONCE
        while count == ROWS_AT_ONCE:
            async with engine.begin() as connection:
                count = await delete_rows(connection, name, club_id, ROWS_AT_ONCE)
            total += count
            told(count)
    return total


async def delete_rows(connection: AsyncConnection, table: str, club_id: str, limit: Any) -> int:  # noqa: ANN401 - int or all
    """Delete rows of one club; the names are those of the database's own catalogue."""
    await connection.exec_driver_sql(set_club_sql(club_id))
    found = f"SELECT ctid FROM {table} WHERE club_id = $1 LIMIT $2"  # noqa: S608 - see above
    done = await connection.exec_driver_sql(
        f"DELETE FROM {table} WHERE club_id = $1 AND ctid = ANY(ARRAY({found}))",  # noqa: S608 - see above
        (UUID(club_id), limit),
    )
    return done.rowcount
