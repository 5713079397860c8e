"""What the embedded PostgreSQL keeps on the disk, and the lock that leaves one server in charge of it.

    <data folder>/server.lock     held while a server is in charge; its process id inside
    <data folder>/conf/           written anew at each start
    <data folder>/postgres.log    and postgres.log.1, the one before it
    <data folder>/pgdata/         the database, 0700; `pgdata.new-*` is one whose making was cut short
    <data folder>/run/            the socket, 0700; a link to a private folder where the path does not do

All but `pgdata` and `run` belongs to the user of this process; those two to the one PostgreSQL runs as.
"""

import fcntl
import os
import re
import shlex
import shutil
import tempfile
from pathlib import Path

from storage.embedded.bundle import (
    PG_MAJOR,
    SYSTEM_FOLDER,
    Bundle,
    EmbeddedPostgresError,
    RunUser,
    closed_folder,
)
from storage.embedded.children import finish, spawn
from storage.embedded.conf import OWNER_ROLE, Durability, hba_conf, ident_conf, server_conf

INIT_S = 120.0
LOG_BYTES_MAX = 5 * 1024 * 1024  # looked at when starting; the log holds starts, stops and checkpoints
LOG_LINES_SHOWN = 15
# sun_path takes 104 bytes on macOS, 108 on Linux, with "/.s.PGSQL.5432" and the final zero in it.
SOCKET_DIR_BYTES_MAX = 85
# Where PostgreSQL's comma-separated list of folders and a DSN both read a path as it stands.
_PLAIN_PATH = re.compile(rb"[A-Za-z0-9/._-]+")


class DataFolderBusy(EmbeddedPostgresError):
    """Another server is in charge of the data folder."""

    def __init__(self, folder: Path, pid: int | None) -> None:
        """Name the folder, and the process where its lock file tells it."""
        self.folder = folder
        self.pid = pid
        who = f"process {pid}" if pid else "another process"
        super().__init__(
            f"The data folder {folder} is in use by {who}. Stop that server, or set DATA_DIR to another folder."
        )


def default_data_dir() -> Path:
    """Answer where data lives unless DATA_DIR says otherwise; root's own folders are shut to PostgreSQL."""
    return SYSTEM_FOLDER if os.geteuid() == 0 else Path.home() / ".local" / "share" / "touchline"


