"""The club of a transaction: row policies show the rows of the one club that `SET LOCAL app.club` names.

`SET LOCAL`, and not `set_config()`: a distributing PostgreSQL hands only the former on to its workers. The setting ends
with the transaction, so a pooled connection never carries a club to its next user.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TypeAlias
from uuid import UUID

import asyncpg

Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"


def set_club_sql(club_id: str) -> str:
    """Return the statement that sets a transaction's club. Raises ValueError for anything but a UUID."""
    return f"SET LOCAL app.club = '{UUID(club_id)}'"


@asynccontextmanager
async def reading(pool: "asyncpg.Pool[asyncpg.Record]", club_id: str) -> AsyncGenerator[Connection]:
    """Take a connection and open a reading transaction of one club: all that is read in it is of one moment."""
    async with pool.acquire() as connection:
        await connection.execute(f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {set_club_sql(club_id)}")
        try:
            yield connection
        finally:
            await connection.execute("ROLLBACK")
