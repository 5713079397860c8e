"""Upkeep while the server runs: once an hour, in one process of all that serve a database (`storage/upkeep.py`).

The first run comes some minutes after the start, and never at the same time everywhere. The end of the server cuts a
run off; what it was at is rolled back, and the next run goes on.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

import structlog
from msgspec import Struct

from api.reports import Reporter
from storage.outages import is_outage
from storage.upkeep import Done, Step, do_upkeep

FIRST_S: Final = (120.0, 480.0)
"""Seconds from the start to the first run, drawn between these: phones that come back are served first."""
EVERY_S: Final = (3_000.0, 4_200.0)
"""Seconds between two runs, drawn: an hour."""
NOT_WITHIN_MS: Final = 45 * 60 * 1_000
"""Milliseconds after somebody's success in which nobody does it again."""

_log: Final = structlog.get_logger("touchline.upkeep")


class UpkeepStatistics(Struct, frozen=True):
    """What this process has done."""

    done: int
    failed: int
    elsewhere: int
    """Times that another process had done it, or was at it."""
    took_s: float
    succeeded_s: float
    """When it last succeeded, here or elsewhere, in seconds since 1970; 0 where that is not known yet."""
    removed: dict[str, int]


class Upkeep:
    """The upkeep of one process."""

    def __init__(
        self,
        dsn: str,
        steps: Sequence[Step],
        *,
        clock: Callable[[], int],
        monotonic: Callable[[], float],
        dice: Callable[[], float],
    ) -> None:
        """Do `steps` on connections to `dsn`, past any pooler of transactions. `dice` gives numbers from 0 up to 1."""
        self.steps = list(steps)
        """What is done, in this order; a run takes them as they are when it begins."""
        self._dsn = dsn
        self._clock = clock
        self._monotonic = monotonic
        self._dice = dice
        self._counts = dict.fromkeys(("done", "failed", "elsewhere"), 0)
        self._took_s = 0.0
        self._succeeded_ms = 0
        self._removed: Counter[str] = Counter()
        self.on_fault: Callable[[BaseException, str], None] = lambda _error, _where: None
        """Told of what failed, unless the database was away."""

    @asynccontextmanager
    async def running(self, reporter: Reporter | None = None) -> AsyncGenerator[None]:
        """Do it now and then inside the block; `reporter` is told of what fails."""
        reporter = reporter or Reporter()
        self.on_fault = reporter.of_work
        task = asyncio.create_task(self._run())
        reporter.watch(task, "upkeep")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def once(self) -> None:
        """Do it now, unless it was done a short while ago; what fails is logged, and tried again by the next run."""
        began, now_ms = self._monotonic(), self._clock()
        try:
            found = await do_upkeep(self._dsn, self.steps, clock=self._clock, not_within_ms=NOT_WITHIN_MS)
        except Exception as error:  # noqa: BLE001 - whatever it was, the next run tries again
            self._counts["failed"] += 1
            # A database that is away is told of by readiness; what else went wrong is ours.
            is_away = is_outage(error)
            _log.warning("upkeep_cut", error=type(error).__name__, exc_info=None if is_away else error)
            if not is_away:
                self.on_fault(error, "upkeep")
            return
        if not isinstance(found, Done):
            self._counts["elsewhere"] += 1
            self._succeeded_ms = found.succeeded_ms or self._succeeded_ms
            return
        took_s = self._monotonic() - began
        self._took_s += took_s
        self._removed.update(found.removed)
        self._counts["failed" if found.failures else "done"] += 1
        self._succeeded_ms = self._succeeded_ms if found.failures else now_ms
        _log.info(
            "upkeep_done", seconds=round(took_s, 3), clubs=found.clubs, failures=found.failures, removed=found.removed
        )

    def statistics(self) -> UpkeepStatistics:
        """Return what was done."""
        return UpkeepStatistics(
            **self._counts,
            took_s=self._took_s,
            succeeded_s=self._succeeded_ms / 1_000,
            removed=dict(self._removed),
        )

    async def _run(self) -> None:
        await asyncio.sleep(self._between(FIRST_S))
        while True:
            await self.once()
            await asyncio.sleep(self._between(EVERY_S))

    def _between(self, bounds: tuple[float, float]) -> float:
        least, most = bounds
        return least + (most - least) * self._dice()
