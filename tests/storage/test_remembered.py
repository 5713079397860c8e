"""What a process remembers of shared matches: only what is proven to stand, and no more than events alone change."""

from random import Random
from typing import Any

import pytest

from football.collections import CATALOGUE
from football.feed import Drawn, Shareable, SharedMatch, of_view, project
from football.policy import ClubRules, Options
from storage.remembered import RECENT_MAX, Draft, Memory, Place, Recent, Shown, with_written
from sync.cursors import Cursor
from sync.records import Key, Record, Write
from tests.builders import CLUB, uid

MATCH, OTHER, HOME, AWAY, NINE = (uid(n) for n in range(1, 6))
ALL = Options(score=True, shirt_numbers=True, venue=True)
NOW_MS = 1_790_000_000_000
PLACE = Place(CLUB, MATCH, 7)

Fields = dict[str, Any]
View = dict[str, dict[str, Fields]]


def a_view() -> View:
    """Return a club with a match of two teams, a player of theirs, and three events."""
    match = {"kickoff_ts": "2026-09-21T14:00:00.000Z", "home_team_id": HOME, "away_team_id": AWAY}
    events = {uid(50 + n): {"match_id": MATCH, "kind": "goal", "team_id": HOME, "player_id": NINE} for n in range(3)}
    return {
        "matches": {MATCH: match},
        "teams": {each: {"name": each, "age_group": "adult"} for each in (HOME, AWAY)},
        "players": {NINE: {"full_name": "Ada", "squad_number": 9}},
        "events": events,
    }


def written(collection: str, record_id: str, fields: Fields, *, is_deleted: bool = False) -> dict[Key, Record]:
    """Return a record as a transaction has written it."""
    key = Key(collection, record_id)
    writes = {name: Write(value, "", 1, 1) for name, value in fields.items()}
    return {key: Record(key, writes, Write(True, "", 1, 1) if is_deleted else None, 1)}


def seen(what: Shareable, drawn: Drawn | None = None) -> SharedMatch:
    """Return what a link shows of it."""
    return project(what, ALL, ClubRules(), NOW_MS, str, drawn)


def test_random_events_laid_over_a_match_are_the_match_read_again() -> None:
    """Written, edited, deleted, moved away: what is remembered shows what is recorded, with what was drawn before."""
    dice, view, drawn = Random(7), a_view(), Drawn()
    what, laid = of_view(view, MATCH), 0
    for _ in range(300):
        event_id = uid(50 + dice.randrange(9))
        fields = {
            "match_id": dice.choice([MATCH, MATCH, MATCH, OTHER]),
            "kind": dice.choice(["goal", "own_goal", "save", "substitution"]),
            "team_id": dice.choice([HOME, AWAY, None]),
            "player_id": dice.choice([NINE, None]),
            "clock_ms": dice.randrange(5) * 60_000,
            "period_number": dice.randrange(1, 3),
        }
        is_deleted = dice.random() < 0.2
        view["events"].pop(event_id, None)
        if not is_deleted:
            view["events"][event_id] = fields
        found = with_written(what, MATCH, written("events", event_id, fields, is_deleted=is_deleted))
        laid += found is not None
        what = of_view(view, MATCH) if found is None else found
        assert seen(what, drawn) == seen(of_view(view, MATCH))
    assert laid > 100


@pytest.mark.parametrize(
    ("collection", "fields"),
    [
        ("matches", {"kickoff_ts": "2026-09-21T14:00:00.000Z"}),
        ("match_periods", {"match_id": MATCH, "number": 1}),
        ("match_pauses", {"period_id": uid(70)}),
        ("lineup", {"match_id": MATCH, "player_id": NINE}),
        ("teams", {"name": "Greens"}),
        ("players", {"squad_number": 10}),
        ("seasons", {"label": "2026/27"}),
        ("event_participants", {"event_id": uid(50), "kind": "substitution", "player_id": NINE}),
        ("events", {"match_id": MATCH, "kind": "goal", "player_id": uid(99)}),
    ],
)
def test_what_reaches_further_than_its_record_is_read_again(collection: str, fields: Fields) -> None:
    """A period, a player, a substitution, an event of somebody who is not known yet."""
    assert with_written(of_view(a_view(), MATCH), MATCH, written(collection, uid(80), fields)) is None


