"""Roles: what each may write; the engine asks inside the transaction that writes (`sync/permits.py`).

owner, coach    everything, and answers to conflicts
scorer          what is recorded at a match; with a scorer's link, of that match alone
viewer          nothing
"""

from typing import Final

from sync.permits import EVERYTHING, Grant, Permit
from sync.records import Key

DECIDING: Final = frozenset({"owner", "coach"})
MATCH_DAY: Final = frozenset(
    {
        "matches",
        "match_periods",
        "match_pauses",
        "events",
        "event_participants",
        "lineup",
        "match_notes",
        "match_awards",
    }
)
"""What a scorer writes: a match and what it contains."""
CLOSING: Final = frozenset({"finished_at", "called_off"})
"""What a scorer by link may say of the match itself."""


def permit_of(grant: Grant, now_ms: int) -> Permit:
    """Return what a grant allows now; for a role that is not known, nothing.

    A link says beforehand when it ends; the end of a membership is told when it has come, whatever the clocks say.
    """
    if grant.ends_ms is not None and (grant.within is None or grant.ends_ms <= now_ms):
        return Permit(ended_ms=grant.ends_ms)
    if grant.role in DECIDING:
        return EVERYTHING
    if grant.role != "scorer":
        return Permit(collections=frozenset(), may_resolve=False)
    if grant.within is None:
        return Permit(collections=MATCH_DAY, may_resolve=False)
    return Permit(collections=MATCH_DAY, may_resolve=False, within=Key("matches", grant.within), root_fields=CLOSING)
