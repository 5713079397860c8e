"""A live match and its minutes over HTTP: small, true to the folds, and the same bytes until something changes."""

import httpx
from msgspec.structs import replace

from football.facts import gather
from football.minutes import played_ms_by_player
from football.recording import as_view, record, recorded_id
from tests.api.matchday import KICKOFF_MS, push_facts, push_real_match, small_match
from tests.api.people import NOBODY, START_MS, Clock, Execute, Person, code_of, put, sign_up, some_id
from tests.football.builders import real_match

BYTES_MAX = 50_000
"""The mission's bound for a live match."""


async def test_u15_the_real_match_ends_2_2_in_less_than_50_kb(coach: Person) -> None:
    """U15: 161 facts through push: 2-2, completed, every event in the timeline, and all of it small."""
    match_id = await push_real_match(coach)
    answer = await coach.ask("GET", f"/api/matches/{match_id}/live")
    assert answer.status_code == 200
    assert len(answer.content) < BYTES_MAX
    told = answer.json()
    assert (told["score"]["text"], told["status"]) == ("2-2", "completed")
    assert (told["home"]["name"], told["away"]["name"], told["our_side"]) == ("Barcelona", "Girona", "home")
    facts = gather(as_view(record(real_match(), seed="a", kickoff_ms=KICKOFF_MS)), match_id)
    assert len(told["timeline"]) == len(facts.events) + 4
    assert [each["score"] for each in told["timeline"] if each["kind"] == "goal"] == ["1-0", "1-1", "1-2", "2-2"]
    assert [each["kind"] for each in told["timeline"] if each["kind"].startswith("period")] == [
        "period_start",
        "period_end",
    ] * 2
    named = {each["player_id"] for each in told["timeline"] if "player_id" in each}
    assert named <= told["players"].keys()
    assert len(told["on_pitch"]["home"]) == len(told["on_pitch"]["away"]) == 11
    assert told["clock"].keys() == {"period_type", "period_number", "elapsed_ms"}


async def test_u16_minutes_are_the_fold(coach: Person) -> None:
    """U16: each player's minutes and stints, most first, and they are the fold's."""
    match_id = await push_real_match(coach)
    told = await coach.get(f"/api/matches/{match_id}/minutes")
    facts = gather(as_view(record(real_match(), seed="a", kickoff_ms=KICKOFF_MS)), match_id)
    assert {each["player_id"]: each["played_ms"] for each in told["players"]} == played_ms_by_player(facts)
    assert told["players"][0]["played_ms"] == told["played_ms"]
    assert (told["is_clock_running"], told["status"], told["prompts"]) == (False, "completed", [])
    assert sum(len(each["stints"]) for each in told["players"]) == 28


