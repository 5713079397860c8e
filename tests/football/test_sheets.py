"""The tables of an export: rows of a real match, and CSV that no spreadsheet takes for a program."""

import csv
import io
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from football.facts import gather
from football.recording import as_view, record, recorded_id
from football.sheets import (
    BOM,
    COLUMNS,
    Names,
    csv_head,
    csv_lines,
    event_rows,
    ids_named,
    match_row,
    minute_rows,
    player_rows,
)
from football.stats import tallies
from tests.football.builders import KICKOFF_MS, at_ms, real_match

NOW_MS = at_ms(86_400)
VIEW = as_view(record(real_match(), seed="a", kickoff_ms=KICKOFF_MS))
FACTS = gather(VIEW, recorded_id("a", "match"))
NAMES = Names(VIEW["teams"], VIEW["players"])


def read(text: str) -> list[list[str]]:
    """Return the cells of a CSV, as another program reads it."""
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def test_u23_the_tables_of_the_real_match() -> None:
    """U23: one match, all its events, everybody's minutes, and the players' sums."""
    row = match_row(FACTS, NAMES, NOW_MS)
    assert (row["home_team"], row["home_goals"], row["away_goals"], row["away_team"]) == ("Barcelona", 2, 2, "Girona")
    assert row["status"] == "completed"
    events = list(event_rows(FACTS, NAMES))
    assert len({each["event_id"] for each in events}) == len(FACTS.events)
    assert sum(each["kind"] == "goal" for each in events) == 4
    assert {each["also_kind"] for each in events} == {None, "assist", "substitution"}
    minutes = list(minute_rows(FACTS, NAMES, NOW_MS))
    assert [each["minutes"] for each in minutes] == sorted((each["minutes"] for each in minutes), reverse=True)
    players = list(player_rows(tallies(FACTS, NOW_MS), NAMES))
    assert sum(each["goals"] for each in players) == 4
    assert all(each["player"] for each in players)


def test_every_row_has_the_columns_of_its_table() -> None:
    """What is read by name is there, and the header says the same."""
    rows: dict[str, list[Any]] = {
        "matches": [match_row(FACTS, NAMES, NOW_MS)],
        "events": list(event_rows(FACTS, NAMES)),
        "minutes": list(minute_rows(FACTS, NAMES, NOW_MS)),
        "players": list(player_rows(tallies(FACTS, NOW_MS), NAMES)),
    }
    assert rows.keys() == COLUMNS.keys()
    for table, found in rows.items():
        assert all(each.keys() == set(COLUMNS[table]) for each in found)
        cells = read((csv_head(table) + csv_lines(table, found)).removeprefix(BOM))
        assert cells[0] == list(COLUMNS[table])
        assert len(cells) == len(found) + 1


def test_the_ids_that_are_named() -> None:
    """All teams and players of the match, so that one read finds their names."""
    teams, players = ids_named([FACTS])
    assert teams == VIEW["teams"].keys()
    assert players - {None} <= VIEW["players"].keys()
    assert len(players - {None}) == 28


@given(st.text(max_size=30))
def test_a_text_comes_back_and_is_never_a_formula(text: str) -> None:
    """Any text is one cell, read back as it was but for the apostrophe; no cell begins like a formula."""
    row = dict.fromkeys(COLUMNS["minutes"]) | {"player": text, "minutes": -1.5}
    [cells] = read(csv_lines("minutes", [row])) or [[""] * 7]
    cell = cells[COLUMNS["minutes"].index("player")]
    assert cell.removeprefix("'") == text.removeprefix("'")
    assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert cells[COLUMNS["minutes"].index("minutes")] == "-1.5"


def test_the_bytes_of_a_line() -> None:
    """RFC 4180: commas, quotes doubled, CRLF; a number that is negative stays a number."""
    row = dict.fromkeys(COLUMNS["minutes"])
    row |= {"match_id": "a", "player": 'O"Hara, =1+1', "side": "=HYPERLINK(1)", "minutes": 12.5, "stints": 0}
    assert csv_lines("minutes", [row]) == 'a,,,"O""Hara, =1+1",\'=HYPERLINK(1),12.5,0\r\n'
    assert csv_head("minutes") == BOM + "match_id,kickoff_ts,player_id,player,side,minutes,stints\r\n"
