"""What the live floor stands on, made of dictionaries: a log that tests write, and lines that tests read."""

import asyncio
import json
import random
from collections.abc import Callable, Collection
from typing import Any

from realtime.closing import Closed
from realtime.hub import Hub
from realtime.limits import LiveLimits
from realtime.sockets import Endings, Holder, Sockets
from realtime.source import Channel, Page, Place
from realtime.tail import LineCut
from realtime.tailer import Tailer
from realtime.talks import Admitted, ClubTalk
from sync.cursors import ORIGIN, Cursor
from sync.errors import CursorExpired, LogDiverged
from sync.ports import LogRow

CLUB = Channel("club", "00000000-0000-4000-8000-0000000c1b00")
NOW_MS = 1_790_000_000_000


class FakeLog:
    """A log in a list; reading it may be held up, or fail."""

    has_epochs = False

    def __init__(self) -> None:
        self.rows: list[LogRow] = []
        self.oldest = 1
        self.reads = 0
        self.is_open = asyncio.Event()
        self.is_open.set()
        self.answers = asyncio.Event()
        self.answers.set()
        self.failures: list[Exception] = []
        self.history = 0

    @property
    def head(self) -> Cursor:
        """Return the head's cursor."""
        return Cursor(self.rows[-1].version, self.rows[-1].tag) if self.rows else ORIGIN

    def add(self, count: int = 1, *, size: int = 10) -> int:
        """Commit rows; return the head's version."""
        for version in range(len(self.rows) + 1, len(self.rows) + count + 1):
            body = json.dumps({"version": version, "text": "x" * size}).encode()
            self.rows.append(LogRow(version, f"{self.history:08x}{version:08x}", body))
        return len(self.rows)

    def restore(self, version: int) -> None:
        """Bring the log back to a version; what comes after is another history."""
        del self.rows[version:]
        self.history += 1

    async def read(self, channel: Channel, place: Place, *, bytes_max: int) -> Page:
        """Return a page."""
        self.reads += 1
        await self.is_open.wait()
        if self.failures:
            raise self.failures.pop(0)
        since = place.since or ORIGIN
        for cursor in (since, place.acked or ORIGIN):
            if not self._knows(cursor):
                common = next((each for each in place.past if self._knows(each)), ORIGIN)
                raise LogDiverged(common=str(common))
        if since.version < self.oldest - 1:
            raise CursorExpired(oldest=self.oldest)
        page: list[LogRow] = []
        for row in self.rows[since.version :]:
            if page and sum(len(each.body) for each in page) + len(row.body) > bytes_max:
                break
            page.append(row)
        head = self.head
        await asyncio.sleep(0)
        await self.answers.wait()
        return Page(page, head)

    def _knows(self, cursor: Cursor) -> bool:
        if cursor.version == 0:
            return cursor == ORIGIN
        return cursor.version <= len(self.rows) and self.rows[cursor.version - 1].tag == cursor.tag


class Taking(asyncio.Event):
    """Whether a line takes frames; where it stops to, the write that it lent is taken back."""

    def __init__(self) -> None:
        super().__init__()
        self.set()
        self.take_back: Callable[[], None] | None = None

    def clear(self) -> None:
        """Take none."""
        super().clear()
        self.end_loan()

    def end_loan(self) -> None:
        """Take the write back."""
        take_back, self.take_back = self.take_back, None
        if take_back is not None:
            take_back()


