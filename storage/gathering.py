"""Gathering: questions of one kind that come within a few milliseconds go to the database as one.

A herd that comes back at once asks some ten times a millisecond whether it may still read. Each question is still
asked of the database after it came, so an answer is never older than its question; only the round trips are shared.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Any, Final, Generic, TypeVar

GATHER_S: Final = 0.004
"""Seconds in which questions are gathered, where one was asked just before; the first of them does not wait."""
ASKED_MAX: Final = 250
"""Questions that go as one."""

Q = TypeVar("Q", bound=Hashable)
A = TypeVar("A")


class Gathering(Generic[Q, A]):
    """Asks for many what each asks for itself; belongs to one event loop."""

    def __init__(self, ask: Callable[[Sequence[Q]], Awaitable[Mapping[Q, A]]]) -> None:
        """`ask` answers those of the questions that have an answer; what it raises is raised to all who asked."""
        self._ask = ask
        self._waiting: dict[Q, asyncio.Future[A | None]] = {}
        self._task: asyncio.Task[None] | None = None

    async def of(self, question: Q) -> A | None:
        """Return the answer, None where there is none."""
        answer = self._waiting.get(question)
        if answer is None:
            answer = self._waiting[question] = asyncio.get_running_loop().create_future()
        if self._task is None:
            self._task = asyncio.create_task(self._work())
        return await asyncio.shield(answer)  # whoever leaves takes nobody's answer along

    async def _work(self) -> None:
        try:
            while self._waiting:
                await self._answer()
                if self._waiting:
                    await asyncio.sleep(GATHER_S)
        finally:
            self._task = None

    async def _answer(self) -> None:
        """Ask what waits; a question that comes meanwhile waits for the next turn."""
        asked = {question: self._waiting.pop(question) for question in [*self._waiting][:ASKED_MAX]}
        try:
            found = await self._ask([*asked])
        except BaseException as error:
            for answer in asked.values():
                _fail(answer, error)
            if not isinstance(error, Exception):
                raise
            return
        for question, answer in asked.items():
            answer.set_result(found.get(question))


def _fail(answer: "asyncio.Future[Any]", error: BaseException) -> None:
    """Hand on what went wrong, to whoever is still there to hear it."""
    if isinstance(error, Exception):
        answer.set_exception(error)
        answer.exception()
    else:
        answer.cancel()
