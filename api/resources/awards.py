"""Awards of a season, and awards of a match: two collections, one beside the other in the address space."""

from typing import Final

from api.identity.access import DECIDERS, MATCH_READING, MEMBERS, WRITERS
from api.resources.crud import routes_of
from api.resources.lists import Filter
from api.resources.resource import MATCH, Resource
from football.collections import AWARDS, MATCH_AWARDS

_PLAYER: Final = Filter("player", ("player_id",), "Of this player.")

SEASON_AWARDS: Final = Resource(
    AWARDS,
    "award",
    "awards",
    "/api/awards",
    "award_id",
    writing=DECIDERS,
    reading=MEMBERS,
    filters=(Filter("season", ("season_id",), "Of this season."), _PLAYER),
)
OF_A_MATCH: Final = Resource(
    MATCH_AWARDS,
    "match award",
    "awards",
    "/api/match-awards",
    "award_id",
    writing=WRITERS,
    reading=MATCH_READING,
    parents=(MATCH,),
    filters=(_PLAYER,),
)

ROUTES: Final = (*routes_of(SEASON_AWARDS), *routes_of(OF_A_MATCH))
