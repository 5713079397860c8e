"""Sessions: one signed-in device of one person, or of a scorer by link, in one club; opened, rotated and ended here.

A session is opened only under a lock on what lets it in (the password's hash, another session, a link), so that none
slips through beside a change of password, a sign-out or a revocation. An ended one is never opened again.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy import ColumnElement, Select, Uuid, bindparam, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.tables_accounts import scorers, sessions, users

SESSIONS_MAX: Final = 100
"""Live sessions of one user: the one used longest ago is ended for a newer one."""
LINK_SESSIONS_MAX: Final = 20
"""Live sessions of one scorer's link: a few volunteers, each with a second phone."""


class Session(Struct, frozen=True):
    """One signed-in device in one club: of a user, or of a scorer's link."""

    session_id: str
    club_id: str
    device_id: str
    refresh_hash: bytes
    """SHA-256 of the newest refresh token's secret."""
    expires_at: datetime
    user_id: str | None = None
    scorer_id: str | None = None
    previous_hash: bytes | None = None
    """Of the token before it: its retry is a lost reply."""
    generation: int = 1
    """Of the newest refresh token."""
    is_ended: bool = False
    forked_from: str | None = None
    created_at: datetime | None = None
    used_at: datetime | None = None


_COLUMNS: Final = (
    "session_id",
    "user_id",
    "scorer_id",
    "club_id",
    "device_id",
    "refresh_hash",
    "expires_at",
    "forked_from",
    "created_at",
    "used_at",
)


def _opening(let_in: ColumnElement[bool], source: Any, lock: Any) -> Any:  # noqa: ANN401 - tables of SQLAlchemy
    """Return the insert of a session that happens only where a row of `source` lets it in, which it locks."""
    given = [bindparam(f"new_{name}", type_=sessions.c[name].type).label(name) for name in _COLUMNS]
    rows: Select[Any] = select(*given).select_from(source).where(let_in).with_for_update(read=True, of=lock)
    return insert(sessions).from_select([*_COLUMNS], rows).on_conflict_do_nothing().returning(sessions.c.session_id)


_parent: Final = sessions.alias("parent")
_OPEN_BY_PASSWORD: Final = _opening(
    (users.c.user_id == bindparam("of", type_=Uuid)) & (users.c.password_hash == bindparam("password")), users, users
)
_OPEN_BESIDE: Final = _opening(
    (_parent.c.session_id == bindparam("of", type_=Uuid)) & _parent.c.ended_at.is_(None),
    _parent.join(users, users.c.user_id == _parent.c.user_id),
    [users, _parent],
)
"""Locks the user first: ending all sessions of a user begins with that lock."""
_OPEN_BESIDE_LINK: Final = _opening(
    (_parent.c.session_id == bindparam("of", type_=Uuid)) & _parent.c.ended_at.is_(None),
    _parent.join(scorers, scorers.c.scorer_id == _parent.c.scorer_id),
    [scorers, _parent],
)
_OPEN_BY_LINK: Final = _opening(
    (scorers.c.scorer_id == bindparam("of", type_=Uuid))
    & scorers.c.revoked_at.is_(None)
    & (scorers.c.expires_at > bindparam("now")),
    scorers,
    scorers,
)
_NAME_LINK: Final = (
    update(scorers).where(scorers.c.scorer_id == bindparam("of", type_=Uuid)).values(name=bindparam("called"))
)
_FIND: Final = select(sessions).where(sessions.c.session_id == bindparam("session_id", type_=Uuid))
_ROTATE: Final = (
    update(sessions)
    .where(
        sessions.c.session_id == bindparam("of", type_=Uuid),
        sessions.c.ended_at.is_(None),
        sessions.c.generation <= bindparam("shown_generation") + 1,
    )
    .values(
        generation=func.greatest(sessions.c.generation, bindparam("shown_generation") + 1),
        refresh_hash=bindparam("fresh"),
        previous_hash=bindparam("shown"),
        expires_at=bindparam("until"),
        used_at=bindparam("now"),
    )
)
_END: Final = (
    update(sessions)
    .where(sessions.c.session_id == bindparam("of", type_=Uuid), sessions.c.ended_at.is_(None))
    .values(ended_at=bindparam("now"))
)
_IS_OF: Final = (
    select(literal(1))
    .select_from(sessions)
    .where(sessions.c.session_id == bindparam("of", type_=Uuid), sessions.c.user_id == bindparam("owner", type_=Uuid))
)
_LIVE_OF_USER: Final = (
    select(sessions)
    .where(
        sessions.c.user_id == bindparam("owner", type_=Uuid),
        sessions.c.ended_at.is_(None),
        sessions.c.expires_at > bindparam("now"),
    )
    .order_by(sessions.c.used_at.desc(), sessions.c.session_id)
    .limit(SESSIONS_MAX)
)


def _trim(owner: Any, number: int) -> Any:  # noqa: ANN401 - a column of SQLAlchemy
    kept = select(sessions.c.session_id).where(owner == bindparam("owner", type_=Uuid), sessions.c.ended_at.is_(None))
    beyond = kept.order_by(sessions.c.used_at.desc(), sessions.c.session_id).offset(number)
    return update(sessions).where(sessions.c.session_id.in_(beyond)).values(ended_at=bindparam("now"))


