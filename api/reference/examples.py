"""Examples for the API's document, made from its schemas, so that none is ever missing or out of date.

A name says more than a type: an `email` looks like one. What a schema shows itself (`example`) counts first.
"""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from sync.cursors import CURSOR_PATTERN
from sync.limits import INTEGER_MAX
from sync.stamps import STAMP_PATTERN, UUID_PATTERN

Schema = Mapping[str, Any]

DEPTH_MAX: Final = 6
"""Levels that an example goes down: no message has more."""

UUID: Final = "1f6e2c3a-8d4b-4e7f-9a10-2b3c4d5e6f70"
MATCH: Final = "5b9f2c1e-8d4b-4e7f-9a10-2b3c4d5e6f70"
CURSOR: Final = "6.5355e81fc27ae1b9"
STAMP: Final = "01a203c5e2b00000c0ac40005b1d4c8e9f273e6a1d8b4f02"

BY_PATTERN: Final[Mapping[str, str]] = {UUID_PATTERN: UUID, CURSOR_PATTERN: CURSOR, STAMP_PATTERN: STAMP}
BY_FORMAT: Final[Mapping[str, str]] = {
    "uuid": UUID,
    "date-time": "2026-11-22T14:02:03.004Z",
    "date": "2026-11-22",
    "uri": "https://touchline.example/",
}
BY_NAME: Final[Mapping[str, Any]] = {
    "access_token": "eyJhbGciOiJIUzI1NiIs...",
    "refresh_token": "sx0PgcRjTb6Z...",
    "email": "coach@club.example",
    "password": "four random words here",
    "new_password": "some other random words",
    "display_name": "Sam",
    "club_name": "Riverside Reds",
    "name": "Reds U10",
    "collection": "events",
    "collections": ["events"],
    "op": "put",
    "role": "coach",
    "fields": {"kind": "goal", "clock_ms": 312_000},
    "wall": 1_795_352_520_000,
    "sent_at": 1_795_352_521_000,
    "server_time": 1_795_352_521_204,
    "last_seen": 1_795_352_521_000,
    "at": 1_795_352_520_000,
    "expires_in": 900,
    "refresh_expires_in": 7_776_000,
    "timestamp": CURSOR,
    "common": CURSOR,
    "until": CURSOR,
    "sentence": "`name` has more than 100 characters.",
    "text": "2-1",
    "stamp": STAMP,
    "stamps": [STAMP],
    "tag": "5355e81fc27ae1b9",
    "id": UUID,
    "record": UUID,
    "conflicts": [UUID],
    "verdict": "merged",
    "kind": "goal",
    "code": "too_long",
    "field": "name",
    "rule": "too_long",
    "url": "https://club.example/watch#tls_...",
    "link": "https://club.example/join#tli_...",
    "secret": "tls_...",
    "correction": 0,
    "season": "2026/27",
    "reason": "The database does not answer.",
    "after": UUID,
}


def example_of(schema: Schema, schemas: Mapping[str, Schema], *, whole: bool = True) -> object:
    """Return a value that fits a schema; of an object all members, or only those it needs where it is not `whole`."""
    return _Example(schemas, whole).of(schema)


class _Example(Struct, frozen=True):
    """Makes one example."""

    schemas: Mapping[str, Schema]
    whole: bool

    def of(self, schema: Schema, name: str = "", depth: int = 0) -> object:
        """Return a value for the member `name`."""
        if "$ref" in schema:
            return self.of(self.schemas[schema["$ref"].rpartition("/")[2]], name, depth)
        for key in ("example", "const"):
            if key in schema:
                return schema[key]
        if "enum" in schema:
            return BY_NAME[name] if name in BY_NAME and BY_NAME[name] in schema["enum"] else schema["enum"][0]
        several = schema.get("anyOf") or schema.get("oneOf")
        if several:
            return self.of(next((each for each in several if each.get("type") != "null"), several[0]), name, depth)
        return self._of_type(schema, name, depth)

    def _of_type(self, schema: Schema, name: str, depth: int) -> object:
        kind = _kind(schema)
        if kind == "object" and ("properties" in schema or name not in BY_NAME):
            return self._object(schema, depth)
        if kind == "array" and name not in BY_NAME:
            items: list[Schema] = schema.get("prefixItems") or [schema.get("items", {})]
            return [] if depth >= DEPTH_MAX else [self.of(each, "", depth + 1) for each in items]
        return _plain(schema, kind, name)

    def _object(self, schema: Schema, depth: int) -> object:
        properties: Mapping[str, Schema] = schema.get("properties", {})
        is_whole = self.whole and depth < DEPTH_MAX
        chosen = [name for name in properties if is_whole or name in schema.get("required", ())]
        return {name: self.of(properties[name], name, depth + 1) for name in chosen}


def _kind(schema: Schema) -> str:
    kinds: Any = schema.get("type", "object" if "properties" in schema else "any")
    return str(kinds if isinstance(kinds, str) else next(each for each in kinds if each != "null"))


def _plain(schema: Schema, kind: str, name: str) -> object:
    if kind == "string":
        return _text(schema, name)
    if name in BY_NAME and isinstance(BY_NAME[name], _PYTHON.get(kind, object)):
        return BY_NAME[name]
    if kind in {"integer", "number"}:
        return min(max(1, schema.get("minimum", 1)), schema.get("maximum", INTEGER_MAX))
    return {"boolean": True, "null": None}.get(kind, "text")


def _text(schema: Schema, name: str) -> str:
    named = BY_NAME.get(name)
    if schema.get("pattern") in BY_PATTERN:
        return BY_PATTERN[schema["pattern"]]
    if schema.get("format") in BY_FORMAT:
        return BY_FORMAT[schema["format"]]
    if isinstance(named, str):
        return named
    if name.endswith("_id"):
        return UUID
    if name.endswith(("_at", "_ts")):
        return BY_FORMAT["date-time"]
    return "text".ljust(schema.get("minLength", 0), "x")[: schema.get("maxLength", 100)]


_PYTHON: Final[Mapping[str, Any]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
}
