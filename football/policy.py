"""What a shared view may show: what its link asks for, bounded by the age group and by what the club has turned on.

Players are children unless the club's own team says `adult`. An age group that nobody set is protected like the
youngest. The Football Association lets clubs collect and not publish results of U7 to U11, so their score is hidden
until the owner of the club turns it on for family links; shirt numbers likewise. No setting shows a player who is
marked `do_not_share`.

    protection   score, shirt numbers              venue               beside own goals, fouls, cards
    young        only where the club turned it on  from kick-off on    no number
    children     as the link says                  from kick-off on    no number
    adults       as the link says                  as the link says    the number
"""

import enum
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from football.facts import MatchFacts, Record
from football.scoreboard import our_team_id
from football.status import full_time_ms, planned_end_ms
from football.vocabulary import AGE_GROUPS
from sync.collections import instant_ms

YOUNG_GROUPS: Final = frozenset({"U7", "U8", "U9", "U10", "U11"})
"""Age groups whose results are not published."""

ADULT_GROUP: Final = "adult"
"""The one age group in which nobody is a child; `open` may have children in it."""

BLAMING_KINDS: Final = frozenset({"own_goal", "foul", "yellow_card", "red_card"})
"""Events beside which no child's number stands: nobody follows a link to read whose fault it was."""

SCORE_TELLING_KINDS: Final = frozenset({"goal", "own_goal", "assist"})
"""Events that tell the score, and so are not listed where it is hidden; what happens in a shootout tells it too."""


LINK_AFTER_MS: Final = 24 * 3_600_000
"""Milliseconds after its match for which a link lives unless somebody says otherwise: the evening, and breakfast."""

LINK_MS_MAX: Final = 30 * 24 * 3_600_000
"""Milliseconds for which a link may live."""


class Protection(enum.IntEnum):
    """How much a view is held back; the greater protects more."""

    ADULTS = 0
    CHILDREN = 1
    YOUNG = 2


class Options(Struct, frozen=True):
    """What a link asks to show."""

    score: bool = True
    shirt_numbers: bool = False
    venue: bool = False


class ClubRules(Struct, frozen=True):
    """What the owner of a club has turned on for its links to matches of U7 to U11, and of teams without age group."""

    young_scores: bool = False
    young_shirt_numbers: bool = False


class Permitted(Struct, frozen=True):
    """What a link shows after all: the venue perhaps only from an instant on."""

    score: bool
    shirt_numbers: bool
    venue: bool
    venue_from_ms: int | None
    """Milliseconds since 1970 before which the venue is held back; None where it is shown at any time."""
    protection: Protection

    def shows_venue(self, now_ms: int, *, has_begun: bool) -> bool:
        """Tell whether the venue is shown now; a match that has begun is past its kick-off, whatever was planned."""
        is_time = has_begun or self.venue_from_ms is None or now_ms >= self.venue_from_ms
        return self.venue and is_time


def permit(options: Options, rules: ClubRules, facts: MatchFacts, teams: Mapping[str, Record]) -> Permitted:
    """Return what a link with these options may show of a match; `teams` are its two teams by id, as far as known."""
    protection = protection_of(facts.match, teams)
    is_young = protection is Protection.YOUNG
    return Permitted(
        score=options.score and (rules.young_scores or not is_young),
        shirt_numbers=options.shirt_numbers and (rules.young_shirt_numbers or not is_young),
        venue=options.venue,
        venue_from_ms=None if protection is Protection.ADULTS else instant_ms(facts.match["kickoff_ts"]),
        protection=protection,
    )


def usual_expiry_ms(facts: MatchFacts, now_ms: int) -> int:
    """Return when a link that is made now ends unless somebody says otherwise, in milliseconds since 1970.

    24 hours after full time, or after the planned end of a match that is not over; of an old match, 24 hours from now.
    """
    full_time = full_time_ms(facts, now_ms)
    ends_ms = planned_end_ms(facts) if full_time is None else full_time
    return min(max(ends_ms, now_ms) + LINK_AFTER_MS, now_ms + LINK_MS_MAX)


def protection_of(match: Record, teams: Mapping[str, Record]) -> Protection:
    """Return how a match is protected: by the club's own team, or by the other where that is known to be younger."""
    own = our_team_id(match)
    sides = {match["home_team_id"], match["away_team_id"]}
    groups = {team_id: team["age_group"] for team_id, team in teams.items() if team_id in sides}
    others = [_of_group(group) for team_id, group in groups.items() if team_id != own and group is not None]
    return max([_of_group(groups.get(own or "")), *others])


def number_of(permitted: Permitted, match: Record, event: Record, player: Mapping[str, Any] | None) -> int | None:
    """Return the shirt number that stands beside an event, None where it is unknown or held back.

    Of children only the club's own are shown: the families of the other club were not asked.
    """
    if player is None or not permitted.shirt_numbers or player["do_not_share"]:
        return None
    if permitted.protection is not Protection.ADULTS:
        is_own = event["team_id"] is not None and event["team_id"] == our_team_id(match)
        if not is_own or event["kind"] in BLAMING_KINDS:
            return None
    number: int | None = player["squad_number"]
    return number


def _of_group(age_group: str | None) -> Protection:
    if age_group is None or age_group in YOUNG_GROUPS:
        return Protection.YOUNG
    return Protection.ADULTS if age_group == ADULT_GROUP else Protection.CHILDREN


assert {*YOUNG_GROUPS, ADULT_GROUP} <= set(AGE_GROUPS)
