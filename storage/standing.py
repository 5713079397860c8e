"""Standing: what a session may do now; one query by key, asked anew for each request.

Nothing is remembered, so that what ends access (signing out, removal, a revoked link) holds from the next request on,
in every process. `STANDINGS_SHARED` asks the same inside a push's own transaction and keeps what it read from changing
until that commits: a removal waits for the push, or the push sees the removal.
"""

from collections.abc import Collection
from typing import Any, Final, TypeAlias

import asyncpg
from msgspec import Struct

from storage.gathering import Gathering

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"


class Standing(Struct, frozen=True):
    """What a session may do now."""

    session_id: str
    author_id: str
    """The user, or the scorer's link: who is named as author of what the session writes."""
    club_id: str
    device_id: str
    is_ended: bool
    """Whether the session itself was ended: signed out, or ended from another device."""
    role: str
    """The role in the club, also of a former member; `scorer` for a link."""
    match_id: str | None
    """The one match of a scorer's link; None for a member."""
    stops_ms: int | None
    """When the membership ended, or the link ends or was revoked, milliseconds since 1970; None for a member."""

    def has_stopped(self, now_ms: int) -> bool:
        """Tell whether the access has ended, though the session was not signed out."""
        return self.stops_ms is not None and self.stops_ms <= now_ms


ALONE_MAX: Final = 2
"""Questions under way that are asked one by one; more of them go together."""

STANDINGS: Final = """
    SELECT s.session_id::text, coalesce(s.user_id, s.scorer_id)::text, s.club_id::text, s.device_id::text,
           s.ended_at IS NOT NULL, coalesce(m.role, 'scorer'), l.match_id::text,
           ceil(extract(epoch FROM coalesce(m.removed_at, least(l.revoked_at, l.expires_at))) * 1000)::bigint
      FROM touchline.sessions s
      LEFT JOIN touchline.memberships m ON m.club_id = s.club_id AND m.user_id = s.user_id
      LEFT JOIN touchline.scorers l ON l.scorer_id = s.scorer_id
     WHERE s.session_id = ANY($1::uuid[]) AND (m.user_id IS NOT NULL OR l.scorer_id IS NOT NULL)
"""
"""The standings of sessions ($1), as the members of `Standing` in their order; no row for one that is not there.

Memberships and links keep their rows when they end.
"""

# Inner joins, because an outer join's empty side cannot be locked; a row that changed meanwhile is read as it is now.
STANDINGS_SHARED: Final = """
      WITH members AS (
    SELECT s.session_id::text, s.user_id::text, s.club_id::text, s.device_id::text,
           s.ended_at IS NOT NULL, m.role, NULL::text,
           ceil(extract(epoch FROM m.removed_at) * 1000)::bigint
      FROM touchline.sessions s
      JOIN touchline.memberships m ON m.club_id = s.club_id AND m.user_id = s.user_id
     WHERE s.session_id = ANY($1::uuid[])
     ORDER BY m.user_id, s.session_id
       FOR SHARE OF s, m
         ), links AS (
    SELECT s.session_id::text, s.scorer_id::text, s.club_id::text, s.device_id::text,
           s.ended_at IS NOT NULL, 'scorer', l.match_id::text,
           ceil(extract(epoch FROM least(l.revoked_at, l.expires_at)) * 1000)::bigint
      FROM touchline.sessions s
      JOIN touchline.scorers l ON l.scorer_id = s.scorer_id
     WHERE s.session_id = ANY($1::uuid[])
       FOR SHARE OF s, l
         )
    SELECT * FROM links UNION ALL SELECT * FROM members
"""
"""As `STANDINGS`, locked until the transaction ends; for use under the club's counter row and never before it.

In the order of `storage/members.py`, so that no ring of waiting comes of it: links first, then members by their ids.
"""


class Standings:
    """Reads standings on a pool of its own, so that no push stands before a look at the door."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        """Ask on a pool whose role may read the tables of accounts."""
        self._pool = pool
        self._asking = 0
        self._gathering: Gathering[str, Standing] = Gathering(self.of_all)

    async def of(self, session_id: str) -> Standing | None:
        """Return what a session may do now; None where there is no such session.

        Where many ask at once, as after a restart, they ask together.
        """
        if self._asking >= ALONE_MAX:
            return await self._gathering.of(session_id)
        self._asking += 1
        try:
            row = await self._pool.fetchrow(STANDINGS, (session_id,))
        finally:
            self._asking -= 1
        return None if row is None else Standing(*row)

    async def of_all(self, session_ids: Collection[str]) -> dict[str, Standing]:
        """Return the standings of those sessions that are there, by their ids: for open sockets, looked at together."""
        rows = await self._pool.fetch(STANDINGS, session_ids)
        return {row[0]: Standing(*row) for row in rows}


async def standings_shared(connection: Connection, session_ids: Collection[str]) -> dict[str, Standing]:
    """Return the standings of sessions inside a transaction, where they stay as they are until it ends."""
    rows: list[Any] = await connection.fetch(STANDINGS_SHARED, session_ids)
    return {row[0]: Standing(*row) for row in rows}
