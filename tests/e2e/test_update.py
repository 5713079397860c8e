"""A new version of the app: it comes whole or not at all, and waits until somebody wants it."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Page, expect

from tests.api.test_serve import CHECKOUT, Server
from tests.e2e.browser import Phones
from tests.e2e.hands import expect_score, goal_button, start_match
from tests.e2e.line import Line
from tests.pg import PgDatabase, open_folder
from tests.waiting import until

PARTS: Final = ("api", "football", "realtime", "storage", "sync", "web")
LOOK: Final = "navigator.serviceWorker.getRegistration().then((each) => each.update()).catch(() => null)"
"""What the app does by itself every hour, and when it is shown again."""
WAITS: Final = "navigator.serviceWorker.getRegistration().then(({ waiting }) => Boolean(waiting))"


class Copy(Server):
    """A server that runs another copy of the code."""

    def __init__(self, checkout: Path, folder: Path, **settings: str) -> None:
        """Start it."""
        self.checkout = checkout
        super().__init__(folder, **settings)


@pytest.fixture
def newer(address: str, empty_database: PgDatabase) -> Iterator[str]:
    """Start a server of a version with one changed file beside the one that runs, on the same database."""
    folder = open_folder()
    checkout = folder / "checkout"
    for part in PARTS:
        shutil.copytree(CHECKOUT / part, checkout / part, ignore=shutil.ignore_patterns("__pycache__", "tests"))
    shutil.copy(CHECKOUT / "schema.sql", checkout)
    with (checkout / "web/app/screens/lost.js").open("a", encoding="utf-8") as changed:
        changed.write("\nexport const another = true;\n")
    server = Copy(checkout, folder / "data", DATABASE_URL=empty_database.owner_dsn)
    try:
        yield server.await_address()
    finally:
        server.end()
        shutil.rmtree(folder, ignore_errors=True)


async def version_of(page: Page) -> str:
    """Return the version that runs in a page, as its modules' addresses have it."""
    found: str = await page.evaluate("/\\/v\\/(\\w+)/.exec(document.querySelector('script[type=module]').src)[1]")
    return found


async def test_a_new_version(phones: Phones, line: Line, newer: str) -> None:
    """U20: cut off half way the old one goes on; whole, it waits for the end of the match; then it is taken, once."""
    phone = await phones.open(line.address)
    phone.may_lose_line = True
    page = phone.page
    await page.goto("/")
    await phone.is_kept()
    old = await version_of(page)
    match_id = await start_match(page)

    line.lead_to(newer)
    line.slow(bytes_a_second=20_000)
    before = line.bytes_down
    await page.evaluate(f"void {LOOK}")
    await until(lambda: line.bytes_down > before + 30_000)
    line.cut()
    await page.reload()
    assert await version_of(page) == old
    await goal_button(page).click()
    await expect_score(page, 1, 0)
    assert await page.evaluate(WAITS) is False

    line.mend()
    await page.evaluate(LOOK)
    await page.wait_for_function(f"() => {WAITS}")
    await goal_button(page, 1).click()
    await expect_score(page, 1, 1)
    ready = page.get_by_role("button", name="A new version is ready")
    await expect(ready).to_have_count(0)

    await page.get_by_role("button", name="More", exact=True).click()
    await page.get_by_role("dialog").get_by_role("button", name=re.compile("full time", re.IGNORECASE)).click()
    await expect(ready).to_be_visible()
    assert await version_of(page) == old
    loads: list[Page] = []
    page.on("load", lambda each: loads.append(each))  # noqa: PLW0108 - a method of a list is none of Playwright's
    async with page.expect_event("load"):
        await ready.click()
    await expect_score(page, 1, 1)
    now = await version_of(page)
    assert now != old
    await phone.is_kept()
    assert len(loads) == 1

    line.cut()
    answer = await page.reload()
    assert answer is not None
    assert answer.from_service_worker
    await expect_score(page, 1, 1)
    await expect(page).to_have_url(re.compile(match_id))
    assert await version_of(page) == now
    assert await page.evaluate("caches.keys()") == [f"touchline-app-{now}"]
