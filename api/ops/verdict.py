"""The verdict: what is found of clubs and of this process, and one sentence for all findings."""

from collections.abc import Iterable, Iterator
from typing import Final

from api.ops.ring import EVERY_S, Parts, Ring
from storage.checkups.erasures import SLOW_MS
from storage.checkups.findings import Finding, Level, bad, ok, warn, worst
from storage.checkups.logs import OPEN_MANY, PARKED_MANY, look_at_waiting
from storage.overview import ClubState

PUSHES_WAITING: Final = 20
"""Pushes from which on somebody should look."""
RECENT: Final = int(300 / EVERY_S)
"""Samples of the last five minutes."""
PARKED_LONG_MS: Final = 24 * 3_600 * 1_000
"""Milliseconds after which a mutation that waits for another has waited long."""


def verdict(findings: Iterable[Finding]) -> tuple[Level, str]:
    """Return how it is, and a sentence that says so."""
    found = [*findings]
    level = worst(found)
    if level is Level.OK:
        return level, "All is well."
    are_bad = sum(finding.level is Level.BAD for finding in found)
    are_warned = sum(finding.level is Level.WARN for finding in found)
    later = f"{_things(are_warned)} to see to this week" if are_warned else ""
    if not are_bad:
        return level, f"It works. {later[:1].upper()}{later[1:]}."
    urgent = f"{_things(are_bad)} to see to now"
    return level, f"{urgent[:1].upper()}{urgent[1:]}{f', and {later}' if later else ''}."


def _things(count: int) -> str:
    return "one thing" if count == 1 else f"{count} things"


def is_erasing_long(club: ClubState, now_ms: int) -> bool:
    """Tell whether an erasure of a club takes longer than it should."""
    return club.erasing_ms is not None and now_ms - club.erasing_ms > SLOW_MS


def is_asking(club: ClubState, now_ms: int) -> bool:
    """Tell whether somebody of a club is waited for: for answers, or for a phone."""
    waits_long = club.parked_ms is not None and now_ms - club.parked_ms > PARKED_LONG_MS
    asks_much = club.open_conflicts + club.quarantined >= OPEN_MANY
    return waits_long or asks_much or club.parked >= PARKED_MANY or club.quarantined > 0


def level_of(club: ClubState, now_ms: int) -> Level:
    """Return whether somebody should look at a club."""
    return Level.WARN if is_erasing_long(club, now_ms) or is_asking(club, now_ms) else Level.OK


def by_need(clubs: Iterable[ClubState], now_ms: int) -> list[ClubState]:
    """Return clubs, those that need a look first; among alike, the one that pushed last."""
    return sorted(
        clubs,
        key=lambda club: (
            level_of(club, now_ms) is Level.OK,
            -club.erasures,
            -club.quarantined,
            -club.parked,
            -club.open_conflicts,
            -(club.last_push_ms or 0),
            club.club_id,
        ),
    )


def look_at_clubs(clubs: Iterable[ClubState], now_ms: int) -> Iterator[Finding]:
    """Yield what is found of clubs: one line for all that are well, one for each that is not."""
    count = 0
    for club in clubs:
        count += 1
        if is_erasing_long(club, now_ms):
            says = f"{club.erasures} are not finished."
            yield warn(f"erasures of {club.name or club.club_id}", says, "Restart the server, and look into its log.")
        are_open = club.open_conflicts + club.quarantined
        found = look_at_waiting(club.name or club.club_id, club.parked, are_open, club.quarantined)
        if found.level is not Level.OK:
            yield found
        elif is_asking(club, now_ms):
            do = "Ask the club's coach to open the app and answer what it asks."
            yield warn(found.about, found.says, do)
    yield ok("clubs", "There are none yet." if not count else f"{count} looked at, without reading their logs.")


def look_at_process(parts: Parts, ring: Ring) -> Iterator[Finding]:
    """Yield what is found of this process."""
    waiting = parts.committer.waiting
    says = f"{waiting} wait for their commit."
    if waiting > PUSHES_WAITING:
        yield warn("pushes", says, "Look at the statements below: what holds the database up? Phones wait meanwhile.")
    else:
        yield ok("pushes", says)
    yield _requests(ring)
    for name, pool in parts.pools.by_name.items():
        if not pool.get_idle_size() and pool.get_size() >= pool.get_max_size():
            do = "Look at the statements below. If it stays so, let more workers serve (WORKERS)."
            yield warn(f"pool {name}", "All of its connections are in use.", do)
    wakeups = parts.live.wakeups
    if wakeups is not None and not wakeups.statistics().is_connected:
        do = "Does the database take a LISTEN (DATABASE_URL_DIRECT)? Until then goals of other processes are 5 s late."
        yield warn("wake-ups", "This process does not hear the others.", do)


def _requests(ring: Ring) -> Finding:
    recent = [*ring.samples][-RECENT:]
    failed, lost = sum(each.failed for each in recent), sum(each.pushes_failed for each in recent)
    if not failed:
        return ok("requests", "None failed in the last five minutes.")
    says = f"{failed} were answered 5xx in the last five minutes, {lost} of them pushes."
    do = "The server's log has each, by its request id. What phones pushed is not lost: they push again."
    return (bad if lost else warn)("requests", says, do)
