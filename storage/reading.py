"""Reading for lists: a page of a selection as one statement, built with SQLAlchemy.

A statement is built once for each shape of question (which conditions, which order, whether it goes on); the shapes are
those of the routes, so there are few. What a selection means stands in `sync/selections.py`.
"""

from typing import Any, NamedTuple

from sqlalchemy import ARRAY, BigInteger, Select, Text, bindparam, func, literal_column, or_, tuple_
from sqlalchemy.sql.elements import ColumnElement

from storage.statements import RecordStatements, Statement, of_club, prepared
from storage.tables import TO_COLUMN
from sync.collections import Collection, Value
from sync.selections import Selection, may_order, rank_of


class _Shape(NamedTuple):
    """What of a selection makes another statement: all but the values."""

    conditions: tuple[tuple[tuple[str, ...], bool], ...]
    order: tuple[str, ...]
    is_descending: bool
    has_since: bool
    has_until: bool
    has_after: bool


class Selector:
    """The pages of one collection's table."""

    def __init__(self, collection: Collection, records: RecordStatements) -> None:
        """Build statements beside those that pushes use, as they are asked for."""
        self._collection = collection
        self._records = records
        self._table = records.table
        self._built: dict[_Shape, Statement] = {}

    def page(self, club_id: str, selection: Selection) -> tuple[str, list[Any]]:
        """Return the query for a page of a selection, and its values in order."""
        shape = _shape_of(selection)
        statement = self._built.get(shape)
        if statement is None:
            statement = self._built[shape] = prepared(self._build(shape))
        given = {**self._values(selection), "club_id": club_id, "limit": selection.limit}
        return statement.sql, [given[name] for name in statement.names]

    def _build(self, shape: _Shape) -> Select[Any]:
        chosen = self._records.chosen.where(of_club(self._table), *self._is_there())
        for n, (fields, has_value) in enumerate(shape.conditions):
            chosen = chosen.where(or_(*(self._equals(name, f"value_{n}", has_value=has_value) for name in fields)))
        ranks = [*(self._rank(name) for name in shape.order), self._records.key]
        if shape.has_since:
            chosen = chosen.where(ranks[0] >= bindparam("since", type_=ranks[0].type))
        if shape.has_until:
            chosen = chosen.where(ranks[0] < bindparam("until", type_=ranks[0].type))
        if shape.has_after:
            edge = tuple_(*(bindparam(f"after_{n}", type_=rank.type) for n, rank in enumerate(ranks)))
            place = tuple_(*ranks)
            chosen = chosen.where(place < edge if shape.is_descending else place > edge)
        ordered = chosen.order_by(*(rank.desc() if shape.is_descending else rank for rank in ranks))
        return ordered.limit(bindparam("limit", type_=BigInteger))

    def _is_there(self) -> list[ColumnElement[bool]]:
        """Return the conditions of a record that was created and not deleted: no required field is ever null."""
        required = sorted(self._collection.required)
        return [~self._table.c.deleted, *(self._table.c[name].is_not(None) for name in required)]

    def _equals(self, name: str, parameter: str, *, has_value: bool) -> ColumnElement[bool]:
        column = self._column(name)
        return column == bindparam(parameter, type_=column.type) if has_value else column.is_(None)

    def _rank(self, name: str) -> ColumnElement[Any]:
        assert may_order(self._collection, name), f"{self._collection.name}.{name} cannot order a list"
        choices = self._collection.fields[name].choices
        if choices is None:
            return self._column(name)
        listed = ", ".join(f"'{choice}'" for choice in choices)
        return func.array_position(literal_column(f"ARRAY[{listed}]", ARRAY(Text)), self._column(name))

    def _column(self, name: str) -> ColumnElement[Any]:
        return self._records.key if name == "id" else self._table.c[name]

    def _values(self, selection: Selection) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for n, each in enumerate(selection.conditions):
            values[f"value_{n}"] = self._to_column(each.fields[0], each.value)
        for name, bound in (("since", selection.since), ("until", selection.until)):
            if bound is not None:
                values[name] = self._to_column(selection.order[0], bound)
        if selection.after is not None:
            ranks = rank_of(self._collection, selection.order, selection.after)
            for n, (name, rank) in enumerate(zip((*selection.order, "id"), ranks, strict=True)):
                values[f"after_{n}"] = self._edge(name, rank)
        return values

    def _edge(self, name: str, rank: Any) -> Any:  # noqa: ANN401 - what the driver takes
        if name != "id" and self._collection.fields[name].choices is not None:
            return rank + 1  # PostgreSQL counts places from 1
        return self._to_column(name, rank)

    def _to_column(self, name: str, value: Value) -> Any:  # noqa: ANN401 - what the driver takes
        convert = None if name == "id" else TO_COLUMN.get(self._collection.fields[name].type)
        return value if convert is None or value is None else convert(value)


def _shape_of(selection: Selection) -> _Shape:
    return _Shape(
        conditions=tuple((each.fields, each.value is not None) for each in selection.conditions),
        order=selection.order,
        is_descending=selection.is_descending,
        has_since=selection.since is not None,
        has_until=selection.until is not None,
        has_after=selection.after is not None,
    )
