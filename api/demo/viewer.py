"""A viewer of the demo: somebody at home with a share link, whose line is cut again and again while the match comes in.

Each time they connect again and go on from the last cursor that they saw. They count what they see, so that a gap or a
repeat would show. The viewer runs in a thread of its own, beside the phones.
"""

import random
import threading
import time
from collections.abc import Mapping
from typing import Any

import msgspec

from api.demo.line import CutLine
from football.feed import SharedMatch
from football.feed_messages import Message, apply
from sync.cursors import Cursor

PATIENCE_S = 30.0
"""Seconds that the screen has to come up to the feed; without wake-ups it would take five."""
LOOK_S = 0.02


class Screen:
    """What a viewer's screen shows: a snapshot, and each message laid over it."""

    def __init__(self) -> None:
        """Show nothing yet."""
        self.match: SharedMatch | None = None
        self.cursor: Cursor | None = None
        self.snapshots = 0
        self.messages = 0
        self.misses = 0
        """Messages that did not follow the one before."""

    def show(self, frame: Mapping[str, Any]) -> None:
        """Take a frame."""
        if frame["type"] == "snapshot":
            self.snapshots += 1
            self.match = msgspec.convert(frame["match"], SharedMatch)
        elif "data" in frame and self.match is not None and self.cursor is not None:
            self.messages += 1
            at = Cursor.parse(frame["cursor"], where="$.cursor")
            self.misses += at != Cursor(self.cursor.version + 1, self.cursor.tag)
            self.match = apply(self.match, [msgspec.convert(frame, Message)])
        else:
            return
        self.cursor = Cursor.parse(frame["cursor"], where="$.cursor")


class Viewer:
    """Somebody who watches by a link."""

    def __init__(self, address: str, secret: str, dice: random.Random) -> None:
        """Watch on the server at `address`; `dice` draw when the line is cut."""
        self.secret = secret
        self.screen = Screen()
        self.failure: str | None = None
        self._line = CutLine(address, secret, dice)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="viewer", daemon=True)

    @property
    def cuts(self) -> int:
        """Return how often the line was cut."""
        return self._line.cuts

    def begin(self) -> None:
        """Open the link."""
        self._thread.start()

    def end(self) -> None:
        """Put the phone away."""
        self._ended.set()
        self._thread.join(PATIENCE_S)

    def comes_up_to(self, cursor: str) -> bool:
        """Wait until the screen shows the feed up to a cursor; return whether it does."""
        deadline = time.monotonic() + PATIENCE_S
        while str(self.screen.cursor) != cursor:
            if self.failure is not None or time.monotonic() > deadline:
                return False
            time.sleep(LOOK_S)
        return True

    def _watch(self) -> None:
        """Show frames; whenever the line is cut, connect again from where the screen stands."""
        try:
            while not self._ended.is_set():
                since = self.screen.cursor
                for frame in self._line.frames(None if since is None else str(since), self._ended):
                    if frame["type"] == "ended":
                        self.failure = frame["detail"]
                        return
                    self.screen.show(frame)
        except Exception as error:  # noqa: BLE001 - the story tells it, and the proof fails
            self.failure = f"{type(error).__name__}: {error}"
