"""Stamps: fixed once at first receipt, in the order of their device, and honest about wrong clocks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.limits import (
    CORRECTION_FLOOR_MS,
    CORRECTION_JUMP_MS,
    CORRECTION_WINDOW,
    INTEGER_MAX,
    WALL_MS_MAX,
)
from sync.stamps import (
    TICKS_PER_MS,
    between,
    clock_of,
    correction_of,
    device_of,
    effective_clock,
    make_stamp,
    observe_offset,
    rank,
    wall_of,
)
from tests.builders import NOW_MS, A, B, C, Server, put, put_match, stamps_of

HOUR_MS = 3_600_000
YEAR_MS = 365 * 24 * HOUR_MS
clocks = st.integers(0, 2**64 - 1)


@given(clocks, clocks)
def test_text_order_is_time_order(one: int, other: int) -> None:
    """Stamps compare as text just as their clocks compare as numbers."""
    assert (make_stamp(one, A) < make_stamp(other, A)) == (one < other)


@given(clocks)
def test_a_stamp_tells_clock_and_device(clock: int) -> None:
    """A stamp has a fixed width and can be read back."""
    stamp = make_stamp(clock, B)
    assert (len(stamp), clock_of(stamp), wall_of(stamp), device_of(stamp)) == (48, clock, clock >> 16, B)


def test_no_two_devices_tie() -> None:
    """At one clock the device decides, and between two writes of one device the counter."""
    assert make_stamp(5, A) < make_stamp(5, B)
    assert rank(make_stamp(5, A), 2) > rank(make_stamp(5, A), 1)


@given(
    wall_ms=st.integers(-INTEGER_MAX, INTEGER_MAX),
    correction_ms=st.integers(-INTEGER_MAX, INTEGER_MAX),
    after=clocks,
    now_ms=st.integers(0, WALL_MS_MAX),
    issued=clocks,
)
def test_a_clock_is_bounded_by_what_the_server_knows(
    wall_ms: int, correction_ms: int, after: int, now_ms: int, issued: int
) -> None:
    """Whatever a device claims, its clock is at most one tick above the server's now and all that was issued."""
    clock = effective_clock(wall_ms=wall_ms, correction_ms=correction_ms, after=after, now_ms=now_ms, issued=issued)
    assert 0 <= clock <= max(now_ms * TICKS_PER_MS, issued) + 1
    assert clock > min(after, issued) or not after


def test_after_lifts_above_what_was_seen() -> None:
    """A slow clock's edit of a value that its author saw ranks above that value."""
    seen = NOW_MS * TICKS_PER_MS
    clock = effective_clock(wall_ms=0, correction_ms=0, after=seen, now_ms=NOW_MS, issued=0)
    assert clock == seen + 1


@given(clocks, st.none() | clocks, st.none() | clocks)
def test_a_device_follows_its_counter(clock: int, earlier: int | None, later: int | None) -> None:
    """A later mutation is lifted above the earlier, an earlier that arrives late is kept at or below the later."""
    if earlier is not None and later is not None and earlier > later:
        earlier, later = later, earlier
    found = between(clock, earlier=earlier, later=later)
    assert later is None or found <= later
    assert earlier is None or found > earlier or found == later


@pytest.mark.parametrize(
    ("offsets", "correction"),
    [
        ([], 0),
        ([CORRECTION_FLOOR_MS - 1], 0),
        ([CORRECTION_FLOOR_MS], CORRECTION_FLOOR_MS),
        ([-CORRECTION_FLOOR_MS], -CORRECTION_FLOOR_MS),
        ([9_000, 8_000, 30_000], 8_000),
        ([9_000, 9_000 + CORRECTION_JUMP_MS], 9_000),
        ([9_000, 9_001 + CORRECTION_JUMP_MS], 9_001 + CORRECTION_JUMP_MS),
        ([HOUR_MS, 100], 0),
        ([8_000] + [9_000] * CORRECTION_WINDOW, 9_000),
    ],
)
def test_the_correction_is_the_least_of_the_recent_offsets(offsets: list[int], correction: int) -> None:
    """Latency only adds, so the least counts; under 5 s nothing is corrected; a jump starts anew; old ones leave."""
    window: tuple[int, ...] = ()
    for offset in offsets:
        window = observe_offset(window, offset)
    assert correction_of(window) == correction
    assert len(window) <= CORRECTION_WINDOW


def test_the_stamp_is_fixed_at_first_receipt() -> None:
    """A repeat days later gets the stamp of the first receipt."""
    server = Server()
    first = stamps_of(server.push(A, put_match(1)), A)
    server.now_ms += YEAR_MS
    assert stamps_of(server.push(A, put_match(1)), A) == first


