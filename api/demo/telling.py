"""How the demo speaks: names for ids, one line for each thing that happens, tables at the end."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from football.clock import format_minute, period_key
from football.facts import MatchFacts, View
from football.minutes import played_ms_by_player
from football.timeline import Entry, timeline_of

SHOWN_KINDS = frozenset({"goal", "own_goal", "substitution", "yellow_card", "red_card", "period_start", "period_end"})
"""The timeline has some 160 entries; these are the ones a person would tell."""

MINUTE_MS = 60_000


class Teller:
    """Tells the story in a terminal, plain where it is none."""

    def __init__(self, console: Console) -> None:
        """Write to a console."""
        self.console = console
        self.view: View = {}
        """Whose names are used for ids."""

    def chapter(self, title: str) -> None:
        """Begin a part of the story."""
        self.console.print(f"\n[bold]{title}[/bold]")

    def say(self, line: str) -> None:
        """Tell one thing."""
        self.console.print(f"  {line}", highlight=False)

    def player(self, player_id: str | None) -> str:
        """Return a player's name and number."""
        found = self.view.get("players", {}).get(player_id or "")
        return "somebody" if found is None else f"{found['full_name']} ({found['squad_number']})"

    def team(self, team_id: str | None) -> str:
        """Return a team's name."""
        found = self.view.get("teams", {}).get(team_id or "")
        return "a team" if found is None else str(found["name"])

    def event(self, match: Mapping[str, Any], fields: Mapping[str, Any]) -> str:
        """Return an event as a person says it: 18' goal, Messi."""
        key = period_key(fields.get("period_type"), fields.get("period_number"))
        minute = format_minute(match, key, fields["clock_ms"])
        return f"{minute} {fields['kind']}, {self.player(fields.get('player_id'))}"

    def timeline(self, facts: MatchFacts) -> None:
        """Show the match in order, with the score that stood after each entry."""
        table = Table("minute", "what", "who", "score", title="The match")
        for entry in timeline_of(facts):
            if entry.kind not in SHOWN_KINDS:
                continue
            table.add_row(entry.minute, entry.kind.replace("_", " "), self._who(entry), str(entry.score))
        self.console.print(table)

    def _who(self, entry: Entry) -> str:
        """Return who did it, for whom, and who helped or came on."""
        if entry.team_id is None:
            return ""
        words = {"assist": "from", "substitution": "on:"}
        others = [f", {words.get(each.kind, each.kind)} {self.player(each.player_id)}" for each in entry.participants]
        return f"{self.player(entry.player_id)}{''.join(others)}, {self.team(entry.team_id)}"

    def minutes(self, facts: MatchFacts) -> None:
        """Show who played how long."""
        table = Table("team", "player", "minutes", title="Minutes played")
        played = played_ms_by_player(facts)
        teams = {stint["player_id"]: stint["team_id"] for stint in facts.lineup}
        for player_id in sorted(played, key=lambda each: (self.team(teams[each]), -played[each], self.player(each))):
            minutes = played[player_id] / MINUTE_MS
            table.add_row(self.team(teams[player_id]), self.player(player_id), f"{minutes:.1f}")
        self.console.print(table)

    def proof(self, rows: Sequence[tuple[str, bool]]) -> None:
        """Show what was compared, and how it came out."""
        for what, holds in rows:
            self.console.print(f"  {'[green]equal[/green]  ' if holds else '[red]DIFFERS[/red]'} {what}")
