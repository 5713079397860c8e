"""Rows: whoever sits has had all there is; who gets up takes the row's place along, and nobody misses or repeats."""

import asyncio
import random
from functools import partial

import pytest

from realtime import hub as hub_module
from realtime import rows as rows_module
from realtime.hub import Stream
from realtime.limits import LiveLimits
from sync.tails import Batch
from tests.realtime.fakes import CLUB, FakeLine, Rig
from tests.waiting import turns, until


@pytest.fixture
def small_rows(monkeypatch: pytest.MonkeyPatch) -> int:
    """Let two sit in a row, so that a few readers fill several."""
    monkeypatch.setattr(rows_module, "ROW_READERS", 2)
    monkeypatch.setattr(hub_module, "ROW_READERS", 2)
    return 2


def stream_of(rig: Rig) -> Stream:
    """Return the one channel."""
    (stream,) = rig.hub.streams.values()
    return stream


def seated(rig: Rig) -> int:
    """Return how many readers sit."""
    return sum(len(row) for row in stream_of(rig).rows) if rig.hub.streams else 0


async def seat(rig: Rig, count: int) -> list[FakeLine]:
    """Open sockets whose lines know ready frames, and wait until all sit."""
    lines: list[FakeLine] = []
    for number in range(count):
        line = rig.tail(name=f"reader {number}")
        line.knows_ready = True
        lines.append(line)
    await until(lambda: seated(rig) == count)
    return lines


async def publish(rig: Rig, count: int = 1) -> None:
    """Commit rows, and hand them over as one batch."""
    was = len(rig.log.rows)
    rig.log.add(count)
    await rig.hub.publish(stream_of(rig), Batch(rig.log.rows[was:]))


async def test_whoever_sits_has_a_batch_without_a_task(rig: Rig) -> None:
    """A batch is on every line when it was handed over, and all still sit, at its end."""
    lines = await seat(rig, 5)
    await publish(rig, 3)
    assert all(line.versions() == [1, 2, 3] for line in lines)
    assert seated(rig) == 5
    assert {row.place for row in stream_of(rig).rows} == {rig.log.head}
    assert not stream_of(rig).loose


@pytest.mark.usefixtures("small_rows")
async def test_rows_are_filled_and_forgotten(rig: Rig) -> None:
    """No row has more than its bound, and an empty one is not kept."""
    lines = await seat(rig, 5)
    assert sorted(len(row) for row in stream_of(rig).rows) == [1, 2, 2]
    for line in lines[:4]:
        line.hang_up()
    await until(lambda: len(stream_of(rig).readers) == 1)
    assert [len(row) for row in stream_of(rig).rows] == [1]


async def test_a_line_that_has_to_wait_gets_up(rig: Rig) -> None:
    """It misses nothing, the others go on at once, and it sits again when it has caught up."""
    slow, *others = await seat(rig, 3)
    slow.takes.clear()
    assert seated(rig) == 2
    await publish(rig)
    await publish(rig)
    assert slow.versions() == []
    assert all(line.versions() == [1, 2] for line in others)
    slow.takes.set()
    await until(lambda: slow.versions() == [1, 2])
    await until(lambda: seated(rig) == 3)
    await publish(rig)
    assert slow.versions() == [1, 2, 3]


async def test_a_line_that_fills_up_with_a_batch_has_had_it(rig: Rig) -> None:
    """The batch that makes a line wait was taken: it is not sent again, and the row goes on."""
    first, slow, last = await seat(rig, 3)
    slow.stops_after = len(slow.frames) + 1
    await publish(rig)
    assert [line.versions() for line in (first, slow, last)] == [[1], [1], [1]]
    assert seated(rig) == 2
    await publish(rig)
    slow.takes.set()
    await until(lambda: slow.versions() == [1, 2])


async def test_a_line_that_ends_gets_nothing_more(rig: Rig) -> None:
    """From the moment it ends nothing is written to it (the fake line would fail), and nobody else is touched."""
    gone, stays = await seat(rig, 2)
    gone.hang_up()
    assert seated(rig) == 1
    await publish(rig)
    assert (gone.versions(), stays.versions()) == ([], [1])


async def test_who_is_sent_away_gets_nothing_after_the_farewell(rig: Rig) -> None:
    """The last frame is `ended`, whatever is handed over meanwhile."""
    away, stays = await seat(rig, 2)
    rig.endings = {"session of reader 0": "access_ended"}
    await rig.sockets.look()
    for _ in range(4):
        await publish(rig)
        await turns(1)
    await until(lambda: away.closed is not None)
    await publish(rig)
    assert away.kinds()[-1] == "ended"
    assert away.versions() == [*range(1, len(away.versions()) + 1)]
    assert stays.versions() == [1, 2, 3, 4, 5]


