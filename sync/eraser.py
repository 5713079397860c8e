"""Planning an erasure: a pure function from where somebody stands to what is written so that nothing of them is left.

One erasure is one transaction under the counter row, and is seen whole. The record becomes a bare tombstone; what
waited for its turn about it is rejected; conflicts about it are emptied; where text elsewhere names the person, the
name is replaced. All is written by ERASER, with one stamp above all that the club has issued, so it stands against
whatever a device still holds. The log up to here is rewritten afterwards (`sync/rewriting.py`).
"""

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from sync.book import Book, Entry, Needs, NotLoaded, Plan, Workspace
from sync.collections import CONFLICTS, Catalogue, Value, Values, format_instant, is_object
from sync.conflicts import Conflict, Kind, emptied, read_conflict, side_of
from sync.erasure import ERASED, ERASER, Erasure, names_among, subject_of
from sync.parking import wake
from sync.ports import Traces
from sync.quarantine import reject_group
from sync.records import Key, Record, Write
from sync.stamps import TICKS_PER_MS, make_stamp
from sync.subjects import Subject


def plan_erasure(
    catalogue: Catalogue,
    book: Book,
    traces: Traces,
    asked: Erasure,
    key: Key | None,
    *,
    now_ms: int,
    seed: bytes,
) -> Plan:
    """Return what erasing a record writes, with the erasure as it is kept; the plan is one of its own.

    `asked` names the erasure and the names that are known already; `key` is the record, None where only its hash is
    known and nothing of it is there. Raises NotLoaded where the book lacks something: begin again then.
    """
    names = {*asked.names}
    if key is not None:
        names |= names_among(book.club.hash_key, _names_said(catalogue, traces, key))
    workspace = Workspace(catalogue, book, Plan(), device_id=ERASER, seed=seed)
    workspace.clock = max(workspace.clock + 1, now_ms * TICKS_PER_MS)
    erasing = _Erasing(workspace, traces, replace(asked, names=tuple(sorted(names))), now_ms)
    erasing.clean_outcomes()
    if key is not None:
        erasing.forget(key)
    erasing.clean_parked()
    erasing.look_back()
    erasing.clean_records(key)
    erasing.clean_conflicts()
    return _finished(workspace, erasing.erasure, now_ms)


def find_subjects(hash_key: bytes, erasure: Erasure, keys: Iterable[Key]) -> list[Key]:
    """Return those of some records that an erasure is about: one, or none."""
    return [
        key for key in keys if key.collection == erasure.collection and subject_of(hash_key, key) == erasure.subject
    ]


def keys_in(traces: Traces) -> set[Key]:
    """Return all records that traces name, those that were never created too."""
    keys = {record.key for record in traces.records} | {entry.key for entry in traces.parked}
    return keys | {
        Key(each.collection, name) for each in traces.conflicts for name in (each.record, each.other) if name
    }


def _names_said(catalogue: Catalogue, traces: Traces, key: Key) -> Iterable[Value]:
    """Return what the record's identifying fields ever held: standing, logged, lost, parked, in quarantine."""
    said: list[Mapping[str, Value]] = [record.values() for record in traces.records if record.key == key]
    said += [change.fields for change in traces.log if change.key == key]
    said += [entry.mutation.fields for entry in traces.parked if entry.key == key]
    identifying = catalogue.collections[key.collection].identifying
    for fields in _conflicts_said(traces, key):
        sides = [fields.get("stands"), *(fields.get("candidates") or ())]
        values = [side["value"] for side in sides if is_object(side)]
        said += [{fields["field"]: value} for value in values]
        said += [part for value in values if is_object(value) for part in _fields_in(value)]
    return [fields[name] for fields in said for name in identifying & fields.keys()]


def _conflicts_said(traces: Traces, key: Key) -> Iterable[Mapping[str, Value]]:
    """Return every state of the conflicts about a record that is stored or logged, as fields."""
    logged = [change.fields for change in traces.log if change.collection == CONFLICTS]
    from_tables = [
        {"collection": each.collection, "record": each.record, "field": each.field, **_sides(each)}
        for each in traces.conflicts
    ]
    found = [*logged, *from_tables]
    return [each for each in found if each.get("collection") == key.collection and each.get("record") == key.record]


