"""A crowd: viewers on plain connections, who note when each frame came; runs in the clients' process.

A crowd sits down once and stays for all rounds of its trial, so that a round measures frames and not handshakes. Its
members read the server's frames, or the same bytes from the bare broadcaster. Whoever is turned away comes again when
told to. A herd is a crowd that comes all at once. The loop of all crowds runs on a thread, so that pings are answered
while nothing is asked of them.
"""

import asyncio
import base64
import re
import threading
import time
from collections import Counter
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from functools import cache
from typing import Any, Final, TypeVar

import msgspec
import uvloop
from msgspec import Struct

from bench.api import ApiLine
from bench.broadcaster import HOST, Broadcaster
from bench.reference import ROUND_S
from bench.seats import Seat
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

SNAPSHOT: Final = b'{"type":"snapshot"'

T = TypeVar("T")


class Match(Struct, frozen=True):
    """A match that is watched, who logs its events, and the link that viewers have."""

    member: Member
    match_id: str
    secret: str


class Heard(Struct, frozen=True):
    """What one round brought."""

    latencies_ms: list[float]
    frames: int


class Crowd:
    """All viewers of a trial."""

    def __init__(self) -> None:
        """Nobody sits yet."""
        self._seats: list[Seat] = []
        self._where = HOST, 0
        self._dialling: set[asyncio.Task[None]] = set()
        self.turned_away = 0
        self.cut_off = 0
        self.seated_at: list[float] = []
        """When each viewer had their snapshot."""
        self.heard: list[tuple[float, bytes]] = []
        self.told: list[tuple[int, bytes]] = []
        """The frames of the last round by their feeds, which the reference sends again."""
        self._clock_ms = 0

    @property
    def seated(self) -> int:
        """Return how many viewers had their snapshot."""
        return len(self.seated_at)

    async def leave(self) -> None:
        """Let all go home."""
        for task in self._dialling:
            task.cancel()
        for seat in self._seats:
            seat.leave()

    async def sit(self, server: Server, matches: Sequence[Match], count: int) -> None:
        """Open so many sockets, spread over the matches, and wait until each has its snapshot."""
        await self._fill(server.host, server.port, self._seats_at(server, matches, count))
        await self._hear(count, b'"type":"snapshot"')

    def _seats_at(self, server: Server, matches: Sequence[Match], count: int) -> list[tuple[bytes, bytes | None, int]]:
        key = base64.b64encode(bytes(16)).decode()
        hello = (
            f"GET /ws/shared/match HTTP/1.1\r\nhost: {server.host}:{server.port}\r\norigin: {server.address}\r\n"
            "upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n"
            f"sec-websocket-key: {key}\r\n\r\n"
        ).encode()
        openings = [msgspec.json.encode({"token": match.secret}) for match in matches]
        return [(hello, openings[n % len(matches)], n % len(matches)) for n in range(count)]

    async def sit_bare(self, bare: Broadcaster, groups: int, count: int) -> None:
        """Open so many connections to the broadcaster, spread over the groups."""
        await self._fill(HOST, bare.port, [(b"L" + bytes((n % groups,)), None, n % groups) for n in range(count)])

    async def storm(self, server: Server, matches: Sequence[Match], count: int) -> list[float]:
        """Come all at once, as after a restart; return the seconds after which each had its snapshot, in order.

        After two minutes it is left at those who had theirs by then.
        """
        seats = self._seats_at(server, matches, count)
        self._where = server.host, server.port
        began = time.perf_counter()
        with suppress(TimeoutError):
            async with asyncio.timeout(SIT_S):
                await asyncio.gather(*(self._open(Seat(self, *seat)) for seat in seats))
                while self.seated < count:  # noqa: ASYNC110 - as below
                    await asyncio.sleep(LOOK_S)
        return sorted(at - began for at in self.seated_at)

    async def storm_bare(self, bare: Broadcaster, count: int) -> list[float]:
        """Come all at once to the broadcaster; return the seconds after which it had taken each."""
        self._where = HOST, bare.port
        began = time.perf_counter()

        async def come() -> float:
            await self._open(Seat(self, b"L\0", None))
            return time.perf_counter() - began

        return sorted(await asyncio.gather(*(come() for _ in range(count))))

    async def log(self, server: Server, matches: Sequence[Match], count: int) -> Heard:
        """Log events in one match after the other, at their pace; return when the viewers had them."""
        sent: dict[int, float] = {}
        self.heard.clear()
        lines = [await self._dial(server, match.member) for match in matches]
        began = asyncio.get_running_loop().time()
        expected, watching = 0, Counter(seat.group for seat in self._seats)
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
            expected += watching[place]
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
        expected, watching = 0, Counter(seat.group for seat in self._seats)
        for n, (group, payload) in enumerate(self.told):
            await asyncio.sleep(max(0.0, began + n * EVENT_S - asyncio.get_running_loop().time()))
            frame = b"\x81\x7e" + len(payload).to_bytes(2) + payload
            sent[_clock_of(payload)] = time.perf_counter()
            writer.write(bytes((group,)) + len(frame).to_bytes(4) + frame)
            expected += watching[group]
        await self._hear(expected, b'"type":"event_logged"')
        writer.close()
        return Heard([(at - sent[_clock_of(payload)]) * 1_000 for at, payload in self.heard], len(self.heard))

    def hear(self, at: float, payload: bytes) -> None:
        """Note a frame, and when it came."""
        self.heard.append((at, payload))
        if payload.startswith(SNAPSHOT):
            self.seated_at.append(at)

    def miss(self, seat: Seat) -> None:
        """Note that the server cut somebody off."""
        self.cut_off += seat in self._seats

    def come_again(self, seat: Seat, after_s: float) -> None:
        """Have one who was turned away come again when told to."""
        self.turned_away += 1
        self._seats.remove(seat)
        task = asyncio.create_task(self._open(seat.afresh(), after_s=after_s))
        self._dialling.add(task)
        task.add_done_callback(self._dialling.discard)

    async def _fill(self, host: str, port: int, seats: Sequence[tuple[bytes, bytes | None, int]]) -> None:
        self._where = host, port
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with asyncio.timeout(SIT_S):
            for n, (hello, opening, group) in enumerate(seats):
                await asyncio.sleep(max(0.0, began + n / SEATED_PER_S - loop.time()))
                while opening is not None and n - self.seated > UNSEATED_MAX:  # noqa: ASYNC110 - as below
                    await asyncio.sleep(LOOK_S)
                await self._open(Seat(self, hello, opening, group))

    async def _open(self, seat: Seat, *, after_s: float = 0.0) -> None:
        await asyncio.sleep(after_s)
        await asyncio.get_running_loop().create_connection(lambda: seat, *self._where)
        self._seats.append(seat)

    async def _hear(self, count: int, what: bytes) -> None:
        """Wait until so many frames of a kind have come."""
        async with asyncio.timeout(ROUND_S):
            while self._count(what) < count:
                assert not self.cut_off, f"{self.cut_off} viewers were cut off"
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

