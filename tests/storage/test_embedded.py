"""The supervisor of the embedded PostgreSQL: kill anything at any moment, the next start has every commit."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from storage.embedded import DataFolderBusy, Durability, EmbeddedPostgres, EmbeddedPostgresError, server
from storage.embedded.bundle import Bundle, closed_folder, copy_bundle, find_bundle, run_user
from storage.embedded.children import finish, spawn, wait_until
from storage.embedded.folder import LOG_BYTES_MAX
from tests.pg import in_thread, open_folder

pytestmark = pytest.mark.postgres
PATIENCE_S = 20.0
ROOT = Path(__file__).parent.parent.parent

# Holds a server in another process. Started from a thread, PostgreSQL outlives that process, as on macOS.
HOLDER = """
import signal, sys, threading
from pathlib import Path
from storage.embedded import EmbeddedPostgres
held = EmbeddedPostgres(Path(sys.argv[1]))
if sys.argv[2] == "thread":
    starter = threading.Thread(target=held.start)
    starter.start(); starter.join()
else:
    held.start()
print(held.pid, flush=True)
signal.pause()
"""


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """Give a path for a data folder that does not exist yet, at a place PostgreSQL's user can reach."""
    parent = open_folder()
    yield parent / "data"
    shutil.rmtree(parent)


@pytest.fixture
def postgres(data_dir: Path) -> Iterator[EmbeddedPostgres]:
    """Give a server that was started once, with full durability, and is stopped at the end."""
    with EmbeddedPostgres(data_dir) as running:
        yield running


def sql(dsn: str, *statements: str) -> object:
    """Run statements, each committed, and answer the last one's first value."""

    async def run() -> object:
        connection = await asyncpg.connect(dsn)
        try:
            for statement in statements[:-1]:
                await connection.execute(statement)
            return await connection.fetchval(statements[-1])
        finally:
            await connection.close()

    return in_thread(run)


def write(postgres: EmbeddedPostgres, text: str) -> None:
    """Commit one row."""
    sql(
        postgres.owner_dsn,
        "CREATE TABLE IF NOT EXISTS notes (body text)",
        f"INSERT INTO notes VALUES ('{text}') RETURNING body",
    )


def notes(postgres: EmbeddedPostgres) -> object:
    """Answer all committed rows in one text."""
    return sql(postgres.owner_dsn, "SELECT string_agg(body, ' ' ORDER BY body) FROM notes")


def is_alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], check=False, capture_output=True, text=True)
    return bool(state.stdout.strip()) and not state.stdout.startswith("Z")


def hold(data_dir: Path, where: str) -> tuple[subprocess.Popen[str], int]:
    """Start a process that holds a server; answer it and the id of its PostgreSQL."""
    command = [sys.executable, "-c", HOLDER, str(data_dir), where]
    holder = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    return holder, int(holder.stdout.readline())


def kill(holder: subprocess.Popen[str]) -> None:
    """Kill -9 a process, reap it and close its pipe."""
    holder.kill()
    holder.communicate()


def test_first_start_makes_a_durable_database_and_two_roles(postgres: EmbeddedPostgres) -> None:
    """The settings behind every promise are on, and the application's role has no powers."""
    assert postgres.is_running
    for name in ("fsync", "full_page_writes", "synchronous_commit", "data_checksums"):
        assert sql(postgres.app_dsn, f"SHOW {name}") == "on", name
    assert sql(postgres.app_dsn, "SHOW transaction_timeout") == "5s"
    assert sql(postgres.app_dsn, "SHOW server_encoding") == "UTF8"
    assert sql(postgres.app_dsn, "SELECT current_user || ' ' || current_database()") == "touchline_app touchline"
    powers = "SELECT rolsuper OR rolbypassrls OR rolcreatedb FROM pg_roles WHERE rolname = current_user"
    assert sql(postgres.app_dsn, powers) is False
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        sql(postgres.app_dsn, "CREATE TABLE mine ()")


