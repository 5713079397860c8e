"""The four ops, laid over a workspace: put, delete, restore and resolve, with the conflicts that each raises.

An op never fails: what can be wrong with a mutation was found before (`sync/admission.py`), and what it waits for is
there (`sync/parking.py`). It returns whether the author lost something, and the conflicts that say so.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from sync.book import Alike, Children, Entry, Workspace
from sync.collections import Value, format_instant
from sync.conflicts import (
    DELETED,
    Conflict,
    Kind,
    Side,
    Status,
    answered,
    closed,
    conflict_id,
    has_seen,
    opened,
    overwritten,
    side_of,
    without,
)
from sync.merge import Laid, lay
from sync.quarantine import reject_group
from sync.records import Key, Record, Write, is_complete, looked_at
from sync.stamps import wall_of

Settle = Callable[[Conflict, Write], Conflict]
"""What an op does to the open conflict of the field that it writes."""


class Applied(Struct, frozen=True):
    """What became of a mutation's op."""

    is_lost: bool
    """Whether a field of the author lost, or the record is deleted."""
    conflicts: tuple[str, ...] = ()


def apply_entry(workspace: Workspace, entry: Entry) -> Applied:
    """Carry out a mutation whose turn has come."""
    return _OPS[entry.mutation.op](_Op(workspace, entry))


_WHOLE: Final = Applied(is_lost=False)


class _Op:
    """One mutation being carried out."""

    def __init__(self, workspace: Workspace, entry: Entry) -> None:
        self.workspace = workspace
        self.entry = entry
        self.mutation = entry.mutation
        self.author = entry.writer
        self.is_lost = False
        self.told: list[str] = []

    @property
    def at(self) -> str:
        """Return the instant of the edit, by its stamp."""
        return format_instant(wall_of(self.entry.stamp))

    @property
    def applied(self) -> Applied:
        """Return what became of the op."""
        return Applied(self.is_lost, tuple(dict.fromkeys(self.told))) if self.is_lost or self.told else _WHOLE

    def write(self, value: Value) -> Write:
        """Return the write that this op lays now."""
        return Write(value, self.entry.stamp, self.workspace.next_version, self.mutation.n)

    def side(self, write: Write, value: Value = None, *, version: int = 0) -> Side:
        """Return the side of a conflict that a write makes."""
        author = self.workspace.author_of(write.device_id)
        return side_of(write, author=author, version=version, value=value)

    def loses(self, conflict: Conflict) -> None:
        """Tell the author that the op lost, and where it is kept."""
        self.is_lost = True
        self.told.append(conflict.id)

    def supersede(self, conflict: Conflict, write: Write) -> Conflict:
        """Settle a conflict by an ordinary write."""
        return overwritten(conflict, self.author, write, at=self.at)

    def answer(self, conflict: Conflict, _write: Write) -> Conflict:
        """Settle a conflict by a person's choice."""
        assert self.mutation.resolve is not None
        return answered(conflict, self.author, choice=self.mutation.resolve.choice, at=self.at)


def _put(op: _Op) -> Applied:
    record = lay_fields(op, op.entry.key, op.mutation.fields, op.supersede)
    _meet_delete(op, record)
    _meet_deleted_parents(op, record)
    if not record.is_deleted:
        _meet_duplicates(op, record)
    return op.applied


def _delete(op: _Op) -> Applied:
    _lay_deleted(op, op.entry.key, value=True, settle=op.supersede)
    return op.applied


def _restore(op: _Op) -> Applied:
    _lay_deleted(op, op.entry.key, value=False, settle=op.supersede)
    return op.applied


def _resolve(op: _Op) -> Applied:
    resolution, key = op.mutation.resolve, op.entry.key
    assert resolution is not None
    kind, _, rest = resolution.field.partition("/")
    if not rest and kind == DELETED:
        _lay_deleted(op, key, value=bool(resolution.value), settle=op.answer)
        return op.applied
    if not rest:
        record = lay_fields(op, key, {resolution.field: resolution.value}, op.answer)
        if record.deleted is not None and not op.author.has_seen(record.deleted):
            _meet_delete(op, record)  # an answer is an edit: it asks where the record was deleted unseen meanwhile
        _meet_deleted_parents(op, record)
        return op.applied
    if kind == Kind.ORPHAN:
        device_id, _, n = rest.partition("/")
        orphan = op.workspace.discard(device_id, int(n))
        if orphan is not None and orphan.mutation.group is not None:
            reject_group(op.workspace, orphan.mutation.group)
    conflict = op.workspace.conflict(key, conflict_id(*key, resolution.field))
    if conflict is not None and conflict.is_open:
        _save(op, conflict, answered(conflict, op.author, choice=resolution.choice, at=op.at))
    if kind == Kind.DUPLICATE and resolution.choice == "take":
        _lay_deleted(op, Key(key.collection, str(resolution.value)), value=True, settle=op.supersede)
    return op.applied


