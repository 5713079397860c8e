"""The plain verbs, for every resource alike: ids, versions, retries, refusals and who may do what."""

from typing import Any

import httpx
import pytest

from tests.api.identity.crowd import score_by
from tests.api.people import Person, code_of, put, sign_in, sign_up, some_id
from tests.api.resources.samples import (
    SAMPLES,
    Acting,
    Sample,
    World,
    acting,
    create,
    every_sample,
    make_world,
    path_of,
)

__all__ = ["acting"]

ROLES = ("owner", "coach", "scorer", "viewer")


@pytest.fixture
async def world(coach: Person) -> World:
    """Give a club with a team, a match and an event."""
    return await make_world(coach)


@pytest.fixture
async def helper(client: httpx.AsyncClient, coach: Person) -> Person:
    """Give the coach's second device."""
    return await sign_in(client, "coach@club.example")


@pytest.fixture
async def stranger(client: httpx.AsyncClient) -> Person:
    """Give somebody of another club."""
    return await sign_up(client, "stranger@club.example")


async def version_of(person: Person) -> int:
    """Return the head's version."""
    return int((await person.get("/api/sync/timestamp"))["timestamp"].split(".")[0])


async def listed(person: Person, world: World, sample: Sample) -> list[str]:
    """Return the ids in a list."""
    return [row["id"] for row in (await person.get(sample.at(world, sample.lists)))[sample.many]]


@every_sample
async def test_from_create_to_restore(coach: Person, world: World, sample: Sample) -> None:
    """U4, U5: the client's id stays; each verb does what it says; a delete is undone by a restore and nothing else."""
    made = await create(coach, world, sample)
    path = path_of(world, sample, made["id"])
    assert {**sample.body}.items() <= made.items()
    assert made["id"] in await listed(coach, world, sample)
    read = await coach.ask("GET", path)
    assert (read.json(), read.headers["etag"]) == (made, f'"{made["version"]}"')
    whole = await coach.ask("PUT", path, json={**made, **sample.edit})
    assert whole.json() == {**made, **sample.edit, "version": made["version"] + 1}
    assert (await coach.ask("DELETE", path)).status_code == 204
    assert made["id"] not in await listed(coach, world, sample)
    for method in ("GET", "PUT", "PATCH"):
        assert code_of(await coach.ask(method, path, json=sample.edit if method != "GET" else None)) == (
            404,
            "not_found",
        )
    again = await coach.ask("POST", sample.at(world, sample.lists), json={"id": made["id"], **sample.body})
    assert code_of(again) == (409, "exists")
    restored = await coach.ask("POST", f"{path}/restore")
    assert restored.status_code == 200
    assert restored.json() == {**whole.json(), "version": restored.json()["version"]}
    assert (await coach.ask("POST", f"{path}/restore")).json() == restored.json()
    assert made["id"] in await listed(coach, world, sample)


@every_sample
async def test_each_write_is_a_mutation(coach: Person, world: World, sample: Sample) -> None:
    """What a wrapper wrote is in the log of every device, and only what differs is written."""
    made = await create(coach, world, sample)
    path = path_of(world, sample, made["id"])
    await coach.ask("PUT", path, json={**made, **sample.edit})
    before = await version_of(coach)
    assert (await coach.ask("PUT", path, json=sample.edit)).status_code == 200
    assert (await coach.ask("PATCH", path, json=sample.edit)).status_code == 200
    assert (await coach.ask("PATCH", path, json={})).status_code == 200
    assert await version_of(coach) == before
    change = (await coach.get("/api/sync/pull"))["changes"][-1]
    assert (change["collection"], change["record"]) == (sample.collection, made["id"])
    assert change["fields"] == dict(sample.edit)


@every_sample
async def test_put_and_patch_leave_what_is_not_named(coach: Person, world: World, sample: Sample) -> None:
    """U21: a client that does not know a field does not empty it; null does."""
    made = await create(coach, world, sample, **sample.edit)
    path = path_of(world, sample, made["id"])
    first = next(iter(sample.body))
    for method in ("PUT", "PATCH"):
        assert (await coach.ask(method, path, json={first: made[first]})).json() == made
    if sample.clears is not None:
        cleared = await coach.ask("PATCH", path, json={sample.clears: None})
        assert cleared.json() == {**made, sample.clears: None, "version": made["version"] + 1}


