"""Match documents, the JSON of `data/matches/`: squads, starting elevens and what happened, by name and by half.

Reading one checks its shape and resolves what the document leaves open: when each half began, and which assist
led to which goal.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from football.clock import MINUTE_MS

BREAK_MS: Final = 15 * MINUTE_MS
"""Milliseconds from the end of a half to the start of the next."""

ASSIST_WITHIN_MS: Final = 10_000
"""Milliseconds at most from an assist to its goal."""

HALF_START: Final = "half_start"
HALF_END: Final = "half_end"

POSITION_CODES: Final[Mapping[str, str]] = {
    "Goalkeeper": "GK",
    "Left Back": "LB",
    "Right Back": "RB",
    "Left Wing Back": "LWB",
    "Right Wing Back": "RWB",
    "Left Center Back": "CB",
    "Center Back": "CB",
    "Right Center Back": "CB",
    "Center Defensive Midfield": "CDM",
    "Left Center Midfield": "CM",
    "Center Midfield": "CM",
    "Right Center Midfield": "CM",
    "Left Wing": "LW",
    "Right Wing": "RW",
    "Center Forward": "CF",
    "Left Center Forward": "ST",
    "Right Center Forward": "ST",
}
"""The document's positions -> codes of the lookup `positions`."""


class SquadPlayer(Struct, frozen=True):
    """One of a squad."""

    name: str
    shirt: int


class Happening(Struct, frozen=True):
    """One fact of the match; `player_on` names who comes on for `player`."""

    kind: str
    period: int
    clock: str
    team: str
    player: str | None
    player_on: str | None = None

    @property
    def clock_ms(self) -> int:
        """Return the milliseconds since the start of its half."""
        hours, minutes, seconds = self.clock.split(":")
        return (int(hours) * 60 + int(minutes)) * MINUTE_MS + round(float(seconds) * 1_000)


class Document(Struct, frozen=True):
    """A match: the first team is at home; `starting` holds name, shirt and position; events are in order."""

    title: str
    teams: tuple[str, str]
    squads: dict[str, list[SquadPlayer]]
    starting: dict[str, list[tuple[str, int, str]]]
    events: list[Happening]


def read_document(document: Mapping[str, Any]) -> Document:
    """Return a parsed match document, typed. Raises msgspec.ValidationError for one of another shape."""
    return msgspec.convert(document, Document)


def half_starts(document: Document, kickoff_ms: int) -> dict[int, int]:
    """Return the instant at which each half's clock shows nothing: the next one begins a break after the end."""
    starts: dict[int, int] = {}
    next_ms = kickoff_ms
    for each in document.events:
        if each.kind == HALF_START:
            starts[each.period] = next_ms - each.clock_ms
        elif each.kind == HALF_END:
            next_ms = starts[each.period] + each.clock_ms + BREAK_MS
    return starts


def assist_of(document: Document, goal: Happening) -> str | None:
    """Return who gave the assist to a goal: the last of its team within `ASSIST_WITHIN_MS` before it."""
    assists = [
        each.player
        for each in document.events
        if (each.kind, each.period, each.team) == ("assist", goal.period, goal.team)
        and 0 <= goal.clock_ms - each.clock_ms <= ASSIST_WITHIN_MS
    ]
    return assists[-1] if assists else None
