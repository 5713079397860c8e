"""The wire messages, their strict decoding, and the history of the protocol.

Protocol 1 (2026-11): push, pull, snapshot, timestamp, config, devices, conflicts.

`tests/golden/` holds a sample of every message and a hash over all of them: a change of the wire asks there for the
next protocol number. A batch whose envelope is malformed is refused whole, naming the path; a mutation that is
malformed inside a good envelope is rejected alone, so that it never blocks its neighbours.
"""

import hashlib
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from sync.collections import Value
from sync.cursors import CURSOR_PATTERN
from sync.errors import MalformedRequest
from sync.limits import GROUP_COUNT_MAX, INTEGER_MAX, ORIGINS_MAX, PAST_CURSORS_MAX, PUSH_MUTATIONS_MAX
from sync.merge import Origin
from sync.stamps import STAMP_PATTERN

Id = Annotated[str, Meta(pattern="^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
"""A canonical lower-case UUID."""
Counter = Annotated[int, Meta(ge=1, le=INTEGER_MAX)]
Milliseconds = Annotated[int, Meta(ge=-INTEGER_MAX, le=INTEGER_MAX)]
"""Milliseconds since 1970 by the device's clock, or a difference of two such; any value is taken and corrected."""
Timestamp = Annotated[str, Meta(pattern=CURSOR_PATTERN)]
"""A cursor on the wire, `version.tag`."""
StampText = Annotated[str, Meta(pattern=STAMP_PATTERN)]
Name = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,63}$")]
"""A collection's name."""
FieldKey = Annotated[str, Meta(pattern="^[a-z0-9_/-]{1,160}$")]
"""What a conflict is about: a declared field's name, or one of the keys that `sync/conflicts.py` lists."""
Choice = Literal["keep", "take", "set"]
Op = Literal["put", "delete", "restore", "resolve"]
VerdictWord = Literal["applied", "merged", "rejected", "parked"]


class Group(Struct, frozen=True, forbid_unknown_fields=True):
    """Names the group of a mutation: `count` mutations that are applied together or not at all."""

    id: Id
    count: Annotated[int, Meta(ge=1, le=GROUP_COUNT_MAX)]


class Resolution(Struct, frozen=True, forbid_unknown_fields=True):
    """A person's answer to a conflict about (collection, record, field)."""

    field: FieldKey
    choice: Choice
    value: Value = None
    """The value chosen, for a field; true or false for `deleted`; for a duplicate taken as one, the record to drop."""


class Mutation(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a device pushes: one edit of one record."""

    n: Counter
    collection: Name
    record: Id
    op: Op
    wall: Milliseconds
    fields: Mapping[str, Any] = {}
    after: StampText | None = None
    base: Timestamp | None = None
    group: Group | None = None
    resolve: Resolution | None = None
    origins: Annotated[tuple[Origin, ...], Meta(max_length=ORIGINS_MAX)] = ()


class Again(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What goes beside a mutation pushed again after `log_diverged`, outside its hashed content."""

    n: Counter
    stamp: StampText | None = None
    """The effective stamp that the first answer gave."""
    correction: Milliseconds = 0
    """The correction that the first answer gave."""
    common: Timestamp | None = None
    """The newest cursor of this device that is in the log, used where the mutation's base is not."""


class PushRequest(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A push: a batch of mutations, in `n` order."""

    device_id: Id
    sent_at: Milliseconds
    mutations: Annotated[list[Raw], Meta(max_length=PUSH_MUTATIONS_MAX)]
    acked: Timestamp | None = None
    """The newest timestamp a push answer gave, until the device's own cursor has passed it."""
    past: Annotated[tuple[Timestamp, ...], Meta(max_length=PAST_CURSORS_MAX)] = ()
    """Some of the device's earlier cursors, newest first: the server names the newest it knows as `common`."""
    again: Annotated[tuple[Again, ...], Meta(max_length=PUSH_MUTATIONS_MAX)] = ()
    protocol: int = 1


class Malformed(Struct, frozen=True):
    """A mutation inside a good envelope that does not have its shape."""

    n: int
    raw: Any
    """Its content as decoded JSON, for the quarantine."""
    problem: str


class Verdict(Struct, frozen=True, omit_defaults=True):
    """The server's answer to one mutation."""

    n: int
    verdict: VerdictWord
    stamp: str | None = None
    correction: int | UnsetType = UNSET
    """Present where it differs from the answer's."""
    conflicts: tuple[str, ...] = ()
    code: str | None = None
    field: str | None = None
    sentence: str | None = None


class Run(Struct, frozen=True, array_like=True):
    """Mutations applied whole: `[from_n, to_n, clocks]`, a clock of 16 digits for each.

    A clock followed by the device id without dashes is the effective stamp.
    """

    from_n: int
    to_n: int
    clocks: tuple[str, ...]


class PushAnswer(Struct, frozen=True):
    """The answer to a push: every mutation has a verdict, and all that is not parked is durable in the log."""

    applied: tuple[Run, ...]
    others: tuple[Verdict, ...]
    version: int
    timestamp: str
    """The log's head after this push: a mutation leaves the overlay when the cursor has passed it."""
    server_time: int
    correction: int
    """Milliseconds that the server adds to this device's clock readings."""


class PullAnswer(Struct, frozen=True):
    """A page of the log."""

    changes: list[Raw]
    timestamp: str
    more: bool


class SnapshotAnswer(Struct, frozen=True, omit_defaults=True):
    """A page of current records, tombstones included."""

    records: list[Raw]
    page: str | None
    """The token of the next page; absent on the last."""
    timestamp: str
    """The starting cursor: pulling from it completes the picture."""
    counts: Mapping[str, int] | None = None
    """Records per collection in the whole snapshot, on the last page."""
    until: str | None = None
    """The head when the last page was read, on the last page: once the pull has passed it, the picture is whole."""


class PullQuery(Struct, frozen=True):
    """What a pull asks for."""

    since: str
    acked: str | None = None
    past: tuple[str, ...] = ()


class TimestampAnswer(Struct, frozen=True):
    """Where the log stands."""

    timestamp: str
    server_time: int
    oldest: int
    """The oldest version that the log still holds; 1 while nothing was compacted."""


_push_decoder: Final = msgspec.json.Decoder(PushRequest, strict=True)
_mutation_decoder: Final = msgspec.json.Decoder(Mutation, strict=True)
_any_decoder: Final = msgspec.json.Decoder()
encode: Final = msgspec.json.Encoder(order="deterministic").encode
"""Encode any message, or hash material, in one canonical form."""

T = TypeVar("T")


def decode(body: bytes, decoder: Callable[[bytes], T]) -> T:
    """Decode a request's body strictly. Raises MalformedRequest, naming the path, for any bytes whatever."""
    try:
        return decoder(body)
    except msgspec.ValidationError as error:
        problem, _, path = str(error).rpartition(" - at `")
        raise MalformedRequest(path=path.rstrip("`") or "$", problem=f"is wrong: {problem or error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedRequest(path="$", problem=f"is not JSON in UTF-8: {error}") from None
    except RecursionError:
        raise MalformedRequest(path="$", problem="is nested too deeply") from None


def read_push(body: bytes) -> PushRequest:
    """Read a push's envelope. Raises MalformedRequest for a bad one; mutations are read one by one."""
    return decode(body, _push_decoder.decode)


def read_mutations(push: PushRequest) -> list[Mutation | Malformed]:
    """Read the mutations of a push, in `n` order; one without a usable `n`, or an `n` twice, is MalformedRequest."""
    read = [_read_mutation(bytes(raw), index) for index, raw in enumerate(push.mutations)]
    read.sort(key=lambda mutation: mutation.n)
    for one, next_one in itertools.pairwise(read):
        if one.n == next_one.n:
            raise MalformedRequest(path="$.mutations", problem=f"holds n = {one.n} twice; send each mutation once")
    return read


def _read_mutation(raw: bytes, index: int) -> Mutation | Malformed:
    path = f"$.mutations[{index}]"
    try:
        return decode(raw, _mutation_decoder.decode)
    except MalformedRequest as error:
        found: Any = decode(raw, _any_decoder.decode)
        n = found.get("n") if isinstance(found, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= INTEGER_MAX:
            raise MalformedRequest(path=f"{path}.n", problem="must be a whole number from 1 up") from None
        return Malformed(n=n, raw=found, problem=error.detail.replace("$", path, 1))


def hash_mutation(key: bytes, mutation: Mutation | Malformed) -> bytes:
    """Return the keyed hash of a mutation as it was sent (16 bytes).

    Keyed with the club's own key, so that a hash that outlives an erasure cannot be guessed back to a name.
    """
    content = mutation if isinstance(mutation, Mutation) else mutation.raw
    return hashlib.blake2b(encode(content), key=key, digest_size=16).digest()


def join_raw(rows: Sequence[bytes]) -> list[Raw]:
    """Return encoded rows as they go into a page, without decoding them."""
    return [Raw(row) for row in rows]
