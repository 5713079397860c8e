"""The sync routes: what is applied is answered, what is wrong is named, and nothing is ever a 500."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from football.collections import CATALOGUE
from sync.limits import PUSH_BYTES_MAX
from tests.api.people import START_MS, Execute, Person, code_of, put, sign_in, sign_up, some_id


async def test_push_and_pull(client: httpx.AsyncClient, coach: Person) -> None:
    """What one device pushes another pulls, from its cursor on, page by page."""
    match_id = await coach.make_match()
    answer = await coach.push(*(put("events", some_id(), match_id=match_id, kind="goal") for _ in range(3)))
    assert [run[:2] for run in answer.json()["applied"]] == [[2, 4]]
    helper = await sign_in(client, "coach@club.example")
    first = await helper.get("/api/sync/pull?limit=1")
    assert (len(first["changes"]), first["more"]) == (1, True)
    rest = await helper.get(f"/api/sync/pull?since={first['timestamp']}&acked={first['timestamp']}")
    assert [change["version"] for change in rest["changes"]] == [2, 3, 4]
    assert rest["timestamp"] == answer.json()["timestamp"] == (await helper.get("/api/sync/timestamp"))["timestamp"]


async def test_a_snapshot_in_pages(coach: Person) -> None:
    """Pages are cut by bytes, and the token of one brings the next."""
    match_id = await coach.make_match()
    await coach.push(*(put("events", some_id(), match_id=match_id, kind="goal") for _ in range(10)))
    page = await coach.get("/api/sync/snapshot?max_bytes=1000")
    records = [*page["records"]]
    while page["page"] is not None:
        page = await coach.get(f"/api/sync/snapshot?max_bytes=1000&page={page['page']}")
        records += page["records"]
    assert len(records) == sum(page["counts"].values()) == 11


async def test_the_same_push_again(coach: Person) -> None:
    """U2: sent twice, applied once, answered alike."""
    match_id = some_id()
    first = await coach.push(put("matches", match_id, kickoff_ts="2026-09-20T10:00:00.000Z"))
    coach.n = 0
    again = await coach.push(put("matches", match_id, kickoff_ts="2026-09-20T10:00:00.000Z"))
    assert again.json()["applied"] == first.json()["applied"]
    assert again.json()["version"] == 1


async def test_a_bad_row_is_rejected_alone(coach: Person) -> None:
    """U3: its neighbours land, and it says which field breaks which rule."""
    match_id = await coach.make_match()
    answer = await coach.push(
        put("events", some_id(), match_id=match_id, kind="goal"),
        put("events", some_id(), match_id=match_id, kind="tennis"),
        put("events", some_id(), match_id=some_id(), kind="goal"),
    )
    words = {each["n"]: (each["verdict"], each.get("code")) for each in answer.json()["others"]}
    assert words == {3: ("rejected", "unknown_choice"), 4: ("parked", None)}


async def test_errors_of_the_protocol(client: httpx.AsyncClient, coach: Person) -> None:
    """Each has its status, its code and its values."""
    await coach.make_match()
    foreign = "1.0123456789abcdef"
    answer = await coach.ask("GET", f"/api/sync/pull?since={foreign}&past={foreign},0.0000000000000000")
    assert code_of(answer) == (409, "log_diverged")
    assert answer.json()["common"] == "0.0000000000000000"
    assert code_of(await coach.push(acked=foreign)) == (409, "log_diverged")
    coach.n = 0
    forked = await coach.push(put("matches", some_id(), kickoff_ts="2026-09-20T10:00:00.000Z"))
    assert code_of(forked) == (409, "device_forked")
    assert forked.json()["held"] == []
    assert code_of(await coach.push(device_id=some_id())) == (403, "wrong_device")
    assert code_of(await coach.ask("GET", "/api/sync/pull?protocol=2")) == (426, "protocol_unsupported")
    assert (await coach.push(protocol=99)).status_code == 200


async def test_a_device_belongs_to_one_person(client: httpx.AsyncClient, coach: Person, pg_execute: Execute) -> None:
    """Another member who pushes under the same device id is told to take a new one."""
    await coach.make_match()
    other = await sign_up(client, "other@club.example")
    await pg_execute(
        "INSERT INTO touchline.memberships (club_id, user_id, role) VALUES ($1, $2, 'coach')",
        coach.club_id,
        other.tokens["user_id"],
    )
    asked = {
        "email": "other@club.example",
        "password": "a long enough password",
        "device_id": coach.device_id,
        "club_id": coach.club_id,
    }
    impostor = Person(client, (await client.post("/api/auth/login", json=asked)).json())
    assert code_of(await impostor.push()) == (409, "device_taken")


BODY = {"device_id": "x", "sent_at": START_MS, "mutations": []}
DEEP = b'{"a":' * 5_000


def bodies(device_id: str) -> dict[str, bytes]:
    """Return bodies that are no push."""
    good: dict[str, Any] = {**BODY, "device_id": device_id}

    def changed(**members: object) -> bytes:
        return json.dumps({**good, **members}).encode()

    whole = changed()
    return {
        "empty": b"",
        "null": b"null",
        "array": b"[]",
        "cut": whole[:-5],
        "trailing": whole + b"x",
        "byte order mark": b"\xef\xbb\xbf" + whole,
        "bad utf-8": whole.replace(b"mutations", b"mutat\xffions"),
        "overlong": b'{"device_id": "\xc0\xaf"}',
        "surrogate": b'{"device_id": "\\ud800"}',
        "surrogate bytes": b'{"device_id": "\xed\xa0\x80"}',
        "nesting": DEEP + b"1" + b"}" * 5_000,
        "nested list": b"[" * 100_000,
        "unknown member": changed(extra=1),
        "no device": b'{"sent_at": 1, "mutations": []}',
        "number as text": changed(sent_at="1"),
        "2^63": changed(sent_at=2**63),
        "400 digits": changed(sent_at=int("9" * 400)),
        "NaN": whole.replace(str(START_MS).encode(), b"NaN"),
        "1e400": whole.replace(str(START_MS).encode(), b"1e400"),
        "fraction": changed(sent_at=1.5),
        "501 mutations": changed(mutations=[{}] * 501),
        "n missing": changed(mutations=[{"collection": "events"}]),
        "n twice": changed(mutations=[{"n": 1}, {"n": 1}]),
        "n 2^63": changed(mutations=[{"n": 2**63}]),
        "n true": changed(mutations=[{"n": True}]),
        "nul in device": changed(device_id="\x00"),
        "cursor": changed(acked="1.x"),
        "33 past cursors": changed(past=["1.0123456789abcdef"] * 33),
    }


@pytest.mark.parametrize("name", bodies("x"))
async def test_bad_bodies(coach: Person, name: str) -> None:
    """What is no push is a 400 that names the path, and applies nothing."""
    answer = await coach.ask("POST", "/api/sync/push", content=bodies(coach.device_id)[name])
    assert code_of(answer) == (400, "malformed")
    assert answer.json()["path"].startswith("$")
    assert (await coach.get("/api/sync/timestamp"))["timestamp"].startswith("0.")


HOSTILE: list[Any] = [
    "\x00",
    "a\r\nb\x1b[31m",
    2**63,
    -(2**63) - 1,
    2**53 + 1,
    10**400,
    1.5,
    True,
    None,
    [],
    {},
    {"$ref": "x"},
    "x" * 20_000,
    "\u202e" * 100,
    "'; DROP TABLE touchline.log; --",
]


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
async def test_hostile_values(coach: Person, value: object) -> None:
    """Whatever a field holds, its neighbours land, and what is refused says why."""
    match_id = await coach.make_match()
    collection = CATALOGUE.collections["events"]
    mutations = [
        put("events", some_id(), match_id=match_id, kind="goal", **{name: value})
        for name in collection.fields
        if name not in {"match_id", "kind"}
    ]
    answer = await coach.push(*mutations, put("events", some_id(), match_id=match_id, kind="goal"))
    assert answer.status_code == 200, answer.text
    told = {each["n"] for each in answer.json()["others"]}
    assert coach.n not in told
    assert all(each.get("sentence") for each in answer.json()["others"] if each["verdict"] == "rejected")
    assert (await coach.ask("GET", "/api/sync/snapshot")).status_code == 200
    assert (await coach.ask("GET", "/api/sync/conflicts")).status_code == 200


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "", "application/json; charset=utf-16", "text/json"]
)
async def test_a_body_must_say_that_it_is_json(coach: Person, kind: str) -> None:
    """Another site's page cannot send JSON as JSON unasked, so nothing else is read."""
    for path in ("/api/sync/push", "/api/sync/events", "/api/sync/conflicts", "/api/auth/login"):
        answer = await coach.ask("POST", path, content=b"{}", headers={"content-type": kind})
        assert code_of(answer) == (415, "wrong_content_type")
    answer = await coach.ask(
        "POST", "/api/sync/push", content=b"{}", headers={"content-type": "Application/JSON;charset=UTF-8"}
    )
    assert code_of(answer) == (400, "malformed")


