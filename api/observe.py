"""What is seen of a request: its id, one line of JSON in the log, and the headers that every answer carries.

A line tells the method, the route's template, the status, the milliseconds, the club and the device, whether it is one
for the pocket or the desk, and of a push how much came and what became of it. It never holds a query, a token, a body,
an address, a name, the User-Agent itself or a path with an id in it. This wraps the whole application, so that 404s
and preflights count.
"""

import logging
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from msgspec import Struct

from api.edge.lines import Lines
from api.settings import Settings

REQUEST_ID: Final = "touchline_request_id"
CALLER: Final = "touchline_caller"
COUNTS: Final = "touchline_counts"
"""Where a route leaves numbers for its line: names of `Line`'s last members."""
FAILURE: Final = "touchline_failure"
"""Where an answer of 5xx leaves what it came of."""
UNROUTED: Final = "(no route)"

HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-site",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'",
    "Vary": "Accept-Encoding, Authorization, Origin",
}
"""On every answer that does not set its own; a route's `Vary` is added to."""
STRICT_TRANSPORT: Final = "max-age=31536000"
FAILED: Final = 400
"""The statuses from here on are errors, which no cache keeps."""
BACKOFF: Final = b"touchline-backoff"
MOBILE: Final = (b"Mobi", b"Android", b"iPad")
"""What browsers of phones and tablets say of themselves."""

LINES: Final = Lines()
"""Where the lines of requests go."""


class Line(Struct, frozen=True, omit_defaults=True):
    """One request, as the log has it."""

    request_id: str
    method: str
    route: str
    status: int
    ms: float
    at: datetime
    level: str
    event: str
    club: str | None = None
    device: str | None = None
    agent: str | None = None
    """`mobile`, `desktop`, or `other` for what is no browser."""
    mutations: int | None = None
    """Of a push: how many mutations it brought, and this is what became of them."""
    events: int | None = None
    """How many of them are about events of a match."""
    applied: int | None = None
    merged: int | None = None
    rejected: int | None = None
    parked: int | None = None
    conflicts: int | None = None


_encode: Final = msgspec.json.Encoder().encode


def request_id_of(scope: Any) -> str:  # noqa: ANN401 - any ASGI scope
    """Return the id under which a request is logged."""
    return str(scope.get(REQUEST_ID, "none"))


class Instruments(Struct, frozen=True):
    """What observing needs of the world."""

    monotonic: Callable[[], float]
    """Seconds."""
    clock: Callable[[], int]
    """Milliseconds since 1970."""
    dice: Callable[[int], bytes]
    backoff: Callable[[], int | None] = lambda: None
    """Seconds that clients are asked to wait before they come again; None where all is well."""
    write: Callable[[bytes], None] = LINES.add
    count: Callable[[str, str, int, float], None] = lambda _method, _route, _status, _seconds: None
    """Counts a request by its method, the route's template and the status; 0 where nothing was answered."""
    report: Callable[[BaseException, Any, str, int, str], None] = lambda _error, _scope, _route, _status, _id: None
    """Told of a fault: the exception, the scope, the route's template, the status, the request's id."""


def observed(app: ASGIApp, settings: Settings, tools: Instruments) -> ASGIApp:
    """Wrap an application: each request gets an id, headers and a line in the log."""
    constant = {**HEADERS, **({"Strict-Transport-Security": STRICT_TRANSPORT} if settings.is_production else {})}
    wanted = {name.lower().encode(): value.encode() for name, value in constant.items()}
    wanted_of_errors = {**wanted, b"cache-control": b"no-store"}

    async def observe(scope: Scope, receive: Receive, send: Send) -> None:
        values: Any = scope
        if values["type"] != ScopeType.HTTP:
            try:
                await app(scope, receive, send)
            except Exception as error:
                tools.report(error, values, route_of(values), 0, "")
                raise
            if values["type"] == "lifespan":
                LINES.close()
            return
        began = tools.monotonic()
        request_id = values[REQUEST_ID] = tools.dice(8).hex()
        status = 0

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                lacking = wanted if status < FAILED else wanted_of_errors
                message["headers"] = _complete(message.get("headers", ()), lacking, request_id, tools.backoff())
            await send(message)

        try:
            await app(scope, receive, note)
        except Exception as error:
            values[FAILURE] = error
            raise
        finally:
            if FAILURE in values:
                tools.report(values[FAILURE], values, route_of(values), status, request_id)
            took_s = tools.monotonic() - began
            tools.count(values["method"], route_of(values), status, took_s)
            tools.write(_line(values, status, took_s * 1_000, tools.clock()))

    return observe


def _complete(given: Any, wanted: dict[bytes, bytes], request_id: str, wait_s: int | None) -> list[tuple[bytes, bytes]]:  # noqa: ANN401 - ASGI
    """Return the headers of an answer with those that it lacks."""
    headers = [(name.lower(), value) for name, value in given]
    own = dict(headers)
    if b"vary" in own:
        named = {each.strip() for name, value in headers if name == b"vary" for each in value.split(b",")}
        named |= {each.strip() for each in wanted[b"vary"].split(b",")}
        headers = [each for each in headers if each[0] != b"vary"]
        headers.append((b"vary", b", ".join(sorted(named))))
    headers += [each for each in wanted.items() if each[0] not in own]
    headers.append((b"x-request-id", request_id.encode()))
    if wait_s is not None:
        headers.append((BACKOFF, str(wait_s).encode()))
    return headers


def route_of(scope: dict[str, Any]) -> str:
    """Return the template of the route that a request went to, without any value of its own."""
    return scope.get("path_template") or ("/" if scope.get("route_handler") is not None else UNROUTED)


def _line(scope: dict[str, Any], status: int, took_ms: float, now_ms: int) -> bytes:
    caller = scope.get(CALLER)
    line = Line(
        request_id=scope[REQUEST_ID],
        method=scope["method"][:10],
        route=route_of(scope),
        status=status,
        ms=round(took_ms, 1),
        at=datetime.fromtimestamp(now_ms / 1_000, UTC),
        level="info",
        event="request",
        club=None if caller is None else caller.club_id,
        device=None if caller is None else caller.device_id,
        agent=agent_of(scope.get("headers", ())),
        **scope.get(COUNTS, {}),
    )
    return _encode(line) + b"\n"


def agent_of(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """Return what kind of program asks, in one word of ours; None where it does not say."""
    told = next((value for name, value in headers if name == b"user-agent"), None)
    if told is None:
        return None
    if not told.startswith(b"Mozilla/"):
        return "other"
    return "mobile" if any(word in told for word in MOBILE) else "desktop"


def configure_logs() -> None:
    """Write all logs as lines of JSON to standard error, the libraries' too; below a warning the server's are silent.

    uvicorn tells the path and query of each WebSocket at the level of information, and those may hold secrets.
    """
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[_drop_meta, _render])
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("touchline").setLevel(logging.INFO)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


_drop_meta: Final = structlog.stdlib.ProcessorFormatter.remove_processors_meta
_render: Final = structlog.processors.JSONRenderer()
