"""Clubs and their members: several clubs, roles, stepping down, removal, leaving."""

import asyncio

import httpx
import pytest

from api.errors import Forbidden
from api.identity.clubs import judge_role
from storage.invitations import CLUBS_MAX
from tests.api.identity.crowd import invite, join, role_of
from tests.api.people import NOBODY, PASSWORD, Clock, Execute, Person, code_of, put, sign_in, sign_up, some_id

ROLES = ("owner", "coach", "scorer", "viewer")


async def set_role(person: Person, user_id: str, role: str) -> httpx.Response:
    """Ask for another role."""
    return await person.ask("PUT", f"/api/club/members/{user_id}", json={"role": role})


async def remove(person: Person, user_id: str) -> httpx.Response:
    """Ask for the end of a membership."""
    return await person.ask("DELETE", f"/api/club/members/{user_id}")


async def test_a_person_has_several_clubs(coach: Person, clock: Clock) -> None:
    """One person makes another club and switches between both; a token is for one, and sees nothing of the other."""
    clock.turn(s=1)
    made = await coach.ask("POST", "/api/clubs", json={"name": " Blues "})
    assert (made.status_code, made.json()["name"], made.json()["role"]) == (201, "Blues", "owner")
    device_id = some_id()
    switched = await coach.ask(
        "POST", "/api/auth/switch", json={"club_id": made.json()["club_id"], "device_id": device_id}
    )
    other = Person(coach.client, switched.json())
    assert (other.club_id, other.device_id) == (made.json()["club_id"], device_id)
    assert [each["club_name"] for each in (await other.get("/api/auth/me"))["clubs"]] == ["Reds", "Blues"]
    match_id = await other.make_match()
    assert (await other.ask("GET", f"/api/matches/{match_id}/score")).status_code == 200
    assert code_of(await coach.ask("GET", f"/api/matches/{match_id}/score")) == (404, "not_found")
    assert (await coach.get("/api/club"))["name"] == "Reds"
    assert (await other.get("/api/club"))["name"] == "Blues"
    asked = {"club_id": NOBODY, "device_id": device_id}
    assert code_of(await coach.ask("POST", "/api/auth/switch", json=asked)) == (403, "forbidden")


async def test_u2_a_retry_makes_no_second_club(coach: Person) -> None:
    """U2: the same key after a lost reply brings the same club, as nobody could leave a second one."""
    made = [
        await coach.ask("POST", "/api/clubs", json={"name": "Blues"}, headers={"idempotency-key": key})
        for key in ("one", "one", "two")
    ]
    assert [answer.status_code for answer in made] == [201] * 3
    first, again, other = (answer.json()["club_id"] for answer in made)
    assert first == again != other
    assert len((await coach.get("/api/auth/me"))["clubs"]) == 3


async def test_clubs_of_one_person_are_bounded(client: httpx.AsyncClient, coach: Person, pg_execute: Execute) -> None:
    """Nobody makes or joins clubs without end; a member rises by an invitation all the same."""
    other = await sign_up(client, "other@club.example")
    member = {"invitation": (await invite(other, "viewer"))["secret"], "device_id": some_id()}
    assert (await coach.ask("POST", "/api/auth/join", json=member)).status_code == 200
    await pg_execute(
        "WITH made AS (INSERT INTO touchline.clubs (club_id, hash_key)"
        " SELECT gen_random_uuid(), '' FROM generate_series(3, $1::int) RETURNING club_id)"
        " INSERT INTO touchline.memberships (club_id, user_id, role) SELECT club_id, $2::uuid, 'viewer' FROM made",
        CLUBS_MAX,
        coach.tokens["user_id"],
    )
    refused = await coach.ask("POST", "/api/clubs", json={"name": "One more"})
    assert (code_of(refused), refused.json()["rule"]) == ((422, "rejected"), "too_many_clubs")
    third = await sign_up(client, "third@club.example")
    asked = {"invitation": (await invite(third, "owner"))["secret"], "device_id": some_id()}
    login = {**asked, "email": "coach@club.example", "password": PASSWORD}
    for refused in (
        await coach.ask("POST", "/api/auth/join", json=asked),
        await client.post("/api/auth/login", json=login),
    ):
        assert (code_of(refused), refused.json()["rule"]) == ((422, "rejected"), "too_many_clubs")
    rise = {**member, "invitation": (await invite(other, "coach"))["secret"]}
    assert (await coach.ask("POST", "/api/auth/join", json=rise)).json()["role"] == "coach"


