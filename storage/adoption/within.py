"""The store inside one transaction of somebody else's: pushes go as always, and nothing commits."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import cast

import asyncpg

from storage.clubs import set_club_sql
from storage.postgres import Connection, PostgresStore, Tables
from sync.collections import Catalogue


class WithinStore(PostgresStore):
    """The store on one connection, whose transaction is begun and ended by whoever made it."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]", catalogue: Catalogue) -> None:
        """Work in the transaction that is open on a connection."""
        self._tables = Tables(catalogue)
        # A pool's proxy of a connection has the connection's own methods, and no others are used.
        self._connection = cast(Connection, connection)

    @asynccontextmanager
    async def _transaction(self, club_id: str, *, lock: str = "") -> AsyncGenerator[Connection]:
        await self._connection.execute(f"{set_club_sql(club_id)}; {lock}")
        yield self._connection
