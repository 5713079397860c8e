"""The engine on each store: whole round trips of real messages, and what survives a restore from a backup."""

import random

import msgspec
import pytest

from sync.collections import CONFLICTS
from sync.cursors import ORIGIN
from sync.device import Phase
from sync.errors import LogDiverged, MalformedRequest
from sync.limits import PAGE_BYTES_DEFAULT, PARKED_ORPHAN_AFTER_MS
from sync.messages import PullAnswer, PullQuery, PushRequest, SnapshotAnswer, encode
from tests.contract.scripts import Script
from tests.harness import CLUB, HOUR_MS, MINUTE_MS, NOW_MS, Phone, Site, fold, plain, real_match, settle, uid
from tests.stores import Stand

TEAM, MATCH = uid(1), uid(2)


@pytest.fixture
async def site(stand: Stand) -> Site:
    """Give an engine for one club."""
    return await Site(stand).open()


async def pull(
    site: Site, since: str, *, acked: str | None = None, past: tuple[str, ...] = (), bytes_max: int = PAGE_BYTES_DEFAULT
) -> PullAnswer:
    """Pull one page."""
    told = await site.pull(encode(PullQuery(since, acked, past)), bytes_max=bytes_max)
    return msgspec.json.decode(told, type=PullAnswer)


# -- round trips -------------------------------------------------------------------------------------------------------


async def test_what_one_device_pushes_another_pulls(site: Site) -> None:
    """A push, its pull and a snapshot hold the same records, and the timestamp is the head of all three."""
    mine, theirs, fresh = Phone(site, 1), Phone(site, 2), Phone(site, 3)
    mine.put("teams", TEAM, name="Reds")
    mine.put("matches", MATCH, kickoff_ts="2026-11-22T14:00:00Z", home_team_id=TEAM)
    [answer] = await mine.push()
    assert (answer.version, answer.others, answer.correction) == (2, (), 0)
    assert answer.server_time == NOW_MS
    await theirs.pull()
    fresh.device.expired()
    await fresh.pull()
    await mine.pull()
    assert mine.view() == theirs.view() == fresh.view() == await site.view()
    assert mine.view()["matches"][MATCH]["kickoff_ts"] == "2026-11-22T14:00:00.000Z"
    told = await site.engine.timestamp(CLUB)
    assert (told.timestamp, told.server_time, told.oldest) == (answer.timestamp, NOW_MS, 1)
    assert {str(each.device.cursor) for each in (mine, theirs, fresh)} == {told.timestamp}
    assert mine.device.overlay() == []


async def test_a_pull_at_the_head_is_empty(site: Site) -> None:
    """Nothing new is an empty page with the cursor that was sent, in an empty club too."""
    empty = await pull(site, str(ORIGIN))
    assert (empty.changes, empty.timestamp, empty.more) == ([], str(ORIGIN), False)
    phone = Phone(site, 1)
    phone.put("teams", TEAM, name="Reds")
    [answer] = await phone.push()
    at_head = await pull(site, answer.timestamp)
    assert (at_head.changes, at_head.timestamp, at_head.more) == ([], answer.timestamp, False)


@pytest.mark.parametrize("bytes_max", [1, 500, 2_000, 1_000_000])
async def test_pages_joined_are_the_log(site: Site, bytes_max: int) -> None:
    """A device that pulls in pages of any size ends with the same state, and shows no transaction half."""
    coach = Phone(site, 1)
    coach.note(real_match()[:60])
    await coach.push(mutations_max=9)
    seen, cursor, more = 0, str(ORIGIN), True
    phone = Phone(site, 2)
    while more:
        page = await pull(site, cursor, bytes_max=bytes_max)
        seen, cursor, more = seen + len(page.changes), page.timestamp, page.more
        assert page.changes
        await phone.pull(bytes_max=bytes_max, pages_max=1)
        assert phone.device.cursor.version % 9 == 0 or phone.device.cursor.version == 60
    assert seen == 60
    assert phone.view() == await site.view()


async def test_a_cursor_of_another_history_names_the_common_one(site: Site) -> None:
    """A tag that is not in the log is refused with the newest past cursor that is, in pull and push alike."""
    phone = Phone(site, 1)
    for n in range(4):
        phone.put("teams", uid(10 + n), name=f"Team {n}")
        await phone.push()
        await phone.pull()
    heads = [f"{change.version}.{change.tag}" for change in await site.log()]
    wrong = f"3.{'f' * 16}"
    with pytest.raises(LogDiverged) as pulled:
        await pull(site, wrong, past=(f"9.{'0' * 16}", f"2.{'f' * 16}", heads[1], heads[0]))
    assert pulled.value.common == heads[1]
    with pytest.raises(LogDiverged) as pushed:
        await site.push("u", encode(PushRequest(uid(7), NOW_MS, [], acked=wrong, past=(heads[2], heads[0]))))
    assert pushed.value.common == heads[2]
    with pytest.raises(LogDiverged) as ahead:
        await pull(site, heads[0], acked=f"99.{'a' * 16}")
    assert ahead.value.common == str(ORIGIN)


