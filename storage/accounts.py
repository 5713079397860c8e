"""Accounts: people who can sign in, through a few narrow functions on SQLAlchemy Core.

Statements are built once, when this page is read. Each function is one transaction; a club's row is written under
`SET LOCAL app.club`, since its row policy shows it to its own club alone. Ids are canonical UUIDs, as text.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
from msgspec import Struct
from sqlalchemy import Uuid, bindparam, exists, func, insert, join, literal, null, select, union_all, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import QueuePool

from storage.clubs import set_club_sql
from storage.invitations import Secret, accept, check_clubs
from storage.pools import ACCOUNTS_CONNECTIONS_MAX
from storage.tables import clubs
from storage.tables_accounts import memberships, scorers, sessions, users

COMMAND_TIMEOUT_S: Final = 10.0
"""Seconds after which a query counts as lost; the server's own limits end it before."""


class EmailTaken(Exception):
    """Somebody has registered this e-mail address."""


class Account(Struct, frozen=True):
    """A person who can sign in."""

    user_id: str
    email: str
    display_name: str
    password_hash: str
    knows_device: bool = False
    """Whether they have signed in on the device that was asked about."""


class Membership(Struct, frozen=True):
    """A person's part in one club."""

    club_id: str
    club_name: str
    role: str


class NewClub(Struct, frozen=True):
    """A club that somebody makes, and owns."""

    club_id: str
    name: str
    hash_key: bytes


class Registration(Struct, frozen=True):
    """A new person, with a club of their own or an invitation to one."""

    user_id: str
    email: str
    display_name: str
    password_hash: str
    joins: NewClub | Secret


_ADD_USER: Final = insert(users)
_ADD_CLUB: Final = insert(clubs)
_ADD_MEMBERSHIP: Final = insert(memberships)
_knows: Final = exists(
    select(literal(1))
    .select_from(sessions)
    .where(sessions.c.user_id == users.c.user_id, sessions.c.device_id == bindparam("device", type_=Uuid))
).label("knows_device")
_USER: Final = select(users.c.user_id, users.c.email, users.c.display_name, users.c.password_hash, _knows)
_USER_BY_EMAIL: Final = _USER.where(func.lower(users.c.email) == func.lower(bindparam("email")))
_USER_BY_ID: Final = _USER.where(users.c.user_id == bindparam("user_id", type_=Uuid), users.c.email.is_not(None))
_SET_PASSWORD: Final = (
    update(users)
    .where(users.c.user_id == bindparam("of"), users.c.password_hash == bindparam("old"))
    .values(password_hash=bindparam("password"))
)
_END_OTHERS: Final = (
    update(sessions)
    .where(
        sessions.c.user_id == bindparam("of"),
        sessions.c.session_id != bindparam("but"),
        sessions.c.ended_at.is_(None),
    )
    .values(ended_at=bindparam("now"))
)
_RENAME: Final = update(users).where(users.c.user_id == bindparam("of")).values(display_name=bindparam("called"))
_MEMBERSHIPS: Final = (
    select(memberships.c.club_id, memberships.c.role)
    .where(memberships.c.user_id == bindparam("user_id"), memberships.c.removed_at.is_(None))
    .order_by(memberships.c.joined_at, memberships.c.club_id)
)
_REMOVED_AT: Final = select(memberships.c.removed_at).where(
    memberships.c.user_id == bindparam("user_id"), memberships.c.club_id == bindparam("club_id")
)
_LOCK_USER: Final = select(users.c.user_id).where(users.c.user_id == bindparam("user_id")).with_for_update()
_CLUB_NAME: Final = select(clubs.c.name).where(clubs.c.club_id == bindparam("club_id"))
_NAMES: Final = union_all(
    select(users.c.user_id.label("author_id"), users.c.display_name.label("name"), null().label("is_link"))
    .select_from(join(memberships, users, memberships.c.user_id == users.c.user_id))
    .where(memberships.c.club_id == bindparam("club_id"), users.c.email.is_not(None)),
    select(scorers.c.scorer_id, scorers.c.name, literal(1)).where(
        scorers.c.club_id == bindparam("club_id"), scorers.c.name != ""
    ),
)


def open_engine(dsn: str) -> AsyncEngine:
    """Open the engine for accounts; it connects at first use. The driver reads `dsn`, so both pools read it alike."""

    async def connect(*_args: Any, **_options: Any) -> "asyncpg.Connection[asyncpg.Record]":  # noqa: ANN401
        return await asyncpg.connect(dsn, command_timeout=COMMAND_TIMEOUT_S)

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        pool_size=ACCOUNTS_CONNECTIONS_MAX,
        max_overflow=0,
        pool_timeout=COMMAND_TIMEOUT_S,
        pool_pre_ping=True,
    )


def in_use(engine: AsyncEngine) -> int:
    """Return how many connections of an engine are in use."""
    pool = engine.pool
    assert isinstance(pool, QueuePool), "open_engine bounds its pool"
    return pool.checkedout()


