"""Adopting: in one transaction the old schema is set aside, the new one made, and each old row pushed as one change.

The rows go the way of every push, as those of one device that belongs to the owner. So their checks, stamps, versions,
log and duplicates are the engine's, and no row is there that a phone could not have written. Until the commit the old
database is what it was; a rehearsal does all of it, and rolls back.
"""

import enum
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import asyncpg
from msgspec import Raw, Struct

from football.collections import CATALOGUE
from storage.adoption.old import ASIDE, POSITIONS, known_tables, read_tables
from storage.adoption.rows import OldRow, Refusal
from storage.adoption.survey import Survey, survey
from storage.adoption.within import WithinStore
from storage.clubs import set_club_sql
from storage.embedded.conf import APP_ROLE
from storage.engine import Engine
from storage.migrate import CONNECT_S, apply_missing, read_migrations, take_turn
from storage.readiness import MAKE_ROLE
from storage.tables import GRASSROOTS
from sync.collections import CONFLICTS
from sync.limits import PUSH_MUTATIONS_MAX
from sync.messages import Mutation, PushRequest, encode

POSTGRESQL_MIN: Final = 18
"""The major version that Touchline is made for."""
TIMES_AT_ONCE: Final = 10_000
LOOKS: Final = frozenset({2, 8, 32, 128})
"""Pushes after which the tables are analysed: what is planned for empty tables would read full ones whole."""

_ADD_CLUB: Final = "INSERT INTO touchline.clubs (club_id, name, hash_key) VALUES ($1, $2, $3)"
_ADD_OWNER: Final = """
WITH owner AS (
    INSERT INTO touchline.users (user_id, email, display_name, password_hash) VALUES ($2, $3, $4, $5)
)
INSERT INTO touchline.memberships (club_id, user_id, role) VALUES ($1, $2, 'owner')
"""
_KEEP_POSITIONS: Final = f"""
INSERT INTO {GRASSROOTS}.{POSITIONS} (pos_code, long_name)
SELECT pos_code::text, coalesce(long_name::text, '') FROM {ASIDE}.{POSITIONS} WHERE pos_code IS NOT NULL
    ON CONFLICT DO NOTHING
"""  # noqa: S608 - names of ours
_WRITTEN: Final = (
    *(f"{GRASSROOTS}.{each.table_name}" for each in CATALOGUE.collections.values()),
    *(f"touchline.{name}" for name in ("log", "outcomes", "parked", "conflicts")),
)


class AdoptionImpossible(Exception):
    """The database cannot be taken over as things are; the text says why, and what to do."""


class State(enum.StrEnum):
    """What came of it."""

    ALREADY = "already"
    """The database is Touchline's: there was nothing to do."""
    REFUSED = "refused"
    REHEARSED = "rehearsed"
    ADOPTED = "adopted"


class Adoption(Struct, frozen=True):
    """The club and its owner, as they will be; ids and key are fresh."""

    club_id: str
    club_name: str
    hash_key: bytes
    user_id: str
    email: str
    display_name: str
    password_hash: str
    device_id: str
    """The device as which the rows are pushed."""
    time_zone: str | None = None
    """In which times without a zone are read; None: the database's own."""
    is_rehearsal: bool = False


class Adopted(Struct, frozen=True):
    """What was found, and what came of it."""

    state: State
    survey: Survey | None = None
    conflicts: int = 0
    """Pairs that look alike, of which people are asked."""


Tell = Callable[[int, int], None]
"""Told how many rows of how many are written."""


async def is_adopted(dsn: str) -> bool:
    """Tell whether the database at `dsn` is Touchline's already."""
    connection = await asyncpg.connect(dsn, timeout=CONNECT_S)
    try:
        return await _is_touchline(connection)
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
            if not connection.is_closed():
                await transaction.rollback()
            raise
        if done.state is State.ADOPTED:
            await transaction.commit()
        else:
            await transaction.rollback()
        return done
    except asyncpg.InsufficientPrivilegeError as error:
        raise AdoptionImpossible(
            f"The role of DATABASE_URL may not do what is needed ({error}). It must own the old tables, and be allowed to "
            f"create schemas in the database. Have an administrator run CREATE ROLE {APP_ROLE} and GRANT {APP_ROLE} to it."
        ) from error
    except asyncpg.LockNotAvailableError as error:
        raise AdoptionImpossible(
            "Somebody is writing to the old tables. Stop the app that uses them, and run this again."
        ) from error
    finally:
        await connection.close()


