"""What a shared view shows of a match: field by field, and nothing else."""

import hashlib
from random import Random
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from football import ids
from football.collections import CATALOGUE
from football.feed import EVENTS_MAX, SharedMatch, SharedScore, due_ms, late_events, of_view, project
from football.periods import ABANDONED_MS
from football.policy import ClubRules, Options
from football.status import Status
from football.vocabulary import AGE_GROUPS, EVENT_KINDS, PERIOD_TYPES
from sync.collections import Field, Type, format_instant, instant_ms
from tests.football.builders import AWAY, HOME, KICKOFF_MS, MATCH, MINUTE_S, at, at_ms, event, match, pause, period

ALL = Options(score=True, shirt_numbers=True, venue=True)
SCORER, KEEPER, SUB, SEASON, GOAL, SAVE, CHANGE = (f"00000000-0000-4000-8000-0000000000{n:02x}" for n in range(1, 8))
PERIOD = ids.period_id(MATCH, "regular", 1)
PAUSE = ids.pause_id(PERIOD, 1)
NOW_MS = at_ms(20 * MINUTE_S)

View = dict[str, dict[str, dict[str, Any]]]


def hide(record_id: str) -> str:
    """Return an id as a feed makes it."""
    return hashlib.blake2b(record_id.encode(), key=b"a feed's key", digest_size=9).hexdigest()


def full_view(age_group: str = "adult") -> View:
    """Return a club in which every collection has a record about one match, every field written."""
    return {
        "seasons": {SEASON: {"label": "2026"}},
        "teams": {HOME: a_team("Reds", age_group), AWAY: a_team("Blues", age_group)},
        "players": {SCORER: a_player(9, HOME), KEEPER: a_player(1, AWAY), SUB: a_player(14, HOME)},
        "matches": {MATCH: a_match()},
        "match_periods": {PERIOD: period(1, 0, 18 * MINUTE_S)},
        "match_pauses": {PAUSE: pause(1, 1, 300, 360)},
        "events": {
            GOAL: an_event("goal", 600, HOME, SCORER),
            SAVE: an_event("save", 700, AWAY, KEEPER),
            CHANGE: an_event("substitution", 800, HOME, SCORER),
        },
        "event_participants": {
            a_uuid(1): {"event_id": GOAL, "player_id": SUB, "kind": "assist"},
            a_uuid(2): {"event_id": CHANGE, "player_id": SUB, "kind": "substitution"},
        },
        "lineup": {a_uuid(3): a_stint()},
        "match_notes": {a_uuid(4): {"match_id": MATCH, "notes": "well played", "period_number": 1}},
        "awards": {a_uuid(5): {"season_id": SEASON, "player_id": SCORER, "category": "boot", "notes": "first"}},
        "match_awards": {a_uuid(6): {"match_id": MATCH, "player_id": SCORER, "category": "best", "notes": "again"}},
    }


def a_uuid(n: int) -> str:
    """Return an id of the tests."""
    return f"00000000-0000-4000-9000-{n:012d}"


def a_team(name: str, age_group: str) -> dict[str, Any]:
    """Return a team with all its fields."""
    colours = {f"{side}_kit_{which}": "#c00000" for side in ("home", "away") for which in ("primary", "secondary")}
    return {"name": name, "age_group": age_group, **colours, "logo_url": "https://club.example/logo.png"}


def a_player(number: int, team: str) -> dict[str, Any]:
    """Return a player with all their fields."""
    return {
        "full_name": "Ada Lovelace",
        "squad_number": number,
        "preferred_pos": "ST",
        "dob": "2016-05-04",
        "notes": "asthma",
        "current_team": team,
        "do_not_share": False,
        "is_active": True,
    }


def a_match() -> dict[str, Any]:
    """Return a match with all its fields."""
    return match(
        season_id=SEASON,
        competition="Cup",
        our_side="home",
        venue="Marsh Lane 4",
        our_score=3,
        opponent_score=1,
        called_off=None,
        finished_at=None,
        notes="captain away",
    )


