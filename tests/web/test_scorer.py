"""A volunteer without an account scores one match on their own phone, against the real server (U27)."""

import pytest

from tests.web.outside import tables, tell

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(120)]

OF_THE_MATCH = ("match_periods", "match_pauses", "events", "event_participants", "lineup", "match_notes")


def test_u27_a_volunteer_scores_a_match_by_code(address: str) -> None:
    """U27: offline work arrives whole under their name, edits cross both ways, and an ended link loses nothing."""
    for seed in (1, 2):
        told = tell("scoring.js", address, seed)
        match = told["match"]
        assert told["seen"].keys() == {"matches", "teams", "players"}
        assert list(told["seen"]["matches"]) == [match]
        shown = {"full_name", "squad_number", "current_team"}
        assert {name for each in told["seen"]["players"].values() for name in each["values"]} == shown
        assert told["offline"] == 12
        assert told["lost"] > 0
        assert told["asked"] == ["field started_at"]
        assert told["devices"][told["link"]] == "Scorer: Jo"
        assert told["author"] in told["devices"]
        assert told["notMine"] == "forbidden"
        assert told["afterwards"] == 1, "what it had seen is no question"
        expected, coach, scorer = tables(address, told["token"]), told["folds"]["coach"], told["folds"]["scorer"]
        for name in OF_THE_MATCH:
            assert {each: row for each, row in expected[name].items() if each in coach[name]} == coach[name], name
            assert scorer[name] == coach[name], name
            assert len(scorer[name]) > 0
        assert [row["values"].get("started_at") is not None for row in scorer["match_periods"].values()] == [True]
        assert (told["ended"], told["state"], told["records"]) == ("access_ended", "ended", 0)
        assert told["kept"] == ["access_ended"]
        assert told["exported"] == [True]
