"""Collections: the kinds of record an application syncs, declared once and read by every floor.

A `Catalogue` is the whole declaration. `sync/` reads fields, bounds, references and what a person is asked about;
`storage/` reads the table; the API and the docs read the rest. Values on the wire are JSON: `parse` brings each to
the one canonical form that is stored, compared and sent, or says in a sentence what is wrong with it.
"""

import enum
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any, Final, TypeGuard

from msgspec import Struct, field

from sync.errors import plain
from sync.limits import INTEGER_MAX

Value = Any
"""A JSON value in canonical form: str, int, float, bool or None."""

Values = Mapping[str, Value]
Reader = Callable[[Value], "Value | Problem"]
"""Brings one value to the canonical form of its field, or returns the problem."""

CONFLICTS: Final = "conflicts"
"""The collection that every catalogue has: what wants a person (see `sync/conflicts.py`)."""


class Type(enum.StrEnum):
    """What a field holds, and its form on the wire."""

    TEXT = "text"
    """A string without U+0000; lengths count characters."""
    INTEGER = "integer"
    """A whole number that JavaScript holds exactly."""
    NUMBER = "number"
    """A finite double."""
    BOOLEAN = "boolean"
    UUID = "uuid"
    """A canonical lower-case UUID."""
    INSTANT = "instant"
    """RFC 3339 in UTC with milliseconds, `2026-11-22T14:02:03.004Z`."""
    DATE = "date"
    """`2026-11-22`."""


class Reference(Struct, frozen=True):
    """A field that names a record of another collection."""

    collection: str
    containing: bool = False
    """A containing reference parks the record until its parent is there; any other may dangle."""


class Field(Struct, frozen=True):
    """One field of a collection: its type, its bounds, and what happens when two people write it at once."""

    type: Type
    required: bool = False
    """A record is created by the put that brings all required fields; they are never null."""
    default: Value = None
    """What readers see until somebody writes the field."""
    nullable: bool = True
    minimum: float | None = None
    maximum: float | None = None
    length_max: int | None = None
    length_min: int = 0
    pattern: str | None = None
    choices: tuple[str, ...] | None = None
    reference: Reference | None = None
    is_clock_reading: bool = True
    """Of an instant: whether it was read off the device's clock, so that it is corrected by the device's offset."""
    is_asked: bool = True
    """Whether a person is asked when two different values were written unseen of each other."""
    is_personal: bool = False
    """Whether the value is about a person: never in a feed, rewritten by erasure."""
    identifies: bool = False
    """Whether the value is a person's name: a collection with such a field is erasable."""
    doc: str = ""


def is_free_text(spec: Field) -> bool:
    """Tell whether a field holds what somebody typed, in which a name may stand."""
    return spec.type is Type.TEXT and spec.choices is None


class DuplicateRule(Struct, frozen=True, dict=True):
    """When two records look like the same thing, so that a person is asked about the pair.

    Candidates are the records with equal values in all of `by`; `is_alike` judges a pair of field mappings. With
    `only_unseen` the pair counts only where neither author had seen the other's record.
    """

    name: str
    by: tuple[str, ...]
    reads: tuple[str, ...] = ()
    """Further fields that `is_alike` reads: writing one of these, or one of `by`, asks the rule again."""
    applies: Callable[[Values], bool] = lambda _mine: True
    """Whether a record can have a duplicate at all: spares the look-up for all others."""
    is_alike: Callable[[Values, Values], bool] = lambda _mine, _theirs: True
    only_unseen: bool = True

    @cached_property
    def looks_at(self) -> frozenset[str]:
        """Return all fields that the rule reads."""
        return frozenset((*self.by, *self.reads))

    def values_of(self, values: Values) -> tuple[Value, ...]:
        """Return the values by which candidates are looked up, from all fields of a record."""
        return tuple(map(values.get, self.by))


