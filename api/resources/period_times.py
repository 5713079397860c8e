"""Times of periods and pauses corrected by hand: written as they are given, whether or not anything was recorded.

A period is named by its type and number, a pause by its ordinal in the period. What is not there is created, and what
was deleted comes back.
"""

from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response, delete, patch, put
from litestar.params import FromPath
from msgspec import UNSET, Meta, Struct, UnsetType

from api.errors import NotFound
from api.identity.access import SCORING, Caller
from api.requests import idempotency_key, if_match, read_body
from api.resources.desk import Desk, TheCaller, TheDesk, possible
from api.resources.period_answers import PeriodsAnswer, TheType, answer_periods, read_key
from api.resources.records import Asked
from api.resources.schemas import IF_MATCH, KEY
from api.resources.writing import Intent
from football import ids, presses
from football.clock import PeriodKey
from football.collections import MATCH_PERIODS, ORDINAL_MAX
from football.facts import MatchFacts, Record
from football.presses import ENDED, STARTED
from sync.collections import Problem, Value, parse
from sync.errors import MalformedRequest

TIMES_BYTES_MAX: Final = 2 * 1024

Instant = Annotated[str, Meta(max_length=40)]
"""A moment, RFC 3339, such as `2026-11-22T14:02:03.004Z`."""


class Times(Struct, frozen=True, forbid_unknown_fields=True):
    """The times of a period or a pause, corrected by hand."""

    started_at: Instant | UnsetType | None = UNSET
    ended_at: Instant | UnsetType | None = UNSET
    """Null: not ended."""


_CORRECTING: Final[dict[str, Any]] = {
    **SCORING,
    "headers": (KEY, IF_MATCH),
    "body": Times,
    "problems": ("not_found", "rejected", "version_mismatch"),
}
_DROPPING: Final[dict[str, Any]] = {
    **SCORING,
    "headers": (KEY, IF_MATCH),
    "problems": ("not_found", "version_mismatch"),
}

_times: Final = msgspec.json.Decoder(Times, strict=True)


@put("/api/matches/{match_id:uuid}/periods/{number:int}", opt={**_CORRECTING, "answer": PeriodsAnswer})
async def put_period(
    match_id: FromPath[UUID],
    number: FromPath[int],
    request: Request[Any, Any, Any],
    caller: TheCaller,
    desk: TheDesk,
    type: TheType = "regular",  # noqa: A002 - the parameter's name on the wire
) -> Response[bytes]:
    """Write the times of a period by hand, whether or not it was recorded; times left out are taken away."""
    given = _whole(await read_body(request, _times.decode, bytes_max=TIMES_BYTES_MAX))
    facts = await desk.match(caller, match_id)
    key = read_key(type, number)
    await _correct(desk, caller, _period_at(facts, key), given, request)
    return await answer_periods(desk, caller, match_id)


@patch("/api/matches/{match_id:uuid}/periods/{number:int}", opt={**_CORRECTING, "answer": PeriodsAnswer})
async def patch_period(
    match_id: FromPath[UUID],
    number: FromPath[int],
    request: Request[Any, Any, Any],
    caller: TheCaller,
    desk: TheDesk,
    type: TheType = "regular",  # noqa: A002 - the parameter's name on the wire
) -> Response[bytes]:
    """Correct one or both times of a recorded period."""
    given = _times_in(await read_body(request, _times.decode, bytes_max=TIMES_BYTES_MAX))
    place = _there(_period_at(await desk.match(caller, match_id), read_key(type, number)))
    await _correct(desk, caller, place, given, request)
    return await answer_periods(desk, caller, match_id)


@delete("/api/matches/{match_id:uuid}/periods/{number:int}", status_code=204, opt=_DROPPING)
async def delete_period(
    match_id: FromPath[UUID],
    number: FromPath[int],
    request: Request[Any, Any, Any],
    caller: TheCaller,
    desk: TheDesk,
    type: TheType = "regular",  # noqa: A002 - the parameter's name on the wire
) -> Response[None]:
    """Take a period back that was started by mistake; its events stay, and starting it again brings it back."""
    place = _there(_period_at(await desk.match(caller, match_id), read_key(type, number)))
    asked = Asked(idempotency_key(request), if_match(request))
    return await desk.shelf("match_periods").delete(caller, place.id, asked)


@put(
    "/api/matches/{match_id:uuid}/periods/{number:int}/pauses/{ordinal:int}",
    opt={**_CORRECTING, "answer": PeriodsAnswer},
)
async def put_pause(
    match_id: FromPath[UUID],
    number: FromPath[int],
    ordinal: FromPath[int],
    request: Request[Any, Any, Any],
    caller: TheCaller,
    desk: TheDesk,
    type: TheType = "regular",  # noqa: A002 - the parameter's name on the wire
) -> Response[bytes]:
    """Write the times of a pause by hand, whether or not it was recorded; times left out are taken away."""
    given = _whole(await read_body(request, _times.decode, bytes_max=TIMES_BYTES_MAX))
    facts = await desk.match(caller, match_id)
    await _correct(desk, caller, _pause_at(facts, read_key(type, number), ordinal), given, request)
    return await answer_periods(desk, caller, match_id)


