"""Stories of one coach with one phone: a match without signal, lost replies, bad rows, ids, deletes."""

import random

import pytest

from football.collections import CATALOGUE
from football.ids import period_id
from football.minutes import played_ms_by_player
from football.periods import periods_of
from football.recording import Fact, as_view, recorded_id
from football.scoreboard import score_of
from football.status import Status, full_time_ms, status_of
from sync.collections import instant_ms
from sync.device import Held
from sync.messages import encode
from tests.harness import CLUB, DAY_MS, HOUR_MS, MINUTE_MS, NOW_MS, Phone, Site, fold, plain, real_match, uid

TEAM, MATCH, EVENT = uid(1), uid(2), uid(3)
REAL = recorded_id("a", "match")
REQUEST_BYTES_MAX = 50_000
KICK_OFF = "2026-11-22T14:00:00.000Z"


async def test_u1_a_whole_match_without_signal_lands_complete(site: Site) -> None:
    """U1: played offline and synced at home, the match is complete, with its true times, in few requests."""
    facts = real_match()
    site.now_ms = facts[-1].wall_ms + 3 * HOUR_MS
    phone = Phone(site, 1)
    phone.note(facts)
    await phone.push()
    pushes = [each for each in phone.requests if each.kind == "push"]
    assert len(pushes) <= 3
    assert max(each.up for each in pushes) < REQUEST_BYTES_MAX
    assert max(each.down for each in pushes) < REQUEST_BYTES_MAX
    assert set(phone.words().values()) == {"applied"}
    assert await site.view() == {**{name: {} for name in CATALOGUE.collections}, **as_view(facts)}

    match = await site.facts(REAL)
    assert status_of(match) is Status.COMPLETED
    assert str(score_of(match)) == "2-2"
    assert full_time_ms(match) == facts[-1].wall_ms
    halves = [(period.started_ms, period.ended_ms) for period in periods_of(match)]
    edges = [fact for fact in facts if fact.collection == "match_periods"]
    assert [edge for half in halves for edge in half] == [fact.wall_ms for fact in edges]
    walls = {(fact.collection, fact.id): fact.wall_ms for fact in facts if fact.collection == "events"}
    log = await site.log()
    stamped = {(each.collection, each.record): int(each.stamp[:12], 16) for each in log if each.collection == "events"}
    assert stamped == walls
    await phone.pull()
    assert phone.device.overlay() == []


async def test_u1_substitutions_land_whole(site: Site) -> None:
    """U1: a substitution cut by the end of a request waits, and appears with its last part: never half a change."""
    facts = real_match()
    site.now_ms = facts[-1].wall_ms
    coach, watcher = Phone(site, 1), Phone(site, 2)
    coach.note(facts)
    groups: dict[str, list[Fact]] = {}
    for fact in facts:
        if fact.group is not None:
            groups.setdefault(fact.group.id, []).append(fact)
    assert len(groups) == 6
    is_cut = False
    coach.device.begin_sync()
    while (request := coach.device.next_push(sent_at=coach.wall_ms, mutations_max=17)) is not None:
        answer = await coach.send(request)
        assert answer is not None
        coach.device.pushed(request, answer)
        is_cut |= any(each.verdict == "parked" for each in answer.others)
        await watcher.pull()
        held = watcher.device.state.records
        for members in groups.values():
            shown = [_shows(held.get(fact.collection, {}).get(fact.id), fact) for fact in members]
            assert all(shown) or not any(shown)
    assert is_cut, "no request ended inside a substitution"
    assert set((await site.view())["lineup"]) == set(as_view(facts)["lineup"])


def _shows(held: Held | None, fact: Fact) -> bool:
    return held is not None and fact.fields.items() <= held.values.items()


@pytest.mark.parametrize("seed", range(3))
async def test_u2_any_request_may_be_resent_in_any_split(site: Site, seed: int) -> None:
    """U2: with replies lost and the queue cut anew each time, every mutation has one effect, and the same verdict."""
    facts = real_match()[: 60 + 50 * seed]
    site.now_ms = facts[-1].wall_ms
    dice = random.Random(seed)
    phone = Phone(site, 1)
    phone.note(facts)
    phone.put("teams", TEAM, name="")  # rejected, however often it is sent
    phone.put("events", EVENT, match_id=MATCH, kind="goal")  # parked all the while
    for _ in range(6):
        phone.device.begin_sync()
        request = phone.device.next_push(sent_at=phone.wall_ms, mutations_max=dice.randrange(1, 60))
        assert request is not None
        first = await phone.send(request)
        for _again in range(dice.randrange(3)):
            site.now_ms += 1_000
            again = await phone.send(request)
            assert first is not None
            assert again is not None
            assert (again.applied, again.others) == (first.applied, first.others)
    for _ in range(3):
        await phone.push(mutations_max=dice.randrange(5, 90), lost=set(dice.sample(range(6), 3)))
    log = await site.log()
    assert sum(change.collection != "conflicts" for change in log) == len(facts)
    assert len(await site.open_conflicts()) == 1
    n = len(facts) + 1
    assert {word for number, word in phone.words().items() if number < n} == {"applied"}
    assert (phone.words()[n], phone.words()[n + 1]) == ("rejected", "parked")
    await phone.pull()
    assert plain(phone.device.state.records) == plain(fold(log))


