"""What a store answers without writing: pages of the log and of records, counts, devices, look-ups, conflicts."""

import pytest

from football.collections import CATALOGUE
from sync.book import Alike, Children, Counters, Needs
from sync.collections import CONFLICTS, Value
from sync.conflicts import Status
from sync.conflicts import snapshot_row as conflict_row
from sync.ports import LogRow, Store
from sync.records import Key, Record, encode_change, snapshot_row
from tests.contract.plans import (
    CLUB,
    CLUB_2,
    EVENT,
    KEY,
    MATCH,
    MATCH_2,
    NOW_MS,
    PHONE,
    PHONE_2,
    PHONE_3,
    TEAM,
    conflict,
    device,
    entry,
    event,
    load,
    outcome,
    record,
    save,
    uid,
    write,
    write_bodies,
)

KICK_OFF = "2026-11-22T14:00:00.000Z"


async def log_versions(store: Store, after: int, *, changes_max: int = 100, bytes_max: int = 1_000_000) -> list[int]:
    """Return the versions on a page of the log."""
    page = await store.log_page(CLUB, after, changes_max=changes_max, bytes_max=bytes_max)
    return [row.version for row in page]


# -- the log -----------------------------------------------------------------------------------------------------------


async def test_the_log_gives_back_the_bytes_it_was_given(store: Store) -> None:
    """Bodies are stored as they are, whatever they hold, with their version and tag."""
    bodies = [bytes(range(256)), '{"a": "\\u0000 \N{SNOWMAN}"}'.encode(), b"x" * 20_000]
    await write_bodies(store, *bodies)
    page = await store.log_page(CLUB, 0, changes_max=9, bytes_max=1_000_000)
    assert list(page) == [LogRow(n, f"{n:016x}", body) for n, body in enumerate(bodies, 1)]


async def test_tags_are_those_of_the_versions_held(store: Store) -> None:
    """What the log does not hold is absent; asking for nothing answers nothing."""
    await write_bodies(store, *[b"x" * 100] * 3)
    assert await store.tags(CLUB, {1, 3, 4, 9_999_999_999_999_999}) == {1: f"{1:016x}", 3: f"{3:016x}"}
    assert await store.tags(CLUB, []) == {}


@pytest.mark.parametrize(
    ("after", "changes_max", "expected"),
    [(0, 2, [1, 2]), (1, 2, [2, 3]), (3, 9, [4, 5]), (4, 1, [5]), (5, 9, []), (99, 9, [])],
)
async def test_a_log_page_is_cut_by_count(store: Store, after: int, changes_max: int, expected: list[int]) -> None:
    """The rows after a version in order without a gap, at most so many."""
    await write_bodies(store, *[b"x" * 100] * 5)
    assert await log_versions(store, after, changes_max=changes_max) == expected


@pytest.mark.parametrize(
    ("bytes_max", "expected"),
    [
        (299, [1]),
        (300, [1]),
        (301, [1]),
        (499, [1]),
        (500, [1, 2]),
        (649, [1, 2]),
        (650, [1, 2, 3]),
        (10_000, [1, 2, 3, 4]),
    ],
)
async def test_a_log_page_is_cut_by_bytes(store: Store, bytes_max: int, expected: list[int]) -> None:
    """More than one row only while the bodies have at most so many bytes: the one that fills the page belongs to it."""
    await write_bodies(store, b"x" * 300, b"y" * 200, b"z" * 150, b"x" * 1_000)
    assert await log_versions(store, 0, bytes_max=bytes_max) == expected


