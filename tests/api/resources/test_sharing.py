"""Sharing a match: links that coaches make, and what a viewer reads by one."""

import hashlib
import re
from typing import Any
from urllib.parse import quote

import asyncpg
import httpx
import pytest
from litestar.routes import HTTPRoute

from api.app import Services, create_app, open_services
from api.identity.keys import KeyRing
from api.resources.share_secrets import make_secret, read_feed, read_header, read_secret
from api.settings import Settings
from football import ids
from sync.collections import format_instant
from sync.messages import PushRequest, encode, read_push
from tests.api.people import START_MS, Clock, Execute, Person, client_of, code_of, put, sign_up, some_id
from tests.pg import PgDatabase

MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS
CANARY = "Canary"


class Game:
    """A match of the coach's, pushed with a canary in every field that is about a person."""

    def __init__(self, coach: Person, *, age_group: str | None = "U14", kickoff_ms: int = START_MS) -> None:
        self.coach = coach
        self.match_id, self.home, self.away, self.player, self.goal, self.season = (some_id() for _ in range(6))
        self.kickoff_ms = kickoff_ms
        self.age_group = age_group
        self.period_id = ids.period_id(self.match_id, "regular", 1)

    @property
    def path(self) -> str:
        """Return the address of its links."""
        return f"/api/matches/{self.match_id}/share"

    async def push(self) -> "Game":
        """Push it, with a player and a goal."""
        match = {
            "kickoff_ts": format_instant(self.kickoff_ms),
            "season_id": self.season,
            "home_team_id": self.home,
            "away_team_id": self.away,
            "our_side": "home",
            "competition": "Spring Cup",
            "venue": "Marsh Lane 4",
            "notes": f"{CANARY} note",
            "period_format": "half",
        }
        player = {"full_name": f"{CANARY} Child", "squad_number": 9, "dob": "2013-01-02", "notes": f"{CANARY} note"}
        answer = await self.coach.push(
            put("seasons", self.season, label="2026/27"),
            put("teams", self.home, name="Reds", age_group=self.age_group, logo_url=f"https://{CANARY}.example/a.png"),
            put("teams", self.away, name="Blues"),
            put("players", self.player, current_team=self.home, **player),
            put("matches", self.match_id, **match),
            put("match_notes", some_id(), match_id=self.match_id, notes=f"{CANARY} note"),
            put("match_awards", some_id(), match_id=self.match_id, player_id=self.player, category=f"{CANARY}"),
        )
        assert answer.json()["others"] == [], answer.text
        return self

    async def play(self) -> None:
        """Kick off, and score in the third minute."""
        answer = await self.coach.push(
            put("match_periods", self.period_id, match_id=self.match_id, number=1, started_at=self.at(0)),
            put(
                "events",
                self.goal,
                match_id=self.match_id,
                kind="goal",
                team_id=self.home,
                player_id=self.player,
                period_number=1,
                clock_ms=150_000,
                notes=f"{CANARY} note",
                sentiment=5,
            ),
        )
        assert answer.json()["others"] == [], answer.text

    def at(self, minutes: float) -> str:
        """Return an instant so many minutes after kick-off."""
        return format_instant(self.kickoff_ms + round(minutes * MINUTE_MS))

    async def share(self, **asked: object) -> dict[str, Any]:
        """Make a link, and return what is answered."""
        answer = await self.coach.ask("POST", self.path, json=asked)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def links(self) -> list[dict[str, Any]]:
        """Return its links as coaches see them."""
        found: list[dict[str, Any]] = (await self.coach.get(self.path))["links"]
        return found


@pytest.fixture
async def game(coach: Person) -> Game:
    """Give a match of children of 13."""
    return await Game(coach).push()


async def watch(client: httpx.AsyncClient, secret: str, **headers: str) -> httpx.Response:
    """Read a match as a viewer does."""
    return await client.get("/api/shared/match", headers={"authorization": f"Bearer {secret}", **headers})


