"""A server that listens, with quick looks and polls."""

from collections.abc import AsyncIterator

import pytest

from api.app import Services, open_services
from api.identity.keys import KeyRing
from api.settings import Settings
from realtime.limits import LiveLimits
from tests.api.live.nodes import Node, listening
from tests.api.people import Clock, Person, sign_up
from tests.pg import PgDatabase


@pytest.fixture
def limits() -> LiveLimits:
    """Give the bounds of a live server; a test module may give others."""
    return LiveLimits(watch_s=0.05, poll_s=60.0)


@pytest.fixture
async def services(pg_database: PgDatabase, ring: KeyRing, clock: Clock, limits: LiveLimits) -> AsyncIterator[Services]:
    """Give the services of a server on a database of this test's own."""
    async with open_services(
        pg_database.app_dsn, ring, clock=clock.now_ms, monotonic=clock.now_s, limits=limits
    ) as opened:
        yield opened


@pytest.fixture
async def node(settings: Settings, services: Services) -> AsyncIterator[Node]:
    """Give a server that listens."""
    async with listening(settings, services) as opened:
        yield opened


@pytest.fixture
async def coach(node: Node) -> AsyncIterator[Person]:
    """Give somebody who owns a club, and speaks to the listening server."""
    async with node.client() as client:
        yield await sign_up(client, "coach@club.example")
