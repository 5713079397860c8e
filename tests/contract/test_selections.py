"""What a store selects is what the pure meaning of a selection says, in the same order, page by page."""

import random
from typing import Any

import pytest
from msgspec.structs import replace

from football.collections import CATALOGUE
from football.vocabulary import EVENT_KINDS, PERIOD_TYPES
from sync.ports import Store
from sync.records import Key, Record
from sync.selections import Condition, Selection, place_of, select
from tests.contract.plans import CLUB, CLUB_2, KEY, MATCH, MATCH_2, TEAM, record, save, uid, write

KICK_OFFS = [f"2026-{month:02d}-20T10:00:00.{ms:03d}Z" for month in (1, 9) for ms in (0, 1)]
TEAMS = [TEAM, uid(31), None]


def some_matches(dice: random.Random) -> list[Record]:
    """Return matches with many equal values, some deleted, some never created."""
    made: list[Record] = []
    for number in range(40):
        fields: dict[str, Any] = {
            "home_team_id": dice.choice(TEAMS),
            "away_team_id": dice.choice(TEAMS),
            "called_off": dice.choice([None, "cancelled", "postponed"]),
        }
        if dice.random() < 0.9:
            fields["kickoff_ts"] = dice.choice(KICK_OFFS)
        made.append(record("matches", uid(100 + number), fields, deleted=dice.choice([None, None, False, True])))
    return made


def some_events(dice: random.Random) -> list[Record]:
    """Return events of two matches, with many equal values and fields that nobody wrote."""
    made: list[Record] = []
    for number in range(40):
        fields: dict[str, Any] = {"match_id": dice.choice([MATCH, MATCH_2]), "kind": dice.choice(EVENT_KINDS[:3])}
        for name, choices in (("period_type", PERIOD_TYPES), ("period_number", (1, 2)), ("clock_ms", (0, 7))):
            if dice.random() < 0.7:
                fields[name] = dice.choice(choices)
        made.append(record("events", uid(200 + number), fields, deleted=dice.choice([None, None, True])))
    return made


ORDERS = {"matches": ("kickoff_ts",), "events": ("period_type", "period_number", "clock_ms")}
QUESTIONS: list[tuple[str, Selection]] = [
    ("matches", Selection(9)),
    ("matches", Selection(7, order=("kickoff_ts",), is_descending=True)),
    ("matches", Selection(7, order=("kickoff_ts",), since=KICK_OFFS[1])),
    ("matches", Selection(7, order=("kickoff_ts",), since=KICK_OFFS[1], until=KICK_OFFS[3], is_descending=True)),
    ("matches", Selection(5, (Condition(("home_team_id", "away_team_id"), TEAM),))),
    ("matches", Selection(5, (Condition(("called_off",), None), Condition(("away_team_id",), uid(31))))),
    ("matches", Selection(5, (Condition(("kickoff_ts",), KICK_OFFS[2]),), order=("duration_mins",))),
    ("events", Selection(4, (Condition(("match_id",), MATCH),), order=ORDERS["events"])),
    ("events", Selection(4, (Condition(("kind",), "goal"),), order=ORDERS["events"], is_descending=True)),
    ("events", Selection(3, (Condition(("match_id",), MATCH_2), Condition(("period_number",), 2)))),
]


@pytest.mark.parametrize(("collection", "asked"), QUESTIONS, ids=range(len(QUESTIONS)))
async def test_pages_are_what_the_selection_means(store: Store, collection: str, asked: Selection) -> None:
    """Each page equals the pure selection's, and the pages together are the whole, in order, without a repeat."""
    dice = random.Random(f"{collection}{asked}")
    records = some_matches(dice) if collection == "matches" else some_events(dice)
    await save(store, records=records)
    declared = CATALOGUE.collections[collection]
    whole = select(CATALOGUE, declared, replace(asked, limit=1_000), records)
    found: list[Record] = []
    place = None
    while True:
        selection = replace(asked, after=place)
        page = await store.select(CLUB, collection, selection)
        expected = select(CATALOGUE, declared, selection, records)
        assert [each.key for each in page] == [each.key for each in expected]
        assert [each.values() for each in page] == [each.values() for each in expected]
        found += page
        if len(page) < asked.limit:
            break
        place = place_of(declared, asked.order, page[-1])
    assert [each.key for each in found] == [each.key for each in whole]


async def test_a_selection_is_of_one_club(store: Store) -> None:
    """Another club's records are never among them."""
    await store.create_club(CLUB_2, hash_key=KEY)
    await save(store, records=[record("teams", TEAM, {"name": "Reds"})])
    await save(store, club_id=CLUB_2, records=[record("teams", uid(32), {"name": "Blues"})])
    assert [each.key.record for each in await store.select(CLUB, "teams", Selection(9))] == [TEAM]


async def test_a_selection_gives_records_whole(store: Store) -> None:
    """Writes come with their stamps and versions, as from every other look-up."""
    await save(store, records=[Record(Key("teams", TEAM), {"name": write("Reds", tick=5, n=3, version=1)})])
    assert list(await store.select(CLUB, "teams", Selection(9))) == list(await store.records(CLUB, "teams", {}))
