"""Tails: what is said on a socket, and the place of one reader, which never shows a gap or a repeat."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.cursors import ORIGIN, Cursor
from sync.errors import MalformedRequest
from sync.messages import join_raw
from sync.ports import LogRow
from sync.tails import (
    Batch,
    Phase,
    Tail,
    TailChanges,
    TailOpening,
    changes_text,
    read_opening,
    read_renewal,
)

CURSOR = "12.0123456789abcdef"


def row(version: int) -> LogRow:
    """Return a row of a log."""
    return LogRow(version, f"{version:016x}", json.dumps({"version": version, "text": "é\U0001f945"}).encode())


def batch(first: int, last: int, *, more: bool = False) -> Batch:
    """Return the rows of a log from `first` to `last`."""
    return Batch([row(version) for version in range(first, last + 1)], more=more)


def cursor(version: int) -> Cursor:
    """Return the cursor of a version."""
    return ORIGIN if version == 0 else Cursor(version, row(version).tag)


def live_at(version: int) -> Tail:
    """Return a reader that is live at a version."""
    tail = Tail(cursor(version))
    assert tail.go_live(cursor(version))
    return tail


# -- messages ----------------------------------------------------------------------------------------------------------


def test_a_frame_holds_the_bytes_of_the_log() -> None:
    """A frame reads back as the message `changes`, with each change as it is stored."""
    made = batch(3, 5, more=True)
    read = msgspec.json.decode(changes_text(made), type=TailChanges)
    assert read.changes == join_raw([each.body for each in made.rows])
    assert (read.timestamp, read.more) == (str(cursor(5)), True)


def test_a_frame_is_made_once() -> None:
    """All readers of a batch get one and the same text."""
    made = batch(1, 2)
    assert made.framed(changes_text) is made.framed(changes_text)


def test_the_least_opening_begins_at_the_beginning() -> None:
    """A token is enough; with a subprotocol not even that is needed."""
    assert read_opening('{"token": "t"}') == TailOpening("t", str(ORIGIN))
    assert read_opening("{}").token is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        '"token"',
        '{"token": 1}',
        '{"token": ""}',
        '{"token": null, "colour": 1}',
        '{"since": "12"}',
        '{"since": 12}',
        '{"since": "-1.0123456789abcdef"}',
        f'{{"since": "{"9" * 400}.0123456789abcdef"}}',
        '{"past": ["1"]}',
        json.dumps({"past": [CURSOR] * 33}),
        json.dumps({"token": "t" * 2_049}),
        '{"protocol": 0}',
        '{"protocol": 1e400}',
        '{"token": "t"} {}',
        '{"token": "\\ud800"}',
        '{"token": "\ud800"}',
        "[" * 50_000,
        '{"token": NaN}',
    ],
)
def test_a_bad_opening_is_malformed(text: str) -> None:
    """Whatever is sent first is either an opening or MalformedRequest, with the path to what is wrong."""
    with pytest.raises(MalformedRequest) as refused:
        read_opening(text)
    assert refused.value.values["path"]


def test_a_later_message_is_a_fresh_token() -> None:
    """Nothing else is said later."""
    assert read_renewal('{"token": "t"}').token == "t"
    for text in ("{}", '{"token": "t", "since": "0.0000000000000000"}', "x"):
        with pytest.raises(MalformedRequest):
            read_renewal(text)


# -- places ------------------------------------------------------------------------------------------------------------


def test_a_batch_is_taken_once() -> None:
    """A batch that comes twice is left out the second time; of one that overlaps, the later part is taken."""
    tail = live_at(3)
    assert tail.take(batch(4, 6)) is not None
    assert tail.take(batch(4, 6)) is None
    part = tail.take(batch(5, 8))
    assert part is not None
    assert [each.version for each in part.rows] == [7, 8]
    assert tail.place == cursor(8)


def test_what_follows_is_taken_as_it_is() -> None:
    """A batch that follows the place is shared and not copied."""
    following = batch(4, 6)
    assert live_at(3).take(following) is following


def test_a_gap_sends_a_reader_back() -> None:
    """A batch before which something is missing is not taken; the reader reads on from what was sent."""
    tail = live_at(3)
    assert tail.take(batch(4, 4)) is not None
    assert tail.take(batch(6, 7)) is None
    assert (tail.phase, tail.place) == (Phase.CATCHING_UP, cursor(3))


def test_a_reader_goes_live_only_where_nothing_lies_between() -> None:
    """Behind the channel's position it reads on; at it, or ahead of it, it is live."""
    behind, there, ahead = Tail(cursor(3)), Tail(cursor(5)), Tail(cursor(7))
    assert not behind.go_live(cursor(5))
    assert behind.phase is Phase.CATCHING_UP
    assert there.go_live(cursor(5))
    assert ahead.go_live(cursor(5))
    assert ahead.take(batch(6, 7)) is None
    part = ahead.take(batch(6, 9))
    assert part is not None
    assert part.first == 8


