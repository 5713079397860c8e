"""The access matrix: every operation, by everybody, with every id; with both walls, and with each alone."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from unittest.mock import Mock

import pytest

from api import errors
from api.identity.access import DECIDERS, MEMBERS
from football.collections import CATALOGUE
from tests.api.people import START_MS
from tests.security.conftest import Site
from tests.security.contract import Operation
from tests.security.filters import Filters
from tests.security.matrix import ASKING, Asker, cell_of, expected, pairs, plain
from tests.security.policy import rule_of
from tests.security.wire import Answer
from tests.security.world import REMOVED, WHO

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(180)]

CELLS_MIN = 2_000


def wrong_declarations(site: Site) -> list[str]:
    """Return the routes that declare another access than the policy's."""
    found = []
    for operation in site.contract.operations:
        rule = rule_of(operation.method, operation.path)
        if rule is None:
            found.append(f"{operation}: no row of policy.py fits")
            continue
        declared = operation.opt["access"], operation.opt.get("scope") == "match"
        if declared != ("public" if rule.roles is None else rule.roles, rule.has_link):
            found.append(f"{operation}: declares {declared}")
    return found


async def test_every_route_declares_what_the_policy_says(site: Site) -> None:
    """Two lists made by two hands agree: what routes declare, and who may do what by address."""
    assert wrong_declarations(site) == []


