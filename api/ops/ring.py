"""The last hour of this process: a sample every ten seconds, of counters that are kept anyway.

Bounded, and in memory alone: it begins anew with the process, and each worker has its own. Whoever wants more keeps
`/metrics` in a Prometheus.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Final

from msgspec import Struct

from api.live.live import Live
from api.metrics import BOUNDS_S, Pools, Requests
from api.upkeep import Upkeep
from storage.committer import Committer

EVERY_S: Final = 10.0
SAMPLES_MAX: Final = 360
"""An hour, some 60 KiB."""
WAITING_ROUTES: Final = frozenset({"/api/sync/tail", "/api/shared/feeds/{feed}", "/api/shared/feeds/{feed}/events"})
"""Routes whose answers wait for something to happen: how long they take says nothing."""


class Parts(Struct, frozen=True):
    """What of this process is looked at."""

    requests: Requests
    live: Live
    committer: Committer
    pools: Pools
    upkeep: Upkeep
    worker: int
    clock: Callable[[], int]
    """Milliseconds since 1970."""


class Counters(Struct, frozen=True):
    """What has been counted since the process began."""

    at_ms: int
    requests: int
    failed: int
    took: tuple[int, ...]
    pushes: int
    pushes_failed: int
    commits: int
    lags: tuple[int, ...]


class Sample(Struct, frozen=True):
    """What happened between two readings."""

    at_ms: int
    requests_s: float
    """A second."""
    failed: int
    median_s: float | None
    """How long half of the answers took at the most; None where there was none."""
    slowest_s: float | None
    """How long 99 of 100 took at the most."""
    pushes_s: float
    pushes_failed: int
    commits_s: float
    lag_s: float | None
    """How late 99 of 100 entries reached their readers at the most."""
    sockets: int


def read(parts: Parts) -> Counters:
    """Read the counters."""
    totals = parts.requests.totals(without=WAITING_ROUTES)
    tally = parts.committer.tally
    return Counters(
        at_ms=parts.clock(),
        requests=totals.requests,
        failed=totals.failed,
        took=totals.buckets,
        pushes=tally.answered + tally.refused + tally.failed,
        pushes_failed=tally.failed,
        commits=tally.rounds,
        lags=parts.live.tailer.statistics().lag_counts,
    )


class Ring:
    """The samples of the last hour."""

    def __init__(self, parts: Parts) -> None:
        """Begin with none."""
        self.samples: deque[Sample] = deque(maxlen=SAMPLES_MAX)
        self.began_ms = parts.clock()
        self._parts = parts
        self._before = read(parts)

    def take(self) -> None:
        """Take a sample of what happened since the last one."""
        before, now = self._before, read(self._parts)
        self._before = now
        span_s = max(now.at_ms - before.at_ms, 1) / 1_000
        took = _differences(now.took, before.took)
        tailer = self._parts.live.tailer.statistics()
        self.samples.append(
            Sample(
                at_ms=now.at_ms,
                requests_s=(now.requests - before.requests) / span_s,
                failed=now.failed - before.failed,
                median_s=quantile(0.5, BOUNDS_S, took),
                slowest_s=quantile(0.99, BOUNDS_S, took),
                pushes_s=(now.pushes - before.pushes) / span_s,
                pushes_failed=now.pushes_failed - before.pushes_failed,
                commits_s=(now.commits - before.commits) / span_s,
                lag_s=quantile(0.99, tailer.lag_bounds_s, _differences(now.lags, before.lags)),
                sockets=self._parts.live.statistics().sockets.open,
            )
        )

    async def run(self) -> None:
        """Take samples until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            self.take()


def _differences(now: Sequence[int], before: Sequence[int]) -> list[int]:
    return [after - was for after, was in zip(now, before, strict=True)]


def quantile(share: float, bounds: Sequence[float], counts: Sequence[int]) -> float | None:
    """Return what a share of a histogram stays below, drawn evenly within its bucket; None where it is empty.

    What lies beyond the last bound counts as that bound: more is not known.
    """
    total = sum(counts)
    if not total:
        return None
    rank = share * total
    lower = 0.0
    for bound, count, reached in zip(bounds, counts, accumulate(counts), strict=False):
        if reached >= rank and count:
            return lower + (bound - lower) * (1 - (reached - rank) / count)
        lower = bound
    return lower
