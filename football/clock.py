"""The order of a match, and how its times are shown.

A moment is a period (type and number) and the played milliseconds in it. Moments compare period first: stoppage
time of the first half, however long, lies before the second half. Shown minutes follow the same order.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from football.facts import Record
from football.vocabulary import EXTRA_TIME, PERIOD_TYPES, PERIODS_BY_FORMAT, REGULAR

MINUTE_MS: Final = 60_000

EXTRA_TIME_MS: Final = 15 * MINUTE_MS
"""Nominal milliseconds of a period of extra time (Laws of the Game, law 7: "not exceeding 15 minutes")."""

_RANKS: Final = {name: rank for rank, name in enumerate(PERIOD_TYPES)}


class PeriodKey(NamedTuple):
    """A period's place in its match: text order of types does not matter, their rank does."""

    rank: int
    number: int

    @property
    def type(self) -> str:
        """Return the type of the period."""
        return PERIOD_TYPES[self.rank]


@lru_cache(128)
def period_key(period_type: str | None, number: int | None) -> PeriodKey:
    """Return the key of a period; no type is a regular one, no number is 0, before all others.

    Remembered, since each event of a match asks for one of a few.
    """
    return PeriodKey(_RANKS[period_type or REGULAR], number or 0)


def event_key(event: Record) -> tuple[PeriodKey, int, str]:
    """Return the key by which events are ordered: period, played milliseconds, then id, so that none tie."""
    return period_key(event["period_type"], event["period_number"]), event["clock_ms"] or 0, event["id"]


def in_order(events: Iterable[Record]) -> list[Record]:
    """Return the events in the order of the match, the same for every order of arrival."""
    return sorted(events, key=event_key)


def regular_periods(match: Record) -> int:
    """Return how many regular periods the match's format has."""
    return PERIODS_BY_FORMAT[match["period_format"]]


def nominal_ms(match: Record, period_type: str = REGULAR) -> int:
    """Return the milliseconds that a period of this type should last; 0 for a shootout."""
    if period_type == REGULAR:
        return int(match["duration_mins"]) * MINUTE_MS // regular_periods(match)
    return EXTRA_TIME_MS if period_type == EXTRA_TIME else 0


def format_clock(clock_ms: int) -> str:
    """Return played milliseconds as minutes and seconds, `12:34`; minutes may pass 99."""
    minutes, seconds = divmod(clock_ms // 1_000, 60)
    return f"{minutes:02d}:{seconds:02d}"


def format_minute(match: Record, key: PeriodKey, clock_ms: int) -> str:
    """Return the minute of the match as people say it: `19'`, `45+2'`, `ET2 3'`, `pens`.

    Minutes count from 1: what happens at 18:21 happens in the 19th. Extra time counts in its own period, because
    its length is agreed on the day and recorded nowhere.
    """
    minute = clock_ms // MINUTE_MS + 1
    if key.type == EXTRA_TIME:
        return f"ET{key.number} {minute}'"
    if key.type != REGULAR:
        return "pens"
    length = nominal_ms(match)
    begins = max(key.number - 1, 0) * length
    if clock_ms < length:
        return f"{(begins + clock_ms) // MINUTE_MS + 1}'"
    last = -(-(begins + length) // MINUTE_MS)
    return f"{last}+{(clock_ms - length) // MINUTE_MS + 1}'"
