"""A store's writing transactions: what they open with, whole or not at all, one at a time in a club."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from sync.book import Club, Counters, Needs
from sync.cursors import ORIGIN, Cursor
from sync.ports import Head, Ledger, Store
from sync.records import Key, encode_change
from tests.contract.plans import (
    CLUB,
    CLUB_2,
    EVENT,
    KEY,
    NOW_MS,
    PHONE,
    PHONE_2,
    TEAM,
    conflict,
    device,
    draft,
    entry,
    event,
    load,
    outcome,
    record,
    save,
    uid,
)

HOUR_MS = 3_600_000


async def test_a_new_club_has_an_empty_log(store: Store) -> None:
    """A club begins at the origin, with nothing compacted and the key it was given."""
    assert await store.head(CLUB) == Head(ORIGIN, oldest=1)
    assert (await load(store)).club == Club(head=ORIGIN, clock=0, oldest=1, hash_key=KEY)


async def test_creating_a_club_twice_changes_nothing(store: Store) -> None:
    """The second creation keeps the log, the data and the first key."""
    await save(store, records=[event()])
    before = await load(store, Needs(records={Key("events", EVENT)}))
    await store.create_club(CLUB, hash_key=b"another key, which must not count")
    assert await load(store, Needs(records={Key("events", EVENT)})) == before
    assert (await store.head(CLUB)).cursor.version == 1


async def test_an_unknown_club_has_no_head(store: Store) -> None:
    """Asking where the log of no club stands is a LookupError."""
    with pytest.raises(LookupError):
        await store.head(CLUB_2)


async def test_an_unknown_club_cannot_be_written(store: Store) -> None:
    """A transaction on no club is a LookupError, and does not bring the club about."""
    with pytest.raises(LookupError):
        await load(store, club_id=CLUB_2)
    with pytest.raises(LookupError):
        await store.head(CLUB_2)


async def test_a_transaction_opens_with_the_club_and_the_device(store: Store) -> None:
    """The ledger's book holds the counter row as the last plan left it, and the device that writes."""
    told = device(offsets=(7, -3, 2**40), last_n=9, acked=4, seen_ms=NOW_MS + 1)
    plan = await save(store, by=told, records=[event(), event(uid(8))])
    book = await load(store)
    assert book.club == plan.club
    assert book.club.head == Cursor(2, f"{2:016x}")
    assert book.devices == {PHONE: told}
    assert (await load(store, device_id=PHONE_2)).devices == {PHONE_2: None}
    async with store.writing(CLUB, [PHONE_2, PHONE], overdue_before_ms=0) as ledger:
        assert ledger.book.devices == {PHONE: told, PHONE_2: None}


async def test_a_device_is_loaded_with_its_own_parked_mutations_counted(store: Store) -> None:
    """Those of other devices do not count, nor those that are parked no more."""
    await save(store, parked=[entry(1), entry(2), entry(3), entry(1, device_id=PHONE_2)])
    await save(store, unparked=[(PHONE, 2)])
    found = (await load(store)).devices[PHONE]
    assert found is not None
    assert found.parked == 2


async def test_a_device_is_replaced_by_its_newer_state(store: Store) -> None:
    """The book and the list of devices hold the latest that was saved."""
    await save(store, by=device(offsets=(1, 2, 3), last_n=3))
    newer = device(offsets=(), last_n=12, acked=3, seen_ms=NOW_MS + 5)
    await save(store, by=newer)
    assert (await load(store)).devices == {PHONE: newer}
    assert list(await store.devices(CLUB)) == [newer]


async def test_what_is_overdue_is_loaded_oldest_first(store: Store) -> None:
    """Parked before the bound and not yet asked about: neither younger ones nor orphans, in order of their receipt."""
    await save(
        store,
        parked=[
            entry(1, received_ms=NOW_MS - 1 * HOUR_MS),
            entry(2, received_ms=NOW_MS - 3 * HOUR_MS),
            entry(3, received_ms=NOW_MS - 4 * HOUR_MS, is_orphan=True),
            entry(4, received_ms=NOW_MS - 2 * HOUR_MS),
            entry(1, device_id=PHONE_2, received_ms=NOW_MS - 3 * HOUR_MS),
        ],
    )
    overdue = (await load(store, overdue_before_ms=NOW_MS - 2 * HOUR_MS + 1)).overdue
    assert [each.order for each in overdue] == [(PHONE, 2), (PHONE_2, 1), (PHONE, 4)]
    assert (await load(store, overdue_before_ms=NOW_MS - 3 * HOUR_MS)).overdue == ()


async def test_of_very_many_overdue_the_oldest_are_loaded(store: Store) -> None:
    """A transaction asks about 20 at most, always the same ones: by receipt, then device and counter."""
    late = [entry(n, received_ms=NOW_MS - HOUR_MS) for n in range(1, 31)]
    await save(store, parked=[*reversed(late), entry(40, received_ms=NOW_MS - 2 * HOUR_MS)])
    overdue = (await load(store, overdue_before_ms=NOW_MS)).overdue
    assert [each.mutation.n for each in overdue] == [40, *range(1, 20)]


async def _raise(_ledger: Ledger) -> None:
    raise ZeroDivisionError


