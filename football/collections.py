"""Which records a club syncs: their fields with bounds, defaults and references, parents before children.

Names are those of the club's old database; `created_at` and `updated_at` are the server's own. The
catalogue refuses what could not be stored or shown, never what a match may bring: goals have no quota, and
what is unknown may be left out.

A person is asked about every field that two devices wrote unseen of each other, notes included (a sentence
somebody typed must not vanish). Silent are only sentiment, pitch coordinates, kit colours and logo: guesses
and looks, of which the later is as good, and a prompt at the touchline would cost more than it saves.

Personal is what tells of a person: names, birthdays, free text, sentiment. It never enters a feed, and
erasure rewrites it; a player's name identifies whom the record is about. A shirt number is not personal,
because the club may turn it on for a feed; a venue is held back by policy.
"""

from typing import Final

from football.duplicates import (
    MATCH_AWARD_CATEGORY,
    PLAYER_IN_TEAM,
    SAME_GOAL,
    SAME_PERIOD,
    SEASON_LABEL,
    TEAM_NAME,
)
from football.vocabulary import (
    AGE_GROUPS,
    CALLED_OFF,
    EVENT_KINDS,
    PERIOD_TYPES,
    PERIODS_BY_FORMAT,
    REGULAR,
    SIDES,
)
from sync.collections import Collection, Field, Reference, Type, make_catalogue

NAME_LENGTH_MAX: Final = 100
LABEL_LENGTH_MAX: Final = 50
NOTES_LENGTH_MAX: Final = 1_000
EVENT_NOTES_LENGTH_MAX: Final = 500
URL_LENGTH_MAX: Final = 500
POSITION_LENGTH_MAX: Final = 10
SQUAD_NUMBER_MAX: Final = 99
DURATION_MINS_MAX: Final = 200
COORDINATE_MAX: Final = 100
PERIOD_NUMBER_MAX: Final = 99
ORDINAL_MAX: Final = 999
SCORE_BY_HAND_MAX: Final = 999
SENTIMENT_MAX: Final = 100
CLOCK_MS_MAX: Final = 2**31 - 1
"""Milliseconds, 24 days: what the column holds. A goal is not refused for a clock that was left running."""
MINUTES_MAX: Final = 100_000
"""Minutes, 69 days: nor is a stint."""

_NOTES: Final = Field(Type.TEXT, length_max=NOTES_LENGTH_MAX, is_personal=True)
_COLOUR: Final = Field(Type.TEXT, pattern="#[0-9A-Fa-f]{6}", length_max=7, is_asked=False, doc="`#rrggbb`")
_COORDINATE: Final = Field(
    Type.NUMBER,
    minimum=0,
    maximum=COORDINATE_MAX,
    is_asked=False,
    doc="Percent of the pitch; written in pairs.",
)
_POSITION: Final = Field(Type.TEXT, length_max=POSITION_LENGTH_MAX, doc="A code of the lookup `positions`.")
_CATEGORY: Final = Field(Type.TEXT, required=True, length_min=1, length_max=NAME_LENGTH_MAX)
_CLOCK_READING: Final = Field(Type.INSTANT, doc="Read off the device's clock, and corrected with it.")


def _text(length_max: int, doc: str = "") -> Field:
    return Field(Type.TEXT, length_max=length_max, doc=doc)


def _title(length_max: int, *, is_personal: bool = False, identifies: bool = False) -> Field:
    return Field(
        Type.TEXT, required=True, length_min=1, length_max=length_max, is_personal=is_personal, identifies=identifies
    )


def _whole(minimum: int, maximum: int, *, default: int | None = None, doc: str = "") -> Field:
    return Field(Type.INTEGER, minimum=minimum, maximum=maximum, default=default, nullable=default is None, doc=doc)


def _minutes(default: float | None, doc: str) -> Field:
    return Field(Type.NUMBER, minimum=0, maximum=MINUTES_MAX, default=default, nullable=default is None, doc=doc)


