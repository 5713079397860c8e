"""Lines: a socket of the framework as the live floor wants it, and what is settled before it opens.

The origin is checked before anything is accepted; whatever else is wrong is told under a code of the table, which a
browser can read only on a socket that was accepted.
"""

from collections.abc import Callable
from typing import Any, Final

from litestar.connection import WebSocket
from litestar.exceptions import WebSocketDisconnect
from uvicorn.protocols.utils import ClientDisconnected

from api.edge.addresses import Addresses
from api.edge.origins import is_allowed_origin
from api.live.protocol import ABORT, LEND
from api.settings import Settings
from realtime.closing import Closed
from realtime.rows import Write
from realtime.tail import LineCut

PROTOCOL: Final = "touchline.v1"
"""The subprotocol that is spoken; a client that offers any must offer this one."""
BEARER: Final = "bearer."
"""Begins a subprotocol that carries the access token."""

AnySocket = WebSocket[Any, Any, Any]


class SocketLine:
    """One accepted socket."""

    def __init__(self, socket: AnySocket) -> None:
        """Speak on `socket`."""
        self._receive: Any = socket.receive
        self._send: Any = socket.send
        scope: Any = socket.scope
        extensions: dict[str, Any] = scope.get("extensions") or {}
        self._abort: Any = extensions.get(ABORT)
        self.lend: Callable[[Callable[[], None]], Write | None] = extensions.get(LEND) or _never

    async def send(self, text: str) -> None:
        """Send a text frame. Raises LineCut."""
        try:
            await self._send({"type": "websocket.send", "text": text})
        except (ClientDisconnected, WebSocketDisconnect, RuntimeError) as error:
            raise LineCut from error

    async def receive(self) -> str:
        """Return the next text frame. Raises LineCut, or Closed for a binary one."""
        try:
            event = await self._receive()
        except WebSocketDisconnect as error:
            raise LineCut from error
        if event["type"] != "websocket.receive":
            raise LineCut
        text = event.get("text")
        if not isinstance(text, str):
            raise Closed("not_text")
        return text

    async def close(self, code: int, reason: str) -> None:
        """Close it. Raises LineCut where the other side has gone."""
        try:
            await self._send({"type": "websocket.close", "code": code, "reason": reason})
        except (ClientDisconnected, WebSocketDisconnect, RuntimeError) as error:
            raise LineCut from error

    def abort(self) -> None:
        """Cut the line."""
        if self._abort is not None:
            self._abort()


def _never(_take_back: Callable[[], None]) -> None:
    """Lend nothing: the server below knows no ready frames."""


async def accept(socket: AnySocket, settings: Settings, addresses: Addresses) -> SocketLine | None:
    """Accept a handshake; None where its origin is not allowed, and the answer was 403."""
    if not is_allowed_origin(socket.scope, settings, addresses):
        await socket.receive()
        await socket.send({"type": "websocket.close", "code": 1008, "reason": ""})
        return None
    await socket.accept(subprotocols=PROTOCOL if PROTOCOL in offered(socket) else None)
    return SocketLine(socket)


def offered(socket: AnySocket) -> list[str]:
    """Return the subprotocols that the client offers."""
    scope: Any = socket.scope
    return list(scope.get("subprotocols") or ())


def offered_token(socket: AnySocket) -> str | None:
    """Return the token that was offered as a subprotocol, None where there is not one."""
    found = [each.removeprefix(BEARER) for each in offered(socket) if each.startswith(BEARER)]
    return found[0] if len(found) == 1 else None


def check_query(socket: AnySocket) -> None:
    """Return where the address has no query. Raises Closed: what stands in an address ends in logs."""
    if socket.scope["query_string"]:
        raise Closed("token_in_query")
