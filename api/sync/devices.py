"""Devices: is everybody's match saved?"""

from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from msgspec import Struct

from api.identity.access import MEMBERS, Caller
from api.requests import (
    json_answer,
)
from api.resources.writing import is_server_device
from storage.accounts import Accounts
from storage.engine import Engine
from sync.stamps import correction_of

DEVICE_CONFLICTS_MAX: Final = 2_000
"""Open conflicts looked at to count each device's."""

TheCaller = NamedDependency[SkipValidation[Caller]]
TheEngine = NamedDependency[SkipValidation[Engine]]
TheAccounts = NamedDependency[SkipValidation[Accounts]]


class DeviceRow(Struct, frozen=True):
    """What the server knows of a device: enough to tell a coach whether their match is saved."""

    device_id: str
    user_id: str
    display_name: str
    last_seen: int
    """Its latest push, milliseconds since 1970."""
    last_n: int
    """The greatest counter that has arrived."""
    acked: int
    """The version that it is known to have applied."""
    lag: int
    """Versions between that and the log's head."""
    skew: int
    """Milliseconds that the server adds to its clock readings."""
    parked: int
    open_conflicts: int


class DevicesAnswer(Struct, frozen=True):
    """A club's devices, the one seen last first."""

    version: int
    devices: list[DeviceRow]


@get("/api/sync/devices", opt={**MEMBERS, "answer": DevicesAnswer})
async def devices(caller: TheCaller, engine: TheEngine, accounts: TheAccounts) -> Response[bytes]:
    """Return the club's devices: is everybody's match saved?"""
    head = (await engine.store.head(caller.club_id)).cursor.version
    names = await accounts.member_names(caller.club_id)
    open_ones = await engine.store.conflicts(caller.club_id, is_open=True, after="", limit=DEVICE_CONFLICTS_MAX)
    rows = [
        DeviceRow(
            device_id=each.device_id,
            user_id=each.author,
            display_name=names.get(each.author, "a former member"),
            last_seen=each.seen_ms,
            last_n=each.last_n,
            acked=each.acked,
            lag=max(head - each.acked, 0),
            skew=correction_of(each.offsets),
            parked=each.parked,
            open_conflicts=_count(open_ones, each.device_id),
        )
        for each in await engine.store.devices(caller.club_id)
        if not is_server_device(each.device_id)
    ]
    return json_answer(DevicesAnswer(head, rows))


def _count(conflicts: Any, device_id: str) -> int:  # noqa: ANN401 - any sequence of conflicts
    return sum(any(side.device_id == device_id for side in each.candidates) for each in conflicts)


ROUTES: Final = (devices,)
