"""Whether a value is one that a schema of the document takes: the judge of what may be accepted."""

import math
import re
from datetime import date, datetime
from typing import Any

from tests.security.contract import Contract, Schema
from tests.security.wire import Json

_KINDS: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def is_valid(contract: Contract, schema: Schema, value: Json) -> bool:
    """Tell whether a schema takes a value, as the parts of JSON Schema that the document uses say."""
    found = contract.resolve(schema)
    several = [*found.get("anyOf", ()), *found.get("oneOf", ())]
    if several and not any(is_valid(contract, each, value) for each in several):
        return False
    if not all(is_valid(contract, each, value) for each in found.get("allOf", ())):
        return False
    if "const" in found and value != found["const"]:
        return False
    if "enum" in found and not any(value == each and type(value) is type(each) for each in found["enum"]):
        return False
    kinds = found.get("type", ())
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(_is_of(kind, value) for kind in kinds):
        return False
    return _in_bounds(contract, found, value)


def _is_of(kind: str, value: Json) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _KINDS[kind])


def _in_bounds(contract: Contract, schema: Schema, value: Json) -> bool:
    if isinstance(value, str):
        return _is_text(schema, value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _is_number(schema, value)
    if isinstance(value, list):
        fits = schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", math.inf)
        return fits and all(is_valid(contract, schema.get("items", {}), each) for each in value)
    return not isinstance(value, dict) or _is_object(contract, schema, value)


def _is_text(schema: Schema, value: str) -> bool:
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", math.inf):
        return False
    if "\0" in value and "type" in schema:  # where any JSON value may stand, it is kept as JSON
        return False
    if "pattern" in schema and not re.search(schema["pattern"], value):
        return False
    try:
        match schema.get("format"):
            case "uuid":
                return re.fullmatch(r"(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value) is not None
            case "date":
                date.fromisoformat(value)
            case "date-time":
                datetime.fromisoformat(value)
            case _:
                value.encode()
    except ValueError:
        return False
    return True


def _is_number(schema: Schema, value: float) -> bool:
    least, most = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
    above, below = schema.get("exclusiveMinimum", -math.inf), schema.get("exclusiveMaximum", math.inf)
    is_finite = abs(value) < math.inf  # of an integer of 400 digits too
    return bool(is_finite and least <= value <= most and above < value < below)


def _is_object(contract: Contract, schema: Schema, value: dict[str, Any]) -> bool:
    known = schema.get("properties", {})
    others = schema.get("additionalProperties", True)
    if not set(schema.get("required", ())) <= value.keys():
        return False
    for name, each in value.items():
        if name in known:
            if not is_valid(contract, known[name], each):
                return False
        elif others is False or (isinstance(others, dict) and not is_valid(contract, others, each)):
            return False
    return True
