"""`/ws/sync` from the outside: a device sees the other device's changes live, each once and in order."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from typing import Final

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from api.app import open_services
from api.edge import connections
from api.identity.keys import KeyRing
from api.settings import Settings
from realtime.limits import LiveLimits
from tests.api.live.nodes import Node, Tailing, close_of, listening, told, union
from tests.api.people import START_MS, Clock, Execute, Person, put, sign_in, sign_up, some_id
from tests.pg import PgDatabase
from tests.waiting import until

ORIGIN_CURSOR = "0.0000000000000000"


async def another_device(person: Person) -> Person:
    """Sign the coach in on another device."""
    return await sign_in(person.client, "coach@club.example")


async def whole_log(person: Person) -> list[dict[str, object]]:
    """Pull the whole log."""
    page = await person.get("/api/sync/pull?max_bytes=1000000")
    assert not page["more"]
    changes: list[dict[str, object]] = page["changes"]
    return changes


async def test_a_device_sees_the_other_devices_changes_live(node: Node, coach: Person) -> None:
    """U9: what one device pushes shows up on the other's tail, as the pull has it."""
    helper = await another_device(coach)
    await coach.make_match()
    async with node.tail(helper) as tailing:
        await tailing.reached(1)
        await coach.make_match()
        await tailing.reached(2)
        assert tailing.changes == await whole_log(helper)
        assert tailing.frames[0] | {"timestamp": ""} == {
            "type": "hello",
            "protocol": 1,
            "timestamp": "",
            "server_time": START_MS,
            "heartbeat_s": 15,
            "token_expires_in": 900,
        }
        assert tailing.frames[-1]["timestamp"] == (await helper.get("/api/sync/timestamp"))["timestamp"]
        assert not tailing.frames[-1]["more"]
    assert node.services.live.tailer.statistics().wakeups == 1


async def test_a_wrapper_s_write_shows_up_too(node: Node, coach: Person) -> None:
    """Whatever writes club data is in the log, and so on the tail."""
    async with node.tail(coach) as tailing:
        await until(lambda: tailing.frames)
        answer = await coach.ask("POST", "/api/teams", json={"id": some_id(), "name": "Reds"})
        assert answer.status_code == 201, answer.text
        await tailing.reached(1)
        assert tailing.changes[0]["collection"] == "teams"


async def test_an_erasure_is_told_at_once(node: Node, coach: Person) -> None:
    """Other devices are woken as after a push: the tombstone comes by the tail, and the name by none."""
    helper, player = await another_device(coach), some_id()
    await coach.push(put("players", player, full_name="Mira Okonkwo"))
    async with node.tail(helper) as tailing:
        await tailing.reached(1)
        asked = {"collection": "players", "record": player, "confirm": "Mira Okonkwo"}
        assert (await coach.ask("POST", "/api/erasures", json=asked)).status_code == 201
        await tailing.reached(2)
        last = tailing.changes[-1]
        assert (last["record"], last["deleted"], last["redacted"]) == (player, True, True)
        assert tailing.changes[-1:] == (await whole_log(helper))[-1:]
    assert "Okonkwo" not in str(await whole_log(helper))


async def test_the_frames_are_the_log_under_concurrent_writers(node: Node, coach: Person) -> None:
    """U9: four devices write at once, clients drop and come back with their cursors: each has the log, each once."""
    dice = random.Random(7)
    writers = [coach, *[await another_device(coach) for _ in range(3)]]
    written = asyncio.Event()

    async def write(person: Person) -> None:
        for _ in range(12):
            await person.push(*(put("matches", some_id(), kickoff_ts="2026-09-20T10:00:00.000Z") for _ in range(3)))

    def has_enough(tailing: Tailing, count: int) -> bool:
        return bool(tailing.closed) or len(tailing.versions) >= count or written.is_set()

    async def follow(patience: int) -> list[Tailing]:
        parts: list[Tailing] = []
        since = ORIGIN_CURSOR
        while True:
            async with node.tail(coach, since) as tailing:
                parts.append(tailing)
                await until(partial(has_enough, tailing, patience * len(parts)))
                if written.is_set():
                    await tailing.reached(144)
            since = tailing.cursor if tailing.versions else since
            if union(parts)[-1:] == [144]:
                return parts

    followers = [asyncio.create_task(follow(dice.randrange(1, 30))) for _ in range(4)]
    await asyncio.gather(*(write(person) for person in writers))
    written.set()
    log = await whole_log(coach)
    for parts in await asyncio.gather(*followers):
        assert union(parts) == list(range(1, 145))
        assert [change for part in parts for change in part.changes] == log


