"""The book: the part of a club's state that planning a push reads, and what planning writes into it.

Planning is a pure function of a book. Where it meets something that was not loaded it raises `NotLoaded` with what
it needs; storage loads that, and plans again from the start. `first_needs` asks for nearly everything at once, so a
second round is rare.
"""

from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from sync.checks import Given
from sync.collections import CONFLICTS, Catalogue, Problem, Value
from sync.conflicts import Conflict, wire_fields
from sync.cursors import Cursor, tag_for
from sync.erased import Erased
from sync.erasure import CLEANED, Erasure
from sync.errors import MalformedRequest
from sync.merge import Author
from sync.messages import Group, Mutation, PushRequest, VerdictWord
from sync.records import Change, Key, Record, is_present, looked_at
from sync.stamps import TICKS_PER_MS


class Alike(NamedTuple):
    """Asks for the records of a collection that share the values a duplicate rule goes by."""

    collection: str
    rule: str
    values: tuple[Value, ...]


class Children(NamedTuple):
    """Asks for the records that a record contains and that were written after a version."""

    key: Key
    after: int


class Counters(NamedTuple):
    """A run of a device's counters, its ends included."""

    device_id: str
    first: int
    last: int


class Needs(Struct):
    """What planning must have loaded."""

    runs: set[Counters] = field(default_factory=set[Counters])
    """Runs of counters: their outcomes, with the device's nearest ones below and above."""
    versions: set[int] = field(default_factory=set[int])
    """Versions whose tags are wanted."""
    records: set[Key] = field(default_factory=set[Key])
    """Records, each with all conflicts about it."""
    waiting: set[str] = field(default_factory=set[str])
    """What parked mutations wait for: a `Key` as text."""
    groups: set[str] = field(default_factory=set[str])
    orphans: set[tuple[str, int]] = field(default_factory=set[tuple[str, int]])
    """Single parked mutations, by (device, n)."""
    alike: set[Alike] = field(default_factory=set[Alike])
    children: set[Children] = field(default_factory=set[Children])
    devices: set[str] = field(default_factory=set[str])
    """Devices whose users are wanted."""

    def add(self, other: "Needs") -> None:
        """Want all that the other wants too."""
        self.runs |= other.runs
        self.versions |= other.versions
        self.records |= other.records
        self.waiting |= other.waiting
        self.groups |= other.groups
        self.orphans |= other.orphans
        self.alike |= other.alike
        self.children |= other.children
        self.devices |= other.devices


class NotLoaded(Exception):
    """Planning met something that the book does not hold."""

    def __init__(self, needs: Needs) -> None:
        """Keep what is needed."""
        super().__init__("the book lacks what this push reads")
        self.needs = needs


class Club(Struct, frozen=True):
    """A club's counter row, locked while a push is planned and written."""

    head: Cursor
    clock: int
    """The greatest clock this club has issued."""
    oldest: int
    """The oldest version the log still holds."""
    hash_key: bytes


class Device(Struct, frozen=True):
    """What the server knows of a device."""

    device_id: str
    author: str
    """The user whose device it is."""
    offsets: tuple[int, ...] = ()
    last_n: int = 0
    acked: int = 0
    """The version that the device is known to have applied."""
    seen_ms: int = 0
    parked: int = 0
    """Its parked mutations, counted when it is read."""


class Entry(Struct, frozen=True, gc=False):
    """A mutation with all that was fixed at its first receipt; parked ones are stored in this form."""

    device_id: str
    author: str
    mutation: Mutation
    """Its fields in canonical form, instants corrected."""
    hash: bytes
    """The keyed hash of the mutation as it was sent."""
    stamp: str
    correction: int
    base: int
    received_ms: int
    waits_for: str | None = None
    """A `Key` as text, or `group/<id>`."""
    is_orphan: bool = False
    """Whether a person was asked already because the parent does not come."""
    within: Key | None = None
    """What its author's access was for, looked at again when it is applied; None for the whole club."""
    is_cleaned: bool = False
    """Whether names of somebody who was erased were taken out of it: its author's own copy still has them."""

    @property
    def key(self) -> Key:
        """Return the record that the mutation is about."""
        return Key(self.mutation.collection, self.mutation.record)

    @property
    def writer(self) -> Author:
        """Return who writes, and what they had seen."""
        return Author(self.device_id, self.mutation.n, self.base, self.mutation.origins)

    @property
    def order(self) -> tuple[str, int]:
        """Return the order in which parked mutations are applied."""
        return self.device_id, self.mutation.n


