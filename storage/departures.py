"""Departures: a person deletes their account, and with it each club that nobody else is in.

A club's rows go a few thousand at a time, so that no transaction is long, and the club's own row with the last of them:
a deletion that was cut short is simply asked for again. Members elsewhere see an id without a name from then on; the
membership's row stays, so that the person's other phones are told to forget the club.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Uuid, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.clubs import set_club_sql
from storage.emptying import delete_rows, empty_club, tables_of_clubs
from storage.erasures.ledger_file import LedgerFile
from storage.erasures.marks import entry_of
from storage.erasures.users import SoleOwner, wipe_user
from storage.members import lock_members
from storage.tables import ENGINE, clubs
from storage.tables_accounts import memberships, users

LAST: Final = ("invitations", "sessions", "scorers", "memberships", "clubs")
"""Tables whose rows go in the last transaction, each before those it refers to."""


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


class Departures:
    """Carries departures out on one database."""

    def __init__(self, engine: AsyncEngine, ledger: LedgerFile | None = None) -> None:
        """Work on an engine whose role may read and write all tables but the lookups.

        What is deleted is noted in the ledger, so that no restore brings it back.
        """
        self._engine = engine
        self._ledger = ledger

    async def depart(self, user_id: str, password_hash: str, now: datetime) -> bool:
        """Delete an account. Raises SoleOwner, or LedgerUnusable where the file is shut, and nothing is deleted then.

        Returns False where the password is another one by now, or the account is gone.
        """
        async with self._engine.begin() as connection:
            leaving = await _look(connection, user_id, password_hash, now)
        if leaving is None:
            return False
        if self._ledger is not None:
            await self._ledger.check()
        for club_id in leaving.alone:
            await empty_club(self._engine, club_id, but=(*LAST, "erasures"))
        async with self._engine.begin() as connection:
            for club_id in leaving.alone:
                await lock_club(connection, club_id)
            leaving = await _look(connection, user_id, password_hash, now)
            if leaving is None:
                return False
            entry = entry_of("user", user_id, now=now, by=user_id)
            await wipe_user(connection, user_id, entry)
            for club_id in leaving.alone:
                await _drop(connection, club_id)
            if self._ledger is not None:
                clubs_too = [entry_of("club", each, now=now, by=user_id, club_id=each) for each in leaving.alone]
                await self._ledger.note(entry, *clubs_too)
        return True


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


async def lock_club(connection: AsyncConnection, club_id: str) -> None:
    """Lock a club's counter row, as a push does: before its members, or the two would wait for each other."""
    await connection.exec_driver_sql(set_club_sql(club_id))
    await connection.execute(_LOCK_CLUB, {"of": UUID(club_id)})


async def _drop(connection: AsyncConnection, club_id: str) -> None:
    """Delete what is left of a club, and its own row; whoever would join it meanwhile finds no invitation."""
    tables = await tables_of_clubs(connection)
    last = [f"{ENGINE}.{each}" for each in LAST]
    for name in [*(each for each in tables if each not in last), *last]:
        await delete_rows(connection, name, club_id, None)
