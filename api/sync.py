"""The sync routes: push, pull, snapshot, and what a client asks about them; the rules are those of `sync/`.

A push is durable when it is answered. Every answer is encoded once, straight to bytes, and kept by no cache.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter, SkipValidation
from msgspec import Meta, Struct

from api.edge.ratelimits import Limiter
from api.edge.rates import describe_edge
from api.errors import AccessEnded, NotFound, WrongDevice
from api.identity.access import DECIDERS, ENDED, ENDED_TOO, MEMBERS, PUBLIC, SCORING, WRITERS, Caller
from api.queries import Parameter
from api.requests import (
    CURSOR_SCHEMA,
    Number,
    Protocol,
    bounded,
    check_protocol,
    idempotency_key,
    if_match,
    json_answer,
    number,
    read_body,
    read_id,
)
from api.resources.writing import Intent, Writer, check_verdict, is_server_device, verdicts_of
from football.collections import CATALOGUE
from storage.accounts import Accounts
from storage.committer import Committer
from storage.engine import Engine
from sync import limits
from sync.collections import CONFLICTS, Collection, Field, Value
from sync.conflicts import Conflict, wire_fields
from sync.cursors import ORIGIN, Cursor
from sync.errors import MalformedRequest
from sync.limits import PAGE_BYTES_DEFAULT, PAGE_BYTES_MAX, PAGE_CHANGES_MAX, PAST_CURSORS_MAX, PUSH_MUTATIONS_MAX
from sync.messages import (
    Choice,
    Id,
    PullAnswer,
    PullQuery,
    PushAnswer,
    PushRequest,
    Resolution,
    SnapshotAnswer,
    TimestampAnswer,
    Verdict,
    read_push,
)
from sync.stamps import correction_of

CONFLICTS_PAGE_DEFAULT: Final = 100
CONFLICTS_PAGE_MAX: Final = 500
"""Conflicts a page of the list holds; a device that syncs has them all in its log."""
DEVICE_CONFLICTS_MAX: Final = 2_000
"""Open conflicts looked at to count each device's."""

PAGE_TOKEN: Final = re.compile(r"[0-9.a-f]{18,33}~[a-z][a-z0-9_]{0,63}~([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?")

PAST_SCHEMA: Final = {"type": "string", "maxLength": PAST_CURSORS_MAX * 34}
_PROTOCOL: Final = Parameter(
    "protocol", "The protocol that the client speaks; 426 where it is not served.", {"type": "integer", "minimum": 1}
)
_MAX_BYTES: Final = number("max_bytes", "Bytes of a page.", maximum=PAGE_BYTES_MAX, default=PAGE_BYTES_DEFAULT)
_PULL: Final = (
    Parameter("since", "The device's own cursor; the log from its beginning without it.", CURSOR_SCHEMA),
    Parameter("acked", "The newest timestamp that a push answer gave, until the cursor has passed it.", CURSOR_SCHEMA),
    Parameter("past", f"Up to {PAST_CURSORS_MAX} earlier cursors, by commas, the newest first.", PAST_SCHEMA),
    number("limit", "Changes of a page.", maximum=PAGE_CHANGES_MAX, default=PAGE_CHANGES_MAX),
    _MAX_BYTES,
    _PROTOCOL,
)
_SNAPSHOT: Final = (
    Parameter("page", "The `next` of the page before.", {"type": "string", "pattern": f"^{PAGE_TOKEN.pattern}$"}),
    _MAX_BYTES,
    _PROTOCOL,
)
_CONFLICTS: Final = (
    Parameter("status", "Which ones.", {"type": "string", "enum": ["open", "all"], "default": "open"}),
    Parameter("after", "The `after` of the page before.", {"type": "string", "format": "uuid"}),
    number("limit", "Conflicts of a page.", maximum=CONFLICTS_PAGE_MAX, default=CONFLICTS_PAGE_DEFAULT),
)

