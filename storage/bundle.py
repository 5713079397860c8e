"""A bundle: statements that write, sent as one. A round trip costs the server more than most statements do.

The parts become one statement (`WITH part_1 AS (INSERT ...), ... UPDATE ...`), so they share a snapshot and do not see
one another: no row is written by two of them, and whoever reads what they write sends the bundle before.
What several rows of one table need goes by itself, with the driver's own way for many.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache, partial
from typing import Any, Final, TypeAlias

import asyncpg

Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

PARTS_MAX: Final = 8
"""Parts of one statement: those of a usual push. Whatever would be more goes before, so few statements are prepared."""

_PARAMETER: Final = re.compile(r"[$](\d+)")


class Bundle:
    """Statements that wait to be sent on one connection."""

    def __init__(self, connection: Connection) -> None:
        """Begin with none."""
        self._connection = connection
        self._parts: list[str] = []
        self._given: list[object] = []
        self._many: list[tuple[str, list[Sequence[Any]]]] = []

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing waits."""
        return not (self._parts or self._many)

    def add(self, sql: str, *given: object) -> None:
        """Add a statement that writes, with its parameters; its rows are written by no other."""
        self._parts.append(sql)
        self._given += given

    def add_all(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Add a statement for each of many rows."""
        given = list(rows)
        if len(given) == 1:
            self.add(sql, *given[0])
        elif given:
            self._many.append((sql, given))

    async def send(self) -> None:
        """Send what waits."""
        many, parts, given = self._many, self._parts, self._given
        self._many, self._parts, self._given = [], [], []
        for sql, rows in many:
            await self._connection.executemany(sql, rows)
        for begin in range(0, len(parts), PARTS_MAX):
            some = tuple(parts[begin : begin + PARTS_MAX])
            count = sum(map(parameters_of, some))
            await self._connection.execute(joined(some), *given[:count])
            given = given[count:]


@lru_cache(512)
def joined(parts: tuple[str, ...]) -> str:
    """Return statements as one, whose parameters are theirs, one after the other."""
    shift, moved = 0, list[str]()
    for sql in parts:
        assert not sql.lstrip().upper().startswith("WITH"), "such a statement stands at the top alone"
        moved.append(_PARAMETER.sub(partial(_shifted, shift), sql))
        shift += parameters_of(sql)
    *first, last = moved
    named = (f"part_{n} AS (\n{sql}\n)" for n, sql in enumerate(first, 1))
    return f"WITH {', '.join(named)}\n{last}" if first else last


def _shifted(by: int, found: re.Match[str]) -> str:
    return f"${int(found[1]) + by}"


@lru_cache(512)
def parameters_of(sql: str) -> int:
    """Return how many parameters a statement has."""
    return max((int(each) for each in _PARAMETER.findall(sql)), default=0)
