"""Seeded scripts of pushes: valid, clumsy and hostile ones, in which devices see old and new states of few records.

A script draws each push from its dice and from what earlier answers told, so that the same seed gives the same script
wherever the answers are the same; the differential test runs one on two stores.
"""

import random
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Raw

from football.ids import pause_id, period_id
from storage.engine import Arrival
from sync.collections import format_instant
from sync.conflicts import conflict_id
from sync.errors import SyncError
from sync.messages import PushAnswer, encode, read_push
from tests.harness import CLUB, DAY_MS, HOUR_MS, MINUTE_MS, Site, uid

TEAMS = [uid(0x10 + n) for n in range(3)]
PLAYERS = [uid(0x20 + n) for n in range(4)]
MATCHES = [uid(0x30 + n) for n in range(3)]
EVENTS = [uid(0x40 + n) for n in range(12)]
PERIODS = [period_id(match, "regular", number) for match in MATCHES for number in (1, 2)]
PAUSES = [pause_id(period, 1) for period in PERIODS[:3]]
STINTS = [uid(0x60 + n) for n in range(4)]
DEVICES = [uid(0xD0 + n) for n in range(5)]
RECORDS = {
    "teams": TEAMS,
    "players": PLAYERS,
    "matches": MATCHES,
    "events": EVENTS,
    "match_periods": PERIODS,
    "match_pauses": PAUSES,
    "lineup": STINTS,
}
Told = bytes | tuple[str, str]
"""An answer's bytes, or a refusal's code and words."""
ODD: list[Any] = [None, 10**30, -1, 1e308, "\x00", "x" * 2_000, [], {"a": {}}, True, "2026-02-30", "\N{SNOWMAN}"]