@patch(
    "/api/matches/{match_id:uuid}/periods/{number:int}/pauses/{ordinal:int}",
    opt={**_CORRECTING, "answer": PeriodsAnswer},
)
async def patch_pause(
    match_id: FromPath[UUID],
    number: FromPath[int],
    ordinal: FromPath[int],
    request: Request[Any, Any, Any],
    caller: TheCaller,
    desk: TheDesk,
    type: TheType = "regular",  # noqa: A002 - the parameter's name on the wire
) -> Response[bytes]:
    """Correct one or both times of a recorded pause."""
    given = _times_in(await read_body(request, _times.decode, bytes_max=TIMES_BYTES_MAX))
    place = _there(_pause_at(await desk.match(caller, match_id), read_key(type, number), ordinal))
    await _correct(desk, caller, place, given, request)
    return await answer_periods(desk, caller, match_id)


@delete("/api/matches/{match_id:uuid}/periods/{number:int}/pauses/{ordinal:int}", status_code=204, opt=_DROPPING)
async def delete_pause(
    match_id: FromPath[UUID],
    number: FromPath[int],
    ordinal: FromPath[int],
    request: Request[Any, Any, Any],
    caller: TheCaller,
    desk: TheDesk,
    type: TheType = "regular",  # noqa: A002 - the parameter's name on the wire
) -> Response[None]:
    """Take a pause back: its time counts as played."""
    place = _there(_pause_at(await desk.match(caller, match_id), read_key(type, number), ordinal))
    asked = Asked(idempotency_key(request), if_match(request))
    return await desk.shelf("match_pauses").delete(caller, place.id, asked)


class _Place(Struct, frozen=True):
    """Where the times of a period or pause are kept."""

    collection: str
    id: str
    fields: dict[str, Value]
    """What creates the record."""
    shown: Record | None


def _period_at(facts: MatchFacts, key: PeriodKey) -> _Place:
    shown = presses.period_record(facts, key)
    match_id = facts.match["id"]
    fields = {"match_id": match_id, "type": key.type, "number": key.number}
    record = ids.period_id(match_id, key.type, key.number) if shown is None else shown["id"]
    return _Place("match_periods", record, fields, shown)


def _pause_at(facts: MatchFacts, key: PeriodKey, ordinal: int) -> _Place:
    if not 1 <= ordinal <= ORDINAL_MAX:
        raise MalformedRequest(path="ordinal", problem=f"takes a whole number from 1 to {ORDINAL_MAX}")
    period_id = _there(_period_at(facts, key)).id
    found = [each for each in facts.pauses if each["period_id"] == period_id and each["ordinal"] == ordinal]
    usual = ids.pause_id(period_id, ordinal)
    shown = next((each for each in found if each["id"] == usual), found[0] if found else None)
    fields = {"period_id": period_id, "ordinal": ordinal}
    return _Place("match_pauses", usual if shown is None else shown["id"], fields, shown)


def _there(place: _Place) -> _Place:
    """Return a place that holds a record. Raises NotFound."""
    if place.shown is None:
        raise NotFound("There is no such period or pause in this match.")
    return place


async def _correct(
    desk: Desk, caller: Caller, place: _Place, fields: dict[str, Value], request: Request[Any, Any, Any]
) -> None:
    """Write times that make sense together; a record that is not there is created, or comes back."""
    after: dict[str, Any] = {STARTED: None, ENDED: None, **(place.shown or {}), **fields}
    started_at, ended_at = after[STARTED], after[ENDED]
    if started_at is not None and ended_at is not None and ended_at < started_at:
        possible(Problem("wrong_order", "The end lies before the start. Send both times, start first.", ENDED))
    shelf = desk.shelf(place.collection)
    asked = Asked(idempotency_key(request), if_match(request))
    if place.shown is not None:
        await shelf.put(caller, place.id, fields, asked)
        return
    base = await desk.head(caller)
    was = await shelf.stored(caller.club_id, place.id)
    intents = [Intent(place.collection, place.id, "put", {**place.fields, **fields})]
    if was is not None and was.is_deleted:
        intents.insert(0, Intent(place.collection, place.id, "restore"))
    key = None if asked.key is None else f"times/{place.id}/{asked.key}"
    await desk.write(caller, intents, base=base, key=key)


def _times_in(given: Times) -> dict[str, Value]:
    """Return the times that are given, in canonical form. Raises MalformedRequest, Rejected."""
    fields = {name: value for name in (STARTED, ENDED) if (value := getattr(given, name)) is not UNSET}
    if not fields:
        raise MalformedRequest(path="$", problem="names neither `started_at` nor `ended_at`")
    declared = MATCH_PERIODS.fields
    return {name: possible(parse(declared[name], name, value)) for name, value in fields.items()}


def _whole(given: Times) -> dict[str, Value]:
    """Return times as a PUT means them: what is left out is none."""
    return {**dict.fromkeys((STARTED, ENDED)), **_times_in(given)}


ROUTES: Final = (put_period, patch_period, delete_period, put_pause, patch_pause, delete_pause)
