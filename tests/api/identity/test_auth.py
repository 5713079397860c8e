"""Signing up, in and out, and the refresh whose reply was lost; nobody is told more than they need."""

import asyncio
from statistics import median
from time import perf_counter

import asyncpg
import httpx
import pytest
from argon2 import PasswordHasher
from msgspec.structs import replace

from api.app import Services, create_app
from api.errors import Unauthorised
from api.identity.demo import DEMO_EMAIL, DEMO_PASSWORD
from api.identity.passwords import Passwords
from api.identity.tokens import ACCESS_S, LEEWAY_S, REFRESH_DAYS
from api.resources.writing import server_device
from api.serving import make_demo
from api.settings import Mode, Settings
from tests.api.people import (
    NOBODY,
    PASSWORD,
    Clock,
    Execute,
    Person,
    asked_to_register,
    client_of,
    code_of,
    sign_in,
    sign_up,
    some_id,
)
from tests.pg import PgDatabase

DAY_S = 24 * 3_600


async def refresh(person: Person, token: str | None = None, **more: str) -> httpx.Response:
    """Ask for the next tokens."""
    asked = {"refresh_token": token or person.tokens["refresh_token"], **more}
    return await person.client.post("/api/auth/refresh", json=asked)


async def test_sign_up_and_in(client: httpx.AsyncClient, coach: Person) -> None:
    """Who signs up owns a new club, and finds it again on another device."""
    me = await coach.get("/api/auth/me")
    assert me["clubs"] == [{"club_id": coach.club_id, "club_name": "Reds", "role": "owner"}]
    again = await sign_in(client, "COACH@club.example")
    assert (again.club_id, again.tokens["role"]) == (coach.club_id, "owner")
    assert again.device_id != coach.device_id


async def test_an_address_registers_once(client: httpx.AsyncClient, coach: Person) -> None:
    """However it is cased; and nothing of the second try stays."""
    answer = await client.post("/api/auth/register", json=asked_to_register("Coach@Club.Example"))
    assert code_of(answer) == (409, "email_taken")


async def test_a_wrong_password_tells_nothing(client: httpx.AsyncClient, coach: Person) -> None:
    """An unknown address and a wrong password are answered alike, and another's club is refused."""
    asked = {"email": "coach@club.example", "password": "wrong", "device_id": some_id()}
    wrong = await client.post("/api/auth/login", json=asked)
    unknown = await client.post("/api/auth/login", json={**asked, "email": "nobody@club.example"})
    assert code_of(wrong) == code_of(unknown) == (401, "wrong_password")
    assert wrong.json()["detail"] == unknown.json()["detail"]
    asked = {**asked, "password": PASSWORD, "club_id": NOBODY}
    assert code_of(await client.post("/api/auth/login", json=asked)) == (403, "forbidden")


async def test_unknown_addresses_take_as_long() -> None:
    """The work for nobody is the work for somebody: within a factor, not to the millisecond."""
    passwords = Passwords()
    kept = await passwords.hash(PASSWORD)
    assert "m=19456,t=2,p=1" in kept
    took: dict[str | None, list[float]] = {kept: [], None: []}
    for _ in range(5):
        for each, times in took.items():
            began = perf_counter()
            assert not await passwords.is_right("wrong", each)
            times.append(perf_counter() - began)
    assert 0.2 < median(took[None]) / median(took[kept]) < 5
    assert not await passwords.is_right(PASSWORD, "not a hash")


async def test_a_dated_hash_is_renewed(
    client: httpx.AsyncClient, coach: Person, pg_database: PgDatabase, pg_execute: Execute
) -> None:
    """A login brings an old hash to today's parameters."""
    old = "$argon2id$v=19$m=64,t=1,p=1$"
    cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    assert cheap.startswith(old)
    await pg_execute("UPDATE touchline.users SET password_hash = $1", cheap)
    await sign_in(client, "coach@club.example")
    connection = await asyncpg.connect(pg_database.owner_dsn)
    kept = await connection.fetchval("SELECT password_hash FROM touchline.users")
    await connection.close()
    assert "m=19456,t=2,p=1" in kept


