"""Two phones record one match, both without signal; when they are back, nothing is lost and both show the same."""

import re

from playwright.async_api import expect

from tests.e2e.browser import Phones
from tests.e2e.club import OURS, THEIRS, Club, new_club, shirt, timeline_of
from tests.e2e.coach import App, begins
from tests.e2e.line import Line
from tests.waiting import until_told

STARTERS = (1, 7, 9)


async def test_two_phones_record_one_match_without_signal(phones: Phones, line: Line, address: str) -> None:
    """U1, U6, U7, U9: all of both is kept, what differs is asked, and both end with the same timeline and score."""
    async with new_club(address) as club:
        coach, helper = [App(await phones.open(line.address)) for _ in range(2)]
        await coach.sign_in(club.email)
        await helper.open(await coach.invite("Scorer"))
        await helper.sign_up("Robin", "robin@heathside.example")
        match_id = await begin_together(coach, helper)

        line.cut()
        for each, scorer in ((coach, shirt(7)), (helper, shirt(10))):
            await each.device.cut()
            await each.show("Timeline")
            await each.correct(each.entry("Goal"), Player=scorer)
            await each.show("Play")
        await coach.record("Corner", OURS)
        await helper.record("Foul", THEIRS)
        for each in (coach, helper):
            await each.goal(OURS, shirt(8))
            await each.whistle("End 1st half")
            await each.waits()
            await each.shows_score(2, 0)

        await come_back_badly(line, club, match_id, coach, helper)
        for each in (coach, helper):
            await each.shows_score(3, 0)
            await each.show("Timeline")
            await each.tap(each.page.get_by_role("link", name="A question is open about this").first)
            await expect(each.page.get_by_role("article")).to_have_count(3)
        await answer_all(coach, helper)

        for each in (coach, helper):
            await each.is_saved()
            await each.page.go_back()
            await each.shows_score(2, 0)
            await expect(each.entry("A question is open")).to_have_count(0)
        live = await club.match(match_id, "live")
        shown = await coach.timeline()
        assert len(shown) == 6
        assert shown == await helper.timeline() == timeline_of(live)
        assert (await club.match(match_id, "score"))["home"] == live["score"]["home"] == 2
        held = await club.records()
        assert await coach.records() == held
        assert await helper.records() == held


async def begin_together(coach: App, helper: App) -> str:
    """Start a match on one phone, see the first goal on the other, and return the match's id."""
    await coach.close()
    await coach.go("Matches")
    match_id = await coach.new_match(against=THEIRS)
    await coach.line_up(*[shirt(number) for number in STARTERS])
    await coach.whistle("Start 1st half")
    await coach.goal(OURS, shirt(9))
    await helper.go(re.compile(f"^Go on with the match: {OURS} 1"))
    await helper.shows_score(1, 0)
    await coach.is_saved()
    return match_id


async def come_back_badly(line: Line, club: Club, match_id: str, coach: App, helper: App) -> None:
    """Give both their signal back, and cut the line once the server has heard them and they have not heard it."""

    async def is_heard() -> bool:
        return len((await club.match(match_id, "live"))["timeline"]) == 7

    line.mend()
    line.slow(bytes_a_second=20_000)
    line.go_deaf()
    for each in (coach, helper):
        await each.device.mend()
    await until_told(is_heard)
    line.cut()
    for each in (coach, helper):
        await each.waits()
    line.mend()
    for each in (coach, helper):
        await each.is_saved()
    assert await is_heard()


async def answer_all(coach: App, helper: App) -> None:
    """Have the coach answer what the helper can only read."""
    same_goal = coach.question("The same goal, or two?")
    await expect(same_goal).to_contain_text("Robin")
    await expect(helper.question("The same goal, or two?").get_by_role("button")).to_have_count(0)
    await coach.answer(coach.question("Who scored?"), "Take Quentin Vasquez")
    await coach.answer(same_goal, "One goal: only the first")
    await coach.answer(coach.question("When did it end?"), begins("Keep"))
    await helper.is_told("Nothing to answer")
