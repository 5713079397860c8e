"""`touchline erase`: a player, a user or a club is made to disappear for good, from the log and from later restores too.

Whoever runs it types the name once more; `--yes` is for programs. What was begun and cut is gone on with by the server.
"""

import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final
from uuid import uuid4

import asyncpg
import click
from msgspec import Struct
from rich.markup import escape
from rich.table import Table

from api.commands.place import Place, open_place
from api.commands.telling import Bar, json_option, progress, say_json, say_table
from api.erasing import Erasing, open_erasing, replay
from api.identity.keys import make_ring
from api.identity.slowdown import keys_of
from api.serving import StartError, run
from api.settings import Settings, read_environment
from storage.backups.manifest import SECRET
from storage.erasures import Erasure
from storage.erasures.clubs import ClubFound
from storage.erasures.finding import NamedClub, PlayerFound, as_id, find_clubs, find_players
from storage.erasures.ledger_file import LedgerFile
from storage.erasures.marks import entry_of, subject_of
from storage.erasures.replay import Replayed, noting
from storage.erasures.tidying import rows_to_rewrite, vacuum, wake
from storage.erasures.users import Found, SoleOwner

PLAYERS: Final = "players"


class ErasedTold(Struct, frozen=True):
    """What `erase ... --json` says: ids, and no name."""

    kind: str
    id: str
    club_ids: list[str]
    """The clubs that it was in; of a club, itself."""
    users: list[str]
    """Ledger entries of users who were erased with their club."""
    rows: int
    """Rows that were rewritten or deleted."""
    ledger: str


class ListedErasure(Struct, frozen=True):
    """One line of `erase list`."""

    erasure_id: str
    kind: str
    club_id: str | None
    collection: str | None
    at: datetime
    by: str | None
    is_finished: bool
    is_noted: bool
    """Whether the ledger's file has it."""


yes_option: Final = click.option("--yes", "is_sure", is_flag=True, help="Do not ask for the name once more.")


@click.group(invoke_without_command=True)
@click.option(
    "--replay",
    "replays",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Do again every erasure of this ledger that the database lacks, and keep them in the ledger of here.",
)
@json_option
@click.pass_context
def erase(context: click.Context, replays: Path | None, *, as_json: bool) -> None:
    """Erase somebody for good: from the tables, the log, questions, feeds, and from what a restore brings back."""
    if context.invoked_subcommand is not None:
        return
    if replays is None:
        click.echo(context.get_help())
        return
    settings = read_environment()
    LedgerFile(settings.ledger_path).merge(replays)
    with open_place(settings) as place:
        told = run(partial(replay, place.app_dsn, settings.ledger_path))
    say_json(told) if as_json else _tell_replayed(told)


@erase.command("player")
@click.argument("who", metavar="[ID]", required=False)
@click.option("--name", help="The player's full name, in place of the id.")
@click.option("--club", help="The club, by name or id, where several have such a player.")
@yes_option
@json_option
def erase_player(who: str | None, name: str | None, club: str | None, *, is_sure: bool, as_json: bool) -> None:
    """Erase a player: name, birth date, notes, number and all else; their goals stay, as of a player without a name."""
    settings, asked = read_environment(), _one_of(who, name, "--name")
    with progress(is_shown=not as_json, in_rows=True) as bar, open_place(settings) as place:
        player = _the_one(run(partial(find_players, place.dsn, asked, club=club)), asked)
        shown = player.name or player.player_id
        bar.pause(partial(_confirm, f"the player {shown} of {player.club}", shown, is_sure=is_sure, as_json=as_json))
        told = run(partial(_erase_player, place, settings, player, bar))
    _tell(told, as_json=as_json)


@erase.command("user")
@click.argument("who", metavar="[ID]", required=False)
@click.option("--email", help="The address with which they sign in, in place of the id.")
@click.option("--with-clubs", "takes_clubs", is_flag=True, help="Also erase the clubs of which they are the only owner.")
@yes_option
@json_option
def erase_user(who: str | None, email: str | None, *, takes_clubs: bool, is_sure: bool, as_json: bool) -> None:
    """Erase somebody who can sign in: name, address, password, and what they handed out; what they recorded stays."""
    settings, asked = read_environment(), _one_of(who, email, "--email")
    with progress(is_shown=not as_json, in_rows=True) as bar, open_place(settings) as place:
        user = run(partial(_find_user, place, settings, asked))
        clubs = [each for each in user.clubs if each.is_sole_owner]
        if clubs and not takes_clubs:
            names = ", ".join(each.name or each.club_id for each in clubs)
            raise StartError(
                f"They are the only owner of {names}. Have them make somebody else an owner in the app first; or erase "
                "the clubs with them: --with-clubs."
            )
        also = "".join(f", and the club {each.name} with its {each.members} members" for each in clubs)
        bar.pause(partial(_confirm, f"{user.name} ({user.email}){also}", user.name, is_sure=is_sure, as_json=as_json))
        told = run(partial(_erase_user, place, settings, user, bar))
    _tell(told, as_json=as_json)


@erase.command("club")
@click.argument("which", metavar="[ID]", required=False)
@click.option("--name", help="The club's name, in place of the id.")
@yes_option
@json_option
def erase_club(which: str | None, name: str | None, *, is_sure: bool, as_json: bool) -> None:
    """Erase a club, all of it, and those members who belong to no other; phones are told to forget it."""
    settings, asked = read_environment(), _one_of(which, name, "--name")
    with progress(is_shown=not as_json, in_rows=True) as bar, open_place(settings) as place:
        named = _the_club(run(partial(find_clubs, place.dsn, asked)), asked)
        club = run(partial(_look_at_club, place, settings, named))
        what = f"the club {club.name}: {club.version} changes, {club.members} members, {len(club.leaving)} of them wholly"
        bar.pause(partial(_confirm, what, club.name or club.club_id, is_sure=is_sure, as_json=as_json))
        told = run(partial(_erase_clubs, place, settings, [club.club_id], bar))
    _tell(told, as_json=as_json)


@erase.command("list")
@json_option
def erase_list(*, as_json: bool) -> None:
    """List what was erased, without names: nobody knows them any more."""
    settings = read_environment()
    with open_place(settings) as place:
        found = run(partial(_list, place, settings))
    if as_json:
        say_json(found)
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("erased", "what", "club", "by", "state", "in the ledger"):
        table.add_column(heading, overflow="fold")
    for each in found:
        state = "done" if each.is_finished else "going on"
        what = each.collection or each.kind
        by = each.by or "an operator"
        at = each.at.strftime("%Y-%m-%d %H:%M UTC")
        table.add_row(at, escape(what), each.club_id or "", escape(by), state, "yes" if each.is_noted else "no")
    say_table(table)


async def _erase_player(place: Place, settings: Settings, player: PlayerFound, bar: Bar) -> ErasedTold:
    async with open_erasing(place.app_dsn, settings.ledger_path) as erasing:
        bar.step("Erasing")
        erasure = await erasing.records.erase(
            player.club_id,
            key_of(player),
            by=None,
            erasure_id=str(uuid4()),
            before_commit=noting(erasing.ledger),
        )
        await wake(place.dsn, player.club_id, erasure.version)
        bar.step("Rewriting the log", await rows_to_rewrite(place.app_dsn, erasure))
        rows = await erasing.records.go_on(player.club_id, told=bar.add)
    await _tidy(place, bar)
    return ErasedTold("player", player.player_id, [player.club_id], [], rows, str(settings.ledger_path))
