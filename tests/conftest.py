"""What every test stands on: one event loop kind, and the Hypothesis profiles.

The fixtures of the embedded PostgreSQL are in `tests/pg.py`.
"""

import os
import sys

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


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """Run async tests and fixtures on uvloop, as the server does; one loop per test process."""
    return "asyncio", {"use_uvloop": True}
