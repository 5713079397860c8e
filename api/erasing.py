"""Erasing, joined for a command or a start: what erases records, users and clubs of one database, with its ledger."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import structlog
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncEngine

from api.app import read_clock
from football.collections import CATALOGUE
from storage.accounts import open_engine
from storage.erasures import Eraser
from storage.erasures.clubs import Clubs
from storage.erasures.ledger_file import LedgerFile
from storage.erasures.replay import Replay, Replayed
from storage.erasures.users import Users
from storage.postgres import PostgresStore, open_pool

_log: Final = structlog.get_logger("touchline.erasing")


class Erasing(Struct, frozen=True):
    """What erases in one database."""

    records: Eraser
    users: Users
    clubs: Clubs
    replay: Replay
    ledger: LedgerFile


def join(store: PostgresStore, engine: AsyncEngine, ledger: LedgerFile) -> Erasing:
    """Return what erases in the database of a store and an engine."""
    records = Eraser(store, CATALOGUE, clock=read_clock, dice=secrets.token_bytes)
    users, clubs = Users(engine, ledger), Clubs(engine, ledger)
    return Erasing(records, users, clubs, Replay(ledger, users, clubs, records, clock=read_clock), ledger)


@asynccontextmanager
async def open_erasing(dsn: str, ledger_path: Path) -> AsyncGenerator[Erasing]:
    """Open it at `dsn`, where the application's role signs in."""
    pool, engine = await open_pool(dsn, connections_min=0), open_engine(dsn)
    try:
        yield join(PostgresStore(pool, CATALOGUE), engine, LedgerFile(ledger_path))
    finally:
        await engine.dispose()
        await pool.close()


async def replay(dsn: str, ledger_path: Path) -> Replayed:
    """Do again what a database lacks, and finish it."""
    async with open_erasing(dsn, ledger_path) as erasing:
        replayed = await erasing.replay.run()
        await erasing.replay.go_on()
    return replayed


@asynccontextmanager
async def erased_first(dsn: str, ledger_path: Path) -> AsyncGenerator[Replayed]:
    """Do again what a database lacks before the block, and finish inside it what was begun.

    Raises LedgerUnusable: without its ledger nobody can tell whether what was erased is back.
    """
    async with open_erasing(dsn, ledger_path) as erasing:
        replayed = await erasing.replay.run()
        if replayed.unread:
            _log.warning("ledger_lines_unread", path=str(ledger_path), lines=list(replayed.unread))
        if replayed.unwritable is not None:
            _log.warning("ledger_not_written", reason=replayed.unwritable)
        if replayed.done or replayed.noted:
            _log.warning("erased_again", records=replayed.records, users=replayed.users, clubs=replayed.clubs)
        for club_id in replayed.ownerless:
            _log.warning("club_without_owner", club=club_id)
        going_on = asyncio.create_task(_go_on(erasing))
        try:
            yield replayed
        finally:
            going_on.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await going_on


async def _go_on(erasing: Erasing) -> None:
    try:
        rows = await erasing.replay.go_on()
    except Exception as error:  # noqa: BLE001 - the hourly job goes on with it; the server serves
        _log.error("erasures_not_finished", error=type(error).__name__, exc_info=error)
    else:
        if rows:
            _log.info("erasures_finished", rows=rows)
