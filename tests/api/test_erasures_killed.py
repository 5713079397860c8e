"""Processes that are killed while they erase: what was noted is done at the next start, what was begun is finished."""

import signal
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from api.app import create_app, open_services
from api.identity.keys import KeyRing
from api.settings import Settings
from storage.erasures.ledger_file import LedgerFile
from tests.api.people import Person, client_of, put, sign_up, some_id
from tests.api.test_commands import folder
from tests.api.test_erase_command import CANARY, EMAIL, Club, club, dump, is_in
from tests.api.test_serve import Server, servers
from tests.pg import PgDatabase
from tests.waiting import until_told

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(180)]

__all__ = ["club", "folder", "servers"]

NOTES = 1_500
"""Further changes: the log is rewritten in two parts."""


class Killed(Server):
    """A process that is killed at a certain call."""

    module = "tests.api.killed"


class Machine:
    """Starts processes on one database and one ledger."""

    def __init__(self, dsn: str, folder: Path, started: list[Server]) -> None:
        self.dsn, self.data, self._started = dsn, folder / "data", started
        self.ledger = LedgerFile(self.data / "erasures.jsonl")

    def start(self, kind: type[Server], *command: str) -> Server:
        """Start a process."""
        settings = {"DATABASE_URL": self.dsn, "MODE": "production", "SECRET_KEY": "k" * 32, "HOST": "127.0.0.1"}
        self._started.append(kind(self.data, *command, **settings))
        return self._started[-1]

    def killed(self, place: str, nth: int, when: str, *command: str) -> None:
        """Run a command, or the server, until it is killed there."""
        status, words = self.start(Killed, place, str(nth), when, *command).await_end()
        assert status == -signal.SIGKILL, words

    async def rows(self, sql: str) -> list[Any]:
        """Read behind everybody's back."""
        connection = await asyncpg.connect(self.dsn)
        try:
            return [tuple(row) for row in await connection.fetch(sql)]
        finally:
            await connection.close()

    async def is_finished(self) -> bool:
        """Tell whether every erasure is."""
        [(left,)] = await self.rows("SELECT count(*) FROM touchline.erasures WHERE finished_ms IS NULL")
        return not left

    async def serve_until_finished(self) -> None:
        """Serve, as after a restart, until all that was begun is finished."""
        server = self.start(Server)
        server.await_address()
        await until_told(self.is_finished)
        assert server.end()[0] == 0


@pytest.fixture
def machine(empty_database: PgDatabase, folder: Path, servers: list[Server]) -> Machine:
    """Give a machine whose server is not running."""
    return Machine(empty_database.owner_dsn, folder, servers)


async def test_a_player_s_erasure_survives_every_kill(
    club: Club, machine: Machine, settings: Settings, ring: KeyRing
) -> None:
    """Killed after the line and before the commit, and then in the midst of rewriting the log: it is done."""
    async with open_services(club.app_dsn, ring) as services:
        client = client_of(create_app(settings, services))
        coach = await sign_up(client, EMAIL)
        await club.play(coach)
        await write_notes(coach, club)
        score = await club.score(coach)
        await client.aclose()
    append = "storage.erasures.ledger_file:LedgerFile._append"
    machine.killed(append, 1, "after", "erase", "player", club.player_id, "--yes")
    assert await machine.rows("SELECT * FROM touchline.erasures") == []
    assert len(machine.ledger.read().entries) == 1
    assert is_in(dump(club.dsn))
    machine.killed("storage.postgres:moved_on", 2, "before", "serve")  # in the second part's transaction
    [(version, done)] = await machine.rows("SELECT version, rewritten_to FROM touchline.erasures")
    assert 0 < done < version
    assert CANARY not in str(await machine.rows("SELECT full_name FROM grassroots.players"))
    assert is_in(dump(club.dsn)), "what was written last is rewritten last"
    await machine.serve_until_finished()
    assert not is_in(dump(club.dsn))
    async with open_services(club.app_dsn, ring) as services:
        client = client_of(create_app(settings, services))
        assert await club.score(Person(client, coach.tokens)) == score
        await client.aclose()


async def write_notes(coach: Person, club: Club) -> None:
    """Write a long log, with the canary's name at its end."""
    for start in range(0, NOTES, 500):
        notes = [
            put("events", some_id(), match_id=club.match_id, kind="corner", clock_ms=start + each)
            for each in range(500)
        ]
        assert (await coach.push(*notes)).status_code == 200
    note = put("match_notes", some_id(), match_id=club.match_id, notes=f"{CANARY} was ill")
    assert (await coach.push(note)).status_code == 200


async def test_a_club_s_erasure_survives_a_kill(
    club: Club, machine: Machine, settings: Settings, ring: KeyRing
) -> None:
    """Killed when half of its tables are empty, and before that between the line and the commit: it is done."""
    async with open_services(club.app_dsn, ring) as services:
        client = client_of(create_app(settings, services))
        coach = await sign_up(client, EMAIL)
        await club.play(coach)
        await client.aclose()
    command = ("erase", "club", "--name", "reds", "--yes")
    machine.killed("storage.erasures.ledger_file:LedgerFile._append", 1, "after", *command)
    assert [each.kind for each in machine.ledger.read().entries] == ["club", "user"]
    assert EMAIL in dump(club.dsn)
    machine.killed("storage.emptying:delete_rows", 8, "after", "serve")
    assert await machine.rows("SELECT email FROM touchline.users") == [(None,)]
    assert is_in(dump(club.dsn))
    await machine.serve_until_finished()
    assert not is_in(dump(club.dsn))
    assert EMAIL not in dump(club.dsn)
    assert await machine.rows("SELECT count(*) FROM touchline.log") == [(0,)]
    assert await machine.rows("SELECT name FROM touchline.clubs") == [("",)]
