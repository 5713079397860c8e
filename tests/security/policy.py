"""Who may do what, written by hand and by address alone: the second opinion on what each route declares of itself.

The first row that fits an operation counts. A route whose own declaration differs from it, or that no row fits, fails
the suite: one of the two is wrong.
"""

import re

from msgspec import Struct

OWNER = frozenset({"owner"})
DECIDERS = frozenset({"owner", "coach"})
WRITERS = frozenset({"owner", "coach", "scorer"})
MEMBERS = frozenset({"owner", "coach", "scorer", "viewer"})


class Rule(Struct, frozen=True):
    """Who may use the addresses that fit."""

    methods: str
    pattern: str
    roles: frozenset[str] | None
    """None: everybody, signed in or not."""
    has_link: bool = False
    """Whether a scorer by link may use it too, of the one match."""

    def fits(self, method: str, path: str) -> bool:
        """Tell whether an operation is meant."""
        return method in self.methods.split() and re.fullmatch(self.pattern, path) is not None


WRITES = "POST PUT PATCH DELETE"
ALL = f"GET {WRITES}"
OF_A_MATCH = r"/api/matches/\{match_id\}"

POLICY = (
    # Anybody: pages, health, signing in, and what a share link opens.
    Rule("GET", r"/api|/docs.*|/health/.*|/api/sync/config|/api/shared/.*", None),
    Rule("POST", r"/api/auth/(register|login|refresh|scorer)", None),
    # Everybody signed in, about themselves.
    Rule("POST", r"/api/auth/logout", MEMBERS, has_link=True),
    Rule("GET", r"/api/auth/me", MEMBERS, has_link=True),
    Rule(ALL, r"/api/auth/.*", MEMBERS),
    Rule("GET", r"/api/account/export", MEMBERS),
    # The club and its people.
    Rule("POST", r"/api/clubs", MEMBERS),
    Rule("GET", r"/api/club(/members)?", MEMBERS),
    Rule("PATCH", r"/api/club", OWNER),
    Rule("DELETE", r"/api/club/members/.*", MEMBERS),  # oneself; an owner anybody, a coach scorers and viewers
    Rule(ALL, r"/api/club/.*", DECIDERS),
    Rule(ALL, OF_A_MATCH + r"/(scorers|share)(/.*)?", DECIDERS),
    Rule("GET", r"/api/sharing/rules", DECIDERS),
    Rule("PUT", r"/api/sharing/rules", OWNER),
    Rule("GET POST", r"/api/erasures", OWNER),
    # Sync.
    Rule("POST", r"/api/sync/push", WRITERS, has_link=True),
    Rule("POST", r"/api/sync/conflicts.*", DECIDERS),
    Rule("POST", r"/api/sync/events", WRITERS),
    Rule("GET", r"/api/sync/.*", MEMBERS),
    # A match, and what happens in it: whoever scores writes it.
    Rule("GET", OF_A_MATCH + r"/report", MEMBERS),
    Rule("GET", OF_A_MATCH + r"(/.*)?", MEMBERS, has_link=True),
    Rule("POST", OF_A_MATCH + r"/(restore|awards)", WRITERS),
    Rule(WRITES, OF_A_MATCH + r"/.*", WRITERS, has_link=True),
    Rule(WRITES, r"/api/matches.*", WRITERS),
    Rule(WRITES, r"/api/match-awards/.*", WRITERS),
    Rule("GET", r"/api/(events|lineup|notes|match-awards)/.*|/api/positions", MEMBERS, has_link=True),
    Rule(WRITES, r"/api/(events|lineup|notes)/.*", WRITERS, has_link=True),
    # What a club keeps from season to season: decided by owners and coaches, read by members.
    Rule("GET", r"/api/seasons/\{season_id\}/export", DECIDERS),
    Rule("GET", r"/api/players/\{player_id\}/export", DECIDERS),
    Rule("GET", r"/api/(matches|teams|players|seasons|awards)(/.*)?", MEMBERS),
    Rule(WRITES, r"/api/(teams|players|seasons|awards)(/.*)?", DECIDERS),
)


def rule_of(method: str, path: str) -> Rule | None:
    """Return the first row that fits an operation."""
    return next((rule for rule in POLICY if rule.fits(method, path)), None)
