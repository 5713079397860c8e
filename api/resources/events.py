"""Events and the score of a match, for clients that keep no log: thin wrappers over mutations and folds."""

from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation
from msgspec import Struct
from msgspec.structs import asdict

from api.errors import Rejected
from api.identity.access import MEMBERS, WRITERS, Caller
from api.requests import any_object, idempotency_key, if_match, json_answer, read_body, read_id
from api.resources.records import Asked, Shelf
from api.resources.writing import Writer
from football.facts import MatchFacts, gather
from football.scoreboard import score_of
from football.status import Status, status_of
from storage.engine import Engine
from sync.collections import Values
from sync.errors import MalformedRequest
from sync.limits import MUTATION_BYTES_MAX

EVENT_BYTES_MAX: Final = MUTATION_BYTES_MAX

TheCaller = NamedDependency[SkipValidation[Caller]]
TheEngine = NamedDependency[SkipValidation[Engine]]
TheWriter = NamedDependency[SkipValidation[Writer]]


class MatchScore(Struct, frozen=True):
    """The score of a match, folded from its goals."""

    match_id: str
    home: int
    away: int
    home_shootout: int
    away_shootout: int
    unassigned: int
    """Goals of no team or of a third one: kept, and counted for nobody."""
    is_by_hand: bool
    text: str
    """As people write it: `2-2`, with a shootout `2-2 (4-3)`."""
    status: Status


_PROBLEMS: Final = ("not_found", "rejected", "version_mismatch", "too_large", "wrong_content_type")


@get("/api/matches/{match_id:uuid}/events", opt={**MEMBERS, "problems": ("not_found",)})
async def list_events(
    match_id: FromPath[UUID], caller: TheCaller, engine: TheEngine, writer: TheWriter
) -> Response[bytes]:
    """Return the events of a match, in the order of their ids."""
    await Shelf(engine, writer, "matches").present(caller.club_id, str(match_id))
    events = await Shelf(engine, writer, "events").all_where(caller.club_id, {"match_id": str(match_id)})
    return json_answer({"match_id": str(match_id), "events": events})


@post("/api/matches/{match_id:uuid}/events", status_code=201, opt={**WRITERS, "problems": (*_PROBLEMS, "exists")})
async def create_event(
    match_id: FromPath[UUID], request: Request[Any, Any, Any], caller: TheCaller, engine: TheEngine, writer: TheWriter
) -> Response[bytes]:
    """Log an event under the id that the client made for it."""
    given = await read_body(request, any_object.decode, bytes_max=EVENT_BYTES_MAX)
    event_id = _id_in(given)
    if given.setdefault("match_id", str(match_id)) != str(match_id):
        raise Rejected(code="wrong_value", sentence="The event is of another match than its address.", field="match_id")
    await Shelf(engine, writer, "matches").present(caller.club_id, str(match_id))
    shelf = Shelf(engine, writer, "events")
    answer = await shelf.create(caller, event_id, given, Asked(idempotency_key(request)))
    answer.headers["Location"] = f"/api/events/{event_id}"
    return answer


@get("/api/events/{event_id:uuid}", opt={**MEMBERS, "problems": ("not_found",)})
async def read_event(
    event_id: FromPath[UUID], caller: TheCaller, engine: TheEngine, writer: TheWriter
) -> Response[bytes]:
    """Return one event; its ETag is its version."""
    shelf = Shelf(engine, writer, "events")
    return shelf.answer(await shelf.present(caller.club_id, str(event_id)))


@put("/api/events/{event_id:uuid}", opt={**WRITERS, "problems": _PROBLEMS})
async def put_event(
    event_id: FromPath[UUID], request: Request[Any, Any, Any], caller: TheCaller, engine: TheEngine, writer: TheWriter
) -> Response[bytes]:
    """Write the fields that differ from the stored event; those left out stay as they are."""
    given = await read_body(request, any_object.decode, bytes_max=EVENT_BYTES_MAX)
    if "id" in given and _id_in(given) != str(event_id):
        raise MalformedRequest(path="$.id", problem="is another event's than the address")
    given.pop("id", None)
    given.pop("version", None)
    asked = Asked(idempotency_key(request), if_match(request))
    return await Shelf(engine, writer, "events").put(caller, str(event_id), given, asked)


@delete("/api/events/{event_id:uuid}", status_code=204, opt={**WRITERS, "problems": ("not_found", "version_mismatch")})
async def delete_event(
    event_id: FromPath[UUID], request: Request[Any, Any, Any], caller: TheCaller, engine: TheEngine, writer: TheWriter
) -> Response[None]:
    """Delete an event; it stays deleted whatever old copy arrives later."""
    asked = Asked(idempotency_key(request), if_match(request))
    return await Shelf(engine, writer, "events").delete(caller, str(event_id), asked)


@get("/api/matches/{match_id:uuid}/score", opt={**MEMBERS, "answer": MatchScore, "problems": ("not_found",)})
async def read_score(
    match_id: FromPath[UUID], caller: TheCaller, engine: TheEngine, writer: TheWriter
) -> Response[bytes]:
    """Return the score of a match: the fold of its goals, whatever their order of arrival."""
    await Shelf(engine, writer, "matches").present(caller.club_id, str(match_id))
    facts = await read_facts(engine, writer, caller.club_id, str(match_id))
    score = score_of(facts)
    now_ms = (await engine.timestamp(caller.club_id)).server_time
    told: dict[str, Any] = asdict(score)
    status = status_of(facts, now_ms)
    return json_answer(MatchScore(match_id=str(match_id), text=str(score), status=status, **told))


async def read_facts(engine: Engine, writer: Writer, club_id: str, match_id: str) -> MatchFacts:
    """Return what is recorded of a match, as far as score and status read it. Raises KeyError without the match."""

    async def rows(collection: str, **where: str) -> dict[str, Values]:
        return {row["id"]: row for row in await Shelf(engine, writer, collection).all_where(club_id, where)}

    periods = await rows("match_periods", match_id=match_id)
    pauses: dict[str, Values] = {}
    for period_id in periods:
        pauses.update(await rows("match_pauses", period_id=period_id))
    view = {
        "matches": await rows("matches", id=match_id),
        "match_periods": periods,
        "match_pauses": pauses,
        "events": await rows("events", match_id=match_id),
    }
    return gather(view, match_id)


def _id_in(given: dict[str, Any]) -> str:
    found = given.pop("id", None)
    if not isinstance(found, str):
        raise MalformedRequest(path="$.id", problem="is missing; send the UUID that the client made for the event")
    return read_id(found, where="$.id")


ROUTES: Final = (list_events, create_event, read_event, put_event, delete_event, read_score)
