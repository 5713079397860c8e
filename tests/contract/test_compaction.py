"""Compaction on each store: what goes, what stays known for ever, and that it may be cut off at any step."""

from contextlib import aclosing

import msgspec
import pytest

from sync.errors import CursorExpired, DeviceForked
from sync.messages import Group, PullQuery, PushRequest, encode
from sync.ports import Compacted
from sync.records import Change
from tests.harness import CLUB, DAY_MS, HOUR_MS, NOW_MS, Phone, Site, plain, settle, uid
from tests.stores import Stand

KEPT_MS = 180 * DAY_MS
MATCH = uid(0x3A7C)


@pytest.fixture
async def site(stand: Stand) -> Site:
    """Give an engine for one club."""
    return await Site(stand).open()


async def compact(site: Site, *, rows_max: int = 2_000, steps_max: int = 1_000) -> list[Compacted]:
    """Compact what is older than 180 days, as far as so many steps go; return what went in each that took something."""
    steps: list[Compacted] = []
    async with site.stand.compactor() as compactor:
        told = compactor.compact(CLUB, before_ms=site.now_ms - KEPT_MS, rows_max=rows_max)
        async with aclosing(told):
            async for step in told:
                steps += [step] if any(step) else []
                if len(steps) == steps_max:
                    break
    return steps


def taken(steps: list[Compacted]) -> tuple[int, int]:
    """Return the changes and the outcomes that went."""
    return sum(each.changes for each in steps), sum(each.outcomes for each in steps)


async def pushed(phone: Phone, count: int) -> None:
    """Let a phone push some teams, in one transaction."""
    for _ in range(count):
        number = phone.device.state.next_n
        phone.put("teams", uid(0x7EA000 + number + 0x1000 * phone.number), name=f"Team {phone.number}.{number}")
    await phone.push()


async def request_of(phone: Phone) -> PushRequest:
    """Return the next push of a phone, which nobody sends."""
    phone.device.begin_sync()
    request = phone.device.next_push(sent_at=phone.wall_ms)
    assert request is not None
    return request


def ends(log: list[Change]) -> list[int]:
    """Return the versions at which transactions end."""
    return [change.version for change in log if not change.more]


# -- the log -----------------------------------------------------------------------------------------------------------


async def test_the_kept_log_begins_where_a_transaction_begins(site: Site) -> None:
    """What is older than 180 days goes, whole transactions only; the counter says from where the log is kept."""
    phone = Phone(site, 1)
    await pushed(phone, 3)
    site.now_ms += DAY_MS
    await pushed(phone, 4)
    site.now_ms += 100 * DAY_MS
    await pushed(phone, 5)
    site.now_ms += 80 * DAY_MS - 1
    assert taken(await compact(site)) == (3, 1)
    assert (await site.store.head(CLUB)).oldest == 4
    site.now_ms += DAY_MS
    assert taken(await compact(site)) == (4, 4)
    log = await site.log()
    assert [change.version for change in log] == [8, 9, 10, 11, 12]
    assert ends(log) == [12]
    assert (await site.store.head(CLUB)).oldest == 8
    assert await compact(site) == []


async def test_the_last_transaction_stays_however_old(site: Site) -> None:
    """A club that slept for years goes on from its head: the phone that was there needs no snapshot."""
    phone = Phone(site, 1)
    await pushed(phone, 3)
    await pushed(phone, 2)
    await phone.sync()
    site.now_ms += 10 * KEPT_MS
    assert taken(await compact(site)) == (3, 3)
    assert [change.version for change in await site.log()] == [4, 5]
    assert str(phone.device.cursor) == (await site.engine.timestamp(CLUB)).timestamp
    phone.put("teams", uid(9), name="Reds")
    await phone.sync()
    assert [each.kind for each in phone.requests[-2:]] == ["push", "pull"]
    assert phone.view() == await site.view()


