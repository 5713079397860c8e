"""The match desk: what the routes of a match day share: reading a match, laying records down, pressing buttons.

A press carries the device's time. A wrapper writes as a device of the server's own, whose clock is right, so the time
is corrected here: where the device's clock is off by 5 s or more (`sent_at` beside the server's clock, as for a push),
by as much as it is off.

A button that was pressed already stays as it was pressed first: the second thumb gets the same answer, and its time is
kept as a candidate of a conflict, where a coach can still take it. (Two phones that sync without having seen one
another rank their presses by stamps, as every write.) The same device's second press changes nothing at all.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Final, TypeVar
from uuid import UUID

from litestar.di import NamedDependency
from litestar.params import SkipValidation
from msgspec import Meta, Struct

from api.errors import NotFound, Rejected
from api.identity.access import Caller
from api.resources.records import Shelf
from api.resources.writing import Intent, Writer, Written, check_verdict, key_device, server_device
from football.collections import CATALOGUE
from football.facts import MatchFacts
from football.presses import Edge
from storage.engine import Engine
from storage.matches import MatchReader
from sync.collections import Problem, Value, format_instant, instant_ms, parse_fields
from sync.cursors import ORIGIN
from sync.limits import CORRECTION_FLOOR_MS
from sync.messages import Milliseconds
from sync.records import Record, Write
from sync.stamps import TICKS_PER_MS, clock_of, correction_of

T = TypeVar("T")

INSTANT_MS_MAX: Final = instant_ms("9999-12-31T23:59:59.999Z")

DeviceTime = Annotated[int, Meta(ge=0, le=INSTANT_MS_MAX)]
"""Milliseconds since 1970 by the device's clock, up to the year 9999."""


class Pressed(Struct, frozen=True):
    """What became of a press."""

    is_first: bool
    """Whether the moment now stands; False where somebody had pressed before."""
    conflicts: tuple[str, ...] = ()


class Desk:
    """Reads and writes the records of a match day for a caller."""

    def __init__(self, engine: Engine, writer: Writer, reader: MatchReader, *, clock: Callable[[], int]) -> None:
        """Read through `reader`, write through `writer`; `clock` gives milliseconds since 1970."""
        self.engine = engine
        self.reader = reader
        self.now_ms = clock
        self._writer = writer

    async def match(self, caller: Caller, match_id: UUID) -> MatchFacts:
        """Return what is recorded of a match. Raises NotFound."""
        found = await self.reader.match(caller.club_id, str(match_id))
        if found is None:
            raise NotFound("There is no such match in this club.")
        return found

    def shelf(self, collection: str) -> Shelf:
        """Return the records of a collection one by one."""
        return Shelf(self.engine, self._writer, collection)

    async def head(self, caller: Caller) -> str:
        """Return the club's head: whoever reads after it has seen at least so much."""
        return str((await self.engine.store.head(caller.club_id)).cursor)

    def corrected(self, at: DeviceTime, sent_at: Milliseconds) -> int:
        """Return a reading of the device's clock as the server's clock would have shown it, never in the future."""
        now_ms = self.now_ms()
        moved = at + correction_of((now_ms - sent_at,))
        return min(max(moved, 0), now_ms + CORRECTION_FLOOR_MS)

    async def press(self, caller: Caller, edge: Edge, *, key: str | None) -> Pressed:
        """Write the moment of a press, unless it stands already. Raises Rejected."""
        base = await self.head(caller)
        was = await self.shelf(edge.collection).stored(caller.club_id, edge.record)
        stands = None if was is None or was.is_deleted else was.fields.get(edge.field)
        if stands is None or stands.value is None or edge.overrules:
            written = await self._lay(caller, edge, was, base=base, key=key)
            return Pressed(is_first=True, conflicts=conflicts_of(written))
        if stands.value == edge.at or stands.device_id in _devices_of(caller, edge, key):
            return Pressed(is_first=False)
        return Pressed(is_first=False, conflicts=conflicts_of(await self._press_late(caller, edge, stands)))

    async def _lay(self, caller: Caller, edge: Edge, was: Record | None, *, base: str, key: str | None) -> Written:
        """Write an edge on the record that stands in the store: a deleted one comes back, without its other edges."""
        intents: list[Intent] = []
        fields: dict[str, Value] = {edge.field: edge.at} if was is not None and not was.is_deleted else edge.written
        if was is not None and was.is_deleted:
            intents.append(Intent(edge.collection, edge.record, "restore"))
            fields.update(dict.fromkeys(edge.cleared))
        intents.append(Intent(edge.collection, edge.record, "put", fields))
        scoped = None if key is None else f"press/{edge.record}/{edge.field}/{key}"
        return await self.write(caller, intents, base=base, key=scoped)

    async def write(self, caller: Caller, intents: Sequence[Intent], *, base: str, key: str | None) -> Written:
        """Write intents as one push, ranked after all that the club has. Raises Rejected with the rule that is broken.

        They are of many records, so they are ranked after the club's clock and not after one record's stamps.
        """
        for intent in intents:
            if intent.op == "put":
                checked(intent.collection, intent.fields)
        clock = max(self.now_ms() * TICKS_PER_MS, await self.reader.greatest_clock(caller.club_id) + 1)
        written = await self._writer.write(caller, intents, base=base, key=key, clock=clock)
        for verdict in written.verdicts:
            check_verdict(verdict)
        return written

    async def _press_late(self, caller: Caller, edge: Edge, stands: Write) -> Written:
        """Write a moment below the one that stands, as one who had not seen it: it loses, and is kept."""
        late = Intent(edge.collection, edge.record, "put", {edge.field: edge.at})
        key = f"late/{edge.record}/{edge.field}/{edge.at}"
        return await self._writer.write(caller, [late], base=str(ORIGIN), key=key, clock=clock_of(stands.stamp) - 1)


TheCaller = NamedDependency[SkipValidation[Caller]]
TheDesk = NamedDependency[SkipValidation[Desk]]


def checked(collection: str, fields: Mapping[str, Value]) -> dict[str, Value]:
    """Return fields in canonical form. Raises Rejected with the rule that one breaks."""
    return possible(parse_fields(CATALOGUE.collections[collection], fields))


def possible(found: T | Problem) -> T:
    """Return what a rule found. Raises Rejected for a problem."""
    if isinstance(found, Problem):
        raise Rejected(code=found.code, sentence=found.sentence, field=found.field)
    return found


def instant_or_none(wall_ms: int | None) -> str | None:
    """Return milliseconds since 1970 as an instant on the wire; None for None."""
    return None if wall_ms is None else format_instant(wall_ms)


def _devices_of(caller: Caller, edge: Edge, key: str | None) -> set[str]:
    """Return the devices under which this caller's device may have written the edge before."""
    own = {caller.device_id, server_device(caller.device_id, "count")}
    return own if key is None else {*own, key_device(caller.device_id, f"press/{edge.record}/{edge.field}/{key}")}


def conflicts_of(written: Written) -> tuple[str, ...]:
    """Return the ids of the conflicts that came of a request's writes, each once."""
    return tuple(dict.fromkeys(each for verdict in written.verdicts for each in verdict.conflicts))
