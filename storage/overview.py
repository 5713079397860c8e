"""What an operator sees of clubs: sizes, times and counts, and none of a club's data but its name.

Clubs are found by their members, and each is read in a short transaction of its own, under its row policy. How many are
read, and how long that may take, is bounded: what was not reached is said to be so.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final, TypeAlias

import asyncpg
from msgspec import Struct

from storage.clubs import set_club_sql
from storage.rows import writer_of
from sync.stamps import correction_of

CLUBS_MAX: Final = 500
"""Clubs that are read for one look."""
LOOK_S: Final = 3.0
"""Seconds after which a look reads no further clubs."""
CLUB_MS: Final = 2_000
"""Milliseconds that one statement about one club may take."""
OPEN_MAX: Final = 2_000
"""Open conflicts of a club that are looked into."""
DEVICES_MAX: Final = 200
MATCHES_MAX: Final = 12


class ClubState(Struct, frozen=True):
    """A club, as far as somebody who looks after the server needs to know it."""

    club_id: str
    name: str
    members: int
    devices: int
    version: int
    """Changes in its log since it began."""
    last_push_ms: int | None
    """The latest of a phone, milliseconds since 1970; None before the first."""
    open_conflicts: int
    """What the app asks somebody, the quarantine not counted."""
    quarantined: int
    """Mutations that could not be applied, and wait to be looked at."""
    parked: int
    """Mutations that wait for others."""
    parked_ms: int | None
    """Since when the first of them waits, milliseconds since 1970."""
    erasures: int
    """Erasures that were asked for and are not finished: somebody is still in the log."""
    erasing_ms: int | None
    """When the first of them was asked for, milliseconds since 1970."""


class DeviceState(Struct, frozen=True):
    """A device: nothing of it tells whose it is."""

    device_id: str
    role: str
    """Of its owner; `link` for a scorer's link, `former` for a former member."""
    seen_ms: int
    last_n: int
    """The greatest counter that has arrived."""
    lag: int
    """Versions that it has not confirmed yet."""
    skew_ms: int
    """What is added to its clock."""
    parked: int


class MatchState(Struct, frozen=True):
    """What is stored of a match."""

    match_id: str
    kickoff: datetime | None
    facts: int
    """Records of it that stand: itself, events, periods, line-up, notes and awards."""
    last_at: datetime
    """When the latest of them arrived."""
    last_device: str | None
    """Which device wrote it."""


class ClubDetail(Struct, frozen=True):
    """One club."""

    state: ClubState
    devices: list[DeviceState]
    conflicts: Mapping[str, int]
    """Kind -> open ones."""
    quarantine: Mapping[str, int]
    """Code -> open ones."""
    links: int
    """Share links that open something."""
    matches: list[MatchState]


_CLUBS: Final = """
SELECT club_id::text, count(*) FILTER (WHERE removed_at IS NULL) AS members
  FROM touchline.memberships GROUP BY club_id ORDER BY max(joined_at) DESC, club_id LIMIT $1
"""
_MEMBERS: Final = "SELECT count(*) FROM touchline.memberships WHERE club_id = $1 AND removed_at IS NULL"
# Under ids of version 8 the server writes itself, for those who call the plain routes: they are nobody's phone.
_CLUB: Final = """
SELECT name, version, device.devices, device.last_push_ms, conflict.open - conflict.quarantined AS open_conflicts,
       conflict.quarantined, waiting.parked, waiting.parked_ms, erasing.erasures, erasing.erasing_ms
  FROM touchline.clubs AS club,
       (SELECT count(*) AS devices, max(seen_ms) AS last_push_ms FROM touchline.devices
         WHERE club_id = $1 AND uuid_extract_version(device_id) IS DISTINCT FROM 8) AS device,
       (SELECT count(*) AS open, count(*) FILTER (WHERE convert_from(body, 'UTF8')::jsonb ->> 'kind' = 'rejected')
               AS quarantined
          FROM (SELECT body FROM touchline.conflicts WHERE club_id = $1 AND status = 'open' LIMIT $2) AS found
       ) AS conflict,
       (SELECT count(*) AS parked, min(received_ms) AS parked_ms FROM touchline.parked WHERE club_id = $1) AS waiting,
       (SELECT count(*) AS erasures, min(at_ms) AS erasing_ms FROM touchline.erasures
         WHERE club_id = $1 AND finished_ms IS NULL) AS erasing
 WHERE club.club_id = $1
"""
_DEVICES: Final = """
SELECT device.device_id::text, device.offsets_ms, device.last_n, device.acked, device.seen_ms,
       (SELECT count(*) FROM touchline.parked AS p WHERE p.club_id = $1 AND p.device_id = device.device_id) AS parked,
       CASE WHEN m.user_id IS NULL THEN 'link' WHEN m.removed_at IS NOT NULL THEN 'former' ELSE m.role END AS role
  FROM touchline.devices AS device
  LEFT JOIN touchline.memberships AS m ON m.club_id = $1 AND m.user_id::text = device.user_id
 WHERE device.club_id = $1 AND uuid_extract_version(device.device_id) IS DISTINCT FROM 8
 ORDER BY device.seen_ms DESC, device.device_id LIMIT $2
"""
_CONFLICTS: Final = """
SELECT body ->> 'kind' AS kind, coalesce(body -> 'candidates' -> 0 -> 'problem' ->> 'code', '') AS code, count(*)
  FROM (SELECT convert_from(body, 'UTF8')::jsonb AS body FROM touchline.conflicts
         WHERE club_id = $1 AND status = 'open' LIMIT $2) AS found
 GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
"""
_LINKS: Final = """
SELECT count(*) FROM touchline.share_links WHERE club_id = $1 AND revoked_at IS NULL AND expires_at > now()
"""
_CHOSEN: Final = """
SELECT match_id, kickoff_ts FROM grassroots.matches
 WHERE club_id = $1 AND NOT deleted AND coalesce(kickoff_ts, created_at) < now() + interval '1 day'
 ORDER BY coalesce(kickoff_ts, created_at) DESC, match_id LIMIT $2
"""
_OF_MATCHES: Final = ("matches", "events", "match_periods", "lineup", "match_notes", "match_awards")
"""Tables whose rows name a match."""
_OF_CHOSEN: Final = "club_id = $1 AND match_id = ANY($2::uuid[])"
_ROWS: Final = " UNION ALL ".join(
    f"SELECT match_id, version, updated_at, deleted, stamps FROM grassroots.{table} WHERE {_OF_CHOSEN}"  # noqa: S608
    for table in _OF_MATCHES
)
_FACTS: Final = f"""
SELECT match_id::text, count(*) FILTER (WHERE NOT deleted) AS facts, max(updated_at) AS last_at,
       (array_agg(stamps::text ORDER BY version DESC))[1] AS stamps
  FROM ({_ROWS}) AS fact
 GROUP BY match_id
"""  # noqa: S608 - names of ours

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


