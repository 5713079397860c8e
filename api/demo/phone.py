"""A phone of the demo: the reference device, a clock of its own, and a line that may be down."""

import time

from api.demo.line import Line, LostReply
from football.collections import CATALOGUE
from football.recording import Fact
from sync.device import Device, DeviceState, Phase
from sync.messages import Group

MUTATIONS_A_PUSH = 40
"""Small pushes, so that the line has something to lose."""


class Phone:
    """One person's phone at the pitch."""

    def __init__(self, name: str, device_id: str, line: Line, *, fast_ms: int = 0) -> None:
        """Give it a name, an identity, a line, and a clock that may be fast by some milliseconds."""
        self.name = name
        self.line = line
        self.fast_ms = fast_ms
        self.device = Device(CATALOGUE, DeviceState(device_id))
        self.pushes = 0

    def now_ms(self) -> int:
        """Return what the phone's own clock shows."""
        return int(time.time() * 1_000) + self.fast_ms

    def write(self, fact: Fact) -> None:
        """Log a fact, by the phone's own clock; instants are read off that clock too."""
        group = None if fact.group is None else Group(fact.group.id, fact.group.count)
        self.device.put(fact.collection, fact.id, fact.fields, wall_ms=fact.wall_ms + self.fast_ms, group=group)

    def sync(self) -> None:
        """Push what waits and pull what is new, sending the same again whenever a reply is lost."""
        self.device.begin_sync()
        while True:
            push = self.device.next_push(sent_at=self.now_ms(), mutations_max=MUTATIONS_A_PUSH)
            if push is None:
                break
            self.pushes += 1
            try:
                self.device.pushed(push, self.line.push(push))
            except LostReply:
                self.device.begin_sync()
        self.pull()

    def pull(self) -> None:
        """Pull until nothing more is there; a phone that starts from nothing takes a snapshot first."""
        if self.device.state.phase is Phase.SNAPSHOT:
            self.device.snapshot_taken(self.line.snapshot())
        more = True
        while more:
            query = self.device.pull_query()
            try:
                answer = self.line.pull(query)
            except LostReply:
                continue
            self.device.pulled(query, answer)
            more = answer.more
