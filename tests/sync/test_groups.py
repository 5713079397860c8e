"""Groups: applied whole, in one transaction, or not at all."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.collections import Value
from sync.conflicts import Kind
from sync.messages import Group, Mutation
from sync.records import Key
from tests.builders import (
    EVENT,
    EVENT_2,
    MATCH,
    NOW_MS,
    A,
    B,
    C,
    Server,
    put,
    put_event,
    put_match,
    uid,
    verdict_of,
    verdicts,
)

SUBSTITUTION = Group(uid(90), 2)


def members(group: Group = SUBSTITUTION, *, first: int = 1, kind: str = "foul", **more: Value) -> list[Mutation]:
    """Return a group of two: close one event, open another."""
    return [
        put(first, "events", EVENT, {"note": "closed"}, group=group, **more),
        put_event(first + 1, EVENT_2, kind=kind, group=group, **more),
    ]


@pytest.fixture
def server() -> Server:
    """A match with one event."""
    server = Server()
    server.push(B, put_match(1, wall=NOW_MS - 10_000), put_event(2, wall=NOW_MS - 10_000))
    return server


def test_a_group_waits_until_all_are_there(server: Server) -> None:
    """Parked, then applied in one transaction."""
    one, two = members()
    assert verdicts(server.push(A, one)) == {1: "parked"}
    assert "note" not in server.values("events", EVENT)
    answer = server.push(A, two)
    assert verdicts(answer) == {2: "applied"}
    assert verdicts(server.push(A, one, two)) == {1: "applied", 2: "applied"}
    assert [each.more for each in server.log()[-2:]] == [True, False]


def test_a_complete_group_in_one_push_is_applied(server: Server) -> None:
    """It is not parked in between for anyone to see."""
    assert verdicts(server.push(A, *members())) == {1: "applied", 2: "applied"}


@pytest.mark.parametrize("order", [*itertools.permutations(range(3))], ids=str)
@pytest.mark.parametrize("bad", [0, 1])
def test_one_rejected_member_rejects_all(server: Server, order: tuple[int, ...], bad: int) -> None:
    """In whichever order they come, alone or together; each is kept in the quarantine."""
    group = Group(uid(90), 3)
    made = [*members(group), put(3, "matches", MATCH, {"venue": "Park"}, group=group)]
    made[bad] = put(made[bad].n, "events", made[bad].record, {"kind": "picnic"}, group=group)
    for place in order:
        server.push(A, made[place])
    assert verdicts(server.push(A, *made)) == {1: "rejected", 2: "rejected", 3: "rejected"}
    assert not server.state.parked
    assert "venue" not in server.values("matches", MATCH)
    assert Key("events", EVENT_2) not in server.state.records
    assert len([each for each in server.open_conflicts() if each.kind is Kind.REJECTED]) == 3


@pytest.mark.parametrize("is_first", [True, False])
def test_a_malformed_member_rejects_all(server: Server, *, is_first: bool) -> None:
    """Its group can be read though the rest cannot."""
    one, two = members()
    bad = {"n": 2, "group": {"id": SUBSTITUTION.id, "count": 2}, "op": "substitute"}
    for each in (bad, one) if is_first else (one, bad):
        server.push(A, each)
    assert verdicts(server.push(A, one, bad)) == {1: "rejected", 2: "rejected"}
    assert not server.state.parked
    assert verdict_of(server.push(A, one), 1).code == "group_rejected"
    assert two.n == 2


def test_members_must_agree_on_their_count(server: Server) -> None:
    """Or all are rejected."""
    one, two = members()
    other = put_event(2, EVENT_2, group=Group(SUBSTITUTION.id, 3))
    server.push(A, one)
    answer = server.push(A, other)
    assert verdict_of(answer, 2).code == "group_mismatch"
    assert verdicts(server.push(A, one)) == {1: "rejected"}
    assert two.record == other.record


def test_one_too_many_is_rejected_alone(server: Server) -> None:
    """What was applied stays applied."""
    server.push(A, *members())
    answer = server.push(A, put(3, "events", EVENT, {"note": "third"}, group=SUBSTITUTION))
    assert verdict_of(answer, 3).code == "group_mismatch"
    assert server.values("events", EVENT)["note"] == "closed"


def test_a_complete_group_waits_for_the_parent_of_each() -> None:
    """All there, but the match is not: nothing is applied until it comes, and then all is."""
    server = Server()
    group = Group(uid(90), 2)
    made = [put_event(1, group=group), put_match(2, uid(77), group=group)]
    assert verdicts(server.push(A, *made)) == {1: "parked", 2: "parked"}
    assert not server.log()
    server.push(B, put_match(1))
    assert [each.record for each in server.log()] == [MATCH, EVENT, uid(77)]
    assert verdicts(server.push(A, *made)) == {1: "applied", 2: "applied"}


def test_a_group_that_waits_for_two_parents_waits_for_both() -> None:
    """One comes, then the other."""
    server = Server()
    group = Group(uid(90), 2)
    server.push(A, put_event(1, group=group), put_event(2, EVENT_2, match=uid(77), group=group))
    server.push(B, put_match(1))
    assert len(server.log()) == 1
    server.push(B, put_match(2, uid(77)))
    assert len(server.log()) == 4
    assert not server.state.parked


def test_a_group_may_bring_its_own_parents() -> None:
    """A match and its first event, all or nothing, child first."""
    server = Server()
    group = Group(uid(90), 2)
    answer = server.push(A, put_event(1, group=group), put_match(2, group=group))
    assert verdicts(answer) == {1: "applied", 2: "applied"}


def test_a_group_of_which_a_part_lost_asks_a_person(server: Server) -> None:
    """It is applied whole; the member that lost is named, with its own conflict."""
    base = server.head
    server.push(B, put(3, "events", EVENT, {"note": "mine"}, base=base, wall=NOW_MS))
    answer = server.push(A, *members(wall=NOW_MS - 1_000, base=base))
    assert verdicts(answer) == {1: "merged", 2: "applied"}
    (about,) = (each for each in server.open_conflicts() if each.kind is Kind.GROUP)
    assert about.field == f"group/{SUBSTITUTION.id}"
    field = server.conflict("note", collection="events", record=EVENT)
    assert about.candidates[0].value == {"n": 1, "conflicts": [field.id]}
    assert verdict_of(answer, 1).conflicts == (field.id, about.id)


def test_a_group_that_loses_to_its_authors_own_later_edit_asks_nobody() -> None:
    """Parked, then overwritten by the same person: they know."""
    server = Server()
    server.push(B, put_match(1, wall=NOW_MS - 9_000), put_event(2, wall=NOW_MS - 9_000))
    group = Group(uid(90), 2)
    base = server.head
    parked = [put(1, "events", EVENT, {"note": "first"}, group=group, base=base)]
    parked.append(put_event(2, EVENT_2, match=uid(77), group=group))
    server.push(A, *parked, put(3, "events", EVENT, {"note": "second"}, base=base))
    server.push(B, put_match(3, uid(77)))
    assert server.values("events", EVENT)["note"] == "second"
    assert verdicts(server.push(A, *parked)) == {1: "merged", 2: "applied"}
    assert not server.open_conflicts()


@given(
    st.permutations(range(6)),
    st.lists(st.integers(0, 5), max_size=5),
    st.none() | st.integers(1, 4),
    st.booleans(),
)
def test_a_group_is_whole_or_absent_after_every_push(
    order: list[int], again: list[int], bad: int | None, has_parent: bool
) -> None:
    """Whatever arrives in whatever order, no push leaves a part of a group in the tables."""
    server = Server()
    group = Group(uid(90), 4)
    made = [put_match(1), *(put_event(n + 2, uid(40 + n), group=group) for n in range(4)), put_match(6, uid(60))]
    if bad is not None:
        made[bad] = put_event(made[bad].n, made[bad].record, kind="picnic", group=group)
    if not has_parent:
        made[0] = put_match(1, uid(61))
    for place in [*order, *again]:
        server.push(A, made[place])
        present = [Key("events", uid(40 + n)) in server.state.records for n in range(4)]
        assert len({*present}) == 1
    words = {each.verdict for each in server.state.outcomes.values() if each.group == group.id}
    assert words == {"rejected" if bad is not None else "applied" if has_parent else "parked"}


def test_two_clones_copies_of_one_member_are_no_group(server: Server) -> None:
    """Both relabelled the same queue: half of it twice is not the whole, and the last copy is no stranger."""
    one, two = members()
    assert verdicts(server.push(A, one)) == {1: "parked"}
    assert verdicts(server.push(C, one)) == {1: "parked"}
    assert Key("events", EVENT_2) not in server.state.records
    assert verdicts(server.push(A, two)) == {2: "applied"}
    assert verdicts(server.push(C, one, two)) == {1: "applied", 2: "applied"}
    assert not server.open_conflicts()
