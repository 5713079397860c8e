"""What has changed between two views of a match, in the messages that viewers get; and what a viewer makes of them.

    apply(before, diff(before, after)) == after

Every message carries the score as it stands after all messages of its transaction, so a screen never shows an old one
beside a new event. A message that comes too late to be news says that it is a correction.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from football.clock import PeriodKey, period_key
from football.feed import (
    Hide,
    Shareable,
    SharedEvent,
    SharedMatch,
    SharedPeriod,
    SharedScore,
    Shows,
    late_events,
)
from football.status import Status, full_time_ms
from football.timeline import CORRECTION_AFTER_MS
from sync.collections import Values
from sync.cursors import Cursor

MessageType = Literal[
    "match", "period", "status", "event_removed", "event_updated", "event_logged", "substitution", "score"
]


class Message(Struct, frozen=True):
    """One message to viewers. Each carries `score`, as it stands after all messages of its transaction."""

    type: MessageType
    data: Mapping[str, Any]


class Entry(Struct, frozen=True):
    """A message as a feed keeps and sends it."""

    type: MessageType
    cursor: str
    """`n.epoch`: where a viewer goes on from after this. It has the form of a log's cursor."""
    at: int
    """When it was received, in milliseconds since 1970."""
    is_correction: bool
    """It tells of something earlier: no news, and nothing to cheer about."""
    data: Mapping[str, Any]


def diff(before: SharedMatch, after: SharedMatch) -> list[Message]:
    """Return the messages that lead from one view to the other; none where they are equal."""
    told: list[tuple[MessageType, dict[str, Any]]] = []
    details = {name: value for name in _DETAILS if (value := getattr(after, name)) != getattr(before, name)}
    if details:
        told.append(("match", msgspec.to_builtins(details)))
    if after.periods != before.periods:
        told.append(("period", {"periods": msgspec.to_builtins(after.periods)}))
    if after.status != before.status:
        told.append(("status", {"status": after.status.value}))
    told.extend(_event_messages(before.timeline, after.timeline))
    if not told and after.score != before.score:
        told.append(("score", {}))
    score = msgspec.to_builtins(after.score)
    return [Message(kind, {**data, "score": score}) for kind, data in told]


def entries_of(messages: Sequence[Message], what: Shareable, now_ms: int, hide: Hide, after: Cursor) -> list[Entry]:
    """Return messages as entries of a feed, numbered on from a cursor; `now_ms` is when what they tell was received."""
    if not messages:
        return []
    named = {each.data["event_id"] for each in messages if "event_id" in each.data}
    late = late_events(what, now_ms, hide, named)
    full_time = full_time_ms(what.facts, now_ms)
    is_over = full_time is not None and now_ms - full_time > CORRECTION_AFTER_MS
    return [
        Entry(
            type=each.type,
            cursor=str(Cursor(after.version + place, after.tag)),
            at=now_ms,
            is_correction=each.type in _CORRECTIONS or each.data.get("event_id") in late or is_over,
            data=each.data,
        )
        for place, each in enumerate(messages, 1)
    ]


def apply(view: SharedMatch, messages: Sequence[Message]) -> SharedMatch:
    """Return a view with messages laid over it, in their order, as a viewer's screen does."""
    for message in messages:
        data = {name: value for name, value in message.data.items() if name != "score"}
        score = msgspec.convert(message.data["score"], SharedScore | None)
        view = replace(_APPLIED[message.type](view, data), score=score)
    return view


def withdraws(before: SharedMatch, after: SharedMatch) -> bool:
    """Tell whether something that was shown is held back now: what was said before must not be read again.

    A number that left an event that is still there may have been corrected, or its player may want not to be shared;
    for safety the two are not told apart.
    """
    had, has = before.shows, after.shows
    if any(getattr(had, name) and not getattr(has, name) for name in Shows.__struct_fields__):
        return True
    shown = {each.event_id: each for each in before.timeline if (each.player, each.player_on) != (None, None)}
    return bool(shown) and any(
        (was := shown.get(each.event_id)) is not None
        and ((each.player is None and was.player is not None) or (each.player_on is None and was.player_on is not None))
        for each in after.timeline
    )


def _place(event: SharedEvent) -> tuple[PeriodKey, int, str]:
    return period_key(event.period_type, event.period_number), event.clock_ms, event.event_id


def _event_messages(
    before: Sequence[SharedEvent], after: Sequence[SharedEvent]
) -> list[tuple[MessageType, dict[str, Any]]]:
    had = {each.event_id: each for each in before}
    has = {each.event_id for each in after}
    told: list[tuple[MessageType, dict[str, Any]]] = [
        ("event_removed", {"event_id": each}) for each in had if each not in has
    ]
    for event in after:
        was = had.get(event.event_id)
        if was is None:
            kind: MessageType = "substitution" if event.kind == "substitution" else "event_logged"
            told.append((kind, msgspec.to_builtins(event)))
        elif was is not event and was != event:
            told.append(("event_updated", msgspec.to_builtins(event)))
    return told


_CORRECTIONS: Final = frozenset({"event_updated", "event_removed"})
_DETAILS: Final = ("shows", "home", "away", "kickoff", "competition", "season", "venue")
_TYPES: Final = SharedMatch.__annotations__


def _with_details(view: SharedMatch, data: Values) -> SharedMatch:
    return replace(view, **{name: msgspec.convert(value, _TYPES[name]) for name, value in data.items()})


def _with_periods(view: SharedMatch, data: Values) -> SharedMatch:
    return replace(view, periods=msgspec.convert(data["periods"], tuple[SharedPeriod, ...]))


def _with_status(view: SharedMatch, data: Values) -> SharedMatch:
    return replace(view, status=Status(data["status"]))


def _without_event(view: SharedMatch, data: Values) -> SharedMatch:
    return replace(view, timeline=tuple(each for each in view.timeline if each.event_id != data["event_id"]))


def _with_event(view: SharedMatch, data: Values) -> SharedMatch:
    event = msgspec.convert(data, SharedEvent)
    others = [each for each in view.timeline if each.event_id != event.event_id]
    return replace(view, timeline=tuple(sorted([*others, event], key=_place)))


def _unchanged(view: SharedMatch, _data: Values) -> SharedMatch:
    return view


_APPLIED: Final[Mapping[MessageType, Callable[[SharedMatch, Values], SharedMatch]]] = {
    "match": _with_details,
    "period": _with_periods,
    "status": _with_status,
    "event_removed": _without_event,
    "event_updated": _with_event,
    "event_logged": _with_event,
    "substitution": _with_event,
    "score": _unchanged,
}
"""What each message does to a view, beside its score."""
