"""What a store loads into a book is what was saved, for each kind of need, and nothing else."""

import pytest
from msgspec.structs import replace

from football.collections import CATALOGUE
from football.ids import period_id
from sync.book import Alike, Children, Counters, GroupState, Needs, Outcome
from sync.collections import Field, Problem, Type, Value, format_instant, parse
from sync.conflicts import Conflict, Kind, Status, conflict_id
from sync.merge import Origin
from sync.messages import Group, Mutation, Resolution
from sync.ports import CHILDREN_MAX, Store
from sync.records import Key, Record
from tests.contract.plans import (
    CLUB,
    EVENT,
    MATCH,
    MATCH_2,
    NOW_MS,
    PHONE,
    PHONE_2,
    PHONE_3,
    TEAM,
    USER,
    conflict,
    device,
    entry,
    event,
    load,
    mutation,
    outcome,
    record,
    save,
    side,
    stamp,
    uid,
    write,
)

GROUP = uid(0x6)
AT = "2026-11-22T14:02:03.004Z"
PROBLEM = Problem("out_of_bounds", "This field takes 1 to 99.", "squad_number")

TEXTS = (
    "Ärger & <b>ñ</b> 'quoted' \"twice\" \\ back % _ $1 :name {} \t\n\r",
    "e\u0301 is not \u00e9; \u202eright to left\u202c; \U0001f46a\u200d\U0001f9d2; \uffff \x01\x7f\ufeff",
    "  spaces at both ends  ",
)

# -- outcomes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        (set(), []),
        ({(5, 5)}, [4, 5, 8]),
        ({(1, 3)}, [2, 4]),
        ({(6, 7)}, [5, 8]),
        ({(4, 5)}, [2, 4, 5, 8]),
        ({(21, 30)}, [20]),
        ({(1, 100)}, [2, 4, 5, 8, 9, 20]),
        ({(2, 2), (9, 12)}, [2, 4, 8, 9, 20]),
        ({(1, 1), (3, 3), (21, 21)}, [2, 4, 20]),
    ],
)
async def test_runs_bring_their_outcomes_and_the_nearest_on_both_sides(
    store: Store, runs: set[tuple[int, int]], expected: list[int]
) -> None:
    """Of a device's counters: those of each run, the nearest one below it and the nearest above."""
    await save(
        store,
        outcomes=[
            *(outcome(n) for n in (2, 4, 5, 8, 9, 20)),
            *(outcome(n, device_id=PHONE_2) for n in (1, 3, 5, 6, 21)),
        ],
    )
    asked = {Counters(PHONE, *run) for run in runs}
    book = await load(store, Needs(runs=asked))
    assert book.outcomes == ({PHONE: {n: outcome(n) for n in expected}} if runs else {})


async def test_each_device_has_its_own_outcomes(store: Store) -> None:
    """Runs of several devices are loaded at once; one that never pushed has none."""
    await save(store, outcomes=[*(outcome(n) for n in (1, 3)), *(outcome(n, device_id=PHONE_2) for n in (2, 3, 9))])
    asked = {Counters(PHONE, 2, 2), Counters(PHONE_2, 3, 4), Counters(PHONE_3, 1, 9)}
    book = await load(store, Needs(runs=asked))
    assert book.outcomes == {
        PHONE: {n: outcome(n) for n in (1, 3)},
        PHONE_2: {n: outcome(n, device_id=PHONE_2) for n in (2, 3, 9)},
        PHONE_3: {},
    }


@pytest.mark.parametrize(
    "told",
    [
        outcome(7),
        outcome(7, verdict="merged", conflicts=(uid(31), uid(30))),
        outcome(7, verdict="rejected", problem=PROBLEM, conflicts=(uid(31),), correction=-31_557_600_000),
        outcome(7, verdict="rejected", problem=Problem("malformed", TEXTS[0])),
        outcome(7, verdict="parked", group=GROUP, correction=86_400_000),
        outcome(7, hash=None),
        outcome(2**53 - 1, stamp=f"{2**63 - 1:016x}{PHONE.replace('-', '')}", hash=bytes(range(16))),
    ],
)
async def test_an_outcome_is_read_back_as_it_was_saved(store: Store, told: Outcome) -> None:
    """Every part of an outcome is kept: verdict, stamp, correction, conflicts in their order, problem, group, hash."""
    await save(store, outcomes=[told])
    assert (await load(store, Needs(runs={Counters(PHONE, told.n, told.n)}))).outcomes == {PHONE: {told.n: told}}


