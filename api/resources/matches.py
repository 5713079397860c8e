"""Matches; their list shows score and status, which are folds of what was recorded."""

from collections.abc import Sequence
from typing import Any, Final

from litestar import Response, get
from msgspec import Struct
from msgspec.structs import asdict

from api.identity.access import MATCH_READING, MEMBERS, WRITERS, Caller
from api.queries import Parameter
from api.resources import schemas
from api.resources.crud import AnyRequest, TheViews, routes_of
from api.resources.desk import Desk, TheCaller, TheDesk
from api.resources.lists import Filter, Listing, Query, page_of, parameters, read_query
from api.resources.resource import Resource
from api.resources.schemas import IF_NONE_MATCH
from api.resources.views import View
from football.collections import MATCHES
from football.facts import MatchFacts
from football.live import changes_at_ms
from football.scoreboard import score_of
from football.status import Status, status_of
from football.vocabulary import CALLED_OFF
from storage.matches import MATCHES_MAX
from sync.errors import MalformedRequest
from sync.records import Record
from sync.selections import Condition, Place, place_of

SCANNED_MAX: Final = 500
"""Matches that one page looks at for those of a status: seasons of a club, and a second of work at the most."""

RESOURCE: Final = Resource(
    MATCHES, "match", "matches", "/api/matches", "match_id", writing=WRITERS, reading=MATCH_READING
)

_GOALS: Final[schemas.Schema] = {"type": "integer", "minimum": 0}
LISTING: Final = Listing(
    MATCHES,
    "matches",
    filters=(
        Filter("season", ("season_id",), "Of this season."),
        Filter("team", ("home_team_id", "away_team_id"), "With this team on either side."),
    ),
    order=("kickoff_ts",),
    is_descending=True,
    is_dated=True,
    folded={
        "status": {"type": "string", "enum": list(Status)},
        "home": _GOALS,
        "away": _GOALS,
        "home_shootout": _GOALS,
        "away_shootout": _GOALS,
        "unassigned": _GOALS,
        "is_by_hand": {"type": "boolean", "description": "The result was entered, and no goal recorded."},
        "score": {"type": "string", "description": "As people write it: `2-2`, with a shootout `2-2 (4-3)`."},
    },
    usual=("id", "kickoff_ts", "home_team_id", "away_team_id", "status", "home", "away"),
)
_STATUS: Final = Parameter(
    "status",
    f"Where the match stands: one of {', '.join(Status)}, or several with commas between. A page may then hold fewer "
    "rows than its limit, and still be followed by another.",
    {"type": "string"},
)
_ROW: Final = schemas.shown("Match", MATCHES).schema


class _Found(Struct):
    """What a page has so far."""

    rows: list[tuple[Place, dict[str, Any]]]
    rest: Place | None = None
    fresh_until_ms: int | None = None


@get(
    "/api/matches",
    opt={
        **MEMBERS,
        "query": (*parameters(LISTING), _STATUS),
        "headers": (IF_NONE_MATCH,),
        "answer_schema": schemas.listed(
            "MatchList",
            "matches",
            schemas.sparse({**_ROW, "properties": {**_ROW["properties"], **LISTING.folded}}),
        ),
    },
)
async def list_matches(request: AnyRequest, caller: TheCaller, desk: TheDesk, views: TheViews) -> Response[bytes]:
    """List matches, the latest kick-off first, each with its score and status."""
    query = read_query(request, LISTING, more=("status",))
    wanted = _statuses(query)

    async def make() -> View:
        found = await _find(desk, caller, query, wanted)
        return View(page_of(LISTING, query, found.rows, found.rest), found.fresh_until_ms)

    return await views.answer(request, caller.club_id, ("matches", query), make)


async def _find(desk: Desk, caller: Caller, query: Query, wanted: frozenset[Status]) -> _Found:
    """Return a page's matches: as many as it takes, or those among the matches that it looks at."""
    found, after = _Found([]), query.after
    for _ in range(1 if not wanted else SCANNED_MAX // MATCHES_MAX):
        size = MATCHES_MAX if wanted else query.limit
        selection = query.selection(LISTING, *_conditions(wanted), limit=size + 1, after=after)
        records = await desk.shelf("matches").select(caller.club_id, selection)
        for record, row in await _rows(desk, caller, query, wanted, records[:size], found):
            after = place_of(MATCHES, LISTING.order, record)
            if not wanted or row["status"] in wanted:
                found.rows.append((after, row))
            if len(found.rows) == query.limit:
                found.rest = after if record is not records[-1] else None
                return found
        found.rest = after = place_of(MATCHES, LISTING.order, records[size - 1]) if len(records) > size else None
        if after is None:
            break
    return found


async def _rows(
    desk: Desk, caller: Caller, query: Query, wanted: frozenset[Status], records: Sequence[Record], found: _Found
) -> list[tuple[Record, dict[str, Any]]]:
    """Return the rows of matches, folded where a column or the status asks for it."""
    shelf, now_ms = desk.shelf("matches"), desk.now_ms()
    if not wanted and LISTING.folded.keys().isdisjoint(query.columns):
        return [(record, shelf.shown(record)) for record in records]
    rows: list[tuple[Record, dict[str, Any]]] = []
    for start in range(0, len(records), MATCHES_MAX):
        part = {record.key.record: record for record in records[start : start + MATCHES_MAX]}
        for facts in await desk.reader.facts(caller.club_id, list(part)):
            record = part[facts.match["id"]]
            rows.append((record, {**shelf.shown(record), **_folds(facts, now_ms)}))
            changes = (found.fresh_until_ms, changes_at_ms(facts, now_ms))
            found.fresh_until_ms = min((at for at in changes if at is not None), default=None)
    return rows


def _folds(facts: MatchFacts, now_ms: int) -> dict[str, Any]:
    score = score_of(facts)
    return {**asdict(score), "score": str(score), "status": status_of(facts, now_ms)}


def _statuses(query: Query) -> frozenset[Status]:
    text = dict(query.more).get("status")
    asked = [] if text is None else text.split(",")
    if any(each not in list(Status) for each in asked):
        raise MalformedRequest(path="status", problem=f"takes {', '.join(Status)}, with commas between")
    return frozenset(Status(each) for each in asked)


def _conditions(wanted: frozenset[Status]) -> tuple[Condition, ...]:
    """Return what the store can tell of the statuses wanted, to spare looking at all the others."""
    off = wanted & {Status(each) for each in CALLED_OFF}
    if not wanted or (off and len(wanted) > 1):
        return ()
    return (Condition(("called_off",), str(next(iter(off))) if off else None),)


ROUTES: Final = (list_matches, *routes_of(RESOURCE, without=("list",)))
