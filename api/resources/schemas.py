"""JSON schemas of the records, made from their collections: what may be sent, what is answered, and its bounds.

A collection's fields are declared once (`football/collections.py`); this lays them into the OpenAPI document. Routes
name their schemas in `opt["body_schema"]` and `opt["answer_schema"]`, their headers and query by the rows below.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from litestar.handlers import HTTPRouteHandler
from msgspec import Struct

from api.queries import Parameter
from sync.collections import Collection, Field, Type

Schema = Mapping[str, Any]

_UUID: Final[Schema] = {"type": "string", "format": "uuid"}
_TYPES: Final[Mapping[Type, Schema]] = {
    Type.TEXT: {"type": "string", "pattern": "^[^\\u0000]*$"},
    Type.INTEGER: {"type": "integer"},
    Type.NUMBER: {"type": "number"},
    Type.BOOLEAN: {"type": "boolean"},
    Type.UUID: _UUID,
    Type.INSTANT: {"type": "string", "format": "date-time"},
    Type.DATE: {"type": "string", "format": "date"},
}
_NOT_BLANK: Final = r"^[^\u0000]*[^\s\u0000][^\u0000]*$"
"""A text with a least length counts without the white space around it."""
_EXAMPLES: Final[Mapping[Type, Any]] = {
    Type.TEXT: "As the coach wrote it",
    Type.INTEGER: 7,
    Type.NUMBER: 12.5,
    Type.BOOLEAN: True,
    Type.UUID: "2f6c1f9e-0b1d-4c5e-8a47-6a3b0c9d8e7f",
    Type.INSTANT: "2026-11-22T14:02:03.004Z",
    Type.DATE: "2016-05-14",
}
_ID: Final[Schema] = {**_UUID, "description": "Made by the client; a POST without it is given one."}
_SHOWN_ID: Final[Schema] = {**_UUID, "description": "The record's id."}
_VERSION: Final[Schema] = {"type": "integer", "minimum": 0, "description": "The club's version of its latest change."}
_ECHOED: Final[Schema] = {**_VERSION, "description": "As it was read; it is not written. Use If-Match to rely on it."}
_VERDICT: Final[Mapping[str, Schema]] = {
    "verdict": {"type": "string", "enum": ["merged"], "description": "Present where not all that was sent stands."},
    "conflicts": {
        "type": "array",
        "items": _UUID,
        "description": "What a person is asked about; see /api/sync/conflicts.",
    },
}
_AFTER: Final[Schema] = {
    "type": ["string", "null"],
    "description": "What to send as `after` for the next page; null on the last.",
}


class Named(Struct, frozen=True):
    """A schema with the name under which the document keeps it."""

    name: str
    schema: Schema


class Header(Struct, frozen=True):
    """A request header that a route reads."""

    name: str
    doc: str
    example: str


KEY: Final = Header("Idempotency-Key", "Makes a retry safe: the same key writes once.", "5c1d6f2e")
IF_MATCH: Final = Header("If-Match", "The version that was read, as its ETag: 412 where it is another by now.", '"12"')
IF_NONE_MATCH: Final = Header("If-None-Match", "The ETag that was read: 304 where nothing changed.", '"12"')
ONLY_NEW: Final = Header("If-None-Match", "`*`: create the record under this id; 412 where there is one.", "*")


def shown(name: str, collection: Collection) -> Named:
    """Return the schema of a record as readers get it: every declared field."""
    fields = {each: field_schema(spec, is_filled=spec.required) for each, spec in collection.fields.items()}
    return Named(
        name,
        {
            "type": "object",
            "description": collection.doc,
            "additionalProperties": False,
            "required": ["id", "version", *fields],
            "properties": {"id": _SHOWN_ID, "version": _VERSION, **fields, **_VERDICT},
        },
    )


def created(name: str, collection: Collection, placed_by: str | None = None) -> Named:
    """Return the schema of a new record; the field that its address gives need not be sent."""
    required = sorted(collection.required - {placed_by})
    return Named(name, {**_written(collection), "required": required, "example": _example(collection, required)})


def edited(name: str, collection: Collection) -> Named:
    """Return the schema of an edit: any of the fields."""
    first = next(iter(collection.fields))
    return Named(name, {**_written(collection), "example": _example(collection, [first])})


def listed(name: str, many: str, row: Schema) -> Named:
    """Return the schema of a page of a list."""
    return Named(
        name,
        {
            "type": "object",
            "additionalProperties": False,
            "required": [many, "after"],
            "properties": {many: {"type": "array", "items": row}, "after": _AFTER},
        },
    )


def sparse(schema: Schema) -> Schema:
    """Return the schema of a list's row: `fields` chooses which of the properties are there."""
    rest = {name: each for name, each in schema.items() if name != "required"}
    return {**rest, "properties": {name: each for name, each in rest["properties"].items() if name not in _VERDICT}}


