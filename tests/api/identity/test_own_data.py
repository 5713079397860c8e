"""All that the server holds about somebody who can sign in, as they may take it away: theirs alone, and no secret."""

import csv
import io

import httpx
import pytest

from football.dossier import COLUMNS
from football.sheets import BOM
from tests.api.identity.crowd import join, score_by
from tests.api.people import START_MS, Execute, Person, code_of, put, sign_in, some_id

pytestmark = pytest.mark.postgres
PATH = "/api/account/export"


async def test_all_of_ones_own(client: httpx.AsyncClient, coach: Person) -> None:
    """Account, sessions, clubs, devices, what they made, and how much they wrote."""
    second = await sign_in(client, "coach@club.example")
    match = await coach.make_match()
    await coach.push(put("matches", match, venue="Park"), put("matches", some_id(), nonsense=1))
    invited = await coach.ask("POST", "/api/club/invitations", json={"role": "viewer"})
    shared = await coach.ask("POST", f"/api/matches/{match}/share", json={})
    linked = (await coach.ask("POST", f"/api/matches/{match}/scorers", json={})).json()
    await score_by(client, secret=linked["secret"], name="Somebody Else")
    answer = await second.ask("GET", PATH)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"] == 'attachment; filename="account.json"'
    told = answer.json()
    assert told["account"] == {
        "user_id": coach.tokens["user_id"],
        "email": "coach@club.example",
        "display_name": "Coach",
        "created_at": told["account"]["created_at"],
    }
    assert told["exported_ms"] == START_MS
    assert {each["device_id"] for each in told["sessions"]} == {coach.device_id, second.device_id}
    [club] = told["clubs"]
    assert (club["club"]["name"], club["club"]["role"], club["club"]["removed_at"]) == ("Reds", "owner", None)
    assert [each["device_id"] for each in club["devices"]] == [coach.device_id]
    assert club["edits"] == {"applied": 2, "rejected": 1}
    assert [each["role"] for each in club["invitations"]] == ["viewer"]
    assert [each["match_id"] for each in club["scorer_links"]] == [match]
    assert [each["match_id"] for each in club["share_links"]] == [match]
    text = answer.text
    secrets = [invited.json()["secret"], shared.json()["secret"], linked["secret"], linked["code"]]
    assert [each for each in [*secrets, "argon2", "hash", "Somebody Else"] if each in text] == []


async def test_nobody_elses(client: httpx.AsyncClient, coach: Person, pg_execute: Execute) -> None:
    """A member's export knows of no other member; a scorer by link has no account, and a former member no access."""
    viewer = await join(client, coach, "viewer", "reader")
    told = await viewer.ask("GET", PATH)
    assert told.json()["account"]["email"] == "reader@club.example"
    assert told.json()["clubs"][0]["edits"] == {}
    for each in ("coach@club.example", coach.tokens["user_id"], coach.device_id):
        assert each not in told.text
    scorer = Person(client, (await score_by(client, secret=await _link(coach))).json())
    assert code_of(await scorer.ask("GET", PATH)) == (403, "forbidden")
    await pg_execute("UPDATE touchline.memberships SET removed_at = '2026-01-01' WHERE role = 'viewer'")
    assert code_of(await viewer.ask("GET", PATH)) == (403, "access_ended")


async def _link(coach: Person) -> str:
    match = await coach.make_match()
    secret: str = (await coach.ask("POST", f"/api/matches/{match}/scorers", json={})).json()["secret"]
    return secret


async def test_as_a_table(coach: Person) -> None:
    """A line for each value; a name that looks like a formula is a text."""
    await coach.ask("PATCH", "/api/auth/me", json={"display_name": "=cmd|' /C calc'!A0"})
    answer = await coach.ask("GET", f"{PATH}?format=csv")
    assert answer.headers["content-type"] == "text/csv; header=present; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.content.decode().removeprefix(BOM), newline=""), strict=True))
    assert tuple(rows[0]) == COLUMNS
    found = {(row["section"], row["field"]): row["value"] for row in rows}
    assert found["account", "display_name"] == "'=cmd|' /C calc'!A0"
    assert found["clubs", "name"] == "Reds"
    assert ("sessions", "device_id") in found
