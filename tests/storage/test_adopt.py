"""An old club's database becomes a club of Touchline: whole, in place, in one transaction, or not at all."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from football.collections import CATALOGUE
from football.ids import stint_id
from football.scoreboard import score_of
from storage.adoption.adopt import Adopted, State, adopt
from storage.adoption.club import Adoption
from storage.adoption.fitness import AdoptionImpossible
from storage.embedded.bundle import run_user, usable_bundle
from storage.migrate import MigrationError, check_schema, migrate
from storage.readiness import check_fit
from storage.schema_dump import dump, schema_dump
from sync.collections import with_defaults
from tests.harness import CLUB, NOW_MS, Phone, Site, uid
from tests.pg import PgDatabase, PgServer
from tests.storage.old_club import OldClub, build
from tests.stores import PostgresStand

ZONE = ZoneInfo("Europe/London")
MATCHES = 60
OWNER = uid(0x0E)
END_OTHERS = """
SELECT bool_or(pg_terminate_backend(pid)) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def adoption(*, is_rehearsal: bool = False, time_zone: str | None = "Europe/London") -> Adoption:
    """Return the club that the harness speaks of."""
    return Adoption(
        CLUB, "Reds FC", b"k" * 32, OWNER, "coach@reds.example", "Ann", "hash", uid(0xADD), time_zone, is_rehearsal
    )


async def take(
    database: PgDatabase, wanted: Adoption | None = None, tell: Callable[[int, int], None] = lambda *_: None
) -> Adopted:
    """Adopt a database."""
    dice = random.Random(3).randbytes
    return await adopt(database.owner_dsn, wanted or adoption(), clock=lambda: NOW_MS, dice=dice, tell=tell)


async def execute(database: PgDatabase, *statements: str) -> Any:  # noqa: ANN401 - what the query answers
    """Run statements as the owner, and answer the last one's first value."""
    connection = await asyncpg.connect(database.owner_dsn)
    try:
        for statement in statements[:-1]:
            await connection.execute(statement)
        return await connection.fetchval(statements[-1])
    finally:
        await connection.close()


async def whole(database: PgDatabase) -> str:
    """Return all that is in a database, as pg_dump writes it."""
    return await dump(usable_bundle(run_user()).program("pg_dump"), database.owner_dsn)


@pytest.fixture
async def site(pg_server: PgServer, empty_database: PgDatabase) -> AsyncIterator[Site]:
    """Give the engine as the application's own role has it, under the row policies."""
    stand = PostgresStand(CATALOGUE, pg_server, empty_database)
    await stand.open()
    yield Site(stand)
    await stand.close()


def expected(club: OldClub) -> dict[str, dict[str, dict[str, Any]]]:
    """Return what a device shows of an old club, told by hand from its rows."""
    columns = {
        "seasons": ["id", "label"],
        "teams": [
            "id", "name", "home_kit_primary", "home_kit_secondary", "away_kit_primary", "away_kit_secondary",
            "logo_url",
        ],
        "players": ["id", "full_name", "squad_number", "preferred_pos", "dob", "notes", "current_team", "-"],
        "matches": [
            "id", "season_id", "kickoff_ts", "competition", "home_team_id", "away_team_id", "venue", "duration_mins",
            "period_format", "our_score", "opponent_score", "notes",
        ],
        "events": [
            "id", "match_id", "season_id", "period_number", "clock_ms", "kind", "team_id", "player_id", "notes",
            "sentiment",
        ],
        "event_participants": ["id", "event_id", "player_id", "kind"],
        "lineup": ["match_id", "player_id", "start_min", "end_min", "position"],
        "awards": ["id", "season_id", "player_id", "category", "notes"],
        "match_awards": ["id", "match_id", "player_id", "category", "notes"],
        "match_notes": ["id", "match_id", "notes", "period_number"],
    }  # fmt: skip
    own = {str(team) for _, _, _, _, _, _, team, *_ in club.rows["players"] if team is not None}
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for table, names in columns.items():
        ordinals: dict[tuple[str, str], int] = {}
        for row in club.rows[table]:
            values = {name: on_the_wire(value) for name, value in zip(names, row, strict=False) if value is not None}
            values.pop("-", None)
            if values.get("logo_url") == "":
                del values["logo_url"]
            if table == "lineup":
                of = values["match_id"], values["player_id"]
                ordinals[of] = ordinals.get(of, 0) + 1
                values["id"] = stint_id(*of, ordinals[of])
            if table == "matches":
                values["our_side"] = "home" if values["home_team_id"] in own else "away"
            found.setdefault(table, {})[values.pop("id")] = values
    return found


