"""Serving: the socket, the database, the server, in this order; and all of it taken down again in the other.

The listening socket comes first, so that a taken port is told before anything is started. PostgreSQL is a child of this
process and is stopped in a `finally` around the server, since uvicorn raises SIGTERM anew when it has ended.
"""

import asyncio
import contextlib
import errno
import gc
import os
import secrets
import signal
import socket
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from contextlib import asynccontextmanager, contextmanager
from types import FrameType
from typing import Any, Final, TypeVar

import asyncpg
import structlog
import uvicorn
import uvloop
from litestar import Litestar
from msgspec import Struct

from api.app import Services, create_app, make_id, open_services, read_clock
from api.demo.club import fill
from api.edge.connections import BoundedProtocol
from api.erasing import erased_first
from api.identity.auth import Register
from api.identity.demo import DEMO_CLUB, DEMO_EMAIL, DEMO_PASSWORD
from api.identity.keys import KeyRing, keep_secret, make_ring
from api.live.protocol import LiveProtocol
from api.reports import Reporter, load_hook
from api.settings import Settings
from storage.address import as_application, describe
from storage.embedded import Durability, EmbeddedPostgres, EmbeddedPostgresError
from storage.erasures.ledger_file import LedgerFile
from storage.pools import connections_for
from storage.readiness import check_fit, is_application, prepare

BACKLOG: Final = 2_048
USER_TIMEOUT_MS: Final = 20_000
"""Milliseconds after which a client that takes no data is dropped; without it one hangs a handler for ever."""
SOCKET_MESSAGE_BYTES_MAX: Final = 64 * 1024
"""Bytes of a client's message on a socket: a token and some cursors; a larger one closes it with 1009."""
PING_S: Final = 60.0
"""Seconds between pings of a socket. Heartbeats, every 15, find lines that are dead, since `USER_TIMEOUT_MS` cuts what
is not acknowledged; a ping finds the other side whose system lives and whose program does not, and costs 0.3 ms."""
PONG_S: Final = 20.0
"""Seconds in which a ping is answered."""
GRACE_S: Final = 10
"""Seconds that open requests have when the server ends."""
COLLECT_AFTER: Final = 50_000
"""New containers between two looks of the garbage collector: some ten full pushes."""
WATCH_S: Final = 0.2
"""Seconds between looks at the embedded PostgreSQL: it serves again well within three seconds of a crash."""

UNUSABLE: Final = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError)
"""What a driver raises of a database that cannot be used."""

T = TypeVar("T")

_log: Final = structlog.get_logger("touchline.serving")


class StartError(Exception):
    """The server cannot start; the text says why, and what to do."""


class Owned(Struct, frozen=True):
    """A database that is up, whatever is in it."""

    dsn: str
    """Where its owner signs in."""
    described: str
    """What a person may be told of it."""


class Opened(Struct, frozen=True):
    """A database that is up and fit."""

    app_dsn: str
    """Where the application's role signs in."""
    described: str
    """What a person may be told of it."""
    migrated: list[str]
    """The names of the migrations that were applied just now."""
    postgres: EmbeddedPostgres | None = None
    direct_dsn: str | None = None
    """Where wake-ups between processes go; None: to `app_dsn`."""


