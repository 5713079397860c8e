"""A crowd: viewers on plain connections, who note when each frame came; runs in the clients' process.

A crowd sits down once and stays for all rounds of its trial, so that a round measures frames and not handshakes. Its
members read the server's frames, or the same bytes from the bare broadcaster.
"""

import asyncio
import base64
import re
import time
from collections.abc import Coroutine, Sequence
from typing import Any, Final, TypeVar

import msgspec
import uvloop
from msgspec import Struct

from bench.api import ApiLine
from bench.broadcaster import HOST, Broadcaster
from bench.reference import ROUND_S
from bench.servers import Server
from bench.sheets import Member

EVENT_S: Final = 0.2
"""Seconds between two events: five a second."""
SEATED_PER_S: Final = 280
"""Sockets opened a second: the server lets in 300."""
SIT_S: Final = 120.0
UNSEATED_MAX: Final = 100
"""Viewers on their way to their seats: a machine that is busy with other things takes longer."""
LOOK_S: Final = 0.01
CLOCK_STEP_MS: Final = 10
CLOCK: Final = re.compile(rb'"type":"event_logged".*"clock_ms":(\d+)')
"""Tells events apart, in the server's frames."""

ENDED: Final = b'{"type":"ended"'
SNAPSHOT: Final = b'{"type":"snapshot"'

T = TypeVar("T")


class Ended(Struct):
    """How the server turns somebody away."""

    code: str
    retry_ms: int


_ended: Final = msgspec.json.Decoder(Ended).decode


class Match(Struct, frozen=True):
    """A match that is watched, who logs its events, and the link that viewers have."""

    member: Member
    match_id: str
    secret: str


class Heard(Struct, frozen=True):
    """What one round brought."""

    latencies_ms: list[float]
    frames: int


class Seat(asyncio.Protocol):
    """One viewer."""

    def __init__(self, crowd: "Crowd", hello: bytes, opening: bytes | None) -> None:
        """Say `hello` at once, and `opening` when the handshake is answered; None where there is none."""
        self._crowd = crowd
        self._hello = hello
        self._opening = opening
        self._is_answered = opening is None
        self._rest = b""
        self._transport: Any = None

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
                self._crowd.come_again(Seat(self._crowd, self._hello, self._opening), payload)
            else:
                self._crowd.heard.append((now, payload))
                self._crowd.seated += payload.startswith(SNAPSHOT)

    def leave(self) -> None:
        """Hang up."""
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


