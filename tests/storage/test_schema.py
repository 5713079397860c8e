"""The database, said in four places that must agree: schema.sql, the migrations, the tables, the catalogue."""

from typing import Any

import asyncpg
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from football.collections import CATALOGUE
from football.vocabulary import EVENT_KINDS, POSITIONS
from storage import tables, tables_accounts, tables_sharing
from storage.embedded.bundle import run_user, usable_bundle
from storage.migrate import migrate
from storage.schema_dump import schema_dump
from tests.pg import PgDatabase

ELSEWHERE = {table.name for table in tables_accounts.metadata.tables.values()}
"""Tables of the accounts, which are no tables of the catalogue's or the engine's."""


async def test_schema_sql_is_the_sum_of_all_migrations(pg_database: PgDatabase, empty_database: PgDatabase) -> None:
    """schema.sql and the migrations make the same database, to the last check, policy and grant."""
    await migrate(empty_database.owner_dsn)
    pg_dump = usable_bundle(run_user()).program("pg_dump")
    whole = await schema_dump(pg_dump, pg_database.owner_dsn)
    migrated = await schema_dump(pg_dump, empty_database.owner_dsn, without_tables=("touchline.migrations",))
    assert migrated == whole
    assert "CREATE TABLE grassroots.events" in whole


async def test_the_tables_are_those_of_the_database(pg_database: PgDatabase) -> None:
    """Every declared field is a column of its type and default, and every column is a declared field."""
    tables.record_tables(CATALOGUE)
    engine = create_async_engine(pg_database.owner_dsn.replace("postgresql://", "postgresql+asyncpg://"))

    def compare(connection: Connection) -> list[Any]:
        options = {"include_schemas": True, "compare_type": True, "include_name": _is_ours}
        context = MigrationContext.configure(connection, opts=options)
        return [change for change in compare_metadata(context, tables.metadata) if not _is_index_or_key(change)]

    async with engine.connect() as connection:
        differences = await connection.run_sync(compare)
    await engine.dispose()
    assert differences == []
    assert tables_sharing.feeds.metadata is tables.metadata


def _is_ours(name: str | None, kind: str, parents: dict[str, Any]) -> bool:
    if kind == "schema":
        return name in {tables.GRASSROOTS, tables.ENGINE}
    return not (kind == "table" and name in {*ELSEWHERE, "positions"})


def _is_index_or_key(change: Any) -> bool:  # noqa: ANN401 - what alembic answers
    return isinstance(change, tuple) and change[0] in {"remove_index", "add_index"}


async def test_the_words_of_the_database_are_those_of_the_catalogue(pg_database: PgDatabase) -> None:
    """The type event_kind and the lookup of positions list just what the catalogue accepts."""
    connection = await asyncpg.connect(pg_database.owner_dsn)
    kinds = await connection.fetch("SELECT unnest(enum_range(NULL::grassroots.event_kind))::text AS kind")
    positions = await connection.fetch("SELECT pos_code, long_name FROM grassroots.positions")
    await connection.close()
    assert [row["kind"] for row in kinds] == list(EVENT_KINDS)
    assert dict(tuple(row) for row in positions) == dict(POSITIONS)


async def test_every_table_of_club_data_begins_its_key_with_the_club_and_has_a_policy(pg_database: PgDatabase) -> None:
    """No id of one club can touch another's row, and no row is seen without its club being named."""
    connection = await asyncpg.connect(pg_database.owner_dsn)
    rows = await connection.fetch(
        """
        SELECT c.relname AS name, c.relrowsecurity AS has_policy,
               (SELECT a.attname FROM pg_index i
                  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
                 WHERE i.indrelid = c.oid AND i.indisprimary) AS leads
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind = 'r' AND n.nspname IN ('grassroots', 'touchline')
        """
    )
    await connection.close()
    of_clubs = {row["name"]: row for row in rows if row["name"] not in {*ELSEWHERE, "positions"}}
    assert set(of_clubs) >= {each.table_name for each in CATALOGUE.collections.values()}
    assert [name for name, row in of_clubs.items() if row["leads"] != "club_id" or not row["has_policy"]] == []


async def test_the_application_sees_one_club_at_a_time(pg_database: PgDatabase) -> None:
    """Without `app.club` the application's role sees no row; with it, it sees and writes those of that club only."""
    owner = await asyncpg.connect(pg_database.owner_dsn)
    one, other = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
    for club in (one, other):
        await owner.execute("INSERT INTO touchline.clubs (club_id, hash_key) VALUES ($1, '')", club)
    await owner.close()
    application = await asyncpg.connect(pg_database.app_dsn)
    assert await application.fetchval("SELECT count(*) FROM touchline.clubs") == 0
    async with application.transaction():
        await application.execute(f"SET LOCAL app.club = '{one}'")
        assert [str(row["club_id"]) for row in await application.fetch("SELECT club_id FROM touchline.clubs")] == [one]
        moved = await application.execute("UPDATE touchline.clubs SET version = 9 WHERE club_id = $1", other)
        assert moved == "UPDATE 0"
    await application.close()
