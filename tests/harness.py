"""Reference devices and the real engine, joined by the bytes of real messages; the network may lose replies.

A `Site` is an engine on any store, with a clock that tests move and seeded dice. A `Phone` is a device with its user,
a clock that may be wrong, and a count of what went over the air.
"""

import json
import random
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from football.collections import CATALOGUE
from football.facts import MatchFacts, gather
from football.recording import Fact, record
from storage.engine import Engine
from sync.collections import CONFLICTS, Value, Values
from sync.device import Device, DeviceState, Phase, Records, visible
from sync.device import Held as HeldRecord
from sync.errors import CursorExpired, DeviceForked, LogDiverged
from sync.limits import PAGE_BYTES_DEFAULT, PUSH_BYTES_ADVISED, PUSH_MUTATIONS_MAX
from sync.messages import (
    Choice,
    Group,
    Mutation,
    PullAnswer,
    PullQuery,
    PushAnswer,
    PushRequest,
    SnapshotAnswer,
    Verdict,
    encode,
    read_push,
)
from sync.ports import Store
from sync.records import Change, encode_change
from tests.stores import Stand

NOW_MS = 1_790_000_000_000
"""The server's clock when a test begins."""
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

REAL_MATCH = Path(__file__).parent.parent / "data/matches/2018-09-23-barcelona-girona.json"
CLUB_KEY = b"a club's key of thirty-two bytes"


def uid(number: int) -> str:
    """Return a canonical UUID; a greater number is a greater id."""
    return str(UUID(int=number << 96 | 0x4000_8000_0000_0000_0000))


CLUB = uid(0xC1B)


def real_match(*, seed: str = "a", kickoff_ms: int = NOW_MS) -> tuple[Fact, ...]:
    """Return the facts of the real match, as the device of a coach writes them."""
    return record(json.loads(REAL_MATCH.read_text(encoding="utf-8")), seed=seed, kickoff_ms=kickoff_ms)


