"""The table of all routes in docs/api.md, read off the routes themselves; the rest of that page is written by hand."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from litestar.handlers import HTTPRouteHandler, WebsocketRouteHandler

from api.app import ROUTES
from api.identity.access import DECIDERS, MEMBERS, OWNERS, PUBLIC, WRITERS
from api.pages.routes import ROUTES as PAGES

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "api.md"
BEGIN: Final = "<!-- The routes, made by `make docs`. -->"
END: Final = "<!-- The end of the routes. -->"

_WHO: Final = (
    (PUBLIC, "anyone"),
    (MEMBERS, "members"),
    (WRITERS, "owner, coach, scorer"),
    (DECIDERS, "owner, coach"),
    (OWNERS, "owner"),
)
_BY_LINK: Final = ", scorer by link"


def api_page() -> str:
    """Return docs/api.md with the table that the routes make."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def table() -> str:
    """Return a row for each address: its methods with who may use them, and what those do beside the plain verbs.

    The pages for people, and the files that those load, are left out.
    """
    found: dict[str, list[_Verb]] = {}
    for handler in ROUTES:
        if handler in PAGES:
            continue
        for path in handler.paths:
            shown = path.replace(":uuid", "").replace(":int", "").replace(":str", "")
            found.setdefault(shown, []).extend(_verbs(handler))
    rows = (f"| `{path}` | {_methods(verbs)} | {_said(verbs)} |" for path, verbs in sorted(found.items()))
    return "\n".join(["| address | who may | what it does, beside the plain verbs |", "|---|---|---|", *rows])


class _Verb(NamedTuple):
    method: str
    who: str
    what: str


_ORDER: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "socket")
_PLAIN: Final = re.compile(r"(list|create|read|put|patch|delete|restore)_records?")
"""Names of the functions that `api/resources/crud.py` makes for every resource; the page tells of them once."""


def _verbs(handler: Any) -> Iterator[_Verb]:  # noqa: ANN401 - routes of both kinds
    is_plain = _PLAIN.fullmatch(handler.fn.__name__)
    what = "" if is_plain else _first_sentence(handler.fn.__doc__ or "")
    if isinstance(handler, HTTPRouteHandler):
        for method in handler.http_methods:
            yield _Verb(str(method), _who(handler.opt), what)
    elif isinstance(handler, WebsocketRouteHandler):
        yield _Verb("socket", "whoever its first message names", what)


def _methods(verbs: Iterable[_Verb]) -> str:
    by_who: dict[str, list[str]] = {}
    for verb in sorted(verbs, key=lambda verb: _ORDER.index(verb.method)):
        by_who.setdefault(verb.who, []).append(f"`{verb.method}`")
    return "; ".join(f"{' '.join(methods)} {who}" for who, methods in by_who.items())


def _said(verbs: Iterable[_Verb]) -> str:
    ordered = sorted(verbs, key=lambda verb: _ORDER.index(verb.method))
    return "<br>".join(f"`{verb.method}` {verb.what}" for verb in ordered if verb.what)


def _who(opt: dict[str, Any]) -> str:
    named = next(words for access, words in _WHO if opt["access"] == access["access"])
    return named + (_BY_LINK if opt.get("scope") == "match" else "")


def _first_sentence(text: str) -> str:
    return " ".join(text.split()).partition(". ")[0].rstrip(".").replace("|", "/") + "."
