"""A login costs the same for a known and for an unknown address: counted in hashes and queries, never in time."""

from collections import Counter
from typing import Any

import asyncpg
import pytest

from api.identity import passwords
from tests.api.people import some_id
from tests.security.conftest import Site
from tests.security.wire import Answer

pytestmark = pytest.mark.postgres


class Work:
    """What a login made the server do."""

    def __init__(self) -> None:
        self.queries: list[str] = []
        self.hashes: list[str] = []


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    """Count verifications with their parameters, and statements in their order."""
    done = Work()
    verify, prepare = passwords._verify, getattr(asyncpg.connection.Connection, "_get_statement")  # noqa: B009 - not in its stubs

    def counted(kept: str, password: str) -> bool:
        done.hashes.append("$".join(kept.split("$")[:4]))
        return verify(kept, password)

    async def noted(connection: Any, query: str, *rest: Any, **options: Any) -> Any:  # noqa: ANN401 - the driver's own
        done.queries.append(query)
        return await prepare(connection, query, *rest, **options)

    monkeypatch.setattr(passwords, "_verify", counted)
    monkeypatch.setattr(asyncpg.connection.Connection, "_get_statement", noted)
    return done


async def attempt(site: Site, email: str) -> Answer:
    """Try to sign in with a wrong password."""
    asked = {"email": email, "password": "certainly not this one", "device_id": some_id()}
    return await site.wire.json("POST", "/api/auth/login", asked)


async def test_known_and_unknown_addresses_cost_the_same(site: Site, work: Work) -> None:
    """One hash with the same parameters, the same statements in the same order, the same answer but for its id."""
    seen: Counter[str] = Counter()
    for n in range(3):
        for email in (f"owner.{site.red.mark}@club.example", f"nobody.{n}@club.example"):
            work.queries.clear()
            work.hashes.clear()
            answer = await attempt(site, email)
            body = answer.json()
            body.pop("instance")
            seen[repr((answer.status, body, work.hashes, work.queries))] += 1
            assert len(work.hashes) == 1
            await site.behind.put_back()
    assert len(seen) == 1, seen
