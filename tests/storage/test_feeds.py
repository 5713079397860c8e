"""Feeds: the redacted log of a match, kept in the transactions that write what it tells of."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from functools import partial
from random import Random
from typing import Any

import asyncpg
import msgspec
import pytest
from msgspec import Raw

from football import ids
from football.collections import CATALOGUE
from football.feed import SharedMatch, SharedScore, of_view, project
from football.feed_messages import Entry, Message, apply
from football.policy import ClubRules, Options
from storage import feeds
from storage.clubs import set_club_sql
from storage.engine import PART_CHANGES, Engine
from storage.feeds import Feed
from storage.postgres import PostgresStore, open_pool
from storage.sharing import LINKS_MAX, Link, Sharing, TooManyLinks
from sync.collections import format_instant
from sync.cursors import Cursor
from sync.messages import PushRequest, encode
from sync.records import Key, Record, Write, is_complete
from tests.builders import CLUB, device, uid
from tests.pg import PgDatabase
from tests.waiting import PATIENCE_S, turns

START_MS = 1_790_000_000_000
MINUTE_MS = 60_000
MATCH, OTHER, HOME, AWAY, NINE, COACH = (uid(n) for n in range(1, 7))
PERIOD = ids.period_id(MATCH, "regular", 1)
ALL = Options(score=True, shirt_numbers=True, venue=True)


class Club:
    """A club with a phone, a clock that is turned, and links."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self.pool = pool
        self.now_ms = START_MS
        self.store = PostgresStore(pool, CATALOGUE)
        self.engine = Engine(CATALOGUE, self.store, clock=lambda: self.now_ms, dice=bytes)
        self.sharing = Sharing(pool)
        self._n = 0

    async def push(self, *mutations: dict[str, Any]) -> None:
        """Push as one device, counting on."""
        await self.push_by(0, *mutations, after=self._n)
        self._n += len(mutations)

    async def push_by(self, who: int, *mutations: dict[str, Any], after: int = 0) -> None:
        """Push as a device, counting on after its last."""
        answer = await self.engine.push(CLUB, COACH, self.push_of(who, *mutations, after=after))
        assert not [each for each in answer.others if each.verdict == "rejected"], answer.others

    def push_of(self, who: int, *mutations: dict[str, Any], after: int = 0) -> PushRequest:
        """Return a device's push."""
        numbered = enumerate(mutations, after + 1)
        raw = [Raw(encode({"n": n, "wall": self.now_ms, **each})) for n, each in numbered]
        return PushRequest(device_id=device(1 + who), sent_at=self.now_ms, mutations=raw)

    async def share(self, options: Options = ALL, *, match_id: str = MATCH, number: int = 1, days: int = 1) -> Link:
        """Make a link."""
        link = Link(
            link_id=uid(900 + number),
            match_id=match_id,
            options=options,
            created_by=COACH,
            created_ms=self.now_ms,
            expires_ms=self.now_ms + days * 24 * 60 * MINUTE_MS,
        )
        assert await self.sharing.create(CLUB, link, secret_hash(number))
        return link

    async def opened(self, number: int = 1) -> Feed:
        """Return what a viewer gets."""
        found = await self.sharing.open(CLUB, secret_hash(number), self.now_ms)
        assert found is not None
        return found.feed

    async def view(self, number: int = 1) -> SharedMatch:
        """Return the view that a viewer gets."""
        return view_of(await self.opened(number))

    async def entries(self, after: Cursor, options: Options = ALL, match_id: str = MATCH) -> list[Entry] | None:
        """Return a feed's entries after a cursor; None where it is of no epoch that stands."""
        view = feeds.view_of(options)
        async with self.pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
            await connection.execute(set_club_sql(CLUB))
            found = await feeds.read_entries(connection, CLUB, match_id, view, after, entries_max=1_000)
        if found is None or found[1] is None:
            return None
        return [msgspec.json.decode(each.body, type=Entry) for each in found[1]]

    async def projected(self, feed: Feed, options: Options = ALL, rules: ClubRules | None = None) -> SharedMatch:
        """Return the view as it is projected from whole records, read as every other reader does, with a feed's ids."""
        view: dict[str, dict[str, Any]] = {}
        for name in CATALOGUE.collections:
            found = await self.store.records(CLUB, name, {})
            there = [each for each in found if is_complete(CATALOGUE, each) and not each.is_deleted]
            view[name] = {each.key.record: each.values() for each in there}
        what = of_view(view, MATCH)
        return project(what, options, rules or ClubRules(), self.now_ms, partial(feeds.hide, feed.hide_key))

    async def count(self, sql: str) -> int:
        """Return a number that a query counts."""
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.execute(set_club_sql(CLUB))
            found: int = await connection.fetchval(sql)
        return found


