"""Other origins: exactly those that the settings name may read answers or open sockets, and nothing is reflected."""

from pathlib import Path
from typing import Any

import pytest
from litestar.routes import HTTPRoute
from msgspec.structs import replace

from api.app import Services, create_app
from api.edge.addresses import Addresses
from api.edge.origins import ANSWER_HEADERS, METHODS, REQUEST_HEADERS, is_allowed_origin, shared_with
from api.settings import Mode, Settings, read_settings
from tests.api.edge.asgi import exchange, headers_of, piece, request, start
from tests.api.people import client_of

ORIGIN = "https://club.example"
SETTINGS = Settings(
    host="127.0.0.1",
    port=0,
    data_dir=Path("nowhere"),
    mode=Mode.DEVELOPMENT,
    cors_origins=(ORIGIN, "http://localhost:5173"),
    websocket_origins=(ORIGIN,),
)

OTHERS = (
    "null",
    "",
    "*",
    "https://club.example.evil.example",
    "https://evilclub.example",
    "https://evil.example/https://club.example",
    "https://club.example:443",
    "https://club.example:8443",
    "https://club.example/",
    "https://CLUB.example",
    "http://club.example",
    "https://sub.club.example",
    "https://club-example",
    "https://clubxexample",
    "https://user@club.example",
    "https://club.example\x00",
    " https://club.example",
    "https://club.example, https://evil.example",
    "file://",
    "http://localhost",
    "http://localhost:51730",
    "\xff",
)
"""Origins that are not the ones named, however near."""


def wrap(app: Any) -> Any:  # noqa: ANN401 - ASGI
    """Lay the settings' origins around an application."""
    return shared_with(app, SETTINGS)


@pytest.mark.parametrize("origin", [*OTHERS, None])
async def test_others_are_told_nothing(origin: str | None) -> None:
    """No header of CORS on an answer, nor on a preflight, whatever was sent."""
    given = {} if origin is None else {"origin": origin}
    sent = await exchange(wrap, request(**given), start(etag='"1"'), piece(b"x"))
    assert headers_of(sent[0]) == {"etag": '"1"'}
    preflight = request("OPTIONS", access_control_request_method="GET", **given)
    asked = await exchange(wrap, preflight, start(405), piece(b""))
    assert asked[0]["status"] == (405 if origin is None else 204)
    assert not any(name.startswith("access-control-") for name in headers_of(asked[0]))


@pytest.mark.parametrize("origin", SETTINGS.cors_origins)
async def test_those_that_are_named(origin: str) -> None:
    """The origin itself is let in, without credentials, and may read the headers that clients work with."""
    sent = await exchange(wrap, request(origin=origin), start(200), piece(b"x"))
    headers = headers_of(sent[0])
    assert headers["access-control-allow-origin"] == origin
    assert headers["access-control-expose-headers"] == ", ".join(ANSWER_HEADERS)
    assert "access-control-allow-credentials" not in headers


@pytest.mark.parametrize("method", METHODS)
async def test_preflights(method: str) -> None:
    """Each method, with each header that the API reads, is allowed before the application is asked."""
    asked = request("OPTIONS", origin=ORIGIN, access_control_request_method=method)
    sent = await exchange(wrap, asked, start(500), piece(b""))
    headers = headers_of(sent[0])
    assert sent[0]["status"] == 204
    assert headers["access-control-allow-origin"] == ORIGIN
    assert method in headers["access-control-allow-methods"].split(", ")
    assert headers["access-control-allow-headers"].split(", ") == list(REQUEST_HEADERS)
    assert "Origin" in headers["vary"]


async def test_two_origins_are_none() -> None:
    """A request that names its origin twice is nobody's."""
    asked = request(origin=ORIGIN)
    asked["headers"].append((b"origin", ORIGIN.encode()))
    sent = await exchange(wrap, asked, start(200), piece(b"x"))
    assert headers_of(sent[0]) == {}


async def test_every_method_of_every_route_may_be_asked(settings: Settings, services: Services) -> None:
    """No route takes a method that a preflight would refuse."""
    app = create_app(settings, services)
    for route in app.routes:
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else ():
            assert {str(method) for method in handler.http_methods} <= {*METHODS, "OPTIONS", "HEAD"}


async def test_errors_may_be_read(settings: Settings, services: Services) -> None:
    """A 404, a 401 and a preflight for an unknown address carry the origin too, and name it for caches."""
    async with client_of(create_app(replace(settings, cors_origins=(ORIGIN,)), services)) as client:
        for path in ("/api/nothing", "/api/sync/pull"):
            answer = await client.get(path, headers={"origin": ORIGIN})
            assert answer.status_code in {401, 404}
            assert answer.headers["access-control-allow-origin"] == ORIGIN
            assert "Origin" in answer.headers["vary"]
        preflight = {"origin": ORIGIN, "access-control-request-method": "PATCH"}
        assert (await client.options("/api/nothing", headers=preflight)).status_code == 204


def handshake(origin: str | None, host: str | None = "touchline.example", **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return the scope of a handshake."""
    headers = [] if origin is None else [(b"origin", origin.encode("latin-1"))]
    headers += [] if host is None else [(b"host", host.encode())]
    headers += [(b"x-forwarded-proto", more.pop("proto").encode())] if "proto" in more else []
    return {"type": "websocket", "scheme": "ws", "headers": headers, "client": ("203.0.113.9", 1), **more}


PROXIED = Addresses(read_settings({"TRUSTED_PROXIES": "10.0.0.0/8"}).trusted_proxies)
BEHIND = {"client": ("10.0.0.7", 1)}


@pytest.mark.parametrize(
    ("scope", "is_allowed"),
    [
        (handshake(ORIGIN), True),
        (handshake("https://touchline.example"), True),
        (handshake("http://touchline.example"), True),
        (handshake("http://touchline.example", scheme="wss"), False),
        ({**handshake("http://touchline.example", proto="https"), **BEHIND}, False),
        ({**handshake("https://touchline.example", proto="https"), **BEHIND}, True),
        (handshake("http://touchline.example", proto="https"), True),
        (handshake("http://127.0.0.1:8000", "127.0.0.1:8000"), True),
        (handshake("http://127.0.0.1:8001", "127.0.0.1:8000"), False),
        (handshake("http://touchline.example", "touchline.example:80"), True),
        (handshake("https://touchline.example", "touchline.example:443"), True),
        (handshake("https://touchline.example", "TOUCHLINE.example"), True),
        (handshake("https://touchline.example:8443", "touchline.example"), False),
        (handshake("https://touchline.example.evil.example"), False),
        (handshake("https://evil.example"), False),
        (handshake(None), False),
        (handshake("null"), False),
        (handshake(""), False),
        (handshake("https://"), False),
        (handshake("https://", ""), False),
        (handshake("https://touchline.example", None), False),
        *((handshake(other), False) for other in OTHERS),
    ],
)
def test_sockets(scope: dict[str, Any], is_allowed: bool) -> None:
    """The server's own origin or one that is named, by one header; missing, `null` and near ones are refused."""
    assert is_allowed_origin(scope, SETTINGS, PROXIED) is is_allowed


def test_two_hosts_are_none() -> None:
    """Neither of two `Host` headers makes an origin the server's own."""
    scope = handshake("https://evil.example", "touchline.example")
    scope["headers"].append((b"host", b"evil.example"))
    assert not is_allowed_origin(scope, SETTINGS, PROXIED)
