"""Statistics of players and teams: folds of their complete matches, of one season or of all.

The matches are read in bounded parts, each a transaction of its own with one statement for each collection, and of a
part no more than its rows is kept; the answers are kept under the club's head, until time alone makes a match complete.
Rows of single matches come in pages, the newest first.
"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath, FromQuery
from msgspec import Struct
from msgspec.structs import asdict

from api.errors import NotFound
from api.identity.access import MEMBERS
from api.queries import Parameter
from api.requests import Number, bounded, number, read_id
from api.resources.desk import Desk, TheCaller, TheDesk
from api.resources.live import TheViews
from api.resources.schemas import IF_NONE_MATCH
from api.resources.views import View, view_of
from football.clock import MINUTE_MS
from football.facts import MatchFacts
from football.live import changes_at_ms
from football.scoreboard import score_of
from football.stats import (
    Result,
    Tally,
    match_ms,
    players_of_team,
    result_of,
    sum_tallies,
    tallies,
    team_record,
    top_scorers,
)
from football.status import Status, status_of
from storage.matches import Wanted
from sync.errors import MalformedRequest

ROWS_DEFAULT: Final = 20
ROWS_MAX: Final = 100

_UUID: Final = {"type": "string", "format": "uuid"}
_QUERY: Final = (
    Parameter("season", "Matches of this season alone.", _UUID),
    Parameter("after", "The last match of the page before: what `after` said.", _UUID),
    number("limit", "Matches of a page.", maximum=ROWS_MAX, default=ROWS_DEFAULT),
)
_READING: Final[dict[str, Any]] = {
    **MEMBERS,
    "query": _QUERY,
    "headers": (IF_NONE_MATCH,),
    "problems": ("not_found",),
}


class Totals(Struct, frozen=True):
    """What a player did in all the matches asked about."""

    appearances: int
    starts: int
    minutes: float
    goals: int
    assists: int
    own_goals: int
    yellow_cards: int
    red_cards: int
    saves: int
    shots_on_target: int


class PlayerMatch(Totals, frozen=True):
    """What a player did in one match."""

    match_id: str
    kickoff_ts: str
    home_team_id: str | None
    away_team_id: str | None
    score: str
    """Home first, as people write it."""


class PlayerStats(Struct, frozen=True):
    """A player's statistics."""

    player_id: str
    season_id: str | None
    """Null: of all seasons."""
    totals: Totals
    matches: list[PlayerMatch]
    """The newest first."""
    after: str | None
    """What to send as `after` for older ones; null on the last page."""


class ShareOfMinutes(Struct, frozen=True):
    """How much of a team's matches a player was on the pitch."""

    player_id: str
    appearances: int
    starts: int
    minutes: float
    share: float
    """Of the minutes that the team played, 0 to 1."""


class Scorer(Struct, frozen=True):
    """A player who scored."""

    player_id: str
    goals: int
    assists: int


class TeamMatch(Struct, frozen=True):
    """A complete match of a team."""

    match_id: str
    kickoff_ts: str
    side: str
    goals_for: int
    goals_against: int
    result: str
    """`W`, `D` or `L`; a shootout decides what was level."""


class TeamStats(Struct, frozen=True):
    """A team's statistics, of its complete matches."""

    team_id: str
    season_id: str | None
    """Null: of all seasons."""
    played: int
    won: int
    drawn: int
    lost: int
    goals_for: int
    goals_against: int
    clean_sheets: int
    form: str
    """The newest results, the last one last: `WWDLW`."""
    minutes: float
    """Of all its matches."""
    top_scorers: list[Scorer]
    players: list[ShareOfMinutes]
    """Most minutes first: who has played too little?"""
    matches: list[TeamMatch]
    """The newest first."""
    after: str | None


@get("/api/players/{player_id:uuid}/stats", opt={**_READING, "answer": PlayerStats})
async def read_player_stats(
    player_id: FromPath[UUID],
    request: Request[Any, Any, Any],
    caller: TheCaller,
    desk: TheDesk,
    views: TheViews,
    season: FromQuery[str | None] = None,
    after: FromQuery[str | None] = None,
    limit: FromQuery[Number] = None,
) -> Response[bytes]:
    """Return what a player did, in sum and match by match."""
    asked = _asked(season, after, limit)

    async def make() -> View:
        return await _player(desk, caller.club_id, str(player_id), *asked)

    return await views.answer(request, caller.club_id, ("player_stats", player_id, *asked), make)


@get("/api/teams/{team_id:uuid}/stats", opt={**_READING, "answer": TeamStats})
async def read_team_stats(
    team_id: FromPath[UUID],
    request: Request[Any, Any, Any],
    caller: TheCaller,
    desk: TheDesk,
    views: TheViews,
    season: FromQuery[str | None] = None,
    after: FromQuery[str | None] = None,
    limit: FromQuery[Number] = None,
) -> Response[bytes]:
    """Return what a team's matches add up to, who scores, and who plays how much."""
    asked = _asked(season, after, limit)

    async def make() -> View:
        return await _team(desk, caller.club_id, str(team_id), *asked)

    return await views.answer(request, caller.club_id, ("team_stats", team_id, *asked), make)


