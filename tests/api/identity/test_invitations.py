"""Invitations: who invites whom, how somebody joins, and how an invitation ends."""

import asyncio

import asyncpg
import httpx
import pytest

from tests.api.identity.crowd import asked_to_join, invite, join, role_of
from tests.api.people import PASSWORD, Clock, Person, code_of, sign_up, some_id
from tests.pg import PgDatabase

DAY_S = 24 * 3_600


async def register(client: httpx.AsyncClient, secret: str) -> httpx.Response:
    """Register somebody new by an invitation."""
    return await client.post("/api/auth/register", json=asked_to_join(f"{some_id()}@club.example", secret))


async def test_joining_by_registering(client: httpx.AsyncClient, coach: Person) -> None:
    """Somebody new joins the club, in the role of the invitation, and gets no club of their own."""
    made = await invite(coach, "scorer")
    assert made["secret"].startswith("tli_")
    assert made["link"] == "/join#" + made["secret"]
    answer = await register(client, made["secret"])
    joined = Person(client, answer.json())
    assert (answer.status_code, joined.club_id, joined.tokens["role"]) == (201, coach.club_id, "scorer")
    assert [each["club_id"] for each in (await joined.get("/api/auth/me"))["clubs"]] == [coach.club_id]


async def test_joining_by_signing_in_and_when_signed_in(client: httpx.AsyncClient, coach: Person) -> None:
    """Who has an account joins as they sign in, or while they are signed in, and keeps their other club."""
    one, other = await sign_up(client, "one@club.example"), await sign_up(client, "other@club.example")
    secret = (await invite(coach, "viewer", uses=2))["secret"]
    asked = {"email": "one@club.example", "password": PASSWORD, "device_id": some_id(), "invitation": secret}
    joined = [
        Person(client, (await client.post("/api/auth/login", json=asked)).json()),
        Person(client, (await other.ask("POST", "/api/auth/join", json=_join(secret))).json()),
    ]
    for each in joined:
        assert (each.club_id, await role_of(each)) == (coach.club_id, "viewer")
    assert await role_of(one) == await role_of(other) == "owner"
    asked = {**asked, "password": "wrong password", "invitation": (await invite(coach, "viewer"))["secret"]}
    assert code_of(await client.post("/api/auth/login", json=asked)) == (401, "wrong_password")


def _join(secret: str) -> dict[str, str]:
    return {"invitation": secret, "device_id": some_id()}


