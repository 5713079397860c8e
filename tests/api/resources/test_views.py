"""Kept answers: never stale, made once however many ask, bounded in bytes, and 304 for whoever has them."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Response
from litestar.testing import RequestFactory

from api.errors import NotFound
from api.resources.views import ENTRY_BYTES, View, Views, is_known
from football.collections import CATALOGUE
from storage.memory import MemoryStore
from tests.api.people import Clock
from tests.contract.plans import CLUB, CLUB_2, KEY, TEAM, record, save


class Kitchen:
    """Makes views, and counts how often."""

    def __init__(self) -> None:
        self.made = 0
        self.bodies = [b"one", b"two", b"three"]
        self.fresh_until_ms: int | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def make(self) -> View:
        """Return the next body."""
        await self.gate.wait()
        body = self.bodies[self.made % len(self.bodies)]
        self.made += 1
        return View(body, self.fresh_until_ms)


Ask = Callable[..., Awaitable[Response[bytes]]]


@pytest.fixture
async def store() -> MemoryStore:
    """Give a store with two clubs."""
    store = MemoryStore(CATALOGUE)
    for club_id in (CLUB, CLUB_2):
        await store.create_club(club_id, hash_key=KEY)
    return store


@pytest.fixture
def clock() -> Clock:
    """Give a clock that stands still."""
    return Clock()


@pytest.fixture
def views(store: MemoryStore, clock: Clock) -> Views:
    """Give views with room for some small answers."""
    return Views(store, clock=clock.now_ms, bytes_max=20 * (ENTRY_BYTES + 10))


async def ask(
    views: Views, kitchen: Kitchen, *, club_id: str = CLUB, name: str = "live", etag: str = ""
) -> Response[bytes]:
    """Ask for a view."""
    request = RequestFactory().get("/", headers={"if-none-match": etag} if etag else {})
    return await views.answer(request, club_id, name, kitchen.make)


async def test_it_is_kept_until_the_club_changes(store: MemoryStore, views: Views) -> None:
    """Asked twice it is made once; any write of the club makes it anew, and other clubs' writes change nothing."""
    kitchen = Kitchen()
    assert [(await ask(views, kitchen)).content for _ in range(3)] == [b"one"] * 3
    await save(store, club_id=CLUB_2, records=[record("teams", TEAM, {"name": "Reds"})])
    assert (await ask(views, kitchen)).content == b"one"
    await save(store, records=[record("teams", TEAM, {"name": "Reds"})])
    assert (await ask(views, kitchen)).content == b"two"
    assert views.statistics()[2:] == (3, 2)


async def test_a_restore_is_a_change(store: MemoryStore, views: Views) -> None:
    """The same version of another history has another tag: what was kept under it is not told."""
    kitchen = Kitchen()
    backup = store.clubs[CLUB].copy()
    await save(store, records=[record("teams", TEAM, {"name": "Reds"})])
    head = await store.head(CLUB)
    assert (await ask(views, kitchen)).content == b"one"
    store.clubs[CLUB] = backup
    await save(store, records=[record("teams", TEAM, {"name": "Blues"})])
    state = store.clubs[CLUB]
    state.club = type(state.club)(
        head=head.cursor._replace(tag="f" * 16), clock=state.club.clock, oldest=1, hash_key=state.club.hash_key
    )
    assert (await store.head(CLUB)).cursor.version == head.cursor.version
    assert (await ask(views, kitchen)).content == b"two"


async def test_names_and_clubs_are_apart(views: Views) -> None:
    """One club's view is never another's, nor one name's another's."""
    kitchen = Kitchen()
    asked = [{"name": "a"}, {"name": "b"}, {"name": "a", "club_id": CLUB_2}]
    assert [(await ask(views, kitchen, **each)).content for each in asked] == [b"one", b"two", b"three"]
    assert [(await ask(views, kitchen, **each)).content for each in asked] == [b"one", b"two", b"three"]


