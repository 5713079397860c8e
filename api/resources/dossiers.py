"""A player's dossier taken away: all that the club holds about them, with nobody else in it, as JSON or CSV.

It is read and sent in bounded parts, as an export of a season is. Who wrote is told by role alone, so that it can be
handed to the player's family; a person reads it first, since a note may call somebody by a first name.
"""

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from typing import Any, Final, Literal
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, SkipValidation
from litestar.response import Stream
from msgspec import Struct

from api.errors import NotFound
from api.identity.access import DECIDERS
from api.requests import CSV, JSON, NO_STORE
from api.resources.desk import TheCaller
from api.resources.exports import CSV_WITH_HEADER
from football import sheets
from football.dossier import COLUMNS, Screen, inside, lines_of, rough_likes
from football.sheets import Names
from storage.dossiers import DossierReader, Logged, Sought, Waiting
from storage.matches import MatchReader, Wanted
from sync.collections import format_instant
from sync.conflicts import Conflict, Side
from sync.messages import encode
from sync.records import Record
from sync.stamps import device_of, wall_of

Rows = list[dict[str, Any]]
SINGLE: Final = frozenset({"player", "sharing"})
"""Sections that are one object; all others are lists."""
SOMEBODY: Final = "somebody"
"""Whoever wrote on a device that is no longer known."""


class PlayerExport(Struct, frozen=True):
    """All that a club holds about one player; ids and names of other players are replaced."""

    exported_ms: int
    """Milliseconds since 1970."""
    player: Mapping[str, Any]
    """The record: its `fields`, and whether it was `deleted`."""
    records: list[Mapping[str, Any]]
    """What else names them: events, line-ups, awards, notes; deleted ones too."""
    matches: list[Mapping[str, Any]]
    """The matches that they took part in, with their minutes."""
    sharing: Mapping[str, Any]
    """Whether they may be shown in shared views, and the links to their matches."""
    history: list[Mapping[str, Any]]
    """Every change that named them, as far back as the club's log goes: when, as what somebody wrote it, and what."""
    conflicts: list[Mapping[str, Any]]
    """Questions about them, with every value that was ever laid aside; refused edits too."""
    waiting: list[Mapping[str, Any]]
    """Edits that have arrived and wait for something."""


class Dossiers:
    """Puts dossiers together."""

    def __init__(self, reader: DossierReader, matches: MatchReader, *, clock: Callable[[], int]) -> None:
        """Read through the two; `clock` gives milliseconds since 1970."""
        self._reader = reader
        self._matches = matches
        self.now_ms = clock

    async def open(self, club_id: str, player_id: str) -> "Dossier":
        """Begin a player's dossier. Raises NotFound for one whom the club does not have, or has erased."""
        player = await self._reader.player(club_id, player_id)
        if player is None or not player.fields:
            raise NotFound("There is no such player in this club.")
        names = await self._names_of(club_id, player)
        screen = Screen(player_id, names, await self._reader.names(club_id))
        sought = Sought(player_id, rough_likes(names))
        return Dossier(self._reader, self._matches, club_id, player, screen, sought, self.now_ms())

    async def _names_of(self, club_id: str, player: Record) -> set[str]:
        """Return every name that the player ever had here: what was written over is in the log, or was laid aside."""
        sought = Sought(player.key.record)
        found: set[Any] = {player.fields["full_name"].value} if "full_name" in player.fields else set()
        async for logged in self._reader.log(club_id, sought):
            found |= {each.change.fields.get("full_name") for each in logged if each.change.key == player.key}
        async for conflicts in self._reader.conflicts(club_id, sought):
            for each in conflicts:
                if each.key == player.key and each.field == "full_name":
                    found |= {side.value for side in _sides(each)}
        return {name for name in found if isinstance(name, str)}


