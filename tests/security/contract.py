"""What the application says of itself: every operation of its OpenAPI document, beside the route that answers it.

Nothing is listed here: a route that is added is met by every suite of this package.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from litestar import Litestar
from litestar.routes import HTTPRoute
from msgspec import Struct

from tests.security.wire import Json, Wire

DOCUMENT = "/docs/openapi.json"
Schema = Mapping[str, Any]


class Operation(Struct, frozen=True):
    """One method of one address."""

    method: str
    path: str
    """As the document spells it: `/api/matches/{match_id}`."""
    opt: Mapping[str, Any]
    path_names: tuple[str, ...]
    query: Mapping[str, Schema]
    headers: tuple[str, ...]
    kind: str | None
    """The content type of the body; None without one."""
    body: Schema | None
    example: Any = None
    is_body_required: bool = False

    def __str__(self) -> str:
        """Return how a failure names it."""
        return f"{self.method} {self.path}"

    @property
    def is_read(self) -> bool:
        """Tell whether it changes nothing."""
        return self.method == "GET"

    def at(self, values: Mapping[str, object]) -> str:
        """Return the address with its parameters filled in."""
        return re.sub(r"\{(\w+)\}", lambda found: str(values[found[1]]), self.path)

    @property
    def places(self) -> tuple[tuple[str, str], ...]:
        """Return each parameter of the address with the word before it, which says what it is an id of."""
        return tuple((found[1], found[2]) for found in re.finditer(r"([\w-]+)/\{(\w+)\}", self.path))

    def sent(self, body: object | None = None) -> bytes:
        """Return the bytes of a body: the document's example unless another is given."""
        value = self.example if body is None else body
        return value.encode() if isinstance(value, str) else json.dumps(value).encode()


class Contract(Struct, frozen=True):
    """All operations, and the schemas that they name."""

    operations: tuple[Operation, ...]
    schemas: Mapping[str, Schema]

    def resolve(self, schema: Schema) -> Schema:
        """Return what a schema refers to, or itself."""
        while "$ref" in schema:
            schema = self.schemas[schema["$ref"].rpartition("/")[2]]
        return schema


async def read_contract(wire: Wire, app: Litestar) -> Contract:
    """Read the document as anybody would, and lay the routes beside it."""
    answer = await wire.ask("GET", DOCUMENT)
    assert answer.status == 200, answer.body
    document = answer.json()
    opts = dict(_opts(app))
    found = [
        _operation(path, method, operation, opts[method.upper(), path])
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    told = {(each.method, each.path) for each in found}
    hidden = [key for key in opts if key not in told and key[1].startswith(("/api", "/ws"))]
    assert hidden == [], "the document leaves routes out"
    return Contract(tuple(found), document["components"]["schemas"])


def _opts(app: Litestar) -> Iterator[tuple[tuple[str, str], Mapping[str, Any]]]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                for method in handler.http_methods - {"OPTIONS", "HEAD"}:
                    yield (str(method), route.path_format or "/"), handler.opt


def _operation(path: str, method: str, operation: dict[str, Any], opt: Mapping[str, Any]) -> Operation:
    parameters = operation.get("parameters", ())
    content = operation.get("requestBody", {}).get("content", {})
    kind = next(iter(content), None)
    described = {} if kind is None else content[kind]
    return Operation(
        method=method.upper(),
        path=path,
        opt=opt,
        path_names=tuple(each["name"] for each in parameters if each["in"] == "path"),
        query={each["name"]: each["schema"] for each in parameters if each["in"] == "query"},
        headers=tuple(each["name"] for each in parameters if each["in"] == "header"),
        kind=kind,
        body=described.get("schema"),
        example=_example(described),
        is_body_required=bool(operation.get("requestBody", {}).get("required")),
    )


def _example(content: Mapping[str, Any]) -> Json:
    if "example" in content:
        return content["example"]
    return next((each["value"] for each in content.get("examples", {}).values()), None)
