"""The routes of the pages: fixed addresses, and the files under their version.

Plain routes, so that access, budgets, headers and log lines are those of all others. They take any query: who sends a
link on adds to it (`?fbclid=...`), and it must open all the same.
"""

from collections.abc import Mapping
from typing import Any, Final

from litestar import Request, Response, route
from litestar.enums import HttpMethod
from litestar.params import FromPath

from api.errors import NotFound
from api.identity.access import PUBLIC
from api.pages.assets import answer
from api.pages.site import ASK_AGAIN, SITE, VERSION_LENGTH
from api.queries import ANY

KEPT: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
FIXED: Final = ("/", "/join", "/score", "/m", "/sw.js", "/app.webmanifest", "/favicon.ico", "/icons/{name:str}")
READ: Final = (HttpMethod.GET, HttpMethod.HEAD)
OPT: Final[Mapping[str, Any]] = {**PUBLIC, "limit": "pages", ANY: True}


@route(list(FIXED), http_method=READ, opt=OPT, include_in_schema=False)
async def page(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Give a page, the service worker, or what belongs to the installed app."""
    asset = SITE.fixed.get(request.scope["path"].rstrip("/") or "/")
    if asset is None:
        raise NotFound("There is no such file.")
    return answer(asset, request.headers, {})


@route("/v/{version:str}/{name:path}", http_method=READ, opt=OPT, include_in_schema=False)
async def file(version: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
    """Give one of the files that a page loads; under another version's address it is not kept."""
    # As it was sent: the framework tidies a path, and one thing has one address.
    name = request.scope["raw_path"].decode("latin-1").removeprefix(f"/v/{version}/")
    asset = SITE.files.get(name)
    is_version = len(version) == VERSION_LENGTH and version.isascii() and version.isalnum()
    if asset is None or not is_version:
        raise NotFound("There is no such file.")
    # While servers of two versions run, the page of one may ask the other: a page that works, and keeps nothing of it.
    return answer(asset, request.headers, KEPT if SITE.is_kept(version, name) else ASK_AGAIN)


ROUTES: Final = (page, file)
