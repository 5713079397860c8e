"""The thin wrappers: each write becomes a mutation, and is ranked, merged and repeated like any other."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.api.people import Person, code_of, put, sign_in, some_id


async def log_goal(coach: Person, match_id: str, **fields: object) -> dict[str, Any]:
    """Log a goal over the wrapper, and return it."""
    body = {"id": some_id(), "kind": "goal", "clock_ms": 60_000, **fields}
    answer = await coach.ask("POST", f"/api/matches/{match_id}/events", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/api/events/{body['id']}"
    found: dict[str, Any] = answer.json()
    assert answer.headers["etag"] == f'"{found["version"]}"'
    return found


async def version_of(coach: Person) -> int:
    """Return the head's version."""
    return int((await coach.get("/api/sync/timestamp"))["timestamp"].split(".")[0])


async def test_a_goal_from_the_wrapper_to_the_log(coach: Person) -> None:
    """What the wrapper writes is in the log, and in the list; the whole record is answered, defaults included."""
    match_id = await coach.make_match()
    goal = await log_goal(coach, match_id)
    assert (goal["match_id"], goal["sentiment"], goal["player_id"]) == (match_id, 0, None)
    assert (await coach.get(f"/api/matches/{match_id}/events"))["events"] == [goal]
    assert await coach.get(f"/api/events/{goal['id']}") == goal
    changes = (await coach.get("/api/sync/pull"))["changes"]
    assert changes[-1]["fields"] == {"match_id": match_id, "kind": "goal", "clock_ms": 60_000}


async def test_only_differences_are_written(coach: Person) -> None:
    """A PUT with the stored values writes nothing, one with a new value writes that alone."""
    match_id = await coach.make_match()
    goal = await log_goal(coach, match_id)
    before = await version_of(coach)
    same = await coach.ask("PUT", f"/api/events/{goal['id']}", json=goal)
    assert same.json() == goal
    assert await version_of(coach) == before
    changed = await coach.ask("PUT", f"/api/events/{goal['id']}", json={**goal, "notes": "header", "sentiment": 0})
    assert changed.json() == {**goal, "notes": "header", "version": before + 1}
    assert (await coach.get("/api/sync/pull"))["changes"][-1]["fields"] == {"notes": "header"}


async def test_if_match(coach: Person) -> None:
    """With the current version it is written; with another, 412 shows the record as it is, and nothing is written."""
    goal = await log_goal(coach, await coach.make_match())
    path, seen = f"/api/events/{goal['id']}", f'"{goal["version"]}"'
    good = await coach.ask("PUT", path, json={"notes": "one"}, headers={"if-match": seen})
    assert good.status_code == 200
    late = await coach.ask("PUT", path, json={"notes": "two"}, headers={"if-match": seen})
    assert code_of(late) == (412, "version_mismatch")
    assert late.json()["current"] == good.json()
    assert code_of(await coach.ask("DELETE", path, headers={"if-match": seen})) == (412, "version_mismatch")
    assert (await coach.ask("PUT", path, json={"notes": "two"}, headers={"if-match": "*"})).status_code == 200
    for text in ("12", 'w/"12"', '"x"', '"1", "2"', ""):
        assert code_of(await coach.ask("PUT", path, json={"notes": "x"}, headers={"if-match": text})) == (
            400,
            "malformed",
        )


async def test_an_idempotency_key_makes_a_retry_safe(client: httpx.AsyncClient, coach: Person) -> None:
    """A retry of a PUT after somebody else's edit does not undo that edit."""
    goal = await log_goal(coach, await coach.make_match())
    path, headers = f"/api/events/{goal['id']}", {"idempotency-key": "a1"}
    await coach.ask("PUT", path, json={"notes": "mine"}, headers=headers)
    helper = await sign_in(client, "coach@club.example")
    await helper.ask("PUT", path, json={"notes": "theirs"})
    head = await version_of(coach)
    again = await coach.ask("PUT", path, json={"notes": "mine"}, headers=headers)
    assert (again.status_code, again.json()["notes"]) == (200, "theirs")
    assert await version_of(coach) == head
    other = await coach.ask("PUT", path, json={"notes": "mine"}, headers={"idempotency-key": "a2"})
    assert other.json()["notes"] == "mine"
    for key in ("", "k" * 201, "a\tb"):
        answer = await coach.ask("PUT", path, json={"notes": "x"}, headers={"idempotency-key": key})
        assert code_of(answer) == (400, "malformed")


async def test_creating_twice(coach: Person) -> None:
    """The same event again is answered as it is; other values under its id are refused, unless the key says retry."""
    match_id = await coach.make_match()
    path, body = f"/api/matches/{match_id}/events", {"id": some_id(), "kind": "goal"}
    headers = {"idempotency-key": "c1"}
    assert (await coach.ask("POST", path, json=body, headers=headers)).status_code == 201
    assert (await coach.ask("POST", path, json=body)).status_code == 200
    other = await coach.ask("POST", path, json={**body, "kind": "save"})
    assert code_of(other) == (409, "exists")
    assert other.json()["current"]["kind"] == "goal"
    await coach.ask("PUT", f"/api/events/{body['id']}", json={"kind": "own_goal"})
    assert (await coach.ask("POST", path, json=body, headers=headers)).json()["kind"] == "own_goal"
    assert (await coach.ask("DELETE", f"/api/events/{body['id']}")).status_code == 204
    assert code_of(await coach.ask("POST", path, json=body)) == (409, "exists")


