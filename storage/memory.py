"""The store in memory: for pure simulation and quick tests, and the shortest reading of the ports.

Everything kept is immutable, so a copy of a club is a copy of its dictionaries: a transaction works on a copy that
replaces the club when it commits, and a backup is another.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from heapq import nlargest
from itertools import islice

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from sync.book import Alike, Book, Children, Club, Counters, Device, Entry, GroupState, Needs, Outcome, Plan
from sync.collections import CONFLICTS, Catalogue, Value, is_free_text, with_defaults
from sync.compaction import Row, fold, folded_in, may_fold
from sync.conflicts import Conflict
from sync.conflicts import snapshot_row as conflict_row
from sync.cursors import ORIGIN
from sync.erasure import Erasure, moved_on
from sync.permits import Grant
from sync.ports import (
    CHILDREN_MAX,
    COMPACTED_ROWS_MAX,
    OVERDUE_MAX,
    Compacted,
    Head,
    LogRow,
    LogView,
    Rewritten,
    Seen,
    Traces,
)
from sync.records import Change, Key, Record, looked_at, snapshot_row
from sync.selections import Selection, select


class ClubState(Struct):
    """All that the store keeps of one club."""

    club: Club
    log: list[LogRow] = field(default_factory=list[LogRow])
    records: dict[Key, Record] = field(default_factory=dict[Key, Record])
    conflicts: dict[str, Conflict] = field(default_factory=dict[str, Conflict])
    parked: dict[tuple[str, int], Entry] = field(default_factory=dict[tuple[str, int], Entry])
    outcomes: dict[tuple[str, int], Outcome] = field(default_factory=dict[tuple[str, int], Outcome])
    devices: dict[str, Device] = field(default_factory=dict[str, Device])
    committed_ms: dict[int, int] = field(default_factory=dict[int, int])
    """Version -> when it was committed."""
    settled_ms: dict[tuple[str, int], int] = field(default_factory=dict[tuple[str, int], int])
    """Outcome -> when it came to be what it is."""
    erasures: dict[str, Erasure] = field(default_factory=dict[str, Erasure])

    def copy(self) -> "ClubState":
        """Return a copy that shares no dictionary."""
        return ClubState(
            self.club,
            list(self.log),
            dict(self.records),
            dict(self.conflicts),
            dict(self.parked),
            dict(self.outcomes),
            dict(self.devices),
            dict(self.committed_ms),
            dict(self.settled_ms),
            dict(self.erasures),
        )

    def erased(self) -> list[Erasure]:
        """Return the erasures, the oldest first."""
        return sorted(self.erasures.values(), key=lambda each: (each.at_ms, each.erasure_id))

    def device(self, device_id: str) -> Device | None:
        """Return a device, its parked mutations counted."""
        found = self.devices.get(device_id)
        return None if found is None else replace(found, parked=sum(each[0] == device_id for each in self.parked))


class MemoryLedger:
    """One club inside a transaction."""

    def __init__(self, catalogue: Catalogue, state: ClubState, book: Book, sessions: Mapping[str, Grant]) -> None:
        """Work on a club's working copy with what was loaded of it."""
        self._catalogue = catalogue
        self._sessions = sessions
        self.state = state
        self.book = book

    async def grants(self, sessions: Collection[str]) -> Mapping[str, Grant]:
        """Return what those sessions may do that the store was told of."""
        return {each: self._sessions[each] for each in sessions if each in self._sessions}

    async def load(self, needs: Needs) -> None:
        """Add what is needed to the book."""
        book, state = self.book, self.state
        for run in needs.runs:
            held = book.outcomes.setdefault(run.device_id, {})
            found = {each.n: each for each in self._outcomes_around(run)}
            held.update({each.n: each for each in folded_in(found.values(), run)} | found)
        tags = {row.version: row.tag for row in self._rows(needs.versions)}
        book.tags.update({version: tags.get(version) for version in needs.versions})
        for key in needs.records:
            book.records[key] = state.records.get(key)
            book.conflicts[key] = {each.id: each for each in self._conflicts_about(key)}
        book.waiting.update({what: self._parked(_waits_for(what)) for what in needs.waiting})
        for group in needs.groups:
            outcomes = tuple(each for each in state.outcomes.values() if each.group == group)
            book.groups[group] = GroupState(self._parked(_is_member(group)), outcomes)
        book.orphans.update({order: state.parked.get(order) for order in needs.orphans})
        book.alike.update({asked: tuple(self._alike(asked)) for asked in needs.alike})
        book.children.update({asked: tuple(self._children(asked)) for asked in needs.children})
        for device_id in needs.devices:
            device = state.devices.get(device_id)
            book.authors[device_id] = None if device is None else device.author

    async def traces(self, key: Key | None, *, since_ms: int) -> Traces:
        """Return where a record that is to be erased may stand."""
        state = self.state
        texts = {
            name: [each for each, spec in collection.fields.items() if is_free_text(spec)]
            for name, collection in self._catalogue.collections.items()
        }
        named = [] if key is None else [row for row in state.log if key.record.encode() in row.body]
        return Traces(
            log=[msgspec.json.decode(row.body, type=Change) for row in named],
            recent=[msgspec.json.decode(row.body, type=Change) for row in state.log],
            records=[
                each
                for each in state.records.values()
                if any(each.values().get(name) is not None for name in texts[each.key.collection])
            ],
            conflicts=list(state.conflicts.values()),
            parked=list(state.parked.values()),
            outcomes=[each for each in state.outcomes.values() if each.problem is not None],
        )

    async def save(self, plan: Plan, bodies: Sequence[bytes]) -> None:
        """Write a plan into the working copy."""
        state = self.state
        assert plan.club is not None
        state.club = plan.club
        state.committed_ms.update({change.version: plan.at_ms for change in plan.changes})
        state.settled_ms.update(dict.fromkeys(plan.outcomes, plan.at_ms))
        state.devices.update(plan.devices)
        state.log.extend(
            LogRow(change.version, change.tag, body) for change, body in zip(plan.changes, bodies, strict=True)
        )
        state.records.update(plan.records)
        state.conflicts.update(plan.conflicts)
        state.outcomes.update(plan.outcomes)
        if plan.erasure is not None:
            state.erasures[plan.erasure.erasure_id] = plan.erasure
        for order, entry in plan.parked.items():
            if entry is None:
                state.parked.pop(order, None)
            else:
                state.parked[order] = entry

    def _outcomes_around(self, run: Counters) -> Iterator[Outcome]:
        mine = sorted(n for device_id, n in self.state.outcomes if device_id == run.device_id)
        below = max((n for n in mine if n < run.first), default=run.first)
        above = min((n for n in mine if n > run.last), default=run.last)
        return (self.state.outcomes[run.device_id, n] for n in mine if below <= n <= above)

    def _rows(self, versions: Iterable[int]) -> Iterator[LogRow]:
        first = self.state.log[0].version if self.state.log else 1
        places = (version - first for version in versions)
        return (self.state.log[place] for place in places if 0 <= place < len(self.state.log))

    def _conflicts_about(self, key: Key) -> Iterator[Conflict]:
        return (
            each
            for each in self.state.conflicts.values()
            if each.collection == key.collection and key.record in {each.record, each.other}
        )

    def _parked(self, belongs: Callable[[Entry], bool]) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.state.parked.values() if belongs(entry))

    def _alike(self, asked: Alike) -> Iterator[Record]:
        collection = self._catalogue.collections[asked.collection]
        rule = next(each for each in collection.duplicates if each.name == asked.rule)
        return (
            record
            for record in self.state.records.values()
            if record.key.collection == asked.collection
            and rule.values_of(looked_at(collection, rule, record)) == asked.values
        )

    def _children(self, asked: Children) -> Iterator[Record]:
        for collection, name in self._catalogue.children[asked.key.collection]:
            found = (
                record
                for record in self.state.records.values()
                if record.version > asked.after
                and record.key.collection == collection
                and record.values().get(name) == asked.key.record
            )
            yield from nlargest(CHILDREN_MAX, found, key=lambda record: record.version)