class Dossier:
    """One player's dossier, section by section."""

    def __init__(
        self,
        reader: DossierReader,
        matches: MatchReader,
        club_id: str,
        player: Record,
        screen: Screen,
        sought: Sought,
        now_ms: int,
    ) -> None:
        """Read of a club about a player; `screen` hides all others."""
        self._reader = reader
        self._matches = matches
        self._club_id = club_id
        self._player = player
        self._screen = screen
        self._sought = sought
        self.now_ms = now_ms
        self._match_ids: list[str] = []
        self._took_part: set[str] = set()
        self._roles: dict[str, str] = {}

    async def parts(self) -> AsyncGenerator[tuple[str, Rows]]:
        """Yield rows, each with the section that it stands in; the sections in the order of `PlayerExport`."""
        self._took_part = await self._reader.took_part(self._club_id, self._player.key.record)
        yield "player", [self._clean(_record_row(self._player))]
        async for records in self._reader.records(self._club_id, self._sought):
            found = [each for each in records if each.key != self._player.key and self._names(each)]
            yield "records", [self._clean(self._of_others(_record_row(each))) for each in found]
        async for rows in self._played():
            yield "matches", rows
        yield "sharing", [await self._sharing()]
        async for logged in self._reader.log(self._club_id, self._sought):
            yield "history", await self._history(logged)
        async for conflicts in self._reader.conflicts(self._club_id, self._sought):
            yield "conflicts", await self._asked(conflicts)
        yield "waiting", await self._waiting(await self._reader.waiting(self._club_id, self._sought))

    async def json(self) -> AsyncGenerator[bytes]:
        """Yield the dossier as JSON."""
        yield b'{"exported_ms":' + encode(self.now_ms)
        open_section, separator = "", b""
        async for section, rows in self.parts():
            for name in _begun(open_section, section):
                yield (b"" if open_section in {"", *SINGLE} else b"]") + b',"' + name.encode() + b'":'
                yield b"" if name in SINGLE else b"["
                open_section, separator = name, b""
            for row in rows:
                yield separator + encode(row)
                separator = b","
        yield b"]}"

    async def csv(self) -> AsyncGenerator[bytes]:
        """Yield the dossier as CSV, a line for each value."""
        yield (sheets.BOM + sheets.csv_line(COLUMNS)).encode()
        async for section, rows in self.parts():
            yield "".join(sheets.csv_line(line) for row in rows for line in lines_of(section, row)).encode()

    async def _played(self) -> AsyncGenerator[Rows]:
        me = self._player.key.record
        async for found in self._matches.parts(self._club_id, Wanted(player_id=me)):
            self._match_ids += [facts.match["id"] for facts in found]
            teams, _ = sheets.ids_named(found)
            names = Names(teams=await self._matches.named(self._club_id, "teams", teams), players={})
            rows: Rows = []
            for facts in found:
                row = {**sheets.match_row(facts, names, self.now_ms), "record": facts.match["id"]}
                mine = [each for each in sheets.minute_rows(facts, names, self.now_ms) if each["player_id"] == me]
                played = {"minutes": mine[0]["minutes"], "stints": mine[0]["stints"]} if mine else {}
                del row["match_id"]
                rows.append(self._clean({**row, **played}))
            yield rows

    async def _sharing(self) -> dict[str, Any]:
        held = self._player.fields.get("do_not_share")
        links = await self._reader.links(self._club_id, self._match_ids)
        return {
            "do_not_share": bool(held is not None and held.value),
            "links": [
                {
                    "record": str(each["link_id"]),
                    "match_id": str(each["match_id"]),
                    **{name: each[name] for name in ("shows_score", "shows_shirt_numbers", "shows_venue")},
                    **{name: _instant(each[name]) for name in ("created_at", "expires_at", "revoked_at")},
                }
                for each in links
            ],
        }

    async def _history(self, logged: list[Logged]) -> Rows:
        """Return changes of records; those of conflicts are told once, where they stand now."""
        told = [each for each in logged if each.change.collection != "conflicts" and self._is_mine(each)]
        await self._learn(device_of(each.change.stamp) for each in told)
        return [
            self._clean(
                self._of_others(
                    {
                        "version": each.change.version,
                        "collection": each.change.collection,
                        "record": each.change.record,
                        "at": format_instant(wall_of(each.change.stamp)),
                        "arrived_at": format_instant(each.committed_ms),
                        "by": self._by(device_of(each.change.stamp)),
                        "fields": each.change.fields,
                        **({"deleted": each.change.deleted} if isinstance(each.change.deleted, bool) else {}),
                    }
                )
            )
            for each in told
        ]

    def _is_mine(self, logged: Logged) -> bool:
        return logged.change.key == self._player.key or self._screen.is_about(logged.change.fields)

    async def _asked(self, conflicts: list[Conflict]) -> Rows:
        told = [each for each in conflicts if self._is_asked(each)]
        await self._learn(side.device_id for each in told for side in _sides(each))
        return [
            self._clean(
                {
                    "collection": each.collection,
                    "record": each.record,
                    "kind": str(each.kind),
                    "status": str(each.status),
                    "about": each.field if "/" not in each.field else str(each.kind),
                    "stands": next((self._side(each, side) for side in self._told(each, [each.stands])), None),
                    "laid_aside": [self._side(each, side) for side in self._told(each, each.candidates)],
                }
            )
            for each in told
        ]

    def _is_asked(self, conflict: Conflict) -> bool:
        me = self._player.key
        is_other = conflict.collection == me.collection and conflict.other == me.record
        return conflict.key == me or is_other or any(self._screen.is_about(side.value) for side in _sides(conflict))

    def _told(self, conflict: Conflict, sides: Iterable[Side | None]) -> list[Side]:
        """Return the sides that may be told: of a question about another player's record, those about this one."""
        is_others = conflict.collection == self._player.key.collection and conflict.key != self._player.key
        return [
            each for each in sides if each is not None and not (is_others and not self._screen.is_about(each.value))
        ]

    def _side(self, conflict: Conflict, side: Side) -> dict[str, Any]:
        value = side.value
        mutation = dict(inside(value)).get("mutation")
        if isinstance(mutation, Mapping):
            # As it was sent, without its place in somebody's queue.
            value = self._of_others(_edit_of(dict(inside(mutation))))
        name = conflict.field if "/" not in conflict.field else ""
        told = {"at": side.at, "by": self._by(side.device_id), "value": self._screen.clean(value, name)}
        return told if side.problem is None else {**told, "why": side.problem.sentence}

    async def _waiting(self, parked: Iterable[Waiting]) -> Rows:
        found = [(each, _edit_of(each.body.get("mutation", each.body))) for each in parked]
        told = [(each, edit) for each, edit in found if self._screen.is_about(edit)]
        await self._learn(each.device_id for each, _ in told)
        return [
            self._clean(
                {**self._of_others(edit), "at": format_instant(each.received_ms), "by": self._by(each.device_id)}
            )
            for each, edit in told
        ]

    def _of_others(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return a row as it is; of another player's record only the texts in it that name this one."""
        if row.get("collection") != self._player.key.collection or row.get("record") == self._player.key.record:
            return row
        fields = row.get("fields", {})
        return {**row, "fields": {name: each for name, each in fields.items() if self._screen.is_about(each)}}

    def _names(self, record: Record) -> bool:
        """Tell whether a record names the player; an event that they only took part in is there for its moment."""
        has_part = record.key.collection == "events" and record.key.record in self._took_part
        return has_part or self._screen.is_about(record.values())

    def _clean(self, row: dict[str, Any]) -> dict[str, Any]:
        cleaned = {name: self._screen.clean(each, name) for name, each in row.items() if name != "record"}
        mine = row.get("record")
        if row.get("collection") == self._player.key.collection and mine != self._player.key.record:
            mine = self._screen.clean(mine)
        return {**cleaned, **({"record": mine} if mine is not None else {})}

    async def _learn(self, devices: Iterable[str]) -> None:
        unknown = set(devices) - self._roles.keys()
        if unknown:
            self._roles |= dict.fromkeys(unknown, SOMEBODY) | await self._reader.roles(self._club_id, unknown)

    def _by(self, device_id: str) -> str:
        return self._roles.get(device_id, SOMEBODY)


def _begun(open_section: str, section: str) -> list[str]:
    """Return the sections that begin before this one is written: those between that have no rows are there, empty."""
    order = [name for name in PlayerExport.__struct_fields__ if name != "exported_ms"]
    return order[order.index(open_section) + 1 if open_section else 0 : order.index(section) + 1]


def _record_row(record: Record) -> dict[str, Any]:
    return {
        "collection": record.key.collection,
        "record": record.key.record,
        "deleted": record.is_deleted,
        "fields": record.values(),
    }


def _edit_of(mutation: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an edit says, without counters and cursors."""
    return {name: mutation[name] for name in ("collection", "record", "op", "fields", "resolve") if mutation.get(name)}


def _sides(conflict: Conflict) -> tuple[Side, ...]:
    return conflict.candidates if conflict.stands is None else (conflict.stands, *conflict.candidates)


def _instant(at: Any) -> str | None:  # noqa: ANN401 - a datetime of the driver
    return None if at is None else format_instant(int(at.timestamp() * 1_000))


TheDossiers = NamedDependency[SkipValidation[Dossiers]]


@get(
    "/api/players/{player_id:uuid}/export",
    opt={**DECIDERS, "limit": "exports", "answer": PlayerExport, "gives": (CSV,), "problems": ("not_found",)},
)
async def export_player(
    player_id: FromPath[UUID],
    caller: TheCaller,
    dossiers: TheDossiers,
    format: FromQuery[Literal["json", "csv"]] = "json",  # noqa: A002 - the parameter's name on the wire
) -> Stream:
    """Download all that the club holds about a player, with nobody else in it: for whoever asks what is kept of them.

    Read it before you hand it on: a note may call somebody by a first name.
    """
    dossier = await dossiers.open(caller.club_id, str(player_id))
    content, kind = (dossier.json(), JSON) if format == "json" else (dossier.csv(), CSV_WITH_HEADER)
    headers = {**NO_STORE, "Content-Disposition": f'attachment; filename="player.{format}"'}
    return Stream(content, media_type=kind, headers=headers)


ROUTES: Final = (export_player,)
