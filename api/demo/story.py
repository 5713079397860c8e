"""The story of the demo, and its proof: it ends well only if every device and the server show one match."""

import random
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import httpx
import msgspec
from msgspec import Struct

from api.demo.line import Line
from api.demo.phone import Phone
from api.demo.telling import Teller
from api.demo.viewer import Viewer
from api.demo.watching import SHOWN, prove_screen, tell_screen
from football.facts import MatchFacts, gather
from football.recording import Fact, record, recorded_id
from football.scoreboard import score_of
from sync.collections import Value, shift_instant
from sync.messages import Choice

HOUR_MS = 3_600_000
LOSSES = 0.3
"""The share of replies that the line loses."""
MATCH_LASTED_MS = 2 * HOUR_MS
PRESSED_LATER_MS = 1_500
"""The helper presses start and end this much later than the coach."""
PASSWORD = "demo-password-of-the-touchline"  # noqa: S105 - of an account that lives as long as the demo


class Cast(Struct):
    """Who takes part."""

    coach: Phone
    helper: Phone
    facts: tuple[Fact, ...]
    match_id: str
    seed: str


def tell(
    client: httpx.Client, document: Mapping[str, Any], teller: Teller, *, now_ms: int, dice: random.Random
) -> bool:
    """Play the match and bring it together; return whether all agree at the end."""
    cast = _gather_cast(client, document, teller, now_ms=now_ms, dice=dice)
    _before(cast, teller)
    viewer = _share(client, cast, teller, dice)
    _half(cast, teller, period=1)
    _half_time(cast, teller)
    tell_screen(client, viewer, teller)
    _half(cast, teller, period=2)
    _disagree(cast, teller)
    _reconnect(cast, teller)
    tell_screen(client, viewer, teller)
    _resolve(cast, teller)
    return _prove(client, cast, viewer, teller, dice)


def _gather_cast(
    client: httpx.Client, document: Mapping[str, Any], teller: Teller, *, now_ms: int, dice: random.Random
) -> Cast:
    teller.chapter("A club signs up")
    seed = str(UUID(int=dice.getrandbits(128), version=4))
    email = f"coach-{seed[:8]}@demo.invalid"
    ids = [str(UUID(int=dice.getrandbits(128), version=4)) for _ in range(2)]
    asked = {
        "email": email,
        "password": PASSWORD,
        "display_name": "Coach",
        "club_name": "Demo FC",
        "device_id": ids[0],
    }
    coach = Phone("the coach's phone", ids[0], sign_in(client, "register", asked, dice))
    asked = {"email": email, "password": PASSWORD, "device_id": ids[1]}
    helper = Phone("the helper's phone", ids[1], sign_in(client, "login", asked, dice), fast_ms=HOUR_MS)
    kickoff_ms = now_ms - MATCH_LASTED_MS
    facts = record(document, seed=seed, kickoff_ms=kickoff_ms)
    teller.say(f"{document['title']}: {len(facts)} facts, from {document['source']}.")
    teller.say("Two phones, one account each signed in; the helper's clock is an hour fast.")
    teller.say(f"The line loses {LOSSES:.0%} of the replies.")
    return Cast(coach=coach, helper=helper, facts=facts, match_id=recorded_id(seed, "match"), seed=seed)


def sign_in(client: httpx.Client, how: str, asked: Mapping[str, str], dice: random.Random) -> Line:
    """Register or log in, and return the line of the signed-in phone."""
    answer = client.post(f"/api/auth/{how}", json=asked)
    answer.raise_for_status()
    token = msgspec.json.decode(answer.content)["access_token"]
    signed_in = httpx.Client(base_url=client.base_url, headers={"authorization": f"Bearer {token}"})
    return Line(signed_in, losses=LOSSES, dice=dice)


