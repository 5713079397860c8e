"""Line-ups and substitutions as the records that they write: a stint closed, a stint opened, and the event between.

A starting line-up is a stint from the first whistle for each of its players. A substitution closes the stint of who
goes off and opens one for who comes on; where the line-up was never entered there is nothing to close, and that is a
prompt and no error: whoever stands at the line must be able to say what happened.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from football import ids
from football.clock import MINUTE_MS, PeriodKey, period_key
from football.facts import MatchFacts, Record
from football.minutes import crowds_of
from football.scoreboard import our_team_id
from football.vocabulary import REGULAR, is_formation, players_max
from sync.collections import Problem, Value

TOGETHER_MS: Final = 45_000
"""Milliseconds of the match clock between two people's taps for one change; as for goals (`football/duplicates.py`)."""

ORDINAL_MAX: Final = 200
"""Stints of one player in one match that are looked through for a free place."""


class Draft(Struct, frozen=True):
    """One record to be written; no fields: to be deleted."""

    collection: str
    id: str
    fields: Mapping[str, Value] = {}


class Prompt(Struct, frozen=True):
    """Something that a person should look at; nothing was refused for it."""

    code: str
    sentence: str
    player_ids: tuple[str, ...] = ()


class Change(Struct, frozen=True):
    """A substitution: who goes off, who comes on, when."""

    event_id: str
    key: PeriodKey
    clock_ms: int
    off: str | None
    on: str | None
    team_id: str | None
    position: str | None = None


class Plan(Struct, frozen=True):
    """What is to be written, all or nothing, and what to ask."""

    drafts: tuple[Draft, ...]
    prompts: tuple[Prompt, ...] = ()


def substitute(facts: MatchFacts, change: Change, taken: Collection[str]) -> Plan | Problem:
    """Plan a substitution. `taken` are the ids of all stints that were ever written, deleted ones too."""
    if change.off is None and change.on is None:
        return Problem("missing_value", "Say who goes off, who comes on, or both.", "off")
    if change.off == change.on:
        return Problem("wrong_value", "Who goes off cannot come on in the same change.", "on")
    open_stints = _open(facts.lineup)
    drafts = [Draft("events", change.event_id, _event(facts, change))]
    prompts: list[Prompt] = []
    if change.on is not None:
        drafts.append(_participant(change))
    if change.off is not None:
        closed = [_closed(stint, change) for stint in open_stints.get(change.off, ())]
        drafts += closed
        prompts += [] if closed else [Prompt("off_not_on_pitch", _NOT_ON, (change.off,))]
    if change.on is not None and change.on in open_stints:
        prompts.append(Prompt("on_already_on_pitch", _ALREADY_ON, (change.on,)))
    elif change.on is not None:
        stint = ids.stint_id(facts.match["id"], change.on, free_ordinal(facts, change.on, taken))
        drafts.append(Draft("lineup", stint, _opened(facts, change)))
    return Plan(tuple(drafts), tuple(prompts))


def same_change(facts: MatchFacts, change: Change) -> Record | None:
    """Return the event of a change that somebody else has logged already: the same two within 45 s; None: it is new."""
    came_on = {each["event_id"]: each["player_id"] for each in facts.participants if each["kind"] == "substitution"}
    open_stints = _open(facts.lineup)
    if change.off in open_stints or (change.on is not None and change.on not in open_stints):
        return None
    for event in facts.events:
        if event["kind"] != "substitution" or event["player_id"] != change.off:
            continue
        is_then = period_key(event["period_type"], event["period_number"]) == change.key
        apart_ms = abs((event["clock_ms"] or 0) - change.clock_ms)
        if is_then and apart_ms <= TOGETHER_MS and came_on.get(event["id"]) == change.on:
            return event
    return None


def line_up(facts: MatchFacts, players: Sequence[tuple[str, str | None]], team_id: str | None) -> Plan | Problem:
    """Plan a starting line-up of (player, position): it replaces the one that is there.

    Who was to start and is not named any more is taken out, unless a substitution has closed their stint.
    """
    named = [player_id for player_id, _ in players]
    if not is_formation(named):
        return Problem("wrong_value", "A line-up is 1 to 11 players, each named once.", "players")
    match_id = facts.match["id"]
    drafts = [
        Draft("lineup", _starting_id(facts, player_id, team_id), _starting(match_id, player_id, team_id, position))
        for player_id, position in players
    ]
    for stint in facts.lineup:
        if _is_start(stint) and stint["team_id"] == team_id and stint["player_id"] not in named:
            drafts += [] if stint["end_min"] is not None else [Draft("lineup", stint["id"])]
    return Plan(tuple(drafts))


