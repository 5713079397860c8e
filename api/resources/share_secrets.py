"""The secrets of share links: 256 random bits behind their club, shown once and kept as a hash of a hash.

The hash between the two names the link's feed in addresses: it opens the feed and nothing more, is told to who has the
secret, and cannot be had from what is kept. A secret travels in the fragment of a link's address, which browsers send
to nobody, and from there in the header `Authorization`. It is no access token and looks like none; an access token
opens no link.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from typing import Any, Final, NamedTuple
from uuid import UUID

PREFIX: Final = "tls_"
"""Begins every secret, so that one in a log or a paste is found and known."""
FEED_PREFIX: Final = "tlf_"
"""Begins the name of a link's feed."""
SECRET_BYTES: Final = 32
_CLUB_BYTES: Final = 16
_FEED_SHAPE: Final = re.compile(r"tlf_([A-Za-z0-9_-]{64})", re.ASCII)
_SHAPE: Final = re.compile(rb"Bearer +tls_([A-Za-z0-9_-]{64})", re.IGNORECASE)


class ShareSecret(NamedTuple):
    """A share link's secret, as it can be looked up."""

    club_id: str
    hash: bytes
    feed: str
    """The name of the link's feed in addresses, which dies with the link."""


def make_secret(club_id: str, drawn: bytes) -> tuple[str, ShareSecret]:
    """Return a link's secret from as many random bytes as it has, and what is kept of it."""
    assert len(drawn) == SECRET_BYTES, "a secret has 256 bits"
    text = base64.urlsafe_b64encode(UUID(club_id).bytes + drawn).decode()
    return PREFIX + text, _found(UUID(club_id), hashlib.sha256(drawn).digest())


def read_secret(text: str) -> ShareSecret | None:
    """Return what a secret is looked up by; None for anything else."""
    return read_header([(b"authorization", b"Bearer " + text.encode(errors="replace"))])


def read_header(headers: Iterable[tuple[bytes, bytes]]) -> ShareSecret | None:
    """Return the secret in the one header `Authorization: Bearer tls_...`; None where there is no such one."""
    given: list[Any] = [value for name, value in headers if name == b"authorization"]
    found = _SHAPE.fullmatch(given[0].strip()) if len(given) == 1 else None
    if found is None:
        return None
    held = _decode(found[1])
    if held is None:
        return None
    return _found(UUID(bytes=held[:_CLUB_BYTES]), hashlib.sha256(held[_CLUB_BYTES:]).digest())


def read_feed(name: str) -> ShareSecret | None:
    """Return what the name of a feed is looked up by; None for anything else."""
    found = _FEED_SHAPE.fullmatch(name)
    held = None if found is None else _decode(found[1].encode())
    return None if held is None else _found(UUID(bytes=held[:_CLUB_BYTES]), held[_CLUB_BYTES:])


def _decode(text: bytes) -> bytes | None:
    try:
        return base64.b64decode(text, altchars=b"-_", validate=True)
    except binascii.Error:
        return None


def _found(club_id: UUID, once: bytes) -> ShareSecret:
    """Return what is looked up, from the hash of a secret."""
    feed = FEED_PREFIX + base64.urlsafe_b64encode(club_id.bytes + once).decode()
    return ShareSecret(str(club_id), hashlib.sha256(once).digest(), feed)


assert (_CLUB_BYTES + SECRET_BYTES) % 3 == 0, "the text has no padding, and one spelling"
