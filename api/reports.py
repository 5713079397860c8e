"""Reports of errors: each fault of ours is handed to a callable of whoever runs the server, such as one for Sentry.

    ERROR_HOOK=package.module:callable

It is called with an `ErrorReport`, on a thread of its own. A report says where it happened and the way there, and
nothing of what was sent: no message, no value, no local. A hook that raises is logged, one that hangs is waited for by
nobody: what does not fit the queue meanwhile is dropped and counted. No request ever waits for it.
"""

import asyncio
import importlib
import inspect
import queue
import threading
import traceback
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

import structlog
from msgspec import Struct

from api import VERSION

WAITING_MAX: Final = 100
"""Reports that wait for the hook."""
CLOSE_S: Final = 2.0
"""Seconds that the end of the server waits for reports that are on their way."""
FRAMES_MAX: Final = 50
"""Frames of a stack, the innermost of them."""
CAUSES_MAX: Final = 8

_log: Final = structlog.get_logger("touchline.reports")


class ErrorHookUnusable(Exception):
    """ERROR_HOOK names nothing that can be called; the text says what to do."""


class Frame(Struct, frozen=True):
    """A place in the code."""

    file: str
    line: int
    function: str


class ErrorReport(Struct, frozen=True):
    """A fault, as a hook is told it."""

    kind: Literal["request", "socket", "task"]
    where: str
    """The route's template, or the name of what ran beside the requests."""
    type: str
    """The exception's type, with its module."""
    causes: tuple[str, ...]
    """The types of what it came of, the nearest first."""
    stack: tuple[Frame, ...]
    """The way to it, the innermost frame last."""
    at_ms: int
    """Milliseconds since 1970."""
    version: str = VERSION
    method: str = ""
    status: int = 0
    """What was answered; 0 where nothing was."""
    request_id: str = ""
    """Under which the log has it."""


Hook: TypeAlias = Callable[[ErrorReport], object]


def load_hook(text: str) -> Hook:
    """Return what a setting names. Raises ErrorHookUnusable where it cannot be imported or called."""
    module, _, name = text.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except Exception as error:
        raise ErrorHookUnusable(
            f"ERROR_HOOK names {text}, which cannot be imported ({type(error).__name__}: {error}). Put its module "
            "where Python finds it (PYTHONPATH), or unset ERROR_HOOK."
        ) from error
    if not callable(found) or inspect.iscoroutinefunction(found):
        raise ErrorHookUnusable(
            f"ERROR_HOOK names {text}, which is no plain function. Name one that takes an api.reports.ErrorReport."
        )
    return found  # type: ignore[no-any-return]


class Reporter:
    """Hands reports to a hook, in the order in which they came."""

    def __init__(self, hook: Hook | None = None, *, clock: Callable[[], int] = lambda: 0) -> None:
        """Without a hook nothing is reported; `clock` gives milliseconds since 1970."""
        self._hook = hook
        self._clock = clock
        self._waiting: queue.Queue[ErrorReport | None] = queue.Queue(WAITING_MAX)
        self._thread: threading.Thread | None = None
        self._results = {"handed": 0, "failed": 0, "dropped": 0}

    @property
    def results(self) -> Mapping[str, int]:
        """Return how many were handed over, how many the hook failed at, and how many did not fit the queue."""
        return MappingProxyType(self._results)

    def of_request(self, error: BaseException, scope: Mapping[str, Any], route: str, status: int, name: str) -> None:
        """Report what a request or a socket met; `name` is the request's id."""
        kind: Literal["request", "socket"] = "request" if scope["type"] == "http" else "socket"
        self._take(error, kind, route, method=str(scope.get("method", ""))[:10], status=status, request_id=name)

    def of_work(self, error: BaseException, name: str) -> None:
        """Report what failed beside the requests, and goes on."""
        self._take(error, "task", name)

    def watch(self, task: "asyncio.Task[Any]", name: str) -> None:
        """Report where a task that should run on ends by an error."""
        task.add_done_callback(lambda ended: self._on_end(ended, name))

    def close(self) -> None:
        """Wait a moment for what is on its way."""
        if self._thread is None:
            return
        try:
            self._waiting.put(None, timeout=CLOSE_S)
            self._thread.join(CLOSE_S)
        except queue.Full:
            _log.warning("reports_not_handed", waiting=self._waiting.qsize())

    def _on_end(self, task: "asyncio.Task[Any]", name: str) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            _log.error("task_failed", task=name, exc_info=error)
            self._take(error, "task", name)

    def _take(self, error: BaseException, kind: Literal["request", "socket", "task"], where: str, **told: Any) -> None:  # noqa: ANN401 - members of the report
        if self._hook is None:
            return
        report = ErrorReport(kind, where, name_of(error), causes_of(error), stack_of(error), self._clock(), **told)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="error reports", daemon=True)
            self._thread.start()
        try:
            self._waiting.put_nowait(report)
        except queue.Full:
            self._results["dropped"] += 1

    def _work(self) -> None:
        assert self._hook is not None
        while (report := self._waiting.get()) is not None:
            try:
                self._hook(report)
            except BaseException as error:  # noqa: BLE001 - whatever it is, it is the hook's own affair
                self._results["failed"] += 1
                _log.warning("hook_failed", error=type(error).__name__)
            else:
                self._results["handed"] += 1


def name_of(error: BaseException) -> str:
    """Return the name of an exception's type, with its module."""
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def causes_of(error: BaseException) -> tuple[str, ...]:
    """Return the types of what an exception came of."""
    found: list[str] = []
    seen = {id(error)}
    cause = error.__cause__ or error.__context__
    while cause is not None and id(cause) not in seen and len(found) < CAUSES_MAX:
        seen.add(id(cause))
        found.append(name_of(cause))
        cause = cause.__cause__ or cause.__context__
    return tuple(found)


def stack_of(error: BaseException) -> tuple[Frame, ...]:
    """Return the way to an exception: places in the code, and no line of it nor any value."""
    places = [(frame.f_code, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    return tuple(Frame(code.co_filename, line, code.co_qualname) for code, line in places[-FRAMES_MAX:])