_OPS: Final[Mapping[str, Callable[[_Op], Applied]]] = {
    "put": _put,
    "delete": _delete,
    "restore": _restore,
    "resolve": _resolve,
}


def lay_fields(op: _Op, key: Key, values: Mapping[str, Value], settle: Settle) -> Record:
    """Lay values over a record's fields, log those that stand, and raise or settle the fields' conflicts."""
    workspace = op.workspace
    record = workspace.record(key) or Record(key, {})
    if not record.fields and not workspace.conflicts_about(key):
        return _create(op, record, values)
    fields = dict(record.fields)
    results: list[tuple[str, Laid, Write]] = []
    for name, value in values.items():
        write = op.write(value)
        laid = lay(fields.get(name), write, op.author)
        fields[name] = laid.stands
        results.append((name, laid, write))
    logged = {name: laid.stands.value for name, laid, _ in results if laid.is_logged}
    if logged:
        workspace.save_record(replace(record, fields=fields), stamp=op.entry.stamp, fields=logged, deleted=None)
    declared = workspace.catalogue.collections[key.collection].fields
    has_conflicts = bool(workspace.conflicts_about(key))
    for name, laid, write in results:
        op.is_lost |= laid.is_lost
        asks = laid.loses is not None and declared[name].is_asked
        if asks or has_conflicts:
            _settle_field(op, key, name, laid if asks else replace(laid, loses=None), write, settle)
    return workspace.record(key) or record


def _create(op: _Op, record: Record, values: Mapping[str, Value]) -> Record:
    """Lay the first values of a record, where there is nothing to merge with: most writes of a match."""
    version, stamp, n = op.workspace.next_version, op.entry.stamp, op.mutation.n
    fields = {name: Write(value, stamp, version, n) for name, value in values.items()}
    state = Record(record.key, fields, record.deleted, record.version)
    op.workspace.save_record(state, stamp=stamp, fields=values, deleted=None)
    return op.workspace.record(record.key) or state


def _settle_field(op: _Op, key: Key, name: str, laid: Laid, write: Write, settle: Settle) -> None:
    was = op.workspace.conflict(key, conflict_id(*key, name))
    now = settle(was, write) if was is not None and was.is_open else was
    stands = op.side(laid.stands, version=laid.stands.version)
    if laid.loses is not None:
        loses = op.side(laid.loses)
        now = opened(now, key=key, field=name, kind=Kind.FIELD, stands=stands, loses=loses)
    if now is None:
        return
    if now.is_open:
        now = without(now, op.author, at=op.at, leaves=lambda side: side.value == laid.stands.value)
    if was is not None and not was.is_open and now is was:
        return
    conflict = _save(op, was, replace(now, stands=stands))
    if laid.loses is write:
        op.loses(conflict)


def _save(op: _Op, was: Conflict | None, now: Conflict) -> Conflict:
    return was if was is not None and now == was else op.workspace.save_conflict(now, stamp=op.entry.stamp)


def _lay_deleted(op: _Op, key: Key, *, value: bool, settle: Settle) -> None:
    workspace = op.workspace
    record = workspace.record(key) or Record(key, {})
    write = op.write(value)
    laid = lay(record.deleted, write, op.author)
    unseen = _unseen_edits(op, record) if laid.stands is write and value else []
    if laid.is_logged:
        state = replace(record, deleted=laid.stands)
        workspace.save_record(state, stamp=op.entry.stamp, fields={}, deleted=bool(laid.stands.value))
    op.is_lost |= laid.is_lost
    losing = [] if laid.loses is None else [op.side(laid.loses, {DELETED: laid.loses.value})]
    conflict = _settle_deleted(op, key, laid.stands, [*losing, *unseen], settle=lambda was: settle(was, write))
    if laid.loses is write and conflict is not None:
        op.loses(conflict)
    if value and laid.is_logged:
        _close_seen(op, key)


def _settle_deleted(
    op: _Op, key: Key, stands: Write, losing: Iterable[Side], *, settle: Callable[[Conflict], Conflict] | None = None
) -> Conflict | None:
    """Raise, settle or leave alone the conflict about a record's delete; return it as it stands."""
    was = op.workspace.conflict(key, conflict_id(*key, DELETED))
    now = settle(was) if settle is not None and was is not None and was.is_open else was
    side = op.side(stands, {DELETED: stands.value}, version=stands.version)
    # What is moot leaves first: a device's edit of the deleted record must not keep the place of its losing delete.
    if now is not None and now.is_open:
        now = without(now, op.author, at=op.at, leaves=lambda each: _is_moot(each.value, stands))
    for loses in losing:
        now = opened(now, key=key, field=DELETED, kind=Kind.DELETED, stands=side, loses=loses)
    if now is None or (now is was and not now.is_open):
        return now
    return _save(op, was, replace(now, stands=side))


def _is_moot(value: Mapping[str, Value], stands: Write) -> bool:
    """Tell whether a candidate asks for nothing more: it agrees, or it is an edit of a record that was restored."""
    return bool(value.get(DELETED, False)) is bool(stands.value)


