"""Feeds: a match as it goes on, for whoever may watch it; one reader, framed for sockets and for event streams.

A feed begins with a snapshot and goes on with messages, numbered `n` within an epoch. A client that shows its cursor
gets what came since, or a fresh snapshot where the epoch has ended.
"""

from collections.abc import Callable
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from realtime.closing import Closed
from realtime.events import event
from realtime.frames import ready
from realtime.source import Channel, Fresh, Page, Place
from storage.viewing import Viewing
from sync.cursors import Cursor
from sync.limits import INTEGER_MAX
from sync.messages import Timestamp, decode
from sync.ports import LogRow
from sync.tails import Batch, Token

VIEWERS: Final = "share"


def viewers_channel(club_id: str, match_id: str, view: int) -> Channel:
    """Return the channel of all links to a match that show the same."""
    return Channel(VIEWERS, club_id, f"{match_id}/{view}")


class ViewerFeed:
    """The redacted feeds, as they are stored."""

    has_epochs = True

    def __init__(self, viewing: Viewing, *, clock: Callable[[], int]) -> None:
        """Read `viewing`; `clock` gives milliseconds since 1970."""
        self._viewing = viewing
        self._clock = clock

    async def read(self, channel: Channel, place: Place, *, bytes_max: int) -> Page:
        """Return a page of a feed. Raises Closed where there is none: nobody has a live link to it."""
        match_id, _, view = channel.about.partition("/")
        page = await self._viewing.page(channel.club_id, match_id, int(view), place.since, self._clock())
        if page is None:
            raise Closed("link_ended")
        cursor = page.feed.cursor
        if page.entries is None:
            return Page((), cursor, Fresh(cursor, page.feed.snapshot))
        return Page([LogRow(each.n, cursor.tag, each.body) for each in page.entries], cursor)


# -- frames ------------------------------------------------------------------------------------------------------------


class FeedOpening(Struct, frozen=True, forbid_unknown_fields=True):
    """A client's first message: what lets it in, and how far it has come."""

    token: Token | None = None
    """A link's secret, or a member's access token; absent where it was offered as a subprotocol."""
    since: Timestamp | None = None
    """The cursor to go on from; a snapshot comes without it."""
    protocol: Annotated[int, Meta(ge=1, le=INTEGER_MAX)] = 1


class FeedHello(Struct, frozen=True, tag_field="type", tag="hello"):
    """The first frame."""

    protocol: int
    cursor: str
    """Where the feed stands."""
    server_time: int
    """A running clock of the match shows this clock, as it goes on, minus its `zero_at`."""
    heartbeat_s: int
    expires_in: int
    """Seconds until the link ends, or the token runs out."""


_opening: Final = msgspec.json.Decoder(FeedOpening, strict=True).decode


def read_feed_opening(text: str) -> FeedOpening:
    """Read a client's first message. Raises MalformedRequest."""
    return decode(text.encode(errors="surrogatepass"), _opening)


class FeedFrames:
    """A feed on a WebSocket: each message is a frame of its own."""

    def batch(self, batch: Batch) -> tuple[str, ...]:
        """Return the messages as they are stored."""
        return tuple(row.body.decode() for row in batch.rows)

    def ready(self, batch: Batch) -> bytes:
        """Return the messages as they stand on the wire."""
        return ready(batch.framed(self.batch))

    def fresh(self, fresh: Fresh) -> str:
        """Return the frame `snapshot`."""
        return f'{{"type":"snapshot","cursor":"{fresh.cursor}","match":{fresh.body.decode()}}}'

    def heartbeat(self, place: Cursor) -> str:
        """Return the frame `heartbeat`."""
        return f'{{"type":"heartbeat","cursor":"{place}"}}'


class FeedEvents:
    """A feed as Server-Sent Events: the same messages, each under its cursor as the event's id."""

    def batch(self, batch: Batch) -> str:
        """Return the events of a batch."""
        return "".join(event(row.body.decode(), Cursor(row.version, row.tag)) for row in batch.rows)

    def ready(self, batch: Batch) -> bytes:
        """Return the events as they stand on the wire."""
        return batch.framed(self.batch).encode()

    def fresh(self, fresh: Fresh) -> str:
        """Return the event `snapshot`."""
        return event(FEED_FRAMES.fresh(fresh), fresh.cursor)

    def heartbeat(self, place: Cursor) -> str:
        """Return the event `heartbeat`."""
        return event(FEED_FRAMES.heartbeat(place), place)


FEED_FRAMES: Final = FeedFrames()
FEED_EVENTS: Final = FeedEvents()
