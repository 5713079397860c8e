"""Teams: the club's own and its opponents."""

from typing import Final

from api.identity.access import DECIDERS, MEMBERS
from api.resources.crud import routes_of
from api.resources.resource import Resource
from football.collections import TEAMS

RESOURCE: Final = Resource(TEAMS, "team", "teams", "/api/teams", "team_id", writing=DECIDERS, reading=MEMBERS)

ROUTES: Final = routes_of(RESOURCE)
