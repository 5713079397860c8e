"""Accounts on the database: the tables are those of schema.sql, and what lets people in is locked while they enter."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from storage.accounts import Account, EmailTaken, NewClub, Registration, open_engine
from storage.attempts import Attempts, Charge, Policy
from storage.invitations import Invitation, InvitationUnknown, Secret
from storage.people import People, open_people
from storage.postgres import open_pool
from storage.readiness import DatabaseUnfit, check_fit, is_application, why_not_ready
from storage.scorers import LINKS_MAX, CodeTaken, ScorerLink, TooManyLinks
from storage.sessions import SESSIONS_MAX, Session
from storage.standing import STANDINGS, STANDINGS_SHARED, Standing, standings_shared
from storage.tables_accounts import metadata
from tests.pg import PgDatabase

NOW = datetime(2029, 1, 1, tzinfo=UTC)
UNTIL = datetime(2030, 1, 1, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1_000)


@pytest.fixture
async def pool(pg_database: PgDatabase) -> AsyncIterator["asyncpg.Pool[asyncpg.Record]"]:
    """Give a pool as the application's role."""
    opened = await open_pool(pg_database.app_dsn)
    yield opened
    await opened.close()


@pytest.fixture
async def people(pg_database: PgDatabase, pool: "asyncpg.Pool[asyncpg.Record]") -> AsyncIterator[People]:
    """Give the accounts of a fresh database, as the application's role."""
    engine = open_engine(pg_database.app_dsn)
    yield open_people(engine, pool)
    await engine.dispose()


def somebody(email: str = "a@b.example") -> Registration:
    """Return a registration."""
    return Registration(str(uuid4()), email, "A", "hash", NewClub(str(uuid4()), "Reds", b"k" * 32))


def session_of(user_id: str, club_id: str, secret: bytes = b"one") -> Session:
    """Return a session that is not open yet."""
    return Session(str(uuid4()), club_id, str(uuid4()), secret, UNTIL, user_id=user_id)


async def signed_in(people: People) -> tuple[Session, Account]:
    """Return the session of somebody new, and them."""
    new = somebody(f"{uuid4()}@b.example")
    club_id, role = await people.accounts.register(new, NOW)
    assert role == "owner"
    session = session_of(new.user_id, club_id)
    assert await people.sessions.open_by_password(session, "hash", NOW)
    return session, Account(new.user_id, new.email, "A", "hash")


async def rotate(people: People, session: Session, generation: int, fresh: bytes) -> bool:
    """Show the token of a generation."""
    return await people.sessions.rotate(
        session.session_id, generation=generation, shown=b"shown", fresh=fresh, until=UNTIL, now=NOW
    )


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


async def test_registering_is_all_or_nothing(people: People) -> None:
    """An address that is taken leaves no club behind, a wrong invitation no person; letters' case does not matter."""
    accounts = people.accounts
    first = somebody()
    club_id, _ = await accounts.register(first, NOW)
    again = somebody("A@B.example")
    with pytest.raises(EmailTaken):
        await accounts.register(again, NOW)
    invited = Registration(str(uuid4()), "c@b.example", "C", "hash", Secret(club_id, b"s" * 32))
    with pytest.raises(InvitationUnknown):
        await accounts.register(invited, NOW)
    assert await accounts.find_by_email("c@b.example") is None
    found = await accounts.find_by_email("a@B.EXAMPLE")
    assert found is not None
    assert found.user_id == first.user_id
    [membership] = await accounts.memberships(first.user_id)
    assert (membership.club_id, membership.club_name, membership.role) == (club_id, "Reds", "owner")
    assert list(await accounts.memberships(again.user_id)) == []
    assert await accounts.member_names(club_id) == {first.user_id: "A"}


async def test_a_token_rotates_once(people: People) -> None:
    """Many who show the same token at once agree on the next; one two generations old is for another session."""
    session, _ = await signed_in(people)
    assert await asyncio.gather(*(rotate(people, session, 1, b"two") for _ in range(8))) == [True] * 8
    assert await rotate(people, session, 2, b"three")
    assert not await rotate(people, session, 1, b"two")
    kept = await people.sessions.find(session.session_id)
    assert kept is not None
    assert (kept.refresh_hash, kept.generation) == (b"three", 3)
    assert await rotate(people, session, 9, b"ten"), "a server restored from a backup learns of it"
    await people.sessions.end(session.session_id, NOW)
    assert not await rotate(people, session, 10, b"eleven")


