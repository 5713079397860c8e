"""The buttons of a match over HTTP: they carry the device's time, and pressing twice is a merge and not a mess."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from football.ids import pause_id, period_id
from tests.api.people import NOBODY, START_MS, Clock, Person, code_of, sign_in, sign_up, some_id

HALF_MS = 4 * 60_000
"""Short, so that an access token outlives the match."""
Press = Callable[..., Awaitable[httpx.Response]]


async def press(who: Person, match_id: str, path: str, at: int, **more: Any) -> httpx.Response:  # noqa: ANN401
    """Press a button now, by a clock that is right unless `sent_at` says otherwise."""
    body = {"at": at, "sent_at": START_MS, **more}
    return await who.ask("POST", f"/api/matches/{match_id}/{path}", json=body)


async def pressed(who: Person, match_id: str, path: str, at: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """Press a button, which works, and return the match after it."""
    answer = await press(who, match_id, path, at, **more)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def start(who: Person, match_id: str, number: int, at: int) -> dict[str, Any]:
    """Start a period."""
    return await pressed(who, match_id, "periods", at, number=number)


def times_of(told: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Return the times of all periods and pauses of an answer."""
    records = [each for period in told["periods"] for each in (period, *period["pauses"])]
    return [(each["id"], each["started_at"], each["ended_at"]) for each in records]


async def conflicts(who: Person) -> list[dict[str, Any]]:
    """Return the open conflicts of the club."""
    found: list[dict[str, Any]] = (await who.get("/api/sync/conflicts"))["conflicts"]
    return found


async def test_a_half_with_a_pause(coach: Person, clock: Clock) -> None:
    """Start, pause, resume, end: the status follows, the clock has an anchor to tick from, the pause is not played."""
    match_id = await coach.make_match()
    told = await start(coach, match_id, 1, START_MS)
    assert (told["status"], told["is_first"]) == ("live", True)
    assert told["clock"] == {"period_type": "regular", "period_number": 1, "elapsed_ms": 0, "since_ms": START_MS}
    clock.turn(s=HALF_MS / 1_000)
    told = await pressed(coach, match_id, "periods/1/pause", START_MS + 60_000, sent_at=clock.ms)
    assert (told["status"], told["clock"]["elapsed_ms"]) == ("paused", 60_000)
    assert "since_ms" not in told["clock"]
    told = await pressed(coach, match_id, "periods/1/resume", START_MS + 90_000, sent_at=clock.ms)
    assert told["clock"]["elapsed_ms"] == 60_000
    assert told["clock"]["since_ms"] == START_MS + 90_000
    told = await pressed(coach, match_id, "periods/1/end", clock.ms, sent_at=clock.ms)
    assert (told["status"], told["clock"]["elapsed_ms"]) == ("half_time", HALF_MS - 30_000)
    [period] = told["periods"]
    assert period["id"] == period_id(match_id, "regular", 1)
    assert [each["id"] for each in period["pauses"]] == [pause_id(period["id"], 1)]
    assert (period["played"], period["is_assumed"]) == ("03:30", False)
    listed = await coach.get(f"/api/matches/{match_id}/periods")
    assert {**told, **listed} == told


BUTTONS = [
    ("periods", {"number": 1}, "match_periods", "started_at", 0),
    ("periods/1/pause", {}, "match_pauses", "started_at", 10_000),
    ("periods/1/resume", {}, "match_pauses", "ended_at", 20_000),
    ("periods/1/end", {}, "match_periods", "ended_at", HALF_MS),
    ("finish", {}, "matches", "finished_at", HALF_MS + 10_000),
]


