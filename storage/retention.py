"""Retention: what the server keeps of people and devices beside the club's own records, for how long, and why.

One table says it: `config` tells clients from it, `docs/retention.md` is made of it, and the sweep goes by it. A club's
records (players, matches, conflicts, tombstones) are the club's: they go when somebody deletes or erases them, and
never by age.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from msgspec import Struct

from sync.limits import KEPT_MS, LATE_AFTER_END_MS

DAY_MS: Final = 24 * 3_600 * 1_000

LOG_KEPT_DAYS: Final = 180
"""Days for which the log is kept unless LOG_KEPT_DAYS says otherwise: a phone that was away longer takes a snapshot."""
LOG_KEPT_DAYS_MIN: Final = 30
"""Past the 14 days in which phones send again what a restored server lost, by as much again."""
LOG_KEPT_DAYS_MAX: Final = 3_650
ENDED_KEPT_DAYS: Final = 30
"""Days for which what has ended (a link, an invitation, a session) can still be seen or asked about."""
KEY_KEPT_DAYS: Final = 30
"""Days from its last use in which an Idempotency-Key makes a retry a repeat."""
BRANCH_KEPT_DAYS: Final = 91
"""Days for which an ended branch of a session is kept: one more than a token lives that could open it again."""
FEED_KEPT_DAYS: Final = 1
"""Days for which a feed that no link opens is kept: a link that is made again goes on where it was."""
ATTEMPT_KEPT_DAYS: Final = 1
"""Days for which failures are counted after the last: no policy remembers longer (`storage/attempts.py`)."""

assert LOG_KEPT_DAYS_MIN <= LOG_KEPT_DAYS <= LOG_KEPT_DAYS_MAX
assert LOG_KEPT_DAYS_MIN * DAY_MS > KEPT_MS, "what phones send again is compared with what is held"
assert ENDED_KEPT_DAYS * DAY_MS >= LATE_AFTER_END_MS, "late work comes by a session, and names its link"

KEY_MARK: Final = 0x746C776B
"""The first 32 bits of the ids of devices that stand for an Idempotency-Key ("tlwk")."""
_KEYS: Final = (f"{KEY_MARK:08x}-0000-0000-0000-000000000000", f"{KEY_MARK + 1:08x}-0000-0000-0000-000000000000")


class Rows(NamedTuple):
    """Rows that go, or are emptied, a batch at a time."""

    table: str
    where: str
    """Of a row called `old`, which is past its time: $1 is the time before which it must have ended, $2 the club."""
    empties: str = ""
    """What is set in place of deleting the row."""
    is_locked: bool = False
    """Whether it is done under the club's counter row: others write beside these rows while they hold it."""


class Kept(Struct, frozen=True):
    """A class of data: what it is, how long it is kept, and why."""

    name: str
    holds: str
    days: int | None
    """From when it has ended; None where nothing refers to it any more, or a setting says how long."""
    kept: str
    """How long, for a person."""
    why: str
    proof: str
    """The test that fails where it is not so."""
    rows: tuple[Rows, ...] = ()
    """In the order in which they go; none where compaction sees to it."""
    of_clubs: bool = True
    """Whether the rows stand behind the row policies of clubs; else they are of all clubs at once."""


_IS_KEY: Final = f"old.club_id = $2 AND old.device_id >= '{_KEYS[0]}' AND old.device_id < '{_KEYS[1]}'"
_USED: Final = "device.seen_ms >= extract(epoch FROM $1::timestamptz) * 1000"
_ENDED: Final = "least(old.revoked_at, old.expires_at) < $1"

