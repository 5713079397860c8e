"""A reader that polls the log from its cursor while many write misses nothing; over a sequence it would."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import msgspec
import pytest

from football.collections import CATALOGUE
from sync.messages import PushAnswer
from sync.records import Change, encode_change
from tests.contract.plans import device, draft, event
from tests.harness import CLUB, Phone, Site, uid
from tests.pg import PgDatabase, PgServer
from tests.stores import PostgresStand

WRITERS = 16
PUSHES = 6
EACH = 5
"""Mutations in a push."""

Row = tuple[int, str]


@pytest.fixture
async def site(pg_server: PgServer, pg_database: PgDatabase) -> AsyncIterator[Site]:
    """Give a site on PostgreSQL."""
    stand = PostgresStand(CATALOGUE, pg_server, pg_database)
    await stand.open()
    try:
        yield await Site(stand).open()
    finally:
        await stand.close()


async def test_a_reader_misses_nothing_while_sixteen_write(site: Site) -> None:
    """On four servers; polled all the while, the pages are versions 1..N in order, with every mutation among them."""
    answers: list[PushAnswer] = []
    servers = [site, *(site.another(number) for number in range(1, 4))]
    is_over = asyncio.Event()

    async def work(number: int) -> None:
        phone = Phone(servers[number % 4], number)
        for turn in range(PUSHES):
            for n in range(EACH):
                phone.put("players", uid(1_000 * number + EACH * turn + n), full_name=f"{number}/{turn}/{n}")
            answers.extend(await phone.push())

    async def read() -> tuple[list[Change], int]:
        changes: list[Change] = []
        polls = 0
        while True:
            is_last = is_over.is_set()
            after = changes[-1].version if changes else 0
            rows = await site.store.log_page(CLUB, after, changes_max=7, bytes_max=100_000)
            changes += [msgspec.json.decode(row.body, type=Change) for row in rows]
            polls += 1
            if is_last and not rows:
                return changes, polls

    async def write() -> None:
        await asyncio.gather(*(work(number) for number in range(1, WRITERS + 1)))
        is_over.set()

    (changes, polls), _ = await asyncio.gather(read(), write())
    count = WRITERS * PUSHES * EACH
    assert [change.version for change in changes] == list(range(1, count + 1))
    names = {f"{number}/{turn}/{n}" for number in range(1, WRITERS + 1) for turn in range(PUSHES) for n in range(EACH)}
    assert {change.fields["full_name"] for change in changes} == names
    assert polls > count // 7, "the reader only looked when all was over"
    assert sorted(answer.version for answer in answers) == list(range(EACH, count + 1, EACH))
    ends = [change.version for change in changes if not change.more]
    assert ends == sorted(answer.version for answer in answers)


async def poll(reader: "asyncpg.Connection[asyncpg.Record]", seen: list[Row]) -> None:
    """Read on from the greatest number seen, as a tail by `number > cursor` does."""
    cursor = seen[-1][0] if seen else 0
    rows = await reader.fetch("SELECT number, body FROM log WHERE number > $1 ORDER BY number", cursor)
    seen += [(row["number"], row["body"]) for row in rows]


async def test_the_same_reader_misses_rows_of_a_sequence(empty_database: PgDatabase) -> None:
    """The control: a sequence gives numbers before the commit, so a slower transaction's row is skipped for ever."""
    slow, fast, reader = [await asyncpg.connect(empty_database.owner_dsn) for _ in range(3)]
    try:
        await slow.execute("CREATE TABLE log (number bigserial PRIMARY KEY, body text NOT NULL)")
        seen: list[Row] = []
        slow_block = slow.transaction()
        await slow_block.start()
        await slow.execute("INSERT INTO log (body) VALUES ('slow')")
        await fast.execute("INSERT INTO log (body) VALUES ('fast')")
        await poll(reader, seen)
        await slow_block.commit()
        await fast.execute("INSERT INTO log (body) VALUES ('last')")
        await poll(reader, seen)
        assert seen == [(2, "fast"), (3, "last")]
        assert await reader.fetchval("SELECT body FROM log WHERE number = 1") == "slow"
    finally:
        for connection in (slow, fast, reader):
            await connection.close()


async def test_the_counter_row_holds_that_interleaving_back(site: Site) -> None:
    """The store, interleaved in the same way: the fast one, on another server, waits for the slow one."""
    seen: list[int] = []

    async def read() -> None:
        rows = await site.store.log_page(CLUB, seen[-1] if seen else 0, changes_max=9, bytes_max=100_000)
        seen.extend(row.version for row in rows)

    fast = Phone(site.another(1), 2)
    fast.put("players", uid(2), full_name="fast")
    async with site.store.writing(CLUB, [uid(1)], overdue_before_ms=0) as ledger:
        plan = draft(ledger.book, by=device(uid(1)), records=[event()])
        await ledger.save(plan, [encode_change(each) for each in plan.changes])
        task = asyncio.create_task(fast.push())
        for _ in range(20):
            await read()
        assert (seen, task.done()) == ([], False)
    await task
    await read()
    assert seen == [1, 2]
