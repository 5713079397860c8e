"""Attempts: how often in a row something was guessed wrongly, and until when the next guess is refused.

An attempt is charged before it is looked at and forgiven when it was right, so that a thousand guesses sent at once get
no more than their turn. What is guessed at is known by a keyed hash alone: no address or name is kept. The counters are
in the database: they hold for all processes, and over a restart.
"""

from collections.abc import Sequence
from typing import Final

import asyncpg
from msgspec import Struct

from storage.retention import ATTEMPT_KEPT_DAYS, DAY_MS

ROWS_MAX: Final = 100_000
"""Counters kept, some 10 MiB; those that are refused longest stay. Each row cost the guesser one hash of ours."""
TIDY_EVERY: Final = 256
"""Charges between two looks for what may be dropped."""
FORGOTTEN_MS: Final = ATTEMPT_KEPT_DAYS * DAY_MS
"""Milliseconds after which a counter may be dropped: no policy remembers longer."""


class Policy(Struct, frozen=True):
    """How fast guessing at one kind of thing is slowed down."""

    free: int
    """Failures in a row without a delay, two or more; the last of them brings the first second."""
    delay_max_ms: int
    forgotten_ms: int
    """Milliseconds without an attempt after which the count begins anew."""


class Charge(Struct, frozen=True):
    """One counter that an attempt is charged to."""

    key: bytes
    policy: Policy


# By hand: the count that an update makes decides its own delay, and Core would say it in four nested expressions.
_CHARGE: Final = """
    INSERT INTO touchline.attempts AS kept (key, failures, until_ms, seen_ms) VALUES ($1, 1, 0, $2::bigint)
    ON CONFLICT (key) DO UPDATE SET (failures, until_ms, seen_ms) = (
           SELECT n, CASE WHEN n < $3::int THEN 0
                          ELSE $2 + least($4::bigint, 1000 * 2 ^ least(n - $3, 40))::bigint END, $2
             FROM (SELECT CASE WHEN kept.seen_ms < $2 - $5::bigint THEN 1 ELSE kept.failures + 1 END AS n) AS counted)
     WHERE kept.until_ms <= $2
    RETURNING failures
"""
_UNTIL: Final = "SELECT until_ms FROM touchline.attempts WHERE key = $1"
_RESET: Final = "DELETE FROM touchline.attempts WHERE key = ANY($1::bytea[])"
_REFUND: Final = """
    UPDATE touchline.attempts SET failures = greatest(failures - 1, 0), until_ms = 0 WHERE key = ANY($1::bytea[])
"""
_DROP_OLD: Final = "DELETE FROM touchline.attempts WHERE seen_ms < $1"
_DROP_BEYOND: Final = """
    DELETE FROM touchline.attempts
     WHERE key IN (SELECT key FROM touchline.attempts ORDER BY until_ms DESC, seen_ms DESC OFFSET $1)
"""


class Attempts:
    """The counters of one database."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        """Count on a pool whose role may read and write the tables of accounts."""
        self._pool = pool
        self._charges = 0

    async def charge(self, charges: Sequence[Charge], *, now_ms: int) -> int:
        """Count an attempt to each counter, or to none where one of them refuses it.

        Returns 0, or the milliseconds for which it is refused. Counters of one kind come in one order, always: two
        attempts never wait for each other.
        """
        await self._tidy(now_ms)
        async with self._pool.acquire() as connection:
            await connection.execute("BEGIN")
            wait_ms = 0
            try:
                for each in charges:
                    wait_ms = await _charge(connection, each, now_ms)
                    if wait_ms:
                        break
            except BaseException:
                await connection.execute("ROLLBACK")
                raise
            await connection.execute("ROLLBACK" if wait_ms else "COMMIT")
        return wait_ms

    async def forgive(self, *, reset: Sequence[bytes] = (), refund: Sequence[bytes] = ()) -> None:
        """Say that an attempt was right: counters begin anew, or only take this one back."""
        if reset:
            await self._pool.execute(_RESET, reset)
        if refund:
            await self._pool.execute(_REFUND, refund)

    async def _tidy(self, now_ms: int) -> None:
        self._charges += 1
        if self._charges % TIDY_EVERY == 0:
            await self._pool.execute(_DROP_OLD, now_ms - FORGOTTEN_MS)
            await self._pool.execute(_DROP_BEYOND, ROWS_MAX)


async def _charge(connection: "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]", charge: Charge, now_ms: int) -> int:
    """Count to one counter; return the milliseconds for which it refuses."""
    policy = charge.policy
    given = (charge.key, now_ms, policy.free, policy.delay_max_ms, policy.forgotten_ms)
    if await connection.fetchval(_CHARGE, *given) is not None:
        return 0
    until_ms: int = await connection.fetchval(_UNTIL, charge.key) or now_ms
    return max(until_ms - now_ms, 1)