def _before(cast: Cast, teller: Teller) -> None:
    teller.chapter("Before the match, with signal")
    kickoff = next(fact.wall_ms for fact in cast.facts if fact.collection == "match_periods")
    for fact in cast.facts:
        if fact.wall_ms < kickoff:
            cast.coach.write(fact)
    cast.coach.sync()
    cast.helper.sync()
    teller.view = cast.helper.device.view()
    teller.say(f"The coach enters squads, match and line-up; {_counted(cast.helper)}.")


def _share(client: httpx.Client, cast: Cast, teller: Teller, dice: random.Random) -> Viewer:
    teller.chapter("The coach shares a link, and somebody at home opens it")
    made = cast.coach.line.post(f"/api/matches/{cast.match_id}/share", SHOWN, key=f"demo-{cast.seed}")
    cuts = random.Random(dice.getrandbits(64))  # noqa: S311 - when the line is cut
    viewer = Viewer(str(client.base_url), made["secret"], cuts)
    viewer.begin()
    teller.say("Shirt numbers instead of names; nobody signs in. Both teams are adults, so the score may be shown.")
    teller.say("The viewer's line is cut after some messages, each time, and goes on from its cursor.")
    tell_screen(client, viewer, teller)
    return viewer


def _half(cast: Cast, teller: Teller, *, period: int) -> None:
    """Let both log one half without signal: the coach the home team, the helper the other, both the whistle."""
    names = {1: "First half", 2: "Second half"}
    teller.chapter(f"{names[period]}, no signal")
    starts = [fact.wall_ms for fact in cast.facts if fact.collection == "match_periods" and "number" in fact.fields]
    begin = starts[period - 1]
    end = starts[period] if period < len(starts) else None
    facts = [fact for fact in cast.facts if begin <= fact.wall_ms and (end is None or fact.wall_ms < end)]
    events = {fact.id: fact.fields["team_id"] for fact in cast.facts if fact.collection == "events"}
    for fact in facts:
        if fact.collection == "match_periods":
            cast.coach.write(fact)
            cast.helper.write(_pressed_later(fact, cast.helper.fast_ms))
        elif fact.collection == "matches" or _team_of(cast, fact, events) == _home(cast):
            cast.coach.write(fact)
        else:
            cast.helper.write(fact)
    for phone in (cast.coach, cast.helper):
        teller.say(f"On {phone.name}: {_waiting(phone)}.")


def _pressed_later(fact: Fact, fast_ms: int) -> Fact:
    """Return a press of the same button on the helper's phone: a little later, and by its own clock."""
    moved: dict[str, Value] = {
        name: shift_instant(value, PRESSED_LATER_MS + fast_ms) if name.endswith("_at") else value
        for name, value in fact.fields.items()
    }
    return Fact(fact.collection, fact.id, moved, fact.wall_ms + PRESSED_LATER_MS)


def _team_of(cast: Cast, fact: Fact, events: Mapping[str, str]) -> str | None:
    """Return the team that a fact is about; a group goes to one phone as a whole."""
    if fact.group is not None:
        first = next(each for each in cast.facts if each.group == fact.group and each.collection == "events")
        return str(first.fields["team_id"])
    return fact.fields.get("team_id") or events.get(str(fact.fields.get("event_id")))


def _home(cast: Cast) -> str:
    return next(str(fact.fields["home_team_id"]) for fact in cast.facts if fact.collection == "matches")


def _half_time(cast: Cast, teller: Teller) -> None:
    teller.chapter("Half time: one bar of signal")
    for phone in (cast.helper, cast.coach, cast.helper):
        phone.sync()
    teller.say(f"Both phones have synced; {_counted(cast.coach)}.")
    teller.say(
        f"Both pressed the buttons, and there is one first half; {len(cast.coach.device.conflicts())} to settle."
    )