def secret_hash(number: int) -> bytes:
    """Return what is kept of a link's secret."""
    return number.to_bytes(32)


def view_of(feed: Feed) -> SharedMatch:
    """Return a feed's snapshot."""
    return msgspec.json.decode(feed.snapshot, type=SharedMatch)


def folded(before: SharedMatch, entries: list[Entry]) -> SharedMatch:
    """Return a view with a feed's entries laid over it."""
    return apply(before, [Message(each.type, each.data) for each in entries])


def put(collection: str, record: str, **fields: object) -> dict[str, Any]:
    """Return a put."""
    return {"collection": collection, "record": record, "op": "put", "fields": fields}


def delete(collection: str, record: str) -> dict[str, Any]:
    """Return a delete."""
    return {"collection": collection, "record": record, "op": "delete", "fields": {}}


def at(minutes: float) -> str:
    """Return an instant so many minutes after kick-off."""
    return format_instant(START_MS + round(minutes * MINUTE_MS))


def a_match(match_id: str = MATCH) -> list[dict[str, Any]]:
    """Return the puts that make a match of grown-ups."""
    return [
        put("teams", HOME, name="Reds", age_group="adult"),
        put("teams", AWAY, name="Blues", age_group="adult"),
        put("players", NINE, full_name="Ada Lovelace", squad_number=9, current_team=HOME),
        put("matches", match_id, kickoff_ts=at(0), home_team_id=HOME, away_team_id=AWAY, period_format="half"),
    ]


def a_goal(event_id: str, minute: float, **more: object) -> dict[str, Any]:
    """Return a goal of our number nine."""
    usual = {"match_id": MATCH, "kind": "goal", "team_id": HOME, "player_id": NINE, "period_number": 1}
    return put("events", event_id, **{**usual, "clock_ms": round(minute * MINUTE_MS), **more})


@pytest.fixture
async def club(pg_database: PgDatabase) -> AsyncIterator[Club]:
    """Give a club with a match."""
    pool = await open_pool(pg_database.app_dsn, connections_min=0)
    try:
        found = Club(pool)
        await found.store.create_club(CLUB, hash_key=b"k" * 32)
        await found.push(*a_match())
        yield found
    finally:
        await pool.close()


async def test_a_feed_tells_what_is_pushed(club: Club) -> None:
    """U10: kick-off, a goal and its correction are entries, numbered without a gap, and fold to the snapshot."""
    await club.share()
    first = await club.opened()
    assert (first.cursor.version, view_of(first).status) == (0, "scheduled")
    await club.push(put("match_periods", PERIOD, match_id=MATCH, number=1, started_at=at(0)))
    club.now_ms += 5 * MINUTE_MS
    await club.push(a_goal(uid(50), 5))
    await club.push(put("events", uid(50), player_id=None))
    await club.push(delete("events", uid(50)))
    entries = await club.entries((await club.opened()).cursor._replace(version=0))
    assert entries is not None
    assert entries[-1].type == "event_removed"
    last = await club.opened()
    assert [each.cursor for each in entries] == [f"{n}.{last.cursor.tag}" for n in range(1, len(entries) + 1)]
    assert last.cursor.version == len(entries)