async def test_deleting(coach: Person) -> None:
    """U5: gone from every list, deleted again without effect, and never a change of another's."""
    match_id = await coach.make_match()
    goal = await log_goal(coach, match_id)
    path = f"/api/events/{goal['id']}"
    assert (await coach.ask("DELETE", path)).status_code == 204
    head = await version_of(coach)
    assert (await coach.ask("DELETE", path)).status_code == 204
    assert await version_of(coach) == head
    assert code_of(await coach.ask("GET", path)) == (404, "not_found")
    assert code_of(await coach.ask("PUT", path, json={"notes": "x"})) == (404, "not_found")
    assert (await coach.get(f"/api/matches/{match_id}/events"))["events"] == []
    assert code_of(await coach.ask("DELETE", f"/api/events/{some_id()}")) == (404, "not_found")


@pytest.mark.parametrize(
    ("fields", "rule", "field"),
    [
        ({"kind": "tennis"}, "unknown_choice", "kind"),
        ({"clock_ms": -1}, "out_of_bounds", "clock_ms"),
        ({"notes": "x" * 501}, "too_long", "notes"),
        ({"notes": "a\u0000b"}, "wrong_type", "notes"),
        ({"club_id": "x"}, "unknown_field", "club_id"),
        ({"stamps": {}}, "unknown_field", "stamps"),
        ({"clock_ms": 2**63}, "wrong_type", "clock_ms"),
        ({"match_id": "x"}, "wrong_value", "match_id"),
    ],
    ids=str,
)
async def test_a_rejected_write_asks_nobody(coach: Person, fields: dict[str, Any], rule: str, field: str) -> None:
    """It is a 422 with the rule and the field; nothing is written, and the coach's quarantine stays empty."""
    match_id = await coach.make_match()
    body = {"id": some_id(), "kind": "goal", **fields}
    answer = await coach.ask("POST", f"/api/matches/{match_id}/events", json=body)
    assert code_of(answer) == (422, "rejected")
    assert (answer.json()["rule"], answer.json()["field"]) == (rule, field)
    assert (await coach.get("/api/sync/conflicts?status=all"))["conflicts"] == []


async def test_an_event_needs_its_match(coach: Person) -> None:
    """No match, no event: 404, and nothing is parked; an id that is none, no event either."""
    path = f"/api/matches/{some_id()}/events"
    assert code_of(await coach.ask("POST", path, json={"id": some_id(), "kind": "goal"})) == (404, "not_found")
    match_id = await coach.make_match()
    for body in ({"id": 7, "kind": "goal"}, {"id": "x", "kind": "goal"}):
        answer = await coach.ask("POST", f"/api/matches/{match_id}/events", json=body)
        assert code_of(answer) == (400, "malformed")


async def test_many_writes_of_one_device_at_once(coach: Person) -> None:
    """Counters that collide are taken anew: each write lands once."""
    match_id = await coach.make_match()
    goals = await asyncio.gather(*(log_goal(coach, match_id, clock_ms=each) for each in range(12)))
    assert len({goal["version"] for goal in goals}) == 12
    listed = (await coach.get(f"/api/matches/{match_id}/events"))["events"]
    assert len(listed) == 12
    assert await version_of(coach) == 13


async def test_the_wrapper_and_the_phone_are_one_person(coach: Person) -> None:
    """A write over HTTP is later than what the phone pushed, and the phone's next push is no fork."""
    match_id = await coach.make_match()
    goal = await log_goal(coach, match_id)
    await coach.push(put("events", goal["id"], notes="from the phone"))
    answer = await coach.ask("PUT", f"/api/events/{goal['id']}", json={"notes": "from the desk"})
    assert answer.json()["notes"] == "from the desk"
    assert (await coach.push(put("teams", some_id(), name="Reds"))).status_code == 200


async def test_the_score_is_the_fold(coach: Person) -> None:
    """U15: goals and own goals, corrections included, whatever came by which way."""
    home, away, match_id = some_id(), some_id(), some_id()
    teams = [put("teams", home, name="Reds"), put("teams", away, name="Blues")]
    sides = {"home_team_id": home, "away_team_id": away}
    await coach.push(*teams, put("matches", match_id, kickoff_ts="2026-09-20T10:00:00.000Z", **sides))
    scorer = await log_goal(coach, match_id, team_id=home)
    await log_goal(coach, match_id, team_id=home, kind="own_goal", clock_ms=90_000)
    await log_goal(coach, match_id, team_id=home, clock_ms=120_000)
    told = await coach.get(f"/api/matches/{match_id}/score")
    assert (told["home"], told["away"], told["text"]) == (2, 1, "2-1")
    await coach.ask("DELETE", f"/api/events/{scorer['id']}")
    assert (await coach.get(f"/api/matches/{match_id}/score"))["text"] == "1-1"
