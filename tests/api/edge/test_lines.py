"""The lines of the log: whole, in order, safe to read in a terminal, and never in a request's way."""

import json
import queue
import threading

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import observe
from api.edge.lines import WAITING_BYTES_MAX, Lines, write_to_stderr
from api.observe import Line
from tests.api.people import Person, put, some_id


def test_lines_are_written_in_order_when_it_ends() -> None:
    """All that was taken is there after closing, and closing again does nothing."""
    written: list[bytes] = []
    lines = Lines(written.append)
    for n in range(100):
        lines._take(b"%d\n" % n)
    lines.close()
    lines.close()
    assert b"".join(written) == b"".join(b"%d\n" % n for n in range(100))


async def test_a_reader_that_stopped_costs_lines_and_not_requests() -> None:
    """Past a mebibyte lines are dropped, adding one takes no longer, and the gap is told when the reader goes on."""
    goes_on, written = threading.Event(), queue.SimpleQueue[bytes]()

    def write(text: bytes) -> None:
        goes_on.wait()
        written.put(text)

    lines = Lines(write)
    line = b"x" * 1_023 + b"\n"
    for _ in range(WAITING_BYTES_MAX // len(line) + 8):
        lines.add(line)
        lines.flush()
    goes_on.set()
    lines.close()
    kept = [written.get() for _ in range(written.qsize())]
    assert sum(text.count(line) for text in kept) == WAITING_BYTES_MAX // len(line) + 1
    assert any(b'"lines_dropped"' in text and b'"count":7' in text for text in kept) or kept[-1].count(b"lines_dropped")


async def test_lines_are_gathered() -> None:
    """Many lines of one moment are one write."""
    written: list[bytes] = []
    lines = Lines(written.append)
    for _ in range(10):
        lines.add(b"line\n")
    assert written == []
    lines.close()
    assert written == [b"line\n" * 10]


def test_standard_error_that_is_gone_is_no_error(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A line goes out whole; where there is nothing to write to, nothing happens."""
    write_to_stderr(b"whole\n")
    assert "whole" in capfd.readouterr().err
    monkeypatch.setattr("sys.stderr", None, raising=False)
    monkeypatch.setattr("api.edge.lines.sys.stderr", Gone())
    write_to_stderr(b"nothing\n")


class Gone:
    def fileno(self) -> int:
        """Have none."""
        raise ValueError("closed")


@given(st.text(), st.text())
def test_no_text_leaves_its_line(route: str, method: str) -> None:
    """CR, LF and escape sequences in any field are escaped: a line is one line, and moves no cursor."""
    scope = {observe.REQUEST_ID: "00", "method": method, "path_template": route}
    line = observe._line(scope, 200, 1.26, 1_790_000_000_000)
    assert line.endswith(b"\n")
    assert not any(byte < 0x20 for byte in line[:-1])
    told = json.loads(line)
    assert (told["event"], told["level"], told["ms"], told["at"]) == ("request", "info", 1.3, "2026-09-21T14:13:20Z")


async def test_what_a_line_tells(client: httpx.AsyncClient, coach: Person, request_lines: list[bytes]) -> None:
    """Route, status, club and device; no query, no id of a path, no token."""
    observe.LINES.close()
    request_lines.clear()
    secret = "hunter2"
    await client.get(f"/api/sync/pull?since={secret}", headers={"authorization": f"Bearer {secret}"})
    event_id = "5b9f2c1e-8d4b-4e7f-9a10-2b3c4d5e6f70"
    await coach.ask("GET", f"/api/events/{event_id}")
    await client.get(f"/nowhere/{secret}")
    observe.LINES.close()
    written = b"".join(request_lines)
    lines = [json.loads(line) for line in written.splitlines()]
    assert [(line["route"], line["status"]) for line in lines] == [
        ("/api/sync/pull", 401),
        ("/api/events/{event_id}", 404),
        (observe.UNROUTED, 404),
    ]
    assert (lines[1]["club"], lines[1]["device"]) == (coach.club_id, coach.device_id)
    assert "club" not in lines[0]
    assert secret.encode() not in written
    assert event_id.encode() not in written
    assert set(lines[1]) == set(Line.__struct_fields__) - set(PUSHED)


PUSHED = ("mutations", "events", "applied", "merged", "rejected", "parked", "conflicts")


async def test_what_a_pushs_line_tells(coach: Person, request_lines: list[bytes]) -> None:
    """How much came, how many events of a match, and what became of each: numbers, and nothing of what was sent."""
    observe.LINES.close()
    request_lines.clear()
    match_id = some_id()
    await coach.push(
        put("matches", match_id, kickoff_ts="2026-09-20T10:00:00.000Z"),
        put("events", some_id(), match_id=match_id, kind="goal"),
        put("events", some_id(), match_id=some_id(), kind="goal"),
        put("events", some_id(), match_id=match_id, kind="hunter2"),
        {"op": "hunter2"},
    )
    await coach.push(past=["hunter2"])
    observe.LINES.close()
    written = b"".join(request_lines)
    pushed, refused = [json.loads(line) for line in written.splitlines()]
    assert [pushed[name] for name in PUSHED] == [5, 3, 2, 0, 2, 1, 2]
    assert refused["status"] == 400
    assert not refused.keys() & set(PUSHED)
    assert b"hunter2" not in written
    assert match_id.encode() not in written


@pytest.mark.parametrize(
    ("agent", "word"),
    [
        (b"Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/140.0 Mobile Safari/537.36", "mobile"),
        (b"Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "mobile"),
        (b"Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36", "desktop"),
        (b"curl/8.9 Mobile", "other"),
        (b"\r\n\x1b[31m\xff", "other"),
        (None, None),
    ],
)
def test_an_agent_is_one_word_of_ours(agent: bytes | None, word: str | None) -> None:
    """Whatever a program says of itself, the log has one of three words, or none."""
    assert observe.agent_of([] if agent is None else [(b"user-agent", agent)]) == word
