"""A squad out of a spreadsheet over HTTP: looked at first, then written as one push, and only once."""

import httpx
import pytest

from tests.api.matchday import small_match
from tests.api.people import NOBODY, Execute, Person, code_of, put, sign_up, some_id

CSV = "text/csv; charset=utf-8"
SQUAD = "Name;No;DOB\nPlayer Number1;21;\nplayer number2;2;2015-04-23\nNew Comer;30;\nBroken;300;\n"


async def send(
    coach: Person, team: str, text: str | bytes, *, preview: str = "true", kind: str = CSV, key: str | None = None
) -> httpx.Response:
    """Send a file."""
    headers = {"content-type": kind} | ({} if key is None else {"idempotency-key": key})
    content = text if isinstance(text, bytes) else text.encode()
    path = f"/api/teams/{team}/players/import?preview={preview}"
    return await coach.ask("POST", path, content=content, headers=headers)


async def head(coach: Person) -> str:
    """Return where the log stands."""
    found: str = (await coach.get("/api/sync/timestamp"))["timestamp"]
    return found


async def test_a_preview_writes_nothing_and_says_what_would_be(coach: Person) -> None:
    """One is changed, one gets a birthday, one is new, one has a problem; the log stands where it stood."""
    made = await small_match(coach)
    before = await head(coach)
    told = (await send(coach, made.home, SQUAD)).json()
    assert await head(coach) == before
    assert (told["is_preview"], told["created"], told["updated"], told["same"], told["problems"]) == (True, 1, 2, 0, 1)
    assert told["columns"] == {"full_name": "Name", "squad_number": "No", "dob": "DOB"}
    assert [each["act"] for each in told["rows"]] == ["update", "update", "create", "problem"]
    assert told["rows"][0]["was"] == {"squad_number": 1}
    assert told["rows"][3]["problems"][0]["column"] == "No"


async def test_the_good_rows_are_one_push(coach: Person) -> None:
    """Applied, the same rows are written in one transaction; sent again, everything is as it is."""
    made = await small_match(coach)
    first = (await send(coach, made.home, SQUAD, preview="false")).json()
    changes = (await coach.get("/api/sync/pull"))["changes"]
    assert [each.get("more", False) for each in changes[-3:]] == [True, True, False]
    players = {each["record"]: each["fields"] for each in changes if each["collection"] == "players"}
    assert players[first["rows"][2]["player_id"]] == {
        "full_name": "New Comer",
        "squad_number": 30,
        "current_team": made.home,
    }
    stands = await head(coach)
    again = (await send(coach, made.home, SQUAD, preview="false")).json()
    assert (again["created"], again["updated"], again["same"], again["problems"]) == (0, 0, 3, 1)
    assert await head(coach) == stands


async def test_a_key_makes_a_retry_a_repeat(coach: Person) -> None:
    """A retry after somebody has edited does not undo the edit."""
    made = await small_match(coach)
    text = "name,number\nPlayer Number1,50\n"
    await send(coach, made.home, text, preview="false", key="k")
    await coach.push(put("players", made.players[0], squad_number=51))
    stands = await head(coach)
    await send(coach, made.home, text, preview="false", key="k")
    assert await head(coach) == stands


async def test_a_key_belongs_to_one_squad_and_one_file(coach: Person) -> None:
    """Sent to another team the same key writes there too; with another file it writes nothing, and says so."""
    one, other = await small_match(coach), await small_match(coach)
    for made in (one, other):
        told = (await send(coach, made.home, "name\nNew Comer\n", preview="false", key="k")).json()
        assert (told["is_preview"], told["created"]) == (False, 1)
        assert (await send(coach, made.home, "name\nNew Comer\n")).json()["same"] == 1
    stands = await head(coach)
    told = (await send(coach, one.home, "name\nSomebody Else\n", preview="false", key="k")).json()
    assert (told["is_preview"], told["created"]) == (True, 1)
    assert await head(coach) == stands


async def test_a_deleted_player_comes_back(coach: Person) -> None:
    """Whoever was taken out and is in the file again is the same record, restored."""
    made = await small_match(coach)
    text = "name,number\nNew Comer,30\n"
    player = (await send(coach, made.home, text, preview="false")).json()["rows"][0]["player_id"]
    await coach.push({"collection": "players", "record": player, "op": "delete"})
    told = (await send(coach, made.home, text, preview="false")).json()
    assert (told["created"], told["rows"][0]["player_id"]) == (1, player)
    assert (await send(coach, made.home, text)).json()["same"] == 1


async def test_two_hundred_rows(coach: Person) -> None:
    """The most that a file may have is one push."""
    made = await small_match(coach)
    text = "name,number\n" + "".join(f"Child {n},{n % 99 + 1}\n" for n in range(200))
    answer = await send(coach, made.home, text, preview="false")
    assert (answer.json()["created"], answer.json()["problems"]) == (200, 0)
    assert (await send(coach, made.home, text)).json()["same"] == 200


@pytest.mark.parametrize(
    ("content", "kind", "expected"),
    [
        (b"name\nZo\xeb\n", CSV, (400, "malformed")),
        ("name\nAda\n".encode("utf-16"), CSV, (400, "malformed")),
        (b"name\nAda\n", "application/json", (415, "wrong_content_type")),
        (b"name\nAda\n", "text/csv; charset=latin-1", (415, "wrong_content_type")),
        (b"name\nAda\n", "", (415, "wrong_content_type")),
        (b"name\n" + b"x" * (256 * 1024), CSV, (413, "too_large")),
        (b"", CSV, (422, "rejected")),
        (b"number\n7\n", CSV, (422, "rejected")),
        (b'name\n"Ada\n', CSV, (422, "rejected")),
        (b"name\n" + b"Ada\n" * 201, CSV, (422, "rejected")),
    ],
    ids=["latin-1", "utf-16", "json", "charset", "none", "large", "empty", "no names", "quote", "rows"],
)
async def test_files_that_are_refused(coach: Person, content: bytes, kind: str, expected: tuple[int, str]) -> None:
    """Each with a sentence that says what to do, and nothing written."""
    made = await small_match(coach)
    answer = await send(coach, made.home, content, kind=kind, preview="false")
    assert code_of(answer) == expected
    if b"\xeb" in content:
        assert "CSV UTF-8" in answer.json()["detail"]


async def test_who_may_import(client: httpx.AsyncClient, coach: Person, pg_execute: Execute) -> None:
    """Another club's team is not there; a viewer may not; the word for preview is true or false."""
    made = await small_match(coach)
    stranger = await sign_up(client, "stranger@club.example")
    for team in (made.home, NOBODY, some_id()):
        assert code_of(await send(stranger, team, SQUAD, preview="false")) == (404, "not_found")
    assert code_of(await send(coach, made.home, SQUAD, preview="yes")) == (400, "malformed")
    viewer = await sign_up(client, "viewer@club.example")
    await pg_execute("UPDATE touchline.memberships SET role = 'viewer' WHERE club_id = $1", viewer.club_id)
    assert code_of(await send(viewer, made.home, SQUAD)) == (403, "forbidden")
