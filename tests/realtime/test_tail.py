"""Readers of a club's log: pages and frames are the log, whoever is slow, late, cut off or not woken."""

import asyncio
import gc
import random
from functools import partial

import pytest

from realtime.closing import Closed
from realtime.limits import LiveLimits
from sync.cursors import ORIGIN, Cursor
from sync.tails import Batch
from tests.realtime.fakes import CLUB, FakeLine, Rig
from tests.waiting import turns, until


def has_reached(line: FakeLine, version: int) -> bool:
    """Tell whether a client has got all up to a version."""
    return line.versions()[-1:] == [version]


async def test_a_reader_catches_up_and_goes_live(rig: Rig) -> None:
    """U9: what was there comes first, then what is committed, each change once and in order."""
    rig.log.add(5)
    line = rig.tail()
    await until(lambda: line.versions() == [1, 2, 3, 4, 5])
    rig.commit(2)
    await until(lambda: line.versions() == [*range(1, 8)])
    assert line.kinds()[0] == "hello"
    assert line.frames[0]["timestamp"] == "5.0000000000000005"
    assert line.frames[-1]["timestamp"] == str(rig.log.head)
    assert rig.hub.statistics().readers == 1


async def test_an_empty_log_is_tailed_from_version_zero(rig: Rig) -> None:
    """A reader that came before the first change gets the first change."""
    line = rig.tail()
    await until(lambda: line.kinds() == ["hello"])
    rig.commit()
    await until(lambda: line.versions() == [1])


async def test_a_reader_goes_on_from_its_cursor(rig: Rig) -> None:
    """What a client has applied is not sent again."""
    rig.log.add(9)
    line = rig.tail(Cursor(7, rig.log.rows[6].tag))
    await until(lambda: line.versions() == [8, 9])


@pytest.mark.parametrize("seed", range(20))
async def test_the_seam_has_neither_gap_nor_repeat(seed: int) -> None:
    """Who subscribes while others write misses nothing and gets nothing twice, wherever the turns of the loop fall."""
    dice = random.Random(seed)
    rig = Rig(LiveLimits(gather_s=0.0, poll_s=1_000.0, page_bytes=dice.choice([1, 100, 10_000])))
    rig.log.add(dice.randrange(4))
    lines: list[FakeLine] = []
    for _ in range(60):
        step = dice.random()
        if step < 0.3:
            rig.commit(dice.randrange(1, 4))
        elif step < 0.5:
            at = dice.randrange(len(rig.log.rows) + 1)
            lines.append(rig.tail(Cursor(at, rig.log.rows[at - 1].tag) if at else ORIGIN, name=f"{len(lines)}"))
        await turns(dice.randrange(4))
    rig.commit()
    for line in lines:
        await until(partial(has_reached, line, len(rig.log.rows)))
        versions = line.versions()
        assert versions == list(range(versions[0], len(rig.log.rows) + 1))
    await rig.end()


class Clients:
    """Clients that keep what they got, and come back where they stopped."""

    def __init__(self, rig: Rig, dice: random.Random) -> None:
        self.rig = rig
        self.dice = dice
        self.had: dict[str, list[int]] = {f"reader {number}": [] for number in range(4)}
        self.lines: dict[str, FakeLine] = {}

    def connect(self, name: str) -> None:
        """Open a socket from where the client stopped."""
        at = self.had[name][-1] if self.had[name] else 0
        since = Cursor(at, self.rig.log.rows[at - 1].tag) if at else ORIGIN
        self.lines[name] = self.rig.tail(since, name=name)

    def versions(self, name: str) -> list[int]:
        """Return all that a client has got."""
        return self.had[name] + (self.lines[name].versions() if name in self.lines else [])

    def is_done(self, name: str) -> bool:
        """Tell whether a client has got all."""
        return self.versions(name)[-1:] == [len(self.rig.log.rows)]

    def stir(self, name: str) -> None:
        """Let something happen to a client."""
        step = self.dice.random()
        if name not in self.lines:
            self.connect(name)
        elif step < 0.1:
            self.had[name] = self.versions(name)
            self.lines.pop(name).hang_up()
        elif step < 0.3:
            self.lines[name].takes.clear()
        elif step < 0.6:
            self.lines[name].takes.set()

    def stir_log(self) -> None:
        """Commit something, perhaps, and wake the tailer, perhaps."""
        step = self.dice.random()
        if step < 0.6:
            version = self.rig.log.add(self.dice.randrange(1, 6), size=self.dice.choice([1, 50, 500]))
            if step < 0.4:
                self.rig.tailer.wake(CLUB, version)


