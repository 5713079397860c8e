"""A line between a browser and a server that tests can cut, starve and mend: TCP, byte for byte, on loopback.

A browser's own flight mode is told to the page, which is the easy case. At a pitch nobody tells: a socket stays open
and nothing comes (`fall_silent`), or the server hears and is not heard (`go_deaf`), or everything is refused (`cut`),
or bytes drip (`slow`).
"""

import socket
import threading
import time
from contextlib import suppress
from enum import Enum
from urllib.parse import urlsplit

PIECE_BYTES = 16 * 1024
LOOK_S = 0.02
"""Seconds between looks at whether the line has changed."""


class State(Enum):
    """How the line is."""

    UP = "up"
    DEAF = "deaf"
    SILENT = "silent"
    CUT = "cut"


class Line:
    """Passes connections on to a server, as well as it is told to."""

    def __init__(self, server: str) -> None:
        """Listen for a browser, on a port of its own; `server` is the server's address."""
        parts = urlsplit(server)
        self._there = (parts.hostname, parts.port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.state = State.UP
        self.bytes_a_second: float | None = None
        self.delay_s = 0.0
        self.connections = 0
        self.bytes_down = 0
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, name="line", daemon=True).start()

    def lead_to(self, server: str) -> None:
        """Lead to another server from now on, at the same address: a new version was put in its place."""
        parts = urlsplit(server)
        self._there = (parts.hostname, parts.port)
        self._end_all()

    def cut(self) -> None:
        """End all connections, and take no new ones."""
        self.state = State.CUT
        self._end_all()

    def fall_silent(self) -> None:
        """Keep connections open, and pass nothing on."""
        self.state = State.SILENT

    def go_deaf(self) -> None:
        """Pass on what the browser says, and nothing of what the server answers."""
        self.state = State.DEAF

    def slow(self, *, bytes_a_second: float | None, delay_s: float = 0.0) -> None:
        """Pass on so many bytes a second in each direction of each connection, each piece so late."""
        self.bytes_a_second, self.delay_s = bytes_a_second, delay_s

    def mend(self) -> None:
        """Be a good line again. What fell silent is cut: a phone that comes back has another address."""
        if self.state in {State.SILENT, State.DEAF}:
            self._end_all()
        self.slow(bytes_a_second=None)
        self.state = State.UP

    def close(self) -> None:
        """End all."""
        self.state = State.CUT
        self._listening.close()
        self._end_all()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                if self.state is State.CUT:
                    near.close()
                    continue
                self.connections += 1
                threading.Thread(target=self._join, args=(near,), daemon=True).start()

    def _join(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(self._there)
        except OSError:
            near.close()
            return
        with self._lock:
            self._open |= {near, far}
        threading.Thread(target=self._pump, args=(near, far), daemon=True).start()
        self._pump(far, near, is_down=True)

    def _pump(self, source: socket.socket, target: socket.socket, *, is_down: bool = False) -> None:
        piece_bytes = PIECE_BYTES
        with suppress(OSError):
            while piece := source.recv(piece_bytes):
                if self.delay_s or self.bytes_a_second:
                    time.sleep(self.delay_s + len(piece) / (self.bytes_a_second or float("inf")))
                while self.state is State.SILENT or (is_down and self.state is State.DEAF):
                    time.sleep(LOOK_S)
                target.sendall(piece)
                self.bytes_down += len(piece) if is_down else 0
                piece_bytes = PIECE_BYTES if self.bytes_a_second is None else max(1, int(self.bytes_a_second / 10))
        self._end(source, target)

    def _end_all(self) -> None:
        with self._lock:
            ending = [*self._open]
        self._end(*ending)

    def _end(self, *ending: socket.socket) -> None:
        for each in ending:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        with self._lock:
            self._open -= {*ending}