async def test_an_ended_session_is_not_opened_again(people: People) -> None:
    """Nor does anything open beside it, nor under a password that was changed."""
    session, account = await signed_in(people)
    await people.sessions.end(session.session_id, NOW)
    await people.sessions.open_by_password(session, "hash", NOW)
    beside = session_of(account.user_id, session.club_id)
    await people.sessions.open_beside(beside, session.session_id, NOW)
    assert await people.sessions.find(beside.session_id) is None
    standing = await people.standings.of(session.session_id)
    assert standing is not None
    assert standing.is_ended
    assert not await people.sessions.open_by_password(beside, "another hash", NOW)


async def test_sessions_of_one_user_are_bounded(people: People) -> None:
    """The one used longest ago is ended, and expired ones are dropped."""
    first, account = await signed_in(people)
    for number in range(1, SESSIONS_MAX + 1):
        later = NOW + timedelta(seconds=number)
        await people.sessions.open_by_password(session_of(account.user_id, first.club_id), "hash", later)
    kept = await people.sessions.find(first.session_id)
    assert kept is not None
    assert kept.is_ended
    assert len(await people.sessions.of_user(account.user_id, NOW)) == SESSIONS_MAX
    await people.sessions.open_by_password(
        session_of(account.user_id, first.club_id), "hash", UNTIL + timedelta(days=1)
    )
    assert await people.sessions.find(first.session_id) is None


async def test_what_is_not_there(people: People) -> None:
    """Unknown ids are None, not errors."""
    nobody = str(uuid4())
    assert await people.accounts.find(nobody) is None
    assert await people.sessions.find(nobody) is None
    assert await people.standings.of(nobody) is None
    assert await people.standings.of_all([nobody]) == {}
    assert await people.members.club(nobody) is None
    assert await people.scorers.find_by_secret(b"x") is None
    assert await people.scorers.find_by_code([b"x", b"y"]) is None
    assert not await people.departures.depart(nobody, "hash", NOW)


async def link_of(people: People, session: Session, *, code: bytes = b"code", days: int = 1) -> ScorerLink:
    """Keep a scorer's link, and return it."""
    assert session.user_id is not None
    until = NOW + timedelta(days=days)
    new = ScorerLink(str(uuid4()), session.club_id, session.club_id, session.user_id, NOW, until)
    assert await people.scorers.make(new, secret_hash=new.scorer_id.encode(), code_hash=code)
    return new


async def test_no_two_live_links_have_one_code(people: People) -> None:
    """The code of an ended link is free again, that of a live one is not; a match has so many links at the most."""
    session, _ = await signed_in(people)
    await link_of(people, session, days=0)
    live = await link_of(people, session)
    with pytest.raises(CodeTaken):
        await link_of(people, session)
    found = await people.scorers.find_by_code([b"code"])
    assert found is not None
    assert found.scorer_id == live.scorer_id
    for number in range(LINKS_MAX - 2):
        await link_of(people, session, code=b"%d" % number)
    with pytest.raises(TooManyLinks):
        await link_of(people, session, code=b"more")


