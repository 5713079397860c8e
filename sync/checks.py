"""Checks: what can be told of a mutation from itself and the catalogue, before anything is loaded or locked.

A bad mutation is a problem, not an error: its neighbours are applied, and its content goes to the quarantine.
"""

import re
from collections.abc import Iterable
from typing import Final

from msgspec import UNSET, Struct
from msgspec.structs import replace

from sync.collections import Catalogue, Problem, Type, parse, parse_fields, shift_instant
from sync.conflicts import DELETED, Kind
from sync.limits import MUTATION_BYTES_MAX
from sync.messages import Malformed, Mutation, content_of
from sync.stamps import UUID_FORM


class Given(Struct, frozen=True, gc=False):
    """A mutation of a push as it was sent, with what its content says."""

    mutation: Mutation | Malformed
    content: bytes
    """Its one canonical encoding, which is hashed."""
    checked: Mutation | Problem
    """With its content in canonical form, or why it is rejected."""

    @property
    def n(self) -> int:
        """Return its counter."""
        return self.mutation.n


def examine(catalogue: Catalogue, mutations: Iterable[Mutation | Malformed]) -> list[Given]:
    """Check the mutations of a push against the catalogue."""
    return [_examined(catalogue, mutation, content_of(mutation)) for mutation in mutations]


def _examined(catalogue: Catalogue, mutation: Mutation | Malformed, content: bytes) -> Given:
    if isinstance(mutation, Malformed):
        return Given(mutation, content, Problem("malformed", mutation.problem))
    return Given(mutation, content, check(catalogue, mutation, size=len(content)))


def check(catalogue: Catalogue, mutation: Mutation, *, size: int) -> Mutation | Problem:
    """Check a mutation of so many bytes against the catalogue; return it with its content in canonical form."""
    if size > MUTATION_BYTES_MAX:
        return Problem("too_large", f"A mutation takes at most {MUTATION_BYTES_MAX} bytes.")
    collection = catalogue.collections.get(mutation.collection)
    if mutation.op == "resolve":
        return _check_resolution(catalogue, mutation)
    if collection is None:
        return Problem("unknown_collection", "There is no collection of this name that can be written.")
    if mutation.resolve is not None:
        return Problem("wrong_op", "Only the op resolve carries `resolve`.")
    if mutation.op != "put":
        return mutation if not mutation.fields else Problem("wrong_op", "Only the op put carries `fields`.")
    fields = parse_fields(collection, mutation.fields)
    return fields if isinstance(fields, Problem) else replace(mutation, fields=fields)


def corrected(catalogue: Catalogue, mutation: Mutation, correction: int) -> Mutation:
    """Return a checked mutation with what it read off its device's clock corrected by so many milliseconds."""
    if not correction or mutation.op != "put":
        return mutation
    declared = catalogue.collections[mutation.collection].fields
    moved = {
        name: shift_instant(value, correction)
        for name, value in mutation.fields.items()
        if value is not None and declared[name].type is Type.INSTANT and declared[name].is_clock_reading
    }
    return replace(mutation, fields={**mutation.fields, **moved}) if moved else mutation


def _check_resolution(catalogue: Catalogue, mutation: Mutation) -> Mutation | Problem:
    resolution = mutation.resolve
    if resolution is None or mutation.fields:
        return Problem("wrong_op", "The op resolve carries `resolve` and no `fields`.")
    kind, _, rest = resolution.field.partition("/")
    if rest:
        return _check_special(catalogue, mutation, kind, rest)
    collection = catalogue.collections.get(mutation.collection)
    if collection is None:
        return Problem("unknown_collection", "There is no collection of this name.")
    if kind == DELETED:
        is_right = isinstance(resolution.value, bool)
        return mutation if is_right else Problem("wrong_type", "`deleted` takes true or false.", DELETED)
    if kind not in collection.fields:
        return Problem("unknown_field", f"{collection.name} has no field of this name.", kind)
    if resolution.value is UNSET:
        return Problem("missing_value", "An answer carries the value chosen, whatever the choice; null is one.", kind)
    value = parse(collection.fields[kind], kind, resolution.value)
    if isinstance(value, Problem):
        return value
    return replace(mutation, resolve=replace(resolution, value=value))


def _check_special(catalogue: Catalogue, mutation: Mutation, kind: str, rest: str) -> Mutation | Problem:
    assert mutation.resolve is not None
    shape = _SPECIAL.get(kind)
    if shape is None or not shape.fullmatch(rest):
        return Problem("unknown_conflict", "There is no conflict of this name.", "field")
    if kind == Kind.ORPHAN and mutation.resolve.choice != "keep":
        return Problem("wrong_choice", "An orphan can only be given up, by keep: its parent is not there.", "choice")
    if kind == Kind.DUPLICATE and mutation.resolve.choice == "take":
        if mutation.collection not in catalogue.collections:
            return Problem("unknown_collection", "There is no collection of this name.")
        is_right = mutation.resolve.value in (mutation.record, rest)
        return mutation if is_right else Problem("wrong_value", "Name the one record of the pair to drop.", "value")
    return mutation


_SPECIAL: Final = {
    str(Kind.DUPLICATE): re.compile(UUID_FORM),
    str(Kind.GROUP): re.compile(UUID_FORM),
    str(Kind.REJECTED): re.compile(f"{UUID_FORM}/[1-9][0-9]{{0,15}}"),
    str(Kind.ORPHAN): re.compile(f"{UUID_FORM}/[1-9][0-9]{{0,15}}"),
}
"""How each kind of conflict that is about no field is named, after its first slash."""
