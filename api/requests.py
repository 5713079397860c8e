"""Reading requests: strict, bounded, and before anything of them is believed.

A body is JSON that says it is (a browser cannot send that to us from another site unasked), decoded strictly; a query
names each parameter once, in UTF-8. What is wrong is answered with the path to it and never with what was sent.
"""

import re
from collections.abc import Callable
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import parse_qsl

import msgspec
from litestar import Request, Response
from litestar.exceptions import InternalServerException
from litestar.params import QueryParameter
from msgspec import Meta

from api.errors import CompressedBody, ProtocolUnsupported, WrongContentType
from api.queries import Parameter
from sync.cursors import CURSOR_PATTERN
from sync.errors import MalformedRequest, SyncError, TooLarge
from sync.limits import INTEGER_MAX, PROTOCOL_VERSION, PROTOCOL_VERSION_MIN, PUSH_BYTES_MAX
from sync.messages import decode, encode
from sync.stamps import UUID_PATTERN

QUERY_BYTES_MAX: Final = 8 * 1024
QUERY_PARAMETERS_MAX: Final = 50
KEY_LENGTH_MAX: Final = 200
SMALL_BYTES_MAX: Final = 8 * 1024
"""Bytes of a body with a few short texts in it, such as everything under `/api/auth`."""

JSON: Final = "application/json"
CSV: Final = "text/csv"
NO_STORE: Final = {"Cache-Control": "no-store"}

T = TypeVar("T")

Text = Annotated[str, Meta(pattern="^[^\x00]*$")]
"""Text without U+0000, which PostgreSQL cannot hold."""

NUMBER: Final = re.compile(r"[0-9]{1,12}", re.ASCII)
"""A whole number in a query, as it is spelled: `1e3` and `+1` are none."""
UUID_SPELLING: Final = re.compile(UUID_PATTERN)
"""An id as it is spelled, once its letters are small: with its hyphens, without braces."""
WHOLE_NUMBER: Final = "A whole number."
Number = Annotated[str | None, QueryParameter(description=WHOLE_NUMBER)]
Protocol = Annotated[
    str | None, QueryParameter(description="The protocol that the client speaks; the server's own unless given.")
]


CURSOR_SCHEMA: Final = {"type": "string", "pattern": CURSOR_PATTERN}


def number(name: str, doc: str, *, maximum: int, default: int) -> Parameter:
    """Describe a whole number in a query, as `bounded` reads it."""
    return Parameter(name, doc, {"type": "integer", "minimum": 1, "maximum": maximum, "default": default})


async def read_body(
    request: Request[Any, Any, Any], decoder: Callable[[bytes], T], *, bytes_max: int = PUSH_BYTES_MAX
) -> T:
    """Read a JSON body. Raises as `read_bytes` does; WrongContentType; MalformedRequest, with the path to it."""
    check_content_type(request.headers.get("content-type", ""))
    return decode(await read_bytes(request, bytes_max=bytes_max), decoder)


async def read_csv_body(request: Request[Any, Any, Any], *, bytes_max: int) -> str:
    """Read a CSV body as text. Raises as `read_bytes` does; NotCsv; MalformedRequest where it is not UTF-8."""
    kind, _, parameters = request.headers.get("content-type", "").partition(";")
    is_utf8 = re.search(r"charset=(?!\"?utf-8)", parameters, re.IGNORECASE) is None
    if kind.strip().lower() != CSV or not is_utf8:
        raise NotCsv
    try:
        return (await read_bytes(request, bytes_max=bytes_max)).decode("utf-8")
    except UnicodeDecodeError:
        words = "is not UTF-8. Save the sheet as `CSV UTF-8`, so that no name loses its letters"
        raise MalformedRequest(path="The file", problem=words) from None


class NotCsv(SyncError):
    """A body that is not declared as CSV."""

    code = "wrong_content_type"
    title = "The body must be CSV"

    def __init__(self) -> None:
        """Say what to send."""
        super().__init__("Send the header `Content-Type: text/csv; charset=utf-8`.")


