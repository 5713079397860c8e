"""Pools of connections at which nobody queues for ever: past a bound the wait ends, and the request is answered 503."""

from typing import TYPE_CHECKING, Final

import asyncpg

ACQUIRE_S: Final = 5.0
"""Seconds that one waits for a connection while all are in use; phones come again after `Retry-After`."""

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
