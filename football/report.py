"""The report of a match as plain text, to paste into a chat.

Players are children, and a chat is outside the club: they are shirt numbers unless the coach asks for names, and one
who is not to be shared is neither. Notes, birthdays and sentiment never come in. For the age groups whose results the
FA does not let clubs publish (U7 to U11), the score and the scorers stay out unless the coach asks for them.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from football.clock import format_minute, in_order, period_key
from football.facts import MatchFacts, Record
from football.periods import periods_of
from football.policy import YOUNG_GROUPS
from football.scoreboard import Score, add, score_of, scoring_side, side_of
from football.status import Status, status_of
from football.vocabulary import PENALTY_SHOOTOUT, REGULAR, SCORING_KINDS

SOMEBODY: Final = "a player"

WORDS: Final[Mapping[Status, str]] = {
    Status.SCHEDULED: "Not started",
    Status.LIVE: "Being played",
    Status.PAUSED: "Being played, paused",
    Status.HALF_TIME: "Between two periods",
    Status.COMPLETED: "Full time",
    Status.CANCELLED: "Cancelled",
    Status.POSTPONED: "Postponed",
}


class Naming(Struct, frozen=True):
    """How players are called."""

    players: Mapping[str, Record]
    """By id."""
    is_full: bool = False
    """Full names; otherwise shirt numbers."""

    def of(self, player_id: str | None) -> str:
        """Return what a player is called in the report."""
        player = self.players.get(player_id or "")
        if player is None or player["do_not_share"]:
            return SOMEBODY
        if self.is_full:
            return _plain(player["full_name"])
        return SOMEBODY if player["squad_number"] is None else f"no. {player['squad_number']}"


def report(
    facts: MatchFacts, teams: Mapping[str, Record], naming: Naming, *, now_ms: int, with_score: bool | None = None
) -> str:
    """Return the report, lines ended by line feeds.

    `teams` are by id. `with_score` None leaves it to the age groups of both teams.
    """
    shows = with_score if with_score is not None else not is_unpublished(facts, teams)
    lines = [_title(facts, teams, shows=shows), _subtitle(facts, now_ms)]
    if shows:
        lines += _scores(facts)
        lines += _section("Goals", _goals(facts, naming))
    lines += _section("Cards", _cards(facts, naming))
    lines += _section("Substitutions", _changes(facts, teams, naming))
    if not shows:
        lines += ["", "Results of this age group are not published."]
    return "\n".join(lines) + "\n"


def is_unpublished(facts: MatchFacts, teams: Mapping[str, Record]) -> bool:
    """Say whether the age group of one of the teams keeps the result from being published."""
    found = (teams.get(facts.match[each] or "") for each in ("home_team_id", "away_team_id"))
    return any(team is not None and team["age_group"] in YOUNG_GROUPS for team in found)


def _title(facts: MatchFacts, teams: Mapping[str, Record], *, shows: bool) -> str:
    home, away = (_team(teams, facts.match[each]) for each in ("home_team_id", "away_team_id"))
    return f"{home} {score_of(facts)} {away}" if shows else f"{home} - {away}"


def _subtitle(facts: MatchFacts, now_ms: int) -> str:
    parts = [facts.match["kickoff_ts"][:10], facts.match["competition"], WORDS[status_of(facts, now_ms)]]
    return ", ".join(_plain(part) for part in parts if part)


def _scores(facts: MatchFacts) -> list[str]:
    """Return the score at each break: `Half time: 1-0`."""
    regular = [period.key for period in periods_of(facts) if period.key.type == REGULAR]
    found: dict[int, str] = {}
    events = in_order(facts.events)
    for key in regular[:-1]:
        until = [event for event in events if period_key(event["period_type"], event["period_number"]) <= key]
        standing = Score()
        for event in until:
            standing = add(standing, facts.match, event)
        found[key.number] = str(standing)
    if facts.match["period_format"] == "half":
        return [f"Half time: {found[1]}"] if 1 in found else []
    return [f"After period {number}: {score}" for number, score in found.items()]


def _goals(facts: MatchFacts, naming: Naming) -> Iterable[str]:
    score = Score()
    assists = {each["event_id"]: each["player_id"] for each in facts.participants if each["kind"] == "assist"}
    for event in in_order(facts.events):
        if event["kind"] not in SCORING_KINDS:
            continue
        score = add(score, facts.match, event)
        words = [f"{_minute(facts, event)} {score} {naming.of(event['player_id'])}"]
        if event["kind"] == "own_goal":
            words.append("(own goal)")
        elif event["id"] in assists:
            words.append(f"(assist {naming.of(assists[event['id']])})")
        if event["period_type"] == PENALTY_SHOOTOUT:
            words.append("(shootout)")
        elif scoring_side(facts.match, event) is None:
            words.append("(team not recorded)")
        yield " ".join(words)


def _cards(facts: MatchFacts, naming: Naming) -> Iterable[str]:
    names = {"yellow_card": "yellow", "red_card": "red"}
    for event in in_order(facts.events):
        if event["kind"] in names:
            yield f"{_minute(facts, event)} {names[event['kind']]}: {naming.of(event['player_id'])}"


def _changes(facts: MatchFacts, teams: Mapping[str, Record], naming: Naming) -> Iterable[str]:
    came_on = {each["event_id"]: each["player_id"] for each in facts.participants if each["kind"] == "substitution"}
    for event in in_order(facts.events):
        if event["kind"] != "substitution":
            continue
        off = "" if event["player_id"] is None else f"{naming.of(event['player_id'])} off"
        on = "" if event["id"] not in came_on else f"{naming.of(came_on[event['id']])} on"
        side = side_of(facts.match, event["team_id"])
        team = "" if side is None else f" ({_team(teams, event['team_id'])})"
        yield f"{_minute(facts, event)} {', '.join(each for each in (on, off) if each)}{team}"


def _section(title: str, lines: Iterable[str]) -> list[str]:
    found = list(lines)
    return ["", f"{title}:", *found] if found else []


def _minute(facts: MatchFacts, event: Record) -> str:
    key = period_key(event["period_type"], event["period_number"])
    return format_minute(facts.match, key, event["clock_ms"] or 0)


def _team(teams: Mapping[str, Record], team_id: str | None) -> str:
    team = teams.get(team_id or "")
    return "a team" if team is None else _plain(team["name"])


def _plain(text: str) -> str:
    """Return a text in one line: what somebody typed cannot draw lines of its own into the report."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())
