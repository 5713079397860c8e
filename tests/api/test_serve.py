"""`make serve` from the outside: it starts, ends well, survives a kill, or says in a sentence why it cannot."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from api.identity.demo import DEMO_EMAIL, DEMO_PASSWORD
from tests.api.people import START_MS, asked_to_register, put, some_id
from tests.pg import PgServer, open_folder

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(120)]

CHECKOUT = Path(__file__).parents[2]
END_S = 30


class Server:
    """A server process."""

    checkout = CHECKOUT
    """Whose code it runs."""
    module = "api.cli"

    def __init__(self, folder: Path, *command: str, **settings: str) -> None:
        """Start it with these settings and nothing else of this environment."""
        given = {"DATA_DIR": str(folder), "PORT": "0", "DURABILITY": "test", **settings}
        path = {"PATH": os.environ["PATH"], "PYTHONPATH": str(self.checkout), "HOME": str(folder)}
        # A file, because a pipe that nobody reads would stop the server when it is full.
        self._words = folder.parent / f"words-{some_id()}"
        with self._words.open("wb") as words:
            self.process = subprocess.Popen(
                [sys.executable, "-W", "error", "-m", self.module, *(command or ("serve",))],
                env={**path, **given},
                cwd=self.checkout,
                stdout=subprocess.PIPE,
                stderr=words,
                text=True,
            )
        self.said: list[str] = []

    def await_address(self) -> str:
        """Return the address once it is told."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)
            if line.startswith("Stop"):
                address: str = re.findall(r"http://[0-9.:]+(?=\n)", "".join(self.said))[0]
                return address
        raise AssertionError(self.end())

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal, and return the exit status and what was said on standard error."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.await_end()

    def await_end(self) -> tuple[int, str]:
        """Wait for the end; return the exit status and what was said on standard error."""
        self.process.communicate(timeout=END_S)
        return self.process.returncode, self._words.read_text()


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a data folder that PostgreSQL's own user may reach, gone afterwards."""
    opened = open_folder()
    yield opened / "data"
    shutil.rmtree(opened, ignore_errors=True)


@pytest.fixture
def servers() -> Iterator[list[Server]]:
    """Keep the servers of a test, and end what is left of them."""
    started: list[Server] = []
    yield started
    for server in started:
        if server.process.poll() is None:
            server.process.kill()
            server.process.communicate(timeout=END_S)


def push_a_match(address: str, email: str) -> dict[str, str]:
    """Sign up and push a match; return how to ask for it again."""
    tokens = httpx.post(f"{address}/api/auth/register", json=asked_to_register(email)).json()
    headers = {"authorization": f"Bearer {tokens['access_token']}"}
    mutation = {"n": 1, "wall": START_MS, **put("matches", some_id(), kickoff_ts="2026-09-20T10:00:00.000Z")}
    body = {"device_id": tokens["device_id"], "sent_at": START_MS, "mutations": [mutation]}
    answer = httpx.post(f"{address}/api/sync/push", json=body, headers=headers)
    assert answer.json()["version"] == 1, answer.text
    return headers


def test_it_serves_and_ends_in_good_order(folder: Path, servers: list[Server]) -> None:
    """One command brings a working server with an account to try; SIGTERM ends it and its PostgreSQL with status 0."""
    servers.append(Server(folder))
    address = servers[0].await_address()
    assert httpx.get(f"{address}/health/ready").json() == {"status": "ready"}
    asked = {"email": DEMO_EMAIL, "password": DEMO_PASSWORD, "device_id": some_id()}
    assert httpx.post(f"{address}/api/auth/login", json=asked).status_code == 200
    assert DEMO_PASSWORD in "".join(servers[0].said)
    postgres = int((folder / "pgdata" / "postmaster.pid").read_text().splitlines()[0])
    status, words = servers[0].end()
    assert status == 0, words
    assert not Path(f"/proc/{postgres}").exists()
    assert "Traceback" not in words


def test_metrics_have_a_port_of_their_own(folder: Path, servers: list[Server]) -> None:
    """Each worker listens there too, and it answers nothing but the metrics."""
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port = chosen.getsockname()[1]
    server = Server(folder, MODE="production", SECRET_KEY="s" * 64, METRICS_PORT=str(port), WORKERS="2")
    servers.append(server)
    address = server.await_address()
    private = f"http://127.0.0.1:{port}"
    assert "touchline_info" in httpx.get(f"{private}/metrics").text
    assert httpx.get(f"{private}/health/live").status_code == 404
    assert httpx.get(f"{address}/metrics").status_code == 404
    assert httpx.get(f"{address}/health/live").status_code == 200


def test_ctrl_c_ends_it_too(folder: Path, servers: list[Server]) -> None:
    """SIGINT is no error."""
    servers.append(Server(folder))
    servers[0].await_address()
    assert servers[0].end(signal.SIGINT)[0] == 0


def test_what_was_acknowledged_survives_a_kill(folder: Path, servers: list[Server]) -> None:
    """After kill -9 the same command brings all data back, and signed-in devices stay signed in."""
    servers.append(Server(folder, DURABILITY="full"))
    headers = push_a_match(servers[0].await_address(), "coach@club.example")
    assert servers[0].end(signal.SIGKILL)[0] == -signal.SIGKILL
    servers.append(Server(folder, DURABILITY="full"))
    address = servers[1].await_address()
    assert len(httpx.get(f"{address}/api/sync/pull", headers=headers).json()["changes"]) == 1
    assert servers[1].end()[0] == 0


