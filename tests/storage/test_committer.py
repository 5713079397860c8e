"""The committer: pushes that arrive together share a transaction, and are answered as if each had come alone."""

import asyncio
from collections.abc import Sequence

import msgspec
import pytest

from storage.committer import ROUND_MUTATIONS_MAX, Committer
from storage.engine import Arrival, Engine
from sync.collections import Value
from sync.errors import DeviceForked, LogDiverged, MalformedRequest, SyncError
from sync.messages import PullQuery, PushAnswer, PushRequest, encode, read_push
from sync.records import Change
from tests.builders import CATALOGUE, CLUB, Server, device, put_match, uid


class Counting(Engine):
    """An engine that counts its transactions, and may fail."""

    def __init__(self, server: Server) -> None:
        super().__init__(CATALOGUE, server.store, clock=lambda: server.now_ms, dice=lambda n: b"d" * n)
        self.rounds: list[int] = []
        self.poison: str | None = None

    async def push_together(self, club_id: str, arrivals: Sequence[Arrival]) -> list[PushAnswer | SyncError]:
        """Apply pushes, unless one of them cannot be written."""
        self.rounds.append(len(arrivals))
        if any(arrival.push.device_id == self.poison for arrival in arrivals):
            raise OSError("the disk is full")
        return await super().push_together(club_id, arrivals)


def a_push(who: str, *mutations: Value, **more: Value) -> PushRequest:
    """Return a push as it arrives."""
    return read_push(encode({"device_id": who, "sent_at": 0, "mutations": mutations, **more}))


def matches(who: int, count: int = 3) -> PushRequest:
    """Return a push of some new matches by a device of its own."""
    return a_push(device(who), *(put_match(n, uid(who * 10_000 + n)) for n in range(1, count + 1)))


async def log_of(engine: Engine) -> list[Change]:
    """Return the whole log."""
    page = await engine.pull(CLUB, PullQuery(since="0.0000000000000000"), bytes_max=10_000_000)
    return [msgspec.json.decode(raw, type=Change) for raw in page.changes]


async def test_pushes_that_arrive_together_share_a_transaction() -> None:
    """Sixteen devices push at once: one transaction, gapless versions, and each push is seen whole."""
    engine = Counting(Server())
    committer = Committer(engine)
    answers = await asyncio.gather(*(committer.push(CLUB, "u", matches(who)) for who in range(1, 17)))
    assert engine.rounds == [16]
    assert sorted(answer.version for answer in answers) == [3 * n for n in range(1, 17)]
    log = await log_of(engine)
    assert [change.version for change in log] == list(range(1, 49))
    assert [change.version for change in log if not change.more] == [answer.version for answer in answers]
    assert {answer.timestamp for answer in answers} == {
        f"{change.version}.{change.tag}" for change in log if not change.more
    }


async def test_a_later_push_of_a_round_sees_the_earlier() -> None:
    """Two devices write one field in the same round, unseen of each other: the same conflict as one after the other."""
    engine = Counting(Server())
    committer = Committer(engine)
    await committer.push(CLUB, "u", a_push(device(1), put_match(1, uid(7), title="first")))
    await asyncio.gather(
        committer.push(CLUB, "u", a_push(device(2), put_match(1, uid(7), title="second"))),
        committer.push(CLUB, "u", a_push(device(3), put_match(1, uid(7), title="third"))),
    )
    assert engine.rounds == [1, 2]
    (conflict,) = await engine.store.conflicts(CLUB, is_open=True, after="", limit=9)
    sides = {side.value for side in (conflict.stands, *conflict.candidates) if side is not None}
    assert sides == {"first", "second", "third"}


async def test_a_write_brings_its_records() -> None:
    """What was written comes with the answer as it is stored, with what its round wrote; a repeat brings none."""
    engine = Counting(Server())
    committer = Committer(engine)
    answers = await asyncio.gather(*(committer.write(CLUB, "u", matches(who)) for who in range(1, 4)))
    for who, (answer, records) in enumerate(answers, 1):
        own = {key: each for key, each in records.items() if key.record == uid(who * 10_000 + 1)}
        assert [each.version for each in own.values()] == [answer.version - 2]
        for key, record in records.items():
            assert [record] == [*await engine.store.records(CLUB, key.collection, {"id": key.record})]
    assert (await committer.write(CLUB, "u", matches(1)))[1] == {}


