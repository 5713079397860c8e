"""Lists: pages that are the whole, filters, sparse rows, and a size that one bar of signal carries."""

import asyncio
import gzip
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from football.recording import Fact, record
from sync.limits import PAGE_BYTES_DEFAULT
from tests.api.people import START_MS, Person, code_of, put, some_id
from tests.api.resources.samples import World, make_world

REAL_MATCH = json.loads(Path("data/matches/2018-09-23-barcelona-girona.json").read_text(encoding="utf-8"))
WIRE_BYTES_MAX = 50_000


async def push_all(person: Person, mutations: list[dict[str, Any]]) -> None:
    """Push in parts, as a client does."""
    for start in range(0, len(mutations), 400):
        answer = await person.push(*mutations[start : start + 400])
        assert answer.json()["others"] == [], answer.text


def as_put(fact: Fact) -> dict[str, Any]:
    """Return a recorded fact as a mutation."""
    grouped = {} if fact.group is None else {"group": {"id": fact.group.id, "count": fact.group.count}}
    return {**put(fact.collection, fact.id, **fact.fields), **grouped}


def kick_off(day: int) -> str:
    """Return the kick-off of a day of the season."""
    return f"2026-{1 + day // 28 % 12:02d}-{1 + day % 28:02d}T10:00:00.000Z"


async def season_of(person: Person, count: int) -> list[str]:
    """Push matches of a season with goals, texts and teams; return their ids, the latest kick-off first."""
    teams = [some_id() for _ in range(12)]
    mutations = [put("teams", team_id, name=f"Rovers {number} U10") for number, team_id in enumerate(teams)]
    ids = [some_id() for _ in range(count)]
    for day, match_id in enumerate(ids):
        home, away = teams[day % 12], teams[(day + 5) % 12]
        sides = {"home_team_id": home, "away_team_id": away}
        texts = {"competition": "Sunday league, U10 B", "venue": "Recreation ground, pitch 2", "notes": "Rain. " * 100}
        mutations.append(put("matches", match_id, kickoff_ts=kick_off(day), **sides, **texts))
        scorers = (home, home, away)
        mutations += [put("events", some_id(), match_id=match_id, kind="goal", team_id=each) for each in scorers]
    await push_all(person, mutations)
    return ids[::-1]


async def pages_of(person: Person, path: str, many: str, *, limit: int) -> list[list[dict[str, Any]]]:
    """Follow a list to its end."""
    joint = "&" if "?" in path else "?"
    pages: list[list[dict[str, Any]]] = []
    after: str | None = ""
    while after is not None:
        page = await person.get(f"{path}{joint}limit={limit}" + (f"&after={after}" if after else ""))
        assert page.keys() == {many, "after"}
        pages.append(page[many])
        after = page["after"]
    return pages


async def test_pages_are_the_whole(coach: Person) -> None:
    """Every match once, the latest kick-off first, in pages of the size asked for; the last says so."""
    ids = await season_of(coach, 14)
    for limit in (1, 3, 7, 13, 14, 200):
        pages = await pages_of(coach, "/api/matches", "matches", limit=limit)
        assert [row["id"] for page in pages for row in page] == ids
        assert all(len(page) == limit for page in pages[:-1])
        assert pages[-1]


async def test_pages_while_others_write(coach: Person) -> None:
    """What comes between two pages, before and after the place, neither repeats nor hides what was there."""
    ids = await season_of(coach, 9)
    first = await coach.get("/api/matches?limit=4")
    await coach.push(*(put("matches", some_id(), kickoff_ts=kick_off(day)) for day in (0, 2, 6, 8, 20)))
    await coach.ask("DELETE", f"/api/matches/{ids[3]}")
    seen = [row["id"] for row in first["matches"]]
    after = first["after"]
    while after is not None:
        page = await coach.get(f"/api/matches?limit=2&after={after}")
        seen += [row["id"] for row in page["matches"]]
        after = page["after"]
    assert [each for each in seen if each in ids] == ids
    assert len(set(seen)) == len(seen)


async def test_events_are_in_the_order_of_the_match(coach: Person) -> None:
    """Period type, period, clock, whatever their order of arrival and of their ids; each once over all pages."""
    world = await make_world(coach)
    moments = [
        ("extra_time", 1, 0),
        ("regular", 2, 5),
        ("regular", 2, 4),
        ("regular", 1, 9),
        ("penalty_shootout", 1, 0),
    ]
    names = ("period_type", "period_number", "clock_ms")
    for moment in moments:
        body = {"kind": "corner", **dict(zip(names, moment, strict=True))}
        assert (await coach.ask("POST", f"/api/matches/{world.match}/events", json=body)).status_code == 201
    pages = await pages_of(coach, f"/api/matches/{world.match}/events?kind=corner", "events", limit=2)
    found = [tuple(row[name] for name in names) for page in pages for row in page]
    assert found == [moments[3], moments[2], moments[1], moments[0], moments[4]]


