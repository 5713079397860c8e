"""Pools of connections at which nobody queues for ever: past a bound the wait ends, and the request is answered 503.

How many connections a process opens at the most is counted here, so that a PostgreSQL of our own takes those of all.
"""

from typing import TYPE_CHECKING, Final

import asyncpg

ACQUIRE_S: Final = 5.0
"""Seconds that one waits for a connection while all are in use; phones come again after `Retry-After`."""

STORE_CONNECTIONS_MAX: Final = 8
"""Connections of a process for logs, tables and feeds: more than its core can use at once."""
DOOR_CONNECTIONS_MAX: Final = 4
"""Connections on which standings and attempts are asked: no push stands before a look at the door."""
ACCOUNTS_CONNECTIONS_MAX: Final = 4
"""Connections for accounts: logins are few, and standings have a pool of their own."""
WAKEUP_CONNECTIONS: Final = 1
PROBE_CONNECTIONS: Final = 1
"""Of readiness, which is asked once at a time."""
UPKEEP_CONNECTIONS: Final = 1
"""Of the work in the background, now and then."""
LOOK_CONNECTIONS: Final = 1
"""Of the operator's page, which looks once at a time."""
WORKER_CONNECTIONS_MAX: Final = (
    STORE_CONNECTIONS_MAX
    + DOOR_CONNECTIONS_MAX
    + ACCOUNTS_CONNECTIONS_MAX
    + WAKEUP_CONNECTIONS
    + PROBE_CONNECTIONS
    + UPKEEP_CONNECTIONS
    + LOOK_CONNECTIONS
)
SPARE_CONNECTIONS: Final = 24
"""For a dump, a person with psql, the demo's making at the start, and the 3 that PostgreSQL keeps for its superuser."""


def connections_for(workers: int) -> int:
    """Return how many connections a PostgreSQL must take for so many workers."""
    return workers * WORKER_CONNECTIONS_MAX + SPARE_CONNECTIONS


if TYPE_CHECKING:
    from asyncpg.pool import PoolAcquireContext

    _Pool = asyncpg.Pool[asyncpg.Record]
else:
    _Pool = asyncpg.Pool


class BoundedPool(_Pool):
    """A pool whose `acquire` waits for `ACQUIRE_S` at the most, and then raises TimeoutError."""

    def acquire(self, *, timeout: float | None = None) -> "PoolAcquireContext[asyncpg.Record]":
        """Take a connection. The bound is a task of its own, so it is left out while it cannot be needed."""
        is_busy = self.get_size() >= self.get_max_size() and not self.get_idle_size()
        return super().acquire(timeout=ACQUIRE_S if timeout is None and is_busy else timeout)