@pytest.mark.parametrize("seed", range(15))
async def test_pages_and_frames_are_the_log(seed: int) -> None:
    """U9: with slow lines, small queues, cut connections and lost wake-ups, each client's frames are the log."""
    dice = random.Random(seed)
    rig = Rig(LiveLimits(gather_s=0.0, poll_s=0.005, queue_bytes_max=400, page_bytes=300, falls_max=1_000))
    rig.run(rig.tailer.run)
    clients = Clients(rig, dice)
    for _ in range(80):
        clients.stir(dice.choice([*clients.had]))
        clients.stir_log()
        await turns(dice.randrange(8))
    for name in clients.had:
        if name not in clients.lines:
            clients.connect(name)
        clients.lines[name].takes.set()
        await until(partial(clients.is_done, name))
        assert clients.versions(name) == list(range(1, len(rig.log.rows) + 1)), name
    await rig.end()


async def test_what_comes_close_together_goes_out_as_one_frame() -> None:
    """Commits within the gathering time are read once, and framed once for all readers."""
    rig = Rig(LiveLimits(gather_s=0.05, poll_s=1_000.0))
    lines = [rig.tail(name=str(number)) for number in range(3)]
    await until(lambda: rig.hub.statistics().readers == 3 and all(line.kinds() == ["hello"] for line in lines))
    rig.commit()
    await until(lambda: all(line.versions() == [1] for line in lines))
    reads = rig.log.reads
    for _ in range(10):
        rig.commit()
        await turns(3)
    await until(lambda: all(line.versions() == [*range(1, 12)] for line in lines))
    assert rig.log.reads == reads + 1
    assert all(line.kinds() == ["hello", "changes", "changes"] for line in lines)
    assert lines[0].texts[-1] == lines[1].texts[-1] == lines[2].texts[-1]
    await rig.end()


async def test_a_slow_reader_slows_nobody() -> None:
    """While one line takes nothing, the others get every frame; what waits for it stays within its bound."""
    rig = Rig(LiveLimits(gather_s=0.0, poll_s=1_000.0, queue_bytes_max=2_000))
    slow, *others = [rig.tail(name=str(number)) for number in range(4)]
    await until(lambda: all(line.kinds() == ["hello"] for line in (slow, *others)))
    await turns()
    slow.takes.clear()
    for count in range(1, 101):
        rig.commit(size=100)
        for line in others:
            await until(partial(has_reached, line, count))
    assert all(line.versions() == [*range(1, 101)] for line in others)
    assert slow.versions() == []
    statistics = rig.sockets.statistics()
    assert statistics.queued_bytes <= 2_000
    assert statistics.falls > 0
    slow.takes.set()
    await until(lambda: slow.versions() == [*range(1, 101)])
    rig.commit()
    await until(lambda: all(line.versions() == [*range(1, 102)] for line in (slow, *others)))
    await rig.end()


async def test_a_reader_that_falls_too_often_is_sent_away() -> None:
    """Falling behind is forgiven a few times; then the client is told to come again, and when."""
    rig = Rig(LiveLimits(gather_s=0.0, poll_s=1_000.0, queue_bytes_max=300, falls_max=3))
    line = rig.tail()
    await until(lambda: line.kinds() == ["hello"])
    while line.code is None:
        await turns()
        line.takes.clear()
        for _ in range(4):
            rig.commit(size=200)
            await turns()
        line.takes.set()
        await turns(60)
    assert line.code == 1013
    assert line.frames[-1]["code"] == "too_slow"
    assert line.frames[-1]["retry_ms"] > 0
    assert line.versions() == [*range(1, len(line.versions()) + 1)]
    await rig.end()


async def test_a_line_that_takes_nothing_is_cut() -> None:
    """A frame that is on its way at two looks is never taken: the socket ends, and its line is cut."""
    rig = Rig(LiveLimits(gather_s=0.0, poll_s=1_000.0, heartbeat_s=0.01, farewell_s=0.01))
    line = rig.tail()
    await until(lambda: line.kinds() == ["hello"])
    line.takes.clear()
    rig.commit()
    await until(lambda: line.is_waiting)
    rig.run(rig.sockets.beat)
    await until(lambda: line.is_aborted)
    await until(lambda: rig.sockets.statistics().open == 0)
    await rig.end()


