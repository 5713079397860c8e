"""The tables as SQLAlchemy knows them: club data is derived from the catalogue, the engine's own stand here.

`schema.sql` is the truth; a test compares it with this page, so a field that is declared and not in the database, or
the other way round, is found before it is missed.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Enum,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from sync.collections import Catalogue, Collection, Type, Value, format_instant

GRASSROOTS: Final = "grassroots"
ENGINE: Final = "touchline"

metadata: Final = MetaData()

clubs: Final = Table(
    "clubs",
    metadata,
    Column("club_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False, server_default=""),
    Column("version", BigInteger, nullable=False, server_default=text("0")),
    Column("tag", Text, nullable=False, server_default="0" * 16),
    Column("clock", BigInteger, nullable=False, server_default=text("0")),
    Column("oldest", BigInteger, nullable=False, server_default=text("1")),
    Column("hash_key", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Column("folded_to", DateTime(timezone=True)),
    schema=ENGINE,
)

log: Final = Table(
    "log",
    metadata,
    Column("club_id", Uuid, primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("tag", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("checksum", BigInteger, nullable=False),
    Column("committed_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    schema=ENGINE,
)

conflicts: Final = Table(
    "conflicts",
    metadata,
    Column("club_id", Uuid, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("collection", Text, nullable=False),
    Column("record", Uuid, nullable=False),
    Column("other", Uuid),
    Column("status", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    schema=ENGINE,
)

outcomes: Final = Table(
    "outcomes",
    metadata,
    Column("club_id", Uuid, primary_key=True),
    Column("device_id", Uuid, primary_key=True),
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary),
    Column("verdict", Text, nullable=False),
    Column("clock", BigInteger, nullable=False),
    Column("correction", BigInteger, nullable=False, server_default=text("0")),
    Column("conflicts", ARRAY(Uuid)),
    Column("problem", LargeBinary),
    Column("group_id", Uuid),
    Column("from_n", BigInteger),
    Column("settled_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    schema=ENGINE,
)

parked: Final = Table(
    "parked",
    metadata,
    Column("club_id", Uuid, primary_key=True),
    Column("device_id", Uuid, primary_key=True),
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    Column("waits_for", Text, nullable=False),
    Column("group_id", Uuid),
    Column("received_ms", BigInteger, nullable=False),
    Column("is_orphan", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
    schema=ENGINE,
)

devices: Final = Table(
    "devices",
    metadata,
    Column("club_id", Uuid, primary_key=True),
    Column("device_id", Uuid, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("offsets_ms", ARRAY(BigInteger), nullable=False),
    Column("last_n", BigInteger, nullable=False),
    Column("acked", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
    schema=ENGINE,
)

erasures: Final = Table(
    "erasures",
    metadata,
    Column("club_id", Uuid, primary_key=True),
    Column("erasure_id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("collection", Text),
    Column("subject", Text, nullable=False),
    Column("names", ARRAY(Text), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("erased_by", Text),
    Column("rewritten_to", BigInteger, nullable=False),
    Column("finished_ms", BigInteger),
    schema=ENGINE,
)

_TYPES: Final[Mapping[Type, type[TypeEngine[Any]] | TypeEngine[Any]]] = {
    Type.TEXT: Text,
    Type.INTEGER: Integer,
    Type.NUMBER: Float(53),
    Type.BOOLEAN: Boolean,
    Type.UUID: Uuid,
    Type.INSTANT: DateTime(timezone=True),
    Type.DATE: Date,
}


def record_table(collection: Collection, types: Mapping[str, TypeEngine[Any]] | None = None) -> Table:
    """Return the table of a collection: its fields, and what the engine adds to each.

    `types` overrides the column types that an existing database has otherwise.
    """
    given = types or {}
    columns = [
        Column(
            name,
            given.get(name, _TYPES[spec.type]),
            nullable=spec.default is None,
            server_default=None if spec.default is None else _default(spec.default),
        )
        for name, spec in collection.fields.items()
    ]
    return Table(
        collection.table_name,
        metadata,
        Column("club_id", Uuid, primary_key=True),
        Column(collection.key, Uuid, primary_key=True),
        *columns,
        Column("version", BigInteger, nullable=False),
        Column("stamps", JSONB, nullable=False),
        Column("deleted", Boolean, nullable=False, server_default=text("false")),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
        Column("updated_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
        schema=GRASSROOTS,
        extend_existing=True,
    )


def record_tables(catalogue: Catalogue) -> dict[str, Table]:
    """Return the table of each collection of a catalogue."""
    return {
        name: record_table(collection, {each: kept for each, kept in KEPT_TYPES.items() if each in collection.fields})
        for name, collection in catalogue.collections.items()
    }


KEPT_TYPES: Final[Mapping[str, TypeEngine[Any]]] = {
    "kind": Enum(name="event_kind", schema=GRASSROOTS, native_enum=True, create_type=False),
    "home_kit_primary": String(7),
    "home_kit_secondary": String(7),
    "away_kit_primary": String(7),
    "away_kit_secondary": String(7),
}
"""Types of the existing database that say more than a field's; what does not fit is refused by the catalogue before."""


def _default(value: Value) -> Any:  # noqa: ANN401 - what SQLAlchemy takes as a server default
    return str(value) if isinstance(value, str) else text(str(value).lower())


def _to_instant(value: Value) -> datetime:
    return datetime.fromisoformat(value)


def _to_date(value: Value) -> date:
    return date.fromisoformat(value)


def _from_instant(value: datetime) -> str:
    # The driver takes the first instant of the calendar for minus infinity, and gives that back without a zone.
    since = value.replace(tzinfo=value.tzinfo or UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return format_instant((since.days * 86_400 + since.seconds) * 1_000 + since.microseconds // 1_000)


TO_COLUMN: Final[Mapping[Type, Callable[[Value], Any]]] = {
    Type.INSTANT: _to_instant,
    Type.DATE: _to_date,
}
"""From a field's canonical form to what the driver takes; other types go as they are, UUIDs as their text."""

FROM_COLUMN: Final[Mapping[Type, Callable[[Any], Value]]] = {
    Type.UUID: str,
    Type.INSTANT: _from_instant,
    Type.DATE: date.isoformat,
}
"""From what the driver gives to a field's canonical form."""
