"""Sockets: a crowd watches matches by share links while events are logged, beside a bare broadcaster of the same bytes.

Latencies are those of every frame at every viewer. The server's processor time has the pushes in it that made the
frames: HTTP, sign-in, the engine and the feed's projection, some 6 ms each; the broadcaster is handed the bytes.
"""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Final

import httpx
from msgspec import Struct

from bench import crowd
from bench.broadcaster import Broadcaster
from bench.crowd import Heard, Match
from bench.measure import Figure, percentile
from bench.servers import START_S, Server
from bench.sheets import Member
from bench.workloads import Ground, OverHttp

EVENTS: Final = 12
"""Events of a round: it lasts 2.4 seconds."""
EVENTS_QUICK: Final = 3
FEEDS_A_CLUB: Final = 5
OPTIONS: Final = {"score": True, "shirt_numbers": True}


class Size(Struct, frozen=True):
    """How many watch how much."""

    sockets: int
    feeds: int
    is_many: bool = False
    """Whether it is run only when asked for."""
    tells_memory: bool = False


NOBODY: Final = Size(0, 0)
CROWDS: Final[Mapping[str, Size]] = {
    "sockets-1000-on-1": Size(1_000, 1, tells_memory=True),
    "sockets-1000-on-50": Size(1_000, 50),
    "sockets-200-on-1": Size(200, 1),
    "sockets-5000-on-1": Size(5_000, 1, is_many=True, tells_memory=True),
}
"""A process keeps what it was given once: the first crowd tells its memory, and one that is much larger."""


def has_figures() -> bool:
    """Tell whether this machine says what a process uses."""
    return Path("/proc/self/schedstat").exists()


def cpu_s(pid: int) -> float:
    """Return the seconds of processor that all threads of a process have used."""
    stats = [path.read_text().split() for path in Path(f"/proc/{pid}/task").glob("*/schedstat")]
    return sum(int(each[0]) for each in stats) / 1e9


def memory_kib(pid: int) -> float:
    """Return the memory of a process that is its own and in use."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith("RssAnon:")))


_empty_kib: Final[dict[int, float]] = {}
"""The memory of processes before any crowd sat there."""


class Sockets:
    """Viewers of one feed, or of many."""

    def __init__(self, ground: Ground, way: OverHttp, size: Size, bare: Broadcaster) -> None:
        """Prepare nothing yet."""
        self._ground = ground
        self._way = way
        self._size = size
        self._bare = bare
        self._events = EVENTS_QUICK if ground.sizes.pairs < 5 else EVENTS
        self._memory_kib = 0.0, 0.0
        """Of a seat, at ours and at the reference."""
        feeds = "one feed" if size.feeds == 1 else f"{size.feeds} feeds"
        name = f"{size.sockets:,} sockets on {feeds}"
        figures = (
            Figure(f"{name}, p50", "ms", is_time=True),
            Figure(f"{name}, p99", "ms", is_time=True),
            Figure(f"{name}, for a second of CPU", "frames"),
            Figure(f"{name}, memory of each", "KiB", is_time=True),
        )
        self.figures = figures if size.tells_memory else figures[:-1]

    @cached_property
    def _matches(self) -> list[Match]:
        """Make the matches, a link to each, and let the crowds sit down."""
        clubs = -(-self._size.feeds // FEEDS_A_CLUB)
        members = self._way.join(clubs, min(self._size.feeds, FEEDS_A_CLUB))[: self._size.feeds]
        scribes = {member.club_id: self._ground.scribe(member.club_id) for member in members}
        found: list[Match] = []
        for member in members:
            (match_id,), _ = self._ground.add_matches(scribes[member.club_id], 1)
            found.append(Match(member, match_id, share(self._way.server, member, match_id)))
        self._memory_kib = self._sit(found)
        return found

    def _sit(self, matches: list[Match]) -> tuple[float, float]:
        """Let both crowds sit down; return what a seat took of ours and of the reference."""
        server, count, run = self._way.server, self._size.sockets, self._ground.clients.run
        pids = server.pid, self._bare.pid
        before = [_empty_kib.setdefault(pid, memory_kib(pid)) for pid in pids]
        run(crowd.sit, server, matches, count)
        run(crowd.sit_bare, self._bare, len(matches), count)
        ours, bare = (max(memory_kib(pid) - was, 1.0) / count for pid, was in zip(pids, before, strict=True))
        return ours, bare

    def prepare(self) -> None:
        """Have everybody seated, once."""
        assert self._matches, "there is nothing to watch"

    def ours(self) -> tuple[float, ...]:
        """Log events."""
        before = cpu_s(self._way.server.pid)
        heard = self._ground.clients.run(crowd.log, self._way.server, self._matches, self._events)
        return self._figures(heard, cpu_s(self._way.server.pid) - before, self._memory_kib[0])

    def reference(self) -> tuple[float, ...]:
        """Broadcast the same bytes."""
        before = cpu_s(self._bare.pid)
        heard = self._ground.clients.run(crowd.tell, self._bare)
        return self._figures(heard, cpu_s(self._bare.pid) - before, self._memory_kib[1])

    def _figures(self, heard: Heard, used_s: float, memory: float) -> tuple[float, ...]:
        found = heard.latencies_ms
        return (percentile(found, 50), percentile(found, 99), heard.frames / used_s, memory)[: len(self.figures)]


def share(server: Server, member: Member, match_id: str) -> str:
    """Make a link to a match, and return its secret."""
    headers = {"authorization": f"Bearer {member.token}"}
    answer = httpx.post(
        f"{server.address}/api/matches/{match_id}/share", json=OPTIONS, headers=headers, timeout=START_S
    )
    answer.raise_for_status()
    secret: str = answer.json()["secret"]
    return secret
