"""Reports of faults: what a hook is told, that it is told nothing of what was sent, and that it harms nobody."""

import asyncio
import importlib
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.app import Services, create_app
from api.reports import (
    CAUSES_MAX,
    FRAMES_MAX,
    WAITING_MAX,
    ErrorHookUnusable,
    ErrorReport,
    Reporter,
    causes_of,
    load_hook,
    stack_of,
)
from api.settings import Settings
from tests.api.people import Person, client_of, code_of
from tests.house.rules import ROOT
from tests.waiting import PATIENCE_S, until

SECRET = "hunter2"
MODULE = """
REPORTS = []


class Tracker:
    @staticmethod
    def keep(report):
        REPORTS.append(report)


async def later(report):
    pass
"""


@pytest.fixture
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[ErrorReport]]:
    """Give what a hoster's module, which Python finds, was told."""
    (tmp_path / "their_tracker.py").write_text(MODULE, encoding="utf-8")
    (tmp_path / "their_broken.py").write_text("1 / 0\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("their_tracker").REPORTS
    sys.modules.pop("their_tracker", None)


def scope_of(kind: str = "http") -> dict[str, str]:
    """Return as much of a scope as a report reads."""
    return {"type": kind, "method": "GET"}


def fail(secret: str) -> None:
    """Raise what has a secret in its message, its locals and its cause."""
    try:
        raise KeyError(secret)
    except KeyError as error:
        raise ValueError(f"no {secret} here") from error


def caught(secret: str = SECRET) -> ValueError:
    """Return such an error."""
    with pytest.raises(ValueError, match=secret) as found:
        fail(secret)
    return found.value


# -- what a hook is told -----------------------------------------------------------------------------------------------


async def test_a_fault_of_a_request_is_reported(
    settings: Settings, services: Services, coach: Person, reports: list[ErrorReport], monkeypatch: pytest.MonkeyPatch
) -> None:
    """5xx alone: with the request's id and the route's template; neither what was sent nor the message is in it."""

    async def broken() -> str | None:
        fail(SECRET)
        raise AssertionError

    async def away() -> str | None:
        raise TimeoutError

    reporter = Reporter(load_hook("their_tracker:Tracker.keep"), clock=lambda: 7)
    async with client_of(create_app(settings, services, reporter=reporter)) as client:
        monkeypatch.setattr(services.readiness, "why_not", broken)
        answer = await client.get("/health/ready", headers={"user-agent": SECRET, "cookie": SECRET})
        assert code_of(answer) == (500, "internal")
        monkeypatch.setattr(services.readiness, "why_not", away)
        assert code_of(await client.get("/health/ready")) == (503, "unavailable")
        assert (await client.get("/api/matches")).status_code == 401
        assert (await client.get("/nowhere")).status_code == 404
        await until(lambda: len(reports) == 2)
        told = (await client.get("/metrics")).text
    assert 'touchline_error_reports_total{result="handed",worker="0"} 2.0' in told
    ours, worlds = reports
    assert (ours.kind, ours.where, ours.method, ours.status) == ("request", "/health/ready", "GET", 500)
    assert (ours.type, ours.causes, ours.at_ms) == ("ValueError", ("KeyError",), 7)
    assert ours.request_id == answer.headers["x-request-id"]
    assert [(Path(frame.file).name, frame.function) for frame in ours.stack[-2:]] == [
        ("test_reports.py", "test_a_fault_of_a_request_is_reported.<locals>.broken"), ("test_reports.py", "fail"),
    ]  # fmt: skip
    assert (worlds.type, worlds.status) == ("TimeoutError", 503)
    assert SECRET not in repr(reports)


async def test_a_task_that_fails_is_reported_and_one_that_is_cancelled_is_not(reports: list[ErrorReport]) -> None:
    """What runs beside the requests ends with the server, or somebody is told."""
    reporter = Reporter(load_hook("their_tracker:Tracker.keep"))

    async def run(begins: asyncio.Event) -> None:
        await begins.wait()
        fail(SECRET)

    soon, never = asyncio.Event(), asyncio.Event()
    tasks = {"tailer": asyncio.create_task(run(soon)), "heartbeats": asyncio.create_task(run(never))}
    soon.set()
    for name, task in tasks.items():
        reporter.watch(task, name)
    await until(lambda: len(reports) == 1)
    tasks["heartbeats"].cancel()
    await asyncio.wait(tasks.values())
    reporter.close()
    assert [(each.kind, each.where, each.type) for each in reports] == [("task", "tailer", "ValueError")]
    assert SECRET not in repr(reports)


async def test_what_fails_on_the_live_floor_is_reported(services: Services, reports: list[ErrorReport]) -> None:
    """A socket that a fault of ours ends, and a read for readers: both go on for others, and somebody is told."""

    class Talks:
        """A line of a socket, as far as one that fails at once needs it."""

        def __getattr__(self, _name: str) -> Any:  # noqa: ANN401 - any method of a line
            async def nothing(*_given: object) -> None:
                return None

            return nothing

    async def talk(_socket: object) -> None:
        fail(SECRET)

    reporter = Reporter(load_hook("their_tracker:Tracker.keep"))
    line: Any = Talks()
    async with services.live.running(reporter):
        await services.live.sockets.serve(line, "203.0.113.9", talk)
        services.live.tailer.on_fault(caught(), "tail")
    reporter.close()
    assert [(each.kind, each.where, each.type) for each in reports] == [
        ("task", "socket", "ValueError"), ("task", "tail", "ValueError"),
    ]  # fmt: skip
    assert SECRET not in repr(reports)


def test_a_report_is_bounded() -> None:
    """A deep stack keeps its innermost frames; a chain that bites its tail ends."""

    def deep(depth: int) -> None:
        if not depth:
            raise RuntimeError
        deep(depth - 1)

    with pytest.raises(RuntimeError) as found:
        deep(300)
    stack = stack_of(found.value)
    assert len(stack) == FRAMES_MAX
    assert stack[-1].function.endswith("deep")
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    assert causes_of(one) == ("ValueError",)
    chain = ValueError()
    for _ in range(30):
        longer = ValueError()
        longer.__cause__, chain = chain, longer
    assert len(causes_of(chain)) == CAUSES_MAX


# -- a hook that is no good --------------------------------------------------------------------------------------------


def test_a_hook_that_raises_is_called_again() -> None:
    """It fails for itself: the next report comes all the same."""
    seen: list[ErrorReport] = []

    def raises(report: ErrorReport) -> None:
        seen.append(report)
        raise SystemExit(SECRET)

    reporter = Reporter(raises)
    for _ in range(3):
        reporter.of_request(caught(), scope_of(), "/x", 500, "id")
    reporter.close()
    assert len(seen) == 3
    assert reporter.results == {"handed": 0, "failed": 3, "dropped": 0}


async def test_a_hook_that_hangs_holds_nobody_up(settings: Settings, services: Services) -> None:
    """Requests are answered, what does not fit is dropped and counted, and the end of the server waits a moment."""
    hangs, goes_on = threading.Event(), threading.Event()

    def hang(_report: ErrorReport) -> None:
        hangs.set()
        goes_on.wait(PATIENCE_S)

    reporter = Reporter(hang)
    async with client_of(create_app(settings, services, reporter=reporter)) as client:
        reporter.of_request(caught(), scope_of("websocket"), "/ws/sync", 0, "")
        await until(hangs.is_set)
        for _ in range(WAITING_MAX + 7):
            reporter.of_request(caught(), scope_of(), "/x", 500, "id")
        assert (await client.get("/health/live")).status_code == 200
    assert reporter.results == {"handed": 0, "failed": 0, "dropped": 7}
    goes_on.set()
    await until(lambda: reporter.results["handed"] == WAITING_MAX + 1)
    reporter.close()


def test_without_a_hook_nothing_is_kept() -> None:
    """No thread, no queue that fills."""
    reporter = Reporter()
    reporter.of_request(caught(), scope_of(), "/x", 500, "id")
    reporter.close()
    assert reporter._thread is None
    assert reporter._waiting.qsize() == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nowhere_at_all.module:hook", "cannot be imported (ModuleNotFoundError"),
        ("their_tracker:missing", "cannot be imported (AttributeError"),
        ("their_broken:hook", "cannot be imported (ZeroDivisionError"),
        ("their_tracker:REPORTS", "is no plain function"),
        ("their_tracker:later", "is no plain function"),
    ],
)
def test_a_bad_hook_is_told_in_a_sentence(reports: list[ErrorReport], text: str, words: str) -> None:
    """At the start, with its name and what to do."""
    with pytest.raises(ErrorHookUnusable, match=re.escape(words)) as found:
        load_hook(text)
    assert str(found.value).startswith(f"ERROR_HOOK names {text}, which ")


