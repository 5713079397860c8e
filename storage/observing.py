"""Observing: what an operator is told of the database and the clubs, on one connection that is opened for each look.

A pool that is used up, or a database that is away, is among what they look for: so nothing here waits for a pool.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

import asyncpg
from msgspec import Struct

from storage.checkups.database import look_at_database
from storage.checkups.findings import Finding
from storage.overview import ClubDetail, ClubState, look_at_club, look_at_clubs
from storage.readiness import CONNECT_S
from storage.upkeep import LAST, NAME
from storage.vitals import Connection, Vitals, look_at_vitals


class Seen(Struct, frozen=True):
    """What one look has seen."""

    findings: list[Finding]
    vitals: Vitals
    clubs: list[ClubState]
    unread: int
    """Clubs that were left out, because there are many or it took long."""
    upkeep_ms: int | None
    """When upkeep last succeeded, in whichever process, milliseconds since 1970; None where it never did."""


class Observer:
    """Looks at one database as the application's role."""

    def __init__(self, dsn: str, *, now: Callable[[], datetime]) -> None:
        """`now` is this machine's clock, which is compared with the database's."""
        self._dsn = dsn
        self._now = now

    async def look(self, *, is_durable: bool, workers: int) -> Seen:
        """Look at the database and at each club. Raises what a driver does where the database is away."""
        async with self._connection() as connection:
            vitals = await look_at_vitals(connection)
            clubs, unread = await look_at_clubs(connection)
            upkeep_ms: int | None = await connection.fetchval(LAST, NAME)
        findings = await look_at_database(self._dsn, is_durable=is_durable, workers=workers, now=self._now)
        return Seen(findings, vitals, clubs, unread, upkeep_ms)

    async def look_at_club(self, club_id: str) -> ClubDetail | None:
        """Look at one club; None where there is none of this id."""
        async with self._connection() as connection:
            return await look_at_club(connection, club_id)

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[Connection]:
        named = {"application_name": "touchline operator"}
        connection = await asyncpg.connect(
            self._dsn, timeout=CONNECT_S, command_timeout=CONNECT_S, server_settings=named, statement_cache_size=0
        )
        try:
            yield connection
        finally:
            await connection.close()
