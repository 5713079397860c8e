"""The picture of a match: what a phone that scores by link is shown, at one moment, and what it never is (U27)."""

from typing import Any

import httpx

from football.collections import CATALOGUE
from football.ids import pause_id, period_id
from tests.api.identity.crowd import join, score_by
from tests.api.matchday import Teams, push_real_match, small_match
from tests.api.people import Person, code_of, put, sign_up, some_id

CONTAINED = {"match_periods", "match_pauses", "events", "event_participants", "lineup", "match_notes", "match_awards"}
NOBODY = "0.0000000000000000"


async def records(who: Person, match_id: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Return a match's picture by record."""
    told = await who.get(f"/api/matches/{match_id}/records")
    return {(row["collection"], row["record"]): row for row in told["records"]}


async def by_link(client: httpx.AsyncClient, coach: Person, match_id: str) -> Person:
    """Return somebody who scores a match by link."""
    made = (await coach.ask("POST", f"/api/matches/{match_id}/scorers", json={})).json()
    return Person(client, (await score_by(client, secret=made["secret"])).json())


async def fill(coach: Person, made: Teams) -> None:
    """Put one record of each kind into a match."""
    period, event = period_id(made.match_id, "regular", 1), some_id()
    answer = await coach.push(
        put("match_periods", period, match_id=made.match_id, number=1, started_at="2026-09-21T14:00:00.000Z"),
        put("match_pauses", pause_id(period, 1), period_id=period, ordinal=1),
        put("events", event, match_id=made.match_id, kind="goal", player_id=made.players[0]),
        put("event_participants", some_id(), event_id=event, player_id=made.players[1], kind="assist"),
        put("lineup", some_id(), match_id=made.match_id, player_id=made.players[0]),
        put("match_notes", some_id(), match_id=made.match_id, notes="Windy."),
        put("match_awards", some_id(), match_id=made.match_id, player_id=made.players[0], category="Best"),
    )
    assert answer.json()["others"] == [], answer.text


async def test_who_was_erased_is_told_to_be_forgotten(client: httpx.AsyncClient, coach: Person) -> None:
    """Whoever scores by link gets a bare tombstone of a player whom the match names, and the notes without the name."""
    made = await small_match(coach)
    await fill(coach, made)
    name = "Mira Okonkwo-Lindqvist"
    await coach.push(
        put("players", made.players[0], full_name=name),
        put("match_notes", some_id(), match_id=made.match_id, notes=f"Ask {name}"),
    )
    scorer = await by_link(client, coach, made.match_id)
    before = await records(scorer, made.match_id)
    asked = {"collection": "players", "record": made.players[0], "confirm": name}
    assert (await coach.ask("POST", "/api/erasures", json=asked)).status_code == 201
    after = await records(scorer, made.match_id)
    assert before.keys() == after.keys()
    row = after["players", made.players[0]]
    assert (row["deleted"], row["redacted"], row.get("fields", {})) == (True, True, {})
    told = {
        values["fields"]["notes"]: values.get("redacted") for key, values in after.items() if key[0] == "match_notes"
    }
    assert told == {"Windy.": None, "Ask …": True}


async def snapshot(coach: Person) -> dict[tuple[str, str], dict[str, Any]]:
    """Return what a member's device is sent."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    page: str | None = ""
    while page is not None:
        told = await coach.get(f"/api/sync/snapshot{page and '?page=' + page}")
        found |= {(row["collection"], row["record"]): row for row in told["records"]}
        page = told.get("page")
    return found


async def test_u27_it_is_the_match_as_a_snapshot_has_it(client: httpx.AsyncClient, coach: Person) -> None:
    """U27: the match and all that it contains, row for row, with versions and stamps, under the log's own head."""
    match_id = await push_real_match(coach)
    scorer = await by_link(client, coach, match_id)
    found, whole = await records(scorer, match_id), await snapshot(coach)
    own = {key: row for key, row in whole.items() if key[0] in CONTAINED or key == ("matches", match_id)}
    assert len(own) > 161
    assert {key: row for key, row in found.items() if key[0] not in {"teams", "players"}} == own
    assert {key: row for key, row in found.items() if key[0] == "teams"} == {
        key: row for key, row in whole.items() if key[0] == "teams"
    }
    told = await scorer.get(f"/api/matches/{match_id}/records")
    assert told["timestamp"] == (await coach.get("/api/sync/timestamp"))["timestamp"]
    first: dict[str, int] = {}
    for place, row in enumerate(told["records"]):
        first.setdefault(row["collection"], place)
    pairs = [(name, child) for name, children in CATALOGUE.children.items() for child, _ in children]
    kept = [(first[name], first[child]) for name, child in pairs if child in first]
    assert kept
    assert all(parent < child for parent, child in kept), "a parent stands before its children"


async def test_u27_every_kind_of_record_of_a_match_is_in_it(client: httpx.AsyncClient, coach: Person) -> None:
    """U27: whatever a scorer may write, they see."""
    made = await small_match(coach)
    await fill(coach, made)
    found = await records(await by_link(client, coach, made.match_id), made.match_id)
    assert {name for name, _ in found} == {"matches", "teams", "players", *CONTAINED}


async def test_u27_nothing_of_a_player_but_what_tells_them_apart(client: httpx.AsyncClient, coach: Person) -> None:
    """U27: no birthday and no note of a child; who left is known by name, and in no squad."""
    made = await small_match(coach)
    gone, elsewhere, deleted, other_team = (some_id() for _ in range(4))
    await coach.push(
        *(put("players", each, dob="2015-05-05", notes="secretnote", preferred_pos="ST") for each in made.players),
        put("teams", other_team, name="secretteam"),
        put("players", gone, full_name="Gone", current_team=made.home, is_active=False),
        put("players", elsewhere, full_name="Elsewhere", current_team=other_team, dob="2015-05-05"),
        put("players", some_id(), full_name="secretplayer", current_team=other_team),
        put("players", some_id(), full_name="secretinactive", current_team=made.home, is_active=False),
        put("players", deleted, full_name="secretdeleted", current_team=made.home),
        {"collection": "players", "record": deleted, "op": "delete"},
        *(
            put("events", some_id(), match_id=made.match_id, kind="goal", player_id=each)
            for each in (gone, elsewhere, deleted)
        ),
    )
    await small_match(coach)
    scorer = await by_link(client, coach, made.match_id)
    answer = await scorer.ask("GET", f"/api/matches/{made.match_id}/records")
    assert not [word for word in ("secret", "dob", "2015-05-05", "is_active", "do_not_share") if word in answer.text]
    found = await records(scorer, made.match_id)
    players = {record: row["fields"] for (name, record), row in found.items() if name == "players"}
    assert players.keys() == {*made.players, gone, elsewhere}
    usual = {"full_name": "Player Number1", "squad_number": 1, "preferred_pos": "ST", "current_team": made.home}
    assert players[made.players[0]] == usual
    assert (players[gone], players[elsewhere]) == ({"full_name": "Gone"}, {"full_name": "Elsewhere"})
    assert {record for name, record in found if name in {"matches", "teams"}} == {made.match_id, made.home, made.away}


def _goal(made: Teams, player_id: str) -> dict[str, Any]:
    return put("events", some_id(), match_id=made.match_id, kind="goal", player_id=player_id)


async def test_u27_what_was_deleted_is_told(client: httpx.AsyncClient, coach: Person) -> None:
    """U27, U4: a deleted event is a tombstone, and names nobody; of a deleted match that alone is told."""
    made = await small_match(coach)
    event, gone = some_id(), some_id()
    await coach.push(
        put("players", gone, full_name="Gone"),
        put("events", event, match_id=made.match_id, kind="goal", player_id=gone),
        {"collection": "events", "record": event, "op": "delete"},
    )
    scorer = await by_link(client, coach, made.match_id)
    found = await records(scorer, made.match_id)
    assert found["events", event]["deleted"] is True
    assert ("players", gone) not in found
    await coach.push({"collection": "matches", "record": made.match_id, "op": "delete"})
    [row] = (await records(scorer, made.match_id)).values()
    assert (row["record"], row["deleted"], row.get("fields")) == (made.match_id, True, None)
    await coach.push({"collection": "matches", "record": made.match_id, "op": "restore"})
    assert len(await records(scorer, made.match_id)) == len(found)


async def test_it_is_the_same_until_the_log_moves(client: httpx.AsyncClient, coach: Person) -> None:
    """A second look costs a 304; whatever the club writes moves the head, and is told with a new answer."""
    made = await small_match(coach)
    scorer, path = await by_link(client, coach, made.match_id), f"/api/matches/{made.match_id}/records"
    first = await scorer.ask("GET", path)
    known = {"if-none-match": first.headers["etag"]}
    assert (await scorer.ask("GET", path, headers=known)).status_code == 304
    await scorer.push(put("events", some_id(), match_id=made.match_id, kind="goal"))
    again = await scorer.ask("GET", path, headers=known)
    assert (again.status_code, len(again.json()["records"])) == (200, len(first.json()["records"]) + 1)


async def test_it_tells_of_another_history(client: httpx.AsyncClient, coach: Person) -> None:
    """A phone whose cursor this log does not know is told so, as by a pull: its queue begins again from `common`."""
    made = await small_match(coach)
    scorer, path = await by_link(client, coach, made.match_id), f"/api/matches/{made.match_id}/records"
    good = (await scorer.get(path))["timestamp"]
    foreign = good[:-1] + ("0" if good[-1] != "0" else "1")
    assert (await scorer.get(f"{path}?since={good}&acked={good}&past={good}"))["timestamp"] == good
    for query in (f"since={foreign}", f"since={good}&acked={foreign}"):
        answer = await scorer.ask("GET", f"{path}?{query}&past={foreign},{good}")
        assert code_of(answer) == (409, "log_diverged")
        assert answer.json()["common"] == good
    assert (await scorer.ask("GET", f"{path}?since={foreign}")).json()["common"] == NOBODY
    assert code_of(await scorer.ask("GET", f"{path}?past={','.join([good] * 33)}")) == (400, "malformed")
    assert code_of(await scorer.ask("GET", f"{path}?protocol=99")) == (426, "protocol_unsupported")


async def test_whose_it_is(client: httpx.AsyncClient, coach: Person) -> None:
    """U25, U27: members and the link of this match read it; for others, another club's or none, it is not there."""
    made, other = await small_match(coach), await small_match(coach)
    path = f"/api/matches/{made.match_id}/records"
    assert (await (await join(client, coach, "viewer")).ask("GET", path)).status_code == 200
    stranger = await sign_up(client, "stranger@club.example")
    elsewhere = await by_link(client, coach, other.match_id)
    for who in (stranger, elsewhere):
        assert code_of(await who.ask("GET", path)) == (404, "not_found")
    for match_id in (some_id(), made.home):
        assert code_of(await coach.ask("GET", f"/api/matches/{match_id}/records")) == (404, "not_found")