@every_sample
async def test_versions(coach: Person, world: World, sample: Sample) -> None:
    """If-None-Match: 304 while nothing changed. If-Match: 412 with the record as it is, and nothing written."""
    made = await create(coach, world, sample)
    path, seen = path_of(world, sample, made["id"]), f'"{made["version"]}"'
    for text in (seen, f"W/{seen}", f'"0", {seen}', "*"):
        unchanged = await coach.ask("GET", path, headers={"if-none-match": text})
        assert (unchanged.status_code, unchanged.content, unchanged.headers["etag"]) == (304, b"", seen)
    assert (await coach.ask("PATCH", path, json=dict(sample.edit), headers={"if-match": seen})).status_code == 200
    changed = await coach.ask("GET", path, headers={"if-none-match": seen})
    assert changed.status_code == 200
    before = await version_of(coach)
    for method, body in (("PUT", dict(sample.body)), ("PATCH", dict(sample.body)), ("DELETE", None)):
        late = await coach.ask(method, path, json=body, headers={"if-match": seen})
        assert code_of(late) == (412, "version_mismatch")
        assert late.json()["current"] == changed.json()
    assert await version_of(coach) == before


@every_sample
async def test_put_may_create(coach: Person, world: World, sample: Sample) -> None:
    """Only with `If-None-Match: *`, under the client's id, once: a second one is told what is there."""
    record_id, headers = some_id(), {"if-none-match": "*"}
    path = path_of(world, sample, record_id)
    parents = {"match_id": world.match, "event_id": world.event}
    body = {**sample.body, **{each: parents[each] for each in parents if f"{{{each[:-3]}}}" in sample.lists}}
    assert code_of(await coach.ask("PUT", path, json=body)) == (404, "not_found")
    made = await coach.ask("PUT", path, json=body, headers={**headers, "idempotency-key": "u1"})
    assert (made.status_code, made.json()["id"]) == (201, record_id)
    second = await coach.ask("PUT", path, json=body, headers=headers)
    assert code_of(second) == (412, "version_mismatch")
    assert second.json()["current"] == made.json()
    retry = await coach.ask("PUT", path, json=body, headers={**headers, "idempotency-key": "u1"})
    assert retry.json() == made.json()
    for method, value in (("PUT", '"12"'), ("PATCH", "*")):
        answer = await coach.ask(method, path, json=body, headers={"if-none-match": value})
        assert code_of(answer) == (400, "malformed")


@every_sample
async def test_an_id_may_be_left_to_the_server(coach: Person, world: World, sample: Sample) -> None:
    """It is in the answer and in Location, and the same for a retry with the same key."""
    lists, headers = sample.at(world, sample.lists), {"idempotency-key": "made-once"}
    made = await coach.ask("POST", lists, json=dict(sample.body), headers=headers)
    assert made.status_code == 201
    assert made.headers["location"] == path_of(world, sample, made.json()["id"])
    retry = await coach.ask("POST", lists, json=dict(sample.body), headers=headers)
    assert (retry.status_code, retry.json()) == (200, made.json())
    other = await coach.ask("POST", lists, json=dict(sample.body))
    assert other.json()["id"] != made.json()["id"]
    assert (await coach.ask("GET", made.headers["location"])).json() == made.json()


@every_sample
async def test_a_lost_reply_costs_nothing(coach: Person, helper: Person, world: World, sample: Sample) -> None:
    """U2: an edit, a delete and a restore sent again with their keys do not undo what came between."""
    made = await create(coach, world, sample)
    path = path_of(world, sample, made["id"])
    await coach.ask("PATCH", path, json=dict(sample.edit), headers={"idempotency-key": "e"})
    undone = {name: made[name] for name in sample.edit}
    theirs = await helper.ask("PATCH", path, json=undone)
    before = await version_of(coach)
    again = await coach.ask("PATCH", path, json=dict(sample.edit), headers={"idempotency-key": "e"})
    assert (again.status_code, again.json()) == (200, theirs.json())
    assert await version_of(coach) == before
    await coach.ask("DELETE", path, headers={"idempotency-key": "d"})
    await helper.ask("POST", f"{path}/restore")
    before = await version_of(coach)
    assert (await coach.ask("DELETE", path, headers={"idempotency-key": "d"})).status_code == 204
    assert (await coach.ask("GET", path)).status_code == 200
    assert await version_of(coach) == before


