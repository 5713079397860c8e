"""The survey of an old database: what each table holds, what of it cannot be kept, and what a person should know."""

from collections.abc import Mapping
from typing import Final

import asyncpg
from msgspec import Struct, field

from storage.adoption.families import count_dangling, find_orphans, in_order
from storage.adoption.meaning import Note, changed_scores, name_our_sides
from storage.adoption.old import (
    ASIDE,
    OldTable,
    has_key,
    known_tables,
    own_columns,
    read_own_things,
    read_tables,
    rows_query,
)
from storage.adoption.rows import OldRow, Reading, Refusal, read_rows
from sync.collections import Catalogue, Collection

_NO_TABLE: Final = "A view or a foreign table stands where a table is expected."


class TableFound(Struct, frozen=True):
    """A table of the old schema, and what becomes of its rows."""

    name: str
    rows: int
    refused: int
    fate: str


class Survey(Struct):
    """What an old database holds."""

    time_zone: str
    """In which times without a zone are read."""
    tables: list[TableFound] = field(default_factory=list[TableFound])
    refusals: list[Refusal] = field(default_factory=list[Refusal])
    notes: list[Note] = field(default_factory=list[Note])
    own_things: list[str] = field(default_factory=list[str])
    """What the club has of its own in and around the schema; it stays with the old tables."""
    rows: list[OldRow] = field(default_factory=list[OldRow])
    """All rows, in the order in which they are pushed; none where there are refusals."""


async def survey(connection: "asyncpg.Connection[asyncpg.Record]", catalogue: Catalogue) -> Survey:
    """Read and judge all rows, in the transaction that is open; its time zone is that of times without one."""
    found = await read_tables(connection)
    told = Survey(time_zone=str(await connection.fetchval("SHOW TimeZone")))
    told.own_things = await read_own_things(connection, known_tables(catalogue))
    readings: dict[str, Reading] = {}
    for collection in catalogue.collections.values():
        table = found.get(collection.table_name)
        if table is None:
            continue
        if not table.is_table:
            told.refusals.append(Refusal(table.name, "", "", _NO_TABLE, "Put its rows into a table of this name"))
            continue
        rows = await connection.fetch(rows_query(collection, table))
        readings[collection.name] = read_rows(collection, table.columns, map(dict, rows))
    _judge(told, catalogue, readings, found)
    if not told.refusals:
        told.rows = in_order(readings, catalogue.parents)
    return told


def _judge(told: Survey, catalogue: Catalogue, readings: Mapping[str, Reading], found: Mapping[str, OldTable]) -> None:
    unclear, changed = name_our_sides(readings), changed_scores(readings)
    for name, reading in readings.items():
        collection = catalogue.collections[name]
        find_orphans(readings, collection)
        told.refusals += reading.refusals
        told.notes += _notes(collection, reading, readings, found[collection.table_name])
        count = len(reading.rows) + reading.refused
        told.tables.append(TableFound(collection.table_name, count, reading.refused, _fate(collection, found)))
    if unclear:
        text = (
            "Which side is the club's own is not clear, since not just one of the two has players: home counts as it."
        )
        told.notes.append(Note("matches", text, tuple(unclear)))
    if changed:
        text = "The events say another score than our_score and opponent_score: the goals are what is shown."
        told.notes.append(Note("matches", text, tuple(changed)))


def _fate(collection: Collection, found: Mapping[str, OldTable]) -> str:
    if has_key(collection, found[collection.table_name]):
        return "taken over under the same ids"
    return "taken over, each stint under an id that follows from match and player"


def _notes(collection: Collection, reading: Reading, readings: Mapping[str, Reading], table: OldTable) -> list[Note]:
    notes = [
        Note(table.name, f"{count} {name} name nobody who is there: kept as they are.")
        for name, count in count_dangling(readings, collection).items()
    ]
    if own := own_columns(collection, table):
        words = ", ".join(own)
        text = f"Columns of the club's own ({words}) are not taken over; they stay in {ASIDE}.{table.name}."
        notes.append(Note(table.name, text))
    if absent := [name for name in collection.required if name not in table.columns and not reading.rows]:
        notes.append(Note(table.name, f"The empty table lacks {', '.join(sorted(absent))}; the new one has it."))
    if reading.emptied:
        notes.append(Note(table.name, f"{reading.emptied} empty texts were taken for no value."))
    return notes
