"""The command `adopt` from the outside: what it asks, shows and leaves, and that killing it leaves nothing."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from api.identity.passwords import Passwords
from storage.embedded.bundle import run_user, usable_bundle
from storage.schema_dump import dump
from tests.pg import PgDatabase, in_thread
from tests.storage.old_club import OldClub, build
from tests.waiting import until

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(180)]

CHECKOUT = Path(__file__).parents[2]
END_S = 120
WHO = ("--club", "Reds FC", "--owner-email", "coach@reds.example")
PASSWORD = "four random words are good"
WRITES = """
SELECT count(*) >= 10 FROM pg_locks
 WHERE mode = 'RowExclusiveLock' AND locktype = 'relation' AND pid <> pg_backend_pid()
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
CONNECTED = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


def start(database: PgDatabase, tmp_path: Path, *options: str, dsn: str | None = None) -> "subprocess.Popen[str]":
    """Start the command on a database, with nothing of this environment."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "api.cli", "adopt", *options],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(CHECKOUT),
            "HOME": str(tmp_path),
            "DATABASE_URL": dsn or database.owner_dsn,
            "DURABILITY": "test",
        },
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(
    database: PgDatabase, tmp_path: Path, *options: str, given: str = "", dsn: str | None = None
) -> tuple[int, str, str]:
    """Run the command; return its status, and what it said on both outputs."""
    process = start(database, tmp_path, *options, dsn=dsn)
    said, words = process.communicate(given, timeout=END_S)
    return process.returncode, said, words


async def fetch(database: PgDatabase, sql: str) -> Any:  # noqa: ANN401 - what the query answers
    """Answer the first value of one query."""
    connection = await asyncpg.connect(database.owner_dsn)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def whole(database: PgDatabase) -> str:
    """Return all that is in a database."""
    return await dump(usable_bundle(run_user()).program("pg_dump"), database.owner_dsn)


async def test_look_adopt_and_look_again(empty_database: PgDatabase, tmp_path: Path) -> None:
    """A dry run shows what comes and changes nothing; then the club is there with its owner; then nothing is left."""
    await build(empty_database.owner_dsn, OldClub(4))
    before = await whole(empty_database)
    status, said, words = run(empty_database, tmp_path, "--dry-run")
    assert (status, words) == (0, "")
    assert "players" in said
    assert "taken over under the same ids" in said
    assert "Columns of the club's own (shoe_size) are not taken over" in said
    assert "nothing was changed" in said
    assert await whole(empty_database) == before

    status, said, words = run(empty_database, tmp_path, *WHO, given=f"{PASSWORD}\n")
    assert (status, words) == (0, "")
    assert "Adopted." in said
    assert "DROP SCHEMA grassroots_before CASCADE;" in said
    assert await Passwords().is_right(
        PASSWORD, await fetch(empty_database, "SELECT password_hash FROM touchline.users")
    )
    assert await fetch(empty_database, "SELECT name FROM touchline.clubs") == "Reds FC"

    status, said, words = run(empty_database, tmp_path)
    assert (status, words) == (0, "")
    assert "is Touchline's already: nothing to do." in said


async def test_programs_get_one_object(empty_database: PgDatabase, tmp_path: Path) -> None:
    """With --json all refusals and notes are told, and the status says that nothing was done."""
    await build(empty_database.owner_dsn, OldClub(4))
    spoiled = "UPDATE grassroots.players SET squad_number = 100 WHERE squad_number < 4 RETURNING id"
    assert await fetch(empty_database, spoiled)
    status, said, words = run(empty_database, tmp_path, "--dry-run", "--json", "--time-zone", "Europe/London")
    told = json.loads(said)
    assert (status, words, told["state"], told["time_zone"]) == (2, "", "refused", "Europe/London")
    assert {(each["table"], each["column"]) for each in told["refusals"]} == {("players", "squad_number")}
    assert [each["refused"] for each in told["tables"] if each["name"] == "players"] == [len(told["refusals"])]
    status, said, _ = run(empty_database, tmp_path, "--dry-run")
    assert status == 2
    assert said.count("Refused   players.squad_number") == len(told["refusals"])
    assert "SET squad_number = NULL WHERE id = " in said
    assert "Nothing was changed" in said


@pytest.mark.parametrize(
    ("options", "given", "sentence"),
    [
        (("--club", "Reds"), "no address\nx\n", "That is no e-mail address"),
        (("--club", "x" * 101, "--owner-email", "a@b.c"), f"{PASSWORD}\n", "takes 1 to 100 characters"),
        (WHO, "password\n", "too easy to guess"),
        (WHO, "", "A password for the owner is missing"),
    ],
)
async def test_what_is_asked_is_checked(
    empty_database: PgDatabase, tmp_path: Path, options: tuple[str, ...], given: str, sentence: str
) -> None:
    """A wrong answer ends the command with a sentence, before anything is done."""
    await build(empty_database.owner_dsn)
    status, said, words = run(empty_database, tmp_path, *options, given=given)
    assert (status, said) == (2, "")
    assert sentence in words
    assert words.count("\n") == 1


async def test_the_servers_own_role_is_not_the_owners(pg_database: PgDatabase, tmp_path: Path) -> None:
    """An address that signs in as the application is refused with a sentence; so is one where nothing answers."""
    status, _, words = run(pg_database, tmp_path, "--dry-run", dsn=pg_database.app_dsn)
    assert (status, "Give the role that owns the tables" in words) == (2, True)
    status, _, words = run(pg_database, tmp_path, "--dry-run", dsn="postgresql://a:secret@127.0.0.1:9/b")
    assert (status, "nothing answers there" in words, "secret" in words) == (2, True, False)


async def test_killed_half_way(empty_database: PgDatabase, tmp_path: Path) -> None:
    """A power cut in the middle leaves the old database as it was, and it can be adopted then."""
    await build(empty_database.owner_dsn, OldClub(40))
    before = await whole(empty_database)
    process = start(empty_database, tmp_path, *WHO)
    assert process.stdin is not None
    process.stdin.write(f"{PASSWORD}\n")
    process.stdin.flush()
    await until(lambda: in_thread(lambda: fetch(empty_database, WRITES)) or process.poll() is not None)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=END_S)
    assert process.returncode == -signal.SIGKILL
    await until(lambda: not in_thread(lambda: fetch(empty_database, CONNECTED)))
    assert await whole(empty_database) == before
    status, _, words = run(empty_database, tmp_path, *WHO, given=f"{PASSWORD}\n")
    assert (status, words) == (0, "")
