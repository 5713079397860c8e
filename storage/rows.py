"""Rows of club data: a record as its table keeps it, and back.

Values stand in columns of their own; which write brought each stands beside them in `stamps`, grouped, because the
fields of one mutation share their stamp: `[[stamp, version, n, [field, ...], [[device, n], ...]], ...]`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import asyncpg
import msgspec

from storage.tables import FROM_COLUMN, TO_COLUMN
from sync.collections import Collection, Value
from sync.conflicts import DELETED
from sync.records import Key, Record, Write

_Group = tuple[str, int, int, list[str], tuple[tuple[str, int], ...]]
_stamps: Final = msgspec.json.Decoder(list[_Group])


class RowCodec:
    """Turns one collection's records into rows and back."""

    def __init__(self, collection: Collection) -> None:
        """Look up once what each column needs."""
        self.collection = collection
        self._to = [(name, TO_COLUMN.get(spec.type), spec.default) for name, spec in collection.fields.items()]
        self._from = {name: FROM_COLUMN.get(spec.type) for name, spec in collection.fields.items()}

    def to_columns(self, records: Sequence[Record]) -> list[list[Any]]:
        """Return records as the columns of their table: id, fields as declared, version, stamps, deleted.

        A field that nobody wrote is stored as its default, so that plain SQL reads what people see.
        """
        columns: list[list[Any]] = [[record.key.record for record in records]]
        for name, convert, default in self._to:
            writes = [record.fields.get(name) for record in records]
            values = [default if write is None else write.value for write in writes]
            if convert is not None:
                values = [None if value is None else convert(value) for value in values]
            columns.append(values)
        columns.append([record.version for record in records])
        columns.append([encode_stamps(record) for record in records])
        columns.append([record.is_deleted for record in records])
        return columns

    def from_row(self, row: "asyncpg.Record | Mapping[str, Any]") -> Record:
        """Return the record of a row, which has the column names of the table, and the key as `record_id`."""
        fields: dict[str, Write] = {}
        deleted: Write | None = None
        for stamp, version, n, names, also in _stamps.decode(row["stamps"]):
            for name in names:
                if name == DELETED:
                    deleted = Write(row[DELETED], stamp, version, n, also)
                else:
                    fields[name] = Write(self._value(name, row[name]), stamp, version, n, also)
        key = Key(self.collection.name, str(row["record_id"]))
        return Record(key, fields, deleted, row["version"])

    def _value(self, name: str, stored: Any) -> Value:  # noqa: ANN401 - what the driver gives
        convert = self._from[name]
        return stored if stored is None or convert is None else convert(stored)


def encode_stamps(record: Record) -> str:
    """Return which write stands in which field, as JSON."""
    writes = dict(record.fields)
    if record.deleted is not None:
        writes[DELETED] = record.deleted
    groups: dict[tuple[str, int, int, Sequence[tuple[str, int]]], list[str]] = {}
    for name, write in writes.items():
        groups.setdefault((write.stamp, write.version, write.n, write.also), []).append(name)
    return msgspec.json.encode([(*write[:3], names, write[3]) for write, names in groups.items()]).decode()
