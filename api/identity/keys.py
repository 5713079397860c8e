"""The server's keys: drawn from one secret, one key for each purpose, and the secret of development kept in a file.

A key is named by a hash of itself (`kid`), so that two can be live while a secret is changed, and a token never says
which key to use: it names one of those here, or it is refused.
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

SECRET_FILE: Final = "secret.key"  # noqa: S105 - a file's name
SECRET_BYTES: Final = 32


class KeyRing(Struct, frozen=True):
    """The keys of a running server."""

    current: str
    """The id of the key that signs."""
    access: Mapping[str, bytes]
    """Id -> key, of every key whose access tokens are still good."""
    refresh: tuple[bytes, ...]
    """Make refresh tokens, the current one first; all of them still know the tokens that they made."""
    codes: tuple[bytes, ...]
    """Hash the scorers' codes, the current one first."""
    attempts: bytes
    """Hashes what is guessed at."""
    operator: str
    """The password of the operator's page, where nobody gave one; it counts in development alone."""


class SecretFileError(Exception):
    """The kept secret cannot be used; the text says why, and what to do."""


def make_ring(secret: bytes, previous: bytes | None = None) -> KeyRing:
    """Draw the keys from a secret; those of the previous secret still read tokens."""
    live = [secret] if previous is None else [secret, previous]
    return KeyRing(
        current=_name(_draw(secret, "access")),
        access={_name(key): key for key in (_draw(each, "access") for each in live)},
        refresh=tuple(_draw(each, "refresh") for each in live),
        codes=tuple(_draw(each, "codes") for each in live),
        attempts=_draw(secret, "attempts"),
        operator=_spell(_draw(secret, "operator")),
    )


def keep_secret(folder: Path, dice: Callable[[int], bytes]) -> bytes:
    """Return the secret that a data folder keeps, made at the first start, for its owner's eyes alone (0600)."""
    path = folder / SECRET_FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _write(path, dice(SECRET_BYTES).hex())
        kept = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SecretFileError(
            f"The secret in {path} cannot be read or made ({error}). Give the file to the user who runs the server, "
            "or set SECRET_KEY."
        ) from error
    if len(kept) < SECRET_BYTES:
        raise SecretFileError(
            f"The secret in {path} is too short. Remove the file (all sign in again), or set SECRET_KEY."
        )
    return kept.encode()


def _write(path: Path, text: str) -> None:
    """Write beside the name and rename: a start that is cut short leaves no half of a secret."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(file, "w", encoding="ascii") as opened:
        opened.write(text + "\n")
        opened.flush()
        os.fsync(opened.fileno())
    fresh.replace(path)


def _draw(secret: bytes, purpose: str) -> bytes:
    return hmac.digest(secret, f"touchline/{purpose}".encode(), "sha256")


def _spell(key: bytes) -> str:
    """Return 80 bits of a key as a person types them."""
    letters = base64.b32encode(key)[:16].decode().lower()
    return "-".join(letters[at : at + 4] for at in range(0, 16, 4))


def _name(key: bytes) -> str:
    return hashlib.blake2b(key, digest_size=6, person=b"kid").hexdigest()