@pytest.mark.parametrize(("size", "bytes_max"), [(100, 6_000), (150, 6_000), (255, 5_120), (256, 5_120), (700, 6_000)])
async def test_a_log_page_is_filled(store: Store, size: int, bytes_max: int) -> None:
    """Whatever the size of the changes, a page holds as many as fit it: a reader asks as seldom as it can."""
    await write_bodies(store, *[b"x" * size] * 70)
    assert await log_versions(store, 0, bytes_max=bytes_max) == list(range(1, bytes_max // size + 1))
    assert await log_versions(store, 3, bytes_max=bytes_max, changes_max=5) == list(range(4, 9))


async def test_a_log_view_is_head_tags_and_page_at_once(store: Store) -> None:
    """What a pull reads is what the three would answer; of an unknown club it is a LookupError."""
    await write_bodies(store, *[b"x" * 200] * 5)
    view = await store.log_view(CLUB, 2, {0, 1, 5, 9}, changes_max=9, bytes_max=400)
    assert view.head == await store.head(CLUB)
    assert dict(view.tags) == {1: f"{1:016x}", 5: f"{5:016x}"}
    assert list(view.rows) == list(await store.log_page(CLUB, 2, changes_max=9, bytes_max=400))
    assert [row.version for row in view.rows] == [3, 4]
    with pytest.raises(LookupError):
        await store.log_view(CLUB_2, 0, {1}, changes_max=9, bytes_max=400)


@pytest.mark.parametrize("bytes_max", [1, 99, 100, 999])
async def test_a_log_page_has_at_least_one_row(store: Store, bytes_max: int) -> None:
    """A row larger than a page is a page of its own, so that a reader always moves on."""
    await write_bodies(store, b"x" * 5_000, b"y" * 5_000)
    assert [await log_versions(store, after, bytes_max=bytes_max) for after in (0, 1, 2)] == [[1], [2], []]


async def test_pages_joined_are_the_whole_log(store: Store) -> None:
    """Paging from each page's last version, with any cut, misses nothing and repeats nothing."""
    await write_bodies(store, *[bytes([65 + n % 26]) * (100 + 37 * n % 211) for n in range(60)])
    for changes_max, bytes_max in [(1, 10_000), (7, 10_000), (60, 450), (60, 101), (3, 333)]:
        versions: list[int] = []
        while page := await log_versions(
            store, versions[-1] if versions else 0, changes_max=changes_max, bytes_max=bytes_max
        ):
            versions += page
        assert versions == list(range(1, 61))


async def test_what_was_seen_is_a_head_and_records(store: Store) -> None:
    """The head and those of the records that are there, deleted ones too; of an unknown club it is a LookupError."""
    first, second = event(uid(1)), record("events", uid(2), {"match_id": MATCH, "kind": "save"}, deleted=True)
    plan = await save(store, records=[first, second])
    seen = await store.seen(CLUB, [first.key, Key("events", uid(3)), second.key])
    assert seen.head == await store.head(CLUB)
    assert seen.records == {each.key: plan.records[each.key] for each in (first, second)}
    assert (await store.seen(CLUB, [])).records == {}
    with pytest.raises(LookupError):
        await store.seen(uid(0xDEAD), [first.key])


# -- current records ---------------------------------------------------------------------------------------------------


async def test_key_pages_go_by_id(store: Store) -> None:
    """In the order of their ids whatever the order of writing, each page strictly after an id, cut by count."""
    ids = [uid(n) for n in (0x90, 0x10, 0xF0000000, 0x50, 0x7FFFFFFF, 0x80000000)]
    plan = await save(store, records=[event(each) for each in ids])
    rows = [snapshot_row(plan.records[Key("events", each)]) for each in sorted(ids)]
    assert list(await store.key_page(CLUB, "events", "", records_max=9)) == rows
    assert list(await store.key_page(CLUB, "events", "", records_max=2)) == rows[:2]
    assert list(await store.key_page(CLUB, "events", uid(0x50), records_max=2)) == rows[2:4]
    assert list(await store.key_page(CLUB, "events", uid(0x51), records_max=9)) == rows[2:]
    assert list(await store.key_page(CLUB, "events", uid(0xF0000000), records_max=9)) == []
    assert list(await store.key_page(CLUB, "matches", "", records_max=9)) == []


async def test_key_pages_hold_tombstones_and_incomplete_records(store: Store) -> None:
    """What was deleted, restored, or never created is there as it is, with the version of its latest change."""
    records = [
        event(uid(1)),
        Record(Key("events", uid(2)), {}, write(value=True)),
        Record(Key("events", uid(3)), {"notes": write("Late")}),
        record("events", uid(4), {"match_id": MATCH, "kind": "save", "player_id": None}, deleted=True),
        record("events", uid(5), {"match_id": MATCH, "kind": "save"}, deleted=False),
    ]
    plan = await save(store, records=records)
    rows = await store.key_page(CLUB, "events", "", records_max=9)
    assert list(rows) == [snapshot_row(plan.records[each.key]) for each in records]
    assert [row.version for row in rows] == [1, 2, 3, 4, 5]
    assert rows[3].fields == {"match_id": MATCH, "kind": "save", "player_id": None}


async def test_conflicts_are_a_collection_of_key_pages(store: Store) -> None:
    """Open ones and closed ones, by id."""
    told = [conflict(uid(n), status=Status.RESOLVED if n % 2 else Status.OPEN) for n in range(1, 6)]
    plan = await save(store, conflicts=told)
    rows = [conflict_row(plan.conflicts[each]) for each in sorted(plan.conflicts)]
    assert list(await store.key_page(CLUB, CONFLICTS, "", records_max=9)) == rows
    assert list(await store.key_page(CLUB, CONFLICTS, rows[1].record, records_max=2)) == rows[2:4]


async def test_counts_are_what_key_pages_would_send(store: Store) -> None:
    """Every collection has a count, conflicts too; tombstones and incomplete records count."""
    empty = await store.counts(CLUB)
    assert empty == dict.fromkeys([*CATALOGUE.collections, CONFLICTS], 0)
    tombstone, incomplete = Record(Key("events", uid(8)), {}, write(value=True)), Record(Key("events", uid(9)), {})
    await save(store, records=[event(), tombstone, incomplete, record("teams", TEAM, {"name": "Reds"})])
    await save(store, records=[event()], conflicts=[conflict(), conflict(uid(9), status=Status.SUPERSEDED)])
    assert await store.counts(CLUB) == {**empty, "events": 3, "teams": 1, CONFLICTS: 2}


async def test_devices_come_the_last_seen_first(store: Store) -> None:
    """Each with its state, its parked mutations counted now; equals in the order of their ids."""
    await save(store, by=device(PHONE_2, seen_ms=NOW_MS), parked=[entry(1, device_id=PHONE_2)])
    await save(store, by=device(PHONE_3, seen_ms=NOW_MS + 5, acked=1, last_n=4, offsets=(3,)))
    await save(store, by=device(PHONE, seen_ms=NOW_MS), parked=[entry(1), entry(2)])
    assert list(await store.devices(CLUB)) == [
        device(PHONE_3, seen_ms=NOW_MS + 5, acked=1, last_n=4, offsets=(3,)),
        device(PHONE, seen_ms=NOW_MS, parked=2),
        device(PHONE_2, seen_ms=NOW_MS, parked=1),
    ]


PEOPLE = [
    record("players", uid(1), {"full_name": "Ada", "squad_number": 7, "dob": "2016-02-29", "do_not_share": True}),
    record("players", uid(2), {"full_name": "Ben", "squad_number": None, "dob": None, "current_team": TEAM}),
    record("players", uid(3), {"full_name": "Ada", "is_active": True}, deleted=True),
    Record(Key("players", uid(4)), {"squad_number": write(7)}),
    record("players", uid(5), {"full_name": "Eve", "squad_number": 8, "current_team": TEAM, "is_active": False}),
]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"id": uid(2)}, [2]),
        ({"id": uid(6)}, []),
        ({"full_name": "Ada"}, [1, 3]),
        ({"full_name": "ada"}, []),
        ({"full_name": "Ada", "squad_number": 7}, [1]),
        ({"squad_number": 7}, [1, 4]),
        ({"squad_number": None}, [2, 3]),
        ({"full_name": None}, [4]),
        ({"dob": "2016-02-29"}, [1]),
        ({"dob": None, "current_team": TEAM}, [2, 5]),
        ({"is_active": True}, [1, 2, 3, 4]),
        ({"do_not_share": False}, [2, 3, 4, 5]),
        ({"id": uid(5), "is_active": False}, [5]),
        ({"id": uid(5), "is_active": True}, []),
    ],
)
async def test_records_are_found_by_their_values(store: Store, where: dict[str, Value], expected: list[int]) -> None:
    """Equal in all of the fields, defaults where nobody wrote, null as a value; tombstones too; ordered by id."""
    plan = await save(store, records=[*reversed(PEOPLE)])
    found = await store.records(CLUB, "players", where)
    assert list(found) == [plan.records[Key("players", uid(n))] for n in expected]


