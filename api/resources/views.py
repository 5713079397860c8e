"""Answers that are read often, kept in the process under the club's head: what is kept can never be stale.

Each reading asks for the head (one row by its key) and takes the kept bytes only where version *and tag* are still the
same, so that neither a write nor a restored backup is missed. Whoever makes an answer reads after the head was read:
it may be newer than the head it is kept under, never older.

A view is the same for all who may read it. What the caller's role or link changes in it, and every parameter that
does, belongs into its name.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Final, NamedTuple

from litestar import Request, Response
from msgspec import Struct

from api.requests import JSON
from sync.cursors import Cursor
from sync.messages import encode
from sync.ports import Store

BYTES_MAX: Final = 32 * 1024 * 1024
"""Bytes of kept answers in one process: a thousand matches of 30 KB that somebody looks at."""
ENTRY_BYTES: Final = 500
"""Bytes counted for an entry beside its body: its name, its place, its cursor."""
ENTRY_SHARE: Final = 8
"""An answer larger than this part of the bound is sent and not kept: it would push out all others."""

Place = tuple[str, Hashable]
"""A club, and a view's name in it."""


class View(NamedTuple):
    """An answer's body, and until when it holds."""

    body: bytes
    fresh_until_ms: int | None = None
    """Milliseconds since 1970 when it changes with the time alone; None: never."""


class ViewStatistics(NamedTuple):
    """What the kept answers cost, and what they save."""

    entries: int
    bytes: int
    hits: int
    misses: int


class _Kept(Struct, frozen=True):
    cursor: Cursor
    view: View
    etag: str

    @property
    def size(self) -> int:
        return len(self.view.body) + ENTRY_BYTES

    def holds(self, cursor: Cursor, now_ms: int) -> bool:
        until = self.view.fresh_until_ms
        return self.cursor == cursor and (until is None or now_ms < until)


class Views:
    """Keeps answers, the most recently read of them, within a bound in bytes."""

    def __init__(self, store: Store, *, clock: Callable[[], int], bytes_max: int = BYTES_MAX) -> None:
        """Keep answers that are made from a store; `clock` gives milliseconds since 1970."""
        self._store = store
        self._clock = clock
        self._bytes_max = bytes_max
        self._kept: OrderedDict[Place, _Kept] = OrderedDict()
        self._making: dict[tuple[Place, Cursor], asyncio.Task[_Kept]] = {}
        self._bytes = self._hits = self._misses = 0

    async def answer(
        self, request: Request[Any, Any, Any], club_id: str, name: Hashable, make: Callable[[], Awaitable[View]]
    ) -> Response[bytes]:
        """Answer with the view of this name, kept or made now; 304 where the client has these very bytes.

        `make` reads the store, and its error is the answer's. Raises LookupError where there is no such club.
        """
        cursor = (await self._store.head(club_id)).cursor
        found = await self._find((club_id, name), cursor, make)
        return conditional(request, found.view.body, found.etag)

    def statistics(self) -> ViewStatistics:
        """Return how much is kept, and how often that was of use."""
        return ViewStatistics(len(self._kept), self._bytes, self._hits, self._misses)

    async def _find(self, place: Place, cursor: Cursor, make: Callable[[], Awaitable[View]]) -> _Kept:
        kept = self._kept.get(place)
        if kept is not None and kept.holds(cursor, self._clock()):
            self._kept.move_to_end(place)
            self._hits += 1
            return kept
        task = self._making.get((place, cursor))
        if task is None:
            self._misses += 1
            task = self._making[place, cursor] = asyncio.create_task(self._make(place, cursor, make))
            task.add_done_callback(lambda _done: self._making.pop((place, cursor), None))
        else:
            self._hits += 1
        return await asyncio.shield(task)

    async def _make(self, place: Place, cursor: Cursor, make: Callable[[], Awaitable[View]]) -> _Kept:
        view = await make()
        made = _Kept(cursor, view, etag_of(view.body))
        self._keep(place, made)
        return made

    def _keep(self, place: Place, made: _Kept) -> None:
        was = self._kept.pop(place, None)
        if was is not None:
            self._bytes -= was.size
        if made.size > self._bytes_max // ENTRY_SHARE:
            return
        self._kept[place] = made
        self._bytes += made.size
        while self._bytes > self._bytes_max:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= oldest.size


def view_of(value: object, *, fresh_until_ms: int | None = None) -> View:
    """Return the view that a value makes, encoded as every answer is."""
    return View(encode(value), fresh_until_ms)


def etag_of(body: bytes) -> str:
    """Return the strong ETag of an answer: equal for equal bytes, whatever else changed in the club meanwhile."""
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def conditional(request: Request[Any, Any, Any], body: bytes, etag: str) -> Response[bytes]:
    """Return an answer that only its reader's own cache keeps, and asks about each time; 304 where it has it."""
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if is_known(request.headers.get("if-none-match", ""), etag):
        return Response(b"", status_code=304, headers=headers)
    return Response(body, media_type=JSON, headers=headers)


def is_known(if_none_match: str, etag: str) -> bool:
    """Tell whether an If-None-Match names this ETag: `*`, or a list whose tags may be weak (RFC 9110, 13.1.2)."""
    tags = [each.strip().removeprefix("W/") for each in if_none_match.split(",")]
    return etag in tags or tags == ["*"]
