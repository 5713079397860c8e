"""Erasures: a person's data is made to disappear for good, and stays away.

Reading order: rows (the ledger's table), eraser (one erasure, again after a restore, and the rewriting of the log).
The rules are pure, and stand in sync/eraser.py, sync/latecomers.py and sync/rewriting.py.
"""

from storage.erasures.eraser import Eraser
from sync.erasure import Erasure, NotErasable

__all__ = ["Eraser", "Erasure", "NotErasable"]
