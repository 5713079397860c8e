"""The tables of sharing as SQLAlchemy knows them: links, the club's rules for them, feeds and their entries.

`schema.sql` is the truth. All are club data: their keys begin with the club, and row policies stand behind them.
"""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, LargeBinary, SmallInteger, Table, Text, Uuid, text

from storage.tables import ENGINE, metadata

share_links: Final = Table(
    "share_links",
    metadata,
    Column("club_id", Uuid, primary_key=True),
    Column("link_id", Uuid, primary_key=True),
    Column("match_id", Uuid, nullable=False),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("shows_score", Boolean, nullable=False),
    Column("shows_shirt_numbers", Boolean, nullable=False),
    Column("shows_venue", Boolean, nullable=False),
    Column("created_by", Uuid, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
    Column("last_used_on", Date),
    schema=ENGINE,
)

share_rules: Final = Table(
    "share_rules",
    metadata,
    Column("club_id", Uuid, primary_key=True),
    Column("young_scores", Boolean, nullable=False),
    Column("young_shirt_numbers", Boolean, nullable=False),
    Column("changed_by", Uuid, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    schema=ENGINE,
)

feeds: Final = Table(
    "feeds",
    metadata,
    Column("club_id", Uuid, primary_key=True),
    Column("match_id", Uuid, primary_key=True),
    Column("view", SmallInteger, primary_key=True, autoincrement=False),
    Column("epoch", Text, nullable=False),
    Column("n", BigInteger, nullable=False),
    Column("hide_key", LargeBinary, nullable=False),
    Column("snapshot", LargeBinary, nullable=False),
    Column("due_ms", BigInteger),
    schema=ENGINE,
)

feed_entries: Final = Table(
    "feed_entries",
    metadata,
    Column("club_id", Uuid, primary_key=True),
    Column("match_id", Uuid, primary_key=True),
    Column("view", SmallInteger, primary_key=True, autoincrement=False),
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    schema=ENGINE,
)