TheCaller = NamedDependency[SkipValidation[Caller]]
TheCommitter = NamedDependency[SkipValidation[Committer]]
TheEngine = NamedDependency[SkipValidation[Engine]]
TheWriter = NamedDependency[SkipValidation[Writer]]
TheAccounts = NamedDependency[SkipValidation[Accounts]]


class DeviceRow(Struct, frozen=True):
    """What the server knows of a device: enough to tell a coach whether their match is saved."""

    device_id: str
    user_id: str
    display_name: str
    last_seen: int
    """Its latest push, milliseconds since 1970."""
    last_n: int
    """The greatest counter that has arrived."""
    acked: int
    """The version that it is known to have applied."""
    lag: int
    """Versions between that and the log's head."""
    skew: int
    """Milliseconds that the server adds to its clock readings."""
    parked: int
    open_conflicts: int


class DevicesAnswer(Struct, frozen=True):
    """A club's devices, the one seen last first."""

    version: int
    devices: list[DeviceRow]


class ConflictsAnswer(Struct, frozen=True):
    """A page of conflicts, in the order of their ids."""

    conflicts: list[dict[str, Any]]
    after: str | None
    """What to send as `after` for the next page; null on the last."""


class Answer(Struct, frozen=True, forbid_unknown_fields=True):
    """A person's answer to a conflict."""

    id: Id
    choice: Choice
    value: Value = None
    """For `take`, the candidate's value (needless where there is one candidate); for `set`, the value; of a pair of
    duplicates, the record to drop."""


class AnswerResult(Struct, frozen=True):
    """What became of an answer."""

    verdict: str
    timestamp: str | None
    conflict: dict[str, Any]


class BulkEvents(Struct, frozen=True, forbid_unknown_fields=True):
    """Events of one match, each with the id that its client made."""

    match_id: Id
    events: Annotated[list[dict[str, Any]], Meta(min_length=1, max_length=PUSH_MUTATIONS_MAX)]


class ConfigAnswer(Struct, frozen=True):
    """What a client needs to know of a server before it signs in."""

    protocol: dict[str, int]
    """The oldest and the newest protocol that is served: `min` and `max`."""
    limits: dict[str, Any]
    """Every limit, by name; `rates` has the budgets of each class of routes."""
    retention: dict[str, Any]
    collections: list[dict[str, Any]]
    """Each collection with its fields, their types and bounds."""
    conflicts: dict[str, str]


class EventVerdict(Struct, frozen=True, omit_defaults=True):
    """What became of one of the events."""

    id: str
    verdict: str
    code: str | None = None
    field: str | None = None
    sentence: str | None = None
    conflicts: tuple[str, ...] = ()


class BulkAnswer(Struct, frozen=True):
    """What became of each event, in the order in which they were sent."""

    results: list[EventVerdict]
    timestamp: str | None


_answer: Final = msgspec.json.Decoder(Answer, strict=True).decode
_bulk: Final = msgspec.json.Decoder(BulkEvents, strict=True).decode


@post(
    "/api/sync/push",
    status_code=200,
    opt={
        **SCORING,
        **ENDED_TOO,
        "body": PushRequest,
        "answer": PushAnswer,
        "problems": ("access_ended", "log_diverged", "device_forked", "device_taken", "wrong_device", "too_large"),
    },
)
async def push(request: Request[Any, Any, Any], caller: TheCaller, committer: TheCommitter) -> Response[bytes]:
    """Push mutations. 200: each has a verdict, and what is applied is durable; 4xx: nothing of it was applied."""
    asked = await read_body(request, read_push)
    if asked.device_id != caller.device_id:
        raise WrongDevice
    answer = await committer.push(caller.club_id, caller.user_id, asked, grant=caller.session_id)
    if caller.role == ENDED:
        raise AccessEnded(caller.ended_at, kept=[verdict.n for verdict in verdicts_of(answer)])
    return json_answer(answer)


