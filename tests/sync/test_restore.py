"""A server restored from a backup gets the acknowledged mutations back from the devices."""

import pytest

from sync.conflicts import Kind
from sync.device import Phase
from sync.errors import LogDiverged
from sync.messages import PullQuery
from sync.stamps import correction_of
from tests.builders import (
    EVENT,
    MATCH,
    MATCH_2,
    A,
    B,
    C,
    Phone,
    Server,
    put,
    put_match,
    uid,
)

TITLE = {"title": "Reds v Blues"}


def test_a_pull_after_a_restore_diverges_and_names_what_is_common() -> None:
    """The newest of the client's past cursors that is still in the log."""
    server = Server()
    server.push(A, put_match(1))
    common = server.head
    backup = server.backup()
    server.push(A, put(2, "matches", MATCH, {"venue": "lost"}))
    lost = server.head
    server.restore(backup)
    with pytest.raises(LogDiverged) as found:
        server.pull(PullQuery(since=lost, past=(common, "0.0000000000000000")))
    assert found.value.common == common


def test_a_number_that_exists_again_does_not_hide_the_restore() -> None:
    """Cursors are compared by tag: the new history has reached the old version."""
    server = Server()
    backup = server.backup()
    server.push(A, put_match(1))
    lost = server.head
    server.restore(backup)
    server.push(B, put_match(1, MATCH_2))
    assert server.head.split(".")[0] == lost.split(".")[0]
    with pytest.raises(LogDiverged):
        server.pull(PullQuery(since=lost))


def test_todays_match_comes_back_from_the_phone() -> None:
    """What was acknowledged after the backup is pushed again, with the stamps it had been given."""
    server = Server()
    phone, other = Phone(server, A), Phone(server, B)
    phone.put("matches", MATCH, TITLE)
    phone.sync()
    backup = server.backup()
    server.now_ms += 60_000
    phone.put("events", EVENT, {"match_id": MATCH, "kind": "goal", "minute": 3})
    phone.put("matches", MATCH, {"venue": "Park"})
    phone.sync()
    other.sync()
    stamps = {each.record: each.stamp for each in server.log()}
    server.now_ms += 3_600_000
    server.restore(backup)
    assert EVENT not in {key.record for key in server.state.records}
    phone.heal()
    other.sync()
    assert {each.record: each.stamp for each in server.log()} == stamps
    assert phone.view() == other.view()
    assert phone.view()["events"][EVENT]["minute"] == 3
    assert not server.open_conflicts()


def test_nothing_vanishes_from_the_screen_meanwhile() -> None:
    """From the 409 until the snapshot is whole, and until the pushes are answered, the person sees their work."""
    server = Server()
    phone = Phone(server, A)
    backup = server.backup()
    phone.put("matches", MATCH, TITLE)
    phone.sync()
    server.restore(backup)
    phone.device.diverged("0.0000000000000000")
    assert phone.device.state.phase is Phase.SNAPSHOT
    assert phone.view()["matches"][MATCH] == TITLE
    phone.pull()
    assert phone.view()["matches"][MATCH] == TITLE
    assert phone.device.waiting_count == 1
    phone.sync()
    assert server.values("matches", MATCH) == TITLE


def test_what_the_log_still_has_is_not_pushed_again() -> None:
    """Only what came after `common`, and what was parked."""
    server = Server()
    phone = Phone(server, A)
    phone.put("matches", MATCH, TITLE)
    phone.sync()
    backup = server.backup()
    phone.put("matches", MATCH, {"venue": "Park"})
    phone.put("events", EVENT, {"match_id": MATCH_2, "kind": "foul"})
    phone.sync()
    common = phone.device.state.past[0]
    server.restore(backup)
    phone.device.diverged(common if common.startswith("1.") else server.head)
    due = phone.device.next_push(sent_at=0)
    assert due is not None
    assert [each.n for each in due.again] == [2, 3]
    assert {each.common for each in due.again} == {server.head}


