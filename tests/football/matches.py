"""Whole matches of clubs: halves and quarters, pauses, goals, changes and slips, each drawn from one number.

A strategy that drew each field would take forty times as long; a failing run names the number, which is enough to look.
"""

from random import Random
from typing import Final

from hypothesis import strategies as st

from football import ids
from football.facts import View
from football.vocabulary import AGE_GROUPS, EVENT_KINDS, PERIOD_TYPES, POSITIONS
from tests.football.builders import AWAY, HOME, MATCH, Fields, at, event, match, old_stint, pause, period, stint

SEASON: Final = "00000000-0000-4000-8000-0000000000e0"
THIRD: Final = "00000000-0000-4000-8000-0000000000d0"
PLAYERS: Final = [f"00000000-0000-4000-8000-0000000001{n:02d}" for n in range(16)]
KEYS: Final = (*(("regular", n) for n in range(1, 5)), ("extra_time", 1), ("extra_time", 2), ("penalty_shootout", 1))
KINDS: Final = (*EVENT_KINDS, *["goal"] * 8, *["substitution"] * 6, "own_goal", "assist")
TEAMS: Final = (HOME, HOME, AWAY, None, THIRD)
TYPES: Final = ("regular", "regular", *PERIOD_TYPES)
STRANGE_NAME: Final = "Blues \u200b\u2028 &\nsons"


def matches() -> st.SearchStrategy[View]:
    """Draw views of a club with one match."""
    return st.integers(0, 2**32 - 1).map(a_match)


def a_match(seed: int) -> View:
    """Return the view of a club with one match, the same for the same seed."""
    dice = Random(seed)
    periods = _periods(dice)
    events = _named(dice, [_event(dice) for _ in range(dice.randint(0, 14))])
    stints = [_stint(dice) for _ in range(dice.randint(0, 18))]
    return {
        "seasons": {SEASON: {"label": "2026"}},
        "teams": {HOME: _team(dice, "Reds"), AWAY: _team(dice, STRANGE_NAME)},
        "players": {each: _player(dice, n) for n, each in enumerate(PLAYERS[:8])},
        "matches": {MATCH: _match(dice)},
        "match_periods": periods,
        "match_pauses": _pauses(dice, sorted(periods)),
        "events": events,
        "event_participants": _participants(dice, sorted(events)),
        "lineup": _named(dice, stints),
    }


def _named(dice: Random, records: list[Fields]) -> dict[str, Fields]:
    """Return records under ids whose order is not that of the match."""
    return {f"{n:04d}": each for n, each in zip(dice.sample(range(10_000), len(records)), records, strict=True)}


def _match(dice: Random) -> Fields:
    found = match(
        season_id=dice.choice([SEASON, None]),
        competition=dice.choice([None, "Cup"]),
        period_format=dice.choice(["half", "quarter"]),
        duration_mins=dice.choice([40, 50, 61, 90]),
        our_side=dice.choice(["home", "away", None]),
        called_off=dice.choice([None] * 8 + ["cancelled", "postponed"]),
        finished_at=dice.choice([None, None, at(dice.randint(0, 7_200))]),
        our_score=dice.randint(0, 2),
        opponent_score=dice.randint(0, 2),
    )
    if not dice.randint(0, 4):
        del found["duration_mins"], found["period_format"]
    return found


def _periods(dice: Random) -> dict[str, Fields]:
    """Return periods in a row, some without an edge, and perhaps one written twice."""
    found: dict[str, Fields] = {}
    start_s = 0
    for kind, number in KEYS[: dice.randint(0, 7)]:
        if not dice.randint(0, 5):
            continue
        end_s = start_s + dice.choice([700, 1_500, 1_620, 4_000])
        start, end = dice.choice([(start_s, end_s)] * 5 + [(start_s, None), (None, end_s), (end_s, start_s)])
        found[ids.period_id(MATCH, kind, number)] = period(number, start, end, period_type=kind)
        start_s = end_s + dice.randint(0, 900)
        if not dice.randint(0, 9):
            found[f"double {kind} {number}"] = period(number, start_s - 600, end_s + 30, period_type=kind)
    return found


def _pauses(dice: Random, period_ids: list[str]) -> dict[str, Fields]:
    found: dict[str, Fields] = {}
    for period_id in dice.choices(period_ids, k=dice.randint(0, 6)) if period_ids else []:
        ordinal, start_s = dice.randint(1, 3), dice.randint(0, 6_000)
        end_s = dice.choice([None, start_s + dice.randint(-20, 400)])
        found[ids.pause_id(period_id, ordinal)] = {**pause(1, ordinal, start_s, end_s), "period_id": period_id}
    return found


def _event(dice: Random) -> Fields:
    player = dice.choice([None, *PLAYERS])
    clock_s = dice.randint(0, 1_620_000) / 1_000
    kind, number = dice.choice(KINDS), dice.randint(0, 4)
    return event(kind, number, clock_s, dice.choice(TEAMS), player_id=player, period_type=dice.choice(TYPES))


def _participants(dice: Random, event_ids: list[str]) -> dict[str, Fields]:
    found: dict[str, Fields] = {}
    for each in event_ids:
        kind = dice.choice(["assist", "substitution", None])
        if kind is not None:
            fields = {"event_id": each, "player_id": dice.choice(PLAYERS), "kind": kind}
            found[ids.participant_id(each, kind)] = fields
    return found


def _stint(dice: Random) -> Fields:
    """Return a stint in played minutes of periods, to the millisecond and finer, or an old one of the whole match."""
    player = dice.choice(PLAYERS)
    if not dice.randint(0, 3):
        return old_stint(player, dice.randint(0, 50), dice.choice([None, dice.randint(0, 60)]))
    start = dice.choice([(1, 0.0), (1, 0.0), _moment(dice)])
    end = dice.choice([None, _moment(dice)])
    position = dice.choice([None, *POSITIONS])
    types = {"start_period_type": dice.choice(TYPES), "end_period_type": dice.choice(TYPES)}
    return stint(player, start, end, team_id=dice.choice(TEAMS), position=position, **types)


def _moment(dice: Random) -> tuple[int, float]:
    minutes = dice.choice([0.0, dice.randint(0, 1_620_000) / 60_000, dice.random() * 30, dice.randint(0, 99) / 120_000])
    return dice.randint(1, 4), minutes


def _team(dice: Random, name: str) -> Fields:
    group = dice.choice(AGE_GROUPS)
    return dice.choice([{"name": name}, {"name": name, "age_group": group}])


def _player(dice: Random, n: int) -> Fields:
    named: Fields = {"full_name": f" Player\t{n} ", **dice.choice([{}, {"do_not_share": True}])}
    return {**named, **dice.choice([{}, {"squad_number": n + 1}, {"squad_number": None}])}
