"""What a shared view shows of a match: one pure projection with an allow-list.

`project` takes what is recorded and returns a `SharedMatch`. It copies what is named here and nothing else: no name of
a person, no note, no sentiment, no date of birth, no id but those it makes itself, one for each event, by a keyed
function that differs from feed to feed.

A view depends on time only where the venue waits for kick-off or nobody ended a period; `due_ms` tells when to look
again. Clocks tick on the screen, from their anchors.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, Literal, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from football.clock import MINUTE_MS, PeriodKey, event_key, format_clock, format_minute, nominal_ms
from football.collections import CATALOGUE
from football.facts import MatchFacts, Record, View, gather
from football.periods import ABANDONED_MS, Period, believed_ms, instant_at, periods_of
from football.policy import SCORE_TELLING_KINDS, ClubRules, Options, Permitted, number_of, permit
from football.scoreboard import Score, Side, add, score_of, side_of
from football.status import UNTIMED_MS, Status, full_time_ms, status_of
from football.timeline import is_correction
from football.vocabulary import PENALTY_SHOOTOUT, REGULAR, SCORING_KINDS
from sync.collections import instant_ms, with_defaults

EVENTS_MAX: Final = 500
"""Events in a view, the latest of the match: three times those of a match that was logged in full."""

Hide = Callable[[str], str]
"""Makes the id of an event in one feed from its record's id; nobody can go back, or across to another feed."""


class Shareable(Struct, frozen=True):
    """All that a shared view is made of."""

    facts: MatchFacts
    teams: Mapping[str, Record]
    """The two teams by id, as far as they are there."""
    players: Mapping[str, Record]
    """The players that the match's events name, as far as they are there."""
    season: str | None
    """The season's label."""


class SharedTeam(Struct, frozen=True):
    """One side; its kit is the one of its side."""

    name: str | None = None
    kit_primary: str | None = None
    kit_secondary: str | None = None


class SharedScore(Struct, frozen=True, omit_defaults=True):
    """A score; the shootout is left out while there is none."""

    home: int
    away: int
    home_shootout: int = 0
    away_shootout: int = 0


class SharedPeriod(Struct, frozen=True):
    """A period that began, with the anchor of its clock."""

    type: str
    number: int
    state: Literal["running", "paused", "over"]
    length_ms: int
    """Milliseconds it should last; 0 for a shootout."""
    zero_at: int | None
    """Of a running period: milliseconds since 1970 at which its clock would show 00:00; the clock is now minus this."""
    clock_ms: int | None
    """Of any other: where its clock stands."""


class SharedEvent(Struct, frozen=True, omit_defaults=True):
    """An event of the timeline."""

    event_id: str
    kind: str
    team: Side | None
    player: int | None
    """A shirt number, where the view shows them; of a substitution, of the player going off."""
    timestamp: str
    """The clock of its period, `12:34`."""
    minute: str
    """The minute of the match as people say it, `45+2'`."""
    period_number: int
    clock_ms: int
    period_type: str = REGULAR
    player_on: int | None = None
    """Of a substitution: the number of the player coming on."""
    score_after: SharedScore | None = None
    """Of a goal: the score that it made."""


class Shows(Struct, frozen=True):
    """What the view shows."""

    score: bool
    shirt_numbers: bool
    venue: bool


class SharedMatch(Struct, frozen=True):
    """A match as a viewer gets it."""

    shows: Shows
    home: SharedTeam
    away: SharedTeam
    kickoff: str
    competition: str | None
    season: str | None
    venue: str | None
    status: Status
    score: SharedScore | None
    """None where the score is hidden; then no goal is in the timeline either."""
    periods: tuple[SharedPeriod, ...]
    """In order; the last one's clock is the match's."""
    timeline: tuple[SharedEvent, ...]


class Made(NamedTuple):
    """An event as a view shows it, and what that was made of."""

    event: Record
    on: Record | None
    """Of a substitution: who comes on, as far as recorded."""
    place: tuple[PeriodKey, int, str]
    """Where it stands in the timeline. Those at one moment stand in the order of their ids here, so that none tells."""
    shown: SharedEvent | None
    """None where it is held back."""


