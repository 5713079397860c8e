"""Bounds that nobody tunes, each with its unit and its reason, and how they relate.

`GET /api/sync/config` tells all of them to clients, so a client never has to guess one.
"""

from typing import Final

PROTOCOL_VERSION: Final = 1
"""The protocol this server speaks; its history stands in `sync/messages.py`."""

PROTOCOL_VERSION_MIN: Final = 1
"""The oldest protocol still served."""

PUSH_MUTATIONS_MAX: Final = 500
"""Mutations a push: a whole match in one or two requests, and some 20 ms under the club's lock."""

PUSH_BYTES_ADVISED: Final = 48 * 1024
"""Bytes a push: clients cut here, so that a push fits the mission's 50 KB and gets through one bar of signal."""

PUSH_BYTES_MAX: Final = 1024 * 1024
"""Bytes a push may have at the most; past it the answer is 413 and nothing is applied."""

MUTATION_BYTES_MAX: Final = 14 * 1024
"""Bytes of one encoded mutation: its change, with stamp and version added, stays under `CHANGE_BYTES_MAX`."""

NESTING_MAX: Final = 32
"""Levels of arrays and objects in a mutation: no field has any, and whoever decodes a conflict must not run out."""

CHANGE_BYTES_MAX: Final = 16 * 1024
"""Bytes of one change of a record in the log. A conflict with very many candidates may be larger."""

PAGE_BYTES_DEFAULT: Final = 48 * 1024
"""Bytes of changes in a pull or snapshot page unless asked otherwise: a page a second on a slow line."""

PAGE_BYTES_MAX: Final = 1024 * 1024
"""Bytes of changes a page may be asked to hold: bounds what one request keeps in memory."""

PAGE_CHANGES_MAX: Final = 5_000
"""Changes a page: bounds the rows one query returns."""

PARKED_PER_DEVICE_MAX: Final = 2_000
"""Parked mutations of one device: four full pushes before their parent; more means a client gone wrong."""

PARKED_ORPHAN_AFTER_MS: Final = 24 * 3_600 * 1_000
"""Milliseconds a mutation is parked before a person is asked: parents arrive with the next signal, or in a day."""

GROUP_COUNT_MAX: Final = 50
"""Mutations in one group: a group is seen whole or not at all, so it must fit one transaction with ease."""

PAST_CURSORS_MAX: Final = 32
"""Past cursors a request may name: with doubling gaps 32 cover any history."""

ORIGINS_MAX: Final = 8
"""Earlier identities a mutation may name: a phone cloned eight times over."""

KEPT_MS: Final = 14 * 24 * 3_600 * 1_000
"""Milliseconds a device keeps acknowledged mutations, so that a restored server gets them back."""

LATE_AFTER_END_MS: Final = 30 * 24 * 3_600 * 1_000
"""Milliseconds after somebody left the club in which what they had made before still reaches the quarantine."""

CORRECTION_FLOOR_MS: Final = 5_000
"""Milliseconds of clock offset below which nothing is corrected: latency alone reaches this on a bad line."""

CORRECTION_JUMP_MS: Final = 60_000
"""A jump of the offset beyond this many milliseconds means that somebody set the clock: the window starts anew."""

CORRECTION_WINDOW: Final = 8
"""Pushes whose offsets are remembered; the least of them has the least latency in it."""

INTEGER_MAX: Final = 2**53 - 1
"""The greatest integer that JavaScript holds exactly; nothing on the wire exceeds it."""

WALL_MS_MAX: Final = 2**48 - 1
"""Milliseconds since 1970 that fit a stamp: the year 10889."""

assert MUTATION_BYTES_MAX < CHANGE_BYTES_MAX <= PAGE_BYTES_DEFAULT <= PAGE_BYTES_MAX
assert PUSH_BYTES_ADVISED < PUSH_BYTES_MAX
assert GROUP_COUNT_MAX <= PUSH_MUTATIONS_MAX <= PARKED_PER_DEVICE_MAX
assert CORRECTION_FLOOR_MS < CORRECTION_JUMP_MS
assert WALL_MS_MAX < INTEGER_MAX
