"""The write that a line lends is taken back before it may be used no more: a full buffer, a close frame, the end."""

from collections.abc import Callable
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from api.live.protocol import LEND, LiveProtocol
from realtime.frames import ready
from tests.api.edge.test_connections import Loop, Transport

HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n"
    b"sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
CLOSE = bytes((0x88, 0x82)) + bytes(4) + (1000).to_bytes(2)
NOT_UTF8 = bytes((0x81, 0x81)) + bytes(4) + b"\xff"


async def _nothing(_scope: object, _receive: object, _send: object) -> None:
    """Never run."""


CONFIG = uvicorn.Config(_nothing, log_config=None, lifespan="off", ws=LiveProtocol)
CONFIG.load()


class Open:
    """An accepted socket, whose write may be lent."""

    def __init__(self) -> None:
        loop: Any = Loop()
        self.transport = Transport()
        self.protocol = LiveProtocol(CONFIG, ServerState(), {}, _loop=loop)
        self.protocol.connection_made(self.transport)
        self.protocol.data_received(HANDSHAKE)
        self.taken_back = 0

    async def accept(self) -> None:
        """Answer the handshake."""
        await self.protocol.send({"type": "websocket.accept", "subprotocol": None, "headers": []})
        self.transport.sent = b""

    def lend(self) -> Callable[[bytes], object] | None:
        """Lend the write, as the scope's extension does."""
        extensions: Any = self.protocol.scope["extensions"]  # pyright: ignore[reportTypedDictNotRequiredAccess]
        lent: Callable[[bytes], object] | None = extensions[LEND](self._take_back)
        return lent

    def _take_back(self) -> None:
        self.taken_back += 1


@pytest.fixture
async def line() -> Open:
    """Give an open socket."""
    opened = Open()
    await opened.accept()
    return opened


async def test_a_line_lends_its_write(line: Open) -> None:
    """What is written by it stands on the wire as it is, and the loan lasts."""
    write = line.lend()
    assert write is not None
    write(ready("one"))
    write(ready("two"))
    assert line.transport.sent == b"\x81\x03one\x81\x03two"
    assert line.taken_back == 0


async def _close(line: Open) -> None:
    await line.protocol.send({"type": "websocket.close", "code": 1000, "reason": ""})


@pytest.mark.parametrize(
    "end",
    [
        lambda line: line.protocol.pause_writing(),
        lambda line: line.protocol.connection_lost(None),
        lambda line: line.protocol.connection_lost(ConnectionResetError()),
        lambda line: line.protocol.data_received(CLOSE),
        lambda line: line.protocol.data_received(NOT_UTF8),
        lambda line: line.protocol.keepalive_timeout(),
    ],
    ids=["full", "gone", "reset", "closed by the peer", "not UTF-8", "no pong"],
)
async def test_a_loan_ends_before_the_line_does(line: Open, end: Callable[[Open], None]) -> None:
    """Whatever ends it, it is told once, and nothing is lent from then on."""
    assert line.lend() is not None
    end(line)
    assert line.taken_back == 1
    assert line.lend() is None
    assert line.taken_back == 1


async def test_a_close_of_our_own_ends_the_loan(line: Open) -> None:
    """After our close frame comes nothing."""
    assert line.lend() is not None
    await _close(line)
    assert line.taken_back == 1
    assert line.lend() is None


async def test_a_line_that_goes_on_lends_again(line: Open) -> None:
    """A buffer that was drained may be written to again."""
    assert line.lend() is not None
    line.protocol.pause_writing()
    assert line.lend() is None
    line.protocol.resume_writing()
    assert line.lend() is not None
    line.protocol.pause_writing()
    assert line.taken_back == 2
