"""Live: the floor of live sockets, joined for one process; it runs as long as the server listens."""

import asyncio
import base64
import binascii
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
from litestar import Request
from msgspec import Struct

from api.errors import Unauthorised
from api.identity.access import Caller, Gate, check_within
from api.reports import Reporter
from realtime.closing import Closed
from realtime.feeds import ViewerFeed, viewers_channel
from realtime.hub import Hub, HubStatistics
from realtime.limits import LiveLimits
from realtime.members import MemberFeed, members_channel
from realtime.polling import Polls
from realtime.sockets import LINK, MEMBER, Endings, Holder, Sockets, SocketStatistics
from realtime.source import ClubLog, Page
from realtime.tailer import Tailer, TailerStatistics
from realtime.talks import Admitted, ClubTalk, FeedTalk, Watched
from storage.engine import Engine
from storage.feeds import view_of
from storage.matches import MatchReader
from storage.sharing import Link
from storage.standing import Standings
from storage.viewing import Viewing
from storage.wakeups import Wakeups, WakeupStatistics
from sync.cursors import Cursor

CLUB: Final = "club"
READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
ACCESS_PATHS: Final = ("/api/auth/logout", "/api/auth/sessions", "/api/auth/password", "/members", "/scorers", "/share")
"""Parts of the addresses whose writes end or change what somebody may read."""


class LiveStatistics(Struct, frozen=True):
    """What the live floor has done."""

    sockets: SocketStatistics
    hub: HubStatistics
    tailer: TailerStatistics
    wakeups: WakeupStatistics | None


class Dials(Struct, frozen=True):
    """What the live floor reads of the world."""

    clock: Callable[[], int]
    """Milliseconds since 1970."""
    monotonic: Callable[[], float]
    """Seconds."""
    dice: Callable[[], float]
    """Numbers from 0 up to 1."""
    random_bytes: Callable[[int], bytes]