async def test_an_outcome_is_replaced_by_its_newer_state(store: Store) -> None:
    """What was parked is applied later: a repeat is told the current outcome."""
    await save(store, outcomes=[outcome(1, verdict="parked", group=GROUP), outcome(2)])
    now = outcome(1, verdict="merged", conflicts=(uid(31),), group=GROUP)
    await save(store, by=device(PHONE_2), outcomes=[now])
    assert (await load(store, Needs(runs={Counters(PHONE, 1, 1)}))).outcomes == {PHONE: {1: now, 2: outcome(2)}}


# -- tags and devices --------------------------------------------------------------------------------------------------


async def test_versions_bring_their_tags(store: Store) -> None:
    """A version that the log does not hold is there as None, however great."""
    await save(store, records=[event(), event(uid(8))])
    book = await load(store, Needs(versions={1, 2, 3, 9_999_999_999_999_999}))
    assert book.tags == {1: f"{1:016x}", 2: f"{2:016x}", 3: None, 9_999_999_999_999_999: None}


async def test_devices_bring_their_users(store: Store) -> None:
    """A device that never wrote has no user."""
    await save(store)
    await save(store, by=device(PHONE_2, author="somebody else"))
    book = await load(store, Needs(devices={PHONE, PHONE_2, PHONE_3}))
    assert book.authors == {PHONE: USER, PHONE_2: "somebody else", PHONE_3: None}


# -- records -----------------------------------------------------------------------------------------------------------

USUAL: dict[Type, tuple[Value, ...]] = {
    Type.TEXT: TEXTS,
    Type.INTEGER: (0, 1, -1, 7, 99, 2**31 - 1),
    Type.NUMBER: (0.0, 50.0, 0.1 + 0.2, 5e-324, 1 / 3, 99.99999999999999),
    Type.BOOLEAN: (True, False),
    Type.UUID: (uid(77), "ffffffff-ffff-ffff-ffff-ffffffffffff", "00000000-0000-0000-0000-000000000000"),
    Type.INSTANT: (
        "2026-11-22T14:02:03.004Z",
        "2026-03-29T01:59:59.999Z",
        "1969-12-31T23:59:59.999Z",
        "0001-01-01T00:00:00.000Z",
        "9999-12-31T23:59:59.999Z",
    ),
    Type.DATE: ("2016-02-29", "0001-01-01", "9999-12-31"),
}


def values_for(spec: Field) -> list[Value]:
    """Return values that a field may hold: choices, bounds, odd ones, and null where it may be."""
    given = list(spec.choices) if spec.choices is not None else list(USUAL[spec.type])
    given += [bound for bound in (spec.minimum, spec.maximum) if bound is not None]
    if spec.pattern is not None:
        given += ["#00fFaA", "https://example.org/\N{SNOWMAN}?q=%20"]
    if spec.length_max is not None and spec.type is Type.TEXT:
        given.append("\N{SMILING FACE WITH HALO}" * spec.length_max)
    parsed = [parse(spec, "field", value) for value in given]
    return [*(each for each in parsed if not isinstance(each, Problem)), *([None] if spec.nullable else [])]


def samples(collection: str) -> list[Record]:
    """Return records that between them hold every sample of every field, each field by a write of its own."""
    fields = {name: values_for(spec) for name, spec in CATALOGUE.collections[collection].fields.items()}
    found: list[Record] = []
    for turn in range(max(len(values) for values in fields.values())):
        writes = {
            name: write(
                values[turn % len(values)],
                tick=10 * turn + place,
                device_id=(PHONE, PHONE_2, PHONE_3)[place % 3],
                version=turn + place,
                n=place + 1,
                also=[(PHONE_3, 4), (PHONE, place + 9)][: place % 3],
            )
            for place, (name, values) in enumerate(fields.items())
        }
        deleted = {0: None, 1: write(value=True, tick=99), 2: write(value=False, tick=98, device_id=PHONE_2)}[turn % 3]
        found.append(Record(Key(collection, uid(0x500 + turn)), writes, deleted))
    return found


