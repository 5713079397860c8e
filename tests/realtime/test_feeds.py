"""Feeds on the live floor: epochs begin anew for everybody at once, and never mix."""

import asyncio
import json
import random
from functools import partial

import pytest

from realtime.closing import Closed
from realtime.events import plain_event
from realtime.feeds import FEED_EVENTS, FEED_FRAMES
from realtime.limits import LiveLimits
from realtime.polling import Polls
from realtime.source import Channel, Fresh, Page, Place
from realtime.tail import Reader
from sync.cursors import Cursor
from sync.ports import LogRow
from sync.tails import Batch
from tests.realtime.fakes import FakeLine, Rig
from tests.waiting import turns, until

FEED = Channel("share", "00000000-0000-4000-8000-0000000c1b00", "match/7")


class FakeFeed:
    """A feed in a list, whose epochs end when a test says so."""

    has_epochs = True

    def __init__(self) -> None:
        self.epoch = 1
        self.entries: list[LogRow] = []
        self.reads = 0
        self.is_there = True

    @property
    def cursor(self) -> Cursor:
        """Return where it stands."""
        return Cursor(len(self.entries), f"{self.epoch:016x}")

    def add(self) -> None:
        """Tell something."""
        n = len(self.entries) + 1
        cursor = Cursor(n, f"{self.epoch:016x}")
        body = json.dumps({"type": "score", "cursor": str(cursor), "data": {"epoch": self.epoch, "n": n}}).encode()
        self.entries.append(LogRow(n, cursor.tag, body))

    def begin(self) -> None:
        """Begin another epoch."""
        self.epoch += 1
        self.entries = []

    async def read(self, channel: Channel, place: Place, *, bytes_max: int) -> Page:
        """Return a page."""
        self.reads += 1
        await asyncio.sleep(0)
        if not self.is_there:
            raise Closed("link_ended")
        since, cursor = place.since, self.cursor
        if since is None or since.tag != cursor.tag:
            return Page((), cursor, Fresh(cursor, json.dumps({"n": cursor.version}).encode()))
        return Page(self.entries[since.version :], cursor)


class Watching:
    """A rig with readers of one feed."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.feed = FakeFeed()
        self.began: dict[FakeLine, Cursor | None] = {}

    async def open(self, since: Cursor | None = None) -> FakeLine:
        """Watch the feed."""
        line = FakeLine(knows_ready=len(self.rig.tasks) % 2 == 0)
        reader = Reader(self.rig.hub, FEED, self.feed, FEED_FRAMES, line, self.rig.limits)
        page = await reader.open(Place(since))
        self.began[line] = since
        self.rig.tasks.append(asyncio.create_task(reader.run(page)))
        return line

    def tell(self) -> None:
        """Tell something, and wake the tailer."""
        self.feed.add()
        self.rig.tailer.wake(FEED)


def screen(line: FakeLine, since: Cursor | None) -> tuple[str, int]:
    """Return the epoch and the number that a screen shows; what does not follow fails."""
    epoch, shown = ("", 0) if since is None else (since.tag, since.version)
    for frame in line.frames:
        n, _, tag = frame["cursor"].partition(".")
        if frame["type"] == "snapshot":
            epoch, shown = tag, frame["match"]["n"]
            assert int(n) == shown
        elif frame["type"] == "score":
            assert (tag, int(n)) == (epoch, shown + 1), line.texts
            shown = int(n)
    return epoch, shown


def shows(watching: Watching, line: FakeLine) -> bool:
    """Tell whether a screen shows all."""
    cursor = watching.feed.cursor
    return screen(line, watching.began[line]) == (cursor.tag, cursor.version)


async def test_another_epoch_reaches_all_with_one_read(rig: Rig) -> None:
    """Where an epoch ends, one read brings the fresh snapshot to every reader."""
    watching = Watching(rig)
    lines = [await watching.open() for _ in range(10)]
    watching.tell()
    for line in lines:
        await until(partial(shows, watching, line))
    reads = watching.feed.reads
    watching.feed.begin()
    rig.tailer.wake(FEED)
    for line in lines:
        await until(partial(shows, watching, line))
    assert watching.feed.reads <= reads + 2
    watching.tell()
    for line in lines:
        await until(partial(shows, watching, line))


async def test_the_first_to_find_another_epoch_tells_all(rig: Rig) -> None:
    """A reader that comes and finds another epoch than the channel's hands it to those who are there."""
    watching = Watching(rig)
    line = await watching.open()
    await until(partial(shows, watching, line))
    watching.feed.begin()
    watching.feed.add()
    other = await watching.open()
    await until(partial(shows, watching, other))
    await until(partial(shows, watching, line))


