"""Clones of a session: two phones with one refresh token both live on, and what was ended stays ended."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.app import Services, create_app, open_services
from api.identity.keys import make_ring
from api.identity.tokens import REFRESH_DAYS
from api.settings import Settings
from tests.api.people import Clock, Execute, Person, client_of, code_of, some_id
from tests.pg import PgDatabase

DAY_S = 24 * 3_600


class Clone:
    """One of several installations that hold the same refresh token."""

    def __init__(self, client: httpx.AsyncClient, tokens: Mapping[str, Any]) -> None:
        self.client = client
        self.tokens = dict(tokens)

    def copy(self) -> "Clone":
        """Return another installation that holds what this one holds."""
        return Clone(self.client, self.tokens)

    async def ask(self, **more: str) -> httpx.Response:
        """Show the refresh token, and keep nothing."""
        asked = {"refresh_token": self.tokens["refresh_token"], **more}
        return await self.client.post("/api/auth/refresh", json=asked)

    async def refresh(self, times: int = 1) -> None:
        """Refresh, and keep what comes."""
        for _ in range(times):
            answer = await self.ask()
            assert answer.status_code == 200, answer.text
            self.tokens = answer.json()

    async def is_in(self) -> bool:
        """Tell whether the access token is good."""
        return (await Person(self.client, self.tokens).ask("GET", "/api/auth/me")).status_code == 200


@pytest.fixture
def phone(client: httpx.AsyncClient, coach: Person) -> Clone:
    """Give a signed-in phone."""
    return Clone(client, coach.tokens)


async def test_two_clones_live_on(phone: Clone, coach: Person) -> None:
    """U19: a phone and its copy refresh one token, each several times and out of step, and both stay signed in."""
    copy = phone.copy()
    await phone.refresh(4)
    await copy.refresh(3)
    await phone.refresh(2)
    await copy.refresh(5)
    assert await phone.is_in()
    assert await copy.is_in()
    assert (await coach.ask("GET", "/api/auth/me")).status_code == 200, "the access token before is good until it ends"
    listed = (await Person(phone.client, phone.tokens).get("/api/auth/sessions"))["sessions"]
    assert [each["forked_from"] for each in listed].count(None) == 1
    assert len(listed) == 2


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=25))
async def test_any_order_of_refreshing_keeps_every_clone(
    client: httpx.AsyncClient, phone: Clone, steps: list[tuple[int, bool]]
) -> None:
    """Four clones refresh in any order, some replies lost: each is let in at the end, and at every step."""
    clones = [phone, phone.copy(), phone.copy(), phone.copy()]
    for which, is_lost in steps:
        if is_lost:
            assert (await clones[which].ask()).status_code == 200
        else:
            await clones[which].refresh()
    for each in clones:
        await each.refresh()
        assert await each.is_in()


async def test_a_clones_lost_reply_is_sent_again(phone: Clone) -> None:
    """A clone whose reply was lost gets the same tokens again, from the session that was opened for it."""
    copy = phone.copy()
    await phone.refresh(3)
    answers = await asyncio.gather(*(copy.ask() for _ in range(4)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    listed = (await Person(phone.client, phone.tokens).get("/api/auth/sessions"))["sessions"]
    assert len(listed) == 2


async def test_signing_out_ends_one_clone(phone: Clone) -> None:
    """Who signs out ends their own session; the tokens of it stay dead, however old, and the clone's live."""
    first, copy = phone.copy(), phone.copy()
    await phone.refresh(3)
    await copy.refresh()
    out = await Person(phone.client, phone.tokens).ask("POST", "/api/auth/logout")
    assert out.status_code == 204
    assert not await phone.is_in()
    assert code_of(await phone.ask()) == (401, "unauthorised")
    assert code_of(await first.ask()) == (401, "unauthorised")
    assert code_of(await first.ask(device_id=some_id())) == (401, "unauthorised")
    await copy.refresh(2)
    assert await copy.is_in()


async def test_an_old_token_dies_of_age(phone: Clone, clock: Clock) -> None:
    """A copy from a backup is signed in for 90 days, however much the phone that it was copied from is used."""
    copy, old = phone.copy(), phone.copy()
    for _ in range(3):
        clock.turn(s=(REFRESH_DAYS // 3) * DAY_S - 60)
        await phone.refresh()
    await copy.refresh()
    clock.turn(s=DAY_S)
    assert code_of(await old.ask()) == (401, "unauthorised")
    await copy.refresh()
    await phone.refresh()


async def test_many_clones_are_some_clones(phone: Clone) -> None:
    """One token opens some sessions for clones, not any number."""
    clones = [phone.copy() for _ in range(12)]
    await phone.refresh(3)
    codes: list[int] = []
    for each in clones:
        answer = await each.ask()
        codes.append(answer.status_code)
        if answer.status_code == 200:
            each.tokens = answer.json()
            await each.refresh(2)
    assert codes == sorted(codes)
    assert 5 <= codes.count(200) < 12


async def test_refresh_tokens_survive_a_change_of_the_secret(
    settings: Settings, pg_database: PgDatabase, services: Services, phone: Clone, clock: Clock
) -> None:
    """The newest token lives on though its key is gone; older ones and clones while the previous key is kept."""
    old, new = b"a secret of the tests, 32 bytes or more", b"another secret of the tests, 32 bytes +"
    copy, late = phone.copy(), phone.copy()
    await phone.refresh(3)
    for ring, is_kept in ((make_ring(new, old), True), (make_ring(new), False)):
        async with (
            open_services(pg_database.app_dsn, ring, clock=clock.now_ms, monotonic=clock.now_s) as opened,
            client_of(create_app(settings, opened)) as client,
        ):
            for each in (phone, copy, late):
                each.client = client
            await phone.refresh()
            assert await phone.is_in()
            await copy.refresh()
            assert (await late.ask()).status_code == (200 if is_kept else 401)


async def test_a_server_restored_from_a_backup_knows_its_tokens(phone: Clone, pg_execute: Execute) -> None:
    """U19: the database forgot the latest refreshes; the phones that remember them stay signed in."""
    await phone.refresh(5)
    await pg_execute("UPDATE touchline.sessions SET generation = 1, refresh_hash = '', previous_hash = NULL")
    await phone.refresh(2)
    assert await phone.is_in()
