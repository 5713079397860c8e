"""The slow-down of guessing: guesses wait, the owner does not, and nobody learns which addresses exist."""

import asyncio
from collections.abc import Iterator
from unittest.mock import patch

import httpx
import pytest

from api.app import Services, create_app, open_services
from api.identity.keys import KeyRing
from api.identity.passwords import Passwords
from api.settings import Settings
from tests.api.people import PASSWORD, Clock, Person, client_of, code_of, sign_in, some_id
from tests.pg import PgDatabase

QUARTER_S = 15 * 60
KNOWN, UNKNOWN = "coach@club.example", "nobody@club.example"


@pytest.fixture(autouse=True)
def quick_passwords() -> Iterator[None]:
    """Compare passwords without hashing: what is slowed down here is asking, not answering."""

    async def is_right(_self: Passwords, password: str, kept: str | None) -> bool:
        return password == PASSWORD and kept is not None

    with patch.object(Passwords, "is_right", is_right):
        yield


async def login(client: httpx.AsyncClient, email: str, password: str = "a wrong one", **asked: str) -> httpx.Response:
    """Sign in on a device that nobody has seen."""
    body = {"email": email, "password": password, "device_id": some_id(), **asked}
    return await client.post("/api/auth/login", json=body)


async def guess_until_slowed(client: httpx.AsyncClient, email: str, clock: Clock, times: int) -> list[int]:
    """Guess as fast as it is let; return how long each wait was that was asked for."""
    waits: list[int] = []
    while len(waits) < times:
        answer = await login(client, email)
        if answer.status_code == 429:
            waits.append(int(answer.headers["retry-after"]))
            assert waits[-1] == answer.json()["retry_after_s"]
            clock.turn(s=waits[-1])
        else:
            assert code_of(answer) == (401, "wrong_password")
    return waits


@pytest.mark.parametrize("email", [KNOWN, UNKNOWN])
async def test_each_failure_doubles_the_wait(
    client: httpx.AsyncClient, coach: Person, clock: Clock, email: str
) -> None:
    """After five failures 1 s, then 2, 4 ... to a quarter of an hour; for an unknown address just the same."""
    waits = await guess_until_slowed(client, email, clock, 12)
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, QUARTER_S, QUARTER_S]


async def test_known_and_unknown_addresses_are_told_apart_by_nothing(client: httpx.AsyncClient, coach: Person) -> None:
    """Answer by answer, a guess at a known address and one at an unknown one read alike."""
    for _ in range(8):
        known, unknown = await login(client, KNOWN), await login(client, UNKNOWN)
        strip = [{**each.json(), "instance": ""} for each in (known, unknown)]
        assert strip[0] == strip[1]
        assert known.headers.get("retry-after") == unknown.headers.get("retry-after")


async def test_nobody_locks_the_owner_out(client: httpx.AsyncClient, coach: Person, clock: Clock) -> None:
    """However often a stranger guessed, a device that has signed in before is let in at once with the password."""
    await guess_until_slowed(client, KNOWN, clock, 8)
    assert code_of(await login(client, KNOWN)) == (401, "wrong_password")
    assert code_of(await login(client, KNOWN, PASSWORD)) == (429, "too_many_requests")
    assert (await sign_in(client, KNOWN, coach.device_id)).device_id == coach.device_id
    assert code_of(await login(client, KNOWN, PASSWORD)) == (429, "too_many_requests"), "the guesser goes on waiting"


async def test_a_known_device_does_not_guess_for_long(client: httpx.AsyncClient, coach: Person, clock: Clock) -> None:
    """Its own failures slow it down, and nobody else."""
    for _ in range(5):
        assert code_of(await login(client, KNOWN, device_id=coach.device_id)) == (401, "wrong_password")
    refused = await login(client, KNOWN, PASSWORD, device_id=coach.device_id)
    assert code_of(refused) == (429, "too_many_requests")
    assert (await login(client, KNOWN, PASSWORD)).status_code == 200
    clock.turn(s=1)
    assert (await login(client, KNOWN, PASSWORD, device_id=coach.device_id)).status_code == 200
    assert code_of(await login(client, KNOWN, device_id=coach.device_id)) == (401, "wrong_password")


async def test_a_right_password_begins_anew(client: httpx.AsyncClient, coach: Person, clock: Clock) -> None:
    """Four slips and a success, again and again, never wait; and a day of peace forgets the rest."""
    for _ in range(4):
        for _ in range(4):
            assert code_of(await login(client, KNOWN)) == (401, "wrong_password")
        assert (await login(client, KNOWN, PASSWORD)).status_code == 200
    clock.turn(s=24 * 3_600 + 60)
    await guess_until_slowed(client, KNOWN, clock, 3)
    clock.turn(s=24 * 3_600 + 60)
    for _ in range(5):
        assert code_of(await login(client, KNOWN)) == (401, "wrong_password")


async def test_guesses_sent_at_once_get_no_more_than_their_turn(client: httpx.AsyncClient, coach: Person) -> None:
    """Of 25 guesses in the same moment five are looked at."""
    answers = await asyncio.gather(*(login(client, KNOWN) for _ in range(25)))
    looked = sum(answer.status_code == 401 for answer in answers)
    assert looked == 5
    assert {answer.status_code for answer in answers} == {401, 429}


async def test_one_network_guesses_at_many_addresses_slowly(client: httpx.AsyncClient, coach: Person) -> None:
    """Spraying one password over many addresses is slowed down by where it comes from."""
    answers = [await login(client, f"{some_id()}@club.example") for _ in range(21)]
    assert [answer.status_code for answer in answers] == [401] * 20 + [429]
    assert code_of(await login(client, KNOWN, PASSWORD)) == (429, "too_many_requests")
    assert (await sign_in(client, KNOWN, coach.device_id)).device_id == coach.device_id


async def test_a_restart_forgets_nothing(
    settings: Settings, services: Services, pg_database: PgDatabase, ring: KeyRing, clock: Clock, coach: Person
) -> None:
    """The counters hold for all servers of a database, and over a restart."""
    async with client_of(create_app(settings, services)) as client:
        await guess_until_slowed(client, KNOWN, clock, 2)
        assert code_of(await login(client, KNOWN)) == (401, "wrong_password")
    async with (
        open_services(pg_database.app_dsn, ring, clock=clock.now_ms, monotonic=clock.now_s) as other,
        client_of(create_app(settings, other)) as client,
    ):
        assert code_of(await login(client, KNOWN, PASSWORD)) == (429, "too_many_requests")
