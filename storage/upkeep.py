"""Upkeep: the server's own work in the background, done by one process at a time on a connection of its own.

Steps follow one another: old parts of logs are compacted, what is past its time goes, and whatever else is handed in.
Each is made of short transactions and may be cut off anywhere, since it finds out anew what is left to do. A step, or a
club, that fails leaves the others alone; the time of success is kept only where none did.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from functools import partial
from typing import Final, NamedTuple, TypeAlias

import asyncpg
import structlog

from storage.compaction import PostgresCompactor
from storage.feeds import instant
from storage.readiness import CONNECT_S
from storage.retention import DAY_MS, RETENTION, Kept
from storage.sweeping import count_past, sweep

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

NAME: Final = "upkeep"
LOCK_KEY: Final = 0x75706B656570  # "upkeep"
COMMAND_S: Final = 30.0
BATCHES_MAX: Final = 2_000
"""Transactions of one run that took something away: four million rows, and then the next run goes on."""

_CLUBS: Final = "SELECT DISTINCT club_id::text FROM touchline.memberships ORDER BY 1"
LAST: Final = "SELECT (extract(epoch FROM succeeded_at) * 1000)::bigint FROM touchline.upkeep WHERE name = $1"
_SUCCEEDED: Final = """
INSERT INTO touchline.upkeep (name, succeeded_at) VALUES ($1, $2)
    ON CONFLICT (name) DO UPDATE SET succeeded_at = excluded.succeeded_at
