"""A match document as the facts that a coach's device would write, in the order of writing.

The same seed and kick-off give the same facts, ids included, so the demo, the tests and the benchmarks play one
match. Different seeds share no id, so that one document can be many matches of many clubs.

Half starts and ends become periods with instants; a substitution is a group of four (the event, the player coming
on, a stint closed, a stint opened); an assist stays the event it was and also takes part in the goal it led to.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import uuid5

from msgspec import Struct

from football import ids
from football.clock import MINUTE_MS
from football.documents import (
    HALF_END,
    HALF_START,
    POSITION_CODES,
    Document,
    Happening,
    assist_of,
    half_starts,
    read_document,
)
from football.vocabulary import REGULAR
from sync.collections import Value, format_instant

SQUAD_BEFORE_MS: Final = 60 * MINUTE_MS
"""Squads and match are typed in this many milliseconds before kick-off."""

LINEUP_BEFORE_MS: Final = 10 * MINUTE_MS
"""The starting elevens are set this many milliseconds before kick-off."""

DURATION_MINS: Final = 90


class Group(Struct, frozen=True):
    """All or nothing: the facts that share this id are `count`."""

    id: str
    count: int


class Fact(Struct, frozen=True):
    """One put of a device: the fields that it writes on a record."""

    collection: str
    id: str
    fields: dict[str, Value]
    wall_ms: int
    """The device's clock at the edit, milliseconds since 1970."""
    group: Group | None = None


class _Writer(Struct, frozen=True):
    """What stays the same while a document is written down."""

    document: Document
    seed: str
    kickoff_ms: int
    starts_ms: Mapping[int, int]

    def id(self, *words: str | int) -> str:
        return recorded_id(self.seed, *words)

    @property
    def match_id(self) -> str:
        return self.id("match")

    def stint_id(self, team: str, name: str) -> str:
        return ids.stint_id(self.match_id, self.id("player", team, name), 1)

    def wall_ms(self, what: Happening) -> int:
        return self.starts_ms[what.period] + what.clock_ms


def recorded_id(seed: str, *words: str | int) -> str:
    """Return the id of a thing of a recording.

    The things are `season`, `match`, `team <name>`, `player <team> <name>`, and `event <n>` by place.
    """
    return str(uuid5(ids.NAMESPACE, ":".join(["recording", seed, *(str(word) for word in words)])))


def record(document: Mapping[str, Any], *, seed: str, kickoff_ms: int) -> tuple[Fact, ...]:
    """Return the facts of a match document, in time order, parents before children.

    Args:
        document: the parsed JSON. One of another shape raises `msgspec.ValidationError`.
        seed: any text; all ids follow from it.
        kickoff_ms: when the match starts, milliseconds since 1970.

    Everybody has at most one stint in such a match: who goes off does not come back.
    """
    read = read_document(document)
    writer = _Writer(read, seed, kickoff_ms, half_starts(read, kickoff_ms))
    return (*_squads(writer), *_starting(writer), *_play(writer))


def as_view(facts: Sequence[Fact]) -> dict[str, dict[str, dict[str, Value]]]:
    """Return what a device shows once it has written these facts: collection -> id -> fields."""
    view: dict[str, dict[str, dict[str, Value]]] = {}
    for fact in facts:
        view.setdefault(fact.collection, {}).setdefault(fact.id, {}).update(fact.fields)
    return view


def _squads(writer: _Writer) -> Iterator[Fact]:
    wall_ms = writer.kickoff_ms - SQUAD_BEFORE_MS
    document = writer.document
    yield Fact("seasons", writer.id("season"), {"label": document.title[:4]}, wall_ms)
    for team in document.teams:
        yield Fact("teams", writer.id("team", team), {"name": team, "age_group": "adult"}, wall_ms)
    for team in document.teams:
        for player in document.squads[team]:
            fields: dict[str, Value] = {
                "full_name": player.name,
                "squad_number": player.shirt,
                "current_team": writer.id("team", team),
            }
            yield Fact("players", writer.id("player", team, player.name), fields, wall_ms)
    home, away = document.teams
    match: dict[str, Value] = {
        "season_id": writer.id("season"),
        "kickoff_ts": format_instant(writer.kickoff_ms),
        "home_team_id": writer.id("team", home),
        "away_team_id": writer.id("team", away),
        "our_side": "home",
        "duration_mins": DURATION_MINS,
        "period_format": "half",
    }
    yield Fact("matches", writer.match_id, match, wall_ms)


