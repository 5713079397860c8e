"""The reference: asyncpg alone, with as many connections, on one plain table for each workload.

Every function here runs in the clients' process and returns seconds, or milliseconds for each turn.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Any, Final, TypeVar
from uuid import uuid4

import asyncpg
import uvloop
from msgspec import Struct

from bench.sheets import EVENT_FIELDS

ROUND_S: Final = 60.0
"""Seconds that one round may take before it counts as hung."""

SCHEMA: Final = f"""
CREATE SCHEMA bench;
CREATE TABLE bench.events AS SELECT club_id, id, {", ".join(EVENT_FIELDS)} FROM grassroots.events WITH NO DATA;
ALTER TABLE bench.events ADD PRIMARY KEY (club_id, id);
CREATE TABLE bench.bodies (version bigint PRIMARY KEY, body bytea NOT NULL);
GRANT USAGE ON SCHEMA bench TO {{role}};
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA bench TO {{role}};
"""
INSERT: Final = "INSERT INTO bench.events VALUES ({})".format(
    ", ".join(f"${place}" for place in range(1, len(EVENT_FIELDS) + 3))
)
SELECT: Final = "SELECT version, body FROM bench.bodies WHERE version > $1 ORDER BY version LIMIT $2"

Rows = Sequence[Sequence[Any]]
Connection = Any
"""A connection of asyncpg; its types say nothing that is needed here."""
T = TypeVar("T")


class Page(Struct, frozen=True):
    """What one page of ours held: so many rows after a version, with so many bytes in them."""

    after: int
    rows: int
    size: int


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run on the loop that the server runs on."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


async def timed(turns: Sequence[Awaitable[object]]) -> float:
    """Return the seconds that these take together, from the first one's start to the last one's end."""
    async with asyncio.timeout(ROUND_S):
        started = time.perf_counter()
        await asyncio.gather(*turns)
        return time.perf_counter() - started


async def turns_ms(count: int, turn: Callable[[], Awaitable[object]]) -> list[float]:
    """Return the milliseconds of each of some turns, one after the other."""
    found: list[float] = []
    for _ in range(count):
        started = time.perf_counter()
        await turn()
        found.append((time.perf_counter() - started) * 1_000)
    return found


def insert(dsn: str, orders: Sequence[Sequence[Rows]], times: int) -> float:
    """Insert batches of rows, each order over a connection of its own, a transaction a batch.

    So many times, each time into other clubs; returns the seconds of all times.
    """

    async def work(connection: Connection, batches: Sequence[Rows]) -> None:
        for batch in batches:
            await connection.executemany(INSERT, batch)

    async def main() -> float:
        async with AsyncExitStack() as stack:
            connections = [await _connect(stack, dsn, INSERT) for _ in orders]
            seconds = 0.0
            for _ in range(times):
                moved = [_moved(batches) for batches in orders]
                seconds += await timed([work(*each) for each in zip(connections, moved, strict=True)])
            return seconds

    return run(main())


def _moved(batches: Sequence[Rows]) -> list[Rows]:
    """Return the same rows, the first column apart, in a club that has none yet."""
    club_id = uuid4()
    return [[(club_id, *row[1:]) for row in batch] for batch in batches]


def select(dsn: str, pages: Sequence[Page], times: int) -> float:
    """Read all pages over one connection, so many times."""

    async def main() -> float:
        async with AsyncExitStack() as stack:
            connection = await _connect(stack, dsn, SELECT)
            return await timed([_read(connection, pages, times)])

    return run(main())


def catch_up(dsn: str, pages: Sequence[Page], clients: int, times: int) -> list[float]:
    """Read the pages over so many connections at once, so many times each; return the milliseconds of each time."""

    async def main() -> list[float]:
        async with AsyncExitStack() as stack, asyncio.timeout(ROUND_S):
            connections = [await _connect(stack, dsn, SELECT) for _ in range(clients)]
            found = await asyncio.gather(*(turns_ms(times, partial(_read, each, pages, 1)) for each in connections))
            return [each for turns in found for each in turns]

    return run(main())


async def _read(connection: Connection, pages: Sequence[Page], times: int) -> None:
    for _ in range(times):
        for page in pages:
            rows = await connection.fetch(SELECT, page.after, page.rows)
            assert sum(len(row["body"]) for row in rows) == page.size, "the reference reads other bytes"


async def _connect(stack: AsyncExitStack, dsn: str, statement: str) -> Connection:
    """Open a connection and prepare its statement."""
    connection: Any = await asyncpg.connect(dsn)
    stack.push_async_callback(connection.close)
    await connection.prepare(statement)
    return connection