class Crowd:
    """All viewers of a trial."""

    def __init__(self) -> None:
        """Nobody sits yet."""
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self._seats: list[Seat] = []
        self._where = HOST, 0
        self._dialling: set[asyncio.Task[None]] = set()
        self.turned_away = 0
        self.seated = 0
        """Viewers who had their snapshot."""
        self.heard: list[tuple[float, bytes]] = []
        self.told: list[tuple[int, bytes]] = []
        """The frames of the last round by their feeds, which the reference sends again."""
        self._clock_ms = 0
        self._groups = 1

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Run on the crowd's own loop."""
        return self._runner.run(main)

    def leave(self) -> None:
        """Let all go home."""
        for seat in self._seats:
            seat.leave()
        self._runner.close()

    async def sit(self, server: Server, matches: Sequence[Match], count: int) -> None:
        """Open so many sockets, spread over the matches, and wait until each has its snapshot."""
        key = base64.b64encode(bytes(16)).decode()
        hello = (
            f"GET /ws/shared/match HTTP/1.1\r\nhost: {server.host}:{server.port}\r\norigin: {server.address}\r\n"
            "upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n"
            f"sec-websocket-key: {key}\r\n\r\n"
        ).encode()
        openings = [msgspec.json.encode({"token": match.secret}) for match in matches]
        await self._fill(server.host, server.port, [(hello, openings[n % len(matches)]) for n in range(count)])
        await self._hear(count, b'"type":"snapshot"')

    async def sit_bare(self, bare: Broadcaster, groups: int, count: int) -> None:
        """Open so many connections to the broadcaster, spread over the groups."""
        self._groups = groups
        await self._fill(HOST, bare.port, [(b"L" + bytes((n % groups,)), None) for n in range(count)])

    async def log(self, server: Server, matches: Sequence[Match], count: int) -> Heard:
        """Log events in one match after the other, at their pace; return when the viewers had them."""
        sent: dict[int, float] = {}
        self.heard.clear()
        lines = [await self._dial(server, match.member) for match in matches]
        began = asyncio.get_running_loop().time()
        expected = 0
        self.told = []
        for n in range(count):
            await asyncio.sleep(max(0.0, began + n * EVENT_S - asyncio.get_running_loop().time()))
            place = n % len(matches)
            self._clock_ms += CLOCK_STEP_MS
            event = {"kind": "tackle", "period_number": 1, "clock_ms": self._clock_ms}
            path = f"/api/matches/{matches[place].match_id}/events"
            request = lines[place].request("POST", path, msgspec.json.encode(event))
            sent[self._clock_ms] = time.perf_counter()
            await lines[place].timed(request)
            expected += len(range(place, len(self._seats), len(matches)))
        await self._hear(expected, b'"type":"event_logged"')
        for line in lines:
            line.close()
        return self._measured(sent, matches)

    async def tell(self, bare: Broadcaster) -> Heard:
        """Have the broadcaster send the frames of the last round again, at the same pace."""
        sent: dict[int, float] = {}
        reader, writer = await asyncio.open_connection(HOST, bare.port)
        del reader
        writer.write(b"C")
        self.heard.clear()
        began = asyncio.get_running_loop().time()
        expected = 0
        for n, (group, payload) in enumerate(self.told):
            await asyncio.sleep(max(0.0, began + n * EVENT_S - asyncio.get_running_loop().time()))
            frame = b"\x81\x7e" + len(payload).to_bytes(2) + payload
            sent[_clock_of(payload)] = time.perf_counter()
            writer.write(bytes((group,)) + len(frame).to_bytes(4) + frame)
            expected += len(range(group, len(self._seats), self._groups))
        await self._hear(expected, b'"type":"event_logged"')
        writer.close()
        return Heard([(at - sent[_clock_of(payload)]) * 1_000 for at, payload in self.heard], len(self.heard))

    def come_again(self, seat: Seat, ended: bytes) -> None:
        """Have one who was turned away come again when told to."""
        self.turned_away += 1
        told = _ended(ended)
        task = asyncio.create_task(self._open(seat, after_s=told.retry_ms / 1_000))
        self._dialling.add(task)
        task.add_done_callback(self._dialling.discard)

    async def _fill(self, host: str, port: int, seats: Sequence[tuple[bytes, bytes | None]]) -> None:
        self._where = host, port
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with asyncio.timeout(SIT_S):
            for n, (hello, opening) in enumerate(seats):
                await asyncio.sleep(max(0.0, began + n / SEATED_PER_S - loop.time()))
                while opening is not None and n - self.seated > UNSEATED_MAX:  # noqa: ASYNC110 - as below
                    await asyncio.sleep(LOOK_S)
                await self._open(Seat(self, hello, opening))

    async def _open(self, seat: Seat, *, after_s: float = 0.0) -> None:
        await asyncio.sleep(after_s)
        await asyncio.get_running_loop().create_connection(lambda: seat, *self._where)
        self._seats.append(seat)

    async def _hear(self, count: int, what: bytes) -> None:
        """Wait until so many frames of a kind have come."""
        async with asyncio.timeout(ROUND_S):
            while self._count(what) < count:  # noqa: ASYNC110 - a frame that set an event would come later
                await asyncio.sleep(LOOK_S)
        self.heard = [each for each in self.heard if what in each[1]]

    def _count(self, what: bytes) -> int:
        return sum(what in payload for _, payload in self.heard)

    def _measured(self, sent: dict[int, float], matches: Sequence[Match]) -> Heard:
        first = min(sent)
        frames = {_clock_of(payload): payload for _, payload in self.heard}
        self.told = [((clock - first) // CLOCK_STEP_MS % len(matches), frames[clock]) for clock in sorted(frames)]
        return Heard([(at - sent[_clock_of(payload)]) * 1_000 for at, payload in self.heard], len(self.heard))

    async def _dial(self, server: Server, member: Member) -> ApiLine:
        reader, writer = await asyncio.open_connection(server.host, server.port, limit=1 << 20)
        return ApiLine(member, reader, writer)


def _clock_of(payload: bytes) -> int:
    found = CLOCK.search(payload)
    assert found is not None, payload
    return int(found[1])


# -- what the benchmark's process asks for -----------------------------------------------------------------------------

_ours: Crowd | None = None
_bare: Crowd | None = None


def sit(server: Server, matches: Sequence[Match], count: int) -> None:
    """Seat a crowd at the server, in place of the one before."""
    global _ours  # noqa: PLW0603 - it outlives the call
    if _ours is not None:
        _ours.leave()
    _ours = Crowd()
    _ours.run(_ours.sit(server, matches, count))


def sit_bare(bare: Broadcaster, groups: int, count: int) -> None:
    """Seat a crowd at the broadcaster, in place of the one before."""
    global _bare  # noqa: PLW0603 - as above
    if _bare is not None:
        _bare.leave()
    _bare = Crowd()
    _bare.run(_bare.sit_bare(bare, groups, count))


def log(server: Server, matches: Sequence[Match], count: int) -> Heard:
    """Log events, and return when the crowd had them."""
    assert _ours is not None, "nobody sits"
    return _ours.run(_ours.log(server, matches, count))


def tell(bare: Broadcaster) -> Heard:
    """Tell the bare crowd what the other one was told last."""
    assert _ours is not None, "nobody sits"
    assert _bare is not None, "nobody sits"
    _bare.told = _ours.told
    return _bare.run(_bare.tell(bare))
