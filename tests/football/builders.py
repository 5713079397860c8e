"""Short ways to write down a match: seconds after kick-off in, `MatchFacts` out."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from football import ids
from football.facts import MatchFacts, gather
from sync.collections import format_instant

MATCH = "00000000-0000-4000-8000-00000000000a"
HOME = "00000000-0000-4000-8000-00000000000b"
AWAY = "00000000-0000-4000-8000-00000000000c"
KICKOFF_MS = 1_790_000_000_000
MINUTE_S = 60
REAL_MATCH = Path(__file__).parents[2] / "data/matches/2018-09-23-barcelona-girona.json"

Fields = dict[str, Any]


def at_ms(seconds: float) -> int:
    """Return the instant this many seconds after kick-off."""
    return KICKOFF_MS + round(seconds * 1_000)


def at(seconds: float | None) -> str | None:
    """Return the same as an instant on the wire."""
    return None if seconds is None else format_instant(at_ms(seconds))


def match(**fields: object) -> Fields:
    """Return a match of two halves of 25 minutes, home side ours."""
    usual: Fields = {
        "kickoff_ts": at(0),
        "home_team_id": HOME,
        "away_team_id": AWAY,
        "duration_mins": 50,
        "period_format": "half",
    }
    return {**usual, **fields}


def period(number: int, start_s: float | None, end_s: float | None = None, period_type: str = "regular") -> Fields:
    """Return a period."""
    return {
        "match_id": MATCH,
        "type": period_type,
        "number": number,
        "started_at": at(start_s),
        "ended_at": at(end_s),
    }


def pause(
    number: int, ordinal: int, start_s: float, end_s: float | None = None, period_type: str = "regular"
) -> Fields:
    """Return a pause in a period."""
    return {
        "period_id": ids.period_id(MATCH, period_type, number),
        "ordinal": ordinal,
        "started_at": at(start_s),
        "ended_at": at(end_s),
    }


def event(kind: str = "goal", number: int = 1, clock_s: float = 0, team: str | None = HOME, **fields: object) -> Fields:
    """Return an event at a played time of a period."""
    usual: Fields = {
        "match_id": MATCH,
        "kind": kind,
        "period_number": number,
        "clock_ms": round(clock_s * 1_000),
        "team_id": team,
    }
    return {**usual, **fields}


def stint(
    player: str, start: tuple[int, float] = (1, 0), end: tuple[int, float] | None = None, **fields: object
) -> Fields:
    """Return a stint from (period, played minutes) to (period, played minutes); no end: still on."""
    usual: Fields = {"match_id": MATCH, "player_id": player, "start_period": start[0], "start_min": start[1]}
    closed: Fields = {} if end is None else {"end_period": end[0], "end_min": end[1]}
    return {**usual, **closed, **fields}


def old_stint(player: str, start_min: float, end_min: float | None = None) -> Fields:
    """Return a stint in minutes of the whole match, as the club's old rows have them."""
    return {"match_id": MATCH, "player_id": player, "start_min": start_min, "end_min": end_min}


def facts_of(
    fields: Mapping[str, Any] | None = None,
    *,
    periods: Sequence[Fields] = (),
    pauses: Sequence[Fields] = (),
    events: Sequence[Fields] | Mapping[str, Fields] = (),
    lineup: Sequence[Fields] = (),
) -> MatchFacts:
    """Return the facts of a match, through the same `gather` as everybody's."""
    view: dict[str, Mapping[str, Mapping[str, Any]]] = {
        "matches": {MATCH: match() if fields is None else fields},
        "match_periods": {ids.period_id(MATCH, each["type"], each["number"]): each for each in periods},
        "match_pauses": {ids.pause_id(each["period_id"], each["ordinal"]): each for each in pauses},
        "events": dict(events) if isinstance(events, Mapping) else _numbered(events),
        "lineup": _numbered(lineup),
    }
    return gather(view, MATCH)


def real_match() -> dict[str, Any]:
    """Return the real match document."""
    document: dict[str, Any] = json.loads(REAL_MATCH.read_text())
    return document


def _numbered(records: Sequence[Fields]) -> dict[str, Fields]:
    return {f"{n:04d}": each for n, each in enumerate(records)}
