"""The application: the one place where the parts are joined, with the real clock and the real dice.

`open_services` opens what lives as long as the server (the pools); `create_app` joins it to the routes. A route that
declares no access fails here, before the server listens.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final
from uuid import uuid4

from litestar import Litestar
from litestar.di import Provide
from litestar.routes import HTTPRoute
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncEngine

from api import health, metrics, queries
from api.edge.addresses import Addresses
from api.edge.backoff import hint_of
from api.edge.compression import compressed
from api.edge.origins import shared_with
from api.edge.ratelimits import Limiter, RateLimits, caller_of
from api.errors import HANDLERS
from api.health import Readiness
from api.identity import account, auth, clubs, invitations, own_data, scorers
from api.identity.access import AccessMiddleware, Gate, provide_caller
from api.identity.account import AccountKeeper
from api.identity.auth import Doorkeeper
from api.identity.clubs import ClubKeeper
from api.identity.invitations import Inviter
from api.identity.keys import KeyRing
from api.identity.own_data import OwnData
from api.identity.reception import Reception
from api.identity.scorers import ScorerKeeper
from api.identity.slowdown import SlowDown
from api.live import feeds, sockets, tails
from api.live.live import Dials, Live
from api.metrics import Metrics, Pools, Requests, with_own_port
from api.observe import Instruments, observed
from api.ops import routes as operator_pages
from api.ops.door import OperatorDoor
from api.ops.looking import Looks
from api.ops.ring import Parts, Ring
from api.pages import routes as pages
from api.reference import documents
from api.reports import Reporter
from api.resources import (
    awards,
    dossiers,
    erasures,
    events,
    exports,
    lineup,
    live,
    matches,
    minutes,
    notes,
    period_times,
    periods,
    players,
    reports,
    seasons,
    sharing,
    squads,
    stats,
    substitutions,
    teams,
)
from api.resources.desk import Desk
from api.resources.dossiers import Dossiers
from api.resources.erasures import Erasures
from api.resources.sharing import Sharer
from api.resources.views import Views
from api.resources.writing import Writer
from api.settings import Settings
from api.sync import bulk, config, conflicts, devices, exchange, pictures
from api.upkeep import Upkeep
from football.collections import CATALOGUE
from football.roles import permit_of
from realtime.limits import LiveLimits
from storage.accounts import Accounts, in_use, open_engine
from storage.committer import Committer
from storage.dossiers import DossierReader
from storage.engine import Engine
from storage.erasures import Eraser
from storage.erasures.clubs import Clubs
from storage.erasures.eraser import BeforeCommit
from storage.erasures.ledger_file import LedgerFile
from storage.erasures.replay import STEP, Replay, noting
from storage.erasures.users import Users
from storage.matches import MatchReader
from storage.observing import Observer
from storage.own_data import OwnDataReader
from storage.people import People, open_people
from storage.pictures import PictureReader
from storage.pools import DOOR_CONNECTIONS_MAX
from storage.postgres import PostgresStore, open_pool
from storage.readiness import why_not_ready
from storage.retention import LOG_KEPT_DAYS
from storage.sharing import Sharing
from storage.upkeep import RETAIN, Step, compaction
from storage.viewing import Viewing
from storage.wakeups import Wakeups
from sync.limits import PUSH_BYTES_MAX


class Services(Struct):
    """What the routes work with, for as long as the server runs."""

    engine: Engine
    committer: Committer
    accounts: Accounts
    gate: Gate
    keeper: Doorkeeper
    own: AccountKeeper
    own_data: OwnData
    clubs: ClubKeeper
    inviter: Inviter
    scorers: ScorerKeeper
    writer: Writer
    views: Views
    desk: Desk
    pictures: PictureReader
    dossiers: Dossiers
    erasures: Erasures
    sharer: Sharer
    readiness: Readiness
    live: Live
    pools: Pools
    upkeep: Upkeep
    observer: Observer
    operators: OperatorDoor


def read_clock() -> int:
    """Return the milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def read_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


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
    direct_dsn: str | None = None,
    limits: LiveLimits | None = None,
    log_kept_days: int = LOG_KEPT_DAYS,
    ledger: LedgerFile | None = None,
) -> AsyncGenerator[Services]:
    """Open the pools at `dsn`, where the application's role signs in, and close them at the end.

    Erasures and departures are noted in `ledger`, which outlives the database, before they are committed. Wake-ups
    between processes, upkeep and an operator's looks, which set what holds for a session, go by `direct_dsn` where a
    pooler stands before the other.
    """
    pool = await open_pool(dsn)
    door = await open_pool(dsn, connections_max=DOOR_CONNECTIONS_MAX)
    database = open_engine(dsn)
    try:
        store = PostgresStore(pool, CATALOGUE)
        engine = Engine(CATALOGUE, store, clock=clock, dice=secrets.token_bytes, permit_of=permit_of)
        ready = Readiness(partial(why_not_ready, dsn), monotonic=monotonic)
        matches, pictures = MatchReader(pool, CATALOGUE), PictureReader(pool)
        people = open_people(database, door, ledger)
        gate = Gate(people.standings, ring, clock=clock)
        live_floor = Live(
            engine,
            gate,
            people.standings,
            Viewing(pool, store.memory),
            matches,
            Dials(clock, monotonic, secrets.SystemRandom().random, secrets.token_bytes),
            limits=limits,
            wakeups=partial(make_wakeups, direct_dsn or dsn),
        )
        eraser = Eraser(store, CATALOGUE, clock=clock, dice=secrets.token_bytes, on_commit=live_floor.on_commit)
        services = join(
            engine,
            matches,
            Sharing(pool),
            people,
            ring,
            ready,
            gate,
            live_floor,
            pictures=pictures,
            dossiers=Dossiers(DossierReader(pool), matches, clock=clock),
            own_data=OwnData(OwnDataReader(pool), clock=clock),
            pools=Pools({"store": pool, "door": door}, partial(in_use, database)),
            upkeep=Upkeep(
                direct_dsn or dsn,
                [*finishing(eraser, database, ledger, clock=clock), compaction(log_kept_days), RETAIN],
                clock=clock,
                monotonic=monotonic,
                dice=secrets.SystemRandom().random,
            ),
            erased_by=(eraser, None if ledger is None else noting(ledger)),
            observer=Observer(direct_dsn or dsn, now=read_now),
            clock=clock,
        )
        try:
            yield services
        finally:
            await services.erasures.close()
    finally:
        await database.dispose()
        await door.close()
        await pool.close()