async def test_a_tail_goes_on_from_a_cursor(node: Node, coach: Person) -> None:
    """A cursor of a push answer, or of a pull, is where a tail begins."""
    for _ in range(3):
        await coach.make_match()
    page = await coach.get("/api/sync/pull?limit=2")
    async with node.tail(coach, page["timestamp"]) as tailing:
        await tailing.reached(3)
        assert tailing.versions == [3]


@pytest.mark.parametrize("since", ["4.0123456789abcdef", "1.0123456789abcdef"])
async def test_a_cursor_of_another_log_is_told(node: Node, coach: Person, since: str) -> None:
    """A cursor of the future, or of another history, ends with 4409 and what is common."""
    await coach.make_match()
    common = (await coach.get("/api/sync/timestamp"))["timestamp"]
    async with node.tail(coach, since, past=[since, common]) as tailing:
        assert await tailing.end() == (4409, "log_diverged")
        assert tailing.frames == [tailing.frames[-1]]
        assert tailing.frames[-1]["common"] == common


async def test_a_token_may_come_as_a_subprotocol(node: Node, coach: Person) -> None:
    """A client that cannot say it first offers its token beside the protocol; the server takes the protocol."""
    await coach.make_match()
    offered = ["touchline.v1", f"bearer.{coach.tokens['access_token']}"]
    async with node.dial(subprotocols=offered) as socket:
        assert socket.subprotocol == "touchline.v1"
        await socket.send("{}")
        assert json.loads(await socket.recv())["type"] == "hello"
        assert json.loads(await socket.recv())["type"] == "changes"


async def test_an_address_with_a_query_is_refused(node: Node) -> None:
    """What stands in an address ends in logs: nothing is taken from there."""
    for query in ("?token=x", "?access_token=", "?a"):
        async with node.dial(f"/ws/sync{query}") as socket:
            assert await told(socket) == (1008, "token_in_query")


async def test_a_foreign_origin_is_refused_before_the_socket_opens(node: Node) -> None:
    """403 without a socket: for other origins, for none, and for those that only look like ours."""
    foreign = [None, "null", "https://evil.example", "http://127.0.0.1", "http://127.0.0.1:1", f"{node.origin}.evil"]
    for origin in foreign:
        with pytest.raises(InvalidStatus) as refused:
            async with node.dial(origin=origin):
                pass
        assert refused.value.response.status_code == 403, origin
    assert node.services.live.sockets.statistics().open == 0


async def test_an_unknown_address_is_no_socket(node: Node) -> None:
    """Only the named routes open sockets."""
    with pytest.raises(InvalidStatus) as refused:
        async with node.dial("/ws/other"):
            pass
    assert refused.value.response.status_code in {403, 404}


# -- who may read ------------------------------------------------------------------------------------------------------


async def test_another_club_is_not_seen(node: Node, coach: Person) -> None:
    """A tail is of the token's club: nothing of another comes, and its cursor is none here."""
    async with node.client() as client:
        other = await sign_up(client, "other@club.example")
        await other.make_match()
        foreign = (await other.get("/api/sync/timestamp"))["timestamp"]
        async with node.tail(coach) as tailing:
            await until(lambda: tailing.frames)
            await other.make_match()
            await coach.make_match()
            await tailing.reached(1)
            assert tailing.changes == await whole_log(coach)
        async with node.tail(coach, foreign) as tailing:
            assert await tailing.end() == (4409, "log_diverged")


async def test_signing_out_ends_the_tail(node: Node, coach: Person) -> None:
    """U26: after signing out the open socket is closed with 4401, and nothing more comes."""
    helper = await another_device(coach)
    async with node.tail(helper) as tailing:
        await until(lambda: tailing.frames)
        assert (await helper.ask("POST", "/api/auth/logout")).status_code == 204
        assert await tailing.end() == (4401, "unauthorised")


