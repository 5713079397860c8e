"""Adopting: in one transaction the old schema is set aside, the new one made, and each old row pushed as one change.

The rows go the way of every push, as those of one device that belongs to the owner. So their checks, stamps, versions,
log and duplicates are the engine's, and no row is there that a phone could not have written. Until the commit the old
database is what it was; a rehearsal does all of it, and rolls back.
"""

import enum
from collections.abc import Callable
from typing import Final

import asyncpg
from msgspec import Struct

from football.collections import CATALOGUE
from storage.adoption.club import Adoption, make_club
from storage.adoption.fitness import AdoptionImpossible, check_old, is_touchline, lock_old, prepare_session
from storage.adoption.moving import Tell, keep_times, push, verify
from storage.adoption.old import ASIDE, POSITIONS, read_tables
from storage.adoption.survey import Survey, survey
from storage.adoption.within import WithinStore
from storage.embedded.conf import APP_ROLE
from storage.engine import Engine
from storage.migrate import CONNECT_S, apply_missing, read_migrations, take_turn
from storage.readiness import MAKE_ROLE
from storage.tables import GRASSROOTS

LOST: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)
"""What the driver raises where a connection ends under it, by the moment at which it does."""
_KEEP_POSITIONS: Final = f"""
INSERT INTO {GRASSROOTS}.{POSITIONS} (pos_code, long_name)
SELECT pos_code::text, coalesce(long_name::text, '') FROM {ASIDE}.{POSITIONS} WHERE pos_code IS NOT NULL
    ON CONFLICT DO NOTHING
"""  # noqa: S608 - names of ours


class State(enum.StrEnum):
    """What came of it."""

    ALREADY = "already"
    """The database is Touchline's: there was nothing to do."""
    REFUSED = "refused"
    REHEARSED = "rehearsed"
    ADOPTED = "adopted"


class Adopted(Struct, frozen=True):
    """What was found, and what came of it."""

    state: State
    survey: Survey | None = None
    conflicts: int = 0
    """Pairs that look alike, of which people are asked."""


async def is_adopted(dsn: str) -> bool:
    """Tell whether the database at `dsn` is Touchline's already."""
    connection = await asyncpg.connect(dsn, timeout=CONNECT_S)
    try:
        return await is_touchline(connection)
    finally:
        await connection.close()


async def adopt(
    dsn: str, adoption: Adoption, *, clock: Callable[[], int], dice: Callable[[int], bytes], tell: Tell
) -> Adopted:
    """Take over the database at `dsn`, as its owner. Raises AdoptionImpossible, and nothing has changed then."""
    connection = await asyncpg.connect(dsn, timeout=CONNECT_S)
    try:
        await take_turn(connection)
        transaction = connection.transaction()
        await transaction.start()
        try:
            done = await _adopt(
                connection,
                adoption,
                Engine(CATALOGUE, WithinStore(connection, CATALOGUE), clock=clock, dice=dice),
                tell,
            )
        except BaseException:
            connection.terminate()  # in whatever state it is: the database rolls back
            raise
        if done.state is State.ADOPTED:
            await transaction.commit()
        else:
            await transaction.rollback()
        return done
    except asyncpg.InsufficientPrivilegeError as error:
        raise AdoptionImpossible(
            f"The role of DATABASE_URL may not do what is needed ({error}). It must own the old tables, and be allowed "
            f"to create schemas. If it is, have an administrator run CREATE ROLE {APP_ROLE} and GRANT {APP_ROLE} to it."
        ) from error
    except asyncpg.LockNotAvailableError as error:
        raise AdoptionImpossible(
            "Somebody is writing to the old tables. Stop the app that uses them, and run this again."
        ) from error
    except LOST as error:
        raise AdoptionImpossible(
            f"The connection to the database was lost ({type(error).__name__}). Run this again: it was done whole, or "
            "not at all."
        ) from error
    finally:
        await connection.close()


async def _adopt(
    connection: "asyncpg.Connection[asyncpg.Record]", adoption: Adoption, engine: Engine, tell: Tell
) -> Adopted:
    await prepare_session(connection, adoption.time_zone)
    if await is_touchline(connection):
        return Adopted(State.ALREADY)
    await check_old(connection)
    await lock_old(connection)
    told = await survey(connection, CATALOGUE)
    if told.refusals:
        return Adopted(State.REFUSED, told)
    has_positions = POSITIONS in await read_tables(connection)
    await connection.execute(f"ALTER SCHEMA {GRASSROOTS} RENAME TO {ASIDE}")
    await connection.execute(MAKE_ROLE)
    await apply_missing(connection, read_migrations())
    if has_positions:
        await connection.execute(_KEEP_POSITIONS)
    await make_club(connection, adoption)
    told.refusals += await push(connection, engine, adoption, told.rows, tell)
    if told.refusals:
        return Adopted(State.REFUSED, told)
    await keep_times(connection, adoption.club_id, told.rows)
    conflicts = await verify(connection, engine, adoption.club_id, told.rows)
    return Adopted(State.REHEARSED if adoption.is_rehearsal else State.ADOPTED, told, conflicts)
