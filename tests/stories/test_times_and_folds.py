"""Stories of time: late syncs, wrong clocks, and the folds that must not care who came first."""

import itertools
import random

import pytest

from football.clock import in_order
from football.ids import period_id
from football.minutes import played_ms_by_player
from football.periods import periods_of
from football.recording import Fact, recorded_id
from football.scoreboard import score_of
from football.status import Status, full_time_ms, status_of
from football.timeline import is_correction, timeline_of
from sync.collections import format_instant, instant_ms
from sync.stamps import wall_of
from tests.harness import CLUB, DAY_MS, HOUR_MS, MINUTE_MS, NOW_MS, Phone, Site, real_match, settle, uid

MATCH, TEAM, OTHER_TEAM = uid(2), uid(3), uid(4)
REAL = recorded_id("a", "match")
YEAR_MS = 365 * DAY_MS
SKEWS = [3 * MINUTE_MS, -7 * MINUTE_MS, 5 * HOUR_MS, -5 * HOUR_MS, YEAR_MS, -YEAR_MS, -(50 * YEAR_MS)]


async def test_u13_a_late_sync_is_told_from_news(site: Site) -> None:
    """U13: a goal that comes after full time moves the score, and its times show that it is a correction."""
    facts = real_match()
    coach, helper = Phone(site, 1), Phone(site, 2)
    goals = [fact for fact in facts if fact.fields.get("kind") == "goal"]
    coach.note([fact for fact in facts if fact.id != goals[-1].id and fact.fields.get("event_id") != goals[-1].id])
    site.now_ms = facts[-1].wall_ms
    await settle([coach, helper], rounds=1)
    ended_ms = full_time_ms(await site.facts(REAL))
    assert ended_ms == facts[-1].wall_ms
    assert str(score_of(await site.facts(REAL))) == "1-2"
    head = (await site.log())[-1].version

    helper.note([goals[-1]])
    site.now_ms += 2 * HOUR_MS
    await helper.push()
    assert str(score_of(await site.facts(REAL))) == "2-2"
    [change] = [each for each in await site.log() if each.version > head]
    assert change.record == goals[-1].id
    assert wall_of(change.stamp) == goals[-1].wall_ms
    assert site.now_ms - wall_of(change.stamp) > 60_000
    match = await site.facts(REAL)
    [entry] = [each for each in timeline_of(match) if each.id == goals[-1].id]
    assert is_correction(entry.happened_ms, site.now_ms, full_time_ms(match))
    assert status_of(match) is Status.COMPLETED


async def test_u13_a_goal_that_comes_at_once_is_news(site: Site) -> None:
    """U13: the same goal, synced as it fell, is no correction."""
    facts = real_match()
    goal = next(fact for fact in facts if fact.fields.get("kind") == "goal")
    phone = Phone(site, 1)
    phone.note([fact for fact in facts if fact.wall_ms <= goal.wall_ms])
    site.now_ms = goal.wall_ms + 2_000
    await phone.push()
    match = await site.facts(REAL)
    [entry] = [each for each in timeline_of(match) if each.id == goal.id]
    assert full_time_ms(match) is None
    assert not is_correction(entry.happened_ms, site.now_ms, full_time_ms(match))


@pytest.mark.parametrize("skew_ms", SKEWS)
async def test_u14_a_wrong_clock_keeps_order_and_durations(site: Site, skew_ms: int) -> None:
    """U14: periods land at their true times with their exact lengths, events in order."""
    facts = real_match()
    phone = Phone(site, 1, skew_ms=skew_ms)
    phone.note(_as_read_off(fact, skew_ms) for fact in facts)
    site.now_ms = facts[-1].wall_ms + 20 * MINUTE_MS
    await phone.sync()
    assert set(phone.words().values()) == {"applied"}
    match = await site.facts(REAL)
    true = real_periods(facts)
    assert [(each.started_ms, each.ended_ms) for each in periods_of(match)] == true
    assert [each.played_ms for each in periods_of(match)] == [end - start for start, end in true]
    assert instant_ms(match.match["kickoff_ts"]) == NOW_MS + skew_ms, "a calendar's time was read off a calendar"
    expected = [fact.id for fact in facts if fact.collection == "events"]
    assert [event["id"] for event in in_order(match.events)] == in_order_of(facts)
    assert sorted(expected) == sorted(event["id"] for event in match.events)
    assert str(score_of(match)) == "2-2"
    assert full_time_ms(match) == facts[-1].wall_ms
    stamps = [change.stamp for change in await site.log() if change.collection == "events"]
    assert max(wall_of(stamp) for stamp in stamps) <= site.now_ms
    assert {wall_of(stamp) for stamp in stamps} == {fact.wall_ms for fact in facts if fact.collection == "events"}


def _as_read_off(fact: Fact, skew_ms: int) -> Fact:
    """Return a fact whose instants were read off a clock that is wrong; `Phone.note` shifts the wall."""
    fields = {
        name: format_instant(instant_ms(value) + skew_ms) if name.endswith(("_at", "_ts")) else value
        for name, value in fact.fields.items()
    }
    return Fact(fact.collection, fact.id, fields, fact.wall_ms, fact.group)


def real_periods(facts: tuple[Fact, ...]) -> list[tuple[int, int]]:
    """Return start and end of each half, as they truly were."""
    edges = [fact.wall_ms for fact in facts if fact.collection == "match_periods"]
    return list(zip(edges[::2], edges[1::2], strict=True))


def in_order_of(facts: tuple[Fact, ...]) -> list[str]:
    """Return the ids of the events by half and clock."""
    events = [fact for fact in facts if fact.collection == "events"]
    return [
        each.id
        for each in sorted(events, key=lambda each: (each.fields["period_number"], each.fields["clock_ms"], each.id))
    ]