def an_event(kind: str, clock_s: float, team: str, player: str) -> dict[str, Any]:
    """Return an event with all its fields."""
    more = {"player_id": player, "season_id": SEASON, "x": 10.5, "y": 20.5, "notes": "left foot", "sentiment": 3}
    return event(kind, 1, clock_s, team, period_type="regular", **more)


def a_stint() -> dict[str, Any]:
    """Return a stint with all its fields."""
    return {
        "match_id": MATCH,
        "player_id": SCORER,
        "team_id": HOME,
        "start_period_type": "regular",
        "start_period": 1,
        "start_min": 0.0,
        "end_period_type": "regular",
        "end_period": 1,
        "end_min": 13.0,
        "position": "ST",
    }


def shown(view: View, options: Options = ALL, rules: ClubRules | None = None, now_ms: int = NOW_MS) -> SharedMatch:
    """Return the shared view of the match."""
    return project(of_view(view, MATCH), options, rules or ClubRules(), now_ms, hide)


def another(field: Field, value: Any, name: str) -> Any:  # noqa: ANN401 - whatever a field holds
    """Return another good value of a field."""
    if field.choices is not None:
        return next(each for each in field.choices if each != value)
    if field.type is Type.UUID:
        return a_uuid(99)
    if field.type is Type.INSTANT:
        return at(31) if value is None else format_instant(instant_ms(value) + 7_000)
    if field.type is Type.TEXT:
        return "#00c000" if "kit" in name else f"another {name}"
    if field.type is Type.DATE:
        return "2015-01-01"
    return not value if field.type is Type.BOOLEAN else value + 1


REACHES = {
    "seasons": {"label"},
    "teams": {"name", "age_group", "home_kit_primary", "home_kit_secondary", "away_kit_primary", "away_kit_secondary"},
    "players": {"squad_number", "do_not_share"},
    "matches": {
        "season_id", "kickoff_ts", "competition", "home_team_id", "away_team_id", "venue", "duration_mins",
        "period_format", "called_off", "finished_at", "our_side",
    },
    "match_periods": {"match_id", "number", "type", "started_at", "ended_at"},
    "match_pauses": {"period_id", "started_at", "ended_at"},
    "events": {"match_id", "period_type", "period_number", "clock_ms", "kind", "team_id", "player_id"},
    "event_participants": {"event_id", "player_id", "kind"},
}  # fmt: skip
"""The allow-list, as seen from the catalogue: the fields that can change a shared view at all, and none beside.

Some never stand in it themselves: an age group or `do_not_share` decides what is shown, an id says whose it is, a
pause moves a clock. The result by hand (`our_score`, `opponent_score`) is shown while a match has no events.
"""

FIELDS = [(name, each) for name, collection in CATALOGUE.collections.items() for each in collection.fields]


@pytest.mark.parametrize(("collection", "name"), FIELDS)
def test_just_the_fields_of_the_allow_list_can_change_a_view(collection: str, name: str) -> None:
    """U12: whatever else is written into any field of any collection, not one byte of a view differs."""
    declared = CATALOGUE.collections[collection].fields[name]
    changes = False
    for age_group in ("adult", "U14"):
        before = shown(full_view(age_group))
        for record_id in full_view()[collection]:
            view = full_view(age_group)
            fields = view[collection][record_id]
            assert name in fields, f"{collection}.{name} is not in this test's club; write it there"
            fields[name] = another(declared, fields[name], name)
            changes = changes or shown(view) != before
    assert changes == (name in REACHES.get(collection, ()))


def test_the_result_by_hand_is_shown_while_there_are_no_events() -> None:
    """`our_score` and `opponent_score` reach a view then, and only where the score is shown."""
    view = full_view("U13")
    view["events"] = {}
    assert shown(view).score == SharedScore(3, 1)
    assert shown(view, Options(score=False)).score is None


def test_personal_fields_are_none_of_the_allow_list() -> None:
    """What the catalogue calls personal can reach no view."""
    personal = {(name, each) for name, each in FIELDS if CATALOGUE.collections[name].fields[each].is_personal}
    assert personal >= {("players", "full_name"), ("players", "dob"), ("events", "notes"), ("events", "sentiment")}
    assert not {each for each in personal if each[1] in REACHES.get(each[0], ())}


