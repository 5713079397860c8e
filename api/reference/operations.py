"""Operations of the API's document: what one route is for, who may ask, what it takes, and everything it may answer.

All of it is read off the route: its docstring, its `opt`, and the schemas that are named there.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from litestar.handlers import HTTPRouteHandler

from api.edge.rates import BUDGETS, class_of
from api.errors import PROBLEM
from api.identity.access import PUBLIC
from api.reference.examples import example_of
from api.reference.problems import kinds
from api.requests import WHOLE_NUMBER

Operation = dict[str, Any]

ALWAYS: Final = ("malformed", "too_many_requests", "internal", "unavailable")
"""Problems that any route may answer with."""
GUARDED: Final = ("unauthorised", "forbidden", "access_ended")
"""Problems of every route that is not public."""
WITH_BODY: Final = ("wrong_content_type", "compressed_body", "too_large")

HEADERS: Final[Mapping[str, str]] = {
    "Retry-After": "Seconds after which to send the same again.",
    "RateLimit-Policy": "The budget: its class, how many requests, in how many seconds.",
    "RateLimit": "What is left of it, and in how many seconds there is more.",
    "WWW-Authenticate": "`Bearer`",
    "X-Request-Id": "The request's id, as the log has it.",
}
BY_STATUS: Final[Mapping[int, Sequence[str]]] = {
    401: ("WWW-Authenticate",),
    429: ("Retry-After", "RateLimit-Policy", "RateLimit"),
    503: ("Retry-After",),
}

TAGS: Final[Mapping[str, str]] = {
    "auth": "Signing up, in and out; tokens.",
    "sync": "The engine: push, pull, snapshot, conflicts.",
    "matches": "Matches, and what belongs to one.",
    "events": "What happened in a match.",
    "teams": "Teams and their squads.",
    "players": "Players.",
    "seasons": "Seasons.",
    "lineup": "Who is on the pitch, from when to when.",
    "notes": "Notes of a match.",
    "awards": "Awards of a season and of a match.",
    "positions": "The words for positions.",
    "clubs": "Members, roles and invitations.",
    "share": "Links for families: making them, and what a viewer reads by one.",
    "erasures": "Making somebody's data disappear for good.",
    "health": "Whether the server lives, and can write.",
}
"""The first word of an address is its tag; one that is not here stands after these."""
SAME: Final[Mapping[str, str]] = {
    "club": "clubs",
    "shared": "share",
    "account": "auth",
    "sharing": "share",
    "match-awards": "awards",
}


def name_operations(found: Iterable[tuple[str, Operation, HTTPRouteHandler]]) -> None:
    """Give each operation an id: its function's name; where that is `..._record`, its verb and the address."""
    for path, operation, handler in found:
        name = handler.fn.__name__
        verb, _, rest = name.partition("_")
        if rest.startswith("record"):
            words = [word for word in _words(path) if word != verb]
            name = "_".join([verb, *words])
            operation["summary"] = f"{' of '.join(reversed(words)).capitalize()}: {operation['summary']}"
        operation["operationId"] = name.replace("-", "_")


def _words(path: str) -> list[str]:
    """Return the words of an address, without parameters and without `api`."""
    return [part for part in path.split("/") if part and not part.startswith("{") and part != "api"]


def tag_of(path: str) -> str:
    """Return under what an address is shown."""
    word = (_words(path) or ["health"])[0]
    return SAME.get(word, word)


def _first_sentence(text: str) -> str:
    """Return the first sentence, or what of it stands before a colon, outside of code."""
    found = re.match(r"(?:[^`.:]|`[^`]*`|[.:](?!\s|$))+", text)
    return found[0].strip() if found else text


def describe(operation: Operation, handler: HTTPRouteHandler, path: str, method: str) -> None:
    """Complete an operation: in words, in who may ask, and in the problems that it may answer."""
    opt = handler.opt
    text = " ".join((handler.fn.__doc__ or "").split("\n\n")[0].split())
    operation["summary"] = _first_sentence(text)
    operation["description"] = "\n\n".join([_whole(handler.fn.__doc__ or ""), *_notes(opt, path, method)])
    operation["tags"] = [tag_of(path)]
    operation["security"] = security_of(opt, path)
    codes = [*ALWAYS, *opt.get("problems", ()), *(() if opt["access"] == PUBLIC["access"] else GUARDED)]
    codes += WITH_BODY if "requestBody" in operation else ()
    codes += ["not_found"] if "{" in path else []
    operation["responses"].update(problems(codes))
    if "unavailable" in opt:
        operation["responses"]["503"] = _unavailable(opt["unavailable"].__name__)
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            answer["description"] = _ANSWERED.get(status, "The answer.") if _is_stock(answer) else answer["description"]
            answer.setdefault("headers", {})["X-Request-Id"] = header(HEADERS["X-Request-Id"])


def _unavailable(name: str) -> dict[str, Any]:
    """Return the answer of a route that tells by 503 how things stand, in words of its own."""
    return {
        "description": "The same, where it is not so; with the reason.",
        "headers": {each: header(HEADERS[each]) for each in (*BY_STATUS[503], "X-Request-Id")},
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}},
    }


