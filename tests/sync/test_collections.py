"""Collections: every value has one canonical form, or a problem that a person can act on."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.collections import (
    CONFLICTS,
    Collection,
    Field,
    Problem,
    Reference,
    Type,
    Value,
    format_instant,
    instant_ms,
    make_catalogue,
    parse,
    parse_fields,
    shift_instant,
    with_defaults,
)
from sync.limits import INTEGER_MAX
from sync.messages import encode
from tests.builders import CATALOGUE, MATCH

SPECS = {
    Type.TEXT: Field(Type.TEXT, length_max=5),
    Type.INTEGER: Field(Type.INTEGER),
    Type.NUMBER: Field(Type.NUMBER),
    Type.BOOLEAN: Field(Type.BOOLEAN),
    Type.UUID: Field(Type.UUID),
    Type.INSTANT: Field(Type.INSTANT),
    Type.DATE: Field(Type.DATE),
}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("kind", "given_value", "stored"),
    [
        (Type.TEXT, "Café", "Café"),
        (Type.TEXT, "", ""),
        (Type.INTEGER, -3, -3),
        (Type.INTEGER, INTEGER_MAX, INTEGER_MAX),
        (Type.NUMBER, 3, 3.0),
        (Type.NUMBER, -0.0, 0.0),
        (Type.NUMBER, 1e308, 1e308),
        (Type.BOOLEAN, False, False),
        (Type.UUID, MATCH.upper(), MATCH),
        (Type.INSTANT, "2026-11-22T14:02:03Z", "2026-11-22T14:02:03.000Z"),
        (Type.INSTANT, "2026-11-22T14:02:03.0049+02:00", "2026-11-22T12:02:03.004Z"),
        (Type.INSTANT, "1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"),
        (Type.INSTANT, "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
        (Type.INSTANT, "9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
        (Type.DATE, "2024-02-29", "2024-02-29"),
        *((each, None, None) for each in Type),
    ],
)
def test_a_value_has_one_form(kind: Type, given_value: Value, stored: Value) -> None:
    """What compares equal is stored, sent and compared alike."""
    found = parse(SPECS[kind], "f", given_value)
    assert (found, type(found)) == (stored, type(stored))
    assert encode(found) == encode(stored)


def wrong(kind: Type, *values: Value) -> list[tuple[Type, Value]]:
    """Return each value beside the type that does not take it."""
    return [(kind, each) for each in values]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *wrong(Type.TEXT, 1, True, [], {}, "a\x00b", "\ud800"),
        *wrong(Type.INTEGER, "1", 1.0, True, INTEGER_MAX + 1, -INTEGER_MAX - 1, 2**63, 10**399, [1]),
        *wrong(Type.NUMBER, "1", False, 10**400, -(10**400), [], {}),
        *wrong(Type.BOOLEAN, 0, 1, "true", []),
        *wrong(Type.UUID, 1, "", MATCH[:-1], "{" + MATCH[1:], "g" * 36, MATCH.replace("-", "")),
        *wrong(Type.UUID, MATCH + "\n", "urn:uuid:" + MATCH[9:], "-" * 36),
        *wrong(
            Type.INSTANT,
            1,
            "2026-11-22",
            "2026-11-22T14:02:03",
            "2026-11-22 14:02:03Z",
            "2026-13-22T14:02:03Z",
            "2026-11-22T25:02:03Z",
            "2026-11-22T14:02:60Z",
            "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59-14:00",
            "2026-11-22T14:02:03Z\n",
            "2026-11-22T14:02:03+99:99",
        ),
        *wrong(Type.DATE, "2026-02-30", "2026-W01-1", "20260101", "2026-01-01\n", 20260101),
    ],
    ids=lambda each: ascii(each)[:40],
)
def test_another_value_is_a_problem(kind: Type, value: Value) -> None:
    """A value of another type or form is rejected by the field's name, with a sentence."""
    found = parse(SPECS[kind], "f", value)
    assert isinstance(found, Problem)
    assert (found.code, found.field) == ("wrong_type", "f")
    assert found.sentence.endswith(".")


