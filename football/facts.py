"""The recorded facts of one match, from which everything else is folded.

A *view* is `{collection: {id: fields}}` without deleted records: a device's screen, the server's tables and a
snapshot all have this shape, so all three use the same folds. The folds never see the order of arrival.
"""

from collections.abc import Collection, Mapping
from typing import Any

from msgspec import Struct

from football.collections import CATALOGUE
from sync.collections import Values, with_defaults

Record = Mapping[str, Any]
"""All declared fields of a record, defaults filled in, and its `id`."""

View = Mapping[str, Mapping[str, Values]]
"""Collection -> id -> fields of the records that are not deleted. Further collections and fields may be there."""


class MatchFacts(Struct, frozen=True):
    """One match and what belongs to it; each tuple is ordered by id, deleted records are absent."""

    match: Record
    periods: tuple[Record, ...] = ()
    pauses: tuple[Record, ...] = ()
    events: tuple[Record, ...] = ()
    participants: tuple[Record, ...] = ()
    lineup: tuple[Record, ...] = ()


def gather(view: View, match_id: str) -> MatchFacts:
    """Collect the facts of a match. Raises KeyError where the view has no such match."""
    periods = _children(view, "match_periods", "match_id", {match_id})
    events = _children(view, "events", "match_id", {match_id})
    return MatchFacts(
        match=_record("matches", match_id, view["matches"][match_id]),
        periods=periods,
        pauses=_children(view, "match_pauses", "period_id", _ids(periods)),
        events=events,
        participants=_children(view, "event_participants", "event_id", _ids(events)),
        lineup=_children(view, "lineup", "match_id", {match_id}),
    )


def _children(view: View, collection: str, field: str, parents: Collection[str]) -> tuple[Record, ...]:
    found = {key: values for key, values in view.get(collection, {}).items() if values.get(field) in parents}
    return tuple(_record(collection, key, found[key]) for key in sorted(found))


def _record(collection: str, key: str, values: Values) -> Record:
    return {**with_defaults(CATALOGUE.collections[collection], values), "id": key}


def _ids(records: tuple[Record, ...]) -> frozenset[str]:
    return frozenset(record["id"] for record in records)
