"""A made-up season as the facts that a coach's phone would write, so that a new server opens with something to look at.

All follows from the moment that is handed in: the last match was some days before it, the next is on the Saturday
after.
"""

import random
from datetime import UTC, datetime, timedelta
from typing import Final

from api.demo.notebook import Notebook
from api.demo.played import HALF_MS, Played
from api.demo.squads import FIXTURES, LEFT, NEXT, OPPONENTS, OWN, OWN_GROUND, PLAYERS, Fixture
from football.clock import MINUTE_MS
from football.recording import Fact
from sync.collections import Value, format_instant

DAY_MS: Final = 24 * 60 * MINUTE_MS
WEEK_MS: Final = 7 * DAY_MS
PLAYED_BEFORE_MS: Final = 2 * DAY_MS
"""The last match was at least this long ago."""
KICKOFF: Final = timedelta(hours=10, minutes=30)
"""On a Saturday, by UTC."""
SATURDAY: Final = 5
JULY: Final = 7
LOT: Final = 5
"""What the lot is drawn from: the same season in each demo club, whatever its ids."""


def season(*, seed: str, now_ms: int) -> list[Fact]:
    """Return the facts of the demo club, in the order of writing, parents before children.

    Args:
        seed: any text; all ids follow from it.
        now_ms: milliseconds since 1970.
    """
    notebook = Notebook(seed)
    last_ms = saturday_ms(now_ms - PLAYED_BEFORE_MS)
    kickoffs = [last_ms - weeks * WEEK_MS for weeks in reversed(range(len(FIXTURES)))]
    _squads(notebook, kickoffs[0])
    for place, (fixture, kickoff_ms) in enumerate(zip(FIXTURES, kickoffs, strict=True)):
        match_id = _schedule(notebook, place, fixture, kickoff_ms, wall_ms=kickoff_ms - DAY_MS)
        dice = random.Random(f"{LOT}/{place}")  # noqa: S311 - who scores in a made-up match
        Played(notebook, match_id, fixture, dice).play(kickoff_ms)
    _schedule(notebook, len(FIXTURES), NEXT, saturday_ms(now_ms) + WEEK_MS, wall_ms=now_ms - HALF_MS)
    return notebook.facts


def saturday_ms(now_ms: int) -> int:
    """Return the latest Saturday's kick-off that is not after a moment, in milliseconds since 1970."""
    now = datetime.fromtimestamp(now_ms / 1_000, UTC)
    days = (now.weekday() - SATURDAY) % 7
    kickoff = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days) + KICKOFF
    return round((kickoff if kickoff <= now else kickoff - timedelta(days=7)).timestamp()) * 1_000


def label_of(now_ms: int) -> str:
    """Return the season that a moment lies in, as it is called: `2026/27`; it begins in July."""
    now = datetime.fromtimestamp(now_ms / 1_000, UTC)
    first = now.year if now.month >= JULY else now.year - 1
    return f"{first}/{(first + 1) % 100:02d}"


def _squads(notebook: Notebook, kickoff_ms: int) -> None:
    wall_ms = kickoff_ms - WEEK_MS
    own = notebook.id("team", str(OWN["name"]))
    notebook.write("seasons", notebook.id("season"), {"label": label_of(kickoff_ms)}, wall_ms)
    notebook.write("teams", own, dict(OWN), wall_ms)
    for name, (primary, secondary) in OPPONENTS.items():
        colours: dict[str, Value] = {"home_kit_primary": primary, "home_kit_secondary": secondary}
        notebook.write("teams", notebook.id("team", name), {"name": name, "age_group": "U12", **colours}, wall_ms)
    for player in (*PLAYERS, LEFT):
        fields: dict[str, Value] = {
            "full_name": player.name,
            "squad_number": player.number,
            "preferred_pos": player.position,
            "current_team": own,
            "do_not_share": player.do_not_share,
            "is_active": player is not LEFT,
        }
        noted: dict[str, Value] = {} if player.notes is None else {"notes": player.notes}
        notebook.write("players", notebook.id("player", player.number), {**fields, **noted}, wall_ms)


def _schedule(notebook: Notebook, place: int, fixture: Fixture, kickoff_ms: int, *, wall_ms: int) -> str:
    match_id = notebook.id("match", place)
    sides = [str(OWN["name"]), fixture.opponent]
    home, away = sides if fixture.is_home else reversed(sides)
    fields: dict[str, Value] = {
        "season_id": notebook.id("season"),
        "kickoff_ts": format_instant(kickoff_ms),
        "competition": fixture.competition,
        "home_team_id": notebook.id("team", home),
        "away_team_id": notebook.id("team", away),
        "our_side": "home" if fixture.is_home else "away",
        "venue": OWN_GROUND if fixture.is_home else f"{fixture.opponent}, away",
        "duration_mins": 2 * HALF_MS // MINUTE_MS,
        "period_format": "half",
    }
    notebook.write("matches", match_id, fields, wall_ms)
    return match_id
