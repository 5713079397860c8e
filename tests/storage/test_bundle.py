"""Bundles: statements that write, sent as one."""

from collections.abc import Sequence
from typing import Any, cast

import pytest

from storage.bundle import PARTS_MAX, Bundle, Connection, joined, parameters_of

ADD = "INSERT INTO a VALUES ($1, $2)"
MOVE = "UPDATE b SET x = $2 WHERE y = $1 AND z = $2"


class Wire:
    """Notes what is sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[Any, ...]] = []

    async def execute(self, sql: str, *given: object) -> None:
        """Note a statement."""
        self.sent.append((sql, *given))

    async def executemany(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        """Note a statement for many rows."""
        self.sent.append((sql, [*rows]))


@pytest.fixture
def wire() -> Wire:
    """Give a connection that notes what is sent."""
    return Wire()


@pytest.fixture
def bundle(wire: Wire) -> Bundle:
    """Give a bundle on it."""
    return Bundle(cast("Connection", wire))


def test_one_statement_stays_as_it_is() -> None:
    """Nothing is renamed where nothing is joined."""
    assert joined((MOVE,)) == MOVE


def test_parameters_go_on_where_those_before_end() -> None:
    """Each part keeps its own order, and a parameter that it names twice stays one."""
    sql = joined((ADD, MOVE, ADD))
    assert sql == (
        "WITH part_1 AS (\nINSERT INTO a VALUES ($1, $2)\n), "
        "part_2 AS (\nUPDATE b SET x = $4 WHERE y = $3 AND z = $4\n)\nINSERT INTO a VALUES ($5, $6)"
    )
    assert parameters_of(sql) == 6


async def test_what_waits_is_sent_once_and_in_order(wire: Wire, bundle: Bundle) -> None:
    """One round trip; one row is a part like any other; a second sending has nothing to send."""
    bundle.add(ADD, 1, 2)
    bundle.add_all(MOVE, [(3, 4)])
    bundle.add_all(ADD, [])
    await bundle.send()
    await bundle.send()
    assert wire.sent == [(joined((ADD, MOVE)), 1, 2, 3, 4)]


async def test_many_rows_go_by_themselves_before(wire: Wire, bundle: Bundle) -> None:
    """The driver's own way for many rows, and then the rest."""
    bundle.add(ADD, 1, 2)
    bundle.add_all(MOVE, [(3, 4), (5, 6)])
    await bundle.send()
    assert wire.sent == [(MOVE, [(3, 4), (5, 6)]), (ADD, 1, 2)]


async def test_more_parts_than_one_statement_takes_are_several(wire: Wire, bundle: Bundle) -> None:
    """Few statements are prepared, however much one transaction writes."""
    for n in range(PARTS_MAX + 1):
        bundle.add(ADD, n, n)
    await bundle.send()
    assert [len(each) - 1 for each in wire.sent] == [2 * PARTS_MAX, 2]
    assert wire.sent[1] == (ADD, PARTS_MAX, PARTS_MAX)
