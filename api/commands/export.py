"""`touchline export player|user|club`: what is held about somebody, or of a club, in a file for its owner alone.

A file is made with mode 0600, and takes the place of one of that name only when it is whole. Without `--output` it goes
to standard output.
"""

import os
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, NamedTuple

import asyncpg
import click
from sqlalchemy.ext.asyncio import AsyncEngine

from api.app import read_clock
from api.commands.place import open_place
from api.errors import NotFound
from api.identity.own_data import OwnData, csv_of
from api.resources.dossiers import Dossiers
from api.serving import StartError, run
from api.settings import read_environment
from football import sheets
from football.collections import CATALOGUE
from football.dossier import COLUMNS, forms_of, lines_of
from storage.accounts import open_engine
from storage.dossiers import DossierReader
from storage.matches import MatchReader
from storage.members import Members
from storage.operators import ClubLine, list_clubs, list_users
from storage.own_data import OwnDataReader
from storage.postgres import PostgresStore, open_pool
from sync.collections import CONFLICTS
from sync.messages import encode
from sync.records import Change

MODE: Final = 0o600
KEYS_PAGE: Final = 500

Format = Literal["json", "csv"]
Parts = AsyncGenerator[bytes]


class Source(NamedTuple):
    """A database to export from."""

    owner_dsn: str
    pool: "asyncpg.Pool[asyncpg.Record]"
    engine: AsyncEngine


json_form: Final = click.option("--json", "form", flag_value="json", default=True, help="One JSON document; the usual.")
csv_form: Final = click.option("--csv", "form", flag_value="csv", help="CSV: a line for each value.")
output_option: Final = click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="The file to write; only you may read it."
)


@click.group()
def export() -> None:
    """Take away what is held about somebody: to hand it to them when they ask."""


@export.command("player")
@click.argument("who", metavar="ID|NAME")
@click.option("--club", help="The club, by name or id, where several have such a player.")
@json_form
@csv_form
@output_option
def export_player(who: str, club: str | None, form: Format, output: Path | None) -> None:
    """Export all about a player, found by id or full name, with nobody else in it.

    Read it before you hand it on: a note may call somebody by a first name.
    """

    async def parts(source: Source) -> Parts:
        club_id, player_id = await _the_player(source, who, club)
        dossiers = Dossiers(DossierReader(source.pool), MatchReader(source.pool, CATALOGUE), clock=read_clock)
        try:
            dossier = await dossiers.open(club_id, player_id)
        except NotFound:
            raise StartError(f"There is no player {who}.") from None
        async for part in dossier.json() if form == "json" else dossier.csv():
            yield part

    _export(parts, output)


@export.command("user")
@click.argument("email")
@json_form
@csv_form
@output_option
def export_user(email: str, form: Format, output: Path | None) -> None:
    """Export all about the person who signs in with EMAIL: account, clubs, devices, sessions, links."""

    async def parts(source: Source) -> Parts:
        users = await list_users(source.owner_dsn)
        user_id = next((each.user_id for each in users if each.email.lower() == email.strip().lower()), None)
        found = None if user_id is None else await OwnData(OwnDataReader(source.pool), clock=read_clock).of(user_id)
        if found is None:
            raise StartError(f"Nobody has the address {email}. `touchline user list` has all of them.")
        yield encode(found) if form == "json" else csv_of(found).encode()

    _export(parts, output)


@export.command("club")
@click.argument("which", metavar="ID|NAME")
@json_form
@csv_form
@output_option
def export_club(which: str, form: Format, output: Path | None) -> None:
    """Export all records of a club as they stand, with its members: every name is in it.

    It is no backup: passwords, devices and the log are not in it. `touchline backup` makes one.
    """

    async def parts(source: Source) -> Parts:
        club = _the_club(await list_clubs(source.owner_dsn), which)
        head = {"club_id": club.club_id, "name": club.name, "version": club.version, "exported_ms": read_clock()}
        members = [_told(each) for each in await Members(source.engine).of_club(club.club_id)]
        if form == "json":
            yield b'{"club":' + encode(head) + b',"members":' + encode(members) + b',"records":['
            separator = b""
            async for change in _records(source, club.club_id):
                yield separator + encode(change)
                separator = b","
            yield b"]}"
            return
        yield (sheets.BOM + sheets.csv_line(COLUMNS)).encode()
        for section, row in (("club", head), *(("members", each) for each in members)):
            yield "".join(map(sheets.csv_line, lines_of(section, row))).encode()
        async for change in _records(source, club.club_id):
            values = {**change.fields, "collection": change.collection, "record": change.record}
            yield "".join(map(sheets.csv_line, lines_of("records", values))).encode()

    _export(parts, output)


