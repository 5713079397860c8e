"""A match's feed over plain HTTP, for networks that break sockets and for crowds: the same reader in other framings.

Both routes are addressed by the name of a link's feed, which nobody can guess and which dies with the link. Answers of
the long poll may be kept by a cache for seconds: in front of a crowd it asks once for all that stand at one cursor.
"""

from typing import Annotated, Any, Final

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter, SkipValidation
from litestar.response import Stream
from msgspec import Raw, Struct

from api.edge.addresses import Addresses
from api.identity.access import PUBLIC
from api.live.eventline import EVENTS, STREAM_HEADERS, EventLine
from api.live.live import Live
from api.requests import JSON, bounded
from api.resources.share_secrets import read_feed
from api.resources.sharing import Sharer
from realtime.sockets import Socket
from realtime.source import Page
from sync.cursors import Cursor
from sync.messages import encode, join_raw

WAIT_S_MAX: Final = 25
"""Seconds that a poll may wait: proxies cut at 30."""
CACHE: Final = "public, max-age=2"
"""How long a cache may hand out an answer; a revoked link goes silent within five seconds."""
SHARED_HEADERS: Final = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}
SHARED_STREAM: Final = {**SHARED_HEADERS, **STREAM_HEADERS}
SERVER_TIME: Final = "X-Server-Time"

TheLive = NamedDependency[SkipValidation[Live]]
TheSharer = NamedDependency[SkipValidation[Sharer]]
TheAddresses = NamedDependency[SkipValidation[Addresses]]
AnyRequest = Request[Any, Any, Any]


class FeedAnswer(Struct, frozen=True, omit_defaults=True):
    """A part of a feed."""

    cursor: str
    """What to send as `after` next."""
    more: bool
    """Whether there is more right behind."""
    entries: list[Raw]
    """The messages after `after`, in order."""
    snapshot: Raw | None = None
    """The whole match: sent without `after`, and where the epoch of that has ended. Entries go on from it."""


@get(
    "/api/shared/feeds/{feed:str}",
    opt={**PUBLIC, "limit": "shared", "answer": FeedAnswer, "problems": ("link_ended",)},
)
async def poll_feed(
    feed: FromPath[str],
    live: TheLive,
    sharer: TheSharer,
    after: FromQuery[str | None] = None,
    wait: Annotated[str | None, QueryParameter(description="Seconds to wait where there is nothing new.")] = None,
) -> Response[bytes]:
    """Return what a feed holds after a cursor; with `wait`, as soon as there is something. A cache may keep it."""
    since = None if after is None else Cursor.parse(after, where="after")
    wait_s = bounded(wait, name="wait", maximum=WAIT_S_MAX, default=0) if wait is not None else 0
    link = await sharer.link_by(read_feed(feed))
    page = await live.poll_feed(live.watched(sharer_club(feed), link), since, wait_s)
    answer = _answer(page)
    headers = {**SHARED_HEADERS, "Cache-Control": CACHE, SERVER_TIME: str(sharer.now_ms())}
    return Response(encode(answer), media_type=JSON, headers=headers)


@get(
    "/api/shared/feeds/{feed:str}/events",
    opt={**PUBLIC, "limit": "shared", "gives": (EVENTS,), "problems": ("link_ended",)},
)
async def stream_feed(
    feed: FromPath[str],
    request: AnyRequest,
    live: TheLive,
    sharer: TheSharer,
    addresses: TheAddresses,
    after: FromQuery[str | None] = None,
) -> Stream:
    """Follow a feed as Server-Sent Events; a browser goes on by itself from the last event's id."""
    shown = request.headers.get("last-event-id") or after
    since = None if shown is None else Cursor.parse(shown, where="Last-Event-ID")
    watched = live.watched(sharer_club(feed), await sharer.link_by(read_feed(feed)))
    line = EventLine()

    async def talk(socket: Socket) -> None:
        await live.match.stream(socket, watched, since)

    serving = live.sockets.serve(line, addresses.network_of(request.scope), talk, is_viewer=True)
    return Stream(line.follow(serving), media_type=EVENTS, headers=SHARED_STREAM)


def sharer_club(feed: str) -> str:
    """Return the club of a feed's name that was found good."""
    named = read_feed(feed)
    return "" if named is None else named.club_id


def _answer(page: Page) -> FeedAnswer:
    end = page.rows[-1] if page.rows else None
    cursor = page.head if page.fresh is not None or end is None else Cursor(end.version, end.tag)
    return FeedAnswer(
        cursor=str(cursor),
        more=cursor.version < page.head.version,
        entries=join_raw([row.body for row in page.rows]),
        snapshot=None if page.fresh is None else Raw(page.fresh.body),
    )


ROUTES: Final = (poll_feed, stream_feed)
