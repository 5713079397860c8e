"""The demo, as a newcomer runs it: a server of its own, two phones, a bad line, and all agree at the end."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.postgres
def test_u6_the_demo_ends_in_agreement() -> None:
    """Two phones record one real match offline, and every device and the server show it: exit status 0, score 2-2."""
    told = subprocess.run(
        [sys.executable, "-m", "api.cli", "demo"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert "DIFFERS" not in told.stdout
    assert "the score on the devices, 2-2" in told.stdout
    assert "All agree." in told.stdout
