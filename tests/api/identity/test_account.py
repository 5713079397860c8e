"""One's own account: name, password, signed-in devices, deletion."""

import asyncio
from pathlib import Path

import asyncpg
import httpx
import pytest

from api.app import Services
from storage.erasures.ledger_file import LedgerFile
from tests.api.identity.crowd import invite, join, role_of
from tests.api.people import (
    NOBODY,
    PASSWORD,
    START_MS,
    Clock,
    Person,
    asked_to_register,
    code_of,
    put,
    sign_in,
    sign_up,
    some_id,
)
from tests.pg import PgDatabase

NEW_PASSWORD = "another long enough password"


async def change(person: Person, old: str = PASSWORD, new: str = NEW_PASSWORD) -> httpx.Response:
    """Ask for another password."""
    return await person.ask("POST", "/api/auth/password", json={"old_password": old, "new_password": new})


async def delete(person: Person, password: str = PASSWORD) -> httpx.Response:
    """Ask for the account's deletion."""
    return await person.ask("DELETE", "/api/auth/account", json={"password": password})


async def test_a_name_is_changed(coach: Person) -> None:
    """The new name is told at once, also beside one's devices."""
    answer = await coach.ask("PATCH", "/api/auth/me", json={"display_name": " Alex "})
    assert answer.json()["display_name"] == (await coach.get("/api/auth/me"))["display_name"] == "Alex"
    assert code_of(await coach.ask("PATCH", "/api/auth/me", json={"display_name": " "})) == (400, "malformed")


async def test_a_new_password_ends_all_other_sessions(client: httpx.AsyncClient, coach: Person) -> None:
    """The device on which it is changed goes on; every other one is out at its next request, in every club."""
    other = await sign_in(client, "coach@club.example")
    club = (await other.ask("POST", "/api/clubs", json={"name": "Blues"})).json()["club_id"]
    asked = {"club_id": club, "device_id": some_id()}
    third = Person(client, (await other.ask("POST", "/api/auth/switch", json=asked)).json())
    assert (await change(coach)).status_code == 204
    for each in (other, third):
        assert code_of(await each.ask("GET", "/api/auth/me")) == (401, "unauthorised")
        shown = {"refresh_token": each.tokens["refresh_token"]}
        assert code_of(await client.post("/api/auth/refresh", json=shown)) == (401, "unauthorised")
    assert await role_of(coach) == "owner"
    login = {"email": "coach@club.example", "password": PASSWORD, "device_id": some_id()}
    assert code_of(await client.post("/api/auth/login", json=login)) == (401, "wrong_password")
    assert (await client.post("/api/auth/login", json={**login, "password": NEW_PASSWORD})).status_code == 200


async def test_a_password_is_not_changed_for_anybody(coach: Person) -> None:
    """Who found an unlocked phone neither changes the password nor deletes the account, and does not guess for long."""
    assert code_of(await change(coach, new="password123")) == (422, "weak_password")
    for _ in range(5):
        assert code_of(await change(coach, old="a wrong password")) == (401, "wrong_password")
    assert code_of(await change(coach)) == (429, "too_many_requests")
    assert code_of(await delete(coach)) == (429, "too_many_requests")


async def test_a_login_beside_a_change_of_password(client: httpx.AsyncClient, coach: Person) -> None:
    """Whatever the order, no session of the old password outlives the change."""
    asked = {"email": "coach@club.example", "password": PASSWORD}
    logins = [client.post("/api/auth/login", json={**asked, "device_id": some_id()}) for _ in range(6)]
    answers = await asyncio.gather(change(coach), *logins)
    assert answers[0].status_code == 204
    for answer in answers[1:]:
        if answer.status_code == 200:
            person = Person(client, answer.json())
            assert code_of(await person.ask("GET", "/api/auth/me")) == (401, "unauthorised")
    assert len((await coach.get("/api/auth/sessions"))["sessions"]) == 1


async def test_u24_a_lost_phone_is_signed_out(client: httpx.AsyncClient, coach: Person, clock: Clock) -> None:
    """U24: its owner sees all signed-in devices and ends the lost one's; nobody else's is to be seen or ended."""
    clock.turn(s=60)
    lost = await sign_in(client, "coach@club.example")
    stranger = await sign_up(client, "stranger@club.example")
    [theirs] = (await stranger.get("/api/auth/sessions"))["sessions"]
    rows = (await coach.get("/api/auth/sessions"))["sessions"]
    assert [(each["device_id"], each["is_current"]) for each in rows] == [
        (lost.device_id, False),
        (coach.device_id, True),
    ]
    assert [each["created_at"] for each in rows] == [START_MS + 60_000, START_MS]
    path = f"/api/auth/sessions/{rows[0]['session_id']}"
    assert code_of(await stranger.ask("DELETE", path)) == (404, "not_found")
    for absent in (theirs["session_id"], NOBODY):
        assert code_of(await coach.ask("DELETE", f"/api/auth/sessions/{absent}")) == (404, "not_found")
    assert (await coach.ask("DELETE", path)).status_code == 204
    assert (await coach.ask("DELETE", path)).status_code == 204
    assert code_of(await lost.ask("GET", "/api/sync/pull")) == (401, "unauthorised")
    assert len((await coach.get("/api/auth/sessions"))["sessions"]) == 1


