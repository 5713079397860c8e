"""Tails: a log sent as it grows; the frames on the wire, and the place of one reader as a state machine without I/O.

    catching up  pages of the log are read after the reader's own place, one at a time
    live         what the channel hands to all of its readers is taken as it comes

A reader never takes what does not follow its place: what it has had already is left out, and where something is
missing it goes back to catching up. So pages and frames together are the log, without gap or repeat, whatever comes
twice, late or not at all.
"""

import enum
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct

from sync.cursors import ORIGIN, Cursor
from sync.errors import MalformedRequest
from sync.limits import INTEGER_MAX, PAST_CURSORS_MAX
from sync.messages import Timestamp, decode
from sync.ports import LogRow

TOKEN_LENGTH_MAX: Final = 2_048
"""Characters of a token in a message: those of the server have some 500."""

Token = Annotated[str, Meta(min_length=1, max_length=TOKEN_LENGTH_MAX)]

T = TypeVar("T")


# -- what a client sends -----------------------------------------------------------------------------------------------


class TailOpening(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A client's first message: who it is, and how far it has applied the log."""

    token: Token | None = None
    """The access token; absent where it was offered as a subprotocol."""
    since: Timestamp = str(ORIGIN)
    """The cursor to go on from, as in a pull; from the beginning without it."""
    acked: Timestamp | None = None
    past: Annotated[tuple[Timestamp, ...], Meta(max_length=PAST_CURSORS_MAX)] = ()
    protocol: Annotated[int, Meta(ge=1, le=INTEGER_MAX)] = 1


class TailRenewal(Struct, frozen=True, forbid_unknown_fields=True):
    """Any later message of a client: a fresh access token, sent before the last one runs out."""

    token: Token


# -- what the server sends ---------------------------------------------------------------------------------------------


class TailHello(Struct, frozen=True, tag_field="type", tag="hello"):
    """The first frame: the client is known, and its cursor is of this log."""

    protocol: int
    timestamp: str
    """The log's head: a reader whose cursor has reached it has caught up."""
    server_time: int
    heartbeat_s: int
    """A client that hears nothing for twice as many seconds is cut off: it connects again."""
    token_expires_in: int
    """Seconds until the socket ends unless a fresh token is sent on it."""


class TailChanges(Struct, frozen=True, tag_field="type", tag="changes"):
    """A part of the log, as a pull answers it."""

    changes: list[Raw]
    timestamp: str
    more: bool
    """Whether the log goes on right behind; the next frame comes without being asked for."""


class TailHeartbeat(Struct, frozen=True, tag_field="type", tag="heartbeat"):
    """Sent where nothing else was for a while: alive, but quiet."""

    timestamp: str
    """Where the reader stands after all that was sent to it. A client that stands elsewhere connects again."""


class TailRenewed(Struct, frozen=True, tag_field="type", tag="renewed"):
    """The fresh token is taken."""

    token_expires_in: int


class TailEnded(Struct, frozen=True, tag_field="type", tag="ended", omit_defaults=True):
    """The last frame, before the socket is closed under the code that `close` names."""

    code: str
    close: int
    detail: str
    retry_ms: int | None = None
    """Milliseconds after which to connect again; absent where something else must be done first."""
    common: str | None = None
    """With `log_diverged`: the newest of the client's cursors that is in the log."""
    oldest: int | None = None
    """With `cursor_expired`: the oldest version that the log still holds."""


_opening: Final = msgspec.json.Decoder(TailOpening, strict=True).decode
_renewal: Final = msgspec.json.Decoder(TailRenewal, strict=True).decode


def read_opening(text: str) -> TailOpening:
    """Read a client's first message. Raises MalformedRequest."""
    return _read(text, _opening)


def read_renewal(text: str) -> TailRenewal:
    """Read a client's later message. Raises MalformedRequest."""
    return _read(text, _renewal)


def _read(text: str, decoder: Callable[[bytes], T]) -> T:
    try:
        body = text.encode()
    except UnicodeEncodeError:
        raise MalformedRequest(path="$", problem="is not UTF-8") from None
    return decode(body, decoder)


# -- the place of one reader -------------------------------------------------------------------------------------------


class Batch:
    """Rows of a log in order, without a gap: what is handed to all readers of a channel, or one page of a reader.

    A frame is built once for each way of framing it, and shared.
    """

    __slots__ = ("_framed", "end", "first", "more", "rows", "size")

    def __init__(self, rows: Sequence[LogRow], *, more: bool = False) -> None:
        """Hold at least one row; `more` says whether the log goes on right behind."""
        self.rows = rows
        self.more = more
        self.first = rows[0].version
        self.end = Cursor(rows[-1].version, rows[-1].tag)
        self.size = sum(len(row.body) for row in rows)
        self._framed: dict[object, Any] = {}

    def after(self, version: int) -> "Batch":
        """Return the later part, of the rows after a version; there must be some."""
        return Batch(self.rows[version + 1 - self.first :], more=self.more)

    def framed(self, framing: Callable[["Batch"], T]) -> T:
        """Return the batch as `framing` frames it, which is asked once."""
        found: T | None = self._framed.get(framing)
        if found is None:
            found = self._framed[framing] = framing(self)
        return found


def changes_text(batch: Batch) -> str:
    """Return the frame of a batch of a club's log: the bytes of each change as they are stored."""
    joined = b",".join([row.body for row in batch.rows]).decode()
    more = "true" if batch.more else "false"
    return f'{{"type":"changes","changes":[{joined}],"timestamp":"{batch.end}","more":{more}}}'


class Phase(enum.StrEnum):
    """What a reader does."""

    CATCHING_UP = "catching up"
    LIVE = "live"


class Tail:
    """The place of one reader in a log.

    `place` is the end of what was handed over to be sent; `sent` the end of what was sent.
    """

    __slots__ = ("has_epochs", "phase", "place", "sent")

    def __init__(self, place: Cursor, *, has_epochs: bool = False) -> None:
        """Begin behind a place, catching up; with `has_epochs` a tag is that of many entries."""
        self.has_epochs = has_epochs
        self.phase = Phase.CATCHING_UP
        self.place = place
        self.sent = place

    def lay(self, page: Batch) -> None:
        """Move on by a page that was read after the place."""
        assert self.phase is Phase.CATCHING_UP, "a live reader takes batches, and reads no pages"
        assert page.first == self.place.version + 1, f"{page.first} does not follow {self.place}"
        self.place = page.end

    def go_live(self, position: Cursor) -> bool:
        """Go live where nothing lies between this place and the channel's position; return whether that is so.

        A reader may be ahead of the channel: it leaves out what it has had. At one version under two tags, the log
        is another than it was, and reading goes on until that is found out.
        """
        is_there = self.place.version > position.version or self.place == position
        is_one_epoch = not self.has_epochs or self.place.tag == position.tag
        if is_there and is_one_epoch:
            self.phase = Phase.LIVE
        return is_there and is_one_epoch

    def misses_before(self, batch: Batch) -> bool:
        """Tell whether something lies between this place and a batch."""
        return batch.first > self.place.version + 1

    def follows(self, batch: Batch) -> bool:
        """Tell whether a batch begins right behind this place."""
        return batch.first == self.place.version + 1

    def take(self, batch: Batch) -> Batch | None:
        """Return what a live reader has not had of a batch, None where that is nothing, and move on by it.

        A batch before which something is missing is not taken, and sends the reader back to catching up.
        """
        if self.phase is not Phase.LIVE or batch.end.version <= self.place.version:
            return None
        if self.misses_before(batch):
            self.fall_back()
            return None
        part = batch if self.follows(batch) else batch.after(self.place.version)
        self.place = part.end
        return part

    def begin_anew(self, place: Cursor) -> None:
        """Stand at the beginning of another epoch; a live reader stays live."""
        assert self.has_epochs, "a log has one history"
        self.place = place
        if self.phase is Phase.CATCHING_UP:
            self.sent = place

    def fall_back(self) -> None:
        """Go back to catching up from what was sent; what was handed over since is forgotten, and read again."""
        self.phase = Phase.CATCHING_UP
        self.place = self.sent
