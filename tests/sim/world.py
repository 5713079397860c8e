"""The simulated world: one server over the store in memory, a virtual clock, and one source of dice."""

import random
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from typing import Any, Final, TypeVar
from uuid import UUID

from msgspec import Struct

from storage.engine import Engine
from storage.erasures import Eraser, Erasure
from storage.memory import ClubState, MemoryStore
from sync.errors import SyncError
from sync.messages import PullAnswer, PullQuery, PushAnswer, PushRequest, SnapshotAnswer, encode, read_push
from sync.ports import Rewritten
from sync.records import Key
from tests.sim.catalogue import CATALOGUE
from tests.sim.oracle import Oracle

T = TypeVar("T")

CLUB: Final = "00000000-0000-4000-8000-00000000c1b0"
BEGIN_MS: Final = 1_763_800_000_000
SECOND: Final = 1_000
HOUR: Final = 3_600 * SECOND
DAY: Final = 24 * HOUR
LOG_KEPT_MS: Final = 30 * DAY
"""The least that may be set."""


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Drive a coroutine that never truly awaits, without an event loop."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    raise AssertionError("the simulation met something that really waits")


class Cut(Exception):
    """The rewriting of the log was cut."""


class CutStore(MemoryStore):
    """A store that is switched off after some batches of rewriting."""

    batches_left: int | None = None

    async def rewrite(
        self, erasure: Erasure, rewrite: Callable[[bytes], bytes | None], *, rows_max: int, now_ms: int
    ) -> Rewritten:
        """Rewrite a batch, unless there is no time for it any more."""
        if self.batches_left == 0:
            raise Cut
        self.batches_left = None if self.batches_left is None else self.batches_left - 1
        return await super().rewrite(erasure, rewrite, rows_max=rows_max, now_ms=now_ms)


class Backup(Struct):
    """A backup of the server, with what the oracle knew of it then."""

    state: ClubState
    oracle: Oracle
    at_ms: int


class World:
    """The server and all that its phones share."""

    def __init__(self, seed: int) -> None:
        """Begin with an empty club."""
        self.dice = random.Random(seed)
        self.now = BEGIN_MS
        self.store = CutStore(CATALOGUE)
        self.engine = Engine(CATALOGUE, self.store, clock=self.clock, dice=self.dice.randbytes)
        self.eraser = Eraser(self.store, CATALOGUE, clock=self.clock, dice=self.dice.randbytes, rows_max=7)
        self.ledger: dict[str, Erasure] = {}
        """Player -> the erasure, kept outside the database: it outlives a restore."""
        run(self.store.create_club(CLUB, hash_key=b"k" * 32))
        self.oracle = Oracle()
        self.backups: list[Backup] = []
        self.restore_count = 0
        self.folded: set[tuple[str, int]] = set()
        """Mutations of which the server knows no more than that they were settled; in a backup it may know more."""
        self.trace: list[str] = []
        self.pool: dict[str, list[str]] = {name: [] for name in CATALOGUE.collections}

    def clock(self) -> int:
        """Return the server's time."""
        return self.now

    def make_id(self) -> str:
        """Return a new UUID."""
        return str(UUID(int=self.dice.getrandbits(128), version=4))

    def say(self, line: str) -> None:
        """Add a line to the trace of this run."""
        self.trace.append(f"{self.now - BEGIN_MS:>12} {line}")

    @property
    def club(self) -> ClubState:
        """Return what the server holds."""
        return self.store.clubs[CLUB]

    @property
    def head(self) -> str:
        """Return the head's cursor."""
        return str(self.club.club.head)

    # -- the server's routes ---------------------------------------------------------------------------------------

    def push(self, author: str, push: PushRequest, *, sent_ms: int) -> PushAnswer | SyncError:
        """Carry a push to the server, and let the oracle look at what came of it."""
        read = read_push(encode(push))
        before = self.oracle.before(self.club)
        try:
            answer = run(self.engine.push(CLUB, author, read))
        except SyncError as error:
            self.oracle.refused(self.club, before)
            return error
        self.oracle.pushed(before, self.club, read, answer, now_ms=self.now, latency_ms=self.now - sent_ms)
        return answer

    def pull(self, query: PullQuery, *, changes_max: int, bytes_max: int) -> PullAnswer | SyncError:
        """Carry a pull to the server."""
        try:
            answer = run(self.engine.pull(CLUB, query, changes_max=changes_max, bytes_max=bytes_max))
        except SyncError as error:
            self.oracle.expired(self.club, query.since, error)
            return error
        self.oracle.page_sent(query.since, answer)
        return answer

    def snapshot(self, page: str | None, *, bytes_max: int) -> SnapshotAnswer | SyncError:
        """Carry the request for a snapshot page to the server."""
        try:
            return run(self.engine.snapshot(CLUB, page, bytes_max=bytes_max))
        except SyncError as error:
            return error

    # -- the operator ----------------------------------------------------------------------------------------------

    def compact(self, steps_max: int) -> None:
        """Compact the log, or as much of that as so many steps do before the server is killed."""
        before = self.club
        run(self._compact(steps_max))
        self.folded |= before.outcomes.keys() - self.club.outcomes.keys()
        self.oracle.compacted(before, self.club)
        self.say(f"server: the log begins at {self.club.club.oldest}, {len(self.club.log)} rows")

    async def _compact(self, steps_max: int) -> None:
        steps = self.store.compact(CLUB, before_ms=self.now - LOG_KEPT_MS, rows_max=self.dice.choice((1, 7, 2_000)))
        async with aclosing(steps):
            async for _ in steps:
                steps_max -= 1
                if not steps_max:
                    return

    def back_up(self) -> None:
        """Take a backup of the server."""
        self.backups = [*self.backups[-2:], Backup(self.club.copy(), self.oracle.copy(), self.now)]
        self.say(f"server: backup at {self.head}")

    def restore(self) -> None:
        """Put a backup of the server back."""
        backup = self.dice.choice(self.backups)
        was = self.head
        self.store.clubs[CLUB] = backup.state.copy()
        self.oracle = backup.oracle.copy(keeping=self.oracle)
        self.restore_count += 1
        self.say(f"server: restored from {was} to {self.head}")
        for player, erasure in self.ledger.items():
            if player not in self.oracle.erased:
                before = self.oracle.before(self.club)
                run(self.eraser.erase_again(CLUB, erasure))
                now = self.club.erasures[erasure.erasure_id]
                self.oracle.saw_erased(before, self.club, player, now, is_again=True)

    def erase(self, player: str) -> None:
        """Erase a player, if there is one."""
        before = self.oracle.before(self.club)
        try:
            erasure = run(self.eraser.erase(CLUB, Key("players", player), by=None, erasure_id=self.make_id()))
        except LookupError:
            self.oracle.refused(self.club, before)
            return
        self.ledger[player] = erasure
        self.oracle.saw_erased(before, self.club, player, erasure)
        self.say(f"server: erased {player[:6]}, to {self.head}")

    def rewrite(self, *, batches_max: int | None = None) -> None:
        """Rewrite the log, in so many batches at the most; then it is cut."""
        self.store.batches_left = batches_max
        try:
            run(self.eraser.go_on(CLUB))
        except Cut:
            self.say("server: the rewriting is cut")
        self.oracle.saw_rewritten(self.club)
