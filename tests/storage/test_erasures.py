"""A parent asks for erasure (U22): the name is gone from tables, log, feeds and phones, for good; the score stays."""

from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

import asyncpg
import msgspec
import pytest

from football.collections import CATALOGUE
from football.policy import Options
from football.scoreboard import score_of
from storage import postgres
from storage.checkups.findings import Level
from storage.checkups.logs import look_at_logs
from storage.erasures import Eraser, Erasure
from storage.erasures import rows as erasing
from storage.erasures.eraser import BeforeCommit
from storage.postgres import PostgresStore, Tables
from storage.sharing import Link, Sharing
from sync.messages import PullQuery, PushAnswer, PushRequest, encode
from sync.ports import Rewritten, Store
from sync.records import Key
from tests.harness import CLUB, DAY_MS, NOW_MS, Phone, Site, plain, uid
from tests.pg import PgDatabase, PgServer
from tests.storage.test_backups import add_owner
from tests.stores import PostgresStand

NAME = "Kim Canary"
EARLIER = "Kimberly Canaryton"
PLAYER, OTHER, TEAM, MATCH, LATER, GOAL, FOUL, STINT = (uid(0x20 + n) for n in range(8))
KEY = Key("players", PLAYER)
ALL_TABLES = """
SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname IN ('grassroots', 'touchline')
"""
SHARED = Options(score=True, shirt_numbers=True, venue=True)


class Club:
    """A club that played one match, with phones that know different parts of it."""

    def __init__(self, stand: PostgresStand, site: Site) -> None:
        self.stand = stand
        self.site = site
        self.coach, self.helper, self.late, self.unaware = (Phone(site, n) for n in range(1, 5))

    def eraser(self, *, store: Store | None = None, rows_max: int = 1_000) -> Eraser:
        """Return the eraser of the server that runs now."""
        dice = self.site._dice.randbytes
        return Eraser(store or self.site.store, CATALOGUE, clock=lambda: self.site.now_ms, dice=dice, rows_max=rows_max)

    async def play(self) -> None:
        """Record the match, with the child's name wherever a name can get."""
        coach, helper = self.coach, self.helper
        coach.put("teams", TEAM, name="Reds", age_group="U12")
        coach.put("players", PLAYER, full_name=EARLIER, dob="2016-02-29", squad_number=7, notes=f"{NAME} has asthma")
        coach.put("players", OTHER, full_name="Ada Other", squad_number=8)
        coach.put("matches", MATCH, kickoff_ts="2026-09-20T10:00:00.000Z", home_team_id=TEAM, venue="Park")
        coach.put(
            "events", GOAL, match_id=MATCH, kind="goal", team_id=TEAM, player_id=PLAYER, notes=f"what a goal, {NAME}!"
        )
        coach.put("events", FOUL, match_id=MATCH, kind="foul", player_id=OTHER, notes="on KIM  CANARY")
        coach.put("lineup", STINT, match_id=MATCH, player_id=PLAYER, start_min=0, end_min=45)
        await coach.sync()
        for phone in (helper, self.late, self.unaware):
            await phone.sync()
        await self._disagree()

    async def _disagree(self) -> None:
        """Leave the name in conflicts, in the quarantine, among the parked, and in what was told."""
        coach, helper = self.coach, self.helper
        coach.put("players", PLAYER, full_name=NAME)
        coach.put("events", FOUL, notes="on Kim Canary, late")
        helper.put("players", PLAYER, full_name=f"{NAME} II")
        helper.put("events", FOUL, notes="nothing for kim canary")
        await coach.sync()
        self.site.now_ms += 1_000
        await helper.sync()
        helper.put("events", uid(0x50), match_id=uid(0x51), kind="foul", player_id=PLAYER, notes=f"{NAME} waits")
        helper.put("players", PLAYER, squad_number=NAME)
        helper.put("matches", LATER, kickoff_ts="no time", notes=f"ask {NAME}")
        await helper.push()
        odd = {"n": 90, "collection": "matches", "record": LATER, "op": "put", "wall": NOW_MS, NAME: f"\x00 {NAME}"}
        await self.push_raw(uid(0xDE0099), odd)
        coach.put("matches", MATCH, notes=f"{NAME} scored")
        coach.put("matches", MATCH, notes="we won")
        await coach.sync()

    async def push_raw(self, device_id: str, *mutations: dict[str, Any]) -> bytes:
        """Push mutations as a device of another make."""
        raws = [msgspec.Raw(msgspec.json.encode(each)) for each in mutations]
        request = PushRequest(device_id=device_id, sent_at=self.site.now_ms, mutations=raws)
        return await self.site.push(f"user of {device_id}", encode(request))

    async def share(self) -> None:
        """Let a family watch the match."""
        assert self.stand._pool is not None
        link = Link(uid(0x91), MATCH, SHARED, uid(0x92), self.site.now_ms, self.site.now_ms + DAY_MS)
        assert await Sharing(self.stand._pool).create(CLUB, link, b"s" * 32)

    async def erase(self, before_commit: BeforeCommit | None = None) -> Erasure:
        """Erase the child, without the rewriting."""
        named = {"by": uid(0x92), "erasure_id": uid(0x77)}
        return await self.eraser().erase(CLUB, KEY, **named, before_commit=before_commit)