async def test_u26_who_was_removed_is_told_so_when_they_switch(client: httpx.AsyncClient, coach: Person) -> None:
    """U26: signed in to another club, a former member gets the order to forget, and no stranger learns of a club."""
    helper, stranger = await sign_up(client, "helper@club.example"), await sign_up(client, "stranger@club.example")
    asked = {"invitation": (await invite(coach, "viewer"))["secret"], "device_id": some_id()}
    assert (await helper.ask("POST", "/api/auth/join", json=asked)).status_code == 200
    await coach.ask("DELETE", f"/api/club/members/{helper.tokens['user_id']}")
    switch = {"club_id": coach.club_id, "device_id": some_id()}
    told = await helper.ask("POST", "/api/auth/switch", json=switch)
    assert (code_of(told), told.json()["forget"]) == ((403, "access_ended"), True)
    assert code_of(await stranger.ask("POST", "/api/auth/switch", json=switch)) == (403, "forbidden")


async def test_a_club_is_renamed_by_its_owner(client: httpx.AsyncClient, coach: Person) -> None:
    """Others read the name."""
    helper = await join(client, coach, "coach")
    assert (await coach.ask("PATCH", "/api/club", json={"name": "Greens"})).json()["name"] == "Greens"
    assert (await helper.get("/api/club"))["name"] == "Greens"
    assert code_of(await helper.ask("PATCH", "/api/club", json={"name": "Mine"})) == (403, "forbidden")
    for wrong in ("", " ", "\t\n", "n" * 101, "n\x00"):
        assert code_of(await coach.ask("PATCH", "/api/club", json={"name": wrong})) == (400, "malformed")


async def test_a_change_of_role_holds_at_the_next_request(client: httpx.AsyncClient, coach: Person) -> None:
    """The role in a token is told to the client alone; what counts is asked anew."""
    helper = await join(client, coach, "viewer")
    assert code_of(await helper.push()) == (403, "forbidden")
    changed = await set_role(coach, helper.tokens["user_id"], "scorer")
    assert {each["role"] for each in changed.json()["members"]} == {"owner", "scorer"}
    assert (await helper.push()).status_code == 200
    assert await role_of(helper) == "scorer"
    await set_role(coach, helper.tokens["user_id"], "viewer")
    assert code_of(await helper.push()) == (403, "forbidden")


async def test_a_club_keeps_an_owner(client: httpx.AsyncClient, coach: Person) -> None:
    """The last owner neither steps down nor leaves; having made another, they may."""
    me = coach.tokens["user_id"]
    helper = await join(client, coach, "coach")
    assert code_of(await set_role(coach, me, "coach")) == (409, "last_owner")
    assert code_of(await remove(coach, me)) == (409, "last_owner")
    assert (await set_role(coach, helper.tokens["user_id"], "owner")).status_code == 200
    assert (await set_role(coach, me, "coach")).status_code == 200
    assert await role_of(coach) == "coach"
    assert code_of(await set_role(coach, me, "owner")) == (403, "forbidden")


async def test_two_owners_stepping_down_at_once_leave_one(client: httpx.AsyncClient, coach: Person) -> None:
    """Whoever comes second is refused."""
    helper = await join(client, coach, "owner")
    answers = await asyncio.gather(
        *(set_role(each, each.tokens["user_id"], "viewer") for each in (coach, helper)),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]


@pytest.mark.parametrize("asking", [*ROLES, None])
def test_who_gives_which_role(asking: str | None) -> None:
    """Owners give any; coaches make viewers scorers and back, and may step down; nobody else gives any."""
    for is_own in (False, True):
        for held in ROLES:
            for given in ROLES:
                lesser = {"scorer", "viewer"}
                is_right = asking == "owner" or (asking == "coach" and given in lesser and (held in lesser or is_own))
                if is_right:
                    judge_role(asking, held, given, is_own=is_own)
                else:
                    with pytest.raises(Forbidden):
                        judge_role(asking, held, given, is_own=is_own)


