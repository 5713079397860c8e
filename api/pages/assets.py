"""A file on its way out: its ETag, its codings and the answer 304.

Files are compressed when they are first asked for in a coding, and kept so. Of what a browser takes equally, brotli
comes first: on files of this size it is 7 % smaller than zstd. With a window of their size its level 9 takes 0.2 ms a
file, so the first visitor after a release waits for nothing; level 11 is 7 % smaller again, and takes a second for all.
"""

import base64
import gzip
import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

import brotli  # type: ignore[import-untyped]  # pyright: ignore[reportMissingTypeStubs]
import zstandard
from litestar import Response
from msgspec import Struct, field

from api.edge.compression import TYPES, choose
from api.resources.views import is_known

_brotli: Final[Callable[..., bytes]] = cast("Any", brotli).compress
CODINGS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "br": lambda body: _brotli(body, quality=9, lgwin=16),
    "zstd": lambda body: zstandard.ZstdCompressor(level=12).compress(body),
    "gzip": lambda body: gzip.compress(body, 9, mtime=0),
}
"""Those of the edge, the smallest first, and smaller than there."""


class Asset(Struct, frozen=True):
    """A file that is served."""

    media_type: str
    body: bytes
    digest: bytes
    """SHA-256 of the body."""
    headers: Mapping[str, str]
    """What its answers say beside the usual."""
    _coded: dict[str, bytes] = field(default_factory=dict[str, bytes])

    @property
    def etag(self) -> str:
        """Return the ETag: of the content, and so the same in every coding, process and release."""
        return f'"{self.digest.hex()[:32]}"'

    @property
    def integrity(self) -> str:
        """Return what a browser can check the body by (Subresource Integrity)."""
        return f"sha256-{base64.b64encode(self.digest).decode()}"

    def coded(self, coding: str) -> bytes:
        """Return the body in a coding, or as it is where that would not be smaller."""
        if coding not in self._coded:
            shrunk = self.body
            if TYPES.fullmatch(self.media_type.encode()):
                shrunk = min(CODINGS[coding](self.body), self.body, key=len)
            self._coded[coding] = shrunk
        return self._coded[coding]


def make_asset(media_type: str, body: bytes, headers: Mapping[str, str]) -> Asset:
    """Return a file, ready to be served."""
    return Asset(media_type, body, hashlib.sha256(body).digest(), headers)


def answer(asset: Asset, asked: Mapping[str, str], more: Mapping[str, str]) -> Response[bytes]:
    """Return a file in the coding that was asked for; 304 without a body where the asker has it.

    As everywhere here, an ETag is the same in every coding, and `Vary` keeps them apart.
    """
    headers = {**asset.headers, **more, "ETag": asset.etag}
    if is_known(asked.get("if-none-match", ""), asset.etag):
        return Response(b"", status_code=304, headers=headers)
    coding = choose(asked.get("accept-encoding", "").encode("latin-1"), tuple(CODINGS))
    body = asset.body if coding is None else asset.coded(coding)
    if coding is not None and body is not asset.body:
        headers["Content-Encoding"] = coding
    return Response(body, media_type=asset.media_type, headers=headers)
