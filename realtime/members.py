"""The members' feed of a match: folded in this process from what the club's log says, while somebody watches.

It is kept in memory alone. Its epoch is one process's: a client that comes back to another process, or after a restart,
begins with a fresh snapshot, which holds all that it missed.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from football.facts import MatchFacts
from football.feed import Shareable, due_ms
from football.feed_messages import entries_of
from football.member_feed import MemberMatch, member_diff, member_view, who_is_named
from realtime.closing import Closed
from realtime.source import Channel, Fresh, Page, Place
from storage.matches import MatchReader
from sync.cursors import Cursor
from sync.messages import encode
from sync.ports import LogRow, Store

MEMBERS: Final = "match"
KEPT_MAX: Final = 500
"""Messages kept of a match: what a client that was cut off for a half needs."""
FOLDS_MAX: Final = 200
"""Matches kept, those watched last: some 10 MB."""
EPOCH_BYTES: Final = 8


def members_channel(club_id: str, match_id: str) -> Channel:
    """Return the channel of the members who watch a match."""
    return Channel(MEMBERS, club_id, match_id)


class Fold(Struct):
    """One match: its view, and the messages that led to it."""

    epoch: str
    lock: asyncio.Lock
    kept: deque[LogRow]
    n: int = 0
    view: MemberMatch | None = None
    head: Cursor | None = None
    """The log's head under which the view was read: it may be newer, never older."""
    due_ms: int | None = None

    @property
    def cursor(self) -> Cursor:
        """Return where the feed stands."""
        return Cursor(self.n, self.epoch)


class MemberFeed:
    """The members' feeds of all matches that somebody watches."""

    has_epochs = True

    def __init__(
        self, store: Store, matches: MatchReader, *, clock: Callable[[], int], dice: Callable[[int], bytes]
    ) -> None:
        """Fold what `matches` reads; `clock` gives milliseconds since 1970, `dice` that many random bytes."""
        self._store = store
        self._matches = matches
        self._clock = clock
        self._dice = dice
        self._folds: OrderedDict[Channel, Fold] = OrderedDict()

    async def read(self, channel: Channel, place: Place, *, bytes_max: int) -> Page:
        """Return the messages after a place. Raises Closed where the club has no such match."""
        fold = self._fold(channel)
        async with fold.lock:
            await self._bring_up(channel, fold)
            since, cursor = place.since, fold.cursor
            oldest = fold.kept[0].version if fold.kept else fold.n + 1
            if since is None or since.tag != fold.epoch or not oldest - 1 <= since.version <= fold.n:
                assert fold.view is not None
                return Page((), cursor, Fresh(cursor, encode(fold.view)))
            return Page([row for row in fold.kept if row.version > since.version], cursor)

    def _fold(self, channel: Channel) -> Fold:
        fold = self._folds.get(channel)
        if fold is None:
            if len(self._folds) >= FOLDS_MAX:
                self._folds.popitem(last=False)
            fold = self._folds[channel] = Fold(self._dice(EPOCH_BYTES).hex(), asyncio.Lock(), deque(maxlen=KEPT_MAX))
        self._folds.move_to_end(channel)
        return fold

    async def _bring_up(self, channel: Channel, fold: Fold) -> None:
        """Read the match anew where the log, or time alone, may have changed it."""
        head = (await self._store.head(channel.club_id)).cursor
        now_ms = self._clock()
        if fold.view is not None and fold.head == head and (fold.due_ms is None or now_ms < fold.due_ms):
            return
        facts = await self._matches.match(channel.club_id, channel.about)
        if facts is None:
            self._folds.pop(channel, None)
            raise Closed("not_found")
        what = await self._shareable(channel.club_id, facts)
        view = member_view(what, now_ms)
        if fold.view is not None:
            for entry in entries_of(member_diff(fold.view, view), what, now_ms, str, fold.cursor):
                fold.n += 1
                fold.kept.append(LogRow(fold.n, fold.epoch, encode(entry)))
        fold.view, fold.head, fold.due_ms = view, head, due_ms(what, now_ms)

    async def _shareable(self, club_id: str, facts: MatchFacts) -> Shareable:
        match = facts.match
        what = Shareable(facts, {}, {}, None)
        teams = await self._matches.named(club_id, "teams", (match["home_team_id"], match["away_team_id"]))
        players = await self._matches.named(club_id, "players", who_is_named(what))
        seasons = await self._matches.named(club_id, "seasons", (match["season_id"],))
        label = next((season["label"] for season in seasons.values()), None)
        return Shareable(facts, teams, players, label)
