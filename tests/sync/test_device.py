"""The reference device: what it shows, what it sends, and what it ignores."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.conflicts import DELETED, conflict_id
from sync.cursors import ORIGIN, Cursor
from sync.device import Device, DeviceState, Phase, ProtocolFault, thin
from sync.errors import MalformedRequest
from sync.limits import KEPT_MS, PAST_CURSORS_MAX, PUSH_BYTES_ADVISED, PUSH_MUTATIONS_MAX
from sync.messages import PullAnswer, SnapshotAnswer, encode
from tests.builders import (
    CATALOGUE,
    CLUB,
    EVENT,
    EVENT_2,
    MATCH,
    MATCH_2,
    PARTICIPANT,
    PLAYER,
    A,
    B,
    C,
    Phone,
    Server,
    put_match,
    run,
    uid,
    verdicts,
)

TITLE = {"title": "Reds v Blues"}


@pytest.fixture
def server() -> Server:
    """An empty club."""
    return Server()


@pytest.fixture
def phone(server: Server) -> Phone:
    """A device that holds a synced match."""
    phone = Phone(server, A)
    phone.put("matches", MATCH, TITLE)
    phone.sync()
    return phone


def test_an_edit_is_shown_at_once(server: Server) -> None:
    """Without signal, before any push."""
    phone = Phone(server, A)
    phone.put("matches", MATCH, TITLE)
    assert phone.view()["matches"] == {MATCH: TITLE}


def test_counters_are_1_2_3(phone: Phone) -> None:
    """Without a gap, whatever the edit."""
    made = [
        phone.put("matches", MATCH, {"venue": "x"}),
        phone.delete("matches", MATCH),
        phone.undelete("matches", MATCH),
    ]
    assert [each.n for each in made] == [2, 3, 4]


def test_after_is_the_greatest_stamp_seen_in_the_record(server: Server, phone: Phone) -> None:
    """Another record's stamps do not matter."""
    server.push(B, put_match(1, MATCH_2))
    phone.pull()
    made = phone.put("matches", MATCH, {"venue": "x"})
    assert made.after == server.log()[0].stamp
    assert phone.put("matches", uid(44), TITLE).after is None


def test_later_edits_of_a_record_keep_the_base_of_the_first(server: Server, phone: Phone) -> None:
    """While the record has unsettled mutations; what came meanwhile was hidden by them."""
    first = phone.put("matches", MATCH, {"venue": "x"})
    server.push(B, put_match(1, MATCH_2))
    phone.pull()
    assert phone.put("matches", MATCH, {"venue": "y"}).base == first.base
    other = phone.put("matches", MATCH_2, {"venue": "y"})
    assert other.base == server.head != first.base
    phone.sync()
    assert phone.put("matches", MATCH, {"venue": "z"}).base == server.head


def test_an_answer_to_a_conflict_has_its_own_base(server: Server, phone: Phone) -> None:
    """The person has seen the conflict, though their own edit is not settled yet."""
    first = phone.put("matches", MATCH, {"venue": "x"})
    server.push(B, put_match(1, MATCH_2))
    phone.pull()
    made = phone.resolve({"collection": "matches", "record": MATCH, "field": "venue"}, "set", "z")
    assert made.base == server.head != first.base


def test_own_pending_writes_are_never_ranked_against_pulled_ones(server: Server, phone: Phone) -> None:
    """Until the verdict is passed the person sees what they wrote, even where it will lose."""
    phone.skew_ms = 0
    phone.put("matches", MATCH, {"venue": "mine"})
    server.now_ms += 60_000
    server.push(B, put_match(1, title="theirs", wall=server.now_ms))
    phone.pull()
    assert phone.view()["matches"][MATCH] == {"title": "theirs", "venue": "mine"}


def test_a_mutation_leaves_the_overlay_when_the_cursor_has_passed_its_answer(phone: Phone) -> None:
    """Not when it is answered: the fold does not hold it yet."""
    phone.put("matches", MATCH, {"venue": "x"})
    phone.push()
    assert len(phone.device.overlay()) == 1
    assert phone.device.waiting_count == 0
    phone.pull()
    assert phone.device.overlay() == []
    assert phone.view()["matches"][MATCH] == {**TITLE, "venue": "x"}


def test_a_rejected_one_leaves_at_once(phone: Phone) -> None:
    """What was refused is not shown any more; the quarantine keeps it."""
    phone.put("matches", MATCH, {"minutes": 999})
    assert phone.view()["matches"][MATCH]["minutes"] == 999
    phone.push()
    assert "minutes" not in phone.view()["matches"][MATCH]
    phone.pull()
    assert [each["kind"] for each in phone.device.conflicts()] == ["rejected"]


