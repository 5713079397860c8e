"""The migrations' runner: in order, once, all or nothing, and no history rewritten."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from storage import migrate as migrate_module
from storage.embedded.bundle import run_user, usable_bundle
from storage.migrate import MigrationError, SchemaOutOfDate, check_schema, migrate, read_migrations
from storage.schema_dump import schema_dump
from tests.pg import PgDatabase

FIRST = "CREATE TABLE clubs (id uuid PRIMARY KEY);\nALTER TABLE clubs ADD COLUMN name text NOT NULL;\n"
SECOND = "CREATE INDEX clubs_name ON clubs (name);\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with two migrations."""
    (tmp_path / "0001_initial.sql").write_text(FIRST)
    (tmp_path / "0002_names.sql").write_text(SECOND)
    return tmp_path


async def query(dsn: str, sql: str) -> object:
    """Answer the first value of one query."""
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_applies_in_order_and_once(empty_database: PgDatabase, folder: Path) -> None:
    """The first run applies all, the second nothing, and the application's role can check the result."""
    applied = await migrate(empty_database.owner_dsn, folder)
    assert [migration.name for migration in applied] == ["0001_initial", "0002_names"]
    assert await migrate(empty_database.owner_dsn, folder) == []
    await check_schema(empty_database.app_dsn, folder)


async def test_a_later_migration_is_applied_alone(empty_database: PgDatabase, folder: Path) -> None:
    """Only what is new is applied; until then the schema counts as out of date."""
    await migrate(empty_database.owner_dsn, folder)
    (folder / "0003_more.sql").write_text("CREATE TABLE teams ();")
    with pytest.raises(SchemaOutOfDate, match="lacks the migrations 0003_more"):
        await check_schema(empty_database.app_dsn, folder)
    assert [migration.number for migration in await migrate(empty_database.owner_dsn, folder)] == [3]


async def test_a_failing_migration_leaves_no_trace(empty_database: PgDatabase, folder: Path) -> None:
    """What a failing file did before its error is undone; those before it stay, and it can be mended."""
    bad = folder / "0003_bad.sql"
    bad.write_text("CREATE TABLE half (); SELECT 1/0;")
    with pytest.raises(MigrationError, match="0003_bad failed and was rolled back: division by zero") as caught:
        await migrate(empty_database.owner_dsn, folder)
    assert isinstance(caught.value.__cause__, asyncpg.DivisionByZeroError)
    assert await query(empty_database.owner_dsn, "SELECT to_regclass('half')") is None
    assert await query(empty_database.owner_dsn, "SELECT count(*) FROM touchline.migrations") == 2
    bad.write_text("CREATE TABLE whole ();")
    assert [migration.number for migration in await migrate(empty_database.owner_dsn, folder)] == [3]


async def test_refuses_an_edited_migration(empty_database: PgDatabase, folder: Path) -> None:
    """An applied file may not change, but for its line endings."""
    await migrate(empty_database.owner_dsn, folder)
    (folder / "0002_names.sql").write_bytes(SECOND.replace("\n", "\r\n").encode())
    await check_schema(empty_database.owner_dsn, folder)
    (folder / "0002_names.sql").write_text(SECOND + "-- a thought\n")
    with pytest.raises(MigrationError, match=r"0002_names was changed after .* new one, 0003_<name>\.sql"):
        await migrate(empty_database.owner_dsn, folder)


async def test_refuses_a_newer_database(empty_database: PgDatabase, folder: Path) -> None:
    """Old code on a new database stops with a sentence, whether it migrates or only checks."""
    await migrate(empty_database.owner_dsn, folder)
    (folder / "0002_names.sql").unlink()
    with pytest.raises(MigrationError, match="0002_names, which this version does not know"):
        await migrate(empty_database.owner_dsn, folder)
    with pytest.raises(SchemaOutOfDate, match="newer version"):
        await check_schema(empty_database.owner_dsn, folder)


async def test_an_empty_database_is_out_of_date(empty_database: PgDatabase, folder: Path) -> None:
    """A database without a ledger lacks everything, and checking does not make one."""
    with pytest.raises(SchemaOutOfDate, match="0001_initial, 0002_names"):
        await check_schema(empty_database.app_dsn, folder)
    assert await query(empty_database.owner_dsn, "SELECT to_regnamespace('touchline')") is None


async def test_servers_that_start_together_take_turns(empty_database: PgDatabase, folder: Path) -> None:
    """Of four at once, one applies each migration and none fails."""
    done = await asyncio.gather(*(migrate(empty_database.owner_dsn, folder) for _ in range(4)))
    assert sorted(len(applied) for applied in done) == [0, 0, 0, 2]


async def test_waits_for_its_turn_only_so_long(
    empty_database: PgDatabase, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that hangs while migrating is named as the reason, and nothing was changed."""
    monkeypatch.setattr(migrate_module, "TURN_TIMEOUT_MS", 50)
    other = await asyncpg.connect(empty_database.owner_dsn)
    await other.execute("SELECT pg_advisory_lock($1)", migrate_module._LOCK_KEY)
    with pytest.raises(MigrationError, match="Another server has been migrating"):
        await migrate(empty_database.owner_dsn, folder)
    await other.close()
    assert await query(empty_database.owner_dsn, "SELECT to_regnamespace('touchline')") is None


@pytest.mark.parametrize("name", ["0003_gap.sql", "2_short.sql", "0002_Upper.sql", "notes.sql"])
def test_refuses_names_that_leave_the_order_open(tmp_path: Path, name: str) -> None:
    """A gap, a short number, a capital or no number at all is refused, with the name that is expected."""
    (tmp_path / "0001_initial.sql").write_text(FIRST)
    (tmp_path / name).write_text(SECOND)
    with pytest.raises(MigrationError, match=r"0002_<name>\.sql"):
        read_migrations(tmp_path)


def test_refuses_an_empty_folder(tmp_path: Path) -> None:
    """No migrations at all means a broken installation, not an empty schema."""
    with pytest.raises(MigrationError, match="holds no migrations"):
        read_migrations(tmp_path)


async def test_dumps_of_equal_schemas_are_equal(
    pg_database: PgDatabase, empty_database: PgDatabase, folder: Path
) -> None:
    """A dump has no random line, shows a partial index, and fails in words."""
    pg_dump = usable_bundle(run_user()).program("pg_dump")
    await migrate(empty_database.owner_dsn, folder)
    before = await schema_dump(pg_dump, empty_database.owner_dsn)
    assert before == await schema_dump(pg_dump, empty_database.owner_dsn)
    assert before != await schema_dump(pg_dump, pg_database.owner_dsn)
    assert "TABLE touchline.migrations" not in await schema_dump(
        pg_dump, empty_database.owner_dsn, without_tables=("touchline.migrations",)
    )
    await query(empty_database.owner_dsn, "CREATE INDEX short ON clubs (id) WHERE name < 'b'")
    assert "CREATE INDEX short" in await schema_dump(pg_dump, empty_database.owner_dsn)
    with pytest.raises(RuntimeError, match="does not exist"):
        await schema_dump(pg_dump, empty_database.owner_dsn + "&dbname=nowhere")


async def test_the_fixture_gives_the_roles_it_promises(pg_database: PgDatabase) -> None:
    """The application's role owns nothing and cannot step around row-level security."""
    assert await query(pg_database.owner_dsn, "SELECT current_database()") == pg_database.name
    powers = "SELECT rolsuper OR rolbypassrls OR rolcreatedb FROM pg_roles WHERE rolname = current_user"
    assert await query(pg_database.app_dsn, powers) is False
