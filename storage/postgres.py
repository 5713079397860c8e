"""The store on PostgreSQL: one transaction for each push, under the lock of the club's counter row.

The hot path speaks to asyncpg directly. Every transaction names its club first (`SET LOCAL app.club`), so that the row
policies stand behind each query's own condition on the club; leaving the block commits, durably.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final, TypeAlias
from zlib import crc32

import asyncpg
import msgspec

from storage import feeds, statements
from storage.bundle import Bundle
from storage.clubs import reading, set_club_sql
from storage.erasures import rows as erasing
from storage.pools import STORE_CONNECTIONS_MAX, BoundedPool
from storage.reading import Selector
from storage.remembered import Draft, Memory
from storage.rows import RowCodec
from storage.standing import Standing, is_club_erased, standings_shared
from storage.statements import RecordStatements, Statement
from storage.tables import TO_COLUMN, record_tables
from sync.book import Alike, Book, Children, Club, Counters, Device, Entry, GroupState, Needs, Outcome, Plan
from sync.collections import CONFLICTS, Catalogue, Problem, Value, is_free_text
from sync.compaction import folded_in
from sync.conflicts import Conflict
from sync.conflicts import snapshot_row as conflict_row
from sync.cursors import Cursor
from sync.erasure import Erasure, moved_on
from sync.permits import Grant
from sync.ports import Head, LogRow, LogView, Rewritten, Seen, Traces
from sync.records import Change, Key, Record, looked_at, snapshot_row
from sync.selections import Selection
from sync.stamps import clock_of, make_stamp

Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

CHANGE_BYTES_LEAST: Final = 100
"""No change is smaller; bounds the rows that a page of so many bytes can hold."""

CHANGE_BYTES_USUAL: Final = 256
"""Few changes are smaller: the rows that are looked at first to fill a page."""

JOINED_MAX: Final = 3
"""Collections of which one record each is read with one statement: a press, an event and its match."""

AT_ONCE_CHANGES: Final = 200
"""Changes of a plan that is written while the next is planned; what is less waits for the counter row."""

_change: Final = msgspec.json.Decoder(Change)
_conflict: Final = msgspec.json.Decoder(Conflict)
_entry: Final = msgspec.json.Decoder(Entry)
_problem: Final = msgspec.json.Decoder(Problem)


async def open_pool(
    dsn: str, *, connections_min: int = 1, connections_max: int = STORE_CONNECTIONS_MAX
) -> "asyncpg.Pool[asyncpg.Record]":
    """Open the pool of connections on which the store works."""
    return await BoundedPool(
        dsn,
        connection_class=asyncpg.Connection,
        record_class=asyncpg.Record,
        reset=_leave_as_it_is,
        min_size=connections_min,
        max_size=connections_max,
        max_queries=50_000,
        loop=None,
        command_timeout=10.0,
        max_inactive_connection_lifetime=60.0,
    )


async def _leave_as_it_is(_connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Reset nothing: the club is set for a transaction only, and asyncpg rolls an open one back by itself.

    Its usual reset is one more round trip for each use of a connection.
    """


