"""Deterministic ids: records that two people may create for the same thing get the same id from both.

So pressing "half time" on two phones is a merge of one record and not a mess of two. An id is the UUID of
version 5 (RFC 9562, section 5.5: SHA-1) of a name under `NAMESPACE`. A name is words joined by `:`; ids in it
are canonical lower-case UUIDs, numbers are decimal without leading zeros. With npm's `uuid`, a period is

    v5(`period:${matchId}:regular:1`, "6b1f4d0e-6f0a-5b5e-9a2c-746f7563686c")

Ordinals count from 1: "as many as this device knows of, plus one". Every other record has a random id, made
by the client that creates it. Creating one that the device knows to be deleted is the op `restore`.
"""

from typing import Final
from uuid import UUID, uuid5

NAMESPACE: Final = UUID("6b1f4d0e-6f0a-5b5e-9a2c-746f7563686c")
"""The namespace of all names below. It never changes: devices have it built in."""


def period_id(match_id: str, period_type: str, number: int) -> str:
    """Return the id of a match's period: `period:<match>:<type>:<number>`."""
    return _named("period", match_id, period_type, number)


def pause_id(period: str, ordinal: int) -> str:
    """Return the id of a period's first, second, ... pause: `pause:<period>:<ordinal>`."""
    return _named("pause", period, ordinal)


def stint_id(match_id: str, player_id: str, ordinal: int) -> str:
    """Return the id of a player's first, second, ... stint in a match: `stint:<match>:<player>:<ordinal>`.

    Two phones that both set the starting line-up so write the same stints, and when one of them logs the
    substitution, the stint it closes is the other's too.
    """
    return _named("stint", match_id, player_id, ordinal)


def participant_id(event_id: str, kind: str, ordinal: int = 1) -> str:
    """Return the id of an event's participant of a kind: `participant:<event>:<kind>:<ordinal>`.

    Ordinal 1 is *the* assist of a goal, *the* player coming on: who fills it in differently is asked.
    """
    return _named("participant", event_id, kind, ordinal)


def _named(*words: str | int) -> str:
    return str(uuid5(NAMESPACE, ":".join(str(word) for word in words)))
