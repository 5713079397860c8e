"""Origins: which other web apps may read the answers, and which may open live sockets; exact, from the settings.

An origin is compared as a whole, never by its parts and never reflected unread. Nothing here says `credentials`: there
are no cookies, and a token is only where an app put it. The server's own pages need no entry.
"""

from collections.abc import Mapping
from typing import Any, Final

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from api.edge.addresses import Addresses
from api.settings import Settings

AGE_S: Final = 600
"""Seconds a browser remembers what it was allowed."""
METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
REQUEST_HEADERS: Final = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Last-Event-ID",
)
"""What an app may send, beside what browsers let every page send."""
ANSWER_HEADERS: Final = (
    "ETag",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "Touchline-Backoff",
    "X-Request-Id",
)
"""What an app may read, beside what browsers let every page read."""

_PREFLIGHT: Final = (
    (b"access-control-allow-methods", ", ".join(METHODS).encode()),
    (b"access-control-allow-headers", ", ".join(REQUEST_HEADERS).encode()),
    (b"access-control-max-age", str(AGE_S).encode()),
)
_EXPOSED: Final = (b"access-control-expose-headers", ", ".join(ANSWER_HEADERS).encode())
_VARY: Final = (b"vary", b"Origin, Access-Control-Request-Method, Access-Control-Request-Headers")


def shared_with(app: ASGIApp, settings: Settings) -> ASGIApp:
    """Wrap an application: the origins of CORS_ORIGINS may read its answers, and preflights are answered here."""
    allowed = {origin.encode() for origin in settings.cors_origins}

    async def share(scope: Scope, receive: Receive, send: Send) -> None:
        values: Any = scope
        origin = _only(values, b"origin") if values["type"] == "http" else None
        if origin is None:
            await app(scope, receive, send)
            return
        granted = [(b"access-control-allow-origin", origin)] if origin in allowed else []
        if values["method"] == "OPTIONS" and _only(values, b"access-control-request-method") is not None:
            await _answer(send, [*granted, *(_PREFLIGHT if granted else ()), _VARY])
            return
        await app(scope, receive, _with_headers(send, [*granted, _EXPOSED]) if granted else send)

    return share


def _with_headers(send: Send, more: list[tuple[bytes, bytes]]) -> Send:
    async def add(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *more]
        await send(message)

    return add


async def _answer(send: Any, headers: list[tuple[bytes, bytes]]) -> None:  # noqa: ANN401 - ASGI
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def is_allowed_origin(scope: Any, settings: Settings, addresses: Addresses) -> bool:  # noqa: ANN401 - any ASGI scope
    """Tell whether a handshake may go on: its one `Origin` is the server's own, or in WEBSOCKET_ORIGINS.

    A handshake without an origin is refused too: browsers always send one, and other clients may set it to the
    server's address.
    """
    found = _only(scope, b"origin")
    if found is None:
        return False
    origin = found.decode("latin-1")
    return origin in settings.websocket_origins or origin in _own(scope, addresses)


def _own(scope: Mapping[str, Any], addresses: Addresses) -> set[str]:
    """Return the server's own origins, by the one `Host` it was asked under.

    Behind a proxy that ends TLS the connection itself is plain, so https is always among them; http only where no
    trusted proxy says that the person came by https.
    """
    host = _only(scope, b"host")
    if not host:
        return set()
    name = host.decode("latin-1").lower()
    forwarded = _only(scope, b"x-forwarded-proto") if addresses.is_proxy(scope) else None
    is_secure = scope.get("scheme") in {"wss", "https"} or forwarded == b"https"
    return {f"https://{name.removesuffix(':443')}"} | (set() if is_secure else {f"http://{name.removesuffix(':80')}"})


def _only(scope: Mapping[str, Any], name: bytes) -> bytes | None:
    """Return the value of a header that was sent once, None for one that was not, or twice."""
    found = [value for key, value in scope["headers"] if key == name]
    return found[0] if len(found) == 1 else None
