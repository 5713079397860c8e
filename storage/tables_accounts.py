"""The tables of accounts as SQLAlchemy knows them: reached through the narrow functions of `storage/accounts.py` alone.

`schema.sql` is the truth. Accounts stand outside the row policies: a person may belong to several clubs.
"""

from typing import Final

from sqlalchemy import Column, DateTime, LargeBinary, MetaData, Table, Text, Uuid, text

from storage.tables import ENGINE

metadata: Final = MetaData()

_NOW: Final = text("now()")

users: Final = Table(
    "users",
    metadata,
    Column("user_id", Uuid, primary_key=True),
    Column("email", Text, nullable=False),
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
    schema=ENGINE,
)

sessions: Final = Table(
    "sessions",
    metadata,
    Column("session_id", Uuid, primary_key=True),
    Column("user_id", Uuid, nullable=False),
    Column("club_id", Uuid, nullable=False),
    Column("device_id", Uuid, nullable=False),
    Column("refresh_hash", LargeBinary, nullable=False),
    Column("previous_hash", LargeBinary),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    Column("used_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    schema=ENGINE,
)
