"""The timeline as people read it."""

from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from football.facts import gather
from football.scoreboard import Score, score_of
from football.status import full_time_ms
from football.timeline import CORRECTION_AFTER_MS, TookPart, is_correction, timeline_of
from tests.football.builders import (
    AWAY,
    HOME,
    KICKOFF_MS,
    MATCH,
    MINUTE_S,
    at_ms,
    event,
    facts_of,
    match,
    pause,
    period,
)

FIRST = period(1, 0, 27 * MINUTE_S)
SECOND = period(2, 37 * MINUTE_S, 62 * MINUTE_S)

EVENTS = st.dictionaries(
    st.uuids().map(str),
    st.builds(
        event,
        st.sampled_from(["goal", "own_goal", "tackle"]),
        st.integers(1, 2),
        st.integers(0, 1_500),
        st.sampled_from([HOME, AWAY]),
    ),
    min_size=1,
)


def test_a_timeline_reads_in_the_order_of_play() -> None:
    """Starts, events and ends, with stoppage time before the second half, and the score after each."""
    events = [
        event("goal", 2, 0, AWAY),
        event("own_goal", 1, 26 * MINUTE_S, HOME),
        event("goal", 1, 61, HOME, player_id="Ada"),
    ]
    entries = timeline_of(facts_of(periods=[FIRST, SECOND], events=events))
    assert [(each.kind, each.minute, each.clock, str(each.score)) for each in entries] == [
        ("period_start", "1'", "00:00", "0-0"),
        ("goal", "2'", "01:01", "1-0"),
        ("own_goal", "25+2'", "26:00", "1-1"),
        ("period_end", "25+3'", "27:00", "1-1"),
        ("period_start", "26'", "00:00", "1-1"),
        ("goal", "26'", "00:00", "1-2"),
        ("period_end", "50+1'", "25:00", "1-2"),
    ]
    assert entries[1].player_id == "Ada"
    assert entries[1].side == "home"


@given(EVENTS, st.randoms())
def test_u15_the_last_score_is_the_score(events: dict[str, dict[str, Any]], random: Random) -> None:
    """The running score ends at the fold, and the timeline is one for every order of arrival."""
    shuffled = dict(random.sample(sorted(events.items()), len(events)))
    facts = facts_of(periods=[FIRST, SECOND], events=shuffled)
    entries = timeline_of(facts)
    assert entries == timeline_of(facts_of(periods=[FIRST, SECOND], events=events))
    assert entries[-1].score == score_of(facts)
    assert {each.id for each in entries} >= set(events)


def test_a_running_period_has_no_end() -> None:
    """Live, the last entry is what happened last."""
    entries = timeline_of(facts_of(periods=[period(1, 0)], events=[event(clock_s=5)]))
    assert [each.kind for each in entries] == ["period_start", "goal"]


def test_times_of_happening_count_the_pauses() -> None:
    """A goal at 10:00 played, after a pause of five minutes, happened 15 minutes after the start."""
    facts = facts_of(periods=[FIRST], pauses=[pause(1, 1, 300, 600)], events=[event(clock_s=600), event(number=9)])
    happened = {each.kind + str(each.period_number): each.happened_ms for each in timeline_of(facts)}
    assert happened["goal1"] == at_ms(900)
    assert happened["goal9"] is None
    assert happened["period_end1"] == at_ms(27 * MINUTE_S)


def test_a_timeline_names_who_else_took_part() -> None:
    """The assist of a goal and the player coming on stand with their event."""
    view = {
        "matches": {MATCH: match()},
        "events": {"goal": event(), "change": event("substitution", player_id="Ada")},
        "event_participants": {
            "1": {"event_id": "goal", "player_id": "Bea", "kind": "assist"},
            "2": {"event_id": "change", "player_id": "Cleo", "kind": "substitution"},
            "3": {"event_id": "deleted", "player_id": "Dora", "kind": "assist"},
        },
    }
    entries = {each.id: each for each in timeline_of(gather(view, MATCH))}
    assert entries["goal"].participants == (TookPart("assist", "Bea"),)
    assert entries["change"].participants == (TookPart("substitution", "Cleo"),)
    assert set(entries) == {"goal", "change"}


def test_a_match_without_anything_has_no_entries() -> None:
    """Nothing recorded, nothing shown; a result by hand has no story."""
    assert timeline_of(facts_of(match(our_score=3))) == []


def test_u13_a_late_sync_after_full_time_is_a_correction() -> None:
    """The same goal is news while it is fresh, and a correction an hour later or once the match is over."""
    facts = facts_of(periods=[FIRST, SECOND], events=[event(number=2, clock_s=1_490)])
    goal = next(each for each in timeline_of(facts) if each.kind == "goal")
    full_time = full_time_ms(facts)
    assert goal.happened_ms is not None
    assert full_time is not None
    assert not is_correction(goal.happened_ms, goal.happened_ms + 5_000, full_time)
    assert is_correction(goal.happened_ms, full_time + 1, full_time)
    assert is_correction(goal.happened_ms, goal.happened_ms + 3_600_000, None)


def test_u13_the_minute_of_grace_ends_where_it_says() -> None:
    """60 s after it happened is news, a millisecond more a correction; unknown times only after full time."""
    assert not is_correction(KICKOFF_MS, KICKOFF_MS + CORRECTION_AFTER_MS, None)
    assert is_correction(KICKOFF_MS, KICKOFF_MS + CORRECTION_AFTER_MS + 1, None)
    assert not is_correction(None, KICKOFF_MS, None)
    assert is_correction(None, KICKOFF_MS + 1, KICKOFF_MS)


def test_a_score_starts_at_nothing() -> None:
    """The first whistle is 0-0."""
    (start,) = timeline_of(facts_of(periods=[period(1, 0)]))
    assert start.score == Score()