async def test_too_large(coach: Person) -> None:
    """At the bound it is read, above it refused, announced or not."""
    path = "/api/sync/push"
    assert code_of(await coach.ask("POST", path, content=b" " * PUSH_BYTES_MAX)) == (400, "malformed")
    assert code_of(await coach.ask("POST", path, content=b" " * (PUSH_BYTES_MAX + 1))) == (413, "too_large")
    assert code_of(await coach.ask("POST", path, content=b"", headers={"content-length": "9" * 400})) == (
        413,
        "too_large",
    )

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(12):
            yield b" " * 1_000_000

    headers = {"authorization": f"Bearer {coach.tokens['access_token']}", "content-type": "application/json"}
    answer = await coach.client.post(path, content=chunks(), headers=headers)
    assert code_of(answer) == (413, "too_large")


QUERIES = [
    "pull?since=1&since=2",
    "pull?since=",
    "pull?since=x",
    "pull?since=1",
    "pull?since=" + "9" * 400,
    "pull?since=-1.0123456789abcdef",
    "pull?since=0.0000000000000000%00",
    "pull?since=%FF",
    "pull?since=%ed%a0%80",
    "pull?acked=x",
    "pull?past=" + ",".join(["1.0123456789abcdef"] * 33),
    "pull?past=x",
    "pull?limit=1e3",
    "pull?limit=0",
    "pull?limit=-1",
    "pull?limit=5001",
    "pull?limit=99999999",
    "pull?limit=" + "9" * 400,
    "pull?limit=%D9%A8",
    "pull?max_bytes=1048577",
    "pull?max_bytes=1.5",
    "pull?protocol=x",
    "pull?x=" + "y" * 9_000,
    "pull?a%0d%0ab=c",
    "snapshot?page=x",
    "snapshot?page=0.0000000000000000~events~x",
    "snapshot?page=0.0000000000000000~users~",
    "snapshot?page=0.0000000000000000~events~%27",
    "snapshot?page=" + "9" * 400,
    "conflicts?status=closed",
    "conflicts?after=x",
    "conflicts?limit=501",
]


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
async def test_bad_queries(coach: Person, query: str) -> None:
    """Each is a 400 that does not repeat what was sent."""
    answer = await coach.ask("GET", f"/api/sync/{query}")
    assert code_of(answer) == (400, "malformed")
    assert "9999999999" not in answer.text


