"""Hands: what a coach does with the app in a few words, for tests that are about something else.

And somebody on a second device, who talks to the server without a page.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import httpx
from playwright.async_api import Locator, Page, expect

from api.identity.demo import DEMO_EMAIL, DEMO_PASSWORD
from tests.api.people import Person, some_id

TAP_PX: Final = 44
"""What a thumb hits, in CSS pixels (Apple's and WCAG 2.1's measure)."""
NO_SESSION: Final = r"status of 401"
"""What the console says of a request whose token is good no more."""


def sync_line(page: Page) -> Locator:
    """Return the line that tells of the sync."""
    return page.locator(".syncline[data-tone]")


async def start_match(page: Page, opponent: str = "Rovers") -> str:
    """Make a match against somebody, start its first half, and return its id."""
    await page.goto("/#/new")
    await page.get_by_label("Name of the other team").fill(opponent)
    await page.get_by_role("button", name="Start now").click()
    await page.get_by_role("group", name="Clock").get_by_role("button", name="Start").click()
    await expect(page.get_by_role("button", name="Pause")).to_be_visible()
    return page.url.rpartition("#/match/")[2]


def goal_button(page: Page, place: int = 0) -> Locator:
    """Return the button for a goal of home (0) or away (1)."""
    return page.locator(".goal-button").nth(place)


async def expect_score(page: Page, home: int, away: int) -> None:
    """Wait until the scoreboard says so."""
    await expect(page.locator(".board .scores").get_by_text(f"{home} to {away}", exact=True)).to_be_attached()


async def sign_in(page: Page) -> None:
    """Sign in as the coach of the demo club, on the screen for it; returns when all of it is there."""
    await page.goto("/#/sign-in")
    await page.get_by_label("E-mail address").fill(DEMO_EMAIL)
    await page.get_by_label("Password", exact=True).fill(DEMO_PASSWORD)
    await page.locator("form").get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", name="Matches", level=1)).to_be_visible()
    await await_saved(page)


async def await_saved(page: Page) -> None:
    """Wait until the server holds all."""
    await expect(sync_line(page)).to_have_text(re.compile("^All saved"))


@asynccontextmanager
async def somebody(address: str) -> AsyncIterator[Person]:
    """Give the demo club's coach on another device, without a page."""
    async with httpx.AsyncClient(base_url=address) as client:
        asked = {"email": DEMO_EMAIL, "password": DEMO_PASSWORD, "device_id": some_id()}
        answer = await client.post("/api/auth/login", json=asked)
        assert answer.status_code == 200, answer.text
        yield Person(client, answer.json())


async def to_server(coach: Person, match_id: str) -> int:
    """Return the goals of a match that the server holds, of both sides."""
    [found] = [each for each in (await coach.get("/api/matches"))["matches"] if each["id"] == match_id]
    return int(found["home"]) + int(found["away"])
