"""Clubs that are erased: shut in one transaction, emptied in many, and dropped when no phone can ask any more.

    shut      nobody gets in, links are silent, the name is gone, and users who belong to nothing else with it
    emptied   every row is deleted, a few thousand at a time; cut short, it is gone on with at the next start
    dropped   the bare club, its ended memberships and its sessions go once the last of these has run out

Until then they are there for one thing: a phone that comes back is told to forget the club, as a removed member's is.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Uuid, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.clubs import set_club_sql
from storage.departures import LAST, lock_club
from storage.emptying import delete_rows, empty_club
from storage.erasures.ledger_file import Entry, LedgerFile
from storage.erasures.marks import entry_of, finish, is_owed, mark
from storage.erasures.users import wipe_user
from storage.tables import clubs
from storage.tables_accounts import invitations, memberships, scorers, sessions, users
from storage.tables_sharing import share_links
from sync.cursors import ORIGIN

MARKS: Final = "erasures"
KEPT: Final = ("clubs", "memberships", "sessions", "scorers", MARKS)
"""Tables of the engine that keep a club's rows until it is dropped: no name is left in them."""


class ClubFound(Struct, frozen=True):
    """A club, as an operator is asked about it."""

    club_id: str
    name: str
    version: int
    members: int
    leaving: tuple[str, ...]
    """Ids of members who belong to no other club: they are erased with it."""


_CLUB: Final = select(clubs.c.name, clubs.c.version).where(clubs.c.club_id == bindparam("of", type_=Uuid))
_CLUB_IDS: Final = select(memberships.c.club_id).distinct().order_by(memberships.c.club_id)
_other: Final = memberships.alias("other")
_MEMBERS: Final = (
    select(
        memberships.c.user_id,
        ~select(_other.c.user_id)
        .where(
            _other.c.user_id == memberships.c.user_id,
            _other.c.club_id != memberships.c.club_id,
            _other.c.removed_at.is_(None),
        )
        .exists()
        .label("is_leaving"),
    )
    .where(memberships.c.club_id == bindparam("of", type_=Uuid), memberships.c.removed_at.is_(None))
    .order_by(memberships.c.user_id)
)
_LOCK_USERS: Final = (
    select(users.c.user_id)
    .where(users.c.user_id.in_(bindparam("whom", expanding=True, type_=Uuid)))
    .order_by(users.c.user_id)
    .with_for_update()
)


def _ended(table: Any, column: Any, **more: Any) -> Any:  # noqa: ANN401 - tables and columns of SQLAlchemy
    """Return the update that ends all rows of a club that have not ended."""
    ending = func.coalesce(column, bindparam("now"))
    return update(table).where(table.c.club_id == bindparam("of", type_=Uuid)).values({column.name: ending, **more})


_SHUT: Final = (
    _ended(invitations, invitations.c.revoked_at),
    _ended(scorers, scorers.c.revoked_at, code_hash=None, name=""),
    _ended(share_links, share_links.c.revoked_at),
    _ended(memberships, memberships.c.removed_at),
)
"""Invitations before memberships: whoever joins meanwhile holds the first, and is a member when it is let go."""
_NO_LIMIT: Final = "SET LOCAL transaction_timeout = 0"
"""Hundreds of members take longer than a push may, and nobody is to wait for this club any more."""
_UNNAME: Final = update(clubs).where(clubs.c.club_id == bindparam("of", type_=Uuid)).values(name="")
_BEGIN_ANEW: Final = (
    update(clubs).where(clubs.c.club_id == bindparam("of", type_=Uuid)).values(version=0, tag=ORIGIN.tag, oldest=1)
)
"""A log without rows is one that has none yet: whoever looks whether all is well finds nothing missing."""
_LIVE_SESSIONS: Final = select(func.count()).where(
    sessions.c.club_id == bindparam("of", type_=Uuid), sessions.c.expires_at > bindparam("now")
)