def test_a_parked_one_stays_and_goes_along_until_it_is_settled(server: Server, phone: Phone) -> None:
    """Once in each sync, not in a loop."""
    phone.put("events", EVENT, {"match_id": MATCH_2, "kind": "foul"})
    assert [len(each.others) for each in phone.push()] == [1]
    phone.pull()
    assert phone.device.waiting_count == 1
    server.push(B, put_match(1, MATCH_2))
    phone.pull()
    assert phone.view()["events"][EVENT]["kind"] == "foul"
    assert [verdicts(each) for each in phone.push()] == [{2: "applied"}]
    assert phone.push() == []
    phone.pull()
    assert phone.device.overlay() == []


def test_edits_made_while_a_push_is_in_flight_go_with_the_next(server: Server, phone: Phone) -> None:
    """And are shown above the answered ones."""
    phone.put("matches", MATCH, {"venue": "first"})
    phone.device.begin_sync()
    sent = phone.send()
    assert sent is not None
    phone.put("matches", MATCH, {"venue": "second"})
    phone.device.pushed(*sent)
    assert phone.device.waiting_count == 1
    phone.pull()
    assert phone.view()["matches"][MATCH]["venue"] == "second"
    phone.sync()
    assert server.values("matches", MATCH)["venue"] == "second"
    assert not server.open_conflicts()


def test_a_lost_reply_is_repaired_by_sending_again(server: Server, phone: Phone) -> None:
    """U2: in another split, with more behind it."""
    phone.put("matches", MATCH, {"venue": "x"})
    phone.put("matches", MATCH, {"minutes": 60})
    phone.device.begin_sync()
    assert phone.send() is not None
    log = server.log()
    phone.put("matches", MATCH, {"mood": 1})
    answers = phone.push(mutations_max=1)
    assert [verdicts(each) for each in answers] == [{2: "applied"}, {3: "applied"}, {4: "applied"}]
    assert len(server.log()) == len(log) + 1


def test_a_stale_answer_is_ignored(phone: Phone) -> None:
    """The reply to an earlier sending arrives after the later one was sent, or twice."""
    phone.put("matches", MATCH, {"venue": "x"})
    phone.device.begin_sync()
    stale, current = phone.send(), phone.send()
    assert stale is not None
    assert current is not None
    phone.device.pushed(*stale)
    assert phone.device.waiting_count == 1
    phone.device.pushed(*current)
    assert phone.device.waiting_count == 0
    before = encode(phone.device.state)
    phone.device.pushed(*current)
    assert encode(phone.device.state) == before


def test_a_page_that_does_not_follow_is_ignored(server: Server, phone: Phone) -> None:
    """A cache replays an old pull: the cursor refuses to move back."""
    query = phone.device.pull_query()
    server.push(B, put_match(1, MATCH_2))
    answer = server.pull(query)
    phone.device.pulled(query, answer)
    before = encode(phone.device.state)
    phone.device.pulled(query, answer)
    assert encode(phone.device.state) == before


def test_a_page_with_a_gap_is_a_fault(server: Server, phone: Phone) -> None:
    """Versions are gapless: a client can prove that it missed nothing."""
    query = phone.device.pull_query()
    server.push(B, put_match(1, MATCH_2), put_match(2, uid(33)))
    answer = server.pull(query)
    with pytest.raises(ProtocolFault):
        phone.device.pulled(query, PullAnswer(answer.changes[1:], answer.timestamp, answer.more))


@pytest.mark.parametrize("limits", [{"changes_max": 1}, {"bytes_max": 1}, {"changes_max": 2}, {}])
def test_a_transaction_is_seen_whole_or_not_at_all(server: Server, limits: dict[str, int]) -> None:
    """Page by page the cursor rests at ends of transactions only, and no page is empty before the end."""
    for start in (1, 4, 7):
        server.push(B, *(put_match(n, uid(100 + n)) for n in range(start, start + 3)))
    phone = Phone(server, A)
    seen: list[int] = []
    while phone.device.cursor.version < 9:
        phone.pull(pages_max=1, **limits)
        seen.append(phone.device.cursor.version)
        assert len(phone.view()["matches"]) == phone.device.cursor.version
    assert {*seen} <= {0, 3, 6, 9}
    assert sorted(seen) == seen


