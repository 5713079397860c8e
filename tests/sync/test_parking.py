"""Parking: what waits for its parent, durably, with the stamp of its first receipt."""

import pytest

from sync.conflicts import DELETED, Kind, Status
from sync.limits import PARKED_ORPHAN_AFTER_MS, PARKED_PER_DEVICE_MAX, PUSH_MUTATIONS_MAX
from sync.messages import Group
from sync.records import Key
from tests.builders import (
    EVENT,
    EVENT_2,
    MATCH,
    NOW_MS,
    PARTICIPANT,
    PLAYER,
    A,
    B,
    C,
    Server,
    delete,
    put,
    put_event,
    put_match,
    resolve,
    restore,
    stamps_of,
    uid,
    verdict_of,
    verdicts,
)


def test_a_child_of_an_absent_parent_is_parked_and_comes_with_it() -> None:
    """U3: in the parent's own transaction, with its stamp; the repeat's verdict is the current outcome."""
    server = Server()
    parked = server.push(A, put_event(1, wall=NOW_MS - 60_000))
    assert verdicts(parked) == {1: "parked"}
    assert (server.log(), server.state.records) == ([], {})
    server.now_ms += 5_000
    answer = server.push(B, put_match(1))
    assert [(each.collection, each.more) for each in server.log()] == [("matches", True), ("events", False)]
    assert answer.version == 2
    repeat = server.push(A, put_event(1, wall=NOW_MS - 60_000))
    assert verdicts(repeat) == {1: "applied"}
    assert stamps_of(repeat, A) == stamps_of(parked, A)
    assert server.log()[1].stamp == stamps_of(parked, A)[1]


def test_only_a_containing_reference_parks() -> None:
    """U20: a goal is never held up by a missing player."""
    server = Server()
    answer = server.push(A, put_match(1), put_event(2, fields={"player_id": PLAYER}))
    assert verdicts(answer) == {1: "applied", 2: "applied"}


def test_a_put_that_cannot_create_its_record_is_parked() -> None:
    """Until somebody has created it."""
    server = Server()
    assert verdicts(server.push(A, put(1, "matches", MATCH, {"venue": "Park"}))) == {1: "parked"}
    server.push(B, put_match(1))
    assert server.values("matches", MATCH) == {"title": "Reds v Blues", "venue": "Park"}


def test_a_put_with_all_that_is_required_creates() -> None:
    """No op says create: the first put that brings enough does."""
    server = Server()
    assert verdicts(server.push(A, put_match(1))) == {1: "applied"}


def test_generations_arrive_together() -> None:
    """Match, event and participant in the wrong order: one transaction brings all."""
    server = Server()
    server.push(A, put(1, "participants", PARTICIPANT, {"event_id": EVENT, "player_id": PLAYER}), put_event(2))
    assert len(server.state.parked) == 2
    server.push(B, put_match(1))
    assert [each.collection for each in server.log()] == ["matches", "events", "participants"]
    assert [each.more for each in server.log()] == [True, True, False]
    assert not server.state.parked


def test_the_waiting_are_applied_in_device_and_n_order() -> None:
    """Whatever the order in which they came."""
    server = Server()
    server.push(B, put_event(1, uid(31)))
    server.push(A, put_event(2, uid(32)))
    server.push(A, put_event(1, uid(33)))
    server.push(C, put_match(1))
    assert [each.record for each in server.log()] == [MATCH, uid(33), uid(32), uid(31)]


def test_a_tombstoned_parent_counts_as_present() -> None:
    """The child lands, and the question is the parent's delete."""
    server = Server()
    assert verdicts(server.push(A, put_event(1))) == {1: "parked"}
    server.push(B, delete(1))
    assert not server.state.parked
    assert server.values("events", EVENT)["kind"] == "foul"
    assert server.conflict(DELETED).is_open
    assert verdict_of(server.push(A, put_event(1)), 1).verdict == "merged"


def test_a_later_edit_of_the_same_device_waits_too_and_ranks_by_its_stamp() -> None:
    """An edit of a parked record does not overtake it."""
    server = Server()
    answer = server.push(A, put_event(1), put(2, "events", EVENT, {"kind": "save"}))
    assert verdicts(answer) == {1: "parked", 2: "parked"}
    server.push(B, put_match(1))
    assert server.values("events", EVENT)["kind"] == "save"
    assert not server.open_conflicts()


def test_a_delete_of_a_parked_record_stays() -> None:
    """Made, deleted, and only then the parent comes: its own author asks nobody."""
    server = Server()
    answer = server.push(A, put_event(1), delete(2, "events", EVENT))
    assert verdicts(answer) == {1: "parked", 2: "applied"}
    server.push(B, put_match(1))
    assert server.record("events", EVENT).is_deleted
    assert not server.open_conflicts()


def test_waiting_does_not_change_what_wins() -> None:
    """Parked in the morning, applied in the evening: the noon edit of another phone stands."""
    server = Server()
    server.push(A, put_event(1, kind="foul", fields={"note": "morning"}, wall=NOW_MS - 9_000))
    server.push(B, put(1, "events", EVENT, {"note": "noon"}, wall=NOW_MS - 5_000))
    server.now_ms += 60_000
    server.push(C, put_match(1))
    assert server.values("events", EVENT)["note"] == "noon"
    (conflict,) = server.open_conflicts()
    assert [side.value for side in conflict.candidates] == ["morning"]


