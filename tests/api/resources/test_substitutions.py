"""Substitutions and line-ups over HTTP: one request each, whole, and once however often it is sent."""

import asyncio
from itertools import pairwise
from typing import Any

import httpx
import pytest

from tests.api.matchday import Teams, small_match
from tests.api.people import Person, code_of, sign_in, sign_up, some_id


async def line_up(coach: Person, made: Teams, players: list[str], **more: Any) -> httpx.Response:  # noqa: ANN401
    """Set who starts."""
    body = {"players": [{"player_id": each} for each in players], **more}
    return await coach.ask("POST", f"/api/matches/{made.match_id}/lineup/start", json=body)


async def change(coach: Person, made: Teams, off: str | None, on: str | None, **more: Any) -> httpx.Response:  # noqa: ANN401
    """Log a substitution in the tenth minute of the first half."""
    body = {"off": off, "on": on, "period": 1, "clock_ms": 600_000, **more}
    body = body if "minute" not in more else {name: value for name, value in body.items() if name != "clock_ms"}
    return await coach.ask("POST", f"/api/matches/{made.match_id}/substitutions", json=body)


async def stints(coach: Person, made: Teams) -> dict[str, tuple[float, float | None]]:
    """Return when each player of the match came on and went off."""
    found = (await coach.get(f"/api/matches/{made.match_id}/minutes"))["players"]
    return {each["player_id"]: (s["start_min"], s["end_min"]) for each in found for s in each["stints"]}


async def test_a_substitution_is_whole(coach: Person) -> None:
    """One request closes a stint, opens another and logs the event with who comes on; one push brings all of it."""
    made = await small_match(coach)
    one, two, three, *_ = made.players
    assert (await line_up(coach, made, [one, two])).status_code == 200
    answer = await change(coach, made, one, three, position="ST")
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["off"], told["on"], told["minute"], told["is_new"]) == (one, three, "11'", True)
    assert (told["prompts"], told["conflicts"]) == ([], [])
    assert answer.headers["location"] == f"/api/events/{told['id']}"
    assert await stints(coach, made) == {one: (0, 10), two: (0, None), three: (10, None)}
    event = await coach.get(f"/api/events/{told['id']}")
    assert (event["kind"], event["player_id"], event["team_id"]) == ("substitution", one, made.home)
    changes = (await coach.get("/api/sync/pull"))["changes"][-4:]
    assert [each.get("more", False) for each in changes] == [True, True, True, False]


async def test_a_position_is_text(coach: Person) -> None:
    """U+0000 is refused, also where nobody comes on and no position is kept."""
    made = await small_match(coach)
    one, two, *_ = made.players
    await line_up(coach, made, [one])
    for on in (two, None):
        answer = await change(coach, made, one, on, position="S\0T")
        assert code_of(answer) == (400, "malformed")
    starter = {"player_id": one, "position": "\0"}
    path = f"/api/matches/{made.match_id}/lineup/start"
    assert (await coach.ask("POST", path, json={"players": [starter]})).status_code == 400


async def test_u2_sent_again_it_is_the_same(coach: Person) -> None:
    """U2: with a key, with an id, with neither: a retry writes nothing and answers what stands."""
    made = await small_match(coach)
    one, two, three, four, *_ = made.players
    await line_up(coach, made, [one, two])
    for more, headers_key, pair in (({}, "k1", (one, three)), ({"id": some_id()}, None, (three, four))):
        headers = {} if headers_key is None else {"idempotency-key": headers_key}
        body = {"off": pair[0], "on": pair[1], "period": 1, "clock_ms": 600_000 + 60_000 * bool(more), **more}
        path = f"/api/matches/{made.match_id}/substitutions"
        first = await coach.ask("POST", path, json=body, headers=headers)
        head = (await coach.get("/api/sync/timestamp"))["timestamp"]
        again = await coach.ask("POST", path, json=body, headers=headers)
        assert (first.status_code, again.status_code) == (201, 200)
        assert {**again.json(), "is_new": True} == first.json()
        assert (await coach.get("/api/sync/timestamp"))["timestamp"] == head


