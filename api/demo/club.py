"""Fills the demo club, as a phone would: one push of one device, on the path of every push."""

from typing import Final

from api.demo.season import season
from football.collections import CATALOGUE
from storage.committer import Committer
from storage.engine import Engine
from sync.cursors import ORIGIN
from sync.device import Device, DeviceState
from sync.limits import PUSH_BYTES_MAX
from sync.messages import Group

SEED: Final = "demo club"


async def fill(engine: Engine, committer: Committer, *, club_id: str, user_id: str, device_id: str) -> None:
    """Write a season into a club in which nothing was ever written; any other is left alone.

    It is one transaction: a server that is stopped on the way begins again with an empty club.
    """
    told = await engine.timestamp(club_id)
    if told.timestamp != str(ORIGIN):
        return
    phone = Device(CATALOGUE, DeviceState(device_id))
    facts = season(seed=f"{SEED} {club_id}", now_ms=told.server_time)
    for fact in facts:
        group = None if fact.group is None else Group(fact.group.id, fact.group.count)
        phone.put(fact.collection, fact.id, fact.fields, wall_ms=fact.wall_ms, group=group)
    push = phone.next_push(sent_at=told.server_time, bytes_max=PUSH_BYTES_MAX)
    assert push is not None, "there is something to push"
    assert len(push.mutations) == len(facts), "one push holds it all"
    phone.pushed(push, await committer.push(club_id, user_id, push))
    assert not phone.waiting_count, "nothing was refused or parked"
