"""Run the simulation: `python -m tests.sim --seed 7 --steps 1000 --seeds 20`."""

import argparse
import secrets
import sys
import time
from collections import Counter

from tests.sim.run import Failure, simulate


def main() -> int:
    """Run some seeds and say how it went; print the seed and the trace of one that fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.sim", description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="the first seed; random unless given")
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds, one after another")
    parser.add_argument("--steps", type=int, default=1_000, help="steps a seed")
    parser.add_argument("--trace", type=int, default=60, help="lines of the trace to print on failure")
    parser.add_argument("--keep-going", action="store_true", help="run all seeds, and list the failing ones")
    chosen = parser.parse_args()
    first = secrets.randbits(32) if chosen.seed is None else chosen.seed
    begun = time.perf_counter()
    met: Counter[str] = Counter()
    failed = 0
    for seed in range(first, first + chosen.seeds):
        try:
            met.update(simulate(seed, chosen.steps).oracle.seen)
        except Failure as failure:
            failed += 1
            if not chosen.keep_going:
                print("\n".join(failure.trace[-chosen.trace :] if chosen.trace else []))
                print(failure)
                return 1
            print(str(failure).splitlines()[0][:300])
    took = time.perf_counter() - begun
    steps = chosen.seeds * chosen.steps
    print(f"seeds {first}..{first + chosen.seeds - 1}: {steps} steps in {took:.1f} s, {steps / took:.0f} a second")
    print(", ".join(f"{name} {count}" for name, count in sorted(met.items())))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
