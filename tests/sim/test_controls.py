"""Negative controls: a planted bug must be caught, or the simulation proves nothing."""

# ruff: noqa: ANN401 - a planted bug takes and gives what the function that it replaces does

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
import pytest

import storage.memory
import sync.admission
import sync.book
import sync.conflicts
import sync.erasure
import sync.merge
import sync.ops
import sync.parking
import sync.push
import sync.rewriting
import sync.stamps
from storage.memory import MemoryStore
from sync.compaction import Folding, Row, fold
from sync.device import Device
from sync.messages import Again, Group, PullAnswer, PullQuery, hash_content
from sync.ports import LogRow
from sync.records import Change
from tests.sim.run import Failure, simulate

SEEDS_MAX = 60
STEPS = 300

Patch = pytest.MonkeyPatch
Plant = Callable[[Patch], None]


def drop_the_conflict_of_a_lost_write(patch: Patch) -> None:
    """A write that loses is forgotten."""
    right = sync.merge.lay

    def wrong(*args: Any) -> Any:
        laid = right(*args)
        return laid if laid.is_logged else msgspec.structs.replace(laid, loses=None)

    patch.setattr(sync.ops, "lay", wrong)


def drop_the_conflict_of_an_overwritten_value(patch: Patch) -> None:
    """An unseen value that is overwritten is forgotten."""
    right = sync.merge.lay

    def wrong(*args: Any) -> Any:
        laid = right(*args)
        return msgspec.structs.replace(laid, loses=None) if laid.is_logged else laid

    patch.setattr(sync.ops, "lay", wrong)


def let_the_last_arrival_win(patch: Patch) -> None:
    """The order of arrival decides, not the stamp."""
    patch.setattr(sync.ops, "lay", lambda _stored, write, _author: sync.merge.Laid(stands=write, is_logged=True))


def trust_an_own_earlier_value(patch: Patch) -> None:
    """Who wrote the standing value once counts as knowing that it beats what they wrote since (found by seed 1)."""
    patch.setattr(sync.merge.Author, "wrote_later", sync.merge.Author.has_written)


def ask_always(patch: Patch) -> None:
    """Nobody is believed to have seen anything of another device."""
    patch.setattr(sync.merge.Author, "has_seen", lambda self, write: self.is_own(write.device_id, write.n))


def forget_who_also_wrote(patch: Patch) -> None:
    """Of two who wrote the same value only one is remembered."""
    right = sync.merge._confirmed
    patch.setattr(sync.merge, "_confirmed", lambda *args: msgspec.structs.replace(right(*args), also=()))


def skip_the_hash(patch: Patch) -> None:
    """The same counter with other content is taken for a repeat."""

    def wrong(workspace: Any, mutations: Any, _author: str) -> Any:
        return {each.n: hash_content(workspace.book.club.hash_key, each.content) for each in mutations}

    patch.setattr(sync.push, "check_identity", wrong)


def leave_a_gap(patch: Patch) -> None:
    """Now and then a version is skipped, as a sequence would."""

    def wrong(self: Any) -> int:
        version: int = self.head.version + 1
        return version + (version % 17 == 0)

    patch.setattr(sync.book.Workspace, "next_version", property(wrong))


def apply_half_a_transaction(patch: Patch) -> None:
    """A device shows each page as it comes."""
    right = Device.pulled

    def wrong(self: Device, query: PullQuery, answer: PullAnswer) -> None:
        right(self, query, answer)
        if self._partial:
            self._end_transaction()

    patch.setattr(Device, "pulled", wrong)


def forget_tombstones_in_snapshots(patch: Patch) -> None:
    """A snapshot sends only what is not deleted."""
    right = MemoryStore.key_page

    async def wrong(self: MemoryStore, *args: Any, **more: Any) -> Sequence[Change]:
        return [change for change in await right(self, *args, **more) if change.deleted is not True]

    patch.setattr(MemoryStore, "key_page", wrong)


def skip_the_end_of_a_page(patch: Patch) -> None:
    """A page of several rows lacks its second."""
    right = MemoryStore.log_page

    async def wrong(self: MemoryStore, *args: Any, **more: Any) -> Sequence[LogRow]:
        rows = list(await right(self, *args, **more))
        return rows if len(rows) < 3 else [rows[0], *rows[2:]]

    patch.setattr(MemoryStore, "log_page", wrong)


