"""The WebSocket protocol of uvicorn, hardened: what a hostile client sends costs neither memory nor lines in the log.

Three things are added: a ping flood is not answered faster than it is read, fragments of one message are counted, and
text that is not UTF-8 closes the socket without a traceback. One extension of the scope cuts a line that takes nothing,
another writes frames that were built once for many sockets.
"""

from collections.abc import Callable
from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

FRAGMENTS_MAX: Final = 64
"""Fragments of one message: our clients send none."""
ABORT: Final = "touchline.abort"
"""The extension of the scope that cuts a line without flushing it."""
PUT: Final = "touchline.put"
"""The extension of the scope that writes frames as they are, where that needs no waiting."""

INVALID_TEXT: Final = 1007
POLICY: Final = 1008


class LiveProtocol(WebSocketsSansIOProtocol):
    """One connection."""

    def handle_connect(self, event: Any) -> None:  # noqa: ANN401 - a type of the library's own
        """Begin the handshake, with what the live floor needs of the line."""
        super().handle_connect(event)
        if hasattr(self, "scope"):
            extensions: dict[str, Any] = self.scope["extensions"]  # pyright: ignore[reportTypedDictNotRequiredAccess]
            extensions[ABORT] = self.transport.abort
            extensions[PUT] = self._make_put()

    def _make_put(self) -> Callable[[bytes], bool]:
        """Return what writes whole frames as they are, where the line is open and need not wait."""
        can_write, is_closing, write = self.writable.is_set, self.transport.is_closing, self.transport.write

        def put(frames: bytes) -> bool:
            if self.close_sent or is_closing() or not can_write():
                return False
            write(frames)
            return True

        return put

    def handle_ping(self) -> None:
        """Answer a ping, unless the answers before it have not been read: then the last of them will do."""
        output = self.conn.data_to_send()
        if self.writable.is_set():
            self.transport.write(b"".join(output))

    def handle_cont(self, event: Any) -> None:  # noqa: ANN401
        """Take a fragment, unless there are more than any client sends."""
        if len(self.frames) >= FRAGMENTS_MAX:
            self._fail(POLICY, "too many fragments")
        else:
            super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        """Hand a message on, if it is UTF-8."""
        if self.curr_msg_data_type == "text":
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self._fail(INVALID_TEXT, "not UTF-8")
                return
        super().send_receive_event_to_app()

    def _fail(self, code: int, reason: str) -> None:
        if self.close_sent:
            return
        self.frames = []
        self.conn.send_close(code, reason)
        self.handle_parser_exception()
