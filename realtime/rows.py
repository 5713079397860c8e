"""Rows: readers that have had all there is and whose lines need no waiting; a batch costs each of them one write.

A row stands at one place, which is that of everybody in it: nobody's own place is moved while they sit. Whoever has
something of their own to send, and whose line has to wait or ends, gets up first and takes the row's place along. A
row is written in one go, so all in it have had a batch, or none.
"""

from collections.abc import Callable
from typing import Final

from realtime.source import Framing
from sync.cursors import Cursor
from sync.tails import Batch

ROW_READERS: Final = 250
"""Readers that get a batch before the loop has a turn: some 2 ms."""

Write = Callable[[bytes], object]
"""Takes frames as they stand on the wire. Never waits."""


class Row:
    """Readers of one channel and one framing, at one place."""

    __slots__ = ("_all", "_writes", "framing", "place", "written")

    def __init__(self, framing: Framing, place: Cursor) -> None:
        """Begin with nobody."""
        self.framing = framing
        self.place = place
        self.written = 0
        """Batches that were written to it."""
        self._writes: dict[object, Write] = {}
        self._all: list[Write] | None = None
        """The writes, until somebody comes or goes."""

    @property
    def has_room(self) -> bool:
        """Tell whether one more may sit down."""
        return len(self._writes) < ROW_READERS

    def __len__(self) -> int:
        """Return how many sit here."""
        return len(self._writes)

    def add(self, reader: object, write: Write) -> None:
        """Let a reader sit down whose place this is."""
        self._writes[reader] = write
        self._all = None

    def remove(self, reader: object) -> None:
        """Let a reader get up."""
        del self._writes[reader]
        self._all = None

    def write(self, batch: Batch) -> None:
        """Write a batch, which follows the place, to everybody."""
        assert batch.first == self.place.version + 1, f"{batch.first} does not follow {self.place}"
        # Before the writes: a line that has to wait from here on has taken the batch, and gets up behind it.
        self.place = batch.end
        self.written += 1
        if self._all is None:
            self._all = [*self._writes.values()]
        frames = batch.framed(self.framing.ready)
        for write in self._all:
            write(frames)
