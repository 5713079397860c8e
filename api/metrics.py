"""Metrics: what this process is doing, as Prometheus reads it, for whoever may ask.

Nothing is counted here but requests; all else is read from the parts' own `statistics()` when somebody asks. Labels
come from tables of the code (routes' templates, closings, kinds), so the number of series is bounded whatever clients
send, and no label or value tells of a club, a person or an address.
"""

import hmac
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal

import asyncpg
from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.types import ASGIApp, Receive, Scope, Send
from msgspec import Struct
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from api import VERSION
from api.edge.addresses import is_here
from api.errors import NotFound, Unauthorised
from api.identity.access import PUBLIC, bearer
from api.live.live import CLUB, Live
from api.reports import Reporter
from api.requests import NO_STORE
from api.resources.views import Views
from api.settings import Settings
from api.upkeep import Upkeep
from realtime.closing import CLOSINGS
from realtime.feeds import VIEWERS
from realtime.members import MEMBERS
from storage.committer import Committer
from storage.retention import RETENTION

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER: Final = "OTHER"
"""Whatever else somebody sends as a method."""
BOUNDS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0)
"""Upper bounds of the durations' histogram, in seconds."""
STATUSES: Final = ("none", "1xx", "2xx", "3xx", "4xx", "5xx")
"""Classes of statuses by their first digit; `none` where the client left before its answer."""
KINDS: Final = (CLUB, MEMBERS, VIEWERS)
"""What sockets read: a club's log, a match with names, a match as it is shared."""


class Told(Struct, frozen=True):
    """What a person is told of a metric."""

    type: Literal["counter", "gauge", "histogram"]
    meaning: str
    labels: tuple[str, ...] = ()


METRICS: Final[Mapping[str, Told]] = {
    "touchline_http_requests_total": Told("counter", "Requests that were answered.", ("method", "route", "status")),
    "touchline_http_request_seconds": Told("histogram", "How long answers took; polls wait.", ("method", "route")),
    "touchline_error_reports_total": Told(
        "counter", "Faults for ERROR_HOOK: handed over, failed in it, or dropped, since it was slow.", ("result",)
    ),
    "touchline_info": Told("gauge", "1; the label is the version.", ("version",)),
    "touchline_pushes_waiting": Told("gauge", "Pushes that wait for their commit."),
    "touchline_pushes_total": Told(
        "counter", "Pushes that were answered, refused whole, or failed and come again.", ("result",)
    ),
    "touchline_push_clubs": Told("gauge", "Clubs whose pushes are being committed."),
    "touchline_push_rounds_total": Told("counter", "Transactions of pushes; one holds all that waited in its club."),
    "touchline_push_rounds_seconds_total": Told("counter", "Seconds that they took, with planning and commit."),
    "touchline_push_rounds_split_total": Told("counter", "Those that failed, and were done again push by push."),
    "touchline_mutations_total": Told("counter", "Mutations by verdict; repeats count again.", ("verdict",)),
    "touchline_conflicts_told_total": Told("counter", "Conflicts that verdicts told of; repeats count again."),
    "touchline_pool_connections": Told("gauge", "Connections to the database, in use or idle.", ("pool", "state")),
    "touchline_pool_connections_max": Told("gauge", "The most that a pool opens.", ("pool",)),
    "touchline_accounts_connections": Told("gauge", "Connections for accounts that are in use; 4 at the most."),
    "touchline_views_entries": Told("gauge", "Answers that are kept."),
    "touchline_views_bytes": Told("gauge", "Their bytes; 32 MiB at the most."),
    "touchline_views_read_total": Told("counter", "Answers that were kept (hit) or made (miss).", ("result",)),
    "touchline_sockets_open": Told("gauge", "Sockets and event streams: club, match, share, unknown.", ("kind",)),
    "touchline_sockets_queued_bytes": Told("gauge", "Frames that wait for slow readers."),
    "touchline_sockets_falls": Told("gauge", "How often readers that are open have fallen behind."),
    "touchline_sockets_closed_total": Told(
        "counter", "Sockets that ended; `too_slow` are the slow ones, `left` went by themselves.", ("name", "code")
    ),
    "touchline_sockets_refused_total": Told("counter", "Sockets that were not let in.", ("name", "code")),
    "touchline_polls_waiting": Told("gauge", "Requests that wait for a feed to go on."),
    "touchline_hub_channels": Told("gauge", "Logs and feeds that somebody reads."),
    "touchline_hub_readers": Told("gauge", "Readers of them."),
    "touchline_hub_batches_total": Told("counter", "Batches handed to readers."),
    "touchline_hub_frames_total": Told("counter", "Batches times the readers they were handed to."),
    "touchline_hub_bytes_total": Told("counter", "Their bytes."),
    "touchline_tailer_wakeups_total": Told("counter", "Wake-ups that told of something new."),
    "touchline_tailer_polls_total": Told("counter", "Looks without a wake-up."),
    "touchline_tailer_reads_total": Told("counter", "Reads of logs and feeds."),
    "touchline_tailer_rows_total": Told("counter", "Entries that they brought."),
    "touchline_tailer_failures_total": Told("counter", "Reads that failed; the next look makes them good."),
    "touchline_tailer_resets_total": Told("counter", "Channels whose log was another than before."),
    "touchline_tailer_lag_seconds": Told("histogram", "From a commit's wake-up until all readers were handed it."),
    "touchline_wakeups_connected": Told("gauge", "1 while other processes can be heard."),
    "touchline_wakeups_connections_total": Told("counter", "Times that this was connected."),
    "touchline_wakeups_sent_total": Told("counter", "Notifications to other processes."),
    "touchline_wakeups_heard_total": Told("counter", "Clubs that others told of."),
    "touchline_wakeups_dropped_total": Told("counter", "Clubs that others were not told of; their polls find out."),
    "touchline_upkeep_succeeded_seconds": Told(
        "gauge", "When upkeep last succeeded here or elsewhere, in seconds since 1970; 0 where that is not known yet."
    ),
    "touchline_upkeep_runs_total": Told(
        "counter", "Runs of upkeep: done, failed, or left to another process (elsewhere).", ("result",)
    ),
    "touchline_upkeep_seconds_total": Told("counter", "Seconds that they took."),
    "touchline_upkeep_removed_total": Told("counter", "Rows that went, by the class of data.", ("kind",)),
}
"""Every metric of our own; `docs/metrics.md` has them all. Beside them stand `process_*` of the library."""


