"""Compression: answers leave in zstd, brotli or gzip, as the client asks, where it helps and gives nothing away.

Of what a client takes equally, zstd comes first: measured on a page of 48 KiB it is as small as brotli's level 4 (an
eighth) for a quarter of the time (70 us). Answers that hold a token or a link's secret are never compressed: whoever
can put text of their own beside a secret could read it off the length.

An ETag stays as it is in every coding. It names a record's version, which If-Match sends back, and not the bytes;
`Vary` keeps the codings apart in caches, and there are no ranges to put together wrongly.
"""

import asyncio
import gzip
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final, cast

import brotli  # type: ignore[import-untyped]  # pyright: ignore[reportMissingTypeStubs]
import zstandard
from litestar.types import ASGIApp, Message, Receive, Scope, Send

SIZE_MIN: Final = 1_024
"""Bytes below which a body travels in the same packets anyway."""
INLINE_MAX: Final = 256 * 1_024
"""Bytes up to which compressing takes less than two milliseconds; larger bodies are given to a thread."""
ASKED_MAX: Final = 1_000
"""Bytes of an Accept-Encoding that is read."""

BROTLI_LEVEL: Final = 4
GZIP_LEVEL: Final = 5
ZSTD_LEVEL: Final = 3

_brotli: Final[Callable[..., bytes]] = cast("Any", brotli).compress

CODINGS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "zstd": lambda body: zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(body),
    "br": lambda body: _brotli(body, quality=BROTLI_LEVEL),
    "gzip": lambda body: gzip.compress(body, GZIP_LEVEL, mtime=0),
}
"""What is offered, the best first."""

TYPES: Final = re.compile(
    rb"(?:text/(?!event-stream)[a-z0-9.+-]+|application/(?:[a-z0-9.+-]+\+)?json|application/javascript|image/svg\+xml)"
    rb"\s*(?:;.*)?",
    re.IGNORECASE | re.DOTALL,
)
"""Media types that shrink; streams of events do not wait for a compressor."""

SECRETS: Final = frozenset({"access_token", "refresh_token", "secret", "token", "share_url", "invitation_url"})
"""Members of an answer that nobody may read off its length. A route may also say `"secret": True` in its opt."""

_ELEMENT: Final = re.compile(
    r"\s*([a-z0-9*!#$%&'+.^_`|~-]+)\s*(?:;\s*q\s*=\s*(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*)?", re.IGNORECASE
)


def compressed(app: ASGIApp) -> ASGIApp:
    """Wrap an application: what it answers in one piece is compressed where that helps; streams pass as they are."""

    async def compress(scope: Scope, receive: Receive, send: Send) -> None:
        values: Any = scope
        if values["type"] != "http":
            await app(scope, receive, send)
            return
        coding = choose(next((value for name, value in values["headers"] if name == b"accept-encoding"), b""))
        await app(scope, receive, send if coding is None else _compressing(values, send, coding))

    return compress


def _compressing(scope: Mapping[str, Any], send: Any, coding: str) -> Send:  # noqa: ANN401 - ASGI
    held: list[Message] = []

    async def pass_on(message: Any) -> None:  # noqa: ANN401 - ASGI
        if message["type"] == "http.response.start" and may_compress(scope, message["headers"], message["status"]):
            held.append(message)
            return
        if held:
            start: Any = held.pop()
            if not message.get("more_body") and len(message["body"]) >= SIZE_MIN:
                message = {**message, "body": await _shrink(message["body"], coding)}
                start = {**start, "headers": _headers(start["headers"], coding, len(message["body"]))}
            await send(start)
        await send(message)

    return pass_on


def may_compress(scope: Mapping[str, Any], headers: list[tuple[bytes, bytes]], status: int) -> bool:
    """Tell whether an answer may be compressed, as far as its head tells."""
    handler = scope.get("route_handler")
    if status < 200 or status in {204, 304} or scope["method"] == "HEAD":  # noqa: PLR2004 - no body
        return False
    if handler is not None and holds_secret(handler.opt):
        return False
    named = {name.lower(): value for name, value in headers}
    return b"content-encoding" not in named and bool(TYPES.fullmatch(named.get(b"content-type", b"")))


def holds_secret(opt: Mapping[str, Any]) -> bool:
    """Tell whether a route answers with a secret: by its own word, or by a member of its answer."""
    fields = getattr(opt.get("answer"), "__struct_fields__", ())
    return bool(opt.get("secret")) or not SECRETS.isdisjoint(fields)


def _headers(headers: list[tuple[bytes, bytes]], coding: str, size: int) -> list[tuple[bytes, bytes]]:
    kept = [(name, value) for name, value in headers if name.lower() != b"content-length"]
    return [*kept, (b"content-length", str(size).encode()), (b"content-encoding", coding.encode())]


async def _shrink(body: bytes, coding: str) -> bytes:
    """Compress; the libraries let other threads work meanwhile."""
    if len(body) <= INLINE_MAX:
        return CODINGS[coding](body)
    return await asyncio.to_thread(CODINGS[coding], body)


@lru_cache(1_024)
def choose(asked: bytes, among: tuple[str, ...] = tuple(CODINGS)) -> str | None:
    """Return the coding that an Accept-Encoding asks for, None for none (RFC 9110, 12.5.3).

    The greatest weight wins, then the order of `among`. A weight of 0 refuses, `*` stands for what is not named, and
    an element that is not understood is passed over. A client that refuses everything gets the answer as it is.
    """
    weights = _weights(asked)
    others = weights.get("*", 0.0)
    offered = {coding: weights.get(coding, others) for coding in among}
    best = max(offered, key=offered.__getitem__)
    return best if offered[best] > 0 and offered[best] >= weights.get("identity", 0.0) else None


def _weights(asked: bytes) -> dict[str, float]:
    weights: dict[str, float] = {}
    for element in asked[:ASKED_MAX].decode("latin-1").split(","):
        found = _ELEMENT.fullmatch(element)
        if found is not None:
            name = found[1].lower().removeprefix("x-")
            weights[name] = float(found[2]) if found[2] else 1.0
    return weights
