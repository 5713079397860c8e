"""A coach alone: no account, no signal, one phone. Nothing is lost on it, and a club made later gets it whole."""

import re

import httpx
from playwright.async_api import expect

from tests.api.people import PASSWORD, Person, some_id
from tests.e2e.browser import Device, Phones
from tests.e2e.club import Club, timeline_of
from tests.e2e.coach import App

TAPS_MAX = 6
"""From the open app to a clock that runs: more is too many with a whistle in the mouth."""
EMAIL = "alone@touchline.example"


async def test_a_match_before_there_is_an_account(phones: Phones, address: str) -> None:
    """U17: a match recorded without an account and without signal outlives the tab, and is claimed whole at sign-up."""
    phone = await phones.open()
    coach = await App(phone).open()
    await phone.cut()

    match_id = await coach.new_match()
    await coach.whistle("Start 1st half")
    await expect(coach.page.get_by_role("timer")).to_be_visible()
    assert coach.taps <= TAPS_MAX

    await coach.goal("Us")
    await coach.record("Corner", "Opponents")
    await coach.goal("Opponents")
    await coach.goal("Us")
    await coach.shows_score(2, 1)
    await coach.show("Timeline")
    await expect(coach.entry("Goal")).to_have_count(3)
    recorded = await coach.timeline()
    assert len(recorded) == 5

    tab = await phone.context.new_page()
    await coach.page.close()
    again = App(Device(phone.context, tab))
    await again.page.goto("/")
    await again.is_told("Saved on this phone only")
    await again.go(re.compile("^Go on with the match: Us 2, Opponents 1"))
    await again.shows_score(2, 1)
    await again.show("Timeline")
    assert await again.timeline() == recorded

    await phone.mend()
    await again.page.goto("/#/sign-in/new")
    await again.sign_up("Kim", EMAIL, club="Heathside")
    await again.is_saved()
    await again.page.goto(f"/#/match/{match_id}/timeline")
    await again.shows_score(2, 1)
    assert await again.timeline() == recorded
    assert again.device.unexpected() == []

    async with httpx.AsyncClient(base_url=address) as client:
        asked = {"email": EMAIL, "password": PASSWORD, "device_id": some_id()}
        club = Club(Person(client, (await client.post("/api/auth/login", json=asked)).json()), EMAIL)
        live = await club.match(match_id, "live")
        assert (live["score"]["home"], live["score"]["away"]) == (2, 1)
        assert timeline_of(live) == recorded
        assert await again.records() == await club.records()