def test_the_correction_that_was_given_is_used_again() -> None:
    """An instant is not corrected otherwise the second time, though the phone's clock was set right since."""
    server = Server()
    phone = Phone(server, A, skew_ms=3_600_000)
    backup = server.backup()
    phone.put("matches", MATCH, {**TITLE, "started_at": "2026-11-22T15:00:00Z"})
    phone.sync()
    before = server.values("matches", MATCH)
    server.restore(backup)
    phone.skew_ms = 0
    phone.heal()
    assert server.values("matches", MATCH) == before
    assert before["started_at"] == "2026-11-22T14:00:00.000Z"
    assert correction_of(server.state.devices[A].offsets) == 0


def test_two_phones_bring_back_one_history() -> None:
    """Each brings its own, in either order; the field values are those of before."""
    for order in (0, 1):
        server = Server()
        phones = [Phone(server, A), Phone(server, B)]
        phones[0].put("matches", MATCH, TITLE)
        phones[0].sync()
        phones[1].sync()
        backup = server.backup()
        for each in (0, 1, 0):
            server.now_ms += 1_000
            phones[each].put("matches", MATCH, {"title": f"by {each} at {server.now_ms}"})
            phones[each].sync()
            phones[1 - each].sync()
        before = server.values("matches", MATCH)
        server.restore(backup)
        phones[order].heal()
        phones[1 - order].heal()
        phones[order].sync()
        assert server.values("matches", MATCH) == before
        assert phones[0].view() == phones[1].view()


def test_one_who_missed_the_new_history_is_asked_never_less() -> None:
    """An edit whose base was lost counts as having seen `common` and no more."""
    server = Server()
    phone = Phone(server, A)
    phone.put("matches", MATCH, TITLE)
    phone.sync()
    backup = server.backup()
    server.push(C, put(1, "players", uid(40), {"name": "Kim"}))
    phone.sync()
    phone.put("matches", MATCH, {"title": "mine"})
    server.restore(backup)
    server.now_ms += 1_000
    server.push(B, put(1, "matches", MATCH, {"title": "theirs"}, wall=server.now_ms))
    phone.sync()
    (conflict,) = (each for each in server.open_conflicts() if each.record == MATCH and each.field == "title")
    assert conflict.kind is Kind.FIELD


def test_a_second_restore_does_not_widen_what_had_been_seen() -> None:
    """A mutation made before the first restore keeps the older `common`: what came since it never saw."""
    server = Server()
    phone, other = Phone(server, A), Phone(server, B)
    phone.put("matches", MATCH, TITLE)
    phone.sync()
    backup = server.backup()
    server.push(C, put(1, "players", uid(40), {"name": "lost"}))
    phone.sync()
    mine = phone.put("matches", MATCH, {"venue": "mine"})
    server.restore(backup)
    phone.pull()
    server.now_ms += 1_000
    other.pull()
    other.put("matches", MATCH, {"venue": "theirs"})
    other.push()
    phone.pull()
    second = server.backup()
    server.push(C, put(1, "players", uid(41), {"name": "lost too"}))
    phone.pull()
    server.restore(second)
    phone.sync()
    assert phone.device.waiting_count == 0
    assert mine.base is not None
    (conflict,) = server.open_conflicts()
    assert conflict.field == "venue"


def test_parked_mutations_come_back_too() -> None:
    """The server had them, parked; the backup does not."""
    server = Server()
    phone = Phone(server, A)
    backup = server.backup()
    phone.put("events", EVENT, {"match_id": MATCH, "kind": "foul"})
    phone.sync()
    server.push(B, put_match(1, MATCH_2))
    phone.sync()
    server.restore(backup)
    phone.sync()
    server.push(B, put_match(1))
    phone.sync()
    assert phone.view()["events"][EVENT]["kind"] == "foul"
    assert phone.device.waiting_count == 0


def test_an_expired_device_still_finds_out_about_a_restore() -> None:
    """Behind the kept log when its acknowledged push was lost: the write comes back all the same."""
    server = Server()
    phone = Phone(server, A)
    for n in range(1, 5):
        server.push(B, put_match(n, uid(100 + n)))
    backup = server.backup()
    phone.put("matches", MATCH, TITLE)
    phone.push()
    server.restore(backup)
    server.compact(4)
    phone.sync()
    phone.sync()
    assert server.values("matches", MATCH) == TITLE


