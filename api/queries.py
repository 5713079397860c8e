"""Addresses and queries: an id or number has one spelling, and a parameter that a route does not declare is refused.

A parameter that is misspelt would otherwise be left out in silence, and a list would come back whole. Routes declare
theirs in their signature, or as `Parameter` rows in `opt["query"]` where the same code serves many routes.
One thing has one address: an id with its hyphens, its letters of either case; a number in ASCII digits, no zero before.
"""

from typing import Any, Final
from urllib.parse import parse_qsl
from uuid import UUID

from litestar import Litestar, Request
from litestar.routes import HTTPRoute
from msgspec import Struct

from api.errors import NotFound
from sync.errors import MalformedRequest, plain

NAMES: Final = "query_names"
"""Where a route's `opt` keeps the names of all parameters that it takes."""
CHOICES: Final = "query_choices"
"""Where it keeps those that are no texts and may be left out: the framework would read `null` as left out too."""
ANY: Final = "any_query"
"""Set in the `opt` of a page: whatever its address was given on the way here, it opens."""
NAME_LENGTH_MAX: Final = 100


class Parameter(Struct, frozen=True):
    """A query parameter, as the OpenAPI document describes it."""

    name: str
    doc: str
    schema: dict[str, Any]


def declare(app: Litestar) -> None:
    """Note at each route which query parameters it takes, and which of them `null` is no value of."""
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler, model in route.route_handler_map.values():
                named = {each.field_alias for each in model.expected_query_params}
                fields = handler.parsed_fn_signature.parameters
                handler.opt[CHOICES] = frozenset(
                    each.field_alias
                    for each in model.expected_query_params
                    if fields[each.field_name].is_optional and not fields[each.field_name].has_inner_subclass_of(str)
                )
                handler.opt[NAMES] = frozenset(named | {each.name for each in handler.opt.get("query", ())})


async def check(request: Request[Any, Any, Any]) -> None:
    """Return where address and query are spelled as the route takes them. Raises NotFound, MalformedRequest."""
    refuse_other_spellings(request)
    refuse_unknown(request)


def refuse_other_spellings(request: Request[Any, Any, Any]) -> None:
    """Return where each id and number of the address is spelled in the one way. Raises NotFound.

    The framework reads more: digits of any script, and ids in braces or without hyphens.
    """
    parts = request.scope["path"].lower().split("/")
    for value in request.path_params.values():
        if isinstance(value, UUID | int) and str(value) not in parts:
            raise NotFound


def refuse_unknown(request: Request[Any, Any, Any]) -> None:
    """Return where the route takes all that the query names. Raises MalformedRequest, naming what it does not take."""
    query = request.scope["query_string"]
    if not query or request.route_handler.opt.get(ANY):
        return
    known = request.route_handler.opt.get(NAMES, frozenset())
    choices = request.route_handler.opt.get(CHOICES, frozenset())
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        if name not in known:
            taken = f"it takes {', '.join(sorted(known))}" if known else "it takes none"
            raise MalformedRequest(path=plain(name, NAME_LENGTH_MAX), problem=f"is no query parameter here; {taken}")
        if name in choices and value.lower() == "null":
            raise MalformedRequest(path=name, problem="takes no null; leave it out")