def join(  # noqa: PLR0913 - here alone all parts meet
    engine: Engine,
    matches: MatchReader,
    links: Sharing,
    people: People,
    ring: KeyRing,
    readiness: Readiness,
    gate: Gate,
    live_floor: Live,
    *,
    pictures: PictureReader,
    dossiers: Dossiers,
    own_data: OwnData,
    pools: Pools,
    upkeep: Upkeep,
    erased_by: tuple[Eraser, BeforeCommit | None],
    observer: Observer,
    clock: Callable[[], int],
) -> Services:
    """Join an engine and accounts to services."""
    slowdown = SlowDown(people.attempts, ring.attempts, clock=clock)
    reception = Reception(people, ring, slowdown, clock=clock, dice=secrets.token_bytes, make_id=make_id)
    keeper = Doorkeeper(reception)
    committer = Committer(engine, live_floor.on_commit)
    writer = Writer(engine, committer, clock=clock, make_id=make_id)
    return Services(
        engine=engine,
        committer=committer,
        accounts=people.accounts,
        gate=gate,
        keeper=keeper,
        own=AccountKeeper(reception),
        own_data=own_data,
        clubs=ClubKeeper(reception, keeper),
        inviter=Inviter(reception),
        scorers=ScorerKeeper(reception, engine),
        writer=writer,
        views=Views(engine.store, clock=clock),
        desk=Desk(engine, writer, matches, clock=clock),
        pictures=pictures,
        dossiers=dossiers,
        erasures=Erasures(erased_by[0], engine, writer, people.accounts, before_commit=erased_by[1]),
        sharer=Sharer(links, people.accounts, clock=clock, dice=secrets.token_bytes),
        readiness=readiness,
        live=live_floor,
        pools=pools,
        upkeep=upkeep,
        observer=observer,
        operators=OperatorDoor(slowdown, ring.operator),
    )


def finishing(
    eraser: Eraser, database: AsyncEngine, ledger: LedgerFile | None, *, clock: Callable[[], int]
) -> Sequence[Step]:
    """Return the step of upkeep that goes on with erasures; none where nobody keeps a ledger."""
    if ledger is None:
        return []
    replay = Replay(ledger, Users(database, ledger), Clubs(database, ledger), eraser, clock=clock)
    return [Step(STEP, replay.finish)]


def make_wakeups(dsn: str, live_floor: Live) -> Wakeups:
    """Return what tells other processes of commits, and the live floor of theirs."""
    return Wakeups(
        dsn, make_id(), on_wake=live_floor.wake, on_connect=live_floor.tailer.poll, dice=secrets.SystemRandom().random
    )


