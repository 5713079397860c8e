"""What is measured: a database on the disk that keeps its promises, and the real server on it; both end with us."""

import asyncio
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import asyncpg
import httpx
from msgspec import Struct

from bench import reference
from bench.sheets import Member
from storage.embedded import APP_ROLE, Durability, EmbeddedPostgres
from storage.migrate import migrate
from storage.readiness import DURABLE

START_S: Final = 60.0
STOP_S: Final = 20.0
POLL_S: Final = 0.1
PASSWORD: Final = "a-password-for-the-benchmark"


class Database(Struct, frozen=True):
    """Two ways into one database."""

    owner_dsn: str
    app_dsn: str
    version: str
    pid: int
    """PostgreSQL's first process."""

    def cpu_s(self) -> float | None:
        """Return the processor seconds that PostgreSQL has used, in all its processes; None where no /proc tells it."""
        if not Path("/proc/self/stat").exists():
            return None
        stats = [_stat(path) for path in Path("/proc").glob("[0-9]*/stat")]
        ticks = 0
        for pid, parent, own, waited_for in filter(None, stats):
            if pid == self.pid:
                ticks += own + waited_for
            elif parent == self.pid:
                ticks += own
        return ticks / os.sysconf("SC_CLK_TCK")


def _stat(path: Path) -> tuple[int, int, int, int] | None:
    """Return a process's id, its parent's, and the ticks of itself and of its children that ended (proc(5))."""
    try:
        pid, _, rest = path.read_text().partition(" (")
    except OSError:  # it has ended meanwhile
        return None
    fields = rest.rpartition(")")[2].split()
    return int(pid), int(fields[1]), int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])


@contextmanager
def database(folder: Path) -> Generator[Database]:
    """Start PostgreSQL with its data in `folder`, with our tables and those of the reference; stop it at the end."""
    with EmbeddedPostgres(folder / "postgres", durability=Durability.FULL) as postgres:
        version = asyncio.run(_prepare(postgres.owner_dsn, postgres.app_dsn))
        assert postgres.pid is not None, "PostgreSQL has ended"
        yield Database(postgres.owner_dsn, postgres.app_dsn, version, postgres.pid)


@contextmanager
def open_folder(base: Path | None = None) -> Generator[Path]:
    """Make a folder that PostgreSQL's own user may walk through where root runs this, and remove it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="touchline-bench-", dir=base))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _prepare(owner_dsn: str, app_dsn: str) -> str:
    await migrate(owner_dsn)
    owner = await asyncpg.connect(owner_dsn)
    await owner.execute(reference.SCHEMA.format(role=APP_ROLE))
    version: str = await owner.fetchval("SHOW server_version")
    await owner.close()
    await _assert_durable(app_dsn)
    return version


async def _assert_durable(app_dsn: str) -> None:
    """Ask as the role that is measured: a setting of a role or a database would count."""
    connection = await asyncpg.connect(app_dsn)
    said = {name: await connection.fetchval(f"SHOW {name}") for name in DURABLE}
    await connection.close()
    assert set(said.values()) == {"on"}, f"the database does not keep what it acknowledges: {said}"


class Server(Struct, frozen=True):
    """A running server."""

    host: str
    port: int
    pid: int = 0

    @property
    def address(self) -> str:
        """Return its URL."""
        return f"http://{self.host}:{self.port}"

    def join(self, club: str, device_ids: Sequence[str]) -> list[Member]:
        """Register a club with its owner on the first of these devices, and sign them in on the others."""
        email = f"{club}@bench.invalid"
        members: list[Member] = []
        with httpx.Client(base_url=self.address, timeout=START_S) as client:
            for device_id in device_ids:
                asked = {"email": email, "password": PASSWORD, "device_id": device_id}
                if not members:
                    asked = {**asked, "display_name": "Coach", "club_name": club}
                answer = client.post(f"/api/auth/{'login' if members else 'register'}", json=asked)
                answer.raise_for_status()
                told = answer.json()
                members.append(Member(told["club_id"], device_id, told["user_id"], told["access_token"]))
        return members


@contextmanager
def server(folder: Path, dsn: str) -> Generator[Server]:
    """Start the server as in production, on a database that is there, and end it."""
    running = Server("127.0.0.1", _free_port())
    settings = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TOUCHLINE_")},
        "MODE": "production",
        "SECRET_KEY": secrets.token_hex(32),
        "HOST": running.host,
        "PORT": str(running.port),
        "DATA_DIR": str(folder / "server"),
        "DATABASE_URL": dsn,
        "RATE_FACTOR": "10000",
    }
    log = folder / "server.log"
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "api.cli", "serve"], env=settings, stdout=said, stderr=subprocess.STDOUT
        )
    try:
        _wait_until_ready(process, running.address, log)
        yield Server(running.host, running.port, process.pid)
    finally:
        _end(process)


def _wait_until_ready(process: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{address}/health/ready").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(POLL_S)
    raise SystemExit(f"The server did not start. It said:\n{log.read_text(errors='replace')[-2_000:]}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
