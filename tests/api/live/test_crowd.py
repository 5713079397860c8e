"""A crowd behind a cache: a thousand readers of one feed are a handful of requests, and all see the whole match."""

import asyncio
from collections import Counter
from typing import Any

import httpx
import msgspec
import pytest

from football.feed import SharedMatch
from realtime.limits import LiveLimits
from tests.api.live.caching import CachingProxy
from tests.api.live.nodes import Node
from tests.api.live.test_feeds import Seen, goal, shared
from tests.api.people import Clock, Person
from tests.api.resources.test_sharing import Game
from tests.waiting import until

READERS = 1_000
GOALS = 8
LAST_MS = 900_000
"""The clock of the last goal, by which a reader knows that it has seen all."""


@pytest.fixture
async def game(coach: Person) -> Game:
    """Give a match of children of 13."""
    return await Game(coach).push()


class Follower:
    """A page that follows a feed by long polls."""

    def __init__(self, client: httpx.AsyncClient, path: str) -> None:
        self._client = client
        self._path = path
        self.frames: list[dict[str, Any]] = []
        self.cursor: str | None = None

    async def ask(self) -> httpx.Response:
        """Ask for what comes next, and take it."""
        params = {"wait": "20"} if self.cursor is None else {"after": self.cursor, "wait": "20"}
        answer = await self._client.get(self._path, params=params, timeout=60)
        if answer.status_code == 200:
            told = answer.json()
            if "snapshot" in told:
                self.frames.append({"type": "snapshot", "cursor": told["cursor"], "match": told["snapshot"]})
            self.frames += told["entries"]
            self.cursor = told["cursor"]
        return answer

    async def follow(self) -> None:
        """Follow until the last goal is seen."""
        while not any(frame.get("data", {}).get("clock_ms") == LAST_MS for frame in self.frames):
            assert (await self.ask()).status_code == 200


@pytest.mark.parametrize("limits", [LiveLimits(watch_s=0.05, poll_s=60.0)])
async def test_u10_a_cache_turns_a_crowd_into_a_handful(node: Node, game: Game, clock: Clock) -> None:
    """U10: 1,000 readers, half of whom come in the middle, cost the server two requests for each message at most."""
    link = await game.share()
    path = f"/api/shared/feeds/{(await shared(node, link['secret']))['feed']}"
    async with node.client() as upstream:
        proxy = CachingProxy(upstream, clock.now_s)
        transport = httpx.ASGITransport(app=proxy)
        async with httpx.AsyncClient(transport=transport, base_url="http://cache") as client:
            followers = [Follower(client, path) for _ in range(READERS)]
            early, late = followers[: READERS // 2], followers[READERS // 2 :]
            async with asyncio.TaskGroup() as group:
                for follower in early:
                    group.create_task(follower.follow())
                await until(lambda: all(each.cursor for each in early))
                await game.play()
                for place in range(GOALS):
                    await goal(game, 200_000 + place)
                for follower in late:
                    group.create_task(follower.follow())
                await until(lambda: all(each.cursor for each in late))
                await goal(game, LAST_MS)
        view = await shared(node, link["secret"])
        messages = int(view["cursor"].partition(".")[0])
        assert messages >= GOALS
        assert proxy.requests >= 2 * READERS
        assert len(proxy.asked) <= 2 * messages + 2
        screens = Counter(msgspec.json.encode(Seen(each.frames).match) for each in followers)
        assert screens == {msgspec.json.encode(msgspec.convert(view["match"], SharedMatch)): READERS}


@pytest.mark.parametrize("limits", [LiveLimits(watch_s=0.05, poll_s=60.0)])
async def test_u11_a_cache_forgets_a_revoked_link(node: Node, game: Game, clock: Clock) -> None:
    """U11: what a cache keeps it hands out for two seconds at the most; after that a revoked link is gone there too."""
    link = await game.share()
    path = f"/api/shared/feeds/{(await shared(node, link['secret']))['feed']}"
    async with node.client() as upstream:
        proxy = CachingProxy(upstream, clock.now_s)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=proxy), base_url="http://cache") as client:
            assert (await client.get(path)).status_code == 200
            assert (await game.coach.ask("DELETE", game.path)).status_code == 204
            assert (await client.get(path)).status_code == 200
            clock.turn(s=2)
            gone = await client.get(path)
            assert (gone.status_code, gone.headers["cache-control"]) == (404, "no-store")
            await client.get(path)
            assert len(proxy.asked) == 3
