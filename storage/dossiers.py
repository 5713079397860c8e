"""Dossiers: what a club holds about one player, read from everywhere it may stand: records, log, conflicts, the parked.

Nothing of it is indexed by person, so a dossier walks the club's tables by key pages, each a short transaction of its
own. Deleted and incomplete records are there too: a club holds them. What is found by name is found roughly here, and
looked at again by whoever asks.
"""

from collections.abc import AsyncGenerator, Collection, Sequence
from typing import Any, Final, NamedTuple

import asyncpg
import msgspec
from sqlalchemy import ARRAY, BigInteger, Text, Uuid, any_, bindparam, func, or_, select
from sqlalchemy.sql.elements import ColumnElement

from football.collections import CATALOGUE, PLAYERS
from storage import tables
from storage.clubs import reading
from storage.rows import RowCodec
from storage.statements import CLUB, RecordStatements, Statement, of_club, prepared
from sync.collections import Type
from sync.conflicts import Conflict
from sync.records import Change, Record

RECORDS_PAGE: Final = 500
LOG_PAGE: Final = 5_000
"""Versions looked at in one transaction: 20 to 30 ms; a log of 100,000 is looked through in 0.6 s."""
CONFLICTS_PAGE: Final = 2_000

_decode_change: Final = msgspec.json.Decoder(Change).decode
_decode_conflict: Final = msgspec.json.Decoder(Conflict).decode

_LOG: Final = """
SELECT version, body, committed_at
  FROM touchline.log
 WHERE club_id = $1 AND version > $4 AND version <= $5
   AND (position(convert_to($2, 'UTF8') in body) > 0
        OR lower(convert_from(body, 'UTF8')) LIKE ANY($3::text[]) OR convert_from(body, 'UTF8') LIKE ANY($3::text[]))
 ORDER BY version
"""
_CONFLICTS: Final = """
SELECT id,
       CASE WHEN position(convert_to($2, 'UTF8') in body) > 0
                 OR lower(convert_from(body, 'UTF8')) LIKE ANY($3::text[])
                 OR convert_from(body, 'UTF8') LIKE ANY($3::text[])
            THEN body END AS body
  FROM (SELECT id, body FROM touchline.conflicts WHERE club_id = $1 AND id > $4 ORDER BY id LIMIT $5) AS page
 ORDER BY id
"""
_PARKED: Final = """
SELECT device_id, received_ms, body
  FROM touchline.parked
 WHERE club_id = $1
   AND (position(convert_to($2, 'UTF8') in body) > 0
        OR lower(convert_from(body, 'UTF8')) LIKE ANY($3::text[]) OR convert_from(body, 'UTF8') LIKE ANY($3::text[]))
 ORDER BY received_ms, device_id, n
"""
"""Few wait at any time: a club has bounds for them."""
_TOOK_PART: Final = """
SELECT DISTINCT event_id FROM grassroots.event_participants WHERE club_id = $1 AND player_id = $2
"""
_LINKS: Final = """
SELECT link_id, match_id, shows_score, shows_shirt_numbers, shows_venue, created_at, expires_at, revoked_at
  FROM touchline.share_links
 WHERE club_id = $1 AND match_id = ANY($2::uuid[])
 ORDER BY created_at, link_id
"""
_ROLES: Final = """
SELECT device.device_id, member.role, member.removed_at IS NOT NULL AS is_former,
       scorer.scorer_id IS NOT NULL AS is_link
  FROM touchline.devices AS device
  LEFT JOIN touchline.memberships AS member
         ON member.club_id = device.club_id AND member.user_id::text = device.user_id
  LEFT JOIN touchline.scorers AS scorer
         ON scorer.club_id = device.club_id AND scorer.scorer_id::text = device.user_id
 WHERE device.club_id = $1 AND device.device_id = ANY($2::uuid[])
"""
_NOBODY: Final = "00000000-0000-0000-0000-000000000000"


class Logged(NamedTuple):
    """A change, and when the server had it."""

    change: Change
    committed_ms: int


class Waiting(NamedTuple):
    """A parked mutation, as it is kept."""

    device_id: str
    received_ms: int
    body: dict[str, Any]


class Sought(NamedTuple):
    """Whom a dossier is about."""

    player_id: str
    likes: Sequence[str] = ()
    """Patterns that find their names, roughly, in a text or in its lower case."""


