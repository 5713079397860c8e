"""Who starts, who comes on, and how long each has played: on the coach's phone as in the server's fold."""

from datetime import datetime, timedelta
from typing import Final

from tests.e2e.browser import Phones
from tests.e2e.club import SQUAD, THEIRS, ZONE, Club, new_club, shirt
from tests.e2e.coach import App

STARTERS: Final = (1, 4, 5, 7, 8, 9, 10)
PLAYED_MIN: Final = 20
MINUTE_MS: Final = 60_000


async def test_minutes_are_the_servers(phones: Phones, address: str) -> None:
    """U16: after a change at a corrected minute, the minutes that the app shows are those that the server folds."""
    async with new_club(address) as club:
        coach = App(await phones.open())
        await coach.sign_in(club.email)
        match_id = await coach.new_match(against=THEIRS)
        await coach.line_up(*[shirt(number) for number in STARTERS])
        await coach.whistle("Start 1st half")
        await coach.began("1st half", f"{datetime.now(ZONE) - timedelta(minutes=PLAYED_MIN):%H:%M:%S}")
        await coach.substitute(on=shirt(11), off=shirt(7))
        await coach.show("Team")
        expected = {SQUAD[number]: PLAYED_MIN for number in STARTERS} | {SQUAD[11]: 0, SQUAD[12]: 0}
        assert await coach.minutes() == expected
        await coach.is_saved()
        assert await folded(club, match_id) == {name: expected[name] for name in expected if name != SQUAD[12]}
        on = (await club.match(match_id, "live"))["on_pitch"]["home"]
        assert len(on) == len(STARTERS)

        await coach.show("Play")
        await coach.choose("Full time")
        await coach.show("Team")
        await coach.is_told("Time played, the least first.")
        assert await coach.minutes() == expected
        await coach.is_saved()
        assert (await club.match(match_id, "minutes"))["status"] == "completed"
        assert await folded(club, match_id) == {name: expected[name] for name in expected if name != SQUAD[12]}


async def folded(club: Club, match_id: str) -> dict[str, int]:
    """Return the server's minutes: name -> whole minutes."""
    names = (await club.match(match_id, "live"))["players"]
    players = (await club.match(match_id, "minutes"))["players"]
    return {names[each["player_id"]]["name"]: each["played_ms"] // MINUTE_MS for each in players}
