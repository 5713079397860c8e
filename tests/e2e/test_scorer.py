"""A volunteer without an account scores one match by a link, with and without signal, until the coach ends it."""

from playwright.async_api import expect

from tests.e2e.browser import Phones
from tests.e2e.club import OURS, THEIRS, new_club, shirt, timeline_of
from tests.e2e.coach import App, begins


async def test_a_volunteer_scores_by_link(phones: Phones, address: str) -> None:
    """U27: a link opened on a fresh phone records one match; the coach sees it live, and ends the link."""
    async with new_club(address) as club:
        coach, volunteer = [App(await phones.open()) for _ in range(2)]
        await coach.sign_in(club.email)
        match_id = await coach.new_match(against=THEIRS)
        await coach.line_up(shirt(1), shirt(7), shirt(9))
        link = await coach.let_score()

        await volunteer.open(link)
        await volunteer.field("Your name").fill("Pat")
        await volunteer.tap("Start")
        assert await volunteer.match_id() == match_id
        await volunteer.whistle("Start 1st half")
        await volunteer.goal(OURS, shirt(9))
        await volunteer.is_saved()
        await coach.close()
        await coach.close()
        await coach.shows_score(1, 0)

        await volunteer.device.cut()
        await volunteer.goal(THEIRS)
        await volunteer.substitute(on=shirt(12), off=shirt(7))
        await volunteer.goal(OURS, shirt(12))
        await volunteer.waits()
        await volunteer.page.reload()
        await volunteer.shows_score(2, 1)
        await volunteer.device.mend()
        await volunteer.is_saved()
        await coach.shows_score(2, 1)
        await coach.show("Timeline")
        await expect(coach.entry("Goal")).to_have_count(3)
        await volunteer.show("Timeline")
        assert await coach.timeline() == await volunteer.timeline() == timeline_of(await club.match(match_id, "live"))

        volunteer.device.expect("status of 403")
        await coach.tap("Share")
        await coach.tap(begins("Let somebody score"))
        await expect(coach.sheet).to_contain_text("Pat")
        await coach.end_scoring()
        await volunteer.is_told("This link has ended")
        await volunteer.open("/")
        await volunteer.is_told("No matches yet")
        assert await volunteer.page.evaluate("document.cookie") == ""
