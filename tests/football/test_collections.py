"""The catalogue: what is refused and what never is."""

import pytest

from football.collections import CATALOGUE
from football.vocabulary import (
    AGE_GROUPS,
    EVENT_KINDS,
    FORMATS,
    POSITIONS,
    is_formation,
    players_max,
)
from sync.collections import Problem, Type, parse, parse_fields, with_defaults

ID = "2f6c1f9e-0b1d-4c5e-8a47-6a3b0c9d8e7f"

TEXT_BOUNDS = [
    ("seasons", "label", 50),
    ("teams", "name", 100),
    ("players", "full_name", 100),
    ("players", "notes", 1_000),
    ("matches", "competition", 100),
    ("matches", "venue", 100),
    ("matches", "notes", 1_000),
    ("events", "notes", 500),
    ("match_notes", "notes", 1_000),
    ("awards", "category", 100),
    ("awards", "notes", 1_000),
    ("match_awards", "category", 100),
    ("match_awards", "notes", 1_000),
]

NUMBER_BOUNDS = [
    ("players", "squad_number", 1, 99),
    ("matches", "duration_mins", 1, 200),
    ("matches", "our_score", 0, 999),
    ("matches", "opponent_score", 0, 999),
    ("match_periods", "number", 1, 99),
    ("match_pauses", "ordinal", 1, 999),
    ("events", "x", 0, 100),
    ("events", "y", 0, 100),
    ("events", "period_number", 0, 99),
    ("events", "clock_ms", 0, 2**31 - 1),
    ("events", "sentiment", -100, 100),
    ("lineup", "start_min", 0, 100_000),
    ("lineup", "end_min", 0, 100_000),
    ("lineup", "start_period", 1, 99),
    ("lineup", "end_period", 1, 99),
    ("match_notes", "period_number", 0, 99),
]


def judge(collection: str, field: str, value: object) -> object:
    """Return the value in canonical form, or the code of what is wrong with it."""
    found = parse(CATALOGUE.collections[collection].fields[field], field, value)
    return found.code if isinstance(found, Problem) else found


@pytest.mark.parametrize(("collection", "field", "most"), TEXT_BOUNDS)
def test_text_is_taken_up_to_its_bound(collection: str, field: str, most: int) -> None:
    """A text of n characters (not bytes) is taken, one of n + 1 is refused by name."""
    assert judge(collection, field, "é" * most) == "é" * most
    assert judge(collection, field, "é" * (most + 1)) == "too_long"


@pytest.mark.parametrize(("collection", "field", "least", "most"), NUMBER_BOUNDS)
def test_numbers_are_taken_within_their_bounds(collection: str, field: str, least: int, most: int) -> None:
    """Both bounds are taken, the next number on either side is refused."""
    assert judge(collection, field, least) == least
    assert judge(collection, field, most) == most
    assert judge(collection, field, least - 1) == "out_of_bounds"
    assert judge(collection, field, most + 1) == "out_of_bounds"


def test_every_bound_of_the_catalogue_is_in_the_tables_above() -> None:
    """A bound that somebody adds must be tried too: the tables name every bounded field."""
    bounded = {
        (collection.name, name)
        for collection in CATALOGUE.collections.values()
        for name, spec in collection.fields.items()
        if spec.minimum is not None or (spec.length_max or 0) >= 50
    } - {("teams", "logo_url")}
    assert bounded == {row[:2] for row in [*TEXT_BOUNDS, *NUMBER_BOUNDS]}


def test_every_number_and_every_text_is_bounded() -> None:
    """No client can fill the database with one field."""
    for collection in CATALOGUE.collections.values():
        for name, spec in collection.fields.items():
            if spec.type in {Type.INTEGER, Type.NUMBER}:
                assert None not in {spec.minimum, spec.maximum}, (collection.name, name)
            if spec.type is Type.TEXT:
                assert spec.length_max or spec.choices, (collection.name, name)


