"""What a store keeps of erasures, where it finds somebody, and how it rewrites its log; both stores alike."""

import pytest
from msgspec.structs import replace

from football.collections import CATALOGUE
from storage.erasures import Eraser
from sync.book import Needs
from sync.collections import Problem
from sync.erasure import Erasure
from sync.messages import encode
from sync.ports import Store, Traces
from sync.records import Key, encode_change
from tests.contract.plans import (
    CLUB,
    CLUB_2,
    EVENT,
    KEY,
    MATCH,
    NOW_MS,
    PHONE_2,
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
    write_bodies,
)
from tests.contract.scripts import PLAYERS, Script, told_by
from tests.contract.test_differential import sites
from tests.harness import CLUB as SITE_CLUB
from tests.harness import Site

__all__ = ["sites"]

PLAYER = uid(0x91)
ERASURE = Erasure(
    club_id=CLUB,
    erasure_id=uid(0xE1),
    kind="record",
    subject="5" * 32,
    collection="players",
    names=("2." + "a" * 32, "1." + "b" * 32),
    version=7,
    at_ms=NOW_MS,
    by=uid(0xAA),
)


async def keep(store: Store, erasure: Erasure) -> None:
    """Save an erasure in a transaction that writes nothing else."""
    async with store.writing(CLUB, [PHONE_2], overdue_before_ms=0) as ledger:
        plan = draft(ledger.book, by=device(PHONE_2))
        plan.erasure = erasure
        await ledger.save(plan, [])


async def traces(store: Store, key: Key | None) -> Traces:
    """Return where somebody may stand."""
    async with store.writing(CLUB, [PHONE_2], overdue_before_ms=0) as ledger:
        return await ledger.traces(key, since_ms=0)


async def test_an_erasure_is_read_back_as_it_was_saved(store: Store) -> None:
    """With every part, the oldest first; a transaction that pushes has them in its book."""
    operators = replace(ERASURE, erasure_id=uid(0xE0), kind="user", collection=None, names=(), by=None, finished_ms=5)
    later = replace(ERASURE, erasure_id=uid(0xE2), at_ms=NOW_MS + 1)
    for each in (later, ERASURE, operators):
        await keep(store, each)
    assert await store.erasures(CLUB) == [operators, ERASURE, later]
    assert (await load(store, Needs())).erasures == (operators, ERASURE, later)


async def test_a_club_without_erasures_has_none(store: Store) -> None:
    """Nor does it see those of another."""
    await store.create_club(CLUB_2, hash_key=b"2" * 32)
    await keep(store, ERASURE)
    assert await store.erasures(CLUB_2) == []
    assert (await load(store, Needs(), club_id=CLUB_2)).erasures == ()


async def test_the_key_of_a_clubs_hashes(store: Store) -> None:
    """Each club has its own; where there is no club there is no key."""
    assert await store.hash_key(CLUB) == KEY
    with pytest.raises(LookupError):
        await store.hash_key(CLUB_2)


async def test_traces_are_all_in_which_somebody_may_stand(store: Store) -> None:
    """Changes that have the id anywhere in them, records with any text, all conflicts, what waits and what was told."""
    named = record("players", PLAYER, {"full_name": "Kim Canary", "squad_number": 7})
    silent, by_player = event(), event(uid(5), player_id=PLAYER)
    noted = event(uid(6), notes="what a goal")
    told = outcome(2, verdict="rejected", problem=Problem("malformed", "no"))
    await save(
        store,
        records=[named, silent, by_player, noted],
        conflicts=[conflict(PLAYER, "full_name", collection="players"), conflict()],
        parked=[entry(3)],
        outcomes=[outcome(1), told],
    )
    found = await traces(store, Key("players", PLAYER))
    assert [change.version for change in found.log] == [1, 3, 5]
    assert [change.version for change in found.recent] == [1, 2, 3, 4, 5, 6]
    assert sorted(each.key for each in found.records) == sorted([named.key, noted.key])
    assert {each.record for each in found.conflicts} == {PLAYER, conflict().record}
    assert [each.order for each in found.parked] == [entry(3).order]
    assert list(found.outcomes) == [told]
    assert list((await traces(store, None)).log) == []


