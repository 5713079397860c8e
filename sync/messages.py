"""The wire messages, their strict decoding, and the history of the protocol.

Protocol 1 (2026-11): push, pull, snapshot, timestamp, config, devices, conflicts.

`tests/golden/` holds a sample of every message and a hash over all of them: a change of the wire asks there for the
next protocol number. A batch whose envelope is malformed is refused whole, naming the path; a mutation that is
malformed inside a good envelope is rejected alone, so that it never blocks its neighbours.
"""

import hashlib
import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from sync.collections import Value
from sync.cursors import CURSOR_PATTERN
from sync.errors import MalformedRequest, plain
from sync.limits import GROUP_COUNT_MAX, INTEGER_MAX, NESTING_MAX, ORIGINS_MAX, PAST_CURSORS_MAX, PUSH_MUTATIONS_MAX
from sync.merge import Origin
from sync.stamps import END, STAMP_PATTERN, UUID_PATTERN

Id = Annotated[str, Meta(pattern=UUID_PATTERN)]
"""A canonical lower-case UUID."""
Counter = Annotated[int, Meta(ge=1, le=INTEGER_MAX)]
Milliseconds = Annotated[int, Meta(ge=-INTEGER_MAX, le=INTEGER_MAX)]
"""Milliseconds since 1970 by the device's clock, or a difference of two such; any value is taken and corrected."""
Timestamp = Annotated[str, Meta(pattern=CURSOR_PATTERN)]
"""A cursor on the wire, `version.tag`."""
StampText = Annotated[str, Meta(pattern=STAMP_PATTERN)]
Name = Annotated[str, Meta(pattern=f"^[a-z][a-z0-9_]{{0,63}}{END}")]
"""A collection's name."""
FieldKey = Annotated[str, Meta(pattern=f"^[a-z0-9_/-]{{1,160}}{END}")]
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
    value: Value | UnsetType = UNSET
    """The value chosen, for a field; true or false for `deleted`; for a duplicate taken as one, the record to drop."""


class Mutation(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
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
    """Its content as decoded JSON, for the quarantine; as text where it is nested too deeply to be handed on."""
    problem: str
    group: Group | None = None
    """Its group, where that can be read: the other members are rejected with it."""
    wall: int = 0
    """The time of its edit, where that can be read: those after it are lifted above it, and no higher."""


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
    """The head when the page was read. Once the pull has passed the last page's, the picture is whole.

    Where the pull passes the version of one under another tag, the server was restored between two pages, and the
    snapshot is taken anew.
    """


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
        problem, _, path = str(error).partition(" - at `$")
        raise MalformedRequest(path=f"${path.rstrip('`')}", problem=f"is wrong: {_in_words(problem)}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedRequest(path="$", problem=f"is not JSON in UTF-8: {error}") from None
    except RecursionError:
        raise MalformedRequest(path="$", problem="is nested too deeply") from None


def _in_words(problem: str) -> str:
    """Return what a decoder said, without the pattern that a text should have matched: it helps no person."""
    if problem.startswith("Invalid enum value"):  # the value itself is not repeated
        return "it is none of the words that may stand here"
    said, _, pattern = problem.partition(" matching regex ")
    return plain(f"{said} of the form that the protocol gives" if pattern else problem)


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
        mutation = decode(raw, _mutation_decoder.decode)
    except MalformedRequest as error:
        problem = error.detail.replace("$", path, 1)
    else:
        if not _is_deep(raw):
            return mutation
        problem = f"{path} is nested too deeply."
    try:
        found: Any = decode(raw, _any_decoder.decode)
    except MalformedRequest as error:
        raise MalformedRequest(path=path, problem=error.detail.removeprefix("$ ").rstrip(".")) from None
    counted = _part(raw, _Counted)
    if counted is None:
        raise MalformedRequest(path=f"{path}.n", problem="must be a whole number from 1 up") from None
    return Malformed(
        n=counted.n,
        raw=raw.decode() if _is_deep(raw) else found,
        problem=problem,
        group=(_part(raw, _Grouped) or _Grouped()).group,
        wall=(_part(raw, _Timed) or _Timed()).wall,
    )


class _Counted(Struct):
    n: Counter


class _Grouped(Struct):
    group: Group | None = None


class _Timed(Struct):
    wall: Milliseconds = 0


def _part(raw: bytes, kind: type[T]) -> T | None:
    """Read one part of a malformed mutation; None where that is malformed itself."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError:
        return None


_BRACKETS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]')


def _is_deep(raw: bytes) -> bool:
    """Tell whether JSON is nested more deeply than a conflict can carry it."""
    if raw.count(b"[") + raw.count(b"{") <= NESTING_MAX:
        return False
    level = deepest = 0
    for token in _BRACKETS.findall(raw):
        level += (token in b"[{") - (token in b"]}")
        deepest = max(deepest, level)
    return deepest > NESTING_MAX


def content_of(mutation: Mutation | Malformed) -> bytes:
    """Return a mutation's content as it was sent, in its one canonical encoding."""
    return encode(mutation if isinstance(mutation, Mutation) else mutation.raw)


def hash_content(key: bytes, content: bytes) -> bytes:
    """Return the keyed hash of a mutation's content (16 bytes).

    Keyed with the club's own key, so that a hash that outlives an erasure cannot be guessed back to a name.
    """
    return hashlib.blake2b(content, key=key, digest_size=16).digest()


def join_raw(rows: Sequence[bytes]) -> list[Raw]:
    """Return encoded rows as they go into a page, without decoding them."""
    return [Raw(row) for row in rows]
