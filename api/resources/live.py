"""A match as it goes on: one answer that a phone can show and keep ticking.

It is kept under the club's head (`api/resources/views.py`) and holds nothing of the moment it was made at: the clock is
an anchor by the server's clock, and `X-Server-Time` of each answer, a 304 too, says what that shows now. The field
names are whole and what is empty is left out: a match of 161 facts is 40 KB before compression.
"""

from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation
from msgspec import Meta, Struct

from api.identity.access import MATCH_READING, Caller
from api.resources.desk import Desk, TheCaller, TheDesk, instant_or_none
from api.resources.schemas import IF_NONE_MATCH
from api.resources.views import View, Views, view_of
from football.facts import MatchFacts, Record
from football.live import Clock, OnPitch, changes_at_ms, clock_of, on_pitch
from football.scoreboard import Side, our_side, score_of
from football.status import Status, full_time_ms, status_of
from football.substitutions import Prompt, crowd_prompts
from football.timeline import PERIOD_END, PERIOD_START, Entry, TookPart, is_correction, timeline_of
from football.vocabulary import REGULAR, SCORING_KINDS

SERVER_TIME: Final = "X-Server-Time"
"""The header that says what the server's clock shows, in milliseconds since 1970."""

TheViews = NamedDependency[SkipValidation[Views]]

PlayedMinutes = Annotated[float, Meta(description="Minutes with two decimals.")]


class TeamShown(Struct, frozen=True, omit_defaults=True):
    """A team of the match."""

    id: str
    name: str = ""
    age_group: str | None = None
    kit: str | None = None
    """The main colour it plays in, `#rrggbb`."""


class ScoreShown(Struct, frozen=True, omit_defaults=True):
    """The score; what is 0 but for home and away is left out."""

    text: str
    home: int
    away: int
    home_shootout: int = 0
    away_shootout: int = 0
    unassigned: int = 0
    """Goals of no team or of a third one: kept, and counted for nobody."""
    is_by_hand: bool = False


class EntryShown(Struct, frozen=True, omit_defaults=True):
    """An entry of the timeline: an event, or the start or end of a period."""

    id: str
    kind: str
    minute: str
    """As people say it: `45+2'`."""
    clock_ms: int
    """Played milliseconds in the period."""
    period: int
    period_type: str = REGULAR
    happened_ms: int | None = None
    score: str | None = None
    """After this entry, where it moved, and at the start and end of each period."""
    side: Side | None = None
    player_id: str | None = None
    participants: tuple[TookPart, ...] = ()
    is_correction: bool = False
    """It came too late to be news: more than a minute after it happened, or after full time."""


class PlayerShown(Struct, frozen=True, omit_defaults=True):
    """A player who is named somewhere in the answer."""

    name: str
    number: int | None = None


class Lineups(Struct, frozen=True):
    """Who is on the pitch."""

    home: list[OnPitch]
    away: list[OnPitch]


class LiveMatch(Struct, frozen=True, omit_defaults=True):
    """All that a phone needs to show a match."""

    match_id: str
    kickoff_ts: str
    status: Status
    score: ScoreShown
    our_side: Side
    duration_mins: int
    period_format: str
    timeline: list[EntryShown]
    """In the order of the match."""
    on_pitch: Lineups
    players: dict[str, PlayerShown]
    """By id."""
    home: TeamShown | None = None
    away: TeamShown | None = None
    season_id: str | None = None
    competition: str | None = None
    venue: str | None = None
    clock: Clock | None = None
    """Absent before the first period."""
    full_time_at: str | None = None
    prompts: list[Prompt] = []


_READING: Final = {**MATCH_READING, "problems": ("not_found",)}


@get("/api/matches/{match_id:uuid}/live", opt={**_READING, "headers": (IF_NONE_MATCH,), "answer": LiveMatch})
async def read_live(
    match_id: FromPath[UUID], request: Request[Any, Any, Any], caller: TheCaller, desk: TheDesk, views: TheViews
) -> Response[bytes]:
    """Return a match as it stands: score, status, clock, timeline, who is on. Ask again with `If-None-Match`.

    While the clock runs it shows `elapsed_ms + max(0, now - since_ms)`, where now is the server's: `X-Server-Time`.
    """

    async def make() -> View:
        return await _live(desk, caller, match_id)

    return timed(await views.answer(request, caller.club_id, ("live", match_id), make), desk)