async def seen(client: httpx.AsyncClient, secret: str) -> dict[str, Any]:
    """Return the match that a viewer sees."""
    answer = await watch(client, secret)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["match"]
    return found


async def is_closed(client: httpx.AsyncClient, secret: str) -> bool:
    """Tell whether a link opens nothing."""
    answer = await watch(client, secret)
    return answer.status_code != 200 and code_of(answer) == (404, "link_ended")


async def test_a_grandparent_opens_a_link_and_sees_the_match(client: httpx.AsyncClient, game: Game) -> None:
    """U10: score, clock and timeline, and a score that follows what the coach corrects."""
    made = await game.share()
    assert made["url"] == f"/m/#{made['secret']}"
    before = await seen(client, made["secret"])
    assert (before["status"], before["score"]) == ("scheduled", {"home": 0, "away": 0})
    await game.play()
    match = await seen(client, made["secret"])
    assert (match["home"]["name"], match["away"]["name"], match["season"]) == ("Reds", "Blues", "2026/27")
    assert (match["status"], match["score"]) == ("live", {"home": 1, "away": 0})
    assert match["periods"][0]["zero_at"] == game.kickoff_ms
    (goal,) = match["timeline"]
    assert (goal["kind"], goal["team"], goal["minute"], goal["player"]) == ("goal", "home", "3'", None)
    await game.coach.push({"collection": "events", "record": game.goal, "op": "delete", "fields": {}})
    after = await seen(client, made["secret"])
    assert (after["score"], after["timeline"]) == ({"home": 0, "away": 0}, [])


