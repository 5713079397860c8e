"""Takes the README's pictures of the app: `make pictures` writes them into docs/images/, from a server of its own.

The demo club plays a match that is half an hour old; one picture is of the pad in play, one of the season.
"""

import asyncio
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
from playwright.async_api import Page, async_playwright

from api.identity.demo import DEMO_EMAIL, DEMO_PASSWORD
from tests.api.people import some_id
from tests.api.test_serve import Server
from tests.e2e.browser import HEIGHT, WIDTH, launch
from tests.pg import open_folder

FOLDER: Final = Path(__file__).parents[2] / "docs" / "images"
PLAYED: Final = timedelta(minutes=26, seconds=40)
"""How long ago the match began."""
HAPPENED: Final = (
    ("shot_on_target", 0, 4, 2), ("corner", 0, 5, 3), ("goal", 0, 7, 9), ("shot_off_target", 1, 10, None),
    ("save", 0, 13, 1), ("goal", 1, 15, None), ("corner", 0, 17, 7), ("shot_on_target", 0, 19, 7),
    ("foul", 1, 21, None), ("goal", 0, 23, 7), ("shot_on_target", 1, 25, None),
)  # fmt: skip
"""Kind, whether it was theirs, minute, shirt number."""


class Club:
    """The demo club, over the API."""

    def __init__(self, address: str) -> None:
        """Sign in."""
        asked = {"email": DEMO_EMAIL, "password": DEMO_PASSWORD, "device_id": some_id()}
        token = httpx.post(f"{address}/api/auth/login", json=asked).json()["access_token"]
        self._client = httpx.Client(base_url=address, headers={"authorization": f"Bearer {token}"}, timeout=30)

    def list(self, name: str) -> list[dict[str, Any]]:
        """Return a list's rows."""
        found: list[dict[str, Any]] = self._client.get(f"/api/{name}?limit=200").raise_for_status().json()[name]
        return found

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Write something."""
        answer: dict[str, Any] = self._client.post(path, json=body).raise_for_status().json()
        return answer


def play(club: Club) -> str:
    """Play a match up to now; return its id."""
    now = datetime.now(UTC)
    players = {each["squad_number"]: each for each in club.list("players") if each["is_active"]}
    team = players[7]["current_team"]
    other = next(each["id"] for each in club.list("teams") if each["name"] == "Northgate Colts")
    season = club.list("seasons")[0]["id"]
    at = now - PLAYED
    planned = {"kickoff_ts": f"{at:%Y-%m-%dT%H:%M:%SZ}", "competition": "Meadow League", "season_id": season}
    sides = {"home_team_id": team, "away_team_id": other, "our_side": "home"}
    match = club.post("/api/matches", {**planned, **sides, "duration_mins": 60, "period_format": "half"})["id"]
    starting = [{"player_id": players[number]["id"]} for number in range(1, 10)]
    club.post(f"/api/matches/{match}/lineup/start", {"players": starting, "team_id": team})
    pressed = {"at": int(at.timestamp() * 1_000), "sent_at": int(now.timestamp() * 1_000)}
    club.post(f"/api/matches/{match}/periods", {"number": 1, **pressed})
    for kind, theirs, minute, number in HAPPENED:
        when = {"period_number": 1, "clock_ms": minute * 60_000 - 20_000}
        who = {} if number is None else {"player_id": players[number]["id"]}
        club.post(f"/api/matches/{match}/events", {"kind": kind, "team_id": (team, other)[theirs], **when, **who})
    return str(match)


async def photograph(address: str, match: str) -> None:
    """Write the pictures."""
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        size: Any = {"width": WIDTH, "height": HEIGHT}
        context = await browser.new_context(
            base_url=address, viewport=size, device_scale_factor=1.5, has_touch=True, is_mobile=True, locale="en-GB"
        )
        page = await context.new_page()
        await page.goto("/#/sign-in")
        await page.get_by_role("button", name="Look around in the demo club").tap()
        await page.get_by_text("You are in.", exact=True).first.wait_for()
        await page.locator(".note").wait_for(state="detached")
        await take(page, f"/#/match/{match}", "Goal, Touchline U12", "match.png")
        await take(page, "/#/season", None, "season.png")
        await browser.close()


async def take(page: Page, place: str, button: str | None, name: str) -> None:
    """Go to a screen, and take its picture once all is saved and nothing moves."""
    await page.goto(place)
    await page.get_by_role("button", name="All saved").wait_for()
    if button is not None:
        await page.get_by_role("button", name=button).wait_for()
    await page.screenshot(path=FOLDER / name, animations="disabled")


def main() -> int:
    """Start a server, play, and take the pictures."""
    folder = open_folder()
    server = Server(folder / "data")
    try:
        address = server.await_address()
        asyncio.run(photograph(address, play(Club(address))))
    finally:
        server.end()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
