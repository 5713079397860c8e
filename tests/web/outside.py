"""Stories of phones against a real server, told by node, and the server's tables to compare them with."""

import json
import subprocess
from typing import Any, Final

import httpx

from tests.web.node import WEB, node

STORY_S: Final = 90


def tell(story: str, address: str, seed: int) -> dict[str, Any]:
    """Let node tell a story of phones; return what they hold at its end."""
    command = [node(), str(WEB / "tests" / story), address, str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=STORY_S, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def tables(address: str, token: str) -> dict[str, dict[str, Any]]:
    """Return the server's records as a snapshot tells them."""
    found: dict[str, dict[str, Any]] = {}
    page: str | None = None
    with httpx.Client(base_url=address, headers={"authorization": f"Bearer {token}"}) as client:
        while True:
            answer = client.get("/api/sync/snapshot", params={} if page is None else {"page": page}).json()
            for row in answer["records"]:
                held = {
                    "values": row.get("fields", {}),
                    "deleted": row.get("deleted", False),
                    "version": row["version"],
                }
                found.setdefault(row["collection"], {})[row["record"]] = held
            if (page := answer["page"]) is None:
                return found
