"""The operator's page on a real server: who sees it, what it says, and that it tells of no person."""

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest
from msgspec.structs import replace

from api.app import Services, create_app
from api.identity.keys import KeyRing
from api.ops import looking
from api.ops.looking import KEPT_S
from api.ops.parts import POLICY
from api.settings import Mode, Settings
from tests.api.people import Clock, Execute, Person, code_of, put, sign_up, some_id
from tests.pg import PgDatabase
from tests.waiting import until_told

WORD = "a word of the operator"
PERSON = "Zqname Zqsurname"


def basic(word: str, name: str = "anybody") -> dict[str, str]:
    """Return the header that brings a password."""
    return {"authorization": f"Basic {base64.b64encode(f'{name}:{word}'.encode()).decode()}"}


@pytest.fixture
async def guarded(settings: Settings, services: Services) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client, far away, of a server in production that has a page for its operator."""
    async with away(replace(settings, mode=Mode.PRODUCTION, ops_password=WORD), services) as client:
        yield client


def away(settings: Settings, services: Services, peer: str = "203.0.113.9") -> httpx.AsyncClient:
    """Return a client that asks from elsewhere."""
    app: Any = create_app(settings, services)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app, client=(peer, 1)), base_url="http://test")


# -- who sees it -------------------------------------------------------------------------------------------------------


async def test_the_password_opens_it(guarded: httpx.AsyncClient) -> None:
    """Under any user name; kept by no cache, framed by nobody, running nothing, found by no search engine."""
    for path in ("/ops", f"/ops/clubs/{some_id()}"):
        asked = await guarded.get(path)
        assert asked.status_code == 401
        assert asked.headers["www-authenticate"].startswith("Basic realm=")
    for name in ("", "é"):
        assert (await guarded.get("/ops", headers=basic(WORD, name))).status_code == 200
    answer = await guarded.get("/ops", headers=basic(WORD))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["x-robots-tag"] == "noindex"
    assert "<script" not in answer.text
    assert "style=" not in answer.text
    assert "http-equiv" not in answer.text
    assert '<meta http-equiv="refresh" content="30">' in (await guarded.get("/ops?every=30", headers=basic(WORD))).text
    assert (await guarded.get("/ops/style.css")).headers["content-type"].startswith("text/css")
    assert code_of(await guarded.get("/ops?other=1", headers=basic(WORD))) == (400, "malformed")
    for nowhere in (some_id(), "not-an-id", "%0d%0a"):
        assert code_of(await guarded.get(f"/ops/clubs/{nowhere}", headers=basic(WORD))) == (404, "not_found")


async def test_no_other_word_opens_it_and_guessing_is_slowed(guarded: httpx.AsyncClient, clock: Clock) -> None:
    """Five guesses from one network, then the right word waits too; after the wait it opens and all is forgiven."""
    for wrong in ("", WORD[:-1], WORD + "x", WORD.upper(), "é"):
        assert (await guarded.get("/ops", headers=basic(wrong))).status_code == 401
    assert code_of(await guarded.get("/ops", headers=basic(WORD))) == (429, "too_many_requests")
    clock.turn(s=2)
    assert (await guarded.get("/ops", headers=basic(WORD))).status_code == 200
    assert (await guarded.get("/ops", headers=basic("wrong"))).status_code == 401
    assert (await guarded.get("/ops", headers=basic(WORD))).status_code == 200


async def test_a_members_token_does_not_open_it(guarded: httpx.AsyncClient, coach: Person) -> None:
    """An access token opens a club, and not the machine's own business."""
    given = {"authorization": f"Bearer {coach.tokens['access_token']}"}
    assert (await guarded.get("/ops", headers=given)).status_code == 401


async def test_without_a_password_production_has_none(settings: Settings, services: Services, ring: KeyRing) -> None:
    """Not even with the one of development, and not for this machine: the address does not exist."""
    async with away(replace(settings, mode=Mode.PRODUCTION), services, "127.0.0.1") as client:
        nowhere = (await client.get("/opsz")).json()
        for path in ("/ops", f"/ops/clubs/{some_id()}"):
            refused = await client.get(path, headers=basic(ring.operator))
            assert code_of(refused) == (404, "not_found")
            assert {**refused.json(), "instance": ""} == {**nowhere, "instance": ""}


async def test_in_development_this_machine_has_a_word_of_its_own(
    settings: Settings, services: Services, ring: KeyRing
) -> None:
    """The one that the start prints, drawn from the kept secret; nobody else, and nobody through a proxy."""
    assert len(ring.operator) >= 16
    async with away(settings, services, "127.0.0.1") as client:
        assert (await client.get("/ops", headers=basic(ring.operator))).status_code == 200
        forwarded = {**basic(ring.operator), "x-forwarded-for": "127.0.0.1"}
        assert (await client.get("/ops", headers=forwarded)).status_code == 404
    async with away(settings, services) as client:
        assert (await client.get("/ops", headers=basic(ring.operator))).status_code == 404


# -- what it says ------------------------------------------------------------------------------------------------------


