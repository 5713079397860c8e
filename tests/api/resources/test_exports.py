"""A season and a match taken away (U23): JSON, CSV, ZIP and text, for those who may, and harmless in a spreadsheet."""

import csv
import io
import zipfile
from typing import Any

import httpx
import pytest

from football.recording import recorded_id
from football.sheets import BOM, COLUMNS
from tests.api.matchday import push_real_match, small_match
from tests.api.people import NOBODY, Execute, Person, code_of, put, sign_up, some_id

SEASON = recorded_id("a", "season")


def rows(text: str) -> list[dict[str, str]]:
    """Return the rows of a CSV, which begins with a byte order mark."""
    assert text.startswith(BOM)
    return list(csv.DictReader(io.StringIO(text.removeprefix(BOM), newline=""), strict=True))


async def csv_of(coach: Person, table: str, season: str = SEASON) -> list[dict[str, str]]:
    """Return one table of a season's export."""
    answer = await coach.ask("GET", f"/api/seasons/{season}/export?format=csv&table={table}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; header=present; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="{table}.csv"'
    return rows(answer.content.decode())


async def test_u23_a_season_as_json(coach: Person) -> None:
    """U23: the match with its events and minutes, and the players' sums, in one document to keep."""
    match_id = await push_real_match(coach)
    answer = await coach.ask("GET", f"/api/seasons/{SEASON}/export")
    assert answer.headers["content-disposition"] == 'attachment; filename="season.json"'
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert told["season"] == {"season_id": SEASON, "label": "2018"}
    [match] = told["matches"]
    assert (match["match_id"], match["home_goals"], match["away_goals"]) == (match_id, 2, 2)
    assert sum(each["kind"] == "goal" for each in match["events"]) == 4
    assert len(match["minutes"]) == 28
    assert sum(each["goals"] for each in told["players"]) == 4
    assert {each["player"] for each in told["players"]} >= {"Lionel Andrés Messi Cuccittini"}


async def test_u23_a_season_as_csv(coach: Person) -> None:
    """U23: each table is a CSV, all four are a ZIP, and both say what the JSON says."""
    await push_real_match(coach)
    told = (await coach.ask("GET", f"/api/seasons/{SEASON}/export")).json()
    answer = await coach.ask("GET", f"/api/seasons/{SEASON}/export?format=csv")
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        found = {name.removesuffix(".csv"): rows(archive.read(name).decode()) for name in archive.namelist()}
    assert found.keys() == COLUMNS.keys()
    [match] = told["matches"]
    for table, expected in (("events", match["events"]), ("minutes", match["minutes"]), ("players", told["players"])):
        assert [[row[name] for name in COLUMNS[table]] for row in found[table]] == [
            ["" if row[name] is None else str(row[name]) for name in COLUMNS[table]] for row in expected
        ]
        assert await csv_of(coach, table) == found[table]
    assert found["matches"][0]["home_team"] == "Barcelona"


async def test_a_season_of_many_parts(coach: Person) -> None:
    """Sixty matches are read in three parts: each match once, in the order of the kick-offs."""
    season = some_id()
    ids = [some_id() for _ in range(60)]
    matches = [
        put("matches", each, season_id=season, kickoff_ts=f"2026-08-{n % 28 + 1:02d}T{n // 28:02d}:00:00.000Z")
        for n, each in enumerate(ids)
    ]
    await coach.push(put("seasons", season, label="long"), *matches)
    kickoffs = [each["kickoff_ts"] for each in await csv_of(coach, "matches", season)]
    assert (len(kickoffs), kickoffs) == (60, sorted(kickoffs))
    told = (await coach.ask("GET", f"/api/seasons/{season}/export")).json()
    assert {each["match_id"] for each in told["matches"]} == set(ids)


async def test_no_cell_is_a_program(coach: Person) -> None:
    """A name and a note that begin like formulas are texts; what looks like a row end stays in its cell."""
    made = await small_match(coach, notes='=HYPERLINK("http://evil.example","look")', venue="@home", competition="+1")
    player = some_id()
    names = ["-2+3+cmd|' /C calc'!A0", "\t=1", ' =1","=2', "a\r\n=1,x"]
    for n, name in enumerate(names):
        await coach.push(
            put("players", player, full_name=name),
            put("events", some_id(), match_id=made.match_id, kind="foul", player_id=player, notes=f"={n}"),
        )
        [row] = await csv_of(coach, "matches", made.season_id)
        assert (row["notes"][:2], row["venue"], row["competition"]) == ("'=", "'@home", "'+1")
        for each in await csv_of(coach, "events", made.season_id):
            assert not any(cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r")) for cell in each.values())
            assert each["player"] == (name if name.startswith("a") else f"'{name}")


async def test_a_season_without_matches(coach: Person) -> None:
    """There is a document, and tables with their headers alone."""
    season = some_id()
    await coach.push(put("seasons", season, label="next"))
    assert (await coach.ask("GET", f"/api/seasons/{season}/export")).json()["matches"] == []
    for table in COLUMNS:
        assert await csv_of(coach, table, season) == []


@pytest.mark.parametrize("query", ["format=xml", "format=csv&table=users", "format=csv&table=events&table=matches"])
async def test_what_is_refused(coach: Person, query: str) -> None:
    """Formats and tables that are not there."""
    assert code_of(await coach.ask("GET", f"/api/seasons/{NOBODY}/export?{query}")) == (400, "malformed")


async def test_who_may_export(client: httpx.AsyncClient, coach: Person, pg_execute: Execute) -> None:
    """Owners and coaches; a scorer and a viewer may not, and another club's season is not there."""
    made = await small_match(coach)
    stranger = await sign_up(client, "stranger@club.example")
    path = f"/api/seasons/{made.season_id}/export"
    for season in (made.season_id, NOBODY):
        for query in ("", "?format=csv", "?format=csv&table=events"):
            answer = await stranger.ask("GET", f"/api/seasons/{season}/export{query}")
            assert code_of(answer) == (404, "not_found")
    for role, status in (("coach", 200), ("scorer", 403), ("viewer", 403)):
        await pg_execute("UPDATE touchline.memberships SET role = $1 WHERE club_id = $2", role, coach.club_id)
        await _look_again(coach)
        assert (await coach.ask("GET", path)).status_code == status


async def _look_again(coach: Person) -> None:
    """Let what the server remembers of a session run out: a refresh looks it up anew."""
    body = {"refresh_token": coach.tokens["refresh_token"]}
    answer = await coach.client.post("/api/auth/refresh", json=body)
    assert answer.status_code == 200, answer.text
    coach.tokens = {**coach.tokens, **answer.json()}


async def report(coach: Person, match_id: str, **options: Any) -> str:  # noqa: ANN401
    """Return a match's report."""
    query = "&".join(f"{name}={value}" for name, value in options.items())
    answer = await coach.ask("GET", f"/api/matches/{match_id}/report?{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    return answer.text


async def test_u23_the_report_of_the_real_match(coach: Person) -> None:
    """U23: text for a chat, with numbers for names unless names are asked for."""
    match_id = await push_real_match(coach)
    text = await report(coach, match_id)
    assert text.startswith("Barcelona 2-2 Girona\n")
    assert "Half time: 1-1" in text
    assert "Messi" not in text
    assert "no. 10" in text
    assert "Lionel Andrés Messi" in await report(coach, match_id, names="full")
    assert await report(coach, match_id, format="text") == text


async def test_the_report_of_the_small_ones(coach: Person) -> None:
    """Results of U9 are not in it unless the coach says so."""
    made = await small_match(coach, age_group="U9")
    goal = {"id": some_id(), "kind": "goal", "team_id": made.home, "player_id": made.players[0]}
    await coach.ask("POST", f"/api/matches/{made.match_id}/events", json=goal)
    assert "1-0" not in await report(coach, made.match_id)
    assert "1-0" in await report(coach, made.match_id, score="show")


async def test_reports_that_are_refused(client: httpx.AsyncClient, coach: Person) -> None:
    """Another format, another naming, another club's match."""
    made = await small_match(coach)
    for query in ("format=html", "names=all", "score=1"):
        answer = await coach.ask("GET", f"/api/matches/{made.match_id}/report?{query}")
        assert code_of(answer) == (400, "malformed")
    stranger = await sign_up(client, "stranger@club.example")
    assert code_of(await stranger.ask("GET", f"/api/matches/{made.match_id}/report")) == (404, "not_found")
