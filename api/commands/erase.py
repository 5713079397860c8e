"""`touchline erase`: a player, a user or a club is made to disappear for good, from later restores too.

Whoever runs it types the name once more; `--yes` is for programs. What was begun and cut is gone on with by the server.
"""

from functools import partial
from pathlib import Path
from typing import Final

import click
from rich.markup import escape
from rich.table import Table

from api.commands import erasures
from api.commands.asking import confirm, one_of, the_club, the_one
from api.commands.erasures import ErasedTold
from api.commands.place import open_place
from api.commands.telling import json_option, progress, say_json, say_table
from api.erasing import replay
from api.serving import StartError, run
from api.settings import read_environment
from storage.erasures.finding import find_clubs, find_players
from storage.erasures.ledger_file import LedgerFile
from storage.erasures.replay import Replayed

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
    settings, asked = read_environment(), one_of(who, name, "--name")
    with open_place(settings) as place:
        player = the_one(run(partial(find_players, place.dsn, asked, club=club)), asked)
        what = f"{player.name or 'a player without a name'} of {player.club}"
        confirm(what, player.name or player.player_id, is_sure=is_sure, as_json=as_json)
        with progress(is_shown=not as_json, is_of_bytes=False) as bar:
            told = run(partial(erasures.erase_player, place, settings, player, bar))
    _tell(told, as_json=as_json)


@erase.command("user")
@click.argument("who", metavar="[ID]", required=False)
@click.option("--email", help="The address with which they sign in, in place of the id.")
@click.option(
    "--with-clubs", "takes_clubs", is_flag=True, help="Also erase the clubs of which they are the only owner."
)
@yes_option
@json_option
def erase_user(who: str | None, email: str | None, *, takes_clubs: bool, is_sure: bool, as_json: bool) -> None:
    """Erase somebody who can sign in: name, address, password, and what they handed out; what they recorded stays."""
    settings, asked = read_environment(), one_of(who, email, "--email")
    with open_place(settings) as place:
        user = run(partial(erasures.find_user, place, settings, asked))
        clubs = [each for each in user.clubs if each.is_sole_owner]
        if clubs and not takes_clubs:
            names = " and ".join(each.name or each.club_id for each in clubs)
            raise StartError(
                f"They are the only owner of {names}. Have them make somebody else an owner in the app first; or erase "
                "the club with them: --with-clubs."
            )
        also = "".join(f", and all of {each.name or each.club_id}, which has {each.members} members" for each in clubs)
        confirm(f"{user.name} ({user.email}){also}", user.name, is_sure=is_sure, as_json=as_json)
        with progress(is_shown=not as_json, is_of_bytes=False) as bar:
            told = run(partial(erasures.erase_user, place, settings, user, [each.club_id for each in clubs], bar))
    _tell(told, as_json=as_json)


@erase.command("club")
@click.argument("which", metavar="[ID]", required=False)
@click.option("--name", help="The club's name, in place of the id.")
@yes_option
@json_option
def erase_club(which: str | None, name: str | None, *, is_sure: bool, as_json: bool) -> None:
    """Erase a club, all of it, and those members who belong to no other; phones are told to forget it."""
    settings, asked = read_environment(), one_of(which, name, "--name")
    with open_place(settings) as place:
        named = the_club(run(partial(find_clubs, place.dsn, asked)), asked)
        club = run(partial(erasures.look_at_club, place, settings, named))
        accounts = f"{len(club.leaving)} of them with their account, since they are in no other club"
        what = f"{club.name or club.club_id}: {club.version} changes, and {club.members} members, {accounts}"
        confirm(what, club.name or club.club_id, is_sure=is_sure, as_json=as_json)
        with progress(is_shown=not as_json, is_of_bytes=False) as bar:
            told = run(partial(erasures.erase_clubs, place, settings, [club.club_id], bar))
    _tell(told, as_json=as_json)


@erase.command("list")
@json_option
def erase_list(*, as_json: bool) -> None:
    """List what was erased, without names: nobody knows them any more."""
    settings = read_environment()
    with open_place(settings) as place:
        found = run(partial(erasures.list_all, place, settings))
    if as_json:
        say_json(found)
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("erased", "what", "club", "by", "state", "in the ledger"):
        table.add_column(heading, overflow="fold")
    for each in found:
        at = each.at.strftime("%Y-%m-%d %H:%M UTC")
        by = "an operator" if each.by is None else escape(each.by)
        state = ("done" if each.is_finished else "going on", "yes" if each.is_noted else "no")
        table.add_row(at, escape(each.collection or each.kind), each.club_id or "", by, *state)
    say_table(table)


def _tell(told: ErasedTold, *, as_json: bool) -> None:
    if as_json:
        say_json(told)
        return
    click.echo(f"Erased the {told.kind} {told.id}; rows of the log and of tables that changed for it: {told.rows}.")
    click.echo(f"It is noted in {told.ledger}, by which it stays erased after a restore: keep that file.")
    click.echo("Backups made before still hold it until they are deleted, and the disk until it is written over;")
    click.echo("docs/privacy.md says for how long. Phones forget it when they next find the server.")


def _tell_replayed(told: Replayed) -> None:
    numbers = f"{told.records} of records, {told.users} of users, {told.clubs} of clubs"
    click.echo(f"Done again: {told.done} erasures ({numbers}).")
    if told.unread:
        click.echo(f"Lines that cannot be read: {', '.join(str(number) for number in told.unread)}.")
