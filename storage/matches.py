"""Whole matches for the folds of `football/`: values alone, a few statements for any number of matches.

Reports, exports and statistics read many matches and never who wrote what, so rows come without their stamps. A read is
one short transaction of at most `MATCHES_MAX` matches: whoever wants a season asks again and again, and no transaction
grows with the club. Deleted and incomplete records are left out, as in every view. Beside its fields a record has its
`version`, and `created_ms`: when the server first had it.
"""

from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import asyncpg
from sqlalchemy import ARRAY, ColumnElement, Uuid, any_, bindparam, select

from football.facts import MatchFacts, Record
from storage.clubs import reading
from storage.statements import KEY, of_club, prepared
from storage.tables import FROM_COLUMN, record_tables
from sync.collections import Catalogue, Value

Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

MATCHES_MAX: Final = 25
"""Matches of one read: some 4,000 events, a tenth of a second."""


class Wanted(NamedTuple):
    """Which matches are wanted; None does not narrow."""

    season_id: str | None = None
    team_id: str | None = None
    """One of its two teams."""
    player_id: str | None = None
    """Somebody with a stint, an event or a part in an event of it."""


_MATCH_IDS: Final = """
SELECT match_id
  FROM grassroots.matches AS match
 WHERE club_id = $1 AND NOT deleted AND kickoff_ts IS NOT NULL
   AND ($2::uuid IS NULL OR season_id = $2)
   AND ($3::uuid IS NULL OR $3 IN (home_team_id, away_team_id))
   AND ($4::uuid IS NULL OR match_id IN (
       SELECT match_id FROM grassroots.lineup
        WHERE club_id = $1 AND player_id = $4 AND NOT deleted
        UNION ALL
       SELECT match_id FROM grassroots.events
        WHERE club_id = $1 AND player_id = $4 AND NOT deleted
        UNION ALL
       SELECT event.match_id
         FROM grassroots.event_participants AS part
         JOIN grassroots.events AS event ON event.club_id = part.club_id AND event.id = part.event_id
        WHERE part.club_id = $1 AND part.player_id = $4 AND NOT part.deleted AND NOT event.deleted))
 ORDER BY kickoff_ts, match_id
"""
"""Ids alone, however many: a club plays a few hundred matches a season, and each is sixteen bytes."""


_CLOCK: Final = "SELECT clock FROM touchline.clubs WHERE club_id = $1"


