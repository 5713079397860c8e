"""One match of the demo club as it was logged, from the line-up to the award.

What each button writes is asked of football's own pieces (`presses`, `substitutions`), as the app does it; the lot
decides who scored and who changed, and falls the same way each time.
"""

import random
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from api.demo.notebook import Notebook
from api.demo.squads import OWN, PLAYERS, Fixture, Player
from football import ids, presses
from football.clock import MINUTE_MS, PeriodKey, period_key
from football.recording import LINEUP_BEFORE_MS, Group
from football.substitutions import Change, line_up, substitute
from football.vocabulary import REGULAR
from sync.collections import Problem, Value

FORMATION: Final = ("GK", "LB", "CB", "RB", "LM", "CM", "CM", "RM", "CF")
"""Nine a side, as under-twelves play."""
NEAR: Final = {"LB": "CB", "CB": "LB", "RB": "LB", "LM": "RM", "CM": "CAM", "RM": "LM", "CF": "CAM"}
"""A place -> who else can play there."""
CHANGES: Final = ((1, 15), (2, 0), (2, 14))
"""Period and minute of the changes."""
CHANGED: Final = 2
"""Players in one change."""
PAUSE_IN: Final = 2
PAUSE_AT_MS: Final = 10 * MINUTE_MS
HALF_MS: Final = 30 * MINUTE_MS
BREAK_MS: Final = 10 * MINUTE_MS
PAUSE_MS: Final = 3 * MINUTE_MS
ADDED_S_MAX: Final = 110
"""Seconds of added time in a half, at the most."""
LATE_MS_MAX: Final = 4 * MINUTE_MS
"""Milliseconds by which a match begins late, at the most."""
ASSISTED: Final = 0.75
"""The share of goals that somebody laid on."""
FREE_MINUTES: Final = tuple(minute for minute in range(2, 59) if minute not in {15, 29, 30, 44})
"""Minutes of the match in which something may happen: none in which somebody changes."""
AROUND: Final = ("shot_on_target", "shot_on_target", "shot_off_target", "save", "corner", "corner", "tackle")
"""What else is logged of us in a match: some of these."""
AROUND_MAX: Final = 5
THEIRS: Final = ("corner", "shot_on_target")


class Moment(Struct, frozen=True, order=True):
    """Something that happens in a match, ordered by time."""

    number: int
    clock_ms: int
    kind: str
    is_ours: bool = True