@pytest.mark.parametrize("skew_ms", SKEWS)
async def test_u14_a_wrong_clock_wins_no_argument_for_ever(site: Site, skew_ms: int) -> None:
    """U14: of two edits the truly later one stands, whichever phone has the wrong clock; and a later one can follow."""
    wrong, right = Phone(site, 1, skew_ms=skew_ms), Phone(site, 2)
    right.put("teams", TEAM, name="Start")
    await settle([right, wrong])
    for first, second in [(wrong, right), (right, wrong)]:
        first.put("teams", TEAM, name=f"first by {first.number}")
        site.now_ms += 10 * MINUTE_MS
        second.put("teams", TEAM, name=f"second by {second.number}")
        site.now_ms += 10 * MINUTE_MS
        await settle([second, first])
        assert (await site.view())["teams"][TEAM]["name"] == f"second by {second.number}"
        assert wrong.view() == right.view()
        [asked] = right.conflicts()
        assert [side["value"] for side in asked["candidates"]] == [f"first by {first.number}"]
        right.resolve(asked, "keep", asked["stands"]["value"])
        await settle([right, wrong])
        assert right.conflicts() == []


async def test_u14_the_skew_is_kept_and_shown(site: Site) -> None:
    """U14: the server knows the device's offset, and tells the correction in its answer."""
    phone = Phone(site, 1, skew_ms=-2 * HOUR_MS)
    phone.put("teams", TEAM, name="Reds")
    [answer] = await phone.push()
    assert answer.correction == 2 * HOUR_MS
    [device] = await site.store.devices(CLUB)
    assert device.offsets == (2 * HOUR_MS,)


@pytest.mark.parametrize("seed", range(3))
async def test_u15_the_score_is_the_fold_in_any_order(site: Site, seed: int) -> None:
    """U15: goals by three phones, pushed in any order, edited and deleted: the score is that of the facts."""
    dice = random.Random(seed)
    facts = real_match()
    coach = Phone(site, 1)
    coach.note([fact for fact in facts if fact.wall_ms < NOW_MS or fact.collection == "match_periods"])
    site.now_ms = facts[-1].wall_ms
    await coach.sync()
    phones = [Phone(site, number) for number in (2, 3, 4)]
    events = [fact for fact in facts if fact.collection == "events" and fact.group is None]
    dice.shuffle(events)
    for fact, phone in zip(events, itertools.cycle(phones), strict=False):
        phone.note([fact])
    for phone in dice.sample(phones, 3):
        await phone.push(mutations_max=dice.randrange(3, 40))
    await settle(phones)
    assert str(score_of(await site.facts(REAL))) == "2-2"
    goals = [fact for fact in facts if fact.fields.get("kind") == "goal"]
    site.now_ms += HOUR_MS
    phones[0].delete("events", goals[0].id)
    phones[1].put("events", goals[1].id, kind="own_goal")
    phones[2].put("events", goals[2].id, kind="shot_on_target")
    scores: set[str] = set()
    for phone in dice.sample(phones, 3):
        await phone.push()
        scores.add(str(score_of(await site.facts(REAL))))
    assert len(scores) > 1
    await settle([coach, *phones])
    for each in (await site.facts(REAL), *(phone.facts(REAL) for phone in phones), coach.facts(REAL)):
        assert str(score_of(each)) == "2-0"
        assert str(timeline_of(each)[-1].score) == "2-0"
    phones[1].restore("events", goals[0].id)
    await settle(phones)
    assert str(score_of(phones[2].facts(REAL))) == "3-0"


async def test_u16_minutes_follow_late_edits_whoever_made_them(site: Site) -> None:
    """U16: substitutions by one phone, the halves by another, an end corrected later: minutes follow the facts."""
    facts = real_match()
    coach, helper = Phone(site, 1), Phone(site, 2)
    is_setup = [fact.wall_ms < NOW_MS for fact in facts]
    coach.note([fact for fact, is_early in zip(facts, is_setup, strict=True) if is_early])
    site.now_ms = NOW_MS
    await settle([coach, helper], rounds=1)
    coach.note([fact for fact in facts if fact.collection == "match_periods"])
    helper.note([fact for fact in facts if fact.group is not None])
    site.now_ms = facts[-1].wall_ms + HOUR_MS
    await settle([helper, coach])

    match = await site.facts(REAL)
    (first_start, first_end), (second_start, second_end) = real_periods(facts)
    whole = (first_end - first_start) + (second_end - second_start)
    played = played_ms_by_player(match)
    stints = {
        fact.fields["player_id"]: fact for fact in facts if fact.collection == "lineup" and "player_id" in fact.fields
    }
    closed = {fact.id: fact for fact in facts if fact.collection == "lineup" and "end_min" in fact.fields}
    for player_id, fact in stints.items():
        start = fact.fields["start_min"] * MINUTE_MS + (first_end - first_start) * (fact.fields["start_period"] - 1)
        end = whole
        if fact.id in closed:
            edge = closed[fact.id].fields
            end = edge["end_min"] * MINUTE_MS + (first_end - first_start) * (edge["end_period"] - 1)
        assert played[player_id] == pytest.approx(end - start, abs=2)
    assert sum(ms == whole for ms in played.values()) == 22 - len(closed)

    half = period_id(REAL, "regular", 2)
    helper.put("match_periods", half, ended_at=format_instant(second_end + 2 * MINUTE_MS))
    await settle([helper, coach])
    longer = played_ms_by_player(coach.facts(REAL))
    off = {fact.fields["player_id"] for fact in stints.values() if fact.id in closed}
    assert longer == {player: ms + (0 if player in off else 2 * MINUTE_MS) for player, ms in played.items()}
    assert coach.conflicts() == []
