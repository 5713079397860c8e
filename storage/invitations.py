"""Invitations: a secret that lets people join one club in one role, until it is revoked, used up or expired.

The secret names its club and is kept as a hash. Whoever was removed from a club needs an invitation that was made
after that; a member's role is never lowered by one.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Uuid, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.clubs import set_club_sql
from storage.retention import ENDED_KEPT_DAYS
from storage.tables_accounts import invitations, memberships

CLUBS_MAX: Final = 50
"""Clubs that one person may belong to: those that they make, and those that they join."""
LISTED_MAX: Final = 200
"""Invitations that a club keeps; the list shows them all."""

RANK: Final = {"viewer": 0, "scorer": 1, "coach": 2, "owner": 3}
"""What a role may beside another: each includes those below it."""


class InvitationUnknown(Exception):
    """No invitation has this secret."""


class InvitationOver(Exception):
    """The invitation was revoked, used up, has expired, or is older than the person's removal."""


class TooManyClubs(Exception):
    """The person belongs to as many clubs as anybody may."""


class TooManyInvitations(Exception):
    """The club keeps as many as it may."""


class Secret(Struct, frozen=True):
    """What a link carries: the club, and 32 random bytes."""

    club_id: str
    secret: bytes

    @property
    def hash(self) -> bytes:
        """Return what is kept of it."""
        return hashlib.sha256(self.secret).digest()


class Invitation(Struct, frozen=True):
    """An invitation as its club sees it; the secret is told once, to whoever makes it."""

    invitation_id: str
    club_id: str
    role: str
    uses: int
    used: int
    made_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None

    def is_live(self, now: datetime) -> bool:
        """Tell whether somebody may join by it."""
        return self.revoked_at is None and self.used < self.uses and self.expires_at > now


_MAKER: Final = (
    select(memberships.c.user_id)
    .where(
        memberships.c.club_id == bindparam("club_id", type_=Uuid),
        memberships.c.user_id == bindparam("made_by", type_=Uuid),
        memberships.c.role == bindparam("as_role"),
        memberships.c.removed_at.is_(None),
    )
    .with_for_update(read=True)
)
_ADD: Final = insert(invitations)
_DROP_OLD: Final = delete(invitations).where(
    invitations.c.club_id == bindparam("of", type_=Uuid), invitations.c.expires_at < bindparam("before")
)
_COUNT: Final = (
    select(func.count()).select_from(invitations).where(invitations.c.club_id == bindparam("of", type_=Uuid))
)
_LIST: Final = (
    select(invitations)
    .where(invitations.c.club_id == bindparam("of", type_=Uuid))
    .order_by(invitations.c.created_at.desc(), invitations.c.invitation_id)
    .limit(LISTED_MAX)
)
_REVOKE: Final = (
    update(invitations)
    .where(
        invitations.c.club_id == bindparam("of", type_=Uuid),
        invitations.c.invitation_id == bindparam("which", type_=Uuid),
    )
    .values(revoked_at=func.coalesce(invitations.c.revoked_at, bindparam("now")))
)
REVOKE_MADE_BY: Final = (
    update(invitations)
    .where(
        invitations.c.club_id == bindparam("of", type_=Uuid),
        invitations.c.made_by == bindparam("maker", type_=Uuid),
        invitations.c.revoked_at.is_(None),
    )
    .values(revoked_at=bindparam("now"))
)
"""Ends what somebody handed out who may not do so any more."""
_BY_SECRET: Final = (
    select(invitations)
    .where(invitations.c.club_id == bindparam("of", type_=Uuid), invitations.c.secret_hash == bindparam("hash"))
    .with_for_update()
)
_USE: Final = (
    update(invitations)
    .where(
        invitations.c.club_id == bindparam("of", type_=Uuid),
        invitations.c.invitation_id == bindparam("which", type_=Uuid),
    )
    .values(used=invitations.c.used + 1)
)
_MEMBER: Final = (
    select(memberships.c.role, memberships.c.removed_at)
    .where(
        memberships.c.club_id == bindparam("of", type_=Uuid), memberships.c.user_id == bindparam("user_id", type_=Uuid)
    )
    .with_for_update()
)
_CLUBS: Final = (
    select(func.count())
    .select_from(memberships)
    .where(memberships.c.user_id == bindparam("user_id", type_=Uuid), memberships.c.removed_at.is_(None))
)
_joining: Final = upsert(memberships)
_JOIN: Final = _joining.on_conflict_do_update(
    index_elements=[memberships.c.club_id, memberships.c.user_id],
    set_={"role": _joining.excluded.role, "joined_at": _joining.excluded.joined_at, "removed_at": None},
)
_RAISE: Final = (
    update(memberships)
    .where(
        memberships.c.club_id == bindparam("of", type_=Uuid), memberships.c.user_id == bindparam("member", type_=Uuid)
    )
    .values(role=bindparam("to_role"))
)


