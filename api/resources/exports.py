"""A season taken away: all of it as JSON or CSV. It holds names and notes, so it is for owners and coaches.

It is read and sent in bounded parts, each a short transaction of its own, so that an export of any size holds up
nobody. What is written meanwhile may be in a later part. CSV is one table (`table=`), or without it a ZIP of all four.
"""

import io
import time
import zipfile
from collections.abc import AsyncGenerator, Mapping
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from litestar import get
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Stream
from msgspec import Struct

from api.errors import NotFound
from api.identity.access import DECIDERS, Caller
from api.requests import CSV, JSON, NO_STORE
from api.resources.desk import Desk, TheCaller, TheDesk
from football import sheets
from football.facts import MatchFacts
from football.sheets import Names, Row, ids_named
from football.stats import Tally, sum_tallies, tallies
from football.status import Status, status_of
from storage.matches import Wanted
from sync.messages import encode

CSV_WITH_HEADER: Final = f"{CSV}; header=present"
ZIP: Final = "application/zip"

Table = Literal["matches", "events", "minutes", "players"]


class SeasonExport(Struct, frozen=True):
    """A season as one JSON document."""

    season: Mapping[str, Any]
    exported_ms: int
    """Milliseconds since 1970."""
    matches: list[Mapping[str, Any]]
    """Each with its `events` and `minutes`, in the order of the kick-offs."""
    players: list[Mapping[str, Any]]
    """What each player's complete matches add up to."""


class _Part(Struct, frozen=True):
    """Some of a season's matches, with the names in them."""

    matches: list[MatchFacts]
    names: Names


@get(
    "/api/seasons/{season_id:uuid}/export",
    opt={**DECIDERS, "answer": SeasonExport, "gives": (CSV, ZIP), "problems": ("not_found",)},
)
async def export_season(
    season_id: FromPath[UUID],
    caller: TheCaller,
    desk: TheDesk,
    format: FromQuery[Literal["json", "csv"]] = "json",  # noqa: A002 - the parameter's name on the wire
    table: FromQuery[
        Annotated[Table | None, QueryParameter(description="One table of the CSV; without it a ZIP of all four.")]
    ] = None,
) -> Stream:
    """Download a season: matches, events, minutes and the players' statistics."""
    season = (await desk.reader.named(caller.club_id, "seasons", [str(season_id)])).get(str(season_id))
    if season is None:
        raise NotFound("There is no such season in this club.")
    if format == "json":
        return _download(_json(desk, caller, season), JSON, "season.json")
    if table is None:
        return _download(_zip(desk, caller, str(season_id)), ZIP, "season.zip")
    return _download(_csv(desk, caller, str(season_id), table), CSV_WITH_HEADER, f"{table}.csv")


def _download(content: AsyncGenerator[bytes], media_type: str, name: str) -> Stream:
    headers = {**NO_STORE, "Content-Disposition": f'attachment; filename="{name}"'}
    return Stream(content, media_type=media_type, headers=headers)


async def _json(desk: Desk, caller: Caller, season: Mapping[str, Any]) -> AsyncGenerator[bytes]:
    now_ms = desk.now_ms()
    told = encode({"season_id": season["id"], "label": season["label"]})
    yield b'{"exported_ms":' + encode(now_ms) + b',"season":' + told + b',"matches":['
    total: dict[str, Tally] = {}
    separator = b""
    async for part in _parts(desk, caller, season["id"]):
        total = _counted(total, part, now_ms)
        rows = [encode(_whole(facts, part.names, now_ms)) for facts in part.matches]
        yield separator + b",".join(rows)
        separator = b","
    names = await _player_names(desk, caller, total)
    yield b'],"players":' + encode(list(sheets.player_rows(total, names))) + b"}"


async def _csv(desk: Desk, caller: Caller, season_id: str, table: Table) -> AsyncGenerator[bytes]:
    now_ms = desk.now_ms()
    yield sheets.csv_head(table).encode()
    total: dict[str, Tally] = {}
    async for part in _parts(desk, caller, season_id):
        if table == "players":
            total = _counted(total, part, now_ms)
        else:
            yield sheets.csv_lines(table, _rows(table, part, now_ms)).encode()
    if table == "players":
        names = await _player_names(desk, caller, total)
        yield sheets.csv_lines(table, sheets.player_rows(total, names)).encode()


async def _zip(desk: Desk, caller: Caller, season_id: str) -> AsyncGenerator[bytes]:
    """Yield a ZIP as it grows: events go out part by part, the small tables wait for the end."""
    now_ms = desk.now_ms()
    sink = _Sink()
    total: dict[str, Tally] = {}
    waiting: dict[Table, list[str]] = {"matches": [], "minutes": []}
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open(_member("events", now_ms), "w") as events:
            events.write(sheets.csv_head("events").encode())
            async for part in _parts(desk, caller, season_id):
                total = _counted(total, part, now_ms)
                for table, lines in waiting.items():
                    lines.append(sheets.csv_lines(table, _rows(table, part, now_ms)))
                events.write(sheets.csv_lines("events", _rows("events", part, now_ms)).encode())
                yield sink.drain()
        names = await _player_names(desk, caller, total)
        players = sheets.csv_lines("players", sheets.player_rows(total, names))
        for table, lines in {**waiting, "players": [players]}.items():
            archive.writestr(_member(table, now_ms), "".join([sheets.csv_head(table), *lines]))
            yield sink.drain()
    yield sink.drain()


async def _parts(desk: Desk, caller: Caller, season_id: str) -> AsyncGenerator[_Part]:
    async for found in desk.reader.parts(caller.club_id, Wanted(season_id=season_id)):
        teams, players = ids_named(found)
        names = Names(
            teams=await desk.reader.named(caller.club_id, "teams", teams),
            players=await desk.reader.named(caller.club_id, "players", players),
        )
        yield _Part(found, names)


async def _player_names(desk: Desk, caller: Caller, total: Mapping[str, Tally]) -> Names:
    return Names(teams={}, players=await desk.reader.named(caller.club_id, "players", total))


def _rows(table: Table, part: _Part, now_ms: int) -> list[Row]:
    rows: list[Row] = []
    for facts in part.matches:
        if table == "matches":
            rows.append(sheets.match_row(facts, part.names, now_ms))
        elif table == "events":
            rows += sheets.event_rows(facts, part.names)
        else:
            rows += sheets.minute_rows(facts, part.names, now_ms)
    return rows


def _whole(facts: MatchFacts, names: Names, now_ms: int) -> Row:
    return {
        **sheets.match_row(facts, names, now_ms),
        "events": list(sheets.event_rows(facts, names)),
        "minutes": list(sheets.minute_rows(facts, names, now_ms)),
    }


def _counted(total: Mapping[str, Tally], part: _Part, now_ms: int) -> dict[str, Tally]:
    complete = (facts for facts in part.matches if status_of(facts, now_ms) is Status.COMPLETED)
    return sum_tallies([total, *(tallies(facts, now_ms) for facts in complete)])


def _member(table: str, now_ms: int) -> zipfile.ZipInfo:
    date = time.gmtime(now_ms // 1_000)
    member = zipfile.ZipInfo(f"{table}.csv", (date.tm_year, *date[1:6]))
    member.compress_type = zipfile.ZIP_DEFLATED
    return member


class _Sink(io.RawIOBase):
    """What a ZIP is written to: it cannot seek, and hands on what has come."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, part: Any, /) -> int:  # noqa: ANN401 - any buffer
        self._parts.append(bytes(part))
        return len(self._parts[-1])

    def drain(self) -> bytes:
        """Return what was written since the last call."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


ROUTES: Final = (export_season,)
