"""Access tokens: ours are read, and nothing else is; refresh tokens: the next one is the same however often asked."""

import base64
import hmac
import json
from typing import Any

import pytest
from msgspec.structs import replace

from api.errors import Unauthorised
from api.identity.keys import make_ring
from api.identity.tokens import (
    ACCESS_S,
    LEEWAY_S,
    Claims,
    branch_of,
    fork_of,
    is_made_here,
    make_refresh,
    read_access,
    read_refresh,
    sign,
)
from tests.api.people import START_MS, some_id

NOW_S = START_MS // 1_000
RING = make_ring(b"k" * 32)
OTHER = make_ring(b"o" * 32)
KEY = RING.access[RING.current]
CLAIMS: dict[str, Any] = {
    "sub": some_id(),
    "club": some_id(),
    "device": some_id(),
    "sid": some_id(),
    "role": "coach",
    "exp": NOW_S + ACCESS_S,
    "iat": NOW_S,
    "scope": "club",
    "match": None,
    "typ": "access",
    "iss": "touchline",
    "aud": "touchline",
}
HEADER: dict[str, Any] = {"alg": "HS256", "kid": RING.current, "typ": "JWT"}


def part(value: object) -> str:
    """Return one part of a token."""
    text = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def forge(header: object, claims: object, key: bytes = KEY, algorithm: str = "sha256") -> str:
    """Return a token as somebody with a key could make it."""
    signed = f"{part(header)}.{part(claims)}"
    return f"{signed}.{part(hmac.digest(key, signed.encode(), algorithm))}"


def test_ours_is_read() -> None:
    """What was signed is read, on both sides of the leeway, and under the previous key while it is kept."""
    claims = Claims(**CLAIMS)
    token = sign(claims, RING)
    assert token == forge(HEADER, CLAIMS) or read_access(forge(HEADER, CLAIMS), RING, now_s=NOW_S) == claims
    for now_s in (NOW_S - LEEWAY_S, NOW_S, NOW_S + ACCESS_S + LEEWAY_S - 1):
        assert read_access(token, RING, now_s=now_s) == claims
    assert read_access(token, make_ring(b"n" * 32, b"k" * 32), now_s=NOW_S) == claims


@pytest.mark.parametrize("now_s", [NOW_S - LEEWAY_S - 1, NOW_S + ACCESS_S + LEEWAY_S, 0, 10**12])
def test_out_of_time(now_s: int) -> None:
    """A token is good from its making to its end, with a leeway of some seconds."""
    with pytest.raises(Unauthorised):
        read_access(sign(Claims(**CLAIMS), RING), RING, now_s=now_s)


def without(name: str) -> dict[str, Any]:
    """Return the claims without one."""
    return {each: value for each, value in CLAIMS.items() if each != name}


