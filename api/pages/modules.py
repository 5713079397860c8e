"""Modules as pages load them: without their comments, and with the graph of their imports.

With the graph a page names all its modules in its head, and a browser fetches them at once instead of finding them one
level after the other. Read as text, by the form that the code keeps: an import begins a line, and so does a comment
that is taken out. The types in the comments are three tenths of what the app would weigh on the wire.
"""

import posixpath
import re
from collections.abc import Mapping
from typing import Final

_IMPORT: Final = re.compile(
    r"""^\s*(?:import|export)\b(?:[^;'"]*?\bfrom)?\s*["']([^"']+)["']""",
    re.MULTILINE,
)
_LATER: Final = re.compile(r"""(?<!\{)\bimport\(\s*["']([^"']+)["']\s*\)""")
_COMMENT: Final = re.compile(rb"^[ \t]*(?:/\*(?:[^*]|\*(?!/))*\*/[ \t]*$|//.*$)", re.MULTILINE)
"""A comment that has its lines for itself."""


def bare(source: bytes) -> bytes:
    """Return a module without its comments, each line where it was: errors name the lines of the source."""
    return _COMMENT.sub(lambda comment: b"\n" * comment[0].count(b"\n"), source)


def imports_of(text: str) -> list[str]:
    """Return what a module without comments imports, as it is written there: first what it needs to begin."""
    return [*_IMPORT.findall(text), *_LATER.findall(text)]


def resolve(name: str, imported: str) -> str:
    """Return the name of the file that a module of this name imports; `..` beyond the root stays in it."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), imported))


def reachable(files: Mapping[str, bytes], entry: str) -> list[str]:
    """Return the modules that a page loads whose first one is `entry`: that one, what it imports, and so on.

    What is imported and not there is left out: the browser will name it, and so does a test.
    """
    found = [entry]
    for name in found:  # grows
        for imported in imports_of(files[name].decode()):
            there = resolve(name, imported)
            if there in files and there not in found:
                found.append(there)
    return found
