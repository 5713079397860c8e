"""Ports: what the engine asks of a store, precise enough to write another one from these pages alone.

`tests/contract/` judges every implementation by one suite; `storage/memory.py` is the shortest of them. A store keeps,
for each club: the counter row, the log, the records with their writes, conflicts, parked mutations, outcomes, devices.
"""

from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final, NamedTuple, Protocol

from sync.book import Book, Device, Entry, Needs, Outcome, Plan
from sync.collections import Value
from sync.conflicts import Conflict
from sync.cursors import Cursor
from sync.erasure import Erasure
from sync.permits import Grant
from sync.records import Change, Key, Record
from sync.selections import Selection

OVERDUE_MAX: Final = 20
"""Overdue mutations loaded into one transaction: a person is asked about them a few at a time, and no push is slow."""


CHILDREN_MAX: Final = 2_000
"""Children loaded of each collection that a record contains: ten times a match's events, and still no slow push."""


COMPACTED_ROWS_MAX: Final = 2_000
"""Rows that one step of a compaction takes away: some tens of milliseconds, and no push waits for longer."""


class Head(NamedTuple):
    """Where a club's log stands."""

    cursor: Cursor
    oldest: int
    """The oldest version that the log still holds; 1 in a log that was never compacted."""


class LogRow(NamedTuple):
    """A row of the log; `body` is the encoded change, made once, in the push that committed it."""

    version: int
    tag: str
    body: bytes


class Seen(NamedTuple):
    """Where a log stands, and some records that are not older: whoever writes from here has seen at least so much."""

    head: Head
    records: Mapping[Key, Record]
    """Those that are there."""


class LogView(NamedTuple):
    """What a pull reads, in one transaction."""

    head: Head
    tags: Mapping[int, str]
    """The tags of those versions asked for that the log holds."""
    rows: Sequence[LogRow]


class Traces(NamedTuple):
    """Where somebody who is to be erased may stand."""

    log: Sequence[Change]
    """The changes whose text has the record's id in it; none where the id is not known."""
    recent: Sequence[Change]
    """The changes that were committed since a time, earlier ones too where the store does not know better."""
    records: Sequence[Record]
    """The records that have any text."""
    conflicts: Sequence[Conflict]
    """All conflicts, closed ones too."""
    parked: Sequence[Entry]
    """All parked mutations."""
    outcomes: Sequence[Outcome]
    """The outcomes that tell of a problem."""


class Rewritten(NamedTuple):
    """What came of rewriting a part of the log."""

    erasure: Erasure
    """The erasure as it stands now."""
    rows: int
    """Rows that are other than they were."""


class Ledger(Protocol):
    """One club inside one writing transaction, its counter row locked: nobody else writes this club meanwhile."""

    book: Book

    async def grants(self, sessions: Collection[str]) -> Mapping[str, Grant]:
        """Return what each of these sessions may do in this club now, without those that were ended.

        What it says stays so until the transaction ends. To be asked before anything is saved.
        """
        ...

    async def load(self, needs: Needs) -> None:
        """Add what is needed to the book; what does not exist is added as None or as empty.

        Of very many children, the `CHILDREN_MAX` newest of each collection.
        """
        ...

    async def traces(self, key: Key | None, *, since_ms: int) -> Traces:
        """Return where a record that is to be erased may stand: all that was written before this transaction.

        `since_ms` is the time from which on the log is wanted whole, in milliseconds since 1970.
        """
        ...

    async def save(self, plan: Plan, bodies: Sequence[bytes]) -> None:
        """Write a plan. `bodies` are its changes, encoded, in order; they are stored as they are.

        A store may go on writing after this returned: what is loaded later sees the plan, and leaving the block of the
        transaction waits for it and raises what went wrong. A plan that carries out an erasure is written when this
        returns, for it is noted elsewhere next. The book stays as it is (see `sync/carry.py`).
        """
        ...


