"""Permits: what somebody may not write is kept for somebody who may, and never applied."""

from collections.abc import Mapping

import msgspec
import pytest

from storage.engine import Engine
from sync.conflicts import Kind
from sync.errors import SessionEnded
from sync.limits import LATE_AFTER_END_MS
from sync.messages import Group, Mutation, PushAnswer, PushRequest, encode
from sync.permits import EVERYTHING, Grant, Permit
from sync.records import Key
from tests.builders import (
    CATALOGUE,
    CLUB,
    EVENT,
    EVENT_2,
    MATCH,
    MATCH_2,
    NOW_MS,
    PARTICIPANT,
    PLAYER,
    A,
    B,
    Server,
    delete,
    put,
    put_event,
    put_match,
    resolve,
    run,
    uid,
    verdict_of,
    verdicts,
)

SESSION = uid(0x5E55)
PERMITS: Mapping[str, Permit] = {
    "all": EVERYTHING,
    "none": Permit(collections=frozenset(), may_resolve=False),
    "matches": Permit(collections=frozenset({"matches", "events", "participants"}), may_resolve=False),
    "within": Permit(may_resolve=False, within=Key("matches", MATCH), root_fields=frozenset({"status"})),
}


class Guarded(Server):
    """A server with one session whose access tests set."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = Engine(
            CATALOGUE, self.store, clock=lambda: self.now_ms, dice=lambda n: b"d" * n, permit_of=self._permit_of
        )

    def _permit_of(self, grant: Grant, _now_ms: int) -> Permit:
        return Permit(ended_ms=grant.ends_ms) if grant.ends_ms is not None else PERMITS[grant.role]

    def allow(self, role: str, *, ends_ms: int | None = None) -> None:
        """Set what the session may do."""
        self.store.sessions[CLUB] = {SESSION: Grant(role, ends_ms=ends_ms)}

    def guarded(self, device_id: str, *mutations: Mutation) -> PushAnswer:
        """Push as the session."""
        raw = [msgspec.Raw(encode(each)) for each in mutations]
        request = PushRequest(device_id=device_id, sent_at=self.now_ms, mutations=raw)
        return run(self.engine.push(CLUB, f"user of {device_id}", request, grant=SESSION))


@pytest.fixture
def server() -> Guarded:
    """Give a server that holds two matches of somebody who may do all."""
    made = Guarded()
    made.push(A, put_match(1), put_match(2, MATCH_2))
    return made


def test_what_a_role_leaves_out_is_kept_for_somebody_who_may(server: Guarded) -> None:
    """A mutation outside the permit is rejected alone, its neighbours apply, and its content is in the quarantine."""
    server.allow("matches")
    answer = server.guarded(B, put_event(1), put(2, "players", PLAYER, {"name": "Ada"}), put_event(3, EVENT_2))
    assert verdicts(answer) == {1: "applied", 2: "rejected", 3: "applied"}
    assert verdict_of(answer, 2).code == "forbidden"
    (conflict,) = server.open_conflicts()
    assert conflict.kind is Kind.REJECTED
    assert conflict.candidates[0].value["mutation"]["fields"] == {"name": "Ada"}
    assert Key("players", PLAYER) not in server.state.records


def test_a_role_changed_between_two_sendings_answers_the_repeat_as_the_first(server: Guarded) -> None:
    """A repeat gets the outcome of the first receipt, whatever its author may do by now."""
    server.allow("all")
    sent = [put_event(1), put(2, "players", PLAYER, {"name": "Ada"})]
    first = server.guarded(B, *sent)
    server.allow("none")
    assert verdicts(server.guarded(B, *sent)) == verdicts(first) == {1: "applied", 2: "applied"}


def test_who_may_not_answer_conflicts_closes_none(server: Guarded) -> None:
    """A resolve without the right to it is rejected, and the field stands."""
    server.push(A, put(3, "matches", MATCH, {"venue": "Park"}))
    server.allow("matches")
    answer = server.guarded(B, resolve(1, "venue", "set", "Elsewhere"))
    assert verdict_of(answer, 1).code == "forbidden"
    assert server.values("matches", MATCH)["venue"] == "Park"


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ([put_event(1)], ["applied"]),
        ([put_event(1, match=MATCH_2)], ["rejected"]),
        ([put_event(1, match=uid(99))], ["rejected"]),
        ([put(1, "matches", MATCH, {"status": "completed"})], ["applied"]),
        ([put(1, "matches", MATCH, {"title": "Mine"})], ["rejected"]),
        ([put(1, "matches", MATCH, {"status": "live", "title": "Mine"})], ["rejected"]),
        ([put(1, "matches", MATCH_2, {"status": "completed"})], ["rejected"]),
        ([delete(1)], ["rejected"]),
        ([put(1, "players", PLAYER, {"name": "Ada"})], ["rejected"]),
        ([put(1, "participants", PARTICIPANT, {"event_id": EVENT, "player_id": PLAYER})], ["rejected"]),
        (
            [put_event(1), put(2, "participants", PARTICIPANT, {"event_id": EVENT, "player_id": PLAYER})],
            ["applied", "applied"],
        ),
        ([delete(1, "events", EVENT)], ["rejected"]),
        ([put_event(1), delete(2, "events", EVENT)], ["applied", "applied"]),
        ([put_event(1), put(2, "events", EVENT, {"match_id": MATCH_2})], ["rejected", "rejected"]),
    ],
)
def test_a_permit_for_one_match_holds_at_any_depth(server: Guarded, sent: list[Mutation], words: list[str]) -> None:
    """Of one record only what it contains is written, and of itself the named fields: by stored and by sent parents."""
    server.allow("within")
    answer = server.guarded(B, *sent)
    assert [verdicts(answer)[n] for n in range(1, len(sent) + 1)] == words


@pytest.mark.parametrize(
    "theft",
    [
        put(1, "events", EVENT, {"match_id": MATCH}),
        put(1, "events", EVENT, {"minute": 3}),
        delete(1, "events", EVENT),
    ],
)
def test_an_event_of_another_match_is_neither_moved_nor_touched(server: Guarded, theft: Mutation) -> None:
    """What is stored of a record counts beside what is said of it: nobody draws a record into their own match."""
    server.push(A, put_event(3, match=MATCH_2))
    server.allow("within")
    assert verdicts(server.guarded(B, theft)) == {1: "rejected"}
    assert server.values("events", EVENT) == {"match_id": MATCH_2, "kind": "foul"}


def test_what_waited_is_judged_again_when_it_is_applied(server: Guarded) -> None:
    """Said to be of one's own match, then made in another by somebody else: what waited for that is not applied."""
    server.allow("within")
    sent = [
        put(1, "events", EVENT, {"match_id": MATCH}),
        put(2, "participants", PARTICIPANT, {"event_id": EVENT, "player_id": PLAYER}),
    ]
    assert verdicts(server.guarded(B, *sent)) == {1: "parked", 2: "parked"}
    server.push(A, put_event(3, match=MATCH_2))
    assert server.values("events", EVENT) == {"match_id": MATCH_2, "kind": "foul"}
    assert Key("participants", PARTICIPANT) not in server.state.records
    assert verdicts(server.guarded(B, *sent)) == {1: "rejected", 2: "rejected"}
    assert {verdict_of(server.guarded(B, each), each.n).code for each in sent} == {"forbidden"}
    assert [each.kind for each in server.open_conflicts()] == [Kind.REJECTED] * 2
    assert not server.state.parked


