"""Compaction on PostgreSQL: short transactions on a connection of its own, each of which leaves a club whole.

The club's counter row says first that the log begins later, and only then rows go, so nobody is ever promised a row
that is not there. What goes is read off that row and off the outcomes themselves: nothing else remembers how far a
compaction had come, and one that was killed is simply begun again.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final, NamedTuple, TypeAlias

import asyncpg

from storage.clubs import set_club_sql
from storage.feeds import instant
from sync.compaction import Row, fold
from sync.ports import COMPACTED_ROWS_MAX, Compacted

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

STRIDE: Final = 20_000
"""Versions among which the beginning of the kept log is looked for at a time: some tens of milliseconds."""
FOLDED_EVERY: Final = timedelta(days=1)
"""Outcomes are read through when so much more of them has grown old; an hour's would not be worth the reading."""

_CLUB: Final = "SELECT oldest, version, folded_to FROM touchline.clubs WHERE club_id = $1"
_YOUNG: Final = """
SELECT version FROM touchline.log
 WHERE club_id = $1 AND version >= $2 AND version < $3 AND committed_at >= $4
 ORDER BY version LIMIT 1
"""
_BEGIN: Final = """
SELECT version + 1 FROM touchline.log
 WHERE club_id = $1 AND version >= $2 AND version < $3
   AND convert_from(body, 'UTF8')::json ->> 'more' IS DISTINCT FROM 'true'
 ORDER BY version DESC LIMIT 1
"""
"""Where the transaction begins that a version is of: behind the last row before it that says that its own ends."""
_RAISE: Final = "UPDATE touchline.clubs SET oldest = $2 WHERE club_id = $1 AND oldest < $2 AND version >= $2"
"""One statement: it waits for the pushes before it, and those behind it wait for nothing else."""
_DROP: Final = """
DELETE FROM touchline.log
 WHERE club_id = $1 AND version = ANY(ARRAY(
       SELECT log.version FROM touchline.log
         JOIN touchline.clubs ON clubs.club_id = log.club_id
        WHERE log.club_id = $1 AND log.version < clubs.oldest ORDER BY log.version LIMIT $2))
"""
_OUTCOMES: Final = """
SELECT device_id, n, from_n, group_id IS NOT NULL AS is_member,
       settled_at < $4 AND verdict <> 'parked' AND (verdict <> 'rejected' OR group_id IS NULL) AS may_fold
  FROM touchline.outcomes
 WHERE club_id = $1 AND (device_id, n) >= ($2::uuid, $3::bigint)
 ORDER BY device_id, n LIMIT $5
"""
"""`may_fold` is `sync.compaction.may_fold`, of an outcome that is old."""
_DROP_OUTCOMES: Final = """
DELETE FROM touchline.outcomes AS old USING unnest($2::uuid[], $3::bigint[]) AS gone (device_id, n)
 WHERE old.club_id = $1 AND old.device_id = gone.device_id AND old.n = gone.n
"""
_SPAN: Final = """
UPDATE touchline.outcomes AS old SET from_n = span.from_n
  FROM unnest($2::uuid[], $3::bigint[], $4::bigint[]) AS span (device_id, n, from_n)
 WHERE old.club_id = $1 AND old.device_id = span.device_id AND old.n = span.n
"""
_FOLDED: Final = "UPDATE touchline.clubs SET folded_to = $2 WHERE club_id = $1"
_NOBODY: Final = "00000000-0000-0000-0000-000000000000"


class _Part(NamedTuple):
    """A part of a club's outcomes, and what folding does to it."""

    gone: list[tuple[str, int]]
    spans: list[tuple[str, int, int]]
    last: tuple[str, int] | None
    """Where the next part begins; None where this was the last."""


