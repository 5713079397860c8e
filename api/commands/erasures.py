"""Erasures as commands carry them out: noted, done, the servers told, the log rewritten, the tables tidied."""

import asyncio
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

from msgspec import Struct

from api.commands.place import Place
from api.commands.telling import Bar
from api.erasing import Erasing, open_erasing
from api.identity.keys import KeyRing
from api.identity.slowdown import keys_of
from api.serving import StartError, open_ring
from api.settings import Settings
from storage.backups.manifest import SECRET
from storage.erasures import Erasure
from storage.erasures.clubs import ClubFound
from storage.erasures.finding import NamedClub, PlayerFound, as_id
from storage.erasures.marks import entry_of, time_of
from storage.erasures.replay import line_of, noting
from storage.erasures.tidying import vacuum, wake
from storage.erasures.users import Found, SoleOwner
from sync.records import Key

PLAYERS: Final = "players"
LOOK_S: Final = 0.2
"""Seconds between looks at how far a log is rewritten."""


class ErasedTold(Struct, frozen=True):
    """What `erase ... --json` says: ids, and no name."""

    kind: str
    id: str
    club_ids: list[str]
    """The clubs that it was in; of a club, itself."""
    rows: int
    """Rows that were rewritten or deleted."""
    ledger: str


class ListedErasure(Struct, frozen=True):
    """One line of `erase list`."""

    erasure_id: str
    kind: str
    club_id: str | None
    collection: str | None
    at: datetime
    by: str | None
    is_finished: bool
    is_noted: bool
    """Whether the ledger's file has it."""


async def erase_player(place: Place, settings: Settings, player: PlayerFound, bar: Bar) -> ErasedTold:
    """Erase a player, and rewrite the log behind it."""
    club_id, key = player.club_id, Key(PLAYERS, player.player_id)
    async with open_erasing(place.app_dsn, settings.ledger_path) as erasing:
        bar.step("Erasing")
        note = noting(erasing.ledger)
        erasure = await erasing.records.erase(club_id, key, by=None, erasure_id=str(uuid4()), before_commit=note)
        await wake(settings.database_url_direct or place.dsn, club_id, erasure.version)
        bar.step("Rewriting the log", erasure.version)
        watching = asyncio.create_task(_watch(erasing, erasure, bar))
        try:
            rows = await erasing.records.go_on(club_id)
        finally:
            watching.cancel()
    bar.step("Tidying the tables")
    await vacuum(place.dsn)
    return ErasedTold("player", player.player_id, [club_id], rows, str(settings.ledger_path))


async def _watch(erasing: Erasing, erasure: Erasure, bar: Bar) -> None:
    """Show how far the log is rewritten."""
    while True:
        for each in await erasing.records.list(erasure.club_id):
            if each.erasure_id == erasure.erasure_id:
                bar.at(each.rewritten_to)
        await asyncio.sleep(LOOK_S)


async def erase_user(place: Place, settings: Settings, user: Found, club_ids: list[str], bar: Bar) -> ErasedTold:
    """Erase a user, after the clubs that go with them."""
    told = await erase_clubs(place, settings, club_ids, bar)
    attempts = keys_of(ring.attempts, user.email, user.user_id, user.devices) if (ring := _ring(settings)) else []
    async with open_erasing(place.app_dsn, settings.ledger_path) as erasing:
        entry = entry_of("user", user.user_id, now=datetime.now(UTC))
        try:
            await erasing.users.erase(user.user_id, entry, attempt_keys=attempts)
        except SoleOwner as error:
            raise StartError(
                f"They have become the only owner of {' and '.join(error.club_ids)} meanwhile. Begin again."
            ) from error
    await vacuum(place.dsn)
    clubs = [*(each.club_id for each in user.clubs if each.club_id not in club_ids), *club_ids]
    return ErasedTold("user", user.user_id, clubs, told.rows, told.ledger)


async def erase_clubs(place: Place, settings: Settings, club_ids: list[str], bar: Bar) -> ErasedTold:
    """Erase clubs, one after the other."""
    rows = 0
    async with open_erasing(place.app_dsn, settings.ledger_path) as erasing:
        for club_id in club_ids:
            bar.step("Erasing the club")
            now = datetime.now(UTC)
            await erasing.clubs.shut(club_id, entry_of("club", club_id, now=now, club_id=club_id), now)
            rows += await erasing.clubs.empty(club_id, now, told=bar.add)
    if club_ids:
        bar.step("Tidying the tables")
        await vacuum(place.dsn)
    return ErasedTold("club", club_ids[0] if club_ids else "", club_ids, rows, str(settings.ledger_path))


async def find_user(place: Place, settings: Settings, asked: str) -> Found:
    """Return who has an id or an address. Raises StartError."""
    if "@" not in asked and as_id(asked) is None:
        raise StartError(f"{asked} is neither an id nor an address. `touchline user list` has all of them.")
    async with open_erasing(place.app_dsn, settings.ledger_path) as erasing:
        found = await erasing.users.find(asked.strip())
    if found is None:
        raise StartError(f"Nobody has the address or id {asked}. `touchline user list` has all of them.")
    return found


async def look_at_club(place: Place, settings: Settings, named: NamedClub) -> ClubFound:
    """Return what would go with a club. Raises StartError where it went already."""
    async with open_erasing(place.app_dsn, settings.ledger_path) as erasing:
        found = await erasing.clubs.find(named.club_id)
    if found is None:
        raise StartError("That club was erased. `touchline erase list` says when.")
    return found


async def list_all(place: Place, settings: Settings) -> list[ListedErasure]:
    """Return the erasures of the database and of the file, each once, the oldest first."""
    async with open_erasing(place.app_dsn, settings.ledger_path) as erasing:
        noted = {each.erasure_id: each for each in erasing.ledger.read().entries}
        known = [each for club_id in await erasing.clubs.ids() for each in await erasing.records.list(club_id)]
    unfinished = {each.erasure_id for each in known if each.finished_ms is None}
    lines = {**{each.erasure_id: line_of(each) for each in known}, **noted}
    return [
        ListedErasure(
            erasure_id=each.erasure_id,
            kind=each.kind,
            club_id=each.club_id,
            collection=each.collection,
            at=time_of(each),
            by=each.by,
            is_finished=each.erasure_id not in unfinished,
            is_noted=each.erasure_id in noted,
        )
        for each in sorted(lines.values(), key=lambda each: each.at_ms)
    ]


def _ring(settings: Settings) -> KeyRing | None:
    """Return the keys, where the server has a secret; none is made here."""
    if settings.secret_key is None and not (settings.data_dir / SECRET).is_file():
        return None
    return open_ring(settings)