def test_a_view_reads_as_viewers_see_it() -> None:
    """U10: teams in the kit of their side, score, period, and the timeline with numbers, minutes and scores."""
    found = msgspec.json.decode(msgspec.json.encode(shown(full_view())))
    kit = {"kit_primary": "#c00000", "kit_secondary": "#c00000"}
    usual = {"period_number": 1}
    assert found == {
        "shows": {"score": True, "shirt_numbers": True, "venue": True},
        "home": {"name": "Reds", **kit},
        "away": {"name": "Blues", **kit},
        "kickoff": at(0),
        "competition": "Cup",
        "season": "2026",
        "venue": "Marsh Lane 4",
        "status": "half_time",
        "score": {"home": 1, "away": 0},
        "periods": [
            {"type": "regular", "number": 1, "state": "over", "length_ms": 1_500_000, "zero_at": None,
             "clock_ms": 1_020_000}
        ],
        "timeline": [
            {"event_id": hide(GOAL), "kind": "goal", "team": "home", "player": 9, "timestamp": "10:00",
             "minute": "11'", "clock_ms": 600_000, "score_after": {"home": 1, "away": 0}, **usual},
            {"event_id": hide(SAVE), "kind": "save", "team": "away", "player": 1, "timestamp": "11:40",
             "minute": "12'", "clock_ms": 700_000, **usual},
            {"event_id": hide(CHANGE), "kind": "substitution", "team": "home", "player": 9, "timestamp": "13:20",
             "minute": "14'", "clock_ms": 800_000, "player_on": 14, **usual},
        ],
    }  # fmt: skip


@pytest.mark.parametrize("age_group", ["U7", "U11"])
def test_a_hidden_score_is_told_by_nothing(age_group: str) -> None:
    """Without the score there is no goal, no assist and no shootout either: a view is the same for every result."""
    view = full_view(age_group)
    view["events"][a_uuid(10)] = an_event("assist", 595, HOME, SUB)
    view["events"][a_uuid(11)] = event("save", 1, 5, AWAY, period_type="penalty_shootout")
    shootout = ids.period_id(MATCH, "penalty_shootout", 1)
    view["match_periods"][shootout] = period(1, 19 * MINUTE_S, None, "penalty_shootout")
    found = shown(view)
    assert found.score is None
    assert [each.kind for each in found.timeline] == ["save", "substitution"]
    assert [each.type for each in found.periods] == ["regular"]
    assert b"score_after" not in msgspec.json.encode(found)
    for kind in ("goal", "own_goal"):
        view["events"][a_uuid(12)] = an_event(kind, 900, AWAY, KEEPER)
        assert shown(view) == found
    assert shown(view, rules=ClubRules(young_scores=True)).score is not None


def test_a_player_who_must_not_be_shared_is_absent_and_their_goal_counts() -> None:
    """U12: the goal stands without a number, and so does a substitution of theirs."""
    view = full_view()
    view["players"][SCORER]["do_not_share"] = True
    found = shown(view)
    assert found.score == SharedScore(1, 0)
    assert [(each.kind, each.player, each.player_on) for each in found.timeline] == [
        ("goal", None, None),
        ("save", 1, None),
        ("substitution", None, 14),
    ]


def test_a_deleted_or_unknown_player_leaves_no_number() -> None:
    """A reference that dangles is nobody."""
    view = full_view()
    view["players"] = {}
    assert {(each.player, each.player_on) for each in shown(view).timeline} == {(None, None)}


def test_a_running_clock_ticks_from_its_anchor() -> None:
    """The instant at which the clock would show nothing is later by each pause, and does not move with time."""
    view = full_view()
    view["match_periods"][PERIOD] = period(1, 0, None)
    (found,) = shown(view).periods
    assert (found.state, found.zero_at, found.clock_ms) == ("running", at_ms(60), None)
    assert shown(view, now_ms=NOW_MS + 5_000) == shown(view)
    view["match_pauses"][PAUSE]["ended_at"] = None
    (found,) = shown(view).periods
    assert (found.state, found.zero_at, found.clock_ms) == ("paused", None, 300_000)


