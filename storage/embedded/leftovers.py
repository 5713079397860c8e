"""What a killed server left behind in its database folder, and how it is cleared away.

After kill -9 of the server its PostgreSQL may live on, and after kill -9 of PostgreSQL's first process
its workers may. Both still write to the files, so both must be gone before another is started.
PostgreSQL's own lock file `postmaster.pid` is never deleted here: it also names the shared memory by which
PostgreSQL finds workers that outlived their parent.
"""

import contextlib
import os
import signal
import subprocess
from pathlib import Path

from storage.embedded.bundle import EmbeddedPostgresError, RunUser
from storage.embedded.children import FAST_STOP_S, KILL_S, wait_until

_PROC = Path("/proc")


def stop_leftovers(pgdata: Path, user: RunUser) -> None:
    """Stop whatever still works on the database in `pgdata`, and see that its lock file refuses nobody.

    The caller holds the data folder's lock, so no other server is in charge of what is found here. Returns
    within `FAST_STOP_S` + 2 * `KILL_S`, or raises `EmbeddedPostgresError` naming the process that stays.
    """
    lock_file = pgdata / "postmaster.pid"
    named = _named_process(lock_file)
    if named is None:
        return
    if named in _processes(pgdata, user, candidates=[named]):
        _stop(named, pgdata, user)
    for worker in _processes(pgdata, user, candidates=None):
        _stop(worker, pgdata, user, fast=False)
    _disown(lock_file)


def _named_process(lock_file: Path) -> int | None:
    """Answer the process id on the lock file's first line; None without the file, 0 if it is torn."""
    try:
        first = lock_file.read_text(encoding="utf-8", errors="replace").partition("\n")[0]
    except FileNotFoundError:
        return None
    return int(first) if first.strip().isdecimal() else 0


def _processes(pgdata: Path, user: RunUser, *, candidates: list[int] | None) -> list[int]:
    """Answer which of `candidates`, or of all processes, are PostgreSQL's, run by `user` and on this folder.

    PostgreSQL and its workers have their database folder as working directory, which /proc shows. Without
    /proc only the first process can be told, by its command line; the workers are then left to PostgreSQL's
    own check at the start.
    """
    if _PROC.joinpath("self", "cwd").exists():
        ids = candidates
        if ids is None:
            ids = [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdecimal()]
        return [pid for pid in ids if _works_in(pid, pgdata, user)]
    return [pid for pid in candidates or [] if pid and _was_started_on(pid, pgdata)]


def _works_in(pid: int, pgdata: Path, user: RunUser) -> bool:
    entry = _PROC / str(pid)
    try:
        # A zombie has an empty command line: it holds nothing and needs no stopping.
        is_postgres = b"postgres" in (entry / "cmdline").read_bytes().partition(b"\0")[0]
        return is_postgres and entry.stat().st_uid == user.uid and (entry / "cwd").samefile(pgdata)
    except OSError:  # gone meanwhile, or another user's
        return False


def _was_started_on(pid: int, pgdata: Path) -> bool:
    command = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=KILL_S)
    return "postgres" in done.stdout and f"-D {pgdata}" in done.stdout


def _stop(pid: int, pgdata: Path, user: RunUser, *, fast: bool = True) -> None:
    """Ask `pid` to stop, ever more firmly; a fast shutdown suits only PostgreSQL's first process."""

    def is_gone() -> bool:
        return pid not in _processes(pgdata, user, candidates=[pid])

    steps = [(signal.SIGINT, FAST_STOP_S)] if fast else []
    for number, patience_s in [*steps, (signal.SIGQUIT, KILL_S), (signal.SIGKILL, KILL_S)]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        if wait_until(is_gone, patience_s):
            return
    raise EmbeddedPostgresError(
        f"A PostgreSQL process of an earlier run (process {pid}) still works on {pgdata} and cannot be "
        "ended. See what holds it up (a hung disk?), end it, and start again."
    )


def _disown(lock_file: Path) -> None:
    """Write this process's own id into a lock file that is left over.

    PostgreSQL refuses to start while the process named there lives, which after a restart of the machine may
    be any other. Its parent's id it takes for stale, and goes on to look for workers that still live.
    """
    try:
        flags = os.O_RDWR | os.O_NOFOLLOW
        with os.fdopen(os.open(lock_file, flags), "r+", encoding="utf-8") as file:
            rest = file.read().partition("\n")[2]
            file.seek(0)
            file.truncate()
            file.write(f"{os.getpid()}\n{rest}")
    except FileNotFoundError:  # an orderly stop removed it
        return
