"""The hint to come less often, `Touchline-Backoff`, while more pushes wait than the database takes in a second.

It stands on every answer then, good ones too: clients that follow it never meet the 503 that comes after.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

from storage.committer import Committer

PUSHES_A_SECOND: Final = 100
"""Pushes that two cores commit in a second with ease; fewer that wait are no queue."""
WAIT_MAX_S: Final = 30


def hint_of(committer: Committer) -> Callable[[], int | None]:
    """Return what tells the seconds that clients are asked to wait, None while all is well."""
    return partial(_hint, committer)


def _hint(committer: Committer) -> int | None:
    return min(committer.waiting // PUSHES_A_SECOND, WAIT_MAX_S) or None
