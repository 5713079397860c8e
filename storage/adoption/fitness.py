"""Whether a database can be adopted at all, and that nobody writes its old tables meanwhile."""

from typing import Final

import asyncpg

from football.collections import CATALOGUE
from storage.adoption.old import ASIDE, known_tables, read_tables
from storage.tables import GRASSROOTS

POSTGRESQL_MIN: Final = 18
"""The major version that Touchline is made for."""


class AdoptionImpossible(Exception):
    """The database cannot be taken over as things are; the text says why, and what to do."""


async def prepare_session(connection: "asyncpg.Connection[asyncpg.Record]", time_zone: str | None) -> None:
    """Set how times are read, for this transaction. Raises AdoptionImpossible for no time zone."""
    # A policy on an old table must not hide rows; and days and times are read as text.
    await connection.execute("SET LOCAL row_security = off; SET LOCAL DateStyle = 'ISO, YMD'")
    if time_zone is None:
        return
    try:
        await connection.execute("SELECT set_config('TimeZone', $1, true)", time_zone)
    except asyncpg.InvalidParameterValueError as error:
        raise AdoptionImpossible(f"There is no time zone {time_zone}. Name one such as Europe/London.") from error


async def is_touchline(connection: "asyncpg.Connection[asyncpg.Record]") -> bool:
    """Tell whether the schema is ours already; a ledger without a migration is left by a server that did not start."""
    if await connection.fetchval("SELECT to_regclass('touchline.migrations') IS NOT NULL"):
        return bool(await connection.fetchval("SELECT EXISTS (SELECT FROM touchline.migrations)"))
    return False


async def check_old(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Return where an old database is there that can be adopted. Raises AdoptionImpossible."""
    version = connection.get_server_version()
    if version.major < POSTGRESQL_MIN:
        raise AdoptionImpossible(
            f"The database is PostgreSQL {version.major}, and Touchline needs {POSTGRESQL_MIN}. Upgrade it first, or "
            "restore a dump of it into a newer one."
        )
    encoding = await connection.fetchval("SHOW server_encoding")
    if encoding != "UTF8":
        raise AdoptionImpossible(
            f"The database keeps text as {encoding}, which has no room for every name. Restore a dump of it into one "
            "that was made with ENCODING 'UTF8'."
        )
    tables = await read_tables(connection)
    if not tables.keys() & set(known_tables(CATALOGUE)):
        raise AdoptionImpossible(
            f"There is no schema {GRASSROOTS} with a club's tables in this database. Check DATABASE_URL. A new "
            "club has nothing to be taken over: start the server."
        )
    if await connection.fetchval("SELECT to_regnamespace($1) IS NOT NULL", ASIDE):
        raise AdoptionImpossible(
            f"The schema {ASIDE} is there already, from another time. Drop or rename it, and run this again."
        )


async def lock_old(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Let nobody write the old tables until the end; who reads them goes on."""
    known = set(known_tables(CATALOGUE))
    names = [name for name, table in (await read_tables(connection)).items() if name in known and table.is_table]
    if names:
        await connection.execute(f"LOCK TABLE {', '.join(f'{GRASSROOTS}.{name}' for name in names)} IN EXCLUSIVE MODE")
