"""The live floor on a log that tests write."""

from collections.abc import AsyncIterator

import pytest

from tests.realtime.fakes import Rig


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    """Give a live floor that neither polls nor gathers."""
    made = Rig()
    yield made
    await made.end()
