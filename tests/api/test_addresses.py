"""Spellings of addresses: one thing has one address, whatever else the framework would read as the same."""

from urllib.parse import quote

import pytest

from tests.api.matchday import small_match
from tests.api.people import Person, code_of

pytestmark = pytest.mark.postgres


async def test_an_id_has_one_spelling(coach: Person) -> None:
    """Letters of either case are taken; without hyphens, in braces or as a URN it is the address of nothing."""
    match_id = (await small_match(coach)).match_id
    for good in (match_id, match_id.upper()):
        assert (await coach.ask("GET", f"/api/matches/{good}")).status_code == 200
    for bad in (match_id.replace("-", ""), f"{{{match_id}}}", f"urn:uuid:{match_id}", f"{match_id[:8]}{match_id[9:]}-"):
        for method, more in (("GET", ""), ("GET", "/periods"), ("DELETE", "")):
            answer = await coach.ask(method, f"/api/matches/{quote(bad)}{more}")
            assert code_of(answer) == (404, "not_found"), bad
    assert (await coach.ask("GET", f"/api/matches/{match_id}")).status_code == 200


async def test_a_number_has_one_spelling(coach: Person) -> None:
    """ASCII digits without a zero before them; of another script, with a sign or an underscore it is nothing."""
    periods = f"/api/matches/{(await small_match(coach)).match_id}/periods"
    times = {"started_at": "2026-11-22T14:02:03.004Z"}
    assert (await coach.ask("PUT", f"{periods}/3", json=times)).status_code == 200
    for bad in ("\u0663", "\uff13", "03", "+3", "0_3", "3.0", " 3"):
        answer = await coach.ask("PUT", f"{periods}/{quote(bad)}", json=times)
        assert code_of(answer) == (404, "not_found"), bad
    assert (await coach.ask("PUT", f"{periods}/3/pauses/\u0661", json=times)).status_code == 404
    assert (await coach.ask("PUT", f"{periods}/3/pauses/1", json=times)).status_code == 200


async def test_an_id_in_a_body_is_spelled_the_same(coach: Person) -> None:
    """In a body too only the case of its letters is free."""
    match_id = (await small_match(coach)).match_id
    bodies = ({"id": match_id.upper()}, {"id": match_id.replace("-", "")}, {"id": f"{{{match_id}}}"})
    found = [(await coach.ask("PATCH", f"/api/matches/{match_id}", json=body)).status_code for body in bodies]
    assert found == [200, 400, 400]


async def test_null_is_no_choice(coach: Person) -> None:
    """A choice is left out by leaving it out: `null` is none, in whatever letters, of a report and of an export."""
    match_id = (await small_match(coach)).match_id
    season_id = (await coach.get("/api/seasons"))["seasons"][0]["id"]
    for path in (f"/api/matches/{match_id}/report?score=", f"/api/seasons/{season_id}/export?table="):
        for word in ("null", "NULL", "none", ""):
            assert code_of(await coach.ask("GET", f"{path}{word}")) == (400, "malformed"), (path, word)
        assert (await coach.ask("GET", path.partition("?")[0])).status_code == 200
