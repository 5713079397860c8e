"""What people, phones, lines and operators do: each a step of the simulation, weighed by dice."""

from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec import Struct, field

from sync.collections import Value
from sync.device import DeviceState
from sync.messages import Choice, Group, PushRequest
from tests.sim.catalogue import CATALOGUE, KINDS, WORDS
from tests.sim.fleet import MANGLED, Asked, Phone, Reply, pair_of
from tests.sim.oracle import name_of
from tests.sim.world import DAY, HOUR, SECOND, World

PHONES_MAX: Final = 7
YEAR: Final = 365 * DAY


class Letter(Struct):
    """A message in flight: a request to the server, or an answer to a phone."""

    phone: Phone
    asked: Asked | None = None
    reply: Reply | None = None


class Scene(Struct):
    """A run: the world, its phones, and what is under way between them."""

    world: World
    phones: list[Phone] = field(default_factory=list[Phone])
    flight: list[Letter] = field(default_factory=list[Letter])
    late: list[Letter] = field(default_factory=list[Letter])
    """Copies of requests and answers that come again, long after."""
    phone_backups: list[tuple[str, bytes, dict[bytes, Any]]] = field(
        default_factory=list[tuple[str, bytes, dict[bytes, Any]]]
    )


def begin(world: World, count: int) -> Scene:
    """Begin with some phones, most of them with a clock that is nearly right."""
    scene = Scene(world)
    for _ in range(count):
        add_phone(scene)
    return scene


def add_phone(scene: Scene) -> Phone:
    """Add a new device, which starts from 0 or by a snapshot."""
    world, dice = scene.world, scene.world.dice
    skew_ms = dice.choice((0, 0, 0, 1_200, -2_500, HOUR, -HOUR, YEAR, -YEAR, 40 * SECOND))
    phone = Phone(
        world, f"phone{len(world.trace)}", DeviceState(world.make_id()), user=world.make_id(), skew_ms=skew_ms
    )
    scene.phones.append(phone)
    if dice.random() < 0.3:
        phone.device.expired()
    phone.say(f"is new, {phone.device.state.device_id[:4]}, skew {skew_ms}")
    return phone


def anyone(scene: Scene) -> Phone:
    """Return a random phone that is awake."""
    awake = [phone for phone in scene.phones if phone.asleep_until <= scene.world.now]
    return scene.world.dice.choice(awake or scene.phones)


# -- people ------------------------------------------------------------------------------------------------------------


def pick(world: World, collection: str) -> str:
    """Return a record id: most often one of the newest, sometimes one that nobody made yet."""
    pool, dice = world.pool[collection], world.dice
    if not pool or dice.random() < 0.12:
        pool.append(world.make_id())
        return pool[-1]
    return dice.choice(pool[-5:])


def some_name(phone: Phone, player: str) -> str:
    """Return a player's name as somebody types it."""
    return phone.world.dice.choice((name_of(player), name_of(player).upper()))


def some_text(phone: Phone) -> str:
    """Return a word or two; now and then a player's name, unless the phone knows that they were erased."""
    dice, pool = phone.world.dice, phone.world.pool["players"]
    if pool and dice.random() < 0.2:
        player = dice.choice(pool)
        erased_in = phone.world.oracle.erased.get(player)
        if erased_in is None or phone.device.cursor.version < erased_in:
            return dice.choice(("", "by ")) + some_name(phone, player)
    return dice.choice(WORDS)


def some_value(phone: Phone, collection: str, name: str, record: str = "") -> Value:
    """Return a value for a field: few different ones, so that people agree now and then."""
    world, dice = phone.world, phone.world.dice
    spec = CATALOGUE.collections[collection].fields[name]
    if not spec.required and dice.random() < 0.05:
        return None
    if spec.reference is not None:
        return pick(world, spec.reference.collection)
    if name == "minute":
        return dice.randrange(4)
    if name == "kind":
        return dice.choice(KINDS[:2])
    if name in {"at", "kickoff"}:
        return phone.instant()
    if collection == "players" and name == "name":
        return some_name(phone, record)
    return some_text(phone) if name == "place" else dice.choice(WORDS)


