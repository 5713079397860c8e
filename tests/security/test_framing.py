"""Framing, past every client library, against a server that listens: one request is read in one way, or refused."""

import asyncio
import re

import pytest

from api.app import Services
from api.settings import Settings
from tests.api.live.nodes import listening

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(120)]

HEAD = b"POST /api/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
SMUGGLED = b"GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"

REFUSED = {
    "CL and TE": HEAD + b"content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "TE and CL": HEAD + b"transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n",
    "two CLs": HEAD + b"content-length: 2\r\ncontent-length: 3\r\n\r\n{}",
    "two lengths in one": HEAD + b"content-length: 2, 3\r\n\r\n{}",
    "negative": HEAD + b"content-length: -1\r\n\r\n",
    "2^70": HEAD + b"content-length: 1180591620717411303424\r\n\r\n",
    "hexadecimal": HEAD + b"content-length: 0x2\r\n\r\n{}",
    "with a sign": HEAD + b"content-length: +2\r\n\r\n{}",
    "TE of another kind": HEAD + b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
    "TE twice": HEAD + b"transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n0\r\n\r\n",
    "a tab before TE": HEAD + b"transfer-encoding\t: chunked\r\n\r\n0\r\n\r\n",
    "a space before the colon": HEAD + b"content-length : 2\r\n\r\n{}",
    "a folded header": HEAD + b"transfer-encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "a chunk of no size": HEAD + b"transfer-encoding: chunked\r\n\r\nzz\r\n\r\n",
    "a negative chunk": HEAD + b"transfer-encoding: chunked\r\n\r\n-1\r\n\r\n",
    "a chunk of 2^70": HEAD + b"transfer-encoding: chunked\r\n\r\n400000000000000000\r\n",
    "NUL in a header": HEAD + b"x: a\0b\r\n\r\n",
    "NUL in a name": HEAD + b"x\0y: a\r\n\r\n",
    "a bare CR": HEAD + b"x: a\rcontent-length: 2\r\n\r\n{}",
    "no colon": HEAD + b"nonsense\r\n\r\n",
    "another protocol": b"GET / HTTP/9.9\r\nhost: x\r\n\r\n",
    "a method of bytes": b"\xff\xfe / HTTP/1.1\r\nhost: x\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 40,
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a flood of headers": HEAD + b"".join(b"x-%d: 1\r\n" % n for n in range(5_000)) + b"\r\n",
    "a header of a megabyte": HEAD + b"x: " + b"a" * 2**20 + b"\r\n\r\n",
    "an address of a megabyte": b"GET /" + b"a" * 2**20 + b" HTTP/1.1\r\nhost: x\r\n\r\n",
}
"""What two servers could read in two ways, or what no server should read at all."""


async def say(port: int, text: bytes) -> bytes:
    """Say something on a connection of its own, and return all that comes back until it is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(text)
        await writer.drain()
        return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


def statuses_of(answered: bytes) -> list[bytes]:
    """Return the status of each answer on a connection."""
    return re.findall(rb"HTTP/1\.1 (\d{3}) ", answered)


async def test_one_framing(settings: Settings, services: Services) -> None:
    """4xx or a closed line, never 2xx or 5xx; what follows on the same connection is not answered as a request."""
    wrong: list[str] = []
    async with listening(settings, services) as node:
        for name, text in REFUSED.items():
            answered = await say(node.port, text + SMUGGLED)
            statuses = statuses_of(answered)
            if len(statuses) > 1 or not all(each.startswith(b"4") for each in statuses):
                wrong.append(f"{name}: {statuses}")
        good = await say(node.port, SMUGGLED)
    assert wrong == []
    assert good.startswith(b"HTTP/1.1 200")


async def test_a_body_that_ends_early(
    settings: Settings, services: Services, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """A phone that loses its signal in the middle of a body is no mistake of the server: nothing is logged as one."""
    async with listening(settings, services) as node:
        _, writer = await asyncio.open_connection("127.0.0.1", node.port)
        writer.write(HEAD + b"content-length: 1000\r\n\r\n{")
        writer.close()
        await writer.wait_closed()
        assert statuses_of(await say(node.port, SMUGGLED)) == [b"200"]
    assert "Traceback" not in capsys.readouterr().out
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_body_in_the_wrong_pieces(settings: Settings, services: Services) -> None:
    """A good chunked body is one request; what is behind its end is another, and is answered as that."""
    async with listening(settings, services) as node:
        chunked = HEAD + b"transfer-encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"
        answered = await say(node.port, chunked + SMUGGLED)
    assert statuses_of(answered) == [b"400", b"200"]
