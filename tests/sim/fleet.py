"""The fleet: phones, each the reference device with a clock of its own, and what it has in flight."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from sync.collections import CONFLICTS, format_instant
from sync.cursors import Cursor
from sync.device import Device, DeviceState, Made, Phase, Records
from sync.errors import CursorExpired, DeviceForked, LogDiverged, SyncError
from sync.messages import Malformed, Mutation, PullAnswer, PullQuery, PushAnswer, PushRequest, SnapshotAnswer
from tests.sim.catalogue import CATALOGUE
from tests.sim.oracle import Fold, Known, Row, Steady, fold_of, must, name_of, signature
from tests.sim.world import DAY, World

CLOCK_MIN_MS: Final = -(10**12)
NO_TX: Final = -1


class Reply(Struct):
    """An answer on its way back."""

    push: PushRequest | None = None
    query: PullQuery | None = None
    is_snapshot: bool = False
    answer: PushAnswer | PullAnswer | SnapshotAnswer | SyncError | None = None
    epoch: int = 0
    server_ms: int = 0
    tx: int = 0
    """The oracle's count of transactions when the server had answered."""
    restores: int = 0
    """The world's count of restores then: of another history the count of transactions says nothing."""


class Asked(Struct):
    """A request on its way out."""

    sent_ms: int
    push: PushRequest | None = None
    query: PullQuery | None = None
    page: str | None = None
    is_snapshot: bool = False
    epoch: int = 0


class Acked(Struct):
    """A final verdict that reached the phone."""

    at_ms: int
    """The server's time in the answer, from which a fortnight counts: one that hung on the line for a season is old."""
    word: str
    stamp: str


