"""Own data: what the server holds about somebody who can sign in, as themselves, in every club they are or were in.

Secrets are kept as hashes and are not told. What they wrote is the clubs': it is counted here, and no more.
"""

from typing import Any, Final

import asyncpg
from msgspec import Struct

from storage.clubs import reading

SESSIONS_MAX: Final = 1_000
"""Of these the newest: ended ones are deleted in time."""

Row = dict[str, Any]

_USER: Final = "SELECT user_id, email, display_name, created_at FROM touchline.users WHERE user_id = $1"
_MEMBERSHIPS: Final = """
SELECT club_id, role, joined_at, removed_at FROM touchline.memberships WHERE user_id = $1 ORDER BY joined_at, club_id
"""
_SESSIONS: Final = """
SELECT session_id, club_id, device_id, created_at, used_at, expires_at, ended_at, forked_from
  FROM touchline.sessions
 WHERE user_id = $1
 ORDER BY created_at DESC, session_id
 LIMIT $2
"""
_SCORER_LINKS: Final = """
SELECT scorer_id AS link_id, match_id, created_at, expires_at, revoked_at
  FROM touchline.scorers
 WHERE club_id = $1 AND made_by = $2
 ORDER BY created_at, scorer_id
"""
"""Without the name of whoever scored by it: that is somebody else."""
_INVITATIONS: Final = """
SELECT invitation_id, role, uses, used, created_at, expires_at, revoked_at
  FROM touchline.invitations
 WHERE club_id = $1 AND made_by = $2
 ORDER BY created_at, invitation_id
"""
_SHARE_LINKS: Final = """
SELECT link_id, match_id, shows_score, shows_shirt_numbers, shows_venue, created_at, expires_at, revoked_at
  FROM touchline.share_links
 WHERE club_id = $1 AND created_by = $2
 ORDER BY created_at, link_id
"""
_DEVICES: Final = """
SELECT device_id, last_n, acked, seen_ms, offsets_ms
  FROM touchline.devices
 WHERE club_id = $1 AND user_id = $2::text
 ORDER BY seen_ms, device_id
"""
_EDITS: Final = """
SELECT verdict, count(*) AS edits
  FROM touchline.outcomes
 WHERE club_id = $1
   AND device_id IN (SELECT device_id FROM touchline.devices WHERE club_id = $1 AND user_id = $2::text)
 GROUP BY verdict
"""
_CLUB_NAME: Final = "SELECT name FROM touchline.clubs WHERE club_id = $1"


class ClubPart(Struct, frozen=True):
    """What there is of somebody in one club."""

    club: Row
    devices: list[Row]
    invitations: list[Row]
    scorer_links: list[Row]
    share_links: list[Row]
    edits: dict[str, int]
    """How many of their edits the club has, by what became of them."""


class OwnDataReader:
    """Reads what there is about a user."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        """Work on a pool whose role may read the tables of accounts."""
        self._pool = pool

    async def account(self, user_id: str) -> tuple[Row | None, list[Row], list[Row]]:
        """Return a user, their memberships, former ones too, and their sessions; None for a user who is not there."""
        async with self._pool.acquire() as connection, connection.transaction(readonly=True):
            user = await connection.fetchrow(_USER, user_id)
            members = await connection.fetch(_MEMBERSHIPS, user_id)
            sessions = await connection.fetch(_SESSIONS, user_id, SESSIONS_MAX)
        return None if user is None else dict(user), [dict(row) for row in members], [dict(row) for row in sessions]

    async def club(self, membership: Row, user_id: str) -> ClubPart:
        """Return what there is of a user in the club of a membership."""
        club_id = str(membership["club_id"])
        async with reading(self._pool, club_id) as connection:

            async def rows(sql: str) -> list[Row]:
                return [dict(row) for row in await connection.fetch(sql, club_id, user_id)]

            return ClubPart(
                club={**membership, "name": await connection.fetchval(_CLUB_NAME, club_id)},
                devices=await rows(_DEVICES),
                invitations=await rows(_INVITATIONS),
                scorer_links=await rows(_SCORER_LINKS),
                share_links=await rows(_SHARE_LINKS),
                edits={row["verdict"]: row["edits"] for row in await connection.fetch(_EDITS, club_id, user_id)},
            )
