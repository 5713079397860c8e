"""The command line. What cannot be done is said in one sentence, with exit status 2.

`serve`, `migrate`, `adopt` and `demo` are here; what an operator needs besides is in `api/commands/`. `adopt` takes
over the database that a club already has (docs/adopt.md): status 0 where it did, would, or had done so; 2 where there
is something that it cannot keep.
"""

import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Final

import click
from rich.console import Console
from rich.panel import Panel

from api import VERSION
from api.commands.backup import backup, restore
from api.commands.compact import compact
from api.commands.doctor import doctor
from api.commands.erase import erase
from api.commands.export import export
from api.commands.people import club, user
from api.identity.demo import DEMO_EMAIL, DEMO_PASSWORD
from api.identity.keys import SecretFileError
from api.observe import configure_logs
from api.reports import ErrorHookUnusable, load_hook
from api.serving import Opened, StartError, listen, open_database, open_ring
from api.serving import serve as serve_until_told
from api.settings import Settings, SettingsError, is_own_machine, read_environment
from api.workers import supervise
from storage.adoption.fitness import AdoptionImpossible
from storage.backups import BackupError
from storage.embedded import EmbeddedPostgresError
from storage.erasures.ledger_file import LedgerUnusable
from storage.migrate import MigrationError, SchemaOutOfDate
from storage.readiness import DatabaseUnfit

CANNOT: Final = 2
"""The exit status of a command whose settings or surroundings do not let it work."""
SENTENCES: Final = (
    SettingsError,
    SecretFileError,
    StartError,
    EmbeddedPostgresError,
    MigrationError,
    SchemaOutOfDate,
    DatabaseUnfit,
    AdoptionImpossible,
    BackupError,
    LedgerUnusable,
    ErrorHookUnusable,
)


@click.group(help="Touchline: an offline-first sync engine server. Settings come from the environment.")
@click.version_option(VERSION, prog_name="touchline", message="%(prog)s %(version)s")
def commands() -> None:
    """Group the commands."""


@commands.command()
def serve() -> None:
    """Start the server, with its own PostgreSQL unless DATABASE_URL is given."""
    settings = read_environment()
    _end_on_signals()
    configure_logs()
    if settings.error_hook is not None:
        load_hook(settings.error_hook)  # before anything else is started, whoever calls it later
    with listen(settings.host, settings.port) as listening, open_database(settings) as opened:
        port = int(listening.getsockname()[1])
        serving = supervise if settings.workers > 1 else serve_until_told
        serving(settings, listening, opened, lambda: announce(settings, opened, port))


@commands.command()
def migrate() -> None:
    """Bring the database to this version's schema."""
    settings = read_environment()
    _end_on_signals()
    with open_database(settings) as opened:
        applied = ", ".join(opened.migrated)
        click.echo(f"{opened.described}: " + (f"applied {applied}." if applied else "nothing to do."))


@commands.command()
@click.option("--dry-run", is_flag=True, help="Do all of it, show what comes of it, and roll it back.")
@click.option("--club", metavar="NAME", help="The club's name; asked where it is not given.")
@click.option("--owner-email", metavar="EMAIL", help="With which the owner signs in; asked where it is not given.")
@click.option("--owner-name", metavar="NAME", help="How the owner is called; otherwise by the address.")
@click.option("--time-zone", metavar="ZONE", help="Of times that have none, Europe/London; otherwise the database's.")
@click.option("--json", "as_json", is_flag=True, help="Tell programs: one JSON object on standard output.")
def adopt(
    *,
    dry_run: bool,
    club: str | None,
    owner_email: str | None,
    owner_name: str | None,
    time_zone: str | None,
    as_json: bool,
) -> None:
    """Take over the database that a club already has, in one transaction; its owner's password is asked."""
    from api.adopting import Asked, adopt_database

    asked = Asked(club, owner_email, owner_name, time_zone, is_rehearsal=dry_run, as_json=as_json)
    _end_on_signals(status=CANNOT)
    sys.exit(adopt_database(read_environment(), asked))


@commands.command()
def demo() -> None:
    """Show two phones that lose their signal at one match, and agree again."""
    from api.demo.run import run

    sys.exit(run())


for _command in (doctor, backup, restore, compact, club, user, export, erase):
    commands.add_command(_command)


def announce(settings: Settings, opened: Opened, port: int) -> None:
    """Say where the server is, who can sign in, and where the data lies."""
    host = settings.host if not settings.host.startswith(("0.0.0.0", "::")) else "127.0.0.1"  # noqa: S104
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    lines = [f"Address   {address}", f"API       {address}/docs", f"Data      {opened.described}"]
    if not settings.is_production:
        lines.append(f"Sign in   {DEMO_EMAIL} with the password {DEMO_PASSWORD}")
        password = "OPS_PASSWORD" if settings.ops_password is not None else open_ring(settings).operator
        lines.append(f"Operator  {address}/ops with the password {password}")
        if not is_own_machine(settings.host):
            lines.append("Caution   others on this network can reach it, with that password: MODE is development")
    lines.append("Stop      Ctrl-C")
    if sys.stdout.isatty():
        Console().print(Panel.fit("\n".join(lines), title="Touchline is running"), highlight=False)
    else:
        print("Touchline is running", *lines, sep="\n", flush=True)


def _end_on_signals(status: int = 0) -> None:
    """End in good order, with this status, also while starting: what is open is closed on the way out."""

    def end(_number: int, _frame: FrameType | None) -> None:
        sys.exit(status)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)


def main(arguments: list[str] | None = None) -> None:
    """Run one command."""
    sys.exit(_told(lambda: commands.main(arguments, prog_name="touchline", standalone_mode=True)))


def _told(command: Callable[[], object]) -> int:
    try:
        command()
    except SENTENCES as error:
        print(f"touchline: {error}", file=sys.stderr)
        return CANNOT
    return 0


if __name__ == "__main__":
    main()