_TRIM_USER: Final = _trim(sessions.c.user_id, SESSIONS_MAX)
_TRIM_LINK: Final = _trim(sessions.c.scorer_id, LINK_SESSIONS_MAX)
_DROP_EXPIRED: Final = delete(sessions).where(
    sessions.c.user_id == bindparam("owner", type_=Uuid), sessions.c.expires_at < bindparam("now")
)


class Sessions:
    """The narrow functions on the sessions of one database."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Work on an engine whose role may read and write the tables of accounts."""
        self._engine = engine

    async def open_by_password(self, session: Session, password_hash: str, now: datetime) -> bool:
        """Keep a user's session, if the hash that let them in is still theirs. Returns whether it is."""
        assert session.user_id is not None
        given = {"of": UUID(session.user_id), "password": password_hash, **_given(session, now)}
        async with self._engine.begin() as connection:
            is_open = (await connection.execute(_OPEN_BY_PASSWORD, given)).one_or_none() is not None
            await _tidy(connection, session, now)
        return is_open

    async def open_beside(self, session: Session, parent_id: str, now: datetime) -> None:
        """Keep a session beside a live one of the same person; nothing where that ended, or this one is there."""
        statement = _OPEN_BESIDE if session.scorer_id is None else _OPEN_BESIDE_LINK
        async with self._engine.begin() as connection:
            await connection.execute(statement, {"of": UUID(parent_id), **_given(session, now)})
            await _tidy(connection, session, now)

    async def open_by_link(self, session: Session, name: str, now: datetime) -> bool:
        """Keep the session of somebody who scores by link, under the name they gave. Returns whether the link lives."""
        assert session.scorer_id is not None
        link = UUID(session.scorer_id)
        async with self._engine.begin() as connection:
            await connection.execute(_NAME_LINK, {"of": link, "called": name})
            row = await connection.execute(_OPEN_BY_LINK, {"of": link, "now": now, **_given(session, now)})
            is_open = row.one_or_none() is not None
            await _tidy(connection, session, now)
        return is_open

    async def find(self, session_id: str) -> Session | None:
        """Return a session, ended or not."""
        async with self._engine.begin() as connection:
            row = (await connection.execute(_FIND, {"session_id": UUID(session_id)})).one_or_none()
        return None if row is None else _session(row)

    async def rotate(
        self, session_id: str, *, generation: int, shown: bytes, fresh: bytes, until: datetime, now: datetime
    ) -> bool:
        """Put the token after the one shown, which is of `generation`, in its place; a retry brings it again.

        Returns False where the session has ended or is two and more generations ahead: the one shown is a clone's.
        """
        given = {"of": UUID(session_id), "shown_generation": generation, "shown": shown, "fresh": fresh}
        async with self._engine.begin() as connection:
            result = await connection.execute(_ROTATE, {**given, "until": until, "now": now})
            return bool(result.rowcount)

    async def end(self, session_id: str, now: datetime) -> None:
        """End a session: nothing is answered to its tokens any more."""
        async with self._engine.begin() as connection:
            await connection.execute(_END, {"of": UUID(session_id), "now": now})

    async def end_of(self, user_id: str, session_id: str, now: datetime) -> bool:
        """End one of a user's sessions. Returns False where it is none of theirs."""
        of = UUID(session_id)
        async with self._engine.begin() as connection:
            if (await connection.execute(_IS_OF, {"of": of, "owner": UUID(user_id)})).one_or_none() is None:
                return False
            await connection.execute(_END, {"of": of, "now": now})
            return True

    async def of_user(self, user_id: str, now: datetime) -> Sequence[Session]:
        """Return a user's live sessions, the one used last first."""
        async with self._engine.begin() as connection:
            rows = (await connection.execute(_LIVE_OF_USER, {"owner": UUID(user_id), "now": now})).all()
        return [_session(row) for row in rows]


async def _tidy(connection: AsyncConnection, session: Session, now: datetime) -> None:
    """End the sessions beyond the bound, and drop those that expired."""
    if session.user_id is not None:
        owner = UUID(session.user_id)
        await connection.execute(_TRIM_USER, {"owner": owner, "now": now})
        await connection.execute(_DROP_EXPIRED, {"owner": owner, "now": now})
    elif session.scorer_id is not None:
        await connection.execute(_TRIM_LINK, {"owner": UUID(session.scorer_id), "now": now})


def _given(session: Session, now: datetime) -> dict[str, Any]:
    return {
        "new_session_id": UUID(session.session_id),
        "new_user_id": _uuid(session.user_id),
        "new_scorer_id": _uuid(session.scorer_id),
        "new_club_id": UUID(session.club_id),
        "new_device_id": UUID(session.device_id),
        "new_refresh_hash": session.refresh_hash,
        "new_expires_at": session.expires_at,
        "new_forked_from": _uuid(session.forked_from),
        "new_created_at": now,
        "new_used_at": now,
    }


def _session(row: Any) -> Session:  # noqa: ANN401 - a row of `sessions`
    return Session(
        session_id=str(row.session_id),
        user_id=_text(row.user_id),
        scorer_id=_text(row.scorer_id),
        club_id=str(row.club_id),
        device_id=str(row.device_id),
        refresh_hash=row.refresh_hash,
        previous_hash=row.previous_hash,
        generation=row.generation,
        expires_at=row.expires_at,
        is_ended=row.ended_at is not None,
        forked_from=_text(row.forked_from),
        created_at=row.created_at,
        used_at=row.used_at,
    )


def _uuid(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)


def _text(found: UUID | None) -> str | None:
    return None if found is None else str(found)
