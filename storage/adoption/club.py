"""The club that an old database becomes, and its owner."""

from typing import Final

import asyncpg
from msgspec import Struct

_ADD_CLUB: Final = "INSERT INTO touchline.clubs (club_id, name, hash_key) VALUES ($1, $2, $3)"
_ADD_OWNER: Final = """
WITH owner AS (
    INSERT INTO touchline.users (user_id, email, display_name, password_hash) VALUES ($2, $3, $4, $5)
)
INSERT INTO touchline.memberships (club_id, user_id, role) VALUES ($1, $2, 'owner')
"""


class Adoption(Struct, frozen=True):
    """The club and its owner, as they will be; ids and key are fresh."""

    club_id: str
    club_name: str
    hash_key: bytes
    user_id: str
    email: str
    display_name: str
    password_hash: str
    device_id: str
    """The device as which the rows are pushed."""
    time_zone: str | None = None
    """In which times without a zone are read; None: the database's own."""
    is_rehearsal: bool = False


async def make_club(connection: "asyncpg.Connection[asyncpg.Record]", adoption: Adoption) -> None:
    """Make them: the owner is the club's one member."""
    await connection.execute(_ADD_CLUB, adoption.club_id, adoption.club_name, adoption.hash_key)
    await connection.execute(
        _ADD_OWNER,
        adoption.club_id,
        adoption.user_id,
        adoption.email,
        adoption.display_name,
        adoption.password_hash,
    )
