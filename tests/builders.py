"""Shared builders: a small catalogue, an engine on the store in memory, and mutations in short form.

`Server` runs the real engine and every message through the real encoding; `Phone` drives the reference device
against it. Time is a number that tests move, and the dice are seeded.
"""

import itertools
import random
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec

from storage.engine import Engine
from storage.erasures import Eraser, Erasure
from storage.memory import ClubState, MemoryStore
from sync.collections import Catalogue, Collection, DuplicateRule, Field, Reference, Type, Value, Values, make_catalogue
from sync.conflicts import Conflict, conflict_id
from sync.device import Device, DeviceState, Phase
from sync.errors import CursorExpired, DeviceForked, LogDiverged
from sync.messages import (
    Again,
    Choice,
    Group,
    Mutation,
    PullAnswer,
    PullQuery,
    PushAnswer,
    PushRequest,
    Resolution,
    SnapshotAnswer,
    Verdict,
    encode,
    read_push,
)
from sync.records import Change, Key, Record

T = TypeVar("T")

NOW_MS = 1_790_000_000_000
"""The server's clock when a test begins."""
CLUB = "00000000-0000-4000-8000-0000000c1b00"


def uid(number: int) -> str:
    """Return a canonical UUID, the same for the same number."""
    return f"00000000-0000-4000-8000-{number:012x}"


def device(number: int) -> str:
    """Return a device's id; a greater number is a greater id."""
    return f"de000000-0000-4000-8000-{number:012x}"


A, B, C = device(0xA), device(0xB), device(0xC)
MATCH, MATCH_2, PLAYER, EVENT, EVENT_2, PARTICIPANT = (uid(n) for n in range(1, 7))

CATALOGUE = make_catalogue(
    Collection(
        "matches",
        {
            "title": Field(Type.TEXT, required=True, length_min=1, length_max=100),
            "venue": Field(Type.TEXT, length_max=100),
            "status": Field(Type.TEXT, choices=("scheduled", "live", "completed")),
            "started_at": Field(Type.INSTANT),
            "minutes": Field(Type.INTEGER, default=50, minimum=1, maximum=200),
            "mood": Field(Type.INTEGER, is_asked=False),
        },
    ),
    Collection(
        "players",
        {
            "name": Field(Type.TEXT, required=True, length_max=100, is_personal=True, identifies=True),
            "number": Field(Type.INTEGER, minimum=1, maximum=99),
            "is_captain": Field(Type.BOOLEAN, nullable=False),
            "weight": Field(Type.NUMBER, minimum=0),
            "born": Field(Type.DATE),
        },
    ),
    Collection(
        "events",
        {
            "match_id": Field(Type.UUID, required=True, reference=Reference("matches", containing=True)),
            "kind": Field(Type.TEXT, required=True, choices=("goal", "foul", "save")),
            "player_id": Field(Type.UUID, reference=Reference("players")),
            "half": Field(Type.INTEGER, default=1),
            "minute": Field(Type.INTEGER, minimum=0),
            "note": Field(Type.TEXT, length_max=20_000),
        },
        duplicates=(
            DuplicateRule(
                "same_goal",
                by=("match_id", "half"),
                reads=("kind", "minute"),
                applies=lambda mine: mine["kind"] == "goal" and mine["minute"] is not None,
                is_alike=lambda mine, theirs: (
                    theirs["kind"] == "goal"
                    and theirs["minute"] is not None
                    and abs(mine["minute"] - theirs["minute"]) <= 1
                ),
            ),
        ),
    ),
    Collection(
        "participants",
        {
            "event_id": Field(Type.UUID, required=True, reference=Reference("events", containing=True)),
            "player_id": Field(Type.UUID, required=True, reference=Reference("players")),
        },
    ),
)