async def test_an_invitation_is_used_up(client: httpx.AsyncClient, coach: Person) -> None:
    """As many join as it says, also at once; the others are told that it has ended, and leave nothing behind."""
    secret = (await invite(coach, "viewer", uses=3))["secret"]
    answers = await asyncio.gather(*(register(client, secret) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [410] * 3
    assert len((await coach.get("/api/club/members"))["members"]) == 4
    [row] = (await coach.get("/api/club/invitations"))["invitations"]
    assert (row["used"], row["uses"], row["is_live"]) == (3, 3, False)


async def test_an_invitation_expires_and_is_revoked(client: httpx.AsyncClient, coach: Person, clock: Clock) -> None:
    """Used up, expired and revoked are answered alike, and only to who has the secret."""
    short, revoked = await invite(coach, "viewer", days=1), await invite(coach, "viewer")
    path = f"/api/club/invitations/{revoked['invitation']['invitation_id']}"
    assert (await coach.ask("DELETE", path)).status_code == 204
    assert (await coach.ask("DELETE", path)).status_code == 204
    clock.turn(s=DAY_S)
    answers = [await register(client, each["secret"]) for each in (short, revoked)]
    assert {code_of(answer) for answer in answers} == {(410, "invitation_ended")}
    assert len({answer.json()["detail"] for answer in answers}) == 1


async def test_no_invitation(client: httpx.AsyncClient, coach: Person) -> None:
    """U25: a wrong secret, another prefix, another club's and a cut one are all like one that does not exist."""
    secret = (await invite(coach, "viewer"))["secret"]
    stranger = await sign_up(client, "stranger@club.example")
    other = (await invite(stranger, "viewer"))["secret"]
    for wrong in (
        "",
        "x",
        "tli_",
        secret[:-1],
        secret[:-1] + ("A" if secret[-1] != "A" else "B"),
        secret + "=",
        "tlm_" + secret[4:],
        "tli_" + other[4:25] + secret[25:],
        coach.tokens["refresh_token"],
        coach.tokens["access_token"],
        "tli_" + "é" * 64,
    ):
        assert code_of(await register(client, wrong)) == (404, "not_found"), wrong
    unknown = {"invitation": secret, "club_name": "Both"}
    asked = asked_to_join("x@club.example", secret)
    assert code_of(await client.post("/api/auth/register", json={**asked, **unknown})) == (400, "malformed")
    asked.pop("invitation")
    assert code_of(await client.post("/api/auth/register", json=asked)) == (400, "malformed")


@pytest.mark.parametrize(
    ("role", "may"),
    [("owner", {"owner", "coach", "scorer", "viewer"}), ("coach", {"scorer", "viewer"}), ("scorer", set())],
)
async def test_who_invites_whom(client: httpx.AsyncClient, coach: Person, role: str, may: set[str]) -> None:
    """Owners invite into any role, coaches scorers and viewers, others nobody."""
    maker = await join(client, coach, role)
    for wanted in ("owner", "coach", "scorer", "viewer"):
        answer = await maker.ask("POST", "/api/club/invitations", json={"role": wanted})
        assert answer.status_code == (201 if wanted in may else 403)


@pytest.mark.parametrize(
    "wrong",
    [{"role": "admin"}, {"days": 0}, {"days": 31}, {"uses": 0}, {"uses": 51}, {"days": 1.5}, {"club_id": "x"}],
    ids=str,
)
async def test_bounds(coach: Person, wrong: dict[str, object]) -> None:
    """30 days and 50 uses at the most."""
    answer = await coach.ask("POST", "/api/club/invitations", json={"role": "viewer", **wrong})
    assert code_of(answer) == (400, "malformed")


async def test_an_invitation_lowers_nobody(client: httpx.AsyncClient, coach: Person) -> None:
    """A member stays what they are, or rises; an invitation that changes nothing is not used up."""
    for role, then in (("viewer", "owner"), ("owner", "owner")):
        made = await invite(coach, role)
        answer = await coach.ask("POST", "/api/auth/join", json=_join(made["secret"]))
        assert (answer.status_code, answer.json()["role"]) == (200, then)
    helper = await join(client, coach, "viewer")
    made = await invite(coach, "coach")
    await helper.ask("POST", "/api/auth/join", json=_join(made["secret"]))
    assert await role_of(helper) == "coach"
    rows = (await coach.get("/api/club/invitations"))["invitations"]
    assert sorted(each["used"] for each in rows) == [0, 0, 1, 1]


async def test_who_was_removed_needs_a_newer_invitation(client: httpx.AsyncClient, coach: Person, clock: Clock) -> None:
    """U26: a link that went round in a chat does not bring a removed member back; a new one does."""
    made = await invite(coach, "coach", uses=50)
    answer = await client.post("/api/auth/register", json=asked_to_join("helper@club.example", made["secret"]))
    helper = Person(client, answer.json())
    clock.turn(s=1)
    await coach.ask("DELETE", f"/api/club/members/{helper.tokens['user_id']}")
    asked = {"email": "helper@club.example", "password": PASSWORD, "device_id": some_id()}
    old = await client.post("/api/auth/login", json={**asked, "invitation": made["secret"]})
    assert code_of(old) == (410, "invitation_ended")
    assert code_of(await client.post("/api/auth/login", json=asked)) == (403, "forbidden")
    clock.turn(s=1)
    fresh = (await invite(coach, "viewer"))["secret"]
    back = await client.post("/api/auth/login", json={**asked, "invitation": fresh})
    assert (back.json()["club_id"], back.json()["role"]) == (coach.club_id, "viewer")
    assert await role_of(helper) == "viewer", "the device that was told to forget may take up its session again"


async def test_whoever_is_in_no_club_makes_one(client: httpx.AsyncClient, coach: Person) -> None:
    """Nobody is shut out of their own account for having left their last club."""
    helper = await join(client, coach, "viewer", "helper")
    await helper.ask("DELETE", f"/api/club/members/{helper.tokens['user_id']}")
    asked = {"email": "helper@club.example", "password": PASSWORD, "device_id": some_id(), "club_name": "Mine"}
    made = await client.post("/api/auth/login", json=asked)
    assert (made.status_code, made.json()["role"]) == (200, "owner")
    again = await client.post("/api/auth/login", json=asked)
    assert again.json()["club_id"] == made.json()["club_id"]


async def test_secrets_are_kept_as_hashes(coach: Person, pg_database: PgDatabase) -> None:
    """A dump of the database lets nobody in: it has no secret, no code and no token of anybody."""
    match_id = await coach.make_match()
    made = await invite(coach, "viewer")
    link = (await coach.ask("POST", f"/api/matches/{match_id}/scorers", json={})).json()
    connection = await asyncpg.connect(pg_database.owner_dsn)
    kept: list[str] = []
    for table in ("users", "sessions", "invitations", "scorers", "attempts", "memberships"):
        kept += [repr(tuple(row)) for row in await connection.fetch(f"SELECT * FROM touchline.{table}")]
    await connection.close()
    text = "\n".join(kept)
    for secret in (made["secret"], link["secret"], link["code"], link["code"].replace("-", ""), PASSWORD):
        assert secret not in text
        assert secret[4:] not in text
    assert coach.tokens["refresh_token"] not in text
