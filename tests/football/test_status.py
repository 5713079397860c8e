"""Where a match stands."""

from typing import Any

import pytest

from football.periods import ABANDONED_MS
from football.status import Status, full_time_ms, status_of
from tests.football.builders import KICKOFF_MS, MINUTE_S, at, at_ms, event, facts_of, match, pause, period

FIRST = period(1, 0, 25 * MINUTE_S)
SECOND = period(2, 35 * MINUTE_S, 60 * MINUTE_S)


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({}, "scheduled"),
        ({"periods": [period(1, None)]}, "scheduled"),
        ({"periods": [period(1, 0)]}, "live"),
        ({"periods": [period(1, 0)], "pauses": [pause(1, 1, 60)]}, "paused"),
        ({"periods": [period(1, 0)], "pauses": [pause(1, 1, 60, 90)]}, "live"),
        ({"periods": [FIRST]}, "half_time"),
        ({"periods": [FIRST], "pauses": [pause(1, 1, 60)]}, "half_time"),
        ({"periods": [FIRST, period(2, 35 * MINUTE_S)]}, "live"),
        ({"periods": [period(1, 0), period(2, 35 * MINUTE_S)]}, "live"),
        ({"periods": [FIRST, SECOND]}, "completed"),
        ({"periods": [SECOND]}, "completed"),
        ({"periods": [FIRST, SECOND, period(1, 4_000, None, "extra_time")]}, "live"),
        ({"periods": [FIRST, SECOND, period(1, 4_000, 4_300, "extra_time")]}, "half_time"),
        ({"periods": [FIRST, SECOND, period(2, 4_000, 4_300, "extra_time")]}, "completed"),
        ({"periods": [FIRST, SECOND, period(1, 4_000, None, "penalty_shootout")]}, "live"),
        ({"periods": [FIRST, SECOND, period(1, 4_000, 4_300, "penalty_shootout")]}, "completed"),
    ],
)
def test_status_follows_the_periods(facts: dict[str, Any], status: str) -> None:
    """Each state of a match of two halves, from its periods and pauses alone."""
    assert status_of(facts_of(**facts)) == status


def test_u1_a_match_played_offline_is_complete_when_it_syncs() -> None:
    """Facts that arrive hours later, all at once, make a complete match, whatever the time."""
    facts = facts_of(periods=[FIRST, SECOND])
    for now_ms in (None, at_ms(60 * MINUTE_S), at_ms(10**7)):
        assert status_of(facts, now_ms) is Status.COMPLETED
    assert full_time_ms(facts) == at_ms(60 * MINUTE_S)


def test_quarters_need_four() -> None:
    """The format says how many periods make a match."""
    quarters = [period(n, n * 900, n * 900 + 750) for n in range(1, 5)]
    fields = match(period_format="quarter")
    assert status_of(facts_of(fields, periods=quarters[:2])) is Status.HALF_TIME
    assert status_of(facts_of(fields, periods=quarters[:3])) is Status.HALF_TIME
    assert status_of(facts_of(fields, periods=quarters)) is Status.COMPLETED


@pytest.mark.parametrize("word", ["cancelled", "postponed"])
def test_called_off_is_the_last_word(word: str) -> None:
    """What people said of a match outranks what was played of it; taken back, the match is on."""
    assert status_of(facts_of(match(called_off=word))) == word
    assert status_of(facts_of(match(called_off=word), periods=[FIRST])) == word
    assert full_time_ms(facts_of(match(called_off=word), periods=[FIRST, SECOND])) is None
    assert status_of(facts_of(match(called_off=None), periods=[FIRST])) is Status.HALF_TIME


def test_full_time_pressed_completes_the_match() -> None:
    """Somebody pressed "full time": no end of a half is needed, nor a half at all (a result by hand)."""
    fields = match(finished_at=at(3_600))
    assert status_of(facts_of(fields)) is Status.COMPLETED
    assert full_time_ms(facts_of(fields)) == at_ms(3_600)
    running = facts_of(fields, periods=[FIRST, period(2, 35 * MINUTE_S)])
    assert status_of(running) is Status.COMPLETED
    assert full_time_ms(running) == at_ms(3_600)


def test_a_period_after_full_time_undoes_it() -> None:
    """Full time was pressed by a slip, or extra time followed: the match goes on."""
    fields = match(finished_at=at(26 * MINUTE_S))
    assert status_of(facts_of(fields, periods=[FIRST])) is Status.COMPLETED
    assert status_of(facts_of(fields, periods=[FIRST, period(2, 35 * MINUTE_S)])) is Status.LIVE
    assert full_time_ms(facts_of(fields, periods=[FIRST, SECOND])) == at_ms(60 * MINUTE_S)


def test_u16_a_forgotten_end_does_not_stay_live() -> None:
    """Nobody ended the last half: live for an hour, then complete, with full time where the half ended."""
    facts = facts_of(periods=[FIRST, period(2, 35 * MINUTE_S)])
    assert status_of(facts, at_ms(95 * MINUTE_S)) is Status.LIVE
    assert status_of(facts, at_ms(95 * MINUTE_S) + 1) is Status.COMPLETED
    assert full_time_ms(facts, at_ms(200 * MINUTE_S)) == at_ms(60 * MINUTE_S)
    assert full_time_ms(facts, at_ms(50 * MINUTE_S)) is None


def test_nobody_waits_at_half_time_for_ever() -> None:
    """A match that nobody went on with is over twelve hours later."""
    facts = facts_of(periods=[FIRST])
    assert status_of(facts, KICKOFF_MS + ABANDONED_MS) is Status.HALF_TIME
    assert status_of(facts, KICKOFF_MS + ABANDONED_MS + 1) is Status.COMPLETED


def test_old_matches_without_periods_are_complete() -> None:
    """The club's old rows have events and no periods: complete, unless the planned end is not an hour ago."""
    facts = facts_of(events=[event()])
    assert status_of(facts) is Status.COMPLETED
    assert full_time_ms(facts) == at_ms(50 * MINUTE_S)
    assert status_of(facts, at_ms(110 * MINUTE_S)) is Status.LIVE
    assert status_of(facts, at_ms(110 * MINUTE_S) + 1) is Status.COMPLETED
