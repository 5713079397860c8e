"""Backups: what is in one is proved, and what phones pushed after it comes back from them."""

import json
import os
import shutil
import signal
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from football.collections import CATALOGUE
from storage.address import without_password
from storage.backups.check import check_backup, check_known
from storage.backups.in_folder import put_back_in_folder
from storage.backups.keep import UNFINISHED, drop_old, find_backups, take
from storage.backups.manifest import DUMP, MANIFEST, SECRET, BackupError, Manifest, read_manifest
from storage.backups.put_back import Restored, check_idle, move_aside, move_back, put_back
from storage.backups.tools import Tools, call, find_tools
from storage.clubs import set_club_sql
from storage.embedded import DataFolderBusy, Durability, EmbeddedPostgres
from storage.postgres import PostgresStore, open_pool
from storage.readiness import prepare
from sync.ports import Store
from tests.harness import CLUB, Phone, Site, fold, plain, real_match, settle, uid
from tests.pg import PgDatabase, open_folder
from tests.stores import Stand
from tests.waiting import until

pytestmark = pytest.mark.postgres

MATCH = uid(0x3A7C)
KICKOFF = "2026-09-20T10:00:00.000Z"
VENUES = ("by the first phone", "by the second")


class Node(Stand):
    """The store of a server; a test puts another in its place after a restore."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def node(self) -> Store:
        """Return the one there is."""
        return self.store

    async def backup(self) -> None:
        """Never: these tests make real ones."""
        raise NotImplementedError

    async def restore(self) -> None:
        """Never."""
        raise NotImplementedError


@asynccontextmanager
async def store_at(dsn: str) -> AsyncIterator[PostgresStore]:
    """Open the store of a server."""
    pool = await open_pool(dsn, connections_min=0)
    try:
        yield PostgresStore(pool, CATALOGUE)
    finally:
        await pool.close()


@pytest.fixture
def tools() -> Tools:
    """Give the bundle's programs."""
    return find_tools(None)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder that PostgreSQL's own user may walk through, gone afterwards."""
    opened = open_folder()
    yield opened
    shutil.rmtree(opened, ignore_errors=True)


@pytest.fixture
async def site(empty_database: PgDatabase) -> AsyncIterator[Site]:
    """Give a club in a database of this test's own, migrated as a server's is."""
    await prepare(empty_database.owner_dsn)
    async with store_at(empty_database.app_dsn) as store:
        site = await Site(Node(store)).open()
        await add_owner(empty_database.owner_dsn)
        yield site


async def add_owner(dsn: str) -> None:
    """Give the club an owner, as every club has one."""
    connection = await asyncpg.connect(dsn)
    user = "INSERT INTO touchline.users (user_id, email, display_name, password_hash) VALUES ($1, 'c@c', 'C', 'x')"
    await connection.execute(user, uid(1))
    member = "INSERT INTO touchline.memberships (club_id, user_id, role) VALUES ($1, $2, 'owner')"
    await connection.execute(member, CLUB, uid(1))
    await connection.close()


async def take_one(dsn: str, into: Path, secret: Path | None = None) -> tuple[Path, Manifest]:
    """Make a backup."""
    return await take(dsn, find_tools(None), into, secret=secret, version="test")


def put_back_one(data_dir: Path, folder: Path, *, replaces: bool) -> Restored:
    """Restore a backup into a data folder."""
    tools = find_tools(None)
    manifest = check_backup(folder, tools)
    return put_back_in_folder(
        data_dir,
        tools,
        folder,
        manifest,
        lambda _words: None,
        mark="aside",
        replaces=replaces,
        takes_secret=True,
        durability=Durability.TEST,
    )


async def plays(phone: Phone, *, seed: str) -> None:
    """Log a match, and push it."""
    phone.note(real_match(seed=seed))
    await phone.sync()


