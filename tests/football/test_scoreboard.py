"""The score always equals the fold of the goals that stand."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from football.facts import gather
from football.scoreboard import Score, Side, our_side, our_team_id, score_of, scoring_side
from football.vocabulary import EVENT_KINDS, PERIOD_TYPES
from tests.football.builders import AWAY, HOME, MATCH, event, facts_of, match

EVENTS = st.dictionaries(
    st.uuids().map(str),
    st.builds(
        event,
        st.sampled_from([*EVENT_KINDS, "goal", "own_goal"]),
        st.integers(1, 2),
        st.integers(0, 100),
        st.sampled_from([HOME, AWAY, None, "third"]),
        period_type=st.sampled_from(PERIOD_TYPES),
    ),
    min_size=1,
)


@given(EVENTS, st.randoms())
def test_u15_score_always_equals_the_fold(events: dict[str, dict[str, Any]], random: Random) -> None:
    """Counted goal by goal, the score is what stands on the board, for every order of arrival."""
    shuffled = dict(random.sample(sorted(events.items()), len(events)))
    score = score_of(facts_of(events=shuffled))

    def count(is_shootout: bool, *what: tuple[str, str]) -> int:
        return sum(
            (each["kind"], each["team_id"]) in what and (each["period_type"] == "penalty_shootout") == is_shootout
            for each in events.values()
        )

    assert score.home == count(False, ("goal", HOME), ("own_goal", AWAY))
    assert score.away == count(False, ("goal", AWAY), ("own_goal", HOME))
    assert score.home_shootout == count(True, ("goal", HOME), ("own_goal", AWAY))
    assert score.away_shootout == count(True, ("goal", AWAY), ("own_goal", HOME))
    goals = sum(each["kind"] in {"goal", "own_goal"} for each in events.values())
    assert score.home + score.away + score.home_shootout + score.away_shootout + score.unassigned == goals
    assert not score.is_by_hand


@given(EVENTS, st.data())
def test_u15_a_deleted_goal_is_gone_from_the_score(events: dict[str, dict[str, Any]], data: st.DataObject) -> None:
    """Deleting one event takes exactly its goal off, and restoring it brings it back."""
    gone = data.draw(st.sampled_from(sorted(events)))
    rest = {key: each for key, each in events.items() if key != gone}
    before = score_of(facts_of(events=events))
    after = score_of(facts_of(events=rest))
    was_goal = events[gone]["kind"] in {"goal", "own_goal"}

    def total(score: Score) -> int:
        return score.home + score.away + score.home_shootout + score.away_shootout + score.unassigned

    assert total(before) - total(after) == was_goal


def test_u15_an_edited_goal_counts_anew() -> None:
    """A goal turned into an own goal, or given to the other team, changes sides."""
    assert score_of(facts_of(events=[event("goal", team=HOME)])).home == 1
    assert score_of(facts_of(events=[event("own_goal", team=HOME)])).away == 1
    assert score_of(facts_of(events=[event("goal", team=AWAY)])).away == 1


@pytest.mark.parametrize("kind", sorted(set(EVENT_KINDS) - {"goal", "own_goal"}))
def test_nothing_else_moves_the_score(kind: str) -> None:
    """A penalty is the award of one, a shot on target no goal: the score stays 0-0."""
    assert score_of(facts_of(events=[event(kind)])) == Score()


def test_a_shootout_counts_apart() -> None:
    """2-2 and 4-3 on penalties is no 6-5."""
    shootout = [event("goal", 1, n, HOME, period_type="penalty_shootout") for n in range(4)]
    shootout += [event("goal", 1, n, AWAY, period_type="penalty_shootout") for n in range(3)]
    score = score_of(facts_of(events=[event("goal", team=HOME), event("goal", team=AWAY), *shootout]))
    assert str(score) == "1-1 (4-3)"


def test_u20_goals_of_nobodys_team_are_kept_and_shown() -> None:
    """A goal whose team is missing, or was taken out of the match, is counted for nobody and not lost."""
    score = score_of(facts_of(events=[event(team=None), event(team="gone"), event(team=HOME)]))
    assert (score.home, score.away, score.unassigned) == (1, 0, 2)
    assert score_of(facts_of(match(home_team_id=None), events=[event(team=None)])).unassigned == 1


def test_no_number_of_goals_is_refused() -> None:
    """There is no quota: a hundred goals are a hundred goals."""
    assert score_of(facts_of(events=[event(clock_s=n) for n in range(100)])).home == 100


@pytest.mark.parametrize(("side", "shown"), [("home", "3-1"), ("away", "1-3"), (None, "3-1")])
def test_a_result_by_hand_stands_while_there_are_no_events(side: str | None, shown: str) -> None:
    """`our_score` speaks of our side; the first event of any kind makes the goals the score."""
    fields = match(our_side=side, our_score=3, opponent_score=1)
    score = score_of(facts_of(fields))
    assert (str(score), score.is_by_hand) == (shown, True)
    assert score_of(facts_of(fields, events=[event("tackle")])) == Score()


def test_no_result_at_all_is_no_result_by_hand() -> None:
    """0-0 before a match is nobody's entry."""
    assert score_of(facts_of()) == Score()


def test_ours_is_a_side_and_a_team() -> None:
    """`our_side` names it, home where it names none."""
    home, away = facts_of().match, facts_of(match(our_side="away")).match
    assert (our_side(home), our_team_id(home)) == (Side.HOME, HOME)
    assert (our_side(away), our_team_id(away)) == (Side.AWAY, AWAY)
    score = Score(home=2, away=5)
    assert [score.of(side) for side in (our_side(away), our_side(away).other)] == [5, 2]


def test_the_scoring_side_of_an_own_goal_is_the_other() -> None:
    """An own goal names the team that conceded it."""
    fields = facts_of().match
    assert scoring_side(fields, event("own_goal", team=HOME)) is Side.AWAY
    assert scoring_side(fields, event("own_goal", team=None)) is None


def test_facts_of_other_matches_do_not_count() -> None:
    """A view holds a season; gathering takes one match, with defaults for what nobody wrote."""
    view: dict[str, dict[str, dict[str, Any]]] = {
        "matches": {MATCH: match(), "other": match()},
        "events": {"a": {"match_id": MATCH, "kind": "goal", "team_id": HOME}, "b": {**event(), "match_id": "other"}},
        "event_participants": {
            "c": {"event_id": "a", "player_id": "Ada", "kind": "assist"},
            "d": {"event_id": "b", "player_id": "Bea", "kind": "assist"},
        },
        "conflicts": {"e": {}},
    }  # fmt: skip
    facts = gather(view, MATCH)
    assert [each["id"] for each in facts.events] == ["a"]
    assert [each["id"] for each in facts.participants] == ["c"]
    assert facts.events[0]["clock_ms"] == 0
    assert str(score_of(facts)) == "1-0"
    with pytest.raises(KeyError):
        gather(view, "unknown")
