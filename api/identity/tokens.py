"""Tokens: access tokens that say who calls, and refresh tokens that bring the next one.

An access token is a JWT (RFC 7519, HS256) of one user, one club, one device and one session, good for 15 minutes. The
library checks the signature alone; every claim is checked here, strictly, against the clock that is handed in.

A refresh token is 32 random bytes with its session's id, kept as a hash. The next one is made from the one shown and
the server's key, so showing a token twice, after a reply that was lost, brings the same next one: a retry is no theft.
"""

import base64
import binascii
import hashlib
import hmac
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
"""Bytes of an access token: ours have some 500."""
ISSUER: Final = "touchline"
ALGORITHM: Final = "HS256"
SECRET_BYTES: Final = 32
SESSION_BYTES: Final = 16
REFRESH_PREFIX: Final = "tlr_"
"""Begins every refresh token, so that one in a log or a paste is found and known."""

Seconds = Annotated[int, Meta(ge=0, le=INTEGER_MAX)]


class Claims(Struct, frozen=True, forbid_unknown_fields=True):
    """What an access token says."""

    sub: Id
    club: Id
    device: Id
    sid: Id
    role: Annotated[str, Meta(max_length=20)]
    exp: Seconds
    iat: Seconds
    typ: Literal["access"] = "access"
    iss: Literal["touchline"] = ISSUER
    aud: Literal["touchline"] = ISSUER


class _Header(Struct, frozen=True, forbid_unknown_fields=True):
    alg: Literal["HS256"]
    kid: Annotated[str, Meta(max_length=64)]
    typ: Literal["JWT"]


class RefreshToken(Struct, frozen=True):
    """A refresh token, taken apart."""

    session_id: str
    secret: bytes

    def __str__(self) -> str:
        """Return the form in which it travels."""
        joined = UUID(self.session_id).bytes + self.secret
        return REFRESH_PREFIX + base64.urlsafe_b64encode(joined).decode().rstrip("=")

    @property
    def hash(self) -> bytes:
        """Return what is kept of it."""
        return hashlib.sha256(self.secret).digest()


_jws: Final[Any] = jwt.PyJWS(algorithms=[ALGORITHM])
_header: Final = msgspec.json.Decoder(_Header, strict=True)
_claims: Final = msgspec.json.Decoder(Claims, strict=True)
_encode: Final = msgspec.json.Encoder(order="deterministic").encode
_NAMES: Final = frozenset(Claims.__struct_fields__)


def sign(claims: Claims, ring: KeyRing) -> str:
    """Return the access token that says `claims`."""
    token: str = _jws.encode(_encode(claims), ring.access[ring.current], ALGORITHM, {"kid": ring.current, "typ": "JWT"})
    return token


def read_access(token: str, ring: KeyRing, *, now_s: int) -> Claims:
    """Return what a good access token says. Raises Unauthorised, and tells no more, for any other text whatever."""
    try:
        if len(token) > TOKEN_BYTES_MAX or not token.isascii():
            raise Unauthorised
        parts = [_part(each) for each in token.split(".")]
        header = _header.decode(parts[0])
        payload = _jws.decode(token, ring.access[header.kid], [ALGORITHM])
        claims = _claims.decode(payload)
        given = msgspec.json.decode(payload, type=dict[str, Any])
    except (jwt.PyJWTError, msgspec.MsgspecError, KeyError, ValueError, RecursionError) as error:
        raise Unauthorised from error
    is_whole = given.keys() == _NAMES
    is_timely = claims.iat - LEEWAY_S <= now_s < claims.exp + LEEWAY_S
    if not (is_whole and is_timely and 0 < claims.exp - claims.iat <= ACCESS_S):
        raise Unauthorised
    return claims


def read_refresh(text: str) -> RefreshToken:
    """Take a refresh token apart. Raises Unauthorised for what is none."""
    try:
        joined = _part(text.removeprefix(REFRESH_PREFIX)) if text.startswith(REFRESH_PREFIX) else b""
    except ValueError as error:
        raise Unauthorised from error
    if len(joined) != SESSION_BYTES + SECRET_BYTES:
        raise Unauthorised
    return RefreshToken(str(UUID(bytes=joined[:SESSION_BYTES])), joined[SESSION_BYTES:])


def next_refresh(shown: RefreshToken, ring: KeyRing) -> RefreshToken:
    """Return the token that follows the one shown: the same however often it is shown."""
    material = UUID(shown.session_id).bytes + shown.secret
    return RefreshToken(shown.session_id, hmac.digest(ring.refresh, b"next" + material, "sha256"))


def branch_refresh(shown: RefreshToken, device_id: str, ring: KeyRing) -> RefreshToken:
    """Return the first token of the session that another device id of the same installation gets."""
    session_id = str(uuid5(UUID(shown.session_id), device_id))
    material = UUID(session_id).bytes + shown.secret
    return RefreshToken(session_id, hmac.digest(ring.refresh, b"branch" + material, "sha256"))


def _part(text: str) -> bytes:
    """Decode one base64url part without padding. Raises ValueError for any other text, and for a second spelling."""
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error
    if base64.urlsafe_b64encode(decoded).decode().rstrip("=") != text:
        raise ValueError("not the one spelling")
    return decoded
