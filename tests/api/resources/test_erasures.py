"""An owner erases a player: nothing of them is left, what they did stays, and it is told without a name."""

from typing import Any

import asyncpg
import httpx
import pytest

from api.app import Services
from storage.erasures import Erasure
from tests.api.identity.crowd import join
from tests.api.matchday import Teams, small_match
from tests.api.people import NOBODY, START_MS, Person, code_of, put, sign_in, sign_up, some_id
from tests.pg import PgDatabase

NAME = "Mira Okonkwo-Lindqvist"
PATH = "/api/erasures"

pytestmark = pytest.mark.postgres


def asked(player: str, confirm: str = NAME, **changes: str) -> dict[str, str]:
    """Return the body of an erasure."""
    return {"collection": "players", "record": player, "confirm": confirm, **changes}


async def named(coach: Person) -> Teams:
    """Push a match in which a player of the name scored, and is written of."""
    made = await small_match(coach)
    answer = await coach.push(
        put("players", made.players[0], full_name=NAME, notes="Asthma, blue bag", dob="2015-04-03"),
        put("events", some_id(), match_id=made.match_id, kind="goal", team_id=made.home, player_id=made.players[0]),
        put("match_notes", some_id(), match_id=made.match_id, notes=f"{NAME} was everywhere"),
    )
    assert answer.json()["others"] == [], answer.text
    return made


async def rows_with(database: PgDatabase, text: str) -> list[str]:
    """Return the tables in which a text stands, whatever they are."""
    connection = await asyncpg.connect(database.owner_dsn)
    try:
        tables = await connection.fetch(
            "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables"
            " WHERE schemaname IN ('grassroots', 'touchline')"
        )
        found: list[str] = []
        for each in tables:
            sql = f"SELECT encode(convert_to(row::text, 'UTF8'), 'escape') AS text FROM {each['name']} AS row"
            rows = [str(row["text"]) for row in await connection.fetch(sql)]
            if any(text in row or text.encode().hex() in row for row in rows):
                found.append(each["name"])
        return found
    finally:
        await connection.close()


async def test_an_owner_erases_a_player(client: httpx.AsyncClient, coach: Person, pg_database: PgDatabase) -> None:
    """The name is in no table and no answer; the goal counts; another device pulls a tombstone, and it is told."""
    made = await named(coach)
    player = made.players[0]
    held = {"grassroots.players", "grassroots.match_notes", "touchline.log"}
    assert set(await rows_with(pg_database, "Okonkwo")) == held
    answer = await coach.ask("POST", PATH, json=asked(player))
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["kind"], told["collection"], told["state"]) == ("record", "players", "finished")
    assert (told["at"], told["by"]) == (START_MS, {"user_id": coach.tokens["user_id"], "display_name": "Coach"})
    for each in ("Okonkwo", "Asthma", "2015-04-03"):
        assert await rows_with(pg_database, each) == []
    assert code_of(await coach.ask("GET", f"/api/players/{player}")) == (404, "not_found")
    assert code_of(await coach.ask("GET", f"/api/players/{player}/export")) == (404, "not_found")
    assert (await coach.get(f"/api/matches/{made.match_id}/live"))["score"]["home"] == 1
    second = await sign_in(client, "coach@club.example")
    changes = (await second.get("/api/sync/pull"))["changes"]
    [tombstone] = [each for each in changes if each["record"] == player and each.get("deleted")]
    assert (tombstone["redacted"], tombstone.get("fields")) == (True, None)
    assert (await coach.get(PATH))["erasures"] == [told]


async def test_erasing_again_answers_the_same(coach: Person) -> None:
    """With the same key, another, or none, and whatever is typed: nobody remembers the name; nothing is written."""
    player = (await named(coach)).players[0]
    first = await coach.ask("POST", PATH, json=asked(player), headers={"idempotency-key": "k"})
    head = (await coach.get("/api/sync/pull"))["timestamp"]
    for headers in ({"idempotency-key": "k"}, {"idempotency-key": "l"}, {}):
        again = await coach.ask("POST", PATH, json=asked(player, "Anybody"), headers=headers)
        assert (again.status_code, again.json()) == (201, first.json())
    assert (await coach.get("/api/sync/pull"))["timestamp"] == head