async def test_a_refused_push_leaves_the_others_of_its_round_alone() -> None:
    """A diverged client and a forked device are told so; their neighbours are applied."""
    engine = Counting(Server())
    committer = Committer(engine)
    await committer.push(CLUB, "u", matches(1))
    good, diverged, forked = await asyncio.gather(
        committer.push(CLUB, "u", matches(2)),
        committer.push(CLUB, "u", a_push(device(3), put_match(1, uid(3)), acked="2.ffffffffffffffff")),
        committer.push(CLUB, "u", a_push(device(1), put_match(1, uid(99)))),
        return_exceptions=True,
    )
    assert engine.rounds == [1, 3]
    assert isinstance(good, PushAnswer)
    assert good.version == 6
    assert isinstance(diverged, LogDiverged)
    assert isinstance(forked, DeviceForked)
    assert (committer.tally.answered, committer.tally.refused, committer.tally.rounds) == (2, 2, 2)
    assert len(await log_of(engine)) == 6


async def test_what_cannot_be_written_harms_no_other() -> None:
    """A database error rolls the round back; each push is committed alone, and only the culprit hears of it."""
    engine = Counting(Server())
    engine.poison = device(2)
    committer = Committer(engine)
    one, bad, three = await asyncio.gather(
        *(committer.push(CLUB, "u", matches(who)) for who in (1, 2, 3)), return_exceptions=True
    )
    assert engine.rounds == [3, 1, 1, 1]
    assert isinstance(one, PushAnswer)
    assert isinstance(bad, OSError)
    assert isinstance(three, PushAnswer)
    assert [change.version for change in await log_of(engine)] == [1, 2, 3, 4, 5, 6]
    tally = committer.tally
    assert (tally.answered, tally.failed, tally.rounds, tally.rounds_split) == (2, 1, 2, 1)
    assert tally.verdicts["applied"] == sum(tally.verdicts.values()) == 6


async def test_a_waiter_that_leaves_stops_nothing() -> None:
    """Its push is applied all the same, and so are the others; a repeat is answered."""
    engine = Counting(Server())
    committer = Committer(engine)
    leaving = asyncio.ensure_future(committer.push(CLUB, "u", matches(1)))
    staying = asyncio.ensure_future(committer.push(CLUB, "u", matches(2)))
    await asyncio.sleep(0)
    leaving.cancel()
    assert (await staying).version == 6
    again = await committer.push(CLUB, "u", matches(1))
    assert again.version == 6
    assert [(run.from_n, run.to_n) for run in again.applied] == [(1, 3)]


async def test_two_pushes_of_one_device_never_share_a_round() -> None:
    """The second sees the first's outcome: sent twice at once, it is applied once and answered twice."""
    engine = Counting(Server())
    committer = Committer(engine)
    first, second = await asyncio.gather(*(committer.push(CLUB, "u", matches(1)) for _ in range(2)))
    assert engine.rounds == [1, 1]
    assert first.applied == second.applied
    assert len(await log_of(engine)) == 3


async def test_a_malformed_push_is_refused_before_it_waits() -> None:
    """It joins no round."""
    engine = Counting(Server())
    with pytest.raises(MalformedRequest):
        await Committer(engine).push(CLUB, "u", a_push(device(1), {"n": "one"}))
    assert engine.rounds == []


async def test_an_unknown_club_is_told_to_each() -> None:
    """LookupError, for all that named it, and the committer goes on."""
    committer = Committer(Counting(Server()))
    failed = await asyncio.gather(
        *(committer.push(uid(404), "u", matches(who)) for who in (1, 2)), return_exceptions=True
    )
    assert [type(each) for each in failed] == [LookupError, LookupError]
    assert (await committer.push(CLUB, "u", matches(3))).version == 3


async def test_a_round_is_bounded() -> None:
    """At most so many mutations are committed together; the rest waits for the next round, none is forgotten."""
    engine = Counting(Server())
    committer = Committer(engine)
    answers = await asyncio.gather(*(committer.push(CLUB, "u", matches(who, 500)) for who in range(1, 8)))
    assert engine.rounds == [ROUND_MUTATIONS_MAX // 500, 3]
    assert max(answer.version for answer in answers) == 3_500
