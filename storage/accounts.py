"""Accounts: users, memberships and sessions, through a few narrow functions on SQLAlchemy Core.

Statements are built once, when this page is read. Each function is one transaction; the club's row is written under
`SET LOCAL app.club`, since its row policy shows it to its own club alone. Ids are canonical UUIDs, as text.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
from msgspec import Struct
from sqlalchemy import and_, bindparam, func, insert, join, outerjoin, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from storage.clubs import set_club_sql
from storage.tables import clubs
from storage.tables_accounts import memberships, sessions, users

CONNECTIONS_MAX: Final = 4
"""Connections for accounts in one process: logins are few, and the standing of a session is cached."""

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


class Membership(Struct, frozen=True):
    """A person's part in one club."""

    club_id: str
    club_name: str
    role: str


class Session(Struct, frozen=True):
    """One signed-in device of one person in one club."""

    session_id: str
    user_id: str
    club_id: str
    device_id: str
    refresh_hash: bytes
    expires_at: datetime
    previous_hash: bytes | None = None
    is_ended: bool = False


class Standing(Struct, frozen=True):
    """What a session may do now."""

    user_id: str
    club_id: str
    device_id: str
    is_ended: bool
    role: str | None
    """None where the membership was taken away."""


class Registration(Struct, frozen=True):
    """A new person with a club of their own."""

    user_id: str
    email: str
    display_name: str
    password_hash: str
    club_id: str
    club_name: str
    hash_key: bytes


_ADD_USER: Final = insert(users)
_ADD_CLUB: Final = insert(clubs)
_ADD_MEMBERSHIP: Final = insert(memberships)
_USER: Final = select(users.c.user_id, users.c.email, users.c.display_name, users.c.password_hash)
_USER_BY_EMAIL: Final = _USER.where(func.lower(users.c.email) == func.lower(bindparam("email")))
_USER_BY_ID: Final = _USER.where(users.c.user_id == bindparam("user_id"))
_SET_PASSWORD: Final = (
    update(users).where(users.c.user_id == bindparam("of")).values(password_hash=bindparam("password"))
)
_MEMBERSHIPS: Final = (
    select(memberships.c.club_id, memberships.c.role)
    .where(memberships.c.user_id == bindparam("user_id"))
    .order_by(memberships.c.joined_at, memberships.c.club_id)
)
_CLUB_NAME: Final = select(clubs.c.name).where(clubs.c.club_id == bindparam("club_id"))
_MEMBER_NAMES: Final = (
    select(users.c.user_id, users.c.display_name)
    .select_from(join(memberships, users, memberships.c.user_id == users.c.user_id))
    .where(memberships.c.club_id == bindparam("club_id"))
)
_SESSION: Final = select(
    sessions.c.session_id,
    sessions.c.user_id,
    sessions.c.club_id,
    sessions.c.device_id,
    sessions.c.refresh_hash,
    sessions.c.previous_hash,
    sessions.c.expires_at,
    sessions.c.ended_at,
).where(sessions.c.session_id == bindparam("session_id"))
_SESSION_LOCKED: Final = _SESSION.with_for_update()
_KEEP_SESSION: Final = upsert(sessions)
_OPEN_SESSION: Final = _KEEP_SESSION.on_conflict_do_update(
    index_elements=[sessions.c.session_id],
    set_={
        "refresh_hash": _KEEP_SESSION.excluded.refresh_hash,
        "previous_hash": None,
        "expires_at": _KEEP_SESSION.excluded.expires_at,
        "used_at": func.now(),
    },
    where=sessions.c.ended_at.is_(None),
)
_ROTATE: Final = (
    update(sessions)
    .where(sessions.c.session_id == bindparam("of"))
    .values(
        refresh_hash=bindparam("fresh"),
        previous_hash=bindparam("shown"),
        expires_at=bindparam("until"),
        used_at=func.now(),
    )
)
_END: Final = (
    update(sessions)
    .where(sessions.c.session_id == bindparam("of"), sessions.c.ended_at.is_(None))
    .values(ended_at=func.now())
)
_STANDING: Final = (
    select(
        sessions.c.user_id,
        sessions.c.club_id,
        sessions.c.device_id,
        sessions.c.ended_at,
        memberships.c.role,
    )
    .select_from(
        outerjoin(
            sessions,
            memberships,
            and_(memberships.c.club_id == sessions.c.club_id, memberships.c.user_id == sessions.c.user_id),
        )
    )
    .where(sessions.c.session_id == bindparam("session_id"))
)


def open_engine(dsn: str) -> AsyncEngine:
    """Open the engine for accounts; it connects at first use. The driver reads `dsn`, so both pools read it alike."""

    async def connect(*_args: Any, **_options: Any) -> "asyncpg.Connection[asyncpg.Record]":  # noqa: ANN401
        return await asyncpg.connect(dsn, command_timeout=COMMAND_TIMEOUT_S)

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        pool_size=CONNECTIONS_MAX,
        max_overflow=0,
        pool_timeout=COMMAND_TIMEOUT_S,
        pool_pre_ping=True,
    )


