"""Sources: what a channel reads. The club's log is one; a match's feed is another.

A source tells its entries apart by a gapless number and a proof of their history: the version and its tag in a log,
`n` and the epoch in a feed.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from realtime.events import event
from realtime.frames import ready
from storage.engine import Engine, check_history
from sync.cursors import ORIGIN, Cursor
from sync.limits import PAGE_CHANGES_MAX
from sync.messages import encode
from sync.ports import LogRow
from sync.tails import Batch, TailHeartbeat, changes_text


class Channel(NamedTuple):
    """Names what is tailed: the kind of source, the club, and within it the match of a feed."""

    kind: str
    club_id: str
    about: str = ""


class Place(NamedTuple):
    """What a client says of where it stands."""

    since: Cursor | None
    """None: nowhere yet; a feed then begins with its snapshot."""
    acked: Cursor | None = None
    past: tuple[Cursor, ...] = ()


class Fresh(NamedTuple):
    """A beginning: all that a feed shows at a cursor."""

    cursor: Cursor
    body: bytes


class Page(NamedTuple):
    """What a source answers."""

    rows: Sequence[LogRow]
    head: Cursor
    fresh: Fresh | None = None
    """Where the place is of no epoch that stands: what to begin with instead, and no rows."""

    def batch(self) -> Batch | None:
        """Return the rows as a batch, None where there is none."""
        more = bool(self.rows) and self.rows[-1].version < self.head.version
        return Batch(self.rows, more=more) if self.rows else None


class Framing(Protocol):
    """How a kind of channel is spoken on a kind of line."""

    def batch(self, batch: Batch) -> str | tuple[str, ...]:
        """Return the frames of a batch; asked once for each batch, and shared."""
        ...

    def ready(self, batch: Batch) -> bytes:
        """Return the same as it stands on the wire, for lines that take that; asked once, and shared."""
        ...

    def fresh(self, fresh: Fresh) -> str:
        """Return the frame of a beginning."""
        ...

    def heartbeat(self, place: Cursor) -> str:
        """Return the frame that says: alive, and all before `place` was sent."""
        ...


class Source(Protocol):
    """What the readers of a kind of channel need."""

    @property
    def has_epochs(self) -> bool:
        """Tell whether one tag is that of many entries: an epoch, which may end."""
        ...

    async def read(self, channel: Channel, place: Place, *, bytes_max: int) -> Page:
        """Return the entries after a place that fit a page, at least one where there is one.

        Raises LogDiverged where a cursor is of another history, CursorExpired where the log begins after it; Closed
        where there is no such channel any more.
        """
        ...


class ClubFrames:
    """A club's log on a WebSocket: one frame for a batch, with the bytes of each change as they are stored."""

    def batch(self, batch: Batch) -> str:
        """Return the frame `changes`."""
        return changes_text(batch)

    def ready(self, batch: Batch) -> bytes:
        """Return the frame as it stands on the wire."""
        return ready(batch.framed(self.batch))

    def fresh(self, fresh: Fresh) -> str:
        """A log has no beginnings but its first change."""
        raise AssertionError(fresh.cursor)

    def heartbeat(self, place: Cursor) -> str:
        """Return the frame `heartbeat`."""
        return encode(TailHeartbeat(str(place))).decode()


class ClubEvents(ClubFrames):
    """The same as Server-Sent Events, each under the cursor that it leads to as the event's id."""

    def batch(self, batch: Batch) -> str:
        """Return the event `changes`."""
        return event(super().batch(batch), batch.end)

    def ready(self, batch: Batch) -> bytes:
        """Return the event as it stands on the wire."""
        return batch.framed(self.batch).encode()

    def heartbeat(self, place: Cursor) -> str:
        """Return the event `heartbeat`."""
        return event(super().heartbeat(place), place)


class ClubLog:
    """The log of a club, as it is stored."""

    has_epochs = False

    def __init__(self, engine: Engine) -> None:
        """Read through an engine's store."""
        self._store = engine.store

    async def read(self, channel: Channel, place: Place, *, bytes_max: int) -> Page:
        """Return a page of the log, as a pull does."""
        since = place.since or ORIGIN
        trusted = [since] if place.acked is None else [since, place.acked]
        versions = {each.version for each in (*trusted, *place.past)}
        view = await self._store.log_view(
            channel.club_id, since.version, versions, changes_max=PAGE_CHANGES_MAX, bytes_max=bytes_max
        )
        check_history(view, trusted, place.past)
        return Page(view.rows, view.head.cursor)
