"""Passwords: argon2id in a thread, two at a time, and as much work for an unknown address as for a known one.

Parameters are OWASP's minimum (19 MiB, t=2, p=1). Two hashes at a time bound the memory that a flood of logins takes,
and leave the loop free for pushes. A password is any text in Unicode: it is brought to one spelling (NFC), never cut,
and refused where it is one of the common ones.
"""

import asyncio
from pathlib import Path
from typing import Final
from unicodedata import normalize

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from api.errors import WeakPassword

MEMORY_KIB: Final = 19 * 1024
ROUNDS: Final = 2
LANES: Final = 1
AT_ONCE_MAX: Final = 2
"""Hashes at a time: 38 MiB, and one of two cores stays free for the loop most of the time."""
LENGTH_MIN: Final = 8
LENGTH_MAX: Final = 256
"""Characters; longer ones are refused rather than cut."""

COMMON: Final = frozenset(
    line
    for line in Path(__file__).with_name("common_passwords.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
)
"""Passwords that guessers try first, in lower case."""

_hasher: Final = PasswordHasher(time_cost=ROUNDS, memory_cost=MEMORY_KIB, parallelism=LANES)


class Passwords:
    """Hashes and verifies passwords."""

    def __init__(self) -> None:
        """Make the hash that unknown addresses are checked against."""
        self._turns = asyncio.Semaphore(AT_ONCE_MAX)
        self._nobody = _hasher.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        """Return the hash of a password, with its parameters and salt."""
        async with self._turns:
            return await asyncio.to_thread(_hasher.hash, spelled(password))

    async def is_right(self, password: str, kept: str | None) -> bool:
        """Tell whether a password is the one that was kept; for None it takes as long, and it is not."""
        async with self._turns:
            is_right = await asyncio.to_thread(_verify, kept or self._nobody, spelled(password))
        return is_right and kept is not None

    @staticmethod
    def is_dated(kept: str) -> bool:
        """Tell whether a hash was made with other parameters than today's."""
        return _hasher.check_needs_rehash(kept)


def spelled(password: str) -> str:
    """Return the one spelling of a password: keyboards write an accent in one character or in two."""
    return normalize("NFC", password)


def check_password(password: str) -> None:
    """Return for a password that may be chosen. Raises WeakPassword."""
    one = spelled(password)
    is_one_character = len(set(one)) == 1
    if not LENGTH_MIN <= len(one) <= LENGTH_MAX or is_one_character or one.strip().lower() in COMMON:
        raise WeakPassword


def _verify(kept: str, password: str) -> bool:
    try:
        return _hasher.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False