def _starting(writer: _Writer) -> Iterator[Fact]:
    wall_ms = writer.kickoff_ms - LINEUP_BEFORE_MS
    for team in writer.document.teams:
        for name, _shirt, position in writer.document.starting[team]:
            opened = _opened(writer, team, name, 1, 0)
            yield Fact(
                "lineup",
                writer.stint_id(team, name),
                {**opened, "position": POSITION_CODES.get(position)},
                wall_ms,
            )


def _play(writer: _Writer) -> Iterator[Fact]:
    for n, what in enumerate(writer.document.events):
        if what.kind in {HALF_START, HALF_END}:
            yield _period_edge(writer, what)
        elif what.kind == "substitution":
            yield from _substitution(writer, n, what)
        else:
            yield _event(writer, n, what)
            if what.kind == "goal" and (assist := assist_of(writer.document, what)) is not None:
                yield _participant(writer, n, what, "assist", assist)
    last = writer.document.events[-1]
    finished = {"finished_at": format_instant(writer.wall_ms(last))}
    yield Fact("matches", writer.match_id, finished, writer.wall_ms(last))


def _period_edge(writer: _Writer, what: Happening) -> Fact:
    wall_ms = writer.wall_ms(what)
    fields: dict[str, Value] = {"ended_at": format_instant(wall_ms)}
    if what.kind == HALF_START:
        fields = {
            "match_id": writer.match_id,
            "type": REGULAR,
            "number": what.period,
            "started_at": format_instant(wall_ms),
        }
    return Fact("match_periods", ids.period_id(writer.match_id, REGULAR, what.period), fields, wall_ms)


def _substitution(writer: _Writer, n: int, what: Happening) -> Iterator[Fact]:
    """Yield the four facts of a substitution; one that does not say who came on only takes a player off."""
    assert what.player is not None, "a substitution names who goes off"
    off = writer.stint_id(what.team, what.player)
    closed: dict[str, Value] = {
        "end_period_type": REGULAR,
        "end_period": what.period,
        "end_min": what.clock_ms / MINUTE_MS,
    }
    facts = [_event(writer, n, what), Fact("lineup", off, closed, writer.wall_ms(what))]
    if what.player_on is not None:
        opened = _opened(writer, what.team, what.player_on, what.period, what.clock_ms)
        on = writer.stint_id(what.team, what.player_on)
        facts.append(_participant(writer, n, what, "substitution", what.player_on))
        facts.append(Fact("lineup", on, opened, writer.wall_ms(what)))
    group = Group(writer.id("substitution", n), len(facts))
    for fact in facts:
        yield Fact(fact.collection, fact.id, fact.fields, fact.wall_ms, group)


def _event(writer: _Writer, n: int, what: Happening) -> Fact:
    fields: dict[str, Value] = {
        "match_id": writer.match_id,
        "season_id": writer.id("season"),
        "period_type": REGULAR,
        "period_number": what.period,
        "clock_ms": what.clock_ms,
        "kind": what.kind,
        "team_id": writer.id("team", what.team),
    }
    if what.player is not None:
        fields["player_id"] = writer.id("player", what.team, what.player)
    return Fact("events", writer.id("event", n), fields, writer.wall_ms(what))


def _participant(writer: _Writer, n: int, what: Happening, kind: str, name: str) -> Fact:
    event_id = writer.id("event", n)
    fields: dict[str, Value] = {
        "event_id": event_id,
        "player_id": writer.id("player", what.team, name),
        "kind": kind,
    }
    return Fact("event_participants", ids.participant_id(event_id, kind), fields, writer.wall_ms(what))


def _opened(writer: _Writer, team: str, name: str, period: int, clock_ms: int) -> dict[str, Value]:
    return {
        "match_id": writer.match_id,
        "player_id": writer.id("player", team, name),
        "team_id": writer.id("team", team),
        "start_period_type": REGULAR,
        "start_period": period,
        "start_min": clock_ms / MINUTE_MS,
    }
