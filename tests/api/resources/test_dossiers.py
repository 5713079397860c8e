"""All that a club holds about one player, as they may take it away: complete, and free of everybody else."""

import csv
import io
from typing import Any

import httpx
import pytest

from api.app import Services
from football.dossier import COLUMNS, OTHER
from football.sheets import BOM
from storage.dossiers import CONFLICTS_PAGE, LOG_PAGE, RECORDS_PAGE
from tests.api.identity.crowd import join
from tests.api.matchday import Teams, small_match
from tests.api.people import NOBODY, Execute, Person, code_of, put, sign_in, sign_up, some_id

NAME = "Mira Okonkwo-Lindqvist"
FRIEND = "Tove Quarrington"

pytestmark = pytest.mark.postgres


class Story:
    """What was written about two players at a match."""

    def __init__(self, coach: Person, made: Teams) -> None:
        """Name the ids of a match."""
        self.coach = coach
        self.made = made
        self.me, self.friend = made.players[:2]
        self.goal, self.hers, self.note, self.sub = (some_id() for _ in range(4))

    async def tell(self) -> "Story":
        """Write it: goals, a stint, awards, notes, a mistake that was put right, and two that were deleted."""
        made, me, friend = self.made, self.me, self.friend
        of_match = {"match_id": made.match_id}
        award = {"player_id": me, "category": "Player of the season", "notes": f"Ahead of {FRIEND}"}
        answer = await self.coach.push(
            put("players", me, full_name="Mira Okonkwo", notes="Asthma, blue bag", dob="2015-04-03"),
            put("players", me, full_name=NAME),
            put("players", friend, full_name=FRIEND, notes=f"Lift home with {NAME}", dob="2014-01-02"),
            put("events", self.goal, **of_match, kind="goal", player_id=friend, notes=f"Run by {NAME.upper()}"),
            put("event_participants", some_id(), event_id=self.goal, player_id=me, kind="assist"),
            put("events", self.hers, **of_match, kind="goal", player_id=me, notes=f"Pass of {FRIEND}"),
            put("event_participants", some_id(), event_id=self.hers, player_id=friend, kind="assist"),
            put("lineup", some_id(), **of_match, player_id=me, team_id=made.home, start_period=1),
            put("lineup", some_id(), **of_match, player_id=friend, team_id=made.home, start_period=1),
            put("match_notes", self.note, **of_match, notes=f"{NAME} and {FRIEND} were everywhere"),
            put("match_notes", some_id(), **of_match, notes=f"{FRIEND} alone"),
            put("awards", some_id(), season_id=made.season_id, **award),
            put("match_awards", self.sub, **of_match, player_id=me, category="Best of the day"),
            {"collection": "match_awards", "record": self.sub, "op": "delete"},
            put("events", some_id(), **of_match, kind="foul", player_id=friend, notes="Seen by a Lindqvist"),
        )
        assert answer.json()["others"] == [], answer.text
        return self


@pytest.fixture
async def story(coach: Person) -> Story:
    """Give a club in which something was written of a player."""
    return await Story(coach, await small_match(coach)).tell()


async def dossier(story: Story, player: str | None = None) -> dict[str, Any]:
    """Return a player's export."""
    answer = await story.coach.ask("GET", f"/api/players/{player or story.me}/export")
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"] == 'attachment; filename="player.json"'
    found: dict[str, Any] = answer.json()
    return found


async def test_all_that_names_a_player_is_there(story: Story) -> None:
    """The record, what refers to them, what was deleted, what names them in a text, their minutes, and every change."""
    told = await dossier(story)
    assert "Seen by a Lindqvist" not in str(told)
    assert told["player"]["record"] == story.me
    assert told["player"]["fields"]["full_name"] == NAME
    found = {(each["collection"], each["record"]): each for each in told["records"]}
    assert {collection for collection, _ in found} == {
        *("players", "events", "event_participants", "lineup", "match_notes", "awards", "match_awards"),
    }
    assert found["events", story.goal]["fields"]["player_id"] == OTHER
    assert found["events", story.goal]["fields"]["notes"] == f"Run by {NAME.upper()}"
    assert found["events", story.hers]["fields"] == {
        "match_id": story.made.match_id,
        "kind": "goal",
        "player_id": story.me,
        "notes": f"Pass of {OTHER}",
    }
    assert found["match_notes", story.note]["fields"]["notes"] == f"{NAME} and {OTHER} were everywhere"
    assert found["match_awards", story.sub]["deleted"]
    [match] = told["matches"]
    assert (match["record"], match["stints"]) == (story.made.match_id, 1)
    history = [each for each in told["history"] if each["record"] == story.me]
    assert [each["fields"].get("full_name") for each in history] == ["Player Number1", "Mira Okonkwo", NAME]
    assert {each["by"] for each in told["history"]} == {"an owner"}
    assert [each["version"] for each in told["history"]] == sorted(each["version"] for each in told["history"])
    assert told["sharing"] == {"do_not_share": False, "links": []}


async def test_nobody_else_is_in_it(story: Story) -> None:
    """No other player's id, name, birthday or shirt in any byte of it, in either form; nor who wrote, nor a device."""
    hidden = [each for each in story.made.players if each != story.me]
    hidden += [FRIEND, "Quarrington", "2014-01-02", "Player Number3"]
    hidden += [story.coach.tokens["user_id"], story.coach.device_id, story.coach.device_id.replace("-", "")]
    for query in ("", "?format=csv"):
        text = (await story.coach.ask("GET", f"/api/players/{story.me}/export{query}")).text
        assert NAME in text
        assert [each for each in hidden if each.lower() in text.lower()] == []
    [kept] = [each for each in (await dossier(story))["records"] if each["collection"] == "players"]
    assert kept == {
        "collection": "players",
        "record": OTHER,
        "deleted": False,
        "fields": {"notes": f"Lift home with {NAME}"},
    }