def test_restart_keeps_data_and_stop_leaves_no_process(postgres: EmbeddedPostgres) -> None:
    """After stop nothing runs; after start all is there. Both may be called twice."""
    write(postgres, "kept")
    pid = postgres.pid
    assert pid is not None
    postgres.stop()
    postgres.stop()
    assert not postgres.is_running
    assert not is_alive(pid)
    assert postgres.start() == postgres.start() == postgres.app_dsn
    assert notes(postgres) == "kept"


def test_starts_again_after_its_postgres_was_killed(postgres: EmbeddedPostgres) -> None:
    """Kill -9 of PostgreSQL is noticed, and costs no commit."""
    write(postgres, "kept")
    assert postgres.pid is not None
    os.kill(postgres.pid, signal.SIGKILL)
    assert wait_until(lambda: not postgres.is_running, PATIENCE_S)
    postgres.start()
    assert notes(postgres) == "kept"


@pytest.mark.linux
async def test_ends_a_worker_that_outlived_its_postgres(postgres: EmbeddedPostgres) -> None:
    """A worker in a long computation does not notice that its parent died; two must never write at once."""
    await asyncio.to_thread(write, postgres, "kept")
    connection = await asyncpg.connect(postgres.owner_dsn)
    worker = connection.get_server_pid()
    busy = asyncio.create_task(connection.execute("DO $$ BEGIN LOOP END LOOP; END $$"))
    active = f"SELECT state = 'active' FROM pg_stat_activity WHERE pid = {worker}"
    while not await asyncio.to_thread(sql, postgres.owner_dsn, active):
        assert not busy.done()
    assert postgres.pid is not None
    os.kill(postgres.pid, signal.SIGKILL)
    assert wait_until(lambda: not postgres.is_running, PATIENCE_S)
    assert is_alive(worker)
    postgres.start()
    assert not is_alive(worker)
    with pytest.raises((asyncpg.PostgresError, ConnectionError)):
        await busy
    assert notes(postgres) == "kept"


@pytest.mark.parametrize("where", ["main", "thread"])
def test_starts_again_after_its_server_was_killed(data_dir: Path, where: str) -> None:
    """Kill -9 of the server orphans its PostgreSQL, for a moment or for good: the next start has all."""
    holder, orphan = hold(data_dir, where)
    postgres = EmbeddedPostgres(data_dir)
    try:
        write(postgres, "kept")
        with pytest.raises(DataFolderBusy, match=f"{data_dir} is in use by process {holder.pid}. Stop that"):
            postgres.start()
    finally:
        kill(holder)
    with postgres:
        assert not is_alive(orphan)
        assert notes(postgres) == "kept"


@pytest.mark.linux
def test_postgres_ends_when_its_server_is_killed(data_dir: Path) -> None:
    """On Linux a killed server leaves nothing running, even if it never comes back."""
    holder, orphan = hold(data_dir, "main")
    kill(holder)
    assert wait_until(lambda: not is_alive(orphan), PATIENCE_S)


def test_a_second_server_on_one_folder_is_refused(postgres: EmbeddedPostgres) -> None:
    """The refusal names folder and process, and does the first server no harm."""
    second = EmbeddedPostgres(postgres.folder.path)
    with pytest.raises(DataFolderBusy) as caught:
        second.start()
    assert (caught.value.folder, caught.value.pid) == (postgres.folder.path, os.getpid())
    second.stop()
    write(postgres, "unharmed")


@pytest.mark.parametrize("name", ["x" * 120, "my club's data, 2026"])
def test_any_path_will_do(data_dir: Path, name: str) -> None:
    """Where a path is too long or not plain, the socket is in a private folder, gone after the stop."""
    with EmbeddedPostgres(data_dir / name, durability=Durability.TEST) as postgres:
        write(postgres, "kept")
        socket_dir = postgres.folder.socket_dir
        assert socket_dir.stat().st_mode & 0o777 == 0o700
        assert not socket_dir.is_relative_to(data_dir)
        assert notes(postgres) == "kept"
    assert not socket_dir.exists()