async def test_filters_of_matches(coach: Person) -> None:
    """Season, team on either side, and dates; together they narrow further."""
    ids = [some_id() for _ in range(4)]
    season, team = some_id(), some_id()
    await coach.push(
        put("matches", ids[0], kickoff_ts="2026-09-01T23:59:59.999Z", season_id=season, home_team_id=team),
        put("matches", ids[1], kickoff_ts="2026-09-02T00:00:00.000Z", season_id=season),
        put("matches", ids[2], kickoff_ts="2026-09-03T10:00:00.000Z", away_team_id=team, called_off="postponed"),
        put("matches", ids[3], kickoff_ts="2026-09-04T10:00:00.000Z", called_off="cancelled"),
    )

    async def found(query: str) -> set[int]:
        rows = (await coach.get(f"/api/matches?{query}"))["matches"]
        return {ids.index(row["id"]) for row in rows}

    assert await found("") == {0, 1, 2, 3}
    assert await found(f"season={season}") == {0, 1}
    assert await found(f"season={season.upper()}") == {0, 1}
    assert await found(f"team={team}") == {0, 2}
    assert await found(f"team={team}&season={season}") == {0}
    assert await found("from=2026-09-02") == {1, 2, 3}
    assert await found("to=2026-09-01") == {0}
    assert await found("from=2026-09-02&to=2026-09-03") == {1, 2}
    assert await found(f"from={quote('2026-09-02T02:00:00+02:00')}&to=2026-09-03T10:00:00Z") == {1}
    assert await found("to=9999-12-31") == {0, 1, 2, 3}
    assert await found("status=postponed") == {2}
    assert await found("status=cancelled,postponed") == {2, 3}
    assert await found("status=scheduled") == {0, 1}
    assert await found("status=scheduled,cancelled&from=2026-09-02") == {1, 3}
    assert await found("status=live") == set()


async def test_the_status_and_score_are_folds(coach: Person) -> None:
    """U15: they follow what is recorded, in the list as in the score of each match, and the filter finds them."""
    facts = record(REAL_MATCH, seed="list", kickoff_ms=START_MS - 3 * 3_600_000)
    await push_all(coach, [as_put(fact) for fact in facts])
    world = await make_world(coach)
    match_id = next(fact.id for fact in facts if fact.collection == "matches")
    rows = {row["id"]: row for row in (await coach.get("/api/matches"))["matches"]}
    for each in (match_id, world.match):
        told = await coach.get(f"/api/matches/{each}/score")
        assert rows[each]["status"] == told["status"]
        assert (rows[each]["home"], rows[each]["away"]) == (told["home"], told["away"])
    assert (rows[match_id]["status"], rows[match_id]["home"], rows[match_id]["away"]) == ("completed", 2, 2)
    completed = (await coach.get("/api/matches?status=completed&fields=id,score"))["matches"]
    assert {"id": match_id, "score": "2-2"} in completed
    goal = next(fact.id for fact in facts if fact.collection == "events" and fact.fields["kind"] == "goal")
    await coach.ask("DELETE", f"/api/events/{goal}")
    rows = {row["id"]: row for row in (await coach.get("/api/matches"))["matches"]}
    assert rows[match_id]["home"] + rows[match_id]["away"] == 3


async def test_a_filter_by_status_reads_on(coach: Person) -> None:
    """Those of a rare status are found however many others stand between, on one page or over several."""
    ids = await season_of(coach, 70)
    late = [ids[3], ids[60], ids[69]]
    for match_id in late:
        await coach.ask("PATCH", f"/api/matches/{match_id}", json={"finished_at": "2027-01-01T00:00:00Z"})
    whole = await pages_of(coach, "/api/matches", "matches", limit=200)
    expected = [row["id"] for page in whole for row in page if row["status"] == "completed"]
    for limit in (1, 2, 50):
        pages = await pages_of(coach, "/api/matches?status=completed", "matches", limit=limit)
        assert [row["id"] for page in pages for row in page] == expected