class Store(Protocol):
    """Where clubs are kept."""

    async def create_club(self, club_id: str, *, hash_key: bytes) -> None:
        """Create a club with an empty log. Creating it twice changes nothing."""
        ...

    def writing(
        self, club_id: str, device_ids: Collection[str], *, overdue_before_ms: int
    ) -> AbstractAsyncContextManager[Ledger]:
        """Open a writing transaction: lock the counter row, and load the club, the pushing devices and the overdue.

        Of the overdue (parked before that time, nobody asked yet) the `OVERDUE_MAX` received first, ordered by receipt,
        device and counter.
        Leaving the block commits, durably; an exception rolls everything back. Raises LookupError where there is no
        such club.
        """
        ...

    async def head(self, club_id: str) -> Head:
        """Return where the log stands. Raises LookupError where there is no such club."""
        ...

    async def seen(self, club_id: str, keys: Sequence[Key]) -> Seen:
        """Return where the log stands, and these records as they were then or later. Raises LookupError as `head`."""
        ...

    async def tags(self, club_id: str, versions: Collection[int]) -> Mapping[int, str]:
        """Return the tags of those versions that the log holds."""
        ...

    async def log_page(self, club_id: str, after: int, *, changes_max: int, bytes_max: int) -> Sequence[LogRow]:
        """Return the rows after a version, in order, without a gap: at least one where there is one.

        More than one only while their bodies together have at most `bytes_max` bytes.
        """
        ...

    async def log_view(
        self, club_id: str, after: int, versions: Collection[int], *, changes_max: int, bytes_max: int
    ) -> LogView:
        """Return `head`, `tags` and `log_page` at once. Raises LookupError where there is no such club."""
        ...

    async def key_page(self, club_id: str, collection: str, after: str, *, records_max: int) -> Sequence[Change]:
        """Return current records of a collection whose id is greater than `after`, in the order of their ids.

        Tombstones and incomplete records are among them. `conflicts` is a collection here.
        """
        ...

    async def counts(self, club_id: str) -> Mapping[str, int]:
        """Return the number of records in each collection, as `key_page` would send them."""
        ...

    async def devices(self, club_id: str) -> Sequence[Device]:
        """Return the club's devices, the one seen last first; of those seen at once, in the order of their ids."""
        ...

    async def records(self, club_id: str, collection: str, where: Mapping[str, Value]) -> Sequence[Record]:
        """Return the records whose fields have these values (`id` names the record), in the order of their ids."""
        ...

    async def conflicts(self, club_id: str, *, is_open: bool, after: str, limit: int) -> Sequence[Conflict]:
        """Return conflicts whose id is greater than `after`, open or all, in the order of their ids."""
        ...

    async def erasures(self, club_id: str) -> Sequence[Erasure]:
        """Return a club's erasures, the oldest first; of those made at once, in the order of their ids."""
        ...

    async def hash_key(self, club_id: str) -> bytes:
        """Return the key with which a club's hashes are made. Raises LookupError where there is no such club."""
        ...

    async def rewrite(
        self, erasure: Erasure, rewrite: Callable[[bytes], bytes | None], *, rows_max: int, now_ms: int
    ) -> Rewritten:
        """Rewrite the next rows of the log for an erasure, in one transaction that also keeps how far that came.

        The rows follow `rewritten_to` as the store has it; at the erasure's version it is finished, now. `rewrite`
        returns the bytes that stand in place of a row's, or None where it stays. Nobody else rewrites the same club's
        log meanwhile. Raises LookupError where there is no such erasure.
        """
        ...

    async def select(self, club_id: str, collection: str, selection: Selection) -> Sequence[Record]:
        """Return what a selection chooses of a collection, in its order: the meaning is `sync.selections.select`."""
        ...


class Compacted(NamedTuple):
    """What one step of a compaction took away."""

    changes: int = 0
    outcomes: int = 0


class Compactor(Protocol):
    """Drops the oldest part of clubs' logs, and folds the outcomes of that time (`sync/compaction.py`)."""

    def compact(self, club_id: str, *, before_ms: int, rows_max: int = COMPACTED_ROWS_MAX) -> AsyncGenerator[Compacted]:
        """Drop what was committed before a time, step by step; each step was committed when it is told.

        First the log's beginning is said to be a later one (`Head.oldest`), which is where a transaction begins; then
        the rows before it go, at most `rows_max` in a step; then outcomes are folded. The last transaction stays,
        however old, so that the head is proven by a row. Whoever stops at any step, or is killed, leaves a club that
        is whole, and what was left to do is done when this is asked for again. A club that is not there has no steps.
        """
        ...