@pytest.fixture
async def club(pg_server: PgServer, pg_database: PgDatabase) -> AsyncIterator[Club]:
    """Give a club on PostgreSQL that has played, and shares its match."""
    stand = PostgresStand(CATALOGUE, pg_server, pg_database)
    await stand.open()
    try:
        club = Club(stand, await Site(stand).open())
        await add_owner(pg_database.owner_dsn)
        await club.play()
        await club.share()
        yield club
    finally:
        await stand.close()
        stand.drop_backup()


async def everywhere(database: PgDatabase) -> str:
    """Return every row of every table of both schemas, as text."""
    connection = await asyncpg.connect(database.owner_dsn)
    try:
        tables = await connection.fetch(ALL_TABLES)
        rows = [row for table in tables for row in await connection.fetch(f"SELECT * FROM {table[0]}")]
    finally:
        await connection.close()
    assert len(tables) > 20
    return "\n".join(_text(value) for row in rows for value in row.values())


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def names_in(text: str) -> set[str]:
    """Return how often a name was found, by where it stands in the text."""
    lowered = " ".join(text.lower().split())
    return {lowered[max(0, at - 80) : at + 40] for at in range(len(lowered)) if lowered.startswith("canary", at)}


async def score(club: Club) -> object:
    """Return the score and everybody's minutes as the tables have them."""
    facts = await club.site.facts(MATCH)
    stints = (await club.site.view())["lineup"]
    return score_of(facts), [(each["player_id"], each["end_min"]) for each in stints.values()]


async def test_nothing_is_left_in_any_table(club: Club) -> None:
    """After the erasure and the rewriting no row of any table names the child; score and minutes stay; all is sound."""
    database = club.stand.database
    before = await score(club)
    assert len(names_in(await everywhere(database))) > 10
    erasure = await club.erase()
    assert await club.eraser().go_on(CLUB) > 5
    assert names_in(await everywhere(database)) == set()
    assert await score(club) == before
    found = await look_at_logs(database.owner_dsn, Tables(CATALOGUE), is_deep=True)
    assert {finding.level for finding in found} == {Level.OK}, found
    (kept,) = await club.eraser().list(CLUB)
    assert kept.finished_ms is not None
    assert (kept.version, kept.subject, kept.by) == (erasure.version, erasure.subject, uid(0x92))
    assert PLAYER not in encode(kept).decode()


