"""A reader: one socket's place in a channel, what waits to be sent to it, and the one task that sends.

What waits is bounded in bytes. A reader that falls behind forgets what waits and reads the log again from what was
sent, a page at a time and no faster than its line takes them; it never slows another. One that falls too often, or
takes nothing at all, is closed and told to come back.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from realtime.closing import Closed, closed_by
from realtime.hub import Hub
from realtime.limits import LiveLimits
from realtime.rows import Row, Write
from realtime.source import Channel, Framing, Fresh, Page, Place, Source
from storage.outages import is_outage
from sync.cursors import ORIGIN
from sync.errors import SyncError
from sync.tails import Batch, Phase, Tail

RETRY_S: Final = 1.0
"""Seconds before a read that the database could not serve is tried again."""


DOUBT_S: Final = 0.02
"""Seconds in which the tailer finds out whether a channel's log is another than before."""


class Wire(Protocol):
    """Where frames go."""

    async def send(self, text: str) -> None:
        """Send a frame; waits where the line does not take it. Raises LineCut where the other side has gone."""
        ...

    def lend(self, take_back: Callable[[], None], /) -> Write | None:
        """Return what takes frames as they stand on the wire, None where they would have to wait.

        It may be used until `take_back` is called: where the line has to wait, and before it ends.
        """
        ...


class LineCut(Exception):
    """The other side has gone."""