async def _cancel(_ledger: Ledger) -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(0)


@pytest.mark.parametrize(("end", "error"), [(_raise, ZeroDivisionError), (_cancel, asyncio.CancelledError)])
async def test_a_transaction_that_fails_leaves_no_trace(
    store: Store, end: Callable[[Ledger], Awaitable[None]], error: type[BaseException]
) -> None:
    """After an exception in the block, and after a cancellation, nothing of the plan is there, and others go on."""
    await save(store, records=[record("teams", TEAM, {"name": "Reds"})], outcomes=[outcome(1)])
    needs = Needs(
        runs={Counters(PHONE_2, 1, 5)},
        records={Key("teams", TEAM), Key("events", EVENT)},
        waiting={f"matches/{uid(1)}"},
        devices={PHONE_2},
    )
    before = await load(store, needs)
    heard: list[BaseException] = []

    async def fail() -> None:
        try:
            async with store.writing(CLUB, [PHONE_2], overdue_before_ms=0) as ledger:
                plan = draft(
                    ledger.book,
                    by=device(PHONE_2),
                    records=[event(), record("teams", TEAM, {"name": "Blues"})],
                    conflicts=[conflict()],
                    outcomes=[outcome(2)],
                    parked=[entry()],
                )
                await ledger.save(plan, [encode_change(each) for each in plan.changes])
                await end(ledger)
        except BaseException as failed:  # noqa: BLE001 - a cancellation too
            heard.append(failed)

    await asyncio.create_task(fail())
    assert [type(each) for each in heard] == [error]
    assert await load(store, needs) == before
    assert len(await store.log_page(CLUB, 0, changes_max=9, bytes_max=10_000)) == 1
    await save(store, records=[event()])
    assert (await store.head(CLUB)).cursor.version == 2


async def test_nothing_is_seen_before_the_block_ends(store: Store) -> None:
    """Readers see a transaction whole, once it has committed."""
    async with store.writing(CLUB, [PHONE], overdue_before_ms=0) as ledger:
        plan = draft(ledger.book, by=device(), records=[event()])
        await ledger.save(plan, [encode_change(each) for each in plan.changes])
        assert (await store.head(CLUB)).cursor == ORIGIN
        assert list(await store.log_page(CLUB, 0, changes_max=9, bytes_max=10_000)) == []
        assert list(await store.key_page(CLUB, "events", "", records_max=9)) == []
        assert list(await store.devices(CLUB)) == []
    assert (await store.head(CLUB)).cursor.version == 1
    assert [each.version for each in await store.log_page(CLUB, 0, changes_max=9, bytes_max=10_000)] == [1]
    assert [each.record for each in await store.key_page(CLUB, "events", "", records_max=9)] == [EVENT]


@pytest.mark.parametrize("is_same_server", [True, False])
async def test_a_second_writer_of_a_club_waits_for_the_first(
    store: Store, nodes: list[Store], is_same_server: bool
) -> None:
    """While one transaction is open nobody else writes the club, on no server; the next one sees what it wrote."""
    other = nodes[0 if is_same_server else 1]
    seen: list[int] = []
    asked = asyncio.Event()

    async def second() -> None:
        asked.set()
        async with other.writing(CLUB, [PHONE_2], overdue_before_ms=0) as ledger:
            seen.append(ledger.book.club.head.version)

    async with store.writing(CLUB, [PHONE], overdue_before_ms=0) as ledger:
        task = asyncio.create_task(second())
        await asked.wait()
        for _ in range(20):
            await store.head(CLUB)  # time enough for the second to have come in, were it let
        assert seen == []
        plan = draft(ledger.book, by=device(), records=[event()])
        await ledger.save(plan, [encode_change(each) for each in plan.changes])
    await task
    assert seen == [1]


async def test_a_writer_of_another_club_does_not_wait(store: Store) -> None:
    """Clubs are written side by side."""
    await store.create_club(CLUB_2, hash_key=KEY)
    async with store.writing(CLUB, [PHONE], overdue_before_ms=0):
        await save(store, club_id=CLUB_2, records=[event()])
    assert (await store.head(CLUB_2)).cursor.version == 1
    assert (await store.head(CLUB)).cursor == ORIGIN


async def test_sixteen_writers_leave_a_log_without_gaps(store: Store, nodes: list[Store]) -> None:
    """Concurrent transactions of one club, on four servers, get versions 1..N, each once."""

    async def work(worker: int) -> None:
        for turn in range(6):
            ids = [uid(0x1000 + 100 * worker + 10 * turn + each) for each in range(3)]
            await save(nodes[worker % 4], by=device(uid(0xD00 + worker)), records=[event(identity) for identity in ids])

    await asyncio.gather(*(work(worker) for worker in range(16)))
    rows = await store.log_page(CLUB, 0, changes_max=5_000, bytes_max=10_000_000)
    assert [row.version for row in rows] == list(range(1, 16 * 6 * 3 + 1))
    assert (await store.counts(CLUB))["events"] == 16 * 6 * 3
    assert (await store.head(CLUB)).cursor == Cursor(rows[-1].version, rows[-1].tag)
    assert (await load(store)).club.clock == 16 * 6
