"""Periods as they were played: pauses, forgotten ends, and clocks."""

from hypothesis import given
from hypothesis import strategies as st

from football import ids
from football.facts import gather
from football.periods import ABANDONED_MS, BELIEVED_MS, Period, clock_at, instant_at, periods_of
from tests.football.builders import (
    KICKOFF_MS,
    MATCH,
    MINUTE_S,
    at_ms,
    event,
    facts_of,
    match,
    pause,
    period,
    stint,
)


def lengths_s(periods: tuple[Period, ...]) -> list[float]:
    """Return the played seconds of each."""
    return [each.played_ms / 1_000 for each in periods]


def test_played_is_end_minus_start_minus_pauses() -> None:
    """A half of 25 minutes with two pauses of one and two minutes was played for 22."""
    facts = facts_of(periods=[period(1, 0, 1_500)], pauses=[pause(1, 1, 100, 160), pause(1, 2, 1_000, 1_120)])
    (first,) = periods_of(facts)
    assert first.played_ms == (1_500 - 180) * 1_000
    assert not first.is_assumed
    assert not first.is_running


def test_u7_pauses_of_two_phones_stop_the_clock_once() -> None:
    """Pauses that overlap, under two ordinals, count once."""
    facts = facts_of(periods=[period(1, 0, 600)], pauses=[pause(1, 1, 100, 200), pause(1, 2, 150, 250)])
    assert lengths_s(periods_of(facts)) == [450]


def test_u7_either_end_of_two_phones_gives_one_period() -> None:
    """Both press "end half": one id, and whichever time wins, one period with that length."""
    for end_s in (1_500, 1_504):
        (first,) = periods_of(facts_of(periods=[period(1, 0, end_s)]))
        assert first.id == ids.period_id(MATCH, "regular", 1)
        assert first.played_ms == end_s * 1_000


def test_two_records_of_one_period_are_one() -> None:
    """A client with ids of its own made a second record: first start, last end, pauses of both."""
    other = pause(1, 1, 500, 560)
    view = {
        "matches": {MATCH: match()},
        "match_periods": {"a": period(1, 10, 1_400), "b": period(1, 0, 1_500)},
        "match_pauses": {
            "c": {**pause(1, 1, 100, 160), "period_id": "a"},
            "d": {**other, "period_id": "b"},
        },
    }
    (first,) = periods_of(gather(view, MATCH))
    assert (first.started_ms, first.ended_ms) == (at_ms(0), at_ms(1_500))
    assert first.played_ms == (1_500 - 120) * 1_000


def test_u14_pauses_out_of_the_period_or_backwards_are_none() -> None:
    """A clock set in between leaves impossible pauses: they take nothing, and nothing is negative."""
    facts = facts_of(
        periods=[period(1, 0, 600)],
        pauses=[
            pause(1, 1, -100, -50),
            pause(1, 2, 300, 200),
            pause(1, 3, 700, 800),
            pause(1, 4, -10, 30),
            pause(1, 5, 590, 900),
        ],
    )
    assert lengths_s(periods_of(facts)) == [600 - 30 - 10]


def test_a_pause_never_ended_lasts_to_the_next_or_to_the_end() -> None:
    """Nobody pressed "resume" twice: the first lasts to the second, the second to the end of the half."""
    facts = facts_of(periods=[period(1, 0, 600)], pauses=[pause(1, 1, 100), pause(1, 2, 200, 260)])
    assert lengths_s(periods_of(facts)) == [600 - 160]
    facts = facts_of(periods=[period(1, 0, 600)], pauses=[pause(1, 1, 500)])
    assert lengths_s(periods_of(facts)) == [500]


def test_a_forgotten_end_is_the_next_start_at_the_latest() -> None:
    """Nobody ended the first half: it lasts its 25 minutes, not the ten of the break too."""
    facts = facts_of(periods=[period(1, 0), period(2, 35 * MINUTE_S, 60 * MINUTE_S)])
    first, second = periods_of(facts)
    assert (first.played_ms, first.is_assumed) == (25 * 60_000, True)
    assert (second.played_ms, second.is_assumed) == (25 * 60_000, False)


def test_a_forgotten_end_is_not_before_what_was_recorded() -> None:
    """A goal or a substitution in stoppage time shows that the half went on until then."""
    late = event(number=1, clock_s=27 * MINUTE_S)
    off = stint("Ada", end=(1, 28.5))
    periods = [period(1, 0), period(2, 40 * MINUTE_S, 65 * MINUTE_S)]
    assert periods_of(facts_of(periods=periods, events=[late]))[0].played_ms == 27 * 60_000
    assert periods_of(facts_of(periods=periods, events=[late], lineup=[off]))[0].played_ms == 28.5 * 60_000


def test_a_half_that_the_next_one_cut_short_ends_there() -> None:
    """The second half began 20 minutes after the first: so long, less the pause, the first lasted."""
    facts = facts_of(periods=[period(1, 0), period(2, 20 * MINUTE_S, 45 * MINUTE_S)], pauses=[pause(1, 1, 60, 120)])
    assert periods_of(facts)[0].played_ms == 19 * 60_000


def test_an_end_after_the_next_start_is_not_believed() -> None:
    """An "end half" pressed during the second half did not make the first one run through the break."""
    facts = facts_of(periods=[period(1, 0, 50 * MINUTE_S), period(2, 35 * MINUTE_S, 60 * MINUTE_S)])
    first, _ = periods_of(facts)
    assert (first.played_ms, first.is_assumed) == (25 * 60_000, True)


