"""A small cache before a server, after RFC 9111: it keeps what says `max-age`, and asks once for all who wait."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

import httpx
from msgspec import Struct

MAX_AGE = re.compile(r"(?:^|[,\s])max-age=(\d+)")


class Kept(Struct, frozen=True):
    """An answer, and until when it may be handed out."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    until_s: float


class CachingProxy:
    """An ASGI application that answers GET from what it keeps, else from upstream."""

    def __init__(self, upstream: httpx.AsyncClient, now_s: Callable[[], float]) -> None:
        self._upstream = upstream
        self._now_s = now_s
        self._kept: dict[str, Kept] = {}
        self._asking: dict[str, asyncio.Task[Kept]] = {}
        self.requests = 0
        self.asked: list[str] = []
        """What was asked upstream."""

    async def __call__(self, scope: Any, _receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        """Answer a request."""
        assert scope["type"] == "http"
        assert scope["method"] == "GET"
        self.requests += 1
        found = await self._find(f"{scope['path']}?{scope['query_string'].decode()}")
        await send({"type": "http.response.start", "status": found.status, "headers": found.headers})
        await send({"type": "http.response.body", "body": found.body})

    async def _find(self, address: str) -> Kept:
        kept = self._kept.get(address)
        if kept is not None and self._now_s() < kept.until_s:
            return kept
        task = self._asking.get(address)
        if task is None:
            task = self._asking[address] = asyncio.create_task(self._ask(address))
            task.add_done_callback(lambda _done: self._asking.pop(address, None))
        return await asyncio.shield(task)

    async def _ask(self, address: str) -> Kept:
        self.asked.append(address)
        answer = await self._upstream.get(address, timeout=40)
        told = answer.headers.get("cache-control", "")
        age = MAX_AGE.search(told)
        seconds = 0 if age is None or "no-store" in told or "private" in told else int(age[1])
        headers = [
            (name.lower(), value)
            for name, value in answer.headers.raw
            if name.lower() not in {b"content-length", b"content-encoding", b"transfer-encoding"}
        ]
        made = Kept(answer.status_code, headers, answer.content, self._now_s() + seconds)
        if seconds:
            self._kept[address] = made
        return made