class Phone:
    """A device with a clock, a line and a person."""

    def __init__(self, world: World, name: str, state: DeviceState, *, user: str, skew_ms: int = 0) -> None:
        """Switch the phone on."""
        self.world = world
        self.name = name
        self.user = user
        self.skew_ms = skew_ms
        self.steady = Steady()
        self.device = Device(CATALOGUE, state)
        self.asked: Asked | None = None
        self.pages: list[SnapshotAnswer] = []
        self.page: str | None = None
        self.epoch = 0
        """Counts the snapshots begun: a page of an earlier one is not part of this one."""
        self.acked: dict[bytes, Acked] = {}
        self.asleep_until = 0
        self.server_ms = world.now

    @property
    def wall(self) -> int:
        """Return the phone's clock."""
        return max(self.world.now + self.skew_ms, CLOCK_MIN_MS)

    def saved(self) -> bytes:
        """Return the phone's storage, as a backup or a clone copies it."""
        return msgspec.json.encode(self.device.state)

    def restart(self) -> None:
        """Switch the phone off and on."""
        self.device = Device(CATALOGUE, msgspec.json.decode(self.saved(), type=DeviceState))
        self._forget_snapshot()
        self.asked = None

    def say(self, line: str) -> None:
        """Add a line to the trace."""
        self.world.say(f"{self.name}: {line}")

    # -- editing ---------------------------------------------------------------------------------------------------

    def note(self, count: int) -> None:
        """Tell the oracle the true time of the latest edits."""
        for made in self.device.state.made[-count:]:
            mutation = made.mutation
            self.world.oracle.truth[made.device_id, signature(mutation)] = (self.world.now, self.steady)
            what = dict(mutation.fields) or mutation.resolve or ""
            self.say(
                f"makes {made.device_id[:4]}/{mutation.n} {mutation.op} {mutation.collection}/{mutation.record[:6]} "
                f"{what} base={mutation.base} group={mutation.group and mutation.group.id[:4]}"
            )

    def instant(self) -> str:
        """Return the phone's time, as its person writes it."""
        return format_instant(self.wall)

    # -- talking ---------------------------------------------------------------------------------------------------

    def next_request(self, *, wants_push: bool, bytes_max: int, mutations_max: int) -> Asked | None:
        """Return the next request, or None where a push is wanted and there is nothing to push."""
        world = self.world
        if wants_push:
            sent_at = self.wall - world.dice.choice((0, 0, 3, 40, 900))
            push = self.device.next_push(sent_at=sent_at, bytes_max=bytes_max, mutations_max=mutations_max)
            return None if push is None else Asked(world.now - self.wall + sent_at, push=push)
        if self.device.needs_snapshot:
            return Asked(world.now, page=self.page, is_snapshot=True, epoch=self.epoch)
        return Asked(world.now, query=self.device.pull_query())

    def serve(self, asked: Asked, *, changes_max: int, bytes_max: int) -> Reply:
        """Let the server carry out a request."""
        world = self.world
        reply = Reply(push=asked.push, query=asked.query, is_snapshot=asked.is_snapshot, epoch=asked.epoch)
        if asked.push is not None:
            reply.answer = world.push(self.user, mangled(asked.push), sent_ms=asked.sent_ms)
            ns = [msgspec.json.decode(raw).get("n") for raw in asked.push.mutations]
            self.say(f"push {asked.push.device_id[:4]} {ns} -> {brief(reply.answer)}")
        elif asked.query is not None:
            reply.answer = world.pull(asked.query, changes_max=changes_max, bytes_max=bytes_max)
            self.say(f"pull {asked.query.since} -> {brief(reply.answer)}")
        else:
            reply.answer = world.snapshot(asked.page, bytes_max=bytes_max)
            self.say(f"snapshot {asked.page} -> {brief(reply.answer)}")
        reply.server_ms, reply.tx, reply.restores = world.now, world.oracle.tx_count, world.restore_count
        return reply

    def hear(self, reply: Reply) -> None:
        """Take an answer, late or repeated as it may be."""
        device, answer = self.device, reply.answer
        tx = reply.tx if reply.restores == self.world.restore_count else NO_TX
        was = device.cursor
        self.server_ms = max(self.server_ms, reply.server_ms)
        is_now = reply.push is None or reply.push is device.in_flight
        if isinstance(answer, LogDiverged):
            if reply.push is not None and not is_now:
                return
            if reply.query is not None and reply.query.since != str(device._pull_cursor):
                return
            self.say(f"diverged, common {answer.common}")
            device.diverged(answer.common)
            self._forget_snapshot()
            return
        if isinstance(answer, CursorExpired):
            device.expired(oldest=answer.oldest, now_ms=answer.server_time)
            self._forget_snapshot()
            return
        if isinstance(answer, DeviceForked):
            assert reply.push is not None
            self._fork(reply.push, answer, tx)
            return
        must(not isinstance(answer, SyncError), "I15", f"{self.name} was refused: {answer!r}")
        if isinstance(answer, PushAnswer):
            assert reply.push is not None
            device.pushed(reply.push, answer)
            if is_now:
                self._take_verdicts(answer, tx)
        elif isinstance(answer, PullAnswer):
            assert reply.query is not None
            device.pulled(reply.query, answer)
        elif isinstance(answer, SnapshotAnswer):
            self._take_page(reply.epoch, answer)
        self._check_cursor(was)

    def _check_cursor(self, was: Cursor) -> None:
        now = self.device.cursor
        if self.device.state.phase is Phase.SNAPSHOT or now == was:
            return
        must(now.version >= was.version or self.world.restore_count, "I5", f"{self.name} went from {was} to {now}")
        oracle = self.world.oracle
        if oracle.tags.get(now.version) == now.tag:
            must(now.version in oracle.ends, "I6", f"{self.name} stands at {now}, inside a transaction")

    def _take_verdicts(self, answer: PushAnswer, tx: int) -> None:
        for made in self.device.state.made:
            verdict = made.verdict
            if verdict is None or verdict.verdict == "parked" or made.timestamp != answer.timestamp:
                continue
            found, stamp = signature(made.mutation), verdict.stamp or ""
            known = self.world.oracle.known.get((made.device_id, made.mutation.n))
            if known is None:
                continue
            if not known.has_trace:  # here it changed nothing, though it had in a history that was undone
                self.acked.pop(found, None)
                continue
            was = self.acked.setdefault(found, Acked(0, verdict.verdict, stamp))
            if was.stamp != stamp and self.steady.is_steady and known.received == tx:  # by no late copy of an old push
                near = [each for n, each in self.world.oracle.stamps[made.device_id] if n != made.mutation.n]
                must(stamp in near, "restore", f"{self.name}: {made.mutation.n} was given {was.stamp}, now {stamp}")
            was.at_ms = max(was.at_ms, made.settled_ms)  # one that was settled anew is kept for as long again
            was.word, was.stamp = verdict.verdict, stamp

    def _fork(self, push: PushRequest, answer: DeviceForked, tx: int) -> None:
        if push is not self.device.in_flight:
            return
        before = {id(made): made.device_id for made in self.device.state.made if made.sent_in}
        self.device.forked(push, answer.held, self.world.make_id())
        self.steady.is_steady = False
        self.say(f"forked: held {answer.held}, now {self.device.state.device_id[:4]}")
        for made in self.device.state.made:
            old = before.get(id(made), made.device_id), made.mutation.n
            known = self.world.oracle.known.get(old)
            if made.device_id != old[0] and known is not None and known.received <= tx and old not in self.world.folded:
                must(not is_held(known, made.mutation), "I3", f"{old} is held, and its device renames it")

    def _take_page(self, epoch: int, answer: SnapshotAnswer) -> None:
        if epoch != self.epoch or not self.device.needs_snapshot:
            return
        self.pages.append(answer)
        self.page = answer.page
        if answer.page is None:
            self.device.snapshot_taken(self.pages)
            self._forget_snapshot()
        else:
            self.epoch += 1

    def _forget_snapshot(self) -> None:
        self.pages, self.page = [], None
        self.epoch += 1

    # -- looking ---------------------------------------------------------------------------------------------------

    def forget(self) -> None:
        """Forget what was kept long enough."""
        self.device.forget_kept(now_ms=self.server_ms)
        horizon = self.world.now - 14 * DAY
        self.acked = {key: each for key, each in self.acked.items() if each.at_ms > horizon}

    def fold(self) -> Fold:
        """Return what the device holds as the log's fold, in the oracle's form."""
        return as_fold(self.device.state.records)

    def check_fold(self) -> None:
        """Check that the device holds the fold of the log up to its cursor, whole transactions only (I5, I6)."""
        oracle, cursor = self.world.oracle, self.device.cursor
        if any(cursor.version < version for version in oracle.erased.values()):
            return  # it shows what the log says no more
        if oracle.tags.get(cursor.version) != cursor.tag or self.device.state.phase is Phase.SNAPSHOT:
            return  # its history was undone, and it still shows that
        expected = fold_of(oracle.log[: cursor.version])
        check_same(self.fold(), expected, "I6", f"{self.name} at {cursor}")

    def check_rest(self) -> None:
        """Check the phone after the heal: it is at the head, shows no overlay but the parked, and lost nothing."""
        world, device = self.world, self.device
        must(str(device.cursor) == world.head, "I7", f"{self.name} is at {device.cursor}, the head is {world.head}")
        check_same(self.fold(), world.oracle.fold, "I7", self.name)
        for made in device.overlay():
            outcome = world.club.outcomes.get((made.device_id, made.mutation.n))
            is_parked = outcome is not None and outcome.verdict == "parked"
            must(self._is_parked(made) and is_parked, "I13", f"{self.name} still shows {made}, which is {outcome}")
        # One that waits for a parent which only a lost phone had is held too; that it truly waits is checked elsewhere.
        # So is an orphan that somebody discarded before the restore: their answer is pushed again as well.
        outcomes = world.club.outcomes
        kept_all_the_same = {"discarded", "cleaned"}
        refused = {
            name
            for name, each in outcomes.items()
            if each.problem is not None and each.problem.code not in kept_all_the_same
        }
        held = {each.signature for name, each in world.oracle.known.items() if name not in refused}
        for key, acked in self.acked.items():
            is_due = acked.word != "rejected" and acked.at_ms > world.now - 14 * DAY
            must(
                not is_due or key in held or self._may_be_gone(key), "I1", f"{self.name} lost the acknowledged {key!r}"
            )
        oracle = world.oracle
        settled = [made for made in device.state.made if not made.is_unsettled]
        kept = [made for made in settled if not oracle.is_silent(made.mutation, made.device_id)]
        oracle.check_erased(msgspec.json.encode([device.state.records, kept]), self.name)

    def _may_be_gone(self, key: bytes) -> bool:
        """Tell whether an acknowledged write was about what an erasure left nothing, or not all, of."""
        made = msgspec.json.decode(key)
        redacted, text = self.world.oracle.redacted, key.decode().casefold()
        if any(name_of(player).casefold() in text for player in self.world.ledger):
            return True
        return (made.get("collection"), made.get("record")) in redacted or bool(redacted and made.get("group"))

    def _is_parked(self, made: Made) -> bool:
        return made.verdict is not None and made.verdict.verdict == "parked"

    def open_conflicts(self) -> list[dict[str, Any]]:
        """Return the open conflicts that the device knows of."""
        found = self.device.state.records.get(CONFLICTS, {})
        return [{"id": key, **held.values} for key, held in found.items() if held.values["status"] == "open"]


