"""Plans made by hand, so that the contract shows what a store keeps whatever the planner happens to write.

The builders' `**more` are parts of what they build, taken in place of the usual ones.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from sync.book import Book, Device, Entry, Needs, Outcome, Plan
from sync.collections import CONFLICTS, Problem, Value
from sync.conflicts import Conflict, Kind, Side, Status, conflict_id, wire_fields
from sync.cursors import Cursor
from sync.messages import Group, Mutation, VerdictWord
from sync.ports import Store
from sync.records import Change, Key, Record, Write, encode_change
from sync.stamps import TICKS_PER_MS, make_stamp

NOW_MS = 1_790_000_000_000
KEY = b"k" * 32


def uid(number: int) -> str:
    """Return a canonical UUID; a greater number is a greater id."""
    return f"{number:08x}-0000-4000-8000-000000000000"


CLUB, CLUB_2 = uid(0xC1B1), uid(0xC1B2)
PHONE, PHONE_2, PHONE_3 = uid(0xDE1), uid(0xDE2), uid(0xDE3)
MATCH, MATCH_2, TEAM, EVENT = uid(1), uid(2), uid(3), uid(4)
USER = uid(0xAA)


def stamp(tick: int, device_id: str = PHONE) -> str:
    """Return a stamp some ticks after `NOW_MS`."""
    return make_stamp(NOW_MS * TICKS_PER_MS + tick, device_id)


def write(
    value: Value,
    tick: int = 1,
    *,
    device_id: str = PHONE,
    version: int = 1,
    n: int = 1,
    also: Sequence[tuple[str, int]] = (),
) -> Write:
    """Return the write that stands in a field."""
    return Write(value, stamp(tick, device_id), version, n, tuple(also))


def record(collection: str, identity: str, fields: Mapping[str, Value], *, deleted: bool | None = None) -> Record:
    """Return a record that one mutation wrote whole."""
    return Record(
        Key(collection, identity),
        {name: write(value) for name, value in fields.items()},
        None if deleted is None else write(deleted),
    )


def event(identity: str = EVENT, *, match: str = MATCH, kind: str = "foul", **fields: Value) -> Record:
    """Return an event."""
    return record("events", identity, {"match_id": match, "kind": kind, **fields})


def mutation(n: int = 1, *, op: str = "put", **more: Value) -> Mutation:
    """Return a mutation of an event."""
    usual: dict[str, Any] = {
        "n": n,
        "op": op,
        "collection": "events",
        "record": EVENT,
        "wall": NOW_MS,
        "fields": {"match_id": MATCH, "kind": "goal"} if op == "put" else {},
    }
    return Mutation(**{**usual, **more})


def entry(
    n: int = 1,
    *,
    device_id: str = PHONE,
    waits_for: str = f"matches/{MATCH}",
    group: Group | None = None,
    received_ms: int = NOW_MS,
    is_orphan: bool = False,
    made: Mutation | None = None,
) -> Entry:
    """Return a parked mutation."""
    return Entry(
        device_id=device_id,
        author=USER,
        mutation=made or mutation(n, group=group),
        hash=bytes([n % 256]) * 16,
        stamp=stamp(n, device_id),
        correction=0,
        base=0,
        received_ms=received_ms,
        waits_for=waits_for,
        is_orphan=is_orphan,
    )


def outcome(
    n: int = 1, *, device_id: str = PHONE, verdict: VerdictWord = "applied", group: str | None = None, **more: Value
) -> Outcome:
    """Return what became of a mutation."""
    usual: dict[str, Any] = {
        "device_id": device_id,
        "n": n,
        "hash": bytes([n % 256]) * 16,
        "verdict": verdict,
        "stamp": stamp(n, device_id),
        "group": group,
    }
    return Outcome(**{**usual, **more})


def side(value: Value = "Blues", *, device_id: str = PHONE, problem: Problem | None = None, **more: Value) -> Side:
    """Return a side of a conflict."""
    usual: dict[str, Any] = {"n": 3, "stamp": stamp(3, device_id), "at": "2026-11-22T14:02:03.004Z", "version": 2}
    return Side(value=value, device_id=device_id, problem=problem, **{**usual, **more})


def conflict(
    identity: str = TEAM, field: str = "name", *, collection: str = "teams", kind: Kind = Kind.FIELD, **more: Value
) -> Conflict:
    """Return a conflict."""
    usual: dict[str, Any] = {
        "id": conflict_id(collection, identity, field),
        "status": Status.OPEN,
        "stands": side("Reds"),
        "candidates": (side("Blues", device_id=PHONE_2),),
    }
    usual |= {"kind": kind, "collection": collection, "record": identity, "field": field}
    return Conflict(**{**usual, **more})


def device(device_id: str = PHONE, **more: Value) -> Device:
    """Return a device."""
    return Device(**{"device_id": device_id, "author": USER, "seen_ms": NOW_MS, **more})


def draft(
    book: Book,
    *,
    by: Device,
    records: Iterable[Record] = (),
    conflicts: Iterable[Conflict] = (),
    outcomes: Iterable[Outcome] = (),
    parked: Iterable[Entry] = (),
    unparked: Iterable[tuple[str, int]] = (),
) -> Plan:
    """Return a plan that logs each record and conflict whole, in the next versions."""
    plan = Plan(devices={by.device_id: by})
    head = book.club.head
    for each in records:
        head = Cursor(head.version + 1, f"{head.version + 1:016x}")
        stored = replace(each, version=head.version)
        plan.records[each.key] = stored
        deleted = UNSET if each.deleted is None else bool(each.deleted.value)
        plan.changes.append(
            Change(head.version, *each.key, stamp(head.version), head.tag, each.values(), deleted, more=True)
        )
    for found in conflicts:
        head = Cursor(head.version + 1, f"{head.version + 1:016x}")
        plan.conflicts[found.id] = replace(found, version=head.version)
        fields = wire_fields(found)
        plan.changes.append(Change(head.version, CONFLICTS, found.id, stamp(head.version), head.tag, fields, more=True))
    plan.outcomes = {(each.device_id, each.n): each for each in outcomes}
    plan.parked = {each.order: each for each in parked}
    plan.parked.update(dict.fromkeys(unparked))
    plan.club = replace(book.club, head=head, clock=book.club.clock + 1)
    return plan


async def save(
    store: Store,
    *,
    club_id: str = CLUB,
    by: Device | None = None,
    bodies: Sequence[bytes] | None = None,
    **parts: Value,
) -> Plan:
    """Write the parts of a plan in one transaction, and return the plan."""
    who = by or device()
    async with store.writing(club_id, [who.device_id], overdue_before_ms=0) as ledger:
        plan = draft(ledger.book, by=who, **parts)
        await ledger.save(plan, [encode_change(each) for each in plan.changes] if bodies is None else bodies)
    return plan


async def load(
    store: Store,
    needs: Needs | None = None,
    *,
    club_id: str = CLUB,
    device_id: str = PHONE,
    overdue_before_ms: int = 0,
) -> Book:
    """Return the book of a transaction that loads and writes nothing."""
    async with store.writing(club_id, [device_id], overdue_before_ms=overdue_before_ms) as ledger:
        await ledger.load(needs or Needs())
    return ledger.book


async def write_bodies(store: Store, *bodies: bytes, club_id: str = CLUB) -> None:
    """Log these bodies as they are."""
    await save(store, club_id=club_id, records=[event(uid(0x100 + n)) for n in range(len(bodies))], bodies=bodies)
