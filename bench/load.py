"""The load: clients that speak HTTP/1.1 over keep-alive connections, with all they send encoded beforehand.

Raw streams, since a real client library costs more than the server. Every function here runs in the clients' process;
answers are kept and looked at only when the clock has stopped, except for the cursor that the next request needs.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Final

import msgspec

from bench.reference import ROUND_S, run, timed, turns_ms
from bench.servers import Server
from bench.sheets import Member, Order
from sync.messages import PullAnswer, PushAnswer

_push_answer: Final = msgspec.json.Decoder(PushAnswer)
_pull_answer: Final = msgspec.json.Decoder(PullAnswer)


class Line:
    """One keep-alive connection of one device."""

    def __init__(self, member: Member, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak for a member."""
        self._reader = reader
        self._writer = writer
        self._headers = f"host: bench\r\nauthorization: Bearer {member.token}\r\n"

    def request(self, method: str, path: str, body: bytes = b"") -> bytes:
        """Return the bytes of a request."""
        head = f"{method} {path} HTTP/1.1\r\n{self._headers}"
        if body:
            head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
        return f"{head}\r\n".encode() + body

    async def send(self, request: bytes) -> bytes:
        """Send a request and return the body of its answer, which must be a 200 of a known length."""
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        _, found, rest = head.partition(b"\r\ncontent-length:")
        assert found, f"an answer without a length: {head!r}"
        body = await self._reader.readexactly(int(rest.split(b"\r\n", 1)[0]))
        assert head.startswith(b"http/1.1 200"), f"{head.splitlines()[0].decode()}: {body[:500].decode()}"
        return body

    def close(self) -> None:
        """Hang up."""
        self._writer.close()

    async def pull_all(self, since: str) -> int:
        """Pull from a cursor to the head; return the number of changes."""
        changes, more = 0, True
        while more:
            body = await self.send(self.request("GET", f"/api/sync/pull?since={since}"))
            answer = _pull_answer.decode(body)
            changes += len(answer.changes)
            since, more = answer.timestamp, answer.more
        return changes


def push(server: Server, orders: Sequence[Order]) -> float:
    """Send each order over a connection of its own; return the seconds that all took."""

    async def work(line: Line, requests: Sequence[bytes], answers: list[bytes]) -> None:
        answers.extend([await line.send(request) for request in requests])

    async def main() -> float:
        answers: list[bytes] = []
        async with AsyncExitStack() as stack:
            lines = [await _dial(stack, server, order.member) for order in orders]
            requests = [
                [line.request("POST", "/api/sync/push", body) for body in order.bodies]
                for line, order in zip(lines, orders, strict=True)
            ]
            seconds = await timed([work(*each, answers) for each in zip(lines, requests, strict=True)])
        for answer in answers:
            assert_applied(_push_answer.decode(answer))
        return seconds

    return run(main())


def pull(server: Server, member: Member, since: str, changes: int, times: int) -> float:
    """Pull the whole log after a cursor so many times; return the seconds."""

    async def work(line: Line) -> None:
        for _ in range(times):
            assert await line.pull_all(since) == changes, "a pull brought something else"

    async def main() -> float:
        async with AsyncExitStack() as stack:
            return await timed([work(await _dial(stack, server, member))])

    return run(main())


def catch_up(server: Server, members: Sequence[Member], since: str, times: int) -> list[float]:
    """Let all members catch up at once, so many times each; return the milliseconds of each time."""

    async def main() -> list[float]:
        async with AsyncExitStack() as stack, asyncio.timeout(ROUND_S):
            lines = [await _dial(stack, server, member) for member in members]
            found = await asyncio.gather(*(turns_ms(times, partial(line.pull_all, since)) for line in lines))
            return [each for turns in found for each in turns]

    return run(main())


def assert_applied(answer: PushAnswer) -> None:
    """Check that everything a push brought was applied: a benchmark of refusals would be fast."""
    assert not answer.others, f"not applied: {answer.others[0]}"
    assert answer.applied, "nothing was applied"


async def _dial(stack: AsyncExitStack, server: Server, member: Member) -> Line:
    reader, writer = await asyncio.open_connection(server.host, server.port, limit=1 << 20)
    stack.callback(writer.close)
    return Line(member, reader, writer)
