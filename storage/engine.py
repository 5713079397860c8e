"""The engine: the pure rules of `sync/` carried out on a store.

A request for a push loads, plans and writes in one transaction; pulls and snapshots only read. The clock and the dice
are handed in, so the simulation runs the same code as the server.
"""

import re
from collections.abc import Callable

from msgspec import Struct

from sync.admission import Received
from sync.book import NotLoaded, Plan, first_needs
from sync.checks import examine
from sync.collections import CONFLICTS, Catalogue
from sync.cursors import ORIGIN, Cursor
from sync.errors import CursorExpired, LogDiverged, MalformedRequest
from sync.limits import PAGE_BYTES_DEFAULT, PAGE_CHANGES_MAX, PARKED_ORPHAN_AFTER_MS
from sync.messages import (
    PullAnswer,
    PullQuery,
    PushAnswer,
    PushRequest,
    SnapshotAnswer,
    TimestampAnswer,
    join_raw,
    read_mutations,
)
from sync.ports import Head, Ledger, Store
from sync.push import plan_push
from sync.records import encode_change

KEY_PAGE_RECORDS: int = 200
"""Records read at a time for a snapshot page; the page itself is cut by bytes."""


_ID_SHAPE = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class PagePlace(Struct, frozen=True):
    """Where a snapshot goes on: its starting cursor, and the last record that was sent."""

    start: Cursor
    collection: str
    after: str

    def __str__(self) -> str:
        """Return the token of the next page."""
        return f"{self.start}~{self.collection}~{self.after}"


class Engine:
    """Pushes, pulls and snapshots for all clubs of a store."""

    def __init__(
        self, catalogue: Catalogue, store: Store, *, clock: Callable[[], int], dice: Callable[[int], bytes]
    ) -> None:
        """Join a catalogue to a store. `clock` gives milliseconds since 1970, `dice` that many random bytes."""
        self.catalogue = catalogue
        self.store = store
        self._clock = clock
        self._dice = dice

    async def push(self, club_id: str, author: str, push: PushRequest) -> PushAnswer:
        """Apply a push in one transaction and answer it; the answer is durable.

        Raises MalformedRequest, LogDiverged, DeviceForked, DeviceTaken, or LookupError for an unknown club; nothing
        is applied then.
        """
        given = examine(self.catalogue, read_mutations(push))
        received = Received(author=author, now_ms=self._clock(), seed=self._dice(16))
        overdue_before_ms = received.now_ms - PARKED_ORPHAN_AFTER_MS
        async with self.store.writing(club_id, push.device_id, overdue_before_ms=overdue_before_ms) as ledger:
            needs = first_needs(self.catalogue, push, given)
            while True:
                await ledger.load(needs)
                try:
                    plan, answer = plan_push(self.catalogue, ledger.book, push, given, received)
                except NotLoaded as missing:
                    needs = missing.needs
                else:
                    await _write(ledger, plan)
                    return answer

    async def timestamp(self, club_id: str) -> TimestampAnswer:
        """Return where the log stands."""
        head = await self.store.head(club_id)
        return TimestampAnswer(timestamp=str(head.cursor), server_time=self._clock(), oldest=head.oldest)

    async def pull(
        self,
        club_id: str,
        query: PullQuery,
        *,
        changes_max: int = PAGE_CHANGES_MAX,
        bytes_max: int = PAGE_BYTES_DEFAULT,
    ) -> PullAnswer:
        """Return the next page of the log after a cursor.

        Raises LogDiverged where a cursor is of another history, CursorExpired where the log begins after it.
        """
        since = Cursor.parse(query.since, where="since")
        head = await self.store.head(club_id)
        await self._check_history(club_id, head, query)
        rows = await self.store.log_page(club_id, since.version, changes_max=changes_max, bytes_max=bytes_max)
        last = Cursor(rows[-1].version, rows[-1].tag) if rows else since
        return PullAnswer(
            changes=join_raw([row.body for row in rows]), timestamp=str(last), more=last.version < head.cursor.version
        )

    async def snapshot(self, club_id: str, page: str | None, *, bytes_max: int = PAGE_BYTES_DEFAULT) -> SnapshotAnswer:
        """Return a page of current records, tombstones included; `page` is the token of the page before, or None."""
        head = await self.store.head(club_id)
        place = PagePlace(head.cursor, "", "") if page is None else self._read_place(page)
        names = [*self.catalogue.collections, CONFLICTS]
        rows: list[bytes] = []
        size = 0
        for name in names[names.index(place.collection) if place.collection else 0 :]:
            after = place.after if name == place.collection else ""
            while found := await self.store.key_page(club_id, name, after, records_max=KEY_PAGE_RECORDS):
                for change in found:
                    row = encode_change(change)
                    if rows and size + len(row) > bytes_max:
                        token = str(PagePlace(place.start, name, after))
                        return SnapshotAnswer(records=join_raw(rows), page=token, timestamp=str(place.start))
                    rows.append(row)
                    size += len(row)
                    after = change.record
        counts = await self.store.counts(club_id)
        until = (await self.store.head(club_id)).cursor
        return SnapshotAnswer(
            records=join_raw(rows), page=None, timestamp=str(place.start), counts=counts, until=str(until)
        )

    def _read_place(self, token: str) -> PagePlace:
        start, _, rest = token.partition("~")
        collection, _, after = rest.partition("~")
        is_place = not after or _ID_SHAPE.fullmatch(after)  # a page may end just before a collection's first record
        if collection not in {*self.catalogue.collections, CONFLICTS} or not is_place:
            raise MalformedRequest(path="page", problem="is not a page token that this server gave")
        return PagePlace(Cursor.parse(start, where="page"), collection, after)

    async def _check_history(self, club_id: str, head: Head, query: PullQuery) -> None:
        trusted = [Cursor.parse(text, where="since") for text in (query.since, query.acked) if text is not None]
        past = [Cursor.parse(text, where="past") for text in query.past]
        tags = await self.store.tags(club_id, {cursor.version for cursor in (*trusted, *past)})
        known = {0: ORIGIN.tag, head.cursor.version: head.cursor.tag, **tags}
        provable = [cursor for cursor in trusted if cursor.version >= head.oldest or cursor.version in known]
        if any(known.get(cursor.version) != cursor.tag for cursor in provable):
            common = (cursor for cursor in past if known.get(cursor.version) == cursor.tag)
            raise LogDiverged(common=str(next(common, ORIGIN)))
        since = trusted[0]
        if since.version < head.oldest - 1 or since not in provable:
            raise CursorExpired(oldest=head.oldest)


async def _write(ledger: Ledger, plan: Plan) -> None:
    await ledger.save(plan, [encode_change(change) for change in plan.changes])
