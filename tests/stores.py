"""The stores that the contract and the stories run against: in memory, and on PostgreSQL in a database per test.

A `Stand` holds one store, and can put it back to a backup as an operator would: in memory the clubs' state is copied,
on PostgreSQL the whole database.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import asyncpg
import pytest

from football.collections import CATALOGUE
from storage.compaction import PostgresCompactor
from storage.embedded import database_script
from storage.memory import ClubState, MemoryStore
from storage.postgres import PostgresStore, open_pool
from sync.collections import Catalogue
from sync.ports import Compactor, Store
from tests.pg import PgDatabase, PgServer

CONNECTIONS_MAX = 18
"""Sixteen writers, a reader and one to spare."""


class Stand(ABC):
    """A store, and its backup."""

    store: Store

    @abstractmethod
    def node(self) -> Store:
        """Return the store as another server has it, which shares the data with this one and nothing else."""

    def compactor(self) -> AbstractAsyncContextManager[Compactor]:
        """Open what compacts the store's clubs."""
        raise NotImplementedError

    @abstractmethod
    async def backup(self) -> None:
        """Keep all that is stored now."""

    @abstractmethod
    async def restore(self) -> None:
        """Bring back what was kept: all that came after it is lost. `store` is another one from here on."""


class MemoryStand(Stand):
    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.store = self.memory = MemoryStore(catalogue)
        self._kept: dict[str, ClubState] = {}

    def node(self) -> Store:
        """Return the one store there is: memory is not shared between servers."""
        return self.memory

    @asynccontextmanager
    async def compactor(self) -> AsyncGenerator[Compactor]:
        """Give the store itself."""
        yield self.memory

    async def backup(self) -> None:
        """Keep a copy of every club."""
        self._kept = {club_id: state.copy() for club_id, state in self.memory.clubs.items()}

    async def restore(self) -> None:
        """Begin again with the copies."""
        clubs = [(club_id, state.copy()) for club_id, state in self._kept.items()]
        self.store = self.memory = MemoryStore(self.catalogue)
        for club_id, state in clubs:
            await self.memory.create_club(club_id, hash_key=state.club.hash_key)
            self.memory.clubs[club_id] = state


class PostgresStand(Stand):
    def __init__(self, catalogue: Catalogue, server: PgServer, database: PgDatabase) -> None:
        self.catalogue = catalogue
        self.server = server
        self.database = database
        self._kept = f"{database.name}_kept"
        self._has_kept = False
        self._pool: asyncpg.Pool[Any] | None = None

    async def open(self) -> None:
        """Open the pool."""
        self._pool = await open_pool(self.database.app_dsn, connections_min=0, connections_max=CONNECTIONS_MAX)
        self.store = PostgresStore(self._pool, self.catalogue)

    def node(self) -> Store:
        """Return another store on the same database."""
        assert self._pool is not None
        return PostgresStore(self._pool, self.catalogue)

    @asynccontextmanager
    async def compactor(self) -> AsyncGenerator[Compactor]:
        """Give one on a connection of its own."""
        connection = await asyncpg.connect(self.database.app_dsn)
        try:
            yield PostgresCompactor(connection)
        finally:
            await connection.close()

    async def close(self) -> None:
        """Close the pool."""
        assert self._pool is not None
        await self._pool.close()

    async def backup(self) -> None:
        """Copy the database."""
        self._has_kept = True
        await self._copy(self.database.name, self._kept)

    async def restore(self) -> None:
        """Put the copy in its place."""
        await self._copy(self._kept, self.database.name)

    async def _copy(self, source: str, target: str) -> None:
        """Copy a database; nobody may be connected to it meanwhile."""
        await self.close()
        self.server.execute(
            f"DROP DATABASE IF EXISTS {target} WITH (FORCE)",
            f"CREATE DATABASE {target} TEMPLATE {source} STRATEGY file_copy",
            database_script(target),
        )
        await self.open()

    def drop_backup(self) -> None:
        """Drop the copy."""
        if self._has_kept:
            self.server.execute(f"DROP DATABASE IF EXISTS {self._kept} WITH (FORCE)")


Place = tuple[PgServer, PgDatabase] | None
"""Where the store is kept: a fresh database, or None for the memory."""


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest) -> Place:
    """Choose the memory, or a database of this test's own."""
    if request.param == "memory":
        return None
    return request.getfixturevalue("pg_server"), request.getfixturevalue("pg_database")


@pytest.fixture
async def stand(place: Place) -> AsyncIterator[Stand]:
    """Give an empty store of the football catalogue, with its backup."""
    if place is None:
        yield MemoryStand(CATALOGUE)
        return
    stand = PostgresStand(CATALOGUE, *place)
    await stand.open()
    try:
        yield stand
    finally:
        await stand.close()
        stand.drop_backup()
