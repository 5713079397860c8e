"""The hostile corpus: what is sent where a value, a body, a query or a header is expected."""

import gzip
import json
import zlib
from collections.abc import Iterator
from typing import Any

from tests.security.wire import Json

CANARY = "zqecho"
"""What no answer may repeat."""


class Raw(str):
    """JSON text that stands in a body as it is: no encoder would write it."""

    __slots__ = ()


NUMBERS: tuple[Any, ...] = (
    2**53 - 1,
    2**53,
    2**53 + 1,
    -(2**53) - 1,
    2**63 - 1,
    2**63,
    -(2**63) - 1,
    2**64,
    Raw("9" * 400),
    Raw("-" + "9" * 400),
    Raw("-0"),
    Raw("-0.0"),
    -1,
    0,
    1.5,
    Raw("1e400"),
    Raw("1E5"),
    Raw("NaN"),
    Raw("Infinity"),
    Raw("-Infinity"),
    Raw("0x10"),
    Raw("01"),
    Raw("+1"),
    Raw("1."),
)

TEXTS: tuple[Any, ...] = (
    "",
    " ",
    f"{CANARY}\0",
    Raw(f'"{CANARY}\\u0000"'),
    Raw(f'"{CANARY}\\ud800"'),
    Raw(f'"{CANARY}\\udfff\\ud800"'),
    f"{CANARY}\r\nset-cookie: a=b",
    f"{CANARY}\x1b[31mred\x1b[0m",
    f"{CANARY}'; DROP TABLE touchline.users; --",
    f"{CANARY}' OR '1'='1",
    f'{CANARY}" OR ""="',
    f"{CANARY}$$; SELECT pg_sleep(10); $$",
    f"{CANARY}') UNION SELECT password_hash FROM touchline.users --",
    f"{CANARY}%s%n%p{{0}}{{{{7*7}}}}${{jndi:ldap://x}}",
    f"<script>{CANARY}</script>",
    f"=HYPERLINK({CANARY})",
    f"../../{CANARY}",
    f"{CANARY}\u202e\u2066",
    f"{CANARY}\ufeff",
    CANARY + "x" * 100_000,
    "9999-12-31T23:59:59.999Z",
    "1970-01-01T00:00:00.000Z",
    "10000-01-01T00:00:00.000Z",
    "0000-00-00T00:00:00.000Z",
    "2026-02-30",
    "00000000-0000-0000-0000-000000000000",
)

OTHERS: tuple[Any, ...] = (None, True, [], {}, [[]], {"a": CANARY}, [CANARY] * 600)

BODIES: dict[str, bytes] = {
    "empty": b"",
    "blank": b" \n",
    "null": b"null",
    "true": b"true",
    "a number": b"1",
    "a text": b'"x"',
    "a list": b"[]",
    "a list of objects": b"[{}]",
    "an unknown member": b'{"unknown_member":1}',
    "bytes ff": b'{"a":"\xff"}',
    "a surrogate in bytes": b'{"a":"\xed\xa0\x80"}',
    "an overlong slash": b'{"a":"\xc0\xaf"}',
    "NUL bytes": b"\0\0\0\0",
    "NUL in a key": b'{"a\\u0000b":1}',
    "a surrogate in a key": b'{"\\ud800":1}',
    "UTF-16": "{}".encode("utf-16"),
    "UTF-32": "{}".encode("utf-32"),
    "nested 5,000 lists": b"[" * 5_000 + b"]" * 5_000,
    "nested 5,000 objects": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "nested 300,000": b"[" * 300_000,
    "not closed": b'{"a":',
    "single quotes": b"{'a':1}",
    "a comment": b"{/* */}",
    "a comma too many": b'{"a":1,}',
    "two documents": b"{}{}",
    "NaN": b"NaN",
    "JSON lines": b"{}\n{}",
    "XML": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "a pickle": b"\x80\x04\x8c\x02os\x94.",
    "a form": b"a=1&b=2",
}
"""Bodies that no route takes."""

