"""The closed word lists of football, and the formats that the age groups play.

Lists only grow: a word that was ever accepted stays, because devices keep what they wrote.
"""

from collections.abc import Collection, Mapping
from typing import Final

from msgspec import Struct

EVENT_KINDS: Final = (
    "goal", "assist", "key_pass", "save", "interception", "tackle", "foul", "penalty", "free_kick",
    "ball_out", "own_goal",
    # additions to the club's old list
    "yellow_card", "red_card", "corner", "offside", "shot_on_target", "shot_off_target", "block", "clearance",
    "substitution",
)  # fmt: skip
"""What an event may be. `penalty` and `free_kick` are the award of one; the goal from it is a `goal`."""

SCORING_KINDS: Final = frozenset({"goal", "own_goal"})
"""The kinds that move the score: a goal for its team, an own goal for the other."""

REGULAR: Final = "regular"
EXTRA_TIME: Final = "extra_time"
PENALTY_SHOOTOUT: Final = "penalty_shootout"

PERIOD_TYPES: Final = (REGULAR, EXTRA_TIME, PENALTY_SHOOTOUT)
"""The types of period, in the order in which a match goes through them."""

PERIODS_BY_FORMAT: Final[Mapping[str, int]] = {"half": 2, "quarter": 4}
"""How many regular periods a match of each format has."""

CALLED_OFF: Final = ("cancelled", "postponed")

SIDES: Final = ("home", "away")

AGE_GROUPS: Final = (
    "U7", "U8", "U9", "U10", "U11", "U12", "U13", "U14", "U15", "U16", "adult", "open",
)  # fmt: skip

POSITIONS: Final[Mapping[str, str]] = {
    "GK": "Goalkeeper",
    "SW": "Sweeper",
    "CB": "Centre back",
    "LB": "Left back",
    "RB": "Right back",
    "LWB": "Left wing back",
    "RWB": "Right wing back",
    "CDM": "Defensive midfielder",
    "CM": "Central midfielder",
    "CAM": "Attacking midfielder",
    "LM": "Left midfielder",
    "RM": "Right midfielder",
    "LW": "Left winger",
    "RW": "Right winger",
    "CF": "Centre forward",
    "ST": "Striker",
    "SUB": "Substitute",
}
"""The lookup table `positions`: pos_code -> long_name. It is the same for all clubs and is not synced."""


class Format(Struct, frozen=True):
    """How an age group plays: its choices of periods, and how many of a team are on the pitch."""

    periods: tuple[tuple[int, float], ...]
    """Choices of (number of periods, minutes of each); the first is the usual one."""
    players_max: int


_SMALL: Final = Format(periods=((2, 20.0),), players_max=5)
_SEVENS: Final = Format(periods=((2, 25.0), (4, 12.5)), players_max=7)
_NINES: Final = Format(periods=((2, 30.0),), players_max=9)
_ELEVENS: Final = Format(periods=((2, 45.0),), players_max=11)
_U13: Final = Format(periods=((2, 35.0),), players_max=11)
_U15: Final = Format(periods=((2, 40.0),), players_max=11)

FORMATS: Final[Mapping[str, Format]] = {
    "U7": _SMALL, "U8": _SMALL, "U9": _SEVENS, "U10": _SEVENS, "U11": _NINES, "U12": _NINES,
    "U13": _U13, "U14": _U13, "U15": _U15, "U16": _U15, "adult": _ELEVENS, "open": _ELEVENS,
}  # fmt: skip
"""What each age group plays, after the FA's youth football: 5, 7, 9 and then 11 a side."""

FORMATION_MAX: Final = 11
"""Players in a formation: the Laws of the Game, law 3."""


def players_max(age_group: str | None) -> int:
    """Return how many of a team may be on the pitch; 11 where the age group is not known."""
    played = FORMATS.get(age_group or "")
    return FORMATION_MAX if played is None else played.players_max


def is_formation(player_ids: Collection[str], most: int = FORMATION_MAX) -> bool:
    """Say whether these can stand on the pitch together: 1 to `most` players, each once."""
    return 1 <= len(player_ids) <= most and len(set(player_ids)) == len(player_ids)


assert set(FORMATS) == set(AGE_GROUPS)
assert set(EVENT_KINDS) >= SCORING_KINDS
assert all(each.players_max <= FORMATION_MAX for each in FORMATS.values())
