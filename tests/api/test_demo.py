"""The demo, as a newcomer runs it: a server of its own, two phones, a viewer, bad lines, and all agree at the end."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.postgres
def test_u6_the_demo_ends_in_agreement() -> None:
    """Two phones record one real match offline, and every device and the server show it: exit status 0, score 2-2.

    U9, U10: a viewer with a share link sees it come in through a line that is cut, and misses and repeats nothing.
    """
    told = subprocess.run(
        [sys.executable, "-m", "api.cli", "demo"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert "DIFFERS" not in told.stdout
    assert "the score on the devices, 2-2" in told.stdout
    assert "All agree." in told.stdout
    assert "equal   the viewer's screen and the feed" in told.stdout
    assert "equal   the viewer's timeline and the log's" in told.stdout
    assert "equal   the viewer's score, 2-2, and the real one" in told.stdout
    cuts = re.search(r"equal   each message followed the one before, through (\d+) cuts", told.stdout)
    assert cuts is not None
    assert int(cuts[1]) >= 3
