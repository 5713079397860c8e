"""Lists: filters, pages and sparse rows, the same for every collection.

A page ends at its limit or at 48 KiB, whichever comes first, so that no list is a burden at the touchline; `after` of
the answer goes on where it ended. The token is a place in the list's order (see `sync/selections.py`), so a record that
is added meanwhile neither repeats nor hides another.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from litestar import Request
from msgspec import Struct

from api.queries import Parameter
from api.requests import NUMBER, bounded
from api.resources import schemas
from sync.collections import Collection, Field, Problem, Type, Value, format_instant, instant_ms, parse
from sync.errors import MalformedRequest
from sync.limits import PAGE_BYTES_DEFAULT
from sync.messages import encode, join_raw
from sync.selections import Condition, Place, Selection

LIMIT_DEFAULT: Final = 50
LIMIT_MAX: Final = 200
TOKEN_LENGTH_MAX: Final = 400
DAY_MS: Final = int(timedelta(days=1).total_seconds()) * 1_000
_SYSTEM_FIELDS: Final = ("id", "version")


class Filter(Struct, frozen=True):
    """A query parameter that narrows a list to records with a value in any of these fields."""

    name: str
    fields: tuple[str, ...]
    doc: str


class Listing(Struct, frozen=True):
    """How a collection is listed."""

    collection: Collection
    many: str
    """The name of the list in the answer."""
    filters: tuple[Filter, ...] = ()
    order: tuple[str, ...] = ()
    """The fields that order it; then the ids."""
    is_descending: bool = False
    is_dated: bool = False
    """Whether `from` and `to` narrow the first ordering field, an instant."""
    folded: Mapping[str, schemas.Schema] = {}
    """Further columns of a row, which are folds and not fields."""
    usual: tuple[str, ...] = ()
    """The columns of a row unless `fields` asks for others; empty: all that are fields."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Return all columns that a row may have, in the order in which it shows them."""
        return (*_SYSTEM_FIELDS, *self.collection.fields, *self.folded)

    @property
    def shown_unless_asked(self) -> tuple[str, ...]:
        """Return the columns of a row where the request names none."""
        return self.usual or (*_SYSTEM_FIELDS, *self.collection.fields)


class Query(Struct, frozen=True):
    """What a request asks of a list; equal questions have equal answers, so it names a view."""

    limit: int
    columns: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    since: Value = None
    until: Value = None
    after: Place | None = None
    more: tuple[tuple[str, str], ...] = ()
    """Parameters that the list's own route reads."""

    def selection(self, listing: Listing, *fixed: Condition, limit: int, after: Place | None) -> Selection:
        """Return the records to read: those of the fixed conditions too, after a place."""
        conditions = (*fixed, *self.conditions)
        return Selection(limit, conditions, listing.order, listing.is_descending, self.since, self.until, after)


