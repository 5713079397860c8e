"""Measuring: a trial and its reference take turns, and a row tells their medians, spreads and ratio."""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import Struct


class Figure(Struct, frozen=True):
    """What a number means."""

    name: str
    unit: str
    is_time: bool = False
    """Less is better; the ratio is turned round."""


class Spread(Struct, frozen=True):
    """The median of some values, the least and the greatest of them."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Return the spread of one value or more."""
        return cls(statistics.median(values), min(values), max(values))


class Row(Struct, frozen=True):
    """A line of the table."""

    figure: Figure
    ours: tuple[float, ...]
    """One value for each pair, in the order of measuring."""
    reference: tuple[float, ...]

    @property
    def ratios(self) -> tuple[float, ...]:
        """Return how fast ours was beside the reference, pair by pair; more is better."""
        pairs = zip(self.ours, self.reference, strict=True)
        return tuple(theirs / ours if self.figure.is_time else ours / theirs for ours, theirs in pairs)


class Trial(Protocol):
    """Something that can be measured beside a reference."""

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Say what the numbers mean."""
        ...

    def prepare(self) -> None:
        """Make ready for the next pair; takes no part in the time."""
        ...

    def ours(self) -> tuple[float, ...]:
        """Run once, and return a number for each figure."""
        ...

    def reference(self) -> tuple[float, ...]:
        """Run the reference once, and return a number for each figure."""
        ...


def measure(
    trial: Trial, *, pairs: int, until_s: float, monotonic: Callable[[], float] = time.monotonic
) -> tuple[Row, ...]:
    """Run interleaved pairs and return a row for each figure.

    A first pair warms caches and prepared statements, and is not counted. After `until_s` on the monotonic clock no
    further pair begins; one is always counted.
    """
    found: list[tuple[tuple[float, ...], tuple[float, ...]]] = []
    for number in range(pairs + 1):
        if number > 1 and monotonic() > until_s:
            break
        trial.prepare()
        pair = trial.ours(), trial.reference()
        if number:
            found.append(pair)
    return tuple(
        Row(figure, tuple(ours[place] for ours, _ in found), tuple(theirs[place] for _, theirs in found))
        for place, figure in enumerate(trial.figures)
    )


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the value that this share of the values does not exceed (nearest rank)."""
    ranked = sorted(values)
    return ranked[max(0, -(-len(ranked) * percent // 100) - 1)]