def crowd_prompts(facts: MatchFacts, age_groups: Mapping[str, str | None], now_ms: int) -> list[Prompt]:
    """Return a prompt for each team that has, or had, more on the pitch than its age group plays with.

    Before the first whistle nobody has played, so a line-up is counted as it stands.
    """
    prompts: list[Prompt] = []
    for team_id in sorted({stint["team_id"] for stint in facts.lineup}, key=lambda team: team or ""):
        most = players_max(age_groups.get(team_id or our_team_id(facts.match) or ""))
        on = tuple(sorted(_open(stint for stint in facts.lineup if stint["team_id"] == team_id)))
        if len(on) > most:
            prompts.append(Prompt("too_many_on_pitch", f"{len(on)} are on the pitch; {most} may be.", on))
        else:
            crowds = [crowd for crowd in crowds_of(facts, most, now_ms) if crowd.team_id == team_id]
            prompts += [
                Prompt(
                    "too_many_on_pitch", f"{each.players} were on the pitch at once; {most} may be.", each.player_ids
                )
                for each in crowds
            ]
    return prompts


def free_ordinal(facts: MatchFacts, player_id: str, taken: Collection[str]) -> int:
    """Return the ordinal of a player's next stint: the first whose id nobody has used."""
    match_id = facts.match["id"]
    return next(
        (each for each in range(1, ORDINAL_MAX) if ids.stint_id(match_id, player_id, each) not in taken), ORDINAL_MAX
    )


_NOT_ON: Final = "Who goes off was not on the pitch as far as is recorded. Enter the line-up, or correct their minutes."
_ALREADY_ON: Final = "Who comes on is on the pitch already. Look whether this change was logged before."


def _open(lineup: Iterable[Record]) -> dict[str, list[Record]]:
    """Return the stints that nobody has closed, by player."""
    found: dict[str, list[Record]] = {}
    for stint in lineup:
        if stint["end_min"] is None:
            found.setdefault(stint["player_id"], []).append(stint)
    return found


def _event(facts: MatchFacts, change: Change) -> dict[str, Value]:
    return {
        "match_id": facts.match["id"],
        "season_id": facts.match["season_id"],
        "period_type": change.key.type,
        "period_number": change.key.number,
        "clock_ms": change.clock_ms,
        "kind": "substitution",
        "team_id": change.team_id,
        "player_id": change.off,
    }


def _participant(change: Change) -> Draft:
    fields = {"event_id": change.event_id, "player_id": change.on, "kind": "substitution"}
    return Draft("event_participants", ids.participant_id(change.event_id, "substitution"), fields)


def _closed(stint: Record, change: Change) -> Draft:
    fields = {
        "end_period_type": change.key.type,
        "end_period": change.key.number,
        "end_min": change.clock_ms / MINUTE_MS,
    }
    return Draft("lineup", stint["id"], fields)


def _opened(facts: MatchFacts, change: Change) -> dict[str, Value]:
    return {
        "match_id": facts.match["id"],
        "player_id": change.on,
        "team_id": change.team_id,
        "start_period_type": change.key.type,
        "start_period": change.key.number,
        "start_min": change.clock_ms / MINUTE_MS,
        "position": change.position,
    }


def _starting_id(facts: MatchFacts, player_id: str, team_id: str | None) -> str:
    """Return the stint from the first whistle that is there, else the player's first."""
    found = (each for each in facts.lineup if each["player_id"] == player_id and each["team_id"] == team_id)
    first = ids.stint_id(facts.match["id"], player_id, 1)
    return next((each["id"] for each in found if _is_start(each)), first)


def _starting(match_id: str, player_id: str, team_id: str | None, position: str | None) -> dict[str, Value]:
    return {
        "match_id": match_id,
        "player_id": player_id,
        "team_id": team_id,
        "start_period_type": REGULAR,
        "start_period": 1,
        "start_min": 0.0,
        "position": position,
    }


def _is_start(stint: Record) -> bool:
    """Say whether a stint begins with the match; old rows name no period."""
    is_first = stint["start_period"] in {1, None} and stint["start_period_type"] == REGULAR
    return is_first and not stint["start_min"]