def is_held(known: Known, moved: Mutation) -> bool:
    """Tell whether the server holds just what was moved: the origins it had before are part of its content, too."""
    is_same = isinstance(known.mutation, Malformed) or known.mutation.origins == moved.origins[:-1]
    return is_same and known.signature == signature(moved)


MANGLED: Final = "mangled"
"""A title that begins so marks a mutation that this client writes wrongly, in the same way each time."""


def mangled(push: PushRequest) -> PushRequest:
    """Return the push as it goes out: some mutations do not have the shape of one."""
    return msgspec.structs.replace(push, mutations=[_mangled(raw) for raw in push.mutations])


def _mangled(raw: msgspec.Raw) -> msgspec.Raw:
    if MANGLED.encode() not in bytes(raw):
        return raw
    found = msgspec.json.decode(raw)
    way = int(found["fields"]["title"][-1])
    name, value = (("record", "no-id"), ("color", 1), ("op", "dance"), ("wall", "noon"), ("collection", "NO NAME"))[way]
    return msgspec.Raw(msgspec.json.encode({**found, name: value}))


def as_fold(records: Records) -> Fold:
    """Return a device's records in the oracle's form."""
    return {
        (collection, record): Row(held.values, held.deleted, held.version)
        for collection, found in records.items()
        for record, held in found.items()
    }


def check_same(found: Fold, expected: Fold, invariant: str, who: str) -> None:
    """Check that two folds are the same, and name the first difference."""
    if found == expected:
        return
    for key in sorted({*found, *expected}):
        must(
            found.get(key) == expected.get(key), invariant, f"{who}: {key} is {found.get(key)}, not {expected.get(key)}"
        )


def brief(answer: object) -> str:
    """Return an answer in a few words, for the trace."""
    if isinstance(answer, PushAnswer):
        others = [(each.n, each.verdict, each.code or "") for each in answer.others]
        runs = [f"{run.from_n}-{run.to_n}" for run in answer.applied]
        return f"applied {runs} others {others} at {answer.timestamp}"
    if isinstance(answer, PullAnswer):
        return f"{len(answer.changes)} changes to {answer.timestamp}"
    if isinstance(answer, SnapshotAnswer):
        return f"{len(answer.records)} records, start {answer.timestamp} until {answer.until}"
    return f"{type(answer).__name__} {getattr(answer, 'values', '')}"


def pair_of(conflict: Mapping[str, Any]) -> tuple[str, str]:
    """Return the two records of a duplicate."""
    return conflict["record"], conflict["field"].partition("/")[2]
