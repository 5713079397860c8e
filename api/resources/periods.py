"""Periods and pauses of a match: the buttons, which carry the device's time.

`start`, `pause`, `resume`, `end` and `finish` take `at` and `sent_at`, both by the device's own clock, and each may be
sent again or pressed by several people: one period and one pause come of it (`api/resources/desk.py`). A period is
named by its type and number.
"""

from collections.abc import Callable
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath
from msgspec import Meta, Struct

from api.identity.access import MATCH_READING, SCORING, Caller
from api.requests import idempotency_key, json_answer, read_body
from api.resources.desk import Desk, DeviceTime, Pressed, TheCaller, TheDesk, possible
from api.resources.period_answers import PeriodsAnswer, PeriodType, answer_periods, read_key, told_of
from api.resources.records import Asked
from api.resources.schemas import KEY
from football import presses
from football.clock import PeriodKey, period_key
from football.collections import PERIOD_NUMBER_MAX
from football.facts import MatchFacts
from football.presses import Edge
from sync.collections import Problem
from sync.messages import Milliseconds

PRESS_BYTES_MAX: Final = 2 * 1024

Rule = Callable[[MatchFacts, PeriodKey, int], Edge | Problem]
"""A rule of `football/presses.py` about one period."""


class Press(Struct, frozen=True, forbid_unknown_fields=True):
    """A button of the match pressed."""

    at: DeviceTime
    """When it was pressed, in milliseconds since 1970 by the device's clock."""
    sent_at: Milliseconds
    """What the same clock shows when this request is sent, written anew at each sending: a wrong clock is corrected."""


class PeriodPress(Press, frozen=True, forbid_unknown_fields=True):
    """A button of one period pressed; its address has the period's number."""

    type: PeriodType = "regular"