@get(
    "/api/sync/pull",
    opt={
        **MEMBERS,
        "query": _PULL,
        "answer": PullAnswer,
        "problems": ("log_diverged", "cursor_expired", "protocol_unsupported"),
    },
)
async def pull(
    caller: TheCaller,
    engine: TheEngine,
    since: FromQuery[str | None] = None,
    acked: FromQuery[str | None] = None,
    past: FromQuery[str | None] = None,
    limit: Number = None,
    max_bytes: Number = None,
    protocol: Protocol = None,
) -> Response[bytes]:
    """Pull the next page of the log after `since` (from the beginning without it); `past` takes cursors by commas."""
    check_protocol(protocol)
    cursors = tuple(past.split(",")) if past else ()
    if len(cursors) > PAST_CURSORS_MAX:
        raise MalformedRequest(path="past", problem=f"names more than {PAST_CURSORS_MAX} cursors")
    query = PullQuery(since=str(ORIGIN) if since is None else since, acked=acked, past=cursors)
    page = await engine.pull(
        caller.club_id,
        query,
        changes_max=bounded(limit, name="limit", maximum=PAGE_CHANGES_MAX, default=PAGE_CHANGES_MAX),
        bytes_max=bounded(max_bytes, name="max_bytes", maximum=PAGE_BYTES_MAX, default=PAGE_BYTES_DEFAULT),
    )
    return json_answer(page)


@get(
    "/api/sync/snapshot",
    opt={
        **MEMBERS,
        "query": _SNAPSHOT,
        "answer": SnapshotAnswer,
        "problems": ("log_diverged", "cursor_expired", "protocol_unsupported"),
    },
)
async def snapshot(
    caller: TheCaller,
    engine: TheEngine,
    page: FromQuery[str | None] = None,
    max_bytes: Number = None,
    protocol: Protocol = None,
) -> Response[bytes]:
    """Read current records page by page; pulling from the `timestamp` that it names completes the picture."""
    check_protocol(protocol)
    if page is not None and not PAGE_TOKEN.fullmatch(page):
        raise MalformedRequest(path="page", problem="is not a page token that this server gave")
    bytes_max = bounded(max_bytes, name="max_bytes", maximum=PAGE_BYTES_MAX, default=PAGE_BYTES_DEFAULT)
    return json_answer(await engine.snapshot(caller.club_id, page, bytes_max=bytes_max))


@get(
    "/api/sync/timestamp",
    opt={**MEMBERS, "query": (_PROTOCOL,), "answer": TimestampAnswer, "problems": ("protocol_unsupported",)},
)
async def timestamp(caller: TheCaller, engine: TheEngine, protocol: Protocol = None) -> Response[bytes]:
    """Return where the log stands, and the server's time."""
    check_protocol(protocol)
    return json_answer(await engine.timestamp(caller.club_id))


@get("/api/sync/config", opt={**PUBLIC, "answer": ConfigAnswer})
async def config(limiter: NamedDependency[SkipValidation[Limiter]]) -> Response[bytes]:
    """Return the protocol versions, every limit, and the collections with their fields."""
    return json_answer(ConfigAnswer(limits={**describe_limits(), **describe_edge(limiter.factor)}, **CONFIG))


@get("/api/sync/devices", opt={**MEMBERS, "answer": DevicesAnswer})
async def devices(caller: TheCaller, engine: TheEngine, accounts: TheAccounts) -> Response[bytes]:
    """Return the club's devices: is everybody's match saved?"""
    head = (await engine.store.head(caller.club_id)).cursor.version
    names = await accounts.member_names(caller.club_id)
    open_ones = await engine.store.conflicts(caller.club_id, is_open=True, after="", limit=DEVICE_CONFLICTS_MAX)
    rows = [
        DeviceRow(
            device_id=each.device_id,
            user_id=each.author,
            display_name=names.get(each.author, "a former member"),
            last_seen=each.seen_ms,
            last_n=each.last_n,
            acked=each.acked,
            lag=max(head - each.acked, 0),
            skew=correction_of(each.offsets),
            parked=each.parked,
            open_conflicts=_count(open_ones, each.device_id),
        )
        for each in await engine.store.devices(caller.club_id)
        if not is_server_device(each.device_id)
    ]
    return json_answer(DevicesAnswer(head, rows))


