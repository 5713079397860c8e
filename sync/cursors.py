"""Cursors: how far a client has applied a club's log, and the proof that its history is the server's.

On the wire a cursor is the *sync timestamp* `version.tag`: a decimal version and the 16 hexadecimal digits of the
random tag that the log row of that version carries. A cursor whose tag is not in the log belongs to another
history (a restore from a backup, a failover that lost writes, another club), however its number compares.
"""

import hashlib
import re
from functools import lru_cache
from typing import Final, NamedTuple

from sync.errors import MalformedRequest
from sync.stamps import END

CURSOR_PATTERN: Final = f"^(0|[1-9][0-9]{{0,15}})[.][0-9a-f]{{16}}{END}"
_SHAPE: Final = re.compile(CURSOR_PATTERN)


class Cursor(NamedTuple):
    """A place in a club's log: the log up to and including `version` has been applied."""

    version: int
    tag: str

    @staticmethod
    def parse(text: str, *, where: str) -> "Cursor":
        """Read a cursor from the wire. Raises MalformedRequest, naming `where`, for any other text."""
        try:
            return _read(text)
        except ValueError:
            raise MalformedRequest(
                path=where,
                problem="is not a sync timestamp such as 12.0123456789abcdef; send back the one the server gave",
            ) from None

    def __str__(self) -> str:
        """Return the form on the wire."""
        return f"{self.version}.{self.tag}"


@lru_cache(maxsize=1_024)
def _read(text: str) -> Cursor:
    """Return the cursor of a text, and keep it: a queue's mutations have few bases. Raises ValueError, keeping none."""
    if not _SHAPE.fullmatch(text):
        raise ValueError
    version, _, tag = text.partition(".")
    return Cursor(int(version), tag)


ORIGIN: Final = Cursor(0, "0" * 16)
"""The cursor before the first change: what a new device holds."""


def tag_for(seed: bytes, version: int) -> str:
    """Return the tag of a version, drawn from a transaction's fresh random seed (at least 16 bytes)."""
    return hashlib.blake2b(version.to_bytes(8), key=seed, digest_size=8).hexdigest()
