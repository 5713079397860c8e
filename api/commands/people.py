"""`touchline club list` and `set-owner`, `user list` and `reset-password`: what an operator is asked by telephone."""

import secrets
from datetime import UTC, datetime
from functools import partial
from typing import Final

import click
from msgspec import Struct
from rich.markup import escape
from rich.table import Table

from api.commands.asking import the_club
from api.commands.place import open_place
from api.commands.telling import json_option, say_json, say_table
from api.errors import WeakPassword
from api.identity.passwords import LENGTH_MIN, Passwords, check_password
from api.serving import StartError, run
from api.settings import read_environment
from storage.erasures.finding import find_clubs
from storage.operators import list_clubs, list_users, make_owner, reset_password

ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without letters and digits that are mistaken for one another on the telephone."""
GROUPS: Final = 4
GROUP_LETTERS: Final = 4
"""Sixteen of them are 79 bits."""


class ResetTold(Struct, frozen=True):
    """What `user reset-password --json` says."""

    email: str
    password: str | None
    """Null where it was typed."""
    sessions_ended: int


@click.group()
def club() -> None:
    """See which clubs are here, and help one that has no owner."""


@club.command("list")
@json_option
def club_list(*, as_json: bool) -> None:
    """List the clubs: members, devices, and when one of them was last heard of."""
    with open_place(read_environment()) as place:
        clubs = run(partial(list_clubs, place.dsn))
    if as_json:
        say_json(clubs)
        return
    table = _table("club", "members", "devices", "changes", "last push", "since")
    for each in clubs:
        last = "never" if each.last_push_ms is None else _minute(datetime.fromtimestamp(each.last_push_ms / 1_000, UTC))
        numbers = (str(each.members), str(each.devices), str(each.version))
        table.add_row(escape(each.name or each.club_id), *numbers, last, _minute(each.created_at))
    say_table(table)


@club.command("set-owner")
@click.argument("which", metavar="CLUB")
@click.argument("email")
def club_set_owner(which: str, email: str) -> None:
    """Make the member with the address EMAIL an owner of CLUB, by its id or name: for a club that has none any more."""
    with open_place(read_environment()) as place:
        named = the_club(run(partial(find_clubs, place.dsn, which)), which)
        if not run(partial(make_owner, place.dsn, named.club_id, email.strip())):
            raise StartError(
                f"No member of {named.name or named.club_id} has the address {email}. `touchline user list`."
            )
    click.echo(f"{email} is an owner of {named.name or named.club_id} now.")


@click.group()
def user() -> None:
    """See who can sign in, and help those who cannot."""


@user.command("list")
@json_option
def user_list(*, as_json: bool) -> None:
    """List the people who can sign in."""
    with open_place(read_environment()) as place:
        users = run(partial(list_users, place.dsn))
    if as_json:
        say_json(users)
        return
    table = _table("address", "name", "clubs", "signed in on", "since")
    for each in users:
        numbers = (str(each.clubs), str(each.sessions))
        table.add_row(escape(each.email), escape(each.name), *numbers, _minute(each.created_at))
    say_table(table)


@user.command("reset-password")
@click.argument("email")
@click.option("--ask", is_flag=True, help="Ask for the new password, in place of making one.")
@json_option
def user_reset_password(email: str, *, ask: bool, as_json: bool) -> None:
    """Give the person with the address EMAIL a new password, and sign them out everywhere.

    Tell it to them yourself, and only when you know who asks: nobody is written to. What waits on their phones stays
    there, and is sent once they have signed in again. They change it in the app.
    """
    typed = click.prompt("New password", hide_input=True, confirmation_prompt=True) if ask else None
    password = typed or make_password()
    try:
        check_password(password)
    except WeakPassword:
        raise StartError(f"That password is too easy to guess. Take {LENGTH_MIN} characters or more.") from None
    with open_place(read_environment()) as place:
        hashed = run(partial(Passwords().hash, password))
        ended = run(partial(reset_password, place.dsn, email.strip(), hashed))
    if ended is None:
        raise StartError(f"Nobody has the address {email}. `touchline user list` has all of them.")
    if as_json:
        say_json(ResetTold(email, None if typed else password, ended))
        return
    if typed is None:
        click.echo(f"The new password is  {password}")
        click.echo("It is shown this once. They should change it in the app.")
    click.echo(f"Signed out on {ended} device{'' if ended == 1 else 's'}.")


def make_password() -> str:
    """Return a random password that can be said on the telephone."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP_LETTERS)) for _ in range(GROUPS))


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _minute(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
