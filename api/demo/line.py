"""A bad line to a real server: some replies are lost after the server has done its work, as at the edge of coverage.

Losing the reply and not the request is the hard case: the phone cannot know, and must send the same again. A viewer's
line is cut in the middle of what comes, without a word from either side.
"""

import random
import socket
import threading
from collections.abc import Generator
from typing import Any

import httpx
import msgspec
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin

from sync.messages import PullAnswer, PullQuery, PushAnswer, PushRequest, SnapshotAnswer, encode

ANSWER_S = 30.0
FRAMES_A_LINE = (5, 40)
"""A viewer's line is cut after so many frames, at least and at most."""
QUIET_S = 0.1
"""Seconds between looks at whether the viewer has left."""


class LostReply(Exception):
    """The server answered, and the answer never arrived."""


class Refused(Exception):
    """The server refused a request; the text is its problem's detail."""


class Line:
    """One phone's connection to the server, signed in."""

    def __init__(self, client: httpx.Client, *, losses: float, dice: random.Random) -> None:
        """Lose this share of the replies, drawn from `dice`."""
        self._client = client
        self._losses = losses
        self._dice = dice
        self.requests = 0
        self.lost = 0
        self.bytes_most = 0

    def push(self, push: PushRequest) -> PushAnswer:
        """Send a push."""
        return msgspec.json.decode(self._send("POST", "/api/sync/push", content=encode(push)), type=PushAnswer)

    def pull(self, query: PullQuery) -> PullAnswer:
        """Ask for the next page of the log."""
        asked = {"since": query.since, "acked": query.acked, "past": ",".join(query.past)}
        given = {name: value for name, value in asked.items() if value}
        return msgspec.json.decode(self._send("GET", "/api/sync/pull", params=given), type=PullAnswer)

    def snapshot(self) -> list[SnapshotAnswer]:
        """Take all pages of a snapshot."""
        pages: list[SnapshotAnswer] = []
        token: str | None = None
        while not pages or token is not None:
            given = {"page": token} if token else {}
            body = self._patiently("GET", "/api/sync/snapshot", params=given)
            pages.append(msgspec.json.decode(body, type=SnapshotAnswer))
            token = pages[-1].page
        return pages

    def get(self, path: str) -> dict[str, Any]:
        """Read one of the plain endpoints, again until the reply arrives."""
        found: dict[str, Any] = msgspec.json.decode(self._patiently("GET", path))
        return found

    def post(self, path: str, value: object, *, key: str) -> dict[str, Any]:
        """Send something, again under the same key until the reply arrives."""
        headers = {"idempotency-key": key}
        found: dict[str, Any] = msgspec.json.decode(self._patiently("POST", path, content=encode(value), more=headers))
        return found

    def pages(self, path: str, many: str) -> list[dict[str, Any]]:
        """Read a list to its end, page by page."""
        rows: list[dict[str, Any]] = []
        after: str | None = ""
        while after is not None:
            page = self.get(f"{path}?limit=200{after and f'&after={after}'}")
            rows += page[many]
            after = page["after"]
        return rows

    def _patiently(self, method: str, path: str, **given: Any) -> bytes:  # noqa: ANN401 - as below
        while True:
            try:
                return self._send(method, path, **given)
            except LostReply:
                continue

    def _send(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        params: dict[str, str] | None = None,
        more: dict[str, str] | None = None,
    ) -> bytes:
        headers = {**({"content-type": "application/json"} if content is not None else {}), **(more or {})}
        answer = self._client.request(method, path, content=content, params=params, headers=headers, timeout=ANSWER_S)
        self.requests += 1
        self.bytes_most = max(self.bytes_most, len(content or b""), len(answer.content))
        if answer.is_error:
            raise Refused(f"{method} {path} was answered {answer.status_code}: {answer.text}")
        if self._dice.random() < self._losses:
            self.lost += 1
            raise LostReply
        return answer.content


class CutLine:
    """A viewer's socket, which is cut again and again."""

    def __init__(self, address: str, secret: str, dice: random.Random) -> None:
        """Watch what a share link's secret opens; `dice` draw after how many frames the line is cut."""
        self._origin = Origin(address.rstrip("/"))
        self._secret = secret
        self._dice = dice
        self.cuts = 0

    def frames(self, since: str | None, left: threading.Event) -> Generator[dict[str, Any]]:
        """Connect, and yield what comes after a cursor, until the line is cut or the viewer has `left`."""
        opening = {"token": self._secret} | ({} if since is None else {"since": since})
        remaining = self._dice.randint(*FRAMES_A_LINE)
        address = f"ws{self._origin.removeprefix('http')}/ws/shared/match"
        with connect(address, origin=self._origin, compression=None, open_timeout=ANSWER_S) as opened:
            opened.send(encode(opening).decode())
            while remaining and not left.is_set():
                try:
                    text = opened.recv(timeout=QUIET_S)
                except TimeoutError:
                    continue
                except ConnectionClosed:
                    return
                remaining -= 1
                yield msgspec.json.decode(text)
            if not remaining:
                self.cuts += 1
                opened.socket.shutdown(socket.SHUT_RDWR)