async def test_a_quiet_channel_has_heartbeats() -> None:
    """Where nothing is sent a heartbeat comes, with the cursor at which the client must stand."""
    rig = Rig(LiveLimits(gather_s=0.0, poll_s=1_000.0, heartbeat_s=0.01))
    rig.log.add(3)
    line = rig.tail()
    rig.run(rig.sockets.beat)
    await until(lambda: "heartbeat" in line.kinds())
    beat = line.frames[line.kinds().index("heartbeat")]
    assert beat["timestamp"] == str(rig.log.head)
    assert line.frames[0]["heartbeat_s"] == 0
    await rig.end()


async def test_a_lost_wakeup_costs_time_and_no_change() -> None:
    """What nobody told of is found by the slow poll."""
    rig = Rig(LiveLimits(gather_s=0.0, poll_s=0.01))
    line = rig.tail()
    await until(lambda: line.kinds() == ["hello"])
    rig.log.add(3)
    rig.run(rig.tailer.run)
    await until(lambda: line.versions() == [1, 2, 3])
    assert rig.tailer.statistics().wakeups == 0
    await rig.end()


async def test_a_wakeup_before_the_first_position_counts(rig: Rig) -> None:
    """A commit while the first reader still catches up reaches it."""
    rig.log.is_open.clear()
    line = rig.tail()
    await until(lambda: rig.log.reads == 1)
    rig.log.is_open.set()
    rig.log.add(2)
    rig.tailer.wake(CLUB, 2)
    await until(lambda: line.versions() == [1, 2])
    rig.commit()
    await until(lambda: line.versions() == [1, 2, 3])


async def test_a_wakeup_between_a_page_and_the_first_position_counts(rig: Rig) -> None:
    """A commit that the first page does not hold any more, and that came before the channel stood, is not forgotten."""
    rig.log.answers.clear()
    line = rig.tail()
    await until(lambda: rig.log.reads == 1)
    await turns()
    rig.commit(2)
    rig.log.answers.set()
    await until(lambda: line.versions() == [1, 2])


async def test_a_channel_of_a_lost_history_is_found_out_by_who_comes(rig: Rig) -> None:
    """Behind a restored log a newcomer does not read in circles: the channel is looked at, and both go on."""
    rig.log.add(5)
    old = rig.tail()
    await until(lambda: old.versions() == [*range(1, 6)])
    rig.log.restore(3)
    line = rig.tail(Cursor(3, rig.log.rows[2].tag), name="new")
    await until(lambda: old.code == 4409)
    rig.commit()
    await until(lambda: line.versions() == [4])
    assert rig.log.reads < 20


async def test_a_line_that_takes_frames_again_gets_them_in_order(rig: Rig) -> None:
    """What waits for the sender goes before what the line would take at once."""
    lines = [rig.tail(name=str(number)) for number in range(2)]
    await until(lambda: all(line.kinds() == ["hello"] for line in lines))
    await turns()
    (stream,) = rig.hub.streams.values()
    rig.log.add(3)
    for line in lines:
        line.takes.clear()
    await rig.hub.publish(stream, Batch(rig.log.rows[:1]))
    for line in lines:
        line.takes.set()
    await rig.hub.publish(stream, Batch(rig.log.rows[1:2]))
    await rig.hub.publish(stream, Batch(rig.log.rows[2:]))
    await until(lambda: all(line.versions() == [1, 2, 3] for line in lines))


async def test_what_nobody_reads_is_not_read(rig: Rig) -> None:
    """A channel without readers costs no query, on a wake-up or a poll; one that was left is forgotten."""
    rig.commit()
    rig.tailer.poll()
    await turns()
    assert rig.log.reads == 0
    line = rig.tail()
    await until(lambda: line.versions() == [1])
    line.hang_up()
    await until(lambda: not rig.hub.streams)
    reads = rig.log.reads
    rig.commit()
    rig.tailer.poll()
    await turns()
    assert rig.log.reads == reads
    assert rig.sockets.statistics().open == 0


async def test_a_known_version_wakes_nobody(rig: Rig) -> None:
    """A wake-up of a version that was read already, as from one's own notification, costs no query."""
    line = rig.tail()
    await until(lambda: line.kinds() == ["hello"])
    rig.commit()
    await until(lambda: line.versions() == [1])
    reads = rig.log.reads
    rig.tailer.wake(CLUB, 1)
    await turns()
    assert rig.log.reads == reads