async def test_filters_of_players_events_and_awards(coach: Person) -> None:
    """Team and activity of players; kind and period of events; season and player of awards."""
    world = await make_world(coach)
    ada, bo, season = some_id(), some_id(), some_id()
    await coach.push(
        put("players", ada, full_name="Ada", current_team=world.team),
        put("players", bo, full_name="Bo", is_active=False),
        put("events", some_id(), match_id=world.match, kind="save", period_number=2),
        put("awards", some_id(), category="One", season_id=season, player_id=ada),
        put("awards", some_id(), category="Two", season_id=season),
    )

    async def count(path: str, many: str) -> int:
        return len((await coach.get(path))[many])

    assert await count(f"/api/players?team={world.team}", "players") == 1
    assert await count("/api/players?active=true", "players") == 1
    assert await count("/api/players?active=false", "players") == 1
    assert await count(f"/api/teams/{world.team}/players?active=false", "players") == 0
    assert await count(f"/api/matches/{world.match}/events?kind=save&period=2", "events") == 1
    assert await count(f"/api/matches/{world.match}/events?kind=save&period=1", "events") == 0
    assert await count(f"/api/awards?season={season}", "awards") == 2
    assert await count(f"/api/awards?season={season}&player={ada}", "awards") == 1


async def test_sparse_rows(coach: Person) -> None:
    """Exactly the columns asked for, whatever their order; all are known to every list."""
    world = await make_world(coach)
    match = (await coach.get("/api/matches?fields=venue,id"))["matches"]
    assert match == [{"id": world.match, "venue": None}]
    whole = (await coach.get("/api/matches?fields=" + ",".join([*EVERY_MATCH_COLUMN, "score", "status"])))["matches"][0]
    read = await coach.get(f"/api/matches/{world.match}")
    assert read.items() <= whole.items()
    assert whole["score"] == "1-0"
    events = (await coach.get(f"/api/matches/{world.match}/events?fields=kind"))["events"]
    assert events == [{"kind": "goal"}]


EVERY_MATCH_COLUMN = (
    "id", "version", "season_id", "kickoff_ts", "competition", "home_team_id", "away_team_id", "our_side", "venue",
    "duration_mins", "period_format", "our_score", "opponent_score", "called_off", "finished_at", "notes",
)  # fmt: skip


REFUSED = [
    ("fields=id,club_id", "fields"),
    ("fields=stamps", "fields"),
    ("fields=", "fields"),
    ("fields=id,,id", "fields"),
    ("limit=0", "limit"),
    ("limit=201", "limit"),
    ("limit=1e1", "limit"),
    ("limit=" + "9" * 400, "limit"),
    ("after=x", "after"),
    ("after=", "after"),
    ("after=bnVsbA", "after"),
    ("after=WyJldmVudHMiLDFd", "after"),
    ("after=" + "A" * 500, "after"),
    ("season=x", "season"),
    ("team=", "team"),
    ("status=over", "status"),
    ("status=", "status"),
    ("from=yesterday", "from"),
    ("to=2026-02-30", "to"),
    ("from=2026-09-02T10:00", "from"),
    ("season_id=2f6c1f9e-0b1d-4c5e-8a47-6a3b0c9d8e7f", "season_id"),
    ("Limit=1", "Limit"),
    ("x%0ay=1", "query"),
    ("limit=1&limit=2", "query"),
]
"""Queries that no list of matches answers, each with what the answer names."""


async def test_a_query_that_cannot_be_answered(coach: Person) -> None:
    """It is a 400 that names the parameter, and never what was sent; one that the route does not take is named too."""
    for query, path in REFUSED:
        answer = await coach.ask("GET", f"/api/matches?{query}")
        assert code_of(answer) == (400, "malformed"), query
        assert answer.json()["path"] == path


async def test_no_route_leaves_a_parameter_out_in_silence(coach: Person) -> None:
    """What a route does not take is refused by name, and its value is not repeated."""
    for path in ("/api/teams?team=x", "/api/positions?limit=1", "/api/sync/timestamp?x=1", "/api/auth/me?token=secret"):
        answer = await coach.ask("GET", path)
        assert code_of(answer) == (400, "malformed")
        assert answer.json()["path"] == path.partition("?")[2].partition("=")[0]
        assert "secret" not in answer.text


async def test_a_token_is_of_its_list(coach: Person) -> None:
    """One list's token is none of another's: their orders differ."""
    await season_of(coach, 3)
    token = (await coach.get("/api/matches?limit=1"))["after"]
    assert code_of(await coach.ask("GET", f"/api/teams?after={token}")) == (400, "malformed")


