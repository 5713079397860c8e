"""Compaction on PostgreSQL while others read, and upkeep by one process of several."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from api.erasing import open_erasing
from api.upkeep import NOT_WITHIN_MS, Upkeep
from realtime.source import ClubLog
from realtime.talks import ClubTalk
from storage import upkeep as upkeep_module
from storage.compaction import PostgresCompactor
from storage.engine import check_history
from storage.erasures.replay import STEP
from storage.upkeep import NAME, RETAIN, Done, Elsewhere, Step, Work, compaction, do_upkeep
from sync.cursors import ORIGIN, Cursor
from sync.device import Phase
from sync.errors import CursorExpired, LogDiverged
from sync.messages import PullQuery, encode
from sync.ports import Head, LogRow, LogView
from sync.records import Key
from tests.harness import CLUB, DAY_MS, NOW_MS, Phone, Site, settle, uid
from tests.pg import PgDatabase
from tests.realtime.fakes import Rig
from tests.storage.test_backups import Node, add_owner, store_at
from tests.waiting import until, until_told

KEPT_DAYS = 180
PUSHES = 40


@pytest.fixture
async def site(pg_database: PgDatabase) -> AsyncIterator[Site]:
    """Give an engine on a database of this test's own."""
    async with store_at(pg_database.app_dsn) as store:
        yield await Site(Node(store)).open()


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator["asyncpg.Connection[Any]"]:
    """Open a connection."""
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


async def play(site: Site, phone: Phone, pushes: int = PUSHES) -> None:
    """Let a phone push three teams a day."""
    for _ in range(pushes):
        for _ in range(3):
            phone.put("teams", uid(0x7EA000 + phone.device.state.next_n), name=f"Team {phone.device.state.next_n}")
        await phone.push()
        site.now_ms += DAY_MS


# -- others read -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [None, 8, 12])
def test_a_page_with_a_gap_is_never_sent(first: int | None) -> None:
    """Whatever a store read meanwhile: rows that do not follow the cursor are an expired one, and never a page."""
    head, since = Head(Cursor(20, "a" * 16), 1), Cursor(6, "b" * 16)
    rows = [] if first is None else [LogRow(version, "c" * 16, b"{}") for version in range(first, 21)]
    with pytest.raises(CursorExpired) as found:
        check_history(LogView(head, {6: since.tag}, rows), [since], [])
    assert found.value.values == {"oldest": 21 if first is None else first}
    check_history(LogView(head, {6: since.tag}, [LogRow(7, "c" * 16, b"{}")]), [since], [])
    check_history(LogView(head, {}, []), [head.cursor], [])


@pytest.mark.postgres
async def test_pages_while_the_log_is_compacted(site: Site, pg_database: PgDatabase) -> None:
    """Readers at all places: each page follows the one before, or is a 410; never a gap, and never another history."""
    coach = Phone(site, 1)
    await play(site, coach)
    log = await site.log()
    expected = {change.version: change for change in log}
    expired = 0
    ended = asyncio.Event()

    async def read(begin: int) -> None:
        nonlocal expired
        while not ended.is_set():
            since = ORIGIN if begin == 0 else Cursor(begin, expected[begin].tag)
            try:
                await follow(since)
            except CursorExpired as error:
                expired += 1
                oldest = error.values["oldest"]
                assert isinstance(oldest, int)
                begin = oldest
                assert begin > since.version

    async def follow(since: Cursor) -> None:
        while since.version < len(log) and not ended.is_set():
            page = await site.engine.pull(CLUB, PullQuery(str(since)), bytes_max=900)
            last = Cursor.parse(page.timestamp, where="timestamp")
            assert len(page.changes) == last.version - since.version > 0
            assert last.tag == expected[last.version].tag
            since = last
        await site.engine.vouch(CLUB, PullQuery(str(since), past=(str(Cursor(2, expected[2].tag)),)))

    readers = [asyncio.create_task(read(begin)) for begin in (0, 1, 40, 90)]
    async with connected(pg_database.app_dsn) as connection:
        for day in range(PUSHES):
            before_ms = NOW_MS + day * DAY_MS + 1
            async with aclosing(PostgresCompactor(connection).compact(CLUB, before_ms=before_ms, rows_max=2)) as steps:
                async for _ in steps:
                    assert not any(reader.done() for reader in readers), [each for each in readers if each.done()]
    ended.set()
    await asyncio.gather(*readers)
    assert expired > 0
    assert (await site.store.head(CLUB)).oldest == 3 * PUSHES - 2