async def test_a_fresh_device_takes_a_snapshot_with_every_tombstone(site: Site) -> None:
    """The fact of a deletion is in the tables: whoever begins after it hears of it."""
    coach, fresh = Phone(site, 1), Phone(site, 2)
    coach.put("teams", uid(9), name="Reds")
    await coach.sync()
    coach.delete("teams", uid(9))
    coach.delete("players", uid(10))
    await pushed(coach, 2)
    site.now_ms += KEPT_MS + 1
    await pushed(coach, 1)
    await compact(site)
    with pytest.raises(CursorExpired):
        await site.pull(encode(PullQuery(str(fresh.device.cursor))))
    await fresh.sync()
    assert plain(fresh.device.state.records) == plain(await site.tables())
    assert fresh.device.state.records["teams"][uid(9)].deleted
    assert fresh.device.state.records["players"][uid(10)].deleted


async def test_half_a_year_offline(site: Site) -> None:
    """410, a snapshot, and what was queued all that time lands; who wrote meanwhile is asked, and nothing is lost."""
    coach, lost = Phone(site, 1), Phone(site, 2)
    coach.put("teams", uid(9), name="Reds")
    coach.put("teams", uid(8), name="Greens")
    await settle([coach, lost], rounds=1)
    lost.put("teams", uid(9), name="Blues")
    lost.put("teams", uid(7), name="Whites")
    site.now_ms += HOUR_MS
    coach.put("teams", uid(9), name="Crimsons")
    await coach.sync()
    site.now_ms += KEPT_MS
    await pushed(coach, 1)
    await compact(site)
    await lost.pull()
    assert "snapshot" in [each.kind for each in lost.requests]
    await settle([lost, coach])
    assert lost.view() == coach.view() == await site.view()
    assert lost.view()["teams"][uid(7)]["name"] == "Whites"
    [asked] = coach.conflicts("field")
    assert {asked["stands"]["value"], *(each["value"] for each in asked["candidates"])} == {"Blues", "Crimsons"}


# -- what was settled --------------------------------------------------------------------------------------------------


async def test_an_old_settled_n_is_a_fork(site: Site) -> None:
    """Its content is known no more: it is held, and nothing is applied; the ends of a run are still repeats."""
    phone = Phone(site, 1)
    for _ in range(5):
        phone.put("teams", uid(0x900 + phone.device.state.next_n), name=f"Team {phone.device.state.next_n}")
    request = await request_of(phone)
    assert await phone.send(request) is not None
    site.now_ms += KEPT_MS + 1
    assert taken(await compact(site)) == (0, 3)
    before = await site.log_bodies()
    with pytest.raises(DeviceForked) as forked:
        await site.push(phone.author, encode(request))
    assert forked.value.held == [1, 5]
    assert await site.log_bodies() == before
    ends_of = PushRequest(request.device_id, request.sent_at, [request.mutations[0], request.mutations[4]])
    await site.push(phone.author, encode(ends_of))
    assert await site.log_bodies() == before


async def test_a_late_n_that_never_came_is_taken(site: Site) -> None:
    """An exception: it was in a push that was lost. Its stamp lies between those of its neighbours."""
    phone = Phone(site, 1)
    for number in range(1, 10):
        phone.put("teams", uid(0x900 + number), name=f"Team {number}")
        site.now_ms += 1_000
    request = await request_of(phone)
    parts = [request.mutations[:4], request.mutations[4:5], request.mutations[5:]]
    early, late, later = (PushRequest(request.device_id, phone.wall_ms, part) for part in parts)
    assert await phone.send(early)
    assert await phone.send(later)
    site.now_ms += KEPT_MS + 1
    assert taken(await compact(site)) == (4, 4)
    answer = await phone.send(late)
    assert answer is not None
    assert [(run.from_n, run.to_n) for run in answer.applied] == [(5, 5)]
    stamps = {
        int(each.fields["name"].split()[1]): each.stamp for each in await site.log() if each.collection == "teams"
    }
    assert stamps[5] <= stamps[6]  # one stamp may be that of both: `n` decides
    assert (await site.tables())["teams"][uid(0x904)].stamp < stamps[5]
    site.now_ms += KEPT_MS + 1
    assert taken(await compact(site))[1] == 3
    with pytest.raises(DeviceForked):
        await phone.site.push(phone.author, encode(late))


