"""Periods as they were played: when each ran, and for how long without its pauses.

Played milliseconds = end - start - pauses. A period that nobody ended is ended by the next one's start, by full
time, or by now; where that gives more than a period can last, somebody forgot to press "end half". Its length is
then assumed: the nominal length, or up to the last event or substitution recorded in it, whichever is later.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from football.clock import MINUTE_MS, PeriodKey, nominal_ms, period_key
from football.facts import MatchFacts, Record
from sync.collections import instant_ms

BELIEVED_MS: Final = 60 * MINUTE_MS
"""Played milliseconds up to which a recorded end is believed: 45 minutes and 15 of stoppages.

Twice the nominal length where that is more. Smaller bounds would cut real halves of a match whose `duration_mins`
nobody set; a larger one would give children an hour for a 20-minute half.
"""

ABANDONED_MS: Final = 12 * 60 * MINUTE_MS
"""Milliseconds after its start at which no period is still being played, paused or not."""

Span = tuple[int, int | None]
"""From and to, in milliseconds since 1970; no end: it lasts."""


class Period(Struct, frozen=True):
    """A period that began, as the recorded facts tell it."""

    id: str
    key: PeriodKey
    started_ms: int
    """Milliseconds since 1970."""
    ended_ms: int | None
    """Milliseconds since 1970; None while it is being played."""
    pauses: tuple[Span, ...]
    """In order, without overlaps, within the period; only the last of a running period may last."""
    played_ms: int
    is_assumed: bool = False
    """Nobody recorded a start and an end that can be believed: the length is assumed, and worth a look."""

    @property
    def is_running(self) -> bool:
        """Say whether it is being played or paused."""
        return self.ended_ms is None

    @property
    def is_paused(self) -> bool:
        """Say whether the clock stands still in a running period."""
        return self.is_running and bool(self.pauses) and self.pauses[-1][1] is None


class _Recorded(Struct, frozen=True):
    """A period as it was written, its doubles joined: perhaps without a start, an end or sense."""

    id: str
    key: PeriodKey
    started_ms: int | None
    ended_ms: int | None
    pauses: tuple[Span, ...]


def periods_of(facts: MatchFacts, now_ms: int | None = None) -> tuple[Period, ...]:
    """Return the periods that began, in order.

    Without `now_ms` (milliseconds since 1970) a running period is as long as the facts recorded in it show.
    """
    recorded = _recorded(facts)
    found = (_resolve(facts, each, recorded[n + 1 :], now_ms) for n, each in enumerate(recorded))
    return tuple(each for each in found if each is not None)


def believed_ms(match: Record, key: PeriodKey) -> int:
    """Return the played milliseconds up to which a recorded end of this period is believed."""
    return max(BELIEVED_MS, 2 * nominal_ms(match, key.type))


def clock_at(period: Period, at_ms: int) -> int:
    """Return the played milliseconds at an instant: 0 before the start, the played length after the end."""
    at_ms = max(at_ms, period.started_ms)
    return min(_played_ms(period.pauses, period.started_ms, at_ms), period.played_ms)


def instant_at(period: Period, clock_ms: int) -> int:
    """Return the instant, in milliseconds since 1970, when the clock first showed these played milliseconds."""
    return _instant(period.pauses, period.started_ms, clock_ms)


def _resolve(facts: MatchFacts, each: _Recorded, later: Sequence[_Recorded], now_ms: int | None) -> Period | None:
    believed = believed_ms(facts.match, each.key)
    evidence_ms = _evidence_ms(facts, each.key)
    usual_ms = min(max(nominal_ms(facts.match, each.key.type), evidence_ms), believed)
    start = each.started_ms
    if start is None:
        return None if each.ended_ms is None else _assumed(each, each.ended_ms - usual_ms, usual_ms, None)
    starts = [other.started_ms for other in later if other.started_ms is not None]
    next_ms = min((at for at in starts if at > start), default=None)
    stated_ms = _stated_end(each, start, None if starts else _ms(facts.match["finished_at"]))
    if stated_ms is not None and (next_ms is None or stated_ms <= next_ms):
        closed = _closed(each, start, stated_ms)
        if closed.played_ms <= believed:
            return closed
    if stated_ms is None and next_ms is None:
        running = _running(each, start, now_ms, evidence_ms)
        abandoned = now_ms is not None and now_ms - start > ABANDONED_MS
        if running.played_ms <= believed and not abandoned:
            return running
    limits = [at for at in (next_ms, stated_ms, now_ms) if at is not None]
    return _assumed(each, start, usual_ms, min(limits, default=None))


def _stated_end(each: _Recorded, start: int, full_time: int | None) -> int | None:
    """Return the end that somebody pressed: this period's own, else full time; one before the start is none."""
    return next((at for at in (each.ended_ms, full_time) if at is not None and at >= start), None)


