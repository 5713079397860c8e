"""Line-up and substitutions of a match: each is one request, all of it or nothing.

A change of two players is a group of four records. Sending it again, under the same `id` or as another person who saw
it too, logs it once. Too many on the pitch are prompts in the answer, never a refusal.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Final
from uuid import UUID, uuid5

import msgspec
from litestar import Request, Response, post
from litestar.params import FromPath
from msgspec import Meta, Struct

from api.errors import Exists, Rejected
from api.identity.access import SCORING, Caller
from api.requests import Text, idempotency_key, json_answer, read_body
from api.resources.desk import Desk, TheCaller, TheDesk, conflicts_of, possible
from api.resources.period_answers import PeriodType
from api.resources.schemas import KEY
from api.resources.writing import Intent
from football import ids, substitutions
from football.clock import MINUTE_MS, format_minute, period_key
from football.collections import CLOCK_MS_MAX, MINUTES_MAX, PERIOD_NUMBER_MAX, POSITION_LENGTH_MAX
from football.facts import MatchFacts, Record
from football.scoreboard import our_team_id
from football.substitutions import Change, Draft, Plan, Prompt, same_change
from football.vocabulary import FORMATION_MAX
from sync.messages import Group, Id
from sync.records import Record as Stored

CHANGE_BYTES_MAX: Final = 8 * 1024

Position = Annotated[Text, Meta(max_length=POSITION_LENGTH_MAX)]


class Substitution(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who goes off, who comes on, and when: `clock_ms`, or `minute`, played in the period."""

    off: Id | None = None
    """Null: the team was short, and one more comes on."""
    on: Id | None = None
    """Null: nobody comes on for who goes off."""
    period: Annotated[int, Meta(ge=1, le=PERIOD_NUMBER_MAX)]
    period_type: PeriodType = "regular"
    clock_ms: Annotated[int, Meta(ge=0, le=CLOCK_MS_MAX)] | None = None
    minute: Annotated[float, Meta(ge=0, le=MINUTES_MAX)] | None = None
    position: Position | None = None
    """Of who comes on."""
    team_id: Id | None = None
    """Whose change it is; unless given, the team of who goes off, else the club's own."""
    id: Id | None = None
    """The event's id, made by the client; without it, one that follows from what happened."""


class Starter(Struct, frozen=True, forbid_unknown_fields=True):
    """One of a starting line-up."""

    player_id: Id
    position: Position | None = None


class StartingLineup(Struct, frozen=True, forbid_unknown_fields=True):
    """Who starts."""

    players: Annotated[list[Starter], Meta(min_length=1, max_length=FORMATION_MAX)]
    team_id: Id | None = None
    """Unless given, the club's own team."""


class StintShown(Struct, frozen=True):
    """A stint on the pitch; its edges are a period and the minutes played in it."""

    id: str
    player_id: str
    team_id: str | None
    start_period: int | None
    start_min: float
    end_period: int | None
    end_min: float | None
    position: str | None


class LineupAnswer(Struct, frozen=True):
    """The stints of a team in a match, and what to look at."""

    match_id: str
    stints: list[StintShown]
    prompts: list[Prompt]


class SubstitutionAnswer(Struct, frozen=True):
    """A substitution as it stands."""

    id: str
    """The event's."""
    match_id: str
    is_new: bool
    """False where it had been logged before, by a retry or by somebody else."""
    minute: str
    """As people say it: `25+1'`."""
    off: str | None
    on: str | None
    stints: list[StintShown]
    """Those of the two players."""
    prompts: list[Prompt]
    conflicts: tuple[str, ...]


_change: Final = msgspec.json.Decoder(Substitution, strict=True)
_starting: Final = msgspec.json.Decoder(StartingLineup, strict=True)


@post(
    "/api/matches/{match_id:uuid}/substitutions",
    status_code=201,
    opt={
        **SCORING,
        "body": Substitution,
        "answer": SubstitutionAnswer,
        "again": "It was logged before; nothing is written.",
        "problems": ("not_found", "rejected", "exists"),
    },
)
async def substitute(
    match_id: FromPath[UUID], request: Request[Any, Any, Any], caller: TheCaller, desk: TheDesk
) -> Response[bytes]:
    """Log a substitution: a stint closed, a stint opened, and the event; all or nothing, once however often sent."""
    given = await read_body(request, _change.decode, bytes_max=CHANGE_BYTES_MAX)
    base = await desk.head(caller)
    # Before the match is read: who sends the same at once plans the same, or finds the event there.
    stored = await desk.engine.store.records(caller.club_id, "lineup", {"match_id": str(match_id)})
    facts = await desk.match(caller, match_id)
    change = _change_in(facts, given)
    known = await desk.shelf("events").stored(caller.club_id, change.event_id)
    if known is not None:
        facts = await desk.match(caller, match_id)  # it may have come between the two readings
    if known is not None and not _is_that(known, facts):
        raise Exists("A record of this id is there, and is no substitution of this match. Take a fresh id.")
    if known is not None:
        return _answer(facts, change.event_id, is_new=False)
    if (logged := same_change(facts, change)) is not None:
        return _answer(facts, logged["id"], is_new=False)
    plan = possible(substitutions.substitute(facts, change, {each.key.record for each in stored}))
    group = str(uuid5(ids.NAMESPACE, f"substitution:{change.event_id}:{caller.device_id}"))
    conflicts = await _write(desk, caller, plan, stored, group=group, base=base)
    after = await desk.match(caller, match_id)
    prompts = [*plan.prompts, *await _crowds(desk, caller, after)]
    return _answer(after, change.event_id, is_new=True, prompts=prompts, conflicts=conflicts)


