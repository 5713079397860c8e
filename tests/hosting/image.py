"""An image as far as it was built: a folder that stands in for its root, and what runs with it as their root.

What differs from an image, all of it: Python is the running one, in a fresh environment at /usr/local; the shell and
the like are this machine's; paths of the image begin with the folder, in what ENV sets and in its scripts, by prefix
alone; `useradd` makes nobody, and the scripts name the user who stands in by number; pip may use its cache.
"""

import os
import re
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from storage.embedded.bundle import RunUser
from tests.hosting.dockerfile import NotUnderstoodError

FOLDERS: Final = ("/app", "/data", "/home/touchline", "/usr/local")
"""Paths of the image that are below the folder here; a script or a setting that names another one is refused."""
BASE: Final = ("/bin/sh",)
"""Paths of the base image that are this machine's own."""
STEP_S: Final = 300
"""Seconds for one step: an index far away and a busy machine have that long."""
_PATH: Final = re.compile(r"(?<![\w.:/{}$-])(?:/[\w.-]+)+")


@dataclass(frozen=True, slots=True)
class Health:
    """How an engine asks whether a container is well."""

    command: str
    timeout_s: int
    patience_s: int
    """From the start, until it would be called ill."""


@dataclass(slots=True)
class Image:
    """What was built, as far as it has come."""

    root: Path
    user: RunUser
    env: dict[str, str] = field(default_factory=dict[str, str])
    folder: str = "/"
    account: str | None = None
    """What the image calls its user, once it made one."""
    volumes: list[Path] = field(default_factory=list[Path])
    entrypoint: list[str] = field(default_factory=list[str])
    command: list[str] = field(default_factory=list[str])
    stop_signal: signal.Signals = signal.SIGTERM
    health: Health | None = None

    def place(self, path: str) -> Path:
        """Return where a path of the image is, one that is relative from the folder of the moment."""
        return self.root / os.path.normpath(os.path.join(self.folder, path)).lstrip("/")  # noqa: PTH118 - of the image

    def moved(self, text: str) -> str:
        """Return a text with the image's paths where they are. Raises NotUnderstoodError for one that is nowhere."""

        def move(found: re.Match[str]) -> str:
            if found[0] in BASE:
                return found[0]
            if not any(found[0] == each or found[0].startswith(f"{each}/") for each in FOLDERS):
                raise NotUnderstoodError(f"the path {found[0]}: {text}")
            return f"{self.root}{found[0]}"

        return _PATH.sub(move, text)

    def own(self, path: Path) -> None:
        """Give a path to the image's user, where somebody may."""
        if self.user.is_other:
            os.chown(path, self.user.uid, self.user.gid)

    def run(self, *words: str, more: dict[str, str] | None = None) -> str:
        """Run a program of the image to its end, as the builder; return what it said."""
        done = subprocess.run(
            words,
            env={**self.env, **(more or {})},
            cwd=self.place("."),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            text=True,
            timeout=STEP_S,
            umask=0o022,
        )
        assert done.returncode == 0, f"{words}: {done.stdout}"
        return done.stdout
