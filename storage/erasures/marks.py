"""Marks: the rows of `touchline.erasures` that say that a club, or somebody who was in it, was erased.

Those of records are the core's own (`storage/erasures/`); these hold no more than the ledger's file. A club's mark is
unfinished until its rows are gone, and by that whoever comes by goes on with it.
"""

import hashlib
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid5

from sqlalchemy import Text, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.erasures.ledger_file import Entry, Kind

SUBJECT_BYTES: Final = 16
SPACE: Final = UUID("6a0b4d0e-58a1-4c1b-9a52-3f6f0c0f7a11")
"""The namespace of the ids of these erasures."""

_MARK: Final = text(
    "INSERT INTO touchline.erasures"
    " (club_id, erasure_id, kind, subject, names, version, at_ms, erased_by, rewritten_to, finished_ms)"
    " VALUES (:of, :erasure_id, :kind, :subject, '{}', 0, :at_ms, :by, 0, :finished_ms) ON CONFLICT DO NOTHING"
).bindparams(bindparam("of", type_=Uuid), bindparam("erasure_id", type_=Uuid), bindparam("by", type_=Text))
_FINISH: Final = text(
    "UPDATE touchline.erasures SET finished_ms = :now_ms WHERE club_id = :of AND kind = 'club' AND finished_ms IS NULL"
).bindparams(bindparam("of", type_=Uuid))
_OF_CLUB: Final = text(
    "SELECT finished_ms FROM touchline.erasures WHERE club_id = :of AND kind = 'club' ORDER BY at_ms LIMIT 1"
).bindparams(bindparam("of", type_=Uuid))


def subject_of(identity: str) -> str:
    """Return what stands in a ledger for a user or a club: its id is random, so the digest needs no key."""
    return hashlib.blake2b(UUID(identity).bytes, digest_size=SUBJECT_BYTES).hexdigest()


def entry_of(kind: Kind, identity: str, *, now: datetime, by: str | None = None, club_id: str | None = None) -> Entry:
    """Return the entry of a user or a club that is erased now; its id follows from what it says."""
    subject, at_ms = subject_of(identity), ms_of(now)
    return Entry(str(uuid5(SPACE, f"{kind}/{subject}/{at_ms}")), kind, subject, at_ms, club_id=club_id, by=by)


def ms_of(at: datetime) -> int:
    """Return a time in milliseconds since 1970."""
    return int(at.timestamp() * 1_000)


def time_of(entry: Entry) -> datetime:
    """Return when an erasure was."""
    return datetime.fromtimestamp(entry.at_ms / 1_000, UTC)


async def mark(connection: AsyncConnection, club_id: str, entry: Entry, *, is_finished: bool) -> None:
    """Keep an erasure's row, in a transaction of the club."""
    given = {
        "of": UUID(club_id),
        "erasure_id": UUID(entry.erasure_id),
        "kind": entry.kind,
        "subject": entry.subject,
        "at_ms": entry.at_ms,
        "by": entry.by,
        "finished_ms": entry.at_ms if is_finished else None,
    }
    await connection.execute(_MARK, given)


async def finish(connection: AsyncConnection, club_id: str, now: datetime) -> None:
    """Say that a club's rows are gone."""
    await connection.execute(_FINISH, {"of": UUID(club_id), "now_ms": ms_of(now)})


async def is_owed(connection: AsyncConnection, club_id: str) -> bool | None:
    """Tell whether a club that was erased still has rows; None for one that was not erased."""
    row = (await connection.execute(_OF_CLUB, {"of": UUID(club_id)})).one_or_none()
    return None if row is None else row.finished_ms is None
