"""Users and clubs that are erased: what goes, what stays, and what is gone on with after a kill."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.accounts import NewClub, Registration, open_engine
from storage.erasures.clubs import Clubs
from storage.erasures.ledger_file import Entry, Kind, LedgerFile, LedgerUnusable
from storage.erasures.marks import entry_of, subject_of
from storage.erasures.replay import Replay
from storage.erasures.users import SoleOwner, Users
from storage.invitations import Invitation, Secret
from storage.people import People, open_people
from storage.postgres import open_pool
from storage.scorers import ScorerLink
from storage.sessions import Session
from sync.erasure import Erasure
from tests.pg import PgDatabase
from tests.waiting import until_told

NOW = datetime(2029, 1, 1, tzinfo=UTC)
UNTIL = datetime(2030, 1, 1, tzinfo=UTC)
MATCH = str(uuid4())


class Place:
    """A database with what erases in it, and a ledger beside it."""

    def __init__(self, engine: AsyncEngine, people: People, ledger: LedgerFile, dsn: str) -> None:
        self.people, self.ledger, self.dsn = people, ledger, dsn
        self.users, self.clubs = Users(engine, ledger), Clubs(engine, ledger)

    async def register(self, email: str, joins: NewClub | Secret) -> Session:
        """Register somebody, and sign them in."""
        new = Registration(str(uuid4()), email, f"Name of {email}", "hash", joins)
        club_id, _ = await self.people.accounts.register(new, NOW)
        session = Session(str(uuid4()), club_id, str(uuid4()), uuid4().bytes, UNTIL, user_id=new.user_id)
        assert await self.people.sessions.open_by_password(session, "hash", NOW)
        return session

    async def own(self, email: str) -> Session:
        """Register somebody with a club of their own."""
        return await self.register(email, NewClub(str(uuid4()), "Canary Rovers", b"k" * 32))

    async def invite(self, session: Session, role: str) -> Secret:
        """Make an invitation to the session's club."""
        secret = Secret(session.club_id, uuid4().bytes)
        made = Invitation(str(uuid4()), session.club_id, role, 5, 0, owner(session), NOW, UNTIL)
        assert await self.people.invitations.make(made, secret.hash, as_role="owner")
        return secret

    async def link(self, session: Session) -> ScorerLink:
        """Let somebody score by a link of the session's user, under a name."""
        link = ScorerLink(str(uuid4()), session.club_id, MATCH, owner(session), NOW, UNTIL)
        assert await self.people.scorers.make(link, secret_hash=uuid4().bytes, code_hash=uuid4().bytes)
        by_link = Session(str(uuid4()), session.club_id, str(uuid4()), uuid4().bytes, UNTIL, scorer_id=link.scorer_id)
        assert await self.people.sessions.open_by_link(by_link, "Canary Volunteer", NOW)
        return link

    async def rows(self, sql: str, *values: object) -> list[Any]:
        """Read behind the application's back."""
        connection = await asyncpg.connect(self.dsn)
        try:
            return [tuple(row) for row in await connection.fetch(sql, *values)]
        finally:
            await connection.close()

    async def fill(self, club_id: str, rows: int) -> None:
        """Write rows of a club into a few of its tables."""
        connection = await asyncpg.connect(self.dsn)
        await connection.execute(
            "INSERT INTO touchline.log (club_id, version, tag, body, checksum)"
            " SELECT $1, n, 'x', 'canary', 0 FROM generate_series(1, $2::int) AS n",
            UUID(club_id),
            rows,
        )
        await connection.execute(
            "INSERT INTO grassroots.players (club_id, id, full_name, version, stamps)"
            " SELECT $1, gen_random_uuid(), 'canary', n, '[]' FROM generate_series(1, $2::int) AS n",
            UUID(club_id),
            rows,
        )
        await connection.execute(
            "INSERT INTO touchline.share_links (club_id, link_id, match_id, secret_hash, shows_score,"
            " shows_shirt_numbers, shows_venue, created_by, created_at, expires_at)"
            " VALUES ($1, $1, $1, 'x', true, false, false, $1, now(), now() + interval '30 days')",
            UUID(club_id),
        )
        await connection.close()


def owner(session: Session) -> str:
    """Return the user of a session."""
    assert session.user_id is not None
    return session.user_id


def entry(kind: Kind, identity: str) -> Entry:
    """Return the entry of an erasure now."""
    return entry_of(kind, identity, now=NOW, club_id=identity if kind == "club" else None)


@pytest.fixture
async def place(pg_database: PgDatabase, tmp_path: Path) -> AsyncIterator[Place]:
    """Give a fresh database, as the application's role."""
    engine = open_engine(pg_database.app_dsn)
    pool = await open_pool(pg_database.app_dsn)
    ledger = LedgerFile(tmp_path / "erasures.jsonl")
    yield Place(engine, open_people(engine, pool, ledger), ledger, pg_database.owner_dsn)
    await pool.close()
    await engine.dispose()