def _sides(conflict: Conflict) -> dict[str, Value]:
    stands = None if conflict.stands is None else {"value": conflict.stands.value}
    return {"stands": stands, "candidates": [{"value": side.value} for side in conflict.candidates]}


def _fields_in(value: Mapping[str, Value]) -> Iterable[Mapping[str, Value]]:
    """Return the fields that a side shows: of an edit that met a delete, or of a whole mutation or its answer."""
    told = value.get("mutation")
    parts = [value.get("fields")]
    if is_object(told):
        parts.append(told.get("fields"))
        answer = told.get("resolve")
        if is_object(answer) and isinstance(answer.get("field"), str):
            parts.append({answer["field"]: answer.get("value")})
    return [part for part in parts if is_object(part)]


class _Erasing:
    """One erasure being planned."""

    def __init__(self, workspace: Workspace, traces: Traces, erasure: Erasure, now_ms: int) -> None:
        self.workspace = workspace
        self.traces = traces
        self.erasure = erasure
        self.subject = Subject(workspace.catalogue, workspace.book.club.hash_key, erasure)
        self.stamp = make_stamp(workspace.clock, ERASER)
        self.at = format_instant(now_ms)
        self.near = self._near()
        self.lately: dict[Key, set[str]] = {}
        """Fields of other records in which a name stood within the time for which devices keep what they sent."""
        self.asked_lately: set[str] = set()
        """Conflicts in which one stood."""
        self.told = {each.id for each in traces.conflicts if self._is_about(each)}
        self.written: dict[tuple[Key, str], Write] = {}

    def _near(self) -> set[Key]:
        """Return the records that refer to the subject, or did once."""
        said: list[tuple[Key, Values]] = [(record.key, record.values()) for record in self.traces.records]
        said += [(change.key, change.fields) for change in self.traces.log]
        return {key for key, values in said if self.subject.refers(key.collection, values)}

    def _is_about(self, conflict: Conflict) -> bool:
        return self.subject.is_about(conflict.collection, conflict.record, conflict.other)

    def write(self, value: Value, over: Write | None = None) -> Write:
        """Return the write that is laid now; its counter is its version, for ERASER has no other.

        Whoever wrote what it replaces counts as having seen it: nobody is asked about a name taken out of their text.
        """
        writers = set[tuple[str, int]]() if over is None else {*over.also, (over.device_id, over.n)}
        also = tuple(sorted(each for each in writers if each[0] != ERASER))
        return Write(value, self.stamp, self.workspace.next_version, self.workspace.next_version, also)

    def save(self, record: Record) -> None:
        """Log all that is left of a record."""
        with self.workspace.redacting():
            self.workspace.save_record(record, stamp=self.stamp, fields={}, deleted=None)

    def forget(self, key: Key) -> None:
        """Leave a bare tombstone of the subject."""
        self.save(Record(key, {}, self.write(True)))  # noqa: FBT003 - a value

    def clean_outcomes(self) -> None:
        """Replace names in what authors were told."""
        for outcome in self.traces.outcomes:
            is_near = not self.told.isdisjoint(outcome.conflicts)
            problem = self.subject.clean_problem(outcome.problem, is_near=is_near)
            if problem != outcome.problem:
                self.workspace.plan.outcomes[outcome.device_id, outcome.n] = replace(outcome, problem=problem)

    def clean_parked(self) -> None:
        """Reject what waits about the subject, with its group, and replace names in what else waits."""
        plan = self.workspace.plan
        gone: list[Entry] = []
        for entry in sorted(self.traces.parked, key=lambda each: each.order):
            mutation = entry.mutation
            claims = any(self.subject.claims_name(mutation.collection, *said) for said in mutation.fields.items())
            if self.subject.is_target(mutation) or claims:
                gone.append(entry)
                continue
            is_near = entry.key in self.near or self.subject.refers(mutation.collection, mutation.fields)
            cleaned = self.subject.clean_mutation(mutation, is_near=is_near)
            if cleaned != mutation:
                plan.parked[entry.order] = replace(entry, mutation=cleaned, is_cleaned=True)
        for entry in gone:
            self.workspace.settle(entry, "rejected", problem=ERASED)
            self.workspace.unpark(entry)
        for entry in gone:
            if entry.mutation.group is not None:
                reject_group(self.workspace, entry.mutation.group)
        wake(self.workspace)  # a tombstone contains too

    def look_back(self) -> None:
        """Find where a name stood lately, though it stands there no more: its author's device has it still."""
        for change in self.traces.recent:
            if change.collection == CONFLICTS:
                conflict = read_conflict(change)
                if not self._is_about(conflict) and self.subject.clean_conflict(conflict, self.near) != conflict:
                    self.asked_lately.add(conflict.id)
                    if conflict.kind is Kind.FIELD:
                        self.lately.setdefault(conflict.key, set()).add(conflict.field)
            elif not self.subject.is_key(change.key):
                is_near = change.key in self.near
                cleaned = self.subject.without_names(change.collection, change.fields, is_near=is_near)
                named = {name for name, value in change.fields.items() if cleaned.get(name) != value}
                if named:
                    self.lately.setdefault(change.key, set()).update(named)

    def clean_records(self, subject: Key | None) -> None:
        """Replace names in the free texts of all other records.

        A field in which one stood lately is written anew as it is: a snapshot shows by that what was redacted.
        """
        due = self._due(subject)
        for key in sorted(due):
            record = self.workspace.record(key)
            if record is None:
                continue
            cleaned = self._cleaned(record)
            fields = {name: self.write(cleaned[name], record.fields[name]) for name in cleaned if name in due[key]}
            if fields:
                self.save(replace(record, fields={**record.fields, **fields}))
                self.written.update({(record.key, name): write for name, write in fields.items()})

    def _due(self, subject: Key | None) -> dict[Key, set[str]]:
        """Return the fields of other records that are written anew; all of these records are had loaded at once."""
        due = {key: set(names) for key, names in self.lately.items()}
        for stored in self.traces.records:
            record = self.workspace.plan.records.get(stored.key, stored)
            values = record.values()
            named = {name for name, value in self._cleaned(record).items() if value != values[name]}
            if named:
                due.setdefault(record.key, set()).update(named)
        if subject is not None:
            due.pop(subject, None)
        missing = due.keys() - self.workspace.plan.records.keys() - self.workspace.book.records.keys()
        if missing:
            raise NotLoaded(Needs(records=missing))
        return due

    def _cleaned(self, record: Record) -> dict[str, Value]:
        return self.subject.without_names(record.key.collection, record.values(), is_near=record.key in self.near)

    def clean_conflicts(self) -> None:
        """Empty the conflicts about the subject, and replace names in all others."""
        plan = self.workspace.plan
        found = {each.id: each for each in self.traces.conflicts}
        found.update(plan.conflicts)
        for identity in sorted(found):
            conflict = found[identity]
            if self._is_about(conflict):
                now = emptied(conflict, at=self.at)
            else:
                now = self._standing(self.subject.clean_conflict(conflict, self.near))
            if now != conflict or identity in self.asked_lately:
                with self.workspace.redacting():
                    self.workspace.save_conflict(now, stamp=self.stamp)

    def _standing(self, conflict: Conflict) -> Conflict:
        """Return a conflict of a field with the write that stands there since a name was replaced."""
        write = self.written.get((conflict.key, conflict.field))
        if write is None or conflict.kind is not Kind.FIELD:
            return conflict
        return replace(conflict, stands=side_of(write, author=None, version=write.version))


def _finished(workspace: Workspace, erasure: Erasure, now_ms: int) -> Plan:
    """Mark the end of the transaction, and keep the club's next counter row and the erasure."""
    plan = workspace.plan
    if plan.changes:
        plan.changes[-1] = replace(plan.changes[-1], more=False)
    plan.club = replace(workspace.book.club, head=workspace.head, clock=workspace.clock)
    # Where nothing was left to write, nobody can have seen it: whoever comes with an old queue has not.
    version = workspace.head.version + (0 if plan.changes else 1)
    plan.erasure = replace(erasure, version=version, at_ms=now_ms, rewritten_to=0, finished_ms=None)
    return plan
