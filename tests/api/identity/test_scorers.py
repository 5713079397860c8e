"""Scorers by link: one match, one day, no account (U27)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.identity.keys import make_ring
from api.identity.links import ALPHABET, code_hashes, make_code, read_code, show_code
from api.identity.scorers import end_of_link
from tests.api.identity.crowd import join, score_by
from tests.api.people import Clock, Person, code_of, put, sign_up, some_id

HOUR_S = 3_600
NOW = datetime(2026, 9, 20, 8, tzinfo=UTC)


async def make_link(coach: Person, match_id: str, **asked: object) -> dict[str, Any]:
    """Return a fresh link."""
    answer = await coach.ask("POST", f"/api/matches/{match_id}/scorers", json=asked)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
async def match_id(coach: Person) -> str:
    """Give a match."""
    return await coach.make_match()


async def test_u27_a_volunteer_scores_one_match(client: httpx.AsyncClient, coach: Person, match_id: str) -> None:
    """U27: with a link or a code and no account, a volunteer records the match, and is its author by name."""
    made = await make_link(coach, match_id)
    assert made["link"] == "/score#" + made["secret"]
    tokens: dict[str, Any] = {}
    for how in ({"secret": made["secret"]}, {"code": made["code"]}, {"code": made["code"].lower().replace("-", " ")}):
        answer = await score_by(client, **how)
        assert answer.status_code == 200, answer.text
        tokens = answer.json()
        assert (tokens["role"], tokens["scope"], tokens["match_id"]) == ("scorer", "match", match_id)
        assert (tokens["user_id"], tokens["club_id"]) == (made["scorer"]["scorer_id"], coach.club_id)
    scorer = Person(client, tokens)
    me = await scorer.get("/api/auth/me")
    assert (me["email"], me["display_name"], me["match_id"], me["clubs"]) == (None, "Scorer: Sam", match_id, [])
    pushed = await scorer.push(put("events", some_id(), match_id=match_id, kind="goal"))
    assert pushed.json()["others"] == [], pushed.text
    devices = (await coach.get("/api/sync/devices"))["devices"]
    assert {each["user_id"]: each["display_name"] for each in devices}[tokens["user_id"]] == "Scorer: Sam"
    [row] = (await coach.get(f"/api/matches/{match_id}/scorers"))["scorers"]
    assert (row["devices"], row["name"], row["is_live"]) == (3, "Sam", True)
    assert "secret" not in row


async def test_u27_a_link_opens_nothing_else(client: httpx.AsyncClient, coach: Person, match_id: str) -> None:
    """U27, U25: the club's log, snapshot, devices, conflicts, people and other matches are closed to a link."""
    other_match = await coach.make_match()
    scorer = Person(client, (await score_by(client, secret=(await make_link(coach, match_id))["secret"])).json())
    for method, path in (
        ("GET", "/api/sync/pull"),
        ("GET", "/api/sync/snapshot"),
        ("GET", "/api/sync/devices"),
        ("GET", "/api/sync/conflicts"),
        ("POST", "/api/sync/conflicts"),
        ("GET", "/api/club"),
        ("GET", "/api/club/members"),
        ("GET", "/api/club/invitations"),
        ("POST", "/api/clubs"),
        ("GET", "/api/auth/sessions"),
        ("PATCH", "/api/auth/me"),
        ("POST", "/api/auth/switch"),
        ("POST", "/api/auth/join"),
        ("POST", "/api/auth/password"),
        ("DELETE", "/api/auth/account"),
        ("GET", f"/api/matches/{match_id}/scorers"),
        ("POST", f"/api/matches/{match_id}/scorers"),
    ):
        assert code_of(await scorer.ask(method, path)) == (403, "forbidden"), path
    assert (await scorer.ask("GET", f"/api/matches/{match_id}/score")).status_code == 200
    absent = await scorer.ask("GET", f"/api/matches/{some_id()}/score")
    theirs = await scorer.ask("GET", f"/api/matches/{other_match}/score")
    assert code_of(theirs) == code_of(absent) == (404, "not_found")


async def test_u27_a_link_ends(client: httpx.AsyncClient, coach: Person, match_id: str, clock: Clock) -> None:
    """U27: after expiry or revocation its tokens are refused at the next request, with the time, and so is the link."""
    kept, revoked = await make_link(coach, match_id, hours=2), await make_link(coach, match_id)
    scorers = [Person(client, (await score_by(client, secret=each["secret"])).json()) for each in (kept, revoked)]
    assert scorers[0].tokens["refresh_expires_in"] == 2 * HOUR_S
    path = f"/api/matches/{match_id}/scorers/{revoked['scorer']['scorer_id']}"
    assert (await coach.ask("DELETE", path)).status_code == 204
    ended = [clock.ms, clock.ms + 2 * HOUR_S * 1_000]
    assert (await scorers[0].get("/api/auth/me"))["role"] == "scorer"
    clock.turn(s=2 * HOUR_S - 10)
    refreshed = await client.post("/api/auth/refresh", json={"refresh_token": scorers[0].tokens["refresh_token"]})
    scorers[0].tokens = refreshed.json()
    assert refreshed.json()["refresh_expires_in"] == 10
    revoked_refresh = await client.post("/api/auth/refresh", json={"refresh_token": scorers[1].tokens["refresh_token"]})
    assert code_of(revoked_refresh) == (403, "access_ended")
    assert revoked_refresh.json()["ended_at"] == ended[0]
    clock.turn(s=10)
    for method, path in (("GET", f"/api/matches/{match_id}/score"), ("POST", "/api/auth/logout")):
        answer = await scorers[0].ask(method, path)
        assert code_of(answer) == (403, "access_ended")
        assert (answer.json()["forget"], answer.json()["ended_at"]) == (True, ended[1])
    for each in (kept, revoked):
        assert code_of(await score_by(client, secret=each["secret"])) == (410, "invitation_ended")
    assert code_of(await score_by(client, code=kept["code"])) == (410, "invitation_ended")
    assert code_of(await score_by(client, code=revoked["code"])) == (404, "not_found")


