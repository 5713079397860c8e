"""The house rules: each is a function from a file's path and text to what offends in it.

A rule earns its place when a review has made the same remark twice. To add one: write it here, list it in
`RULES`, and give `test_rules.py` a sample that it finds and one that it leaves alone.
"""

import ast
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

Rule = Callable[[Path, str], Iterator[str]]

PURE_FLOORS = frozenset({"sync", "football"})
TEXT_SUFFIXES = frozenset(
    {
        "",
        ".cfg",
        ".css",
        ".html",
        ".in",
        ".ini",
        ".js",
        ".json",
        ".md",
        ".mjs",
        ".py",
        ".sh",
        ".sql",
        ".toml",
        ".txt",
        ".yml",
    }
)

MACHINE_PATH = re.compile(r"(?<![\w.\]:/-])/(?:work|root|home/\w+|Users/\w+|mnt/\w+)/(?=[\w.])")
REGISTRY_HOST = re.compile(r"(?:pypi|pythonhosted|npmjs|(?:deb|ftp)\.debian|crates|proxy\.golang)\.(?:org|com|io)\b")
PAGE = re.compile(r"(?<![\w/.:*<-])((?:[\w.-]+/)*[\w.-]+\.md)\b")
# What makes elements, code or requests of a text. Pages draw with `h`, and fetch no picture that data names.
MARKUP = re.compile(
    r"\b(?:(?:inner|outer)HTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|setHTML\w*|srcdoc)\b"
    r"|\beval\(|\bnew Function\b|\bjavascript:|\bh\(\s*[\"'`](?:img|iframe|object|embed|script|style|base|meta|link)\b"
)
OFF_SWITCHES = frozenset({"skip", "skipif", "xfail", "importorskip"})
# The one place that may poll for what cannot tell: another process, a socket that closes.
WAITERS = frozenset({Path("tests/waiting.py"), Path("tests/pg.py")})


def files() -> list[Path]:
    """Return the text files of the checkout, as paths from its root, without what git ignores."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    names = (Path(name) for name in listing.split("\0") if name)
    return sorted(name for name in names if name.suffix in TEXT_SUFFIXES and (ROOT / name).is_file())


def names_a_machine_path(_path: Path, text: str) -> Iterator[str]:
    """Find absolute paths of somebody's own machine."""
    for number, line in enumerate(text.splitlines(), 1):
        if found := MACHINE_PATH.search(line):
            yield f"line {number}: {found[0]} is a path of one machine; make it relative, or a setting"


def names_a_registry(_path: Path, text: str) -> Iterator[str]:
    """Find the address of a package registry: which one serves is the reader's own affair, hashes decide."""
    for number, line in enumerate(text.splitlines(), 1):
        if found := REGISTRY_HOST.search(line):
            yield f"line {number}: {found[0]} names a package registry; name the package alone"


def points_at_a_missing_page(path: Path, text: str) -> Iterator[str]:
    """Find mentions of a Markdown page that is not there: in the root, in docs/ or beside the file."""
    for number, line in enumerate(text.splitlines(), 1):
        for found in PAGE.finditer(line):
            page = found[1]
            if not any((ROOT / base / page).is_file() for base in ("", "docs", path.parent)):
                yield f"line {number}: {page} is not there; write it, or do not send the reader to it"


def awaits_in_a_pure_floor(path: Path, text: str) -> Iterator[str]:
    """Find async code in sync/ and football/: they take values and give values."""
    if path.suffix != ".py" or path.parts[0] not in PURE_FLOORS or path.name == "ports.py":
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith):
            yield f"line {node.lineno}: a pure floor does not wait; let storage/ or realtime/ carry this out"


def switches_a_test_off(path: Path, text: str) -> Iterator[str]:
    """Find tests that may not run: a test is either wanted or deleted."""
    if path.suffix != ".py" or path.parts[0] != "tests":
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute) and node.attr in OFF_SWITCHES and "pytest" in ast.unparse(node.value):
            yield f"line {node.lineno}: pytest's {node.attr} hides a test; mend the test or delete it"


def waits_by_the_clock(path: Path, text: str) -> Iterator[str]:
    """Find tests that sleep for a while: they are slow when it is long and flaky when it is short."""
    if path.suffix != ".py" or path.parts[0] != "tests" or path in WAITERS or "e2e" in path.parts:
        return
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call) or ast.unparse(node.func) not in {
            "time.sleep",
            "asyncio.sleep",
            "anyio.sleep",
        }:
            continue
        [seconds, *_] = [*node.args, ast.Constant(0)]
        if not (isinstance(seconds, ast.Constant) and seconds.value == 0):
            yield f"line {node.lineno}: wait for the event, or turn a clock (tests/waiting.py may poll)"


def makes_markup_of_text(path: Path, text: str) -> Iterator[str]:
    """Find ways by which a player's name could become an element, a script or an address that the page asks for."""
    if path.suffix != ".js" or path.parts[0] != "web" or path.parts[1] == "tests":
        return
    for number, line in enumerate(text.splitlines(), 1):
        if found := MARKUP.search(line):
            yield f"line {number}: {found[0]} takes text for markup; describe elements with h, and give text as text"


RULES: tuple[Rule, ...] = (
    names_a_machine_path,
    names_a_registry,
    points_at_a_missing_page,
    awaits_in_a_pure_floor,
    switches_a_test_off,
    waits_by_the_clock,
    makes_markup_of_text,
)
