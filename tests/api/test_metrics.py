"""Metrics: who may read them, what they count, and that they tell of nobody."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml  # type: ignore[import-untyped]
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from api.alerts import READINGS
from api.app import Services, create_app
from api.metrics import BOUNDS_S, METRICS, Requests, cumulative
from api.settings import Mode, Settings
from storage.pools import STORE_CONNECTIONS_MAX
from tests.api.people import Person, client_of, code_of, put, some_id

DOCS = Path(__file__).parents[2] / "docs"
PAGE, RUNBOOK, ALERTS = DOCS / "metrics.md", DOCS / "runbook.md", DOCS / "alerts.yml"
TOKEN = "a token of the tests, of 32 bytes or more"

Sample = tuple[str, dict[str, str], float]


def samples(text: str) -> Iterator[Sample]:
    """Yield each series of an answer, as a library that is not ours reads it."""
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            yield sample.name, sample.labels, sample.value


def value_of(text: str, name: str, **labels: str) -> float:
    """Return the value of one series."""
    return next(value for found, has, value in samples(text) if found == name and labels.items() <= has.items())


async def read(client: httpx.AsyncClient, token: str | None = None, **headers: str) -> httpx.Response:
    """Ask for the metrics."""
    given = {name.encode(): value.encode() for name, value in headers.items()}
    if token is not None:
        given[b"authorization"] = f"Bearer {token}".encode()
    return await client.get("/metrics", headers=given)


@pytest.fixture
async def guarded(settings: Settings, services: Services) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of a server in production, whose metrics have a token."""
    given = replace(settings, mode=Mode.PRODUCTION, metrics_token=TOKEN)
    async with client_of(create_app(given, services)) as opened:
        yield opened


# -- who may read them -------------------------------------------------------------------------------------------------


async def test_the_token_opens_them_and_nothing_else_does(guarded: httpx.AsyncClient) -> None:
    """With a token they are for whoever has it; to all others the address is one that does not exist."""
    assert (await read(guarded, TOKEN)).status_code == 200
    nowhere = (await guarded.get("/metricz")).json()
    for wrong in (None, "", TOKEN + "x", TOKEN[:-1], TOKEN.upper(), "\xe9"):
        refused = await read(guarded, wrong)
        assert code_of(refused) == (404, "not_found")
        assert {**refused.json(), "instance": ""} == {**nowhere, "instance": ""}


async def test_a_member_may_not_read_them(guarded: httpx.AsyncClient) -> None:
    """An access token opens a club, and not the machine's own business."""
    answer = await guarded.post(
        "/api/auth/register",
        json={"email": "a@b.example", "password": "a long password", "display_name": "A", "device_id": some_id(),
              "club_name": "Reds"},
    )  # fmt: skip
    assert (await read(guarded, answer.json()["access_token"])).status_code == 404


