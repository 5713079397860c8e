"""What a shared view may show."""

from typing import Any

import pytest

from football.policy import (
    BLAMING_KINDS,
    ClubRules,
    Options,
    Permitted,
    Protection,
    number_of,
    permit,
    protection_of,
)
from football.vocabulary import AGE_GROUPS, EVENT_KINDS
from tests.football.builders import AWAY, HOME, KICKOFF_MS, event, facts_of, match

ALL = Options(score=True, shirt_numbers=True, venue=True)
ALLOWED = ClubRules(young_scores=True, young_shirt_numbers=True)
YOUNG = ["U7", "U8", "U9", "U10", "U11", None]
OLDER = ["U12", "U13", "U14", "U15", "U16", "open"]


def teams(home: str | None, away: str | None = None) -> dict[str, dict[str, Any]]:
    """Return the two teams with their age groups."""
    return {HOME: {"id": HOME, "age_group": home}, AWAY: {"id": AWAY, "age_group": away}}


def permitted(age_group: str | None, options: Options = ALL, rules: ClubRules | None = None) -> Permitted:
    """Return what a link to a match of a home team of ours may show."""
    return permit(options, rules or ClubRules(), facts_of(), teams(age_group))


def test_a_link_asks_for_the_score_and_for_nothing_else_unless_told() -> None:
    """The defaults are for children: no shirt numbers, no venue."""
    assert Options() == Options(score=True, shirt_numbers=False, venue=False)
    assert ClubRules() == ClubRules(young_scores=False, young_shirt_numbers=False)


@pytest.mark.parametrize("age_group", YOUNG)
def test_u7_to_u11_and_the_unknown_hide_score_and_numbers_until_the_club_turns_them_on(age_group: str | None) -> None:
    """The FA's rule: results are not published; an unknown age group is protected like the youngest."""
    hidden = permitted(age_group)
    assert (hidden.score, hidden.shirt_numbers) == (False, False)
    shown = permitted(age_group, rules=ALLOWED)
    assert (shown.score, shown.shirt_numbers) == (True, True)
    nothing = permitted(age_group, Options(score=False), ALLOWED)
    assert (nothing.score, nothing.shirt_numbers) == (False, False)


@pytest.mark.parametrize("age_group", [*OLDER, "adult"])
def test_from_u12_on_the_link_decides(age_group: str) -> None:
    """Older teams show what their link asks for, and no more."""
    assert (permitted(age_group).score, permitted(age_group).shirt_numbers) == (True, True)
    few = permitted(age_group, Options(score=False))
    assert (few.score, few.shirt_numbers, few.venue) == (False, False, False)


@pytest.mark.parametrize("age_group", [*YOUNG, *OLDER])
def test_where_children_play_is_told_from_kick_off_on(age_group: str | None) -> None:
    """The venue waits for the planned kick-off, or for a match that begins before it."""
    found = permitted(age_group)
    assert not found.shows_venue(KICKOFF_MS - 1, has_begun=False)
    assert found.shows_venue(KICKOFF_MS, has_begun=False)
    assert found.shows_venue(KICKOFF_MS - 60_000, has_begun=True)
    assert not permitted(age_group, Options()).shows_venue(KICKOFF_MS, has_begun=True)


def test_where_adults_play_is_no_secret() -> None:
    """A link of adults that asks for the venue shows it at any time."""
    assert permitted("adult").shows_venue(0, has_begun=False)


def test_every_age_group_has_its_protection() -> None:
    """Only `adult` counts as grown up."""
    found = {group: protection_of(match(our_side="home"), teams(group)) for group in AGE_GROUPS}
    assert {group for group, each in found.items() if each is Protection.YOUNG} == {"U7", "U8", "U9", "U10", "U11"}
    assert {group for group, each in found.items() if each is Protection.ADULTS} == {"adult"}


@pytest.mark.parametrize(
    ("side", "home", "away", "protection"),
    [
        ("home", "U13", None, Protection.CHILDREN),
        ("home", "U13", "U9", Protection.YOUNG),
        ("home", "U9", "U13", Protection.YOUNG),
        ("away", None, "U13", Protection.CHILDREN),
        ("away", "adult", None, Protection.YOUNG),
        (None, "adult", "U12", Protection.CHILDREN),
        ("home", "adult", "adult", Protection.ADULTS),
    ],
)
def test_the_own_team_protects_and_the_younger_of_two_wins(
    side: str | None, home: str | None, away: str | None, protection: Protection
) -> None:
    """An opponent whose age group nobody set changes nothing, our own without one protects most."""
    assert protection_of(match(our_side=side), teams(home, away)) is protection


def test_an_unknown_own_team_protects_most() -> None:
    """A match without teams, or with one that was deleted, is protected like the youngest's."""
    assert protection_of(match(our_side="home", home_team_id=None, away_team_id=None), {}) is Protection.YOUNG
    assert protection_of(match(our_side="home"), {AWAY: {"id": AWAY, "age_group": "adult"}}) is Protection.YOUNG


PLAYER = {"squad_number": 7, "do_not_share": False}


@pytest.mark.parametrize("age_group", ["U9", "U13", "adult"])
def test_a_player_who_must_not_be_shared_has_no_number_under_any_setting(age_group: str) -> None:
    """`do_not_share` outranks link, club and age."""
    found = permitted(age_group, rules=ALLOWED)
    goal = event(team=HOME)
    assert number_of(found, match(our_side="home"), goal, PLAYER) == 7
    assert number_of(found, match(our_side="home"), goal, {**PLAYER, "do_not_share": True}) is None
    assert number_of(found, match(our_side="home"), goal, None) is None
    assert number_of(permitted(age_group, Options(), ALLOWED), match(our_side="home"), goal, PLAYER) is None


@pytest.mark.parametrize("kind", EVENT_KINDS)
def test_no_childs_number_stands_beside_a_fault(kind: str) -> None:
    """Own goals, fouls and cards of children are told without a number."""
    own = match(our_side="home")
    assert (number_of(permitted("U14"), own, event(kind), PLAYER) is None) == (kind in BLAMING_KINDS)
    assert number_of(permitted("adult"), own, event(kind), PLAYER) == 7


def test_children_of_the_other_club_have_no_number() -> None:
    """Their families were not asked; among adults both sides are shown."""
    own = match(our_side="home")
    assert number_of(permitted("U14"), own, event(team=AWAY), PLAYER) is None
    assert number_of(permitted("U14"), own, event(team=None), PLAYER) is None
    assert number_of(permitted("adult"), own, event(team=AWAY), PLAYER) == 7