async def test_a_lost_refresh_is_sent_again(coach: Person) -> None:
    """U19: a refresh whose reply was lost brings the same tokens again, and the next one works."""
    first = coach.tokens["refresh_token"]
    lost = await refresh(coach, first)
    again = await refresh(coach, first)
    assert again.status_code == 200
    assert again.json()["refresh_token"] == lost.json()["refresh_token"] != first
    both = await asyncio.gather(*(refresh(coach, first) for _ in range(4)))
    assert {answer.json()["refresh_token"] for answer in both} == {again.json()["refresh_token"]}
    second = await refresh(coach, again.json()["refresh_token"])
    assert second.status_code == 200
    assert (await refresh(coach, second.json()["refresh_token"])).status_code == 200


async def test_a_session_outlives_a_quiet_winter(coach: Person, clock: Clock) -> None:
    """U19: the access token ends in minutes, the session 90 days after its last use."""
    clock.turn(s=ACCESS_S + LEEWAY_S)
    assert code_of(await coach.ask("GET", "/api/auth/me")) == (401, "unauthorised")
    clock.turn(s=(REFRESH_DAYS - 1) * DAY_S)
    coach.tokens = (await refresh(coach)).json()
    assert (await coach.get("/api/auth/me"))["role"] == "owner"
    clock.turn(s=REFRESH_DAYS * DAY_S)
    assert code_of(await refresh(coach)) == (401, "unauthorised")


async def test_another_device_id_gets_a_session_of_its_own(coach: Person) -> None:
    """A phone that must take a new device id needs no password, and its twin keeps its session."""
    device_id = some_id()
    answer = await refresh(coach, device_id=device_id)
    again = await refresh(coach, device_id=device_id)
    assert answer.json()["device_id"] == device_id
    assert again.json()["refresh_token"] == answer.json()["refresh_token"]
    assert (await Person(coach.client, answer.json()).get("/api/auth/me"))["device_id"] == device_id
    assert (await refresh(coach)).json()["device_id"] == coach.device_id


async def test_signing_out_ends_the_session(coach: Person) -> None:
    """Neither token is good afterwards, at once on this server."""
    assert (await coach.ask("POST", "/api/auth/logout")).status_code == 204
    assert code_of(await coach.ask("GET", "/api/auth/me")) == (401, "unauthorised")
    assert code_of(await refresh(coach)) == (401, "unauthorised")


async def test_a_former_member_is_told_to_forget(coach: Person, clock: Clock, pg_execute: Execute) -> None:
    """U26: access ends at the next request, with an order to forget and the time, and not with a 401."""
    assert (await coach.ask("GET", "/api/sync/timestamp")).status_code == 200
    await pg_execute("UPDATE touchline.memberships SET removed_at = to_timestamp($1)", clock.ms // 1_000)
    for method, path in (("GET", "/api/sync/pull"), ("GET", "/api/auth/me")):
        answer = await coach.ask(method, path)
        assert code_of(answer) == (403, "access_ended")
        assert (answer.json()["forget"], answer.json()["ended_at"]) == (True, clock.ms)
    assert code_of(await refresh(coach)) == (403, "access_ended")


async def test_roles(coach: Person, clock: Clock, pg_execute: Execute) -> None:
    """A viewer reads and writes nothing; a scorer pushes and decides no conflict."""
    await pg_execute("UPDATE touchline.memberships SET role = 'viewer'")
    assert (await coach.ask("GET", "/api/sync/pull")).status_code == 200
    assert code_of(await coach.push()) == (403, "forbidden")
    await pg_execute("UPDATE touchline.memberships SET role = 'scorer'")
    assert (await coach.push()).status_code == 200
    assert code_of(await coach.ask("POST", "/api/sync/conflicts", json={})) == (403, "forbidden")


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "no address"},
        {"email": "a@b\x00c"},
        {"email": "a@" + "b" * 300},
        {"password": "short"},
        {"password": "p" * 257},
        {"password": "with\x00nul"},
        {"display_name": ""},
        {"club_name": "c" * 101},
        {"device_id": "1"},
        {"device_id": server_device(NOBODY, "count")},
        {"role": "owner"},
        {"email": 1},
    ],
    ids=str,
)
async def test_bad_registrations(client: httpx.AsyncClient, wrong: dict[str, object]) -> None:
    """Each field is bounded, and a field that is not asked for is refused."""
    answer = await client.post("/api/auth/register", json={**asked_to_register("new@club.example"), **wrong})
    assert code_of(answer) == (400, "malformed")


