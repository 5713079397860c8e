"""One sample of every plain resource: where it is, what a client sends, what it edits."""

import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from msgspec import Struct
from msgspec.structs import replace

from api.app import Services
from tests.api.people import Person, put, some_id

KICK_OFF = "2026-09-20T10:00:00.000Z"


class Sample(Struct, frozen=True):
    """A resource, and what the tests write in it."""

    name: str
    """The operation's name for one of them."""
    collection: str
    many: str
    lists: str
    """Where they are listed and created; `{match}`, `{event}` and `{team}` stand for ids."""
    one: str
    """Where one of them is, before its id."""
    body: Mapping[str, Any]
    edit: Mapping[str, Any]
    clears: str | None = None
    """A field that may be emptied."""
    decided: bool = False
    """Whether only owners and coaches write it."""
    scored: bool = False
    """Whether a scorer by link writes it."""

    def at(self, world: "World", path: str) -> str:
        """Return a path with the ids filled in."""
        return path.format(match=world.match, event=world.event, team=world.team)


class World(Struct, frozen=True):
    """What a club has before a test begins."""

    team: str
    match: str
    event: str


PLAYER = "11111111-1111-4111-8111-111111111111"
"""Somebody whom the club does not know: a player may dangle."""

_PARTICIPANTS = "/api/events/{event}/participants"

SAMPLES = [
    Sample(
        name="match",
        collection="matches",
        many="matches",
        lists="/api/matches",
        one="/api/matches",
        body={"kickoff_ts": KICK_OFF},
        edit={"venue": "Home"},
        clears="venue",
    ),
    Sample(
        name="team",
        collection="teams",
        many="teams",
        lists="/api/teams",
        one="/api/teams",
        body={"name": "Blues"},
        edit={"age_group": "U10"},
        clears="age_group",
        decided=True,
    ),
    Sample(
        name="player",
        collection="players",
        many="players",
        lists="/api/players",
        one="/api/players",
        body={"full_name": "Ada"},
        edit={"squad_number": 7},
        clears="squad_number",
        decided=True,
    ),
    Sample(
        name="player of a team",
        collection="players",
        many="players",
        lists="/api/teams/{team}/players",
        one="/api/players",
        body={"full_name": "Bo"},
        edit={"notes": "left foot"},
        clears="notes",
        decided=True,
    ),
    Sample(
        name="season",
        collection="seasons",
        many="seasons",
        lists="/api/seasons",
        one="/api/seasons",
        body={"label": "2026/27"},
        edit={"label": "Autumn"},
        decided=True,
    ),
    Sample(
        name="event",
        collection="events",
        many="events",
        lists="/api/matches/{match}/events",
        one="/api/events",
        body={"kind": "goal"},
        edit={"notes": "header"},
        clears="notes",
        scored=True,
    ),
    Sample(
        name="participant",
        collection="event_participants",
        many="participants",
        lists=_PARTICIPANTS,
        one=_PARTICIPANTS,
        body={"kind": "assist", "player_id": PLAYER},
        edit={"kind": "key_pass"},
        scored=True,
    ),
    Sample(
        name="stint",
        collection="lineup",
        many="lineup",
        lists="/api/matches/{match}/lineup",
        one="/api/lineup",
        body={"player_id": PLAYER},
        edit={"end_min": 12.5},
        clears="end_min",
        scored=True,
    ),
    Sample(
        name="note",
        collection="match_notes",
        many="notes",
        lists="/api/matches/{match}/notes",
        one="/api/notes",
        body={"notes": "Well played."},
        edit={"period_number": 2},
        scored=True,
    ),
    Sample(
        name="award",
        collection="awards",
        many="awards",
        lists="/api/awards",
        one="/api/awards",
        body={"category": "Most improved"},
        edit={"notes": "by far"},
        clears="notes",
        decided=True,
    ),
    Sample(
        name="match award",
        collection="match_awards",
        many="awards",
        lists="/api/matches/{match}/awards",
        one="/api/match-awards",
        body={"category": "Player of the match"},
        edit={"notes": "two saves"},
        clears="notes",
    ),
]


def every_sample(test: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """Run a test for each sample, one after the other in one database: a club has them all beside one another."""
    signature = inspect.signature(test)
    fixtures = [each for name, each in signature.parameters.items() if name != "sample"]

    @functools.wraps(test)
    async def run(subtests: pytest.Subtests, **given: object) -> None:
        for sample in SAMPLES:
            with subtests.test(sample.name):
                await test(sample=sample, **given)

    asked = inspect.Parameter("subtests", inspect.Parameter.KEYWORD_ONLY)
    vars(run)["__signature__"] = signature.replace(parameters=[*fixtures, asked])
    return run


async def make_world(person: Person) -> World:
    """Push a team, a match and an event."""
    world = World(some_id(), some_id(), some_id())
    answer = await person.push(
        put("teams", world.team, name="Reds"),
        put("matches", world.match, kickoff_ts=KICK_OFF, home_team_id=world.team),
        put("events", world.event, match_id=world.match, kind="goal", team_id=world.team),
    )
    assert answer.json()["others"] == [], answer.text
    return world


async def create(person: Person, world: World, sample: Sample, **fields: object) -> dict[str, Any]:
    """Create one over HTTP, and return it."""
    body = {"id": some_id(), **sample.body, **fields}
    answer = await person.ask("POST", sample.at(world, sample.lists), json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def path_of(world: World, sample: Sample, record_id: str) -> str:
    """Return the address of one."""
    return f"{sample.at(world, sample.one)}/{record_id}"


Acting = Callable[..., None]
"""Makes every caller somebody else from now on: `acting(role="viewer")`, `acting(match_id=...)`."""


@pytest.fixture
def acting(services: Services, monkeypatch: pytest.MonkeyPatch) -> Acting:
    """Give a way to change what the gate says of whoever calls."""
    admit = services.gate.admit

    def act(**changes: Any) -> None:  # noqa: ANN401 - any part of a caller
        async def admit_as(token: str, **how: Any) -> Any:  # noqa: ANN401 - as the gate takes it; a caller
            return replace(await admit(token, **how), **changes)

        monkeypatch.setattr(services.gate, "admit", admit_as)

    return act
