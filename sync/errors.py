"""Errors of the protocol: a peer's mistakes, each with a stable code and its values as attributes.

A conflict, a repeat and a rejected mutation are results, not errors. The table from code to HTTP status stands in
`api/errors.py`; the code is at once the documentation's heading, the metric's label and the row of that table.
"""

from collections.abc import Mapping
from typing import ClassVar


def plain(text: str, length_max: int = 200) -> str:
    """Return a peer's text as it may stand in a sentence: short, and without control characters."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text[:length_max])


class SyncError(Exception):
    """A request that cannot be carried out as it stands; nothing of it was applied."""

    code: ClassVar[str]
    title: ClassVar[str]

    def __init__(self, detail: str, values: Mapping[str, object] | None = None) -> None:
        """Keep the sentence for a person and the values for a program."""
        super().__init__(detail)
        self.detail = detail
        self.values: Mapping[str, object] = values or {}


class MalformedRequest(SyncError):
    """The request does not have the shape that the protocol asks for."""

    code = "malformed"
    title = "The request is malformed"

    def __init__(self, *, path: str, problem: str) -> None:
        """Name the path in the request, such as `$.mutations[3].n`, and what is wrong there."""
        super().__init__(f"{path} {problem}.", {"path": path})


class TooLarge(SyncError):
    """The request is larger than the server takes at once."""

    code = "too_large"
    title = "The request is too large"

    def __init__(self, *, what: str, size: int, size_max: int) -> None:
        """Say what is too large, in its unit, and what is allowed."""
        super().__init__(
            f"The request has {size} {what}, and {size_max} is the most; send it in smaller pushes.",
            {"size": size, "size_max": size_max},
        )


class LogDiverged(SyncError):
    """A cursor is not in this log: the server was restored, or the cursor is another club's."""

    code = "log_diverged"
    title = "Your history is not this server's"

    def __init__(self, *, common: str) -> None:
        """Name the newest of the client's past cursors that is in the log."""
        super().__init__(
            "The sync timestamp is not in this club's log. Take a snapshot, then push again what was pushed after "
            "`common`; nothing on the device is lost.",
            {"common": common},
        )
        self.common = common


class CursorExpired(SyncError):
    """A cursor is older than the log that is kept."""

    code = "cursor_expired"
    title = "The sync timestamp is older than the kept log"

    def __init__(self, *, oldest: int, server_time: int | None = None) -> None:
        """Name the oldest version that the log still holds, and the time at which it was so."""
        told = {"oldest": oldest, "server_time": server_time}
        super().__init__(
            "Take a snapshot and pull from the timestamp it names; queued writes are accepted all the same.",
            {name: value for name, value in told.items() if value is not None},
        )
        self.oldest = oldest
        self.server_time = server_time


class SessionEnded(SyncError):
    """The session that pushed was ended before its push was written."""

    code = "unauthorised"
    title = "Sign in and send again"

    def __init__(self) -> None:
        """Say what to do; why a token was refused is told to nobody."""
        super().__init__(
            "The access token is missing, expired or unknown. Refresh it or sign in, then send the same request again; "
            "nothing on the device needs to be thrown away."
        )


class DeviceForked(SyncError):
    """Two installations share one device id: a cloned phone, or one restored from a backup."""

    code = "device_forked"
    title = "Another installation uses this device id"

    def __init__(self, *, held: list[int], timestamp: str) -> None:
        """List the counters whose content the server holds just as it was sent."""
        super().__init__(
            "Mutations with the same counters and other content are held already. Those listed in `held` are safe; "
            "take a new device id for the rest and name this one in their `origins`.",
            {"held": held, "timestamp": timestamp},
        )
        self.held = held


class DeviceTaken(SyncError):
    """A device id belongs to another person of the club."""

    code = "device_taken"
    title = "The device id is another person's"

    def __init__(self) -> None:
        """Say what to do; nothing of the other person's is told."""
        super().__init__("Take a new random device id, sign in with it, and push again.")
