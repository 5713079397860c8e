"""The erasure ledger as a file: what was appended is there, whatever happened around it."""

import stat
import threading
from pathlib import Path

import msgspec
import pytest

from storage.erasures.ledger_file import Entry, Ledger, LedgerFile, LedgerUnusable

AT_MS = 1_790_000_000_000


def entry(number: int) -> Entry:
    """Return an erasure of a record."""
    return Entry(f"erasure-{number}", "record", f"{number:032x}", AT_MS, "club", "players", ("2." + "ab" * 16,), number)


def test_what_is_appended_is_read_in_its_order(tmp_path: Path) -> None:
    """All of it, through another opening; for its owner's eyes alone."""
    path = tmp_path / "kept" / "erasures.jsonl"
    LedgerFile(path).append(entry(1))
    LedgerFile(path).append(entry(2), entry(3))
    assert LedgerFile(path).read().entries == (entry(1), entry(2), entry(3))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes().count(b"\n") == 3


def test_there_may_be_no_file(tmp_path: Path) -> None:
    """Nothing was erased yet; and reading makes none."""
    ledger = LedgerFile(tmp_path / "erasures.jsonl")
    assert ledger.read().entries == ()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kept", range(1, 20, 3))
def test_a_torn_line_is_told_and_passed_over(tmp_path: Path, kept: int) -> None:
    """Cut at any byte, what stands before is read, and the next erasure begins a line of its own."""
    ledger = LedgerFile(tmp_path / "erasures.jsonl")
    ledger.append(entry(1))
    with ledger.path.open("ab") as file:
        file.write(msgspec.json.encode(entry(2))[:kept])
    assert ledger.read() == Ledger((entry(1),), (2,))
    ledger.append(entry(3))
    assert ledger.read() == Ledger((entry(1), entry(3)), (2,))


def test_a_newer_version_s_line_is_told(tmp_path: Path) -> None:
    """It is not taken for an erasure of this version, and stops none."""
    ledger = LedgerFile(tmp_path / "erasures.jsonl")
    ledger.append(entry(1), msgspec.structs.replace(entry(2), v=2), entry(3))
    assert ledger.read() == Ledger((entry(1), entry(3)), (2,))


def test_what_others_hold_is_taken_over_once(tmp_path: Path) -> None:
    """The copy of a backup, and one of another folder; each erasure once, however often it is merged."""
    one, two, three = (LedgerFile(tmp_path / name) for name in ("one", "two", "three"))
    one.append(entry(1), entry(2))
    two.append(entry(2), entry(3))
    three.append(entry(3), entry(4))
    assert one.merge(two.path, three.path, tmp_path / "none") == 2
    assert one.merge(two.path, three.path) == 0
    assert one.read().entries == tuple(entry(number) for number in range(1, 5))


def test_several_append_at_once(tmp_path: Path) -> None:
    """No line is mixed with another's."""
    path = tmp_path / "erasures.jsonl"

    def append(worker: int) -> None:
        for number in range(10):
            LedgerFile(path).append(entry(worker * 100 + number))

    threads = [threading.Thread(target=append, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = LedgerFile(path).read()
    assert (len(found.entries), found.unread) == (40, ())


async def test_what_cannot_be_kept_is_not_done(tmp_path: Path) -> None:
    """Whoever erases is told before they commit."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LedgerUnusable, match="and nothing was erased"):
        await LedgerFile(tmp_path / "file" / "erasures.jsonl").note(entry(1))
    with pytest.raises(LedgerUnusable, match="cannot be read"):
        LedgerFile(tmp_path).read()