async def test_standings(people: People, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    """One query tells of members and links alike, before a push and inside it."""
    session, _ = await signed_in(people)
    link = await link_of(people, session)
    scoring = Session(str(uuid4()), link.club_id, str(uuid4()), b"s", UNTIL, scorer_id=link.scorer_id)
    assert await people.sessions.open_by_link(scoring, "Sam", NOW)
    assert session.user_id is not None
    expected = {
        session.session_id: Standing(
            session.session_id, session.user_id, session.club_id, session.device_id, False, "owner", None, None
        ),
        scoring.session_id: Standing(
            scoring.session_id,
            link.scorer_id,
            link.club_id,
            scoring.device_id,
            False,
            "scorer",
            link.match_id,
            NOW_MS + 24 * 3_600 * 1_000,
        ),
    }
    assert await people.standings.of_all([*expected, str(uuid4())]) == expected
    assert {each: await people.standings.of(each) for each in expected} == expected
    async with pool.acquire() as connection, connection.transaction():
        assert await standings_shared(connection, [*expected, str(uuid4())]) == expected
    assert expected[scoring.session_id].has_stopped(NOW_MS + 24 * 3_600 * 1_000)
    assert not expected[session.session_id].has_stopped(2**60)


async def until_somebody_waits(pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    """Return once a transaction waits for another's lock."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    while not await pool.fetchval(waiting):
        pass


async def test_a_removal_waits_for_the_push_that_saw_the_member(
    people: People, pool: "asyncpg.Pool[asyncpg.Record]"
) -> None:
    """Either the removal is seen inside the push, or it ends after the push has committed: never between."""
    session, account = await signed_in(people)
    done: list[str] = []

    async def remove() -> None:
        async with pool.acquire() as connection:
            await connection.execute(
                "UPDATE touchline.memberships SET removed_at = $2 WHERE user_id = $1", account.user_id, NOW
            )
        done.append("removed")

    async with pool.acquire() as connection:
        async with connection.transaction():
            seen = await standings_shared(connection, [session.session_id])
            assert seen[session.session_id].stops_ms is None
            removing = asyncio.create_task(remove())
            await until_somebody_waits(pool)
            done.append("pushed")
        await removing
        async with connection.transaction():
            seen = await standings_shared(connection, [session.session_id])
    assert done == ["pushed", "removed"]
    assert seen[session.session_id].stops_ms == NOW_MS


async def test_a_push_that_waited_for_a_removal_sees_it(people: People, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    """A row that changed while the push waited for it is read as it is then."""
    session, account = await signed_in(people)

    async def look() -> dict[str, Standing]:
        async with pool.acquire() as connection, connection.transaction():
            return await standings_shared(connection, [session.session_id])

    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(
            "UPDATE touchline.memberships SET removed_at = $2 WHERE user_id = $1", account.user_id, NOW
        )
        looking = asyncio.create_task(look())
        await until_somebody_waits(pool)
    assert (await looking)[session.session_id].stops_ms == NOW_MS


async def test_the_standing_is_found_by_keys(people: People, pg_database: PgDatabase) -> None:
    """The query of every request reads three rows by their keys, however many there are."""
    await signed_in(people)
    connection = await asyncpg.connect(pg_database.owner_dsn)
    await connection.execute("SET enable_seqscan = off")
    for sql in (STANDINGS, STANDINGS_SHARED):
        plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {sql}", [str(uuid4())]))
        assert "Seq Scan" not in plan
        assert "sessions_pkey" in plan
    await connection.close()


async def test_attempts_are_bounded(pool: "asyncpg.Pool[asyncpg.Record]", monkeypatch: pytest.MonkeyPatch) -> None:
    """However many keys are guessed at, some are kept, those that are refused longest; old ones are dropped."""
    monkeypatch.setattr("storage.attempts.ROWS_MAX", 10)
    monkeypatch.setattr("storage.attempts.TIDY_EVERY", 5)
    attempts, policy = Attempts(pool), Policy(free=2, delay_max_ms=60_000, forgotten_ms=1_000_000)
    for _ in range(3):
        await attempts.charge([Charge(b"worst", policy)], now_ms=0)
    for number in range(100):
        await attempts.charge([Charge(b"%d" % number, policy)], now_ms=0)
    assert await pool.fetchval("SELECT count(*) FROM touchline.attempts") <= 10 + 5
    assert await attempts.charge([Charge(b"worst", policy)], now_ms=0) == 1_000
    for _ in range(5):
        await attempts.charge([Charge(b"new", policy)], now_ms=10**9)
    assert await pool.fetchval("SELECT count(*) FROM touchline.attempts") == 1


async def test_an_attempt_is_counted_everywhere_or_nowhere(pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    """Where one counter refuses, the others are left as they were; forgiving takes back what was counted."""
    attempts, policy = Attempts(pool), Policy(free=2, delay_max_ms=60_000, forgotten_ms=10**9)
    both = [Charge(b"one", policy), Charge(b"two", policy)]
    assert await attempts.charge([both[1]], now_ms=0) == 0
    assert await attempts.charge([both[1]], now_ms=0) == 0
    assert await attempts.charge(both, now_ms=0) == 1_000
    assert await pool.fetchval("SELECT count(*) FROM touchline.attempts") == 1
    assert await attempts.charge(both, now_ms=1_000) == 0
    await attempts.forgive(reset=[b"one"], refund=[b"two"])
    rows = await pool.fetch("SELECT key, failures FROM touchline.attempts")
    assert [(bytes(row["key"]), row["failures"]) for row in rows] == [(b"two", 2)]


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


async def test_what_a_member_hands_out_while_their_role_changes_ends_too(
    people: People, pool: "asyncpg.Pool[asyncpg.Record]"
) -> None:
    """ASVS 15.4.2: an invitation or a link that slips in before the members are locked does not outlive the change."""
    owner = Registration(str(UUID(int=1, version=4)), "o@b.example", "O", "hash", NewClub(str(uuid4()), "Reds", b"k"))
    club_id, _ = await people.accounts.register(owner, NOW)
    secret, until = Secret(club_id, b"s" * 32), NOW + timedelta(days=1)
    first = Invitation(str(uuid4()), club_id, "coach", 1, 0, owner.user_id, NOW, until)
    assert await people.invitations.make(first, secret.hash, as_role="owner")
    coach = Registration(str(uuid4()), "c@b.example", "C", "hash", secret)
    await people.accounts.register(coach, NOW)
    lock = "SELECT role FROM touchline.memberships WHERE user_id = $1 FOR UPDATE"
    async with pool.acquire() as connection, connection.transaction():
        await connection.fetch(lock, owner.user_id)
        change = people.members.set_role(
            club_id, coach.user_id, "viewer", by=owner.user_id, judge=lambda _by, _held: None, now=NOW
        )
        changing = asyncio.create_task(change)
        await until_somebody_waits(pool)
        slipped = Invitation(str(uuid4()), club_id, "scorer", 1, 0, coach.user_id, NOW, until)
        assert await people.invitations.make(slipped, b"hash", as_role="coach")
        link = ScorerLink(str(uuid4()), club_id, club_id, coach.user_id, NOW, until)
        assert await people.scorers.make(link, secret_hash=b"hash", code_hash=b"code")
    await changing
    live = [each.invitation_id for each in await people.invitations.of_club(club_id) if each.is_live(NOW)]
    assert live == []
    assert [each.is_live(NOW) for each in await people.scorers.of_match(club_id, club_id)] == [False]


async def test_a_departure_and_a_push_never_wait_for_each_other(
    people: People, pool: "asyncpg.Pool[asyncpg.Record]"
) -> None:
    """The last of a club's rows go under its counter row: a push that holds that finds its own standing unlocked."""
    session, account = await signed_in(people)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(f"SET LOCAL app.club = '{session.club_id}'")
        await connection.fetch("SELECT FROM touchline.clubs FOR NO KEY UPDATE")
        leaving = asyncio.create_task(people.departures.depart(account.user_id, "hash", NOW))
        await until_somebody_waits(pool)
        await connection.execute("SET LOCAL lock_timeout = '1ms'")
        assert session.session_id in await standings_shared(connection, [session.session_id])
    assert await leaving
    assert await people.standings.of(session.session_id) is None


async def test_a_joined_push_locks_in_the_order_of_a_change_of_roles(
    people: People, pool: "asyncpg.Pool[asyncpg.Record]"
) -> None:
    """Links, then members by their ids: who waits for one has locked none that comes later, and no ring is made."""
    sessions: list[Session] = []
    for number, place in ((2, 1), (1, 2)):
        new = Registration(
            str(UUID(int=number)), f"{number}@b.example", "A", "hash", NewClub(str(uuid4()), "Reds", b"")
        )
        club_id, _ = await people.accounts.register(new, NOW)
        session = Session(str(UUID(int=place)), club_id, str(uuid4()), b"one", UNTIL, user_id=new.user_id)
        assert await people.sessions.open_by_password(session, "hash", NOW)
        sessions.append(session)
    link = await link_of(people, sessions[0])
    sessions.append(Session(str(UUID(int=3)), link.club_id, str(uuid4()), b"s", UNTIL, scorer_id=link.scorer_id))
    assert await people.sessions.open_by_link(sessions[2], "Sam", NOW)

    async def look() -> dict[str, Standing]:
        async with pool.acquire() as connection, connection.transaction():
            return await standings_shared(connection, [each.session_id for each in sessions])

    member = "SELECT role FROM touchline.memberships WHERE user_id = $1 FOR UPDATE NOWAIT"
    scorer = "SELECT name FROM touchline.scorers WHERE scorer_id = $1 FOR UPDATE NOWAIT"
    first, second = (str(UUID(int=number)) for number in (1, 2))
    for held, then in (((scorer, link.scorer_id), (member, first)), ((member, first), (member, second))):
        async with pool.acquire() as connection, connection.transaction():
            await connection.fetch(*held)
            looking = asyncio.create_task(look())
            await until_somebody_waits(pool)
            assert await connection.fetch(*then)
        assert len(await looking) == len(sessions)