def test_the_acknowledgement_is_sent_until_the_cursor_has_passed_it(server: Server, phone: Phone) -> None:
    """In pull and push alike."""
    phone.put("matches", MATCH, {"venue": "x"})
    phone.push()
    assert phone.device.pull_query().acked == server.head
    phone.put("matches", MATCH, {"venue": "y"})
    request = phone.device.next_push(sent_at=0)
    assert request is not None
    assert request.acked == server.head
    phone.pull()
    assert phone.device.pull_query().acked is None


def test_a_push_is_cut_by_bytes_and_count(server: Server) -> None:
    """48 KiB or 500 mutations, in n order, and at least one."""
    phone = Phone(server, A)
    phone.put("matches", MATCH, TITLE)
    for n in range(60):
        phone.put("events", uid(100 + n), {"match_id": MATCH, "kind": "foul", "note": "x" * 2_000})
    request = phone.device.next_push(sent_at=0)
    assert request is not None
    assert 10 < len(request.mutations) < 61
    assert len(encode(request)) < PUSH_BYTES_ADVISED + 1_000
    answers = phone.push()
    assert len(answers) == 3
    for _ in range(PUSH_MUTATIONS_MAX + 1):
        phone.put("matches", MATCH, {"mood": 1})
    assert len(phone.push()) > 1


def test_a_device_wakes_up_where_it_was(server: Server, phone: Phone) -> None:
    """Its whole state is data: the queue, the overlay and the cursor survive a restart, also within a transaction."""
    phone.put("matches", MATCH, {"venue": "x"})
    phone.device.next_push(sent_at=0)
    server.push(B, put_match(1, MATCH_2), put_match(2, uid(33)))
    phone.pull(pages_max=1, changes_max=1)
    woken = Phone(server, A, state=msgspec.json.decode(encode(phone.device.state), type=DeviceState))
    assert woken.view() == phone.view()
    woken.sync()
    assert woken.device.waiting_count == 0
    assert set(woken.view()["matches"]) == {MATCH, MATCH_2, uid(33)}


def test_acknowledged_mutations_are_kept_for_14_days(server: Server, phone: Phone) -> None:
    """Long enough for a server restored from a backup, and not for ever; what is unsettled stays."""
    phone.put("events", EVENT, {"match_id": MATCH_2, "kind": "foul"})
    phone.sync()
    phone.device.forget_kept(now_ms=server.now_ms + KEPT_MS - 1)
    assert len(phone.device.state.made) == 2
    phone.device.forget_kept(now_ms=server.now_ms + KEPT_MS)
    assert [each.mutation.collection for each in phone.device.state.made] == ["events"]


def test_what_is_not_created_or_whose_parent_is_not_visible_is_not_shown(server: Server, phone: Phone) -> None:
    """A deleted match takes its events from the screen, and gives them back when restored."""
    phone.put("events", EVENT, {"match_id": MATCH, "kind": "goal"})
    phone.put("events", EVENT_2, {"note": "nobody created it"})
    phone.put("participants", PARTICIPANT, {"event_id": EVENT, "player_id": PLAYER})
    assert (set(phone.view()["events"]), set(phone.view()["participants"])) == ({EVENT}, {PARTICIPANT})
    phone.delete("matches", MATCH)
    assert not any(phone.view().values())
    phone.undelete("matches", MATCH)
    assert set(phone.view()["participants"]) == {PARTICIPANT}
    assert server.open_conflicts() == []


def test_an_answered_conflict_leaves_the_list_at_once(server: Server, phone: Phone) -> None:
    """A coach answers at the pitch without signal."""
    other = Phone(server, B)
    other.pull()
    server.now_ms += 1_000
    other.put("matches", MATCH, {"title": "theirs"})
    phone.put("matches", MATCH, {"title": "mine"})
    other.sync()
    phone.sync()
    (conflict,) = phone.device.conflicts()
    assert conflict["id"] == conflict_id("matches", MATCH, "title")
    phone.resolve(conflict, "set", "agreed")
    assert phone.device.conflicts() == []
    assert phone.view()["matches"][MATCH]["title"] == "agreed"
    phone.sync()
    other.sync()
    assert (phone.device.conflicts(), other.device.conflicts()) == ([], [])
    assert other.view() == phone.view()


