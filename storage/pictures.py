"""Pictures of matches: the records of one match with who wrote them, and the log's head, read at one moment.

A phone that scores by link reads no log. It lays a picture down in place of what it showed, and stands at the head that
was read with it: so the two must be of one snapshot of the database.
"""

from collections.abc import Collection, Mapping
from typing import Final, NamedTuple, TypeAlias

import asyncpg

from football import picture
from football.collections import CATALOGUE
from storage import statements
from storage.clubs import reading
from storage.rows import RowCodec
from storage.statements import RecordStatements, Statement
from storage.tables import record_tables
from sync.cursors import Cursor
from sync.records import Key, Record, is_present

Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

ROOT: Final = "matches"


class Picture(NamedTuple):
    """A match as it stands at the log's head."""

    head: Cursor
    records: list[Record]
    """What contains others stands before them."""


class PictureReader:
    """Reads pictures."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        """Work on a pool whose role may read the tables of `schema.sql`."""
        self._pool = pool
        self._codecs = {name: RowCodec(collection) for name, collection in CATALOGUE.collections.items()}
        self._among = _statements()

    async def read(self, club_id: str, match_id: str) -> Picture | None:
        """Return the picture of a match, tombstones included; None where nobody ever made it.

        Of a match that was deleted there is its own tombstone alone.
        """
        async with reading(self._pool, club_id) as connection:
            [head] = await connection.fetch(statements.HEAD.sql, club_id)
            found = await self._find(connection, club_id, ROOT, "id", [match_id])
            records = await self._all(connection, club_id, found[0]) if found else []
        if not records or not is_present(CATALOGUE, records[0]):
            return None
        return Picture(Cursor(head["version"], head["tag"]), records)

    async def _all(self, connection: Connection, club_id: str, match: Record) -> list[Record]:
        if match.is_deleted:
            return [picture.without_content(match)]
        contained = await self._contained(connection, club_id, match.key)
        sides, named = picture.sides_of(match), picture.named_in(contained)
        teams = await self._find(connection, club_id, "teams", "id", sides)
        players = {
            each.key: each
            for field, ids in (("current_team", sides), ("id", sorted(named)))
            for each in await self._find(connection, club_id, "players", field, ids)
        }
        shown = picture.players_shown(players.values(), sides, named)
        return [match, *picture.teams_shown(teams), *shown, *contained]

    async def _contained(self, connection: Connection, club_id: str, root: Key) -> list[Record]:
        """Return all that a record contains, at any depth."""
        found: list[Record] = []
        above: dict[str, list[str]] = {root.collection: [root.record]}
        for name in CATALOGUE.collections:  # parents stand before their children
            for child, field in CATALOGUE.children[name]:
                records = await self._find(connection, club_id, child, field, above.get(name, ()))
                above.setdefault(child, []).extend(each.key.record for each in records)
                found += records
        return found

    async def _find(
        self, connection: Connection, club_id: str, collection: str, field: str, ids: Collection[str]
    ) -> list[Record]:
        """Return the records whose field has one of these ids, in the order of their own."""
        if not ids:
            return []
        rows = await connection.fetch(self._among[collection, field].sql, club_id, ids)
        return [self._codecs[collection].from_row(row) for row in rows]


def _statements() -> Mapping[tuple[str, str], Statement]:
    asked = [(ROOT, "id"), ("teams", "id"), ("players", "id"), ("players", "current_team")]
    asked += [each for children in CATALOGUE.children.values() for each in children]
    tables, collections = record_tables(CATALOGUE), CATALOGUE.collections
    built = {name: RecordStatements(tables[name], each.key, list(each.fields)) for name, each in collections.items()}
    return {(name, field): built[name].among(field) for name, field in asked}