async def test_a_view_is_kept_by_no_cache_and_found_by_no_search(client: httpx.AsyncClient, game: Game) -> None:
    """An answer says no-store, no-referrer and noindex; it is asked for again with its ETag."""
    secret = (await game.share())["secret"]
    answer = await watch(client, secret)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in answer.headers["x-robots-tag"]
    assert answer.headers["x-server-time"] == str(START_MS)
    assert answer.headers["etag"] == f'"{answer.json()["cursor"]}"'
    again = await watch(client, secret, **{"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    await game.play()
    assert (await watch(client, secret, **{"if-none-match": answer.headers["etag"]})).status_code == 200


async def test_a_viewer_never_gets_a_name_or_an_id(client: httpx.AsyncClient, game: Game) -> None:
    """U12: of names, notes, birthdays, awards, logos and ids nothing is in a view, with every option on."""
    await game.play()
    made = await game.share(shirt_numbers=True, venue=True)
    body = (await watch(client, made["secret"])).text
    assert CANARY not in body
    assert "2013-" not in body
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}", body)
    assert '"player":9' in body


async def test_shirt_numbers_and_venue_are_shown_where_they_were_asked_for(
    client: httpx.AsyncClient, coach: Person, clock: Clock
) -> None:
    """U12: off unless the link asks; the venue of children waits for kick-off, and the answer says until when."""
    game = await Game(coach, kickoff_ms=START_MS + DAY_MS).push()
    plain = await game.share()
    assert plain["link"]["shows"] == {"score": True, "shirt_numbers": False, "venue": False}
    asked = await game.share(shirt_numbers=True, venue=True)
    assert asked["link"]["asked"] == {"score": True, "shirt_numbers": True, "venue": True}
    assert asked["link"]["shows"] == {"score": True, "shirt_numbers": True, "venue": False}
    assert asked["link"]["venue_from"] == game.at(0)
    assert (await seen(client, asked["secret"]))["venue"] is None
    clock.turn(s=DAY_MS / 1_000)
    assert (await seen(client, asked["secret"]))["venue"] == "Marsh Lane 4"
    assert (await seen(client, plain["secret"]))["venue"] is None


async def test_a_player_who_is_not_to_be_shared_leaves_every_view(client: httpx.AsyncClient, game: Game) -> None:
    """U12: the goal stays, the number goes, and the event has another id from then on."""
    await game.play()
    secret = (await game.share(shirt_numbers=True))["secret"]
    (before,) = (await seen(client, secret))["timeline"]
    await game.coach.push(put("players", game.player, do_not_share=True))
    (after,) = (await seen(client, secret))["timeline"]
    assert (before["player"], after["player"]) == (9, None)
    assert before["event_id"] != after["event_id"]


@pytest.mark.parametrize("age_group", ["U9", None])
async def test_the_score_of_the_youngest_is_hidden_until_the_owner_turns_it_on(
    client: httpx.AsyncClient, coach: Person, age_group: str | None
) -> None:
    """The FA's rule: what is forbidden is no error; the answer says what was asked and what is shown."""
    game = await Game(coach, age_group=age_group).push()
    await game.play()
    made = await game.share(score=True, shirt_numbers=True)
    assert made["link"]["asked"] == {"score": True, "shirt_numbers": True, "venue": False}
    assert made["link"]["shows"] == {"score": False, "shirt_numbers": False, "venue": False}
    hidden = await seen(client, made["secret"])
    assert (hidden["score"], hidden["timeline"], hidden["status"]) == (None, [], "live")
    rules = {"young_scores": True, "young_shirt_numbers": False}
    assert await coach.get("/api/sharing/rules") == {"young_scores": False, "young_shirt_numbers": False}
    assert (await coach.ask("PUT", "/api/sharing/rules", json=rules)).json() == rules
    shown = await seen(client, made["secret"])
    assert (shown["score"], len(shown["timeline"])) == ({"home": 1, "away": 0}, 1)
    assert shown["timeline"][0]["player"] is None
    assert (await game.links())[0]["shows"] == {"score": True, "shirt_numbers": False, "venue": False}
    await coach.ask("PUT", "/api/sharing/rules", json={**rules, "young_scores": False})
    assert await seen(client, made["secret"]) == hidden


async def test_a_revoked_link_is_refused_at_the_next_request(client: httpx.AsyncClient, game: Game) -> None:
    """U11: one link ends and its neighbour goes on; then all of the match end."""
    one, two = await game.share(), await game.share()
    link = one["link"]["link_id"]
    answer = await game.coach.ask("DELETE", f"{game.path}/{link}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert await is_closed(client, one["secret"])
    assert not await is_closed(client, two["secret"])
    assert (await game.coach.ask("DELETE", f"{game.path}/{link}")).status_code == 204
    assert (await game.coach.ask("DELETE", game.path)).status_code == 204
    assert await is_closed(client, two["secret"])
    assert {each["status"] for each in await game.links()} == {"revoked"}
    assert code_of(await game.coach.ask("DELETE", f"{game.path}/{some_id()}")) == (404, "not_found")


async def test_a_link_ends_at_its_end(client: httpx.AsyncClient, game: Game, clock: Clock) -> None:
    """The last millisecond is in, the next one is out."""
    secret = (await game.share(hours=1))["secret"]
    clock.ms = START_MS + 3_600_000 - 1
    assert not await is_closed(client, secret)
    clock.ms += 1
    assert await is_closed(client, secret)
    assert (await game.coach.ask("GET", game.path)).status_code == 401, "an access token lives for 15 minutes"


async def test_a_clock_that_steps_back_revives_no_link(
    client: httpx.AsyncClient, game: Game, clock: Clock, settings: Settings, pg_database: PgDatabase, ring: KeyRing
) -> None:
    """A server remembers the latest time it read; another one the greatest clock that the club has issued."""
    secret = (await game.share(hours=1))["secret"]
    clock.turn(s=3_600)
    assert await is_closed(client, secret)
    clock.turn(s=-1_800)
    assert await is_closed(client, secret)
    async with (
        open_services(pg_database.app_dsn, ring, clock=clock.now_ms, monotonic=clock.now_s) as fresh,
        client_of(create_app(settings, fresh)) as other,
    ):
        assert not await is_closed(other, secret)
        clock.turn(s=1_800)
        await fresh.engine.push(game.coach.club_id, game.coach.tokens["user_id"], a_push(clock))
    clock.turn(s=-1_800)
    async with (
        open_services(pg_database.app_dsn, ring, clock=clock.now_ms, monotonic=clock.now_s) as fresh,
        client_of(create_app(settings, fresh)) as other,
    ):
        assert await is_closed(other, secret)


def a_push(clock: Clock) -> PushRequest:
    """Return a push of another device, by the clock as it stands."""
    mutation = {"n": 1, "wall": clock.ms, **put("seasons", some_id(), label="next")}
    return read_push(encode({"device_id": some_id(), "sent_at": clock.ms, "mutations": [mutation]}))


@pytest.mark.parametrize(
    ("kickoff_ms", "plays", "expires_ms"),
    [
        (START_MS, False, START_MS + 50 * MINUTE_MS + DAY_MS),
        (START_MS + 5 * DAY_MS, False, START_MS + 5 * DAY_MS + 50 * MINUTE_MS + DAY_MS),
        (START_MS + 60 * DAY_MS, False, START_MS + 30 * DAY_MS),
        (START_MS - 60 * DAY_MS, False, START_MS + DAY_MS),
        (START_MS - 60 * MINUTE_MS, True, START_MS + DAY_MS),
    ],
)
async def test_a_link_lives_until_a_day_after_the_match(
    coach: Person, kickoff_ms: int, expires_ms: int, *, plays: bool
) -> None:
    """24 hours after full time or the planned end, from now at the least, and for 30 days at the most."""
    game = await Game(coach, kickoff_ms=kickoff_ms).push()
    if plays:
        await coach.push(put("matches", game.match_id, finished_at=game.at(45)))
    assert (await game.share())["link"]["expires_at"] == format_instant(expires_ms)


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        ({"hours": 0}, (400, "malformed")),
        ({"hours": 721}, (400, "malformed")),
        ({"hours": "24"}, (400, "malformed")),
        ({"expires_at": "2026-09-21"}, (400, "malformed")),
        ({"expires_at": "2026-09-22T10:00:00"}, (400, "malformed")),
        ({"expires_at": format_instant(START_MS)}, (422, "rejected")),
        ({"expires_at": format_instant(START_MS + 30 * DAY_MS + 1)}, (422, "rejected")),
        ({"expires_at": format_instant(START_MS + DAY_MS), "hours": 24}, (422, "rejected")),
        ({"score": 1}, (400, "malformed")),
        ({"name": "Ada"}, (400, "malformed")),
        ({"club_id": "x"}, (400, "malformed")),
    ],
)
async def test_what_cannot_be_asked_of_a_link_is_refused(
    game: Game, asked: dict[str, Any], refusal: tuple[int, str]
) -> None:
    """Bounds, types and unknown fields; nothing is made."""
    assert code_of(await game.coach.ask("POST", game.path, json=asked)) == refusal
    assert await game.links() == []


