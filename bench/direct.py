"""The engine without HTTP: the server's own calls from a request's bytes to its answer's, in this process."""

import asyncio
import secrets
import time
from collections.abc import Coroutine, Sequence
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar

import uvloop

from bench.load import assert_applied
from bench.reference import ROUND_S, timed, turns_ms
from bench.sheets import Member, Order
from football.collections import CATALOGUE
from storage.committer import Committer
from storage.engine import Engine
from storage.postgres import PostgresStore, open_pool
from sync.messages import PullQuery, PushAnswer, encode, read_push

T = TypeVar("T")


class Direct:
    """An engine on a pool like the server's, on the server's kind of loop."""

    def __init__(self, app_dsn: str) -> None:
        """Connect."""
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self._pool = self.run(open_pool(app_dsn))
        self.store = PostgresStore(self._pool, CATALOGUE)
        self.engine = Engine(CATALOGUE, self.store, clock=now_ms, dice=secrets.token_bytes)
        self.committer = Committer(self.engine)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Disconnect."""
        self.run(self._pool.close())
        self._runner.close()

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Run on the loop."""
        return self._runner.run(main)

    def create_club(self, club_id: str) -> None:
        """Create an empty club."""
        self.run(self.store.create_club(club_id, hash_key=secrets.token_bytes(32)))

    def push_one(self, member: Member, body: bytes) -> PushAnswer:
        """Push once, and check that all was applied."""
        answer = self.run(self.engine.push(member.club_id, member.author, read_push(body)))
        assert_applied(answer)
        return answer

    def push(self, orders: Sequence[Order]) -> float:
        """Push all orders at once; return the seconds that all took."""
        answers: list[PushAnswer] = []

        async def work(order: Order) -> None:
            for body in order.bodies:
                answer = await self.committer.push(order.member.club_id, order.member.author, read_push(body))
                encode(answer)
                answers.append(answer)

        seconds = self.run(timed([work(order) for order in orders]))
        for answer in answers:
            assert_applied(answer)
        return seconds

    def pull(self, member: Member, since: str, changes: int, times: int) -> float:
        """Pull the whole log after a cursor so many times; return the seconds."""

        async def work() -> None:
            for _ in range(times):
                assert await self._pull_all(member.club_id, since) == changes, "a pull brought something else"

        return self.run(timed([work()]))

    def catch_up(self, members: Sequence[Member], since: str, times: int) -> list[float]:
        """Let all members catch up at once, so many times each; return the milliseconds of each time."""

        async def main() -> list[float]:
            async with asyncio.timeout(ROUND_S):
                club_ids = [member.club_id for member in members]
                found = await asyncio.gather(
                    *(turns_ms(times, partial(self._pull_all, club_id, since)) for club_id in club_ids)
                )
            return [each for turns in found for each in turns]

        return self.run(main())

    async def _pull_all(self, club_id: str, since: str) -> int:
        changes, more = 0, True
        while more:
            answer = await self.engine.pull(club_id, PullQuery(since))
            encode(answer)
            changes += len(answer.changes)
            since, more = answer.timestamp, answer.more
        return changes


def now_ms() -> int:
    """Return the time of this machine."""
    return int(time.time() * 1_000)
