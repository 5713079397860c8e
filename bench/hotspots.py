"""The engine's hottest functions, for those who tune it: its own process under cProfile, its database beside it."""

import cProfile
import pstats
import time
from collections.abc import Callable
from typing import Final

from bench.sheets import BATCH_EVENTS
from bench.workloads import PUSHING_DEVICES, Ground, InProcess, Pull, Push, Way

FUNCTIONS_SHOWN: Final = 40
ROUNDS: Final = 3


def show(what: str, ground: Ground) -> None:
    """Print where the time of a push or a pull goes in this process.

    First without the profiler, as processor time a record, since profiling makes small functions look greater.
    """
    way: Way = InProcess(ground.direct, ground.dice)
    trial = (
        Pull(ground, way) if what == "pull" else Push(ground, way, clubs=1 if what == "push-one" else PUSHING_DEVICES)
    )
    trial.prepare()
    trial.ours()
    trial.prepare()
    records = _count(what, ground)
    for name, run in (("ours", trial.ours), ("reference", trial.reference)):
        times = ground.sizes.reference_times if name == "reference" else 1
        began_s, database_began_s = time.process_time(), ground.database.cpu_s()
        (rate,) = run()
        spent_us = (time.process_time() - began_s) * 1e6 / records / times
        told = f"{what}, {name}: {rate:,.0f} records/s; a record took "
        if database_began_s is not None:
            told += (
                f"{((ground.database.cpu_s() or 0.0) - database_began_s) * 1e6 / records / times:,.1f} us of PostgreSQL"
            )
        print(told if name == "reference" else f"{told}, {spent_us:,.1f} us of this process", flush=True)
    profile = cProfile.Profile()
    for _ in range(ROUNDS):
        trial.prepare()
        _under(profile, trial.ours)
    print(f"Under the profiler, {ROUNDS * records:,} records:")
    pstats.Stats(profile).sort_stats("tottime").print_stats(FUNCTIONS_SHOWN)
    pstats.Stats(profile).sort_stats("cumtime").print_stats(FUNCTIONS_SHOWN)


def _under(profile: cProfile.Profile, work: Callable[[], object]) -> None:
    profile.enable()
    work()
    profile.disable()


def _count(what: str, ground: Ground) -> int:
    sizes = ground.sizes
    return sizes.log_changes * sizes.pulls if what == "pull" else PUSHING_DEVICES * sizes.batches * BATCH_EVENTS