@post(
    "/api/matches/{match_id:uuid}/lineup/start",
    status_code=200,
    opt={
        **SCORING,
        "headers": (KEY,),
        "body": StartingLineup,
        "answer": LineupAnswer,
        "problems": ("not_found", "rejected"),
    },
)
async def start_lineup(
    match_id: FromPath[UUID], request: Request[Any, Any, Any], caller: TheCaller, desk: TheDesk
) -> Response[bytes]:
    """Set who starts, in place of who was to; sending the same again writes nothing."""
    given = await read_body(request, _starting.decode, bytes_max=CHANGE_BYTES_MAX)
    base = await desk.head(caller)
    facts = await desk.match(caller, match_id)
    team_id = given.team_id or our_team_id(facts.match)
    players = [(each.player_id, each.position) for each in given.players]
    plan = possible(substitutions.line_up(facts, players, team_id))
    stored = await desk.engine.store.records(caller.club_id, "lineup", {"match_id": str(match_id)})
    key = idempotency_key(request)
    group = str(uuid5(ids.NAMESPACE, f"lineup:{match_id}:{base if key is None else key}:{caller.device_id}"))
    await _write(desk, caller, plan, stored, group=group, base=base)
    after = await desk.match(caller, match_id)
    stints = [_shown(each) for each in after.lineup if each["team_id"] == team_id]
    return json_answer(LineupAnswer(str(match_id), stints, await _crowds(desk, caller, after)))


def _change_in(facts: MatchFacts, given: Substitution) -> Change:
    """Return what a request means. Raises Rejected where it names no moment, or two."""
    if (given.clock_ms is None) == (given.minute is None):
        raise Rejected(code="wrong_value", sentence="Send either `clock_ms` or `minute`.", field="clock_ms")
    clock_ms = given.clock_ms if given.clock_ms is not None else round((given.minute or 0) * MINUTE_MS)
    key = period_key(given.period_type, given.period)
    off_teams = (each["team_id"] for each in facts.lineup if each["player_id"] == given.off)
    team_id = given.team_id or next(off_teams, None) or our_team_id(facts.match)
    words = f"change:{facts.match['id']}:{given.off}:{given.on}:{key.type}:{key.number}:{clock_ms}"
    event_id = given.id or str(uuid5(ids.NAMESPACE, words))
    return Change(event_id, key, clock_ms, given.off, given.on, team_id, given.position)


def _is_that(known: Stored, facts: MatchFacts) -> bool:
    values = known.values()
    is_shown = any(event["id"] == known.key.record for event in facts.events)
    return is_shown and values.get("kind") == "substitution" and values.get("match_id") == facts.match["id"]


async def _write(
    desk: Desk, caller: Caller, plan: Plan, stored: Sequence[Stored], *, group: str, base: str
) -> tuple[str, ...]:
    """Write what differs of a plan as one group; return the ids of the conflicts that came of it.

    The group is the key: the same one sent again, or twice at once, is a repeat.
    """
    by_id = {record.key.record: record for record in stored}
    intents = [intent for draft in plan.drafts for intent in _intents(draft, by_id.get(draft.id))]
    if not intents:
        return ()
    named = Group(id=group, count=len(intents))
    grouped = [msgspec.structs.replace(intent, group=named) for intent in intents]
    return conflicts_of(await desk.write(caller, grouped, base=base, key=f"group/{group}"))


def _intents(draft: Draft, was: Stored | None) -> list[Intent]:
    """Return the writes of a draft: nothing where it stands already, a restore first where it was deleted."""
    if not draft.fields:
        return [Intent(draft.collection, draft.id, "delete")]
    if was is None:
        return [Intent(draft.collection, draft.id, "put", draft.fields)]
    if was.is_deleted:
        again = {"end_period": None, "end_min": None, **draft.fields}
        return [Intent(draft.collection, draft.id, "restore"), Intent(draft.collection, draft.id, "put", again)]
    values = was.values()
    differing = {name: value for name, value in draft.fields.items() if name not in values or values[name] != value}
    return [Intent(draft.collection, draft.id, "put", differing)] if differing else []


async def _crowds(desk: Desk, caller: Caller, facts: MatchFacts) -> list[Prompt]:
    teams = [facts.match["home_team_id"], facts.match["away_team_id"], *(each["team_id"] for each in facts.lineup)]
    named = await desk.reader.named(caller.club_id, "teams", teams)
    groups = {team_id: team["age_group"] for team_id, team in named.items()}
    return substitutions.crowd_prompts(facts, groups, desk.now_ms())


def _answer(
    facts: MatchFacts,
    event_id: str,
    *,
    is_new: bool,
    prompts: Sequence[Prompt] = (),
    conflicts: tuple[str, ...] = (),
) -> Response[bytes]:
    event = next(each for each in facts.events if each["id"] == event_id)
    came_on = (
        each["player_id"]
        for each in facts.participants
        if each["event_id"] == event_id and each["kind"] == "substitution"
    )
    off, on = event["player_id"], next(came_on, None)
    told = SubstitutionAnswer(
        id=event_id,
        match_id=facts.match["id"],
        is_new=is_new,
        minute=format_minute(facts.match, period_key(event["period_type"], event["period_number"]), event["clock_ms"]),
        off=off,
        on=on,
        stints=[_shown(each) for each in facts.lineup if each["player_id"] in {off, on}],
        prompts=list(prompts),
        conflicts=conflicts,
    )
    location = {"Location": f"/api/events/{event_id}"}
    return json_answer(told, status=201 if is_new else 200, headers=location)


def _shown(stint: Record) -> StintShown:
    return StintShown(**{name: stint[name] for name in StintShown.__struct_fields__})


ROUTES: Final = (substitute, start_lineup)
