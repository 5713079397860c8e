"""The laws of the merge: for any mutations of several devices, any order of arrival, any split and any repetition.

The walls lie in the past and grow with n on each device, so the effective stamps are the same in every order.
"""

from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from sync.collections import Value
from sync.conflicts import DELETED, Status
from sync.cursors import ORIGIN, Cursor
from sync.messages import Mutation
from sync.records import Change
from tests.builders import (
    MATCH,
    MATCH_2,
    NOW_MS,
    Server,
    delete,
    device,
    mutation,
    put,
    put_event,
    put_match,
    resolve,
    uid,
    verdicts,
)
from tests.builders import restore as restore_op

DEVICES = [device(n) for n in (1, 2, 3)]
FIELDS = ("title", "venue", "minutes", "mood")
VALUES: Mapping[str, Sequence[Value]] = {
    "title": ("a", "b", "c"),
    "venue": ("a", "b", None),
    "minutes": (10, 20),
    "mood": (1, 2),
}


class Sent(Struct, frozen=True):
    """A mutation of a device."""

    device_id: str
    mutation: Mutation


def _fields() -> st.SearchStrategy[dict[str, Value]]:
    return st.fixed_dictionaries({}, optional={name: st.sampled_from(VALUES[name]) for name in FIELDS}).filter(bool)


_ops = st.one_of(
    st.tuples(st.just("put"), _fields()),
    st.tuples(st.just("put"), _fields()),
    st.tuples(st.just("delete"), st.none()),
    st.tuples(st.just("restore"), st.none()),
    st.sampled_from(FIELDS).flatmap(lambda name: st.tuples(st.just(f"resolve {name}"), st.sampled_from(VALUES[name]))),
    st.tuples(st.just(f"resolve {DELETED}"), st.booleans()),
)


def _build(op: str, argument: Value, n: int, record: str, **more: Value) -> Mutation:
    word, _, name = op.partition(" ")
    if word == "put":
        return put(n, "matches", record, argument, **more)
    if word == "resolve":
        return resolve(n, name, "set", argument, record=record, **more)
    return mutation(n, word, "matches", record, **more)


@st.composite
def fleets(draw: st.DrawFn) -> list[Sent]:
    """Return mutations of several devices, each device's in the order of its counters with growing walls."""
    sent: list[Sent] = []
    for device_id in DEVICES[: draw(st.integers(1, 3))]:
        walls = draw(st.lists(st.integers(1, 40), min_size=2, max_size=6, unique=True).map(sorted))
        for n, wall in enumerate(walls, start=1):
            op, argument = draw(_ops)
            record = draw(st.sampled_from((MATCH, MATCH_2)))
            made = _build(op, argument, n, record, wall=NOW_MS - 1_000_000 + wall)
            if n <= 2:
                made = put_match(n, (MATCH, MATCH_2)[n - 1], title=draw(st.sampled_from("abc")), wall=made.wall)
            sent.append(Sent(device_id, made))
    return sent


def deliver(server: Server, sent: Sequence[Sent]) -> None:
    """Push mutations one after the other, neighbours of one device together."""
    batch: list[Mutation] = []
    for place, each in enumerate(sent):
        batch.append(each.mutation)
        nxt = sent[place + 1] if place + 1 < len(sent) else None
        if nxt is None or nxt.device_id != each.device_id or nxt.mutation.n <= each.mutation.n:
            server.push(each.device_id, *batch)
            batch = []


def registers(server: Server) -> dict[str, Value]:
    """Return each register's value and stamp, of all records."""
    return {
        f"{key}/{name}": (each.value, each.stamp, each.n)
        for key, record in server.state.records.items()
        for name, each in {**record.fields, **({DELETED: record.deleted} if record.deleted else {})}.items()
    }


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[list[Sent], list[Sent], list[Sent]]:
    """Return a fleet's mutations with two orders of arrival: each a shuffle with repetitions."""
    sent = draw(fleets())
    orders: list[list[Sent]] = []
    for _ in range(2):
        more = draw(st.lists(st.sampled_from(sent), max_size=4))
        orders.append(draw(st.permutations([*sent, *more])))
    return sent, orders[0], orders[1]