@get("/api/sync/conflicts", opt={**MEMBERS, "query": _CONFLICTS, "answer": ConflictsAnswer})
async def list_conflicts(
    caller: TheCaller,
    engine: TheEngine,
    status: Annotated[str, QueryParameter(description="`open` or `all`.")] = "open",
    after: FromQuery[str | None] = None,
    limit: Number = None,
) -> Response[bytes]:
    """Return what wants a person: open conflicts, or all."""
    wanted = bounded(limit, name="limit", maximum=CONFLICTS_PAGE_MAX, default=CONFLICTS_PAGE_DEFAULT)
    if status not in {"open", "all"}:
        raise MalformedRequest(path="status", problem="takes open or all")
    place = "" if after is None else read_id(after, where="after")
    found = await engine.store.conflicts(caller.club_id, is_open=status == "open", after=place, limit=wanted)
    last = found[-1].id if len(found) == wanted else None
    return json_answer(ConflictsAnswer([_shown(each) for each in found], last))


@post(
    "/api/sync/conflicts",
    status_code=200,
    opt={
        **DECIDERS,
        "body": Answer,
        "answer": AnswerResult,
        "problems": ("not_found", "version_mismatch", "rejected"),
    },
)
async def answer_conflict(
    request: Request[Any, Any, Any], caller: TheCaller, engine: TheEngine, writer: TheWriter
) -> Response[bytes]:
    """Answer a conflict; with `If-Match`, as somebody who had seen it at that version and nothing later."""
    asked = await read_body(request, _answer)
    head = str((await engine.store.head(caller.club_id)).cursor)
    conflict = await _find(engine, caller.club_id, asked.id)
    base = await _base(engine, caller.club_id, conflict, if_match(request), head)
    target = await engine.store.records(caller.club_id, conflict.collection, {"id": conflict.record})
    resolve = Resolution(field=conflict.field, choice=asked.choice, value=_chosen(conflict, asked))
    intent = Intent(conflict.collection, conflict.record, "resolve", resolve=resolve)
    key = idempotency_key(request)
    scoped = None if key is None else f"resolve/{conflict.id}/{key}"
    over = target[0] if target else None
    written = await writer.write(caller, [intent], base=base, over=over, key=scoped)
    for verdict in written.verdicts:
        check_verdict(verdict)
    word = written.verdicts[0].verdict if written.verdicts else "applied"
    now = await _find(engine, caller.club_id, asked.id)
    return json_answer(AnswerResult(word, written.timestamp, _shown(now)))


@post("/api/sync/events", status_code=200, opt={**WRITERS, "body": BulkEvents, "answer": BulkAnswer})
async def bulk_events(
    request: Request[Any, Any, Any], caller: TheCaller, engine: TheEngine, writer: TheWriter
) -> Response[bytes]:
    """Upload many events of a match. Sending the same body again brings the same verdicts, and writes nothing twice."""
    asked = await read_body(request, _bulk)
    head = str((await engine.store.head(caller.club_id)).cursor)
    intents = [_event_intent(asked.match_id, place, each) for place, each in enumerate(asked.events)]
    digest = hashlib.blake2b(await request.body(), digest_size=16).hexdigest()
    key = f"bulk/{idempotency_key(request) or ''}/{digest}"
    written = await writer.write(caller, intents, base=head, key=key)
    results = [_event_verdict(intent, verdict) for intent, verdict in zip(intents, written.verdicts, strict=True)]
    return json_answer(BulkAnswer(results, written.timestamp))


ROUTES: Final = (
    push,
    pull,
    snapshot,
    timestamp,
    config,
    devices,
    list_conflicts,
    answer_conflict,
    bulk_events,
)


def _count(conflicts: Any, device_id: str) -> int:  # noqa: ANN401 - any sequence of conflicts
    return sum(any(side.device_id == device_id for side in each.candidates) for each in conflicts)


def _shown(conflict: Conflict) -> dict[str, Any]:
    return {"id": conflict.id, "version": conflict.version, **wire_fields(conflict)}