async def test_what_was_laid_aside_and_what_waits(client: httpx.AsyncClient, story: Story) -> None:
    """Values that lost, refused edits and parked ones: a club holds them, so they are told, without others in them."""
    phone = await sign_in(client, "coach@club.example")
    await phone.push(put("players", story.me, notes=f"Braver than {FRIEND}"))
    match, event = some_id(), some_id()
    await phone.push(
        put("events", some_id(), match_id=story.made.match_id, kind="goal", player_id=story.me, nonsense=FRIEND),
        put("events", event, match_id=match, kind="foul", player_id=story.me, notes=f"On {FRIEND}"),
        put("events", some_id(), match_id=match, kind="foul", player_id=story.friend),
    )
    told = await dossier(story)
    by_kind = {each["kind"]: each for each in told["conflicts"]}
    assert by_kind.keys() == {"field", "rejected"}
    values = [by_kind["field"]["stands"]["value"], by_kind["field"]["laid_aside"][0]["value"]]
    assert sorted(values) == ["Asthma, blue bag", f"Braver than {OTHER}"]
    [refused] = by_kind["rejected"]["laid_aside"]
    assert refused["value"]["fields"]["player_id"] == story.me
    assert refused["by"] == "an owner"
    assert [each["record"] for each in told["waiting"]] == [event]
    assert told["waiting"][0]["fields"]["notes"] == f"On {OTHER}"
    assert FRIEND not in str(told)


async def test_a_question_whether_two_are_one_names_one(story: Story) -> None:
    """Two records that look like one player: each dossier tells of the question, and not of the other."""
    await story.coach.push(put("players", some_id(), full_name=NAME, current_team=story.made.home, dob="2011-11-11"))
    told = await dossier(story)
    assert [each["kind"] for each in told["conflicts"]] in ([], ["duplicate"])
    assert "2011-11-11" not in str(told)


async def test_links_to_their_matches(story: Story) -> None:
    """When their matches could be watched, and what those links asked to show; no secret is told."""
    made = await story.coach.ask("POST", f"/api/matches/{story.made.match_id}/share", json={"shirt_numbers": True})
    [link] = (await dossier(story))["sharing"]["links"]
    assert (link["match_id"], link["shows_shirt_numbers"]) == (story.made.match_id, True)
    assert made.json()["secret"] not in str(link)


async def test_as_a_table(story: Story) -> None:
    """A line for each value, harmless in a spreadsheet."""
    await story.coach.push(put("players", story.me, notes='=HYPERLINK("http://evil.example","look")'))
    answer = await story.coach.ask("GET", f"/api/players/{story.me}/export?format=csv")
    assert answer.headers["content-type"] == "text/csv; header=present; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="player.csv"'
    text = answer.content.decode()
    assert text.startswith(BOM)
    rows = list(csv.DictReader(io.StringIO(text.removeprefix(BOM), newline=""), strict=True))
    assert tuple(rows[0]) == COLUMNS
    assert not any(cell.lstrip(" ").startswith(("=", "+", "@", "\t")) for row in rows for cell in row.values())
    [notes] = [row["value"] for row in rows if row["section"] == "player" and row["field"] == "fields.notes"]
    assert notes.startswith("'=HYPERLINK")
    told = await dossier(story)
    assert sum(row["field"] == "version" for row in rows) == len(told["history"])


async def test_it_is_read_in_short_parts(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """With pages of two rows it is the same dossier: what grows with a club is asked for again and again."""
    whole = await dossier(story)
    for name, usual in (("LOG_PAGE", LOG_PAGE), ("RECORDS_PAGE", RECORDS_PAGE), ("CONFLICTS_PAGE", CONFLICTS_PAGE)):
        assert usual > 2
        monkeypatch.setattr(f"storage.dossiers.{name}", 2)
    assert await dossier(story) == whole


async def test_who_may_and_who_is_told_as_what(client: httpx.AsyncClient, story: Story, pg_execute: Execute) -> None:
    """Owners and coaches of the club; whoever has left since is a former member."""
    path = f"/api/players/{story.me}/export"
    scorer = await join(client, story.coach, "scorer")
    helper = await join(client, story.coach, "coach")
    await helper.push(put("players", story.me, preferred_pos="GK"))
    assert (await helper.ask("GET", path)).status_code == 200
    assert code_of(await scorer.ask("GET", path)) == (403, "forbidden")
    stranger = await sign_up(client, "stranger@club.example")
    for each in (story.me, NOBODY):
        assert code_of(await stranger.ask("GET", f"/api/players/{each}/export")) == (404, "not_found")
    assert code_of(await story.coach.ask("GET", f"{path}?format=xml")) == (400, "malformed")
    await pg_execute("UPDATE touchline.memberships SET removed_at = now() WHERE role = 'coach'")
    assert {each["by"] for each in (await dossier(story))["history"]} == {"an owner", "a former member"}


async def test_a_deleted_player_is_still_held(story: Story, services: Services) -> None:
    """Deleting hides and keeps: so there is something to tell, and the deletion is in it."""
    await story.coach.push({"collection": "players", "record": story.me, "op": "delete"})
    told = await dossier(story)
    assert told["player"]["deleted"]
    assert told["history"][-1]["deleted"]
    assert services.dossiers.now_ms() == told["exported_ms"]
