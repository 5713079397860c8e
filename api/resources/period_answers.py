"""What the routes of periods answer: a match's periods and pauses as recorded, with what follows from them."""

from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Response
from litestar.params import FromQuery, QueryParameter
from msgspec import Struct

from api.identity.access import Caller
from api.requests import json_answer
from api.resources.desk import Desk, instant_or_none
from football.clock import PeriodKey, format_clock, period_key
from football.collections import PERIOD_NUMBER_MAX
from football.facts import MatchFacts, Record
from football.live import Clock, clock_of
from football.periods import periods_of
from football.presses import ENDED, STARTED
from football.scoreboard import score_of
from football.status import Status, full_time_ms, status_of
from sync.errors import MalformedRequest

PeriodType = Literal["regular", "extra_time", "penalty_shootout"]
TheType = FromQuery[
    Annotated[PeriodType, QueryParameter(description="The type of the period; a regular one unless given.")]
]


class PauseShown(Struct, frozen=True):
    """A pause of a period."""

    id: str
    version: int
    ordinal: int
    started_at: str | None
    ended_at: str | None


class PeriodShown(Struct, frozen=True):
    """A period as it was recorded, and what follows from it."""

    id: str
    version: int
    type: str
    number: int
    started_at: str | None
    ended_at: str | None
    pauses: list[PauseShown]
    played_ms: int
    """Played milliseconds, without the pauses."""
    played: str
    """The same as `25:31`."""
    is_running: bool
    """Being played, or paused."""
    is_paused: bool
    is_assumed: bool
    """Nobody recorded a start and an end that can be believed: the length is assumed, and worth a look."""


class PeriodsAnswer(Struct, frozen=True):
    """The periods of a match, in order."""

    match_id: str
    status: Status
    score: str
    """As people write it: `2-2`."""
    full_time_at: str | None
    clock: Clock | None
    """What the clock of the last period shows; null before the first."""
    periods: list[PeriodShown]
    server_time: int


def read_key(period_type: str, number: int) -> PeriodKey:
    """Return the key of the period that an address names. Raises MalformedRequest."""
    if not 1 <= number <= PERIOD_NUMBER_MAX:
        raise MalformedRequest(path="number", problem=f"takes a whole number from 1 to {PERIOD_NUMBER_MAX}")
    return period_key(period_type, number)


def told_of(facts: MatchFacts, now_ms: int) -> dict[str, Any]:
    """Return what every answer of this page says of a match."""
    return {
        "match_id": facts.match["id"],
        "status": status_of(facts, now_ms),
        "score": str(score_of(facts)),
        "full_time_at": instant_or_none(full_time_ms(facts, now_ms)),
        "clock": clock_of(facts, now_ms),
        "periods": _shown(facts, now_ms),
        "server_time": now_ms,
    }


async def answer_periods(desk: Desk, caller: Caller, match_id: UUID) -> Response[bytes]:
    """Return a match's periods as they stand now. Raises NotFound."""
    return json_answer(PeriodsAnswer(**told_of(await desk.match(caller, match_id), desk.now_ms())))


def _shown(facts: MatchFacts, now_ms: int) -> list[PeriodShown]:
    played = {period.key: period for period in periods_of(facts, now_ms)}
    shown: list[PeriodShown] = []
    for record in sorted(facts.periods, key=lambda each: (period_key(each["type"], each["number"]), each["id"])):
        period = played.get(period_key(record["type"], record["number"]))
        pauses = [each for each in facts.pauses if each["period_id"] == record["id"]]
        played_ms = 0 if period is None else period.played_ms
        shown.append(
            PeriodShown(
                id=record["id"],
                version=record["version"],
                type=record["type"],
                number=record["number"],
                started_at=record[STARTED],
                ended_at=record[ENDED],
                pauses=[_pause_shown(each) for each in sorted(pauses, key=lambda each: (each["ordinal"], each["id"]))],
                played_ms=played_ms,
                played=format_clock(played_ms),
                is_running=period is not None and period.is_running,
                is_paused=period is not None and period.is_paused,
                is_assumed=period is None or period.is_assumed,
            )
        )
    return shown


def _pause_shown(pause: Record) -> PauseShown:
    return PauseShown(pause["id"], pause["version"], pause["ordinal"], pause[STARTED], pause[ENDED])
