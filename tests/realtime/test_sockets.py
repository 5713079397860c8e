"""Sockets: who comes in, what is said first, and how each ends; every ending is a row of one table."""

import json
import random
from collections.abc import Collection

import pytest

from realtime.admission import Admission, Bucket
from realtime.closing import CLOSINGS, Closed, closed_by
from realtime.limits import LiveLimits
from realtime.sockets import Endings
from sync.errors import CursorExpired, LogDiverged, MalformedRequest
from tests.realtime.fakes import FakeLine, Rig
from tests.waiting import until


async def closed(line: FakeLine) -> tuple[int, str]:
    """Return the code and the name under which a socket was closed; both ways of saying it agree."""
    await until(lambda: line.closed)
    assert line.closed is not None
    code, reason = line.closed
    ended = line.frames[-1]
    assert (ended["type"], ended["code"], ended["close"]) == ("ended", reason["code"], code)
    assert CLOSINGS[reason["code"]].code == code
    assert ended["detail"]
    assert ("retry_ms" in ended) == CLOSINGS[reason["code"]].is_retried
    assert reason.get("retry_ms") == ended.get("retry_ms")
    return code, reason["code"]


# -- the first message -------------------------------------------------------------------------------------------------


async def test_a_first_message_that_comes_late_is_too_late() -> None:
    """Who says nothing is sent away after the deadline, with 4408."""
    rig = Rig(LiveLimits(first_message_s=0.01))
    assert await closed(rig.connect()) == (4408, "too_late")
    await rig.end()


@pytest.mark.parametrize(
    ("text", "code", "name"),
    [
        ("", 1008, "malformed"),
        ("x", 1008, "malformed"),
        ("[" * 5_000, 1008, "malformed"),
        ('{"token": "t", "token": "t"}', 4401, "unauthorised"),
        ('{"token": 1}', 1008, "malformed"),
        ('{"token": "t", "club": "x"}', 1008, "malformed"),
        ('{"token": "\\ud800"}', 1008, "malformed"),
        ('{"token": "' + "t" * 9_000 + '"}', 1009, "too_large"),
        ('{"token": "unknown"}', 4401, "unauthorised"),
        ("{}", 4401, "unauthorised"),
        ('{"token": "t", "protocol": 99}', 4426, "protocol_unsupported"),
        ('{"token": "t", "since": "12"}', 1008, "malformed"),
    ],
)
async def test_a_bad_first_message_has_its_code(rig: Rig, text: str, code: int, name: str) -> None:
    """Whatever is sent first ends in a row of the table, and never in a fault."""
    line = rig.connect()
    line.inbox.put_nowait(text)
    assert await closed(line) == (code, name)


async def test_a_binary_frame_has_its_code(rig: Rig) -> None:
    """Only text is spoken."""
    line = rig.connect()
    line.inbox.put_nowait(Closed("not_text"))
    assert await closed(line) == (1003, "not_text")


async def test_a_token_may_come_as_a_subprotocol(rig: Rig) -> None:
    """The first message then has only the cursor; a token in the message counts before the other."""
    line = rig.connect(token=rig.token())
    line.say()
    await until(lambda: line.kinds() == ["hello"])
    other = rig.connect(token=rig.token("other"))
    other.say(token="unknown")
    assert await closed(other) == (4401, "unauthorised")