BAD_CLAIMS: list[object] = [
    *[without(name) for name in CLAIMS],
    {**CLAIMS, "exp": str(NOW_S + 60)},
    {**CLAIMS, "exp": float(NOW_S) + 60.5},
    {**CLAIMS, "exp": 10**400},
    {**CLAIMS, "exp": 2**63},
    {**CLAIMS, "exp": -1},
    {**CLAIMS, "exp": True},
    {**CLAIMS, "exp": None},
    {**CLAIMS, "exp": NOW_S + ACCESS_S + 1},
    {**CLAIMS, "exp": NOW_S},
    {**CLAIMS, "iat": NOW_S + 600, "exp": NOW_S + 700},
    {**CLAIMS, "iat": "now"},
    {**CLAIMS, "typ": "refresh"},
    {**CLAIMS, "typ": "share"},
    {**CLAIMS, "aud": ["touchline"]},
    {**CLAIMS, "aud": "elsewhere"},
    {**CLAIMS, "iss": "somebody"},
    {**CLAIMS, "sub": "1"},
    {**CLAIMS, "sub": None},
    {**CLAIMS, "club": "' OR 1=1 --"},
    {**CLAIMS, "sid": CLAIMS["sid"].upper().replace("-", "")},
    {**CLAIMS, "admin": True},
    {**CLAIMS, "nbf": 0},
    [],
    "access",
    b"{",
    b"\xff\xfe",
    b"[" * 1_000,
    {**CLAIMS, "exp": str(10**400)},
    {**CLAIMS, "exp": -(10**400)},
    {**CLAIMS, "exp": [NOW_S + 60]},
    {**CLAIMS, "iat": None},
    {**CLAIMS, "iat": float(NOW_S)},
    {**CLAIMS, "iat": NOW_S - ACCESS_S, "exp": NOW_S + 60},
    {**CLAIMS, "nbf": NOW_S + 600},
    {**CLAIMS, "jti": "x"},
    {**CLAIMS, "aud": None},
    {**CLAIMS, "iss": ["touchline"]},
    {**CLAIMS, "typ": "Access"},
    {**CLAIMS, "scope": "match "},
    {**CLAIMS, "scope": None},
    {**CLAIMS, "scope": "all"},
    {**CLAIMS, "match": "*"},
    {**CLAIMS, "match": ""},
    {**CLAIMS, "device": 7},
    {**CLAIMS, "role": ["owner"]},
    {**CLAIMS, "role": "x" * 21},
    json.dumps(CLAIMS, separators=(",", ":")).replace(f'"exp":{NOW_S + ACCESS_S}', '"exp":Infinity').encode(),
    json.dumps(CLAIMS, separators=(",", ":")).replace(f'"exp":{NOW_S + ACCESS_S}', '"exp":1e400').encode(),
    json.dumps(CLAIMS).encode(),
    json.dumps(CLAIMS, separators=(",", ":")).encode() + b" ",
    json.dumps(CLAIMS, separators=(",", ":")).replace("{", '{"sub":"' + some_id() + '",', 1).encode(),
    json.dumps(CLAIMS, separators=(",", ":"))[:-1].encode() + b',"role":"owner"}',
    json.dumps(dict(reversed(CLAIMS.items())), separators=(",", ":")).encode(),
    json.dumps(CLAIMS, separators=(",", ":")).replace("coach", "co\\u0061ch").encode(),
    b"",
    b"null",
    b"{}",
    b"\xef\xbb\xbf" + json.dumps(CLAIMS, separators=(",", ":")).encode(),
    json.dumps(CLAIMS).replace(f'"exp": {NOW_S + ACCESS_S}', '"exp": NaN').encode(),
]


@pytest.mark.parametrize("claims", BAD_CLAIMS, ids=range(len(BAD_CLAIMS)))
def test_signed_and_wrong(claims: object) -> None:
    """A good signature does not make a claim good: each is required, typed and bounded."""
    with pytest.raises(Unauthorised):
        read_access(forge(HEADER, claims), RING, now_s=NOW_S)