class Accounts:
    """The narrow functions on one database."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Work on an engine whose role may read and write the tables of accounts."""
        self._engine = engine

    async def register(self, new: Registration, now: datetime) -> tuple[str, str]:
        """Make a user and their first membership, all or nothing; return their club and role.

        Raises EmailTaken, or what is wrong with the invitation.
        """
        user = {"user_id": UUID(new.user_id), "email": new.email, "display_name": new.display_name}
        async with self._engine.begin() as connection:
            try:
                await connection.execute(_ADD_USER, {**user, "password_hash": new.password_hash})
            except IntegrityError as error:
                raise EmailTaken from error
            if isinstance(new.joins, Secret):
                return new.joins.club_id, await accept(connection, new.joins, new.user_id, now)
            await _make_club(connection, new.joins, new.user_id, now)
            return new.joins.club_id, "owner"

    async def make_club(self, new: NewClub, user_id: str, now: datetime) -> None:
        """Make a club that a user owns; nothing where they have made it already. Raises TooManyClubs."""
        async with self._engine.begin() as connection:
            await connection.execute(_LOCK_USER, {"user_id": UUID(user_id)})
            made = {"user_id": UUID(user_id), "club_id": UUID(new.club_id)}
            if (await connection.execute(_REMOVED_AT, made)).one_or_none() is not None:
                return
            await check_clubs(connection, user_id)
            await _make_club(connection, new, user_id, now)

    async def find_by_email(self, email: str, device_id: str | None = None) -> Account | None:
        """Return the account of an e-mail address, however its letters are cased."""
        given = {"email": email, "device": None if device_id is None else UUID(device_id)}
        async with self._engine.begin() as connection:
            row = (await connection.execute(_USER_BY_EMAIL, given)).one_or_none()
        return None if row is None else _account(row)

    async def find(self, user_id: str) -> Account | None:
        """Return an account by its id; None where it was deleted."""
        async with self._engine.begin() as connection:
            row = (await connection.execute(_USER_BY_ID, {"user_id": UUID(user_id), "device": None})).one_or_none()
        return None if row is None else _account(row)

    async def keep_password(self, account: Account, password_hash: str) -> bool:
        """Keep a new hash of the password that an account has. Returns whether it still was that one."""
        given = {"of": UUID(account.user_id), "old": account.password_hash, "password": password_hash}
        async with self._engine.begin() as connection:
            return bool((await connection.execute(_SET_PASSWORD, given)).rowcount)

    async def change_password(self, account: Account, password_hash: str, *, keeps: str, now: datetime) -> bool:
        """Keep a new password, and end the person's sessions but the one that `keeps` names.

        Returns whether the password still was the one that was looked at. The user's row is locked first, which every
        opening of a session locks too: none slips in between.
        """
        of = UUID(account.user_id)
        given = {"of": of, "old": account.password_hash, "password": password_hash}
        async with self._engine.begin() as connection:
            if not (await connection.execute(_SET_PASSWORD, given)).rowcount:
                return False
            await connection.execute(_END_OTHERS, {"of": of, "but": UUID(keeps), "now": now})
            return True

    async def rename(self, user_id: str, name: str) -> None:
        """Give a person another name."""
        async with self._engine.begin() as connection:
            await connection.execute(_RENAME, {"of": UUID(user_id), "called": name})

    async def memberships(self, user_id: str) -> Sequence[Membership]:
        """Return a person's clubs, the one joined first before the others."""
        async with self._engine.begin() as connection:
            rows = (await connection.execute(_MEMBERSHIPS, {"user_id": UUID(user_id)})).all()
            return [Membership(str(row.club_id), await _club_name(connection, row.club_id), row.role) for row in rows]

    async def removed_at(self, user_id: str, club_id: str) -> datetime | None:
        """Return when a person's membership of a club ended; None where it did not, or never was."""
        given = {"user_id": UUID(user_id), "club_id": UUID(club_id)}
        async with self._engine.begin() as connection:
            found: datetime | None = (await connection.execute(_REMOVED_AT, given)).scalar_one_or_none()
        return found

    async def member_names(self, club_id: str) -> dict[str, str]:
        """Return who the authors of a club's writes are: members and former ones, and scorers by link."""
        async with self._engine.begin() as connection:
            rows = (await connection.execute(_NAMES, {"club_id": UUID(club_id)})).all()
        return {str(row.author_id): f"Scorer: {row.name}" if row.is_link else row.name for row in rows}


async def _make_club(connection: AsyncConnection, new: NewClub, user_id: str, now: datetime) -> None:
    club_id = UUID(new.club_id)
    await connection.exec_driver_sql(set_club_sql(new.club_id))
    await connection.execute(_ADD_CLUB, {"club_id": club_id, "name": new.name, "hash_key": new.hash_key})
    membership = {"club_id": club_id, "user_id": UUID(user_id), "role": "owner", "joined_at": now}
    await connection.execute(_ADD_MEMBERSHIP, membership)


async def _club_name(connection: AsyncConnection, club_id: UUID) -> str:
    await connection.exec_driver_sql(set_club_sql(str(club_id)))
    name: str | None = (await connection.execute(_CLUB_NAME, {"club_id": club_id})).scalar_one_or_none()
    return name or ""


def _account(row: Any) -> Account:  # noqa: ANN401 - a row of _USER
    return Account(str(row.user_id), row.email, row.display_name, row.password_hash, bool(row.knows_device))
