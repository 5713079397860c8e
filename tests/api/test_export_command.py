"""`touchline export` from the outside: what it writes, for whose eyes, and what it says where it cannot."""

import csv
import io
import json
from pathlib import Path

import pytest

from api.app import create_app, open_services
from api.identity.keys import KeyRing
from api.settings import Settings
from football.dossier import COLUMNS
from football.sheets import BOM
from storage.readiness import prepare
from tests.api.matchday import small_match
from tests.api.people import client_of, put, sign_up
from tests.api.test_commands import EMAIL, Command, command, folder
from tests.pg import PgDatabase

__all__ = ["command", "folder"]

pytestmark = pytest.mark.postgres
NAME = "Mira Okonkwo-Lindqvist"


async def test_what_is_held_is_exported(
    command: Command, folder: Path, empty_database: PgDatabase, settings: Settings, ring: KeyRing
) -> None:
    """A player by name, a person by address, a club by name: as JSON or CSV, to a file that its owner alone reads."""
    await prepare(empty_database.owner_dsn)
    async with open_services(empty_database.app_dsn, ring) as services:
        client = client_of(create_app(settings, services))
        coach = await sign_up(client, EMAIL)
        made = await small_match(coach)
        await coach.push(put("players", made.players[0], full_name=NAME, notes="=1+1"))
        other = await small_match(await sign_up(client, "other@club.example"))

    file = folder / "player.json"
    file.write_text("of yesterday")
    file.chmod(0o644)
    said = await command("export", "player", "mira okonkwo LINDQVIST", "--output", str(file))
    assert (said.status, said.out, file.stat().st_mode & 0o777) == (0, "", 0o600)
    assert json.loads(file.read_bytes())["player"]["record"] == made.players[0]
    assert not file.with_name("player.json.part").exists()

    said = await command("export", "player", made.players[0], "--csv")
    rows = list(csv.DictReader(io.StringIO(said.out.removeprefix(BOM), newline="")))
    assert tuple(rows[0]) == COLUMNS
    assert "'=1+1" in {row["value"] for row in rows}

    assert (await command("export", "user", EMAIL.upper())).told["account"]["email"] == EMAIL

    club = (await command("export", "club", coach.club_id)).told
    assert (club["club"]["name"], [each["display_name"] for each in club["members"]]) == ("Reds", ["Coach"])
    records = {each["record"] for each in club["records"]}
    assert records >= {*made.players, made.match_id}
    assert not records & {*other.players, other.match_id}
    assert NAME in (await command("export", "club", coach.club_id, "--csv")).out

    for asked, words in (
        (("player", "Nobody Known"), "There is no player Nobody Known"),
        (("player", "Player Number3"), "Several players are called Player Number3"),
        (("user", "nobody@club.example"), "Nobody has the address"),
        (("club", "Reds"), "Several clubs are called Reds"),
        (("club", "Greens"), "There is no club Greens"),
    ):
        said = await command("export", *asked)
        assert said.status == 2
        assert words in said.err
    said = await command("export", "user", EMAIL, "--output", str(folder / "nowhere" / "file.json"))
    assert said.status == 2
    assert "cannot be written" in said.err