class Played:
    """One match as it is logged."""

    def __init__(self, notebook: Notebook, match_id: str, fixture: Fixture, dice: random.Random) -> None:
        """Log into a notebook, where the match is scheduled already."""
        self._notebook = notebook
        self._match_id = match_id
        self._fixture = fixture
        self._dice = dice
        self._events = 0
        self._ours = notebook.id("team", str(OWN["name"]))
        self._theirs = notebook.id("team", fixture.opponent)
        squad = [each for each in PLAYERS if each.number not in fixture.absent]
        self._on = _starting(squad, fixture.keeper, dice)
        self._bench = [each for each in squad if each not in self._on.values()]

    def play(self, kickoff_ms: int) -> None:
        """Write it down from the line-up to the award."""
        notebook = self._notebook
        self._line_up(kickoff_ms - LINEUP_BEFORE_MS)
        moments = self._moments()
        start_ms = kickoff_ms + self._dice.randrange(LATE_MS_MAX)
        for number in (1, 2):
            start_ms = self._half(number, start_ms, [each for each in moments if each.number == number])
        end_ms = start_ms - BREAK_MS
        notebook.press(presses.finish(notebook.match(self._match_id), end_ms), end_ms)
        award: dict[str, Value] = {
            "match_id": self._match_id,
            "player_id": self._player_id(self._fixture.best),
            "category": "Player of the match",
        }
        notebook.write("match_awards", notebook.id("award", self._match_id), award, end_ms + BREAK_MS)

    def _line_up(self, wall_ms: int) -> None:
        players = [(self._player_id(each.number), FORMATION[place]) for place, each in self._on.items()]
        planned = line_up(self._notebook.match(self._match_id), players, self._ours)
        assert not isinstance(planned, Problem), planned
        for draft in planned.drafts:
            self._notebook.write(draft.collection, draft.id, dict(draft.fields), wall_ms)

    def _moments(self) -> list[Moment]:
        """Return what happens, in order: no two of them in one minute, so that nothing looks logged twice."""
        ours, theirs = self._fixture.goals
        kinds = [("goal", True)] * ours + [("goal", False)] * theirs
        kinds += [(kind, True) for kind in self._dice.sample(AROUND, AROUND_MAX)] + [(kind, False) for kind in THEIRS]
        kinds += [("yellow_card", True)] * (self._fixture.booked is not None)
        minutes = self._dice.sample(FREE_MINUTES, len(kinds))
        changes = [Moment(number, minute * MINUTE_MS, "substitution") for number, minute in CHANGES]
        return sorted([*changes, *(self._moment(*each) for each in zip(minutes, kinds, strict=True))])

    def _moment(self, minute: int, kind: tuple[str, bool]) -> Moment:
        number, within = divmod(minute, HALF_MS // MINUTE_MS)
        return Moment(number + 1, within * MINUTE_MS + self._dice.randrange(MINUTE_MS), *kind)

    def _half(self, number: int, start_ms: int, moments: Sequence[Moment]) -> int:
        """Play one half; return when the next one starts."""
        notebook, key = self._notebook, period_key(REGULAR, number)
        notebook.press(presses.start(notebook.match(self._match_id), key, start_ms), start_ms)
        stood_ms = 0
        for moment in moments:
            if self._fixture.has_pause and number == PAUSE_IN and not stood_ms and moment.clock_ms > PAUSE_AT_MS:
                self._pause(key, start_ms + PAUSE_AT_MS)
                stood_ms = PAUSE_MS
            self._happen(moment, start_ms + moment.clock_ms + stood_ms)
        end_ms = start_ms + HALF_MS + stood_ms + self._dice.randrange(1, ADDED_S_MAX) * 1_000
        notebook.press(presses.end(notebook.match(self._match_id), key, end_ms), end_ms)
        return end_ms + BREAK_MS

    def _pause(self, key: PeriodKey, at_ms: int) -> None:
        notebook = self._notebook
        notebook.press(presses.pause(notebook.match(self._match_id), key, at_ms), at_ms)
        notebook.press(presses.resume(notebook.match(self._match_id), key, at_ms + PAUSE_MS), at_ms + PAUSE_MS)

    def _happen(self, moment: Moment, wall_ms: int) -> None:
        if moment.kind == "substitution":
            for place, on in self._changes():
                self._change(moment, place, on, wall_ms)
            return
        player = self._who(moment) if moment.is_ours else None
        fields: dict[str, Value] = {
            "match_id": self._match_id,
            "season_id": self._notebook.id("season"),
            "period_type": REGULAR,
            "period_number": moment.number,
            "clock_ms": moment.clock_ms,
            "kind": moment.kind,
            "team_id": self._ours if moment.is_ours else self._theirs,
        }
        if player is not None:
            fields["player_id"] = self._player_id(player.number)
        event_id = self._event_id()
        self._notebook.write("events", event_id, fields, wall_ms)
        if moment.kind == "goal" and player is not None and self._dice.random() < ASSISTED:
            passer = self._draw([each for each in self._on.values() if each not in {player, self._on[0]}])
            assist: dict[str, Value] = {
                "event_id": event_id,
                "player_id": self._player_id(passer.number),
                "kind": "assist",
            }
            self._notebook.write("event_participants", ids.participant_id(event_id, "assist"), assist, wall_ms)

    def _who(self, moment: Moment) -> Player:
        """Return whose doing it was: the keeper saves, the others in the measure of their weight."""
        if moment.kind == "save":
            return self._on[0]
        if moment.kind == "yellow_card":
            return next(each for each in PLAYERS if each.number == self._fixture.booked)
        return self._draw([each for place, each in self._on.items() if place])

    def _draw(self, players: Sequence[Player]) -> Player:
        return self._dice.choices(players, [each.plays for each in players])[0]

    def _changes(self) -> Iterator[tuple[int, Player]]:
        """Take the two who have sat out the longest, and a place on the pitch for each, any but the keeper's."""
        free = [place for place, each in self._on.items() if place and each.number != self._fixture.booked]
        for on in [each for each in self._bench if each.position != "GK"][:CHANGED]:
            suits = [place for place in free if _likes(on, FORMATION[place]) or _is_near(on, FORMATION[place])]
            place = self._dice.choice(suits or free)
            free.remove(place)
            yield place, on

    def _change(self, moment: Moment, place: int, on: Player, wall_ms: int) -> None:
        off = self._on[place]
        change = Change(
            event_id=self._event_id(),
            key=period_key(REGULAR, moment.number),
            clock_ms=moment.clock_ms,
            off=self._player_id(off.number),
            on=self._player_id(on.number),
            team_id=self._ours,
            position=FORMATION[place],
        )
        facts = self._notebook.match(self._match_id)
        planned = substitute(facts, change, {each["id"] for each in facts.lineup})
        assert not isinstance(planned, Problem), planned
        assert not planned.prompts, planned.prompts
        group = Group(self._notebook.id("change", self._match_id, self._events), len(planned.drafts))
        for draft in planned.drafts:
            self._notebook.write(draft.collection, draft.id, dict(draft.fields), wall_ms, group)
        self._on[place] = on
        self._bench = [*(each for each in self._bench if each != on), off]

    def _event_id(self) -> str:
        self._events += 1
        return self._notebook.id("event", self._match_id, self._events)

    def _player_id(self, number: int) -> str:
        return self._notebook.id("player", number)


def _starting(squad: Sequence[Player], keeper: int, dice: random.Random) -> dict[int, Player]:
    """Return who begins, by their place in the formation: each where they like to be, as far as that goes."""
    left = dice.sample(squad, len(squad))
    chosen = {0: next(each for each in left if each.number == keeper)}
    left = [each for each in left if each.position != "GK"]
    for suits in (_likes, _is_near, _is_there):
        for place in range(1, len(FORMATION)):
            found = next((each for each in left if suits(each, FORMATION[place])), None)
            if place not in chosen and found is not None:
                chosen[place] = found
                left.remove(found)
    return dict(sorted(chosen.items()))


def _likes(player: Player, position: str) -> bool:
    return player.position == position


def _is_near(player: Player, position: str) -> bool:
    return NEAR.get(position) == player.position


def _is_there(_player: Player, _position: str) -> bool:
    return True