def listen(host: str, port: int, *, among_workers: bool = False) -> socket.socket:
    """Return a listening socket, `among_workers` one of several at one port.

    Raises StartError where the address is taken or not this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
    except OSError:
        raise StartError(f"HOST names no address: {host}. Use 127.0.0.1, or 0.0.0.0 for all networks.") from None
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if among_workers:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise StartError(_no_socket(host, port, error)) from None
    listening.set_inheritable(False)
    return listening


def _no_socket(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken by another program. Stop it, or set PORT to another number."
    if error.errno == errno.EACCES:
        return f"Port {port} needs an administrator's rights. Set PORT to a number from 1024 up."
    return f"The server cannot listen on {host}, port {port} ({error.strerror}). Set HOST and PORT to what it may use."


@contextmanager
def open_database(settings: Settings, *, migrates: bool = True) -> Generator[Opened]:
    """Start the embedded PostgreSQL or take the one of DATABASE_URL; migrate, and check that it is fit.

    Raises StartError where it cannot be reached, and the sentences of the embedded package and the migrations.
    """
    if settings.database_url is not None:
        yield _given(settings, settings.database_url)
        return
    with _started(settings) as postgres:
        described = f"PostgreSQL of its own in {settings.data_dir}"
        applied = run(lambda: prepare(postgres.owner_dsn)) if migrates else []
        run(lambda: check_fit(postgres.app_dsn, is_durable=_is_durable(settings)))
        yield Opened(postgres.app_dsn, described, applied, postgres)


def _started(settings: Settings) -> EmbeddedPostgres:
    """Return the embedded PostgreSQL, started. Raises StartError where the system keeps the data folder from it."""
    needed = connections_for(settings.workers)
    postgres = EmbeddedPostgres(settings.data_dir, durability=settings.durability, connections=needed)
    try:
        postgres.start()
    except OSError as error:
        raise StartError(
            f"The data folder {settings.data_dir} cannot be used ({error.strerror}). "
            "Set DATA_DIR to a folder of the user that runs the server."
        ) from error
    return postgres


def _given(settings: Settings, dsn: str) -> Opened:
    """Return the database of DATABASE_URL, migrated by its role; the application's own role leaves that to others."""
    try:
        if run(lambda: is_application(dsn)):
            app_dsn, applied = dsn, []
        else:
            app_dsn, applied = as_application(dsn), run(lambda: prepare(dsn))
        run(lambda: check_fit(app_dsn, is_durable=_is_durable(settings)))
    except UNUSABLE as error:
        raise _unusable(dsn, error) from error
    return Opened(app_dsn, describe(dsn), applied, direct_dsn=direct_of(settings, is_owner=app_dsn != dsn))


def direct_of(settings: Settings, *, is_owner: bool) -> str | None:
    """Return where the application's role signs in past any pooler; `is_owner`: the settings name the owner's role."""
    direct = settings.database_url_direct
    return as_application(direct) if direct is not None and is_owner else direct


@contextmanager
def open_as_owner(settings: Settings) -> Generator[Owned]:
    """Start the embedded PostgreSQL or take the one of DATABASE_URL, as it is: nothing is migrated.

    Raises StartError where it cannot be reached, or where DATABASE_URL does not sign in as an owner.
    """
    if settings.database_url is None:
        with _started(settings) as postgres:
            yield Owned(postgres.owner_dsn, f"PostgreSQL of its own in {settings.data_dir}")
        return
    dsn = settings.database_url
    try:
        is_bound = run(lambda: is_application(dsn))
    except UNUSABLE as error:
        raise _unusable(dsn, error) from error
    if is_bound:
        raise StartError("DATABASE_URL signs in as the server's own role. Give the role that owns the tables.")
    yield Owned(dsn, describe(dsn))


def _unusable(dsn: str, error: Exception) -> StartError:
    why = _why_unreachable(error)
    return StartError(f"The database {describe(dsn)} cannot be used: {why}. Check DATABASE_URL.")


def _why_unreachable(error: Exception) -> str:
    """Return a cause without the driver's words where those may hold more than a name."""
    if isinstance(error, asyncpg.InvalidPasswordError | asyncpg.InvalidAuthorizationSpecificationError):
        return "it refuses the user or the password"
    if isinstance(error, asyncpg.InvalidCatalogNameError):
        return "there is no database of this name"
    if isinstance(error, asyncpg.PostgresError):
        return f"it answered {error.sqlstate} ({type(error).__name__})"
    if isinstance(error, socket.gaierror):
        return "its host is not known"
    return "nothing answers there" if isinstance(error, OSError) else "the address is not understood"


def _is_durable(settings: Settings) -> bool:
    return settings.durability is Durability.FULL


def open_ring(settings: Settings) -> KeyRing:
    """Return the keys: of SECRET_KEY, or in development of the secret in the data folder."""
    given, previous = settings.secret_key, settings.secret_key_previous
    secret = keep_secret(settings.data_dir, secrets.token_bytes) if given is None else given.encode()
    return make_ring(secret, None if previous is None else previous.encode())


