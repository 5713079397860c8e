"""Players: of the club, of a team, and the squads of a match for whoever scores it."""

from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath
from msgspec import Struct

from api.identity.access import DECIDERS, MATCH_READING, MEMBERS
from api.resources.crud import TheViews, routes_of
from api.resources.desk import TheCaller, TheDesk
from api.resources.lists import Filter
from api.resources.resource import TEAM, Resource
from api.resources.schemas import IF_NONE_MATCH
from api.resources.views import View, view_of
from football.collections import PLAYERS

RESOURCE: Final = Resource(
    PLAYERS,
    "player",
    "players",
    "/api/players",
    "player_id",
    writing=DECIDERS,
    reading=MEMBERS,
    parents=(None, TEAM),
    filters=(
        Filter("team", ("current_team",), "Whose team now is this one."),
        Filter("active", ("is_active",), "Those who are still with the club, or those who left."),
    ),
)


class SquadMember(Struct, frozen=True):
    """A player as a scorer needs them: no more of a child than that."""

    id: str
    full_name: str
    squad_number: int | None
    preferred_pos: str | None


class Squad(Struct, frozen=True):
    """The active players of one side, in the order of their shirts."""

    team_id: str | None
    name: str | None
    players: list[SquadMember]


class MatchSquads(Struct, frozen=True):
    """Who may play for the two sides of a match."""

    match_id: str
    home: Squad
    away: Squad


@get(
    "/api/matches/{match_id:uuid}/squads",
    opt={**MATCH_READING, "answer": MatchSquads, "headers": (IF_NONE_MATCH,), "problems": ("not_found",)},
)
async def read_match_squads(
    match_id: FromPath[UUID], request: Request[Any, Any, Any], caller: TheCaller, desk: TheDesk, views: TheViews
) -> Response[bytes]:
    """Return the players of both teams: their ids, names, shirts and positions, and nothing else of them."""

    async def make() -> View:
        match = (await desk.match(caller, match_id)).match
        sides = [match["home_team_id"], match["away_team_id"]]
        teams = await desk.reader.named(caller.club_id, "teams", sides)
        players = await desk.reader.squads(caller.club_id, {each for each in sides if each is not None})
        home, away = (_squad(team_id, teams, players) for team_id in sides)
        return view_of(MatchSquads(str(match_id), home, away))

    return await views.answer(request, caller.club_id, ("squads", str(match_id)), make)


def _squad(team_id: str | None, teams: dict[str, Any], players: list[Any]) -> Squad:
    mine = [each for each in players if each["current_team"] == team_id and each["is_active"]]
    mine.sort(key=lambda each: (each["squad_number"] is None, each["squad_number"] or 0, each["id"]))
    members = [SquadMember(**{name: each[name] for name in SquadMember.__struct_fields__}) for each in mine]
    return Squad(team_id, teams[team_id]["name"] if team_id in teams else None, members)


ROUTES: Final = (*routes_of(RESOURCE), read_match_squads)
