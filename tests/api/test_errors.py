"""Every error is an RFC 9457 problem with its code's status, and tells nothing that was sent."""

import asyncio

import asyncpg
import httpx
import pytest
from litestar.exceptions import HTTPException, PermissionDeniedException, TooManyRequestsException
from msgspec.structs import replace
from sqlalchemy.exc import DBAPIError

from api.app import Services, create_app
from api.errors import STATUS
from api.reference.problems import classes, sample_of
from api.settings import Settings
from storage.outages import is_outage
from sync.errors import SyncError
from tests.api.conftest import ORIGIN
from tests.api.people import Person, client_of, code_of

SAMPLES = [sample_of(made_by) for made_by in classes().values()]
"""One error of each code that has a status."""


@pytest.fixture
def failing(services: Services, monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """Let the next request for readiness raise what is put here."""
    raised: list[BaseException] = []

    async def fail() -> str | None:
        raise raised[-1]

    monkeypatch.setattr(services.readiness, "why_not", fail)
    return raised


@pytest.mark.parametrize("error", SAMPLES, ids=[error.code for error in SAMPLES])
async def test_each_code(client: httpx.AsyncClient, failing: list[BaseException], error: SyncError) -> None:
    """Status, code, title, sentence and values arrive, beside a request's id that the header repeats."""
    failing.append(error)
    answer = await client.get("/health/ready")
    assert code_of(answer) == (STATUS[error.code], error.code)
    body = answer.json()
    assert (body["title"], body["detail"]) == (error.title, error.detail)
    assert error.values.items() <= body.items()
    assert body["instance"].endswith(answer.headers["x-request-id"])
    assert answer.headers["cache-control"] == "no-store"
    assert ("retry-after" in answer.headers) == (answer.status_code in {429, 503})


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RuntimeError("secret"), (500, "internal")),
        (RecursionError("secret"), (500, "internal")),
        (KeyError("secret"), (500, "internal")),
        (LookupError("a club"), (404, "not_found")),
        (HTTPException(status_code=500, detail="secret"), (500, "internal")),
        (HTTPException(status_code=418, detail="secret"), (400, "malformed")),
        (PermissionDeniedException("secret"), (403, "forbidden")),
        (TooManyRequestsException("secret"), (429, "too_many_requests")),
        (asyncpg.CannotConnectNowError("secret"), (503, "unavailable")),
        (asyncpg.QueryCanceledError("secret"), (503, "unavailable")),
        (asyncpg.DiskFullError("secret"), (503, "unavailable")),
        (asyncpg.DeadlockDetectedError("secret"), (503, "unavailable")),
        (asyncpg.InterfaceError("connection is closed, secret"), (503, "unavailable")),
        (asyncpg.NotNullViolationError("secret"), (500, "internal")),
        (ConnectionResetError("secret"), (503, "unavailable")),
        (FileNotFoundError("secret"), (503, "unavailable")),
        (asyncpg.TransactionTimeoutError("secret"), (503, "unavailable")),
        (TimeoutError(), (503, "unavailable")),
        (DBAPIError("secret", None, asyncpg.AdminShutdownError("secret")), (503, "unavailable")),
    ],
    ids=range(19),
)
async def test_other_errors(
    client: httpx.AsyncClient, failing: list[BaseException], error: Exception, expected: tuple[int, str]
) -> None:
    """Ours are owned up to, the world's are worth a retry, and the words of neither are told."""
    failing.append(error)
    answer = await client.get("/health/ready")
    assert code_of(answer) == expected
    assert "secret" not in answer.text


def test_a_cause_is_looked_at_once() -> None:
    """A chain that bites its tail ends."""
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    assert not is_outage(one)
    other.__cause__ = asyncpg.CannotConnectNowError("starting")
    assert is_outage(one)


async def test_what_the_framework_refuses(client: httpx.AsyncClient, coach: Person) -> None:
    """No such address, another method, a path that is no id: problems too, without the query in them."""
    assert code_of(await client.get("/api/nothing?token=hunter2")) == (404, "not_found")
    assert "hunter2" not in (await client.get("/api/nothing?token=hunter2")).text
    assert code_of(await client.get("/api/auth/login")) == (405, "wrong_method")
    assert code_of(await coach.ask("GET", "/api/events/not-an-id")) == (404, "not_found")
    assert code_of(await client.get("/api/sync/pull")) == (401, "unauthorised")


