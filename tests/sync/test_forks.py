"""Forks: two installations under one identity are found out, and nothing of either is lost."""

import pytest
from msgspec.structs import replace

from sync.errors import DeviceForked
from tests.builders import (
    MATCH,
    A,
    B,
    Phone,
    Server,
    device,
    put,
    put_event,
    put_match,
    uid,
    verdicts,
)


def test_the_same_n_with_other_content_is_a_fork() -> None:
    """Nothing is applied, and those held with the same content are listed."""
    server = Server()
    server.push(A, put_match(1), put_match(2, uid(20)))
    log = server.log()
    with pytest.raises(DeviceForked) as found:
        server.push(A, put_match(1), put_match(2, uid(21)), put_match(3, uid(22)))
    assert found.value.held == [1]
    assert server.log() == log


@pytest.mark.parametrize(
    "other",
    [
        put_match(1, title="other"),
        put_match(1, wall=7),
        put_match(1, base="0.0000000000000000"),
        put_match(1, uid(30)),
        {"n": 1, "op": "x"},
    ],
    ids=range(5),
)
def test_any_other_content_counts(other: object) -> None:
    """The value, the wall, the base, the record, the form."""
    server = Server()
    server.push(A, put_match(1))
    with pytest.raises(DeviceForked):
        server.push(A, other)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_a_rejected_and_a_parked_mutation_are_held_too() -> None:
    """Their content is compared like any other's."""
    server = Server()
    server.push(A, put(1, "matches", MATCH, {"colour": "red"}), put_event(2))
    for fork in (put(1, "matches", MATCH, {"colour": "blue"}), put_event(2, kind="save")):
        with pytest.raises(DeviceForked):
            server.push(A, fork)


def test_a_hash_that_was_compacted_away_is_a_fork() -> None:
    """Nobody can tell any more whether the content is the same."""
    server = Server()
    server.push(A, put_match(1))
    state = server.backup()
    state.outcomes = {key: replace(each, hash=None) for key, each in state.outcomes.items()}
    server.restore(state)
    with pytest.raises(DeviceForked) as found:
        server.push(A, put_match(1))
    assert found.value.held == []


def test_a_relabelled_author_is_not_asked_about_its_old_self() -> None:
    """Writes of the old device up to the shared n count as own; later ones are another person's."""
    server = Server()
    server.push(A, put_match(1, title="shared"), put(2, "matches", MATCH, {"venue": "other phone"}))
    server.now_ms += 1_000
    answer = server.push(
        B,
        put(2, "matches", MATCH, {"title": "mine", "venue": "mine"}, wall=server.now_ms, origins=[(A, 1)]),
    )
    assert verdicts(answer) == {2: "applied"}
    assert [each.field for each in server.open_conflicts()] == ["venue"]


def test_a_cloned_phone_takes_a_new_identity() -> None:
    """Both go on: every edit of both lands once, and both end with the same picture."""
    server = Server()
    phone = Phone(server, A)
    phone.put("matches", MATCH, {"title": "before"})
    phone.sync()
    twin = phone.clone()
    phone.put("matches", MATCH, {"venue": "phone"})
    phone.put("players", uid(40), {"name": "Kim"})
    twin.put("matches", MATCH, {"minutes": 60})
    twin.put("players", uid(41), {"name": "Lee"})
    phone.sync()
    twin.sync()
    phone.sync()
    assert twin.device.state.device_id != A
    assert phone.device.state.device_id == A
    assert phone.view() == twin.view()
    assert server.values("matches", MATCH) == {"title": "before", "venue": "phone", "minutes": 60}
    assert not server.open_conflicts()
    assert {key.record for key in server.state.records} == {MATCH, uid(40), uid(41)}


def test_what_is_held_with_the_same_content_is_acknowledged_and_not_relabelled() -> None:
    """Cloned with a queue: the shared part is pushed once, the rest goes under the new name."""
    server = Server()
    phone = Phone(server, A)
    phone.put("matches", MATCH, {"title": "queued"})
    twin = phone.clone()
    phone.put("players", uid(40), {"name": "Kim"})
    twin.put("players", uid(41), {"name": "Lee"})
    phone.sync()
    twin.sync()
    assert sorted((each.n, each.device_id == A) for each in server.state.outcomes.values()) == [
        (1, True),
        (2, False),
        (2, True),
    ]
    assert twin.device.waiting_count == 0


def test_a_parked_mutation_of_the_shared_past_is_not_applied_twice() -> None:
    """It waits under the old name; the twin's own goes under the new one."""
    server = Server()
    phone = Phone(server, A)
    phone.put("events", uid(50), {"match_id": MATCH, "kind": "foul"})
    phone.sync()
    twin = phone.clone()
    phone.put("players", uid(40), {"name": "Kim"})
    twin.put("players", uid(41), {"name": "Lee"})
    phone.sync()
    twin.sync()
    server.push(B, put_match(1))
    twin.sync()
    assert twin.device.waiting_count == 0
    of_event = [each for each in server.log() if each.record == uid(50)]
    assert [each.stamp[16:] for each in of_event] == [A.replace("-", "")]


def test_a_new_identity_is_told_by_every_mutation_that_moved() -> None:
    """Each relabelled mutation names the old device and the last n they shared."""
    server = Server()
    phone = Phone(server, A)
    phone.put("matches", MATCH, {"title": "t"})
    phone.sync()
    twin = phone.clone()
    phone.put("matches", MATCH, {"venue": "x"})
    phone.sync()
    first = twin.put("matches", MATCH, {"venue": "y"})
    request = twin.device.next_push(sent_at=0)
    assert request is not None
    twin.device.forked(request, [], device(0x99))
    (moved,) = twin.device.overlay()
    assert (moved.device_id, moved.mutation.n) == (device(0x99), first.n)
    assert [(each.device_id, each.n) for each in moved.mutation.origins] == [(A, 1)]


def test_a_stale_fork_answer_is_ignored() -> None:
    """Only the push in flight can fork."""
    phone = Phone(Server(), A)
    phone.put("matches", MATCH, {"title": "t"})
    stale = phone.device.next_push(sent_at=0)
    assert stale is not None
    phone.device.next_push(sent_at=1)
    phone.device.forked(stale, [], device(0x99))
    assert phone.device.state.device_id == A


def test_a_parked_mutation_whose_place_another_took_after_a_restore_moves_too() -> None:
    """The server forgot the twin's parked n = 1 and took another n = 1 since: it must not wait for ever."""
    server = Server()
    phone = Phone(server, A)
    twin = phone.clone()
    backup = server.backup()
    twin.put("events", uid(50), {"match_id": MATCH, "kind": "foul"})
    twin.push()
    server.restore(backup)
    phone.put("players", uid(40), {"name": "Kim"})
    phone.sync()
    server.push(B, put_match(1))
    twin.heal()
    assert twin.device.waiting_count == 0
    assert server.values("events", uid(50))["kind"] == "foul"
