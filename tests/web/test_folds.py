"""Football's folds in JavaScript answer what those in Python do, whatever was recorded and whatever the time."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from football import ids, presses, stats, vocabulary
from football.clock import PeriodKey, format_minute, in_order, period_key
from football.collections import CATALOGUE
from football.facts import MatchFacts, Record, View, gather
from football.live import changes_at_ms, clock_of, on_pitch
from football.minutes import crowds_of, period_lengths, played_ms_by_player
from football.periods import periods_of
from football.policy import ClubRules, Options, number_of, permit, usual_expiry_ms
from football.recording import as_view, record, recorded_id
from football.report import Naming, report
from football.scoreboard import score_of
from football.status import full_time_ms, status_of
from football.substitutions import Change, crowd_prompts, line_up, same_change, substitute
from football.timeline import is_correction, timeline_of
from sync.collections import instant_ms, with_defaults
from tests.football.builders import AWAY, HOME, KICKOFF_MS, MATCH, at_ms, real_match
from tests.football.matches import KEYS, PLAYERS, matches
from tests.football.test_facts import views
from tests.web.folding import Call, Folds, folding, key_told, plain, whole

REAL_VIEW: Final = as_view(record(real_match(), seed="test", kickoff_ms=KICKOFF_MS))
REAL: Final = recorded_id("test", "match")
HALF_TIME_MS: Final = KICKOFF_MS + 55 * 60_000
MUCH_LATER_MS: Final = KICKOFF_MS + 10**9

VIEWS: Final = st.integers(0, 9).flatmap(lambda n: views() if n == 0 else matches())
"""Mostly what clubs record; now and then whatever the catalogue accepts, which takes long to draw."""
NOWS: Final = st.tuples(st.integers(0, 4_000), st.integers(4_000, 90_000)).map(lambda found: [*map(at_ms, found)])

Expected = tuple[Call, object]

a_while = settings(max_examples=150, deadline=None)


@pytest.fixture(scope="module")
def folds() -> Iterator[Folds]:
    """Give the client's folds; one process answers for all examples."""
    with folding() as found:
        yield found


def shown(facts: MatchFacts, now_ms: int | None) -> list[Expected]:
    """Return what Python shows of a match at a moment, by the call that asks the client for it."""
    return [
        (("periods", "periodsOf", "facts", now_ms), periods_of(facts, now_ms)),
        (("status", "statusOf", "facts", now_ms), status_of(facts, now_ms)),
        (("status", "fullTimeMs", "facts", now_ms), full_time_ms(facts, now_ms)),
        (("timeline", "timelineOf", "facts", now_ms), timeline_of(facts, now_ms)),
    ]


def live(facts: MatchFacts, now_ms: int) -> list[Expected]:
    """Return what Python shows of a match while it goes on."""
    return [
        (("live", "clockOf", "facts", now_ms), clock_of(facts, now_ms)),
        (("live", "changesAtMs", "facts", now_ms), changes_at_ms(facts, now_ms)),
    ]


@given(view=VIEWS, nows=NOWS)
@a_while
def test_what_a_screen_shows_of_a_match(folds: Folds, view: View, nows: list[int]) -> None:
    """Periods, status, score, clock, who is on, timeline, at any time and without one."""
    facts = gather(view, MATCH)
    expected: list[Expected] = [
        (("scoreboard", "scoreOf", "facts"), score_of(facts)),
        (("live", "onPitch", "facts"), on_pitch(facts)),
        *shown(facts, None),
    ]
    for now_ms in nows:
        expected += [*shown(facts, now_ms), *live(facts, now_ms)]
    folds.agree(view, MATCH, expected)


@given(view=matches())
@a_while
def test_facts_are_gathered_alike(folds: Folds, view: View) -> None:
    """One match alone, or all in one pass: the same records with the same defaults, in the order of ids."""
    told = folds.ask(view, MATCH, [])
    assert told["facts"] == told["all"] == msgspec.json.decode(msgspec.json.encode(gather(view, MATCH)))


def test_there_are_no_facts_of_a_match_that_is_not_there(folds: Folds) -> None:
    """Undefined, which JSON leaves out."""
    assert folds.ask(REAL_VIEW, "gone", [])["answers"] == []
    assert "facts" not in folds.ask(REAL_VIEW, "gone", [])


