"""The bulk upload: many events of one match in one request, each with a verdict of its own."""

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from msgspec import Meta, Struct

from api.identity.access import WRITERS, Caller
from api.requests import (
    idempotency_key,
    json_answer,
    read_body,
)
from api.resources.schemas import KEY
from api.resources.writing import Intent, Writer
from storage.engine import Engine
from sync.errors import MalformedRequest
from sync.limits import PUSH_MUTATIONS_MAX
from sync.messages import (
    Id,
    Verdict,
)

TheCaller = NamedDependency[SkipValidation[Caller]]
TheEngine = NamedDependency[SkipValidation[Engine]]
TheWriter = NamedDependency[SkipValidation[Writer]]


class BulkEvents(Struct, frozen=True, forbid_unknown_fields=True):
    """Events of one match, each with the id that its client made."""

    match_id: Id
    events: Annotated[list[dict[str, Any]], Meta(min_length=1, max_length=PUSH_MUTATIONS_MAX)]


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


_bulk: Final = msgspec.json.Decoder(BulkEvents, strict=True).decode


@post("/api/sync/events", status_code=200, opt={**WRITERS, "headers": (KEY,), "body": BulkEvents, "answer": BulkAnswer})
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


ROUTES: Final = (bulk_events,)
