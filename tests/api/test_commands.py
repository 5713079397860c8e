"""An operator's commands from the outside: what they say, to a person and to a program, and their exit status."""

import io
import json
import shutil
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import AsyncMock

import anyio.to_thread
import asyncpg
import httpx
import pytest

from api.app import create_app, open_services
from api.cli import main
from api.commands import compact as compact_module
from api.commands.people import make_password
from api.commands.telling import in_bytes, in_words
from api.identity.keys import KeyRing
from api.identity.passwords import check_password
from api.settings import NAMES, Settings
from storage.readiness import prepare
from storage.upkeep import LOCK_KEY, Done
from tests.api.people import PASSWORD, client_of, sign_up, some_id
from tests.pg import PgDatabase, open_folder

pytestmark = pytest.mark.postgres

EMAIL = "coach@club.example"


class Said(NamedTuple):
    """What a command said, and how it ended."""

    status: object
    out: str
    err: str

    @property
    def told(self) -> Any:  # noqa: ANN401 - whatever the command tells
        """Return its one JSON document."""
        return json.loads(self.out)


Command = Callable[..., Awaitable[Said]]


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder that PostgreSQL's own user may walk through, gone afterwards."""
    opened = open_folder()
    yield opened
    shutil.rmtree(opened, ignore_errors=True)


