"""Minutes played are exact, whatever the order of arrival."""

from collections.abc import Sequence
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from football.minutes import CROWD_MIN_MS, crowds_of, period_lengths, played_ms_by_player
from tests.football.builders import (
    AWAY,
    HOME,
    MINUTE_S,
    at_ms,
    event,
    facts_of,
    match,
    old_stint,
    pause,
    period,
    stint,
)

FIRST = period(1, 0, 26 * MINUTE_S)
SECOND = period(2, 36 * MINUTE_S, 61 * MINUTE_S)
WHOLE_MS = 51 * 60_000


def minutes(*lineup: dict[str, Any], pauses: Sequence[dict[str, Any]] = ()) -> dict[str, float]:
    """Return the minutes of each player over two halves of 26 and 25 minutes."""
    found = played_ms_by_player(facts_of(periods=[FIRST, SECOND], lineup=lineup, pauses=pauses))
    return {player: ms / 60_000 for player, ms in found.items()}


def test_u16_minutes_always_equal_the_fold_of_the_stints() -> None:
    """Starters, substitutes, one who came back and one who never came on: each minute once."""
    found = minutes(
        stint("Ada"),
        stint("Bea", end=(1, 10)),
        stint("Cleo", (1, 10), (2, 5)),
        stint("Bea", (2, 5)),
        stint("Dora", (2, 25)),
        stint("Eve", (1, 26), (2, 0)),
    )
    assert found == {"Ada": 51, "Bea": 30, "Cleo": 21, "Dora": 0, "Eve": 0}


SWAPS = st.lists(
    st.tuples(
        st.integers(1, 2), st.integers(0, 25 * 60_000), st.integers(0, 10), st.integers(0, 4)
    ),
    max_size=30,
)  # fmt: skip


def rolling(swaps: list[tuple[int, int, int, int]]) -> list[dict[str, Any]]:
    """Return the stints of rolling substitutions with eleven on the pitch and five beside it."""
    on, off = [f"on {n}" for n in range(11)], [f"off {n}" for n in range(5)]
    open_since: dict[str, tuple[int, float]] = dict.fromkeys(on, (1, 0.0))
    closed: list[dict[str, Any]] = []
    for number, clock_ms, leaves, comes in sorted(swaps):
        moment = (number, clock_ms / 60_000)
        closed.append(stint(on[leaves], open_since.pop(on[leaves]), moment))
        open_since[off[comes]] = moment
        on[leaves], off[comes] = off[comes], on[leaves]
    return [*closed, *(stint(player, since) for player, since in open_since.items())]


@given(SWAPS, st.randoms())
def test_u16_rolling_substitutions_lose_no_millisecond(swaps: list[tuple[int, int, int, int]], random: Random) -> None:
    """With always eleven on, the minutes of all add up to eleven times the match, in any order of arrival."""
    stints = rolling(swaps)
    facts = facts_of(periods=[FIRST, SECOND], lineup=random.sample(stints, len(stints)))
    found = played_ms_by_player(facts)
    assert sum(found.values()) == 11 * WHOLE_MS
    assert found == played_ms_by_player(facts_of(periods=[FIRST, SECOND], lineup=stints))
    assert crowds_of(facts) == []


STINTS = st.lists(
    st.tuples(st.integers(0, 25), st.integers(0, 25)).map(lambda edges: (min(edges), max(edges))), max_size=6
)


@given(STINTS)
def test_u16_overlapping_stints_count_once(edges: list[tuple[int, int]]) -> None:
    """Minutes ticked off one by one are the union of one player's stints."""
    found = minutes(*(stint("Ada", (1, start), (1, end)) for start, end in edges))
    assert found.get("Ada", 0) == len({minute for start, end in edges for minute in range(start, end)})


def test_u16_pauses_are_nobodys_minutes() -> None:
    """Five minutes for an injury are taken off everybody who was on."""
    found = minutes(stint("Ada"), stint("Bea", end=(1, 10)), pauses=[pause(1, 1, 900, 1_200)])
    assert found == {"Ada": 46, "Bea": 10}


def test_u16_a_late_edit_of_an_end_moves_those_who_were_on() -> None:
    """The first half is corrected to 24 minutes: who stayed on loses two, who went off at 10 none."""
    lineup = [stint("Ada"), stint("Bea", end=(1, 10)), stint("Cleo", (2, 0))]
    edited = facts_of(periods=[period(1, 0, 24 * MINUTE_S), SECOND], lineup=lineup)
    found = played_ms_by_player(edited)
    assert found == {"Ada": 49 * 60_000, "Bea": 10 * 60_000, "Cleo": 25 * 60_000}


def test_u16_a_forgotten_end_half_counts_its_25_minutes() -> None:
    """Nobody ended the first half: the break is not played, and a substitution in stoppage time shows more."""
    periods = [period(1, 0), SECOND]
    found = played_ms_by_player(facts_of(periods=periods, lineup=[stint("Ada")]))
    assert found == {"Ada": 50 * 60_000}
    lineup = [stint("Ada"), stint("Bea", end=(1, 27))]
    found = played_ms_by_player(facts_of(periods=periods, lineup=lineup))
    assert found == {"Ada": 52 * 60_000, "Bea": 27 * 60_000}


def test_u16_minutes_of_a_live_match_grow_with_the_clock() -> None:
    """During the match the time of day tells how long those on the pitch have played."""
    facts = facts_of(periods=[period(1, 0)], lineup=[stint("Ada"), stint("Bea", end=(1, 2))])
    assert played_ms_by_player(facts, at_ms(300)) == {"Ada": 300_000, "Bea": 120_000}