class Drawn:
    """The events of one feed as they were made for its last view: those that nobody wrote since are not made anew.

    It changes no view: what it holds is left out where anything else that an event is made of is another.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._of: tuple[Record, Mapping[str, Record], Permitted] | None = None
        self.events: Mapping[str, Made] = {}

    def of(self, match: Record, players: Mapping[str, Record], permitted: Permitted) -> Mapping[str, Made]:
        """Return the events that were made of the very same match and players, and held back alike."""
        was, self._of = self._of, (match, players, permitted)
        is_same = was is not None and was[0] is match and was[1] is players and was[2] == permitted
        return self.events if is_same else {}


def of_view(view: View, match_id: str) -> Shareable:
    """Collect what a shared view of a match is made of. Raises KeyError where the view has no such match."""
    facts = gather(view, match_id)
    named = {each["player_id"] for each in (*facts.events, *facts.participants)}
    teams = {facts.match["home_team_id"], facts.match["away_team_id"]}
    season = view.get("seasons", {}).get(facts.match["season_id"] or "")
    return Shareable(
        facts=facts,
        teams=_picked(view, "teams", teams),
        players=_picked(view, "players", named),
        season=None if season is None else season.get("label"),
    )


def project(
    what: Shareable, options: Options, rules: ClubRules, now_ms: int, hide: Hide, drawn: Drawn | None = None
) -> SharedMatch:
    """Return the view of a match that a link with these options gets: the allow-list, and the only one.

    `now_ms` is in milliseconds since 1970. `drawn`, of one feed, saves work from one view to the next.
    """
    facts, match = what.facts, what.facts.match
    permitted = permit(options, rules, facts, what.teams)
    periods = periods_of(facts, now_ms)
    shows_venue = permitted.shows_venue(now_ms, has_begun=bool(periods))
    return SharedMatch(
        shows=Shows(score=permitted.score, shirt_numbers=permitted.shirt_numbers, venue=shows_venue),
        home=_team(what.teams.get(match["home_team_id"]), Side.HOME),
        away=_team(what.teams.get(match["away_team_id"]), Side.AWAY),
        kickoff=match["kickoff_ts"],
        competition=match["competition"],
        season=what.season,
        venue=match["venue"] if shows_venue else None,
        status=status_of(facts, now_ms),
        score=_score(score_of(facts)) if permitted.score else None,
        periods=tuple(_period(match, each) for each in periods if _is_listed(permitted, each.key)),
        timeline=_timeline(what, permitted, hide, drawn or Drawn()),
    )


def due_ms(what: Shareable, now_ms: int) -> int | None:
    """Return when time alone may change the view next, in milliseconds since 1970; None: never."""
    facts, match = what.facts, what.facts.match
    kickoff_ms = instant_ms(match["kickoff_ts"])
    found = [kickoff_ms, kickoff_ms + match["duration_mins"] * MINUTE_MS + UNTIMED_MS + 1]
    for period in periods_of(facts, now_ms)[-1:]:
        found.append(period.started_ms + ABANDONED_MS + 1)
        if period.is_running and not period.is_paused:
            found.append(_zero_at(period) + believed_ms(match, period.key) + 1)
    return min((at for at in found if at > now_ms), default=None)


def late_events(what: Shareable, now_ms: int, hide: Hide, asked: Collection[str]) -> frozenset[str]:
    """Return those of the ids, in this feed, of events that would be corrections if they were received now."""
    periods = {each.key: each for each in periods_of(what.facts, now_ms)}
    full_time = full_time_ms(what.facts, now_ms)

    def happened_ms(event: Record) -> int | None:
        key, clock_ms, _ = event_key(event)
        return instant_at(periods[key], clock_ms) if key in periods else None

    named = ((hide(each["id"]), each) for each in what.facts.events)
    return frozenset(
        event_id
        for event_id, each in named
        if event_id in asked and is_correction(happened_ms(each), now_ms, full_time)
    )


def _picked(view: View, collection: str, ids: set[Any]) -> dict[str, Record]:
    declared, records = CATALOGUE.collections[collection], view.get(collection, {})
    return {each: {**with_defaults(declared, records[each]), "id": each} for each in ids if each in records}


def _team(team: Record | None, side: Side) -> SharedTeam:
    if team is None:
        return SharedTeam()
    return SharedTeam(team["name"], team[f"{side.value}_kit_primary"], team[f"{side.value}_kit_secondary"])


def _score(score: Score) -> SharedScore:
    return SharedScore(score.home, score.away, score.home_shootout, score.away_shootout)


def _is_listed(permitted: Permitted, key: PeriodKey) -> bool:
    """Tell whether a period is listed: that there is a shootout tells that the score is level."""
    return permitted.score or key.type != PENALTY_SHOOTOUT


def _period(match: Record, period: Period) -> SharedPeriod:
    is_ticking = period.is_running and not period.is_paused
    return SharedPeriod(
        type=period.key.type,
        number=period.key.number,
        state="running" if is_ticking else "paused" if period.is_running else "over",
        length_ms=nominal_ms(match, period.key.type),
        zero_at=_zero_at(period) if is_ticking else None,
        clock_ms=None if is_ticking else period.played_ms,
    )


def _zero_at(period: Period) -> int:
    """Return the instant from which a running clock counts: its start, later by each pause."""
    return period.started_ms + sum(ends - begins for begins, ends in period.pauses if ends is not None)


def _timeline(what: Shareable, permitted: Permitted, hide: Hide, drawn: Drawn) -> tuple[SharedEvent, ...]:
    """Return the events in order, each goal with the score that it made."""
    match = what.facts.match
    kept = drawn.of(match, what.players, permitted)
    coming_on = {each["event_id"]: each for each in what.facts.participants if each["kind"] == "substitution"}
    made: dict[str, Made] = {}
    for event in what.facts.events:
        event_id = event["id"]
        on = coming_on.get(event_id) if event["kind"] == "substitution" else None
        was = kept.get(event_id)
        same = was is not None and was.event is event and was.on is on
        made[event_id] = was if was is not None and same else _made(what, permitted, hide, event, on)
    drawn.events = made
    score = Score()
    shown: list[SharedEvent] = []
    for each in sorted(made.values(), key=_place):
        entry = each.shown
        if each.event["kind"] in SCORING_KINDS:
            score = add(score, match, each.event)
            if entry is not None and permitted.score:
                entry = _with_score(made, each, entry, _score(score))
        if entry is not None:
            shown.append(entry)
    return tuple(shown[-EVENTS_MAX:])


def _made(what: Shareable, permitted: Permitted, hide: Hide, event: Record, on: Record | None) -> Made:
    """Return an event as it is shown, without the score that it made."""
    match = what.facts.match
    key, clock_ms, _ = event_key(event)
    event_id = hide(event["id"])
    place = key, clock_ms, event_id
    if not permitted.score and (event["kind"] in SCORE_TELLING_KINDS or key.type == PENALTY_SHOOTOUT):
        return Made(event, on, place, None)
    shown = SharedEvent(
        event_id=event_id,
        kind=event["kind"],
        team=side_of(match, event["team_id"]),
        player=number_of(permitted, match, event, what.players.get(event["player_id"])),
        timestamp=format_clock(clock_ms),
        minute=format_minute(match, key, clock_ms),
        period_number=key.number,
        clock_ms=clock_ms,
        period_type=key.type,
        player_on=None if on is None else number_of(permitted, match, event, what.players.get(on["player_id"])),
    )
    return Made(event, on, place, shown)


def _with_score(made: dict[str, Made], each: Made, entry: SharedEvent, score: SharedScore) -> SharedEvent:
    """Return a goal with the score that it made, and remember it so."""
    if entry.score_after != score:
        entry = replace(entry, score_after=score)
        made[each.event["id"]] = each._replace(shown=entry)
    return entry


def _place(each: Made) -> tuple[PeriodKey, int, str]:
    return each.place
