"""Scorers by link: somebody without an account records one match, for a day, by a secret link or a short code.

Secret and code are kept as hashes. A code is short enough to be read out, so it lives no longer than its link, and
guessing it is slowed down (`storage/attempts.py`).
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy import ColumnElement, Integer, Uuid, bindparam, func, insert, literal_column, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.tables_accounts import memberships, scorers, sessions

LINKS_MAX: Final = 50
"""Links that one match may have had: a volunteer for each quarter, and every mistake."""


class CodeTaken(Exception):
    """A live link has this code; another one is drawn."""


class TooManyLinks(Exception):
    """The match has had as many links as it may."""


class ScorerLink(Struct, frozen=True):
    """A scorer's link as its club sees it; secret and code are told once, to whoever makes it."""

    scorer_id: str
    club_id: str
    match_id: str
    made_by: str
    created_at: datetime
    expires_at: datetime
    name: str = ""
    """As the last one said who signed in by it."""
    revoked_at: datetime | None = None
    devices: int = 0
    """How many are signed in by it."""

    def is_live(self, now: datetime) -> bool:
        """Tell whether somebody may score by it."""
        return self.revoked_at is None and self.expires_at > now


_MAKER: Final = (
    select(memberships.c.user_id)
    .where(
        memberships.c.club_id == bindparam("club_id", type_=Uuid),
        memberships.c.user_id == bindparam("made_by", type_=Uuid),
        memberships.c.role.in_(["owner", "coach"]),
        memberships.c.removed_at.is_(None),
    )
    .with_for_update(read=True)
)
_ADD: Final = insert(scorers)
_FREE_CODE: Final = (
    update(scorers)
    .where(
        scorers.c.code_hash == bindparam("code"),
        func.least(scorers.c.revoked_at, scorers.c.expires_at) <= bindparam("now"),
    )
    .values(code_hash=None)
)
_COUNT: Final = (
    select(func.count())
    .select_from(scorers)
    .where(
        scorers.c.club_id == bindparam("club_id", type_=Uuid), scorers.c.match_id == bindparam("match_id", type_=Uuid)
    )
)
_devices: Final[ColumnElement[int]] = (
    select(func.count())
    .select_from(sessions)
    .where(sessions.c.scorer_id == scorers.c.scorer_id, sessions.c.ended_at.is_(None))
    .scalar_subquery()
    .label("devices")
)
_none: Final[ColumnElement[int]] = literal_column("0", Integer).label("devices")
_LINK: Final = select(scorers, _devices)
_OF_MATCH: Final = (
    _LINK.where(
        scorers.c.club_id == bindparam("club_id", type_=Uuid), scorers.c.match_id == bindparam("match_id", type_=Uuid)
    )
    .order_by(scorers.c.created_at.desc(), scorers.c.scorer_id)
    .limit(LINKS_MAX)
)
_BY_SECRET: Final = select(scorers, _none).where(scorers.c.secret_hash == bindparam("hash"))
_BY_CODE: Final = select(scorers, _none).where(scorers.c.code_hash.in_(bindparam("hashes", expanding=True)))
_REVOKE: Final = (
    update(scorers)
    .where(
        scorers.c.club_id == bindparam("club", type_=Uuid),
        scorers.c.match_id == bindparam("match", type_=Uuid),
        scorers.c.scorer_id == bindparam("which", type_=Uuid),
    )
    .values(revoked_at=func.coalesce(scorers.c.revoked_at, bindparam("now")), code_hash=None)
)
REVOKE_LINKS_MADE_BY: Final = (
    update(scorers)
    .where(
        scorers.c.club_id == bindparam("of", type_=Uuid),
        scorers.c.made_by == bindparam("maker", type_=Uuid),
        scorers.c.revoked_at.is_(None),
        scorers.c.expires_at > bindparam("now"),
    )
    .values(revoked_at=bindparam("now"), code_hash=None)
)
"""Ends what somebody handed out who may not do so any more."""


class Scorers:
    """The narrow functions on the scorers' links of one database."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Work on an engine whose role may read and write the tables of accounts."""
        self._engine = engine

    async def make(self, new: ScorerLink, *, secret_hash: bytes, code_hash: bytes) -> bool:
        """Keep a link. Returns whether its maker still decides in the club. Raises CodeTaken or TooManyLinks."""
        place = {"club_id": UUID(new.club_id), "match_id": UUID(new.match_id)}
        made = {
            **place,
            "scorer_id": UUID(new.scorer_id),
            "secret_hash": secret_hash,
            "code_hash": code_hash,
            "made_by": UUID(new.made_by),
            "created_at": new.created_at,
            "expires_at": new.expires_at,
        }
        async with self._engine.begin() as connection:
            maker = {"club_id": UUID(new.club_id), "made_by": UUID(new.made_by)}
            if (await connection.execute(_MAKER, maker)).one_or_none() is None:
                return False
            if (await connection.execute(_COUNT, place)).scalar_one() >= LINKS_MAX:
                raise TooManyLinks
            await connection.execute(_FREE_CODE, {"code": code_hash, "now": new.created_at})
            try:
                await connection.execute(_ADD, made)
            except IntegrityError as error:
                raise CodeTaken from error
            return True

    async def of_match(self, club_id: str, match_id: str) -> Sequence[ScorerLink]:
        """Return the links of a match, the newest first."""
        async with self._engine.begin() as connection:
            given = {"club_id": UUID(club_id), "match_id": UUID(match_id)}
            rows = (await connection.execute(_OF_MATCH, given)).all()
        return [_link(row) for row in rows]

    async def find_by_secret(self, secret_hash: bytes) -> ScorerLink | None:
        """Return the link of a secret, ended or not."""
        async with self._engine.begin() as connection:
            row = (await connection.execute(_BY_SECRET, {"hash": secret_hash})).one_or_none()
        return None if row is None else _link(row)

    async def find_by_code(self, code_hashes: Collection[bytes]) -> ScorerLink | None:
        """Return the link of a code, which is given under each key that is live."""
        async with self._engine.begin() as connection:
            row = (await connection.execute(_BY_CODE, {"hashes": list(code_hashes)})).first()
        return None if row is None else _link(row)

    async def revoke(self, club_id: str, match_id: str, scorer_id: str, now: datetime) -> bool:
        """End a link. Returns False where the match has none of this id."""
        given = {"club": UUID(club_id), "match": UUID(match_id), "which": UUID(scorer_id), "now": now}
        async with self._engine.begin() as connection:
            return bool((await connection.execute(_REVOKE, given)).rowcount)


def _link(row: Any) -> ScorerLink:  # noqa: ANN401 - a row of _LINK
    return ScorerLink(
        scorer_id=str(row.scorer_id),
        club_id=str(row.club_id),
        match_id=str(row.match_id),
        made_by=str(row.made_by),
        created_at=row.created_at,
        expires_at=row.expires_at,
        name=row.name,
        revoked_at=row.revoked_at,
        devices=row.devices,
    )
