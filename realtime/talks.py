"""Talks: what is said on a socket or a stream once it is let in. The first one tails a club's log.

client  {"token", "since", "acked"?, "past"?}      {"token"} at any time later
server  hello, changes ..., heartbeat, renewed      ended, and the close
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from msgspec import Struct

from realtime.closing import Closed
from realtime.feeds import FEED_EVENTS, FEED_FRAMES, FeedHello, read_feed_opening
from realtime.hub import Hub
from realtime.limits import LiveLimits
from realtime.sockets import Holder, Socket, Sockets
from realtime.source import Channel, ClubEvents, ClubFrames, Framing, Page, Place, Source
from realtime.tail import Reader
from sync.cursors import Cursor
from sync.limits import PROTOCOL_VERSION, PROTOCOL_VERSION_MIN
from sync.messages import encode
from sync.tails import TailHello, TailOpening, TailRenewed, read_opening, read_renewal

CLUB_FRAMES: Final = ClubFrames()
CLUB_EVENTS: Final = ClubEvents()


class Admitted(Struct, frozen=True):
    """What a token opens."""

    holder: Holder
    club_id: str


Admit = Callable[[str], Awaitable[Admitted]]
"""Reads an access token. Raises the error that says why it opens nothing."""


class ClubTalk:
    """Tails a club's log on sockets and event streams."""

    def __init__(
        self, hub: Hub, log: Source, sockets: Sockets, admit: Admit, limits: LiveLimits, *, clock: Callable[[], int]
    ) -> None:
        """Read `log` through `hub`; `clock` gives milliseconds since 1970."""
        self._hub = hub
        self._log = log
        self._sockets = sockets
        self._admit = admit
        self._limits = limits
        self._clock = clock

    async def talk(self, socket: Socket, token: str | None) -> None:
        """Carry a socket on; `token` is what it offered as a subprotocol, None for nothing."""
        opening = read_opening(await socket.receive_first())
        if not PROTOCOL_VERSION_MIN <= opening.protocol <= PROTOCOL_VERSION:
            raise Closed("protocol_unsupported")
        shown = opening.token or token
        if shown is None:
            raise Closed("unauthorised")
        admitted = await self._admit(shown)
        await self._tail(
            socket,
            admitted,
            _place(opening),
            CLUB_FRAMES,
            lambda reader: self._renew(socket, reader, admitted.club_id),
        )

    async def stream(self, socket: Socket, admitted: Admitted, place: Place) -> None:
        """Carry an event stream on, which a client says nothing on: it ends with the token it was opened with."""
        await self._tail(socket, admitted, place, CLUB_EVENTS, lambda _reader: _leaving(socket))

    async def _tail(
        self,
        socket: Socket,
        admitted: Admitted,
        place: Place,
        framing: Framing,
        listen: Callable[[Reader], Awaitable[None]],
    ) -> None:
        self._sockets.know(socket, admitted.holder)
        channel = Channel("club", admitted.club_id)
        reader = Reader(self._hub, channel, self._log, framing, socket.line, self._limits)
        try:
            page = await reader.open(place)
            hello = encode(self._hello(str(page.head), admitted.holder)).decode()
            await carry(socket, reader, page, hello, lambda: listen(reader))
        finally:
            reader.leave()

    async def _renew(self, socket: Socket, reader: Reader, club_id: str) -> None:
        """Take the client's next message: a fresh token of the same person for the same club."""
        admitted = await self._admit(read_renewal(await socket.receive()).token)
        if admitted.club_id != club_id:
            raise Closed("forbidden", detail="The fresh token is of another club. Open a socket of its own for it.")
        self._sockets.know(socket, admitted.holder)
        reader.say(encode(TailRenewed(self._seconds_left(admitted.holder))).decode())

    def _hello(self, head: str, holder: Holder) -> TailHello:
        return TailHello(
            protocol=PROTOCOL_VERSION,
            timestamp=head,
            server_time=self._clock(),
            heartbeat_s=round(self._limits.heartbeat_s),
            token_expires_in=self._seconds_left(holder),
        )

    def _seconds_left(self, holder: Holder) -> int:
        return max((holder.expires_ms - self._clock()) // 1_000, 0)


class Watched(Struct, frozen=True):
    """What somebody may watch."""

    holder: Holder
    channel: Channel
    source: Source


Open = Callable[[str], Awaitable[Watched]]
"""Reads a link's secret or an access token. Raises the error that says why it opens nothing."""


class FeedTalk:
    """Shows a match on sockets and event streams."""

    def __init__(self, hub: Hub, sockets: Sockets, limits: LiveLimits, *, clock: Callable[[], int]) -> None:
        """Read through `hub`; `clock` gives milliseconds since 1970."""
        self._hub = hub
        self._sockets = sockets
        self._limits = limits
        self._clock = clock

    async def talk(self, socket: Socket, token: str | None, opens: Open) -> None:
        """Carry a socket on; `token` is what it offered as a subprotocol."""
        opening = read_feed_opening(await socket.receive_first())
        if not PROTOCOL_VERSION_MIN <= opening.protocol <= PROTOCOL_VERSION:
            raise Closed("protocol_unsupported")
        shown = opening.token or token
        if shown is None:
            raise Closed("unauthorised")
        since = None if opening.since is None else Cursor.parse(opening.since, where="$.since")

        async def listen(reader: Reader) -> None:
            watched = await opens(read_renewal(await socket.receive()).token)
            if watched.channel != reader.stream.channel:
                raise Closed("forbidden", detail="The fresh token shows something else. Open a socket of its own.")
            self._sockets.know(socket, watched.holder)
            reader.say(encode(TailRenewed(self._seconds_left(watched.holder))).decode())

        await self._show(socket, await opens(shown), since, FEED_FRAMES, listen)

    async def stream(self, socket: Socket, watched: Watched, since: Cursor | None) -> None:
        """Carry an event stream on, which a client says nothing on."""
        await self._show(socket, watched, since, FEED_EVENTS, lambda _reader: _leaving(socket))

    async def _show(
        self,
        socket: Socket,
        watched: Watched,
        since: Cursor | None,
        framing: Framing,
        listen: Callable[[Reader], Awaitable[None]],
    ) -> None:
        self._sockets.know(socket, watched.holder)
        reader = Reader(self._hub, watched.channel, watched.source, framing, socket.line, self._limits)
        try:
            page = await reader.open(Place(since))
            hello = FeedHello(
                protocol=PROTOCOL_VERSION,
                cursor=str(page.head),
                server_time=self._clock(),
                heartbeat_s=round(self._limits.heartbeat_s),
                expires_in=self._seconds_left(watched.holder),
            )
            await carry(socket, reader, page, encode(hello).decode(), lambda: listen(reader))
        finally:
            reader.leave()

    def _seconds_left(self, holder: Holder) -> int:
        return max((holder.expires_ms - self._clock()) // 1_000, 0)


async def carry(socket: Socket, reader: Reader, page: Page, hello: str, listen: Callable[[], Awaitable[None]]) -> None:
    """Say hello, have the reader send, and listen, until either ends."""
    await socket.line.send(hello)
    socket.reader = reader
    sender = asyncio.create_task(reader.run(page))
    sender.add_done_callback(lambda done: _end_with(socket, done))
    try:
        while True:
            await listen()
    finally:
        socket.reader = None
        sender.cancel()
        await asyncio.wait((sender,))


async def _leaving(socket: Socket) -> None:
    """Wait until whoever reads a stream leaves: they say nothing else. Raises LineCut."""
    await socket.receive()


def _place(opening: TailOpening) -> Place:
    return Place(
        since=Cursor.parse(opening.since, where="$.since"),
        acked=None if opening.acked is None else Cursor.parse(opening.acked, where="$.acked"),
        past=tuple(Cursor.parse(text, where="$.past") for text in opening.past),
    )


def _end_with(socket: Socket, done: "asyncio.Task[None]") -> None:
    """End a socket whose sender has ended: for the reason it gives, else because the line is gone."""
    if done.cancelled():
        return
    error = done.exception()
    socket.end(error if isinstance(error, Closed) else None)