class Outcome(Struct, frozen=True, gc=False):
    """What became of a mutation, so that a repeat is answered and never applied twice.

    That there was one is known for ever; what it was, for as long as the log is kept (`sync/compaction.py`).
    """

    device_id: str
    n: int
    hash: bytes | None
    """None where it was compacted away."""
    verdict: VerdictWord
    stamp: str
    correction: int = 0
    conflicts: tuple[str, ...] = ()
    problem: Problem | None = None
    group: str | None = None
    from_n: int | None = None
    """The first of the settled counters right before this one that were folded into it; None where none were."""


class GroupState(Struct, frozen=True):
    """The members of a group that have arrived."""

    parked: tuple[Entry, ...] = ()
    outcomes: tuple[Outcome, ...] = ()


class Book(Struct):
    """What was loaded for a transaction. A key that is absent was not loaded; None or () says that nothing is there."""

    club: Club
    devices: dict[str, Device | None] = field(default_factory=dict[str, Device | None])
    """The devices that push."""
    outcomes: dict[str, dict[int, Outcome]] = field(default_factory=dict[str, dict[int, Outcome]])
    """The outcomes of each pushing device, by its counter."""
    tags: dict[int, str | None] = field(default_factory=dict[int, str | None])
    records: dict[Key, Record | None] = field(default_factory=dict[Key, Record | None])
    conflicts: dict[Key, dict[str, Conflict]] = field(default_factory=dict[Key, dict[str, Conflict]])
    """The conflicts about each loaded record, by conflict id; a duplicate stands under both its records."""
    waiting: dict[str, tuple[Entry, ...]] = field(default_factory=dict[str, tuple[Entry, ...]])
    groups: dict[str, GroupState] = field(default_factory=dict[str, GroupState])
    orphans: dict[tuple[str, int], Entry | None] = field(default_factory=dict[tuple[str, int], Entry | None])
    alike: dict[Alike, tuple[Record, ...]] = field(default_factory=dict[Alike, tuple[Record, ...]])
    children: dict[Children, tuple[Record, ...]] = field(default_factory=dict[Children, tuple[Record, ...]])
    authors: dict[str, str | None] = field(default_factory=dict[str, str | None])
    overdue: tuple[Entry, ...] = ()
    """Parked mutations older than `PARKED_ORPHAN_AFTER_MS` for which no conflict was raised yet."""
    erasures: tuple[Erasure, ...] = ()
    """The club's erasures of records."""

    def add_conflict(self, conflict: Conflict) -> None:
        """Keep a conflict's present state under those records that it is about and that are loaded."""
        for named in {conflict.record, conflict.other or conflict.record}:
            about = self.conflicts.get(Key(conflict.collection, named))
            if about is not None:
                about[conflict.id] = conflict


def children_among(
    catalogue: Catalogue, asked: Children, stored: Iterable[Record], written: Mapping[Key, Record]
) -> tuple[Record, ...]:
    """Return the records that a record contains: those stored, with what has been written since laid over them."""
    found = {record.key: record for record in stored}
    kinds = dict(catalogue.children[asked.key.collection])
    for key, record in written.items():
        name = kinds.get(key.collection)
        if name is not None and name in record.fields and record.fields[name].value == asked.key.record:
            found[key] = record
        else:
            found.pop(key, None)
    return tuple(found.values())


