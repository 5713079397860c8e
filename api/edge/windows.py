"""The counters behind the rate limits: a bounded store for the sliding windows of the library `limits`.

The library's own store in memory starts a thread after each request, walks all its keys a hundred times a second, and
reads the wall clock, which may jump. This one is a table of three numbers for each key, has no thread, takes the clock
as an argument, and forgets the keys whose window began first when it is full.
"""

from collections.abc import Callable
from math import floor
from typing import Final

from limits.storage import Storage
from limits.storage.base import SlidingWindowCounterSupport

KEYS_MAX: Final = 50_000
"""Keys that are counted at once: some 10 MiB, and more than the networks that meet one process in a window."""


class Windows(Storage, SlidingWindowCounterSupport):
    """Counts of the window that runs and of the one before, for each key."""

    STORAGE_SCHEME = None

    def __init__(self, monotonic: Callable[[], float], *, keys_max: int = KEYS_MAX) -> None:
        """Count by a clock of seconds that never goes back."""
        super().__init__()
        self._monotonic = monotonic
        self._keys_max = keys_max
        self._counts: dict[str, tuple[int, int, int]] = {}

    def __len__(self) -> int:
        """Return how many keys are counted."""
        return len(self._counts)

    def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count `amount` where the weighted count stays within `limit`; tell whether it did."""
        previous, left_s, current, _ = self.get_sliding_window(key, expiry)
        if floor(previous * left_s / expiry + current) + amount > limit:
            return False
        self._keep(key, int(self._monotonic() // expiry), previous, current + amount)
        return True

    def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """Return the previous window's count and the seconds it still weighs, and the same of the current one."""
        now = self._monotonic()
        left_s = expiry - now % expiry
        window, previous, current = self._counts.get(key, (0, 0, 0))
        age = int(now // expiry) - window
        if age == 1:
            previous, current = current, 0
        elif age:
            previous = current = 0
        return previous, left_s, current, left_s + expiry

    def clear_sliding_window(self, key: str, expiry: int) -> None:
        """Forget a key."""
        self.clear(key)

    def _keep(self, key: str, window: int, previous: int, current: int) -> None:
        """Store a key's counts; a new window moves it to the end, so that the first key is the most dated one."""
        stored = self._counts.get(key)
        if stored is None and len(self._counts) >= self._keys_max:
            del self._counts[next(iter(self._counts))]
        elif stored is not None and stored[0] != window:
            del self._counts[key]
        self._counts[key] = (window, previous, current)

    @property
    def base_exceptions(self) -> type[Exception]:
        """Return what this store may raise: nothing."""
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count without a limit."""
        previous, _, current, _ = self.get_sliding_window(key, expiry)
        self._keep(key, int(self._monotonic() // expiry), previous, current + amount)
        return current + amount

    def get(self, key: str) -> int:
        """Return the count of the last window that was counted in."""
        return self._counts.get(key, (0, 0, 0))[2]

    def get_expiry(self, key: str) -> float:
        """Return now: a sliding window has no one end."""
        return self._monotonic()

    def check(self) -> bool:
        """Tell that the store works."""
        return True

    def reset(self) -> int:
        """Forget all keys; return how many there were."""
        count = len(self._counts)
        self._counts.clear()
        return count

    def clear(self, key: str) -> None:
        """Forget a key."""
        self._counts.pop(key, None)
