"""Feeds: the redacted log of a match, one for each view that its live links ask for, kept beside the club's own log.

    every entry of a feed was redacted before it was stored; n is gapless in its epoch; the snapshot is the fold of them

All is written under the lock of the club's counter row, in the transaction that writes what it tells of (`append`), so
a feed is never behind the log and never ahead of it. What must not be read again (a number of a player who is not to
be shared any more, a score that is hidden now) ends the epoch: its entries are deleted, the ids of events are made
with a fresh key, and viewers begin with the snapshot (docs/decisions/0018-a-feed-for-each-view-of-a-match.md).
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any, Final, NamedTuple

import asyncpg
import msgspec
import structlog
from msgspec import Struct

from football.feed import Drawn, Shareable, SharedMatch, due_ms, project
from football.feed_messages import diff, entries_of, withdraws
from football.policy import ClubRules, Options
from storage.bundle import Bundle
from storage.remembered import UNSEEN, Draft, Place, Recent, Shown
from storage.shareable import Connection, read_shareable
from sync.cursors import Cursor
from sync.records import Key, Record
from sync.stamps import TICKS_PER_MS

MESSAGES_MAX: Final = 400
"""Messages of one transaction: a whole match that was logged offline. Where there would be more, an epoch begins."""

HIDDEN_BYTES: Final = 9
"""Bytes of an event's id in a feed: 72 bits, so that none of a match's meet."""

HIDDEN_MAX: Final = 16_384
"""Ids that are remembered, some 4 MB: each push into a shared match names all its events anew."""

OF_A_MATCH: Final = frozenset({"matches", "match_periods", "events", "lineup"})
"""Collections whose records name their match, or are one."""
WITHIN: Final[Mapping[str, str]] = {"match_pauses": "period_id", "event_participants": "event_id"}
"""Collections whose records name a child of a match."""
OF_A_CLUB: Final = frozenset({"teams", "players", "seasons"})
"""Collections whose records any match may name."""

_log: Final = structlog.get_logger("touchline.feeds")
_snapshot: Final = msgspec.json.Decoder(SharedMatch).decode
_encode: Final = msgspec.json.encode

Live = Mapping[str, frozenset[int]]
"""Match -> the views for which it has live links."""


class Telling(NamedTuple):
    """What a transaction that tells of its own writes has in hand."""

    draft: Draft
    """What the process remembers of the club's matches."""
    bundle: Bundle
    """What it has not sent yet."""


class Feed(Struct, frozen=True):
    """Where a feed stands."""

    cursor: Cursor
    """`n` and the epoch."""
    hide_key: bytes
    snapshot: bytes
    """A `SharedMatch`, as JSON; empty where entries are read instead."""
    due_ms: int | None


class FeedEntry(NamedTuple):
    """An entry as it is stored and sent."""

    n: int
    body: bytes


def view_of(options: Options) -> int:
    """Return the number of the view that a link with these options reads."""
    return options.score * 1 + options.shirt_numbers * 2 + options.venue * 4


def options_of(view: int) -> Options:
    """Return what a view's links ask to show."""
    return Options(score=bool(view & 1), shirt_numbers=bool(view & 2), venue=bool(view & 4))


@lru_cache(HIDDEN_MAX)
def hide(key: bytes, record_id: str) -> str:
    """Return an event's id in the epoch whose key this is."""
    made = hashlib.blake2b(record_id.encode(), key=key, digest_size=HIDDEN_BYTES).digest()
    return base64.urlsafe_b64encode(made).decode()


