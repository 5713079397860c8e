"""The tailer: one per process; reads each new entry of a channel once, and hands it to the hub.

A wake-up says that there is more, and carries no data. Wake-ups of one channel that come close together are followed
by one read. A slow poll stands underneath: a wake-up that was lost costs time, and never a change. Channels that
nobody reads are not read here either.
"""

import asyncio
from bisect import bisect_left
from collections.abc import Callable
from typing import Final

import structlog
from msgspec import Struct

from realtime.closing import Closed
from realtime.hub import Hub, Stream
from realtime.limits import LiveLimits
from realtime.source import Channel, Place
from storage.outages import is_outage
from sync.errors import SyncError

LAG_BOUNDS_S: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)
"""Upper bounds of the lag's histogram, in seconds."""

_log: Final = structlog.get_logger("touchline.tailer")


class TailerStatistics(Struct, frozen=True):
    """What the tailer has done."""

    wakeups: int
    polls: int
    """Channels looked at without a wake-up."""
    reads: int
    rows: int
    failures: int
    resets: int
    """Channels whose log was another than before."""
    lag_bounds_s: tuple[float, ...]
    lag_counts: tuple[int, ...]
    """Reads by the time from their first wake-up to the hub's having handed the rows over; the last has no bound."""
    lag_sum_s: float


class Tailer:
    """Follows the channels of a hub; belongs to one event loop."""

    def __init__(self, hub: Hub, limits: LiveLimits) -> None:
        """Follow the channels of `hub`."""
        self._hub = hub
        self._limits = limits
        self._slots = asyncio.Semaphore(limits.reads_max)
        self._counts = dict.fromkeys(("wakeups", "polls", "reads", "rows", "failures", "resets"), 0)
        self._lags = [0] * (len(LAG_BOUNDS_S) + 1)
        self._lag_sum_s = 0.0
        self.on_fault: Callable[[BaseException, str], None] = lambda _error, _where: None
        """Told of what failed, unless the database was away."""
        hub.on_doubt = self._look

    def wake(self, channel: Channel, version: int | None = None) -> None:
        """Follow up a wake-up: there is more in a channel, up to `version` where that is known."""
        stream = self._hub.streams.get(channel)
        if stream is None:
            return
        position = stream.position
        if version is not None and position is not None and version <= position.version:
            return
        self._counts["wakeups"] += 1
        if stream.woken_at is None:
            stream.woken_at = asyncio.get_running_loop().time()
        stream.is_woken = True
        if position is not None:
            self._look(stream)

    def poll(self) -> None:
        """Look at every channel that has readers."""
        for stream in [*self._hub.streams.values()]:
            if stream.position is not None:
                self._counts["polls"] += 1
                stream.is_woken = True
                self._look(stream)

    async def run(self) -> None:
        """Poll until cancelled."""
        try:
            while True:
                await asyncio.sleep(self._limits.poll_s)
                self.poll()
        finally:
            for stream in self._hub.streams.values():
                if stream.task is not None:
                    stream.task.cancel()

    def statistics(self) -> TailerStatistics:
        """Return what it has done."""
        return TailerStatistics(
            **self._counts, lag_bounds_s=LAG_BOUNDS_S, lag_counts=tuple(self._lags), lag_sum_s=self._lag_sum_s
        )

    def _look(self, stream: Stream) -> None:
        if stream.task is None:
            stream.task = asyncio.create_task(self._follow(stream))

    async def _follow(self, stream: Stream) -> None:
        try:
            while stream.is_woken and stream.readers:
                await self._gather(stream)
                stream.is_woken = False
                async with self._slots:
                    await self._read(stream)
        except (SyncError, Closed) as error:
            self._counts["resets"] += 1
            _log.warning("channel_reset", kind=stream.channel.kind, club=stream.channel.club_id, why=str(error)[:100])
            stream.reset()
        except Exception as error:  # noqa: BLE001 - whatever it was, the poll looks again
            self._counts["failures"] += 1
            is_away = is_outage(error)
            _log.warning("tail_not_read", error=type(error).__name__, exc_info=None if is_away else error)
            if not is_away:
                self.on_fault(error, "tail")
        finally:
            stream.task = None

    async def _gather(self, stream: Stream) -> None:
        """Wait until the last read is a while ago: what is committed meanwhile goes out as one frame."""
        loop = asyncio.get_running_loop()
        since = loop.time() - stream.read_at
        if since < self._limits.gather_s:
            await asyncio.sleep(self._limits.gather_s - since)
        stream.read_at = loop.time()

    async def _read(self, stream: Stream) -> None:
        """Read what follows the position, and hand it on."""
        woken_at, stream.woken_at = stream.woken_at, None
        while (position := stream.position) is not None and stream.readers:
            page = await stream.source.read(stream.channel, Place(position), bytes_max=self._limits.page_bytes)
            self._counts["reads"] += 1
            self._counts["rows"] += len(page.rows)
            if stream.position != position:
                return
            if page.fresh is not None:
                self._hub.begin_anew(stream, page.fresh)
                continue
            batch = page.batch()
            if batch is None:
                return
            await self._hub.publish(stream, batch)
            if woken_at is not None:
                self._note_lag(asyncio.get_running_loop().time() - woken_at)
                woken_at = None
            if not batch.more:
                return

    def _note_lag(self, lag_s: float) -> None:
        self._lags[bisect_left(LAG_BOUNDS_S, lag_s)] += 1
        self._lag_sum_s += lag_s