async def test_a_refused_push_writes_nothing(site: Site) -> None:
    """Neither the log nor the device changes where the whole push is refused."""
    phone = Phone(site, 1)
    phone.put("teams", TEAM, name="Reds")
    phone.device.begin_sync()
    request = phone.device.next_push(sent_at=NOW_MS)
    assert request is not None
    with pytest.raises(LogDiverged):
        await site.push("u", encode(msgspec.structs.replace(request, acked=f"5.{'a' * 16}")))
    with pytest.raises(MalformedRequest):
        await site.push("u", encode(msgspec.structs.replace(request, mutations=request.mutations * 2)))
    assert await site.log() == []
    assert list(await site.store.devices(CLUB)) == []


async def test_an_unknown_club_is_a_lookup_error(site: Site) -> None:
    """Every request for a club that is not there is refused in the same way."""
    push = PushRequest(uid(7), NOW_MS, [])
    for request in (
        site.engine.push(uid(404), "u", push),
        site.engine.pull(uid(404), PullQuery(str(ORIGIN))),
        site.engine.snapshot(uid(404), None),
        site.engine.timestamp(uid(404)),
    ):
        with pytest.raises(LookupError):
            await request


# -- snapshots ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "token", ["", "x", "1.0000000000000000~nonsense~", f"{ORIGIN}~events~not an id", f"{ORIGIN}~~"]
)
async def test_a_forged_page_token_is_malformed(site: Site, token: str) -> None:
    """A token that this server did not give is the client's mistake, and no error of ours."""
    with pytest.raises(MalformedRequest):
        await site.snapshot(token)


async def test_a_snapshot_taken_while_others_write_is_whole(site: Site) -> None:
    """Pages read between writes, with the log pulled from their start, give the state that the log's fold gives."""
    writer, reader = Phone(site, 1), Phone(site, 2)
    writer.note(real_match()[:90])
    await writer.push()
    dice = random.Random(3)
    pages: list[SnapshotAnswer] = []
    token: str | None = None
    while not pages or token is not None:
        told = await site.snapshot(token, bytes_max=3_000)
        pages.append(msgspec.json.decode(told, type=SnapshotAnswer))
        token = pages[-1].page
        players = sorted(writer.view()["players"])
        writer.put("players", dice.choice(players), notes=f"page {len(pages)}")
        writer.put("players", uid(dice.randrange(1 << 32)), full_name=f"New {len(pages)}")
        writer.delete("players", dice.choice(players))
        site.now_ms += 1_000
        await writer.push()
    assert len(pages) > 5
    reader.device.expired()
    reader.device.snapshot_taken(pages)
    shown_before = reader.device.state.cursor
    assert shown_before == str(ORIGIN), "a fuzzy snapshot was shown before it was whole"
    await reader.pull(bytes_max=2_000)
    assert plain(reader.device.state.records) == plain(fold(await site.log()))
    assert reader.device.state.phase is Phase.PULLING
    counts = pages[-1].counts
    assert counts is not None
    assert set(counts) >= {"players", CONFLICTS}


@pytest.mark.parametrize("bytes_max", [1, 700, 5_000, 1_000_000])
async def test_a_snapshot_counts_what_it_sends(site: Site, bytes_max: int) -> None:
    """With nobody writing, wherever the pages are cut, the last one's counts are the records of all of them."""
    phone = Phone(site, 1)
    phone.note(real_match()[:90])
    phone.delete("teams", uid(99))
    await phone.push()
    pages = await Phone(site, 2).snapshot(bytes_max=bytes_max)
    sent = [msgspec.json.decode(raw) for page in pages for raw in page.records]
    counts = pages[-1].counts
    assert counts is not None
    assert {name: number for name, number in counts.items() if number} == {
        name: sum(each["collection"] == name for each in sent) for name in {each["collection"] for each in sent}
    }
    assert {(each["collection"], each["record"]) for each in sent} == {
        (name, identity) for name, found in (await site.tables()).items() for identity in found
    }
    assert len(sent) == sum(counts.values())
    assert all(len(page.records) == 1 or sum(len(bytes(raw)) for raw in page.records) <= bytes_max for page in pages)


