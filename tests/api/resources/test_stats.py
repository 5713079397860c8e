"""Statistics over HTTP: sums of the folds, of a season or of all, with rows in pages."""

import gc
from collections.abc import Sequence

import httpx
import pytest

from football.facts import MatchFacts
from football.recording import recorded_id
from storage.matches import MatchReader
from sync.collections import format_instant
from tests.api.matchday import KICKOFF_MS, push_real_match, small_match
from tests.api.people import NOBODY, START_MS, Clock, Person, code_of, put, sign_up, some_id

DAY_MS = 86_400_000


async def test_u15_a_season_of_real_matches(coach: Person) -> None:
    """U15: a team's goals are the sum of its matches' scores, and its scorers' goals with the others' own goals."""
    match_id = await push_real_match(coach)
    home = recorded_id("a", "team", "Barcelona")
    told = await coach.get(f"/api/teams/{home}/stats")
    live = await coach.get(f"/api/matches/{match_id}/live")
    assert (told["played"], told["drawn"], told["form"]) == (1, 1, "D")
    assert (told["goals_for"], told["goals_against"]) == (live["score"]["home"], live["score"]["away"])
    assert sum(each["goals"] for each in told["top_scorers"]) == 2
    minutes = await coach.get(f"/api/matches/{match_id}/minutes")
    ours = {each["player_id"]: each["minutes"] for each in minutes["players"] if each["side"] == "home"}
    assert {each["player_id"]: each["minutes"] for each in told["players"]} == ours
    assert told["players"][0]["share"] == 1
    assert sum(each["starts"] for each in told["players"]) == 11
    scorer = told["top_scorers"][0]["player_id"]
    player = await coach.get(f"/api/players/{scorer}/stats")
    assert player["totals"]["goals"] == told["top_scorers"][0]["goals"]
    assert player["totals"]["minutes"] == ours[scorer]
    [row] = player["matches"]
    assert (row["match_id"], row["score"], row["goals"]) == (match_id, "2-2", player["totals"]["goals"])


async def season_of(coach: Person, matches: int, goals: int) -> tuple[str, str, str, list[str]]:
    """Push complete matches of one team and one scorer: season, team, player, matches in order."""
    made = await small_match(coach, called_off="cancelled")
    scorer = made.players[0]
    ids = [some_id() for _ in range(matches)]
    for n, match_id in enumerate(ids):
        at = START_MS - (matches - n) * DAY_MS
        fields = {
            "kickoff_ts": format_instant(at),
            "season_id": made.season_id,
            "home_team_id": made.home,
            "away_team_id": made.away,
            "period_format": "half",
            "finished_at": format_instant(at + 3_000_000),
        }
        period = {"match_id": match_id, "number": 1, "started_at": format_instant(at)}
        scored = [
            put(
                "events",
                some_id(),
                match_id=match_id,
                kind="goal",
                period_number=1,
                clock_ms=60_000 * k,
                team_id=made.home,
                player_id=scorer,
            )
            for k in range(goals)
        ]
        stint = {"match_id": match_id, "player_id": scorer, "start_period": 1, "start_min": 0}
        answer = await coach.push(
            put("matches", match_id, **fields),
            put("match_periods", some_id(), **{**period, "ended_at": format_instant(at + 1_500_000)}),
            put("lineup", some_id(), **stint),
            *scored,
        )
        assert answer.json()["others"] == []
    return made.season_id, made.home, scorer, ids


async def test_rows_come_in_pages(coach: Person) -> None:
    """The newest first, each once, whatever the size of a page; the sums are the same on every page."""
    season, team, player, ids = await season_of(coach, matches=7, goals=2)
    for path in (f"/api/players/{player}/stats?season={season}", f"/api/teams/{team}/stats?season={season}"):
        seen: list[str] = []
        after = ""
        while True:
            told = await coach.get(f"{path}&limit=3{after}")
            goals = told["totals"]["goals"] if "totals" in told else told["goals_for"]
            assert goals == 14
            seen += [each["match_id"] for each in told["matches"]]
            if told["after"] is None:
                break
            after = f"&after={told['after']}"
        assert seen == ids[::-1]


