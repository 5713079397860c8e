"""Accounts on the database: the tables are those of schema.sql, and a refresh token rotates once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from storage.accounts import Accounts, EmailTaken, Registration, Session, open_engine
from storage.readiness import DatabaseUnfit, check_fit, is_application, why_not_ready
from storage.tables_accounts import metadata
from tests.pg import PgDatabase

UNTIL = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
async def accounts(pg_database: PgDatabase) -> AsyncIterator[Accounts]:
    """Give the accounts of a fresh database, as the application's role."""
    engine = open_engine(pg_database.app_dsn)
    yield Accounts(engine)
    await engine.dispose()


def somebody(email: str = "a@b.example") -> Registration:
    """Return a registration."""
    return Registration(str(uuid4()), email, "A", "hash", str(uuid4()), "Reds", b"k" * 32)


async def signed_in(accounts: Accounts) -> Session:
    """Return the session of somebody new."""
    new = somebody(f"{uuid4()}@b.example")
    await accounts.register(new)
    session = Session(str(uuid4()), new.user_id, new.club_id, str(uuid4()), b"one", UNTIL)
    await accounts.open_session(session)
    return session


async def test_the_tables_are_those_of_the_schema(pg_database: PgDatabase) -> None:
    """Each column that is declared is there, as it is declared, and no other."""
    connection = await asyncpg.connect(pg_database.owner_dsn)
    rows = await connection.fetch(
        "SELECT table_name, column_name, is_nullable FROM information_schema.columns WHERE table_schema = 'touchline'"
    )
    await connection.close()
    stored = {(row["table_name"], row["column_name"], row["is_nullable"] == "YES") for row in rows}
    tables = {table.name for table in metadata.tables.values()}
    declared = {
        (table.name, column.name, bool(column.nullable))
        for table in metadata.tables.values()
        for column in table.columns
    }
    assert declared == {each for each in stored if each[0] in tables}


async def test_registering_is_all_or_nothing(accounts: Accounts) -> None:
    """An address that is taken leaves no club behind, and its letters' case does not matter."""
    first = somebody()
    await accounts.register(first)
    again = somebody("A@B.example")
    with pytest.raises(EmailTaken):
        await accounts.register(again)
    found = await accounts.find_by_email("a@B.EXAMPLE")
    assert found is not None
    assert found.user_id == first.user_id
    [membership] = await accounts.memberships(first.user_id)
    assert (membership.club_id, membership.club_name, membership.role) == (first.club_id, "Reds", "owner")
    assert list(await accounts.memberships(again.user_id)) == []
    assert await accounts.member_names(first.club_id) == {first.user_id: "A"}


async def test_a_token_rotates_once(accounts: Accounts) -> None:
    """Many who show the same token at once agree on the next; the one before that is done with."""
    session = await signed_in(accounts)
    later = UNTIL + timedelta(days=1)

    async def rotate(shown: bytes, fresh: bytes) -> bool:
        return await accounts.rotate(session.session_id, shown=shown, fresh=fresh, until=later)

    assert await asyncio.gather(*(rotate(b"one", b"two") for _ in range(8))) == [True] * 8
    assert await rotate(b"two", b"three")
    assert not await rotate(b"one", b"two")
    kept = await accounts.find_session(session.session_id)
    assert kept is not None
    assert (kept.refresh_hash, kept.previous_hash, kept.expires_at) == (b"three", b"two", later)
    await accounts.end_session(session.session_id)
    assert not await rotate(b"three", b"four")
    await accounts.open_session(session)
    standing = await accounts.standing(session.session_id)
    assert standing is not None
    assert standing.is_ended


async def test_what_is_not_there(accounts: Accounts) -> None:
    """Unknown ids are None, not errors."""
    nobody = str(uuid4())
    assert await accounts.find(nobody) is None
    assert await accounts.find_session(nobody) is None
    assert await accounts.standing(nobody) is None
    assert not await accounts.rotate(nobody, shown=b"x", fresh=b"y", until=UNTIL)


async def test_fitness(pg_database: PgDatabase) -> None:
    """The owner is refused, since row policies do not bind it; and a database that may lose commits is."""
    assert await is_application(pg_database.app_dsn)
    assert not await is_application(pg_database.owner_dsn)
    with pytest.raises(DatabaseUnfit, match="superuser or owns the tables"):
        await check_fit(pg_database.owner_dsn, is_durable=False)
    with pytest.raises(DatabaseUnfit, match="fsync and full_page_writes and synchronous_commit off"):
        await check_fit(pg_database.app_dsn, is_durable=True)
    reason = await why_not_ready(pg_database.app_dsn)
    assert reason is not None
    assert "lacks the migrations" in reason
    assert await why_not_ready("postgresql://x@127.0.0.1:1/x") == "The database does not answer."