class PostgresStore:
    """Clubs in PostgreSQL; implements `sync.ports.Store`."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", catalogue: Catalogue) -> None:
        """Work on a pool whose role may read and write the tables of `schema.sql`."""
        self._pool = pool
        self._tables = Tables(catalogue)
        self.memory = Memory()
        """What this process remembers of shared matches."""

    async def create_club(self, club_id: str, *, hash_key: bytes) -> None:
        """Create a club with an empty log."""
        async with self._transaction(club_id) as connection:
            await connection.execute(statements.ADD_CLUB.sql, club_id, hash_key)

    @asynccontextmanager
    async def writing(
        self, club_id: str, device_ids: Collection[str], *, overdue_before_ms: int
    ) -> AsyncGenerator["PostgresLedger"]:
        """Open a writing transaction under the lock of the club's counter row."""
        async with self._transaction(club_id, lock=statements.lock_club_sql(club_id)) as connection:
            rows = await connection.fetch(statements.PUSHING, club_id, device_ids, overdue_before_ms)
            book = Book(club=_club(club_id, rows))
            rows = [row for row in rows if row["device_id"] is not None]
            for row in rows:
                device_id = str(row["device_id"])
                book.devices[device_id] = None if row["user_id"] is None else _device(device_id, row)
            if any(row["is_overdue"] for row in rows):
                found = await connection.fetch(statements.OVERDUE.sql, club_id, overdue_before_ms)
                book.overdue = tuple(_entry.decode(each["body"]) for each in found)
            if any(row["has_erased"] for row in rows):
                book.erasures = tuple(await _erasures(connection, club_id))
            ledger = PostgresLedger(connection, club_id, book, self._tables)
            if any(row["is_shared"] for row in rows):
                ledger.draft = self.memory.draft(club_id, book.club.head)
            ledger.is_quiet = bool(rows) and not any(row["has_conflicts"] or row["has_parked"] for row in rows)
            try:
                yield ledger
                await ledger.finish()
            finally:
                await ledger.rest()
        ledger.keep()

    async def head(self, club_id: str) -> Head:
        """Return where the log stands."""
        async with self._transaction(club_id) as connection:
            return await _head(connection, club_id)

    async def seen(self, club_id: str, keys: Sequence[Key]) -> Seen:
        """Return where the log stands, and after it these records."""
        async with self._transaction(club_id) as connection:
            return await self._tables.seen(connection, club_id, keys)

    async def tags(self, club_id: str, versions: Collection[int]) -> Mapping[int, str]:
        """Return the tags of those versions that the log holds."""
        async with self._transaction(club_id) as connection:
            return await _tags(connection, club_id, versions)

    async def log_page(self, club_id: str, after: int, *, changes_max: int, bytes_max: int) -> Sequence[LogRow]:
        """Return the rows after a version that fit a page."""
        async with self._transaction(club_id) as connection:
            return await _log_page(connection, club_id, after, changes_max=changes_max, bytes_max=bytes_max)

    async def log_view(
        self, club_id: str, after: int, versions: Collection[int], *, changes_max: int, bytes_max: int
    ) -> LogView:
        """Return what a pull reads, as it is in one moment: compaction may take rows away meanwhile."""
        async with reading(self._pool, club_id) as connection:
            head = await _head(connection, club_id)
            tags = await _tags(connection, club_id, versions)
            rows = await _log_page(connection, club_id, after, changes_max=changes_max, bytes_max=bytes_max)
        return LogView(head, tags, rows)

    async def key_page(self, club_id: str, collection: str, after: str, *, records_max: int) -> Sequence[Change]:
        """Return current records in the order of their ids."""
        if collection == CONFLICTS:
            found = await self.conflicts(club_id, is_open=False, after=after, limit=records_max)
            return [conflict_row(conflict) for conflict in found]
        table = self._tables.statements[collection]
        async with self._transaction(club_id) as connection:
            if after:
                rows = await connection.fetch(table.next_page.sql, club_id, after, records_max)
            else:
                rows = await connection.fetch(table.first_page.sql, club_id, records_max)
        return [snapshot_row(self._tables.codecs[collection].from_row(row)) for row in rows]

    async def counts(self, club_id: str) -> Mapping[str, int]:
        """Return the number of records in each collection."""
        async with self._transaction(club_id) as connection:
            return {
                name: await connection.fetchval(statement.sql, club_id)
                for name, statement in self._tables.counts.items()
            }

    async def devices(self, club_id: str) -> Sequence[Device]:
        """Return the club's devices, the one seen last first."""
        async with self._transaction(club_id) as connection:
            rows = await connection.fetch(statements.DEVICES, club_id)
        return [_device(str(row["device_id"]), row) for row in rows]

    async def records(self, club_id: str, collection: str, where: Mapping[str, Value]) -> Sequence[Record]:
        """Return the records whose fields have these values."""
        async with self._transaction(club_id) as connection:
            return await self._tables.find(connection, club_id, collection, where)

    async def conflicts(self, club_id: str, *, is_open: bool, after: str, limit: int) -> Sequence[Conflict]:
        """Return conflicts in the order of their ids."""
        statement = self._tables.conflict_pages[is_open]
        async with self._transaction(club_id) as connection:
            rows = await connection.fetch(statement.sql, club_id, after or _NIL, limit)
        return [_conflict.decode(row["body"]) for row in rows]

    async def select(self, club_id: str, collection: str, selection: Selection) -> Sequence[Record]:
        """Return what a selection chooses, in its order."""
        sql, values = self._tables.selectors[collection].page(club_id, selection)
        async with self._transaction(club_id) as connection:
            rows = await connection.fetch(sql, *values)
        return [self._tables.codecs[collection].from_row(row) for row in rows]

    async def erasures(self, club_id: str) -> Sequence[Erasure]:
        """Return a club's erasures, the oldest first."""
        async with self._transaction(club_id) as connection:
            return await _erasures(connection, club_id)

    async def hash_key(self, club_id: str) -> bytes:
        """Return the key with which a club's hashes are made."""
        async with self._transaction(club_id) as connection:
            found: bytes | None = await connection.fetchval(statements.HASH_KEY.sql, club_id)
        if found is None:
            raise LookupError(club_id)
        return found

    async def rewrite(
        self, erasure: Erasure, rewrite: Callable[[bytes], bytes | None], *, rows_max: int, now_ms: int
    ) -> Rewritten:
        """Rewrite the next rows of the log for an erasure, under the lock of the club's erasures."""
        club_id = erasure.club_id
        async with self._transaction(club_id) as connection:
            known = [erasing.from_row(row) for row in await connection.fetch(erasing.LOCK.sql, club_id)]
            now = next((each for each in known if each.erasure_id == erasure.erasure_id), None)
            if now is None:
                raise LookupError(erasure.erasure_id)
            if now.finished_ms is not None:
                return Rewritten(now, 0)
            rows = await connection.fetch(erasing.TO_REWRITE, club_id, now.rewritten_to, now.version, rows_max)
            told = ((row["version"], rewrite(row["body"])) for row in rows)
            changed = [(version, body) for version, body in told if body is not None]
            versions, bodies = [version for version, _ in changed], [body for _, body in changed]
            await connection.execute(erasing.REWRITE, club_id, versions, bodies, [crc32(body) for body in bodies])
            now = moved_on(now, [row["version"] for row in rows], rows_max=rows_max, now_ms=now_ms)
            given: dict[str, Any] = {"club_id": club_id, "of": now.erasure_id}
            given |= {"new_rewritten_to": now.rewritten_to, "new_finished_ms": now.finished_ms}
            await connection.execute(erasing.MOVE.sql, *(given[name] for name in erasing.MOVE.names))
        return Rewritten(now, len(changed))

    @asynccontextmanager
    async def _transaction(self, club_id: str, *, lock: str = "") -> AsyncGenerator[Connection]:
        """Take a connection and open a transaction of one club; commit at the end of the block.

        `lock` is a statement whose rows nobody asks for, so that it goes along.
        """
        begin = f"BEGIN; {set_club_sql(club_id)}; {lock}"
        async with self._pool.acquire() as connection:
            await connection.execute(begin)
            try:
                yield connection
            except BaseException:
                await connection.execute("ROLLBACK")
                raise
            said = await connection.execute("COMMIT")
            assert said == "COMMIT", "the transaction had failed, and nothing of it was kept"


