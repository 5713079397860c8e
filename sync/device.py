"""The reference device: the client's half of the protocol as a state machine without I/O.

A device holds the fold of the log as far as it has pulled, and its own mutations in the order they were made. What it
shows is that fold with its unsettled mutations laid over it; it never ranks its own pending writes against pulled
ones. The demo, the tests and the simulation drive this class; a PWA does the same in its own language.

    queued -> applied | merged     shown until the cursor passes the answer's timestamp, then kept for 14 days
           -> parked -> any other  sent again in every sync
           -> rejected             shown no more; the conflict of that kind keeps it
"""

import enum
import itertools
from collections.abc import Iterable, Mapping

import msgspec
from msgspec import UNSET, Struct, UnsetType, field
from msgspec.structs import replace

from sync.collections import CONFLICTS, Catalogue, Value, Values
from sync.conflicts import DELETED, Kind, conflict_id
from sync.cursors import ORIGIN, Cursor
from sync.limits import KEPT_MS, PAST_CURSORS_MAX, PUSH_BYTES_ADVISED, PUSH_MUTATIONS_MAX
from sync.merge import Origin
from sync.messages import (
    Again,
    Choice,
    Group,
    Mutation,
    Op,
    PullAnswer,
    PullQuery,
    PushAnswer,
    PushRequest,
    Resolution,
    SnapshotAnswer,
    Verdict,
    encode,
)
from sync.records import Change, Key
from sync.stamps import Stamp


class Phase(enum.StrEnum):
    """What the device must do next to see the server's log."""

    PULLING = "pulling"
    SNAPSHOT = "snapshot"
    """Its log is not the server's, or too old: it takes a snapshot, and pulls until that is whole."""


class Held(Struct):
    """A record as the log's fold has it."""

    values: dict[str, Value]
    deleted: bool = False
    stamp: str = ""
    """The greatest stamp seen in this record."""
    version: int = 0


class Made(Struct):
    """One of the device's own mutations, and what became of it."""

    device_id: str
    mutation: Mutation
    verdict: Verdict | None = None
    timestamp: str | None = None
    """The answer's timestamp, once the verdict is final."""
    settled_ms: int = 0
    """The server's time at the final verdict."""
    again: Again | None = None
    correction: int = 0
    sent_in: int = 0
    """The sync in which it was last sent."""
    is_redacted: bool = False
    """Whether a redacted change about its record came while it was unsettled: then it is forgotten when it settles."""

    @property
    def key(self) -> Key:
        """Return the record that it is about."""
        return Key(self.mutation.collection, self.mutation.record)

    @property
    def is_unsettled(self) -> bool:
        """Tell whether the server still owes a final verdict."""
        return self.verdict is None or self.verdict.verdict == "parked"

    @property
    def is_rejected(self) -> bool:
        """Tell whether it was refused for good."""
        return self.verdict is not None and self.verdict.verdict == "rejected"


Records = dict[str, dict[str, Held]]


class DeviceState(Struct):
    """All that a device stores; encoding this and decoding it elsewhere is a phone's backup, or its clone."""

    device_id: str
    next_n: int = 1
    cursor: str = str(ORIGIN)
    """The end of the last whole transaction that is shown."""
    acked: str | None = None
    past: list[str] = field(default_factory=list[str])
    records: Records = field(default_factory=dict[str, dict[str, Held]])
    made: list[Made] = field(default_factory=list[Made])
    origins: list[Origin] = field(default_factory=list[Origin])
    phase: Phase = Phase.PULLING


class ProtocolFault(Exception):
    """The server sent something that the protocol rules out."""


