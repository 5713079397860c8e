"""The real match, Barcelona v Girona of 2018-09-23, as a coach's device would have written it."""

from collections import Counter
from typing import Any

import msgspec
import pytest

from football.collections import CATALOGUE
from football.documents import assist_of, half_starts, read_document
from football.duplicates import is_same_goal
from football.facts import MatchFacts, gather
from football.minutes import crowds_of, period_lengths, played_ms_by_player
from football.recording import Fact, as_view, record, recorded_id
from football.scoreboard import score_of
from football.status import Status, full_time_ms, status_of
from football.timeline import timeline_of
from sync.collections import Problem, parse_fields
from sync.limits import GROUP_COUNT_MAX, PUSH_MUTATIONS_MAX
from tests.football.builders import KICKOFF_MS, REAL_MATCH, real_match

DOCUMENT = real_match()
FACTS = record(DOCUMENT, seed="test", kickoff_ms=KICKOFF_MS)
VIEW = as_view(FACTS)
MATCH = recorded_id("test", "match")
FIRST_MS = 48 * 60_000 + 1_108
SECOND_MS = 48 * 60_000 + 8_184


@pytest.fixture(scope="module")
def facts() -> MatchFacts:
    """Return the facts of the real match."""
    return gather(VIEW, MATCH)


def played_ms(facts: MatchFacts, team: str, name: str) -> int:
    """Return the played milliseconds of a player by name."""
    return played_ms_by_player(facts)[recorded_id("test", "player", team, name)]


def test_u15_the_real_match_ended_2_2(facts: MatchFacts) -> None:
    """Four goals, two each, with the running score of the day; no goal looks like another."""
    assert str(score_of(facts)) == "2-2"
    goals = [each for each in timeline_of(facts) if each.kind == "goal"]
    assert [(each.minute, each.side, str(each.score)) for each in goals] == [
        ("19'", "home", "1-0"),
        ("45'", "away", "1-1"),
        ("51'", "away", "1-2"),
        ("63'", "home", "2-2"),
    ]
    events = [each for each in facts.events if each["kind"] == "goal"]
    assert not any(is_same_goal(one, other) for one in events for other in events if one is not other)


def test_u16_the_real_match_has_the_right_minutes(facts: MatchFacts) -> None:
    """Whole match, off at half time, off and on in the second half, to the millisecond."""
    assert [length for _, length in period_lengths(facts)] == [FIRST_MS, SECOND_MS]
    whole_ms = FIRST_MS + SECOND_MS
    assert played_ms(facts, "Barcelona", "Lionel Andrés Messi Cuccittini") == whole_ms
    assert played_ms(facts, "Barcelona", "Ousmane Dembélé") == FIRST_MS + 1_898
    assert played_ms(facts, "Barcelona", "Samuel Yves Umtiti") == SECOND_MS - 1_898
    assert played_ms(facts, "Barcelona", "Arturo Erasmo Vidal Pardo") == FIRST_MS + 773_899
    assert played_ms(facts, "Barcelona", "Ivan Rakitić") == SECOND_MS - 773_899
    assert played_ms(facts, "Girona", "Aleix García Serrano") == FIRST_MS
    assert played_ms(facts, "Girona", "Borja García Freire") == SECOND_MS
    assert played_ms(facts, "Girona", "Seydou Doumbia") == SECOND_MS - 2_347_902


def test_u16_eleven_a_side_all_through(facts: MatchFacts) -> None:
    """28 players, 22 at any time: the minutes of all are 22 times the match, and nobody is asked anything."""
    found = played_ms_by_player(facts)
    assert len(found) == 28
    assert sum(found.values()) == 22 * (FIRST_MS + SECOND_MS)
    assert crowds_of(facts) == []


def test_u1_the_real_match_is_complete_when_it_syncs(facts: MatchFacts) -> None:
    """Two halves with a break of 15 minutes; full time is the second half's end."""
    assert status_of(facts) is Status.COMPLETED
    assert full_time_ms(facts) == KICKOFF_MS + FIRST_MS + 15 * 60_000 + SECOND_MS


def test_u1_the_match_fits_one_push() -> None:
    """All that the device writes is below the bound of one push."""
    assert len(FACTS) <= PUSH_MUTATIONS_MAX


def test_every_fact_is_accepted_as_it_is() -> None:
    """Each put is in canonical form for the catalogue, so what is written is what is stored."""
    for fact in FACTS:
        found = parse_fields(CATALOGUE.collections[fact.collection], fact.fields)
        assert not isinstance(found, Problem), (fact, found)
        assert found == fact.fields


