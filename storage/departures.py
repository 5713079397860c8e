"""Departures: a person deletes their account, and with it each club that nobody else is in.

A club's rows go a few thousand at a time, so that no transaction is long, and the club's own row with the last of them:
a deletion that was cut short is simply asked for again. Members elsewhere see an id without a name from then on; the
membership's row stays, so that the person's other phones are told to forget the club.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Uuid, bindparam, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.clubs import set_club_sql
from storage.members import REMOVE, lock_members
from storage.tables import ENGINE, GRASSROOTS, clubs
from storage.tables_accounts import memberships, users

ROWS_AT_ONCE: Final = 5_000
"""Rows that one transaction deletes: some tens of milliseconds."""

LAST: Final = ("invitations", "sessions", "scorers", "memberships", "clubs")
"""Tables whose rows go in the last transaction, each before those it refers to."""


class SoleOwner(Exception):
    """The person is the only owner of clubs that others belong to; the clubs are named."""

    def __init__(self, club_ids: Sequence[str]) -> None:
        """Name the clubs."""
        super().__init__(*club_ids)
        self.club_ids = tuple(club_ids)


class Leaving(Struct, frozen=True):
    """What becomes of a person's clubs when they go."""

    alone: tuple[str, ...]
    """Clubs that nobody else belongs to: these go too."""
    left: tuple[str, ...]
    """Clubs that go on without them."""


_CLUBS: Final = (
    select(memberships.c.club_id)
    .where(memberships.c.user_id == bindparam("user_id", type_=Uuid), memberships.c.removed_at.is_(None))
    .order_by(memberships.c.club_id)
)
_LOCK: Final = (
    select(users.c.user_id)
    .where(users.c.user_id == bindparam("user_id", type_=Uuid), users.c.password_hash == bindparam("password_hash"))
    .with_for_update()
)
_LOCK_CLUB: Final = (
    select(clubs.c.club_id).where(clubs.c.club_id == bindparam("of", type_=Uuid)).with_for_update(key_share=True)
)
_WIPE: Final = (
    update(users)
    .where(users.c.user_id == bindparam("of", type_=Uuid))
    .values(email=None, display_name="", password_hash="")
)
# From the catalogue of the database itself: a table that is added later is not forgotten here.
_TABLES: Final = text(
    "SELECT table_schema, table_name FROM information_schema.columns"
    " WHERE column_name = 'club_id' AND table_schema IN (:club_data, :engine) ORDER BY 1, 2"
)


class Departures:
    """Carries departures out on one database."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Work on an engine whose role may read and write all tables but the lookups."""
        self._engine = engine

    async def depart(self, user_id: str, password_hash: str, now: datetime) -> bool:
        """Delete an account. Raises SoleOwner, and nothing is deleted then.

        Returns False where the password is another one by now, or the account is gone.
        """
        async with self._engine.begin() as connection:
            leaving = await _look(connection, user_id, password_hash, now)
        if leaving is None:
            return False
        for club_id in leaving.alone:
            await self._empty(club_id)
        async with self._engine.begin() as connection:
            for club_id in leaving.alone:
                await _lock_club(connection, club_id)
            leaving = await _look(connection, user_id, password_hash, now)
            if leaving is None:
                return False
            for club_id in leaving.left:
                await connection.execute(REMOVE, {"of": UUID(club_id), "whom": UUID(user_id), "now": now})
            for club_id in leaving.alone:
                await _drop(connection, club_id)
            await connection.execute(_WIPE, {"of": UUID(user_id)})
        return True

    async def _empty(self, club_id: str) -> None:
        """Delete a club's rows, a few at a time, all but those of `LAST`."""
        async with self._engine.begin() as connection:
            names = [name for name in await _tables(connection) if name not in {f"{ENGINE}.{each}" for each in LAST}]
        for name in names:
            count = ROWS_AT_ONCE
            while count == ROWS_AT_ONCE:
                async with self._engine.begin() as connection:
                    count = await _delete(connection, name, club_id, ROWS_AT_ONCE)


async def _look(connection: AsyncConnection, user_id: str, password_hash: str, now: datetime) -> Leaving | None:
    """Lock a person and their clubs' members, end what they handed out, and tell what becomes of the clubs."""
    given = {"user_id": UUID(user_id), "password_hash": password_hash}
    if (await connection.execute(_LOCK, given)).one_or_none() is None:
        return None
    alone: list[str] = []
    left: list[str] = []
    orphaned: list[str] = []
    for row in (await connection.execute(_CLUBS, {"user_id": UUID(user_id)})).all():
        club_id = str(row.club_id)
        roles = await lock_members(connection, club_id, user_id, now)
        own, others = roles.get(user_id), [role for each, role in roles.items() if each != user_id]
        if own == "owner" and others and "owner" not in others:
            orphaned.append(club_id)
        (left if others else alone).append(club_id)
    if orphaned:
        raise SoleOwner(orphaned)
    return Leaving(tuple(alone), tuple(left))


async def _lock_club(connection: AsyncConnection, club_id: str) -> None:
    """Lock a club's counter row, as a push does: before its members, or the two would wait for each other."""
    await connection.exec_driver_sql(set_club_sql(club_id))
    await connection.execute(_LOCK_CLUB, {"of": UUID(club_id)})


async def _drop(connection: AsyncConnection, club_id: str) -> None:
    """Delete what is left of a club, and its own row; whoever would join it meanwhile finds no invitation."""
    tables = await _tables(connection)
    last = [f"{ENGINE}.{each}" for each in LAST]
    for name in [*(each for each in tables if each not in last), *last]:
        await _delete(connection, name, club_id, None)


async def _tables(connection: AsyncConnection) -> list[str]:
    rows = (await connection.execute(_TABLES, {"club_data": GRASSROOTS, "engine": ENGINE})).all()
    return [f"{row.table_schema}.{row.table_name}" for row in rows]


async def _delete(connection: AsyncConnection, table: str, club_id: str, limit: Any) -> int:  # noqa: ANN401 - int or all
    """Delete rows of one club; the names are those of the database's own catalogue."""
    await connection.exec_driver_sql(set_club_sql(club_id))
    found = f"SELECT ctid FROM {table} WHERE club_id = $1 LIMIT $2"  # noqa: S608 - see above
    done = await connection.exec_driver_sql(
        f"DELETE FROM {table} WHERE club_id = $1 AND ctid = ANY(ARRAY({found}))",  # noqa: S608 - see above
        (UUID(club_id), limit),
    )
    return done.rowcount
