"""The door itself: every bad token is answered alike, a good one is looked up anew each time."""

from typing import Any

import httpx
import pytest

from api.app import Services
from api.identity.access import READ_MAX
from api.identity.keys import KeyRing, make_ring
from api.identity.tokens import ACCESS_S, LEEWAY_S, Claims, sign
from tests.api.identity.crowd import invite
from tests.api.identity.test_tokens import BAD_CLAIMS, BAD_TOKENS, HEADER, forge
from tests.api.people import START_MS, Clock, Execute, Person, code_of, some_id

NOW_S = START_MS // 1_000


def claims_of(person: Person, **changed: str) -> Claims:
    """Return what a person's own access token says, but for what is changed."""
    tokens = person.tokens
    said: dict[str, Any] = {
        "sub": tokens["user_id"],
        "club": tokens["club_id"],
        "device": tokens["device_id"],
        "sid": some_id(),
        "role": "owner",
        "exp": NOW_S + ACCESS_S,
        "iat": NOW_S,
    }
    return Claims(**{**said, **changed})


async def session_of(person: Person) -> str:
    """Return the id of a person's session."""
    [row] = (await person.get("/api/auth/sessions"))["sessions"]
    found: str = row["session_id"]
    return found


async def test_every_bad_token_is_answered_alike(coach: Person) -> None:
    """More than a hundred of them: 401, one body, and never a word of what was wrong."""
    match_id = await coach.make_match()
    link = (await coach.ask("POST", f"/api/matches/{match_id}/scorers", json={})).json()
    secrets = [coach.tokens["refresh_token"], (await invite(coach, "viewer"))["secret"], link["secret"], link["code"]]
    bad = [*BAD_TOKENS, *secrets, *(forge(HEADER, claims) for claims in BAD_CLAIMS)]
    bodies: set[tuple[int, str]] = set()
    for token in bad:
        header = b"Bearer " + token.encode("utf-8", errors="surrogatepass")
        if b"\n" in header or b"\x00" in header or len(header) > 100_000:
            continue
        answer = await coach.client.get("/api/auth/me", headers={b"authorization": header})
        body = answer.json()
        body.pop("instance")
        bodies.add((answer.status_code, str(sorted(body.items()))))
    assert len(bad) > 100
    assert len(bodies) == 1
    assert next(iter(bodies))[0] == 401


async def test_a_well_signed_token_of_another_session(services: Services, ring: KeyRing, coach: Person) -> None:
    """A key is not enough: the session must be there, of this person, club, device and scope."""
    session_id = await session_of(coach)
    asked = httpx.Headers()
    for changed in (
        {"sid": some_id()},
        {"sub": some_id()},
        {"club": some_id()},
        {"device": some_id()},
        {"scope": "match"},
        {"match": some_id()},
        {"scope": "match", "match": some_id()},
    ):
        token = sign(claims_of(coach, **{"sid": session_id, **changed}), ring)
        asked["authorization"] = f"Bearer {token}"
        assert code_of(await coach.client.get("/api/auth/me", headers=asked)) == (401, "unauthorised"), changed
    token = sign(claims_of(coach, sid=session_id, role="viewer"), ring)
    assert (await services.gate.admit(token)).role == "owner", "the role in a token counts for nothing"


async def test_a_token_that_was_read_before_still_ends(coach: Person, clock: Clock) -> None:
    """The signature is remembered, the time is not: both sides of the leeway."""
    clock.turn(s=ACCESS_S + LEEWAY_S - 1)
    assert (await coach.ask("GET", "/api/auth/me")).status_code == 200
    clock.turn(s=1)
    assert code_of(await coach.ask("GET", "/api/auth/me")) == (401, "unauthorised")
    clock.turn(s=-(ACCESS_S + 2 * LEEWAY_S))
    assert (await coach.ask("GET", "/api/auth/me")).status_code == 200
    clock.turn(s=-1)
    assert code_of(await coach.ask("GET", "/api/auth/me")) == (401, "unauthorised")


async def test_what_is_remembered_is_bounded(services: Services, ring: KeyRing, coach: Person) -> None:
    """However many tokens come, some thousands are remembered, and none of them is looked up less."""
    session_id = await session_of(coach)
    gate = services.gate
    gate._read.clear()
    gate._read.update({f"old {number}": claims_of(coach) for number in range(READ_MAX)})
    token = sign(claims_of(coach, sid=session_id), ring)
    await gate.admit(token)
    assert len(gate._read) == READ_MAX
    assert token in gate._read
    assert "old 0" not in gate._read
    assert "old 1" in gate._read


@pytest.mark.parametrize(
    ("sql", "status"),
    [
        ("UPDATE touchline.sessions SET ended_at = now()", 401),
        ("DELETE FROM touchline.sessions", 401),
        ("UPDATE touchline.memberships SET removed_at = '2020-01-01'", 403),
        ("UPDATE touchline.memberships SET role = 'viewer'", 403),
    ],
)
async def test_another_process_ends_access_at_the_next_request(
    coach: Person, pg_execute: Execute, sql: str, status: int
) -> None:
    """Nothing is remembered of what a session may: what another server commits holds at once here."""
    assert (await coach.push()).status_code == 200
    await pg_execute(sql)
    assert (await coach.push()).status_code == status


async def test_a_retired_key_lets_nobody_in(services: Services, coach: Person) -> None:
    """Two keys are live at the most, those of the settings."""
    session_id = await session_of(coach)
    old = make_ring(b"a secret that was retired, of 32 bytes")
    with pytest.raises(Exception, match="access token"):
        await services.gate.admit(sign(claims_of(coach, sid=session_id), old))