@every_sample
async def test_a_bad_row_is_rejected_alone(coach: Person, world: World, sample: Sample) -> None:
    """U3: 422 with rule, field and sentence; nothing is written, nobody is asked, and the next row lands."""
    lists, before = sample.at(world, sample.lists), await version_of(coach)
    first = next(name for name in sample.body)
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({**sample.body, "club_id": some_id()}, "unknown_field", "club_id"),
        ({**sample.body, "stamps": {}}, "unknown_field", "stamps"),
        ({**sample.body, "deleted": True}, "unknown_field", "deleted"),
        ({**sample.body, first: ["x"]}, "wrong_type", first),
        ({**sample.body, first: None}, "null", first),
        ({name: value for name, value in sample.body.items() if name != first}, "required", first),
    ]
    for body, rule, field in cases:
        answer = await coach.ask("POST", lists, json={"id": some_id(), **body})
        assert code_of(answer) == (422, "rejected")
        assert (answer.json()["rule"], answer.json()["field"]) == (rule, field)
        assert answer.json()["detail"]
    for body in ({"id": 7}, {"id": "x"}, {"id": None}):
        assert code_of(await coach.ask("POST", lists, json={**sample.body, **body})) == (400, "malformed")
    assert await version_of(coach) == before
    assert (await coach.get("/api/sync/conflicts?status=all"))["conflicts"] == []
    await create(coach, world, sample)


@every_sample
async def test_another_clubs_ids_do_not_exist(coach: Person, stranger: Person, world: World, sample: Sample) -> None:
    """U25: what another club has is answered like what nobody has, under every verb, and stays as it is."""
    made = await create(coach, world, sample)
    path, nobody = path_of(world, sample, made["id"]), path_of(World(*(some_id() for _ in range(3))), sample, some_id())
    for method, tail, body in (
        ("GET", "", None),
        ("PUT", "", dict(sample.edit)),
        ("PATCH", "", dict(sample.edit)),
        ("DELETE", "", None),
        ("POST", "/restore", None),
    ):
        theirs = await stranger.ask(method, path + tail, json=body)
        none = await stranger.ask(method, nobody + tail, json=body)
        assert code_of(theirs) == code_of(none) == (404, "not_found")
        assert theirs.json()["detail"] == none.json()["detail"]
    if "{" in sample.lists:
        for method, body in (("GET", None), ("POST", dict(sample.body))):
            assert code_of(await stranger.ask(method, sample.at(world, sample.lists), json=body)) == (404, "not_found")
    else:
        own = await stranger.ask("POST", sample.lists, json={"id": made["id"], **sample.body})
        assert own.status_code == 201
    assert (await coach.ask("GET", path)).json() == made


@every_sample
async def test_roles(coach: Person, world: World, acting: Acting, sample: Sample) -> None:
    """All members read; owners and coaches write all, scorers what a match day brings, viewers nothing."""
    acting(role="owner")
    made = await create(coach, world, sample)
    path, lists = path_of(world, sample, made["id"]), sample.at(world, sample.lists)
    for role in ROLES:
        acting(role=role)
        may_write = role in ("owner", "coach") or (role == "scorer" and not sample.decided)
        assert (await coach.ask("GET", path)).status_code == 200
        assert (await coach.ask("GET", lists)).status_code == 200
        for method, where, body, good in (
            ("POST", lists, dict(sample.body), 201),
            ("PUT", path, dict(sample.edit), 200),
            ("PATCH", path, dict(sample.body), 200),
            ("DELETE", path, None, 204),
            ("POST", f"{path}/restore", None, 200),
        ):
            answer = await coach.ask(method, where, json=body)
            assert answer.status_code == (good if may_write else 403), (role, method, answer.text)


