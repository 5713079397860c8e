"""Writing through the thin wrappers: each CRUD write becomes a mutation and takes the path of every push.

A wrapper writes as a device of the server's own, drawn from the caller's, so its counters never meet those that the
phone itself pushes (docs/decisions/0012-writes-of-the-wrappers.md):

    without a key    one device for each of the caller's, counting 1, 2, 3 ...; a count taken meanwhile is retried
    with a key       a device for each Idempotency-Key, whose mutations are counted from 1: a retry is a repeat, for as
                     long as the key is kept (`storage/retention.py`)

The content of a mutation holds nothing of the moment (the stamp and the base go beside it, as after a restore), so the
same request makes the same content whenever it comes.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from msgspec import Raw, Struct

from api.errors import Forbidden, Rejected, Unavailable
from api.identity.access import Caller
from storage.committer import Committer
from storage.engine import Engine
from storage.retention import KEY_MARK
from sync.collections import Value
from sync.errors import DeviceForked
from sync.messages import Again, Group, Mutation, Op, PushAnswer, PushRequest, Resolution, Verdict, encode
from sync.records import Key, Record
from sync.stamps import TICKS_PER_MS, clock_of, make_stamp

TRIES_MAX: Final = 30
"""Times a count is tried: as many writes of one device at once as anybody sends."""
COUNTED_MAX: Final = 10_000
"""Devices whose last count is remembered, to spare a look."""

_MARK: Final = 0x746C7772
"""The first 32 bits of a wrapper's device id ("tlwr"); with version 8, no client's random id looks like it.

Those of keys begin with `KEY_MARK`: they are forgotten when a retry comes no more, and the ones that count never are.
"""


class Intent(Struct, frozen=True):
    """One write that somebody wants."""

    collection: str
    record: str
    op: Op
    fields: Mapping[str, Value] = {}
    resolve: Resolution | None = None
    group: Group | None = None
    """All or nothing with the others of this id, which go in the same request."""


class Written(Struct, frozen=True):
    """What became of a request's writes."""

    verdicts: tuple[Verdict, ...]
    """In the order of the intents; empty where `is_replay`."""
    timestamp: str | None
    is_replay: bool = False
    """Whether the key was used before, by a request whose differences have been written since."""
    records: Mapping[Key, Record] = {}
    """What was written, and with it, as it stood then; a repeat writes nothing."""


def is_server_device(device_id: str) -> bool:
    """Tell whether a device id is one of those that wrappers write under."""
    found = UUID(device_id)
    return found.version == 8 and found.int >> 96 in {_MARK, KEY_MARK}  # noqa: PLR2004 - UUID version 8 is the maker's own


def server_device(device_id: str, name: str, *, mark: int = _MARK) -> str:
    """Return the device under which a wrapper writes for a caller's device: the same for the same name."""
    drawn = int.from_bytes(hashlib.blake2b(f"{device_id}/{name}".encode(), digest_size=16).digest())
    tail = drawn & ((1 << 96) - 1) & ~(0xF << 76) & ~(0x3 << 62)
    return str(UUID(int=mark << 96 | tail | 0x8 << 76 | 0x2 << 62))


def key_device(device_id: str, key: str) -> str:
    """Return the device under which a wrapper writes for one Idempotency-Key."""
    return server_device(device_id, f"key/{key}", mark=KEY_MARK)


