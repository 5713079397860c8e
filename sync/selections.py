"""Selections: which records of a collection a list shows, and in which order; a page is where a selection goes on.

An order ends with the id, so it is total, and a page begins after a *place* in it: whatever is added or deleted
meanwhile, no page repeats a record or leaves one out that keeps its place. A text field with choices is ordered as
they are declared, and any other field by its value; a field that may be null orders nothing.
"""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from sync.collections import Catalogue, Collection, Type, Value, with_defaults
from sync.records import Record, is_complete

Place = tuple[Value, ...]
"""A record's place in an order: the values of the ordering fields, and its id."""


class Condition(Struct, frozen=True):
    """What a record must have: a value, in any of these fields."""

    fields: tuple[str, ...]
    value: Value
    """None: the field is empty."""


class Selection(Struct, frozen=True):
    """The records that are there (created, not deleted), fulfil all conditions, and come after a place."""

    limit: int
    conditions: tuple[Condition, ...] = ()
    order: tuple[str, ...] = ()
    is_descending: bool = False
    since: Value = None
    """The least value of the first ordering field."""
    until: Value = None
    """The value that it does not reach."""
    after: Place | None = None


def place_of(collection: Collection, order: tuple[str, ...], record: Record) -> Place:
    """Return where a record stands in an order."""
    values = with_defaults(collection, record.values())
    return (*(values[name] for name in order), record.key.record)


def rank_of(collection: Collection, order: tuple[str, ...], place: Place) -> tuple[Any, ...]:
    """Return what sorts a place: of a field with choices the number of its choice."""
    ranked = zip(order, place, strict=False)
    return (*(_rank(collection, name, value) for name, value in ranked), place[-1])


def may_order(collection: Collection, name: str) -> bool:
    """Tell whether a field can order a list: never null, and no text at will, which each database sorts its own way."""
    spec = collection.fields[name]
    is_filled = spec.required or spec.default is not None
    return is_filled and (spec.type is not Type.TEXT or spec.choices is not None)


def select(
    catalogue: Catalogue, collection: Collection, selection: Selection, records: Iterable[Record]
) -> list[Record]:
    """Return what a selection chooses of a collection's records: the meaning that every store agrees with."""
    order, after = selection.order, selection.after
    ranked = [
        (rank_of(collection, order, place_of(collection, order, record)), record)
        for record in records
        if not record.is_deleted and is_complete(catalogue, record) and _fulfils(collection, selection, record)
    ]
    ranked.sort(key=lambda pair: pair[0], reverse=selection.is_descending)
    if after is not None:
        edge = rank_of(collection, order, after)
        ranked = [pair for pair in ranked if (pair[0] < edge if selection.is_descending else pair[0] > edge)]
    return [record for _, record in ranked[: selection.limit]]


def _fulfils(collection: Collection, selection: Selection, record: Record) -> bool:
    values = with_defaults(collection, record.values())
    has_all = all(any(values[name] == each.value for name in each.fields) for each in selection.conditions)
    if not has_all or (selection.since is None and selection.until is None):
        return has_all
    first = values[selection.order[0]]
    is_late = selection.until is not None and first >= selection.until
    return not is_late and (selection.since is None or first >= selection.since)


def _rank(collection: Collection, name: str, value: Value) -> Any:  # noqa: ANN401 - a number or a text
    choices = collection.fields[name].choices
    return value if choices is None else choices.index(value)
