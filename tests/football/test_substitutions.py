"""Line-ups and substitutions as records: whole changes, once however often logged, with prompts and never a refusal."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from football import ids
from football.clock import period_key
from football.facts import MatchFacts, gather
from football.minutes import played_ms_by_player
from football.substitutions import (
    TOGETHER_MS,
    Change,
    Plan,
    crowd_prompts,
    free_ordinal,
    line_up,
    same_change,
    substitute,
)
from sync.collections import Problem
from tests.football.builders import AWAY, HOME, MATCH, MINUTE_S, at_ms, facts_of, match, period, stint

FIRST = period_key("regular", 1)
PLAYED = [period(1, 0, 25 * MINUTE_S), period(2, 35 * MINUTE_S, 60 * MINUTE_S)]
View = dict[str, dict[str, dict[str, Any]]]


def whole(found: Plan | Problem) -> Plan:
    """Return a plan."""
    assert isinstance(found, Plan), found
    return found


def change(off: str | None, on: str | None, clock_ms: int = 600_000, **more: Any) -> Change:  # noqa: ANN401
    """Return a change in the first half."""
    return Change("event", FIRST, clock_ms, off, on, HOME, **more)


def lay(view: View, plan: Plan) -> None:
    """Write a plan into a view."""
    for draft in plan.drafts:
        if draft.fields:
            view.setdefault(draft.collection, {}).setdefault(draft.id, {}).update(draft.fields)
        else:
            del view[draft.collection][draft.id]


def started(*players: str) -> View:
    """Return a view of a match that these players start."""
    view: View = {
        "matches": {MATCH: match()},
        "match_periods": {ids.period_id(MATCH, each["type"], each["number"]): each for each in PLAYED},
    }
    lay(view, whole(line_up(gather(view, MATCH), [(player, None) for player in players], HOME)))
    return view


def test_a_change_is_four_records() -> None:
    """The event, who comes on, a stint closed, a stint opened, all at one moment."""
    view = started("Ada", "Bea")
    plan = whole(substitute(gather(view, MATCH), change("Ada", "Cleo", position="ST"), view["lineup"].keys()))
    assert [draft.collection for draft in plan.drafts] == ["events", "event_participants", "lineup", "lineup"]
    assert plan.prompts == ()
    lay(view, plan)
    facts = gather(view, MATCH)
    minutes = {player: ms / 60_000 for player, ms in played_ms_by_player(facts).items()}
    assert minutes == {"Ada": 10, "Bea": 50, "Cleo": 40}
    [event] = facts.events
    assert (event["kind"], event["player_id"], event["clock_ms"]) == ("substitution", "Ada", 600_000)
    [part] = facts.participants
    assert (part["id"], part["player_id"]) == (ids.participant_id("event", "substitution"), "Cleo")


ROLLING = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2), st.integers(1, 1_499)), max_size=12)


@given(ROLLING)
def test_u16_rolling_changes_keep_five_on(rows: list[tuple[int, int, int]]) -> None:
    """U16: whoever comes and goes, five are on at every moment, so the minutes add up to five times the match."""
    on, off = [f"player {n}" for n in range(5)], [f"sub {n}" for n in range(3)]
    view = started(*on)
    for n, (leaves, comes, clock_s) in enumerate(sorted(rows, key=lambda each: each[2])):
        facts = gather(view, MATCH)
        made = Change(f"event {n}", FIRST, clock_s * 1_000, on[leaves], off[comes], HOME)
        lay(view, whole(substitute(facts, made, view["lineup"].keys())))
        on[leaves], off[comes] = off[comes], on[leaves]
    found = played_ms_by_player(gather(view, MATCH))
    assert sum(found.values()) == 5 * 50 * 60_000


def test_who_was_not_on_the_pitch_is_a_prompt() -> None:
    """Without a line-up there is nothing to close; the change is written all the same."""
    plan = whole(substitute(facts_of(), change("Ada", "Bea"), ()))
    assert [draft.collection for draft in plan.drafts] == ["events", "event_participants", "lineup"]
    assert [(each.code, each.player_ids) for each in plan.prompts] == [("off_not_on_pitch", ("Ada",))]
    view = started("Ada", "Bea")
    plan = whole(substitute(gather(view, MATCH), change("Ada", "Bea"), view["lineup"].keys()))
    assert [each.code for each in plan.prompts] == ["on_already_on_pitch"]
    assert len(plan.drafts) == 3


def test_one_side_of_a_change_is_enough() -> None:
    """A player goes off hurt and nobody comes; one comes on who was late. Nobody at all, or for themselves, is not."""
    view = started("Ada")
    facts = gather(view, MATCH)
    assert len(whole(substitute(facts, change("Ada", None), view["lineup"].keys())).drafts) == 2
    assert len(whole(substitute(facts, change(None, "Bea"), view["lineup"].keys())).drafts) == 3
    assert isinstance(substitute(facts, change(None, None), ()), Problem)
    assert isinstance(substitute(facts, change("Ada", "Ada"), ()), Problem)


@given(st.integers(0, 2 * TOGETHER_MS))
def test_u7_two_people_log_one_change(apart_ms: int) -> None:
    """U7: the same two within 45 s of the clock are the change that is there; later they are another one."""
    view = started("Ada", "Bea")
    first = change("Ada", "Cleo")
    assert same_change(gather(view, MATCH), first) is None
    lay(view, whole(substitute(gather(view, MATCH), first, view["lineup"].keys())))
    again = Change("another", FIRST, first.clock_ms + apart_ms, "Ada", "Cleo", HOME)
    found = same_change(gather(view, MATCH), again)
    assert (found is not None and found["id"] == "event") == (apart_ms <= TOGETHER_MS)
    back = Change("another", FIRST, first.clock_ms + apart_ms, "Cleo", "Ada", HOME)
    assert same_change(gather(view, MATCH), back) is None


def test_a_free_ordinal_passes_over_what_was_deleted() -> None:
    """A stint that was deleted keeps its id; the next one takes another."""
    taken = {ids.stint_id(MATCH, "Ada", 1), ids.stint_id(MATCH, "Ada", 2), ids.stint_id(MATCH, "Ada", 4)}
    assert free_ordinal(facts_of(), "Ada", taken) == 3


def test_a_line_up_replaces_the_one_before() -> None:
    """Who is not named any more is taken out, unless they were taken off already; the same again changes nothing."""
    view = started("Ada", "Bea", "Cleo")
    before = {key: dict(fields) for key, fields in view["lineup"].items()}
    lay(view, whole(line_up(gather(view, MATCH), [("Ada", None), ("Bea", None), ("Cleo", None)], HOME)))
    assert view["lineup"] == before
    lay(view, whole(substitute(gather(view, MATCH), change("Ada", "Dora"), view["lineup"].keys())))
    lay(view, whole(line_up(gather(view, MATCH), [("Bea", "GK"), ("Eve", None)], HOME)))
    assert sorted(each["player_id"] for each in view["lineup"].values()) == ["Ada", "Bea", "Dora", "Eve"]
    assert view["lineup"][ids.stint_id(MATCH, "Bea", 1)]["position"] == "GK"


def test_the_other_team_s_line_up_stays() -> None:
    """Setting ours leaves theirs alone."""
    view = started("Ada")
    lay(view, whole(line_up(gather(view, MATCH), [("Zoe", None)], AWAY)))
    assert {each["player_id"] for each in view["lineup"].values()} == {"Ada", "Zoe"}


def test_eleven_at_the_most_each_once() -> None:
    """No player twice, no twelfth, not nobody."""
    for players in ([], ["Ada", "Ada"], [f"player {n}" for n in range(12)]):
        assert isinstance(line_up(facts_of(), [(player, None) for player in players], HOME), Problem)


def test_too_many_on_the_pitch_is_a_prompt() -> None:
    """As many as the age group plays with; before the whistle a line-up is counted as it stands."""
    lineup = [stint(f"player {n}", team_id=HOME) for n in range(8)]

    def prompts(facts: MatchFacts, age_group: str | None) -> list[str]:
        return [each.sentence for each in crowd_prompts(facts, {HOME: age_group}, at_ms(0))]

    assert prompts(facts_of(lineup=lineup), None) == []
    assert prompts(facts_of(lineup=lineup), "U12") == []
    assert prompts(facts_of(lineup=lineup), "U9") == ["8 are on the pitch; 7 may be."]
    was = [*lineup[:7], stint("late", (1, 5), (1, 9), team_id=HOME)]
    assert prompts(facts_of(periods=PLAYED, lineup=was), "U9") == ["8 were on the pitch at once; 7 may be."]