_LIVE: Final = """
SELECT DISTINCT match_id, shows_score, shows_shirt_numbers, shows_venue
  FROM touchline.share_links
 WHERE club_id = $1 AND revoked_at IS NULL AND expires_at > $2
"""
_RULES: Final = "SELECT young_scores, young_shirt_numbers FROM touchline.share_rules WHERE club_id = $1"
_FEED: Final = """
SELECT epoch, n, hide_key, snapshot, due_ms FROM touchline.feeds WHERE club_id = $1 AND match_id = $2 AND view = $3
"""
_STANDING: Final = """
SELECT asked.view, feed.epoch, feed.n, hide_key, due_ms, young_scores, young_shirt_numbers,
       CASE WHEN (feed.epoch, feed.n) = (known.epoch, known.n) THEN NULL ELSE snapshot END AS snapshot
  FROM (SELECT unnest($3::smallint[])
         UNION
        SELECT (shows_score::int + 2 * shows_shirt_numbers::int + 4 * shows_venue::int)::smallint
          FROM touchline.share_links
         WHERE club_id = $1 AND match_id = $2 AND revoked_at IS NULL AND expires_at > $4) AS asked (view)
  LEFT JOIN touchline.feeds AS feed ON feed.club_id = $1 AND feed.match_id = $2 AND feed.view = asked.view
  LEFT JOIN touchline.share_rules AS rules ON rules.club_id = $1
  LEFT JOIN unnest($5::smallint[], $6::text[], $7::bigint[]) AS known (view, epoch, n) ON known.view = asked.view
 ORDER BY asked.view
"""
"""Where feeds of a match stand, and the club's rules: a row for each view that is asked for ($3), or by a live link
($4: at what time; null: by none). A snapshot that is known ($5 to $7) is not sent again.
"""
_ADD: Final = """
INSERT INTO touchline.feed_entries (club_id, match_id, view, n, body)
SELECT $1::uuid, $2::uuid, $3::smallint, entry.n, entry.body
  FROM unnest($4::bigint[], $5::bytea[]) AS entry (n, body)
"""
_SAVE: Final = """
INSERT INTO touchline.feeds (club_id, match_id, view, epoch, n, hide_key, snapshot, due_ms)
VALUES ($1::uuid, $2::uuid, $3::smallint, $4::text, $5::bigint, $6::bytea, $7::bytea, $8::bigint)
    ON CONFLICT (club_id, match_id, view)
    DO UPDATE SET epoch = excluded.epoch, n = excluded.n, hide_key = excluded.hide_key,
                  snapshot = excluded.snapshot, due_ms = excluded.due_ms
"""
_FORGET: Final = "DELETE FROM touchline.feed_entries WHERE club_id = $1 AND match_id = $2 AND view = $3"
_DROP: Final = "DELETE FROM touchline.feeds WHERE club_id = $1 AND match_id = $2 AND view = $3"
_VIEWS: Final = "SELECT view FROM touchline.feeds WHERE club_id = $1 AND match_id = $2"
_PAGE: Final = """
SELECT epoch, n, hide_key, due_ms, epoch = $5 AND n >= $4 AS goes_on,
       CASE WHEN epoch = $5 AND n >= $4 THEN ''::bytea ELSE snapshot END AS snapshot,
       ARRAY(SELECT entry.body FROM touchline.feed_entries AS entry
              WHERE entry.club_id = $1 AND entry.match_id = $2 AND entry.view = $3 AND entry.n > $4
              ORDER BY entry.n LIMIT $6) AS bodies
  FROM touchline.feeds
 WHERE club_id = $1 AND match_id = $2 AND view = $3
"""
"""Where a feed stands, and its entries after `n` of an epoch, in one moment; the snapshot where that has ended."""
_FRESH: Final = """
SELECT substr(md5(gen_random_uuid()::text), 1, 16) AS epoch,
       uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) AS hide_key
"""
"""The database's own dice: an epoch looks like a log's tag, so a feed's cursor looks like a log's."""
_PARENTS: Final = """
SELECT match_id FROM grassroots.match_periods WHERE club_id = $1 AND id = ANY($2::uuid[])
 UNION
SELECT match_id FROM grassroots.events WHERE club_id = $1 AND id = ANY($2::uuid[])
"""
_NAMING: Final = """
SELECT match_id FROM grassroots.matches
 WHERE club_id = $1 AND match_id = ANY($2::uuid[])
   AND (season_id = ANY($3::uuid[]) OR home_team_id = ANY($3::uuid[]) OR away_team_id = ANY($3::uuid[]))
 UNION
SELECT match_id FROM grassroots.events
 WHERE club_id = $1 AND match_id = ANY($2::uuid[]) AND player_id = ANY($3::uuid[])
 UNION
SELECT e.match_id
  FROM grassroots.events AS e
  JOIN grassroots.event_participants AS p ON p.club_id = e.club_id AND p.event_id = e.id
 WHERE e.club_id = $1 AND e.match_id = ANY($2::uuid[]) AND p.player_id = ANY($3::uuid[])
"""
"""Those of some matches that name a season, a team or a player: no other shows anything of them."""


