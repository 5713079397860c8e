"""Sockets: a crowd watches matches by share links while events are logged, beside a bare broadcaster of the same bytes.

Latencies are those of every frame at every viewer. The server's processor time has the pushes in it that made the
frames: HTTP, sign-in, the engine and the feed's projection; the broadcaster is handed the bytes. So there is a second
row, of the fan-out alone: in each round the same events are logged in matches with one viewer each, while the crowd
sits there as well, and what that took is taken off. Pings, heartbeats and looks at who may read are in both. On 50
feeds an event has so few frames that they drown in the noise of its push, and there is no such row.
"""

import time
from collections.abc import Mapping, Sequence
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
SHORTEST_S: Final = 1e-4
"""Seconds of processor that a fan-out takes at the least: what is smaller is noise."""
FILES_EMPTY: Final = 300
"""Files that a server has open before which nobody sits."""
LOOK_S: Final = 0.1
HERD_S: Final = (10, 20, 30)
"""Seconds after which it is told how many of a herd are in."""
OPTIONS: Final = {"score": True, "shirt_numbers": True}


class Size(Struct, frozen=True):
    """How many watch how much."""

    sockets: int
    feeds: int
    is_many: bool = False
    """Whether it is run only when asked for."""
    tells_memory: bool = False
    is_herd: bool = False
    """Whether they come all at once, and nothing is told."""


NOBODY: Final = Size(0, 0)
CROWDS: Final[Mapping[str, Size]] = {
    "sockets-1000-on-1": Size(1_000, 1, tells_memory=True),
    "sockets-1000-on-50": Size(1_000, 50),
    "sockets-200-on-1": Size(200, 1),
    "sockets-200-on-50": Size(200, 50),
    "sockets-5000-on-1": Size(5_000, 1, is_many=True, tells_memory=True),
    "sockets-5000-on-50": Size(5_000, 50, is_many=True),
    "sockets-herd-5000": Size(5_000, 5, is_many=True, is_herd=True),
}
"""A process keeps what it was given once: the first crowd tells its memory, and one that is much larger."""


def has_figures() -> bool:
    """Tell whether this machine says what a process uses."""
    return Path("/proc/self/schedstat").exists()


def family(pid: int) -> list[int]:
    """Return a process with its children: a server's workers (`WORKERS=2`)."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


def cpu_s(pid: int) -> float:
    """Return the seconds of processor that all threads of a process and its children have used."""
    stats = [path.read_text() for each in family(pid) for path in Path(f"/proc/{each}/task").glob("*/schedstat")]
    return sum(int(each.split()[0]) for each in stats) / 1e9


def memory_kib(pid: int) -> float:
    """Return the memory of a process and its children that is their own and in use."""
    lines = [line for each in family(pid) for line in Path(f"/proc/{each}/status").read_text().splitlines()]
    return sum(float(line.split()[1]) for line in lines if line.startswith("RssAnon:"))


def files(pid: int) -> int:
    """Return how many files a process or one of its children has open."""
    return max(sum(1 for _ in Path(f"/proc/{each}/fd").iterdir()) for each in family(pid))


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
        figures = {
            "p50": Figure(f"{name}, p50", "ms", is_time=True),
            "p99": Figure(f"{name}, p99", "ms", is_time=True),
            "frames": Figure(f"{name}, for a second of CPU", "frames"),
            "alone": Figure(f"{name}, fan-out alone", "frames"),
            "event": Figure(f"{name}, CPU of one event before 1", "ms", is_time=True),
            "memory": Figure(f"{name}, memory of each", "KiB", is_time=True),
        }
        is_told = {"alone": size.feeds == 1, "event": size.feeds == 1, "memory": size.tells_memory}
        self._told = {what: each for what, each in figures.items() if is_told.get(what, True)}

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Say what the numbers mean."""
        return (*self._told.values(),)

    @cached_property
    def _matches(self) -> list[Match]:
        """Make the matches, a link to each, and let the crowd sit down."""
        found = make_matches(self._ground, self._way, self._size.feeds)
        self._memory_kib = self._sit(found)
        return found

    @cached_property
    def _quiet(self) -> list[Match]:
        """Make as many matches with one viewer each."""
        found = make_matches(self._ground, self._way, self._size.feeds)
        self._ground.clients.run(crowd.sit, self._way.server, found, len(found), crowd.ALONE)
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
        if "alone" in self._told:
            assert self._quiet, "there is nothing to compare with"

    def ours(self) -> tuple[float, ...]:
        """Log events, before few and before all."""
        if "alone" not in self._told:
            heard, used_s = self._log(self._matches, crowd.OURS)
            return self._figures(heard, used_s, 0.0, 0.0, self._memory_kib[0])
        few, push_s = self._log(self._quiet, crowd.ALONE)
        heard, used_s = self._log(self._matches, crowd.OURS)
        alone = (heard.frames - few.frames) / max(used_s - push_s, SHORTEST_S)
        return self._figures(heard, used_s, alone, push_s, self._memory_kib[0])

    def _log(self, matches: Sequence[Match], name: str) -> tuple[Heard, float]:
        """Log events before a crowd; return what it heard, and the server's seconds."""
        before = cpu_s(self._way.server.pid)
        heard = self._ground.clients.run(crowd.log, self._way.server, matches, self._events, name)
        return heard, cpu_s(self._way.server.pid) - before

    def reference(self) -> tuple[float, ...]:
        """Broadcast the same bytes."""
        before = cpu_s(self._bare.pid)
        heard = self._ground.clients.run(crowd.tell, self._bare)
        used_s = cpu_s(self._bare.pid) - before
        return self._figures(heard, used_s, heard.frames / used_s, used_s, self._memory_kib[1])

    def _figures(self, heard: Heard, used_s: float, alone: float, push_s: float, memory: float) -> tuple[float, ...]:
        found = heard.latencies_ms
        values = {
            "p50": percentile(found, 50),
            "p99": percentile(found, 99),
            "frames": heard.frames / used_s,
            "alone": alone,
            "event": push_s / self._events * 1_000,
            "memory": memory,
        }
        return tuple(values[what] for what in self._told)


