"""Frames that no client sends, on plain connections: each costs its sender the socket, and nobody else anything."""

import asyncio
import base64
import zlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from realtime.limits import LiveLimits
from tests.api.live.nodes import Node
from tests.api.people import Person
from tests.waiting import PATIENCE_S, until

FIN, COMPRESSED = 0x80, 0x40
TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
MASKED = 0x80
NO_MASK = bytes(4)
"""A mask that changes nothing: frames of clients must be masked."""


class Wire:
    """A connection on which the handshake has been made."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        self.reader = reader
        self.writer = writer
        self.head = head

    def put(self, first: int, payload: bytes = b"", *, said: int | None = None) -> None:
        """Write a frame with this first byte; `said` is the length that it claims."""
        size = len(payload) if said is None else said
        length = bytes((MASKED | size,)) if size < 126 else bytes((MASKED | 127,)) + size.to_bytes(8)
        self.writer.write(bytes((first,)) + length + NO_MASK + payload)

    async def frame(self) -> tuple[int, bytes]:
        """Read a frame of the server's; return its opcode and payload."""
        first, size = await self.reader.readexactly(2)
        if size >= 126:
            size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8))
        return first & 0xF, await self.reader.readexactly(size)

    async def close_code(self) -> int:
        """Read on until the close; return its code."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                opcode, payload = await self.frame()
                if opcode == CLOSE:
                    return int.from_bytes(payload[:2])


@asynccontextmanager
async def wire(node: Node, *headers: str) -> AsyncGenerator[Wire]:
    """Open a socket by hand."""
    reader, writer = await asyncio.open_connection("127.0.0.1", node.port)
    key = base64.b64encode(b"0123456789abcdef").decode()
    lines = [
        "GET /ws/sync HTTP/1.1",
        f"host: 127.0.0.1:{node.port}",
        f"origin: {node.origin}",
        "upgrade: websocket",
        "connection: upgrade",
        "sec-websocket-version: 13",
        f"sec-websocket-key: {key}",
        *headers,
    ]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101"), head
    try:
        yield Wire(reader, writer, head)
    finally:
        writer.transport.abort()


async def is_well(node: Node, coach: Person) -> None:
    """Assert that the server serves everybody else, and has counted the hostile one out."""
    await until(lambda: node.services.live.sockets.statistics().open == 0)
    async with node.tail(coach) as tailing:
        await coach.make_match()
        await until(lambda: tailing.versions)


async def test_a_deflate_bomb_is_not_inflated(node: Node, coach: Person, capfd: pytest.CaptureFixture[str]) -> None:
    """Compression is not agreed on, even where it is offered; a compressed frame breaks the protocol, and is closed."""
    squeeze = zlib.compressobj(9, wbits=-15)
    bomb = squeeze.compress(bytes(64 * 1024 * 1024)) + squeeze.flush(zlib.Z_SYNC_FLUSH)[:-4]
    async with wire(node, "sec-websocket-extensions: permessage-deflate; client_max_window_bits") as hostile:
        assert b"sec-websocket-extensions" not in hostile.head.lower()
        hostile.put(FIN | COMPRESSED | TEXT, bomb[: 60 * 1024])
        assert await hostile.close_code() == 1002
    await is_well(node, coach)
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("claimed", [64 * 1024 + 1, 16 * 1024 * 1024, 2**62])
async def test_a_frame_that_claims_to_be_huge(node: Node, coach: Person, claimed: int) -> None:
    """What a frame claims to hold is refused at once; nothing is waited for and nothing is kept free for it."""
    async with wire(node) as hostile:
        hostile.put(FIN | TEXT, b"{", said=claimed)
        assert await hostile.close_code() == 1009
    await is_well(node, coach)


@pytest.mark.parametrize("limits", [LiveLimits(first_message_s=0.05)])
@pytest.mark.parametrize("half", [b"", b"\x81", b"\x81\xfe\x01", b"\x81\x90abcd{", b"\x01\x81abcd{"])
async def test_half_a_frame_is_no_first_message(node: Node, half: bytes) -> None:
    """Who sends half a frame, or half a message, and then nothing, is sent away like one who says nothing: 4408."""
    async with wire(node) as hostile:
        hostile.writer.write(half)
        assert await hostile.close_code() == 4408
    await until(lambda: node.services.live.sockets.statistics().open == 0)


@pytest.mark.parametrize(
    "frame",
    [
        bytes((FIN | TEXT, 1)) + b"{",  # not masked
        bytes((FIN | 0x3, MASKED)) + NO_MASK,  # an opcode that nobody has defined
        bytes((FIN | 0x20 | TEXT, MASKED)) + NO_MASK,  # a bit that nobody has defined
        bytes((PING, MASKED)) + NO_MASK,  # a ping in fragments
        bytes((FIN | PING, MASKED | 126, 0, 126)) + NO_MASK + bytes(126),  # a ping that is too long
        bytes((FIN, MASKED)) + NO_MASK,  # the end of a message that never began
        bytes((FIN | CLOSE, MASKED | 1)) + NO_MASK + b"x",  # a close with half a code
    ],
)
async def test_what_is_no_frame_breaks_the_protocol(node: Node, coach: Person, frame: bytes) -> None:
    """A frame against RFC 6455 is closed with 1002, and the server goes on."""
    async with wire(node) as hostile:
        hostile.writer.write(frame)
        assert await hostile.close_code() == 1002
    await is_well(node, coach)


@pytest.mark.parametrize("limits", [LiveLimits(first_message_s=60.0, watch_s=0.05)])
async def test_a_ping_flood_harms_nobody(node: Node, coach: Person) -> None:
    """Pings that nobody reads the answers of are not answered for ever, and a tail beside them goes on."""
    async with node.tail(coach) as tailing, wire(node) as hostile:
        hostile.writer.transport.set_write_buffer_limits(1 << 20)
        flood = bytes((FIN | PING, MASKED | 125)) + NO_MASK + bytes(125)
        sent = 0
        for _ in range(200):
            hostile.writer.write(flood * 500)
            sent += 500
            await hostile.writer.drain()
        await coach.make_match()
        await until(lambda: tailing.versions == [1])
        pongs = 0
        async with asyncio.timeout(PATIENCE_S):
            hostile.put(FIN | CLOSE, (1000).to_bytes(2))
            while (await hostile.frame())[0] == PONG:
                pongs += 1
        assert 0 < pongs <= sent
    await is_well(node, coach)