async def test_devices(client: httpx.AsyncClient, coach: Person) -> None:
    """A coach sees each device's last counter, lag and skew; the wrappers' own devices are not among them."""
    match_id = await coach.make_match()
    helper = await sign_in(client, "coach@club.example")
    await helper.push(put("teams", some_id(), name="Blues"), sent_at=START_MS - 3_600_000)
    event = {"id": some_id(), "kind": "goal"}
    assert (await coach.ask("POST", f"/api/matches/{match_id}/events", json=event)).status_code == 201
    told = await coach.get("/api/sync/devices")
    rows = {row["device_id"]: row for row in told["devices"]}
    assert rows.keys() == {coach.device_id, helper.device_id}
    assert rows[helper.device_id]["skew"] == 3_600_000
    assert rows[coach.device_id] == {
        "device_id": coach.device_id,
        "user_id": coach.tokens["user_id"],
        "display_name": "Coach",
        "last_seen": START_MS,
        "last_n": 1,
        "acked": 0,
        "lag": 3,
        "skew": 0,
        "parked": 0,
        "open_conflicts": 0,
    }


async def test_config_needs_no_other_source(client: httpx.AsyncClient) -> None:
    """Limits, versions, and each collection with its fields: readable before signing in."""
    told = (await client.get("/api/sync/config")).json()
    assert told["protocol"] == {"min": 1, "max": 1}
    assert told["limits"]["push_mutations_max"] == 500
    assert [each["name"] for each in told["collections"]] == list(CATALOGUE.collections)
    events = next(each for each in told["collections"] if each["name"] == "events")
    assert events["fields"]["match_id"]["reference"] == {"collection": "matches", "containing": True}


