"""The engine: the pure rules of `sync/` carried out on a store.

Pushes load, plan and write in one transaction; pulls and snapshots only read. A transaction of many pushes is written
part by part, each while the next is planned. The clock and the dice are handed in, so the simulation runs the same
code as the server.
"""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec import Struct, field

from sync.admission import Received
from sync.book import Book, Needs, NotLoaded, Plan, first_needs
from sync.carry import carry
from sync.checks import Given, examine
from sync.collections import CONFLICTS, Catalogue
from sync.cursors import ORIGIN, Cursor
from sync.errors import CursorExpired, LogDiverged, MalformedRequest, SessionEnded, SyncError
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
from sync.permits import EVERYTHING, Grant, Permit
from sync.ports import Ledger, LogView, Store
from sync.push import plan_push
from sync.records import Key, Record, encode_change
from sync.stamps import UUID_FORM

KEY_PAGE_RECORDS: int = 200
"""Records read at a time for a snapshot page; the page itself is cut by bytes."""

PART_CHANGES: Final = 400
"""Changes after which a part of a transaction is written, while the next is planned.

Parts of 100 cost a tenth in statements; from 200 to 400 none was faster than another.
"""

PAGE_TOKEN: Final = re.compile(
    rf"(?P<start>[0-9]{{1,16}}[.][0-9a-f]{{16}})~(?P<collection>[a-z][a-z0-9_]{{0,63}})~(?P<after>(?:{UUID_FORM})?)"
)
"""The form of a page's token. It names no record where a page ended just before a collection's first."""


class PagePlace(Struct, frozen=True):
    """Where a snapshot goes on: its starting cursor, and the last record that was sent."""

    start: Cursor
    collection: str
    after: str

    def __str__(self) -> str:
        """Return the token of the next page."""
        return f"{self.start}~{self.collection}~{self.after}"


class Arrival(Struct, frozen=True):
    """A push that has arrived: its mutations read and checked, its time and dice fixed."""

    push: PushRequest
    given: list[Given]
    needs: Needs
    """What it is seen to need loaded."""
    received: Received
    grant: str | None = None
    """The session that pushes, whose access is read in the transaction; None: it may do all."""
    records: dict[Key, Record] = field(default_factory=dict[Key, Record])
    """What was written with it, as it stands then: filled when the transaction has it."""