async def test_every_answer_is_guarded(client: httpx.AsyncClient, coach: Person) -> None:
    """Security headers stand on answers of every kind, and the server names itself on none."""
    for path in (
        "/",
        "/docs",
        "/docs/openapi.json",
        "/health/live",
        "/api/nothing",
        "/api/sync/pull",
        "/api/sync/config",
    ):
        answer = await client.get(path)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "server" not in answer.headers
        assert "strict-transport-security" not in answer.headers


@pytest.mark.parametrize(
    ("origin", "is_allowed"),
    [
        (ORIGIN, True),
        (f"{ORIGIN}.evil.example", False),
        ("https://evil.example", False),
        ("http://club.example", False),
        ("https://clubxexample", False),
        ("null", False),
    ],
)
async def test_origins(client: httpx.AsyncClient, origin: str, is_allowed: bool) -> None:
    """One origin was named, and no other is let in; caches keep the answers apart."""
    answer = await client.get("/api/sync/config", headers={"origin": origin})
    assert (answer.headers.get("access-control-allow-origin") == origin) is is_allowed
    assert answer.headers.get("access-control-allow-origin") in {origin, None}
    assert "Origin" in answer.headers["vary"]
    asked = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization",
    }
    preflight = await client.options("/api/sync/push", headers=asked)
    assert (preflight.headers.get("access-control-allow-origin") == origin) is is_allowed


async def test_without_origins_none_is_let_in(settings: Settings, services: Services) -> None:
    """CORS_ORIGINS unset: no answer names an origin."""
    app = create_app(replace(settings, cors_origins=()), services)
    async with client_of(app) as client:
        answer = await client.get("/api/sync/config", headers={"origin": ORIGIN})
    assert "access-control-allow-origin" not in answer.headers


async def test_readiness_is_asked_once_for_many(client: httpx.AsyncClient, services: Services) -> None:
    """A hundred probes make one connection; the reason of an outage is told with a 503."""
    asked = 0

    async def ask() -> str | None:
        nonlocal asked
        asked += 1
        return "The database does not answer."

    services.readiness._ask = ask
    answers = await asyncio.gather(*(client.get("/health/ready") for _ in range(100)))
    assert {answer.status_code for answer in answers} == {503}
    assert answers[0].json()["reason"] == "The database does not answer."
    assert asked == 1


async def test_a_start_is_over_once_the_server_was_ready(client: httpx.AsyncClient, services: Services) -> None:
    """Not before, whoever asked; and a database that goes away later does not make it a start again."""
    reason: str | None = "The database does not answer."

    async def ask() -> str | None:
        return reason

    services.readiness._ask = ask
    services.readiness._monotonic = lambda: 0.0
    answer = await client.get("/health/startup")
    assert (answer.status_code, answer.json()) == (503, {"status": "not ready", "reason": reason})
    reason, services.readiness._monotonic = None, lambda: 10.0
    assert (await client.get("/health/startup")).json() == {"status": "started"}
    reason, services.readiness._monotonic = "gone", lambda: 20.0
    assert (await client.get("/health/ready")).status_code == 503
    assert (await client.get("/health/startup")).json() == {"status": "started"}


async def test_the_document(client: httpx.AsyncClient) -> None:
    """Every route has its body, its answer and its problems, and the page needs nothing from elsewhere."""
    document = (await client.get("/docs/openapi.json")).json()
    pushed = document["paths"]["/api/sync/push"]["post"]
    assert pushed["requestBody"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/PushRequest"
    }
    assert pushed["security"] == [{"bearer": []}]
    assert {"200", "400", "401", "403", "409", "413", "415", "503"} <= pushed["responses"].keys()
    assert document["components"]["schemas"]["Mutation"]["additionalProperties"] is False
    assert document["paths"]["/api/auth/login"]["post"]["security"] == []
    page = (await client.get("/docs")).text
    assert "https://" not in page
    assert "http://" not in page