@pytest.mark.parametrize(
    ("collection", "field", "value", "code"),
    [
        ("teams", "name", "  ", "too_short"),
        ("players", "full_name", None, "null"),
        ("teams", "home_kit_primary", "#12345g", "wrong_form"),
        ("teams", "home_kit_primary", "red", "wrong_form"),
        ("teams", "logo_url", "javascript:alert(1)", "wrong_form"),
        ("teams", "age_group", "U6", "unknown_choice"),
        ("matches", "period_format", "third", "unknown_choice"),
        ("matches", "called_off", "abandoned", "unknown_choice"),
        ("matches", "duration_mins", None, "null"),
        ("events", "kind", "touchdown", "unknown_choice"),
        ("events", "period_type", "golden_goal", "unknown_choice"),
        ("events", "clock_ms", 1.5, "wrong_type"),
        ("players", "dob", "2016-02-30", "wrong_type"),
        ("players", "do_not_share", 1, "wrong_type"),
    ],
)
def test_what_is_wrong_is_named(collection: str, field: str, value: object, code: str) -> None:
    """A value out of its type or list is refused with a code that a client can act on (U3)."""
    assert judge(collection, field, value) == code


def test_parents_come_before_children() -> None:
    """A snapshot in this order never brings a child before its parent, nor a name before what it names."""
    order = list(CATALOGUE.collections)
    for collection in CATALOGUE.collections.values():
        for name, spec in collection.fields.items():
            if spec.reference is not None:
                assert order.index(spec.reference.collection) < order.index(collection.name), name


def test_u20_only_what_contains_a_record_is_waited_for() -> None:
    """A goal waits for its match and for nothing else: players, teams and seasons may be gone or not yet there."""
    assert {name: dict(parents) for name, parents in CATALOGUE.parents.items() if parents} == {
        "match_periods": {"match_id": "matches"},
        "match_pauses": {"period_id": "match_periods"},
        "events": {"match_id": "matches"},
        "event_participants": {"event_id": "events"},
        "lineup": {"match_id": "matches"},
        "match_notes": {"match_id": "matches"},
        "match_awards": {"match_id": "matches"},
    }
    assert CATALOGUE.required["events"] == {"match_id", "kind"}


def test_the_old_databases_columns_are_there() -> None:
    """The tables and columns that the club already has keep their names; `lineup` gets an id."""
    old = {
        "seasons": {"label"},
        "teams": {"name", "logo_url"} | {f"{a}_kit_{b}" for a in ("home", "away") for b in ("primary", "secondary")},
        "players": {"full_name", "squad_number", "preferred_pos", "dob", "notes", "current_team"},
        "matches": {"season_id", "kickoff_ts", "competition", "home_team_id", "away_team_id", "venue"}
        | {"duration_mins", "period_format", "our_score", "opponent_score", "notes"},
        "events": {"match_id", "season_id", "period_number", "clock_ms", "kind", "team_id", "player_id", "notes"}
        | {"sentiment"},
        "event_participants": {"event_id", "player_id", "kind"},
        "lineup": {"match_id", "player_id", "start_min", "end_min", "position"},
        "awards": {"season_id", "player_id", "category", "notes"},
        "match_awards": {"match_id", "player_id", "category", "notes"},
        "match_notes": {"match_id", "notes", "period_number"},
    }  # fmt: skip
    for name, columns in old.items():
        assert columns <= set(CATALOGUE.collections[name].fields), name
    keys = {name: each.key for name, each in CATALOGUE.collections.items() if each.key != "id"}
    assert keys == {
        "seasons": "season_id",
        "matches": "match_id",
        "match_notes": "match_note_id",
        "awards": "award_id",
        "match_awards": "match_award_id",
    }


def test_defaults_are_values_of_their_fields() -> None:
    """A default would pass as a written value, and a field without one may be null."""
    for collection in CATALOGUE.collections.values():
        for name, spec in collection.fields.items():
            if not spec.required:
                assert parse(spec, name, spec.default) == spec.default, (collection.name, name)
                assert spec.nullable == (spec.default is None), (collection.name, name)


