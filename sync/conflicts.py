"""Conflicts: one synced collection for everything that wants a person, and how each opens and closes.

A conflict belongs to one (collection, record, field), has an id made from these three, and holds the side that
stands and the losing candidates, one for each device. The *field* of a conflict is a declared field's name, or:

    deleted                    a delete met an edit, a restore or a child, neither having seen the other
    duplicate/<record>         this record and that one look like the same thing
    group/<id>                 a part of a group lost
    rejected/<device>/<n>      the quarantine: a mutation that cannot be applied as it is
    orphan/<device>/<n>        a parked mutation whose parent never came

States: open -> resolved (somebody chose) | superseded (somebody who had seen it wrote the field) -> open again, when a
new unseen write loses. The functions take a conflict and return the next one; nothing here looks at a clock.
"""

import enum
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID, uuid5

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from sync.collections import CONFLICTS, Problem, Value, format_instant
from sync.merge import Author
from sync.records import ERASER, Change, Key, Write
from sync.stamps import device_of, rank, wall_of

NAMESPACE: Final = UUID("5a0f8f0e-2f0b-5f5e-9a7c-0d6a4f1e7c11")
"""The UUIDv5 namespace of conflict ids; the name is `collection/record/field`."""

DELETED: Final = "deleted"


class Kind(enum.StrEnum):
    """What wants a person."""

    FIELD = "field"
    DELETED = "deleted"
    DUPLICATE = "duplicate"
    GROUP = "group"
    REJECTED = "rejected"
    ORPHAN = "orphan"


class Status(enum.StrEnum):
    """Where a conflict stands."""

    OPEN = "open"
    RESOLVED = "resolved"
    SUPERSEDED = "superseded"


class Side(Struct, frozen=True, omit_defaults=True):
    """One value in a conflict, and who wrote it when."""

    value: Value
    device_id: str
    n: int
    stamp: str
    at: str
    """The instant of the edit, by the corrected clock of its device."""
    version: int = 0
    """The log's version in which this side joined the conflict: whoever has seen that has seen it."""
    author: str | None = None
    """The user who wrote, where the device is known."""
    problem: Problem | None = None


class Conflict(Struct, frozen=True):
    """A conflict as it is synced; its fields are those of the collection `conflicts`."""

    id: str
    kind: Kind
    collection: str
    record: str
    field: str
    status: Status
    stands: Side | None
    candidates: tuple[Side, ...]
    other: str | None = None
    """The second record of a duplicate."""
    choice: str | None = None
    closed_by: str | None = None
    """The device whose mutation closed it."""
    closed_at: str | None = None
    version: int = 0
    is_redacted: bool | UnsetType = UNSET
    """Whether names were taken out of it, or all: a snapshot says so; it is no field on the wire."""

    @property
    def is_open(self) -> bool:
        """Tell whether a person is still wanted."""
        return self.status is Status.OPEN

    @property
    def key(self) -> Key:
        """Return the record that the conflict is about."""
        return Key(self.collection, self.record)


def conflict_id(collection: str, record: str, field: str) -> str:
    """Return the id of the one conflict about this field of this record."""
    return str(uuid5(NAMESPACE, f"{collection}/{record}/{field}"))


def wire_fields(conflict: Conflict) -> dict[str, Any]:
    """Return a conflict's fields in the form in which changes and snapshots carry them."""
    built: dict[str, Any] = msgspec.to_builtins(conflict)
    del built["id"], built["version"]
    built.pop("is_redacted", None)
    return built


def read_conflict(change: Change) -> Conflict:
    """Return the conflict of a change of the log."""
    return msgspec.convert({**change.fields, "id": change.record, "version": change.version}, type=Conflict)


def side_of(write: Write, *, author: str | None, version: int, value: Value = None) -> Side:
    """Return the side that a field's write makes; `value` where the side shows more than the field."""
    return Side(
        value=write.value if value is None else value,
        device_id=device_of(write.stamp),
        n=write.n,
        stamp=write.stamp,
        at=format_instant(wall_of(write.stamp)),
        version=version,
        author=author,
    )


