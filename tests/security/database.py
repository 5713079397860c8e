"""The database behind a server of these suites: dumped, put back as it was, and looked at past every policy."""

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import asyncpg

_TABLES = """
    SELECT format('%I.%I', n.nspname, c.relname) AS name,
           EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'club_id') AS is_of_clubs
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND n.nspname IN ('grassroots', 'touchline')
     ORDER BY c.oid
"""


class Behind:
    """A connection as the owner, whom no policy binds."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection: Any = None
        self.tables: Sequence[str] = ()
        self.of_clubs: Sequence[str] = ()
        self._put_back = ""

    async def __aenter__(self) -> Self:
        """Connect."""
        self._connection = await asyncpg.connect(self._dsn)
        rows = await self._connection.fetch(_TABLES)
        self.tables = [row["name"] for row in rows]
        self.of_clubs = [row["name"] for row in rows if row["is_of_clubs"]]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave."""
        await self._connection.close()

    async def run(self, sql: str, *values: object) -> Any:  # noqa: ANN401 - rows of the driver
        """Run a statement, and return its rows."""
        return await self._connection.fetch(sql, *values)

    async def keep(self) -> None:
        """Remember all rows, for `put_back`."""
        await self._connection.execute("CREATE SCHEMA kept")
        copies = {name: f"kept.{name.replace('.', '_')}" for name in self.tables}
        for name, copy in copies.items():
            await self._connection.execute(f"CREATE TABLE {copy} AS TABLE {name}")
        self._put_back = ";".join(
            [
                "BEGIN",
                "SET LOCAL session_replication_role = replica",
                *(f"DELETE FROM {name}" for name in copies),
                *(f"INSERT INTO {name} TABLE {copy}" for name, copy in copies.items()),
                "COMMIT",
            ]
        )

    async def put_back(self) -> None:
        """Make all rows what they were."""
        await self._connection.execute(self._put_back)

    async def dump(self, club_id: str, *, schema: str = "") -> str:
        """Return a digest of every row of a club, in every table, or in those of one schema."""
        sql = " UNION ALL ".join(
            f"SELECT '{name}', md5(string_agg(r::text, '|' ORDER BY r::text)) FROM {name} r WHERE club_id = $1"
            for name in self.of_clubs
            if name.startswith(schema)
        )
        return repr([tuple(row) for row in await self._connection.fetch(sql, club_id)])

    async def heads(self) -> tuple[int, ...]:
        """Return the versions of all clubs: what any applied write moves."""
        rows = await self._connection.fetch("SELECT version FROM touchline.clubs ORDER BY club_id")
        return tuple(row["version"] for row in rows)

    async def hang_up(self) -> None:
        """End all other connections, and with them the statements that they keep prepared."""
        others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        await self.run(f"SELECT pg_terminate_backend(pid, 5000) {others}")

    async def set_policies(self, *, on: bool) -> None:
        """Turn row-level security on or off, where a table has a policy."""
        word = "ENABLE" if on else "DISABLE"
        guarded = await self.run("SELECT DISTINCT format('%I.%I', schemaname, tablename) AS name FROM pg_policies")
        for row in guarded:
            await self._connection.execute(f"ALTER TABLE {row['name']} {word} ROW LEVEL SECURITY")
