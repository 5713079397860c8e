"""Subjects: a record that was erased, as it is recognised in what refers to it, in texts and in conflicts.

All is found by the keyed hashes that the ledger keeps, so that what is written years later, and a log whose rewriting
was cut, are looked through without anybody knowing whose name it is.
"""

from collections.abc import Container
from typing import Final

from msgspec.structs import replace

from sync.collections import Catalogue, Collection, Problem, Type, Value, Values, is_object
from sync.conflicts import DELETED, Conflict, Kind, Side
from sync.erasure import SINGLE, Erasure, subject_of
from sync.messages import Mutation
from sync.names import Names
from sync.records import Key

_PLAIN: Final = frozenset({DELETED, "collection", "record"})
"""Parts of what a conflict shows that are no texts."""


class Subject:
    """One erased record."""

    def __init__(self, catalogue: Catalogue, hash_key: bytes, erasure: Erasure) -> None:
        """Recognise the subject of an erasure of a record."""
        self.erasure = erasure
        self._catalogue = catalogue
        self._key = hash_key
        self.names = Names(hash_key, erasure.names)
        self._long = Names(hash_key, (name for name in erasure.names if not name.startswith(SINGLE)))
        self.has_single = any(name.startswith(SINGLE) for name in erasure.names)
        """Whether a name is a single word, so that it matters what refers to the subject."""
        self._references = {
            name: [field for field, spec in each.fields.items() if spec.reference is not None]
            for name, each in catalogue.collections.items()
        }

    def is_key(self, key: Key) -> bool:
        """Tell whether a record is the one that was erased."""
        return key.collection == self.erasure.collection and subject_of(self._key, key) == self.erasure.subject

    def is_about(self, collection: str, *records: str | None) -> bool:
        """Tell whether one of some records of a collection is the one that was erased."""
        return any(each is not None and self.is_key(Key(collection, each)) for each in records)

    def is_target(self, mutation: Mutation) -> bool:
        """Tell whether a mutation is about the subject, as the second of a pair too."""
        kind, _, rest = ("", "", "") if mutation.resolve is None else mutation.resolve.field.partition("/")
        other = rest if kind == Kind.DUPLICATE else None
        return self.is_about(mutation.collection, mutation.record, other)

    def refers(self, collection: str, values: Values) -> bool:
        """Tell whether a record with these values refers to the subject."""
        declared = self._catalogue.collections.get(collection)
        if declared is None:
            return False
        for field in self._references[collection]:
            reference = declared.fields[field].reference
            value = values.get(field)
            if reference is not None and isinstance(value, str) and self.is_about(reference.collection, value):
                return True
        return False

    def claims_name(self, collection: str, field: str, value: Value) -> bool:
        """Tell whether a value gives another record just one of the names."""
        declared = self._catalogue.collections.get(collection)
        return (
            declared is not None
            and field in declared.identifying
            and isinstance(value, str)
            and self.names.is_one(value)
        )

    def looking(self, *, is_near: bool) -> Names:
        """Return the names to look for: all in what refers to the subject, else those of several words."""
        return self.names if is_near else self._long

    def without_names(self, collection: str, values: Values, *, is_near: bool) -> dict[str, Value]:
        """Return fields of another record with the names replaced in its free texts."""
        declared, names = self._catalogue.collections.get(collection), self.looking(is_near=is_near)
        if not names:
            return dict(values)
        return {
            (field if declared is not None and field in declared.fields else names.without(field)): _cleaned(
                names, declared, field, value
            )
            for field, value in values.items()
        }

    def clean_mutation(self, mutation: Mutation, *, is_near: bool) -> Mutation:
        """Return a mutation of another record with the names replaced in what it writes."""
        resolve = mutation.resolve
        fields = self.without_names(mutation.collection, mutation.fields, is_near=is_near) if mutation.fields else {}
        if resolve is not None and isinstance(resolve.value, str):
            told = self.without_names(mutation.collection, {resolve.field: resolve.value}, is_near=is_near)
            resolve = replace(resolve, value=told.get(resolve.field, resolve.value))
        if fields == mutation.fields and resolve == mutation.resolve:
            return mutation
        return replace(mutation, fields=fields, resolve=resolve)

    def clean_problem(self, problem: Problem | None, *, is_near: bool) -> Problem | None:
        """Return what is told of a mutation with the names replaced."""
        if problem is None:
            return None
        names = self.looking(is_near=is_near)
        field = None if problem.field is None else names.without(problem.field)
        now = replace(problem, sentence=names.without(problem.sentence), field=field)
        return problem if now == problem else now

    def clean_conflict(self, conflict: Conflict, near: Container[Key] = ()) -> Conflict:
        """Return a conflict about another record with the names replaced in its sides."""
        is_near = conflict.key in near
        stands = None if conflict.stands is None else self._clean_side(conflict, conflict.stands, is_near=is_near)
        candidates = tuple(self._clean_side(conflict, side, is_near=is_near) for side in conflict.candidates)
        if stands == conflict.stands and candidates == conflict.candidates:
            return conflict
        return replace(conflict, stands=stands, candidates=candidates)

    def _clean_side(self, conflict: Conflict, side: Side, *, is_near: bool) -> Side:
        is_near = is_near or self._is_told_of(side.value)
        value = self._clean_told(conflict, side.value, is_near=is_near)
        problem = self.clean_problem(side.problem, is_near=is_near)
        return replace(side, value=value, problem=problem)

    def _is_told_of(self, value: Value) -> bool:
        """Tell whether what a side shows, a whole mutation, refers to the subject."""
        told = value.get("mutation") if is_object(value) else None
        if not is_object(told) or not is_object(told.get("fields")):
            return False
        return self.refers(str(told.get("collection")), told["fields"])

    def _clean_told(self, conflict: Conflict, value: Value, *, is_near: bool) -> Value:
        """Return what a side shows with the names replaced: a field's value, some fields, or a whole mutation."""
        names = self.looking(is_near=is_near)
        if conflict.kind is Kind.FIELD:
            told = self.without_names(conflict.collection, {conflict.field: value}, is_near=is_near)
            return next(iter(told.values()))
        if not is_object(value):
            return names.without_any(value)
        about = conflict.collection
        return {name: self._clean_part(about, name, part, is_near=is_near) for name, part in value.items()}

    def _clean_part(self, collection: str, name: str, part: Value, *, is_near: bool) -> Value:
        if name == "mutation":
            return self.clean_told_mutation(part, is_near=is_near)
        if name == "fields" and is_object(part):
            return self.without_names(collection, part, is_near=is_near)
        return part if name in _PLAIN else self.looking(is_near=is_near).without_any(part)

    def clean_told_mutation(self, told: Value, *, is_near: bool) -> Value:
        """Return a mutation as JSON, of whatever shape, with the names replaced."""
        names = self.looking(is_near=is_near)
        if not is_object(told):
            return names.without_any(told)
        collection = str(told.get("collection"))
        cleaned: dict[str, Value] = {}
        for name, part in told.items():
            if name == "fields" and is_object(part):
                cleaned[name] = self.without_names(collection, part, is_near=is_near)
            elif name == "resolve" and is_object(part) and isinstance(part.get("field"), str):
                value = self.without_names(collection, {part["field"]: part.get("value")}, is_near=is_near)
                has = {"value": next(iter(value.values()))} if "value" in part else {}
                cleaned[name] = {**names.without_any(part), **has}
            else:
                cleaned[names.without(name)] = names.without_any(part)
        return cleaned


def _cleaned(names: Names, declared: Collection | None, field: str, value: Value) -> Value:
    """Return one field's value with the names replaced; null where what is left no longer fits the field."""
    if value is None or isinstance(value, int | float):
        return value  # most of a log: no text to look through
    spec = None if declared is None else declared.fields.get(field)
    if declared is None or spec is None:
        return names.without_any(value)
    reader = declared.readers[field]
    if spec.identifies or spec.choices is not None:
        return value
    if spec.type is not Type.TEXT and not isinstance(reader(value), Problem):
        return value
    now = names.without_any(value)
    if now != value and spec.type is Type.TEXT and isinstance(reader(now), Problem) and not spec.required:
        return None if not isinstance(reader(value), Problem) else now
    return now