def _is_stock(answer: Mapping[str, Any]) -> bool:
    return str(answer.get("description", "")).split(",")[0] in _STOCK


_STOCK: Final = frozenset({"", "Request fulfilled", "Document created"})
_ANSWERED: Final[Mapping[str, str]] = {"201": "It is made.", "204": "It is done; there is nothing to say."}


def security_of(opt: Mapping[str, Any], path: str) -> list[dict[str, list[str]]]:
    """Return what a request must show: an access token, a share link's secret, or nothing.

    A shared address with a parameter is a secret itself: a feed's name, which caches must see.
    """
    if opt["access"] != PUBLIC["access"]:
        return [{"bearer": []}]
    return [{"share": []}] if opt.get("limit") == "shared" and "{" not in path else []


def _whole(docstring: str) -> str:
    parts = [" ".join(part.split()) for part in docstring.split("\n\n")]
    return "\n\n".join(part for part in parts if part)


def _notes(opt: Mapping[str, Any], path: str, method: str) -> Iterable[str]:
    if opt["access"] != PUBLIC["access"]:
        also = "; also a scorer by link, of their match" if opt.get("scope") == "match" else ""
        yield f"Roles: {', '.join(sorted(opt['access']))}{also}."
    name = class_of(opt, path, method.upper())
    budget = BUDGETS[name]
    own = "" if budget.per_session is None else f", {budget.per_session} of one session"
    yield f"Rate class `{name}`: {budget.per_address} requests in {budget.window_s} s from one network{own}."


def problems(codes: Iterable[str]) -> dict[str, Any]:
    """Return references to the answers that are problems, by status."""
    by_status: dict[int, list[str]] = {}
    for code in sorted(set(codes)):
        by_status.setdefault(kinds()[code].status, []).append(code)
    return {str(status): {"$ref": f"{_SHARED}{_JOIN.join(found)}"} for status, found in sorted(by_status.items())}


def shared_answers(described: Iterable[Operation]) -> dict[str, Any]:
    """Return the answers that operations refer to, each made once, with an example of each of its codes."""
    named = {
        answer["$ref"].removeprefix(_SHARED)
        for operation in described
        for answer in operation["responses"].values()
        if answer.get("$ref", "").startswith(_SHARED)
    }
    return {name: _problem(name.split(_JOIN)) for name in sorted(named)}


_SHARED: Final = "#/components/responses/"
_JOIN: Final = "-or-"


def _problem(codes: Sequence[str]) -> dict[str, Any]:
    known = kinds()
    examples = {code: {"summary": known[code].title, "value": known[code].example} for code in codes}
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": " ".join(f"`{code}`: {known[code].when}" for code in codes),
        "headers": {
            name: header(HEADERS[name]) for name in (*BY_STATUS.get(known[codes[0]].status, ()), "X-Request-Id")
        },
        "content": {PROBLEM: {"schema": schema, "examples": examples}},
    }


def header(doc: str) -> dict[str, Any]:
    """Return a header of an answer."""
    return {"description": doc, "schema": {"type": "string"}}


def bound_parameters(operation: Operation, opt: Mapping[str, Any]) -> None:
    """Lay the bounds that a route declares for its query over what its signature says."""
    declared = {each.name: each for each in opt.get("query", ())}
    for parameter in operation.get("parameters", ()):
        found = declared.get(parameter["name"]) if parameter["in"] == "query" else None
        if found is not None:
            parameter.update(description=found.doc, schema=found.schema)
        parameter["schema"] = _not_null(parameter["schema"])
        for name in ("deprecated", "allowEmptyValue", "allowReserved"):
            parameter.pop(name, None)


def _not_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a parameter, which is left out and never null."""
    several = [each for each in schema.get("oneOf", ()) if each.get("type") != "null"]
    if len(several) == 1:
        rest = {name: value for name, value in schema.items() if name not in {"oneOf", "description"}}
        is_number = schema.get("description") == WHOLE_NUMBER
        return {"type": "integer", "minimum": 1, **rest} if is_number else {**several[0], **rest}
    plain = dict(schema)
    if isinstance(plain.get("type"), list):
        kinds_left = [kind for kind in plain["type"] if kind != "null"]
        plain["type"] = kinds_left[0] if len(kinds_left) == 1 else kinds_left
    if "enum" in plain:
        plain["enum"] = [each for each in plain["enum"] if each is not None]
    return plain


def show_examples(operation: Operation, schemas: Mapping[str, Any], opt: Mapping[str, Any]) -> None:
    """Give bodies and good answers an example, the route's own where it has one."""
    body = operation.get("requestBody")
    for content in body["content"].values() if body else ():
        _show(content, schemas, opt.get("body_example"), whole=False)
    for answer in operation["responses"].values():
        for kind, content in answer.get("content", {}).items() if "$ref" not in answer else ():
            if kind.endswith("json"):
                _show(content, schemas, opt.get("answer_example"), whole=True)


def _show(content: dict[str, Any], schemas: Mapping[str, Any], given: object, *, whole: bool) -> None:
    if "example" not in content and "examples" not in content:
        content["example"] = given if given is not None else example_of(content.get("schema", {}), schemas, whole=whole)
