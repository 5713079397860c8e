"""Rewriting the log after an erasure: what one row says from then on.

A row keeps its version, tag, stamp and place in its transaction, so that cursors stay good and pages stay what they
were; about the subject it says nothing any more, and elsewhere the names are replaced. Rewriting a row that was
rewritten changes nothing, so a run that was cut begins again wherever it likes.
"""

from collections.abc import Container
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from sync.collections import CONFLICTS, format_instant
from sync.conflicts import Conflict, emptied, read_conflict, wire_fields
from sync.records import Change, Key, encode_change
from sync.subjects import Subject

_decode: Final = msgspec.json.Decoder(Change).decode


class Rewriter:
    """Rewrites rows for one erasure."""

    def __init__(self, subject: Subject, near: Container[Key] = ()) -> None:
        """Rewrite for a subject; `near` are the records that refer to it or did, where a name of it is one word."""
        self._subject = subject
        self._near = near
        self._at = format_instant(subject.erasure.at_ms)

    def row(self, body: bytes) -> bytes | None:
        """Return the bytes that stand in place of a row's; None where it stays as it is."""
        change = _decode(body)
        now = self._change(change)
        return None if now == change else encode_change(now)

    def _change(self, change: Change) -> Change:
        if change.collection == CONFLICTS:
            return self._conflict(change)
        if self._subject.is_key(change.key):
            return replace(change, fields={}, redacted=True)
        is_near = change.key in self._near
        return replace(change, fields=self._subject.without_names(change.collection, change.fields, is_near=is_near))

    def _conflict(self, change: Change) -> Change:
        conflict = read_conflict(change)
        if self._subject.is_about(conflict.collection, conflict.record, conflict.other):
            return replace(change, fields=_as_read(emptied(conflict, at=self._at)), redacted=True)
        cleaned = self._subject.clean_conflict(conflict, self._near)
        return change if cleaned == conflict else replace(change, fields=_as_read(cleaned))


def _as_read(conflict: Conflict) -> dict[str, Any]:
    """Return a conflict's fields as they are read back, so that rows compare."""
    fields: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(wire_fields(conflict)))
    return fields


def refers_in(subject: Subject, change: Change) -> bool:
    """Tell whether a row lays down a reference to the subject."""
    return subject.refers(change.collection, change.fields)