def test_the_samples_hold_every_type_and_every_kind_of_event() -> None:
    """The samples below are what they claim: each type, each choice, and nulls, somewhere in the catalogue."""
    seen: set[tuple[Type, str]] = set()
    for collection in CATALOGUE.collections.values():
        for name, spec in collection.fields.items():
            values = {each.fields[name].value for each in samples(collection.name)}
            assert values >= set(spec.choices or ())
            assert not spec.nullable or None in values
            seen.update((spec.type, repr(value)) for value in values)
    missing = [
        (type_, value) for type_, values in USUAL.items() for value in values if (type_, repr(value)) not in seen
    ]
    assert missing == []


@pytest.mark.parametrize("collection", list(CATALOGUE.collections))
async def test_every_field_type_is_read_back_equal(store: Store, collection: str) -> None:
    """Values, nulls, stamps, versions, counters, other writers and deletes survive the table, in every collection."""
    plan = await save(store, records=samples(collection))
    book = await load(store, Needs(records=set(plan.records)))
    for key, saved in plan.records.items():
        assert book.records[key] == saved
    assert list(await store.records(CLUB, collection, {})) == [plan.records[key] for key in sorted(plan.records)]


@pytest.mark.parametrize("collection", list(CATALOGUE.collections))
async def test_an_incomplete_record_tells_what_was_written_from_what_was_not(store: Store, collection: str) -> None:
    """A bare tombstone has no field; a field that holds its default is not taken for one that nobody wrote."""
    fields = CATALOGUE.collections[collection].fields
    bare = Record(Key(collection, uid(1)), {}, write(value=True))
    defaults = {name: write(spec.default) for name, spec in fields.items() if not spec.required}
    plan = await save(store, records=[bare, Record(Key(collection, uid(2)), defaults)])
    assert (await load(store, Needs(records=set(plan.records)))).records == plan.records


async def test_a_record_is_replaced_by_its_newer_state(store: Store) -> None:
    """The newer writes stand, fields that joined are there, and a restore after a delete is one."""
    await save(store, records=[record("teams", TEAM, {"name": "Reds"}, deleted=True)])
    newer = Record(
        Key("teams", TEAM),
        {"name": write("Rovers", 5, also=[(PHONE_2, 1)]), "age_group": write(None, 6, device_id=PHONE_2)},
        write(value=False, tick=7),
    )
    plan = await save(store, records=[newer])
    assert (await load(store, Needs(records={newer.key}))).records == plan.records


async def test_records_that_are_not_there_are_none(store: Store) -> None:
    """So is one of a collection that nobody declared, under which the quarantine keeps what it cannot read."""
    await save(store, records=[event()])
    keys = {Key("events", uid(99)), Key("matches", EVENT), Key("unknown", EVENT), Key("nonsense", uid(98))}
    book = await load(store, Needs(records=keys))
    assert book.records == dict.fromkeys(keys)
    assert book.conflicts == {key: {} for key in keys}


# -- conflicts ---------------------------------------------------------------------------------------------------------


async def test_a_record_brings_all_conflicts_about_it(store: Store) -> None:
    """Open or closed, as the first record or as the other of a duplicate; not those of a namesake elsewhere."""
    about = conflict()
    closed = conflict(field="age_group", status=Status.SUPERSEDED, closed_by=PHONE, closed_at=AT)
    double = conflict(field=f"duplicate/{uid(9)}", kind=Kind.DUPLICATE, other=uid(9))
    elsewhere = conflict(collection="players", field="full_name")
    another = conflict(uid(10))
    plan = await save(store, conflicts=[about, closed, double, elsewhere, another])
    book = await load(store, Needs(records={Key("teams", TEAM), Key("teams", uid(9)), Key("players", uid(9))}))
    assert book.conflicts == {
        Key("teams", TEAM): {each.id: plan.conflicts[each.id] for each in (about, closed, double)},
        Key("teams", uid(9)): {double.id: plan.conflicts[double.id]},
        Key("players", uid(9)): {},
    }


