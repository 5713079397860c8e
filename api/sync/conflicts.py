"""Conflicts over plain HTTP: what wants a person, and a person's answer, which is the op `resolve` of the protocol."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter, SkipValidation
from msgspec import Struct

from api.errors import NotFound
from api.identity.access import DECIDERS, MEMBERS, Caller
from api.queries import Parameter
from api.requests import (
    Number,
    bounded,
    idempotency_key,
    if_match,
    json_answer,
    number,
    read_body,
    read_id,
)
from api.resources.schemas import IF_MATCH, KEY
from api.resources.writing import Intent, Writer, check_verdict
from storage.engine import Engine
from sync.collections import Value
from sync.conflicts import Conflict, wire_fields
from sync.cursors import ORIGIN, Cursor
from sync.errors import MalformedRequest
from sync.messages import (
    Choice,
    Id,
    Resolution,
)

CONFLICTS_PAGE_DEFAULT: Final = 100
CONFLICTS_PAGE_MAX: Final = 500
"""Conflicts a page of the list holds; a device that syncs has them all in its log."""

_CONFLICTS: Final = (
    Parameter("status", "Which ones.", {"type": "string", "enum": ["open", "all"], "default": "open"}),
    Parameter("after", "The `after` of the page before.", {"type": "string", "format": "uuid"}),
    number("limit", "Conflicts of a page.", maximum=CONFLICTS_PAGE_MAX, default=CONFLICTS_PAGE_DEFAULT),
)

TheCaller = NamedDependency[SkipValidation[Caller]]
TheEngine = NamedDependency[SkipValidation[Engine]]
TheWriter = NamedDependency[SkipValidation[Writer]]


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


_answer: Final = msgspec.json.Decoder(Answer, strict=True).decode


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
        "headers": (KEY, IF_MATCH),
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


ROUTES: Final = (list_conflicts, answer_conflict)
