"""Conflicts: each kind, how it opens, and how it closes."""

import pytest

from sync.collections import Value
from sync.conflicts import DELETED, Conflict, Kind, Status
from sync.messages import Mutation
from tests.builders import (
    EVENT,
    EVENT_2,
    MATCH,
    NOW_MS,
    PLAYER,
    A,
    B,
    C,
    Server,
    candidates,
    delete,
    put,
    put_event,
    put_match,
    resolve,
    restore,
    uid,
    verdict_of,
    verdicts,
)

D = A.replace("a", "d")


def put_title(n: int, title: str, **more: Value) -> Mutation:
    """Return a put of the match's title."""
    return put(n, "matches", MATCH, {"title": title}, **more)


@pytest.fixture
def server() -> Server:
    """A match that everybody has seen, at version 1."""
    server = Server()
    server.push(C, put_match(1, wall=NOW_MS - 10_000))
    return server


@pytest.fixture
def base(server: Server) -> str:
    """The cursor after the match."""
    return server.head


def after_all(server: Server) -> str:
    """Return the greatest stamp of the log."""
    return max(change.stamp for change in server.log())


# -- field -------------------------------------------------------------------------------------------------------------


def test_two_values_written_unseen_ask_a_person(server: Server, base: str) -> None:
    """The greater stamp stands, the other is a candidate with author, device and time; the loser is told."""
    server.push(A, put_title(1, "a", wall=NOW_MS - 1_000, base=base))
    answer = server.push(B, put_title(1, "b", wall=NOW_MS - 2_000, base=base))
    conflict = server.conflict("title")
    assert (conflict.kind, conflict.status) == (Kind.FIELD, Status.OPEN)
    assert conflict.stands is not None
    assert (conflict.stands.value, conflict.stands.device_id) == ("a", A)
    side = conflict.candidates[0]
    assert (side.value, side.device_id, side.author, side.n) == ("b", B, f"user of {B}", 1)
    assert side.at.startswith("2026-")
    assert verdict_of(answer, 1).conflicts == (conflict.id,)
    assert verdict_of(answer, 1).verdict == "merged"


def test_the_winner_is_not_told_it_lost(server: Server, base: str) -> None:
    """The later stamp arriving second is applied; the candidate is the value it replaced."""
    server.push(A, put_title(1, "a", wall=NOW_MS - 2_000, base=base))
    answer = server.push(B, put_title(1, "b", wall=NOW_MS - 1_000, base=base))
    assert verdicts(answer) == {1: "applied"}
    assert candidates(server.conflict("title")) == {(A, '"a"')}


def test_one_conflict_for_each_record_and_field(server: Server, base: str) -> None:
    """Three devices: one conflict with two candidates, in the log like any record."""
    for wall, device_id in enumerate((A, B, D)):
        server.push(device_id, put_title(1, device_id[-1], wall=NOW_MS - 100 + wall, base=base))
    assert len(server.open_conflicts()) == 1
    assert candidates(server.conflict("title")) == {(A, '"a"'), (B, '"b"')}
    logged = [each for each in server.log() if each.collection == "conflicts"]
    assert {each.record for each in logged} == {server.conflict("title").id}
    assert logged[-1].version == server.conflict("title").version


def test_a_devices_newer_candidate_replaces_its_older(server: Server, base: str) -> None:
    """A person is asked about the last that each device said, in whichever order it arrives."""
    server.push(A, put_title(1, "a", wall=NOW_MS, base=base))
    server.push(B, put_title(2, "newer", wall=NOW_MS - 1_000, base=base))
    server.push(B, put_title(1, "older", wall=NOW_MS - 2_000, base=base))
    assert candidates(server.conflict("title")) == {(B, '"newer"')}
    server.push(B, put_title(3, "newest", wall=NOW_MS - 500, base=base))
    assert candidates(server.conflict("title")) == {(B, '"newest"')}


def test_different_fields_do_not_conflict(server: Server, base: str) -> None:
    """Two people who edit different fields are both right."""
    server.push(A, put(1, "matches", MATCH, {"venue": "Park"}, base=base))
    server.push(B, put(1, "matches", MATCH, {"minutes": 60}, base=base))
    assert not server.state.conflicts


