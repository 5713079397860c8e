"""Where a match stands: a fold of its periods, its pauses and what people said of it, never of who synced first.

A match that was recorded offline is complete the moment its facts are there, and one whose last "end half" nobody
pressed does not stay live for ever.
"""

import enum
from collections.abc import Mapping
from typing import Final

from football.clock import MINUTE_MS, regular_periods
from football.facts import MatchFacts
from football.periods import ABANDONED_MS, Period, periods_of
from football.vocabulary import EXTRA_TIME, PENALTY_SHOOTOUT
from sync.collections import instant_ms


class Status(enum.StrEnum):
    """Where a match stands."""

    SCHEDULED = "scheduled"
    """Nothing of it has been played."""
    LIVE = "live"
    """A period is being played."""
    PAUSED = "paused"
    """A period has begun, and its clock stands still."""
    HALF_TIME = "half_time"
    """Between two periods, quarters too."""
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    POSTPONED = "postponed"


LAST_NUMBERS: Final[Mapping[str, int]] = {EXTRA_TIME: 2, PENALTY_SHOOTOUT: 1}
"""The period after which a match is complete, unless one of a later type follows; the format says the regular one."""

UNTIMED_MS: Final = 60 * MINUTE_MS
"""Milliseconds after the planned end when a match with events but no periods counts as complete."""


def status_of(facts: MatchFacts, now_ms: int | None = None) -> Status:
    """Return where the match stands.

    Called off is what people last said, so it outranks what was played. Without `now_ms` (milliseconds since
    1970) a period that nobody ended is still live; with it, what cannot be going on any more is over.
    """
    called_off = facts.match["called_off"]
    if called_off is not None:
        return Status(called_off)
    periods = periods_of(facts, now_ms)
    if _finished_ms(facts, periods) is not None:
        return Status.COMPLETED
    if not periods:
        return _untimed(facts, now_ms)
    last = periods[-1]
    if last.is_running:
        return Status.PAUSED if last.is_paused else Status.LIVE
    return Status.COMPLETED if _is_last(facts, last, now_ms) else Status.HALF_TIME


def full_time_ms(facts: MatchFacts, now_ms: int | None = None) -> int | None:
    """Return the instant of full time in milliseconds since 1970; None while the match is not complete.

    The end of the last period; else "full time" where somebody pressed it; else, for an old match without
    periods, the planned end.
    """
    if status_of(facts, now_ms) is not Status.COMPLETED:
        return None
    periods = periods_of(facts, now_ms)
    ended = periods[-1].ended_ms if periods else None
    pressed = _finished_ms(facts, periods)
    return next((at for at in (ended, pressed) if at is not None), planned_end_ms(facts))


def _finished_ms(facts: MatchFacts, periods: tuple[Period, ...]) -> int | None:
    """Return when full time was pressed; a period that began later (extra time, a slip) undoes it."""
    pressed = facts.match["finished_at"]
    if pressed is None:
        return None
    finished_ms = instant_ms(pressed)
    return None if any(period.started_ms > finished_ms for period in periods) else finished_ms


def _is_last(facts: MatchFacts, period: Period, now_ms: int | None) -> bool:
    """Say whether the match may be over with this period, or nobody came back for the next one."""
    if now_ms is not None and now_ms - period.started_ms > ABANDONED_MS:
        return True
    return period.key.number >= LAST_NUMBERS.get(period.key.type, regular_periods(facts.match))


def _untimed(facts: MatchFacts, now_ms: int | None) -> Status:
    """Return the status of a match without periods, such as those of the club's old database."""
    if not facts.events:
        return Status.SCHEDULED
    until_ms = planned_end_ms(facts) + UNTIMED_MS
    return Status.LIVE if now_ms is not None and now_ms <= until_ms else Status.COMPLETED


def planned_end_ms(facts: MatchFacts) -> int:
    """Return when the match would end as it was planned, without breaks, in milliseconds since 1970."""
    planned_ms: int = facts.match["duration_mins"] * MINUTE_MS
    return instant_ms(facts.match["kickoff_ts"]) + planned_ms