async def test_200_matches_fit_the_mission(coach: Person) -> None:
    """A page of 200 matches with score and status has less than 50 KB as it is, and the usual page far less."""
    await season_of(coach, 200)
    page = await coach.ask("GET", "/api/matches?limit=200")
    assert len(page.json()["matches"]) == 200
    assert page.json()["after"] is None
    assert len(page.content) < WIRE_BYTES_MAX
    assert len(gzip.compress(page.content, 6)) < 15_000
    usual = await coach.ask("GET", "/api/matches")
    assert len(usual.json()["matches"]) == 50
    assert len(usual.content) < 13_000


async def test_a_page_ends_where_it_would_be_a_burden(coach: Person) -> None:
    """However long the texts and however many the rows asked for: under 50 KB, and the pages together are the whole."""
    ids = await season_of(coach, 120)
    path = "/api/matches?fields=id,notes,venue,competition"
    sizes = [len(json.dumps(page)) for page in await pages_of(coach, path, "matches", limit=200)]
    assert len(sizes) > 1
    for after in ("", "&limit=200"):
        answer = await coach.ask("GET", path + after)
        assert len(answer.content) < WIRE_BYTES_MAX
        assert PAGE_BYTES_DEFAULT < WIRE_BYTES_MAX
    pages = await pages_of(coach, path, "matches", limit=200)
    assert [row["id"] for page in pages for row in page] == ids


async def test_a_real_matchs_events(coach: Person) -> None:
    """161 facts of a real match come in pages under 50 KB; sparse, all of them fit one."""
    facts = record(REAL_MATCH, seed="events", kickoff_ms=START_MS)
    await push_all(coach, [as_put(fact) for fact in facts])
    match_id = next(fact.id for fact in facts if fact.collection == "matches")
    events = {fact.id for fact in facts if fact.collection == "events"}
    path = f"/api/matches/{match_id}/events"
    assert len((await coach.ask("GET", f"{path}?limit=200")).content) < WIRE_BYTES_MAX
    pages = await pages_of(coach, path, "events", limit=200)
    assert {row["id"] for page in pages for row in page} == events
    sparse = await coach.ask("GET", f"{path}?limit=200&fields=id,kind,team_id,player_id,period_number,clock_ms")
    assert {row["id"] for row in sparse.json()["events"]} == events
    assert sparse.json()["after"] is None


async def test_a_list_is_kept_under_the_clubs_head(coach: Person, services: Any) -> None:  # noqa: ANN401 - from the fixture
    """Asked again it is not made again, and 304 for whoever has it; a write anywhere in the club is seen at once."""
    world = await make_world(coach)
    path = f"/api/matches/{world.match}/events"
    first = await coach.ask("GET", path)
    misses = services.views.statistics().misses
    same = await coach.ask("GET", path, headers={"if-none-match": first.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    await asyncio.gather(*(coach.ask("GET", path) for _ in range(5)))
    assert services.views.statistics().misses == misses
    await coach.ask("POST", path, json={"kind": "save"})
    assert len((await coach.get(path))["events"]) == 2


async def test_squads(coach: Person) -> None:
    """Both sides' active players in the order of their shirts; of each no more than a scorer needs."""
    world = await make_world(coach)
    bare: World = await make_world(coach)
    for number, name in ((9, "Nia"), (1, "Gil"), (None, "Ola")):
        body = {"full_name": name, "squad_number": number, "dob": "2016-05-14", "notes": "canary"}
        await coach.ask("POST", f"/api/teams/{world.team}/players", json=body)
    await coach.ask("POST", f"/api/teams/{world.team}/players", json={"full_name": "Gone", "is_active": False})
    answer = await coach.ask("GET", f"/api/matches/{world.match}/squads")
    home = answer.json()["home"]
    assert (home["team_id"], home["name"]) == (world.team, "Reds")
    assert [each["full_name"] for each in home["players"]] == ["Gil", "Nia", "Ola"]
    assert {key for each in home["players"] for key in each} == {"id", "full_name", "squad_number", "preferred_pos"}
    assert "canary" not in answer.text
    assert answer.json()["away"] == {"team_id": None, "name": None, "players": []}
    assert (await coach.get(f"/api/matches/{bare.match}/squads"))["home"]["players"] == []
    assert code_of(await coach.ask("GET", f"/api/matches/{some_id()}/squads")) == (404, "not_found")


async def test_positions(coach: Person) -> None:
    """The lookup, the same for all clubs; 304 for whoever has it."""
    answer = await coach.ask("GET", "/api/positions")
    assert {"pos_code": "GK", "long_name": "Goalkeeper"} in answer.json()["positions"]
    again = await coach.ask("GET", "/api/positions", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304
