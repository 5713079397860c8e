"""What of a base image this machine must lend: an ordinary user, and a Python that this user may run."""

import os
import pwd
import shutil
import sys
from pathlib import Path
from typing import Final

from storage.embedded.bundle import SYSTEM_USER, RunUser, closed_folder, run_user

STAND_INS: Final = (SYSTEM_USER, "nobody")
"""Whom root lends to the image's own user, the first that is there: no user of this machine is made or changed."""
_VERSION: Final = f"python{sys.version_info[0]}.{sys.version_info[1]}"
_LEFT_OUT: Final = ("site-packages", "test", "idlelib", "tkinter", "config-*")
"""What a server needs of no Python: two thirds of its bytes."""


def stand_in() -> RunUser:
    """Return who stands in for the image's user: for root one of this machine's, for anybody else themselves."""
    if os.geteuid() != 0:
        return run_user()
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = next(known[name] for name in STAND_INS if name in known)
    return RunUser(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)


def lend_python(to: Path, user: RunUser) -> tuple[Path, dict[str, str]]:
    """Return the running Python without its environment, and what it needs to find its library.

    Where root's own is below a folder that is shut to `user`, a copy at `to`.
    """
    base = Path(sys.base_prefix)
    if closed_folder(base / "bin", user) is None:
        return base / "bin" / _VERSION, {}
    for folder in ("bin", "lib"):
        (to / folder).mkdir(parents=True)
    shutil.copy2(base / "bin" / _VERSION, to / "bin" / _VERSION)
    for library in (base / "lib").glob("libpython*"):
        shutil.copy2(library, to / "lib" / library.name, follow_symlinks=False)
    left_out = shutil.ignore_patterns(*_LEFT_OUT)
    shutil.copytree(base / "lib" / _VERSION, to / "lib" / _VERSION, symlinks=True, ignore=left_out)
    return to / "bin" / _VERSION, {"LD_LIBRARY_PATH": str(to / "lib")}