class Writer:
    """Pushes the wrappers' writes."""

    def __init__(
        self, engine: Engine, committer: Committer, *, clock: Callable[[], int], make_id: Callable[[], str]
    ) -> None:
        """Push through a committer and read from its engine; `clock` gives milliseconds since 1970."""
        self._engine = engine
        self._committer = committer
        self._clock = clock
        self._make_id = make_id
        self._counts: dict[tuple[str, str], int] = {}

    def new_id(self, caller: Caller, where: str, key: str | None) -> str:
        """Return an id for a record whose client made none: one for each key there, so that a retry finds it."""
        if key is None:
            return self._make_id()
        name = f"{caller.device_id}{where}/{key}".encode()
        return str(UUID(bytes=hashlib.blake2b(name, digest_size=16).digest(), version=5))

    async def write(
        self,
        caller: Caller,
        intents: Sequence[Intent],
        *,
        base: str,
        over: Record | None = None,
        key: str | None = None,
        clock: int | None = None,
    ) -> Written:
        """Write what somebody wants, as one push.

        `base` is the cursor up to which they had seen the log, `over` the record that they looked at: the write is
        ranked after it, or at `clock` where that is given. `key` makes a retry a repeat.
        """
        if clock is None:
            clock = max([self._clock() * TICKS_PER_MS, *(clock_of(stamp) + 1 for stamp in _stamps(over))])
        if key is None:
            return await self._write_counted(caller, intents, base=base, clock=clock)
        device_id = key_device(caller.device_id, key)
        try:
            return await self._push(caller, device_id, 1, intents, base=base, clock=clock)
        except DeviceForked:
            return Written((), None, is_replay=True)

    async def _write_counted(self, caller: Caller, intents: Sequence[Intent], *, base: str, clock: int) -> Written:
        device_id = server_device(caller.device_id, "count")
        place = caller.club_id, device_id
        for _ in range(TRIES_MAX):
            n = self._counts.get(place) or await self._last_n(*place)
            try:
                written = await self._push(caller, device_id, n + 1, intents, base=base, clock=clock)
            except DeviceForked:
                self._counts.pop(place, None)
                continue
            if len(self._counts) >= COUNTED_MAX:
                self._counts.clear()
            self._counts[place] = max(n + len(intents), self._counts.get(place, 0))
            return written
        raise Unavailable("Very many writes of this device arrive at once. Send the same request again in a moment.")

    async def _last_n(self, club_id: str, device_id: str) -> int:
        devices = await self._engine.store.devices(club_id)
        return next((device.last_n for device in devices if device.device_id == device_id), 0)

    async def _push(
        self, caller: Caller, device_id: str, first_n: int, intents: Sequence[Intent], *, base: str, clock: int
    ) -> Written:
        stamp = make_stamp(clock, device_id)
        mutations = [_mutation(first_n + place, intent) for place, intent in enumerate(intents)]
        push = PushRequest(
            device_id=device_id,
            sent_at=self._clock(),
            mutations=[Raw(encode(mutation)) for mutation in mutations],
            again=tuple(Again(n=mutation.n, stamp=stamp, common=base) for mutation in mutations),
        )
        answer, records = await self._committer.write(caller.club_id, caller.user_id, push, grant=caller.session_id)
        return Written(verdicts_of(answer), answer.timestamp, records=records)


def verdicts_of(answer: PushAnswer) -> tuple[Verdict, ...]:
    """Return one verdict for each mutation of a push, in the order of their counters."""
    found = {verdict.n: verdict for verdict in answer.others}
    for run in answer.applied:
        found.update({n: Verdict(n=n, verdict="applied") for n in range(run.from_n, run.to_n + 1)})
    return tuple(found[n] for n in sorted(found))


def check_verdict(verdict: Verdict) -> None:
    """Return unless the write was rejected. Raises Rejected with the rule it breaks, Forbidden where it is access."""
    if verdict.verdict == "rejected" and verdict.code in {"forbidden", "access_ended"}:
        raise Forbidden(verdict.sentence or "")
    if verdict.verdict == "rejected":
        raise Rejected(code=verdict.code or "rejected", sentence=verdict.sentence or "", field=verdict.field)


def _mutation(n: int, intent: Intent) -> Mutation:
    return Mutation(
        n=n,
        collection=intent.collection,
        record=intent.record,
        op=intent.op,
        wall=0,
        fields=intent.fields,
        resolve=intent.resolve,
        group=intent.group,
    )


def _stamps(record: Record | None) -> list[Any]:
    if record is None:
        return []
    writes = [*record.fields.values(), *([] if record.deleted is None else [record.deleted])]
    return [write.stamp for write in writes]