def test_a_silent_field_is_settled_without_a_person(server: Server, base: str) -> None:
    """The loser of a silent field is merged, and nobody is asked."""
    server.push(A, put(1, "matches", MATCH, {"mood": 1}, base=base))
    answer = server.push(B, put(1, "matches", MATCH, {"mood": 2}, base=base, wall=NOW_MS - 1_000))
    assert (verdicts(answer), server.state.conflicts) == ({1: "merged"}, {})


def test_a_later_edit_by_one_who_had_seen_the_conflict_closes_it(server: Server, base: str) -> None:
    """Superseded: a coach who saw both values typed a third."""
    server.push(A, put_title(1, "a", base=base))
    server.push(B, put_title(1, "b", base=base))
    server.push(C, put_title(2, "c", base=server.head, after=after_all(server)))
    conflict = server.conflict("title")
    assert (conflict.status, conflict.closed_by) == (Status.SUPERSEDED, C)
    assert server.values("matches", MATCH)["title"] == "c"


def test_a_later_edit_by_one_who_had_not_seen_it_joins_it(server: Server, base: str) -> None:
    """The third value stands, and both others wait for an answer."""
    server.push(A, put_title(1, "a", wall=NOW_MS - 3, base=base))
    server.push(B, put_title(1, "b", wall=NOW_MS - 2, base=base))
    server.push(C, put_title(2, "c", wall=NOW_MS - 1, base=base))
    assert candidates(server.conflict("title")) == {(A, '"a"'), (B, '"b"')}


def test_an_authors_own_later_edit_takes_its_candidate_back(server: Server, base: str) -> None:
    """Who lost and then wrote again, unseen of the rest, has only the new value at stake."""
    server.push(A, put_title(1, "a", wall=NOW_MS - 5, base=base))
    server.push(B, put_title(1, "b", wall=NOW_MS - 9, base=base))
    server.push(B, put_title(2, "b2", wall=NOW_MS - 1, base=base))
    assert candidates(server.conflict("title")) == {(A, '"a"')}
    assert server.values("matches", MATCH)["title"] == "b2"


def test_a_candidate_that_comes_to_stand_asks_nothing_more(server: Server, base: str) -> None:
    """Somebody writes the losing value knowing the standing one: all agree."""
    server.push(A, put_title(1, "a", wall=NOW_MS - 2, base=base))
    seen = server.head
    server.push(B, put_title(1, "b", wall=NOW_MS - 5, base=base))
    server.push(C, put_title(2, "b", base=seen, after=after_all(server)))
    assert not server.open_conflicts()
    assert server.values("matches", MATCH)["title"] == "b"


def test_a_closed_conflict_opens_again(server: Server, base: str) -> None:
    """Reopened by a new unseen write, with nothing of the old question."""
    server.push(A, put_title(1, "a", wall=NOW_MS - 5, base=base))
    server.push(B, put_title(1, "b", wall=NOW_MS - 4, base=base))
    server.push(C, resolve(2, "title", "keep", "b", base=server.head, after=after_all(server)))
    server.push(D, put_title(1, "d", wall=NOW_MS - 3, base=base))
    conflict = server.conflict("title")
    assert (conflict.status, conflict.choice, conflict.closed_by) == (Status.OPEN, None, None)
    assert candidates(conflict) == {(D, '"d"')}


# -- resolving ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("choice", "value"), [("keep", "b"), ("take", "a"), ("set", "c")])
def test_an_answer_is_a_write_that_closes_the_conflict(server: Server, base: str, choice: Value, value: str) -> None:
    """Keep, take or set: the value chosen is laid on the field, and the conflict is resolved."""
    server.push(A, put_title(1, "a", wall=NOW_MS - 2, base=base))
    server.push(B, put_title(1, "b", wall=NOW_MS - 1, base=base))
    answer = server.push(C, resolve(2, "title", choice, value, base=server.head, after=after_all(server)))
    conflict = server.conflict("title")
    assert verdicts(answer) == {2: "applied"}
    assert (conflict.status, conflict.choice, conflict.closed_by) == (Status.RESOLVED, choice, C)
    assert conflict.stands is not None
    assert server.values("matches", MATCH)["title"] == value == conflict.stands.value
    assert server.record("matches", MATCH).fields["title"].device_id == C