async def test_a_link_ends_when_it_was_asked_to(game: Game) -> None:
    """At an instant, or after so many hours, up to the bounds."""
    ends = format_instant(START_MS + 30 * DAY_MS)
    assert (await game.share(expires_at=ends))["link"]["expires_at"] == ends
    assert (await game.share(hours=720))["link"]["expires_at"] == ends
    assert (await game.share(expires_at="2026-09-22T10:00:00+02:00"))["link"][
        "expires_at"
    ] == "2026-09-22T08:00:00.000Z"


async def test_coaches_see_the_links_of_a_match_without_their_secrets(
    client: httpx.AsyncClient, game: Game, clock: Clock
) -> None:
    """Who made it, what it shows, until when, the day it was last used; and never what opens it."""
    made = await game.share()
    await seen(client, made["secret"])
    answer = await game.coach.ask("GET", game.path)
    assert made["secret"] not in answer.text
    assert made["secret"][30:] not in answer.text
    (link,) = answer.json()["links"]
    assert link == {**made["link"], "last_used_on": format_instant(START_MS)[:10]}
    assert link["created_by"] == {"user_id": game.coach.tokens["user_id"], "display_name": "Coach"}
    assert link["created_at"] == format_instant(START_MS)
    assert link["status"] == "live"


async def test_a_link_shows_less_or_more_when_it_is_changed(client: httpx.AsyncClient, game: Game) -> None:
    """PATCH changes what it names, for viewers at their next look; a link that has ended stays so."""
    await game.play()
    made = await game.share(shirt_numbers=True)
    path = f"{game.path}/{made['link']['link_id']}"
    before = await watch(client, made["secret"])
    changed = await game.coach.ask("PATCH", path, json={"score": False})
    assert changed.json()["shows"] == {"score": False, "shirt_numbers": True, "venue": False}
    after = await watch(client, made["secret"])
    assert after.json()["match"]["score"] is None
    assert before.json()["cursor"].partition(".")[2] != after.json()["cursor"].partition(".")[2]
    longer = await game.coach.ask("PATCH", path, json={"hours": 700})
    assert longer.json()["expires_at"] == format_instant(START_MS + 700 * 3_600_000)
    assert code_of(await game.coach.ask("PATCH", f"{game.path}/{some_id()}", json={})) == (404, "not_found")
    await game.coach.ask("DELETE", path)
    assert code_of(await game.coach.ask("PATCH", path, json={"hours": 1})) == (404, "link_ended")
    assert await is_closed(client, made["secret"])


