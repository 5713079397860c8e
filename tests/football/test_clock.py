"""The order of a match and how its times are shown."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from football.clock import event_key, format_clock, format_minute, in_order, nominal_ms, period_key
from football.vocabulary import PERIOD_TYPES
from tests.football.builders import event, facts_of, match

HALVES = facts_of(match(duration_mins=90)).match
QUARTERS = facts_of(match(period_format="quarter")).match

EVENTS = st.lists(
    st.builds(
        event,
        st.just("tackle"),
        st.integers(0, 3),
        st.integers(0, 100),
        period_type=st.sampled_from(PERIOD_TYPES),
        id=st.uuids().map(str),
    ),
    unique_by=lambda each: each["id"],
)


@given(EVENTS, st.randoms())
def test_the_order_is_total_and_stable(events: list[dict[str, Any]], random: Random) -> None:
    """Every order of arrival gives one order of the match: no two events tie."""
    shuffled = random.sample(events, len(events))
    assert in_order(shuffled) == in_order(events)
    assert len({event_key(each) for each in events}) == len(events)


@given(st.integers(0, 10**8), st.integers(0, 10**8))
def test_first_half_stoppage_never_overlaps_the_second_half(first_ms: int, second_ms: int) -> None:
    """However long the first half ran, what happened in it comes before the second, and shows so."""
    first = event(number=1, clock_s=first_ms / 1_000, id="b", period_type="regular")
    second = event(number=2, clock_s=second_ms / 1_000, id="a", period_type=None)
    assert in_order([second, first]) == [first, second]
    shown = [format_minute(HALVES, period_key("regular", n), ms) for n, ms in ((1, first_ms), (2, second_ms))]
    assert int(shown[0].split("+")[0].strip("'")) <= 45 < int(shown[1].split("+")[0].strip("'"))


def test_types_go_in_the_order_of_play() -> None:
    """Regular time, extra time, shootout: their rank decides, not the alphabet."""
    keys = [period_key(name, 1) for name in ("penalty_shootout", "extra_time", "regular")]
    assert sorted(keys) == keys[::-1]
    assert [key.type for key in sorted(keys)] == list(PERIOD_TYPES)


def test_what_is_not_known_comes_first() -> None:
    """An event without a period is kept, before all others."""
    assert period_key(None, None) == period_key("regular", 0) < period_key("regular", 1)


@pytest.mark.parametrize(
    ("number", "clock_ms", "shown"),
    [
        (1, 0, "1'"),
        (1, 59_999, "1'"),
        (1, 60_000, "2'"),
        (1, 18 * 60_000 + 21_121, "19'"),
        (1, 45 * 60_000 - 1, "45'"),
        (1, 45 * 60_000, "45+1'"),
        (1, 46 * 60_000 + 30_000, "45+2'"),
        (2, 0, "46'"),
        (2, 45 * 60_000 + 1, "90+1'"),
        (0, 0, "1'"),
    ],
)
def test_minutes_of_halves(number: int, clock_ms: int, shown: str) -> None:
    """Minutes count from 1, and stoppages from the last minute of the half."""
    assert format_minute(HALVES, period_key("regular", number), clock_ms) == shown


@pytest.mark.parametrize(
    ("number", "clock_ms", "shown"),
    [(1, 750_000 - 1, "13'"), (1, 750_000, "13+1'"), (2, 0, "13'"), (2, 30_000, "14'"), (4, 749_999, "50'")],
)
def test_minutes_of_quarters(number: int, clock_ms: int, shown: str) -> None:
    """Four quarters of 12.5 minutes count through to 50."""
    assert format_minute(QUARTERS, period_key("regular", number), clock_ms) == shown


def test_minutes_of_extra_time_and_shootout() -> None:
    """Extra time, agreed on the day, counts in its own period; a shootout has no minutes."""
    assert format_minute(HALVES, period_key("extra_time", 2), 150_000) == "ET2 3'"
    assert format_minute(HALVES, period_key("penalty_shootout", 1), 150_000) == "pens"


@pytest.mark.parametrize(
    ("clock_ms", "shown"), [(0, "00:00"), (754_999, "12:34"), (6_000_000, "100:00"), (999, "00:00")]
)
def test_clocks(clock_ms: int, shown: str) -> None:
    """A clock shows whole minutes and seconds that have passed."""
    assert format_clock(clock_ms) == shown


def test_nominal_lengths() -> None:
    """Regular time is shared by the format's periods; a shootout has no length."""
    assert nominal_ms(HALVES) == 45 * 60_000
    assert nominal_ms(QUARTERS) == 750_000
    assert nominal_ms(HALVES, "extra_time") == 15 * 60_000
    assert nominal_ms(HALVES, "penalty_shootout") == 0