@pytest.mark.parametrize(
    ("collection", "where"),
    [
        ("matches", {"kickoff_ts": KICK_OFF}),
        ("matches", {"id": MATCH, "our_side": "away"}),
        ("matches", {"season_id": uid(7), "period_format": "quarter"}),
        ("events", {"kind": "own_goal"}),
        ("events", {"x": 0.1 + 0.2, "sentiment": 0}),
        ("events", {"match_id": MATCH, "clock_ms": 2**31 - 1}),
    ],
)
async def test_records_are_found_by_values_of_every_type(
    store: Store, collection: str, where: dict[str, Value]
) -> None:
    """Instants, kinds, references, floats and whole numbers; a table whose key has another name is asked by `id`."""
    match = {"kickoff_ts": KICK_OFF, "our_side": "away", "season_id": uid(7)}
    wanted = [
        record("matches", MATCH, match),
        event(EVENT, kind="own_goal", x=0.1 + 0.2, clock_ms=2**31 - 1),
    ]
    others = [
        record("matches", MATCH_2, {"kickoff_ts": "2026-11-22T14:00:00.001Z", "period_format": "half"}),
        event(uid(9), x=0.3, match=MATCH_2),
    ]
    plan = await save(store, records=[*wanted, *others])
    key = Key(collection, MATCH if collection == "matches" else EVENT)
    assert list(await store.records(CLUB, collection, where)) == [plan.records[key]]


