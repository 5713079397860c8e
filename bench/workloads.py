"""The trials: what is prepared, what is measured, and what stands beside it."""

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cached_property
from typing import Final, Protocol, TypeVar

import asyncpg
from msgspec import Struct

from bench import load, reference
from bench.direct import Direct, now_ms
from bench.measure import Figure, Trial, percentile
from bench.reference import Page
from bench.servers import Database, Server
from bench.sheets import BATCH_EVENTS, Member, Order, Scribe, Sheet, new_id
from sync.limits import PUSH_MUTATIONS_MAX
from sync.messages import PullQuery

PUSHING_DEVICES: Final = 16
CATCHING_UP_DEVICES: Final = 8
CATCH_UP_CHANGES: Final = 100
CALL_S: Final = 150.0
"""Seconds after which what the clients do hangs: 5,000 sit down in less."""
ORIGIN: Final = f"0.{'0' * 16}"

T = TypeVar("T")


class Sizes(Struct, frozen=True):
    """How much one round does."""

    pairs: int = 5
    batches: int = 6
    """Pushes of each device."""
    log_changes: int = 10_000
    pulls: int = 4
    """Times that the whole log is pulled."""
    catch_ups: int = 50
    """Times that each device catches up."""
    reference_times: int = 5
    """Times that the reference does the same in one round: it is so fast that one would be over in a blink."""


FULL: Final = Sizes()
QUICK: Final = Sizes(pairs=2, batches=1, log_changes=1_000, pulls=1, catch_ups=5, reference_times=2)


class Way(Protocol):
    """How requests reach the engine."""

    name: str

    def join(self, clubs: int, devices: int) -> list[Member]:
        """Make clubs, with so many devices in each."""
        ...

    def push(self, orders: Sequence[Order]) -> float:
        """Push all orders at once; return the seconds that all took."""
        ...

    def pull(self, member: Member, since: str, changes: int, times: int) -> float:
        """Pull the whole log after a cursor so many times; return the seconds."""
        ...

    def catch_up(self, members: Sequence[Member], since: str, times: int) -> list[float]:
        """Let all members catch up at once, so many times each; return the milliseconds of each time."""
        ...


class Clients:
    """The process of the clients and of the reference."""

    def __init__(self, processes: ProcessPoolExecutor) -> None:
        """Run in the one process of this pool."""
        self._processes = processes

    def run(self, work: Callable[..., T], *given: object) -> T:
        """Run there and return what it returns; what hangs is an error."""
        return self._processes.submit(work, *given).result(CALL_S)


class OverHttp:
    """Through the server, from the clients' process."""

    name = "http"

    def __init__(self, server: Server, clients: Clients, dice: random.Random) -> None:
        """Reach `server`."""
        self._server = server
        self._clients = clients
        self._dice = dice

    @property
    def server(self) -> Server:
        """Return the server."""
        return self._server

    def join(self, clubs: int, devices: int) -> list[Member]:
        """Register clubs with devices."""
        made = [(new_id(self._dice), [new_id(self._dice) for _ in range(devices)]) for _ in range(clubs)]
        return [member for club, device_ids in made for member in self._server.join(club, device_ids)]

    def push(self, orders: Sequence[Order]) -> float:
        """Push all orders at once."""
        return self._clients.run(load.push, self._server, orders)

    def pull(self, member: Member, since: str, changes: int, times: int) -> float:
        """Pull the whole log."""
        return self._clients.run(load.pull, self._server, member, since, changes, times)

    def catch_up(self, members: Sequence[Member], since: str, times: int) -> list[float]:
        """Let all members catch up."""
        return self._clients.run(load.catch_up, self._server, members, since, times)


class InProcess:
    """Straight to the engine."""

    name = "engine"

    def __init__(self, direct: Direct, dice: random.Random) -> None:
        """Call `direct`."""
        self._direct = direct
        self._dice = dice
        self.push, self.pull, self.catch_up = direct.push, direct.pull, direct.catch_up

    def join(self, clubs: int, devices: int) -> list[Member]:
        """Create clubs with devices."""
        club_ids = [new_id(self._dice) for _ in range(clubs)]
        for club_id in club_ids:
            self._direct.create_club(club_id)
        return [Member(club_id, new_id(self._dice), "coach") for club_id in club_ids for _ in range(devices)]


