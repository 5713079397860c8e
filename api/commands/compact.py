"""`touchline compact`: compaction and retention now, while the server runs or not, and what went."""

from functools import partial

import click
from msgspec import Struct
from rich.table import Table

from api.app import read_clock
from api.commands.place import open_place
from api.commands.telling import Bar, json_option, progress, say_json, say_table
from api.serving import StartError, run
from api.settings import read_environment
from storage.retention import LOG_KEPT_DAYS_MAX, LOG_KEPT_DAYS_MIN, RETENTION
from storage.upkeep import RETAIN, Done, Watch, compaction, do_upkeep


class CompactTold(Struct, frozen=True):
    """What `compact --json` says."""

    is_dry_run: bool
    older_than_days: int
    clubs: int
    failures: int
    removed: dict[str, int]
    """Rows that went, or would go, by the class of data."""


class _Shown(Watch):
    """Shows each step on a bar."""

    def __init__(self, bar: Bar) -> None:
        self._bar = bar

    def step(self, name: str, clubs: int) -> None:
        """Show what begins."""
        self._bar.step(name.replace("_", " "), clubs)

    def club_done(self) -> None:
        """Show that a club is done."""
        self._bar.add(1)


@click.command()
@click.option("--dry-run", is_flag=True, help="Count what would go, and change nothing.")
@click.option(
    "--older-than",
    metavar="DAYS",
    type=click.IntRange(LOG_KEPT_DAYS_MIN, LOG_KEPT_DAYS_MAX),
    help="Days for which the log is kept, in place of LOG_KEPT_DAYS.",
)
@click.option("--club", "club_id", metavar="ID", type=click.UUID, help="Look at this club alone.")
@json_option
def compact(older_than: int | None, club_id: object, *, dry_run: bool, as_json: bool) -> None:
    """Drop what is older than it is kept: the beginnings of logs, ended links and sessions, and so on.

    The server does the same by itself, once an hour; docs/retention.md says what goes when. Nothing that a phone still
    needs is lost: one that was away for longer takes a snapshot. The exit status is 1 where something failed.
    """
    settings = read_environment()
    days = older_than or settings.log_kept_days
    chosen = None if club_id is None else str(club_id)
    with open_place(settings) as place, progress(is_shown=not as_json, is_of_bytes=False) as bar:
        steps = [compaction(days), RETAIN]
        found = run(
            partial(
                do_upkeep,
                place.direct_dsn,
                steps,
                clock=read_clock,
                club_id=chosen,
                is_rehearsal=dry_run,
                watch=_Shown(bar),
            )
        )
    if not isinstance(found, Done):
        raise StartError("A server is at it just now. Try again in some minutes.")
    if chosen is not None and not found.clubs:
        raise StartError(f"There is no club {chosen}. `touchline club list --json` has their ids.")
    told = CompactTold(dry_run, days, found.clubs, found.failures, found.removed)
    if as_json:
        say_json(told)
    else:
        tell(told)
    if found.failures:
        raise SystemExit(1)


def tell(told: CompactTold) -> None:
    """Say what went as a table."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("what")
    table.add_column("would go" if told.is_dry_run else "went", justify="right")
    table.add_column("kept", overflow="fold")
    for kept in RETENTION:
        if kept.name in told.removed:
            table.add_row(kept.name.replace("_", " "), f"{told.removed[kept.name]:,}", kept.kept.replace("`", ""))
    say_table(table)
    clubs = f"{told.clubs} club{'' if told.clubs == 1 else 's'}"
    did = "Nothing was changed" if told.is_dry_run else "Done"
    click.echo(f"\n{did}: {clubs}, with {told.older_than_days} days of log.")
    if told.failures:
        click.echo(f"{told.failures} failed: the lines above say why. Run it again; what is done is done.")