def field_schema(spec: Field, *, is_filled: bool = False) -> dict[str, Any]:
    """Return the schema of one field, with its bounds; `is_filled`: it is never null."""
    schema: dict[str, Any] = dict(_TYPES[spec.type])
    if spec.choices is not None:
        schema = {"type": "string", "enum": list(spec.choices)}
    given = {
        "minimum": spec.minimum,
        "maximum": spec.maximum,
        "minLength": spec.length_min or None,
        "maxLength": spec.length_max,
        "pattern": _NOT_BLANK if spec.length_min else None if spec.pattern is None else f"^(?:{spec.pattern})$",
        "default": spec.default,
        "description": spec.doc or None,
    }
    schema.update({name: value for name, value in given.items() if value is not None})
    if spec.nullable and not spec.required and not is_filled:
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
    return schema


def lay_in(schemas: dict[str, Any], operations: Iterable[tuple[dict[str, Any], HTTPRouteHandler]]) -> None:
    """Lay the routes' own schemas, parameters and headers into an OpenAPI document's operations and `schemas`."""
    for operation, handler in operations:
        opt = handler.opt
        for key in ("body_schema", "answer_schema"):
            if key in opt:
                known = schemas.setdefault(opt[key].name, opt[key].schema)
                assert known == opt[key].schema, f"two schemas are called {opt[key].name}"
        if "body_schema" in opt:
            operation["requestBody"] = {"required": True, "content": _content(opt["body_schema"])}
        if "answer_schema" in opt:
            _lay_answers(operation["responses"], opt, is_read="GET" in handler.http_methods)
        _lay_conditions(operation["responses"], opt)
        given = [*_path_parameters(handler), *_query_parameters(opt), *_header_parameters(opt)]
        known = {(each["name"], each["in"]) for each in operation.get("parameters", ())}
        added = [each for each in given if (each["name"], each["in"]) not in known]
        if added:
            operation["parameters"] = [*operation.get("parameters", ()), *added]


_NOT_SHOWN: Final = "It is durable and not shown: the record, or what it belongs to, was deleted meanwhile."
_COUNTED: Final[Schema] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["id", "verdict"],
    "properties": {"id": _SHOWN_ID, "verdict": {"type": "string"}},
}


def _lay_answers(responses: dict[str, Any], opt: Mapping[str, Any], *, is_read: bool) -> None:
    good = min(responses)
    answer = {**responses[good], "headers": {"ETag": _header("What to send as If-Match or If-None-Match.")}}
    answer["content"] = _content(opt["answer_schema"])
    responses[good] = answer
    if good == "201":
        answer["headers"]["Location"] = _header("Where the record is.")
        responses["200"] = {**answer, "description": "It was there already, with the same values."}
    if not is_read:
        responses["202"] = {"description": _NOT_SHOWN, "content": {"application/json": {"schema": _COUNTED}}}


def _lay_conditions(responses: dict[str, Any], opt: Mapping[str, Any]) -> None:
    """Add what a route answers only to those who set a condition, or who ask again."""
    headers = opt.get("headers", ())
    good = min(responses)
    if "again" in opt:
        responses["200"] = {**responses[good], "description": opt["again"]}
    if ONLY_NEW in headers:
        responses["201"] = {**responses[good], "description": "It is made."}
    if IF_NONE_MATCH in headers:
        tag = {"ETag": _header("What to send as If-None-Match.")}
        responses[good] = {**responses[good], "headers": {**tag, **responses[good].get("headers", {})}}
        responses["304"] = {"description": "Nothing changed since the ETag."}


def _path_parameters(handler: HTTPRouteHandler) -> list[dict[str, Any]]:
    names = {name for path in handler.paths for name in re.findall(r"\{(\w+):uuid\}", path)}
    return [{"name": name, "in": "path", "required": True, "schema": _UUID} for name in sorted(names)]


def _query_parameters(opt: Mapping[str, Any]) -> list[dict[str, Any]]:
    declared: Iterable[Parameter] = opt.get("query", ())
    return [
        {"name": each.name, "in": "query", "required": False, "description": each.doc, "schema": each.schema}
        for each in declared
    ]


def _header_parameters(opt: Mapping[str, Any]) -> list[dict[str, Any]]:
    declared: Iterable[Header] = opt.get("headers", ())
    return [
        {
            "name": each.name,
            "in": "header",
            "required": False,
            "description": each.doc,
            "schema": {"type": "string"},
            "example": each.example,
        }
        for each in declared
    ]


def _written(collection: Collection) -> dict[str, Any]:
    fields = {name: field_schema(spec) for name, spec in collection.fields.items()}
    return {
        "type": "object",
        "description": collection.doc,
        "additionalProperties": False,
        "properties": {"id": _ID, "version": _ECHOED, **fields},
    }


def _example(collection: Collection, names: Iterable[str]) -> dict[str, Any]:
    return {name: example_of(collection.fields[name]) for name in names}


def example_of(spec: Field) -> Any:  # noqa: ANN401 - any JSON value
    """Return a value that a field takes, where its type alone says so."""
    return spec.choices[0] if spec.choices is not None else _EXAMPLES[spec.type]


def _content(named: Named) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{named.name}"}}}


def _header(doc: str) -> dict[str, Any]:
    return {"description": doc, "schema": {"type": "string"}}
