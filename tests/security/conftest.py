"""One server with two full clubs for all tests of a module; a test that writes puts the rows back."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from api.app import Services, create_app, open_services
from api.identity.keys import KeyRing, make_ring
from api.observe import LINES
from api.settings import Mode, Settings
from storage.embedded import Durability, database_script
from storage.migrate import migrate
from tests.api.people import Clock, some_id
from tests.pg import PgDatabase, PgServer, in_thread
from tests.security.contract import Contract, read_contract
from tests.security.database import Behind
from tests.security.wire import Wire
from tests.security.world import MARKS, Club, found_club


@pytest.fixture(scope="module", autouse=True)
def lines() -> Iterator[list[bytes]]:
    """Keep the lines that requests log."""
    written: list[bytes] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LINES, "_write", written.append)
        yield written
        LINES.close()


@pytest.fixture(scope="module")
def database(pg_server: PgServer) -> Iterator[PgDatabase]:
    """Give a database to a whole module."""
    name = f"security_{some_id().replace('-', '')}"
    pg_server.execute(f"CREATE DATABASE {name} TEMPLATE template0 STRATEGY file_copy", database_script(name))
    try:
        made = pg_server.database(name)
        in_thread(lambda: migrate(made.owner_dsn))
        yield made
    finally:
        pg_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def clock() -> Clock:
    """Give the server's clock."""
    return Clock()


@pytest.fixture(scope="module")
def ring() -> KeyRing:
    """Give the server's keys."""
    return make_ring(b"a secret of the tests, 32 bytes or more")


@pytest.fixture(scope="module")
def settings() -> Settings:
    """Give the settings of a server without rate limits: those have suites of their own."""
    return Settings(
        host="127.0.0.1", port=0, data_dir=Path("nowhere"), mode=Mode.DEVELOPMENT, durability=Durability.TEST
    )


@pytest.fixture(scope="module")
async def services(database: PgDatabase, ring: KeyRing, clock: Clock) -> AsyncIterator[Services]:
    """Give the services of that server."""
    async with open_services(database.app_dsn, ring, clock=clock.now_ms, monotonic=clock.now_s) as opened:
        yield opened


class Site:
    """A server with two full clubs."""

    def __init__(self, wire: Wire, contract: Contract, behind: Behind, clubs: tuple[Club, Club]) -> None:
        self.wire = wire
        self.contract = contract
        self.behind = behind
        self.red, self.blue = clubs


@pytest.fixture(scope="module")
async def site(settings: Settings, services: Services, database: PgDatabase) -> AsyncIterator[Site]:
    """Give the server, and remember its rows."""
    app = create_app(settings, services)
    wire = Wire(app)
    contract = await read_contract(wire, app)
    clubs = await found_club(wire, MARKS[0]), await found_club(wire, MARKS[1])
    async with Behind(database.owner_dsn) as behind:
        await behind.keep()
        yield Site(wire, contract, behind, clubs)
