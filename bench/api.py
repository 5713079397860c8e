"""The API on a match day: fifty matches at once log events and are looked at, beside a route that does nothing.

Each of fifty devices has a match of its own, ten clubs between them, each match with 100 events so far. Each second a
device logs an event and reads the match as a phone shows it; what was kept of it is stale by then. That is some twenty
times what people log. The reference is `GET /health/live` of the same server over as many connections at the same pace:
what HTTP and routing cost by themselves.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import cached_property
from typing import Final

import msgspec
from msgspec import Struct

from bench.direct import now_ms
from bench.load import Line
from bench.measure import Figure, percentile
from bench.reference import ROUND_S, run
from bench.servers import Server
from bench.sheets import Member, new_id
from bench.workloads import Ground, OverHttp

CLUBS: Final = 10
MATCHES_A_CLUB: Final = 5
ALIVE: Final = "/health/live"
TURNS_SHARE: Final = 10
"""One turn for so many catch-ups of the run's size: a turn takes a second."""
TURN_S: Final = 1.0
"""Seconds of a turn; devices begin theirs spread over it."""


class LiveMatch(Struct, frozen=True):
    """A match that is being played, and the device that records it."""

    member: Member
    match_id: str


class Live:
    """Events are logged and live matches read, all at once."""

    figures = tuple(
        Figure(f"{what}, {CLUBS * MATCHES_A_CLUB} live matches, {part}", "ms", is_time=True)
        for what in ("event logged", "live match read")
        for part in ("p50", "p99")
    )

    def __init__(self, ground: Ground, way: OverHttp) -> None:
        """Prepare nothing yet."""
        self._ground = ground
        self._way = way

    @cached_property
    def _matches(self) -> list[LiveMatch]:
        """Give each device a match with a hundred events, whose first half has begun."""
        members = self._way.join(CLUBS, MATCHES_A_CLUB)
        scribes = {member.club_id: self._ground.scribe(member.club_id) for member in members}
        found: list[LiveMatch] = []
        for member in members:
            scribe = scribes[member.club_id]
            (match_id,), cursor = self._ground.add_matches(scribe, 1)
            self._ground.direct.push_one(scribe.member, scribe.sheet(match_id, cursor, wall_ms=now_ms()).body)
            found.append(LiveMatch(member, match_id))
        self._ground.clients.run(start_all, self._way.server, found, now_ms())
        return found

    @property
    def _turns(self) -> int:
        return max(1, self._ground.sizes.catch_ups // TURNS_SHARE)

    def prepare(self) -> None:
        """Make the matches, once."""
        assert self._matches, "there is nothing to score"

    def ours(self) -> tuple[float, ...]:
        """Log and look."""
        seed = self._ground.dice.getrandbits(64)
        logged, read = self._ground.clients.run(log_and_read, self._way.server, self._matches, self._turns, seed)
        return *_percentiles(logged), *_percentiles(read)

    def reference(self) -> tuple[float, ...]:
        """Ask whether the server lives."""
        found = self._ground.clients.run(alive, self._way.server, self._matches, self._turns)
        return _percentiles(found) * 2


class ApiLine(Line):
    """A connection whose answers are any success."""

    async def timed(self, request: bytes) -> float:
        """Send a request, and return the milliseconds until its answer was there."""
        started = time.perf_counter()
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"\r\ncontent-length:")[2].split(b"\r\n", 1)[0])
        body = await self._reader.readexactly(length)
        took_ms = (time.perf_counter() - started) * 1_000
        assert head.startswith(b"http/1.1 2"), f"{head.splitlines()[0].decode()}: {body[:500].decode()}"
        return took_ms


def start_all(server: Server, matches: Sequence[LiveMatch], at: int) -> None:
    """Start the first half of each match."""
    body = msgspec.json.encode({"number": 1, "at": at, "sent_at": at})

    async def main() -> None:
        async with AsyncExitStack() as stack, asyncio.timeout(ROUND_S):
            for each in matches:
                line = await _dial(stack, server, each.member)
                await line.timed(line.request("POST", f"/api/matches/{each.match_id}/periods", body))

    run(main())


def log_and_read(
    server: Server, matches: Sequence[LiveMatch], turns: int, seed: int
) -> tuple[list[float], list[float]]:
    """Log an event and read the match so many times in each; return the milliseconds of all writes and all reads."""
    dice = random.Random(seed)
    logged: list[float] = []
    read: list[float] = []

    async def work(line: ApiLine, match_id: str, bodies: Sequence[bytes], begins_s: float) -> None:
        look = line.request("GET", f"/api/matches/{match_id}/live")
        for n, body in enumerate(bodies):
            await _until(begins_s + n * TURN_S)
            logged.append(await line.timed(line.request("POST", f"/api/matches/{match_id}/events", body)))
            read.append(await line.timed(look))

    async def main() -> None:
        async with AsyncExitStack() as stack, asyncio.timeout(ROUND_S):
            lines = [await _dial(stack, server, each.member) for each in matches]
            orders = [[_event(dice) for _ in range(turns)] for _ in matches]
            pairs = zip(lines, matches, orders, _begins_s(len(matches)), strict=True)
            await asyncio.gather(*(work(line, each.match_id, bodies, at) for line, each, bodies, at in pairs))

    run(main())
    return logged, read


def alive(server: Server, matches: Sequence[LiveMatch], turns: int) -> list[float]:
    """Ask twice in each turn over each connection whether the server lives; return the milliseconds of all."""
    found: list[float] = []

    async def work(line: ApiLine, begins_s: float) -> None:
        request = line.request("GET", ALIVE)
        for n in range(turns):
            await _until(begins_s + n * TURN_S)
            found.extend([await line.timed(request), await line.timed(request)])

    async def main() -> None:
        async with AsyncExitStack() as stack, asyncio.timeout(ROUND_S):
            lines = [await _dial(stack, server, each.member) for each in matches]
            pairs = zip(lines, _begins_s(len(lines)), strict=True)
            await asyncio.gather(*(work(line, at) for line, at in pairs))

    run(main())
    return found


def _begins_s(devices: int) -> list[float]:
    """Return when each device begins, on the loop's clock: spread over a turn."""
    now_s = asyncio.get_running_loop().time()
    return [now_s + TURN_S * n / devices for n in range(devices)]


async def _until(at_s: float) -> None:
    await asyncio.sleep(max(0.0, at_s - asyncio.get_running_loop().time()))


def _event(dice: random.Random) -> bytes:
    event = {"id": new_id(dice), "kind": "tackle", "period_number": 1, "clock_ms": dice.randrange(2_700_000)}
    return msgspec.json.encode(event)


async def _dial(stack: AsyncExitStack, server: Server, member: Member) -> ApiLine:
    reader, writer = await asyncio.open_connection(server.host, server.port, limit=1 << 20)
    stack.callback(writer.close)
    return ApiLine(member, reader, writer)


def _percentiles(found: Sequence[float]) -> tuple[float, float]:
    return percentile(found, 50), percentile(found, 99)
