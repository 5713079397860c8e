"""Teams: the club's own and its opponents."""

from typing import Final

from api.identity.access import DECIDERS, MEMBERS
from api.resources.crud import Resource, routes_of
from football.collections import TEAMS

RESOURCE: Final = Resource(TEAMS, "team", "teams", "/api/teams", "team_id", writing=DECIDERS, reading=MEMBERS)

ROUTES: Final = routes_of(RESOURCE)