def test_the_old_defaults_stand() -> None:
    """A match that says nothing is one of four quarters in 50 minutes, 0-0."""
    found = with_defaults(CATALOGUE.collections["matches"], {})
    assert (found["duration_mins"], found["period_format"]) == (50, "quarter")
    assert (found["our_score"], found["opponent_score"]) == (0, 0)


def test_a_goal_needs_no_more_than_a_match_and_a_kind() -> None:
    """Goals are never refused: neither period, clock, team nor player is required."""
    put = parse_fields(CATALOGUE.collections["events"], {"match_id": ID, "kind": "goal"})
    assert put == {"match_id": ID, "kind": "goal"}


def test_u12_what_tells_of_a_person_is_marked() -> None:
    """Names, birthdays, free text and sentiment are personal, so that no feed may hold them."""
    personal = {
        f"{collection.name}.{name}"
        for collection in CATALOGUE.collections.values()
        for name, spec in collection.fields.items()
        if spec.is_personal
    }
    assert personal == {
        "players.full_name",
        "players.dob",
        "players.notes",
        "matches.notes",
        "events.notes",
        "events.sentiment",
        "match_notes.notes",
        "awards.notes",
        "match_awards.notes",
    }


def test_only_guesses_and_looks_are_settled_silently() -> None:
    """Whatever a person typed or decided is asked about when two did so at once."""
    silent = {
        f"{collection.name}.{name}"
        for collection in CATALOGUE.collections.values()
        for name, spec in collection.fields.items()
        if not spec.is_asked
    }
    kits = {f"teams.{a}_kit_{b}" for a in ("home", "away") for b in ("primary", "secondary")}
    assert silent == {"events.x", "events.y", "events.sentiment", "teams.logo_url"} | kits


def test_word_lists_hold_the_clubs_words() -> None:
    """The old event kinds come first and unchanged; the lookup of positions has the club's codes."""
    assert EVENT_KINDS[:11] == (
        "goal",
        "assist",
        "key_pass",
        "save",
        "interception",
        "tackle",
        "foul",
        "penalty",
        "free_kick",
        "ball_out",
        "own_goal",
    )
    assert len(set(EVENT_KINDS)) == len(EVENT_KINDS)
    assert {"GK", "CB", "LB", "RB", "CDM", "CM", "CAM", "LM", "RM", "LW", "RW", "CF", "ST"} <= set(POSITIONS)
    assert max(map(len, POSITIONS)) <= 10


@pytest.mark.parametrize(
    ("age_group", "total_min"),
    [
        ("U7", 40),
        ("U8", 40),
        ("U9", 50),
        ("U10", 50),
        ("U11", 60),
        ("U12", 60),
        ("U13", 70),
        ("U14", 70),
        ("U15", 80),
        ("U16", 80),
    ],
)
def test_age_groups_play_their_length(age_group: str, total_min: int) -> None:
    """Every choice of periods of an age group adds up to its length."""
    assert {number * minutes for number, minutes in FORMATS[age_group].periods} == {total_min}


def test_a_formation_is_1_to_11_players_each_once() -> None:
    """Bounds of a formation at n and n + 1; a player twice is no formation."""
    eleven = [f"player {n}" for n in range(11)]
    assert is_formation(eleven)
    assert is_formation(eleven[:1])
    assert not is_formation([])
    assert not is_formation([*eleven, "one more"])
    assert not is_formation([*eleven[:2], eleven[0]])
    assert is_formation(eleven[:5], players_max("U8"))
    assert not is_formation(eleven[:6], players_max("U8"))


def test_an_unknown_age_group_may_field_eleven() -> None:
    """No age group, and one from a newer server, raise no false prompts."""
    assert players_max(None) == players_max("U99") == 11
    assert [players_max(each) for each in AGE_GROUPS[:6]] == [5, 5, 7, 7, 9, 9]
