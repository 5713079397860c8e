"""Runs the demo against a server of its own, or against the one that is named."""

import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec
from rich.console import Console

from api.demo.story import tell
from api.demo.telling import Teller

MATCH = Path(__file__).parents[2] / "data" / "matches" / "2018-09-23-barcelona-girona.json"
START_S = 60.0
STOP_S = 20.0
POLL_S = 0.1


def run(server: str | None = None, *, seed: int | None = None) -> int:
    """Play the demo and return the exit code: 0 only where every device and the server agree at the end.

    Args:
        server: the address of a running server; without one the demo starts its own, with data of its own.
        seed: of the line's losses; without one each run loses other replies.
    """
    console = Console()
    dice = random.Random(seed if seed is not None else time.time_ns())  # noqa: S311 - which replies are lost
    with _server(console) if server is None else _given(server) as address, httpx.Client(base_url=address) as client:
        document = msgspec.json.decode(MATCH.read_bytes())
        agree = tell(client, document, Teller(console), now_ms=int(time.time() * 1_000), dice=dice)
    console.print("\n[bold green]All agree.[/]" if agree else "\n[bold red]They do not agree.[/]")
    return 0 if agree else 1


@contextmanager
def _given(server: str) -> Generator[str]:
    yield server


@contextmanager
def _server(console: Console) -> Generator[str]:
    """Start a server with an empty data folder on a free port, and stop it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="touchline-demo-"))
    folder.chmod(0o711)  # where root runs this, PostgreSQL's own user must be able to walk through
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    settings = {**os.environ, "HOST": "127.0.0.1", "PORT": str(port), "DATA_DIR": str(folder / "data")}
    settings.pop("DATABASE_URL", None)
    log = folder / "server.log"
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "api.cli", "serve"], env=settings, stdout=said, stderr=subprocess.STDOUT
        )
    try:
        _wait_until_ready(process, address, log)
        console.print(f"A server of the demo's own listens at {address}, with an empty database.")
        yield address
    finally:
        process.terminate()
        process.wait(STOP_S)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_ready(process: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            if httpx.get(f"{address}/health/ready").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(POLL_S)
    raise SystemExit(f"The demo's server did not start. It said:\n{log.read_text(errors='replace')[-2_000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
