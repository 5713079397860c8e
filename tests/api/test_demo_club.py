"""The demo club: a new server opens with a season that is whole, and whose every figure is a fold."""

import time
from collections.abc import Mapping
from typing import Any

import pytest

from api.app import Services
from api.demo.season import label_of, saturday_ms, season
from api.demo.squads import FIXTURES, NEXT, OWN, PLAYERS
from api.identity.demo import DEMO_EMAIL
from api.serving import make_demo
from football.collections import CATALOGUE
from football.facts import MatchFacts, gather
from football.minutes import crowds_of
from football.recording import as_view
from football.scoreboard import score_of
from football.stats import match_ms, result_of, tallies, team_record
from football.status import Status, status_of
from football.vocabulary import players_max
from storage.accounts import Membership
from sync.collections import CONFLICTS, instant_ms
from sync.device import Device, DeviceState
from sync.messages import PullQuery
from tests.api.people import START_MS, some_id

DAY_MS = 24 * 3_600_000
NINE = players_max("U12")

View = Mapping[str, Mapping[str, Mapping[str, Any]]]


async def the_club(services: Services) -> Membership:
    """Return the demo club, made if need be."""
    await make_demo(services)
    account = await services.accounts.find_by_email(DEMO_EMAIL)
    assert account is not None
    (club,) = await services.accounts.memberships(account.user_id)
    return club


async def seen(services: Services, club: Membership) -> Device:
    """Return a fresh phone of the club that has pulled everything."""
    phone = Device(CATALOGUE, DeviceState(some_id()))
    more = True
    while more:
        query: PullQuery = phone.pull_query()
        answer = await services.engine.pull(club.club_id, query)
        phone.pulled(query, answer)
        more = answer.more
    return phone


def matches_of(view: View) -> list[MatchFacts]:
    """Return the matches, the first first."""
    found = [gather(view, match_id) for match_id in view["matches"]]
    return sorted(found, key=lambda facts: str(facts.match["kickoff_ts"]))


@pytest.mark.postgres
async def test_a_new_server_opens_with_a_season(services: Services) -> None:
    """It is written as a phone writes it: all of it is applied, nothing is parked, refused or to be answered."""
    club = await the_club(services)
    phone = await seen(services, club)
    view = phone.view()
    assert phone.conflicts() == []
    assert view.get(CONFLICTS, {}) == {}
    written = as_view(season(seed=f"demo club {club.club_id}", now_ms=START_MS))
    assert {name: set(records) for name, records in view.items() if records} == {
        name: set(records) for name, records in written.items()
    }
    for name, records in written.items():
        for record, fields in records.items():
            assert fields.items() <= view[name][record].items(), (name, record)


@pytest.mark.postgres
async def test_it_is_filled_once(services: Services) -> None:
    """The next start changes nothing, whatever has become of the season by then."""
    club = await the_club(services)
    before = await services.engine.timestamp(club.club_id)
    await make_demo(services)
    assert (await services.engine.timestamp(club.club_id)).timestamp == before.timestamp


@pytest.mark.postgres
async def test_making_it_takes_less_than_a_second(services: Services) -> None:
    """Nobody waits for it: counted is this process's own work, so that a busy machine fails nothing."""
    began = time.process_time()
    await make_demo(services)
    assert time.process_time() - began < 1


def test_the_scores_are_those_of_the_fixtures() -> None:
    """Six matches are complete, with the results that were meant, by the folds; the next is still to come."""
    view = as_view(season(seed="any", now_ms=START_MS))
    *played, coming = matches_of(view)
    own = next(key for key, team in view["teams"].items() if team["name"] == OWN["name"])
    results = [result_of(facts, own) for facts in played]
    assert [result and (result.goals_for, result.goals_against) for result in results] == [
        each.goals for each in FIXTURES
    ]
    assert team_record(result for result in results if result is not None).form == "LDWLW"
    assert status_of(coming, START_MS) is Status.SCHEDULED
    assert score_of(coming).home == score_of(coming).away == 0
    assert view["teams"][str(coming.match["away_team_id"])]["name"] == NEXT.opponent


def test_nine_play_and_the_minutes_add_up() -> None:
    """At every moment nine are on the pitch: together they played nine times the match, to the millisecond."""
    *played, _ = matches_of(as_view(season(seed="any", now_ms=START_MS)))
    for facts in played:
        assert crowds_of(facts, NINE) == []
        done = tallies(facts)
        assert sum(tally.played_ms for tally in done.values()) == NINE * match_ms(facts)
        assert sum(tally.starts for tally in done.values()) == NINE
        assert all(tally.appearances for tally in done.values()), "whoever did something was on the pitch"


def test_nobody_acts_who_is_not_on_the_pitch() -> None:
    """Who scores, passes or saves is one of the squad of that day."""
    view = as_view(season(seed="any", now_ms=START_MS))
    *played, _ = matches_of(view)
    for facts, fixture in zip(played, FIXTURES, strict=True):
        absent = {view["players"][tally]["squad_number"] for tally in tallies(facts)} & set(fixture.absent)
        assert not absent
        best = [award["player_id"] for award in view["match_awards"].values() if award["match_id"] == facts.match["id"]]
        assert [view["players"][player_id]["squad_number"] for player_id in best] == [fixture.best]
        assert best[0] in tallies(facts)


def test_every_week_of_the_year_has_its_season() -> None:
    """Whatever the day: the last match was 2 to 9 days ago, the next is on a Saturday within 7, writing is in order."""
    for day in range(0, 370, 9):
        now_ms = START_MS + day * DAY_MS + day * 3_600_000
        facts = season(seed="any", now_ms=now_ms)
        *played, coming = matches_of(as_view(facts))
        kickoffs = [instant_ms(str(each.match["kickoff_ts"])) for each in played]
        assert 2 * DAY_MS <= now_ms - kickoffs[-1] <= 9 * DAY_MS
        assert 0 < instant_ms(str(coming.match["kickoff_ts"])) - now_ms <= 7 * DAY_MS
        walls = [fact.wall_ms for fact in facts]
        assert walls == sorted(walls)
        assert walls[-1] <= now_ms


def test_a_season_begins_in_july() -> None:
    """And is called after both of its years."""
    assert label_of(instant_ms("2026-07-01T00:00:00.000Z")) == "2026/27"
    assert label_of(instant_ms("2027-06-30T23:59:59.000Z")) == "2026/27"
    assert label_of(instant_ms("2099-12-31T00:00:00.000Z")) == "2099/00"
    assert saturday_ms(instant_ms("2026-11-28T10:29:59.999Z")) == instant_ms("2026-11-21T10:30:00.000Z")
    assert saturday_ms(instant_ms("2026-11-28T10:30:00.000Z")) == instant_ms("2026-11-28T10:30:00.000Z")


def test_the_squad_is_one_that_can_play() -> None:
    """Numbers are told apart, a keeper is always there, and one player is kept out of every shared view."""
    numbers = [player.number for player in PLAYERS]
    assert len(set(numbers)) == len(numbers)
    for fixture in FIXTURES:
        assert fixture.keeper not in fixture.absent
        assert len(PLAYERS) - len(fixture.absent) > NINE
    assert sum(player.do_not_share for player in PLAYERS) == 1
