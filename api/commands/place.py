"""The database that an operator's command works on: as its owner, whether a server runs there or not.

With a server's own PostgreSQL the command goes through its socket, while the server runs; else it starts PostgreSQL for
as long as it needs it. Nothing is made here: a folder without a database stays one.
"""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

import asyncpg
from msgspec import Struct

from api.serving import StartError, direct_of, run
from api.settings import Settings
from storage.address import as_application, describe
from storage.embedded import DATABASE, OWNER_ROLE, DataFolderBusy, EmbeddedPostgres
from storage.embedded.conf import APP_ROLE, PORT
from storage.readiness import CONNECT_S, is_application

RUN_AS: Final = "Run this as the user who runs the server (as root, if root started it)"


class Place(Struct, frozen=True):
    """A database that answers."""

    dsn: str
    """Where the owner signs in; DATABASE_URL as it is given."""
    app_dsn: str
    """Where the application's role signs in."""
    described: str
    data_dir: Path | None
    """The folder of a PostgreSQL of our own; None with DATABASE_URL."""
    direct_dsn: str
    """As `app_dsn`, past any pooler of transactions: for what holds a lock of its session."""
    is_served: bool = False
    """Whether a server holds that folder now."""


@contextmanager
def open_place(settings: Settings) -> Generator[Place]:
    """Find the database of the settings. Raises StartError, or EmbeddedPostgresError, with what to do."""
    if settings.database_url is not None:
        yield _given(settings, settings.database_url)
        return
    folder = settings.data_dir
    try:
        is_there = (folder / "pgdata").is_dir()
    except PermissionError:
        raise StartError(f"The data folder {folder} is shut to this user. {RUN_AS}.") from None
    if not is_there:
        raise StartError(
            f"There is no database in {folder}. Set DATA_DIR to the data folder of the server, or DATABASE_URL."
        )
    postgres = EmbeddedPostgres(folder, durability=settings.durability)
    if not _has_started(postgres):
        yield _running(folder)
        return
    with postgres:
        described = f"PostgreSQL of its own in {folder}"
        yield Place(postgres.owner_dsn, postgres.app_dsn, described, folder, postgres.app_dsn)


def _has_started(postgres: EmbeddedPostgres) -> bool:
    """Start PostgreSQL, unless a server has it already. Returns whether it was started here."""
    try:
        postgres.start()
    except DataFolderBusy:
        return False
    except PermissionError as error:
        folder = postgres.folder.path
        raise StartError(f"The data folder {folder} cannot be used ({error.strerror}). {RUN_AS}.") from error
    return True


def _running(folder: Path) -> Place:
    socket_dir = (folder / "run").resolve()

    def dsn(role: str) -> str:
        return f"postgresql://{role}@/{quote(DATABASE)}?host={socket_dir}&port={PORT}"

    try:
        run(lambda: _answer(dsn(OWNER_ROLE)))
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        raise StartError(f"The server in {folder} lets only its own user in. {RUN_AS}.") from error
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise StartError(
            f"The server in {folder} runs, but its PostgreSQL does not answer. Look into {folder / 'postgres.log'}, "
            "and try again in a minute."
        ) from error
    described = f"PostgreSQL of the running server in {folder}"
    return Place(dsn(OWNER_ROLE), dsn(APP_ROLE), described, folder, dsn(APP_ROLE), is_served=True)


def _given(settings: Settings, dsn: str) -> Place:
    try:
        app_dsn = dsn if run(lambda: is_application(dsn)) else as_application(dsn)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        raise StartError(
            f"The database {describe(dsn)} does not answer ({type(error).__name__}). Check DATABASE_URL."
        ) from error
    direct_dsn = direct_of(settings, is_owner=app_dsn != dsn) or app_dsn
    return Place(dsn, app_dsn, describe(dsn), None, direct_dsn)


async def _answer(dsn: str) -> None:
    connection = await asyncpg.connect(dsn, timeout=CONNECT_S)
    await connection.close()