@pytest.mark.parametrize("skew_ms", [-YEAR_MS, -HOUR_MS, -1_000, 0, 1_000, HOUR_MS, YEAR_MS])
def test_a_wrong_clock_is_corrected(skew_ms: int) -> None:
    """An edit made ten minutes ago by a device whose clock is off is stamped with the right time, within the floor."""
    server = Server()
    edit_ms = NOW_MS - 600_000
    answer = server.push(A, put_match(1, wall=edit_ms + skew_ms), sent_at=NOW_MS + skew_ms)
    assert abs(wall_of(stamps_of(answer, A)[1]) - edit_ms) <= CORRECTION_FLOOR_MS
    assert answer.correction == (0 if abs(skew_ms) < CORRECTION_FLOOR_MS else -skew_ms)


def test_a_wrong_clock_wins_no_argument_for_ever() -> None:
    """A year ahead at first, the fast device's value gives way to any later edit."""
    server = Server()
    server.push(A, put_match(1, title="fast", wall=NOW_MS + YEAR_MS), sent_at=NOW_MS)
    server.now_ms += 1_000
    server.push(B, put_match(1, title="later", wall=server.now_ms))
    assert server.values("matches", put_match(1).record)["title"] == "later"


def test_pushes_without_a_new_mutation_do_not_count() -> None:
    """A repeat that lay around for a minute says nothing about the clock."""
    server = Server()
    server.push(A, put_match(1))
    server.push(A, put_match(1), sent_at=NOW_MS - HOUR_MS)
    answer = server.push(A, put(2, "matches", put_match(1).record, {"venue": "Park"}))
    assert answer.correction == 0
    assert server.state.devices[A].offsets == (0, 0)


def test_an_instant_is_corrected_by_the_same_offset() -> None:
    """A half that began at 14:00 began at 14:00, though the phone said 15:00; other times stay as they are."""
    server = Server()
    match = put_match(1).record
    fields = {"title": "2026-11-22T15:00:00Z", "started_at": "2026-11-22T15:00:00Z"}
    server.push(A, put(1, "matches", match, fields), sent_at=NOW_MS + HOUR_MS)
    assert server.values("matches", match) == {
        "title": "2026-11-22T15:00:00Z",
        "started_at": "2026-11-22T14:00:00.000Z",
    }


def test_a_later_mutation_is_lifted() -> None:
    """The clock set back between two edits: the second still ranks above the first."""
    server = Server()
    match = put_match(1).record
    answer = server.push(
        A,
        put_match(1, wall=NOW_MS),
        put(2, "matches", match, {"title": "second"}, wall=NOW_MS - HOUR_MS),
    )
    stamps = stamps_of(answer, A)
    assert clock_of(stamps[2]) == clock_of(stamps[1]) + 1
    assert server.values("matches", match)["title"] == "second"


def test_an_earlier_one_that_arrives_late_is_kept_below() -> None:
    """First n = 2, then n = 1, with a later wall: the stamps tie and n decides."""
    server = Server()
    match = put_match(1).record
    second = stamps_of(server.push(A, put_match(2, title="second", wall=NOW_MS - HOUR_MS)), A)[2]
    answer = server.push(A, put_match(1, title="first", wall=NOW_MS))
    assert stamps_of(answer, A)[1] == second
    assert server.values("matches", match)["title"] == "second"
    assert not server.open_conflicts()


def test_one_kept_below_that_loses_to_another_device_is_a_conflict_though_its_base_had_seen_it() -> None:
    """The person who overwrote a value knowingly is asked when the order of their own edits makes that lose."""
    server = Server()
    match = put_match(1).record
    server.push(C, put_match(1, title="seen", wall=NOW_MS - 1_000))
    base = server.head
    server.push(A, put(2, "matches", match, {"venue": "Park"}, wall=NOW_MS - HOUR_MS))
    server.push(A, put(1, "matches", match, {"title": "mine"}, wall=NOW_MS, base=base))
    assert server.values("matches", match)["title"] == "seen"
    assert [side.value for side in server.conflict("title").candidates] == ["mine"]


def test_after_of_the_year_9999_does_not_win() -> None:
    """A forged `after` is bounded by the server's now and what this club has issued."""
    server = Server()
    forged = make_stamp(2**64 - 1, B)
    answer = server.push(A, put_match(1, after=forged))
    assert clock_of(stamps_of(answer, A)[1]) == NOW_MS * TICKS_PER_MS + 1


def test_after_may_follow_what_was_issued_when_the_server_clock_stepped_back() -> None:
    """The server's own clock an hour back: an author who saw a value still overwrites it."""
    server = Server()
    first = stamps_of(server.push(A, put_match(1, title="before")), A)[1]
    base = server.head
    server.now_ms -= HOUR_MS
    server.push(B, put_match(1, title="after", after=first, base=base, wall=server.now_ms))
    assert server.values("matches", put_match(1).record)["title"] == "after"
    assert not server.open_conflicts()


@pytest.mark.parametrize("sent_at", [INTEGER_MAX, -INTEGER_MAX])
def test_no_correction_exceeds_what_the_wire_holds(sent_at: int) -> None:
    """An absurd clock is answered by a correction that the device can hand back."""
    server = Server()
    answer = server.push(A, put_match(1, wall=sent_at), sent_at=sent_at)
    assert abs(answer.correction) <= INTEGER_MAX
    assert wall_of(stamps_of(answer, A)[1]) <= NOW_MS
