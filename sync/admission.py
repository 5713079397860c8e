"""Admission: what is fixed about a mutation once, at its first receipt, independently of what is stored.

History first (is the client's log ours?), then identity (is the device one installation?), then each new mutation's
stamp, correction and base.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from sync.book import Device, Workspace
from sync.checks import Given
from sync.cursors import ORIGIN, Cursor
from sync.errors import DeviceForked, DeviceTaken, LogDiverged
from sync.messages import Again, Malformed, Mutation, PushRequest, hash_content
from sync.records import ERASER
from sync.stamps import (
    between,
    clock_of,
    correction_of,
    device_of,
    effective_clock,
    make_stamp,
    observe_offset,
)


class Received(Struct, frozen=True):
    """Who pushed, when by the server's clock, and the dice for this transaction."""

    author: str
    """The user's id."""
    now_ms: int
    seed: bytes
    """Fresh randomness, 16 bytes or more, from which the tags are drawn."""


def check_history(workspace: Workspace, cursors: Iterable[str | None], past: Iterable[str]) -> None:
    """Raise LogDiverged where a cursor the client relies on is not in this log.

    One from before the kept log proves nothing either way: a queue is accepted all the same.
    """
    if all(text is None or workspace.stands_in_log(text) or workspace.is_before_log(text) for text in cursors):
        return
    raise LogDiverged(common=next((text for text in past if workspace.stands_in_log(text)), str(ORIGIN)))


def check_identity(workspace: Workspace, given: Iterable[Given], author: str) -> dict[int, bytes]:
    """Return the hash of each mutation by its counter.

    Raises DeviceTaken where the device is another person's, or the one that erasures write as, and DeviceForked where
    a counter is held with other content, or with content that nobody can compare any more: two installations share the
    identity.
    """
    device = workspace.device
    if (device is not None and device.author != author) or workspace.device_id == ERASER:
        raise DeviceTaken
    hashes = {each.n: hash_content(workspace.book.club.hash_key, each.content) for each in given}
    held = workspace.held
    if any(n in held and held[n].hash != found for n, found in hashes.items()):
        same = [n for n, found in sorted(hashes.items()) if n in held and held[n].hash == found]
        raise DeviceForked(held=same, timestamp=str(workspace.head))
    return hashes


def meet_device(known: Device | None, push: PushRequest, received: Received, *, has_new: bool) -> Device:
    """Return the device's state after this push: its clock offsets, and how far it has come."""
    device = known or Device(device_id=push.device_id, author=received.author)
    offsets = observe_offset(device.offsets, received.now_ms - push.sent_at) if has_new else device.offsets
    acked = 0 if push.acked is None else Cursor.parse(push.acked, where="$.acked").version
    return replace(device, offsets=offsets, acked=max(device.acked, acked), seen_ms=received.now_ms)


class Stamper:
    """Gives each new mutation of a push its effective clock, in the order of its device's counters."""

    def __init__(self, workspace: Workspace, device: Device, received: Received) -> None:
        """Begin with the outcomes that the book holds around this push's counters."""
        self._workspace = workspace
        self._device = device
        self._received = received
        self._known = sorted((each.n, clock_of(each.stamp)) for each in workspace.held.values())
        self.correction = correction_of(device.offsets)

    def stamp(self, mutation: Mutation | Malformed, again: Again | None) -> tuple[str, int]:
        """Return the effective stamp and the correction of a mutation at its first receipt."""
        place = bisect_left(self._known, (mutation.n, 0))
        earlier = self._known[place - 1][1] if place else None
        later = self._known[place][1] if place < len(self._known) else None
        issued = self._workspace.clock
        now_ms = self._received.now_ms
        if again is not None and again.stamp is not None and device_of(again.stamp) == self._device.device_id:
            clock = effective_clock(
                wall_ms=0, correction_ms=0, after=max(clock_of(again.stamp) - 1, 0), now_ms=now_ms, issued=issued
            )
            # Kept below a later `n` too: that one reached this server before it was known to have been restored.
            clock, correction = max(clock, earlier or 0), again.correction
            clock = clock if later is None else min(clock, later)
        else:
            after = mutation.after if isinstance(mutation, Mutation) else None
            clock = effective_clock(
                wall_ms=mutation.wall,
                correction_ms=self.correction,
                after=0 if after is None else clock_of(after),
                now_ms=now_ms,
                issued=issued,
            )
            clock, correction = between(clock, earlier=earlier, later=later), self.correction
        insort(self._known, (mutation.n, clock))
        self._workspace.clock = max(issued, clock)
        return make_stamp(clock, self._device.device_id), correction


def base_of(workspace: Workspace, mutation: Mutation, again: Again | None) -> int:
    """Return the version up to which the author had seen this log.

    A base is compared by tag: one of another history, or of rows compacted away, counts as `common`, and without
    that as nothing seen: a person may be asked once more, never less.
    """
    for text in (mutation.base, None if again is None else again.common):
        if text is not None and workspace.stands_in_log(text):
            return Cursor.parse(text, where="$").version
    return 0