def on_the_wire(value: Any) -> Any:  # noqa: ANN401 - a column's value
    """Return a value as a device has it."""
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value


async def test_a_fresh_device_pulls_every_old_row(empty_database: PgDatabase, site: Site) -> None:
    """Thousands of nasty rows arrive on a phone, by the log and by a snapshot, as they were."""
    club = OldClub(MATCHES)
    await build(empty_database.owner_dsn, club)
    done = await take(empty_database)
    assert (done.state, done.conflicts) == (State.ADOPTED, 0)
    by_log, by_snapshot = Phone(site, 1), Phone(site, 2)
    await by_log.pull()
    by_snapshot.device.expired()
    await by_snapshot.pull()
    view = {name: found for name, found in by_log.view().items() if found}
    assert view == expected(club)
    assert {name: found for name, found in by_snapshot.view().items() if found} == view
    assert sum(len(found) for found in view.values()) == club.count


async def test_times_and_scores_are_what_they_were(empty_database: PgDatabase, site: Site) -> None:
    """When a row was made stays to the microsecond, and a result by hand is of the side that it was of."""
    club = OldClub(MATCHES)
    await build(empty_database.owner_dsn, club)
    done = await take(empty_database)
    view = await site.view()
    assert done.survey is not None
    (changed,) = [note.rows for note in done.survey.notes if "another score" in note.text]
    shown_by_hand = 0
    for match, *_ in club.rows["matches"]:
        facts = await site.facts(str(match))
        values = with_defaults(CATALOGUE.collections["matches"], view["matches"][str(match)])
        ours, theirs = values["our_score"], values["opponent_score"]
        old = (ours, theirs) if values["our_side"] == "home" else (theirs, ours)
        score = score_of(facts)
        assert ((score.home, score.away) == old) == (str(match) not in changed)
        shown_by_hand += not facts.events and (score.home, score.away) == old
    assert shown_by_hand == MATCHES / 4
    connection = await asyncpg.connect(empty_database.owner_dsn)
    players = {row["id"]: row for row in await connection.fetch("SELECT * FROM grassroots.players")}
    matches = {row["match_id"]: row for row in await connection.fetch("SELECT * FROM grassroots.matches")}
    await connection.close()
    for row in club.rows["players"]:
        made, changed_at = row[-2:]
        assert (players[row[0]]["created_at"], players[row[0]]["updated_at"]) == (made, changed_at or made)
    for row in club.rows["matches"]:
        assert matches[row[0]]["created_at"] == row[-1].replace(tzinfo=ZONE), "without a zone it is London's"


async def test_the_schema_is_schema_sql_and_fit_to_serve(empty_database: PgDatabase, pg_database: PgDatabase) -> None:
    """Nothing of the old keys, uniques and types is left in it, and a server starts on it."""
    await build(empty_database.owner_dsn, OldClub(4))
    await take(empty_database)
    pg_dump = usable_bundle(run_user()).program("pg_dump")
    adopted = await schema_dump(
        pg_dump, empty_database.owner_dsn, without_tables=("touchline.migrations",), without_schema="grassroots_before"
    )
    assert adopted == await schema_dump(pg_dump, pg_database.owner_dsn)
    assert await migrate(empty_database.owner_dsn) == []
    await check_schema(empty_database.app_dsn)
    await check_fit(empty_database.app_dsn, is_durable=False)


async def test_the_old_tables_stay_aside_with_what_is_the_clubs_own(empty_database: PgDatabase) -> None:
    """Own columns, tables, views and triggers are named and kept; the way back is a rename."""
    club = OldClub(4)
    await build(empty_database.owner_dsn, club)
    await execute(empty_database, "CREATE VIEW public.names AS SELECT full_name FROM grassroots.players", "SELECT 1")
    before = await whole(empty_database)
    done = await take(empty_database)
    assert done.survey is not None
    assert done.survey.own_things == [
        "function grassroots.touch()",
        "table grassroots.subs_paid",
        "trigger touch on grassroots.teams",
        "view grassroots.top_scorers",
        "view names",
    ]
    assert any("shoe_size" in note.text for note in done.survey.notes)
    assert await execute(empty_database, "SELECT count(*) FROM grassroots_before.players WHERE shoe_size = 38.5") == 60
    assert await execute(empty_database, "SELECT count(*) FROM public.names") == 60
    assert (
        await execute(empty_database, "SELECT long_name FROM grassroots.positions WHERE pos_code = 'LIB'") == "Libero"
    )
    back = ["DROP SCHEMA grassroots, touchline CASCADE", "ALTER SCHEMA grassroots_before RENAME TO grassroots"]
    await execute(empty_database, *back, "SELECT 1")
    assert await whole(empty_database) == before