class Live:
    """The live floor of one process."""

    def __init__(
        self,
        engine: Engine,
        gate: Gate,
        standings: Standings,
        viewing: Viewing,
        matches: MatchReader,
        dials: Dials,
        *,
        limits: LiveLimits | None = None,
        wakeups: Callable[["Live"], Wakeups] | None = None,
    ) -> None:
        """Join it. `wakeups` makes what speaks to other processes; without it there are none."""
        clock = dials.clock
        self.limits = limits or LiveLimits()
        self.hub = Hub()
        self.tailer = Tailer(self.hub, self.limits)
        self.sockets = Sockets(self.limits, clock=clock, monotonic=dials.monotonic, dice=dials.dice)
        self.sockets.standings[MEMBER] = self._member_endings
        self.sockets.standings[LINK] = self._link_endings
        self.polls = Polls(self.hub, self.limits)
        self.match = FeedTalk(self.hub, self.sockets, self.limits, clock=clock)
        self._viewing = viewing
        self._viewer_feed = ViewerFeed(viewing, clock=clock)
        self._member_feed = MemberFeed(engine.store, matches, clock=clock, dice=dials.random_bytes)
        self.club = ClubTalk(self.hub, ClubLog(engine), self.sockets, self._admit, self.limits, clock=clock)
        self.wakeups = None if wakeups is None else wakeups(self)
        self._gate = gate
        self._standings = standings
        self._clock = clock

    @asynccontextmanager
    async def running(self, reporter: Reporter | None = None) -> AsyncGenerator[None]:
        """Follow, watch and beat inside the block; `reporter` is told of what fails meanwhile."""
        reporter = reporter or Reporter()
        self.sockets.on_fault = self.tailer.on_fault = reporter.of_work
        work = {"tailer": self.tailer.run(), "standings": self.sockets.watch(), "heartbeats": self.sockets.beat()}
        if self.wakeups is not None:
            work["wake-ups"] = self.wakeups.run()
        tasks = [asyncio.create_task(each, name=name) for name, each in work.items()]
        for task in tasks:
            reporter.watch(task, task.get_name())
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def on_commit(self, club_id: str, version: int) -> None:
        """Note that a club's log has reached a version: here, and in the other processes."""
        self.wake(club_id, version)
        if self.wakeups is not None:
            self.wakeups.tell(club_id, version)

    def wake(self, club_id: str, version: int) -> None:
        """Wake what tails a club, or feeds of its matches, in this process."""
        for channel in self.hub.channels_of(club_id):
            self.tailer.wake(channel, version if channel.kind == CLUB else None)

    async def look_again(self, request: Request[Any, Any, Any]) -> None:
        """Look at once at who may still read, where a request may have ended or changed somebody's access.

        Called after the answer; other processes find out with their next look.
        """
        if request.method not in READING and any(part in request.scope["path"] for part in ACCESS_PATHS):
            self.sockets.look_soon()

    async def drain(self) -> None:
        """Send everybody away, since the server ends."""
        self.polls.drain()
        await self.sockets.drain()

    def statistics(self) -> LiveStatistics:
        """Return what it has done."""
        return LiveStatistics(
            sockets=self.sockets.statistics(),
            hub=self.hub.statistics(),
            tailer=self.tailer.statistics(),
            wakeups=None if self.wakeups is None else self.wakeups.statistics(),
        )

    def watched(self, club_id: str, link: Link) -> Watched:
        """Return what a share link shows on a socket."""
        view = view_of(link.options)
        holder = Holder(LINK, f"{club_id}/{link.link_id}/{view}", f"link/{link.link_id}", link.expires_ms)
        return Watched(holder, viewers_channel(club_id, link.match_id, view), self._viewer_feed)

    async def watched_by_member(self, token: str, match_id: str) -> Watched:
        """Return what an access token shows of a match. Raises Unauthorised, AccessEnded, or NotFound."""
        caller = await self._gate.admit(token)
        check_within(caller, match_id)
        holder = Holder(MEMBER, caller.session_id, f"user/{caller.user_id}", expires_s(token) * 1_000)
        return Watched(holder, members_channel(caller.club_id, match_id), self._member_feed)

    def admitted(self, caller: Caller, token: str) -> Admitted:
        """Return what a member's access token, which was found good, opens of the club."""
        holder = Holder(MEMBER, caller.session_id, f"user/{caller.user_id}", expires_s(token) * 1_000)
        return Admitted(holder, caller.club_id)

    async def poll_feed(self, watched: Watched, since: Cursor | None, wait_s: float) -> Page:
        """Return what a feed holds after a cursor, as soon as there is something."""
        return await self.polls.read(watched.channel, watched.source, since, wait_s)

    async def _link_endings(self, keys: Collection[str]) -> Endings:
        """Return which links open nothing any more, or something else than they did; one query for each club."""
        by_club: dict[str, dict[str, tuple[str, int]]] = {}
        for key in keys:
            club_id, link_id, shown = key.split("/")
            by_club.setdefault(club_id, {})[key] = link_id, int(shown)
        endings: dict[str, str] = {}
        for club_id, held in by_club.items():
            views = await self._viewing.views(club_id, {link_id for link_id, _ in held.values()}, self._clock())
            for key, (link_id, view) in held.items():
                if views.get(link_id) != view:
                    endings[key] = "view_changed" if link_id in views else "link_ended"
        return endings

    async def _admit(self, token: str) -> Admitted:
        """Return what an access token opens. Raises Unauthorised, AccessEnded, or Closed for a scorer by link."""
        caller = await self._gate.admit(token)
        if caller.match_id is not None:
            raise Closed("forbidden", detail="A scorer's link opens one match, and not the club's log.")
        return self.admitted(caller, token)

    async def _member_endings(self, session_ids: Collection[str]) -> Endings:
        """Return which sessions may read no more, and why."""
        standings = await self._standings.of_all(session_ids)
        now_ms = self._clock()
        endings: dict[str, str] = {}
        for session_id in session_ids:
            found = standings.get(session_id)
            if found is None or found.is_ended:
                endings[session_id] = "unauthorised"
            elif found.has_stopped(now_ms):
                endings[session_id] = "access_ended"
        return endings


class _Expiring(Struct):
    exp: int


def expires_s(token: str) -> int:
    """Return when an access token that was found good runs out, in seconds since 1970."""
    part = token.split(".")[1]
    try:
        claims: Any = msgspec.json.decode(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)), type=_Expiring)
    except (msgspec.MsgspecError, binascii.Error) as error:
        raise Unauthorised from error
    return int(claims.exp)
