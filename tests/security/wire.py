"""Requests in raw bytes to an application in the test's own loop: what no client library would send, and quickly."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

from msgspec import Struct

Json = Any
"""Any JSON value, and what test doubles of ASGI are."""
Headers = Sequence[tuple[bytes, bytes]]


class Answer(Struct, frozen=True):
    """What came back, in bytes."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    @property
    def everything(self) -> bytes:
        """Return every byte that was answered."""
        return b"\n".join([*(name + b": " + value for name, value in self.headers), self.body])

    def json(self) -> Json:
        """Return the body, read."""
        return json.loads(self.body)

    @property
    def code(self) -> str | None:
        """Return the code of a problem."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return None
        return found.get("code") if isinstance(found, dict) else None


class Wire:
    """A way to an application, past every client library."""

    def __init__(self, app: Json) -> None:
        self.app = app
        self.count = 0

    async def ask(
        self,
        method: str,
        target: str,
        *,
        token: str | None = None,
        headers: Headers = (),
        body: bytes | None = None,
        pieces: Sequence[bytes] = (),
    ) -> Answer:
        """Send one request: a body with its length, or `pieces` without one, as chunks are."""
        self.count += 1
        path, _, query = target.partition("?")
        sent = [(b"host", b"test"), *headers]
        if token is not None:
            sent.append((b"authorization", b"Bearer " + token.encode("utf-8", "surrogateescape")))
        if body is not None and not any(name == b"content-length" for name, _ in headers):
            sent.append((b"content-length", str(len(body)).encode()))
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode("utf-8", "surrogateescape"),
            "root_path": "",
            "headers": sent,
            "client": ("127.0.0.1", 1),
            "server": ("test", 80),
            "extensions": {},
        }
        return await self._exchange(scope, list(pieces) or [body or b""])

    async def json(self, method: str, target: str, value: object, *, token: str | None = None) -> Answer:
        """Send a value as JSON."""
        return await self.ask(method, target, token=token, headers=[JSON], body=json.dumps(value).encode())

    async def _exchange(self, scope: dict[str, Any], pieces: list[bytes]) -> Answer:
        coming = [
            {"type": "http.request", "body": piece, "more_body": n + 1 < len(pieces)} for n, piece in enumerate(pieces)
        ]
        status = 0
        headers: tuple[tuple[bytes, bytes], ...] = ()
        parts: list[bytes] = []
        is_over = asyncio.Event()

        async def receive() -> dict[str, Any]:
            if coming:
                return coming.pop(0)
            await is_over.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status, headers = message["status"], tuple(message["headers"])
                if any(value.startswith(b"text/event-stream") for _, value in headers):
                    is_over.set()  # nobody listens to a stream for longer here
            else:
                parts.append(message.get("body", b""))
                if not message.get("more_body", False):
                    is_over.set()

        await self.app(scope, receive, send)
        return Answer(status, headers, b"".join(parts))


JSON = (b"content-type", b"application/json")