async def look_at_clubs(connection: Connection) -> tuple[list[ClubState], int]:
    """Return the states of clubs, and how many more there are that were not read."""
    found = await connection.fetch(_CLUBS, CLUBS_MAX + 1)
    states: list[ClubState] = []
    until = asyncio.get_running_loop().time() + LOOK_S
    for club in found[:CLUBS_MAX]:
        if asyncio.get_running_loop().time() > until:
            break
        state = await _state(connection, club["club_id"], club["members"])
        if state is not None:
            states.append(state)
    return states, len(found) - len(states)


async def look_at_club(connection: Connection, club_id: str) -> ClubDetail | None:
    """Return one club, as of one moment; None where there is none of this id."""
    state = await _state(connection, club_id, await connection.fetchval(_MEMBERS, club_id))
    if state is None:
        return None
    async with _within(connection, club_id):
        devices = await connection.fetch(_DEVICES, club_id, DEVICES_MAX)
        conflicts = await connection.fetch(_CONFLICTS, club_id, OPEN_MAX)
        links: int = await connection.fetchval(_LINKS, club_id)
        matches = await _matches(connection, club_id)
    kinds, codes = Counter[str](), Counter[str]()
    for row in conflicts:
        kinds[row["kind"]] += row["count"]
        if row["kind"] == "rejected":
            codes[row["code"] or "unknown"] += row["count"]
    return ClubDetail(state, [_device(row, state.version) for row in devices], kinds, codes, links, matches)


async def _state(connection: Connection, club_id: str, members: int) -> ClubState | None:
    async with _within(connection, club_id):
        row = await connection.fetchrow(_CLUB, club_id, OPEN_MAX)
    return None if row is None else ClubState(club_id=club_id, members=members, **row)


def _device(row: "asyncpg.Record", head: int) -> DeviceState:
    return DeviceState(
        device_id=row["device_id"],
        role=row["role"],
        seen_ms=row["seen_ms"],
        last_n=row["last_n"],
        lag=max(head - row["acked"], 0),
        skew_ms=correction_of(row["offsets_ms"]),
        parked=row["parked"],
    )


async def _matches(connection: Connection, club_id: str) -> list[MatchState]:
    chosen = await connection.fetch(_CHOSEN, club_id, MATCHES_MAX)
    found = await connection.fetch(_FACTS, club_id, [row["match_id"] for row in chosen])
    kickoffs = {str(row["match_id"]): row["kickoff_ts"] for row in chosen}
    facts = {row["match_id"]: row for row in found}
    return [
        MatchState(
            match_id=match_id,
            kickoff=kickoff,
            facts=facts[match_id]["facts"],
            last_at=facts[match_id]["last_at"],
            last_device=writer_of(facts[match_id]["stamps"]),
        )
        for match_id, kickoff in kickoffs.items()
    ]


@asynccontextmanager
async def _within(connection: Connection, club_id: str) -> AsyncGenerator[None]:
    """Read one club in one moment, each statement for a moment: a look never stands in anybody's way."""
    await connection.execute(f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {set_club_sql(club_id)}")
    try:
        await connection.execute(f"SET LOCAL statement_timeout = {CLUB_MS}")
        yield
    finally:
        await connection.execute("ROLLBACK")