def test_full_time_ends_the_last_period() -> None:
    """Only "full time" was pressed: the last half ended then, the first is none of its business."""
    full_time = "finished_at"
    end_s = 62 * MINUTE_S
    facts = facts_of(
        {**match(), full_time: facts_of(periods=[period(1, end_s)]).periods[0]["started_at"]},
        periods=[period(1, 0), period(2, 35 * MINUTE_S)],
    )
    first, second = periods_of(facts)
    assert (first.played_ms, first.is_assumed) == (25 * 60_000, True)
    assert (second.played_ms, second.is_assumed) == (27 * 60_000, False)


def test_an_end_is_believed_up_to_the_bound() -> None:
    """An end at the bound stands; a second past it somebody forgot, and the nominal length is assumed."""
    bound_s = BELIEVED_MS // 1_000
    (at_bound,) = periods_of(facts_of(periods=[period(1, 0, bound_s)]))
    (past_bound,) = periods_of(facts_of(periods=[period(1, 0, bound_s + 1)]))
    assert (at_bound.played_ms, at_bound.is_assumed) == (BELIEVED_MS, False)
    assert (past_bound.played_ms, past_bound.is_assumed) == (25 * 60_000, True)
    assert past_bound.ended_ms == at_ms(25 * MINUTE_S)


def test_u14_an_end_before_its_start_is_none() -> None:
    """A clock set back during the half leaves an impossible end: the half counts as not ended."""
    (first, _) = periods_of(facts_of(periods=[period(1, 100, 50), period(2, 35 * MINUTE_S, 60 * MINUTE_S)]))
    assert (first.played_ms, first.is_assumed) == (25 * 60_000, True)


def test_a_period_of_which_only_the_end_is_known_was_played() -> None:
    """The "start" was pressed on a phone that has not synced yet: the nominal length, up to the end."""
    (first,) = periods_of(facts_of(periods=[period(1, None, 1_600)]))
    assert (first.started_ms, first.ended_ms) == (at_ms(100), at_ms(1_600))
    assert (first.played_ms, first.is_assumed) == (25 * 60_000, True)
    assert periods_of(facts_of(periods=[period(1, None)])) == ()


def test_a_running_period_grows_until_it_cannot_be_running() -> None:
    """With the time of day a running half has its length; an hour and a second later it was forgotten."""
    facts = facts_of(periods=[period(1, 0)])
    (live,) = periods_of(facts, at_ms(90))
    assert (live.played_ms, live.is_running) == (90_000, True)
    (edge,) = periods_of(facts, KICKOFF_MS + BELIEVED_MS)
    assert edge.is_running
    (over,) = periods_of(facts, KICKOFF_MS + BELIEVED_MS + 1)
    assert (over.is_running, over.played_ms, over.is_assumed) == (False, 25 * 60_000, True)


def test_a_paused_period_stands_still() -> None:
    """The clock of a paused half does not grow, and a pause is over twelve hours after the start."""
    facts = facts_of(periods=[period(1, 0)], pauses=[pause(1, 1, 60)])
    for now_s in (60, 90, 7_200):
        (paused,) = periods_of(facts, at_ms(now_s))
        assert paused.is_paused
        assert paused.played_ms == 60_000
    (over,) = periods_of(facts, KICKOFF_MS + ABANDONED_MS + 1)
    assert not over.is_running


def test_a_running_period_without_a_clock_is_as_long_as_its_facts() -> None:
    """Values in, values out: without `now_ms` the last event tells how far the half has come."""
    (live,) = periods_of(facts_of(periods=[period(1, 0)], events=[event(clock_s=77)]))
    assert (live.played_ms, live.is_running) == (77_000, True)


def test_u14_a_server_clock_behind_the_device_gives_no_negative_time() -> None:
    """A half that "starts in the future" has been played for 0 ms."""
    (live,) = periods_of(facts_of(periods=[period(1, 0)]), at_ms(-60))
    assert live.played_ms == 0


PAUSES = st.lists(st.tuples(st.integers(0, 1_500), st.integers(1, 200)), max_size=5)


@given(PAUSES, st.integers(0, 1_500_000))
def test_clock_and_instant_are_inverse(spans: list[tuple[int, int]], clock_ms: int) -> None:
    """The clock at the instant when it first showed a time shows that time."""
    pauses = [pause(1, n, start, start + length) for n, (start, length) in enumerate(spans, 1)]
    (played,) = periods_of(facts_of(periods=[period(1, 0, 1_500)], pauses=pauses))
    clock_ms = min(clock_ms, played.played_ms)
    assert clock_at(played, instant_at(played, clock_ms)) == clock_ms


@given(PAUSES)
def test_played_and_paused_make_the_whole(spans: list[tuple[int, int]]) -> None:
    """Seconds counted one by one, played or paused, are the length of the half."""
    pauses = [pause(1, n, start, start + length) for n, (start, length) in enumerate(spans, 1)]
    (played,) = periods_of(facts_of(periods=[period(1, 0, 1_500)], pauses=pauses))
    paused_s = {second for start, length in spans for second in range(start, start + length) if second < 1_500}
    assert played.played_ms == (1_500 - len(paused_s)) * 1_000


def test_the_clock_stays_within_the_period() -> None:
    """Before the start it shows nothing, after the end the played length."""
    (first,) = periods_of(facts_of(periods=[period(1, 0, 600)], pauses=[pause(1, 1, 100, 200)]))
    shown_s = [clock_at(first, at_ms(s)) // 1_000 for s in (-10, 0, 50, 150, 300, 900)]
    assert shown_s == [0, 0, 50, 100, 200, 500]
    assert instant_at(first, 100_000) == at_ms(100)
    assert instant_at(first, 100_001) == at_ms(200) + 1
