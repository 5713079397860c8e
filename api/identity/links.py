"""Links and codes: secrets that let people in, made of the dice and read strictly; what is kept of them is a hash.

A secret names its club and has 256 random bits. It stands behind the `#` of a link, which browsers send to nobody. A
code has 40 bits in eight characters that cannot be mistaken for one another when they are read out.
"""

import base64
import hmac
import re
from collections.abc import Callable
from typing import Final
from uuid import UUID

from api.errors import NotFound
from api.identity.keys import KeyRing
from api.identity.tokens import part_bytes
from storage.invitations import Secret

INVITATION: Final = "tli_"
SCORER: Final = "tlm_"
SECRET_BYTES: Final = 32
CLUB_BYTES: Final = 16

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: without I, L, O and U."""
CODE_LENGTH: Final = 8
CODE_BYTES: Final = 5
_MISREAD: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_CODE: Final = re.compile(f"[{ALPHABET}]{{{CODE_LENGTH}}}")


def make_secret(club_id: str, dice: Callable[[int], bytes]) -> Secret:
    """Return a fresh secret of a club."""
    return Secret(club_id, dice(SECRET_BYTES))


def write_secret(prefix: str, secret: Secret) -> str:
    """Return the form in which a secret travels; the prefix says what it opens."""
    return prefix + base64.urlsafe_b64encode(UUID(secret.club_id).bytes + secret.secret).decode().rstrip("=")


def read_secret(prefix: str, text: str) -> Secret:
    """Take a secret apart. Raises NotFound for what is none: a wrong one and an unknown one are not told apart."""
    try:
        joined = part_bytes(text.removeprefix(prefix)) if text.startswith(prefix) else b""
    except ValueError:
        joined = b""
    if len(joined) != CLUB_BYTES + SECRET_BYTES:
        raise unknown_link()
    return Secret(str(UUID(bytes=joined[:CLUB_BYTES])), joined[CLUB_BYTES:])


def unknown_link() -> NotFound:
    """Return the answer to a link or a code that is none of ours."""
    return NotFound("There is no such link or code. Check that it was copied whole, or ask for a new one.")


def make_code(dice: Callable[[int], bytes]) -> str:
    """Return a fresh code."""
    number = int.from_bytes(dice(CODE_BYTES))
    return "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(CODE_LENGTH)))


def show_code(code: str) -> str:
    """Return a code as it is read out: in two groups of four."""
    return f"{code[:4]}-{code[4:]}"


def read_code(text: str) -> str | None:
    """Return a code from what somebody typed, however they wrote it; None for what is none."""
    code = text.upper().translate(_MISREAD)
    return code if _CODE.fullmatch(code) else None


def code_hashes(code: str, ring: KeyRing) -> list[bytes]:
    """Return what may be kept of a code: its hash under each live key, the current first."""
    return [hmac.digest(key, code.encode(), "sha256") for key in ring.codes]