class Pools(Struct, frozen=True):
    """The pools of connections of this process."""

    by_name: "Mapping[str, asyncpg.Pool[asyncpg.Record]]"
    accounts_in_use: Callable[[], int]


class _Seen:
    """The requests of one route."""

    __slots__ = ("buckets", "statuses", "sum_s")

    def __init__(self) -> None:
        self.statuses = [0] * len(STATUSES)
        self.buckets = [0] * (len(BOUNDS_S) + 1)
        self.sum_s = 0.0


class Totals(Struct, frozen=True):
    """Sums over routes."""

    requests: int
    failed: int
    """Those that were answered 5xx."""
    buckets: tuple[int, ...]
    """How many took how long, by `BOUNDS_S`; the last is beyond all of them."""


class Requests:
    """Counts requests by route, method and class of status; a microsecond each."""

    def __init__(self) -> None:
        """Begin with none."""
        self._seen: dict[tuple[str, str], _Seen] = {}

    def note(self, method: str, route: str, status: int, took_s: float) -> None:
        """Count a request; `route` is a template, never an address."""
        name = (method if method in METHODS else OTHER, route)
        seen = self._seen.get(name)
        if seen is None:
            seen = self._seen[name] = _Seen()
        seen.statuses[status // 100] += 1
        seen.buckets[bisect_left(BOUNDS_S, took_s)] += 1
        seen.sum_s += took_s

    def totals(self, without: Collection[str] = ()) -> "Totals":
        """Return the sums over all routes but some."""
        counted = [seen for (_, route), seen in self._seen.items() if route not in without]
        buckets = [0] * (len(BOUNDS_S) + 1)
        for seen in counted:
            buckets = [total + count for total, count in zip(buckets, seen.buckets, strict=True)]
        failed = sum(seen.statuses[STATUSES.index("5xx")] for seen in counted)
        return Totals(sum(buckets), failed, tuple(buckets))

    def families(self) -> Iterator[Metric]:
        """Yield what was counted."""
        requests = counter("touchline_http_requests_total")
        durations = histogram("touchline_http_request_seconds")
        for (method, route), seen in sorted(self._seen.items()):
            for status, count in zip(STATUSES, seen.statuses, strict=True):
                if count:
                    requests.add_metric((method, route, status), count)
            durations.add_metric((method, route), cumulative(BOUNDS_S, seen.buckets), seen.sum_s)
        yield from (requests, durations)


class Metrics(Collector):
    """What Prometheus is told."""

    def __init__(
        self,
        requests: Requests,
        live: Live,
        committer: Committer,
        views: Views,
        pools: Pools,
        upkeep: Upkeep,
        reporter: Reporter,
        *,
        worker: int = 0,
    ) -> None:
        """Read these parts; `worker` is the place of this process among those that share its socket."""
        self._reporter = reporter
        self._requests = requests
        self._live = live
        self._committer = committer
        self._views = views
        self._pools = pools
        self._upkeep = upkeep
        self._worker = str(worker)
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self._process = ProcessCollector(registry=None)

    def text(self) -> bytes:
        """Return all metrics in the format of Prometheus."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Yield all families, each series with the worker that tells it."""
        for family in (*self._families(), *self._process.collect()):
            for sample in family.samples:
                sample.labels["worker"] = self._worker
            yield family

    def _families(self) -> Iterator[Metric]:
        yield from self._requests.families()
        results: dict[tuple[str, ...], float] = {(word,): count for word, count in self._reporter.results.items()}
        yield counter("touchline_error_reports_total", results)
        yield gauge("touchline_info", {(VERSION,): 1})
        yield from self._of_pushes()
        yield from self._of_pools()
        views = self._views.statistics()
        yield gauge("touchline_views_entries", views.entries)
        yield gauge("touchline_views_bytes", views.bytes)
        yield counter("touchline_views_read_total", {("hit",): views.hits, ("miss",): views.misses})
        yield from self._of_live()
        yield from self._of_upkeep()

    def _of_pushes(self) -> Iterator[Metric]:
        committer, tally = self._committer, self._committer.tally
        yield gauge("touchline_pushes_waiting", committer.waiting)
        results: dict[tuple[str, ...], float] = {
            ("answered",): tally.answered,
            ("refused",): tally.refused,
            ("failed",): tally.failed,
        }
        yield counter("touchline_pushes_total", results)
        yield gauge("touchline_push_clubs", committer.clubs)
        yield counter("touchline_push_rounds_total", tally.rounds)
        yield counter("touchline_push_rounds_split_total", tally.rounds_split)
        yield counter("touchline_push_rounds_seconds_total", tally.rounds_s)
        verdicts: dict[tuple[str, ...], float] = {(word,): count for word, count in tally.verdicts.items()}
        yield counter("touchline_mutations_total", verdicts)
        yield counter("touchline_conflicts_told_total", tally.conflicts)

    def _of_pools(self) -> Iterator[Metric]:
        found: dict[tuple[str, ...], float] = {}
        most: dict[tuple[str, ...], float] = {}
        for name, pool in self._pools.by_name.items():
            idle = pool.get_idle_size()
            found |= {(name, "used"): pool.get_size() - idle, (name, "idle"): idle}
            most[name,] = pool.get_max_size()
        yield gauge("touchline_pool_connections", found)
        yield gauge("touchline_pool_connections_max", most)
        yield gauge("touchline_accounts_connections", self._pools.accounts_in_use())

    def _of_live(self) -> Iterator[Metric]:
        found = self._live.statistics()
        sockets, tailer = found.sockets, found.tailer
        kinds = {**dict.fromkeys(KINDS, 0), **sockets.by_kind, "unknown": sockets.unknown}
        yield gauge("touchline_sockets_open", {(kind,): count for kind, count in kinds.items()})
        yield gauge("touchline_sockets_queued_bytes", sockets.queued_bytes)
        yield gauge("touchline_sockets_falls", sockets.falls)
        yield counter("touchline_sockets_closed_total", by_closing(sockets.closed))
        yield counter("touchline_sockets_refused_total", by_closing(sockets.refused))
        yield gauge("touchline_polls_waiting", self._live.polls.waiting)
        hub = found.hub
        yield gauge("touchline_hub_channels", hub.channels)
        yield gauge("touchline_hub_readers", hub.readers)
        for name in ("batches", "frames", "bytes"):
            yield counter(f"touchline_hub_{name}_total", getattr(hub, name))
        for name in ("wakeups", "polls", "reads", "rows", "failures", "resets"):
            yield counter(f"touchline_tailer_{name}_total", getattr(tailer, name))
        lag = histogram("touchline_tailer_lag_seconds")
        lag.add_metric((), cumulative(tailer.lag_bounds_s, tailer.lag_counts), tailer.lag_sum_s)
        yield lag
        wakeups = found.wakeups
        yield gauge("touchline_wakeups_connected", int(wakeups is not None and wakeups.is_connected))
        for name in ("connections", "sent", "heard", "dropped"):
            yield counter(f"touchline_wakeups_{name}_total", 0 if wakeups is None else getattr(wakeups, name))

    def _of_upkeep(self) -> Iterator[Metric]:
        found = self._upkeep.statistics()
        yield gauge("touchline_upkeep_succeeded_seconds", found.succeeded_s)
        runs: dict[tuple[str, ...], float] = {
            ("done",): found.done,
            ("failed",): found.failed,
            ("elsewhere",): found.elsewhere,
        }
        yield counter("touchline_upkeep_runs_total", runs)
        yield counter("touchline_upkeep_seconds_total", found.took_s)
        removed: dict[tuple[str, ...], float] = {(kept.name,): 0 for kept in RETENTION}
        removed |= {(name,): count for name, count in found.removed.items()}  # names of classes and of steps
        yield counter("touchline_upkeep_removed_total", removed)


Values = Mapping[tuple[str, ...], float] | float


def counter(name: str, values: Values | None = None) -> CounterMetricFamily:
    """Return a counter of the table: one value, or one for each tuple of labels."""
    told = METRICS[name]
    family = CounterMetricFamily(name, told.meaning, labels=told.labels)
    for labels, value in _by_labels(values):
        family.add_metric(labels, value)
    return family


def gauge(name: str, values: Values) -> GaugeMetricFamily:
    """Return a gauge of the table."""
    told = METRICS[name]
    family = GaugeMetricFamily(name, told.meaning, labels=told.labels)
    for labels, value in _by_labels(values):
        family.add_metric(labels, value)
    return family


def _by_labels(values: Values | None) -> Iterable[tuple[tuple[str, ...], float]]:
    if values is None:
        return ()
    return values.items() if isinstance(values, Mapping) else (((), values),)


def histogram(name: str) -> HistogramMetricFamily:
    """Return an empty histogram of the table."""
    told = METRICS[name]
    return HistogramMetricFamily(name, told.meaning, labels=told.labels)


def cumulative(bounds: tuple[float, ...], counts: Sequence[int]) -> list[tuple[str, float]]:
    """Return the buckets as Prometheus has them: how many were at most so long."""
    total = 0
    found: list[tuple[str, float]] = []
    for bound, count in zip((*map(str, bounds), "+Inf"), counts, strict=True):
        total += count
        found.append((bound, total))
    return found


def by_closing(counts: Mapping[str, int]) -> Mapping[tuple[str, ...], float]:
    """Return counts by name and code; `left` has no code."""
    codes = {name: str(row.code) for name, row in CLOSINGS.items()}
    return {(name, codes.get(name, "")): count for name, count in counts.items()}


def may_read(scope: Any, settings: Settings) -> bool:  # noqa: ANN401 - any ASGI scope
    """Tell whether a request may read metrics.

    At the metrics' own port; elsewhere by the token, and without one, in development, from this machine itself.
    """
    if is_at(scope, settings.metrics_port):
        return True
    if settings.metrics_token is not None:
        try:
            shown = bearer(scope["headers"])
        except Unauthorised:
            return False
        return hmac.compare_digest(shown.encode("latin-1"), settings.metrics_token.encode(errors="surrogateescape"))
    return not settings.is_production and is_here(scope)


def is_at(scope: Any, port: int | None) -> bool:  # noqa: ANN401 - any ASGI scope
    """Tell whether a connection came in at a port: by its socket, whatever the client says."""
    return port is not None and (scope.get("server") or (None, None))[1] == port


def with_own_port(app: ASGIApp, port: int | None) -> ASGIApp:
    """Wrap an application: at the metrics' port there is nothing but `/metrics`."""
    if port is None:
        return app

    async def choose(scope: Scope, receive: Receive, send: Send) -> None:
        values: Any = scope
        if values["type"] not in {"http", "websocket"} or values["path"] == "/metrics" or not is_at(values, port):
            await app(scope, receive, send)
        elif values["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
        else:
            await send({"type": "http.response.start", "status": 404, "headers": [(b"cache-control", b"no-store")]})
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    return choose


@get("/metrics", opt={**PUBLIC}, include_in_schema=False)
async def read_metrics(
    request: Request[Any, Any, Any],
    metrics: NamedDependency[SkipValidation[Metrics]],
    settings: NamedDependency[SkipValidation[Settings]],
) -> Response[bytes]:
    """Tell whoever has METRICS_TOKEN, or asks at METRICS_PORT, what this process does. To others it is not there."""
    if not may_read(request.scope, settings):
        raise NotFound
    return Response(metrics.text(), media_type=CONTENT_TYPE_LATEST, headers=NO_STORE)


ROUTES: Final = (read_metrics,)