async def test_tokens_are_not_interchangeable(coach: Person) -> None:
    """A refresh token lets nobody in, an access token refreshes nothing, and one scheme alone is read."""
    access, shown = coach.tokens["access_token"], coach.tokens["refresh_token"]
    assert code_of(await refresh(coach, access)) == (401, "unauthorised")
    for value in (f"Bearer {shown}", f"Basic {access}", access, "Bearer", "Bearer \xff", f"Bearer {access}, x"):
        answer = await coach.client.get("/api/auth/me", headers={b"authorization": value.encode("latin-1")})
        assert code_of(answer) == (401, "unauthorised")
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert access not in answer.text


async def test_the_demo_account_is_made_once(client: httpx.AsyncClient, services: Services) -> None:
    """Made on the first start, left alone on the next."""
    await make_demo(services)
    await make_demo(services)
    asked = {"email": DEMO_EMAIL, "password": DEMO_PASSWORD, "device_id": some_id()}
    assert (await client.post("/api/auth/login", json=asked)).status_code == 200


async def test_the_demo_account_is_told_where_it_is(client: httpx.AsyncClient, services: Services) -> None:
    """Only once it was made, so that an app offers no door that stays shut; what is told opens it."""
    assert (await client.get("/api/sync/config")).json()["demo"] is None
    await make_demo(services)
    told = (await client.get("/api/sync/config")).json()["demo"]
    assert (await client.post("/api/auth/login", json={**told, "device_id": some_id()})).status_code == 200


async def test_in_production_nobody_is_told_of_a_demo(settings: Settings, services: Services) -> None:
    """Somebody may have registered with that address there: it is theirs."""
    await make_demo(services)
    app = create_app(replace(settings, mode=Mode.PRODUCTION, secret_key="x" * 32), services)
    async with client_of(app) as client:
        assert (await client.get("/api/sync/config")).json()["demo"] is None


async def test_a_session_of_one_club_sees_no_other(client: httpx.AsyncClient, coach: Person) -> None:
    """U25: another club's match and devices are like ones that do not exist."""
    match_id = await coach.make_match()
    other = await sign_up(client, "other@club.example")
    mine = await coach.ask("GET", f"/api/matches/{match_id}/score")
    assert mine.status_code == 200
    for path in (f"/api/matches/{match_id}/score", f"/api/matches/{match_id}/events", f"/api/events/{match_id}"):
        theirs, absent = await other.ask("GET", path), await other.ask("GET", path.replace(match_id, some_id()))
        assert code_of(theirs) == code_of(absent) == (404, "not_found")
        assert theirs.json()["detail"] == absent.json()["detail"]
    assert (await other.get("/api/sync/devices"))["devices"] == []
    assert (await other.get("/api/sync/pull"))["changes"] == []


async def test_the_gate_refuses_a_session_it_does_not_know(services: Services) -> None:
    """A well-signed token of a session that is not there lets nobody in."""
    with pytest.raises(Unauthorised):
        await services.gate.admit("x")
