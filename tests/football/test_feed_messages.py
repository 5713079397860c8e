"""The messages between two shared views."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from football import ids
from football.feed import SharedMatch, SharedScore, of_view, project
from football.feed_messages import Message, apply, diff, withdraws
from football.policy import ClubRules, Options
from football.vocabulary import AGE_GROUPS
from tests.football.builders import AWAY, HOME, MATCH, MINUTE_S, at, event, match, pause, period
from tests.football.test_feed import ALL, CHANGE, GOAL, NOW_MS, SCORER, View, a_team, a_uuid, full_view, hide, shown

EVENTS = st.dictionaries(
    st.integers(20, 40).map(a_uuid),
    st.builds(
        event,
        st.sampled_from(["goal", "own_goal", "save", "substitution", "assist", "yellow_card"]),
        st.integers(0, 3),
        st.integers(0, 5),
        st.sampled_from([HOME, AWAY, None]),
        period_type=st.sampled_from(["regular", "penalty_shootout"]),
        player_id=st.sampled_from([SCORER, None]),
    ),
    max_size=6,
)
PERIODS = st.lists(
    st.builds(period, st.integers(1, 3), st.sampled_from([0, 900, None]), st.sampled_from([1_000, 2_000, None])),
    max_size=3,
)


@st.composite
def views(draw: st.DrawFn) -> SharedMatch:
    """Draw a shared view of a match."""
    periods = {ids.period_id(MATCH, "regular", each["number"]): each for each in draw(PERIODS)}
    view: View = {
        "matches": {
            MATCH: match(
                venue=draw(st.sampled_from(["Marsh Lane", None])),
                finished_at=draw(st.sampled_from([at(2_100), None])),
                called_off=draw(st.sampled_from(["postponed", None])),
                our_score=draw(st.integers(0, 2)),
            )
        },
        "teams": {HOME: a_team(draw(st.sampled_from(["Reds", "Greens"])), draw(st.sampled_from(AGE_GROUPS)))},
        "players": {
            SCORER: {"full_name": "A", "squad_number": draw(st.integers(1, 2)), "do_not_share": draw(st.booleans())}
        },
        "match_periods": periods,
        "match_pauses": {ids.pause_id(each, 1): pause(1, 1, 30, draw(st.sampled_from([60, None]))) for each in periods},
        "events": draw(EVENTS),
    }
    options = Options(draw(st.booleans()), draw(st.booleans()), draw(st.booleans()))
    rules = ClubRules(draw(st.booleans()), draw(st.booleans()))
    return project(of_view(view, MATCH), options, rules, NOW_MS, hide)


@given(before=views(), after=views())
@settings(max_examples=500, deadline=None)
def test_messages_lead_from_one_view_to_the_other(before: SharedMatch, after: SharedMatch) -> None:
    """The law of feeds: what a viewer makes of the messages is the view itself, also through their JSON."""
    messages = diff(before, after)
    assert apply(before, messages) == after
    sent = msgspec.json.decode(msgspec.json.encode(messages), type=list[Message])
    assert apply(before, sent) == after
    assert bool(messages) == (before != after)


@given(before=views(), after=views())
@settings(max_examples=200, deadline=None)
def test_what_is_held_back_now_is_noticed(before: SharedMatch, after: SharedMatch) -> None:
    """Where nothing was withdrawn, no number and no hidden thing of before is missing from what goes on."""
    if withdraws(before, after):
        return
    had = {each.event_id: each.player for each in before.timeline if each.player is not None}
    assert all(each.player is not None for each in after.timeline if each.event_id in had)
    assert not (before.score is not None and after.score is None)


def test_an_event_is_told_in_the_shape_that_clients_know() -> None:
    """U10: event_logged has id, kind, player, team, the clock and the score; nothing of it is a record's."""
    before = full_view()
    del before["events"][GOAL]
    (message,) = diff(shown(before), shown(full_view()))
    assert message.type == "event_logged"
    assert dict(message.data) == {
        "event_id": hide(GOAL),
        "kind": "goal",
        "player": 9,
        "team": "home",
        "timestamp": "10:00",
        "minute": "11'",
        "period_number": 1,
        "clock_ms": 600_000,
        "score_after": {"home": 1, "away": 0},
        "score": {"home": 1, "away": 0},
    }


def types_of(before: View, after: View) -> list[str]:
    """Return the types of the messages between two states of a club."""
    return [each.type for each in diff(shown(before), shown(after))]


def changed(collection: str, record: str, **fields: Any) -> View:  # noqa: ANN401 - whatever a field holds
    """Return the club with a record changed."""
    view = full_view()
    view[collection][record] = {**view[collection][record], **fields}
    return view


def test_each_kind_of_change_has_its_message() -> None:
    """Corrections, removals, substitutions, periods, status, details and a score by hand."""
    full = full_view()
    gone = full_view()
    del gone["events"][CHANGE]
    assert types_of(gone, full) == ["substitution"]
    assert types_of(full, gone) == ["event_removed"]
    assert types_of(full, changed("events", GOAL, clock_ms=1_000)) == ["event_updated"]
    assert types_of(full, changed("events", GOAL, team_id=AWAY)) == ["event_updated"]
    assert types_of(full, changed("matches", MATCH, called_off="cancelled")) == ["status"]
    assert types_of(full, changed("matches", MATCH, venue="Hill Road")) == ["match"]
    period_id = ids.period_id(MATCH, "regular", 1)
    assert types_of(full, changed("match_periods", period_id, ended_at=at(17 * MINUTE_S))) == ["period"]
    empty = {**full_view(), "events": {}}
    later = {**changed("matches", MATCH, our_score=4), "events": {}}
    assert types_of(empty, later) == ["score"]
    assert types_of(full, full) == []


def test_a_late_goal_corrects_the_goals_after_it() -> None:
    """A goal that comes late is told as logged, and the later goals' scores as updated; the total is in each."""
    view = full_view()
    view["events"][a_uuid(30)] = event("goal", 1, 30, AWAY)
    messages = diff(shown(full_view()), shown(view))
    assert [(each.type, each.data["score"]) for each in messages] == [
        ("event_logged", {"home": 1, "away": 1}),
        ("event_updated", {"home": 1, "away": 1}),
    ]
    assert messages[1].data["score_after"] == {"home": 1, "away": 1}


def test_do_not_share_and_narrower_options_withdraw() -> None:
    """A number that is gone, or an option that is off, ends what may be read again; an addition does not."""
    full, hidden = shown(full_view()), shown(changed("players", SCORER, do_not_share=True))
    assert withdraws(full, hidden)
    assert not withdraws(hidden, full)
    assert withdraws(full, shown(full_view(), Options(score=False, shirt_numbers=True, venue=True)))
    assert not withdraws(shown(full_view(), Options()), shown(full_view(), ALL))


def test_a_shootout_is_left_out_of_a_score_without_one() -> None:
    """The shape is home and away, as clients know it; a shootout adds two more."""
    assert msgspec.to_builtins(SharedScore(2, 1)) == {"home": 2, "away": 1}
    assert msgspec.to_builtins(replace(SharedScore(2, 2), home_shootout=4, away_shootout=3))["home_shootout"] == 4
