"""Share links: who may watch which match, until when, and what it asks to show.

A link is live until it is revoked or expired. Every change of one is made under the lock of the club's counter row, so
that its feed begins where the log stands. A viewer's read is one statement; it writes only when the first one of a day
looks, or when time alone has changed what is shown.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Final

import asyncpg
from msgspec import Struct

from football.feed import Shareable
from football.policy import ClubRules, Options, Permitted, permit
from storage import feeds
from storage.clubs import reading, set_club_sql
from storage.feeds import Feed, instant
from storage.gathering import Gathering
from storage.shareable import Connection, read_shareable

LINKS_MAX: Final = 50
"""Live links of one match: one for each family of a squad, and then some."""

KEPT_DAYS: Final = 90
"""Days for which a link that has ended is listed."""


class TooManyLinks(Exception):
    """The match has as many live links as it may."""


class Link(Struct, frozen=True):
    """A share link, without its secret. Times are in milliseconds since 1970."""

    link_id: str
    match_id: str
    options: Options
    created_by: str
    created_ms: int
    expires_ms: int
    revoked_ms: int | None = None
    last_used_on: date | None = None

    def is_live(self, now_ms: int) -> bool:
        """Tell whether it opens anything."""
        return self.revoked_ms is None and now_ms < self.expires_ms


class Shared(Struct, frozen=True):
    """A match to be shared, and what the club allows."""

    what: Shareable
    rules: ClubRules

    def permitted(self, options: Options) -> Permitted:
        """Return what a link with these options shows of it."""
        return permit(options, self.rules, self.what.facts, self.what.teams)


class Opened(Struct, frozen=True):
    """What a viewer's secret opens."""

    link: Link
    feed: Feed


_COLUMNS: Final = """link_id, match_id, shows_score, shows_shirt_numbers, shows_venue, created_by, created_at,
       expires_at, revoked_at, last_used_on"""
_LOCK: Final = "SELECT clock FROM touchline.clubs WHERE club_id = $1 FOR NO KEY UPDATE"
_ADD: Final = """
INSERT INTO touchline.share_links (club_id, link_id, match_id, secret_hash, shows_score, shows_shirt_numbers,
                                   shows_venue, created_by, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    ON CONFLICT (club_id, link_id)
    DO UPDATE SET secret_hash = excluded.secret_hash, shows_score = excluded.shows_score,
                  shows_shirt_numbers = excluded.shows_shirt_numbers, shows_venue = excluded.shows_venue,
                  expires_at = excluded.expires_at
 WHERE share_links.last_used_on IS NULL AND share_links.revoked_at IS NULL
RETURNING link_id
"""
"""The same link again is a retry whose reply was lost: nobody has its first secret, so it gets the new one."""
_CHANGE: Final = """
UPDATE touchline.share_links
   SET shows_score = $4, shows_shirt_numbers = $5, shows_venue = $6, expires_at = $7
 WHERE club_id = $1 AND match_id = $2 AND link_id = $3
"""
_REVOKE: Final = """
UPDATE touchline.share_links SET revoked_at = $3
 WHERE club_id = $1 AND match_id = $2 AND revoked_at IS NULL AND ($4::uuid IS NULL OR link_id = $4)
"""
_LINKS: Final = f"""
SELECT {_COLUMNS} FROM touchline.share_links
 WHERE club_id = $1 AND match_id = $2 AND coalesce(revoked_at, expires_at) > $3
 ORDER BY created_at, link_id
"""  # noqa: S608 - names of ours
_BY_SECRET: Final = f"""
SELECT {_COLUMNS}, (SELECT clock FROM touchline.clubs WHERE club_id = $1) AS clock
  FROM touchline.share_links WHERE club_id = $1 AND secret_hash = $2
"""  # noqa: S608 - names of ours
_OPENINGS: Final = f"""
SELECT link.*, (SELECT clock FROM touchline.clubs WHERE club_id = $1) AS clock,
       feed.epoch IS NOT NULL AS is_kept, feed.due_ms
  FROM (SELECT {_COLUMNS}, secret_hash,
               (shows_score::int + 2 * shows_shirt_numbers::int + 4 * shows_venue::int)::smallint AS view
          FROM touchline.share_links WHERE club_id = $1 AND secret_hash = ANY($2::bytea[])) AS link
  LEFT JOIN touchline.feeds AS feed ON feed.club_id = $1 AND feed.match_id = link.match_id AND feed.view = link.view
"""  # noqa: S608 - names of ours
"""What secrets open, without what it shows."""
_USED: Final = "UPDATE touchline.share_links SET last_used_on = $3 WHERE club_id = $1 AND link_id = $2"
_SET_RULES: Final = """
INSERT INTO touchline.share_rules (club_id, young_scores, young_shirt_numbers, changed_by, changed_at)
VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (club_id)
    DO UPDATE SET young_scores = excluded.young_scores, young_shirt_numbers = excluded.young_shirt_numbers,
                  changed_by = excluded.changed_by, changed_at = excluded.changed_at
"""