async def test_the_drill(folder: Path) -> None:
    """Two phones push, a backup is made, they push more, the database is lost: after the restore all of it is back."""
    data_dir = folder / "data"
    data_dir.mkdir(mode=0o711)
    secret = data_dir / SECRET
    secret.write_text("the secret of that time")
    postgres = EmbeddedPostgres(data_dir, durability=Durability.TEST)
    postgres.start()
    await prepare(postgres.owner_dsn)
    async with store_at(postgres.app_dsn) as store:
        node = Node(store)
        site = await Site(node).open()
        await add_owner(postgres.owner_dsn)
        phones = [Phone(site, 1), Phone(site, 2)]
        phones[0].put("matches", MATCH, kickoff_ts=KICKOFF, venue="Rec ground")
        await settle(phones)
        kept, manifest = await take_one(postgres.owner_dsn, folder / "backups", secret)
        at_backup = await site.store.head(CLUB)
        await plays(phones[0], seed="a")
        for phone, venue in zip(phones, VENUES, strict=True):
            site.now_ms += 60_000
            phone.put("matches", MATCH, venue=venue)
            await settle(phones)
        before, acknowledged = phones[0].view(), await site.store.head(CLUB)
    assert acknowledged.cursor.version > at_backup.cursor.version + 50
    assert postgres.pid is not None
    os.kill(postgres.pid, signal.SIGKILL)
    await until(lambda: not postgres.is_running)
    postgres.stop()
    (data_dir / "pgdata" / "PG_VERSION").unlink()
    secret.write_text("another secret, of a new machine")

    restored = put_back_one(data_dir, kept, replaces=True)

    assert restored.migrated == []
    assert sorted(Path(place).name for place in restored.aside) == ["pgdata.aside", f"{SECRET}.aside"]
    assert secret.read_text() == "the secret of that time"
    assert [(club.version, club.tag) for club in manifest.clubs] == [at_backup.cursor]
    with EmbeddedPostgres(data_dir, durability=Durability.TEST) as again:
        async with store_at(again.app_dsn) as store:
            node.store = store
            assert await store.head(CLUB) == at_backup
            await settle(phones)
            fresh = Phone(site, 3)
            await fresh.sync()
            assert plain(fold(await site.log())) == plain(await site.tables())
            assert phones[0].view() == phones[1].view() == fresh.view() == before
            assert before["matches"][MATCH]["venue"] == VENUES[1]
            assert [phone.device.waiting_count for phone in phones] == [0, 0]
            asked = await site.open_conflicts()  # once more, where a phone's base was lost; never about anything else
            assert {(each["record"], each["field"]) for each in asked} <= {(MATCH, "venue")}


async def test_a_backup_is_of_one_moment(site: Site, empty_database: PgDatabase, folder: Path, tools: Tools) -> None:
    """What is pushed while it is made is not in it, and the manifest says just what the dump holds."""
    phone = Phone(site, 1)
    await plays(phone, seed="a")
    kept, manifest = await take_one(empty_database.owner_dsn, folder / "backups")
    phone.put("matches", MATCH, kickoff_ts=KICKOFF)
    await phone.sync()
    head = await site.store.head(CLUB)
    dumped = call(tools.restore, None, "--data-only", "--table=log", "--file=-", str(kept / DUMP))
    rows = sum(line.startswith(CLUB) for line in dumped.splitlines())
    assert rows == manifest.clubs[0].version == head.cursor.version - 1
    assert manifest.clubs[0].devices == 1
    assert manifest.clubs[0].club_id == CLUB


async def test_a_backup_is_for_its_owners_eyes_alone(site: Site, empty_database: PgDatabase, folder: Path) -> None:
    """It holds children's names and a secret: no folder and no file of it is open to others."""
    secret = folder / SECRET
    secret.write_text("x" * 64)
    kept, _ = await take_one(empty_database.owner_dsn, folder / "backups", secret)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (kept, *kept.iterdir())}
    assert modes == {kept.name: 0o700, DUMP: 0o600, MANIFEST: 0o600, SECRET: 0o600}
    assert (kept / SECRET).read_text() == "x" * 64