def test_a_planned_line_up_has_not_played() -> None:
    """Before kick-off nobody has a minute."""
    assert played_ms_by_player(facts_of(lineup=[stint("Ada"), old_stint("Bea", 0, 25)])) == {"Ada": 0, "Bea": 0}


def test_a_shootout_is_nobodys_time() -> None:
    """Extra time counts, the shootout after it does not."""
    extra = [period(1, 4_000, 4_300, "extra_time"), period(1, 4_400, 4_900, "penalty_shootout")]
    facts = facts_of(periods=[FIRST, SECOND, *extra], lineup=[stint("Ada")])
    assert played_ms_by_player(facts) == {"Ada": WHOLE_MS + 300_000}


def test_stints_in_extra_time_name_it() -> None:
    """The first period of extra time is not the first half."""
    facts = facts_of(
        periods=[FIRST, SECOND, period(1, 4_000, 4_300, "extra_time")],
        lineup=[stint("Ada", (1, 2), (1, 4), start_period_type="extra_time", end_period_type="extra_time")],
    )
    assert played_ms_by_player(facts) == {"Ada": 120_000}


def test_old_rows_count_minutes_of_the_whole_match() -> None:
    """Off at minute 25 of 2 x 25: the first half with its stoppage, and nothing of the second."""
    found = minutes(old_stint("Ada", 0, 25), old_stint("Bea", 25), old_stint("Cleo", 0, 30), old_stint("Dora", 0))
    assert found == {"Ada": 26, "Bea": 25, "Cleo": 31, "Dora": 51}


def test_old_matches_are_as_long_as_planned() -> None:
    """Rows of a match that kept no periods count over its planned periods."""
    facts = facts_of(
        match(period_format="quarter"), events=[event()], lineup=[old_stint("Ada", 0), old_stint("Bea", 12.5, 40)]
    )
    assert played_ms_by_player(facts) == {"Ada": 50 * 60_000, "Bea": 27.5 * 60_000}
    assert [length for _, length in period_lengths(facts)] == [750_000] * 4


def test_edges_beyond_the_match_are_cut() -> None:
    """A stint in a period that was never played, or past its end, adds nothing."""
    found = minutes(stint("Ada", (3, 0), (3, 10)), stint("Bea", (1, 0), (1, 99)), stint("Cleo", (2, 9), (1, 1)))
    assert found == {"Ada": 0, "Bea": 26, "Cleo": 0}


def test_too_many_on_the_pitch_are_a_prompt() -> None:
    """Twelve for three minutes over a substitution whose other half is missing: when, how many and who."""
    lineup = [stint(f"on {n:02d}") for n in range(11)] + [stint("late", (1, 20), (1, 23))]
    (crowd,) = crowds_of(facts_of(periods=[FIRST, SECOND], lineup=lineup))
    assert (crowd.period_type, crowd.period_number) == ("regular", 1)
    assert (crowd.from_ms, crowd.to_ms) == (20 * 60_000, 23 * 60_000)
    assert (crowd.players, crowd.team_id) == (12, None)
    assert crowd.player_ids == ("late", *(f"on {n:02d}" for n in range(11)))


def test_one_stretch_is_one_prompt() -> None:
    """While more come on, the prompt is one, with the most that were on at once."""
    lineup = [stint("Ada"), stint("Bea", (1, 5), (1, 9)), stint("Cleo", (1, 7), (1, 12)), stint("Dora", (2, 1))]
    first, second = crowds_of(facts_of(periods=[FIRST, SECOND], lineup=lineup), most=1)
    assert (first.from_ms, first.to_ms, first.players) == (5 * 60_000, 12 * 60_000, 3)
    assert (second.from_ms, second.to_ms, second.players) == (60_000, 25 * 60_000, 2)


def test_one_player_twice_is_one_on_the_pitch() -> None:
    """Two phones logged one player's stint: no crowd."""
    lineup = [stint("Ada"), stint("Ada", (1, 5), (1, 9))]
    assert crowds_of(facts_of(periods=[FIRST], lineup=lineup), most=1) == []


def test_two_taps_for_one_change_are_no_crowd() -> None:
    """Who comes on seconds before the other goes off is not asked about; from the bound on, it is."""
    for off_ms, asked in ((CROWD_MIN_MS - 1, 0), (CROWD_MIN_MS, 1)):
        lineup = [stint("Ada", end=(1, 5 + off_ms / 60_000)), stint("Bea", (1, 5))]
        assert len(crowds_of(facts_of(periods=[FIRST], lineup=lineup), most=1)) == asked


def test_each_team_has_its_own_pitch() -> None:
    """Eleven a side are no 22 of one side."""
    lineup = [stint(f"{team} {n}", team_id=team) for n in range(11) for team in (HOME, AWAY)]
    assert crowds_of(facts_of(periods=[FIRST], lineup=lineup)) == []
    (crowd,) = crowds_of(facts_of(periods=[FIRST], lineup=[*lineup, stint("late", team_id=AWAY)]))
    assert (crowd.team_id, crowd.players) == (AWAY, 12)


@given(STINTS)
def test_a_crowd_is_exactly_where_more_than_the_most_are_on(edges: list[tuple[int, int]]) -> None:
    """Minute by minute, the prompts cover those with more than two on, and no others."""
    lineup = [stint(f"player {n}", (1, start), (1, end)) for n, (start, end) in enumerate(edges)]
    crowds = crowds_of(facts_of(periods=[FIRST], lineup=lineup), most=2)
    prompted = {m for crowd in crowds for m in range(crowd.from_ms // 60_000, crowd.to_ms // 60_000)}
    assert prompted == {m for m in range(26) if sum(start <= m < end for (start, end) in edges) > 2}
