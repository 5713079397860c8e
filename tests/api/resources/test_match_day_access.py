"""Who may do what on a match day: every route, for every role, and for a scorer by link in and out of their match."""

from typing import Any

import httpx
import pytest

from tests.api.identity.crowd import join, score_by
from tests.api.matchday import Teams, small_match
from tests.api.people import START_MS, Person, code_of, sign_up

CSV = b"name\nAda\n"


def requests(made: Teams) -> dict[str, tuple[str, str, Any]]:
    """Return one request of each route: method, address, body."""
    match, press = f"/api/matches/{made.match_id}", {"at": START_MS, "sent_at": START_MS}
    one, two, *_ = made.players
    return {
        "list periods": ("GET", f"{match}/periods", None),
        "start": ("POST", f"{match}/periods", {**press, "number": 1}),
        "pause": ("POST", f"{match}/periods/1/pause", press),
        "resume": ("POST", f"{match}/periods/1/resume", press),
        "end": ("POST", f"{match}/periods/1/end", press),
        "line-up": ("POST", f"{match}/lineup/start", {"players": [{"player_id": one}]}),
        "substitution": ("POST", f"{match}/substitutions", {"off": one, "on": two, "period": 1, "clock_ms": 1}),
        "finish": ("POST", f"{match}/finish", press),
        "call off": ("POST", f"{match}/call-off", {"why": None}),
        "put pause": ("PUT", f"{match}/periods/1/pauses/1", {"started_at": "2026-09-21T14:00:00Z"}),
        "patch pause": ("PATCH", f"{match}/periods/1/pauses/1", {"ended_at": "2026-09-21T14:01:00Z"}),
        "delete pause": ("DELETE", f"{match}/periods/1/pauses/1", None),
        "put period": ("PUT", f"{match}/periods/1", {"started_at": "2026-09-21T14:00:00Z"}),
        "patch period": ("PATCH", f"{match}/periods/1", {"ended_at": "2026-09-21T14:25:00Z"}),
        "delete period": ("DELETE", f"{match}/periods/1", None),
        "live": ("GET", f"{match}/live", None),
        "minutes": ("GET", f"{match}/minutes", None),
        "report": ("GET", f"{match}/report", None),
        "player stats": ("GET", f"/api/players/{one}/stats", None),
        "team stats": ("GET", f"/api/teams/{made.home}/stats", None),
        "export": ("GET", f"/api/seasons/{made.season_id}/export", None),
        "import": ("POST", f"/api/teams/{made.home}/players/import", CSV),
    }


READING = {"list periods", "live", "minutes"}
CLUB_READING = {"report", "player stats", "team stats"}
DECIDING = {"export", "import"}


async def send(who: Person, method: str, path: str, body: Any) -> httpx.Response:  # noqa: ANN401
    """Send a request, JSON or CSV."""
    if isinstance(body, bytes):
        return await who.ask(method, path, content=body, headers={"content-type": "text/csv"})
    return await who.ask(method, path, json=body)


async def allowed(who: Person, made: Teams) -> set[str]:
    """Return the routes that somebody may use; the others say that they may not."""
    found: set[str] = set()
    for name, request in requests(made).items():
        answer = await send(who, *request)
        if answer.is_success:
            found.add(name)
        else:
            assert code_of(answer) == (403, "forbidden"), (name, answer.text)
    return found


@pytest.mark.parametrize("role", ["coach", "scorer", "viewer"])
async def test_each_role_has_its_routes(client: httpx.AsyncClient, coach: Person, role: str) -> None:
    """Viewers read, scorers record, coaches and owners take a season away and bring a squad."""
    made = await small_match(coach)
    who = await join(client, coach, role)
    every = set(requests(made))
    expected = {"coach": every, "scorer": every - DECIDING, "viewer": READING | CLUB_READING}
    assert await allowed(who, made) == expected[role]


async def test_the_owner_has_them_all(coach: Person) -> None:
    """Whoever made the club may do all of it."""
    made = await small_match(coach)
    assert await allowed(coach, made) == set(requests(made))


async def by_link(client: httpx.AsyncClient, coach: Person, made: Teams) -> Person:
    """Return somebody who scores a match by link."""
    answer = await coach.ask("POST", f"/api/matches/{made.match_id}/scorers", json={})
    assert answer.status_code == 201, answer.text
    return Person(client, (await score_by(client, secret=answer.json()["secret"])).json())


async def test_u27_a_scorer_by_link_runs_their_match(client: httpx.AsyncClient, coach: Person) -> None:
    """U27: every button, the line-up and the changes of the one match, and nothing of the club beside it."""
    made = await small_match(coach)
    scorer = await by_link(client, coach, made)
    assert await allowed(scorer, made) == set(requests(made)) - DECIDING - CLUB_READING


async def test_u27_no_other_match_is_there_for_a_link(client: httpx.AsyncClient, coach: Person) -> None:
    """U27, U25: for a link another match of the same club does not exist, and nothing is written to it."""
    made, other = await small_match(coach), await small_match(coach)
    scorer = await by_link(client, coach, made)
    before = (await coach.get("/api/sync/timestamp"))["timestamp"]
    for name, request in requests(other).items():
        answer = await send(scorer, *request)
        closed = DECIDING | CLUB_READING
        assert code_of(answer) == ((403, "forbidden") if name in closed else (404, "not_found")), name
    assert (await coach.get("/api/sync/timestamp"))["timestamp"] == before


async def test_another_club_finds_nothing(client: httpx.AsyncClient, coach: Person) -> None:
    """U25: every route answers another club's ids as ids that never were, and no name of it is in any answer."""
    made = await small_match(coach)
    stranger = await sign_up(client, "stranger@club.example")
    for name, request in requests(made).items():
        answer = await send(stranger, *request)
        assert code_of(answer) == (404, "not_found"), name
        assert "Player Number" not in answer.text
