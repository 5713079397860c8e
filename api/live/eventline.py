"""An event stream as the live floor wants a line: the answer to a plain request, for networks that break sockets."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any, Final

import msgspec

from realtime.events import plain_event
from realtime.rows import Write
from realtime.tail import LineCut

EVENTS: Final = "text/event-stream"
STREAM_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
WAITING_MAX: Final = 2
"""Batches of events that wait for the line: one that is being taken, and one behind it."""


class EventLine:
    """An event stream as the live floor wants a line; nobody ever says anything on it."""

    def __init__(self) -> None:
        """Begin with nothing to send."""
        self._waiting: asyncio.Queue[str | None] = asyncio.Queue(WAITING_MAX)
        self._take_back: Callable[[], None] | None = None
        self._gone: asyncio.Event = asyncio.Event()

    async def send(self, text: str) -> None:
        """Send events, or one frame as an event; waits until the one before was taken. Raises LineCut."""
        if self._gone.is_set():
            raise LineCut
        await self._waiting.put(text if text[0] != "{" else plain_event(text))

    def lend(self, take_back: Callable[[], None], /) -> Write | None:
        """Return what takes events, until as many wait as may; None where they do."""
        if self._gone.is_set() or self._waiting.full():
            return None
        self._take_back = take_back
        return self._put

    def _put(self, frames: bytes) -> None:
        self._waiting.put_nowait(frames.decode())
        if self._waiting.full():
            self._end_loan()

    def _end_loan(self) -> None:
        take_back, self._take_back = self._take_back, None
        if take_back is not None:
            take_back()

    async def receive(self) -> str:
        """Wait for the client to leave. Raises LineCut."""
        await self._gone.wait()
        raise LineCut

    async def close(self, code: int, reason: str) -> None:
        """End the stream; the last event has said why."""
        retry_ms = msgspec.json.decode(reason).get("retry_ms")
        if retry_ms is not None:
            await self._waiting.put(f"retry: {retry_ms}\n\n")
        await self._waiting.put(None)

    def abort(self) -> None:
        """Cut the stream."""
        self._gone.set()

    async def follow(self, serving: Any) -> AsyncGenerator[str]:  # noqa: ANN401 - a coroutine
        """Yield what is to be sent, while `serving` runs."""
        task = asyncio.create_task(serving)
        task.add_done_callback(lambda _done: self._finish())
        try:
            while (text := await self._waiting.get()) is not None:
                yield text
        finally:
            self._gone.set()
            task.cancel()
            await asyncio.wait((task,))

    def _finish(self) -> None:
        if self._waiting.empty():
            self._waiting.put_nowait(None)