async def test_a_wrong_declaration_is_found(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: a route that lets viewers in where coaches decide."""
    route = next(each for each in site.contract.operations if each.opt["access"] == DECIDERS["access"])
    monkeypatch.setitem(route.opt, "access", MEMBERS["access"])
    assert [each.partition(":")[0] for each in wrong_declarations(site)] == [str(route)]


async def test_everybody_at_every_door(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever may not is told so and changes nothing; whoever may is let in; nobody hears of another club."""
    asker = Asker(site, site.red, site.blue)
    wrong: list[str] = []
    good: Counter[str] = Counter()
    before = await site.behind.dump(site.red.club_id)
    theirs = await site.behind.dump(site.blue.club_id)
    for operation in site.contract.operations:
        for who in WHO:
            answer, denied = await asker.ask(cell_of(operation, site.red, who)), expected(operation, who).denied
            if is_wrong(answer, operation, denied):
                wrong.append(f"{who}: {operation}: {answer.status} {answer.code}, not {denied or 'let in'}")
            good[str(operation)] += answer.status < 300
            if not operation.is_read and (denied is None or (who == REMOVED and operation.opt.get("ended"))):
                await site.behind.put_back()
        if await site.behind.dump(site.red.club_id) != before:
            wrong.append(f"{operation}: somebody who was refused changed the club")
            await site.behind.put_back()
    assert wrong == []
    assert asker.leaks == []
    assert await site.behind.dump(site.blue.club_id) == theirs
    assert asker.count >= CELLS_MIN
    assert {name for name, number in good.items() if not number} == UNREACHED
    assert [record.message for record in caplog.records if record.name == "asyncio"] == []


UNREACHED = {
    "POST /api/matches/{match_id}/periods/{number}/resume",  # nothing is paused in the world
}
"""Operations that nobody of the matrix gets right: their refusals are seen, and no answer of theirs."""


def is_wrong(answer: Answer, operation: Operation, denied: tuple[int, str] | None) -> bool:
    """Tell whether an answer is not what the policy says."""
    if denied is not None:
        return (answer.status, answer.code) != denied
    is_shut_out = answer.status in {401, 404} and operation.opt["access"] != "public"
    return is_shut_out or answer.status >= 500


async def test_what_arrives_after_an_end_changes_no_record(site: Site) -> None:
    """A removed member's push is refused and kept aside: no record of the club is another one for it (U26)."""
    operation = next(each for each in site.contract.operations if each.opt.get("ended"))
    before = await site.behind.dump(site.red.club_id, schema="grassroots")
    answer = await Asker(site, site.red, site.blue).ask(cell_of(operation, site.red, REMOVED))
    assert (answer.status, answer.code) == (403, "access_ended")
    assert await site.behind.dump(site.red.club_id, schema="grassroots") == before
    await site.behind.put_back()


async def foreign_ids(site: Site, asking: tuple[str, ...] = ("owner",)) -> tuple[list[str], Asker]:
    """Try the second club's ids at every place where an id may stand; return what was wrong, and who asked."""
    asker = Asker(site, site.red, site.blue)
    wrong: list[str] = []
    theirs = await site.behind.dump(site.blue.club_id)
    for who in asking:
        for pair in pairs(site, site.red, site.blue, who):
            answers = []
            for cell in (pair.foreign, pair.absent):
                answers.append(await asker.ask(cell))
                if cell.operation.is_read:
                    continue
                if cell is pair.foreign and await site.behind.dump(site.blue.club_id) != theirs:
                    wrong.append(f"{cell}: changed the other club")
                if answers[-1].status < 400:
                    await site.behind.put_back()
            if plain(answers[0]) != plain(answers[1]):
                wrong.append(f"{pair.foreign}: {plain(answers[0])}, and {plain(answers[1])} for an id of nobody")
            if answers[0].status >= 500:
                wrong.append(f"{pair.foreign}: {answers[0].status}")
    return [*wrong, *asker.leaks], asker


async def test_another_clubs_id_is_an_id_of_nobody(site: Site) -> None:
    """In the address, the query and the body: same status and same body as for an id that nobody has; no row moves."""
    wrong, asker = await foreign_ids(site, ASKING)
    assert wrong == []
    assert asker.count >= CELLS_MIN


@asynccontextmanager
async def only(site: Site, *, filters: bool, policies: bool) -> AsyncIterator[Filters]:
    """Switch walls off for a while; connections begin anew, since drivers keep statements as they were prepared."""
    rewriting = Filters()
    await site.behind.set_policies(on=policies)
    await site.behind.hang_up()
    try:
        with nullcontext() if filters else rewriting.switched_off():
            yield rewriting
    finally:
        await site.behind.hang_up()
        await site.behind.put_back()
        await site.behind.set_policies(on=True)


async def test_row_policies_hold_alone(site: Site) -> None:
    """With the application's own filters by club switched off, PostgreSQL's row policies let nothing through."""
    async with only(site, filters=False, policies=True) as filters:
        wrong, _ = await foreign_ids(site)
    assert wrong == []
    assert len(filters.off) >= FILTERS_MIN, sorted(filters.off)


FILTERS_MIN = 40
"""Statements whose filter was switched off at least: a change of how SQL is spelled must not empty the suite."""


async def test_the_filters_hold_alone(site: Site) -> None:
    """With the row policies switched off, the application's own filters let nothing through."""
    async with only(site, filters=True, policies=False):
        wrong, _ = await foreign_ids(site)
    assert wrong == []


async def test_without_either_wall_the_suite_fails(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: neither filters nor policies. What finds nothing then, proves nothing."""
    monkeypatch.setattr(errors, "_log", Mock())  # what breaks then is no news, and telling it takes seconds
    async with only(site, filters=False, policies=False):
        wrong, _ = await foreign_ids(site)
    found = {each.partition(": ")[2].partition(" with")[0].partition(":")[0] for each in wrong}
    assert len(found) >= FOUND_MIN, sorted(found)


FOUND_MIN = 20
"""Operations at which the missing walls show."""


async def test_pushed_ids_of_another_club_are_ones_own(site: Site) -> None:
    """A put, a delete and a restore of the other club's records touch the pushing club alone."""
    theirs = await site.behind.dump(site.blue.club_id)
    taken = [(name, site.blue.ids[name]) for name in CATALOGUE.collections]
    for op in ("put", "delete", "restore"):
        mutations = [
            {"n": 2_000 + n, "wall": START_MS, "collection": name, "record": record, "op": op}
            | ({"fields": {"notes": "taken"}} if op == "put" else {})
            for n, (name, record) in enumerate(taken)
        ]
        body = {"device_id": site.red.said["owner"]["device_id"], "sent_at": START_MS, "mutations": mutations}
        answer = await site.red.ask("owner", "POST", "/api/sync/push", body)
        assert answer.status == 200, answer
        assert site.blue.mark.encode() not in answer.body
        assert await site.behind.dump(site.blue.club_id) == theirs
        await site.behind.put_back()