class PostgresCompactor:
    """Compacts clubs in PostgreSQL; implements `sync.ports.Compactor`."""

    def __init__(self, connection: Connection) -> None:
        """Work on a connection that nobody else uses meanwhile."""
        self._connection = connection

    async def compact(
        self, club_id: str, *, before_ms: int, rows_max: int = COMPACTED_ROWS_MAX
    ) -> AsyncGenerator[Compacted]:
        """Drop what was committed before a time, step by step."""
        before = instant(before_ms)
        while await self._has_old_log(club_id, before):
            while count := await self._execute(club_id, _DROP, rows_max):
                yield Compacted(changes=count)
        if not await self._is_folding_due(club_id, before):
            return
        place: tuple[str, int] | None = (_NOBODY, 0)
        while place is not None:
            async with self._transaction(club_id):
                part = await self._read_part(club_id, place, before, rows_max)
                await self._fold(club_id, part)
            place = part.last
            yield Compacted(outcomes=len(part.gone))
        await self._execute(club_id, _FOLDED, before)

    async def count(self, club_id: str, *, before_ms: int) -> Compacted:
        """Return what compacting would take away."""
        before, changes, outcomes = instant(before_ms), 0, 0
        async with self._transaction(club_id):
            club = await self._connection.fetchrow(_CLUB, club_id)
        if club is None:
            return Compacted()
        begins: int = club["oldest"]
        while (later := await self._kept_from(club_id, begins, club["version"], before)) > begins:
            changes, begins = changes + later - begins, later
        place: tuple[str, int] | None = (_NOBODY, 0)
        while place is not None:
            async with self._transaction(club_id):
                part = await self._read_part(club_id, place, before, COMPACTED_ROWS_MAX)
            outcomes, place = outcomes + len(part.gone), part.last
        return Compacted(changes, outcomes)

    async def _has_old_log(self, club_id: str, before: datetime) -> bool:
        """Say that the log begins later, as far as that is seen at once; tell whether rows before that may be left."""
        async with self._transaction(club_id):
            club = await self._connection.fetchrow(_CLUB, club_id)
        if club is None:
            return False
        begins = await self._kept_from(club_id, club["oldest"], club["version"], before)
        await self._execute(club_id, _RAISE, begins)
        is_left = "SELECT EXISTS (SELECT FROM touchline.log WHERE club_id = $1 AND version < $2)"
        async with self._transaction(club_id):
            return bool(await self._connection.fetchval(is_left, club_id, begins))

    async def _kept_from(self, club_id: str, oldest: int, head: int, before: datetime) -> int:
        """Return from where the log is kept: where the transaction begins that is young, or else the last one."""
        upto = min(oldest + STRIDE, head)
        async with self._transaction(club_id):
            young = await self._connection.fetchval(_YOUNG, club_id, oldest, upto, before)
            begins = await self._connection.fetchval(_BEGIN, club_id, oldest, upto if young is None else young)
        return oldest if begins is None else int(begins)

    async def _is_folding_due(self, club_id: str, before: datetime) -> bool:
        async with self._transaction(club_id):
            club = await self._connection.fetchrow(_CLUB, club_id)
        if club is None:
            return False
        return club["folded_to"] is None or before - club["folded_to"] >= FOLDED_EVERY

    async def _read_part(self, club_id: str, place: tuple[str, int], before: datetime, rows_max: int) -> _Part:
        rows = await self._connection.fetch(_OUTCOMES, club_id, *place, before, max(rows_max, 2))
        gone: list[tuple[str, int]] = []
        spans: list[tuple[str, int, int]] = []
        for device_id, mine in groupby(rows, lambda row: str(row["device_id"])):
            folding = fold([Row(row["n"], row["from_n"], row["may_fold"], row["is_member"]) for row in mine])
            gone += [(device_id, n) for n in folding.gone]
            spans += [(device_id, n, from_n) for n, from_n in folding.spans.items()]
        is_last = len(rows) < max(rows_max, 2)
        return _Part(gone, spans, None if is_last else (str(rows[-1]["device_id"]), rows[-1]["n"]))

    async def _fold(self, club_id: str, part: _Part) -> None:
        if part.gone:
            await self._connection.execute(_DROP_OUTCOMES, club_id, *_columns(part.gone))
        if part.spans:
            await self._connection.execute(_SPAN, club_id, *_columns(part.spans))

    async def _execute(self, club_id: str, sql: str, *given: object) -> int:
        """Run one statement in a transaction of its own; return how many rows it touched."""
        async with self._transaction(club_id):
            said = await self._connection.execute(sql, club_id, *given)
        return int(said.rpartition(" ")[2])

    @asynccontextmanager
    async def _transaction(self, club_id: str) -> AsyncGenerator[None]:
        async with self._connection.transaction():
            await self._connection.execute(set_club_sql(club_id))
            yield


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
