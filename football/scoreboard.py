"""The score: a fold of the goals that stand, whatever their order of arrival.

Home and away are the match's two teams. *Ours* is the side that the match's `our_side` names (home where it names
none); `our_score` and `opponent_score`, the result entered by hand, speak of it. That result counts only while the
match has no events at all: from the first event on, the goals are the score.
"""

import enum

from msgspec import Struct

from football.facts import MatchFacts, Record
from football.vocabulary import PENALTY_SHOOTOUT, SCORING_KINDS


class Side(enum.StrEnum):
    """One of the two teams of a match."""

    HOME = "home"
    AWAY = "away"

    @property
    def other(self) -> "Side":
        """Return the opponent's side."""
        return Side.AWAY if self is Side.HOME else Side.HOME


class Score(Struct, frozen=True):
    """A score, the shootout apart."""

    home: int = 0
    away: int = 0
    home_shootout: int = 0
    away_shootout: int = 0
    unassigned: int = 0
    """Goals of no team or of a third one: kept, counted for nobody, and worth a prompt."""
    is_by_hand: bool = False

    def of(self, side: Side) -> int:
        """Return the goals of a side, without the shootout."""
        return self.home if side is Side.HOME else self.away

    def __str__(self) -> str:
        """Return the score as people write it: `2-2`, with a shootout `2-2 (4-3)`."""
        shootout = f" ({self.home_shootout}-{self.away_shootout})"
        return f"{self.home}-{self.away}" + (shootout if self.home_shootout or self.away_shootout else "")


def score_of(facts: MatchFacts) -> Score:
    """Return the score of a match."""
    if not facts.events:
        return _by_hand(facts.match)
    score = Score()
    for event in facts.events:
        score = add(score, facts.match, event)
    return score


def add(score: Score, match: Record, event: Record) -> Score:
    """Return the score after one more event; those that are no goals leave it as it is."""
    if event["kind"] not in SCORING_KINDS:
        return score
    side = scoring_side(match, event)
    is_shootout = event["period_type"] == PENALTY_SHOOTOUT
    return Score(
        home=score.home + (side is Side.HOME and not is_shootout),
        away=score.away + (side is Side.AWAY and not is_shootout),
        home_shootout=score.home_shootout + (side is Side.HOME and is_shootout),
        away_shootout=score.away_shootout + (side is Side.AWAY and is_shootout),
        unassigned=score.unassigned + (side is None),
    )


def scoring_side(match: Record, event: Record) -> Side | None:
    """Return the side that a goal counts for: an own goal is the other side's; None where the team is not known."""
    side = side_of(match, event["team_id"])
    if side is None or event["kind"] != "own_goal":
        return side
    return side.other


def side_of(match: Record, team_id: str | None) -> Side | None:
    """Return the side of a team; None for no team and for one that does not play in this match."""
    if team_id is None:
        return None
    if team_id == match["home_team_id"]:
        return Side.HOME
    return Side.AWAY if team_id == match["away_team_id"] else None


def our_side(match: Record) -> Side:
    """Return the side of the club's own team."""
    return Side(match["our_side"] or Side.HOME)


def our_team_id(match: Record) -> str | None:
    """Return the id of the club's own team, whose age group and squad matter; None while it is not known."""
    team_id: str | None = match["home_team_id"] if our_side(match) is Side.HOME else match["away_team_id"]
    return team_id


def _by_hand(match: Record) -> Score:
    ours, theirs = match["our_score"], match["opponent_score"]
    is_home = our_side(match) is Side.HOME
    return Score(
        home=ours if is_home else theirs,
        away=theirs if is_home else ours,
        is_by_hand=bool(ours or theirs),
    )