class MatchReader:
    """Reads matches, and the names that go with them."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", catalogue: Catalogue) -> None:
        """Work on a pool whose role may read the tables of `schema.sql`."""
        self._pool = pool
        self._readers = _Readers(catalogue)

    async def match_ids(self, club_id: str, wanted: Wanted) -> list[str]:
        """Return the ids of the matches wanted, in the order of their kick-offs."""
        async with reading(self._pool, club_id) as connection:
            rows = await connection.fetch(_MATCH_IDS, club_id, *wanted)
        return [str(row["match_id"]) for row in rows]

    async def facts(self, club_id: str, match_ids: Sequence[str]) -> list[MatchFacts]:
        """Return what is recorded of these matches, in this order; those that are not there are left out."""
        assert len(match_ids) <= MATCHES_MAX, "a read is bounded; ask in parts"
        async with reading(self._pool, club_id) as connection:
            return await self._facts(connection, club_id, match_ids)

    async def match(self, club_id: str, match_id: str) -> MatchFacts | None:
        """Return what is recorded of one match; None where there is none."""
        found = await self.facts(club_id, [match_id])
        return found[0] if found else None

    async def parts(self, club_id: str, wanted: Wanted) -> AsyncGenerator[list[MatchFacts]]:
        """Yield the matches wanted in the order of their kick-offs, a bounded part at a time.

        Each part is a transaction of its own: what is written meanwhile may be in a later part and not in an earlier.
        """
        ids = await self.match_ids(club_id, wanted)
        for place in range(0, len(ids), MATCHES_MAX):
            yield await self.facts(club_id, ids[place : place + MATCHES_MAX])

    async def named(self, club_id: str, collection: str, ids: Iterable[str | None]) -> dict[str, Record]:
        """Return the records of a collection that have these ids, by id; None among them is nobody."""
        wanted = sorted({each for each in ids if each is not None})
        if not wanted:
            return {}
        async with reading(self._pool, club_id) as connection:
            found = await self._readers.read(connection, club_id, collection, "id", wanted)
        return {record["id"]: record for record in found}

    async def squads(self, club_id: str, team_ids: Collection[str]) -> list[Record]:
        """Return the players whose team now is one of these, in the order of their ids."""
        async with reading(self._pool, club_id) as connection:
            return await self._readers.read(connection, club_id, "players", "current_team", sorted(team_ids))

    async def greatest_clock(self, club_id: str) -> int:
        """Return the greatest clock that the club has issued: a write ranked after it is ranked after all."""
        async with reading(self._pool, club_id) as connection:
            found: int = await connection.fetchval(_CLOCK, club_id)
        return found

    async def deleted(self, club_id: str, collection: str, ids: Sequence[str]) -> set[str]:
        """Return those of these ids under which a deleted record is kept."""
        async with reading(self._pool, club_id) as connection:
            return await self._readers.deleted(connection, club_id, collection, ids)

    async def _facts(self, connection: Connection, club_id: str, match_ids: Sequence[str]) -> list[MatchFacts]:
        async def read(collection: str, field: str, values: Sequence[str]) -> list[Record]:
            return await self._readers.read(connection, club_id, collection, field, values) if values else []

        matches = {match["id"]: match for match in await read("matches", "id", list(match_ids))}
        ids = list(matches)
        periods = _by(await read("match_periods", "match_id", ids), "match_id")
        events = _by(await read("events", "match_id", ids), "match_id")
        lineup = _by(await read("lineup", "match_id", ids), "match_id")
        pauses = _by(await read("match_pauses", "period_id", _ids(periods)), "period_id")
        participants = _by(await read("event_participants", "event_id", _ids(events)), "event_id")
        return [
            MatchFacts(
                match=matches[match_id],
                periods=tuple(periods.get(match_id, ())),
                pauses=_children(periods.get(match_id, ()), pauses),
                events=tuple(events.get(match_id, ())),
                participants=_children(events.get(match_id, ()), participants),
                lineup=tuple(lineup.get(match_id, ())),
            )
            for match_id in match_ids
            if match_id in matches
        ]


class _Readers:
    """The statements that read records by one of their columns, built at the first use."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._tables = record_tables(catalogue)
        self._built: dict[tuple[str, str], tuple[str, list[tuple[str, Callable[[Any], Value] | None]]]] = {}

    async def read(
        self, connection: Connection, club_id: str, collection: str, field: str, values: Sequence[str]
    ) -> list[Record]:
        """Return the complete, undeleted records whose column has one of these ids, in the order of their own."""
        built = self._built.get((collection, field))
        if built is None:
            built = self._built[collection, field] = self._build(collection, field)
        sql, columns = built
        return [_record(row, columns) for row in await connection.fetch(sql, club_id, values)]

    async def deleted(self, connection: Connection, club_id: str, name: str, ids: Sequence[str]) -> set[str]:
        """Return those of these ids whose record is a tombstone."""
        table = self._tables[name]
        key = table.c[self._catalogue.collections[name].key]
        asked = key == any_(bindparam("ids", type_=ARRAY(Uuid)))
        chosen = prepared(select(key.label(KEY)).where(of_club(table), asked, table.c.deleted))
        return {str(row[KEY]) for row in await connection.fetch(chosen.sql, club_id, ids)}

    def _build(self, name: str, field: str) -> tuple[str, list[tuple[str, Callable[[Any], Value] | None]]]:
        collection, table = self._catalogue.collections[name], self._tables[name]
        key = table.c[collection.key]
        asked = key if field == "id" else table.c[field]
        whole: list[ColumnElement[bool]] = [table.c[each].is_not(None) for each in sorted(collection.required)]
        chosen = (
            select(key.label(KEY), *(table.c[each] for each in (*collection.fields, "version", "created_at")))
            .where(of_club(table), asked == any_(bindparam("ids", type_=ARRAY(Uuid))), ~table.c.deleted, *whole)
            .order_by(key)
        )
        columns = [(each, FROM_COLUMN.get(spec.type)) for each, spec in collection.fields.items()]
        return prepared(chosen).sql, columns


def _record(row: "asyncpg.Record", columns: Iterable[tuple[str, Callable[[Any], Value] | None]]) -> Record:
    record: dict[str, Value] = {
        name: value if (value := row[name]) is None or convert is None else convert(value) for name, convert in columns
    }
    record["id"] = str(row[KEY])
    record["version"] = row["version"]
    record["created_ms"] = int(row["created_at"].timestamp() * 1_000)
    return record


def _by(records: Iterable[Record], field: str) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for record in records:
        found.setdefault(record[field], []).append(record)
    return found


def _ids(groups: Mapping[str, Sequence[Record]]) -> list[str]:
    return [record["id"] for records in groups.values() for record in records]


def _children(parents: Iterable[Record], by_parent: Mapping[str, Sequence[Record]]) -> tuple[Record, ...]:
    found = [record for parent in parents for record in by_parent.get(parent["id"], ())]
    return tuple(sorted(found, key=lambda record: str(record["id"])))
