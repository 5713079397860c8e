"""Compaction: what stays known of mutations that were settled longer ago than the log is kept.

That a mutation was settled must be known for ever: taken for new, it would be applied twice. What it was need not be.
So the outcomes of a device, in the order of `n`, fold where they follow one another without a gap:

    before    1   2   3   4   5       7   8   9        6 was never received; 9 is parked
    after     1           5           7   8   9        5 says `from_n` 2: it stands for 2, 3 and 4 too

The first and the last of such a run stay as they are. They stand beside what is not there yet, so a later mutation is
lifted above them, and one that comes late finds its place between them: a device's stamps go on following its `n`. A
counter inside a run counts as held with content that nobody can compare any more, and pushing it is a fork. A counter
in a gap was never received, and is taken whenever it comes. Runs with many gaps simply keep more rows, so there is no
bound on exceptions to pass. What is parked is not settled, and never folds. Members of a group are made one after the
other and are never the end of a run: so all of them are known or none is, and one that is sent again never waits for
members that went.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from sync.book import Counters, Outcome


class Row(NamedTuple):
    """An outcome, as folding sees it."""

    n: int
    from_n: int | None
    may_fold: bool
    """Whether it was settled long ago, and nothing of it is asked for any more."""
    is_member: bool = False
    """Whether it is of a group."""

    @property
    def begins(self) -> int:
        """Return the first counter that it stands for."""
        return self.n if self.from_n is None else self.from_n


class Folding(NamedTuple):
    """What folding does to some outcomes of one device."""

    gone: list[int]
    spans: dict[int, int]
    """`n` -> `from_n`, of those that stand for others from now on."""


def fold(rows: Sequence[Row]) -> Folding:
    """Fold a part of a device's outcomes, given in the order of `n`.

    A part may begin with the last row of the part before: what is folded already is folded on.
    """
    folding = Folding([], {})
    for whole in _runs(rows):
        run = _without_members_at_its_ends(whole)
        # A row that stands for others has the first of its run before it, in this part or in an earlier one.
        if between := run[0 if run and run[0].from_n is not None else 1 : -1]:
            folding.gone.extend(row.n for row in between)
            folding.spans[run[-1].n] = between[0].begins
    return folding


def _runs(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Yield the runs of rows that may fold and follow one another without a gap."""
    run: list[Row] = []
    for row in rows:
        if run and not (row.may_fold and row.begins == run[-1].n + 1):
            yield run
            run = []
        if row.may_fold:
            run.append(row)
    if run:
        yield run


def _without_members_at_its_ends(run: list[Row]) -> list[Row]:
    ends = [place for place, row in enumerate(run) if not row.is_member]
    return run[ends[0] : ends[-1] + 1] if ends else []


def may_fold(outcome: Outcome) -> bool:
    """Tell whether an outcome may fold once it is old.

    A rejected member of a group stays: a member that comes late is rejected with it.
    """
    return outcome.verdict != "parked" and (outcome.verdict != "rejected" or outcome.group is None)


def folded_in(outcomes: Iterable[Outcome], run: Counters) -> Iterator[Outcome]:
    """Yield, for each counter of a run that was folded away, an outcome without a hash."""
    for outcome in outcomes:
        if outcome.from_n is None:
            continue
        for n in range(max(outcome.from_n, run.first), min(outcome.n - 1, run.last) + 1):
            yield Outcome(run.device_id, n, hash=None, verdict="applied", stamp=outcome.stamp)