@given(arrivals())
def test_field_values_do_not_depend_on_order_split_or_repetition(
    found: tuple[list[Sent], list[Sent], list[Sent]],
) -> None:
    """Any two arrivals of the same mutations end with the same value and stamp in every field."""
    sent, *orders = found
    ends: list[dict[str, Value]] = []
    for order in ([*sent], *orders):
        server = Server()
        deliver(server, order)
        assert not server.state.parked
        ends.append(registers(server))
    assert ends[0] == ends[1] == ends[2]


@given(fleets())
def test_the_winner_is_the_greatest_rank(sent: list[Sent]) -> None:
    """Each field holds the value of the greatest (stamp, n) among all that wrote it."""
    server = Server()
    deliver(server, sent)
    expected: dict[str, tuple[Value, Value]] = {}
    for each in sent:
        made = each.mutation
        rank = (made.wall, each.device_id, made.n)
        for name, value in writes_of(made).items():
            key = f"{made.collection}/{made.record}/{name}"
            expected[key] = max(expected.get(key, (rank, value)), (rank, value), key=lambda pair: pair[0])
    assert {key: value for key, (_, value) in expected.items()} == {k: v[0] for k, v in registers(server).items()}


@given(arrivals())
def test_a_repeat_gets_the_current_outcome(found: tuple[list[Sent], list[Sent], list[Sent]]) -> None:
    """Sending everything again changes nothing but the devices' last contact, and is answered as before."""
    sent, order, _ = found
    server = Server()
    deliver(server, order)
    before, log = registers(server), server.log()
    for device_id in {each.device_id for each in sent}:
        mine = [each.mutation for each in sent if each.device_id == device_id]
        answer = server.push(device_id, *mine)
        held = {each.n: each.verdict for each in server.state.outcomes.values() if each.device_id == device_id}
        assert verdicts(answer) == held
    assert (registers(server), server.log()) == (before, log)


def writes_of(made: Mutation) -> dict[str, Value]:
    """Return what a mutation writes, by register."""
    if made.op == "put":
        return dict(made.fields)
    if made.resolve is not None:
        return {made.resolve.field: made.resolve.value}
    return {DELETED: made.op == "delete"}


# -- nothing vanishes --------------------------------------------------------------------------------------------------


@st.composite
def histories(draw: st.DrawFn) -> tuple[Server, list[Sent]]:
    """Return a server after a random history in which devices pull now and then, and edit with honest bases."""
    server = Server()
    sent: list[Sent] = []
    seen = dict.fromkeys(DEVICES, str(ORIGIN))
    counters = dict.fromkeys(DEVICES, 0)
    queues: dict[str, list[Mutation]] = {each: [] for each in DEVICES}
    bases: dict[tuple[str, str], str] = {}
    server.push(DEVICES[0], put_match(1, MATCH), put_match(2, MATCH_2))
    counters[DEVICES[0]] = 2
    for _ in range(draw(st.integers(3, 14))):
        device_id = draw(st.sampled_from(DEVICES))
        server.now_ms += draw(st.integers(0, 3))
        step = draw(st.sampled_from(("edit", "edit", "push", "pull")))
        if step == "pull":
            seen[device_id] = server.head
        elif step == "push" and queues[device_id]:
            server.push(device_id, *queues[device_id])
            queues[device_id] = []
            bases = {key: base for key, base in bases.items() if key[0] != device_id}
        elif step == "edit":
            counters[device_id] += 1
            op, argument = draw(_ops)
            record = draw(st.sampled_from((MATCH, MATCH_2)))
            base = seen[device_id]
            if not op.startswith("resolve"):
                base = bases.setdefault((device_id, record), base)
            stamps = [c.stamp for c in server.log()[: Cursor.parse(base, where="").version] if c.record == record]
            made = _build(
                op,
                argument,
                counters[device_id],
                record,
                wall=server.now_ms - draw(st.integers(0, 10)),
                base=base,
                after=max(stamps, default=None),
            )
            queues[device_id].append(made)
            sent.append(Sent(device_id, made))
    for device_id, queue in queues.items():
        if queue:
            server.push(device_id, *queue)
    return server, sent