def opened(
    conflict: Conflict | None,
    *,
    key: Key,
    field: str,
    kind: Kind,
    stands: Side | None,
    loses: Side,
    other: str | None = None,
) -> Conflict:
    """Return the conflict with one more losing candidate; a device's newer candidate replaces its older one."""
    kept = conflict.candidates if conflict is not None and conflict.is_open else ()
    mine = next((side for side in kept if side.device_id == loses.device_id), None)
    if mine is None:
        candidates = (*kept, loses)
    elif rank(mine.stamp, mine.n) > rank(loses.stamp, loses.n):
        candidates = kept
    else:
        candidates = tuple(loses if side is mine else side for side in kept)
    return Conflict(
        id=conflict_id(*key, field),
        kind=kind,
        collection=key.collection,
        record=key.record,
        field=field,
        status=Status.OPEN,
        stands=stands,
        candidates=candidates,
        other=other,
        version=0 if conflict is None else conflict.version,
    )


def closed(conflict: Conflict, *, status: Status, device_id: str, at: str, choice: str | None = None) -> Conflict:
    """Return the conflict closed; its sides stay readable."""
    return replace(conflict, status=status, choice=choice, closed_by=device_id, closed_at=at)


def emptied(conflict: Conflict, *, at: str) -> Conflict:
    """Return the conflict closed by an erasure, with nothing left of what it was about; the first one closes it."""
    if conflict.closed_by == ERASER:
        return conflict
    now = replace(conflict, stands=None, candidates=())
    return closed(now, status=Status.SUPERSEDED, device_id=ERASER, at=at)


def has_seen(author: Author, conflict: Conflict) -> bool:
    """Tell whether the author's base covers the conflict's latest change."""
    return conflict.version <= author.base


def overwritten(conflict: Conflict, author: Author, write: Write, *, at: str) -> Conflict:
    """Return an open conflict after its author laid a further write on the field.

    Whoever had seen the conflict has decided it. Otherwise only the author's own older candidates leave.
    """
    if has_seen(author, conflict):
        return closed(conflict, status=Status.SUPERSEDED, device_id=author.device_id, at=at)
    return without(
        conflict,
        author,
        at=at,
        leaves=lambda side: author.is_own(side.device_id, side.n) and rank(side.stamp, side.n) < write.rank,
    )


def answered(conflict: Conflict, author: Author, *, choice: str, at: str) -> Conflict:
    """Return an open conflict after a person's choice: closed if its latest change had been seen.

    Otherwise only the candidates that had been seen leave, and the others wait for an answer of their own.
    """
    if has_seen(author, conflict):
        return closed(conflict, status=Status.RESOLVED, device_id=author.device_id, at=at, choice=choice)
    return without(
        conflict,
        author,
        at=at,
        leaves=lambda side: side.version <= author.base or author.is_own(side.device_id, side.n),
    )


def without(conflict: Conflict, author: Author, *, at: str, leaves: Callable[[Side], bool]) -> Conflict:
    """Return the conflict without some candidates; superseded where none is left."""
    candidates = tuple(side for side in conflict.candidates if not leaves(side))
    if len(candidates) == len(conflict.candidates):
        return conflict
    if candidates:
        return replace(conflict, candidates=candidates)
    return closed(conflict, status=Status.SUPERSEDED, device_id=author.device_id, at=at)


def snapshot_row(conflict: Conflict) -> Change:
    """Return the row that a snapshot sends for a conflict."""
    stamps = [side.stamp for side in conflict.candidates]
    return Change(
        version=conflict.version,
        collection=CONFLICTS,
        record=conflict.id,
        stamp=max(stamps, default=""),
        fields=wire_fields(conflict),
        redacted=conflict.is_redacted is True,
    )
