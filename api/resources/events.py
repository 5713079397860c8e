"""Events of a match, who else took part in them, and the score that follows from them."""

from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath
from msgspec import Struct
from msgspec.structs import asdict

from api.identity.access import MATCH_READING, SCORING
from api.resources.crud import TheViews, routes_of
from api.resources.desk import TheCaller, TheDesk
from api.resources.lists import Filter
from api.resources.resource import EVENT, MATCH, Resource
from api.resources.schemas import IF_NONE_MATCH
from api.resources.views import View, view_of
from football.collections import EVENT_PARTICIPANTS, EVENTS
from football.live import changes_at_ms
from football.scoreboard import score_of
from football.status import Status, status_of

RESOURCE: Final = Resource(
    EVENTS,
    "event",
    "events",
    "/api/events",
    "event_id",
    writing=SCORING,
    reading=MATCH_READING,
    parents=(MATCH,),
    filters=(
        Filter("kind", ("kind",), "Of this kind."),
        Filter("period", ("period_number",), "In the period of this number."),
    ),
    order=("period_type", "period_number", "clock_ms"),
)
PARTICIPANTS: Final = Resource(
    EVENT_PARTICIPANTS,
    "participant",
    "participants",
    "/api/events/{event_id:uuid}/participants",
    "participant_id",
    writing=SCORING,
    reading=MATCH_READING,
    parents=(EVENT,),
)


class MatchScore(Struct, frozen=True):
    """The score of a match, folded from its goals."""

    match_id: str
    home: int
    away: int
    home_shootout: int
    away_shootout: int
    unassigned: int
    """Goals of no team or of a third one: kept, and counted for nobody."""
    is_by_hand: bool
    text: str
    """As people write it: `2-2`, with a shootout `2-2 (4-3)`."""
    status: Status


@get(
    "/api/matches/{match_id:uuid}/score",
    opt={**MATCH_READING, "answer": MatchScore, "headers": (IF_NONE_MATCH,), "problems": ("not_found",)},
)
async def read_score(
    match_id: FromPath[UUID], request: Request[Any, Any, Any], caller: TheCaller, desk: TheDesk, views: TheViews
) -> Response[bytes]:
    """Return the score of a match: the fold of its goals, whatever their order of arrival."""

    async def make() -> View:
        facts, now_ms = await desk.match(caller, match_id), desk.now_ms()
        score = score_of(facts)
        told: dict[str, Any] = asdict(score)
        answer = MatchScore(match_id=str(match_id), text=str(score), status=status_of(facts, now_ms), **told)
        return view_of(answer, fresh_until_ms=changes_at_ms(facts, now_ms))

    return await views.answer(request, caller.club_id, ("score", str(match_id)), make)


ROUTES: Final = (*routes_of(RESOURCE), *routes_of(PARTICIPANTS), read_score)