def run(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a short task on a loop of its own."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main())


def serve(settings: Settings, listening: socket.socket, opened: Opened, announce: Callable[[], None]) -> None:
    """Serve until a signal says to end."""
    ring = open_ring(settings)
    run(lambda: _serve(settings, listening, opened, ring, announce))


async def _serve(
    settings: Settings,
    listening: socket.socket,
    opened: Opened,
    ring: KeyRing,
    announce: Callable[[], None],
) -> None:
    async with watched(opened.postgres), erased_first(opened.app_dsn, settings.ledger_path):
        if not settings.is_production:
            async with open_services(opened.app_dsn, ring) as services:
                await make_demo(services)
        await serve_one(settings, listening, opened, ring, announce)


async def serve_one(
    settings: Settings,
    listening: socket.socket,
    opened: Opened,
    ring: KeyRing,
    announce: Callable[[], None],
    *,
    leash: int | None = None,
    worker: int = 0,
) -> None:
    """Serve in this process until a signal says to end, or until `leash`, a file's number, is at its end.

    `worker` is the place of this process among those that share the socket.
    """
    listening_to = [listening, *_metrics_socket(settings)]
    kept, ledger = settings.log_kept_days, LedgerFile(settings.ledger_path)
    opening = open_services(opened.app_dsn, ring, direct_dsn=opened.direct_dsn, log_kept_days=kept, ledger=ledger)
    reporter = Reporter(None if settings.error_hook is None else load_hook(settings.error_hook), clock=read_clock)
    async with opening as services, services.live.running(reporter), services.upkeep.running(reporter):
        app = create_app(settings, services, worker=worker, reporter=reporter)
        server = LiveServer(server_config(app), services.live.drain)
        _end_with(server, leash)
        announce()
        _calm_collector()
        await server.serve(sockets=listening_to)


def _metrics_socket(settings: Settings) -> list[socket.socket]:
    """Return the socket of the metrics' own port, if there is one; each worker has its own there."""
    if settings.metrics_port is None:
        return []
    return [listen(settings.host, settings.metrics_port, among_workers=settings.workers > 1)]


class LiveServer(uvicorn.Server):
    """A server that sends its sockets away, each with a moment to come back, before it ends."""

    def __init__(self, config: uvicorn.Config, drain: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Have `drain` send them away."""
        super().__init__(config)
        self._drain = drain

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no new connections, send the sockets away, and end as uvicorn does."""
        for server in self.servers:
            server.close()
        await self._drain()
        await super().shutdown(sockets)


def _calm_collector() -> None:
    """Let the garbage collector pass over what start-up made, and come by less often: a push makes few cycles."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 20, 20)


def _end_with(server: uvicorn.Server, leash: int | None) -> None:
    """Let signals end the server and not the process: uvicorn raises them anew when it has ended."""

    def end(_number: int, _frame: FrameType | None) -> None:
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    if leash is not None:
        loop = asyncio.get_running_loop()

        def let_go() -> None:
            if not os.read(leash, 1024):
                loop.remove_reader(leash)
                server.should_exit = True

        loop.add_reader(leash, let_go)


def server_config(app: Litestar) -> uvicorn.Config:
    """Return how uvicorn serves an application: measured and bounded, with no log of its own below a warning."""
    return uvicorn.Config(
        app,
        loop="none",
        http=BoundedProtocol,
        ws=LiveProtocol,
        ws_max_size=SOCKET_MESSAGE_BYTES_MAX,
        ws_per_message_deflate=False,
        ws_ping_interval=PING_S,
        ws_ping_timeout=PONG_S,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_S,
    )


async def make_demo(services: Services) -> None:
    """Make the demo club and its account, where they are not there yet, and a season in a club that is empty."""
    account = await services.accounts.find_by_email(DEMO_EMAIL)
    if account is None:
        asked = Register(DEMO_EMAIL, DEMO_PASSWORD, "Demo Coach", make_id(), club_name=DEMO_CLUB)
        account, _, _ = await services.keeper.create_account(asked)
    for club in await services.accounts.memberships(account.user_id):
        if club.club_name == DEMO_CLUB:
            await fill(
                services.engine, services.committer, club_id=club.club_id, user_id=account.user_id, device_id=make_id()
            )


@asynccontextmanager
async def watched(postgres: EmbeddedPostgres | None) -> AsyncGenerator[None]:
    """Start the embedded PostgreSQL again whenever it ends; meanwhile requests are answered 503."""
    watch = None if postgres is None else asyncio.create_task(_watch(postgres))
    try:
        yield
    finally:
        if watch is not None:
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watch


async def _watch(postgres: EmbeddedPostgres) -> None:
    while True:
        await asyncio.sleep(WATCH_S)
        if postgres.is_running:
            continue
        _log.error("postgres_ended", folder=str(postgres.folder.path))
        try:
            await asyncio.shield(asyncio.to_thread(postgres.start))
        except EmbeddedPostgresError as error:
            _log.critical("postgres_not_restarted", reason=str(error))
        else:
            _log.warning("postgres_restarted")