def test_a_killed_database_comes_back(folder: Path, servers: list[Server]) -> None:
    """PostgreSQL is started again by itself; requests meanwhile are 503 at the worst, and nothing is lost."""
    servers.append(Server(folder, DURABILITY="full"))
    address = servers[0].await_address()
    headers = push_a_match(address, "coach@club.example")
    os.kill(int((folder / "pgdata" / "postmaster.pid").read_text().splitlines()[0]), signal.SIGKILL)
    seen: set[int] = set()
    deadline = time.monotonic() + END_S
    with httpx.Client(base_url=address, headers=headers, timeout=10) as client:
        while not is_restarted(folder) and time.monotonic() < deadline:
            seen.add(client.get("/api/sync/pull").status_code)
        while (answer := client.get("/api/sync/pull")).status_code == 503 and time.monotonic() < deadline:
            seen.add(answer.status_code)
    assert seen <= {200, 503}
    assert len(answer.json()["changes"]) == 1
    assert servers[0].end()[0] == 0


def is_restarted(folder: Path) -> bool:
    """Tell whether PostgreSQL's log has a second start."""
    return (folder / "postgres.log").read_text().count("database system is ready") >= 2


def test_a_taken_port(folder: Path, servers: list[Server]) -> None:
    """The port, and what to do; nothing was started."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        servers.append(Server(folder, PORT=str(port)))
        status, words = servers[0].await_end()
    assert (status, words.count("\n")) == (2, 1)
    assert (
        words
        == f"touchline: Port {port} on 127.0.0.1 is taken by another program. Stop it, or set PORT to another number.\n"
    )
    assert not folder.exists()


def test_two_servers_on_one_folder(folder: Path, servers: list[Server]) -> None:
    """The second says who has it, and the first serves on."""
    servers.append(Server(folder))
    address = servers[0].await_address()
    servers.append(Server(folder))
    status, words = servers[1].await_end()
    assert (status, words.count("\n")) == (2, 1)
    assert f"in use by process {servers[0].process.pid}" in words
    assert httpx.get(f"{address}/health/ready").status_code == 200
    assert servers[0].end()[0] == 0


SECRET = "hunter2-" * 5


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"MODE": "production"}, "SECRET_KEY is missing"),
        ({"SECRET_KEY": "hunter2"}, "SECRET_KEY cannot be used: it is shorter than 32 bytes"),
        ({"PORT": "http"}, "PORT cannot be used"),
        ({"HOST": "no-such-host.invalid", "MODE": "development"}, "HOST names no address"),
        ({"HOST": "192.0.2.1", "MODE": "development"}, "cannot listen on 192.0.2.1"),
        ({"TOUCHLINE_PROT": "1"}, "TOUCHLINE_PROT is not a setting"),
        (
            {"DATABASE_URL": "postgresql://u:hunter2@127.0.0.1:1/club"},
            "club at 127.0.0.1:1 cannot be used: nothing answers",
        ),
        (
            {"DATABASE_URL": "postgresql://u:hunter2@db.invalid/club"},
            "club at db.invalid:5432 cannot be used: its host",
        ),
        (
            {"DATABASE_URL": "mysql://u:hunter2@db/club"},
            "DATABASE_URL cannot be used: it does not begin with postgresql",
        ),
        ({"DATA_DIR": "/proc/nowhere"}, "The data folder"),
    ],
    ids=range(10),
)
def test_one_sentence(folder: Path, servers: list[Server], settings: dict[str, str], says: str) -> None:
    """A wrong setting is one line that names it, with exit status 2, no traceback and no secret."""
    servers.append(Server(folder, **settings))
    status, words = servers[0].await_end()
    assert status == 2, words
    assert says in words
    assert words.startswith("touchline: ")
    assert words.count("\n") == 1
    assert "hunter2" not in words


def test_a_database_that_is_given(folder: Path, servers: list[Server], pg_server: PgServer) -> None:
    """With DATABASE_URL the server migrates as its role, and works as one that the row policies bind."""
    name = f"given_{some_id().replace('-', '')}"
    pg_server.execute(f"CREATE DATABASE {name}")
    try:
        url = pg_server.database(name).owner_dsn.replace("postgresql://", "postgres://", 1)
        servers.append(Server(folder, "migrate", DATABASE_URL=url))
        assert servers[0].await_end()[0] == 0
        servers.append(Server(folder, DATABASE_URL=url, MODE="production", SECRET_KEY=SECRET))
        push_a_match(servers[1].await_address(), "coach@club.example")
        assert DEMO_EMAIL not in "".join(servers[1].said)
        assert servers[1].end()[0] == 0
        servers.append(Server(folder, DATABASE_URL=url, DURABILITY="full"))
        status, words = servers[2].await_end()
        assert (status, words.count("\n")) == (2, 1)
        assert "fsync and full_page_writes and synchronous_commit off" in words
    finally:
        pg_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_logs_tell_no_secret(folder: Path, servers: list[Server]) -> None:
    """One JSON line a request, with the route's template; no query, token, body or id of a path is in it."""
    servers.append(Server(folder))
    address = servers[0].await_address()
    headers = push_a_match(address, "coach-canary@club.example")
    event = some_id()
    httpx.get(f"{address}/api/events/{event}?token=canary-query", headers=headers)
    httpx.get(f"{address}/api/canary-path")
    status, words = servers[0].end()
    assert status == 0
    lines = [json.loads(line) for line in words.splitlines() if line.startswith("{")]
    told = {(line["route"], line["status"]) for line in lines if line["event"] == "request"}
    assert told >= {("/api/events/{event_id}", 400), ("(no route)", 404)}
    for secret in ("canary", event, headers["authorization"][-20:], "a long enough password"):
        assert secret not in words