async def test_whoever_begins_anew_agrees_with_the_tables(club: Club) -> None:
    """A pull from 0, a snapshot and the phones that were there end up with the tables; none of them has the name."""
    await club.erase()
    await club.eraser().go_on(CLUB)
    fresh, by_snapshot = Phone(club.site, 11), Phone(club.site, 12)
    by_snapshot.device.expired()
    phones = [fresh, by_snapshot, club.coach, club.helper, club.late]
    for _ in range(2):
        for phone in phones:
            await phone.sync()
    expected = plain(await club.site.tables())
    for phone in phones:
        assert plain(phone.device.state.records) == expected
        unsettled = [made for made in phone.device.state.made if made.is_unsettled]
        kept = msgspec.structs.replace(
            phone.device.state, made=[m for m in phone.device.state.made if m not in unsettled]
        )
        assert names_in(encode(kept).decode()) == set()
    assert [made.mutation.collection for made in club.helper.device.state.made if made.is_unsettled] == ["events"]


async def test_nothing_that_comes_late_brings_it_back(club: Club) -> None:
    """A late push, its repeat, what is malformed, and a phone restored from a backup: all in vain."""
    backup = club.helper.copy()
    unaware = club.unaware
    unaware.put("players", PLAYER, full_name=NAME, notes="is back")
    unaware.restore("players", PLAYER)
    unaware.put("events", GOAL, notes=f"again {NAME}")
    unaware.put("players", uid(0x60), full_name=NAME)
    unaware.put("matches", LATER, kickoff_ts="bad", notes=NAME)
    unaware.device.begin_sync()
    request = unaware.device.next_push(sent_at=unaware.wall_ms)
    assert request is not None
    await club.erase()
    first = await club.site.push(unaware.author, encode(request))
    assert await club.site.push(unaware.author, encode(request)) == first
    told = {each.n: each.code for each in msgspec.json.decode(first, type=PushAnswer).others}
    assert list(told.values()) == ["erased", "erased", "cleaned", "erased", "wrong_type"]
    malformed = {
        "n": 1,
        "collection": "players",
        "record": PLAYER,
        "op": "put",
        "wall": NOW_MS,
        "fields": 7,
        NAME: NAME,
    }
    await club.push_raw(uid(0xDE0098), malformed)
    for _ in range(2):
        await backup.sync()
        await club.coach.sync()
    await club.eraser().go_on(CLUB)
    assert names_in(await everywhere(club.stand.database)) == set()
    assert (await club.site.tables())["players"][PLAYER].deleted
    assert (await club.site.tables())["events"][GOAL].values["player_id"] == PLAYER


class Cut(Exception):
    """The power went."""


class CutStore(PostgresStore):
    """A store that fails in the middle of a batch of rewriting."""

    rows_left = 0

    async def rewrite(
        self, erasure: Erasure, rewrite: Callable[[bytes], bytes | None], *, rows_max: int, now_ms: int
    ) -> Rewritten:
        """Rewrite, until so many rows were looked at."""

        def cut(body: bytes) -> bytes | None:
            if self.rows_left == 0:
                raise Cut
            self.rows_left -= 1
            return rewrite(body)

        return await super().rewrite(erasure, cut, rows_max=rows_max, now_ms=now_ms)


async def test_a_rewriting_that_is_cut_is_gone_on_with(club: Club) -> None:
    """It is cut inside every batch; pages that are read meanwhile are one log, and in the end nothing is left."""
    reader, rows_max = Phone(club.site, 21), 4
    await reader.pull(bytes_max=400, pages_max=3)
    await club.erase()
    (kept,) = await club.eraser().list(CLUB)
    assert club.stand._pool is not None
    store, cuts = CutStore(club.stand._pool, CATALOGUE), 0
    while kept.finished_ms is None:
        was, store.rows_left = kept.rewritten_to, rows_max + cuts % rows_max
        try:
            await club.eraser(store=store, rows_max=rows_max).go_on(CLUB)
        except Cut:
            cuts += 1
        (kept,) = await club.eraser().list(CLUB)
        assert kept.finished_ms is not None or kept.rewritten_to == was + rows_max
        await reader.pull(bytes_max=400, pages_max=1)
    assert cuts >= kept.version // rows_max - 1
    await reader.pull(bytes_max=400)
    assert names_in(await everywhere(club.stand.database)) == set()
    assert plain(reader.device.state.records) == plain(await club.site.tables())
    assert await club.eraser().go_on(CLUB) == 0


