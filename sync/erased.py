"""The erased: who was erased in a club, as planning a push asks for it; a club without erasures asks nothing."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from sync.collections import Catalogue
from sync.erasure import Erasure, subject_of
from sync.messages import Malformed, Mutation
from sync.records import Key
from sync.subjects import Subject


class Erased:
    """The records that a club has erased, as planning asks for them."""

    def __init__(self, catalogue: Catalogue, hash_key: bytes, erasures: Iterable[Erasure]) -> None:
        """Recognise the subjects of these erasures."""
        self._key = hash_key
        self.subjects = [Subject(catalogue, hash_key, each) for each in erasures if each.kind == "record"]
        self._known = {(each.erasure.collection, each.erasure.subject) for each in self.subjects}
        self._collections = {each.erasure.collection for each in self.subjects}

    def has(self, key: Key) -> bool:
        """Tell whether a record was erased."""
        return key.collection in self._collections and (key.collection, subject_of(self._key, key)) in self._known

    def has_target(self, mutation: Mutation | Malformed) -> bool:
        """Tell whether a mutation is about somebody who was erased; of a malformed one as far as it can be read."""
        if isinstance(mutation, Malformed):
            named = _named(mutation.raw)
            return named is not None and self.has(named)
        if self.has(Key(mutation.collection, mutation.record)):
            return True
        return mutation.resolve is not None and any(each.is_target(mutation) for each in self.subjects)

    def unseen(self, base: int) -> Sequence[Subject]:
        """Return those that an author had not seen erased."""
        return [each for each in self.subjects if base < each.erasure.version]


class _Named(Struct):
    collection: str
    record: str


def _named(raw: Any) -> Key | None:  # noqa: ANN401 - any JSON value
    """Return the record that a malformed mutation names; one nested too deeply is there as text."""
    try:
        if isinstance(raw, str):
            found = msgspec.json.decode(raw.encode(errors="replace"), type=_Named)
        else:
            found = msgspec.convert(raw, type=_Named)
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError):
        return None
    return Key(found.collection, found.record.lower())
