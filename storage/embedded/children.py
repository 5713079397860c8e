"""Processes of the bundle: started as the right user, ended in good order, gone when this one is killed."""

import contextlib
import functools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

from storage.embedded.bundle import RunUser

POLL_S = 0.02
FAST_STOP_S = 60.0  # a fast shutdown writes a checkpoint: up to `max_wal_size` of dirty pages on a slow disk
KILL_S = 10.0

# Nothing of this process's environment, which holds secrets, is handed on.
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
_PR_SET_PDEATHSIG = 1


def spawn(command: list[str], user: RunUser, output: int) -> subprocess.Popen[bytes]:
    """Start a program of the bundle as `user`, its words going to the open file `output`.

    It gets a session of its own, since Ctrl-C is the server's to handle first. On Linux it stops when this
    process is killed, provided that the main thread calls: the kernel watches the starting thread.
    """
    on_main_thread = threading.current_thread() is threading.main_thread()
    in_child = functools.partial(_die_with, os.getpid()) if on_main_thread else None
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        cwd="/",
        env=_ENVIRONMENT,
        umask=0o077,
        start_new_session=True,
        user=user.uid if user.is_other else None,
        group=user.gid if user.is_other else None,
        extra_groups=[] if user.is_other else None,
        preexec_fn=in_child,  # noqa: PLW1509  it makes two system calls and takes no lock
    )


def end(process: subprocess.Popen[bytes]) -> None:
    """Stop PostgreSQL and reap it: fast, else at once, else by force. The last two cost a replay, no data."""
    steps = ((signal.SIGINT, FAST_STOP_S), (signal.SIGQUIT, KILL_S), (signal.SIGKILL, KILL_S))
    for number, patience_s in steps:
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience_s)
            return


def finish(process: subprocess.Popen[bytes], patience_s: float) -> int:
    """Wait for a short-lived program and answer its exit status; it never outlives this call."""
    try:
        return process.wait(patience_s)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def wait_until(is_so: Callable[[], bool], patience_s: float) -> bool:
    """Look every `POLL_S` seconds, and answer whether it became so within `patience_s`."""
    deadline = time.monotonic() + patience_s
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


def _die_with(parent_pid: int) -> None:
    """In a new child: have Linux send SIGINT, a fast shutdown, when the thread that started it ends.

    Elsewhere there is no such thing, and the next start stops what is left. Set after the change of user,
    which clears it.
    """
    _prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
    if os.getppid() != parent_pid:  # it died before the line above
        os._exit(1)


if sys.platform == "linux":
    import ctypes

    _prctl: Callable[[int, int], int] = ctypes.CDLL(None).prctl
else:

    def _prctl(_option: int, _value: int) -> int:
        return 0