def test_an_answer_that_had_not_seen_all_leaves_the_rest_open(server: Server, base: str) -> None:
    """A candidate that joined after the person looked stays, and so does a value that came to stand since."""
    server.push(A, put_title(1, "a", wall=NOW_MS - 9, base=base))
    server.push(B, put_title(1, "b", wall=NOW_MS - 8, base=base))
    seen, after = server.head, after_all(server)
    server.push(D, put_title(1, "d", wall=NOW_MS - 7, base=base))
    server.push(C, resolve(2, "title", "keep", "b", base=seen, after=after))
    conflict = server.conflict("title")
    assert server.values("matches", MATCH)["title"] == "b"
    assert conflict.is_open
    assert candidates(conflict) == {(D, '"d"')}


def test_a_candidate_that_the_answer_had_not_seen_stays(server: Server, base: str) -> None:
    """A late third value that lost at once: the person who answered knew the other two only."""
    server.push(A, put_title(1, "a", wall=NOW_MS - 9, base=base))
    server.push(B, put_title(1, "b", wall=NOW_MS - 8, base=base))
    seen, after = server.head, after_all(server)
    server.push(D, put_title(1, "d", wall=NOW_MS - 10, base=base))
    server.push(C, resolve(2, "title", "keep", "b", base=seen, after=after))
    assert server.conflict("title").is_open
    assert candidates(server.conflict("title")) == {(D, '"d"')}


def test_two_people_answer_unseen(server: Server, base: str) -> None:
    """Two different answers to one conflict are a conflict of their own; the same answer is none."""
    server.push(A, put_title(1, "a", wall=NOW_MS - 9, base=base))
    server.push(B, put_title(1, "b", wall=NOW_MS - 8, base=base))
    seen, after = server.head, after_all(server)
    server.push(A, resolve(2, "title", "take", "a", base=seen, after=after))
    server.push(B, resolve(2, "title", "take", "a", base=seen, after=after))
    assert not server.open_conflicts()
    server.push(C, resolve(2, "title", "keep", "b", base=seen, after=after))
    conflict = server.conflict("title")
    assert conflict.is_open
    assert {value for _, value in candidates(conflict)} == {'"a"'}


def test_an_answer_is_laid_even_where_no_conflict_is_open(server: Server, base: str) -> None:
    """The answer outlives its question: it is a write."""
    answer = server.push(A, resolve(1, "title", "set", "settled", base=base, after=after_all(server)))
    assert verdicts(answer) == {1: "applied"}
    assert server.values("matches", MATCH)["title"] == "settled"


def test_an_answer_never_parks() -> None:
    """Not even where nobody has created its record."""
    server = Server()
    answer = server.push(A, resolve(1, "title", "set", "t"), resolve(2, "note", "set", "n", collection="events"))
    assert verdicts(answer) == {1: "applied", 2: "applied"}


@pytest.mark.parametrize(
    ("field", "choice", "value", "code"),
    [
        ("title", "set", 7, "wrong_type"),
        ("title", "set", None, "null"),
        ("nothing", "set", 7, "unknown_field"),
        (DELETED, "set", "yes", "wrong_type"),
        (f"duplicate/{EVENT}", "take", EVENT_2, "wrong_value"),
        (f"duplicate/{EVENT}", "take", [EVENT], "wrong_value"),
        (f"duplicate/{EVENT}", "take", {}, "wrong_value"),
        ("duplicate/zzz", "take", "zzz", "unknown_conflict"),
        (f"orphan/{A}/0", "keep", None, "unknown_conflict"),
        (f"orphan/{A}/{'9' * 100}", "keep", None, "unknown_conflict"),
        ("orphan/x/1", "keep", None, "unknown_conflict"),
        (f"orphan/{A}", "keep", None, "unknown_conflict"),
        ("group/x", "keep", None, "unknown_conflict"),
        (f"rejected/{A}", "keep", None, "unknown_conflict"),
        ("field/title", "keep", None, "unknown_conflict"),
        ("/", "keep", None, "unknown_field"),
    ],
)
def test_an_answer_that_makes_no_sense_is_rejected(
    server: Server, field: str, choice: Value, value: Value, code: str
) -> None:
    """Each with its code, alone."""
    answer = server.push(A, resolve(1, field, choice, value), put_title(2, "fine"))
    assert verdicts(answer) == {1: "rejected", 2: "applied"}
    assert verdict_of(answer, 1).code == code


