"""Stamps: the hybrid logical clock readings that rank writes, and the correction of a device's clock.

A *clock* is one 64-bit integer, 48 bits of wall milliseconds above a 16-bit counter. A *stamp* is a clock and
the device that wrote, as 48 hexadecimal digits: text order is time order, and no two devices ever tie.
Two writes of one device may tie; then the greater `n` ranks (see `rank`).

Source: Kulkarni et al., "Logical Physical Clocks" (2014), for the receive rule behind `after`.
"""

from collections.abc import Sequence
from typing import Final, NewType

from sync.limits import CORRECTION_FLOOR_MS, CORRECTION_JUMP_MS, CORRECTION_WINDOW, INTEGER_MAX, WALL_MS_MAX

Stamp = NewType("Stamp", str)

END: Final = r"$(?!\n)"
"""The end of a pattern: Python's `$` alone lets a line feed follow, JavaScript's does not."""
UUID_FORM: Final = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
"""A canonical lower-case UUID, as a part of a pattern."""
UUID_PATTERN: Final = f"^{UUID_FORM}{END}"
"""A canonical lower-case UUID."""
STAMP_PATTERN: Final = f"^[0-9a-f]{{48}}{END}"
CLOCK_DIGITS: Final = 16
TICKS_PER_MS: Final = 1 << 16


def make_stamp(clock: int, device_id: str) -> Stamp:
    """Return the stamp of this clock reading on this device (a canonical UUID)."""
    return Stamp(f"{clock:016x}{device_id.replace('-', '')}")


def clock_of(stamp: str) -> int:
    """Return the 64-bit clock of a stamp."""
    return int(stamp[:CLOCK_DIGITS], 16)


def wall_of(stamp: str) -> int:
    """Return the wall milliseconds of a stamp."""
    return clock_of(stamp) // TICKS_PER_MS


def device_of(stamp: str) -> str:
    """Return the id of the device that wrote, as a canonical UUID."""
    digits = stamp[CLOCK_DIGITS:]
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def rank(stamp: str, n: int) -> tuple[str, int]:
    """Return the key by which writes are compared: the stamp, and between two of one device the counter."""
    return stamp, n


def effective_clock(*, wall_ms: int, correction_ms: int, after: int, now_ms: int, issued: int) -> int:
    """Return the clock a mutation gets at first receipt, before its device's own order is looked at.

    Args:
        wall_ms: the device's clock when the person made the edit.
        correction_ms: the device's offset, as `Offsets.correction` gives it.
        after: the greatest clock the author had seen in this record, 0 for none.
        now_ms: the server's clock.
        issued: the greatest clock this club has issued.

    The wall is never above the server's now, so a fast clock wins no argument; `after` is bounded by what this
    server can have issued, so a forged one does not win either.
    """
    wall = min(max(wall_ms + correction_ms, 0), now_ms, WALL_MS_MAX) * TICKS_PER_MS
    bound = max(now_ms * TICKS_PER_MS, issued)
    return max(wall, min(after, bound) + 1) if after else wall


def between(clock: int, *, earlier: int | None, later: int | None) -> int:
    """Return the clock lifted above the device's earlier mutation and kept at or below its later one.

    `earlier` and `later` are the clocks of the neighbours in `n` order that the server already holds. Where there
    is no room the later one's clock is shared, and `n` decides between the two.
    """
    lifted = clock if earlier is None else max(clock, earlier + 1)
    return lifted if later is None else min(lifted, later)


def observe_offset(window: Sequence[int], offset_ms: int) -> tuple[int, ...]:
    """Return the window of clock offsets after one more push, newest last.

    An offset is the server's time of receipt minus `sent_at`: the skew plus the latency, so the least of the
    window is the best estimate of the skew. A jump means that the clock was set, and the window starts anew.
    """
    offset_ms = max(-INTEGER_MAX, min(offset_ms, INTEGER_MAX))
    if window and abs(offset_ms - min(window)) > CORRECTION_JUMP_MS:
        return (offset_ms,)
    return (*window, offset_ms)[-CORRECTION_WINDOW:]


def correction_of(window: Sequence[int]) -> int:
    """Return the milliseconds to add to this device's clock readings; 0 where the clock is good enough."""
    skew = min(window, default=0)
    return skew if abs(skew) >= CORRECTION_FLOOR_MS else 0
