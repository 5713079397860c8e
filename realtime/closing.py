"""Closing: every code under which the server closes a socket, in one table.

A code says what the client does next. Its reason is JSON of at most 123 bytes (RFC 6455, section 5.5): the name, and
`retry_ms` or `common` where there is one; the frame `ended` before it says the same in full.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from sync.errors import SyncError
from sync.messages import encode
from sync.tails import TailEnded

REASON_BYTES_MAX: Final = 123


class Closing(Struct, frozen=True):
    """A row of the table."""

    code: int
    detail: str
    """What happened, and what the client does."""
    is_retried: bool = False
    """Whether the same client connects again by itself, after `retry_ms`."""


CLOSINGS: Final[Mapping[str, Closing]] = {
    "not_text": Closing(1003, "A binary frame came; send JSON in text frames."),
    "malformed": Closing(1008, "A message does not have its shape; mend the client."),
    "too_many_messages": Closing(1008, "Messages came faster than a client has anything to say; mend the client."),
    "token_in_query": Closing(1008, "The address has a query. Send the token in the first message, never in the URL."),
    "too_large": Closing(1009, "A message is larger than any that the protocol has."),
    "internal": Closing(1011, "The server made a mistake; connect again later.", is_retried=True),
    "restarting": Closing(1012, "The server restarts; connect again and go on from the cursor.", is_retried=True),
    "busy": Closing(1013, "The server takes no more sockets just now; connect again.", is_retried=True),
    "too_slow": Closing(1013, "The line is too slow for a live tail; connect again, or pull.", is_retried=True),
    "unavailable": Closing(1013, "The database is busy or away; connect again.", is_retried=True),
    "unauthorised": Closing(4401, "The token is missing, expired or unknown. Refresh it or sign in; connect again."),
    "access_ended": Closing(4403, "You are no longer a member of this club. Forget its data on this device."),
    "forbidden": Closing(4403, "Your role or your link does not include this."),
    "not_found": Closing(4404, "There is no such match here."),
    "link_ended": Closing(4404, "This link opens nothing: it has ended, or never was."),
    "too_late": Closing(4408, "The first message did not come in time; send it at once."),
    "log_diverged": Closing(4409, "The cursor is not in this log. Take a snapshot, then connect again from it."),
    "cursor_expired": Closing(4410, "The cursor is older than the kept log. Take a snapshot, then connect from it."),
    "view_changed": Closing(4412, "The link shows something else now; connect again.", is_retried=True),
    "protocol_unsupported": Closing(4426, "This app is too old or too new for the server. Push the queue; update."),
    "too_many": Closing(4429, "Too many sockets are open from here; close some, or wait.", is_retried=True),
}
"""Name -> code. 4xxx are this application's, and end in the HTTP status of the same meaning where there is one."""


class Closed(Exception):
    """A socket ends, and why: a row of the table with what goes with it."""

    def __init__(
        self,
        name: str,
        *,
        detail: str | None = None,
        retry_ms: int | None = None,
        common: str | None = None,
        oldest: int | None = None,
    ) -> None:
        """End under the row `name`; `detail` stands in place of the table's own."""
        super().__init__(name)
        row = CLOSINGS[name]
        self.name = name
        self.code = row.code
        self.ended = TailEnded(name, row.code, detail or row.detail, retry_ms, common, oldest)

    @property
    def text(self) -> str:
        """Return the frame `ended`."""
        return encode(self.ended).decode()

    @property
    def reason(self) -> str:
        """Return the reason that goes into the closing frame."""
        told = {"code": self.name, "retry_ms": self.ended.retry_ms, "common": self.ended.common}
        reason = encode({name: value for name, value in told.items() if value is not None})
        assert len(reason) <= REASON_BYTES_MAX, reason
        return reason.decode()


def closed_by(error: SyncError) -> Closed:
    """Return how a peer's mistake ends its socket. An error without a row of its own counts as malformed."""
    name = error.code if error.code in CLOSINGS else "malformed"
    common, oldest = error.values.get("common"), error.values.get("oldest")
    return Closed(
        name,
        detail=error.detail,
        common=common if isinstance(common, str) else None,
        oldest=oldest if isinstance(oldest, int) else None,
    )