RETENTION: Final = (
    Kept(
        "log",
        "the changes of a club's records, in order",
        None,
        f"`LOG_KEPT_DAYS`, {LOG_KEPT_DAYS} days unless set; the last transaction for ever",
        "Phones follow it. One that was away longer takes a snapshot, and its queue is taken all the same.",
        "`tests/contract/test_compaction.py`",
    ),
    Kept(
        "outcomes",
        "what became of each device's mutations",
        None,
        "as the log; that there was one is known for ever, in two rows for any run of them",
        "A repeat is answered, and never applied twice.",
        "`tests/contract/test_compaction.py`",
    ),
    Kept(
        "idempotency_keys",
        "what became of requests that had an `Idempotency-Key`",
        KEY_KEPT_DAYS,
        f"{KEY_KEPT_DAYS} days from the key's last use",
        "A retry is a repeat for so long; a client tries for minutes.",
        "`test_each_class_goes_when_its_time_has_come`",
        (
            Rows(
                "touchline.outcomes",
                f"{_IS_KEY} AND NOT EXISTS (SELECT FROM touchline.devices AS device WHERE device.club_id = $2 "
                f"AND device.device_id = old.device_id AND {_USED}) AND old.verdict <> 'parked'",
                is_locked=True,
            ),
            Rows(
                "touchline.devices",
                f"{_IS_KEY} AND old.seen_ms < extract(epoch FROM $1::timestamptz) * 1000 AND NOT EXISTS "
                "(SELECT FROM touchline.outcomes AS outcome WHERE outcome.club_id = $2 "
                "AND outcome.device_id = old.device_id)",
                is_locked=True,
            ),
        ),
    ),
    Kept(
        "share_links",
        "links to watch a match: hash, options, who made it, the day of the last look",
        ENDED_KEPT_DAYS,
        f"{ENDED_KEPT_DAYS} days after the link has ended",
        "A coach sees for a while what had been shared.",
        "`test_each_class_goes_when_its_time_has_come`",
        (Rows("touchline.share_links", f"old.club_id = $2 AND {_ENDED}"),),
    ),
    Kept(
        "feeds",
        "what viewers of a match were shown, redacted",
        FEED_KEPT_DAYS,
        "a day after the last link that opens it has ended",
        "A link that is made again goes on where the last one was.",
        "`test_each_class_goes_when_its_time_has_come`",
        (
            Rows(
                "touchline.feeds",
                "old.club_id = $2 AND NOT EXISTS (SELECT FROM touchline.share_links AS link "
                "WHERE link.club_id = $2 AND link.match_id = old.match_id AND old.view = link.shows_score::int "
                "+ 2 * link.shows_shirt_numbers::int + 4 * link.shows_venue::int "
                "AND least(link.revoked_at, link.expires_at) >= $1)",
                is_locked=True,
            ),
            Rows(  # after the feeds: entries without one are read by nobody, and a feed that begins begins without
                "touchline.feed_entries",
                "old.club_id = $2 AND $1::timestamptz IS NOT NULL AND NOT EXISTS (SELECT FROM touchline.feeds AS feed "
                "WHERE feed.club_id = $2 AND feed.match_id = old.match_id AND feed.view = old.view)",
                is_locked=True,
            ),
        ),
    ),
    Kept(
        "invitations",
        "links to join a club: hash, role, who made it",
        ENDED_KEPT_DAYS,
        f"{ENDED_KEPT_DAYS} days after the invitation was revoked or has expired",
        "An owner sees for a while who was invited.",
        "`test_each_class_goes_when_its_time_has_come`",
        (Rows("touchline.invitations", f"old.club_id = $2 AND {_ENDED}"),),
    ),
    Kept(
        "sessions",
        "signed-in devices: whose, where, when used; hashes of refresh tokens",
        ENDED_KEPT_DAYS,
        f"{ENDED_KEPT_DAYS} days after it was ended or has expired; of a clone's branch {BRANCH_KEPT_DAYS} days",
        "A token of an ended session opens nothing, and tokens die of age before their branch is forgotten.",
        "`test_each_class_goes_when_its_time_has_come`",
        (
            Rows(
                "touchline.sessions",
                "least(old.ended_at, old.expires_at) < $1::timestamptz "
                "- CASE WHEN old.forked_from IS NULL THEN interval '0' "
                f"ELSE interval '{BRANCH_KEPT_DAYS - ENDED_KEPT_DAYS} days' END",
            ),
        ),
        of_clubs=False,
    ),
    Kept(
        "scorers",
        "links to score a match: hashes, and the name that the last scorer gave",
        ENDED_KEPT_DAYS,
        f"{ENDED_KEPT_DAYS} days after the link has ended; then the name at once, and the row with its last session",
        "Work made before the end may arrive for so long, and a coach sees who it was. Records keep the link's id.",
        "`test_each_class_goes_when_its_time_has_come`",
        (
            Rows(
                "touchline.scorers",
                f"{_ENDED} AND (old.name <> '' OR old.code_hash IS NOT NULL)",
                empties="name = '', code_hash = NULL",
            ),
            Rows(
                "touchline.scorers",
                f"{_ENDED} AND NOT EXISTS (SELECT FROM touchline.sessions AS session "
                "WHERE session.scorer_id = old.scorer_id)",
            ),
        ),
        of_clubs=False,
    ),
    Kept(
        "attempts",
        "failed sign-ins, by a keyed hash of what they were at",
        ATTEMPT_KEPT_DAYS,
        "a day after the last failure, and after the wait that it brought",
        "Guessing is slow; nobody is remembered for a slip.",
        "`test_each_class_goes_when_its_time_has_come`",
        (
            Rows(
                "touchline.attempts",
                "greatest(old.until_ms, old.seen_ms) < extract(epoch FROM $1::timestamptz) * 1000",
            ),
        ),
        of_clubs=False,
    ),
    Kept(
        "closed_accounts",
        "an id without a name or an address, of somebody who deleted their account",
        None,
        "until no membership, session, invitation or link names it",
        "Their other phones are told to forget the club.",
        "`test_a_closed_account_goes_with_the_last_that_names_it`",
        (
            Rows(
                "touchline.users",
                "old.email IS NULL AND $1::timestamptz IS NOT NULL "
                + " ".join(
                    f"AND NOT EXISTS (SELECT FROM touchline.{table} AS other WHERE other.{column} = old.user_id)"
                    for table, column in (("memberships", "user_id"), ("sessions", "user_id"), ("scorers", "made_by"))
                ),
            ),
        ),
        of_clubs=False,
    ),
)


def retention_of(log_kept_days: int) -> Mapping[str, Any]:
    """Return what clients are told of how long things are kept."""
    return {
        "log": "all versions from `oldest` of the timestamp",
        "log_kept_ms": log_kept_days * DAY_MS,
        "idempotency_key_ms": KEY_KEPT_DAYS * DAY_MS,
        "ended_link_ms": ENDED_KEPT_DAYS * DAY_MS,
    }
