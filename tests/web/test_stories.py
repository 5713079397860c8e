"""The stories of the reference device, told once more with the client of web/ beside it at every step.

The tests are those of tests/sync; only the device is another. After each step both store, send and show the same.
"""

import pytest

import tests.builders
from tests.sync import test_device, test_forks, test_restore
from tests.web.twin import Twin

TOLD = (test_device, test_forks, test_restore)
NOT_OURS = {
    "test_what_the_whole_does_not_hold_is_dropped_but_unsettled_writes_stay",  # it reaches into the device's storage
    "test_past_cursors_are_few_and_their_gaps_double",  # web/tests/cursors.test.js shows it
}


@pytest.fixture(autouse=True)
def _twins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every phone a twin."""
    monkeypatch.setattr(tests.builders, "Device", Twin)


for story in TOLD:
    globals().update(
        {
            name: each
            for name, each in vars(story).items()
            if name in {"server", "phone"} or (name.startswith("test_") and name not in NOT_OURS)
        }
    )