def parameters(listing: Listing) -> tuple[Parameter, ...]:
    """Return the query parameters of a list, as the document describes them."""
    fields = listing.collection.fields
    narrowing = [
        Parameter(each.name, each.doc, schemas.field_schema(fields[each.fields[0]], is_filled=True))
        for each in listing.filters
    ]
    dates = [
        Parameter("from", "Not before this day, in UTC, or this moment.", {"type": "string"}),
        Parameter("to", "Up to the end of this day, in UTC, or before this moment.", {"type": "string"}),
    ]
    return (
        *narrowing,
        *(dates if listing.is_dated else ()),
        Parameter("limit", "Rows of a page.", {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": 50}),
        Parameter("after", "The `after` of the page before.", {"type": "string", "maxLength": TOKEN_LENGTH_MAX}),
        Parameter(
            "fields",
            f"The columns wanted, with commas between; unless given {', '.join(listing.shown_unless_asked)}. "
            f"There are {', '.join(listing.columns)}.",
            {"type": "string"},
        ),
    )


def read_query(request: Request[Any, Any, Any], listing: Listing, *, more: Iterable[str] = ()) -> Query:
    """Return what a request asks of a list; `more` names what its own route reads. Raises MalformedRequest."""
    given = dict(parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True))
    return Query(
        limit=bounded(given.get("limit"), name="limit", maximum=LIMIT_MAX, default=LIMIT_DEFAULT),
        columns=_columns(listing, given.get("fields")),
        conditions=tuple(
            Condition(each.fields, _filter_value(listing, each, given[each.name]))
            for each in listing.filters
            if each.name in given
        ),
        since=_edge(given, "from", 0) if listing.is_dated else None,
        until=_edge(given, "to", DAY_MS) if listing.is_dated else None,
        after=None if "after" not in given else _place(listing, given["after"]),
        more=tuple((name, given[name]) for name in more if name in given),
    )


def page_of(
    listing: Listing, query: Query, rows: Sequence[tuple[Place, Mapping[str, Any]]], rest: Place | None
) -> bytes:
    """Return the answer: as many rows as fit a page, each with its place; after `rest` there may be more."""
    encoded: list[bytes] = []
    size = 0
    for _, row in rows:
        body = encode({name: row[name] for name in query.columns})
        size += len(body) + 1
        if encoded and size > PAGE_BYTES_DEFAULT:
            rest = rows[len(encoded) - 1][0]
            break
        encoded.append(body)
    return encode({listing.many: join_raw(encoded), "after": None if rest is None else token_of(listing, rest)})


def token_of(listing: Listing, place: Place) -> str:
    """Return the token of a place in a list."""
    return urlsafe_b64encode(msgspec.json.encode([_order_name(listing), *place])).decode().rstrip("=")


def _place(listing: Listing, token: str) -> Place:
    try:
        body = urlsafe_b64decode(token[:TOKEN_LENGTH_MAX].encode("ascii") + b"==")
        order, *place = _token.decode(body)
    except (binascii.Error, UnicodeError, msgspec.DecodeError, ValueError):
        raise _bad_token() from None
    if order != _order_name(listing) or len(place) != len(listing.order) + 1:
        raise _bad_token()
    specs = [*(listing.collection.fields[name] for name in listing.order), _ID]
    found = [parse(spec, "after", value) for spec, value in zip(specs, place, strict=True)]
    if any(value is None or isinstance(value, Problem) for value in found):
        raise _bad_token()
    return tuple(found)


def _bad_token() -> MalformedRequest:
    return MalformedRequest(path="after", problem="is not a token that this list gave; begin without it")


def _order_name(listing: Listing) -> str:
    return f"{listing.many}/{'/'.join(listing.order)}"


def _columns(listing: Listing, text: str | None) -> tuple[str, ...]:
    if text is None:
        return listing.shown_unless_asked
    asked = text.split(",")
    unknown = next((name for name in asked if name not in listing.columns), None)
    if unknown is not None:
        raise MalformedRequest(
            path="fields", problem=f"names a column that is not there; there are {', '.join(listing.columns)}"
        )
    return tuple(name for name in listing.columns if name in asked)


def _filter_value(listing: Listing, each: Filter, text: str) -> Value:
    spec = listing.collection.fields[each.fields[0]]
    value: Value = text
    if spec.type is Type.INTEGER and NUMBER.fullmatch(text):
        value = int(text)
    elif spec.type is Type.BOOLEAN:
        value = {"true": True, "false": False}.get(text, text)
    found = parse(spec, each.name, value)
    if isinstance(found, Problem):
        raise MalformedRequest(path=each.name, problem=f"is wrong: {found.sentence.rstrip('.')}")
    return found


def _edge(given: Mapping[str, str], name: str, day_ms: int) -> Value:
    """Return a moment; of a day the end of it, where `day_ms` are its milliseconds."""
    if name not in given:
        return None
    moment = parse(_MOMENT, name, given[name])
    if not isinstance(moment, Problem):
        return moment
    day = parse(_DAY, name, given[name])
    if isinstance(day, Problem):
        raise MalformedRequest(path=name, problem="takes a day such as 2026-11-22, or a moment in RFC 3339")
    try:
        return format_instant(instant_ms(f"{day}T00:00:00.000Z") + day_ms)
    except (OverflowError, ValueError):
        return None


_ID: Final = Field(Type.UUID)
_MOMENT: Final = Field(Type.INSTANT)
_DAY: Final = Field(Type.DATE)
_token: Final = msgspec.json.Decoder(list[str | int | float | bool | None])