async def test_of_one_season_or_of_all(coach: Person) -> None:
    """A season narrows; a season that is not there has no matches; called off and running matches count nowhere."""
    season, team, player, _ = await season_of(coach, matches=2, goals=1)
    old = await push_real_match(coach)
    assert old
    told = await coach.get(f"/api/players/{player}/stats?season={season}")
    assert told["totals"]["appearances"] == 2
    assert (told["totals"]["starts"], told["totals"]["minutes"]) == (2, 50)
    assert (await coach.get(f"/api/players/{player}/stats"))["totals"] == told["totals"]
    empty = await coach.get(f"/api/players/{player}/stats?season={NOBODY}")
    assert (empty["totals"]["appearances"], empty["matches"], empty["after"]) == (0, [], None)
    told = await coach.get(f"/api/teams/{team}/stats?season={season}")
    assert (told["played"], told["won"], told["clean_sheets"], told["form"]) == (2, 2, 2, "WW")
    assert (told["minutes"], told["players"][0]["share"]) == (50, 1)


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "season=x", f"after={NOBODY}", "limit=1&limit=2"])
async def test_what_is_refused(coach: Person, query: str) -> None:
    """Odd queries have their own answer."""
    made = await small_match(coach)
    assert code_of(await coach.ask("GET", f"/api/teams/{made.home}/stats?{query}")) == (400, "malformed")
    assert code_of(await coach.ask("GET", f"/api/players/{made.players[0]}/stats?{query}")) == (400, "malformed")


async def test_another_club_s_are_not_there(client: httpx.AsyncClient, coach: Person) -> None:
    """Another club's team and player, and those that never were, are answered alike."""
    made = await small_match(coach)
    stranger = await sign_up(client, "stranger@club.example")
    for team in (made.home, NOBODY):
        assert code_of(await stranger.ask("GET", f"/api/teams/{team}/stats")) == (404, "not_found")
    for player in (made.players[0], NOBODY):
        assert code_of(await stranger.ask("GET", f"/api/players/{player}/stats")) == (404, "not_found")


async def test_it_is_kept_until_something_changes(coach: Person) -> None:
    """Asking again is a 304; a goal that is taken back changes the sums."""
    _, _, player, _ = await season_of(coach, matches=1, goals=1)
    path = f"/api/players/{player}/stats"
    first = await coach.ask("GET", path)
    known = {"if-none-match": first.headers["etag"]}
    assert (await coach.ask("GET", path, headers=known)).status_code == 304
    [row] = first.json()["matches"]
    events = (await coach.get(f"/api/matches/{row['match_id']}/events"))["events"]
    await coach.ask("DELETE", f"/api/events/{events[0]['id']}")
    assert (await coach.ask("GET", path, headers=known)).json()["totals"]["goals"] == 0
    assert KICKOFF_MS < START_MS


async def test_a_match_that_time_alone_completes_is_counted(coach: Person, clock: Clock) -> None:
    """What is kept is kept no longer than it is true: nobody wrote anything, and an old match counts as over."""
    made = await small_match(coach)
    goal = put("events", some_id(), match_id=made.match_id, kind="goal", team_id=made.home, player_id=made.players[0])
    assert (await coach.push(goal)).json()["others"] == []
    paths = f"/api/players/{made.players[0]}/stats", f"/api/teams/{made.home}/stats"
    assert [(await coach.get(path))["matches"] for path in paths] == [[], []]
    clock.turn(s=110 * 60 + 1)
    token = await coach.client.post("/api/auth/refresh", json={"refresh_token": coach.tokens["refresh_token"]})
    later = Person(coach.client, token.json())
    assert [len((await later.get(path))["matches"]) for path in paths] == [1, 1]


async def test_a_long_career_is_not_held_whole(coach: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the matches that were read only the rows are kept: one part at a time is in memory."""
    monkeypatch.setattr("storage.matches.MATCHES_MAX", 1)
    _, team, player, _ = await season_of(coach, matches=4, goals=1)
    held: list[int] = []
    facts = MatchReader.facts

    async def counted(reader: MatchReader, club_id: str, match_ids: Sequence[str]) -> list[MatchFacts]:
        gc.collect()
        held.append(sum(isinstance(each, MatchFacts) for each in gc.get_objects()))
        return await facts(reader, club_id, match_ids)

    monkeypatch.setattr(MatchReader, "facts", counted)
    for path in (f"/api/players/{player}/stats", f"/api/teams/{team}/stats"):
        held.clear()
        await coach.get(path)
        assert len(held) >= 4
        assert max(held) - held[0] <= 1


@pytest.mark.parametrize("query", ["after=null", "season=null", "after=", "season=%7B0%7D", "limit=null", "limit=101"])
async def test_a_query_that_means_nothing(coach: Person, query: str) -> None:
    """`null` is a text like any other: a parameter is left out by leaving it out."""
    made = await small_match(coach)
    for path in (f"/api/teams/{made.home}/stats", f"/api/players/{made.players[0]}/stats"):
        answer = await coach.ask("GET", f"{path}?{query}")
        assert code_of(answer) == (400, "malformed")
