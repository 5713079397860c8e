"""What an operator may ask about people and clubs, across all clubs, and nobody else: no route reaches this.

Clubs are found by their members, each is read under its own row policy, so any role that the server may use will do.
"""

from datetime import datetime
from typing import Final

import asyncpg
from msgspec import Struct

from storage.clubs import set_club_sql
from storage.readiness import CONNECT_S


class ClubLine(Struct, frozen=True):
    """A club, as an operator sees it: its size and its age, none of its data."""

    club_id: str
    name: str
    version: int
    """Changes in its log since it began."""
    members: int
    devices: int
    last_push_ms: int | None
    """The latest, milliseconds since 1970; None before the first."""
    created_at: datetime


class UserLine(Struct, frozen=True):
    """A person who can sign in."""

    user_id: str
    email: str
    name: str
    clubs: int
    sessions: int
    """Devices that are signed in."""
    created_at: datetime


_CLUBS: Final = """
SELECT club_id::text, count(*) FILTER (WHERE removed_at IS NULL) AS members
  FROM touchline.memberships GROUP BY club_id ORDER BY min(joined_at), club_id
"""
_CLUB: Final = """
SELECT name, version, created_at,
       (SELECT count(*) FROM touchline.devices AS device WHERE device.club_id = $1) AS devices,
       (SELECT max(seen_ms) FROM touchline.devices AS device WHERE device.club_id = $1) AS last_push_ms
  FROM touchline.clubs WHERE club_id = $1
"""
_USERS: Final = """
SELECT user_id::text, email, display_name AS name, created_at,
       (SELECT count(*) FROM touchline.memberships AS m WHERE m.user_id = u.user_id AND removed_at IS NULL) AS clubs,
       (SELECT count(*) FROM touchline.sessions AS s
         WHERE s.user_id = u.user_id AND ended_at IS NULL AND expires_at > now()) AS sessions
  FROM touchline.users AS u
 WHERE email IS NOT NULL
 ORDER BY created_at, user_id
"""
_SET_HASH: Final = """
UPDATE touchline.users SET password_hash = $2 WHERE lower(email) = lower($1) RETURNING user_id
"""
_END_SESSIONS: Final = "UPDATE touchline.sessions SET ended_at = now() WHERE user_id = $1 AND ended_at IS NULL"

_MEMBERS: Final = """
SELECT u.user_id, m.role FROM touchline.users AS u
  JOIN touchline.memberships AS m ON m.user_id = u.user_id AND m.club_id = $1 AND m.removed_at IS NULL
 WHERE lower(u.email) = lower($2)
   FOR UPDATE OF m
"""
_MAKE_OWNER: Final = "UPDATE touchline.memberships SET role = 'owner' WHERE club_id = $1 AND user_id = $2"


async def list_clubs(dsn: str) -> list[ClubLine]:
    """Return all clubs that have or had members, the oldest first."""
    connection = await asyncpg.connect(dsn, timeout=CONNECT_S)
    found: list[ClubLine] = []
    try:
        for club in await connection.fetch(_CLUBS):
            async with connection.transaction(readonly=True):
                await connection.execute(set_club_sql(club["club_id"]))
                row = await connection.fetchrow(_CLUB, club["club_id"])
            if row is not None:
                found.append(ClubLine(club_id=club["club_id"], members=club["members"], **row))
    finally:
        await connection.close()
    return found


async def list_users(dsn: str) -> list[UserLine]:
    """Return everybody who can sign in, the one who registered first before the others."""
    connection = await asyncpg.connect(dsn, timeout=CONNECT_S)
    try:
        return [UserLine(**row) for row in await connection.fetch(_USERS)]
    finally:
        await connection.close()


async def reset_password(dsn: str, email: str, password_hash: str) -> int | None:
    """Give a person another password and end all their sessions, at once; return how many ended.

    None where nobody has this address. The user's row is locked first, as every opening of a session does, so none
    slips in between.
    """
    connection = await asyncpg.connect(dsn, timeout=CONNECT_S)
    try:
        async with connection.transaction():
            user_id = await connection.fetchval(_SET_HASH, email, password_hash)
            if user_id is None:
                return None
            said = await connection.execute(_END_SESSIONS, user_id)
            return int(said.rpartition(" ")[2])
    finally:
        await connection.close()


async def make_owner(dsn: str, club_id: str, email: str) -> bool:
    """Make a member of a club an owner of it: for a club that has none. False where no member has this address."""
    connection = await asyncpg.connect(dsn, timeout=CONNECT_S)
    try:
        async with connection.transaction():
            member = await connection.fetchrow(_MEMBERS, club_id, email)
            if member is None:
                return False
            await connection.execute(_MAKE_OWNER, club_id, member["user_id"])
            return True
    finally:
        await connection.close()