async def test_a_request_whose_reply_was_lost_makes_one_link(client: httpx.AsyncClient, game: Game) -> None:
    """U2: the same key brings the same link with a secret that works; one that is in use is not taken from anybody."""

    async def ask() -> httpx.Response:
        return await game.coach.ask("POST", game.path, json={}, headers={"idempotency-key": "a link for grandma"})

    lost, found = (await ask()).json(), (await ask()).json()
    assert lost["link"] == found["link"]
    assert await is_closed(client, lost["secret"])
    await seen(client, found["secret"])
    assert len(await game.links()) == 1
    assert code_of(await ask()) == (409, "exists")
    await seen(client, found["secret"])


async def test_whatever_opens_nothing_is_answered_alike(
    client: httpx.AsyncClient, game: Game, coach: Person, clock: Clock
) -> None:
    """No oracle: unknown, revoked, expired, another club's, misspelt, an access token, none: one answer."""
    revoked, expired, gone = await game.share(), await game.share(hours=1), await game.share(hours=30)
    await game.coach.ask("DELETE", f"{game.path}/{revoked['link']['link_id']}")
    await game.coach.push({"collection": "matches", "record": game.match_id, "op": "delete", "fields": {}})
    other = await sign_up(client, "other@club.example")
    clock.turn(s=2 * 3_600)
    unknown = make_secret(coach.club_id, bytes(32))[0]
    elsewhere = make_secret(other.club_id, hashlib.sha256(b"x").digest())[0]
    nowhere = make_secret(some_id(), bytes(32))[0]
    shown = [revoked["secret"], expired["secret"], gone["secret"], unknown, elsewhere, nowhere]
    shown += ["tls_", unknown[:-1], unknown + "A", unknown.replace("tls_", "TLS_"), unknown[4:], "", "x" * 5_000]
    shown += [coach.tokens["access_token"], coach.tokens["refresh_token"]]
    answers = [await watch(client, each) for each in shown]
    answers += [
        await client.get("/api/shared/match"),
        await client.get("/api/shared/match", headers={"authorization": f"Basic {unknown}"}),
        await client.get("/api/shared/match", headers=[("authorization", f"Bearer {gone['secret']}")] * 2),
    ]
    told = {(each.status_code, *sorted((k, v) for k, v in each.json().items() if k != "instance")) for each in answers}
    assert len(told) == 1
    assert code_of(answers[0]) == (404, "link_ended")