def some_fields(phone: Phone, collection: str, record: str, *, is_whole: bool) -> dict[str, Any]:
    """Return fields for a put."""
    dice = phone.world.dice
    declared = CATALOGUE.collections[collection]
    others = sorted(declared.fields.keys() - declared.required)
    chosen = [*(sorted(declared.required) if is_whole else ()), *dice.sample(others, dice.randint(0, len(others)))]
    if not chosen:
        chosen = [dice.choice(sorted(declared.fields))]
    return {name: some_value(phone, collection, name, record) for name in chosen}


def edit(scene: Scene, phone: Phone, group: Group | None = None) -> None:
    """Make one edit: mostly a put, now and then a delete or a restore."""
    dice, device = scene.world.dice, phone.device
    collection = dice.choice(("matches", "events", "events", "participants", "players", "teams"))
    record = pick(scene.world, collection)
    held = device.state.records.get(collection, {}).get(record)
    luck = dice.random()
    if luck < 0.10:
        device.delete(collection, record, wall_ms=phone.wall, group=group)
    elif luck < 0.15 and group is None and held is not None:
        device.restore(collection, record, wall_ms=phone.wall)
    else:
        is_new = held is None or not CATALOGUE.collections[collection].required <= held.values.keys()
        fields = some_fields(phone, collection, record, is_whole=is_new and dice.random() < 0.9)
        device.put(collection, record, fields, wall_ms=phone.wall, group=group)
    phone.note(1)


def edit_some(scene: Scene) -> None:
    """Let a person make a few edits."""
    phone = anyone(scene)
    for _ in range(scene.world.dice.choice((1, 1, 2, 3))):
        edit(scene, phone)


def edit_group(scene: Scene) -> None:
    """Let a person make a group; now and then one of its members is bad, or never made."""
    phone, dice = anyone(scene), scene.world.dice
    made = dice.randint(1, 3)
    group = Group(scene.world.make_id(), made + (dice.random() < 0.1))
    bad = dice.randrange(made) if dice.random() < 0.2 else None
    for place in range(made):
        if place == bad:
            edit_badly(scene, phone, group)
        else:
            edit(scene, phone, group)


def edit_badly(scene: Scene, phone: Phone | None = None, group: Group | None = None) -> None:
    """Make an edit that the server must reject: bad fields, or no mutation at all."""
    phone, dice = phone or anyone(scene), scene.world.dice
    bad: list[tuple[str, dict[str, Any]]] = [
        ("matches", {"title": 7, "place": some_text(phone)}),
        ("matches", {"title": None}),
        ("events", {"color": "red"}),
        ("events", {"kind": "dance"}),
        ("nowhere", {"title": "ash"}),
        *(("matches", {"title": f"{MANGLED}{way}", "place": some_text(phone)}) for way in range(5)),
        ("matches", {}),
        ("teams", {"name": "x" * 99}),
    ]
    collection, fields = dice.choice(bad)
    record = dice.choice((scene.world.make_id(), pick(scene.world, "matches")))
    phone.device.put(collection, record, fields, wall_ms=phone.wall, group=group)
    phone.note(1)


def answer_conflict(scene: Scene) -> None:
    """Let a person answer a conflict, with or without signal."""
    phone, dice = anyone(scene), scene.world.dice
    found = phone.open_conflicts()
    if not found:
        return
    conflict = dice.choice(sorted(found, key=lambda each: each["id"]))
    choices: tuple[Choice, ...] = ("keep", "take", "set")
    choice, value = dice.choice(choices), None
    if conflict["kind"] == "field":
        value = conflict["stands"]["value"] if choice == "keep" else dice.choice(conflict["candidates"])["value"]
        if choice == "set":
            value = some_value(phone, conflict["collection"], conflict["field"], conflict["record"])
    elif conflict["kind"] == "deleted":
        value = dice.random() < 0.5
    elif conflict["kind"] == "duplicate":
        value = dice.choice(pair_of(conflict)) if choice == "take" else None
    phone.device.resolve(conflict, choice, value, wall_ms=phone.wall)
    phone.note(1)


