"""A log against the tables that were written with it: what they say of each record must be one and the same.

Pure. A log that begins at version 1 is folded whole, and then nothing may be in a table that is not in the log. The end
of a log says of its records what stands since: those fields, at that version.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import msgspec

from sync.collections import Value
from sync.records import Change, Key, encode_change

UNLIKE_MAX: Final = 3
"""Records that are named; the rest is counted."""

_decode: Final = msgspec.json.Decoder(Change).decode


class Held(NamedTuple):
    """What is said of one record."""

    fields: Mapping[str, Value]
    deleted: bool
    version: int


class Comparison(NamedTuple):
    """What came of comparing."""

    records: int
    unlike: list[Key]
    """Records of which log and tables say different things."""


def read_change(body: bytes) -> Change | None:
    """Return a stored change; None where the bytes are none."""
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def as_stored(change: Change) -> Change:
    """Return a change of this process as if it had been stored and read: enums are texts there."""
    return _decode(encode_change(change))


def fold(log: Iterable[Change]) -> dict[Key, Held]:
    """Return what a log says of each of its records, change by change."""
    found: dict[Key, Held] = {}
    for change in log:
        was = None if change.redacted else found.get(change.key)
        fields = dict(change.fields) if was is None else {**was.fields, **change.fields}
        known = was is not None and was.deleted
        deleted = known if isinstance(change.deleted, msgspec.UnsetType) else change.deleted
        found[change.key] = Held(fields, deleted, change.version)
    return found


def compare(folded: Mapping[Key, Held], stored: Mapping[Key, Held], *, is_whole: bool) -> Comparison:
    """Compare a folded log with what the tables say of the same records, or with all where the log is whole."""
    keys = folded.keys() | stored.keys() if is_whole else folded.keys()
    unlike = [key for key in sorted(keys) if not _is_alike(folded.get(key), stored.get(key), is_whole=is_whole)]
    return Comparison(len(keys), unlike)


def _is_alike(told: Held | None, kept: Held | None, *, is_whole: bool) -> bool:
    if told is None or kept is None:
        return False
    if is_whole:
        return told == kept
    if told.version != kept.version or (told.deleted and not kept.deleted):
        return False
    return all(name in kept.fields and kept.fields[name] == value for name, value in told.fields.items())
