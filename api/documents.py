"""The API's own pages: `/docs`, and the OpenAPI document that it renders, `/docs/openapi.json`.

The framework describes addresses and parameters. Bodies and answers are read by hand (`api/requests.py`), so each route
names their structs in its `opt`, and their schemas are laid into the document here. The page loads nothing from
elsewhere: it works at a pitch, and under a strict content policy.
"""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
from litestar import Litestar, Request, Router
from litestar.datastructures import ResponseHeader
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin
from litestar.routes import HTTPRoute

from api.errors import PROBLEM, STATUS
from api.identity.access import PUBLIC
from sync.messages import Mutation
from sync.records import Change

PATH: Final = "/docs"
PAGE: Final = Path(__file__).with_name("docs.html").read_text(encoding="utf-8")
_REF: Final = "#/components/schemas/{name}"

ALWAYS: Final = ("malformed", "internal", "unavailable")
"""Problems that any route may answer with."""

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


def make_config() -> OpenAPIConfig:
    """Return the framework's part: title, version and where it is served."""
    policy = ResponseHeader(name="Content-Security-Policy", value=content_policy(PAGE))
    return OpenAPIConfig(
        title="Touchline",
        version="1",
        description="The sync protocol and its thin wrappers. `GET /api/sync/config` has every limit and every field.",
        use_handler_docstrings=True,
        render_plugins=[PagePlugin(), DocumentPlugin()],
        openapi_router=Router(
            PATH, route_handlers=[], opt={**PUBLIC}, include_in_schema=False, response_headers=[policy]
        ),
    )


def complete(document: dict[str, Any], app: Litestar) -> dict[str, Any]:
    """Return the document with each route's body, answer, problems and need of a token."""
    whole: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(document))
    operations = list(_operations(whole, app))
    components = whole.setdefault("components", {})
    components["schemas"] = {**components.get("schemas", {}), **_schemas(handler for _, handler in operations)}
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    for operation, handler in operations:
        _describe(operation, handler.opt)
    return whole


def _operations(document: dict[str, Any], app: Litestar) -> Iterator[tuple[dict[str, Any], HTTPRouteHandler]]:
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        path = document["paths"].get(route.path_format or "/", {})
        for handler in route.route_handlers:
            for method in sorted(each.lower() for each in handler.http_methods):
                if method in path:
                    yield path[method], handler


def _schemas(handlers: Iterable[HTTPRouteHandler]) -> dict[str, Any]:
    named = {handler.opt[name] for handler in handlers for name in ("body", "answer") if name in handler.opt}
    structs = sorted({*named, Mutation, Change}, key=lambda struct: struct.__name__)
    _, schemas = msgspec.json.schema_components(structs, ref_template=_REF)
    schemas["PushRequest"]["properties"]["mutations"]["items"] = _reference("Mutation")
    schemas["PullAnswer"]["properties"]["changes"]["items"] = _reference("Change")
    schemas["SnapshotAnswer"]["properties"]["records"]["items"] = _reference("Change")
    return {**schemas, "Problem": PROBLEM_SCHEMA}


def _describe(operation: dict[str, Any], opt: dict[str, Any]) -> None:
    is_public = opt["access"] == PUBLIC["access"]
    if not is_public:
        operation["security"] = [{"bearer": []}]
        operation["description"] = f"{operation.get('description', '')}\n\nRoles: {', '.join(sorted(opt['access']))}."
    if "body" in opt:
        schema = _reference(opt["body"].__name__)
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    responses: dict[str, Any] = operation["responses"]
    good = next(iter(sorted(responses)))
    if "answer" in opt:
        responses[good] = {
            **responses[good],
            "content": {"application/json": {"schema": _reference(opt["answer"].__name__)}},
        }
    codes = [*ALWAYS, *opt.get("problems", ()), *(() if is_public else ("unauthorised", "forbidden"))]
    codes += ["wrong_content_type", "too_large"] if "body" in opt else []
    responses.update(_problems(codes))


def _problems(codes: Iterable[str]) -> dict[str, Any]:
    by_status: dict[int, list[str]] = {}
    for code in sorted(set(codes)):
        by_status.setdefault(STATUS[code], []).append(code)
    content = {PROBLEM: {"schema": _reference("Problem")}}
    return {
        str(status): {"description": f"Problem: {', '.join(found)}", "content": content}
        for status, found in sorted(by_status.items())
    }


def _reference(name: str) -> dict[str, str]:
    return {"$ref": _REF.format(name=name)}
