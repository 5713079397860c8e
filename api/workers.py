"""Workers: several processes that share one listening socket, under a supervisor that owns the database.

The supervisor serves nothing. It starts the workers, starts one that died again, and ends all of them when it is told
to end, each after its sockets were sent away; SIGHUP renews them one by one. A worker gets its orders on standard
input, where nobody else reads them; the end of that input says that the supervisor is gone, and ends the worker too.
"""

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Callable
from functools import partial
from typing import Final

import msgspec
import structlog
from msgspec import Struct
from msgspec.structs import replace

from api.app import open_services
from api.erasing import erased_first
from api.observe import configure_logs
from api.serving import Opened, StartError, make_demo, open_ring, run, serve_one, watched
from api.settings import Settings, read_environment

END_S: Final = 25.0
"""Seconds that a worker has to send its sockets away and to finish what it answers."""
READY_S: Final = 60.0
READY: Final = b"ready\n"
STEADY_S: Final = 5.0
"""Seconds that a worker must have lived to be started again at once."""
BACKOFF_S: Final = 1.0

_log: Final = structlog.get_logger("touchline.workers")


class Orders(Struct, frozen=True):
    """What a worker is told beyond the environment that it shares with its supervisor."""

    listening: int
    """The number of the listening socket."""
    app_dsn: str
    direct_dsn: str | None
    place: int = 0
    """Which of the workers it is, for metrics."""


def supervise(settings: Settings, listening: socket.socket, opened: Opened, announce: Callable[[], None]) -> None:
    """Serve with several workers until a signal says to end. Raises StartError where none comes up."""
    run(lambda: Supervisor(settings, listening, opened).run(announce))


class Supervisor:
    """Keeps the workers of one server."""

    def __init__(self, settings: Settings, listening: socket.socket, opened: Opened) -> None:
        """Keep as many as the settings say."""
        self._settings = settings
        self._opened = opened
        self._orders = Orders(listening.fileno(), opened.app_dsn, opened.direct_dsn)
        self._changed = asyncio.Condition()
        self._is_up = False
        self._is_ending = False
        self._is_renewing = False
        self._workers = [self._make_worker(place) for place in range(settings.workers)]
        self._telling: set[asyncio.Task[None]] = set()

    async def run(self, announce: Callable[[], None]) -> None:
        """Start them, say so, and keep them until told to end."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end)
        loop.add_signal_handler(signal.SIGHUP, self._renew)
        async with watched(self._opened.postgres), erased_first(self._opened.app_dsn, self._settings.ledger_path):
            await self._prepare()
            keepers = [asyncio.create_task(self._keep(place)) for place in range(len(self._workers))]
            try:
                await self._come_up()
                if not self._is_ending:
                    announce()
                while not self._is_ending:
                    await self._wait_for(lambda: self._is_ending or self._is_renewing)
                    if self._is_renewing and not self._is_ending:
                        await self._renew_all()
            finally:
                self._is_ending = True
                await asyncio.gather(*(worker.end() for worker in self._workers))
                for task in keepers:
                    task.cancel()
                await asyncio.gather(*keepers, return_exceptions=True)

    async def _prepare(self) -> None:
        """Make what one process makes for all."""
        ring = open_ring(self._settings)
        if not self._settings.is_production:
            async with open_services(self._opened.app_dsn, ring) as services:
                await make_demo(services)

    async def _come_up(self) -> None:
        """Return when all workers serve, or the end was asked for. Raises StartError where one does not come up."""

        def is_settled() -> bool:
            is_failed = any(worker.is_over for worker in self._workers)
            return self._is_ending or is_failed or all(worker.is_ready for worker in self._workers)

        try:
            async with asyncio.timeout(READY_S):
                await self._wait_for(is_settled)
        except TimeoutError:
            raise StartError(f"The workers did not come up in {READY_S:.0f} s.") from None
        if not self._is_ending and not all(worker.is_ready for worker in self._workers):
            raise StartError("A worker ended before it served; the lines above say why.")
        self._is_up = True

    async def _keep(self, place: int) -> None:
        """Keep one worker running."""
        while True:
            worker = self._workers[place]
            lived_s = await worker.run()
            if self._is_ending or not self._is_up:
                return
            if not worker.is_told_to_end:
                _log.error("worker_ended", place=place, status=worker.status, lived_s=round(lived_s, 1))
                await asyncio.sleep(0.0 if lived_s >= STEADY_S else BACKOFF_S)
            self._workers[place] = self._make_worker(place)

    def _make_worker(self, place: int) -> "Worker":
        return Worker(replace(self._orders, place=place), self._tell)

    async def _renew_all(self) -> None:
        """End the workers one by one; each is followed by a new one before the next ends."""
        self._is_renewing = False
        for place, old in enumerate([*self._workers]):
            await old.end()
            await self._wait_for(partial(self._is_followed, place, old))

    def _is_followed(self, place: int, old: "Worker") -> bool:
        return self._is_ending or (self._workers[place] is not old and self._workers[place].is_ready)

    def _end(self) -> None:
        self._is_ending = True
        self._tell()

    def _renew(self) -> None:
        self._is_renewing = True
        self._tell()

    async def _wait_for(self, is_so: Callable[[], bool]) -> None:
        async with self._changed:
            await self._changed.wait_for(is_so)

    def _tell(self) -> None:
        """Let whoever waits look again."""
        telling = asyncio.create_task(self._notify())
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()


class Worker:
    """One worker process, as its supervisor sees it."""

    def __init__(self, orders: Orders, on_change: Callable[[], None]) -> None:
        """Be about to start; `on_change` is called when it serves, and when it has ended."""
        self._orders = orders
        self._on_change = on_change
        self._process: asyncio.subprocess.Process | None = None
        self.is_ready = False
        self.is_over = False
        self.is_told_to_end = False
        self.status: int | None = None

    async def run(self) -> float:
        """Run it to its end; return how many seconds it lived."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "api.workers",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            pass_fds=(self._orders.listening,),
            start_new_session=True,  # Ctrl-C is for the supervisor, which ends the workers in good order
        )
        self._process = process
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            with contextlib.suppress(ConnectionError):
                process.stdin.write(msgspec.json.encode(self._orders) + b"\n")
                await process.stdin.drain()
            self.is_ready = await process.stdout.readline() == READY
            self._on_change()
            self.status = await process.wait()
        finally:
            self.is_over = True
            if process.returncode is None:
                process.kill()
            self._on_change()
        return loop.time() - began

    async def end(self) -> None:
        """Ask it to end, and kill it where it does not."""
        process = self._process
        self.is_told_to_end = True
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(END_S):
                await process.wait()
        except TimeoutError:
            _log.error("worker_killed", pid=process.pid)
            with contextlib.suppress(ProcessLookupError):
                process.kill()


def work() -> None:
    """Be a worker."""
    settings = read_environment()
    configure_logs()
    orders = msgspec.json.decode(sys.stdin.buffer.readline(), type=Orders)
    listening = socket.socket(fileno=orders.listening)
    listening.settimeout(0.0)
    opened = Opened(orders.app_dsn, "", [], direct_dsn=orders.direct_dsn)
    ring = open_ring(settings)
    run(lambda: serve_one(settings, listening, opened, ring, _say_ready, leash=sys.stdin.fileno(), worker=orders.place))


def _say_ready() -> None:
    sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    work()
