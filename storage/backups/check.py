"""Whether a backup is whole: each file as long as the manifest says, with its hash, and a dump that can be read."""

from pathlib import Path

from storage.backups.manifest import DUMP, BackupError, Manifest, Progress, describe_file, read_manifest
from storage.backups.tools import Tools, call
from storage.migrate import read_migrations


def check_backup(folder: Path, tools: Tools, progress: Progress | None = None) -> Manifest:
    """Return the manifest of a whole backup. Raises BackupError with the file that is not as it was."""
    manifest = read_manifest(folder)
    if not manifest.has(DUMP):
        raise BackupError(f"{folder} has no {DUMP} in its manifest. Use another backup.")
    for file in manifest.files:
        path = folder / Path(file.name).name
        if not path.is_file():
            raise BackupError(f"{path} is missing. The backup is not whole: use another.")
        if describe_file(path, progress) != file:
            raise BackupError(f"{path} is not what was written: its size or hash differs. Use another backup.")
    listing = call(tools.restore, None, "--list", str(folder / DUMP))
    if "TABLE DATA touchline log" not in listing:
        raise BackupError(f"{folder / DUMP} holds no log. The backup is not of a Touchline database: use another.")
    return manifest


def check_known(manifest: Manifest) -> None:
    """Return if this version can migrate what a backup holds. Raises BackupError where a newer one made it."""
    known = {migration.name for migration in read_migrations()}
    if unknown := [name for name in manifest.migrations if name not in known]:
        raise BackupError(
            f"The backup has migration {unknown[-1]}, which this version does not know. It was made by version "
            f"{manifest.touchline} or a newer one: restore it with that."
        )
