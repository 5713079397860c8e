"""Claiming a match that was recorded before signing up (U17)."""

import httpx
import msgspec

from football.collections import CATALOGUE
from football.recording import as_view
from sync.device import Device, DeviceState
from sync.messages import Group, PullAnswer, PushAnswer, encode
from tests.api.people import Clock, Person, asked_to_register, code_of, some_id
from tests.harness import real_match

LOST = frozenset({1, 3})
"""The pushes whose replies never come."""


def recorded(device_id: str, kickoff_ms: int) -> Device:
    """Return a device that has recorded the whole real match, and has never met a server."""
    device = Device(CATALOGUE, DeviceState(device_id))
    for fact in real_match(kickoff_ms=kickoff_ms):
        group = None if fact.group is None else Group(fact.group.id, fact.group.count)
        device.put(fact.collection, fact.id, fact.fields, wall_ms=fact.wall_ms, group=group)
    return device


async def test_u17_a_match_recorded_before_signing_up_is_claimed_whole(client: httpx.AsyncClient, clock: Clock) -> None:
    """U17: the device that recorded a match registers and pushes; no row leaves it before the server confirmed it."""
    device_id = some_id()
    kickoff_ms = clock.ms
    device = recorded(device_id, kickoff_ms)
    facts = real_match(kickoff_ms=kickoff_ms)
    clock.turn(s=3 * 3_600)
    whole = {**{name: {} for name in CATALOGUE.collections}, **as_view(facts)}
    assert device.view() == whole
    first = device.next_push(sent_at=clock.ms, mutations_max=40)
    assert first is not None
    refused = await client.post("/api/sync/push", content=encode(first), headers={"content-type": "application/json"})
    assert code_of(refused) == (401, "unauthorised")
    assert device.waiting_count == len(facts)

    answer = await client.post("/api/auth/register", json=asked_to_register("new@club.example", device_id))
    coach = Person(client, answer.json())
    confirmed = await push_all(coach, device, clock)
    assert confirmed == {n + 1 for n in range(len(facts))}
    await pull_all(coach, device)
    assert device.waiting_count == 0
    assert device.overlay() == []
    assert device.view() == whole

    fresh = Device(CATALOGUE, DeviceState(some_id()))
    await pull_all(coach, fresh)
    assert fresh.view() == whole
    match_id = next(iter(whole["matches"]))
    assert (await coach.get(f"/api/matches/{match_id}/score"))["text"] == "2-2"


async def push_all(coach: Person, device: Device, clock: Clock) -> set[int]:
    """Push until nothing waits, some replies lost; return the counters that were confirmed.

    Asserts after each push that what is not confirmed yet still waits on the device.
    """
    confirmed: set[int] = set()
    sent = 0
    device.begin_sync()
    while (push := device.next_push(sent_at=clock.ms, mutations_max=40)) is not None:
        answer = await coach.ask("POST", "/api/sync/push", content=encode(push))
        assert answer.status_code == 200, answer.text
        sent += 1
        if sent in LOST:
            device.begin_sync()
        else:
            told = msgspec.json.decode(answer.content, type=PushAnswer)
            device.pushed(push, told)
            assert all(each.verdict == "parked" for each in told.others)
            confirmed.update(n for run in told.applied for n in range(run.from_n, run.to_n + 1))
        waiting = {made.mutation.n for made in device.state.made if made.is_unsettled}
        assert waiting == {made.mutation.n for made in device.state.made} - confirmed
    assert sent > max(LOST)
    return confirmed


async def pull_all(coach: Person, device: Device) -> None:
    """Pull until nothing more is there."""
    more = True
    while more:
        query = device.pull_query()
        answer = await coach.ask("GET", f"/api/sync/pull?since={query.since}")
        page = msgspec.json.decode(answer.content, type=PullAnswer)
        device.pulled(query, page)
        more = page.more
