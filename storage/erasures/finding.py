"""Finding who is to be erased, by id or by name, across all clubs; for an operator alone.

Each club is read under its own row policy, so any role that the server may use will do.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import asyncpg
from msgspec import Struct

from storage.clubs import set_club_sql
from storage.readiness import CONNECT_S


class PlayerFound(Struct, frozen=True):
    """A player who may be meant."""

    club_id: str
    club: str
    player_id: str
    name: str
    """Empty where nobody ever wrote one."""
    squad_number: int | None
    team: str
    is_deleted: bool


class NamedClub(Struct, frozen=True):
    """A club who may be meant."""

    club_id: str
    name: str


_CLUB_IDS: Final = "SELECT DISTINCT club_id::text FROM touchline.memberships ORDER BY 1"
_NAME: Final = "SELECT name FROM touchline.clubs WHERE club_id = $1"
_PLAYERS: Final = """
SELECT p.id::text AS player_id, coalesce(p.full_name, '') AS name, p.squad_number, p.deleted AS is_deleted,
       coalesce(t.name, '') AS team
  FROM grassroots.players AS p
  LEFT JOIN grassroots.teams AS t ON t.club_id = p.club_id AND t.id = p.current_team
 WHERE p.club_id = $1
   AND (p.id = $2::uuid OR lower(btrim(normalize(p.full_name, NFKC))) = lower(btrim(normalize($3, NFKC))))
 ORDER BY p.deleted, p.id
"""


async def find_players(dsn: str, who: str, *, club: str | None) -> Sequence[PlayerFound]:
    """Return the players of an id or a name, in all clubs, or in that of this id or name."""
    found: list[PlayerFound] = []
    connection = await asyncpg.connect(dsn, timeout=CONNECT_S)
    try:
        for each in await _clubs(connection):
            if club is None or _is_meant(each, club):
                async with connection.transaction(readonly=True):
                    await connection.execute(set_club_sql(each.club_id))
                    rows = await connection.fetch(_PLAYERS, each.club_id, as_id(who), who)
                found += [PlayerFound(club_id=each.club_id, club=each.name, **row) for row in rows]
    finally:
        await connection.close()
    return found


async def find_clubs(dsn: str, which: str) -> Sequence[NamedClub]:
    """Return the clubs of an id or a name."""
    connection = await asyncpg.connect(dsn, timeout=CONNECT_S)
    try:
        return [each for each in await _clubs(connection) if _is_meant(each, which)]
    finally:
        await connection.close()


def as_id(text: str) -> str | None:
    """Return a text as an id; None where it is none."""
    try:
        return str(UUID(text.strip()))
    except ValueError:
        return None


async def _clubs(connection: "asyncpg.Connection[asyncpg.Record]") -> list[NamedClub]:
    found: list[NamedClub] = []
    for (club_id,) in await connection.fetch(_CLUB_IDS):
        async with connection.transaction(readonly=True):
            await connection.execute(set_club_sql(club_id))
            name = await connection.fetchval(_NAME, club_id)
        if name is not None:
            found.append(NamedClub(club_id, name))
    return found


def _is_meant(club: NamedClub, asked: str) -> bool:
    return club.club_id == as_id(asked) or (club.name != "" and club.name.casefold() == asked.strip().casefold())
