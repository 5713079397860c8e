"""What of a checkout reaches the builder: the folder of the Dockerfile, without what .dockerignore holds back."""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from tests.hosting.dockerfile import NotUnderstoodError

_PIECES: Final = {"**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}
"""What a pattern may hold beside plain letters, and the same as a regular expression."""


class Context:
    """A folder, seen through its .dockerignore."""

    def __init__(self, root: Path, ignored: str) -> None:
        """Take the text of the .dockerignore."""
        self.root = root
        lines = [line.strip() for line in ignored.splitlines()]
        self._rules = [_rule(line) for line in lines if line and not line.startswith("#")]

    def has(self, name: PurePosixPath) -> bool:
        """Tell whether a file passes: the last pattern that fits it, or a folder above it, decides."""
        passes = True
        above = [str(name), *(str(folder) for folder in name.parents if folder.name)]
        for pattern, lets_pass in self._rules:
            if any(pattern.fullmatch(each) for each in above):
                passes = lets_pass
        return passes

    def files(self, source: str) -> Iterator[PurePosixPath]:
        """Yield the files that one source of a COPY brings. Raises FileNotFoundError where that is none."""
        place = self.root / source
        every = sorted(place.rglob("*")) if place.is_dir() else [place]
        names = [PurePosixPath(each.relative_to(self.root).as_posix()) for each in every if not each.is_dir()]
        found = [name for name in names if self.has(name) and (self.root / name).is_file()]
        if not found:
            raise FileNotFoundError(f"{source} is not there, or .dockerignore holds it back")
        if links := [name for name in found if (self.root / name).is_symlink()]:
            raise NotUnderstoodError(f"links in the context: {links}")
        yield from found


def _rule(line: str) -> tuple[re.Pattern[str], bool]:
    pattern = line.removeprefix("!").rstrip("/")
    if re.search(r"[\[\]\\]|\*\*(?!/)|^/", pattern):
        raise NotUnderstoodError(f".dockerignore with {line!r}")
    pieces = re.split(r"(\*\*/|\*|\?)", pattern)
    return re.compile("".join(_PIECES.get(each, re.escape(each)) for each in pieces)), line.startswith("!")