class DataFolder:
    """One data folder: `open` comes first, `close` last, also after a failure."""

    def __init__(self, path: Path) -> None:
        """Note the path; nothing is touched until `open`."""
        self.path = path.absolute()
        self.pgdata = self.path / "pgdata"
        self.conf = self.path / "conf" / "postgresql.conf"
        self.log = self.path / "postgres.log"
        self.socket_dir = self.path / "run"
        self._run = self.path / "run"
        self._lock: int | None = None

    def open(self, user: RunUser) -> None:
        """Make the folder where it is missing and take its lock, which the kernel frees if this process dies.

        Raises `DataFolderBusy`, or `EmbeddedPostgresError` where this process or `user` may not enter.
        """
        try:
            if not self.path.exists():
                self.path.mkdir(parents=True)
                self.path.chmod(0o711 if user.is_other else 0o700)
            self._take_lock()
        except (PermissionError, NotADirectoryError, FileExistsError) as error:
            raise EmbeddedPostgresError(
                f"The data folder {self.path} cannot be written ({error.strerror}). "
                "Set DATA_DIR to a folder of the user that runs the server."
            ) from error
        if closed := closed_folder(self.path, user):
            raise EmbeddedPostgresError(
                f"PostgreSQL runs as the user {user.name!r}, who may not enter {closed}, so the data folder "
                f"{self.path} is out of reach. Set DATA_DIR to a folder such as {SYSTEM_FOLDER}."
            )

    def close(self) -> None:
        """Remove the socket's folder and free the lock, where it is held."""
        if self._lock is not None:
            self._remove_socket_dir()
            os.close(self._lock)
            self._lock = None

    def _take_lock(self) -> None:
        if self._lock is not None:
            return
        file = os.open(self.path / "server.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(file, 32).strip()
            os.close(file)
            raise DataFolderBusy(self.path, int(holder) if holder.isdigit() else None) from None
        os.ftruncate(file, 0)
        os.write(file, f"{os.getpid()}\n".encode())
        self._lock = file

    def provide_database(self, bundle: Bundle, user: RunUser, durability: Durability) -> None:
        """Make the database at first use, and check that `user` and this version can run it."""
        for cut_short in self.path.glob("pgdata.new-*"):
            # At each start: an initdb whose server was killed may still be writing, and leave some for the next.
            shutil.rmtree(cut_short, ignore_errors=True)
        if not self.pgdata.exists():
            self._init(bundle, user, durability)
        if (owner := self.pgdata.stat().st_uid) != user.uid:
            raise EmbeddedPostgresError(
                f"The database folder {self.pgdata} belongs to user id {owner}, but PostgreSQL would run as "
                f"{user.name!r} ({user.uid}). Run the server as the user who made the folder, or give it to "
                f"the other with: chown -R {user.name} {shlex.quote(str(self.pgdata))}"
            )
        marker = self.pgdata / "PG_VERSION"
        found = f"version {marker.read_text(encoding='ascii').strip()}" if marker.is_file() else "none"
        if found != f"version {PG_MAJOR}":
            raise EmbeddedPostgresError(
                f"The folder {self.pgdata} should hold a database of PostgreSQL {PG_MAJOR}, and holds "
                f"{found}. Move it aside and restore a backup, or set DATA_DIR to another folder."
            )

    def _init(self, bundle: Bundle, user: RunUser, durability: Durability) -> None:
        """Make the database beside its final name and rename it: a half-made one never counts."""
        fresh = Path(tempfile.mkdtemp(prefix="pgdata.new-", dir=self.path))
        _give(fresh, user)
        options = ["--username", OWNER_ROLE, "--auth", "peer", "--encoding", "UTF8", "--data-checksums"]
        options += ["--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"]
        if durability is Durability.TEST:
            options.append("--no-sync")
        with tempfile.TemporaryFile() as said:
            command = [str(bundle.program("initdb")), "--pgdata", str(fresh), *options]
            status = finish(spawn(command, user, said.fileno()), INIT_S)
            said.seek(0)
            text = said.read().decode(errors="replace").strip()
        if status != 0:
            shutil.rmtree(fresh, ignore_errors=True)
            raise EmbeddedPostgresError(
                f"initdb could not make a database in {self.path} (exit status {status}):\n{text}"
            )
        fresh.rename(self.pgdata)
        _sync_folder(self.path)

    def write_conf(self, user: RunUser, durability: Durability, connections: int = 0) -> None:
        """Make a fresh folder for the socket, and write the three files of the configuration."""
        self._make_socket_dir(user)
        folder = self.conf.parent
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
        hba, ident = folder / "pg_hba.conf", folder / "pg_ident.conf"
        # This process is who calls. PostgreSQL's own user, where it is another one, gets no session.
        caller = "root" if user.is_other else user.name
        text = server_conf(
            socket_dir=self.socket_dir,
            hba_file=hba,
            ident_file=ident,
            durability=durability,
            connections=connections,
        )
        for path, content in ((hba, hba_conf()), (ident, ident_conf(caller)), (self.conf, text)):
            path.write_text(content, encoding="utf-8")
            path.chmod(0o644)

    def _make_socket_dir(self, user: RunUser) -> None:
        """Make a 0700 folder for the socket: here, or a private one where this path does not do."""
        self._remove_socket_dir()
        path = os.fsencode(self._run)
        if len(path) <= SOCKET_DIR_BYTES_MAX and _PLAIN_PATH.fullmatch(path):
            self._run.mkdir(mode=0o700)
            self.socket_dir = self._run
        else:
            own = Path(f"/run/user/{user.uid}")
            is_usable = not user.is_other and os.access(own, os.W_OK | os.X_OK)
            base = own if is_usable else Path("/tmp")  # noqa: S108  mkdtemp makes it private
            self.socket_dir = Path(tempfile.mkdtemp(prefix="touchline-", dir=base))
            self._run.symlink_to(self.socket_dir)  # so that the next start finds it after a kill
        _give(self.socket_dir, user)

    def _remove_socket_dir(self) -> None:
        if self._run.is_symlink():
            shutil.rmtree(self._run.readlink(), ignore_errors=True)
            self._run.unlink()
        elif self._run.is_dir():
            shutil.rmtree(self._run)

    def rotate_log(self) -> int:
        """Put a long log aside, and answer how many bytes the current one holds."""
        size = self.log.stat().st_size if self.log.exists() else 0
        if size <= LOG_BYTES_MAX:
            return size
        self.log.replace(self.log.with_name(self.log.name + ".1"))
        return 0

    def log_since(self, began_at: int) -> str:
        """Answer the log's last `LOG_LINES_SHOWN` lines, none from before byte `began_at`."""
        with self.log.open("rb") as file:
            file.seek(began_at)
            return "\n".join(file.read().decode(errors="replace").splitlines()[-LOG_LINES_SHOWN:])


def _give(folder: Path, user: RunUser) -> None:
    if user.is_other:
        os.chown(folder, user.uid, user.gid)


def _sync_folder(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