async def test_u26_a_removed_coach_is_out_at_the_next_request(
    client: httpx.AsyncClient, coach: Person, clock: Clock
) -> None:
    """U26: every sync route tells a removed member to forget, and when it ended; their other club goes on."""
    helper = await join(client, coach, "coach", "helper")
    own = await helper.ask("POST", "/api/clubs", json={"name": "Own"})
    asked = {"club_id": own.json()["club_id"], "device_id": some_id()}
    elsewhere = Person(client, (await helper.ask("POST", "/api/auth/switch", json=asked)).json())
    clock.turn(s=60)
    ended_at = clock.ms
    assert (await remove(coach, helper.tokens["user_id"])).status_code == 204
    clock.turn(s=5)
    routes = (
        ("GET", "/api/sync/pull"),
        ("GET", "/api/sync/snapshot"),
        ("GET", "/api/sync/timestamp"),
        ("GET", "/api/sync/devices"),
        ("GET", "/api/sync/conflicts"),
        ("GET", "/api/club/members"),
        ("POST", "/api/auth/logout"),
    )
    answers = [await helper.ask(method, path) for method, path in routes]
    refreshed = await client.post("/api/auth/refresh", json={"refresh_token": helper.tokens["refresh_token"]})
    asked = {"email": "helper@club.example", "password": PASSWORD, "device_id": some_id(), "club_id": coach.club_id}
    for answer in (*answers, refreshed, await client.post("/api/auth/login", json=asked)):
        assert code_of(answer) == (403, "access_ended")
        assert (answer.json()["forget"], answer.json()["ended_at"]) == (True, ended_at)
    assert await role_of(elsewhere) == "owner"
    assert (await sign_in(client, "helper@club.example")).club_id == elsewhere.club_id
    assert code_of(await remove(coach, helper.tokens["user_id"])) == (404, "not_found")
    names = {each["user_id"] for each in (await coach.get("/api/club/members"))["members"]}
    assert names == {coach.tokens["user_id"]}


async def test_u26_anybody_may_leave(client: httpx.AsyncClient, coach: Person) -> None:
    """U26: leaving is one's own affair; removing others is an owner's, and of others' clubs nobody's."""
    helper, other = await join(client, coach, "coach"), await join(client, coach, "viewer")
    assert code_of(await remove(helper, other.tokens["user_id"])) == (403, "forbidden")
    assert code_of(await remove(other, helper.tokens["user_id"])) == (403, "forbidden")
    stranger = await sign_up(client, "stranger@club.example")
    for whom in (stranger.tokens["user_id"], some_id()):
        assert code_of(await remove(coach, whom)) == (404, "not_found")
        assert code_of(await set_role(coach, whom, "viewer")) == (404, "not_found")
    assert (await remove(other, other.tokens["user_id"])).status_code == 204
    assert code_of(await other.ask("GET", "/api/sync/pull")) == (403, "access_ended")


async def test_what_a_removed_coach_handed_out_ends(client: httpx.AsyncClient, coach: Person) -> None:
    """Their invitations and scorers' links go with them; those of others stay."""
    helper = await join(client, coach, "coach")
    match_id = await helper.make_match()
    theirs, mine = await invite(helper, "viewer"), await invite(coach, "viewer")
    link = (await helper.ask("POST", f"/api/matches/{match_id}/scorers", json={})).json()
    assert (await remove(coach, helper.tokens["user_id"])).status_code == 204
    scoring = {"device_id": some_id(), "name": "Sam", "secret": link["secret"]}
    assert code_of(await client.post("/api/auth/scorer", json=scoring)) == (410, "invitation_ended")
    live = {
        each["invitation_id"]: each["is_live"] for each in (await coach.get("/api/club/invitations"))["invitations"]
    }
    assert live[theirs["invitation"]["invitation_id"]] is False
    assert live[mine["invitation"]["invitation_id"]] is True


async def test_the_names_of_former_members_stay_readable(client: httpx.AsyncClient, coach: Person) -> None:
    """U24: a coach sees whose phone was seen when, also after the person left."""
    helper = await join(client, coach, "coach", "helper")
    assert (await helper.push(put("matches", some_id(), competition="Cup"))).status_code == 200
    await remove(coach, helper.tokens["user_id"])
    [device] = (await coach.get("/api/sync/devices"))["devices"]
    assert device["display_name"] == "helper"
