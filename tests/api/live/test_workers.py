"""`make serve WORKERS=2` from the outside: several processes on one port, of which none is missed."""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Origin

from tests.api.live.nodes import Tailing
from tests.api.people import Person, sign_up
from tests.api.test_serve import Server
from tests.pg import open_folder
from tests.waiting import until

pytestmark = [pytest.mark.postgres, pytest.mark.linux, pytest.mark.timeout(120)]

TAILS = 12
"""Sockets that are opened to have some in each process."""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a data folder that PostgreSQL's own user may reach, gone afterwards."""
    opened = open_folder()
    yield opened / "data"
    shutil.rmtree(opened, ignore_errors=True)


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    """Give a server of two processes."""
    started = Server(folder, WORKERS="2")
    yield started
    if started.process.poll() is None:
        started.process.kill()
        started.process.communicate(timeout=30)


def workers_of(server: Server) -> set[int]:
    """Return its worker processes (proc(5))."""
    found: set[int] = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
            is_worker = b"api.workers" in (path.parent / "cmdline").read_bytes()
            if int(parent) == server.process.pid and state != "Z" and is_worker:
                found.add(int(path.parent.name))
    return found


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that has ended and was not reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def sockets_of(pid: int, port: int) -> int:
    """Return how many connections to a port a worker holds."""
    established = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    ours = {f"socket:[{each[9]}]" for each in established if each[3] == "01" and int(each[1].split(":")[1], 16) == port}
    held: set[str] = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            held.add(str(descriptor.readlink()))
    return len(ours & held)


async def open_tail(stack: AsyncExitStack, address: str, person: Person, since: str | None = None) -> Tailing:
    """Open a tail that lasts as long as `stack`."""
    socket = await stack.enter_async_context(
        connect(f"ws{address.removeprefix('http')}/ws/sync", origin=Origin(address), compression=None)
    )
    said = {"token": person.tokens["access_token"], **({} if since is None else {"since": since})}
    await socket.send(json.dumps(said))
    return await stack.enter_async_context(Tailing(socket))


async def test_two_processes_serve_as_one(server: Server) -> None:
    """A push to whichever process shows up on tails of both; SIGTERM closes all with 1012, and ends with status 0."""
    address = server.await_address()
    port = int(address.rpartition(":")[2])
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=address))
        coach = await sign_up(client, "coach@club.example")
        tails = [await open_tail(stack, address, coach) for _ in range(TAILS)]
        await until(lambda: all(tail.frames for tail in tails))
        workers = workers_of(server)
        assert len(workers) == 2
        while not all(sockets_of(worker, port) > 1 for worker in workers):
            # One process may take them all; and it takes no more of one person than its limits say.
            await tails.pop(0).socket.close()
            tails.append(await open_tail(stack, address, coach))
        await until(lambda: all(tail.frames for tail in tails))
        for version in range(1, 6):
            await coach.make_match()
            for tail in tails:
                await tail.reached(version)
        assert all(tail.versions == [1, 2, 3, 4, 5] for tail in tails)
        server.process.send_signal(signal.SIGTERM)
        for tail in tails:
            assert await tail.end() == (1012, "restarting")
            assert tail.frames[-1]["retry_ms"] > 0
    status, words = server.await_end()
    assert status == 0, words
    assert not any(is_alive(worker) for worker in workers)
    assert "Traceback" not in words


async def test_a_worker_that_dies_is_started_again(server: Server) -> None:
    """After kill -9 of one process the other serves on, a new one takes its place, and no change is missed."""
    address = server.await_address()
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=address))
        coach = await sign_up(client, "coach@club.example")
        tails = [await open_tail(stack, address, coach) for _ in range(4)]
        await coach.make_match()
        for tail in tails:
            await tail.reached(1)
        first = workers_of(server)
        os.kill(min(first), signal.SIGKILL)
        await until(lambda: len(workers_of(server) - {min(first)}) == 2)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=address))
        again = Person(client, coach.tokens)
        again.n = coach.n
        await again.make_match()
        for tail in tails:
            resumed = await open_tail(stack, address, again, tail.cursor)
            await resumed.reached(2)
            assert resumed.versions == [2]
    status, words = server.end()
    assert status == 0, words
    assert "worker_ended" in words


async def test_workers_are_renewed_one_by_one(server: Server) -> None:
    """SIGHUP puts new processes in the place of all; the port is served all the while, and cursors go on."""
    address = server.await_address()
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=address))
        coach = await sign_up(client, "coach@club.example")
        await coach.make_match()
        tail = await open_tail(stack, address, coach)
        await tail.reached(1)
        first = workers_of(server)
        server.process.send_signal(signal.SIGHUP)
        assert await tail.end() == (1012, "restarting")
        await until(lambda: len(workers_of(server) - first) == 2)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=address))
        again = Person(client, coach.tokens)
        again.n = coach.n
        await again.make_match()
        resumed = await open_tail(stack, address, again, tail.cursor)
        await resumed.reached(2)
    assert server.end()[0] == 0


async def test_workers_do_not_outlive_their_supervisor(server: Server) -> None:
    """After kill -9 of the supervisor its workers end by themselves, so that the port is free for the next."""
    server.await_address()
    workers = workers_of(server)
    assert len(workers) == 2
    server.end(signal.SIGKILL)
    await until(lambda: not any(is_alive(worker) for worker in workers))