async def test_a_goal_is_told_in_the_transaction_that_writes_it(club: Club) -> None:
    """The entry has the clock and the score, a shirt number, and nothing of a person or a record's id."""
    await club.share()
    await club.push(put("match_periods", PERIOD, match_id=MATCH, number=1, started_at=at(0)))
    club.now_ms += 5 * MINUTE_MS + 2_000
    before = await club.opened()
    await club.push(a_goal(uid(50), 5, notes="left foot", sentiment=2))
    entries = await club.entries(before.cursor)
    assert entries is not None
    (entry,) = entries
    assert (entry.type, entry.at, entry.is_correction) == ("event_logged", club.now_ms, False)
    assert entry.data["player"] == 9
    assert entry.data["timestamp"] == "05:00"
    assert entry.data["score"] == {"home": 1, "away": 0}
    body = msgspec.json.encode(entry).decode()
    assert not [each for each in ("Ada", "left", uid(50), NINE, HOME, MATCH) if each in body]


async def test_a_random_match_folds_to_its_snapshot(club: Club) -> None:
    """However a match is written, the entries of each feed lead from view to view, and the snapshot is a projection."""
    dice = Random(5)
    views = {1: ALL, 2: Options(), 3: Options(score=False, shirt_numbers=True)}
    for number, options in views.items():
        await club.share(options, number=number)
    for _ in range(40):
        before = {number: await club.opened(number) for number in views}
        club.now_ms += dice.randrange(90_000)
        await club.push(*(a_write(dice, club.now_ms) for _ in range(dice.randrange(1, 4))))
        for number, options in views.items():
            after = await club.opened(number)
            assert view_of(after) == await club.projected(after, options)
            entries = await club.entries(before[number].cursor, options)
            if entries is None:
                assert after.cursor.version == 0
                continue
            assert [each.cursor for each in entries] == [
                str(Cursor(n, after.cursor.tag))
                for n in range(before[number].cursor.version + 1, after.cursor.version + 1)
            ]
            assert folded(view_of(before[number]), entries) == view_of(after)


def a_write(dice: Random, now_ms: int) -> dict[str, Any]:
    """Return a random write of a match day."""
    event_id = uid(50 + dice.randrange(6))
    number = dice.randrange(1, 3)
    period_id = ids.period_id(MATCH, "regular", number)
    return dice.choice(
        [
            a_goal(event_id, dice.randrange(20), kind=dice.choice(["goal", "own_goal", "save", "substitution"])),
            a_goal(event_id, dice.randrange(20), team_id=dice.choice([HOME, AWAY, None])),
            delete("events", event_id),
            put("match_periods", period_id, match_id=MATCH, number=number, started_at=format_instant(now_ms)),
            put("match_periods", period_id, match_id=MATCH, number=number, ended_at=format_instant(now_ms)),
            put(
                "match_pauses",
                ids.pause_id(period_id, 1),
                period_id=period_id,
                ordinal=1,
                started_at=format_instant(now_ms - 1_000),
                ended_at=dice.choice([None, format_instant(now_ms)]),
            ),
            put("players", NINE, full_name="Ada", squad_number=dice.randrange(1, 99), do_not_share=dice.random() < 0.3),
            put("teams", HOME, name=dice.choice(["Reds", "Greens"])),
            put("matches", MATCH, kickoff_ts=at(0), venue=dice.choice(["Marsh Lane", None])),
            put("matches", MATCH, kickoff_ts=at(0), finished_at=dice.choice([None, format_instant(now_ms)])),
        ]
    )


