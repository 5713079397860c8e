"""A role that ends between the look at the door and the commit: the writing transaction looks again (15.4.2)."""

import asyncio
import random
from collections.abc import Collection, Mapping

import pytest

from storage.postgres import PostgresLedger
from sync.permits import Grant
from tests.api.people import START_MS, some_id
from tests.security.conftest import Site
from tests.security.world import Club

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(180)]

ROUNDS = 40
ROUNDS_MAX = 400
"""On a busy machine one side may win every race for a while."""
PUSHES = 6
TURNS_MAX = 30


async def pushes(site: Site, club: Club, n: int, dice: random.Random) -> list[tuple[int, bytes]]:
    """Push as the scorer, a few times at once after a drawn number of turns of the loop; return status and answer."""

    async def one(place: int) -> tuple[int, bytes]:
        for _ in range(dice.randrange(TURNS_MAX * 3)):
            await asyncio.sleep(0)
        fields = {"match_id": club.ids["matches"], "kind": "goal"}
        put = {"n": n + place, "wall": START_MS, "collection": "events", "record": some_id(), "op": "put"}
        body = {
            "device_id": club.said["scorer"]["device_id"],
            "sent_at": START_MS,
            "mutations": [{**put, "fields": fields}],
        }
        answer = await club.ask("scorer", "POST", "/api/sync/push", body)
        return answer.status, answer.body

    return list(await asyncio.gather(*(one(place) for place in range(PUSHES))))


async def race(site: Site, dice: random.Random) -> tuple[int, set[bool]]:
    """Let removal and pushes meet; return the events that came after the end, and whether some were taken, some not."""
    club = site.red
    user_id = club.said["scorer"]["user_id"]
    outcomes: set[bool] = set()
    late = 0
    for n in range(1, ROUNDS_MAX + 1):

        async def remove() -> int:
            for _ in range(dice.randrange(TURNS_MAX * 3)):
                await asyncio.sleep(0)
            answer = await club.ask("owner", "DELETE", f"/api/club/members/{user_id}")
            assert answer.status == 204, answer
            return await events_of(site, club)

        answers, at_end = await asyncio.gather(pushes(site, club, n, dice), remove())
        late += await events_of(site, club) - at_end
        assert {status for status, _ in answers} <= {200, 403}, answers
        outcomes |= {status == 200 for status, _ in answers}
        await site.behind.put_back()
        if n >= ROUNDS and len(outcomes) > 1:
            break
    return late, outcomes


async def events_of(site: Site, club: Club) -> int:
    """Return how many events a club has."""
    rows = await site.behind.run("SELECT count(*) FROM grassroots.events WHERE club_id = $1", club.club_id)
    return int(rows[0][0])


async def test_nothing_is_applied_after_the_end(site: Site) -> None:
    """In any interleaving of removal and pushes: once the removal is answered, no event of the removed is new (U26)."""
    late, outcomes = await race(site, random.Random(11))
    assert late == 0
    assert outcomes == {True, False}, "removal and pushes never met"


async def test_a_look_at_the_door_alone_is_not_enough(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: the transaction believes what the door saw. Events land after the end, and the race finds them."""

    async def believe(_ledger: object, sessions: Collection[str]) -> Mapping[str, Grant]:
        return {each: Grant(role="scorer") for each in sessions}

    monkeypatch.setattr(PostgresLedger, "grants", believe)
    late, _ = await race(site, random.Random(11))
    assert late > 0