def test_one_version_of_two_histories_is_no_meeting_place() -> None:
    """At one version under two tags a reader does not go live: reading on finds out that the log is another."""
    assert not Tail(cursor(5)).go_live(Cursor(5, "f" * 16))


def test_version_zero_is_a_place_like_any_other() -> None:
    """A reader of an empty log is live at its beginning, and gets the first change."""
    assert live_at(0).take(batch(1, 1)) is not None


@given(st.data())
def test_pages_and_frames_are_the_log(data: st.DataObject) -> None:
    """Whatever comes twice, late, cut anew or not at all: what a reader sends is the log behind its place."""
    length = data.draw(st.integers(0, 30), label="length")
    start = data.draw(st.integers(0, length), label="start")
    tail = Tail(cursor(start))
    position = data.draw(st.integers(0, length), label="position")
    handed: list[int] = []
    sent = start

    def hand_over(part: Batch) -> None:
        handed.extend(each.version for each in part.rows)

    for _ in range(data.draw(st.integers(0, 40), label="steps")):
        step = data.draw(st.sampled_from(["page", "batch", "sent", "live", "fall"]))
        first = data.draw(st.integers(1, max(length, 1)))
        last = data.draw(st.integers(first, max(length, first)))
        if step == "page" and tail.phase is Phase.CATCHING_UP and tail.place.version < length:
            page = batch(tail.place.version + 1, max(tail.place.version + 1, last))
            tail.lay(page)
            tail.sent = tail.place
            hand_over(page)
            sent = tail.place.version
        elif step == "batch" and last <= length:
            part = tail.take(batch(first, last))
            if part is not None:
                hand_over(part)
            position = max(position, last)
        elif step == "sent" and tail.phase is Phase.LIVE:
            tail.sent = tail.place
            sent = tail.place.version
        elif step == "live" and tail.phase is Phase.CATCHING_UP:
            tail.go_live(cursor(position))
        elif step == "fall":
            tail.fall_back()
        if tail.phase is Phase.CATCHING_UP:
            del handed[sent - start :]
        assert handed == list(range(start + 1, start + 1 + len(handed)))
        assert tail.place == cursor(start + len(handed))


# -- epochs ------------------------------------------------------------------------------------------------------------


def test_a_reader_goes_live_only_in_the_epoch_of_its_channel() -> None:
    """A greater number of another epoch is no meeting place: a batch of the old one would be taken for the new."""
    tail = Tail(Cursor(7, "b" * 16), has_epochs=True)
    assert not tail.go_live(Cursor(5, "a" * 16))
    assert tail.go_live(Cursor(5, "b" * 16))


def test_a_reader_begins_anew_where_it_is() -> None:
    """A live reader stays live at another beginning; one that catches up has sent all before it."""
    live, behind = Tail(Cursor(7, "a" * 16), has_epochs=True), Tail(Cursor(7, "a" * 16), has_epochs=True)
    assert live.go_live(Cursor(7, "a" * 16))
    for tail in (live, behind):
        tail.begin_anew(Cursor(0, "b" * 16))
    assert (live.phase, live.place) == (Phase.LIVE, Cursor(0, "b" * 16))
    assert (behind.phase, behind.sent) == (Phase.CATCHING_UP, Cursor(0, "b" * 16))
