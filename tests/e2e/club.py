"""A club as the server has it: made before a test begins, and asked afterwards what it holds."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import httpx

from tests.api.people import Person, put, sign_up, some_id

SQUAD: Final = {
    1: "Zofia Kowalczyk",
    4: "Yusuf Demirel",
    5: "Wilhelmina Okafor",
    7: "Quentin Vasquez",
    8: "Xanthe Papadaki",
    9: "Ulrich Thorne",
    10: "Jocasta Mbeki",
    11: "Ferelith Quist",
    12: "Tadeusz Ngata",
}
"""Shirt numbers and names: each name is found nowhere else in the product."""
ZONE: Final = ZoneInfo("Europe/London")
HALVES: Final = {1: "1st half", 2: "2nd half"}
EDGES: Final = {"period_start": "began", "period_end": "ended"}
OURS, THEIRS = "Heathside U12", "Marlow Rovers"


def shirt(number: int) -> str:
    """Return a player as the app lists them."""
    return f"{number} {SQUAD[number]}"


class Club:
    """The coach's club, asked over HTTP by the owner with a device of their own."""

    def __init__(self, owner: Person, email: str) -> None:
        """Keep who asks."""
        self.owner = owner
        self.email = email

    async def add_squad(self) -> None:
        """Add a team with its players, and one to play against."""
        team = some_id()
        players = [
            put("players", some_id(), full_name=name, squad_number=number, current_team=team)
            for number, name in SQUAD.items()
        ]
        others = put("teams", some_id(), name=THEIRS, age_group="U12")
        answer = await self.owner.push(put("teams", team, name=OURS, age_group="U12"), others, *players)
        assert answer.json()["others"] == [], answer.text

    async def match(self, match_id: str, part: str) -> dict[str, Any]:
        """Return a fold of the server's: `score`, `live` or `minutes`."""
        return await self.owner.get(f"/api/matches/{match_id}/{part}")

    async def records(self) -> dict[str, dict[str, Any]]:
        """Return all records of the club's snapshot by `collection/id`: their fields, and whether they are deleted."""
        found: dict[str, dict[str, Any]] = {}
        token: str | None = ""
        while token is not None:
            answer = await self.owner.get(f"/api/sync/snapshot{token and f'?page={token}'}")
            for each in answer["records"]:
                held = {"fields": each["fields"], "deleted": each.get("deleted", False)}
                found[f"{each['collection']}/{each['record']}"] = held
            token = answer["page"]
        return found


def timeline_of(live: dict[str, Any]) -> list[str]:
    """Return the timeline that the server folded in the words of the app, the latest first."""
    return [_line_of(live, entry) for entry in reversed(live["timeline"])]


def _line_of(live: dict[str, Any], entry: dict[str, Any]) -> str:
    if entry["kind"] in EDGES:
        at = datetime.fromtimestamp(entry["happened_ms"] / 1_000, ZONE)
        return f"{at:%H:%M} {HALVES[entry['period']]} {EDGES[entry['kind']]}"
    score = [entry["score"].replace("-", "\N{EN DASH}")] if "score" in entry else []
    return " ".join([entry["minute"], entry["kind"].replace("_", " ").capitalize(), _who(live, entry), *score])


def _who(live: dict[str, Any], entry: dict[str, Any]) -> str:
    def named(player_id: str) -> str:
        player = live["players"][player_id]
        return f"{player['number']} {player['name']}"

    player_id, team = entry.get("player_id"), live[entry["side"]]["name"]
    if entry["kind"] == "substitution":
        [on] = [named(each["player_id"]) for each in entry["participants"] if each["kind"] == "substitution"]
        return f"{on} on, {named(entry['player_id'])} off"
    return named(player_id) if player_id else team


@asynccontextmanager
async def new_club(address: str, email: str = "kim@heathside.example") -> AsyncIterator[Club]:
    """Register an owner with a club that has a squad."""
    async with httpx.AsyncClient(base_url=address, timeout=20) as client:
        club = Club(await sign_up(client, email), email)
        await club.add_squad()
        yield club
