"""Which files of `web/` are served: those of the folders in a table, with an extension in a table, read once.

What is served is what was read: no address ever reaches the file system. Beside the tables a name has one dot and
begins with a letter or a digit, so that tests, types, notes and hidden files are never among them; links are left out.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

WEB: Final = Path(__file__).resolve().parents[2] / "web"

HTML: Final = "text/html"
SCRIPT: Final = "text/javascript"
TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css",
    ".html": HTML,
    ".js": SCRIPT,
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
"""Extension -> content type. What has another extension does not exist."""

NAME: Final = re.compile(r"[A-Za-z0-9][\w-]*\.[a-z]+", re.ASCII)


def read_tree(web: Path, parts: Iterable[str]) -> dict[str, bytes]:
    """Return name -> bytes of each file named in `parts`, and of all that are served of each folder named there.

    Names are as in an address, in their order. Raises FileNotFoundError where a part is missing: the server then does
    not start.
    """
    found = {path.relative_to(web).as_posix(): path.read_bytes() for part in parts for path in _files_of(web / part)}
    return dict(sorted(found.items()))


def media_type_of(name: str) -> str:
    """Return the content type of a file that is served."""
    return TYPES[Path(name).suffix]


def _files_of(part: Path) -> Iterator[Path]:
    if part.is_dir():
        yield from (path for path in part.rglob("*") if _is_served(path, path.relative_to(part).parts))
    else:
        yield part


def _is_served(path: Path, below: tuple[str, ...]) -> bool:
    is_named = NAME.fullmatch(path.name) is not None and path.suffix in TYPES and path.suffix != ".html"
    return is_named and path.is_file() and not path.is_symlink() and not any(each.startswith(".") for each in below)