@given(st.sampled_from(sorted(SPECS)), json_values)
def test_no_value_is_an_exception(kind: Type, value: Value) -> None:
    """Whatever JSON holds, parsing answers; what it accepts is stable and can be encoded."""
    found = parse(SPECS[kind], "f", value)
    if not isinstance(found, Problem):
        assert parse(SPECS[kind], "f", found) == found
        if not (isinstance(found, float) and not math.isfinite(found)):
            encode(found)


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_a_number_is_finite(value: float) -> None:
    """The wire cannot bring what is not finite, and a caller's slip is a problem too."""
    assert isinstance(parse(SPECS[Type.NUMBER], "f", value), Problem)


@pytest.mark.parametrize(
    ("spec", "value", "code"),
    [
        (Field(Type.TEXT, required=True), None, "null"),
        (Field(Type.BOOLEAN, nullable=False), None, "null"),
        (Field(Type.INTEGER, minimum=1), 0, "out_of_bounds"),
        (Field(Type.INTEGER, maximum=1), 2, "out_of_bounds"),
        (Field(Type.NUMBER, minimum=0, maximum=1), 1.5, "out_of_bounds"),
        (Field(Type.TEXT, length_max=2), "abc", "too_long"),
        (Field(Type.TEXT, length_min=1), " \t", "too_short"),
        (Field(Type.TEXT, pattern="#[0-9a-f]{6}"), "#00ff0g", "wrong_form"),
        (Field(Type.TEXT, pattern="#[0-9a-f]{6}"), "#00ff00\n", "wrong_form"),
        (Field(Type.TEXT, choices=("a", "b")), "c", "unknown_choice"),
    ],
)
def test_bounds_are_kept(spec: Field, value: Value, code: str) -> None:
    """Each bound of a field has its code."""
    found = parse(spec, "f", value)
    assert isinstance(found, Problem)
    assert found.code == code


def test_a_field_that_is_not_declared_is_refused() -> None:
    """So are the server's own; the first problem is the answer, and a hostile name stays short and printable."""
    matches = CATALOGUE.collections["matches"]
    for name in ("id", "club_id", "version", "stamps", "deleted", "x\x00" * 5_000, "\x1b[31m"):
        found = parse_fields(matches, {"title": "t", name: 1})
        assert isinstance(found, Problem)
        assert found.code == "unknown_field"
        assert found.field is not None
        assert len(found.field) <= 100
        assert found.field.isprintable()


def test_a_put_writes_something() -> None:
    """A put without fields is a problem."""
    assert isinstance(parse_fields(CATALOGUE.collections["matches"], {}), Problem)


def test_readers_see_defaults() -> None:
    """A field that nobody wrote shows its default."""
    assert with_defaults(CATALOGUE.collections["matches"], {"title": "t"})["minutes"] == 50


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_an_instant_has_milliseconds(wall_ms: int) -> None:
    """Every millisecond of the calendar has its text, of one length, and text order is time order."""
    text = format_instant(wall_ms)
    assert (len(text), instant_ms(text)) == (24, wall_ms)


@given(st.integers(-INTEGER_MAX, INTEGER_MAX))
def test_a_shift_stays_in_the_calendar(milliseconds: int) -> None:
    """A correction moves an instant, or leaves it where it would fall out of the calendar."""
    moved = shift_instant("2026-11-22T14:00:00.000Z", milliseconds)
    assert instant_ms(moved) - instant_ms("2026-11-22T14:00:00.000Z") in {0, milliseconds}


def test_a_catalogue_is_checked_once() -> None:
    """A reference that contains must be required and name a declared collection; `conflicts` is the engine's."""
    loose = Collection("a", {"b_id": Field(Type.UUID, reference=Reference("b", containing=True))})
    unknown = Collection("a", {"b_id": Field(Type.UUID, required=True, reference=Reference("b", containing=True))})
    for wrong in ([loose, Collection("b", {})], [unknown], [Collection(CONFLICTS, {})], [unknown, unknown]):
        with pytest.raises(AssertionError):
            make_catalogue(*wrong)
    assert CATALOGUE.children["matches"] == (("events", "match_id"),)
    assert CATALOGUE.parents["participants"] == {"event_id": "events"}
