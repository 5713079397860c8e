"""Asking whoever erases: who is meant, and whether they are sure. What is not clear ends in a sentence."""

import unicodedata
from collections.abc import Sequence

import click

from api.serving import StartError
from storage.erasures.finding import NamedClub, PlayerFound


def one_of(given: str | None, named: str | None, option: str) -> str:
    """Return the one of two ways to say who is meant."""
    asked = given if given is not None else named
    if asked is None or not asked.strip() or (given is not None and named is not None):
        raise StartError(f"Say who, by one of the two: an id, or {option}.")
    return asked


def the_one(found: Sequence[PlayerFound], asked: str) -> PlayerFound:
    """Return the only player who may be meant. Raises StartError, with what tells several apart."""
    if not found:
        raise StartError(f"No player has the name or id {asked}. It must be the whole name, as the app shows it.")
    if len(found) > 1:
        which = "; ".join(f"{each.player_id} of {each.club}, {_told_apart(each)}" for each in found)
        raise StartError(f"There are {len(found)} players of this name. Name one by the id: {which}.")
    return found[0]


def _told_apart(player: PlayerFound) -> str:
    number = "without a number" if player.squad_number is None else f"number {player.squad_number}"
    team = f"team {player.team}" if player.team else "in no team"
    return f"{team}, {number}{', deleted' if player.is_deleted else ''}"


def the_club(found: Sequence[NamedClub], asked: str) -> NamedClub:
    """Return the only club that may be meant. Raises StartError."""
    if not found:
        raise StartError(f"No club has the name or id {asked}. `touchline club list` has all of them.")
    if len(found) > 1:
        ids = ", ".join(each.club_id for each in found)
        raise StartError(f"There are {len(found)} clubs of this name. Name one by its id: {ids}.")
    return found[0]


def confirm(what: str, name: str, *, is_sure: bool, as_json: bool) -> None:
    """Ask for the name once more. Raises StartError where it is another one."""
    if is_sure:
        return
    if as_json:
        raise StartError("With --json nobody is asked: say --yes as well.")
    click.echo(f"This erases {what}. It cannot be undone, and no restore brings it back.")
    typed = click.prompt(f"Type the name to go on ({name})", default="", show_default=False)
    if _plain(typed) != _plain(name):
        raise StartError("That is another name. Nothing was erased.")


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