async def append(
    connection: Connection, club_id: str, records: Mapping[Key, Record], now_ms: int, telling: Telling
) -> None:
    """Tell the feeds of a club what a transaction wrote: `records` as they stand after it.

    For the transaction that writes them, while it holds the counter row. A club without live links costs one look.
    What is written waits in the bundle of `telling`, which the caller sends.
    """
    telling.draft.write(records)
    hides = _hides_somebody(records)  # whose number may stand in an entry of any match, though none names them now
    is_all = hides or any(_has_moved(key, record) for key, record in records.items())
    only = None if is_all else _only_match(records)
    if only is not None:
        await refresh(connection, club_id, only, (), now_ms, linked=True, telling=telling)
        return
    await telling.bundle.send()
    live = await live_views(connection, club_id, now_ms)
    if not live:
        return
    for match_id in sorted(live if is_all else await _touched(connection, club_id, records, live)):
        await refresh(connection, club_id, match_id, live[match_id], now_ms, anew=hides, telling=telling)


async def live_views(connection: Connection, club_id: str, now_ms: int) -> Live:
    """Return the matches of a club that have live links, each with the views that they ask for."""
    found: dict[str, set[int]] = {}
    for row in await connection.fetch(_LIVE, club_id, instant(now_ms)):
        options = Options(row["shows_score"], row["shows_shirt_numbers"], row["shows_venue"])
        found.setdefault(str(row["match_id"]), set()).add(view_of(options))
    return {match_id: frozenset(views) for match_id, views in found.items()}


async def refresh(
    connection: Connection,
    club_id: str,
    match_id: str,
    views: Iterable[int],
    now_ms: int,
    *,
    anew: bool = False,
    linked: bool = False,
    telling: Telling | None = None,
) -> None:
    """Bring feeds of a match up to what is recorded of it; `anew` begins an epoch in each.

    For a transaction that holds the counter row. A match that is not there has no feeds. `linked` adds the views that
    live links ask for; where there are none, nothing is done. Without `telling` nothing is remembered, and what is
    written is sent at once.
    """
    draft, bundle = (None, Bundle(connection)) if telling is None else telling
    known = None if draft is None or anew else draft.match(match_id)
    shown: Mapping[int, Shown] = {} if known is None else known.shown
    asked = sorted(views), instant(now_ms) if linked else None
    cursors = [[*shown], [each.cursor.tag for each in shown.values()], [each.cursor.version for each in shown.values()]]
    rows = await connection.fetch(_STANDING, club_id, match_id, *asked, *cursors)
    if not rows:
        return
    # Feeds that went on or began elsewhere tell that more may have happened than is remembered.
    is_known = known is not None and all(row["epoch"] is not None and row["snapshot"] is None for row in rows)
    what = known.what if known is not None and is_known else None
    if what is None:
        await bundle.send()
        what = await read_shareable(connection, club_id, match_id)
    if what is None:
        await drop(connection, club_id, match_id)
        if draft is not None:
            draft.forget(match_id)
        return
    told: dict[int, Shown] = {}
    for row in rows:
        place, rules = Place(club_id, match_id, row["view"]), _rules(row)
        was = _stood(row, shown)
        try:
            told[place.view] = await _refresh(connection, bundle, place, was, what, rules, now_ms, anew=anew)
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:  # ours, and no reason to refuse a goal
            _log.error("feed_failed", club=club_id, error=type(error).__name__, exc_info=error)
            await _forget(connection, place)
    if draft is not None:
        draft.note(match_id, what, told)
    if telling is None:
        await bundle.send()