def _unseen_edits(op: _Op, record: Record) -> list[Side]:
    """Return what a delete meets unseen: edits of the record, and children, one side for each device."""
    if record.is_deleted:
        return []
    edits: dict[str, dict[str, Write]] = {}
    for name, write in sorted(record.fields.items()):
        if not op.author.has_seen(write):
            edits.setdefault(write.device_id, {})[name] = write
    sides = [
        op.side(_latest(writes.values()), {"fields": {name: write.value for name, write in writes.items()}})
        for _, writes in sorted(edits.items())
    ]
    if not op.workspace.catalogue.children[record.key.collection]:
        return sides
    asked = Children(record.key, op.author.base)
    latest: dict[str, tuple[Key, Write]] = {}
    for child in op.workspace.children(asked):
        for write in child.fields.values():
            if write.device_id in edits or child.is_deleted or op.author.has_seen(write):
                continue
            if write.device_id not in latest or write.rank > latest[write.device_id][1].rank:
                latest[write.device_id] = (child.key, write)
    sides.extend(op.side(write, key._asdict()) for _, (key, write) in sorted(latest.items()))
    return sides


def _latest(writes: Iterable[Write]) -> Write:
    return max(writes, key=lambda write: write.rank)


def _close_seen(op: _Op, key: Key) -> None:
    """Close the other conflicts about a record whose deleter had seen them."""
    for conflict in op.workspace.conflicts_about(key):
        if conflict.is_open and conflict.kind in _ENDED_BY_DELETE and has_seen(op.author, conflict):
            now = closed(conflict, status=Status.SUPERSEDED, device_id=op.author.device_id, at=op.at)
            op.workspace.save_conflict(now, stamp=op.entry.stamp)


_ENDED_BY_DELETE: Final = frozenset({Kind.FIELD, Kind.DUPLICATE})


def _meet_delete(op: _Op, record: Record) -> None:
    """A put on a deleted record is kept, and a person is asked, unless its author deleted it knowing of this put."""
    stands = record.deleted
    if stands is None or not stands.value:
        return
    write = op.write(None)
    if stands.device_id == op.author.device_id and stands.n > op.mutation.n:
        op.is_lost = True
        return
    answer = op.mutation.resolve
    fields = dict(op.mutation.fields) if answer is None else {answer.field: answer.value}
    side = op.side(write, {"fields": fields})
    conflict = _settle_deleted(op, record.key, stands, [side])
    assert conflict is not None
    op.loses(conflict)


def _meet_deleted_parents(op: _Op, record: Record) -> None:
    """Ask about a deleted record that contains this one, at any depth, where the author had not seen the delete."""
    for name, collection in op.workspace.catalogue.parents[record.key.collection].items():
        if name not in record.fields:
            continue
        parent = op.workspace.record(Key(collection, record.fields[name].value))
        if parent is None:
            continue
        stands = parent.deleted
        if stands is not None and stands.value and not op.author.has_seen(stands):
            child = op.side(op.write(None), op.entry.key._asdict())
            conflict = _settle_deleted(op, parent.key, stands, [child])
            assert conflict is not None
            op.loses(conflict)
        _meet_deleted_parents(op, parent)


def _meet_duplicates(op: _Op, record: Record) -> None:
    workspace = op.workspace
    collection = workspace.catalogue.collections[record.key.collection]
    written = op.mutation.fields.keys()
    rules = [rule for rule in collection.duplicates if not written.isdisjoint(rule.looks_at)]
    if not rules or not is_complete(workspace.catalogue, record):
        return
    for rule in rules:
        mine = looked_at(collection, rule, record)
        if None in rule.values_of(mine) or not rule.applies(mine):
            continue
        for other in workspace.alike(Alike(collection.name, rule.name, rule.values_of(mine))):
            theirs = looked_at(collection, rule, other)
            if other.key == record.key or other.is_deleted or not rule.applies(theirs):
                continue
            if is_complete(workspace.catalogue, other) and rule.is_alike(mine, theirs):
                watched = (write for name, write in other.fields.items() if name in rule.looks_at)
                if not rule.only_unseen or not all(op.author.has_seen(write) for write in watched):
                    _raise_duplicate(op, record, other)


def _raise_duplicate(op: _Op, mine: Record, other: Record) -> None:
    first, second = sorted((mine.key, other.key))
    field = f"{Kind.DUPLICATE}/{second.record}"
    was = op.workspace.conflict(mine.key, conflict_id(*first, field))
    if was is not None and was.status in {Status.OPEN, Status.RESOLVED}:
        return
    stands = op.side(_latest(other.fields.values()), {"record": other.key.record}, version=other.version)
    loses = op.side(op.write(None), {"record": mine.key.record})
    now = opened(was, key=first, field=field, kind=Kind.DUPLICATE, stands=stands, loses=loses, other=second.record)
    op.workspace.save_conflict(now, stamp=op.entry.stamp)