async def test_a_backup_that_is_not_as_it_was_is_refused(
    site: Site, empty_database: PgDatabase, folder: Path, tools: Tools
) -> None:
    """One changed byte, a missing file, another format, no manifest: none of them is restored."""
    kept, _ = await take_one(empty_database.owner_dsn, folder / "backups")
    assert check_backup(kept, tools) == read_manifest(kept)
    dump = kept / DUMP
    whole = dump.read_bytes()
    dump.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(BackupError, match="is not what was written"):
        check_backup(kept, tools)
    dump.unlink()
    with pytest.raises(BackupError, match="is missing"):
        check_backup(kept, tools)
    told = json.loads((kept / MANIFEST).read_text())
    (kept / MANIFEST).write_text(json.dumps({**told, "format": 2}))
    with pytest.raises(BackupError, match="has format 2"):
        read_manifest(kept)
    (kept / MANIFEST).write_text("{")
    with pytest.raises(BackupError, match="cannot be read"):
        read_manifest(kept)
    with pytest.raises(BackupError, match="is no backup"):
        read_manifest(folder)


async def test_a_newer_version_s_backup_is_left_to_it(site: Site, empty_database: PgDatabase, folder: Path) -> None:
    """Migrations only go forward."""
    kept, manifest = await take_one(empty_database.owner_dsn, folder / "backups")
    check_known(manifest)
    told = json.loads((kept / MANIFEST).read_text())
    (kept / MANIFEST).write_text(json.dumps({**told, "migrations": [*told["migrations"], "9999_future"]}))
    with pytest.raises(BackupError, match="9999_future"):
        check_known(read_manifest(kept))


async def test_one_that_fails_leaves_nothing(empty_database: PgDatabase, folder: Path) -> None:
    """A database without our tables, and no half of a backup."""
    with pytest.raises(BackupError, match="holds no Touchline data"):
        await take_one(empty_database.owner_dsn, folder / "backups")
    assert list((folder / "backups").iterdir()) == []


async def test_old_ones_go_when_newer_are_whole(site: Site, empty_database: PgDatabase, folder: Path) -> None:
    """So many are kept; what was cut short goes too, and nothing that is no backup."""
    into = folder / "backups"
    made = [(await take_one(empty_database.owner_dsn, into))[0] for _ in range(3)]
    (into / f"{UNFINISHED}x").mkdir()
    (into / "touchline-notes").mkdir()
    assert find_backups(into)[0][0] == made[2]
    assert drop_old(into, keep=2) == [made[0].name]
    assert sorted(path.name for path in into.iterdir()) == sorted([made[1].name, made[2].name, "touchline-notes"])


async def test_a_data_folder_is_not_overwritten(
    site: Site, empty_database: PgDatabase, folder: Path, tools: Tools
) -> None:
    """While a server runs it is busy; a database that is there is left alone; a new folder is made."""
    kept, _ = await take_one(empty_database.owner_dsn, folder / "backups")
    with EmbeddedPostgres(folder / "data", durability=Durability.TEST), pytest.raises(DataFolderBusy):
        put_back_one(folder / "data", kept, replaces=True)
    with pytest.raises(BackupError, match="holds a database already"):
        put_back_one(folder / "data", kept, replaces=False)
    assert put_back_one(folder / "new", kept, replaces=False).aside == []
    assert sorted(path.name for path in folder.joinpath("data").iterdir() if path.is_dir()) == ["conf", "pgdata"]


