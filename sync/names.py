"""Names in text: found by keyed hashes of their words, and replaced; whoever looks for a name need not know it.

A text is split into words, each in one form whatever its case, its width and how accents are encoded; a *window* is
some words in a row, whatever stands between them. A name is kept as the number of its words and the keyed hash of
them. In scripts that put no spaces each character is a word. What replaces a name ends a window, so replacing twice
changes nothing more.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgspec

from sync.collections import is_list, is_object

INSTEAD: Final = "…"
"""What stands in place of a name."""

_PERSON: Final = b"touchline names"
_ASCII_WORD: Final = re.compile(r"[0-9A-Za-z]+")
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_UNSPACED: Final = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x3040, 0x30FF),
    (0x3400, 0x9FFF),
    (0xAC00, 0xD7A3),
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)
"""Letters of scripts that put no spaces between words, or join endings to names."""

_BETWEEN, _IN_WORD, _ALONE, _JOINS = range(4)


class Word(NamedTuple):
    """A word of a text: its form, and where it stands."""

    form: str
    start: int
    end: int


@lru_cache(4_096)
def _part(character: str) -> int:
    """Tell what a character is to the words around it."""
    plain = unicodedata.normalize("NFKC", character)
    if any(each.isalnum() for each in plain):
        return _ALONE if any(low <= ord(plain[0]) <= high for low, high in _UNSPACED) else _IN_WORD
    category = unicodedata.category(character)
    return _JOINS if category.startswith("M") or (category == "Cf" and character != "\u200b") else _BETWEEN


def form_of(text: str) -> str:
    """Return the one form of a word: NFKC, case folded, letters, digits and their marks alone."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return "".join(each for each in folded if each.isalnum() or unicodedata.category(each).startswith("M"))


def words_of(text: str) -> list[Word]:
    """Return the words of a text, in their order."""
    if text.isascii():
        return [Word(found[0].lower(), found.start(), found.end()) for found in _ASCII_WORD.finditer(text)]
    words: list[Word] = []
    start: int | None = None
    for place, character in enumerate(text):
        part = _part(character)
        if start is not None and part in {_BETWEEN, _ALONE}:
            words.append(Word(form_of(text[start:place]), start, place))
            start = None
        if start is None and part in {_IN_WORD, _ALONE}:
            start = place
        if part == _IN_WORD and start is not None and _part(text[start]) == _ALONE:
            words.append(Word(form_of(text[start:place]), start, place))
            start = place
    if start is not None:
        words.append(Word(form_of(text[start:]), start, len(text)))
    return words


def name_of(key: bytes, text: str) -> str | None:
    """Return a name as it is kept, `words.hash`; None for a text without a word."""
    forms = [word.form for word in words_of(text)]
    return _kept(key, forms) if forms else None


def _kept(key: bytes, forms: Iterable[str]) -> str:
    listed = list(forms)
    digest = hashlib.blake2b(" ".join(listed).encode(), key=key, digest_size=16, person=_PERSON)
    return f"{len(listed)}.{digest.hexdigest()}"


class Names:
    """Some names, to be found in texts."""

    def __init__(self, key: bytes, names: Iterable[str]) -> None:
        """Look for these, in the form of `name_of`."""
        self._key = key
        self._names = frozenset(names)
        self._counts = sorted({int(name.partition(".")[0]) for name in self._names}, reverse=True)

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        return bool(self._names)

    def is_one(self, text: str) -> bool:
        """Tell whether a text is just one of the names."""
        return bool(self._names) and name_of(self._key, text) in self._names

    def without(self, text: str) -> str:
        """Return a text with each of the names in it replaced; the longer name goes first."""
        if not self._names:
            return text
        parts = [self._replaced(part) for part in text.split(INSTEAD)]
        return self._in_quotes(INSTEAD.join(parts))

    def without_any(self, value: Any) -> Any:  # noqa: ANN401 - any JSON value
        """Return a JSON value with the names replaced in all its texts, keys of objects among them."""
        if isinstance(value, str):
            return self.without(value)
        if is_object(value):
            return {self.without(key): self.without_any(each) for key, each in value.items()}
        if is_list(value):
            cleaned = [self.without_any(each) for each in value]
            return value if cleaned == list(value) else cleaned
        return value

    def _replaced(self, text: str) -> str:
        words = words_of(text)
        parts: list[str] = []
        place = copied = 0
        while place < len(words):
            count = self._count_at(words, place)
            if count:
                parts += [text[copied : words[place].start], INSTEAD]
                copied = words[place + count - 1].end
            place += count or 1
        return "".join([*parts, text[copied:]]) if parts else text

    def _count_at(self, words: list[Word], place: int) -> int:
        """Return the number of words of the longest name that begins at a word; 0 where none does."""
        for count in self._counts:
            window = words[place : place + count]
            if len(window) == count and _kept(self._key, (word.form for word in window)) in self._names:
                return count
        return 0

    def _in_quotes(self, text: str) -> str:
        """Return a text that holds JSON as text, as the quarantine keeps some, with the names replaced in it too."""
        return _QUOTED.sub(self._quoted, text) if "\\" in text and '"' in text else text

    def _quoted(self, found: "re.Match[str]") -> str:
        if "\\" not in found[0]:
            return found[0]
        try:
            said = msgspec.json.decode(found[0].encode(errors="surrogatepass"), type=str)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return found[0]
        cleaned = self.without(said)
        return found[0] if cleaned == said else msgspec.json.encode(cleaned).decode()
