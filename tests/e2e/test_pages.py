"""The pages in a real browser: they open without a complaint, and the app opens again without a server."""

import re

from playwright.async_api import expect

from api.pages.site import SITE
from tests.e2e.browser import Phones
from tests.e2e.line import Line

APP_VERSION = max(SITE.versions, key=lambda each: len(SITE.versions[each]))
KEPT = """async () => {
  const names = await caches.keys();
  const cache = await caches.open(names[0]);
  return [names, (await cache.keys()).map(({ url }) => new URL(url).pathname)];
}"""


async def test_the_app_opens_without_a_server(phones: Phones) -> None:
    """U1: loaded once, the app opens from the device, at its root and at its links."""
    phone = await phones.open()
    await phone.page.goto("/")
    await phone.is_kept()
    names, kept = await phone.page.evaluate(KEPT)
    assert names == [f"touchline-app-{APP_VERSION}"]
    assert {"/", "/api/sync/config", f"/v/{APP_VERSION}/app/main.js"} <= {*kept}
    shell = await (await phone.page.request.get("/")).text()
    await phone.cut()
    for path in ("/", "/join#tli_secret", "/score?fbclid=1#tlm_secret"):
        answer = await phone.page.goto(path)
        assert answer is not None
        assert answer.from_service_worker
        assert await answer.text() == shell
        await expect(phone.page).to_have_title(re.compile("Touchline"))


async def test_the_app_loads_in_one_wave(phones: Phones) -> None:
    """Every module is asked for by the head, and none twice; nothing is refused by the policy."""
    phone = await phones.open()
    asked: list[str] = []
    phone.page.on("request", lambda request: asked.append(request.url.partition("/v/")[2]))
    await phone.page.goto("/", wait_until="networkidle")
    modules = [each for each in asked if each.endswith(".js")]
    assert sorted(modules) == sorted(set(modules))
    preloaded = re.findall(r'<link rel="modulepreload" href="/v/([^"]+)">', SITE.fixed["/"].body.decode())
    assert set(modules) == set(preloaded)


async def test_an_install_that_is_cut_off_goes_on(phones: Phones, line: Line) -> None:
    """Where the line is cut while the files come, the next visit ends what was begun, and the page works meanwhile."""
    phone = await phones.open(line.address)
    phone.may_lose_line = True
    line.slow(bytes_a_second=30_000)
    await phone.page.goto("/", wait_until="commit")
    line.cut()
    line.mend()
    await phone.page.goto("/")
    await phone.is_kept()
    line.cut()
    answer = await phone.page.reload()
    assert answer is not None
    assert answer.from_service_worker


async def test_the_viewers_page_without_a_secret(phones: Phones) -> None:
    """U10: an address that lost its last part says so; it has no worker, and the app's leaves it alone."""
    phone = await phones.open()
    await phone.page.goto("/m/")
    await expect(phone.page.locator("#words")).to_have_text("This address is not complete")
    assert await phone.page.evaluate("navigator.serviceWorker.getRegistrations().then((each) => each.length)") == 0
    await phone.page.goto("/")
    await phone.is_kept()
    answer = await phone.page.goto("/m/")
    assert answer is not None
    assert not answer.from_service_worker


async def test_the_worker_leaves_other_pages_alone(phones: Phones) -> None:
    """The API's documentation, its answers, and files of another version come from the server."""
    phone = await phones.open()
    await phone.page.goto("/")
    await phone.is_kept()
    for path in ("/docs", "/api", "/v/0123456789abcdef/app/main.js"):
        answer = await phone.page.goto(path)
        assert answer is not None
        assert answer.ok
        assert not answer.from_service_worker