def run(coroutine: Coroutine[Value, Value, T]) -> T:
    """Run a coroutine that waits for nothing: the engine on the store in memory."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        found: T = stop.value
        return found
    coroutine.close()
    raise AssertionError("the coroutine waits for an event loop")


# -- mutations ---------------------------------------------------------------------------------------------------------


def mutation(
    n: int,
    op: str,
    collection: str,
    record: str,
    *,
    fields: Values | None = None,
    wall: int = NOW_MS,
    after: str | None = None,
    base: str | None = None,
    group: Group | None = None,
    resolve: Resolution | None = None,
    origins: Iterable[tuple[str, int]] = (),
) -> Mutation:
    """Return a mutation."""
    built = {
        "n": n,
        "op": op,
        "collection": collection,
        "record": record,
        "fields": dict(fields or {}),
        "wall": wall,
        "after": after,
        "base": base,
        "group": None if group is None else msgspec.to_builtins(group),
        "resolve": None if resolve is None else msgspec.to_builtins(resolve),
        "origins": [{"device_id": device_id, "n": last_n} for device_id, last_n in origins],
    }
    return msgspec.convert(built, Mutation)


def put(n: int, collection: str, record: str, fields: Values, **more: Value) -> Mutation:
    """Return a put."""
    return mutation(n, "put", collection, record, fields=fields, **more)


def put_match(n: int, record: str = MATCH, *, title: str = "Reds v Blues", **more: Value) -> Mutation:
    """Return the put that creates a match."""
    return put(n, "matches", record, {"title": title}, **more)


def put_event(n: int, record: str = EVENT, *, match: str = MATCH, kind: str = "foul", **more: Value) -> Mutation:
    """Return the put that creates an event."""
    return put(n, "events", record, {"match_id": match, "kind": kind, **more.pop("fields", {})}, **more)


def delete(n: int, collection: str = "matches", record: str = MATCH, **more: Value) -> Mutation:
    """Return a delete."""
    return mutation(n, "delete", collection, record, **more)


def restore(n: int, collection: str = "matches", record: str = MATCH, **more: Value) -> Mutation:
    """Return a restore."""
    return mutation(n, "restore", collection, record, **more)


def resolve(
    n: int,
    field: str,
    choice: Choice,
    value: Value = None,
    *,
    collection: str = "matches",
    record: str = MATCH,
    **more: Value,
) -> Mutation:
    """Return the answer to a conflict."""
    resolution = Resolution(field=field, choice=choice, value=value)
    return mutation(n, "resolve", collection, record, resolve=resolution, **more)


# -- the server --------------------------------------------------------------------------------------------------------


class Server:
    """The real engine on the store in memory, with one club and a clock that tests move."""

    def __init__(self, catalogue: Catalogue = CATALOGUE, *, seed: int = 0) -> None:
        self.catalogue = catalogue
        self.now_ms = NOW_MS
        self.store = MemoryStore(catalogue)
        self._dice = random.Random(seed)
        self.device_ids = (device(number) for number in itertools.count(0x1_0000))
        self.engine = Engine(catalogue, self.store, clock=lambda: self.now_ms, dice=self._dice.randbytes)
        run(self.store.create_club(CLUB, hash_key=b"k" * 32))

    @property
    def state(self) -> ClubState:
        """Return all that is stored of the club."""
        return self.store.clubs[CLUB]

    @property
    def head(self) -> str:
        """Return the head's cursor."""
        return str(self.state.club.head)

    def backup(self) -> ClubState:
        """Return a backup of the club."""
        return self.state.copy()

    def restore(self, backup: ClubState) -> None:
        """Bring the club back to a backup."""
        self.store.clubs[CLUB] = backup.copy()

    def compact(self, oldest: int) -> None:
        """Drop the log before a version."""
        state = self.state.copy()
        state.log = [row for row in state.log if row.version >= oldest]
        state.club = msgspec.structs.replace(state.club, oldest=oldest)
        self.store.clubs[CLUB] = state

    def erase(self, record: str, *, collection: str = "players", rows_max: int = 1_000) -> Erasure:
        """Erase a record, and rewrite the log behind it."""
        dice = self._dice.randbytes
        eraser = Eraser(self.store, self.catalogue, clock=lambda: self.now_ms, dice=dice, rows_max=rows_max)
        erasure = run(eraser.erase(CLUB, Key(collection, record), by=None, erasure_id=uid(0xE5)))
        run(eraser.go_on(CLUB))
        return erasure

    # Every request and answer goes through its bytes.

    def push(
        self,
        device_id: str,
        *mutations: Mutation | Mapping[str, Value],
        sent_at: int | None = None,
        author: str | None = None,
        acked: str | None = None,
        past: Sequence[str] = (),
        again: Sequence[Again] = (),
    ) -> PushAnswer:
        """Push mutations, given as such or as plain JSON objects."""
        request = PushRequest(
            device_id=device_id,
            sent_at=self.now_ms if sent_at is None else sent_at,
            mutations=[msgspec.Raw(encode(each)) for each in mutations],
            acked=acked,
            past=tuple(past),
            again=tuple(again),
        )
        return self.push_bytes(encode(request), author=author or f"user of {device_id}")

    def push_bytes(self, body: bytes, *, author: str) -> PushAnswer:
        """Push a body."""
        answer = run(self.engine.push(CLUB, author, read_push(body)))
        return msgspec.json.decode(encode(answer), type=PushAnswer)

    def pull(self, query: PullQuery, **limits: int) -> PullAnswer:
        """Pull a page."""
        query = msgspec.json.decode(encode(query), type=PullQuery)
        return msgspec.json.decode(encode(run(self.engine.pull(CLUB, query, **limits))), type=PullAnswer)

    def snapshot(self, *, bytes_max: int = 48 * 1024) -> list[SnapshotAnswer]:
        """Take all pages of a snapshot."""
        pages: list[SnapshotAnswer] = []
        token: str | None = None
        while True:
            page = run(self.engine.snapshot(CLUB, token, bytes_max=bytes_max))
            pages.append(msgspec.json.decode(encode(page), type=SnapshotAnswer))
            token = page.page
            if token is None:
                return pages

    # What tests look at.

    def log(self) -> list[Change]:
        """Return the whole log."""
        return [msgspec.json.decode(row.body, type=Change) for row in self.state.log]

    def record(self, collection: str, record: str) -> Record:
        """Return a record as it is stored."""
        return self.state.records[Key(collection, record)]

    def values(self, collection: str, record: str) -> dict[str, Value]:
        """Return a record's values."""
        return self.record(collection, record).values()

    def conflict(self, field: str, *, collection: str = "matches", record: str = MATCH) -> Conflict:
        """Return a conflict."""
        return self.state.conflicts[conflict_id(collection, record, field)]

    def open_conflicts(self) -> list[Conflict]:
        """Return the open conflicts."""
        return [each for each in self.state.conflicts.values() if each.is_open]


