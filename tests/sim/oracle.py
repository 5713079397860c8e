"""The oracle: what must hold, told without the engine's own merge, planning or device code.

It looks at what was sent, what was answered, and the log, and keeps for each field all writes that were ever applied.
From these it knows which value must stand (the greatest stamp, then `n`), who had seen what, and where a person must
be asked, or must not be. `Violation` names the invariant of the catalogue of faults.
"""

import itertools
import re
from bisect import insort
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import UNSET, Struct

from storage.memory import ClubState
from sync.book import Outcome
from sync.collections import CONFLICTS, Field, Type, Value
from sync.cursors import Cursor
from sync.erasure import Erasure
from sync.errors import CursorExpired, SyncError
from sync.limits import CORRECTION_FLOOR_MS
from sync.messages import Again, Malformed, Mutation, PullAnswer, PushAnswer, PushRequest, read_mutations
from sync.records import ERASER, Change, Key
from tests.sim.catalogue import CATALOGUE

TICKS: Final = 1 << 16
DELETED: Final = "deleted"


class Violation(AssertionError):
    """An invariant is broken."""


def must(condition: object, invariant: str, detail: object) -> None:
    """Raise Violation unless the condition holds."""
    if not condition:
        raise Violation(f"{invariant}: {detail}")


class Steady(Struct):
    """Whether a phone's clock was never set and its device id never shared: then its correction can be judged."""

    is_steady: bool = True


class Place(NamedTuple):
    """A register: a field of a record, or its `deleted`."""

    collection: str
    record: str
    field: str


class Author(NamedTuple):
    """Who wrote, and what they had seen."""

    device_id: str
    n: int
    base: int
    origins: tuple[tuple[str, int], ...]

    def owns(self, device_id: str, n: int) -> bool:
        """Tell whether a mutation is this author's own."""
        return device_id == self.device_id or any(device_id == old and n <= last for old, last in self.origins)


class Written(Struct):
    """A write that was applied to a register."""

    value: Value
    stamp: str
    author: Author
    is_asked: bool
    op: str
    version: int | None = None
    """The log's version that laid it down; None for one that lost."""
    revealed: int | None = None
    """The version of the first conflict that showed it as a candidate."""
    tx: int = 0

    @property
    def rank(self) -> tuple[str, int]:
        """Return what decides between two writes."""
        return self.stamp, self.author.n

    @property
    def names(self) -> tuple[str, int]:
        """Return the mutation that made it."""
        return self.author.device_id, self.author.n


class Row(Struct):
    """A record in the oracle's own fold of the log."""

    values: dict[str, Value]
    deleted: bool = False
    version: int = 0


Fold = dict[tuple[str, str], Row]


def name_of(player: str) -> str:
    """Return a player's name: of two words, and like nobody else's."""
    return f"Kid {player[:6]}"


