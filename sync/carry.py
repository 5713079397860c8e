"""Carrying a plan over into its book: the book then says what a store would load once the plan is written.

So a transaction of many pushes is planned and written in parts, and a later part needs nothing loaded again. The law
is a test: a book carried over is the book that is loaded afterwards (`tests/contract/test_rounds.py`). One thing stays
as it was loaded: how many parked mutations a device has, which only bounds how many more it may park.
"""

from collections.abc import Iterable

from sync.book import Book, Entry, GroupState, Plan, children_among
from sync.collections import Catalogue


def carry(catalogue: Catalogue, book: Book, plan: Plan) -> None:
    """Lay a plan that is written, or is about to be, over the book that it was made from."""
    assert plan.club is not None, "nothing was planned"
    book.club = plan.club
    book.records.update(plan.records)
    book.tags.update({change.version: change.tag for change in plan.changes if change.version in book.tags})
    book.authors.update({device_id: device.author for device_id, device in plan.devices.items()})
    for conflict in plan.conflicts.values():
        book.add_conflict(conflict)
    _carry_outcomes(book, plan)
    if plan.parked:
        _carry_parked(book, plan)
    _carry_groups(book, plan)
    _carry_alike(book, plan)
    for asked, found in book.children.items():
        book.children[asked] = children_among(catalogue, asked, found, plan.records)


def _carry_outcomes(book: Book, plan: Plan) -> None:
    for (device_id, n), outcome in plan.outcomes.items():
        held = book.outcomes.get(device_id)
        if held is not None and (device_id in plan.devices or n in held):
            held[n] = outcome


def _carry_parked(book: Book, plan: Plan) -> None:
    joined: dict[str, list[Entry]] = {}
    for entry in plan.parked.values():
        if entry is not None and entry.waits_for is not None:
            joined.setdefault(entry.waits_for, []).append(entry)
    for what, stored in book.waiting.items():
        if stored or what in joined:
            book.waiting[what] = (*_still(stored, plan), *joined.get(what, ()))
    book.orphans.update({order: plan.parked[order] for order in book.orphans.keys() & plan.parked.keys()})
    book.overdue = tuple(_still(book.overdue, plan))


def _carry_groups(book: Book, plan: Plan) -> None:
    for group, state in book.groups.items():
        entries = (entry for entry in plan.parked.values() if entry is not None)
        joined = [each for each in entries if each.mutation.group is not None and each.mutation.group.id == group]
        outcomes = {(each.device_id, each.n): each for each in state.outcomes}
        outcomes.update({order: each for order, each in plan.outcomes.items() if each.group == group})
        book.groups[group] = GroupState((*_still(state.parked, plan), *joined), tuple(outcomes.values()))


def _carry_alike(book: Book, plan: Plan) -> None:
    """Bring candidates up to date; one whose values are others now is passed over by whoever reads them."""
    for asked, stored in book.alike.items():
        joined = plan.alike.get(asked, ())
        if stored or joined:
            found = {record.key: plan.records.get(record.key, record) for record in stored}
            found.update({key: plan.records[key] for key in joined})
            book.alike[asked] = tuple(found.values())


def _still(entries: Iterable[Entry], plan: Plan) -> Iterable[Entry]:
    """Return those that the plan leaves as they are."""
    return (entry for entry in entries if entry.order not in plan.parked)
