"""A bad line to a real server: some replies are lost after the server has done its work, as at the edge of coverage.

Losing the reply and not the request is the hard case: the phone cannot know, and must send the same again.
"""

import random
from typing import Any

import httpx
import msgspec

from sync.messages import PullAnswer, PullQuery, PushAnswer, PushRequest, SnapshotAnswer, encode

ANSWER_S = 30.0


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

    def pages(self, path: str, many: str) -> list[dict[str, Any]]:
        """Read a list to its end, page by page."""
        rows: list[dict[str, Any]] = []
        after: str | None = ""
        while after is not None:
            page = self.get(f"{path}?limit=200{after and f'&after={after}'}")
            rows += page[many]
            after = page["after"]
        return rows

    def _patiently(self, method: str, path: str, *, params: dict[str, str] | None = None) -> bytes:
        while True:
            try:
                return self._send(method, path, params=params)
            except LostReply:
                continue

    def _send(
        self, method: str, path: str, *, content: bytes | None = None, params: dict[str, str] | None = None
    ) -> bytes:
        headers = {"content-type": "application/json"} if content is not None else {}
        answer = self._client.request(method, path, content=content, params=params, headers=headers, timeout=ANSWER_S)
        self.requests += 1
        self.bytes_most = max(self.bytes_most, len(content or b""), len(answer.content))
        if answer.is_error:
            raise Refused(f"{method} {path} was answered {answer.status_code}: {answer.text}")
        if self._dice.random() < self._losses:
            self.lost += 1
            raise LostReply
        return answer.content
