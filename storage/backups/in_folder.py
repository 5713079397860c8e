"""Putting a backup back into a data folder of our own: built beside the old database, and exchanged at the end.

Until the new one stands, complete and checked, the old one is where it was. Then the old one is moved aside, never
deleted. The folder's lock is held throughout, so no server starts in between, and a running one refuses.
"""

import asyncio
import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from storage.backups.manifest import SECRET, BackupError, Manifest
from storage.backups.put_back import Restored, Step, Then, put_back
from storage.backups.tools import Tools
from storage.disk import sync_path
from storage.embedded import Durability, EmbeddedPostgres
from storage.embedded.bundle import run_user
from storage.embedded.folder import DataFolder
from storage.embedded.leftovers import stop_leftovers

BUILDING: Final = "restoring-"


def put_back_in_folder(  # noqa: PLR0913 - each is a decision of whoever restores
    data_dir: Path,
    tools: Tools,
    folder: Path,
    manifest: Manifest,
    step: Step,
    *,
    mark: str,
    replaces: bool,
    takes_secret: bool,
    then: Then | None = None,
    durability: Durability = Durability.FULL,
) -> Restored:
    """Restore a whole backup into a data folder. Raises BackupError, or DataFolderBusy while a server runs there.

    `takes_secret`: the secret of the backup becomes the folder's, so that who was signed in then stays so. `then` is
    done with the new database before it takes the old one's place.
    """
    user, place = run_user(), DataFolder(data_dir)
    place.open(user)
    try:
        if place.pgdata.exists():
            if not replaces:
                raise BackupError(
                    f"{data_dir} holds a database already. With --replace it is moved aside, never deleted; or restore "
                    "beside it with --into ANOTHER_FOLDER."
                )
            stop_leftovers(place.pgdata, user)
        for cut_short in place.path.glob(f"{BUILDING}*"):
            shutil.rmtree(cut_short)
        scratch = Path(tempfile.mkdtemp(prefix=BUILDING, dir=place.path))
        scratch.chmod(0o711 if user.is_other else 0o700)
        try:
            step("Starting an empty PostgreSQL")
            migrated = _build(scratch, tools, folder, manifest, step, then, durability)
            aside = _exchange(place, scratch, mark)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        if takes_secret and manifest.has(SECRET):
            aside += _take_secret(place.path, folder / SECRET, mark)
        sync_path(place.path)
    finally:
        place.close()
    return Restored(manifest, migrated, aside)


def _build(
    scratch: Path,
    tools: Tools,
    folder: Path,
    manifest: Manifest,
    step: Step,
    then: Then | None,
    durability: Durability,
) -> list[str]:
    with EmbeddedPostgres(scratch, durability=durability) as postgres:
        dsn = postgres.owner_dsn
        with ThreadPoolExecutor(max_workers=1) as pool:  # the caller may have a loop running in this thread
            restoring = pool.submit(lambda: asyncio.run(put_back(dsn, tools, folder, manifest, step, then)))
            return restoring.result()


def _exchange(place: DataFolder, scratch: Path, mark: str) -> list[str]:
    aside: list[str] = []
    if place.pgdata.exists():
        old = place.path / f"pgdata.{mark}"
        place.pgdata.rename(old)
        aside.append(str(old))
    (scratch / "pgdata").rename(place.pgdata)
    return aside


def _take_secret(data_dir: Path, source: Path, mark: str) -> list[str]:
    target, secret = data_dir / SECRET, source.read_bytes()
    aside: list[str] = []
    if target.exists():
        if target.read_bytes() == secret:
            return []
        old = data_dir / f"{SECRET}.{mark}"
        target.rename(old)
        aside.append(str(old))
    fresh = data_dir / f"{SECRET}.{os.getpid()}"
    fresh.touch(0o600)
    fresh.write_bytes(secret)
    sync_path(fresh)
    fresh.replace(target)
    return aside