OURS: Final = "ours"
ALONE: Final = "alone"
"""One viewer for each feed: what the same pushes cost without a crowd."""
BARE: Final = "bare"
HERD: Final = "herd"

_crowds: Final[dict[str, Crowd]] = {}
"""Those that sit, by name: they outlive the calls."""


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """Start the loop of all crowds, once."""
    loop = uvloop.new_event_loop()
    threading.Thread(target=loop.run_forever, name="crowds", daemon=True).start()
    return loop


def _run(main: Coroutine[Any, Any, T]) -> T:
    return asyncio.run_coroutine_threadsafe(main, _loop()).result()


def sit(server: Server, matches: Sequence[Match], count: int, name: str = OURS) -> None:
    """Seat a crowd at the server, in place of the one before."""
    _run(_in_place(name).sit(server, matches, count))


def sit_bare(bare: Broadcaster, groups: int, count: int) -> None:
    """Seat a crowd at the broadcaster, in place of the one before."""
    _run(_in_place(BARE).sit_bare(bare, groups, count))


def log(server: Server, matches: Sequence[Match], count: int, name: str = OURS) -> Heard:
    """Log events, and return when the crowd had them."""
    return _run(_crowds[name].log(server, matches, count))


def tell(bare: Broadcaster) -> Heard:
    """Tell the bare crowd what the other one was told last."""
    crowd = _crowds[BARE]
    crowd.told = _crowds[OURS].told
    return _run(crowd.tell(bare))


def storm(server: Server, matches: Sequence[Match], count: int) -> list[float]:
    """Have so many come to the server at once; return the seconds after which each sat. They stay until they leave."""
    return _run(_in_place(HERD).storm(server, matches, count))


def storm_bare(bare: Broadcaster, count: int) -> list[float]:
    """Have so many come to the broadcaster at once; return the seconds after which each sat."""
    return _run(_in_place(HERD).storm_bare(bare, count))


def leave(*names: str) -> None:
    """Let crowds go home; all of them where none is named."""
    for name in names or [*_crowds]:
        if name in _crowds:
            _run(_crowds.pop(name).leave())


def _in_place(name: str) -> Crowd:
    leave(name)
    crowd = _crowds[name] = Crowd()
    return crowd
