"""A seat: one viewer on a plain connection, who takes frames and answers pings.

What is written here costs the clients' processor and not the server's, and the same on both sides.
"""

import asyncio
import time
from typing import Any, Final, Protocol

import msgspec
from msgspec import Struct

ENDED: Final = b'{"type":"ended"'


class Ended(Struct):
    """How the server turns somebody away."""

    code: str
    retry_ms: int = 1_000


_ended: Final = msgspec.json.Decoder(Ended).decode


class Audience(Protocol):
    """Those among whom a viewer sits."""

    def hear(self, at: float, payload: bytes, /) -> None:
        """Note a frame, and when it came."""
        ...

    def miss(self, seat: "Seat", /) -> None:
        """Note that the line of somebody ended who did not leave."""
        ...

    def come_again(self, seat: "Seat", after_s: float, /) -> None:
        """Note that somebody was turned away, and when to come again."""
        ...


class Seat(asyncio.Protocol):
    """One viewer."""

    def __init__(self, crowd: Audience, hello: bytes, opening: bytes | None, group: int = 0) -> None:
        """Say `hello` at once, and `opening` when the handshake is answered; None where there is none.

        `group` tells which of the feeds is watched.
        """
        self.group = group
        self._crowd = crowd
        self._hello = hello
        self._opening = opening
        self._is_answered = opening is None
        self._rest = b""
        self._transport: Any = None
        self._has_left = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say hello."""
        self._transport = transport
        self._transport.write(self._hello)

    def data_received(self, data: bytes) -> None:
        """Take frames, and note when they came."""
        now = time.perf_counter()
        self._rest += data
        if not self._is_answered and self._opening is not None:
            head, found, rest = self._rest.partition(b"\r\n\r\n")
            if not found:
                return
            assert b" 101 " in head[:20], head
            self._transport.write(masked(0x81, self._opening))
            self._is_answered, self._rest = True, rest
        while (frame := self._take()) is not None:
            opcode, payload = frame
            if opcode == 0x9:
                self._transport.write(masked(0x8A, payload))
            elif opcode == 0x1 and payload.startswith(ENDED):
                self.leave()
                self._crowd.come_again(self, _ended(payload).retry_ms / 1_000)
            else:
                self._crowd.hear(now, payload)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell of an end that is not one's own."""
        if not self._has_left:
            self._crowd.miss(self)

    def afresh(self) -> "Seat":
        """Return one who comes for the same."""
        return Seat(self._crowd, self._hello, self._opening, self.group)

    def leave(self) -> None:
        """Hang up."""
        self._has_left = True
        self._transport.abort()

    def _take(self) -> tuple[int, bytes] | None:
        rest = self._rest
        if len(rest) < 2:
            return None
        size, begin = rest[1], 2
        if size >= 126:
            begin = 4 if size == 126 else 10
            if len(rest) < begin:
                return None
            size = int.from_bytes(rest[2:begin])
        if len(rest) < begin + size:
            return None
        self._rest = rest[begin + size :]
        return rest[0] & 0xF, rest[begin : begin + size]


def masked(first: int, payload: bytes) -> bytes:
    """Return a client's frame, under the mask that changes nothing."""
    size = len(payload)
    length = bytes((0x80 | size,)) if size < 126 else bytes((0x80 | 126,)) + size.to_bytes(2)
    return bytes((first,)) + length + bytes(4) + payload