DEEP = {"a": [1, 2.5, None, True, {"b": "\N{SNOWMAN}", "": []}], "big": 10**30, "z": {}, "nul": "x\x00y"}


@pytest.mark.parametrize(
    "told",
    [
        conflict(),
        conflict(stands=None, candidates=()),
        conflict(candidates=(side(None), side(DEEP, device_id=PHONE_2, author=USER), side(-0.5, problem=PROBLEM))),
        conflict(status=Status.RESOLVED, choice="take", closed_by=PHONE, closed_at=AT),
        conflict(
            uid(12),
            f"rejected/{PHONE}/7",
            collection="unknown",
            kind=Kind.REJECTED,
            stands=None,
            candidates=(side({"mutation": {"n": 7, "fields": {"na\x00me": "Bl\x00ues"}}}, problem=PROBLEM),),
        ),
    ],
)
async def test_a_conflict_is_read_back_as_it_was_saved(store: Store, told: Conflict) -> None:
    """Every part of a conflict is kept: any JSON in its sides, a NUL in the content of a rejected mutation too."""
    plan = await save(store, conflicts=[told])
    assert (await load(store, Needs(records={told.key}))).conflicts == {told.key: plan.conflicts}
    assert list(await store.conflicts(CLUB, is_open=False, after="", limit=9)) == list(plan.conflicts.values())


async def test_a_conflict_is_replaced_by_its_newer_state(store: Store) -> None:
    """A conflict that closes is no longer open, and keeps its sides."""
    await save(store, conflicts=[conflict()])
    closed = conflict(status=Status.RESOLVED, choice="keep", closed_by=PHONE, closed_at=AT)
    plan = await save(store, conflicts=[closed])
    key = Key("teams", TEAM)
    assert (await load(store, Needs(records={key}))).conflicts[key] == plan.conflicts
    assert list(await store.conflicts(CLUB, is_open=True, after="", limit=9)) == []


# -- parked mutations --------------------------------------------------------------------------------------------------


async def test_parked_mutations_are_found_by_what_they_wait_for(store: Store) -> None:
    """Those that wait for just this, of any device, and none that is parked no more."""
    mine, theirs = entry(1), entry(5, device_id=PHONE_2)
    other, gone = entry(2, waits_for=f"matches/{MATCH_2}"), entry(3)
    await save(store, parked=[mine, theirs, other, gone])
    await save(store, unparked=[gone.order])
    wanted = {f"matches/{MATCH}", f"matches/{uid(99)}"}
    book = await load(store, Needs(waiting=wanted))
    assert book.waiting.keys() == wanted
    assert sorted(book.waiting[f"matches/{MATCH}"], key=lambda each: each.order) == [mine, theirs]
    assert book.waiting[f"matches/{uid(99)}"] == ()


async def test_a_parked_mutation_that_waits_for_something_else_is_found_there(store: Store) -> None:
    """Saving it again replaces it."""
    await save(store, parked=[entry(1)])
    later = replace(entry(1), waits_for=f"events/{EVENT}", is_orphan=True)
    await save(store, parked=[later])
    book = await load(store, Needs(waiting={f"matches/{MATCH}", f"events/{EVENT}"}))
    assert book.waiting == {f"matches/{MATCH}": (), f"events/{EVENT}": (later,)}


@pytest.mark.parametrize(
    "made",
    [
        mutation(2, after=stamp(5), base="12.0123456789abcdef", origins=(Origin(PHONE_2, 3), Origin(PHONE_3, 1))),
        mutation(2, op="resolve", resolve=Resolution("name", "set", {"any": [1, None]}), wall=-(2**53) + 1),
        mutation(2, group=Group(GROUP, 4), fields={"notes": TEXTS[1], "x": 0.1 + 0.2, "sentiment": None, "on": True}),
        mutation(2, op="delete", wall=2**53 - 1),
    ],
)
async def test_a_parked_mutation_is_read_back_as_it_was_saved(store: Store, made: Mutation) -> None:
    """All that was fixed at its first receipt is kept, and its content to the last bit."""
    told = replace(entry(2, made=made), base=41, correction=-7_000, received_ms=NOW_MS - 5, is_orphan=True)
    await save(store, parked=[told])
    assert (await load(store, Needs(orphans={(PHONE, 2)}))).orphans == {(PHONE, 2): told}


