"""The command line in a process that is killed at a certain call of a certain function, as by the power that goes.

python -m tests.api.killed MODULE:QUALIFIED.NAME NTH before|after COMMAND ...
"""

import functools
import importlib
import inspect
import os
import signal
import sys
from operator import attrgetter
from typing import Any, NoReturn

from api.cli import main


def die() -> NoReturn:
    """End as `kill -9` ends a process."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("a killed process does nothing more")


def lay_trap(place: str, nth: int, when: str) -> None:
    """Let the nth call of a function be this process's last."""
    module_name, _, qualified = place.partition(":")
    module = importlib.import_module(module_name)
    holder_name, _, name = qualified.rpartition(".")
    holder = attrgetter(holder_name)(module) if holder_name else module
    real = getattr(holder, name)
    calls = 0

    def is_last() -> bool:
        nonlocal calls
        calls += 1
        return calls == nth

    @functools.wraps(real)
    async def trapped_async(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever the function takes
        last = is_last()
        if last and when == "before":
            die()
        answer = await real(*given, **named)
        return die() if last else answer

    @functools.wraps(real)
    def trapped(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - as above
        last = is_last()
        if last and when == "before":
            die()
        answer = real(*given, **named)
        return die() if last else answer

    setattr(holder, name, trapped_async if inspect.iscoroutinefunction(real) else trapped)


if __name__ == "__main__":
    place, nth, when, *arguments = sys.argv[1:]
    lay_trap(place, int(nth), when)
    main(arguments)
