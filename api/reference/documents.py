"""The API's own pages: `/docs`, and the OpenAPI document that it renders, `/docs/openapi.json`.

The framework describes addresses and parameters. Bodies and answers are read by hand (`api/requests.py`), so each route
names their structs in its `opt`, and their schemas are laid into the document here. The page loads nothing from
elsewhere: it works at a pitch, and under a strict content policy.
"""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from litestar import Litestar, Request, Router
from litestar.datastructures import ResponseHeader
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin
from litestar.openapi.spec import License, Server
from litestar.routes import HTTPRoute

from api.errors import STATUS
from api.identity.access import PUBLIC
from api.reference import operations
from api.reference.examples import CURSOR, MATCH, STAMP, UUID
from api.resources import schemas
from sync.messages import Mutation
from sync.records import Change

PATH: Final = "/docs"
PAGE: Final = Path(__file__).with_name("docs.html").read_text(encoding="utf-8")
_REF: Final = "#/components/schemas/{name}"
_NOTHING: Final = "204"
"""The status of an answer without a body."""

PROBLEM_SCHEMA: Final = {
    "type": "object",
    "description": "An RFC 9457 problem; further members are the error's own values.",
    "required": ["type", "title", "status", "detail", "instance", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What was wrong, where, and what to do."},
        "instance": {"type": "string", "description": "Holds the request's id, as the log has it."},
        "code": {"type": "string", "enum": sorted(STATUS)},
    },
}


SECURITY: Final = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token, from `/api/auth/login`: one person, one club, one device, 15 minutes.",
    },
    "share": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "tls_...",
        "description": "A share link's secret, which stands in the fragment of its address and never in a query.",
    },
}
"""What a request may show, as `Authorization: Bearer ...`."""

SAMPLES: Final[Mapping[str, Any]] = {
    "Mutation": {
        "n": 1,
        "collection": "events",
        "record": UUID,
        "op": "put",
        "wall": 1_795_352_520_000,
        "base": CURSOR,
        "fields": {"match_id": MATCH, "kind": "goal", "clock_ms": 312_000},
    },
    "Change": {
        "version": 7,
        "collection": "events",
        "record": UUID,
        "stamp": STAMP,
        "tag": "5355e81fc27ae1b9",
        "fields": {"match_id": MATCH, "kind": "goal", "clock_ms": 312_000},
    },
    "Register": {
        "email": "coach@club.example",
        "password": "four random words here",
        "display_name": "Sam",
        "device_id": UUID,
        "club_name": "Riverside Reds",
    },
    "ScorerLogin": {"device_id": UUID, "name": "Sam", "secret": "tlm_..."},
    "BulkEvents": {
        "match_id": MATCH,
        "events": [{"id": UUID, "kind": "goal", "period_number": 1, "clock_ms": 312_000}],
    },
    "Times": {"started_at": "2026-11-22T14:02:03.004Z", "ended_at": None},
    "Substitution": {
        "off": "2f6c1f9e-0b1d-4c5e-8a47-6a3b0c9d8e7f",
        "on": "7d0a4b52-3c68-4f19-9e21-0b8f6c5d4a31",
        "period": 1,
        "minute": 12,
    },
    "PushAnswer": {
        "applied": [[1, 1, [STAMP]]],
        "others": [{"n": 2, "verdict": "merged", "stamp": STAMP, "correction": 0, "conflicts": [UUID]}],
        "version": 7,
        "timestamp": CURSOR,
        "server_time": 1_795_352_521_204,
        "correction": 0,
    },
}
"""Examples of messages whose members belong together, or of which one at least is needed."""


def content_policy(page: str) -> str:
    """Return the policy under which the page runs its own script and style, and nothing else."""
    parts = [f"'sha256-{_hash_of(page, tag)}'" for tag in ("script", "style")]
    return (
        f"default-src 'none'; connect-src 'self'; script-src {parts[0]}; style-src {parts[1]}; "
        "base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
    )


def _hash_of(page: str, tag: str) -> str:
    inner = page.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0]
    return base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()


class PagePlugin(OpenAPIRenderPlugin):
    """Serves the page."""

    def __init__(self) -> None:
        """Stand at the root of the documentation."""
        super().__init__(path="/")

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Return the page; it asks for the document itself."""
        return PAGE.encode()


class DocumentPlugin(JsonRenderPlugin):
    """Serves the document, with bodies, answers and problems laid in."""

    def __init__(self) -> None:
        """Stand beside the page."""
        super().__init__(path="/openapi.json")
        self._made: bytes | None = None

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Return the document, made at the first look."""
        if self._made is None:
            self._made = msgspec.json.encode(complete(openapi_schema, request.app))
        return self._made


