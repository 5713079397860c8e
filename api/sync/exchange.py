"""The exchange: push, pull, snapshot and timestamp; the rules are those of `sync/`.

A push is durable when it is answered. Every answer is encoded once, straight to bytes, and kept by no cache.
"""

import re
from collections import Counter
from typing import Any, Final, get_args

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, SkipValidation
from msgspec import Struct

from api.errors import AccessEnded, WrongDevice
from api.identity.access import ENDED, ENDED_TOO, MEMBERS, SCORING, Caller
from api.observe import COUNTS
from api.queries import Parameter
from api.requests import (
    CURSOR_SCHEMA,
    Number,
    Protocol,
    bounded,
    check_protocol,
    json_answer,
    number,
    read_body,
)
from api.resources.writing import verdicts_of
from storage.committer import Committer
from storage.engine import PAGE_TOKEN, Engine
from sync.cursors import ORIGIN
from sync.errors import MalformedRequest
from sync.limits import PAGE_BYTES_DEFAULT, PAGE_BYTES_MAX, PAGE_CHANGES_MAX, PAST_CURSORS_MAX
from sync.messages import (
    PullAnswer,
    PullQuery,
    PushAnswer,
    PushRequest,
    SnapshotAnswer,
    TimestampAnswer,
    VerdictWord,
    read_push,
)

PAST_SCHEMA: Final = {"type": "string", "maxLength": PAST_CURSORS_MAX * 34}
PROTOCOL: Final = Parameter(
    "protocol", "The protocol that the client speaks; 426 where it is not served.", {"type": "integer", "minimum": 1}
)
HISTORY: Final = (
    Parameter("since", "The device's own cursor; the log from its beginning without it.", CURSOR_SCHEMA),
    Parameter("acked", "The newest timestamp that a push answer gave, until the cursor has passed it.", CURSOR_SCHEMA),
    Parameter("past", f"Up to {PAST_CURSORS_MAX} earlier cursors, by commas, the newest first.", PAST_SCHEMA),
)
_MAX_BYTES: Final = number("max_bytes", "Bytes of a page.", maximum=PAGE_BYTES_MAX, default=PAGE_BYTES_DEFAULT)
_PULL: Final = (
    *HISTORY,
    number("limit", "Changes of a page.", maximum=PAGE_CHANGES_MAX, default=PAGE_CHANGES_MAX),
    _MAX_BYTES,
    PROTOCOL,
)
_PAGE_FORM: Final = re.sub(r"[?]P<[a-z]+>", "", f"^{PAGE_TOKEN.pattern}$")
"""Without the names of its parts, which JSON Schema's expressions do not have."""
_SNAPSHOT: Final = (
    Parameter("page", "The `page` of the page before.", {"type": "string", "pattern": _PAGE_FORM}),
    _MAX_BYTES,
    PROTOCOL,
)

TheCaller = NamedDependency[SkipValidation[Caller]]
TheCommitter = NamedDependency[SkipValidation[Committer]]
TheEngine = NamedDependency[SkipValidation[Engine]]


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
    scope: Any = request.scope
    scope[COUNTS] = counts = what_came(asked)
    answer = await committer.push(caller.club_id, caller.user_id, asked, grant=caller.session_id)
    counts |= what_became(answer)
    if caller.role == ENDED:
        raise AccessEnded(caller.ended_at, kept=[verdict.n for verdict in verdicts_of(answer)])
    return json_answer(answer)


class _Named(Struct):
    """What a mutation is about, as far as it says so."""

    collection: str = ""


_named: Final = msgspec.json.Decoder(_Named).decode


def what_came(push: PushRequest) -> dict[str, int]:
    """Return how much a push brings, for its line in the log."""
    return {"mutations": len(push.mutations), "events": sum(map(_is_event, push.mutations))}


def _is_event(mutation: msgspec.Raw) -> bool:
    try:
        return _named(mutation).collection == "events"
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):  # it will be rejected, with a reason
        return False


def what_became(answer: PushAnswer) -> dict[str, int]:
    """Return what became of a push, verdict by verdict."""
    counts = Counter[str](verdict.verdict for verdict in answer.others)
    counts["applied"] += sum(run.to_n - run.from_n + 1 for run in answer.applied)
    counts["conflicts"] = sum(len(verdict.conflicts) for verdict in answer.others)
    return {name: counts[name] for name in TOLD}


TOLD: Final = (*get_args(VerdictWord), "conflicts")
"""What a push's line counts of its answer."""


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
    page = await engine.pull(
        caller.club_id,
        history_of(since, acked, past),
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
    bytes_max = bounded(max_bytes, name="max_bytes", maximum=PAGE_BYTES_MAX, default=PAGE_BYTES_DEFAULT)
    return json_answer(await engine.snapshot(caller.club_id, page, bytes_max=bytes_max))


@get(
    "/api/sync/timestamp",
    opt={**MEMBERS, "query": (PROTOCOL,), "answer": TimestampAnswer, "problems": ("protocol_unsupported",)},
)
async def timestamp(caller: TheCaller, engine: TheEngine, protocol: Protocol = None) -> Response[bytes]:
    """Return where the log stands, and the server's time."""
    check_protocol(protocol)
    return json_answer(await engine.timestamp(caller.club_id))


def history_of(since: str | None, acked: str | None, past: str | None) -> PullQuery:
    """Return what a client says of where it stands. Raises MalformedRequest."""
    cursors = tuple(past.split(",")) if past else ()
    if len(cursors) > PAST_CURSORS_MAX:
        raise MalformedRequest(path="past", problem=f"names more than {PAST_CURSORS_MAX} cursors")
    return PullQuery(since=str(ORIGIN) if since is None else since, acked=acked, past=cursors)


ROUTES: Final = (push, pull, snapshot, timestamp)