async def test_single_parked_mutations_are_found_by_device_and_counter(store: Store) -> None:
    """One that is not parked is there as None."""
    await save(store, parked=[entry(1), entry(2, device_id=PHONE_2)])
    wanted = {(PHONE, 1), (PHONE, 2), (PHONE_2, 2), (PHONE_3, 1)}
    found = (await load(store, Needs(orphans=wanted))).orphans
    assert found == {
        (PHONE, 1): entry(1),
        (PHONE, 2): None,
        (PHONE_2, 2): entry(2, device_id=PHONE_2),
        (PHONE_3, 1): None,
    }


async def test_a_group_brings_its_parked_members_and_known_outcomes(store: Store) -> None:
    """Members may be of several devices; a group that nobody has heard of is empty."""
    group = Group(GROUP, 3)
    members = [entry(1, group=group), entry(4, device_id=PHONE_2, group=group, waits_for=f"group/{GROUP}")]
    outcomes = [outcome(1, verdict="parked", group=GROUP), outcome(4, device_id=PHONE_2, verdict="parked", group=GROUP)]
    await save(
        store,
        parked=[*members, entry(2), entry(3, group=Group(uid(7), 3))],
        outcomes=[*outcomes, outcome(2), outcome(3, group=uid(7))],
    )
    book = await load(store, Needs(groups={GROUP, uid(99)}))
    assert book.groups[uid(99)] == GroupState()
    assert sorted(book.groups[GROUP].parked, key=lambda each: each.order) == members
    assert sorted(book.groups[GROUP].outcomes, key=lambda each: each.n) == outcomes


# -- alike and children ------------------------------------------------------------------------------------------------


async def test_alike_records_share_the_values_of_a_rule(store: Store) -> None:
    """Only those of the collection with the same values, each as it is stored."""
    same = [event(uid(20), period_number=2), event(uid(21), period_number=2, kind="goal")]
    others = [event(uid(22), period_number=1), event(uid(23), period_number=2, match=MATCH_2), event(uid(24))]
    plan = await save(store, records=[*same, *others])
    asked = Alike("events", "same_goal", (MATCH, 2))
    found = (await load(store, Needs(alike={asked}))).alike[asked]
    assert {each.key: each for each in found} == {each.key: plan.records[each.key] for each in same}


async def test_a_field_that_nobody_wrote_is_alike_by_its_default(store: Store) -> None:
    """Period 0 is what an event has that names no period, and `regular` the type of a period that names none."""
    written = event(uid(20), period_number=0)
    period = record("match_periods", period_id(MATCH, "regular", 1), {"match_id": MATCH, "number": 1})
    extra = record("match_periods", uid(22), {"match_id": MATCH, "number": 1, "type": "extra_time"})
    await save(store, records=[written, event(uid(21)), event(uid(23), period_number=1), period, extra])
    events, periods = (
        Alike("events", "same_goal", (MATCH, 0)),
        Alike("match_periods", "same_period", (MATCH, "regular", 1)),
    )
    alike = (await load(store, Needs(alike={events, periods}))).alike
    assert {each.key.record for each in alike[events]} == {uid(20), uid(21)}
    assert {each.key.record for each in alike[periods]} == {period.key.record}


