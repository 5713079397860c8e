"""The report of a match as text to paste into a chat: numbers instead of names unless asked otherwise."""

from typing import Annotated, Final, Literal
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath, FromQuery, QueryParameter

from api.identity.access import MEMBERS
from api.requests import NO_STORE
from api.resources.desk import TheCaller, TheDesk
from football.report import Naming, report
from football.sheets import ids_named

TEXT: Final = "text/plain"


@get("/api/matches/{match_id:uuid}/report", opt={**MEMBERS, "gives": (TEXT,), "problems": ("not_found",)})
async def read_report(
    match_id: FromPath[UUID],
    caller: TheCaller,
    desk: TheDesk,
    format: FromQuery[Literal["text"]] = "text",  # noqa: A002 - the parameter's name on the wire
    names: FromQuery[
        Annotated[
            Literal["numbers", "full"],
            QueryParameter(description="Shirt numbers, since players are children and a chat is public; or names."),
        ]
    ] = "numbers",
    score: FromQuery[
        Annotated[
            Literal["show", "hide"] | None,
            QueryParameter(description="Unless given, hidden for U7 to U11, whose results are not published."),
        ]
    ] = None,
) -> Response[bytes]:
    """Return a match as plain text: teams, score, scorers, assists, cards, substitutions."""
    del format  # there is one so far, and asking for another is refused
    facts = await desk.match(caller, match_id)
    teams, players = ids_named([facts])
    text = report(
        facts,
        await desk.reader.named(caller.club_id, "teams", teams),
        Naming(await desk.reader.named(caller.club_id, "players", players), is_full=names == "full"),
        now_ms=desk.now_ms(),
        with_score=None if score is None else score == "show",
    )
    return Response(text.encode(), media_type=TEXT, headers={**NO_STORE})


ROUTES: Final = (read_report,)
