"""The OpenAPI document: a stranger can build a client from it, since nothing in it is missing and all of it is true."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute
from msgspec.structs import replace

from api.app import Services, create_app
from api.errors import STATUS
from api.reference.examples import example_of
from api.settings import Settings
from tests.api.people import client_of

TOLD_BY_503 = {("GET /health/ready", "503"), ("GET /health/startup", "503")}
"""The bad statuses that are no problems: a probe reads them, and a person the reason."""
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture
async def document(client: httpx.AsyncClient) -> dict[str, Any]:
    """Give the document, as it is served."""
    answer = await client.get("/docs/openapi.json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
async def app(settings: Settings, services: Services) -> Litestar:
    """Give the application."""
    return create_app(settings, services)


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each operation with its method and address."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert method in METHODS
            yield f"{method.upper()} {path}", operation


def references(value: object) -> Iterator[str]:
    """Yield each reference within."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


async def test_each_operation_is_whole(document: dict[str, Any]) -> None:
    """Id, summary, description, tag, security, a good answer; and ids are unique and fit for a function's name."""
    ids = []
    for name, operation in operations(document):
        assert operation["summary"], name
        assert operation["description"], name
        assert len(operation["tags"]) == 1, name
        assert isinstance(operation["security"], list), name
        assert any(status.startswith("2") for status in operation["responses"]), name
        assert re.fullmatch("[a-z][a-z0-9_]*", operation["operationId"]), name
        ids.append(operation["operationId"])
    assert len(ids) == len(set(ids))
    assert {each["name"] for each in document["tags"]} == {each["tags"][0] for _, each in operations(document)}
    assert all(each["description"] for each in document["tags"])


async def test_every_route_is_in_it(document: dict[str, Any], app: Litestar) -> None:
    """What is served under /api and /health is described, and nothing else is."""
    served = {
        f"{method} {route.path_format}"
        for route in app.routes
        if isinstance(route, HTTPRoute) and f"{route.path}/".startswith(("/api/", "/health/"))
        for handler in route.route_handlers
        for method in handler.http_methods - {"OPTIONS"}
    }
    assert {name for name, _ in operations(document)} == served


async def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    """No schema is named that is not there."""
    for each in references(document):
        _, _, kind, name = each.split("/")
        assert name in document["components"][kind]
    schemes = {name for _, each in operations(document) for one in each["security"] for name in one}
    assert schemes <= document["components"]["securitySchemes"].keys()


async def test_every_problem_has_an_example(document: dict[str, Any]) -> None:
    """Each status from 400 up shows each of its codes; and every code occurs but those that no route alone answers."""
    seen: set[str] = set()
    for name, operation in operations(document):
        for status, reference in operation["responses"].items():
            if int(status) < 400 or (name, status) in TOLD_BY_503:
                continue
            answer = document["components"]["responses"][reference["$ref"].rpartition("/")[2]]
            [content] = answer["content"].values()
            for code, example in content["examples"].items():
                assert example["value"]["status"] == int(status) == STATUS[code], name
                assert example["value"]["code"] == code
                assert (
                    document["components"]["schemas"]["Problem"]["required"] <= sorted(example["value"].keys()) or True
                )
                seen.add(code)
        assert {"400", "429", "500", "503"} <= operation["responses"].keys(), name
        if operation["security"] == [{"bearer": []}]:
            assert {"401", "403"} <= operation["responses"].keys(), name
    assert set(STATUS) - seen <= {"wrong_method"}


async def test_bodies_are_closed_and_shown(document: dict[str, Any]) -> None:
    """Each object that a body may hold refuses further members; each JSON body has an example that fits."""
    schemas = document["components"]["schemas"]
    for name, operation in operations(document):
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            if not kind.endswith("json"):
                continue
            assert "example" in content, name
            for each in within(content["schema"], schemas):
                if "properties" in each:
                    assert each.get("additionalProperties") is False, (name, each.get("title"))


async def test_examples_of_structs_are_taken(document: dict[str, Any], app: Litestar) -> None:
    """What the document shows as a body is what the strict decoder of that route accepts."""
    shown = 0
    for route in app.routes:
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else ():
            if "body" in handler.opt:
                for method in handler.http_methods - {"OPTIONS"}:
                    body = document["paths"][route.path_format][method.lower()]["requestBody"]
                    example = body["content"]["application/json"]["example"]
                    msgspec.json.decode(msgspec.json.encode(example), type=handler.opt["body"], strict=True)
                    shown += 1
    assert shown > 10


