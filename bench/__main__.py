"""Runs the trials and prints their table; bounded, and it ends all that it started."""

import argparse
import math
import multiprocessing
import os
import platform
import random
import resource
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import msgspec

import bench
from bench import crowd
from bench.api import Live
from bench.broadcaster import Broadcaster, broadcaster
from bench.direct import Direct
from bench.hotspots import show
from bench.measure import Row, Spread, Trial, measure
from bench.servers import Database, database, open_folder, server
from bench.sockets import CROWDS, NOBODY, Herd, Sockets, has_figures
from bench.workloads import FULL, QUICK, TRIALS, Clients, Ground, InProcess, OverHttp, Way

RUN_S: Final = 285.0
"""Seconds after which no further pair begins: the whole run ends within five minutes."""
RUN_MANY_S: Final = 420.0
"""The same with 5,000 sockets, who take half a minute to sit down: it ends within eight minutes where nobody else is
on the machine."""
WAYS: Final = ("http", "engine")
NAMES: Final = (
    *(f"{trial}-{way}" for trial in TRIALS for way in WAYS),
    "live-http",
    *(f"{name}-http" for name in CROWDS if has_figures()),
)
ORIENTATION: Final = """\
For orientation, on two cores, of the push reference: CouchDB 3 reached 0.075 into one database and Kinto 0.0004; a
trial of this design without HTTP 0.15 into many clubs."""


def main() -> int:
    """Read the arguments and run."""
    began_s = time.monotonic()
    asked = _arguments()
    _open_many_files()
    chosen = [name for name in NAMES if any(part in name for part in asked.only or [""])]
    chosen = [name for name in chosen if asked.many or not CROWDS.get(name.removesuffix("-http"), NOBODY).is_many]
    if not chosen:
        print(f"There is no trial of this name; there are {', '.join(NAMES)}.", file=sys.stderr)
        return 2
    with ExitStack() as stack:
        folder = stack.enter_context(open_folder(asked.dir))
        data = stack.enter_context(database(folder))
        processes = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
        clients = Clients(stack.enter_context(processes))
        direct = stack.enter_context(Direct(data.app_dsn))
        ground = Ground(data, direct, clients, random.Random(0), QUICK if asked.quick else FULL)
        if asked.profile:
            show(asked.profile, ground)
            return 0
        ways: dict[str, Way] = {"engine": InProcess(direct, ground.dice)}
        if any(name.endswith("http") for name in chosen):
            running = stack.enter_context(server(folder, data.app_dsn))
            ways["http"] = OverHttp(running, clients, ground.dice)
            stack.callback(clients.run, crowd.leave)  # before the server ends, which would send them away to come again
        bare = stack.enter_context(broadcaster())
        conditions = _conditions(data)
        print(_words(conditions, ground.sizes.pairs), flush=True)
        trials = {name: _trial(name, ground, ways, bare) for name in chosen}
        rows = _run(trials, ground, end_s=began_s + (RUN_MANY_S if asked.many else RUN_S))
    print(f"\n{ORIENTATION}\nload {_load()} at the end, after {time.monotonic() - began_s:.0f} s")
    if asked.json:
        told = [{**msgspec.structs.asdict(row.figure), "ours": row.ours, "reference": row.reference} for row in rows]
        asked.json.write_bytes(msgspec.json.format(msgspec.json.encode({**conditions, "rows": told})))
    return 0


def _open_many_files() -> None:
    """Have this process and all that it starts open as many files as they may: each socket is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _run(trials: dict[str, Trial], ground: Ground, *, end_s: float) -> list[Row]:
    """Measure and print row by row; each trial has its share of the time that is left."""
    found: list[Row] = []
    print(_line(["", "unit", "ours", "reference", "ratio", "pairs"]))
    for place, trial in enumerate(trials.values()):
        left_s = max(0.0, end_s - time.monotonic())
        until_s = time.monotonic() + left_s / (len(trials) - place)
        for row in measure(trial, pairs=ground.sizes.pairs, until_s=until_s):
            found.append(row)
            print(_line(_cells(row)), flush=True)
    return found


def _trial(name: str, ground: Ground, ways: dict[str, Way], bare: Broadcaster) -> Trial:
    trial, _, kind = name.rpartition("-")
    way = ways[kind]
    if isinstance(way, OverHttp) and trial == "live":
        return Live(ground, way)
    if isinstance(way, OverHttp) and trial in CROWDS:
        return (Herd if CROWDS[trial].is_herd else Sockets)(ground, way, CROWDS[trial], bare)
    return TRIALS[trial](ground, way)


def _cells(row: Row) -> list[str]:
    spreads = [Spread.of(values) for values in (row.ours, row.reference, row.ratios)]
    return [row.figure.name, row.figure.unit, *(_spread(each) for each in spreads), str(len(row.ours))]


def _spread(spread: Spread) -> str:
    return f"{_number(spread.median)} ({_number(spread.low)}-{_number(spread.high)})"


def _number(value: float) -> str:
    """Return three significant digits; what never came about has none."""
    if math.isinf(value):
        return "never"
    return f"{value:,.{max(0, 2 - math.floor(math.log10(value))) if value > 0 else 0}f}"


def _line(cells: Sequence[str]) -> str:
    name, unit, *rest = cells
    return f"{name:52} {unit:9} " + " ".join(f"{cell:>24}" for cell in rest[:-1]) + f" {rest[-1]:>5}"


def _conditions(data: Database) -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "postgresql": data.version,
        "cores": os.cpu_count(),
        "load": _load(),
    }


def _words(conditions: dict[str, Any], pairs: int) -> str:
    return (
        f"{conditions['cores']} cores, Python {conditions['python']}, PostgreSQL {conditions['postgresql']} with "
        f"fsync, full_page_writes and synchronous_commit on; load {conditions['load']} at the start.\n"
        f"Medians of {pairs} interleaved pairs, (least-greatest); ratio: 1 is as fast as the bare driver.\n"
    )


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=bench.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="small rounds and two pairs: does it work?")
    parser.add_argument("--only", action="append", metavar="NAME", help="trials whose name holds this; may be repeated")
    parser.add_argument(
        "--many",
        action="store_true",
        help="5,000 sockets too, and a herd of them; takes eight minutes and 12,000 open files",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure to this file too")
    parser.add_argument("--dir", type=Path, metavar="FOLDER", help="keep the data below this folder, on a real disk")
    parser.add_argument("--profile", choices=["push-one", "push-many", "pull"], help="show the engine's hot functions")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