class Device:
    """A device of one club. Every method is a pure step: time and ids are handed in."""

    def __init__(self, catalogue: Catalogue, state: DeviceState) -> None:
        """Wake up with a stored state; what was in flight is forgotten and sent again."""
        self.catalogue = catalogue
        self.state = state
        self.in_flight: PushRequest | None = None
        self._in_push: list[Made] = []
        self._sync_count = 1 + max((made.sent_in for made in state.made), default=0)
        self._pull_cursor = Cursor.parse(state.cursor, where="cursor")
        self._partial: list[Change] = []
        self._staged: Records | None = None
        self._until: Cursor | None = None
        self._heads: dict[int, str] = {}
        """The heads under which the pages of the staged snapshot were read: version -> tag."""

    # -- editing ---------------------------------------------------------------------------------------------------

    def put(
        self, collection: str, record: str, fields: Values, *, wall_ms: int, group: Group | None = None
    ) -> Mutation:
        """Write fields of a record, creating it where it is new."""
        return self._make("put", Key(collection, record), wall_ms, fields=fields, group=group)

    def delete(self, collection: str, record: str, *, wall_ms: int, group: Group | None = None) -> Mutation:
        """Delete a record."""
        return self._make("delete", Key(collection, record), wall_ms, group=group)

    def restore(self, collection: str, record: str, *, wall_ms: int) -> Mutation:
        """Bring a deleted record back."""
        return self._make("restore", Key(collection, record), wall_ms)

    def resolve(self, conflict: Values, choice: Choice, value: Value | UnsetType = UNSET, *, wall_ms: int) -> Mutation:
        """Answer a conflict, given as its fields; works without signal, like any other edit."""
        key = Key(conflict["collection"], conflict["record"])
        resolution = Resolution(field=conflict["field"], choice=choice, value=value)
        return self._make("resolve", key, wall_ms, resolve=resolution)

    def _make(
        self,
        op: Op,
        key: Key,
        wall_ms: int,
        *,
        fields: Values | None = None,
        group: Group | None = None,
        resolve: Resolution | None = None,
    ) -> Mutation:
        held = self.state.records.get(key.collection, {}).get(key.record)
        after = held.stamp if held is not None and held.stamp else None
        mutation = Mutation(
            n=self.state.next_n,
            collection=key.collection,
            record=key.record,
            op=op,
            wall=wall_ms,
            fields=dict(fields or {}),
            after=None if after is None else Stamp(after),
            base=self.state.cursor if op == "resolve" else self._base_for(key),
            group=group,
            resolve=resolve,
            origins=self._live_origins(),
        )
        self.state.next_n += 1
        self.state.made.append(Made(self.state.device_id, mutation))
        return mutation

    def _base_for(self, key: Key) -> str:
        """Return what the person had seen: a record's own edits hide what others wrote since the first of them.

        Where the history of that first one was undone, what it counts as having seen is what the two have in common.
        """
        first = next((made for made in self.overlay() if made.key == key), None)
        if first is None or first.mutation.base is None:
            return self.state.cursor
        common = None if first.again is None else first.again.common
        return first.mutation.base if common is None else _older(common, first.mutation.base)

    def _live_origins(self) -> tuple[Origin, ...]:
        """Return the earlier identities of which some write may be in the log and not yet in this fold."""
        shown = {made.device_id for made in self.overlay()}
        return tuple(origin for origin in self.state.origins if origin.device_id in shown)

    # -- pushing ---------------------------------------------------------------------------------------------------

    @property
    def waiting_count(self) -> int:
        """Return how many mutations have no final verdict yet."""
        return sum(made.is_unsettled for made in self.state.made)

    def begin_sync(self) -> None:
        """Begin a sync: parked mutations are sent once more in it."""
        self._sync_count += 1

    def next_push(
        self, *, sent_at: int, bytes_max: int = PUSH_BYTES_ADVISED, mutations_max: int = PUSH_MUTATIONS_MAX
    ) -> PushRequest | None:
        """Return the next push, or None where all has been sent in this sync. One push is in flight at a time."""
        due = [made for made in self.state.made if made.is_unsettled and self._is_due(made)]
        if not due:
            self.in_flight = None
            return None
        batch: list[Made] = []
        raws: list[msgspec.Raw] = []
        size = 0
        for made in due:
            raw = encode(made.mutation)
            size += len(raw) + 1
            if made.device_id != due[0].device_id or len(batch) >= mutations_max or (batch and size > bytes_max):
                break
            made.sent_in = self._sync_count
            batch.append(made)
            raws.append(msgspec.Raw(raw))
        self._in_push = batch
        again = tuple(found for found in map(_again, batch) if found is not None)
        self.in_flight = PushRequest(
            device_id=due[0].device_id,
            sent_at=sent_at,
            mutations=raws,
            acked=self._proof,
            past=self._past,
            again=again,
        )
        return self.in_flight

    def _is_due(self, made: Made) -> bool:
        return made.verdict is None or made.sent_in < self._sync_count

    def pushed(self, push: PushRequest, answer: PushAnswer) -> None:
        """Take the answer to a push; one to any but the push in flight is stale and ignored."""
        if push is not self.in_flight:
            return
        self.in_flight = None
        mine = {made.mutation.n: made for made in self.state.made if made.device_id == push.device_id}
        digits = push.device_id.replace("-", "")
        for run in answer.applied:
            for n, clock in zip(range(run.from_n, run.to_n + 1), run.clocks, strict=True):
                if n in mine:  # else it was forgotten meanwhile: it was about somebody who was erased
                    self._settle(mine[n], Verdict(n=n, verdict="applied", stamp=f"{clock}{digits}"), answer)
        for verdict in answer.others:
            if verdict.n in mine:
                self._settle(mine[verdict.n], verdict, answer)
        self._forget_over()
        newest = Cursor.parse(answer.timestamp, where="timestamp")
        if newest.version > self._acked_version and newest != self.cursor:
            self.state.acked = answer.timestamp  # an older one too: only the server can say that it is of this history

    def _settle(self, made: Made, verdict: Verdict, answer: PushAnswer) -> None:
        if not made.is_unsettled:
            return
        made.verdict = verdict
        made.correction = answer.correction if verdict.correction is UNSET else verdict.correction
        made.is_redacted |= verdict.code in {"erased", "cleaned"}
        if verdict.verdict != "parked":
            made.timestamp, made.settled_ms = answer.timestamp, answer.server_time

    def forked(self, push: PushRequest, held: Iterable[int], new_device_id: str) -> None:
        """Take a new identity for what the server does not hold with the same content (409 `device_forked`).

        What was sent in other pushes and never answered keeps its old identity until it is pushed again: only then
        does the server say whether it is held.
        """
        if push is not self.in_flight:
            return
        self.in_flight = None
        held = set(held)
        asked = {made.mutation.n for made in self._in_push}
        moved = [
            made
            for made in self.state.made
            if made.device_id == push.device_id
            and made.is_unsettled
            and made.mutation.n not in held
            and (made.mutation.n in asked or not made.sent_in)
        ]
        shared = min((made.mutation.n for made in moved), default=self.state.next_n) - 1
        origin = Origin(push.device_id, shared)
        self.state.origins = [*self.state.origins, origin]
        if self.state.device_id == push.device_id:
            self.state.device_id = new_device_id
        for made in moved:
            made.device_id = self.state.device_id
            made.verdict = None
            made.mutation = replace(made.mutation, origins=(*made.mutation.origins, origin))

    def forget_kept(self, *, now_ms: int) -> None:
        """Forget mutations settled more than 14 days ago whose changes this device has pulled.

        `now_ms` is the server's time, as its answers tell it: this device's own clock may be set a year ahead, and an
        edit made long ago without signal was still settled only yesterday.
        """
        self.state.made = [
            made
            for made in self.state.made
            if made.is_unsettled or made.settled_ms > now_ms - KEPT_MS or self._is_shown_over(made)
        ]

    # -- pulling ---------------------------------------------------------------------------------------------------

    @property
    def cursor(self) -> Cursor:
        """Return the end of the last whole transaction that is shown."""
        return Cursor.parse(self.state.cursor, where="cursor")

    @property
    def _acked_version(self) -> int:
        return 0 if self.state.acked is None else Cursor.parse(self.state.acked, where="acked").version

    @property
    def needs_snapshot(self) -> bool:
        """Tell whether a snapshot must be taken before anything is pulled."""
        return self.state.phase is Phase.SNAPSHOT and self._staged is None

    @property
    def _proof(self) -> str | None:
        """Return the newest cursor that a push relies on: without one, a restored server would go unnoticed."""
        if self.state.acked is not None or self.cursor == ORIGIN:
            return self.state.acked
        return self.state.cursor

    @property
    def _past(self) -> tuple[str, ...]:
        """Return the cursors among which the server finds `common`, newest first."""
        return tuple(dict.fromkeys((self.state.cursor, *self.state.past)))[:PAST_CURSORS_MAX]

    def pull_query(self) -> PullQuery:
        """Return what to pull next."""
        return PullQuery(since=str(self._pull_cursor), acked=self.state.acked, past=self._past)

    def pulled(self, query: PullQuery, answer: PullAnswer) -> None:
        """Apply a page of the log; a page that does not follow the cursor is stale and ignored."""
        if query.since != str(self._pull_cursor) or self.needs_snapshot:
            return  # after a divergence an answer may still come that goes on inside a transaction begun before it
        for raw in answer.changes:
            change = msgspec.json.decode(raw, type=Change)
            if change.version != self._pull_cursor.version + 1:
                raise ProtocolFault(f"version {change.version} follows {self._pull_cursor.version}")
            if self._staged is not None and self._heads.get(change.version, change.tag) != change.tag:
                self.expired()  # a page was read before the server was restored: it holds what this log does not
                return
            self._pull_cursor = Cursor(change.version, change.tag)
            self._partial.append(change)
            if not change.more:
                self._end_transaction()
        # The server has checked the query's `acked`. Only then is a snapshot shown, and may a cursor that passed
        # `acked` by number stand for it: one of another history would say that what was lost with the old is safe.
        if query.acked == self.state.acked and not self._partial:
            self._show_staged()
            if self._acked_version <= self.cursor.version:
                self.state.acked = None

    def _end_transaction(self) -> None:
        records = self.state.records if self._staged is None else self._staged
        for change in self._partial:
            self._forget_for(change)
            _lay(records, change)
        self._partial = []
        if self._staged is None:
            self._move_cursor()

    def _forget_for(self, change: Change) -> None:
        """Forget own mutations about what was redacted: those that are settled, and all unsent ones of a tombstone.

        An unsent member of a group is sent empty, so that the server rejects the others with it. What is unsettled
        otherwise is sent, and forgotten with its final verdict.
        """
        if not change.redacted or not self._is_news(change):
            return
        kept: list[Made] = []
        for made in self.state.made:
            if not _is_told_by(change, made):
                kept.append(made)
                continue
            is_owed = made.is_unsettled and (made.sent_in > 0 or change.deleted is not True)
            if is_owed:
                made.is_redacted = True
                kept.append(made)
            elif made.is_unsettled and made.mutation.group is not None:
                made.mutation = replace(made.mutation, op="put", fields={}, resolve=None)
                kept.append(made)
        self.state.made = kept

    def _is_news(self, change: Change) -> bool:
        """Tell whether a change is not what is shown already: a snapshot tells of each erasure that there ever was."""
        held = self.state.records.get(change.collection, {}).get(change.record)
        return held is None or (held.version, held.stamp) != (change.version, change.stamp)

    def _move_cursor(self) -> None:
        self.state.past = thin([self.state.cursor, *self.state.past])
        self.state.cursor = str(self._pull_cursor)
        self._forget_over()

    def _forget_over(self) -> None:
        """Forget what was about somebody who was erased or named them, once it is settled and needs no overlay."""
        self.state.made = [made for made in self.state.made if not made.is_redacted or self._is_owed(made)]

    def _is_owed(self, made: Made) -> bool:
        return made.is_unsettled or self._is_shown_over(made)

    # -- snapshots -------------------------------------------------------------------------------------------------

    def diverged(self, common: str) -> None:
        """Begin again after 409 `log_diverged`: what was pushed after `common` goes back to the queue."""
        kept = Cursor.parse(common, where="common")
        # An answer whose timestamp `common` has passed by number may be of a history that was undone since: then all
        # that was settled is in doubt, and pushed again. What the server holds it answers as a repeat.
        is_doubtful = self.state.acked not in {None, common} and self._acked_version <= kept.version
        for made in self.state.made:
            settled = None if made.timestamp is None else Cursor.parse(made.timestamp, where="timestamp")
            if settled is None or settled.version > kept.version or is_doubtful:
                _put_back(made, common)
        self.state.past = [text for text in self.state.past if Cursor.parse(text, where="past").version <= kept.version]
        self.state.cursor, self.state.acked = common, None
        self.expired()

    def expired(self, *, oldest: int = 0, now_ms: int | None = None) -> None:
        """Begin a snapshot: the cursor is not, or no longer, in the log. Nothing unsent is touched.

        `oldest` and `now_ms` are what 410 `cursor_expired` told. A log is kept for longer than a device keeps what was
        settled: what was so lately, before the beginning of this log, was in another history, and is queued again.

        What this device stands on is proven in each request until the snapshot is shown: the server may be restored
        meanwhile, even to a part of the old history that a divergence left behind. A snapshot alone would not tell, and
        what the server has lost would not be pushed again.
        """
        for made in self.state.made:
            if now_ms is not None and made.settled_ms > now_ms - KEPT_MS and _is_before(made, oldest):
                _put_back(made, str(ORIGIN))
        self.state.acked = self._proof
        self.in_flight = None
        self.state.phase = Phase.SNAPSHOT
        self._partial = []
        self._staged = None
        self._until = None

    def snapshot_taken(self, answers: Iterable[SnapshotAnswer]) -> None:
        """Take all pages of one snapshot; shown once the pull has passed the head that the last page names."""
        staged: Records = {}
        pages = list(answers)
        changes = [msgspec.json.decode(raw, type=Change) for page in pages for raw in page.records]
        last = pages[-1]
        if last.until is None or last.page is not None:
            raise ProtocolFault("the snapshot has no last page")
        heads = [
            Cursor.parse(text, where="until") for text in (last.timestamp, *(page.until for page in pages)) if text
        ]
        if any(later != each and later.version <= each.version for each, later in itertools.pairwise(heads)):
            return  # the head went back between two pages: the server was restored, and they do not fit together
        for change in changes:
            self._forget_for(change)
            _lay(staged, change)
        self._heads = {head.version: head.tag for head in heads}
        self._staged = staged
        self._until = Cursor.parse(last.until, where="until")
        self._pull_cursor = Cursor.parse(last.timestamp, where="timestamp")
        self._partial = []
        if self.state.acked is None:
            self._show_staged()

    def _show_staged(self) -> None:
        if self._staged is None or self._until is None or self._pull_cursor.version < self._until.version:
            return
        self.state.records, self._staged, self._until = self._staged, None, None
        self.state.phase = Phase.PULLING
        self._move_cursor()

    # -- showing ---------------------------------------------------------------------------------------------------

    def overlay(self) -> list[Made]:
        """Return the device's mutations that are laid over the fold, in the order they were made."""
        return [made for made in self.state.made if self._is_shown_over(made)]

    def _is_shown_over(self, made: Made) -> bool:
        if made.is_rejected:
            return False
        return made.timestamp is None or Cursor.parse(made.timestamp, where="t").version > self.cursor.version

    def shown(self) -> Records:
        """Return all records with the overlay laid over them, deleted and incomplete ones included."""
        records = {name: dict(found) for name, found in self.state.records.items()}
        for made in self.overlay():
            _lay_own(records, made.mutation)
        return records

    def view(self) -> dict[str, dict[str, dict[str, Value]]]:
        """Return what a person sees: collection -> id -> the fields that were written."""
        return visible(self.catalogue, self.shown())

    def conflicts(self) -> list[dict[str, Value]]:
        """Return the open conflicts, each with its id, less those that were answered on this device."""
        found = self.shown().get(CONFLICTS, {})
        return [
            {"id": identity, **held.values}
            for identity, held in sorted(found.items())
            if held.values.get("status") == "open"
        ]


