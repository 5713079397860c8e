"""What a backup says of itself: made of which database, when, and the size and hash of each of its files.

    <backups>/touchline-20261122T030000Z/manifest.json    this, written last
                                        /database.dump    of pg_dump, in its custom format
                                        /secret.key       only where the server keeps its own secret
                                        /erasures.jsonl   the ledger of erasures, where there were some

A folder without a manifest that fits is no backup: it was cut short, or somebody touched it.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
DUMP: Final = "database.dump"
SECRET: Final = "secret.key"  # noqa: S105 - a file's name
CHUNK_BYTES: Final = 1024 * 1024

Progress = Callable[[int], object]
"""Is told how many bytes more are done."""


class BackupError(Exception):
    """A backup cannot be made, or not be used; the text says why, and what to do."""


class File(Struct, frozen=True):
    """One file of a backup."""

    name: str
    bytes: int
    sha256: str


class ClubHead(Struct, frozen=True):
    """Where a club's log stood in the moment of the dump."""

    club_id: str
    name: str
    version: int
    tag: str
    devices: int
    """Devices that had pushed until then."""


class Manifest(Struct, frozen=True):
    """What `manifest.json` holds."""

    format: int
    made_at: str
    """In UTC, by the clock of the database: `2026-11-22T03:00:00Z`."""
    touchline: str
    """The version of the server."""
    postgres: str
    migrations: list[str]
    """The names of those that the database had."""
    clubs: list[ClubHead]
    files: list[File]

    @property
    def bytes(self) -> int:
        """The bytes of all files together."""
        return sum(file.bytes for file in self.files)

    def has(self, name: str) -> bool:
        """Tell whether the backup has a file of this name."""
        return any(file.name == name for file in self.files)


_decode: Final = msgspec.json.Decoder(Manifest).decode


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a backup. Raises BackupError where there is none that can be used."""
    path = folder / MANIFEST
    try:
        found = _decode(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise BackupError(
            f"{folder} is no backup: it has no {MANIFEST}. Name the folder of one backup, such as "
            "backups/touchline-20261122T030000Z."
        ) from None
    except (OSError, msgspec.DecodeError) as error:
        raise BackupError(f"{path} cannot be read ({error}). Use another backup.") from error
    if found.format != FORMAT:
        raise BackupError(
            f"{folder} has format {found.format}; this version reads {FORMAT}. Run the version that made it."
        )
    return found


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest of a backup, for its owner's eyes alone."""
    path = folder / MANIFEST
    path.touch(0o600)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")


def describe_file(path: Path, progress: Progress | None = None) -> File:
    """Return a file's name, size and hash, of all its bytes."""
    digest = hashlib.sha256()
    size = 0
    with path.open("rb") as opened:
        while chunk := opened.read(CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
            if progress is not None:
                progress(len(chunk))
    return File(path.name, size, digest.hexdigest())