async def in_conflict(client: httpx.AsyncClient, coach: Person) -> tuple[Person, str, dict[str, Any]]:
    """Let two devices name a team unseen of each other; return the second, the team and the conflict."""
    team_id = some_id()
    await coach.push({**put("teams", team_id, name="Reds"), "wall": START_MS - 9_000})
    base = (await coach.get("/api/sync/timestamp"))["timestamp"]
    helper = await sign_in(client, "coach@club.example")
    await coach.push({**put("teams", team_id, name="Red Stars"), "base": base, "wall": START_MS - 2_000})
    await helper.push({**put("teams", team_id, name="Red Devils"), "base": base, "wall": START_MS - 1_000})
    [conflict] = (await coach.get("/api/sync/conflicts"))["conflicts"]
    return helper, team_id, conflict


@pytest.mark.parametrize(
    ("choice", "value", "stands"),
    [
        ("keep", None, "Red Devils"),
        ("take", None, "Red Stars"),
        ("take", "Red Stars", "Red Stars"),
        ("set", "Reds", "Reds"),
    ],
)
async def test_answering_a_conflict(
    client: httpx.AsyncClient, coach: Person, choice: str, value: str | None, stands: str
) -> None:
    """What a person chooses stands, for every device, and the conflict is closed; a retry changes nothing."""
    _, team_id, conflict = await in_conflict(client, coach)
    asked = {"id": conflict["id"], "choice": choice, "value": value}
    headers = {"idempotency-key": "k1"}
    answer = await coach.ask("POST", "/api/sync/conflicts", json=asked, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.json()["conflict"]["status"] == "resolved"
    head = await coach.get("/api/sync/timestamp")
    again = await coach.ask("POST", "/api/sync/conflicts", json=asked, headers=headers)
    assert again.json()["conflict"]["status"] == "resolved"
    assert (await coach.get("/api/sync/timestamp"))["timestamp"] == head["timestamp"]
    rows = {row["record"]: row for row in (await coach.get("/api/sync/snapshot"))["records"]}
    assert rows[team_id]["fields"]["name"] == stands
    assert (await coach.get("/api/sync/conflicts"))["conflicts"] == []
    assert len((await coach.get("/api/sync/conflicts?status=all&limit=1"))["conflicts"]) == 1


async def test_bad_answers(client: httpx.AsyncClient, coach: Person) -> None:
    """An unknown conflict, a value that the field does not take, a choice that is none."""
    _, _, conflict = await in_conflict(client, coach)
    path = "/api/sync/conflicts"
    unknown = await coach.ask("POST", path, json={"id": some_id(), "choice": "keep"})
    assert code_of(unknown) == (404, "not_found")
    wrong = await coach.ask("POST", path, json={"id": conflict["id"], "choice": "set", "value": 7})
    assert code_of(wrong) == (422, "rejected")
    assert wrong.json()["rule"] == "wrong_type"
    none = await coach.ask("POST", path, json={"id": conflict["id"], "choice": "drop"})
    assert code_of(none) == (400, "malformed")
    assert (await coach.get(path))["conflicts"][0]["status"] == "open"


async def test_bulk_events(coach: Person) -> None:
    """Each event has a verdict of its own; the same body again brings the same, and writes nothing twice."""
    match_id = await coach.make_match()
    ids = [some_id() for _ in range(3)]
    asked = {
        "match_id": match_id,
        "events": [
            {"id": ids[0], "kind": "goal", "clock_ms": 61_000},
            {"id": ids[1], "kind": "tennis"},
            {"id": ids[2], "kind": "save"},
        ],
    }
    answer = await coach.ask("POST", "/api/sync/events", json=asked)
    results = answer.json()["results"]
    assert [(each["id"], each["verdict"]) for each in results] == [
        (ids[0], "applied"),
        (ids[1], "rejected"),
        (ids[2], "applied"),
    ]
    assert results[1]["field"] == "kind"
    again = await coach.ask("POST", "/api/sync/events", json=asked)
    assert again.json() == answer.json()
    listed = await coach.get(f"/api/matches/{match_id}/events")
    assert sorted(each["id"] for each in listed["events"]) == sorted([ids[0], ids[2]])


@pytest.mark.parametrize("events", [[], [{}], [{"id": 1}], [{"id": "x"}], [{"id": "A" * 36}], "x", None], ids=str)
async def test_bad_bulk(coach: Person, events: object) -> None:
    """An envelope that is wrong applies nothing."""
    answer = await coach.ask("POST", "/api/sync/events", json={"match_id": some_id(), "events": events})
    assert code_of(answer) == (400, "malformed")
