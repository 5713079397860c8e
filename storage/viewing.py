"""Viewing: what live sockets of share links read; one feed for all links that show the same.

A page of a feed is read in one moment: the entries after a cursor and where the feed stands belong together. Where time
alone has changed what is shown, whoever reads first brings the feed up to date, under the club's lock.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

import asyncpg

from football.policy import Options
from storage import feeds
from storage.clubs import set_club_sql
from storage.feeds import Feed, FeedEntry
from storage.remembered import Memory, Place
from sync.cursors import Cursor

ENTRIES_MAX: Final = 200
"""Entries of a page: some 60 KB."""

_LOCK: Final = "SELECT FROM touchline.clubs WHERE club_id = $1 FOR NO KEY UPDATE"
_LINKS: Final = """
SELECT link_id, shows_score, shows_shirt_numbers, shows_venue
  FROM touchline.share_links
 WHERE club_id = $1 AND link_id = ANY($2::uuid[]) AND revoked_at IS NULL AND expires_at > $3
"""


class FeedPage(NamedTuple):
    """Where a feed stands, and its entries after a cursor; `entries` is None where that is of no epoch that stands."""

    feed: Feed
    entries: Sequence[FeedEntry] | None


class Viewing:
    """Reads the feeds of all clubs."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", memory: Memory | None = None) -> None:
        """Work on a pool whose role may read and write the tables of `schema.sql`.

        `memory` is that of the store which writes in this process: what it committed a moment ago is not read again.
        """
        self._pool = pool
        self._memory = memory or Memory()

    async def page(self, club_id: str, match_id: str, view: int, after: Cursor | None, now_ms: int) -> FeedPage | None:
        """Return a page of a feed; None where there is no such feed."""
        page = self._recent(Place(club_id, match_id, view), after) or await self._page(club_id, match_id, view, after)
        if page is None or page.feed.due_ms is None or now_ms < page.feed.due_ms:
            return page
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(set_club_sql(club_id))
            await connection.execute(_LOCK, club_id)
            await feeds.refresh(connection, club_id, match_id, {view}, now_ms)
        return await self._page(club_id, match_id, view, after)

    def _recent(self, place: Place, after: Cursor | None) -> FeedPage | None:
        """Return what was committed a moment ago behind a cursor; None where the database has to be asked."""
        told = None if after is None else self._memory.recent(place, after)
        if told is None or after is None:
            return None
        entries = [FeedEntry(n, body) for n, body in enumerate(told.bodies, told.after + 1) if n > after.version]
        return FeedPage(Feed(told.cursor, told.hide_key, b"", told.due_ms), entries)

    async def views(self, club_id: str, link_ids: Collection[str], now_ms: int) -> Mapping[str, int]:
        """Return the views that links show, of those that are live."""
        async with self._pool.acquire() as connection, connection.transaction(readonly=True):
            await connection.execute(set_club_sql(club_id))
            rows = await connection.fetch(_LINKS, club_id, list(link_ids), feeds.instant(now_ms))
        found: dict[str, int] = {}
        for row in rows:
            options = Options(row["shows_score"], row["shows_shirt_numbers"], row["shows_venue"])
            found[str(row["link_id"])] = feeds.view_of(options)
        return found

    async def _page(self, club_id: str, match_id: str, view: int, after: Cursor | None) -> FeedPage | None:
        """Read a page at one moment."""
        begin = f"BEGIN READ ONLY; {set_club_sql(club_id)}"
        async with self._pool.acquire() as connection:
            await connection.execute(begin)
            try:
                if after is not None:
                    found = await feeds.read_entries(
                        connection, club_id, match_id, view, after, entries_max=ENTRIES_MAX
                    )
                    return None if found is None else FeedPage(*found)
                feed = await feeds.read_feed(connection, club_id, match_id, view)
                return None if feed is None else FeedPage(feed, None)
            finally:
                await connection.execute("COMMIT")
