"""The hub: which channels have readers in this process, and how a batch reaches all of them.

A channel stands at a position: the end of what was handed to its readers. A frame is made once for each batch and
shared. Handing it over never waits for a reader, and gives the loop a turn now and then where readers are many. Those
that have had all sit in rows, which are written at once (`rows.py`); to the others a batch is offered one by one.
"""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from msgspec import Struct

from realtime.rows import ROW_READERS, Row, Write
from realtime.source import Channel, Framing, Fresh, Page, Place, Source
from sync.cursors import Cursor
from sync.tails import Batch

READS_MAX: Final = 2
"""Reads of readers at a time, of all channels: those of a herd wait here, and leave connections to pushes."""
WAIT_S: Final = 15.0
"""Seconds before a reader that waits for its turn gives up: as long as a herd takes, while the database serves."""


class Taker(Protocol):
    """A reader, as the hub sees it."""

    def offer(self, batch: Batch, /) -> None:
        """Take what it has not had of a batch. Never waits."""
        ...

    def begin_anew(self, fresh: Fresh, /) -> None:
        """Take a beginning in the place of all before it. Never waits."""
        ...

    def fall_back(self) -> None:
        """Read the log again from the reader's own place."""
        ...


class Stream:
    """A channel with its readers."""

    def __init__(self, channel: Channel, source: Source) -> None:
        """Begin without a position: the first reader that has caught up gives it one."""
        self.channel = channel
        self.source = source
        self.readers: dict[Taker, None] = {}
        self.rows: list[Row] = []
        """Where those sit that are at the position; while a batch is handed over, some stand before it yet."""
        self.loose: dict[Taker, None] = {}
        """The readers that sit in no row."""
        self.position: Cursor | None = None
        self.is_woken = False
        """Whether there may be more than the position."""
        self.woken_at: float | None = None
        """When the oldest wake-up came that was not followed yet."""
        self.read_at = 0.0
        self.task: asyncio.Task[None] | None = None
        self.reading: dict[tuple[Place, int], asyncio.Task[Page]] = {}
        """What its readers are reading just now."""

    def sit(self, reader: Taker, framing: Framing, place: Cursor, write: Write) -> Row | None:
        """Let a reader sit down in a row; None where it is not at the position."""
        if place != self.position:
            return None
        rows = (row for row in self.rows if row.framing is framing and row.place == place and row.has_room)
        row = next(rows, None)
        if row is None:
            row = Row(framing, place)
            self.rows.append(row)
        row.add(reader, write)
        del self.loose[reader]
        return row

    def rise(self, reader: Taker, row: Row) -> None:
        """Let a reader get up."""
        row.remove(reader)
        self.loose[reader] = None
        if not row:
            self.rows.remove(row)

    def reset(self) -> None:
        """Forget the position, and send every reader back to its own place: the log is not what it was."""
        self.position = None
        for reader in [*self.readers]:
            reader.fall_back()


class HubStatistics(Struct, frozen=True):
    """What the hub has done."""

    channels: int
    readers: int
    batches: int
    frames: int
    """Batches times the readers that they were offered to."""
    bytes: int