def lift_no_stamps(patch: Patch) -> None:
    """A device's stamps do not follow its counter."""
    patch.setattr(sync.admission, "between", lambda clock, **_: clock)


def ignore_what_was_seen(patch: Patch) -> None:
    """A stamp is not lifted above what its author had seen."""
    right = sync.stamps.effective_clock
    patch.setattr(sync.admission, "effective_clock", lambda **named: right(**{**named, "after": 0}))


def believe_fast_clocks(patch: Patch) -> None:
    """A wall clock ahead of the server's wins."""
    right = sync.stamps.effective_clock
    patch.setattr(sync.admission, "effective_clock", lambda **named: right(**{**named, "now_ms": 2 * named["now_ms"]}))


def correct_no_clock(patch: Patch) -> None:
    """A clock that is an hour wrong is taken as it is."""
    patch.setattr(sync.admission, "correction_of", lambda _window: 0)


def forget_what_waits(patch: Patch) -> None:
    """Parked mutations stay parked when their parent comes."""
    patch.setattr(sync.book.Workspace, "waiting_for", lambda _self, _what: [])


def lose_what_waits(patch: Patch) -> None:
    """A parked mutation is answered and not kept."""
    right = sync.book.Workspace.settle

    def wrong(self: Any, entry: Any, verdict: Any, **named: Any) -> None:
        right(self, entry, verdict, **named)
        if verdict == "parked":
            self.plan.parked.pop(entry.order, None)

    patch.setattr(sync.book.Workspace, "settle", wrong)


def apply_a_group_partly(patch: Patch) -> None:
    """A group begins before its last member has come."""
    right = sync.parking._try_group

    def wrong(workspace: Any, group: Group) -> None:
        right(workspace, msgspec.structs.replace(group, count=max(1, group.count - 1)))

    patch.setattr(sync.parking, "_try_group", wrong)


def ask_nobody_about_edits_of_the_deleted(patch: Patch) -> None:
    """A put on a deleted record is kept without a word."""
    patch.setattr(sync.ops, "_meet_delete", lambda _op, _record: None)


def ask_nobody_about_unseen_edits(patch: Patch) -> None:
    """A delete passes over edits that its author had not seen."""
    patch.setattr(sync.ops, "_unseen_edits", lambda _op, _record: [])


def close_conflicts_unseen(patch: Patch) -> None:
    """Any later write closes a conflict."""
    right = sync.conflicts.closed

    def wrong(conflict: Any, author: Any, _write: Any, *, at: str) -> Any:
        return right(conflict, status=sync.conflicts.Status.SUPERSEDED, device_id=author.device_id, at=at)

    patch.setattr(sync.ops, "overwritten", wrong)


def push_nothing_again(patch: Patch) -> None:
    """After a restore a device keeps what it was told."""
    right = Device.diverged

    def wrong(self: Device, common: str) -> None:
        kept = [(made, made.verdict, made.timestamp) for made in self.state.made]
        right(self, common)
        for made, verdict, timestamp in kept:
            made.verdict, made.timestamp = verdict, timestamp

    patch.setattr(Device, "diverged", wrong)


def push_again_without_stamps(patch: Patch) -> None:
    """After a restore the stamps that were given are not sent."""
    right = Device.diverged

    def wrong(self: Device, common: str) -> None:
        right(self, common)
        for made in self.state.made:
            if made.again is not None:
                made.again = Again(made.again.n, common=made.again.common)

    patch.setattr(Device, "diverged", wrong)


def send_no_proof(patch: Patch) -> None:
    """A device names no cursor when it pushes or pulls, but the one it pulls from."""
    patch.setattr(Device, "_proof", None)
    patch.setattr(Device, "pull_query", lambda self: PullQuery(since=str(self._pull_cursor), past=self._past))


def rename_what_is_held(patch: Patch) -> None:
    """A forked device renames all that has no final verdict, what the server holds included."""
    right = Device.forked
    patch.setattr(Device, "forked", lambda self, push, _held, new: right(self, push, (), new))


def forget_by_the_devices_clock(patch: Patch) -> None:
    """A device whose clock jumps ahead forgets what it should keep for 14 days."""
    patch.setattr(Device, "forget_kept", lambda self, *, now_ms: self.state.made.clear() if now_ms else None)