def test_what_waited_is_applied_in_its_own_match(server: Guarded) -> None:
    """The same, where the event is made in the match that the permit is for."""
    server.allow("within")
    sent = [
        put(1, "events", EVENT, {"match_id": MATCH, "minute": 3}),
        put(2, "participants", PARTICIPANT, {"event_id": EVENT, "player_id": PLAYER}),
    ]
    server.guarded(B, *sent)
    server.push(A, put_event(3))
    assert verdicts(server.guarded(B, *sent)) == {1: "applied", 2: "applied"}


def test_a_group_that_waited_draws_no_record_into_its_match(server: Guarded) -> None:
    """A group is judged again when its last part comes: a record made elsewhere meanwhile is not moved."""
    server.allow("within")
    group = Group(id=uid(77), count=3)
    sent = [
        put_event(1, group=group),
        put(2, "participants", PARTICIPANT, {"event_id": EVENT, "player_id": PLAYER}, group=group),
        put_event(3, EVENT_2, group=group),
    ]
    assert verdicts(server.guarded(B, *sent[:2])) == {1: "parked", 2: "parked"}
    server.push(A, put_event(3, match=MATCH_2, wall=NOW_MS - 60_000))
    assert verdicts(server.guarded(B, sent[2])) == {3: "rejected"}
    assert server.values("events", EVENT) == {"match_id": MATCH_2, "kind": "foul"}
    server.allow("all")
    assert verdicts(server.guarded(B, *sent)) == dict.fromkeys((1, 2, 3), "rejected")


def test_a_group_within_the_match_is_applied_together(server: Guarded) -> None:
    """A part may name what another part of its group creates, whoever came first."""
    server.allow("within")
    group = Group(id=uid(77), count=2)
    child = put(1, "participants", PARTICIPANT, {"event_id": EVENT, "player_id": PLAYER}, group=group)
    parent = put_event(2, group=group)
    assert verdicts(server.guarded(B, child, parent)) == {1: "applied", 2: "applied"}


def test_a_group_with_a_part_that_may_not_be_is_rejected_whole(server: Guarded) -> None:
    """All or nothing holds for refusals too."""
    server.allow("within")
    group = Group(id=uid(77), count=2)
    answer = server.guarded(B, put_event(1, group=group), put_event(2, EVENT_2, match=MATCH_2, group=group))
    assert verdicts(answer) == {1: "rejected", 2: "rejected"}


def test_after_the_end_what_was_made_before_reaches_the_quarantine(server: Guarded) -> None:
    """Nothing applies; what was made before the end is kept for the coach, and what came later is not taken at all."""
    server.allow("all", ends_ms=NOW_MS)
    server.now_ms = NOW_MS + 60_000
    answer = server.guarded(B, put_event(1, wall=NOW_MS - 5_000), put_event(2, EVENT_2, wall=NOW_MS + 1))
    assert verdicts(answer) == {1: "rejected"}
    assert verdict_of(answer, 1).code == "access_ended"
    assert [each.kind for each in server.open_conflicts()] == [Kind.REJECTED]
    assert (B, 2) not in server.state.outcomes


def test_the_quarantine_of_a_former_member_closes_after_a_while(server: Guarded) -> None:
    """Long after the end nothing is taken, however old it claims to be."""
    server.allow("all", ends_ms=NOW_MS)
    server.now_ms = NOW_MS + LATE_AFTER_END_MS + 1
    assert verdicts(server.guarded(B, put_event(1, wall=NOW_MS - 5_000))) == {}
    assert server.open_conflicts() == []


def test_a_session_that_was_ended_writes_nothing(server: Guarded) -> None:
    """Signed out between the door and the transaction: sign in and send again, and nothing is settled."""
    server.store.sessions[CLUB] = {}
    with pytest.raises(SessionEnded):
        server.guarded(B, put_event(1))
    assert B not in server.state.devices
