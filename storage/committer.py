"""The committer: concurrent pushes of one busy club join into one transaction.

One task for each club that has pushes waiting takes them in the order of their arrival, as many as fit, and commits
them together; the next round begins when that is done. It is a task of its own: a waiter that leaves stops nothing. On
a database error everything was rolled back, and each push of the round is committed alone, so that one that cannot be
written harms no other. Two pushes of one device never share a round: the second must see the first's outcome.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, get_args

from storage.engine import Arrival, Engine
from sync.messages import PushAnswer, PushRequest, VerdictWord
from sync.records import Key, Record

ROUND_MUTATIONS_MAX: Final = 2_000
"""Mutations in one round: bounds how long the counter row is locked, and what a rollback repeats."""

ROUND_BYTES_MAX: Final = 1024 * 1024
"""Bytes of mutations in one round."""


class Tally:
    """What came of pushes since the process began."""

    def __init__(self) -> None:
        """Begin with none."""
        self.answered = 0
        self.refused = 0
        """Those that were applied in no part: another history, a clone, an end of access."""
        self.failed = 0
        """Those whose transaction failed: their phones send them again."""
        self.rounds = 0
        self.rounds_s = 0.0
        """Seconds that they took together."""
        self.rounds_split = 0
        """Rounds that failed together, and were committed one push at a time."""
        self.verdicts: dict[str, int] = dict.fromkeys(get_args(VerdictWord), 0)
        self.conflicts = 0
        """Conflicts that verdicts told of."""

    def note(self, answer: PushAnswer | Exception) -> None:
        """Count the answer to one push."""
        if isinstance(answer, Exception):
            self.refused += 1
            return
        self.answered += 1
        self.verdicts["applied"] += sum(run.to_n - run.from_n + 1 for run in answer.applied)
        for verdict in answer.others:
            self.verdicts[verdict.verdict] += 1
            self.conflicts += len(verdict.conflicts)


class _Waiting(NamedTuple):
    arrival: Arrival
    answer: asyncio.Future[PushAnswer]


class Committer:
    """Commits the pushes of all clubs; belongs to one event loop."""

    def __init__(self, engine: Engine, on_commit: Callable[[str, int], None] = lambda _club_id, _version: None) -> None:
        """Commit through an engine; `on_commit` is called after each commit with the club and its version."""
        self._engine = engine
        self._on_commit = on_commit
        self._queues: dict[str, deque[_Waiting]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.waiting = 0
        """Pushes that wait for their answer, of all clubs."""
        self.tally = Tally()

    @property
    def clubs(self) -> int:
        """Clubs whose pushes are being committed."""
        return len(self._tasks)

    async def push(self, club_id: str, author: str, push: PushRequest, *, grant: str | None = None) -> PushAnswer:
        """Apply a push and answer it, as `Engine.push` does; it may share its transaction with others."""
        return (await self.write(club_id, author, push, grant=grant))[0]

    async def write(
        self, club_id: str, author: str, push: PushRequest, *, grant: str | None = None
    ) -> tuple[PushAnswer, Mapping[Key, Record]]:
        """Apply a push; return its answer, and the records that were written with it, as they stood then."""
        waiting = _Waiting(self._engine.receive(author, push, grant=grant), asyncio.get_running_loop().create_future())
        self._queues.setdefault(club_id, deque()).append(waiting)
        if club_id not in self._tasks:
            self._tasks[club_id] = asyncio.create_task(self._work(club_id))
        self.waiting += 1
        try:
            return await waiting.answer, waiting.arrival.records
        finally:
            self.waiting -= 1

    async def _work(self, club_id: str) -> None:
        queue = self._queues[club_id]
        try:
            while queue:
                await self._commit(club_id, take_round(queue))
        finally:
            del self._queues[club_id], self._tasks[club_id]
            for waiting in queue:  # only where the task itself was ended, with the server
                waiting.answer.cancel()

    async def _commit(self, club_id: str, joined: list[_Waiting]) -> None:
        began = asyncio.get_running_loop().time()
        try:
            answers = await self._engine.push_together(club_id, [waiting.arrival for waiting in joined])
        except Exception as error:  # noqa: BLE001 - whatever it was, it is handed to whom it concerns
            if len(joined) == 1:
                self.tally.failed += 1
                _tell(joined[0], error)
                return
            self.tally.rounds_split += 1
            for waiting in joined:
                await self._commit(club_id, [waiting])
            return
        self.tally.rounds += 1
        self.tally.rounds_s += asyncio.get_running_loop().time() - began
        for waiting, answer in zip(joined, answers, strict=True):
            self.tally.note(answer)
            _tell(waiting, answer)
        if versions := [answer.version for answer in answers if isinstance(answer, PushAnswer)]:
            self._on_commit(club_id, max(versions))


def take_round(queue: deque[_Waiting]) -> list[_Waiting]:
    """Take the pushes of the next round from a queue that has one: at least the first, each of another device."""
    joined = [queue.popleft()]
    mutations, size = _weight(joined[0])
    devices = {joined[0].arrival.push.device_id}
    while queue:
        more, bytes_more = _weight(queue[0])
        mutations, size = mutations + more, size + bytes_more
        device_id = queue[0].arrival.push.device_id
        if mutations > ROUND_MUTATIONS_MAX or size > ROUND_BYTES_MAX or device_id in devices:
            break
        devices.add(device_id)
        joined.append(queue.popleft())
    return joined


def _weight(waiting: _Waiting) -> tuple[int, int]:
    given = waiting.arrival.given
    return len(given), sum(len(each.content) for each in given)


def _tell(waiting: _Waiting, answer: PushAnswer | Exception) -> None:
    """Answer a waiter, unless it has left."""
    if waiting.answer.done():
        return
    if isinstance(answer, Exception):
        waiting.answer.set_exception(answer)
    else:
        waiting.answer.set_result(answer)