@given(view=VIEWS, nows=NOWS, most=st.integers(1, 11))
@a_while
def test_minutes_and_crowds(folds: Folds, view: View, nows: list[int], most: int) -> None:
    """To the millisecond, with old stints of the whole match, overlaps and too many on the pitch."""
    facts = gather(view, MATCH)
    expected: list[Expected] = []
    for now_ms in (None, *nows):
        expected += [
            (("minutes", "playedMsByPlayer", "facts", now_ms), played_ms_by_player(facts, now_ms)),
            (("minutes", "periodLengths", "facts", now_ms), period_lengths(facts, now_ms)),
            (("minutes", "crowdsOf", "facts", most, now_ms), crowds_of(facts, most, now_ms)),
        ]
    folds.agree(view, MATCH, expected)


PERIODS: Final = st.sampled_from([period_key(*each) for each in KEYS])
ABOUT_S: Final = st.integers(-60, 60)
"""Seconds by which two people are apart who saw the same."""


def moments_of(facts: MatchFacts) -> list[int]:
    """Return the moments that somebody recorded, in milliseconds since 1970; kick-off, where there is none."""
    edges = [each[name] for each in (*facts.periods, *facts.pauses) for name in ("started_at", "ended_at")]
    return [instant_ms(each) for each in edges if each is not None] or [KICKOFF_MS]


@given(view=matches(), key=PERIODS, pressed_s=st.integers(-600, 9_000), nth=st.integers(0, 30), apart_s=ABOUT_S)
@settings(max_examples=100, deadline=None)
def test_presses_name_one_edge(
    folds: Folds, view: View, key: PeriodKey, pressed_s: int, nth: int, apart_s: int
) -> None:
    """The same field of the same record, or the same sentence: at any moment, and about one that was recorded."""
    facts = gather(view, MATCH)
    moments = moments_of(facts)
    keys = {key, *(period_key(each["type"], each["number"]) for each in facts.periods)}
    expected: list[Expected] = []
    for at in (at_ms(pressed_s), moments[nth % len(moments)] + apart_s * 1_000):
        expected.append((("presses", "finish", "facts", at), presses.finish(facts, at)))
        for each in sorted(keys):
            told = key_told(each)
            expected += [
                (("presses", "start", "facts", told, at), presses.start(facts, each, at)),
                (("presses", "end", "facts", told, at), presses.end(facts, each, at)),
                (("presses", "pause", "facts", told, at), presses.pause(facts, each, at)),
                (("presses", "resume", "facts", told, at), presses.resume(facts, each, at)),
            ]
    folds.agree(view, MATCH, expected)


SOMEBODY: Final = st.one_of(st.none(), st.sampled_from(PLAYERS))
CHANGES: Final = st.builds(
    Change,
    event_id=st.just("change"),
    key=PERIODS,
    clock_ms=st.integers(0, 1_600_000),
    off=SOMEBODY,
    on=SOMEBODY,
    team_id=st.sampled_from([HOME, AWAY, None]),
    position=st.sampled_from([None, "GK"]),
)
TAKEN: Final = st.sets(st.builds(ids.stint_id, st.just(MATCH), st.sampled_from(PLAYERS), st.integers(1, 3)))


@given(view=matches(), change=CHANGES, taken=TAKEN, apart_s=ABOUT_S)
@a_while
def test_substitutions_write_the_same_records(
    folds: Folds, view: View, change: Change, taken: set[str], apart_s: int
) -> None:
    """What is closed and opened, under which ids, and what a person is asked."""
    facts = gather(view, MATCH)
    told = {**msgspec.structs.asdict(change), "key": key_told(change.key)}
    expected: list[Expected] = [
        (("substitutions", "substitute", "facts", told, {"set": sorted(taken)}), substitute(facts, change, taken)),
        (("substitutions", "sameChange", "facts", told), same_change(facts, change)),
    ]
    for event in (each for each in facts.events if each["kind"] == "substitution"):
        came_on = [each["player_id"] for each in facts.participants if each["event_id"] == event["id"]]
        key = period_key(event["period_type"], event["period_number"])
        clock_ms = max(0, event["clock_ms"] + apart_s * 1_000)
        again = Change("again", key, clock_ms, event["player_id"], (came_on or [None])[-1], None)
        told = {**msgspec.structs.asdict(again), "key": key_told(key)}
        expected.append((("substitutions", "sameChange", "facts", told), same_change(facts, again)))
    folds.agree(view, MATCH, expected)


STARTERS: Final = st.lists(st.tuples(st.sampled_from(PLAYERS), st.sampled_from([None, "CB"])), max_size=12)


