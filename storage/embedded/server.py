"""The supervisor: one PostgreSQL server in one data folder, started, watched and stopped.

PostgreSQL is a direct child of this process and is waited for, so it never stays a zombie. Whatever was
killed, and when, the next start brings every commit back or says in a sentence why it cannot.
"""

import asyncio
import contextlib
import functools
import os
import subprocess
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote

import asyncpg

from storage.embedded.bundle import Bundle, EmbeddedPostgresError, RunUser, run_user, usable_bundle
from storage.embedded.children import POLL_S, end, spawn
from storage.embedded.conf import (
    APP_ROLE,
    DATABASE,
    OWNER_ROLE,
    PORT,
    Durability,
    database_script,
    role_script,
)
from storage.embedded.folder import DataFolder
from storage.embedded.leftovers import stop_leftovers

START_S = 120.0  # replaying the log after a power cut on a slow disk
CONNECT_S = 5.0
_WORKERS_LIVE = "pre-existing shared memory block"

T = TypeVar("T")


class EmbeddedPostgres:
    """One PostgreSQL server in one data folder. Its methods block, and are called from one thread."""

    def __init__(self, data_dir: Path, *, durability: Durability = Durability.FULL, connections: int = 0) -> None:
        """Note where the data lives; nothing is touched until `start`. It takes at least so many `connections`."""
        self.folder = DataFolder(data_dir)
        self.durability = durability
        self.connections = connections
        self._process: subprocess.Popen[bytes] | None = None
        self._bundle: Bundle | None = None

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, whatever happened."""
        self.stop()

    @property
    def is_running(self) -> bool:
        """Whether PostgreSQL's first process lives. Reaps it if not; `start` may then be called again."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """The id of PostgreSQL's first process; None while it is not running."""
        return self._process.pid if self._process is not None and self.is_running else None

    @property
    def bundle(self) -> Bundle:
        """The binaries in use, for `pg_dump` and the like; known once `start` was called."""
        assert self._bundle is not None, "start() comes first"
        return self._bundle

    @property
    def app_dsn(self) -> str:
        """Where the server connects: a role that owns nothing and is bound by row-level security."""
        return self.dsn(APP_ROLE)

    @property
    def owner_dsn(self) -> str:
        """Where migrations connect: the superuser that owns every table."""
        return self.dsn(OWNER_ROLE)

    def dsn(self, role: str, database: str = DATABASE) -> str:
        """Answer a URL that asyncpg, SQLAlchemy and libpq read; valid until `stop`."""
        return f"postgresql://{role}@/{quote(database)}?host={self.folder.socket_dir}&port={PORT}"

    def start(self) -> str:
        """Start PostgreSQL, making the database at first use, and answer `app_dsn`.

        Measured: 0.6 s the first time, 0.05 s later. Best called from the main thread: on Linux PostgreSQL
        then also stops when this process is killed. Raises `DataFolderBusy`, or `EmbeddedPostgresError` with
        the last lines of PostgreSQL's log; then nothing is left running and the folder is free.
        """
        if self.is_running:
            return self.app_dsn
        user = run_user()
        try:
            self.folder.open(user)
            self._bundle = usable_bundle(user)
            self.folder.provide_database(self._bundle, user, self.durability)
            stop_leftovers(self.folder.pgdata, user)
            self.folder.write_conf(user, self.durability, self.connections)
            self._launch(user)
            _run(self._prepare)
        except BaseException:
            self.stop()
            raise
        return self.app_dsn

    def stop(self) -> None:
        """End every session, write everything to disk, and free the data folder. May be called twice."""
        if self._process is not None:
            end(self._process)
            self._process = None
        self.folder.close()

    def _launch(self, user: RunUser) -> None:
        """Start PostgreSQL and wait until it takes connections.

        Starts again while workers of a killed one live on where they cannot be found and stopped.
        """
        deadline = time.monotonic() + START_S
        command = [str(self.bundle.program("postgres")), "-D", str(self.folder.pgdata)]
        command += ["-c", f"config_file={self.folder.conf}"]
        while True:
            began_at = self.folder.rotate_log()
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            log = os.open(self.folder.log, flags, 0o600)
            try:
                self._process = spawn(command, user, log)
            finally:
                os.close(log)
            _run(functools.partial(self._await_ready, deadline))
            if self.is_running:
                return
            lines = self.folder.log_since(began_at)
            if _WORKERS_LIVE not in lines or time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    f"The embedded PostgreSQL in {self.folder.path} stopped while starting (exit status "
                    f"{self._process.returncode}). The last lines of {self.folder.log}:\n{lines}"
                )
            time.sleep(POLL_S)

    async def _await_ready(self, deadline: float) -> None:
        """Return when a session works or the process has ended; raise when neither comes by `deadline`."""
        while self.is_running:
            try:
                await self._execute("SELECT 1")
            except (OSError, asyncpg.CannotConnectNowError, asyncpg.PostgresConnectionError) as error:
                if time.monotonic() > deadline:
                    raise EmbeddedPostgresError(
                        f"The embedded PostgreSQL in {self.folder.path} took no connection within "
                        f"{START_S:.0f} s. If {self.folder.log} says that it replays its log, start again; "
                        "each start gets further."
                    ) from error
                await asyncio.sleep(POLL_S)
            else:
                return

    async def _execute(self, *statements: str) -> None:
        connection = await asyncpg.connect(self.dsn(OWNER_ROLE, "postgres"), timeout=CONNECT_S)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def _prepare(self) -> None:
        """Make the roles and the database where they are missing, also after a kill between the two."""
        await self._execute(role_script())
        with contextlib.suppress(asyncpg.DuplicateDatabaseError):
            await self._execute(f"CREATE DATABASE {DATABASE}")
        await self._execute(database_script())


def _run(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run `main` on a loop in a thread of its own, since the caller may have a loop running in this one."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(lambda: asyncio.run(main())).result()
