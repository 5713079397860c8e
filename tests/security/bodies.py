"""Bodies that fit a club: the document's examples, with the club's own ids where ids stand."""

from collections.abc import Iterator, Mapping
from typing import Any

from sync.collections import instant_ms
from tests.api.people import PASSWORD, START_MS
from tests.security.contract import Contract, Operation, Schema
from tests.security.wire import Json
from tests.security.world import Club

NAMED = {
    "match_id": "matches",
    "season_id": "seasons",
    "team_id": "teams",
    "home_team_id": "teams",
    "away_team_id": "teams",
    "current_team": "teams",
    "player_id": "players",
    "event_id": "events",
    "record": "events",
    "off": "players",
    "period_id": "match_periods",
}
"""Names of fields -> what of the club they name."""
CSV = "text/csv"

Path = tuple[str | int, ...]


def fitted(operation: Operation, club: Club, who: str) -> Json:
    """Return a body that somebody of a club might send; None where the operation takes none."""
    if operation.kind is None:
        return None
    if operation.kind == CSV:
        return f"name,number\n{club.mark} child,7\n"
    return {**with_own(operation.example, club, who, operation), **_more(operation, club)}


def with_own(value: Json, club: Club, who: str, operation: Operation) -> Json:
    """Return the document's example with what only the club knows in its places: ids, secrets and times."""
    if isinstance(value, list):
        return [with_own(each, club, who, operation) for each in value]
    if not isinstance(value, dict):
        return value
    found = {name: with_own(each, club, who, operation) for name, each in value.items()}
    given = {
        **{name: club.ids[kind] for name, kind in NAMED.items()},
        "club_id": club.club_id,
        "device_id": club.said.get(who, club.said["owner"])["device_id"],
        "invitation": club.secrets["invitation_secret"],
        "refresh_token": club.secrets["refresh_token"],
        "password": PASSWORD,
        "old_password": PASSWORD,
        "base": None,
        "on": None,  # there is one child, who goes off
        "at": START_MS,
        "sent_at": START_MS,
        "wall": START_MS,
    }
    if operation.path == "/api/sync/conflicts":
        given["id"] = club.ids["conflicts"]
    return {name: given.get(name, each) for name, each in found.items()}


def _more(operation: Operation, club: Club) -> dict[str, Any]:
    """Return what an example leaves out, because one of several members is enough, or another n is free."""
    mutation = {
        "n": 1_000,
        "wall": START_MS,
        "collection": "events",
        "record": FRESH,
        "op": "put",
        "fields": {"match_id": club.ids["matches"], "kind": "goal"},
    }
    found: dict[str, dict[str, Any]] = {
        "/api/auth/register": {"club_name": "Greens"},
        "/api/auth/login": {"email": f"owner.{club.mark}@club.example"},
        "/api/auth/scorer": {"secret": club.secrets["scorer_secret"]},
        "/api/sync/push": {"mutations": [mutation]},
        "/api/erasures": {
            "collection": "players",
            "record": club.ids["players"],
            "confirm": f"{club.mark.upper()} full-name",
        },
        "/api/sync/events": {"events": [{"id": FRESH, "kind": "goal"}]},
        "/api/matches/{match_id}/periods": {"number": 2},
        "/api/matches/{match_id}/substitutions": {"off": club.ids["players"], "minute": 9},
        "/api/matches/{match_id}/periods/{number}": {"started_at": "2026-09-20T10:01:00.000Z"},
        "/api/matches/{match_id}/periods/{number}/pauses/{ordinal}": {"started_at": "2026-09-20T10:11:00.000Z"},
        "/api/matches/{match_id}/periods/{number}/pause": {"at": instant_ms("2026-09-20T10:20:00.000Z")},
    }
    return found.get(operation.path, {})


FRESH = "0f0f0f0f-0f0f-4f0f-8f0f-0f0f0f0f0f0f"
"""An id that a client has just made."""


def is_id(contract: Contract, schema: Schema) -> bool:
    """Tell whether a schema takes an id."""
    found = contract.resolve(schema)
    if found.get("format") == "uuid" or "[0-9a-f]{8}" in str(found.get("pattern", "")):
        return True
    several: list[Schema] = [*found.get("anyOf", ()), *found.get("oneOf", ())]
    return any(is_id(contract, each) for each in several)


def id_fields(contract: Contract, schema: Schema, at: Path = ()) -> Iterator[Path]:
    """Yield where a body takes ids; of a list, in its first item."""
    found = contract.resolve(schema)
    for name, each in found.get("properties", {}).items():
        inner = contract.resolve(each)
        if is_id(contract, inner):
            yield (*at, name)
        elif inner.get("type") == "object" and len(at) < 4:
            yield from id_fields(contract, inner, (*at, name))
        elif inner.get("type") == "array" and len(at) < 4:
            items = contract.resolve(inner.get("items", {}))
            if is_id(contract, items):
                yield (*at, name, 0)
            else:
                yield from id_fields(contract, items, (*at, name, 0))


def laid(body: Json, path: Path, value: object) -> Json:
    """Return a body with another value at a place, made where it is missing."""
    if not path:
        return value
    first, *rest = path
    if isinstance(first, int):
        kept = list(body) if isinstance(body, list) and body else [{}]
        return [laid(kept[0], tuple(rest), value), *kept[1:]]
    kept_map: Mapping[str, Any] = body if isinstance(body, dict) else {}
    return {**kept_map, first: laid(kept_map.get(first), tuple(rest), value)}
