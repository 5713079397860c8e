"""The picture of a match: its records and the head they stand at, for a phone that scores it by link and pulls no log.

It is to such a phone what a snapshot and the log are to a member's: laid down whole, in place of what was shown.
"""

from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, SkipValidation
from msgspec import Struct

from api.errors import NotFound
from api.identity.access import MATCH_READING, Caller
from api.requests import Protocol, check_protocol
from api.resources.schemas import IF_NONE_MATCH
from api.resources.views import View, Views, view_of
from api.sync.exchange import HISTORY, PROTOCOL, history_of
from storage.engine import Engine
from storage.pictures import PictureReader
from sync.records import Change, snapshot_row

TheCaller = NamedDependency[SkipValidation[Caller]]
TheEngine = NamedDependency[SkipValidation[Engine]]
ThePictures = NamedDependency[SkipValidation[PictureReader]]
TheViews = NamedDependency[SkipValidation[Views]]


class MatchRecords(Struct, frozen=True):
    """A match as it stands, in place of all that was shown of it before."""

    records: list[Change]
    """The match, its teams and players, and all that it contains, as a snapshot sends them; tombstones included."""
    timestamp: str
    """The log's head that they were read at: the cursor of whoever shows them."""


@get(
    "/api/matches/{match_id:uuid}/records",
    opt={
        **MATCH_READING,
        "query": (*HISTORY, PROTOCOL),
        "headers": (IF_NONE_MATCH,),
        "answer": MatchRecords,
        "problems": ("not_found", "log_diverged", "protocol_unsupported"),
    },
)
async def read_match_records(  # noqa: PLR0913 - what a pull is told, and what a view needs
    match_id: FromPath[UUID],
    request: Request[Any, Any, Any],
    caller: TheCaller,
    engine: TheEngine,
    pictures: ThePictures,
    views: TheViews,
    *,
    since: FromQuery[str | None] = None,
    acked: FromQuery[str | None] = None,
    past: FromQuery[str | None] = None,
    protocol: Protocol = None,
) -> Response[bytes]:
    """Return a match's records at one moment, for a device that scores it by link. Ask again with `If-None-Match`.

    Of players their names, shirts, positions and teams are there, and nothing else. What is not in the answer is gone.
    """
    check_protocol(protocol)

    async def make() -> View:
        picture = await pictures.read(caller.club_id, str(match_id))
        if picture is None:
            raise NotFound("There is no such match in this club.")
        return view_of(MatchRecords([snapshot_row(record) for record in picture.records], str(picture.head)))

    await engine.vouch(caller.club_id, history_of(since, acked, past))
    return await views.answer(request, caller.club_id, ("records", str(match_id)), make)


ROUTES: Final = (read_match_records,)