class Invitations:
    """The narrow functions on the invitations of one database."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Work on an engine whose role may read and write the tables of accounts."""
        self._engine = engine

    async def make(self, new: Invitation, secret_hash: bytes, *, as_role: str) -> bool:
        """Keep an invitation. Returns whether its maker still is a member in the role that let them make it.

        Raises TooManyInvitations.
        """
        club_id = UUID(new.club_id)
        made = {
            "club_id": club_id,
            "invitation_id": UUID(new.invitation_id),
            "secret_hash": secret_hash,
            "role": new.role,
            "uses": new.uses,
            "made_by": UUID(new.made_by),
            "created_at": new.created_at,
            "expires_at": new.expires_at,
        }
        async with self._engine.begin() as connection:
            await connection.exec_driver_sql(set_club_sql(new.club_id))
            maker = {"club_id": club_id, "made_by": UUID(new.made_by), "as_role": as_role}
            if (await connection.execute(_MAKER, maker)).one_or_none() is None:
                return False
            before = new.created_at - timedelta(days=ENDED_KEPT_DAYS)
            await connection.execute(_DROP_OLD, {"of": club_id, "before": before})
            if (await connection.execute(_COUNT, {"of": club_id})).scalar_one() >= LISTED_MAX:
                raise TooManyInvitations
            await connection.execute(_ADD, made)
            return True

    async def of_club(self, club_id: str) -> Sequence[Invitation]:
        """Return a club's invitations, the newest first."""
        async with self._engine.begin() as connection:
            await connection.exec_driver_sql(set_club_sql(club_id))
            rows = (await connection.execute(_LIST, {"of": UUID(club_id)})).all()
        return [_invitation(row) for row in rows]

    async def revoke(self, club_id: str, invitation_id: str, now: datetime) -> bool:
        """End an invitation. Returns False where the club has none of this id."""
        given = {"of": UUID(club_id), "which": UUID(invitation_id), "now": now}
        async with self._engine.begin() as connection:
            await connection.exec_driver_sql(set_club_sql(club_id))
            return bool((await connection.execute(_REVOKE, given)).rowcount)

    async def accept(self, secret: Secret, user_id: str, now: datetime) -> str:
        """Let a user join by an invitation; return their role.

        Raises InvitationUnknown, InvitationOver or TooManyClubs.
        """
        async with self._engine.begin() as connection:
            return await accept(connection, secret, user_id, now)


async def accept(connection: AsyncConnection, secret: Secret, user_id: str, now: datetime) -> str:
    """Let a user join inside a transaction, as `Invitations.accept` does; the invitation is locked before the member.

    Whoever is a member in this role or a higher one stays what they are, and uses nothing up.
    """
    await connection.exec_driver_sql(set_club_sql(secret.club_id))
    of = UUID(secret.club_id)
    row = (await connection.execute(_BY_SECRET, {"of": of, "hash": secret.hash})).one_or_none()
    if row is None:
        raise InvitationUnknown
    invitation = _invitation(row)
    member = (await connection.execute(_MEMBER, {"of": of, "user_id": UUID(user_id)})).one_or_none()
    is_member = member is not None and member.removed_at is None
    if member is not None and is_member and RANK[member.role] >= RANK[invitation.role]:
        return str(member.role)
    is_older = member is not None and member.removed_at is not None and member.removed_at >= invitation.created_at
    if is_older or not invitation.is_live(now):
        raise InvitationOver
    if not is_member:
        await check_clubs(connection, user_id)
    await connection.execute(_USE, {"of": of, "which": row.invitation_id})
    if is_member:
        await connection.execute(_RAISE, {"of": of, "member": UUID(user_id), "to_role": invitation.role})
    else:
        joined = {"club_id": of, "user_id": UUID(user_id), "role": invitation.role, "joined_at": now}
        await connection.execute(_JOIN, joined)
    return invitation.role


async def check_clubs(connection: AsyncConnection, user_id: str) -> None:
    """Return where somebody may belong to one more club. Raises TooManyClubs."""
    if (await connection.execute(_CLUBS, {"user_id": UUID(user_id)})).scalar_one() >= CLUBS_MAX:
        raise TooManyClubs


def _invitation(row: Any) -> Invitation:  # noqa: ANN401 - a row of `invitations`
    return Invitation(
        invitation_id=str(row.invitation_id),
        club_id=str(row.club_id),
        role=row.role,
        uses=row.uses,
        used=row.used,
        made_by=str(row.made_by),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
