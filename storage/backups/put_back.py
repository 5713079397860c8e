"""Putting a backup back into a database: restore, migrate forward, and begin an epoch in every feed.

The log comes back with the tags it had, and that is all a device needs: one that is ahead of the backup shows a cursor
whose tag is not in the log, is told `log_diverged`, and pushes what it had pushed since. A viewer's feed has no such
tags: its epoch may stand at entry 40 again where somebody has read 50, so each begins anew.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread
import asyncpg
from msgspec import Struct

from storage.backups.keep import SCHEMAS
from storage.backups.manifest import DUMP, BackupError, Manifest
from storage.backups.tools import Tools, call
from storage.clubs import set_club_sql
from storage.embedded.conf import APP_ROLE
from storage.feeds import begin_epochs
from storage.readiness import CONNECT_S, prepare

Step = Callable[[str], object]
"""Is told, in a few words, what begins now."""
Then = Callable[[str], Awaitable[object]]
"""Is given where the owner of the restored database signs in, before anybody else does."""

_THERE: Final = "SELECT nspname FROM pg_namespace WHERE nspname = ANY($1::text[]) ORDER BY nspname"
_SESSIONS: Final = """
SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename IN (session_user, $1)
"""
_HEAD: Final = """
SELECT version, tag, (extract(epoch FROM now()) * 1000)::bigint AS now_ms
  FROM touchline.clubs WHERE club_id = $1 FOR UPDATE
"""
_MAKE_ROLE_ONLY: Final = f"""
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{APP_ROLE}') THEN CREATE ROLE {APP_ROLE} NOLOGIN; END IF;
END $$;
"""


class Restored(Struct, frozen=True):
    """What came of a restore."""

    manifest: Manifest
    migrated: list[str]
    """Migrations that the backup lacked."""
    aside: list[str]
    """Where what was there before is now: folders, or schemas."""


async def put_back(
    dsn: str, tools: Tools, folder: Path, manifest: Manifest, step: Step, then: Then | None = None
) -> list[str]:
    """Restore a whole backup into a database without our schemas; return the migrations that it lacked.

    `dsn` is where the owner signs in. One transaction: what fails leaves nothing. Raises BackupError. `then` erases
    again what was erased since.
    """
    await _execute(dsn, _MAKE_ROLE_ONLY)
    step("Restoring the dump")
    options = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-password"]
    await anyio.to_thread.run_sync(lambda: call(tools.restore, dsn, *options, str(folder / DUMP)))
    step("Migrating to this version")
    migrated = await prepare(dsn)
    step("Checking what came back")
    await _finish(dsn, manifest)
    if then is not None:
        step("Erasing again what was erased since")
        await then(dsn)
    return migrated


async def check_idle(dsn: str) -> None:
    """Return if nobody works in a database. Raises BackupError while a server does."""
    connection = await asyncpg.connect(dsn, timeout=CONNECT_S)
    try:
        others = await connection.fetchval(_SESSIONS, APP_ROLE)
    finally:
        await connection.close()
    if others:
        raise BackupError(f"A server works in this database ({others} sessions). Stop it first, then restore again.")


async def move_aside(dsn: str, mark: str, *, replaces: bool) -> list[str]:
    """Give our schemas in a database another name, and return the new names; none where there are none.

    Raises BackupError where there are some and nobody said that they may be replaced.
    """
    connection = await asyncpg.connect(dsn, timeout=CONNECT_S)
    try:
        found = [row[0] for row in await connection.fetch(_THERE, list(SCHEMAS))]
        if found and not replaces:
            raise BackupError(
                f"The database is not empty: it has {' and '.join(found)}. With --replace what is there is renamed, "
                "never deleted."
            )
        async with connection.transaction():
            for name in found:
                await connection.execute(f'ALTER SCHEMA {name} RENAME TO "{name}_{mark}"')
    finally:
        await connection.close()
    return [f"{name}_{mark}" for name in found]


async def move_back(dsn: str, names: list[str]) -> None:
    """Give schemas that were moved aside their names again, after a restore that failed."""
    connection = await asyncpg.connect(dsn, timeout=CONNECT_S)
    try:
        async with connection.transaction():
            for name in names:
                old = name.partition("_")[0]
                await connection.execute(f"DROP SCHEMA IF EXISTS {old} CASCADE")
                await connection.execute(f'ALTER SCHEMA "{name}" RENAME TO {old}')
    finally:
        await connection.close()


async def _finish(dsn: str, manifest: Manifest) -> None:
    """See that each club's log ends where the manifest says, and begin the epochs."""
    async with asyncpg.create_pool(dsn, min_size=1, max_size=1) as pool, pool.acquire() as connection:
        await connection.execute("ANALYZE")
        for club in manifest.clubs:
            async with connection.transaction():
                await connection.execute(set_club_sql(club.club_id))
                row = await connection.fetchrow(_HEAD, club.club_id)
                if row is None or (row["version"], row["tag"]) != (club.version, club.tag):
                    raise BackupError(f"The log of {club.name or club.club_id} did not come back as the manifest says.")
                await begin_epochs(connection, club.club_id, row["now_ms"])


async def _execute(dsn: str, sql: str) -> None:
    connection = await asyncpg.connect(dsn, timeout=CONNECT_S)
    try:
        await connection.execute(sql)
    except asyncpg.InsufficientPrivilegeError as error:
        raise BackupError(
            f"The role of DATABASE_URL may not make the role {APP_ROLE}. Have an administrator run "
            f"CREATE ROLE {APP_ROLE} and GRANT {APP_ROLE} to it."
        ) from error
    finally:
        await connection.close()


def mark_of(now: datetime) -> str:
    """Return what is written after the name of whatever is moved aside."""
    return now.astimezone(UTC).strftime("before_restore_%Y%m%dT%H%M%SZ").lower()