async def _records(source: Source, club_id: str) -> AsyncGenerator[Change]:
    """Yield the records that stand, and the questions about them; a page of keys is a transaction of its own."""
    store = PostgresStore(source.pool, CATALOGUE)
    for name in (*CATALOGUE.collections, CONFLICTS):
        after = ""
        while page := await store.key_page(club_id, name, after, records_max=KEYS_PAGE):
            for change in page:
                yield change
            after = page[-1].record


def _told(row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row of a member
    return {name: getattr(row, name) for name in row.__struct_fields__}


async def _the_player(source: Source, who: str, club: str | None) -> tuple[str, str]:
    """Return the club and the id of the one player meant. Raises StartError where there is none, or several."""
    clubs = await list_clubs(source.owner_dsn)
    clubs = clubs if club is None else [_the_club(clubs, club)]
    reader = DossierReader(source.pool)
    found = [
        (each, player_id, name)
        for each in clubs
        for player_id, name in (await reader.names(each.club_id)).items()
        if player_id == who.lower() or (name is not None and forms_of(name) == forms_of(who))
    ]
    if not found:
        raise StartError(f"There is no player {who}. Give the id, or the full name.")
    if len(found) > 1:
        listed = "".join(f"\n  {player_id}  {name} of {each.name}" for each, player_id, name in found)
        raise StartError(f"Several players are called {who}. Give the id of one of them:{listed}")
    return found[0][0].club_id, found[0][1]


def _the_club(clubs: list[ClubLine], which: str) -> ClubLine:
    found = [each for each in clubs if which.lower() in {each.club_id, each.name.lower()}]
    if len(found) == 1:
        return found[0]
    if found:
        raise StartError(f"Several clubs are called {which}. Give the id: `touchline club list --json` has it.")
    raise StartError(f"There is no club {which}. `touchline club list` has all of them.")


def _export(parts: Callable[[Source], Parts], output: Path | None) -> None:
    with open_place(read_environment()) as place:
        if output is None:
            run(partial(_write, place.dsn, place.app_dsn, parts, sys.stdout.buffer))
            return
        part = output.with_name(f"{output.name}.part")
        try:
            with open(part, "wb", opener=_private) as file:
                run(partial(_write, place.dsn, place.app_dsn, parts, file))
            part.replace(output)
        except OSError as error:
            raise StartError(f"{output} cannot be written ({error.strerror}).") from error
        finally:
            part.unlink(missing_ok=True)
    click.echo(f"Exported to {output}; only you may read it.", err=True)


def _private(path: str, flags: int) -> int:
    """Open a new file for its owner alone, whatever the mask says; one that is there already is not followed."""
    Path(path).unlink(missing_ok=True)
    return os.open(path, flags | os.O_EXCL | os.O_NOFOLLOW, MODE)


async def _write(owner_dsn: str, app_dsn: str, parts: Callable[[Source], Parts], file: BinaryIO) -> None:
    async with _open(owner_dsn, app_dsn) as source:
        async for part in parts(source):
            file.write(part)
    file.flush()


@asynccontextmanager
async def _open(owner_dsn: str, app_dsn: str) -> AsyncGenerator[Source]:
    """Open a database as the application's role, whose row policies hold here too."""
    pool, engine = await open_pool(app_dsn, connections_min=0), open_engine(app_dsn)
    try:
        yield Source(owner_dsn, pool, engine)
    finally:
        await engine.dispose()
        await pool.close()
