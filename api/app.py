"""The application: the one place where the parts are joined, with the real clock and the real dice.

`open_services` opens what lives as long as the server (the pools); `create_app` joins it to the routes. A route that
declares no access fails here, before the server listens.
"""

import secrets
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final
from uuid import uuid4

from litestar import Litestar
from litestar.config.cors import CORSConfig
from litestar.di import Provide
from litestar.routes import HTTPRoute
from msgspec import Struct

from api import documents, health, sync
from api.errors import HANDLERS
from api.health import Readiness
from api.identity import auth
from api.identity.access import AccessMiddleware, Gate, provide_caller
from api.identity.auth import Doorkeeper
from api.identity.keys import KeyRing
from api.identity.passwords import Passwords
from api.observe import observed
from api.resources import events
from api.resources.writing import Writer
from api.settings import Settings
from football.collections import CATALOGUE
from storage.accounts import Accounts, open_engine
from storage.committer import Committer
from storage.engine import Engine
from storage.postgres import PostgresStore, open_pool
from storage.readiness import why_not_ready
from sync.limits import PUSH_BYTES_MAX

CORS_AGE_S: Final = 600


class Services(Struct):
    """What the routes work with, for as long as the server runs."""

    engine: Engine
    committer: Committer
    accounts: Accounts
    gate: Gate
    keeper: Doorkeeper
    writer: Writer
    readiness: Readiness


def read_clock() -> int:
    """Return the milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def make_id() -> str:
    """Return a fresh random id."""
    return str(uuid4())


@asynccontextmanager
async def open_services(
    dsn: str,
    ring: KeyRing,
    *,
    clock: Callable[[], int] = read_clock,
    monotonic: Callable[[], float] = time.monotonic,
) -> AsyncGenerator[Services]:
    """Open the pools at `dsn`, where the application's role signs in, and close them at the end."""
    pool = await open_pool(dsn)
    database = open_engine(dsn)
    try:
        engine = Engine(CATALOGUE, PostgresStore(pool, CATALOGUE), clock=clock, dice=secrets.token_bytes)
        ready = Readiness(partial(why_not_ready, dsn), monotonic=monotonic)
        yield join(engine, Accounts(database), ring, ready, clock=clock, monotonic=monotonic)
    finally:
        await database.dispose()
        await pool.close()


def join(
    engine: Engine,
    accounts: Accounts,
    ring: KeyRing,
    readiness: Readiness,
    *,
    clock: Callable[[], int],
    monotonic: Callable[[], float],
) -> Services:
    """Join an engine and accounts to services."""
    gate = Gate(accounts, ring, clock=clock, monotonic=monotonic)
    keeper = Doorkeeper(accounts, Passwords(), ring, gate, clock=clock, dice=secrets.token_bytes, make_id=make_id)
    committer = Committer(engine)
    return Services(
        engine=engine,
        committer=committer,
        accounts=accounts,
        gate=gate,
        keeper=keeper,
        writer=Writer(engine, committer, clock=clock),
        readiness=readiness,
    )


def create_app(settings: Settings, services: Services) -> Litestar:
    """Join services to the routes."""
    named = {name: _hand_out(getattr(services, name)) for name in Services.__struct_fields__}
    app = Litestar(
        route_handlers=[*ROUTES],
        dependencies={**named, "caller": Provide(provide_caller, sync_to_thread=False)},
        middleware=[AccessMiddleware(services.gate)],
        exception_handlers={**HANDLERS},
        cors_config=_cors(settings),
        openapi_config=documents.make_config(),
        request_max_body_size=PUSH_BYTES_MAX,
        logging_config=None,
        debug=False,
    )
    check_access(app)
    app.asgi_handler = observed(app.asgi_handler, settings, monotonic=time.monotonic, dice=secrets.token_bytes)
    return app


ROUTES: Final[tuple[Any, ...]] = (
    auth.register,
    auth.login,
    auth.refresh,
    auth.logout,
    auth.me,
    *sync.ROUTES,
    *events.ROUTES,
    *health.ROUTES,
)


def check_access(app: Litestar) -> None:
    """Assert that each route says who may use it: what is forgotten is denied, and found before the first request."""
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        for handler in route.route_handlers:
            is_preflight = handler.http_methods == {"OPTIONS"}
            assert is_preflight or handler.opt.get("access"), f"{handler} at {route.path} declares no access"


def _hand_out(service: object) -> Provide:
    def provide() -> Any:  # noqa: ANN401 - each service has its own type
        return service

    return Provide(provide, sync_to_thread=False)


def _cors(settings: Settings) -> CORSConfig | None:
    if not settings.cors_origins:
        return None
    return CORSConfig(
        allow_origins=list(settings.cors_origins),
        allow_methods=["GET", "POST", "PUT", "DELETE", "OPTIONS"],
        allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "If-Match"],
        expose_headers=["ETag", "Location", "Retry-After", "X-Request-Id"],
        max_age=CORS_AGE_S,
    )
