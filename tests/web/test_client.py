"""The client from the outside: two of them at one match, over a bad line, against the real server."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.api.test_serve import Server
from tests.pg import open_folder
from tests.web.node import WEB, node

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(120)]

STORY_S = 90


@pytest.fixture
def address() -> Iterator[str]:
    """Start a server with a database of its own; answer its address."""
    folder = open_folder()
    server = Server(folder / "data")
    try:
        yield server.await_address()
    finally:
        server.end()
        shutil.rmtree(folder, ignore_errors=True)


def tell(address: str, seed: int) -> dict[str, Any]:
    """Let node tell the story of two phones; return what they hold at its end."""
    command = [node(), str(WEB / "tests" / "outside.js"), address, str(seed)]
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


def test_two_clients_record_one_match_and_agree(address: str) -> None:
    """U1, U3, U9: offline overlap over a bad line ends in one state, the server's; a person is asked, and answers."""
    for seed in (1, 2, 3):
        told = tell(address, seed)
        assert told["lost"] > 0
        assert told["offline"] == {"coach": 26, "helper": 26}
        assert told["asked"] == ["duplicate duplicate", "field started_at", "field venue", "rejected rejected"]
        assert told["afterAnswers"] == 0
        expected = tables(address, told["token"])
        for name, fold in told["folds"].items():
            assert fold == expected, name
        assert len(set(told["ids"])) == 2
        assert told["ended"] == 1
        assert told["pulledByWatcher"] == 0
        assert told["cursors"][0] == told["cursors"][1]
        for status in told["statuses"].values():
            assert (status["pending"], status["parked"], status["conflicts"], status["refused"]) == (0, 0, 0, 0)
        assert told["view"]["coach"]["venue"] == "Pitch 5"
        assert told["view"]["coach"]["notes"] == "after the session ended"
        assert (told["view"]["coach"]["competition"], told["view"]["coach"]["duration_mins"]) == ("Cup", 40)
        assert told["view"]["keeper"]["squad_number"] == 12
        assert told["view"]["events"] == 41
