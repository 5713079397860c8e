"""Admission: how many sockets come in, and when those that do not come again.

Whoever is turned away is told a moment of their own: 5,000 that come back at once are spread over the seconds that it
takes to let them in, and nobody is turned away twice.
"""

from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from realtime.closing import Closed
from realtime.limits import LiveLimits

Key = TypeVar("Key")


class Bucket:
    """Lets in so many a second, and books later moments for the others."""

    def __init__(self, per_s: float, burst: int, monotonic: Callable[[], float]) -> None:
        """Begin full; `monotonic` gives seconds."""
        self._per_s = per_s
        self._burst = burst
        self._monotonic = monotonic
        self._tokens = float(burst)
        self._at = monotonic()
        self._booked_until = 0.0

    def take(self) -> float:
        """Return 0 for one that comes in, else the seconds after which there is room for it."""
        now = self._monotonic()
        self._tokens = min(self._tokens + (now - self._at) * self._per_s, float(self._burst))
        self._at = now
        if self._tokens >= 1.0:
            self._tokens -= 1.0
            return 0.0
        self._booked_until = max(self._booked_until, now) + 1.0 / self._per_s
        return self._booked_until - now


class Admission:
    """Counts the sockets of a process, by address and by holder.

    Viewers of share links are counted apart: a whole tournament stands behind one mobile network's address.
    """

    def __init__(self, limits: LiveLimits, *, monotonic: Callable[[], float], dice: Callable[[], float]) -> None:
        """`monotonic` gives seconds, `dice` numbers from 0 up to 1."""
        self._limits = limits
        self._dice = dice
        self._bucket = Bucket(limits.admitted_per_s, limits.admitted_burst, monotonic)
        self._by_address: Counter[tuple[str, bool]] = Counter()
        self._unknown_by_address: Counter[str] = Counter()
        self._by_holder: Counter[str] = Counter()
        self.open = 0
        self.unknown = 0
        self.refused: Counter[str] = Counter()
        self.is_draining = False

    def enter(self, address: str, *, is_viewer: bool = False) -> None:
        """Count a socket that has not said yet who it is. Raises Closed where there is no room."""
        limits = self._limits
        if self.is_draining:
            raise self._refuse("restarting", self.retry_ms())
        if self.open >= limits.sockets_max or self.unknown >= limits.unknown_max:
            raise self._refuse("busy", self.retry_ms())
        most = limits.viewers_per_address_max if is_viewer else limits.per_address_max
        if self._by_address[address, is_viewer] >= most:
            raise self._refuse("too_many", limits.retry_ms_max)
        if self._unknown_by_address[address] >= limits.unknown_per_address_max:
            raise self._refuse("busy", self.retry_ms())
        wait_s = self._bucket.take()
        if wait_s:
            raise self._refuse("busy", int(wait_s * 1_000) + 1)
        self._by_address[address, is_viewer] += 1
        self._unknown_by_address[address] += 1
        self.open += 1
        self.unknown += 1

    def know(self, address: str, holder: str, holders_max: int) -> None:
        """Count a socket whose holder is known now. Raises Closed where they have too many."""
        if self._by_holder[holder] >= holders_max:
            raise self._refuse("too_many", self._limits.retry_ms_max)
        self._by_holder[holder] += 1
        self._note_known(address)

    def leave(self, address: str, holder: str | None, *, is_viewer: bool = False) -> None:
        """Count a socket out; `holder` is None where it never was known."""
        self.open -= 1
        _count_down(self._by_address, (address, is_viewer))
        if holder is None:
            self._note_known(address)
        else:
            _count_down(self._by_holder, holder)

    def retry_ms(self) -> int:
        """Return when one of all that are open may come again, if all are sent away now: spread evenly."""
        spread_s = max(self.open / self._limits.admitted_per_s * 1.5, 1.0)
        return min(200 + int(self._dice() * spread_s * 1_000), self._limits.retry_ms_max)

    def _note_known(self, address: str) -> None:
        self.unknown -= 1
        _count_down(self._unknown_by_address, address)

    def _refuse(self, name: str, retry_ms: int) -> Closed:
        self.refused[name] += 1
        return Closed(name, retry_ms=min(retry_ms, self._limits.retry_ms_max))


def _count_down(counter: Counter[Key], key: Key) -> None:
    counter[key] -= 1
    if counter[key] <= 0:
        del counter[key]
