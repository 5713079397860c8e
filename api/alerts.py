"""What each metric is good for: where the runbook speaks of it, and when somebody should be woken.

`docs/metrics.md` and `docs/alerts.yml` are made of this table by `make docs`. An alert is for what a person can do
something about; what only explains another is for charts.
"""

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct


class Alert(Struct, frozen=True):
    """A rule for Prometheus."""

    name: str
    when: str
    """An expression that has a value while something is wrong; sums over workers."""
    minutes: int
    """How long it must be so."""
    says: str
    severity: Literal["now", "week"] = "week"
    """When somebody should see to it."""


class Reading(Struct, frozen=True):
    """How a metric is read."""

    see: str
    """The heading of the runbook that speaks of it, as an anchor."""
    alert: Alert | None = None
    """None: for charts."""


_REQUESTS: Final = "requests-fail"
_SLOW: Final = "answers-are-slow"
_PUSHES: Final = "pushes-wait"
_REFUSED: Final = "pushes-are-refused"
_MUTATIONS: Final = "changes-wait-or-are-rejected"
_POOLS: Final = "connections-are-used-up"
_MEMORY: Final = "memory-grows"
_LATE: Final = "goals-come-late"
_LINES: Final = "lines-are-too-slow"
_TURNED_AWAY: Final = "sockets-are-turned-away"
_HEARING: Final = "processes-do-not-hear-each-other"
_FAULTS: Final = "faults-are-not-reported"
_VERSION: Final = "which-version-runs"
_UPKEEP: Final = "old-things-are-not-deleted"