def timed(answer: Response[bytes], desk: Desk) -> Response[bytes]:
    """Return an answer that says what the server's clock shows now."""
    answer.headers[SERVER_TIME] = str(desk.now_ms())
    return answer


async def _live(desk: Desk, caller: Caller, match_id: UUID) -> View:
    facts = await desk.match(caller, match_id)
    now_ms = desk.now_ms()
    match = facts.match
    teams = await desk.reader.named(caller.club_id, "teams", team_ids(facts))
    players = await desk.reader.named(caller.club_id, "players", _player_ids(facts))
    on = on_pitch(facts)
    told = LiveMatch(
        match_id=match["id"],
        kickoff_ts=match["kickoff_ts"],
        status=status_of(facts, now_ms),
        score=_score(facts),
        our_side=our_side(match),
        duration_mins=match["duration_mins"],
        period_format=match["period_format"],
        timeline=_timeline(facts, now_ms),
        on_pitch=Lineups(on[Side.HOME], on[Side.AWAY]),
        players={each: PlayerShown(row["full_name"], row["squad_number"]) for each, row in players.items()},
        home=_team(match["home_team_id"], teams, "home_kit_primary"),
        away=_team(match["away_team_id"], teams, "away_kit_primary"),
        season_id=match["season_id"],
        competition=match["competition"],
        venue=match["venue"],
        clock=clock_of(facts, now_ms),
        full_time_at=instant_or_none(full_time_ms(facts, now_ms)),
        prompts=crowd_prompts(facts, age_groups(teams), now_ms),
    )
    return view_of(told, fresh_until_ms=changes_at_ms(facts, now_ms))


def _score(facts: MatchFacts) -> ScoreShown:
    score = score_of(facts)
    return ScoreShown(
        text=str(score),
        home=score.home,
        away=score.away,
        home_shootout=score.home_shootout,
        away_shootout=score.away_shootout,
        unassigned=score.unassigned,
        is_by_hand=score.is_by_hand,
    )


def _timeline(facts: MatchFacts, now_ms: int) -> list[EntryShown]:
    received = {event["id"]: event["created_ms"] for event in facts.events}
    full_time = full_time_ms(facts, now_ms)
    return [_entry(entry, received.get(entry.id), full_time) for entry in timeline_of(facts, now_ms)]


def _entry(entry: Entry, received_ms: int | None, full_time: int | None) -> EntryShown:
    is_marker = entry.kind in {PERIOD_START, PERIOD_END}
    return EntryShown(
        id=entry.id,
        kind=entry.kind,
        minute=entry.minute,
        clock_ms=entry.clock_ms,
        period=entry.period_number,
        period_type=entry.period_type,
        happened_ms=entry.happened_ms,
        score=str(entry.score) if is_marker or entry.kind in SCORING_KINDS else None,
        side=entry.side,
        player_id=entry.player_id,
        participants=entry.participants,
        is_correction=received_ms is not None and is_correction(entry.happened_ms, received_ms, full_time),
    )


def _team(team_id: str | None, teams: dict[str, Record], kit: str) -> TeamShown | None:
    team = teams.get(team_id or "")
    if team_id is None or team is None:
        return None if team_id is None else TeamShown(team_id)
    return TeamShown(team_id, team["name"], team["age_group"], team[kit])


def team_ids(facts: MatchFacts) -> list[str | None]:
    """Return the teams of a match, and those that somebody was on the pitch for."""
    return [facts.match["home_team_id"], facts.match["away_team_id"], *(each["team_id"] for each in facts.lineup)]


def _player_ids(facts: MatchFacts) -> list[str | None]:
    return [each["player_id"] for each in (*facts.lineup, *facts.events, *facts.participants)]


def age_groups(teams: dict[str, Record]) -> dict[str, str | None]:
    """Return the age group of each team."""
    return {team_id: team["age_group"] for team_id, team in teams.items()}


ROUTES: Final = (read_live,)