GOOD = forge(HEADER, CLAIMS)
BAD_TOKENS = [
    "",
    ".",
    "..",
    "a.b.c",
    GOOD + ".",
    GOOD + "=",
    GOOD[:-1],
    GOOD.rpartition(".")[0],
    GOOD.rpartition(".")[0] + ".",
    GOOD.swapcase(),
    "Bearer " + GOOD,
    "\x00",
    "é",
    "\ud800",
    "x" * 1_000_000,
    forge({**HEADER, "alg": "none"}, CLAIMS),
    f"{part({'alg': 'none', 'typ': 'JWT', 'kid': RING.current})}.{part(CLAIMS)}.",
    f"{part({'alg': 'None'})}.{part(CLAIMS)}.",
    forge({**HEADER, "alg": "HS512"}, CLAIMS, algorithm="sha512"),
    forge({**HEADER, "alg": "RS256"}, CLAIMS),
    forge({"alg": "HS256", "typ": "JWT"}, CLAIMS),
    forge({**HEADER, "kid": "../../etc/passwd"}, CLAIMS),
    forge({**HEADER, "kid": "' UNION SELECT 1"}, CLAIMS),
    forge({**HEADER, "kid": None}, CLAIMS),
    forge({**HEADER, "kid": ["x"]}, CLAIMS),
    forge({**HEADER, "jwk": {"kty": "oct", "k": part(b"k")}}, CLAIMS, b"k"),
    forge({**HEADER, "jku": "https://evil.example/keys"}, CLAIMS),
    forge({**HEADER, "crit": ["b64"], "b64": False}, CLAIMS),
    forge({**HEADER, "alg": "nOnE"}, CLAIMS),
    forge({**HEADER, "alg": "hs256"}, CLAIMS),
    forge({**HEADER, "alg": ["HS256"]}, CLAIMS),
    forge({**HEADER, "alg": "HS384"}, CLAIMS, algorithm="sha384"),
    forge({**HEADER, "alg": "ES256"}, CLAIMS),
    forge({**HEADER, "alg": "EdDSA"}, CLAIMS),
    forge({**HEADER, "typ": "at+jwt"}, CLAIMS),
    forge({**HEADER, "typ": "JWT", "cty": "JWT"}, CLAIMS),
    forge({**HEADER, "x5u": "https://evil.example/cert"}, CLAIMS),
    forge({**HEADER, "x5c": ["AAAA"]}, CLAIMS),
    forge({**HEADER, "jwk": {"kty": "oct", "k": part(KEY)}}, CLAIMS),
    forge({**HEADER, "zip": "DEF"}, CLAIMS),
    forge({**HEADER, "kid": "x" * 1_000_000}, CLAIMS),
    forge({**HEADER, "kid": ""}, CLAIMS),
    forge({**HEADER, "kid": RING.current.upper()}, CLAIMS),
    forge({**HEADER, "kid": RING.current + "\x00"}, CLAIMS),
    forge({**HEADER, "kid": OTHER.current}, CLAIMS),
    forge({**HEADER, "kid": OTHER.current}, CLAIMS, OTHER.access[OTHER.current]),
    forge({**HEADER, "kid": "../../../../dev/null"}, CLAIMS, b""),
    forge({"kid": RING.current, "alg": "HS256", "typ": "JWT"}, CLAIMS),
    forge(b'{"alg":"none","alg":"HS256","kid":"' + RING.current.encode() + b'","typ":"JWT"}', CLAIMS),
    forge(b" " + json.dumps(HEADER, separators=(",", ":")).encode(), CLAIMS),
    forge([], CLAIMS),
    GOOD + "A",
    GOOD + "\n",
    " " + GOOD,
    GOOD.replace(".", "..", 1),
    GOOD.replace(".", ".=", 1),
    GOOD.rpartition(".")[0] + "." + "A" * 43,
    GOOD.rpartition(".")[0] + "." + base64.b64encode(b"\xff" * 32).decode(),
    GOOD[:-1] + ("B" if GOOD[-1] == "A" else chr(ord(GOOD[-1]) + 1)),
    ".".join(reversed(GOOD.split("."))),
    GOOD.partition(".")[2],
    "tli_" + "A" * 64,
    "tlm_" + "A" * 64,
    json.dumps({"payload": GOOD}),
    forge(HEADER, CLAIMS, b""),
    forge(HEADER, CLAIMS, b"k"),
    forge(HEADER, CLAIMS, RING.refresh[0]),
    sign(Claims(**CLAIMS), OTHER),
    str(make_refresh(some_id(), 1, RING, now_s=NOW_S)),
]


@pytest.mark.parametrize("token", BAD_TOKENS, ids=range(len(BAD_TOKENS)))
def test_forged(token: str) -> None:
    """Other algorithms, other keys, keys that the token brings along, and noise: all refused alike."""
    with pytest.raises(Unauthorised):
        read_access(token, RING, now_s=NOW_S)


def test_refresh_tokens_follow_one_another() -> None:
    """A generation has one token, which its server knows, also under the previous key; and no other is known."""
    session_id = some_id()
    first = make_refresh(session_id, 1, RING, now_s=NOW_S)
    assert read_refresh(str(first)) == first == make_refresh(session_id, 1, RING, now_s=NOW_S)
    assert is_made_here(first, RING)
    assert is_made_here(first, make_ring(b"n" * 32, b"k" * 32))
    assert not is_made_here(first, OTHER)
    second = make_refresh(session_id, 2, RING, now_s=NOW_S)
    assert second.secret != first.secret
    for wrong in (
        replace(first, generation=2),
        replace(first, day=first.day + 1),
        replace(first, session_id=some_id()),
        replace(first, secret=second.secret),
    ):
        assert not is_made_here(wrong, RING)


def test_clones_and_new_devices_have_sessions_of_their_own() -> None:
    """Which one, follows from what was shown: a retry finds it again, and no two are one."""
    session_id, device_id = some_id(), some_id()
    found = [session_id, fork_of(session_id, 1), fork_of(session_id, 2), branch_of(session_id, device_id)]
    assert found[1:] == [fork_of(session_id, 1), fork_of(session_id, 2), branch_of(session_id, device_id)]
    assert len(set(found)) == len(found)


NO_REFRESH = ["", "tlr_", "x", "tlr_" + "A" * 71, "tlr_" + "A" * 73, "tlr_" + "é" * 72, GOOD]


@pytest.mark.parametrize("text", NO_REFRESH, ids=range(len(NO_REFRESH)))
def test_no_refresh_token(text: str) -> None:
    """Anything else is refused."""
    with pytest.raises(Unauthorised):
        read_refresh(text)