def without(player: str, value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a JSON value without a player's name."""
    text = msgspec.json.encode(value).decode()
    return msgspec.json.decode(re.sub(name_of(player), "…", text, flags=re.IGNORECASE))


def lay(fold: Fold, change: Change) -> None:
    """Lay one change over a fold."""
    was = Row({}) if change.redacted else fold.get((change.collection, change.record), Row({}))
    fold[change.collection, change.record] = Row(
        {**was.values, **change.fields},
        was.deleted if change.deleted is UNSET else bool(change.deleted),
        change.version,
    )


def fold_of(changes: Iterable[Change]) -> Fold:
    """Return the fold of a log."""
    fold: Fold = {}
    for change in changes:
        lay(fold, change)
    return fold


class Known(Struct):
    """What the oracle knows of a mutation that the server received."""

    signature: bytes
    mutation: Mutation | Malformed
    author: Author
    received: int
    """The transaction of its first receipt."""
    kept_below: bool = False
    """Whether a later `n` of its device had its stamp already."""
    is_again: bool = False
    settled: int | None = None
    """The transaction that settled it."""
    has_trace: bool = False
    """Whether it wrote anything: a write that lost silently leaves only its verdict."""


class Before(NamedTuple):
    """What the server held before a push."""

    rows: int
    head: str
    clock: int
    first: int
    """The first version whose row is there; one more than the head's where there is none."""


def signature(mutation: Mutation | Malformed) -> bytes:
    """Return what stays of a mutation when its device takes a new identity."""
    if isinstance(mutation, Malformed):
        return msgspec.json.encode(mutation.raw, order="deterministic")
    return msgspec.json.encode(msgspec.structs.replace(mutation, origins=()), order="deterministic")


def key_of(mutation: Mutation | Malformed) -> tuple[str, str]:
    """Return the record that a mutation is about."""
    return ("", "") if isinstance(mutation, Malformed) else (mutation.collection, mutation.record)


def fields_of(collection: str) -> Mapping[str, Field]:
    """Return the fields that a collection declares; none for one that there is not."""
    return CATALOGUE.collections[collection].fields if collection in CATALOGUE.collections else {}


def moved(instant: str, milliseconds: int) -> str:
    """Return an instant moved by a correction."""
    found = datetime.fromisoformat(instant).astimezone(UTC) + timedelta(milliseconds=milliseconds)
    return found.strftime("%Y-%m-%dT%H:%M:%S.") + f"{found.microsecond // 1000:03d}Z"


class Oracle:
    """All that the oracle knows of one history of the server."""

    def __init__(self) -> None:
        """Begin with an empty history."""
        self.log: list[Change] = []
        self.tags: dict[int, str] = {0: "0" * 16}
        self.ends: set[int] = {0}
        self.tx_count = 0
        self.fold: Fold = {}
        self.known: dict[tuple[str, int], Known] = {}
        self.waiting: set[tuple[str, int]] = set()
        self.verdicts: dict[tuple[str, int], tuple[str, str]] = {}
        self.stamps: dict[str, list[tuple[int, str]]] = defaultdict(list)
        self.registers: dict[Place, list[Written]] = defaultdict(list)
        self.by_name: dict[tuple[Place, tuple[str, int]], Written] = {}
        self.ops: dict[tuple[str, str], list[tuple[Author, str, str]]] = defaultdict(list)
        """Deletes and answers about a record: the author, the op, the field that was answered."""
        self.groups: dict[str, set[int]] = {}
        """The members of each group that were applied, by their counters."""
        self.dirty: set[tuple[str, str]] = set()
        self.truth: dict[tuple[str, bytes], tuple[int, Steady]] = {}
        """Device and signature -> the true time of the edit, and whether its phone's clock can be judged."""
        self.erased: dict[str, int] = {}
        """Player -> the version with which they were erased."""
        self.named: set[str] = set()
        """Those of them who had a name."""
        self.redacted: set[tuple[str, str]] = set()
        """Records of which an erasure left nothing, or not all: a device forgets what it wrote about them."""
        self.seen: dict[str, int] = defaultdict(int)
        """What the run met, for the report: it says that the faults really happen."""

    def copy(self, keeping: "Oracle | None" = None) -> "Oracle":
        """Return a copy for a backup; `keeping` is the oracle whose knowledge of the world outlives a restore."""
        other = Oracle()
        other.log = list(self.log)
        other.tags = dict(self.tags)
        other.ends = set(self.ends)
        other.tx_count = self.tx_count
        other.fold = dict(self.fold)
        other.known = {key: msgspec.structs.replace(each) for key, each in self.known.items()}
        other.waiting = set(self.waiting)
        other.verdicts = dict(self.verdicts)
        other.stamps = defaultdict(list, {key: list(found) for key, found in self.stamps.items()})
        for place, writes in self.registers.items():
            for write in writes:
                other._add(place, msgspec.structs.replace(write))
        other.ops = defaultdict(list, {key: list(found) for key, found in self.ops.items()})
        other.groups = dict(self.groups)
        other.dirty = set(self.dirty)
        other.erased, other.named = dict(self.erased), set(self.named)
        other.redacted = (keeping or self).redacted
        other.truth = (keeping or self).truth
        other.seen = (keeping or self).seen
        return other

    def _add(self, place: Place, write: Written) -> None:
        self.registers[place].append(write)
        self.by_name[place, write.names] = write

    # -- what the server does --------------------------------------------------------------------------------------

    def before(self, club: ClubState) -> Before:
        """Note what the server holds before a push."""
        first = club.log[0].version if club.log else club.club.head.version + 1
        return Before(len(club.log), str(club.club.head), club.club.clock, first)

    def refused(self, club: ClubState, before: Before) -> None:
        """Check that a refused push left no trace (I2)."""
        must(self.before(club) == before, "I2", "a refused push left a trace")

    def saw_erased(
        self, before: Before, club: ClubState, player: str, erasure: Erasure, *, is_again: bool = False
    ) -> None:
        """Look at an erasure: nothing of the player is left, and whatever else was written is as it was, unnamed.

        One that is done again after a restore goes by the names that are in the ledger.
        """
        self.tx_count += 1
        rows = self._read_rows(before, club)
        key = ("players", player)
        had_name = any(
            key_of(known.mutation) == key and isinstance(known.mutation, Mutation) and "name" in known.mutation.fields
            for known in self.known.values()
        )
        is_right = is_again or had_name == bool(erasure.names)
        must(is_right, "I17", f"{player} was named: {had_name}, and it is kept as {erasure}")
        if erasure.names:
            self.named.add(player)
        self.erased[player] = erasure.version
        self.seen["erased"] += 1
        self._forget(player)
        for change in rows:
            is_rejection = change.collection == CONFLICTS and change.fields["kind"] in {"rejected", "orphan"}
            must(change.redacted or is_rejection, "I17", f"version {change.version} of an erasure says nothing of it")
            if change.collection == CONFLICTS and change.redacted:
                self._check_conflict(player, change)
            elif change.collection == CONFLICTS:
                pass  # a member of a group with a mutation about the player
            elif (change.collection, change.record) == key:
                must(change.deleted is True and not change.fields, "I17", f"{change} leaves something")
                place = Place(*key, DELETED)
                author = Author(ERASER, change.version, change.version, ())
                self._add(place, Written(True, change.stamp, author, True, "erase", change.version, tx=self.tx_count))
            else:
                self._check_unnamed(player, change)
            lay(self.fold, change)
        must(key in self.redacted or not rows, "I17", f"{key} was erased and not redacted")
        for collection, record in {(change.collection, change.record) for change in rows}:
            self.check_standing(club, (collection, record))

    def _forget(self, player: str) -> None:
        """Take a player out of all that was written before."""
        for place, writes in self.registers.items():
            if place[:2] == ("players", player):
                writes.clear()
            for write in writes:
                if isinstance(write.value, str) and player in self.named:
                    write.value = without(player, write.value)

    def _check_unnamed(self, player: str, change: Change) -> None:
        key = change.collection, change.record
        was = self.fold[key]
        must(change.fields == without(player, was.values), "I17", f"{change} is not {was} without {player}")
        must((change.deleted is True) == was.deleted, "I17", f"{change} deletes or restores {key}")
        for name, value in change.fields.items():
            # A field that named the player lately is written anew, as it is: devices are told so by a snapshot too.
            if value != was.values[name] or self._was_named(player, key, name):
                is_asked = fields_of(key[0])[name].is_asked
                author = Author(ERASER, change.version, change.version, ())
                written = Written(value, change.stamp, author, is_asked, "erase", change.version, tx=self.tx_count)
                self._add(Place(*key, name), written)

    def _was_named(self, player: str, key: tuple[str, str], name: str) -> bool:
        told = [change.fields for change in self.log if (change.collection, change.record) == key]
        for change in self.log:
            if change.collection == CONFLICTS and (change.fields["collection"], change.fields["record"]) == key:
                sides = [change.fields["stands"], *change.fields["candidates"]]
                told += [{change.fields["field"]: side["value"]} for side in sides if side is not None]
        return any(name in fields and without(player, fields[name]) != fields[name] for fields in told)

    def is_silent(self, mutation: Mutation | Malformed, device_id: str) -> bool:
        """Tell whether a mutation wrote a text that lost without a word, so that nobody else ever had it."""
        if not isinstance(mutation, Mutation):
            return False
        place = Place(mutation.collection, mutation.record, "place")
        write = self.by_name.get((place, (device_id, mutation.n)))
        return write is not None and write.version is None and write.revealed is None

    def _check_conflict(self, player: str, change: Change) -> None:
        now, held = change.fields, self.fold.get((CONFLICTS, change.record))
        if (now["collection"], now["record"]) == ("players", player):
            is_empty = now["status"] == "superseded" and now["stands"] is None and not now["candidates"]
            must(is_empty, "I17", f"{now} is about {player}, and says something")
            return
        if held is None:  # a member of a group with a mutation about the player, and it named them
            is_clean = now["kind"] == "rejected" and now == without(player, now)
            must(is_clean, "I17", f"{now} is new in the erasure of {player}")
            return
        was = held.values
        old = without(player, was)
        same = now["candidates"] == old["candidates"] and now["status"] == old["status"]
        must(same, "I17", f"{now} is not {was} without {player}")

    def saw_rewritten(self, club: ClubState) -> None:
        """Look at a log that is being rewritten: each row is as it was, or says what an erasure leaves of it."""
        for row in club.log:
            place = row.version - 1
            was, now = self.log[place], msgspec.json.decode(row.body, type=Change)
            if now == was:
                continue
            kept = now.version, now.tag, now.collection, now.record, now.stamp, now.deleted, now.more
            must(
                kept == (was.version, was.tag, was.collection, was.record, was.stamp, was.deleted, was.more),
                "I17",
                f"{was} was rewritten as {now}",
            )
            self._check_rewritten(was, now)
            self.log[place] = now

    def _check_rewritten(self, was: Change, now: Change) -> None:
        about = was.fields if was.collection == CONFLICTS else {"collection": was.collection, "record": was.record}
        if about["collection"] == "players" and about["record"] in self.erased:
            must(now.redacted, "I17", f"{now} says nothing of its erasure")
            must(not now.fields.get("candidates") and "name" not in now.fields, "I17", f"{now} leaves something")
            return
        fields = was.fields
        for player in self.named:
            fields = without(player, fields)
        told = now.fields
        for player in self.named:
            told = without(player, told)
        must(fields == told, "I17", f"{was} was rewritten as {now}")

    def check_erased(self, held: bytes, who: str) -> None:
        """Check that nothing of those who were erased is held, once all is rewritten and everyone has synced."""
        text = held.decode().casefold()
        for player in self.named:
            at = text.find(name_of(player).casefold())
            must(at < 0, "I17", f"{who} still names {player}: {text[max(0, at - 300) : at + 100]}")

    def _cleaned(self, value: Value, author: Author) -> Value:
        """Return what is written of a value by an author who may not have seen some erasures."""
        for player, version in self.erased.items():
            if isinstance(value, str) and player in self.named and author.base < version:
                value = without(player, value)
        return value

    def page_sent(self, since: str, answer: PullAnswer) -> None:
        """Check that a page is the log after its cursor, without gap or repeat (I5)."""
        start = Cursor.parse(since, where="since").version
        sent = [msgspec.json.decode(raw, type=Change) for raw in answer.changes]
        must(sent == self.log[start : start + len(sent)], "I5", f"the page after {since} is not the log")
        must(bool(sent) or start == len(self.log), "I5", "an empty page before the head")
        must(answer.more == (start + len(sent) < len(self.log)), "I5", "`more` is wrong")

    def expired(self, club: ClubState, since: str, error: SyncError) -> None:
        """Check that nobody is sent to a snapshot whose cursor the kept log follows (I5)."""
        version = Cursor.parse(since, where="since").version
        is_kept = club.club.oldest <= version or version == 0 == club.club.oldest - 1
        must(not isinstance(error, CursorExpired) or not is_kept, "I5", f"{since} is said to be older than the log")

    def compacted(self, before: ClubState, club: ClubState) -> None:
        """Check that of a log only its beginning went, and of what was settled only what it was (I4, I6, I7)."""
        oldest = club.club.oldest
        must(club.log == before.log[len(before.log) - len(club.log) :], "I4", "compaction changed a row")
        must(oldest - 1 in self.ends, "I6", f"the kept log begins at {oldest}, inside a transaction")
        must(
            all(row.version < oldest for row in before.log[: len(before.log) - len(club.log)]), "I5", "a kept row went"
        )
        must(not self.log or club.log, "I5", "the head has no row")
        same = (before.records, before.conflicts, before.parked, before.devices)
        must(same == (club.records, club.conflicts, club.parked, club.devices), "I7", "compaction touched more")
        must(all(name in club.outcomes for name in club.parked), "I1", "what became of a parked mutation went")
        self.seen["rows compacted"] += len(before.log) - len(club.log)
        self.seen["outcomes folded"] += len(before.outcomes) - len(club.outcomes)

    def pushed(
        self, before: Before, club: ClubState, push: PushRequest, answer: PushAnswer, *, now_ms: int, latency_ms: int
    ) -> None:
        """Look at a push that was applied: its answer, and what the log says."""
        self.tx_count += 1
        rows = self._read_rows(before, club)
        again = {each.n: each for each in push.again}
        for mutation in read_mutations(push):
            self._receive(push.device_id, mutation, again.get(mutation.n), before)
        self._check_verdicts(push, answer)
        settled = self._settle(club, push, before, now_ms=now_ms, latency_ms=latency_ms)
        self._find_versions(rows, settled)
        self._check_rows(rows)
        for change in rows:
            lay(self.fold, change)
        self._check_deletes(settled, club)
        self._check_groups(settled)
        must(str(club.club.head) == answer.timestamp, "I4", "the answer's timestamp is not the head")
        touched = {key_of(known.mutation) for known, _ in settled}
        for key in touched:
            self.check_standing(club, key)
        self.dirty |= touched

    def _read_rows(self, before: Before, club: ClubState) -> list[Change]:
        rows = [msgspec.json.decode(row.body, type=Change) for row in club.log[before.rows :]]
        for change in rows:
            if change.redacted:
                about = change.fields if change.collection == CONFLICTS else {}
                self.redacted.add((about.get("collection", change.collection), about.get("record", change.record)))
            must(change.version == len(self.log) + 1, "I4", f"version {change.version} after {len(self.log)}")
            must(change.tag not in self.tags.values() if len(self.tags) < 50 else True, "I4", "a tag came twice")
            self.log.append(change)
            self.tags[change.version] = change.tag
        if rows:
            must([row.more for row in rows] == [True] * (len(rows) - 1) + [False], "I6", "`more` is wrong in the log")
            self.ends.add(len(self.log))
        must(club.club.head.version == len(self.log), "I4", "the counter is not the log's length")
        return rows

    def _receive(self, device_id: str, mutation: Mutation | Malformed, again: Again | None, before: Before) -> None:
        name, found = (device_id, mutation.n), signature(mutation)
        known = self.known.get(name)
        if known is not None:
            must(known.signature == found, "I3", f"{name} was answered with other content")
            return
        base = 0
        origins: tuple[tuple[str, int], ...] = ()
        if isinstance(mutation, Mutation):
            base = self._base(mutation, again, before)
            origins = tuple((origin.device_id, origin.n) for origin in mutation.origins)
        later = any(n > mutation.n for n, _ in self.stamps[device_id])
        author = Author(device_id, mutation.n, base, origins)
        is_again = again is not None and again.stamp is not None
        self.known[name] = Known(found, mutation, author, self.tx_count, later, is_again)

    def _base(self, mutation: Mutation, again: Again | None, before: Before) -> int:
        for text in (mutation.base, None if again is None else again.common):
            if text is not None:
                version, tag = text.split(".")
                is_there = int(version) == 0 or before.first <= int(version) < before.first + before.rows
                if (is_there or text == before.head) and self.tags.get(int(version)) == tag:
                    return int(version)
        return 0

    def _check_verdicts(self, push: PushRequest, answer: PushAnswer) -> None:
        digits = push.device_id.replace("-", "")
        told: dict[int, tuple[str, str]] = {}
        for run in answer.applied:
            for n, clock in zip(range(run.from_n, run.to_n + 1), run.clocks, strict=True):
                told[n] = ("applied", f"{clock}{digits}")
        for verdict in answer.others:
            must(verdict.n not in told, "I3", "two verdicts for one mutation")
            told[verdict.n] = (verdict.verdict, verdict.stamp or "")
        must(sorted(told) == sorted(m.n for m in read_mutations(push)), "I3", "a mutation without its verdict")
        for n, (word, stamp) in told.items():
            name = push.device_id, n
            was = self.verdicts.get(name)
            if was is not None:
                must(was[1] == stamp, "I3", f"{name} changed its stamp")
                must(was[0] in {word, "parked"}, "I3", f"{name} was {was[0]} and is {word}")
            self.verdicts[name] = (word, stamp)

    def _settle(
        self, club: ClubState, push: PushRequest, before: Before, *, now_ms: int, latency_ms: int
    ) -> list[tuple[Known, Outcome]]:
        asked = self.waiting | {(push.device_id, mutation.n) for mutation in read_mutations(push)}
        settled: list[tuple[Known, Outcome]] = []
        for name in sorted(asked):
            known, outcome = self.known[name], club.outcomes.get(name)
            must(outcome is not None, "I1", f"{name} has no outcome")
            assert outcome is not None
            if known.received == self.tx_count:
                self._check_stamp(name, known, outcome, before, now_ms=now_ms, latency_ms=latency_ms)
            self.seen[f"verdict {outcome.verdict}"] += known.received == self.tx_count
            if outcome.verdict == "parked":
                must(name in club.parked, "I1", f"{name} is said to be parked and is not held")
                self.waiting.add(name)
            elif known.settled is None:
                must(name not in club.parked, "parked", f"{name} is settled and still held")
                known.settled = self.tx_count
                self.waiting.discard(name)
                settled.append((known, outcome))
                if outcome.verdict == "rejected":
                    held = [club.conflicts.get(each) for each in outcome.conflicts]
                    is_kept = any(each is not None and each.kind in {"rejected", "orphan"} for each in held)
                    codes = {"discarded", "erased"}  # nothing is kept of these
                    is_told = outcome.problem is not None and (is_kept or outcome.problem.code in codes)
                    must(is_told, "I2", f"{name} was rejected without a word: {outcome}")
                else:
                    key = key_of(known.mutation)
                    must(key[0] != "players" or key[1] not in self.erased, "I17", f"{name} is about the erased {key}")
                    self._write(known, outcome)
        return settled

    def _check_stamp(
        self, name: tuple[str, int], known: Known, outcome: Outcome, before: Before, *, now_ms: int, latency_ms: int
    ) -> None:
        mine = self.stamps[name[0]]
        insort(mine, (name[1], outcome.stamp))
        at = mine.index((name[1], outcome.stamp))
        neighbours = mine[max(0, at - 1) : at + 2]
        stamps = [stamp for _, stamp in neighbours]
        must(stamps == sorted(stamps), "I8", f"the stamps of {name[0]} do not follow n: {neighbours}")
        clock = int(outcome.stamp[:16], 16)
        bound = max(now_ms * TICKS, before.clock) + 2_000
        must(clock <= bound, "I16", f"{name} got a stamp ahead of the server")
        mutation = known.mutation
        if isinstance(mutation, Malformed) or known.is_again:
            return
        if mutation.after is not None and not known.kept_below:
            after = int(mutation.after[:16], 16)
            must(clock > min(after, max(now_ms * TICKS, before.clock)), "I8", f"{name} is not above what it had seen")
        true_ms, steady = self.truth.get((name[0], known.signature), (0, Steady(is_steady=False)))
        if steady.is_steady:
            error = mutation.wall + outcome.correction - true_ms
            must(abs(error) <= CORRECTION_FLOOR_MS + latency_ms, "skew", f"{name} is corrected {error} ms wrong")

    def _write(self, known: Known, outcome: Outcome) -> None:
        mutation = known.mutation
        assert isinstance(mutation, Mutation)
        declared = fields_of(mutation.collection)
        writes: dict[str, Value] = {}
        if mutation.op == "put":
            for name, value in mutation.fields.items():
                is_instant = declared[name].type is Type.INSTANT
                writes[name] = moved(value, outcome.correction) if is_instant and value is not None else value
        elif mutation.op in {"delete", "restore"}:
            writes[DELETED] = mutation.op == "delete"
            self.ops[mutation.collection, mutation.record].append((known.author, mutation.op, ""))
        elif mutation.resolve is not None:
            resolution = mutation.resolve
            self.ops[mutation.collection, mutation.record].append((known.author, "resolve", resolution.field))
            if resolution.field in declared or resolution.field == DELETED:
                writes[resolution.field] = resolution.value
            elif resolution.field.startswith("duplicate/") and resolution.choice == "take":
                place = Place(mutation.collection, str(resolution.value), DELETED)
                self._add(place, Written(True, outcome.stamp, known.author, True, "delete", tx=self.tx_count))
                self.ops[place.collection, place.record].append((known.author, "delete", ""))
                self.dirty.add((place.collection, place.record))
        for name, value in writes.items():
            is_asked = name == DELETED or declared[name].is_asked
            place = Place(mutation.collection, mutation.record, name)
            value = self._cleaned(value, known.author)  # noqa: PLW2901 - what stands in its place
            written = Written(value, outcome.stamp, known.author, is_asked, mutation.op, tx=self.tx_count)
            self._add(place, written)

    def _find_versions(self, rows: list[Change], settled: list[tuple[Known, Outcome]]) -> None:
        """Find in which row of the log each write was laid down."""
        mine = {outcome.stamp: known.author for known, outcome in settled}
        logged = {change.stamp for change in rows}
        for known, outcome in settled:
            known.has_trace = outcome.stamp in logged
        ties: dict[str, list[Author]] = defaultdict(list)
        for known, outcome in settled:
            ties[outcome.stamp].append(known.author)
        for change in rows:
            if change.collection == CONFLICTS:
                self._reveal(change)
                continue
            must(change.stamp in mine, "I2", f"version {change.version} was written by nobody")
            laid = dict(change.fields)
            if change.deleted is not UNSET:
                laid[DELETED] = bool(change.deleted)
            for name, value in laid.items():
                place = Place(change.collection, change.record, name)
                writers = [self.by_name.get((place, author[:2])) for author in ties[change.stamp]]
                found = [each for each in writers if each is not None and each.version is None]
                # Of two mutations with one stamp (`n` decides between them) it is the one with this value.
                found.sort(key=lambda each, value=value: each.value != value)  # type: ignore[misc]
                must(found, "I2", f"{place} was laid down in version {change.version} by nobody")
                found[0].version = change.version

    def _reveal(self, change: Change) -> None:
        fields = change.fields
        for side in fields["candidates"]:
            place = Place(fields["collection"], fields["record"], fields["field"])
            write = self.by_name.get((place, (side["device_id"], side["n"])))
            if write is not None and write.revealed is None:
                write.revealed = change.version

    # -- who had seen what -----------------------------------------------------------------------------------------

    def _had_met(self, author: Author, write: Written) -> bool:
        """Tell whether an author knew of a write: by the log they had, or as their own."""
        if author.owns(*write.names):
            return author.device_id != write.author.device_id or write.author.n <= author.n
        return self._had_read(author, write)

    def has_seen(self, author: Author, place: Place, write: Written) -> bool:
        """Tell whether an author had met a write, or had written the same value, which counts as having seen it."""
        return self._had_met(author, write) or any(
            each.value == write.value
            and author.owns(*each.names)
            and each.names != author[:2]
            and (each.author.device_id != author.device_id or each.author.n < author.n)
            for each in self.registers[place]
        )

    # -- checks on each transaction --------------------------------------------------------------------------------

    def check_standing(self, club: ClubState, key: tuple[str, str]) -> None:
        """Check that the greatest stamp stands in each field (I1, I8)."""
        record = club.records.get(Key(*key))
        if key[0] not in CATALOGUE.collections:
            return
        names = [*CATALOGUE.collections[key[0]].fields, DELETED]
        row = self.fold.get(key)
        for name in names:
            writes = self.registers.get(Place(*key, name))
            if not writes:
                continue
            best = max(writes, key=lambda each: each.rank)
            must(record is not None and row is not None, "I1", f"{key} is not there")
            assert record is not None
            assert row is not None
            held = record.deleted if name == DELETED else record.fields.get(name)
            must(held is not None and held.value == best.value, "I8", f"{key} {name}: {best} should stand, not {held}")
            logged = row.deleted if name == DELETED else row.values.get(name)
            must(logged == best.value, "I8", f"{key} {name}: the log says {logged}, not {best}")

    def _check_rows(self, rows: list[Change]) -> None:
        """Check that a person is asked only where two different values were written unseen of each other (I9)."""
        was: dict[str, Mapping[str, Any]] = {}
        for change in rows:
            if change.collection != CONFLICTS:
                continue
            now = change.fields
            old = was.get(change.record) or getattr(self.fold.get((CONFLICTS, change.record)), "values", None)
            was[change.record] = now
            self.seen[f"conflict {now['kind']} {now['status']}"] += 1
            if now["kind"] != "field" or now["status"] != "open":
                continue
            listed = {(each["device_id"], each["n"]) for each in old["candidates"]} if old is not None else set()
            if old is not None and old["status"] != "open":
                listed = set()
            for side in now["candidates"]:
                must(side["value"] != now["stands"]["value"], "I9", f"{now} asks about one value")
                if (side["device_id"], side["n"]) not in listed:
                    self._check_asked(Place(now["collection"], now["record"], now["field"]), side, now["stands"])

    def _check_asked(self, place: Place, side: Mapping[str, Any], stands: Mapping[str, Any]) -> None:
        lost = self.by_name[place, (side["device_id"], side["n"])]
        won = self.by_name[place, (stands["device_id"], stands["n"])]
        must(lost.is_asked, "I9", f"{place} is settled silently, and a person is asked")
        for new, other in ((lost, won), (won, lost)):
            if new.tx != self.tx_count:
                continue
            must(
                new is lost or not self._confirmed(new, other, place),
                "I9",
                f"{place}: {new} knew {other}, and is asked",
            )
            twins = [each for each in self.registers[place] if each.value == other.value]
            if any(not self._had_met(new.author, each) for each in twins):
                return
            if new is lost and self.known[new.names].kept_below:
                return
            if new.author.origins:
                return  # after a clone a person may be asked once more
        must(False, "I9", f"{place}: asked needlessly, {lost} against {won}")

    def _confirmed(self, new: Written, other: Written, place: Place) -> bool:
        """Tell whether the author of `new` wrote the other's value too, while that stood unbroken."""
        before = new.version or 0
        laid = [each for each in self.registers[place] if each.version is not None and each.version < before]
        for each in sorted(laid, key=lambda each: each.version or 0, reverse=True):
            if each.value != other.value:
                return False
            if each.author.device_id == new.author.device_id and each.author.n < new.author.n:
                return True
        return False

    def _check_deletes(self, settled: list[tuple[Known, Outcome]], club: ClubState) -> None:
        """Check that a delete and an edit that had not seen one another leave a conflict (I9)."""
        keys = [key_of(known.mutation) for known, _ in settled]
        for known, outcome in settled:
            mutation = known.mutation
            if outcome.verdict == "rejected" or isinstance(mutation, Malformed):
                continue
            key = mutation.collection, mutation.record
            row = self.fold.get(key)
            if row is None or not row.deleted or keys.count(key) > 1:
                continue
            if mutation.op == "put":
                self._check_edit_of_deleted(key, known, club)
            elif mutation.resolve is not None and mutation.resolve.field in fields_of(key[0]):
                deletes = [each for each in self.registers[Place(*key, DELETED)] if each.value]
                if not any(self._had_met(known.author, each) for each in deletes):
                    self._check_edit_of_deleted(key, known, club)
            elif mutation.op == "delete":
                self._check_delete(key, known, club)

    def _candidates(self, key: tuple[str, str], club: ClubState) -> set[str]:
        return {
            side.device_id
            for each in club.conflicts.values()
            if each.collection == key[0] and each.record == key[1] and each.field == DELETED and each.is_open
            for side in each.candidates
        }

    def _check_edit_of_deleted(self, key: tuple[str, str], known: Known, club: ClubState) -> None:
        deletes = self.registers[Place(*key, DELETED)]
        if any(each.author.device_id == known.author.device_id and each.author.n > known.author.n for each in deletes):
            return
        must(
            known.author.device_id in self._candidates(key, club),
            "I9",
            f"{known.author} edited the deleted {key} and nobody is asked",
        )

    def _check_delete(self, key: tuple[str, str], known: Known, club: ClubState) -> None:
        place = Place(*key, DELETED)
        deletes = self.registers[place]
        mine = self.by_name[place, known.author[:2]]
        if max(deletes, key=lambda each: each.rank) is not mine or sum(each.value for each in deletes) > 1:
            return  # it lost, or it is not the first
        for name in CATALOGUE.collections[key[0]].fields:
            writes = self.registers.get(Place(*key, name), [])
            if not writes:
                continue
            stands = max(writes, key=lambda each: each.rank)
            twins = [each for each in writes if each.value == stands.value]
            is_own = any(known.author.owns(*each.names) for each in twins)
            if not is_own and all(not self.has_seen(known.author, Place(*key, name), each) for each in twins):
                devices = {each.author.device_id for each in twins}
                must(
                    devices & self._candidates(key, club),
                    "I9",
                    f"{known.author} deleted {key} without having seen {stands}, and nobody is asked",
                )

    def _check_groups(self, settled: list[tuple[Known, Outcome]]) -> None:
        groups: dict[str, set[int]] = defaultdict(set)
        counts: dict[str, int] = {}
        for known, outcome in settled:
            if isinstance(known.mutation, Mutation) and known.mutation.group is not None:
                if outcome.verdict != "rejected":
                    groups[known.mutation.group.id].add(known.mutation.n)  # clones may both send a group
                counts[known.mutation.group.id] = known.mutation.group.count
        for identity, arrived in groups.items():
            members = self.groups[identity] = self.groups.get(identity, set()) | arrived
            is_whole = len(members) == counts[identity]
            must(is_whole, "group", f"{sorted(members)} of {counts[identity]} of {identity} were applied")

    # -- checks after the heal -------------------------------------------------------------------------------------

    def check_rest(self, club: ClubState) -> None:
        """Check what must hold once all phones have synced: no value vanished, and nothing waits that could go on."""
        for key in self.dirty:
            self.check_standing(club, key)
            for name in [*fields_of(key[0]), DELETED]:
                self._check_vanished(Place(*key, name), club)
        self.dirty = set()
        self._check_parked(club)
        self._check_names(club)
        must(len({row.tag for row in club.log}) == len(club.log), "I4", "a tag came twice")
        for (collection, record), row in self.fold.items():
            if collection == CONFLICTS:
                held = club.conflicts.get(record)
                must(held is not None and held.version == row.version, "I7", f"the conflict {record} is not its log")
                continue
            found = club.records.get(Key(collection, record))
            must(found is not None, "I7", f"{collection} {record} is in the log only")
            assert found is not None
            same = found.values() == row.values and found.is_deleted == row.deleted and found.version == row.version
            must(same, "I7", f"{collection} {record}: the table has {found}, the log {row}")
        must(len(self.fold) == len(club.records) + len(club.conflicts), "I7", "the tables hold what the log does not")

    def _check_vanished(self, place: Place, club: ClubState) -> None:
        writes = self.registers.get(place, [])
        if len(writes) < 2 or not writes[0].is_asked:
            return
        best = max(writes, key=lambda each: each.rank)
        candidates: list[Value] = []
        for each in club.conflicts.values():
            if (each.collection, each.record, each.field) == place and each.is_open:
                candidates = [side.value for side in each.candidates]
        if place.field == DELETED:
            candidates = [bool(value.get(DELETED, False)) for value in candidates]
        others = [author for author, op, name in self.ops[place[:2]] if op == "delete" or name == DELETED]
        last = {each.author.device_id: each.author.n for each in sorted(writes, key=lambda each: each.author.n)}
        for write in writes:
            device_id, n = write.names
            if write.value == best.value or write.value in candidates or last[device_id] > n:
                continue  # it stands, it is asked about, or its own device replaced it
            over = [each.author for each in writes if each.value != write.value]
            seen = any(self.has_seen(each, place, write) for each in over) or any(
                self._had_read(author, write) for author in others
            )
            must(seen, "I9", f"{place}: {write} vanished under {best}; candidates {candidates}")

    def _check_names(self, club: ClubState) -> None:
        """Check that two teams of one name are asked about, unless a delete or an answer had part in it."""
        teams: dict[Value, list[str]] = defaultdict(list)
        for (collection, record), row in self.fold.items():
            name = Place(collection, record, "name")
            is_plain = all(each.op == "put" for each in self.registers.get(name, [])) and not self.ops[name[:2]]
            if collection == "teams" and "name" in row.values and is_plain:
                teams[row.values["name"]].append(record)
        asked = {(each.record, each.other) for each in club.conflicts.values() if each.kind == "duplicate"}
        for name_of, records in teams.items():
            for first, second in itertools.combinations(sorted(records), 2):
                must((first, second) in asked, "duplicate", f"{first} and {second} are both called {name_of}")

    def _had_read(self, author: Author, write: Written) -> bool:
        return any(version is not None and version <= author.base for version in (write.version, write.revealed))

    def _check_parked(self, club: ClubState) -> None:
        arrived: dict[str, set[int]] = defaultdict(set)
        for entry in club.parked.values():
            if entry.mutation.group is not None:
                arrived[entry.mutation.group.id].add(entry.mutation.n)
        for name, entry in club.parked.items():
            must(name in self.waiting, "parked", f"{name} is held and nobody waits for it")
            group, mutation = entry.mutation.group, entry.mutation
            if group is not None:
                is_whole = len(arrived[group.id]) >= group.count
                must(
                    not is_whole or self._lacks(mutation) or self._group_lacks(club, group.id),
                    "parked",
                    f"{name} waits in a whole group",
                )
                continue
            must(self._lacks(mutation), "parked", f"{name} waits for nothing: {mutation}")

    def _group_lacks(self, club: ClubState, identity: str) -> bool:
        return any(
            self._lacks(entry.mutation)
            for entry in club.parked.values()
            if entry.mutation.group is not None and entry.mutation.group.id == identity
        )

    def _lacks(self, mutation: Mutation) -> bool:
        collection = CATALOGUE.collections[mutation.collection]
        if mutation.op != "put":
            return False
        for name, parent in collection.parents.items():
            if name in mutation.fields and not self._is_there(parent, mutation.fields[name]):
                return True
        row = self.fold.get((mutation.collection, mutation.record))
        has = {*mutation.fields, *(row.values if row is not None else ())}
        return not collection.required <= has and not (row is not None and row.deleted)

    def _is_there(self, collection: str, record: str) -> bool:
        row = self.fold.get((collection, record))
        return row is not None and (row.deleted or CATALOGUE.collections[collection].required <= row.values.keys())
