"""Users who are erased: name, address, password and all that they handed out go; an id without a name stays.

Their memberships end and keep their rows, and so do their sessions until these run out: by both a phone of theirs that
comes back is told to forget the club. What they recorded is the clubs' and goes on, under that id.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Uuid, bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.clubs import set_club_sql
from storage.erasures.ledger_file import Entry, LedgerFile
from storage.erasures.marks import mark, time_of
from storage.members import REMOVE, lock_members
from storage.tables import clubs
from storage.tables_accounts import attempts, invitations, memberships, scorers, sessions, users


class SoleOwner(Exception):
    """The person is the only owner of clubs; the clubs are named."""

    def __init__(self, club_ids: Sequence[str]) -> None:
        """Name the clubs."""
        super().__init__(*club_ids)
        self.club_ids = tuple(club_ids)


class Belonging(Struct, frozen=True):
    """A person's part in one club, as an operator is asked about it."""

    club_id: str
    name: str
    role: str
    members: int
    is_sole_owner: bool


class Found(Struct, frozen=True):
    """Somebody with an account."""

    user_id: str
    email: str
    name: str
    clubs: tuple[Belonging, ...]
    """Those that they belong to now."""
    devices: tuple[str, ...]
    """Those that they signed in on."""


_USER: Final = select(users.c.user_id, users.c.email, users.c.display_name).where(users.c.email.is_not(None))
_BY_ID: Final = _USER.where(users.c.user_id == bindparam("who", type_=Uuid))
_BY_EMAIL: Final = _USER.where(func.lower(users.c.email) == func.lower(bindparam("who")))
_ALL: Final = select(users.c.user_id).where(users.c.email.is_not(None))
_DEVICES: Final = (
    select(sessions.c.device_id)
    .where(sessions.c.user_id == bindparam("who", type_=Uuid))
    .distinct()
    .order_by("device_id")
)
_LOCK: Final = _BY_ID.with_for_update()
_EVER_IN: Final = (
    select(memberships.c.club_id, memberships.c.removed_at)
    .where(memberships.c.user_id == bindparam("who", type_=Uuid))
    .order_by(memberships.c.club_id)
)
_ROLES: Final = select(memberships.c.user_id, memberships.c.role).where(
    memberships.c.club_id == bindparam("of", type_=Uuid), memberships.c.removed_at.is_(None)
)
_CLUB_NAME: Final = select(clubs.c.name).where(clubs.c.club_id == bindparam("of", type_=Uuid))
_OWNERLESS: Final = (
    select(memberships.c.club_id)
    .where(memberships.c.removed_at.is_(None))
    .group_by(memberships.c.club_id)
    .having(func.bool_and(memberships.c.role != "owner"))
    .order_by(memberships.c.club_id)
)
_DROP_INVITATIONS: Final = delete(invitations).where(
    invitations.c.club_id == bindparam("of", type_=Uuid), invitations.c.made_by == bindparam("who", type_=Uuid)
)
_UNNAME_LINKS: Final = (
    update(scorers).where(scorers.c.made_by == bindparam("who", type_=Uuid), scorers.c.name != "").values(name="")
)
_WIPE: Final = (
    update(users)
    .where(users.c.user_id == bindparam("who", type_=Uuid))
    .values(email=None, display_name="", password_hash="")
)
_FORGET_ATTEMPTS: Final = delete(attempts).where(attempts.c.key.in_(bindparam("keys", expanding=True)))


class Users:
    """Erases users of one database."""

    def __init__(self, engine: AsyncEngine, ledger: LedgerFile) -> None:
        """Work on an engine whose role may read and write the tables of accounts."""
        self._engine = engine
        self._ledger = ledger

    async def find(self, who: str) -> Found | None:
        """Return who has an id or an address; None where nobody does, or they were erased."""
        async with self._engine.begin() as connection:
            asked = (_BY_EMAIL, {"who": who}) if "@" in who else (_BY_ID, {"who": UUID(who)})
            row = (await connection.execute(*asked)).one_or_none()
            if row is None:
                return None
            whom = {"who": row.user_id}
            belongs = [
                await _belonging(connection, str(each.club_id), row.user_id)
                for each in (await connection.execute(_EVER_IN, whom)).all()
                if each.removed_at is None
            ]
            devices = tuple(str(each) for each in (await connection.execute(_DEVICES, whom)).scalars())
        return Found(str(row.user_id), row.email, row.display_name, tuple(belongs), devices)

    async def erase(
        self, user_id: str, entry: Entry, *, attempt_keys: Sequence[bytes] = (), is_again: bool = False
    ) -> bool:
        """Erase a user. Returns False where there is nobody of this id any more.

        Raises SoleOwner, and nothing is erased then. `is_again`: after a restore, where the ledger has it and asks
        nobody: a club may be left without an owner.
        """
        async with self._engine.begin() as connection:
            if (await connection.execute(_LOCK, {"who": UUID(user_id)})).one_or_none() is None:
                return False
            alone = await wipe_user(connection, user_id, entry)
            if alone and not is_again:
                raise SoleOwner(alone)
            if attempt_keys:
                await connection.execute(_FORGET_ATTEMPTS, {"keys": list(attempt_keys)})
            if not is_again:
                await self._ledger.note(entry)
        return True

    async def ids(self) -> list[str]:
        """Return the ids of all who were not erased."""
        async with self._engine.begin() as connection:
            return [str(each) for each in (await connection.execute(_ALL)).scalars()]

    async def ownerless(self) -> list[str]:
        """Return the clubs that have members and no owner: of an older picture of them the only one was erased."""
        async with self._engine.begin() as connection:
            return [str(each) for each in (await connection.execute(_OWNERLESS)).scalars()]


async def wipe_user(connection: AsyncConnection, user_id: str, entry: Entry) -> list[str]:
    """Erase a user inside a transaction, which has locked them; return the clubs of which they were the only owner.

    The clubs' members are locked one club after the other, in the order in which everybody does.
    """
    now, whom = time_of(entry), {"who": UUID(user_id)}
    alone: list[str] = []
    for row in (await connection.execute(_EVER_IN, whom)).all():
        club_id = str(row.club_id)
        roles = await lock_members(connection, club_id, user_id, now)
        if is_only_owner(roles, user_id):
            alone.append(club_id)
        if user_id in roles:
            await connection.execute(REMOVE, {"of": row.club_id, "whom": UUID(user_id), "now": now})
        await connection.execute(_DROP_INVITATIONS, {"of": row.club_id, **whom})
        await mark(connection, club_id, entry, is_finished=True)
    await connection.execute(_UNNAME_LINKS, whom)
    await connection.execute(_WIPE, whom)
    return alone


def is_only_owner(roles: "dict[str, str]", user_id: str) -> bool:
    """Tell whether somebody is the only owner among a club's members."""
    return roles.get(user_id) == "owner" and list(roles.values()).count("owner") == 1


async def _belonging(connection: AsyncConnection, club_id: str, user_id: UUID) -> Belonging:
    await connection.exec_driver_sql(set_club_sql(club_id))
    name = (await connection.execute(_CLUB_NAME, {"of": UUID(club_id)})).scalar_one()
    rows = (await connection.execute(_ROLES, {"of": UUID(club_id)})).all()
    roles = {str(row.user_id): str(row.role) for row in rows}
    return Belonging(club_id, name, roles[str(user_id)], len(roles), is_only_owner(roles, str(user_id)))