def test_an_interrupted_initdb_is_not_taken_for_good(data_dir: Path) -> None:
    """Kill -9 while the database is being made: the next start makes it anew and clears the rest away."""
    command = [sys.executable, "-c", HOLDER, str(data_dir), "main"]
    holder = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert wait_until(lambda: any(data_dir.glob("pgdata.new-*/PG_VERSION")), PATIENCE_S)
    kill(holder)
    postgres = EmbeddedPostgres(data_dir)
    with postgres:
        write(postgres, "kept")

    def is_clear_after_a_start() -> bool:
        with postgres:
            return notes(postgres) == "kept" and not any(data_dir.glob("pgdata.new-*"))

    # The orphaned initdb may go on for a moment: what it still writes goes with a later start.
    assert wait_until(is_clear_after_a_start, PATIENCE_S)


def test_a_stale_lock_file_blocks_nobody(postgres: EmbeddedPostgres) -> None:
    """After a power cut PostgreSQL's lock file may name a process that is now another's; it is left alone."""
    write(postgres, "kept")
    lock_file = postgres.folder.pgdata / "postmaster.pid"
    text = lock_file.read_text()
    postgres.stop()
    other = spawn([shutil.which("sleep") or "sleep", "60"], run_user(), subprocess.DEVNULL)
    try:
        for first in (str(other.pid), "", str(os.getpid())):
            lock_file.write_text("\n".join([first, *text.splitlines()[1:]]) + "\n")
            shutil.chown(lock_file, run_user().uid, run_user().gid)
            postgres.start()
            assert notes(postgres) == "kept"
            postgres.stop()
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_an_early_exit_shows_the_end_of_the_log(postgres: EmbeddedPostgres) -> None:
    """What PostgreSQL said before it gave up is in the error, and the folder is free afterwards."""
    postgres.stop()
    control = postgres.folder.pgdata / "global" / "pg_control"
    control.rename(control.with_name("aside"))
    with pytest.raises(EmbeddedPostgresError, match=r"stopped while starting[^$]*could not open file"):
        postgres.start()
    control.with_name("aside").rename(control)
    postgres.start()


def test_refuses_a_folder_of_another_version(postgres: EmbeddedPostgres) -> None:
    """A database of another major version, or something that is none, is named and not touched."""
    postgres.stop()
    marker = postgres.folder.pgdata / "PG_VERSION"
    marker.write_text("17\n")
    with pytest.raises(EmbeddedPostgresError, match="PostgreSQL 18, and holds version 17"):
        postgres.start()
    marker.unlink()
    with pytest.raises(EmbeddedPostgresError, match="PostgreSQL 18, and holds none"):
        postgres.start()


def test_the_log_holds_no_row(postgres: EmbeddedPostgres) -> None:
    """Errors quote values, and a child's name must not reach the disk that way."""
    sql(postgres.owner_dsn, "CREATE TABLE players (name text PRIMARY KEY CHECK (name <> 'Zoe'))", "SELECT 1")
    for statement in ("INSERT INTO players VALUES ('Zoe')", "SELECT 'Zoe'::int", "Zoe"):
        with pytest.raises(asyncpg.PostgresError):
            sql(postgres.owner_dsn, statement)
    assert "Zoe" not in postgres.folder.log.read_text()


async def test_starts_below_a_running_loop(data_dir: Path) -> None:
    """A caller may have its loop running, and durability is off only when asked for."""
    with EmbeddedPostgres(data_dir, durability=Durability.TEST) as postgres:
        connection = await asyncpg.connect(postgres.app_dsn)
        assert await connection.fetchval("SHOW fsync") == "off"
        await connection.close()


def test_a_long_log_is_put_aside(data_dir: Path) -> None:
    """A log above its bound is kept once, and a new one begun."""
    data_dir.mkdir()
    (data_dir / "postgres.log").write_bytes(b"x" * (LOG_BYTES_MAX + 1))
    with EmbeddedPostgres(data_dir, durability=Durability.TEST):
        pass
    assert (data_dir / "postgres.log.1").stat().st_size == LOG_BYTES_MAX + 1
    assert (data_dir / "postgres.log").stat().st_size < LOG_BYTES_MAX


