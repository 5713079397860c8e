"""The merge, by example: the greater rank stands, and an unseen loser of another device is kept."""

import pytest

from sync.merge import Author, Laid, Origin, lay
from sync.records import Write
from sync.stamps import make_stamp
from tests.builders import A, B, C


def write(value: object, clock: int, device_id: str = A, *, n: int = 1, version: int = 1, also: object = ()) -> Write:
    """Return a write."""
    return Write(value, make_stamp(clock, device_id), version, n, also)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def author(device_id: str, *, n: int = 1, base: int = 0, origins: tuple[Origin, ...] = ()) -> Author:
    """Return an author."""
    return Author(device_id, n, base, origins)


def test_the_first_write_stands() -> None:
    """A field that nobody wrote takes any write."""
    new = write("x", 5)
    assert lay(None, new, author(A)) == Laid(stands=new, is_logged=True)


@pytest.mark.parametrize("base", [0, 1])
def test_the_greater_stamp_stands_whatever_was_seen(base: int) -> None:
    """Stamps alone rank writes; the base decides only whether a person is asked."""
    stored, new = write("x", 5, A), write("y", 6, B, version=2)
    laid = lay(stored, new, author(B, base=base))
    assert (laid.stands, laid.is_logged) == (new, True)
    assert laid.loses == (stored if base == 0 else None)


def test_the_lesser_stamp_loses_and_is_kept() -> None:
    """An old offline edit that arrives late does not stand; its author is asked about it."""
    stored, new = write("x", 6, A), write("y", 5, B, version=2)
    assert lay(stored, new, author(B)) == Laid(stands=stored, is_logged=False, loses=new)


def test_a_loser_to_another_device_is_asked_even_where_seen() -> None:
    """Its stamp had to be kept below a later mutation of its own device: a conflict even if its base had seen it."""
    stored, new = write("x", 6, A), write("y", 5, B, version=2)
    assert lay(stored, new, author(B, base=9)).loses == new


def test_an_authors_own_earlier_write_counts_as_seen() -> None:
    """A device never conflicts with itself, in either order."""
    first, second = write("x", 5, n=1), write("y", 6, n=2, version=2)
    assert lay(first, second, author(A, n=2)).loses is None
    assert lay(second, first, author(A, n=1)).loses is None


def test_between_equal_stamps_of_one_device_n_decides() -> None:
    """The write n = 1 that was kept at the stamp of n = 2 does not stand."""
    first, second = write("x", 5, n=1), write("y", 5, n=2)
    assert lay(second, first, author(A, n=1)).stands == second
    assert lay(first, second, author(A, n=2)).stands == second


@pytest.mark.parametrize(("n", "is_asked"), [(3, False), (4, True)])
def test_an_old_identitys_writes_up_to_the_shared_n_are_own(n: int, is_asked: bool) -> None:
    """After a fork the old device's writes up to the last shared n count as the author's own, later ones do not."""
    laid = lay(write("x", 5, A, n=n), write("y", 6, B), author(B, origins=(Origin(A, 3),)))
    assert (laid.loses is not None) == is_asked


@pytest.mark.parametrize("clock", [4, 6])
def test_writing_the_value_that_stands_never_conflicts(clock: int) -> None:
    """It is a write like any other: it takes a version, the greater stamp stays, and both count as having seen it."""
    laid = lay(write("x", 5, A, version=1), write("x", clock, B, n=7, version=2), author(B))
    assert (laid.is_logged, laid.loses, laid.is_lost) == (True, None, False)
    assert laid.stands.stamp == max(make_stamp(5, A), make_stamp(clock, B))
    assert laid.stands.version == 2
    for device_id in (A, B):
        assert lay(laid.stands, write("y", 9, device_id, version=3), author(device_id, n=9)).loses is None
    assert lay(laid.stands, write("y", 9, C, version=3), author(C)).loses == laid.stands


def test_also_is_no_longer_than_the_list_of_devices() -> None:
    """However often a value is confirmed, the list of those who know it is as long as the list of devices."""
    stands = write("x", 1, A, n=5)
    for n, device_id in enumerate((B, C, B, C, B), start=6):
        stands = lay(stands, write("x", n, device_id, n=n), author(device_id, n=n)).stands
    assert stands.device_id == B
    assert [device_id for device_id, _ in stands.also] == [A, C]


def test_an_origin_covers_a_confirmed_value() -> None:
    """The old identity wrote the value, somebody confirmed it: the relabelled author still knows it."""
    stands = lay(write("x", 1, A, n=2), write("x", 2, C), author(C)).stands
    assert lay(stands, write("y", 3, B), author(B, origins=(Origin(A, 2),))).loses is None
