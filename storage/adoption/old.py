"""The old database as it is found: which tables and columns it has, and how their rows are read, as text.

Names of keys, uniques and indexes do not matter, since the tables are set aside whole. Types hardly do: each value is
read as text and judged by the catalogue, as if a phone had sent it. So a name may be varchar or char, a time may have
no zone, a key may be text, and what does not fit is named with its row.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import asyncpg
from msgspec import Struct

from storage.tables import GRASSROOTS
from sync.collections import Catalogue, Collection, Field, Type

ASIDE: Final = "grassroots_before"
"""The schema that holds the old tables afterwards, untouched, until somebody drops it."""
POSITIONS: Final = "positions"
MADE_AT: Final = ("created_at", "updated_at")
KEY: Final = "row_key"
PLACE: Final = "row_place"
WRITTEN: Final = "row_written"
"""Names under which a row's key, its place in the table and its time, in seconds since 1970, are read."""

_TEMPORAL: Final = frozenset({"timestamp with time zone", "timestamp without time zone", "date"})
_OWN_THINGS: Final = Path(__file__).with_name("own_things.sql").read_text(encoding="utf-8")
_TABLES: Final = f"""
    SELECT c.relname AS name, c.relkind::text AS kind,
           array_agg(a.attname::text ORDER BY a.attnum) FILTER (WHERE a.attname IS NOT NULL) AS columns,
           array_agg(format_type(a.atttypid, NULL) ORDER BY a.attnum) FILTER (WHERE a.attname IS NOT NULL) AS types
      FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE c.relnamespace = '{GRASSROOTS}'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
     GROUP BY c.oid ORDER BY c.relname
"""  # noqa: S608 - names of ours


class OldTable(Struct, frozen=True):
    """A table, or a view, of the old schema: its columns with their types, in the order of the table."""

    name: str
    columns: Mapping[str, str]
    is_table: bool = True

    def is_temporal(self, column: str) -> bool:
        """Tell whether a column is there and holds days or times."""
        return self.columns.get(column) in _TEMPORAL


async def read_tables(connection: "asyncpg.Connection[asyncpg.Record]") -> dict[str, OldTable]:
    """Return the relations of the old schema, by name; none where there is no such schema."""
    if not await connection.fetchval("SELECT to_regnamespace($1) IS NOT NULL", GRASSROOTS):
        return {}
    rows = await connection.fetch(_TABLES)
    return {
        row["name"]: OldTable(
            row["name"], dict(zip(row["columns"] or (), row["types"] or (), strict=True)), row["kind"] in "rp"
        )
        for row in rows
    }


async def read_own_things(connection: "asyncpg.Connection[asyncpg.Record]", known: Sequence[str]) -> list[str]:
    """Return what the club has of its own in and around the schema, in words."""
    return [row[0] for row in await connection.fetch(_OWN_THINGS, GRASSROOTS, list(known))]


def known_tables(catalogue: Catalogue) -> list[str]:
    """Return the names of the tables that are taken over."""
    return [*(each.table_name for each in catalogue.collections.values()), POSITIONS]


def own_columns(collection: Collection, table: OldTable) -> list[str]:
    """Return the columns of a table that no field of its collection takes."""
    taken = {*collection.fields, *MADE_AT, *([collection.key] if has_key(collection, table) else [])}
    return [name for name in table.columns if name not in taken]


def has_key(collection: Collection, table: OldTable) -> bool:
    """Tell whether a table's rows have ids of their own; old line-ups have none, or numbers."""
    return collection.key in table.columns and (collection.name != "lineup" or table.columns[collection.key] == "uuid")


def rows_query(collection: Collection, table: OldTable) -> str:
    """Return the query for all rows of a table: place, key, times and fields, each as text.

    Instants come in UTC and without a zone; one that had no zone is read in the session's. No cast can fail.
    """
    key = f"{_quoted(collection.key)}::text" if has_key(collection, table) else "NULL"
    chosen = [f"ctid::text AS {PLACE}", f"{key} AS {KEY}"]
    chosen += [f"{f'{name}::timestamptz::text' if table.is_temporal(name) else 'NULL'} AS {name}" for name in MADE_AT]
    times = [f"{name}::timestamptz" for name in reversed(MADE_AT) if table.is_temporal(name)]
    chosen.append(
        f"extract(epoch FROM coalesce({', '.join([*times, 'NULL', 'NULL::timestamptz'])}))::text AS {WRITTEN}"
    )
    chosen += [f"{_as_text(name, spec.type, table)} AS {_quoted(name)}" for name, spec in _fields(collection, table)]
    return f"SELECT {', '.join(chosen)} FROM {GRASSROOTS}.{_quoted(table.name)}"  # noqa: S608 - names, quoted


def _fields(collection: Collection, table: OldTable) -> list[tuple[str, Field]]:
    return [(name, spec) for name, spec in collection.fields.items() if name in table.columns]


def _as_text(name: str, kind: Type, table: OldTable) -> str:
    column = _quoted(name)
    if kind is Type.INSTANT and table.is_temporal(name):
        return f"({column}::timestamptz AT TIME ZONE 'UTC')::text"
    if kind is Type.DATE and table.is_temporal(name):
        return f"{column}::date::text"
    return f"{column}::text"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
