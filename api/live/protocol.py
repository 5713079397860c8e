"""The WebSocket protocol of uvicorn, hardened: what a hostile client sends costs neither memory nor lines in the log.

Three things are added: a ping flood is not answered faster than it is read, fragments of one message are counted, and
text that is not UTF-8 closes the socket without a traceback. One extension of the scope cuts a line that takes nothing,
another lends the bare write of its line, for frames that were built once for many sockets. It is taken back where the
line has to wait, and before anything is written after a close frame.
"""

from collections.abc import Callable
from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

FRAGMENTS_MAX: Final = 64
"""Fragments of one message: our clients send none."""
ABORT: Final = "touchline.abort"
"""The extension of the scope that cuts a line without flushing it."""
LEND: Final = "touchline.lend"
"""The extension of the scope that lends what writes frames as they are, for as long as that needs no waiting."""

INVALID_TEXT: Final = 1007
POLICY: Final = 1008


class LiveProtocol(WebSocketsSansIOProtocol):
    """One connection."""

    _is_close_sent = False
    _take_back: Callable[[], None] | None = None
    """Called where the write that was lent may be used no more."""

    @property
    def close_sent(self) -> bool:
        """Tell whether a close frame was sent, after which comes nothing."""
        return self._is_close_sent

    @close_sent.setter
    def close_sent(self, value: bool) -> None:  # uvicorn's own attribute: whoever sets it ends the loan
        self._is_close_sent = value
        if value:
            self._end_loan()

    def handle_connect(self, event: Any) -> None:  # noqa: ANN401 - a type of the library's own
        """Begin the handshake, with what the live floor needs of the line."""
        super().handle_connect(event)
        if hasattr(self, "scope"):
            extensions: dict[str, Any] = self.scope["extensions"]  # pyright: ignore[reportTypedDictNotRequiredAccess]
            extensions[ABORT] = self.transport.abort
            extensions[LEND] = self.lend

    def lend(self, take_back: Callable[[], None]) -> Callable[[bytes], object] | None:
        """Return what writes whole frames as they are, until `take_back` is called; None where the line must wait."""
        has_ended = self.close_sent or self.disconnected or self.transport.is_closing()
        if has_ended or not self.writable.is_set():
            return None
        self._take_back = take_back
        return self.transport.write

    def pause_writing(self) -> None:
        """Have the line wait: its buffer is full."""
        super().pause_writing()
        self._end_loan()

    def handle_close(self, event: Any) -> None:  # noqa: ANN401 - as above
        """Answer a close; nothing follows it."""
        super().handle_close(event)
        self._end_loan()

    def connection_lost(self, exc: Exception | None) -> None:
        """End what runs on the line."""
        self._end_loan()
        super().connection_lost(exc)

    def _end_loan(self) -> None:
        take_back, self._take_back = self._take_back, None
        if take_back is not None:
            take_back()

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
