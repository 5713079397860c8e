"""The arithmetic of the benchmarks: turns, ratios and percentiles."""

from bench.measure import Figure, Row, Spread, measure, percentile


class Counting:
    """A trial that writes down its turns, and gets faster with each."""

    figures = (Figure("rate", "records/s"),)

    def __init__(self) -> None:
        self.turns: list[str] = []

    def prepare(self) -> None:
        """Note the turn."""
        self.turns.append("prepare")

    def ours(self) -> tuple[float, ...]:
        """Note the turn; each is faster than the one before."""
        self.turns.append("ours")
        return (float(len(self.turns)),)

    def reference(self) -> tuple[float, ...]:
        """Note the turn."""
        self.turns.append("reference")
        return (100.0,)


def test_turns() -> None:
    """Ours and the reference take turns, and the first pair is not counted."""
    trial = Counting()
    (row,) = measure(trial, pairs=2, until_s=10.0, monotonic=lambda: 0.0)
    assert trial.turns == ["prepare", "ours", "reference"] * 3
    assert row.ours == (5.0, 8.0)
    assert row.reference == (100.0, 100.0)


def test_time_is_up() -> None:
    """No pair begins after the time is up, but one is always counted."""
    (row,) = measure(Counting(), pairs=5, until_s=10.0, monotonic=lambda: 11.0)
    assert len(row.ours) == 1


def test_ratio_of_times() -> None:
    """The ratio of times is turned round, so that more is better."""
    rate = Row(Figure("push", "records/s"), ours=(10.0,), reference=(40.0,))
    time = Row(Figure("catch-up", "ms", is_time=True), ours=(40.0,), reference=(10.0,))
    assert rate.ratios == time.ratios == (0.25,)


def test_spread() -> None:
    """A spread is the median, the least and the greatest."""
    assert Spread.of([3.0, 1.0, 2.0]) == Spread(2.0, 1.0, 3.0)


def test_percentile() -> None:
    """A percentile is a value that was measured."""
    hundred = [float(value) for value in range(100, 0, -1)]
    assert [percentile(hundred, percent) for percent in (50, 99, 100)] == [50.0, 99.0, 100.0]
    assert percentile([7.0], 50) == 7.0
