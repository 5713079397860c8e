"""Whole matches are read in bounded parts, without what is deleted or half there, and never of another club."""

from collections.abc import AsyncIterator, Mapping
from uuid import uuid4

import pytest
from msgspec import Raw

from football.collections import CATALOGUE
from football.facts import MatchFacts, gather
from football.ids import period_id
from football.recording import as_view, record, recorded_id
from football.scoreboard import score_of
from storage.engine import Engine
from storage.matches import MATCHES_MAX, MatchReader, Wanted
from storage.postgres import PostgresStore, open_pool
from sync.messages import Mutation, Op, PushRequest, encode
from tests.football.builders import KICKOFF_MS, real_match
from tests.pg import PgDatabase

NOW_MS = KICKOFF_MS + 86_400_000
BESIDE = {"version", "created_ms"}
KICKOFF = "2026-09-20T10:00:00.000Z"


class Club:
    """A club that somebody writes to."""

    def __init__(self, engine: Engine, reader: MatchReader) -> None:
        """Begin with nothing."""
        self.id = str(uuid4())
        self.reader = reader
        self._engine = engine
        self._device = str(uuid4())
        self._n = 0

    async def write(self, *wanted: tuple[str, str, Mapping[str, object] | None]) -> None:
        """Push puts of (collection, id, fields); no fields delete."""
        mutations: list[Raw] = []
        for collection, record_id, fields in wanted:
            self._n += 1
            op: Op = "delete" if fields is None else "put"
            mutations.append(Raw(encode(Mutation(self._n, collection, record_id, op, NOW_MS, fields or {}))))
        answer = await self._engine.push(self.id, "coach", PushRequest(self._device, NOW_MS, mutations))
        assert all(each.verdict in {"applied", "parked"} for each in answer.others)

    async def match(self, match_id: str) -> MatchFacts:
        """Return a match that is there."""
        found = await self.reader.match(self.id, match_id)
        assert found is not None
        return found


@pytest.fixture
async def clubs(pg_database: PgDatabase) -> AsyncIterator[tuple[Club, Club]]:
    """Give two clubs on one database."""
    pool = await open_pool(pg_database.app_dsn)
    store = PostgresStore(pool, CATALOGUE)
    engine = Engine(CATALOGUE, store, clock=lambda: NOW_MS, dice=lambda size: uuid4().bytes[:size])
    reader = MatchReader(pool, CATALOGUE)
    made = Club(engine, reader), Club(engine, reader)
    for club in made:
        await engine.store.create_club(club.id, hash_key=b"k" * 32)
    yield made
    await pool.close()


async def test_a_match_is_read_as_it_was_recorded(clubs: tuple[Club, Club]) -> None:
    """The real match: what is read folds to what a device's own view does, field by field."""
    club, _ = clubs
    facts = record(real_match(), seed="a", kickoff_ms=KICKOFF_MS)
    await club.write(*((fact.collection, fact.id, dict(fact.fields)) for fact in facts))
    match_id = recorded_id("a", "match")
    found, expected = await club.match(match_id), gather(as_view(facts), match_id)
    for name in MatchFacts.__struct_fields__[1:]:
        rows = [dict(each) for each in getattr(expected, name)]
        assert [{key: each[key] for key in each if key not in BESIDE} for each in getattr(found, name)] == rows
    assert str(score_of(found)) == "2-2"
    assert all(each["version"] > 0 and each["created_ms"] > 0 for each in found.events)


