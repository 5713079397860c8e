"""Gathering: questions that come together are asked together, and each after it came."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from storage.gathering import ASKED_MAX, Gathering
from tests.waiting import PATIENCE_S


class Asked:
    """A database that answers when told to."""

    def __init__(self) -> None:
        self.turns: list[Sequence[str]] = []
        self.answers: Mapping[str, int] = {}
        self.error: Exception | None = None
        self.begun = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def ask(self, questions: Sequence[str]) -> Mapping[str, int]:
        """Answer what has an answer."""
        self.turns.append(questions)
        self.begun.set()
        await self.may_answer.wait()
        if self.error is not None:
            raise self.error
        return self.answers


async def test_those_who_come_together_ask_together() -> None:
    """One turn for all that wait, the same question once; who has no answer gets None."""
    asked = Asked()
    asked.answers = {"a": 1, "b": 2}
    asked.may_answer.set()
    gathering = Gathering(asked.ask)
    async with asyncio.timeout(PATIENCE_S):
        found = await asyncio.gather(*(gathering.of(each) for each in ("a", "b", "a", "c")))
    assert found == [1, 2, 1, None]
    assert asked.turns == [["a", "b", "c"]]


async def test_a_question_is_asked_after_it_came() -> None:
    """What is revoked while others are answered is found: the same question that comes meanwhile has its own turn."""
    asked = Asked()
    asked.answers = {"a": 1}
    gathering = Gathering(asked.ask)
    first = asyncio.create_task(gathering.of("a"))
    async with asyncio.timeout(PATIENCE_S):
        await asked.begun.wait()
        second = asyncio.create_task(gathering.of("a"))
        await asyncio.sleep(0)
        asked.may_answer.set()
        assert await first == 1
        asked.answers = {}
        assert await second is None
    assert asked.turns == [["a"], ["a"]]


async def test_an_error_is_everybodys_of_its_turn_and_nobodys_after() -> None:
    """A database that is away is told to all who asked; the next question is asked again."""
    asked = Asked()
    asked.error = away = ConnectionError("away")
    asked.may_answer.set()
    gathering = Gathering(asked.ask)
    async with asyncio.timeout(PATIENCE_S):
        found = await asyncio.gather(gathering.of("a"), gathering.of("b"), return_exceptions=True)
        assert all(each is away for each in found)
        asked.error, asked.answers = None, {"a": 1}
        assert await gathering.of("a") == 1


async def test_whoever_leaves_takes_nobodys_answer_along() -> None:
    """One of two who ask the same hangs up: the other has the answer."""
    asked = Asked()
    asked.answers = {"a": 1}
    gathering = Gathering(asked.ask)
    leaving, staying = (asyncio.create_task(gathering.of("a")) for _ in range(2))
    async with asyncio.timeout(PATIENCE_S):
        await asked.begun.wait()
        leaving.cancel()
        asked.may_answer.set()
        assert await staying == 1
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_a_turn_is_bounded() -> None:
    """More than one statement takes are asked in several turns."""
    asked = Asked()
    asked.may_answer.set()
    gathering = Gathering(asked.ask)
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*(gathering.of(str(n)) for n in range(ASKED_MAX + 1)))
    assert [len(each) for each in asked.turns] == [ASKED_MAX, 1]
