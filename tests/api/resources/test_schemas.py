"""Schemas of records say what the engine checks: each bound, each choice, and nothing that is not declared."""

from typing import Any

import pytest

from api.resources import schemas
from football.collections import CATALOGUE
from sync.collections import Collection, Field, Problem, Type, parse

FIELDS = [
    pytest.param(spec, id=f"{collection.name}.{name}")
    for collection in CATALOGUE.collections.values()
    for name, spec in collection.fields.items()
]
every_collection = pytest.mark.parametrize("collection", CATALOGUE.collections.values(), ids=lambda each: each.name)


def edges(spec: Field) -> list[tuple[Any, bool]]:
    """Return values at each bound that a field's schema names, and one beyond, with whether they are taken."""
    schema = schemas.field_schema(spec)
    found: list[tuple[Any, bool]] = [(None, "null" in schema["type"])]
    if "minimum" in schema:
        found += [(schema["minimum"], True), (schema["minimum"] - 1, False)]
    if "maximum" in schema:
        found += [(schema["maximum"], True), (schema["maximum"] + 1, False)]
    if "enum" in schema:
        found += [(each, True) for each in schema["enum"] if each is not None] + [("nonsense", False)]
    elif "maxLength" in schema and spec.pattern is None:
        found += [("x" * schema["maxLength"], True), ("x" * (schema["maxLength"] + 1), False)]
    if "minLength" in schema:
        found += [("x" * schema["minLength"], True), ("", False)]
    return found


@pytest.mark.parametrize("spec", FIELDS)
def test_a_schemas_bounds_are_the_fields(spec: Field) -> None:
    """What the schema takes at an edge the engine takes, and what it refuses beyond is refused."""
    for value, is_taken in edges(spec):
        assert isinstance(parse(spec, "field", value), Problem) is not is_taken, value


@pytest.mark.parametrize("spec", FIELDS)
def test_an_example_is_one(spec: Field) -> None:
    """The example of a field without a form of its own is taken as it stands."""
    if spec.pattern is None and spec.type is not Type.TEXT:
        example = schemas.example_of(spec)
        assert parse(spec, "field", example) == example


@every_collection
def test_what_may_be_sent(collection: Collection) -> None:
    """A new record needs the required fields but the one in its address; an edit needs none; neither takes others."""
    parent = next(iter(collection.parents), None)
    new, edit = schemas.created("New", collection, parent).schema, schemas.edited("Edit", collection).schema
    assert set(new["required"]) == collection.required - {parent}
    assert "required" not in edit
    for schema in (new, edit):
        assert schema["properties"].keys() == {"id", "version", *collection.fields}
        assert schema["additionalProperties"] is False
        assert schema["example"].keys() <= schema["properties"].keys()


@every_collection
def test_what_is_shown(collection: Collection) -> None:
    """A record has all its fields; a row of a list those that were asked for."""
    whole = schemas.shown("Whole", collection).schema
    assert set(whole["required"]) == {"id", "version", *collection.fields}
    assert "required" not in schemas.sparse(whole)
    assert whole["additionalProperties"] is False
    required = (whole["properties"][name]["type"] for name in collection.required)
    assert all("null" not in each for each in required)