async def _adopt(
    connection: "asyncpg.Connection[asyncpg.Record]", adoption: Adoption, engine: Engine, tell: Tell
) -> Adopted:
    await _prepare_session(connection, adoption.time_zone)
    if await _is_touchline(connection):
        return Adopted(State.ALREADY)
    await _check_fits(connection)
    await _lock(connection)
    told = await survey(connection, CATALOGUE)
    if told.refusals:
        return Adopted(State.REFUSED, told)
    has_positions = POSITIONS in await read_tables(connection)
    await connection.execute(f"ALTER SCHEMA {GRASSROOTS} RENAME TO {ASIDE}")
    await connection.execute(MAKE_ROLE)
    await apply_missing(connection, read_migrations())
    if has_positions:
        await connection.execute(_KEEP_POSITIONS)
    await _make_club(connection, adoption)
    told.refusals += await _push(connection, engine, adoption, told.rows, tell)
    if told.refusals:
        return Adopted(State.REFUSED, told)
    await _keep_times(connection, adoption.club_id, told.rows)
    conflicts = await _verify(connection, engine, adoption.club_id, told.rows)
    return Adopted(State.REHEARSED if adoption.is_rehearsal else State.ADOPTED, told, conflicts)


async def _prepare_session(connection: "asyncpg.Connection[asyncpg.Record]", time_zone: str | None) -> None:
    # A policy on an old table must not hide rows; and days and times are read as text.
    await connection.execute("SET LOCAL row_security = off; SET LOCAL DateStyle = 'ISO, YMD'")
    if time_zone is None:
        return
    try:
        await connection.execute("SELECT set_config('TimeZone', $1, true)", time_zone)
    except asyncpg.InvalidParameterValueError as error:
        raise AdoptionImpossible(f"There is no time zone {time_zone}. Name one such as Europe/London.") from error


async def _is_touchline(connection: "asyncpg.Connection[asyncpg.Record]") -> bool:
    """Tell whether the schema is ours already; a ledger without a migration is left by a server that did not start."""
    if await connection.fetchval("SELECT to_regclass('touchline.migrations') IS NOT NULL"):
        return bool(await connection.fetchval("SELECT EXISTS (SELECT FROM touchline.migrations)"))
    return False


