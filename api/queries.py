"""Query parameters: each route declares those it takes, and any other is refused by name.

A parameter that is misspelt would otherwise be left out in silence, and a list would come back whole. Routes declare
theirs in their signature, or as `Parameter` rows in `opt["query"]` where the same code serves many routes.
"""

from typing import Any, Final
from urllib.parse import parse_qsl

from litestar import Litestar, Request
from litestar.routes import HTTPRoute
from msgspec import Struct

from sync.errors import MalformedRequest, plain

NAMES: Final = "query_names"
"""Where a route's `opt` keeps the names of all parameters that it takes."""
NAME_LENGTH_MAX: Final = 100


class Parameter(Struct, frozen=True):
    """A query parameter, as the OpenAPI document describes it."""

    name: str
    doc: str
    schema: dict[str, Any]


def declare(app: Litestar) -> None:
    """Note at each route which query parameters it takes."""
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler, model in route.route_handler_map.values():
                named = {each.field_alias for each in model.expected_query_params}
                handler.opt[NAMES] = frozenset(named | {each.name for each in handler.opt.get("query", ())})


def refuse_unknown(request: Request[Any, Any, Any]) -> None:
    """Return where the route takes all that the query names. Raises MalformedRequest, naming one that it does not."""
    query = request.scope["query_string"]
    if not query:
        return
    known = request.route_handler.opt.get(NAMES, frozenset())
    for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        if name not in known:
            taken = f"it takes {', '.join(sorted(known))}" if known else "it takes none"
            raise MalformedRequest(path=plain(name, NAME_LENGTH_MAX), problem=f"is no query parameter here; {taken}")