class Sharing:
    """The links of all clubs."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        """Work on a pool whose role may read and write the tables of `schema.sql`."""
        self._pool = pool
        self._gathering: Gathering[tuple[str, bytes], Link] = Gathering(self._open_all)
        self._now_ms = 0
        """The latest time at which a link was asked for."""

    async def look(self, club_id: str, match_id: str) -> Shared | None:
        """Return a match as it may be shared; None where there is none."""
        async with self._transaction(club_id) as connection:
            what = await read_shareable(connection, club_id, match_id)
            return None if what is None else Shared(what, await feeds.read_rules(connection, club_id))

    async def create(self, club_id: str, link: Link, secret_hash: bytes) -> bool:
        """Keep a new link, and tell whether it was. Raises TooManyLinks; LookupError where there is no such club.

        Keeping it again with another secret is a retry; one that was used or revoked meanwhile stays as it is.
        """
        async with self._writing(club_id) as connection:
            others = await self._live(connection, club_id, link.match_id, link.created_ms, but=link.link_id)
            if len(others) >= LINKS_MAX:
                raise TooManyLinks
            created, expires = instant(link.created_ms), instant(link.expires_ms)
            named = club_id, link.link_id, link.match_id, secret_hash
            kept = await connection.fetchval(_ADD, *named, *_shows(link.options), link.created_by, created, expires)
            if kept is not None:
                await self._open_feed(connection, club_id, link, others, link.created_ms)
            return kept is not None

    async def links(self, club_id: str, match_id: str, now_ms: int) -> Sequence[Link]:
        """Return the links of a match, the oldest first; those that ended long ago are left out."""
        async with self._transaction(club_id) as connection:
            return await self._links(connection, club_id, match_id, now_ms)

    async def change(self, club_id: str, link: Link, now_ms: int) -> None:
        """Give a live link other options and another end."""
        async with self._writing(club_id) as connection:
            others = await self._live(connection, club_id, link.match_id, now_ms, but=link.link_id)
            named = club_id, link.match_id, link.link_id
            await connection.execute(_CHANGE, *named, *_shows(link.options), instant(link.expires_ms))
            await self._open_feed(connection, club_id, link, others, now_ms)

    async def revoke(self, club_id: str, match_id: str, now_ms: int, link_id: str | None = None) -> None:
        """End a link, or all of a match: the next request by it is refused. Feeds that nobody reads now are gone."""
        async with self._writing(club_id) as connection:
            await connection.execute(_REVOKE, club_id, match_id, instant(now_ms), link_id)
            left = await self._live(connection, club_id, match_id, now_ms)
            await feeds.drop(connection, club_id, match_id, but=_views(left))

    async def rules(self, club_id: str) -> ClubRules:
        """Return what the club's owner has turned on."""
        async with self._transaction(club_id) as connection:
            return await feeds.read_rules(connection, club_id)

    async def set_rules(self, club_id: str, rules: ClubRules, by: str, now_ms: int) -> None:
        """Turn on and off; every feed of the club begins anew."""
        async with self._writing(club_id) as connection:
            if rules == await feeds.read_rules(connection, club_id):
                return
            turned = rules.young_scores, rules.young_shirt_numbers
            await connection.execute(_SET_RULES, club_id, *turned, by, instant(now_ms))
            await feeds.begin_epochs(connection, club_id, now_ms)

    async def open(self, club_id: str, secret_hash: bytes, now_ms: int) -> Opened | None:
        """Return what a secret opens; None where there is no such link, or it has ended, or its match is gone."""
        async with self._transaction(club_id) as connection:
            link, seen_ms = await self._by_secret(connection, club_id, secret_hash, now_ms)
            if link is None:
                return None
            feed = await feeds.read_feed(connection, club_id, link.match_id, feeds.view_of(link.options))
            day = instant(seen_ms).date()
            if link.last_used_on != day:
                await connection.execute(_USED, club_id, link.link_id, day)
        if feed is not None and (feed.due_ms is None or seen_ms < feed.due_ms):
            return Opened(link, feed)
        return await self._open_anew(club_id, secret_hash, now_ms)

    async def link(self, club_id: str, secret_hash: bytes, now_ms: int) -> Link | None:
        """Return the link that a secret opens, as `open` does; those who come at once are answered together."""
        self._now_ms = max(self._now_ms, now_ms)
        return await self._gathering.of((club_id, secret_hash))

    async def _open_all(self, asked: Sequence[tuple[str, bytes]]) -> dict[tuple[str, bytes], Link]:
        """Return the live links of secrets, by them."""
        by_club: dict[str, list[bytes]] = {}
        for club_id, secret_hash in asked:
            by_club.setdefault(club_id, []).append(secret_hash)
        found: dict[tuple[str, bytes], Link] = {}
        for club_id, hashes in by_club.items():
            async with reading(self._pool, club_id) as connection:
                rows = await connection.fetch(_OPENINGS, club_id, hashes)
            for row in rows:
                link = await self._opened(club_id, row)
                if link is not None:
                    found[club_id, row["secret_hash"]] = link
        return found

    async def _opened(self, club_id: str, row: "asyncpg.Record") -> Link | None:
        """Return the link of a row of `_OPENINGS`, if it is live; `open` it where that has something to write."""
        link, seen_ms = _link(row), feeds.seen_ms(self._now_ms, row["clock"])
        if not link.is_live(seen_ms):
            return None
        is_fresh = row["is_kept"] and (row["due_ms"] is None or seen_ms < row["due_ms"])
        if is_fresh and link.last_used_on == instant(seen_ms).date():
            return link
        opened = await self.open(club_id, row["secret_hash"], self._now_ms)
        return None if opened is None else opened.link

    async def _open_anew(self, club_id: str, secret_hash: bytes, now_ms: int) -> Opened | None:
        """Return what a secret opens, brought up to date where time alone has changed it."""
        async with self._writing(club_id) as connection:
            link, seen_ms = await self._by_secret(connection, club_id, secret_hash, now_ms)
            if link is None:
                return None
            view = feeds.view_of(link.options)
            await feeds.refresh(connection, club_id, link.match_id, {view}, seen_ms)
            feed = await feeds.read_feed(connection, club_id, link.match_id, view)
            return None if feed is None else Opened(link, feed)

    async def _by_secret(
        self, connection: Connection, club_id: str, secret_hash: bytes, now_ms: int
    ) -> tuple[Link | None, int]:
        """Return the live link of a secret, and the time as its expiry sees it."""
        row = await connection.fetchrow(_BY_SECRET, club_id, secret_hash)
        if row is None:
            return None, now_ms
        link, seen_ms = _link(row), feeds.seen_ms(now_ms, row["clock"])
        return (link if link.is_live(seen_ms) else None), seen_ms

    async def _open_feed(
        self, connection: Connection, club_id: str, link: Link, others: Sequence[Link], now_ms: int
    ) -> None:
        """Begin to keep the feed of a link, unless it is kept for another; forget those that nobody reads now."""
        kept = _views(others)
        await feeds.drop(connection, club_id, link.match_id, but=kept)
        if feeds.view_of(link.options) not in kept:
            await feeds.refresh(connection, club_id, link.match_id, _views([link]), now_ms)

    async def _links(self, connection: Connection, club_id: str, match_id: str, now_ms: int) -> list[Link]:
        since = instant(now_ms - KEPT_DAYS * 86_400_000)
        return [_link(row) for row in await connection.fetch(_LINKS, club_id, match_id, since)]

    async def _live(
        self, connection: Connection, club_id: str, match_id: str, now_ms: int, *, but: str = ""
    ) -> list[Link]:
        found = await self._links(connection, club_id, match_id, now_ms)
        return [each for each in found if each.is_live(now_ms) and each.link_id != but]

    @asynccontextmanager
    async def _transaction(self, club_id: str) -> AsyncGenerator[Connection]:
        """Open a transaction of one club; leaving the block commits, an exception rolls back."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(set_club_sql(club_id))
            yield connection

    @asynccontextmanager
    async def _writing(self, club_id: str) -> AsyncGenerator[Connection]:
        """Open a transaction that holds the club's counter row. Raises LookupError where there is no such club."""
        async with self._transaction(club_id) as connection:
            if await connection.fetchval(_LOCK, club_id) is None:
                raise LookupError(club_id)
            yield connection


def _views(links: Sequence[Link]) -> frozenset[int]:
    return frozenset(feeds.view_of(each.options) for each in links)


def _shows(options: Options) -> tuple[bool, bool, bool]:
    return options.score, options.shirt_numbers, options.venue


def _link(row: "asyncpg.Record") -> Link:
    revoked = row["revoked_at"]
    return Link(
        link_id=str(row["link_id"]),
        match_id=str(row["match_id"]),
        options=Options(row["shows_score"], row["shows_shirt_numbers"], row["shows_venue"]),
        created_by=str(row["created_by"]),
        created_ms=_ms(row["created_at"]),
        expires_ms=_ms(row["expires_at"]),
        revoked_ms=None if revoked is None else _ms(revoked),
        last_used_on=row["last_used_on"],
    )


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000)
