"""Networks that let plain requests through and nothing else: what others record still arrives by itself."""

from playwright.async_api import expect

from tests.api.people import put, some_id
from tests.e2e.browser import Phones
from tests.e2e.hands import sign_in, somebody
from tests.waiting import until

NO_SOCKETS = """class Broken extends EventTarget {
  constructor() {
    super();
    setTimeout(() => this.onclose?.({ code: 1006, reason: "" }));
  }
  send() {}
  close() {}
}
globalThis.WebSocket = Broken;"""
"""A proxy that answers no upgrade: what the browser says of every socket then."""
TAIL = "/api/sync/tail"


async def test_a_stream_stands_in_for_the_socket(phones: Phones, address: str) -> None:
    """U9: where no socket opens, another device's match is here within seconds, over a stream of events."""
    phone = await phones.open()
    page = phone.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.add_init_script(NO_SOCKETS)
    await sign_in(page)
    await until(lambda: any(TAIL in url for url in asked))
    asked.clear()
    async with somebody(address) as other:
        answer = await other.push(
            put("matches", some_id(), kickoff_ts="2026-09-20T10:00:00.000Z", competition="Far Cup")
        )
        assert answer.status_code == 200
    await expect(page.get_by_text("Far Cup")).to_be_visible()
    assert not any("/api/sync/pull" in url for url in asked)