# -- lines -------------------------------------------------------------------------------------------------------------


def ask(scene: Scene) -> None:
    """Let a phone send its next request; one that waits for an answer gives up waiting first."""
    phone, dice = anyone(scene), scene.world.dice
    if phone.asked is not None and dice.random() < 0.6:
        return
    wants_push = dice.random() < 0.5
    if wants_push and dice.random() < 0.5:
        phone.device.begin_sync()
    asked = phone.next_request(
        wants_push=wants_push, bytes_max=dice.choice((200, 900, 48_000)), mutations_max=dice.choice((1, 2, 5, 500))
    )
    if asked is None:
        return
    phone.asked = asked
    if dice.random() < 0.15:
        phone.say("its request is lost")
        if dice.random() < 0.5:
            scene.late.append(Letter(phone, asked=asked))
        return
    scene.flight.append(Letter(phone, asked=asked))
    if dice.random() < 0.15:
        scene.late.append(Letter(phone, asked=asked))
    if asked.push is not None and dice.random() < 0.1:
        scene.late.append(Letter(phone, asked=Asked(asked.sent_ms, push=part_of(asked.push, scene))))


def part_of(push: PushRequest, scene: Scene) -> PushRequest:
    """Return some mutations of a push, in an order of their own: the network's or another client's split."""
    dice = scene.world.dice
    chosen = dice.sample(push.mutations, dice.randint(1, len(push.mutations)))
    numbers = {msgspec.json.decode(raw)["n"] for raw in chosen}
    return msgspec.structs.replace(push, mutations=chosen, again=tuple(a for a in push.again if a.n in numbers))


def deliver(scene: Scene) -> None:
    """Let one message arrive, in any order; an answer may be lost, and the server has applied it all the same."""
    if not scene.flight:
        ask(scene)
        return
    dice = scene.world.dice
    letter = scene.flight.pop(dice.randrange(min(len(scene.flight), 4)))
    carry(scene, letter)


def carry(scene: Scene, letter: Letter) -> None:
    """Carry a message to where it goes."""
    dice, phone = scene.world.dice, letter.phone
    if letter.asked is not None:
        reply = phone.serve(
            letter.asked, changes_max=dice.choice((1, 3, 5_000)), bytes_max=dice.choice((1, 700, 4_000, 48_000))
        )
        if dice.random() < 0.15:
            phone.say("its answer is lost")
            return
        scene.flight.append(Letter(phone, reply=reply))
        if dice.random() < 0.1:
            scene.late.append(Letter(phone, reply=reply))
    elif letter.reply is not None and phone in scene.phones:
        phone.asked = None
        phone.hear(letter.reply)
        if dice.random() < 0.04:
            phone.check_fold()


def come_late(scene: Scene) -> None:
    """Let a copy of an old message arrive."""
    if scene.late:
        letter = scene.late.pop(scene.world.dice.randrange(len(scene.late)))
        letter.phone.say("an old message comes")
        carry(scene, letter)


# -- phones and operators ----------------------------------------------------------------------------------------------


def pass_time(scene: Scene) -> None:
    """Let time pass: seconds, sometimes hours."""
    scene.world.now += scene.world.dice.choice((1, 20, 500, 3 * SECOND, 3 * SECOND, 30 * SECOND, 5 * 60 * SECOND))


def pass_long(scene: Scene) -> None:
    """Let a night pass."""
    scene.world.now += scene.world.dice.choice((HOUR, 8 * HOUR, DAY))


def pass_season(scene: Scene) -> None:
    """Let weeks or months pass, and the server compact its log in them; some phones are in a drawer until then."""
    world, dice = scene.world, scene.world.dice
    world.now += dice.choice((10 * DAY, 31 * DAY, 200 * DAY))
    world.say("a season passes")
    compact(scene)


def compact(scene: Scene) -> None:
    """The server compacts its log; now and then it is killed in the middle of that."""
    scene.world.compact(scene.world.dice.choice((1, 2, 5, 1_000, 1_000)))