def _waits_for(what: str) -> Callable[[Entry], bool]:
    return lambda entry: entry.waits_for == what


def _is_member(group: str) -> Callable[[Entry], bool]:
    return lambda entry: entry.mutation.group is not None and entry.mutation.group.id == group


class MemoryStore:
    """Clubs in dictionaries. One writer at a time in each club, as the counter row's lock has it."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Begin with no club."""
        self._catalogue = catalogue
        self.clubs: dict[str, ClubState] = {}
        self.sessions: dict[str, dict[str, Grant]] = {}
        """Club -> session -> what it may do: the accounts of this store, kept by whoever uses it."""
        self._locks: dict[str, asyncio.Lock] = {}

    async def create_club(self, club_id: str, *, hash_key: bytes) -> None:
        """Create a club with an empty log."""
        club = Club(head=ORIGIN, clock=0, oldest=1, hash_key=hash_key)
        self.clubs.setdefault(club_id, ClubState(club))
        self._locks.setdefault(club_id, asyncio.Lock())

    @asynccontextmanager
    async def writing(
        self, club_id: str, device_ids: Collection[str], *, overdue_before_ms: int
    ) -> AsyncGenerator[MemoryLedger]:
        """Open a transaction on a copy of the club, which replaces the club at the end."""
        self._state(club_id)
        async with self._locks[club_id]:
            copy = self._state(club_id).copy()
            overdue = [e for e in copy.parked.values() if e.received_ms < overdue_before_ms and not e.is_orphan]
            overdue.sort(key=lambda entry: (entry.received_ms, *entry.order))
            devices = {device_id: copy.device(device_id) for device_id in device_ids}
            book = Book(copy.club, devices, overdue=tuple(overdue[:OVERDUE_MAX]), erasures=tuple(copy.erased()))
            ledger = MemoryLedger(self._catalogue, copy, book, self.sessions.get(club_id, {}))
            yield ledger
            self.clubs[club_id] = ledger.state

    async def head(self, club_id: str) -> Head:
        """Return where the log stands."""
        club = self._state(club_id).club
        return Head(club.head, club.oldest)

    async def seen(self, club_id: str, keys: Sequence[Key]) -> Seen:
        """Return where the log stands, and these records."""
        found = self._state(club_id).records
        return Seen(await self.head(club_id), {key: found[key] for key in keys if key in found})

    async def tags(self, club_id: str, versions: Collection[int]) -> Mapping[int, str]:
        """Return the tags of those versions that the log holds."""
        return {row.version: row.tag for row in self._state(club_id).log if row.version in versions}

    async def log_page(self, club_id: str, after: int, *, changes_max: int, bytes_max: int) -> Sequence[LogRow]:
        """Return the rows after a version that fit a page."""
        rows: list[LogRow] = []
        size = 0
        for row in self._state(club_id).log:
            if row.version <= after:
                continue
            size += len(row.body)
            if rows and (size > bytes_max or len(rows) >= changes_max):
                break
            rows.append(row)
        return rows

    async def log_view(
        self, club_id: str, after: int, versions: Collection[int], *, changes_max: int, bytes_max: int
    ) -> LogView:
        """Return what a pull reads."""
        rows = await self.log_page(club_id, after, changes_max=changes_max, bytes_max=bytes_max)
        return LogView(await self.head(club_id), await self.tags(club_id, versions), rows)

    async def key_page(self, club_id: str, collection: str, after: str, *, records_max: int) -> Sequence[Change]:
        """Return current records in the order of their ids."""
        state = self._state(club_id)
        if collection == CONFLICTS:
            rows = [conflict_row(each) for each in state.conflicts.values()]
        else:
            rows = [snapshot_row(each) for each in state.records.values() if each.key.collection == collection]
        return sorted((row for row in rows if row.record > after), key=lambda row: row.record)[:records_max]

    async def counts(self, club_id: str) -> Mapping[str, int]:
        """Return the number of records in each collection."""
        state = self._state(club_id)
        names = [key.collection for key in state.records]
        return {
            **{name: names.count(name) for name in self._catalogue.collections},
            CONFLICTS: len(state.conflicts),
        }

    async def devices(self, club_id: str) -> Sequence[Device]:
        """Return the club's devices, the one seen last first."""
        state = self._state(club_id)
        found = (device for each in state.devices if (device := state.device(each)) is not None)
        return sorted(found, key=lambda device: (-device.seen_ms, device.device_id))

    async def records(self, club_id: str, collection: str, where: Mapping[str, Value]) -> Sequence[Record]:
        """Return the records whose fields have these values."""
        declared = self._catalogue.collections[collection]
        found: list[Record] = []
        for key, record in self._state(club_id).records.items():
            values = {**with_defaults(declared, record.values()), "id": key.record}
            if key.collection == collection and all(values[name] == value for name, value in where.items()):
                found.append(record)
        return sorted(found, key=lambda record: record.key)

    async def conflicts(self, club_id: str, *, is_open: bool, after: str, limit: int) -> Sequence[Conflict]:
        """Return conflicts in the order of their ids."""
        found = self._state(club_id).conflicts
        wanted = (found[each] for each in sorted(found) if each > after and (found[each].is_open or not is_open))
        return list(islice(wanted, limit))

    async def select(self, club_id: str, collection: str, selection: Selection) -> Sequence[Record]:
        """Return what a selection chooses."""
        records = [each for key, each in self._state(club_id).records.items() if key.collection == collection]
        return select(self._catalogue, self._catalogue.collections[collection], selection, records)

    async def compact(
        self, club_id: str, *, before_ms: int, rows_max: int = COMPACTED_ROWS_MAX
    ) -> AsyncGenerator[Compacted]:
        """Drop what was committed before a time, step by step."""
        if club_id not in self.clubs:
            return
        async with self._rewriting(club_id) as state:
            state.club = replace(state.club, oldest=_kept_from(state, before_ms))
        yield Compacted()
        while count := sum(row.version < state.club.oldest for row in islice(state.log, rows_max)):
            async with self._rewriting(club_id) as state:
                for row in state.log[:count]:
                    del state.committed_ms[row.version]
                del state.log[:count]
            yield Compacted(changes=count)
        for device_id in sorted({device_id for device_id, _ in state.outcomes}):
            async with self._rewriting(club_id) as state:
                count = _fold_outcomes(state, device_id, before_ms)
            yield Compacted(outcomes=count)

    @asynccontextmanager
    async def _rewriting(self, club_id: str) -> AsyncGenerator[ClubState]:
        async with self._locks[club_id]:
            copy = self._state(club_id).copy()
            yield copy
            self.clubs[club_id] = copy

    async def erasures(self, club_id: str) -> Sequence[Erasure]:
        """Return a club's erasures, the oldest first."""
        return self._state(club_id).erased()

    async def hash_key(self, club_id: str) -> bytes:
        """Return the key with which a club's hashes are made."""
        return self._state(club_id).club.hash_key

    async def rewrite(
        self, erasure: Erasure, rewrite: Callable[[bytes], bytes | None], *, rows_max: int, now_ms: int
    ) -> Rewritten:
        """Rewrite the next rows of the log for an erasure."""
        async with self._locks[erasure.club_id]:
            state = self._state(erasure.club_id)
            now = state.erasures.get(erasure.erasure_id)
            if now is None:
                raise LookupError(erasure.erasure_id)
            if now.finished_ms is not None:
                return Rewritten(now, 0)
            due = (place for place, row in enumerate(state.log) if now.rewritten_to < row.version <= now.version)
            places = list(islice(due, rows_max))
            told = [(place, rewrite(state.log[place].body)) for place in places]
            changed = [(place, body) for place, body in told if body is not None]
            versions = [state.log[place].version for place in places]
            for place, body in changed:
                state.log[place] = state.log[place]._replace(body=body)
            state.erasures[now.erasure_id] = moved_on(now, versions, rows_max=rows_max, now_ms=now_ms)
            return Rewritten(state.erasures[now.erasure_id], len(changed))

    def _state(self, club_id: str) -> ClubState:
        found = self.clubs.get(club_id)
        if found is None:
            raise LookupError(club_id)
        return found


def _kept_from(state: ClubState, before_ms: int) -> int:
    """Return the version from which a log is kept: where the transaction begins that is young, or else the last one."""
    begins = state.club.oldest
    for row in state.log:
        if row.version < state.club.oldest:
            continue
        if state.committed_ms[row.version] >= before_ms or row.version == state.club.head.version:
            break
        if not msgspec.json.decode(row.body, type=Change).more:
            begins = row.version + 1
    return begins


def _fold_outcomes(state: ClubState, device_id: str, before_ms: int) -> int:
    """Fold a device's outcomes that are old; return how many went."""
    mine = sorted(n for each, n in state.outcomes if each == device_id)
    rows: list[Row] = []
    for n in mine:
        outcome = state.outcomes[device_id, n]
        is_old = may_fold(outcome) and state.settled_ms[device_id, n] < before_ms
        rows.append(Row(n, outcome.from_n, is_old, outcome.group is not None))
    folding = fold(rows)
    for n in folding.gone:
        del state.outcomes[device_id, n], state.settled_ms[device_id, n]
    for n, from_n in folding.spans.items():
        state.outcomes[device_id, n] = replace(state.outcomes[device_id, n], from_n=from_n)
    return len(folding.gone)
