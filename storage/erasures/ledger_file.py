"""The erasure ledger as a file: what was erased, in a place that outlives the database and every restore of it.

    one erasure a line, as JSON; appended, never rewritten; on the disk before the database commits; hashes and no name

A line that was torn (the power went) was not on the disk when its erasure would have committed, so nothing was told
done: it is reported and passed over, and the next line begins on a line of its own. Several processes may append: each
holds the file's lock for one write.
"""

import fcntl
import os
from functools import partial
from pathlib import Path
from typing import Final, Literal

import anyio.to_thread
import msgspec
from msgspec import Struct

from storage.disk import sync_path

LEDGER: Final = "erasures.jsonl"
"""The file's name, in the data folder and in backups."""
FORMAT: Final = 1
MODE: Final = 0o600

Kind = Literal["record", "user", "club"]


class LedgerUnusable(Exception):
    """The file cannot be read or written; the text says why, and what to do."""


class Entry(Struct, frozen=True, omit_defaults=True):
    """One erasure, as a line of the file."""

    erasure_id: str
    kind: Kind
    subject: str
    """Hexadecimal: of a record keyed with the club's key, of a user or a club the digest of a random id."""
    at_ms: int
    """Milliseconds since 1970."""
    club_id: str | None = None
    """None for a user, who may be in several."""
    collection: str | None = None
    names: tuple[str, ...] = ()
    """Of a record, each as the number of its words and their keyed hash."""
    version: int = 0
    """Of the change that told of it, in the log that there was then."""
    by: str | None = None
    """The id of the user who did it; None for an operator."""
    v: int = FORMAT


class Ledger(Struct, frozen=True):
    """What a file holds."""

    entries: tuple[Entry, ...]
    """In the order in which they were written, each erasure once."""
    unread: tuple[int, ...] = ()
    """Numbers of lines, from 1, that are torn or of a newer version."""


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(Entry, strict=True).decode


class LedgerFile:
    """The ledger at one path. It need not be there yet."""

    def __init__(self, path: Path) -> None:
        """Keep it at `path`."""
        self.path = path

    def read(self) -> Ledger:
        """Return what the file holds; nothing where there is none. Raises LedgerUnusable."""
        try:
            return read_lines(self.path.read_bytes())
        except FileNotFoundError:
            return Ledger(())
        except OSError as error:
            raise LedgerUnusable(f"The erasure ledger {self.path} cannot be read ({error.strerror}).") from error

    def append(self, *entries: Entry) -> None:
        """Return when erasures are in the file and on the disk. Raises LedgerUnusable; then do not commit."""
        if entries:
            self._write(b"".join(_encode(each) + b"\n" for each in entries))

    async def check(self) -> None:
        """Return where the file can be written, before anything goes that is noted last. Raises LedgerUnusable."""
        await anyio.to_thread.run_sync(self._write, b"")

    def _write(self, lines: bytes) -> None:
        try:
            self._append(lines)
        except OSError as error:
            raise LedgerUnusable(
                f"The erasure ledger {self.path} cannot be written ({error.strerror}), and nothing was erased. See to "
                "its folder, or name another file with ERASURE_LEDGER."
            ) from error

    async def note(self, *entries: Entry) -> None:
        """As `append`, beside the event loop."""
        await anyio.to_thread.run_sync(partial(self.append, *entries))

    def merge(self, *others: Path) -> int:
        """Append what other files hold and this one lacks, and return how many. Raises LedgerUnusable."""
        known = {entry.erasure_id for entry in self.read().entries}
        lacking: dict[str, Entry] = {}
        for path in others:
            lacking |= {each.erasure_id: each for each in LedgerFile(path).read().entries}
        fresh = [entry for erasure_id, entry in lacking.items() if erasure_id not in known]
        self.append(*fresh)
        return len(fresh)

    def _append(self, lines: bytes) -> None:
        folder = self.path.parent
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True)
        is_new = not self.path.exists()
        file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, MODE)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            size = os.fstat(file).st_size
            if size and os.pread(file, 1, size - 1) != b"\n":
                lines = b"\n" + lines
            while lines:
                lines = lines[os.write(file, lines) :]
            os.fsync(file)
        finally:
            os.close(file)
        if is_new:
            sync_path(folder)


def read_lines(data: bytes) -> Ledger:
    """Return what the bytes of a file say."""
    entries: dict[str, Entry] = {}
    unread: list[int] = []
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line:
            continue
        try:
            entry = _decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            unread.append(number)
            continue
        if entry.v > FORMAT:
            unread.append(number)
        else:
            entries.setdefault(entry.erasure_id, entry)
    return Ledger(tuple(entries.values()), tuple(unread))