def stop_sending_what_waits(patch: Patch) -> None:
    """A parked mutation is sent once and never again."""
    patch.setattr(Device, "_is_due", lambda _self, made: made.verdict is None)


def take_what_was_folded_for_new(patch: Patch) -> None:
    """A counter whose outcome was folded away counts as never received."""
    patch.setattr(storage.memory, "folded_in", lambda _outcomes, _run: ())


def fold_the_end_of_a_run(patch: Patch) -> None:
    """Nothing of a run is kept but its first, so a later stamp is lifted above nothing."""

    def wrong(rows: Sequence[Row]) -> Folding:
        folding = fold(rows)
        return Folding([*folding.gone, *folding.spans], {})

    patch.setattr(storage.memory, "fold", wrong)


def cut_the_log_anywhere(patch: Patch) -> None:
    """The kept log begins inside a transaction."""

    def wrong(state: Any, before_ms: int) -> int:
        old: Iterator[int] = (row.version for row in state.log[:-1] if state.committed_ms[row.version] < before_ms)
        oldest: int = max([state.club.oldest, *old])
        return oldest

    patch.setattr(storage.memory, "_kept_from", wrong)


def forget_conflicts_in_the_log(patch: Patch) -> None:
    """Rewriting the log passes over the conflicts in it."""
    patch.setattr(sync.rewriting.Rewriter, "_conflict", lambda _self, change: change)


def stop_rewriting_where_it_was_cut(patch: Patch) -> None:
    """A rewriting that was cut counts as finished."""
    right = sync.erasure.moved_on

    def wrong(*args: Any, **named: Any) -> Any:
        return msgspec.structs.replace(right(*args, **named), finished_ms=0)

    patch.setattr(storage.memory, "moved_on", wrong)


def ask_no_ledger(patch: Patch) -> None:
    """What comes late is taken as if nobody had been erased."""
    patch.setattr(sync.push, "meet_erased", lambda _workspace, given, _base: given)


def keep_what_was_redacted(patch: Patch) -> None:
    """A device lays a redacted change over what it held, and keeps its own mutations."""
    patch.setattr(Device, "_forget_for", lambda _self, _change: None)


PLANTS: dict[Plant, str] = {
    drop_the_conflict_of_a_lost_write: "I9",
    drop_the_conflict_of_an_overwritten_value: "I9",
    let_the_last_arrival_win: "I8",
    trust_an_own_earlier_value: "I9",
    ask_always: "I9",
    forget_who_also_wrote: "I9",
    skip_the_hash: "I3",
    leave_a_gap: "I4",
    apply_half_a_transaction: "I6",
    forget_tombstones_in_snapshots: "I7",
    skip_the_end_of_a_page: "I5",
    lift_no_stamps: "I8",
    ignore_what_was_seen: "I8",
    believe_fast_clocks: "I16",
    correct_no_clock: "skew",
    forget_what_waits: "parked",
    lose_what_waits: "I1",
    apply_a_group_partly: "group",
    ask_nobody_about_edits_of_the_deleted: "I9",
    ask_nobody_about_unseen_edits: "I9",
    close_conflicts_unseen: "I9",
    push_nothing_again: "I1 I13",
    push_again_without_stamps: "restore",
    send_no_proof: "I1 I13 stuck",
    rename_what_is_held: "I3",
    forget_by_the_devices_clock: "I1",
    stop_sending_what_waits: "I13",
    take_what_was_folded_for_new: "I3",
    fold_the_end_of_a_run: "I1 I3 I8",
    cut_the_log_anywhere: "I6",
    forget_conflicts_in_the_log: "I17",
    stop_rewriting_where_it_was_cut: "I17",
    ask_no_ledger: "I17",
    keep_what_was_redacted: "I17",
}
"""Each bug with the invariants that it may break first: one caught for another reason is not caught."""


def failures() -> Iterator[Failure]:
    """Return what the seeds find, one after another."""
    for seed in range(SEEDS_MAX):
        try:
            simulate(seed, STEPS)
        except Failure as failure:
            yield failure


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_a_planted_bug_is_caught(plant: Plant, monkeypatch: Patch) -> None:
    """The simulation tells a server or a device with this bug from a right one, and for the right reason."""
    plant(monkeypatch)
    found = (str(failure.cause).partition(":")[0] for failure in failures())
    assert any(invariant in PLANTS[plant].split() for invariant in found), f"{SEEDS_MAX} seeds passed"
