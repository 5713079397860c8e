"""What a phone shows of a match that goes on: anchors that tick, who is on, and when time alone changes it."""

from hypothesis import given
from hypothesis import strategies as st

from football.live import Clock, OnPitch, changes_at_ms, clock_of, on_pitch
from football.periods import ABANDONED_MS, BELIEVED_MS, clock_at, periods_of
from football.scoreboard import Side
from football.status import UNTIMED_MS, Status, status_of
from tests.football.builders import AWAY, HOME, MINUTE_S, at_ms, event, facts_of, match, pause, period, stint


def test_before_the_first_whistle_there_is_no_clock() -> None:
    """Nothing to show, and nothing that time would change."""
    assert clock_of(facts_of(), at_ms(0)) is None
    assert changes_at_ms(facts_of(), at_ms(0)) is None


@given(st.integers(0, 3_000), st.lists(st.integers(0, 3_000), max_size=4, unique=True))
def test_the_anchor_ticks_like_the_clock(now_s: int, edges: list[int]) -> None:
    """At any moment, elapsed + max(0, now - since) is what the period's own clock shows; standing, it is elapsed."""
    ordered = sorted(edges)
    pairs = [(ordered[n], ordered[n + 1] if n + 1 < len(ordered) else None) for n in range(0, len(ordered), 2)]
    pauses = [pause(1, n, start, end) for n, (start, end) in enumerate(pairs, 1) if start <= now_s]
    facts = facts_of(periods=[period(1, 0)], pauses=pauses)
    shown = clock_of(facts, at_ms(now_s))
    assert shown is not None
    since_ms = at_ms(now_s) if shown.since_ms is None else shown.since_ms
    elapsed_ms = shown.elapsed_ms + max(0, at_ms(now_s) - since_ms)
    [played] = periods_of(facts, at_ms(now_s))
    assert elapsed_ms == clock_at(played, at_ms(now_s))


def test_the_anchor_is_the_same_whenever_it_is_asked_for() -> None:
    """So an answer made later has the same bytes, and a client that has them gets a 304."""
    facts = facts_of(periods=[period(1, 0)], pauses=[pause(1, 1, 60, 90)])
    assert {clock_of(facts, at_ms(now_s)) for now_s in (90, 91, 500, 1_000)} == {Clock("regular", 1, 60_000, at_ms(90))}


def test_a_standing_clock_has_no_anchor() -> None:
    """Paused and ended periods show their played time."""
    assert clock_of(facts_of(periods=[period(1, 0)], pauses=[pause(1, 1, 60)]), at_ms(99)) == Clock(
        "regular", 1, 60_000
    )
    assert clock_of(facts_of(periods=[period(1, 0, 70)]), at_ms(99)) == Clock("regular", 1, 70_000)


def test_who_is_on_each_side() -> None:
    """Open stints, each player once; one without a team is ours."""
    lineup = [
        stint("Ada"),
        stint("Ada", (1, 5)),
        stint("Bea", end=(1, 10)),
        stint("Cleo", (1, 10), team_id=HOME, position="GK"),
        stint("Zoe", team_id=AWAY),
    ]
    found = on_pitch(facts_of(lineup=lineup))
    assert found == {Side.HOME: [OnPitch("Ada"), OnPitch("Cleo", "GK")], Side.AWAY: [OnPitch("Zoe")]}
    away = on_pitch(facts_of(match(our_side="away"), lineup=[stint("Ada")]))
    assert away == {Side.HOME: [], Side.AWAY: [OnPitch("Ada")]}


@given(st.integers(0, 14 * 60 * 60), st.booleans())
def test_nothing_changes_before_it_is_said_to(now_s: int, is_paused: bool) -> None:
    """From now to the moment that is named, status and anchor stay; one that was given up is never named again."""
    pauses = [pause(1, 1, 60)] if is_paused and now_s >= 60 else []
    facts = facts_of(periods=[period(1, 0)], pauses=pauses)
    until_ms = changes_at_ms(facts, at_ms(now_s))
    later_ms = at_ms(10**6) if until_ms is None else until_ms - 1
    assert status_of(facts, at_ms(now_s)) == status_of(facts, later_ms)
    assert clock_of(facts, at_ms(now_s)) == clock_of(facts, later_ms)


def test_a_forgotten_half_is_given_up() -> None:
    """An hour of running clock, or half a day of a pause."""
    running = facts_of(periods=[period(2, 0)])
    assert changes_at_ms(running, at_ms(1)) == at_ms(0) + BELIEVED_MS + 1
    assert status_of(running, at_ms(0) + BELIEVED_MS + 1) is Status.COMPLETED
    paused = facts_of(periods=[period(2, 0)], pauses=[pause(2, 1, 60)])
    assert changes_at_ms(paused, at_ms(100)) == at_ms(0) + ABANDONED_MS + 1


def test_an_old_match_without_periods_ends_by_the_clock() -> None:
    """Live until an hour after its planned end, which is named."""
    facts = facts_of(events=[event()])
    end_ms = at_ms(50 * MINUTE_S) + UNTIMED_MS
    assert changes_at_ms(facts, at_ms(0)) == end_ms + 1
    assert (status_of(facts, end_ms), status_of(facts, end_ms + 1)) == (Status.LIVE, Status.COMPLETED)