class Reader:
    """Sends a channel to one wire."""

    __slots__ = (
        "_answers",
        "_beat_before",
        "_falls",
        "_framing",
        "_fresh",
        "_hub",
        "_is_beat_due",
        "_is_sending",
        "_limits",
        "_queue",
        "_row",
        "_sat_down_at",
        "_sent",
        "_source",
        "_tail",
        "_waiter",
        "_wire",
        "fallen",
        "queued_bytes",
        "stream",
    )

    def __init__(
        self, hub: Hub, channel: Channel, source: Source, framing: Framing, wire: Wire, limits: LiveLimits
    ) -> None:
        """Join the channel: from here on nothing of it is missed."""
        self._hub = hub
        self._source = source
        self._framing = framing
        self._fresh: Fresh | None = None
        self._wire = wire
        self._limits = limits
        self._queue: deque[Batch] = deque()
        self._answers: deque[str] = deque()
        self._is_beat_due = False
        self._waiter: asyncio.Future[None] | None = None
        self._falls: deque[float] = deque()
        self._tail: Tail | None = None
        self._is_sending = False
        self._beat_before = (-1, False)
        self._row: Row | None = None
        self._sat_down_at = 0
        """Batches that the row had been written before."""
        self._sent = 0
        self.queued_bytes = 0
        self.fallen = 0
        self.stream = hub.join(channel, source, self)

    # -- what others call; none of it waits --------------------------------------------------------------------------

    def offer(self, batch: Batch) -> None:
        """Take what was not had of a live batch, or fall back where too much waits."""
        tail = self._tail
        if tail is None or tail.phase is not Phase.LIVE:
            return
        if tail.misses_before(batch) or self.queued_bytes + batch.size > self._limits.queue_bytes_max:
            self.fall_back()
            return
        part = tail.take(batch)
        if part is None:
            return
        self._queue.append(part)
        self.queued_bytes += part.size
        self._wake()

    def fall_back(self) -> None:
        """Forget what waits, and read the log again from what was sent."""
        if self._tail is None:
            return
        self._rise()
        self._queue.clear()
        self._fresh = None
        self.queued_bytes = 0
        self.fallen += 1
        self._tail.fall_back()
        self._wake()

    def begin_anew(self, fresh: Fresh) -> None:
        """Take a beginning in the place of what waits; a reader that catches up finds it by itself."""
        tail = self._tail
        if tail is None or tail.phase is not Phase.LIVE:
            return
        self._rise()
        self._queue.clear()
        self.queued_bytes = 0
        self._fresh = fresh
        tail.begin_anew(fresh.cursor)
        self._wake()

    def say(self, text: str) -> None:
        """Send an answer of its own, before what waits."""
        self._answers.append(text)
        self._wake()

    def beat(self) -> bool:
        """Send a heartbeat where nothing was sent since the last call; return whether the line takes anything.

        It does not where one and the same frame was on its way at the last call and is still.
        """
        sent = self._sent if self._row is None else self._sent + self._row.written - self._sat_down_at
        before, self._beat_before = self._beat_before, (sent, self._is_sending)
        if before[0] != sent:
            return True
        if self._is_sending:
            return not before[1]
        self._is_beat_due = True
        self._wake()
        return True

    def leave(self) -> None:
        """Leave the channel."""
        self._rise()
        self._hub.leave(self.stream, self)

    # -- the task that sends -----------------------------------------------------------------------------------------

    async def open(self, place: Place) -> Page:
        """Read the first page after a client's place; that place is checked with it. Raises Closed."""
        page = await self._read(place)
        since = page.fresh.cursor if page.fresh is not None else place.since or ORIGIN
        self._tail = Tail(since, has_epochs=self._source.has_epochs)
        return page

    async def run(self, page: Page) -> None:
        """Send the first page and all that follows, until cancelled. Raises Closed, or LineCut."""
        tail = self._tail
        assert tail is not None, "open it first"
        await self._catch_up(tail, page)
        while True:
            if tail.phase is Phase.LIVE:
                await self._send_queued(tail)
            else:
                self._note_fall()
                await self._catch_up(tail, await self._read(Place(tail.place)))

    async def _catch_up(self, tail: Tail, page: Page) -> None:
        """Send page after page, and go live where the channel stands."""
        while True:
            if page.fresh is not None:
                tail.begin_anew(page.fresh.cursor)
                self._hub.begin_anew(self.stream, page.fresh)
                await self._send(self._framing.fresh(page.fresh))
            batch = page.batch()
            if batch is not None:
                tail.lay(batch)
                await self._send_batch(tail, batch)
            await self._send_answers()
            if (batch is None or not batch.more) and tail.go_live(self._hub.stand(self.stream, tail.place)):
                return
            if batch is None and page.fresh is None:
                # There is nothing in between, and yet the channel stands elsewhere: one of the two is out of date.
                self._hub.doubt(self.stream)
                await asyncio.sleep(DOUBT_S)
            page = await self._read(Place(tail.place))

    async def _send_queued(self, tail: Tail) -> None:
        """Send what waits; where that is nothing, wait for more."""
        if (fresh := self._fresh) is not None:
            self._fresh = None
            tail.sent = fresh.cursor
            await self._send(self._framing.fresh(fresh))
        while self._queue and self._fresh is None:
            batch = self._queue.popleft()
            self.queued_bytes -= batch.size
            await self._send_batch(tail, batch)
        await self._send_answers()
        if self._is_beat_due and self._is_idle(tail):
            self._is_beat_due = False
            await self._send(self._framing.heartbeat(tail.sent))
        if self._is_idle(tail):
            self._waiter = asyncio.get_running_loop().create_future()
            self._sit(tail)
            try:
                await self._waiter
            finally:
                self._rise()
                self._waiter = None

    def _sit(self, tail: Tail) -> None:
        """Sit down in a row, where the line needs no waiting and this is the channel's position."""
        write = self._wire.lend(self._rise)
        if write is not None:
            row = self._row = self.stream.sit(self, self._framing, tail.place, write)
            self._sat_down_at = 0 if row is None else row.written

    def _rise(self) -> None:
        """Get up, and stand where the row stands."""
        row, tail = self._row, self._tail
        if row is not None and tail is not None:
            self._row = None
            self.stream.rise(self, row)
            tail.place = tail.sent = row.place
            self._sent += row.written - self._sat_down_at

    def _is_idle(self, tail: Tail) -> bool:
        return tail.phase is Phase.LIVE and not (self._queue or self._answers or self._fresh is not None)

    async def _send_answers(self) -> None:
        while self._answers:
            await self._send(self._answers.popleft())

    async def _send_batch(self, tail: Tail, batch: Batch) -> None:
        """Send a batch; it counts as sent from here on, since a reader that falls back meanwhile must not repeat it."""
        tail.sent = batch.end
        frames = batch.framed(self._framing.batch)
        if isinstance(frames, str):
            await self._send(frames)
            return
        for frame in frames:
            await self._send(frame)

    async def _send(self, text: str) -> None:
        self._is_sending = True
        await self._wire.send(text)
        self._is_sending = False
        self._sent += 1

    async def _read(self, place: Place) -> Page:
        """Read a page. Raises Closed where the cursor is not of this log, or the database does not come back."""
        for is_last in (False, True):
            try:
                return await self._hub.read(self.stream, place, bytes_max=self._limits.page_bytes)
            except SyncError as error:
                raise closed_by(error) from error
            except Closed:
                raise
            except Exception as error:
                if not is_outage(error) or is_last:
                    raise Closed("unavailable" if is_outage(error) else "internal") from error
                await asyncio.sleep(RETRY_S)
        raise AssertionError

    def _note_fall(self) -> None:
        now = asyncio.get_running_loop().time()
        self._falls.append(now)
        while self._falls[0] < now - self._limits.falls_s:
            self._falls.popleft()
        if len(self._falls) > self._limits.falls_max:
            raise Closed("too_slow")

    def _wake(self) -> None:
        self._rise()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