def test_an_answered_delete_is_shown_at_once(server: Server, phone: Phone) -> None:
    """True or false for `deleted`; a duplicate taken hides the record that was dropped."""
    phone.resolve({"collection": "matches", "record": MATCH, "field": DELETED}, "set", value=True)
    assert phone.view()["matches"] == {}
    phone.resolve({"collection": "matches", "record": MATCH, "field": DELETED}, "set", value=False)
    phone.put("events", EVENT, {"match_id": MATCH, "kind": "goal"})
    phone.put("events", EVENT_2, {"match_id": MATCH, "kind": "goal"})
    pair = {"collection": "events", "record": EVENT, "field": f"duplicate/{EVENT_2}"}
    phone.resolve(pair, "take", EVENT_2)
    assert set(phone.view()["events"]) == {EVENT}
    assert not server.open_conflicts()


# -- snapshots ---------------------------------------------------------------------------------------------------------


def test_a_fresh_snapshot_is_the_fold(server: Server, phone: Phone) -> None:
    """Tombstones are in it, and the counts are right."""
    phone.put("players", PLAYER, {"name": "Kim"})
    phone.delete("players", PLAYER)
    phone.sync()
    fresh = Phone(server, B)
    fresh.device.expired()
    fresh.pull()
    assert fresh.device.state.records["players"][PLAYER].deleted
    assert fresh.view() == phone.view()
    last = server.snapshot()[-1]
    assert last.counts == {"matches": 1, "players": 1, "events": 0, "participants": 0, "conflicts": 0}


@pytest.mark.parametrize("bytes_max", [1, 300, 1_000_000])
def test_a_snapshot_read_while_writes_go_on_is_completed_by_the_log(server: Server, bytes_max: int) -> None:
    """Fuzzy pages plus replay: nothing is missing, doubled or brought back, and nothing is shown before it is whole."""
    for n in range(1, 9):
        server.push(B, put_match(n, uid(100 + n)))
    phone = Phone(server, A)
    phone.device.expired()
    pages: list[SnapshotAnswer] = []
    token: str | None = None
    while True:
        page = run(server.engine.snapshot(CLUB, token, bytes_max=bytes_max))
        pages.append(page)
        n = 2 * len(pages)
        if n < 60:
            server.push(C, put_match(n, uid(100 + n % 16)), put_match(n + 1, uid(300 + n)))
        token = page.page
        if token is None:
            break
    assert bytes_max > 300 or len(pages) > 2
    phone.device.snapshot_taken(pages)
    phone.pull(changes_max=1)
    whole = Phone(server, C)
    whole.pull()
    assert phone.view() == whole.view()
    assert phone.device.cursor == whole.device.cursor
    assert phone.device.state.phase is Phase.PULLING


def test_what_the_whole_does_not_hold_is_dropped_but_unsettled_writes_stay(server: Server, phone: Phone) -> None:
    """A record of a lost history leaves the screen, the own queue does not."""
    ghost = Phone(server, C)
    ghost.put("players", PLAYER, {"name": "ghost"})
    state = phone.device.state
    state.records.setdefault("players", {}).update(ghost.device.shown()["players"])
    phone.put("events", EVENT, {"match_id": MATCH, "kind": "save"})
    phone.device.expired()
    phone.pull()
    assert phone.view()["players"] == {}
    assert set(phone.view()["events"]) == {EVENT}


def test_a_snapshot_without_its_last_page_is_a_fault(server: Server) -> None:
    """Half a picture is none."""
    server.push(B, put_match(1), put_match(2, MATCH_2))
    phone = Phone(server, A)
    with pytest.raises(ProtocolFault):
        phone.device.snapshot_taken(server.snapshot(bytes_max=1)[:-1])


@pytest.mark.parametrize("token", ["", "~", "x~matches~", "1.0123456789abcdef~nonsense~", "1.0123456789abcdef"])
def test_a_forged_page_token_is_malformed(server: Server, token: str) -> None:
    """Never another error."""
    with pytest.raises(MalformedRequest):
        run(server.engine.snapshot(CLUB, token))


# -- past cursors ------------------------------------------------------------------------------------------------------


@given(st.integers(1, 800))
def test_past_cursors_are_few_and_their_gaps_double(count: int) -> None:
    """However long a device lives, some cursor is at most twice as far behind as any version."""
    past: list[str] = []
    for version in range(1, count + 1):
        past = thin([str(Cursor(version, "0" * 16)), *past])
    versions = [Cursor.parse(each, where="").version for each in past]
    assert len(versions) <= PAST_CURSORS_MAX
    assert versions[0] == count
    assert sorted(versions, reverse=True) == versions
    for behind in range(1, count):
        reach = min((count - each for each in versions if count - each >= behind), default=None)
        assert reach is None or reach <= 4 * behind
    assert ORIGIN.version == 0
    assert Device(CATALOGUE, DeviceState(A)).cursor == ORIGIN
