"""A real application on a real database, in the test's own loop, with a clock that tests turn."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from api.app import Services, create_app, open_services
from api.identity.keys import KeyRing, make_ring
from api.observe import LINES
from api.settings import Mode, Settings
from storage.embedded import Durability
from tests.api.people import Clock, Execute, Person, client_of, sign_up
from tests.pg import PgDatabase

ORIGIN = "https://club.example"


@pytest.fixture(autouse=True)
def request_lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """Keep the lines that requests log, in place of writing them to standard error."""
    written: list[bytes] = []
    monkeypatch.setattr(LINES, "_write", written.append)
    yield written
    LINES.close()


@pytest.fixture
def clock() -> Clock:
    """Give a clock that stands still until a test turns it."""
    return Clock()


@pytest.fixture
def settings() -> Settings:
    """Give the settings of a server that one other origin may call."""
    return Settings(
        host="127.0.0.1",
        port=0,
        data_dir=Path("nowhere"),
        mode=Mode.DEVELOPMENT,
        cors_origins=(ORIGIN,),
        durability=Durability.TEST,
    )


@pytest.fixture
def ring() -> KeyRing:
    """Give the keys of a server."""
    return make_ring(b"a secret of the tests, 32 bytes or more")


@pytest.fixture
async def services(pg_database: PgDatabase, ring: KeyRing, clock: Clock) -> AsyncIterator[Services]:
    """Give the services of a server on a database of this test's own."""
    async with open_services(pg_database.app_dsn, ring, clock=clock.now_ms, monotonic=clock.now_s) as opened:
        yield opened


@pytest.fixture
async def client(settings: Settings, services: Services) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of that server."""
    async with client_of(create_app(settings, services)) as opened:
        yield opened


@pytest.fixture
async def coach(client: httpx.AsyncClient) -> Person:
    """Give somebody who owns a club."""
    return await sign_up(client, "coach@club.example")


@pytest.fixture
def pg_execute(pg_database: PgDatabase) -> Execute:
    """Give a way to change the database behind the server's back."""

    async def execute(sql: str, *values: object) -> None:
        connection = await asyncpg.connect(pg_database.owner_dsn)
        try:
            await connection.execute(sql, *values)
        finally:
            await connection.close()

    return execute