def test_an_answer_about_an_unknown_collection_is_rejected() -> None:
    """Also where it names two records of it."""
    server = Server()
    answer = server.push(
        A,
        resolve(1, f"duplicate/{EVENT}", "take", EVENT, collection="nonsense"),
        resolve(2, DELETED, "take", value=True, collection="nonsense"),
    )
    assert {n: verdict_of(answer, n).code for n in (1, 2)} == dict.fromkeys((1, 2), "unknown_collection")
    assert not server.state.records


# -- deleted -----------------------------------------------------------------------------------------------------------


def test_a_put_on_a_deleted_record_is_kept_and_merged(server: Server, base: str) -> None:
    """The edit is in the record and in a `deleted` conflict; the delete stands."""
    server.push(A, delete(1, base=base))
    answer = server.push(B, put_title(1, "b", base=base, wall=NOW_MS))
    record = server.record("matches", MATCH)
    assert record.is_deleted
    assert record.values()["title"] == "b"
    assert verdict_of(answer, 1).verdict == "merged"
    assert verdict_of(answer, 1).conflicts == (server.conflict(DELETED).id,)
    assert server.conflict(DELETED).candidates[0].value == {"fields": {"title": "b"}}


def test_a_put_on_a_deleted_record_is_always_merged(server: Server) -> None:
    """Even by one who had seen the delete, or made it."""
    server.push(A, delete(1, base=server.head))
    for n, device_id in enumerate((A, B), start=2):
        answer = server.push(device_id, put_title(n, "t", base=server.head, after=after_all(server)))
        assert verdict_of(answer, n).conflicts == (server.conflict(DELETED).id,)


def test_unless_its_author_had_restored_it(server: Server) -> None:
    """Restore, then put: applied."""
    server.push(A, delete(1, base=server.head))
    answer = server.push(B, restore(1, base=server.head, after=after_all(server)), put_title(2, "t", base=server.head))
    assert verdicts(answer) == {1: "applied", 2: "applied"}
    assert not server.open_conflicts()


def test_a_delete_that_meets_an_unseen_edit_asks(server: Server, base: str) -> None:
    """The same question in the other order of arrival."""
    server.push(B, put_title(1, "b", base=base))
    answer = server.push(A, delete(1, base=base))
    assert verdicts(answer) == {1: "applied"}
    conflict = server.conflict(DELETED)
    assert (conflict.kind, candidates(conflict)) == (Kind.DELETED, {(B, '{"fields":{"title":"b"}}')})


def test_a_delete_by_one_who_had_seen_all_asks_nobody(server: Server) -> None:
    """And it closes the questions about the record that its author had seen."""
    base = server.head
    server.push(A, put_title(1, "a", base=base))
    server.push(B, put_title(1, "b", base=base))
    server.push(C, delete(2, base=server.head, after=after_all(server)))
    assert not server.open_conflicts()
    assert server.conflict("title").status is Status.SUPERSEDED


def test_a_delete_and_a_restore_unseen_ask(server: Server) -> None:
    """The greater stamp stands; restoring what another deleted anew is a question."""
    server.push(A, delete(1, base=server.head, wall=NOW_MS - 9))
    seen = server.head
    server.push(B, restore(1, base=seen, wall=NOW_MS - 5))
    server.push(C, delete(2, base=seen, wall=NOW_MS - 7))
    assert not server.record("matches", MATCH).is_deleted
    assert candidates(server.conflict(DELETED)) == {(C, '{"deleted":true}')}


def test_two_deletes_ask_nobody(server: Server, base: str) -> None:
    """The value that stands never conflicts."""
    server.push(A, delete(1, base=base))
    assert verdicts(server.push(B, delete(1, base=base))) == {1: "applied"}
    assert not server.state.conflicts


def test_a_delete_of_an_unknown_record_is_a_bare_tombstone() -> None:
    """It is there before its record, and the put that comes late does not bring it back."""
    server = Server()
    assert verdicts(server.push(A, delete(1))) == {1: "applied"}
    assert server.record("matches", MATCH).values() == {}
    assert verdicts(server.push(B, put_match(1))) == {1: "merged"}
    assert server.record("matches", MATCH).is_deleted


