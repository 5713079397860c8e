"""Ids that follow from what a record is are the same on every device, whatever it is written in."""

import json
import subprocess
from typing import Final

from football.ids import participant_id, pause_id, period_id, stint_id
from sync.conflicts import conflict_id
from tests.harness import uid
from tests.web.node import WEB, node

SCRIPT: Final = """
import { participantId, pauseId, periodId, stintId } from "./football/ids.js";
import { conflictId } from "./sync/ids.js";
const [a, b] = process.argv.slice(1);
const all = [];
for (let n = 1; n <= 60; n++)
  all.push(periodId(a, "regular", n), pauseId(a, n), stintId(a, b, n), participantId(a, "assist", n),
    participantId(a, "goal"), conflictId("matches", a, "x".repeat(n)));
process.stdout.write(JSON.stringify(all));
"""


def test_deterministic_ids_are_the_same_in_the_client() -> None:
    """Periods, pauses, stints, participants and conflicts, with names of many lengths."""
    a, b = uid(0xA1), uid(0xB2)
    command = [node(), "--input-type=module", "-e", SCRIPT, a, b]
    done = subprocess.run(command, cwd=WEB, capture_output=True, check=True)
    expected = [
        each
        for n in range(1, 61)
        for each in (
            period_id(a, "regular", n),
            pause_id(a, n),
            stint_id(a, b, n),
            participant_id(a, "assist", n),
            participant_id(a, "goal"),
            conflict_id("matches", a, "x" * n),
        )
    ]
    assert json.loads(done.stdout) == expected