async def test_a_fault_of_ours_is_owned_up_to(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistake of the server closes with 1011 and without its words."""
    rig.log.failures = [ValueError("a secret")]
    line = rig.tail()
    assert await closed(line) == (1011, "internal")
    assert "secret" not in "".join(line.texts)


# -- who may read ------------------------------------------------------------------------------------------------------


async def test_a_token_that_runs_out_ends_its_socket(rig: Rig) -> None:
    """At its expiry the socket is closed with 4401; the hello said when."""
    line = rig.tail()
    await until(lambda: line.kinds() == ["hello"])
    assert line.frames[0]["token_expires_in"] == 900
    rig.now_ms += 899_999
    await rig.sockets.look()
    assert line.code is None
    rig.now_ms += 1
    await rig.sockets.look()
    assert await closed(line) == (4401, "unauthorised")


async def test_a_fresh_token_keeps_a_socket_open(rig: Rig) -> None:
    """A token sent on the open socket takes the place of the one before."""
    line = rig.tail()
    await until(lambda: line.kinds() == ["hello"])
    rig.now_ms += 800_000
    line.say(token=rig.token())
    await until(lambda: line.kinds() == ["hello", "renewed"])
    assert line.frames[-1]["token_expires_in"] == 900
    rig.now_ms += 800_000
    await rig.sockets.look()
    rig.commit()
    await until(lambda: line.versions() == [1])


@pytest.mark.parametrize("club_id", [None, "00000000-0000-4000-8000-0000000c1b01"])
async def test_a_fresh_token_of_somebody_else_ends_it(rig: Rig, club_id: str | None) -> None:
    """A socket stays one person's, in one club."""
    line = rig.tail()
    await until(lambda: line.kinds() == ["hello"])
    line.say(token=rig.token("other") if club_id is None else rig.token(club_id=club_id))
    assert await closed(line) == (4403, "forbidden")


async def test_an_unknown_fresh_token_ends_it(rig: Rig) -> None:
    """A token that opens nothing closes what is open."""
    line = rig.tail()
    await until(lambda: line.kinds() == ["hello"])
    line.say(token="unknown")
    assert await closed(line) == (4401, "unauthorised")


async def test_whoever_may_read_no_more_is_closed(rig: Rig) -> None:
    """Signed out: 4401; removed: 4403. All open sockets are asked about in one query, and the others stay."""
    lines = {name: rig.tail(name=name) for name in ("stays", "left", "removed")}
    await until(lambda: all(line.kinds() == ["hello"] for line in lines.values()))
    rig.endings = {"session of left": "unauthorised", "session of removed": "access_ended"}
    await rig.sockets.look()
    assert await closed(lines["left"]) == (4401, "unauthorised")
    assert await closed(lines["removed"]) == (4403, "access_ended")
    assert rig.asked == [{"session of stays", "session of left", "session of removed"}]
    rig.commit()
    await until(lambda: lines["stays"].versions() == [1])
    assert lines["removed"].versions() == []


async def test_the_watch_looks_by_itself_and_at_once_when_asked() -> None:
    """An ending is noticed within a look, and at once where this process knows of it."""
    rig = Rig(LiveLimits(watch_s=0.005))
    line = rig.tail()
    await until(lambda: line.kinds() == ["hello"])
    rig.run(rig.sockets.watch)
    rig.endings = {"session of coach": "access_ended"}
    assert await closed(line) == (4403, "access_ended")
    await rig.end()
    patient = Rig(LiveLimits(watch_s=1_000.0))
    line = patient.tail()
    await until(lambda: line.kinds() == ["hello"])
    patient.run(patient.sockets.watch)
    patient.endings = {"session of coach": "access_ended"}
    patient.sockets.look_soon()
    assert await closed(line) == (4403, "access_ended")
    await patient.end()


async def test_a_watch_survives_an_outage() -> None:
    """Where the standing cannot be read nobody is closed, and the next look counts."""
    rig = Rig(LiveLimits(watch_s=0.005))
    standing = rig.sockets.standings["member"]
    outages = [ConnectionResetError("gone")] * 3

    async def flaky(keys: Collection[str]) -> Endings:
        if outages:
            raise outages.pop()
        return await standing(keys)

    rig.sockets.standings["member"] = flaky
    line = rig.tail()
    await until(lambda: line.kinds() == ["hello"])
    rig.run(rig.sockets.watch)
    await until(lambda: not outages)
    assert line.code is None
    rig.endings = {"session of coach": "access_ended"}
    assert await closed(line) == (4403, "access_ended")
    await rig.end()


async def test_a_talkative_client_is_sent_away(rig: Rig) -> None:
    """A client has next to nothing to say."""
    line = rig.tail()
    for _ in range(rig.limits.messages_max):
        line.say(token=rig.token())
    assert await closed(line) == (1008, "too_many_messages")


# -- how many ----------------------------------------------------------------------------------------------------------


async def test_one_address_has_so_many_sockets() -> None:
    """Past the bound of an address a socket is closed with 4429, and others are let in; one that leaves makes room."""
    rig = Rig(LiveLimits(per_address_max=2))
    first, _second = rig.connect(), rig.connect()
    assert await closed(rig.connect()) == (4429, "too_many")
    other = rig.connect(address="192.0.2.2")
    first.hang_up()
    await until(lambda: rig.sockets.statistics().open == 2)
    again = rig.connect()
    await until(lambda: rig.sockets.statistics().open == 3)
    assert (other.closed, again.closed) == (None, None)
    assert rig.sockets.statistics().refused == {"too_many": 1}
    await rig.end()


def test_five_thousand_viewers_behind_one_address_come_in() -> None:
    """U10: a tournament's families share an address; they come in, and leave room for members from there and others."""
    limits = LiveLimits()
    now = [0.0]
    admission = Admission(limits, monotonic=lambda: now[0], dice=random.Random(1).random)
    for place in range(limits.per_link_max):
        now[0] += 1 / limits.admitted_per_s
        admission.enter("192.0.2.1", is_viewer=True)
        admission.know("192.0.2.1", f"link/{place % 2}", limits.per_link_max)
    now[0] += 10
    admission.enter("192.0.2.1")
    admission.know("192.0.2.1", "user/1", limits.per_holder_max)
    assert admission.open == limits.per_link_max + 1
    assert limits.viewers_per_address_max >= limits.per_link_max
    assert limits.viewers_per_address_max + limits.per_address_max < limits.sockets_max


async def test_viewers_are_counted_apart() -> None:
    """Past the bound of viewers from an address a socket is closed with 4429; a member from there is let in."""
    rig = Rig(LiveLimits(per_address_max=1, viewers_per_address_max=2))
    viewers = [rig.connect(is_viewer=True) for _ in range(2)]
    assert await closed(rig.connect(is_viewer=True)) == (4429, "too_many")
    member = rig.connect()
    await until(lambda: rig.sockets.statistics().open == 3)
    assert await closed(rig.connect()) == (4429, "too_many")
    assert [each.closed for each in (*viewers, member)] == [None] * 3
    await rig.end()


async def test_one_address_cannot_use_up_the_unknown() -> None:
    """Sockets of one address that say nothing leave room for those of others that have not said anything yet."""
    rig = Rig(LiveLimits(unknown_max=4, unknown_per_address_max=2))
    silent = [rig.connect(), rig.connect(is_viewer=True)]
    assert await closed(rig.connect()) == (1013, "busy")
    other = rig.connect(address="192.0.2.2")
    await until(lambda: rig.sockets.statistics().unknown == 3)
    assert [each.closed for each in (*silent, other)] == [None] * 3
    await rig.end()


async def test_one_person_has_so_many_sockets() -> None:
    """Past the bound of a person a socket is closed with 4429, from whatever address."""
    rig = Rig(LiveLimits(per_holder_max=2))
    lines = [rig.tail() for _ in range(2)]
    await until(lambda: all(line.kinds() == ["hello"] for line in lines))
    assert await closed(rig.tail()) == (4429, "too_many")
    other = rig.tail(name="other")
    await until(lambda: other.kinds() == ["hello"])
    assert rig.sockets.statistics().unknown == 0
    await rig.end()


async def test_the_unknown_are_few() -> None:
    """Sockets that have not said who they are leave room for those that have."""
    rig = Rig(LiveLimits(unknown_max=2))
    lines = [rig.tail() for _ in range(2)]
    await until(lambda: all(line.kinds() == ["hello"] for line in lines))
    waiting = [rig.connect() for _ in range(2)]
    assert await closed(rig.connect()) == (1013, "busy")
    waiting[0].say(token=rig.token("other"))
    await until(lambda: waiting[0].kinds() == ["hello"])
    assert rig.sockets.statistics().unknown == 1
    await rig.end()


async def test_counts_come_back_to_nothing() -> None:
    """Whatever ends sockets, all counters are at nothing when none is open."""
    rig = Rig(LiveLimits(first_message_s=0.01, per_holder_max=2))
    lines = [rig.tail(name=name) for name in "aab"] + [rig.connect(), rig.tail(name="a")]
    await until(lambda: lines[3].closed and lines[4].closed)
    lines[0].hang_up()
    lines[1].say(nothing=1)
    await rig.sockets.drain()
    admission = rig.sockets.admission
    assert (admission.open, admission.unknown) == (0, 0)
    assert (dict(admission._by_address), dict(admission._by_holder)) == ({}, {})
    assert dict(admission._unknown_by_address) == {}
    assert rig.hub.streams == {}
    await rig.end()


def test_five_thousand_that_come_back_at_once_are_in_within_thirty_seconds() -> None:
    """Each is turned away once at the most, with a moment of its own; nobody is turned away when that has come."""
    limits = LiveLimits()
    now = [0.0]
    bucket = Bucket(limits.admitted_per_s, limits.admitted_burst, lambda: now[0])
    dice = random.Random(1)
    waiting = sorted((dice.random(), 0) for _ in range(5_000))
    came_in: list[float] = []
    refusals = 0
    while waiting:
        at, tries = waiting.pop(0)
        now[0] = max(now[0], at)
        wait_s = bucket.take()
        if not wait_s:
            came_in.append(at)
            continue
        refusals += 1
        assert tries < 3
        waiting.append((at + wait_s + 0.05 + 0.2 * dice.random(), tries + 1))
        waiting.sort()
    assert max(came_in) < 30
    assert refusals < 6_000
    in_any_second = max(sum(second <= at < second + 1 for at in came_in) for second in range(30))
    assert in_any_second <= limits.admitted_burst + limits.admitted_per_s


# -- the server's end --------------------------------------------------------------------------------------------------


async def test_a_restart_sends_everybody_away_with_a_moment_to_come_back(rig: Rig) -> None:
    """Draining closes all with 1012 and spreads them; a socket that comes meanwhile is told the same."""
    lines = [rig.tail(name=str(number)) for number in range(30)]
    await until(lambda: all(line.kinds() == ["hello"] for line in lines))
    await rig.sockets.drain()
    hints = set()
    for line in lines:
        assert await closed(line) == (1012, "restarting")
        hints.add(line.frames[-1]["retry_ms"])
    assert len(hints) > 20
    assert max(hints) <= 1_200
    assert await closed(rig.connect()) == (1012, "restarting")
    assert rig.sockets.statistics().closed == {"restarting": 30}


async def test_a_restart_loses_no_change(rig: Rig) -> None:
    """What was committed while a server went away comes on the next connection, from the client's cursor."""
    rig.log.add(3)
    line = rig.tail()
    await until(lambda: line.versions() == [1, 2, 3])
    await rig.sockets.drain()
    rig.log.add(2)
    other = Rig()
    other.log = rig.log
    other.club._log = rig.log
    cursor = line.frames[-2]["timestamp"]
    again = other.connect()
    again.say(token=other.token(), since=cursor)
    await until(lambda: again.versions() == [4, 5])
    await other.end()


async def test_a_line_that_takes_no_farewell_does_not_hold_the_server() -> None:
    """Draining ends though a client reads nothing."""
    rig = Rig(LiveLimits(farewell_s=0.01, drain_s=0.05))
    line = rig.tail()
    await until(lambda: line.kinds() == ["hello"])
    line.takes.clear()
    await rig.sockets.drain()
    await until(lambda: line.is_aborted)
    await rig.end()


# -- the table ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CLOSINGS)
def test_every_row_has_its_sentence(name: str) -> None:
    """A code is one of RFC 6455's or of this application's range, and says what to do; none is said without words."""
    row = CLOSINGS[name]
    assert row.code in range(1000, 1015) or row.code in range(4400, 4500)
    assert row.detail.endswith(".")
    assert json.loads(Closed(name, retry_ms=1).reason) == {"code": name, "retry_ms": 1}


def test_a_peers_mistakes_keep_their_names() -> None:
    """What a pull answers as a problem ends a socket under the same code."""
    assert closed_by(LogDiverged(common="0.0000000000000000")).name == "log_diverged"
    assert closed_by(CursorExpired(oldest=3)).ended.oldest == 3
    assert closed_by(MalformedRequest(path="$", problem="is wrong")).code == 1008