def create_app(
    settings: Settings,
    services: Services,
    *,
    monotonic: Callable[[], float] = time.monotonic,
    worker: int = 0,
    reporter: Reporter | None = None,
) -> Litestar:
    """Join services to the routes, and lay the edge around them.

    `monotonic` is the clock of the rate limits; `worker` is the place of this process among those that share a socket;
    `reporter` is told of faults.
    """
    reporter = reporter or Reporter()
    requests = Requests()
    addresses = Addresses(settings.trusted_proxies)
    limiter = Limiter(monotonic, factor=settings.rate_factor)
    named = {name: _hand_out(getattr(services, name)) for name in Services.__struct_fields__}
    named |= {"addresses": _hand_out(addresses), "limiter": _hand_out(limiter), "settings": _hand_out(settings)}
    named["doors"] = _hand_out(sockets.Doors(services.live, services.sharer, settings, addresses))
    floors = services.live, services.committer, services.views, services.pools, services.upkeep
    told = Metrics(requests, *floors, reporter, worker=worker)
    named["metrics"] = _hand_out(told)
    parts = Parts(requests, services.live, services.committer, services.pools, services.upkeep, worker, read_clock)
    ring = Ring(parts)
    named["looks"] = _hand_out(Looks(settings, services.observer, parts, ring))
    app = Litestar(
        route_handlers=[*ROUTES],
        dependencies={**named, "caller": Provide(provide_caller, sync_to_thread=False)},
        middleware=[
            RateLimits(limiter, "address", addresses.network_of),
            AccessMiddleware(services.gate),
            RateLimits(limiter, "session", caller_of),
        ],
        before_request=queries.check,
        after_response=services.live.look_again,
        exception_handlers={**HANDLERS},
        lifespan=[partial(_beside, ring.run, reporter)],
        openapi_config=documents.make_config() if settings.docs else None,
        request_max_body_size=PUSH_BYTES_MAX,
        logging_config=None,
        debug=False,
    )
    check_access(app)
    queries.declare(app)
    tools = Instruments(
        time.monotonic,
        read_clock,
        secrets.token_bytes,
        hint_of(services.committer),
        count=requests.note,
        report=reporter.of_request,
    )
    inner = with_own_port(shared_with(compressed(app.asgi_handler), settings), settings.metrics_port)
    app.asgi_handler = observed(inner, settings, tools)
    return app


ROUTES: Final[tuple[Any, ...]] = (
    *auth.ROUTES,
    *account.ROUTES,
    *own_data.ROUTES,
    *clubs.ROUTES,
    *invitations.ROUTES,
    *scorers.ROUTES,
    *exchange.ROUTES,
    *pictures.ROUTES,
    *config.ROUTES,
    *devices.ROUTES,
    *conflicts.ROUTES,
    *bulk.ROUTES,
    *matches.ROUTES,
    *teams.ROUTES,
    *players.ROUTES,
    *seasons.ROUTES,
    *events.ROUTES,
    *lineup.ROUTES,
    *notes.ROUTES,
    *awards.ROUTES,
    *periods.ROUTES,
    *period_times.ROUTES,
    *substitutions.ROUTES,
    *live.ROUTES,
    *minutes.ROUTES,
    *stats.ROUTES,
    *sharing.ROUTES,
    *reports.ROUTES,
    *exports.ROUTES,
    *dossiers.ROUTES,
    *erasures.ROUTES,
    *squads.ROUTES,
    *sockets.ROUTES,
    *feeds.ROUTES,
    *tails.ROUTES,
    *health.ROUTES,
    *metrics.ROUTES,
    *operator_pages.ROUTES,
    *pages.ROUTES,
)


def check_access(app: Litestar) -> None:
    """Assert that each route says who may use it: what is forgotten is denied, and found before the first request."""
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        for handler in route.route_handlers:
            is_preflight = handler.http_methods == {"OPTIONS"}
            assert is_preflight or handler.opt.get("access"), f"{handler} at {route.path} declares no access"


@asynccontextmanager
async def _beside(
    work: Callable[[], Coroutine[Any, Any, None]], reporter: Reporter, _app: Litestar
) -> AsyncGenerator[None]:
    """Take samples beside the requests, as long as the server listens; at its end, let reports go out."""
    task = asyncio.create_task(work())
    reporter.watch(task, "samples")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        await asyncio.to_thread(reporter.close)


def _hand_out(service: object) -> Provide:
    def provide() -> Any:  # noqa: ANN401 - each service has its own type
        return service

    return Provide(provide, sync_to_thread=False)
