"""Buttons: which edge a press writes, that two thumbs press one edge, and what cannot be."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from football import presses
from football.clock import PeriodKey, period_key
from football.facts import MatchFacts
from football.ids import pause_id, period_id
from football.presses import Edge
from sync.collections import Problem, instant_ms
from tests.football.builders import MATCH, at, at_ms, facts_of, match, pause, period

FIRST = period_key("regular", 1)
SECOND = period_key("regular", 2)
HALF = period_id(MATCH, "regular", 1)
Rule = Callable[[MatchFacts, PeriodKey, int], Edge | Problem]


def edge(found: Edge | Problem) -> Edge:
    """Return an edge, and fail with the sentence of a problem."""
    assert isinstance(found, Edge), found
    return found


def problem(found: Edge | Problem) -> str:
    """Return the sentence of a problem."""
    assert isinstance(found, Problem), found
    assert (found.code, found.field) == ("wrong_order", "at")
    return found.sentence


def test_a_start_creates_the_period_under_its_id() -> None:
    """The record follows from match, type and number, so two phones write one."""
    found = edge(presses.start(facts_of(), FIRST, at_ms(0)))
    assert (found.collection, found.record, found.field) == ("match_periods", HALF, "started_at")
    assert found.written == {"match_id": MATCH, "type": "regular", "number": 1, "started_at": at(0)}


@given(st.integers(-3_600_000, 3_600_000))
def test_u7_a_second_start_is_the_same_edge(apart_ms: int) -> None:
    """U7: whenever the second thumb comes, it presses the same field of the same record."""
    one = edge(presses.start(facts_of(), FIRST, at_ms(0)))
    two = edge(presses.start(facts_of(periods=[period(1, 0)]), FIRST, at_ms(0) + apart_ms))
    assert (two.collection, two.record, two.field) == (one.collection, one.record, one.field)


@given(st.integers(0, 600_000), st.integers(-presses.PRESSED_TOGETHER_MS, 600_000))
def test_u7_a_pause_that_lasts_is_the_pause(began_ms: int, apart_ms: int) -> None:
    """U7: while the clock stands, pressing pause is about that pause, however late or early the other phone says."""
    lasting = pause(1, 1, began_ms / 1_000)
    pressed_ms = max(at_ms(0), at_ms(0) + began_ms + apart_ms)
    found = edge(presses.pause(facts_of(periods=[period(1, 0)], pauses=[lasting]), FIRST, pressed_ms))
    assert (found.record, found.field, instant_ms(found.at)) == (pause_id(HALF, 1), "started_at", pressed_ms)


def test_u7_resume_twice_is_one_edge_and_later_it_is_a_mistake() -> None:
    """U7: within half a minute the other thumb means the same; after that the clock is running, and it says so."""
    facts = facts_of(periods=[period(1, 0)], pauses=[pause(1, 1, 60, 120)])
    for seconds in (61, 119, 121, 150):
        found = edge(presses.resume(facts, FIRST, at_ms(seconds)))
        assert (found.record, found.field) == (pause_id(HALF, 1), "ended_at")
    assert "is running" in problem(presses.resume(facts, FIRST, at_ms(151)))
    assert "is running" in problem(presses.resume(facts, FIRST, at_ms(59)))


def test_the_next_pause_has_the_next_ordinal() -> None:
    """Ordinals count on from the greatest that is known."""
    pauses = [pause(1, 1, 60, 120), pause(1, 3, 200, 210)]
    found = edge(presses.pause(facts_of(periods=[period(1, 0)], pauses=pauses), FIRST, at_ms(400)))
    assert found.written == {"period_id": HALF, "ordinal": 4, "started_at": at(400)}
    assert found.record == pause_id(HALF, 4)


def test_a_press_between_two_pauses_is_the_one_it_falls_into() -> None:
    """A late press that lies within a pause of before is that pause's."""
    pauses = [pause(1, 1, 60, 120), pause(1, 2, 500, 600)]
    facts = facts_of(periods=[period(1, 0)], pauses=pauses)
    assert edge(presses.pause(facts, FIRST, at_ms(90))).record == pause_id(HALF, 1)
    assert edge(presses.pause(facts, FIRST, at_ms(500))).record == pause_id(HALF, 2)
    assert edge(presses.resume(facts, FIRST, at_ms(90))).record == pause_id(HALF, 1)


@pytest.mark.parametrize(
    ("rule", "facts", "key", "seconds", "words"),
    [
        (presses.end, facts_of(), FIRST, 0, "has not begun"),
        (presses.end, facts_of(periods=[period(1, None, 60)]), FIRST, 0, "has not begun"),
        (presses.end, facts_of(periods=[period(1, 10)]), FIRST, 9, "began after that"),
        (presses.end, facts_of(periods=[period(1, 0), period(2, 60)]), FIRST, 61, "A later period began"),
        (presses.pause, facts_of(periods=[period(1, 0, 60)]), FIRST, 61, "has ended before that"),
        (presses.resume, facts_of(periods=[period(1, 0)]), FIRST, 5, "Pause it first"),
        (presses.start, facts_of(periods=[period(1, 0, 60)]), FIRST, 61, "has ended before that"),
        (presses.start, facts_of(periods=[period(2, 10)]), FIRST, 11, "Period 2 began before"),
        (presses.start, facts_of(periods=[period(1, 10)]), SECOND, 9, "Period 1 began after"),
        (presses.start, facts_of(periods=[period(1, 9, None, "extra_time")]), SECOND, 9, "(extra time) began before"),
    ],
    ids=[
        "end nothing",
        "end without a start",
        "end too early",
        "end too late",
        "pause after the end",
        "resume without a pause",
        "start after the end",
        "start after the next",
        "start before the last",
        "start after extra time",
    ],
)
def test_what_cannot_be(rule: Rule, facts: MatchFacts, key: PeriodKey, seconds: int, words: str) -> None:
    """The sentence says which order is wrong, and what to do."""
    assert words in problem(rule(facts, key, at_ms(seconds)))


def test_full_time() -> None:
    """It comes after the last start; one that a later period undid is pressed anew."""
    played = [period(1, 0, 60), period(2, 70)]
    found = edge(presses.finish(facts_of(periods=played), at_ms(200)))
    assert (found.collection, found.record, found.field) == ("matches", MATCH, "finished_at")
    assert not found.overrules
    assert "after the last period" in problem(presses.finish(facts_of(periods=played), at_ms(69)))
    finished = match(finished_at=at(65))
    assert edge(presses.finish(facts_of(finished, periods=played), at_ms(200))).overrules
    assert not edge(presses.finish(facts_of(match(finished_at=at(90)), periods=played), at_ms(200))).overrules


def test_two_records_of_one_period() -> None:
    """Where a client made an id of its own too, the press is on the record under the usual one."""
    facts = facts_of(periods=[period(1, 0)])
    own = {**facts.periods[0], "id": "00000000-0000-4000-8000-000000000001"}
    both = MatchFacts(match=facts.match, periods=(own, *facts.periods))
    assert edge(presses.end(both, FIRST, at_ms(9))).record == HALF
    alone = MatchFacts(match=facts.match, periods=(own,))
    assert edge(presses.end(alone, FIRST, at_ms(9))).record == own["id"]
