"""Football's folds in JavaScript answer what those in Python do, whatever was recorded and whatever the time."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from football import vocabulary
from football.clock import format_minute, in_order
from football.collections import CATALOGUE
from football.facts import MatchFacts, View, gather
from football.live import changes_at_ms, clock_of, on_pitch
from football.periods import periods_of
from football.recording import as_view, record, recorded_id
from football.scoreboard import score_of
from football.status import full_time_ms, status_of
from football.timeline import timeline_of
from tests.football.builders import KICKOFF_MS, MATCH, at_ms, real_match
from tests.football.matches import matches
from tests.football.test_facts import views
from tests.web.folding import Call, Folds, folding, key_told, plain, whole

REAL_VIEW: Final = as_view(record(real_match(), seed="test", kickoff_ms=KICKOFF_MS))
REAL: Final = recorded_id("test", "match")
HALF_TIME_MS: Final = KICKOFF_MS + 55 * 60_000
MUCH_LATER_MS: Final = KICKOFF_MS + 10**9

VIEWS: Final = st.integers(0, 9).flatmap(lambda n: views() if n == 0 else matches())
"""Mostly what clubs record; now and then whatever the catalogue accepts, which takes long to draw."""
NOWS: Final = st.tuples(st.integers(0, 4_000), st.integers(4_000, 90_000)).map(lambda found: [*map(at_ms, found)])

Expected = tuple[Call, object]

a_while = settings(max_examples=200, deadline=None)


@pytest.fixture(scope="module")
def folds() -> Iterator[Folds]:
    """Give the client's folds; one process answers for all examples."""
    with folding() as found:
        yield found


def shown(facts: MatchFacts, now_ms: int | None) -> list[Expected]:
    """Return what Python shows of a match at a moment, by the call that asks the client for it."""
    return [
        (("periods", "periodsOf", "facts", now_ms), periods_of(facts, now_ms)),
        (("status", "statusOf", "facts", now_ms), status_of(facts, now_ms)),
        (("status", "fullTimeMs", "facts", now_ms), full_time_ms(facts, now_ms)),
        (("timeline", "timelineOf", "facts", now_ms), timeline_of(facts, now_ms)),
    ]


def live(facts: MatchFacts, now_ms: int) -> list[Expected]:
    """Return what Python shows of a match while it goes on."""
    return [
        (("live", "clockOf", "facts", now_ms), clock_of(facts, now_ms)),
        (("live", "changesAtMs", "facts", now_ms), changes_at_ms(facts, now_ms)),
    ]


@given(view=VIEWS, nows=NOWS)
@a_while
def test_what_a_screen_shows_of_a_match(folds: Folds, view: View, nows: list[int]) -> None:
    """Periods, status, score, clock, who is on, timeline, at any time and without one."""
    facts = gather(view, MATCH)
    expected: list[Expected] = [
        (("scoreboard", "scoreOf", "facts"), score_of(facts)),
        (("live", "onPitch", "facts"), on_pitch(facts)),
        *shown(facts, None),
    ]
    for now_ms in nows:
        expected += [*shown(facts, now_ms), *live(facts, now_ms)]
    folds.agree(view, MATCH, expected)


@given(view=VIEWS)
@a_while
def test_facts_are_gathered_alike(folds: Folds, view: View) -> None:
    """One match alone, or all in one pass: the same records with the same defaults, in the order of ids."""
    told = folds.ask(view, MATCH, [])
    assert told["facts"] == told["all"] == msgspec.json.decode(msgspec.json.encode(gather(view, MATCH)))


def test_there_are_no_facts_of_a_match_that_is_not_there(folds: Folds) -> None:
    """Undefined, which JSON leaves out."""
    assert folds.ask(REAL_VIEW, "gone", [])["answers"] == []
    assert "facts" not in folds.ask(REAL_VIEW, "gone", [])


@given(facts=matches().map(lambda view: gather(view, MATCH)), clock_ms=st.integers(0, 10**8))
@a_while
def test_events_are_in_one_order_and_minutes_are_written_alike(folds: Folds, facts: MatchFacts, clock_ms: int) -> None:
    """By period, played time and id; `45+2'`, `ET1 3'`, `pens`."""
    view = {"matches": {MATCH: facts.match}, "events": {each["id"]: each for each in facts.events}}
    expected: dict[int, Any] = {}
    calls: list[Call] = [("clock", "inOrder", facts.events)]
    for period in periods_of(facts):
        expected[len(calls)] = format_minute(facts.match, period.key, clock_ms)
        calls.append(("clock", "formatMinute", facts.match, key_told(period.key), clock_ms))
    answers = folds.ask(view, MATCH, calls)["answers"]
    assert answers[0] == in_order(facts.events)
    assert {place: answers[place] for place in expected} == expected


def test_word_lists_and_defaults_are_the_same(folds: Folds) -> None:
    """What the vocabulary and the catalogue say, the client says."""
    words = ["EVENT_KINDS", "PERIOD_TYPES", "PERIODS_BY_FORMAT", "CALLED_OFF", "SIDES", "AGE_GROUPS", "POSITIONS"]
    words += ["FORMATS", "FORMATION_MAX"]
    told = folds.ask({}, None, [("vocabulary", each) for each in (*words, "SCORING_KINDS")])["answers"]
    assert told[:-1] == [plain(getattr(vocabulary, each)) for each in words]
    assert set(told[-1]) == vocabulary.SCORING_KINDS
    defaults = {
        name: {field: spec.default for field, spec in found.fields.items()}
        for name, found in CATALOGUE.collections.items()
    }
    assert folds.ask({}, None, [("collections", "DEFAULTS")])["answers"] == [defaults]


@pytest.mark.parametrize("now_ms", [None, HALF_TIME_MS, MUCH_LATER_MS])
def test_u15_the_real_match_is_shown_alike(folds: Folds, now_ms: int | None) -> None:
    """2-2, with the timeline of the day."""
    facts = gather(REAL_VIEW, REAL)
    folds.agree(REAL_VIEW, REAL, shown(facts, now_ms))
    (score,) = folds.ask(REAL_VIEW, REAL, [("scoreboard", "scoreOf", "facts")])["answers"]
    assert (score["home"], score["away"]) == (2, 2)
    assert whole(score) == plain(score_of(facts))