_NIL: Final = "00000000-0000-0000-0000-000000000000"
"""Below every conflict id: those are UUIDv5."""


class Tables:
    """The catalogue's tables: their statements and row codecs, built once."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Build them."""
        self.catalogue = catalogue
        self.codecs = {name: RowCodec(collection) for name, collection in catalogue.collections.items()}
        self.statements = {
            name: RecordStatements(table, catalogue.collections[name].key, list(catalogue.collections[name].fields))
            for name, table in record_tables(catalogue).items()
        }
        self.children = {
            (child, field): self.statements[child].children(field)
            for found in catalogue.children.values()
            for child, field in found
        }
        self.conflict_pages = {is_open: statements.conflict_page(is_open=is_open) for is_open in (True, False)}
        self.counts = {
            **{name: each.count for name, each in self.statements.items()},
            CONFLICTS: statements.CONFLICT_COUNT,
        }
        self.alike = {
            (name, rule.name): self.statements[name].alike(rule.by)
            for name, collection in catalogue.collections.items()
            for rule in collection.duplicates
        }
        self.selectors = {name: Selector(catalogue.collections[name], each) for name, each in self.statements.items()}
        self.with_text = {
            name: self.statements[name].with_text(found)
            for name, collection in catalogue.collections.items()
            if (found := [each for each, spec in collection.fields.items() if is_free_text(spec)])
        }
        self._where: dict[tuple[str, tuple[str, ...], tuple[str, ...]], Statement] = {}
        self._seen: dict[tuple[str, ...], Statement] = {}

    async def find(
        self, connection: Connection, club_id: str, collection: str, where: Mapping[str, Value]
    ) -> list[Record]:
        """Return the records whose fields have these values, in the order of their ids."""
        names = tuple(name for name, value in where.items() if value is not None)
        nulls = tuple(name for name, value in where.items() if value is None)
        shape = collection, names, nulls
        statement = self._where.get(shape)
        if statement is None:
            statement = self._where[shape] = self.statements[collection].where(names, nulls)
        given = [self.column_value(collection, name, where[name]) for name in names]
        rows = await connection.fetch(statement.sql, club_id, *given)
        return [self.codecs[collection].from_row(row) for row in rows]

    async def seen(self, connection: Connection, club_id: str, keys: Sequence[Key]) -> Seen:
        """Return the head and records, with one statement."""
        names = tuple(key.collection for key in keys)
        statement = self._seen.get(names)
        if statement is None:
            statement = self._seen[names] = statements.head_with([self.statements[name] for name in names])
        given = {"club_id": club_id} | {f"id_{n}": key.record for n, key in enumerate(keys)}
        row = await connection.fetchrow(statement.sql, *(given[name] for name in statement.names))
        if row is None:
            raise LookupError(club_id)
        found: dict[Key, Record] = {}
        for n, key in enumerate(keys):
            part = {name.removeprefix(f"of_{n}_"): value for name, value in row.items() if name.startswith(f"of_{n}_")}
            if part[statements.KEY] is not None:
                record = self.codecs[key.collection].from_row(part)
                found[record.key] = record
        return Seen(Head(Cursor(row["version"], row["tag"]), row["oldest"]), found)

    def column_value(self, collection: str, name: str, value: Value) -> Any:  # noqa: ANN401 - what the driver takes
        """Return a field's value as the driver takes it; `id` names the record."""
        if name == "id":
            return value
        convert = TO_COLUMN.get(self.catalogue.collections[collection].fields[name].type)
        return value if convert is None else convert(value)


