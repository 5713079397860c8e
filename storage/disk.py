"""The disk: what must be on it before something is said to be done."""

import os
from pathlib import Path


def sync_path(path: Path) -> None:
    """Return when a file's bytes, or a folder's names, are on the disk."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
