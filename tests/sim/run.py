"""One run of the simulation: rounds of random faults, then a heal, then the checks; and the same again."""

from typing import Final

from storage.memory import ClubState
from sync.device import DeviceState, ProtocolFault
from sync.messages import encode
from tests.sim.faults import STEPS, Scene, begin
from tests.sim.fleet import Phone, check_same
from tests.sim.oracle import Violation, must
from tests.sim.world import World

ROUND_STEPS: Final = (20, 60, 120, 200)
HEAL_ROUNDS_MAX: Final = 40


class Failure(AssertionError):
    """A run that broke an invariant, with its seed and its trace."""

    def __init__(self, seed: int, steps: int, cause: BaseException, trace: list[str]) -> None:
        """Keep all that is needed to repeat and to read the run."""
        super().__init__(
            f"seed {seed} steps {steps}: {type(cause).__name__} {cause}\n"
            f"replay: python -m tests.sim --seed {seed} --steps {steps}"
        )
        self.seed = seed
        self.cause = cause
        self.trace = trace


def simulate(seed: int, steps: int) -> World:
    """Run one seed. Raises Failure where an invariant breaks, or where the engine or the device does."""
    world = World(seed)
    try:
        _simulate(world, steps)
    except (Violation, ProtocolFault, AssertionError, KeyError, IndexError, ValueError, TypeError, AttributeError) as e:
        raise Failure(seed, steps, e, world.trace) from e
    return world


def _simulate(world: World, steps: int) -> None:
    dice = world.dice
    scene = begin(world, dice.randint(2, 5))
    names = list(STEPS)
    # Each run has its own mixture: what is rare among all faults together is common in some runs.
    weights = [weight * (1 if weight > 1 else dice.choice((0, 0.5, 1, 4, 12))) for weight in STEPS.values()]
    done = 0
    while done < steps:
        length = min(dice.choice(ROUND_STEPS), steps - done)
        for step in dice.choices(names, weights, k=length):
            step(scene)
        done += length
        heal(scene)
        check(scene)


def heal(scene: Scene) -> None:
    """Mend all lines, and sync everyone until nothing moves. Raises Violation where that never comes."""
    world = scene.world
    world.say("heal")
    scene.flight.clear()
    for phone in scene.phones:
        phone.asleep_until = 0
        phone.asked = None
    for _ in range(HEAL_ROUNDS_MAX):
        was = [world.head, *(phone.saved() for phone in scene.phones)]
        for phone in scene.phones:
            world.now += 50
            sync(phone)
        if was[0] == world.head and all(is_quiet(phone) for phone in scene.phones):
            break
    must(
        all(is_quiet(phone) for phone in scene.phones),
        "stuck",
        [phone.name for phone in scene.phones if not is_quiet(phone)],
    )
    for phone in scene.phones:
        phone.forget()


def is_quiet(phone: Phone) -> bool:
    """Tell whether a phone has nothing more to say or to hear."""
    unsent = any(made.verdict is None for made in phone.device.state.made)
    return not unsent and str(phone.device.cursor) == phone.world.head


def sync(phone: Phone) -> None:
    """Sync a phone over a good line: push all, then pull all."""
    phone.device.begin_sync()
    for _ in range(2_000):
        asked = phone.next_request(wants_push=True, bytes_max=48_000, mutations_max=500)
        if asked is None:
            break
        phone.hear(phone.serve(asked, changes_max=5_000, bytes_max=48_000))
    for _ in range(2_000):
        asked = phone.next_request(wants_push=False, bytes_max=48_000, mutations_max=500)
        assert asked is not None
        phone.hear(phone.serve(asked, changes_max=5_000, bytes_max=48_000))
        if not phone.device.needs_snapshot and str(phone.device._pull_cursor) == phone.world.head:
            return
    must(False, "stuck", f"{phone.name} pulls for ever")


def check(scene: Scene) -> None:
    """Check what must hold when everyone has synced."""
    world = scene.world
    world.say("check")
    world.rewrite()
    world.oracle.check_rest(world.club)
    world.oracle.check_erased(all_text(world.club), "the server")
    for phone in scene.phones:
        phone.check_rest()
    if world.dice.random() < 0.5:
        _check_fresh(world, by_snapshot=False)
        _check_fresh(world, by_snapshot=True)


def all_text(club: ClubState) -> bytes:
    """Return all that the server holds of a club."""
    tables = (club.records, club.conflicts, club.parked, club.outcomes, club.devices, club.erasures)
    return b"".join([*(row.body for row in club.log), *(encode(list(table.values())) for table in tables)])


def _check_fresh(world: World, *, by_snapshot: bool) -> None:
    phone = Phone(world, "fresh", DeviceState(world.make_id()), user=world.make_id())
    if by_snapshot:
        phone.device.expired()
    sync(phone)
    check_same(phone.fold(), world.oracle.fold, "I7", f"a fresh device, by snapshot: {by_snapshot}")
