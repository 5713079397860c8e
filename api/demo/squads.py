"""The people of the demo club, its opponents and its fixtures: all made up."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from sync.collections import Value


class Player(Struct, frozen=True):
    """One of the squad."""

    number: int
    name: str
    position: str
    plays: int
    """How often the coach lets them begin, and how near the goal they are: a weight."""
    notes: str | None = None
    do_not_share: bool = False


class Fixture(Struct, frozen=True):
    """One match: where, against whom, and how it ended."""

    opponent: str
    competition: str
    goals: tuple[int, int]
    """Ours and theirs."""
    is_home: bool
    keeper: int
    absent: tuple[int, ...]
    best: int
    """The shirt number of the player of the match."""
    has_pause: bool = False
    booked: int | None = None


OWN: Final[Mapping[str, Value]] = {
    "name": "Touchline U12",
    "age_group": "U12",
    "home_kit_primary": "#14713f",
    "home_kit_secondary": "#ffffff",
    "away_kit_primary": "#ffd84d",
    "away_kit_secondary": "#14201a",
}

PLAYERS: Final = (
    Player(1, "Otis Marlowe-Finch", "GK", 1),
    Player(2, "Ayaan Siddiqrowe", "RB", 2, notes="Prefers to come on after half time."),
    Player(3, "Tomasz Wilkowicz", "LB", 2),
    Player(4, "Kofi Asantewood", "CB", 1, notes="Captain."),
    Player(5, "Leo Brightwater", "CB", 1),
    Player(6, "Mateus Quintelo", "CM", 3),
    Player(7, "Zara Okonjwe", "RM", 5),
    Player(8, "Idris Halloway", "CM", 3),
    Player(9, "Nia Petrosyan-Bell", "CF", 9),
    Player(10, "Hugo Castellamoss", "CAM", 5),
    Player(11, "Yuki Tanabara", "LM", 4),
    Player(12, "Elif Demirhill", "LB", 1),
    Player(13, "Rafferty Nwosulane", "GK", 1),
    Player(14, "Priya Vendhancole", "RM", 4, do_not_share=True),
)

LEFT: Final = Player(16, "Silas Underhay", "CM", 1)
"""Left the club before the season began."""

OPPONENTS: Final[Mapping[str, tuple[str, str]]] = {
    "Milbury Rovers": ("#c3271b", "#ffffff"),
    "Hartsea Juniors": ("#1d4f9c", "#ffffff"),
    "Northgate Colts": ("#1a1a1a", "#f0a30a"),
    "Peverell Park": ("#7a2a8c", "#ffffff"),
    "Ashcombe Town Youth": ("#f5f5f5", "#16325c"),
}
"""Opponent -> the colours of its shirt."""

LEAGUE: Final = "Meadow League"
CUP: Final = "Valley Cup"

FIXTURES: Final = (
    Fixture("Milbury Rovers", LEAGUE, (3, 1), is_home=True, keeper=1, absent=(), best=9),
    Fixture("Hartsea Juniors", LEAGUE, (1, 2), is_home=False, keeper=1, absent=(6, 12), best=4),
    Fixture("Northgate Colts", LEAGUE, (2, 2), is_home=True, keeper=13, absent=(3,), best=7),
    Fixture("Peverell Park", CUP, (4, 0), is_home=False, keeper=1, absent=(14,), best=9, has_pause=True),
    Fixture("Ashcombe Town Youth", LEAGUE, (0, 2), is_home=False, keeper=1, absent=(9,), best=1, booked=8),
    Fixture("Milbury Rovers", LEAGUE, (3, 2), is_home=False, keeper=13, absent=(2,), best=11),
)
"""Those that were played, the first first."""

NEXT: Final = Fixture("Hartsea Juniors", LEAGUE, (0, 0), is_home=True, keeper=1, absent=(), best=1)
"""Who comes next, to our ground."""

OWN_GROUND: Final = "Long Meadow, pitch 2"
