"""Minutes of a match: who has played how much, from stints, periods and pauses.

The answer is kept as a live match is, so it says as of when it counts; while the clock runs, who is on plays on.
"""

from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath
from msgspec import Meta, Struct

from api.identity.access import MATCH_READING, Caller
from api.resources.desk import Desk, TheCaller, TheDesk
from api.resources.live import TheViews, age_groups, team_ids, timed
from api.resources.schemas import IF_NONE_MATCH
from api.resources.substitutions import StintShown
from api.resources.views import View, view_of
from football.clock import MINUTE_MS
from football.facts import MatchFacts
from football.live import changes_at_ms, clock_of, side_of_stint
from football.minutes import played_ms_by_player
from football.periods import periods_of
from football.scoreboard import Side
from football.status import Status, status_of
from football.substitutions import Prompt, crowd_prompts

PlayedMinutes = Annotated[float, Meta(description="Minutes with two decimals.")]


class PlayerMinutes(Struct, frozen=True):
    """The minutes of one player in a match."""

    player_id: str
    side: Side
    played_ms: int
    """At `as_of_ms`."""
    minutes: PlayedMinutes
    is_on_pitch: bool
    """While the clock runs, those who are on play on."""
    stints: list[StintShown]


class MatchMinutes(Struct, frozen=True):
    """The minutes of a match, folded from stints, periods and pauses."""

    match_id: str
    status: Status
    as_of_ms: int
    """Milliseconds since 1970 by the server's clock."""
    is_clock_running: bool
    played_ms: int
    """Of the match so far, without pauses."""
    players: list[PlayerMinutes]
    """Most minutes first."""
    prompts: list[Prompt]


@get(
    "/api/matches/{match_id:uuid}/minutes",
    opt={**MATCH_READING, "answer": MatchMinutes, "headers": (IF_NONE_MATCH,), "problems": ("not_found",)},
)
async def read_minutes(
    match_id: FromPath[UUID], request: Request[Any, Any, Any], caller: TheCaller, desk: TheDesk, views: TheViews
) -> Response[bytes]:
    """Return each player's minutes and stints, as they were at `as_of_ms`."""

    async def make() -> View:
        return await _minutes(desk, caller, match_id)

    return timed(await views.answer(request, caller.club_id, ("minutes", match_id), make), desk)


async def _minutes(desk: Desk, caller: Caller, match_id: UUID) -> View:
    facts = await desk.match(caller, match_id)
    now_ms = desk.now_ms()
    teams = await desk.reader.named(caller.club_id, "teams", team_ids(facts))
    clock = clock_of(facts, now_ms)
    played = played_ms_by_player(facts, now_ms)
    players = [_player_minutes(facts, player_id, played_ms) for player_id, played_ms in played.items()]
    told = MatchMinutes(
        match_id=facts.match["id"],
        status=status_of(facts, now_ms),
        as_of_ms=now_ms,
        is_clock_running=clock is not None and clock.since_ms is not None,
        played_ms=sum(period.played_ms for period in periods_of(facts, now_ms)),
        players=sorted(players, key=lambda each: (-each.played_ms, each.player_id)),
        prompts=crowd_prompts(facts, age_groups(teams), now_ms),
    )
    return view_of(told, fresh_until_ms=changes_at_ms(facts, now_ms))


def _player_minutes(facts: MatchFacts, player_id: str, played_ms: int) -> PlayerMinutes:
    stints = [each for each in facts.lineup if each["player_id"] == player_id]
    shown = [StintShown(**{name: each[name] for name in StintShown.__struct_fields__}) for each in stints]
    return PlayerMinutes(
        player_id=player_id,
        side=side_of_stint(facts.match, stints[0]),
        played_ms=played_ms,
        minutes=round(played_ms / MINUTE_MS, 2),
        is_on_pitch=any(each["end_min"] is None for each in stints),
        stints=shown,
    )


ROUTES: Final = (read_minutes,)