class Script:
    """Draws pushes, and plays each on one site or on several alike."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.dice = random.Random(seed)
        self.cursors: list[str] = ["0.0000000000000000"]
        self.stamps: list[str] = []
        self.counters = dict.fromkeys(DEVICES, 0)
        self.sent: dict[str, dict[int, bytes]] = {each: {} for each in DEVICES}
        self.groups = 0
        self.words: set[str] = set()

    async def step(self, sites: list[Site]) -> None:
        """Play one push, and hold the sites' answers, refusals too, against one another."""
        device_id, body = self.draw(sites[0].now_ms)
        told = [await _answer(site, f"user of {device_id}", body) for site in sites]
        assert all(each == told[0] for each in told), f"seed {self.seed}: {body!r} was answered {told}"
        self.hear(device_id, told[0])
        self.wait(sites)

    async def round(self, alone: Site, together: Site) -> int:
        """Play pushes of different devices one by one on one site, in one transaction on the other; return how many.

        The devices of a round have not heard of one another's pushes.
        """
        pushes = dict(self.draw(alone.now_ms) for _ in range(self.dice.randint(1, 4)))
        told = [await _answer(alone, f"user of {device_id}", body) for device_id, body in pushes.items()]
        joined = await play_together(together, list(pushes.items()))
        assert joined == told, f"seed {self.seed}: {pushes} were answered {joined}, one by one {told}"
        for device_id, each in zip(pushes, told, strict=True):
            self.hear(device_id, each)
        self.wait([alone, together])
        return len(pushes)

    def wait(self, sites: list[Site]) -> None:
        """Let some time pass."""
        ahead_ms = self.dice.choices([0, 700, 40_000, HOUR_MS, DAY_MS + HOUR_MS], [4, 8, 4, 2, 1])[0]
        for site in sites:
            site.now_ms += ahead_ms

    def hear(self, device_id: str, told: Told) -> None:
        """Learn from the answer to a push."""
        if isinstance(told, bytes):
            self._learn(msgspec.json.decode(told, type=PushAnswer), device_id)
        else:
            self.words.add(told[0])

    def _learn(self, answer: PushAnswer, device_id: str) -> None:
        self.cursors.append(answer.timestamp)
        digits = device_id.replace("-", "")
        self.stamps += [f"{clock}{digits}" for run in answer.applied for clock in run.clocks]
        self.stamps += [each.stamp for each in answer.others if each.stamp is not None]
        self.words.update(each.verdict for each in answer.others)
        self.words.update("applied" for _ in answer.applied)

    def draw(self, now_ms: int) -> tuple[str, bytes]:
        """Return the next push, as its device and its body."""
        dice = self.dice
        device_id = dice.choice(DEVICES)
        held = self.sent[device_id]
        again = dice.sample(sorted(held), min(len(held), dice.choice([0, 0, 1, 6])))
        made = {n: held[n] for n in again}
        for raw in self._mutations(device_id, now_ms + self._skew(device_id)):
            n = self.counters[device_id] = self.counters[device_id] + dice.choice([1, 1, 1, 2])
            made[n] = held[n] = encode({"n": n, **raw})
        if dice.random() < 0.03 and again:
            made[again[0]] = encode({**msgspec.json.decode(made[again[0]]), "wall": 1})  # a fork
        request: dict[str, Any] = {
            "device_id": device_id,
            "sent_at": now_ms + self._skew(device_id) - dice.randrange(3_000),
            "mutations": [Raw(made[n]) for n in sorted(made)],
        }
        if dice.random() < 0.3:
            request |= {"acked": self._cursor(), "past": dice.sample(self.cursors, min(3, len(self.cursors)))}
        return device_id, encode(request)

    def _skew(self, device_id: str) -> int:
        return {DEVICES[1]: -3 * HOUR_MS, DEVICES[2]: 400 * DAY_MS, DEVICES[3]: 7_000}.get(device_id, 0)

    def _cursor(self) -> str:
        return self.dice.choice([*self.cursors[-4:], self.dice.choice(self.cursors)])

    def _mutations(self, device_id: str, wall_ms: int) -> list[dict[str, Any]]:
        count = self.dice.choice([1, 1, 2, 3, 8])
        made = [self._mutation(device_id, wall_ms - self.dice.randrange(20 * MINUTE_MS)) for _ in range(count)]
        if self.dice.random() < 0.2:
            self.groups += 1
            asked = count + self.dice.choice([0, 0, 0, 1])
            made = [{**each, "group": {"id": uid(0x9000 + self.groups), "count": asked}} for each in made]
        return made

    def _mutation(self, device_id: str, wall_ms: int) -> dict[str, Any]:
        dice = self.dice
        collection = dice.choice([*RECORDS, "events", "events"])
        made: dict[str, Any] = {
            "collection": collection,
            "record": dice.choice(RECORDS[collection]),
            "op": "put",
            "wall": wall_ms,
            "base": self._cursor(),
        }
        if self.stamps and dice.random() < 0.5:
            made["after"] = dice.choice(self.stamps[-30:])
        match dice.choices(["put", "delete", "restore", "resolve", "odd"], [20, 3, 2, 4, 3])[0]:
            case "put":
                made["fields"] = self._fields(collection, made["record"])
            case "resolve":
                made |= self._resolution(collection, made["record"])
            case "odd":
                made |= self._odd(collection, made["record"])
            case op:
                made["op"] = op
        if dice.random() < 0.05:
            made["origins"] = [{"device_id": dice.choice(DEVICES), "n": dice.randrange(1, 40)}]
        return made

    def _resolution(self, collection: str, record: str) -> dict[str, Any]:
        dice = self.dice
        field = dice.choice(["deleted", f"duplicate/{dice.choice(EVENTS)}", "name", "notes", "kind", "started_at"])
        field = dice.choice([field, field, f"orphan/{dice.choice(DEVICES)}/{dice.randrange(1, 30)}"])
        values = [True, False, record, field.rpartition("/")[2], "goal", "Chosen", None]
        choice = dice.choice(["keep", "take", "set"])
        return {"op": "resolve", "resolve": {"field": field, "choice": choice, "value": dice.choice(values)}}

    def _odd(self, collection: str, record: str) -> dict[str, Any]:
        dice = self.dice
        value = dice.choice(ODD)
        return dice.choice(
            [
                {"fields": {**self._fields(collection, record), dice.choice(["name", "clock_ms", "x"]): value}},
                {"fields": {"na\x00me": value}},
                {"fields": {}},
                {"collection": "nonsense", "fields": {"name": value}},
                {"op": "explode", "extra": value},
                {"wall": value, "fields": self._fields(collection, record)},
                {"op": "delete", "fields": {"name": "x"}},
                {"op": "resolve", "resolve": {"field": f"rejected/{DEVICES[0]}/1", "choice": "take", "value": value}},
            ]
        )

    def _fields(self, collection: str, record: str) -> dict[str, Any]:
        dice = self.dice
        at = format_instant(1_790_000_000_000 + dice.randrange(90) * MINUTE_MS)
        every: dict[str, dict[str, Any]] = {
            "teams": {"name": dice.choice(["Reds", "Blues"]), "age_group": dice.choice(["U7", None]), "logo_url": None},
            "players": {
                "full_name": dice.choice(["Ada", "Ben"]),
                "current_team": dice.choice([*TEAMS, None]),
                "dob": dice.choice(["2016-02-29", None]),
                "do_not_share": dice.random() < 0.5,
                "notes": dice.choice(["\N{SNOWMAN} \\ \" '", "", None]),
            },
            "matches": {
                "kickoff_ts": at,
                "venue": dice.choice(["Home", "Away"]),
                "finished_at": dice.choice([at, None]),
            },
            "events": {
                "match_id": dice.choice(MATCHES),
                "kind": dice.choice(["goal", "goal", "own_goal", "save"]),
                "clock_ms": dice.randrange(90_000),
                "period_number": dice.choice([0, 1]),
                "team_id": dice.choice([*TEAMS, None]),
                "x": dice.choice([0.1 + 0.2, 50, 0, None]),
                "sentiment": dice.randrange(-5, 5),
                "notes": dice.choice(["late", None]),
            },
            "match_periods": {"match_id": MATCHES[PERIODS.index(record) // 2] if record in PERIODS else MATCHES[0]}
            | {"number": 1, "started_at": at, "ended_at": dice.choice([at, None])},
            "match_pauses": {"period_id": dice.choice(PERIODS[:3]), "ordinal": 1, "started_at": at},
            "lineup": {
                "match_id": dice.choice(MATCHES),
                "player_id": dice.choice(PLAYERS),
                "start_min": dice.random() * 45,
                "end_min": dice.choice([None, 45, 44.999]),
            },
        }
        whole = every[collection]
        if dice.random() < 0.5:
            return whole
        return {name: whole[name] for name in dice.sample(sorted(whole), dice.randrange(1, len(whole)))}


async def play_together(site: Site, pushes: Sequence[tuple[str, bytes]]) -> list[Told]:
    """Play pushes of different devices in one transaction, and return what each is told."""
    engine = site.engine
    told: dict[str, Told] = {}
    arrivals: list[Arrival] = []
    for device_id, body in pushes:
        try:
            arrivals.append(engine.receive(f"user of {device_id}", read_push(body)))
        except SyncError as refused:
            told[device_id] = _refusal(refused)
    if arrivals:
        answers = await engine.push_together(CLUB, arrivals)
        for arrival, answer in zip(arrivals, answers, strict=True):
            told[arrival.push.device_id] = _refusal(answer) if isinstance(answer, SyncError) else encode(answer)
    return [told[device_id] for device_id, _ in pushes]


async def _answer(site: Site, author: str, body: bytes) -> Told:
    try:
        return await site.push(author, body)
    except SyncError as error:
        return _refusal(error)


def _refusal(error: SyncError) -> tuple[str, str]:
    return error.code, f"{error.detail} {encode(error.values).decode()}"


async def told_by(site: Site) -> dict[str, Any]:
    """Return all that a site's store tells."""
    return {
        "log": await site.log_bodies(),
        "tables": await site.tables(),
        "counts": await site.store.counts(CLUB),
        "devices": list(await site.store.devices(CLUB)),
        "conflicts": encode(list(await site.store.conflicts(CLUB, is_open=False, after="", limit=100_000))),
        "head": await site.store.head(CLUB),
        "goals": list(await site.store.records(CLUB, "events", {"kind": "goal", "period_number": 0})),
        "nameless": list(await site.store.records(CLUB, "players", {"full_name": None})),
        "one": list(await site.store.records(CLUB, "matches", {"id": MATCHES[0]})),
        "first conflict": conflict_id("teams", TEAMS[0], "name"),
    }