class PeriodStart(PeriodPress, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A period begins."""

    number: Annotated[int, Meta(ge=1, le=PERIOD_NUMBER_MAX)]


class CallOff(Struct, frozen=True, forbid_unknown_fields=True):
    """A match is called off, or on again."""

    why: Literal["cancelled", "postponed"] | None
    """Null: the match is on again."""


class PressAnswer(PeriodsAnswer, frozen=True):
    """The match after a press."""

    is_first: bool
    """False where the button was pressed before: the first time stands."""
    conflicts: tuple[str, ...]
    """The ids of the conflicts that keep a time which does not stand."""


_PRESSING: Final[dict[str, Any]] = {
    **SCORING,
    "headers": (KEY,),
    "answer": PressAnswer,
    "problems": ("not_found", "rejected"),
}

_period_start: Final = msgspec.json.Decoder(PeriodStart, strict=True)
_period_press: Final = msgspec.json.Decoder(PeriodPress, strict=True)
_press: Final = msgspec.json.Decoder(Press, strict=True)
_call_off: Final = msgspec.json.Decoder(CallOff, strict=True)


@get("/api/matches/{match_id:uuid}/periods", opt={**MATCH_READING, "answer": PeriodsAnswer, "problems": ("not_found",)})
async def list_periods(match_id: FromPath[UUID], caller: TheCaller, desk: TheDesk) -> Response[bytes]:
    """Return the periods and pauses of a match with what the clock shows."""
    return await answer_periods(desk, caller, match_id)


@post("/api/matches/{match_id:uuid}/periods", status_code=200, opt={**_PRESSING, "body": PeriodStart})
async def start_period(
    match_id: FromPath[UUID], request: Request[Any, Any, Any], caller: TheCaller, desk: TheDesk
) -> Response[bytes]:
    """Start a period. One that is being played is ended by that; starting it twice changes nothing."""
    given = await read_body(request, _period_start.decode, bytes_max=PRESS_BYTES_MAX)
    facts = await desk.match(caller, match_id)
    at_ms = desk.corrected(given.at, given.sent_at)
    edge = possible(presses.start(facts, period_key(given.type, given.number), at_ms))
    return await _pressed(desk, caller, match_id, edge, request)


@post("/api/matches/{match_id:uuid}/periods/{number:int}/end", status_code=200, opt={**_PRESSING, "body": PeriodPress})
async def end_period(
    match_id: FromPath[UUID], number: FromPath[int], request: Request[Any, Any, Any], caller: TheCaller, desk: TheDesk
) -> Response[bytes]:
    """End a period: half time. Ending it twice changes nothing."""
    return await _press_period(desk, caller, match_id, number, request, presses.end)


@post(
    "/api/matches/{match_id:uuid}/periods/{number:int}/pause", status_code=200, opt={**_PRESSING, "body": PeriodPress}
)
async def pause_period(
    match_id: FromPath[UUID], number: FromPath[int], request: Request[Any, Any, Any], caller: TheCaller, desk: TheDesk
) -> Response[bytes]:
    """Stop the clock of a period. While it stands, pressing again changes nothing."""
    return await _press_period(desk, caller, match_id, number, request, presses.pause)


@post(
    "/api/matches/{match_id:uuid}/periods/{number:int}/resume", status_code=200, opt={**_PRESSING, "body": PeriodPress}
)
async def resume_period(
    match_id: FromPath[UUID], number: FromPath[int], request: Request[Any, Any, Any], caller: TheCaller, desk: TheDesk
) -> Response[bytes]:
    """Let the clock of a period run on. Pressing again within half a minute changes nothing."""
    return await _press_period(desk, caller, match_id, number, request, presses.resume)


@post("/api/matches/{match_id:uuid}/finish", status_code=200, opt={**_PRESSING, "body": Press})
async def finish_match(
    match_id: FromPath[UUID], request: Request[Any, Any, Any], caller: TheCaller, desk: TheDesk
) -> Response[bytes]:
    """Blow for full time; a period that is being played ends with it. A period that starts later undoes it."""
    given = await read_body(request, _press.decode, bytes_max=PRESS_BYTES_MAX)
    facts = await desk.match(caller, match_id)
    edge = possible(presses.finish(facts, desk.corrected(given.at, given.sent_at)))
    return await _pressed(desk, caller, match_id, edge, request)


@post(
    "/api/matches/{match_id:uuid}/call-off",
    status_code=200,
    opt={**_PRESSING, "body": CallOff, "answer": PeriodsAnswer},
)
async def call_off(
    match_id: FromPath[UUID], request: Request[Any, Any, Any], caller: TheCaller, desk: TheDesk
) -> Response[bytes]:
    """Say that a match is cancelled or postponed, or with null that it is on again. What was recorded of it stays."""
    given = await read_body(request, _call_off.decode, bytes_max=PRESS_BYTES_MAX)
    shelf = desk.shelf("matches")
    await shelf.put(caller, str(match_id), {"called_off": given.why}, Asked(idempotency_key(request)))
    return await answer_periods(desk, caller, match_id)


async def _press_period(
    desk: Desk, caller: Caller, match_id: UUID, number: int, request: Request[Any, Any, Any], rule: Rule
) -> Response[bytes]:
    given = await read_body(request, _period_press.decode, bytes_max=PRESS_BYTES_MAX)
    facts = await desk.match(caller, match_id)
    edge = possible(rule(facts, read_key(given.type, number), desk.corrected(given.at, given.sent_at)))
    return await _pressed(desk, caller, match_id, edge, request)


async def _pressed(
    desk: Desk, caller: Caller, match_id: UUID, edge: Edge, request: Request[Any, Any, Any]
) -> Response[bytes]:
    pressed = await desk.press(caller, edge, key=idempotency_key(request))
    return json_answer(_press_answer(await desk.match(caller, match_id), desk.now_ms(), pressed))


def _press_answer(facts: MatchFacts, now_ms: int, pressed: Pressed) -> PressAnswer:
    return PressAnswer(**told_of(facts, now_ms), is_first=pressed.is_first, conflicts=pressed.conflicts)


ROUTES: Final = (list_periods, start_period, end_period, pause_period, resume_period, finish_match, call_off)
