"""The eraser: one person's record made to disappear, in one transaction and a log that is rewritten behind it.

The transaction leaves nothing of the record in the tables, nor its name in any text, and says so to every device; from
then on what comes late about it is refused. The log's older rows are rewritten afterwards in short transactions; one
that was cut is gone on with. An erasure that is in the ledger and not in the database, because that was restored from
a backup, is done again.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

import msgspec

from sync.book import Needs, NotLoaded, Plan
from sync.collections import Catalogue
from sync.eraser import find_subjects, keys_in, plan_erasure
from sync.erasure import ERASER, Erasure, NotErasable, subject_of
from sync.limits import KEPT_MS
from sync.ports import Ledger, Store
from sync.records import Change, Key, encode_change
from sync.rewriting import Rewriter, refers_in
from sync.subjects import Subject

ROWS_MAX: Final = 1_000
"""Rows of the log rewritten in one transaction: some tens of milliseconds."""
PAGE_BYTES: Final = 1024 * 1024
KEYS_PAGE: Final = 1_000
SEED_BYTES: Final = 16

_decode: Final = msgspec.json.Decoder(Change).decode

BeforeCommit = Callable[[Erasure], "Awaitable[None] | None"]


class Eraser:
    """Erases records in the clubs of a store."""

    def __init__(
        self,
        store: Store,
        catalogue: Catalogue,
        *,
        clock: Callable[[], int],
        dice: Callable[[int], bytes],
        on_commit: Callable[[str, int], None] = lambda _club_id, _version: None,
        rows_max: int = ROWS_MAX,
    ) -> None:
        """Join a store to a catalogue. `on_commit` is called after each commit with the club and its version."""
        self._store = store
        self._catalogue = catalogue
        self._clock = clock
        self._dice = dice
        self._on_commit = on_commit
        self._rows_max = rows_max

    async def erase(
        self,
        club_id: str,
        key: Key,
        *,
        by: str | None,
        erasure_id: str,
        before_commit: BeforeCommit | None = None,
    ) -> Erasure:
        """Erase a record, durably; `go_on` rewrites the log behind it. Erasing it again returns the first erasure.

        `before_commit` is called when all is written and nothing is committed: what it raises undoes the erasure.
        Raises LookupError where there is no such club or record, NotErasable where the collection names nobody.
        """
        collection = self._catalogue.collections.get(key.collection)
        if collection is None:
            raise LookupError(str(key))
        if not collection.identifying:
            raise NotErasable(key.collection)
        async with self._writing(club_id) as ledger:
            subject = subject_of(ledger.book.club.hash_key, key)
            asked = Erasure(club_id, str(UUID(erasure_id)), "record", subject, key.collection, by=by)
            if (done := _known(ledger, asked)) is not None:
                return done
            plan = await self._plan(ledger, asked, key)
            if plan is None:
                raise LookupError(str(key))
            erasure = await self._save(ledger, plan, before_commit)
        self._on_commit(club_id, erasure.version)
        return erasure

    async def erase_again(self, club_id: str, erasure: Erasure) -> Erasure | None:
        """Erase once more what the ledger says was erased, after a restore of the database; its row is kept anyway.

        Returns None where nothing of it was there, and nothing at all is done where the database knows the erasure.
        Raises LookupError where there is no such club.
        """
        ids = await self._ids(club_id, erasure.collection)
        async with self._writing(club_id) as ledger:
            if (known := _known(ledger, erasure)) is not None:
                return known
            named = keys_in(await ledger.traces(None, since_ms=self._clock())) | ids
            found = find_subjects(ledger.book.club.hash_key, erasure, named)
            plan = await self._plan(ledger, erasure, found[0] if found else None)
            assert plan is not None, "a record that was found is there"
            now = await self._save(ledger, plan, None)
        self._on_commit(club_id, now.version)
        return now if plan.changes else None

    async def go_on(self, club_id: str) -> int:
        """Rewrite the log for every erasure of a club that is not finished; return how many rows were changed."""
        changed = 0
        for erasure in await self._store.erasures(club_id):
            if erasure.kind == "record" and erasure.finished_ms is None:
                changed += await self._rewrite(erasure)
        return changed

    async def list(self, club_id: str) -> Sequence[Erasure]:
        """Return a club's erasures, the oldest first."""
        return await self._store.erasures(club_id)

    @asynccontextmanager
    async def _writing(self, club_id: str) -> AsyncGenerator[Ledger]:
        async with self._store.writing(club_id, [ERASER], overdue_before_ms=0) as ledger:
            yield ledger

    async def _plan(self, ledger: Ledger, asked: Erasure, key: Key | None) -> Plan | None:
        """Plan an erasure; None where there is no such record, nor anything that is kept about it."""
        now_ms, seed = self._clock(), self._dice(SEED_BYTES)
        traces = await ledger.traces(key, since_ms=now_ms - KEPT_MS)
        if key is not None:
            await ledger.load(Needs(records={key}))
            if ledger.book.records[key] is None and key not in keys_in(traces):
                return None
        while True:
            try:
                return plan_erasure(self._catalogue, ledger.book, traces, asked, key, now_ms=now_ms, seed=seed)
            except NotLoaded as missing:
                await ledger.load(missing.needs)

    async def _save(self, ledger: Ledger, plan: Plan, before_commit: BeforeCommit | None) -> Erasure:
        assert plan.erasure is not None, "an erasure is planned with its row"
        await ledger.save(plan, [encode_change(change) for change in plan.changes])
        if before_commit is not None:
            waits = before_commit(plan.erasure)
            if waits is not None:
                await waits
        return plan.erasure

    async def _ids(self, club_id: str, collection: str | None) -> set[Key]:
        """Return all records of a collection, those of which nothing is left too."""
        found: set[Key] = set()
        after = ""
        while collection is not None and collection in self._catalogue.collections:
            page = await self._store.key_page(club_id, collection, after, records_max=KEYS_PAGE)
            if not page:
                break
            found.update(change.key for change in page)
            after = page[-1].record
        return found

    async def _rewrite(self, erasure: Erasure) -> int:
        subject = Subject(self._catalogue, await self._store.hash_key(erasure.club_id), erasure)
        near = await self._near(subject) if subject.has_single else frozenset[Key]()
        rewriter, changed = Rewriter(subject, near), 0
        while erasure.finished_ms is None:
            erasure, rows = await self._store.rewrite(
                erasure, rewriter.row, rows_max=self._rows_max, now_ms=self._clock()
            )
            changed += rows
        return changed

    async def _near(self, subject: Subject) -> frozenset[Key]:
        """Return the records that refer to a subject, or did once, as far as the log and the tables tell."""
        club_id, found, after = subject.erasure.club_id, set[Key](), 0
        while rows := await self._store.log_page(club_id, after, changes_max=self._rows_max, bytes_max=PAGE_BYTES):
            found.update(each.key for each in map(_decode, (row.body for row in rows)) if refers_in(subject, each))
            after = rows[-1].version
        for name in self._catalogue.collections:
            last = ""
            while page := await self._store.key_page(club_id, name, last, records_max=KEYS_PAGE):
                found.update(each.key for each in page if refers_in(subject, each))
                last = page[-1].record
        return frozenset(found)


def _known(ledger: Ledger, erasure: Erasure) -> Erasure | None:
    """Return the erasure of this id, or of this record, that the club has already."""
    for each in ledger.book.erasures:
        is_same = (each.collection, each.subject) == (erasure.collection, erasure.subject)
        if each.erasure_id == erasure.erasure_id or is_same:
            return each
    return None
