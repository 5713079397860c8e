"""Who may see the operator's page: whoever has its password (HTTP Basic). Where there is none, there is no page.

In development this machine alone sees it where no password was given, with the one that the start prints. A guess is
charged before it is looked at, as everywhere. While the database is away, where attempts are counted, the budget of the
class `auth` alone slows guesses down: the page is needed most when nothing else answers, and its password is long.
"""

import base64
import binascii
import hashlib
import hmac
from typing import Any

import structlog

from api.edge.addresses import is_here
from api.errors import NotFound
from api.identity.slowdown import Attempt, SlowDown
from api.settings import Settings
from storage.outages import is_outage

_log = structlog.get_logger("touchline.ops")


class OperatorDoor:
    """Lets operators in."""

    def __init__(self, slowdown: SlowDown, made: str) -> None:
        """`made` is the password of development, where none was given."""
        self._slowdown = slowdown
        self._made = made

    async def is_open(self, scope: Any, settings: Settings, network: str) -> bool:  # noqa: ANN401 - any ASGI scope
        """Tell whether a request brings the password. Raises NotFound where there is no page, and TooManyRequests."""
        expected = settings.ops_password
        if expected is None:
            if settings.is_production or not is_here(scope):
                raise NotFound
            expected = self._made
        shown = shown_password(scope["headers"])
        if shown is None:
            return False
        attempt = await self._charge(network)
        is_right = hmac.compare_digest(_digest(shown), _digest(expected.encode(errors="surrogateescape")))
        if is_right and attempt is not None:
            await self._slowdown.forgive(attempt)
        return is_right

    async def _charge(self, network: str) -> Attempt | None:
        try:
            return await self._slowdown.at_operator(network)
        except Exception as error:
            if not is_outage(error):
                raise
            _log.warning("attempt_not_counted", error=type(error).__name__)
            return None


def shown_password(headers: list[tuple[bytes, bytes]]) -> bytes | None:
    """Return the password of the one `Authorization: Basic` header, whatever the user name; None without one."""
    given = [value for name, value in headers if name == b"authorization"]
    scheme, _, coded = given[0].partition(b" ") if len(given) == 1 else (b"", b"", b"")
    if scheme.lower() != b"basic":
        return None
    try:
        _, colon, password = base64.b64decode(coded.strip(), validate=True).partition(b":")
    except binascii.Error:
        return None
    return password if colon else None


def _digest(password: bytes) -> bytes:
    """Return a hash, so that comparing takes as long whatever the lengths."""
    return hashlib.sha256(password).digest()