def visible(catalogue: Catalogue, records: Records) -> dict[str, dict[str, dict[str, Value]]]:
    """Return the records that were created, are not deleted, and whose parents are visible too."""
    seen: dict[str, dict[str, dict[str, Value]]] = {}
    for name in catalogue.collections:
        required, parents = catalogue.required[name], catalogue.parents[name]
        seen[name] = {
            identity: held.values
            for identity, held in sorted(records.get(name, {}).items())
            if not held.deleted
            and required <= held.values.keys()
            and all(held.values[each] in seen.get(parent, {}) for each, parent in parents.items())
        }
    return seen


def _older(one: str, other: str) -> str:
    return min(one, other, key=lambda text: Cursor.parse(text, where="common").version)


def _is_before(made: Made, oldest: int) -> bool:
    """Tell whether a mutation was settled before a log began."""
    return made.timestamp is not None and Cursor.parse(made.timestamp, where="timestamp").version < oldest


def _put_back(made: Made, common: str) -> None:
    """Queue a mutation again, with the stamp and the correction that its first answer gave."""
    stamp = None if made.verdict is None else made.verdict.stamp
    correction, seen = made.correction, common
    if made.again is not None:
        seen = _older(made.again.common or common, common)
        if made.verdict is None:
            stamp, correction = made.again.stamp, made.again.correction
    made.again = Again(made.mutation.n, stamp=stamp, correction=correction, common=seen)
    made.verdict = made.timestamp = None


