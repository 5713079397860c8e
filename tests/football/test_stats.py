"""Statistics are sums of the folds of matches, whatever the order of matches and of arrival."""

from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from football.facts import MatchFacts, gather
from football.minutes import played_ms_by_player
from football.recording import as_view, record, recorded_id
from football.scoreboard import Side, score_of, scoring_side
from football.stats import (
    Result,
    Tally,
    match_ms,
    players_of_team,
    result_of,
    sum_tallies,
    tallies,
    team_record,
    top_scorers,
)
from football.vocabulary import PENALTY_SHOOTOUT
from tests.football.builders import (
    AWAY,
    HOME,
    KICKOFF_MS,
    MATCH,
    MINUTE_S,
    event,
    facts_of,
    match,
    old_stint,
    period,
    real_match,
    stint,
)

PLAYED = [period(1, 0, 25 * MINUTE_S), period(2, 35 * MINUTE_S, 60 * MINUTE_S)]
PLAYERS = ("Ada", "Bea", "Cleo", None)
KINDS = ("goal", "own_goal", "yellow_card", "save", "foul", "substitution")

EVENTS = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.integers(1, 2),
        st.integers(0, 1_500),
        st.sampled_from((HOME, AWAY)),
        st.sampled_from(PLAYERS),
        st.sampled_from(("regular", "extra_time", "penalty_shootout")),
    ),
    max_size=25,
)


def goals_of(facts: MatchFacts, side: Side) -> int:
    """Return the goals that events count for a side, without the shootout; an own goal is the other side's."""
    own = (event for event in facts.events if event["period_type"] != PENALTY_SHOOTOUT)
    return sum(event["kind"] in {"goal", "own_goal"} and scoring_side(facts.match, event) is side for event in own)


def made(rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    """Return events of generated rows."""
    return [
        event(kind, number, clock_s, team, player_id=player, period_type=period_type)
        for kind, number, clock_s, team, player, period_type in rows
    ]


def real() -> MatchFacts:
    """Return the real match."""
    return gather(as_view(record(real_match(), seed="a", kickoff_ms=KICKOFF_MS)), recorded_id("a", "match"))


@given(EVENTS)
def test_u15_a_season_s_goals_are_the_sum_of_its_scores(rows: list[tuple[Any, ...]]) -> None:
    """U15: for both teams, over matches with own goals and shootouts: goals for and against equal the scores."""
    facts = facts_of(periods=PLAYED, events=made(rows))
    for side, team in ((Side.HOME, HOME), (Side.AWAY, AWAY)):
        result = result_of(facts, team)
        assert result is not None
        assert (result.goals_for, result.goals_against) == (score_of(facts).of(side), score_of(facts).of(side.other))
        assert goals_of(facts, side) == (score_of(facts).of(side) if facts.events else 0)
    both = team_record(result for team in (HOME, AWAY) if (result := result_of(facts, team)) is not None)
    assert (both.goals_for, both.won, both.played) == (both.goals_against, both.lost, 2)


@given(EVENTS)
def test_players_goals_and_own_goals_are_those_of_the_score(rows: list[tuple[Any, ...]]) -> None:
    """Every goal of the score that names its player is in exactly one player's tally, and no shootout's is."""
    named = [row for row in rows if row[4] is not None]
    facts = facts_of(periods=PLAYED, events=made(named))
    total = sum(tallies(facts).values(), Tally())
    score = score_of(facts)
    assert total.goals + total.own_goals == (score.home + score.away if facts.events else 0)


@given(EVENTS, st.randoms())
def test_the_order_of_arrival_does_not_matter(rows: list[tuple[Any, ...]], random: Random) -> None:
    """The same facts in another order make the same tallies."""
    events = {f"{n:04d}": each for n, each in enumerate(made(rows))}
    shuffled = dict(random.sample(list(events.items()), len(events)))
    assert tallies(facts_of(periods=PLAYED, events=events)) == tallies(facts_of(periods=PLAYED, events=shuffled))


STINTS = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 25), st.integers(0, 25)).map(
        lambda each: (each[0], min(each[1:]), max(each[1:]))
    ),
    max_size=15,
)


@given(STINTS)
def test_u16_players_minutes_are_the_time_of_players_on_the_pitch(rows: list[tuple[int, int, int]]) -> None:
    """U16: the minutes of a side add up to the sum over time of how many were on."""
    lineup = [stint(f"player {player}", (1, start), (1, end)) for player, start, end in rows]
    facts = facts_of(periods=PLAYED, lineup=lineup)
    total_ms = sum(tally.played_ms for tally in tallies(facts).values())
    edges = sorted({0, 25, *(edge for _, *pair in rows for edge in pair)})
    on_ms = sum(
        60_000 * (end - start) * len({player for player, since, until in rows if since <= start and end <= until})
        for start, end in pairwise(edges)
    )
    assert total_ms == on_ms
    assert total_ms <= 6 * match_ms(facts)


RESULTS = st.lists(
    st.builds(
        Result,
        match_id=st.uuids().map(str),
        kickoff_ts=st.sampled_from([f"2026-09-{day:02d}T10:00:00.000Z" for day in range(1, 9)]),
        side=st.sampled_from(list(Side)),
        goals_for=st.integers(0, 5),
        goals_against=st.integers(0, 5),
    ),
    max_size=12,
)