@pytest.fixture
def disk() -> Iterator[Path]:
    """Give a folder from which programs may be run, which not every memory's file system allows."""
    folder = open_folder(Path(tempfile.gettempdir()))
    yield folder
    shutil.rmtree(folder)


def test_runs_from_a_copy_of_the_binaries(data_dir: Path, disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Copied once, complete, and not writable by others: what root needs with an environment below /root."""
    copied = copy_bundle(find_bundle(), disk / "copies")
    made_at = copied.program("postgres").stat().st_ctime_ns
    assert copy_bundle(find_bundle(), disk / "copies") == copied
    assert copied.program("postgres").stat().st_ctime_ns == made_at
    assert not [path for path in copied.root.rglob("*") if path.stat().st_mode & 0o022]
    assert finish(spawn([str(copied.program("pg_dump")), "--version"], run_user(), subprocess.DEVNULL), 10) == 0

    def copy(_user: object) -> Bundle:
        return copied

    monkeypatch.setattr(server, "usable_bundle", copy)
    with EmbeddedPostgres(data_dir, durability=Durability.TEST) as postgres:
        write(postgres, "kept")


def test_a_machine_without_the_wheel_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are no binaries the way out is DATABASE_URL."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(EmbeddedPostgresError, match=r"is not installed.*Set DATABASE_URL"):
        find_bundle()


def test_a_folder_that_cannot_be_made_is_named(data_dir: Path) -> None:
    """A file in the way ends in a sentence with the path and the setting."""
    data_dir.write_text("a file")
    with pytest.raises(EmbeddedPostgresError, match=f"{data_dir} cannot be written .* Set DATA_DIR"):
        EmbeddedPostgres(data_dir).start()


@pytest.mark.root
def test_root_runs_it_as_a_user_of_its_own(postgres: EmbeddedPostgres) -> None:
    """PostgreSQL and its files are the user's, the configuration is root's, and modes above are as before."""
    user = run_user()
    assert user.is_other
    assert Path(f"/proc/{postgres.pid}").stat().st_uid == user.uid
    assert postgres.folder.pgdata.stat().st_uid == user.uid
    assert postgres.folder.conf.stat().st_uid == 0
    assert postgres.folder.path.parent.stat().st_mode & 0o777 == 0o711


@pytest.mark.root
def test_a_folder_of_another_user_is_left_alone(postgres: EmbeddedPostgres) -> None:
    """A database folder that an ordinary user made is not taken over by root; the way out is in the sentence."""
    postgres.stop()
    os.chown(postgres.folder.pgdata, 1, 1)
    with pytest.raises(EmbeddedPostgresError, match=f"belongs to user id 1, .* chown -R {run_user().name} "):
        postgres.start()


@pytest.mark.root
def test_no_other_user_gets_a_session(postgres: EmbeddedPostgres) -> None:
    """`nobody` cannot reach the socket; PostgreSQL's own user can, and is refused on the kernel's word."""
    command = [str(postgres.bundle.program("psql")), postgres.owner_dsn, "-c", "SELECT 1"]
    ask: Callable[..., subprocess.CompletedProcess[str]] = subprocess.run
    options = {"check": False, "capture_output": True, "text": True, "cwd": "/", "extra_groups": []}
    assert "Permission denied" in ask(command, user="nobody", **options).stderr
    assert "Peer authentication failed" in ask(command, user=run_user().name, **options).stderr
    assert ask(command, **options).returncode == 0


@pytest.mark.root
def test_a_folder_out_of_reach_is_named(tmp_path: Path) -> None:
    """Below a folder that only root may enter it ends in a sentence; no folder above is opened to others."""
    shut = tmp_path / "shut"
    shut.mkdir(mode=0o700)
    closed = closed_folder(shut, run_user())
    assert closed is not None
    with pytest.raises(EmbeddedPostgresError, match=f"may not enter {closed}, .*/var/lib/touchline"):
        EmbeddedPostgres(shut / "data").start()
    assert shut.stat().st_mode & 0o777 == 0o700
