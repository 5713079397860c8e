"""Erasure: what is kept of it, and how somebody who was erased is recognised without an id or a name being kept.

    erasure    the row of the ledger: keyed hashes of the record's id and of the names it ever had, and where it stands
    subject    one erasure as a matcher: is this about it, does that refer to it, a text without its names (subjects)
    erased     all erasures of a club, as planning a push asks for them (erased)

A name of two words or more is replaced wherever it stands in free text; a single word, which may be anybody's, only in
what refers to the subject. The identifying fields of other records are theirs, and stay.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from sync.collections import Problem, Value
from sync.names import name_of
from sync.records import ERASER, Key

__all__ = ["CLEANED", "ERASED", "ERASER", "SINGLE", "Erasure", "NotErasable", "moved_on", "names_among", "subject_of"]

Kinds = Literal["record", "user", "club"]

SINGLE: Final = "1."
"""How a name of one word begins, as it is kept."""


ERASED: Final = Problem("erased", "It is about somebody who was erased, and nothing of it was kept.")
"""What whoever writes about somebody who was erased is told."""
CLEANED: Final = Problem("cleaned", "It named somebody who was erased; the name was taken out of it.")
"""What whoever names somebody without knowing that they were erased is told, though it was applied."""


class Erasure(Struct, frozen=True):
    """An erasure as the ledger keeps it: it names nobody."""

    club_id: str
    erasure_id: str
    kind: Kinds
    subject: str
    """The keyed hash of `collection/record`, in hexadecimal digits."""
    collection: str | None = None
    """The record's collection."""
    names: tuple[str, ...] = ()
    """The names that the record ever had, each as the number of its words and their keyed hash: `2.5e1f...`."""
    version: int = 0
    """The version with which the erasure was written: whoever has seen that has seen it."""
    at_ms: int = 0
    by: str | None = None
    """The user who asked for it; None for the operator."""
    rewritten_to: int = 0
    """The log is rewritten up to this version."""
    finished_ms: int | None = None
    """When the rewriting was finished."""


class NotErasable(Exception):
    """The collection has no field that identifies a person."""


def subject_of(hash_key: bytes, key: Key) -> str:
    """Return the keyed hash by which an erased record is recognised."""
    return hashlib.blake2b(str(key).encode(), key=hash_key, digest_size=16).hexdigest()


def names_among(hash_key: bytes, values: Iterable[Value]) -> set[str]:
    """Return the names among the values of identifying fields, as they are kept."""
    found = (name_of(hash_key, value) for value in values if isinstance(value, str))
    return {name for name in found if name is not None}


def moved_on(erasure: Erasure, versions: Sequence[int], *, rows_max: int, now_ms: int) -> Erasure:
    """Return an erasure after the rows of these versions were looked at: finished where there were no more of them."""
    if len(versions) == rows_max and versions[-1] < erasure.version:
        return replace(erasure, rewritten_to=versions[-1])
    return replace(erasure, rewritten_to=erasure.version, finished_ms=now_ms)