async def test_a_failed_read_is_made_good_by_the_poll(rig: Rig) -> None:
    """A database that is away costs time and no change."""
    line = rig.tail()
    await until(lambda: line.kinds() == ["hello"])
    rig.log.failures = [ConnectionResetError("gone")]
    rig.commit()
    await until(lambda: rig.tailer.statistics().failures == 1)
    rig.tailer.poll()
    await until(lambda: line.versions() == [1])


async def test_a_restored_server_is_found_out(rig: Rig) -> None:
    """Where the log is another than before, live readers are closed with 4409, and later ones tail the new log."""
    rig.log.add(5)
    line = rig.tail()
    await until(lambda: line.versions() == [*range(1, 6)])
    rig.log.restore(3)
    rig.log.add(4)
    rig.tailer.poll()
    await until(lambda: line.code == 4409)
    assert line.frames[-1]["common"] == str(ORIGIN)
    assert rig.tailer.statistics().resets == 1
    again = rig.tail()
    await until(lambda: again.versions() == [*range(1, 8)])
    rig.commit()
    await until(lambda: again.versions() == [*range(1, 9)])


async def test_a_cursor_of_another_history_ends_with_what_is_common(rig: Rig) -> None:
    """The close is 4409 and names the newest past cursor that is in the log, as a pull does."""
    rig.log.add(5)
    common = str(Cursor(2, rig.log.rows[1].tag))
    line = rig.tail(Cursor(4, "f" * 16), past=["3.ffffffffffffffff", common])
    await until(lambda: line.closed)
    assert line.closed == (4409, {"code": "log_diverged", "common": common})
    assert line.frames[-1]["type"] == "ended"
    assert line.frames[-1]["common"] == common


async def test_an_acked_cursor_of_another_history_ends_too(rig: Rig) -> None:
    """What the client relies on is checked with where it stands."""
    rig.log.add(5)
    line = rig.tail(acked="9.ffffffffffffffff")
    await until(lambda: line.code == 4409)


async def test_a_cursor_older_than_the_log_ends_with_4410(rig: Rig) -> None:
    """The client takes a snapshot."""
    rig.log.add(9)
    rig.log.oldest = 6
    line = rig.tail(Cursor(2, rig.log.rows[1].tag))
    await until(lambda: line.code == 4410)
    assert line.frames[-1]["oldest"] == 6


async def test_a_reader_waits_for_the_database_once(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """An outage while catching up is tried again; one that lasts closes the socket with 1013 and a time to return."""
    monkeypatch.setattr("realtime.tail.RETRY_S", 0.0)
    rig.log.add(2)
    rig.log.failures = [ConnectionResetError("gone")]
    line = rig.tail()
    await until(lambda: line.versions() == [1, 2])
    rig.log.failures = [ConnectionResetError("gone")] * 2
    other = rig.tail(name="other")
    await until(lambda: other.code == 1013)
    assert other.frames[-1]["code"] == "unavailable"
    assert other.frames[-1]["retry_ms"] > 0


async def test_a_read_that_fails_after_its_reader_left_is_nobodys_error(rig: Rig) -> None:
    """It was begun and is finished; what it raises then would fail this test as an error that nobody handled."""
    rig.log.add(2)
    rig.log.is_open.clear()
    rig.log.failures = [ConnectionResetError("gone")]
    rig.tail()
    await until(lambda: rig.log.reads == 1)
    rig.tasks[-1].cancel()
    await until(rig.tasks[-1].done)
    rig.log.is_open.set()
    await until(lambda: not rig.log.failures)
    await turns()
    gc.collect()


def test_every_reason_fits_a_closing_frame() -> None:
    """RFC 6455 leaves 123 bytes for a reason."""
    longest = Cursor(9_999_999_999_999_999, "f" * 16)
    assert Closed("log_diverged", common=str(longest), retry_ms=999_999).reason


async def test_readers_leave_no_task_behind(rig: Rig) -> None:
    """Whatever ends a socket ends its sender too."""
    before = len(asyncio.all_tasks())
    lines = [rig.tail(name=str(number)) for number in range(5)]
    await until(lambda: all(line.kinds() == ["hello"] for line in lines))
    lines[0].hang_up()
    lines[1].say(colour="red")
    lines[2].takes.clear()
    rig.commit()
    await turns()
    rig.endings = {f"session of {number}": "access_ended" for number in range(5)}
    await rig.sockets.look()
    lines[2].takes.set()
    await until(lambda: rig.sockets.statistics().open == 0)
    await until(lambda: len(asyncio.all_tasks()) == before)
