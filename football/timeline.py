"""The timeline: what happened, in order, as people read it, with the score that stood after each entry.

It is for members: it names players by id. What a share link shows of it is the feed's to decide.
"""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from football.clock import PeriodKey, event_key, format_clock, format_minute, in_order
from football.facts import MatchFacts, Record
from football.periods import Period, instant_at, periods_of
from football.scoreboard import Score, Side, add, side_of

PERIOD_START: Final = "period_start"
PERIOD_END: Final = "period_end"

CORRECTION_AFTER_MS: Final = 60_000
"""Milliseconds between a happening and its receipt past which it is shown as a correction, not as news."""


class TookPart(Struct, frozen=True):
    """Who else took part in an event: an assist, the player coming on."""

    kind: str
    player_id: str


class Entry(Struct, frozen=True):
    """One entry of a timeline: an event, or a period's start or end."""

    id: str
    """The event's id, or the period's."""
    kind: str
    period_type: str
    period_number: int
    clock_ms: int
    """Played milliseconds in the period."""
    clock: str
    """`clock_ms` as `12:34`."""
    minute: str
    """The minute of the match as people say it, `45+2'`."""
    happened_ms: int | None
    """Milliseconds since 1970; None where the period's start is not known."""
    score: Score
    """The score after this entry."""
    side: Side | None = None
    team_id: str | None = None
    player_id: str | None = None
    participants: tuple[TookPart, ...] = ()


def timeline_of(facts: MatchFacts, now_ms: int | None = None) -> list[Entry]:
    """Return the entries of a match in order: each period's start, its events, its end."""
    periods = {period.key: period for period in periods_of(facts, now_ms)}
    keyed: list[tuple[tuple[PeriodKey, int, int], Period | Record]] = [
        *(((period.key, 0, 0), period) for period in periods.values()),
        *(((period.key, 2, 0), period) for period in periods.values() if not period.is_running),
        *(((event_key(event)[0], 1, n), event) for n, event in enumerate(in_order(facts.events))),
    ]
    participants = _participants(facts.participants)
    score = Score()
    entries: list[Entry] = []
    for (_, phase, _), what in sorted(keyed, key=lambda item: item[0]):
        if isinstance(what, Period):
            entries.append(_marker(facts.match, what, score, is_end=phase > 0))
            continue
        score = add(score, facts.match, what)
        entries.append(_entry(facts.match, what, score, periods, participants.get(what["id"], ())))
    return entries


def is_correction(happened_ms: int | None, received_ms: int, full_time: int | None) -> bool:
    """Say whether an entry comes too late to be news: by more than 60 s, or after full time.

    All are milliseconds since 1970; an unknown time of happening leaves only full time to judge by.
    """
    if full_time is not None and received_ms > full_time:
        return True
    return happened_ms is not None and received_ms - happened_ms > CORRECTION_AFTER_MS


def _marker(match: Record, period: Period, score: Score, *, is_end: bool) -> Entry:
    clock_ms = period.played_ms if is_end else 0
    return Entry(
        id=period.id,
        kind=PERIOD_END if is_end else PERIOD_START,
        period_type=period.key.type,
        period_number=period.key.number,
        clock_ms=clock_ms,
        clock=format_clock(clock_ms),
        minute=format_minute(match, period.key, clock_ms),
        happened_ms=period.ended_ms if is_end else period.started_ms,
        score=score,
    )


def _entry(
    match: Record,
    event: Record,
    score: Score,
    periods: dict[PeriodKey, Period],
    participants: tuple[TookPart, ...],
) -> Entry:
    key, clock_ms, event_id = event_key(event)
    period = periods.get(key)
    return Entry(
        id=event_id,
        kind=event["kind"],
        period_type=key.type,
        period_number=key.number,
        clock_ms=clock_ms,
        clock=format_clock(clock_ms),
        minute=format_minute(match, key, clock_ms),
        happened_ms=None if period is None else instant_at(period, clock_ms),
        score=score,
        side=side_of(match, event["team_id"]),
        team_id=event["team_id"],
        player_id=event["player_id"],
        participants=participants,
    )


def _participants(records: Iterable[Record]) -> dict[str, tuple[TookPart, ...]]:
    by_event: dict[str, tuple[TookPart, ...]] = {}
    for record in records:
        found = TookPart(kind=record["kind"], player_id=record["player_id"])
        by_event[record["event_id"]] = (*by_event.get(record["event_id"], ()), found)
    return by_event
