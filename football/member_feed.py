"""What a member sees of a match as it goes on: the view of a share link with everything on, and with names and ids.

It is made of the same projection and told in the same messages as a viewer's feed, so that one client reads both; it is
kept nowhere, since it names children.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from msgspec import Struct

from football.facts import Record
from football.feed import Shareable, SharedEvent, SharedMatch, SharedPeriod, SharedScore, SharedTeam, Shows, project
from football.feed_messages import Message, diff
from football.policy import ClubRules, Options
from football.scoreboard import Side
from football.status import Status
from football.vocabulary import REGULAR

ALL: Final = Options(score=True, shirt_numbers=True, venue=True)
RULES: Final = ClubRules(young_scores=True, young_shirt_numbers=True)


class MemberEvent(Struct, frozen=True, omit_defaults=True):
    """An event of the timeline, under its own id."""

    event_id: str
    kind: str
    team: Side | None
    player: str | None
    """The name of who did it; of a substitution, of the player going off."""
    timestamp: str
    """The clock of its period, `12:34`."""
    minute: str
    period_number: int
    clock_ms: int
    period_type: str = REGULAR
    player_id: str | None = None
    player_on: str | None = None
    """Of a substitution: the name of the player coming on."""
    player_on_id: str | None = None
    score_after: SharedScore | None = None


class MemberMatch(Struct, frozen=True):
    """A match as a member gets it; the fields of `SharedMatch`."""

    shows: Shows
    home: SharedTeam
    away: SharedTeam
    kickoff: str
    competition: str | None
    season: str | None
    venue: str | None
    status: Status
    score: SharedScore | None
    periods: tuple[SharedPeriod, ...]
    timeline: tuple[MemberEvent, ...]


def member_view(what: Shareable, now_ms: int) -> MemberMatch:
    """Return the view of a match for members; the players of `what` have their names. `now_ms` is since 1970."""
    shared = project(what, ALL, RULES, now_ms, str)
    events = {each["id"]: each for each in what.facts.events}
    coming_on = {
        each["event_id"]: each["player_id"] for each in what.facts.participants if each["kind"] == "substitution"
    }
    timeline = tuple(_event(each, events[each.event_id], coming_on, what.players) for each in shared.timeline)
    fields: dict[str, Any] = {name: getattr(shared, name) for name in SharedMatch.__struct_fields__}
    fields |= {"venue": what.facts.match["venue"], "timeline": timeline}
    return MemberMatch(**fields)


def member_diff(before: MemberMatch, after: MemberMatch) -> list[Message]:
    """Return the messages that lead from one view to the other, as `diff` does for viewers."""
    return diff(cast("SharedMatch", before), cast("SharedMatch", after))


def _event(
    shared: SharedEvent, event: Record, coming_on: Mapping[str, Any], players: Mapping[str, Record]
) -> MemberEvent:
    on = coming_on.get(shared.event_id) if shared.kind == "substitution" else None
    return MemberEvent(
        event_id=shared.event_id,
        kind=shared.kind,
        team=shared.team,
        player=_name(players, event["player_id"]),
        timestamp=shared.timestamp,
        minute=shared.minute,
        period_number=shared.period_number,
        clock_ms=shared.clock_ms,
        period_type=shared.period_type,
        player_id=event["player_id"],
        player_on=_name(players, on),
        player_on_id=on,
        score_after=shared.score_after,
    )


def _name(players: Mapping[str, Record], player_id: str | None) -> str | None:
    found = players.get(player_id or "")
    return None if found is None else found["full_name"]


def who_is_named(what: Shareable) -> Sequence[str]:
    """Return the ids of the players whom a match's events name."""
    named = {each["player_id"] for each in (*what.facts.events, *what.facts.participants)}
    return sorted(named - {None})