async def test_what_fails_before_the_commit_leaves_no_trace(club: Club) -> None:
    """The ledger's file is written before the database commits; where that fails nothing was erased."""
    told: list[Erasure] = []

    async def refuse(erasure: Erasure) -> None:
        told.append(erasure)
        raise OSError("the disk is full")

    before = await club.site.log_bodies()
    with pytest.raises(OSError, match="full"):
        await club.erase(before_commit=refuse)
    assert await club.site.log_bodies() == before
    assert await club.eraser().list(CLUB) == []
    erasure = await club.erase(before_commit=told.append)
    assert told[1] == erasure
    assert told[0].subject == erasure.subject
    assert await club.erase() == erasure


async def test_what_cannot_be_written_is_not_noted(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    """All but the commit is done before the ledger has a line: else the next start would erase what had failed."""
    told: list[Erasure] = []

    def to_row(erasure: Erasure) -> tuple[Any, ...]:
        club_id, erasure_id, _, *others = erasing.to_row(erasure)
        return club_id, erasure_id, "nonsense", *others

    with monkeypatch.context() as patched:
        patched.setattr(postgres, "erasing", SimpleNamespace(**{**vars(erasing), "to_row": to_row}))
        with pytest.raises(asyncpg.CheckViolationError):
            await club.erase(before_commit=told.append)
    assert told == []
    erasure = await club.erase(before_commit=told.append)
    assert told == [erasure]


async def test_a_restored_database_erases_again(club: Club) -> None:
    """A backup from before the erasure is put back: by the ledger's hashes alone all is erased once more."""
    await club.stand.backup()
    erasure = await club.erase()
    await club.eraser().go_on(CLUB)
    await club.stand.restore()
    assert names_in(await everywhere(club.stand.database)) != set()
    again = await club.eraser().erase_again(CLUB, erasure)
    assert again is not None
    assert (again.erasure_id, again.subject) == (erasure.erasure_id, erasure.subject)
    await club.eraser().go_on(CLUB)
    for phone in (club.coach, club.helper, club.coach):
        await phone.sync()
    await club.eraser().go_on(CLUB)
    assert names_in(await everywhere(club.stand.database)) == set()
    assert await club.eraser().erase_again(CLUB, erasure) == (await club.eraser().list(CLUB))[0]


async def test_who_watches_begins_anew(club: Club) -> None:
    """Feeds have another epoch in the same transaction."""
    assert club.stand._pool is not None
    sharing = Sharing(club.stand._pool)
    before = await sharing.open(CLUB, b"s" * 32, club.site.now_ms)
    await club.erase()
    after = await sharing.open(CLUB, b"s" * 32, club.site.now_ms)
    assert before is not None
    assert after is not None
    assert before.feed.cursor.tag != after.feed.cursor.tag


async def test_pages_of_a_pull_are_of_one_log_while_somebody_is_erased(club: Club) -> None:
    """Cursors stay good through the erasure: no gap, no repeat, whole transactions."""
    since, versions = "0.0000000000000000", list[int]()
    for place in range(100):
        answer = await club.site.engine.pull(CLUB, PullQuery(since), changes_max=2)
        versions += [msgspec.json.decode(raw)["version"] for raw in answer.changes]
        since = answer.timestamp
        if place == 2:
            await club.erase()
        if place == 4:
            await club.eraser(rows_max=5).go_on(CLUB)
        if not answer.more:
            break
    assert versions == list(range(1, versions[-1] + 1))
    assert versions[-1] == (await club.site.store.head(CLUB)).cursor.version