async def test_a_key_that_was_used_for_somebody_else_erases_all_the_same(coach: Person) -> None:
    """A key makes a retry safe; it never lets a second player go by as erased who was not."""
    made = await named(coach)
    for player, name in ((made.players[0], NAME), (made.players[1], "player number2")):
        answer = await coach.ask("POST", PATH, json=asked(player, name), headers={"idempotency-key": "k"})
        assert answer.status_code == 201, answer.text
        assert code_of(await coach.ask("GET", f"/api/players/{player}")) == (404, "not_found")
    assert len((await coach.get(PATH))["erasures"]) == 2


@pytest.mark.parametrize(
    ("confirm", "is_right"),
    [
        (NAME, True),
        ("  mira OKONKWO lindqvist ", True),
        ("Mira Okonkwo", False),
        ("", False),
        ("Mira Okonkwo-Lindqvist Jr", False),
    ],
)
async def test_the_name_is_typed_once_more(coach: Person, confirm: str, is_right: bool) -> None:
    """All words of it; capitals, spaces and hyphens do not matter. With another name nothing is erased."""
    player = (await named(coach)).players[0]
    answer = await coach.ask("POST", PATH, json=asked(player, confirm))
    if is_right:
        assert answer.status_code == 201, answer.text
        return
    assert code_of(answer) == (422, "rejected")
    assert (answer.json()["rule"], answer.json()["field"]) == ("not_confirmed", "confirm")
    assert (await coach.get(f"/api/players/{player}"))["full_name"] == NAME
    assert (await coach.get(PATH))["erasures"] == []


async def test_what_cannot_be_erased(client: httpx.AsyncClient, coach: Person) -> None:
    """What identifies nobody, who is not there, who is another club's; and by whom it cannot be done."""
    made = await named(coach)
    for collection in ("events", "conflicts", "nonsense"):
        answer = await coach.ask("POST", PATH, json=asked(made.players[0], collection=collection))
        assert (code_of(answer), answer.json()["rule"]) == ((422, "rejected"), "not_erasable")
    stranger = await sign_up(client, "stranger@club.example")
    for person, player in ((coach, NOBODY), (stranger, made.players[0])):
        assert code_of(await person.ask("POST", PATH, json=asked(player))) == (404, "not_found")
    for role in ("coach", "scorer", "viewer"):
        member = await join(client, coach, role)
        assert code_of(await member.ask("POST", PATH, json=asked(made.players[0]))) == (403, "forbidden")
        assert code_of(await member.ask("GET", PATH)) == (403, "forbidden")
    assert (await stranger.get(PATH))["erasures"] == []


async def test_what_comes_late_is_not_kept(client: httpx.AsyncClient, coach: Person, pg_database: PgDatabase) -> None:
    """Of a phone that was away: what is about the player is refused as erased, other work lands without the name."""
    made = await named(coach)
    away = await sign_in(client, "coach@club.example")
    assert (await coach.ask("POST", PATH, json=asked(made.players[0]))).status_code == 201
    answer = await away.push(
        put("players", made.players[0], notes=f"{NAME} has moved"),
        put("match_notes", some_id(), match_id=made.match_id, notes=f"Late goal by {NAME}"),
    )
    verdicts: dict[int, dict[str, Any]] = {each["n"]: each for each in answer.json()["others"]}
    assert (verdicts[1]["verdict"], verdicts[1]["code"]) == ("rejected", "erased")
    assert await rows_with(pg_database, "Okonkwo") == []
    notes = await coach.get(f"/api/matches/{made.match_id}/notes")
    assert sorted(each["notes"] for each in notes["notes"]) == ["Late goal by …", "… was everywhere"]


async def test_what_the_ledger_does_not_take_is_not_erased(services: Services, coach: Person) -> None:
    """The ledger's line comes before the commit: where it cannot be written, nothing has happened."""
    player = (await named(coach)).players[0]
    noted: list[Erasure] = []

    def note(erasure: Erasure) -> None:
        noted.append(erasure)
        if len(noted) == 1:
            raise OSError("no space left")

    services.erasures._before_commit = note
    answer = await coach.ask("POST", PATH, json=asked(player))
    assert code_of(answer) == (503, "unavailable")
    assert "Nothing was erased" in answer.json()["detail"]
    assert (await coach.get(f"/api/players/{player}"))["full_name"] == NAME
    assert (await coach.ask("POST", PATH, json=asked(player))).status_code == 201
    assert [each.collection for each in noted] == ["players", "players"]
    assert NAME not in repr(noted)