def test_facts_come_in_time_order_parents_first() -> None:
    """No fact is earlier than the one before it, and none names a parent that is still to come."""
    walls = [fact.wall_ms for fact in FACTS]
    assert walls == sorted(walls)
    written: set[tuple[str, str]] = set()
    for fact in FACTS:
        if (fact.collection, fact.id) not in written:
            assert CATALOGUE.required[fact.collection] <= set(fact.fields)
        for field, parent in CATALOGUE.parents[fact.collection].items():
            if field in fact.fields:
                assert (parent, fact.fields[field]) in written
        written.add((fact.collection, fact.id))


def test_kinds_map_one_to_one(facts: MatchFacts) -> None:
    """161 facts: four starts and ends become two periods, all others are events of their own kind."""
    expected = Counter(each["kind"] for each in DOCUMENT["events"])
    del expected["half_start"], expected["half_end"]
    assert Counter(each["kind"] for each in facts.events) == expected
    assert len(facts.events) + 2 * len(facts.periods) == 161


def test_substitutions_are_groups() -> None:
    """The event, who comes on, the stint closed and the stint opened: all four or none."""
    groups: dict[str, list[Fact]] = {}
    for fact in FACTS:
        if fact.group is not None:
            groups.setdefault(fact.group.id, []).append(fact)
    assert len(groups) == 6
    for members in groups.values():
        assert sorted(fact.collection for fact in members) == [
            "event_participants",
            "events",
            "lineup",
            "lineup",
        ]
        assert {fact.group.count for fact in members if fact.group} == {4}
        assert len({fact.wall_ms for fact in members}) == 1
    assert GROUP_COUNT_MAX >= 4


def test_assists_take_part_in_their_goals(facts: MatchFacts) -> None:
    """Messi's goal names Vidal, Stuani's first names Aday; the other two goals name nobody."""
    goals = {each.id: each for each in timeline_of(facts) if each.kind == "goal"}
    names = [[VIEW["players"][other.player_id]["full_name"] for other in goal.participants] for goal in goals.values()]
    assert names == [["Arturo Erasmo Vidal Pardo"], ["Francesc Aday Benítez Caraballo"], [], []]


def test_the_same_seed_gives_the_same_facts_and_another_shares_no_id() -> None:
    """A run can be repeated, and one document can be many matches."""
    assert record(DOCUMENT, seed="test", kickoff_ms=KICKOFF_MS) == FACTS
    other = record(DOCUMENT, seed="other", kickoff_ms=KICKOFF_MS)
    assert not {fact.id for fact in FACTS} & {fact.id for fact in other}
    assert len({fact.group.id for fact in FACTS if fact.group}) == 6


def test_the_kick_off_moves_every_instant() -> None:
    """An hour later is an hour later, and nothing else."""
    later = record(DOCUMENT, seed="test", kickoff_ms=KICKOFF_MS + 3_600_000)
    assert [fact.wall_ms - 3_600_000 for fact in later] == [fact.wall_ms for fact in FACTS]
    assert [fact.id for fact in later] == [fact.id for fact in FACTS]
    moved = gather(as_view(later), MATCH)
    assert played_ms_by_player(moved) == played_ms_by_player(gather(VIEW, MATCH))


def test_halves_follow_one_another_with_a_break() -> None:
    """The second half starts 15 minutes after the first one's end."""
    starts = half_starts(read_document(DOCUMENT), KICKOFF_MS)
    assert starts == {1: KICKOFF_MS, 2: KICKOFF_MS + FIRST_MS + 15 * 60_000}


def test_an_assist_belongs_to_the_goal_that_follows_it() -> None:
    """Only a pass of the same team, seconds before, is the assist."""
    document = read_document(DOCUMENT)
    goals = [each for each in document.events if each.kind == "goal"]
    assert [assist_of(document, goal) is not None for goal in goals] == [True, True, False, False]


@pytest.mark.parametrize("change", [{"teams": ["one"]}, {"events": [{"kind": "goal"}]}, {"squads": None}])
def test_a_document_of_another_shape_is_refused(change: dict[str, Any]) -> None:
    """A wrong file is named at once, not half way through the demo."""
    with pytest.raises(msgspec.ValidationError):
        record({**DOCUMENT, **change}, seed="test", kickoff_ms=KICKOFF_MS)


def test_the_file_says_where_it_is_from() -> None:
    """The source line stays in the data, and the page beside it names it."""
    assert DOCUMENT["source"].startswith("StatsBomb open data")
    assert "StatsBomb open data" in (REAL_MATCH.parents[1] / "README.md").read_text()
