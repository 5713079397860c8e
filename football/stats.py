"""Statistics: what many matches add up to, for a player and for a team. Folds of folds, whatever the order of matches.

A match counts as *played* once it is complete. A player *appeared* in a match if they were on the pitch for a moment of
it, and *started* if they were on from the first whistle; a match that kept no line-up counts as an appearance where
something is recorded of them. Minutes, goals and cards come from the same folds as the match's own pages, so a season's
goals are the sum of its scores. A shootout's goals are nobody's.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from football.clock import period_key
from football.facts import MatchFacts, Record
from football.minutes import period_lengths, played_ms_by_player
from football.scoreboard import Score, Side, score_of, side_of
from football.status import Status, status_of
from football.vocabulary import PENALTY_SHOOTOUT, REGULAR

FORM_MATCHES: Final = 5
"""Matches of a form line, the newest last."""

TOP_SCORERS: Final = 10

COUNTED: Final[Mapping[str, str]] = {
    "goal": "goals",
    "own_goal": "own_goals",
    "yellow_card": "yellow_cards",
    "red_card": "red_cards",
    "save": "saves",
    "shot_on_target": "shots_on_target",
}
"""Kinds of event -> what they count as for the player who did it."""


class Tally(Struct, frozen=True):
    """What a player did, in one match or in many."""

    appearances: int = 0
    starts: int = 0
    played_ms: int = 0
    goals: int = 0
    assists: int = 0
    own_goals: int = 0
    yellow_cards: int = 0
    red_cards: int = 0
    saves: int = 0
    shots_on_target: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        """Return both together."""
        return Tally(*(getattr(self, name) + getattr(other, name) for name in Tally.__struct_fields__))


class Result(Struct, frozen=True):
    """A complete match as one of its teams sees it."""

    match_id: str
    kickoff_ts: str
    side: Side
    goals_for: int
    goals_against: int
    shootout_for: int = 0
    shootout_against: int = 0

    @property
    def letter(self) -> str:
        """Return `W`, `D` or `L`; a shootout decides what was level."""
        ours = self.goals_for, self.shootout_for
        theirs = self.goals_against, self.shootout_against
        return "W" if ours > theirs else "L" if ours < theirs else "D"


class TeamRecord(Struct, frozen=True):
    """What a team's complete matches add up to."""

    played: int = 0
    won: int = 0
    drawn: int = 0
    lost: int = 0
    goals_for: int = 0
    goals_against: int = 0
    clean_sheets: int = 0
    form: str = ""
    """The newest results, the last one last: `WWDLW`."""


def tallies(facts: MatchFacts, now_ms: int | None = None) -> dict[str, Tally]:
    """Return what each player did in a match: everyone with a stint, an event or an assist."""
    played = played_ms_by_player(facts, now_ms)
    counts: dict[str, Counter[str]] = {player_id: Counter() for player_id in played}
    for event in _own_time(facts.events):
        if event["player_id"] is not None:
            # An event that counts as nothing still shows that its player was there.
            counts.setdefault(event["player_id"], Counter())[COUNTED.get(event["kind"], "other")] += 1
    for player_id in _assists(facts):
        counts.setdefault(player_id, Counter())["assists"] += 1
    for player_id in _came_on(facts):
        counts.setdefault(player_id, Counter())
    started = _started(facts) if any(length for _, length in period_lengths(facts, now_ms)) else frozenset[str]()
    return {
        player_id: _tally(found, played.get(player_id), is_start=player_id in started)
        for player_id, found in counts.items()
    }


def result_of(facts: MatchFacts, team_id: str, now_ms: int | None = None) -> Result | None:
    """Return a team's result; None for a match that is not complete, or not this team's, or without a result."""
    side = side_of(facts.match, team_id)
    if side is None or status_of(facts, now_ms) is not Status.COMPLETED:
        return None
    score = score_of(facts)
    return Result(
        match_id=facts.match["id"],
        kickoff_ts=facts.match["kickoff_ts"],
        side=side,
        goals_for=score.of(side),
        goals_against=score.of(side.other),
        shootout_for=_shootout(score, side),
        shootout_against=_shootout(score, side.other),
    )