@every_sample
async def test_a_scorer_by_link_has_one_match(coach: Person, world: World, acting: Acting, sample: Sample) -> None:
    """U27: they write what their match contains; another match is not there for them, the club is closed to them."""
    acting(role="owner", match_id=None)
    other = await make_world(coach)
    mine, theirs = await create(coach, world, sample), await create(coach, other, sample)
    kept = await coach.ask("GET", sample.at(other, sample.lists))
    assert kept.status_code == 200
    acting(role="scorer", match_id=world.match)
    is_of_match = sample.scored or sample.name == "match award"
    expected = (404, "not_found") if is_of_match else (403, "forbidden")
    if sample.name != "match":
        assert code_of(await coach.ask("GET", path_of(other, sample, theirs["id"]))) == expected
        assert code_of(await coach.ask("GET", sample.at(other, sample.lists))) == expected
    write = (404, "not_found") if sample.scored else (403, "forbidden")
    for method, where, body in (
        ("POST", sample.at(other, sample.lists), dict(sample.body)),
        ("PUT", path_of(other, sample, theirs["id"]), dict(sample.edit)),
        ("PATCH", path_of(other, sample, theirs["id"]), dict(sample.edit)),
        ("DELETE", path_of(other, sample, theirs["id"]), None),
        ("POST", path_of(other, sample, theirs["id"]) + "/restore", None),
    ):
        assert code_of(await coach.ask(method, where, json=body)) == write, method
    if is_of_match:
        assert (await coach.ask("GET", path_of(world, sample, mine["id"]))).status_code == 200
    if sample.scored:
        assert (await coach.ask("PATCH", path_of(world, sample, mine["id"]), json=dict(sample.edit))).status_code == 200
        if "match_id" in mine:
            moved = await coach.ask("PATCH", path_of(world, sample, mine["id"]), json={"match_id": other.match})
            assert (code_of(moved), moved.json()["rule"]) == ((422, "rejected"), "unknown_parent")


async def test_a_scorer_by_link_reads_their_match(coach: Person, world: World, acting: Acting) -> None:
    """The match itself, its score and the lookup; not another match, and no change of the match itself."""
    other = await make_world(coach)
    acting(role="scorer", match_id=world.match)
    assert (await coach.ask("GET", f"/api/matches/{world.match}")).status_code == 200
    assert (await coach.ask("GET", f"/api/matches/{world.match}/score")).status_code == 200
    assert (await coach.ask("GET", "/api/positions")).status_code == 200
    assert code_of(await coach.ask("GET", f"/api/matches/{other.match}")) == (404, "not_found")
    assert code_of(await coach.ask("PATCH", f"/api/matches/{world.match}", json={"venue": "x"})) == (403, "forbidden")
    assert code_of(await coach.ask("GET", "/api/matches")) == (403, "forbidden")


async def test_a_volunteer_scores_over_the_plain_routes(
    client: httpx.AsyncClient, coach: Person, helper: Person, world: World
) -> None:
    """U27: with a real link, through the engine's own permits: every verb of what a scorer by link writes."""
    link = (await coach.ask("POST", f"/api/matches/{world.match}/scorers", json={})).json()
    scorer = Person(client, (await score_by(client, secret=link["secret"])).json())
    other = await make_world(coach)
    for sample in (each for each in SAMPLES if each.scored):
        made = await create(scorer, world, sample)
        path = path_of(world, sample, made["id"])
        edited = await scorer.ask("PATCH", path, json=dict(sample.edit))
        assert sample.edit.items() <= edited.json().items()
        assert (await scorer.ask("DELETE", path)).status_code == 204
        assert (await scorer.ask("POST", f"{path}/restore")).status_code == 200
        assert (await helper.ask("GET", path)).json()["id"] == made["id"]
        theirs = await create(coach, other, sample)
        for method, body in (("GET", None), ("PATCH", dict(sample.edit)), ("DELETE", None)):
            answer = await scorer.ask(method, path_of(other, sample, theirs["id"]), json=body)
            assert code_of(answer) == (404, "not_found")
        taken = {**sample.body, **sample.edit, "id": theirs["id"]}
        answer = await scorer.ask("POST", sample.at(world, sample.lists), json=taken)
        assert (code_of(answer), answer.json()["current"]) == ((409, "exists"), None)
    await coach.ask("DELETE", f"/api/matches/{world.match}/scorers/{link['scorer']['scorer_id']}")
    late = await scorer.ask("POST", f"/api/matches/{world.match}/events", json={"kind": "goal"})
    assert code_of(late) == (403, "access_ended")


async def test_what_a_deleted_match_contains_is_hidden_with_it(coach: Person, world: World) -> None:
    """Events, and what they contain, are not found while their match is deleted, and there again once it is back."""
    event = f"/api/events/{world.event}"
    await coach.ask("DELETE", f"/api/matches/{world.match}")
    for path in (
        event,
        f"{event}/participants",
        f"/api/matches/{world.match}/events",
        f"/api/matches/{world.match}/score",
    ):
        assert code_of(await coach.ask("GET", path)) == (404, "not_found")
    assert code_of(await coach.ask("PATCH", event, json={"notes": "x"})) == (404, "not_found")
    await coach.ask("POST", f"/api/matches/{world.match}/restore")
    assert (await coach.ask("GET", event)).status_code == 200