def _stands_or_waits(server: Server, record: str, name: str, value: Value) -> bool:
    held = server.state.records[server.record("matches", record).key]
    stands = held.deleted if name == DELETED else held.fields.get(name)
    if stands is not None and stands.value == value:
        return True
    return any(
        side.value == value or (name == DELETED and side.value.get(DELETED, False) is value)
        for each in server.open_conflicts()
        if each.record == record and each.field == name
        for side in each.candidates
    )


def _knew(server: Server, sent: Sequence[Sent], log: Sequence[Change], author: Sent, name: str, value: Value) -> bool:
    """Tell whether the author of a write of this field had seen the value there: in their log, or as their own."""
    made = author.mutation
    base = 0 if made.base is None else Cursor.parse(made.base, where="").version
    for change in log[:base]:
        if change.record == made.record:
            laid = {**change.fields, **({DELETED: change.deleted} if isinstance(change.deleted, bool) else {})}
            if name in laid and laid[name] == value:
                return True
        about = change.fields
        if change.collection == "conflicts" and about["record"] == made.record and about["field"] == name:
            sides = [*about["candidates"], about["stands"]]
            if name == DELETED or any(side["value"] == value for side in sides):
                return True
    return any(
        each.device_id == author.device_id
        and each.mutation.n < made.n
        and each.mutation.record == made.record
        and writes_of(each.mutation).get(name, _NOTHING) == value
        for each in sent
    )


_NOTHING = object()


@given(histories())
def test_no_value_ever_vanishes(found: tuple[Server, list[Sent]]) -> None:
    """A value stands, or is in an open conflict, or somebody who knew it wrote another; silent fields excepted."""
    server, sent = found
    log = server.log()
    for each in sent:
        for name, value in writes_of(each.mutation).items():
            if name == "mood" or _stands_or_waits(server, each.mutation.record, name, value):
                continue
            overwriters = [
                other
                for other in sent
                if other.mutation.record == each.mutation.record
                and (
                    writes_of(other.mutation).get(name, value) != value
                    or (name != DELETED and writes_of(other.mutation).get(DELETED) is True)
                )
                and _knew(server, sent, log, other, name, value)
            ]
            assert overwriters, f"{name} = {value!r} of {each} vanished"


@given(histories())
def test_silent_fields_ask_nobody(found: tuple[Server, list[Sent]]) -> None:
    """No conflict is ever about a field that is settled silently."""
    server, _ = found
    assert not [each for each in server.state.conflicts.values() if each.field == "mood"]


@given(histories())
def test_the_log_folds_to_the_tables(found: tuple[Server, list[Sent]]) -> None:
    """Versions are gapless, each transaction ends, and the fold of the log is the stored state."""
    server, _ = found
    log = server.log()
    assert [change.version for change in log] == list(range(1, len(log) + 1))
    assert not log[-1].more
    folded: dict[tuple[str, str], dict[str, Value]] = {}
    for change in log:
        held = folded.setdefault((change.collection, change.record), {})
        held.update(change.fields)
        if isinstance(change.deleted, bool):
            held[DELETED] = change.deleted
    for key, record in server.state.records.items():
        deleted = {} if record.deleted is None else {DELETED: record.deleted.value}
        assert folded[key] == {**record.values(), **deleted}


@given(histories())
def test_open_conflicts_hold_what_stands_and_what_does_not(found: tuple[Server, list[Sent]]) -> None:
    """An open conflict shows the value that stands, at least one candidate, none equal to it, one for each device."""
    server, _ = found
    for each in server.open_conflicts():
        record = server.state.records[each.key]
        stands = record.deleted if each.field == DELETED else record.fields[each.field]
        assert stands is not None
        assert each.stands is not None
        shown = each.stands.value[DELETED] if each.field == DELETED else each.stands.value
        assert (shown, each.stands.stamp) == (stands.value, stands.stamp)
        assert each.candidates
        assert len({side.device_id for side in each.candidates}) == len(each.candidates)
        if each.field != DELETED:
            assert all(side.value != stands.value for side in each.candidates)


