"""What old rows mean that they do not say: which side of a match was the club's own, and which score will be shown.

`our_score` spoke of the club's own team, home or away. Nothing in the old schema says which that was; but the club kept
players of its own teams alone. And a match with events shows their goals now, whatever its row says.
"""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from football.collections import CATALOGUE
from football.facts import MatchFacts
from football.scoreboard import Side, score_of
from storage.adoption.rows import OldRow, Reading
from sync.collections import with_defaults

_MATCHES: Final = CATALOGUE.collections["matches"]
_EVENTS: Final = CATALOGUE.collections["events"]


class Note(Struct, frozen=True):
    """Something that a person should know of a table, of which nothing is refused."""

    table: str
    text: str
    rows: tuple[str, ...] = ()
    """The keys of the rows that it is about, where they matter."""


def name_our_sides(readings: Mapping[str, Reading]) -> list[str]:
    """Write `our_side` where one of a match's two teams has players; return the matches where that does not tell."""
    own = {row.fields.get("current_team") for row in _rows(readings, "players")} - {None}
    unclear: list[str] = []
    for row in _rows(readings, "matches"):
        if row.fields.get("our_side") is not None:
            continue
        is_home, is_away = (row.fields.get(name) in own for name in ("home_team_id", "away_team_id"))
        if is_home != is_away:
            row.fields["our_side"] = str(Side.HOME if is_home else Side.AWAY)
        else:
            unclear.append(row.record)
    return unclear


def changed_scores(readings: Mapping[str, Reading]) -> list[str]:
    """Return the matches whose events say another score than their row."""
    events: dict[str, list[dict[str, Any]]] = {}
    for row in _rows(readings, "events"):
        events.setdefault(row.fields["match_id"], []).append(with_defaults(_EVENTS, row.fields))
    changed: list[str] = []
    for row in _rows(readings, "matches"):
        match = with_defaults(_MATCHES, row.fields)
        by_hand = score_of(MatchFacts(match))
        shown = score_of(MatchFacts(match, events=tuple(events.get(row.record, ()))))
        if (by_hand.home, by_hand.away) != (shown.home, shown.away):
            changed.append(row.record)
    return changed


def _rows(readings: Mapping[str, Reading], collection: str) -> list[OldRow]:
    return readings[collection].rows if collection in readings else []