@every_sample
async def test_the_address_and_the_body_name_one_match(coach: Person, world: World, sample: Sample) -> None:
    """A body that names another match than its address is refused; one that names the same is fine."""
    if "{match}" not in sample.lists:
        return
    lists = sample.at(world, sample.lists)
    for wrong in (some_id(), 7, None):
        answer = await coach.ask("POST", lists, json={**sample.body, "match_id": wrong})
        assert (code_of(answer), answer.json()["field"]) == ((422, "rejected"), "match_id")
    upper = {**sample.body, "match_id": world.match.upper()}
    assert (await coach.ask("POST", lists, json=upper)).json()["match_id"] == world.match
    nowhere = sample.lists.format(match=some_id(), event="", team="")
    assert code_of(await coach.ask("POST", nowhere, json=dict(sample.body))) == (404, "not_found")


async def test_a_record_moves_only_to_where_it_can_be(coach: Person, world: World) -> None:
    """An event may be put under another match of the club; under none, it stays where it is."""
    other = await make_world(coach)
    moved = await coach.ask("PATCH", f"/api/events/{world.event}", json={"match_id": other.match})
    assert moved.json()["match_id"] == other.match
    lost = await coach.ask("PATCH", f"/api/events/{world.event}", json={"match_id": some_id()})
    assert (code_of(lost), lost.json()["rule"]) == ((422, "rejected"), "unknown_parent")


async def test_a_participant_is_of_its_event(coach: Person, world: World) -> None:
    """Under another event's address it does not exist."""
    other = await make_world(coach)
    sample = next(each for each in SAMPLES if each.name == "participant")
    made = await create(coach, world, sample)
    for method, body in (("GET", None), ("PATCH", {"kind": "save"}), ("DELETE", None)):
        answer = await coach.ask(method, path_of(other, sample, made["id"]), json=body)
        assert code_of(answer) == (404, "not_found")
    assert (await coach.ask("GET", path_of(world, sample, made["id"]))).json() == made


async def test_a_goal_of_a_player_who_is_gone(coach: Person, world: World) -> None:
    """U20: players, teams and seasons may be moved, deleted or unknown: the event is accepted."""
    player = await create(coach, world, next(each for each in SAMPLES if each.name == "player of a team"))
    assert (await coach.ask("DELETE", f"/api/players/{player['id']}")).status_code == 204
    assert (await coach.ask("DELETE", f"/api/teams/{world.team}")).status_code == 204
    body = {"kind": "goal", "player_id": player["id"], "team_id": world.team, "season_id": some_id()}
    answer = await coach.ask("POST", f"/api/matches/{world.match}/events", json=body)
    assert answer.status_code == 201
    assert body.items() <= answer.json().items()
    moved = await coach.ask("PATCH", f"/api/events/{answer.json()['id']}", json={"player_id": some_id()})
    assert moved.status_code == 200


async def test_two_teams_of_one_name_are_a_question(coach: Person, helper: Person) -> None:
    """A name that the club's old database held unique is never refused: two phones may each have made the team."""
    first = await coach.ask("POST", "/api/teams", json={"name": "U10 Reds"})
    second = await helper.ask("POST", "/api/teams", json={"name": "U10 Reds"})
    assert (first.status_code, second.status_code) == (201, 201)
    assert len((await coach.get("/api/teams"))["teams"]) == 2


async def test_a_bare_tombstone_cannot_be_restored(coach: Person, world: World) -> None:
    """A delete of what nobody had created leaves nothing to bring back."""
    team_id = some_id()
    await coach.push({"collection": "teams", "record": team_id, "op": "delete", "fields": {}})
    assert code_of(await coach.ask("POST", f"/api/teams/{team_id}/restore")) == (404, "not_found")


async def test_a_record_that_lacks_fields_is_not_there(coach: Person, world: World) -> None:
    """A put over an unknown record waits for its required fields: until they come, no route shows it."""
    team_id = some_id()
    await coach.push(put("teams", team_id, age_group="U9"))
    assert code_of(await coach.ask("GET", f"/api/teams/{team_id}")) == (404, "not_found")
    assert [row["id"] for row in (await coach.get("/api/teams"))["teams"]] == [world.team]