class Clubs:
    """Erases clubs of one database."""

    def __init__(self, engine: AsyncEngine, ledger: LedgerFile) -> None:
        """Work on an engine whose role may read and write all tables but the lookups."""
        self._engine = engine
        self._ledger = ledger

    async def find(self, club_id: str) -> ClubFound | None:
        """Return a club; None where there is none, or it was erased."""
        async with self._engine.begin() as connection:
            await connection.exec_driver_sql(set_club_sql(club_id))
            row = (await connection.execute(_CLUB, {"of": UUID(club_id)})).one_or_none()
            if row is None or await is_owed(connection, club_id) is not None:
                return None
            members = (await connection.execute(_MEMBERS, {"of": UUID(club_id)})).all()
        leaving = tuple(str(each.user_id) for each in members if each.is_leaving)
        return ClubFound(club_id, row.name, row.version, len(members), leaving)

    async def ids(self) -> list[str]:
        """Return the ids of all clubs that have or had members."""
        async with self._engine.begin() as connection:
            return [str(each) for each in (await connection.execute(_CLUB_IDS)).scalars()]

    async def erase(
        self, club_id: str, entry: Entry, now: datetime, *, told: Callable[[int], object] = lambda _rows: None
    ) -> list[Entry]:
        """Erase a club; return what was noted besides it: users who belonged to nothing else.

        Raises LookupError where there is no such club; one that was erased is gone on with.
        """
        also = await self.shut(club_id, entry, now)
        await self.empty(club_id, now, told=told)
        return also

    async def shut(self, club_id: str, entry: Entry, now: datetime, *, is_again: bool = False) -> list[Entry]:
        """Shut a club for good, in one transaction. Raises LookupError where there is no such club.

        `is_again`: after a restore, where the ledger has it, and its users on lines of their own: somebody may have
        joined another club since the backup.
        """
        of = {"of": UUID(club_id)}
        async with self._engine.begin() as connection:
            await connection.exec_driver_sql(_NO_LIMIT)
            await lock_club(connection, club_id)
            if (await connection.execute(_CLUB, of)).one_or_none() is None:
                raise LookupError(club_id)
            if await is_owed(connection, club_id) is not None:
                return []
            also = [] if is_again else await self._wipe_members(connection, club_id, now, by=entry.by)
            for statement in _SHUT:
                await connection.execute(statement, {**of, "now": now})
            await connection.execute(_UNNAME, of)
            await mark(connection, club_id, entry, is_finished=False)
            if not is_again:
                await self._ledger.note(entry, *also)
        return also

    async def empty(self, club_id: str, now: datetime, *, told: Callable[[int], object] = lambda _rows: None) -> int:
        """Delete the rows of a club that was shut, and return how many went."""
        rows = await empty_club(self._engine, club_id, but=KEPT, told=told)
        async with self._engine.begin() as connection:
            await connection.exec_driver_sql(set_club_sql(club_id))
            await connection.execute(_BEGIN_ANEW, {"of": UUID(club_id)})
            await finish(connection, club_id, now)
        return rows

    async def go_on(self, club_id: str, now: datetime) -> int:
        """Go on with a club's erasure: empty it, or drop what is bare; return how many rows went."""
        async with self._engine.begin() as connection:
            await connection.exec_driver_sql(set_club_sql(club_id))
            owed = await is_owed(connection, club_id)
        if owed is None:
            return 0
        return await self.empty(club_id, now) if owed else await self._drop(club_id, now)

    async def _wipe_members(
        self, connection: AsyncConnection, club_id: str, now: datetime, *, by: str | None
    ) -> list[Entry]:
        """Erase those members who belong to nothing else; return what is to be noted of them."""
        rows = (await connection.execute(_MEMBERS, {"of": UUID(club_id)})).all()
        await connection.execute(_LOCK_USERS, {"whom": [row.user_id for row in rows] or [UUID(int=0)]})
        noted: list[Entry] = []
        for row in (await connection.execute(_MEMBERS, {"of": UUID(club_id)})).all():
            if row.is_leaving:
                entry = entry_of("user", str(row.user_id), now=now, by=by)
                await wipe_user(connection, str(row.user_id), entry)
                noted.append(entry)
        await connection.exec_driver_sql(set_club_sql(club_id))
        return noted

    async def _drop(self, club_id: str, now: datetime) -> int:
        """Drop a bare club, unless a phone with a session of it may still come back."""
        of = {"of": UUID(club_id)}
        async with self._engine.begin() as connection:
            await lock_club(connection, club_id)
            if (await connection.execute(_LIVE_SESSIONS, {**of, "now": now})).scalar_one():
                return 0
            total = 0
            for name in (MARKS, *LAST):
                total += await delete_rows(connection, f"touchline.{name}", club_id, None)
            return total