def team_record(results: Iterable[Result]) -> TeamRecord:
    """Return what results add up to, in whatever order they come."""
    ordered = sorted(results, key=lambda each: (each.kickoff_ts, each.match_id))
    letters = "".join(each.letter for each in ordered)
    return TeamRecord(
        played=len(ordered),
        won=letters.count("W"),
        drawn=letters.count("D"),
        lost=letters.count("L"),
        goals_for=sum(each.goals_for for each in ordered),
        goals_against=sum(each.goals_against for each in ordered),
        clean_sheets=sum(not each.goals_against for each in ordered),
        form=letters[-FORM_MATCHES:],
    )


def players_of_team(facts: MatchFacts, team_id: str) -> frozenset[str]:
    """Return who played for a team in a match: by their stints, and by what they did for it."""
    is_ours = (facts.match["our_side"] or Side.HOME) == side_of(facts.match, team_id)
    stints = (
        each["player_id"]
        for each in facts.lineup
        if each["team_id"] == team_id or (each["team_id"] is None and is_ours)
    )
    events = {each["id"]: each for each in facts.events if each["team_id"] == team_id}
    doers = (each["player_id"] for each in events.values())
    others = (each["player_id"] for each in facts.participants if each["event_id"] in events)
    return frozenset(each for each in (*stints, *doers, *others) if each is not None)


def sum_tallies(found: Iterable[Mapping[str, Tally]]) -> dict[str, Tally]:
    """Return each player's tally over many matches."""
    total: dict[str, Tally] = {}
    for tallied in found:
        for player_id, tally in tallied.items():
            total[player_id] = total.get(player_id, Tally()) + tally
    return total


def top_scorers(total: Mapping[str, Tally], most: int = TOP_SCORERS) -> list[tuple[str, Tally]]:
    """Return who scored most: by goals, then assists, then fewer minutes, then id."""
    scorers = [(player_id, tally) for player_id, tally in total.items() if tally.goals]
    scorers.sort(key=lambda each: (-each[1].goals, -each[1].assists, each[1].played_ms, each[0]))
    return scorers[:most]


def match_ms(facts: MatchFacts, now_ms: int | None = None) -> int:
    """Return the played milliseconds of a match: what a player who never went off has played."""
    return sum(length for _, length in period_lengths(facts, now_ms))


def _tally(found: Mapping[str, int], played_ms: int | None, *, is_start: bool) -> Tally:
    did = {name: found.get(name, 0) for name in ("assists", *COUNTED.values())}
    # Without a stint it is the record of what somebody did that shows that they were there.
    is_there = bool(played_ms) if played_ms is not None else True
    return Tally(appearances=int(is_there), starts=int(is_start), played_ms=played_ms or 0, **did)


def _own_time(events: Iterable[Record]) -> list[Record]:
    return [event for event in events if event["period_type"] != PENALTY_SHOOTOUT]


def _assists(facts: MatchFacts) -> list[str]:
    """Return who gave the assists to goals that stand; an event `assist` of its own counts where no goal names it.

    Old rows have such events beside the goals, new ones have both: the goal's participant is the same assist.
    """
    goals = {each["id"] for each in _own_time(facts.events) if each["kind"] == "goal"}
    named = [each["player_id"] for each in facts.participants if each["kind"] == "assist" and each["event_id"] in goals]
    alone = Counter(each["player_id"] for each in _own_time(facts.events) if each["kind"] == "assist")
    alone.pop(None, None)
    return [*named, *(Counter(alone) - Counter(named)).elements()]


def _came_on(facts: MatchFacts) -> Sequence[str]:
    changes = {each["id"] for each in facts.events if each["kind"] == "substitution"}
    return [
        each["player_id"]
        for each in facts.participants
        if each["kind"] == "substitution" and each["event_id"] in changes
    ]


def _started(facts: MatchFacts) -> frozenset[str]:
    """Return who was on from the first whistle; the first period is the least that was played."""
    first = min((period_key(each["type"], each["number"]) for each in facts.periods), default=period_key(REGULAR, 1))
    return frozenset(stint["player_id"] for stint in facts.lineup if _is_from(stint, first))


def _is_from(stint: Record, first: tuple[int, int]) -> bool:
    if stint["start_min"]:
        return False
    number = stint["start_period"]
    return number is None or period_key(stint["start_period_type"], number) <= first


def _shootout(score: Score, side: Side) -> int:
    return score.home_shootout if side is Side.HOME else score.away_shootout