# -- restores ----------------------------------------------------------------------------------------------------------


async def test_phones_bring_back_what_a_restore_lost(stand: Stand, site: Site) -> None:
    """After last night's backup is restored, the phones that come back push again, and nothing acknowledged is lost."""
    coach, helper = Phone(site, 1), Phone(site, 2)
    facts = real_match()
    coach.note(facts[:80])
    await settle([coach, helper])
    await stand.backup()
    site.now_ms += HOUR_MS
    coach.note(facts[80:])
    helper.put("teams", TEAM, name="Greens")
    await settle([coach, helper])
    helper.put("teams", TEAM, name="Late Greens")
    await helper.push()
    before = await site.view()
    lost = len(await site.log())

    await stand.restore()
    site.now_ms += HOUR_MS
    restored = await site.log()
    assert len(restored) == 80 < lost
    await settle([helper, coach])
    assert await site.view() == before
    assert coach.view() == helper.view() == before
    assert coach.device.overlay() == helper.device.overlay() == []
    assert plain(fold(await site.log())) == plain(await site.tables())
    assert await site.open_conflicts() == []


async def test_writes_repeated_after_a_restore_keep_their_stamps(stand: Stand, site: Site) -> None:
    """What won before the restore wins after it, though the loser comes back first."""
    early, late = Phone(site, 1), Phone(site, 2)
    early.put("teams", TEAM, name="Reds")
    await settle([early, late])
    await stand.backup()
    early.put("teams", TEAM, name="Early")
    site.now_ms += MINUTE_MS
    late.put("teams", TEAM, name="Late")
    await settle([early, late])
    stamps = {change.stamp for change in await site.log() if change.collection == "teams"}
    await stand.restore()
    site.now_ms += HOUR_MS
    await settle([late, early])
    assert (await site.view())["teams"][TEAM]["name"] == "Late"
    assert {change.stamp for change in await site.log() if change.collection == "teams"} <= stamps
    [asked] = await site.open_conflicts()
    assert (asked["field"], [side["value"] for side in asked["candidates"]]) == ("name", ["Early"])


# -- the log and the tables --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
async def test_the_fold_of_the_log_is_the_tables(site: Site, seed: int) -> None:
    """After any pushes, hostile ones too, log, tables, a fresh snapshot and a device that pulled are one state."""
    script = Script(seed)
    for _ in range(60):
        await script.step([site])
    assert plain(fold(await site.log())) == plain(await site.tables())
    pulled, snapped = Phone(site, 0x801), Phone(site, 0x802)
    await pulled.pull()
    snapped.device.expired()
    await snapped.pull()
    assert plain(pulled.device.state.records) == plain(snapped.device.state.records) == plain(await site.tables())


async def test_a_delete_names_the_latest_child_of_each_device(site: Site) -> None:
    """Whatever the order in which a store gives the children and their fields, the same side is shown."""
    coach, helper, other = Phone(site, 1), Phone(site, 2), Phone(site, 3)
    coach.put("matches", MATCH, kickoff_ts="2026-11-22T14:00:00Z")
    await settle([coach, helper, other], rounds=1)
    for n in range(4):
        site.now_ms += 1_000
        helper.put("events", uid(0x50 + n), match_id=MATCH, kind="save", notes=f"{n}")
        other.put("events", uid(0x60 + n), match_id=MATCH, kind="foul")
    site.now_ms += 1_000
    helper.put("events", uid(0x51), clock_ms=5)
    await helper.push()
    await other.push()
    coach.delete("matches", MATCH)
    await coach.push()
    [asked] = await site.open_conflicts()
    assert {side["device_id"]: side["value"]["record"] for side in asked["candidates"]} == {
        helper.id: uid(0x51),
        other.id: uid(0x63),
    }


async def test_a_person_is_asked_about_orphans_after_a_day(site: Site) -> None:
    """A parked mutation whose parent never came becomes a conflict at the next push of anybody, once."""
    phone, other = Phone(site, 1), Phone(site, 2)
    for n in range(30):
        phone.put("events", uid(0x50 + n), match_id=MATCH, kind="goal")
    await phone.push()
    site.now_ms += PARKED_ORPHAN_AFTER_MS + 1
    for expected in (20, 30, 30):
        other.put("teams", TEAM, name="Reds")
        await other.push()
        assert [each["kind"] for each in await site.open_conflicts()] == ["orphan"] * expected
    other.put("matches", MATCH, kickoff_ts="2026-11-22T14:00:00Z")
    await other.push()
    assert await site.open_conflicts() == []
    assert len((await site.view())["events"]) == 30
