"""The budgets: how often one session, one share link and one network may ask, for each class of routes.

They stop a client gone wrong and somebody who guesses; no coach ever meets them. A match is some 200 writes in 90
minutes, and a phone that comes back pushes ten times and pulls fifty times in a burst. Whole clubs, and whole mobile
networks, stand behind one address: so a network's budget is that of many phones, but where passwords are tried.
"""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from api.edge.connections import HEADERS_BYTES_MAX, HEADERS_MAX
from api.requests import KEY_LENGTH_MAX, QUERY_BYTES_MAX, QUERY_PARAMETERS_MAX, SMALL_BYTES_MAX
from sync.limits import MUTATION_BYTES_MAX

WINDOW_S: Final = 60
"""Seconds over which requests are counted, in a sliding window: a burst is answered, and forgiven within a minute."""


class Budget(Struct, frozen=True):
    """Requests in a window that one class of routes takes."""

    reason: str
    per_address: int
    """From one network: an IPv4 address, or a subscriber's /64 of IPv6."""
    per_session: int | None = None
    """Of one session, or of one share link; None where the routes know neither."""
    window_s: int = WINDOW_S


BUDGETS: Final[Mapping[str, Budget]] = {
    "auth": Budget(
        "Passwords and codes can be guessed here. A club's evening of signing up behind one router fits.",
        per_address=30,
    ),
    "sessions": Budget(
        "Refreshing and signing out: each phone refreshes every quarter of an hour, also behind a mobile network.",
        per_address=600,
        per_session=60,
    ),
    "writes": Budget(
        "A match is some 200 writes in 90 minutes, and an app may send all of them at once.",
        per_address=3_000,
        per_session=300,
    ),
    "reads": Budget("An app that shows a season reads some dozens of pages.", per_address=6_000, per_session=600),
    "exports": Budget(
        "All that there is about somebody is looked for in the whole of a club's log: once in a while, by a person.",
        per_address=60,
        per_session=12,
    ),
    "sync": Budget(
        "A phone that comes back sends 10 pushes and 50 pulls at once; ten such a minute are a loop.",
        per_address=6_000,
        per_session=600,
    ),
    "sockets": Budget(
        "Handshakes of members: thirty phones on a line that flaps every few seconds.",
        per_address=600,
        per_session=60,
    ),
    "shared": Budget(
        "Families read through links: 5,000 behind one address come back at once, and poll a few times a minute.",
        per_address=20_000,
        per_session=20_000,
    ),
    "pages": Budget(
        "The app's first visit asks for some 200 files, at home with thirty phones behind one router; a share link's "
        "page for 7, of 5,000 families behind a mobile network.",
        per_address=40_000,
    ),
    "open": Budget("Health, settings and documentation: probes, and people who read.", per_address=1_200),
}
"""Class -> its budgets. `GET /api/sync/config` tells them under `limits.rates`."""

PREFIXES: Final = (
    ("/api/auth/refresh", "sessions"),
    ("/api/auth/logout", "sessions"),
    ("/api/auth/me", ""),
    ("/api/auth/sessions", ""),
    ("/api/auth/", "auth"),
    ("/api/shared/", "shared"),
    ("/api/sync/config", "open"),
    ("/api/sync/", "sync"),
    ("/health/", "open"),
    ("/docs", "open"),
    ("/metrics", "open"),
    ("/ws/", "sockets"),
)
"""The start of an address -> its class, for routes that name none in `opt["limit"]`; the first that fits counts.

Without a class, and without a row here, it is whether the route writes.
"""


def class_of(opt: Mapping[str, Any], path: str, method: str) -> str:
    """Return the class of a route, by its own word, its address, or whether it writes."""
    named = opt.get("limit") or next((name for prefix, name in PREFIXES if path.startswith(prefix)), "")
    if named:
        return str(named)
    return "reads" if method in {"GET", "HEAD"} else "writes"


def scaled(number: int, factor: float) -> int:
    """Return a budget as RATE_FACTOR makes it."""
    return max(1, int(number * factor))


def describe_edge(factor: float) -> dict[str, Any]:
    """Return the budgets (none where there are no limits) and the bounds of every request, as clients are told."""
    return {
        "rates": {name: _describe(budget, factor) for name, budget in BUDGETS.items() if factor},
        "query_bytes_max": QUERY_BYTES_MAX,
        "query_parameters_max": QUERY_PARAMETERS_MAX,
        "headers_bytes_max": HEADERS_BYTES_MAX,
        "headers_max": HEADERS_MAX,
        "idempotency_key_length_max": KEY_LENGTH_MAX,
        "small_body_bytes_max": SMALL_BYTES_MAX,
        "record_body_bytes_max": MUTATION_BYTES_MAX,
    }


def _describe(budget: Budget, factor: float) -> dict[str, int | None]:
    return {
        "window_s": budget.window_s,
        "per_address": scaled(budget.per_address, factor),
        "per_session": None if budget.per_session is None else scaled(budget.per_session, factor),
    }
