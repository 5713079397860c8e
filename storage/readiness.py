"""What must be true of a database before a club's data goes into it, and whether it can take writes now.

A server that acknowledges a push has it on the disk: so fsync, full_page_writes and synchronous_commit are on, or the
server does not start. Row policies hold only for a role that neither owns the tables nor is a superuser.
"""

from typing import Final

import asyncpg

from storage.embedded.conf import APP_ROLE
from storage.migrate import SchemaOutOfDate, check_schema, migrate

CONNECT_S: Final = 5.0
"""Seconds a connection may take: a database further away than that serves nobody."""

DURABLE: Final = ("fsync", "full_page_writes", "synchronous_commit")

IS_BOUND: Final = """
    SELECT NOT (rolsuper OR rolbypassrls)
       AND NOT EXISTS (SELECT FROM pg_tables
                        WHERE schemaname IN ('grassroots', 'touchline') AND tableowner = current_user)
      FROM pg_roles WHERE rolname = current_user
"""
"""Whether row policies bind the role that asks."""
OPEN_TABLES: Final = """
    SELECT c.relname
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'club_id' AND NOT a.attisdropped
     WHERE n.nspname IN ('grassroots', 'touchline') AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity
       AND c.relname <> ALL ($1::text[])
     ORDER BY c.relname
"""
"""Tables of clubs without a row policy; those of `BEFORE_A_CLUB` are to be left out."""
BEFORE_A_CLUB: Final = ("memberships", "scorers", "sessions")
"""Tables that are read to find out which club somebody may enter, so that no club can be named yet."""
MAKE_ROLE: Final = f"""
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{APP_ROLE}') THEN CREATE ROLE {APP_ROLE} NOLOGIN; END IF;
    IF NOT pg_has_role(current_user, '{APP_ROLE}', 'MEMBER') THEN
        EXECUTE format('GRANT {APP_ROLE} TO %I', current_user);
    END IF;
END $$;
"""


class DatabaseUnfit(Exception):
    """The database is there and must not be used as it is; the text says what to change."""


async def is_application(dsn: str) -> bool:
    """Tell whether an address signs in as the application's own role: then somebody else migrates."""
    connection = await asyncpg.connect(dsn, timeout=CONNECT_S)
    try:
        return bool(await connection.fetchval(f"SELECT current_user = '{APP_ROLE}'"))
    finally:
        await connection.close()


async def prepare(dsn: str) -> list[str]:
    """Make the application's role where it is missing, and migrate. Returns the names of what was applied."""
    connection = await asyncpg.connect(dsn, timeout=CONNECT_S)
    try:
        await connection.execute(MAKE_ROLE)
    except asyncpg.InsufficientPrivilegeError as error:
        raise DatabaseUnfit(
            f"The role of DATABASE_URL may neither make the role {APP_ROLE} nor take it. Have an administrator run "
            f"CREATE ROLE {APP_ROLE} and GRANT {APP_ROLE} to it, or give the role CREATEROLE."
        ) from error
    finally:
        await connection.close()
    return [migration.name for migration in await migrate(dsn)]


async def check_fit(dsn: str, *, is_durable: bool) -> None:
    """Return if the application may work at `dsn`. Raises DatabaseUnfit, or SchemaOutOfDate.

    With `is_durable` an acknowledged write must survive a power cut; only tests do without.
    """
    connection = await asyncpg.connect(dsn, timeout=CONNECT_S)
    try:
        if not await connection.fetchval(IS_BOUND):
            raise DatabaseUnfit(
                "The database role of the server is a superuser or owns the tables, so row policies would not bind "
                f"it. Let DATABASE_URL name a role that may take the role {APP_ROLE}."
            )
        if is_open := [row[0] for row in await connection.fetch(OPEN_TABLES, BEFORE_A_CLUB)]:
            raise DatabaseUnfit(
                f"Row-level security is off for {' and '.join(is_open)}, so one club could see another's rows. Turn it "
                "on: ALTER TABLE ... ENABLE ROW LEVEL SECURITY, with the policy that schema.sql has for it."
            )
        loose = [name for name in DURABLE if await connection.fetchval(f"SHOW {name}") == "off"]
    finally:
        await connection.close()
    if loose and is_durable:
        raise DatabaseUnfit(
            f"The database has {' and '.join(loose)} off: an acknowledged match could be lost in a power cut. "
            "Turn it on; only tests may say DURABILITY=test."
        )
    await check_schema(dsn)


async def why_not_ready(dsn: str) -> str | None:
    """Return why the database cannot take writes now, None where it can. It uses a connection of its own.

    A newer server may have migrated it meanwhile: while an upgrade goes on, those that still run are needed.
    """
    try:
        connection = await asyncpg.connect(dsn, timeout=CONNECT_S, command_timeout=CONNECT_S)
        try:
            if await connection.fetchval(
                "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::bool"
            ):
                return "The database takes no writes: it is a standby, or read-only."
        finally:
            await connection.close()
        await check_schema(dsn, may_be_newer=True)
    except SchemaOutOfDate as error:
        return str(error)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return "The database does not answer."
    return None
