"""Access is read again inside the transaction that writes: what may not be written is kept for who may."""

import asyncio

import httpx

from api.app import Services
from sync.messages import encode, read_push
from tests.api.identity.crowd import join, score_by
from tests.api.people import START_MS, Clock, Person, code_of, put, some_id


async def rejected(coach: Person) -> list[dict[str, object]]:
    """Return what is in the quarantine."""
    found = (await coach.get("/api/sync/conflicts"))["conflicts"]
    return [each for each in found if each["kind"] == "rejected"]


async def test_u26_the_late_push_of_a_removed_member_reaches_the_coach(
    client: httpx.AsyncClient, coach: Person, clock: Clock
) -> None:
    """U26: it is refused with the time of the removal and what was kept; made before, it is in the quarantine."""
    match_id = await coach.make_match()
    scorer = await join(client, coach, "scorer")
    assert (await scorer.push(put("events", some_id(), match_id=match_id, kind="goal"))).status_code == 200
    clock.turn(s=60)
    ended_at = clock.ms
    removal = await coach.ask("DELETE", f"/api/club/members/{scorer.tokens['user_id']}")
    assert removal.status_code == 204, removal.text
    clock.turn(s=60)
    event = put("events", some_id(), match_id=match_id, kind="save")
    late = await scorer.push({**event, "wall": START_MS + 30_000}, {**event, "wall": clock.ms}, sent_at=clock.ms)
    assert code_of(late) == (403, "access_ended")
    told = late.json()
    assert (told["forget"], told["ended_at"], told["kept"]) == (True, ended_at, [2])
    [conflict] = await rejected(coach)
    assert conflict["record"] == event["record"]
    assert [each["kind"] for each in (await coach.get(f"/api/matches/{match_id}/events"))["events"]] == ["goal"]
    answered = await coach.ask("POST", "/api/sync/conflicts", json={"id": conflict["id"], "choice": "keep"})
    assert answered.status_code == 200, answered.text


async def test_u27_a_scorer_by_link_pushes_to_one_match(client: httpx.AsyncClient, coach: Person) -> None:
    """U27: what a link's phone pushes about its match applies; everything else is kept for the coach."""
    mine, other = await coach.make_match(), await coach.make_match()
    made = await coach.ask("POST", f"/api/matches/{mine}/scorers", json={})
    scorer = Person(client, (await score_by(client, secret=made.json()["secret"])).json())
    answer = await scorer.push(
        put("events", some_id(), match_id=mine, kind="goal"),
        put("events", some_id(), match_id=other, kind="goal"),
        put("players", some_id(), full_name="A Child"),
        put("matches", mine, finished_at="2026-09-20T11:00:00.000Z"),
        put("matches", mine, venue="Elsewhere"),
    )
    found = {each["n"]: each["code"] for each in answer.json()["others"]}
    assert found == {2: "forbidden", 3: "forbidden", 5: "forbidden"}
    assert len(await rejected(coach)) == 3


async def test_a_scorer_of_the_club_writes_match_day_and_no_more(client: httpx.AsyncClient, coach: Person) -> None:
    """A member with the role scorer logs events; a team that they push waits for a coach."""
    match_id = await coach.make_match()
    scorer = await join(client, coach, "scorer")
    answer = await scorer.push(
        put("events", some_id(), match_id=match_id, kind="goal"), put("teams", some_id(), name="Blues")
    )
    assert {each["n"]: each["code"] for each in answer.json()["others"]} == {2: "forbidden"}


async def test_a_removal_and_a_push_are_one_after_the_other(
    client: httpx.AsyncClient, coach: Person, services: Services
) -> None:
    """ASVS 15.4.2: of a push that passed the door before the removal nothing applies once the removal is answered."""
    match_id = await coach.make_match()
    scorer = await join(client, coach, "scorer")
    user_id, session = scorer.tokens["user_id"], (await services.gate.admit(scorer.tokens["access_token"])).session_id

    async def push(n: int) -> int:
        mutation = {**put("events", some_id(), match_id=match_id, kind="goal"), "n": n, "wall": START_MS}
        body = encode({"device_id": scorer.device_id, "sent_at": START_MS, "mutations": [mutation]})
        answer = await services.committer.push(coach.club_id, user_id, read_push(body), grant=session)
        return answer.version if answer.applied else 0

    async def remove() -> int:
        assert (await coach.ask("DELETE", f"/api/club/members/{user_id}")).status_code == 204
        return int((await coach.get("/api/sync/timestamp"))["timestamp"].partition(".")[0])

    before = [asyncio.create_task(push(n)) for n in range(1, 6)]
    removal = asyncio.create_task(remove())
    await asyncio.sleep(0)
    after = [asyncio.create_task(push(n)) for n in range(6, 40)]
    removed_at = await removal
    assert await push(100) == 0
    assert all(version <= removed_at for version in await asyncio.gather(*before, *after))
