"""The tables of accounts as SQLAlchemy knows them: reached through the narrow functions of `storage/` alone.

`schema.sql` is the truth. Accounts stand outside the row policies (a person may belong to several clubs, a code names
none); invitations stand inside, since their secret names the club.
"""

from typing import Final

from sqlalchemy import BigInteger, Column, DateTime, Integer, LargeBinary, MetaData, Table, Text, Uuid, text

from storage.tables import ENGINE

metadata: Final = MetaData()

_NOW: Final = text("now()")

users: Final = Table(
    "users",
    metadata,
    Column("user_id", Uuid, primary_key=True),
    Column("email", Text),
    Column("display_name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    schema=ENGINE,
)

memberships: Final = Table(
    "memberships",
    metadata,
    Column("club_id", Uuid, primary_key=True),
    Column("user_id", Uuid, primary_key=True),
    Column("role", Text, nullable=False),
    Column("joined_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    Column("removed_at", DateTime(timezone=True)),
    schema=ENGINE,
)

invitations: Final = Table(
    "invitations",
    metadata,
    Column("club_id", Uuid, primary_key=True),
    Column("invitation_id", Uuid, primary_key=True),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("role", Text, nullable=False),
    Column("uses", Integer, nullable=False),
    Column("used", Integer, nullable=False, server_default=text("0")),
    Column("made_by", Uuid, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
    schema=ENGINE,
)

scorers: Final = Table(
    "scorers",
    metadata,
    Column("scorer_id", Uuid, primary_key=True),
    Column("club_id", Uuid, nullable=False),
    Column("match_id", Uuid, nullable=False),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("code_hash", LargeBinary),
    Column("name", Text, nullable=False, server_default=text("''")),
    Column("made_by", Uuid, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
    schema=ENGINE,
)

sessions: Final = Table(
    "sessions",
    metadata,
    Column("session_id", Uuid, primary_key=True),
    Column("user_id", Uuid),
    Column("club_id", Uuid, nullable=False),
    Column("device_id", Uuid, nullable=False),
    Column("refresh_hash", LargeBinary, nullable=False),
    Column("previous_hash", LargeBinary),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    Column("used_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Column("scorer_id", Uuid),
    Column("generation", BigInteger, nullable=False, server_default=text("1")),
    Column("forked_from", Uuid),
    schema=ENGINE,
)

attempts: Final = Table(
    "attempts",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
    schema=ENGINE,
)

upkeep: Final = Table(
    "upkeep",
    metadata,
    Column("name", Text, primary_key=True),
    Column("succeeded_at", DateTime(timezone=True), nullable=False),
    schema=ENGINE,
)
"""The server's own: of no club and no person."""
