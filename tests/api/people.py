"""People of the tests: signed in on a device, pushing and asking."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID, uuid4

import httpx

Execute = Callable[..., Awaitable[None]]
"""Changes the database behind the server's back."""

PASSWORD = "a long enough password"
START_MS = 1_790_000_000_000


def client_of(app: Any) -> httpx.AsyncClient:  # noqa: ANN401 - httpx and Litestar spell an application's type differently
    """Return a client of an application, in the test's own loop."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test")


class Clock:
    """A clock that stands still until it is turned."""

    def __init__(self) -> None:
        """Begin at a time that every test knows."""
        self.ms = START_MS

    def now_ms(self) -> int:
        """Return the milliseconds since 1970."""
        return self.ms

    def now_s(self) -> float:
        """Return seconds of the same clock."""
        return self.ms / 1_000

    def turn(self, *, s: float) -> None:
        """Let time pass."""
        self.ms += int(s * 1_000)


def some_id() -> str:
    """Return a fresh id."""
    return str(uuid4())


class Person:
    """Somebody signed in on one device."""

    def __init__(self, client: httpx.AsyncClient, tokens: dict[str, Any]) -> None:
        """Keep the tokens."""
        self.client = client
        self.tokens = tokens
        self.n = 0

    @property
    def device_id(self) -> str:
        """Return the device."""
        found: str = self.tokens["device_id"]
        return found

    @property
    def club_id(self) -> str:
        """Return the club."""
        found: str = self.tokens["club_id"]
        return found

    async def ask(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Send a request with the access token."""
        sent = {"authorization": f"Bearer {self.tokens['access_token']}", **(headers or {})}
        if content is not None:
            sent.setdefault("content-type", "application/json")
        return await self.client.request(method, path, json=json, content=content, headers=sent)

    async def get(self, path: str) -> dict[str, Any]:
        """Return what a route answers."""
        answer = await self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def push(self, *mutations: Mapping[str, Any], **envelope: object) -> httpx.Response:
        """Push mutations, counted on from the last push."""
        counted = []
        for mutation in mutations:
            self.n += 1
            counted.append({"n": self.n, "wall": START_MS, **mutation})
        body = {"device_id": self.device_id, "sent_at": START_MS, "mutations": counted, **envelope}
        return await self.ask("POST", "/api/sync/push", json=body)

    async def make_match(self) -> str:
        """Push a match, and return its id."""
        match_id = some_id()
        answer = await self.push(put("matches", match_id, kickoff_ts="2026-09-20T10:00:00.000Z"))
        assert answer.json()["others"] == [], answer.text
        return match_id


def put(collection: str, record: str, **fields: object) -> dict[str, Any]:
    """Return a put without its counter."""
    return {"collection": collection, "record": record, "op": "put", "fields": fields}


def asked_to_register(email: str, device_id: str | None = None) -> dict[str, str]:
    """Return the body of a registration."""
    return {
        "email": email,
        "password": PASSWORD,
        "display_name": "Coach",
        "club_name": "Reds",
        "device_id": device_id or some_id(),
    }


async def sign_up(client: httpx.AsyncClient, email: str) -> Person:
    """Register somebody with a club of their own."""
    answer = await client.post("/api/auth/register", json=asked_to_register(email))
    assert answer.status_code == 201, answer.text
    return Person(client, answer.json())


async def sign_in(client: httpx.AsyncClient, email: str, device_id: str | None = None) -> Person:
    """Sign in on another device."""
    asked = {"email": email, "password": PASSWORD, "device_id": device_id or some_id()}
    answer = await client.post("/api/auth/login", json=asked)
    assert answer.status_code == 200, answer.text
    return Person(client, answer.json())


def code_of(answer: httpx.Response) -> tuple[int, str]:
    """Return the status and the code of a problem, which must have all members of RFC 9457."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body = answer.json()
    assert body.keys() >= {"type", "title", "status", "detail", "instance", "code"}
    assert body["status"] == answer.status_code
    return answer.status_code, body["code"]


NOBODY = str(UUID(int=1))