def _closed(each: _Recorded, start: int, end: int) -> Period:
    pauses = _joined(each.pauses, start, end)
    return Period(each.id, each.key, start, end, pauses, _played_ms(pauses, start, end))


def _running(each: _Recorded, start: int, now_ms: int | None, evidence_ms: int) -> Period:
    pauses = _joined(each.pauses, start, None)
    edges = [at for span in pauses for at in span if at is not None]
    if now_ms is None:
        played_ms = max(evidence_ms, _played_ms(pauses, start, max(edges, default=start)))
    else:
        played_ms = _played_ms(pauses, start, max(now_ms, start))
    return Period(each.id, each.key, start, None, pauses, played_ms)


def _assumed(each: _Recorded, start: int, usual_ms: int, limit: int | None) -> Period:
    """Return a period of the usual length, or shorter where the next one began or full time came before that."""
    pauses = _joined(each.pauses, start, limit)
    played_ms = usual_ms if limit is None else min(usual_ms, _played_ms(pauses, start, max(limit, start)))
    end = _instant(pauses, start, played_ms)
    return Period(each.id, each.key, start, end, _joined(pauses, start, end), played_ms, is_assumed=True)


def _evidence_ms(facts: MatchFacts, key: PeriodKey) -> int:
    """Return the latest played milliseconds that an event or the edge of a stint shows in this period."""
    clocks = [
        event["clock_ms"] or 0
        for event in facts.events
        if period_key(event["period_type"], event["period_number"]) == key
    ]
    edges = [
        round((stint[f"{edge}_min"] or 0) * MINUTE_MS)
        for stint in facts.lineup
        for edge in ("start", "end")
        if stint[f"{edge}_period"] is not None
        and period_key(stint[f"{edge}_period_type"], stint[f"{edge}_period"]) == key
    ]
    return max([*clocks, *edges], default=0)


def _recorded(facts: MatchFacts) -> list[_Recorded]:
    """Return the periods as written, in order; two records of one period are joined: first start, last end."""
    by_key: dict[PeriodKey, list[Record]] = {}
    for record in facts.periods:
        by_key.setdefault(period_key(record["type"], record["number"]), []).append(record)
    return [
        _Recorded(
            id=records[0]["id"],
            key=key,
            started_ms=min(_instants(records, "started_at"), default=None),
            ended_ms=max(_instants(records, "ended_at"), default=None),
            pauses=_spans(facts.pauses, {record["id"] for record in records}),
        )
        for key, records in sorted(by_key.items())
    ]


def _spans(pauses: Iterable[Record], period_ids: set[str]) -> tuple[Span, ...]:
    spans = [
        (start, _ms(pause["ended_at"]))
        for pause in pauses
        if pause["period_id"] in period_ids and (start := _ms(pause["started_at"])) is not None
    ]
    return tuple(sorted(spans, key=lambda span: (span[0], span[1] is None, span[1] or 0)))


def _joined(spans: Sequence[Span], start: int, end: int | None) -> tuple[Span, ...]:
    """Return the pauses within a period, overlaps joined; one never ended lasts to the next one's start.

    `spans` are in order of their starts. Two phones that both pressed "pause" so stop the clock once. A pause
    that ends before it starts is none.
    """
    joined: list[Span] = []
    for n, (begins, ends) in enumerate(spans):
        following = spans[n + 1][0] if n + 1 < len(spans) else None
        until = _least(following if ends is None else ends, end)
        since = max(begins, start)
        if until is not None and until <= since:
            continue
        last_until = joined[-1][1] if joined else None
        if last_until is not None and since <= last_until:
            since, until = joined.pop()[0], None if until is None else max(until, last_until)
        joined.append((since, until))
    return tuple(joined)


def _played_ms(pauses: Iterable[Span], start: int, at: int) -> int:
    """Return the milliseconds from the start to an instant, without what the pauses take of them."""
    paused = sum(max(0, (at if ends is None else min(ends, at)) - begins) for begins, ends in pauses)
    return at - start - paused


def _instant(pauses: Iterable[Span], start: int, clock_ms: int) -> int:
    """Return when the clock first showed this; under a pause that lasts, as if play had gone on."""
    at = start + clock_ms
    for begins, ends in pauses:
        if begins < at and ends is not None:
            at += ends - begins
    return at


def _instants(records: Iterable[Record], field: str) -> list[int]:
    return [at for record in records if (at := _ms(record[field])) is not None]


def _ms(instant: str | None) -> int | None:
    return None if instant is None else instant_ms(instant)


def _least(one: int | None, other: int | None) -> int | None:
    """Return the lesser, where None is later than all."""
    return other if one is None else one if other is None else min(one, other)