class Ground(Struct, frozen=True):
    """What the trials stand on."""

    database: Database
    direct: Direct
    clients: Clients
    dice: random.Random
    sizes: Sizes

    def scribe(self, club_id: str) -> Scribe:
        """Return the scribe of a device that is no client: it lays down what clients find."""
        return Scribe(Member(club_id, new_id(self.dice), "bench"), self.dice)

    def add_matches(self, scribe: Scribe, count: int) -> tuple[list[str], str]:
        """Create matches in a club, and return their ids and the cursor then."""
        ids = [new_id(self.dice) for _ in range(count)]
        cursor = ""
        for place in range(0, count, PUSH_MUTATIONS_MAX):
            body = scribe.matches(ids[place : place + PUSH_MUTATIONS_MAX], wall_ms=now_ms())
            cursor = self.direct.push_one(scribe.member, body).timestamp
        return ids, cursor


class Push:
    """Many devices push at once, into one club or into a club each."""

    def __init__(self, ground: Ground, way: Way, *, clubs: int) -> None:
        """Prepare nothing yet."""
        self._ground = ground
        self._way = way
        self._clubs = clubs
        self._sheets: list[list[Sheet]] = []
        words = "one club" if clubs == 1 else f"{clubs} clubs"
        self.figures = (Figure(f"push, {PUSHING_DEVICES} devices into {words}, {way.name}", "records/s"),)

    @cached_property
    def _scribes(self) -> list[Scribe]:
        """The pushing devices."""
        members = self._way.join(self._clubs, PUSHING_DEVICES // self._clubs)
        return [Scribe(member, self._ground.dice) for member in members]

    @cached_property
    def _setters(self) -> dict[str, Scribe]:
        """The device of each club that creates its matches."""
        club_ids = {scribe.member.club_id for scribe in self._scribes}
        return {club_id: self._ground.scribe(club_id) for club_id in sorted(club_ids)}

    def prepare(self) -> None:
        """Create a match for each batch, and write the batches down."""
        self._sheets = []
        batches = self._ground.sizes.batches
        for scribe in self._scribes:
            ids, cursor = self._ground.add_matches(self._setters[scribe.member.club_id], batches)
            self._sheets.append([scribe.sheet(match_id, cursor, wall_ms=now_ms()) for match_id in ids])

    def ours(self) -> tuple[float, ...]:
        """Push."""
        pairs = zip(self._scribes, self._sheets, strict=True)
        orders = [Order(scribe.member, tuple(sheet.body for sheet in sheets)) for scribe, sheets in pairs]
        return (self._records / self._way.push(orders),)

    def reference(self) -> tuple[float, ...]:
        """Insert the same rows."""
        rows = [[sheet.rows for sheet in sheets] for sheets in self._sheets]
        dsn, times = self._ground.database.app_dsn, self._ground.sizes.reference_times
        return (self._records * times / self._ground.clients.run(reference.insert, dsn, rows, times),)

    @property
    def _records(self) -> int:
        return BATCH_EVENTS * sum(map(len, self._sheets))


class Log(Struct, frozen=True):
    """A club whose log is read."""

    members: list[Member]
    pages: list[Page]
    """How the whole log falls into pages of the usual size."""
    tail: list[Page]
    """And its newest changes."""
    tail_since: str

    @property
    def changes(self) -> int:
        """Return the number of changes in the whole log."""
        return sum(page.rows for page in self.pages)


def fill_log(ground: Ground, way: Way) -> Log:
    """Make a club with a log of events, and copy its rows' bytes to the reference's table."""
    members = way.join(1, CATCHING_UP_DEVICES)
    club_id = members[0].club_id
    scribe = ground.scribe(club_id)
    ids, cursor = ground.add_matches(scribe, ground.sizes.log_changes // BATCH_EVENTS)
    for match_id in ids:
        ground.direct.push_one(scribe.member, scribe.sheet(match_id, cursor, wall_ms=now_ms()).body)
    head = ground.direct.run(ground.direct.engine.timestamp(club_id)).timestamp
    version = int(head.partition(".")[0]) - CATCH_UP_CHANGES
    tag = ground.direct.run(_copy_log(ground.database.owner_dsn, club_id, version))
    tail_since = f"{version}.{tag}"
    pages, tail = (ground.direct.run(_pages(ground.direct, club_id, since)) for since in (ORIGIN, tail_since))
    return Log(members, pages, tail, tail_since)


async def _copy_log(owner_dsn: str, club_id: str, version: int) -> str:
    """Copy a club's log, and return the tag of one of its versions."""
    owner = await asyncpg.connect(owner_dsn)
    await owner.execute("TRUNCATE bench.bodies")
    await owner.execute(
        "INSERT INTO bench.bodies SELECT version, body FROM touchline.log WHERE club_id = $1 ORDER BY version", club_id
    )
    await owner.execute("VACUUM (FREEZE, ANALYZE) bench.bodies, touchline.log")
    tag: str = await owner.fetchval(
        "SELECT tag FROM touchline.log WHERE club_id = $1 AND version = $2", club_id, version
    )
    await owner.close()
    return tag


async def _pages(direct: Direct, club_id: str, since: str) -> list[Page]:
    found: list[Page] = []
    more = True
    while more:
        answer = await direct.engine.pull(club_id, PullQuery(since))
        size = sum(len(bytes(each)) for each in answer.changes)
        found.append(Page(int(since.partition(".")[0]), len(answer.changes), size))
        since, more = answer.timestamp, answer.more
    return found


class Reading:
    """A trial that reads a club's log."""

    def __init__(self, ground: Ground, way: Way) -> None:
        """Prepare nothing yet."""
        self._ground = ground
        self._way = way

    @cached_property
    def _log(self) -> Log:
        return fill_log(self._ground, self._way)

    def prepare(self) -> None:
        """Fill the log, once."""
        assert self._log.changes, "there is nothing to read"


class Pull(Reading):
    """One device pulls a whole log, page by page."""

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Say what the numbers mean."""
        return (Figure(f"pull of {self._ground.sizes.log_changes:,} changes, {self._way.name}", "changes/s"),)

    def ours(self) -> tuple[float, ...]:
        """Pull."""
        log, times = self._log, self._ground.sizes.pulls
        return (log.changes * times / self._way.pull(log.members[0], ORIGIN, log.changes, times),)

    def reference(self) -> tuple[float, ...]:
        """Read the same bytes."""
        log, sizes, dsn = self._log, self._ground.sizes, self._ground.database.app_dsn
        times = sizes.pulls * sizes.reference_times
        return (log.changes * times / self._ground.clients.run(reference.select, dsn, log.pages, times),)


class CatchUp(Reading):
    """Some devices at once pull the newest changes."""

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Say what the numbers mean."""
        name = f"catch-up of {CATCH_UP_CHANGES} changes, {CATCHING_UP_DEVICES} devices, {self._way.name}"
        return Figure(f"{name}, p50", "ms", is_time=True), Figure(f"{name}, p99", "ms", is_time=True)

    def ours(self) -> tuple[float, ...]:
        """Catch up."""
        log = self._log
        return _percentiles(self._way.catch_up(log.members, log.tail_since, self._ground.sizes.catch_ups))

    def reference(self) -> tuple[float, ...]:
        """Read the same bytes."""
        log, sizes, dsn = self._log, self._ground.sizes, self._ground.database.app_dsn
        run, times = self._ground.clients.run, sizes.catch_ups * sizes.reference_times
        return _percentiles(run(reference.catch_up, dsn, log.tail, CATCHING_UP_DEVICES, times))


def _percentiles(found: Sequence[float]) -> tuple[float, ...]:
    return percentile(found, 50), percentile(found, 99)


TRIALS: Final[dict[str, Callable[[Ground, Way], Trial]]] = {
    "push-one": lambda ground, way: Push(ground, way, clubs=1),
    "push-many": lambda ground, way: Push(ground, way, clubs=PUSHING_DEVICES),
    "pull": Pull,
    "catchup": CatchUp,
}
"""By name, without the way that it goes."""
