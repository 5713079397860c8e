"""Look-alike goals and doubled names: who is asked about what."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from football.collections import CATALOGUE
from football.duplicates import LOOK_ALIKE_WITHIN_MS, PLAYER_IN_TEAM, SAME_GOAL, is_same_goal
from football.vocabulary import EVENT_KINDS, PERIOD_TYPES
from tests.football.builders import AWAY, HOME, event

EVENTS = st.builds(
    event,
    st.sampled_from(EVENT_KINDS),
    st.just(1),
    st.floats(0, 100),
    st.sampled_from([HOME, AWAY, None]),
    player_id=st.sampled_from(["Ada", "Bea", None]),
    period_type=st.sampled_from(PERIOD_TYPES),
)


@given(EVENTS, EVENTS)
def test_looking_alike_is_symmetric(mine: dict[str, Any], theirs: dict[str, Any]) -> None:
    """Whichever phone syncs first, the same pair is asked about."""
    assert is_same_goal(mine, theirs) == is_same_goal(theirs, mine)


def test_u6_the_same_goal_logged_twice_is_flagged() -> None:
    """Two scorers tap 20 s apart and disagree on who it was: one pair."""
    mine = event(clock_s=100, player_id="Ada")
    assert is_same_goal(mine, event(clock_s=120, player_id="Bea"))
    assert is_same_goal(mine, event(clock_s=120))


def test_the_window_ends_where_it_says() -> None:
    """Goals up to `LOOK_ALIKE_WITHIN_MS` apart look alike, a millisecond more is another goal."""
    first = event(clock_s=0)
    assert is_same_goal(first, event(clock_s=LOOK_ALIKE_WITHIN_MS / 1_000))
    assert not is_same_goal(first, event(clock_s=(LOOK_ALIKE_WITHIN_MS + 1) / 1_000))


@pytest.mark.parametrize(
    ("mine", "theirs", "is_alike"),
    [
        (event("goal", team=HOME), event("goal", team=AWAY), False),
        (event("goal", team=HOME), event("own_goal", team=AWAY), True),
        (event("goal", team=HOME), event("own_goal", team=HOME), False),
        (event("own_goal", team=HOME), event("own_goal", team=HOME), True),
        (event("own_goal", team=HOME), event("own_goal", team=AWAY), False),
        (event("goal", team=None), event("goal", team=AWAY), True),
        (event("goal", team=None), event("own_goal", team=None), True),
        (event("goal"), event("penalty"), False),
        (event("save"), event("save"), False),
        (event("goal"), event("goal", period_type="extra_time"), False),
        (event("goal", period_type=None), event("goal", period_type="regular"), True),
    ],
)
def test_goals_look_alike_when_they_count_for_one_side(
    mine: dict[str, Any], theirs: dict[str, Any], *, is_alike: bool
) -> None:
    """It matters for whom a goal counts, not how it was labelled; what is no goal never looks alike."""
    assert is_same_goal(mine, theirs) is is_alike


def test_a_goal_with_nothing_but_its_kind_is_judged() -> None:
    """Fields that nobody wrote count as their defaults; the rule never fails."""
    assert is_same_goal({"kind": "goal"}, {"kind": "goal"})
    assert not is_same_goal({}, {})


def test_the_rules_read_declared_fields() -> None:
    """Each rule's fields exist, and goals are asked about only where neither had seen the other."""
    rules = [(each, rule) for each in CATALOGUE.collections.values() for rule in each.duplicates]
    for collection, rule in rules:
        assert {*rule.by, *rule.reads} <= set(collection.fields), rule.name
    assert [rule.name for _, rule in rules if rule.only_unseen] == ["same_goal"]
    assert SAME_GOAL in CATALOGUE.collections["events"].duplicates


def test_the_old_uniques_are_asked_about() -> None:
    """Team name, season label, a player's name in a team and a match's award category: never a rejection."""
    asked = {rule.name: rule.by for each in CATALOGUE.collections.values() for rule in each.duplicates}
    assert asked["team_name"] == ("name",)
    assert asked["season_label"] == ("label",)
    assert asked["player_in_team"] == ("full_name", "current_team")
    assert asked["match_award_category"] == ("match_id", "category")


def test_players_without_a_team_share_names_in_peace() -> None:
    """As in the old unique, no team equals no other."""
    assert not PLAYER_IN_TEAM.is_alike({"current_team": None}, {"current_team": None})
    assert PLAYER_IN_TEAM.is_alike({"current_team": HOME}, {"current_team": HOME})
