"""Permits: what whoever pushes may write, read inside the writing transaction, and what becomes of the rest.

A mutation that its author may not make is rejected like any other that cannot be applied, and kept in the quarantine,
where somebody who may can replay it: a change of roles between the pitch and the push loses nothing. An application
says which role may do what by making a `Permit` of each `Grant`; a push without a grant may do all.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from sync.book import Entry, Workspace
from sync.checks import Given
from sync.collections import Problem
from sync.limits import LATE_AFTER_END_MS
from sync.messages import Malformed, Mutation
from sync.records import Key


class Grant(Struct, frozen=True):
    """What a store knows of the access of a session, as it stands in the transaction."""

    role: str
    within: str | None = None
    """The one record, under its collection's own rules, that the access is for; None for the whole club."""
    ends_ms: int | None = None
    """When the access ended or will end, milliseconds since 1970; None where no end is set."""


class Permit(Struct, frozen=True):
    """What a push may write."""

    collections: frozenset[str] | None = None
    """The collections that may be written; None for all."""
    may_resolve: bool = True
    within: Key | None = None
    """Only this record and what it contains, at any depth; None for the whole club."""
    root_fields: frozenset[str] = frozenset()
    """The fields of `within` itself that may be put."""
    ended_ms: int | None = None
    """When access ended: nothing is applied, and what was made before goes to the quarantine."""


EVERYTHING: Final = Permit()

DEPTH_MAX: Final = 8
"""Containers above a record that are followed: football has two."""


_OUTSIDE: Final = Problem("forbidden", "It is not of the match that its author's link is for; a coach can replay it.")

Puts = Mapping[Key, Sequence[Mutation]]
"""What is put beside what is stored, by record."""


class Bounds:
    """Tells which mutations of one push its permit leaves out, and why."""

    def __init__(self, permit: Permit, workspace: Workspace, given: Iterable[Given]) -> None:
        """Judge the mutations of `given`; what they put counts as there when a later one names it."""
        self._permit = permit
        self._workspace = workspace
        read = [each.checked for each in given] if permit.within is not None else []
        self._brought = _puts(each for each in read if isinstance(each, Mutation))

    @property
    def within(self) -> Key | None:
        """Return the one record that the permit is for; None for the whole club."""
        return self._permit.within

    def is_kept(self, mutation: Mutation | Malformed, *, correction: int, now_ms: int) -> bool:
        """Tell whether a mutation is taken at all: after access ended, only what was made before, and for a while."""
        ended_ms = self._permit.ended_ms
        if ended_ms is None:
            return True
        return mutation.wall + correction <= ended_ms and now_ms <= ended_ms + LATE_AFTER_END_MS

    def refusal(self, mutation: Mutation) -> Problem | None:
        """Return why a mutation may not be made by whoever pushes; None where it may."""
        permit = self._permit
        if permit.ended_ms is not None:
            return Problem(
                "access_ended", "Its author had left the club when it arrived; somebody who may can replay it."
            )
        if mutation.op == "resolve":
            return None if permit.may_resolve else Problem("forbidden", "Only an owner or a coach answers conflicts.")
        if permit.collections is not None and mutation.collection not in permit.collections:
            return Problem("forbidden", "The role of its author does not include writing this; a coach can replay it.")
        if permit.within is not None and not self._is_inside(mutation, permit.within):
            return _OUTSIDE
        return None

    def _is_inside(self, mutation: Mutation, root: Key) -> bool:
        key = Key(mutation.collection, mutation.record)
        if key == root:
            return mutation.op == "put" and mutation.fields.keys() <= self._permit.root_fields
        return _descends(self._workspace, key, root, self._brought)


def refusal_now(workspace: Workspace, entry: Entry, together: Iterable[Entry]) -> Problem | None:
    """Return why a mutation that waited may not be applied any more; None where it may.

    What it waited for may have come into being outside its author's bounds. What is applied `together` with it counts.
    """
    if entry.within is None:
        return None
    brought = _puts(each.mutation for each in together)
    return None if _descends(workspace, entry.key, entry.within, brought) else _OUTSIDE


def _puts(mutations: Iterable[Mutation]) -> Puts:
    found: dict[Key, list[Mutation]] = {}
    for mutation in mutations:
        if mutation.op == "put":
            found.setdefault(Key(mutation.collection, mutation.record), []).append(mutation)
    return found


def _descends(workspace: Workspace, key: Key, root: Key, brought: Puts, depth: int = DEPTH_MAX) -> bool:
    """Tell whether a record is in the root by all that is stored of it and all that is put on it."""
    if key == root:
        return workspace.record(key) is not None
    above = _containers(workspace, key, brought) if depth else set[Key]()
    return bool(above) and all(_descends(workspace, each, root, brought, depth - 1) for each in above)


def _containers(workspace: Workspace, key: Key, brought: Puts) -> set[Key]:
    parents = workspace.catalogue.parents[key.collection]
    stored = workspace.record(key)
    said = [each.fields for each in brought.get(key, ())] + ([] if stored is None else [stored.values()])
    return {Key(parent, fields[name]) for name, parent in parents.items() for fields in said if name in fields}
