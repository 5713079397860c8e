"""Requests are bounded in every direction: bodies, nesting, codings, queries; and a bound that is told is kept."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from api.app import Services
from api.edge.rates import describe_edge
from api.requests import KEY_LENGTH_MAX, QUERY_BYTES_MAX, QUERY_PARAMETERS_MAX, SMALL_BYTES_MAX
from storage import pools
from sync.limits import PAGE_CHANGES_MAX, PROTOCOL_VERSION, PUSH_BYTES_MAX
from tests.api.people import START_MS, Person, code_of, put, some_id

MB = 1024 * 1024


async def pieces(size: int) -> AsyncIterator[bytes]:
    """Yield a body whose size nobody announces."""
    for _ in range(size // 65_536):
        yield b" " * 65_536


@pytest.mark.parametrize("path", ["/api/sync/push", "/api/sync/events", "/api/auth/login", "/api/matches"])
async def test_large_bodies(coach: Person, path: str) -> None:
    """11 MB, announced or in chunks: 413, and the server goes on."""
    answer = await coach.ask("POST", path, content=b" " * (11 * MB))
    assert code_of(answer) == (413, "too_large")
    headers = {"authorization": f"Bearer {coach.tokens['access_token']}", "content-type": "application/json"}
    answer = await coach.client.post(path, content=pieces(11 * MB), headers=headers)
    assert code_of(answer) == (413, "too_large")
    assert (await coach.ask("GET", "/api/auth/me")).status_code == 200


@pytest.mark.parametrize(("size", "status"), [(SMALL_BYTES_MAX, 400), (SMALL_BYTES_MAX + 1, 413)])
async def test_small_bodies_at_their_bound(client: httpx.AsyncClient, size: int, status: int) -> None:
    """One byte more than is told is refused; what fits is read."""
    body = b"{" + b" " * (size - 2) + b"}"
    answer = await client.post("/api/auth/login", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == status


@pytest.mark.parametrize("deep", [5_000, 400_000])
@pytest.mark.parametrize("shape", [(b"[", b"]"), (b'{"a":', b"}")])
@pytest.mark.parametrize("path", ["/api/sync/push", "/api/auth/login", "/api/matches", "/api/sync/events"])
async def test_deep_bodies(coach: Person, path: str, deep: int, shape: tuple[bytes, bytes]) -> None:
    """Nesting that would exhaust the stack is a mistake of the request, whatever is at the bottom."""
    opens, closes = shape
    for body in (opens * deep + b"1" + closes * deep, opens * deep):
        answer = await coach.ask("POST", path, content=body)
        assert answer.status_code in {400, 413}, answer.text


@pytest.mark.parametrize(("deep", "status"), [(100, 200), (5_000, 400)])
async def test_a_deep_mutation(coach: Person, deep: int, status: int) -> None:
    """One that can be skipped is rejected alone; one that no parser should follow spoils its push, and is no fault."""
    nested = b'{"n":1,"collection":"teams","record":"%s","op":"put","wall":1,"fields":{"name":%s}}' % (
        some_id().encode(),
        b"[" * deep + b"]" * deep,
    )
    body = b'{"device_id":"%s","sent_at":1,"mutations":[%s]}' % (coach.device_id.encode(), nested)
    answer = await coach.ask("POST", "/api/sync/push", content=body)
    assert answer.status_code == status
    if status == 200:
        assert [each["verdict"] for each in answer.json()["others"]] == ["rejected"]


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "deflate", "GZIP", "identity, gzip", "x"])
async def test_compressed_bodies(coach: Person, coding: str) -> None:
    """Refused before a byte is unfolded, with what is taken instead."""
    for path in ("/api/sync/push", "/api/auth/login", "/api/matches"):
        answer = await coach.ask("POST", path, content=b"\x1f\x8b", headers={"content-encoding": coding})
        assert code_of(answer) == (415, "compressed_body")
        assert answer.headers["accept-encoding"] == "identity"


async def test_a_body_as_it_is_may_say_so(coach: Person) -> None:
    """`identity` is no compression."""
    body = {"device_id": coach.device_id, "sent_at": START_MS, "mutations": []}
    answer = await coach.ask("POST", "/api/sync/push", json=body, headers={"content-encoding": "identity"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("x=" + "1" * (QUERY_BYTES_MAX - 2), 400),
        ("since=" + "1" * QUERY_BYTES_MAX, 400),
        ("&".join(f"a{n}=1" for n in range(QUERY_PARAMETERS_MAX + 1)), 400),
        ("since=1&since=2", 400),
        ("limit=1e3", 400),
        (f"limit={PAGE_CHANGES_MAX}", 200),
        (f"limit={PAGE_CHANGES_MAX + 1}", 400),
        ("limit=99999999999999999999", 400),
        ("limit=0", 400),
        ("limit=-1", 400),
        ("since=" + "9" * 400, 400),
        ("since=%00", 400),
        ("since=%ff", 400),
    ],
)
async def test_queries(coach: Person, query: str, status: int) -> None:
    """Long ones, many parameters, twice the same, numbers past their bounds or in another spelling."""
    assert (await coach.ask("GET", f"/api/sync/pull?{query}")).status_code == status


async def test_keys(coach: Person) -> None:
    """An Idempotency-Key has the length that is told, and no more."""
    body = {"id": some_id(), "name": "Reds"}
    for length, status in ((KEY_LENGTH_MAX, 201), (KEY_LENGTH_MAX + 1, 400)):
        answer = await coach.ask("POST", "/api/teams", json=body, headers={"idempotency-key": "k" * length})
        assert answer.status_code == status


async def test_weak_tags_name_the_same_version(coach: Person) -> None:
    """A proxy that compresses makes the ETag weak: it still names the version in If-Match."""
    team_id = some_id()
    made = await coach.ask("POST", "/api/teams", json={"id": team_id, "name": "Reds"})
    tag = made.headers["etag"]
    for given, status in ((f"W/{tag}", 200), ('W/"0"', 412), ("12", 400), ('"1", "2"', 400)):
        answer = await coach.ask("PUT", f"/api/teams/{team_id}", json={"name": "Reds"}, headers={"if-match": given})
        assert answer.status_code == status, answer.text


async def test_every_bound_is_told(client: httpx.AsyncClient) -> None:
    """What refuses a request stands in the config under a name, as a number."""
    told: dict[str, Any] = (await client.get("/api/sync/config")).json()["limits"]
    assert told["push_bytes_max"] == PUSH_BYTES_MAX
    assert {name: told[name] for name in describe_edge(1.0) if name != "rates"} == {
        name: value for name, value in describe_edge(1.0).items() if name != "rates"
    }
    assert told["nesting_max"] == 32
    assert told["conflicts_page_max"] == 500


@pytest.mark.parametrize("protocol", [0, PROTOCOL_VERSION + 1, 10**11])
async def test_a_queue_is_accepted_before_the_app_is_too_old(coach: Person, protocol: int) -> None:
    """U21: a push of another protocol is applied; only the next read is 426, with the window that is served."""
    answer = await coach.push(put("teams", some_id(), name="Reds"), protocol=protocol)
    assert (answer.status_code, answer.json()["version"]) == (200, 1)
    for path in ("pull", "snapshot", "timestamp"):
        answer = await coach.ask("GET", f"/api/sync/{path}?protocol={max(protocol, PROTOCOL_VERSION + 1)}")
        assert code_of(answer) == (426, "protocol_unsupported")
        assert (answer.json()["least"], answer.json()["newest"]) == (1, PROTOCOL_VERSION)


async def test_a_pool_that_is_used_up(coach: Person, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where every connection stays in use the wait ends with a 503, and the same request passes afterwards."""
    monkeypatch.setattr(pools, "ACQUIRE_S", 0.01)
    store: Any = services.engine.store
    pool = store._pool
    async with AsyncExitStack() as taken:
        for _ in range(pool.get_max_size()):
            await taken.enter_async_context(pool.acquire())
        for answer in (
            await coach.ask("GET", "/api/sync/pull"),
            await coach.push(put("teams", some_id(), name="Reds")),
        ):
            assert code_of(answer) == (503, "unavailable")
            assert int(answer.headers["retry-after"]) >= 1
    assert (await coach.ask("GET", "/api/sync/pull")).status_code == 200
