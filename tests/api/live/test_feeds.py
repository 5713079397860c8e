"""A match as it goes on, for viewers and members: sockets, event streams and polls tell the same, and miss nothing."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

import msgspec
import pytest

from football.feed import SharedMatch
from football.feed_messages import Message, apply
from realtime.limits import LiveLimits
from tests.api.identity.crowd import score_by
from tests.api.live.nodes import Following, Node, Tailing, told
from tests.api.people import Clock, Execute, Person, put, sign_up, some_id
from tests.api.resources.test_sharing import CANARY, Game
from tests.waiting import until


class Seen:
    """What a viewer's screen shows, from frames in order."""

    def __init__(self, frames: list[dict[str, Any]]) -> None:
        self.match: SharedMatch | None = None
        self.cursor = ""
        self.types: list[str] = []
        for frame in frames:
            if frame["type"] == "snapshot":
                self.match = msgspec.convert(frame["match"], SharedMatch)
                self.cursor = frame["cursor"]
            elif "data" in frame:
                assert self.match is not None
                self.match = apply(self.match, [msgspec.convert(frame, Message)])
                self.cursor = frame["cursor"]
                self.types.append(frame["type"])


def entries(frames: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the messages of a feed among frames."""
    return [frame for frame in frames if "data" in frame]


def has_frames(viewer: Tailing, count: int) -> bool:
    """Tell whether so many frames have come."""
    return len(viewer.frames) == count


def has_entries(viewer: Tailing, wanted: list[dict[str, Any]]) -> bool:
    """Tell whether the hello and just these messages have come."""
    return bool(viewer.frames) and entries(viewer.frames) == wanted


def stands_at(viewer: Tailing, cursor: str) -> bool:
    """Tell whether a screen has come so far."""
    return Seen(viewer.frames).cursor == cursor


@pytest.fixture
async def game(coach: Person) -> Game:
    """Give a match of children of 13."""
    return await Game(coach).push()


@asynccontextmanager
async def watch(
    node: Node, token: str, since: str | None = None, *, path: str = "/ws/shared/match"
) -> AsyncGenerator[Tailing]:
    """Watch a match on a socket."""
    async with node.dial(path) as socket:
        await socket.send(json.dumps({"token": token} | ({} if since is None else {"since": since})))
        async with Tailing(socket) as tailing:
            yield tailing


async def shared(node: Node, secret: str) -> dict[str, Any]:
    """Return what the plain route answers for a secret."""
    async with node.client() as client:
        answer = await client.get("/api/shared/match", headers={"authorization": f"Bearer {secret}"})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def goal(game: Game, clock_ms: int = 200_000, kind: str = "goal") -> str:
    """Log an event for the home side; return its id."""
    event = some_id()
    answer = await game.coach.push(
        put(
            "events",
            event,
            match_id=game.match_id,
            kind=kind,
            team_id=game.home,
            player_id=game.player,
            period_number=1,
            clock_ms=clock_ms,
            notes=f"{CANARY} note",
        )
    )
    assert answer.json()["others"] == [], answer.text
    return event


# -- viewers on sockets ------------------------------------------------------------------------------------------------


async def test_a_viewer_sees_the_match_as_it_goes_on(node: Node, game: Game, clock: Clock) -> None:
    """U10, U12: a snapshot, then each event in its shape; the screen equals the plain view, and no name is in it."""
    link = await game.share(shirt_numbers=True)
    async with watch(node, link["secret"], path=f"/ws/match/{game.match_id}/share") as viewer:
        await until(lambda: len(viewer.frames) == 2)
        assert [frame["type"] for frame in viewer.frames] == ["hello", "snapshot"]
        clock.turn(s=150)
        await game.play()
        await until(lambda: Seen(viewer.frames).types[-1:] == ["event_logged"])
        logged = viewer.frames[-1]
        assert logged["data"]["kind"] == "goal"
        assert logged["data"]["team"] == "home"
        assert logged["data"]["player"] == 9
        assert logged["data"]["timestamp"] == "02:30"
        assert logged["data"]["score"] == {"home": 1, "away": 0}
        assert not logged["is_correction"]
        view = await shared(node, link["secret"])
        assert Seen(viewer.frames).match == msgspec.convert(view["match"], SharedMatch)
        assert Seen(viewer.frames).cursor == view["cursor"]
        assert CANARY not in json.dumps(viewer.frames)
        assert game.match_id not in json.dumps(viewer.frames)


async def test_a_viewer_goes_on_from_every_message(node: Node, game: Game) -> None:
    """U10: after a cut at whichever message, the rest comes from its cursor: no gap, no repeat, the same screen."""
    link = await game.share()
    async with watch(node, link["secret"]) as viewer:
        await until(lambda: len(viewer.frames) == 2)
        await game.play()
        for place in range(4):
            await goal(game, 200_000 + place)
        view = await shared(node, link["secret"])
        await until(lambda: Seen(viewer.frames).cursor == view["cursor"])
        whole = entries(viewer.frames)
    assert [int(each["cursor"].split(".")[0]) for each in whole] == list(range(1, len(whole) + 1))
    cursors = [viewer.frames[1]["cursor"], *(each["cursor"] for each in whole)]
    for place, cursor in enumerate(cursors):
        async with watch(node, link["secret"], cursor) as again:
            await until(partial(has_entries, again, whole[place:]))
            assert [frame["type"] for frame in again.frames][:1] == ["hello"]
            assert "snapshot" not in [frame["type"] for frame in again.frames]
    async with watch(node, link["secret"], "3.ffffffffffffffff") as other:
        await until(lambda: len(other.frames) == 2)
        assert Seen(other.frames).match == msgspec.convert(view["match"], SharedMatch)


async def test_who_comes_while_others_write_misses_nothing(node: Node, game: Game) -> None:
    """Viewers that connect during a burst of pushes all end with the same screen."""
    link = await game.share()
    await game.play()

    async def play() -> None:
        for place in range(15):
            await goal(game, 200_000 + place, "foul" if place % 3 else "goal")

    async with AsyncExitStack() as stack:
        playing = asyncio.create_task(play())
        viewers: list[Tailing] = []
        while not playing.done():
            viewers.append(await stack.enter_async_context(watch(node, link["secret"])))
        await playing
        view = await shared(node, link["secret"])
        for viewer in viewers:
            await until(partial(stands_at, viewer, view["cursor"]))
            assert Seen(viewer.frames).match == msgspec.convert(view["match"], SharedMatch)
            numbers = [int(each["cursor"].split(".")[0]) for each in entries(viewer.frames)]
            assert numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else True


async def test_a_late_sync_is_a_correction(node: Node, game: Game, clock: Clock) -> None:
    """U13: what was logged long ago and comes now is told as a correction, and so is a removal."""
    link = await game.share()
    await game.play()
    async with watch(node, link["secret"]) as viewer:
        await until(lambda: len(viewer.frames) == 2)
        clock.turn(s=600)
        event = await goal(game)
        await until(lambda: Seen(viewer.frames).types == ["event_logged"])
        assert viewer.frames[-1]["is_correction"]
        await game.coach.push({"collection": "events", "record": event, "op": "delete"})
        await until(lambda: Seen(viewer.frames).types[-1:] == ["event_removed"])
        assert viewer.frames[-1]["is_correction"]
        assert viewer.frames[-1]["data"]["score"] == {"home": 1, "away": 0}


async def test_a_revoked_link_goes_silent(node: Node, game: Game) -> None:
    """U11: after a link is revoked its open sockets end with 4404, and new ones are refused so; others stay."""
    link, other = await game.share(), await game.share()
    async with watch(node, link["secret"]) as viewer, watch(node, other["secret"]) as stays:
        await until(lambda: len(viewer.frames) == len(stays.frames) == 2)
        answer = await game.coach.ask("DELETE", f"{game.path}/{link['link']['link_id']}")
        assert answer.status_code == 204
        assert await viewer.end() == (4404, "link_ended")
        await game.play()
        await until(lambda: Seen(stays.frames).types)
        assert entries(viewer.frames) == []
    async with watch(node, link["secret"]) as viewer:
        assert await viewer.end() == (4404, "link_ended")
    assert (await game.coach.ask("DELETE", game.path)).status_code == 204
    async with watch(node, other["secret"]) as viewer:
        assert await viewer.end() == (4404, "link_ended")


async def test_a_link_that_runs_out_goes_silent(node: Node, game: Game, clock: Clock) -> None:
    """A link's end closes its open sockets with 4404."""
    link = await game.share(hours=1)
    async with watch(node, link["secret"]) as viewer:
        await until(lambda: len(viewer.frames) == 2)
        assert viewer.frames[0]["expires_in"] == 3_600
        clock.turn(s=3_600)
        assert await viewer.end() == (4404, "link_ended")


async def test_other_options_close_the_socket_for_a_fresh_view(node: Node, game: Game) -> None:
    """A link that shows something else now is opened again by its viewers: 4412, and a moment to come back."""
    link = await game.share(shirt_numbers=True)
    await game.play()
    async with watch(node, link["secret"]) as viewer:
        await until(lambda: len(viewer.frames) == 2)
        path = f"{game.path}/{link['link']['link_id']}"
        assert (await game.coach.ask("PATCH", path, json={"shirt_numbers": False})).status_code == 200
        assert await viewer.end() == (4412, "view_changed")
    async with watch(node, link["secret"], viewer.frames[1]["cursor"]) as again:
        await until(lambda: len(again.frames) == 2)
        assert again.frames[1]["match"]["timeline"][0]["player"] is None


async def test_another_epoch_begins_on_open_sockets(node: Node, game: Game) -> None:
    """U12: a child who is not to be shared any more leaves every screen at once, by a fresh snapshot."""
    link = await game.share(shirt_numbers=True)
    await game.play()
    async with watch(node, link["secret"]) as one, watch(node, link["secret"]) as two:
        await until(lambda: len(one.frames) == len(two.frames) == 2)
        assert one.frames[1]["match"]["timeline"][0]["player"] == 9
        await game.coach.push(put("players", game.player, do_not_share=True))
        for viewer in (one, two):
            await until(partial(has_frames, viewer, 3))
            assert viewer.frames[2]["type"] == "snapshot"
            assert viewer.frames[2]["match"]["timeline"][0]["player"] is None
            assert viewer.frames[2]["cursor"].split(".")[1] != viewer.frames[1]["cursor"].split(".")[1]
        await goal(game)
        for viewer in (one, two):
            await until(partial(has_frames, viewer, 4))
            assert Seen(viewer.frames).types == ["event_logged"]


async def test_what_opens_nothing_is_answered_alike(node: Node, game: Game) -> None:
    """A secret that never was, another match's, an access token: all 4404; and no secret opens the club's log."""
    link = await game.share()
    token = game.coach.tokens["access_token"]
    for secret, path in (
        ("tls_" + "A" * 64, "/ws/shared/match"),
        (link["secret"][:-1] + ("A" if link["secret"][-1] != "A" else "B"), "/ws/shared/match"),
        (link["secret"], f"/ws/match/{some_id()}/share"),
        (token, f"/ws/match/{game.match_id}/share"),
        ("x", "/ws/shared/match"),
    ):
        async with watch(node, secret, path=path) as viewer:
            assert await viewer.end() == (4404, "link_ended")
    async with node.dial() as socket:
        await socket.send(json.dumps({"token": link["secret"]}))
        assert await told(socket) == (4401, "unauthorised")
    async with watch(node, link["secret"], path=f"/ws/match/{game.match_id}") as viewer:
        assert await viewer.end() == (4401, "unauthorised")


@pytest.mark.parametrize("limits", [LiveLimits(watch_s=60.0, per_link_max=2)])
async def test_one_link_has_so_many_viewers(node: Node, game: Game) -> None:
    """Past the bound of a link a socket is closed with 4429; another link's are let in."""
    link, other = await game.share(), await game.share()
    async with AsyncExitStack() as stack:
        for _ in range(2):
            viewer = await stack.enter_async_context(watch(node, link["secret"]))
            await until(partial(has_frames, viewer, 2))
        third = await stack.enter_async_context(watch(node, link["secret"]))
        assert await third.end() == (4429, "too_many")
        fourth = await stack.enter_async_context(watch(node, other["secret"]))
        await until(lambda: len(fourth.frames) == 2)


# -- viewers over plain HTTP -------------------------------------------------------------------------------------------


def stream(node: Node, feed: str, last: str | None = None) -> Following:
    """Follow a feed as Server-Sent Events."""
    return node.follow(f"/api/shared/feeds/{feed}/events", {} if last is None else {"last-event-id": last})


async def test_an_event_stream_tells_the_same(node: Node, game: Game) -> None:
    """The same snapshot and messages, each under its cursor; `Last-Event-ID` goes on from there."""
    link = await game.share()
    feed = (await shared(node, link["secret"]))["feed"]
    async with stream(node, feed) as (answer, events), watch(node, link["secret"]) as viewer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        await until(lambda: len(events) == 2)
        await game.play()
        await goal(game)
        view = await shared(node, link["secret"])
        await until(lambda: events[-1][0] == view["cursor"])
        await until(lambda: Seen(viewer.frames).cursor == view["cursor"])
        assert [message for _, message in events][1:] == viewer.frames[1:]
        assert all(identity == message["cursor"] for identity, message in events[1:])
    async with stream(node, feed, events[2][0]) as (_, again):
        await until(lambda: [message for _, message in again][1:] == [message for _, message in events][3:])
    await until(lambda: node.services.live.sockets.statistics().open == 0)


async def test_an_event_stream_ends_with_its_link(node: Node, game: Game) -> None:
    """U11: a revoked link ends its streams, and the address opens nothing any more."""
    link = await game.share()
    feed = (await shared(node, link["secret"]))["feed"]
    async with stream(node, feed) as (_, events):
        await until(lambda: len(events) == 2)
        await game.coach.ask("DELETE", game.path)
        await until(lambda: events[-1][1]["type"] == "ended")
        assert events[-1][1]["code"] == "link_ended"
    async with node.client() as client:
        assert (await client.get(f"/api/shared/feeds/{feed}/events")).status_code == 404
        assert (await client.get(f"/api/shared/feeds/{feed}")).status_code == 404


async def test_a_poll_waits_for_what_comes(node: Node, game: Game) -> None:
    """Without a cursor the snapshot, with one what came since; with `wait` as soon as it comes, else nothing."""
    link = await game.share()
    feed = (await shared(node, link["secret"]))["feed"]
    path = f"/api/shared/feeds/{feed}"
    async with node.client() as client:
        first = (await client.get(path)).json()
        assert first["entries"] == []
        assert not first["more"]
        frames = [{"type": "snapshot", "cursor": first["cursor"], "match": first["snapshot"]}]
        polling = asyncio.create_task(client.get(path, params={"after": first["cursor"], "wait": "20"}, timeout=30))
        await until(lambda: node.services.live.polls.waiting == 1)
        await game.play()
        answer = await polling
        assert answer.headers["cache-control"] == "public, max-age=2"
        while True:
            frames += answer.json()["entries"]
            cursor = answer.json()["cursor"]
            if cursor == (await shared(node, link["secret"]))["cursor"]:
                break
            answer = await client.get(path, params={"after": cursor})
        view = await shared(node, link["secret"])
        assert Seen(frames).match == msgspec.convert(view["match"], SharedMatch)
        nothing = (await client.get(path, params={"after": cursor, "wait": "1"})).json()
        assert nothing == {"cursor": cursor, "more": False, "entries": []}
        fresh = (await client.get(path, params={"after": "1.ffffffffffffffff"})).json()
        assert fresh["snapshot"] == view["match"]
        assert CANARY not in json.dumps([first, frames, nothing, fresh])
        for wrong in ({"after": "x"}, {"wait": "26"}, {"wait": "x"}):
            assert (await client.get(path, params=wrong)).status_code == 400
        assert node.services.live.hub.streams == {}


async def test_a_restart_answers_who_waits(node: Node, game: Game) -> None:
    """When the server ends, waiting polls are answered at once with nothing."""
    link = await game.share()
    view = await shared(node, link["secret"])
    async with node.client() as client:
        params = {"after": view["cursor"], "wait": "25"}
        polling = asyncio.create_task(client.get(f"/api/shared/feeds/{view['feed']}", params=params, timeout=30))
        await until(lambda: node.services.live.polls.waiting == 1)
        node.server.should_exit = True
        assert (await polling).json()["entries"] == []


# -- members -----------------------------------------------------------------------------------------------------------


async def test_a_member_sees_names(node: Node, game: Game) -> None:
    """A member's feed has the same messages with names and ids; it goes on from a cursor."""
    token = game.coach.tokens["access_token"]
    path = f"/ws/match/{game.match_id}"
    async with watch(node, token, path=path) as member:
        await until(lambda: len(member.frames) == 2)
        await game.play()
        await until(lambda: [each["type"] for each in entries(member.frames)][-1:] == ["event_logged"])
        logged = member.frames[-1]
        assert logged["data"]["event_id"] == game.goal
        assert (logged["data"]["player"], logged["data"]["player_id"]) == (f"{CANARY} Child", game.player)
        assert logged["data"]["score"] == {"home": 1, "away": 0}
        whole = entries(member.frames)
    async with watch(node, token, whole[0]["cursor"], path=path) as again:
        await until(lambda: entries(again.frames) == whole[1:])
        await goal(game)
        await until(lambda: len(entries(again.frames)) == len(whole))
    async with watch(node, token, "0.ffffffffffffffff", path=path) as fresh:
        await until(lambda: len(fresh.frames) == 2)
        assert len(fresh.frames[1]["match"]["timeline"]) == 2


async def test_a_member_of_another_club_finds_no_match(node: Node, game: Game) -> None:
    """U25: another club's match does not exist, and nothing of it is told."""
    async with node.client() as client:
        other = await sign_up(client, "other@club.example")
        for match_id in (game.match_id, some_id()):
            async with watch(node, other.tokens["access_token"], path=f"/ws/match/{match_id}") as member:
                assert await member.end() == (4404, "not_found")


async def test_a_match_that_is_deleted_ends_its_feed(node: Node, game: Game) -> None:
    """Members who watch a match that is deleted are told that there is none."""
    async with watch(node, game.coach.tokens["access_token"], path=f"/ws/match/{game.match_id}") as member:
        await until(lambda: len(member.frames) == 2)
        await game.coach.push({"collection": "matches", "record": game.match_id, "op": "delete"})
        assert await member.end() == (4404, "not_found")


async def test_removal_ends_a_members_feed(node: Node, game: Game, pg_execute: Execute, clock: Clock) -> None:
    """U26: a removed member sees nothing more."""
    async with watch(node, game.coach.tokens["access_token"], path=f"/ws/match/{game.match_id}") as member:
        await until(lambda: len(member.frames) == 2)
        await pg_execute("UPDATE touchline.memberships SET removed_at = to_timestamp($1)", clock.now_s() - 1)
        assert await member.end() == (4403, "access_ended")


async def test_u27_a_scorer_watches_their_match_and_no_other(node: Node, game: Game) -> None:
    """U27: who scores by link opens the match of the link, with names; another match of the club does not exist."""
    other = await Game(game.coach).push()
    async with node.client() as client:
        made = await game.coach.ask("POST", f"/api/matches/{game.match_id}/scorers", json={})
        scorer = (await score_by(client, secret=made.json()["secret"])).json()
    async with watch(node, scorer["access_token"], path=f"/ws/match/{game.match_id}") as member:
        await until(lambda: len(member.frames) == 2)
        await game.play()
        await until(lambda: [each["data"].get("event_id") for each in entries(member.frames)][-1:] == [game.goal])
    for match_id in (other.match_id, some_id()):
        async with watch(node, scorer["access_token"], path=f"/ws/match/{match_id}") as member:
            assert await member.end() == (4404, "not_found")
    for path in ("/ws/sync", f"/ws/match/{game.match_id}/share", "/ws/shared/match"):
        async with watch(node, scorer["access_token"], path=path) as member:
            assert (await member.end())[0] in {4403, 4404}


# -- the end of a link that nobody here was told of ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "ending"),
    [
        ("revoked_at = now()", "link_ended"),
        ("expires_at = to_timestamp(0)", "link_ended"),
        ("shows_shirt_numbers = NOT shows_shirt_numbers", "view_changed"),
        ("shows_score = NOT shows_score", "view_changed"),
    ],
)
async def test_u11_another_process_ends_a_link(
    node: Node, game: Game, pg_execute: Execute, change: str, ending: str
) -> None:
    """U11: a link that ends or changes elsewhere ends sockets and event streams here with the next look."""
    link, other = await game.share(), await game.share()
    feed = (await shared(node, link["secret"]))["feed"]
    async with (
        watch(node, link["secret"]) as viewer,
        watch(node, other["secret"]) as stays,
        stream(node, feed) as (_, events),
    ):
        await until(lambda: len(viewer.frames) == len(stays.frames) == len(events) == 2)
        await pg_execute(f"UPDATE touchline.share_links SET {change} WHERE link_id = $1", link["link"]["link_id"])
        assert (await viewer.end())[1] == ending
        await until(lambda: events[-1][1]["type"] == "ended")
        assert events[-1][1]["code"] == ending
        await game.play()
        await until(lambda: entries(stays.frames))


def test_looks_come_often_enough() -> None:
    """U11: a look, and the farewell of a line that takes nothing, are within five seconds."""
    limits = LiveLimits()
    assert limits.watch_s + limits.farewell_s <= 5