async def test_conflicts_are_listed_by_id(store: Store) -> None:
    """Open ones or all, strictly after an id, cut by count."""
    told = [conflict(uid(n), status=Status.SUPERSEDED if n in {2, 5} else Status.OPEN) for n in range(1, 8)]
    plan = await save(store, conflicts=told)
    every = [plan.conflicts[each] for each in sorted(plan.conflicts)]
    opened = [each for each in every if each.is_open]
    assert list(await store.conflicts(CLUB, is_open=False, after="", limit=99)) == every
    assert list(await store.conflicts(CLUB, is_open=True, after="", limit=99)) == opened
    assert list(await store.conflicts(CLUB, is_open=True, after="", limit=2)) == opened[:2]
    assert list(await store.conflicts(CLUB, is_open=True, after=opened[1].id, limit=2)) == opened[2:4]
    assert list(await store.conflicts(CLUB, is_open=False, after=every[-1].id, limit=2)) == []


# -- two clubs ---------------------------------------------------------------------------------------------------------

NEEDS = Needs(
    runs={Counters(PHONE, 1, 9)},
    versions={1, 2, 3},
    records={Key("events", EVENT), Key("teams", TEAM)},
    waiting={f"matches/{MATCH}"},
    groups={uid(6)},
    orphans={(PHONE, 1)},
    alike={Alike("teams", "team_name", ("Reds",))},
    children={Children(Key("matches", MATCH), 0)},
    devices={PHONE},
)


async def everything(store: Store, club_id: str) -> list[object]:
    """Return all that a store tells of a club."""
    return [
        await store.head(club_id),
        await store.tags(club_id, {1, 2, 3}),
        await store.log_page(club_id, 0, changes_max=99, bytes_max=100_000),
        [await store.key_page(club_id, name, "", records_max=99) for name in (*CATALOGUE.collections, CONFLICTS)],
        await store.counts(club_id),
        await store.devices(club_id),
        await store.records(club_id, "events", {}),
        await store.records(club_id, "events", {"id": EVENT}),
        await store.conflicts(club_id, is_open=False, after="", limit=99),
        await load(store, NEEDS, club_id=club_id, overdue_before_ms=NOW_MS + 1),
    ]


async def test_two_clubs_never_see_each_other(store: Store) -> None:
    """With the same ids of records, devices, groups and conflicts, each club reads its own alone."""
    await store.create_club(CLUB_2, hash_key=KEY)
    nothing = await everything(store, CLUB_2)
    await save(
        store,
        by=device(last_n=7),
        records=[event(notes="ours"), record("teams", TEAM, {"name": "Reds"})],
        conflicts=[conflict()],
        outcomes=[outcome(1, verdict="parked", group=uid(6)), outcome(2)],
        parked=[entry(1)],
    )
    ours = await everything(store, CLUB)
    assert await everything(store, CLUB_2) == nothing
    plan = await save(
        store,
        club_id=CLUB_2,
        by=device(last_n=1, author="another user"),
        records=[event(notes="theirs", kind="goal")],
        outcomes=[outcome(1, verdict="rejected")],
        unparked=[(PHONE, 1)],
    )
    assert await everything(store, CLUB) == ours
    theirs = await load(store, NEEDS, club_id=CLUB_2)
    assert theirs.records == {Key("events", EVENT): plan.records[Key("events", EVENT)], Key("teams", TEAM): None}
    assert theirs.outcomes == {PHONE: {1: outcome(1, verdict="rejected")}}
    page = await store.log_page(CLUB_2, 0, changes_max=99, bytes_max=100_000)
    assert [row.body for row in page] == [encode_change(each) for each in plan.changes]
