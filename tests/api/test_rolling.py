"""An upgrade while people score: the schema grows beneath a server that runs, and no push fails or waits for ever."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from api.app import Services, create_app, open_services
from api.identity.keys import KeyRing
from api.settings import Settings
from football.collections import CATALOGUE
from storage import migrate as migrate_module
from storage.checkups.findings import Level, worst
from storage.checkups.logs import look_at_logs
from storage.migrate import MIGRATIONS, MigrationError, SchemaOutOfDate, check_schema, migrate, read_migrations
from storage.postgres import Tables
from tests.api.people import Person, client_of, put, sign_up, some_id
from tests.pg import PgDatabase
from tests.waiting import PATIENCE_S, until_told

NEXT = """
ALTER TABLE grassroots.events ADD COLUMN weather text, ADD COLUMN wind integer NOT NULL DEFAULT 0;
CREATE TABLE touchline.forecasts (club_id uuid NOT NULL, at timestamptz NOT NULL, PRIMARY KEY (club_id, at));
"""
"""What a version after this one may add."""
QUEUES = "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'"


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """Give the migrations of a version after this one."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder)
    (folder / f"{len(read_migrations()) + 1:04}_weather.sql").write_text(NEXT, encoding="utf-8")
    return folder


@pytest.fixture
async def running(empty_database: PgDatabase, ring: KeyRing) -> AsyncIterator[Services]:
    """Give the services of this version, on a database that its own migrations made."""
    await migrate(empty_database.owner_dsn)
    async with open_services(empty_database.app_dsn, ring) as opened:
        yield opened


@pytest.fixture
async def scorer(settings: Settings, running: Services) -> AsyncIterator[Person]:
    """Give somebody who scores at that server."""
    async with client_of(create_app(settings, running)) as client:
        yield await sign_up(client, "coach@club.example")


def goal(match_id: str) -> dict[str, object]:
    """Return an event."""
    return put("events", some_id(), match_id=match_id, kind="goal")


async def test_a_migration_that_waits_for_a_lock_gives_up_before_pushes_do(
    empty_database: PgDatabase, newer: Path, scorer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody reads a table for long, the migration queues behind, a push queues behind it: and is answered."""
    assert migrate_module.LOCK_TIMEOUT_MS <= 5_000
    monkeypatch.setattr(migrate_module, "LOCK_TIMEOUT_MS", 1_000)
    match_id = await scorer.make_match()
    watching = await asyncpg.connect(empty_database.owner_dsn)
    reader = await asyncpg.connect(empty_database.owner_dsn)
    try:
        await reader.execute("BEGIN; SELECT count(*) FROM grassroots.events")
        migrating = asyncio.create_task(migrate(empty_database.owner_dsn, newer))
        await until_told(
            lambda: watching.fetchval(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'"
            )
        )
        async with asyncio.timeout(PATIENCE_S):
            answer = await scorer.push(goal(match_id))
        assert (answer.status_code, answer.json()["others"]) == (200, [])
        with pytest.raises(MigrationError, match="failed and was rolled back") as caught:
            await migrating
        assert isinstance(caught.value.__cause__, asyncpg.LockNotAvailableError)
        await reader.execute("ROLLBACK")
    finally:
        await reader.close()
        await watching.close()
    await check_schema(empty_database.owner_dsn)
    assert [each.name for each in await migrate(empty_database.owner_dsn, newer)] == [
        f"{len(read_migrations()) + 1:04}_weather"
    ]


async def test_this_version_goes_on_beneath_a_newer_schema(
    empty_database: PgDatabase, newer: Path, scorer: Person
) -> None:
    """Pushes while it is migrated and after: all applied, the log without a gap, and the server stays ready.

    A server of this version that starts anew refuses: whoever goes back is told so, instead of half an upgrade.
    """
    match_id = await scorer.make_match()
    statuses: list[tuple[int, list[object]]] = []
    is_over = asyncio.Event()

    async def score() -> None:
        while not is_over.is_set():
            answer: httpx.Response = await scorer.push(goal(match_id), goal(match_id))
            statuses.append((answer.status_code, answer.json().get("others")))

    scoring = asyncio.create_task(score())
    await until_told(lambda: _is_at_least(statuses, 3))
    assert len(await migrate(empty_database.owner_dsn, newer)) == 1
    before = len(statuses)
    await until_told(lambda: _is_at_least(statuses, before + 5))
    is_over.set()
    await scoring
    assert set(map(str, statuses)) == {"(200, [])"}
    assert (await scorer.client.get("/health/ready")).status_code == 200
    with pytest.raises(SchemaOutOfDate, match="which this version does not know"):
        await check_schema(empty_database.app_dsn)
    assert (await scorer.get(f"/api/matches/{match_id}"))["id"] == match_id
    findings = await look_at_logs(empty_database.app_dsn, Tables(CATALOGUE), is_deep=True)
    assert worst(findings) is Level.OK, findings


async def _is_at_least(found: list[tuple[int, list[object]]], count: int) -> bool:
    await asyncio.sleep(0)
    return len(found) >= count
