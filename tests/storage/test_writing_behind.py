"""A plan is written while the next one is made; what goes wrong meanwhile undoes the whole transaction."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from football.collections import CATALOGUE
from sync.book import Needs
from sync.carry import carry
from sync.cursors import ORIGIN
from sync.ports import Store
from sync.records import Key, encode_change
from tests.contract.plans import CLUB, EVENT, KEY, PHONE, device, draft, event, load, save, uid
from tests.pg import PgDatabase, PgServer
from tests.stores import PostgresStand


@pytest.fixture
async def store(pg_server: PgServer, pg_database: PgDatabase) -> AsyncIterator[Store]:
    """Give a store on PostgreSQL that keeps one club."""
    stand = PostgresStand(CATALOGUE, pg_server, pg_database)
    await stand.open()
    await stand.store.create_club(CLUB, hash_key=KEY)
    yield stand.store
    await stand.close()


async def test_what_is_loaded_later_sees_what_was_saved(store: Store) -> None:
    """A load waits for the plan that is being written, and a second plan goes on where the first ended."""
    async with store.writing(CLUB, [PHONE], overdue_before_ms=0) as ledger:
        for identity in (EVENT, uid(0x500)):
            plan = draft(ledger.book, by=device(), records=[event(identity)])
            await ledger.save(plan, [encode_change(each) for each in plan.changes])
            carry(CATALOGUE, ledger.book, plan)
        await ledger.load(Needs(records={Key("events", EVENT)}, versions={1, 2}))
        assert ledger.book.records[Key("events", EVENT)] is not None
        assert ledger.book.tags == {1: f"{1:016x}", 2: f"{2:016x}"}
    assert (await store.head(CLUB)).cursor.version == 2


@pytest.mark.parametrize("follows", ["save", "load", "nothing"])
async def test_a_part_that_cannot_be_written_undoes_the_whole(store: Store, follows: str) -> None:
    """The error is raised by whatever comes next, at the latest by the block's end; nothing is kept of any part."""

    async def write() -> None:
        async with store.writing(CLUB, [PHONE], overdue_before_ms=0) as ledger:
            good = draft(ledger.book, by=device(), records=[event()])
            await ledger.save(good, [encode_change(each) for each in good.changes])
            bad = draft(ledger.book, by=device(), records=[event(uid(0x500))])  # the same version again
            await ledger.save(bad, [encode_change(each) for each in bad.changes])
            if follows == "save":
                await ledger.save(bad, [])
            if follows == "load":
                await ledger.load(Needs(records={Key("events", EVENT)}))

    with pytest.raises(asyncpg.UniqueViolationError):
        await write()
    assert (await store.head(CLUB)).cursor == ORIGIN
    assert (await load(store, Needs(records={Key("events", EVENT)}))).records == {Key("events", EVENT): None}
    await save(store, records=[event()])


async def test_a_writer_that_is_cancelled_leaves_a_connection_that_works(store: Store) -> None:
    """The statement under way is waited for, everything is rolled back, and the next transaction goes on."""

    async def work() -> None:
        async with store.writing(CLUB, [PHONE], overdue_before_ms=0) as ledger:
            plan = draft(ledger.book, by=device(), records=[event(uid(0x1000 + n)) for n in range(300)])
            await ledger.save(plan, [encode_change(each) for each in plan.changes])
            started.set()
            await asyncio.Event().wait()

    for _ in range(3):
        started = asyncio.Event()
        task = asyncio.create_task(work())
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert (await store.head(CLUB)).cursor == ORIGIN
    await save(store, records=[event()])