def test_the_children_of_a_club_play_somewhere_from_kick_off_on() -> None:
    """U12: the venue appears when it is due, and `due_ms` says when that is."""
    view = full_view("U10")
    view["match_periods"], view["events"], view["match_pauses"] = {}, {}, {}
    assert shown(view, now_ms=KICKOFF_MS - 1).venue is None
    assert due_ms(of_view(view, MATCH), KICKOFF_MS - 1) == KICKOFF_MS
    assert shown(view, now_ms=KICKOFF_MS).venue == "Marsh Lane 4"
    assert shown(view, Options(), now_ms=KICKOFF_MS).venue is None


@pytest.mark.parametrize("minutes", [15, 17, 45, 90, 200, 900])
@pytest.mark.parametrize("is_paused", [True, False])
def test_a_view_does_not_change_before_it_is_due(minutes: int, *, is_paused: bool) -> None:
    """Up to the instant that `due_ms` names, time alone changes nothing."""
    view = full_view("U10")
    view["match_periods"][PERIOD] = period(1, 60, None)
    view["match_pauses"] = {PAUSE: pause(1, 1, 300, None if is_paused else 360)}
    now_ms = at_ms(minutes * 60 - 600)
    due = due_ms(of_view(view, MATCH), now_ms)
    last = due - 1 if due is not None else now_ms + 10 * ABANDONED_MS
    assert shown(view, now_ms=last).periods == shown(view, now_ms=now_ms).periods
    assert shown(view, now_ms=last).status == shown(view, now_ms=now_ms).status


def test_a_match_that_nobody_ended_is_over_when_it_is_due() -> None:
    """A forgotten period ends in the view without anybody's write."""
    view = full_view()
    view["match_periods"][PERIOD] = period(1, 0, None)
    due = due_ms(of_view(view, MATCH), NOW_MS)
    assert due is not None
    assert shown(view, now_ms=due - 1).periods[-1].state == "running"
    assert shown(view, now_ms=due).periods[-1].state == "over"


def test_late_events_are_corrections() -> None:
    """U13: what happened more than a minute before it came, or comes after full time, is no news."""
    what = of_view(full_view(), MATCH)
    goal_ms = at_ms(600 + 60)  # its period paused for a minute
    everything = {hide(each["id"]) for each in what.facts.events}
    assert late_events(what, goal_ms + 1_000, hide, everything) == frozenset()
    assert late_events(what, goal_ms + 60_001, hide, everything) == {hide(GOAL)}
    assert late_events(what, goal_ms + 60_001, hide, {hide(SAVE), "of another feed"}) == frozenset()
    view = full_view()
    view["matches"][MATCH]["finished_at"] = at(19 * MINUTE_S)
    late = late_events(of_view(view, MATCH), at_ms(19 * MINUTE_S) + 1, hide, everything)
    assert late == {hide(GOAL), hide(SAVE), hide(CHANGE)}


def test_two_feeds_share_no_id() -> None:
    """U12: an event has another id in each feed, made with that feed's key."""
    one = {each.event_id for each in shown(full_view()).timeline}
    other = project(of_view(full_view(), MATCH), ALL, ClubRules(), NOW_MS, lambda each: each[::-1])
    assert not one & {each.event_id for each in other.timeline}


def test_a_view_is_bounded() -> None:
    """Whatever a member logs, a view holds the latest events and stays small."""
    view = full_view("U13")
    view["events"] = {a_uuid(n): event("save", 1, n, AWAY) for n in range(EVENTS_MAX + 50)}
    found = shown(view)
    assert len(found.timeline) == EVENTS_MAX
    assert found.timeline[-1].event_id == hide(a_uuid(EVENTS_MAX + 49))


RUNS = 10_000
CANARY = "CANARY"


