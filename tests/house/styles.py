"""The styles of the coach's app, read as a reviewer would: which file a rule belongs to, and which classes there are.

Five files share one page. A rule belongs to the first class of its selector: `.list > li` is the list's. So a class
has one home, and whoever changes it finds all that is said of it there.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.house.rules import ROOT

APP: Final = ROOT / "web" / "app"
PAGE: Final = ROOT / "web" / "index.html"

COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)
RULE: Final = re.compile(r"([^{};]+)\{")
# A number such as `.5rem` and a file's ending are no class; neither is what stands in brackets.
CLASS: Final = re.compile(r"\.([a-z][\w-]*)")
BRACKETS: Final = re.compile(r"\[[^\]]*\]")

SCRIPT_COMMENT: Final = re.compile(r"/\*.*?\*/|(?<![:\w])//[^\n]*", re.DOTALL)
STRING: Final = re.compile(r"""(["'`])((?:\\.|(?!\1).)*)\1""", re.DOTALL)
# What `h` is given: an element's name with classes behind full stops; `${...}` stands for what is known later.
TAG: Final = re.compile(r"(?:[a-z]+|h[1-6])((?:\.(?:[a-z][\w-]*|\$\{\w+\}))+)")
CLASS_PROPERTY: Final = re.compile(r"\bclass: ")
WORD: Final = re.compile(r"[a-z][\w-]*")


def sheets() -> list[Path]:
    """Return the style sheets of the app."""
    return sorted(APP.glob("*.css"))


def scripts() -> list[Path]:
    """Return the modules of the app."""
    return sorted(APP.rglob("*.js"))


def selectors(sheet: str) -> Iterator[str]:
    """Return the selectors of a style sheet, those of its media queries too."""
    for found in RULE.finditer(COMMENT.sub("", sheet)):
        head = found[1].strip()
        if not head.startswith("@"):
            yield from (each.strip() for each in re.split(r",(?![^()]*\))", head))


def classes_in(selector: str) -> list[str]:
    """Return the classes of a selector, in order."""
    return CLASS.findall(BRACKETS.sub("", selector))


def sheets_of(named: dict[str, str], *, as_first: bool) -> dict[str, set[str]]:
    """Return for each class the names of the sheets that style it; `as_first`: with selectors that begin with it."""
    found: dict[str, set[str]] = {}
    for name, sheet in named.items():
        for selector in selectors(sheet):
            for each in classes_in(selector)[: 1 if as_first else None]:
                found.setdefault(each, set()).add(name)
    return found


def strings(script: str) -> Iterator[str]:
    """Return the texts that stand in a module."""
    yield from (found[2] for found in STRING.finditer(SCRIPT_COMMENT.sub("", script)))


def given(script: str) -> set[str]:
    """Return the classes that a module gives its elements, as far as they are written out."""
    found = {each for text in strings(script) if (tag := TAG.fullmatch(text)) for each in CLASS.findall(tag[1])}
    for begun in CLASS_PROPERTY.finditer(script):
        for text in strings(expression(script[begun.end() :])):
            found |= {word for word in text.split() if WORD.fullmatch(word)}
    return found


def expression(script: str) -> str:
    """Return the expression with which a text begins, up to the comma or bracket that ends it."""
    depth = 0
    for place, letter in enumerate(re.sub(STRING, lambda found: "_" * len(found[0]), script)):
        if depth == 0 and letter in ",}])":
            return script[:place]
        depth += (letter in "([{") - (letter in ")]}")
    return script


def words(script: str) -> set[str]:
    """Return every word of a module that may be a class: those of its texts, and its names."""
    return set(re.findall(r"[A-Za-z][\w-]*", SCRIPT_COMMENT.sub("", script)))