def test_a_child_of_a_parent_deleted_unseen_asks_about_the_parent(server: Server, base: str) -> None:
    """A goal for a match that another phone deleted meanwhile: kept, and the question is the match."""
    server.push(A, delete(1, base=base))
    answer = server.push(B, put_event(1, base=base))
    conflict = server.conflict(DELETED)
    assert verdict_of(answer, 1).conflicts == (conflict.id,)
    assert candidates(conflict) == {(B, f'{{"collection":"events","record":"{EVENT}"}}')}
    assert server.values("events", EVENT)["kind"] == "foul"


def test_a_child_whose_author_had_seen_the_delete_asks_nobody(server: Server) -> None:
    """They know what they do."""
    server.push(A, delete(1, base=server.head))
    assert verdicts(server.push(B, put_event(1, base=server.head))) == {1: "applied"}
    assert not server.state.conflicts


def test_a_delete_that_meets_unseen_children_asks(server: Server, base: str) -> None:
    """The same in the other order, one side for each device."""
    server.push(B, put_event(1, base=base), put_event(2, EVENT_2, base=base))
    server.push(A, delete(1, base=base))
    assert [side.device_id for side in server.conflict(DELETED).candidates] == [B]


@pytest.mark.parametrize(("value", "is_deleted"), [(False, False), (True, True)])
def test_the_question_of_a_delete_is_answered(server: Server, base: str, *, value: bool, is_deleted: bool) -> None:
    """True keeps the record deleted, false brings it back."""
    server.push(A, delete(1, base=base))
    server.push(B, put_title(1, "b", base=base))
    server.push(C, resolve(2, DELETED, "set", value, base=server.head, after=after_all(server)))
    assert server.record("matches", MATCH).is_deleted == is_deleted
    assert server.conflict(DELETED).status is Status.RESOLVED
    assert not server.open_conflicts()


def test_a_restore_by_one_who_had_not_seen_the_question_ends_it_too(server: Server, base: str) -> None:
    """The edit that was asked about is visible again."""
    server.push(A, delete(1, base=base))
    seen, after = server.head, after_all(server)
    server.push(B, put_title(1, "b", base=base))
    server.push(C, restore(2, base=seen, after=after))
    assert not server.open_conflicts()
    assert server.values("matches", MATCH)["title"] == "b"


# -- duplicate ---------------------------------------------------------------------------------------------------------


def goal(n: int, record: str, minute: int, **more: Value) -> Mutation:
    """Return the put of a goal."""
    return put_event(n, record, kind="goal", fields={"minute": minute}, **more)


def duplicate_of(server: Server) -> Conflict:
    """Return the conflict about the pair of events."""
    return server.conflict(f"duplicate/{EVENT_2}", collection="events", record=EVENT)


def test_two_devices_log_what_looks_like_one_goal(server: Server, base: str) -> None:
    """U6: flagged, never silently merged; both verdicts are `applied`."""
    assert verdicts(server.push(A, goal(1, EVENT, 7, base=base))) == {1: "applied"}
    assert verdicts(server.push(B, goal(1, EVENT_2, 8, base=base))) == {1: "applied"}
    conflict = duplicate_of(server)
    assert (conflict.kind, conflict.other, conflict.is_open) == (Kind.DUPLICATE, EVENT_2, True)
    assert len([each for each in server.state.records if each.collection == "events"]) == 2


def test_one_who_had_seen_the_other_goal_meant_a_second(server: Server) -> None:
    """Two goals in one minute, logged knowingly: nobody is asked."""
    server.push(A, goal(1, EVENT, 7, base=server.head))
    server.push(B, goal(1, EVENT_2, 7, base=server.head))
    assert not server.state.conflicts


@pytest.mark.parametrize("fields", [{"minute": 9}, {"kind": "foul"}, {"half": 2}, {"match_id": uid(77)}])
def test_what_does_not_look_alike_is_no_duplicate(server: Server, base: str, fields: dict[str, Value]) -> None:
    """Another minute, kind, half or match."""
    server.push(C, put_match(2, uid(77), base=base))
    server.push(A, goal(1, EVENT, 7, base=base))
    server.push(B, put(1, "events", EVENT_2, {"match_id": MATCH, "kind": "goal", "minute": 7, **fields}, base=base))
    assert not server.state.conflicts