def _again(made: Made) -> Again | None:
    """Return what goes beside a mutation: what a parked one was given too, should the server have lost it."""
    if made.verdict is None:
        return made.again
    common = None if made.again is None else made.again.common
    return Again(made.mutation.n, stamp=made.verdict.stamp, correction=made.correction, common=common)


def thin(cursors: list[str]) -> list[str]:
    """Keep some past cursors, newest first, with gaps that double: any history fits, and `common` is near.

    Of the cursors that lie 2 to 3, 4 to 7, 8 to 15 ... versions behind, the oldest is kept. Keeping the newest would
    lose them all in time: each is dropped for a newer one before it is old enough for the next range.
    """
    if not cursors:
        return []
    newest = Cursor.parse(cursors[0], where="past").version
    oldest_in: dict[int, str] = {}
    for text in cursors:
        behind = newest - Cursor.parse(text, where="past").version
        if behind >= 0:
            oldest_in[behind.bit_length()] = text
    return list(oldest_in.values())[:PAST_CURSORS_MAX]


def _lay(records: Records, change: Change) -> None:
    """Lay a change over the fold; in a replay what is not newer is skipped."""
    held = records.setdefault(change.collection, {}).setdefault(change.record, Held({}))
    if change.version <= held.version:
        return
    if change.redacted:
        held.values, held.deleted = {}, False
    held.values = {**held.values, **change.fields}
    if change.deleted is not UNSET:
        held.deleted = change.deleted
    held.stamp = max(held.stamp, change.stamp)
    held.version = change.version