async def test_a_user_is_erased(place: Place) -> None:
    """No name, address or password is left, nor what they handed out; their phones are told to forget the club."""
    first = await place.own("owner@club.example")
    gone = await place.register("canary@club.example", await place.invite(first, "owner"))
    await place.invite(gone, "coach")
    await place.link(gone)
    found = await place.users.find("CANARY@club.example")
    assert found is not None
    assert [(each.name, each.role, each.members, each.is_sole_owner) for each in found.clubs] == [
        ("Canary Rovers", "owner", 2, False)
    ]
    assert found.devices == (gone.device_id,)
    assert await place.users.erase(found.user_id, entry("user", found.user_id))
    assert await place.users.find(found.user_id) is None
    assert await place.rows(
        "SELECT email, display_name, password_hash FROM touchline.users WHERE user_id = $1", found.user_id
    ) == [(None, "", "")]
    assert await place.rows("SELECT made_by FROM touchline.invitations WHERE made_by = $1", found.user_id) == []
    assert await place.rows("SELECT name, revoked_at FROM touchline.scorers") == [("", NOW)]
    standing = await place.people.standings.of(gone.session_id)
    assert standing is not None
    assert (standing.is_ended, standing.has_stopped(int(NOW.timestamp() * 1_000))) == (False, True)
    assert "canary" not in place.ledger.path.read_text().casefold()
    [noted] = place.ledger.read().entries
    assert (noted.kind, noted.subject) == ("user", subject_of(found.user_id))
    assert not await place.users.erase(found.user_id, entry("user", found.user_id))
    assert len(place.ledger.read().entries) == 1


async def test_an_only_owner_is_not_erased_alone(place: Place) -> None:
    """The club would be nobody's: nothing is erased or noted, until its club goes too."""
    session = await place.own("owner@club.example")
    await place.register("other@club.example", await place.invite(session, "coach"))
    with pytest.raises(SoleOwner) as refused:
        await place.users.erase(owner(session), entry("user", owner(session)))
    assert refused.value.club_ids == (session.club_id,)
    assert place.ledger.read().entries == ()
    assert await place.users.find("owner@club.example") is not None


async def test_a_club_is_erased(place: Place) -> None:
    """All rows of it go, and users of nothing else; another club and its people are as they were."""
    session = await place.own("owner@club.example")
    both = await place.register("both@club.example", await place.invite(session, "coach"))
    other = await place.own("other@club.example")
    await place.people.invitations.accept(await place.invite(other, "coach"), owner(both), NOW)
    link = await place.link(session)
    for each in (session, other):
        await place.fill(each.club_id, 7_000)
    found = await place.clubs.find(session.club_id)
    assert found is not None
    assert (found.name, found.members, found.leaving) == ("Canary Rovers", 2, (owner(session),))
    told: list[int] = []
    await place.clubs.erase(session.club_id, entry("club", session.club_id), NOW, told=told.append)
    assert max(told) == 5_000
    assert sum(told) > 14_000
    left = await counts(place, session.club_id)
    assert left == {"clubs": 1, "memberships": 2, "sessions": 3, "scorers": 1, "erasures": 2}
    assert (await counts(place, other.club_id))["log"] == 7_000
    assert await place.rows("SELECT name FROM touchline.clubs WHERE club_id = $1", session.club_id) == [("",)]
    assert await place.rows("SELECT name FROM touchline.scorers WHERE scorer_id = $1", link.scorer_id) == [("",)]
    assert await place.users.find("owner@club.example") is None
    assert await place.users.find("both@club.example") is not None
    assert await place.clubs.find(session.club_id) is None
    assert sorted(each.kind for each in place.ledger.read().entries) == ["club", "user"]
    with pytest.raises(LookupError):
        await place.clubs.shut(str(uuid4()), entry("club", session.club_id), NOW)


async def test_a_club_is_shut_however_long_that_takes(place: Place, pg_database: PgDatabase) -> None:
    """Each member costs milliseconds, and some clubs have hundreds: the limit of a push's transaction does not hold."""
    session = await place.own("owner@club.example")

    class Slow(LedgerFile):
        async def note(self, *entries: Entry) -> None:
            await until_told(is_past_the_limit)
            await super().note(*entries)

    async def is_past_the_limit() -> bool:
        young = "state = 'idle in transaction' AND xact_start > clock_timestamp() - interval '600 ms'"
        return not await place.rows(f"SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND {young}")

    sign = "&" if "?" in pg_database.app_dsn else "?"
    engine = open_engine(f"{pg_database.app_dsn}{sign}transaction_timeout=300")
    await Clubs(engine, Slow(place.ledger.path)).shut(session.club_id, entry("club", session.club_id), NOW)
    await engine.dispose()
    assert await place.clubs.find(session.club_id) is None