async def test_u7_two_people_log_one_substitution(client: httpx.AsyncClient, coach: Person) -> None:
    """U7: the helper saw it too, twenty seconds later: it is that one; a minute later it would be another."""
    made = await small_match(coach)
    helper = await sign_in(client, "coach@club.example")
    one, two, three, *_ = made.players
    await line_up(coach, made, [one, two])
    first = (await change(coach, made, one, three)).json()
    second = await change(helper, made, one, three, clock_ms=620_000)
    assert (second.status_code, second.json()["id"], second.json()["is_new"]) == (200, first["id"], False)
    third = await change(helper, made, one, three, clock_ms=660_000)
    assert (third.status_code, len(third.json()["prompts"])) == (201, 2)


async def test_the_same_request_at_once(client: httpx.AsyncClient, coach: Person) -> None:
    """Nervous apps on two phones send it twelve times in one instant: one event, one stint of each, no question."""
    made = await small_match(coach)
    helper = await sign_in(client, "coach@club.example")
    pairs = list(pairwise(made.players))
    await line_up(coach, made, made.players[:1])
    for minute, (off, on) in enumerate(pairs):
        at = 600_000 + 60_000 * minute
        sent = (change(person, made, off, on, clock_ms=at) for _ in range(6) for person in (coach, helper))
        answers = await asyncio.gather(*sent)
        assert {each.status_code for each in answers} <= {200, 201}
        assert len({each.json()["id"] for each in answers}) == 1
    times = [(10 + n, 11 + n if n + 1 < len(pairs) else None) for n in range(len(pairs))]
    assert await stints(coach, made) == dict(zip(made.players, [(0, 10), *times], strict=True))
    assert (await coach.get("/api/sync/conflicts"))["conflicts"] == []


async def test_prompts_and_no_refusals(coach: Person) -> None:
    """Nobody is on as far as is recorded, eight children where seven play: it is written, and asked about."""
    made = await small_match(coach, age_group="U7")
    one, two, *others = made.players
    first = (await change(coach, made, one, two)).json()
    assert [each["code"] for each in first["prompts"]] == ["off_not_on_pitch"]
    told = (await line_up(coach, made, [one, *others])).json()
    [prompt] = told["prompts"]
    assert (prompt["code"], len(prompt["player_ids"])) == ("too_many_on_pitch", 7)
    on = (await change(coach, made, None, one)).json()
    assert "on_already_on_pitch" in {each["code"] for each in on["prompts"]}


