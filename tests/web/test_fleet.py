"""The simulated fleet, with every fault it knows, on twins: the client repeats each step of the reference device.

Nobody is erased in it: there the client forgets more than it must, and at other moments (`web/tests/erasure.test.js`).
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import pytest

import tests.sim.fleet
from sync.device import Device, Made
from sync.messages import PullQuery
from sync.records import Key
from tests.sim.faults import STEPS as STEPS_OF_THE_SIMULATION
from tests.sim.faults import erase
from tests.sim.run import Failure, simulate
from tests.web.twin import Twin

pytestmark = pytest.mark.timeout(180)  # thousands of steps, each over a pipe

FIRST_SEED = 4_014
SEEDS = 20
STEPS = 400
TELLING = (
    5_014,  # restored twice: settled in a history that was left behind
    5_053,  # restored once more before the snapshot was shown
    5_080,  # forked while an earlier push was not answered
    5_125,  # restored between two pages of a snapshot
    900_011,  # a snapshot page of one history, and the log of another
    900_172,  # an answer of an undone history, passed by number
)
"""Seeds of the simulation, of 1,000 steps, that find a fault planted in the client which no short one finds."""
WORDS = ("diverged", "forked", "snapshot", "restarts")


@pytest.fixture(autouse=True)
def _twins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every phone a twin."""
    monkeypatch.setattr(tests.sim.fleet, "Device", Twin)
    monkeypatch.delitem(STEPS_OF_THE_SIMULATION, erase)


def simulate_all(seeds: Iterable[int]) -> Counter[str]:
    """Run some seeds; return what they met."""
    met: Counter[str] = Counter()
    for seed in seeds:
        world = simulate(seed, STEPS)
        met.update(world.oracle.seen)
        met.update(word for line in world.trace for word in WORDS if word in line)
    return met


def test_the_client_is_the_reference_device_in_another_language() -> None:
    """Forks, restores, snapshots: what is stored, sent and shown is the same after each step."""
    met = simulate_all(range(FIRST_SEED, FIRST_SEED + SEEDS))
    assert all(met[word] for word in (*WORDS, "verdict parked", "verdict rejected"))


@pytest.mark.parametrize("seed", TELLING)
def test_rare_stories_end_alike(seed: int) -> None:
    """What it takes many steps to get into: the two are the same in there, too."""
    simulate(seed, 1_000)


def wrong_due(device: Device, made: Made) -> bool:
    """Send a parked mutation once and never again."""
    return made.verdict is None


def wrong_base(device: Device, key: Key) -> str:
    """Let later edits of a record have seen what came since the first."""
    return device.state.cursor


def wrong_query(device: Device) -> PullQuery:
    """Prove nothing when pulling."""
    return PullQuery(since=str(device._pull_cursor), past=device._past)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("_is_due", wrong_due), ("_base_for", wrong_base), ("pull_query", wrong_query)],
)
def test_a_difference_is_found(monkeypatch: pytest.MonkeyPatch, name: str, wrong: Callable[..., Any]) -> None:
    """A control: where one of the two is changed, the comparison says so."""
    monkeypatch.setattr(Device, name, wrong)
    with pytest.raises(Failure, match="the client has") as found:
        simulate_all(range(FIRST_SEED, FIRST_SEED + SEEDS))
    assert isinstance(found.value.cause, AssertionError)
