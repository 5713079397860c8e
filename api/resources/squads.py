"""A squad out of a spreadsheet: first a preview of what each row would do, then the good rows as one push.

The preview is the default, since a spreadsheet of children should be looked at before it is believed. What is applied
is what a preview at that moment would show; sending the file again finds everything as it is and writes nothing.
"""

from typing import Annotated, Any, Final, Literal
from uuid import UUID

from litestar import Request, Response, post
from litestar.params import FromPath, FromQuery, QueryParameter
from msgspec import Struct

from api.errors import NotFound
from api.identity.access import DECIDERS, Caller
from api.requests import CSV, idempotency_key, json_answer, read_csv_body
from api.resources.desk import Desk, TheCaller, TheDesk, conflicts_of, possible
from api.resources.schemas import KEY
from api.resources.writing import Intent, Written
from football.squads import Line, plan_squad, read_sheet

FILE_BYTES_MAX: Final = 256 * 1024


class SquadImport(Struct, frozen=True):
    """What a file does, or would do, to a squad."""

    team_id: str
    is_preview: bool
    """True: nothing was written. Nobody asked for that, or the Idempotency-Key was used for another file."""
    columns: dict[str, str]
    """Field -> the column that was taken for it."""
    unknown_columns: tuple[str, ...]
    """Columns that mean nothing here; they are left alone."""
    created: int
    updated: int
    same: int
    problems: int
    rows: list[Line]
    """In the order of the file. Rows with a problem are never written, and keep no other from it."""
    conflicts: tuple[str, ...] = ()
    """The ids of the conflicts that came of it."""


@post(
    "/api/teams/{team_id:uuid}/players/import",
    status_code=200,
    opt={
        **DECIDERS,
        "headers": (KEY,),
        "takes": CSV,
        "body_example": "name,number,position\nAnna Berg,7,ST\n",
        "answer": SquadImport,
        "problems": ("not_found", "rejected"),
    },
)
async def import_squad(
    team_id: FromPath[UUID],
    request: Request[Any, Any, Any],
    caller: TheCaller,
    desk: TheDesk,
    preview: FromQuery[
        Annotated[Literal["true", "false"], QueryParameter(description="`false`: write the rows without problems.")]
    ] = "true",
) -> Response[bytes]:
    """Read a squad from CSV: `name`, `number`, `position`, `dob`, in any order; comma, semicolon or tab; in UTF-8.

    A row is matched by name, else by number; a cell that is empty writes nothing; nobody is taken out of the squad.
    """
    text = await read_csv_body(request, bytes_max=FILE_BYTES_MAX)
    sheet = possible(read_sheet(text))
    base = await desk.head(caller)
    if not await desk.reader.named(caller.club_id, "teams", [str(team_id)]):
        raise NotFound("There is no such team in this club.")
    lines = plan_squad(sheet, str(team_id), await desk.reader.squads(caller.club_id, [str(team_id)]))
    written = None
    if preview == "false":
        written = await _write(desk, caller, str(team_id), lines, base=base, key=idempotency_key(request))
    acts = [line.act for line in lines]
    told = SquadImport(
        team_id=str(team_id),
        is_preview=written is None or written.is_replay,
        columns=dict(sheet.columns),
        unknown_columns=sheet.unknown,
        created=acts.count("create"),
        updated=acts.count("update"),
        same=acts.count("same"),
        problems=acts.count("problem"),
        rows=lines,
        conflicts=() if written is None else conflicts_of(written),
    )
    return json_answer(told)


async def _write(desk: Desk, caller: Caller, team_id: str, lines: list[Line], *, base: str, key: str | None) -> Written:
    """Write the rows without problems as one push; a player who was deleted comes back."""
    good = [(line.act, line.player_id, line.fields) for line in lines if line.player_id is not None and line.fields]
    created = [record for act, record, _ in good if act == "create"]
    deleted = await desk.reader.deleted(caller.club_id, "players", created)
    intents = [Intent("players", record, "restore") for record in sorted(deleted)]
    intents += [Intent("players", record, "put", fields) for _, record, fields in good]
    if not intents:
        return Written((), None)
    scoped = None if key is None else f"squad/{team_id}/{key}"
    return await desk.write(caller, intents, base=base, key=scoped)


ROUTES: Final = (import_squad,)
