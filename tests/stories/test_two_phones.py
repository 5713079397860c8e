"""Stories of a coach and a helper: one match on two phones, pressed twice, caught up late, lost and replaced."""

import pytest

from football.ids import pause_id, period_id
from football.minutes import played_ms_by_player
from football.periods import periods_of
from football.recording import Fact, as_view, recorded_id
from football.scoreboard import score_of
from football.status import Status, status_of
from sync.collections import format_instant
from tests.harness import DAY_MS, HOUR_MS, MINUTE_MS, NOW_MS, Phone, Site, fold, plain, real_match, settle, uid

MATCH, TEAM, OTHER_TEAM = uid(2), uid(3), uid(4)
REAL = recorded_id("a", "match")
HALF = period_id(MATCH, "regular", 1)
PAUSE = pause_id(HALF, 1)


def before_kick_off(facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
    """Return what is set up at home, where there is signal: squads, match, starting elevens."""
    return tuple(fact for fact in facts if fact.wall_ms < NOW_MS)


async def two_phones_at(site: Site) -> tuple[Phone, Phone]:
    """Return a coach and a helper who both have a match of two teams, half an hour before it."""
    coach, helper = Phone(site, 1), Phone(site, 2)
    coach.put("teams", TEAM, name="Reds")
    coach.put("teams", OTHER_TEAM, name="Blues")
    coach.put(
        "matches",
        MATCH,
        kickoff_ts=format_instant(NOW_MS + 30 * MINUTE_MS),
        home_team_id=TEAM,
        away_team_id=OTHER_TEAM,
        duration_mins=50,
        period_format="half",
    )
    await settle([coach, helper], rounds=1)
    site.now_ms += 30 * MINUTE_MS
    return coach, helper


async def test_u6_two_phones_offline_end_with_the_union(site: Site) -> None:
    """U6: each logs its part of one match offline; both end with all events, and nobody is asked without need."""
    facts = real_match()
    coach, helper = Phone(site, 1), Phone(site, 2)
    coach.note(before_kick_off(facts))
    await settle([coach, helper], rounds=1)
    play = facts[len(before_kick_off(facts)) :]
    mine = [
        fact for n, fact in enumerate(play) if fact.collection == "match_periods" or fact.group is not None or n % 2
    ]
    coach.note(mine)
    helper.note([fact for fact in play if fact not in mine])
    site.now_ms = facts[-1].wall_ms + 30 * MINUTE_MS
    await settle([coach, helper])
    assert coach.view() == helper.view() == await site.view()
    assert {name: found for name, found in coach.view().items() if found} == as_view(facts)
    assert str(score_of(coach.facts(REAL))) == "2-2"
    assert status_of(coach.facts(REAL)) is Status.COMPLETED
    assert coach.conflicts() == helper.conflicts() == []


async def test_u6_no_edit_is_lost_where_both_changed_one_event(site: Site) -> None:
    """U6: different fields both stand; of one field the later stands, and the other is in the prompt."""
    coach, helper = await two_phones_at(site)
    coach.put("events", uid(9), match_id=MATCH, kind="goal", team_id=TEAM, clock_ms=60_000)
    await settle([coach, helper], rounds=1)
    edit = coach.put("events", uid(9), player_id=uid(70), notes="Header")
    site.now_ms += MINUTE_MS
    helper.put("events", uid(9), player_id=uid(80), x=50, y=90)
    site.now_ms += MINUTE_MS
    await settle([helper, coach])
    event = (await site.view())["events"][uid(9)]
    assert (event["player_id"], event["notes"], event["x"], event["y"]) == (uid(80), "Header", 50.0, 90.0)
    assert coach.view() == helper.view() == await site.view()
    [asked] = coach.conflicts()
    assert (asked["kind"], asked["field"], asked["stands"]["value"]) == ("field", "player_id", uid(80))
    assert [(side["value"], side["device_id"]) for side in asked["candidates"]] == [(uid(70), coach.id)]
    assert (coach.verdict(edit.n).verdict, coach.verdict(edit.n).conflicts) == ("merged", (asked["id"],))


async def test_u6_the_same_goal_twice_is_flagged_and_not_merged(site: Site) -> None:
    """U6: both goals count until a person chooses; the choice removes one, and the prompt closes everywhere."""
    coach, helper = await two_phones_at(site)
    goal = {"match_id": MATCH, "kind": "goal", "team_id": TEAM, "period_number": 1}
    coach.put("events", uid(9), **goal, clock_ms=12 * MINUTE_MS, player_id=uid(70))
    helper.put("events", uid(8), **goal, clock_ms=12 * MINUTE_MS + 20_000)
    site.now_ms += HOUR_MS
    await settle([coach, helper])
    assert str(score_of(await site.facts(MATCH))) == "2-0"
    [asked] = helper.conflicts("duplicate")
    assert helper.conflicts() == coach.conflicts() == [asked]
    assert {asked["record"], asked["other"]} == {uid(8), uid(9)}
    helper.resolve(asked, "take", uid(8))
    assert str(score_of(helper.facts(MATCH))) == "1-0"
    await settle([helper, coach])
    assert str(score_of(coach.facts(MATCH))) == "1-0"
    assert coach.conflicts() == helper.conflicts() == []
    assert list((await site.view())["events"]) == [uid(9)]


async def test_u6_two_goals_are_not_flagged(site: Site) -> None:
    """U6: goals of the two teams, and two of one team minutes apart, are no look-alikes."""
    coach, helper = await two_phones_at(site)
    goal = {"match_id": MATCH, "kind": "goal", "period_number": 1}
    coach.put("events", uid(7), **goal, team_id=TEAM, clock_ms=12 * MINUTE_MS)
    helper.put("events", uid(8), **goal, team_id=OTHER_TEAM, clock_ms=12 * MINUTE_MS + 20_000)
    helper.put("events", uid(9), **goal, team_id=TEAM, clock_ms=15 * MINUTE_MS)
    await settle([coach, helper])
    assert str(score_of(coach.facts(MATCH))) == "2-1"
    assert coach.conflicts() == []


def press(phone: Phone, field: str, collection: str = "match_periods") -> str:
    """Press a button that sets a time of the half, or of its first pause; return the time."""
    at = format_instant(phone.wall_ms)
    if collection == "match_periods":
        phone.put("match_periods", HALF, match_id=MATCH, type="regular", number=1, **{field: at})
    else:
        phone.put("match_pauses", PAUSE, period_id=HALF, ordinal=1, **{field: at})
    return at


@pytest.mark.parametrize("is_coach_first", [True, False])
async def test_u7_both_press_and_one_period_comes_of_it(site: Site, is_coach_first: bool) -> None:
    """U7: start, pause, resume and end pressed on both phones: one period, one pause, the losing times in conflicts."""
    coach, helper = await two_phones_at(site)
    started_ms = site.now_ms
    presses = [("started_at", "match_periods", 0), ("started_at", "match_pauses", 10), ("ended_at", "match_pauses", 12)]
    pressed: dict[tuple[str, str], tuple[str, str]] = {}
    for field, collection, minute in [*presses, ("ended_at", "match_periods", 27)]:
        site.now_ms = started_ms + minute * MINUTE_MS
        by_coach = press(coach, field, collection)
        site.now_ms += 1_500
        pressed[collection, field] = by_coach, press(helper, field, collection)
    site.now_ms += HOUR_MS
    await settle([coach, helper] if is_coach_first else [helper, coach])

    for facts in (coach.facts(MATCH), helper.facts(MATCH), await site.facts(MATCH)):
        [period] = periods_of(facts)
        assert period.id == HALF
        assert (period.started_ms, period.ended_ms) == (started_ms + 1_500, started_ms + 27 * MINUTE_MS + 1_500)
        assert period.played_ms == 25 * MINUTE_MS
        assert len(period.pauses) == 1
        assert status_of(facts) is Status.HALF_TIME
    asked = {(each["collection"], each["field"]): each for each in coach.conflicts()}
    assert asked.keys() == pressed.keys()
    assert helper.conflicts() == coach.conflicts()
    for place, (losing, standing) in pressed.items():
        assert asked[place]["stands"]["value"] == standing
        assert [side["value"] for side in asked[place]["candidates"]] == [losing]

    end = asked["match_periods", "ended_at"]
    coach.resolve(end, "take", end["candidates"][0]["value"])
    await settle([coach, helper])
    [period] = periods_of(helper.facts(MATCH))
    assert period.ended_ms == started_ms + 27 * MINUTE_MS
    assert len(helper.conflicts()) == 3


async def test_u8_catching_up_costs_what_has_changed(site: Site) -> None:
    """U8: a second device that has the season pays for the changes since, not for the season; deletions reach it."""
    coach, helper = Phone(site, 1), Phone(site, 2)
    for n in range(3):
        coach.note(real_match(seed=f"match {n}", kickoff_ms=NOW_MS - (9 - 3 * n) * DAY_MS))
    await coach.sync()
    await helper.pull()
    whole = sum(request.down for request in helper.requests)
    assert whole > 200_000
    costs: list[int] = []
    gone = min(coach.view()["players"])
    for count in (0, 1, 10, 100):
        for n in range(count):
            coach.put("events", uid(0x1000 * count + n), match_id=recorded_id("match 0", "match"), kind="save")
        await coach.sync()
        helper.requests.clear()
        await helper.pull()
        costs.append(sum(request.up + request.down for request in helper.requests))
    per_change = (costs[3] - costs[0]) / 100
    assert costs[0] < 600
    assert per_change < 450
    assert costs[1] == pytest.approx(costs[0] + per_change, rel=0.1)
    assert costs[2] == pytest.approx(costs[0] + 10 * per_change, rel=0.1)

    coach.delete("players", gone)
    coach.delete("events", uid(0x1000))
    await coach.sync()
    helper.requests.clear()
    await helper.pull()
    assert sum(request.down for request in helper.requests) < costs[0] + 2 * per_change
    assert gone not in helper.view()["players"]
    assert uid(0x1000) not in helper.view()["events"]
    assert helper.view() == await site.view()


async def test_u20_events_of_a_player_who_was_deleted_or_moved_are_accepted(site: Site) -> None:
    """U20: a goal of a player deleted or moved meanwhile, or never heard of, is applied, and counts."""
    coach, helper = await two_phones_at(site)
    for n in (70, 71):
        coach.put("players", uid(n), full_name=f"Player {n}", current_team=TEAM)
    await settle([coach, helper], rounds=1)
    goals = [
        helper.put(
            "events", uid(0x90 + n), match_id=MATCH, kind="goal", team_id=TEAM, player_id=uid(n), clock_ms=n * MINUTE_MS
        )
        for n in (70, 71, 72)
    ]
    stint = helper.put("lineup", uid(0x99), match_id=MATCH, player_id=uid(70), team_id=TEAM, start_period=1)
    coach.delete("players", uid(70))
    coach.put("players", uid(71), current_team=OTHER_TEAM)
    coach.delete("teams", OTHER_TEAM)
    await coach.sync()
    await helper.sync()
    assert [helper.words()[each.n] for each in (*goals, stint)] == ["applied"] * 4
    await coach.sync()
    assert str(score_of(coach.facts(MATCH))) == "3-0"
    assert uid(70) in played_ms_by_player(coach.facts(MATCH))
    assert coach.view() == helper.view() == await site.view()
    assert coach.conflicts() == []


async def test_u20_events_of_a_match_that_was_deleted_ask_whether_it_should_stay_so(site: Site) -> None:
    """U20: a child in flight when its match was deleted is kept, and the match's delete becomes a question."""
    coach, helper = await two_phones_at(site)
    goal = helper.put("events", uid(0x90), match_id=MATCH, kind="goal", team_id=TEAM)
    coach.delete("matches", MATCH)
    await coach.sync()
    await helper.sync()
    await coach.sync()
    assert helper.words()[goal.n] == "merged"
    [asked] = coach.conflicts("deleted")
    assert (asked["collection"], asked["record"]) == ("matches", MATCH)
    assert asked["candidates"][0]["value"] == {"collection": "events", "record": uid(0x90)}
    coach.resolve(asked, "set", value=False)
    await settle([coach, helper])
    assert str(score_of(helper.facts(MATCH))) == "1-0"


async def test_u24_another_phone_takes_over_from_a_lost_one(site: Site) -> None:
    """U24: the new phone goes on with the match; what the lost one still held arrives days later and merges."""
    facts = real_match()
    home = before_kick_off(facts)
    lost, new = Phone(site, 1), Phone(site, 2)
    play = facts[len(home) :]
    lost.note(home)
    lost.note(play[:60])
    await lost.sync()
    lost.note(play[60:90])
    lost.put("matches", REAL, venue="Camp Nou")

    await new.pull()
    new.note(play[90:])
    new.put("matches", REAL, venue="Stadium")
    site.now_ms = facts[-1].wall_ms
    await new.sync()
    assert len((await site.view())["events"]) < len(as_view(facts)["events"])

    site.now_ms += 9 * DAY_MS
    found = lost.copy()
    await settle([found, new])
    assert {name: kept for name, kept in new.view().items() if kept}.keys() == as_view(facts).keys()
    expected = as_view(facts)
    for name in ("events", "match_periods", "lineup", "event_participants"):
        assert new.view()[name] == expected[name]
    assert str(score_of(new.facts(REAL))) == "2-2"
    assert found.view() == new.view() == await site.view()
    [asked] = new.conflicts()
    assert (asked["field"], {asked["stands"]["value"], asked["candidates"][0]["value"]}) == (
        "venue",
        {"Camp Nou", "Stadium"},
    )
    assert plain(fold(await site.log())) == plain(new.device.state.records)


async def test_u24_two_phones_from_one_backup_are_told_apart(site: Site) -> None:
    """U24: a backup of the lost phone on a new one, and then the lost one turns up: both keep all they wrote."""
    lost = Phone(site, 1)
    lost.put("matches", MATCH, kickoff_ts=format_instant(NOW_MS))
    await lost.sync()
    lost.put("events", uid(0x70), match_id=MATCH, kind="goal")
    copied = lost.copy()
    copied.put("events", uid(0x71), match_id=MATCH, kind="save")
    lost.put("events", uid(0x72), match_id=MATCH, kind="foul")
    lost.put("events", uid(0x73), match_id=MATCH, kind="corner")
    await copied.sync()
    site.now_ms += HOUR_MS
    await lost.sync()
    await copied.sync()
    assert set((await site.view())["events"]) == {uid(n) for n in (0x70, 0x71, 0x72, 0x73)}
    assert lost.view() == copied.view() == await site.view()
    assert lost.id != copied.id
    assert len(await site.log()) == 5
