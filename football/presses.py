"""The buttons of a match: start, pause, resume, end, full time; which field of which record each of them writes.

A press names a moment. Where somebody has pressed the same button before (the half has ended, the clock stands), the
press is about the same edge and not about another one: two thumbs on two phones make one half. A press that cannot be
is a problem with a sentence that says what to do; none of them ever stands in the way of a goal.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from football import ids
from football.clock import PeriodKey, period_key
from football.facts import MatchFacts, Record
from sync.collections import Problem, Value, format_instant, instant_ms

PRESSED_TOGETHER_MS: Final = 30_000
"""Milliseconds between two presses of one button by two people: a whistle, a look at the other phone, a walk."""

STARTED: Final = "started_at"
ENDED: Final = "ended_at"
FINISHED: Final = "finished_at"


class Edge(Struct, frozen=True):
    """What a press writes: one moment in one record, and what the record needs where it is not there yet."""

    collection: str
    record: str
    field: str
    at: str
    """The moment, as an instant on the wire."""
    fields: Mapping[str, Value] = {}
    """What creates the record."""
    cleared: tuple[str, ...] = ()
    """The fields that a record which was deleted must lose when it comes back."""
    overrules: bool = False
    """Whether the moment that stands there was undone by what came later."""

    @property
    def written(self) -> dict[str, Value]:
        """Return all that the press writes on a record that is not there."""
        return {**self.fields, self.field: self.at}


def start(facts: MatchFacts, key: PeriodKey, at_ms: int) -> Edge | Problem:
    """Start a period; one that nobody ended before is ended by this."""
    match_id = facts.match["id"]
    mine = period_record(facts, key)
    ended_ms = None if mine is None else _ms(mine[ENDED])
    if ended_ms is not None and at_ms > ended_ms:
        return _wrong(f"{words(key)} has ended before that. Start the next period, or correct its end first.")
    for other in facts.periods:
        other_key, began_ms = period_key(other["type"], other["number"]), _ms(other[STARTED])
        if began_ms is not None and ((other_key > key and began_ms <= at_ms) or (other_key < key and began_ms > at_ms)):
            order = "before" if other_key > key else "after"
            return _wrong(f"{words(other_key)} began {order} that. Check the number, or correct the times of both.")
    record = ids.period_id(match_id, key.type, key.number) if mine is None else mine["id"]
    fields = {"match_id": match_id, "type": key.type, "number": key.number}
    return Edge("match_periods", record, STARTED, format_instant(at_ms), fields, cleared=(ENDED,))


def end(facts: MatchFacts, key: PeriodKey, at_ms: int) -> Edge | Problem:
    """End a period, with a pause that lasts."""
    mine = _begun(facts, key, at_ms)
    if isinstance(mine, Problem):
        return mine
    later = [each for each in facts.periods if period_key(each["type"], each["number"]) > key]
    if any((began_ms := _ms(each[STARTED])) is not None and began_ms < at_ms for each in later):
        return _wrong(f"A later period began before that. Correct the end of {words(key).lower()} by PUT instead.")
    return Edge("match_periods", mine["id"], ENDED, format_instant(at_ms))


def pause(facts: MatchFacts, key: PeriodKey, at_ms: int) -> Edge | Problem:
    """Stop the clock of a period; where it stands at that moment already, it is that pause that was meant."""
    period = _begun(facts, key, at_ms)
    if isinstance(period, Problem):
        return period
    ended_ms = _ms(period[ENDED])
    if ended_ms is not None and at_ms > ended_ms:
        return _wrong(f"{words(key)} has ended before that, and its clock stands already.")
    pauses = _pauses(facts, period)
    for each in reversed(pauses):
        until_ms = _ms(each[ENDED])
        if until_ms is None or _at(each, STARTED) - PRESSED_TOGETHER_MS <= at_ms <= until_ms:
            return Edge("match_pauses", each["id"], STARTED, format_instant(at_ms))
    ordinal = max((each["ordinal"] for each in pauses), default=0) + 1
    fields = {"period_id": period["id"], "ordinal": ordinal}
    record = ids.pause_id(period["id"], ordinal)
    return Edge("match_pauses", record, STARTED, format_instant(at_ms), fields, cleared=(ENDED,))


def resume(facts: MatchFacts, key: PeriodKey, at_ms: int) -> Edge | Problem:
    """Let the clock of a period run on."""
    period = _begun(facts, key, at_ms)
    if isinstance(period, Problem):
        return period
    before = [each for each in _pauses(facts, period) if _at(each, STARTED) <= at_ms]
    for each in reversed(before):
        until_ms = _ms(each[ENDED])
        if until_ms is None or at_ms <= until_ms + PRESSED_TOGETHER_MS:
            return Edge("match_pauses", each["id"], ENDED, format_instant(at_ms))
    return _wrong(f"The clock of {words(key).lower()} is running at that moment. Pause it first.")


def finish(facts: MatchFacts, at_ms: int) -> Edge | Problem:
    """Blow for full time; it ends a period that is being played, and a period that begins later undoes it."""
    starts = [_at(each, STARTED) for each in facts.periods if each[STARTED] is not None]
    last_ms = max(starts, default=None)
    if last_ms is not None and at_ms < last_ms:
        return _wrong(
            "A period began after that. Full time comes after the last period; correct that one's start first."
        )
    pressed_ms = _ms(facts.match[FINISHED])
    is_undone = pressed_ms is not None and last_ms is not None and last_ms > pressed_ms
    return Edge("matches", facts.match["id"], FINISHED, format_instant(at_ms), overrules=is_undone)


def period_record(facts: MatchFacts, key: PeriodKey) -> Record | None:
    """Return the record of a period; of two, the one under the id that follows from its place."""
    found = [each for each in facts.periods if period_key(each["type"], each["number"]) == key]
    usual = ids.period_id(facts.match["id"], key.type, key.number)
    return next((each for each in found if each["id"] == usual), found[0] if found else None)


def words(key: PeriodKey) -> str:
    """Return a period as a sentence names it."""
    return f"Period {key.number}" if not key.rank else f"Period {key.number} ({key.type.replace('_', ' ')})"


def _begun(facts: MatchFacts, key: PeriodKey, at_ms: int) -> Record | Problem:
    """Return the record of a period that began before a moment, or the problem."""
    mine = period_record(facts, key)
    began_ms = None if mine is None else _ms(mine[STARTED])
    if mine is None or began_ms is None:
        return _wrong(f"{words(key)} has not begun. Start it first, or PUT it with both its times.")
    if at_ms < began_ms:
        return _wrong(f"{words(key)} began after that. Check `at`, or correct its start first.")
    return mine


def _pauses(facts: MatchFacts, period: Record) -> list[Record]:
    mine: Iterable[Record] = (each for each in facts.pauses if each["period_id"] == period["id"])
    return sorted((each for each in mine if each[STARTED] is not None), key=lambda each: (each[STARTED], each["id"]))


def _wrong(sentence: str) -> Problem:
    return Problem("wrong_order", sentence, "at")


def _at(record: Record, field: str) -> int:
    return instant_ms(record[field])


def _ms(instant: str | None) -> int | None:
    return None if instant is None else instant_ms(instant)
