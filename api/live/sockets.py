"""The live routes. A handshake is answered 403 for its origin alone; all else is told by the code of the close."""

from typing import Any, Final
from uuid import UUID

from litestar import WebSocket, websocket
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation
from msgspec import Struct

from api.edge.addresses import Addresses
from api.errors import LinkEnded
from api.live.lines import accept, check_query, offered_token
from api.live.live import Live
from api.resources.share_secrets import read_secret
from api.resources.sharing import Sharer
from api.settings import Settings
from realtime.sockets import Socket
from realtime.talks import Watched


class Doors(Struct, frozen=True):
    """What lets sockets in: one dependency, since the framework starts a task for each where there are several."""

    live: Live
    sharer: Sharer
    settings: Settings
    addresses: Addresses


TheDoors = NamedDependency[SkipValidation[Doors]]


@websocket("/ws/sync")
async def tail_club(socket: WebSocket[Any, Any, Any], doors: TheDoors) -> None:
    """Tail the club's log: catch up from a cursor, then live."""
    live, addresses = doors.live, doors.addresses
    line = await accept(socket, doors.settings, addresses)
    if line is None:
        return
    token = offered_token(socket)

    async def talk(opened: Socket) -> None:
        check_query(socket)
        await live.club.talk(opened, token)

    await live.sockets.serve(line, addresses.network_of(socket.scope), talk)


@websocket("/ws/match/{match_id:uuid}")
async def watch_match(socket: WebSocket[Any, Any, Any], match_id: FromPath[UUID], doors: TheDoors) -> None:
    """Show a match to a member, or to who scores it by link: a snapshot with names, then what happens."""
    live, addresses = doors.live, doors.addresses
    line = await accept(socket, doors.settings, addresses)
    if line is None:
        return
    token = offered_token(socket)

    async def opens(shown: str) -> Watched:
        return await live.watched_by_member(shown, str(match_id))

    async def talk(opened: Socket) -> None:
        check_query(socket)
        await live.match.talk(opened, token, opens)

    await live.sockets.serve(line, addresses.network_of(socket.scope), talk)


@websocket("/ws/match/{match_id:uuid}/share", opt={"limit": "shared"})
async def watch_shared(socket: WebSocket[Any, Any, Any], match_id: FromPath[UUID], doors: TheDoors) -> None:
    """Show a match to whoever has the secret of a share link to it: a snapshot, then what happens."""
    await _watch(socket, str(match_id), doors)


@websocket("/ws/shared/match", opt={"limit": "shared"})
async def watch_link(socket: WebSocket[Any, Any, Any], doors: TheDoors) -> None:
    """Show the match of a share link, for those who have its secret and do not know the match's id."""
    await _watch(socket, None, doors)


async def _watch(socket: WebSocket[Any, Any, Any], match_id: str | None, doors: Doors) -> None:
    live, addresses = doors.live, doors.addresses
    line = await accept(socket, doors.settings, addresses)
    if line is None:
        return
    token = offered_token(socket)

    async def opens(shown: str) -> Watched:
        secret = read_secret(shown)
        link = await doors.sharer.link_by(secret)
        if secret is None or match_id not in {None, link.match_id}:
            raise LinkEnded
        return live.watched(secret.club_id, link)

    async def talk(opened: Socket) -> None:
        check_query(socket)
        await live.match.talk(opened, token, opens)

    await live.sockets.serve(line, addresses.network_of(socket.scope), talk, is_viewer=True)


ROUTES: Final = (tail_club, watch_match, watch_shared, watch_link)