async def test_it_tells_of_clubs_and_of_no_person(
    guarded: httpx.AsyncClient, client: httpx.AsyncClient, coach: Person, pg_execute: Execute
) -> None:
    """Each club under its own policy: its numbers, its phones, its matches; no player, member, address or secret."""
    reds = await sign_up(client, "zqaddress@club.example")
    match_id, player = await reds.make_match(), some_id()
    await reds.push(
        put("players", player, full_name=PERSON, notes="zqnote"),
        put("events", some_id(), match_id=match_id, kind="goal", player_id=player, notes="zqnote"),
        put("events", some_id(), match_id=match_id, kind="goal"),
        put("events", some_id(), match_id=some_id(), kind="goal"),
        put("events", some_id(), match_id=match_id, kind="zqkind"),
    )
    shared = await reds.ask("POST", f"/api/matches/{match_id}/share", json={})
    # The page goes by the real clock, and so may the matches and links of a test that has one of its own.
    await pg_execute("UPDATE touchline.share_links SET expires_at = now() + interval '1 day'")
    await pg_execute("UPDATE grassroots.matches SET kickoff_ts = now() - interval '1 hour'")
    first = (await guarded.get("/ops", headers=basic(WORD))).text
    assert f'href="/ops/clubs/{reds.club_id}"' in first
    assert first.index(reds.club_id) < first.index(coach.club_id)
    assert "1 parked, 1 open conflicts, 1 of them in quarantine" in first
    page = (await guarded.get(f"/ops/clubs/{reds.club_id}", headers=basic(WORD))).text
    for told in (
        "1 member, ", "Share links that are live: 1", match_id[:8], reds.device_id[:8], "owner", "unknown_choice",
        '<td data-label="facts" role="cell">3</td>', '<td data-label="changes sent" role="cell">6</td>',
        "could not be applied", "just now",
    ):  # fmt: skip
        assert told in page, told
    for secret in ("Zq", "zq", player, reds.device_id, reds.tokens["user_id"], shared.json()["secret"], "Coach"):
        assert secret not in first + page, secret


async def test_a_clubs_name_is_text(guarded: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    """Whatever an owner calls their club, it is shown and not run."""
    asked = {"email": "a@b.example", "password": "a long enough password", "display_name": "A", "device_id": some_id()}
    name = '"><script>alert(1)</script>'
    assert (await client.post("/api/auth/register", json={**asked, "club_name": name})).status_code == 201
    text = (await guarded.get("/ops", headers=basic(WORD))).text
    assert "<script" not in text
    assert "&lt;script&gt;" in text


async def test_many_who_ask_cost_one_look(
    guarded: httpx.AsyncClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often the page is loaded again within some seconds."""
    looks = 0
    look = services.observer.look

    async def counted(**given: Any) -> Any:  # noqa: ANN401 - as it is
        nonlocal looks
        looks += 1
        return await look(**given)

    monkeypatch.setattr(services.observer, "look", counted)
    assert KEPT_S >= 2
    monkeypatch.setattr(looking, "KEPT_S", 3_600)
    for _ in range(3):
        await guarded.get("/ops", headers=basic(WORD))
    assert looks == 1


async def test_it_is_there_when_the_database_is_not(
    guarded: httpx.AsyncClient, services: Services, coach: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then it is needed most: it says so, what to do, and tells what it saw last; a wrong word still does not open."""
    club = f"/ops/clubs/{coach.club_id}"
    assert (await guarded.get(club, headers=basic(WORD))).status_code == 200
    assert "well" in (await guarded.get("/ops", headers=basic(WORD))).text
    monkeypatch.setattr(looking, "KEPT_S", 0)

    async def fail(*_given: object, **_named: object) -> Any:  # noqa: ANN401 - never
        raise asyncpg.CannotConnectNowError("away")

    monkeypatch.setattr(services.observer, "look", fail)
    monkeypatch.setattr(services.observer, "look_at_club", fail)
    monkeypatch.setattr(services.operators._slowdown, "at_operator", fail)
    answer = await guarded.get("/ops", headers=basic(WORD))
    assert answer.status_code == 200
    assert "to see to now" in answer.text
    assert "It does not answer. Phones keep what they have, and wait." in answer.text
    assert coach.club_id in answer.text
    assert "The database does not answer. This was seen" in (await guarded.get(club, headers=basic(WORD))).text
    assert (await guarded.get(f"/ops/clubs/{some_id()}", headers=basic(WORD))).status_code == 503
    assert (await guarded.get("/ops", headers=basic("wrong"))).status_code == 401


async def test_statements_are_told_without_their_values(
    guarded: httpx.AsyncClient, pg_database: PgDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What runs now is told by its shape, as the server's own role sees it."""
    monkeypatch.setattr(looking, "KEPT_S", 0)
    busy = await asyncpg.connect(pg_database.app_dsn)
    try:
        task = asyncio.create_task(busy.execute("SELECT pg_sleep(30), 'zqsecret', 4711"))
        text = ""

        async def is_told() -> bool:
            nonlocal text
            text = (await guarded.get("/ops", headers=basic(WORD))).text
            return "pg_sleep" in text

        await until_told(is_told)
        assert "SELECT pg_sleep(?), ?, ?" in text
        assert "zqsecret" not in text
        assert "4711" not in text
        task.cancel()
        with pytest.raises((asyncio.CancelledError, asyncpg.QueryCanceledError)):
            await task
    finally:
        busy.terminate()
