"""The application's own filters by club, switched off: what is left is what PostgreSQL's row policies hold.

Every statement with parameters goes through one function of the driver. Here the condition `club_id = $n` is replaced
by one that is always true and still has the parameter; what remains of the club is the setting of the transaction.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
import pytest

_FILTER = re.compile(r"(?:\b\w+\.)?(?:\b(\w+)\.)?\bclub_id\s*=\s*\$(\d+)(?:::uuid)?", re.IGNORECASE)
UNGUARDED = ("memberships", "scorers", "sessions", "users")
"""Tables without a policy: whoever signs in has no club yet. Their filters are the only wall, and stay."""


class Filters:
    """Which filters were switched off."""

    def __init__(self) -> None:
        self.off: set[str] = set()
        """The statements that were rewritten."""
        self.left: set[str] = set()
        """The statements that kept a filter."""

    @contextmanager
    def switched_off(self) -> Iterator["Filters"]:
        """Switch them off for all connections of this process."""
        kind: Any = asyncpg.connection.Connection
        given = kind._get_statement
        filters = self

        async def rewritten(connection: Any, query: str, *rest: Any, **options: Any) -> Any:  # noqa: ANN401
            return await given(connection, filters.rewrite(query), *rest, **options)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(kind, "_get_statement", rewritten)
            yield self

    def rewrite(self, query: str) -> str:
        """Return a statement without its filters by club, where its tables have policies."""

        def instead(found: re.Match[str]) -> str:
            if found[1] in UNGUARDED or (found[1] is None and _names_unguarded(query)):
                self.left.add(query)
                return found[0]
            return f"${found[2]}::uuid IS NOT NULL"

        changed = _FILTER.sub(instead, query)
        if changed != query:
            self.off.add(query)
        return changed


def _names_unguarded(query: str) -> bool:
    return any(re.search(rf"\btouchline\.{table}\b", query) for table in UNGUARDED)