class DossierReader:
    """Reads what there is about a player."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        """Work on a pool whose role may read the tables of `schema.sql`."""
        self._pool = pool
        self._tables = tables.record_tables(CATALOGUE)
        self._codecs = {name: RowCodec(collection) for name, collection in CATALOGUE.collections.items()}
        self._built: dict[str, Statement] = {}

    async def player(self, club_id: str, player_id: str) -> Record | None:
        """Return the player's record, deleted or not; None where nobody ever wrote it."""
        async with reading(self._pool, club_id) as connection:
            rows = await connection.fetch(self._statements(PLAYERS.name).by_id.sql, club_id, [player_id])
        return self._codecs[PLAYERS.name].from_row(rows[0]) if rows else None

    async def names(self, club_id: str) -> dict[str, str | None]:
        """Return the name of every player that the club ever had, by id; None of one without."""
        table = self._tables[PLAYERS.name]
        page = prepared(
            select(table.c.id, table.c.full_name)
            .where(of_club(table), table.c.id > bindparam("after", type_=Uuid))
            .order_by(table.c.id)
            .limit(bindparam("limit", type_=BigInteger))
        )
        found: dict[str, str | None] = {}
        after = _NOBODY
        while True:
            async with reading(self._pool, club_id) as connection:
                rows = await connection.fetch(page.sql, club_id, after, LOG_PAGE)
            found |= {str(row["id"]): row["full_name"] for row in rows}
            if len(rows) < LOG_PAGE:
                return found
            after = str(rows[-1]["id"])

    async def records(self, club_id: str, sought: Sought) -> AsyncGenerator[list[Record]]:
        """Yield the records that name the player, and events that they took part in, a page at a time."""
        for name in CATALOGUE.collections:
            if not self._conditions(name):
                continue
            after = _NOBODY
            while True:
                given = {**sought._asdict(), "club_id": club_id, "after": after, "limit": RECORDS_PAGE}
                statement = self._page(name)
                async with reading(self._pool, club_id) as connection:
                    rows = await connection.fetch(statement.sql, *(given[each] for each in statement.names))
                if rows:
                    yield [self._codecs[name].from_row(row) for row in rows]
                if len(rows) < RECORDS_PAGE:
                    break
                after = str(rows[-1]["record_id"])

    async def took_part(self, club_id: str, player_id: str) -> set[str]:
        """Return the events in which the player took part beside somebody else."""
        async with reading(self._pool, club_id) as connection:
            rows = await connection.fetch(_TOOK_PART, club_id, player_id)
        return {str(row["event_id"]) for row in rows}

    async def log(self, club_id: str, sought: Sought) -> AsyncGenerator[list[Logged]]:
        """Yield the changes that name the player, in the order of the log, up to where it ends now."""
        async with reading(self._pool, club_id) as connection:
            head = await connection.fetchrow("SELECT version, oldest FROM touchline.clubs WHERE club_id = $1", club_id)
        assert head is not None, "who asks is of a club"
        for begin in range(head["oldest"] - 1, head["version"], LOG_PAGE):
            end = min(begin + LOG_PAGE, head["version"])
            async with reading(self._pool, club_id) as connection:
                rows = await connection.fetch(_LOG, club_id, *sought, begin, end)
            if rows:
                yield [Logged(_decode_change(row["body"]), _ms(row["committed_at"])) for row in rows]

    async def conflicts(self, club_id: str, sought: Sought) -> AsyncGenerator[list[Conflict]]:
        """Yield the conflicts that name the player, closed ones and refused edits included."""
        after = _NOBODY
        while True:
            async with reading(self._pool, club_id) as connection:
                rows = await connection.fetch(_CONFLICTS, club_id, *sought, after, CONFLICTS_PAGE)
            found = [_decode_conflict(row["body"]) for row in rows if row["body"] is not None]
            if found:
                yield found
            if len(rows) < CONFLICTS_PAGE:
                return
            after = rows[-1]["id"]

    async def waiting(self, club_id: str, sought: Sought) -> list[Waiting]:
        """Return the parked mutations that name the player, the oldest first."""
        async with reading(self._pool, club_id) as connection:
            rows = await connection.fetch(_PARKED, club_id, *sought)
        return [Waiting(str(row["device_id"]), row["received_ms"], msgspec.json.decode(row["body"])) for row in rows]

    async def links(self, club_id: str, match_ids: Sequence[str]) -> list[dict[str, Any]]:
        """Return the share links of these matches: what each asks to show, and until when."""
        async with reading(self._pool, club_id) as connection:
            rows = await connection.fetch(_LINKS, club_id, match_ids)
        return [dict(row) for row in rows]

    async def roles(self, club_id: str, devices: Collection[str]) -> dict[str, str]:
        """Return in words, by device, as what somebody wrote there; a device that never pushed has no row."""
        async with reading(self._pool, club_id) as connection:
            rows = await connection.fetch(_ROLES, club_id, sorted(devices))
        return {str(row["device_id"]): _role_in_words(row) for row in rows}

    def _page(self, name: str) -> Statement:
        found = self._built.get(name)
        if found is None:
            statements = self._statements(name)
            after = statements.key > bindparam("after", type_=Uuid)
            chosen = statements.chosen.where(of_club(statements.table), after, or_(*self._conditions(name)))
            limit = bindparam("limit", type_=BigInteger)
            found = self._built[name] = prepared(chosen.order_by(statements.key).limit(limit))
        return found

    def _conditions(self, name: str) -> list[ColumnElement[bool]]:
        """Return when a record is about the player: it names them, in a reference or a text, or contains what does."""
        table, player = self._tables[name], bindparam("player_id", type_=Uuid)
        likes = any_(bindparam("likes", type_=ARRAY(Text)))
        found = [table.c[field] == player for field in _naming(name)]
        for child, field in CATALOGUE.children[name]:
            inner = self._tables[child]
            found += [
                table.c[CATALOGUE.collections[name].key].in_(
                    select(inner.c[field]).where(inner.c.club_id == CLUB, inner.c[naming] == player)
                )
                for naming in _naming(child)
                if _naming(name)
            ]
        for field, spec in CATALOGUE.collections[name].fields.items():
            if spec.type is Type.TEXT and spec.choices is None and spec.pattern is None:
                found += [func.lower(table.c[field]).like(likes), table.c[field].like(likes)]
        return found

    def _statements(self, name: str) -> RecordStatements:
        collection = CATALOGUE.collections[name]
        return RecordStatements(self._tables[name], collection.key, collection.fields)


def _naming(name: str) -> list[str]:
    """Return the fields of a collection that name a player."""
    fields = CATALOGUE.collections[name].fields
    return [field for field, spec in fields.items() if spec.reference and spec.reference.collection == PLAYERS.name]


def _role_in_words(row: "asyncpg.Record") -> str:
    if row["is_link"]:
        return "a scorer by link"
    if row["role"] is None or row["is_former"]:
        return "a former member"
    return f"an {row['role']}" if row["role"] == "owner" else f"a {row['role']}"


def _ms(at: Any) -> int:  # noqa: ANN401 - a datetime of the driver
    return int(at.timestamp() * 1_000)