async def test_a_database_elsewhere(empty_database: PgDatabase, folder: Path, tools: Tools) -> None:
    """DATABASE_URL: refused while somebody is in it or it is not empty; else it is renamed, and all comes back."""
    dsn = empty_database.owner_dsn
    await prepare(dsn)
    async with store_at(empty_database.app_dsn) as store:
        node = Node(store)
        site = await Site(node).open()
        await add_owner(dsn)
        phone = Phone(site, 1)
        await plays(phone, seed="a")
        kept, manifest = await take_one(dsn, folder / "backups")
        phone.put("matches", MATCH, kickoff_ts=KICKOFF)
        await phone.sync()
        before = phone.view()
        with pytest.raises(BackupError, match="A server works in this database"):
            await check_idle(dsn)
    with pytest.raises(BackupError, match="is not empty: it has grassroots and touchline"):
        await move_aside(dsn, "old", replaces=False)
    await check_idle(dsn)
    assert await move_aside(dsn, "old", replaces=True) == ["grassroots_old", "touchline_old"]
    assert await put_back(dsn, tools, kept, manifest, lambda _words: None) == []
    async with store_at(empty_database.app_dsn) as store:
        node.store = store
        await settle([phone])
        assert phone.view() == before
        assert plain(fold(await site.log())) == plain(await site.tables())
    await move_back(dsn, ["grassroots_old", "touchline_old"])
    async with store_at(empty_database.app_dsn) as store:
        assert (await store.head(CLUB)).cursor.version == manifest.clubs[0].version + 1


async def test_every_feed_begins_anew(site: Site, empty_database: PgDatabase, folder: Path, tools: Tools) -> None:
    """A viewer may have read further than the backup goes, so no cursor of theirs may fit again."""
    phone = Phone(site, 1)
    await plays(phone, seed="a")
    (match_id,) = phone.view()["matches"]
    await share(empty_database.owner_dsn, match_id)
    phone.put("matches", match_id, venue="a new place")
    await phone.sync()
    shown = await epochs(empty_database.owner_dsn)
    kept, manifest = await take_one(empty_database.owner_dsn, folder / "backups")
    await move_aside(empty_database.owner_dsn, "old", replaces=True)
    await put_back(empty_database.owner_dsn, tools, kept, manifest, lambda _words: None)
    again = await epochs(empty_database.owner_dsn)
    assert len(shown) == len(again) == 1
    assert shown.isdisjoint(again)


async def share(dsn: str, match_id: str) -> None:
    """Make a live share link to a match."""
    connection = await asyncpg.connect(dsn)
    await connection.execute(
        "INSERT INTO touchline.share_links (club_id, link_id, match_id, secret_hash, shows_score, shows_shirt_numbers,"
        " shows_venue, created_by, created_at, expires_at)"
        " VALUES ($1, $2, $3, 'x', true, false, false, $2, now(), now() + interval '30 days')",
        CLUB,
        uid(7),
        match_id,
    )
    await connection.close()


async def epochs(dsn: str) -> set[str]:
    """Return the epochs of all feeds."""
    connection = await asyncpg.connect(dsn)
    async with connection.transaction():
        await connection.execute(set_club_sql(CLUB))
        found = {row["epoch"] for row in await connection.fetch("SELECT epoch FROM touchline.feeds")}
    await connection.close()
    return found


@pytest.mark.parametrize(
    ("dsn", "bare", "password"),
    [
        ("postgresql://me:s%40y@db:5432/club", "postgresql://me@db:5432/club", "s@y"),
        ("postgresql://me@db/club?sslmode=require", "postgresql://me@db/club?sslmode=require", None),
        ("postgresql://db/club?user=me&password=x", "postgresql://db/club?user=me", "x"),
        ("postgresql://o@/club?host=/run/pg&port=5432", "postgresql://o@/club?host=/run/pg&port=5432", None),
    ],
)
def test_no_password_is_an_argument(dsn: str, bare: str, password: str | None) -> None:
    """Arguments are read by everybody on a machine."""
    assert without_password(dsn) == (bare, password)


def test_a_program_that_fails_says_why(tools: Tools, folder: Path) -> None:
    """The last of its words, and no traceback."""
    with pytest.raises(BackupError, match=r"pg_restore failed \(exit status 1\): .*does not appear|could not open"):
        call(tools.restore, None, "--list", str(folder / "nothing"))