def _asked(season: str | None, after: str | None, limit: str | None) -> tuple[str | None, str | None, int]:
    """Return the season, the match to go on after, and how many rows. Raises MalformedRequest."""
    season_id = None if season is None else read_id(season, where="season")
    after_id = None if after is None else read_id(after, where="after")
    return season_id, after_id, bounded(limit, name="limit", maximum=ROWS_MAX, default=ROWS_DEFAULT)


async def _player(
    desk: Desk, club_id: str, player_id: str, season_id: str | None, after: str | None, rows: int
) -> View:
    await _must_be(desk, club_id, "players", player_id)
    now_ms, until_ms = desk.now_ms(), None
    found: list[PlayerMatch] = []
    total = Tally()
    async for part in desk.reader.parts(club_id, Wanted(season_id=season_id, player_id=player_id)):
        until_ms = _earliest_ms(until_ms, part, now_ms)
        for facts in part:
            if status_of(facts, now_ms) is Status.COMPLETED:
                tally = tallies(facts, now_ms).get(player_id, Tally())
                total += tally
                found.append(_player_match(facts, tally))
    page, more = _page(found[::-1], after, rows)
    told = PlayerStats(player_id, season_id, Totals(**_counts(total)), page, more)
    return view_of(told, fresh_until_ms=until_ms)


async def _team(desk: Desk, club_id: str, team_id: str, season_id: str | None, after: str | None, rows: int) -> View:
    await _must_be(desk, club_id, "teams", team_id)
    now_ms, until_ms = desk.now_ms(), None
    results: list[Result] = []
    total: dict[str, Tally] = {}
    played_ms = 0
    async for part in desk.reader.parts(club_id, Wanted(season_id=season_id, team_id=team_id)):
        until_ms = _earliest_ms(until_ms, part, now_ms)
        for facts in part:
            result = result_of(facts, team_id, now_ms)
            if result is not None:
                results.append(result)
                ours = players_of_team(facts, team_id)
                mine = {each: tally for each, tally in tallies(facts, now_ms).items() if each in ours}
                total = sum_tallies([total, mine])
                played_ms += match_ms(facts, now_ms)
    players = sorted(total.items(), key=lambda each: (-each[1].played_ms, each[0]))
    page, more = _page([_team_match(result) for result in reversed(results)], after, rows)
    told = TeamStats(
        team_id=team_id,
        season_id=season_id,
        **asdict(team_record(results)),
        minutes=_minutes(played_ms),
        top_scorers=[Scorer(player_id, tally.goals, tally.assists) for player_id, tally in top_scorers(total)],
        players=[_share(player_id, tally, played_ms) for player_id, tally in players],
        matches=page,
        after=more,
    )
    return view_of(told, fresh_until_ms=until_ms)


def _earliest_ms(until_ms: int | None, part: Sequence[MatchFacts], now_ms: int) -> int | None:
    """Return when time alone may change what these matches and those before them add up to."""
    found = [until_ms, *(changes_at_ms(facts, now_ms) for facts in part)]
    return min((each for each in found if each is not None), default=None)


async def _must_be(desk: Desk, club_id: str, collection: str, record_id: str) -> None:
    if not await desk.reader.named(club_id, collection, [record_id]):
        raise NotFound("There is no such record in this club.")


def _page(rows: list[Any], after: str | None, most: int) -> tuple[list[Any], str | None]:
    """Return the rows after a match, and the match to go on from. Raises MalformedRequest for one that is not there."""
    places = {row.match_id: n + 1 for n, row in enumerate(rows)}
    if after is not None and after not in places:
        raise MalformedRequest(path="after", problem="names no match of this list; begin again without it")
    place = 0 if after is None else places[after]
    page = rows[place : place + most]
    return page, page[-1].match_id if place + most < len(rows) else None


def _counts(tally: Tally) -> dict[str, Any]:
    counts = asdict(tally)
    minutes = _minutes(counts.pop("played_ms"))
    return {**counts, "minutes": minutes}


def _player_match(facts: MatchFacts, tally: Tally) -> PlayerMatch:
    match = facts.match
    return PlayerMatch(
        **_counts(tally),
        match_id=match["id"],
        kickoff_ts=match["kickoff_ts"],
        home_team_id=match["home_team_id"],
        away_team_id=match["away_team_id"],
        score=str(score_of(facts)),
    )


def _team_match(result: Result) -> TeamMatch:
    return TeamMatch(
        match_id=result.match_id,
        kickoff_ts=result.kickoff_ts,
        side=result.side,
        goals_for=result.goals_for,
        goals_against=result.goals_against,
        result=result.letter,
    )


def _share(player_id: str, tally: Tally, played_ms: int) -> ShareOfMinutes:
    share = round(tally.played_ms / played_ms, 4) if played_ms else 0.0
    return ShareOfMinutes(player_id, tally.appearances, tally.starts, _minutes(tally.played_ms), share)


def _minutes(played_ms: int) -> float:
    return round(played_ms / MINUTE_MS, 2)


ROUTES: Final = (read_player_stats, read_team_stats)
