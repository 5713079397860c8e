"""What every test stands on: one event loop kind, and the Hypothesis profiles.

The fixtures of the embedded PostgreSQL are in `tests/pg.py`.
"""

import os
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.pg"]

# A run on a busy machine is slow, not wrong: no deadline. A failure prints the blob that repeats it.
settings.register_profile(
    "dev", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow], max_examples=100
)
# CI looks at other cases each time, where Hypothesis' own profile of this name would repeat the same ones.
settings.register_profile("ci", settings.get_profile("dev"), derandomize=False)
# By hand, before a change of merge, stamps or cursors: HYPOTHESIS_PROFILE=deep make test-pure
settings.register_profile("deep", settings.get_profile("dev"), max_examples=5_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what this machine cannot show; the closing line counts it."""
    missing = {
        *(() if os.geteuid() == 0 else ("root",)),
        *(() if sys.platform == "linux" else ("linux",)),
    }
    elsewhere = [item for item in items if any(item.get_closest_marker(name) for name in missing)]
    config.hook.pytest_deselected(items=elsewhere)
    items[:] = [item for item in items if item not in elsewhere]


@pytest.hookimpl(trylast=True)  # the terminal's reporter is there by then
def pytest_configure(config: pytest.Config) -> None:
    """In the process that writes to the terminal: tell of failures as they come."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_AtOnce(reporter))


class _AtOnce:
    """Tells of a failure when it happens: a run that is cut off later has said what it knew."""

    def __init__(self, reporter: Any) -> None:  # noqa: ANN401 - pytest keeps its type to itself
        self._reporter = reporter

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._reporter.ensure_newline()
            self._reporter.write_line(f"FAILED {report.nodeid} ({report.when})")
            self._reporter.write_line(report.longreprtext)


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """Run async tests and fixtures on uvloop, as the server does; one loop per test process."""
    return "asyncio", {"use_uvloop": True}
