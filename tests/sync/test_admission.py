"""Admission: history, identity, stamps and content, each checked once and in this order."""

import pytest

from sync.collections import Value
from sync.errors import DeviceTaken, LogDiverged
from sync.messages import Again, Mutation
from sync.stamps import make_stamp
from tests.builders import (
    EVENT,
    MATCH,
    NOW_MS,
    PLAYER,
    A,
    B,
    Server,
    delete,
    mutation,
    put,
    put_match,
    stamps_of,
    verdict_of,
    verdicts,
)


@pytest.mark.parametrize(
    ("bad", "code", "field"),
    [
        (put(1, "nonsense", MATCH, {"title": "t"}), "unknown_collection", None),
        (put(1, "conflicts", MATCH, {"status": "resolved"}), "unknown_collection", None),
        (delete(1, "nonsense"), "unknown_collection", None),
        (put(1, "matches", MATCH, {}), "empty", None),
        (put(1, "matches", MATCH, {"title": "t", "colour": "red"}), "unknown_field", "colour"),
        (put(1, "matches", MATCH, {"version": 7}), "unknown_field", "version"),
        (put(1, "matches", MATCH, {"deleted": True}), "unknown_field", "deleted"),
        (put(1, "matches", MATCH, {"title": None}), "null", "title"),
        (put(1, "matches", MATCH, {"title": 7}), "wrong_type", "title"),
        (put(1, "matches", MATCH, {"minutes": 201}), "out_of_bounds", "minutes"),
        (put(1, "events", EVENT, {"match_id": "x", "kind": "goal"}), "wrong_type", "match_id"),
        (put(1, "events", EVENT, {"match_id": "x\x00", "kind": "goal"}), "wrong_type", "match_id"),
        (mutation(1, "delete", "matches", MATCH, fields={"title": "t"}), "wrong_op", None),
        (mutation(1, "restore", "matches", MATCH, fields={"title": "t"}), "wrong_op", None),
        (mutation(1, "resolve", "matches", MATCH), "wrong_op", None),
    ],
    ids=range(15),
)
def test_a_bad_mutation_is_rejected_alone(bad: Mutation, code: str, field: str | None) -> None:
    """U3: with a machine-readable reason and a sentence; its neighbour lands."""
    server = Server()
    answer = server.push(A, bad, put_match(2))
    assert verdicts(answer) == {1: "rejected", 2: "applied"}
    verdict = verdict_of(answer, 1)
    assert (verdict.code, verdict.field) == (code, field)
    assert verdict.sentence is not None
    assert verdict.sentence.endswith(".")
    assert verdicts(server.push(A, bad)) == {1: "rejected"}


def test_a_device_belongs_to_one_person() -> None:
    """Another user under the same device id is refused whole, and told nothing."""
    server = Server()
    server.push(A, put_match(1), author="kim")
    log = server.log()
    with pytest.raises(DeviceTaken) as found:
        server.push(A, put_match(2), author="lee")
    assert found.value.values == {}
    assert server.log() == log


def test_an_empty_push_is_answered() -> None:
    """A device that has nothing to say learns the head."""
    server = Server()
    server.push(A, put_match(1))
    answer = server.push(B)
    assert (answer.applied, answer.others, answer.timestamp) == ((), (), server.head)


@pytest.mark.parametrize("acked", ["1.0123456789abcdef", "7.0123456789abcdef"])
def test_an_acknowledgement_of_another_history_diverges(acked: str) -> None:
    """Nothing is applied, and the newest known past cursor is named."""
    server = Server()
    server.push(A, put_match(1))
    common, log = server.head, server.log()
    with pytest.raises(LogDiverged) as found:
        server.push(B, put(1, "matches", MATCH, {"venue": "Park"}), acked=acked, past=["3.0123456789abcdef", common])
    assert found.value.common == common
    assert (server.log(), B in server.state.devices) == (log, False)


