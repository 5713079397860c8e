"""Pages of lists walk an index: a page costs what it holds, however many matches the club has played."""

import asyncpg
import pytest

from football.collections import CATALOGUE
from storage.clubs import set_club_sql
from storage.postgres import Tables
from sync.collections import format_instant
from sync.selections import Condition, Selection
from tests.contract.plans import CLUB, MATCH, NOW_MS, TEAM
from tests.pg import PgDatabase

MATCHES = 4_000
KICK_OFF = format_instant(NOW_MS)

FILL = f"""
INSERT INTO grassroots.matches (club_id, match_id, kickoff_ts, version, stamps)
SELECT '{CLUB}', gen_random_uuid(), timestamptz '2020-01-01' + n * interval '1 hour', n, '[]'
  FROM generate_series(1, {MATCHES}) AS n;
INSERT INTO grassroots.events (club_id, id, match_id, kind, version, stamps)
SELECT '{CLUB}', gen_random_uuid(), match_id, 'goal', version, '[]' FROM grassroots.matches, generate_series(1, 5);
ANALYZE grassroots.matches, grassroots.events;
"""


@pytest.mark.parametrize(
    ("collection", "selection", "index"),
    [
        ("matches", Selection(51, order=("kickoff_ts",), is_descending=True), "matches_kickoff"),
        (
            "matches",
            Selection(51, order=("kickoff_ts",), is_descending=True, after=(KICK_OFF, MATCH)),
            "matches_kickoff",
        ),
        ("matches", Selection(51, order=("kickoff_ts",), is_descending=True, since=KICK_OFF), "matches_kickoff"),
        ("events", Selection(51, (Condition(("match_id",), MATCH),), ("period_type", "clock_ms")), "events_match"),
        ("players", Selection(51, (Condition(("current_team",), TEAM),)), "players_"),
        ("teams", Selection(51), "teams_pkey"),
    ],
    ids=range(6),
)
async def test_a_page_walks_an_index(
    pg_database: PgDatabase, collection: str, selection: Selection, index: str
) -> None:
    """As the application's role, under its row policies: no table is read whole, and few rows of the index."""
    sql, values = Tables(CATALOGUE).selectors[collection].page(CLUB, selection)
    owner = await asyncpg.connect(pg_database.owner_dsn)
    connection = await asyncpg.connect(pg_database.app_dsn)
    try:
        await owner.execute(FILL)
        await connection.execute(f"BEGIN; {set_club_sql(CLUB)}")
        if collection in ("players", "teams"):  # empty here, and an empty table is read whole
            await connection.execute("SET LOCAL enable_seqscan = off")
        plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN (ANALYZE, COSTS off) {sql}", *values))
    finally:
        await connection.close()
        await owner.close()
    assert index in plan
    assert "Seq Scan" not in plan
    assert f"rows={MATCHES}" not in plan
