"""What a checkup looks at on this machine: settings, disk, backups. One finding each, for `doctor` and for `/ops`."""

import shutil
import stat
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from api.commands.telling import in_bytes, in_words
from api.settings import Settings, is_own_machine
from storage.backups.keep import find_backups
from storage.backups.manifest import SECRET
from storage.checkups.findings import Finding, bad, ok, warn
from storage.embedded import Durability
from sync.limits import KEPT_MS

FOLDER: Final = "backups"
FREE_WARN_BYTES: Final = 1024**3
FREE_BAD_BYTES: Final = 256 * 1024**2
"""PostgreSQL stops when its disk is full; this is half of what its own log may take before a checkpoint."""
BACKUP_WARN_S: Final = 2 * 86_400
BACKUP_BAD_S: Final = KEPT_MS / 1_000
"""Past this a restore loses for good what phones have forgotten."""


def backups_folder(settings: Settings) -> Path:
    """Return where backups go unless somebody says otherwise."""
    return settings.data_dir / FOLDER


def look_at_settings(settings: Settings) -> Iterator[Finding]:
    """Yield what is found of the settings."""
    if settings.durability is not Durability.FULL:
        yield warn("settings", "DURABILITY=test loses what was acknowledged.", "Remove it: it is for tests alone.")
    elif not settings.is_production and not is_own_machine(settings.host):
        do = "Set MODE=production and SECRET_KEY, unless this is a network you trust."
        yield warn("settings", "Others can reach a server in development, with a demo account.", do)
    else:
        yield ok("settings", f"All can be used; the mode is {settings.mode}.")
    secret = settings.data_dir / SECRET
    if settings.secret_key is None and _is_there(secret) and secret.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield bad(
            "secret", f"Others may read {secret}.", f"chmod 600 {secret}; remove it if somebody did: all sign in again."
        )


def look_at_disk(settings: Settings) -> Iterator[Finding]:
    """Yield how much room there is for data."""
    folder = settings.data_dir
    while not _is_there(folder) and folder != folder.parent:
        folder = folder.parent
    usage = shutil.disk_usage(folder)
    says = f"{in_bytes(usage.free)} of {in_bytes(usage.total)} are free at {folder}."
    do = "Make room: old backups, what a restore left aside, logs of other programs; or a larger disk."
    if usage.free < FREE_BAD_BYTES:
        yield bad("disk", says, do)
    elif usage.free < FREE_WARN_BYTES:
        yield warn("disk", says, do)
    else:
        yield ok("disk", says)


def look_at_backups(folder: Path, now: datetime) -> Finding:
    """Return how old the newest backup is, and whether its files are there."""
    do = "Run `touchline backup`, and let cron run it each night (docs/deploy.md)."
    found = find_backups(folder) if _is_there(folder) else []
    if not found:
        return warn("backup", f"There is none in {folder}.", do)
    path, manifest = found[0]
    sizes = {each.name: each.stat().st_size for each in path.iterdir()}
    if any(sizes.get(file.name) != file.bytes for file in manifest.files):
        return bad("backup", f"{path} is not whole.", do)
    age_s = (now - datetime.fromisoformat(manifest.made_at)).total_seconds()
    says = f"The newest, {path.name}, is {in_words(age_s)} old."
    if age_s > BACKUP_BAD_S:
        return bad("backup", f"{says} Phones may have forgotten what came since.", do)
    return warn("backup", says, do) if age_s > BACKUP_WARN_S else ok("backup", says)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:
        return False
