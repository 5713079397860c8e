"""A fleet of devices against the server, step by step at random: edits, losses, splits, clones, restores of the server.

After every step the log is gapless and folds to the tables. At the end, with the line healed, all queues are empty,
every mutation that any device made has its outcome, and all devices show the fold of the log.
"""

from collections.abc import Mapping, Sequence

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from storage.memory import ClubState
from sync.collections import Value
from sync.conflicts import DELETED
from sync.cursors import Cursor
from sync.device import visible
from sync.messages import Group, PushAnswer, PushRequest
from tests.builders import CATALOGUE, Phone, Server, device, uid

MATCHES = [uid(1), uid(2)]
EVENTS = [uid(11), uid(12), uid(13)]
FIELDS: Mapping[str, Sequence[Value]] = {
    "title": ["a", "b"],
    "venue": ["a", "b", None],
    "minutes": [1, 2],
    "mood": [1, 2],
}
phones_at = st.integers(0, 7)


class Fleet(RuleBasedStateMachine):
    """Up to five devices, two matches, three events."""

    def __init__(self) -> None:
        super().__init__()
        self.server = Server()
        self.phones: list[Phone] = []
        self.replies: list[tuple[Phone, PushRequest, PushAnswer]] = []
        self.backup: ClubState | None = None
        self.group_count = 0
        self.restore_count = 0

    @initialize(skews=st.lists(st.sampled_from((-100_000, -20, 0, 20, 100_000)), min_size=2, max_size=3))
    def begin(self, skews: list[int]) -> None:
        """Hand out devices, some with wrong clocks."""
        for number, skew_ms in enumerate(skews, start=1):
            self.phones.append(Phone(self.server, device(number), skew_ms=skew_ms))
        for match in MATCHES:
            self.phones[0].put("matches", match, {"title": "a"})

    def phone(self, number: int) -> Phone:
        """Return a device, and let some time pass."""
        self.server.now_ms += 7
        return self.phones[number % len(self.phones)]

    # -- people

    @rule(number=phones_at, match=st.sampled_from(MATCHES), name=st.sampled_from([*FIELDS]), data=st.data())
    def edit(self, number: int, match: str, name: str, data: st.DataObject) -> None:
        """Somebody writes a field."""
        self.phone(number).put("matches", match, {name: data.draw(st.sampled_from(FIELDS[name]))})

    @rule(number=phones_at, event=st.sampled_from(EVENTS), match=st.sampled_from(MATCHES), minute=st.integers(1, 3))
    def log_event(self, number: int, event: str, match: str, minute: int) -> None:
        """Somebody logs a goal."""
        self.phone(number).put("events", event, {"match_id": match, "kind": "goal", "minute": minute})

    @rule(number=phones_at, match=st.sampled_from(MATCHES))
    def substitute(self, number: int, match: str) -> None:
        """Somebody makes two edits that belong together."""
        self.group_count += 1
        group = Group(uid(500 + self.group_count), 2)
        phone = self.phone(number)
        phone.put("matches", match, {"venue": "a"}, group=group)
        phone.put("events", uid(600 + self.group_count), {"match_id": match, "kind": "foul"}, group=group)

    @rule(number=phones_at, match=st.sampled_from(MATCHES), is_restore=st.booleans())
    def delete(self, number: int, match: str, is_restore: bool) -> None:
        """Somebody deletes a match, or brings it back."""
        phone = self.phone(number)
        (phone.undelete if is_restore else phone.delete)("matches", match)

    @rule(number=phones_at, which=st.integers(0, 9), takes=st.booleans())
    def answer(self, number: int, which: int, takes: bool) -> None:
        """Somebody answers a conflict."""
        phone = self.phone(number)
        found = phone.device.conflicts()
        if not found:
            return
        conflict = found[which % len(found)]
        side = conflict["candidates"][0] if takes else conflict["stands"]
        if conflict["kind"] == "field":
            phone.resolve(conflict, "take" if takes else "keep", side["value"])
        elif conflict["kind"] == "deleted":
            phone.resolve(conflict, "set", value=not takes)
        elif conflict["kind"] == "duplicate" and takes:
            phone.resolve(conflict, "take", conflict["other"])
        else:
            phone.resolve(conflict, "keep")

    # -- the line

    @rule(number=phones_at, count=st.integers(1, 4))
    def push(self, number: int, count: int) -> None:
        """A sync of which everything arrives."""
        self.phone(number).push(mutations_max=count)

    @rule(number=phones_at, count=st.integers(1, 4))
    def push_with_lost_reply(self, number: int, count: int) -> None:
        """A push arrives and its answer does not, or much later."""
        phone = self.phone(number)
        phone.device.begin_sync()
        sent = phone.send(mutations_max=count)
        if sent is not None:
            self.replies.append((phone, *sent))

    @precondition(lambda self: self.replies)
    @rule(which=st.integers(0, 9))
    def late_reply(self, which: int) -> None:
        """An old answer arrives."""
        phone, request, answer = self.replies[which % len(self.replies)]
        phone.device.pushed(request, answer)

    @rule(number=phones_at, pages=st.integers(1, 3), size=st.integers(1, 4))
    def pull(self, number: int, pages: int, size: int) -> None:
        """Some pages arrive."""
        phone = self.phone(number)
        before = phone.device.cursor.version
        phone.pull(pages_max=pages, changes_max=size)
        assert phone.device.cursor.version >= before or self.restore_count

    @rule(number=phones_at)
    def wake(self, number: int) -> None:
        """The phone is restarted: only what it stored is left."""
        phone = self.phone(number)
        self.replies = [each for each in self.replies if each[0] is not phone]
        self.phones[number % len(self.phones)] = phone.clone()

    @rule(number=phones_at)
    def snapshot(self, number: int) -> None:
        """The cursor has expired."""
        self.phone(number).device.expired()

    @precondition(lambda self: len(self.phones) < 5)
    @rule(number=phones_at)
    def clone(self, number: int) -> None:
        """A phone's backup is restored on another phone, and both go on."""
        self.phones.append(self.phone(number).clone())

    # -- the server

    @rule()
    def back_up(self) -> None:
        """The nightly backup."""
        self.backup = self.server.backup()

    @precondition(lambda self: self.backup is not None and self.restore_count < 2)
    @rule()
    def restore_server(self) -> None:
        """The disk died."""
        assert self.backup is not None
        self.server.restore(self.backup)
        self.replies.clear()
        self.restore_count += 1

    # -- what always holds

    @invariant()
    def the_log_is_gapless_and_folds_to_the_tables(self) -> None:
        """Versions 1..N, no tag twice, and the fold of the log is every record and conflict."""
        log = self.server.log()
        assert [each.version for each in log] == list(range(1, len(log) + 1))
        assert len({each.tag for each in log}) == len(log)
        assert not log or not log[-1].more
        state, fold = self.server.state, _fold(self.server)
        assert state.club.head.version == len(log)
        for key, record in state.records.items():
            deleted = {} if record.deleted is None else {DELETED: record.deleted.value}
            assert fold[key] == {**record.values(), **deleted}
        assert {key for key in fold if key[0] == "conflicts"} == {("conflicts", each) for each in state.conflicts}
        for conflict in state.conflicts.values():
            assert fold["conflicts", conflict.id]["status"] == conflict.status

    @invariant()
    def open_conflicts_show_what_stands(self) -> None:
        """An open conflict about a field names the value in the table, and candidates that differ."""
        for each in self.server.open_conflicts():
            if each.kind == "field":
                assert each.stands is not None
                stands = self.server.state.records[each.key].fields[each.field]
                assert each.stands.value == stands.value
                assert each.candidates
                assert all(side.value != stands.value for side in each.candidates)

    def teardown(self) -> None:
        """Heal the line, and look at everything."""
        if not self.phones:
            return
        for _ in range(4):
            for phone in self.phones:
                phone.sync()
        shown = [phone.device.state.records for phone in self.phones]
        views = [phone.view() for phone in self.phones]
        state = self.server.state
        for phone, view, records in zip(self.phones, views, shown, strict=True):
            assert phone.device.cursor == Cursor(state.club.head.version, state.club.head.tag)
            assert phone.device.waiting_count == 0
            assert view == views[0]
            assert msgspec.to_builtins(records) == msgspec.to_builtins(shown[0]) or self._same_values(records, shown[0])
            for made in phone.device.state.made:
                outcome = state.outcomes[made.device_id, made.mutation.n]
                assert outcome.verdict in {"applied", "merged"}
        assert not state.parked
        fresh = Phone(self.server, device(0x77))
        fresh.pull()
        assert fresh.view() == views[0] == visible(CATALOGUE, fresh.device.state.records)

    def _same_values(self, one: Value, other: Value) -> bool:
        """Tell whether two folds agree but for the stamps that a snapshot gathers differently."""
        return all(
            {key: (held.values, held.deleted) for key, held in one.get(name, {}).items()}
            == {key: (held.values, held.deleted) for key, held in other.get(name, {}).items()}
            for name in {*one, *other}
        )


def _fold(server: Server) -> dict[tuple[str, str], dict[str, Value]]:
    folded: dict[tuple[str, str], dict[str, Value]] = {}
    for change in server.log():
        held = folded.setdefault((change.collection, change.record), {})
        held.update(change.fields)
        if isinstance(change.deleted, bool):
            held[DELETED] = change.deleted
    return folded


TestFleet = Fleet.TestCase
TestFleet.settings = settings(max_examples=100, stateful_step_count=40)
