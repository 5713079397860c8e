"""Slow-down of guessing: each failure in a row makes the next guess wait longer, up to a quarter of an hour.

    guessing at       counted for                  free    then
    a password        the account's address        5       1, 2, 4 ... seconds, at most 15 minutes
                      the sender's network         20      the same
    a password, from  that account on that device  5       the same; neither of the two above
    a known device
    a scorer's code   the sender's network         5       the same
                      all of the server            60      at most 4 seconds, forgotten after a minute
    the operator's    the sender's network         5       at most 15 minutes
    password

An address that nobody has registered is counted like any other, so the slow-down tells nobody which exist. A device
that has signed in before has a count of its own, which strangers cannot raise: nobody can lock the owner out.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from msgspec import Struct

from api.errors import TooManyRequests
from storage.attempts import FORGOTTEN_MS, Attempts, Charge, Policy

DELAY_MAX_MS: Final = 15 * 60 * 1_000

AT_ONE: Final = Policy(free=5, delay_max_ms=DELAY_MAX_MS, forgotten_ms=FORGOTTEN_MS)
"""At one account, or from one network at codes."""
AT_MANY: Final = Policy(free=20, delay_max_ms=DELAY_MAX_MS, forgotten_ms=FORGOTTEN_MS)
"""From one network at passwords: a whole club may sit behind one."""
AT_ALL: Final = Policy(free=60, delay_max_ms=4_000, forgotten_ms=60_000)
"""At codes, from everywhere: a code has 40 bits, and is not found at a guess in four seconds."""


class Attempt(Struct, frozen=True):
    """An attempt that was let through; it is a failure until it is forgiven."""

    own: Sequence[bytes]
    """Counters that begin anew when it was right."""
    shared: Sequence[bytes] = ()
    """Counters that only take it back."""


class SlowDown:
    """Lets attempts through, or answers how long to wait."""

    def __init__(self, attempts: Attempts, key: bytes, *, clock: Callable[[], int]) -> None:
        """Count in `attempts`, under hashes keyed with `key`; `clock` gives milliseconds since 1970."""
        self._attempts = attempts
        self._key = key
        self._clock = clock

    async def at_login(self, email: str, known_device: tuple[str, str] | None, network: str) -> Attempt:
        """Let a guess at a password through. `known_device` is the user and the device that has signed in before."""
        if known_device is not None:
            return await self.at_account(*known_device)
        account = self._hash("account", email.strip().lower())
        sender = self._hash("network", network)
        await self._charge([Charge(account, AT_ONE), Charge(sender, AT_MANY)])
        return Attempt([account], [sender])

    async def at_account(self, user_id: str, device_id: str) -> Attempt:
        """Let a guess through from a device that the account knows."""
        key = self._hash("device", f"{user_id}/{device_id}")
        await self._charge([Charge(key, AT_ONE)])
        return Attempt([key])

    async def at_registering(self, network: str) -> Attempt:
        """Let a registration through; one that finds its address taken counts as a guess."""
        sender = self._hash("network", network)
        await self._charge([Charge(sender, AT_MANY)])
        return Attempt([], [sender])

    async def at_code(self, network: str) -> Attempt:
        """Let a guess at a scorer's code through."""
        sender = self._hash("codes", network)
        everywhere = self._hash("codes", "everywhere")
        await self._charge([Charge(sender, AT_ONE), Charge(everywhere, AT_ALL)])
        return Attempt([], [sender, everywhere])

    async def at_operator(self, network: str) -> Attempt:
        """Let a guess at the password of the operator's page through."""
        sender = self._hash("operator", network)
        await self._charge([Charge(sender, AT_ONE)])
        return Attempt([sender])

    async def forgive(self, attempt: Attempt) -> None:
        """Say that an attempt was right."""
        await self._attempts.forgive(reset=attempt.own, refund=attempt.shared)

    async def _charge(self, charges: Sequence[Charge]) -> None:
        wait_ms = await self._attempts.charge(charges, now_ms=self._clock())
        if wait_ms:
            wait_s = -(-wait_ms // 1_000)
            raise TooManyRequests(
                f"Too many attempts failed. Wait {wait_s} s, then try again; a device that has signed in before is "
                "not slowed down by others.",
                {"retry_after_s": wait_s},
            )

    def _hash(self, kind: str, name: str) -> bytes:
        return hash_of(self._key, kind, name)


def keys_of(key: bytes, email: str, user_id: str, device_ids: Iterable[str]) -> list[bytes]:
    """Return the counters of one account: by its address, and by the devices that it knows."""
    devices = (hash_of(key, "device", f"{user_id}/{each}") for each in device_ids)
    return [hash_of(key, "account", email.strip().lower()), *devices]


def hash_of(key: bytes, kind: str, name: str) -> bytes:
    """Return what a counter is kept under."""
    return hashlib.blake2b(f"{kind}/{name}".encode(errors="surrogatepass"), key=key, digest_size=16).digest()
