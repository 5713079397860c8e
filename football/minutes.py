"""Minutes played: a fold of the stints over the periods, exact to the millisecond and without the pauses.

A stint runs from one moment to another, each a period and the played time in it; what lies between counts as the
periods were played. So a late edit of a period's end, or a forgotten one, changes the minutes of those who were on
then and of nobody else. Stints of one player that overlap count once. A shootout is nobody's time.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final

from msgspec import Struct

from football.clock import MINUTE_MS, PeriodKey, nominal_ms, period_key, regular_periods
from football.facts import MatchFacts, Record
from football.periods import periods_of
from football.status import Status, status_of
from football.vocabulary import FORMATION_MAX, PENALTY_SHOOTOUT, REGULAR

CROWD_MIN_MS: Final = 10_000
"""Milliseconds of too many on the pitch below which nobody is asked: two taps for one change lie seconds apart."""

Moment = tuple[PeriodKey, float]
"""A period and played milliseconds in it; whole, but for `NEVER`."""

Interval = tuple[int, int]
"""From and to, in played milliseconds of one period."""

NEVER: Final[Moment] = (PeriodKey(99, 0), 0)
"""After every moment: where a stint ends that nobody closed."""


class Crowd(Struct, frozen=True):
    """A stretch of one period with more players of a team on the pitch than there may be: a prompt, no error."""

    team_id: str | None
    """None: ours."""
    period_type: str
    period_number: int
    from_ms: int
    """Played milliseconds in the period; so is `to_ms`."""
    to_ms: int
    players: int
    """The most that were on at once."""
    player_ids: tuple[str, ...]
    """All who were on during the stretch, sorted: one of them was not."""


def played_ms_by_player(facts: MatchFacts, now_ms: int | None = None) -> dict[str, int]:
    """Return the milliseconds each player with a stint has played, 0 for those whose stints lie outside play."""
    played = {stint["player_id"]: 0 for stint in facts.lineup}
    for key, length_ms in period_lengths(facts, now_ms):
        for player_id, intervals in _on_pitch(facts.match, facts.lineup, key, length_ms).items():
            played[player_id] += sum(end - start for start, end in intervals)
    return played


def period_lengths(facts: MatchFacts, now_ms: int | None = None) -> list[tuple[PeriodKey, int]]:
    """Return the played milliseconds of each period that counts, in order.

    A complete match without periods (the club's old rows) is as long as it was planned to be.
    """
    lengths = [(period.key, period.played_ms) for period in periods_of(facts, now_ms)]
    if not lengths and status_of(facts, now_ms) is Status.COMPLETED:
        planned = range(1, regular_periods(facts.match) + 1)
        return [(period_key(REGULAR, number), nominal_ms(facts.match)) for number in planned]
    return [(key, length_ms) for key, length_ms in lengths if key.type != PENALTY_SHOOTOUT]


def crowds_of(facts: MatchFacts, most: int = FORMATION_MAX, now_ms: int | None = None) -> list[Crowd]:
    """Return when more than `most` players of one team were on the pitch, in order of time."""
    teams = sorted({stint["team_id"] for stint in facts.lineup}, key=lambda team: team or "")
    crowds: list[Crowd] = []
    for key, length_ms in period_lengths(facts, now_ms):
        for team_id in teams:
            stints = [stint for stint in facts.lineup if stint["team_id"] == team_id]
            on_pitch = _on_pitch(facts.match, stints, key, length_ms)
            crowds.extend(_crowds(on_pitch, most, team_id, key))
    return crowds


def _crowds(
    on_pitch: Mapping[str, Sequence[Interval]], most: int, team_id: str | None, key: PeriodKey
) -> Iterable[Crowd]:
    """Yield the stretches in which every moment has too many: between two edges nobody comes or goes."""
    edges = sorted({edge for intervals in on_pitch.values() for interval in intervals for edge in interval})
    stretch: list[tuple[Interval, frozenset[str]]] = []
    for start, end in [*pairwise(edges), (0, 0)]:
        players = frozenset(
            player_id
            for player_id, intervals in on_pitch.items()
            if any(since <= start and end <= until for since, until in intervals)
        )
        if start < end and len(players) > most:
            stretch.append(((start, end), players))
            continue
        if stretch and stretch[-1][0][1] - stretch[0][0][0] >= CROWD_MIN_MS:
            yield _crowd(stretch, team_id, key)
        stretch = []


def _crowd(stretch: Sequence[tuple[Interval, frozenset[str]]], team_id: str | None, key: PeriodKey) -> Crowd:
    return Crowd(
        team_id=team_id,
        period_type=key.type,
        period_number=key.number,
        from_ms=stretch[0][0][0],
        to_ms=stretch[-1][0][1],
        players=max(len(players) for _, players in stretch),
        player_ids=tuple(sorted(frozenset[str]().union(*(players for _, players in stretch)))),
    )


def _on_pitch(match: Record, stints: Iterable[Record], key: PeriodKey, length_ms: int) -> dict[str, list[Interval]]:
    """Return when each player was on in a period: intervals in order, apart from one another, never empty."""
    on_pitch: dict[str, list[Interval]] = {}
    for stint in stints:
        start, end = _edges(match, stint)
        interval = _within(start, key, length_ms), _within(end, key, length_ms)
        if interval[0] < interval[1]:
            on_pitch.setdefault(stint["player_id"], []).append(interval)
    return {player_id: _union(intervals) for player_id, intervals in on_pitch.items()}


def _within(moment: Moment, key: PeriodKey, length_ms: int) -> int:
    """Return a moment as played time of one period: its start if before it, its end if after it."""
    moment_key, at_ms = moment
    if moment_key != key:
        return 0 if moment_key < key else length_ms
    return min(int(at_ms), length_ms)


def _edges(match: Record, stint: Record) -> tuple[Moment, Moment]:
    start = _moment(match, stint["start_period_type"], stint["start_period"], stint["start_min"] or 0)
    if stint["end_min"] is None:
        return start, NEVER
    return start, _moment(match, stint["end_period_type"], stint["end_period"], stint["end_min"])


def _moment(match: Record, period_type: str | None, number: int | None, minutes: float) -> Moment:
    """Return an edge as a moment; without a period, minutes of the whole match fall into the planned periods.

    So an old row that goes off at minute 25 of 2 x 25 played the first half with its stoppages, and no more.
    """
    at_ms = round(minutes * MINUTE_MS)
    if number is not None:
        return period_key(period_type, number), at_ms
    before, within_ms = divmod(at_ms, nominal_ms(match))
    return period_key(REGULAR, before + 1), within_ms


def _union(intervals: Iterable[Interval]) -> list[Interval]:
    union: list[Interval] = []
    for start, end in sorted(intervals):
        if union and start <= union[-1][1]:
            union[-1] = union[-1][0], max(union[-1][1], end)
        else:
            union.append((start, end))
    return union
