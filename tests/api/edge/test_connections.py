"""Connections: heads are bounded in bytes and time, silence ends them, and work in hand is never cut."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.server import ServerState

from api.edge.connections import BODY_QUIET_S, HEAD_S, HEADERS_BYTES_MAX, HEADERS_MAX, BoundedProtocol


class Loop:
    """A loop whose timers run when a test lets time pass, and whose tasks wait."""

    def __init__(self) -> None:
        """Begin at 0."""
        self.now = 0.0
        self.timers: list[tuple[float, Any, Callable[..., None]]] = []
        self.tasks: list[Any] = []

    def call_later(self, after_s: float, call: Callable[..., None]) -> "Timer":
        """Keep a timer."""
        timer = Timer()
        self.timers.append((self.now + after_s, timer, call))
        return timer

    def create_task(self, running: Any) -> "Task":  # noqa: ANN401 - a coroutine
        """Start nothing: the request is in hand for as long as the test wants."""
        running.close()
        self.tasks.append(running)
        return Task()

    def turn(self, s: float) -> None:
        """Let time pass."""
        self.now += s
        due = [each for each in self.timers if each[0] <= self.now]
        self.timers = [each for each in self.timers if each[0] > self.now]
        for _, timer, call in due:
            if not timer.is_cancelled:
                call()


class Timer:
    is_cancelled = False

    def cancel(self) -> None:
        """Run no more."""
        self.is_cancelled = True


class Task:
    def add_done_callback(self, _call: object) -> None:
        """Never end."""


class Transport(asyncio.Transport):
    """What the peer would see."""

    def __init__(self) -> None:
        """Begin open."""
        super().__init__()
        self.sent = b""
        self.is_closed = False

    def write(self, data: Any) -> None:  # noqa: ANN401 - asyncio's own signature
        """Keep what is sent."""
        self.sent += data

    def close(self) -> None:
        """Close."""
        self.is_closed = True

    def is_closing(self) -> bool:
        """Tell whether it is closed."""
        return self.is_closed

    def pause_reading(self) -> None:
        """Take no notice."""

    def resume_reading(self) -> None:
        """Take no notice."""


async def _nothing(_scope: object, _receive: object, _send: object) -> None:
    """Never run."""


CONFIG = uvicorn.Config(_nothing, log_config=None, lifespan="off", http=BoundedProtocol)
CONFIG.load()


class Connection:
    """One connection that a test feeds."""

    def __init__(self) -> None:
        """Connect."""
        self.loop = Loop()
        self.transport = Transport()
        loop: Any = self.loop
        self.protocol = BoundedProtocol(CONFIG, ServerState(), {}, _loop=loop)
        self.protocol.connection_made(self.transport)

    def feed(self, *pieces: bytes) -> None:
        """Receive these bytes, as long as it is open."""
        for each in pieces:
            if not self.transport.is_closed:
                self.protocol.data_received(each)

    def is_open(self) -> bool:
        """Tell whether the peer may go on."""
        return not self.transport.is_closed

    def answered(self) -> tuple[int, str]:
        """Return the status and the code of what was sent."""
        head, _, body = self.transport.sent.partition(b"\r\n\r\n")
        assert b"application/problem+json" in head
        return int(head.split()[1]), json.loads(body)["code"]


GET = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n"


@pytest.mark.parametrize("begun", [b"", b"\r\n", b"G", GET[:-2], GET[:-1]])
def test_a_head_that_drips_is_cut(begun: bytes) -> None:
    """From connecting on a head has ten seconds, however many bytes come meanwhile."""
    connection = Connection()
    connection.feed(begun)
    connection.loop.turn(HEAD_S - 0.1)
    assert connection.is_open()
    connection.loop.turn(0.2)
    assert not connection.is_open()
    assert connection.loop.tasks == []


def test_bytes_do_not_win_time() -> None:
    """A header a second does not move the deadline."""
    connection = Connection()
    connection.feed(b"GET / HTTP/1.1\r\n")
    for n in range(int(HEAD_S) + 1):
        connection.feed(b"x-%d: 1\r\n" % n)
        connection.loop.turn(1.0)
    assert not connection.is_open()


def test_a_slow_body_has_its_time() -> None:
    """A phone on one bar of signal brings a byte now and then; only silence ends it."""
    connection = Connection()
    connection.feed(POST)
    for _ in range(9):
        connection.loop.turn(BODY_QUIET_S - 1)
        connection.feed(b"x")
        assert connection.is_open()
    connection.loop.turn(BODY_QUIET_S + 1)
    assert not connection.is_open()


@pytest.mark.parametrize("request_bytes", [GET, POST + b"x" * 10])
def test_work_in_hand_is_not_cut(request_bytes: bytes) -> None:
    """A long poll may be answered in its own time: once a request is whole, nothing here watches the clock."""
    connection = Connection()
    connection.feed(request_bytes)
    connection.loop.turn(10_000)
    assert connection.is_open()
    assert len(connection.loop.tasks) == 1


def test_the_next_request_has_its_own_time() -> None:
    """After an answer uvicorn's own wait counts; a next head that was begun has ten seconds again."""
    connection = Connection()
    connection.feed(GET)
    connection.protocol.cycle.response_complete = True
    connection.protocol.on_response_complete()
    connection.feed(b"GET /")
    connection.loop.turn(HEAD_S - 1)
    assert connection.is_open()
    connection.loop.turn(2)
    assert not connection.is_open()