@given(st.lists(st.tuples(st.sampled_from(DEVICES), _ops, st.integers(-50, 50)), min_size=1, max_size=10))
def test_nobody_is_asked_when_everything_had_been_seen(steps: list[tuple[str, tuple[str, Value], int]]) -> None:
    """Devices that pull before each edit never conflict, however wrong their clocks are."""
    server = Server()
    server.push(DEVICES[0], put_match(1, MATCH))
    counters = {DEVICES[0]: 1}
    for device_id, step, skew in steps:
        server.now_ms += 10
        n = counters[device_id] = counters.get(device_id, 0) + 1
        after = max((change.stamp for change in server.log() if change.record == MATCH), default=None)
        is_deleted = server.record("matches", MATCH).is_deleted
        # a put on a record known to be deleted asks whether it was meant
        op, argument = ("restore", None) if is_deleted and step[0] == "put" else step
        made = _build(op, argument, n, MATCH, wall=server.now_ms + skew, base=server.head, after=after)
        server.push(device_id, made)
        assert not server.open_conflicts()
        written = writes_of(made)
        values = {**server.values("matches", MATCH), DELETED: server.record("matches", MATCH).is_deleted}
        assert {name: values[name] for name in written} == written
    assert all(each.status is not Status.OPEN for each in server.state.conflicts.values())


@given(st.lists(st.sampled_from(DEVICES), min_size=1, max_size=8), st.sampled_from(FIELDS))
def test_writing_the_same_value_asks_nobody(writers: list[str], name: str) -> None:
    """N devices that write one value unseen: no conflict, N versions."""
    server = Server()
    server.push(DEVICES[0], put_match(1, MATCH, title="a"))
    for n, device_id in enumerate(writers, start=2):
        answer = server.push(device_id, put(n, "matches", MATCH, {name: VALUES[name][0]}, wall=NOW_MS - n * 7 % 5))
        assert verdicts(answer) == {n: "applied"}
    assert not server.state.conflicts
    assert server.state.club.head.version == 1 + len(writers)


@given(st.lists(st.tuples(st.sampled_from(DEVICES), _fields(), st.integers(0, 10**6)), max_size=8))
def test_a_delete_stays_deleted_whatever_old_copy_arrives(puts: list[tuple[str, dict[str, Value], int]]) -> None:
    """U5: no put, however late or new, brings a record back; only a restore does."""
    server = Server()
    server.push(DEVICES[0], put_match(1, MATCH), delete(2, wall=NOW_MS - 10**6))
    for n, (device_id, fields, age) in enumerate(puts, start=3):
        answer = server.push(device_id, put(n, "matches", MATCH, fields, wall=NOW_MS - age))
        assert verdicts(answer) == {n: "merged"}
        assert server.record("matches", MATCH).is_deleted
        assert server.conflict(DELETED).is_open
    restored = server.push(DEVICES[1], restore_op(99, base=server.head, after=max(each.stamp for each in server.log())))
    assert verdicts(restored) == {99: "applied"}
    assert not server.record("matches", MATCH).is_deleted


@given(st.permutations(range(6)))
def test_parents_and_children_may_arrive_in_any_order(order: list[int]) -> None:
    """Parked children are applied when the parent comes: the same end, with their own stamps, in any order."""
    made = [
        Sent(DEVICES[0], put_match(1, MATCH, wall=NOW_MS - 9_000)),
        Sent(DEVICES[0], put_event(2, uid(50), wall=NOW_MS - 8_000)),
        Sent(DEVICES[1], put_event(1, uid(51), fields={"minute": 3}, wall=NOW_MS - 7_000)),
        Sent(DEVICES[1], put(2, "events", uid(51), {"minute": 4}, wall=NOW_MS - 6_000)),
        Sent(
            DEVICES[2],
            put(1, "participants", uid(52), {"event_id": uid(50), "player_id": uid(53)}, wall=NOW_MS - 5_000),
        ),
        Sent(DEVICES[2], put(2, "events", uid(50), {"kind": "goal"}, wall=NOW_MS - 4_000)),
    ]
    server, straight = Server(), Server()
    deliver(straight, made)
    deliver(server, [made[place] for place in order])
    assert not server.state.parked
    assert registers(server) == registers(straight)
    assert {each.verdict for each in server.state.outcomes.values()} <= {"applied", "merged"}
