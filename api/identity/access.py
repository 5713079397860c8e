"""Access: who calls, and whether they may; denied unless a route says otherwise.

Every route declares either that it is public or which roles may use it; one that declares nothing fails at the start.
A token's signature is checked once and remembered with the token's text; whether its session stands, and what it may,
is asked of the database at each request, so that an ended access ends at the next one, in every process.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send
from msgspec import Struct

from api.errors import AccessEnded, Forbidden, NotFound, Unauthorised
from api.identity.keys import KeyRing
from api.identity.tokens import Claims, is_timely, read_access
from api.observe import CALLER
from api.requests import check_query
from storage.standing import Standing, Standings

PUBLIC: Final[Mapping[str, Any]] = {"access": "public"}
MEMBERS: Final[Mapping[str, Any]] = {"access": frozenset({"owner", "coach", "scorer", "viewer"})}
WRITERS: Final[Mapping[str, Any]] = {"access": frozenset({"owner", "coach", "scorer"})}
DECIDERS: Final[Mapping[str, Any]] = {"access": frozenset({"owner", "coach"})}
OWNERS: Final[Mapping[str, Any]] = {"access": frozenset({"owner"})}
MATCH_READING: Final[Mapping[str, Any]] = {**MEMBERS, "scope": "match"}
"""Members; and whoever scores by link, of the one match that their link is for."""
SCORING: Final[Mapping[str, Any]] = {**WRITERS, "scope": "match"}
"""Writers; and whoever scores by link, of the one match that their link is for."""
ENDED_TOO: Final[Mapping[str, Any]] = {"ended": True}
"""Beside another: also whoever was let in once and is no more, under the role `ended`; the route must see to that."""
ENDED: Final = "ended"
"""The role of a caller whose access has ended."""

READ_MAX: Final = 4_096
"""Tokens whose signature is remembered, some 6 MiB. They live a quarter of an hour, so the oldest leaves first."""


class Caller(Struct, frozen=True):
    """Who asks, for which club, from which device."""

    user_id: str
    """The user; for a scorer by link, the link's id: the author of what they write."""
    club_id: str
    device_id: str
    session_id: str
    role: str
    match_id: str | None = None
    """The one match that a scorer by link may see; None for a member, who sees the club."""
    ended_at: int | None = None
    """When the access ended, milliseconds since 1970; only where the role is `ended`."""


class Gate:
    """Tells who calls by their token, and what their session may do now."""

    def __init__(self, standings: Standings, ring: KeyRing, *, clock: Callable[[], int]) -> None:
        """Look standings up; `clock` gives milliseconds since 1970."""
        self._standings = standings
        self._ring = ring
        self._clock = clock
        self._read: dict[str, Claims] = {}

    async def admit(self, token: str, *, ended_too: bool = False) -> Caller:
        """Return the caller of an access token.

        Raises Unauthorised; and AccessEnded for a former member or a link that has ended, unless `ended_too` asks for
        those under the role `ended`.
        """
        now_ms = self._clock()
        claims = self._claims(token, now_ms // 1_000)
        standing = await self._standings.of(claims.sid)
        if standing is None or standing.is_ended or not _agree(claims, standing):
            raise Unauthorised
        if not standing.has_stopped(now_ms):
            return Caller(claims.sub, claims.club, claims.device, claims.sid, standing.role, standing.match_id)
        if not ended_too:
            raise AccessEnded(standing.stops_ms)
        return Caller(claims.sub, claims.club, claims.device, claims.sid, ENDED, standing.match_id, standing.stops_ms)

    def _claims(self, token: str, now_s: int) -> Claims:
        """Return what a good token says; its signature is checked once."""
        known = self._read.get(token)
        if known is None:
            known = read_access(token, self._ring, now_s=now_s)
            if len(self._read) >= READ_MAX:
                del self._read[next(iter(self._read))]
            self._read[token] = known
        elif not is_timely(known, now_s):
            del self._read[token]
            raise Unauthorised
        return known


def _agree(claims: Claims, standing: Standing) -> bool:
    said = claims.sub, claims.club, claims.device, claims.match
    is_scoped = claims.scope == ("club" if claims.match is None else "match")
    return is_scoped and said == (standing.author_id, standing.club_id, standing.device_id, standing.match_id)


class AccessMiddleware(ASGIMiddleware):
    """Stands before every route: the query is well-formed, and the caller may use the route."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, gate: Gate) -> None:
        """Ask `gate` who calls."""
        self._gate = gate

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Let the request pass, or raise the error that says why not."""
        values: Any = scope
        check_query(values["query_string"])
        opt = values["route_handler"].opt
        access = opt.get("access")
        if access != PUBLIC["access"] and values["method"] != "OPTIONS":
            caller = await self._gate.admit(bearer(values["headers"]), ended_too=opt.get("ended") is True)
            values["auth"] = values[CALLER] = caller
            if caller.match_id is not None:
                _check_scope(values, caller)
            if caller.role != ENDED and caller.role not in (access or ()):
                raise Forbidden("Your role in this club does not include this. Ask an owner or a coach of the club.")
        await next_app(scope, receive, send)


def _check_scope(scope: Mapping[str, Any], caller: Caller) -> None:
    """Keep a scorer by link to the routes that are open to them, and of those with a match, to their own."""
    if scope["route_handler"].opt.get("scope") != "match":
        raise Forbidden("A scorer's link opens one match and nothing else of the club. Sign in as a member for this.")
    named = scope["path_params"].get("match_id")
    if named is not None:
        check_within(caller, str(named))


def check_within(caller: Caller, match_id: str | None) -> None:
    """Return where the caller may see a match. Raises NotFound: what a link is not for does not exist for it."""
    if caller.match_id is not None and caller.match_id != match_id:
        raise NotFound


def bearer(headers: list[tuple[bytes, bytes]]) -> str:
    """Return the token of the one `Authorization: Bearer` header. Raises Unauthorised where there is no such one."""
    given = [value for name, value in headers if name == b"authorization"]
    scheme, _, token = given[0].partition(b" ") if len(given) == 1 else (b"", b"", b"")
    if scheme.lower() != b"bearer":
        raise Unauthorised
    return token.strip().decode("latin-1")


def provide_caller(scope: Scope) -> Caller:
    """Return who calls, as the middleware found it."""
    values: Any = scope
    caller = values["auth"]
    assert isinstance(caller, Caller), "a route that wants its caller is not public"
    return caller
