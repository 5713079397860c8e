"""One's own data taken away: the account, its clubs, devices, sessions and links, as the server holds them.

What somebody wrote in a club is the club's, and is counted only. No secret is in it: none is kept that could be told.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, SkipValidation
from msgspec import Struct

from api.errors import Unauthorised
from api.identity.access import MEMBERS, Caller
from api.requests import CSV, JSON, NO_STORE
from api.resources.exports import CSV_WITH_HEADER
from football import sheets
from football.dossier import COLUMNS, lines_of
from storage.own_data import ClubPart, OwnDataReader
from sync.collections import format_instant
from sync.messages import encode


class OwnClub(Struct, frozen=True):
    """What there is of somebody in one club."""

    club: Mapping[str, Any]
    """Its id and name, their role, and since when; `removed_at` where they left."""
    devices: list[Mapping[str, Any]]
    """The devices that they pushed from; `offsets_ms` is how far their clocks were off."""
    invitations: list[Mapping[str, Any]]
    """That they made."""
    scorer_links: list[Mapping[str, Any]]
    share_links: list[Mapping[str, Any]]
    edits: Mapping[str, int]
    """How many of their edits the club has, by verdict."""


class AccountExport(Struct, frozen=True):
    """All that the server holds about somebody who can sign in."""

    exported_ms: int
    """Milliseconds since 1970."""
    account: Mapping[str, Any]
    sessions: list[Mapping[str, Any]]
    """Their signed-in devices, ended ones too, the newest first."""
    clubs: list[OwnClub]


class OwnData:
    """Puts together what there is about somebody."""

    def __init__(self, reader: OwnDataReader, *, clock: Callable[[], int]) -> None:
        """Read through `reader`; `clock` gives milliseconds since 1970."""
        self._reader = reader
        self._now_ms = clock

    async def of(self, user_id: str) -> AccountExport | None:
        """Return all that there is about a user, a transaction for each club; None for nobody."""
        user, memberships, sessions = await self._reader.account(user_id)
        if user is None:
            return None
        clubs = [await self._reader.club(each, user_id) for each in memberships]
        return AccountExport(self._now_ms(), _told(user), list(map(_told, sessions)), list(map(_club, clubs)))


def csv_of(found: AccountExport) -> str:
    """Return an export as CSV, a line for each value."""
    lines = (sheets.csv_line(line) for section, row in _sections(found) for line in lines_of(section, row))
    return "".join([sheets.BOM + sheets.csv_line(COLUMNS), *lines])


def _sections(found: AccountExport) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield "account", found.account
    yield from (("sessions", row) for row in found.sessions)
    for each in found.clubs:
        where = {"club_id": each.club["club_id"]}
        yield "clubs", {**each.club, "edits": each.edits}
        for name in ("devices", "invitations", "scorer_links", "share_links"):
            yield from ((name, {**where, **row}) for row in getattr(each, name))


def _club(part: ClubPart) -> OwnClub:
    return OwnClub(
        club=_told(part.club),
        devices=list(map(_told, part.devices)),
        invitations=list(map(_told, part.invitations)),
        scorer_links=list(map(_told, part.scorer_links)),
        share_links=list(map(_told, part.share_links)),
        edits=part.edits,
    )


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _value(each) for name, each in row.items()}


def _value(value: Any) -> Any:  # noqa: ANN401 - what the driver gives
    if isinstance(value, UUID):
        return str(value)
    return format_instant(int(value.timestamp() * 1_000)) if isinstance(value, datetime) else value


TheOwnData = NamedDependency[SkipValidation[OwnData]]
TheCaller = NamedDependency[SkipValidation[Caller]]


@get(
    "/api/account/export",
    opt={**MEMBERS, "limit": "exports", "answer": AccountExport, "gives": (CSV,), "problems": ("access_ended",)},
)
async def export_account(
    caller: TheCaller,
    own_data: TheOwnData,
    format: FromQuery[Literal["json", "csv"]] = "json",  # noqa: A002 - the parameter's name on the wire
) -> Response[bytes]:
    """Download all that the server holds about oneself: account, clubs, devices, sessions, invitations and links.

    What one wrote in a club belongs to the club, and is counted only.
    """
    found = await own_data.of(caller.user_id)
    if found is None:
        raise Unauthorised
    content, kind = (encode(found), JSON) if format == "json" else (csv_of(found).encode(), CSV_WITH_HEADER)
    headers = {**NO_STORE, "Content-Disposition": f'attachment; filename="account.{format}"'}
    return Response(content, media_type=kind, headers=headers)


ROUTES: Final = (export_account,)