AROUND: dict[str, tuple[bytes, bytes]] = {
    "a byte order mark": (b"\xef\xbb\xbf", b""),
    "trailing data": (b"", b" x"),
    "a second document": (b"", b"{}"),
    "a NUL behind": (b"", b"\0"),
}
"""What is laid around a good body, so that it is none any more."""

KINDS: tuple[bytes | None, ...] = (
    None,
    b"",
    b"text/plain",
    b"text/plain; application/json",
    b"application/x-www-form-urlencoded",
    b"multipart/form-data; boundary=x",
    b"application/json; charset=utf-16",
    b"application/json; charset=latin-1",
    b"application/jsonp",
    b"application/octet-stream",
    b"application/xml",
    b"application/msgpack",
    b"\xff\xfe",
)
"""Content types that are not JSON in UTF-8."""

ENCODINGS: tuple[bytes, ...] = (b"gzip", b"deflate", b"br", b"zstd", b"gzip, gzip", b"compress", b"x")

QUERIES: tuple[str, ...] = (
    "9" * 400,
    "99999999",
    "-1",
    "0",
    "1e3",
    "+1",
    "1.0",
    "0x10",
    "%00",
    "%ff",
    "%ed%a0%80",
    "%c0%af",
    "%0d%0aset-cookie:a=b",
    "%1b[31m",
    f"{CANARY}%27%20OR%201=1--",
    f"{CANARY}%22",
    "",
    "%20",
    "NaN",
    "null",
    "true",
    "[]",
    "{}",
    "%EF%BB%BF1",
    "٣",
    "1&1",
    CANARY * 40,
    "1.0123456789abcdef",
    "9007199254740993.0123456789abcdef",
    "00000000-0000-0000-0000-000000000000",
    "9999-12-31T23:59:59.999Z",
    "1970-01-01T00:00:00.000Z",
)

PATHS: tuple[str, ...] = (
    "0",
    "-1",
    "9" * 400,
    "9223372036854775808",
    "%00",
    "%ff",
    "..",
    "%2e%2e",
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e%2f%2e%2e%2f.git%2fconfig",
    "%5c..%5c",
    "%0d%0aset-cookie:a=b",
    f"{CANARY}'--",
    "x" * 5_000,
    "{match_id}",
    "00000000000000000000000000000000",
    "%7B00000000-0000-4000-8000-000000000000%7D",
    "1e3",
    "٣",
)

HEADERS: tuple[tuple[bytes, bytes], ...] = tuple(
    (name, value)
    for name in (b"if-match", b"if-none-match", b"idempotency-key", b"authorization", b"range", b"accept-encoding")
    for value in (
        b"",
        b"\xff\xfe",
        b"\x00",
        b"9" * 400,
        b'"' + b"9" * 400 + b'"',
        b'"-1"',
        b"*, *",
        b"x" * 5_000,
        CANARY.encode() + b"'--",
        b'W/W/"1"',
        b"bytes=0-,0-,0-,0-",
        "é\u202e".encode(),
    )
)

MEGABYTES_11 = 11 * 1024 * 1024
BOMB = gzip.compress(b" " * MEGABYTES_11)
DEFLATED = zlib.compress(b" " * MEGABYTES_11)


def spell(value: Json) -> bytes:
    """Return a body with the raw values in it as they are."""
    raws: list[str] = []

    def keep(each: Json) -> Json:
        if isinstance(each, Raw):
            raws.append(str(each))
            return f"<raw {len(raws) - 1}>"
        if isinstance(each, dict):
            return {name: keep(inner) for name, inner in each.items()}
        return [keep(inner) for inner in each] if isinstance(each, list) else each

    text = json.dumps(keep(value))
    for n, raw in enumerate(raws):
        text = text.replace(f'"<raw {n}>"', raw)
    return text.encode()


def values_for(kinds: frozenset[str]) -> Iterator[Any]:
    """Yield what is sent where a schema takes these kinds: all of a kind's own, and some of every other."""
    yield from NUMBERS if kinds & {"integer", "number"} else NUMBERS[:2]
    yield from TEXTS if "string" in kinds else TEXTS[:6:3]
    yield from OTHERS