class Site:
    """An engine for one club."""

    def __init__(self, stand: Stand, *, seed: int = 0, node: Store | None = None) -> None:
        self.stand = stand
        self._node = node
        self.now_ms = NOW_MS
        self._dice = random.Random(seed)

    async def open(self) -> "Site":
        """Create the club."""
        await self.store.create_club(CLUB, hash_key=CLUB_KEY)
        return self

    @property
    def store(self) -> Store:
        """Return the store; another one after a restore."""
        return self._node or self.stand.store

    def another(self, number: int) -> "Site":
        """Return another server of the same club: it shares the data and nothing else."""
        return Site(self.stand, seed=number, node=self.stand.node())

    def clock(self) -> int:
        """Return the server's time."""
        return self.now_ms

    @property
    def engine(self) -> Engine:
        """Return the engine on the store that there is now."""
        return Engine(CATALOGUE, self.store, clock=self.clock, dice=self._dice.randbytes)

    async def push(self, author: str, body: bytes) -> bytes:
        """Answer a push. Raises SyncError as the engine does."""
        return encode(await self.engine.push(CLUB, author, read_push(body)))

    async def pull(self, body: bytes, *, bytes_max: int = PAGE_BYTES_DEFAULT) -> bytes:
        """Answer a pull."""
        query = msgspec.json.decode(body, type=PullQuery)
        return encode(await self.engine.pull(CLUB, query, bytes_max=bytes_max))

    async def snapshot(self, page: str | None, *, bytes_max: int = PAGE_BYTES_DEFAULT) -> bytes:
        """Answer with a page of a snapshot."""
        return encode(await self.engine.snapshot(CLUB, page, bytes_max=bytes_max))

    async def log(self) -> list[Change]:
        """Return the whole log."""
        rows = await self.store.log_page(CLUB, 0, changes_max=100_000, bytes_max=100_000_000)
        return [msgspec.json.decode(row.body, type=Change) for row in rows]

    async def log_bodies(self) -> list[bytes]:
        """Return the whole log as it is stored."""
        rows = await self.store.log_page(CLUB, 0, changes_max=100_000, bytes_max=100_000_000)
        return [row.body for row in rows]

    async def tables(self) -> Records:
        """Return all current records, tombstones and conflicts included, as the store keeps them."""
        found: Records = {}
        for name in (*CATALOGUE.collections, CONFLICTS):
            for stored in await self.store.key_page(CLUB, name, "", records_max=100_000):
                change = msgspec.json.decode(encode_change(stored), type=Change)
                deleted = change.deleted is True
                held = HeldRecord(dict(change.fields), deleted, change.stamp, change.version)
                found.setdefault(name, {})[change.record] = held
        return found

    async def view(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Return what a person would see of the tables."""
        return visible(CATALOGUE, await self.tables())

    async def facts(self, match_id: str) -> MatchFacts:
        """Return the facts of a match, from the tables."""
        return gather(await self.view(), match_id)

    async def open_conflicts(self) -> list[dict[str, Any]]:
        """Return the open conflicts as devices see them."""
        held = (await self.tables()).get(CONFLICTS, {})
        return [{"id": each, **held[each].values} for each in sorted(held) if held[each].values["status"] == "open"]


def fold(log: Iterable[Change]) -> Records:
    """Return what the log says, change by change, without asking the device's code."""
    found: Records = {}
    for change in log:
        records = found.setdefault(change.collection, {})
        was = records.get(change.record, HeldRecord({}))
        deleted = was.deleted if change.deleted is msgspec.UNSET else change.deleted
        stamp = max(was.stamp, change.stamp)
        records[change.record] = HeldRecord({**was.values, **change.fields}, deleted, stamp, change.version)
    return found


def plain(records: Records) -> dict[str, dict[str, tuple[Any, ...]]]:
    """Return records for comparing: values, delete and version. Stamps of conflicts are told by each row alone."""
    return {
        name: {
            identity: (held.values, held.deleted, held.version, "" if name == CONFLICTS else held.stamp)
            for identity, held in sorted(found.items())
        }
        for name, found in sorted(records.items())
        if found
    }


class Request(NamedTuple):
    """One request over the air, in bytes."""

    kind: str
    up: int
    down: int


class Phone:
    """A device with its user and its clock."""

    def __init__(self, site: Site, number: int, *, skew_ms: int = 0, state: DeviceState | None = None) -> None:
        self.site = site
        self.number = number
        self.author = f"user-{number}"
        self.skew_ms = skew_ms
        self.device = Device(CATALOGUE, state or DeviceState(uid(0xDE0000 + number)))
        self.requests: list[Request] = []
        self.verdicts: dict[int, Verdict | str] = {}

    @property
    def id(self) -> str:
        """Return the device's id."""
        return self.device.state.device_id

    @property
    def wall_ms(self) -> int:
        """Return what the device's clock shows."""
        return self.site.now_ms + self.skew_ms

    def copy(self) -> "Phone":
        """Return another phone with the same storage: a backup on a new one, or the same one after a restart."""
        stored = msgspec.json.decode(encode(self.device.state), type=DeviceState)
        return Phone(self.site, self.number, skew_ms=self.skew_ms, state=stored)

    # -- editing ---------------------------------------------------------------------------------------------------

    def put(self, collection: str, identity: str, **fields: Value) -> Mutation:
        """Write fields of a record."""
        return self.device.put(collection, identity, fields, wall_ms=self.wall_ms)

    def delete(self, collection: str, identity: str) -> Mutation:
        """Delete a record."""
        return self.device.delete(collection, identity, wall_ms=self.wall_ms)

    def restore(self, collection: str, identity: str) -> Mutation:
        """Bring a record back."""
        return self.device.restore(collection, identity, wall_ms=self.wall_ms)

    def resolve(self, conflict: Values, choice: Choice, value: Value = None) -> Mutation:
        """Answer a conflict."""
        return self.device.resolve(conflict, choice, value, wall_ms=self.wall_ms)

    def note(self, facts: Iterable[Fact]) -> None:
        """Write down facts at the times they name, by a clock that is off by `skew_ms`."""
        for fact in facts:
            group = None if fact.group is None else Group(fact.group.id, fact.group.count)
            self.device.put(fact.collection, fact.id, fact.fields, wall_ms=fact.wall_ms + self.skew_ms, group=group)

    # -- talking to the server -------------------------------------------------------------------------------------

    async def push(
        self,
        *,
        mutations_max: int = PUSH_MUTATIONS_MAX,
        bytes_max: int = PUSH_BYTES_ADVISED,
        lost: Collection[int] = (),
    ) -> list[PushAnswer]:
        """Push all that is due, and return the answers that came through; those of the requests in `lost` do not."""
        self.device.begin_sync()
        answers: list[PushAnswer] = []
        sent = 0
        while True:
            request = self.device.next_push(sent_at=self.wall_ms, bytes_max=bytes_max, mutations_max=mutations_max)
            if request is None:
                return answers
            answer = await self.send(request)
            sent += 1
            if answer is not None and sent - 1 not in lost:
                self.device.pushed(request, answer)
                answers.append(answer)
                self._hear(answer)

    async def send(self, request: PushRequest) -> PushAnswer | None:
        """Send a push; None where the server refused it whole and the device has made ready for another."""
        body = encode(request)
        try:
            told = await self.site.push(self.author, body)
        except DeviceForked as forked:
            self.device.forked(request, forked.held, uid(0xDE1_0000 + 0x100 * self.number + len(self.requests)))
            return None
        except LogDiverged as diverged:
            self.device.diverged(diverged.common)
            return None
        self.requests.append(Request("push", len(body), len(told)))
        return msgspec.json.decode(told, type=PushAnswer)

    def _hear(self, answer: PushAnswer) -> None:
        self.verdicts.update({n: "applied" for run in answer.applied for n in range(run.from_n, run.to_n + 1)})
        self.verdicts.update({each.n: each for each in answer.others})

    async def pull(self, *, bytes_max: int = PAGE_BYTES_DEFAULT, pages_max: int = 100_000) -> None:
        """Pull to the head, with a snapshot first where the device needs one."""
        for _ in range(pages_max):
            if self.device.state.phase is Phase.SNAPSHOT and self.device._staged is None:
                self.device.snapshot_taken(await self.snapshot(bytes_max=bytes_max))
            query = self.device.pull_query()
            body = encode(query)
            try:
                told = await self.site.pull(body, bytes_max=bytes_max)
            except LogDiverged as diverged:
                self.device.diverged(diverged.common)
                continue
            except CursorExpired as expired:
                self.device.expired(oldest=expired.oldest, now_ms=expired.server_time)
                continue
            self.requests.append(Request("pull", len(body), len(told)))
            answer = msgspec.json.decode(told, type=PullAnswer)
            self.device.pulled(query, answer)
            if not answer.more:
                return

    async def snapshot(self, *, bytes_max: int = PAGE_BYTES_DEFAULT) -> list[SnapshotAnswer]:
        """Take all pages of a snapshot."""
        pages: list[SnapshotAnswer] = []
        token: str | None = None
        while not pages or token is not None:
            told = await self.site.snapshot(token, bytes_max=bytes_max)
            self.requests.append(Request("snapshot", len(token or ""), len(told)))
            pages.append(msgspec.json.decode(told, type=SnapshotAnswer))
            token = pages[-1].page
        return pages

    async def sync(self) -> None:
        """Push all, then pull all."""
        await self.push()
        await self.pull()

    # -- looking ---------------------------------------------------------------------------------------------------

    def view(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Return what a person sees on the device."""
        return self.device.view()

    def facts(self, match_id: str) -> MatchFacts:
        """Return the facts of a match as the device shows them."""
        return gather(self.view(), match_id)

    def conflicts(self, kind: str | None = None) -> list[dict[str, Any]]:
        """Return the open conflicts that the device shows, of one kind."""
        return [each for each in self.device.conflicts() if kind is None or each["kind"] == kind]

    def verdict(self, n: int) -> Verdict:
        """Return the full verdict of a mutation that was not simply applied."""
        found = self.verdicts[n]
        assert isinstance(found, Verdict), f"mutation {n} was {found}"
        return found

    def words(self) -> dict[int, str]:
        """Return the word for every mutation that was answered."""
        return {n: each if isinstance(each, str) else each.verdict for n, each in sorted(self.verdicts.items())}


async def settle(phones: Sequence[Phone], *, rounds: int = 4) -> None:
    """Let all phones sync until each has what the others brought."""
    for _ in range(rounds):
        for phone in phones:
            await phone.sync()