async def test_u7_two_people_press_every_button(client: httpx.AsyncClient, coach: Person, clock: Clock) -> None:
    """U7: the second thumb gets the same match and no error; one period, one pause; its time is kept in a conflict."""
    match_id = await coach.make_match()
    helper = await sign_in(client, "coach@club.example")
    for path, more, collection, field, after_ms in BUTTONS:
        clock.ms = START_MS + after_ms + 5_000
        first = await pressed(coach, match_id, path, START_MS + after_ms, sent_at=clock.ms, **more)
        second = await pressed(helper, match_id, path, START_MS + after_ms + 1_500, sent_at=clock.ms, **more)
        assert (first["is_first"], second["is_first"]) == (True, False)
        assert times_of(second) == times_of(first)
        assert (second["status"], second["clock"]) == (first["status"], first["clock"])
        [asked] = [each for each in await conflicts(coach) if [each["id"]] == second["conflicts"]]
        assert (asked["collection"], asked["field"], asked["kind"]) == (collection, field, "field")
        assert len(asked["candidates"]) == 1
    [period] = (await coach.get(f"/api/matches/{match_id}/periods"))["periods"]
    assert len(period["pauses"]) == 1
    assert period["played_ms"] == HALF_MS - 10_000


async def test_u7_the_same_thumb_twice(coach: Person, clock: Clock) -> None:
    """U7: a double tap, and a retry after a lost reply, ask nobody and change nothing."""
    match_id = await coach.make_match()
    for path, more, _, _, after_ms in BUTTONS:
        clock.ms = START_MS + after_ms + 5_000
        first = await pressed(coach, match_id, path, START_MS + after_ms, sent_at=clock.ms, **more)
        again = await pressed(coach, match_id, path, START_MS + after_ms, sent_at=clock.ms, **more)
        tapped = await pressed(coach, match_id, path, START_MS + after_ms + 400, sent_at=clock.ms, **more)
        assert again == tapped == {**first, "is_first": False}
    assert await conflicts(coach) == []


async def test_u7_both_at_once(client: httpx.AsyncClient, coach: Person) -> None:
    """U7: two presses in the same instant of the server: one period, whoever was first, and nobody sees an error."""
    match_id = await coach.make_match()
    others = [await sign_in(client, "coach@club.example") for _ in range(3)]
    told = await asyncio.gather(*(start(who, match_id, 1, START_MS - n) for n, who in enumerate([coach, *others])))
    assert all(len(each["periods"]) == 1 for each in told)
    [period] = (await coach.get(f"/api/matches/{match_id}/periods"))["periods"]
    assert period["is_running"]
    [asked] = await conflicts(coach)
    assert len(asked["candidates"]) == 3


@pytest.mark.parametrize("off_ms", [3_600_000, -3_600_000, 365 * 86_400_000, -8_000], ids=str)
async def test_u14_a_wrong_clock_is_corrected(coach: Person, off_ms: int) -> None:
    """U14: a device an hour fast or a year slow starts the half when it was started, not when it says."""
    match_id = await coach.make_match()
    told = await pressed(coach, match_id, "periods", START_MS + off_ms, number=1, sent_at=START_MS + off_ms + 2_000)
    assert told["clock"]["since_ms"] == START_MS - 2_000


async def test_a_good_clock_is_left_alone(coach: Person) -> None:
    """Under 5 s it may be the line: nothing is corrected."""
    match_id = await coach.make_match()
    told = await pressed(coach, match_id, "periods", START_MS - 10_000, number=1, sent_at=START_MS - 4_999)
    assert told["clock"]["since_ms"] == START_MS - 10_000


