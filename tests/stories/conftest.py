"""The stories run on both stores; the one on PostgreSQL uses the fixture `pg_database` of `tests/pg.py`."""

import pytest

from tests.harness import Site
from tests.stores import Stand, place, stand

__all__ = ["place", "site", "stand"]


@pytest.fixture
async def site(stand: Stand) -> Site:
    """Give an engine for one club."""
    return await Site(stand).open()
