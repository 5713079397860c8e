"""The benchmarks run: a small round of the engine beside its reference, from the command line."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest


@pytest.mark.postgres
def test_small_round(tmp_path: Path) -> None:
    """A small round ends well and brings its figures."""
    told = tmp_path / "told.json"
    command = [sys.executable, "-m", "bench", "--quick", "--only", "push-many-engine", "--json", str(told)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=50, check=False)
    assert said.returncode == 0, said.stderr
    (row,) = msgspec.json.decode(told.read_bytes())["rows"]
    assert row["unit"] == "records/s"
    assert len(row["ours"]) == len(row["reference"]) == 2
