"""The simulation's own small catalogue: every kind of field, reference and rule, and few values, so that they meet."""

from collections.abc import Mapping
from typing import Final

from sync.collections import Collection, DuplicateRule, Field, Reference, Type, Value, make_catalogue

WORDS: Final = ("ash", "birch", "cedar", "elm", "fir")
KINDS: Final = ("goal", "card", "shot")
ALIKE_MINUTES: Final = 1


def _is_goal(mine: Mapping[str, Value]) -> bool:
    return bool(mine.get("kind") == "goal")


def _is_near(mine: Mapping[str, Value], theirs: Mapping[str, Value]) -> bool:
    first, second = mine.get("minute"), theirs.get("minute")
    return first is not None and second is not None and abs(first - second) <= ALIKE_MINUTES


_WORD: Final = Field(Type.TEXT, length_max=20)
_NOTE: Final = Field(Type.TEXT, is_asked=False, length_max=20)

MATCHES: Final = Collection(
    "matches",
    {
        "title": Field(Type.TEXT, required=True, length_max=20),
        "place": _WORD,
        "note": _NOTE,
        "kickoff": Field(Type.INSTANT),
    },
)
EVENTS: Final = Collection(
    "events",
    {
        "match_id": Field(Type.UUID, required=True, reference=Reference("matches", containing=True)),
        "kind": Field(Type.TEXT, required=True, choices=KINDS),
        "minute": Field(Type.INTEGER, minimum=0, maximum=120),
        "player_id": Field(Type.UUID, reference=Reference("players")),
        "note": _NOTE,
        "at": Field(Type.INSTANT),
    },
    duplicates=(DuplicateRule("goal", ("match_id", "kind"), ("minute",), _is_goal, _is_near),),
)
PARTICIPANTS: Final = Collection(
    "participants",
    {
        "event_id": Field(Type.UUID, required=True, reference=Reference("events", containing=True)),
        "role": _WORD,
    },
)
PLAYERS: Final = Collection(
    "players", {"name": Field(Type.TEXT, required=True, length_max=20, identifies=True), "shirt": _WORD}
)
TEAMS: Final = Collection(
    "teams",
    {"name": Field(Type.TEXT, required=True, length_max=20), "colour": _WORD},
    duplicates=(DuplicateRule("name", ("name",), only_unseen=False),),
)
CATALOGUE: Final = make_catalogue(MATCHES, PLAYERS, TEAMS, EVENTS, PARTICIPANTS)