@pytest.mark.parametrize(
    ("base", "common", "is_asked"),
    [
        ("good", None, False),
        ("2.0123456789abcdef", None, True),
        ("9.0123456789abcdef", None, True),
        ("9.0123456789abcdef", "good", False),
        ("9.0123456789abcdef", "9.0000456789abcdef", True),
        (None, None, True),
        (None, "good", False),
    ],
)
def test_a_base_is_compared_by_tag(base: str | None, common: str | None, *, is_asked: bool) -> None:
    """One that is not in the log counts as `common`, and with neither nothing had been seen."""
    server = Server()
    server.push(A, put_match(1), put(2, "matches", MATCH, {"venue": "Park"}))
    base, common = (server.head if each == "good" else each for each in (base, common))
    again = [] if common is None else [Again(1, common=common)]
    server.now_ms += 1_000
    server.push(B, put(1, "matches", MATCH, {"venue": "Green"}, base=base, wall=server.now_ms), again=again)
    assert bool(server.open_conflicts()) == is_asked


def test_a_stamp_given_before_a_restore_is_used_unchanged() -> None:
    """The correction too, though the device's clock was corrected otherwise since."""
    server = Server()
    stamp = make_stamp((NOW_MS - 5_000) << 16, A)
    made = put(1, "matches", MATCH, {"title": "t", "started_at": "2026-11-22T14:00:00Z"}, wall=NOW_MS + 99_000)
    answer = server.push(A, made, again=[Again(1, stamp=stamp, correction=-60_000)], sent_at=NOW_MS - 7_000)
    verdict = verdict_of(answer, 1)
    assert (verdict.verdict, verdict.stamp, verdict.correction, answer.correction) == ("applied", stamp, -60_000, 7_000)
    assert server.values("matches", MATCH)["started_at"] == "2026-11-22T13:59:00.000Z"


def test_a_given_stamp_is_lifted_only_above_an_earlier_greater_one() -> None:
    """Where an earlier n of the device already holds a greater stamp."""
    server = Server()
    first = stamps_of(server.push(A, put_match(1)), A)[1]
    old = make_stamp((NOW_MS - 5_000) << 16, A)
    answer = server.push(A, put(2, "matches", MATCH, {"title": "second"}), again=[Again(2, stamp=old)])
    assert stamps_of(answer, A)[2] == first
    assert server.values("matches", MATCH)["title"] == "second"


@pytest.mark.parametrize("stamp", [make_stamp((NOW_MS - 5_000) << 16, B), make_stamp(2**64 - 1, A)])
def test_a_forged_stamp_gains_nothing(stamp: str) -> None:
    """Another device's is not used, and one of the future is bounded by the server's now."""
    server = Server()
    answer = server.push(A, put_match(1), again=[Again(1, stamp=stamp)])
    assert stamps_of(answer, A)[1][:16] <= make_stamp((NOW_MS << 16) + 1, A)[:16]
    assert stamps_of(answer, A)[1].endswith(A.replace("-", ""))


def test_a_malformed_mutation_does_not_lift_its_neighbours() -> None:
    """It has no wall that can be read: the stamps of the others are as if it were not there."""
    server = Server()
    bad: dict[str, Value] = {"n": 1, "wall": "yesterday"}
    answer = server.push(A, bad, put_match(2, wall=NOW_MS - 3_600_000))
    assert stamps_of(answer, A)[2] == make_stamp((NOW_MS - 3_600_000) << 16, A)


def test_values_are_stored_in_canonical_form() -> None:
    """As the log sends them, whatever the device wrote."""
    server = Server()
    server.push(A, put(1, "players", PLAYER, {"name": "Kim", "weight": 40, "born": "2016-05-04"}))
    server.push(A, put(2, "matches", MATCH, {"title": "t", "started_at": "2026-11-22T15:00:00+01:00"}))
    assert [dict(each.fields) for each in server.log()] == [
        {"name": "Kim", "weight": 40.0, "born": "2016-05-04"},
        {"title": "t", "started_at": "2026-11-22T14:00:00.000Z"},
    ]