async def rows_of(database: PgDatabase, club_id: str) -> int:
    """Count the rows of a club in all tables that know of clubs."""
    connection = await asyncpg.connect(database.owner_dsn)
    tables = await connection.fetch(
        "SELECT table_schema || '.' || table_name AS name FROM information_schema.columns"
        " WHERE column_name = 'club_id' AND table_schema IN ('grassroots', 'touchline')"
    )
    counts = [
        await connection.fetchval(f"SELECT count(*) FROM {row['name']} WHERE club_id = $1", club_id) for row in tables
    ]
    await connection.close()
    return sum(counts)


async def test_a_deleted_account_leaves_no_name(
    client: httpx.AsyncClient, coach: Person, pg_database: PgDatabase
) -> None:
    """Name and address are wiped, the club that nobody else is in goes with all its rows, the address is free again."""
    match_id = await coach.make_match()
    await coach.push(*(put("events", some_id(), match_id=match_id, kind="goal") for _ in range(5)))
    await invite(coach, "viewer")
    await coach.ask("POST", f"/api/matches/{match_id}/scorers", json={})
    assert await rows_of(pg_database, coach.club_id) > 10
    assert code_of(await delete(coach, "a wrong password")) == (401, "wrong_password")
    assert (await delete(coach)).status_code == 204
    assert await rows_of(pg_database, coach.club_id) == 0
    assert code_of(await coach.ask("GET", "/api/auth/me")) == (401, "unauthorised")
    connection = await asyncpg.connect(pg_database.owner_dsn)
    kept = [
        tuple(row) for row in await connection.fetch("SELECT email, display_name, password_hash FROM touchline.users")
    ]
    await connection.close()
    assert kept == [(None, "", "")]
    assert (await client.post("/api/auth/register", json=asked_to_register("coach@club.example"))).status_code == 201


async def test_a_deletion_that_cannot_be_noted_is_not_done(
    services: Services, coach: Person, pg_database: PgDatabase, tmp_path: Path
) -> None:
    """The ledger's folder is shut: whoever asks is told, may try again, and has lost nothing meanwhile."""
    await coach.make_match()
    before = await rows_of(pg_database, coach.club_id)
    services.own._people.departures._ledger = LedgerFile(tmp_path)
    answer = await delete(coach)
    assert code_of(answer) == (503, "unavailable")
    assert "Nothing was deleted" in answer.json()["detail"]
    assert await rows_of(pg_database, coach.club_id) == before
    services.own._people.departures._ledger = LedgerFile(tmp_path / "erasures.jsonl")
    assert (await delete(coach)).status_code == 204


async def test_a_deletion_leaves_other_clubs_whole(
    client: httpx.AsyncClient, coach: Person, pg_database: PgDatabase, clock: Clock
) -> None:
    """Another club keeps the work, without a name; the person's other phones are told to forget it."""
    helper = await join(client, coach, "coach", "helper")
    match_id = await helper.make_match()
    phone = await sign_in(client, "helper@club.example")
    before = await rows_of(pg_database, coach.club_id)
    clock.turn(s=10)
    assert (await delete(helper)).status_code == 204
    assert await rows_of(pg_database, coach.club_id) == before + 1, "that somebody was erased is noted"
    for each in (helper, phone):
        answer = await each.ask("GET", "/api/sync/pull")
        assert (code_of(answer), answer.json()["ended_at"]) == ((403, "access_ended"), clock.ms)
    assert (await coach.ask("GET", f"/api/matches/{match_id}/score")).status_code == 200
    [device] = (await coach.get("/api/sync/devices"))["devices"]
    assert device["display_name"] == "a former member"
    assert len((await coach.get("/api/club/members"))["members"]) == 1
    login = {"email": "helper@club.example", "password": PASSWORD, "device_id": some_id()}
    assert code_of(await client.post("/api/auth/login", json=login)) == (401, "wrong_password")


async def test_a_sole_owner_hands_over_first(client: httpx.AsyncClient, coach: Person, pg_database: PgDatabase) -> None:
    """An owner on whom others depend does not vanish: nothing is deleted, and the clubs are named."""
    own = (await coach.ask("POST", "/api/clubs", json={"name": "Own"})).json()["club_id"]
    helper = await join(client, coach, "viewer")
    refused = await delete(coach)
    assert code_of(refused) == (409, "sole_owner")
    assert refused.json()["clubs"] == [coach.club_id]
    assert await rows_of(pg_database, own) > 0
    answer = await coach.ask("PUT", f"/api/club/members/{helper.tokens['user_id']}", json={"role": "owner"})
    assert answer.status_code == 200
    assert (await delete(coach)).status_code == 204
    assert await rows_of(pg_database, own) == 0
    assert await role_of(helper) == "owner"


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "PUT", "DELETE"])
async def test_nothing_here_is_kept_by_a_cache(client: httpx.AsyncClient, coach: Person, method: str) -> None:
    """Every answer about people, good or bad, says `no-store`."""
    paths = [
        "/api/auth/me",
        "/api/auth/sessions",
        "/api/auth/login",
        "/api/auth/scorer",
        "/api/auth/password",
        "/api/auth/account",
        "/api/auth/refresh",
        "/api/club",
        "/api/club/members",
        f"/api/club/members/{NOBODY}",
        "/api/club/invitations",
        "/api/clubs",
    ]
    for path in paths:
        answer = await coach.ask(method, path, json=None if method == "GET" else {})
        assert answer.headers["cache-control"] == "no-store", (path, answer.status_code)
