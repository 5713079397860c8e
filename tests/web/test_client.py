"""The client from the outside: two of them at one match, over a bad line, against the real server."""

import pytest

from tests.web.outside import tables, tell

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(120)]


def test_two_clients_record_one_match_and_agree(address: str) -> None:
    """U1, U3, U9: offline overlap over a bad line ends in one state, the server's; a person is asked, and answers."""
    for seed in (1, 2, 3):
        told = tell("outside.js", address, seed)
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
