"""Budgets: counted for each network and each session, answered with the seconds that are really left, and bounded."""

from collections.abc import AsyncIterator
from ipaddress import ip_network
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits import RateLimitItemPerSecond
from limits.strategies import SlidingWindowCounterRateLimiter
from msgspec.structs import replace

from api.app import Services, create_app
from api.edge.ratelimits import Limiter, Side, refuse_handshake, seconds_left
from api.edge.rates import BUDGETS, PREFIXES, class_of, describe_edge
from api.edge.windows import Windows
from api.errors import TooManyRequests
from api.settings import Settings
from tests.api.people import Clock, code_of, sign_up

TIMES = st.lists(st.floats(0, 200, allow_nan=False), max_size=60).map(sorted)


class Now:
    """Seconds that a test sets."""

    def __init__(self, s: float = 0.0) -> None:
        """Begin somewhere."""
        self.s = s

    def __call__(self) -> float:
        """Return them."""
        return self.s


def counter(now: Now, **bounds: int) -> tuple[Windows, SlidingWindowCounterRateLimiter]:
    """Return a store, and the library's counter over it."""
    windows = Windows(now, **bounds)
    return windows, SlidingWindowCounterRateLimiter(windows)


@given(TIMES, st.integers(1, 10), st.integers(1, 60))
def test_no_window_of_the_clock_holds_more_than_the_budget(times: list[float], number: int, window_s: int) -> None:
    """However requests fall, a window of the clock admits the budget at the most, and any other twice that."""
    now = Now()
    _, limiter = counter(now)
    item = RateLimitItemPerSecond(number, window_s)
    admitted: list[float] = []
    for now.s in times:
        if limiter.hit(item, "who"):
            admitted.append(now.s)
    for start in admitted:
        assert sum(start // window_s == each // window_s for each in admitted) <= number
        assert sum(start <= each < start + window_s for each in admitted) <= 2 * number


@given(TIMES, st.integers(1, 10), st.integers(1, 60))
def test_who_waits_as_told_is_let_in(times: list[float], number: int, window_s: int) -> None:
    """After Retry-After the same request passes, and a second and a bit before it is still refused."""
    now = Now()
    windows, limiter = counter(now)
    item = RateLimitItemPerSecond(number, window_s)
    for here in times:
        now.s = here
        if limiter.hit(item, "who"):
            continue
        previous, left_s, current, _ = windows.get_sliding_window(item.key_for("who"), window_s)
        wait_s = seconds_left(previous, left_s, current, item)
        assert 1 <= wait_s <= window_s + 1
        now.s = here + wait_s - 1.001
        assert now.s < here or not limiter.test(item, "who")
        now.s = here + wait_s
        assert limiter.test(item, "who")


def test_a_refused_request_is_not_counted() -> None:
    """Hammering on the door does not keep it shut."""
    now = Now()
    _, limiter = counter(now)
    item = RateLimitItemPerSecond(2, 10)
    assert [limiter.hit(item, "who") for _ in range(50)].count(True) == 2
    now.s = 20.0
    assert limiter.hit(item, "who")


def test_the_store_is_bounded() -> None:
    """A million networks leave as many keys as are allowed, and those that ask now are among them."""
    now = Now()
    windows, limiter = counter(now, keys_max=100)
    item = RateLimitItemPerSecond(3, 60)
    for n in range(1_000):
        limiter.hit(item, str(n))
    assert len(windows) == 100
    assert windows.get(item.key_for("999")) == 1
    assert windows.get(item.key_for("0")) == 0


def test_who_still_asks_is_forgotten_last() -> None:
    """A key that is counted in a new window moves behind those that are not."""
    now = Now()
    windows, limiter = counter(now, keys_max=3)
    item = RateLimitItemPerSecond(3, 60)
    for who in "abc":
        limiter.hit(item, who)
    now.s = 70.0
    limiter.hit(item, "a")
    limiter.hit(item, "d")
    assert [bool(windows.get(item.key_for(who))) for who in "abcd"] == [True, False, True, True]


def test_the_store_keeps_the_librarys_contract() -> None:
    """What other strategies ask of a store is there too."""
    windows = Windows(Now(5.0))
    assert windows.check()
    assert (windows.incr("k", 10), windows.incr("k", 10, 2), windows.get("k")) == (1, 3, 3)
    assert windows.get_expiry("k") == 5.0
    windows.clear_sliding_window("k", 10)
    assert (windows.get("k"), windows.incr("k", 10), windows.reset(), len(windows)) == (0, 1, 1, 0)
    assert windows.base_exceptions is ValueError


@pytest.mark.parametrize("name", list(BUDGETS))
@pytest.mark.parametrize("side", ["address", "session"])
def test_each_budget_at_its_bound(name: str, side: Side) -> None:
    """The last request of a budget passes, the next one is told why not; another's is untouched."""
    now = Now()
    limiter = Limiter(now)
    number = BUDGETS[name].per_address if side == "address" else BUDGETS[name].per_session
    for _ in range(number or 0):
        assert limiter.take(name, side, "one") is None
    refused = limiter.take(name, side, "one")
    assert (refused is None) is (number is None)
    assert refused is None or refused.values["limit"] == name
    assert limiter.take(name, side, "other") is None


def test_what_the_mission_asks_for() -> None:
    """A phone that comes back, a match entered at once, a family of 5,000 behind one address: none is refused."""
    limiter = Limiter(Now())
    assert all(limiter.take("sync", "session", "phone") is None for _ in range(60))
    assert all(limiter.take("writes", "session", "phone") is None for _ in range(200))
    assert all(limiter.take("shared", "address", "nat") is None for _ in range(3 * 5_000))
    assert all(limiter.take("shared", "session", "link") is None for _ in range(3 * 5_000))


@pytest.mark.parametrize(("factor", "number"), [(1.0, 30), (0.5, 15), (0.0, None), (0.001, 1)])
def test_the_factor(factor: float, number: int | None) -> None:
    """RATE_FACTOR multiplies each budget, down to one request; 0 takes them away, and the config says the same."""
    limiter = Limiter(Now(), factor=factor)
    passed = sum(limiter.take("auth", "address", "one") is None for _ in range(100))
    assert passed == (100 if number is None else number)
    told = describe_edge(factor)["rates"]
    assert told == {} if number is None else told["auth"]["per_address"] == number


@pytest.mark.parametrize(
    ("opt", "path", "method", "expected"),
    [
        ({}, "/api/auth/login", "POST", "auth"),
        ({}, "/api/auth/refresh", "POST", "sessions"),
        ({}, "/api/auth/me", "GET", "reads"),
        ({}, "/api/auth/me", "PATCH", "writes"),
        ({}, "/api/sync/push", "POST", "sync"),
        ({}, "/api/sync/config", "GET", "open"),
        ({}, "/api/matches", "GET", "reads"),
        ({}, "/api/matches", "POST", "writes"),
        ({}, "/ws/sync", "GET", "sockets"),
        ({"limit": "shared"}, "/ws/match/{match_id}/share", "GET", "shared"),
        ({"limit": "pages"}, "/", "GET", "pages"),
        ({"limit": "open"}, "/api", "GET", "open"),
        ({}, "/health/live", "GET", "open"),
    ],
)
def test_classes(opt: dict[str, Any], path: str, method: str, expected: str) -> None:
    """A route's own word counts first, then its address, then whether it writes."""
    assert class_of(opt, path, method) == expected


def test_every_class_is_known() -> None:
    """No prefix names a class that has no budget, and each budget has its reason."""
    assert {name for _, name in PREFIXES if name} <= set(BUDGETS)
    assert all(budget.reason.endswith(".") for budget in BUDGETS.values())


@pytest.fixture
async def limited(settings: Settings, services: Services, clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of a server with limits, by the tests' clock, behind a proxy at 10.0.0.7."""
    given = replace(settings, rate_factor=1.0, trusted_proxies=(ip_network("10.0.0.0/8"),))
    app: Any = create_app(given, services, monotonic=clock.now_s)
    transport = httpx.ASGITransport(app=app, client=("203.0.113.9", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as opened:
        yield opened


async def log_in(client: httpx.AsyncClient, **headers: str) -> httpx.Response:
    """Send something that is no login."""
    return await client.post("/api/auth/login", json={}, headers=headers)


async def test_an_address_that_guesses(limited: httpx.AsyncClient, clock: Clock) -> None:
    """Thirty tries a minute; then 429 with the seconds that are left, whatever X-Forwarded-For claims; then again."""
    answers = [await log_in(limited, **{"x-forwarded-for": f"1.2.3.{n}"}) for n in range(31)]
    assert [answer.status_code for answer in answers] == [400] * 30 + [429]
    assert code_of(answers[-1]) == (429, "too_many_requests")
    wait_s = int(answers[-1].headers["retry-after"])
    assert answers[-1].headers["ratelimit-policy"] == '"auth";q=30;w=60'
    assert answers[-1].headers["ratelimit"] == f'"auth";r=0;t={wait_s}'
    assert answers[-1].json()["retry_after_s"] == wait_s
    assert answers[-1].headers["cache-control"] == "no-store"
    clock.turn(s=wait_s)
    assert (await log_in(limited)).status_code == 400


async def test_behind_a_trusted_proxy(settings: Settings, services: Services, clock: Clock) -> None:
    """People behind one proxy have budgets of their own; a liar's own words stand left of the proxy's and count not."""
    given = replace(settings, rate_factor=1.0, trusted_proxies=(ip_network("10.0.0.0/8"),))
    app: Any = create_app(given, services, monotonic=clock.now_s)
    transport = httpx.ASGITransport(app=app, client=("10.0.0.7", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        for n in range(30):
            await log_in(client, **{"x-forwarded-for": f"1.2.3.{n}, 198.51.100.1"})
        assert (await log_in(client, **{"x-forwarded-for": "9.9.9.9, 198.51.100.1"})).status_code == 429
        assert (await log_in(client, **{"x-forwarded-for": "198.51.100.2"})).status_code == 400


async def test_a_session_that_loops(limited: httpx.AsyncClient) -> None:
    """A session's budget is its own: another of the same club goes on, and so does another class."""
    coach = await sign_up(limited, "coach@club.example")
    number = BUDGETS["sync"].per_session or 0
    answers = [(await coach.ask("GET", "/api/sync/timestamp")).status_code for _ in range(number + 1)]
    assert answers == [200] * number + [429]
    assert (await coach.ask("GET", "/api/auth/me")).status_code == 200
    other = await sign_up(limited, "other@club.example")
    assert (await other.ask("GET", "/api/sync/timestamp")).status_code == 200


async def test_config_tells_the_budgets(limited: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    """A client reads every budget before it signs in; a server without limits tells none."""
    told = (await limited.get("/api/sync/config")).json()["limits"]
    assert told["rates"]["auth"] == {"window_s": 60, "per_address": 30, "per_session": None}
    assert told["rates"].keys() == BUDGETS.keys()
    assert told["query_bytes_max"] == 8 * 1024
    assert (await client.get("/api/sync/config")).json()["limits"]["rates"] == {}


@pytest.mark.parametrize("extensions", [{"websocket.http.response": {}}, {}, None])
async def test_a_handshake_is_refused_before_it_opens(extensions: dict[str, Any] | None) -> None:
    """With the extension by a 429 with its headers and a problem, else by closing, which a client sees as 403."""
    sent: list[Any] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await refuse_handshake({"extensions": extensions}, send, TooManyRequests("no", {"retry_after_s": 7}))
    if not extensions:
        assert [message["type"] for message in sent] == ["websocket.close"]
        return
    assert [message["type"] for message in sent] == ["websocket.http.response.start", "websocket.http.response.body"]
    assert (sent[0]["status"], dict(sent[0]["headers"])[b"retry-after"]) == (429, b"7")
    assert b"too_many_requests" in sent[1]["body"]


async def test_limits_do_not_touch_who_keeps_them(limited: httpx.AsyncClient) -> None:
    """U1: a whole match in one evening, pushed, pulled and read, meets no limit."""
    coach = await sign_up(limited, "coach@club.example")
    match_id = await coach.make_match()
    for _ in range(10):
        assert (await coach.push()).status_code == 200
    for _ in range(50):
        assert (await coach.ask("GET", "/api/sync/pull")).status_code == 200
    assert (await coach.get(f"/api/matches/{match_id}/score"))["text"] == "0-0"
