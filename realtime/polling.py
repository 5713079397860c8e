"""Polling: a request that waits until a feed goes on, for clients that cannot keep a socket open.

It joins the feed's channel like any reader, so that the tailer reads for it; what it answers it reads itself, since a
cache may hand the answer to many.
"""

import asyncio

from realtime.hub import Hub
from realtime.limits import LiveLimits
from realtime.source import Channel, Fresh, Page, Place, Source
from sync.cursors import Cursor
from sync.tails import Batch


class Polls:
    """The requests that wait; belongs to one event loop."""

    def __init__(self, hub: Hub, limits: LiveLimits) -> None:
        """Wait on the channels of `hub`."""
        self._hub = hub
        self._limits = limits
        self._waiting: set[_Waiter] = set()
        self._is_draining = False

    @property
    def waiting(self) -> int:
        """Return how many wait."""
        return len(self._waiting)

    async def read(self, channel: Channel, source: Source, since: Cursor | None, wait_s: float) -> Page:
        """Return what comes after a cursor: at once where there is something, else when there is, or after `wait_s`.

        Where too many wait already, or the server ends, nothing is waited for.
        """
        waiter = _Waiter()
        stream = self._hub.join(channel, source, waiter)
        try:
            page = await source.read(channel, Place(since), bytes_max=self._limits.page_bytes)
            is_full = len(self._waiting) >= self._limits.polls_max or self._is_draining
            if page.rows or page.fresh is not None or wait_s <= 0 or is_full:
                return page
            if self._hub.stand(stream, page.head) == page.head and not await self._wait(waiter, wait_s):
                return page
            return await source.read(channel, Place(since), bytes_max=self._limits.page_bytes)
        finally:
            self._hub.leave(stream, waiter)

    def drain(self) -> None:
        """Let nobody wait any more."""
        self._is_draining = True
        for waiter in self._waiting:
            waiter.woken.set()

    async def _wait(self, waiter: "_Waiter", wait_s: float) -> bool:
        """Wait until the channel goes on; return whether it did."""
        self._waiting.add(waiter)
        try:
            async with asyncio.timeout(wait_s):
                await waiter.woken.wait()
        except TimeoutError:
            return False
        finally:
            self._waiting.discard(waiter)
        return True


class _Waiter:
    """A request, as the hub sees it."""

    def __init__(self) -> None:
        self.woken = asyncio.Event()

    def offer(self, _batch: Batch) -> None:
        """Wake it."""
        self.woken.set()

    def begin_anew(self, _fresh: Fresh) -> None:
        """Wake it."""
        self.woken.set()

    def fall_back(self) -> None:
        """Wake it."""
        self.woken.set()