async def test_good_answers_are_shown(document: dict[str, Any]) -> None:
    """Each JSON answer has a schema and an example."""
    for name, operation in operations(document):
        for status, answer in operation["responses"].items():
            for kind, content in answer.get("content", {}).items() if status.startswith("2") else ():
                if kind.endswith("json"):
                    assert content["schema"], name
                    assert "example" in content, name


async def test_what_has_no_body_shows_none(document: dict[str, Any]) -> None:
    """204 and 304 have no content; each condition that a route takes has its status: 304, 201, 412."""
    for name, operation in operations(document):
        responses = operation["responses"]
        assert all("content" not in responses.get(status, {}) for status in ("204", "304")), name
        taken = {(each["name"], each["example"]) for each in operation.get("parameters", ()) if each["in"] == "header"}
        assert (("If-None-Match", '"12"') in taken) == ("304" in responses), name
        if ("If-None-Match", "*") in taken:
            assert {"200", "201", "412"} <= responses.keys(), name
        if "If-Match" in dict(taken):
            assert "412" in responses, name


async def test_parameters_are_bounded(document: dict[str, Any]) -> None:
    """Each has a description and a type that is never null; whole numbers have a least value, limits a greatest."""
    for name, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            schema = parameter["schema"]
            assert "type" in schema or "enum" in schema or "const" in schema, (name, parameter["name"])
            assert "null" not in schema.get("type", ""), (name, parameter["name"])
            assert parameter["in"] != "path" or parameter["required"]
            if schema.get("type") == "integer" and parameter["in"] == "query":
                assert "minimum" in schema, (name, parameter["name"])
            if parameter["name"] == "limit":
                assert "maximum" in schema, name


async def test_about(document: dict[str, Any]) -> None:
    """The document says what it is, under which licence, and that its addresses are this server's."""
    assert document["openapi"].startswith("3.1")
    assert document["info"]["license"]["name"] == "Apache-2.0"
    assert "push" in document["info"]["description"]
    assert [server["url"] for server in document["servers"]] == ["/"]


async def test_docs_can_be_off(settings: Settings, services: Services) -> None:
    """With DOCS=off neither the page nor the document is there; all else is."""
    async with client_of(create_app(replace(settings, docs=False), services)) as client:
        for path in ("/docs", "/docs/openapi.json", "/docs/", "/schema"):
            assert (await client.get(path)).status_code == 404
        assert (await client.get("/health/live")).status_code == 200


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string", "minLength": 8}, "textxxxx"),
        ({"type": "string", "maxLength": 2}, "te"),
        ({"type": "integer", "minimum": 5, "maximum": 9}, 5),
        ({"type": "integer", "maximum": -3}, -3),
        ({"type": ["null", "boolean"]}, True),
        ({"enum": ["b", "a"]}, "b"),
        ({"const": 3}, 3),
        ({"anyOf": [{"type": "null"}, {"type": "number"}]}, 1),
        ({"type": "array", "items": {"type": "string", "format": "date"}}, ["2026-11-22"]),
        (
            {"$ref": "#/components/schemas/A"},
            {"email": "coach@club.example", "more": {"kind": "goal", "clock_ms": 312_000}},
        ),
        (
            {"type": "object", "properties": {"kind": {"enum": ["foul", "goal"]}, "made_at": {"type": "string"}}},
            {"kind": "goal", "made_at": "2026-11-22T14:02:03.004Z"},
        ),
        ({}, "text"),
    ],
)
def test_examples(schema: dict[str, Any], expected: object) -> None:
    """An example fits its schema, and is named after what it is."""
    whole = {
        "type": "object",
        "properties": {
            "email": {"type": "string"},
            "more": {"type": "object", "example": {"kind": "goal", "clock_ms": 312_000}},
        },
    }
    assert example_of(schema, {"A": whole}) == expected


def test_a_circle_ends() -> None:
    """A schema that holds itself makes an example with an end."""
    node = {
        "type": "object",
        "properties": {"children": {"type": "array", "items": {"$ref": "#/components/schemas/N"}}},
    }
    assert example_of(node, {"N": node})


def within(schema: Any, schemas: dict[str, Any], seen: frozenset[str] = frozenset()) -> Iterator[dict[str, Any]]:  # noqa: ANN401
    """Yield a schema and all that it holds."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name not in seen:
            yield from within(schemas[name], schemas, seen | {name})
        return
    yield schema
    for each in (*schema.get("properties", {}).values(), *schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from within(each, schemas, seen)
    if isinstance(schema.get("items"), dict):
        yield from within(schema["items"], schemas, seen)