def _flag(*, default: bool, doc: str) -> Field:
    return Field(Type.BOOLEAN, default=default, nullable=False, doc=doc)


def _choice(choices: tuple[str, ...], *, default: str | None = None, doc: str = "") -> Field:
    return Field(Type.TEXT, choices=choices, default=default, nullable=default is None, doc=doc)


def _names(collection: str, *, required: bool = False, doc: str = "") -> Field:
    return Field(Type.UUID, reference=Reference(collection), required=required, doc=doc)


def _within(collection: str) -> Field:
    return Field(Type.UUID, reference=Reference(collection, containing=True), required=True)


SEASONS: Final = Collection(
    name="seasons", key="season_id", duplicates=(SEASON_LABEL,), fields={"label": _title(LABEL_LENGTH_MAX)}
)

TEAMS: Final = Collection(
    name="teams",
    duplicates=(TEAM_NAME,),
    doc="The club's own teams and its opponents.",
    fields={
        "name": _title(NAME_LENGTH_MAX),
        "age_group": _choice(AGE_GROUPS, doc="Sets what a shared view shows, and how many play."),
        "home_kit_primary": _COLOUR,
        "home_kit_secondary": _COLOUR,
        "away_kit_primary": _COLOUR,
        "away_kit_secondary": _COLOUR,
        "logo_url": Field(Type.TEXT, length_max=URL_LENGTH_MAX, pattern=r"https?://[^\s<>\"']+", is_asked=False),
    },
)

PLAYERS: Final = Collection(
    name="players",
    duplicates=(PLAYER_IN_TEAM,),
    fields={
        "full_name": _title(NAME_LENGTH_MAX, is_personal=True, identifies=True),
        "squad_number": _whole(1, SQUAD_NUMBER_MAX),
        "preferred_pos": _POSITION,
        "dob": Field(Type.DATE, is_personal=True),
        "notes": _NOTES,
        "current_team": _names("teams"),
        "do_not_share": _flag(default=False, doc="Absent from every shared view."),
        "is_active": _flag(default=True, doc="False once the player has left; the past stays."),
    },
)

MATCHES: Final = Collection(
    name="matches",
    key="match_id",
    fields={
        "season_id": _names("seasons"),
        "kickoff_ts": Field(
            Type.INSTANT, required=True, is_clock_reading=False, doc="As planned: off a calendar, not off a clock."
        ),
        "competition": _text(NAME_LENGTH_MAX),
        "home_team_id": _names("teams"),
        "away_team_id": _names("teams"),
        "our_side": _choice(SIDES, doc="Which side `our_score` speaks of; null counts as home."),
        "venue": _text(NAME_LENGTH_MAX),
        "duration_mins": _whole(1, DURATION_MINS_MAX, default=50, doc="All regular periods together."),
        "period_format": _choice(tuple(PERIODS_BY_FORMAT), default="quarter"),
        "our_score": _whole(0, SCORE_BY_HAND_MAX, default=0, doc="By hand: counts while there are no events."),
        "opponent_score": _whole(0, SCORE_BY_HAND_MAX, default=0, doc="As `our_score`."),
        "called_off": _choice(CALLED_OFF, doc="Null again once the match is on."),
        "finished_at": Field(Type.INSTANT, doc="Full time was pressed; a later period undoes it."),
        "notes": _NOTES,
    },
)

MATCH_PERIODS: Final = Collection(
    name="match_periods",
    duplicates=(SAME_PERIOD,),
    doc="Its id follows from match, type and number: see football/ids.py.",
    fields={
        "match_id": _within("matches"),
        "number": Field(Type.INTEGER, required=True, minimum=1, maximum=PERIOD_NUMBER_MAX),
        "type": _choice(PERIOD_TYPES, default=REGULAR),
        "started_at": _CLOCK_READING,
        "ended_at": _CLOCK_READING,
    },
)

