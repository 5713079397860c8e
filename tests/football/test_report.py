"""The report: what people paste into a chat, with numbers for names, and no result of the small ones."""

from collections.abc import Mapping
from typing import Any

from football.facts import MatchFacts, gather
from football.recording import as_view, record, recorded_id
from football.report import Naming, report
from tests.football.builders import (
    AWAY,
    HOME,
    KICKOFF_MS,
    MATCH,
    Fields,
    at_ms,
    event,
    facts_of,
    match,
    period,
    real_match,
)

TEAMS = {HOME: {"name": "Reds", "age_group": None}, AWAY: {"name": "Blues", "age_group": None}}
ADA: Fields = {"full_name": "Ada Lovelace", "squad_number": 9, "do_not_share": False}
BEA: Fields = {"full_name": "Bea Secret", "squad_number": 4, "do_not_share": True}
CLEO: Fields = {"full_name": "Cleo Numberless", "squad_number": None, "do_not_share": False}
PLAYERS = {"ada": ADA, "bea": BEA, "cleo": CLEO}


def told(facts: MatchFacts, teams: Mapping[str, Any] = TEAMS, **options: Any) -> str:  # noqa: ANN401
    """Return a report."""
    naming = Naming(PLAYERS, is_full=options.pop("is_full", False))
    return report(facts, teams, naming, now_ms=at_ms(10_000), **options)


def played() -> MatchFacts:
    """Return a match with a goal and its assist, an own goal, a card and a change."""
    view = {
        "matches": {MATCH: match(competition="League\ncup")},
        "match_periods": {"1": period(1, 0, 1_500), "2": period(2, 2_000, 3_500)},
        "events": {
            "a": event("goal", 1, 605, player_id="ada", notes="a canary"),
            "b": event("own_goal", 2, 60, player_id="bea"),
            "c": event("yellow_card", 2, 100, player_id="cleo"),
            "d": event("substitution", 2, 200, player_id="ada"),
            "e": event("goal", 1, 3, AWAY, player_id="nobody known", period_type="penalty_shootout"),
        },
        "event_participants": {
            "p": {"event_id": "a", "player_id": "cleo", "kind": "assist"},
            "q": {"event_id": "d", "player_id": "bea", "kind": "substitution"},
        },
    }
    return gather(view, MATCH)


def test_u23_the_report_as_it_is_pasted() -> None:
    """U23: every line, with numbers for names; who is not to be shared, or has no number, is a player."""
    assert told(played()) == (
        "Reds 1-1 (0-1) Blues\n"
        "2026-09-21, League cup, Full time\n"
        "Half time: 1-0\n"
        "\n"
        "Goals:\n"
        "11' 1-0 no. 9 (assist a player)\n"
        "27' 1-1 a player (own goal)\n"
        "pens 1-1 (0-1) a player (shootout)\n"
        "\n"
        "Cards:\n"
        "27' yellow: a player\n"
        "\n"
        "Substitutions:\n"
        "29' a player on, no. 9 off (Reds)\n"
    )


def test_names_only_where_they_are_asked_for() -> None:
    """With full names, all but the one who is not to be shared; notes never."""
    text = told(played(), is_full=True)
    assert "11' 1-0 Ada Lovelace (assist Cleo Numberless)" in text
    assert "Secret" not in text
    assert "canary" not in text
    numbers = told(played())
    assert not any(player["full_name"].split()[0] in numbers for player in PLAYERS.values())


def test_results_of_the_small_ones_are_not_published() -> None:
    """U7 to U11: no score, no goals, unless it is asked for; U12 and no age group show them."""
    for age_group, shows in (("U7", False), ("U11", False), ("U12", True), (None, True)):
        teams = {**TEAMS, HOME: {"name": "Reds", "age_group": age_group}}
        text = told(played(), teams)
        assert ("Goals:" in text) is shows
        assert ("1-1" in text) is shows
        assert ("not published" in text) is not shows
    small = {**TEAMS, AWAY: {"name": "Blues", "age_group": "U8"}}
    assert told(played(), small, with_score=True) == told(played())
    assert "1-0" not in told(played(), with_score=False)


def test_little_is_known() -> None:
    """A planned match of unknown teams is a report too; quarters have a score after each."""
    assert told(facts_of(), {}) == "a team 0-0 a team\n2026-09-21, Not started\n"
    quarters = [period(n, n * 1_000, n * 1_000 + 700) for n in (1, 2, 3, 4)]
    facts = facts_of(match(period_format="quarter"), periods=quarters, events=[event(number=2)])
    assert "After period 1: 0-0\nAfter period 2: 1-0\nAfter period 3: 1-0\n" in told(facts)


def test_the_real_match() -> None:
    """2-2, at the break 1-1, three changes a side at the most."""
    view = as_view(record(real_match(), seed="a", kickoff_ms=KICKOFF_MS))
    facts = gather(view, recorded_id("a", "match"))
    teams = {each: {**fields, "id": each} for each, fields in view["teams"].items()}
    players = {each: {**fields, "do_not_share": False} for each, fields in view["players"].items()}
    text = report(facts, teams, Naming(players, is_full=True), now_ms=at_ms(86_400))
    assert text.startswith("Barcelona 2-2 Girona\n")
    assert "Half time: 1-1" in text
    assert text.count(" off (") == 6
    assert "Lionel Andrés Messi" in text
