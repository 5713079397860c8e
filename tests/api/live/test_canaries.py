"""Ten thousand frames of generated matches, over sockets, event streams and polls, searched for what is personal."""

import json
import random
import re
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import httpx
from msgspec import Struct
from msgspec.structs import replace

from football.recording import Fact, record, recorded_id
from tests.api.live.nodes import Node, Tailing
from tests.api.live.test_feeds import entries, shared, stream, watch
from tests.api.matchday import KICKOFF_MS, push_facts
from tests.api.people import Person, put
from tests.football.builders import real_match
from tests.waiting import until

CANARY = "Canary"
DOB = "2013-11-27"
VENUE = "Marsh Lane 4"
HIDDEN_NUMBER = 66
"""The number of players who must not be shared; nobody else has it."""
PERSONAL = re.compile(rf"{CANARY}|{DOB}|{VENUE}|canary\.example|[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}")
"""No frame has a name, a date of birth, a place, an address, or an id that is not the feed's own."""

FRAMES_MIN = 10_000
GROUPS = ("U9", "U14", "adult", None, "U11", "U16", "open", "adult")
"""The age groups of the matches, one after the other."""
YOUNG = ("U9", "U11", None)
VIEWS: tuple[dict[str, bool], ...] = (
    {"score": True, "shirt_numbers": True},
    {"score": True, "shirt_numbers": False},
    {"score": False, "shirt_numbers": True},
)


class Reader(Struct):
    """Somebody who reads one view of a match in all three framings."""

    shows: dict[str, bool]
    secret: str
    path: str
    socket: Tailing
    events: list[Any]
    polled: list[Any]
    cursor: str

    async def poll(self, client: httpx.AsyncClient) -> None:
        """Take what has come since."""
        more = True
        while more:
            told = (await client.get(self.path, params={"after": self.cursor})).json()
            self.polled += [told["snapshot"]] if "snapshot" in told else []
            self.polled += told["entries"]
            self.cursor, more = told["cursor"], told["more"]

    def stands_at(self, cursor: str) -> bool:
        """Tell whether the socket and the stream have come so far."""
        return [self.socket.frames[-1].get("cursor"), self.events[-1][1].get("cursor")] == [cursor, cursor]


def personal(fact: Fact, group: str | None, dice: random.Random) -> Fact:
    """Return a fact with a canary in each field that is about a person."""
    more: dict[str, Any] = {}
    if "full_name" in fact.fields:
        more = {"full_name": f"{CANARY} {fact.fields['full_name']}", "dob": DOB, "notes": f"{CANARY} note"}
        if dice.random() < 0.2:
            more |= {"do_not_share": True, "squad_number": HIDDEN_NUMBER}
    elif fact.collection == "teams":
        more = {"age_group": group, "logo_url": "https://canary.example/logo.png"}
    elif fact.collection == "seasons":
        more = {"label": fact.id[:8]}
    elif fact.collection == "matches" and "kickoff_ts" in fact.fields:
        more = {"venue": VENUE, "notes": f"{CANARY} note"}
    elif fact.collection == "events" and "kind" in fact.fields:
        more = {"notes": f"{CANARY} {dice.random()}", "sentiment": dice.randint(-100, 100)}
    return replace(fact, fields={**fact.fields, **more})


async def correct(coach: Person, facts: Sequence[Fact], dice: random.Random) -> None:
    """Change what was logged: other players, other times, deletes, and a family that does not want to be shared."""
    events = [fact for fact in facts if fact.collection == "events" and fact.fields.get("kind") != "substitution"]
    players = [fact.id for fact in facts if fact.collection == "players"]
    for fact in dice.sample(events, 12):
        changed: dict[str, object] = {"player_id": dice.choice(players), "notes": f"{CANARY} again"}
        moved: dict[str, object] = {"clock_ms": dice.randrange(2_000_000)}
        await coach.push(put("events", fact.id, **dice.choice([changed, moved])))
    await coach.push({"collection": "events", "record": dice.choice(events).id, "op": "delete"})
    await coach.push(put("players", dice.choice(players), do_not_share=True, squad_number=HIDDEN_NUMBER))


async def read_match(node: Node, coach: Person, seed: int) -> list[Any]:
    """Play a generated match before readers of all views, and return all that they got."""
    dice = random.Random(seed)
    group = GROUPS[seed % len(GROUPS)]
    facts = [personal(each, group, dice) for each in record(real_match(), seed=f"{seed}", kickoff_ms=KICKOFF_MS)]
    match_id = recorded_id(f"{seed}", "match")
    before = [each for each in facts if each.wall_ms < KICKOFF_MS]
    await push_facts(coach, before)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(node.client())
        readers: list[Reader] = []
        for shows in VIEWS:
            made = (await coach.ask("POST", f"/api/matches/{match_id}/share", json=shows)).json()
            view = await shared(node, made["secret"])
            socket = await stack.enter_async_context(watch(node, made["secret"]))
            _, events = await stack.enter_async_context(stream(node, view["feed"]))
            path = f"/api/shared/feeds/{view['feed']}"
            readers.append(Reader(shows, made["secret"], path, socket, events, [view["match"]], view["cursor"]))
        await until(lambda: all(len(each.socket.frames) > 1 and len(each.events) > 1 for each in readers))
        place = len(before)
        while place < len(facts):
            step = dice.randint(5, 60)
            await push_facts(coach, facts[place : place + step])
            place += step
            for reader in readers:
                await reader.poll(client)
        await correct(coach, facts, dice)
        found: list[Any] = []
        for reader in readers:
            await reader.poll(client)
            view = await shared(node, reader.secret)
            await until(partial(reader.stands_at, view["cursor"]))
            got = [*reader.socket.frames[1:], *(event for _, event in reader.events[1:]), *reader.polled]
            check_shown(got, reader.shows, is_young=group in YOUNG)
            found += got
        return found


def check_shown(frames: list[Any], shows: dict[str, bool], *, is_young: bool) -> None:
    """Assert that a view's frames tell no score and no number that it does not show."""
    for each in entries(frames):
        data = each["data"]
        assert (data["score"] is not None) == (shows["score"] and not is_young), each
        numbers = {data.get("player"), data.get("player_on")} - {None}
        assert not numbers or (shows["shirt_numbers"] and not is_young), each
        assert HIDDEN_NUMBER not in numbers, each
        assert data["score"] is not None or data.get("kind") not in {"goal", "own_goal", "assist"}, each


async def test_ten_thousand_frames_hold_nothing_personal(node: Node, coach: Person) -> None:
    """U10, U12: whatever is logged, corrected and withdrawn, no frame of any framing names a person or a record."""
    found: list[Any] = []
    seed = 0
    while len(found) < FRAMES_MIN:
        found += await read_match(node, coach, seed)
        seed += 1
    assert len(entries(found)) > FRAMES_MIN // 2
    assert any(each.get("type") == "snapshot" for each in found)
    for each in found:
        leaked = PERSONAL.search(json.dumps(each, ensure_ascii=False))
        assert leaked is None, (leaked, each)


def test_the_search_finds_what_it_is_for() -> None:
    """Each canary, and any id of a record, is found in a frame; the feed's own ids and instants are not."""
    for leak in ("Canary Note", DOB, VENUE, "canary.example", recorded_id("1", "match")):
        assert PERSONAL.search(json.dumps({"data": {"x": leak}})) is not None
    assert PERSONAL.search('{"cursor": "3.6b1d0c5f2e7a9384", "event_id": "q0tG3vJ1xkPa", "at": 1789898552000}') is None