def test_an_expired_device_keeps_its_acknowledgement() -> None:
    """Expired first, and restored between that answer and the snapshot."""
    server = Server()
    phone = Phone(server, A)
    for n in range(1, 5):
        server.push(B, put_match(n, uid(100 + n)))
    backup = server.backup()
    phone.put("matches", MATCH, TITLE)
    phone.push()
    phone.device.expired()
    server.restore(backup)
    server.compact(4)
    phone.sync()
    phone.sync()
    assert server.values("matches", MATCH) == TITLE


def test_an_expired_device_that_had_pulled_all_finds_out_too() -> None:
    """Its cursor goes with the snapshot's requests: what the server lost comes back, and nothing stays on top."""
    server = Server()
    phone = Phone(server, A)
    phone.put("players", uid(40), {"name": "kept"})
    phone.sync()
    backup = server.backup()
    phone.put("matches", MATCH, TITLE)
    phone.sync()
    phone.device.expired()
    server.restore(backup)
    phone.sync()
    phone.sync()
    assert server.values("matches", MATCH) == TITLE
    assert phone.view()["matches"][MATCH] == TITLE
    assert not phone.device.overlay()


def test_todays_match_outlives_a_wrong_backup_before_the_right_one() -> None:
    """It was given to a server that had only the beginning; the right one's log begins later, so no cursor tells."""
    server = Server()
    phone = Phone(server, A)
    wrong = server.backup()
    for n in range(1, 6):
        server.push(B, put_match(n, uid(100 + n)))
    phone.sync()
    server.compact(4)
    right = server.backup()
    phone.put("matches", MATCH, TITLE)
    phone.sync()
    stamp = server.record("matches", MATCH).fields["title"].stamp
    server.restore(wrong)
    phone.sync()
    phone.sync()
    assert phone.device.cursor.version < server.record("matches", MATCH).version + 1 < 4
    server.now_ms += 60_000
    server.restore(right)
    phone.sync()
    assert phone.view()["matches"][MATCH] == TITLE
    phone.sync()
    assert server.record("matches", MATCH).fields["title"].stamp == stamp
    assert not phone.device.overlay()


def test_what_was_settled_long_ago_is_not_pushed_again_after_a_410() -> None:
    """Half a year in a drawer: the server knows that it was settled, and its content no more."""
    server = Server()
    phone = Phone(server, A)
    phone.put("matches", MATCH, TITLE)
    phone.sync()
    for n in range(1, 4):
        server.push(B, put_match(n, uid(100 + n)))
    server.now_ms += 180 * 86_400_000
    server.compact(4)
    phone.sync()
    assert phone.device.waiting_count == 0
    assert len(phone.view()["matches"]) == 4


def test_an_edit_over_one_of_an_undone_history_has_seen_no_more_than_that() -> None:
    """Their title was hidden by my own, made before the first restore; after the second a person is still asked."""
    server = Server()
    phone, other = Phone(server, A), Phone(server, B)
    phone.put("matches", MATCH, TITLE)
    phone.sync()
    backup = server.backup()
    server.push(C, put(1, "players", uid(40), {"name": "lost"}))
    phone.sync()
    phone.put("matches", MATCH, {"title": "mine"})
    server.restore(backup)
    common = server.head
    phone.pull()
    other.pull()
    other.put("matches", MATCH, {"title": "theirs"})
    other.push()
    phone.pull()
    assert phone.view()["matches"][MATCH]["title"] == "mine"
    server.now_ms += 1_000
    assert phone.put("matches", MATCH, {"title": "mine again"}).base == common
    second = server.backup()
    server.push(C, put(1, "players", uid(41), {"name": "lost too"}))
    phone.pull()
    server.restore(second)
    phone.sync()
    (conflict,) = server.open_conflicts()
    assert server.values("matches", MATCH)["title"] == "mine again"
    assert [side.value for side in conflict.candidates] == ["theirs"]