def _is_told_by(change: Change, made: Made) -> bool:
    """Tell whether a redacted change is about the record of an own mutation; a conflict is about its record too."""
    if change.collection != CONFLICTS:
        return change.key == made.key
    fields = change.fields
    about = Key(fields["collection"], fields["record"]), Key(fields["collection"], fields.get("other") or "")
    return made.key in about or bool(fields["field"].endswith(f"/{made.device_id}/{made.mutation.n}"))


def _lay_own(records: Records, mutation: Mutation) -> None:
    """Lay an unsettled mutation over what is shown."""
    if mutation.op == "put":
        _write(records, Key(mutation.collection, mutation.record), values=mutation.fields)
    elif mutation.op != "resolve":
        _write(records, Key(mutation.collection, mutation.record), deleted=mutation.op == "delete")
    else:
        _lay_answer(records, mutation)


def _lay_answer(records: Records, mutation: Mutation) -> None:
    resolution = mutation.resolve
    assert resolution is not None
    key = Key(mutation.collection, mutation.record)
    kind, _, rest = resolution.field.partition("/")
    if not rest and kind == DELETED:
        _write(records, key, deleted=bool(resolution.value))
    elif not rest:
        _write(records, key, values={resolution.field: resolution.value})
    elif kind == Kind.DUPLICATE and resolution.choice == "take":
        _write(records, Key(key.collection, str(resolution.value)), deleted=True)
    identity = conflict_id(*key, resolution.field)
    if identity in records.get(CONFLICTS, {}):
        _write(records, Key(CONFLICTS, identity), values={"status": "resolved", "choice": resolution.choice})


def _write(
    records: Records, key: Key, *, values: Mapping[str, Value] | None = None, deleted: bool | None = None
) -> None:
    found = records.setdefault(key.collection, {})
    held = found.get(key.record, Held({}))
    found[key.record] = Held(
        values={**held.values, **(values or {})},
        deleted=held.deleted if deleted is None else deleted,
        stamp=held.stamp,
        version=held.version,
    )