@pytest.mark.postgres
async def test_a_snapshot_while_the_log_is_compacted(site: Site, pg_database: PgDatabase) -> None:
    """Its page tokens stay good; where the log went on from its start is gone, the device begins another."""
    coach, fresh = Phone(site, 1), Phone(site, 2)
    await play(site, coach, 6)
    fresh.device.expired()
    first = await site.engine.snapshot(CLUB, None, bytes_max=300)
    assert first.page is not None
    await play(site, coach, 6)
    async with connected(pg_database.app_dsn) as connection:
        async for _ in PostgresCompactor(connection).compact(CLUB, before_ms=site.now_ms):
            pass
    pages = [first]
    while pages[-1].page is not None:
        pages.append(await site.engine.snapshot(CLUB, pages[-1].page, bytes_max=300))
    fresh.device.snapshot_taken(pages)
    assert fresh.device.state.phase is Phase.SNAPSHOT
    await settle([fresh, coach], rounds=2)
    assert fresh.view() == coach.view() == await site.view()


@pytest.mark.postgres
async def test_live_tails_while_the_log_is_compacted(site: Site, pg_database: PgDatabase) -> None:
    """One that is at the head hears on; one that catches up from before the kept log is sent to a snapshot, 4410."""
    coach = Phone(site, 1)
    await play(site, coach, 8)
    old = (await site.log())[2]
    rig = Rig()
    rig.club = ClubTalk(rig.hub, ClubLog(site.engine), rig.sockets, rig._admit, rig.limits, clock=lambda: rig.now_ms)
    token = [rig.token(club_id=CLUB) for _ in range(2)]
    live = rig.connect()
    live.say(token=token[0], since=(await site.engine.timestamp(CLUB)).timestamp)
    await until(lambda: "hello" in live.kinds())
    async with connected(pg_database.app_dsn) as connection:
        async for _ in PostgresCompactor(connection).compact(CLUB, before_ms=site.now_ms, rows_max=3):
            pass
    late = rig.connect()
    late.say(token=token[1], since=f"{old.version}.{old.tag}")
    await until(lambda: late.code == 4410)
    assert late.frames[-1]["oldest"] == 22
    await play(site, coach, 1)
    rig.tailer.poll()
    await until(lambda: live.versions() == [25, 26, 27])
    await rig.end()


# -- upkeep ------------------------------------------------------------------------------------------------------------

STEPS = (compaction(KEPT_DAYS), RETAIN)


@pytest.fixture
async def club(site: Site, pg_database: PgDatabase) -> Site:
    """Give a club with a member, whose log is old but for its last day."""
    await add_owner(pg_database.owner_dsn)
    phone = Phone(site, 1)
    await play(site, phone, 3)
    site.now_ms += 200 * DAY_MS
    await play(site, phone, 1)
    return site


async def do(site: Site, database: PgDatabase, steps: Sequence[Step] = STEPS, **more: Any) -> Done | Elsewhere:  # noqa: ANN401 - as `do_upkeep` takes it
    """Do upkeep as a server's role."""
    return await do_upkeep(database.app_dsn, steps, clock=lambda: site.now_ms, **more)


async def succeeded(database: PgDatabase) -> object:
    """Return when upkeep was last noted to have succeeded."""
    async with connected(database.owner_dsn) as connection:
        return await connection.fetchval("SELECT succeeded_at FROM touchline.upkeep WHERE name = $1", NAME)


@pytest.mark.postgres
async def test_a_run_compacts_and_is_noted(club: Site, pg_database: PgDatabase) -> None:
    """A rehearsal says what a run then does."""
    rehearsed = await do(club, pg_database, is_rehearsal=True)
    assert await succeeded(pg_database) is None
    assert len(await club.log()) == 12
    done = await do(club, pg_database)
    assert isinstance(rehearsed, Done)
    assert isinstance(done, Done)
    assert rehearsed == done
    assert (done.removed["log"], done.removed["outcomes"], done.clubs, done.failures) == (9, 7, 1, 0)
    assert await succeeded(pg_database) is not None
    assert len(await club.log()) == 3


@pytest.mark.postgres
async def test_of_two_servers_one_does_it(club: Site, pg_database: PgDatabase) -> None:
    """While one is at it the other leaves it alone, and so it does for a while after."""
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def wait(_work: Work) -> None:
        begun.set()
        await may_end.wait()

    first = asyncio.create_task(do(club, pg_database, [Step("wait", wait), *STEPS]))
    await asyncio.wait_for(begun.wait(), 20)
    assert await do(club, pg_database) == Elsewhere(None)
    may_end.set()
    assert isinstance(await first, Done)
    clock = lambda: club.now_ms  # noqa: E731 - as `Upkeep` takes it
    other = Upkeep(pg_database.app_dsn, STEPS, clock=clock, monotonic=lambda: 0.0, dice=lambda: 0.5)
    await other.once()
    assert (other.statistics().elsewhere, other.statistics().done) == (1, 0)
    assert other.statistics().succeeded_s == club.now_ms // 1_000
    club.now_ms += NOT_WITHIN_MS
    with capture_logs() as lines:
        await other.once()
    assert (other.statistics().elsewhere, other.statistics().done) == (1, 1)
    [line] = [line for line in lines if line["event"] == "upkeep_done"]
    assert line["removed"]["log"] == 0
    assert CLUB not in str(line)


