"""Reads of a channel's readers: the same is read once for all who ask meanwhile, and few are read at a time."""

import asyncio

import pytest

from realtime.hub import READS_MAX, Hub
from realtime.source import Channel, Page, Place
from sync.cursors import Cursor
from tests.waiting import PATIENCE_S

CHANNEL = Channel("club", "club")
HEAD = Cursor(3, "three")


class Slow:
    """A source that answers when told to."""

    has_epochs = False

    def __init__(self) -> None:
        self.reads: list[Place] = []
        self.under_way = self.most = 0
        self.begun = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.error: Exception | None = None

    async def read(self, channel: Channel, place: Place, *, bytes_max: int) -> Page:
        """Note who asks, and answer nothing new."""
        del channel, bytes_max
        self.reads.append(place)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        self.begun.set()
        await self.may_answer.wait()
        self.under_way -= 1
        if self.error is not None:
            raise self.error
        return Page((), HEAD)


class Nobody:
    """A reader that takes nothing."""

    def offer(self, _batch: object) -> None:
        """Take nothing."""

    def begin_anew(self, _fresh: object) -> None:
        """Take nothing."""

    def fall_back(self) -> None:
        """Go nowhere."""


async def test_a_herd_reads_once() -> None:
    """Five hundred who come for one place are one read; the next to come reads again."""
    hub, source = Hub(), Slow()
    stream = hub.join(CHANNEL, source, Nobody())
    source.may_answer.set()
    async with asyncio.timeout(PATIENCE_S):
        pages = await asyncio.gather(*(hub.read(stream, Place(None), bytes_max=1) for _ in range(500)))
        await hub.read(stream, Place(None), bytes_max=1)
    assert {page.head for page in pages} == {HEAD}
    assert len(source.reads) == 2


async def test_places_that_differ_are_read_few_at_a_time() -> None:
    """Each place is a read of its own, and connections stay free for pushes."""
    hub, source = Hub(), Slow()
    stream = hub.join(CHANNEL, source, Nobody())
    places = [Place(Cursor(n, "tag")) for n in range(READS_MAX * 3)]
    reading = [asyncio.create_task(hub.read(stream, place, bytes_max=1)) for place in places]
    async with asyncio.timeout(PATIENCE_S):
        await source.begun.wait()
        source.may_answer.set()
        await asyncio.gather(*reading)
    assert (sorted(source.reads), source.most) == (places, READS_MAX)


async def test_a_channel_that_was_left_is_read_anew() -> None:
    """Whoever comes after all have left has a channel that nobody woke meanwhile: a read from before is not theirs."""
    hub, source, first, second = Hub(), Slow(), Nobody(), Nobody()
    stream = hub.join(CHANNEL, source, first)
    before = asyncio.create_task(hub.read(stream, Place(None), bytes_max=1))
    async with asyncio.timeout(PATIENCE_S):
        await source.begun.wait()
        hub.leave(stream, first)
        after = asyncio.create_task(hub.read(hub.join(CHANNEL, source, second), Place(None), bytes_max=1))
        source.may_answer.set()
        await asyncio.gather(before, after)
    assert len(source.reads) == 2


async def test_what_goes_wrong_is_told_to_all_and_read_again_after() -> None:
    """Whoever leaves meanwhile takes nobody's answer along."""
    hub, source = Hub(), Slow()
    stream = hub.join(CHANNEL, source, Nobody())
    source.error = ConnectionError("away")
    leaving, staying = (asyncio.create_task(hub.read(stream, Place(None), bytes_max=1)) for _ in range(2))
    async with asyncio.timeout(PATIENCE_S):
        await source.begun.wait()
        leaving.cancel()
        source.may_answer.set()
        with pytest.raises(ConnectionError):
            await staying
        source.error = None
        assert (await hub.read(stream, Place(None), bytes_max=1)).head == HEAD
