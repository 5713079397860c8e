"""Selections: an order is total, and pages in it are the whole without gap or repeat, whatever comes meanwhile."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from football.collections import CATALOGUE
from sync.records import Key, Record, Write
from sync.selections import Condition, Selection, may_order, place_of, select
from sync.stamps import make_stamp

EVENTS = CATALOGUE.collections["events"]
ORDER = ("period_type", "period_number", "clock_ms")
STAMP = make_stamp(1, "00000001-0000-4000-8000-000000000000")


def event(number: int, **fields: Any) -> Record:  # noqa: ANN401 - any field's value
    """Return an event whose id is the number."""
    values = {"match_id": f"{1:032x}", "kind": "foul", **fields}
    return Record(Key("events", f"{number:032x}"), {name: Write(value, STAMP, 1, 1) for name, value in values.items()})


events = st.builds(
    lambda number, fields: event(number, **fields),
    st.integers(0, 10_000),
    st.fixed_dictionaries(
        {},
        optional={
            "period_type": st.sampled_from(EVENTS.fields["period_type"].choices or ()),
            "period_number": st.integers(0, 3),
            "clock_ms": st.integers(0, 3),
        },
    ),
)
sets_of_events = st.lists(events, unique_by=lambda record: record.key, max_size=30)


@given(sets_of_events, sets_of_events, st.integers(1, 7), st.booleans())
def test_pages_are_the_whole_whatever_comes_meanwhile(
    stored: list[Record], more: list[Record], limit: int, is_descending: bool
) -> None:
    """What was there from the first page to the last is on exactly one page; nothing is on two; all are in order."""
    late = [each for each in more if each.key not in {record.key for record in stored}]
    there, pages, place = list(stored), list[list[Record]](), None
    while True:
        asked = Selection(limit, order=ORDER, is_descending=is_descending, after=place)
        page = select(CATALOGUE, EVENTS, asked, there)
        pages.append(page)
        if len(page) < limit:
            break
        place = place_of(EVENTS, ORDER, page[-1])
        there += late[:2]
        del late[:2]
    found = [record for page in pages for record in page]
    keys = [record.key for record in found]
    assert len(set(keys)) == len(keys)
    assert {record.key for record in stored} <= set(keys)
    whole = select(CATALOGUE, EVENTS, Selection(1_000, order=ORDER, is_descending=is_descending), found)
    assert found == whole


def test_choices_are_ordered_as_declared() -> None:
    """Extra time comes after the second half, though its letters come before."""
    late, early = event(1, period_type="extra_time"), event(2, period_type="regular", period_number=2)
    assert select(CATALOGUE, EVENTS, Selection(9, order=ORDER), [late, early]) == [early, late]


def test_conditions_join_and_their_fields_are_alternatives() -> None:
    """All conditions hold; within one, any of its fields does; None means that a field is empty."""
    matches = CATALOGUE.collections["matches"]
    kept = {"kickoff_ts": Write("2026-09-20T10:00:00.000Z", STAMP, 1, 1)}
    mine = Record(Key("matches", "a"), {**kept, "away_team_id": Write("t", STAMP, 1, 1)})
    other = Record(Key("matches", "b"), {**kept, "called_off": Write("cancelled", STAMP, 1, 1)})
    team, on = Condition(("home_team_id", "away_team_id"), "t"), Condition(("called_off",), None)
    assert select(CATALOGUE, matches, Selection(9, (team, on)), [mine, other]) == [mine]
    assert (
        select(CATALOGUE, matches, Selection(9, (team, Condition(("called_off",), "cancelled"))), [mine, other]) == []
    )


@pytest.mark.parametrize(
    ("collection", "field", "expected"),
    [
        ("matches", "kickoff_ts", True),
        ("events", "clock_ms", True),
        ("events", "period_type", True),
        ("teams", "name", False),
        ("matches", "venue", False),
        ("players", "squad_number", False),
    ],
)
def test_what_may_order(collection: str, field: str, expected: bool) -> None:
    """A field that is never null and sorts alike everywhere: no name, and nothing that may be empty."""
    assert may_order(CATALOGUE.collections[collection], field) is expected
