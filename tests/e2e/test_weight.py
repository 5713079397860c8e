"""What goes over a poor line: the app once, and never again; a whole match in requests that are small."""

from typing import Final

from playwright.async_api import Page, Request, Response

from api.pages.site import SITE, address
from tests.api.test_pages import APP_BYTES_MAX, kept_by_worker
from tests.e2e.browser import Phones
from tests.e2e.hands import await_saved, expect_score, sign_in, start_match
from tests.e2e.line import Line

HEAD_BYTES_MAX: Final = 1_280
"""Of one answer, in plain HTTP/1.1. Were files loaded twice, the whole would be far beyond."""
LOOK_BYTES_MAX: Final = 16 * 1024
"""The worker is asked for at each load, and what the app asks of the API before anybody signed in."""
EVENTS: Final = 161
"""As many as the fullest match of the club's old list has."""
REQUEST_BYTES_MAX: Final = 50 * 1024
CLIENT: Final = address(max(SITE.versions, key=lambda each: len(SITE.versions[each])), "touchline.js")
RECORD: Final = f"""async ([match, count]) => {{
  const {{ open }} = await import("{CLIENT}");
  const club = await open({{ name: "touchline" }});
  const {{ home_team_id: team }} = club.get("matches", match);
  for (let n = 0; n < count; n += 1)
    await club.put("events", club.newId(), {{
      match_id: match, kind: n < 3 ? "goal" : "corner", team_id: team,
      period_type: "regular", period_number: 1, clock_ms: n * 9_000,
    }});
  await club.close();
}}"""
"""Another tab records a long match."""


async def test_the_app_is_loaded_once(phones: Phones, line: Line) -> None:
    """Cold, all of it is within its budget; from then on a load asks for no file."""
    phone = await phones.open(line.address)
    page = phone.page
    await page.goto("/")
    await phone.is_kept()
    assert line.bytes_down <= APP_BYTES_MAX + HEAD_BYTES_MAX * len(kept_by_worker())
    before = line.bytes_down
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - a list's method is none of Playwright's
    await page.reload(wait_until="networkidle")
    files = [each for each in answers if "/api/" not in each.url]
    assert len(files) > 50
    assert [each.url for each in files if not each.from_service_worker] == []
    assert line.bytes_down - before <= LOOK_BYTES_MAX


def sent_by(page: Page) -> list[int]:
    """Return the sizes of what a page pushes, as it does."""
    found: list[int] = []

    def note(request: Request) -> None:
        if request.url.endswith("/api/sync/push"):
            found.append(len(request.post_data_buffer or b""))

    page.on("request", note)
    return found


async def test_a_long_match_goes_in_small_pieces(phones: Phones) -> None:
    """U6: a match of 161 events that was recorded without signal is sent in requests of at most 50 KB each."""
    page = (await phones.open()).page
    match_id = await start_match(page)
    await page.evaluate(RECORD, [match_id, EVENTS])
    await expect_score(page, 3, 0)
    sizes = sent_by(page)
    await sign_in(page)
    await await_saved(page)
    assert sum(sizes) > EVENTS * 100
    assert max(sizes) <= REQUEST_BYTES_MAX
