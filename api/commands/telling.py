"""What a command says: sentences and tables to a person, one JSON document to a program; progress apart from both.

Results go to standard output, progress to standard error and only to a terminal, so that a pipe gets the result alone.
"""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final

import click
import msgspec
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

json_option: Final = click.option("--json", "as_json", is_flag=True, help="Say it as JSON, for a program.")


class Bar:
    """Shows how far one piece of work is."""

    def __init__(self, progress: Progress) -> None:
        """Show on a started progress."""
        self._progress = progress
        self._task: TaskID | None = None

    def step(self, words: str, total: int | None = None) -> None:
        """Begin the next step; `total` are the bytes, or the things, that it will take, where that is known."""
        if self._task is not None:
            self._progress.update(self._task, visible=False)
        self._task = self._progress.add_task(words, total=total)

    def add(self, more: int) -> None:
        """Count bytes, or things, more."""
        if self._task is not None:
            self._progress.advance(self._task, more)

    def at(self, bytes_done: int) -> None:
        """Say how many bytes are done."""
        if self._task is not None:
            self._progress.update(self._task, completed=bytes_done)


@contextmanager
def progress(*, is_shown: bool, is_of_bytes: bool = True) -> Generator[Bar]:
    """Show progress, where there is a terminal and somebody looks: of bytes, or of things that are counted."""
    console = Console(stderr=True)
    how_far = DownloadColumn() if is_of_bytes else MofNCompleteColumn()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), how_far, TimeElapsedColumn())
    is_off = not is_shown or not sys.stderr.isatty()
    with Progress(*columns, console=console, transient=True, disable=is_off) as shown:
        yield Bar(shown)


def say_json(value: Any) -> None:  # noqa: ANN401 - whatever msgspec encodes
    """Say a value as one JSON document."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def say_table(table: Table) -> None:
    """Say a table, as wide as the terminal; in a pipe, as wide as it wants to be."""
    width = None if sys.stdout.isatty() else 200
    Console(width=width).print(table, highlight=False)


def in_bytes(number: int) -> str:
    """Return a number of bytes as a person reads it."""
    size = float(number)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:  # noqa: PLR2004 - of these units
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def in_words(seconds: float) -> str:
    """Return a span of time as a person says it."""
    for name, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            number = int(seconds // length)
            return f"{number} {name}{'' if number == 1 else 's'}"
    return "less than a minute"
