"""An erasure leaves a bare tombstone and no name, and what comes late is refused or cleaned."""

from typing import Any
from unittest.mock import Mock

import msgspec
import pytest
from msgspec import UNSET

from storage.erasures import NotErasable, eraser
from sync.conflicts import Kind, Status, conflict_id
from sync.eraser import plan_erasure
from sync.errors import DeviceTaken
from sync.messages import Group, Mutation, encode
from sync.records import ERASER, Key
from tests.builders import (
    EVENT,
    EVENT_2,
    MATCH,
    PLAYER,
    A,
    B,
    C,
    Phone,
    Server,
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

NAME = "Kim Canary"
MARCEL = uid(0x77)


@pytest.fixture
def server() -> Server:
    """Give a server with a match, a player and an event that names them."""
    server = Server()
    event = put_event(3, fields={"player_id": PLAYER, "note": f"{NAME} scored"})
    server.push(A, put_match(1), put(2, "players", PLAYER, {"name": NAME, "number": 7}), event)
    return server


def all_text(server: Server) -> str:
    """Return all that is stored of the club."""
    state = server.state
    tables = (state.records, state.conflicts, state.parked, state.outcomes)
    return "\n".join(
        [*(row.body.decode() for row in state.log), *(encode(list(each.values())).decode() for each in tables)]
    )


def test_the_record_is_a_bare_tombstone(server: Server) -> None:
    """No field is left; the eraser wrote it, above all that was issued, and says so in log and snapshot."""
    issued = server.state.club.clock
    erasure = server.erase(PLAYER)
    record = server.record("players", PLAYER)
    assert record.fields == {}
    assert record.deleted is not None
    assert record.deleted.device_id == ERASER
    assert int(record.deleted.stamp[:16], 16) > issued
    rows = [each for each in server.log() if each.version > 3]
    assert [(each.collection, each.redacted, each.more) for each in rows] == [
        ("players", True, True),
        ("events", True, False),
    ]
    assert rows[-1].version == erasure.version
    assert NAME not in all_text(server)


def test_text_elsewhere_loses_the_name_and_keeps_the_rest(server: Server) -> None:
    """The goal stays whose it was; its change has all that is left of the event."""
    server.erase(PLAYER)
    values = server.values("events", EVENT)
    assert values == {"match_id": MATCH, "kind": "foul", "player_id": PLAYER, "note": "… scored"}
    assert server.log()[-1].fields == values


def test_records_that_name_somebody_are_loaded_at_once(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that name them no more too: a plan is begun again a few times, not once for each."""
    planned = Mock(wraps=plan_erasure)
    events = [uid(0x1000 + n) for n in range(20)]
    for n, event in enumerate(events):
        server.push(B, put_event(2 * n + 1, event, fields={"note": f"{NAME} again"}))
    server.push(B, *(put(100 + n, "events", event, {"note": None}) for n, event in enumerate(events[10:])))
    monkeypatch.setattr(eraser, "plan_erasure", planned)
    server.erase(PLAYER)
    assert planned.call_count <= 3
    assert NAME not in all_text(server)


def test_old_rows_keep_their_places_and_say_nothing(server: Server) -> None:
    """Version, tag, stamp and the end of the transaction stay: cursors and pages are what they were."""
    before = server.log()
    server.erase(PLAYER, rows_max=1)
    for was, now in zip(before, server.log(), strict=False):
        kept = msgspec.structs.replace(now, fields=was.fields, redacted=was.redacted)
        assert kept == was
    assert server.log()[1].fields == {}
    assert server.log()[1].redacted


def test_a_log_that_begins_later_is_rewritten(server: Server) -> None:
    """Compaction and erasure do not know of one another."""
    server.compact(3)
    server.erase(PLAYER, rows_max=1)
    assert [row.version for row in server.state.log] == [3, 4, 5]
    assert NAME not in all_text(server)


def test_a_single_word_goes_only_where_the_person_is_meant(server: Server) -> None:
    """`Marcel` may be anybody: the name goes from what refers to the player, and nowhere else."""
    server.push(
        B,
        put(1, "players", MARCEL, {"name": "Marcel"}),
        put_event(2, EVENT_2, fields={"player_id": MARCEL, "note": "Marcel again"}),
        put_event(3, uid(0x78), fields={"note": "for marcel"}),
        put(4, "events", EVENT_2, {"note": "by MARCEL"}),
    )
    server.erase(MARCEL)
    assert server.values("events", EVENT_2)["note"] == "by …"
    assert server.values("events", uid(0x78))["note"] == "for marcel"
    log = [each.fields.get("note") for each in server.log()]
    assert log.count("… again") == 1
    assert "for marcel" in log


def test_another_child_of_the_same_name_keeps_it(server: Server) -> None:
    """The identifying field of another record is never touched."""
    server.push(B, put(1, "players", uid(0x79), {"name": NAME}))
    server.erase(PLAYER)
    assert server.values("players", uid(0x79)) == {"name": NAME}


def test_conflicts_about_the_record_are_emptied_and_others_cleaned(server: Server) -> None:
    """Earlier spellings that only a conflict has are names too."""
    server.push(A, put(4, "players", PLAYER, {"name": "Kim B Canary"}), put(5, "events", EVENT, {"note": NAME}))
    server.push(B, put(1, "players", PLAYER, {"name": "Kimmy"}), put(2, "events", EVENT, {"note": "Kim B Canary!"}))
    server.push(C, put(1, "matches", MATCH, {"title": 7, "venue": f"at {NAME}'s"}))
    server.erase(PLAYER)
    about = server.conflict("name", collection="players", record=PLAYER)
    assert (about.status, about.stands, about.candidates) == (Status.SUPERSEDED, None, ())
    assert about.closed_by == ERASER
    other = server.conflict("note", collection="events", record=EVENT)
    assert other.status is Status.OPEN
    assert {side.value for side in other.candidates} <= {"…", "…!"}
    assert other.stands is not None
    assert other.stands.device_id == ERASER
    held = server.conflict(f"rejected/{C}/1", record=MATCH)
    assert held.candidates[0].value["mutation"]["fields"] == {"title": 7, "venue": "at …'s"}
    assert "anary" not in all_text(server)
    assert "Kimmy" not in all_text(server)


@pytest.mark.parametrize("op", ["put", "delete", "restore", "resolve", "malformed", "duplicate"])
def test_whatever_is_about_the_record_is_refused(server: Server, op: str) -> None:
    """Nothing of its content is kept, a repeat gets the same answer, and neighbours are applied."""
    server.erase(PLAYER)
    made: dict[str, Mutation | dict[str, object]] = {
        "put": put(1, "players", PLAYER, {"name": "Back Again"}),
        "delete": delete(1, "players", PLAYER),
        "restore": restore(1, "players", PLAYER),
        "resolve": resolve(1, "name", "set", "Back Again", collection="players", record=PLAYER),
        "duplicate": resolve(1, f"duplicate/{PLAYER}", "keep", collection="players", record=uid(2)),
        "malformed": {"n": 1, "collection": "players", "record": PLAYER, "op": "put", "wall": "now", "x": "Back Again"},
    }
    sent: list[Any] = [made[op], put_match(2, uid(0x80))]
    first = server.push(B, *sent)
    assert (verdict_of(first, 1).verdict, verdict_of(first, 1).code) == ("rejected", "erased")
    assert verdicts(first)[2] == "applied"
    assert verdicts(server.push(B, *sent)) == verdicts(first)
    assert verdict_of(server.push(B, *sent), 1) == verdict_of(first, 1)
    assert "Back Again" not in all_text(server)
    assert not server.record("players", PLAYER).fields


def test_a_refused_member_takes_its_group_along(server: Server) -> None:
    """All or nothing, as of any group."""
    group = Group(uid(0x90), 2)
    server.push(B, put_event(1, EVENT_2, group=group))
    server.erase(PLAYER)
    answer = server.push(B, put(2, "players", PLAYER, {"number": 9}, group=group), put_event(1, EVENT_2, group=group))
    assert {n: verdict_of(answer, n).code for n in (1, 2)} == {1: "group_rejected", 2: "erased"}


def test_what_waits_about_the_record_is_refused_and_what_else_waits_is_cleaned(server: Server) -> None:
    """Parked mutations are rejected with their group, or lose the name."""
    group, nobody = Group(uid(0x91), 2), uid(0x81)
    server.push(B, put(1, "players", PLAYER, {"number": 8}, group=group))
    server.push(C, put_event(1, EVENT_2, match=nobody, fields={"note": NAME}))
    server.erase(PLAYER)
    told = server.push(B, put(1, "players", PLAYER, {"number": 8}, group=group))
    assert verdict_of(told, 1).code == "erased"
    assert NAME not in all_text(server)
    server.push(A, put_match(4, nobody))
    assert server.values("events", EVENT_2)["note"] == "…"
    told = server.push(C, put_event(1, EVENT_2, match=nobody, fields={"note": NAME}))
    assert (verdict_of(told, 1).verdict, verdict_of(told, 1).code) == ("applied", "cleaned")


def test_an_author_who_did_not_know_loses_the_name_and_one_who_knew_keeps_it(server: Server) -> None:
    """Whoever had seen the erasure means somebody else."""
    before = server.head
    server.erase(PLAYER)
    told = server.push(B, put_event(1, EVENT_2, base=before, fields={"note": f"{NAME} again"}))
    assert verdict_of(told, 1).code == "cleaned"
    assert server.values("events", EVENT_2)["note"] == "… again"
    server.push(B, put(2, "events", EVENT_2, {"note": f"another {NAME}"}, base=server.head))
    assert server.values("events", EVENT_2)["note"] == f"another {NAME}"


def test_a_repeat_of_what_named_somebody_tells_its_author(server: Server) -> None:
    """A phone that missed the change which told of it, and pushes once more, learns that its own copy has to go."""
    note = put_event(3, fields={"player_id": PLAYER, "note": f"{NAME} scored"})
    plain = put_match(1)
    server.erase(PLAYER)
    answer = server.push(A, plain, note)
    assert [verdict.n for verdict in answer.others] == [3]
    assert (verdict_of(answer, 3).verdict, verdict_of(answer, 3).code) == ("applied", "cleaned")


def test_a_record_of_the_same_name_is_refused_from_who_did_not_know(server: Server) -> None:
    """A phone that makes the child once more, under another id, brings nothing back."""
    before = server.head
    server.erase(PLAYER)
    told = server.push(B, put(1, "players", uid(0x82), {"name": "KIM canary"}, base=before))
    assert verdict_of(told, 1).code == "erased"
    assert Key("players", uid(0x82)) not in server.state.records
    assert verdicts(server.push(B, put(2, "players", uid(0x82), {"name": NAME}, base=server.head)))[2] == "applied"


def test_nobody_pushes_as_the_eraser(server: Server) -> None:
    """Its device id is taken, before it ever wrote."""
    with pytest.raises(DeviceTaken):
        server.push(ERASER, put_match(1, uid(0x83)))


def test_only_what_names_somebody_can_be_erased(server: Server) -> None:
    """A match names nobody, and what is not there cannot be erased."""
    with pytest.raises(NotErasable):
        server.erase(MATCH, collection="matches")
    for collection, record in (("players", uid(0x84)), ("nothing", PLAYER)):
        with pytest.raises(LookupError):
            server.erase(record, collection=collection)


def test_erasing_twice_is_erasing_once(server: Server) -> None:
    """A retry gets the first erasure, and nothing more is written."""
    first = server.erase(PLAYER)
    head = server.head
    assert server.erase(PLAYER).version == first.version
    assert server.head == head


# -- devices -----------------------------------------------------------------------------------------------------------


def synced(server: Server, number: int = 5) -> Phone:
    """Return a phone that has seen all."""
    phone = Phone(server, uid(number))
    phone.pull()
    return phone


def held_by(phone: Phone) -> str:
    """Return all that a phone holds."""
    return encode(phone.device.state).decode()


def test_a_phone_forgets_what_it_held_and_what_it_sent(server: Server) -> None:
    """The fold, settled mutations about the record and about text that named it, and its conflicts."""
    phone = synced(server)
    phone.put("players", PLAYER, {"name": "Kim C Canary"})
    phone.put("events", EVENT, {"note": f"by {NAME}"})
    phone.push()
    phone.pull()
    server.erase(PLAYER)
    phone.pull()
    assert "anary" not in held_by(phone)
    assert phone.device.state.records["players"][PLAYER].values == {}
    assert PLAYER not in phone.device.view()["players"]


def test_what_is_not_sent_yet_about_a_tombstone_is_forgotten_too(server: Server) -> None:
    """It would only be refused; a member of a group is sent empty, so that the others are refused with it."""
    phone = synced(server)
    group = Group(uid(0x92), 2)
    phone.put("players", PLAYER, {"name": "Kim D Canary"})
    phone.put("players", PLAYER, {"name": "Kim E Canary"}, group=group)
    phone.put("events", EVENT, {"minute": 3}, group=group)
    server.erase(PLAYER)
    phone.pull()
    assert "anary" not in held_by(phone)
    told = {each.n: each.code for answer in phone.push() for each in answer.others}
    assert told == {2: "erased", 3: "group_rejected"}


def test_what_was_sent_and_not_answered_is_forgotten_with_its_answer(server: Server) -> None:
    """The answer that comes late finds nothing, or is the end of it."""
    phone = synced(server)
    phone.put("players", PLAYER, {"name": "Kim F Canary"})
    phone.device.begin_sync()
    sent = phone.send()
    server.erase(PLAYER)
    phone.pull()
    assert sent is not None
    phone.device.pushed(*sent)
    phone.push()
    assert "anary" not in held_by(phone)


def test_a_snapshot_says_what_was_redacted(server: Server) -> None:
    """A phone that comes by a snapshot forgets the same."""
    phone = synced(server)
    phone.put("events", EVENT, {"note": f"by {NAME}"})
    phone.put("matches", MATCH, {"title": None, "venue": NAME})
    phone.push()
    server.erase(PLAYER)
    phone.device.expired()
    phone.pull()
    assert "anary" not in held_by(phone)


def test_a_snapshot_says_so_after_the_field_was_written_again(server: Server) -> None:
    """What the eraser laid down is replaced in time: a phone that comes by a snapshot then forgets all the same."""
    phone = synced(server)
    phone.put("matches", MATCH, {"venue": f"{NAME}'s garden"})
    phone.push()
    server.erase(PLAYER)
    for n, venue in enumerate(("Park", "Park", "Hall"), 1):
        server.now_ms += 1_000
        server.push(C, put(n, "matches", MATCH, {"venue": venue}, wall=server.now_ms, base=server.head))
    phone.device.expired()
    phone.pull()
    assert phone.view()["matches"][MATCH]["venue"] == "Hall"
    assert "anary" not in held_by(phone)


def test_a_field_that_named_somebody_lately_is_told_too(server: Server) -> None:
    """The author's phone has the name still, though another text stands since."""
    phone = synced(server)
    phone.put("matches", MATCH, {"venue": f"{NAME}'s garden"})
    phone.push()
    phone.pull()
    phone.put("matches", MATCH, {"venue": "Park"})
    phone.push()
    server.erase(PLAYER)
    phone.pull()
    assert "anary" not in held_by(phone)
    assert server.values("matches", MATCH)["venue"] == "Park"


def test_an_old_client_sees_an_empty_tombstone(server: Server) -> None:
    """Who does not know `redacted` still learns that the record is deleted."""
    server.erase(PLAYER)
    row = next(each for each in server.log() if each.key == Key("players", PLAYER) and each.deleted is not UNSET)
    assert (row.deleted, dict(row.fields)) == (True, {})


def test_an_orphan_about_the_record_is_closed(server: Server) -> None:
    """Whoever was asked about it need not answer any more."""
    lost = put(1, "players", uid(0x85), {"number": 3})
    server.push(B, lost)
    server.now_ms += 25 * 3_600_000
    server.push(C, put_match(1, uid(0x86)))
    server.push(A, put(4, "players", uid(0x85), {"name": "Kim G"}))
    server.erase(uid(0x85))
    found = server.state.conflicts[conflict_id("players", uid(0x85), f"{Kind.ORPHAN}/{B}/1")]
    assert found.status is Status.SUPERSEDED
    assert found.candidates == ()
    assert not server.state.parked