async def test_removal_ends_the_tail(node: Node, coach: Person, pg_execute: Execute) -> None:
    """U26: after removal from the club the open socket is closed with 4403, and a new one is refused so."""
    async with node.tail(coach) as tailing:
        await until(lambda: tailing.frames)
        await pg_execute("UPDATE touchline.memberships SET removed_at = to_timestamp($1)", START_MS / 1_000 - 1)
        assert await tailing.end() == (4403, "access_ended")
    async with node.tail(coach) as tailing:
        assert await tailing.end() == (4403, "access_ended")


async def test_a_token_that_runs_out_ends_the_tail(node: Node, coach: Person, clock: Clock) -> None:
    """At its expiry the socket is closed with 4401, unless a fresh token came on it."""
    helper = await another_device(coach)
    async with node.tail(coach) as ends, node.tail(helper) as stays:
        await until(lambda: ends.frames and stays.frames)
        clock.turn(s=800)
        fresh = await another_device(coach)
        await stays.socket.send(json.dumps({"token": fresh.tokens["access_token"]}))
        await until(lambda: stays.frames[-1]["type"] == "renewed")
        clock.turn(s=101)
        assert await ends.end() == (4401, "unauthorised")
        await fresh.make_match()
        await stays.reached(1)


async def test_a_bad_token_opens_nothing(node: Node, coach: Person) -> None:
    """Whatever is wrong with a token, the close says to sign in again, and no more."""
    for token in (coach.tokens["refresh_token"], "x", "a.b.c", "e30.e30.e30", coach.tokens["access_token"] + "x"):
        async with node.dial() as socket:
            await socket.send(json.dumps({"token": token}))
            assert await told(socket) == (4401, "unauthorised")


# -- hostile clients ---------------------------------------------------------------------------------------------------


HOSTILE: Final = (
    (b"\x00", 1003),
    (b'{"token": "t"}', 1003),
    ("", 1008),
    ("null", 1008),
    ("[" * 60_000, 1009),
    ('{"token":' + "[" * 5_000, 1008),
    ('{"token": "a", "token": "b"}', 4401),
    ('{"token": "t", "club_id": "t"}', 1008),
    ('{"token": "\\ud800"}', 1008),
    ('{"token": "\\u0000"}', 4401),
    ('{"since": "1e3", "token": "t"}', 1008),
    ('{"since": "' + "9" * 400 + '.0123456789abcdef", "token": "t"}', 1008),
    ('{"protocol": 1e400, "token": "t"}', 1008),
    ('{"protocol": 2, "token": "t"}', 4426),
    ("x" * 16 * 1024 * 1024, 1009),
    (b"x" * 1024 * 1024, 1009),
)


async def test_a_hostile_first_message_has_its_code(node: Node, capfd: pytest.CaptureFixture[str]) -> None:
    """Whatever comes first is closed under a code; nothing is logged as a fault, and the server goes on."""
    for said, code in HOSTILE:
        async with node.dial() as socket:
            with suppress(ConnectionClosed):
                await socket.send(said)
            assert (await close_of(socket))[0] == code, said[:80]
    await until(lambda: node.services.live.sockets.statistics().open == 0)
    assert "Traceback" not in capfd.readouterr().err


async def test_text_that_is_not_utf8_is_closed_quietly(node: Node, capfd: pytest.CaptureFixture[str]) -> None:
    """A text frame of other bytes is closed with 1007, without a traceback in the log."""
    async with node.dial() as socket:
        await socket.send(b'{"token": "\xff"}', text=True)
        assert (await close_of(socket))[0] == 1007
    await until(lambda: node.services.live.sockets.statistics().open == 0)
    assert "Traceback" not in capfd.readouterr().err


async def test_a_message_of_many_fragments_is_closed(node: Node) -> None:
    """Fragments are counted: empty ones would fill the memory and never end a message."""

    async def fragments() -> AsyncIterator[str]:
        for _ in range(1_000):
            yield ""

    async with node.dial() as socket:
        with suppress(ConnectionClosed):
            await socket.send(fragments())
        assert (await close_of(socket))[0] == 1008


async def test_pings_are_answered(node: Node, coach: Person) -> None:
    """The protocol's own ping shows that the server is alive; a flood of them harms nobody."""
    async with node.tail(coach) as tailing:
        waiters = [await tailing.socket.ping() for _ in range(2_000)]
        await asyncio.wait_for(waiters[-1], 20)
        await coach.make_match()
        await tailing.reached(1)


# -- the server's end, and other processes -----------------------------------------------------------------------------


