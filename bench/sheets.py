"""What the devices push: real matches' events with all their fields, as request bodies and as plain rows."""

import itertools
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Raw, Struct

from football.collections import CATALOGUE
from football.recording import record
from sync.collections import Value
from sync.messages import Mutation, PushRequest, encode

BATCH_EVENTS: Final = 100
DOCUMENT: Final = Path(__file__).parents[1] / "data" / "matches" / "2018-09-23-barcelona-girona.json"
NOTES: Final = (
    "Won it back high up the pitch and played it early",
    "Left foot, low, inside the far post",
    "Late, but he went for the ball",
    "Good talk before the corner; ask about the knee",
)
EVENT_FIELDS: Final = tuple(CATALOGUE.collections["events"].fields)


class Member(Struct, frozen=True):
    """A device in a club."""

    club_id: str
    device_id: str
    author: str
    token: str = ""
    """Its access token; empty where there is no server between."""


class Order(Struct, frozen=True):
    """The pushes that one device sends, one after the other."""

    member: Member
    bodies: tuple[bytes, ...]


class Sheet(Struct, frozen=True):
    """A batch: the events of one match, ready to be sent, and as the rows that they come to."""

    body: bytes
    rows: tuple[tuple[Any, ...], ...]
    """Club, id, and the declared fields in their order."""


class Scribe:
    """Writes the sheets of one device, counting its mutations."""

    def __init__(self, member: Member, dice: random.Random) -> None:
        """Begin with the first mutation."""
        self.member = member
        self._dice = dice
        self._counter = itertools.count(1)

    def matches(self, ids: Sequence[str], *, wall_ms: int) -> bytes:
        """Return the push that creates these matches."""
        made = [self._put("matches", match_id, MATCH, wall_ms, None) for match_id in ids]
        return self._push(made, wall_ms)

    def sheet(self, match_id: str, base: str, *, wall_ms: int) -> Sheet:
        """Return the push of one match's events, made by somebody whose cursor stood at `base`."""
        made: list[Raw] = []
        rows: list[tuple[Any, ...]] = []
        for fields in itertools.islice(self._events(match_id), BATCH_EVENTS):
            event_id = new_id(self._dice)
            made.append(self._put("events", event_id, fields, wall_ms, base))
            rows.append((self.member.club_id, event_id, *(fields.get(name) for name in EVENT_FIELDS)))
        return Sheet(self._push(made, wall_ms), tuple(rows))

    def _events(self, match_id: str) -> Iterator[dict[str, Value]]:
        dice = self._dice
        for event in itertools.cycle(EVENTS):
            yield {
                **event,
                "match_id": match_id,
                "x": round(dice.uniform(0, 100), 1),
                "y": round(dice.uniform(0, 100), 1),
                "notes": dice.choice(NOTES),
                "sentiment": dice.randint(-100, 100),
            }

    def _put(self, collection: str, record_id: str, fields: dict[str, Value], wall_ms: int, base: str | None) -> Raw:
        n = next(self._counter)
        return Raw(encode(Mutation(n, collection, record_id, "put", wall_ms, fields, base=base)))

    def _push(self, mutations: list[Raw], sent_at: int) -> bytes:
        return encode(PushRequest(self.member.device_id, sent_at, mutations))


def new_id(dice: random.Random) -> str:
    """Return a random UUID."""
    return str(UUID(int=dice.getrandbits(128), version=4))


def _recorded(collection: str) -> list[dict[str, Value]]:
    """Return the fields of one real match's creating puts in a collection, in time order."""
    facts = record(msgspec.json.decode(DOCUMENT.read_bytes()), seed="bench", kickoff_ms=1_700_000_000_000)
    required = CATALOGUE.required[collection]
    return [fact.fields for fact in facts if fact.collection == collection and required <= fact.fields.keys()]


EVENTS: Final = _recorded("events")
"""157 events: tackles, fouls, saves, four goals; referring to season, team and player."""
MATCH: Final = _recorded("matches")[0]
