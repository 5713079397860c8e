"""A server with a database of its own, a bad line to it, and phones with a real browser.

A test that asks for `phones` is marked `browser`, and is run by `make test-browser`.
"""

import shutil
from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.api.test_serve import Server
from tests.e2e.browser import ACT_MS, Phones, launch
from tests.e2e.line import Line
from tests.pg import PgDatabase, open_folder

MARKER = "browser"
TEST_S = 120
expect.set_options(timeout=ACT_MS)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses a browser, before `-m` chooses."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(MARKER)
            item.add_marker(pytest.mark.timeout(TEST_S))


@pytest.fixture
def address(empty_database: PgDatabase) -> Iterator[str]:
    """Start a server on a database of this test's own, with the demo club and its coach; give its address."""
    folder = open_folder()
    server = Server(folder / "data", DATABASE_URL=empty_database.owner_dsn)
    try:
        yield server.await_address()
        _, words = server.end()
        assert "Traceback" not in words, words
    finally:
        server.end()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def line(address: str) -> Iterator[Line]:
    """Give a line to the server that can be cut: `await phones.open(line.address)`."""
    opened = Line(address)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """Start one browser for the test process. Fails with the command to give where there is none."""
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        yield browser
        await browser.close()


@pytest.fixture
async def phones(chromium: Browser, address: str) -> AsyncIterator[Phones]:
    """Open phones with `await phones.open()`; an error in a console that nobody expected fails the test."""
    opened = Phones(chromium, address)
    yield opened
    await opened.close()