"""

_log: Final = structlog.get_logger("touchline.upkeep")


class Watch:
    """Somebody who looks on; this one does not care."""

    def step(self, name: str, clubs: int) -> None:
        """Be told what begins, and in how many clubs."""

    def club_done(self) -> None:
        """Be told that one of them is done."""


class Work:
    """One run of upkeep, as its steps see it."""

    def __init__(
        self,
        connection: Connection,
        club_ids: Sequence[str],
        *,
        now_ms: int,
        is_whole: bool = True,
        is_rehearsal: bool = False,
        watch: Watch | None = None,
    ) -> None:
        """Work on a connection that nobody else uses; `is_whole` says that the clubs are all that there are.

        A rehearsal counts what would go, and changes nothing; `watch` is told how far it is.
        """
        self.connection = connection
        self.club_ids = club_ids
        self.now_ms = now_ms
        self.is_whole = is_whole
        self.is_rehearsal = is_rehearsal
        self.watch = watch or Watch()
        self.removed: Counter[str] = Counter()
        """How many rows went, by the class of data."""
        self.failures = 0
        self._batches = 0

    @property
    def is_spent(self) -> bool:
        """Tell whether this run has done as much as one may."""
        return self._batches >= BATCHES_MAX

    def note(self, name: str, count: int) -> None:
        """Count what one transaction took away."""
        self.removed[name] += count
        self._batches += count > 0

    async def in_each_club(self, name: str, do: Callable[[str], Awaitable[None]]) -> None:
        """Do something in each club; one that fails leaves the others alone."""
        self.watch.step(name, len(self.club_ids))
        for club_id in self.club_ids:
            if self.is_spent:
                return
            await self.attempt(name, do(club_id), club=club_id)
            self.watch.club_done()

    async def attempt(self, name: str, doing: Awaitable[None], **about: str) -> None:
        """Do something that may fail without harm to what comes after it. Raises where the connection is lost."""
        try:
            await doing
        except Exception as error:
            if self.connection.is_closed():
                raise
            self.failures += 1
            _log.error("upkeep_failed", step=name, error=type(error).__name__, exc_info=error, **about)


class Step(NamedTuple):
    """A part of upkeep."""

    name: str
    do: Callable[[Work], Awaitable[None]]


class Done(NamedTuple):
    """What a run has done."""

    removed: dict[str, int]
    """Rows that went, by the class of data: each class that was looked at."""
    clubs: int
    failures: int


class Elsewhere(NamedTuple):
    """Nothing was done, since another process does it, or did a short while ago."""

    succeeded_ms: int | None


def compaction(kept_days: int) -> Step:
    """Return the step that compacts logs and outcomes older than so many days."""

    async def do(work: Work) -> None:
        compactor = PostgresCompactor(work.connection)
        before_ms = work.now_ms - kept_days * DAY_MS
        work.removed.update(log=0, outcomes=0)

        async def in_club(club_id: str) -> None:
            if work.is_rehearsal:
                found = await compactor.count(club_id, before_ms=before_ms)
                work.removed.update(log=found.changes, outcomes=found.outcomes)
                return
            async with aclosing(compactor.compact(club_id, before_ms=before_ms)) as steps:
                async for step in steps:
                    work.note("log", step.changes)
                    work.note("outcomes", step.outcomes)
                    if work.is_spent:
                        return

        await work.in_each_club("compaction", in_club)

    return Step("compaction", do)


async def _retain(work: Work) -> None:
    for kept in RETENTION:
        if not kept.rows or not (kept.of_clubs or work.is_whole):
            continue
        work.removed.setdefault(kept.name, 0)
        if kept.of_clubs:
            await work.in_each_club(kept.name, partial(_retain_class, work, kept))
        else:
            await work.attempt(kept.name, _retain_class(work, kept, None))


async def _retain_class(work: Work, kept: Kept, club_id: str | None) -> None:
    if work.is_rehearsal:
        work.removed[kept.name] += await count_past(work.connection, kept, club_id, now_ms=work.now_ms)
        return
    async with aclosing(sweep(work.connection, kept, club_id, now_ms=work.now_ms)) as steps:
        async for count in steps:
            work.note(kept.name, count)
            if work.is_spent:
                return


RETAIN: Final = Step("retention", _retain)
"""The step that deletes what is past its time, class by class."""


async def do_upkeep(
    dsn: str,
    steps: Sequence[Step],
    *,
    clock: Callable[[], int],
    not_within_ms: int = 0,
    club_id: str | None = None,
    is_rehearsal: bool = False,
    watch: Watch | None = None,
) -> Done | Elsewhere:
    """Do the steps once, unless another process is at it, or has done it less than `not_within_ms` ago.

    `dsn` must not lead through a pooler of transactions: a lock of the session keeps others out. With `club_id` only
    what is of that club is looked at, and no success is noted. Raises what the database raises of the connection.
    """
    async with _alone(dsn) as connection:
        now_ms = clock()
        if connection is None:
            return Elsewhere(None)
        last_ms = await connection.fetchval(LAST, NAME)
        if last_ms is not None and 0 <= now_ms - last_ms < not_within_ms:
            return Elsewhere(last_ms)
        club_ids = [row[0] for row in await connection.fetch(_CLUBS)]
        chosen = [each for each in club_ids if club_id in {None, each}]
        work = Work(connection, chosen, now_ms=now_ms, is_whole=club_id is None, is_rehearsal=is_rehearsal, watch=watch)
        for step in steps:
            await work.attempt(step.name, step.do(work))
        if work.is_whole and not is_rehearsal and not work.failures:
            await connection.execute(_SUCCEEDED, NAME, instant(now_ms))
        return Done(dict(work.removed), len(chosen), work.failures)


@asynccontextmanager
async def _alone(dsn: str) -> AsyncGenerator["Connection | None"]:
    """Open a connection that holds the lock of upkeep while it lives; None where another one does."""
    connection = await asyncpg.connect(dsn, timeout=CONNECT_S, command_timeout=COMMAND_S)
    try:
        has_lock = await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK_KEY)
        yield connection if has_lock else None
    finally:
        # Whoever is told to end ends here: what is under way is rolled back, and the lock goes with the connection.
        try:
            await asyncio.shield(connection.close(timeout=CONNECT_S))
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            connection.terminate()
