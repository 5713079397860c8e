"""Matches of the tests over HTTP: the real one pushed by a phone, and a small one with two teams."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from football.recording import Fact, record, recorded_id
from sync.collections import format_instant
from tests.api.people import START_MS, Person, put, some_id
from tests.football.builders import real_match

KICKOFF_MS = START_MS - 3 * 3_600_000
PUSHED_AT_ONCE = 200


class Teams(Struct, frozen=True):
    """A match of two teams, ours at home, with a squad of seven."""

    match_id: str
    season_id: str
    home: str
    away: str
    players: list[str]


async def push_real_match(coach: Person, seed: str = "a", kickoff_ms: int = KICKOFF_MS) -> str:
    """Push the real match as a phone would, and return its id."""
    await push_facts(coach, record(real_match(), seed=seed, kickoff_ms=kickoff_ms))
    return recorded_id(seed, "match")


async def push_facts(coach: Person, facts: Sequence[Fact]) -> None:
    """Push facts in a few requests; all of them land."""
    for place in range(0, len(facts), PUSHED_AT_ONCE):
        answer = await coach.push(*(_mutation(fact) for fact in facts[place : place + PUSHED_AT_ONCE]))
        assert answer.status_code == 200, answer.text
        others = answer.json()["others"]
        # A group that is cut by the end of a request waits for the next one.
        assert all(each["verdict"] == "parked" for each in others), others


async def small_match(coach: Person, *, age_group: str | None = None, **fields: object) -> Teams:
    """Push a match of two teams with a squad."""
    made = Teams(some_id(), some_id(), some_id(), some_id(), [some_id() for _ in range(7)])
    group: dict[str, Any] = {} if age_group is None else {"age_group": age_group}
    squad = [
        put("players", each, full_name=f"Player Number{n}", squad_number=n, current_team=made.home)
        for n, each in enumerate(made.players, 1)
    ]
    usual: dict[str, object] = {
        "kickoff_ts": format_instant(START_MS),
        "season_id": made.season_id,
        "home_team_id": made.home,
        "away_team_id": made.away,
        "period_format": "half",
    }
    answer = await coach.push(
        put("seasons", made.season_id, label=f"2026 {made.season_id[:4]}"),
        put("teams", made.home, name=f"Reds {made.home[:4]}", **group),
        put("teams", made.away, name=f"Blues {made.away[:4]}"),
        *squad,
        put("matches", made.match_id, **{**usual, **fields}),
    )
    assert answer.json()["others"] == [], answer.text
    return made


def _mutation(fact: Fact) -> dict[str, Any]:
    group = {} if fact.group is None else {"group": {"id": fact.group.id, "count": fact.group.count}}
    return {**put(fact.collection, fact.id, **fact.fields), "wall": fact.wall_ms, **group}