async def test_what_is_deleted_or_half_there_is_left_out(clubs: tuple[Club, Club]) -> None:
    """A deleted goal, a goal without its kind, a deleted half with its pauses, and an orphan's parts are not read."""
    club, _ = clubs
    match_id, goal, half, gone = (str(uuid4()) for _ in range(4))
    first = period_id(match_id, "regular", 1)
    await club.write(
        ("matches", match_id, {"kickoff_ts": KICKOFF}),
        ("events", goal, {"match_id": match_id, "kind": "goal"}),
        ("events", gone, {"match_id": match_id, "kind": "goal"}),
        ("events", half, {"match_id": match_id}),
        ("event_participants", str(uuid4()), {"event_id": gone, "player_id": str(uuid4()), "kind": "assist"}),
        ("match_periods", first, {"match_id": match_id, "number": 1}),
        ("match_pauses", str(uuid4()), {"period_id": first, "ordinal": 1}),
        ("events", gone, None),
        ("match_periods", first, None),
    )
    found = await club.match(match_id)
    assert [each["id"] for each in found.events] == [goal]
    assert (found.periods, found.pauses, found.participants) == ((), (), ())
    assert await club.reader.deleted(club.id, "events", [goal, gone, half]) == {gone}
    await club.write(("matches", match_id, None))
    assert await club.reader.match(club.id, match_id) is None


async def test_a_season_is_read_in_parts(clubs: tuple[Club, Club]) -> None:
    """In the order of the kick-offs, each match once, never more than a part holds."""
    club, _ = clubs
    season, ids = str(uuid4()), [str(uuid4()) for _ in range(2 * MATCHES_MAX + 1)]
    for place in range(0, len(ids), 20):
        kickoffs = enumerate(ids[place : place + 20], place)
        await club.write(
            *(
                ("matches", each, {"kickoff_ts": f"2026-08-01T{n // 60:02d}:{n % 60:02d}:00.000Z", "season_id": season})
                for n, each in kickoffs
            )
        )
    parts = [part async for part in club.reader.parts(club.id, Wanted(season_id=season))]
    assert [len(part) for part in parts] == [MATCHES_MAX, MATCHES_MAX, 1]
    assert [facts.match["id"] for part in parts for facts in part] == ids


async def test_the_matches_of_a_team_and_of_a_player(clubs: tuple[Club, Club]) -> None:
    """Home or away; on the pitch, in an event, or in a part of one; what was deleted does not count."""
    club, _ = clubs
    team, player = str(uuid4()), str(uuid4())
    home, away, played, did, helped, dropped = (str(uuid4()) for _ in range(6))
    goal, foul = str(uuid4()), str(uuid4())
    await club.write(
        ("matches", home, {"kickoff_ts": KICKOFF, "home_team_id": team}),
        ("matches", away, {"kickoff_ts": KICKOFF, "away_team_id": team}),
        *(("matches", each, {"kickoff_ts": KICKOFF}) for each in (played, did, helped, dropped)),
        ("lineup", str(uuid4()), {"match_id": played, "player_id": player}),
        ("events", str(uuid4()), {"match_id": did, "kind": "foul", "player_id": player}),
        ("events", goal, {"match_id": helped, "kind": "goal"}),
        ("event_participants", str(uuid4()), {"event_id": goal, "player_id": player, "kind": "assist"}),
        ("events", foul, {"match_id": dropped, "kind": "foul", "player_id": player}),
        ("events", foul, None),
    )
    assert set(await club.reader.match_ids(club.id, Wanted(team_id=team))) == {home, away}
    assert set(await club.reader.match_ids(club.id, Wanted(player_id=player))) == {played, did, helped}
    assert set(await club.reader.match_ids(club.id, Wanted())) == {home, away, played, did, helped, dropped}


async def test_no_row_of_another_club(clubs: tuple[Club, Club]) -> None:
    """The same ids in two clubs are two records; what one has, the other does not see."""
    club, other = clubs
    match_id, player = str(uuid4()), str(uuid4())
    await club.write(
        ("matches", match_id, {"kickoff_ts": KICKOFF}),
        ("players", player, {"full_name": "Ada"}),
        ("events", str(uuid4()), {"match_id": match_id, "kind": "goal", "player_id": player}),
    )
    assert await other.reader.match(other.id, match_id) is None
    assert await other.reader.named(other.id, "players", [player]) == {}
    assert await other.reader.match_ids(other.id, Wanted(player_id=player)) == []
    await other.write(("matches", match_id, {"kickoff_ts": KICKOFF}))
    assert (await other.match(match_id)).events == ()
    assert len((await club.match(match_id)).events) == 1
    assert await other.reader.greatest_clock(other.id) > 0
