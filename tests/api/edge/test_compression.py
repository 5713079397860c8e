"""Answers shrink as the client asks, and never where their length would give a secret away."""

import gzip
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import brotli  # type: ignore[import-untyped]
import httpx
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar
from litestar.routes import HTTPRoute

from api.app import Services, create_app
from api.edge.compression import CODINGS, INLINE_MAX, SECRETS, SIZE_MIN, choose, compressed, holds_secret
from api.settings import Settings
from tests.api.edge.asgi import exchange, headers_of, piece, request, start, start_with
from tests.api.people import Person, client_of, put, some_id

JSON = {"content-type": "application/json"}
UNFOLD: Mapping[str, Callable[[bytes], bytes]] = {
    "zstd": lambda body: zstandard.ZstdDecompressor().decompress(body),
    "br": brotli.decompress,
    "gzip": gzip.decompress,
}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("", None),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("GZIP", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate, br", "br"),
        ("gzip, deflate", "gzip"),
        ("gzip;q=0", None),
        ("gzip;q=0.000", None),
        ("gzip;q=0.001", "gzip"),
        ("br;q=0.2, gzip;q=0.8", "gzip"),
        ("br;q=1.0,gzip;q=1", "br"),
        ("*", "zstd"),
        ("*;q=0", None),
        ("*, zstd;q=0", "br"),
        ("zstd;q=0, br;q=0, *;q=0.5", "gzip"),
        ("identity", None),
        ("identity;q=1, gzip;q=0.5", None),
        ("identity;q=0.5, gzip;q=1.0", "gzip"),
        ("identity;q=0", None),
        ("identity;q=0, *;q=0", None),
        ("deflate, compress", None),
        ("gzip;q=2", None),
        ("gzip;q=nan", None),
        ("gzip;q=-1", None),
        ("gzip;level=9", None),
        ("gzip ; q = 0.5", "gzip"),
        ("mygzip, brotli", None),
        (",,gzip,,", "gzip"),
        ("x" * 5_000 + ",gzip", None),
    ],
)
def test_what_is_chosen(asked: str, expected: str | None) -> None:
    """Weights are read as RFC 9110 says; a weight of 0 refuses, and what is not understood is passed over."""
    assert choose(asked.encode()) == expected


@given(st.binary(max_size=200))
def test_any_header_is_taken(asked: bytes) -> None:
    """No Accept-Encoding is an error."""
    assert choose(asked) in {None, *CODINGS}


async def answer(
    body: bytes,
    headers: dict[str, str],
    asked: str = "gzip",
    *,
    status: int = 200,
    secret: bool = False,
    method: str = "GET",
) -> tuple[dict[str, str], bytes]:
    """Return the headers and the body that leave an application of one answer."""
    handler = SimpleNamespace(opt={"secret": secret})
    scope = {**request(method, accept_encoding=asked), "route_handler": handler}
    [head, rest] = await exchange(compressed, scope, start_with(status, headers), piece(body))
    return headers_of(head), rest["body"]


@pytest.mark.parametrize("coding", list(CODINGS))
@pytest.mark.parametrize("size", [SIZE_MIN, INLINE_MAX, INLINE_MAX + 1])
async def test_each_coding_unfolds_to_what_it_was(coding: str, size: int) -> None:
    """On the loop and on a thread: the bytes come back, and the length that is told is that of what is sent."""
    body = (b'{"kind":"goal","clock_ms":12345}' * (size // 32 + 1))[:size]
    headers, sent = await answer(body, {**JSON, "content-length": str(size), "etag": '"12"'}, coding)
    assert headers["content-encoding"] == coding
    assert headers["content-length"] == str(len(sent))
    assert headers["etag"] == '"12"'
    assert len(sent) < size
    assert UNFOLD[coding](sent) == body


LARGE = b"x" * SIZE_MIN


@pytest.mark.parametrize(
    ("body", "headers", "more"),
    [
        (LARGE[1:], JSON, {}),
        (LARGE, {"content-type": "image/png"}, {}),
        (LARGE, {"content-type": "text/event-stream"}, {}),
        (LARGE, {}, {}),
        (LARGE, {**JSON, "content-encoding": "br"}, {}),
        (b"", JSON, {"status": 304}),
        (LARGE, JSON, {"method": "HEAD"}),
        (LARGE, JSON, {"secret": True}),
        (LARGE, JSON, {"asked": "gzip;q=0"}),
    ],
)
async def test_what_stays_as_it_is(body: bytes, headers: dict[str, str], more: dict[str, Any]) -> None:
    """Small ones, pictures, streams, what is compressed, what has no body, what is secret, what nobody asked for."""
    assert await answer(body, headers, **more) == (headers, body)


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "application/problem+json",
        "application/vnd.oai.openapi+json",
        "text/html; charset=utf-8",
        "text/css",
        "text/javascript",
        "text/csv",
        "image/svg+xml",
        "application/manifest+json",
    ],
)
async def test_types_that_shrink(kind: str) -> None:
    """Everything that is text."""
    headers, _ = await answer(LARGE, {"content-type": kind})
    assert headers["content-encoding"] == "gzip"


async def test_streams_pass_as_they_come() -> None:
    """What is sent in pieces is not held back."""
    sent = [start(content_type="text/csv"), piece(LARGE, more=True), piece(b"")]
    assert await exchange(compressed, request(accept_encoding="gzip"), *sent) == sent


async def test_sockets_pass() -> None:
    """Nothing but HTTP is looked at."""
    sent = [{"type": "websocket.accept"}]
    assert await exchange(compressed, {"type": "websocket"}, *sent) == sent


@pytest.fixture
async def app(settings: Settings, services: Services) -> Litestar:
    """Give the application."""
    return create_app(settings, services)


async def test_a_page_of_the_log(client: httpx.AsyncClient, coach: Person) -> None:
    """The same page in each coding, told apart for caches; httpx unfolds it."""
    await coach.push(*(put("teams", some_id(), name=f"Reds {n}") for n in range(20)))
    plain = await coach.ask("GET", "/api/sync/pull", headers={"accept-encoding": "identity"})
    for coding in CODINGS:
        page = await coach.ask("GET", "/api/sync/pull", headers={"accept-encoding": coding})
        assert page.headers["content-encoding"] == coding
        assert page.json()["changes"] == plain.json()["changes"]
        assert "Accept-Encoding" in page.headers["vary"]
    assert "content-encoding" not in plain.headers


async def test_tokens_are_never_compressed(app: Litestar) -> None:
    """Each route whose answer has a member that is a secret is known as one, however it was declared."""
    found = 0
    for route in app.routes:
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else ():
            fields = set(getattr(handler.opt.get("answer"), "__struct_fields__", ()))
            is_secret = any(word in name for name in fields for word in ("token", "secret", "password"))
            found += is_secret
            assert not is_secret or holds_secret(handler.opt), f"{handler} answers with {fields}; add SECRETS or opt"
    assert found >= 3
    assert {"access_token", "refresh_token", "secret"} <= SECRETS


async def test_signing_in_stays_plain(app: Litestar, coach: Person) -> None:
    """A login's answer has its full length in every coding."""
    async with client_of(app) as client:
        asked = {"refresh_token": coach.tokens["refresh_token"]}
        answer = await client.post("/api/auth/refresh", json=asked, headers={"accept-encoding": "gzip, br, zstd"})
    assert answer.status_code == 200
    assert "content-encoding" not in answer.headers
