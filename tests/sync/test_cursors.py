"""Cursors: one text for one place in one history."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.cursors import ORIGIN, Cursor, tag_for
from sync.errors import CursorExpired, LogDiverged, MalformedRequest
from sync.messages import PullQuery
from tests.builders import A, Server, put_match, uid


@given(st.integers(0, 10**16 - 1), st.binary(min_size=16, max_size=16))
def test_a_cursor_survives_the_wire(version: int, seed: bytes) -> None:
    """Every cursor reads back as itself."""
    cursor = Cursor(version, tag_for(seed, version))
    assert Cursor.parse(str(cursor), where="since") == cursor


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "12",
        "12.",
        ".0123456789abcdef",
        "012.0123456789abcdef",
        "-1.0123456789abcdef",
        "1e3.0123456789abcdef",
        "12.0123456789ABCDEF",
        "12.0123456789abcde",
        "12.0123456789abcdef0",
        "12.0123456789abcdef\n",
        " 12.0123456789abcdef",
        "\N{ARABIC-INDIC DIGIT ONE}.0123456789abcdef",
        "1" * 400 + ".0123456789abcdef",
        "12.0123456789abcde\x00",
    ],
)
def test_any_other_text_is_malformed(text: str) -> None:
    """What is not a cursor to the letter is refused, with its place."""
    with pytest.raises(MalformedRequest, match="since"):
        Cursor.parse(text, where="since")


@given(st.text())
def test_no_text_is_another_error(text: str) -> None:
    """Any text at all is a cursor or a malformed request."""
    with contextlib.suppress(MalformedRequest):
        assert str(Cursor.parse(text, where="since")) == text


def test_tags_are_of_their_seed_and_version() -> None:
    """Two transactions never share a tag, nor do two versions of one."""
    tags = [tag_for(seed, version) for seed in (b"a" * 16, b"b" * 16) for version in range(1, 50)]
    assert len({*tags}) == len(tags)


def _server_with_log(count: int) -> Server:
    server = Server()
    for n in range(1, count + 1):
        server.push(A, put_match(n, uid(100 + n), title=f"match {n}"))
    return server


@pytest.mark.parametrize("since", ["3.0123456789abcdef", "99.0123456789abcdef", "0.0123456789abcdef"])
def test_a_cursor_of_another_history_diverges(since: str) -> None:
    """Another tag, the future, another club: 409, naming the newest past cursor that is in the log."""
    server = _server_with_log(5)
    past = [str(Cursor(row.version, row.tag)) for row in reversed(server.state.log[:3])]
    with pytest.raises(LogDiverged) as found:
        server.pull(PullQuery(since=since, past=("4.0123456789abcdef", *past)))
    assert found.value.common == past[0]


def test_without_a_common_past_the_origin_is_common() -> None:
    """A client of which the log knows nothing begins anew."""
    with pytest.raises(LogDiverged) as found:
        _server_with_log(2).pull(PullQuery(since="9.0123456789abcdef"))
    assert found.value.common == str(ORIGIN)


def test_a_lost_acknowledgement_is_found_by_any_pull() -> None:
    """The cursor is good, but what a push was answered is not in the log: the restore took it."""
    server = _server_with_log(5)
    good = server.head
    with pytest.raises(LogDiverged):
        server.pull(PullQuery(since=good, acked="6.0123456789abcdef"))


def test_a_cursor_before_the_kept_log_is_expired() -> None:
    """One that the kept log does not follow on gets 410 and the oldest version; the next one is served."""
    server = _server_with_log(9)
    cursors = [str(Cursor(row.version, row.tag)) for row in server.state.log]
    server.compact(5)
    for since in (str(ORIGIN), *cursors[:4]):
        with pytest.raises(CursorExpired) as found:
            server.pull(PullQuery(since=since))
        assert found.value.values == {"oldest": 5, "server_time": server.now_ms}
    assert len(server.pull(PullQuery(since=cursors[4])).changes) == 4


def test_a_log_compacted_to_its_end_still_serves_its_head() -> None:
    """Nothing is kept but the head's cursor, and that one is good."""
    server = _server_with_log(3)
    server.compact(4)
    assert server.pull(PullQuery(since=server.head)).changes == []
    server.push(A, put_match(4, uid(200)), acked=server.head)
    assert len(server.log()) == 1


def test_an_expired_cursor_does_not_hide_a_lost_acknowledgement() -> None:
    """Behind the kept log *and* restored under its feet: the device must hear of the divergence first."""
    server = _server_with_log(9)
    since = str(Cursor(server.state.log[1].version, server.state.log[1].tag))
    server.compact(5)
    with pytest.raises(LogDiverged):
        server.pull(PullQuery(since=since, acked="12.0123456789abcdef"))


def test_a_queue_is_accepted_though_its_cursor_is_older_than_the_log() -> None:
    """Half a year offline: base and acked were compacted away, and the writes land."""
    server = _server_with_log(9)
    old = str(Cursor(server.state.log[1].version, server.state.log[1].tag))
    server.compact(5)
    answer = server.push(A, put_match(10, uid(200), base=old), acked=old)
    assert answer.version == 10