async def test_u2_requests_that_arrive_late_and_out_of_order_change_nothing(site: Site) -> None:
    """U2: every push that was ever sent arrives once more, in any order, and log and tables stay as they are."""
    phone = Phone(site, 1)
    phone.note(real_match()[:70])
    phone.device.begin_sync()
    sent = []
    while (request := phone.device.next_push(sent_at=phone.wall_ms, mutations_max=11)) is not None:
        answer = await phone.send(request)
        assert answer is not None
        phone.device.pushed(request, answer)
        sent.append(request)
    before = await site.log_bodies()
    site.now_ms += DAY_MS
    for request in random.Random(5).sample(sent * 2, 2 * len(sent)):
        await site.push(phone.author, encode(request))
    assert await site.log_bodies() == before


async def test_u3_one_bad_row_is_rejected_alone(site: Site) -> None:
    """U3: the reason names code, field and what to do; neighbours land; the content waits in the quarantine."""
    phone = Phone(site, 1)
    phone.put("matches", MATCH, kickoff_ts=KICK_OFF)
    bad = phone.put("players", uid(7), full_name="Ada", squad_number=100)
    unknown = phone.put("events", uid(8), match_id=MATCH, kind="touchdown")
    phone.put("players", uid(9), full_name="Ben", squad_number=99)
    orphan = phone.put("events", uid(10), match_id=uid(404), kind="goal")
    phone.put("events", uid(11), match_id=MATCH, kind="goal")
    await phone.push()
    assert list(phone.words().values()) == ["applied", "rejected", "rejected", "applied", "parked", "applied"]
    told = phone.verdict(bad.n)
    assert (told.code, told.field, told.sentence) == ("out_of_bounds", "squad_number", "This field takes 1 to 99.")
    assert phone.verdict(unknown.n).code == "unknown_choice"
    assert "goal" in (phone.verdict(unknown.n).sentence or "")

    await phone.pull()
    view = phone.view()
    assert uid(7) not in view["players"]
    assert uid(9) in view["players"]
    assert uid(11) in view["events"]
    kept = {each["candidates"][0]["n"]: each for each in phone.conflicts("rejected")}
    assert kept[bad.n]["candidates"][0]["value"]["mutation"]["fields"] == {"full_name": "Ada", "squad_number": 100}
    assert kept[bad.n]["candidates"][0]["problem"]["field"] == "squad_number"

    phone.put("players", uid(7), full_name="Ada", squad_number=10)
    phone.resolve(kept[bad.n], "take")
    await phone.sync()
    assert (await site.view())["players"][uid(7)]["squad_number"] == 10
    assert bad.n not in {each["candidates"][0]["n"] for each in phone.conflicts("rejected")}
    assert phone.verdict(orphan.n).verdict == "parked"


async def test_u3_children_wait_for_their_parent(site: Site) -> None:
    """U3: a helper's goals arrive before the coach's match: parked, still on the helper's screen, applied with it."""
    helper, coach = Phone(site, 1), Phone(site, 2)
    coach.put("matches", MATCH, kickoff_ts=KICK_OFF)
    goal = helper.put("events", EVENT, match_id=MATCH, kind="goal", clock_ms=5 * MINUTE_MS)
    assist = helper.put("event_participants", uid(4), event_id=EVENT, player_id=uid(5), kind="assist")
    await helper.sync()
    assert helper.words() == {goal.n: "parked", assist.n: "parked"}
    assert EVENT in helper.device.shown()["events"]
    site.now_ms += HOUR_MS
    await coach.push()
    view = await site.view()
    assert list(view["events"]) == [EVENT]
    assert list(view["event_participants"]) == [uid(4)]
    stamp = next(change.stamp for change in await site.log() if change.record == EVENT)
    assert int(stamp[:12], 16) == NOW_MS, "waiting has changed what the goal's time is"
    await helper.sync()
    assert helper.words() == {goal.n: "applied", assist.n: "applied"}
    assert helper.view() == view
    assert helper.device.overlay() == []