async def test_presses_that_cannot_be(coach: Person, clock: Clock) -> None:
    """Each is a 422 that says what to do, and a goal is logged all the same."""
    match_id = await coach.make_match()
    late = START_MS + 2 * HALF_MS
    clock.ms = late
    for path, words in (("end", "has not begun"), ("pause", "has not begun"), ("resume", "has not begun")):
        answer = await press(coach, match_id, f"periods/1/{path}", START_MS, sent_at=late)
        assert code_of(answer) == (422, "rejected")
        assert words in answer.json()["detail"]
        assert answer.json()["rule"] == "wrong_order"
    await pressed(coach, match_id, "periods", START_MS, number=1, sent_at=late)
    cases = [
        ("periods/1/end", START_MS - 1, "began after that"),
        ("periods/1/resume", START_MS + 5_000, "Pause it first"),
        ("finish", START_MS - 1, "A period began after that"),
    ]
    for path, at, words in cases:
        answer = await press(coach, match_id, path, at, sent_at=late)
        assert code_of(answer) == (422, "rejected")
        assert words in answer.json()["detail"]
    await pressed(coach, match_id, "periods/1/end", START_MS + HALF_MS, sent_at=late)
    for path, at, more in (
        ("periods/1/pause", late, {}),
        ("periods", late, {"number": 1}),
        ("periods", START_MS - 1, {"number": 2}),
    ):
        assert code_of(await press(coach, match_id, path, at, sent_at=late, **more)) == (422, "rejected")
    goal = {"id": some_id(), "kind": "goal", "period_number": 7}
    assert (await coach.ask("POST", f"/api/matches/{match_id}/events", json=goal)).status_code == 201


async def test_a_forgotten_end_is_ended_by_the_next_start(coach: Person, clock: Clock) -> None:
    """Starting the second half needs no end of the first; extra time after full time undoes that."""
    match_id = await coach.make_match()
    clock.ms = START_MS + 3 * HALF_MS
    await pressed(coach, match_id, "periods", START_MS, number=1, sent_at=clock.ms)
    told = await pressed(coach, match_id, "periods", START_MS + HALF_MS + 60_000, number=2, sent_at=clock.ms)
    assert (told["status"], [each["is_running"] for each in told["periods"]]) == ("live", [False, True])
    told = await pressed(coach, match_id, "finish", START_MS + 2 * HALF_MS, sent_at=clock.ms)
    assert told["status"] == "completed"
    assert told["full_time_at"] == told["periods"][1]["ended_at"] or told["periods"][1]["ended_at"] is None
    extra = await pressed(
        coach, match_id, "periods", START_MS + 2 * HALF_MS + 1, number=1, type="extra_time", sent_at=clock.ms
    )
    assert extra["status"] == "live"
    over = await pressed(coach, match_id, "finish", START_MS + 3 * HALF_MS, sent_at=clock.ms)
    assert (over["status"], over["is_first"]) == ("completed", True)