@pytest.mark.postgres
async def test_the_end_of_a_server_cuts_a_run_off_cleanly(club: Site, pg_database: PgDatabase) -> None:
    """What was under way is rolled back, the lock is free at once, and the next run does all."""
    begun = asyncio.Event()

    async def hang(work: Work) -> None:
        async with work.connection.transaction():
            await work.connection.execute(f"SET LOCAL app.club = '{CLUB}'")
            await work.connection.execute("DELETE FROM touchline.log")
            begun.set()
            await asyncio.Event().wait()

    running = asyncio.create_task(do(club, pg_database, [Step("hang", hang)]))
    await asyncio.wait_for(begun.wait(), 20)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert len(await club.log()) == 12

    async def is_done() -> bool:
        return isinstance(await do(club, pg_database), Done)

    await until_told(is_done)
    assert len(await club.log()) == 3


@pytest.mark.postgres
async def test_what_fails_leaves_the_rest_alone(club: Site, pg_database: PgDatabase) -> None:
    """A step that fails, and a database that refuses one class: the others are done, and no success is noted."""

    async def fail(_work: Work) -> None:
        raise ValueError("of this test")

    with capture_logs() as lines:
        done = await do(club, pg_database, [Step("fail", fail), *STEPS])
    assert isinstance(done, Done)
    assert (done.failures, done.removed["log"]) == (1, 9)
    assert [(line["event"], line["step"]) for line in lines] == [("upkeep_failed", "fail")]
    assert await succeeded(pg_database) is None


@pytest.mark.postgres
async def test_a_run_is_bounded(club: Site, pg_database: PgDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many transactions it ends, and the next run goes on."""
    monkeypatch.setattr(upkeep_module, "BATCHES_MAX", 1)
    left = []
    for _ in range(3):
        done = await do(club, pg_database)
        assert isinstance(done, Done)
        left.append((done.removed["log"], done.removed["outcomes"]))
    assert left == [(9, 0), (0, 7), (0, 0)]


@pytest.mark.postgres
async def test_a_push_meets_a_compaction_under_way(club: Site, pg_database: PgDatabase) -> None:
    """The counter says already that the log begins later, and rows are still there: a queue of then lands."""
    before = await club.log()
    async with connected(pg_database.app_dsn) as connection:
        compactor = PostgresCompactor(connection)
        steps = compactor.compact(CLUB, before_ms=club.now_ms - KEPT_DAYS * DAY_MS, rows_max=1)
        async with aclosing(steps):
            assert (await anext(steps)).changes == 1
            phone = Phone(club, 2)
            phone.put("teams", uid(9), name="Reds")
            phone.device.begin_sync()
            request = phone.device.next_push(sent_at=club.now_ms)
            assert request is not None
            for gone in before[:4]:
                told = replace(request, acked=f"{gone.version}.{gone.tag}")
                assert await club.push(phone.author, encode(told))
            with pytest.raises(LogDiverged):
                await club.push(phone.author, encode(replace(request, acked=f"10.{'f' * 16}")))


@pytest.mark.postgres
async def test_an_erasure_that_was_cut_off_is_finished(club: Site, pg_database: PgDatabase, tmp_path: Path) -> None:
    """The server's own steps go on with it first: the name that was left in the log is gone after the next run."""
    phone, player = Phone(club, 3), uid(0xCA)
    phone.put("players", player, full_name="Kanarienvogel Zwitscher")
    await phone.push()
    async with open_erasing(pg_database.app_dsn, tmp_path / "erasures.jsonl") as erasing:
        await erasing.records.erase(CLUB, Key("players", player), by=None, erasure_id=uid(0xE))
        assert any(b"Kanarienvogel" in body for body in await club.log_bodies())
        done = await do(club, pg_database, [Step(STEP, erasing.replay.finish), *STEPS])
    assert isinstance(done, Done)
    assert (done.failures, done.removed["log"]) == (0, 9)
    assert done.removed["erasures"] > 0
    assert not any(b"Kanarienvogel" in body for body in await club.log_bodies())
