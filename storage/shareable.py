"""Reads what a shared view is made of: the columns of the allow-list and no other, so that no name leaves its table.

One statement, one round trip. Deleted and incomplete records are left out, as in every view.
"""

from pathlib import Path
from typing import Any, Final, TypeAlias

import asyncpg
import msgspec

from football.feed import Shareable, of_view

Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

_SHAREABLE: Final = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
_view: Final = msgspec.json.Decoder(dict[str, dict[str, dict[str, Any]]]).decode


async def read_shareable(connection: Connection, club_id: str, match_id: str) -> Shareable | None:
    """Return what a shared view of a match is made of; None where there is no such match."""
    view = _view(await connection.fetchval(_SHAREABLE, club_id, match_id))
    return of_view(view, match_id) if view["matches"] else None