async def test_corrections(coach: Person) -> None:
    """PUT writes both times, PATCH one, DELETE takes back; a deleted half that is started again comes back clean."""
    match_id = await coach.make_match()
    path = f"/api/matches/{match_id}/periods/2"
    times = {"started_at": "2026-09-20T11:00:00.000Z", "ended_at": "2026-09-20T11:25:00.000Z"}
    told = (await coach.ask("PUT", path, json=times)).json()
    assert (told["periods"][0]["number"], told["periods"][0]["played"]) == (2, "25:00")
    told = (await coach.ask("PATCH", path, json={"ended_at": "2026-09-20T12:26:00+01:00"})).json()
    assert told["periods"][0]["ended_at"] == "2026-09-20T11:26:00.000Z"
    pause = f"{path}/pauses/1"
    on = {"started_at": "2026-09-20T11:10:00.000Z", "ended_at": "2026-09-20T11:12:00.000Z"}
    assert (await coach.ask("PUT", pause, json=on)).json()["periods"][0]["played"] == "24:00"
    assert (await coach.ask("PATCH", pause, json={"ended_at": "2026-09-20T11:11:00.000Z"})).json()["periods"][0][
        "played"
    ] == "25:00"
    stale = await coach.ask("PATCH", path, json={"ended_at": None}, headers={"if-match": '"1"'})
    assert code_of(stale) == (412, "version_mismatch")
    assert (await coach.ask("DELETE", pause)).status_code == 204
    assert code_of(await coach.ask("DELETE", f"{path}/pauses/2")) == (404, "not_found")
    assert (await coach.ask("DELETE", path)).status_code == 204
    listed = await coach.get(f"/api/matches/{match_id}/periods")
    assert (listed["periods"], listed["status"]) == ([], "scheduled")
    told = await start(coach, match_id, 2, START_MS)
    assert (told["periods"][0]["is_running"], told["periods"][0]["pauses"]) == (True, [])


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("PUT", "1", {"started_at": "2026-09-20T11:00:00Z", "ended_at": "2026-09-20T10:00:00Z"}, (422, "rejected")),
        ("PUT", "1", {"started_at": "yesterday"}, (422, "rejected")),
        ("PUT", "1", {"started": "2026-09-20T11:00:00Z"}, (400, "malformed")),
        ("PATCH", "1", {}, (400, "malformed")),
        ("PATCH", "1", {"ended_at": None}, (404, "not_found")),
        ("DELETE", "1", None, (404, "not_found")),
        ("PUT", "0", {"started_at": None}, (400, "malformed")),
        ("PUT", "100", {"started_at": None}, (400, "malformed")),
        ("PUT", "1?type=tennis", {"started_at": None}, (400, "malformed")),
        ("PUT", "1/pauses/1", {"started_at": None}, (404, "not_found")),
        ("POST", "1/end", {"at": 1}, (400, "malformed")),
        ("POST", "1/end", {"at": 1.5, "sent_at": 1}, (400, "malformed")),
        ("POST", "1/end", {"at": 2**63, "sent_at": 1}, (400, "malformed")),
        ("POST", "1/end", {"at": 1, "sent_at": 1, "club_id": NOBODY}, (400, "malformed")),
        ("POST", "99999999999999999999/end", {"at": 1, "sent_at": 1}, (400, "malformed")),
    ],
    ids=str,
)
async def test_what_is_refused(
    coach: Person, method: str, path: str, body: dict[str, Any] | None, expected: tuple[int, str]
) -> None:
    """Odd bodies and addresses have their own answer, and write nothing."""
    match_id = await coach.make_match()
    answer = await coach.ask(method, f"/api/matches/{match_id}/periods/{path}", json=body)
    assert code_of(answer) == expected
    assert (await coach.get(f"/api/matches/{match_id}/periods"))["periods"] == []


async def test_calling_off_and_on_again(coach: Person) -> None:
    """Cancelled, postponed, on: the status says so, and asking for what stands writes nothing."""
    match_id = await coach.make_match()
    path = f"/api/matches/{match_id}/call-off"
    for why, status in (("postponed", "postponed"), ("cancelled", "cancelled"), (None, "scheduled")):
        assert (await coach.ask("POST", path, json={"why": why})).json()["status"] == status
    head = (await coach.get("/api/sync/timestamp"))["timestamp"]
    assert (await coach.ask("POST", path, json={"why": None})).status_code == 200
    assert (await coach.get("/api/sync/timestamp"))["timestamp"] == head
    assert code_of(await coach.ask("POST", path, json={"why": "rain"})) == (400, "malformed")
    assert code_of(await coach.ask("POST", path, json={})) == (400, "malformed")


async def test_another_clubs_match_is_not_there(client: httpx.AsyncClient, coach: Person) -> None:
    """Every route answers another club's match, and one that never was, alike."""
    match_id = await coach.make_match()
    stranger = await sign_up(client, "stranger@club.example")
    for each in (match_id, NOBODY):
        assert code_of(await stranger.ask("GET", f"/api/matches/{each}/periods")) == (404, "not_found")
        for path, more in (("periods", {"number": 1}), ("periods/1/end", {}), ("finish", {})):
            assert code_of(await press(stranger, each, path, START_MS, **more)) == (404, "not_found")
        assert code_of(await stranger.ask("POST", f"/api/matches/{each}/call-off", json={"why": None})) == (
            404,
            "not_found",
        )