def test_a_parked_mutation_is_bounded_per_device() -> None:
    """The one after the 2,000th is rejected and kept, others' are not touched; the parent frees all."""
    server = Server()
    made = [put_event(n, uid(10_000 + n)) for n in range(1, PARKED_PER_DEVICE_MAX + 2)]
    for start in range(0, PARKED_PER_DEVICE_MAX, PUSH_MUTATIONS_MAX):
        server.push(A, *made[start : start + PUSH_MUTATIONS_MAX])
    answer = server.push(A, made[-1])
    assert verdict_of(answer, PARKED_PER_DEVICE_MAX + 1).code == "parked_full"
    assert verdicts(server.push(B, put_event(1, uid(9)))) == {1: "parked"}
    assert len(server.state.parked) == PARKED_PER_DEVICE_MAX + 1
    server.push(C, put_match(1))
    assert not server.state.parked
    assert len(server.open_conflicts()) == 1


def test_what_is_parked_and_freed_in_one_push_counts_for_nothing() -> None:
    """Groups that are complete in one push take no room from what waits."""
    server = Server()
    made = [put_event(n, uid(10_000 + n)) for n in range(1, PARKED_PER_DEVICE_MAX)]
    for start in range(0, len(made), PUSH_MUTATIONS_MAX):
        server.push(A, *made[start : start + PUSH_MUTATIONS_MAX])
    n = len(made) + 1
    pairs = [put_match(n + each, uid(50 + each), group=Group(uid(90 + each), 1)) for each in range(5)]
    answer = server.push(A, *pairs, *(put_event(n + 5 + each, uid(70 + each)) for each in range(3)))
    words = [word for _, word in sorted(verdicts(answer).items())]
    assert words == ["applied"] * 5 + ["parked", "rejected", "rejected"]


# -- orphans -----------------------------------------------------------------------------------------------------------


def orphan(server: Server) -> str:
    """Park an event, wait a day, and return the field of the conflict about it."""
    server.push(A, put_event(1))
    server.now_ms += PARKED_ORPHAN_AFTER_MS + 1
    server.push(B, put_match(1, uid(88)))
    return f"orphan/{A}/1"


def test_a_parent_that_never_comes_asks_a_person() -> None:
    """After a day, once; the mutation keeps waiting."""
    server = Server()
    field = orphan(server)
    conflict = server.conflict(field, collection="events", record=EVENT)
    assert (conflict.kind, conflict.is_open) == (Kind.ORPHAN, True)
    assert conflict.candidates[0].value["mutation"]["fields"]["kind"] == "foul"
    version = server.state.club.head.version
    server.push(B, put_match(1, uid(88)))
    assert server.state.club.head.version == version
    assert verdicts(server.push(A, put_event(1))) == {1: "parked"}


def test_an_orphan_whose_parent_comes_is_applied_and_asks_no_more() -> None:
    """Superseded."""
    server = Server()
    field = orphan(server)
    server.push(B, put_match(2))
    assert server.conflict(field, collection="events", record=EVENT).status is Status.SUPERSEDED
    assert Key("events", EVENT) in server.state.records


def test_an_orphan_is_discarded_by_an_answer() -> None:
    """Its author is told at the next repeat, and the content stays in the conflict."""
    server = Server()
    field = orphan(server)
    server.push(C, resolve(1, field, "keep", collection="events", record=EVENT, base=server.head))
    conflict = server.conflict(field, collection="events", record=EVENT)
    assert (conflict.status, len(conflict.candidates)) == (Status.RESOLVED, 1)
    assert not server.state.parked
    assert verdict_of(server.push(A, put_event(1)), 1).code == "discarded"
    server.push(C, put_match(2))
    assert Key("events", EVENT) not in server.state.records


def test_nobody_discards_what_is_no_orphan_yet() -> None:
    """A parked write about which nobody was asked is not given up by a guess of its name."""
    server = Server()
    server.push(A, put_event(1))
    server.push(B, resolve(1, f"orphan/{A}/1", "keep", collection="events", record=EVENT))
    assert len(server.state.parked) == 1
    server.push(C, put_match(1))
    assert Key("events", EVENT) in server.state.records


def test_a_discarded_member_discards_its_group() -> None:
    """All or nothing, also for what nobody waits for any more."""
    server = Server()
    group = Group(uid(90), 2)
    made = [put_event(1, group=group), put_event(2, EVENT_2, group=group)]
    server.push(A, *made)
    server.now_ms += PARKED_ORPHAN_AFTER_MS + 1
    server.push(B, put_match(1, uid(88)))
    server.push(C, resolve(1, f"orphan/{A}/1", "keep", collection="events", record=EVENT, base=server.head))
    assert not server.state.parked
    assert verdicts(server.push(A, *made)) == {1: "rejected", 2: "rejected"}
    assert not [each for each in server.open_conflicts() if each.kind is Kind.ORPHAN]


@pytest.mark.parametrize("op", [delete(1, "events", EVENT), restore(1, "events", EVENT)], ids=["delete", "restore"])
def test_deletes_and_restores_never_park(op: object) -> None:
    """Only a put does."""
    server = Server()
    assert verdicts(server.push(A, op)) == {1: "applied"}  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