ABOUT: Final = """An app that keeps the club's data itself works by **push** and **pull**, and needs no other route but
those under `/api/auth` and `/api/sync`. An app that does not reads and writes single records; each write becomes a
mutation of the same log, so both kinds see one club.

Sign in with `POST /api/auth/login`, send `Authorization: Bearer <access_token>`, and on 401 refresh. Bodies are JSON in
UTF-8. Writes take an `Idempotency-Key`, and `If-Match` with the `ETag` that was read. 2xx: it is durable. 4xx: nothing
was applied, and the request must change. 5xx or silence: send the same again. Errors are RFC 9457 problems with a
stable `code`. `GET /api/sync/config` has every limit, every budget of requests, and the fields of each collection."""


def make_config() -> OpenAPIConfig:
    """Return the framework's part: title, version and where it is served."""
    policy = ResponseHeader(name="Content-Security-Policy", value=content_policy(PAGE))
    return OpenAPIConfig(
        title="Touchline",
        version="1",
        summary="An offline-first sync engine for grassroots football",
        description=ABOUT,
        license=License(name="Apache-2.0", identifier="Apache-2.0"),
        servers=[Server(url="/", description="This server.")],
        use_handler_docstrings=True,
        render_plugins=[PagePlugin(), DocumentPlugin()],
        openapi_router=Router(
            PATH, route_handlers=[], opt={**PUBLIC}, include_in_schema=False, response_headers=[policy]
        ),
    )


def complete(document: dict[str, Any], app: Litestar) -> dict[str, Any]:
    """Return the document with each route's body, answer, parameters, problems, examples and need of a token."""
    whole: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(document))
    found = list(_operations(whole, app))
    described = [(operation, handler) for _, _, operation, handler in found]
    components = whole.setdefault("components", {})
    components["schemas"] = {**components.get("schemas", {}), **_schemas(handler for _, handler in described)}
    components["securitySchemes"] = SECURITY
    for operation, handler in described:
        _lay_structs(operation, handler.opt)
    schemas.lay_in(components["schemas"], described)
    for path, method, operation, handler in found:
        operations.describe(operation, handler, path, method)
        operations.bound_parameters(operation, handler.opt)
        operations.show_examples(operation, components["schemas"], handler.opt)
    operations.name_operations((path, operation, handler) for path, _, operation, handler in found)
    components["responses"] = operations.shared_answers(operation for operation, _ in described)
    used = {operation["tags"][0] for operation, _ in described}
    ordered = [*(tag for tag in operations.TAGS if tag in used), *sorted(used - operations.TAGS.keys())]
    whole["tags"] = [{"name": tag, "description": operations.TAGS.get(tag, "")} for tag in ordered]
    return whole


def _operations(document: dict[str, Any], app: Litestar) -> Iterator[tuple[str, str, dict[str, Any], HTTPRouteHandler]]:
    """Yield the address, method, operation and handler of each route in the document."""
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        path = route.path_format or "/"
        methods = document["paths"].get(path, {})
        for handler in route.route_handlers:
            for method in sorted(each.lower() for each in handler.http_methods):
                if method in methods:
                    yield path, method, methods[method], handler


def _schemas(handlers: Iterable[HTTPRouteHandler]) -> dict[str, Any]:
    named = {
        handler.opt[name] for handler in handlers for name in ("body", "answer", "unavailable") if name in handler.opt
    }
    structs = sorted({*named, Mutation, Change}, key=lambda struct: struct.__name__)
    _, found = msgspec.json.schema_components(structs, ref_template=_REF)
    found["PushRequest"]["properties"]["mutations"]["items"] = _reference("Mutation")
    found["PullAnswer"]["properties"]["changes"]["items"] = _reference("Change")
    found["SnapshotAnswer"]["properties"]["records"]["items"] = _reference("Change")
    for name, sample in SAMPLES.items():
        found[name]["example"] = sample
    return {**found, "Problem": PROBLEM_SCHEMA}


def _lay_structs(operation: dict[str, Any], opt: dict[str, Any]) -> None:
    """Name the structs of a route's body and answer."""
    if "body" in opt:
        content = {"application/json": {"schema": _reference(opt["body"].__name__)}}
        operation["requestBody"] = {"required": True, "content": content}
    if "takes" in opt:
        operation["requestBody"] = {"required": True, "content": {opt["takes"]: {"schema": {"type": "string"}}}}
    responses: dict[str, Any] = operation["responses"]
    good = next(iter(sorted(responses)))
    if "answer" in opt:
        content = {"application/json": {"schema": _reference(opt["answer"].__name__)}}
        responses[good] = {**responses[good], "content": content}
    if good == _NOTHING:
        responses[good].pop("content", None)
    known = responses[good].get("content", {})
    if "answer" not in opt and all(not each.get("schema") for each in known.values()):
        responses[good].pop("content", None)  # the framework's guess, from what the function returns
    for kind in opt.get("gives", ()):
        content = responses[good].setdefault("content", {})
        content[kind] = {"schema": {"type": "string"}}


def _reference(name: str) -> dict[str, str]:
    return {"$ref": _REF.format(name=name)}
