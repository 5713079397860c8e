"""Who was on the pitch: the stints of a match's line-up, and the lookup of positions.

A substitution is two stints changed at once; it has a route of its own.
"""

from typing import Any, Final

from litestar import Request, Response, get
from msgspec import Struct

from api.identity.access import MATCH_READING, SCORING
from api.resources.crud import routes_of
from api.resources.lists import Filter
from api.resources.resource import MATCH, Resource
from api.resources.schemas import IF_NONE_MATCH
from api.resources.views import conditional, etag_of
from football.collections import LINEUP
from football.vocabulary import POSITIONS
from sync.messages import encode

RESOURCE: Final = Resource(
    LINEUP,
    "stint",
    "lineup",
    "/api/lineup",
    "stint_id",
    writing=SCORING,
    reading=MATCH_READING,
    parents=(MATCH,),
    filters=(
        Filter("team", ("team_id",), "Of this team."),
        Filter("player", ("player_id",), "Of this player."),
    ),
)


class Position(Struct, frozen=True):
    """A position on the pitch."""

    pos_code: str
    long_name: str


class Positions(Struct, frozen=True):
    """The positions that players and stints may name."""

    positions: list[Position]


_POSITIONS: Final = encode(Positions([Position(code, name) for code, name in POSITIONS.items()]))


@get(
    "/api/positions",
    opt={**MATCH_READING, "answer": Positions, "headers": (IF_NONE_MATCH,)},
)
async def list_positions(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Return the lookup of positions, the same for all clubs."""
    return conditional(request, _POSITIONS, etag_of(_POSITIONS))


ROUTES: Final = (*routes_of(RESOURCE), list_positions)
