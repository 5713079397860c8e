"""`touchline doctor`: what is well and what is not, one line each, with what to do. It changes nothing."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

import click
from msgspec import Struct
from rich.markup import escape
from rich.table import Table

from api.checkups import backups_folder, look_at_backups, look_at_disk, look_at_settings
from api.commands.place import Place, open_place
from api.commands.telling import Bar, json_option, progress, say_json, say_table
from api.serving import StartError, run
from api.settings import Settings, SettingsError, read_environment
from football.collections import CATALOGUE
from storage.backups.manifest import BackupError
from storage.backups.tools import find_tools
from storage.checkups.database import look_at_database, look_for_drift_beside
from storage.checkups.erasures import look_at_erasures
from storage.checkups.findings import Finding, Level, bad, ok, warn, worst
from storage.checkups.logs import look_at_logs
from storage.embedded import Durability, EmbeddedPostgresError
from storage.postgres import Tables
from storage.readiness import is_application

STATUSES: Final = {Level.OK: 0, Level.WARN: 1, Level.BAD: 2}
COLOURS: Final = {Level.OK: "green", Level.WARN: "yellow", Level.BAD: "bold red"}


class Checkup(Struct, frozen=True):
    """What `doctor --json` says."""

    level: Level
    findings: list[Finding]


@click.command()
@click.option("--deep", is_flag=True, help="Read whole logs and tables, and compare the schema line by line.")
@click.option("--backups", type=click.Path(path_type=Path, file_okay=False), help="Where backups are, if not there.")
@json_option
def doctor(backups: Path | None, *, deep: bool, as_json: bool) -> None:
    """Look whether all is well: settings, database, clock, disk, backups, and the log of each club.

    Changes nothing, and works while the server runs. The exit status is 0 where all is well, 1 where somebody should
    see to something, 2 where something is bad.
    """
    with progress(is_shown=not as_json) as bar:
        findings = list(examine(bar, backups, is_deep=deep))
    level = worst(findings)
    if as_json:
        say_json(Checkup(level, findings))
    else:
        tell(findings)
    sys.exit(STATUSES[level])


def examine(bar: Bar, backups: Path | None, *, is_deep: bool) -> Iterator[Finding]:
    """Yield what is found; what cannot be looked at any further is the last finding."""
    try:
        settings = read_environment()
    except SettingsError as error:
        yield bad("settings", str(error), "See docs/settings.md.")
        return
    yield from look_at_settings(settings)
    yield from look_at_disk(settings)
    yield look_at_backups(backups or backups_folder(settings), _now())
    try:
        with open_place(settings) as place:
            yield ok("server", f"{place.described}.")
            yield from look_inside(place, settings, bar, is_deep=is_deep)
    except (StartError, EmbeddedPostgresError) as error:
        yield bad("server", str(error), "")


def look_inside(place: Place, settings: Settings, bar: Bar, *, is_deep: bool) -> Iterator[Finding]:
    """Yield what is found of the database and the clubs in it."""
    bar.step("Looking at the database")
    is_durable = settings.durability is Durability.FULL
    found = run(partial(look_at_database, place.app_dsn, is_durable=is_durable, workers=settings.workers, now=_now))
    yield from found
    if any(finding.about in {"database", "schema"} and finding.level is Level.BAD for finding in found):
        return
    if is_deep:
        bar.step("Comparing the schema")
        yield _drift(place)
    bar.step("Comparing the ledger of erasures")
    yield run(partial(look_at_erasures, place.app_dsn, settings.ledger_path, now_ms=int(_now().timestamp() * 1_000)))
    bar.step("Reading the logs")
    yield from run(partial(look_at_logs, place.dsn, Tables(CATALOGUE), is_deep=is_deep))


def _now() -> datetime:
    return datetime.now(UTC)


def _drift(place: Place) -> Finding:
    if place.data_dir is None and run(partial(is_application, place.dsn)):
        return ok("drift", "Not looked for: DATABASE_URL signs in as the application's role.")
    try:
        return run(partial(look_for_drift_beside, place.dsn, find_tools(place.dsn)))
    except (BackupError, EmbeddedPostgresError) as error:
        return warn("drift", f"Not looked for: {error}", "Compare the schema with schema.sql by hand.")


def tell(findings: list[Finding]) -> None:
    """Say the findings as a table, and what to do beneath it."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("", "what", "found"):
        table.add_column(heading, overflow="fold")
    for finding in findings:
        table.add_row(f"[{COLOURS[finding.level]}]{finding.level}[/]", escape(finding.about), escape(finding.says))
    say_table(table)
    to_do = [finding for finding in findings if finding.do]
    for finding in to_do:
        click.echo(f"\n{finding.about}: {finding.do}")
    if worst(findings) is Level.OK:
        click.echo("\nAll is well.")
