"""Rate limits: requests and socket handshakes beyond a budget are answered 429, with the seconds that are really left.

One middleware, counted by the library `limits` over a store of our own (`windows.py`). It stands twice in the stack:
before access is looked at it counts by network, so that guesses are cheap to refuse; behind it by session or share
link. Refused requests are not counted: who waits as long as `Retry-After` says is let in.
"""

import hashlib
from collections.abc import Callable
from math import floor
from typing import Any, Final, Literal

import structlog
from limits import RateLimitItem, RateLimitItemPerSecond
from limits.strategies import SlidingWindowCounterRateLimiter
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from api.edge.rates import BUDGETS, class_of, scaled
from api.edge.windows import Windows
from api.errors import TooManyRequests, body_of, rate_headers
from api.observe import CALLER
from sync.messages import encode

Side = Literal["address", "session"]
"""Who is counted: a network; or a session or share link."""
Who = Callable[[Any], str | None]
"""Tells from an ASGI scope whom to count, None for nobody."""

REFUSAL: Final = "websocket.http.response"
"""The extension of ASGI with which a handshake is refused by a proper answer."""

_log: Final = structlog.get_logger("touchline.edge")


class Limiter:
    """Counts requests against the budgets of `rates.py`."""

    def __init__(self, monotonic: Callable[[], float], *, factor: float = 1.0) -> None:
        """Count by a clock of seconds; all budgets are multiplied by `factor`, and 0 takes them away."""
        self.factor = factor
        self.windows = Windows(monotonic)
        self._counter = SlidingWindowCounterRateLimiter(self.windows)
        self._items: dict[tuple[str, str], RateLimitItem] = {}
        for name, budget in BUDGETS.items() if factor else ():
            for side, number in (("address", budget.per_address), ("session", budget.per_session)):
                if number is not None:
                    item = RateLimitItemPerSecond(scaled(number, factor), budget.window_s, f"{name}/{side}")
                    self._items[name, side] = item

    def take(self, name: str, side: Side, who: str) -> TooManyRequests | None:
        """Count one request of a class; return what to answer where the budget is used up, None where it is not."""
        item = self._items.get((name, side))
        if item is None or self._counter.hit(item, who):
            return None
        wait_s = seconds_left(*self.windows.get_sliding_window(item.key_for(who), item.get_expiry())[:3], item)
        return TooManyRequests(
            f"The class `{name}` of routes takes {item.amount} requests in {item.get_expiry()} s from one {side}. "
            f"Send the same again after {wait_s} s; nothing of this request was applied.",
            {
                "limit": name,
                "per": side,
                "number": item.amount,
                "window_s": item.get_expiry(),
                "retry_after_s": wait_s,
            },
        )


def seconds_left(previous: int, left_s: float, current: int, item: RateLimitItem) -> int:
    """Return the whole seconds after which one more request is within the budget.

    The window before weighs `left_s / window` of its count, less with each moment; what the current window holds counts
    until it ends, and weighs less from then on.
    """
    room = item.amount - current
    wait_s = left_s - room * item.get_expiry() / previous if room > 0 and previous else left_s
    return floor(max(wait_s, 0.0)) + 1


class RateLimits(ASGIMiddleware):
    """Lets a request pass, or answers it 429."""

    scopes = (ScopeType.HTTP, ScopeType.WEBSOCKET)

    def __init__(self, limiter: Limiter, side: Side, who: Who) -> None:
        """Count on one side; `who` tells whom."""
        self._limiter = limiter
        self._side: Side = side
        self._who = who
        self._classes: dict[tuple[Any, str], str] = {}

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Count, and let pass; raise TooManyRequests for a request, refuse a handshake."""
        values: Any = scope
        who = self._who(values)
        refused = None if who is None else self._limiter.take(self._class_of(values), self._side, who)
        if refused is None:
            await next_app(scope, receive, send)
        elif values["type"] == ScopeType.HTTP:
            raise refused
        else:
            await refuse_handshake(values, send, refused)

    def _class_of(self, scope: dict[str, Any]) -> str:
        handler, method = scope["route_handler"], scope.get("method", "GET")
        known = self._classes.get((handler, method))
        if known is None:
            path = scope.get("path_template") or scope["path"]
            known = self._classes[handler, method] = class_of(handler.opt, path, method)
        return known


async def refuse_handshake(scope: dict[str, Any], send: Any, refused: TooManyRequests) -> None:  # noqa: ANN401 - ASGI
    """Refuse a socket before it opens: with the answer 429 where the server can give one, else by closing (403)."""
    if REFUSAL not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": 1013, "reason": "too many requests"})
        return
    named = {"content-type": "application/problem+json", "cache-control": "no-store", **rate_headers(refused)}
    headers = [(name.lower().encode(), value.encode()) for name, value in named.items()]
    body = encode(body_of(refused, "urn:touchline:handshake"))
    await send({"type": f"{REFUSAL}.start", "status": 429, "headers": headers})
    await send({"type": f"{REFUSAL}.body", "body": body, "more_body": False})


def caller_of(scope: dict[str, Any]) -> str | None:
    """Return the session that asks; on a shared route the link or feed, by a digest of it; None for neither."""
    caller = scope.get(CALLER)
    if caller is not None:
        return str(caller.session_id)
    if scope["route_handler"].opt.get("limit") != "shared":
        return None
    shown = next((value for name, value in scope["headers"] if name == b"authorization"), None)
    if shown is None:
        shown = str(scope["path_params"].get("feed", "")).encode()
    return hashlib.blake2b(shown, digest_size=16).hexdigest() if shown else None
