"""Waiting for what cannot tell: another process, a socket that closes. The one place of the tests that may poll."""

import asyncio
from collections.abc import Awaitable, Callable

PATIENCE_S = 20.0
"""Seconds before a test gives up: no busy machine takes as long."""


async def until(is_so: Callable[[], object]) -> None:
    """Return once something is so. Raises TimeoutError after a long time."""
    async with asyncio.timeout(PATIENCE_S):
        while not is_so():  # noqa: ASYNC110 - what it waits for sets no event
            await asyncio.sleep(0.002)


async def until_told(ask: Callable[[], Awaitable[object]]) -> None:
    """Return once an answer says that something is so. Raises TimeoutError after a long time."""
    async with asyncio.timeout(PATIENCE_S):
        while not await ask():  # noqa: ASYNC110 - a server that is asked sets no event
            await asyncio.sleep(0.02)


async def turns(count: int = 20) -> None:
    """Give everything that can run now its turns."""
    for _ in range(count):
        await asyncio.sleep(0)