async def _check_fits(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    version = connection.get_server_version()
    if version.major < POSTGRESQL_MIN:
        raise AdoptionImpossible(
            f"The database is PostgreSQL {version.major}, and Touchline needs {POSTGRESQL_MIN}. Upgrade it first, or "
            "restore a dump of it into a newer one."
        )
    encoding = await connection.fetchval("SHOW server_encoding")
    if encoding != "UTF8":
        raise AdoptionImpossible(
            f"The database keeps text as {encoding}, which has no room for every name. Restore a dump of it into one "
            "that was made with ENCODING 'UTF8'."
        )
    tables = await read_tables(connection)
    if not tables.keys() & set(known_tables(CATALOGUE)):
        raise AdoptionImpossible(
            f"There is no schema {GRASSROOTS} with a club's tables in this database. Check DATABASE_URL. A new "
            "club has nothing to be taken over: start the server."
        )
    if await connection.fetchval("SELECT to_regnamespace($1) IS NOT NULL", ASIDE):
        raise AdoptionImpossible(
            f"The schema {ASIDE} is there already, from another time. Drop or rename it, and run this again."
        )


async def _lock(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Let nobody write the old tables until the end; who reads them goes on."""
    known = set(known_tables(CATALOGUE))
    names = [name for name, table in (await read_tables(connection)).items() if name in known and table.is_table]
    if names:
        await connection.execute(f"LOCK TABLE {', '.join(f'{GRASSROOTS}.{name}' for name in names)} IN EXCLUSIVE MODE")


async def _make_club(connection: "asyncpg.Connection[asyncpg.Record]", adoption: Adoption) -> None:
    await connection.execute(_ADD_CLUB, adoption.club_id, adoption.club_name, adoption.hash_key)
    await connection.execute(
        _ADD_OWNER,
        adoption.club_id,
        adoption.user_id,
        adoption.email,
        adoption.display_name,
        adoption.password_hash,
    )


async def _push(
    connection: "asyncpg.Connection[asyncpg.Record]",
    engine: Engine,
    adoption: Adoption,
    rows: Sequence[OldRow],
    tell: Tell,
) -> list[Refusal]:
    """Push all rows, as many at a time as a phone may; return what the engine did not simply apply."""
    refusals: list[Refusal] = []
    tell(0, len(rows))
    for first, some in _parts(rows, PUSH_MUTATIONS_MAX):
        sent_at = (await engine.timestamp(adoption.club_id)).server_time
        mutations = [
            Mutation(n, row.collection, row.record, "put", row.written_ms, row.fields)
            for n, row in enumerate(some, start=first + 1)
        ]
        push = PushRequest(adoption.device_id, sent_at, [Raw(encode(each)) for each in mutations])
        answer = await engine.push(adoption.club_id, adoption.user_id, push)
        for each in answer.others:
            row = rows[each.n - 1]
            why = each.sentence or f"It would be {each.verdict}."
            refusals.append(Refusal(row.collection, each.field or "", row.record, why, "Correct it, or delete the row"))
        if first // PUSH_MUTATIONS_MAX in LOOKS:
            await connection.execute(f"ANALYZE {', '.join(_WRITTEN)}")
        tell(first + len(some), len(rows))
    return refusals


async def _keep_times(connection: "asyncpg.Connection[asyncpg.Record]", club_id: str, rows: Sequence[OldRow]) -> None:
    """Put back when each row was made and changed last, as far as the old table says."""
    by_collection: dict[str, list[OldRow]] = {}
    for row in rows:
        by_collection.setdefault(row.collection, []).append(row)
    for name, found in by_collection.items():
        collection = CATALOGUE.collections[name]
        statement = f"""
            UPDATE {GRASSROOTS}.{collection.table_name} AS kept
               SET created_at = coalesce(old.made, old.changed, kept.created_at)::timestamptz,
                   updated_at = coalesce(old.changed, old.made, kept.updated_at)::timestamptz
              FROM unnest($2::uuid[], $3::text[]::timestamptz[], $4::text[]::timestamptz[]) AS old (id, made, changed)
             WHERE kept.club_id = $1 AND kept.{collection.key} = old.id
        """  # noqa: S608 - names of ours
        for _, some in _parts(found, TIMES_AT_ONCE):
            columns = zip(*((row.record, row.created_at, row.updated_at) for row in some), strict=True)
            await connection.execute(statement, club_id, *map(list, columns))


async def _verify(
    connection: "asyncpg.Connection[asyncpg.Record]", engine: Engine, club_id: str, rows: Sequence[OldRow]
) -> int:
    """Count all again, as the application's own role; return how many pairs look alike."""
    await connection.execute(f"{set_club_sql(club_id)}; SET LOCAL row_security = on; SET LOCAL ROLE {APP_ROLE}")
    counts = await engine.store.counts(club_id)
    await connection.execute("RESET ROLE")
    written = {name: count for name, count in counts.items() if name != CONFLICTS}
    expected = dict.fromkeys(written, 0)
    for row in rows:
        expected[row.collection] += 1
    assert written == expected, f"{written} rows were written, and {expected} were read"
    return counts[CONFLICTS]


def _parts(rows: Sequence[OldRow], size: int) -> Iterator[tuple[int, Sequence[OldRow]]]:
    return ((first, rows[first : first + size]) for first in range(0, len(rows), size))