async def test_a_club_s_erasure_goes_on_after_a_kill(place: Place) -> None:
    """Shut, and half of it deleted: nobody gets in, and whoever comes by finishes it; later the bare club goes too."""
    session = await place.own("owner@club.example")
    await place.fill(session.club_id, 12_000)

    class Killed(Exception):
        """The process is gone."""

    def kill(_rows: int) -> None:
        raise Killed

    with pytest.raises(Killed):
        await place.clubs.erase(session.club_id, entry("club", session.club_id), NOW, told=kill)
    half = await counts(place, session.club_id)
    assert half["players"] == 12_000 or half["log"] == 12_000
    assert await place.rows("SELECT count(*) FROM touchline.share_links WHERE revoked_at IS NULL") == [(0,)]
    standing = await place.people.standings.of(session.session_id)
    assert standing is not None
    assert standing.has_stopped(int(NOW.timestamp() * 1_000))
    assert await place.clubs.go_on(session.club_id, NOW) > 12_000
    assert await counts(place, session.club_id) == {"clubs": 1, "memberships": 1, "sessions": 1, "erasures": 2}
    assert await place.clubs.go_on(session.club_id, NOW) == 0
    assert await place.clubs.go_on(session.club_id, UNTIL + timedelta(days=1)) == 5
    assert await counts(place, session.club_id) == {}


async def test_a_departure_is_noted(place: Place) -> None:
    """Somebody who deletes their own account stays away after a restore, and so does the club that was theirs alone."""
    session = await place.own("owner@club.example")
    assert await place.people.departures.depart(owner(session), "hash", NOW)
    noted = {(each.kind, each.subject) for each in place.ledger.read().entries}
    assert noted == {("user", subject_of(owner(session))), ("club", subject_of(session.club_id))}


async def test_nothing_goes_that_cannot_be_noted(place: Place) -> None:
    """A disk that is full or shut stops an erasure before it is one."""
    session = await place.own("owner@club.example")
    place.ledger.path.mkdir()
    with pytest.raises(Exception, match="nothing was erased"):
        await place.clubs.erase(session.club_id, entry("club", session.club_id), NOW)
    assert await place.users.find("owner@club.example") is not None
    assert await place.clubs.find(session.club_id) is not None


async def test_a_departure_that_cannot_be_noted_deletes_nothing(place: Place) -> None:
    """The club that is theirs alone is not emptied first."""
    session = await place.own("owner@club.example")
    await place.fill(session.club_id, 3)
    before = await counts(place, session.club_id)
    place.ledger.path.mkdir()
    with pytest.raises(LedgerUnusable):
        await place.people.departures.depart(owner(session), "hash", NOW)
    assert await counts(place, session.club_id) == before


async def counts(place: Place, club_id: str) -> dict[str, int]:
    """Return how many rows of a club each table has, where it has some."""
    tables = await place.rows(
        "SELECT table_schema, table_name FROM information_schema.columns"
        " WHERE column_name = 'club_id' AND table_schema IN ('grassroots', 'touchline')"
    )
    found: dict[str, int] = {}
    for schema, name in tables:
        assert re.fullmatch(r"[a-z_]+", name)
        [(count,)] = await place.rows(f"SELECT count(*) FROM {schema}.{name} WHERE club_id = $1", club_id)
        if count:
            found[name] = count
    return found


async def test_the_hourly_step_finishes_what_was_begun(place: Place) -> None:
    """In each club; and a rehearsal of it changes nothing."""
    session = await place.own("owner@club.example")
    await place.clubs.shut(session.club_id, entry("club", session.club_id), NOW)
    work = Hourly([session.club_id], is_rehearsal=True)
    records = Nothing()
    replay = Replay(place.ledger, place.users, place.clubs, records, clock=lambda: int(NOW.timestamp() * 1_000))
    await replay.finish(work)
    assert not work.counted
    work.is_rehearsal = False
    await place.fill(session.club_id, 10)
    await replay.finish(work)
    assert work.counted["erasures"] > 20
    assert await counts(place, session.club_id) == {"clubs": 1, "memberships": 1, "sessions": 1, "erasures": 2}


class Nothing:
    """What erases records where there are none."""

    async def erase_again(self, club_id: str, erasure: Erasure) -> Erasure | None:
        """Erase nothing."""
        return None

    async def go_on(self, club_id: str) -> int:
        """Find nothing to go on with."""
        return 0

    async def list(self, club_id: str) -> Sequence[Erasure]:
        """Return none."""
        return []


class Hourly:
    """A run of what the server does now and then."""

    def __init__(self, club_ids: Sequence[str], *, is_rehearsal: bool) -> None:
        self.club_ids, self.is_rehearsal = club_ids, is_rehearsal
        self.counted = Counter[str]()

    def note(self, name: str, count: int) -> None:
        """Count rows that went."""
        self.counted[name] += count

    async def in_each_club(self, name: str, do: Callable[[str], Awaitable[None]]) -> None:
        """Do something in each club."""
        for club_id in self.club_ids:
            await do(club_id)