class PostgresLedger:
    """One club inside a writing transaction; implements `sync.ports.Ledger`."""

    def __init__(
        self,
        connection: Connection,
        club_id: str,
        book: Book,
        tables: Tables,
    ) -> None:
        """Begin with what was loaded under the lock."""
        self.book = book
        self._connection = connection
        self._club_id = club_id
        self._tables = tables
        self._club: Club | None = None
        self._devices: dict[str, Device] = {}
        self._under_way: asyncio.Task[None] | None = None
        self._told: dict[Key, Record] = {}
        self._bundle = Bundle(connection)
        """What is written with the counter row, unless something is to be read before."""
        self.draft: Draft | None = None
        """What the process remembers of the club's matches; None where none has a live link: no feed is to be told."""
        self.is_quiet = False
        """Whether the club has neither conflicts nor parked mutations, so that nobody need look for them."""
        self._erasure: Erasure | None = None

    async def grants(self, sessions: Collection[str]) -> Mapping[str, Grant]:
        """Return what each of these sessions may do in this club, held so until the transaction ends."""
        if not sessions:
            return {}
        found = await standings_shared(self._connection, sessions)
        if await is_club_erased(self._connection, self._club_id, found.values()):
            return {}  # what else arrives after an end is kept for a coach: here there is none
        return {each.session_id: _grant(each) for each in found.values() if self._is_good(each)}

    def _is_good(self, standing: Standing) -> bool:
        return not standing.is_ended and standing.club_id == self._club_id

    async def load(self, needs: Needs) -> None:
        """Add what is needed to the book."""
        await self._written()
        if needs.runs:
            await self._load_outcomes(needs.runs)
        if needs.versions:
            await self._load_tags(needs.versions)
        if needs.records:
            await self._load_records(needs.records)
        if needs.waiting:
            await self._load_waiting(needs.waiting)
        for group in needs.groups:
            await self._load_group(group)
        for device_id, n in needs.orphans:
            row = await self._fetch_one(statements.ONE_PARKED, device_id, n)
            self.book.orphans[device_id, n] = None if row is None else _entry.decode(row["body"])
        if needs.alike:
            await self._load_alike(needs.alike)
        for children in needs.children:
            self.book.children[children] = await self._find_children(children)
        if needs.devices:
            await self._load_authors(needs.devices)

    async def traces(self, key: Key | None, *, since_ms: int) -> Traces:
        """Return where a record that is to be erased may stand."""
        naming = [] if key is None else await self._connection.fetch(erasing.NAMING, self._club_id, key.record.encode())
        recent = await self._connection.fetch(erasing.RECENT, self._club_id, feeds.instant(since_ms))
        records: list[Record] = []
        for name, statement in self._tables.with_text.items():
            codec = self._tables.codecs[name]
            records += [codec.from_row(row) for row in await self._fetch(statement)]
        return Traces(
            log=[_change.decode(row["body"]) for row in naming],
            recent=[_change.decode(row["body"]) for row in recent],
            records=records,
            conflicts=[_conflict.decode(row["body"]) for row in await self._fetch(erasing.CONFLICTS)],
            parked=[_entry.decode(row["body"]) for row in await self._fetch(erasing.PARKED)],
            outcomes=[_outcome(str(row["device_id"]), row) for row in await self._fetch(erasing.TOLD)],
        )

    async def save(self, plan: Plan, bodies: Sequence[bytes]) -> None:
        """Begin to write a plan, once what was saved before it is written; the transaction's end commits it."""
        await self._written()
        self._club = plan.club
        self._erasure = plan.erasure
        self._devices.update(plan.devices)
        self._told.update({} if self.draft is None else plan.records)
        self._write(plan, bodies)
        if plan.erasure is not None:  # whoever notes it elsewhere before the commit notes what can be committed
            await self._bundle.send()
            await feeds.begin_epochs(self._connection, self._club_id, plan.erasure.at_ms)
        elif len(plan.changes) >= AT_ONCE_CHANGES:
            self._under_way = asyncio.create_task(self._bundle.send())

    async def finish(self) -> None:
        """Write what is written once, however many plans were saved: the devices and the counter row."""
        if self._under_way is not None:
            await self._under_way
        if self._club is None:
            return
        self._bundle.add_all(
            statements.SAVE_DEVICE.sql, (_device_row(self._club_id, each) for each in self._devices.values())
        )
        if self._told and self.draft is not None and self._erasure is None:
            now_ms = max(device.seen_ms for device in self._devices.values())
            telling = feeds.Telling(self.draft, self._bundle)
            await feeds.append(self._connection, self._club_id, self._told, now_ms, telling)
        head = self._club.head
        self._bundle.add(statements.MOVE_CLUB.sql, head.version, head.tag, self._club.clock, self._club_id)
        await self._bundle.send()

    def keep(self) -> None:
        """Remember what was told: the transaction has committed."""
        if self._club is not None and self._told and self.draft is not None:
            self.draft.keep(self._club.head)

    async def rest(self) -> None:
        """Wait until nothing is under way on the connection, whatever came of it."""
        if self._under_way is not None:
            await asyncio.wait([self._under_way])
            if not self._under_way.cancelled():
                self._under_way.exception()  # raised already, or of no interest beside what ended the block

    async def _written(self) -> None:
        """Wait until all that was saved is written. Raises what went wrong with it."""
        if self._under_way is not None:
            await self._under_way
        await self._bundle.send()

    def _write(self, plan: Plan, bodies: Sequence[bytes]) -> None:
        club_id = self._club_id
        self.is_quiet = self.is_quiet and not (plan.conflicts or plan.parked)
        at = feeds.instant(plan.at_ms)
        records: dict[str, list[Record]] = {}
        for key, record in plan.records.items():
            records.setdefault(key.collection, []).append(record)
        for collection, found in records.items():
            columns = self._tables.codecs[collection].to_columns(found)
            self._bundle.add(self._tables.statements[collection].save.sql, club_id, *columns)
        if plan.changes:
            self._bundle.add(
                statements.ADD_LOG,
                club_id,
                [change.version for change in plan.changes],
                [change.tag for change in plan.changes],
                bodies,
                [crc32(body) for body in bodies],
                at,
            )
        self._bundle.add_all(
            statements.SAVE_CONFLICT.sql, (_conflict_row(club_id, each) for each in plan.conflicts.values())
        )
        self._save_outcomes(plan.outcomes.values(), at)
        self._save_parked(plan.parked)
        if plan.erasure is not None:
            self._bundle.add(erasing.SAVE.sql, *erasing.to_row(plan.erasure))

    def _save_outcomes(self, outcomes: Collection[Outcome], at: datetime) -> None:
        plain = [each for each in outcomes if not each.conflicts and each.problem is None]
        told = [each for each in outcomes if each.conflicts or each.problem is not None]
        if plain:
            self._bundle.add(
                statements.SAVE_PLAIN_OUTCOMES,
                self._club_id,
                [each.device_id for each in plain],
                [each.n for each in plain],
                [each.hash for each in plain],
                [each.verdict for each in plain],
                [clock_of(each.stamp) for each in plain],
                [each.correction for each in plain],
                [each.group for each in plain],
                at,
            )
        self._bundle.add_all(statements.SAVE_OUTCOME.sql, (_outcome_row(self._club_id, each, at) for each in told))

    def _save_parked(self, parked: Mapping[tuple[str, int], Entry | None]) -> None:
        kept = [_parked_row(self._club_id, entry) for entry in parked.values() if entry is not None]
        gone = [(self._club_id, order[0], order[1]) for order, entry in parked.items() if entry is None]
        self._bundle.add_all(statements.SAVE_PARKED.sql, kept)
        self._bundle.add_all(statements.DROP_PARKED.sql, gone)

    async def _fetch(self, statement: Statement, *given: object) -> "list[asyncpg.Record]":
        return await self._connection.fetch(statement.sql, self._club_id, *given)

    async def _fetch_one(self, statement: Statement, *given: object) -> "asyncpg.Record | None":
        return await self._connection.fetchrow(statement.sql, self._club_id, *given)

    async def _load_outcomes(self, runs: Collection[Counters]) -> None:
        for run in runs:
            self.book.outcomes.setdefault(run.device_id, {})
        columns = zip(*sorted(runs), strict=True)
        spans: dict[str, list[Outcome]] = {}
        for row in await self._connection.fetch(statements.OUTCOMES, self._club_id, *columns):
            outcome = _outcome(str(row["device_id"]), row)
            self.book.outcomes[outcome.device_id][outcome.n] = outcome
            if outcome.from_n is not None:
                spans.setdefault(outcome.device_id, []).append(outcome)
        for run in runs if spans else ():
            for outcome in folded_in(spans.get(run.device_id, ()), run):
                self.book.outcomes[run.device_id].setdefault(outcome.n, outcome)

    async def _load_tags(self, versions: Collection[int]) -> None:
        head = self.book.club.head
        known = {0: None, head.version: head.tag} if head.version else {0: None}  # the log has no row 0
        older = [version for version in versions if version not in known]
        found = {**known, **(await _tags(self._connection, self._club_id, older) if older else {})}
        self.book.tags.update({version: found.get(version) for version in versions})

    async def _load_records(self, keys: Collection[Key]) -> None:
        wanted: dict[str, list[str]] = {}
        for key in keys:
            wanted.setdefault(key.collection, []).append(key.record)
            self.book.records[key] = None
            self.book.conflicts[key] = {}
        wanted = {name: ids for name, ids in wanted.items() if name in self._tables.codecs}
        if 1 < len(wanted) <= JOINED_MAX and all(len(ids) == 1 for ids in wanted.values()):
            ones = [Key(name, ids[0]) for name, ids in sorted(wanted.items())]
            self.book.records.update((await self._tables.seen(self._connection, self._club_id, ones)).records)
            wanted = {}
        for collection, ids in wanted.items():
            codec = self._tables.codecs[collection]
            for row in await self._fetch(self._tables.statements[collection].by_id, ids):
                record = codec.from_row(row)
                self.book.records[record.key] = record
        if self.is_quiet:
            return
        for row in await self._fetch(statements.CONFLICTS_ABOUT, [key.record for key in keys]):
            self.book.add_conflict(_conflict.decode(row["body"]))

    async def _load_waiting(self, wanted: Collection[str]) -> None:
        found: dict[str, list[Entry]] = {what: [] for what in wanted}
        for row in () if self.is_quiet else await self._fetch(statements.WAITING, list(wanted)):
            found[row["waits_for"]].append(_entry.decode(row["body"]))
        self.book.waiting.update({what: tuple(entries) for what, entries in found.items()})

    async def _load_group(self, group: str) -> None:
        parked = await self._fetch(statements.GROUP_PARKED, [group])
        outcomes = await self._fetch(statements.GROUP_OUTCOMES, [group])
        self.book.groups[group] = GroupState(
            tuple(_entry.decode(row["body"]) for row in parked),
            tuple(_outcome(str(row["device_id"]), row) for row in outcomes),
        )

    async def _load_alike(self, wanted: Collection[Alike]) -> None:
        """Load the candidates of duplicate rules, with one query for each rule."""
        found: dict[Alike, list[Record]] = {asked: [] for asked in wanted}
        by_rule: dict[tuple[str, str], list[Alike]] = {}
        for asked in wanted:
            by_rule.setdefault((asked.collection, asked.rule), []).append(asked)
        for (name, rule_name), group in by_rule.items():
            collection = self._tables.catalogue.collections[name]
            rule = next(each for each in collection.duplicates if each.name == rule_name)
            given: dict[str, Any] = {
                field: [self._tables.column_value(name, field, asked.values[place]) for asked in group]
                for place, field in enumerate(rule.by)
            }
            given["club_id"] = self._club_id
            statement = self._tables.alike[name, rule_name]
            for row in await self._connection.fetch(statement.sql, *(given[each] for each in statement.names)):
                record = self._tables.codecs[name].from_row(row)
                values = rule.values_of(looked_at(collection, rule, record))
                if (asked := Alike(name, rule_name, values)) in found:
                    found[asked].append(record)
        self.book.alike.update({asked: tuple(records) for asked, records in found.items()})

    async def _find_children(self, asked: Children) -> tuple[Record, ...]:
        found: list[Record] = []
        for child, field in self._tables.catalogue.children[asked.key.collection]:
            rows = await self._fetch(self._tables.children[child, field], asked.key.record, asked.after)
            found.extend(self._tables.codecs[child].from_row(row) for row in rows)
        return tuple(found)

    async def _load_authors(self, device_ids: Collection[str]) -> None:
        rows = await self._fetch(statements.AUTHORS, list(device_ids))
        found = {str(row["device_id"]): str(row["user_id"]) for row in rows}
        self.book.authors.update({device_id: found.get(device_id) for device_id in device_ids})