async def test_an_answer_of_its_own_has_a_reader_get_up_and_sit_again(rig: Rig) -> None:
    """A renewal is answered between two batches, and both come."""
    (line,) = await seat(rig, 1)
    await publish(rig)
    line.say(token=rig.token("reader 0"))
    await until(lambda: "renewed" in line.kinds())
    await until(lambda: seated(rig) == 1)
    await publish(rig)
    assert line.kinds() == ["hello", "changes", "renewed", "changes"]


async def test_frames_of_a_row_count_against_a_heartbeat() -> None:
    """Where something was written since the last look no heartbeat is due; where nothing was, one is."""
    rig = Rig(LiveLimits(gather_s=0.0, poll_s=1_000.0))
    (line,) = await seat(rig, 1)
    (socket,) = rig.sockets._open
    assert socket.reader is not None
    assert socket.reader.beat()
    for _ in range(3):
        await publish(rig)
        assert socket.reader.beat()
        await turns()
    assert "heartbeat" not in line.kinds()
    socket.reader.beat()
    await until(lambda: line.kinds()[-1] == "heartbeat")
    await until(lambda: seated(rig) == 1)
    assert line.frames[-1]["timestamp"] == str(rig.log.head)
    await rig.end()


@pytest.mark.usefixtures("small_rows")
async def test_who_moves_while_a_batch_is_handed_over_has_it_once(rig: Rig) -> None:
    """Between two rows the loop has a turn: who gets up or sits down in it has the batch, and has it once."""
    lines = await seat(rig, 6)
    for version, moved in enumerate((lines[5], lines[0], lines[3]), 1):
        handing = asyncio.create_task(publish(rig))
        await asyncio.sleep(0)
        moved.takes.clear()
        await asyncio.sleep(0)
        moved.takes.set()
        await handing
        await until(partial(all_have, lines, version))
    await publish(rig)
    await until(lambda: seated(rig) == 6)
    assert all(line.versions() == [1, 2, 3, 4] for line in lines)


def all_have(lines: list[FakeLine], version: int) -> bool:
    """Tell whether all have got all up to a version."""
    return all(line.versions()[-1:] == [version] for line in lines)


@pytest.mark.usefixtures("small_rows")
async def test_another_history_empties_the_rows(rig: Rig) -> None:
    """Where the log is another than before, nobody sits at a place that is not of it."""
    rig.log.add(5)
    lines = await seat(rig, 3)
    rig.log.restore(3)
    rig.log.add(4)
    rig.tailer.poll()
    await until(lambda: all(line.code == 4409 for line in lines))
    assert not rig.hub.streams
    (line,) = await seat(rig, 1)
    rig.commit()
    await until(lambda: line.versions() == [*range(1, 9)])


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.usefixtures("small_rows")
async def test_rows_have_neither_gap_nor_repeat(seed: int) -> None:
    """U9: with lines that stop, fill up, go on and leave at any turn of the loop, what each got is the log."""
    dice = random.Random(seed)
    rig = Rig(LiveLimits(gather_s=0.0, poll_s=1_000.0, queue_bytes_max=500, falls_max=1_000, page_bytes=300))
    lines = await seat(rig, 7)
    for _ in range(150):
        line, step = dice.choice(lines), dice.random()
        if step < 0.15:
            line.takes.clear()
        elif step < 0.5:
            line.takes.set()
        elif step < 0.6 and line.takes.is_set():
            line.stops_after = len(line.frames) + 1
        elif step < 0.65 and not line.is_gone and len(rig.hub.streams[CLUB].readers) > 3:
            line.hang_up()
        else:
            rig.commit(dice.randrange(1, 3), size=dice.choice([1, 200]))
        await turns(dice.randrange(3))
    rig.commit()
    for line in lines:
        line.stops_after = None
        line.takes.set()
    for line in lines:
        if not line.is_gone:
            await until(partial(all_have, [line], len(rig.log.rows)))
        assert line.versions() == [*range(1, len(line.versions()) + 1)]
    rig.commit()  # one who had read ahead of the channel sits down behind the next batch
    await until(lambda: {row.place for row in stream_of(rig).rows} == {rig.log.head} and not stream_of(rig).loose)
    assert seated(rig) == sum(not line.is_gone for line in lines)
    await rig.end()
