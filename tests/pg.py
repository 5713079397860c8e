"""A pytest plugin: one PostgreSQL for the whole run, and a database of its own for each test that asks.

Without xdist the server starts when the first test needs it. With xdist one server serves all workers: the
controller starts it, if a test file that it was given speaks of these fixtures. TOUCHLINE_TEST_DATABASE_URL
names another server to use, with a superuser's name and password in it.
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest

from storage.embedded import APP_ROLE, Durability, EmbeddedPostgres, database_script
from storage.embedded.conf import role_script

SCHEMA = Path(__file__).parent.parent / "schema.sql"
URL_VARIABLE = "TOUCHLINE_TEST_DATABASE_URL"
MARKER = "postgres"
FIXTURES = ("pg_server", "pg_database", "empty_database")
MEMORY = Path("/dev/shm")
MEMORY_BYTES_MIN = 2 * 1024**3  # some databases of 8 MB each and the log of their writes; containers have 64 MB
APP_PASSWORD = "touchline"
_TEMPLATE = pytest.StashKey["PgServer"]()
_STOP = pytest.StashKey[Callable[[], None]]()


@dataclass(frozen=True, slots=True)
class PgDatabase:
    """One database: a URL as its owner, and one as the role of the application."""

    name: str
    owner_dsn: str
    app_dsn: str


@dataclass(frozen=True, slots=True)
class PgServer:
    """A running server: URLs of its database `postgres`, and the template that holds the schema."""

    owner_dsn: str
    app_dsn: str
    template: str

    def database(self, name: str) -> PgDatabase:
        """Answer the URLs of one database."""
        owner, app = (urlsplit(dsn)._replace(path=f"/{name}") for dsn in (self.owner_dsn, self.app_dsn))
        return PgDatabase(name=name, owner_dsn=owner.geturl(), app_dsn=app.geturl())

    def execute(self, *statements: str, database: str = "postgres") -> None:
        """Run each statement as the owner, in a thread: the test's own loop is left alone."""

        async def run() -> None:
            connection = await asyncpg.connect(self.database(database).owner_dsn)
            try:
                for statement in statements:
                    await connection.execute(statement)
            finally:
                await connection.close()

        in_thread(run)


def in_thread(main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:  # noqa: ANN401  whatever main answers
    """Run `main` on a loop of its own in another thread, and answer what it answers."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(lambda: asyncio.run(main())).result()


@pytest.fixture(scope="session")
def pg_server(pytestconfig: pytest.Config) -> Iterator[PgServer]:
    """Answer the run's server: the controller's under xdist, else one that is started here."""
    given = getattr(pytestconfig, "workerinput", {}).get(MARKER)
    if given is not None:
        yield PgServer(**given)
        return
    server, stop = _start()
    try:
        yield server
    finally:
        stop()


@pytest.fixture
def pg_database(pg_server: PgServer) -> Iterator[PgDatabase]:
    """Give a fresh database with the schema of schema.sql (13-22 ms), dropped afterwards."""
    yield from _fresh(pg_server, f"TEMPLATE {pg_server.template} STRATEGY file_copy")


@pytest.fixture
def empty_database(pg_server: PgServer) -> Iterator[PgDatabase]:
    """Give a fresh database with nothing in it, dropped afterwards."""
    yield from _fresh(pg_server, "TEMPLATE template0 STRATEGY file_copy")


def _fresh(server: PgServer, options: str) -> Iterator[PgDatabase]:
    name = f"test_{uuid4().hex}"
    server.execute(f"CREATE DATABASE {name} {options}", database_script(name))
    try:
        yield server.database(name)
    finally:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _start() -> tuple[PgServer, Callable[[], None]]:
    """Start a server, or take the one the environment names; answer it and what ends its use."""
    template = f"template_{uuid4().hex}"
    if url := os.environ.get(URL_VARIABLE):
        parts = urlsplit(url)
        address = parts.netloc.rpartition("@")[2]
        app = parts._replace(netloc=f"{APP_ROLE}:{APP_PASSWORD}@{address}")
        server = PgServer(owner_dsn=url, app_dsn=app.geturl(), template=template)
        server.execute(role_script(), f"ALTER ROLE {APP_ROLE} PASSWORD '{APP_PASSWORD}'")
        _make_template(server)
        drop = (f"ALTER DATABASE {template} IS_TEMPLATE false", f"DROP DATABASE {template}")
        return server, lambda: server.execute(*drop)
    folder = open_folder()
    postgres = EmbeddedPostgres(folder / "data", durability=Durability.TEST)

    def stop() -> None:
        postgres.stop()
        shutil.rmtree(folder)

    try:
        postgres.start()
        server = PgServer(owner_dsn=postgres.owner_dsn, app_dsn=postgres.app_dsn, template=template)
        _make_template(server)
    except BaseException:
        stop()
        raise
    return server, stop


def open_folder(base: Path | None = None) -> Path:
    """Make a folder that PostgreSQL's own user may walk through when root tests; pytest's are shut.

    In memory where there is plenty: a fresh database took 22 ms there, and 20 to 390 ms on a busy ext4.
    """
    if base is None and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_BYTES_MIN:
        base = MEMORY
    folder = Path(tempfile.mkdtemp(prefix="touchline-test-", dir=base))
    folder.chmod(0o711)
    return folder


def _make_template(server: PgServer) -> None:
    """Load schema.sql into the template and shut it: a session in it would stop every copy."""
    name = server.template
    server.execute(f"CREATE DATABASE {name} TEMPLATE template0 IS_TEMPLATE true", database_script(name))
    if SCHEMA.exists():
        server.execute(SCHEMA.read_text(encoding="utf-8"), database=name)
    server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses the server, before `-m` chooses."""
    for item in items:
        if "pg_server" in getattr(item, "fixturenames", ()):
            item.add_marker(MARKER)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:  # noqa: ANN401  xdist is not typed
    """In xdist's controller, before a worker starts: hand it the address of the one server."""
    config: pytest.Config = node.config
    if _TEMPLATE not in config.stash and may_need_server(config):
        config.stash[_TEMPLATE], config.stash[_STOP] = _start()
    if (server := config.stash.get(_TEMPLATE, None)) is not None:
        node.workerinput[MARKER] = asdict(server)


def pytest_unconfigure(config: pytest.Config) -> None:
    """In xdist's controller, when all workers are done: stop the server."""
    if (stop := config.stash.get(_STOP, None)) is not None:
        del config.stash[_STOP]
        stop()


def may_need_server(config: pytest.Config) -> bool:
    """Whether a chosen test may use the fixtures, by its file's words; a miss costs a server per worker."""
    if f"not {MARKER}" in str(config.getoption("markexpr")):
        return False
    for chosen in config.args:
        path = Path(config.invocation_params.dir, chosen.partition("::")[0])
        files = [*path.rglob("*.py")] if path.is_dir() else [path]
        files += [folder / "conftest.py" for folder in path.parents if folder.is_relative_to(config.rootpath)]
        if any(_speaks_of_server(file) for file in files):
            return True
    return False


def _speaks_of_server(file: Path) -> bool:
    if not file.is_file() or file.samefile(__file__):
        return False
    text = file.read_text(encoding="utf-8")
    return any(name in text for name in FIXTURES)
