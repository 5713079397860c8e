"""What a process remembers of the matches that it told feeds of last, so that an event costs what an event costs.

    club's head under the lock == the head that was remembered   nobody has written a record since
    cursor of a feed           == the one that was remembered    nobody has told or begun it since

Both are read under the lock of the club's counter row, in the transaction that uses what is remembered, so another
process that wrote, an erasure or a restored copy is found out; then all is read again. A transaction writes into a
draft, which is kept once that has committed.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from football.collections import CATALOGUE
from football.facts import Record as Fact
from football.feed import Drawn, Shareable, SharedMatch
from sync.cursors import Cursor
from sync.records import Key, Record

CLUBS_MAX: Final = 200
"""Clubs of which something is remembered, those that wrote last."""
MATCHES_MAX: Final = 8
"""Matches remembered of each: those being played, some 150 KB each with all events."""

RECENT_S: Final = 0.5
"""Seconds in which what was committed is handed on without being read again: a tailer comes by in milliseconds."""
RECENT_MAX: Final = 200
"""Entries of a feed that are handed on so; what is more is read."""

EVENT_FIELDS: Final = ("match_id", "period_type", "period_number", "clock_ms", "kind", "team_id", "player_id")
"""Those of the allow-list (`shareable.sql`)."""
SUBSTITUTION: Final = "substitution"
UNSEEN: Final = frozenset(CATALOGUE.collections) - {
    "matches",
    "match_periods",
    "match_pauses",
    "events",
    "event_participants",
    "lineup",
    "teams",
    "players",
    "seasons",
}
"""Collections of which no view shows anything."""


class Place(NamedTuple):
    """Names a feed."""

    club_id: str
    match_id: str
    view: int


class Recent(Struct, frozen=True):
    """Entries of a feed that were committed a moment ago, and where it stands with them."""

    cursor: Cursor
    hide_key: bytes
    due_ms: int | None
    bodies: Sequence[bytes]
    """The last entries up to the cursor."""

    @property
    def after(self) -> int:
        """Return the number of the entry before them."""
        return self.cursor.version - len(self.bodies)


class Shown(Struct, frozen=True):
    """A feed as it was told last."""

    cursor: Cursor
    view: SharedMatch
    drawn: Drawn
    told: Recent | None = None
    """What it was told in the transaction at hand."""


class Remembered(Struct, frozen=True):
    """A match as it was read last, and its feeds by their views."""

    what: Shareable
    shown: Mapping[int, Shown]


class _Club(Struct):
    head: Cursor
    matches: "OrderedDict[str, Remembered]"


class Memory:
    """What one process remembers; belongs to one event loop."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._clubs: OrderedDict[str, _Club] = OrderedDict()
        self._recent: dict[Place, Recent] = {}

    def recent(self, place: Place, after: Cursor) -> Recent | None:
        """Return what was committed a moment ago behind a cursor; None where that is not all that comes after it."""
        found = self._recent.get(place)
        is_next = found is not None and found.cursor.tag == after.tag and found.after <= after.version
        return found if found is not None and is_next and after.version < found.cursor.version else None

    def hand_on(self, place: Place, told: Recent) -> None:
        """Hold what was committed just now for a moment, with what is held already."""
        held = self._recent.get(place)
        if held is not None and held.cursor.tag == told.cursor.tag and held.cursor.version == told.after:
            told = replace(told, bodies=[*held.bodies, *told.bodies])
        self._recent.pop(place, None)
        if 0 < len(told.bodies) <= RECENT_MAX:
            self._recent[place] = told
            asyncio.get_running_loop().call_later(RECENT_S, self._let_go, place, told)

    def _let_go(self, place: Place, told: Recent) -> None:
        if self._recent.get(place) is told:
            del self._recent[place]

    def draft(self, club_id: str, head: Cursor) -> "Draft":
        """Return what is remembered of a club that stands at `head` under its lock."""
        known = self._clubs.get(club_id)
        return Draft(self, club_id, known.matches if known is not None and known.head == head else {})

    def keep(self, club_id: str, head: Cursor, matches: Mapping[str, Remembered]) -> None:
        """Remember these matches of a club, which stands at `head` now."""
        self._clubs.pop(club_id, None)
        if not matches:
            return
        self._clubs[club_id] = _Club(head, OrderedDict([*matches.items()][-MATCHES_MAX:]))
        if len(self._clubs) > CLUBS_MAX:
            self._clubs.popitem(last=False)