@pytest.mark.parametrize("name", ["Reds", "O'Brien %_\\ $1", *TEXTS])
async def test_alike_compares_text_to_the_letter(store: Store, name: str) -> None:
    """No folding of case, of spaces or of accents: that is for the rule to do, in the same way on every store."""
    near = [name.swapcase(), f"{name} ", f" {name}", name.replace("\u00e9", "e\u0301") + ".", f"{name}%"]
    records = [record("teams", uid(30 + place), {"name": each}) for place, each in enumerate([name, *near])]
    await save(store, records=records)
    asked = Alike("teams", "team_name", (name,))
    expected = [uid(30 + place) for place, each in enumerate([name, *near]) if each == name]
    assert sorted(each.key.record for each in (await load(store, Needs(alike={asked}))).alike[asked]) == expected


async def test_children_are_those_written_after_a_version(store: Store) -> None:
    """Of every collection that the parent contains; strictly after; the latest change of each child counts."""
    await save(store, records=[event(uid(40)), event(uid(41)), event(uid(42), match=MATCH_2)])
    note = record("match_notes", uid(43), {"match_id": MATCH, "notes": "Wind"})
    person = record("event_participants", uid(44), {"event_id": uid(40), "player_id": uid(2), "kind": "assist"})
    plan = await save(store, records=[note, person, event(uid(40), kind="goal")])
    asked = [Children(Key("matches", MATCH), after) for after in (0, 1, 4, 6)]
    children = (await load(store, Needs(children=set(asked)))).children
    found = [sorted((each.key.record, each.version) for each in children[each]) for each in asked]
    assert found == [
        [(uid(40), 6), (uid(41), 2), (uid(43), 4)],
        [(uid(40), 6), (uid(41), 2), (uid(43), 4)],
        [(uid(40), 6)],
        [],
    ]
    of_event = Children(Key("events", uid(40)), 0)
    loaded = (await load(store, Needs(children={of_event}))).children[of_event]
    assert loaded == (plan.records[person.key],)


async def test_all_children_of_a_long_match_are_brought(store: Store) -> None:
    """A match has hundreds of events: the one child whose author is asked about may be the last of them."""
    await save(store, records=[event(uid(0x400 + n)) for n in range(250)])
    asked = Children(Key("matches", MATCH), 0)
    found = (await load(store, Needs(children={asked}))).children[asked]
    assert {each.key.record for each in found} == {uid(0x400 + n) for n in range(250)}


async def test_of_very_many_children_the_newest_are_brought(store: Store) -> None:
    """A match that somebody gave thousands of events does not make a delete slow."""
    await save(store, records=[event(uid(0x9000 - n)) for n in range(CHILDREN_MAX + 7)])
    asked = Children(Key("matches", MATCH), 3)
    found = (await load(store, Needs(children={asked}))).children[asked]
    assert sorted(each.version for each in found) == list(range(8, CHILDREN_MAX + 8))


async def test_what_holds_nothing_has_no_children(store: Store) -> None:
    """A collection that contains no other one brings none."""
    asked = Children(Key("teams", TEAM), 0)
    assert (await load(store, Needs(children={asked}))).children == {asked: ()}


async def test_loading_twice_adds_to_the_book(store: Store) -> None:
    """What a first round has loaded is still there after the second."""
    plan = await save(store, records=[event()], outcomes=[outcome(1)], conflicts=[conflict()])
    async with store.writing(CLUB, [PHONE], overdue_before_ms=0) as ledger:
        await ledger.load(Needs(runs={Counters(PHONE, 1, 1)}, records={Key("events", EVENT)}, versions={1}))
        await ledger.load(Needs(records={Key("teams", TEAM)}, versions={2}, devices={PHONE}))
    book = ledger.book
    assert book.outcomes == {PHONE: {1: outcome(1)}}
    assert book.records == {Key("events", EVENT): plan.records[Key("events", EVENT)], Key("teams", TEAM): None}
    assert book.tags == {1: f"{1:016x}", 2: f"{2:016x}"}
    assert list(book.conflicts[Key("teams", TEAM)]) == [conflict_id("teams", TEAM, "name")]
    assert book.authors == {PHONE: USER}


def test_instants_are_what_the_wire_has() -> None:
    """The samples of instants above are canonical: the extremes of the calendar too."""
    assert format_instant(-62_135_596_800_000) == "0001-01-01T00:00:00.000Z"
    assert format_instant(253_402_300_799_999) == "9999-12-31T23:59:59.999Z"
