"""A club's log as an event stream: the tail of `/ws/sync` for networks that break sockets."""

from typing import Final

from litestar import get
from litestar.params import FromQuery
from litestar.response import Stream

from api.identity.access import MEMBERS
from api.live.eventline import EVENTS, STREAM_HEADERS, EventLine
from api.live.feeds import AnyRequest, TheAddresses, TheLive
from api.requests import Protocol, check_protocol
from api.sync.exchange import HISTORY, PROTOCOL, TheCaller, history_of
from realtime.sockets import Socket
from realtime.source import Place
from sync.cursors import Cursor


@get(
    "/api/sync/tail",
    opt={**MEMBERS, "query": (*HISTORY, PROTOCOL), "gives": (EVENTS,), "problems": ("protocol_unsupported",)},
)
async def stream_club(
    request: AnyRequest,
    caller: TheCaller,
    live: TheLive,
    addresses: TheAddresses,
    since: FromQuery[str | None] = None,
    acked: FromQuery[str | None] = None,
    past: FromQuery[str | None] = None,
    protocol: Protocol = None,
) -> Stream:
    """Tail the club's log as Server-Sent Events: the frames of `/ws/sync`, until the token it was opened with ends."""
    check_protocol(protocol)
    place = _place(request.headers.get("last-event-id") or since, acked, past)
    admitted = live.admitted(caller, request.headers["authorization"].split()[-1])
    line = EventLine()

    async def talk(socket: Socket) -> None:
        await live.club.stream(socket, admitted, place)

    serving = live.sockets.serve(line, addresses.network_of(request.scope), talk)
    return Stream(line.follow(serving), media_type=EVENTS, headers=STREAM_HEADERS)


def _place(since: str | None, acked: str | None, past: str | None) -> Place:
    asked = history_of(since, acked, past)
    return Place(
        since=Cursor.parse(asked.since, where="since"),
        acked=None if asked.acked is None else Cursor.parse(asked.acked, where="acked"),
        past=tuple(Cursor.parse(text, where="past") for text in asked.past),
    )


ROUTES: Final = (stream_club,)
