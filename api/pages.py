"""The pages that the server serves itself, from a manifest of the files of `web/` that is read once, at the start.

What is served is what the manifest names: no address ever reaches the file system. The page is asked for anew each time
and answered 304 while it is the same; the files that it loads have a version in their address, made of all their bytes,
and are kept for a year. All are compressed once, as well as it goes: a page should open at a pitch with 2 KB/s.
"""

import gzip
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, cast

import brotli  # type: ignore[import-untyped]  # pyright: ignore[reportMissingTypeStubs]
import zstandard
from litestar import Request, Response, get
from litestar.params import FromPath
from msgspec import Struct

from api.edge.compression import choose
from api.errors import NotFound
from api.identity.access import PUBLIC
from api.resources.views import is_known

FOLDER: Final = Path(__file__).resolve().parents[1] / "web" / "viewer"
PAGE: Final = "index.html"
FILES: Final[Mapping[str, str]] = {
    "page.css": "text/css",
    "page.js": "text/javascript",
    "line.js": "text/javascript",
    "match.js": "text/javascript",
    "ball.svg": "image/svg+xml",
}
"""What the viewer's page loads -> its content type."""
HTML: Final = "text/html"
VERSION: Final = "{version}"
"""Stands in the page for the version of its files."""
VERSION_LENGTH: Final = 16

ASK_AGAIN: Final = "no-cache"
KEPT: Final = "public, max-age=31536000, immutable"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What a page may load. `connect-src 'self'` covers sockets to the same host; where a browser is too old to know
that, the page goes on with an event stream. The policy has no `unsafe`, so pages have no script or style in line."""

_brotli: Final[Callable[..., bytes]] = cast("Any", brotli).compress
_CODINGS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "zstd": lambda body: zstandard.ZstdCompressor(level=19).compress(body),
    "br": lambda body: _brotli(body, quality=11),
    "gzip": lambda body: gzip.compress(body, 9, mtime=0),
}
"""Those of the edge, at their best: it takes a moment at the start."""


class Asset(Struct, frozen=True):
    """A file, ready to be sent."""

    media_type: str
    etag: str
    body: bytes
    coded: Mapping[str, bytes]
    """Content coding -> the body in it, where that is smaller."""


class Pages(Struct, frozen=True):
    """The viewer's page and what it loads."""

    version: str
    page: Asset
    files: Mapping[str, Asset]


def read_pages(folder: Path = FOLDER) -> Pages:
    """Read the manifest's files. The version is of all their bytes, so modules of two versions never meet."""
    bodies = {name: (folder / name).read_bytes() for name in FILES}
    all_bytes = b"".join(b"%s\0%d\0%s" % (name.encode(), len(body), body) for name, body in sorted(bodies.items()))
    version = hashlib.sha256(all_bytes).hexdigest()[:VERSION_LENGTH]
    page = (folder / PAGE).read_text(encoding="utf-8").replace(VERSION, version)
    return Pages(
        version=version,
        page=_asset(HTML, page.encode()),
        files={name: _asset(FILES[name], body) for name, body in bodies.items()},
    )


def _asset(media_type: str, body: bytes) -> Asset:
    coded = {coding: compress(body) for coding, compress in _CODINGS.items()}
    return Asset(
        media_type=media_type,
        etag=f'"{hashlib.sha256(body).hexdigest()[:32]}"',
        body=body,
        coded={coding: shrunk for coding, shrunk in coded.items() if len(shrunk) < len(body)},
    )


PAGES: Final = read_pages()


def send(asset: Asset, headers: Mapping[str, str], asked: Mapping[str, str]) -> Response[bytes]:
    """Return a file in the coding that was asked for; 304 without a body where the asker has it.

    As everywhere here, an ETag is the same in every coding, and `Vary` keeps them apart.
    """
    answered = {**headers, "ETag": asset.etag}
    if is_known(asked.get("if-none-match", ""), asset.etag):
        return Response(b"", status_code=304, headers=answered)
    coding = choose(asked.get("accept-encoding", "").encode("latin-1"))
    body = None if coding is None else asset.coded.get(coding)
    if coding is None or body is None:
        return Response(asset.body, media_type=asset.media_type, headers=answered)
    return Response(body, media_type=asset.media_type, headers={**answered, "Content-Encoding": coding})


@get("/m", opt={**PUBLIC, "limit": "shared"}, include_in_schema=False)
async def viewer_page(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Show a match to whoever opened a share link, whose secret stands behind the # of the address."""
    headers = {"Cache-Control": ASK_AGAIN, "Content-Security-Policy": POLICY}
    return send(PAGES.page, headers, request.headers)


@get("/m/{version:str}/{name:str}", opt={**PUBLIC, "limit": "shared"}, include_in_schema=False)
async def viewer_file(version: FromPath[str], name: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
    """Give one of the files that the viewer's page loads; under another version's address it is not kept."""
    asset = PAGES.files.get(name)
    is_version = len(version) == VERSION_LENGTH and version.isascii() and version.isalnum()
    if asset is None or not is_version:
        raise NotFound("There is no such file.")
    # While servers of two versions run, the page of one may ask the other: a page that works, and keeps nothing of it.
    return send(asset, {"Cache-Control": KEPT if version == PAGES.version else ASK_AGAIN}, request.headers)


ROUTES: Final = (viewer_page, viewer_file)
