"""The edge over real connections: handshakes, framing and heads, as the server that is shipped treats them."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace
from websockets.exceptions import InvalidStatus

from api.app import Services
from api.edge.connections import HEADERS_BYTES_MAX
from api.edge.rates import BUDGETS
from api.settings import Settings
from tests.api.live.nodes import Node, listening


@pytest.fixture
async def strict(settings: Settings, services: Services) -> AsyncIterator[Node]:
    """Give a server with so small a factor that a network has one handshake a minute."""
    given = replace(settings, rate_factor=1 / BUDGETS["sockets"].per_address)
    async with listening(given, services) as opened:
        yield opened


async def say(node: Node, text: bytes) -> bytes:
    """Send bytes, and return all that comes until the server closes or has answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", node.port)
    writer.write(text)
    answer = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    return answer


async def test_a_handshake_too_many(strict: Node) -> None:
    """The second one of a minute is a 429 with a problem and the seconds that are left, before any socket opens."""
    async with strict.dial():
        with pytest.raises(InvalidStatus) as refused:
            async with strict.dial():
                pass
    response = refused.value.response
    assert response.status_code == 429
    assert 1 <= int(response.headers["retry-after"]) <= 61
    assert response.headers["ratelimit-policy"] == '"sockets";q=1;w=60'
    assert json.loads(response.body or b"")["code"] == "too_many_requests"


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", "http://127.0.0.1"])
async def test_a_handshake_from_elsewhere(strict: Node, origin: str | None) -> None:
    """403 before the socket opens: missing, `null`, another site, another port."""
    with pytest.raises(InvalidStatus) as refused:
        async with strict.dial(origin=origin):
            pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n", 200),
        (b"GET /health/live HTTP/1.1\r\nhost: x\r\na: " + b"x" * HEADERS_BYTES_MAX + b"\r\n\r\n", 431),
        (b"GET /health/live HTTP/1.1\r\nhost: x\r\n" + b"a: 1\r\n" * 200 + b"\r\n", 431),
        (b"nonsense\r\n\r\n", 400),
        (b"POST /api/auth/login HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n", 400),
        (b"POST /api/auth/login HTTP/1.1\r\nhost: x\r\ncontent-length: -5\r\n\r\n", 400),
    ],
)
async def test_heads(strict: Node, text: bytes, status: int) -> None:
    """What is no request, or one with too large a head, is told so in one answer."""
    answer = await say(strict, text)
    assert int(answer.split()[1]) == status
    assert b"x-content-type-options: nosniff" in answer.lower()
    assert b"server:" not in answer.lower()
