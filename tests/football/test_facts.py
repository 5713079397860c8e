"""The folds hold for whatever the catalogue accepts: wrong clocks, hostile clients, slips."""

from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from football.collections import CATALOGUE
from football.facts import View, gather
from football.minutes import crowds_of, period_lengths, played_ms_by_player
from football.periods import believed_ms, periods_of
from football.scoreboard import score_of
from football.status import full_time_ms, status_of
from football.timeline import timeline_of
from sync.collections import Field, Type, format_instant, parse
from tests.football.builders import KICKOFF_MS, MATCH

PLAYERS = ["Ada", "Bea", "Cleo"]
DAY_MS = 86_400_000


def values_of(spec: Field) -> st.SearchStrategy[Any]:
    """Return what a field may hold, with instants and numbers that crowd around one match."""
    if spec.choices is not None:
        found: st.SearchStrategy[Any] = st.sampled_from(spec.choices)
    elif spec.reference is not None:
        found = st.sampled_from(PLAYERS)
    elif spec.type is Type.INSTANT:
        near = st.integers(KICKOFF_MS - DAY_MS // 24, KICKOFF_MS + DAY_MS // 12)
        found = st.one_of(near, near, st.integers(-(2**45), 2**47)).map(format_instant)
    elif spec.type in {Type.INTEGER, Type.NUMBER}:
        assert spec.minimum is not None
        assert spec.maximum is not None
        least, most = int(spec.minimum), int(spec.maximum)
        found = st.one_of(st.integers(least, min(most, least + 3)), st.integers(least, most))
        found = found if spec.type is Type.INTEGER else found.map(float)
    elif spec.type is Type.BOOLEAN:
        found = st.booleans()
    else:
        return st.none()
    return st.one_of(st.none(), found) if spec.nullable and not spec.required else found


def records_of(collection: str, **fixed: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, dict[str, Any]]]:
    """Return records of a collection, with any of the optional fields."""
    specs = CATALOGUE.collections[collection].fields
    drawn = {name: fixed.get(name, values_of(spec)) for name, spec in specs.items()}
    required = {name: values for name, values in drawn.items() if specs[name].required}
    optional = {name: values for name, values in drawn.items() if not specs[name].required}
    ids = st.sampled_from([f"{collection} {n}" for n in range(4)])
    return st.dictionaries(ids, st.fixed_dictionaries(required, optional=optional), max_size=4)


@st.composite
def views(draw: st.DrawFn) -> View:
    """Draw a view with one match and whatever belongs to it."""
    matches = records_of("matches", kickoff_ts=st.just(format_instant(KICKOFF_MS)))
    in_match = {"match_id": st.just(MATCH)}
    periods = draw(records_of("match_periods", **in_match))
    events = draw(records_of("events", **in_match))
    in_period = {"period_id": st.sampled_from([*periods, "gone"])}
    in_event = {"event_id": st.sampled_from([*events, "gone"])}
    return {
        "matches": {MATCH: next(iter(draw(matches.filter(bool)).values()))},
        "match_periods": periods,
        "match_pauses": draw(records_of("match_pauses", **in_period)),
        "events": events,
        "event_participants": draw(records_of("event_participants", **in_event)),
        "lineup": draw(records_of("lineup", **in_match)),
    }


NOW = st.one_of(st.none(), st.integers(KICKOFF_MS - DAY_MS, KICKOFF_MS + 2 * DAY_MS))


@given(views(), NOW)
def test_u14_no_facts_make_the_folds_fail(view: View, now_ms: int | None) -> None:
    """Whatever a device may write, order and durations stay sane: no error, nothing negative, nothing endless."""
    facts = gather(view, MATCH)
    periods = periods_of(facts, now_ms)
    assert [each.key for each in periods] == sorted({each.key for each in periods})
    for each in periods:
        assert each.played_ms >= 0
        if now_ms is not None or not each.is_running:
            assert each.played_ms <= believed_ms(facts.match, each.key)
        if each.ended_ms is not None:
            assert each.played_ms <= each.ended_ms - each.started_ms
    whole_ms = sum(length_ms for _, length_ms in period_lengths(facts, now_ms))
    assert all(0 <= ms <= whole_ms for ms in played_ms_by_player(facts, now_ms).values())
    for crowd in crowds_of(facts, 1, now_ms):
        assert crowd.from_ms < crowd.to_ms
        assert 1 < crowd.players <= len(crowd.player_ids)
    assert (full_time_ms(facts, now_ms) is None) == (status_of(facts, now_ms) != "completed")
    entries = timeline_of(facts, now_ms)
    assert {each.id for each in entries} >= {each["id"] for each in facts.events}
    if facts.events:
        assert entries[-1].score == score_of(facts)


@given(views(), NOW, st.randoms())
def test_the_folds_do_not_see_the_order_of_arrival(view: View, now_ms: int | None, random: Random) -> None:
    """Two devices with the same records, however they came, show the same match."""
    shuffled = {
        collection: dict(random.sample(sorted(records.items()), len(records))) for collection, records in view.items()
    }
    mine, theirs = gather(view, MATCH), gather(shuffled, MATCH)
    assert mine == theirs
    assert timeline_of(mine, now_ms) == timeline_of(theirs, now_ms)


@given(st.data())
def test_what_is_drawn_is_what_the_catalogue_takes(data: st.DataObject) -> None:
    """The strategies above stay within the bounds, so the folds are tried on what can be stored."""
    for collection in ("matches", "match_periods", "events", "lineup"):
        for name, spec in CATALOGUE.collections[collection].fields.items():
            if spec.reference is None:
                value = data.draw(values_of(spec))
                assert value is None or parse(spec, name, value) == value, (collection, name)
