"""Notes that people write of a match, or of one of its periods."""

from typing import Final

from api.identity.access import MATCH_READING, SCORING
from api.resources.crud import routes_of
from api.resources.lists import Filter
from api.resources.resource import MATCH, Resource
from football.collections import MATCH_NOTES

RESOURCE: Final = Resource(
    MATCH_NOTES,
    "note",
    "notes",
    "/api/notes",
    "note_id",
    writing=SCORING,
    reading=MATCH_READING,
    parents=(MATCH,),
    filters=(Filter("period", ("period_number",), "Of this period; 0 of the whole match."),),
)

ROUTES: Final = routes_of(RESOURCE)