def runs_of(counters: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Return the runs of consecutive counters, each as its first and last."""
    first = last = None
    for n in sorted(counters):
        if last is not None and first is not None and n == last + 1:
            last = n
            continue
        if first is not None and last is not None:
            yield first, last
        first = last = n
    if first is not None and last is not None:
        yield first, last


def first_needs(catalogue: Catalogue, push: PushRequest, given: Sequence[Given]) -> Needs:
    """Return what a push is seen to need before anything is loaded."""
    needs = Needs()
    counted = [each.mutation for each in given]
    read = [mutation for mutation in counted if isinstance(mutation, Mutation)]
    needs.runs.update(Counters(push.device_id, *run) for run in runs_of(mutation.n for mutation in counted))
    cursors = [push.acked, *push.past, *(again.common for again in push.again), *(each.base for each in read)]
    needs.groups.update(mutation.group.id for mutation in counted if mutation.group is not None)
    needs.versions.update(_version_in(text) for text in {*cursors} if text is not None)
    for each in given:
        if isinstance(each.checked, Mutation):
            _add_mutation(catalogue, each.checked, needs)
        elif isinstance(each.mutation, Mutation):
            needs.records.add(Key(each.mutation.collection, each.mutation.record))
    return needs


def _add_mutation(catalogue: Catalogue, mutation: Mutation, needs: Needs) -> None:
    key = Key(mutation.collection, mutation.record)
    needs.records.add(key)
    needs.waiting.add(str(key))
    if mutation.op == "put":
        _add_put(catalogue, mutation, needs)
    if mutation.op == "delete" and catalogue.children.get(mutation.collection):
        needs.children.add(Children(key, 0 if mutation.base is None else _version_in(mutation.base)))


def _add_put(catalogue: Catalogue, mutation: Mutation, needs: Needs) -> None:
    collection, fields = catalogue.collections[mutation.collection], mutation.fields
    for name, parent in catalogue.parents[mutation.collection].items():
        if name in fields:
            needs.records.add(Key(parent, fields[name]))
    for rule in collection.duplicates:
        values = {name: fields.get(name, collection.fields[name].default) for name in rule.looks_at}
        if rule.applies(values) and None not in rule.values_of(values):
            needs.alike.add(Alike(mutation.collection, rule.name, rule.values_of(values)))


def _version_in(text: str) -> int:
    try:
        return Cursor.parse(text, where="$").version
    except MalformedRequest:  # the decoder has checked the form; this keeps a caller's slip from being an error here
        return 0


class Plan(Struct):
    """What is written at once: one push, or several of different devices, one planned after the other."""

    changes: list[Change] = field(default_factory=list[Change])
    records: dict[Key, Record] = field(default_factory=dict[Key, Record])
    conflicts: dict[str, Conflict] = field(default_factory=dict[str, Conflict])
    outcomes: dict[tuple[str, int], Outcome] = field(default_factory=dict[tuple[str, int], Outcome])
    parked: dict[tuple[str, int], Entry | None] = field(default_factory=dict[tuple[str, int], Entry | None])
    """Parked mutations to store, or None for one that is parked no more."""
    alike: dict[Alike, set[Key]] = field(default_factory=dict[Alike, set[Key]])
    """The plan's records by what a duplicate rule looks them up by."""
    devices: dict[str, Device] = field(default_factory=dict[str, Device])
    """The devices that pushed."""
    club: Club | None = None
    """The counter row as it will be; None while nothing was planned."""
    erasure: Erasure | None = None
    """The erasure that this plan carries out, to be kept with it."""

    @property
    def at_ms(self) -> int:
        """Return the server's time when this was received; where no device pushed, that of the newest stamp."""
        assert self.club is not None, "nothing was planned"
        return max((device.seen_ms for device in self.devices.values()), default=self.club.clock // TICKS_PER_MS)


class Workspace:
    """A book with the plan so far laid over it: reads see what the same transaction has written."""

    def __init__(self, catalogue: Catalogue, book: Book, plan: Plan, *, device_id: str, seed: bytes) -> None:
        """Go on with a plan. `seed` is fresh randomness (16 bytes or more) from which the tags are drawn."""
        self.catalogue = catalogue
        self.book = book
        self.plan = plan
        self.device_id = device_id
        """The pushing device."""
        self.device = book.devices[device_id]
        """What was known of it; None where it is new."""
        self.held = book.outcomes.get(device_id, {})
        """Its outcomes, by counter."""
        self.begins_at = len(plan.changes)
        """Where this push's changes begin in the plan."""
        club = plan.club or book.club
        self.head = club.head
        self.clock = club.clock
        self.appeared: list[Key] = []
        """Records that this push made present: what waits for them is woken."""
        self.parked_count = 0 if self.device is None else self.device.parked
        """Parked mutations of the pushing device."""
        self.erased = Erased(catalogue, book.club.hash_key, book.erasures) if book.erasures else None
        """Who was erased in the club; None where nobody was."""
        self.redacts = False
        """Whether what is logged now is redacted: whole, and all that is left of what was known before."""
        self._seed = seed

    @property
    def next_version(self) -> int:
        """Return the version that the next change will have."""
        return self.head.version + 1

    def record(self, key: Key) -> Record | None:
        """Return a record as it stands in this plan."""
        if key in self.plan.records:
            return self.plan.records[key]
        if key not in self.book.records:
            raise NotLoaded(Needs(records={key}))
        return self.book.records[key]

    def conflicts_about(self, key: Key) -> list[Conflict]:
        """Return all conflicts about a record, those of this plan included, in the order of their ids."""
        if key not in self.book.conflicts:
            raise NotLoaded(Needs(records={key}))
        if not self.plan.conflicts and not self.book.conflicts[key]:
            return []
        found = dict(self.book.conflicts[key])
        for conflict in self.plan.conflicts.values():
            if conflict.key == key or (conflict.other == key.record and conflict.collection == key.collection):
                found[conflict.id] = conflict
        return [found[each] for each in sorted(found)]

    def conflict(self, key: Key, identity: str) -> Conflict | None:
        """Return one conflict about a record by its id."""
        return next((each for each in self.conflicts_about(key) if each.id == identity), None)

    def tag(self, version: int) -> str | None:
        """Return the tag of a version, None where the log has no such row."""
        if version == 0:
            return "0" * 16
        if version == self.book.club.head.version:
            return self.book.club.head.tag
        if version not in self.book.tags:
            raise NotLoaded(Needs(versions={version}))
        return self.book.tags[version]

    def stands_in_log(self, text: str) -> bool:
        """Tell whether a cursor is of this log."""
        version, tag = Cursor.parse(text, where="$")
        return self.tag(version) == tag

    def is_before_log(self, text: str) -> bool:
        """Tell whether a cursor is older than the kept log, which knows its tag no more."""
        return Cursor.parse(text, where="$").version < self.book.club.oldest

    def author_of(self, device_id: str) -> str | None:
        """Return the user of a device."""
        if device_id in self.plan.devices:
            return self.plan.devices[device_id].author
        if device_id not in self.book.authors:
            raise NotLoaded(Needs(devices={device_id}))
        return self.book.authors[device_id]

    def waiting_for(self, what: str) -> list[Entry]:
        """Return the parked mutations that wait for a record."""
        if what not in self.book.waiting:
            raise NotLoaded(Needs(waiting={what}))
        found = self._parked_now(self.book.waiting[what], lambda entry: entry.waits_for == what)
        if found:
            self._load_for(found)
        return found

    def _load_for(self, entries: Iterable[Entry]) -> None:
        """Have loaded at once what applying parked mutations reads: a parent may wake thousands."""
        needs = Needs()
        for entry in entries:
            _add_mutation(self.catalogue, entry.mutation, needs)
            needs.devices.add(entry.device_id)
            if entry.mutation.group is not None:
                needs.groups.add(entry.mutation.group.id)
        needs.records -= self.book.records.keys()
        needs.waiting -= self.book.waiting.keys()
        needs.groups -= self.book.groups.keys()
        needs.alike -= self.book.alike.keys()
        needs.children.clear()
        needs.devices -= self.book.authors.keys()
        if needs.records or needs.waiting or needs.groups or needs.alike or needs.devices:
            raise NotLoaded(needs)

    def park(self, entry: Entry) -> None:
        """Keep a new mutation until what it waits for is there."""
        self.plan.parked[entry.order] = entry
        self.parked_count += self._is_mine(entry)

    def unpark(self, entry: Entry) -> None:
        """Let a mutation wait no more."""
        self.plan.parked[entry.order] = None
        self.parked_count -= self._is_mine(entry)

    def _is_mine(self, entry: Entry) -> bool:
        return entry.device_id == self.device_id

    def group_parked(self, group: Group) -> list[Entry]:
        """Return the parked members of a group."""
        return self._parked_now(
            self._group(group.id).parked,
            lambda entry: entry.mutation.group is not None and entry.mutation.group.id == group.id,
        )

    def group_outcomes(self, group: Group) -> list[Outcome]:
        """Return what became of the members of a group that are known."""
        found = {(each.device_id, each.n): each for each in self._group(group.id).outcomes}
        found.update({key: each for key, each in self.plan.outcomes.items() if each.group == group.id})
        return list(found.values())

    def parked(self, device_id: str, n: int) -> Entry | None:
        """Return one parked mutation."""
        key = device_id, n
        if key in self.plan.parked:
            return self.plan.parked[key]
        if key not in self.book.orphans:
            raise NotLoaded(Needs(orphans={key}))
        return self.book.orphans[key]

    def discard(self, device_id: str, n: int) -> Entry | None:
        """Give up an orphan and return it: its conflict keeps the content, and its author is told."""
        entry = self.parked(device_id, n)
        if entry is None or not entry.is_orphan:
            return None
        self.unpark(entry)
        problem = Problem("discarded", "The record that it belongs to never came, and somebody discarded it.")
        self.settle(entry, "rejected", problem=problem)
        return entry

    def settle(
        self, entry: Entry, verdict: VerdictWord, *, conflicts: tuple[str, ...] = (), problem: Problem | None = None
    ) -> None:
        """Keep what became of a mutation that had been admitted."""
        group = entry.mutation.group
        if entry.is_cleaned and verdict in {"applied", "merged"}:
            problem = CLEANED
        self.plan.outcomes[entry.order] = Outcome(
            device_id=entry.device_id,
            n=entry.mutation.n,
            hash=entry.hash,
            verdict=verdict,
            stamp=entry.stamp,
            correction=entry.correction,
            conflicts=conflicts,
            problem=problem,
            group=None if group is None else group.id,
        )

    def alike(self, asked: Alike) -> list[Record]:
        """Return the records that share the values of a duplicate rule."""
        if asked not in self.book.alike:
            raise NotLoaded(Needs(alike={asked}))
        collection = self.catalogue.collections[asked.collection]
        rule = next(rule for rule in collection.duplicates if rule.name == asked.rule)
        found = {record.key: self.plan.records.get(record.key, record) for record in self.book.alike[asked]}
        found.update({key: self.plan.records[key] for key in self.plan.alike.get(asked, ())})
        return [
            found[key]
            for key in sorted(found)
            if rule.values_of(looked_at(collection, rule, found[key])) == asked.values
        ]

    def _index(self, record: Record) -> None:
        """Keep under which values a record of this plan may be a duplicate; those it had before are passed over."""
        collection = self.catalogue.collections[record.key.collection]
        for rule in collection.duplicates:
            values = looked_at(collection, rule, record)
            if rule.applies(values):
                asked = Alike(collection.name, rule.name, rule.values_of(values))
                self.plan.alike.setdefault(asked, set()).add(record.key)

    def children(self, asked: Children) -> list[Record]:
        """Return the records that a record contains and that were written after a version."""
        if asked not in self.book.children:
            raise NotLoaded(Needs(children={asked}))
        found = children_among(self.catalogue, asked, self.book.children[asked], self.plan.records)
        return sorted(found, key=lambda record: record.key)

    def save_record(self, record: Record, *, stamp: str, fields: Mapping[str, Value], deleted: bool | None) -> None:
        """Keep a record's next state and log the change that brought it."""
        was = self.record(record.key)
        if self.redacts:
            fields, deleted = record.values(), None if record.deleted is None else bool(record.deleted.value)
        version = self._log(record.key, stamp=stamp, fields=fields, deleted=deleted)
        record = Record(record.key, record.fields, record.deleted, version)
        self.plan.records[record.key] = record
        self._index(record)
        if not is_present(self.catalogue, was) and is_present(self.catalogue, record):
            self.appeared.append(record.key)

    @contextmanager
    def redacting(self, is_on: bool = True) -> Generator[None]:  # noqa: FBT001, FBT002 - a condition, as it reads
        """Log what is logged inside the block as redacted."""
        was, self.redacts = self.redacts, self.redacts or is_on
        try:
            yield
        finally:
            self.redacts = was

    def save_conflict(self, conflict: Conflict, *, stamp: str) -> Conflict:
        """Keep a conflict's next state and log it; sides that have just joined carry its version."""
        version = self.next_version
        candidates = tuple(side if side.version else replace(side, version=version) for side in conflict.candidates)
        is_redacted = True if self.redacts else conflict.is_redacted
        conflict = replace(conflict, version=version, candidates=candidates, is_redacted=is_redacted)
        self._log(Key(CONFLICTS, conflict.id), stamp=stamp, fields=wire_fields(conflict), deleted=None)
        self.plan.conflicts[conflict.id] = conflict
        return conflict

    def _log(self, key: Key, *, stamp: str, fields: Mapping[str, Value], deleted: bool | None) -> int:
        version = self.next_version
        change = Change(
            version=version,
            tag=tag_for(self._seed, version),
            collection=key.collection,
            record=key.record,
            stamp=stamp,
            fields=fields,
            more=True,
            redacted=self.redacts,
        )
        self.plan.changes.append(change if deleted is None else replace(change, deleted=deleted))
        self.head = Cursor(version, change.tag)
        return version

    def _group(self, group_id: str) -> GroupState:
        if group_id not in self.book.groups:
            raise NotLoaded(Needs(groups={group_id}))
        return self.book.groups[group_id]

    def _parked_now(self, stored: Collection[Entry], belongs: Callable[[Entry], bool]) -> list[Entry]:
        if not stored and not self.plan.parked:
            return []
        found = {entry.order: entry for entry in stored if entry.order not in self.plan.parked}
        found.update({key: each for key, each in self.plan.parked.items() if each is not None and belongs(each)})
        return [found[order] for order in sorted(found)]
