"""The server does not start on a database whose row policies would not bind it."""

from collections.abc import Iterator

import pytest

from storage.readiness import BEFORE_A_CLUB, DatabaseUnfit, check_fit
from tests.api.people import some_id
from tests.pg import PgDatabase, PgServer
from tests.security.database import Behind

pytestmark = pytest.mark.postgres


@pytest.fixture
def role(pg_server: PgServer) -> Iterator[str]:
    """Give a role of this test's own that may sign in, and nothing else."""
    name = f"role_{some_id().replace('-', '')}"
    pg_server.execute(f"CREATE ROLE {name} LOGIN IN ROLE touchline_app")
    yield name
    pg_server.execute(f"DROP ROLE {name}")


def as_role(database: PgDatabase, name: str) -> str:
    """Return the address of a database for another role, which is taken at the start of each connection."""
    return f"{database.owner_dsn}{'&' if '?' in database.owner_dsn else '?'}options=-crole%3D{name}"


async def test_the_applications_own_role_is_bound(pg_database: PgDatabase) -> None:
    """The role of schema.sql owns nothing, bypasses nothing, and meets a policy on each table with a club."""
    with pytest.raises(Exception, match="lacks the migrations"):  # all that is left: this database has no history
        await check_fit(pg_database.app_dsn, is_durable=False)


async def test_a_superuser_is_refused(pg_database: PgDatabase) -> None:
    """Policies do not bind a superuser."""
    with pytest.raises(DatabaseUnfit, match="superuser"):
        await check_fit(pg_database.owner_dsn, is_durable=False)


async def test_a_role_that_bypasses_is_refused(pg_database: PgDatabase, pg_server: PgServer, role: str) -> None:
    """Nor one with BYPASSRLS."""
    pg_server.execute(f"ALTER ROLE {role} BYPASSRLS")
    with pytest.raises(DatabaseUnfit, match="row policies would not bind"):
        await check_fit(as_role(pg_database, role), is_durable=False)


async def test_an_owner_of_one_table_is_refused(pg_database: PgDatabase, pg_server: PgServer, role: str) -> None:
    """Nor the owner of a table, be it only one."""
    pg_server.execute(f"ALTER TABLE touchline.log OWNER TO {role}", database=pg_database.name)
    try:
        with pytest.raises(DatabaseUnfit, match="owns the tables"):
            await check_fit(as_role(pg_database, role), is_durable=False)
    finally:
        pg_server.execute("ALTER TABLE touchline.log OWNER TO CURRENT_USER", database=pg_database.name)


async def test_a_table_without_its_policy_is_refused(pg_database: PgDatabase, pg_server: PgServer) -> None:
    """Each table with a club, but those that are read to find the club, must have row-level security on."""
    async with Behind(pg_database.owner_dsn) as behind:
        guarded = [name for name in behind.of_clubs if name.partition(".")[2] not in BEFORE_A_CLUB]
    assert len(guarded) >= 20
    for name in guarded:
        pg_server.execute(f"ALTER TABLE {name} DISABLE ROW LEVEL SECURITY", database=pg_database.name)
        with pytest.raises(DatabaseUnfit, match=f"off for {name.partition('.')[2]},"):
            await check_fit(pg_database.app_dsn, is_durable=False)
        pg_server.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY", database=pg_database.name)
