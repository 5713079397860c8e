"""The database itself: that it answers, is new enough and durable, binds the server's role, and has our schema."""

import asyncio
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

import asyncpg

from storage.backups.keep import SCHEMAS
from storage.backups.tools import Tools
from storage.checkups.findings import Finding, Level, bad, ok, warn
from storage.embedded import Durability, EmbeddedPostgres
from storage.embedded.bundle import PG_MAJOR
from storage.migrate import SchemaOutOfDate, check_schema
from storage.pools import connections_for
from storage.readiness import BEFORE_A_CLUB, CONNECT_S, DURABLE, IS_BOUND, OPEN_TABLES, prepare
from storage.schema_dump import schema_dump
from storage.upkeep import NAME

CLOCK_WARN_S: Final = 2.0
UPKEEP_WARN_S: Final = 3 * 86_400.0
"""An hourly job that has not succeeded for so long does not come right by itself."""
_UPKEEP: Final = """
SELECT (SELECT succeeded_at FROM touchline.upkeep WHERE name = $1), max(applied_at) FROM touchline.migrations
"""
CLOCK_BAD_S: Final = 60.0
"""Phones are told the time by the server: a minute off and a half begins in the future."""


async def look_at_database(
    app_dsn: str, *, is_durable: bool, workers: int, now: Callable[[], datetime]
) -> list[Finding]:
    """Look at a database as the application's role; `now` is this machine's clock."""
    try:
        connection = await asyncpg.connect(app_dsn, timeout=CONNECT_S)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        why = f"It does not let the server's role in ({type(error).__name__})."
        return [bad("database", why, "See whether it runs, and whether DATABASE_URL is right.")]
    try:
        findings = [
            await _version(connection),
            await _writes(connection),
            await _role(connection),
            await _policies(connection),
            await _durability(connection, is_durable=is_durable),
            await _clock(connection, now),
            await _connections(connection, workers),
            schema := await _migrations(app_dsn),
        ]
        if schema.level is Level.OK:
            findings.append(await _retention(connection, now))
    finally:
        await connection.close()
    return findings


async def _version(connection: "asyncpg.Connection[asyncpg.Record]") -> Finding:
    told = await connection.fetchval("SHOW server_version")
    if int(await connection.fetchval("SHOW server_version_num")) // 10_000 < int(PG_MAJOR):
        return bad("database", f"PostgreSQL {told} is too old.", f"Use PostgreSQL {PG_MAJOR} or newer.")
    return ok("database", f"PostgreSQL {told} answers.")


async def _writes(connection: "asyncpg.Connection[asyncpg.Record]") -> Finding:
    if await connection.fetchval("SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::bool"):
        return bad("writes", "It takes no writes: it is a standby, or read-only.", "Point DATABASE_URL at the primary.")
    return ok("writes", "It takes writes.")


async def _role(connection: "asyncpg.Connection[asyncpg.Record]") -> Finding:
    if not await connection.fetchval(IS_BOUND):
        says = "The server's role owns tables or is a superuser, so row policies do not bind it."
        return bad("role", says, "Let DATABASE_URL name a role that may take the role touchline_app.")
    return ok("role", "The server's role neither owns tables nor is a superuser.")


async def _policies(connection: "asyncpg.Connection[asyncpg.Record]") -> Finding:
    if found := [row[0] for row in await connection.fetch(OPEN_TABLES, BEFORE_A_CLUB)]:
        do = "ALTER TABLE ... ENABLE ROW LEVEL SECURITY, with the policy that schema.sql has for it."
        return bad("row policies", f"Off for {', '.join(found)}: one club could see another's rows.", do)
    return ok("row policies", "On for every table of clubs.")


async def _durability(connection: "asyncpg.Connection[asyncpg.Record]", *, is_durable: bool) -> Finding:
    loose = [name for name in DURABLE if await connection.fetchval(f"SHOW {name}") == "off"]
    if not loose:
        return ok("durability", f"{', '.join(DURABLE)} are on.")
    says = f"{', '.join(loose)} off: an acknowledged match could be lost in a power cut."
    if is_durable:
        return bad("durability", says, "Turn it on in PostgreSQL's configuration.")
    return warn("durability", says, "Remove DURABILITY=test, which is for tests alone.")