class Draft:
    """What is remembered of a club inside one transaction, with what that has written."""

    def __init__(self, memory: Memory, club_id: str, matches: Mapping[str, Remembered]) -> None:
        """Begin with what was remembered."""
        self._memory = memory
        self._club_id = club_id
        self._matches = dict(matches)
        self._told: dict[Place, Recent] = {}
        self._is_written = False

    def write(self, records: Mapping[Key, Record]) -> None:
        """Note what the transaction wrote, before anything is asked: a match is as it was but for these records."""
        self._is_written = True
        for match_id, known in [*self._matches.items()]:
            what = with_written(known.what, match_id, records)
            if what is None:
                del self._matches[match_id]
            elif what is not known.what:
                self._matches[match_id] = replace(known, what=what)

    def match(self, match_id: str) -> Remembered | None:
        """Return a match as it stands after what was written; None where that is not known."""
        return self._matches.get(match_id)

    def note(self, match_id: str, what: Shareable, shown: Mapping[int, Shown]) -> None:
        """Remember a match with its feeds, as the one used last."""
        self._matches.pop(match_id, None)
        self._matches[match_id] = Remembered(what, shown)
        for view, each in shown.items():
            if each.told is not None:
                self._told[Place(self._club_id, match_id, view)] = each.told

    def forget(self, match_id: str) -> None:
        """Remember a match no more."""
        self._matches.pop(match_id, None)

    def keep(self, head: Cursor) -> None:
        """Keep it: the transaction has committed, and the club stands at `head`.

        Where nobody said what it wrote, nothing is known of the club any more.
        """
        for place, told in self._told.items():
            self._memory.hand_on(place, told)
        self._memory.keep(self._club_id, head, self._matches if self._is_written else {})


def with_written(what: Shareable, match_id: str, records: Mapping[Key, Record]) -> Shareable | None:
    """Return a match with written records laid over it; None where they change more than events that stand alone.

    What a substitution, a period or a player changes reaches further than its own record, and is read again.
    """
    events: dict[str, Fact] | None = None
    for key, record in records.items():
        if key.collection in UNSEEN or (key.collection == "event_participants" and _is_beside(what, key, record)):
            continue
        if key.collection != "events":
            return None
        if events is None:
            events = {each["id"]: each for each in what.facts.events}
        was, event = events.pop(key.record, None), _event(record)
        if event is None or event["match_id"] != match_id:
            continue
        if SUBSTITUTION in (event["kind"], None if was is None else was["kind"]):
            return None
        if event["player_id"] is not None and event["player_id"] not in what.players:
            return None
        events[key.record] = event
    if events is None:
        return what
    ordered = tuple(events[each] for each in sorted(events))
    return replace(what, facts=replace(what.facts, events=ordered))


def _is_beside(what: Shareable, key: Key, record: Record) -> bool:
    """Tell whether a part in an event is of a kind that no view shows, and was before."""
    write = record.fields.get("kind")
    is_shown = write is None or write.value == SUBSTITUTION
    return not is_shown and all(each["id"] != key.record for each in what.facts.participants)


def _event(record: Record) -> Fact | None:
    """Return an event as the allow-list reads it; None where it is deleted or incomplete."""
    fields = record.fields
    if record.is_deleted or "kind" not in fields or fields["kind"].value is None:
        return None
    written: dict[str, Any] = {name: fields[name].value for name in EVENT_FIELDS if name in fields}
    return {**CATALOGUE.collections["events"].defaults, **written, "id": record.key.record}
