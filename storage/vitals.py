"""The database's own state, as an operator sees it: how large it is, who waits in it, and what takes long.

Statements are told by their shape: literals and numbers are taken out, since an id or a name may be one. Where
`pg_stat_statements` is not at hand, what runs just now is told instead. Any role will do: it is shown its own.
"""

import re
from typing import Final, Literal, TypeAlias

import asyncpg
from msgspec import Struct

LISTED: Final = 6
"""Statements and tables that are told."""
SHAPE_LENGTH_MAX: Final = 160
LOOK_MS: Final = 2_000
"""Milliseconds that each look may take."""


class Statement(Struct, frozen=True):
    """A kind of statement."""

    shape: str
    ms: float
    """On average, where there were several."""
    calls: int
    """1 for one that runs now."""


class TableState(Struct, frozen=True):
    """A table and its indexes."""

    name: str
    bytes: int
    rows: int
    """About so many."""
    dead: int
    """Rows that are dead and still take room; autovacuum takes them away."""


class Vitals(Struct, frozen=True):
    """The database at one moment."""

    bytes: int
    connections: int
    connections_max: int
    commits: int
    """Since its statistics began."""
    transaction_s: float
    """How long the oldest open transaction has been at work."""
    waiting: int
    """Statements that wait for a lock."""
    source: Literal["statements", "activity"]
    statements: list[Statement]
    tables: list[TableState]


_TOTALS: Final = """
SELECT pg_database_size(datname) AS bytes, xact_commit AS commits, numbackends AS connections,
       current_setting('max_connections')::int AS connections_max
  FROM pg_stat_database WHERE datname = current_database()
"""
_ACTIVITY: Final = """
SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)) FILTER (WHERE state <> 'idle'), 0)::float8
       AS age,
       count(*) FILTER (WHERE wait_event_type = 'Lock') AS waiting
  FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_RUNNING: Final = """
SELECT query, extract(epoch FROM clock_timestamp() - query_start)::float8 * 1000 AS ms, 1::bigint AS calls
  FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'active' AND backend_type = 'client backend'
 ORDER BY query_start LIMIT $1
"""
_EXTENSION: Final = """
SELECT quote_ident(nspname) FROM pg_extension JOIN pg_namespace AS n ON n.oid = extnamespace
 WHERE extname = 'pg_stat_statements'
"""
_STATEMENTS: Final = """
SELECT query, mean_exec_time AS ms, calls FROM {schema}.pg_stat_statements
 WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
 ORDER BY total_exec_time DESC LIMIT $1
"""
_TABLES: Final = """
SELECT relname AS name, pg_total_relation_size(relid) AS bytes, n_live_tup AS rows,
       n_dead_tup AS dead
  FROM pg_stat_user_tables WHERE schemaname IN ('grassroots', 'touchline')
 ORDER BY 2 DESC, 1 LIMIT $1
"""

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


async def look_at_vitals(connection: Connection) -> Vitals:
    """Return the state of the database that a connection is in."""
    await connection.execute(f"SET statement_timeout = {LOOK_MS}")
    totals = await connection.fetchrow(_TOTALS)
    activity = await connection.fetchrow(_ACTIVITY)
    assert totals is not None, "a connection is in a database"
    assert activity is not None, "sums are always one row"
    source, statements = await _slowest(connection)
    tables = [TableState(**row) for row in await connection.fetch(_TABLES, LISTED)]
    return Vitals(
        **totals,
        transaction_s=activity["age"],
        waiting=activity["waiting"],
        source=source,
        statements=statements,
        tables=tables,
    )


async def _slowest(connection: Connection) -> tuple[Literal["statements", "activity"], list[Statement]]:
    schema = await connection.fetchval(_EXTENSION)
    if schema is not None:
        try:
            rows = await connection.fetch(_STATEMENTS.format(schema=schema), LISTED)
        except asyncpg.PostgresError:  # not loaded by the server, or not for this role
            pass
        else:
            return "statements", _told(rows)
    return "activity", _told(await connection.fetch(_RUNNING, LISTED))


def _told(rows: "list[asyncpg.Record]") -> list[Statement]:
    return [Statement(shape_of(row["query"]), row["ms"], row["calls"]) for row in rows]


_VALUE: Final = re.compile(
    r"""/\*.*?\*/|--[^\n]*                  # a comment
      | \$(\w*)\$.*?(?:\$\1\$|\Z)           # $tag$text$tag$
      | \b[eE]'(?:[^'\\]|''|\\.)*(?:'|\Z)  # E'text': in it alone a backslash escapes
      | (?:\b[bBxXnN])?'(?:[^']|'')*(?:'|\Z) # 'text', also one that was cut off
      | (?<![\w$."])-?\d[\w.]*              # a number, but not $1 nor a name's own digits
    """,
    re.VERBOSE | re.DOTALL,
)


def shape_of(query: str | None) -> str:
    """Return a statement without its comments and values, on one line, cut to a length that can be read."""
    found = " ".join(_VALUE.sub("?", query or "").split())
    return found if len(found) <= SHAPE_LENGTH_MAX else f"{found[: SHAPE_LENGTH_MAX - 1]}…"