class Engine:
    """Pushes, pulls and snapshots for all clubs of a store."""

    def __init__(
        self,
        catalogue: Catalogue,
        store: Store,
        *,
        clock: Callable[[], int],
        dice: Callable[[int], bytes],
        permit_of: Callable[[Grant, int], Permit] = lambda _grant, _now_ms: EVERYTHING,
    ) -> None:
        """Join a catalogue to a store.

        `clock` gives milliseconds since 1970, `dice` that many random bytes; `permit_of` says what a grant allows now.
        """
        self.catalogue = catalogue
        self.store = store
        self._clock = clock
        self._dice = dice
        self._permit_of = permit_of

    async def push(self, club_id: str, author: str, push: PushRequest, *, grant: str | None = None) -> PushAnswer:
        """Apply a push in one transaction and answer it; the answer is durable.

        Raises MalformedRequest, LogDiverged, DeviceForked, DeviceTaken, SessionEnded, or LookupError for an unknown
        club; nothing is applied then.
        """
        (answer,) = await self.push_together(club_id, [self.receive(author, push, grant=grant)])
        if isinstance(answer, SyncError):
            raise answer
        return answer

    def receive(self, author: str, push: PushRequest, *, grant: str | None = None) -> Arrival:
        """Return a push with all that is fixed at its arrival. Raises MalformedRequest."""
        given = examine(self.catalogue, read_mutations(push))
        needs = first_needs(self.catalogue, push, given)
        received = Received(author=author, now_ms=self._clock(), seed=self._dice(16))
        return Arrival(push, given, needs, received, grant)

    async def push_together(self, club_id: str, arrivals: Sequence[Arrival]) -> list[PushAnswer | SyncError]:
        """Apply pushes of different devices in one transaction, one after the other, and answer each.

        A push that is refused is answered by its error and leaves the others alone. Raises LookupError for an unknown
        club, and what the database raises; nothing is applied then.
        """
        needs = Needs()
        for each in arrivals:
            needs.add(each.needs)
        device_ids = [each.push.device_id for each in arrivals]
        overdue_before_ms = arrivals[0].received.now_ms - PARKED_ORPHAN_AFTER_MS
        async with self.store.writing(club_id, device_ids, overdue_before_ms=overdue_before_ms) as ledger:
            grants = await ledger.grants({each.grant for each in arrivals if each.grant is not None})
            await ledger.load(needs)
            answers: list[PushAnswer | SyncError] = []
            while len(answers) < len(arrivals):
                left = arrivals[len(answers) :]
                plan, told = await self._plan_part(ledger, left, grants)
                answers += told
                if plan.club is None:  # all were refused
                    continue
                await ledger.save(plan, [encode_change(change) for change in plan.changes])
                for each in left[: len(told)]:
                    each.records.update(plan.records)
                carry(self.catalogue, ledger.book, plan)
            return answers

    async def _plan_part(
        self, ledger: Ledger, arrivals: Sequence[Arrival], grants: Mapping[str, Grant]
    ) -> tuple[Plan, list[PushAnswer | SyncError]]:
        """Plan as many pushes as are written at once, from the first again where something had to be loaded.

        Between two of them the loop has a turn: the part before is written meanwhile, and others are served.
        """
        while True:
            plan = Plan()
            answers: list[PushAnswer | SyncError] = []
            try:
                for place, arrival in enumerate(arrivals):
                    if place:
                        await asyncio.sleep(0)
                    answers.append(self._plan(ledger.book, plan, arrival, grants))
                    if len(plan.changes) >= PART_CHANGES:
                        break
            except NotLoaded as missing:
                await ledger.load(missing.needs)
            else:
                return plan, answers

    def _plan(self, book: Book, plan: Plan, arrival: Arrival, grants: Mapping[str, Grant]) -> PushAnswer | SyncError:
        permit = EVERYTHING
        if arrival.grant is not None:
            if arrival.grant not in grants:
                return SessionEnded()
            permit = self._permit_of(grants[arrival.grant], arrival.received.now_ms)
        try:
            return plan_push(self.catalogue, book, plan, arrival.push, arrival.given, arrival.received, permit)
        except SyncError as refused:
            return refused

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
        trusted, past = _cursors(query)
        since = trusted[0]
        versions = {cursor.version for cursor in (*trusted, *past)}
        view = await self.store.log_view(club_id, since.version, versions, changes_max=changes_max, bytes_max=bytes_max)
        check_history(view, trusted, past, now_ms=self._clock())
        last = Cursor(view.rows[-1].version, view.rows[-1].tag) if view.rows else since
        more = last.version < view.head.cursor.version
        return PullAnswer(changes=join_raw([row.body for row in view.rows]), timestamp=str(last), more=more)

    async def vouch(self, club_id: str, query: PullQuery) -> None:
        """Return where the client's cursors are of this log. Raises LogDiverged.

        For answers that need no log to follow: one from before the kept log proves nothing either way.
        """
        trusted, past = _cursors(query)
        tags = await self.store.tags(club_id, {cursor.version for cursor in (*trusted, *past)})
        head = await self.store.head(club_id)  # after the tags: what was compacted meanwhile is then told by `oldest`
        _prove(LogView(head, tags, ()), trusted, past)

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
                        return await self._page(club_id, place, rows, page=token)
                    rows.append(row)
                    size += len(row)
                    after = change.record
        counts = await self.store.counts(club_id)
        return await self._page(club_id, place, rows, page=None, counts=counts)

    async def _page(
        self,
        club_id: str,
        place: PagePlace,
        rows: list[bytes],
        *,
        page: str | None,
        counts: Mapping[str, int] | None = None,
    ) -> SnapshotAnswer:
        """Return a page with the head after its rows were read: by that a client knows that all are of one history."""
        until = (await self.store.head(club_id)).cursor
        return SnapshotAnswer(
            records=join_raw(rows), page=page, timestamp=str(place.start), counts=counts, until=str(until)
        )

    def _read_place(self, token: str) -> PagePlace:
        found = PAGE_TOKEN.fullmatch(token)
        if found is None or found["collection"] not in {*self.catalogue.collections, CONFLICTS}:
            raise MalformedRequest(path="page", problem="is not a page token that this server gave")
        return PagePlace(Cursor.parse(found["start"], where="page"), found["collection"], found["after"])


def check_history(
    view: LogView, trusted: Sequence[Cursor], past: Sequence[Cursor], *, now_ms: int | None = None
) -> None:
    """Raise where a cursor the client relies on is of another history, or its first one is older than the log.

    So it is too where the rows do not follow it: a page with a gap is never sent, whatever a store was doing meanwhile.
    """
    proven, since = _prove(view, trusted, past), trusted[0]
    if since.version < view.head.oldest - 1 or since not in proven:
        raise CursorExpired(oldest=view.head.oldest, server_time=now_ms)
    first = view.rows[0].version if view.rows else view.head.cursor.version + 1
    if first > since.version + 1:
        raise CursorExpired(oldest=first, server_time=now_ms)


def _prove(view: LogView, trusted: Sequence[Cursor], past: Sequence[Cursor]) -> list[Cursor]:
    """Return those cursors that are seen to be of this history. Raises LogDiverged where one is of another."""
    head = view.head
    known = {0: ORIGIN.tag, head.cursor.version: head.cursor.tag, **view.tags}
    provable = [cursor for cursor in trusted if cursor.version >= head.oldest or cursor.version in known]
    if any(known.get(cursor.version) != cursor.tag for cursor in provable):
        common = (cursor for cursor in past if known.get(cursor.version) == cursor.tag)
        raise LogDiverged(common=str(next(common, ORIGIN)))
    return provable


def _cursors(query: PullQuery) -> tuple[list[Cursor], list[Cursor]]:
    """Return the cursors that a client relies on, its own first, and the earlier ones. Raises MalformedRequest."""
    trusted = [Cursor.parse(text, where="since") for text in (query.since, query.acked) if text is not None]
    return trusted, [Cursor.parse(text, where="past") for text in query.past]
