"""The programs pg_dump and pg_restore: which ones, how they are called, and what they say when they fail.

A password goes to them in their environment, never in their arguments, which everybody on a machine can read. The
bundle's own programs know no TLS, so a database elsewhere is dumped with the machine's own pg_dump where it has one.
"""

import re
import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from storage.address import address_for_program
from storage.backups.manifest import BackupError
from storage.embedded.bundle import PG_MAJOR, find_bundle

SAID_LINES_MAX: Final = 5
VERSION_S: Final = 10.0
LOOK_S: Final = 0.2
"""Seconds between looks at how far a program has got."""
NEEDS_TLS: Final = frozenset({"require", "verify-ca", "verify-full"})


class Tools(NamedTuple):
    """Where the programs are."""

    dump: Path
    restore: Path
    is_bundled: bool = True


def find_tools(dsn: str | None) -> Tools:
    """Return the programs for a database: the machine's own of this version or a newer one, or the bundle's.

    A database of our own (None, or an address on a socket) gets the bundle's. Raises BackupError where none do.
    """
    query = dict(parse_qsl(urlsplit(dsn or "").query))
    if dsn is not None and not query.get("host", "").startswith("/"):
        dump, restore = shutil.which("pg_dump"), shutil.which("pg_restore")
        if dump is not None and restore is not None and _major(Path(dump)) >= int(PG_MAJOR):
            return Tools(Path(dump), Path(restore), is_bundled=False)
        if query.get("sslmode") in NEEDS_TLS:
            raise BackupError(
                "The database wants TLS, which the bundled pg_dump does not speak. Install PostgreSQL's client "
                f"programs, version {PG_MAJOR} (Debian: postgresql-client-{PG_MAJOR}), so that pg_dump is found."
            )
    bundle = find_bundle()
    return Tools(bundle.program("pg_dump"), bundle.program("pg_restore"))


def _major(program: Path) -> int:
    try:
        said = subprocess.run(
            [program, "--version"], capture_output=True, check=True, text=True, timeout=VERSION_S
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return 0
    found = re.search(r"\) (\d+)", said)
    return int(found[1]) if found else 0


def call(program: Path, dsn: str | None, *arguments: str, meanwhile: Callable[[], object] | None = None) -> str:
    """Run a program to its end and return what it wrote; `meanwhile` is called now and then.

    Raises BackupError with the last lines of what it said of its failure.
    """
    bare, environment = address_for_program(dsn or "")
    command = [str(program), *arguments, *(("--dbname", bare) if dsn is not None else ())]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True
    )
    told = _Listener(process)
    try:
        while not told.wait(LOOK_S):
            if meanwhile is not None:
                meanwhile()
    finally:
        if process.poll() is None:
            process.kill()
        told.wait(None)
    if process.returncode != 0:
        said = " ".join(told.errors.strip().splitlines()[-SAID_LINES_MAX:])
        raise BackupError(f"{program.name} failed (exit status {process.returncode}): {said}")
    return told.output


class _Listener:
    """Reads all that a process says, so that no full pipe stops it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.output = self.errors = ""
        self._process = process
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        self.output, self.errors = self._process.communicate()

    def wait(self, patience_s: float | None) -> bool:
        """Wait so long, and tell whether the process has ended."""
        self._thread.join(patience_s)
        return not self._thread.is_alive()