async def test_a_share_secret_is_no_access_token(
    client: httpx.AsyncClient, game: Game, settings: Settings, services: Services
) -> None:
    """Every route that asks who calls refuses a viewer's secret, and in the address it means nothing."""
    secret = (await game.share())["secret"]
    asked = 0
    for route in create_app(settings, services).routes:
        if not isinstance(route, HTTPRoute):
            continue
        path = re.sub(
            r"{(\w+)}", lambda found: "1" if found[1] in {"number", "ordinal"} else game.match_id, route.path_format
        )
        for handler in route.route_handlers:
            if handler.opt.get("access") == "public":
                continue
            for method in handler.http_methods - {"OPTIONS", "HEAD"}:
                answer = await client.request(method, path, headers={"authorization": f"Bearer {secret}"})
                assert answer.status_code == 401, (method, path)
                asked += 1
    assert asked > 20
    answer = await client.get(f"/api/shared/match?secret={quote(secret)}")
    assert answer.status_code in {400, 404}
    assert secret not in answer.text


@pytest.mark.parametrize(("role", "may"), [("owner", True), ("coach", True), ("scorer", False), ("viewer", False)])
async def test_owners_and_coaches_share_and_an_owner_makes_the_rules(
    game: Game, clock: Clock, pg_execute: Execute, role: str, *, may: bool
) -> None:
    """A scorer or a viewer of the club makes, sees and ends no link; only an owner shows more of the youngest."""
    made = await game.share()
    await pg_execute("UPDATE touchline.memberships SET role = $1", role)
    clock.turn(s=6)
    asks: list[tuple[str, str, dict[str, Any] | None]] = [
        ("POST", game.path, {}),
        ("GET", game.path, None),
        ("DELETE", f"{game.path}/{made['link']['link_id']}", None),
    ]
    asks += [("GET", "/api/sharing/rules", None), ("DELETE", game.path, None)]
    for method, path, body in asks:
        answer = await game.coach.ask(method, path, json=body)
        assert (answer.status_code == 403) != may, (method, path, answer.text)
    rules = await game.coach.ask("PUT", "/api/sharing/rules", json={"young_scores": True, "young_shirt_numbers": True})
    assert rules.status_code == (200 if role == "owner" else 403)


async def test_another_club_neither_shares_nor_ends_nor_sees(client: httpx.AsyncClient, game: Game) -> None:
    """U25: the ids of another club's match and link are as good as none."""
    made = await game.share()
    link = f"{game.path}/{made['link']['link_id']}"
    other = await sign_up(client, "other@club.example")
    for method, path, body in (("POST", game.path, {}), ("GET", game.path, None), ("PATCH", link, {"hours": 1})):
        assert code_of(await other.ask(method, path, json=body)) == (404, "not_found")
    assert code_of(await other.ask("DELETE", link)) == (404, "not_found")
    assert (await other.ask("DELETE", game.path)).status_code == 204
    assert not await is_closed(client, made["secret"])


async def test_the_database_opens_no_link(game: Game, pg_database: PgDatabase) -> None:
    """What is stored is a hash of 256 random bits: a stolen dump has no secret in it."""
    secret = (await game.share())["secret"]
    kept = read_secret(secret)
    assert kept is not None
    connection = await asyncpg.connect(pg_database.owner_dsn)
    (row,) = await connection.fetch("SELECT * FROM touchline.share_links")
    await connection.close()
    assert (row["secret_hash"], str(row["club_id"])) == (kept.hash, game.coach.club_id)
    assert secret not in str(dict(row))


def test_a_secret_has_one_spelling() -> None:
    """What a link's text holds is its club and 256 bits; any other text is none."""
    club_id = some_id()
    text, kept = make_secret(club_id, bytes(range(32)))
    assert len(text) == 68
    once = hashlib.sha256(bytes(range(32))).digest()
    assert read_secret(text) == kept == (club_id, hashlib.sha256(once).digest(), kept.feed)
    assert read_feed(kept.feed) == kept
    assert read_feed(text) is read_secret(kept.feed) is read_feed(kept.feed[:-1]) is None
    assert read_header([(b"authorization", b"bearer " + text.encode())]) == kept
    for wrong in (text[:-1], text + "=", text.replace("_", "-", 1), text[:20] + "*" + text[21:], " ", text + "\n"):
        assert read_secret(wrong) is None or wrong == text + "\n"