async def test_phones_go_on_from_there(empty_database: PgDatabase, site: Site) -> None:
    """A phone that has pulled edits an old row, and another sees it; a new row with an old name asks."""
    club = OldClub(4)
    await build(empty_database.owner_dsn, club)
    await take(empty_database)
    ann, ben = Phone(site, 1), Phone(site, 2)
    await ann.pull()
    player = str(club.rows["players"][0][0])
    edit = ann.put("players", player, squad_number=99)
    ann.put("teams", uid(0x7EA), name=club.rows["teams"][0][1])
    await ann.sync()
    await ben.pull()
    assert ann.words()[edit.n] == "applied"
    assert ben.view()["players"][player]["squad_number"] == 99
    assert [each["kind"] for each in ben.conflicts()] == ["duplicate"]


async def test_the_owner_is_one_member_of_one_club(empty_database: PgDatabase) -> None:
    """The club has its name and its owner, who can sign in."""
    await build(empty_database.owner_dsn)
    await take(empty_database)
    connection = await asyncpg.connect(empty_database.owner_dsn)
    row = await connection.fetchrow(
        "SELECT name, email, role, password_hash FROM touchline.clubs JOIN touchline.memberships USING (club_id)"
        " JOIN touchline.users USING (user_id)"
    )
    await connection.close()
    assert row is not None
    assert tuple(row) == ("Reds FC", "coach@reds.example", "owner", "hash")


async def test_broken_uniques_become_questions(empty_database: PgDatabase, site: Site) -> None:
    """Two players of one name in a team, where the unique was dropped: both are kept, and a person is asked."""
    club = OldClub(1)
    await build(empty_database.owner_dsn, club)
    twin = (
        "INSERT INTO grassroots.players (full_name, current_team)"
        " SELECT full_name, current_team FROM grassroots.players WHERE current_team IS NOT NULL LIMIT 1"
    )
    await execute(empty_database, "ALTER TABLE grassroots.players DROP CONSTRAINT one_name_in_a_team", twin, "SELECT 1")
    done = await take(empty_database)
    assert (done.state, done.conflicts) == (State.ADOPTED, 1)
    assert [each["kind"] for each in await site.open_conflicts()] == ["duplicate"]


async def test_a_second_run_does_nothing(empty_database: PgDatabase) -> None:
    """The database says that it is adopted, also once the old tables are gone."""
    await build(empty_database.owner_dsn, OldClub(4))
    await take(empty_database)
    await execute(empty_database, "DROP SCHEMA grassroots_before CASCADE", "SELECT 1")
    before = await whole(empty_database)
    assert await take(empty_database) == Adopted(State.ALREADY)
    assert await whole(empty_database) == before


async def test_a_rehearsal_changes_nothing(empty_database: PgDatabase) -> None:
    """It tells what the adoption would, and pg_dump says the same before and after."""
    await build(empty_database.owner_dsn, OldClub(8))
    before = await whole(empty_database)
    rehearsed = await take(empty_database, adoption(is_rehearsal=True))
    assert rehearsed.state is State.REHEARSED
    assert await whole(empty_database) == before
    adopted = await take(empty_database)
    assert adopted.survey is not None
    assert rehearsed.survey is not None
    assert adopted.survey.tables == rehearsed.survey.tables
    assert adopted.survey.notes == rehearsed.survey.notes


