"""A bounded run of schemathesis against a server process of its own: `make fuzz FUZZ_S=90 SEED=1`.

`make test` runs the phases that draw nothing at random, so that it finds the same on every machine.

schemathesis lives in an environment of its own (`requirements/fuzz.txt`). It reads the OpenAPI document and sends what
it draws from the schemas, good and bad, for as long as it is given; a 5xx, an answer or a status that the document
does not have, or a bad body that is taken, ends it with status 1.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

import httpx

from tests.api.people import asked_to_register
from tests.api.test_serve import Server
from tests.pg import open_folder

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / ".cache/fuzz/bin/schemathesis"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
LEFT_OUT = (
    "/api/auth/logout", "/api/auth/account", "/api/auth/password", "/api/auth/sessions/{session_id}", "/api/sync/tail",
)  # fmt: skip
"""What would sign the run out, and a stream that goes on for as long as somebody listens."""


def main() -> int:
    """Start a server, sign up, fuzz it, and end it; return the status of schemathesis."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seconds", type=int, default=90)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--phases", default="examples,coverage,fuzzing")
    given = asked.parse_args()
    folder = open_folder()
    server = Server(folder / "data", RATE_FACTOR="10000")
    try:
        address = server.await_address()
        token = httpx.post(f"{address}/api/auth/register", json=asked_to_register("fuzz@club.example")).json()
        return fuzz(address, token["access_token"], given)
    finally:
        server.end()
        shutil.rmtree(folder, ignore_errors=True)


def fuzz(address: str, token: str, given: argparse.Namespace) -> int:
    """Run schemathesis; a run that its time ended counts as good if nothing was found until then."""
    command = [
        str(PROGRAM),
        "run",
        f"{address}/docs/openapi.json",
        f"--header=Authorization: Bearer {token}",
        f"--checks={CHECKS}",
        f"--seed={given.seed}",
        f"--max-time={given.seconds}",
        f"--phases={given.phases}",
        "--continue-on-failure",
        "--no-color",
        "--warnings=off",
        *(f"--exclude-path={path}" for path in LEFT_OUT),
    ]
    return subprocess.run(command, cwd=ROOT / ".cache", check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