class FakeLine:
    """A line whose other end is a test: it may be slow, or gone."""

    def __init__(self, *, knows_ready: bool = True) -> None:
        self.inbox: asyncio.Queue[str | Exception] = asyncio.Queue()
        self.frames: list[dict[str, Any]] = []
        self.texts: list[str] = []
        self.bytes = 0
        self.closed: tuple[int, dict[str, Any]] | None = None
        self.takes = Taking()
        self.is_waiting = False
        self.is_aborted = False
        self.is_gone = False
        self.knows_ready = knows_ready
        self.stops_after: int | None = None
        """Frames after which it takes no more, told while it takes the last of them."""

    async def send(self, text: str) -> None:
        """Take a frame, once it takes any."""
        self.is_waiting = True
        await self.takes.wait()
        self.is_waiting = False
        if self.is_gone:
            raise LineCut
        self.texts.append(text)
        self.bytes += len(text)
        self.frames.append(json.loads(text))

    def lend(self, take_back: Callable[[], None], /) -> Callable[[bytes], object] | None:
        """Lend what takes ready frames, if it takes any; half of all lines know none."""
        if not (self.knows_ready and self.takes.is_set()) or self.is_gone or self.closed is not None:
            return None
        self.takes.take_back = take_back
        return self._put

    def _put(self, frames: bytes) -> None:
        assert self.takes.is_set(), "the line has to wait"
        assert not self.is_gone, "the line has ended"
        assert self.closed is None, "the socket is closed"
        for text in unpack(frames):
            self.texts.append(text)
            self.bytes += len(text)
            self.frames.append(json.loads(text))
        if self.stops_after is not None and len(self.frames) >= self.stops_after:
            self.stops_after = None
            self.takes.clear()

    async def receive(self) -> str:
        """Return what the test says."""
        found = await self.inbox.get()
        if isinstance(found, Exception):
            raise found
        return found

    async def close(self, code: int, reason: str) -> None:
        """Note the close."""
        await self.takes.wait()
        if self.is_gone:
            raise LineCut
        self.closed = code, json.loads(reason)

    def abort(self) -> None:
        """Note that it was cut."""
        self.is_aborted = True
        self._go()
        self.takes.set()

    def say(self, **message: object) -> None:
        """Send a message as the client."""
        self.inbox.put_nowait(json.dumps(message))

    def hang_up(self) -> None:
        """End it as the client."""
        self._go()
        self.inbox.put_nowait(LineCut())

    def _go(self) -> None:
        self.is_gone = True
        self.takes.end_loan()

    @property
    def code(self) -> int | None:
        """Return the code of the close."""
        return None if self.closed is None else self.closed[0]

    def versions(self) -> list[int]:
        """Return the versions of the changes that came, in order."""
        return [change["version"] for frame in self.frames if frame["type"] == "changes" for change in frame["changes"]]

    def kinds(self) -> list[str]:
        """Return the types of the frames that came."""
        return [frame["type"] for frame in self.frames]


def unpack(frames: bytes) -> list[str]:
    """Return the messages of ready frames (RFC 6455, section 5.2)."""
    found: list[str] = []
    while frames:
        assert frames[0] == 0x81, "a whole text message"
        size, head = frames[1], 2
        assert size < 0x80, "a server masks nothing"
        if size >= 126:
            head = 4 if size == 126 else 10
            size = int.from_bytes(frames[2:head])
        found.append(frames[head : head + size].decode())
        frames = frames[head + size :]
    return found


class Rig:
    """The live floor on a fake log."""

    def __init__(self, limits: LiveLimits | None = None, *, seed: int = 0) -> None:
        self.limits = limits or LiveLimits(gather_s=0.0, poll_s=1_000.0)
        self.now_ms = NOW_MS
        self.now_s = 0.0
        self.log = FakeLog()
        self.hub = Hub()
        self.tailer = Tailer(self.hub, self.limits)
        self.sockets = Sockets(
            self.limits, clock=lambda: self.now_ms, monotonic=lambda: self.now_s, dice=random.Random(seed).random
        )
        self.endings: dict[str, str] = {}
        self.asked: list[set[str]] = []
        self.sockets.standings["member"] = self._standing
        self.tokens: dict[str, Admitted] = {}
        self.club = ClubTalk(self.hub, self.log, self.sockets, self._admit, self.limits, clock=lambda: self.now_ms)
        self.tasks: list[asyncio.Task[None]] = []

    def token(self, name: str = "coach", *, club_id: str = CLUB.club_id, lives_s: int = 900) -> str:
        """Return a token of somebody."""
        text = f"token-{len(self.tokens)}"
        holder = Holder("member", f"session of {name}", name, self.now_ms + lives_s * 1_000)
        self.tokens[text] = Admitted(holder, club_id)
        return text

    def connect(self, *, address: str = "192.0.2.1", token: str | None = None, is_viewer: bool = False) -> FakeLine:
        """Open a socket; nothing is said on it yet."""
        line = FakeLine(knows_ready=len(self.tasks) % 2 == 0)
        serving = self.sockets.serve(line, address, lambda socket: self.club.talk(socket, token), is_viewer=is_viewer)
        task = asyncio.create_task(serving)
        self.tasks.append(task)
        return line

    def tail(self, since: Cursor | None = None, *, name: str = "coach", **more: object) -> FakeLine:
        """Open a socket that tails the club."""
        line = self.connect()
        line.say(token=self.token(name), **({} if since is None else {"since": str(since)}), **more)
        return line

    def commit(self, count: int = 1, *, size: int = 10) -> None:
        """Commit rows, and wake the tailer."""
        self.tailer.wake(CLUB, self.log.add(count, size=size))

    def run(self, main: Callable[[], Any]) -> None:
        """Run a loop of the floor until the end."""
        self.tasks.append(asyncio.create_task(main()))

    async def end(self) -> None:
        """End all that runs."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        for stream in self.hub.streams.values():
            if stream.task is not None:
                stream.task.cancel()

    async def _admit(self, token: str) -> Admitted:
        await asyncio.sleep(0)
        if token not in self.tokens:
            raise Closed("unauthorised")
        return self.tokens[token]

    async def _standing(self, keys: Collection[str]) -> Endings:
        self.asked.append(set(keys))
        return {key: self.endings[key] for key in keys if key in self.endings}