@pytest.fixture
def command(
    empty_database: PgDatabase, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Give a way to run a command on a database of this test's own."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", empty_database.owner_dsn)
    monkeypatch.setenv("DATA_DIR", str(folder / "data"))
    monkeypatch.setenv("DURABILITY", "test")

    def call(arguments: tuple[str, ...], typed: str) -> Said:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{typed}\n"))
        with pytest.raises(SystemExit) as ended:
            main([*arguments])
        said = capsys.readouterr()
        return Said(ended.value.code, said.out, said.err)

    async def run(*arguments: str, typed: str = "") -> Said:
        return await anyio.to_thread.run_sync(call, arguments, typed)

    return run


async def test_a_forgotten_password(
    command: Command, empty_database: PgDatabase, settings: Settings, ring: KeyRing
) -> None:
    """The old one and all sessions end at once, the new one lets in; and the lists tell of people, not of data."""
    await prepare(empty_database.owner_dsn)
    async with open_services(empty_database.app_dsn, ring) as services:
        client = client_of(create_app(settings, services))
        coach = await sign_up(client, EMAIL)
        await coach.make_match()
        [club] = (await command("club", "list", "--json")).told
        assert (club["name"], club["version"], club["members"], club["devices"]) == ("Reds", 1, 1, 1)
        [user] = (await command("user", "list", "--json")).told
        assert (user["email"], user["clubs"], user["sessions"]) == (EMAIL, 1, 1)
        assert EMAIL in (await command("user", "list")).out
        assert "Reds" in (await command("club", "list")).out
        reset = await command("user", "reset-password", EMAIL.upper(), "--json")
        assert reset.told["sessions_ended"] == 1
        assert (await coach.ask("GET", "/api/sync/pull")).status_code == 401
        assert await login(client, PASSWORD) == 401
        assert await login(client, reset.told["password"]) == 200
        await client.aclose()
    nobody = await command("user", "reset-password", "nobody@club.example")
    assert (nobody.status, nobody.out) == (2, "")
    assert nobody.err.startswith("touchline: Nobody has the address")


async def login(client: httpx.AsyncClient, password: str) -> int:
    """Return the status of a sign-in."""
    asked = {"email": EMAIL, "password": password, "device_id": some_id()}
    return (await client.post("/api/auth/login", json=asked)).status_code


async def test_backup_doctor_and_restore(
    command: Command, empty_database: PgDatabase, settings: Settings, ring: KeyRing, folder: Path
) -> None:
    """One after the other, as in the runbook, on a database that DATABASE_URL names."""
    await prepare(empty_database.owner_dsn)
    async with open_services(empty_database.app_dsn, ring) as services:
        client = client_of(create_app(settings, services))
        await (await sign_up(client, EMAIL)).make_match()
        await client.aclose()
    found = await command("doctor", "--json")
    levels = {each["about"]: each["level"] for each in found.told["findings"]}
    assert (found.status, found.told["level"]) == (1, "warn")
    assert (levels["backup"], levels["log of Reds"], levels["tables of Reds"]) == ("warn", "ok", "ok")
    made = await command("backup", "--keep", "2", "--json")
    assert Path(made.told["folder"]).parent == folder / "data" / "backups"
    assert [file["name"] for file in made.told["manifest"]["files"]] == ["database.dump"]
    assert "is less than a minute old" in (await command("doctor")).out
    refused = await command("restore", made.told["folder"])
    assert (refused.status, refused.out) == (2, "")
    assert "is not empty" in refused.err
    restored = await command("restore", made.told["folder"], "--replace")
    assert restored.status == 0
    assert "Reds: up to change 1, 1 device." in restored.out
    assert "for 14 days" in restored.out
    deep = await command("doctor", "--deep", "--json")
    assert {each["about"]: each["level"] for each in deep.told["findings"]}["tables of Reds"] == "ok"
    beside = await command("restore", str(folder / "data" / "backups"), "--into", str(folder / "drill"), "--json")
    assert beside.told["into"] == str(folder / "drill")
    assert (folder / "drill" / "pgdata").is_dir()


async def test_compacting_by_hand(
    command: Command, empty_database: PgDatabase, settings: Settings, ring: KeyRing
) -> None:
    """What would go is counted and nothing is changed; then it goes, while the server runs, and the doctor knows."""
    await prepare(empty_database.owner_dsn)
    async with open_services(empty_database.app_dsn, ring) as services:
        client = client_of(create_app(settings, services))
        coach = await sign_up(client, EMAIL)
        for _ in range(3):
            await coach.make_match()
        owner = await asyncpg.connect(empty_database.owner_dsn)
        await owner.execute("UPDATE touchline.log SET committed_at = now() - interval '100 days' WHERE version < 3")
        await owner.execute("UPDATE touchline.migrations SET applied_at = now() - interval '4 days'")
        assert await levels_of(command, "retention") == ["warn"]
        counted = await command("compact", "--older-than", "90", "--dry-run", "--json")
        assert (counted.told["is_dry_run"], counted.told["removed"]["log"]) == (True, 2)
        assert (await client.get("/health/ready")).status_code == 200
        assert (await command("compact", "--json")).told["removed"]["log"] == 0
        assert await levels_of(command, "retention") == ["ok"]
        alone = await command("compact", "--older-than", "90", "--club", coach.club_id)
        assert alone.status == 0
        assert "Done: 1 club, with 90 days of log." in alone.out
        assert [row[0] for row in await owner.fetch("SELECT version FROM touchline.log")] == [3]
        assert (await coach.ask("GET", "/api/sync/pull")).status_code == 410
        assert await levels_of(command, "log of Reds") == ["ok"]
        unknown = await command("compact", "--club", some_id())
        assert (unknown.status, unknown.out) == (2, "")
        assert unknown.err.startswith("touchline: There is no club")
        assert (await command("compact", "--older-than", "7")).status == 2
        await owner.execute("SELECT pg_advisory_lock($1)", LOCK_KEY)
        assert "at it just now" in (await command("compact")).err
        await owner.close()
        await client.aclose()


async def test_what_is_of_a_session_goes_past_a_pooler(
    command: Command, empty_database: PgDatabase, monkeypatch: pytest.MonkeyPatch, ring: KeyRing
) -> None:
    """A pooler of transactions would keep its connection, with the lock of upkeep or the settings of a look."""
    await prepare(empty_database.owner_dsn)
    past_it = empty_database.owner_dsn + ("&" if "?" in empty_database.owner_dsn else "?") + "application_name=past"
    monkeypatch.setenv("DATABASE_URL_DIRECT", past_it)
    upkeep = AsyncMock(return_value=Done({}, 0, 0))
    monkeypatch.setattr(compact_module, "do_upkeep", upkeep)
    assert (await command("compact", "--json")).status == 0
    (asked, _), _ = upkeep.await_args_list[0]
    assert "application_name=past" in asked
    assert "touchline_app" in asked
    async with open_services(empty_database.app_dsn, ring, direct_dsn=past_it) as services:
        assert services.observer._dsn == services.upkeep._dsn == past_it


async def levels_of(command: Command, about: str) -> list[str]:
    """Return how well the doctor finds something."""
    findings = (await command("doctor", "--json")).told["findings"]
    return [each["level"] for each in findings if each["about"] == about]


async def test_what_cannot_be_looked_at(command: Command, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """A wrong setting is a finding; a folder without a database is left as it is."""
    monkeypatch.setenv("PORT", "http")
    wrong = await command("doctor", "--json")
    assert (wrong.status, [each["about"] for each in wrong.told["findings"]]) == (2, ["settings"])
    monkeypatch.delenv("PORT")
    monkeypatch.delenv("DATABASE_URL")
    none = await command("backup")
    assert none.status == 2
    assert none.err.startswith("touchline: There is no database in")
    assert not (folder / "data").exists()


def test_a_password_for_the_telephone() -> None:
    """It may be chosen, and no two are the same."""
    made = {make_password() for _ in range(50)}
    assert len(made) == 50
    for each in made:
        check_password(each)


def test_sizes_and_spans_in_words() -> None:
    """As a person reads them."""
    assert [in_bytes(each) for each in (5, 2_048, 3 * 1024**3)] == ["5 B", "2.0 KiB", "3.0 GiB"]
    assert [in_words(each) for each in (3, 60, 7_300, 90_000)] == ["less than a minute", "1 minute", "2 hours", "1 day"]
