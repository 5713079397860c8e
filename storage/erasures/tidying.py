"""After an erasure: the other processes are woken, and PostgreSQL is asked to let go of rows that nobody reads."""

from typing import Final

import asyncpg

from storage.readiness import CONNECT_S
from storage.wakeups import TOPIC, payloads

NODE: Final = "erasure"
"""Who tells, among the servers that listen."""

_TABLES: Final = """
SELECT format('%I.%I', schemaname, relname)
  FROM pg_stat_user_tables
 WHERE schemaname IN ('grassroots', 'touchline') AND n_dead_tup > 0
 ORDER BY 1
"""
_IS_OWNER: Final = "SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = 'touchline' AND tableowner = current_user)"


async def wake(dsn: str, club_id: str, version: int) -> None:
    """Tell running servers that a club's log has reached a version: open sockets hear of it at once."""
    connection = await asyncpg.connect(dsn, timeout=CONNECT_S)
    try:
        for payload in payloads(NODE, {club_id: version}):
            await connection.execute("SELECT pg_notify($1, $2)", TOPIC, payload)
    finally:
        await connection.close()


async def vacuum(dsn: str) -> int:
    """Remove dead rows from the tables that have some, and return how many tables; none where `dsn` owns nothing.

    What is removed may stand in free space of a file, and in the write-ahead log, until PostgreSQL writes over it.
    """
    connection = await asyncpg.connect(dsn, timeout=CONNECT_S)
    try:
        if not await connection.fetchval(_IS_OWNER):
            return 0
        await connection.execute("SET statement_timeout = 0")
        await connection.fetchval("SELECT pg_stat_force_next_flush()")
        names = [row[0] for row in await connection.fetch(_TABLES)]
        for name in names:
            await connection.execute(f"VACUUM {name}")
    finally:
        await connection.close()
    return len(names)