REFUSALS = {
    "a number beyond its bounds": (
        "UPDATE players SET squad_number = 0",
        ("players", "squad_number"),
        "takes 1 to 99",
        "SET squad_number = NULL WHERE id = '",
    ),
    "a text that is too long": (
        "UPDATE matches SET notes = repeat('n', 1001)",
        ("matches", "notes"),
        "at most 1000 characters",
        "Shorten",
    ),
    "an empty name": ("UPDATE teams SET name = ' '", ("teams", "name"), "at least 1 char", "Give it a name"),
    "no value where one is needed": (
        "ALTER TABLE matches ALTER kickoff_ts DROP NOT NULL; UPDATE matches SET kickoff_ts = NULL",
        ("matches", "kickoff_ts"),
        "must have a value",
        "Give it a value",
    ),
    "a time out of the calendar": (
        "UPDATE matches SET kickoff_ts = 'infinity'",
        ("matches", "kickoff_ts"),
        "a time such as",
        "Correct it",
    ),
    "a day before our era": ("UPDATE players SET dob = '0044-03-15 BC'", ("players", "dob"), "a date", "dob = NULL"),
    "no number": ("UPDATE lineup SET start_min = 'NaN'", ("lineup", "start_min"), "takes a number", "Correct it"),
    "a colour that is none": (
        "UPDATE teams SET home_kit_primary = 'red'",
        ("teams", "home_kit_primary"),
        "the form",
        "= NULL",
    ),
    "a kind of the club's own": (
        "ALTER TABLE events ALTER kind TYPE text; UPDATE events SET kind = 'throw_in'",
        ("events", "kind"),
        "one of goal, assist",
        "one of these words",
    ),
    "an event of no match": (
        "ALTER TABLE events DROP CONSTRAINT events_match_id_fkey; UPDATE events SET match_id = gen_random_uuid()",
        ("events", "match_id"),
        "which matches does not have",
        "DELETE FROM grassroots.events WHERE id = '",
    ),
    "a stint of no match": (
        "ALTER TABLE lineup DROP CONSTRAINT lineup_match_id_fkey; UPDATE lineup SET match_id = gen_random_uuid()",
        ("lineup", "match_id"),
        "which matches does not have",
        "DELETE FROM grassroots.lineup WHERE ctid = '(",
    ),
    "one key twice": (
        "DROP INDEX events_by_id CASCADE; INSERT INTO events SELECT * FROM events LIMIT 1",
        ("events", "id"),
        "Another row has this key",
        "gen_random_uuid() WHERE ctid = '(",
    ),
    "no key": ("UPDATE events SET id = NULL WHERE kind = 'foul'", ("events", "id"), "no key", "gen_random_uuid()"),
    "a key that is no UUID": (
        "ALTER TABLE match_notes ALTER match_note_id TYPE text; UPDATE match_notes SET match_note_id = 'note 1'",
        ("match_notes", "match_note_id"),
        "no UUID",
        "Give the row",
    ),
    "a column that is missing": (
        "ALTER TABLE awards DROP COLUMN category",
        ("awards", "category"),
        "no column category",
        "Add it",
    ),
    "a view in the place of a table": (
        "ALTER TABLE awards RENAME TO kept; CREATE VIEW awards AS SELECT * FROM kept",
        ("awards", ""),
        "view",
        "Put its rows",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
async def test_what_cannot_be_kept_is_refused_by_name(empty_database: PgDatabase, case: str) -> None:
    """Each refusal names table, column and row, why, and what to do; and nothing has changed."""
    spoil, place, why, remedy = REFUSALS[case]
    await build(empty_database.owner_dsn, OldClub(2))
    await execute(
        empty_database,
        "SET search_path = grassroots, public",
        "DROP VIEW top_scorers; ALTER TABLE teams DROP CONSTRAINT teams_name_key",
        spoil,
        "SELECT 1",
    )
    before = await whole(empty_database)
    done = await take(empty_database)
    assert done.state is State.REFUSED
    assert done.survey is not None
    assert done.survey.refusals
    assert done.survey.rows == []
    for each in done.survey.refusals:
        assert (each.table, each.column) == place
        assert why in each.why
        assert remedy in each.remedy
        assert each.row or case in {"a column that is missing", "a view in the place of a table"}
    assert await whole(empty_database) == before


async def test_the_remedy_of_a_refusal_works(empty_database: PgDatabase) -> None:
    """The SQL that a refusal tells, run as it stands, makes way for the adoption."""
    await build(empty_database.owner_dsn, OldClub(2))
    await execute(empty_database, "UPDATE grassroots.players SET squad_number = 0 WHERE squad_number < 9", "SELECT 1")
    done = await take(empty_database)
    assert done.survey is not None
    remedies = [each.remedy.partition("or: ")[2] for each in done.survey.refusals]
    assert len(remedies) > 3
    await execute(empty_database, *remedies, "SELECT 1")
    assert (await take(empty_database)).state is State.ADOPTED


async def test_a_loose_old_schema_is_taken_too(empty_database: PgDatabase, site: Site) -> None:
    """Keys as text in capitals, whole numbers as decimals, times without a zone, tables that are not there."""
    match, player = "AB5F0000-0000-4000-8000-00000000000A", "AB5F0000-0000-4000-8000-00000000000B"
    await execute(
        empty_database,
        "CREATE SCHEMA grassroots",
        "CREATE TABLE grassroots.players (id text, full_name char(40), squad_number numeric, dob timestamp)",
        "CREATE TABLE grassroots.matches (match_id varchar(36), kickoff_ts timestamp, duration_mins double precision)",
        "CREATE TABLE grassroots.lineup (id serial, match_id text, player_id text, start_min integer)",
        f"INSERT INTO grassroots.players VALUES ('{player}', 'Zoë', 7.0, '2012-05-06 00:00')",
        f"INSERT INTO grassroots.matches VALUES ('{match}', '2024-07-06 10:30', 50)",
        f"INSERT INTO grassroots.lineup VALUES (1, '{match}', '{player}', 30), (2, '{match}', '{player}', 0)",
        "SELECT 1",
    )
    assert (await take(empty_database)).state is State.ADOPTED
    view = await site.view()
    match, player = match.lower(), player.lower()
    assert view["players"][player] == {"full_name": "Zoë", "squad_number": 7, "dob": "2012-05-06"}
    assert view["matches"][match] == {"kickoff_ts": "2024-07-06T09:30:00.000Z", "duration_mins": 50}
    assert {key: stint["start_min"] for key, stint in view["lineup"].items()} == {
        stint_id(match, player, 1): 0.0,
        stint_id(match, player, 2): 30.0,
    }


async def test_ending_half_way_leaves_all_as_it_was(empty_database: PgDatabase) -> None:
    """Whether the program ends or its connection is cut, the old database is what it was, and can be adopted then."""
    await build(empty_database.owner_dsn, OldClub(20))
    before = await whole(empty_database)

    def stop(done: int, _total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await take(empty_database, tell=stop)
    assert await whole(empty_database) == before
    cuts: list[asyncio.Task[Any]] = []

    def cut(done: int, _total: int) -> None:
        if done and not cuts:
            cuts.append(asyncio.ensure_future(execute(empty_database, END_OTHERS)))

    with pytest.raises(AdoptionImpossible, match="was lost"):
        await take(empty_database, tell=cut)
    assert await cuts[0]
    assert await whole(empty_database) == before
    assert (await take(empty_database)).state is State.ADOPTED


async def test_what_is_no_old_database_is_told(empty_database: PgDatabase) -> None:
    """Nothing to adopt, a zone that is none, tables of another time, somebody who writes: a sentence each."""
    with pytest.raises(AdoptionImpossible, match="no schema grassroots"):
        await take(empty_database)
    await build(empty_database.owner_dsn)
    with pytest.raises(AdoptionImpossible, match="no time zone Mars/Olympus"):
        await take(empty_database, adoption(time_zone="Mars/Olympus"))
    writer = await asyncpg.connect(empty_database.owner_dsn)
    async with writer.transaction():
        await writer.execute("INSERT INTO grassroots.seasons (label) VALUES ('98/99')")
        with pytest.raises(AdoptionImpossible, match="Somebody is writing"):
            await take(empty_database)
    await writer.execute("CREATE SCHEMA grassroots_before")
    await writer.close()
    with pytest.raises(AdoptionImpossible, match="grassroots_before is there already"):
        await take(empty_database)


async def test_a_server_that_meets_an_old_database_names_the_way(empty_database: PgDatabase) -> None:
    """It does not start, tells of the command, and what it left behind is not in the way."""
    await build(empty_database.owner_dsn, OldClub(1))
    with pytest.raises(MigrationError, match="touchline adopt --dry-run"):
        await migrate(empty_database.owner_dsn)
    assert (await take(empty_database)).state is State.ADOPTED


async def test_an_owner_who_is_no_superuser(pg_server: PgServer, empty_database: PgDatabase, site: Site) -> None:
    """The old tables' plain owner adopts, once an administrator let it take the server's role; before, it is told."""
    role = f"club_{empty_database.name}"
    name, club = empty_database.name, OldClub(4)
    pg_server.execute(f"CREATE ROLE {role}", f"GRANT CREATE ON DATABASE {name} TO {role}")
    plain = replace(empty_database, owner_dsn=f"{empty_database.owner_dsn}&role={role}")
    try:
        await build(plain.owner_dsn, club)
        with pytest.raises(AdoptionImpossible, match="permission denied to grant role"):
            await take(plain)
        pg_server.execute(f"GRANT touchline_app TO {role}")
        assert (await take(plain)).state is State.ADOPTED
        assert sum(map(len, (await site.view()).values())) == club.count
    finally:
        pg_server.execute(f"DROP OWNED BY {role}", database=name)
        pg_server.execute(f"DROP OWNED BY {role}", f"DROP ROLE {role}")
