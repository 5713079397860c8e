"""Pushes: one transaction, one verdict for each mutation, and the same outcome however often and cut."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.engine import Engine
from storage.memory import MemoryLedger
from sync.book import Needs, first_needs, runs_of
from sync.checks import examine
from sync.messages import PullQuery, encode, read_mutations, read_push
from sync.stamps import device_of
from tests.builders import (
    CATALOGUE,
    CLUB,
    EVENT,
    MATCH,
    NOW_MS,
    A,
    B,
    Server,
    delete,
    put,
    put_event,
    put_match,
    run,
    stamps_of,
    uid,
    verdict_of,
    verdicts,
)

QUEUE = [
    put_match(1),
    put(2, "matches", MATCH, {"venue": "Park"}),
    put(3, "matches", MATCH, {"colour": "red"}),
    put_event(4),
    put_event(5, uid(60), match=uid(61)),
    put(6, "matches", MATCH, {"title": "late"}, wall=NOW_MS - 60_000),
    delete(7, "events", EVENT),
    put(8, "events", EVENT, {"note": "after all"}),
]
WORDS = {1: "applied", 2: "applied", 3: "rejected", 4: "applied", 5: "parked", 6: "applied", 7: "applied", 8: "merged"}


def test_a_push_is_answered_by_runs_and_others() -> None:
    """What was applied whole is short; everything else is in full."""
    server = Server()
    answer = server.push(A, *QUEUE)
    assert [(each.from_n, each.to_n, len(each.clocks)) for each in answer.applied] == [(1, 2, 2), (4, 4, 1), (6, 7, 2)]
    assert [each.n for each in answer.others] == [3, 5, 8]
    assert verdicts(answer) == WORDS
    assert (answer.version, answer.timestamp, answer.server_time) == (
        server.state.club.head.version,
        server.head,
        NOW_MS,
    )
    assert encode(answer.applied[0]).startswith(b"[1,2,[")


def test_a_push_is_one_transaction() -> None:
    """All changes but the last say that it goes on."""
    server = Server()
    server.push(A, *QUEUE)
    more = [each.more for each in server.log()]
    assert more == [True] * (len(more) - 1) + [False]


def test_versions_are_gapless_and_tags_random() -> None:
    """1, 2, 3 ... and each row its own tag."""
    server = Server()
    server.push(A, *QUEUE)
    server.push(B, put(1, "matches", MATCH, {"minutes": 60}))
    log = server.log()
    assert [each.version for each in log] == list(range(1, len(log) + 1))
    assert len({each.tag for each in log}) == len(log)
    assert server.head == f"{log[-1].version}.{log[-1].tag}"


@given(st.lists(st.integers(1, 3), min_size=1), st.lists(st.integers(0, 7), max_size=6))
def test_any_split_and_any_repeat_has_the_same_outcome(cuts: list[int], again: list[int]) -> None:
    """U2: pieces of any size, each sent any number of times, end as one push would."""
    whole, pieces = Server(), Server()
    whole.push(A, *QUEUE)
    rest = list(QUEUE)
    for cut in [*cuts, *[3] * len(QUEUE)]:
        if rest:
            piece, rest = rest[:cut], rest[cut:]
            pieces.push(A, *piece)
            pieces.push(A, *piece)
            pieces.push(A, *(each for each in QUEUE if each.n - 1 in again and each not in rest))
    assert verdicts(pieces.push(A, *QUEUE)) == WORDS
    fields = {key: {n: (w.value, w.stamp) for n, w in each.fields.items()} for key, each in whole.state.records.items()}
    found = {key: {n: (w.value, w.stamp) for n, w in each.fields.items()} for key, each in pieces.state.records.items()}
    assert found == fields
    assert len(pieces.log()) == len(whole.log())


def test_a_repeat_gets_the_current_outcome_with_the_first_stamp() -> None:
    """Merged stays merged though the conflict is closed since; a parked one is applied since."""
    server = Server()
    first = server.push(A, *QUEUE)
    server.now_ms += 60_000
    server.push(B, put_match(1, uid(61)))
    again = server.push(A, *QUEUE)
    assert verdicts(again) == {**WORDS, 5: "applied"}
    assert stamps_of(again, A) == stamps_of(first, A)
    assert verdict_of(again, 3) == verdict_of(first, 3)


def test_one_bad_mutation_never_blocks_its_neighbours() -> None:
    """U3: the rest of the queue lands in the same push."""
    server = Server()
    answer = server.push(A, {"n": 1}, *QUEUE[1:], put_match(9))
    assert verdicts(answer)[9] == "applied"
    assert server.values("matches", MATCH)["venue"] == "Park"


def test_effective_stamps_come_back_for_all() -> None:
    """Also for those that were rejected or parked: the device may have to bring them again."""
    server = Server()
    stamps = stamps_of(server.push(A, *QUEUE), A)
    assert stamps.keys() == WORDS.keys()
    assert {device_of(each) for each in stamps.values()} == {A}
    assert sorted(stamps.values()) == [stamps[n] for n in sorted(stamps)]


def test_a_failure_in_the_transaction_leaves_no_trace() -> None:
    """4xx and 5xx mean: not applied."""
    server = Server()
    server.push(A, put_match(1))
    before = server.state

    def no_dice(size: int) -> bytes:
        raise OSError(size)

    broken = Engine(CATALOGUE, server.store, clock=lambda: NOW_MS, dice=no_dice)
    body = encode({"device_id": A, "sent_at": NOW_MS, "mutations": [put(2, "matches", MATCH, {"venue": "x"})]})
    with pytest.raises(OSError, match="16"):
        run(broken.push(CLUB, f"user of {A}", read_push(body)))
    assert server.state is before


def test_an_unknown_club_is_a_lookup_error() -> None:
    """For pushes and pulls alike."""
    server = Server()
    push = read_push(encode({"device_id": A, "sent_at": NOW_MS, "mutations": []}))
    with pytest.raises(LookupError):
        run(server.engine.push(uid(99), "u", push))
    with pytest.raises(LookupError):
        run(server.engine.pull(uid(99), PullQuery(since="0.0000000000000000")))


def test_whole_matches_are_planned_in_two_rounds() -> None:
    """What is seen to be needed is asked for at once: 500 mutations load in a round or two, not one by one."""
    server = Server()
    server.push(A, *(put_match(n, uid(1_000 + n)) for n in range(1, 101)))
    rounds: list[Needs] = []
    load = MemoryLedger.load

    async def counted(self: MemoryLedger, needs: Needs) -> None:
        rounds.append(needs)
        await load(self, needs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MemoryLedger, "load", counted)
        server.push(B, *(delete(n, "matches", uid(1_000 + n), base=server.head) for n in range(1, 101)))
        assert len(rounds) <= 3
        rounds.clear()
        server.push(B, *(put_event(n, uid(5_000 + n), match=uid(1_001), kind="goal") for n in range(200, 400)))
        assert len(rounds) <= 3
        rounds.clear()
        server.push(B, *(put_event(n, uid(5_000 + n), match=uid(9_000)) for n in range(400, 600)))
        server.push(A, put_match(200, uid(9_000)))
        assert len(rounds) <= 5


def test_first_needs_asks_only_for_what_can_exist() -> None:
    """A parent that is no id is not looked up; a hostile text never reaches a query."""
    body = encode(
        {
            "device_id": A,
            "sent_at": 1,
            "mutations": [put(1, "events", EVENT, {"match_id": "x'; --", "kind": "goal", "minute": 1})],
        }
    )
    push = read_push(body)
    needs = first_needs(CATALOGUE, push, examine(CATALOGUE, read_mutations(push)))
    assert {key.record for key in needs.records} == {EVENT}
    assert not needs.alike


@given(st.sets(st.integers(1, 60)))
def test_runs_cover_exactly_their_counters(counters: set[int]) -> None:
    """Neighbours are joined, and nothing else."""
    runs = list(runs_of(counters))
    assert {n for first, last in runs for n in range(first, last + 1)} == counters
    assert all(one[1] + 1 < two[0] for one, two in itertools.pairwise(runs))
