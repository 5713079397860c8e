"""Wake-ups between processes: told after the commit, gathered, and made good by a look after each new connection."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.wakeups import PAYLOAD_BYTES_MAX, PENDING_MAX, Wakeups, payloads, read_payload
from tests.pg import PgDatabase
from tests.waiting import until


class Node:
    """One process's end."""

    def __init__(self, dsn: str, name: str, *, gather_s: float = 0.008) -> None:
        self.heard: list[tuple[str, int]] = []
        self.connected = 0
        self.wakeups = Wakeups(
            dsn, name, on_wake=self._hear, on_connect=self._connect, dice=lambda: 0.0, gather_s=gather_s
        )
        self.task = asyncio.create_task(self.wakeups.run())

    def _hear(self, club_id: str, version: int) -> None:
        self.heard.append((club_id, version))

    def _connect(self) -> None:
        self.connected += 1

    async def end(self) -> None:
        """End it."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


@pytest.fixture
async def nodes(pg_database: PgDatabase) -> AsyncIterator[tuple[Node, Node]]:
    """Give two processes' ends, connected."""
    made = Node(pg_database.app_dsn, "one"), Node(pg_database.app_dsn, "two")
    await until(lambda: all(node.connected for node in made))
    yield made
    for node in made:
        await node.end()


async def cut(database: PgDatabase) -> None:
    """Kill the connections of wake-ups behind their backs."""
    connection = await asyncpg.connect(database.owner_dsn)
    try:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'touchline wake-ups' AND datname = current_database()"
        )
    finally:
        await connection.close()


async def test_one_process_hears_of_anothers_commits(nodes: tuple[Node, Node]) -> None:
    """What one tells the other hears, with the version; a process does not hear itself."""
    one, two = nodes
    club_id = str(uuid4())
    one.wakeups.tell(club_id, 7)
    await until(lambda: two.heard == [(club_id, 7)])
    two.wakeups.tell(club_id, 8)
    await until(lambda: one.heard == [(club_id, 8)])
    assert two.heard == [(club_id, 7)]
    assert one.wakeups.statistics().is_connected


async def test_what_comes_close_together_is_one_notification(pg_database: PgDatabase) -> None:
    """Many commits of many clubs within the gathering time go in one notification, each club once."""
    one, two = Node(pg_database.app_dsn, "one", gather_s=0.05), Node(pg_database.app_dsn, "two")
    await until(lambda: one.connected and two.connected)
    clubs = [str(uuid4()) for _ in range(20)]
    for version in range(1, 51):
        for club_id in clubs:
            one.wakeups.tell(club_id, version)
    await until(lambda: len(two.heard) >= 20)
    assert sorted(two.heard) == sorted((club_id, 50) for club_id in clubs)
    assert one.wakeups.statistics().sent == 1
    await one.end()
    await two.end()


async def test_a_cut_connection_is_made_again(pg_database: PgDatabase, nodes: tuple[Node, Node]) -> None:
    """After the connection is killed a new one is made, and whoever reads is asked to look; then it tells as before."""
    one, two = nodes
    await cut(pg_database)
    await until(lambda: one.connected == 2 and two.connected == 2)
    club_id = str(uuid4())
    one.wakeups.tell(club_id, 9)
    await until(lambda: (club_id, 9) in two.heard)


async def test_what_waits_is_told_on_the_next_connection(pg_database: PgDatabase) -> None:
    """A commit before the connection is there is told when it is."""
    two = Node(pg_database.app_dsn, "two")
    await until(lambda: two.connected)
    one = Node(pg_database.app_dsn, "one")
    club_id = str(uuid4())
    one.wakeups.tell(club_id, 1)
    await until(lambda: two.heard == [(club_id, 1)])
    await one.end()
    await two.end()


async def test_a_database_that_is_away_is_no_fault() -> None:
    """Without a database wake-ups wait, bounded, and try again."""
    node = Node("postgresql://nobody@127.0.0.1:1/none", "one")
    for number in range(PENDING_MAX + 5):
        node.wakeups.tell(f"00000000-0000-4000-8000-{number:012x}", 1)
    await asyncio.sleep(0)
    assert node.wakeups.statistics().dropped == 5
    assert not node.wakeups.statistics().is_connected
    await node.end()


@given(st.dictionaries(st.uuids().map(str), st.integers(0, 2**53), max_size=400))
def test_payloads_read_back(pending: dict[str, int]) -> None:
    """Every club goes into some payload, with its version, and each payload fits a notification."""
    lines = list(payloads("node", pending))
    assert all(len(line) <= PAYLOAD_BYTES_MAX for line in lines)
    read = [read_payload(line) for line in lines]
    assert {node for node, _ in read} <= {"node"}
    assert {club_id: version for _, clubs in read for club_id, version in clubs.items()} == pending


@pytest.mark.parametrize("payload", ["", "node", "node x:1", "node x", "node :", "node 0:x"])
def test_a_strange_payload_wakes_nobody(payload: str) -> None:
    """Anybody who may connect may notify: what is not understood is passed over."""
    assert read_payload(payload)[1] == {}
