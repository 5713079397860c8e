"""Which errors are the world's: the database is away, full or busy, and the same request may be sent again.

2xx means durable and 4xx means not applied; an error named here is neither, so it becomes 503 with `Retry-After`.
"""

from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

_AWAY: Final = (
    OSError,  # a socket that is away or was reset, a name that is not found, a time that ran out
    PoolTimeout,
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.LockNotAvailableError,
    asyncpg.TransactionRollbackError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TransactionTimeoutError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.PostgresSystemError,
)
_SAYS_CLOSED: Final = ("closed", "closing", "released", "another operation")


def is_outage(error: BaseException) -> bool:
    """Tell whether an error, or what a library wrapped in it, says that the database cannot serve just now."""
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        if isinstance(found, _AWAY) or _is_lost(found):
            return True
        found = found.orig if isinstance(found, DBAPIError) else found.__cause__
    return False


def _is_lost(error: BaseException) -> bool:
    """Tell whether a connection went away under a query."""
    return isinstance(error, asyncpg.InterfaceError) and any(word in str(error) for word in _SAYS_CLOSED)
