"""Replay: every erasure of the ledger that a database lacks is done again, before anybody may read it.

A database lacks one after a restore, or where a process died between the line and the commit: whoever asked for that
erasure had every right to it, and was not told that it failed. The other way round, a line that the file lacks, since
the file was lost, is written from the database. Both are looked at in each start: where nothing lacks, one look a club.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import Final, Protocol

import anyio.to_thread
from msgspec import Struct

from storage.erasures.clubs import Clubs
from storage.erasures.ledger_file import Entry, LedgerFile, LedgerUnusable
from storage.erasures.marks import subject_of
from storage.erasures.users import Users
from sync.erasure import Erasure

STEP: Final = "erasures"
"""The name of the step that finishes them."""


class Records(Protocol):
    """What erases records: `Eraser`."""

    async def erase_again(self, club_id: str, erasure: Erasure) -> Erasure | None:
        """Erase a record that is known by its hash alone; the erasure is kept also where nothing of it is there."""
        ...

    async def go_on(self, club_id: str) -> int:
        """Go on with what was begun and not finished; return how many rows were rewritten."""
        ...

    async def list(self, club_id: str) -> Sequence[Erasure]:
        """Return a club's erasures, of users and of the club itself too."""
        ...


class Work(Protocol):
    """One run of what the server does now and then, as a step of it sees it."""

    is_rehearsal: bool
    """Whether nothing may be changed."""

    def note(self, name: str, count: int) -> None:
        """Count rows that went."""
        ...

    async def in_each_club(self, name: str, do: Callable[[str], Awaitable[None]]) -> None:
        """Do something in each club; one that fails leaves the others alone."""
        ...


class Replayed(Struct, frozen=True):
    """What a replay has done."""

    records: int = 0
    users: int = 0
    clubs: int = 0
    noted: int = 0
    """Erasures that the database had and the file did not."""
    unwritable: str | None = None
    """Why the file could not be given those that it lacks."""
    ownerless: tuple[str, ...] = ()
    """Clubs that have members and no owner, where a user was erased again."""
    unread: tuple[int, ...] = ()
    """Lines of the file that are torn or of a newer version."""

    @property
    def done(self) -> int:
        """How many erasures were done again."""
        return self.records + self.users + self.clubs


class Replay:
    """Brings a database and its ledger together."""

    def __init__(
        self, ledger: LedgerFile, users: Users, clubs: Clubs, records: Records, *, clock: Callable[[], int]
    ) -> None:
        """Compare a database with `ledger`; `clock` gives milliseconds since 1970."""
        self._ledger = ledger
        self._users = users
        self._clubs = clubs
        self._records = records
        self._clock = clock

    async def run(self) -> Replayed:
        """Do again what the database lacks, and note what the file lacks. Raises LedgerUnusable for one not to be read.

        Records are redacted and clubs are shut when this returns; the rows that this leaves are `go_on`'s.
        """
        ledger = await anyio.to_thread.run_sync(self._ledger.read)
        entries, club_ids = ledger.entries, await self._clubs.ids()
        known = {club_id: await self._records.list(club_id) for club_id in club_ids}
        noted, unwritable = await self._note({entry.erasure_id for entry in entries}, known.values())
        clubs = await self._shut([each for each in entries if each.club_id in known], known)
        users = await self._erase_users(entries)
        return Replayed(
            clubs=clubs,
            users=users,
            records=await self._erase_records(entries, known),
            noted=noted,
            unwritable=unwritable,
            ownerless=tuple(await self._users.ownerless()) if users else (),
            unread=ledger.unread,
        )

    async def go_on(self) -> int:
        """Finish what was begun in any club, a batch at a time; return how many rows were rewritten or deleted."""
        return sum([await self.go_on_in(club_id) for club_id in await self._clubs.ids()])

    async def go_on_in(self, club_id: str) -> int:
        """Finish what was begun in one club, and drop a bare one: a step of what the server does now and then."""
        return await self._clubs.go_on(club_id, self._now()) + await self._records.go_on(club_id)

    async def finish(self, work: Work) -> None:
        """Go on in each club, as a step of what the server does now and then."""

        async def in_club(club_id: str) -> None:
            work.note(STEP, await self.go_on_in(club_id))

        if not work.is_rehearsal:
            await work.in_each_club(STEP, in_club)

    async def _note(self, known: set[str], found: Collection[Sequence[Erasure]]) -> tuple[int, str | None]:
        """Give the file what it lacks. Where that cannot be, nobody is back for it: it is told, and a start goes on."""
        lacking = {each.erasure_id: line_of(each) for erasures in found for each in erasures}
        fresh = [entry for erasure_id, entry in lacking.items() if erasure_id not in known]
        try:
            await self._ledger.note(*fresh)
        except LedgerUnusable as error:
            return 0, str(error)
        return len(fresh), None

    async def _shut(self, entries: Collection[Entry], known: dict[str, Sequence[Erasure]]) -> int:
        count = 0
        for entry in entries:
            club_id = entry.club_id
            if entry.kind == "club" and club_id is not None and not _has(known[club_id], entry):
                await self._clubs.shut(club_id, entry, self._now(), is_again=True)
                count += 1
        return count

    async def _erase_users(self, entries: Collection[Entry]) -> int:
        asked = {entry.subject: entry for entry in entries if entry.kind == "user"}
        if not asked:
            return 0
        count = 0
        for user_id in await self._users.ids():
            entry = asked.get(subject_of(user_id))
            if entry is not None:
                count += await self._users.erase(user_id, entry, is_again=True)
        return count

    async def _erase_records(self, entries: Collection[Entry], known: dict[str, Sequence[Erasure]]) -> int:
        erased = {entry.club_id for entry in entries if entry.kind == "club"}
        count = 0
        for entry in entries:
            club_id = entry.club_id
            if entry.kind != "record" or club_id is None or club_id not in known or club_id in erased:
                continue
            if not _has(known[club_id], entry):
                await self._records.erase_again(club_id, erasure_of(entry, club_id))
                known[club_id] = await self._records.list(club_id)
                count += 1
        return count

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock() / 1_000, UTC)


def line_of(erasure: Erasure) -> Entry:
    """Return an erasure as a line of the file."""
    return Entry(
        erasure_id=erasure.erasure_id,
        kind=erasure.kind,
        subject=erasure.subject,
        at_ms=erasure.at_ms,
        club_id=None if erasure.kind == "user" else erasure.club_id,
        collection=erasure.collection,
        names=erasure.names,
        version=erasure.version,
        by=erasure.by,
    )


def erasure_of(entry: Entry, club_id: str) -> Erasure:
    """Return a line of the file as the core knows it, not begun yet."""
    return Erasure(
        club_id=club_id,
        erasure_id=entry.erasure_id,
        kind=entry.kind,
        subject=entry.subject,
        collection=entry.collection,
        names=entry.names,
        version=entry.version,
        at_ms=entry.at_ms,
        by=entry.by,
    )


def noting(ledger: LedgerFile) -> Callable[[Erasure], Awaitable[None]]:
    """Return what notes the core's erasures in a file before they are committed."""

    async def note(erasure: Erasure) -> None:
        await ledger.note(line_of(erasure))

    return note


def _has(found: Sequence[Erasure], entry: Entry) -> bool:
    return any(
        (each.kind, each.collection, each.subject) == (entry.kind, entry.collection, entry.subject) for each in found
    )