def _disagree(cast: Cast, teller: Teller) -> None:
    """Make the work of the two overlap, while neither hears of the other."""
    teller.chapter("Meanwhile they disagree, still without signal")
    goals = [fact for fact in cast.facts if fact.collection == "events" and fact.fields["kind"] == "goal"]
    first, last = goals[0], goals[-1]
    match = gather(cast.coach.device.view(), cast.match_id).match
    double = dict(last.fields) | {"clock_ms": last.fields["clock_ms"] + 9_000, "player_id": None}
    cast.helper.write(Fact("events", recorded_id(cast.seed, "event", "double"), double, last.wall_ms + 9_000))
    teller.say(f"Both log the goal at {teller.event(match, last.fields)}; the helper did not see who scored.")

    players = [fact.id for fact in cast.facts if fact.collection == "players"]
    _correct(cast.coach, first, {"player_id": players[4]}, later_ms=60_000)
    _correct(cast.helper, first, {"player_id": players[0]}, later_ms=90_000)
    teller.say(f"{teller.event(match, first.fields)}: the coach makes it {teller.player(players[4])},")
    teller.say(f"the helper {teller.player(players[0])}.")

    foul = next(fact for fact in cast.facts if fact.collection == "events" and fact.fields["kind"] == "foul")
    when = last.wall_ms + cast.coach.fast_ms + 120_000
    cast.coach.device.delete("events", foul.id, wall_ms=when)
    _correct(cast.helper, foul, {"notes": "late tackle, talked to the bench"}, later_ms=120_000)
    teller.say(f"{teller.event(match, foul.fields)}: the coach deletes it, the helper writes a note on it.")


def _correct(phone: Phone, fact: Fact, fields: dict[str, Value], *, later_ms: int) -> None:
    wall_ms = max(fact.wall_ms, phone.now_ms() - phone.fast_ms - HOUR_MS) + later_ms
    phone.write(Fact(fact.collection, fact.id, fields, wall_ms))


def _reconnect(cast: Cast, teller: Teller) -> None:
    teller.chapter("They reconnect, one after the other")
    for phone in (cast.coach, cast.helper, cast.coach):
        waiting, lost, pushes = phone.device.waiting_count, phone.line.lost, phone.pushes
        phone.sync()
        teller.say(
            f"{phone.name}: {waiting} changes in {phone.pushes - pushes} pushes, {phone.line.lost - lost} replies lost"
            " and asked for again; now nothing waits."
        )
    skew = cast.helper.fast_ms // 60_000
    teller.say(f"The helper's clock was {skew} minutes fast; the times of its edits and whistles were corrected.")


def _resolve(cast: Cast, teller: Teller) -> None:
    teller.chapter("What the server would not decide alone, the coach decides")
    while conflicts := cast.coach.device.conflicts():
        for conflict in conflicts:
            choice, value, said = _decide(conflict, teller)
            teller.say(said)
            cast.coach.device.resolve(conflict, choice, value, wall_ms=cast.coach.now_ms())
        cast.coach.sync()
    cast.helper.sync()
    cast.coach.sync()


def _decide(conflict: Mapping[str, Any], teller: Teller) -> tuple[Choice, Value, str]:
    """Return the coach's choice, the value chosen, and the prompt with its answer in a line."""
    stands, candidates = conflict["stands"], conflict["candidates"]
    what = f"{conflict['kind']} · {conflict['collection']}.{conflict['field'].partition('/')[0]}"
    if conflict["kind"] == "duplicate":
        drop = conflict["other"] if stands["value"]["record"] != conflict["other"] else candidates[0]["value"]["record"]
        return "take", drop, f"{what}: one goal or two? One: the second is dropped."
    if conflict["kind"] == "deleted":
        return "keep", True, f"{what}: deleted, and meanwhile edited. It stays deleted."
    mine, theirs = stands["value"], candidates[0]["value"]
    if conflict["field"] == "player_id":
        names = f"{teller.player(mine)} or {teller.player(theirs)}"
        scorer = next(side for side in (stands, candidates[0]) if teller.player(side["value"]).startswith("Luis"))
        choice: Choice = "keep" if scorer is stands else "take"
        return choice, scorer["value"], f"{what}: {names}? {teller.player(scorer['value'])}."
    earlier: Choice = "keep" if mine <= theirs else "take"
    return earlier, min(mine, theirs), f"{what}: {mine} or {theirs}? The earlier."


