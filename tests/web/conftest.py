"""A real server for the stories that are told by node."""

import shutil
from collections.abc import Iterator

import pytest

from tests.api.test_serve import Server
from tests.pg import open_folder


@pytest.fixture
def address() -> Iterator[str]:
    """Start a server with a database of its own; answer its address."""
    folder = open_folder()
    server = Server(folder / "data")
    try:
        yield server.await_address()
    finally:
        server.end()
        shutil.rmtree(folder, ignore_errors=True)
