"""Looking: what the operator's page tells, found once for all who ask within some seconds.

What was seen last is told on where the database does not answer, with its age: then the page is needed most.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final, Generic, TypeVar

from msgspec import Struct

from api.checkups import backups_folder, look_at_backups, look_at_disk, look_at_settings
from api.ops.ring import Parts, Ring
from api.ops.verdict import look_at_clubs, look_at_process
from api.settings import Settings
from storage.checkups.findings import Finding, bad
from storage.embedded import Durability
from storage.observing import Observer, Seen
from storage.outages import is_outage
from storage.overview import ClubDetail

KEPT_S: Final = 5.0
"""Seconds that a look is told again."""
LOOK_S: Final = 10.0
"""Seconds after which a look is given up."""
CLUBS_KEPT: Final = 32

T = TypeVar("T")


class Known(Struct, Generic[T], frozen=True):
    """What was seen, and when."""

    value: T | None
    """None before the first look that succeeded."""
    at_ms: int
    is_fresh: bool
    """Whether the latest look succeeded."""


class Kept(Generic[T]):
    """Asks once for all who ask within some seconds, and keeps the last answer over an outage."""

    def __init__(self, ask: Callable[[], Awaitable[T]], clock: Callable[[], int]) -> None:
        """`clock` gives milliseconds since 1970."""
        self._ask = ask
        self._clock = clock
        self._turn = asyncio.Lock()
        self._asked_ms: int | None = None
        self._known: Known[T] = Known(None, 0, is_fresh=False)

    async def get(self) -> Known[T]:
        """Return what was seen now, or some seconds ago, or last."""
        async with self._turn:
            now_ms = self._clock()
            if self._asked_ms is None or not 0 <= now_ms - self._asked_ms < KEPT_S * 1_000:
                self._asked_ms = now_ms
                self._known = await self._look(now_ms)
            return self._known

    async def _look(self, now_ms: int) -> Known[T]:
        try:
            async with asyncio.timeout(LOOK_S):
                return Known(await self._ask(), now_ms, is_fresh=True)
        except Exception as error:
            if not is_outage(error):
                raise
            return Known(self._known.value, self._known.at_ms, is_fresh=False)


class Picture(Struct, frozen=True):
    """All that the page tells."""

    now_ms: int
    findings: list[Finding]
    seen: Known[Seen]


class Looks:
    """Looks at this machine, this process and the database."""

    def __init__(self, settings: Settings, observer: Observer, parts: Parts, ring: Ring) -> None:
        """Look through `observer` at the database."""
        self.settings = settings
        self.parts = parts
        self.ring = ring
        self._observer = observer
        self._seen = Kept(self._look, parts.clock)
        self._clubs: dict[str, Kept[ClubDetail | None]] = {}

    async def picture(self) -> Picture:
        """Return what is to be told now."""
        seen = await self._seen.get()
        now_ms = self.parts.clock()
        now = datetime.fromtimestamp(now_ms / 1_000, UTC)
        findings = [*look_at_settings(self.settings), *await asyncio.to_thread(self._look_here, now)]
        if not seen.is_fresh:
            findings.insert(0, bad("database", "It does not answer. Phones keep what they have, and wait.", AWAY))
        if seen.value is not None and seen.is_fresh:
            findings += [*seen.value.findings, *look_at_clubs(seen.value.clubs, now_ms)]
        findings += look_at_process(self.parts, self.ring)
        return Picture(now_ms, findings, seen)

    async def club(self, club_id: str) -> Known[ClubDetail | None]:
        """Return one club; None where there is none of this id."""
        kept = self._clubs.get(club_id)
        if kept is None:
            while len(self._clubs) >= CLUBS_KEPT:
                del self._clubs[next(iter(self._clubs))]
            kept = self._clubs[club_id] = Kept(lambda: self._observer.look_at_club(club_id), self.parts.clock)
        return await kept.get()

    async def _look(self) -> Seen:
        is_durable = self.settings.durability is Durability.FULL
        return await self._observer.look(is_durable=is_durable, workers=self.settings.workers)

    def _look_here(self, now: datetime) -> list[Finding]:
        return [*look_at_disk(self.settings), look_at_backups(backups_folder(self.settings), now)]


AWAY: Final = (
    "Is it up, does it take writes, are there connections left? See `touchline doctor`, and the runbook: the database "
    "is away. Nothing is lost: phones push again by themselves."
)
