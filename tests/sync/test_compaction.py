"""Folding: what goes of a device's outcomes, and what is still known of them, whatever the parts they are read in."""

from hypothesis import given
from hypothesis import strategies as some

from sync.book import Counters, Outcome
from sync.compaction import Row, fold, folded_in, may_fold

DEVICE = "00000000-0000-4000-8000-0000000000de"


def rows(text: str) -> list[Row]:
    """Return outcomes by a letter each: settled (s), of a group (g), young or parked (y); a dot was never received."""
    kinds = {"s": (True, False), "g": (True, True), "y": (False, False)}
    return [Row(n, None, *kinds[letter]) for n, letter in enumerate(text, 1) if letter in kinds]


def carry_out(kept: list[Row], part: list[Row]) -> list[Row]:
    """Return rows after one part of them was folded."""
    folding = fold(part)
    return [row._replace(from_n=folding.spans.get(row.n, row.from_n)) for row in kept if row.n not in {*folding.gone}]


def whole(kept: list[Row], parts: int) -> list[Row]:
    """Return rows after all were folded, so many at a time: a part begins with the last of the one before."""
    place = 0
    while True:
        part = [row for row in kept if row.n >= place][:parts]
        kept = carry_out(kept, part)
        if len(part) < parts:
            return kept
        place = part[-1].n


def known(kept: list[Row]) -> set[int]:
    """Return the counters that are known to have been settled or received."""
    return {n for row in kept for n in range(row.begins, row.n + 1)}


def test_a_run_folds_to_its_ends() -> None:
    """Its first and its last stay, and the last says from where it stands for the others."""
    folding = fold(rows("sssss"))
    assert (folding.gone, folding.spans) == ([2, 3, 4], {5: 2})


def test_gaps_and_what_waits_end_a_run() -> None:
    """Both neighbours of what may yet come stay, so that it finds its place between them."""
    folding = fold(rows("ssss.sssysss"))
    assert (folding.gone, folding.spans) == ([2, 3, 7, 11], {4: 2, 8: 6 + 1, 12: 11})


def test_short_runs_stay() -> None:
    """There is nothing between two ends."""
    assert fold(rows("s.ss.yy")) == ([], {})
    assert fold([]) == ([], {})


def test_a_group_is_known_whole_or_not_at_all() -> None:
    """Its members are never the end of a run."""
    assert fold(rows("ggsssgggsgg")).gone == [4, 5, 6, 7, 8]
    assert fold(rows("ggggg")).gone == []


def test_folding_goes_on() -> None:
    """A run that has grown folds to two rows again."""
    kept = whole(rows("sssss"), 100)
    kept += [row._replace(n=row.n + 5) for row in rows("sss")]
    assert [(row.n, row.from_n) for row in whole(kept, 100)] == [(1, None), (8, 2)]


@given(some.text("sssgy.", max_size=40), some.integers(2, 9))
def test_whatever_the_parts(text: str, parts: int) -> None:
    """Nothing that was received is forgotten, nothing is invented; young ones, edges and groups are as they were."""
    before = rows(text)
    after = whole(before, parts)
    assert known(after) == known(before)
    plain = {row.n: row for row in after}
    for row in before:
        is_beside_a_gap = row.n + 1 not in known(before) or (row.n - 1 not in known(before))
        if not row.may_fold or is_beside_a_gap:
            assert row.n in plain
    assert whole(after, 100) == whole(whole(after, 100), 100)
    for row in after:
        assert row.from_n is None or (row.may_fold and not row.is_member and row.from_n < row.n)
    if parts > len(before):
        assert len(whole(after, parts)) == len(after)


@given(some.text("sssgy.", min_size=1, max_size=30), some.integers(1, 30), some.integers(0, 30))
def test_what_was_folded_is_held_without_a_hash(text: str, first: int, more: int) -> None:
    """Of a run that a push asks about: what has no row of its own and was received, and nothing else."""
    after = whole(rows(text), 100)
    run = Counters(DEVICE, first, first + more)
    outcomes = [Outcome(DEVICE, row.n, b"h", "applied", "stamp", from_n=row.from_n) for row in after]
    found = list(folded_in(outcomes, run))
    asked = set(range(run.first, run.last + 1))
    assert {each.n for each in found} == (known(after) - {row.n for row in after}) & asked
    assert {each.hash for each in found} <= {None}


def test_what_may_fold() -> None:
    """What is settled, but for a rejected member of a group."""
    assert may_fold(Outcome(DEVICE, 1, b"", "applied", ""))
    assert may_fold(Outcome(DEVICE, 1, b"", "merged", "", group="g"))
    assert may_fold(Outcome(DEVICE, 1, b"", "rejected", ""))
    assert not may_fold(Outcome(DEVICE, 1, b"", "rejected", "", group="g"))
    assert not may_fold(Outcome(DEVICE, 1, b"", "parked", ""))