async def test_a_link_made_while_others_write_misses_nothing(club: Club) -> None:
    """The seam between a new feed's snapshot and its first entry: a push is in the one or in the other."""
    for turn in range(8):
        pushes: list[Coroutine[Any, Any, Any]] = [
            club.push_by(turn * 10 + who, a_goal(uid(3_000 + turn * 10 + who), 1, kind="save")) for who in range(1, 7)
        ]
        pushes.insert(3, club.share(number=turn + 1))
        await asyncio.gather(*pushes)
        feed = await club.opened(turn + 1)
        assert view_of(feed) == await club.projected(feed)
        await club.sharing.revoke(CLUB, MATCH, club.now_ms)


async def test_a_link_waits_for_the_push_that_is_being_written(club: Club) -> None:
    """A feed begins under the club's lock: what a push under way writes is in its first snapshot."""
    async with club.pool.acquire() as watcher, club.pool.acquire() as writer, writer.transaction():
        await writer.execute(set_club_sql(CLUB))
        await writer.execute("SELECT FROM touchline.clubs WHERE club_id = $1 FOR NO KEY UPDATE", CLUB)
        await writer.execute("UPDATE grassroots.teams SET name = 'Greens' WHERE id = $1", HOME)
        sharing = asyncio.create_task(club.share())
        waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        async with asyncio.timeout(PATIENCE_S):
            while not sharing.done() and not await watcher.fetchval(waits):
                await turns(1)
    await sharing
    assert (await club.view()).home.name == "Greens"


async def test_a_club_without_live_links_keeps_no_feed(club: Club) -> None:
    """No link, an expired one, a revoked one: nothing is written beside the log."""
    await club.push(a_goal(uid(50), 1))
    link = await club.share()
    await club.push(a_goal(uid(51), 2))
    assert await club.count("SELECT count(*) FROM touchline.feed_entries") > 0
    await club.sharing.revoke(CLUB, MATCH, club.now_ms, link.link_id)
    assert await club.count("SELECT count(*) FROM touchline.feeds") == 0
    await club.push(a_goal(uid(52), 3))
    assert await club.count("SELECT count(*) FROM touchline.feed_entries") == 0
    await club.share(number=2)
    club.now_ms += 25 * 60 * MINUTE_MS
    await club.push(a_goal(uid(53), 4))
    assert await club.count("SELECT count(*) FROM touchline.feed_entries") == 0


async def test_a_match_whose_links_have_ended_keeps_no_feed_beside_one_that_is_shared(club: Club) -> None:
    """A live link elsewhere in the club does not keep up what nobody reads."""
    await club.push(put("matches", OTHER, kickoff_ts=at(0)))
    await club.share(match_id=OTHER, number=2)
    await club.share()
    await club.sharing.revoke(CLUB, MATCH, club.now_ms)
    await club.push(a_goal(uid(50), 1))
    assert await club.count("SELECT count(*) FROM touchline.feeds") == 1