class Hub:
    """The channels that have readers."""

    def __init__(self) -> None:
        """Begin with none."""
        self.streams: dict[Channel, Stream] = {}
        self._of_club: dict[str, set[Channel]] = {}
        self._slots = asyncio.Semaphore(READS_MAX)
        self.on_doubt: Callable[[Stream], None] = lambda _stream: None
        """Called where a channel may go on behind its position: the tailer looks."""
        self._batches = 0
        self._frames = 0
        self._bytes = 0

    def join(self, channel: Channel, source: Source, reader: Taker) -> Stream:
        """Add a reader to a channel; what is committed from here on reaches it."""
        stream = self.streams.get(channel)
        if stream is None:
            stream = self.streams[channel] = Stream(channel, source)
            self._of_club.setdefault(channel.club_id, set()).add(channel)
        stream.readers[reader] = stream.loose[reader] = None
        return stream

    def leave(self, stream: Stream, reader: Taker) -> None:
        """Take a reader out that sits in no row; a channel without readers is forgotten."""
        stream.readers.pop(reader, None)
        stream.loose.pop(reader, None)
        if not stream.readers and self.streams.get(stream.channel) is stream:
            del self.streams[stream.channel]
            others = self._of_club[stream.channel.club_id]
            others.discard(stream.channel)
            if not others:
                del self._of_club[stream.channel.club_id]

    async def read(self, stream: Stream, place: Place, *, bytes_max: int) -> Page:
        """Return what a reader of the channel reads; who asks for the same meanwhile gets the same.

        So the answer is no newer than what it was when another began to ask for it: a reader, which checks where it
        stands, may have it, and whoever follows up a wake-up may not. It is read to the end, whoever leaves meanwhile.
        """
        what = place, bytes_max
        task = stream.reading.get(what)
        if task is None:
            task = stream.reading[what] = asyncio.create_task(self._read(stream, place, bytes_max))
            task.add_done_callback(lambda done: _forget(stream, what, done))
        return await asyncio.shield(task)

    async def _read(self, stream: Stream, place: Place, bytes_max: int) -> Page:
        if self._slots.locked():
            async with asyncio.timeout(WAIT_S):
                await self._slots.acquire()
        else:
            await self._slots.acquire()
        try:
            return await stream.source.read(stream.channel, place, bytes_max=bytes_max)
        finally:
            self._slots.release()

    def channels_of(self, club_id: str) -> list[Channel]:
        """Return the channels of a club that have readers."""
        return [*self._of_club.get(club_id, ())]

    def stand(self, stream: Stream, place: Cursor) -> Cursor:
        """Return where a channel stands; one that has no position yet begins at `place`, which was just read up to."""
        if stream.position is None:
            stream.position = place
            if stream.is_woken:
                self.on_doubt(stream)
        return stream.position

    def doubt(self, stream: Stream) -> None:
        """Have a channel looked at: a reader stands where the channel cannot have come by."""
        stream.is_woken = True
        self.on_doubt(stream)

    def begin_anew(self, stream: Stream, fresh: Fresh) -> None:
        """Stand a channel at a beginning, and hand that to its readers, unless it is of the epoch that stands."""
        if stream.position is not None and stream.position.tag == fresh.cursor.tag:
            return
        was, stream.position = stream.position, fresh.cursor
        if was is not None:
            for reader in [*stream.readers]:
                reader.begin_anew(fresh)

    async def publish(self, stream: Stream, batch: Batch) -> None:
        """Hand a batch, which follows the channel's position, to all of its readers."""
        stream.position = batch.end
        self._batches += 1
        self._frames += len(stream.readers)
        self._bytes += batch.size * len(stream.readers)
        for row in [*stream.rows]:
            row.write(batch)
            await asyncio.sleep(0)
            if stream.position != batch.end:
                return  # another epoch began meanwhile, of which everybody was told
        # Whoever sat down meanwhile was at the position, and has had it; whoever got up is among these.
        for count, reader in enumerate([*stream.loose], 1):
            reader.offer(batch)
            if count % ROW_READERS == 0:
                await asyncio.sleep(0)
                if stream.position != batch.end:
                    return

    def statistics(self) -> HubStatistics:
        """Return what it holds and has done."""
        return HubStatistics(
            channels=len(self.streams),
            readers=sum(len(stream.readers) for stream in self.streams.values()),
            batches=self._batches,
            frames=self._frames,
            bytes=self._bytes,
        )


def _forget(stream: Stream, what: tuple[Place, int], done: "asyncio.Task[Page]") -> None:
    del stream.reading[what]
    if not done.cancelled():
        done.exception()  # raised to whoever waits for it; nobody may