def verdicts(answer: PushAnswer) -> dict[int, str]:
    """Return the word for each mutation of a push."""
    words = {n: "applied" for run_ in answer.applied for n in range(run_.from_n, run_.to_n + 1)}
    return {**words, **{each.n: each.verdict for each in answer.others}}


def verdict_of(answer: PushAnswer, n: int) -> Verdict:
    """Return the full verdict of a mutation that was not simply applied."""
    return next(each for each in answer.others if each.n == n)


def stamps_of(answer: PushAnswer, device_id: str) -> dict[int, str]:
    """Return the effective stamp of each mutation of a push."""
    digits = device_id.replace("-", "")
    found = {
        n: f"{clock}{digits}"
        for run_ in answer.applied
        for n, clock in zip(range(run_.from_n, run_.to_n + 1), run_.clocks, strict=True)
    }
    return {**found, **{each.n: each.stamp or "" for each in answer.others}}


def candidates(conflict: Conflict) -> set[tuple[str, Value]]:
    """Return who lost what in a conflict, as (device, value) with the value as JSON."""
    return {(side.device_id, encode(side.value).decode()) for side in conflict.candidates}


# -- the devices -------------------------------------------------------------------------------------------------------


class Phone:
    """A reference device with its user, and the way it talks to the server."""

    def __init__(self, server: Server, device_id: str, *, state: DeviceState | None = None, skew_ms: int = 0) -> None:
        self.server = server
        self.device = Device(server.catalogue, state or DeviceState(device_id))
        self.author = f"user of {device_id}"
        self.skew_ms = skew_ms

    @property
    def wall_ms(self) -> int:
        """Return what this device's clock shows."""
        return self.server.now_ms + self.skew_ms

    def put(self, collection: str, record: str, fields: Values, *, group: Group | None = None) -> Mutation:
        """Write fields of a record."""
        return self.device.put(collection, record, fields, wall_ms=self.wall_ms, group=group)

    def delete(self, collection: str, record: str) -> Mutation:
        """Delete a record."""
        return self.device.delete(collection, record, wall_ms=self.wall_ms)

    def undelete(self, collection: str, record: str) -> Mutation:
        """Bring a record back."""
        return self.device.restore(collection, record, wall_ms=self.wall_ms)

    def resolve(self, conflict: Values, choice: Choice, value: Value = None) -> Mutation:
        """Answer a conflict."""
        return self.device.resolve(conflict, choice, value, wall_ms=self.wall_ms)

    def clone(self) -> "Phone":
        """Return a second phone with the same storage, as a backup restored elsewhere makes one."""
        stored = msgspec.json.decode(msgspec.json.encode(self.device.state), type=DeviceState)
        twin = Phone(self.server, self.device.state.device_id, state=stored, skew_ms=self.skew_ms)
        twin.author = self.author
        return twin

    def send(self, *, mutations_max: int = 500) -> tuple[PushRequest, PushAnswer] | None:
        """Send the next push and return it with its answer, which the device has not seen; None if nothing is due."""
        while True:
            request = self.device.next_push(sent_at=self.wall_ms, mutations_max=mutations_max)
            if request is None:
                return None
            try:
                return request, self.server.push_bytes(encode(request), author=self.author)
            except DeviceForked as forked:
                self.device.forked(request, forked.held, next(self.server.device_ids))
            except LogDiverged as diverged:
                self.device.diverged(diverged.common)

    def push(self, *, mutations_max: int = 500) -> list[PushAnswer]:
        """Push all that is due."""
        self.device.begin_sync()
        answers: list[PushAnswer] = []
        while (sent := self.send(mutations_max=mutations_max)) is not None:
            self.device.pushed(*sent)
            answers.append(sent[1])
        return answers

    def pull(self, *, pages_max: int = 1_000_000, **limits: int) -> None:
        """Pull pages, with a snapshot first where the device needs one."""
        for _ in range(pages_max):
            if self.device.state.phase is Phase.SNAPSHOT and self.device._staged is None:
                self.device.snapshot_taken(self.server.snapshot())
            query = self.device.pull_query()
            try:
                answer = self.server.pull(query, **limits)
            except LogDiverged as diverged:
                self.device.diverged(diverged.common)
                continue
            except CursorExpired as expired:
                self.device.expired(oldest=expired.oldest, now_ms=expired.server_time)
                continue
            self.device.pulled(query, answer)
            if not answer.more:
                return

    def sync(self) -> None:
        """Push all, then pull all."""
        self.push()
        self.pull()

    def heal(self) -> None:
        """Sync twice: a restore is found out in the pull, and what was lost goes with the next push."""
        self.sync()
        self.sync()

    def view(self) -> dict[str, dict[str, dict[str, Value]]]:
        """Return what a person sees."""
        return self.device.view()
