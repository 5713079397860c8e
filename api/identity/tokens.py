"""Tokens: access tokens that say who calls, and refresh tokens that bring the next one.

An access token is a JWT (RFC 7519, HS256) of one user, one club, one device and one session, good for 15 minutes. The
library checks the signature alone; every claim is checked here, strictly, against the clock that is handed in, and a
token is read only in the one spelling that `sign` gives it.

A refresh token names its session and its generation, one more at each use, under a keyed hash of both: showing a token
twice brings the same next one, and an older one still proves that this server made it. It is a retry or a clone, and no
theft (docs/decisions/0016-clones-of-a-session.md).
"""

import base64
import binascii
import hashlib
import hmac
import struct
from typing import Annotated, Any, Final, Literal
from uuid import UUID, uuid5

import jwt
import msgspec
from msgspec import Meta, Struct

from api.errors import Unauthorised
from api.identity.keys import KeyRing
from sync.limits import INTEGER_MAX
from sync.messages import Id

ACCESS_S: Final = 15 * 60
"""Seconds an access token is good for; whether its session stands is looked up at each request besides."""
REFRESH_DAYS: Final = 90
"""Days a refresh token lives from its last use: a phone is not opened all winter, and knows its club in spring."""
LEEWAY_S: Final = 30
"""Seconds by which two servers' clocks may differ."""
TOKEN_BYTES_MAX: Final = 2_048
"""Bytes of an access token: ours have some 600."""
ISSUER: Final = "touchline"
ALGORITHM: Final = "HS256"
SECRET_BYTES: Final = 32
REFRESH_PREFIX: Final = "tlr_"
"""Begins every refresh token, so that one in a log or a paste is found and known."""
DAY_S: Final = 24 * 3_600

Seconds = Annotated[int, Meta(ge=0, le=INTEGER_MAX)]
Scope = Literal["club", "match"]


class Claims(Struct, frozen=True, forbid_unknown_fields=True):
    """What an access token says."""

    sub: Id
    club: Id
    device: Id
    sid: Id
    role: Annotated[str, Meta(max_length=20)]
    exp: Seconds
    iat: Seconds
    scope: Scope = "club"
    match: Id | None = None
    """The one match of a scorer's link."""
    typ: Literal["access"] = "access"
    iss: Literal["touchline"] = ISSUER
    aud: Literal["touchline"] = ISSUER


class _Header(Struct, frozen=True, forbid_unknown_fields=True):
    alg: Literal["HS256"]
    kid: Annotated[str, Meta(max_length=64)]
    typ: Literal["JWT"]


_HEAD: Final = struct.Struct(">16sIH")
"""Of a refresh token: the session, the generation, the day since 1970 on which it was made."""


class RefreshToken(Struct, frozen=True):
    """A refresh token, taken apart."""

    session_id: str
    generation: int
    day: int
    secret: bytes

    def __str__(self) -> str:
        """Return the form in which it travels."""
        joined = _head(self.session_id, self.generation, self.day) + self.secret
        return REFRESH_PREFIX + base64.urlsafe_b64encode(joined).decode().rstrip("=")

    @property
    def hash(self) -> bytes:
        """Return what is kept of it."""
        return hashlib.sha256(self.secret).digest()


_jws: Final[Any] = jwt.PyJWS(algorithms=[ALGORITHM])
_header: Final = msgspec.json.Decoder(_Header, strict=True)
_claims: Final = msgspec.json.Decoder(Claims, strict=True)
_encode: Final = msgspec.json.Encoder(order="deterministic").encode


def sign(claims: Claims, ring: KeyRing) -> str:
    """Return the access token that says `claims`."""
    token: str = _jws.encode(_encode(claims), ring.access[ring.current], ALGORITHM, {"kid": ring.current, "typ": "JWT"})
    return token


def read_access(token: str, ring: KeyRing, *, now_s: int) -> Claims:
    """Return what a good access token says. Raises Unauthorised, and tells no more, for any other text whatever."""
    try:
        if len(token) > TOKEN_BYTES_MAX or not token.isascii():
            raise Unauthorised
        parts = [part_bytes(each) for each in token.split(".")]
        header = _header.decode(parts[0])
        payload = _jws.decode(token, ring.access[header.kid], [ALGORITHM])
        claims = _claims.decode(payload)
    except (jwt.PyJWTError, msgspec.MsgspecError, KeyError, ValueError, RecursionError) as error:
        raise Unauthorised from error
    is_ours = parts[0] == _encode(header) and payload == _encode(claims)
    if not (is_ours and is_timely(claims, now_s) and 0 < claims.exp - claims.iat <= ACCESS_S):
        raise Unauthorised
    return claims


def is_timely(claims: Claims, now_s: int) -> bool:
    """Tell whether a token is neither of the future nor expired, with the leeway on both sides."""
    return claims.iat - LEEWAY_S <= now_s < claims.exp + LEEWAY_S


def make_refresh(session_id: str, generation: int, ring: KeyRing, *, now_s: int) -> RefreshToken:
    """Return the refresh token of a generation: the same however often it is made on one day."""
    head = _head(session_id, generation, now_s // DAY_S)
    return RefreshToken(session_id, generation, now_s // DAY_S, _secret(ring.refresh[0], head))


def read_refresh(text: str) -> RefreshToken:
    """Take a refresh token apart; whether it is one of ours is another question. Raises Unauthorised."""
    try:
        joined = part_bytes(text.removeprefix(REFRESH_PREFIX)) if text.startswith(REFRESH_PREFIX) else b""
    except ValueError as error:
        raise Unauthorised from error
    if len(joined) != _HEAD.size + SECRET_BYTES:
        raise Unauthorised
    session, generation, day = _HEAD.unpack_from(joined)
    return RefreshToken(str(UUID(bytes=session)), generation, day, joined[_HEAD.size :])


def is_made_here(shown: RefreshToken, ring: KeyRing) -> bool:
    """Tell whether a refresh token was made with one of the live keys."""
    head = _head(shown.session_id, shown.generation, shown.day)
    made = [hmac.compare_digest(shown.secret, _secret(key, head)) for key in ring.refresh]
    return any(made)


def fork_of(session_id: str, generation: int) -> str:
    """Return the session of a clone that shows the token of an old generation: the same for the same token."""
    return str(uuid5(UUID(session_id), f"fork/{generation}"))


def branch_of(session_id: str, device_id: str) -> str:
    """Return the session that another device id of the same installation gets."""
    return str(uuid5(UUID(session_id), device_id))


def part_bytes(text: str) -> bytes:
    """Decode one base64url part without padding. Raises ValueError for any other text, and for a second spelling."""
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error
    if base64.urlsafe_b64encode(decoded).decode().rstrip("=") != text:
        raise ValueError("not the one spelling")
    return decoded


def _head(session_id: str, generation: int, day: int) -> bytes:
    return _HEAD.pack(UUID(session_id).bytes, generation, day)


def _secret(key: bytes, head: bytes) -> bytes:
    return hmac.digest(key, b"refresh" + head, "sha256")
