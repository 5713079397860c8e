"""A dossier: all that a club holds about one player, fit to be handed to them, since nobody else is in it.

Ids and full names of other players are replaced wherever they stand, in notes too, and whoever wrote is told by their
role alone. What a note calls somebody by a first name cannot be known: a person reads a dossier before handing it on.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, cast

from football.collections import CATALOGUE, PLAYERS
from sync.names import Word, words_of

OTHER: Final = "another player"
COLUMNS: Final = ("section", "collection", "record", "at", "by", "field", "value")
"""Of a dossier as CSV: one line for each value."""

_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NAMING: Final = frozenset(
    name
    for collection in CATALOGUE.collections.values()
    for name, spec in collection.fields.items()
    if spec.reference is not None and spec.reference.collection == PLAYERS.name
)
"""The fields that name a player."""
_ASCII_RUN: Final = re.compile(r"[0-9A-Za-z]+")
_RUN_LENGTH_MIN: Final = 3


def forms_of(text: str) -> tuple[str, ...]:
    """Return the words of a text as names are compared."""
    return tuple(word.form for word in words_of(text))


def rough_likes(names: Iterable[str]) -> list[str]:
    """Return patterns of LIKE by which PostgreSQL finds these names in text and in its lower case, and more than them.

    Of each name the longest run of ASCII letters and digits, whose small forms no database doubts; of one without such
    a run its longest word in each case. A name of one word has none: it would be found in half of all notes.
    """
    found: set[str] = set()
    for name in names:
        if len(forms_of(name)) > 1:
            run = max(_ASCII_RUN.findall(name), key=len, default="")
            word = max((name[word.start : word.end] for word in words_of(name)), key=len)
            cases = {word, word.lower(), word.upper(), word.title(), word.casefold()}
            found |= {run.lower()} if len(run) >= _RUN_LENGTH_MIN else cases
    return [f"%{each}%" for each in sorted(found)]


class Screen:
    """Tells what is about the subject, and hides everybody else."""

    def __init__(self, subject: str, names: Iterable[str], others: Mapping[str, str | None]) -> None:
        """Know the subject by id and by every name they had, and the club's other players by id and name."""
        self._subject = subject
        self._others = frozenset(others) - {subject}
        own = {forms_of(name) for name in names}
        hidden = {forms_of(name) for each, name in others.items() if name and each != subject} - own
        self._own = frozenset(words for words in own if len(words) > 1)
        self._known = {words: False for words in own if words} | {words: True for words in hidden if words}
        self._longest = max(map(len, self._known), default=0)

    def is_about(self, value: Any) -> bool:  # noqa: ANN401 - any JSON value
        """Tell whether a value names the subject: by id, or by a full name of two words or more."""
        if isinstance(value, str):
            return value == self._subject or any(words in self._own for words, _ in self._spans(words_of(value)))
        return any(self.is_about(each) for _, each in inside(value))

    def clean(self, value: Any, field: str = "") -> Any:  # noqa: ANN401 - any JSON value
        """Return a value without other players; `field` is where it stands."""
        if isinstance(value, Mapping):
            return {name: self.clean(each, name) for name, each in inside(value)}
        if isinstance(value, list | tuple):
            return [self.clean(each, field) for _, each in inside(value)]
        if not isinstance(value, str) or value == self._subject:
            return value
        if field in _NAMING:
            return OTHER
        return self._text(_UUID.sub(lambda found: OTHER if found[0] in self._others else found[0], value))

    def _text(self, text: str) -> str:
        """Return a text without the names of others; the subject's own, which may hold one of theirs, stays."""
        parts: list[str] = []
        done = 0
        for name, found in self._spans(words_of(text)):
            if self._known[name]:
                parts += [text[done : found[0].start], OTHER]
                done = found[-1].end
        return "".join([*parts, text[done:]])

    def _spans(self, words: Sequence[Word]) -> Iterator[tuple[tuple[str, ...], Sequence[Word]]]:
        """Yield the names in a text, and the words that they are: the longest at each place."""
        at = 0
        while at < len(words):
            for length in range(min(self._longest, len(words) - at), 0, -1):
                found = words[at : at + length]
                name = tuple(word.form for word in found)
                if name in self._known:
                    yield name, found
                    at += length - 1
                    break
            at += 1


def lines_of(section: str, row: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Yield the lines of a row of a dossier, one for each value, in the order of `COLUMNS`."""
    head = tuple(row.get(name) for name in COLUMNS[1:5])
    rest = {name: value for name, value in row.items() if name not in COLUMNS[1:5]}
    for field, value in _leaves("", rest):
        yield (section, *head, field, value)


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - any JSON value
    if isinstance(value, Mapping | list | tuple):
        for name, each in inside(value):
            yield from _leaves(f"{path}.{name}" if path else name, each)
    elif value is not None:
        yield path, str(value).lower() if isinstance(value, bool) else value


def inside(value: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - any JSON value
    """Yield what a mapping or a list holds, and where: by name, or by place; nothing for a single value."""
    if isinstance(value, Mapping):
        yield from cast("Mapping[str, Any]", value).items()
    elif isinstance(value, list | tuple):
        yield from ((str(place), each) for place, each in enumerate(cast("Sequence[Any]", value)))