class Herd:
    """Viewers who all come at once, as after a restart: the server lets in so many a second, and tells the others when
    to come again.

    The reference takes as many connections, and neither answers nor looks at them.
    """  # noqa: D205 - one sentence

    def __init__(self, ground: Ground, way: OverHttp, size: Size, bare: Broadcaster) -> None:
        """Prepare nothing yet."""
        self._ground = ground
        self._way = way
        self._size = size
        self._bare = bare
        name = f"{size.sockets:,} sockets come at once"
        self.figures = (
            *(Figure(f"{name}, in after {after_s} s", "sockets") for after_s in HERD_S),
            Figure(f"{name}, until the last", "s", is_time=True),
            Figure(f"{name}, CPU of a seat", "ms", is_time=True),
        )

    @cached_property
    def _matches(self) -> list[Match]:
        return make_matches(self._ground, self._way, self._size.feeds)

    def prepare(self) -> None:
        """Wait until nobody sits there."""
        assert self._matches, "there is nothing to watch"
        self._ground.clients.run(crowd.leave)
        until = time.monotonic() + START_S
        while max(files(self._way.server.pid), files(self._bare.pid)) > FILES_EMPTY and time.monotonic() < until:
            time.sleep(LOOK_S)

    def ours(self) -> tuple[float, ...]:
        """Come to the server."""
        asked_s = self._ground.database.cpu_s()
        before = cpu_s(self._way.server.pid)
        seated = self._ground.clients.run(crowd.storm, self._way.server, self._matches, self._size.sockets)
        told = self._told(seated, cpu_s(self._way.server.pid) - before)
        if asked_s is not None:
            used_s = (self._ground.database.cpu_s() or 0.0) - asked_s
            print(f"(PostgreSQL used {used_s / self._size.sockets * 1_000:.2f} ms for each of the herd)", flush=True)
        return told

    def reference(self) -> tuple[float, ...]:
        """Come to the broadcaster."""
        before = cpu_s(self._bare.pid)
        seated = self._ground.clients.run(crowd.storm_bare, self._bare, self._size.sockets)
        return self._told(seated, cpu_s(self._bare.pid) - before)

    def _told(self, seated: Sequence[float], used_s: float) -> tuple[float, ...]:
        """Return the figures of seats taken after so many seconds; where not all sat, the last never did."""
        is_all = len(seated) == self._size.sockets
        by_then = (float(sum(each <= after_s for each in seated)) for after_s in HERD_S)
        last_s = seated[-1] if is_all else float("inf")
        return *by_then, last_s, used_s / max(len(seated), 1) * 1_000


def make_matches(ground: Ground, way: OverHttp, feeds: int) -> list[Match]:
    """Make so many matches, five in a club, and a link to each."""
    clubs = -(-feeds // FEEDS_A_CLUB)
    members = way.join(clubs, min(feeds, FEEDS_A_CLUB))[:feeds]
    scribes = {member.club_id: ground.scribe(member.club_id) for member in members}
    found: list[Match] = []
    for member in members:
        (match_id,), _ = ground.add_matches(scribes[member.club_id], 1)
        found.append(Match(member, match_id, share(way.server, member, match_id)))
    return found


def share(server: Server, member: Member, match_id: str) -> str:
    """Make a link to a match, and return its secret."""
    headers = {"authorization": f"Bearer {member.token}"}
    answer = httpx.post(
        f"{server.address}/api/matches/{match_id}/share", json=OPTIONS, headers=headers, timeout=START_S
    )
    answer.raise_for_status()
    secret: str = answer.json()["secret"]
    return secret