def _club(club_id: str, rows: "Sequence[asyncpg.Record]") -> Club:
    """Return a club by the first row of `PUSHING`. Raises LookupError where there is none."""
    if not rows:
        raise LookupError(club_id)
    row = rows[0]
    head = Cursor(row["version"], row["tag"])
    return Club(head=head, clock=row["clock"], oldest=row["oldest"], hash_key=row["hash_key"])


async def _erasures(connection: Connection, club_id: str) -> list[Erasure]:
    return [erasing.from_row(row) for row in await connection.fetch(erasing.ALL.sql, club_id)]


async def _head(connection: Connection, club_id: str) -> Head:
    row = await connection.fetchrow(statements.HEAD.sql, club_id)
    if row is None:
        raise LookupError(club_id)
    return Head(Cursor(row["version"], row["tag"]), row["oldest"])


async def _log_page(
    connection: Connection, club_id: str, after: int, *, changes_max: int, bytes_max: int
) -> list[LogRow]:
    """Return a page; only where usual changes did not fill it are so many rows looked at as the least would be."""
    limit = min(changes_max, bytes_max // CHANGE_BYTES_USUAL + 1)
    rows = await connection.fetch(statements.LOG_PAGE, club_id, after, limit, bytes_max)
    if len(rows) == limit < changes_max:
        limit = min(changes_max, bytes_max // CHANGE_BYTES_LEAST + 1)
        rows = await connection.fetch(statements.LOG_PAGE, club_id, after, limit, bytes_max)
    return [LogRow(row["version"], row["tag"], row["body"]) for row in rows]


async def _tags(connection: Connection, club_id: str, versions: Collection[int]) -> Mapping[int, str]:
    rows = await connection.fetch(statements.TAGS.sql, club_id, list(versions))
    return {row["version"]: row["tag"] for row in rows}


def _grant(standing: Standing) -> Grant:
    return Grant(role=standing.role, within=standing.match_id, ends_ms=standing.stops_ms)


def _device(device_id: str, row: "asyncpg.Record") -> Device:
    return Device(
        device_id=device_id,
        author=row["user_id"],
        offsets=tuple(row["offsets_ms"]),
        last_n=row["last_n"],
        acked=row["acked"],
        seen_ms=row["seen_ms"],
        parked=row["parked"],
    )


def _device_row(club_id: str, device: Device) -> tuple[Any, ...]:
    offsets = list(device.offsets)
    return club_id, device.device_id, device.author, offsets, device.last_n, device.acked, device.seen_ms


def _outcome(device_id: str, row: "asyncpg.Record") -> Outcome:
    return Outcome(
        device_id=device_id,
        n=row["n"],
        hash=row["hash"],
        verdict=row["verdict"],
        stamp=make_stamp(row["clock"], device_id),
        correction=row["correction"],
        conflicts=tuple(str(each) for each in row["conflicts"] or ()),
        problem=None if row["problem"] is None else _problem.decode(row["problem"]),
        group=None if row["group_id"] is None else str(row["group_id"]),
        from_n=row["from_n"],
    )


def _outcome_row(club_id: str, outcome: Outcome, at: datetime) -> tuple[Any, ...]:
    return (
        club_id,
        outcome.device_id,
        outcome.n,
        outcome.hash,
        outcome.verdict,
        clock_of(outcome.stamp),
        outcome.correction,
        list(outcome.conflicts) or None,
        None if outcome.problem is None else msgspec.json.encode(outcome.problem),
        outcome.group,
        at,
    )


def _conflict_row(club_id: str, conflict: Conflict) -> tuple[Any, ...]:
    return (
        club_id,
        conflict.id,
        conflict.collection,
        conflict.record,
        conflict.other,
        conflict.status.value,
        conflict.version,
        msgspec.json.encode(conflict),
    )


def _parked_row(club_id: str, entry: Entry) -> tuple[Any, ...]:
    group = entry.mutation.group
    return (
        club_id,
        entry.device_id,
        entry.mutation.n,
        entry.waits_for,
        None if group is None else group.id,
        entry.received_ms,
        entry.is_orphan,
        msgspec.json.encode(entry),
    )