async def begin_epochs(connection: Connection, club_id: str, now_ms: int) -> None:
    """Begin an epoch in every feed of a club: what was shown may not be read again (the club's rules, an erasure)."""
    for match_id, views in (await live_views(connection, club_id, now_ms)).items():
        await refresh(connection, club_id, match_id, views, now_ms, anew=True)


async def drop(connection: Connection, club_id: str, match_id: str, *, but: frozenset[int] = frozenset()) -> None:
    """Forget the feeds of a match, but those of some views: nobody reads them any more."""
    for row in await connection.fetch(_VIEWS, club_id, match_id):
        if row["view"] not in but:
            await _forget(connection, Place(club_id, match_id, row["view"]))


async def read_feed(connection: Connection, club_id: str, match_id: str, view: int) -> Feed | None:
    """Return where a feed stands; None where there is none."""
    row = await connection.fetchrow(_FEED, club_id, match_id, view)
    return None if row is None else _feed(row)


async def read_entries(
    connection: Connection, club_id: str, match_id: str, view: int, after: Cursor, *, entries_max: int
) -> tuple[Feed, Sequence[FeedEntry] | None] | None:
    """Return where a feed stands, and its entries after a cursor, in one moment; None where there is no such feed.

    Where the cursor is of no epoch that stands there are no entries (None); only then the snapshot is read too.
    """
    row = await connection.fetchrow(_PAGE, club_id, match_id, view, after.version, after.tag, entries_max)
    if row is None:
        return None
    first = after.version + 1  # n is gapless
    entries = [FeedEntry(first + place, body) for place, body in enumerate(row["bodies"])]
    return _feed(row), entries if row["goes_on"] else None


async def read_rules(connection: Connection, club_id: str) -> ClubRules:
    """Return what the owner of a club has turned on for its links."""
    row = await connection.fetchrow(_RULES, club_id)
    return ClubRules() if row is None else _rules(row)


def _rules(row: "asyncpg.Record") -> ClubRules:
    """Return the rules of a row; null stands for the usual ones."""
    return ClubRules(bool(row["young_scores"]), bool(row["young_shirt_numbers"]))


def _feed(row: "asyncpg.Record") -> Feed:
    return Feed(Cursor(row["n"], row["epoch"]), row["hide_key"], row["snapshot"], row["due_ms"])


def instant(ms: int) -> datetime:
    """Return milliseconds since 1970 as the driver takes an instant."""
    return datetime.fromtimestamp(ms / 1_000, UTC)


class _Stood(NamedTuple):
    """A feed as it stood before."""

    shown: Shown
    hide_key: bytes
    due_ms: int | None


def _stood(row: "asyncpg.Record", known: Mapping[int, Shown]) -> _Stood | None:
    """Return how a feed stood, by a row of `_STANDING` without what is known; None where there was none."""
    if row["epoch"] is None:
        return None
    cursor, sent = Cursor(row["n"], row["epoch"]), row["snapshot"]
    shown = known[row["view"]] if sent is None else Shown(cursor, _snapshot(sent), Drawn())
    return _Stood(shown, row["hide_key"], row["due_ms"])


async def _refresh(
    connection: Connection,
    bundle: Bundle,
    place: Place,
    was: _Stood | None,
    what: Shareable,
    rules: ClubRules,
    now_ms: int,
    *,
    anew: bool,
) -> Shown:
    """Bring a feed up to date, and return how it is shown now."""
    options = options_of(place.view)
    due = due_ms(what, now_ms)
    if was is not None and not anew:
        shown, hidden = was.shown, partial(hide, was.hide_key)
        after = project(what, options, rules, now_ms, hidden, shown.drawn)
        if not _is_anew(shown.view, after):
            messages = diff(shown.view, after)
            if len(messages) <= MESSAGES_MAX:
                entries = entries_of(messages, what, now_ms, hidden, shown.cursor)
                cursor = Cursor(shown.cursor.version + len(entries), shown.cursor.tag)
                told = Recent(cursor, was.hide_key, due, [_encode(each) for each in entries])
                if entries or due != was.due_ms:
                    _save(bundle, place, told, after)
                return Shown(cursor, after, shown.drawn, told)
    fresh = await connection.fetchrow(_FRESH)
    assert fresh is not None
    cursor, hide_key, drawn = Cursor(0, fresh["epoch"]), fresh["hide_key"], Drawn()
    snapshot = project(what, options, rules, now_ms, partial(hide, hide_key), drawn)
    await connection.execute(_FORGET, *place)
    told = Recent(cursor, hide_key, due, ())
    _save(bundle, place, told, snapshot)
    return Shown(cursor, snapshot, drawn, told)