@given(view=matches(), players=STARTERS, team_id=st.sampled_from([HOME, AWAY, None]), nows=NOWS)
@a_while
def test_line_ups_and_their_prompts(
    folds: Folds, view: View, players: list[tuple[str, str | None]], team_id: str | None, nows: list[int]
) -> None:
    """Who starts, who is taken out, and too many for the age group."""
    facts = gather(view, MATCH)
    groups: dict[str, str | None] = {HOME: "U7", AWAY: None}
    expected: list[Expected] = [
        (("substitutions", "lineUp", "facts", players, team_id), line_up(facts, players, team_id)),
        *((("substitutions", "crowdPrompts", "facts", {"map": groups}, now), crowd_prompts(facts, groups, now))
          for now in nows),
    ]  # fmt: skip
    folds.agree(view, MATCH, expected)


def records_of(view: View, collection: str) -> dict[str, Record]:
    """Return the records of a collection with their defaults, by id."""
    found = CATALOGUE.collections[collection]
    return {key: {**with_defaults(found, values), "id": key} for key, values in view.get(collection, {}).items()}


@given(view=matches(), nows=NOWS)
@a_while
def test_statistics_of_a_match(folds: Folds, view: View, nows: list[int]) -> None:
    """What each player did, each side's result, and who played for it."""
    facts = gather(view, MATCH)
    expected: list[Expected] = []
    for now_ms in (None, *nows):
        expected += [
            (("stats", "tallies", "facts", now_ms), stats.tallies(facts, now_ms)),
            (("stats", "matchMs", "facts", now_ms), stats.match_ms(facts, now_ms)),
        ]
    for team_id in (HOME, AWAY, "Ada"):
        expected += [
            (("stats", "resultOf", "facts", team_id, nows[-1]), stats.result_of(facts, team_id, nows[-1])),
            (("stats", "playersOfTeam", "facts", team_id), stats.players_of_team(facts, team_id)),
        ]
    folds.agree(view, MATCH, expected)


@given(season=st.lists(matches(), min_size=1, max_size=6), most=st.integers(0, 4))
@settings(max_examples=60, deadline=None)
def test_statistics_of_a_season(folds: Folds, season: list[View], most: int) -> None:
    """Sums, the scorers in their order, the record and form of a team."""
    all_facts = [gather(view, MATCH) for view in season]
    total = stats.sum_tallies(stats.tallies(facts) for facts in all_facts)
    results = [found for facts in all_facts if (found := stats.result_of(facts, HOME)) is not None]
    results = [msgspec.structs.replace(each, match_id=f"match {n % 3}") for n, each in enumerate(results)]
    told = {player: msgspec.structs.asdict(tally) for player, tally in total.items()}
    maps = [
        {player: msgspec.structs.asdict(each) for player, each in stats.tallies(facts).items()} for facts in all_facts
    ]
    summed = folds.ask({}, None, [("stats", "sumTallies", [{"map": each} for each in maps])])["answers"]
    assert summed == [plain(total)]
    folds.agree(
        {},
        "none",
        [
            (("stats", "topScorers", {"map": told}, most), stats.top_scorers(total, most)),
            (("stats", "teamRecord", results), stats.team_record(results)),
        ],
    )


@given(view=matches(), nows=NOWS, is_full=st.booleans(), with_score=st.sampled_from([None, True, False]))
@a_while
def test_reports(folds: Folds, view: View, nows: list[int], is_full: bool, with_score: bool | None) -> None:
    """To the letter, whatever names hold."""
    facts, teams, players = gather(view, MATCH), records_of(view, "teams"), records_of(view, "players")
    naming = {"players": {"map": players}, "is_full": is_full}
    expected: list[Expected] = [
        (
            ("report", "report", "facts", {"map": teams}, naming, {"now_ms": now_ms, "with_score": with_score}),
            report(facts, teams, Naming(players, is_full), now_ms=now_ms, with_score=with_score),
        )
        for now_ms in nows
    ]
    folds.agree(view, MATCH, expected)


ASKED: Final = st.builds(Options, st.booleans(), st.booleans(), st.booleans())
RULES: Final = st.builds(ClubRules, st.booleans(), st.booleans())


