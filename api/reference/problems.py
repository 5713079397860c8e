"""The problems, as the pages show them: each code with its status, when it comes, what a client does, and an example.

All of it is read off the error classes and the one table of statuses (`errors.py`), so that a new class is on the pages
at once. What a client does is said here, by code, and for a code without a line of its own by its status.
"""

import inspect
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from msgspec import Struct

from api.errors import STATUS, body_of
from sync.errors import SyncError

REQUEST: Final = "urn:touchline:request:e1a05f9c970abd75"
SERVER_SIDE: Final = 500
STATUS_OF_WAITING: Final = frozenset({429})

BY_STATUS: Final[Mapping[int, str]] = {
    400: "Mend the client; never drop the queue.",
    401: "Refresh or sign in, then send the same again.",
    403: "Tell the person; keep the queue.",
    404: "It is not there, or it is another club's.",
    405: "Mend the client.",
    409: "Do what `detail` says, with the values beside it.",
    410: "It will not come back.",
    412: "Look at `current`, decide, and send with the new version.",
    413: "Send less at once.",
    415: "Mend the client.",
    422: "Show the sentence to the person.",
    426: "Update the app; what is queued can still be pushed.",
    429: "Wait as long as `Retry-After` says, then send the same again.",
    500: "Send the same again later.",
    503: "Wait as long as `Retry-After` says, then send the same again.",
}

BY_CODE: Final[Mapping[str, str]] = {
    "wrong_password": "Ask the person again.",
    "forbidden": "The role does not include this: tell the person, and keep the queue.",
    "access_ended": "Push what was not sent, then forget the club's data.",
    "wrong_device": "Refresh with this `device_id`, then send the same.",
    "log_diverged": "Take a snapshot, and push again what was pushed after `common`: protocol.md, section 11.",
    "device_forked": "Acknowledge `held`, take a new device id for the rest: protocol.md, section 8.",
    "device_taken": "Take a new random device id, sign in with it, push again.",
    "email_taken": "Sign in with it, or register another one.",
    "exists": "Take a fresh id, or `PUT` over `current`.",
    "cursor_expired": "Take a snapshot; push the queue as it is.",
    "invitation_ended": "Ask whoever sent the link for a new one.",
    "rejected": "Show the sentence; `rule` is a code of protocol.md, section 6, `field` says where.",
    "weak_password": "Ask for another password.",
}

_VALUES: Final[Mapping[str, Any]] = {
    "path": "$.mutations[3].n",
    "problem": "is missing",
    "what": "bytes",
    "size": 1_200_000,
    "size_max": 1_048_576,
    "common": "6.5355e81fc27ae1b9",
    "timestamp": "6.5355e81fc27ae1b9",
    "oldest": 4_211,
    "server_time": 1_795_359_600_000,
    "held": [1, 2, 3],
    "current": {"id": "1f6e2c3a-8d4b-4e7f-9a10-2b3c4d5e6f70", "version": 12},
    "code": "too_long",
    "sentence": "`name` has more than 100 characters.",
    "field": "name",
    "least": 1,
    "newest": 1,
    "ended_at": 1_795_352_520_000,
    "club_ids": ["5b9f2c1e-8d4b-4e7f-9a10-2b3c4d5e6f70"],
}
"""What the constructors of errors are given for an example, by the argument's name."""

_SHOWN: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "forbidden": ("Your role in this club does not include this. Ask an owner or a coach of the club.", {}),
    "exists": ("There is a record under this id, with other values.", {"current": _VALUES["current"]}),
    "wrong_method": ("The documentation at /docs names the methods that it takes.", {}),
    "too_many_requests": (
        "The class `auth` of routes takes 30 requests in 60 s from one address.",
        {"limit": "auth", "per": "address", "number": 30, "window_s": 60, "retry_after_s": 12},
    ),
    "internal": ("It has been noted under the id in `instance`. Send the same request again later.", {}),
}
"""The sentence and the values of those that are raised with a sentence of the moment."""


class Kind(Struct, frozen=True):
    """One code, and all that is known of it."""

    code: str
    status: int
    title: str
    when: str
    does: str
    example: dict[str, Any]

    @property
    def is_retried(self) -> bool:
        """Whether the same request, sent again later, may succeed."""
        return self.code == "unauthorised" or self.status in STATUS_OF_WAITING or self.status >= SERVER_SIDE

    @property
    def members(self) -> list[str]:
        """Return the members of its own, beside those of every problem."""
        return [name for name in self.example if name not in {*COMMON}]


COMMON: Final = ("type", "title", "status", "detail", "instance", "code")


@cache
def kinds() -> Mapping[str, Kind]:
    """Return every code that has a status, by status and name; asked first when all modules are there."""
    return {code: _kind(made_by) for code, made_by in classes().items()}


def classes() -> dict[str, type[SyncError]]:
    """Return the class of each code, by status and name; of several, the one that was defined first."""
    found: dict[str, type[SyncError]] = {}
    for made_by in _classes(SyncError):
        found.setdefault(made_by.code, made_by)
    return {code: found[code] for code in sorted(STATUS, key=lambda code: (STATUS[code], code))}


def _classes(root: type[SyncError]) -> Iterator[type[SyncError]]:
    for found in root.__subclasses__():
        if "code" in vars(found):
            yield found
        yield from _classes(found)


def _kind(made_by: type[SyncError]) -> Kind:
    code, status = made_by.code, STATUS[made_by.code]
    when = " ".join((inspect.getdoc(made_by) or "").split("\n\n")[0].split())
    does = BY_CODE.get(code) or BY_STATUS.get(status, "Mend the client.")
    return Kind(code, status, made_by.title, when, does, body_of(sample_of(made_by), REQUEST))


def sample_of(made_by: type[SyncError]) -> SyncError:
    """Return an error as the server might raise it, made of what its constructor asks for."""
    if made_by.code in _SHOWN:
        detail, values = _SHOWN[made_by.code]
        error = made_by.__new__(made_by)
        SyncError.__init__(error, detail, values)
        return error
    given: dict[str, Any] = {}
    for name, parameter in inspect.signature(made_by).parameters.items():
        if name in _VALUES and not isinstance(parameter.default, str):
            given[name] = _VALUES[name]
        elif parameter.default is parameter.empty:
            given[name] = 1 if parameter.annotation in {int, "int"} else made_by.title
    return made_by(**given)