async def test_production_without_a_token_has_none(settings: Settings, services: Services) -> None:
    """In production they are off unless somebody asked for them."""
    async with client_of(create_app(replace(settings, mode=Mode.PRODUCTION), services)) as client:
        assert code_of(await read(client)) == (404, "not_found")


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("192.168.1.7", {}, 404),
        ("127.0.0.1", {"x-forwarded-for": "127.0.0.1"}, 404),
        ("127.0.0.1", {"via": "1.1 tunnel"}, 404),
    ],
)
async def test_in_development_this_machine_reads_them(
    settings: Settings, services: Services, peer: str, headers: dict[str, str], status: int
) -> None:
    """Without a token they are told to the machine itself, and not through whatever stands in front of it."""
    app: Any = create_app(settings, services)
    transport = httpx.ASGITransport(app=app, client=(peer, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        assert (await read(client, **headers)).status_code == status


async def test_a_port_of_their_own_needs_no_token_and_has_nothing_else(settings: Settings, services: Services) -> None:
    """Who reaches that port is on a private network; what a request says of its host does not count."""
    app = create_app(replace(settings, mode=Mode.PRODUCTION, metrics_token=TOKEN, metrics_port=9_091), services)
    async with client_of(app) as public:
        here = httpx.AsyncClient(transport=public._transport, base_url="http://test:9091")
        assert (await here.get("/metrics")).status_code == 200
        for path in ("/", "/ops", "/api/sync/config", "/health/live", "/metrics/"):
            assert (await here.get(path)).status_code == 404
        assert (await public.get("/metrics", headers={"host": "test:9091"})).status_code == 404
        assert (await read(public, TOKEN)).status_code == 200


# -- what they count ---------------------------------------------------------------------------------------------------


async def test_requests_are_counted_by_their_route(client: httpx.AsyncClient, coach: Person) -> None:
    """A route's template and a class of status, and never an address, a query or an id that somebody made up."""
    match_id = await coach.make_match()
    await coach.get(f"/api/matches/{match_id}")
    await coach.get(f"/api/matches/{match_id}")
    for place in range(20):
        await client.get(f"/nowhere/{place}")
        await client.request(f"FETCH{place}", "/health/live")
    answer = await read(client)
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert answer.headers["cache-control"] == "no-store"
    route = "/api/matches/{match_id}"
    name = "touchline_http_requests_total"
    assert value_of(answer.text, name, method="GET", route=route, status="2xx") == 2
    assert value_of(answer.text, name, method="GET", route="(no route)", status="4xx") == 20
    assert value_of(answer.text, "touchline_http_request_seconds_count", method="GET", route=route) == 2
    assert value_of(answer.text, "touchline_views_read_total", result="hit") >= 0
    methods = {labels["method"] for found, labels, _ in samples(answer.text) if found == name}
    assert methods <= {"GET", "POST", "OTHER"}
    for secret in (match_id, coach.club_id, coach.tokens["user_id"], "nowhere", "coach@club.example"):
        assert secret not in answer.text


async def test_the_page_lists_every_metric(client: httpx.AsyncClient) -> None:
    """An answer has each metric of the table, and no other; `docs/metrics.md` is made of it."""
    families = {
        family.name: family for family in text_string_to_metric_families((await read(client)).text) if family.samples
    }
    own = {name for name in families if name.startswith("touchline_")}
    rare = {"touchline_http_requests", "touchline_http_request_seconds"}  # nobody has asked for anything yet
    rare |= {"touchline_sockets_closed", "touchline_sockets_refused"}
    assert own | rare == {name.removesuffix("_total") for name in METRICS}
    for name, told in METRICS.items():
        family = families.get(name.removesuffix("_total"))
        assert family is None or family.type == told.type, name
        for sample in () if family is None else family.samples:
            assert sample.labels.keys() - {"worker", "le"} == set(told.labels), name
            assert sample.labels["worker"] == "0"
    page = PAGE.read_text(encoding="utf-8")
    assert all(f"`{name}`" in page or f"`{name}_total`" in page for name in families)


def test_every_metric_has_its_place_in_the_runbook_and_its_alert() -> None:
    """Meaning, alert or none, and a heading that is there; a rule speaks of metrics and labels that are."""
    assert list(READINGS) == list(METRICS)
    assert len(METRICS) >= 40
    headings = re.findall(r"^#+ (.*)$", RUNBOOK.read_text(encoding="utf-8"), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    for name, reading in READINGS.items():
        assert METRICS[name].meaning.endswith("."), name
        assert reading.see in anchors, name
        assert reading.alert is None or name in reading.alert.when, name


def test_the_alerts_are_rules() -> None:
    """Prometheus reads the file: one rule each, on our metrics, their own labels, for some minutes, with what to do."""
    rules = [rule for group in yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]
    assert [rule["alert"] for rule in rules] == [each.alert.name for each in READINGS.values() if each.alert]
    assert len({rule["alert"] for rule in rules}) == len(rules) >= 15
    for rule in rules:
        expression = rule["expr"]
        used = re.findall(r"(touchline_\w+?)(?:_bucket|_count|_sum)?(?:\{([^}]*)\})?(?=[\s\[)]|$)", expression)
        assert used, expression
        for name, matchers in used:
            labels = {each.split("=")[0] for each in matchers.split(",") if each}
            assert labels <= set(METRICS[name].labels), expression
        for grouped in re.findall(r"by \(([^)]*)\)", expression):
            known = {label for name, _ in used for label in METRICS[name].labels}
            assert set(grouped.split(", ")) <= known | {"le", "worker"}, expression
        assert expression.count("(") == expression.count(")")
        assert re.search(r" (>|>=|==) [^=]", expression), expression
        assert re.fullmatch(r"[1-9]\d*m", rule["for"])
        assert rule["labels"]["severity"] in {"now", "week"}
        assert rule["annotations"]["summary"].endswith(".")
        page, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert page == "docs/runbook.md"
        assert anchor in {each.see for each in READINGS.values()}


async def test_pushes_and_verdicts_are_counted(client: httpx.AsyncClient, coach: Person) -> None:
    """One push with a match, and an event that waits for another: two verdicts, one transaction, no connection kept."""
    await coach.push(put("matches", some_id(), kickoff_ts="2026-09-20T10:00:00.000Z"), put("events", some_id(),
                     match_id=some_id(), kind="goal"))  # fmt: skip
    text = (await read(client)).text
    assert value_of(text, "touchline_pushes_total", result="answered") == 1
    assert value_of(text, "touchline_push_rounds_total") == 1
    verdicts = {word: value_of(text, "touchline_mutations_total", verdict=word) for word in ("applied", "parked")}
    assert verdicts == {"applied": 1, "parked": 1}
    assert value_of(text, "touchline_pool_connections", pool="store", state="used") == 0
    assert value_of(text, "touchline_pool_connections_max", pool="store") == STORE_CONNECTIONS_MAX


def test_whatever_is_sent_the_series_are_bounded() -> None:
    """A thousand made-up methods are one series, and each status has its class; 0 is a client that left."""
    requests = Requests()
    for place in range(1_000):
        requests.note(f"M{place}", "(no route)", place % 600, 0.001 * place)
    counts, durations = requests.families()
    assert {tuple(each.labels.values()) for each in counts.samples} == {
        ("OTHER", "(no route)", status) for status in ("none", "1xx", "2xx", "3xx", "4xx", "5xx")
    }
    assert sum(each.value for each in counts.samples) == 1_000
    assert len(durations.samples) == len(BOUNDS_S) + 3


def test_buckets_are_cumulative() -> None:
    """Each bucket has what was at most so long, a bound itself included, and the last has all."""
    assert cumulative((0.1, 1.0), (1, 2, 3)) == [("0.1", 1), ("1.0", 3), ("+Inf", 6)]