@given(view=matches(), asked=ASKED, rules=RULES, nows=NOWS)
@a_while
def test_what_a_link_may_show(folds: Folds, view: View, asked: Options, rules: ClubRules, nows: list[int]) -> None:
    """Score, numbers, venue and when, how it is protected, when it ends, and each number beside its event."""
    facts, teams, players = gather(view, MATCH), records_of(view, "teams"), records_of(view, "players")
    permitted = permit(asked, rules, facts, teams)
    expected: list[Expected] = [(("policy", "permit", asked, rules, "facts", {"map": teams}), permitted)]
    for now_ms in nows:
        expected.append((("policy", "usualExpiryMs", "facts", now_ms), usual_expiry_ms(facts, now_ms)))
        for begun in (True, False):
            shows = permitted.shows_venue(now_ms, has_begun=begun)
            expected.append((("policy", "showsVenue", permitted, now_ms, begun), shows))
    for event in facts.events:
        player = players.get(event["player_id"] or "")
        call = ("policy", "numberOf", permitted, facts.match, event, player)
        expected.append((call, number_of(permitted, facts.match, event, player)))
    folds.agree(view, MATCH, expected)


TIMES: Final = st.one_of(st.none(), st.integers(0, 200_000))


@given(happened=TIMES, received=st.integers(0, 200_000), full_time=TIMES)
@a_while
def test_what_comes_too_late_to_be_news(
    folds: Folds, happened: int | None, received: int, full_time: int | None
) -> None:
    """A minute after it happened, or after full time."""
    call = ("timeline", "isCorrection", happened, received, full_time)
    folds.agree({}, "none", [(call, is_correction(happened, received, full_time))])


@given(facts=matches().map(lambda view: gather(view, MATCH)), clock_ms=st.integers(0, 10**8))
@a_while
def test_events_are_in_one_order_and_minutes_are_written_alike(folds: Folds, facts: MatchFacts, clock_ms: int) -> None:
    """By period, played time and id; `45+2'`, `ET1 3'`, `pens`."""
    view = {"matches": {MATCH: facts.match}, "events": {each["id"]: each for each in facts.events}}
    expected: dict[int, Any] = {}
    calls: list[Call] = [("clock", "inOrder", facts.events)]
    for period in periods_of(facts):
        expected[len(calls)] = format_minute(facts.match, period.key, clock_ms)
        calls.append(("clock", "formatMinute", facts.match, key_told(period.key), clock_ms))
    answers = folds.ask(view, MATCH, calls)["answers"]
    assert answers[0] == in_order(facts.events)
    assert {place: answers[place] for place in expected} == expected


def test_word_lists_and_defaults_are_the_same(folds: Folds) -> None:
    """What the vocabulary and the catalogue say, the client says."""
    words = ["EVENT_KINDS", "PERIOD_TYPES", "PERIODS_BY_FORMAT", "CALLED_OFF", "SIDES", "AGE_GROUPS", "POSITIONS"]
    words += ["FORMATS", "FORMATION_MAX"]
    told = folds.ask({}, None, [("vocabulary", each) for each in (*words, "SCORING_KINDS")])["answers"]
    assert told[:-1] == [plain(getattr(vocabulary, each)) for each in words]
    assert set(told[-1]) == vocabulary.SCORING_KINDS
    defaults = {
        name: {field: spec.default for field, spec in found.fields.items()}
        for name, found in CATALOGUE.collections.items()
    }
    assert folds.ask({}, None, [("collections", "DEFAULTS")])["answers"] == [defaults]


@pytest.mark.parametrize("now_ms", [None, HALF_TIME_MS, MUCH_LATER_MS])
def test_u15_the_real_match_is_shown_alike(folds: Folds, now_ms: int | None) -> None:
    """2-2, with the timeline of the day."""
    facts = gather(REAL_VIEW, REAL)
    teams, players = records_of(REAL_VIEW, "teams"), records_of(REAL_VIEW, "players")
    naming = {"players": {"map": players}, "is_full": True}
    told: Call = ("report", "report", "facts", {"map": teams}, naming, {"now_ms": MUCH_LATER_MS})
    expected: list[Expected] = [
        (("minutes", "playedMsByPlayer", "facts", now_ms), played_ms_by_player(facts, now_ms)),
        (("stats", "tallies", "facts", now_ms), stats.tallies(facts, now_ms)),
        (told, report(facts, teams, Naming(players, is_full=True), now_ms=MUCH_LATER_MS)),
    ]
    folds.agree(REAL_VIEW, REAL, [*shown(facts, now_ms), *expected])
    (score,) = folds.ask(REAL_VIEW, REAL, [("scoreboard", "scoreOf", "facts")])["answers"]
    assert (score["home"], score["away"]) == (2, 2)
    assert whole(score) == plain(score_of(facts))