async def read_bytes(request: Request[Any, Any, Any], *, bytes_max: int) -> bytes:
    """Read a body as it was sent. Raises TooLarge, before it is read where it says its size; or CompressedBody."""
    if request.headers.get("content-encoding", "identity").strip().lower() not in {"identity", ""}:
        raise CompressedBody
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced[:18]) > bytes_max:
        raise TooLarge(what="bytes", size=int(announced[:18]), size_max=bytes_max)
    try:
        body = await request.body()
    except InternalServerException:  # so the framework calls a client that has left
        raise MalformedRequest(path="$", problem="ended before it was whole; send the same request again") from None
    if len(body) > bytes_max:
        raise TooLarge(what="bytes", size=len(body), size_max=bytes_max)
    return body


def check_content_type(text: str) -> None:
    """Return for JSON in UTF-8. Raises WrongContentType for any other type, and for none."""
    kind, _, parameters = text.partition(";")
    charset = re.fullmatch(r'\s*(?:charset="?utf-8"?)?\s*', parameters, re.IGNORECASE)
    if kind.strip().lower() != JSON or charset is None:
        raise WrongContentType


def check_query(query: bytes) -> None:
    """Return for a query that names each parameter once, in UTF-8 without control characters."""
    if len(query) > QUERY_BYTES_MAX:
        raise MalformedRequest(path="query", problem=f"is longer than {QUERY_BYTES_MAX} bytes")
    try:
        pairs = parse_qsl(
            query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=QUERY_PARAMETERS_MAX
        )
    except ValueError:
        raise MalformedRequest(path="query", problem="is not UTF-8 in percent-encoding") from None
    if any(not value.isprintable() or not name.isprintable() for name, value in pairs):
        raise MalformedRequest(path="query", problem="holds a control character")
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise MalformedRequest(path="query", problem="names a parameter twice; send each once")


def bounded(text: str | None, *, name: str, maximum: int, default: int) -> int:
    """Return a whole number from a query, from 1 up to its bound."""
    if text is None:
        return default
    number = int(text) if NUMBER.fullmatch(text) else 0
    if not 1 <= number <= maximum:
        raise MalformedRequest(path=name, problem=f"takes a whole number from 1 to {maximum}")
    return number


def check_protocol(text: str | None) -> None:
    """Return where the client's protocol is still served. Never asked of a push: a queue is accepted first."""
    spoken = bounded(text, name="protocol", maximum=INTEGER_MAX, default=PROTOCOL_VERSION)
    if not PROTOCOL_VERSION_MIN <= spoken <= PROTOCOL_VERSION:
        raise ProtocolUnsupported(least=PROTOCOL_VERSION_MIN, newest=PROTOCOL_VERSION)


def idempotency_key(request: Request[Any, Any, Any]) -> str | None:
    """Return the Idempotency-Key of a request, None where it has none."""
    key = request.headers.get("idempotency-key")
    if key is not None and (not 1 <= len(key) <= KEY_LENGTH_MAX or not key.isprintable()):
        raise MalformedRequest(path="Idempotency-Key", problem=f"takes 1 to {KEY_LENGTH_MAX} printable characters")
    return key


def if_match(request: Request[Any, Any, Any]) -> int | None:
    """Return the version that If-Match names, such as 12 for `"12"`; None without it and for `*`.

    A proxy that compresses makes the tag a weak one, `W/"12"`. It names the same version, so it counts the same.
    """
    text = request.headers.get("if-match", "*").strip()
    if text == "*":
        return None
    found = re.fullmatch(r'(?:W/)?"([0-9]{1,16})"', text, re.ASCII)
    if found is None:
        raise MalformedRequest(path="If-Match", problem='takes one version, such as "12"')
    return int(found[1])


def read_id(text: str, *, where: str) -> str:
    """Return an id in canonical form; only the case of its letters is free. Raises MalformedRequest."""
    found = text.lower()
    if not UUID_SPELLING.fullmatch(found):
        raise MalformedRequest(path=where, problem="is not a UUID")
    return found


def json_answer(value: object, *, status: int = 200, headers: dict[str, str] | None = None) -> Response[bytes]:
    """Return an answer, encoded straight to bytes, that no cache keeps."""
    body = value if isinstance(value, bytes) else encode(value)
    return Response(body, status_code=status, media_type=JSON, headers={**NO_STORE, **(headers or {})})


any_object: Final = msgspec.json.Decoder(dict[str, Any], strict=True)
"""Decodes a JSON object whose members are checked against a collection afterwards."""
