"""`touchline backup` and `touchline restore`: last night's database, and the way back to it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

import asyncpg
import click
from msgspec import Struct
from msgspec.structs import replace

from api import VERSION
from api.checkups import backups_folder
from api.commands.place import Place, open_place
from api.commands.telling import Bar, in_bytes, in_words, json_option, progress, say_json
from api.erasing import replay
from api.serving import StartError, run
from api.setting_values import database
from api.settings import Settings, read_environment
from storage.address import as_application, describe
from storage.backups.check import check_backup, check_known
from storage.backups.in_folder import put_back_in_folder
from storage.backups.keep import drop_old, find_backups, ledgers_beside, take
from storage.backups.manifest import SECRET, BackupError, Manifest
from storage.backups.put_back import Restored, check_idle, mark_of, move_aside, move_back, put_back
from storage.backups.tools import find_tools
from storage.embedded.folder import DataFolder
from storage.erasures.ledger_file import LedgerFile
from storage.erasures.replay import Replayed
from storage.readiness import is_application
from sync.limits import KEPT_MS

"""Below the data folder, unless --to names another."""
KEPT_DAYS: Final = KEPT_MS // 86_400_000
"""Days that a phone keeps what it pushed."""


class BackupTold(Struct, frozen=True):
    """What `backup --json` says."""

    folder: str
    manifest: Manifest
    dropped: list[str]


class RestoreTold(Struct, frozen=True):
    """What `restore --json` says."""

    into: str
    restored: Restored
    erased_again: Replayed
    """What was erased since the backup, and so once more."""


@click.command()
@click.option(
    "--to",
    "to",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for backups. Otherwise: backups in DATA_DIR.",
)
@click.option(
    "--keep", type=click.IntRange(1, 10_000), help="Keep so many of the newest backups there, delete the older."
)
@json_option
def backup(to: Path | None, keep: int | None, *, as_json: bool) -> None:
    """Make a backup: the whole database and the server's own secret, in a folder of its own.

    Works while the server runs, and while it does not. Copy the folder to another machine: a backup on the disk that
    fails is none. It lets its reader sign in as anybody, so keep it as safe as the server.
    """
    settings = read_environment()
    into = (to or backups_folder(settings)).absolute()
    with progress(is_shown=not as_json) as bar, open_place(settings) as place:
        folder, manifest = run(partial(_take, place, settings.ledger_path, into, bar))
    dropped = [] if keep is None else drop_old(into, keep=keep)
    if as_json:
        say_json(BackupTold(str(folder), manifest, dropped))
        return
    click.echo(f"Backed up {place.described}")
    click.echo(f"  to {folder} ({in_bytes(manifest.bytes)}), and checked it.")
    for club in manifest.clubs:
        click.echo(f"  {club.name or club.club_id}: up to change {club.version}, {_count(club.devices, 'device')}.")
    if not manifest.has(SECRET):
        click.echo("  The secret is not in it: SECRET_KEY is a setting here. Keep that too.")
    if dropped:
        click.echo(f"  Deleted {_count(len(dropped), 'older backup')}.")


async def _take(place: Place, ledger: Path, into: Path, bar: Bar) -> tuple[Path, Manifest]:
    if place.data_dir is None and await is_application(place.dsn):
        raise BackupError(
            "DATABASE_URL signs in as the application's role, which may see one club at a time. For a backup, name the "
            "role that owns the tables."
        )
    bar.step("Dumping the database")
    secret = None if place.data_dir is None else place.data_dir / SECRET
    return await take(
        place.dsn, find_tools(place.dsn), into, secret=secret, ledger=ledger, version=VERSION, meanwhile=bar.at
    )


@click.command()
@click.argument("source", metavar="FROM", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--into", help="A data folder, or postgresql://...; otherwise what DATA_DIR or DATABASE_URL name.")
@click.option("--replace", "replaces", is_flag=True, help="Move aside what is there. It is never deleted.")
@json_option
def restore(source: Path, into: str | None, *, replaces: bool, as_json: bool) -> None:
    """Put the backup FROM back: one backup's folder, or the folder of all of them for the newest.

    The server must be stopped. Phones bring back by themselves what they had pushed since the backup. To try it out
    without touching anything: --into a new folder, then DATA_DIR=that folder touchline serve.
    """
    here = read_environment()
    settings = _aimed(here, into)
    newest = find_backups(source)
    folder = (newest[0][0] if newest else source).absolute()
    with progress(is_shown=not as_json) as bar:
        told = _restore(settings, here.ledger_path, folder, bar, replaces=replaces)
    if as_json:
        say_json(told)
    else:
        _tell(told, folder, settings)


def _restore(settings: Settings, ledger: Path, folder: Path, bar: Bar, *, replaces: bool) -> RestoreTold:
    again = ErasingAgain(settings.ledger_path, [ledger, *ledgers_beside(folder)])
    dsn = settings.database_url
    tools = find_tools(dsn)
    bar.step("Checking the backup", sum(path.stat().st_size for path in folder.iterdir() if path.is_file()))
    manifest = check_backup(folder, tools, bar.add)
    check_known(manifest)
    mark = mark_of(datetime.now(UTC))
    if dsn is not None:
        restored = run(partial(_into_database, dsn, folder, manifest, bar, again, mark=mark, replaces=replaces))
        return RestoreTold(describe(dsn), restored, again.done)
    restored = put_back_in_folder(
        settings.data_dir,
        tools,
        folder,
        manifest,
        bar.step,
        mark=mark,
        replaces=replaces,
        takes_secret=settings.secret_key is None,
        then=again,
        durability=settings.durability,
    )
    return RestoreTold(str(DataFolder(settings.data_dir).path), restored, again.done)


class ErasingAgain:
    """Brings the ledgers together, those of backups and of here, and does again what the restored database lacks."""

    def __init__(self, ledger: Path, others: Sequence[Path]) -> None:
        """Bring `others` into `ledger`, the one of the place that is restored into."""
        self._ledger = ledger
        self._others = others
        self.done = Replayed()

    async def __call__(self, dsn: str) -> None:
        """Do so in the database at `dsn`."""
        LedgerFile(self._ledger).merge(*(path for path in self._others if path != self._ledger))
        self.done = await replay(as_application(dsn), self._ledger)


async def _into_database(
    dsn: str, folder: Path, manifest: Manifest, bar: Bar, again: ErasingAgain, *, mark: str, replaces: bool
) -> Restored:
    try:
        await check_idle(dsn)
        aside = await move_aside(dsn, mark, replaces=replaces)
        try:
            migrated = await put_back(dsn, find_tools(dsn), folder, manifest, bar.step, again)
        except BaseException:
            await move_back(dsn, aside)
            raise
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise StartError(
            f"The database {describe(dsn)} cannot be restored into: {error}. Check DATABASE_URL."
        ) from error
    return Restored(manifest, migrated, aside)


def _aimed(settings: Settings, into: str | None) -> Settings:
    """Return the settings with the target that was named."""
    if into is None:
        return settings
    if "://" in into:
        try:
            return replace(settings, database_url=database(into))
        except ValueError as error:
            raise BackupError(f"--into cannot be used: {error}.") from None
    return replace(settings, database_url=None, data_dir=Path(into).absolute())


def _tell(told: RestoreTold, folder: Path, settings: Settings) -> None:
    manifest = told.restored.manifest
    erased = told.erased_again
    age_s = (datetime.now(UTC) - datetime.fromisoformat(manifest.made_at)).total_seconds()
    click.echo(f"Restored {folder.name} into {told.into}.")
    for club in manifest.clubs:
        click.echo(f"  {club.name or club.club_id}: up to change {club.version}, {_count(club.devices, 'device')}.")
    if told.restored.migrated:
        click.echo(f"  Brought forward by {', '.join(told.restored.migrated)}.")
    for place in told.restored.aside:
        click.echo(f"  What was there before is kept as {place}; delete it when all is well.")
    click.echo(f"The backup is {in_words(age_s)} old. What was acknowledged since then:")
    click.echo(
        f"  comes back by itself: matches and all that goes with them. Each phone keeps what it pushed for {KEPT_DAYS}"
        " days and sends it again when it next finds the server. Ask everybody who scored since to open the app once."
    )
    click.echo(
        "  is lost, do it again: new accounts, members and invitations, changed passwords, scorers' links, share links."
        " What was revoked since is good again: revoke it again."
    )
    if erased.done:
        click.echo(f"  stays erased: {_count(erased.done, 'erasure')} since then, done again from the ledger.")
    for club_id in erased.ownerless:
        click.echo(
            f"  Caution: nobody owns {club_id} any more. `touchline club set-owner {club_id} ADDRESS-OF-A-MEMBER`."
        )
    if erased.unread:
        numbers = ", ".join(str(number) for number in erased.unread)
        click.echo(f"  Caution: lines {numbers} of the erasure ledger cannot be read. See docs/privacy.md.")
    if age_s > KEPT_DAYS * 86_400:
        click.echo(f"  Caution: phones may have forgotten what they pushed more than {KEPT_DAYS} days ago.")
    if settings.secret_key is None and not manifest.has(SECRET):
        click.echo("  The backup has no secret. Start with the SECRET_KEY of then, or all sign in again.")
    click.echo("Now start the server, and ask `touchline doctor --deep` whether all is well.")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
