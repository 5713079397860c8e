"""Members of a club, and the club's own row: who belongs, in which role, and how that changes or ends.

Each change locks the club's current memberships and is judged by what they are then. An ended membership keeps its row,
so that a phone that comes back months later is told when its access ended.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Uuid, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.clubs import set_club_sql
from storage.invitations import REVOKE_MADE_BY
from storage.scorers import REVOKE_LINKS_MADE_BY
from storage.tables import clubs
from storage.tables_accounts import memberships, users


class NoSuchMember(Exception):
    """The club has no member of this id."""


class LastOwner(Exception):
    """The club would be left without an owner."""


class Member(Struct, frozen=True):
    """A member as the club sees them."""

    user_id: str
    display_name: str
    role: str
    joined_at: datetime


class ClubRow(Struct, frozen=True):
    """A club's own row."""

    club_id: str
    name: str
    created_at: datetime


Judge = Callable[[str | None, str], None]
"""Given the role of who asks (None: a member no more) and of whom it is about, raises where that may not be."""

_CLUB: Final = select(clubs.c.club_id, clubs.c.name, clubs.c.created_at).where(
    clubs.c.club_id == bindparam("of", type_=Uuid)
)
_RENAME: Final = update(clubs).where(clubs.c.club_id == bindparam("of", type_=Uuid)).values(name=bindparam("called"))
_MEMBERS: Final = (
    select(memberships.c.user_id, users.c.display_name, memberships.c.role, memberships.c.joined_at)
    .select_from(memberships.join(users, users.c.user_id == memberships.c.user_id))
    .where(memberships.c.club_id == bindparam("of", type_=Uuid), memberships.c.removed_at.is_(None))
    .order_by(memberships.c.joined_at, memberships.c.user_id)
)
_LOCK_MEMBERS: Final = (
    select(memberships.c.user_id, memberships.c.role)
    .where(memberships.c.club_id == bindparam("of", type_=Uuid), memberships.c.removed_at.is_(None))
    .order_by(memberships.c.user_id)
    .with_for_update()
)
"""The current members of a club, locked in one order."""
_SET_ROLE: Final = (
    update(memberships)
    .where(memberships.c.club_id == bindparam("of", type_=Uuid), memberships.c.user_id == bindparam("whom", type_=Uuid))
    .values(role=bindparam("to_role"))
)
REMOVE: Final = (
    update(memberships)
    .where(memberships.c.club_id == bindparam("of", type_=Uuid), memberships.c.user_id == bindparam("whom", type_=Uuid))
    .values(removed_at=bindparam("now"))
)
"""Ends a membership."""


class Members:
    """The narrow functions on clubs and their members in one database."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Work on an engine whose role may read and write the tables of accounts."""
        self._engine = engine

    async def club(self, club_id: str) -> ClubRow | None:
        """Return a club's own row."""
        async with self._engine.begin() as connection:
            await connection.exec_driver_sql(set_club_sql(club_id))
            row = (await connection.execute(_CLUB, {"of": UUID(club_id)})).one_or_none()
        return None if row is None else ClubRow(str(row.club_id), row.name, row.created_at)

    async def rename_club(self, club_id: str, name: str) -> None:
        """Give a club another name."""
        async with self._engine.begin() as connection:
            await connection.exec_driver_sql(set_club_sql(club_id))
            await connection.execute(_RENAME, {"of": UUID(club_id), "called": name})

    async def of_club(self, club_id: str) -> Sequence[Member]:
        """Return a club's members, the one who joined first before the others."""
        async with self._engine.begin() as connection:
            rows = (await connection.execute(_MEMBERS, {"of": UUID(club_id)})).all()
        return [Member(str(row.user_id), row.display_name, row.role, row.joined_at) for row in rows]

    async def set_role(self, club_id: str, user_id: str, role: str, *, by: str, judge: Judge, now: datetime) -> None:
        """Give a member another role; what they handed out ends. Raises NoSuchMember, LastOwner, or as `judge` does."""
        async with self._engine.begin() as connection:
            roles = await _begin_change(connection, club_id, user_id, now)
            judge(roles.get(by), roles[user_id])
            if role != "owner":
                _check_owner_left(roles, user_id)
            await connection.execute(_SET_ROLE, {"of": UUID(club_id), "whom": UUID(user_id), "to_role": role})

    async def remove(self, club_id: str, user_id: str, *, by: str, judge: Judge, now: datetime) -> None:
        """End a membership, and what the member handed out. Raises NoSuchMember, LastOwner, or as `judge` does."""
        async with self._engine.begin() as connection:
            roles = await _begin_change(connection, club_id, user_id, now)
            judge(roles.get(by), roles[user_id])
            _check_owner_left(roles, user_id)
            await connection.execute(REMOVE, {"of": UUID(club_id), "whom": UUID(user_id), "now": now})


async def _begin_change(connection: AsyncConnection, club_id: str, user_id: str, now: datetime) -> dict[str, str]:
    """Lock the club's members, and return their roles. Raises NoSuchMember."""
    roles = await lock_members(connection, club_id, user_id, now)
    if user_id not in roles:
        raise NoSuchMember
    return roles


async def lock_members(connection: AsyncConnection, club_id: str, leaving_id: str, now: datetime) -> dict[str, str]:
    """Lock a club's members, end what one of them handed out, and return their roles.

    Whoever joins locks the invitation first and the member then, and so does this. What was made while this waited for
    the members ends after that: nobody can make more now.
    """
    await connection.exec_driver_sql(set_club_sql(club_id))
    await _revoke_made_by(connection, club_id, leaving_id, now)
    rows = (await connection.execute(_LOCK_MEMBERS, {"of": UUID(club_id)})).all()
    await _revoke_made_by(connection, club_id, leaving_id, now)
    return {str(row.user_id): str(row.role) for row in rows}


async def _revoke_made_by(connection: AsyncConnection, club_id: str, user_id: str, now: datetime) -> None:
    given: dict[str, Any] = {"of": UUID(club_id), "maker": UUID(user_id), "now": now}
    await connection.execute(REVOKE_MADE_BY, given)
    await connection.execute(REVOKE_LINKS_MADE_BY, given)


def _check_owner_left(roles: Mapping[str, str], user_id: str) -> None:
    if roles[user_id] == "owner" and list(roles.values()).count("owner") == 1:
        raise LastOwner