async def test_a_revoked_link_is_out_at_once(client: httpx.AsyncClient, coach: Person, match_id: str) -> None:
    """No server remembers that a link was good."""
    made = await make_link(coach, match_id)
    scorer = Person(client, (await score_by(client, secret=made["secret"])).json())
    assert (await scorer.ask("GET", f"/api/matches/{match_id}/score")).status_code == 200
    await coach.ask("DELETE", f"/api/matches/{match_id}/scorers/{made['scorer']['scorer_id']}")
    assert code_of(await scorer.ask("GET", f"/api/matches/{match_id}/score")) == (403, "access_ended")


async def test_who_makes_links(client: httpx.AsyncClient, coach: Person, match_id: str) -> None:
    """Owners and coaches, of their own club's matches that are there."""
    path = f"/api/matches/{match_id}/scorers"
    for role, status in (("coach", 201), ("scorer", 403), ("viewer", 403)):
        helper = await join(client, coach, role)
        assert (await helper.ask("POST", path, json={})).status_code == status
    stranger = await sign_up(client, "stranger@club.example")
    made = (await coach.get(path))["scorers"][0]["scorer_id"]
    theirs, absent = match_id, some_id()
    for each in (theirs, absent):
        there = f"/api/matches/{each}/scorers"
        assert code_of(await stranger.ask("POST", there, json={})) == (404, "not_found")
        assert code_of(await stranger.ask("GET", there)) == (404, "not_found")
        assert code_of(await stranger.ask("DELETE", f"{there}/{made}")) == (404, "not_found")
    await coach.push({"collection": "matches", "record": match_id, "op": "delete"})
    assert code_of(await coach.ask("POST", path, json={})) == (404, "not_found")


async def test_wrong_secrets_and_codes(client: httpx.AsyncClient, coach: Person, match_id: str) -> None:
    """All that is none of ours is unknown; secret and code together, or neither, is malformed."""
    made = await make_link(coach, match_id)
    stranger = await sign_up(client, "stranger@club.example")
    other = (await make_link(stranger, await stranger.make_match()))["secret"]
    for wrong in ("", "tlm_x", "tli_" + made["secret"][4:], "tlm_" + other[4:25] + made["secret"][25:]):
        assert code_of(await score_by(client, secret=wrong)) == (404, "not_found")
    for wrong in ("", "AAAA", "UUUU-UUUU", "0000-0000", "é" * 8):
        clean = await score_by(client, code=made["code"])
        assert clean.status_code == 200
        assert code_of(await score_by(client, code=wrong)) == (404, "not_found")
    for both in ({}, {"secret": made["secret"], "code": made["code"]}):
        assert code_of(await score_by(client, **both)) == (400, "malformed")


async def test_guessing_codes_is_slowed_down(
    client: httpx.AsyncClient, coach: Person, match_id: str, clock: Clock
) -> None:
    """After five wrong codes from one network each next one waits longer; the link itself is not slowed down."""
    made = await make_link(coach, match_id)
    for _ in range(5):
        assert code_of(await score_by(client, code="0000-0000")) == (404, "not_found")
    refused = await score_by(client, code=made["code"])
    assert code_of(refused) == (429, "too_many_requests")
    assert refused.headers["retry-after"] == "1"
    assert (await score_by(client, secret=made["secret"])).status_code == 200
    clock.turn(s=1)
    assert code_of(await score_by(client, code="0000-0000")) == (404, "not_found")
    assert (await score_by(client, code="0000-0000")).headers["retry-after"] == "2"
    clock.turn(s=2)
    assert (await score_by(client, code=made["code"])).status_code == 200


@given(st.binary(min_size=5, max_size=5))
def test_codes_are_read_as_they_are_written(drawn: bytes) -> None:
    """Whatever the case and the hyphen, and with O, I and L for 0 and 1, a code is itself; its hash needs a key."""
    code = make_code(lambda _size: drawn)
    assert len(code) == 8
    assert set(code) <= set(ALPHABET)
    for spelled in (code, show_code(code), show_code(code).lower(), code.replace("0", "o").replace("1", "l")):
        assert read_code(spelled) == code
    old, new = make_ring(b"o" * 32), make_ring(b"n" * 32, b"o" * 32)
    assert code_hashes(code, new)[1] == code_hashes(code, old)[0] != code_hashes(code, new)[0]


@pytest.mark.parametrize(
    ("kickoff_h", "hours", "ends_h"),
    [
        (None, None, 24),
        (2, None, 26),
        (-5, None, 24),
        (24, None, 48),
        (200, None, 48),
        (200, 1, 1),
        (None, 48, 48),
    ],
)
def test_when_a_link_ends(kickoff_h: int | None, hours: int | None, ends_h: int) -> None:
    """A day after kick-off, or from now where that is later, and two days from now at the most."""
    kickoff = None if kickoff_h is None else NOW + timedelta(hours=kickoff_h)
    assert end_of_link(NOW, kickoff, hours) == NOW + timedelta(hours=ends_h)
