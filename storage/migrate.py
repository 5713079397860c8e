"""Forward-only migrations: numbered SQL files, each applied once, in order, in a transaction of its own.

What was applied is recorded with a checksum of its text, so that an edited file is refused rather than
silently different between two clubs. `schema.sql` is the present truth; a test shows that all migrations
together make the same database.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import asyncpg

MIGRATIONS = Path(__file__).parent / "migrations"
CONNECT_S = 10.0
LOCK_TIMEOUT_MS = 5_000  # a migration that cannot get its table gives up before the pushes queued behind it do
TURN_TIMEOUT_MS = 120_000  # how long one server waits for another that is migrating the same database
_LOCK_KEY = 0x746F756368  # "touch"
_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")

_LEDGER = """
CREATE SCHEMA IF NOT EXISTS touchline;
CREATE TABLE IF NOT EXISTS touchline.migrations (
    number     integer     PRIMARY KEY,
    name       text        NOT NULL,
    checksum   text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'touchline_app') THEN
        GRANT USAGE ON SCHEMA touchline TO touchline_app;
        GRANT SELECT ON touchline.migrations TO touchline_app;
    END IF;
END $$;
"""
_READ_LEDGER = "SELECT number, name, checksum FROM touchline.migrations ORDER BY number"
_RECORD = "INSERT INTO touchline.migrations (number, name, checksum) VALUES ($1, $2, $3)"


class MigrationError(Exception):
    """The migrations cannot be applied; the text names the file and says what to do."""


class SchemaOutOfDate(Exception):
    """The database's schema is not the one this code was written for."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: its number, its name without the ending, its text."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """The SHA-256 of the text, in hex; line endings do not count, since git may change them."""
        return hashlib.sha256(self.sql.replace("\r\n", "\n").encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Applied:
    """One row of the ledger."""

    number: int
    name: str
    checksum: str


def read_migrations(folder: Path = MIGRATIONS) -> list[Migration]:
    """Read the files `NNNN_name.sql` in `folder`, numbered 1, 2, 3 ... without a gap.

    Raises `MigrationError` on another name, a gap or a number taken twice.
    """
    found: list[Migration] = []
    for path in sorted(folder.glob("*.sql")):
        match = _NAME.fullmatch(path.name)
        expected = len(found) + 1
        if match is None or int(match[1]) != expected:
            raise MigrationError(
                f"The migration {path} should be called {expected:04}_<name>.sql: numbers follow one another "
                "without a gap, names are lower case."
            )
        found.append(Migration(number=expected, name=path.stem, sql=path.read_text(encoding="utf-8")))
    if not found:
        raise MigrationError(f"The folder {folder} holds no migrations. Is the installation complete?")
    return found


def pending(migrations: list[Migration], applied: list[Applied]) -> list[Migration]:
    """Answer the migrations that the database lacks, in order.

    Raises `MigrationError` where an applied file was edited or renamed, or the database is the newer.
    """
    known = {migration.number: migration for migration in migrations}
    for row in applied:
        migration = known.get(row.number)
        if migration is None:
            raise MigrationError(
                f"The database has migration {row.name}, which this version does not know: it was used by a "
                "newer version. Run that version, or restore a backup made before it."
            )
        if migration.checksum != row.checksum or migration.name != row.name:
            raise MigrationError(
                f"Migration {row.name} was changed after it was applied to this database. Restore the file "
                f"as it was, and put the change into a new one, {len(migrations) + 1:04}_<name>.sql."
            )
    done = {row.number for row in applied}
    return [migration for migration in migrations if migration.number not in done]


async def migrate(dsn: str, folder: Path = MIGRATIONS) -> list[Migration]:
    """Apply what is missing to the database at `dsn`, as its owner, and answer what was applied.

    Several servers may call it at once: one works and the others wait their turn. A migration that fails
    leaves no trace, those before it stay; its `MigrationError` keeps the driver's error as its cause.
    """
    migrations = read_migrations(folder)
    connection = await asyncpg.connect(dsn, timeout=CONNECT_S)
    try:
        await take_turn(connection)
        return await apply_missing(connection, migrations)
    finally:
        await connection.close()


async def apply_missing(
    connection: "asyncpg.Connection[asyncpg.Record]", migrations: list[Migration]
) -> list[Migration]:
    """Apply what the database lacks, and answer it; in a transaction of the caller's it is all or nothing."""
    await connection.execute(_LEDGER)
    missing = pending(migrations, await _applied(connection))
    for migration in missing:
        await _apply(connection, migration)
    return missing


async def check_schema(dsn: str, folder: Path = MIGRATIONS, *, may_be_newer: bool = False) -> None:
    """Return if the database has exactly the migrations of `folder`; changes nothing, any role will do.

    With `may_be_newer` it may have later ones too: a migration only adds, so who served goes on beside newer servers.
    Raises `SchemaOutOfDate` with what is missing or unknown.
    """
    migrations = read_migrations(folder)
    connection = await asyncpg.connect(dsn, timeout=CONNECT_S)
    try:
        applied = await _applied(connection)
        known = [row for row in applied if not may_be_newer or row.number <= len(migrations)]
        missing = pending(migrations, known)
    except asyncpg.UndefinedTableError:
        missing = migrations
    except MigrationError as error:
        raise SchemaOutOfDate(str(error)) from error
    finally:
        await connection.close()
    if missing:
        names = ", ".join(migration.name for migration in missing)
        raise SchemaOutOfDate(f"The database lacks the migrations {names}. Migrate it first.")


async def take_turn(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Wait until no other server migrates this database; the turn ends with the connection."""
    # The role may have the application's limits; a migration that has its locks takes as long as it takes.
    await connection.execute("SET statement_timeout = 0; SET transaction_timeout = 0")
    await connection.execute(f"SET lock_timeout = {TURN_TIMEOUT_MS}")
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK_KEY)
    except asyncpg.LockNotAvailableError as error:
        raise MigrationError(
            f"Another server has been migrating this database for {TURN_TIMEOUT_MS / 1000:.0f} s. See what it waits "
            "for in pg_stat_activity, and start again."
        ) from error
    await connection.execute(f"SET lock_timeout = {LOCK_TIMEOUT_MS}")


async def _applied(connection: "asyncpg.Connection[asyncpg.Record]") -> list[Applied]:
    rows = await connection.fetch(_READ_LEDGER)
    return [Applied(number=row["number"], name=row["name"], checksum=row["checksum"]) for row in rows]


async def _apply(connection: "asyncpg.Connection[asyncpg.Record]", migration: Migration) -> None:
    try:
        async with connection.transaction():
            await connection.execute(migration.sql)
            await connection.execute(_RECORD, migration.number, migration.name, migration.checksum)
    except asyncpg.DuplicateSchemaError as error:
        raise MigrationError(
            f"Migration {migration.name} would make a schema that is there ({error}). If it holds the club's data from "
            "before Touchline, take it over: make a backup, and run `touchline adopt --dry-run` (docs/adopt.md)."
        ) from error
    except asyncpg.PostgresError as error:
        raise MigrationError(
            f"Migration {migration.name} failed and was rolled back: {error}. Mend it and start again; the "
            "ones before it stay applied."
        ) from error