async def test_a_restart_loses_no_change(settings: Settings, node: Node, coach: Person, limits: LiveLimits) -> None:
    """At the server's end each socket is closed with 1012 and a moment to come back; the cursor goes on from there."""
    await coach.make_match()
    async with node.tail(coach) as tailing:
        await tailing.reached(1)
        await coach.make_match()
        node.server.should_exit = True
        assert await tailing.end() == (1012, "restarting")
        assert 200 <= tailing.frames[-1]["retry_ms"] <= limits.retry_ms_max
        had = tailing.versions
        since = tailing.cursor
    node.services.live.sockets.admission.is_draining = False
    async with listening(settings, node.services) as again, again.tail(coach, since) as tailing:
        await until(lambda: had + tailing.versions == [1, 2])


async def test_a_push_in_one_process_is_seen_in_another(
    settings: Settings, ring: KeyRing, clock: Clock, pg_database: PgDatabase, node: Node, coach: Person
) -> None:
    """Two servers on one database: a push to one shows up on a tail of the other, told by a notification."""
    limits = LiveLimits(poll_s=1_000.0)
    async with (
        open_services(pg_database.app_dsn, ring, clock=clock.now_ms, limits=limits) as services,
        listening(settings, services) as other,
        other.tail(coach) as tailing,
    ):
        await until(lambda: tailing.frames)
        await until(lambda: _is_connected(node) and _is_connected(other))
        await coach.make_match()
        await tailing.reached(1)
        assert services.live.wakeups is not None
        assert services.live.wakeups.statistics().heard >= 1


async def test_a_killed_connection_of_wakeups_costs_no_change(
    settings: Settings,
    ring: KeyRing,
    clock: Clock,
    pg_database: PgDatabase,
    pg_execute: Execute,
    node: Node,
    coach: Person,
) -> None:
    """Where the notification's connection is killed, the look after the next one brings what was missed."""
    limits = LiveLimits(poll_s=1_000.0)
    async with (
        open_services(pg_database.app_dsn, ring, clock=clock.now_ms, limits=limits) as services,
        listening(settings, services) as other,
        other.tail(coach) as tailing,
    ):
        await until(lambda: tailing.frames and _is_connected(other))
        await pg_execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'touchline wake-ups' AND datname = current_database()"
        )
        await coach.make_match()
        await tailing.reached(1)


async def test_a_lost_notification_is_made_good_by_the_poll(
    settings: Settings, ring: KeyRing, clock: Clock, pg_database: PgDatabase, node: Node, coach: Person
) -> None:
    """A server that hears nothing at all still shows every change, by its slow poll."""
    limits = LiveLimits(poll_s=0.05)
    async with open_services(pg_database.app_dsn, ring, clock=clock.now_ms, limits=limits) as services:
        services.live.wakeups = None
        async with listening(settings, services) as other, other.tail(coach) as tailing:
            await until(lambda: tailing.frames)
            for version in (1, 2, 3):
                await coach.make_match()
                await tailing.reached(version)
            assert services.live.tailer.statistics().wakeups == 0


def _is_connected(node: Node) -> bool:
    wakeups = node.services.live.wakeups
    return wakeups is not None and wakeups.statistics().is_connected


@pytest.mark.parametrize("limits", [LiveLimits(first_message_s=0.05)])
async def test_a_first_message_that_comes_late_is_too_late(node: Node) -> None:
    """Who says nothing is sent away with 4408."""
    async with node.dial() as socket:
        assert await told(socket) == (4408, "too_late")


@pytest.mark.parametrize("limits", [LiveLimits(per_address_max=1)])
async def test_one_address_has_so_many_sockets(node: Node) -> None:
    """Past the bound a socket is closed with 4429 and a time to come again."""
    async with node.dial(), node.dial() as socket:
        assert await told(socket) == (4429, "too_many")


@pytest.mark.parametrize("limits", [LiveLimits(heartbeat_s=0.2)])
async def test_an_open_socket_has_no_request_to_wait_for(
    node: Node, coach: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sockets live on past the time that a request has for its head, quiet or not."""
    monkeypatch.setattr(connections, "HEAD_S", 0.1)
    async with node.tail(coach) as tailing:
        await until(lambda: sum(frame["type"] == "heartbeat" for frame in tailing.frames) >= 3)
        await coach.make_match()
        await tailing.reached(1)
        assert tailing.closed is None