async def test_a_line_up_is_set_again(coach: Person) -> None:
    """The same again writes nothing; another one replaces it; a player who was taken out can come back."""
    made = await small_match(coach)
    one, two, three, *_ = made.players
    first = (await line_up(coach, made, [one, two])).json()
    head = (await coach.get("/api/sync/timestamp"))["timestamp"]
    assert (await line_up(coach, made, [one, two])).json() == first
    assert (await coach.get("/api/sync/timestamp"))["timestamp"] == head
    for players in ([two, three], [one, three], [one, two, three]):
        told = (await line_up(coach, made, players)).json()
        assert sorted(each["player_id"] for each in told["stints"]) == sorted(players)
        assert told["prompts"] == []
    theirs = (await line_up(coach, made, [some_id()], team_id=made.away)).json()
    assert len(theirs["stints"]) == 1
    assert len((await coach.get(f"/api/matches/{made.match_id}/minutes"))["players"]) == 4


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"off": "A", "on": "A", "period": 1, "clock_ms": 1}, (422, "rejected")),
        ({"period": 1, "clock_ms": 1}, (422, "rejected")),
        ({"off": "A", "on": "B", "period": 1}, (422, "rejected")),
        ({"off": "A", "on": "B", "period": 1, "clock_ms": 1, "minute": 1}, (422, "rejected")),
        ({"off": "A", "on": "B", "clock_ms": 1}, (400, "malformed")),
        ({"off": "A", "on": "B", "period": 0, "clock_ms": 1}, (400, "malformed")),
        ({"off": "A", "on": "B", "period": 1, "clock_ms": -1}, (400, "malformed")),
        ({"off": "A", "on": "B", "period": 1, "clock_ms": 2**31}, (400, "malformed")),
        ({"off": "A", "on": "B", "period": 1, "minute": 1e300}, (400, "malformed")),
        ({"off": "A", "on": "B", "period": 1, "clock_ms": 1, "version": 3}, (400, "malformed")),
        ({"off": "x", "on": "B", "period": 1, "clock_ms": 1}, (400, "malformed")),
        ({"off": "A", "on": "B", "period": 1, "clock_ms": 1, "position": "x" * 11}, (400, "malformed")),
        ({"off": "A", "on": "B", "period": 1, "clock_ms": 1, "position": "a\u0000"}, (400, "malformed")),
    ],
    ids=str,
)
async def test_what_is_refused(coach: Person, body: dict[str, Any], expected: tuple[int, str]) -> None:
    """A change that says nothing, or two things, writes nothing."""
    made = await small_match(coach)
    names = dict(zip("AB", made.players, strict=False))
    sent = {key: names.get(value, value) if isinstance(value, str) else value for key, value in body.items()}
    head = (await coach.get("/api/sync/timestamp"))["timestamp"]
    answer = await coach.ask("POST", f"/api/matches/{made.match_id}/substitutions", json=sent)
    assert code_of(answer) == expected
    assert (await coach.get("/api/sync/timestamp"))["timestamp"] == head


async def test_line_ups_that_cannot_be(coach: Person) -> None:
    """Nobody, twelve, the same player twice."""
    made = await small_match(coach)
    assert code_of(await line_up(coach, made, [])) == (400, "malformed")
    assert code_of(await line_up(coach, made, [some_id() for _ in range(12)])) == (400, "malformed")
    assert code_of(await line_up(coach, made, [made.players[0]] * 2)) == (422, "rejected")


async def test_an_id_that_is_something_else(coach: Person) -> None:
    """An event of another kind under the id is not overwritten."""
    made = await small_match(coach)
    goal = {"id": some_id(), "kind": "goal"}
    await coach.ask("POST", f"/api/matches/{made.match_id}/events", json=goal)
    answer = await change(coach, made, made.players[0], made.players[1], id=goal["id"])
    assert code_of(answer) == (409, "exists")


async def test_another_clubs_match_is_not_there(client: httpx.AsyncClient, coach: Person) -> None:
    """A stranger finds no match to change."""
    made = await small_match(coach)
    stranger = await sign_up(client, "stranger@club.example")
    assert code_of(await change(stranger, made, *made.players[:2])) == (404, "not_found")
    assert code_of(await line_up(stranger, made, made.players[:2])) == (404, "not_found")


async def test_u2_a_retried_line_up_takes_nothing_back(client: httpx.AsyncClient, coach: Person) -> None:
    """U2: the same key after a lost reply changes nothing, though somebody has set another line-up meanwhile."""
    made = await small_match(coach)
    one, two, three, *_ = made.players
    path = f"/api/matches/{made.match_id}/lineup/start"

    async def start(person: Person, player: str, key: str) -> list[str]:
        asked = {"players": [{"player_id": player}]}
        answer = await person.ask("POST", path, json=asked, headers={"idempotency-key": key})
        assert answer.status_code == 200, answer.text
        return [each["player_id"] for each in answer.json()["stints"]]

    other = await sign_in(client, "coach@club.example")
    assert await start(coach, one, "first key") == [one]
    assert await start(other, two, "other key") == [two]
    assert await start(coach, one, "first key") == [two]
    assert await start(coach, three, "next key") == [three]
