"""The reference of the sockets: a bare uvloop server that writes given bytes to all of its connections, and no more.

A connection begins with a letter: `L` and a byte, the group that it listens to; or `C`, and then orders: a byte with
the group, four with the length, and the bytes that each connection of the group gets. Prints its port, and ends with
its standard input.
"""

import asyncio
import subprocess
import sys
from collections import defaultdict
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final

import uvloop
from msgspec import Struct

HOST: Final = "127.0.0.1"
HEAD_BYTES: Final = 5
STOP_S: Final = 10.0

_groups: Final[dict[int, set[asyncio.WriteTransport]]] = defaultdict(set)


class Peer(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        """Begin as nobody."""
        self._transport: Any = None
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note where to write."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Join a group, or carry out orders."""
        self._rest += data
        if self._rest[:1] == b"L":
            if len(self._rest) > 1:
                _groups[self._rest[1]].add(self._transport)
            return
        while len(self._rest) > HEAD_BYTES:
            size = int.from_bytes(self._rest[2 : 2 + HEAD_BYTES - 1])
            if len(self._rest) < 1 + HEAD_BYTES + size:
                return
            self._broadcast(self._rest[1], self._rest[1 + HEAD_BYTES : 1 + HEAD_BYTES + size])
            self._rest = b"C" + self._rest[1 + HEAD_BYTES + size :]

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave all groups."""
        for group in _groups.values():
            group.discard(self._transport)

    def _broadcast(self, group: int, payload: bytes) -> None:
        for transport in _groups[group]:
            transport.write(payload)


class Broadcaster(Struct, frozen=True):
    """A running broadcaster."""

    port: int
    pid: int


@contextmanager
def broadcaster() -> Generator[Broadcaster]:
    """Start one in a process of its own, and end it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.broadcaster"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Broadcaster(int(process.stdout.readline()), process.pid)
    finally:
        process.stdin.close()
        process.wait(STOP_S)
        process.stdout.close()


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Peer, HOST, 0, backlog=2_048)
    print(server.sockets[0].getsockname()[1], flush=True)
    ended = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), ended.set)
    await ended.wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve())