def test_a_server_with_a_bad_hook_does_not_start(tmp_path: Path) -> None:
    """Before anything else is: status 2, one sentence, and no data folder was made."""
    folder = tmp_path / "data"
    env = {"PYTHONPATH": str(ROOT), "DATA_DIR": str(folder), "PORT": "0", "ERROR_HOOK": "nowhere_at_all:hook"}
    done = subprocess.run(
        [sys.executable, "-m", "api.cli", "serve"], env=env, cwd=ROOT, check=False, capture_output=True, text=True,
        timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "ERROR_HOOK names nowhere_at_all:hook, which cannot be imported" in done.stderr
    assert not folder.exists()


def example() -> str:
    """Return the example of the page."""
    page = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    [found] = re.findall(r"```python\n(.*?)```", page.partition("## Error tracking")[2], re.DOTALL)
    return str(found)


def test_the_example_of_the_page_makes_an_event(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a hoster copies runs against the library's own two functions, and hands on what there is to know."""
    events: list[dict[str, Any]] = []

    class Sdk:
        init = staticmethod(lambda **_options: None)
        capture_event = staticmethod(events.append)

    monkeypatch.setitem(sys.modules, "sentry_sdk", Sdk)
    monkeypatch.setenv("SENTRY_DSN", "https://key@sentry.example/1")
    made: dict[str, Any] = {}
    exec(compile(example(), "example", "exec"), made)
    reporter = Reporter(made["report"])
    reporter.of_request(caught(), scope_of(), "/health/ready", 500, "00ff")
    reporter.close()
    assert reporter.results["handed"] == 1
    [event] = events
    [exception] = event["exception"]["values"]
    assert exception["type"] == "ValueError"
    assert exception["stacktrace"]["frames"][-1]["function"] == "fail"
    assert event["tags"] == {"request_id": "00ff", "status": 500}
    assert event["transaction"] == "/health/ready"
    assert SECRET not in repr(event)
