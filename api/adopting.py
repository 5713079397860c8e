"""The command `adopt`: asks for the club and its owner, shows what was found, and how far it is.

People read tables and sentences, a progress bar stands on standard error where that is a terminal, and programs get one
JSON object. The exit status is 0 where the database is adopted, was, or could be, and 2 where something is refused.
"""

import secrets
import sys
from collections.abc import Sequence
from typing import Any, Final

import click
import msgspec
from msgspec import Struct
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from api.app import make_id, read_clock
from api.errors import WeakPassword
from api.identity.auth import HASH_KEY_BYTES
from api.identity.passwords import Passwords, check_password
from api.identity.reception import Email, Name, Password
from api.serving import UNUSABLE, Owned, StartError, open_as_owner, run
from api.settings import Settings
from storage.adoption.adopt import Adopted, State, adopt, is_adopted
from storage.adoption.club import Adoption
from storage.adoption.fitness import AdoptionImpossible
from storage.adoption.meaning import Note
from storage.adoption.old import ASIDE
from storage.adoption.rows import Refusal

REFUSED: Final = 2
ROWS_SHOWN_MAX: Final = 5
"""Keys told of a note; JSON tells all."""


class Asked(Struct, frozen=True):
    """What the command line says."""

    club: str | None = None
    owner_email: str | None = None
    owner_name: str | None = None
    time_zone: str | None = None
    is_rehearsal: bool = False
    as_json: bool = False


def adopt_database(settings: Settings, asked: Asked) -> int:
    """Take over the database of the settings, and return the exit status. Raises what cannot be done, in a sentence."""
    with open_as_owner(settings) as owned:
        try:
            if run(lambda: is_adopted(owned.dsn)):
                done = Adopted(State.ALREADY)
            else:
                done = _adopt(owned, _decide(asked), is_quiet=asked.as_json)
        except UNUSABLE as error:
            raise StartError(
                f"The database {owned.described} broke it off ({type(error).__name__}: {error}). Run this again: "
                "it was done whole, or not at all."
            ) from error
    if asked.as_json:
        click.echo(_as_json(owned, done))
    else:
        _show(Console(highlight=False), owned, done)
    return REFUSED if done.state is State.REFUSED else 0


def _decide(asked: Asked) -> Adoption:
    """Return the club and its owner, asking for what was not given; a rehearsal needs to know nothing."""
    is_real = not asked.is_rehearsal
    club = asked.club or (_ask("The club's name") if is_real else "A club")
    email = asked.owner_email or (_ask("The owner's e-mail address") if is_real else "owner@club.example")
    email = _taken(email.strip(), Email, "That is no e-mail address. Give --owner-email as somebody@club.example.")
    name = asked.owner_name or email.partition("@")[0]
    password_hash = _password_hash() if is_real else ""
    return Adoption(
        club_id=make_id(),
        club_name=_taken(club, Name, "The club's name takes 1 to 100 characters.").strip(),
        hash_key=secrets.token_bytes(HASH_KEY_BYTES),
        user_id=make_id(),
        email=email,
        display_name=_taken(name, Name, "The owner's name takes 1 to 100 characters.").strip(),
        password_hash=password_hash,
        device_id=make_id(),
        time_zone=asked.time_zone,
        is_rehearsal=asked.is_rehearsal,
    )


def _ask(question: str, *, is_secret: bool = False) -> str:
    """Ask a person at a terminal; a program gives a line for each question on standard input."""
    if not sys.stdin.isatty():
        line = sys.stdin.readline().rstrip("\r\n")
        if not line:
            raise AdoptionImpossible(f"{question} is missing: give it as an option, or as a line on standard input.")
        return line
    answer: str = click.prompt(question, hide_input=is_secret, confirmation_prompt=is_secret, err=True)
    return answer


def _password_hash() -> str:
    """Ask for a password, twice, and return what is kept of it. Raises AdoptionImpossible for a poor one."""
    given = _ask("A password for the owner", is_secret=True)
    password = _taken(given, Password, "A password takes 8 to 256 characters.")
    try:
        check_password(password)
    except WeakPassword as error:
        raise AdoptionImpossible(f"{WeakPassword.title}. {error.detail}") from error
    return run(lambda: Passwords().hash(password))


def _taken(given: str, kind: Any, otherwise: str) -> str:  # noqa: ANN401 - an annotated text
    try:
        return str(msgspec.convert(given, kind))
    except msgspec.ValidationError as error:
        raise AdoptionImpossible(otherwise) from error


def _adopt(owned: Owned, adoption: Adoption, *, is_quiet: bool) -> Adopted:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=is_quiet or not console.is_terminal) as progress:
        bar = progress.add_task("Reading the old tables", total=None)

        def tell(done: int, total: int) -> None:
            progress.update(bar, description="Taking over", completed=done, total=total)

        return run(lambda: adopt(owned.dsn, adoption, clock=read_clock, dice=secrets.token_bytes, tell=tell))


def _as_json(owned: Owned, done: Adopted) -> str:
    told = done.survey
    found = {} if told is None else {name: getattr(told, name) for name in told.__struct_fields__ if name != "rows"}
    whole = {"state": done.state, "database": owned.described, "conflicts": done.conflicts, **found}
    return msgspec.json.format(msgspec.json.encode(whole)).decode()


def _show(console: Console, owned: Owned, done: Adopted) -> None:
    told = done.survey
    if told is None:
        _say(console, f"{owned.described} is Touchline's already: nothing to do.")
        return
    table = Table("Table", "Rows", "Refused", "What becomes of it", title=owned.described)
    for each in told.tables:
        fate = "nothing, until the refused rows are mended" if each.refused else each.fate
        table.add_row(each.name, str(each.rows), str(each.refused or ""), fate)
    console.print(table)
    _say(console, f"Times without a zone were read as {told.time_zone}.")
    for note in told.notes:
        _say(console, _in_words(note))
    if told.own_things:
        _say(console, f"Of the club's own, and kept with the old tables in {ASIDE}: {', '.join(told.own_things)}.")
    for refusal in told.refusals:
        _say(console, _as_lines(refusal))
    _say(console, _ending(done, told.refusals))


def _in_words(note: Note) -> str:
    if not note.rows:
        return f"{note.table}: {note.text}"
    shown = ", ".join(note.rows[:ROWS_SHOWN_MAX]) + (" ..." if len(note.rows) > ROWS_SHOWN_MAX else "")
    return f"{note.table}: {note.text} {len(note.rows)}: {shown}"


def _as_lines(refusal: Refusal) -> str:
    where = ".".join(part for part in (refusal.table, refusal.column) if part)
    return f"\nRefused   {where} {refusal.row}\nWhy       {refusal.why}\nTo do     {refusal.remedy}"


def _ending(done: Adopted, refusals: Sequence[Refusal]) -> str:
    asked = f" {done.conflicts} pairs look alike: the app asks about them." if done.conflicts else ""
    if done.state is State.REFUSED:
        return (
            f"\nNothing was changed: {len(refusals)} things cannot be kept as they are. Mend them, and run this again."
        )
    if done.state is State.REHEARSED:
        return f"All of it was done and rolled back: nothing was changed.{asked} Without --dry-run it stays."
    return (
        f"Adopted.{asked} The old tables are in the schema {ASIDE}, as they were. Once all is well, drop it: it holds "
        f"the children's names too. DROP SCHEMA {ASIDE} CASCADE;"
    )


def _say(console: Console, text: str) -> None:
    console.print(text, markup=False, soft_wrap=True)