READINGS: Final[Mapping[str, Reading]] = {
    "touchline_http_requests_total": Reading(
        _REQUESTS,
        Alert(
            "TouchlineRequestsFail",
            'sum(rate(touchline_http_requests_total{status="5xx"}[10m])) > 0.1',
            5,
            "More than six requests a minute are answered 5xx.",
            "now",
        ),
    ),
    "touchline_http_request_seconds": Reading(
        _SLOW,
        Alert(
            "TouchlineAnswersSlow",
            "histogram_quantile(0.99, sum by (le) (rate(touchline_http_request_seconds_bucket"
            '{route="/api/sync/push"}[10m]))) > 2',
            10,
            "One push of a hundred takes more than 2 s.",
        ),
    ),
    "touchline_error_reports_total": Reading(
        _FAULTS,
        Alert(
            "TouchlineFaultsUnreported",
            'sum(rate(touchline_error_reports_total{result="failed"}[1h]))'
            ' + sum(rate(touchline_error_reports_total{result="dropped"}[1h])) > 0',
            60,
            "The hook of ERROR_HOOK fails, or is too slow.",
        ),
    ),
    "touchline_info": Reading(
        _VERSION,
        Alert(
            "TouchlineVersionsMixed",
            "count(count by (version) (touchline_info)) > 1",
            60,
            "Processes of two versions have run side by side for an hour.",
        ),
    ),
    "touchline_pushes_waiting": Reading(
        _PUSHES,
        Alert(
            "TouchlinePushesWait",
            "sum(touchline_pushes_waiting) > 20",
            5,
            "More than 20 pushes wait for their commit.",
            "now",
        ),
    ),
    "touchline_pushes_total": Reading(
        _REFUSED,
        Alert(
            "TouchlinePushesFail",
            'sum(rate(touchline_pushes_total{result="failed"}[10m])) > 0.02',
            10,
            "Pushes fail, more than one a minute; phones send them again.",
            "now",
        ),
    ),
    "touchline_push_clubs": Reading(_PUSHES),
    "touchline_push_rounds_total": Reading(_PUSHES),
    "touchline_push_rounds_seconds_total": Reading(
        _PUSHES,
        Alert(
            "TouchlineCommitsSlow",
            "sum(rate(touchline_push_rounds_seconds_total[10m])) / sum(rate(touchline_push_rounds_total[10m])) > 1",
            10,
            "A transaction of pushes takes more than a second.",
        ),
    ),
    "touchline_push_rounds_split_total": Reading(_REFUSED),
    "touchline_mutations_total": Reading(
        _MUTATIONS,
        Alert(
            "TouchlineChangesRejected",
            'sum(rate(touchline_mutations_total{verdict="rejected"}[1h]))'
            " > 0.05 * sum(rate(touchline_mutations_total[1h]))",
            60,
            "More than one change of twenty is rejected, and waits in a quarantine.",
        ),
    ),
    "touchline_conflicts_told_total": Reading(_MUTATIONS),
    "touchline_pool_connections": Reading(
        _POOLS,
        Alert(
            "TouchlinePoolFull",
            'sum by (pool, worker) (touchline_pool_connections{state="used"})'
            " >= sum by (pool, worker) (touchline_pool_connections_max)",
            5,
            "All connections of a pool have been in use for minutes.",
        ),
    ),
    "touchline_pool_connections_max": Reading(_POOLS),
    "touchline_accounts_connections": Reading(
        _POOLS,
        Alert(
            "TouchlineAccountsFull",
            "touchline_accounts_connections >= 4",
            5,
            "All connections for signing in have been in use for minutes.",
        ),
    ),
    "touchline_views_entries": Reading(_MEMORY),
    "touchline_views_bytes": Reading(_MEMORY),
    "touchline_views_read_total": Reading(_SLOW),
    "touchline_sockets_open": Reading(_LINES),
    "touchline_sockets_queued_bytes": Reading(
        _MEMORY,
        Alert(
            "TouchlineReadersBehind",
            "sum(touchline_sockets_queued_bytes) > 50e6",
            10,
            "More than 50 MB wait for readers that are slow.",
        ),
    ),
    "touchline_sockets_falls": Reading(_LINES),
    "touchline_sockets_closed_total": Reading(
        _LINES,
        Alert(
            "TouchlineLinesSlow",
            'sum(rate(touchline_sockets_closed_total{name="too_slow"}[10m])) > 1',
            10,
            "More than one reader a second is cut off as too slow.",
        ),
    ),
    "touchline_sockets_refused_total": Reading(
        _TURNED_AWAY,
        Alert(
            "TouchlineSocketsRefused",
            "sum(rate(touchline_sockets_refused_total[10m])) > 5",
            10,
            "More than five sockets a second are not let in.",
        ),
    ),
    "touchline_polls_waiting": Reading(_LINES),
    "touchline_hub_channels": Reading(_MEMORY),
    "touchline_hub_readers": Reading(_MEMORY),
    "touchline_hub_batches_total": Reading(_LATE),
    "touchline_hub_frames_total": Reading(_LATE),
    "touchline_hub_bytes_total": Reading(_LATE),
    "touchline_tailer_wakeups_total": Reading(_HEARING),
    "touchline_tailer_polls_total": Reading(_HEARING),
    "touchline_tailer_reads_total": Reading(_LATE),
    "touchline_tailer_rows_total": Reading(_LATE),
    "touchline_tailer_failures_total": Reading(
        _LATE,
        Alert(
            "TouchlineTailFails",
            "sum(rate(touchline_tailer_failures_total[10m])) > 0.1",
            10,
            "Reads for those who watch fail again and again.",
        ),
    ),
    "touchline_tailer_resets_total": Reading(_REFUSED),
    "touchline_tailer_lag_seconds": Reading(
        _LATE,
        Alert(
            "TouchlineGoalsLate",
            "histogram_quantile(0.99, sum by (le) (rate(touchline_tailer_lag_seconds_bucket[10m]))) > 2",
            10,
            "One reader of a hundred sees a goal more than 2 s after its commit.",
        ),
    ),
    "touchline_wakeups_connected": Reading(
        _HEARING,
        Alert(
            "TouchlineDeaf",
            "min by (worker) (touchline_wakeups_connected) == 0",
            2,
            "A process does not hear of the others' commits, and finds them 5 s later by itself.",
        ),
    ),
    "touchline_wakeups_connections_total": Reading(_HEARING),
    "touchline_wakeups_sent_total": Reading(_HEARING),
    "touchline_wakeups_heard_total": Reading(_HEARING),
    "touchline_wakeups_dropped_total": Reading(_HEARING),
    "touchline_upkeep_succeeded_seconds": Reading(
        _UPKEEP,
        Alert(
            "TouchlineUpkeepFails",
            "time() - max(touchline_upkeep_succeeded_seconds) > 3 * 86400",
            1_440,
            "What is past its time has not been deleted for three days.",
        ),
    ),
    "touchline_upkeep_runs_total": Reading(_UPKEEP),
    "touchline_upkeep_seconds_total": Reading(_UPKEEP),
    "touchline_upkeep_removed_total": Reading(_UPKEEP),
}
"""Every metric of `METRICS`, in its order."""
