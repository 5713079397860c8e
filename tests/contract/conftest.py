"""The stores under contract; the one on PostgreSQL uses the fixture `pg_database` of `tests/pg.py`."""

import pytest

from sync.ports import Store
from tests.contract.plans import CLUB, KEY
from tests.stores import Stand, place, stand

__all__ = ["nodes", "place", "stand", "store"]


@pytest.fixture
async def store(stand: Stand) -> Store:
    """Give a store that keeps one club."""
    await stand.store.create_club(CLUB, hash_key=KEY)
    return stand.store


@pytest.fixture
def nodes(stand: Stand, store: Store) -> list[Store]:
    """Give the store as four servers have it, the first of them `store`."""
    return [store, *(stand.node() for _ in range(3))]
