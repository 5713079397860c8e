"""Admission: what is fixed about a mutation once, at its first receipt, independently of what is stored.

History first (is the client's log ours?), then identity (is the device one installation?), then each new mutation's
stamp, correction and base, and the check of its content against the catalogue.
"""

import re
from bisect import bisect_left, insort
from collections.abc import Iterable
from typing import Final

from msgspec import UNSET, Struct
from msgspec.structs import replace

from sync.book import Book, Device, Entry, Workspace
from sync.collections import Catalogue, Problem, Type, Value, parse, parse_fields, shift_instant
from sync.conflicts import DELETED, Kind
from sync.cursors import ORIGIN, Cursor
from sync.errors import DeviceForked, DeviceTaken, LogDiverged
from sync.limits import MUTATION_BYTES_MAX
from sync.messages import Again, Malformed, Mutation, PushRequest, encode, hash_mutation
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


def check_identity(workspace: Workspace, mutations: Iterable[Mutation | Malformed], author: str) -> dict[int, bytes]:
    """Return the hash of each mutation by its counter.

    Raises DeviceTaken where the device is another person's, and DeviceForked where a counter is held with other
    content, or with content that nobody can compare any more: two installations share the identity.
    """
    device = workspace.book.device
    if device is not None and device.author != author:
        raise DeviceTaken
    hashes = {each.n: hash_mutation(workspace.book.club.hash_key, each) for each in mutations}
    held = workspace.book.outcomes
    if any(n in held and held[n].hash != found for n, found in hashes.items()):
        same = [n for n, found in sorted(hashes.items()) if n in held and held[n].hash == found]
        raise DeviceForked(held=same, timestamp=str(workspace.book.club.head))
    return hashes


def meet_device(book: Book, push: PushRequest, received: Received, *, has_new: bool) -> Device:
    """Return the device's state after this push: its clock offsets, and how far it has come."""
    device = book.device or Device(device_id=push.device_id, author=received.author)
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
        held = workspace.book.outcomes.values()
        self._known = sorted((each.n, clock_of(each.stamp)) for each in held)
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


def admit(
    catalogue: Catalogue, mutation: Mutation, *, stamp: tuple[str, int], base: int, digest: bytes, received: Received
) -> Entry | Problem:
    """Return the mutation with its content in canonical form, or why it is rejected."""
    effective, correction = stamp
    checked = check(catalogue, mutation, correction)
    if isinstance(checked, Problem):
        return checked
    return Entry(
        device_id=device_of(effective),
        author=received.author,
        mutation=checked,
        hash=digest,
        stamp=effective,
        correction=correction,
        base=base,
        received_ms=received.now_ms,
    )


def check(catalogue: Catalogue, mutation: Mutation, correction: int) -> Mutation | Problem:
    """Check a mutation against the catalogue; return it in canonical form, its instants corrected."""
    if len(encode(mutation)) > MUTATION_BYTES_MAX:
        return Problem("too_large", f"A mutation takes at most {MUTATION_BYTES_MAX} bytes.")
    collection = catalogue.collections.get(mutation.collection)
    if mutation.op == "resolve":
        return _check_resolution(catalogue, mutation)
    if collection is None:
        return Problem("unknown_collection", "There is no collection of this name that can be written.")
    if mutation.resolve is not None:
        return Problem("wrong_op", "Only the op resolve carries `resolve`.")
    if mutation.op != "put":
        return mutation if not mutation.fields else Problem("wrong_op", "Only the op put carries `fields`.")
    fields = parse_fields(collection, mutation.fields)
    if isinstance(fields, Problem):
        return fields
    if correction:
        moved = {
            name: _shifted(value, correction)
            for name, value in fields.items()
            if _is_instant(catalogue, mutation, name)
        }
        fields = {**fields, **moved}
    return replace(mutation, fields=fields)


def _is_instant(catalogue: Catalogue, mutation: Mutation, name: str) -> bool:
    spec = catalogue.collections[mutation.collection].fields[name]
    return spec.type is Type.INSTANT and spec.is_clock_reading


def _shifted(value: Value, correction: int) -> Value:
    return None if value is None else shift_instant(value, correction)


def _check_resolution(catalogue: Catalogue, mutation: Mutation) -> Mutation | Problem:
    resolution = mutation.resolve
    if resolution is None or mutation.fields:
        return Problem("wrong_op", "The op resolve carries `resolve` and no `fields`.")
    kind, _, rest = resolution.field.partition("/")
    if rest:
        return _check_special(catalogue, mutation, kind, rest)
    collection = catalogue.collections.get(mutation.collection)
    if collection is None:
        return Problem("unknown_collection", "There is no collection of this name.")
    if kind == DELETED:
        is_right = isinstance(resolution.value, bool)
        return mutation if is_right else Problem("wrong_type", "`deleted` takes true or false.", DELETED)
    if kind not in collection.fields:
        return Problem("unknown_field", f"{collection.name} has no field of this name.", kind)
    if resolution.value is UNSET:
        return Problem("missing_value", "An answer carries the value chosen, whatever the choice; null is one.", kind)
    value = parse(collection.fields[kind], kind, resolution.value)
    if isinstance(value, Problem):
        return value
    return replace(mutation, resolve=replace(resolution, value=value))


def _check_special(catalogue: Catalogue, mutation: Mutation, kind: str, rest: str) -> Mutation | Problem:
    assert mutation.resolve is not None
    shape = _SPECIAL.get(kind)
    if shape is None or not shape.fullmatch(rest):
        return Problem("unknown_conflict", "There is no conflict of this name.", "field")
    if kind == Kind.ORPHAN and mutation.resolve.choice != "keep":
        return Problem("wrong_choice", "An orphan can only be given up, by keep: its parent is not there.", "choice")
    if kind == Kind.DUPLICATE and mutation.resolve.choice == "take":
        if mutation.collection not in catalogue.collections:
            return Problem("unknown_collection", "There is no collection of this name.")
        is_right = mutation.resolve.value in (mutation.record, rest)
        return mutation if is_right else Problem("wrong_value", "Name the one record of the pair to drop.", "value")
    return mutation


_UUID: Final = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_SPECIAL: Final = {
    str(Kind.DUPLICATE): re.compile(_UUID),
    str(Kind.GROUP): re.compile(_UUID),
    str(Kind.REJECTED): re.compile(f"{_UUID}/[1-9][0-9]{{0,15}}"),
    str(Kind.ORPHAN): re.compile(f"{_UUID}/[1-9][0-9]{{0,15}}"),
}
"""How each kind of conflict that is about no field is named, after its first slash."""
