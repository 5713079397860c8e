"""What a phone needs to show a match that goes on: the clock's anchor, who is on, and when time alone changes it."""

from msgspec import Struct

from football.facts import MatchFacts, Record
from football.periods import ABANDONED_MS, Period, believed_ms, clock_at, periods_of
from football.scoreboard import Side, our_side, side_of
from football.status import UNTIMED_MS, planned_end_ms


class Clock(Struct, frozen=True, omit_defaults=True):
    """The clock of the period that began last: it shows `elapsed_ms`, and runs on where `since_ms` is given.

    Running, it shows `elapsed_ms + max(0, now - since_ms)`, where now is the server's.
    """

    period_type: str
    period_number: int
    elapsed_ms: int
    """Played milliseconds in the period: standing, or at `since_ms`."""
    since_ms: int | None = None
    """Milliseconds since 1970 by the server's clock. Absent: the clock stands."""


class OnPitch(Struct, frozen=True, omit_defaults=True):
    """A player who is on."""

    player_id: str
    position: str | None = None


def clock_of(facts: MatchFacts, now_ms: int) -> Clock | None:
    """Return the clock to show, None before the first period.

    The anchor is the last moment at which the clock was set going, so it is the same whenever it is asked for.
    """
    periods = periods_of(facts, now_ms)
    if not periods:
        return None
    last = periods[-1]
    if not last.is_running or last.is_paused:
        return Clock(last.key.type, last.key.number, last.played_ms)
    since_ms = _set_going_ms(last)
    return Clock(last.key.type, last.key.number, clock_at(last, since_ms), since_ms)


def on_pitch(facts: MatchFacts) -> dict[Side, list[OnPitch]]:
    """Return who is on for each side: stints that nobody has closed, in the order of their ids; no team is ours."""
    sides: dict[Side, list[OnPitch]] = {Side.HOME: [], Side.AWAY: []}
    seen: set[str] = set()
    for stint in facts.lineup:
        if stint["end_min"] is None and stint["player_id"] not in seen:
            seen.add(stint["player_id"])
            sides[side_of_stint(facts.match, stint)].append(OnPitch(stint["player_id"], stint["position"]))
    return sides


def side_of_stint(match: Record, stint: Record) -> Side:
    """Return the side a stint was played for: ours unless it names the other team."""
    return side_of(match, stint["team_id"]) or our_side(match)


def changes_at_ms(facts: MatchFacts, now_ms: int) -> int | None:
    """Return when what is shown changes though nobody writes: a period given up, an old match that counts as over."""
    moments = [
        # A break from which nobody came back ends, as a period that nobody ended does.
        *(period.started_ms + ABANDONED_MS for period in periods_of(facts, now_ms)),
        *(_given_up_ms(facts, period) for period in periods_of(facts, now_ms) if period.is_running),
        *(() if facts.periods or not facts.events else (planned_end_ms(facts) + UNTIMED_MS,)),
    ]
    return min((each + 1 for each in moments if each >= now_ms), default=None)


def _given_up_ms(facts: MatchFacts, period: Period) -> int:
    """Return the last moment at which a running period's length is believed; paused it does not grow."""
    if period.is_paused:
        return period.started_ms + ABANDONED_MS
    since_ms = _set_going_ms(period)
    return since_ms + believed_ms(facts.match, period.key) - clock_at(period, since_ms)


def _set_going_ms(period: Period) -> int:
    """Return the last moment at which a running period's clock was set going."""
    ends = [until for _, until in period.pauses if until is not None]
    return max([period.started_ms, *ends])
