"""Wake-ups between processes: "there is more in these clubs", by LISTEN and NOTIFY on a connection of their own.

A wake-up is sent after its commit and never inside it (in the transaction its lock cost two thirds of the throughput);
those of a few milliseconds go together. One that is lost costs time and never a change, so nothing here is kept or
sent twice: after each new connection, and now and then anyway, whoever reads looks for themselves.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final
from uuid import UUID

import asyncpg
import structlog
from msgspec import Struct

TOPIC: Final = "touchline_wakeups"
PAYLOAD_BYTES_MAX: Final = 7_900
"""Bytes of a notification: PostgreSQL takes fewer than 8,000."""
GATHER_S: Final = 0.008
"""Seconds in which wake-ups are gathered into one."""
CONNECT_S: Final = 5.0
PROBE_S: Final = 15.0
"""Seconds between looks at whether the connection still lives: a cut line may say nothing at all."""
BACKOFF_MIN_S: Final = 0.1
BACKOFF_MAX_S: Final = 5.0
PENDING_MAX: Final = 10_000
"""Clubs that wait to be told while the connection is away; past it their readers' polls must do."""

_log: Final = structlog.get_logger("touchline.wakeups")

Connection = Any
"""A connection of asyncpg's; its listeners are typed for pools as well."""


class WakeupStatistics(Struct, frozen=True):
    """What was told and heard."""

    is_connected: bool
    connections: int
    sent: int
    """Notifications; each tells of one club or many."""
    heard: int
    """Clubs that other processes told of."""
    dropped: int


class Wakeups:
    """Tells other processes of commits, and hears of theirs; belongs to one event loop."""

    def __init__(
        self,
        dsn: str,
        node: str,
        *,
        on_wake: Callable[[str, int], None],
        on_connect: Callable[[], None],
        dice: Callable[[], float],
        gather_s: float = GATHER_S,
    ) -> None:
        """Connect to `dsn`, past any pooler of transactions; `node` names this process.

        `on_wake` is called with a club and its version, `on_connect` after each new connection: what was told before
        it was not heard. `dice` gives numbers from 0 up to 1.
        """
        self._dsn = dsn
        self._node = node
        self._on_wake = on_wake
        self._on_connect = on_connect
        self._dice = dice
        self._gather_s = gather_s
        self._pending: dict[str, int] = {}
        self._told = asyncio.Event()
        self._connection: Connection | None = None
        self._counts = dict.fromkeys(("connections", "sent", "heard", "dropped"), 0)

    def tell(self, club_id: str, version: int) -> None:
        """Tell the other processes soon that a club's log has reached a version. Never waits."""
        if len(self._pending) >= PENDING_MAX and club_id not in self._pending:
            self._counts["dropped"] += 1
            return
        self._pending[club_id] = max(version, self._pending.get(club_id, 0))
        self._told.set()

    async def run(self) -> None:
        """Stay connected until cancelled."""
        failures = 0
        while True:
            try:
                await self._stay()
                failures = 0
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                failures += 1
                _log.warning("wakeups_cut", error=type(error).__name__, failures=failures)
            longest_s = min(BACKOFF_MIN_S * 2**failures, BACKOFF_MAX_S)
            await asyncio.sleep(longest_s * (0.5 + self._dice() / 2))

    def statistics(self) -> WakeupStatistics:
        """Return what was told and heard."""
        return WakeupStatistics(is_connected=self._connection is not None, **self._counts)

    async def _stay(self) -> None:
        """Listen and tell on one connection until it is cut."""
        # A lost wake-up is no loss, so a notification need not wait for the disk.
        settings = {"synchronous_commit": "off", "application_name": "touchline wake-ups"}
        connection = await asyncpg.connect(
            self._dsn, timeout=CONNECT_S, command_timeout=CONNECT_S, server_settings=settings, statement_cache_size=0
        )
        cut = asyncio.get_running_loop().create_future()

        def note_cut(_connection: Connection) -> None:
            if not cut.done():
                cut.set_result(None)
            self._told.set()

        connection.add_termination_listener(note_cut)
        try:
            await connection.add_listener(TOPIC, self._hear)
            self._connection = connection
            self._counts["connections"] += 1
            self._on_connect()
            await self._serve(connection, cut)
        finally:
            self._connection = None
            connection.terminate()

    async def _serve(self, connection: Connection, cut: "asyncio.Future[None]") -> None:
        while not cut.done():
            with suppress(TimeoutError):
                async with asyncio.timeout(PROBE_S):
                    await self._told.wait()
            if cut.done():
                return
            if not self._told.is_set():
                await connection.execute("SELECT")
                continue
            await asyncio.sleep(self._gather_s)
            self._told.clear()
            pending, self._pending = self._pending, {}
            for payload in payloads(self._node, pending):
                await connection.execute(notify_sql(payload))
                self._counts["sent"] += 1

    def _hear(self, _connection: Connection, _pid: int, _topic: str, payload: object) -> None:
        node, clubs = read_payload(str(payload))
        if node == self._node:
            return
        for club_id, version in clubs.items():
            self._counts["heard"] += 1
            self._on_wake(club_id, version)


def notify_sql(payload: str) -> str:
    """Return the statement that notifies: as text, since one with parameters is prepared anew each time here."""
    quoted = payload.replace("'", "''")
    return f"NOTIFY {TOPIC}, '{quoted}'"


def payloads(node: str, pending: Mapping[str, int]) -> Iterator[str]:
    """Return notifications that tell of clubs and their versions: `node club:version club:version ...`."""
    line, size = [node], len(node)
    for club_id, version in pending.items():
        word = f"{UUID(club_id).hex}:{version}"
        if size + 1 + len(word) > PAYLOAD_BYTES_MAX:
            yield " ".join(line)
            line, size = [node], len(node)
        line.append(word)
        size += 1 + len(word)
    if len(line) > 1:
        yield " ".join(line)


def read_payload(payload: str) -> tuple[str, dict[str, int]]:
    """Return the node that tells, and the clubs with their versions; a word that is none is passed over."""
    node, *words = payload.split(" ")
    clubs: dict[str, int] = {}
    for word in words:
        club, _, version = word.partition(":")
        with suppress(ValueError):
            clubs[str(UUID(club))] = int(version)
    return node, clubs
