"""Old rows as records: what a row says, field by field, in the catalogue's form, or why it cannot be kept.

Pure: values in, values out. A value that the catalogue refuses is a refusal that names its table, column and row, and
says what to do; nothing is cut or bent to fit. Only an empty text where a field has another form is taken for no value.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct, field

from football.ids import stint_id
from storage.adoption.old import KEY, MADE_AT, PLACE, WRITTEN
from storage.tables import GRASSROOTS
from sync.collections import Collection, Problem, Type, Value, parse
from sync.collections import Field as Spec

_KEY_SPEC: Final = Spec(Type.UUID, required=True)
_REMEDIES: Final[Mapping[str, str]] = {
    "null": "Give it a value, or delete the row",
    "too_long": "Shorten the text",
    "too_short": "Give it a name, or delete the row",
    "unknown_choice": "Change it to one of these words, or delete the row",
}


class Refusal(Struct, frozen=True):
    """Something of the old database that cannot be kept as it is."""

    table: str
    column: str
    row: str
    """The row's key, or its place in the table where it has none; empty: the table as a whole."""
    why: str
    remedy: str
    """What to do about it, as a sentence or as SQL."""


class OldRow(Struct):
    """A row that became a record."""

    collection: str
    record: str
    fields: dict[str, Value]
    place: str
    written_ms: int
    """When it was last written, in milliseconds since 1970; 0 where the row does not say."""
    created_at: str | None = None
    updated_at: str | None = None


class Reading(Struct):
    """What the rows of one table came to."""

    rows: list[OldRow] = field(default_factory=list[OldRow])
    keys: set[str] = field(default_factory=set[str])
    """All keys that were read, those of refused rows too: their children are no orphans."""
    refusals: list[Refusal] = field(default_factory=list[Refusal])
    refused: int = 0
    """Rows that are refused."""
    emptied: int = 0
    """Empty texts that were taken for no value."""


def read_rows(collection: Collection, columns: Iterable[str], found: Iterable[Mapping[str, str | None]]) -> Reading:
    """Read a table's rows, each value as text; `columns` are those that the table has."""
    reading = Reading()
    missing = sorted(collection.required - set(columns))
    names = [name for name in collection.fields if name in set(columns)]
    for row in found:
        if missing:
            why = f"The table has rows, and no column {' and no column '.join(missing)}"
            remedy = "Add it and fill it: a record cannot be made without"
            reading.refusals.append(Refusal(collection.table_name, missing[0], "", why, remedy))
            break
        _read_row(reading, collection, names, row)
    if collection.name == "lineup":
        _name_stints(reading)
    return reading


def _read_row(reading: Reading, collection: Collection, names: list[str], row: Mapping[str, str | None]) -> None:
    refusals: list[Refusal] = []
    given, place = row[KEY], str(row[PLACE])
    key = "" if collection.name == "lineup" and given is None else parse(_KEY_SPEC, collection.key, given)
    if isinstance(key, Problem):
        refusals.append(_bad_key(collection, given, place))
        key = ""
    elif key in reading.keys and key:
        refusals.append(_twice(collection, key, place))
    reading.keys.add(key)
    fields: dict[str, Value] = {}
    for name in names:
        spec, text = collection.fields[name], row[name]
        value = _value(spec, name, text)
        if isinstance(value, Problem) and text == "" and spec.nullable and not spec.required:
            reading.emptied += 1
            continue
        if isinstance(value, Problem):
            refusals.append(_refused(collection, spec, value, key, place))
        elif value is not None:
            fields[name] = value
    reading.refusals += refusals
    if refusals:
        reading.refused += 1
        return
    made = [row[name] for name in MADE_AT]
    reading.rows.append(OldRow(collection.name, key, fields, place, _written_ms(row[WRITTEN]), *made))


def _value(spec: Spec, name: str, text: str | None) -> Value | Problem:
    """Return a column's text in the canonical form of its field; None where the field is left unwritten."""
    if text is None:
        return parse(spec, name, None) if spec.required else None
    return parse(spec, name, _as_json(spec.type, text))


def _as_json(kind: Type, text: str) -> Value:
    if kind is Type.INSTANT and text[10:11] == " ":
        return f"{text[:10]}T{text[11:]}Z"
    if kind is Type.BOOLEAN:
        return {"true": True, "false": False}.get(text, text)
    if kind not in {Type.INTEGER, Type.NUMBER}:
        return text
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if kind is Type.INTEGER and number.is_integer() else number


def _written_ms(seconds: str | None) -> int:
    ms = 0.0 if seconds is None else float(seconds) * 1_000
    return max(int(ms), 0) if math.isfinite(ms) else 0


def _refused(collection: Collection, spec: Spec, problem: Problem, key: str, place: str) -> Refusal:
    name = problem.field or ""
    remedy = _REMEDIES.get(problem.code, "Correct it")
    if spec.nullable and not spec.required and key:
        clear = _update(collection, f"{name} = NULL", f"{collection.key} = '{key}'")
        remedy = f"{'Correct it' if problem.code != 'too_long' else remedy}, or: {clear}"
    return Refusal(collection.table_name, name, key or f"at {place}", problem.sentence, remedy)


def _bad_key(collection: Collection, given: str | None, place: str) -> Refusal:
    table, column = collection.table_name, collection.key
    if given is None:
        remedy = _update(collection, f"{column} = gen_random_uuid()", f"ctid = '{place}'")
        return Refusal(table, column, f"at {place}", "The row has no key.", remedy)
    return Refusal(table, column, given, "The key is no UUID.", "Give the row, and what names it, a UUID")


def _twice(collection: Collection, key: str, place: str) -> Refusal:
    table, column = collection.table_name, collection.key
    fresh = _update(collection, f"{column} = gen_random_uuid()", f"ctid = '{place}'")
    remedy = f"Delete one of them, or: {fresh}"
    return Refusal(table, column, key, "Another row has this key too.", remedy)


def _update(collection: Collection, change: str, where: str) -> str:
    """Return SQL for a person to run."""
    return f"UPDATE {GRASSROOTS}.{collection.table_name} SET {change} WHERE {where};"  # noqa: S608 - names of ours


def _name_stints(reading: Reading) -> None:
    """Give the stints of a line-up that had no ids those that two phones would give them, in the order of play."""
    counted: dict[tuple[str, str], int] = {}
    for row in sorted(reading.rows, key=_coming_on):
        if row.record:
            continue
        of = row.fields["match_id"], row.fields["player_id"]
        counted[of] = counted.get(of, 0) + 1
        row.record = stint_id(*of, counted[of])


def _coming_on(row: OldRow) -> tuple[float, float, str]:
    return row.fields.get("start_min", 0.0), row.fields.get("end_min", math.inf), row.place