async def test_rewriting_goes_on_where_it_was(store: Store) -> None:
    """So many rows at a time, up to the erasure's version and no further; its bytes are what stands then."""
    await write_bodies(store, *(b'{"n":%d}' % n for n in range(1, 9)))
    await keep(store, ERASURE)

    def rewrite(body: bytes) -> bytes | None:
        seen.append(body)
        return None if body.endswith(b"2}") else body.replace(b"n", b"gone")

    seen: list[bytes] = []
    first = await store.rewrite(ERASURE, rewrite, rows_max=3, now_ms=NOW_MS + 9)
    assert (first.erasure.rewritten_to, first.erasure.finished_ms, first.rows) == (3, None, 2)
    rest = await store.rewrite(ERASURE, rewrite, rows_max=30, now_ms=NOW_MS + 9)
    assert (rest.erasure.rewritten_to, rest.erasure.finished_ms, rest.rows) == (7, NOW_MS + 9, 4)
    assert len(seen) == 7
    again = await store.rewrite(ERASURE, rewrite, rows_max=30, now_ms=NOW_MS + 10)
    assert (again.erasure, again.rows) == (rest.erasure, 0)
    assert await store.erasures(CLUB) == [rest.erasure]
    page = await store.log_page(CLUB, 0, changes_max=99, bytes_max=10_000)
    assert [row.body for row in page] == [
        b'{"gone":1}',
        b'{"n":2}',
        *(b'{"gone":%d}' % n for n in range(3, 8)),
        b'{"n":8}',
    ]


async def test_a_batch_that_fails_is_rolled_back_whole(store: Store) -> None:
    """Neither a row nor the place moves."""
    await write_bodies(store, b"1", b"2", b"3")
    await keep(store, ERASURE)

    def fail(body: bytes) -> bytes | None:
        if body == b"2":
            raise RuntimeError(body)
        return b"x"

    with pytest.raises(RuntimeError):
        await store.rewrite(ERASURE, fail, rows_max=3, now_ms=NOW_MS)
    assert await store.erasures(CLUB) == [ERASURE]
    page = await store.log_page(CLUB, 0, changes_max=99, bytes_max=10_000)
    assert [row.body for row in page] == [b"1", b"2", b"3"]


async def test_an_unknown_erasure_cannot_be_gone_on_with(store: Store) -> None:
    """It is a mistake, not nothing to do."""
    with pytest.raises(LookupError):
        await store.rewrite(ERASURE, lambda body: body, rows_max=3, now_ms=NOW_MS)


async def test_an_erasure_of_what_is_only_in_the_quarantine(store: Store) -> None:
    """A player who was never created may be named all the same."""
    await save(
        store, conflicts=[conflict(PLAYER, "full_name", collection="players")], records=[event(EVENT, match=MATCH)]
    )
    eraser = Eraser(store, CATALOGUE, clock=lambda: NOW_MS, dice=bytes)
    erasure = await eraser.erase(CLUB, Key("players", PLAYER), by=None, erasure_id=uid(0xE3))
    assert len(erasure.names) == 2
    (closed,) = await store.conflicts(CLUB, is_open=False, after="", limit=9)
    assert closed.candidates == ()


@pytest.mark.parametrize("seed", range(2))
async def test_both_stores_erase_alike(sites: list[Site], seed: int) -> None:
    """Pushes before and after an erasure, and the rewriting, leave the same on both, to the last byte."""
    script = Script(seed)
    for _ in range(60):
        await script.step(sites)
    told: list[tuple[Erasure, int]] = []
    for site in sites:
        eraser = Eraser(site.store, CATALOGUE, clock=site.clock, dice=site._dice.randbytes, rows_max=9)
        erasure = await eraser.erase(SITE_CLUB, Key("players", PLAYERS[0]), by=None, erasure_id=uid(0xE4))
        told.append((erasure, await eraser.go_on(SITE_CLUB)))
    assert told[0] == told[1]
    assert told[0][1] > 0
    for _ in range(40):
        await script.step(sites)
    memory, postgres = [await told_by(site) for site in sites]
    for name, found in memory.items():
        assert encode(postgres[name]) == encode(found), f"seed {seed}: {name}"
    assert await sites[0].store.erasures(SITE_CLUB) == await sites[1].store.erasures(SITE_CLUB)


async def test_bodies_are_stored_as_they_are_given(store: Store) -> None:
    """An erasure's own changes are encoded once, like all others."""
    plan = await save(store, records=[record("players", PLAYER, {"full_name": "Kim"})])
    eraser = Eraser(store, CATALOGUE, clock=lambda: NOW_MS, dice=bytes)
    erasure = await eraser.erase(CLUB, Key("players", PLAYER), by=None, erasure_id=uid(0xE5))
    rows = await store.log_page(CLUB, 0, changes_max=9, bytes_max=10_000)
    assert rows[0].body == encode_change(plan.changes[0])
    assert b'"redacted":true' in rows[1].body
    assert erasure.version == rows[-1].version == 2
