"""Every answer is guarded: headers on whatever leaves, no-store where a person's data or a token is."""

import httpx
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute
from msgspec.structs import replace

from api.app import Services, create_app
from api.edge.backoff import PUSHES_A_SECOND, WAIT_MAX_S
from api.errors import HANDLERS
from api.observe import HEADERS
from api.settings import Mode, Settings
from tests.api.people import NOBODY, Person, client_of, code_of, put, some_id

WALKED = ("/", "/docs", "/docs/openapi.json", "/docs/nothing", "/nothing", "/api/nothing", "/health/live")

OWN_PAGES = {"/docs/{path:str}", "/health/ready", "/health/startup"}
"""Where an error is a page of the framework's, or an answer for a probe, and no problem."""
ENDLESS = {"/api/sync/tail": "?since=x"}
"""What goes on until its reader leaves, and a query that it refuses: `tests/api/live/test_streams.py` follows it."""


def fill(path: str) -> str:
    """Return an address with something in each of its places."""
    parts = (("1" if ":int}" in part else NOBODY) if part.startswith("{") else part for part in path.split("/"))
    return "/".join(parts)


def is_guarded(answer: httpx.Response) -> bool:
    """Assert what every answer has to have."""
    assert HEADERS.keys() - {"Vary", "Content-Security-Policy"} <= {*HEADERS, *answer.headers}
    for name, value in HEADERS.items():
        if name not in {"Vary", "Content-Security-Policy"}:
            assert answer.headers[name] == value, (answer.url, name)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert {"Origin", "Authorization", "Accept-Encoding"} <= set(answer.headers["vary"].split(", "))
    assert "server" not in answer.headers
    assert "x-powered-by" not in answer.headers
    assert len(answer.headers.get_list("content-security-policy")) == 1
    return True


async def test_every_route_in_every_case(settings: Settings, services: Services, coach: Person) -> None:
    """Signed in or not, good or not, each method of each route, in production: the same guard, and HSTS."""
    app = create_app(replace(settings, mode=Mode.PRODUCTION, secret_key="x" * 32), services)
    seen: set[int] = set()
    headers = {"authorization": f"Bearer {coach.tokens['access_token']}"}
    async with client_of(app) as client:
        for path in WALKED:
            answer = await client.get(path)
            seen.add(answer.status_code)
            assert is_guarded(answer)
            assert answer.headers["strict-transport-security"].startswith("max-age=31536000")
        for method, path in routes(app):
            for given in ({}, headers):
                answer = await client.request(method, fill(path) + ENDLESS.get(path, ""), headers=given)
                seen.add(answer.status_code)
                assert is_guarded(answer)
                if path.startswith("/api/") and answer.status_code < 400:
                    assert answer.headers["cache-control"].startswith(("no-store", "private", "no-cache")), path
                if answer.status_code >= 400:
                    assert "no-store" in answer.headers["cache-control"], path
                    assert method == "HEAD" or path in OWN_PAGES or code_of(answer)
        assert is_guarded(await client.request("BREW", "/api/matches"))
        assert is_guarded(await client.options("/api/matches"))
    assert {200, 204, 401, 404, 415} <= seen
    assert 500 not in seen


def routes(app: Litestar) -> list[tuple[str, str]]:
    """Return each method with its address; signing out comes last, for it ends the session."""
    found = [
        (method, route.path)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        for method in sorted(handler.http_methods - {"OPTIONS"})
    ]
    return sorted(found, key=lambda each: ("/api/auth/" in each[1] and each[0] != "GET", each))


async def test_faults_are_guarded(settings: Settings, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake of ours has the same headers, and tells nothing of itself."""

    async def fail() -> str | None:
        raise RuntimeError("secret")

    monkeypatch.setattr(services.readiness, "why_not", fail)
    async with client_of(create_app(settings, services)) as client:
        answer = await client.get("/health/ready")
    assert code_of(answer) == (500, "internal")
    assert is_guarded(answer)
    assert "secret" not in answer.text
    assert Exception in HANDLERS


async def test_development_asks_for_no_tls(client: httpx.AsyncClient) -> None:
    """A server on one's own machine must not tell browsers to come by https for a year."""
    assert "strict-transport-security" not in (await client.get("/")).headers


@pytest.mark.parametrize(("waiting", "told"), [(0, None), (99, None), (100, "1"), (250, "2"), (1_000_000, "30")])
async def test_backoff(client: httpx.AsyncClient, services: Services, waiting: int, told: str | None) -> None:
    """While more pushes wait than a second takes, every answer asks clients to come later, in bounded seconds."""
    services.committer.waiting = waiting
    assert (await client.get("/health/live")).headers.get("touchline-backoff") == told
    assert (PUSHES_A_SECOND, WAIT_MAX_S) == (100, 30)


async def test_waiting_pushes_are_counted_out(coach: Person, services: Services) -> None:
    """What was answered waits no more, whether it was good or not."""
    await coach.push(put("teams", some_id(), name="Reds"))
    await coach.push(
        {**put("teams", some_id(), name="Reds"), "base": "99.0000000000000001"}, acked="7.0000000000000001"
    )
    assert services.committer.waiting == 0