async def test_later_stamps_stay_above_what_was_folded(site: Site) -> None:
    """A phone whose clock went back half a year writes over its own: its later edit still wins."""
    phone = Phone(site, 1)
    for name in ("Reds", "Blues", "Greens", "Whites"):
        phone.put("teams", uid(9), name=name)
    await phone.sync()
    site.now_ms += KEPT_MS + 1
    assert taken(await compact(site))[1] == 2
    stamp = phone.device.state.records["teams"][uid(9)].stamp
    told = PushRequest(phone.id, site.now_ms, [encode_edit(5, "Blacks")])
    await site.push(phone.author, encode(told))
    held = (await site.tables())["teams"][uid(9)]
    assert held.values["name"] == "Blacks"
    assert held.stamp > stamp


def encode_edit(n: int, name: str) -> msgspec.Raw:
    """Return an edit of the team by a client that had seen nothing, and whose clock shows 1970."""
    made = {"n": n, "collection": "teams", "record": uid(9), "op": "put", "wall": 0, "fields": {"name": name}}
    return msgspec.Raw(encode(made))


async def test_what_is_parked_never_folds(site: Site) -> None:
    """It waits as long as it takes, is answered as parked again, and is applied when its parent comes."""
    phone, coach = Phone(site, 1), Phone(site, 2)
    await pushed(phone, 3)
    phone.put("events", uid(50), match_id=MATCH, kind="goal")
    await pushed(phone, 3)
    site.now_ms += KEPT_MS + 1
    assert taken(await compact(site))[1] == 2
    await phone.sync()
    assert phone.device.waiting_count == 1
    coach.put("matches", MATCH, kickoff_ts="2026-09-20T10:00:00.000Z")
    await settle([coach, phone])
    assert phone.device.waiting_count == 0
    assert (await site.view())["events"][uid(50)]["kind"] == "goal"


async def test_a_late_member_of_a_group_is_rejected_with_the_others(site: Site) -> None:
    """A group of which a part was rejected stays rejected, however late the rest comes."""
    phone = Phone(site, 1)
    group = Group(uid(77), 3)
    for n, fields in ((1, {"name": "Reds"}), (2, {"name": 7}), (3, {"name": "Blues"})):
        phone.device.put("teams", uid(0x900 + n), fields, wall_ms=phone.wall_ms, group=group)
    request = await request_of(phone)
    early, late = (
        PushRequest(request.device_id, NOW_MS, part) for part in (request.mutations[:2], request.mutations[2:])
    )
    assert await phone.send(early)
    site.now_ms += KEPT_MS + 1
    await pushed(Phone(site, 2), 1)
    await compact(site)
    answer = await phone.send(late)
    assert answer is not None
    assert [(each.n, each.verdict, each.code) for each in answer.others] == [(3, "rejected", "group_rejected")]


# -- cut off -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("steps_max", range(1, 14))
async def test_cut_off_at_any_step_and_begun_again(site: Site, steps_max: int) -> None:
    """A club is whole after each step: phones sync as ever. Begun again, all goes that would have gone at once."""
    coach, asleep = Phone(site, 1), Phone(site, 2)
    for _ in range(4):
        await pushed(coach, 5)
    await settle([coach, asleep], rounds=1)
    site.now_ms += DAY_MS
    asleep.put("teams", uid(7), name="Whites")
    await pushed(coach, 4)
    site.now_ms += KEPT_MS
    first = await compact(site, rows_max=4, steps_max=steps_max)
    oldest = (await site.store.head(CLUB)).oldest
    assert oldest == 21
    await settle([asleep, coach], rounds=2)
    assert asleep.view() == coach.view() == await site.view()
    assert asleep.device.waiting_count == 0
    second = await compact(site, rows_max=4)
    assert taken(first + second) == (20, 18)
    assert (await site.store.head(CLUB)).oldest == oldest
    assert [change.version for change in await site.log()] == [21, 22, 23, 24, 25]
    assert await compact(site, rows_max=4) == []


async def test_a_club_that_is_not_there_has_no_steps(site: Site) -> None:
    """One that was deleted meanwhile is no failure."""
    async with site.stand.compactor() as compactor:
        assert [step async for step in compactor.compact(uid(0xDEAD), before_ms=NOW_MS)] == []