async def test_the_same_bytes_until_something_changes(coach: Person, clock: Clock) -> None:
    """A second look costs a 304, though time passes and another match is edited; a goal brings a new answer."""
    made = await small_match(coach)
    path = f"/api/matches/{made.match_id}/live"
    await coach.ask(
        "POST", f"/api/matches/{made.match_id}/periods", json={"number": 1, "at": START_MS, "sent_at": START_MS}
    )
    first = await coach.ask("GET", path)
    assert first.json()["clock"]["since_ms"] == START_MS
    assert first.headers["x-server-time"] == str(START_MS)
    known = {"if-none-match": first.headers["etag"]}
    clock.turn(s=300)
    await coach.make_match()
    again = await coach.ask("GET", path, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["x-server-time"] == str(START_MS + 300_000)
    goal = {"id": some_id(), "kind": "goal", "team_id": made.home, "period_number": 1, "clock_ms": 290_000}
    await coach.ask("POST", f"/api/matches/{made.match_id}/events", json=goal)
    changed = await coach.ask("GET", path, headers=known)
    assert (changed.status_code, changed.json()["score"]["text"]) == (200, "1-0")


async def test_time_alone_ends_a_match(coach: Person) -> None:
    """A half that began yesterday and that nobody ended is not live, and the kept answer does not say so either."""
    made = await small_match(coach)
    day_ms = 86_400_000
    body = {"number": 2, "at": START_MS - day_ms, "sent_at": START_MS}
    await coach.ask("POST", f"/api/matches/{made.match_id}/periods", json=body)
    assert (await coach.get(f"/api/matches/{made.match_id}/live"))["status"] == "completed"


async def test_the_kept_answer_expires_with_the_clock(coach: Person, clock: Clock) -> None:
    """A running half is believed for an hour; a second later the same address says that it is over."""
    made = await small_match(coach)
    body = {"number": 2, "at": START_MS - 3_590_000, "sent_at": START_MS}
    await coach.ask("POST", f"/api/matches/{made.match_id}/periods", json=body)
    path = f"/api/matches/{made.match_id}/live"
    assert (await coach.get(path))["status"] == "live"
    clock.turn(s=11)
    assert (await coach.get(path))["status"] == "completed"


async def test_u13_a_late_sync_is_a_correction(coach: Person, pg_execute: Execute) -> None:
    """U13: what was received more than a minute after it happened, or after full time, is no news."""
    match_id = await push_real_match(coach)
    timeline = (await coach.get(f"/api/matches/{match_id}/live"))["timeline"]
    assert all(each["is_correction"] for each in timeline if not each["kind"].startswith("period"))
    goals = [each for each in timeline if each["kind"] == "goal"]
    received = "UPDATE grassroots.events SET created_at = to_timestamp($1::double precision / 1000) WHERE id = $2"
    await pg_execute(received, goals[0]["happened_ms"] + 59_000, goals[0]["id"])
    await pg_execute(received, goals[1]["happened_ms"] + 61_000, goals[1]["id"])
    await coach.make_match()
    timeline = (await coach.get(f"/api/matches/{match_id}/live"))["timeline"]
    late = {each["id"]: each.get("is_correction", False) for each in timeline}
    assert [late[each["id"]] for each in goals] == [False, True, True, True]


async def test_only_half_of_a_match_is_known(coach: Person) -> None:
    """Unknown teams and players, a deleted goal, an event without its time: what is there is shown."""
    home, match_id, goal = some_id(), some_id(), some_id()
    await coach.push(
        put("matches", match_id, kickoff_ts="2026-09-20T10:00:00.000Z", home_team_id=home),
        put("events", goal, match_id=match_id, kind="goal", team_id=home, player_id=some_id()),
        put("events", some_id(), match_id=match_id, kind="goal"),
    )
    told = await coach.get(f"/api/matches/{match_id}/live")
    assert (told["home"], "away" in told, told["players"]) == ({"id": home}, False, {})
    assert (told["score"]["text"], told["score"]["unassigned"]) == ("1-0", 1)
    await coach.ask("DELETE", f"/api/events/{goal}")
    assert (await coach.get(f"/api/matches/{match_id}/live"))["score"]["text"] == "0-0"


async def test_a_match_of_two_clubs(client: httpx.AsyncClient, coach: Person) -> None:
    """The same ids in two clubs are two matches; a match of another club is not there at all."""
    match_id = await push_real_match(coach)
    stranger = await sign_up(client, "stranger@club.example")
    for what in ("live", "minutes", "periods"):
        for each in (match_id, NOBODY):
            assert code_of(await stranger.ask("GET", f"/api/matches/{each}/{what}")) == (404, "not_found")
    facts = record(real_match(), seed="a", kickoff_ms=KICKOFF_MS)
    first_half = [fact for fact in facts if fact.collection != "events" or fact.fields["period_number"] == 1]
    whole = [replace(fact, group=None) for fact in first_half]
    await push_facts(stranger, [fact for fact in whole if fact.collection not in {"event_participants", "lineup"}])
    assert (await stranger.get(f"/api/matches/{match_id}/live"))["score"]["text"] == "1-1"
    assert (await coach.get(f"/api/matches/{match_id}/live"))["score"]["text"] == "2-2"
    assert match_id == recorded_id("a", "match")