class Accounts:
    """The narrow functions on one database."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Work on an engine whose role may read and write the tables of accounts."""
        self._engine = engine

    async def register(self, new: Registration) -> None:
        """Make a user, a club and the user's ownership of it, all or nothing. Raises EmailTaken."""
        user_id, club_id = UUID(new.user_id), UUID(new.club_id)
        user = {"user_id": user_id, "email": new.email, "display_name": new.display_name}
        async with self._engine.begin() as connection:
            await connection.exec_driver_sql(set_club_sql(new.club_id))
            try:
                await connection.execute(_ADD_USER, {**user, "password_hash": new.password_hash})
            except IntegrityError as error:
                raise EmailTaken from error
            await connection.execute(_ADD_CLUB, {"club_id": club_id, "name": new.club_name, "hash_key": new.hash_key})
            await connection.execute(_ADD_MEMBERSHIP, {"club_id": club_id, "user_id": user_id, "role": "owner"})

    async def find_by_email(self, email: str) -> Account | None:
        """Return the account of an e-mail address, however its letters are cased."""
        async with self._engine.begin() as connection:
            row = (await connection.execute(_USER_BY_EMAIL, {"email": email})).one_or_none()
        return None if row is None else _account(row)

    async def find(self, user_id: str) -> Account | None:
        """Return an account by its id."""
        async with self._engine.begin() as connection:
            row = (await connection.execute(_USER_BY_ID, {"user_id": UUID(user_id)})).one_or_none()
        return None if row is None else _account(row)

    async def keep_password(self, user_id: str, password_hash: str) -> None:
        """Keep a new hash of a person's password."""
        async with self._engine.begin() as connection:
            await connection.execute(_SET_PASSWORD, {"of": UUID(user_id), "password": password_hash})

    async def memberships(self, user_id: str) -> Sequence[Membership]:
        """Return a person's clubs, the one joined first before the others."""
        async with self._engine.begin() as connection:
            rows = (await connection.execute(_MEMBERSHIPS, {"user_id": UUID(user_id)})).all()
            return [Membership(str(row.club_id), await _club_name(connection, row.club_id), row.role) for row in rows]

    async def member_names(self, club_id: str) -> dict[str, str]:
        """Return the display names of a club's members, by user id."""
        async with self._engine.begin() as connection:
            rows = (await connection.execute(_MEMBER_NAMES, {"club_id": UUID(club_id)})).all()
        return {str(row.user_id): row.display_name for row in rows}

    async def open_session(self, session: Session) -> None:
        """Keep a session. One that is there already gets the new refresh hash, unless it was ended."""
        values = {
            "session_id": UUID(session.session_id),
            "user_id": UUID(session.user_id),
            "club_id": UUID(session.club_id),
            "device_id": UUID(session.device_id),
            "refresh_hash": session.refresh_hash,
            "expires_at": session.expires_at,
        }
        async with self._engine.begin() as connection:
            await connection.execute(_OPEN_SESSION, values)

    async def find_session(self, session_id: str) -> Session | None:
        """Return a session, ended or not."""
        async with self._engine.begin() as connection:
            row = (await connection.execute(_SESSION, {"session_id": UUID(session_id)})).one_or_none()
        return None if row is None else _session(row)

    async def rotate(self, session_id: str, *, shown: bytes, fresh: bytes, until: datetime) -> bool:
        """Put a fresh refresh hash in the place of the one shown, which stays good until the fresh one is used.

        Returns whether `shown` was one of the session's two hashes and the session had not been ended.
        """
        async with self._engine.begin() as connection:
            row = (await connection.execute(_SESSION_LOCKED, {"session_id": UUID(session_id)})).one_or_none()
            if row is None or row.ended_at is not None or shown not in {row.refresh_hash, row.previous_hash}:
                return False
            values = {"of": UUID(session_id), "fresh": fresh, "shown": shown, "until": until}
            await connection.execute(_ROTATE, values)
            return True

    async def end_session(self, session_id: str) -> None:
        """End a session: nothing is answered to its tokens any more."""
        async with self._engine.begin() as connection:
            await connection.execute(_END, {"of": UUID(session_id)})

    async def standing(self, session_id: str) -> Standing | None:
        """Return what a session may do now; None where there is no such session."""
        async with self._engine.begin() as connection:
            row = (await connection.execute(_STANDING, {"session_id": UUID(session_id)})).one_or_none()
        if row is None:
            return None
        return Standing(
            user_id=str(row.user_id),
            club_id=str(row.club_id),
            device_id=str(row.device_id),
            is_ended=row.ended_at is not None,
            role=row.role,
        )


async def _club_name(connection: AsyncConnection, club_id: UUID) -> str:
    await connection.exec_driver_sql(set_club_sql(str(club_id)))
    name: str | None = (await connection.execute(_CLUB_NAME, {"club_id": club_id})).scalar_one_or_none()
    return name or ""


def _account(row: Any) -> Account:  # noqa: ANN401 - a row of _USER
    return Account(str(row.user_id), row.email, row.display_name, row.password_hash)


def _session(row: Any) -> Session:  # noqa: ANN401 - a row of _SESSION
    return Session(
        session_id=str(row.session_id),
        user_id=str(row.user_id),
        club_id=str(row.club_id),
        device_id=str(row.device_id),
        refresh_hash=row.refresh_hash,
        previous_hash=row.previous_hash,
        expires_at=row.expires_at,
        is_ended=row.ended_at is not None,
    )
