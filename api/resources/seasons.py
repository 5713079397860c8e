"""Seasons, which matches and awards name."""

from typing import Final

from api.identity.access import DECIDERS, MEMBERS
from api.resources.crud import routes_of
from api.resources.resource import Resource
from football.collections import SEASONS

RESOURCE: Final = Resource(SEASONS, "season", "seasons", "/api/seasons", "season_id", writing=DECIDERS, reading=MEMBERS)

ROUTES: Final = routes_of(RESOURCE)
