"""Taking a backup: one moment of the database in a dump, made beside its name, proved, and renamed.

The heads in the manifest and the rows in the dump are of the same snapshot, so what is said of a backup is what is in
it. A backup that was cut short has no name that counts. Old ones are deleted only when the new one is whole.
"""

import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import anyio
import anyio.to_thread
import asyncpg

from storage.backups.check import check_backup
from storage.backups.manifest import (
    DUMP,
    FORMAT,
    SECRET,
    BackupError,
    ClubHead,
    Manifest,
    describe_file,
    read_manifest,
    write_manifest,
)
from storage.backups.tools import Tools, call
from storage.clubs import set_club_sql
from storage.disk import sync_path
from storage.erasures.ledger_file import LEDGER
from storage.readiness import CONNECT_S

SCHEMAS: Final = ("grassroots", "touchline")
NAME: Final = "touchline-%Y%m%dT%H%M%SZ"
UNFINISHED: Final = ".unfinished-"

_CLUBS: Final = "SELECT DISTINCT club_id::text FROM touchline.memberships ORDER BY 1"
_HEAD: Final = """
SELECT name, version, tag,
       (SELECT count(*) FROM touchline.devices AS device WHERE device.club_id = club.club_id) AS devices
  FROM touchline.clubs AS club WHERE club_id = $1
"""


class Moment(NamedTuple):
    """One moment of a database, held while it is dumped."""

    snapshot: str
    made_at: datetime
    postgres: str
    migrations: list[str]
    clubs: list[ClubHead]


async def take(
    dsn: str,
    tools: Tools,
    into: Path,
    *,
    secret: Path | None,
    version: str,
    ledger: Path | None = None,
    meanwhile: Callable[[int], object] | None = None,
) -> tuple[Path, Manifest]:
    """Make a backup of the database at `dsn`, whose owner signs in there, in a new folder below `into`.

    `secret` is the file of the server's own secret, where it keeps one, `ledger` that of its erasures; `meanwhile` is
    told now and then how many bytes are written. Raises BackupError, and leaves nothing behind then.
    """
    _make_private(into)
    fresh = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=into))
    try:
        async with one_moment(dsn) as moment:
            await anyio.to_thread.run_sync(_dump, dsn, tools, fresh / DUMP, moment.snapshot, meanwhile)
        return await anyio.to_thread.run_sync(_complete, fresh, into, tools, [secret, ledger], moment, version)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def _complete(
    fresh: Path, into: Path, tools: Tools, beside: Sequence[Path | None], moment: Moment, version: str
) -> tuple[Path, Manifest]:
    """Add what belongs to a dump, see all of it to the disk, prove it, and give it its name."""
    for path, name in zip(beside, (SECRET, LEDGER), strict=True):  # read after the dump: no erasure in it is missing
        if path is not None and path.is_file():
            _copy_private(path, fresh / name)
    files = [describe_file(path) for path in sorted(fresh.iterdir())]
    made_at = moment.made_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    manifest = Manifest(FORMAT, made_at, version, moment.postgres, moment.migrations, moment.clubs, files)
    write_manifest(fresh, manifest)
    for path in (*fresh.iterdir(), fresh):
        sync_path(path)
    check_backup(fresh, tools)
    return _name(fresh, into, moment.made_at), manifest


@asynccontextmanager
async def one_moment(dsn: str) -> AsyncGenerator[Moment]:
    """Hold a snapshot of a database, and say where its clubs stand in it."""
    connection = await asyncpg.connect(dsn, timeout=CONNECT_S)
    try:
        await connection.execute("SET statement_timeout = 0; SET transaction_timeout = 0")
        await connection.execute("SET idle_in_transaction_session_timeout = 0")
        await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        migrations = [row[0] for row in await connection.fetch("SELECT name FROM touchline.migrations ORDER BY number")]
        clubs: list[ClubHead] = []
        for (club_id,) in await connection.fetch(_CLUBS):
            await connection.execute(set_club_sql(club_id))
            row = await connection.fetchrow(_HEAD, club_id)
            if row is not None:
                clubs.append(ClubHead(club_id, *row))
        snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
        made_at = await connection.fetchval("SELECT transaction_timestamp()")
        postgres = await connection.fetchval("SHOW server_version")
        yield Moment(snapshot, made_at.astimezone(UTC), postgres, migrations, clubs)
    except asyncpg.UndefinedTableError:
        raise BackupError("The database holds no Touchline data yet. Start the server once, or name another.") from None
    finally:
        await connection.close()


def _dump(dsn: str, tools: Tools, path: Path, snapshot: str, meanwhile: Callable[[int], object] | None) -> None:
    path.touch(0o600)
    schemas = [f"--schema={name}" for name in SCHEMAS]
    call(
        tools.dump,
        dsn,
        "--format=custom",
        f"--file={path}",
        f"--snapshot={snapshot}",
        "--no-password",
        *schemas,
        meanwhile=None if meanwhile is None else lambda: meanwhile(path.stat().st_size),
    )


def _name(fresh: Path, into: Path, made_at: datetime) -> Path:
    """Give a whole backup its name: the moment of its dump, with a number where that second has one already."""
    name = made_at.strftime(NAME)
    for number in range(1, 100):
        folder = into / (name if number == 1 else f"{name}-{number}")
        try:
            fresh.rename(folder)
        except OSError:
            if folder.exists():
                continue
            raise
        sync_path(into)
        return folder
    raise BackupError(f"{into} has a hundred backups of this second. Wait for the next one.")


def find_backups(folder: Path) -> list[tuple[Path, Manifest]]:
    """Return the backups in a folder that have a manifest, the newest first."""
    found: list[tuple[Path, Manifest]] = []
    for path in folder.glob("touchline-*"):
        try:
            found.append((path, read_manifest(path)))
        except BackupError:
            continue
    return sorted(found, key=lambda each: (each[1].made_at, each[0].name), reverse=True)


def ledgers_beside(folder: Path) -> list[Path]:
    """Return the ledgers of erasures of a backup and of all beside it: a newer one, whole or not, knows of more."""
    return sorted({folder / LEDGER, *folder.parent.glob(f"touchline-*/{LEDGER}")})


def drop_old(folder: Path, *, keep: int) -> list[str]:
    """Delete all backups in a folder but the newest `keep`, and what was cut short; return the names."""
    assert keep > 0, "the one just made stays"
    old = [path for path, _ in find_backups(folder)[keep:]]
    for path in [*old, *folder.glob(f"{UNFINISHED}*")]:
        shutil.rmtree(path)
    return [path.name for path in old]


def _make_private(folder: Path) -> None:
    try:
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True)
    except OSError as error:
        raise BackupError(f"{folder} cannot be made ({error.strerror}). Name another folder with --to.") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise BackupError(f"{folder} cannot be written by this user. Name another folder with --to.")


def _copy_private(source: Path, target: Path) -> None:
    target.touch(0o600)
    target.write_bytes(source.read_bytes())
