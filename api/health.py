"""Health: whether the process lives, has started, and can take a push; and what is here.

Three questions, since whoever asks does something else on each "no". *Live* asks nobody: without an answer the process
is stuck, and is ended. *Startup* is no until the database was reached once, and yes from then on: who waits for a start
has patience for that, and ends nobody because of a database that goes away later. *Ready* is asked each time: without
it no requests are sent here, and nothing is ended.

Readiness uses a connection of its own, so a pool that is used up does not count as an outage, and is asked at most once
a second, however many ask.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Literal

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from msgspec import Struct

from api.identity.access import PUBLIC
from api.requests import json_answer

REMEMBERED_S: Final = 1.0
"""Seconds an answer is given again: probes come from several sides."""


class Readiness:
    """Asks the database, once for all who ask within a second."""

    def __init__(self, ask: Callable[[], Awaitable[str | None]], *, monotonic: Callable[[], float]) -> None:
        """`ask` returns why the server is not ready, None where it is; `monotonic` gives seconds."""
        self._ask = ask
        self._monotonic = monotonic
        self._turn = asyncio.Lock()
        self._known: tuple[float, str | None] = (float("-inf"), None)
        self.has_started = False
        """Whether the server could take a push once."""

    async def why_not(self) -> str | None:
        """Return why the server cannot take a push now, None where it can."""
        async with self._turn:
            if self._known[0] <= self._monotonic() - REMEMBERED_S:
                self._known = self._monotonic(), await self._ask()
                self.has_started |= self._known[1] is None
            return self._known[1]


class Alive(Struct, frozen=True):
    """The process answers."""

    status: Literal["live"]


class Started(Struct, frozen=True):
    """The server has started: it could take a push at least once."""

    status: Literal["started"]


class Ready(Struct, frozen=True):
    """The server can take a push."""

    status: Literal["ready"]


class NotReady(Struct, frozen=True):
    """The server cannot take a push now."""

    status: Literal["not ready"]
    reason: str


@get("/health/live", opt={**PUBLIC, "answer": Alive})
async def live() -> Response[bytes]:
    """Tell that the process answers."""
    return json_answer(Alive("live"))


@get("/health/startup", opt={**PUBLIC, "answer": Started, "unavailable": NotReady})
async def startup(readiness: NamedDependency[SkipValidation[Readiness]]) -> Response[bytes]:
    """Tell whether the server has started: 503 until it is ready for the first time, and 200 from then on."""
    reason = None if readiness.has_started else await readiness.why_not()
    return _not_ready(reason) if reason is not None else json_answer(Started("started"))


@get("/health/ready", opt={**PUBLIC, "answer": Ready, "unavailable": NotReady})
async def ready(readiness: NamedDependency[SkipValidation[Readiness]]) -> Response[bytes]:
    """Tell whether the database answers, takes writes, and has this server's schema; 503 with the reason if not."""
    reason = await readiness.why_not()
    return _not_ready(reason) if reason is not None else json_answer(Ready("ready"))


def _not_ready(reason: str) -> Response[bytes]:
    return json_answer(NotReady("not ready", reason), status=503, headers={"Retry-After": "2"})


class Index(Struct, frozen=True):
    """What is here, and where."""

    app: Literal["/"] = "/"
    """The coach's app, for people."""
    docs: Literal["/docs"] = "/docs"
    """The API, for people; not where the setting DOCS turns it off."""
    openapi: Literal["/docs/openapi.json"] = "/docs/openapi.json"
    """The API, for programs."""
    config: Literal["/api/sync/config"] = "/api/sync/config"
    """Protocol versions, limits and collections."""
    ready: Literal["/health/ready"] = "/health/ready"
    """Whether the server can take a push."""


@get("/api", opt={**PUBLIC, "limit": "open", "answer": Index})
async def index() -> Response[bytes]:
    """Name what is here."""
    return json_answer(Index())


ROUTES: Final = (live, startup, ready, index)