@given(RESULTS, st.randoms())
def test_a_record_adds_up(results: list[Result], random: Random) -> None:
    """Won, drawn and lost are all that was played, in any order of matches; the form is the newest."""
    found = team_record(results)
    assert found == team_record(random.sample(results, len(results)))
    assert found.won + found.drawn + found.lost == found.played == len(results)
    assert found.goals_for - found.goals_against == sum(each.goals_for - each.goals_against for each in results)
    assert len(found.form) == min(5, len(results))
    assert found.clean_sheets == sum(each.goals_against == 0 for each in results)


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.builds(Tally, goals=st.integers(0, 9))), max_size=5))
def test_sums_of_parts_are_the_sum(parts: list[dict[str, Tally]]) -> None:
    """A season read in parts is the season read at once."""
    step: dict[str, Tally] = {}
    for part in parts:
        step = sum_tallies([step, part])
    assert step == sum_tallies(parts)


def test_appearances_and_starts() -> None:
    """Starters, one who came on, one who stayed on the bench, one known only by their goal."""
    lineup = [
        stint("starter"),
        stint("sub", (1, 10)),
        stint("bench", (2, 25)),
        old_stint("old row", 0, 25),
        stint("late starter", (2, 0)),
    ]
    facts = facts_of(periods=PLAYED, lineup=lineup, events=[event(player_id="scorer")])
    found = {name: (tally.appearances, tally.starts) for name, tally in tallies(facts).items()}
    assert found == {
        "starter": (1, 1),
        "sub": (1, 0),
        "bench": (0, 0),
        "old row": (1, 1),
        "late starter": (1, 0),
        "scorer": (1, 0),
    }


def test_a_line_up_that_never_played_counts_for_nobody() -> None:
    """Before kick-off nobody has appeared or started."""
    found = tallies(facts_of(lineup=[stint("Ada"), old_stint("Bea", 0)]))
    assert found == {"Ada": Tally(), "Bea": Tally()}


def test_assists_count_once() -> None:
    """An assist that is an event and also the goal's participant is one; each alone is one too."""
    view = {
        "matches": {MATCH: match()},
        "events": {
            "a": event("assist", clock_s=9, player_id="Ada"),
            "b": event("goal", clock_s=10, player_id="Bea"),
            "c": event("assist", clock_s=99, player_id="Cleo"),
            "d": event("goal", clock_s=200, player_id="Bea"),
            "e": event("assist", clock_s=300),
        },
        "event_participants": {
            "p": {"event_id": "b", "player_id": "Ada", "kind": "assist"},
            "q": {"event_id": "d", "player_id": "Dora", "kind": "assist"},
        },
    }
    found = tallies(gather(view, MATCH))
    assert {name: tally.assists for name, tally in found.items()} == {"Ada": 1, "Bea": 0, "Cleo": 1, "Dora": 1}


def test_what_is_no_result() -> None:
    """A match that goes on, one that was called off, and one of other teams give none; one by hand does."""
    assert result_of(facts_of(periods=[period(1, 0)]), HOME) is None
    assert result_of(facts_of(match(called_off="cancelled"), periods=PLAYED), HOME) is None
    assert result_of(facts_of(periods=PLAYED), "somebody else") is None
    by_hand = result_of(facts_of(match(our_score=3, opponent_score=1), periods=PLAYED), AWAY)
    assert by_hand is not None
    assert (by_hand.goals_for, by_hand.goals_against, by_hand.letter) == (1, 3, "L")


@pytest.mark.parametrize(("ours", "theirs", "letter"), [(4, 3, "W"), (3, 4, "L"), (0, 0, "D")], ids=str)
def test_a_shootout_decides_what_was_level(ours: int, theirs: int, letter: str) -> None:
    """Level after extra time, the shootout says who won; its goals are in no sum."""
    kicks = [event("goal", 1, n, HOME, period_type="penalty_shootout") for n in range(ours)]
    kicks += [event("goal", 1, n, AWAY, period_type="penalty_shootout") for n in range(theirs)]
    result = result_of(facts_of(periods=PLAYED, events=kicks or [event("foul")]), HOME)
    assert result is not None
    assert (result.letter, result.goals_for) == (letter, 0)


def test_the_real_match() -> None:
    """2-2: the scorers, the eleven starters of each side, and nobody with more minutes than were played."""
    facts = real()
    found = tallies(facts)
    assert sum(tally.goals for tally in found.values()) == 4
    assert sum(tally.starts for tally in found.values()) == 22
    assert max(tally.played_ms for tally in found.values()) == match_ms(facts)
    assert {player: tally.played_ms for player, tally in found.items() if tally.played_ms} == {
        player: ms for player, ms in played_ms_by_player(facts).items() if ms
    }
    home = str(facts.match["home_team_id"])
    ours = players_of_team(facts, home)
    assert len(ours) == 14
    names = {recorded_id("a", "player", "Barcelona", each["name"]) for each in real_match()["squads"]["Barcelona"]}
    assert ours <= names
    [(first, tally), *_] = top_scorers(found)
    assert tally.goals == 2
    assert first in found


def test_top_scorers_are_ranked() -> None:
    """Goals, then assists, then fewer minutes; who scored nothing is not among them."""
    total = {
        "a": Tally(goals=1),
        "b": Tally(goals=2, played_ms=9),
        "c": Tally(goals=2, played_ms=8),
        "d": Tally(goals=2, assists=1, played_ms=99),
        "e": Tally(assists=9),
    }
    assert [player for player, _ in top_scorers(total)] == ["d", "c", "b", "a"]
    assert [player for player, _ in top_scorers(total, 2)] == ["d", "c"]
