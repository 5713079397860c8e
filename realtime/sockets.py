"""Sockets: all that are open in this process, who holds them, and how each ends.

A socket is let in, says who it is, and is carried on by its talk. It ends by what the talk finds, by the line's end, or
from outside: its holder may read no more, it takes nothing, or the server restarts. Whoever ends it, it is closed under
a code of the table and counted out once.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Final, Protocol

import structlog
from msgspec import Struct

from realtime.admission import Admission
from realtime.closing import CLOSINGS, Closed, closed_by
from realtime.limits import LiveLimits
from realtime.tail import LineCut, Reader, Wire
from storage.outages import is_outage
from sync.errors import SyncError

MEMBER: Final = "member"
LINK: Final = "link"
BEAT_TURN: Final = 250
"""Sockets looked at before the loop has a turn."""

_log: Final = structlog.get_logger("touchline.sockets")

Endings = Mapping[str, str]
"""The keys of holders who may read no more -> the row of the table under which they end."""
Standing = Callable[[Collection[str]], Awaitable[Endings]]
"""Tells which of some holders may read no more."""


class Line(Wire, Protocol):
    """A socket as the server below has it, accepted."""

    async def receive(self) -> str:
        """Return the next text frame. Raises LineCut at its end, Closed for a binary frame."""
        ...

    async def close(self, code: int, reason: str) -> None:
        """Close it in good order. Raises LineCut where the other side has gone."""
        ...

    def abort(self) -> None:
        """Cut a line that takes nothing."""
        ...


class Holder(Struct, frozen=True):
    """Who reads, and until when that is known."""

    kind: str
    """`member` or `link`: how standing is looked up."""
    key: str
    """The session, or the link."""
    who: str
    """Whose sockets are counted together."""
    expires_ms: int
    """When the token or the link runs out, milliseconds since 1970."""


class Socket:
    """One open socket."""

    def __init__(self, line: Line, address: str, limits: LiveLimits) -> None:
        """Begin as somebody unknown."""
        self.line = line
        self.address = address
        self.holder: Holder | None = None
        self.reader: Reader | None = None
        self.ending: Closed | None = None
        self.lifetime = asyncio.timeout(None)
        self.is_over = False
        self._limits = limits
        self._heard: deque[float] = deque()

    async def receive(self) -> str:
        """Return the next message of the client. Raises LineCut, or Closed for one that no client sends."""
        text = await self.line.receive()
        if len(text) > self._limits.message_bytes_max:
            raise Closed("too_large")
        now = asyncio.get_running_loop().time()
        self._heard.append(now)
        while self._heard[0] < now - self._limits.messages_s:
            self._heard.popleft()
        if len(self._heard) > self._limits.messages_max:
            raise Closed("too_many_messages")
        return text

    async def receive_first(self) -> str:
        """Return the first message. Raises Closed where it does not come in time."""
        try:
            async with asyncio.timeout(self._limits.first_message_s):
                return await self.receive()
        except TimeoutError:
            raise Closed("too_late") from None

    def end(self, closed: Closed | None) -> None:
        """End it from outside; the first reason counts. None: the line is gone, and there is nobody to tell."""
        if self.is_over or self.lifetime.when() is not None:
            return
        self.ending = closed
        self.lifetime.reschedule(asyncio.get_running_loop().time())


Talk = Callable[[Socket], Awaitable[None]]
"""Carries an accepted socket on until it ends."""


class SocketStatistics(Struct, frozen=True):
    """What is open, and how sockets ended."""

    open: int
    unknown: int
    """Of them, those that have not said who they are."""
    by_kind: Mapping[str, int]
    queued_bytes: int
    falls: int
    """How often open readers have fallen behind."""
    closed: Mapping[str, int]
    """By the row of the table; `left` where the client ended it."""
    refused: Mapping[str, int]


class Sockets:
    """The open sockets of a process; belongs to one event loop."""

    def __init__(
        self,
        limits: LiveLimits,
        *,
        clock: Callable[[], int],
        monotonic: Callable[[], float],
        dice: Callable[[], float],
    ) -> None:
        """`clock` gives milliseconds since 1970, `monotonic` seconds, `dice` numbers from 0 up to 1."""
        self.limits = limits
        self.admission = Admission(limits, monotonic=monotonic, dice=dice)
        self.standings: dict[str, Standing] = {}
        """Kind of holder -> what tells which of them may read no more."""
        self.on_fault: Callable[[BaseException, str], None] = lambda _error, _where: None
        """Told of what failed, unless the database was away."""
        self._clock = clock
        self._open: dict[Socket, None] = {}
        self._closed: Counter[str] = Counter()
        self._emptied: asyncio.Future[None] | None = None
        self._looked_at_now = asyncio.Event()

    async def serve(self, line: Line, address: str, talk: Talk, *, is_viewer: bool = False) -> None:
        """Let a socket in, have it carried on, and close it; those of share links are counted apart."""
        try:
            self.admission.enter(address, is_viewer=is_viewer)
        except Closed as refused:
            await self._say_farewell(line, refused)
            return
        socket = Socket(line, address, self.limits)
        self._open[socket] = None
        try:
            closed = await self._carry(socket, talk)
        finally:
            socket.is_over = True
            del self._open[socket]
            who = None if socket.holder is None else socket.holder.who
            self.admission.leave(address, who, is_viewer=is_viewer)
            if not self._open and self._emptied is not None and not self._emptied.done():
                self._emptied.set_result(None)
        self._closed["left" if closed is None else closed.name] += 1
        if closed is not None:
            await self._say_farewell(line, self._with_retry(closed))

    async def _carry(self, socket: Socket, talk: Talk) -> Closed | None:
        """Return how a socket ended, None where the line did."""
        try:
            async with socket.lifetime:
                await talk(socket)
        except LineCut:
            return None
        except Closed as closed:
            return closed
        except SyncError as error:
            return closed_by(error)
        except Exception as error:  # noqa: BLE001 - told to the client without its words, and logged
            if isinstance(error, TimeoutError) and socket.lifetime.expired():
                return socket.ending
            if is_outage(error):
                return Closed("unavailable")
            _log.exception("socket_failed")
            self.on_fault(error, "socket")
            return Closed("internal")
        return None

    def know(self, socket: Socket, holder: Holder) -> None:
        """Note who holds a socket, or that they showed a fresh token. Raises Closed where they have too many."""
        if socket.holder is None:
            most = self.limits.per_link_max if holder.kind == LINK else self.limits.per_holder_max
            self.admission.know(socket.address, holder.who, most)
        elif socket.holder.who != holder.who:
            raise Closed("forbidden", detail="The fresh token is another person's. Open a socket of its own for it.")
        socket.holder = holder

    def look_soon(self) -> None:
        """Look at once at who may still read: somebody was signed out, removed or revoked."""
        self._looked_at_now.set()

    async def look(self) -> None:
        """End the sockets whose token has run out, or whose holder may read no more; one query for each kind."""
        held: dict[str, dict[str, list[Socket]]] = {}
        now_ms = self._clock()
        for socket in [*self._open]:
            if socket.holder is None:
                continue
            if socket.holder.expires_ms <= now_ms:
                socket.end(Closed("link_ended" if socket.holder.kind == LINK else "unauthorised"))
            else:
                held.setdefault(socket.holder.kind, {}).setdefault(socket.holder.key, []).append(socket)
        for kind, by_key in held.items():
            for key, name in (await self.standings[kind]([*by_key])).items():
                for socket in by_key[key]:
                    socket.end(Closed(name))

    async def watch(self) -> None:
        """Look every few seconds, and at once where asked to, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(self.limits.watch_s):
                    await self._looked_at_now.wait()
            except TimeoutError:
                pass
            self._looked_at_now.clear()
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - a database that is away sends nobody anything new either
                _log.warning("standing_not_read", error=type(error).__name__, exc_info=not is_outage(error))

    async def beat(self) -> None:
        """Send heartbeats where it was quiet, and cut lines that take nothing, until cancelled."""
        while True:
            await asyncio.sleep(self.limits.heartbeat_s)
            for place, socket in enumerate([*self._open], 1):
                if socket.reader is not None and not socket.reader.beat():
                    socket.end(Closed("too_slow"))
                if place % BEAT_TURN == 0:
                    await asyncio.sleep(0)

    async def drain(self) -> None:
        """Let nobody in any more, and send everybody away with a moment of their own to come back."""
        self.admission.is_draining = True
        if not self._open:
            return
        self._emptied = asyncio.get_running_loop().create_future()
        for socket in [*self._open]:
            socket.end(Closed("restarting", retry_ms=self.admission.retry_ms()))
        try:
            async with asyncio.timeout(self.limits.drain_s):
                await self._emptied
        except TimeoutError:
            _log.warning("sockets_not_drained", open=len(self._open))

    def statistics(self) -> SocketStatistics:
        """Return what is open, and how sockets ended."""
        readers = [socket.reader for socket in self._open if socket.reader is not None]
        kinds = Counter(socket.reader.stream.channel.kind for socket in self._open if socket.reader is not None)
        return SocketStatistics(
            open=self.admission.open,
            unknown=self.admission.unknown,
            by_kind=dict(kinds),
            queued_bytes=sum(reader.queued_bytes for reader in readers),
            falls=sum(reader.fallen for reader in readers),
            closed=dict(self._closed),
            refused=dict(self.admission.refused),
        )

    def _with_retry(self, closed: Closed) -> Closed:
        """Return an ending that tells when to come back, where its row says that one may."""
        if not CLOSINGS[closed.name].is_retried or closed.ended.retry_ms is not None:
            return closed
        return Closed(closed.name, detail=closed.ended.detail, retry_ms=self.admission.retry_ms())

    async def _say_farewell(self, line: Line, closed: Closed) -> None:
        """Send the last frame and the close; cut a line that does not take them."""
        try:
            async with asyncio.timeout(self.limits.farewell_s):
                await line.send(closed.text)
                await line.close(closed.code, closed.reason)
        except LineCut:
            pass
        except TimeoutError:
            line.abort()