def test_what_no_view_shows_changes_none() -> None:
    """An assist, a note, an award: the match stands as it is remembered."""
    what = of_view(a_view(), MATCH)
    beside = written("event_participants", uid(80), {"event_id": uid(50), "kind": "assist", "player_id": NINE})
    assert with_written(what, MATCH, beside) is what
    hidden = set(CATALOGUE.collections) - {*a_view(), "match_periods", "match_pauses", "lineup", "seasons"}
    for collection in hidden - {"event_participants"}:
        assert with_written(what, MATCH, written(collection, uid(80), {})) is what


def kept(memory: Memory, head: Cursor, told: Recent | None = None) -> None:
    """Remember the match at a head of the club."""
    draft = memory.draft(CLUB, Cursor(0, "0"))
    draft.write({})
    what = of_view(a_view(), MATCH)
    draft.note(MATCH, what, {PLACE.view: Shown(Cursor(1, "epoch"), seen(what), Drawn(), told)})
    draft.keep(head)


def test_a_club_that_stands_elsewhere_is_not_known() -> None:
    """Another process wrote, or a copy was put back: neither a later head nor one of another history finds anything."""
    memory = Memory()
    kept(memory, Cursor(5, "five"))
    assert memory.draft(CLUB, Cursor(5, "five")).match(MATCH) is not None
    assert memory.draft(CLUB, Cursor(6, "six")).match(MATCH) is None
    assert memory.draft(CLUB, Cursor(5, "another")).match(MATCH) is None


def test_what_was_never_committed_is_not_remembered() -> None:
    """A draft that is thrown away changes nothing."""
    memory, head = Memory(), Cursor(5, "five")
    kept(memory, head)
    draft: Draft = memory.draft(CLUB, head)
    draft.write(written("events", uid(60), {"match_id": MATCH, "kind": "save"}))
    again = memory.draft(CLUB, head).match(MATCH)
    assert again is not None
    assert len(again.what.facts.events) == 3


def test_a_transaction_that_does_not_say_what_it_wrote_is_not_trusted() -> None:
    """An erasure tells no feed of its records: what was remembered of the club is gone with it."""
    memory = Memory()
    kept(memory, Cursor(5, "five"))
    memory.draft(CLUB, Cursor(5, "five")).keep(Cursor(6, "six"))
    assert memory.draft(CLUB, Cursor(6, "six")).match(MATCH) is None


async def test_a_commit_is_handed_on_to_whoever_stands_before_it() -> None:
    """Whoever stands before its first entry, at its end or in another epoch has to read."""
    memory = Memory()
    kept(memory, Cursor(5, "five"), Recent(Cursor(4, "epoch"), b"", None, [b"3", b"4"]))
    for after, is_known in ((1, False), (2, True), (3, True), (4, False)):
        assert (memory.recent(PLACE, Cursor(after, "epoch")) is not None) == is_known, after
    assert memory.recent(PLACE, Cursor(3, "another")) is None


async def test_commits_that_follow_one_another_are_handed_on_together() -> None:
    """And an epoch that begins takes all of it away, as does more than a page."""
    memory = Memory()
    memory.hand_on(PLACE, Recent(Cursor(3, "epoch"), b"", None, [b"3"]))
    memory.hand_on(PLACE, Recent(Cursor(4, "epoch"), b"", None, [b"4"]))
    found = memory.recent(PLACE, Cursor(2, "epoch"))
    assert found is not None
    assert [*found.bodies] == [b"3", b"4"]
    memory.hand_on(PLACE, Recent(Cursor(0, "fresh"), b"", None, []))
    assert memory.recent(PLACE, Cursor(2, "epoch")) is None
    memory.hand_on(PLACE, Recent(Cursor(RECENT_MAX + 1, "fresh"), b"", None, [b""] * (RECENT_MAX + 1)))
    assert memory.recent(PLACE, Cursor(0, "fresh")) is None
