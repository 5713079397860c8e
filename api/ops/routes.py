"""The routes of the operator's page: plain HTML for whoever has its password, nothing for anybody else."""

from pathlib import Path
from typing import Any, Final

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, SkipValidation

from api.edge.addresses import Addresses
from api.errors import NotFound
from api.identity.access import PUBLIC
from api.ops.club_page import club_page
from api.ops.door import OperatorDoor
from api.ops.html import h
from api.ops.looking import Known, Looks
from api.ops.overview_page import overview_page
from api.ops.parts import HEADERS, RELOADS_S, document
from api.pages.assets import answer, make_asset
from api.pages.site import ASK_AGAIN
from api.requests import UUID_SPELLING
from api.settings import Settings

AnyRequest = Request[Any, Any, Any]
TheLooks = NamedDependency[SkipValidation[Looks]]
TheDoor = NamedDependency[SkipValidation[OperatorDoor]]
TheSettings = NamedDependency[SkipValidation[Settings]]
TheAddresses = NamedDependency[SkipValidation[Addresses]]

HTML: Final = "text/html"
OPT: Final = {**PUBLIC, "limit": "auth"}
"""Public to the middleware, since a password opens it and no token; and counted as where passwords are guessed."""
ASKS: Final = {"WWW-Authenticate": 'Basic realm="Touchline operator", charset="UTF-8"'}
STYLE_FILE: Final = Path(__file__).with_name("style.css")
STYLE: Final = make_asset("text/css", STYLE_FILE.read_bytes(), ASK_AGAIN)


@get("/ops", opt=OPT, include_in_schema=False)
async def show_overview(
    request: AnyRequest,
    operators: TheDoor,
    looks: TheLooks,
    settings: TheSettings,
    addresses: TheAddresses,
    every: FromQuery[str | None] = None,
) -> Response[bytes]:
    """Show how it is; with `every=30` the page asks again by itself."""
    if not await operators.is_open(request.scope, settings, addresses.network_of(request.scope)):
        return _asked()
    return _html(overview_page(looks, await looks.picture(), reloads=_reloads(every)))


@get("/ops/clubs/{club_id:str}", opt=OPT, include_in_schema=False)
async def show_club(
    club_id: FromPath[str],
    request: AnyRequest,
    operators: TheDoor,
    looks: TheLooks,
    settings: TheSettings,
    addresses: TheAddresses,
    every: FromQuery[str | None] = None,
) -> Response[bytes]:
    """Show one club."""
    if not await operators.is_open(request.scope, settings, addresses.network_of(request.scope)):
        return _asked()
    known = await looks.club(club_id) if UUID_SPELLING.fullmatch(club_id) else None
    if known is None or (known.value is None and known.is_fresh):
        raise NotFound("There is no such club.")
    now_ms = looks.parts.clock()
    if known.value is None:
        return _html(_away(), status=503)
    value = known.value
    return _html(club_page(Known(value, known.at_ms, is_fresh=known.is_fresh), value, now_ms, reloads=_reloads(every)))


@get("/ops/style.css", opt={**PUBLIC, "limit": "pages"}, include_in_schema=False)
async def show_style(request: AnyRequest) -> Response[bytes]:
    """Give the pages' style, which tells nothing."""
    return answer(STYLE, request.headers, {})


def _reloads(every: str | None) -> bool:
    return every == str(RELOADS_S)


def _html(body: bytes, *, status: int = 200) -> Response[bytes]:
    return Response(body, status_code=status, media_type=HTML, headers=HEADERS)


def _asked() -> Response[bytes]:
    """Ask for the password."""
    words = "Touchline asks for the operator's password. Any user name will do."
    body = document("Operator", [h("h1", "Who asks?")], [h("p", words)])
    return Response(body, status_code=401, media_type=HTML, headers={**HEADERS, **ASKS})


def _away() -> bytes:
    words = "The database does not answer, and this club was not seen before."
    return document("Operator", [h("h1", "Not now")], [h("p", words)])


ROUTES: Final = (show_overview, show_club, show_style)
