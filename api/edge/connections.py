"""Connections: how long and how large the head of a request may be, which neither uvicorn nor its parser bounds.

Without this a client that sends its headers a byte at a time holds a connection for ever, and one that never ends them
fills the memory. A body may be slow (a phone with one bar of signal is), but something of it must keep coming.
"""

import asyncio
import enum
from typing import Any, Final, cast

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

HEAD_S: Final = 10.0
"""Seconds from the first byte of a request, or from the connection itself, to the end of its headers."""
BODY_QUIET_S: Final = 30.0
"""Seconds within which some more of a body must come."""
HEADERS_BYTES_MAX: Final = 32 * 1024
"""Bytes of a request's head: a query of 8 KiB, two tokens, and what proxies add."""
HEADERS_MAX: Final = 100

_ANSWERS: Final = {
    400: ("malformed", "The request is malformed", "It is no HTTP/1.1 request that can be understood."),
    431: (
        "too_large",
        "The request is too large",
        f"Its head has more than {HEADERS_BYTES_MAX} bytes or {HEADERS_MAX} headers.",
    ),
}


class HeadTooLarge(Exception):
    """The parser is told to stop; the peer gets 431."""


class Waits(enum.Enum):
    """What of a request is missing."""

    FOR_REQUEST = "its first byte"
    FOR_HEAD = "the end of its headers"
    FOR_BODY = "the end of its body"


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with bounds on the head of a request and on silence within one."""

    _waits = Waits.FOR_REQUEST
    _head_bytes = 0
    _is_too_large = False
    _is_handed_over = False
    """Whether the connection is a socket now, which has bounds of its own."""
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - asyncio's own signature
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._arm(HEAD_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, and look at what is still missing."""
        had_begun = self._waits is Waits.FOR_HEAD
        super().data_received(data)
        if self._is_handed_over or self.transport.is_closing():
            return
        if self._waits is Waits.FOR_BODY:
            self._arm(BODY_QUIET_S)
        elif self._waits is Waits.FOR_HEAD and had_begun:
            self._head_bytes += len(data)
            if self._head_bytes > HEADERS_BYTES_MAX:
                self._is_too_large = True
                self.send_400_response("")
        elif self._timer is None and self._waits is Waits.FOR_REQUEST and not self._is_answering():
            self._arm(HEAD_S)  # blank lines before a request end uvicorn's own wait for one

    def on_message_begin(self) -> None:
        """Begin to wait for a head."""
        super().on_message_begin()
        self._waits, self._head_bytes = Waits.FOR_HEAD, 0
        if self._timer is None:
            self._arm(HEAD_S)

    def on_headers_complete(self) -> None:
        """Take a head that is small enough. Raises HeadTooLarge, which ends the connection."""
        self._disarm()
        self._waits = Waits.FOR_BODY
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > HEADERS_BYTES_MAX or len(self.headers) > HEADERS_MAX:
            self._is_too_large = True
            raise HeadTooLarge
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Stop to wait for a body."""
        self._disarm()
        self._waits = Waits.FOR_REQUEST
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """Leave the connection to the socket's own protocol, and wait for nothing here any more."""
        self._disarm()
        self._is_handed_over = True
        super().handle_websocket_upgrade()

    def _is_answering(self) -> bool:
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return cycle is not None and not cycle.response_complete

    def send_400_response(self, msg: str) -> None:
        """Answer what is no request with a problem, and close."""
        status = 431 if self._is_too_large else 400
        code, title, detail = _ANSWERS[status]
        kind = f"urn:touchline:problem:{code}"
        body = msgspec.json.encode({"type": kind, "title": title, "status": status, "detail": detail, "code": code})
        head = (
            f"HTTP/1.1 {status} {'Bad Request' if status == 400 else 'Request Header Fields Too Large'}\r\n"  # noqa: PLR2004
            f"content-type: application/problem+json\r\ncontent-length: {len(body)}\r\ncache-control: no-store\r\n"
            "x-content-type-options: nosniff\r\nconnection: close\r\n\r\n"
        )
        self._disarm()
        self.transport.write(head.encode() + body)
        self.transport.close()

    def _arm(self, after_s: float) -> None:
        self._disarm()
        self._timer = self.loop.call_later(after_s, self._cut)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _cut(self) -> None:
        self._timer = None
        if not self.transport.is_closing():
            self.transport.close()