MATCH_PAUSES: Final = Collection(
    name="match_pauses",
    doc="A pause names its period, and the period its match. Its id follows from period and ordinal.",
    fields={
        "period_id": _within("match_periods"),
        "ordinal": Field(Type.INTEGER, required=True, minimum=1, maximum=ORDINAL_MAX),
        "started_at": _CLOCK_READING,
        "ended_at": _CLOCK_READING,
    },
)

EVENTS: Final = Collection(
    name="events",
    duplicates=(SAME_GOAL,),
    fields={
        "match_id": _within("matches"),
        "season_id": _names("seasons"),
        "period_type": _choice(PERIOD_TYPES, default=REGULAR),
        "period_number": _whole(0, PERIOD_NUMBER_MAX, default=0, doc="0: not known, before all others."),
        "clock_ms": _whole(0, CLOCK_MS_MAX, default=0, doc="Played time in the period: pauses stop it."),
        "kind": Field(Type.TEXT, required=True, choices=EVENT_KINDS),
        "team_id": _names("teams", doc="Whose doing it was: an own goal names the team that conceded it."),
        "player_id": _names("players", doc="Who did it; of a substitution, the player going off."),
        "x": _COORDINATE,
        "y": _COORDINATE,
        "notes": Field(Type.TEXT, length_max=EVENT_NOTES_LENGTH_MAX, is_personal=True),
        "sentiment": Field(
            Type.INTEGER,
            minimum=-SENTIMENT_MAX,
            maximum=SENTIMENT_MAX,
            default=0,
            nullable=False,
            is_asked=False,
            is_personal=True,
        ),
    },
)

EVENT_PARTICIPANTS: Final = Collection(
    name="event_participants",
    doc="Who else took part: `assist` of a goal, `substitution` for the player coming on.",
    fields={
        "event_id": _within("events"),
        "player_id": _names("players", required=True),
        "kind": Field(Type.TEXT, required=True, choices=EVENT_KINDS),
    },
)

LINEUP: Final = Collection(
    name="lineup",
    doc="One stint of one player on the pitch; a substitution closes one and opens another. Each edge has its "
    "own scale: minutes within the period it names, or of the whole match where it names none (old rows).",
    fields={
        "match_id": _within("matches"),
        "player_id": _names("players", required=True),
        "team_id": _names("teams", doc="The team played for; null: ours. Outlives the player's move."),
        "start_period_type": _choice(PERIOD_TYPES, default=REGULAR),
        "start_period": _whole(1, PERIOD_NUMBER_MAX),
        "start_min": _minutes(0.0, "Coming on."),
        "end_period_type": _choice(PERIOD_TYPES, default=REGULAR),
        "end_period": _whole(1, PERIOD_NUMBER_MAX),
        "end_min": _minutes(None, "Going off; null: still on."),
        "position": _POSITION,
    },
)

MATCH_NOTES: Final = Collection(
    name="match_notes",
    key="match_note_id",
    fields={
        "match_id": _within("matches"),
        "notes": _title(NOTES_LENGTH_MAX, is_personal=True),
        "period_number": _whole(0, PERIOD_NUMBER_MAX, default=0, doc="0: the whole match."),
    },
)

AWARDS: Final = Collection(
    name="awards",
    key="award_id",
    doc="Of a season.",
    fields={
        "season_id": _names("seasons"),
        "player_id": _names("players"),
        "category": _CATEGORY,
        "notes": _NOTES,
    },
)

MATCH_AWARDS: Final = Collection(
    name="match_awards",
    key="match_award_id",
    duplicates=(MATCH_AWARD_CATEGORY,),
    fields={
        "match_id": _within("matches"),
        "player_id": _names("players"),
        "category": _CATEGORY,
        "notes": _NOTES,
    },
)

CATALOGUE: Final = make_catalogue(
    SEASONS,
    TEAMS,
    PLAYERS,
    MATCHES,
    MATCH_PERIODS,
    MATCH_PAUSES,
    EVENTS,
    EVENT_PARTICIPANTS,
    LINEUP,
    MATCH_NOTES,
    AWARDS,
    MATCH_AWARDS,
)
"""All that a club syncs; the engine adds its own collection of conflicts."""
