"""What a coach's device writes for a decision: the records that the server's own routes would make of the same one.

The rules are judged elsewhere; here the client carries them out, over records of which some were deleted before.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from football import ids, presses
from football.clock import PeriodKey
from football.facts import View, gather
from football.presses import Edge
from football.substitutions import Change, Draft, line_up, substitute
from sync.collections import Problem, Value
from tests.football.builders import AWAY, HOME, MATCH, at_ms, stint
from tests.football.matches import PLAYERS, matches
from tests.web.folding import Folds, folding, key_told
from tests.web.test_folds import CHANGES, PERIODS, STARTERS

TOUCHED: Final = ("matches", "match_periods", "match_pauses", "events", "event_participants", "lineup")
RULES: Final = {"start": presses.start, "end": presses.end, "pause": presses.pause, "resume": presses.resume}

Records = dict[str, dict[str, dict[str, Value]]]

a_while = settings(max_examples=100, deadline=None)


@pytest.fixture(scope="module")
def folds() -> Iterator[Folds]:
    """Give the client; one process answers for all examples."""
    with folding() as found:
        yield found


@st.composite
def parted(draw: st.DrawFn) -> tuple[View, View]:
    """Draw a view, and the part of its stints, periods and pauses that was deleted."""
    view = {name: dict(records) for name, records in draw(matches()).items()}
    deleted: Records = {}
    for name in ("lineup", "match_periods", "match_pauses"):
        gone = [each for n, each in enumerate(sorted(view[name])) if draw(st.integers(0, 5)) == 0 and n < 8]
        deleted[name] = {each: dict(view[name].pop(each)) for each in gone}
    for player in draw(st.sets(st.sampled_from(PLAYERS))):
        deleted["lineup"][ids.stint_id(MATCH, player, 1)] = stint(player, (1, 0), draw(st.sampled_from([None, (2, 5)])))
    return view, deleted


def shown(view: Mapping[str, Mapping[str, Mapping[str, Value]]]) -> Records:
    """Return what a person sees of the collections that a decision touches; a child of a deleted parent is hidden."""
    found = {name: {key: dict(values) for key, values in view.get(name, {}).items()} for name in TOUCHED}
    periods = found["match_periods"]
    found["match_pauses"] = {key: each for key, each in found["match_pauses"].items() if each["period_id"] in periods}
    return found


def pressed(view: View, deleted: View, edge: Edge) -> Records:
    """Return the records after a press, as `Desk.press` lays it: the first time stands, unless it was undone."""
    after = {name: {key: dict(values) for key, values in records.items()} for name, records in view.items()}
    records = after.setdefault(edge.collection, {})
    was = view.get(edge.collection, {}).get(edge.record)
    gone = deleted.get(edge.collection, {}).get(edge.record)
    if was is not None:
        stands = was.get(edge.field)
        written = {} if stands is not None and not edge.overrules else {edge.field: edge.at}
        records[edge.record] = {**was, **written}
    elif gone is not None:
        records[edge.record] = {**gone, **dict.fromkeys(edge.cleared), **edge.written}
    else:
        records[edge.record] = edge.written
    return shown(after)


def planned(view: View, deleted: View, drafts: tuple[Draft, ...]) -> Records:
    """Return the records after a plan, as the routes for line-ups write it: a stint that comes back is open."""
    after = {name: {key: dict(values) for key, values in records.items()} for name, records in view.items()}
    for draft in drafts:
        records, gone = after.setdefault(draft.collection, {}), deleted.get(draft.collection, {}).get(draft.id)
        if not draft.fields:
            del records[draft.id]
        elif gone is not None:
            records[draft.id] = {**gone, "end_period": None, "end_min": None, **draft.fields}
        else:
            records[draft.id] = {**records.get(draft.id, {}), **draft.fields}
    return shown(after)


def check(told: dict[str, Any], found: object, expected: Records | None) -> None:
    """Check that the client shows what is expected, or names the same problem and writes nothing."""
    if isinstance(found, Problem):
        assert (told["problem"], told["groups"]) == (found.sentence, [])
    else:
        assert told["problem"] is None
        assert told["after"] == expected


@given(parts=parted(), key=PERIODS, rule=st.sampled_from([*RULES, "finish", "finish"]), pressed_s=st.integers(0, 9_000))
@a_while
def test_a_press_writes_what_the_server_would(
    folds: Folds, parts: tuple[View, View], key: PeriodKey, rule: str, pressed_s: int
) -> None:
    """One field, a record created, or one that was deleted brought back without its old end; never a group."""
    (view, deleted), at = parts, at_ms(pressed_s)
    facts = gather(shown(view), MATCH)
    found = presses.finish(facts, at) if rule == "finish" else RULES[rule](facts, key, at)
    deed = ("presses", rule, at) if rule == "finish" else ("presses", rule, key_told(key), at)
    told = folds.do(view, deleted, MATCH, deed)
    check(told, found, pressed(view, deleted, found) if isinstance(found, Edge) else None)
    assert not any(told["groups"])


@given(parts=parted(), change=CHANGES)
@a_while
def test_a_substitution_writes_what_the_server_would(folds: Folds, parts: tuple[View, View], change: Change) -> None:
    """One group of all its records; a stint that was deleted keeps its id to itself."""
    view, deleted = parts
    found = substitute(gather(view, MATCH), change, {*view["lineup"], *deleted["lineup"]})
    deed = ("substitutions", "substitute", {**msgspec.structs.asdict(change), "key": key_told(change.key)})
    told = folds.do(view, deleted, MATCH, deed)
    check(told, found, None if isinstance(found, Problem) else planned(view, deleted, found.drafts))
    if not isinstance(found, Problem):
        count = len(found.drafts)
        assert told["groups"] == [count] * count


@given(parts=parted(), players=STARTERS, team_id=st.sampled_from([HOME, AWAY, None]))
@a_while
def test_a_line_up_writes_what_the_server_would(
    folds: Folds, parts: tuple[View, View], players: list[tuple[str, str | None]], team_id: str | None
) -> None:
    """Who is named starts, also where their stint was deleted; who is not is taken out; one group."""
    view, deleted = parts
    found = line_up(gather(view, MATCH), players, team_id)
    told = folds.do(view, deleted, MATCH, ("substitutions", "lineUp", players, team_id))
    check(told, found, None if isinstance(found, Problem) else planned(view, deleted, found.drafts))
    assert len(set(told["groups"])) <= 1
