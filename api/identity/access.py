"""Access: who calls, and whether they may; denied unless a route says otherwise.

Every route declares either that it is public or which roles may use it; one that declares nothing fails at the start.
Whether the session stands and the membership holds is looked up in the database for each request, and remembered for
two seconds at the most.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send
from msgspec import Struct

from api.errors import AccessEnded, Forbidden, NotFound, Unauthorised
from api.identity.keys import KeyRing
from api.identity.tokens import Claims, read_access
from api.observe import CALLER
from api.requests import check_query
from storage.accounts import Accounts, Standing

PUBLIC: Final[Mapping[str, Any]] = {"access": "public"}
MEMBERS: Final[Mapping[str, Any]] = {"access": frozenset({"owner", "coach", "scorer", "viewer"})}
WRITERS: Final[Mapping[str, Any]] = {"access": frozenset({"owner", "coach", "scorer"})}
DECIDERS: Final[Mapping[str, Any]] = {"access": frozenset({"owner", "coach"})}
OWNERS: Final[Mapping[str, Any]] = {"access": frozenset({"owner"})}
MATCH_READING: Final[Mapping[str, Any]] = {**MEMBERS, "scope": "match"}
"""Members; and whoever scores by link, of the one match that their link is for."""
SCORING: Final[Mapping[str, Any]] = {**WRITERS, "scope": "match"}
"""Writers; and whoever scores by link, of the one match that their link is for."""

REMEMBERED_S: Final = 2.0
"""Seconds a standing is believed: a removed member is out within two, and a phone that syncs costs one query."""
REMEMBERED_MAX: Final = 10_000
"""Sessions remembered: some 3 MiB."""


class Caller(Struct, frozen=True):
    """Who asks, for which club, from which device."""

    user_id: str
    club_id: str
    device_id: str
    session_id: str
    role: str
    match_id: str | None = None
    """The one match that a scorer by link may see; None for a member, who sees the club."""


class Gate:
    """Tells who calls by their token, and what their session may do now."""

    def __init__(
        self, accounts: Accounts, ring: KeyRing, *, clock: Callable[[], int], monotonic: Callable[[], float]
    ) -> None:
        """Look standings up in `accounts`; `clock` gives milliseconds since 1970, `monotonic` seconds."""
        self._accounts = accounts
        self._ring = ring
        self._clock = clock
        self._monotonic = monotonic
        self._remembered: dict[str, tuple[float, Standing | None]] = {}

    async def admit(self, token: str) -> Caller:
        """Return the caller of an access token. Raises Unauthorised, or AccessEnded for a former member."""
        claims = read_access(token, self._ring, now_s=self._clock() // 1_000)
        standing = await self._standing(claims.sid)
        if standing is None or standing.is_ended or not _agree(claims, standing):
            raise Unauthorised
        if standing.role is None:
            raise AccessEnded
        return Caller(claims.sub, claims.club, claims.device, claims.sid, standing.role)

    def forget(self, session_id: str) -> None:
        """Look a session up anew at its next request."""
        self._remembered.pop(session_id, None)

    async def _standing(self, session_id: str) -> Standing | None:
        now = self._monotonic()
        until, standing = self._remembered.get(session_id, (0.0, None))
        if until > now:
            return standing
        standing = await self._accounts.standing(session_id)
        if len(self._remembered) >= REMEMBERED_MAX:
            self._remembered.clear()
        self._remembered[session_id] = now + REMEMBERED_S, standing
        return standing


def _agree(claims: Claims, standing: Standing) -> bool:
    said = claims.sub, claims.club, claims.device
    return said == (standing.user_id, standing.club_id, standing.device_id)


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
        access = values["route_handler"].opt.get("access")
        if access != PUBLIC["access"] and values["method"] != "OPTIONS":
            caller = await self._gate.admit(bearer(values["headers"]))
            values["auth"] = values[CALLER] = caller
            if caller.match_id is not None:
                _check_scope(values, caller)
            if caller.role not in (access or ()):
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
