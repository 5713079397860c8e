"""Pushes that share a transaction are answered, and leave all as it is, as if each had come alone."""

from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from typing import Any

import pytest
from msgspec.structs import asdict

import storage.engine
from football.collections import CATALOGUE
from storage.memory import MemoryLedger, MemoryStore
from sync.book import Alike, Book, Needs, Plan
from sync.messages import encode
from sync.records import Record, looked_at
from tests.contract.scripts import Script, told_by
from tests.harness import Site
from tests.stores import MemoryStand, Stand

ROUNDS = 50
SEEDS = range(8)


@pytest.fixture(params=[1, 6, 10_000])
def part(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Write a part of a transaction after so many changes: after each push, after a few, or all at its end."""
    monkeypatch.setattr(storage.engine, "PART_CHANGES", request.param)
    changes: int = request.param
    return changes


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.usefixtures("part")
async def test_a_round_is_answered_as_its_pushes_one_by_one(stand: Stand, seed: int) -> None:
    """Verdicts, stamps, refusals, log, tables and conflicts are the same, wherever the round is cut into parts."""
    alone, together = await Site(MemoryStand(CATALOGUE)).open(), await Site(stand).open()
    script = Script(seed)
    played = [await script.round(alone, together) for _ in range(ROUNDS)]
    assert max(played) > 2
    one_by_one, joined = await told_by(alone), await told_by(together)
    for name, told in one_by_one.items():
        assert encode(joined[name]) == encode(told), f"seed {seed}: {name}"


class CheckedStore(MemoryStore):
    """A store that holds each book that was carried over against the same book loaded afresh."""

    def __init__(self) -> None:
        super().__init__(CATALOGUE)
        self.checked = 0

    @asynccontextmanager
    async def writing(
        self, club_id: str, device_ids: Collection[str], *, overdue_before_ms: int
    ) -> AsyncGenerator[MemoryLedger]:
        """Open a transaction whose ledger checks its book."""
        async with super().writing(club_id, device_ids, overdue_before_ms=overdue_before_ms) as ledger:
            checked = _CheckedLedger(CATALOGUE, ledger.state, ledger.book, {})
            yield checked
            if checked.saved:
                self.checked += 1
                await checked.check()


class _CheckedLedger(MemoryLedger):
    saved = 0

    def __init__(self, *given: Any) -> None:  # noqa: ANN401 - what a ledger takes
        super().__init__(*given)
        self.asked = Needs()

    async def load(self, needs: Needs) -> None:
        """Load, and note what was loaded."""
        self.asked.add(needs)
        await super().load(needs)

    async def save(self, plan: Plan, bodies: Any) -> None:  # noqa: ANN401 - the changes' bytes
        """Save, once the book is seen to be right after the part before."""
        if self.saved:
            await self.check()
        self.saved += 1
        await super().save(plan, bodies)

    async def check(self) -> None:
        """Compare the book with one that is loaded now."""
        fresh = MemoryLedger(CATALOGUE, self.state, Book(self.state.club), {})
        await fresh.load(self.asked)
        carried, loaded = _comparable(self.book), _comparable(fresh.book)
        # Of devices that pushed the carried book knows more than what was asked for.
        carried["authors"] = {each: self.book.authors[each] for each in fresh.book.authors}
        carried["outcomes"] = {
            device_id: {n: self.book.outcomes[device_id].get(n) for n in found}
            for device_id, found in fresh.book.outcomes.items()
        }
        for name, told in loaded.items():
            assert carried[name] == told, name


def _comparable(book: Book) -> dict[str, Any]:
    """Return a book's parts without what depends on the order of loading."""
    parts = asdict(book)
    del parts["devices"], parts["overdue"]  # opened with, not loaded
    parts["waiting"] = {what: sorted(found, key=lambda each: each.order) for what, found in book.waiting.items()}
    parts["groups"] = {
        group: (
            sorted(state.parked, key=lambda each: each.order),
            sorted(state.outcomes, key=lambda each: (each.device_id, each.n)),
        )
        for group, state in book.groups.items()
    }
    parts["children"] = {asked: sorted(found, key=lambda each: each.key) for asked, found in book.children.items()}
    parts["alike"] = {
        asked: sorted((each for each in found if _is_candidate(asked, each)), key=lambda each: each.key)
        for asked, found in book.alike.items()
    }
    return parts


def _is_candidate(asked: Alike, record: Record) -> bool:
    """Tell whether a rule looks at a record that was found: others are passed over by whoever reads them."""
    collection = CATALOGUE.collections[asked.collection]
    rule = next(each for each in collection.duplicates if each.name == asked.rule)
    values = looked_at(collection, rule, record)
    return rule.applies(values) and rule.values_of(values) == asked.values


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.usefixtures("part")
async def test_a_book_carried_over_is_the_book_that_is_loaded(seed: int) -> None:
    """After each part of a transaction the book says what a store says once the part is written."""
    stand = MemoryStand(CATALOGUE)
    stand.store = stand.memory = store = CheckedStore()
    alone, together = await Site(MemoryStand(CATALOGUE)).open(), await Site(stand).open()
    script = Script(seed)
    for _ in range(ROUNDS):
        await script.round(alone, together)
    assert store.checked > ROUNDS // 2