def fall_asleep(scene: Scene) -> None:
    """A phone is in a drawer for days."""
    phone = anyone(scene)
    phone.asleep_until = scene.world.now + scene.world.dice.choice((HOUR, DAY, 3 * DAY))


def set_clock(scene: Scene) -> None:
    """A phone's clock jumps."""
    phone, dice = anyone(scene), scene.world.dice
    phone.skew_ms = dice.choice((0, HOUR, -HOUR, YEAR, -YEAR, 7 * 60 * SECOND, -10 * SECOND, 9 * SECOND))
    phone.steady.is_steady = False
    phone.say(f"sets its clock, skew {phone.skew_ms}")


def restart(scene: Scene) -> None:
    """A phone's app is killed and started."""
    phone = anyone(scene)
    phone.say("restarts")
    phone.restart()


def clone(scene: Scene) -> None:
    """A phone is copied, and both go on."""
    if len(scene.phones) >= PHONES_MAX:
        return
    phone, world = anyone(scene), scene.world
    state = msgspec.json.decode(phone.saved(), type=DeviceState)
    other = Phone(world, f"clone{len(world.trace)}", state, user=phone.user, skew_ms=phone.skew_ms)
    other.acked = dict(phone.acked)
    phone.steady.is_steady = other.steady.is_steady = False
    scene.phones.append(other)
    phone.say(f"is cloned as {other.name}")


def back_up_phone(scene: Scene) -> None:
    """A phone's backup is taken."""
    phone = anyone(scene)
    scene.phone_backups = [*scene.phone_backups[-4:], (phone.name, phone.saved(), dict(phone.acked))]


def restore_phone(scene: Scene) -> None:
    """A phone is set up again from an old backup: what it made since is gone, or with the server only."""
    if not scene.phone_backups:
        return
    dice = scene.world.dice
    name, saved, acked = dice.choice(scene.phone_backups)
    phone = next((each for each in scene.phones if each.name == name), None)
    if phone is None:
        return
    phone.say("is restored from a backup")
    phone.device.state = msgspec.json.decode(saved, type=DeviceState)
    phone.acked = dict(acked)
    phone.steady.is_steady = False
    phone.restart()


def leave(scene: Scene) -> None:
    """A phone is lost with all that it held."""
    if len(scene.phones) > 2:
        phone = anyone(scene)
        phone.say("is lost")
        scene.phones.remove(phone)


def arrive(scene: Scene) -> None:
    """A new phone joins."""
    if len(scene.phones) < PHONES_MAX:
        add_phone(scene)


def back_up_server(scene: Scene) -> None:
    """The nightly backup."""
    scene.world.back_up()


def restore_server(scene: Scene) -> None:
    """The server is restored from an old backup."""
    world = scene.world
    if world.backups:
        world.restore()


def erase(scene: Scene) -> None:
    """A parent asks for erasure."""
    world = scene.world
    left = [each for each in world.pool["players"] if each not in world.ledger]
    if left:
        world.erase(world.dice.choice(left[-5:]))


def rewrite(scene: Scene) -> None:
    """The log is rewritten for a while; now and then that is cut."""
    scene.world.rewrite(batches_max=scene.world.dice.choice((0, 1, 2, 5, None)))


Step = Callable[[Scene], None]

STEPS: Final[dict[Step, float]] = {
    edit_some: 14,
    edit_group: 2,
    edit_badly: 0.7,
    answer_conflict: 5,
    ask: 34,
    deliver: 42,
    come_late: 3,
    pass_time: 6,
    pass_long: 0.15,
    pass_season: 0.1,
    compact: 0.2,
    fall_asleep: 0.3,
    set_clock: 0.3,
    restart: 0.8,
    clone: 0.25,
    back_up_phone: 0.5,
    restore_phone: 0.15,
    leave: 0.1,
    arrive: 0.4,
    back_up_server: 0.4,
    restore_server: 0.12,
    erase: 0.2,
    rewrite: 0.5,
}
