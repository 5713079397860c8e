"""What is seen of a request: its id, one line of JSON in the log, and the headers that every answer carries.

A line tells the method, the route's template, the status, the milliseconds, the club and the device. It never holds a
query, a token, a body or a path with an id in it. This wraps the whole application, so that 404s and preflights count.
"""

import logging
import sys
from collections.abc import Callable, MutableMapping
from typing import Any, Final, cast

import structlog
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from api.settings import Settings

REQUEST_ID: Final = "touchline_request_id"
CALLER: Final = "touchline_caller"
UNROUTED: Final = "(no route)"

HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-site",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'",
}
"""On every answer that does not set its own."""
STRICT_TRANSPORT: Final = "max-age=31536000"

_log: Final = structlog.get_logger("touchline.requests")


def request_id_of(scope: Any) -> str:  # noqa: ANN401 - any ASGI scope
    """Return the id under which a request is logged."""
    return str(scope.get(REQUEST_ID, "none"))


def observed(
    app: ASGIApp, settings: Settings, *, monotonic: Callable[[], float], dice: Callable[[int], bytes]
) -> ASGIApp:
    """Wrap an application: each request gets an id, headers and a line in the log."""
    constant = {**HEADERS, **({"Strict-Transport-Security": STRICT_TRANSPORT} if settings.is_production else {})}

    async def observe(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        began = monotonic()
        values: Any = scope
        values[REQUEST_ID] = dice(8).hex()
        status = 0

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _complete(message, constant, values[REQUEST_ID])
            await send(message)

        try:
            await app(scope, receive, note)
        finally:
            _write_line(values, status, (monotonic() - began) * 1_000)

    return observe


def _complete(message: Message, constant: dict[str, str], request_id: str) -> None:
    headers = cast("MutableMapping[str, str]", MutableScopeHeaders.from_message(message))
    for name, value in constant.items():
        headers.setdefault(name, value)
    headers["X-Request-Id"] = request_id
    vary = {each.strip() for each in headers.get("Vary", "").split(",") if each.strip()}
    headers["Vary"] = ", ".join(sorted({*vary, "Origin", "Authorization"}))


def _write_line(scope: dict[str, Any], status: int, took_ms: float) -> None:
    caller = scope.get(CALLER)
    route = scope.get("path_template") or ("/" if scope.get("route_handler") is not None else UNROUTED)
    _log.info(
        "request",
        request_id=scope[REQUEST_ID],
        method=scope["method"][:10],
        route=route,
        status=status,
        ms=round(took_ms, 1),
        **({} if caller is None else {"club": caller.club_id, "device": caller.device_id}),
    )


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