def _prove(client: httpx.Client, cast: Cast, viewer: Viewer, teller: Teller, dice: random.Random) -> bool:
    teller.chapter("A third device starts from nothing")
    tablet = _new_phone(client, cast, dice)
    tablet.device.expired()
    tablet.sync()
    replayed = _new_phone(client, cast, dice)
    replayed.sync()
    teller.say(f"The club's tablet: {_counted(tablet)}.")

    facts = gather(tablet.device.view(), cast.match_id)
    score = score_of(facts)
    told = tablet.line.get(f"/api/matches/{cast.match_id}/score")
    listed = tablet.line.pages(f"/api/matches/{cast.match_id}/events", "events")
    teller.chapter("The end")
    teller.timeline(facts)
    teller.minutes(facts)
    held = cast.coach.device.state
    phones = (cast.helper, tablet, replayed)
    proof = [
        ("what all devices hold", all(_held(each) == _held(cast.coach) for each in phones)),
        ("what all devices show", all(each.device.view() == cast.coach.device.view() for each in phones)),
        ("where all devices stand in the log", all(each.device.state.cursor == held.cursor for each in phones)),
        (f"the score on the devices, {score}, and the real one, 2-2", str(score) == "2-2"),
        (f"the score on the server, {told['text']}", told["text"] == str(score)),
        ("the events on the server and on the devices", _same_events(listed, tablet)),
        ("nothing waits, nothing is left to settle", _is_settled(cast, phones)),
        ("every substitution is whole", _substitutions_are_whole(facts)),
        *prove_screen(client, viewer, tablet.device.view(), cast.match_id),
    ]
    teller.proof(proof)
    lines = [phone.line for phone in (cast.coach, cast.helper, *phones[1:])]
    teller.say(
        f"{sum(line.requests for line in lines)} requests, {sum(line.lost for line in lines)} replies lost, "
        f"the largest {max(line.bytes_most for line in lines) / 1024:.1f} KB."
    )
    return all(holds for _, holds in proof)


def _new_phone(client: httpx.Client, cast: Cast, dice: random.Random) -> Phone:
    device_id = str(UUID(int=dice.getrandbits(128), version=4))
    asked = {"email": f"coach-{cast.seed[:8]}@demo.invalid", "password": PASSWORD, "device_id": device_id}
    return Phone("the club's tablet", device_id, sign_in(client, "login", asked, dice))


def _held(phone: Phone) -> dict[str, Any]:
    """Return a device's fold of the log, values, deletes and versions."""
    return {
        name: {key: (each.values, each.deleted, each.version) for key, each in found.items()}
        for name, found in phone.device.state.records.items()
    }


def _same_events(rows: list[dict[str, Any]], phone: Phone) -> bool:
    """Compare the server's tables with what a device shows, field by field."""
    shown = phone.device.view()["events"]
    told = {row["id"]: row for row in rows}
    return told.keys() == shown.keys() and all(
        told[event_id][name] == value for event_id, values in shown.items() for name, value in values.items()
    )


def _is_settled(cast: Cast, phones: tuple[Phone, ...]) -> bool:
    everyone = (cast.coach, *phones)
    return all(not each.device.waiting_count and not each.device.conflicts() for each in everyone)


def _substitutions_are_whole(facts: MatchFacts) -> bool:
    changes = [event["id"] for event in facts.events if event["kind"] == "substitution"]
    on = {each["event_id"] for each in facts.participants if each["kind"] == "substitution"}
    closed = [stint for stint in facts.lineup if stint["end_min"] is not None]
    return set(changes) == on and len(closed) == len(changes)


def _waiting(phone: Phone) -> str:
    return f"{phone.device.waiting_count} changes saved on the phone, waiting for signal"


def _counted(phone: Phone) -> str:
    view = phone.device.view()
    return f"{len(view['players'])} players and {len(view['events'])} events on {phone.name}"
