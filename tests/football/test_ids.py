"""Deterministic ids: a client that repeats them from the documentation gets the same ones."""

import hashlib
from uuid import UUID

from football import ids
from tests.football.builders import MATCH

PLAYER = "00000000-0000-4000-8000-0000000000f1"


def by_the_rfc(name: str) -> str:
    """Return the version 5 UUID of a name, from RFC 9562 alone: what a JS client computes."""
    digest = bytearray(hashlib.sha1(ids.NAMESPACE.bytes + name.encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    return str(UUID(bytes=bytes(digest)))


def test_ids_can_be_made_from_the_documented_names() -> None:
    """Each id is the version 5 UUID of the name in its docstring."""
    period = by_the_rfc(f"period:{MATCH}:regular:2")
    assert ids.period_id(MATCH, "regular", 2) == period
    assert ids.pause_id(period, 1) == by_the_rfc(f"pause:{period}:1")
    assert ids.stint_id(MATCH, PLAYER, 3) == by_the_rfc(f"stint:{MATCH}:{PLAYER}:3")
    assert ids.participant_id(PLAYER, "assist") == by_the_rfc(f"participant:{PLAYER}:assist:1")


def test_ids_never_change() -> None:
    """Devices in the field have these built in: samples that a client's own tests may copy."""
    assert str(ids.NAMESPACE) == "6b1f4d0e-6f0a-5b5e-9a2c-746f7563686c"
    assert ids.period_id(MATCH, "regular", 1) == "f747be98-a1d1-5152-9973-a5fed84880a3"
    assert ids.pause_id(ids.period_id(MATCH, "regular", 1), 1) == "3b7a5bdb-295d-5f47-8e11-fdf2e3b6abbb"
    assert ids.stint_id(MATCH, PLAYER, 1) == "2cca7590-f5e9-593c-b1e2-b4cf8f2759b1"
    assert ids.participant_id(PLAYER, "substitution") == "70c209da-138f-567a-8ce6-113873e3be73"


def test_u7_two_phones_that_press_the_same_thing_name_one_record() -> None:
    """Equal things have equal ids; another match, type, number or ordinal has another."""
    assert ids.period_id(MATCH, "regular", 1) == ids.period_id(MATCH, "regular", 1)
    period = ids.period_id(MATCH, "regular", 1)
    others = {
        period,
        ids.period_id(PLAYER, "regular", 1),
        ids.period_id(MATCH, "extra_time", 1),
        ids.period_id(MATCH, "regular", 11),
        ids.pause_id(period, 1),
        ids.pause_id(period, 11),
        ids.stint_id(MATCH, PLAYER, 1),
        ids.stint_id(PLAYER, MATCH, 1),
        ids.participant_id(MATCH, "assist", 1),
        ids.participant_id(MATCH, "assist", 2),
    }
    assert len(others) == 10
