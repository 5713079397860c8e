"""The merge: each field is a last-writer-wins register, and an unseen loser is kept for a person.

Stamps are fixed before merging and totally ordered, so field values do not depend on the order of arrival; `base`
decides only whether a person is asked. The laws are tests: `tests/sync/test_merge_laws.py`, and `docs/merge.md`.
"""

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from sync.limits import INTEGER_MAX
from sync.records import ERASER, Write
from sync.stamps import UUID_PATTERN


class Origin(Struct, frozen=True, forbid_unknown_fields=True):
    """An earlier identity of a device: its mutations up to and including `n` are the author's own."""

    device_id: Annotated[str, Meta(pattern=UUID_PATTERN)]
    n: Annotated[int, Meta(ge=0, le=INTEGER_MAX)]


class Author(Struct, frozen=True, gc=False):
    """Who writes, and what they had seen."""

    device_id: str
    n: int
    base: int
    """The log up to this version had been seen."""
    origins: tuple[Origin, ...] = ()

    def is_own(self, device_id: str, n: int) -> bool:
        """Tell whether a mutation is the author's own, made under this identity or an earlier one."""
        return device_id == self.device_id or any(
            device_id == origin.device_id and n <= origin.n for origin in self.origins
        )

    def has_written(self, write: Write) -> bool:
        """Tell whether the author wrote this value, alone or beside others."""
        return self.is_own(write.device_id, write.n) or any(self.is_own(*also) for also in write.also)

    def wrote_later(self, write: Write) -> bool:
        """Tell whether this device wrote the value after the author's mutation: then it replaced its own value.

        That it wrote the value *before* says nothing: it has replaced it since, and another device's later write of
        the same value was made unseen of that.
        """
        return any(each == self.device_id and n > self.n for each, n in ((write.device_id, write.n), *write.also))

    def has_seen(self, write: Write) -> bool:
        """Tell whether the author knew of this write: it was in the log they had, or is their own."""
        return write.version <= self.base or self.has_written(write)


class Laid(Struct, frozen=True, gc=False):
    """What became of a write laid over the stored one."""

    stands: Write
    is_logged: bool
    """Whether the write takes a version: it stands, or it confirms the value that stands."""
    loses: Write | None = None
    """The write of the two that did not prevail, where its author did not know of the other: a person is asked."""

    @property
    def is_lost(self) -> bool:
        """Tell whether the new write does not stand."""
        return not self.is_logged


def lay(stored: Write | None, write: Write, author: Author) -> Laid:
    """Lay a write over the stored one: the greater rank (stamp, then n) stands.

    Writing the value that already stands never conflicts, takes a version like any write, and keeps both writers
    as having seen it. A write that loses to another author's is a candidate even where its base had seen that one:
    this happens only where its stamp had to be kept below a later mutation of its own device.
    """
    if stored is None:
        return Laid(stands=write, is_logged=True)
    if stored.value == write.value:
        return Laid(stands=_confirmed(stored, write), is_logged=True)
    if write.rank > stored.rank:
        return Laid(_marked(stored, write), is_logged=True, loses=None if author.has_seen(stored) else stored)
    return Laid(stands=stored, is_logged=False, loses=None if author.wrote_later(stored) else write)


def _marked(stored: Write, write: Write) -> Write:
    """Return a write, with the mark of the erasure over whose write it goes: a snapshot says on what was redacted.

    The eraser is nobody's own device, so its being among the writers tells nothing else.
    """
    writers = ((stored.device_id, stored.n), *stored.also)
    mark = next((each for each in writers if each[0] == ERASER), None)
    return write if mark is None else replace(write, also=(mark,))


def _confirmed(stored: Write, write: Write) -> Write:
    first, last = sorted((stored, write), key=lambda each: each.rank)
    writers = dict(_earliest([*stored.also, *write.also, (first.device_id, first.n)]))
    writers.pop(last.device_id, None)
    return Write(
        value=last.value,
        stamp=last.stamp,
        version=write.version,
        n=last.n,
        also=tuple(sorted(writers.items())),
    )


def _earliest(writers: Iterable[tuple[str, int]]) -> Iterable[tuple[str, int]]:
    """Keep each device's earliest counter: the one that an origin is likeliest to cover."""
    return sorted(writers, key=lambda writer: -writer[1])
