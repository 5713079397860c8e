"""The picture of a match: what of a club's records a phone is shown that scores this one match by link.

All that the match contains, as it stands; its two teams; and of their players what tells them apart at the touchline.
No birthday, no note about a child, no other match and no other squad is in it, for whoever asks.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec.structs import replace

from football.collections import CATALOGUE
from sync.collections import Value
from sync.records import Record, is_complete

PLAYER_SHOWN: Final = frozenset({"full_name", "squad_number", "preferred_pos"})
"""What is shown of a player: the squads of a match (`api/resources/players.py`) show no more."""
SQUAD: Final = "current_team"
"""Shown of those who play for one of the two teams: they are the players to choose from."""


def sides_of(match: Record) -> list[str]:
    """Return the ids of a match's teams."""
    sides = (_value(match, name) for name in ("home_team_id", "away_team_id"))
    return [side for side in sides if isinstance(side, str)]


def named_in(records: Iterable[Record]) -> set[str]:
    """Return the ids of the players whom these records name."""
    return set(_named(records))


def _named(records: Iterable[Record]) -> Iterator[str]:
    for record in records:
        player_id = None if record.is_deleted else _value(record, "player_id")
        if isinstance(player_id, str):
            yield player_id


def without_content(match: Record) -> Record:
    """Return a match that was deleted: that it was, and nothing of what it held."""
    return replace(match, fields={})


def teams_shown(teams: Iterable[Record]) -> list[Record]:
    """Return those teams that are there."""
    return [team for team in teams if _is_there(team)]


def players_shown(players: Iterable[Record], sides: Iterable[str], named: Iterable[str]) -> list[Record]:
    """Return as much of the players as is shown: of the two squads' active ones, and of those whom the match names.

    Who has left their team, or plays for another by now, is shown by name and is in no squad. Of who was erased it is
    shown that they were.
    """
    teams, known = set(sides), set(named)
    shown = (player for player in players if _is_there(player) or _is_erased(player))
    found = [(player, _is_in_squad(player, teams)) for player in shown]
    return [_shown(player, is_in=is_in) for player, is_in in found if is_in or player.key.record in known]


def _shown(player: Record, *, is_in: bool) -> Record:
    names = PLAYER_SHOWN | {SQUAD} if is_in else PLAYER_SHOWN
    return replace(player, fields={name: write for name, write in player.fields.items() if name in names})


def _is_in_squad(player: Record, teams: set[str]) -> bool:
    return _value(player, SQUAD) in teams and _value(player, "is_active") is not False


def _is_there(record: Record) -> bool:
    return not record.is_deleted and is_complete(CATALOGUE, record)


def _is_erased(record: Record) -> bool:
    return record.is_deleted and not record.fields


def _value(record: Record, name: str) -> Value:
    write = record.fields.get(name)
    return None if write is None else write.value
