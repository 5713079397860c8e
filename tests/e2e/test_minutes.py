"""Who starts, who comes on, and how long each has played: on the coach's phone as in the server's fold."""

from datetime import datetime, timedelta
from typing import Final

from playwright.async_api import expect

from tests.e2e.browser import Phones
from tests.e2e.club import SQUAD, THEIRS, ZONE, new_club, shirt
from tests.e2e.coach import App

STARTERS: Final = (1, 4, 5, 7, 8, 9, 10)
PLAYED_MIN: Final = 20


async def test_minutes_are_the_servers(phones: Phones, address: str) -> None:
    """U16: after a change at a corrected minute, the minutes that the app shows are those that the server folds."""
    async with new_club(address) as club:
        coach = App(await phones.open())
        await coach.sign_in(club.email)
        match_id = await coach.new_match(against=THEIRS)
        await coach.line_up(*[shirt(number) for number in STARTERS])
        await coach.whistle("Start 1st half")
        await coach.began_earlier("1st half", minutes=PLAYED_MIN)
        await coach.substitute(on=shirt(11), off=shirt(7))
        await coach.is_told(f"Substitution, 11 Ferelith Q on for 7 Quentin V, {PLAYED_MIN + 1}'")