class Collection(Struct, frozen=True, dict=True):
    """A kind of synced record."""

    name: str
    fields: Mapping[str, Field]
    table: str = ""
    """The table's name, where it is not the collection's."""
    key: str = "id"
    """The table's column that holds the record's id."""
    duplicates: tuple[DuplicateRule, ...] = ()
    doc: str = ""

    @cached_property
    def readers(self) -> "Mapping[str, Reader]":
        """Return what brings each field's value to canonical form."""
        return {name: _reader(spec, name) for name, spec in self.fields.items()}

    @cached_property
    def defaults(self) -> Mapping[str, Value]:
        """Return what readers see of each field until somebody writes it."""
        return {name: spec.default for name, spec in self.fields.items()}

    @property
    def table_name(self) -> str:
        """Return the name of the table that holds the records."""
        return self.table or self.name

    @cached_property
    def identifying(self) -> frozenset[str]:
        """Return the fields that hold the name of the person whom a record is about; none in most collections."""
        return frozenset(name for name, spec in self.fields.items() if spec.identifies)

    @property
    def required(self) -> frozenset[str]:
        """Return the fields without which a record is not created."""
        return frozenset(name for name, spec in self.fields.items() if spec.required)

    @property
    def parents(self) -> Mapping[str, str]:
        """Return the containing references: field name -> the parent's collection."""
        return {
            name: spec.reference.collection
            for name, spec in self.fields.items()
            if spec.reference is not None and spec.reference.containing
        }


class Problem(Struct, frozen=True):
    """Why a mutation is rejected: a stable code, the field where there is one, and a sentence for a person."""

    code: str
    sentence: str
    field: str | None = None


class Catalogue(Struct, frozen=True, dict=True):
    """All collections of an application, in the order in which snapshots send them: parents first."""

    collections: Mapping[str, Collection]
    required: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    parents: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    children: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict[str, tuple[tuple[str, str], ...]])
    """Parent's collection -> (child's collection, field) of each containing reference to it."""


def make_catalogue(*collections: Collection) -> Catalogue:
    """Join collections to a catalogue, with the look-ups that the planner needs on its hot path."""
    by_name = {each.name: each for each in collections}
    assert len(by_name) == len(collections), "two collections share a name"
    assert CONFLICTS not in by_name, "the engine has its own collection of conflicts"
    children: dict[str, list[tuple[str, str]]] = {name: [] for name in by_name}
    for each in collections:
        for name, parent in each.parents.items():
            assert parent in by_name, f"{each.name}.{name} names no declared collection"
            assert each.fields[name].required, f"{each.name}.{name} contains, so it must be required"
            children[parent].append((each.name, name))
    return Catalogue(
        collections=by_name,
        required={each.name: each.required for each in collections},
        parents={each.name: each.parents for each in collections},
        children={name: tuple(found) for name, found in children.items()},
    )


def is_object(value: object) -> TypeGuard[Values]:
    """Tell whether a JSON value is an object."""
    return isinstance(value, Mapping)


def is_list(value: object) -> TypeGuard[Sequence[Value]]:
    """Tell whether a JSON value is an array."""
    return isinstance(value, list | tuple)


def with_defaults(collection: Collection, values: Values) -> dict[str, Value]:
    """Return all declared fields of a record: what was written, else the default."""
    defaults = collection.defaults
    if values.keys() <= defaults.keys():
        return {**defaults, **values}
    return {name: values.get(name, default) for name, default in defaults.items()}


def parse_fields(collection: Collection, values: Values) -> dict[str, Value] | Problem:
    """Bring a put's fields to canonical form, or return the first problem."""
    if not values:
        return Problem("empty", "A put must write at least one field.")
    parsed: dict[str, Value] = {}
    readers = collection.readers
    for name, value in values.items():
        reader = readers.get(name)
        if reader is None:
            return Problem("unknown_field", f"{collection.name} has no field of this name.", plain(name, 100))
        found = reader(value)
        if type(found) is Problem:
            return found
        parsed[name] = found
    return parsed


def parse(spec: Field, name: str, value: Value) -> Value | Problem:
    """Bring one value to the canonical form of its field, or return the problem."""
    return _reader(spec, name)(value)


def _reader(spec: Field, name: str) -> Reader:
    """Return the function that reads values of a field: what depends on the field alone is looked up once."""
    parser, bounded = _PARSERS[spec.type], _bounds_check(spec)
    is_nullable = spec.nullable and not spec.required

    def read(value: Value) -> Value | Problem:
        if value is None:
            return None if is_nullable else Problem("null", "This field must have a value.", name)
        found = parser(value)
        if found is None:
            return Problem("wrong_type", f"This field takes {_TYPE_WORDS[spec.type]}.", name)
        return found if bounded is None else bounded(spec, name, found)

    return read