async def test_what_is_of_the_club_costs_the_matches_that_name_it(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name, a kit, a number or a season is brought to the matches that show it, and to no other that is shared."""
    player, season = uid(60), uid(61)
    await club.push(put("matches", OTHER, kickoff_ts=at(0), season_id=season))
    await club.push(put("events", uid(62), match_id=OTHER, kind="substitution"))
    await club.push(put("event_participants", uid(63), event_id=uid(62), player_id=player, kind="substitution"))
    await club.push(a_goal(uid(50), 1))
    await club.share(number=1)
    await club.share(match_id=OTHER, number=2)
    refreshed: list[str] = []
    refresh = feeds.refresh

    async def noted(connection: Any, club_id: str, match_id: str, *rest: Any, **more: Any) -> None:  # noqa: ANN401
        refreshed.append(match_id)
        await refresh(connection, club_id, match_id, *rest, **more)

    monkeypatch.setattr(feeds, "refresh", noted)
    for written, touched in (
        (put("players", NINE, full_name="Ada", squad_number=10), [MATCH]),
        (put("teams", HOME, name="Greens"), [MATCH]),
        (put("players", player, full_name="Bea", squad_number=11), [OTHER]),
        (put("seasons", season, label="2026/27"), [OTHER]),
        (put("players", uid(64), full_name="Cleo"), []),
        (put("players", uid(64), do_not_share=True), [MATCH, OTHER]),
    ):
        refreshed.clear()
        await club.push(written)
        assert refreshed == touched, written


async def test_links_of_one_view_share_a_feed_and_others_have_their_own(club: Club) -> None:
    """Thirty families read one feed; a link with other options has other ids for the same events."""
    await club.share(number=1)
    await club.share(number=2)
    await club.share(Options(), number=3)
    await club.push(a_goal(uid(50), 1))
    one, two, other = await club.opened(1), await club.opened(2), await club.opened(3)
    assert one == two
    assert one.cursor.tag != other.cursor.tag
    assert view_of(one).timeline[0].event_id != view_of(other).timeline[0].event_id
    assert (view_of(one).timeline[0].player, view_of(other).timeline[0].player) == (9, None)
    await club.sharing.revoke(CLUB, MATCH, club.now_ms, uid(901))
    assert await club.opened(2) == two


@pytest.mark.parametrize("hidden", ["do_not_share", "delete", "rules"])
async def test_what_must_not_be_read_again_begins_an_epoch(club: Club, hidden: str) -> None:
    """A player who is not to be shared, a deleted one, another policy: old entries are gone, old cursors too."""
    await club.share()
    await club.push(a_goal(uid(50), 1))
    was = await club.opened()
    if hidden == "rules":
        await club.sharing.set_rules(CLUB, ClubRules(young_scores=True), COACH, club.now_ms)
    else:
        fields = {"full_name": "Ada", "do_not_share": True}
        await club.push(delete("players", NINE) if hidden == "delete" else put("players", NINE, **fields))
    now = await club.opened()
    assert now.cursor.version == 0
    assert now.cursor.tag != was.cursor.tag
    assert await club.entries(was.cursor) is None
    assert await club.count("SELECT count(*) FROM touchline.feed_entries") == 0
    assert view_of(now).timeline[0].event_id != view_of(was).timeline[0].event_id
    assert view_of(now).timeline[0].player == (9 if hidden == "rules" else None)


@pytest.mark.parametrize(
    "write",
    [
        {"collection": "teams", "record": HOME, "op": "put", "fields": {"age_group": "U9"}},
        {"collection": "events", "record": uid(50), "op": "put", "fields": {"player_id": None}},
        {"collection": "matches", "record": MATCH, "op": "put", "fields": {"our_side": "away"}},
    ],
)
async def test_what_another_write_withdraws_begins_an_epoch_too(club: Club, write: dict[str, Any]) -> None:
    """A younger age group hides score and numbers, a goal loses its player: neither is read again."""
    await club.push(put("teams", HOME, age_group="U14"), put("teams", AWAY, age_group="U14"))
    await club.share()
    await club.push(a_goal(uid(50), 1))
    was = await club.opened()
    assert view_of(was).timeline[0].player == 9
    await club.push(write)
    now = await club.opened()
    assert now.cursor.tag != was.cursor.tag
    assert b'"player":9' not in now.snapshot
    assert await club.count("SELECT count(*) FROM touchline.feed_entries") == 0


async def test_a_number_of_a_removed_event_is_forgotten_too(club: Club) -> None:
    """The log of an epoch may hold a number that no view shows any more: it ends with `do_not_share` all the same."""
    await club.share()
    await club.push(a_goal(uid(50), 1))
    await club.push(delete("events", uid(50)))
    was = await club.opened()
    await club.push(put("players", NINE, do_not_share=True))
    assert (await club.opened()).cursor.tag != was.cursor.tag


async def test_a_late_sync_is_a_correction(club: Club) -> None:
    """U13: goals of a match that was played offline come after full time, and no entry of them is news."""
    await club.share()
    before = await club.opened()
    club.now_ms += 120 * MINUTE_MS
    second = ids.period_id(MATCH, "regular", 2)
    await club.push(
        put("match_periods", PERIOD, match_id=MATCH, number=1, started_at=at(0), ended_at=at(25)),
        put("match_periods", second, match_id=MATCH, number=2, started_at=at(35), ended_at=at(60)),
        a_goal(uid(50), 3),
        a_goal(uid(51), 20, period_number=2),
    )
    entries = await club.entries(before.cursor)
    assert entries is not None
    assert [each.type for each in entries] == ["period", "status", "event_logged", "event_logged"]
    assert all(each.is_correction for each in entries)
    assert (await club.view()).score == SharedScore(2, 0)


@pytest.mark.parametrize(("minute", "is_correction"), [(3, True), (9.1, False)])
async def test_a_goal_that_comes_late_in_a_live_match_is_a_correction(
    club: Club, minute: float, *, is_correction: bool
) -> None:
    """U13: more than a minute after it happened a goal is no news, though the match goes on."""
    await club.push(put("match_periods", PERIOD, match_id=MATCH, number=1, started_at=at(0)))
    await club.share()
    before = await club.opened()
    club.now_ms += 10 * MINUTE_MS
    await club.push(a_goal(uid(50), minute))
    entries = await club.entries(before.cursor)
    assert entries is not None
    assert [(each.type, each.is_correction) for each in entries] == [("event_logged", is_correction)]


async def test_time_that_changes_nothing_moves_on_when_to_look_again(club: Club) -> None:
    """A feed that was due and is as it was is not made anew at each look of each viewer."""
    await club.share(Options())
    before = await club.opened()
    assert before.due_ms is not None
    club.now_ms = before.due_ms
    after = await club.opened()
    assert after.cursor == before.cursor
    assert after.due_ms is None or after.due_ms > club.now_ms


async def test_all_parts_of_a_joined_transaction_are_told(club: Club) -> None:
    """Pushes that join are written in parts; a feed is told of each, not of the last alone."""
    await club.push(put("matches", OTHER, kickoff_ts=at(0)))
    await club.share()
    many = [a_goal(uid(3_000 + n), 1, kind="save", match_id=OTHER) for n in range(PART_CHANGES)]
    first = club.push_of(2, *many[:-1], a_goal(uid(50), 1))
    second = club.push_of(3, many[-1])
    answers = await club.engine.push_together(CLUB, [club.engine.receive(COACH, each) for each in (first, second)])
    assert not [each for each in answers if isinstance(each, Exception)]
    assert (await club.view()).score == SharedScore(1, 0)


async def test_the_venue_of_children_appears_by_itself(club: Club) -> None:
    """U12: time alone brings a view up to date at the next look, as an entry of its feed."""
    await club.push(put("teams", HOME, age_group="U13"), put("matches", MATCH, kickoff_ts=at(90), venue="Marsh Lane 4"))
    await club.share()
    before = await club.opened()
    assert view_of(before).venue is None
    club.now_ms += 91 * MINUTE_MS
    after = await club.opened()
    assert view_of(after).venue == "Marsh Lane 4"
    entries = await club.entries(before.cursor)
    assert entries is not None
    assert [each.type for each in entries] == ["match"]


async def test_only_what_a_write_touches_is_made_anew(club: Club) -> None:
    """A goal in one match leaves the feeds of another alone; a team's name reaches both."""
    await club.push(put("matches", OTHER, kickoff_ts=at(0), home_team_id=HOME, away_team_id=AWAY))
    await club.share()
    await club.share(match_id=OTHER, number=2)
    other = await club.opened(2)
    await club.push(a_goal(uid(50), 1))
    assert await club.opened(2) == other
    await club.push(put("teams", HOME, name="Greens"))
    assert ((await club.view(1)).home.name, (await club.view(2)).home.name) == ("Greens", "Greens")


async def test_an_event_that_moves_to_another_match_leaves_the_first(club: Club) -> None:
    """The match before is brought up to date as well as the one after."""
    await club.push(put("matches", OTHER, kickoff_ts=at(0), home_team_id=HOME, away_team_id=AWAY))
    await club.share()
    await club.share(match_id=OTHER, number=2)
    await club.push(a_goal(uid(50), 1))
    await club.push(put("events", uid(50), match_id=OTHER))
    assert ((await club.view(1)).score, (await club.view(2)).score) == (SharedScore(0, 0), SharedScore(1, 0))


async def test_a_deleted_match_has_no_feed_and_a_restored_one_begins_anew(club: Club) -> None:
    """A link to a match that is gone opens nothing; when the match is back, so is the view."""
    await club.share()
    was = await club.opened()
    await club.push(delete("matches", MATCH))
    assert await club.sharing.open(CLUB, secret_hash(1), club.now_ms) is None
    await club.push({"collection": "matches", "record": MATCH, "op": "restore", "fields": {}})
    assert (await club.opened()).cursor.tag != was.cursor.tag


async def test_very_many_changes_are_a_fresh_snapshot(club: Club) -> None:
    """More than a feed tells at once begins an epoch: viewers read one snapshot."""
    await club.share()
    was = await club.opened()
    events = [a_goal(uid(2_000 + n), n % 20, kind="save") for n in range(feeds.MESSAGES_MAX + 1)]
    await club.push(*events)
    now = await club.opened()
    assert (now.cursor.version, now.cursor.tag != was.cursor.tag) == (0, True)
    assert len(view_of(now).timeline) == feeds.MESSAGES_MAX + 1


async def test_a_view_that_cannot_be_made_refuses_no_goal(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake of ours in the projection costs the viewers their feed, and the coach nothing."""

    def fail(*_given: object) -> SharedMatch:
        raise ValueError("a mistake of ours")

    await club.share()
    with monkeypatch.context() as patched:
        patched.setattr(feeds, "project", fail)
        await club.push(a_goal(uid(50), 1))
    assert (await club.view()).score == SharedScore(1, 0)


async def test_instants_at_the_edge_of_the_calendar_are_read(club: Club) -> None:
    """What a hostile phone may write as a time neither stops a push nor a view."""
    await club.share()
    for text in ("0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "0999-06-01T00:00:00.000Z"):
        await club.push(
            put("matches", MATCH, kickoff_ts=text, finished_at=text),
            put("match_periods", PERIOD, match_id=MATCH, number=1, started_at=text, ended_at=text),
        )
        assert (await club.view()).kickoff == text


async def test_a_match_has_a_bounded_number_of_links(club: Club) -> None:
    """Past the bound a link is refused until one has ended."""
    for number in range(1, LINKS_MAX + 1):
        await club.share(number=number)
    with pytest.raises(TooManyLinks):
        await club.share(number=LINKS_MAX + 1)
    await club.sharing.revoke(CLUB, MATCH, club.now_ms, uid(901))
    await club.share(number=LINKS_MAX + 1)


def test_a_view_has_a_number_for_each_set_of_options() -> None:
    """Eight views, and back."""
    assert [feeds.view_of(feeds.options_of(view)) for view in range(8)] == list(range(8))
    assert feeds.options_of(0) == Options(score=False)


def test_a_record_whose_reference_was_written_later_has_moved() -> None:
    """Creation in one put is no move; a reference newer than another field is."""
    key = Key("events", uid(1))

    def write(version: int) -> Write:
        return Write("x", "s", version, 1)

    created = Record(key, {"match_id": write(3), "kind": write(3)})
    edited = Record(key, {"match_id": write(3), "kind": write(4)})
    moved = Record(key, {"match_id": write(5), "kind": write(4)})
    assert [feeds._has_moved(key, each) for each in (created, edited, moved)] == [False, False, True]
