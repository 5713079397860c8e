"""One club, for an operator: its phones, what waits in it, what is stored of its matches. Nothing names a person."""

from collections.abc import Mapping
from typing import Final

from api.ops.html import Child, Element, h
from api.ops.looking import Known
from api.ops.parts import ago, counted, document, many, ms_of, reload_links, section, short, table
from storage.overview import ClubDetail, DeviceState, MatchState

KINDS: Final = {
    "field": "two values for one field",
    "deleted": "a delete met an edit",
    "duplicate": "two records that look alike",
    "group": "a part of a group was lost",
    "rejected": "could not be applied: the quarantine",
    "orphan": "waits for what does not come",
}
"""What each kind of conflict is about, in words."""


def club_page(known: Known[ClubDetail], detail: ClubDetail, now_ms: int, *, reloads: bool) -> bytes:
    """Return the page of a club."""
    state = detail.state
    head = [
        h("p", h("a", "All clubs", href="/ops"), class_="word"),
        h("h1", state.name or state.club_id),
        h("p", f"{counted(state.members, 'member')}, {counted(state.version, 'change')}, last push ",
          ago(state.last_push_ms, now_ms), class_="place"),
        reload_links(f"/ops/clubs/{state.club_id}", reloads=reloads),
    ]  # fmt: skip
    stale = h("p", "The database does not answer. This was seen ", ago(known.at_ms, now_ms), ".", class_="stale")
    body: list[Child] = [
        None if known.is_fresh else stale,
        _matches(detail, now_ms),
        _devices(detail, now_ms),
        _waiting(detail),
    ]
    return document(state.name or "Club", head, body, reloads=reloads)


def _matches(detail: ClubDetail, now_ms: int) -> Element:
    heads = ("kick-off", "facts", "arrived", "by device", "match")
    return section(
        "Is my match saved?",
        table(heads, [_match(each, now_ms) for each in detail.matches], none="No match has begun yet."),
        lead="Facts are the match itself, events, periods, line-up, notes and awards, on the disk; beside it, when "
        "the last one arrived, and from which device. The phone that scored says whether more waits on it.",
    )


def _match(match: MatchState, now_ms: int) -> list[Child]:
    kickoff = "not set" if match.kickoff is None else f"{match.kickoff:%a %d %b %Y, %H:%M}Z"
    device = "not known" if match.last_device is None else h("code", short(match.last_device))
    return [kickoff, many(match.facts), ago(ms_of(match.last_at), now_ms), device, h("code", short(match.match_id))]


def _devices(detail: ClubDetail, now_ms: int) -> Element:
    heads = ("device", "role", "last push", "changes sent", "waiting", "behind", "clock")
    return section(
        "Phones",
        table(heads, [_device(each, now_ms) for each in detail.devices], none="No phone has pushed yet."),
        lead="A phone that is behind has not confirmed the newest changes yet; it will when its app is open.",
    )


def _device(device: DeviceState, now_ms: int) -> list[Child]:
    skew_s = device.skew_ms / 1_000
    clock = "right" if not device.skew_ms else f"{abs(skew_s):,.1f} s {'slow' if skew_s > 0 else 'fast'}"
    return [
        h("code", short(device.device_id)),
        device.role,
        ago(device.seen_ms, now_ms),
        many(device.last_n),
        many(device.parked),
        many(device.lag),
        clock,
    ]


def _waiting(detail: ClubDetail) -> Element:
    state = detail.state
    return section(
        "What waits for a person",
        h("h3", "Questions that the app asks"),
        table(("about", "open"), _counts(detail.conflicts, KINDS), none="None: nothing is asked."),
        h("h3", "In quarantine, by the rule that was broken"),
        table(("rule", "changes"), _counts(detail.quarantine, {}), none="Nothing: all that came could be applied."),
        lead=f"Waiting for others to arrive: {many(state.parked)}. Share links that are live: {many(detail.links)}. "
        f"Erasures that are not finished: {many(state.erasures)}.",
    )


def _counts(counts: Mapping[str, int], words: Mapping[str, str]) -> list[list[Child]]:
    return [[words.get(name, name), many(count)] for name, count in counts.items()]