async def test_u4_ids_are_the_clients(site: Site) -> None:
    """U4: every record of every collection has the id that its device gave it, on the server and on other devices."""
    phone, other = Phone(site, 1), Phone(site, 2)
    facts = real_match()
    site.now_ms = facts[-1].wall_ms
    phone.note(facts)
    phone.put("match_notes", uid(20), match_id=REAL, notes="Windy")
    phone.put("awards", uid(21), category="Player of the season", season_id=recorded_id("a", "season"))
    phone.put("match_awards", uid(22), match_id=REAL, category="Player of the match")
    phone.put("match_pauses", uid(23), period_id=period_id(REAL, "regular", 1), ordinal=1)
    before = phone.view()
    await phone.push()
    await other.pull()
    assert all(before.values()), "a collection is missing from this test"
    assert await site.view() == before == other.view()


@pytest.mark.parametrize("does_edit_first", [True, False])
async def test_u5_a_delete_stays_whatever_old_copy_arrives(site: Site, does_edit_first: bool) -> None:
    """U5: an old phone's edit of a deleted player neither brings the player back nor vanishes: a person is asked."""
    coach, old = Phone(site, 1), Phone(site, 2)
    coach.put("players", uid(7), full_name="Ada", squad_number=7)
    await coach.sync()
    await old.sync()
    edit = old.put("players", uid(7), squad_number=8)
    site.now_ms += HOUR_MS
    coach.delete("players", uid(7))
    for phone in [old, coach] if does_edit_first else [coach, old]:
        site.now_ms += MINUTE_MS
        await phone.push()
    await coach.pull()
    await old.pull()
    for view in (coach.view(), old.view(), await site.view()):
        assert view["players"] == {}
    assert old.words()[edit.n] == ("applied" if does_edit_first else "merged")
    [asked] = coach.conflicts("deleted")
    assert [side["value"] for side in asked["candidates"]] == [{"fields": {"squad_number": 8}}]
    old.put("players", uid(7), full_name="Ada again")
    await old.sync()
    assert (await site.view())["players"] == {}


async def test_u5_an_undelete_is_an_explicit_act(site: Site) -> None:
    """U5: the op `restore` brings a record back with all that was written to it, also meanwhile."""
    coach, other = Phone(site, 1), Phone(site, 2)
    coach.put("players", uid(7), full_name="Ada", squad_number=7)
    coach.delete("players", uid(7))
    await coach.sync()
    await other.sync()
    other.put("players", uid(7), notes="Moved away")
    await other.sync()
    await coach.sync()
    assert (await site.view())["players"] == {}
    coach.restore("players", uid(7))
    await coach.sync()
    await other.sync()
    expected = {uid(7): {"full_name": "Ada", "squad_number": 7, "notes": "Moved away"}}
    assert coach.view()["players"] == other.view()["players"] == (await site.view())["players"] == expected


async def test_u5_an_answered_conflict_undeletes_too(site: Site) -> None:
    """U5: choosing the edit in the prompt is such an act, and works without signal."""
    coach, old = Phone(site, 1), Phone(site, 2)
    coach.put("players", uid(7), full_name="Ada")
    await coach.sync()
    await old.sync()
    coach.delete("players", uid(7))
    await coach.sync()
    old.put("players", uid(7), full_name="Ada B")
    await old.sync()
    await coach.sync()
    [asked] = coach.conflicts("deleted")
    coach.resolve(asked, "set", value=False)
    assert coach.view()["players"] == {uid(7): {"full_name": "Ada B"}}
    await coach.sync()
    await old.sync()
    assert old.view()["players"] == (await site.view())["players"] == {uid(7): {"full_name": "Ada B"}}
    assert await site.open_conflicts() == []


async def test_the_real_match_is_one_that_minutes_can_be_told_of(site: Site) -> None:
    """What these stories rest on: the real match has two halves, stints and times that the folds understand."""
    facts = real_match()
    site.now_ms = facts[-1].wall_ms
    phone = Phone(site, 1)
    phone.note(facts)
    await phone.sync()
    played = played_ms_by_player(phone.facts(REAL))
    assert len(played) == 28
    assert instant_ms(phone.facts(REAL).match["kickoff_ts"]) == NOW_MS
    assert (await site.store.head(CLUB)).cursor.version == len(facts)
