"""The store in memory and the one on PostgreSQL tell the same of the same pushes, bit for bit."""

from collections.abc import AsyncIterator

import pytest

from football.collections import CATALOGUE
from sync.collections import CONFLICTS
from sync.conflicts import Kind
from sync.messages import encode
from tests.contract.scripts import Script, told_by
from tests.harness import Site
from tests.pg import PgDatabase, PgServer
from tests.stores import MemoryStand, PostgresStand

STEPS = 120
SEEDS = range(6)


@pytest.fixture
async def sites(pg_server: PgServer, pg_database: PgDatabase) -> AsyncIterator[list[Site]]:
    """Give two sites with the same clock and dice, one on each store."""
    postgres = PostgresStand(CATALOGUE, pg_server, pg_database)
    await postgres.open()
    try:
        yield [await Site(MemoryStand(CATALOGUE)).open(), await Site(postgres).open()]
    finally:
        await postgres.close()


@pytest.mark.parametrize("seed", SEEDS)
async def test_both_stores_answer_alike(sites: list[Site], seed: int) -> None:
    """Each push of a script has one answer or one refusal, and log, tables, devices and conflicts end up the same."""
    script = Script(seed)
    for _ in range(STEPS):
        await script.step(sites)
    memory, postgres = [await told_by(site) for site in sites]
    for name, told in memory.items():
        assert encode(postgres[name]) == encode(told), f"seed {seed}: {name}"
    assert len(memory["log"]) > STEPS


async def test_the_scripts_reach_every_answer() -> None:
    """Between them the scripts bring about every verdict, a fork, and every kind of conflict."""
    words: set[str] = set()
    kinds: set[str] = set()
    for seed in SEEDS:
        script, site = Script(seed), await Site(MemoryStand(CATALOGUE)).open()
        for _ in range(STEPS):
            await script.step([site])
        words |= script.words
        kinds |= {held.values["kind"] for held in (await site.tables())[CONFLICTS].values()}
    assert words == {"applied", "merged", "rejected", "parked", "device_forked"}
    assert kinds == set(Kind)