async def test_what_changes_with_the_time(views: Views, clock: Clock) -> None:
    """A fold that holds until a moment is made anew from that moment on."""
    kitchen = Kitchen()
    kitchen.fresh_until_ms = clock.now_ms() + 60_000
    clock.turn(s=59.999)
    assert (await ask(views, kitchen)).content == b"one"
    assert (await ask(views, kitchen)).content == b"one"
    clock.turn(s=0.001)
    assert (await ask(views, kitchen)).content == b"two"


async def test_many_at_once_make_it_once(views: Views) -> None:
    """Single flight: a hundred readers wait for the one that makes it, and a reader that leaves does not stop it."""
    kitchen = Kitchen()
    kitchen.gate.clear()
    readers = [asyncio.create_task(ask(views, kitchen)) for _ in range(100)]
    await asyncio.sleep(0)
    readers[0].cancel()
    kitchen.gate.set()
    answers = await asyncio.gather(*readers, return_exceptions=True)
    assert kitchen.made == 1
    assert isinstance(answers[0], asyncio.CancelledError)
    assert {each.content for each in answers[1:] if isinstance(each, Response)} == {b"one"}


async def test_an_error_is_everybodys_and_is_not_kept(views: Views) -> None:
    """What cannot be made is refused to all who wait, and tried anew at the next asking."""
    kitchen = Kitchen()

    async def fail() -> View:
        await asyncio.sleep(0)
        raise NotFound

    request = RequestFactory().get("/")
    answers = await asyncio.gather(
        *(views.answer(request, CLUB, "live", fail) for _ in range(3)), return_exceptions=True
    )
    assert [type(each) for each in answers] == [NotFound] * 3
    assert (await ask(views, kitchen)).content == b"one"


async def test_no_such_club(views: Views) -> None:
    """A club that is not there is a LookupError, and nothing is made."""
    kitchen = Kitchen()
    with pytest.raises(LookupError):
        await ask(views, kitchen, club_id=TEAM)
    assert kitchen.made == 0


async def test_it_is_bounded_in_bytes(views: Views) -> None:
    """The least recently read leave first; the count of bytes is that of what is kept; the very large is not kept."""
    kitchen = Kitchen()
    kitchen.bodies = [b"x" * 10]
    for number in range(20):
        await ask(views, kitchen, name=str(number))
    await ask(views, kitchen, name="0")
    await ask(views, kitchen, name="20")
    assert views.statistics()[:2] == (20, 20 * (ENTRY_BYTES + 10))
    made = kitchen.made
    await ask(views, kitchen, name="0")
    assert kitchen.made == made
    await ask(views, kitchen, name="1")
    assert kitchen.made == made + 1
    kitchen.bodies = [b"x" * 20_000]
    assert (await ask(views, kitchen, name="large")).content == b"x" * 20_000
    assert views.statistics().entries == 20


async def test_the_client_has_it(store: MemoryStore, views: Views) -> None:
    """304 while the bytes are the same, whatever else was written in the club; another ETag once they differ."""
    kitchen = Kitchen()
    kitchen.bodies = [b"one", b"one", b"two"]
    first = await ask(views, kitchen)
    etag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "private, no-cache"
    await save(store, records=[record("teams", TEAM, {"name": "Reds"})])
    for text in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        same = await ask(views, kitchen, etag=text)
        assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", etag)
    await save(store, records=[record("teams", TEAM, {"name": "Blues"})])
    other = await ask(views, kitchen, etag=etag)
    assert (other.status_code, other.content) == (None, b"two")
    assert other.headers["ETag"] != etag


@given(st.text(max_size=40))
def test_no_other_text_names_an_etag(text: str) -> None:
    """Whatever a client sends, only the tag itself, a list with it, or `*` counts as having it."""
    assert is_known(text, '"0123456789ab"') == (text.strip() == "*")
