"""Old rows and what they name: orphans are refused, what may dangle is counted, and all come after their parents."""

from collections.abc import Mapping

from storage.adoption.rows import OldRow, Reading, Refusal
from storage.tables import GRASSROOTS
from sync.collections import Collection


def find_orphans(readings: Mapping[str, Reading], collection: Collection) -> None:
    """Refuse the rows whose parent is not there: nobody would ever see them."""
    reading = readings[collection.name]
    kept: list[OldRow] = []
    for row in reading.rows:
        gone = [
            (name, parent) for name, parent in collection.parents.items() if not _is_there(readings, row, name, parent)
        ]
        if not gone:
            kept.append(row)
            continue
        reading.refused += 1
        for name, parent in gone:
            where = f"{collection.key} = '{row.record}'" if collection.name != "lineup" else f"ctid = '{row.place}'"
            reading.refusals.append(
                Refusal(
                    collection.table_name,
                    name,
                    row.record if collection.name != "lineup" else f"at {row.place}",
                    f"It names {row.fields[name]}, which {parent} does not have.",
                    f"Put that row back, or: DELETE FROM {GRASSROOTS}.{collection.table_name} WHERE {where};",  # noqa: S608
                )
            )
    reading.rows = kept


def count_dangling(readings: Mapping[str, Reading], collection: Collection) -> dict[str, int]:
    """Return how many rows name, in each field that may dangle, a record that is not there."""
    counts: dict[str, int] = {}
    for name, spec in collection.fields.items():
        if spec.reference is None or spec.reference.containing:
            continue
        for row in readings[collection.name].rows:
            if name in row.fields and not _is_there(readings, row, name, spec.reference.collection):
                counts[name] = counts.get(name, 0) + 1
    return counts


def _is_there(readings: Mapping[str, Reading], row: OldRow, name: str, collection: str) -> bool:
    return collection in readings and row.fields[name] in readings[collection].keys


def in_order(readings: Mapping[str, Reading], parents: Mapping[str, Mapping[str, str]]) -> list[OldRow]:
    """Return all rows as they were written, one after the other, each after the row that contains it."""
    written: dict[tuple[str, str], int] = {}
    ordered: list[tuple[int, int, OldRow]] = []
    for rank, (name, reading) in enumerate(readings.items()):
        for row in reading.rows:
            of = [written[parent, row.fields[each]] for each, parent in parents[name].items()]
            at = written[name, row.record] = max([row.written_ms, *of])
            ordered.append((at, rank, row))
    ordered.sort(key=lambda each: each[:2])
    return [row for _, _, row in ordered]