def _is_anew(before: SharedMatch, after: SharedMatch) -> bool:
    """Tell whether an epoch begins: another policy shows something else, or something was withdrawn."""
    had, has = before.shows, after.shows
    return (had.score, had.shirt_numbers) != (has.score, has.shirt_numbers) or withdraws(before, after)


def _save(bundle: Bundle, place: Place, told: Recent, snapshot: SharedMatch) -> None:
    """Write where a feed stands, and the entries that led there."""
    n = told.cursor.version
    if told.bodies:
        bundle.add(_ADD, *place, list(range(told.after + 1, n + 1)), told.bodies)
    bundle.add(_SAVE, *place, told.cursor.tag, n, told.hide_key, _encode(snapshot), told.due_ms)


async def _forget(connection: Connection, place: Place) -> None:
    await connection.execute(_FORGET, *place)
    await connection.execute(_DROP, *place)


def _has_moved(key: Key, record: Record) -> bool:
    """Tell whether the reference to the match may have been written anew, so that the match before is not known."""
    write = record.fields.get(WITHIN.get(key.collection, "match_id"))
    return write is not None and any(other.version < write.version for other in record.fields.values())


def _only_match(records: Mapping[Key, Record]) -> str | None:
    """Return the match of which all these records are, as far as that stands in themselves; None for more than one."""
    found = {
        key.record if key.collection == "matches" else _value(record, "match_id")
        for key, record in records.items()
        if key.collection in OF_A_MATCH
    }
    is_plain = all(key.collection in OF_A_MATCH or key.collection in UNSEEN for key in records)
    return found.pop() if is_plain and len(found) == 1 else None


async def _touched(connection: Connection, club_id: str, records: Mapping[Key, Record], live: Live) -> set[str]:
    """Return those of the live matches that these records belong to."""
    found: set[Any] = set()
    parents: set[Any] = set()
    named: set[Any] = set()
    for key, record in records.items():
        if key.collection == "matches":
            found.add(key.record)
        elif key.collection in OF_A_CLUB:
            named.add(key.record)
        elif key.collection in OF_A_MATCH:
            found.add(_value(record, "match_id"))
        elif key.collection in WITHIN:
            parents.add(_value(record, WITHIN[key.collection]))
    if parents - {None}:
        rows = await connection.fetch(_PARENTS, club_id, sorted(parents - {None}))
        found.update(str(row["match_id"]) for row in rows)
    if named:
        rows = await connection.fetch(_NAMING, club_id, sorted(live), sorted(named))
        found.update(str(row["match_id"]) for row in rows)
    return found & live.keys()


def _value(record: Record, name: str) -> Any:  # noqa: ANN401 - whatever a field holds
    write = record.fields.get(name)
    return None if write is None else write.value


def _hides_somebody(records: Mapping[Key, Record]) -> bool:
    """Tell whether a player who must not be shared, or who was deleted, is among what was written."""
    players = (record for key, record in records.items() if key.collection == "players")
    return any(each.is_deleted or bool(_value(each, "do_not_share")) for each in players)


def seen_ms(now_ms: int, clock: int) -> int:
    """Return the time as a link's expiry sees it: a server whose clock steps back revives nothing.

    `clock` is the greatest that the club has issued.
    """
    return max(now_ms, clock // TICKS_PER_MS)