async def _find(engine: Engine, club_id: str, conflict_id: str) -> Conflict:
    """Return a conflict of the club. Raises NotFound."""
    number = int(conflict_id.replace("-", ""), 16)
    before = f"{max(number - 1, 0):032x}"
    after = "-".join((before[:8], before[8:12], before[12:16], before[16:20], before[20:]))
    found = await engine.store.conflicts(club_id, is_open=False, after=after, limit=1)
    if not found or found[0].id != conflict_id:
        raise NotFound("There is no such conflict in this club.")
    return found[0]


async def _base(engine: Engine, club_id: str, conflict: Conflict, version: int | None, head: str) -> str:
    """Return the cursor that the person had seen: that of If-Match, where the log still has it, else the head."""
    if version is None or version >= conflict.version:
        return head
    tags = await engine.store.tags(club_id, {version})
    return str(Cursor(version, tags[version])) if version in tags else str(ORIGIN)


def _chosen(conflict: Conflict, asked: Answer) -> Value:
    """Return the value that a choice lays down: what stands, a candidate's, or the person's own."""
    if "/" in conflict.field or asked.choice == "set":
        return asked.value
    if asked.choice == "keep":
        return _plain(conflict, None if conflict.stands is None else conflict.stands.value)
    values = [_plain(conflict, side.value) for side in conflict.candidates]
    if asked.value is None and len(values) == 1:
        return values[0]
    return asked.value


def _plain(conflict: Conflict, value: Value) -> Value:
    """Return the value of a side as its field holds it: the sides of a delete show more."""
    if conflict.field != "deleted" or value is None:
        return value
    return isinstance(value, Mapping) and bool(value.get("deleted", False))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]


def _event_intent(match_id: str, place: int, given: Mapping[str, Any]) -> Intent:
    where = f"$.events[{place}].id"
    record = given.get("id")
    if not isinstance(record, str):
        raise MalformedRequest(path=where, problem="is missing; send the UUID that the client made for the event")
    try:
        record = msgspec.convert(record, Id)
    except msgspec.ValidationError:
        raise MalformedRequest(path=where, problem="is not a canonical lower-case UUID") from None
    fields = {name: value for name, value in given.items() if name != "id"}
    return Intent("events", record, "put", {"match_id": match_id, **fields})


def _event_verdict(intent: Intent, verdict: Verdict) -> EventVerdict:
    return EventVerdict(
        id=intent.record,
        verdict=verdict.verdict,
        code=verdict.code,
        field=verdict.field,
        sentence=verdict.sentence,
        conflicts=verdict.conflicts,
    )


def describe_limits() -> dict[str, int]:
    """Return every limit of `sync/limits.py`, under its name in lower case, and those of this module."""
    told = {name.lower(): value for name, value in sorted(vars(limits).items()) if isinstance(value, int)}
    return {**told, "conflicts_page_max": CONFLICTS_PAGE_MAX}


def describe_collection(collection: Collection) -> dict[str, Any]:
    """Return a collection as a client needs to know it."""
    return {
        "name": collection.name,
        "key": collection.key,
        "doc": collection.doc,
        "fields": {name: _describe_field(spec) for name, spec in collection.fields.items()},
        "duplicates": [{"name": rule.name, "by": rule.by} for rule in collection.duplicates],
    }


def _describe_field(spec: Field) -> dict[str, Any]:
    built: dict[str, Any] = msgspec.to_builtins(spec)
    plain = Field(type=spec.type)
    return {name: value for name, value in built.items() if name == "type" or value != getattr(plain, name)}


CONFIG: Final[Mapping[str, Any]] = {
    "protocol": {"min": limits.PROTOCOL_VERSION_MIN, "max": limits.PROTOCOL_VERSION},
    "retention": {"device_keeps_acknowledged_ms": limits.KEPT_MS, "log": "all versions from `oldest` of the timestamp"},
    "collections": [describe_collection(each) for each in CATALOGUE.collections.values()],
    "conflicts": {"name": CONFLICTS, "written_by": "the op resolve alone"},
}
"""What `GET /api/sync/config` answers beside the limits: with it a client needs no other source."""
