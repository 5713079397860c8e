"""The tables of an export: matches, events, minutes and players, as rows; and rows as CSV.

CSV is RFC 4180 (comma, CRLF, quotes doubled) in UTF-8 with a byte order mark, which spreadsheets need to read it as
that. A text that begins like a formula gets an apostrophe before it: a name is never a program. Numbers are numbers.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from football.clock import MINUTE_MS, format_minute, in_order, period_key
from football.facts import MatchFacts, Record
from football.live import side_of_stint
from football.minutes import played_ms_by_player
from football.scoreboard import score_of, side_of
from football.stats import Tally
from football.status import status_of

BOM: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""With which a spreadsheet takes a text for a formula (OWASP, CSV injection)."""

Row = Mapping[str, Any]

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "matches": (
        "match_id", "kickoff_ts", "competition", "venue", "home_team_id", "home_team", "away_team_id", "away_team",
        "status", "home_goals", "away_goals", "home_shootout", "away_shootout", "duration_mins", "period_format",
        "notes",
    ),
    "events": (
        "match_id", "event_id", "period_type", "period_number", "clock_ms", "minute", "kind", "side", "team",
        "player_id", "player", "also_kind", "also_player_id", "also_player", "x", "y", "sentiment", "notes",
    ),
    "minutes": ("match_id", "kickoff_ts", "player_id", "player", "side", "minutes", "stints"),
    "players": (
        "player_id", "player", "squad_number", "appearances", "starts", "minutes", "goals", "assists", "own_goals",
        "yellow_cards", "red_cards", "saves", "shots_on_target",
    ),
}  # fmt: skip
"""Table -> its columns, in order."""


class Names(Struct, frozen=True):
    """The teams and players that rows name, by id."""

    teams: Mapping[str, Record]
    players: Mapping[str, Record]

    def team(self, team_id: str | None) -> str | None:
        """Return a team's name; None for one that is not there."""
        found = self.teams.get(team_id or "")
        return None if found is None else str(found["name"])

    def player(self, player_id: str | None) -> str | None:
        """Return a player's name; None for one that is not there."""
        found = self.players.get(player_id or "")
        return None if found is None else str(found["full_name"])


def match_row(facts: MatchFacts, names: Names, now_ms: int) -> Row:
    """Return the row of a match."""
    match, score = facts.match, score_of(facts)
    return {
        **{name: match[name] for name in ("kickoff_ts", "competition", "venue", "home_team_id", "away_team_id")},
        **{name: match[name] for name in ("duration_mins", "period_format", "notes")},
        "match_id": match["id"],
        "home_team": names.team(match["home_team_id"]),
        "away_team": names.team(match["away_team_id"]),
        "status": str(status_of(facts, now_ms)),
        "home_goals": score.home,
        "away_goals": score.away,
        "home_shootout": score.home_shootout,
        "away_shootout": score.away_shootout,
    }


def event_rows(facts: MatchFacts, names: Names) -> Iterable[Row]:
    """Yield a row for each event, in the order of the match; one with several participants has several."""
    also: dict[str, list[Record]] = {}
    for each in facts.participants:
        also.setdefault(each["event_id"], []).append(each)
    for event in in_order(facts.events):
        for part in also.get(event["id"], [None]):
            yield _event_row(facts.match, event, part, names)


def minute_rows(facts: MatchFacts, names: Names, now_ms: int) -> Iterable[Row]:
    """Yield a row for each player with a stint, most minutes first."""
    played = played_ms_by_player(facts, now_ms)
    for player_id in sorted(played, key=lambda each: (-played[each], each)):
        stints = [each for each in facts.lineup if each["player_id"] == player_id]
        yield {
            "match_id": facts.match["id"],
            "kickoff_ts": facts.match["kickoff_ts"],
            "player_id": player_id,
            "player": names.player(player_id),
            "side": str(side_of_stint(facts.match, stints[0])),
            "minutes": _minutes(played[player_id]),
            "stints": len(stints),
        }


def player_rows(total: Mapping[str, Tally], names: Names) -> Iterable[Row]:
    """Yield a row for each player, in the order of their ids."""
    for player_id, tally in sorted(total.items()):
        player = names.players.get(player_id)
        yield {
            **{name: getattr(tally, name) for name in COLUMNS["players"] if hasattr(tally, name)},
            "player_id": player_id,
            "player": names.player(player_id),
            "squad_number": None if player is None else player["squad_number"],
            "minutes": _minutes(tally.played_ms),
        }


def csv_head(table: str) -> str:
    """Return the first line of a table's CSV."""
    return BOM + ",".join(COLUMNS[table]) + "\r\n"


def csv_lines(table: str, rows: Iterable[Row]) -> str:
    """Return rows of a table as lines of CSV."""
    return "".join(csv_line(row[name] for name in COLUMNS[table]) for row in rows)


def csv_line(values: Iterable[Any]) -> str:
    """Return values as one line of CSV."""
    return ",".join(map(_cell, values)) + "\r\n"


def _event_row(match: Record, event: Record, part: Record | None, names: Names) -> Row:
    key = period_key(event["period_type"], event["period_number"])
    side = side_of(match, event["team_id"])
    other = None if part is None else part["player_id"]
    return {
        **{name: event[name] for name in ("period_type", "period_number", "clock_ms", "kind", "player_id")},
        **{name: event[name] for name in ("x", "y", "sentiment", "notes")},
        "match_id": match["id"],
        "event_id": event["id"],
        "minute": format_minute(match, key, event["clock_ms"] or 0),
        "side": None if side is None else str(side),
        "team": names.team(event["team_id"]),
        "player": names.player(event["player_id"]),
        "also_kind": None if part is None else part["kind"],
        "also_player_id": other,
        "also_player": names.player(other),
    }


def _cell(value: Any) -> str:  # noqa: ANN401 - a text, a number or nothing
    if value is None:
        return ""
    if not isinstance(value, str):
        return str(value)
    text = f"'{value}" if value.lstrip(" ").startswith(FORMULA_STARTS) else value
    return '"' + text.replace('"', '""') + '"' if _needs_quotes(text) else text


def _needs_quotes(text: str) -> bool:
    return any(each in text for each in ',"\r\n') or text != text.strip()


def _minutes(played_ms: int) -> float:
    return round(played_ms / MINUTE_MS, 2)


def ids_named(found: Sequence[MatchFacts]) -> tuple[set[str | None], set[str | None]]:
    """Return the ids of the teams and of the players that matches name."""
    teams = {each for facts in found for each in (facts.match["home_team_id"], facts.match["away_team_id"])}
    teams |= {each["team_id"] for facts in found for each in (*facts.events, *facts.lineup)}
    players = {each["player_id"] for facts in found for each in (*facts.events, *facts.lineup, *facts.participants)}
    return teams, players
