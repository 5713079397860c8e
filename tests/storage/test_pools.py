"""Connections are counted: what all workers open at the most, PostgreSQL takes."""

import asyncio
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text

from api.setting_values import WORKERS_MAX
from storage.accounts import open_engine
from storage.embedded.conf import CONNECTIONS_MIN, Durability, server_conf
from storage.pools import (
    ACCOUNTS_CONNECTIONS_MAX,
    SPARE_CONNECTIONS,
    STORE_CONNECTIONS_MAX,
    WORKER_CONNECTIONS_MAX,
    connections_for,
)
from storage.postgres import open_pool
from tests.pg import PgDatabase

SUPERUSER_RESERVED = 3
"""What PostgreSQL keeps back unless it is told otherwise."""
OTHERS = 10
"""A dump with some jobs, a person with psql, a server that is being replaced."""


@pytest.mark.parametrize("workers", range(1, WORKERS_MAX + 1))
@pytest.mark.parametrize("durability", list(Durability))
def test_all_workers_fit(workers: int, durability: Durability) -> None:
    """Whatever WORKERS may be set to, the embedded server has a connection for each that they open, and some more."""
    conf = server_conf(
        socket_dir=Path("run"),
        hba_file=Path("hba"),
        ident_file=Path("ident"),
        durability=durability,
        connections=connections_for(workers),
    )
    (line,) = [line for line in conf.splitlines() if line.startswith("max_connections = ")]
    taken = int(line.partition("= ")[2])
    assert taken >= workers * WORKER_CONNECTIONS_MAX + SUPERUSER_RESERVED + OTHERS
    assert taken == max(connections_for(workers), CONNECTIONS_MIN[durability])


def test_the_demo_is_made_beside_nobody() -> None:
    """What the supervisor opens before its workers do fits into what is spare."""
    assert SPARE_CONNECTIONS >= WORKER_CONNECTIONS_MAX + SUPERUSER_RESERVED


async def test_a_pool_opens_no_more_than_is_counted(pg_database: PgDatabase) -> None:
    """However many ask at once, the store and the accounts have as many connections as the arithmetic says."""
    pool, engine = await open_pool(pg_database.app_dsn), open_engine(pg_database.app_dsn)
    pids: set[int] = set()
    accounts: set[int] = set()

    async def ask() -> None:
        async with pool.acquire() as connection:
            pids.add(await connection.fetchval("SELECT pg_backend_pid() FROM pg_sleep(0.01)"))

    async def ask_accounts() -> None:
        async with engine.connect() as connection:
            found = await connection.execute(text("SELECT pg_backend_pid() FROM pg_sleep(0.01)"))
            accounts.add(found.scalar_one())

    try:
        await asyncio.gather(*(ask() for _ in range(40)), *(ask_accounts() for _ in range(20)))
        assert len(pids) == STORE_CONNECTIONS_MAX
        assert len(accounts) == ACCOUNTS_CONNECTIONS_MAX
    finally:
        await engine.dispose()
        await pool.close()
    with pytest.raises(asyncpg.InterfaceError):
        await pool.acquire()
