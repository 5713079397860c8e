"""A club's old database, filled with legal and nasty data: apostrophes, emoji, nulls, old times, ids in capitals."""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

OLD_SCHEMA = Path(__file__).with_name("old_grassroots.sql")
START = datetime(1998, 8, 29, 14, 0, 0, 123456, tzinfo=UTC)
NAMES = (
    "Siobhán O'Neill",
    'Bobby "the wall"; DROP TABLE--',
    "Zoë 🐐",
    "李小龙",
    "  Ana  ",
    "İbrahim\tÖz",
    "x" * 100,
    "😀" * 100,
)
NOTES = (None, "", "Line one\nline two\r\n\\N", "'; --", "n" * 1_000, "é" * 500, "{} [] \\ \u2028")
KINDS = ("goal", "own_goal", "assist", "save", "foul", "tackle", "ball_out", "penalty", "key_pass")

Row = tuple[Any, ...]


class OldClub:
    """The rows of an old club, table by table; all follows from the seed."""

    def __init__(self, matches: int, seed: int = 1) -> None:
        self.dice = random.Random(seed)
        self.rows: dict[str, list[Row]] = {}
        self._make(matches)

    def id(self) -> UUID:
        """Return a fresh id."""
        return UUID(int=self.dice.getrandbits(128), version=4)

    def when(self) -> datetime:
        """Return some time, to the microsecond."""
        return START + timedelta(seconds=self.dice.randrange(800_000_000), microseconds=self.dice.randrange(1_000_000))

    def add(self, table: str, *row: Any) -> None:  # noqa: ANN401 - a column's value each
        """Add a row, with its two times behind it."""
        self.rows.setdefault(table, []).append(row)

    def _make(self, matches: int) -> None:
        seasons = [self.id() for _ in range(5)]
        for number, season in enumerate(seasons):
            self.add("seasons", season, f"{1998 + number}/{number} 'A'", self.when(), self.when())
        teams = [self.id() for _ in range(12)]
        for number, team in enumerate(teams):
            colour = None if number % 3 else f"#{self.dice.getrandbits(24):06X}"
            logo = "" if number % 2 else f"https://club.example/{number}.png?a=b&c"
            self.add("teams", team, f"Team {number} 🏟", colour, None, colour, None, logo, self.when(), self.when())
        players = [self.id() for _ in range(60)]
        for number, player in enumerate(players):
            born = None if number % 4 else date(1990, 2, 28) + timedelta(days=number)
            name = NAMES[number] if number < len(NAMES) else f"Player {number}"
            position = (None, "GK", "LIB", "ST")[number % 4]
            shirt = None if number % 5 == 0 else number % 99 + 1
            plays_for = teams[number % 2] if number % 7 else None  # only the first two teams are the club's own
            updated = None if number % 6 == 0 else self.when()
            notes = NOTES[number % len(NOTES)]
            self.add("players", player, name, shirt, position, born, notes, plays_for, 38.5, self.when(), updated)
        for number in range(matches):
            self._match(number, seasons, teams, players)

    def _match(self, number: int, seasons: Sequence[UUID], teams: Sequence[UUID], players: Sequence[UUID]) -> None:
        match, ours, other = self.id(), teams[number % 2], teams[2 + number % 10]
        sides = (ours, other) if number % 3 else (other, ours)
        naive = self.when().replace(tzinfo=None)
        scores = (number % 7, number % 4)
        self.add(
            "matches", match, seasons[number % 5], self.when(), "Cup 'n' League", *sides,
            NOTES[2] if number % 2 else None, None if number % 5 == 0 else 60, "half", *scores,
            NOTES[number % len(NOTES)], naive, naive,
        )  # fmt: skip
        if number % 4 == 0:
            return  # a result by hand, without events
        for each in range(25):
            event, kind = self.id(), KINDS[each % len(KINDS)]
            player = None if each % 3 == 0 else (self.id() if each % 11 == 0 else self.dice.choice(players))
            clock = None if each % 9 == 0 else self.dice.randrange(1_800_000)
            team = None if each % 8 == 0 else self.dice.choice(sides)
            made = None if each % 10 == 0 else self.when()
            note = None if each % 2 else f"It's {each} 🥅"
            self.add("events", event, match, None, each % 3, clock, kind, team, player, note, each % 5 - 2, made, made)
            if each % 6 == 0:
                self.add(
                    "event_participants",
                    self.id(),
                    event,
                    self.dice.choice(players),
                    "assist",
                    self.when(),
                    self.when(),
                )
        for player in self.dice.sample(players, 9):
            self.add("lineup", match, player, 0.0, 20.5, "GK", self.when(), self.when())
            self.add("lineup", match, player, 30.25, None, None, self.when(), self.when())
        self.add(
            "awards",
            self.id(),
            seasons[0],
            self.dice.choice(players),
            "Player o' the year",
            None,
            self.when(),
            self.when(),
        )
        self.add("match_awards", self.id(), match, None, "Spirit ✨", "well\nplayed", self.when(), self.when())
        self.add("match_notes", self.id(), match, "Wet.", number % 3, self.when(), self.when())

    @property
    def count(self) -> int:
        """Return how many rows there are."""
        return sum(map(len, self.rows.values()))


async def build(dsn: str, club: OldClub | None = None) -> None:
    """Make the old schema in an empty database, and fill it."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(OLD_SCHEMA.read_text(encoding="utf-8"))
        for table, rows in (club.rows if club is not None else {}).items():
            await connection.copy_records_to_table(table, schema_name="grassroots", records=rows)
    finally:
        await connection.close()
