"""Look-alikes: pairs of records of which a person is asked whether they are one. None is merged unasked.

Rules judge the field mappings as they stand; a field nobody wrote counts as its default.
"""

from typing import Final

from football.vocabulary import REGULAR, SCORING_KINDS
from sync.collections import DuplicateRule, Values

LOOK_ALIKE_WITHIN_MS: Final = 45_000
"""Milliseconds of match clock between two taps for one goal.

Each scorer taps up to some 20 s late (a celebration, a look for the number) and each phone's clock starts
with its own tap on "start". A second goal of the same team needs a restart from the centre, so within 45 s it
is rare; asking once too often costs a tap, and asking once too seldom a wrong score.
"""


def is_goal(event: Values) -> bool:
    """Say whether an event moves the score: no other is ever compared."""
    return event.get("kind") in SCORING_KINDS


def is_same_goal(mine: Values, theirs: Values) -> bool:
    """Say whether two events of one match and period number look like the same goal.

    The players may differ or be absent: who scored is what two touchlines see differently. One side's goal
    and the other side's own goal look alike too; an event without a team looks like either.
    """
    if not (is_goal(mine) and is_goal(theirs)):
        return False
    if (mine.get("period_type") or REGULAR) != (theirs.get("period_type") or REGULAR):
        return False
    apart_ms = abs((mine.get("clock_ms") or 0) - (theirs.get("clock_ms") or 0))
    return apart_ms <= LOOK_ALIKE_WITHIN_MS and _may_score_for_one_side(mine, theirs)


def _may_score_for_one_side(mine: Values, theirs: Values) -> bool:
    one, other = mine.get("team_id"), theirs.get("team_id")
    if one is None or other is None:
        return True
    return bool((mine["kind"] == theirs["kind"]) == (one == other))


def _has_team(mine: Values, theirs: Values) -> bool:
    return mine.get("current_team") is not None and theirs.get("current_team") is not None


SAME_GOAL: Final = DuplicateRule(
    name="same_goal",
    by=("match_id", "period_number"),
    reads=("period_type", "kind", "team_id", "clock_ms"),
    applies=is_goal,
    is_alike=is_same_goal,
    only_unseen=True,
)
"""Two devices logged what looks like one goal. Who saw the other's and logs one more means another goal."""

TEAM_NAME: Final = DuplicateRule(name="team_name", by=("name",), only_unseen=False)
SEASON_LABEL: Final = DuplicateRule(name="season_label", by=("label",), only_unseen=False)
PLAYER_IN_TEAM: Final = DuplicateRule(
    name="player_in_team", by=("full_name", "current_team"), is_alike=_has_team, only_unseen=False
)
MATCH_AWARD_CATEGORY: Final = DuplicateRule(name="match_award_category", by=("match_id", "category"), only_unseen=False)
"""These four were uniques of the club's old database, which broke the merge of two phones' work."""

SAME_PERIOD: Final = DuplicateRule(name="same_period", by=("match_id", "type", "number"), only_unseen=False)
"""A client that makes period ids of its own (see `football/ids.py`): the folds take both as one."""