async def test_who_resumes_in_an_epoch_that_the_channel_has_not_seen(rig: Rig) -> None:
    """A reader whose cursor is of the new epoch does not read in circles: the channel is looked at, for everybody."""
    watching = Watching(rig)
    watching.feed.add()
    line = await watching.open()
    await until(partial(shows, watching, line))
    watching.feed.begin()
    for _ in range(3):
        watching.feed.add()
    reads = watching.feed.reads
    other = await watching.open(watching.feed.cursor)
    await until(partial(shows, watching, line))
    watching.tell()
    await until(partial(shows, watching, other))
    await until(partial(shows, watching, line))
    assert watching.feed.reads < reads + 20


@pytest.mark.parametrize("seed", range(25))
async def test_epochs_never_mix(seed: int) -> None:
    """Whatever is told, begun anew, missed, resumed and slow: each screen is one epoch's fold, and ends up to date."""
    dice = random.Random(seed)
    rig = Rig(LiveLimits(gather_s=0.0, poll_s=0.005, queue_bytes_max=500, falls_max=1_000))
    rig.run(rig.tailer.run)
    watching = Watching(rig)
    lines = [await watching.open()]
    for _ in range(60):
        step = dice.random()
        if step < 0.5:
            watching.feed.add()
        elif step < 0.6:
            watching.feed.begin()
        elif step < 0.7:
            lines.append(await watching.open(dice.choice([None, watching.feed.cursor, Cursor(0, "f" * 16)])))
        elif step < 0.8:
            dice.choice(lines).takes.clear()
        else:
            dice.choice(lines).takes.set()
        if dice.random() < 0.7:
            rig.tailer.wake(FEED)
        await turns(dice.randrange(5))
    watching.feed.begin()
    watching.feed.add()
    for line in lines:
        line.takes.set()
        await until(partial(shows, watching, line))
    await rig.end()


async def test_a_feed_that_is_gone_ends_its_readers(rig: Rig) -> None:
    """Where nobody may read a feed any more, its readers are closed by what their own read says."""
    watching = Watching(rig)
    line = await watching.open()
    await until(partial(shows, watching, line))
    watching.feed.is_there = False
    rig.tailer.wake(FEED)
    await until(rig.tasks[0].done)
    assert str(rig.tasks[0].exception()) == "link_ended"


async def test_a_poll_is_woken_and_leaves_nothing_behind(rig: Rig) -> None:
    """A poll answers at once where there is something, waits where there is nothing, and joins no channel for good."""
    feed, polls = FakeFeed(), Polls(rig.hub, rig.limits)
    first = await polls.read(FEED, feed, None, 10)
    assert first.fresh is not None
    waiting = asyncio.create_task(polls.read(FEED, feed, first.head, 10))
    await until(lambda: polls.waiting == 1)
    feed.add()
    rig.tailer.wake(FEED)
    assert [row.version for row in (await waiting).rows] == [1]
    assert (await polls.read(FEED, feed, feed.cursor, 0.01)).rows == []
    waiting = asyncio.create_task(polls.read(FEED, feed, feed.cursor, 10))
    await until(lambda: polls.waiting == 1)
    polls.drain()
    assert (await waiting).rows == []
    assert (await polls.read(FEED, feed, feed.cursor, 10)).rows == []
    assert rig.hub.streams == {}


async def test_polls_are_bounded() -> None:
    """Past the bound a poll is answered at once."""
    rig = Rig(LiveLimits(polls_max=1))
    feed, polls = FakeFeed(), Polls(rig.hub, rig.limits)
    waiting = asyncio.create_task(polls.read(FEED, feed, feed.cursor, 10))
    await until(lambda: polls.waiting == 1)
    assert (await polls.read(FEED, feed, feed.cursor, 10)).rows == []
    waiting.cancel()
    await rig.end()


def test_events_are_the_frames_under_their_cursors() -> None:
    """An event stream holds the very frames of the socket."""
    made = Batch([LogRow(n, "e" * 16, b'{"n":%d}' % n) for n in (1, 2)])
    assert FEED_FRAMES.batch(made) == ('{"n":1}', '{"n":2}')
    assert FEED_EVENTS.batch(made) == f'id: 1.{"e" * 16}\ndata: {{"n":1}}\n\nid: 2.{"e" * 16}\ndata: {{"n":2}}\n\n'
    assert FEED_EVENTS.ready(made) == FEED_EVENTS.batch(made).encode()
    assert plain_event("{}") == "data: {}\n\n"
