"""A club with people in every role, who joined as people do: by invitation."""

from typing import Any

import httpx

from tests.api.people import PASSWORD, Person, some_id


async def invite(maker: Person, role: str, **asked: object) -> dict[str, Any]:
    """Return a fresh invitation."""
    answer = await maker.ask("POST", "/api/club/invitations", json={"role": role, **asked})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def asked_to_join(email: str, secret: str) -> dict[str, str]:
    """Return the body of a registration by invitation."""
    return {
        "email": email,
        "password": PASSWORD,
        "display_name": email.partition("@")[0],
        "device_id": some_id(),
        "invitation": secret,
    }


async def join(client: httpx.AsyncClient, maker: Person, role: str, name: str | None = None) -> Person:
    """Invite somebody new, and return them, signed in."""
    secret = (await invite(maker, role))["secret"]
    email = f"{name or some_id()}@club.example"
    answer = await client.post("/api/auth/register", json=asked_to_join(email, secret))
    assert answer.status_code == 201, answer.text
    return Person(client, answer.json())


async def role_of(person: Person) -> str:
    """Return what the server says of somebody's role."""
    role: str = (await person.get("/api/auth/me"))["role"]
    return role


async def score_by(client: httpx.AsyncClient, **asked: object) -> httpx.Response:
    """Sign in with a scorer's link or code."""
    return await client.post("/api/auth/scorer", json={"device_id": some_id(), "name": "Sam", **asked})