def _bounds_check(spec: Field) -> Callable[[Field, str, Any], Value | Problem] | None:
    """Return the check of a field's bounds, None where it has none beyond its type."""
    if spec.choices is not None or spec.length_max is not None or spec.length_min or spec.pattern is not None:
        return _bounded_text
    return None if spec.minimum is None and spec.maximum is None else _bounded_number


def _bounded_number(spec: Field, name: str, found: float) -> Value | Problem:
    if (spec.minimum is not None and found < spec.minimum) or (spec.maximum is not None and found > spec.maximum):
        return Problem("out_of_bounds", f"This field takes {_bounds_words(spec)}.", name)
    return found


def _bounded_text(spec: Field, name: str, text: str) -> str | Problem:
    if spec.choices is not None and text not in spec.choices:
        return Problem("unknown_choice", f"This field takes one of {', '.join(spec.choices)}.", name)
    if spec.length_max is not None and len(text) > spec.length_max:
        return Problem("too_long", f"This field takes at most {spec.length_max} characters.", name)
    if spec.length_min and len(text.strip()) < spec.length_min:
        return Problem("too_short", f"This field takes at least {spec.length_min} characters.", name)
    if spec.pattern is not None and not re.fullmatch(spec.pattern, text):
        return Problem("wrong_form", f"This field takes the form {spec.pattern}.", name)
    return text


def _bounds_words(spec: Field) -> str:
    if spec.maximum is None:
        return f"{spec.minimum} or more"
    if spec.minimum is None:
        return f"{spec.maximum} or less"
    return f"{spec.minimum} to {spec.maximum}"


_INSTANT_SHAPE: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([.]\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_UUID_SHAPE: Final = re.compile("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
_DATE_SHAPE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def format_instant(wall_ms: int) -> str:
    """Return milliseconds since 1970 in the canonical form of an instant. Raises OverflowError past year 9999."""
    seconds, milliseconds = divmod(wall_ms, 1_000)
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds:03d}Z".rjust(24, "0")


def instant_ms(instant: str) -> int:
    """Return the milliseconds since 1970 of an instant in canonical form."""
    return _whole_ms(datetime.fromisoformat(instant))


def shift_instant(instant: str, milliseconds: int) -> str:
    """Return an instant moved by a clock correction; one that would leave the calendar stays where it is."""
    try:
        return format_instant(instant_ms(instant) + milliseconds)
    except (OverflowError, ValueError):
        return instant


def _whole_ms(moment: datetime) -> int:
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000 + since.microseconds // 1_000


def _parse_text(value: object) -> str | None:
    if not isinstance(value, str) or "\x00" in value:
        return None
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return None
    return value


def _parse_integer(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > INTEGER_MAX:
        return None
    return value


def _parse_number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value) + 0.0  # -0.0 + 0.0 is 0.0: one zero, so that equal values compare and print alike
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _parse_boolean(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _parse_uuid(value: object) -> str | None:
    return value.lower() if isinstance(value, str) and _UUID_SHAPE.fullmatch(value) else None


def _parse_instant(value: object) -> str | None:
    if not isinstance(value, str) or not _INSTANT_SHAPE.fullmatch(value):
        return None
    try:
        return format_instant(_whole_ms(datetime.fromisoformat(value)))
    except (ValueError, OverflowError):
        return None


def _parse_date(value: object) -> str | None:
    if not isinstance(value, str) or not _DATE_SHAPE.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        return None


_PARSERS: Final[Mapping[Type, Callable[[object], Value | None]]] = {
    Type.TEXT: _parse_text,
    Type.INTEGER: _parse_integer,
    Type.NUMBER: _parse_number,
    Type.BOOLEAN: _parse_boolean,
    Type.UUID: _parse_uuid,
    Type.INSTANT: _parse_instant,
    Type.DATE: _parse_date,
}

_TYPE_WORDS: Final[Mapping[Type, str]] = {
    Type.TEXT: "text without the character U+0000",
    Type.INTEGER: "a whole number",
    Type.NUMBER: "a number",
    Type.BOOLEAN: "true or false",
    Type.UUID: "a UUID such as 2f6c1f9e-0b1d-4c5e-8a47-6a3b0c9d8e7f",
    Type.INSTANT: "a time such as 2026-11-22T14:02:03.004Z",
    Type.DATE: "a date such as 2026-11-22",
}