def test_no_canary_of_a_person_reaches_any_of_ten_thousand_views() -> None:
    """U12: names, notes, birthdays, categories, positions, logos and ids are in none of 10,000 random clubs' views."""
    dice = Random(12)
    leaks = 0
    for _ in range(RUNS):
        view, now_ms = random_view(dice)
        options = Options(dice.random() < 0.7, dice.random() < 0.7, dice.random() < 0.7)
        rules = ClubRules(dice.random() < 0.5, dice.random() < 0.5)
        leaks += leaks_in(view, project(of_view(view, MATCH), options, rules, now_ms, hide))
    assert leaks == 0


def test_a_planted_leak_is_found() -> None:
    """The search above finds a name, an id and a goal of a hidden score where they are."""
    view, now_ms = random_view(Random(1))
    found = project(of_view(view, MATCH), Options(score=False), ClubRules(), now_ms, hide)
    assert not leaks_in(view, found)
    for name in (f"{CANARY} Ada", MATCH, '"goal"'):
        assert leaks_in(view, replace(found, competition=name))


def leaks_in(view: View, found: SharedMatch) -> bool:
    """Tell whether anything personal, or a goal of a hidden score, stands in a shared view."""
    body = msgspec.json.encode(found).decode().replace("\\", "")
    is_personal = CANARY in body or "2011-" in body or any(each in body for each in ids_of(view))
    return is_personal or (found.score is None and ('"goal"' in body or '"own_goal"' in body))


def ids_of(view: View) -> set[str]:
    """Return every id in a view: of records, and in references."""
    named = {each for records in view.values() for each in records}
    fields = (values for records in view.values() for values in records.values())
    return named | {each for values in fields for name, each in values.items() if name.endswith("_id") and each}


def random_view(dice: Random) -> tuple[View, int]:
    """Return a random match with canaries in everything that is about a person, and an instant near it."""
    people = [a_uuid(dice.randrange(10**12)) for _ in range(4)]
    periods = {
        ids.period_id(MATCH, kind, n): period(n, 3_000 * n, dice.choice([None, 3_000 * n + 1_500]), kind)
        for kind, n in ((dice.choice(PERIOD_TYPES), n) for n in range(1, dice.randrange(1, 4)))
    }
    events = {
        a_uuid(dice.randrange(10**12)): event(
            dice.choice(EVENT_KINDS),
            dice.randrange(3),
            dice.randrange(3_000),
            dice.choice([HOME, AWAY, None]),
            period_type=dice.choice(PERIOD_TYPES),
            player_id=dice.choice([*people, None]),
            notes=f"{CANARY} note",
        )
        for _ in range(dice.randrange(5))
    }
    return {
        "teams": {
            each: {**a_team("Reds", dice.choice(AGE_GROUPS)), "logo_url": f"https://club.example/{CANARY}"}
            for each in (HOME, AWAY)
            if dice.random() < 0.8
        },
        "players": {
            each: {
                "full_name": f"{CANARY} {each}",
                "squad_number": dice.randrange(1, 100),
                "preferred_pos": CANARY,
                "dob": "2011-01-01",
                "notes": f"{CANARY} note",
                "do_not_share": dice.random() < 0.3,
            }
            for each in people
            if dice.random() < 0.8
        },
        "matches": {MATCH: {**a_match(), "notes": CANARY, "our_side": dice.choice(["home", "away", None])}},
        "match_periods": periods,
        "events": events,
        "event_participants": {
            a_uuid(dice.randrange(10**12)): {
                "event_id": each,
                "player_id": dice.choice(people),
                "kind": dice.choice(["assist", "substitution"]),
            }
            for each in events
        },
        "match_notes": {a_uuid(7): {"match_id": MATCH, "notes": CANARY}},
        "match_awards": {a_uuid(8): {"match_id": MATCH, "player_id": people[0], "category": CANARY, "notes": CANARY}},
    }, at_ms(dice.randrange(-600, 9_000))


def test_a_scheduled_match_has_teams_and_a_time() -> None:
    """A link that is opened the day before shows what is planned."""
    found = shown({"matches": {MATCH: match()}}, now_ms=KICKOFF_MS - 86_400_000)
    assert (found.status, found.periods, found.timeline, found.score) == (Status.SCHEDULED, (), (), None)
    assert found.home.name is None