def test_blank_lines_keep_no_connection() -> None:
    """Between requests blank lines are allowed, and win no time."""
    connection = Connection()
    connection.feed(GET)
    connection.protocol.cycle.response_complete = True
    connection.protocol.on_response_complete()
    for _ in range(int(HEAD_S) + 1):
        connection.feed(b"\r\n")
        connection.loop.turn(1)
    assert not connection.is_open()


LARGE = b"a: " + b"x" * HEADERS_BYTES_MAX + b"\r\n"


@pytest.mark.parametrize(
    "pieces",
    [
        (b"GET / HTTP/1.1\r\n" + LARGE + b"\r\n",),
        (b"GET / HTTP/1.1\r\n", *([b"a: " + b"x" * 1_000 + b"\r\n"] * 40)),
        (b"GET / HTTP/1.1\r\na: ", *([b"x" * 1_000] * 40)),
        (b"GET /", *([b"x" * 1_000] * 40)),
        (b"GET /" + b"x" * HEADERS_BYTES_MAX + b" HTTP/1.1\r\n\r\n",),
        (b"GET / HTTP/1.1\r\n" + b"a: 1\r\n" * (HEADERS_MAX + 1) + b"\r\n",),
    ],
    ids=["one large", "many", "one endless", "endless address", "large address", "too many"],
)
def test_a_large_head_is_refused(pieces: tuple[bytes, ...]) -> None:
    """431 with a problem, before the application hears of it; no more is read."""
    connection = Connection()
    connection.feed(*pieces)
    assert connection.answered() == (431, "too_large")
    assert not connection.is_open()
    assert connection.loop.tasks == []


def test_heads_at_the_bound_pass() -> None:
    """As many headers as are allowed, of as many bytes."""
    connection = Connection()
    connection.feed(b"GET / HTTP/1.1\r\nh: x\r\n" + b"a: 1\r\n" * (HEADERS_MAX - 1) + b"\r\n")
    assert len(connection.loop.tasks) == 1
    connection = Connection()
    connection.feed(b"GET / HTTP/1.1\r\na: " + b"x" * (HEADERS_BYTES_MAX - 2) + b"\r\n\r\n")
    assert len(connection.loop.tasks) == 1


@pytest.mark.parametrize(
    "text",
    [
        b"nonsense\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1180591620717411303424\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\n folded: y\r\n\r\n",
        b"GET / HTTP/1.1\r\nho st: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: \x00\r\n\r\n",
    ],
)
def test_one_framing(text: bytes) -> None:
    """What two servers could read in two ways is a 400 with a problem, and ends the connection."""
    connection = Connection()
    connection.feed(text)
    assert connection.answered() == (400, "malformed")
    assert not connection.is_open()


@given(st.binary(max_size=300), st.integers(1, 50))
def test_any_bytes(text: bytes, size: int) -> None:
    """Whatever comes, in whatever pieces: an answer or a wait, and no exception."""
    connection = Connection()
    connection.feed(*(text[at : at + size] for at in range(0, len(text), size)))
    connection.protocol.connection_lost(None)
    connection.loop.turn(1_000)