def test_two_goals_of_one_push_are_two_goals(server: Server, base: str) -> None:
    """A device never duplicates itself."""
    server.push(A, goal(1, EVENT, 7, base=base), goal(2, EVENT_2, 7, base=base))
    assert not server.state.conflicts


def test_an_edit_can_make_a_duplicate(server: Server, base: str) -> None:
    """The minute corrected to that of another's goal, unseen."""
    server.push(A, goal(1, EVENT, 7, base=base))
    server.push(B, goal(1, EVENT_2, 20, base=base), put(2, "events", EVENT_2, {"minute": 6}, base=base))
    assert duplicate_of(server).is_open


def test_one_of_a_pair_is_dropped(server: Server, base: str) -> None:
    """Take: the record named is deleted, and the conflict is resolved."""
    server.push(A, goal(1, EVENT, 7, base=base))
    server.push(B, goal(1, EVENT_2, 7, base=base))
    server.push(
        C,
        resolve(2, f"duplicate/{EVENT_2}", "take", EVENT_2, collection="events", record=EVENT, base=server.head),
    )
    assert server.record("events", EVENT_2).is_deleted
    assert not server.record("events", EVENT).is_deleted
    assert (duplicate_of(server).status, duplicate_of(server).choice) == (Status.RESOLVED, "take")
    assert not server.open_conflicts()


def test_a_pair_that_was_kept_is_not_asked_about_again(server: Server, base: str) -> None:
    """Keep: both are real, also after a later edit."""
    server.push(A, goal(1, EVENT, 7, base=base))
    server.push(B, goal(1, EVENT_2, 7, base=base))
    server.push(C, resolve(2, f"duplicate/{EVENT_2}", "keep", collection="events", record=EVENT, base=server.head))
    assert duplicate_of(server).status is Status.RESOLVED
    server.push(B, put(2, "events", EVENT_2, {"minute": 8}, base=base))
    assert not server.open_conflicts()


# -- rejected ----------------------------------------------------------------------------------------------------------


def test_what_is_rejected_is_kept_whole(server: Server) -> None:
    """The quarantine holds the mutation and the reason, for mending, replay or export."""
    bad = put(1, "players", PLAYER, {"name": "Kim", "number": 0})
    answer = server.push(A, bad)
    conflict = server.conflict(f"rejected/{A}/1", collection="players", record=PLAYER)
    side = conflict.candidates[0]
    assert conflict.kind is Kind.REJECTED
    assert side.value["mutation"]["fields"] == {"name": "Kim", "number": 0}
    assert side.problem is not None
    assert (side.problem.code, side.problem.field) == ("out_of_bounds", "number")
    assert verdict_of(answer, 1).conflicts == (conflict.id,)
    assert all(key.record != PLAYER for key in server.state.records)


def test_the_quarantine_is_emptied_by_an_answer(server: Server) -> None:
    """Discarded: resolved, and still readable."""
    server.push(A, put(1, "players", PLAYER, {"name": 1}))
    field = f"rejected/{A}/1"
    server.push(B, resolve(1, field, "keep", collection="players", record=PLAYER, base=server.head))
    conflict = server.conflict(field, collection="players", record=PLAYER)
    assert (conflict.status, len(conflict.candidates)) == (Status.RESOLVED, 1)


def test_a_malformed_mutation_is_kept_too(server: Server) -> None:
    """Under the collection `unknown`; its neighbours land."""
    bad = {"n": 1, "collection": "matches", "record": MATCH, "op": "upsert", "wall": NOW_MS}
    answer = server.push(A, bad, put_title(2, "fine", base=server.head))
    assert verdicts(answer) == {1: "rejected", 2: "applied"}
    (conflict,) = server.open_conflicts()
    assert (conflict.kind, conflict.collection) == (Kind.REJECTED, "unknown")
    assert conflict.candidates[0].value == {"mutation": bad}
    assert verdict_of(answer, 1).sentence == "$.mutations[0].op is wrong: it is none of the words that may stand here."
