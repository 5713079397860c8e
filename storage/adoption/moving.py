"""Moving the rows: pushed as one device's, their times put back, and all of them counted again."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import asyncpg
from msgspec import Raw

from football.collections import CATALOGUE
from storage.adoption.club import Adoption
from storage.adoption.rows import OldRow, Refusal
from storage.clubs import set_club_sql
from storage.embedded.conf import APP_ROLE
from storage.engine import Engine
from storage.tables import GRASSROOTS
from sync.collections import CONFLICTS
from sync.limits import PUSH_MUTATIONS_MAX
from sync.messages import Mutation, PushRequest, encode

TIMES_AT_ONCE: Final = 10_000
LOOKS: Final = frozenset({2, 8, 32, 128})
"""Pushes after which the tables are analysed: what is planned for empty tables would read full ones whole."""
_WRITTEN: Final = (
    *(f"{GRASSROOTS}.{each.table_name}" for each in CATALOGUE.collections.values()),
    *(f"touchline.{name}" for name in ("log", "outcomes", "parked", "conflicts")),
)

Tell = Callable[[int, int], None]
"""Told how many rows of how many are written."""


async def push(
    connection: "asyncpg.Connection[asyncpg.Record]",
    engine: Engine,
    adoption: Adoption,
    rows: Sequence[OldRow],
    tell: Tell,
) -> list[Refusal]:
    """Push all rows, as many at a time as a phone may; return what the engine did not simply apply."""
    refusals: list[Refusal] = []
    tell(0, len(rows))
    for first, some in _parts(rows, PUSH_MUTATIONS_MAX):
        sent_at = (await engine.timestamp(adoption.club_id)).server_time
        mutations = [
            Mutation(n, row.collection, row.record, "put", row.written_ms, row.fields)
            for n, row in enumerate(some, start=first + 1)
        ]
        push = PushRequest(adoption.device_id, sent_at, [Raw(encode(each)) for each in mutations])
        answer = await engine.push(adoption.club_id, adoption.user_id, push)
        for each in answer.others:
            row = rows[each.n - 1]
            why = each.sentence or f"It would be {each.verdict}."
            refusals.append(Refusal(row.collection, each.field or "", row.record, why, "Correct it, or delete the row"))
        if first // PUSH_MUTATIONS_MAX in LOOKS:
            await connection.execute(f"ANALYZE {', '.join(_WRITTEN)}")
        tell(first + len(some), len(rows))
    return refusals


async def keep_times(connection: "asyncpg.Connection[asyncpg.Record]", club_id: str, rows: Sequence[OldRow]) -> None:
    """Put back when each row was made and changed last, as far as the old table says."""
    by_collection: dict[str, list[OldRow]] = {}
    for row in rows:
        by_collection.setdefault(row.collection, []).append(row)
    for name, found in by_collection.items():
        collection = CATALOGUE.collections[name]
        statement = f"""
            UPDATE {GRASSROOTS}.{collection.table_name} AS kept
               SET created_at = coalesce(old.made, old.changed, kept.created_at)::timestamptz,
                   updated_at = coalesce(old.changed, old.made, kept.updated_at)::timestamptz
              FROM unnest($2::uuid[], $3::text[]::timestamptz[], $4::text[]::timestamptz[]) AS old (id, made, changed)
             WHERE kept.club_id = $1 AND kept.{collection.key} = old.id
        """  # noqa: S608 - names of ours
        for _, some in _parts(found, TIMES_AT_ONCE):
            columns = zip(*((row.record, row.created_at, row.updated_at) for row in some), strict=True)
            await connection.execute(statement, club_id, *map(list, columns))


async def verify(
    connection: "asyncpg.Connection[asyncpg.Record]", engine: Engine, club_id: str, rows: Sequence[OldRow]
) -> int:
    """Count all again, as the application's own role; return how many pairs look alike."""
    await connection.execute(f"{set_club_sql(club_id)}; SET LOCAL row_security = on; SET LOCAL ROLE {APP_ROLE}")
    counts = await engine.store.counts(club_id)
    await connection.execute("RESET ROLE")
    written = {name: count for name, count in counts.items() if name != CONFLICTS}
    expected = dict.fromkeys(written, 0)
    for row in rows:
        expected[row.collection] += 1
    assert written == expected, f"{written} rows were written, and {expected} were read"
    return counts[CONFLICTS]


def _parts(rows: Sequence[OldRow], size: int) -> Iterator[tuple[int, Sequence[OldRow]]]:
    return ((first, rows[first : first + size]) for first in range(0, len(rows), size))
