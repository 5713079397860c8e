"""Lines of the log on their way out: gathered for a moment, and written by a thread, so that no request waits for them.

Where whoever reads the log has stopped reading, lines are dropped once a mebibyte waits, and how many is told when it
goes on: a full pipe must not stop a match.
"""

import asyncio
import os
import queue
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

GATHER_S: Final = 0.05
"""Seconds that lines are gathered: one write for many, and nobody reads a log faster."""
WAITING_BYTES_MAX: Final = 1024 * 1024
"""Bytes that wait for a reader before lines are dropped."""


def write_to_stderr(text: bytes) -> None:
    """Write to standard error, all of it; a reader that is gone takes the lines with it."""
    with suppress(OSError, ValueError):
        place = sys.stderr.fileno()
        while text:
            text = text[os.write(place, text) :]


class Lines:
    """Takes lines on the event loop, and writes them elsewhere."""

    def __init__(self, write: Callable[[bytes], None] = write_to_stderr) -> None:
        """Hand what is gathered to `write`, on a thread of its own."""
        self._write = write
        self._gathered: list[bytes] = []
        self._due_on: asyncio.AbstractEventLoop | None = None
        self._dropped = 0
        # Two counters, since each has one writer: the loop and the thread.
        self._taken = 0
        self._written = 0
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def add(self, line: bytes) -> None:
        """Take a line, to be written soon; on the event loop."""
        if self._taken - self._written > WAITING_BYTES_MAX:
            self._dropped += 1
            return
        self._take(line)
        loop = asyncio.get_running_loop()
        if self._due_on is not loop:
            self._due_on = loop
            loop.call_later(GATHER_S, self.flush)

    def flush(self) -> None:
        """Hand over what is gathered."""
        self._due_on = None
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            self._take(b'{"event":"lines_dropped","level":"warning","count":%d}\n' % dropped)
        if not self._gathered:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="log lines", daemon=True)
            self._thread.start()
        self._queue.put(b"".join(self._gathered))
        self._gathered = []

    def close(self) -> None:
        """Write what is left, and end the thread; the next line starts another."""
        self.flush()
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def _take(self, line: bytes) -> None:
        self._taken += len(line)
        self._gathered.append(line)

    def _work(self) -> None:
        while (text := self._queue.get()) is not None:
            self._write(text)
            self._written += len(text)