async def _clock(connection: "asyncpg.Connection[asyncpg.Record]", now: Callable[[], datetime]) -> Finding:
    before = now()
    told = await connection.fetchval("SELECT clock_timestamp()")
    between = before + (now() - before) / 2
    off_s = abs((told - between).total_seconds())
    says = f"This machine and the database differ by {off_s:.1f} s."
    if off_s < CLOCK_WARN_S:
        return ok("clock", says)
    return (bad if off_s >= CLOCK_BAD_S else warn)("clock", says, "Let both take their time from the net (NTP).")


async def _connections(connection: "asyncpg.Connection[asyncpg.Record]", workers: int) -> Finding:
    offered, needed = int(await connection.fetchval("SHOW max_connections")), connections_for(workers)
    if offered < needed:
        do = f"Raise max_connections to {needed}, or lower WORKERS."
        return warn("connections", f"The database takes {offered}; {workers} workers may want {needed}.", do)
    return ok("connections", f"The database takes {offered}; up to {needed} are wanted.")


async def _migrations(dsn: str) -> Finding:
    try:
        await check_schema(dsn)
    except SchemaOutOfDate as error:
        return bad("schema", str(error), "Run `touchline migrate`, or the version that fits.")
    return ok("schema", "It has exactly this version's migrations.")


async def _retention(connection: "asyncpg.Connection[asyncpg.Record]", now: Callable[[], datetime]) -> Finding:
    done_at, since = await connection.fetchrow(_UPKEEP, NAME) or (None, None)
    age_s = 0.0 if since is None else (now() - (done_at or since)).total_seconds()
    ago = f"{age_s / 86_400:.1f} days" if age_s >= 86_400 else f"{age_s / 3_600:.0f} hours"  # noqa: PLR2004 - a day
    says = f"What is past its time was deleted {ago} ago."
    if done_at is None:
        says = f"What is past its time was not deleted yet; the schema is {ago} old."
    if age_s > UPKEEP_WARN_S:
        return warn("retention", says, "Run `touchline compact`, and see what the server's log says of upkeep.")
    return ok("retention", says)


async def look_for_drift(dsn: str, tools: Tools, scratch: str) -> Finding:
    """Compare the schema with that of a fresh database at `scratch`, migrated as this one was, line by line."""
    try:
        there, fresh = [
            await schema_dump(tools.dump, each, schemas=SCHEMAS, has_owners=False) for each in (dsn, scratch)
        ]
    except (RuntimeError, TimeoutError) as error:
        return warn("drift", f"The schema cannot be read: {error}", "Ask again as the role that owns the tables.")
    more, fewer = ({*a.splitlines()} - {*b.splitlines()} for a, b in ((there, fresh), (fresh, there)))
    if more or fewer:
        first = min(more or fewer).strip()
        says = f"{len(more)} lines of the schema are not the migrations', {len(fewer)} are missing; the first: {first}"
        return warn("drift", says, "Somebody changed the schema by hand. Compare it with schema.sql, and undo that.")
    return ok("drift", "The schema is what the migrations make, to the last line.")


async def look_for_drift_beside(dsn: str, tools: Tools, base: Path | None = None) -> Finding:
    """Look for drift with a fresh PostgreSQL of our own, made below `base` for as long as it takes."""
    with tempfile.TemporaryDirectory(prefix="touchline-", dir=base) as folder:
        path = Path(folder)
        await asyncio.to_thread(path.chmod, 0o711)
        postgres = EmbeddedPostgres(path / "data", durability=Durability.TEST)
        try:
            await asyncio.to_thread(postgres.start)
            await prepare(postgres.owner_dsn)
            return await look_for_drift(dsn, tools, postgres.owner_dsn)
        finally:
            await asyncio.to_thread(postgres.stop)
