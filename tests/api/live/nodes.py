"""A server on a port of its own, and clients of its sockets."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Self

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from api.app import Services, create_app
from api.serving import LiveServer, listen, server_config
from api.settings import Settings
from tests.api.people import Person
from tests.waiting import PATIENCE_S, until


class Node:
    """A server that listens."""

    def __init__(self, port: int, services: Services, server: LiveServer) -> None:
        self.port = port
        self.services = services
        self.server = server
        self.origin = f"http://127.0.0.1:{port}"

    def client(self) -> httpx.AsyncClient:
        """Return a client of its routes."""
        return httpx.AsyncClient(base_url=self.origin)

    @asynccontextmanager
    async def dial(self, path: str = "/ws/sync", **options: Any) -> AsyncGenerator[ClientConnection]:  # noqa: ANN401 - the client's own
        """Open a socket; nothing is said on it yet."""
        options.setdefault("origin", self.origin)
        options.setdefault("compression", None)
        options.setdefault("ping_interval", None)
        async with connect(f"ws://127.0.0.1:{self.port}{path}", **options) as socket:
            yield socket

    @asynccontextmanager
    async def tail(self, person: Person, since: str | None = None, **said: object) -> AsyncGenerator["Tailing"]:
        """Open a socket that tails a person's club."""
        opening = {"token": person.tokens["access_token"], **said, **({} if since is None else {"since": since})}
        async with self.dial() as socket:
            await socket.send(json.dumps(opening))
            async with Tailing(socket) as tailing:
                yield tailing

    @asynccontextmanager
    async def follow(
        self, path: str, headers: dict[str, str]
    ) -> AsyncGenerator[tuple[httpx.Response, list[tuple[str | None, Any]]]]:
        """Follow Server-Sent Events."""
        events: list[tuple[str | None, Any]] = []

        async def listen(answer: httpx.Response) -> None:
            identity = None
            async for line in answer.aiter_lines():
                if line.startswith("id: "):
                    identity = line[4:]
                elif line.startswith("data: "):
                    events.append((identity, json.loads(line[6:])))

        async with self.client() as client, client.stream("GET", path, headers=headers, timeout=30) as answer:
            task = asyncio.create_task(listen(answer))
            try:
                yield answer, events
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)


Following = AbstractAsyncContextManager[tuple[httpx.Response, list[tuple[str | None, Any]]]]
"""An answer that goes on, and the events that came so far, as (id, message)."""


class Tailing:
    """A client that keeps what comes."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.frames: list[dict[str, Any]] = []
        self.closed: tuple[int, str] | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin to listen."""
        self._task = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Hang up."""
        assert self._task is not None
        await self.socket.close()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _listen(self) -> None:
        try:
            async for text in self.socket:
                assert isinstance(text, str)
                self.frames.append(json.loads(text))
        except ConnectionClosed:
            pass
        self.closed = self.socket.close_code or 0, self.socket.close_reason or ""

    @property
    def changes(self) -> list[dict[str, Any]]:
        """Return the changes that came."""
        return [change for frame in self.frames if frame["type"] == "changes" for change in frame["changes"]]

    @property
    def versions(self) -> list[int]:
        """Return their versions."""
        return [change["version"] for change in self.changes]

    @property
    def cursor(self) -> str:
        """Return where the client stands."""
        return next(str(frame["timestamp"]) for frame in reversed(self.frames) if frame["type"] == "changes")

    async def reached(self, version: int) -> None:
        """Wait until a version has come."""
        await until(lambda: self.versions[-1:] == [version])

    async def end(self) -> tuple[int, str]:
        """Wait for the close; return its code and name, which the last frame says too."""
        await until(lambda: self.closed)
        assert self.closed is not None
        code, reason = self.closed
        said = json.loads(reason)
        assert self.frames[-1]["type"] == "ended"
        assert (self.frames[-1]["close"], self.frames[-1]["code"]) == (code, said["code"])
        return code, said["code"]


async def close_of(socket: ClientConnection) -> tuple[int, str]:
    """Wait for a close; return its code and its reason, as it stands in the closing frame."""
    async with asyncio.timeout(PATIENCE_S):
        try:
            while True:
                await socket.recv()
        except ConnectionClosed:
            return socket.close_code or 0, socket.close_reason or ""


async def told(socket: ClientConnection) -> tuple[int, str]:
    """Wait for a close of the table; return its code and name."""
    code, reason = await close_of(socket)
    return code, json.loads(reason)["code"]


@asynccontextmanager
async def listening(settings: Settings, services: Services) -> AsyncGenerator[Node]:
    """Serve on a port of its own, in this loop."""
    server = LiveServer(server_config(create_app(settings, services)), services.live.drain)
    with listen("127.0.0.1", 0) as socket:
        async with services.live.running():
            task = asyncio.create_task(server.serve(sockets=[socket]))
            await until(lambda: server.started or task.done())
            try:
                yield Node(int(socket.getsockname()[1]), services, server)
            finally:
                server.should_exit = True
                await task


def union(parts: Sequence[Tailing]) -> list[int]:
    """Return the versions of sockets that followed one another."""
    return [version for part in parts for version in part.versions]
